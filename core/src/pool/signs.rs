//! Signs of activity, calls, and changes by hand. A sign of another lease than the standing one
//! changes nothing; none allocates.

use super::cold::Cold;
use super::holders::CALLED;
use super::journal::JournalEntry;
use super::message::{Attributed, CallMark, GrantKind, Reply, Sign, TabId};
use super::state::{Phase, whole_seconds};
use super::{MinTree, NumberConfig, Pool, PoolConfig};
use crate::attribution::{Call, Settings, Weighed, attribute};
use crate::delay::{ACTIVE_BIN, Engagement, Tab, bin_of};
use crate::phone::E164;
use crate::time::{Millis, UnixMillis};

/// A tap repeated within this time is the same tap.
const SAME_TAP: Millis = Millis::from_secs(2);
/// A tap says nothing of a spell of activity that began this long after it.
const TAP_OVER: Millis = Millis::from_secs(60);
/// Calls counted before the delay model is made anew.
const LEARN_EVERY: u32 = 32;

impl Pool {
    /// The number of the standing lease a sign speaks for.
    fn spoken_for(&mut self, sign: &Sign) -> Option<usize> {
        let at = self.standing(sign.lease)?;
        if u64::from(self.numbers[at].generation) != sign.generation {
            return None;
        }
        if MinTree::is_due(self.events.get(at), self.now.0) {
            self.settle_number(at);
            self.rekey(at);
        }
        self.numbers[at].phase.is_leased().then_some(at)
    }

    pub(super) fn active(&mut self, sign: &Sign) -> Reply {
        let Some(at) = self.spoken_for(sign) else {
            return Reply::Lost;
        };
        self.learn_facts(at, sign.intent, sign.engagement);
        self.activity(at, sign.tab, sign.quiet_ms);
        if sign.page {
            self.page_seen(at);
        }
        Reply::Kept(self.grant_of(at, GrantKind::Kept))
    }

    /// The holder sees another page.
    pub(super) fn page_seen(&mut self, at: usize) {
        if let Some(place) = self.holders.newest(at) {
            let more = |cold: &mut Cold| cold.pages = cold.pages.saturating_add(1);
            self.holders.change(place, more);
        }
    }

    /// A tab of the holder is active.
    pub(super) fn activity(&mut self, at: usize, tab: TabId, quiet: Millis) {
        let now = self.now;
        let before = self.numbers[at].phase;
        if !before.is_active() {
            self.spell_begins(at, now - quiet);
        }
        self.touch(at, quiet);
        let number = &mut self.numbers[at];
        number.tabs.sign(tab, true, now);
        if before == Phase::Active {
            return;
        }
        number.confirmed = true;
        number.phase = Phase::Active;
        if before != Phase::Provisional {
            number.since = now;
        }
        self.rekey(at);
    }

    /// He is back: a new spell of activity.
    fn spell_begins(&mut self, at: usize, now: UnixMillis) {
        let Some(place) = self.holders.newest(at) else {
            return;
        };
        self.count_idleness(place, now);
        let more = |cold: &mut Cold| cold.spells = cold.spells.saturating_add(1);
        self.holders.change(place, more);
        let cold = self.holders.cold(place);
        let (tap_at, spells, active_s) = (cold.tap_at, cold.spells, cold.active_s);
        let hot = self.holders.hot_mut(place);
        let mut class = hot.class();
        class.tab = Tab::Open;
        class.engagement = class.engagement.max(Engagement::of(spells, active_s));
        class.tapped &= now.since(tap_at) <= TAP_OVER;
        hot.set_class(class);
    }

    pub(super) fn idle(&mut self, sign: &Sign) -> Reply {
        let Some(at) = self.spoken_for(sign) else {
            return Reply::Lost;
        };
        self.learn_facts(at, sign.intent, sign.engagement);
        self.touch(at, sign.quiet_ms);
        let now = self.now;
        self.close_silent_tabs(at);
        let number = &mut self.numbers[at];
        number.confirmed = true;
        number.tabs.sign(sign.tab, false, now);
        self.calm(at, now);
        // Another tab's silence may be due this very instant: nothing later would tell of it.
        self.settle_number(at);
        self.rekey(at);
        Reply::Kept(self.grant_of(at, GrantKind::Kept))
    }

    pub(super) fn leave(&mut self, sign: &Sign) -> Reply {
        let Some(at) = self.spoken_for(sign) else {
            return Reply::Lost;
        };
        self.learn_facts(at, sign.intent, sign.engagement);
        self.touch(at, sign.quiet_ms);
        let now = self.now;
        self.close_silent_tabs(at);
        self.numbers[at].tabs.leave(sign.tab);
        self.calm(at, now);
        if self.numbers[at].phase == Phase::Held {
            // Thought closed for its silence, the tab was there until now.
            self.numbers[at].since = now;
        }
        self.settle_number(at);
        self.rekey(at);
        Reply::Noted
    }

    /// What silence did to single tabs until now stays done. Else one long closed would, when the
    /// last of the others leaves, have the lease end at an instant before that.
    fn close_silent_tabs(&mut self, at: usize) {
        let (now, times) = (self.now, &self.config.times);
        let (closed, silent) = (now - times.tab_open_ms, now - times.silence_ms);
        self.numbers[at].tabs.settle(closed, silent);
    }

    /// Takes the phase from the tabs that are left, at the instant `when`.
    pub(super) fn calm(&mut self, at: usize, when: UnixMillis) {
        let number = &mut self.numbers[at];
        let tabs = number.tabs.iter().count();
        if number.tabs.active_sign().is_some() {
            return;
        }
        if number.phase.is_active() {
            self.spell_ends(at);
        }
        let number = &mut self.numbers[at];
        let to = if tabs > 0 { Phase::Idle } else { Phase::Held };
        if number.phase != to {
            number.phase = to;
            number.since = when;
        }
        if let Some(place) = self.holders.newest(at) {
            let hot = self.holders.hot_mut(place);
            let mut class = hot.class();
            class.tab = if to == Phase::Idle {
                Tab::Open
            } else {
                Tab::Closed
            };
            hot.set_class(class);
        }
    }

    /// Counts the spell of activity that began with the present phase.
    pub(super) fn spell_ends(&mut self, at: usize) {
        let Some(place) = self.holders.newest(at) else {
            return;
        };
        let active = self
            .holders
            .hot(place)
            .last_activity
            .since(self.numbers[at].since);
        self.holders.change(place, |cold| {
            cold.active_s = cold.active_s.saturating_add(whole_seconds(active));
        });
        let cold = self.holders.cold(place);
        let (spells, active_s) = (cold.spells, cold.active_s);
        let hot = self.holders.hot_mut(place);
        let mut class = hot.class();
        class.engagement = class.engagement.max(Engagement::of(spells, active_s));
        hot.set_class(class);
        let seconds = active.0 as f32 / 1e3;
        self.counts.add_seconds(class, ACTIVE_BIN, seconds);
    }

    pub(super) fn tap(&mut self, sign: &Sign) -> Reply {
        let Some(at) = self.spoken_for(sign) else {
            return Reply::Lost;
        };
        self.learn_facts(at, sign.intent, sign.engagement);
        self.activity(at, sign.tab, sign.quiet_ms);
        let Some(place) = self.holders.newest(at) else {
            return Reply::Lost;
        };
        let told = self.holders.cold(place).tap_at;
        let new = told == UnixMillis(0) || self.now.since(told) > SAME_TAP;
        if new {
            let number = self.numbers[at].config.number;
            let lease = sign.lease;
            self.apply_tap(at, place, self.now);
            self.write(JournalEntry::Tap { number, lease });
            self.tally.tapped();
        }
        Reply::Kept(self.grant_of(at, GrantKind::Kept))
    }

    /// What a tap changes, live and in replay.
    pub(super) fn apply_tap(&mut self, at: usize, place: usize, now: UnixMillis) {
        self.holders.change(place, |cold| cold.tap_at = now);
        let hot = self.holders.hot_mut(place);
        hot.last_activity = hot.last_activity.max(now);
        let mut class = hot.class();
        class.tapped = true;
        hot.set_class(class);
        self.rekey(at);
    }

    /// The holder's last activity was `quiet` ago.
    fn touch(&mut self, at: usize, quiet: Millis) {
        let last = self.now - quiet;
        if let Some(place) = self.holders.newest(at) {
            let hot = self.holders.hot_mut(place);
            hot.last_activity = hot.last_activity.max(last);
        }
        let number = &mut self.numbers[at];
        if !number.dirty {
            number.dirty = true;
            self.dirty.push(at as u32);
        }
    }

    /// What the page knows better than the pool. Engagement and intent only grow.
    pub(super) fn learn_facts(&mut self, at: usize, intent: bool, told: Option<Engagement>) {
        if !intent && told.is_none() {
            return;
        }
        if let Some(place) = self.holders.newest(at) {
            let hot = self.holders.hot_mut(place);
            let mut class = hot.class();
            class.intent |= intent;
            class.engagement = class.engagement.max(told.unwrap_or_default());
            hot.set_class(class);
        }
    }

    pub(super) fn call_started(&mut self, mark: CallMark) -> Reply {
        let Some(at) = self.number_at(mark.number) else {
            return Reply::UnknownNumber;
        };
        self.settle_number(at);
        let until = self.now + self.config.times.call_ms;
        let known = self.numbers[at].calls;
        self.numbers[at].calls.start(mark.call, until);
        if self.numbers[at].calls.same_calls(&known) {
            self.numbers[at].calls = known;
            return Reply::Noted;
        }
        self.rekey(at);
        let CallMark { number, call } = mark;
        self.write(JournalEntry::CallStarted { number, call });
        self.tally.called();
        Reply::Noted
    }

    pub(super) fn call_ended(&mut self, mark: CallMark) -> Reply {
        let Some(at) = self.number_at(mark.number) else {
            return Reply::UnknownNumber;
        };
        self.settle_number(at);
        let known = self.numbers[at].calls;
        self.numbers[at].calls.end(mark.call);
        if self.numbers[at].calls.same_calls(&known) {
            return Reply::Noted;
        }
        self.apply_call_ended(at, self.now);
        let CallMark { number, call } = mark;
        self.write(JournalEntry::CallEnded { number, call });
        Reply::Noted
    }

    /// What the end of a call changes, live and in replay.
    pub(super) fn apply_call_ended(&mut self, at: usize, now: UnixMillis) {
        if self.config.policy.unbind_after_call {
            self.end_lease(at, now);
        }
        self.settle_number(at);
        self.rekey(at);
    }

    pub(super) fn credited(&mut self, credit: Attributed) -> Reply {
        let Some(at) = self.number_at(credit.number) else {
            return Reply::UnknownNumber;
        };
        self.settle_number(at);
        let place = self.holders.of_lease(at, credit.lease);
        if place.is_none_or(|place| self.holders.hot(place).has(CALLED)) {
            return Reply::Noted;
        }
        // What is learnt of a call rests on what signs told of everybody.
        self.checkpoint();
        self.apply_credit(at, &credit);
        self.write(JournalEntry::Attributed(credit));
        Reply::Noted
    }

    /// What a credited call changes, live and in replay.
    pub(super) fn apply_credit(&mut self, at: usize, credit: &Attributed) {
        let Some(place) = self.holders.of_lease(at, credit.lease) else {
            return;
        };
        let hot = *self.holders.hot(place);
        self.count_call(credit);
        if credit.caller.is_known() {
            (0..self.numbers.len()).for_each(|at| self.paint_owed(at));
            self.regions
                .observe(credit.caller, hot.region, credit.share_without_region);
            self.recolour();
        }
        if credit.share >= 0.5 {
            self.count_idleness(place, credit.at);
            self.holders.hot_mut(place).flags |= CALLED;
        }
        self.calls_unlearnt += 1;
        if self.config.learn && self.calls_unlearnt >= LEARN_EVERY {
            self.learn_now();
        }
        self.rekey(at);
    }

    /// Counts a call for every past holder of the number by the probability that it was his.
    /// Counted for the credited alone, the table would learn its own prejudice: that of several it
    /// is the latest who calls.
    fn count_call(&mut self, credit: &Attributed) {
        let mut candidates = self.candidates(credit.number, credit.at);
        // Whose time without a call is counted no more counts for nothing.
        candidates.retain(|of| of.lease == credit.lease || !of.called && !of.moved);
        let call = Call {
            at: credit.at,
            region: credit.caller,
            ..Call::default()
        };
        let settings = Settings {
            regions: Some(self.regions.clone()),
            ..Settings::default()
        };
        let verdict = attribute(&call, &candidates, &self.model, &settings);
        let of = verdict.candidates.iter();
        let credited = of.clone().find(|of| of.holder.lease == credit.lease);
        let others = 1.0 - credited.map_or(0.0, |of| of.share);
        let left = (1.0 - credit.share).max(0.0) / others.max(1e-6);
        for Weighed { holder, share, .. } in of {
            let share = if holder.lease == credit.lease {
                credit.share
            } else {
                share * left.min(1.0)
            };
            let bin = if holder.last_activity >= credit.at {
                ACTIVE_BIN
            } else {
                bin_of(credit.at.since(holder.last_activity))
            };
            self.counts.add_call(holder.class, bin, share);
        }
    }

    pub(super) fn quarantine(&mut self, number: E164, until: UnixMillis) -> Reply {
        let Some(at) = self.number_at(number) else {
            return Reply::UnknownNumber;
        };
        self.settle_number(at);
        self.numbers[at].quarantined_until = until;
        self.rekey(at);
        self.write(JournalEntry::Quarantine { number, until });
        Reply::Noted
    }

    /// Whether the pool has the numbers of its configuration and no others: none drains, and none
    /// left for another shard.
    fn is_as_configured(&self) -> bool {
        let stays = |of: &NumberConfig| {
            let at = self.number_at(of.number);
            at.map(|at| &self.numbers[at])
                .is_some_and(|number| !number.draining && number.config == *of)
        };
        let wanted = &self.config.numbers;
        self.numbers.len() == wanted.len() && wanted.iter().all(stays)
    }

    pub(super) fn reconfigure(&mut self, mut config: PoolConfig) -> Reply {
        self.checkpoint();
        // Most changes of a site's configuration are none of this pool's, and a large pool takes
        // long to be built anew.
        let seed = core::mem::replace(&mut config.hash_seed, self.config.hash_seed);
        if config == self.config && self.is_as_configured() {
            return Reply::Noted;
        }
        config.hash_seed = seed;
        self.write(JournalEntry::Configured(Box::new(config.clone())));
        self.configure(config);
        // By other times something else may be due.
        self.weigh_all();
        Reply::Noted
    }
}
