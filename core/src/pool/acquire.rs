//! A visitor asks for a number: his own if it is still the one he saw, else the one whose loss
//! costs least, else what the policy says.

use super::cold::Cold;
use super::holders::{Hot, MOVED, class_at_grant};
use super::journal::{Farewell, Granted, Ground, JournalEntry, LastSeen, Why};
use super::message::{Acquire, Facts, Grant, GrantKind, Instead, Reply};
use super::state::{Phase, Tabs};
use super::{Overflow, Pool, Role};
use crate::delay::Engagement;
use crate::entropy::Entropy;
use crate::id::LeaseId;
use crate::time::{Millis, UnixMillis};

impl Pool {
    pub(super) fn acquire(&mut self, mut ask: Acquire, entropy: &mut Entropy) -> Reply {
        self.settle_due();
        self.roll_hour();
        self.tally.asked();
        let repeated = self.repeats(&mut ask);
        let earlier = self.holders.of_visitor(ask.visitor);
        ask.facts = self.known_of(&ask, earlier);
        if let Some(reply) = self.own_number(&mut ask, earlier, repeated, entropy) {
            return reply;
        }
        let Some((at, ground)) = self.choose(&ask.facts) else {
            self.tally.refused();
            return Reply::Instead(self.instead());
        };
        let why = self.why(at, ground);
        if self.numbers[at].phase.is_leased() {
            self.tally.taken(self.numbers[at].phase);
        }
        Reply::Granted(self.grant(at, ask, earlier, (GrantKind::New, why), entropy))
    }

    /// If this request was answered before, makes it the one that was answered.
    fn repeats(&self, ask: &mut Acquire) -> bool {
        let Some(first) = self.keys.visitor(ask.key) else {
            return false;
        };
        if first != ask.visitor && self.holders.of_visitor(ask.visitor).is_some() {
            // A known visitor with somebody else's key is himself.
            return false;
        }
        let Some(place) = self.holders.of_visitor(first) else {
            return false;
        };
        ask.visitor = first;
        ask.visit = self.holders.cold(place).visit;
        true
    }

    /// The number the visitor saw last, if nobody else has had it since.
    fn own_number(
        &mut self,
        ask: &mut Acquire,
        earlier: Option<usize>,
        repeated: bool,
        entropy: &mut Entropy,
    ) -> Option<Reply> {
        let place = earlier?;
        let at = self.holders.number_of(place);
        if self.holders.newest(at) != Some(place) {
            return None;
        }
        let number = &self.numbers[at];
        let leased = number.phase.is_leased();
        let same_visit = self.holders.cold(place).visit == ask.visit;
        if leased && same_visit {
            if !repeated {
                self.learn_facts(at, ask.facts.intent, None);
                self.activity(at, ask.tab, Millis(0));
                self.page_seen(at);
            }
            self.tally.granted(GrantKind::Kept);
            return Some(Reply::Granted(self.grant_of(at, GrantKind::Kept)));
        }
        let usable = number.config.role == Role::Dynamic
            && !number.draining
            && number.quarantined_until <= self.now
            && (!self.config.policy.by_source || number.config.source == ask.facts.source);
        if !usable {
            return None;
        }
        let kind = if same_visit {
            GrantKind::Reclaimed
        } else {
            GrantKind::NewVisit
        };
        let why = self.why(at, Ground::Own);
        let context = core::mem::take(&mut ask.context);
        let ask = Acquire {
            context,
            ..ask.clone()
        };
        let grant = self.grant(at, ask, earlier, (kind, why), entropy);
        Some(Reply::Granted(grant))
    }

    fn instead(&self) -> Instead {
        let reserve = self.config.numbers.iter().find(|n| n.role == Role::Reserve);
        match reserve {
            Some(reserve) if self.config.policy.overflow != Overflow::Page => {
                Instead::Reserve(reserve.number)
            }
            _ => Instead::Page,
        }
    }

    fn why(&self, at: usize, ground: Ground) -> Why {
        let last = self.holders.newest(at);
        Why {
            ground,
            expected_calls: self.expected(at).0,
            rested_ms: last.map_or(Millis(0), |place| {
                self.now.since(self.holders.hot(place).last_activity)
            }),
        }
    }

    /// Lends a number to a visitor who was last seen at the place `earlier`.
    fn grant(
        &mut self,
        at: usize,
        ask: Acquire,
        earlier: Option<usize>,
        (kind, why): (GrantKind, Why),
        entropy: &mut Entropy,
    ) -> Grant {
        // Ended before it is written down, so that the farewell tells all of the earlier lease.
        self.end_lease(at, self.now);
        let granted = Granted {
            number: self.numbers[at].config.number,
            lease: LeaseId(entropy.next_u128()),
            generation: self.numbers[at].generation.max(self.gone) + 1,
            visitor: ask.visitor,
            visit: ask.visit,
            tab: ask.tab,
            facts: ask.facts,
            kind,
            why,
            key: ask.key,
            earlier: self.farewell(at),
            last_seen: earlier.map_or(LastSeen::Nowhere, |place| {
                LastSeen::At(self.numbers[self.holders.number_of(place)].config.number)
            }),
            context: String::new(),
        };
        self.tally.granted(kind);
        let row = self.next_row;
        self.apply_grant(at, &granted, earlier, row, self.now);
        self.write(JournalEntry::Grant(Box::new(Granted {
            context: ask.context,
            ..granted
        })));
        self.grant_of(at, kind)
    }

    /// What is known of who asks: besides what he says, what his earlier lease in this visit told.
    /// Without it who comes back to a number that was lent on would count as a bounce again.
    fn known_of(&self, ask: &Acquire, earlier: Option<usize>) -> Facts {
        let mut facts = ask.facts;
        let same_visit = |place: &usize| self.holders.cold(*place).visit == ask.visit;
        let Some(place) = earlier.filter(same_visit) else {
            return facts;
        };
        let (hot, cold) = (self.holders.hot(place), self.holders.cold(place));
        let class = hot.class();
        let back = self.now.since(hot.last_activity) >= self.config.times.idle_release_ms;
        let spells = cold.spells.saturating_add(u8::from(back));
        let told = class.engagement.max(Engagement::of(spells, cold.active_s));
        facts.engagement = facts.engagement.max(Some(told));
        facts.intent |= class.intent;
        facts
    }

    /// How the latest holder of a number is left.
    fn farewell(&self, at: usize) -> Option<Farewell> {
        let place = self.holders.newest(at)?;
        let (hot, cold) = (self.holders.hot(place), self.holders.cold(place));
        Some(Farewell {
            generation: cold.generation,
            last_activity: hot.last_activity,
            class: hot.class,
            active_s: cold.active_s,
            spells: cold.spells,
            pages: cold.pages,
        })
    }

    /// Puts what a farewell says in place of what is known, in replay.
    pub(super) fn apply_farewell(&mut self, at: usize, farewell: &Farewell) {
        let Some(place) = self.holders.newest(at) else {
            return;
        };
        if self.holders.cold(place).generation != farewell.generation {
            return;
        }
        let hot = self.holders.hot_mut(place);
        hot.last_activity = farewell.last_activity;
        hot.class = farewell.class.min(crate::delay::CLASSES as u8 - 1);
        self.holders.change(place, |cold| {
            cold.active_s = farewell.active_s;
            cold.spells = farewell.spells;
            cold.pages = farewell.pages;
        });
    }

    /// What a grant to a visitor who was last seen at the place `earlier` changes, live and in
    /// replay.
    pub(super) fn apply_grant(
        &mut self,
        at: usize,
        granted: &Granted,
        earlier: Option<usize>,
        row: u64,
        now: UnixMillis,
    ) {
        self.end_lease(at, now);
        if let Some(newest) = self.holders.newest(at) {
            self.holders.end(newest, now);
        }
        if let Some(earlier) = earlier {
            let other = self.holders.number_of(earlier);
            if other != at && self.holders.newest(other) == Some(earlier) {
                self.end_lease(other, now);
            }
            self.holders.end(earlier, now);
            self.holders.hot_mut(earlier).flags |= MOVED;
            if other != at {
                self.rekey(other);
            }
        }
        self.counts.add_visit();
        let (place, taken) = self.holders.next_place(at);
        if taken {
            self.count_idleness(place, now);
        }
        let mut hot = Hot {
            last_activity: now,
            region: granted.facts.region,
            class: 0,
            flags: 0,
        };
        hot.set_class(class_at_grant(&granted.facts));
        let cold = Cold {
            visitor: granted.visitor,
            visit: granted.visit,
            lease: granted.lease,
            granted_at: now,
            tap_at: UnixMillis(0),
            ended_at: UnixMillis(0),
            row,
            generation: granted.generation,
            active_s: 0,
            spells: 1,
            pages: 0,
        };
        self.holders.push(at, hot, &cold.write());
        let confirmed = granted.kind != GrantKind::New;
        let number = &mut self.numbers[at];
        number.generation = granted.generation;
        number.confirmed = confirmed;
        number.phase = if confirmed {
            Phase::Active
        } else {
            Phase::Provisional
        };
        number.since = now;
        number.tabs = Tabs::default();
        number.tabs.sign(granted.tab, true, now);
        self.stand(at);
        self.keys.remember(granted.key, granted.visitor);
        self.rekey(at);
    }

    /// The newest lease of a number, as told to its page.
    pub(super) fn grant_of(&self, at: usize, kind: GrantKind) -> Grant {
        let place = self.holders.newest(at).unwrap_or_default();
        let cold = self.holders.cold(place);
        Grant {
            number: self.numbers[at].config.number,
            lease: cold.lease,
            generation: u64::from(cold.generation),
            visitor: cold.visitor,
            visit: cold.visit,
            granted_at: cold.granted_at,
            kind,
            beat_ms: self.config.times.beat_ms,
            idle_ms: self.config.times.idle_release_ms,
            hold_ms: self.config.times.hold_ms,
            row: cold.row,
        }
    }
}
