//! The releases: parts of the agent by the hash of their bytes. One object.
//!
//! A page that pins the agent by `integrity` names bytes that are in the Worker of one deployment
//! only; here they outlive it. What is not here: configuration, and any rule of which release is
//! served. Invariants: a name never has other bytes; a release is kept whole or not at all.
//! Limits: the newest [`RELEASES_KEPT`]; what only older ones had is forgotten.

use crate::binding::fault::Fault;
use crate::binding::object::Store;
use crate::binding::sql::Sql;
use crate::http::answer;
use crate::message::release::{NamedPart, Part, ReleaseCommand};
use crate::schema;
use ringlet_core::limits::RELEASES_KEPT;
use ringlet_core::time::UnixMillis;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// The one object's name.
pub(crate) const NAME: &str = "releases";

const STEPS: &[&str] = &["
CREATE TABLE release (release TEXT PRIMARY KEY, kept_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE part (
    name TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    base64 TEXT NOT NULL,
    kept_ms INTEGER NOT NULL
) STRICT;
"];

/// See the module.
#[durable_object(fetch)]
pub struct ReleaseObject {
    store: Store,
}

impl DurableObject for ReleaseObject {
    fn new(state: State, _env: Env) -> Self {
        Self {
            store: Store::new(&state),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        answer::command(request, |command| self.handle(command)).await
    }
}

impl ReleaseObject {
    fn handle(&self, command: ReleaseCommand) -> std::result::Result<String, Fault> {
        match command {
            ReleaseCommand::Knows { release } => {
                let query = "SELECT 1 FROM release WHERE release = ?";
                let known = schema::open(&self.store, STEPS)?
                    && self.store.sql().row(query, &[&release])?.is_some();
                Ok(known.to_string())
            }
            ReleaseCommand::Keep { release, at, parts } => self.store.transaction(|sql| {
                schema::migrate(sql, STEPS)?;
                keep(sql, &release, at, &parts)?;
                forget_old(sql)?;
                Ok("null".to_owned())
            }),
            ReleaseCommand::Part { name } => {
                if !schema::open(&self.store, STEPS)? {
                    return Ok("null".to_owned());
                }
                let query = "SELECT media_type, base64 FROM part WHERE name = ?";
                let row = self.store.sql().row(query, &[&name])?;
                let part = row.map(|row| {
                    Ok::<_, Fault>(Part {
                        media_type: row.text(0)?,
                        base64: row.text(1)?,
                    })
                });
                Ok(serde_json::to_string(&part.transpose()?)?)
            }
        }
    }
}

/// A part that an earlier release had too is as new as the newest that has it.
fn keep(
    sql: &Sql,
    release: &str,
    at: UnixMillis,
    parts: &[NamedPart],
) -> std::result::Result<(), Fault> {
    let query = "INSERT INTO release VALUES (?, ?)
                 ON CONFLICT (release) DO UPDATE SET kept_ms = excluded.kept_ms";
    sql.run(query, &[&release, &at.0])?;
    let query = "INSERT INTO part VALUES (?, ?, ?, ?)
                 ON CONFLICT (name) DO UPDATE SET kept_ms = excluded.kept_ms";
    for NamedPart { name, part } in parts {
        sql.run(query, &[name, &part.media_type, &part.base64, &at.0])?;
    }
    Ok(())
}

fn forget_old(sql: &Sql) -> std::result::Result<(), Fault> {
    let query = "SELECT kept_ms FROM release ORDER BY kept_ms DESC LIMIT 1 OFFSET ?";
    let Some(row) = sql.row(query, &[&RELEASES_KEPT])? else {
        return Ok(());
    };
    let newest_forgotten: u64 = row.integer(0)?;
    for query in [
        "DELETE FROM release WHERE kept_ms <= ?",
        "DELETE FROM part WHERE kept_ms <= ?",
    ] {
        sql.run(query, &[&newest_forgotten])?;
    }
    Ok(())
}
