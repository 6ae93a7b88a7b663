//! What a pool is after a stop, and after a configuration that leaves its numbers where they are.

mod support;

use ringlet_core::entropy::Entropy;
use ringlet_core::id::{CallId, VisitId, VisitorId};
use ringlet_core::pool::*;
use ringlet_core::time::{Millis, UnixMillis};
use std::collections::{BTreeMap, BTreeSet};
use support::{Desk, START, number, numbers, sign};

/// The pool that the rows of a desk of `count` numbers give, everything written down before.
fn replayed(desk: &mut Desk, count: u64) -> Pool {
    desk.pool.checkpoint();
    desk.drain();
    let mut again = Pool::new(PoolConfig {
        numbers: numbers(count),
        ..PoolConfig::default()
    });
    for row in &desk.rows {
        again.replay(row);
    }
    again
}

#[test]
fn an_hour_of_a_pool_that_was_stopped_has_its_beginning() {
    const HOUR_S: u64 = 3_600;
    let mut desk = Desk::with(4);
    // A call before the first visitor, in the hour the pool begins with.
    let mark = CallMark {
        number: number(1),
        call: CallId(1),
    };
    desk.tell(0, Input::CallStarted(mark));
    desk.granted(10, 1);
    let second = desk.granted(HOUR_S, 2);
    desk.tell(HOUR_S + 60, Input::KeepAlive(sign(&second)));
    desk.pool = replayed(&mut desk, 4);
    desk.granted(HOUR_S + 120, 3);
    desk.granted(3 * HOUR_S, 4);
    let hours = desk.rows.iter().filter_map(|row| match &row.entry {
        JournalEntry::Hour(hour) => Some((hour.began, hour.calls, hour.granted)),
        _ => None,
    });
    let first = START - START % 3_600_000;
    let began = |nth: u64| UnixMillis(first + nth * 3_600_000);
    // What the second hour had counted by the stop is gone, its beginning is not.
    assert_eq!(
        hours.collect::<Vec<_>>(),
        [(began(0), 1, 1), (began(1), 0, 1)]
    );
    let told: Vec<UnixMillis> = desk.pool.tally().hours().map(|hour| hour.began).collect();
    assert_eq!(told, [began(0), began(1), began(3)]);
}

#[test]
fn a_configuration_that_moves_no_number_leaves_every_lease_where_it_is() {
    let mut desk = Desk::with(3);
    let (mine, theirs) = (desk.granted(0, 1), desk.granted(1, 2));
    desk.tell(2, Input::Idle(sign(&theirs)));
    let mut changed = desk.pool.config().clone();
    changed.times.hold_ms = Millis::from_secs(5);
    changed.numbers[2].role = Role::Disabled;
    let leaves = desk.tell(3, Input::Leave(sign(&mine)));
    assert_eq!(leaves, Reply::Noted);
    // By the times of before the hold goes on, by those of now it is over.
    desk.tell(60, Input::Reconfigure(Box::new(changed)));
    assert_eq!(desk.state(3), NumberState::Disabled);
    assert_eq!(desk.pool.lendable(), 2);
    assert!(!desk.pool.stands(mine.number, mine.lease));
    assert!(desk.pool.stands(theirs.number, theirs.lease));
    let mut again = replayed(&mut desk, 3);
    let now = desk.pool.now();
    again.handle_timeout(now);
    desk.pool.handle_timeout(now);
    assert_eq!(again.state(), desk.pool.state());
    assert_eq!(again.config(), desk.pool.config());
}

/// No lease that the rows tell of has number and generation of another; says how many there are.
fn distinct_leases(rows: &[JournalRow]) -> usize {
    let leases = rows.iter().filter_map(|row| match &row.entry {
        JournalEntry::Grant(granted) => Some((granted.number, granted.generation)),
        _ => None,
    });
    let mut seen = BTreeSet::new();
    for lease in leases {
        assert!(seen.insert(lease), "two leases are {lease:?}");
    }
    seen.len()
}

#[test]
fn a_number_that_was_forgotten_and_comes_again_is_lent_in_later_generations() {
    const DAY_S: u64 = 86_400;
    for snapshot in [false, true] {
        let mut desk = Desk::with(0);
        let whole = configured(&desk, 1, 2, 150);
        desk.tell(0, whole.clone());
        let old: Vec<Grant> = (1..=6)
            .map(|n| desk.granted(n * 10_000, n.into()))
            .collect();
        let rest = configured(&desk, 2, 2, 150);
        desk.tell(31 * DAY_S, rest.clone());
        desk.tell(31 * DAY_S, configured(&desk, 3, 3, 150));
        assert!(desk.pool.number(number(1)).is_none(), "it is forgotten");
        if snapshot {
            desk.pool.snapshot();
            desk.drain();
        }
        let from = desk.rows.iter().rev().find_map(|row| match row.entry {
            JournalEntry::Snapshot { of, part: 0, .. } => Some(of),
            _ => None,
        });
        let [mut again, _] = restored(&desk.rows, from.unwrap_or(1));
        while again.poll_output().is_some() {}
        desk.pool = again;
        desk.tell(32 * DAY_S, whole);
        for n in 0..6 {
            let new = desk.granted(32 * DAY_S + n * 10_000, 100 + u128::from(n));
            let before = old.iter().filter(|of| of.number == new.number);
            assert!(before.clone().all(|of| of.generation < new.generation));
            let stale = old.iter().map(|of| Sign::of(of.lease, of.generation));
            for sign in stale {
                let left = desk.tell(32 * DAY_S + n * 10_000 + 1, Input::Leave(sign));
                assert_eq!(left, Reply::Lost, "an old tab's message changes nothing");
            }
        }
        assert_eq!(distinct_leases(&desk.rows), 12);
    }
}

#[test]
fn a_snapshot_of_before_this_was_told_gives_no_generation_twice() {
    const DAY_S: u64 = 86_400;
    let mut desk = Desk::with(0);
    let whole = configured(&desk, 1, 2, 150);
    desk.tell(0, whole.clone());
    for n in 1..=6 {
        desk.granted(n * 10_000, n.into());
    }
    desk.tell(31 * DAY_S, configured(&desk, 3, 3, 150));
    let of = desk.pool.snapshot();
    desk.drain();
    for row in &mut desk.rows {
        if let JournalEntry::Snapshot {
            head: Some(head), ..
        } = &mut row.entry
        {
            head.gone = None;
        }
    }
    let [again, _] = restored(&desk.rows, of);
    desk.pool = again;
    desk.tell(32 * DAY_S, whole);
    for n in 0..6 {
        desk.granted(32 * DAY_S + n * 10_000, 100 + u128::from(n));
    }
    assert_eq!(distinct_leases(&desk.rows), 12);
}

/// What replay makes of the rows from `of` on: as they are, and with the numbers of parts packed.
fn restored(rows: &[JournalRow], of: u64) -> [Pool; 2] {
    let mut pools = [
        Pool::new(PoolConfig::default()),
        Pool::new(PoolConfig::default()),
    ];
    let mut past = BTreeMap::new();
    for row in rows.iter().filter(|row| row.row >= of) {
        pools[0].replay(row);
        let mut row = row.clone();
        match &mut row.entry {
            JournalEntry::Snapshot { numbers, .. } if !numbers.is_empty() => {
                let pieces = pack_parted(&core::mem::take(numbers)).unwrap();
                let at = row.row;
                pools[1].replay_packed(row, &pieces.numbers).unwrap();
                past.insert(at, pieces.past);
            }
            _ => {
                while let Some(part) = pools[1].lacks_to_replay(&row) {
                    pools[1].recall(part, &past[&part]).unwrap();
                }
                pools[1].replay(&row);
            }
        }
    }
    while let Some(part) = pools[1].lacks() {
        pools[1].recall(part, &past[&part]).unwrap();
    }
    pools
}

/// A pool of `count` numbers that three visitors each have had, all of them written down.
fn lived_in(count: u64) -> Desk {
    let mut desk = Desk::with(count);
    for visitor in 0..3 * count {
        let given = desk.granted(visitor * 400, u128::from(visitor) + 1);
        desk.tell(visitor * 400 + 20, Input::Leave(sign(&given)));
    }
    desk.pool.checkpoint();
    desk.drain();
    desk
}

/// The pool of a desk by the numbers `from` to `to`.
fn configured(desk: &Desk, from: u64, to: u64, hold_s: u64) -> Input {
    let mut config = desk.pool.config().clone();
    config.numbers = (from..=to)
        .map(|n| NumberConfig::dynamic(number(n)))
        .collect();
    config.times.hold_ms = Millis::from_secs(hold_s);
    Input::Reconfigure(Box::new(config))
}

#[test]
fn a_snapshot_goes_on_while_configurations_come() {
    let mut desk = lived_in(60);
    let now = 3 * 60 * 400;
    // Three numbers drain when it begins: none of the configuration's, and written down all the same.
    let fewer = configured(&desk, 4, 60, 150);
    desk.tell(now, fewer);
    let of = desk.pool.begin_snapshot();
    let mut visitor = 1_000;
    let configurations = [(4, 60, 60), (6, 62, 60), (2, 61, 90), (2, 61, 120)];
    for (step, (from, to, hold_s)) in configurations.into_iter().enumerate() {
        assert!(desk.pool.continue_snapshot(30));
        desk.drain();
        for _ in 0..5 {
            visitor += 1;
            desk.granted(now + visitor, u128::from(visitor));
        }
        let next = configured(&desk, from, to, hold_s);
        desk.tell(now + visitor, next);
        assert!(desk.pool.is_snapping(), "after configuration {step}");
    }
    while desk.pool.continue_snapshot(30) {}
    desk.granted(now + visitor + 1, 2_000);
    desk.pool.checkpoint();
    desk.drain();
    for mut again in restored(&desk.rows, of) {
        again.handle_timeout(desk.pool.now());
        desk.pool.handle_timeout(desk.pool.now());
        assert_eq!(again.config(), desk.pool.config());
        assert_eq!(again.state(), desk.pool.state());
        assert_eq!(again.own_delay_counts(), desk.pool.own_delay_counts());
        assert_eq!(again.lendable(), desk.pool.lendable());
        for visitor in 1..=2_000 {
            let ask = Acquire::of(VisitorId(visitor), VisitId(visitor));
            assert_eq!(
                again.keeps(&ask),
                desk.pool.keeps(&ask),
                "visitor {visitor}"
            );
        }
        // And both lend on alike.
        let mut other = desk.pool.clone();
        for visitor in 3_000..3_080 {
            let ask = Input::Acquire(Acquire::of(VisitorId(visitor), VisitId(visitor)));
            let now = desk.pool.now() + Millis(visitor as u64);
            let [one, two] = [&mut again, &mut other].map(|pool| {
                let mut entropy = Entropy::from_seed(visitor as u64);
                pool.handle_input(ask.clone(), now, &mut entropy)
            });
            let lent = |reply: &Reply| match reply {
                Reply::Granted(grant) => Some((grant.number, grant.generation)),
                _ => None,
            };
            assert_eq!(lent(&one), lent(&two), "visitor {visitor}");
        }
    }
}

#[test]
fn a_part_is_packed_as_its_numbers_are() {
    let mut desk = lived_in(40);
    desk.pool.begin_snapshot();
    let mut other = desk.pool.clone();
    let drained = |pool: &mut Pool| core::iter::from_fn(|| pool.poll_output()).last().unwrap();
    loop {
        let more = desk.pool.continue_snapshot(25);
        let part = other.continue_snapshot_packed(25).unwrap().unwrap();
        assert_eq!(part.more, more);
        let (whole, mut row) = (drained(&mut desk.pool), drained(&mut other));
        assert_eq!(part.row, row.row);
        let JournalEntry::Snapshot { numbers, .. } = &mut row.entry else {
            panic!("{row:?}")
        };
        assert_eq!(*numbers, []);
        let images = unpack_parted(&part.pieces.numbers, &part.pieces.past).unwrap();
        assert_eq!(pack_parted(&images).unwrap(), part.pieces);
        *numbers = images;
        assert_eq!(row, whole);
        if !more {
            break;
        }
    }
    assert!(other.continue_snapshot_packed(25).unwrap().is_none());
}
