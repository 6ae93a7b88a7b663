//! Who may be lent one more number: no network may empty a pool.
//!
//! Asked only for visitors who have no number yet: who has one keeps it. Two rules, by network.
//! New visitors come at [`limits::NEW_VISITORS`] at most. And while more than half of the numbers
//! are before somebody's eyes, a network holds at most [`limits::PREFIX_SHARE`] of them, or
//! [`limits::PREFIX_NUMBERS_MIN`] where that is more: a mobile network behind one address may take
//! half of a pool, and leaves the rest to others. Who is refused is shown the reserve number or the
//! page's own, and calls as well.
//!
//! What it is not: a judge of robots ([`crate::bot`]). Visitors without a known address are not
//! counted. Limits: as many entries as the pool has numbers, 32 bytes each.

use super::buckets::Buckets;
use super::prefix::Prefix;
use crate::id::LeaseId;
use crate::limits;
use crate::phone::E164;
use crate::time::{Millis, UnixMillis};
use std::collections::BTreeMap;

/// Networks of new visitors that are told apart.
const NETWORKS: usize = 4_096;
/// How long networks are known by the same hash.
const SECRET_LASTS: Millis = Millis::from_mins(24 * 60);

/// How full a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Numbers that may be lent.
    pub numbers: usize,
    /// Visitors who look at theirs now.
    pub active: usize,
}

impl Load {
    /// Numbers that one network may hold now; nothing if there are enough for everybody.
    fn share(self) -> Option<usize> {
        let pressed = self.active * 2 > self.numbers;
        let share = self.numbers * limits::PREFIX_SHARE / 100;
        pressed.then_some(share.max(limits::PREFIX_NUMBERS_MIN))
    }
}

/// What is known of the networks that hold a pool's numbers.
#[derive(Clone, Debug)]
pub struct Guard {
    secret: [u8; 32],
    made_at: UnixMillis,
    coming: Buckets,
    holding: BTreeMap<E164, (u64, LeaseId)>,
}

impl Guard {
    /// Knows nobody.
    pub fn new(secret: [u8; 32], now: UnixMillis) -> Self {
        Self {
            secret,
            made_at: now,
            coming: Buckets::new(limits::NEW_VISITORS, NETWORKS),
            holding: BTreeMap::new(),
        }
    }

    /// Whether it is time to forget everything and begin with a new secret.
    pub fn is_stale(&self, now: UnixMillis) -> bool {
        now.since(self.made_at) >= SECRET_LASTS
    }

    /// Whether a visitor of `prefix` who has no number may be lent one. `stands` tells whether a
    /// number's lease still stands.
    pub fn admits(
        &mut self,
        prefix: Option<Prefix>,
        load: Load,
        stands: impl Fn(E164, LeaseId) -> bool,
        now: UnixMillis,
    ) -> bool {
        let Some(network) = prefix.map(|prefix| prefix.hashed(&self.secret)) else {
            return true;
        };
        if let Some(share) = load.share() {
            self.holding
                .retain(|number, (_, lease)| stands(*number, *lease));
            let held = self.holding.values().filter(|(of, _)| *of == network);
            if held.count() >= share {
                return false;
            }
        }
        self.coming.take(network, now).is_ok()
    }

    /// A number was lent to a visitor of `prefix`.
    pub fn lent(&mut self, prefix: Option<Prefix>, number: E164, lease: LeaseId) {
        match prefix.map(|prefix| prefix.hashed(&self.secret)) {
            Some(network) => self.holding.insert(number, (network, lease)),
            None => self.holding.remove(&number),
        };
    }

    /// Bytes on the heap, at most.
    pub fn bytes(&self) -> usize {
        // A B-tree keeps its entries in nodes at least half full.
        let entry = size_of::<E164>() + size_of::<(u64, LeaseId)>();
        self.coming.bytes() + self.holding.len() * 2 * entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(n: u64) -> E164 {
        E164::parse(&(74_950_000_000 + n).to_string()).expect("a number")
    }

    fn network(n: u8) -> Option<Prefix> {
        Some(Prefix::V4([203, 0, n]))
    }

    fn guard() -> Guard {
        Guard::new([7; 32], UnixMillis(0))
    }

    /// Networks take turns asking for one of `numbers`, which they keep; gives what each holds.
    fn crowd(numbers: usize, asks: &[u8]) -> BTreeMap<u8, usize> {
        let mut guard = guard();
        let mut held: BTreeMap<u8, usize> = BTreeMap::new();
        for (at, of) in asks.iter().enumerate() {
            let active = held.values().sum();
            let now = UnixMillis(at as u64 * 2_000);
            let load = Load { numbers, active };
            if active < numbers && guard.admits(network(*of), load, |_, _| true, now) {
                guard.lent(network(*of), number(active as u64 + 1), LeaseId(at as u128));
                *held.entry(*of).or_default() += 1;
            }
        }
        held
    }

    #[test]
    fn a_farm_cannot_take_a_pool() {
        let held = crowd(100, &[1; 500]);
        assert_eq!(held[&1], 51, "half of the pool, and then its share is over");
        let others: Vec<u8> = [1; 500].into_iter().chain(2..=50).collect();
        let held = crowd(100, &others);
        assert_eq!(held.values().sum::<usize>(), 100);
        assert!((2..=50).all(|of| held[&of] == 1), "{held:?}");
    }

    #[test]
    fn a_small_pool_leaves_every_network_some() {
        assert_eq!(crowd(6, &[1; 50])[&1], 4);
        assert_eq!(crowd(4, &[1; 50])[&1], 4);
        assert_eq!(crowd(1, &[1; 50])[&1], 1);
    }

    #[test]
    fn numbers_that_came_back_count_no_more() {
        let mut guard = guard();
        let load = Load {
            numbers: 10,
            active: 9,
        };
        let now = UnixMillis(1_000);
        for at in 0..4 {
            assert!(guard.admits(network(1), load, |_, _| true, now));
            guard.lent(network(1), number(at + 1), LeaseId(1));
        }
        assert!(!guard.admits(network(1), load, |_, _| true, now));
        assert!(guard.admits(network(1), load, |of, _| of != number(2), now));
    }

    #[test]
    fn new_visitors_come_at_a_rate() {
        let mut guard = guard();
        let load = Load {
            numbers: 10_000,
            active: 0,
        };
        let now = UnixMillis(1_000);
        let burst = u64::from(limits::NEW_VISITORS.burst);
        for _ in 0..burst {
            assert!(guard.admits(network(1), load, |_, _| true, now));
        }
        assert!(!guard.admits(network(1), load, |_, _| true, now));
        assert!(guard.admits(network(2), load, |_, _| true, now));
        assert!(
            guard.admits(None, load, |_, _| true, now),
            "unknown is not counted"
        );
        let later = now + limits::NEW_VISITORS.every;
        assert!(guard.admits(network(1), load, |_, _| true, later));
    }

    #[test]
    fn the_secret_lasts_a_day() {
        let guard = guard();
        assert!(!guard.is_stale(UnixMillis(86_399_999)));
        assert!(guard.is_stale(UnixMillis(86_400_000)));
    }

    proptest! {
        /// Ordinary traffic: everybody from a network of his own, as many at once as there are
        /// numbers; and an office of [`limits::PREFIX_NUMBERS_MIN`] behind one address.
        #[test]
        fn ordinary_visitors_are_never_limited(numbers in 4usize..200, strangers in 1u8..200) {
            let mut guard = guard();
            let mut active = 0;
            for of in 0..=strangers {
                let load = Load { numbers, active };
                let now = UnixMillis(u64::from(of) * 10);
                prop_assert!(guard.admits(network(of), load, |_, _| true, now));
                guard.lent(network(of), number(u64::from(of)), LeaseId(u128::from(of)));
                active = (active + 1).min(numbers);
            }
            for mate in 0..limits::PREFIX_NUMBERS_MIN as u64 {
                let load = Load { numbers, active };
                let now = UnixMillis(10_000 + mate);
                prop_assert!(guard.admits(network(255), load, |_, _| true, now));
                guard.lent(network(255), number(1_000 + mate), LeaseId(1));
            }
        }
    }
}
