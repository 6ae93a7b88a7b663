//! The reference: what a pool is, said as plainly as possible and without a thought of speed.
//!
//! Every question is answered from what was heard, at the moment it is asked; nothing is settled,
//! indexed or cached.

use ringlet_core::id::LeaseId;
use ringlet_core::pool::*;
use ringlet_core::time::{Millis, UnixMillis};
use std::collections::BTreeMap;

/// The latest lease of a number, standing or not.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(crate) visitor: usize,
    pub(crate) visit: usize,
    pub(crate) lease: LeaseId,
    pub(crate) granted: UnixMillis,
    pub(crate) last: UnixMillis,
    pub(crate) confirmed: bool,
    /// Tab → (active by its last sign, that sign).
    pub(crate) tabs: BTreeMap<u32, (bool, UnixMillis)>,
    /// When the last tab that left did so.
    pub(crate) left: UnixMillis,
    pub(crate) tap: Option<UnixMillis>,
    /// It was cut short at that instant.
    pub(crate) cut: Option<UnixMillis>,
}

/// One number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Number {
    pub(crate) generation: u64,
    pub(crate) lease: Option<Lease>,
    pub(crate) calls: BTreeMap<u128, UnixMillis>,
    pub(crate) quarantined: UnixMillis,
}

/// The whole pool.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) times: Times,
    pub(crate) policy: Policy,
    pub(crate) numbers: Vec<Number>,
}

/// Where a lease stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    Provisional,
    Active,
    Idle,
    Held,
    Over,
}

impl Model {
    pub(crate) fn call_until(&self, at: usize, now: UnixMillis) -> Option<UnixMillis> {
        let calls = self.numbers[at].calls.values();
        calls.copied().filter(|until| *until > now).max()
    }

    /// Where the lease would stand if nothing ended leases but silence and closed tabs, and since
    /// when it is idle or left.
    fn presence(&self, lease: &Lease, now: UnixMillis) -> (Stand, UnixMillis) {
        let open: Vec<(bool, UnixMillis)> = lease
            .tabs
            .values()
            .copied()
            .filter(|(_, sign)| *sign + self.times.tab_open_ms > now)
            .collect();
        let active = open
            .iter()
            .any(|(active, sign)| *active && *sign + self.times.silence_ms > now);
        if active && lease.confirmed {
            return (Stand::Active, now);
        }
        if active {
            return (Stand::Provisional, now);
        }
        if !open.is_empty() {
            return (Stand::Idle, now);
        }
        let closed = lease
            .tabs
            .values()
            .map(|(_, sign)| *sign + self.times.tab_open_ms);
        (
            Stand::Held,
            closed.max().unwrap_or(UnixMillis(0)).max(lease.left),
        )
    }

    /// When the lease ends, as the rule says, if nothing more is heard before `now`.
    fn end(&self, lease: &Lease, now: UnixMillis) -> Option<UnixMillis> {
        let (stand, since) = self.presence(lease, now);
        let active = matches!(stand, Stand::Provisional | Stand::Active);
        match self.policy.hold {
            Hold::Fixed { hold_ms } => Some(lease.granted + hold_ms),
            _ if active => None,
            Hold::ByNeed => (stand == Stand::Held).then(|| lease.last + self.times.hold_ms),
            Hold::TabOpen { freeze_ms } => (stand == Stand::Held).then(|| since + freeze_ms),
            Hold::IdleRelease { idle_ms, freeze_ms } if stand == Stand::Idle => {
                Some(lease.last + idle_ms + freeze_ms)
            }
            Hold::IdleRelease { idle_ms, freeze_ms } => {
                Some((lease.last + idle_ms).min(since) + freeze_ms)
            }
            Hold::DemotePassive { hold_ms } => {
                (stand == Stand::Held).then(|| (lease.granted + hold_ms).max(since))
            }
        }
    }

    pub(crate) fn stand(&self, at: usize, now: UnixMillis) -> Stand {
        let Some(lease) = &self.numbers[at].lease else {
            return Stand::Over;
        };
        if lease.cut.is_some() {
            return Stand::Over;
        }
        let over = self.end(lease, now).is_some_and(|end| end <= now);
        if over && self.call_until(at, now).is_none() {
            return Stand::Over;
        }
        self.presence(lease, now).0
    }

    pub(crate) fn state(&self, at: usize, now: UnixMillis) -> NumberState {
        let number = &self.numbers[at];
        match self.stand(at, now) {
            Stand::Provisional => NumberState::Provisional,
            Stand::Active => NumberState::Active,
            Stand::Idle => NumberState::Idle,
            Stand::Held => NumberState::Held,
            Stand::Over if number.quarantined > now => NumberState::Quarantined,
            Stand::Over if !self.rested(at, now) => NumberState::Cooling,
            Stand::Over => NumberState::Free,
        }
    }

    fn rested(&self, at: usize, now: UnixMillis) -> bool {
        let last = self.numbers[at].lease.as_ref().map(|lease| lease.last);
        last.is_none_or(|last| now.since(last) >= self.times.cooldown_ms)
    }

    /// How gladly a number may go to a newcomer: 0 gladly … 3 only by force; none is never.
    pub(crate) fn rank(&self, at: usize, now: UnixMillis) -> Option<u8> {
        let number = &self.numbers[at];
        if number.quarantined > now || self.call_until(at, now).is_some() {
            return None;
        }
        let force = match self.policy.overflow {
            Overflow::TakeOldest | Overflow::TakeLeast => Some(3),
            Overflow::Reserve | Overflow::Page => None,
        };
        let Some(lease) = &number.lease else {
            return Some(0);
        };
        if lease
            .tap
            .is_some_and(|tap| now.since(tap) < self.times.tap_pin_ms)
        {
            return force;
        }
        let by_rest = match (self.rested(at, now), self.times.cooldown) {
            (true, _) => Some(0),
            (false, Cooldown::Preferred) => Some(1),
            (false, Cooldown::Required) => None,
        };
        let age = now.since(lease.granted);
        match (self.stand(at, now), self.policy.hold) {
            (Stand::Over, _) | (Stand::Idle | Stand::Held, Hold::ByNeed) => by_rest,
            (Stand::Provisional, Hold::ByNeed)
                if age >= self.times.provisional_ms
                    && self.times.cooldown == Cooldown::Preferred =>
            {
                Some(2)
            }
            (Stand::Idle, Hold::DemotePassive { hold_ms }) if age >= hold_ms => Some(2),
            _ => force,
        }
    }

    /// The number a visitor is entitled to: the latest lease of it is his latest.
    pub(crate) fn own(
        &self,
        visitor: usize,
        visit: usize,
        latest: Option<usize>,
        now: UnixMillis,
    ) -> Option<usize> {
        let at = latest?;
        let number = &self.numbers[at];
        let his = number.lease.as_ref().filter(|l| l.visitor == visitor)?;
        let standing = self.stand(at, now) != Stand::Over;
        (standing && his.visit == visit || number.quarantined <= now).then_some(at)
    }

    pub(crate) fn grant(&mut self, at: usize, lease: Lease) {
        self.numbers[at].generation += 1;
        self.numbers[at].lease = Some(lease);
    }

    /// The last instant by which a pick among rank `rank` must have been quiet, for rules that take
    /// the longest idle; the oldest grant for those that take the oldest.
    pub(crate) fn order(&self, at: usize, rank: u8) -> UnixMillis {
        let lease = self.numbers[at].lease.as_ref();
        lease.map_or(UnixMillis(0), |lease| {
            if rank == 3 { lease.granted } else { lease.last }
        })
    }

    /// A sign of a tab.
    pub(crate) fn sign(
        &mut self,
        at: usize,
        tab: u32,
        active: bool,
        quiet: Millis,
        now: UnixMillis,
    ) {
        let silence = self.times.silence_ms;
        let open = self.times.tab_open_ms;
        if let Some(lease) = &mut self.numbers[at].lease {
            lease.last = lease.last.max(now - quiet);
            lease.confirmed = true;
            // What time did to the tabs until now stays done.
            lease.tabs.retain(|_, (_, sign)| *sign + open > now);
            for (active, sign) in lease.tabs.values_mut() {
                *active &= *sign + silence > now;
            }
            lease.tabs.insert(tab, (active, now));
        }
    }
}
