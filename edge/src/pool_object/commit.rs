//! When rows are written: at once where nobody else is near, in groups under load; signs of
//! activity after a few seconds; and the alarm for what is due with nobody asking.

use super::group::Group;
use super::{CHECKPOINT_AFTER, Memory, Shell, journal, late_ids, schema, shard, visits};
use crate::binding::fault::Fault;
use crate::binding::timer;
use crate::clock;
use crate::log::{Level, Line};
use crate::panic_probe::{self, PanicPoint};
use futures_channel::oneshot;
use ringlet_core::time::{Millis, UnixMillis};
use std::rc::Rc;

/// Requests nearer to the last commit than this wait for one another.
const NEAR: Millis = Millis(20);

impl Shell {
    /// Waits until every row that was drained so far is committed.
    pub(super) async fn committed(self: &Rc<Self>) -> Result<(), Fault> {
        let receiver = {
            let mut group = self.group.borrow_mut();
            if !group.has_rows() {
                return Ok(());
            }
            let (sender, receiver) = oneshot::channel();
            group.waiters.push(sender);
            receiver
        };
        let now = clock::now();
        if now.since(self.committed_at.get()) > NEAR && !self.group.borrow().called {
            self.commit();
        } else {
            self.call_commit();
        }
        receiver
            .await
            .map_err(|_| Fault::new("the rows could not be written"))
    }

    /// Has the group committed after what has arrived already.
    pub(super) fn call_commit(self: &Rc<Self>) {
        if core::mem::replace(&mut self.group.borrow_mut().called, true) {
            return;
        }
        let shell = Rc::downgrade(self);
        timer::after(0, move || {
            if let Some(shell) = shell.upgrade() {
                shell.commit();
            }
        });
    }

    /// Commits what waits; then everybody who waits may answer. On failure the pool in memory,
    /// which is ahead of what is stored, is dropped.
    pub(super) fn commit(&self) {
        let group = core::mem::take(&mut *self.group.borrow_mut());
        if !group.has_rows() {
            return;
        }
        self.committed_at.set(clock::now());
        // Out of its place until its rows are in: a panic leaves no pool either.
        let memory = self.memory.borrow_mut().take();
        match self.write(&group) {
            Ok(()) => {
                *self.memory.borrow_mut() = memory;
                for waiter in group.waiters {
                    // One who went away needs no answer.
                    let _ = waiter.send(());
                }
            }
            Err(fault) => {
                Line::new(Level::Error, "journal_not_written")
                    .fault(&fault.message)
                    .write();
            }
        }
    }

    fn write(&self, group: &Group) -> Result<(), Fault> {
        self.store.transaction(|sql| {
            if !self.open.get() {
                crate::schema::migrate(sql, schema::STEPS)?;
            }
            journal::append(sql, &group.rows)?;
            journal::append_packed(sql, &group.parts)?;
            visits::append(sql, &group.visits)?;
            late_ids::append(sql, &group.late_ids)?;
            if let Some(row) = group.replay_from {
                journal::replay_from(sql, row)?;
            }
            if let Some(in_force) = group.in_force {
                journal::put_in_force(sql, in_force)?;
            }
            shard::write(sql, &group.parcels, &group.taken)?;
            panic_probe::reach(group.panic_at, PanicPoint::Transaction);
            Ok::<_, Fault>(())
        })?;
        self.open.set(true);
        Ok(())
    }

    /// Sees to it that signs of activity are written down soon, and that the alarm is set while
    /// there is something to settle.
    pub(super) fn settle_later(self: &Rc<Self>, memory: &Memory, now: UnixMillis) {
        if memory.pool.is_dirty() && !self.checkpoint_called.replace(true) {
            let shell = Rc::downgrade(self);
            timer::after(CHECKPOINT_AFTER.0 as u32, move || {
                if let Some(shell) = shell.upgrade() {
                    shell.checkpoint_called.set(false);
                    shell.checkpoint();
                }
            });
        }
        let Some(due) = memory.pool.poll_timeout() else {
            return;
        };
        if self.alarm_at.get().is_none_or(|at| at <= now) {
            let due = due.max(now + Millis(1_000));
            self.alarm_at.set(Some(due));
            self.store.set_alarm_soon(due);
        }
    }

    /// Writes down what signs of activity changed.
    fn checkpoint(self: &Rc<Self>) {
        let done = self.step_early(|pool, now, _| {
            pool.handle_timeout(now);
            pool.checkpoint();
        });
        match done {
            Ok(()) => self.commit(),
            Err(fault) => {
                Line::new(Level::Error, "checkpoint_failed")
                    .fault(&fault.message)
                    .write();
            }
        }
    }

    /// What the alarm does: settles what is due and writes down what signs changed.
    pub(super) async fn tidy(self: &Rc<Self>, now: UnixMillis) -> Result<(), Fault> {
        self.awake().await?;
        self.begin_while_quiet()?;
        let due = self.step_early(|pool, now, _| {
            pool.handle_timeout(now);
            pool.checkpoint();
            pool.poll_timeout()
        })?;
        self.commit();
        if due.is_none() {
            // Nothing stands any more: the next request sets the alarm again.
            self.store.delete_alarm().await?;
            self.alarm_at.set(None);
        } else {
            self.alarm_at.set(Some(now + ringlet_core::pool::TIDY));
        }
        Ok(())
    }
}
