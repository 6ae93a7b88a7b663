//! What others may read of the pool: the live view, counters, the check of the stored state.

use super::{Shell, journal};
use crate::binding::fault::Fault;
use crate::message::VisitContext;
use crate::message::pool::{CountsAnswer, LiveAnswer};
use ringlet_core::pool::{Pool, PoolConfig, Role};
use std::rc::Rc;

impl Shell {
    pub(super) fn live(self: &Rc<Self>) -> Result<String, Fault> {
        let numbers: Vec<_> = self.step(|pool, now, _| {
            pool.handle_timeout(now);
            pool.numbers().collect()
        })?;
        // Grants of the last milliseconds may still wait for their commit.
        self.commit();
        let rows: Vec<u64> = numbers
            .iter()
            .map(|number: &ringlet_core::pool::NumberView| {
                number.holder.map_or(0, |holder| holder.row)
            })
            .collect();
        let contexts = journal::contexts(self.store.sql(), &rows)?;
        let sources = contexts.iter().map(|context| {
            let context: VisitContext = serde_json::from_str(context).unwrap_or_default();
            context.source
        });
        let answer = LiveAnswer {
            sources: sources.collect(),
            numbers,
            events: self.recent.borrow().newest_first(),
        };
        Ok(serde_json::to_string(&answer)?)
    }

    pub(super) fn counts(self: &Rc<Self>) -> Result<String, Fault> {
        let short_at = self.short_at.get();
        let answer = self.step(|pool, now, _| {
            pool.handle_timeout(now);
            let short = now.since(short_at) < super::shortage::LASTS;
            let dynamic = |number: &&ringlet_core::pool::NumberConfig| number.role == Role::Dynamic;
            let numbers = pool.config().numbers.iter().filter(dynamic).count() as u64;
            CountsAnswer::of(numbers, short, pool.tally())
        })?;
        Ok(serde_json::to_string(&answer)?)
    }

    /// Whether what is stored is whole, and gives back what is in memory.
    pub(super) fn check(self: &Rc<Self>) -> Result<String, Fault> {
        let (memory, now) = self.step(|pool, now, _| {
            pool.handle_timeout(now);
            pool.checkpoint();
            (pool.state(), now)
        })?;
        self.commit();
        let sql = self.store.sql();
        let mut faults: Vec<String> = Vec::new();
        for row in sql.rows("PRAGMA quick_check", &[])? {
            let said = row.text(0)?;
            if said != "ok" {
                faults.push(format!("the database says: {said}"));
            }
        }
        let gaps = "SELECT count(*), coalesce(max(row), 0) FROM journal";
        if let Some(row) = sql.row(gaps, &[])?
            && row.integer(0)? > row.integer(1)?
        {
            faults.push("the journal has more rows than its last row's number".to_owned());
        }
        let mut replayed = Pool::new(PoolConfig::default());
        journal::read(sql, |row| replayed.replay(row))?;
        // What only time changed stands in no row.
        replayed.handle_timeout(now);
        if replayed.state() != memory {
            faults.push("the journal does not give back the state in memory".to_owned());
        }
        Ok(serde_json::to_string(&faults)?)
    }
}
