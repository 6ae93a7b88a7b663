//! Calls judged anew: the pool as it was at the instant of each call, rebuilt from the journal, and
//! the models of delays and regions in force.
//!
//! What is not here: whose earlier call a caller is remembered for; the one who asks says so.
//! Invariant: nothing is noted. The same journal and model give the same verdicts.

use super::{Shell, journal};
use crate::binding::fault::Fault;
use crate::message::pool::{CallAnswer, CallCommand};
use ringlet_core::attribution::{Verdict, attribute};
use ringlet_core::pool::{Pool, PoolConfig};
use ringlet_core::time::Millis;
use std::rc::Rc;

/// Signs of activity are written down this much later than they came.
const WRITTEN_LATER: Millis = Millis::from_secs(10);

impl Shell {
    pub(super) fn judge(self: &Rc<Self>, calls: &[CallCommand]) -> Result<String, Fault> {
        // What waits is history too.
        self.commit();
        let memory = self.take_memory()?;
        let model = memory.pool.delay().clone();
        let regions = memory.pool.regions().clone();
        *self.memory.borrow_mut() = Some(memory);
        let sql = self.store.sql();
        let mut order: Vec<usize> = (0..calls.len()).collect();
        order.sort_by_key(|place| calls[*place].facts.at);
        let mut verdicts: Vec<Option<Verdict>> = vec![None; calls.len()];
        let judge = |past: &Pool, call: &CallCommand| {
            let candidates = past.candidates(call.number, call.facts.at);
            let mut settings = call.settings.clone();
            if settings.regions.is_some() {
                settings.regions = Some(regions.clone());
            }
            attribute(&call.facts, &candidates, &model, &settings)
        };
        let mut waiting = order.iter().copied().peekable();
        let mut past = Pool::new(PoolConfig::default());
        if let Some(first) = waiting.peek() {
            // A candidate older than the window is none, so no older row is needed.
            let first = &calls[*first];
            let row = journal::row_at(sql, first.facts.at)?;
            let oldest = journal::row_at(sql, first.facts.at - first.settings.window_ms)?;
            let from = journal::snapshot_before(sql, row)?.max(oldest);
            journal::each_from(sql, from, journal::Rows::All, |row| {
                while let Some(place) =
                    waiting.next_if(|place| calls[*place].facts.at + WRITTEN_LATER < row.at)
                {
                    verdicts[place] = Some(judge(&past, &calls[place]));
                }
                past.replay(&row);
                waiting.peek().is_some()
            })?;
        }
        for place in waiting {
            verdicts[place] = Some(judge(&past, &calls[place]));
        }
        let mut answers = Vec::with_capacity(calls.len());
        for verdict in verdicts.into_iter().flatten() {
            let rows: Vec<u64> = verdict.candidates.iter().map(|of| of.holder.row).collect();
            let contexts = journal::contexts(sql, &rows)?;
            answers.push(CallAnswer { verdict, contexts });
        }
        Ok(serde_json::to_string(&answers)?)
    }
}
