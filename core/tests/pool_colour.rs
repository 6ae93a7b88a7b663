//! Colouring: numbers are given by the regions of those who saw them.

mod support;

use expect_test::expect;
use ringlet_core::delay::Device;
use ringlet_core::entropy::Entropy;
use ringlet_core::id::{VisitId, VisitorId};
use ringlet_core::pool::*;
use ringlet_core::time::UnixMillis;
use support::{Desk, START, national, number, numbers, sign};

/// Three numbers seen by visitors of regions 1, 2 and 1; then one of `region` comes.
fn coloured(colouring: bool, region: u32) -> (Grant, Ground) {
    let mut desk = Desk::new(PoolConfig {
        numbers: numbers(3),
        region_colouring: if colouring {
            Colouring::On
        } else {
            Colouring::Off
        },
        ..PoolConfig::default()
    });
    let mut ask = |second, visitor: u128, region| {
        let facts = Facts {
            region: Region(region),
            ..Facts::default()
        };
        let ask = Acquire {
            facts,
            ..Acquire::of(VisitorId(visitor), VisitId(visitor))
        };
        match desk.tell(second, Input::Acquire(ask)) {
            Reply::Granted(grant) => grant,
            other => panic!("no grant: {other:?}"),
        }
    };
    let earlier = [ask(0, 1, 1), ask(0, 2, 2), ask(0, 3, 1)];
    for grant in &earlier {
        desk.tell(10, Input::Leave(sign(grant)));
    }
    let facts = Facts {
        region: Region(region),
        ..Facts::default()
    };
    let ask = Acquire {
        facts,
        ..Acquire::of(VisitorId(9), VisitId(9))
    };
    let Reply::Granted(grant) = desk.tell(600, Input::Acquire(ask)) else {
        panic!("no grant")
    };
    match &desk.rows.last().unwrap().entry {
        JournalEntry::Grant(row) => (grant, row.why.ground),
        other => panic!("no grant row: {other:?}"),
    }
}

#[test]
fn a_coloured_pool_prefers_numbers_seen_in_other_regions() {
    let (plain, ground) = coloured(false, 1);
    assert_eq!((plain.number, ground), (number(1), Ground::LeastExpected));
    let (other, ground) = coloured(true, 1);
    assert_eq!((other.number, ground), (number(2), Ground::OtherRegion));
    let (unknown, _) = coloured(true, 0);
    assert_eq!(unknown.number, number(1));
}

#[test]
fn colouring_begins_when_calls_show_that_regions_tell_and_survives_a_stop() {
    assert!(!national(1).pool.is_coloured(), "a one-city business");
    let mut desk = national(5);
    assert!(desk.pool.is_coloured());
    let mut replayed = Pool::new(desk.pool.config().clone());
    desk.rows.iter().for_each(|row| replayed.replay(row));
    assert_eq!(replayed.regions(), desk.pool.regions());
    assert!(replayed.is_coloured());
    desk.rows.clear();
    desk.pool.snapshot();
    desk.drain();
    let mut restored = Pool::new(PoolConfig::default());
    desk.rows.iter().for_each(|row| restored.replay(row));
    assert_eq!(restored.regions(), desk.pool.regions());
    assert!(restored.is_coloured());
    // And the palettes are those that were: the next visitors get the same numbers.
    for (n, region) in [(61u128, 3), (62, 1), (63, 4)] {
        let numbers = [&mut desk.pool, &mut replayed, &mut restored].map(|pool| {
            let facts = Facts {
                region: Region(region),
                ..Facts::default()
            };
            let ask = Acquire {
                facts,
                ..Acquire::of(VisitorId(n), VisitId(n))
            };
            let now = UnixMillis(START + 60 * 600_000 + n as u64 * 1_000);
            match pool.handle_input(Input::Acquire(ask), now, &mut Entropy::from_seed(1)) {
                Reply::Granted(grant) => grant.number,
                other => panic!("no grant: {other:?}"),
            }
        });
        assert_eq!(numbers, [numbers[0]; 3]);
    }
}

/// A pool that turns to colouring when its owner says so, not only when it is made.
#[test]
fn colouring_is_switched_on_and_off_by_configuration() {
    let mut desk = Desk::with(3);
    for n in 0..3 {
        let grant = desk.granted(n, u128::from(n) + 1);
        desk.tell(10, Input::Leave(sign(&grant)));
    }
    for (second, colouring) in [(600, Colouring::On), (1_200, Colouring::Off)] {
        let config = PoolConfig {
            region_colouring: colouring,
            ..desk.pool.config().clone()
        };
        desk.tell(second, Input::Reconfigure(Box::new(config)));
        assert_eq!(desk.pool.is_coloured(), colouring == Colouring::On);
        let facts = Facts {
            region: Region(1),
            ..Facts::default()
        };
        let ask = Acquire {
            facts,
            ..Acquire::of(VisitorId(second.into()), VisitId(second.into()))
        };
        let reply = desk.tell(second + 1, Input::Acquire(ask));
        assert!(matches!(reply, Reply::Granted(_)), "{reply:?}");
    }
}

/// A random life of a pool with visitors of many regions; what was chosen, as one figure.
struct Life {
    desk: Desk,
    dice: Entropy,
    now: u64,
    grants: Vec<(Grant, Region)>,
    /// Grants, those of them on the ground of another region, and all choices, mixed.
    told: (u64, u64, u64),
}

impl Life {
    fn new(seed: u64, count: u64) -> Self {
        Self {
            desk: Desk::new(PoolConfig {
                numbers: numbers(count),
                region_colouring: Colouring::Learnt,
                ..PoolConfig::default()
            }),
            dice: Entropy::from_seed(seed),
            now: START,
            grants: Vec::new(),
            told: (0, 0, 0xcbf2_9ce4_8422_2325),
        }
    }

    fn roll(&mut self, below: u64) -> u64 {
        self.dice.next_u64() % below
    }

    fn tell(&mut self, input: Input) -> Reply {
        self.desk.tell_at(UnixMillis(self.now), input)
    }

    /// Of twelve regions, the first ones more often; the unknown one among them.
    fn region(&mut self) -> Region {
        let most = self.roll(12) + 1;
        Region(self.roll(most) as u32)
    }

    fn comes(&mut self, visitor: u128) {
        let region = self.region();
        let facts = Facts {
            region,
            intent: self.roll(8) == 0,
            device: if self.roll(2) == 0 {
                Device::Mobile
            } else {
                Device::Desktop
            },
            engagement: None,
            ..Facts::default()
        };
        let visit = VisitId(u128::from(self.dice.next_u64()) + 1);
        let ask = Acquire {
            facts,
            ..Acquire::of(VisitorId(visitor), visit)
        };
        let Reply::Granted(grant) = self.tell(Input::Acquire(ask)) else {
            return;
        };
        let Some(JournalEntry::Grant(row)) = self.desk.rows.last().map(|row| &row.entry) else {
            return;
        };
        self.told.0 += 1;
        self.told.1 += u64::from(row.why.ground == Ground::OtherRegion);
        let chosen = format!("{} {:?}", grant.number, row.why.ground);
        for byte in chosen.bytes() {
            self.told.2 = (self.told.2 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
        self.grants.push((grant, region));
        self.desk.rows.clear();
    }

    /// Somebody who came lately, rather the latest.
    fn somebody(&mut self) -> Option<(Grant, Region)> {
        let back = self.roll(60);
        let most = self.roll(back + 1) as usize;
        let at = self.grants.len().checked_sub(1 + most)?;
        Some(self.grants[at])
    }

    fn calls(&mut self, grant: &Grant, region: Region) {
        let stray = self.roll(5) == 0;
        let caller = if stray { self.region() } else { region };
        self.tell(Input::Attributed(Attributed {
            number: grant.number,
            lease: grant.lease,
            at: UnixMillis(self.now),
            share: 0.9,
            caller,
            share_without_region: 0.8,
        }));
    }

    fn step(&mut self) {
        let count = self.desk.pool.config().numbers.len() as u64;
        self.now += self.dice.next_u64() % (1_200_000 / count);
        let dice = self.roll(1_000);
        if dice < 600 {
            let visitor = u128::from(self.dice.next_u64()) << 64;
            return self.comes(visitor);
        }
        let Some((grant, region)) = self.somebody() else {
            return;
        };
        let mut of = sign(&grant);
        match dice {
            600..740 => drop(self.tell(Input::Leave(of))),
            740..820 => drop(self.tell(Input::Idle(of))),
            820..880 => {
                of.intent = self.roll(4) == 0;
                self.tell(Input::KeepAlive(of));
            }
            880..910 => drop(self.tell(Input::Tap(of))),
            910..960 => self.calls(&grant, region),
            960..985 => self.comes(grant.visitor.0),
            985..990 => {
                let until = UnixMillis(self.now + 600_000);
                self.tell(Input::Quarantine(grant.number, until));
            }
            990..993 => {
                let mut config = self.desk.pool.config().clone();
                config.times.hold_ms.0 ^= 1_024;
                self.tell(Input::Reconfigure(Box::new(config)));
            }
            993..996 => {
                self.desk.pool.snapshot();
                self.desk.drain();
            }
            _ => {
                self.now += self.dice.next_u64() % 7_200_000;
                self.desk.pool.handle_timeout(UnixMillis(self.now));
            }
        }
    }
}

/// Choices are never changed by making them faster: these are of an engine that made every palette
/// at once.
#[test]
fn choices_are_what_they_always_were() {
    let told = [(1, 7, 4_000), (2, 60, 6_000), (3, 300, 6_000)].map(|(seed, count, steps)| {
        let mut life = Life::new(seed, count);
        (0..steps).for_each(|_| life.step());
        let (grants, coloured, digest) = life.told;
        format!("{count} numbers: {grants} grants, {coloured} coloured, {digest:016x}")
    });
    expect![[r#"
        7 numbers: 2519 grants, 910 coloured, c9997759f2c76839
        60 numbers: 3750 grants, 1826 coloured, 31fe3d0d593db6d3
        300 numbers: 3813 grants, 1842 coloured, b0cc526eb2682332"#]]
    .assert_eq(&told.join("\n"));
}
