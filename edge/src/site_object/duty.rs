//! What a site does by itself, and when: its duties share the object's one alarm.
//!
//! A duty is a row with the instant it is due. The alarm first of all sets the next one, then does
//! what is due and writes when it is due again; a duty that failed is due again soon. So a crash
//! at any point repeats a duty and forgets none: every duty must bear being repeated.

use super::SiteObject;
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::clock;
use crate::log::{Level, Line};
use ringlet_core::time::{Millis, UnixMillis};

/// Something a site does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    /// Credit calls that wait.
    Credit,
    /// Tell receivers of calls.
    Send,
    /// Let go of what is past its time.
    Retention,
    /// Keep the pools in numbers that sites share.
    Stock,
    /// Have shards settle a new division of their pool.
    Shards,
    /// Drop an import that is not heard of any more.
    Import,
    /// Note in which pools the numbers of the configuration in force are.
    Places,
}

/// When a duty that failed is tried again.
const AGAIN_AFTER: Millis = Millis::from_secs(30);

impl Duty {
    const ALL: [Self; 7] = [
        Self::Places,
        Self::Credit,
        Self::Send,
        Self::Retention,
        Self::Stock,
        Self::Shards,
        Self::Import,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Send => "send",
            Self::Retention => "retention",
            Self::Stock => "stock",
            Self::Shards => "shards",
            Self::Import => "import",
            Self::Places => "places",
        }
    }
}

/// Notes that `duty` is due at `at`, or sooner if it was already.
///
/// # Errors
/// What the platform says.
pub(super) fn call_for(sql: &Sql, duty: Duty, at: UnixMillis) -> Result<(), Fault> {
    let query = "INSERT INTO duty VALUES (?, ?)
                 ON CONFLICT (name) DO UPDATE SET due_ms = min(due_ms, excluded.due_ms)";
    sql.run(query, &[&duty.name(), &at.0])?;
    Ok(())
}

/// When a duty is due, if it was called for.
///
/// # Errors
/// What the platform says.
pub(super) fn due_at(sql: &Sql, duty: Duty) -> Result<Option<UnixMillis>, Fault> {
    let row = sql.row("SELECT due_ms FROM duty WHERE name = ?", &[&duty.name()])?;
    row.map(|row| row.integer(0).map(UnixMillis)).transpose()
}

/// Nothing of a duty is left to be done.
///
/// # Errors
/// What the platform says.
pub(super) fn done(sql: &Sql, duty: Duty) -> Result<(), Fault> {
    sql.run("DELETE FROM duty WHERE name = ?", &[&duty.name()])?;
    Ok(())
}

fn next(sql: &Sql) -> Result<Option<UnixMillis>, Fault> {
    let row = sql.row("SELECT min(due_ms) FROM duty", &[])?;
    let least = row.map(|row| row.maybe_integer(0)).transpose()?.flatten();
    Ok(least.map(UnixMillis))
}

impl SiteObject {
    /// Sets the alarm to the duty that is due next. Waits for nothing: the alarm is written with
    /// the statements of this turn, and an object that wakes without one sets it.
    pub(super) fn set_alarm_for_duties(&self) -> Result<(), Fault> {
        if let Some(at) = next(self.store.sql())? {
            self.store.set_alarm_soon(at.max(clock::now()));
        }
        Ok(())
    }

    /// Once in the object's life: sees to it that there is an alarm while there are duties.
    pub(super) async fn wake(&self) -> Result<(), Fault> {
        if self.awake.replace(true) || !self.exists()? {
            return Ok(());
        }
        self.look_for_places()?;
        if next(self.store.sql())?.is_some() && !self.store.has_alarm().await? {
            self.set_alarm_for_duties()?;
        }
        Ok(())
    }

    /// Does what is due.
    pub(super) async fn do_duties(&self) -> Result<(), Fault> {
        // First of all the next alarm: whatever fails below, there will be one.
        self.store.set_alarm(clock::now() + AGAIN_AFTER).await?;
        if !self.exists()? {
            return self.store.delete_alarm().await;
        }
        self.look_for_places()?;
        for duty in Duty::ALL {
            let due = due_at(self.store.sql(), duty)?;
            if due.is_none_or(|at| at > clock::now()) {
                continue;
            }
            let done = match duty {
                Duty::Credit => self.credit_waiting_calls().await,
                Duty::Send => self.send_deliveries().await,
                Duty::Retention => self.let_go().await,
                Duty::Stock => self.keep_stock().await,
                Duty::Shards => self.settle_shards().await,
                Duty::Import => self.drop_silent_import().await,
                Duty::Places => self.note_places_left().map(|()| None),
            };
            let again = done.unwrap_or_else(|fault| {
                Line::new(Level::Warn, "duty_failed")
                    .fault(&format!("{}: {}", duty.name(), fault.message))
                    .write();
                Some(AGAIN_AFTER)
            });
            if !self.exists()? {
                // It was an import, and is dropped.
                return self.store.delete_alarm().await;
            }
            self.written_down(duty, due, again)?;
        }
        match next(self.store.sql())? {
            Some(at) => self.store.set_alarm(at.max(clock::now())).await,
            None => self.store.delete_alarm().await,
        }
    }

    /// Writes when a duty that was due at `due` is due again, unless it was called for meanwhile.
    fn written_down(
        &self,
        duty: Duty,
        due: Option<UnixMillis>,
        again: Option<Millis>,
    ) -> Result<(), Fault> {
        let sql = self.store.sql();
        if due_at(sql, duty)? != due {
            return Ok(());
        }
        match again {
            Some(after) => {
                let at = clock::now() + after;
                let query = "UPDATE duty SET due_ms = ? WHERE name = ?";
                sql.run(query, &[&at.0, &duty.name()])?;
            }
            None => done(sql, duty)?,
        }
        Ok(())
    }
}
