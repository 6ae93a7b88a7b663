//! Snapshots of the pool, written down a part at a time.
//!
//! The parts are taken at once, with the numbers of rows that follow the last one's, and written
//! each in a turn of its own, so that nobody waits for all of them; rows of what happens meanwhile
//! come after them. Replay begins at a snapshot from the moment its last part is in. Parts of one
//! that was never finished are dropped when the pool is next built: what they say follows from the
//! rows before them.

use super::{Memory, Shell, journal};
use crate::binding::fault::Fault;
use crate::binding::timer;
use crate::log::{Level, Line};
use ringlet_core::pool::JournalRow;
use std::collections::VecDeque;
use std::rc::Rc;

/// Parts that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// The row of the first part.
    from: u64,
    rows: VecDeque<JournalRow>,
}

impl Shell {
    /// Whether one is being written.
    pub(super) fn is_snapping(&self) -> bool {
        !self.snapshot.borrow().rows.is_empty()
    }

    /// Takes a snapshot, unless one is being written.
    pub(super) fn take_snapshot(self: &Rc<Self>, memory: &mut Memory) {
        if self.is_snapping() {
            return;
        }
        let from = memory.pool.snapshot();
        memory.rows = 0;
        let mut rows = VecDeque::new();
        while let Some(row) = memory.pool.poll_output() {
            rows.push_back(row);
        }
        *self.snapshot.borrow_mut() = Pending { from, rows };
        self.write_later();
    }

    /// Writes all parts that wait: whoever reads the journal whole must not find half a snapshot.
    ///
    /// # Errors
    /// What the platform says.
    pub(super) fn finish_snapshot(self: &Rc<Self>) -> Result<(), Fault> {
        while self.write_part()? {}
        Ok(())
    }

    /// Forgets what waits: it is of a pool that is no more.
    pub(super) fn forget_snapshot(&self) {
        self.snapshot.take();
    }

    fn write_later(self: &Rc<Self>) {
        let shell = Rc::downgrade(self);
        timer::after(0, move || {
            let Some(shell) = shell.upgrade() else {
                return;
            };
            match shell.write_part() {
                Ok(true) => shell.write_later(),
                Ok(false) => {}
                Err(fault) => {
                    // The rows before it are still there to be replayed.
                    shell.forget_snapshot();
                    Line::new(Level::Error, "snapshot_not_written")
                        .fault(&fault.message)
                        .write();
                }
            }
        });
    }

    /// Writes the next part; says whether there are more.
    fn write_part(self: &Rc<Self>) -> Result<bool, Fault> {
        if !self.is_snapping() {
            return Ok(false);
        }
        // Rows from before it first; if they cannot be written, it is of a pool that is no more.
        self.commit();
        let (from, row) = {
            let mut pending = self.snapshot.borrow_mut();
            (pending.from, pending.rows.pop_front())
        };
        let Some(row) = row else {
            return Ok(false);
        };
        let is_last = !self.is_snapping();
        self.store.transaction(|sql| {
            journal::append(sql, &[row])?;
            if is_last {
                journal::replay_from(sql, from)?;
            }
            Ok::<_, Fault>(())
        })?;
        Ok(!is_last)
    }
}
