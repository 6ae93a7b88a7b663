//! What a pool is after a stop, and after a configuration that leaves its numbers where they are.

mod support;

use ringlet_core::id::CallId;
use ringlet_core::pool::*;
use ringlet_core::time::{Millis, UnixMillis};
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
