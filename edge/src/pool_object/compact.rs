//! The journal made small again: what replay no longer needs goes, visits when their time is over.
//!
//! Grants are the attribution record and stay as long as the owner keeps visits; everything else of
//! the journal is needed until a snapshot stands for it. A grant that a remembered visitor's number
//! still rests on stays whatever its age. Done in steps of [`ROWS_AT_ONCE`] rows, each one
//! transaction with the places where the sweeps stand, so that it may break off anywhere.

use super::{Shell, journal};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::message::pool::Compacted;
use ringlet_core::time::UnixMillis;
use std::rc::Rc;

/// Rows looked at by one sweep: some 10 ms.
const ROWS_AT_ONCE: u64 = 2_000;
/// Parts of a snapshot that one sweep writes.
const PARTS_AT_ONCE: usize = 4;
/// Rows since the last snapshot that are worth one more, once a day.
const SNAPSHOT_WORTH: u64 = 500;

/// The fact that names the row up to which all but grants are gone.
pub(super) const SWEPT_TO: &str = "swept_to";
/// The fact that names the row up to which grants past their time are gone.
pub(super) const EXPIRED_TO: &str = "expired_to";
/// Of which rows this is true, they stay when replay needs them no more, so that calls can be
/// judged anew.
pub(super) const HISTORY: &str = "kind IN ('grant', 'history', 'tap', 'attributed')";

/// The row up to which all but history is gone.
///
/// # Errors
/// What the platform says.
pub(super) fn swept_to(sql: &Sql) -> Result<u64, Fault> {
    journal::number_fact(sql, SWEPT_TO)
}

impl Shell {
    pub(super) fn compact(self: &Rc<Self>, visits_before: UnixMillis) -> Result<String, Fault> {
        if self.readers.get() > 0 {
            let later = Compacted {
                more: true,
                ..Compacted::default()
            };
            return Ok(serde_json::to_string(&later)?);
        }
        // Rows that wait belong to the journal.
        self.commit();
        let kept = self.step(|pool, now, _| {
            pool.handle_timeout(now);
            pool.rows_in_use(visits_before)
        })?;
        // One that is being written goes on a few parts further; what it makes needless goes the
        // next time.
        let mut snapping = self.snapshot_if_worth(visits_before)?;
        for _ in 0..PARTS_AT_ONCE {
            snapping = snapping && self.continue_snapshot()?;
        }
        self.commit();
        let kept = serde_json::to_string(&kept)?;
        let done = self.store.transaction(|sql| {
            let from = journal::replays_from(sql)?;
            let swept = sweep(sql, from)?;
            let (visits, expired) = expire(sql, from, visits_before, &kept)?;
            Ok::<_, Fault>(Compacted {
                visits,
                more: swept || expired || snapping,
            })
        })?;
        Ok(serde_json::to_string(&done)?)
    }

    /// Begins a snapshot where rows past their time, or many rows, are still needed for replay.
    /// Says whether one is being written.
    fn snapshot_if_worth(self: &Rc<Self>, visits_before: UnixMillis) -> Result<bool, Fault> {
        let sql = self.store.sql();
        let from = journal::replays_from(sql)?;
        let query = "SELECT at_ms FROM journal WHERE row >= ? ORDER BY row LIMIT 1";
        let oldest = sql.row(query, &[&from])?;
        let is_old = match oldest {
            Some(row) => row.integer(0)? < visits_before.0,
            None => false,
        };
        let mut memory = self.take_memory()?;
        let worth =
            is_old && memory.rows > 0 || memory.rows > SNAPSHOT_WORTH && !memory.as_imported;
        if worth {
            self.begin_snapshot(&mut memory);
            self.drain_rows(&mut memory);
        }
        let snapping = memory.pool.is_snapping();
        *self.memory.borrow_mut() = Some(memory);
        Ok(snapping)
    }
}

/// Drops rows that are no history, before the one replay begins at. Says whether there are more.
fn sweep(sql: &Sql, from: u64) -> Result<bool, Fault> {
    let begin = journal::number_fact(sql, SWEPT_TO)?.max(1);
    let end = from.min(begin + ROWS_AT_ONCE);
    if begin >= end {
        return Ok(false);
    }
    let statement = format!("DELETE FROM journal WHERE row >= ? AND row < ? AND NOT {HISTORY}");
    sql.run(&statement, &[&begin, &end])?;
    sql.run("DELETE FROM packed WHERE row < ?", &[&end])?;
    sql.run("DELETE FROM past WHERE row < ?", &[&end])?;
    journal::put_number_fact(sql, SWEPT_TO, end)?;
    Ok(end < from)
}

/// Drops grants past their time, oldest first. Says how many, and whether there are more.
fn expire(sql: &Sql, from: u64, before: UnixMillis, kept: &str) -> Result<(u64, bool), Fault> {
    let begin = journal::number_fact(sql, EXPIRED_TO)?;
    let query = "SELECT row, at_ms FROM journal WHERE row >= ? AND row < ? AND kind = 'grant'
                 ORDER BY row LIMIT ?";
    let mut end = begin;
    let rows = sql.rows(query, &[&begin, &from, &ROWS_AT_ONCE])?;
    for row in &rows {
        if row.integer(1)? >= before.0 {
            break;
        }
        end = row.integer(0)? + 1;
    }
    let gone = "DELETE FROM journal WHERE row >= ? AND row < ? AND kind = 'grant'
                AND row NOT IN (SELECT value FROM json_each(?)) RETURNING row";
    let mut visits = sql.rows(gone, &[&begin, &end, &kept])?.len() as u64;
    // Grants that came with a number from elsewhere are older than their place in the journal.
    let came = "DELETE FROM journal WHERE kind = 'history' AND at_ms < ?
                AND row NOT IN (SELECT value FROM json_each(?)) RETURNING row";
    visits += sql.rows(came, &[&before.0, &kept])?.len() as u64;
    let unseen = "DELETE FROM visit WHERE at_ms < ? RETURNING id";
    visits += sql.rows(unseen, &[&before.0])?.len() as u64;
    sql.run("DELETE FROM late_ids WHERE at_ms < ?", &[&before.0])?;
    if end == begin {
        return Ok((visits, false));
    }
    let signs = "DELETE FROM journal WHERE row >= ? AND row < ? AND kind IN ('tap', 'attributed')";
    sql.run(signs, &[&begin, &end])?;
    // A grant still in use is looked at again next time: the sweep stands before the first.
    let first = "SELECT min(row) FROM journal WHERE row >= ? AND row < ? AND kind = 'grant'";
    let first = sql.row(first, &[&begin, &end])?;
    let first = first.map(|row| row.maybe_integer(0)).transpose()?.flatten();
    journal::put_number_fact(sql, EXPIRED_TO, first.unwrap_or(end))?;
    Ok((visits, first.is_none() && rows.len() as u64 == ROWS_AT_ONCE))
}
