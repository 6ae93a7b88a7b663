//! Snapshots of the pool, written down a part at a time beside whatever else happens.
//!
//! A part tells of some numbers as they are when it is written, and goes the way of every other
//! row; rows of what happens meanwhile stand between the parts. So nobody waits for more than one
//! part, and memory holds no second image of the pool. Replay begins at a snapshot from the
//! transaction on in which its last part is. One that is broken off (by a stop, or by a
//! configuration that changes the numbers) is begun anew with the next row; its parts change
//! nothing in replay and go with the next compaction.

use super::{Memory, Shell};
use crate::binding::fault::Fault;
use crate::binding::timer;
use crate::log::{Level, Line};
use ringlet_core::pool::JournalEntry;
use std::rc::Rc;

/// Past holders in one part: some 5 ms, and 800 kB of the 2 MB that a row may have.
const HOLDERS_AT_ONCE: usize = 8_000;
/// Between two parts others have their turn. Short, so that it is whole soon: who wakes the pool
/// waits for what was written since it was begun.
const PAUSE_MS: u32 = 1;
/// Rows after which a snapshot is worth its own: replaying them takes some 20 ms. A large pool's is
/// longer, so it waits for a row more to every fourth number.
const AFTER_ROWS: u64 = 2_000;
const NUMBERS_A_ROW: u64 = 4;

/// So many rows between two looks, which are a minute apart, leave time enough: eight times as many
/// as a day of 100,000 visits.
const QUIET_ROWS: u64 = 600;
/// Then a snapshot is worth it after this share of the rows: who wakes the pool of 10,000 numbers
/// waits for some 15 ms of them.
const QUIET_SHARE: u64 = 4;

/// Rows after which a snapshot is worth it.
fn worth_rows(memory: &Memory) -> u64 {
    let numbers = memory.pool.config().numbers.len() as u64;
    AFTER_ROWS + numbers / NUMBERS_A_ROW
}

/// How many rows of one thing each a row is to replay: a configuration weighs every number anew.
pub(super) fn rows_of(entry: &JournalEntry) -> u64 {
    match entry {
        JournalEntry::Configured(config) => 1 + config.numbers.len() as u64,
        _ => 1,
    }
}

impl Shell {
    /// Begins a snapshot if there are rows enough since replay begins. Says whether it did.
    pub(super) fn begin_if_worth(self: &Rc<Self>, memory: &mut Memory) -> bool {
        let worth = memory.rows > worth_rows(memory) && !memory.pool.is_snapping();
        let worth = worth && !memory.as_imported;
        if worth {
            self.begin_snapshot(memory);
        }
        worth
    }

    /// Begins a snapshot while few ask, if there are some rows since replay begins: the pool may be
    /// stopped, and who wakes it waits for them. The caller commits.
    pub(super) fn begin_while_quiet(self: &Rc<Self>) -> Result<(), Fault> {
        if self.rows_since_look.replace(0) > QUIET_ROWS {
            return Ok(());
        }
        let mut memory = self.take_memory()?;
        if memory.rows > worth_rows(&memory) / QUIET_SHARE && !memory.as_imported {
            self.begin_snapshot(&mut memory);
            self.drain_rows(&mut memory);
        }
        *self.memory.borrow_mut() = Some(memory);
        Ok(())
    }

    /// Begins a snapshot, unless one is being written. The caller drains.
    pub(super) fn begin_snapshot(self: &Rc<Self>, memory: &mut Memory) {
        if memory.pool.is_snapping() {
            return;
        }
        memory.snapshot_from = memory.pool.begin_snapshot();
        memory.rows_at_snapshot = memory.rows;
        self.continue_later();
    }

    /// Has the next part written after what has arrived already.
    fn continue_later(self: &Rc<Self>) {
        if self.continues.replace(true) {
            return;
        }
        let shell = Rc::downgrade(self);
        timer::after(PAUSE_MS, move || {
            let Some(shell) = shell.upgrade() else {
                return;
            };
            shell.continues.set(false);
            match shell.continue_snapshot() {
                Ok(true) => shell.continue_later(),
                Ok(false) => {}
                Err(fault) => Line::new(Level::Error, "snapshot_not_written")
                    .fault(&fault.message)
                    .write(),
            }
        });
    }

    /// Writes the next part; says whether there are more.
    ///
    /// # Errors
    /// What the platform says.
    pub(super) fn continue_snapshot(self: &Rc<Self>) -> Result<bool, Fault> {
        // What is not in memory is not being written.
        let snapping = |memory: &Memory| memory.pool.is_snapping();
        if !self.memory.borrow().as_ref().is_some_and(snapping) {
            return Ok(false);
        }
        // All of it is written down, and a part is read as fast as it is written.
        if self.recall_next()? {
            return Ok(true);
        }
        let part = self.step(|pool, now, _| {
            pool.handle_timeout(now);
            pool.continue_snapshot_packed(HOLDERS_AT_ONCE)
        })?;
        let part = part.map_err(|error| Fault::new(error.to_string()))?;
        let more = part.as_ref().is_some_and(|part| part.more);
        if let Some(part) = part {
            self.group.borrow_mut().parts.push((part.row, part.pieces));
        }
        self.commit();
        Ok(more)
    }
}
