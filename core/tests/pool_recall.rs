//! A pool that is built without most of its past holders, and given them when they are needed or at
//! any other time, is the pool that has them from the start.

mod support;

use proptest::prelude::*;
use ringlet_core::entropy::Entropy;
use ringlet_core::id::{VisitId, VisitorId};
use ringlet_core::pool::*;
use ringlet_core::time::UnixMillis;
use std::collections::BTreeMap;
use support::{START, numbers, sign};

const VISITORS: u64 = 9;

/// Ids that differ in either half.
fn id(visitor: u64) -> VisitorId {
    VisitorId(u128::from(visitor + 1) * (1 << 64 | 1))
}

/// One thing that happens, some time after the one before.
#[derive(Clone, Copy, Debug)]
enum Step {
    Asks(u64),
    Leaves(u64),
    Taps(u64),
    /// Who asked last is credited with a call, or who asked so many grants before him.
    Calls(usize),
    /// The pool gets so many numbers.
    Configured(u64),
    /// A part is read that nobody waits for.
    Recalled,
}

fn step() -> impl Strategy<Value = (u64, Step)> {
    let what = prop_oneof![
        8 => (0..VISITORS).prop_map(Step::Asks),
        4 => (0..VISITORS).prop_map(Step::Leaves),
        2 => (0..VISITORS).prop_map(Step::Taps),
        2 => (0usize..6).prop_map(Step::Calls),
        1 => (2u64..6).prop_map(Step::Configured),
        1 => Just(Step::Recalled),
    ];
    (1u64..400, what)
}

/// A pool, and what was given.
#[derive(Clone)]
struct Side {
    pool: Pool,
    entropy: Entropy,
    grants: Vec<Grant>,
    /// Past holders that the pool was built without.
    past: BTreeMap<u64, Vec<u8>>,
}

impl Side {
    /// Says what the pool answered; whatever the answer needs is read before.
    fn step(&mut self, now: UnixMillis, step: Step) -> Option<Reply> {
        let latest = |visitor| {
            let of = |grant: &&Grant| grant.visitor == id(visitor);
            self.grants.iter().rev().find(of).cloned()
        };
        let input = match step {
            Step::Asks(visitor) => {
                // Some come back within their visit, some in another, all with a key of their own.
                let visit = u128::from(now.0 / 600_000) << 8 | u128::from(visitor);
                let ask = Acquire {
                    key: u128::from(now.0),
                    ..Acquire::of(id(visitor), VisitId(visit))
                };
                while let Some(part) = self.pool.lacks_for(&ask) {
                    self.recall(part);
                }
                Input::Acquire(ask)
            }
            Step::Leaves(visitor) => Input::Leave(sign(&latest(visitor)?)),
            Step::Taps(visitor) => Input::Tap(sign(&latest(visitor)?)),
            Step::Calls(before) => {
                let grant = *self.grants.iter().rev().nth(before)?;
                // It is counted for all who had the number.
                self.recall_all();
                Input::Attributed(Attributed {
                    number: grant.number,
                    lease: grant.lease,
                    at: now,
                    share: 0.75,
                    caller: Region(0),
                    share_without_region: 0.75,
                })
            }
            Step::Configured(count) => {
                let config = PoolConfig {
                    numbers: numbers(count),
                    ..self.pool.config().clone()
                };
                Input::Reconfigure(Box::new(config))
            }
            Step::Recalled => {
                if let Some(part) = self.pool.lacks() {
                    self.recall(part);
                }
                return None;
            }
        };
        let reply = self.pool.handle_input(input, now, &mut self.entropy);
        if let Reply::Granted(grant) = &reply {
            self.grants.push(*grant);
        }
        Some(reply)
    }

    fn recall(&mut self, part: u64) {
        self.pool.recall(part, &self.past[&part]).unwrap();
    }

    fn recall_all(&mut self) {
        while let Some(part) = self.pool.lacks() {
            self.recall(part);
        }
    }

    fn rows(&mut self) -> Vec<JournalRow> {
        core::iter::from_fn(|| self.pool.poll_output()).collect()
    }
}

/// The pool of these rows, lacking what it can, and the same whole.
fn rebuilt(rows: &[JournalRow], parts: &BTreeMap<u64, Pieces>) -> (Side, Pool) {
    let mut lacking = Side {
        pool: Pool::new(PoolConfig::default()),
        entropy: Entropy::from_seed(11),
        grants: Vec::new(),
        past: BTreeMap::new(),
    };
    let mut whole = Pool::new(PoolConfig::default());
    for row in rows {
        let Some(pieces) = parts.get(&row.row) else {
            while let Some(part) = lacking.pool.lacks_to_replay(row) {
                lacking.recall(part);
            }
            lacking.pool.replay(row);
            whole.replay(row);
            continue;
        };
        lacking.past.insert(row.row, pieces.past.clone());
        lacking
            .pool
            .replay_packed(row.clone(), &pieces.numbers)
            .unwrap();
        let mut row = row.clone();
        let JournalEntry::Snapshot { numbers, .. } = &mut row.entry else {
            panic!("{row:?}")
        };
        *numbers = unpack_parted(&pieces.numbers, &pieces.past).unwrap();
        whole.replay(&row);
    }
    (lacking, whole)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: support::cases(256),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_read_later_makes_no_difference(
        (count, per_number, part) in (2u64..6, 1usize..5, 1usize..8),
        before in prop::collection::vec(step(), 5..50),
        amid in prop::collection::vec(step(), 0..8),
        after in prop::collection::vec(step(), 0..20),
        later in prop::collection::vec(step(), 1..30),
    ) {
        let mut live = Side {
            pool: Pool::new(PoolConfig {
                numbers: numbers(count),
                holders_per_number: per_number,
                ..PoolConfig::default()
            }),
            entropy: Entropy::from_seed(7),
            grants: Vec::new(),
            past: BTreeMap::new(),
        };
        let mut now = UnixMillis(START);
        let mut take = |side: &mut Side, (seconds, step): (u64, Step)| {
            now = UnixMillis(now.0 + seconds * 1_000);
            side.step(now, step);
        };
        before.into_iter().for_each(|step| take(&mut live, step));
        live.rows();
        // Written a part at a time, while things go on; broken off where rings change.
        let mut parts = BTreeMap::new();
        let of = live.pool.begin_snapshot();
        let mut amid = amid.into_iter();
        while let Some(of) = live.pool.continue_snapshot_packed(part).unwrap() {
            parts.insert(of.row, of.pieces);
            if let Some(step) = amid.next() {
                take(&mut live, step);
            }
        }
        after.into_iter().for_each(|step| take(&mut live, step));
        live.pool.checkpoint();
        let rows = live.rows();
        let is_last = |row: &JournalRow| matches!(row.entry, JournalEntry::Snapshot { last, .. } if last);
        prop_assume!(rows[0].row == of && rows.iter().any(is_last));

        let (mut lacking, whole) = rebuilt(&rows, &parts);
        let mut whole = Side { pool: whole, past: BTreeMap::new(), ..lacking.clone() };
        (lacking.grants, whole.grants) = (live.grants.clone(), live.grants);
        for (seconds, step) in later {
            now = UnixMillis(now.0 + seconds * 1_000);
            prop_assert_eq!(lacking.step(now, step), whole.step(now, step));
            prop_assert_eq!(lacking.rows(), whole.rows());
        }
        lacking.recall_all();
        prop_assert_eq!(lacking.pool.state(), whole.pool.state());
        prop_assert_eq!(lacking.pool.own_delay_counts(), whole.pool.own_delay_counts());
        for visitor in 0..VISITORS {
            let ask = Acquire::of(id(visitor), VisitId(1));
            prop_assert_eq!(lacking.pool.keeps(&ask), whole.pool.keeps(&ask));
        }
        lacking.pool.catch_up();
        prop_assert!(!lacking.pool.is_behind());
        prop_assert_eq!(lacking.pool.state(), whole.pool.state());
    }
}
