//! A pool divided and joined again: whoever holds a number keeps it, nobody else gets it, and every
//! journal gives its part back.

mod support;

use proptest::prelude::*;
use ringlet_core::entropy::Entropy;
use ringlet_core::id::{VisitId, VisitorId};
use ringlet_core::pool::*;
use ringlet_core::time::UnixMillis;
use std::collections::{BTreeMap, BTreeSet};
use support::{Desk, START, number, numbers, sign};

/// A pool in several desks, and how many of them it is divided among now.
struct Divided {
    desks: Vec<Desk>,
    shards: Shards,
    count: u64,
    /// Numbers that are out of the configuration, by their bits.
    out: u32,
    now: u64,
}

fn config_of(count: u64, out: u32, shards: Shards, shard: u32) -> PoolConfig {
    let mut numbers = numbers(count);
    numbers.retain(|of| {
        let place = of.number.as_u64() - number(1).as_u64();
        shards.of_number(of.number) == shard && out >> place & 1 == 0
    });
    PoolConfig {
        numbers,
        ..PoolConfig::default()
    }
}

impl Divided {
    fn new(count: u64, most: u32) -> Self {
        let desks = (0..most).map(|shard| {
            let mut desk = Desk::with(0);
            // Each draws leases of its own, as objects do.
            desk.entropy = Entropy::from_seed(100 + u64::from(shard));
            let config = config_of(count, 0, Shards::ONE, shard);
            desk.tell(0, Input::Reconfigure(Box::new(config)));
            desk
        });
        Self {
            desks: desks.collect(),
            shards: Shards::ONE,
            count,
            out: 0,
            now: 0,
        }
    }

    /// Divides anew: everything that is elsewhere now moves there.
    fn divide(&mut self, shards: Shards) {
        let at = UnixMillis(START + self.now * 1_000);
        let mut moving = Vec::new();
        for (shard, desk) in self.desks.iter_mut().enumerate() {
            desk.pool.handle_timeout(at);
            loop {
                let parted = desk.pool.part(3, |of| shards.of_number(of) != shard as u32);
                if parted.is_empty() {
                    break;
                }
                moving.extend(parted);
            }
            desk.rows
                .extend(core::iter::from_fn(|| desk.pool.poll_output()));
        }
        for image in moving {
            let shard = shards.of_number(image.config.number) as usize;
            let desk = &mut self.desks[shard];
            desk.pool.handle_timeout(at);
            desk.pool.join(vec![image.clone()]);
            // Delivered twice, it is there once.
            desk.pool.join(vec![image]);
            desk.rows
                .extend(core::iter::from_fn(|| desk.pool.poll_output()));
        }
        self.shards = shards;
        self.configure();
    }

    /// Has every desk take the configuration.
    fn configure(&mut self) {
        let at = UnixMillis(START + self.now * 1_000);
        for shard in 0..self.desks.len() as u32 {
            let config = config_of(self.count, self.out, self.shards, shard);
            let input = Input::Reconfigure(Box::new(config));
            self.desks[shard as usize].tell_at(at, input);
        }
    }

    /// No desk has two leases of one number and generation in its journal.
    fn distinct(&self) {
        for desk in &self.desks {
            let leases = desk.rows.iter().filter_map(|row| match &row.entry {
                JournalEntry::Grant(granted) => Some((granted.number, granted.generation)),
                _ => None,
            });
            let mut seen = BTreeSet::new();
            for lease in leases {
                assert!(seen.insert(lease), "two leases are {lease:?}");
            }
        }
    }

    fn ask(&mut self, visitor: u128, has: Option<&Grant>) -> Reply {
        let shard = match has {
            Some(grant) => self.shards.of_number(grant.number),
            None => self.shards.of_visitor(VisitorId(visitor)),
        };
        let ask = Acquire::of(VisitorId(visitor), VisitId(visitor));
        let at = UnixMillis(START + self.now * 1_000);
        self.desks[shard as usize].tell_at(at, Input::Acquire(ask))
    }

    fn tell(&mut self, grant: &Grant, input: Input) -> Reply {
        let shard = self.shards.of_number(grant.number);
        let at = UnixMillis(START + self.now * 1_000);
        self.desks[shard as usize].tell_at(at, input)
    }

    /// Every number is in one desk; every desk's journal gives the desk back.
    fn check(&mut self) {
        let mut places = BTreeMap::new();
        for (shard, desk) in self.desks.iter_mut().enumerate() {
            desk.pool.checkpoint();
            desk.rows
                .extend(core::iter::from_fn(|| desk.pool.poll_output()));
            for view in desk.pool.numbers() {
                let before = places.insert(view.number, shard);
                assert_eq!(before, None, "{} is in two desks", view.number);
                assert_eq!(self.shards.of_number(view.number) as usize, shard);
            }
            let mut again = Pool::new(PoolConfig::default());
            desk.rows.iter().for_each(|row| again.replay(row));
            // What only time changed stands in no row.
            again.handle_timeout(desk.pool.now());
            if !desk.rows.is_empty() {
                assert_eq!(again.state(), desk.pool.state());
            }
        }
        assert_eq!(places.len() as u64, self.count);
    }
}

#[test]
fn a_number_moves_with_its_lease_and_its_past() {
    let mut pool = Divided::new(24, 4);
    let mut grants = Vec::new();
    for visitor in 1..=20 {
        pool.now += 1;
        let Reply::Granted(grant) = pool.ask(visitor, None) else {
            panic!("no number");
        };
        grants.push(grant);
    }
    for shards in [4, 2, 3, 1] {
        pool.now += 5;
        pool.divide(Shards::new(shards));
        pool.check();
        for (at, grant) in grants.iter().enumerate() {
            let kept = pool.tell(grant, Input::KeepAlive(sign(grant)));
            assert!(
                matches!(kept, Reply::Kept(of) if of.lease == grant.lease),
                "{shards}"
            );
            let again = pool.ask(at as u128 + 1, Some(grant));
            assert!(matches!(again, Reply::Granted(of) if of.lease == grant.lease));
            let shard = pool.shards.of_number(grant.number) as usize;
            let at = UnixMillis(START + pool.now * 1_000);
            let candidates = pool.desks[shard].pool.candidates(grant.number, at);
            assert_eq!(candidates[0].lease, grant.lease);
            assert_eq!(candidates[0].granted_at, grant.granted_at);
        }
    }
}

#[test]
fn what_has_left_is_lent_by_nobody() {
    let mut desk = Desk::with(2);
    let mine = desk.granted(0, 1);
    let parted = desk.pool.part(100, |of| of == mine.number);
    assert_eq!(parted.len(), 1);
    let left = UnixMillis(START + 1_000);
    let lost = desk.tell_at(left, Input::KeepAlive(sign(&mine)));
    assert_eq!(lost, Reply::Lost);
    let other = desk.granted(2, 2);
    assert_ne!(other.number, mine.number);
    assert!(!desk.pool.knows(mine.number));
    desk.pool.join(parted);
    let late = START + 3_000;
    let kept = desk.tell_at(UnixMillis(late), Input::KeepAlive(sign(&mine)));
    assert!(
        matches!(kept, Reply::Kept(_)),
        "it came back to its visitor"
    );
}

#[test]
fn visitors_and_numbers_spread() {
    let shards = Shards::new(4);
    let mut of_numbers = [0; 4];
    let mut of_visitors = [0; 4];
    for n in 0..1_000u64 {
        of_numbers[shards.of_number(number(n + 1)) as usize] += 1;
        let visitor = visitor_of(0, key_of(&format!("key-{n}")));
        of_visitors[shards.of_visitor(visitor) as usize] += 1;
    }
    for count in of_numbers.iter().chain(&of_visitors) {
        assert!((200..300).contains(count), "{of_numbers:?} {of_visitors:?}");
    }
    let key = key_of("the same request");
    assert_eq!(
        shards.of_visitor(visitor_of(1 << 100, key)),
        shards.of_visitor(visitor_of(77 << 90, key))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn divided_in_any_way_no_number_is_with_two(
        steps in prop::collection::vec((0u8..8, 1u128..40, 1u32..6), 1..40),
    ) {
        let mut pool = Divided::new(12, 5);
        let mut held: BTreeMap<u128, Grant> = BTreeMap::new();
        for (what, visitor, figure) in steps {
            pool.now += u64::from(figure) * 7;
            match what {
                0 => {
                    pool.divide(Shards::new(figure));
                    pool.check();
                }
                1 | 2 => {
                    let Some(grant) = held.get(&visitor).copied() else { continue };
                    let input = if what == 1 {
                        Input::Idle(sign(&grant))
                    } else {
                        Input::Leave(sign(&grant))
                    };
                    pool.tell(&grant, input);
                }
                _ => {
                    let has = held.get(&visitor).copied();
                    if let Reply::Granted(grant) = pool.ask(visitor, has.as_ref()) {
                        held.insert(visitor, grant);
                    }
                }
            }
            let mut standing: BTreeMap<_, u128> = BTreeMap::new();
            for (visitor, grant) in &held {
                let shard = pool.shards.of_number(grant.number) as usize;
                if pool.desks[shard].pool.stands(grant.number, grant.lease) {
                    let other = standing.insert(grant.number, *visitor);
                    prop_assert_eq!(other, None);
                }
            }
        }
    }

    /// Numbers go, are forgotten, come again, and the pool is divided and joined meanwhile.
    #[test]
    fn no_journal_tells_of_two_leases_of_one_generation(
        steps in prop::collection::vec((0u8..10, 1u32..64), 1..60),
    ) {
        const DAY_S: u64 = 86_400;
        let mut pool = Divided::new(6, 4);
        let mut visitor = 0;
        for (what, figure) in steps {
            pool.now += 200;
            match what {
                0 => pool.divide(Shards::new(1 + figure % 4)),
                1 => {
                    pool.out = figure;
                    pool.configure();
                }
                2 => {
                    pool.now += 31 * DAY_S;
                    pool.configure();
                }
                _ => {
                    visitor += 1;
                    pool.ask(visitor, None);
                }
            }
            pool.distinct();
        }
    }
}
