//! The pool built anew from its journal, slice by slice.
//!
//! The object of a large pool that was put to sleep reads some 4 MB before it can answer. It does
//! so in slices of some milliseconds, between which others have their turn; who asks for this pool
//! meanwhile waits, and takes the next slice. Whoever cannot wait takes all that is left at once.
//!
//! Most of what it keeps of past holders is read after that, a part of the last snapshot at a time,
//! before anything that asks for it: [`Shell::whole`] for all but page views and signs of activity,
//! and for these what they need.
//!
//! Invariant: nobody is answered by a pool that lacks what his answer rests on. What is kept of a
//! broken attempt is nothing: the next one begins at the first row.

use super::recent::Recent;
use super::replayed::RECENT_ROWS;
use super::{Memory, Shell, export, journal, replayed, schema, snapshot};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::binding::timer;
use crate::log::{Level, Line};
use ringlet_core::pool::{Acquire, JournalEntry, JournalRow, Pool, PoolConfig};
use std::rc::Rc;

/// What one slice may cost: about a row that tells of one thing each, some 10 ms in all.
const SLICE: usize = 1_000;
/// What a past holder of a snapshot costs, as a share of a row.
const HOLDERS_A_ROW: usize = 3;
/// And bytes of numbers that are packed: they are copied, not looked at.
const PACKED_A_ROW: usize = 3_000;
/// How long after a start what nobody waits for is done.
const CATCH_UP_MS: u32 = 100;

/// A pool that is being built.
#[derive(Debug)]
pub(super) struct Rebuild {
    /// The pool so far.
    pub pool: Pool,
    /// Rows so far, parts of snapshots aside.
    pub rows: u64,
    /// The first row.
    began: u64,
    /// The last row that is in.
    after: u64,
    /// The last row that belongs to it.
    last: u64,
    /// A row that is no part of a snapshot is in.
    begun: bool,
    /// Parts of a snapshot that an earlier version never finished.
    unfinished: Vec<u64>,
}

impl Rebuild {
    /// Begins at the last whole snapshot; ends with the last row that is there now.
    ///
    /// # Errors
    /// What the platform says.
    pub(super) fn begin(sql: &Sql) -> Result<Self, Fault> {
        let from = journal::replays_from(sql)?;
        Ok(Self {
            pool: Pool::new(PoolConfig::default()),
            rows: 0,
            began: from,
            after: from.saturating_sub(1),
            last: journal::last_row(sql)?,
            begun: false,
            unfinished: Vec::new(),
        })
    }

    /// Takes a slice. Says whether there is more.
    ///
    /// # Errors
    /// What the platform says, or if a row is not what this version or an earlier one wrote.
    pub(super) fn advance(
        &mut self,
        sql: &Sql,
        mut seen: impl FnMut(&JournalRow),
    ) -> Result<bool, Fault> {
        let (mut cost, mut read) = (0, 0);
        let (began, after, last) = (self.began, self.after, self.last);
        replayed::each_up_to(sql, began, (after, last), SLICE as u64, |stored| {
            let row = &stored.row;
            self.after = row.row;
            read += 1;
            match &row.entry {
                JournalEntry::Snapshot { of: 0, .. } if self.begun => {
                    self.unfinished.push(row.row);
                    return Ok(true);
                }
                JournalEntry::Snapshot {
                    numbers, head, of, ..
                } => {
                    let holders: usize = numbers.iter().map(|of| of.holders.len() + 1).sum();
                    cost += holders / HOLDERS_A_ROW + stored.packed_bytes() / PACKED_A_ROW;
                    // All numbers are placed, or weighed anew.
                    let takes_head = head.is_some() && [began, 0].contains(of);
                    cost += if takes_head { SLICE } else { 0 };
                }
                entry => {
                    self.begun = true;
                    self.rows += snapshot::rows_of(entry);
                    if let JournalEntry::Configured(_) = entry {
                        cost += SLICE;
                    }
                }
            }
            cost += 1;
            if row.row + RECENT_ROWS > last {
                seen(row);
            }
            stored.replay(sql, &mut self.pool)?;
            Ok(cost < SLICE)
        })?;
        let more = self.after < last && read > 0;
        if !more && !self.unfinished.is_empty() {
            let list = serde_json::to_string(&core::mem::take(&mut self.unfinished))?;
            let query = "DELETE FROM journal WHERE row IN (SELECT value FROM json_each(?))";
            sql.run(query, &[&list])?;
        }
        Ok(more)
    }
}

impl Shell {
    /// Has the pool in memory, letting others have their turn while it is built.
    ///
    /// # Errors
    /// What the platform says, or that what is stored gives no pool.
    pub(super) async fn awake(self: &Rc<Self>) -> Result<(), Fault> {
        loop {
            if self.memory.borrow().is_some() {
                return Ok(());
            }
            let Some(mut rebuild) = self.resume()? else {
                *self.memory.borrow_mut() = Some(Memory::empty());
                return Ok(());
            };
            if !self.take_slice(&mut rebuild)? {
                *self.memory.borrow_mut() = Some(self.built(rebuild)?);
                return Ok(());
            }
            *self.rebuild.borrow_mut() = Some(rebuild);
            timer::turn().await;
        }
    }

    /// Has all of the pool's past holders in memory, letting others have their turn while they are
    /// read.
    ///
    /// # Errors
    /// What the platform says, or that what is stored are not they.
    pub(super) async fn whole(&self) -> Result<(), Fault> {
        while self.recall_next()? {
            timer::turn().await;
        }
        Ok(())
    }

    /// Reads the past holders of the next part that lacks; says whether there are more.
    ///
    /// # Errors
    /// As [`Self::whole`].
    pub(super) fn recall_next(&self) -> Result<bool, Fault> {
        let lacks = self.memory.borrow().as_ref().and_then(|of| of.pool.lacks());
        let Some(part) = lacks else {
            return Ok(false);
        };
        self.recall(part)?;
        Ok(true)
    }

    /// Reads the past holders among whom this visitor may be.
    ///
    /// # Errors
    /// As [`Self::whole`].
    pub(super) fn recall_for(&self, ask: &Acquire) -> Result<(), Fault> {
        loop {
            let memory = self.memory.borrow();
            let lacks = memory.as_ref().and_then(|of| of.pool.lacks_for(ask));
            drop(memory);
            match lacks {
                Some(part) => self.recall(part)?,
                None => return Ok(()),
            }
        }
    }

    /// Where it fails, no pool is left in memory.
    fn recall(&self, part: u64) -> Result<(), Fault> {
        let memory = self.memory.borrow_mut().take();
        if let Some(mut memory) = memory {
            journal::recall(self.store.sql(), &mut memory.pool, part)?;
            *self.memory.borrow_mut() = Some(memory);
        }
        Ok(())
    }

    /// Takes the pool out of its place, building what is left of it at once.
    ///
    /// # Errors
    /// As [`Self::awake`].
    pub(super) fn take_memory(self: &Rc<Self>) -> Result<Memory, Fault> {
        if let Some(memory) = self.memory.borrow_mut().take() {
            return Ok(memory);
        }
        let Some(mut rebuild) = self.resume()? else {
            return Ok(Memory::empty());
        };
        while self.take_slice(&mut rebuild)? {}
        self.built(rebuild)
    }

    /// Takes up what was begun, or begins; nothing where nothing was ever stored.
    fn resume(&self) -> Result<Option<Rebuild>, Fault> {
        if let Some(rebuild) = self.rebuild.borrow_mut().take() {
            return Ok(Some(rebuild));
        }
        // Rows that wait belong to a pool that is no more; the new one must find them stored.
        self.commit();
        if !crate::schema::open(&self.store, schema::STEPS)? {
            return Ok(None);
        }
        self.open.set(true);
        *self.recent.borrow_mut() = Recent::default();
        Rebuild::begin(self.store.sql()).map(Some)
    }

    fn take_slice(&self, rebuild: &mut Rebuild) -> Result<bool, Fault> {
        let recent = |row: &JournalRow| self.recent.borrow_mut().row(row);
        rebuild.advance(self.store.sql(), recent)
    }

    fn built(self: &Rc<Self>, rebuild: Rebuild) -> Result<Memory, Fault> {
        if rebuild.pool.is_behind() {
            self.catch_up_later(CATCH_UP_MS);
        }
        let sql = self.store.sql();
        let version = journal::in_force(sql)?;
        // A division broke off.
        if journal::number_fact(sql, journal::UNSETTLED)? == 1 {
            self.unsettled.set(true);
        }
        self.borrows.set(version.borrows);
        Ok(Memory {
            pool: rebuild.pool,
            version,
            rows: rebuild.rows,
            rows_at_snapshot: 0,
            snapshot_from: 0,
            as_imported: export::as_imported(sql)?.is_some(),
        })
    }

    /// Has the pool do what it left undone, once those who woke it have their answers: part by
    /// part, and last what takes one turn.
    fn catch_up_later(self: &Rc<Self>, after_ms: u32) {
        let shell = Rc::downgrade(self);
        timer::after(after_ms, move || {
            let Some(shell) = shell.upgrade() else {
                return;
            };
            match shell.recall_next() {
                Ok(true) => return shell.catch_up_later(0),
                Ok(false) => {}
                // Who needs them hears it too.
                Err(fault) => {
                    return Line::new(Level::Error, "past_holders_not_read")
                        .fault(&fault.message)
                        .write();
                }
            }
            // Out of its place while it works, as ever.
            let memory = shell.memory.borrow_mut().take();
            if let Some(mut memory) = memory {
                memory.pool.catch_up();
                *shell.memory.borrow_mut() = Some(memory);
            }
        });
    }
}
