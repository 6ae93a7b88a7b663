//! What others may read of the pool: the live view and counters.

use super::{Shell, journal};
use crate::binding::fault::Fault;
use crate::message::pool::{CountsAnswer, LiveAnswer, LivePage};
use ringlet_core::pool::{NumberView, Role};
use std::rc::Rc;

impl Shell {
    pub(super) fn live(self: &Rc<Self>, page: LivePage) -> Result<String, Fault> {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let (mut numbers, states) = self.step(|pool, now, _| {
            pool.handle_timeout(now);
            // One more than wanted tells whether there are more.
            let numbers = pool.numbers_after(page.after, limit.saturating_add(1));
            (numbers, pool.states())
        })?;
        let more = numbers.len() > limit;
        numbers.truncate(limit);
        // Grants of the last milliseconds may still wait for their commit.
        self.commit();
        let mut answer = LiveAnswer {
            numbers,
            states,
            more,
            ..LiveAnswer::default()
        };
        if page.sources {
            let row = |number: &NumberView| number.holder.map_or(0, |holder| holder.row);
            let rows: Vec<u64> = answer.numbers.iter().map(row).collect();
            answer.sources = journal::sources(self.store.sql(), &rows)?;
        }
        if page.events {
            answer.events = self.recent.borrow().newest_first();
        }
        Ok(serde_json::to_string(&answer)?)
    }

    pub(super) fn counts(self: &Rc<Self>) -> Result<String, Fault> {
        let short_at = self.short_at.get();
        let answer = self.step(|pool, now, _| {
            pool.handle_timeout(now);
            let short = now.since(short_at) < super::shortage::LASTS;
            let dynamic = |number: &&ringlet_core::pool::NumberConfig| number.role == Role::Dynamic;
            let numbers = pool.config().numbers.iter().filter(dynamic).count() as u64;
            CountsAnswer::of(numbers, short, pool)
        })?;
        Ok(serde_json::to_string(&answer)?)
    }
}
