//! What the pool costs: memory for the largest pool, and nothing on the heap for a heartbeat.

mod support;

use ringlet_core::id::{VisitId, VisitorId};
use ringlet_core::pool::*;
use ringlet_core::time::UnixMillis;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use support::{Desk, START, sign};

/// Counts what this thread allocates.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<i64> = const { Cell::new(0) };
}

fn count(bytes: i64, allocations: u64) {
    // A thread that is ending has nothing left to count with.
    let _ = BYTES.try_with(|held| held.set(held.get() + bytes));
    let _ = ALLOCATIONS.try_with(|made| made.set(made.get() + allocations));
}

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64, 1);
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64), 0);
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A pool of `count` numbers whose every ring of recent holders is full.
fn lived_in(count: u64, region_colouring: Colouring) -> Desk {
    let mut desk = Desk::new(PoolConfig {
        numbers: support::numbers(count),
        region_colouring,
        ..PoolConfig::default()
    });
    let holders = holders_per_number(count as usize) as u64;
    for n in 0..count * (holders + 1) {
        let ask = Acquire::of(VisitorId(u128::from(n) << 64), VisitId(u128::from(n) + 1));
        // Half an hour between two holders of a number: each is idle when the next one comes.
        let now = UnixMillis(START + n * 1_800_000 / count);
        desk.tell_at(now, Input::Acquire(ask));
        desk.rows.clear();
    }
    desk
}

/// A hundred thousand holders, ten of each number and as many as a number ever remembers.
#[test]
fn ten_thousand_numbers_and_a_hundred_thousand_holders_fit_in_16_mib() {
    for (numbers, expected) in [(10_000, 100_000), (781, 781 * 128)] {
        let before = BYTES.get();
        let desk = lived_in(numbers, Colouring::On);
        let held = BYTES.get() - before;
        let holders: usize = desk.pool.state().iter().map(|n| n.holders.len()).sum();
        assert_eq!(holders, expected);
        assert!(held <= 16 << 20, "{held} bytes");
        let said = desk.pool.heap_bytes() as i64;
        assert!((said - held).abs() < held / 10, "says {said}, holds {held}");
    }
}

#[test]
fn a_heartbeat_allocates_nothing() {
    let mut desk = lived_in(100, Colouring::On);
    let now = desk.pool.now();
    let mut grants = Vec::new();
    for visitor in 0..100u128 {
        let ask = Acquire::of(VisitorId(visitor), VisitId(visitor));
        if let Reply::Granted(grant) = desk.tell_at(now, Input::Acquire(ask)) {
            grants.push(grant);
        }
    }
    assert!(grants.len() > 50, "{}", grants.len());
    let before = ALLOCATIONS.get();
    for second in 1..100u64 {
        for grant in &grants {
            let at = UnixMillis(now.0 + second * 1_000);
            let input = Input::KeepAlive(sign(grant));
            let reply = desk.pool.handle_input(input, at, &mut desk.entropy);
            assert!(matches!(reply, Reply::Kept(_)));
            assert!(desk.pool.poll_output().is_none());
        }
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
}

#[test]
fn activity_of_a_whole_pool_is_one_row() {
    let mut desk = Desk::with(500);
    let grants: Vec<Grant> = (1..=500).map(|n| desk.granted(0, n)).collect();
    desk.rows.clear();
    for grant in &grants {
        desk.tell(30, Input::KeepAlive(sign(grant)));
    }
    assert!(desk.rows.is_empty());
    desk.pool.checkpoint();
    desk.drain();
    assert_eq!(desk.rows.len(), 1);
    desk.pool.checkpoint();
    desk.drain();
    assert_eq!(desk.rows.len(), 1, "nothing changed, nothing is written");
}
