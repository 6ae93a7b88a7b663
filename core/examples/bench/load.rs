//! The loads the core is measured under, the same natively and in WebAssembly.

use ringlet_core::entropy::Entropy;
use ringlet_core::id::{VisitId, VisitorId};
use ringlet_core::phone::E164;
use ringlet_core::pool::{
    Acquire, Colouring, Facts, Grant, Input, NumberConfig, Pool, PoolConfig, Region, Reply, Sign,
    TabId,
};
use ringlet_core::time::UnixMillis;

const START: u64 = 1_800_000_000_000;
/// A number is lent anew about every half hour: 10,000 visits a day on some 230 numbers.
const REUSE_MS: u64 = 1_800_000;
/// A visitor is active for about this long.
const ACTIVE_MS: u64 = 100_000;

/// A pool in the middle of its life: every ring of recent holders full, grants and leaves going on.
pub(crate) struct Load {
    pool: Pool,
    entropy: Entropy,
    now: u64,
    step_ms: u64,
    visitors: u128,
    /// Standing leases of active visitors, a ring.
    active: Vec<Grant>,
    next: usize,
}

impl Load {
    /// A pool of `numbers`, lived in until its rings are full.
    pub(crate) fn new(numbers: u64) -> Self {
        Self::of(numbers, Colouring::Off)
    }

    /// The same, lived in by visitors of twenty regions, its numbers coloured by them or not.
    pub(crate) fn of(numbers: u64, region_colouring: Colouring) -> Self {
        let number = |n: u64| E164::parse(&(74_950_000_000u64 + n).to_string()).ok();
        let config = PoolConfig {
            numbers: (0..numbers)
                .filter_map(number)
                .map(NumberConfig::dynamic)
                .collect(),
            region_colouring,
            ..PoolConfig::default()
        };
        let mut load = Self {
            pool: Pool::new(config),
            entropy: Entropy::from_seed(1),
            now: START,
            step_ms: (REUSE_MS / numbers).max(1),
            visitors: 0,
            active: Vec::new(),
            next: 0,
        };
        let rounds = ringlet_core::pool::holders_per_number(numbers as usize) as u64 + 2;
        load.acquire(numbers * rounds);
        load
    }

    /// `count` newcomers get numbers, and as many earlier ones leave.
    pub(crate) fn acquire(&mut self, count: u64) -> u64 {
        let at_once = (ACTIVE_MS / self.step_ms).max(1) as usize;
        let mut granted = 0;
        for _ in 0..count {
            self.now += self.step_ms;
            self.visitors += 1;
            let ask = Acquire {
                tab: TabId(1),
                facts: Facts {
                    region: Region(self.entropy.next_u128() as u32 % 20 + 1),
                    ..Facts::default()
                },
                ..Acquire::of(VisitorId(self.visitors << 64), VisitId(self.visitors))
            };
            let reply = self.tell(Input::Acquire(ask));
            let Reply::Granted(grant) = reply else {
                continue;
            };
            granted += 1;
            if self.active.len() < at_once {
                self.active.push(grant);
                continue;
            }
            self.next = (self.next + 1) % at_once;
            let leaver = core::mem::replace(&mut self.active[self.next], grant);
            let _ = self.tell(Input::Leave(Self::sign(&leaver)));
        }
        granted
    }

    /// Fills the pool with visitors who are all active.
    pub(crate) fn fill(&mut self) {
        self.step_ms = 0;
        let numbers = self.pool.config().numbers.len();
        // Everybody who is here leaves, so that every number is lent once to one who stays.
        for grant in core::mem::take(&mut self.active) {
            let _ = self.tell(Input::Leave(Self::sign(&grant)));
        }
        for _ in 0..numbers {
            self.visitors += 1;
            let ask = Acquire {
                tab: TabId(1),
                ..Acquire::of(VisitorId(self.visitors << 64), VisitId(self.visitors))
            };
            if let Reply::Granted(grant) = self.tell(Input::Acquire(ask)) {
                self.active.push(grant);
            }
        }
    }

    /// `count` signs of activity from visitors in no order.
    pub(crate) fn beat(&mut self, count: u64) -> u64 {
        let mut kept = 0;
        let mut at = 1usize;
        for n in 0..count {
            at = (at * 40_503 + 12_345) % self.active.len();
            self.now += n & 1;
            let sign = Self::sign(&self.active[at]);
            if let Reply::Kept(_) = self.tell(Input::KeepAlive(sign)) {
                kept += 1;
            }
        }
        kept
    }

    fn sign(grant: &Grant) -> Sign {
        Sign {
            tab: TabId(1),
            ..Sign::of(grant.lease, grant.generation)
        }
    }

    fn tell(&mut self, input: Input) -> Reply {
        let reply = self
            .pool
            .handle_input(input, UnixMillis(self.now), &mut self.entropy);
        while let Some(row) = self.pool.poll_output() {
            drop(row);
        }
        reply
    }
}
