//! What a pool counts for sizing and for its owner: hours of the last two weeks.

use super::message::GrantKind;
use super::state::Phase;
use crate::time::UnixMillis;
use std::collections::VecDeque;

/// Hours remembered: two weeks.
const HOURS: usize = 14 * 24;
const HOUR_MS: u64 = 3_600_000;

/// The beginning of the hour that an instant is in.
const fn hour_of(at: UnixMillis) -> UnixMillis {
    UnixMillis(at.0 / HOUR_MS * HOUR_MS)
}

/// One hour of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct Hour {
    /// When it began: a multiple of 3,600,000.
    pub began: UnixMillis,
    /// Requests for a number, repeats and returns included.
    pub asked: u32,
    /// Numbers lent to visitors who did not have them.
    pub granted: u32,
    /// Requests answered with the standing lease.
    pub kept: u32,
    /// Requests answered with the visitor's own number again.
    pub reclaimed: u32,
    /// Requests that got the reserve number or none.
    pub refused: u32,
    /// Grants that took a number from an idle visitor's lease.
    pub taken_idle: u32,
    /// Grants that took a number from an active visitor.
    pub taken_active: u32,
    /// Most visitors active at once.
    pub peak_active: u32,
    /// Milliseconds of activity, all visitors together.
    pub active_ms: u64,
    /// Taps of `tel:` links.
    pub taps: u32,
    /// Calls that rang.
    pub calls: u32,
}

impl Hour {
    /// The same hour of another shard of the pool: its peak may have been at the same moment.
    pub fn add(&mut self, other: &Self) {
        if self.began == UnixMillis(0) {
            self.began = other.began;
        }
        self.asked += other.asked;
        self.granted += other.granted;
        self.kept += other.kept;
        self.reclaimed += other.reclaimed;
        self.refused += other.refused;
        self.taken_idle += other.taken_idle;
        self.taken_active += other.taken_active;
        self.peak_active += other.peak_active;
        self.active_ms += other.active_ms;
        self.taps += other.taps;
        self.calls += other.calls;
    }
}

/// The hours of the last two weeks, the present one last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    past: VecDeque<Hour>,
    present: Hour,
    active: u32,
    counted_to: UnixMillis,
}

impl Tally {
    /// The hours, oldest first; hours in which the pool slept are missing.
    pub fn hours(&self) -> impl Iterator<Item = &Hour> {
        self.past.iter().chain(core::iter::once(&self.present))
    }

    /// Visitors active now.
    pub fn active(&self) -> u32 {
        self.active
    }

    /// The sum over all hours, from the first of them; the peak is the highest.
    pub fn total(&self) -> Hour {
        let mut total = Hour::default();
        for (place, hour) in self.hours().enumerate() {
            if place == 0 {
                total.began = hour.began;
            }
            let peak_active = total.peak_active.max(hour.peak_active);
            total.add(hour);
            total.peak_active = peak_active;
        }
        total
    }

    /// Counts from `now` on, if nothing was counted before.
    pub(super) fn begin(&mut self, now: UnixMillis) {
        if self.present.began == UnixMillis(0) && hour_of(now) != UnixMillis(0) {
            self.start(now);
        }
    }

    /// Time goes on in replay: an hour that ended and was worth it has a row of its own.
    pub(super) fn replay_to(&mut self, now: UnixMillis) {
        if hour_of(now) != self.present.began {
            self.start(now);
        }
    }

    /// Counts the hour that `now` is in.
    fn start(&mut self, now: UnixMillis) {
        self.counted_to = now;
        self.present = Hour {
            began: hour_of(now),
            peak_active: self.active,
            ..Hour::default()
        };
    }

    /// Time goes on; an hour that ended is given out to be written down.
    pub(super) fn roll(&mut self, now: UnixMillis) -> Option<Hour> {
        if hour_of(now) == self.present.began {
            return None;
        }
        let end = UnixMillis(self.present.began.0 + HOUR_MS);
        self.count_to(end.min(now));
        let ended = self.present;
        self.start(now);
        let worth = ended.asked > 0 || ended.active_ms > 0 || ended.calls > 0;
        if worth {
            self.remember(ended);
        }
        worth.then_some(ended)
    }

    /// Adds an hour that ended. One of no beginning, as an earlier version wrote after a restart,
    /// tells of nothing.
    pub(super) fn remember(&mut self, hour: Hour) {
        if hour.began == UnixMillis(0) {
            return;
        }
        if self.past.len() == HOURS {
            self.past.pop_front();
        }
        self.past.push_back(hour);
    }

    /// Forgets the hours that ended.
    pub(super) fn forget_past(&mut self) {
        self.past.clear();
    }

    pub(super) fn past(&self) -> impl Iterator<Item = &Hour> {
        self.past.iter()
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.past.capacity() * size_of::<Hour>()
    }

    fn count_to(&mut self, now: UnixMillis) {
        self.present.active_ms += u64::from(self.active) * now.since(self.counted_to).0;
        self.counted_to = self.counted_to.max(now);
    }

    pub(super) fn activity(&mut self, began: bool, now: UnixMillis) {
        self.count_to(now);
        self.active = if began {
            self.active + 1
        } else {
            self.active.saturating_sub(1)
        };
        self.present.peak_active = self.present.peak_active.max(self.active);
    }

    pub(super) fn reset_active(&mut self) {
        self.active = 0;
    }

    pub(super) fn asked(&mut self) {
        self.present.asked += 1;
    }

    pub(super) fn granted(&mut self, kind: GrantKind) {
        match kind {
            GrantKind::New => self.present.granted += 1,
            GrantKind::Kept => self.present.kept += 1,
            GrantKind::Reclaimed | GrantKind::NewVisit => self.present.reclaimed += 1,
        }
    }

    pub(super) fn refused(&mut self) {
        self.present.refused += 1;
    }

    pub(super) fn taken(&mut self, from: Phase) {
        if from.is_active() {
            self.present.taken_active += 1;
        } else {
            self.present.taken_idle += 1;
        }
    }

    pub(super) fn tapped(&mut self) {
        self.present.taps += 1;
    }

    pub(super) fn called(&mut self) {
        self.present.calls += 1;
    }
}
