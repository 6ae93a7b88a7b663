//! What time changes by itself: silence, closed tabs, ends of leases, ends of calls.
//!
//! Settling is lazy and does not depend on when it is done: whatever was due happens at the instant
//! it was due.

use super::holders::MOVED;
use super::policy::Hold;
use super::select;
use super::state::Phase;
use super::{MinTree, Pool};
use crate::delay::{BINS, Class, DelayCounts, bin_end, bin_of};
use crate::time::{Millis, UnixMillis};

impl Pool {
    /// Settles every number that has something due.
    pub(super) fn settle_due(&mut self) {
        self.time_all();
        while let Some(at) = self.events.first_due(self.now.0) {
            if self.changes[at] > self.now {
                self.reweigh(at);
            } else {
                self.settle_number(at);
                self.rekey(at);
            }
        }
    }

    /// Brings one number's state to now: whatever was due happens in the order it was due, so that
    /// it does not matter when this is called. The caller rekeys.
    pub(super) fn settle_number(&mut self, at: usize) {
        let now = self.now;
        // A call in progress holds the lease; so did one that ran out of time just now.
        let pinned = self.numbers[at].calls.until();
        while self.numbers[at].phase.is_leased() {
            let end = self.lease_end(at).map(|end| end.max(pinned.unwrap_or(end)));
            let quiet = self.quiet_at(at);
            let end_first = match (end, quiet) {
                (Some(end), Some(quiet)) => end <= quiet,
                (end, _) => end.is_some(),
            };
            match (end, quiet) {
                (Some(end), _) if end_first && end <= now => {
                    // A hold may have run out before the silence that began it was noticed.
                    self.end_lease(at, end.max(self.numbers[at].since));
                }
                (_, Some(quiet)) if !end_first && quiet <= now => self.hush(at, quiet),
                _ => break,
            }
        }
        self.numbers[at].calls.settle(now);
    }

    /// When silence makes an active visitor idle, or an idle one's open tabs closed.
    fn quiet_at(&self, at: usize) -> Option<UnixMillis> {
        let number = &self.numbers[at];
        let times = &self.config.times;
        match number.phase {
            Phase::Provisional | Phase::Active => {
                Some(number.tabs.active_sign().unwrap_or(number.since) + times.silence_ms)
            }
            Phase::Idle => {
                Some(number.tabs.latest_sign().unwrap_or(number.since) + times.tab_open_ms)
            }
            Phase::Held | Phase::None => None,
        }
    }

    /// Nothing was heard until `due`: active tabs are idle, or idle tabs closed.
    fn hush(&mut self, at: usize, due: UnixMillis) {
        let times = &self.config.times;
        let (silent, closed) = (due - times.silence_ms, due - times.tab_open_ms);
        let number = &mut self.numbers[at];
        if number.phase.is_active() {
            number.tabs.settle(UnixMillis(0), silent);
        } else {
            number.tabs.settle(closed, closed);
        }
        self.calm(at, due);
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

    /// Computes a number's claim and when it next changes by itself, once what was due is done.
    /// What is still to be computed of all numbers is left for then.
    pub(super) fn rekey(&mut self, at: usize) {
        if !self.timed {
            self.settle_number(at);
            self.count_active(at);
            return;
        }
        if self.changes[at] <= self.now {
            self.settle_number(at);
        }
        self.changes[at] = self.next_change(at);
        let mut next = self.changes[at].0;
        if self.weighed {
            let (key, crossing) = self.weigh(at);
            self.claims.set(at, key);
            self.paint(at);
            next = next.min(crossing);
        }
        self.events.set(at, MinTree::due(at, next));
        self.count_active(at);
    }

    /// A number's claim, and when that changes by its holders' ages.
    fn weigh(&self, at: usize) -> (u64, u64) {
        // What is expected matters of numbers that may be lent.
        let weighs = select::weighs(&self.config.policy) && self.tier(at).is_some();
        let (mass, crossing) = if weighs {
            self.expected(at)
        } else {
            (0.0, UnixMillis(MinTree::NONE))
        };
        let key = self.claim(at, mass);
        let by_age = select::by_mass(&self.config.policy, key);
        (key, if by_age { crossing.0 } else { MinTree::NONE })
    }

    fn count_active(&mut self, at: usize) {
        let active = self.numbers[at].phase.is_active();
        if active != self.numbers[at].counted_active {
            self.numbers[at].counted_active = active;
            self.tally.activity(active, self.now);
        }
    }

    /// All numbers changed: what was computed of them is computed anew, once, where it is needed.
    pub(super) fn compute_anew(&mut self) {
        self.timed = false;
        self.weighed = false;
    }

    /// Settles every number that has something due, before all are computed anew.
    pub(super) fn settle_all(&mut self) {
        if self.timed {
            self.settle_due();
            return;
        }
        for at in 0..self.numbers.len() {
            self.settle_number(at);
            self.count_active(at);
        }
    }

    /// Settles every number and computes when each next changes, where that is not known.
    fn time_all(&mut self) {
        if self.timed {
            return;
        }
        self.timed = true;
        for at in 0..self.numbers.len() {
            self.settle_number(at);
            self.changes[at] = self.next_change(at);
            self.events.put(at, MinTree::due(at, self.changes[at].0));
            self.count_active(at);
        }
        self.events.build();
    }

    /// Computes every number's claim, where they are not those of now: after a start or another
    /// configuration, once somebody asks. A tree that is built at once takes a tenth of the time of
    /// one whose keys are set one by one.
    pub(super) fn weigh_all(&mut self) {
        if self.weighed {
            return;
        }
        let timed = core::mem::replace(&mut self.timed, true);
        self.weighed = true;
        if self.is_coloured() && self.palettes.is_empty() {
            self.palettes.begin(self.numbers.len());
        }
        for at in 0..self.numbers.len() {
            if !timed || self.changes[at] <= self.now {
                self.settle_number(at);
                self.changes[at] = self.next_change(at);
                self.count_active(at);
            }
            let (key, crossing) = self.weigh(at);
            self.claims.put(at, key);
            self.paint(at);
            let next = self.changes[at].0.min(crossing);
            self.events.put(at, MinTree::due(at, next));
        }
        self.claims.build();
        self.events.build();
    }

    /// Computes a claim of which nothing changed but the age of past holders.
    fn reweigh(&mut self, at: usize) {
        let (mass, crossing) = self.expected(at);
        let key = select::reweighed(self.claims.get(at), mass);
        self.claims.set(at, key);
        self.repaint(at);
        let next = self.changes[at].0.min(crossing.0);
        self.events.set(at, MinTree::due(at, next));
    }

    /// Calls to be expected within τ of the likeliest of the latest holders of a number, and when
    /// that changes next. Of several only the likeliest can be credited with a call, so the calls
    /// of the others are lost already and do not count against lending the number.
    ///
    /// Holders before the latest [`WEIGHED`] are left out: what is to be expected of them is
    /// little, and much the same for every number. The instant is that at which the newest grows
    /// into another bin; the others are older, so they change more slowly.
    pub(super) fn expected(&self, at: usize) -> (f32, UnixMillis) {
        let now = self.now;
        let mut mass = 0.0f32;
        let mut crossing = UnixMillis(MinTree::NONE);
        self.holders.weighed(at, WEIGHED, |hot| {
            let bin = hot.bin(now);
            let of = self.masses.of_index(hot.class, bin) * hot.remaining();
            // Neither is NaN.
            mass = if of > mass { of } else { mass };
            if crossing.0 == MinTree::NONE && bin < BINS - 1 {
                crossing = hot.last_activity + bin_end(bin | coarse(bin));
            }
        });
        (mass, crossing)
    }

    /// The next instant after now at which the state or the claim of a number changes by time.
    fn next_change(&self, at: usize) -> UnixMillis {
        let number = &self.numbers[at];
        let times = &self.config.times;
        let now = self.now;
        let mut next = UnixMillis(MinTree::NONE);
        let mut consider = |instant: UnixMillis| {
            if instant > now && instant < next {
                next = instant;
            }
        };
        consider(number.quarantined_until);
        // Each by itself: one that is over while another goes on is forgotten at its own time.
        for (_, until) in number.calls.iter() {
            consider(until);
        }
        let Some(place) = self.holders.newest(at) else {
            return next;
        };
        let cold = self.holders.cold(place);
        if cold.tap_at != UnixMillis(0) {
            consider(cold.tap_at + times.tap_pin_ms);
        }
        consider(self.holders.hot(place).last_activity + times.cooldown_ms);
        if number.phase == Phase::None {
            return next;
        }
        if let Some(end) = self.lease_end(at) {
            consider(end);
        }
        if let Some(due) = self.demotable_at(at) {
            consider(due);
        }
        if let Some(due) = self.quiet_at(at) {
            consider(due);
        }
        if number.phase == Phase::Provisional {
            consider(cold.granted_at + times.provisional_ms);
        }
        next
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
        let Some((class, idle)) = self.idleness(place, now) else {
            return;
        };
        self.counts.add_idle(class, idle);
    }

    /// How long a holder has been idle at `now` without a call; nothing if he called.
    fn idleness(&self, place: usize, now: UnixMillis) -> Option<(Class, Millis)> {
        let hot = self.holders.hot(place);
        if hot.has(super::holders::CALLED) {
            return None;
        }
        let until = match self.holders.ended_at(place) {
            ended if hot.has(MOVED) && ended < now => ended,
            _ => now,
        };
        Some((hot.class(), until.since(hot.last_activity)))
    }

    /// The counts, with the idleness of all who are remembered still. Without it calls would be
    /// counted at once and the many who do not call weeks later, when their number forgets them.
    pub(super) fn observed(&self) -> DelayCounts {
        let mut counts = self.counts.clone();
        let places = (0..self.numbers.len()).flat_map(|at| {
            let active = self.numbers[at].phase.is_active();
            self.holders.places(at).skip(usize::from(active))
        });
        counts.add_idleness(places.filter_map(|place| self.idleness(place, self.now)));
        counts
    }

    /// Makes the delay model anew from the counts.
    pub(super) fn learn_now(&mut self) {
        self.calls_unlearnt = 0;
        self.forget();
        self.learnt_from = self.observed();
        self.model = self.prior.corrected(&self.learnt_from);
        self.masses = self.model.mass_table(select::tau_of(&self.config.policy));
        self.recolour();
        // A number whose due change is not settled would lose it when its next one is computed.
        self.settle_due();
        if core::mem::take(&mut self.weighed) {
            self.weigh_all();
        }
    }
}

impl Pool {
    /// What was counted long ago weighs less: half of it after [`HALF_LIFE`].
    fn forget(&mut self) {
        if self.faded_at != UnixMillis(0) {
            let age = self.now.since(self.faded_at).0 as f64 / HALF_LIFE.0 as f64;
            let keep = 0.5f64.powf(age) as f32;
            self.counts.fade(keep);
            self.regions.fade(keep);
        }
        self.faded_at = self.now;
    }
}

/// Counted calls weigh half after this time: a site's callers change with its seasons.
const HALF_LIFE: Millis = Millis::from_mins(90 * 24 * 60);

/// Below a minute two bins are taken at once: nobody is lent a number so fresh while a rested one
/// is there.
fn coarse(bin: usize) -> usize {
    usize::from(bin < COARSE_BELOW)
}

/// The bin of 65 s.
const COARSE_BELOW: usize = bin_of(Millis(65_536));

/// Past holders of a number that selection weighs.
const WEIGHED: usize = 8;

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
