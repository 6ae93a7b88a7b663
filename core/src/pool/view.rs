//! What others may read of a pool: the live view, candidates for attribution, sizing counters.

use super::holders::{CALLED, MOVED};
use super::state::Phase;
use super::{Acquire, Pool, Region, Role, Tally};
use crate::delay::Class;
use crate::id::{LeaseId, VisitId, VisitorId};
use crate::phone::E164;
use crate::time::UnixMillis;
use std::collections::BTreeMap;

/// The state of a number in its owner's eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum NumberState {
    /// Nobody's.
    Free,
    /// Lent to a visitor of whom one sign was heard.
    Provisional,
    /// Its visitor is active.
    Active,
    /// Its visitor's page is open; he is idle.
    Idle,
    /// Its visitor's last page closed a short while ago.
    Held,
    /// Resting.
    Cooling,
    /// Out of use for a while.
    Quarantined,
    /// No longer in the configuration; still its visitor's.
    Draining,
    /// The reserve number.
    Reserve,
    /// Not used.
    Disabled,
}

/// One number as the live view shows it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NumberView {
    /// The number.
    pub number: E164,
    /// Its state.
    pub state: NumberState,
    /// When that began.
    pub since: UnixMillis,
    /// A call is in progress on it.
    pub in_call: bool,
    /// Calls to be expected of its past holders within τ.
    pub expected_calls: f32,
    /// The visitor who saw it last, if any.
    pub holder: Option<PastHolder>,
}

/// A visitor who saw a number: a candidate for a call to it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PastHolder {
    /// Who.
    pub visitor: VisitorId,
    /// Which visit.
    pub visit: VisitId,
    /// His lease.
    pub lease: LeaseId,
    /// The journal row of the grant, which holds its context.
    pub row: u64,
    /// Since when.
    pub granted_at: UnixMillis,
    /// His last activity that is known of.
    pub last_activity: UnixMillis,
    /// He was active at the instant asked about.
    pub active: bool,
    /// The number was still his at the instant asked about: nobody else had it.
    pub current: bool,
    /// His lease stood at the instant asked about, as far as is known.
    pub leased: bool,
    /// His last tap of the `tel:` link before the instant asked about.
    pub tap_at: Option<UnixMillis>,
    /// What is observable of him.
    pub class: Class,
    /// Where he is.
    pub region: Region,
    /// Pages he has seen since the grant, the one that asked not counted.
    #[cfg_attr(feature = "serde", serde(default))]
    pub pages: u16,
    /// A call was credited to him already.
    pub called: bool,
    /// He was shown another number later, or this one for a later visit.
    pub moved: bool,
}

impl Pool {
    /// Every number, in the order of the configuration.
    pub fn numbers(&self) -> impl Iterator<Item = NumberView> {
        (0..self.numbers.len()).map(|at| self.view(at))
    }

    /// The first `limit` numbers after `after`, or from the least on, in their own order.
    pub fn numbers_after(&self, after: Option<E164>, limit: usize) -> Vec<NumberView> {
        let from = after.map_or(0, |after| {
            self.by_number.partition_point(|of| of.0 <= after)
        });
        let wanted = self.by_number[from..].iter().take(limit);
        wanted.map(|(_, at)| self.view(*at as usize)).collect()
    }

    /// How many numbers are in each state that any is in.
    pub fn states(&self) -> BTreeMap<NumberState, u64> {
        let mut states = BTreeMap::new();
        for at in 0..self.numbers.len() {
            *states.entry(self.state_of(at)).or_default() += 1;
        }
        states
    }

    /// One number.
    pub fn number(&self, number: E164) -> Option<NumberView> {
        self.number_at(number).map(|at| self.view(at))
    }

    /// Who saw `number` before the instant `at`, newest first: the candidates for a call then.
    /// Empty if it is none of the pool's or nobody ever had it.
    pub fn candidates(&self, number: E164, at: UnixMillis) -> Vec<PastHolder> {
        let Some(of) = self.number_at(number) else {
            return Vec::new();
        };
        let places = self.holders.places(of);
        places
            .filter(|place| self.holders.cold(*place).granted_at <= at)
            .map(|place| self.past_holder(of, place, at))
            .collect()
    }

    /// Whether who asks would be given the number he has, or had last: nobody loses one by it.
    pub fn keeps(&self, ask: &Acquire) -> bool {
        let known = self.keys.visitor(ask.key).unwrap_or(ask.visitor);
        let of = |visitor| {
            let place = self.holders.of_visitor(visitor)?;
            let number = self.holders.number_of(place);
            (self.holders.newest(number) == Some(place)).then_some(())
        };
        of(ask.visitor).is_some() || known != ask.visitor && of(known).is_some()
    }

    /// Rows of grants from before `before` that somebody still remembered rests on: one who was
    /// active since, or whose lease stands. They must be kept.
    pub fn rows_in_use(&self, before: UnixMillis) -> Vec<u64> {
        let mut rows = Vec::new();
        for at in 0..self.numbers.len() {
            let newest = self.holders.newest(at);
            let leased = self.numbers[at].phase.is_leased();
            for place in self.holders.places(at) {
                let (hot, cold) = (self.holders.hot(place), self.holders.cold(place));
                let stands = leased && newest == Some(place);
                if cold.granted_at < before && (stands || hot.last_activity >= before) {
                    rows.push(cold.row);
                }
            }
        }
        rows
    }

    /// Whether this lease of this number stands.
    pub fn stands(&self, number: E164, lease: LeaseId) -> bool {
        let at = self.number_at(number);
        at.is_some() && at == self.standing(lease)
    }

    /// Whether the number is one of the pool's, drained ones included.
    pub fn knows(&self, number: E164) -> bool {
        self.number_at(number).is_some()
    }

    /// What was counted for sizing.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    fn past_holder(&self, of: usize, place: usize, at: UnixMillis) -> PastHolder {
        let (hot, cold) = (self.holders.hot(place), self.holders.cold(place));
        let newest = self.holders.newest(of) == Some(place);
        let ended = cold.ended_at != UnixMillis(0) && cold.ended_at <= at;
        let phase = self.numbers[of].phase;
        let later = hot.last_activity >= at;
        PastHolder {
            visitor: cold.visitor,
            visit: cold.visit,
            lease: cold.lease,
            row: cold.row,
            granted_at: cold.granted_at,
            last_activity: hot.last_activity,
            active: !ended && (later || newest && phase.is_active()),
            current: !ended,
            leased: !ended && (later || newest && phase.is_leased()),
            tap_at: Some(cold.tap_at).filter(|tap| *tap != UnixMillis(0) && *tap <= at),
            class: hot.class(),
            region: hot.region,
            pages: cold.pages,
            called: hot.has(CALLED),
            moved: hot.has(MOVED) && ended,
        }
    }

    fn view(&self, at: usize) -> NumberView {
        let number = &self.numbers[at];
        let newest = self.holders.newest(at);
        NumberView {
            number: number.config.number,
            state: self.state_of(at),
            since: number.since,
            in_call: number.calls.until().is_some_and(|until| until > self.now),
            expected_calls: self.expected(at).0,
            holder: newest.map(|place| self.past_holder(at, place, self.now)),
        }
    }

    fn state_of(&self, at: usize) -> NumberState {
        let number = &self.numbers[at];
        match (number.config.role, number.phase) {
            (Role::Reserve, Phase::None) => NumberState::Reserve,
            (Role::Disabled, Phase::None) => NumberState::Disabled,
            _ if number.draining => {
                if number.phase.is_leased() {
                    NumberState::Draining
                } else {
                    NumberState::Disabled
                }
            }
            (Role::Reserve | Role::Disabled, _) => NumberState::Draining,
            (_, Phase::Provisional) => NumberState::Provisional,
            (_, Phase::Active) => NumberState::Active,
            (_, Phase::Idle) => NumberState::Idle,
            (_, Phase::Held) => NumberState::Held,
            (_, Phase::None) if number.quarantined_until > self.now => NumberState::Quarantined,
            (_, Phase::None) if self.is_cooling(at) => NumberState::Cooling,
            (_, Phase::None) => NumberState::Free,
        }
    }

    fn is_cooling(&self, at: usize) -> bool {
        self.holders.newest(at).is_some_and(|place| {
            let last = self.holders.hot(place).last_activity;
            self.now.since(last) < self.config.times.cooldown_ms
        })
    }
}
