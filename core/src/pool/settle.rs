//! What time changes by itself: silence, closed tabs, ends of leases, ends of calls.
//!
//! Settling is lazy and does not depend on when it is done: whatever was due happens at the instant
//! it was due.

use super::holders::MOVED;
use super::policy::Hold;
use super::select;
use super::state::Phase;
use super::{MinTree, Pool};
use crate::delay::{BINS, DelayModel, bin_end, bin_of, bin_start};
use crate::time::UnixMillis;

impl Pool {
    /// Settles every number that has something due.
    pub(super) fn settle_due(&mut self) {
        while self.events.least() <= self.now.0 {
            let Some(at) = self.events.first_least() else {
                return;
            };
            self.settle_number(at);
            self.rekey(at);
        }
    }

    /// Brings one number's state to now. The caller rekeys.
    pub(super) fn settle_number(&mut self, at: usize) {
        let now = self.now;
        let (silence, open) = (self.config.times.silence_ms, self.config.times.tab_open_ms);
        self.numbers[at].calls.settle(now);
        if !self.numbers[at].phase.is_leased() {
            return;
        }
        if self.numbers[at].phase.is_active() {
            let sign = self.numbers[at].tabs.active_sign();
            let due = sign.unwrap_or(self.numbers[at].since) + silence;
            if due <= now {
                self.numbers[at].tabs.settle(UnixMillis(0), due - silence);
                self.calm(at, due);
            }
        }
        if self.numbers[at].phase == Phase::Idle {
            let sign = self.numbers[at].tabs.latest_sign();
            let due = sign.unwrap_or(self.numbers[at].since) + open;
            if due <= now {
                self.numbers[at].tabs.settle(due - open, due - open);
                self.calm(at, due);
            }
        }
        if let Some(end) = self.lease_end(at)
            && end <= now
            && self.numbers[at].calls.until().is_none()
        {
            self.end_lease(at, end);
        }
    }

    /// When the standing lease ends if nothing more is heard.
    pub(super) fn lease_end(&self, at: usize) -> Option<UnixMillis> {
        let number = &self.numbers[at];
        let place = self.holders.newest(at)?;
        let last = self.holders.hot(place).last_activity;
        let granted = self.holders.cold(place).granted_at;
        let (phase, since) = (number.phase, number.since);
        match (self.config.policy.hold, phase) {
            (_, Phase::None) => None,
            (Hold::Fixed { hold_ms }, _) => Some(granted + hold_ms),
            (_, Phase::Provisional | Phase::Active) => None,
            (Hold::ByNeed, Phase::Held) => Some(last + self.config.times.hold_ms),
            (Hold::TabOpen { freeze_ms }, Phase::Held) => Some(since + freeze_ms),
            (Hold::IdleRelease { idle_ms, freeze_ms }, Phase::Idle) => {
                Some(last + idle_ms + freeze_ms)
            }
            (Hold::IdleRelease { idle_ms, freeze_ms }, Phase::Held) => {
                Some((last + idle_ms).min(since) + freeze_ms)
            }
            (Hold::DemotePassive { hold_ms }, Phase::Held) => Some((granted + hold_ms).max(since)),
            (Hold::ByNeed | Hold::TabOpen { .. } | Hold::DemotePassive { .. }, Phase::Idle) => None,
        }
    }

    /// Ends the standing lease, if any. The number stays the one its visitor saw last.
    pub(super) fn end_lease(&mut self, at: usize, when: UnixMillis) {
        if !self.numbers[at].phase.is_leased() {
            return;
        }
        if self.numbers[at].phase.is_active() {
            self.spell_ends(at);
        }
        self.unstand(at);
        let number = &mut self.numbers[at];
        number.phase = Phase::None;
        number.since = when;
        number.confirmed = false;
        number.tabs = super::state::Tabs::default();
    }

    /// Computes a number's claim and when it next changes by itself.
    pub(super) fn rekey(&mut self, at: usize) {
        let (mass, crossing) = self.expected(at);
        let key = self.claim(at, mass);
        self.claims.set(at, key);
        let mut next = self.next_change(at).map_or(MinTree::NONE, |at| at.0);
        if key != MinTree::NONE && select::by_mass(&self.config.policy) {
            next = next.min(crossing.0);
        }
        self.events.set(at, next);
        let active = self.numbers[at].phase.is_active();
        if active != self.numbers[at].counted_active {
            self.numbers[at].counted_active = active;
            self.tally.activity(active, self.now);
        }
    }

    /// Calls to be expected within τ of the holders of a number, and when that changes next.
    pub(super) fn expected(&self, at: usize) -> (f32, UnixMillis) {
        let now = self.now;
        let mut mass = 0.0;
        let mut crossing = UnixMillis(MinTree::NONE);
        for hot in self.holders.hot_of(at) {
            if hot.has(MOVED) {
                continue;
            }
            let bin = hot.bin(now);
            mass += self.masses.get(hot.class(), bin) * hot.remaining();
            if bin < BINS - 1 {
                crossing = crossing.min(hot.last_activity + bin_end(bin));
            }
        }
        (mass, crossing)
    }

    /// The next instant after now at which the state or the claim of a number changes by time.
    fn next_change(&self, at: usize) -> Option<UnixMillis> {
        let number = &self.numbers[at];
        let times = &self.config.times;
        let place = self.holders.newest(at);
        let last = place.map(|p| self.holders.hot(p).last_activity);
        let cold = place.map(|p| self.holders.cold(p));
        let leased = number.phase.is_leased();
        let when = |condition: bool, instant: Option<UnixMillis>| instant.filter(|_| condition);
        [
            number.calls.until(),
            Some(number.quarantined_until),
            when(leased, self.lease_end(at)),
            when(
                number.phase.is_active(),
                Some(number.tabs.active_sign().unwrap_or(number.since) + times.silence_ms),
            ),
            when(
                number.phase == Phase::Provisional,
                cold.map(|c| c.granted_at + times.provisional_ms),
            ),
            when(
                number.phase == Phase::Idle,
                Some(number.tabs.latest_sign().unwrap_or(number.since) + times.tab_open_ms),
            ),
            when(leased, self.demotable_at(at)),
            cold.filter(|c| c.tap_at != UnixMillis(0))
                .map(|c| c.tap_at + times.tap_pin_ms),
            last.map(|last| last + times.cooldown_ms),
        ]
        .into_iter()
        .flatten()
        .filter(|instant| *instant > self.now)
        .min()
    }

    /// When a passive holder may be demoted, under the rule that does so.
    pub(super) fn demotable_at(&self, at: usize) -> Option<UnixMillis> {
        let Hold::DemotePassive { hold_ms } = self.config.policy.hold else {
            return None;
        };
        let place = self.holders.newest(at)?;
        Some(self.holders.cold(place).granted_at + hold_ms)
    }

    /// Counts the time a holder was idle and did not call, until `now`.
    pub(super) fn count_idleness(&mut self, place: usize, now: UnixMillis) {
        let hot = *self.holders.hot(place);
        if hot.has(super::holders::CALLED) {
            return;
        }
        let until = match self.holders.cold(place).ended_at {
            ended if hot.has(MOVED) && ended < now => ended,
            _ => now,
        };
        let idle = until.since(hot.last_activity);
        for bin in 1..=bin_of(idle) {
            let end = bin_end(bin).0.min(idle.0);
            let seconds = (end - bin_start(bin).0) as f32 / 1e3;
            self.counts.add_seconds(hot.class(), bin, seconds);
        }
    }

    /// Makes the delay model anew from the counts.
    pub(super) fn learn_now(&mut self) {
        self.calls_unlearnt = 0;
        self.learnt_from = self.counts.clone();
        self.model = DelayModel::learnt(&self.counts);
        self.masses = self.model.mass_table(select::tau_of(&self.config.policy));
        // A number whose due change is not settled would lose it when its next one is computed.
        self.settle_due();
        for at in 0..self.numbers.len() {
            self.rekey(at);
        }
    }
}

/// Of a visitor who called, this part of what was to be expected remains.
const AFTER_A_CALL: f32 = 0.1;

impl super::holders::Hot {
    /// The part of his expected calls that remains.
    pub(super) fn remaining(self) -> f32 {
        if self.has(super::holders::CALLED) {
            AFTER_A_CALL
        } else {
            1.0
        }
    }
}
