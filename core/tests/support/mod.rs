//! A pool driven by hand, for tests.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test binary uses its part"
)]

use ringlet_core::entropy::Entropy;
use ringlet_core::id::{VisitId, VisitorId};
use ringlet_core::phone::E164;
use ringlet_core::pool::*;
use ringlet_core::time::UnixMillis;

/// The instant tests begin at.
pub const START: u64 = 1_800_000_000_000;

/// How many random histories a property is tried on: as many as `PROPTEST_CASES` says, else the
/// usual ones.
pub fn cases(usual: u32) -> u32 {
    let told = std::env::var("PROPTEST_CASES").ok();
    told.map_or(usual, |told| told.parse().expect("a number of cases"))
}

/// A pool, its entropy, and every row it had written. Seconds count from [`START`].
pub struct Desk {
    pub pool: Pool,
    pub entropy: Entropy,
    pub rows: Vec<JournalRow>,
}

pub fn number(n: u64) -> E164 {
    E164::parse(&format!("7495{n:07}")).unwrap()
}

pub fn numbers(count: u64) -> Vec<NumberConfig> {
    (1..=count)
        .map(|n| NumberConfig::dynamic(number(n)))
        .collect()
}

pub fn sign(grant: &Grant) -> Sign {
    Sign::of(grant.lease, grant.generation)
}

impl Desk {
    pub fn new(config: PoolConfig) -> Self {
        Self {
            pool: Pool::new(config),
            entropy: Entropy::from_seed(7),
            rows: Vec::new(),
        }
    }

    pub fn with(count: u64) -> Self {
        Self::new(PoolConfig {
            numbers: numbers(count),
            ..PoolConfig::default()
        })
    }

    pub fn tell(&mut self, second: u64, input: Input) -> Reply {
        self.tell_at(UnixMillis(START + second * 1000), input)
    }

    pub fn tell_at(&mut self, now: UnixMillis, input: Input) -> Reply {
        let reply = self.pool.handle_input(input, now, &mut self.entropy);
        self.drain();
        reply
    }

    pub fn drain(&mut self) {
        while let Some(row) = self.pool.poll_output() {
            self.rows.push(row);
        }
    }

    pub fn ask(&mut self, second: u64, visitor: u128) -> Reply {
        let ask = Acquire::of(VisitorId(visitor), VisitId(visitor));
        self.tell(second, Input::Acquire(ask))
    }

    pub fn granted(&mut self, second: u64, visitor: u128) -> Grant {
        match self.ask(second, visitor) {
            Reply::Granted(grant) => grant,
            other => panic!("no grant: {other:?}"),
        }
    }

    pub fn state(&self, n: u64) -> NumberState {
        self.pool.number(number(n)).unwrap().state
    }
}

/// Sixty visitors from `regions` in turn, each of whom calls from his own region.
pub fn national(regions: u32) -> Desk {
    let mut desk = Desk::new(PoolConfig {
        numbers: numbers(3),
        region_colouring: Colouring::Learnt,
        ..PoolConfig::default()
    });
    for n in 0..60u64 {
        let region = Region(1 + n as u32 % regions);
        let facts = Facts {
            region,
            ..Facts::default()
        };
        let (visitor, visit) = (VisitorId(u128::from(n) + 1), VisitId(u128::from(n) + 1));
        let ask = Acquire {
            facts,
            ..Acquire::of(visitor, visit)
        };
        let Reply::Granted(grant) = desk.tell(n * 600, Input::Acquire(ask)) else {
            panic!("no grant")
        };
        desk.tell(n * 600 + 10, Input::Leave(sign(&grant)));
        let credit = Attributed {
            number: grant.number,
            lease: grant.lease,
            at: UnixMillis(START + (n * 600 + 20) * 1000),
            share: 1.0,
            caller: region,
            share_without_region: 1.0,
        };
        desk.tell(n * 600 + 21, Input::Attributed(credit));
    }
    desk
}
