//! Which number a newcomer gets: the one whose claim is least.
//!
//! A claim is one integer: the tier (may it be lent at all, and how gladly), then the calls still
//! to be expected of the number's past holders, then how recently it was last looked at. The
//! claims stand in a tournament tree, so the least is found at once; a claim is computed anew when
//! its number changes and when one of its past holders grows old enough to count differently.

use super::journal::Ground;
use super::message::Facts;
use super::policy::{Choice, Hold, Overflow, Policy};
use super::state::Phase;
use super::{Cooldown, MinTree, Pool, Role, TAU};
use crate::time::{Millis, UnixMillis};

/// May be lent gladly.
const RESTED: u64 = 0;
/// Has not rested as long as the owner wishes.
const COOLING: u64 = 1;
/// Its holder never gave a second sign of life, or is passive past the guaranteed time.
const WEAK: u64 = 2;
/// Its holder is active; lent only where the overflow policy takes numbers.
pub(super) const TAKEN: u64 = 3;

/// The tier of a claim.
pub(super) const fn tier_of(key: u64) -> u64 {
    key >> 61
}

/// The τ of a rule.
pub(super) fn tau_of(policy: &Policy) -> Millis {
    match policy.choice {
        Choice::LeastMass { tau_ms } => tau_ms,
        Choice::LongestIdle => TAU,
    }
}

/// Whether a rule's claims may depend on expected calls.
pub(super) const fn weighs(policy: &Policy) -> bool {
    matches!(policy.choice, Choice::LeastMass { .. })
        || matches!(policy.overflow, Overflow::TakeLeast)
}

/// Whether a claim depends on expected calls.
pub(super) fn by_mass(policy: &Policy, key: u64) -> bool {
    let taken = tier_of(key) == TAKEN;
    match (policy.choice, policy.overflow) {
        _ if key == MinTree::NONE => false,
        (_, Overflow::TakeLeast) if taken => true,
        (Choice::LeastMass { .. }, _) => !taken,
        (Choice::LongestIdle, _) => false,
    }
}

/// The bits of a float that is not negative sort as it does; the last two are given up.
fn mass_bits(mass: f32) -> u64 {
    u64::from(mass.max(0.0).to_bits() >> 2) << 32
}

/// A claim whose expected calls changed and nothing else.
pub(super) fn reweighed(key: u64, mass: f32) -> u64 {
    const MASS: u64 = ((1 << 29) - 1) << 32;
    (key & !MASS) | mass_bits(mass)
}

impl Pool {
    /// The claim of a number with that many expected calls.
    pub(super) fn claim(&self, at: usize, mass: f32) -> u64 {
        let Some(tier) = self.tier(at) else {
            return MinTree::NONE;
        };
        let place = self.holders.newest(at);
        let last = place.map(|p| self.holders.hot(p).last_activity);
        let granted = place.map(|p| self.holders.cold(p).granted_at);
        let (mass, instant) = match (tier, self.config.policy.overflow, self.config.policy.choice) {
            (TAKEN, Overflow::TakeOldest, _) => (0.0, granted),
            (TAKEN, Overflow::TakeLeast, _) => (mass, granted),
            (_, _, Choice::LeastMass { .. }) => (mass, last),
            (_, _, Choice::LongestIdle) => (0.0, last),
        };
        (tier << 61) | mass_bits(mass) | self.brief(instant)
    }

    /// An instant in 32 bits: eighths of seconds since two months before the pool began.
    fn brief(&self, instant: Option<UnixMillis>) -> u64 {
        let base = self.base.unwrap_or_default();
        instant.map_or(0, |at| (at.since(base).0 >> 7).min(u64::from(u32::MAX)))
    }

    /// How gladly a number may be lent to another than its holder; none is never.
    pub(super) fn tier(&self, at: usize) -> Option<u64> {
        let number = &self.numbers[at];
        let now = self.now;
        if number.config.role != Role::Dynamic
            || number.draining
            || number.quarantined_until > now
            || number.calls.until().is_some()
        {
            return None;
        }
        let taken = match self.config.policy.overflow {
            Overflow::TakeOldest | Overflow::TakeLeast => Some(TAKEN),
            Overflow::Reserve | Overflow::Page => None,
        };
        let Some(place) = self.holders.newest(at) else {
            return Some(RESTED);
        };
        let times = &self.config.times;
        let cold = self.holders.cold(place);
        if cold.tap_at != UnixMillis(0) && now.since(cold.tap_at) < times.tap_pin_ms {
            return taken;
        }
        let rested = now.since(self.holders.hot(place).last_activity) >= times.cooldown_ms;
        let by_rest = match (rested, times.cooldown) {
            (true, _) => Some(RESTED),
            (false, Cooldown::Preferred) => Some(COOLING),
            (false, Cooldown::Required) => None,
        };
        match (number.phase, self.config.policy.hold) {
            (Phase::None, _) | (Phase::Idle | Phase::Held, Hold::ByNeed) => by_rest,
            (Phase::Provisional, Hold::ByNeed)
                if now.since(cold.granted_at) >= times.provisional_ms
                    && times.cooldown == Cooldown::Preferred =>
            {
                Some(WEAK)
            }
            (Phase::Idle, Hold::DemotePassive { .. })
                if self.demotable_at(at).is_some_and(|due| due <= now) =>
            {
                Some(WEAK)
            }
            _ => taken,
        }
    }

    /// The number to lend to a newcomer, and on what ground.
    pub(super) fn choose(&mut self, facts: &Facts) -> Option<(usize, Ground)> {
        let (from, to) = self.eligible(facts);
        let least = self.claims.first_least_within(from, to)?;
        let tier = tier_of(self.claims.get(least));
        let coloured = self.is_coloured() && facts.region.is_known() && tier < TAKEN;
        if coloured && let Some(other) = self.coloured(from, to, least, facts) {
            let ground = if other == least {
                self.ground(least, tier)
            } else {
                Ground::OtherRegion
            };
            return Some((other, ground));
        }
        Some((least, self.ground(least, tier)))
    }

    /// The range of numbers that serve a visitor.
    fn eligible(&self, facts: &Facts) -> (usize, usize) {
        if !self.config.policy.by_source {
            return (0, self.numbers.len());
        }
        let source = facts.source;
        let from = self.numbers.partition_point(|n| n.config.source < source);
        let to = self.numbers.partition_point(|n| n.config.source <= source);
        (from, to)
    }

    fn ground(&self, at: usize, tier: u64) -> Ground {
        let fresh = self.holders.newest(at).is_none();
        match (tier, self.config.policy.choice, self.config.policy.overflow) {
            (RESTED, _, _) if fresh => Ground::Fresh,
            (RESTED, Choice::LeastMass { .. }, _) => Ground::LeastExpected,
            (RESTED, Choice::LongestIdle, _) => Ground::LongestIdle,
            (COOLING, _, _) => Ground::Cooling,
            (WEAK, _, _) if self.numbers[at].phase == Phase::Idle => Ground::Demoted,
            (WEAK, _, _) => Ground::Unconfirmed,
            (_, _, Overflow::TakeOldest) => Ground::Oldest,
            (_, _, _) => Ground::LeastActive,
        }
    }
}
