//! Letting go of what is past its time: calls and kept events here, visits in the pools.
//!
//! A little at a time, so that nobody waits: what is left over is done a moment later. What went is
//! told in the audit log by count, in the transaction in which it went.

use super::audit::{self, Change};
use super::{SiteObject, config, kept};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::clock;
use crate::message::pool::{Compacted, PoolCommand};
use ringlet_core::retention::Cutoffs;
use ringlet_core::time::{Millis, UnixMillis};

/// Calls let go of at once: some 5 ms.
const CALLS_AT_ONCE: u64 = 500;
/// When what is left over is done.
const SOON: Millis = Millis::from_secs(1);
/// When it is looked for again.
const DAILY: Millis = Millis::from_mins(24 * 60);

impl SiteObject {
    /// Lets go of what is past its time; says when to do so again.
    pub(super) async fn let_go(&self) -> Result<Option<Millis>, Fault> {
        let Some(in_force) = self.in_force()? else {
            return Ok(None);
        };
        let now = clock::now();
        let cutoffs = Cutoffs::of(&in_force.config, now);
        let calls = self.store.transaction(|sql| {
            kept::drop_old(sql, now)?;
            let dropped = drop_calls(sql, cutoffs.calls)?;
            self.forget_deliveries_of(sql, &dropped)?;
            let calls = dropped.len() as u64;
            let passed = "DELETE FROM passed_call WHERE at_ms < ?";
            sql.run(passed, &[&cutoffs.calls.0])?;
            if calls > 0 {
                note(sql, now, &format!("calls/{calls}"))?;
            }
            Ok::<_, Fault>(calls)
        });
        let calls = calls.inspect_err(|_| self.forget_deliveries())?;
        let mut more = calls == CALLS_AT_ONCE;
        for pool in config::keepers_of_visits(self.store.sql())? {
            let command = PoolCommand::Compact {
                visits_before: cutoffs.visits,
            };
            let done: Vec<Compacted> = self.ask_shards(&in_force, &pool, command).await?;
            more |= done.iter().any(|shard| shard.more);
            let visits: u64 = done.iter().map(|shard| shard.visits).sum();
            if visits > 0 {
                let subject = format!("pool/{pool}/visits/{visits}");
                self.store.transaction(|sql| note(sql, now, &subject))?;
            }
        }
        Ok(Some(if more { SOON } else { DAILY }))
    }
}

fn note(sql: &Sql, now: UnixMillis, subject: &str) -> Result<(), Fault> {
    let change = Change {
        actor: "system",
        action: "retention.apply",
        subject,
        request: "",
        before_hash: "",
        after_hash: "",
    };
    audit::append(sql, now, &change)
}

/// Drops the oldest calls that began before `before`, with everything that is of them but what is
/// on its way to receivers; says which. A call that waits to be credited stays until it is.
fn drop_calls(sql: &Sql, before: UnixMillis) -> Result<Vec<String>, Fault> {
    let query = "SELECT call FROM call WHERE started_at_ms < ? AND waiting = 0
                 ORDER BY started_at_ms LIMIT ?";
    let rows = sql.rows(query, &[&before.0, &CALLS_AT_ONCE])?;
    let calls: Result<Vec<String>, Fault> = rows.iter().map(|row| row.text(0)).collect();
    let calls = calls?;
    if calls.is_empty() {
        return Ok(calls);
    }
    let list = serde_json::to_string(&calls)?;
    for table in ["attribution", "call_event", "outbox", "call"] {
        let statement =
            format!("DELETE FROM {table} WHERE call IN (SELECT value FROM json_each(?))");
        sql.run(&statement, &[&list])?;
    }
    Ok(calls)
}
