//! How long callers of a pool take to call: told, exported, and begun with another table.
//!
//! What was counted stays in the pools, a shard each; the site adds it up. An imported table is
//! kept here and goes to the pool with its configuration: the pool begins with it and its own calls
//! correct it. It is no part of the configuration's document, of which every version is kept.

use super::admin::AdminReply;
use super::audit::{self, Change};
use super::load::CallersTold;
use super::pools::scenario_with_pool;
use super::refused::Refused;
use super::{InForce, SiteObject, idempotency, schema, stock};
use crate::auth::sha256_hex;
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::message::AdminAsk;
use ringlet_core::api::problem::{FaultAt, Problem, ProblemCode};
use ringlet_core::delay::{Callers, DelayCounts, DocumentError};
use ringlet_core::id::{PoolId, ScenarioId};
use ringlet_core::time::UnixMillis;
use serde::Serialize;
use serde_json::Value;

/// A table that was imported.
pub(super) struct Imported {
    at: UnixMillis,
    /// The table.
    pub counts: DelayCounts,
    /// As it is stored.
    text: String,
}

/// The table that a pool was told to begin with.
///
/// # Errors
/// What the platform says.
pub(super) fn imported(sql: &Sql, pool: &PoolId) -> Result<Option<Imported>, Fault> {
    let query = "SELECT at_ms, counts FROM delay_table WHERE pool = ?";
    let Some(row) = sql.row(query, &[&pool.as_str()])? else {
        return Ok(None);
    };
    let text = row.text(1)?;
    let counts = DelayCounts::of_document(&text)
        .map_err(|_| Fault::new("a stored table of delays is none"))?;
    Ok(Some(Imported {
        at: UnixMillis(row.integer(0)?),
        counts,
        text,
    }))
}

impl SiteObject {
    /// `GET …/pools/{scenario}/delays`.
    pub(super) async fn read_delays(&self, asked: &AdminAsk) -> Result<AdminReply, Refused> {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        self.tell_delays(&in_force, asked).await
    }

    async fn tell_delays(
        &self,
        in_force: &InForce,
        asked: &AdminAsk,
    ) -> Result<AdminReply, Refused> {
        let (scenario, pool) = scenario_with_pool(in_force, asked)?;
        let counts = self.counts_of(in_force, pool).await?;
        let imported = imported(self.store.sql(), pool)?;
        let callers = Callers {
            own: &counts.delays,
            imported: imported.as_ref().map(|one| &one.counts),
        };
        AdminReply::json(&Delays {
            scenario: &scenario.id,
            pool,
            callers: CallersTold::of(&callers),
            imported_at: imported.as_ref().map(|one| one.at),
            table: callers.counts().document(),
        })
    }

    /// `PUT …/pools/{scenario}/delays`: the pool begins with this table. One without classes takes
    /// back what was imported.
    pub(super) async fn write_delays(
        &self,
        asked: &AdminAsk,
        actor: &str,
        now: UnixMillis,
    ) -> Result<AdminReply, Refused> {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let (_, pool) = scenario_with_pool(&in_force, asked)?;
        let counts = DelayCounts::of_document(&asked.body).map_err(|why| refused(why, asked))?;
        let text = counts.document().to_string();
        let given = counts != DelayCounts::default();
        self.store.transaction(|sql| {
            crate::schema::migrate(sql, schema::STEPS)?;
            let before = imported(sql, pool)?.map(|one| one.text);
            if given {
                let put = "INSERT INTO delay_table (pool, at_ms, counts) VALUES (?, ?, ?)
                           ON CONFLICT (pool) DO UPDATE
                           SET at_ms = excluded.at_ms, counts = excluded.counts";
                sql.run(put, &[&pool.as_str(), &now.0, &text])?;
            } else {
                sql.run("DELETE FROM delay_table WHERE pool = ?", &[&pool.as_str()])?;
            }
            stock::revise(sql)?;
            let hash = |text: Option<&str>| text.map(sha256_hex).unwrap_or_default();
            let change = Change {
                actor,
                action: "delays.write",
                subject: &format!("pool/{pool}"),
                request: &asked.request,
                before_hash: &hash(before.as_deref()),
                after_hash: &hash(given.then_some(text.as_str())),
            };
            audit::append(sql, now, &change)
        })?;
        // Not told, it is not done: whoever hears that sends the same again.
        self.tell_pool(&in_force, pool).await?;
        let reply = self.tell_delays(&in_force, asked).await?;
        self.store
            .transaction(|sql| idempotency::remember(sql, asked, &reply, now))?;
        Ok(reply)
    }
}

fn refused(why: DocumentError, asked: &AdminAsk) -> Problem {
    match why {
        DocumentError::NotJson(at) => Problem::with_detail(ProblemCode::NotJson, at),
        DocumentError::Faults(faults) => {
            let faults = faults.into_iter().map(|fault| FaultAt {
                pointer: fault.pointer,
                code: fault.code.to_owned(),
                detail: if asked.russian { fault.ru } else { fault.en },
            });
            Problem::with_faults(ProblemCode::Unprocessable, faults.collect())
        }
    }
}

#[derive(Serialize)]
struct Delays<'a> {
    scenario: &'a ScenarioId,
    pool: &'a PoolId,
    callers: CallersTold,
    #[serde(skip_serializing_if = "Option::is_none")]
    imported_at: Option<UnixMillis>,
    table: Value,
}
