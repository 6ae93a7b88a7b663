//! The directory: which sites there are. One object, asked by the deployer only.
//!
//! What is not here: anything of a site but its id. A page view never comes by. The directory is
//! written after the site's own object: a site that is not listed still works, and creating it
//! again lists it; one that is gone is taken out when it is deleted again. A site's own audit log
//! goes with it, so that it came and went is told here, in the transaction that lists it or not.

use crate::binding::fault::Fault;
use crate::binding::object::Store;
use crate::binding::sql::Sql;
use crate::http::answer;
use crate::message::{DirectoryCommand, SiteEntry};
use crate::schema;
use crate::site_object::audit::{self, Change};
use ringlet_core::time::UnixMillis;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// The one object's name.
pub(crate) const NAME: &str = "sites";

const STEPS: &[&str] = &[V1, V2];

const V1: &str =
    "CREATE TABLE site (site TEXT PRIMARY KEY, created_at_ms INTEGER NOT NULL) STRICT;";

/// What came and went.
const V2: &str = "
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    request TEXT NOT NULL,
    before_hash TEXT NOT NULL,
    after_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
";

/// See the module.
#[durable_object(fetch)]
pub struct DirectoryObject {
    store: Store,
}

impl DurableObject for DirectoryObject {
    fn new(state: State, _env: Env) -> Self {
        Self {
            store: Store::new(&state),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        answer::command(request, |command| self.handle(command)).await
    }
}

impl DirectoryObject {
    fn handle(&self, command: DirectoryCommand) -> std::result::Result<String, Fault> {
        match command {
            DirectoryCommand::Add {
                site,
                at,
                request,
                imported,
            } => self.store.transaction(|sql| {
                schema::migrate(sql, STEPS)?;
                let listed = "INSERT OR IGNORE INTO site VALUES (?, ?)";
                if sql.run(listed, &[&site, &at.0])? > 0 {
                    let action = match imported {
                        true => "site.import",
                        false => "site.create",
                    };
                    note(sql, at, action, &site, &request)?;
                }
                Ok("null".to_owned())
            }),
            DirectoryCommand::Remove { site, at, request } => self.store.transaction(|sql| {
                schema::migrate(sql, STEPS)?;
                if sql.run("DELETE FROM site WHERE site = ?", &[&site])? > 0 {
                    note(sql, at, "site.delete", &site, &request)?;
                }
                Ok("null".to_owned())
            }),
            DirectoryCommand::Audit { before, count } => {
                if !schema::open(&self.store, STEPS)? {
                    return Ok("[]".to_owned());
                }
                let rows = audit::list(self.store.sql(), before, count)?;
                Ok(serde_json::to_string(&rows)?)
            }
            DirectoryCommand::List { after, count } => {
                if !schema::open(&self.store, STEPS)? {
                    return Ok("[]".to_owned());
                }
                let query = "SELECT site, created_at_ms FROM site WHERE site > ?
                             ORDER BY site LIMIT ?";
                let mut sites = Vec::new();
                for row in self.store.sql().rows(query, &[&after, &count])? {
                    sites.push(SiteEntry {
                        site: row.text(0)?,
                        created_at_ms: row.integer(1)?,
                    });
                }
                Ok(serde_json::to_string(&sites)?)
            }
        }
    }
}

/// Only the deployer makes and deletes sites.
fn note(
    sql: &Sql,
    at: UnixMillis,
    action: &'static str,
    site: &str,
    request: &str,
) -> std::result::Result<(), Fault> {
    let change = Change {
        actor: "deployer",
        action,
        subject: &format!("site/{site}"),
        request,
        before_hash: "",
        after_hash: "",
    };
    audit::append(sql, at, &change)
}
