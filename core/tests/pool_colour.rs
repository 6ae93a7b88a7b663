//! Colouring: numbers are given by the regions of those who saw them.

mod support;

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
