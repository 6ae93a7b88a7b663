//! Calls judged anew: the pool as it was at the instant of each call, rebuilt from the journal, and
//! the models of delays and regions in force.
//!
//! What is not here: whose earlier call a caller is remembered for; the one who asks says so.
//! Invariant: nothing is noted. The same journal and model give the same verdicts.

use super::{Shell, compact, journal, replayed};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::binding::timer;
use crate::message::pool::{CallAnswer, CallCommand};
use ringlet_core::attribution::{Verdict, attribute};
use ringlet_core::pool::{JournalEntry, Pool, PoolConfig};
use ringlet_core::time::Millis;
use std::rc::Rc;

/// Signs of activity are written down this much later than they came.
const WRITTEN_LATER: Millis = Millis::from_secs(10);

/// Rows read between two turns of others.
const ROWS_AT_ONCE: u64 = 1_000;

impl Shell {
    pub(super) async fn judge(self: &Rc<Self>, calls: &[CallCommand]) -> Result<String, Fault> {
        // What waits is history too.
        self.commit();
        let (model, regions) =
            self.step(|pool, _, _| (pool.delay().clone(), pool.regions().clone()))?;
        let sql = self.store.sql();
        let judge = |past: &Pool, call: &CallCommand| {
            let candidates = past.candidates(call.number, call.facts.at);
            let mut settings = call.settings.clone();
            if settings.regions.is_some() {
                settings.regions = Some(regions.clone());
            }
            attribute(&call.facts, &candidates, &model, &settings)
        };
        let verdicts = loop {
            let swept_to = compact::swept_to(sql)?;
            let verdicts = judge_all(sql, calls, judge).await?;
            // Rows that were let go of meanwhile may be missing.
            if compact::swept_to(sql)? == swept_to {
                break verdicts;
            }
        };
        let mut answers = Vec::with_capacity(calls.len());
        for verdict in verdicts {
            let rows: Vec<u64> = verdict.candidates.iter().map(|of| of.holder.row).collect();
            let contexts = journal::contexts(sql, &rows)?;
            answers.push(CallAnswer { verdict, contexts });
        }
        Ok(serde_json::to_string(&answers)?)
    }
}

/// Reads the journal once, and judges each call when the pool is as it was then.
async fn judge_all(
    sql: &Sql,
    calls: &[CallCommand],
    judge: impl Fn(&Pool, &CallCommand) -> Verdict,
) -> Result<Vec<Verdict>, Fault> {
    let mut order: Vec<usize> = (0..calls.len()).collect();
    order.sort_by_key(|place| calls[*place].facts.at);
    let mut verdicts: Vec<Option<Verdict>> = vec![None; calls.len()];
    let mut waiting = order.iter().copied().peekable();
    let mut past = Pool::new(PoolConfig::default());
    if let Some(first) = waiting.peek() {
        // A candidate older than the window is none, so no older row is needed.
        let first = &calls[*first];
        let row = journal::row_at(sql, first.facts.at)?;
        let oldest = journal::row_at(sql, first.facts.at - first.settings.window_ms)?;
        let mut after = journal::snapshot_before(sql, row)?
            .max(oldest)
            .saturating_sub(1);
        let (began, last) = (after + 1, journal::last_row(sql)?);
        while after < last && waiting.peek().is_some() {
            let from = after;
            replayed::each_up_to(sql, began, (from, last), ROWS_AT_ONCE, |stored| {
                let row = &stored.row;
                after = row.row;
                while let Some(place) =
                    waiting.next_if(|place| calls[*place].facts.at + WRITTEN_LATER < row.at)
                {
                    verdicts[place] = Some(judge(&past, &calls[place]));
                }
                // Parts of a snapshot are long.
                let long = matches!(row.entry, JournalEntry::Snapshot { .. });
                stored.replay(sql, &mut past)?;
                while let Some(part) = past.lacks() {
                    journal::recall(sql, &mut past, part)?;
                }
                Ok(!long && waiting.peek().is_some())
            })?;
            if after == from {
                break;
            }
            timer::turn().await;
        }
    }
    for place in waiting {
        verdicts[place] = Some(judge(&past, &calls[place]));
    }
    Ok(verdicts.into_iter().flatten().collect())
}
