//! The life of a lease, told step by step.

mod support;

use ringlet_core::delay::{DelayModel, Engagement, bin_of};
use ringlet_core::id::{CallId, VisitId, VisitorId};
use ringlet_core::pool::*;
use ringlet_core::time::{Millis, UnixMillis};
use support::{Desk, START, national, number, numbers, sign};

#[test]
fn two_visitors_have_two_numbers_and_the_third_the_reserve() {
    let mut config = PoolConfig {
        numbers: numbers(2),
        ..PoolConfig::default()
    };
    config.numbers.push(NumberConfig::reserve(number(99)));
    let mut desk = Desk::new(config);
    let (a, b) = (desk.granted(0, 1), desk.granted(1, 2));
    assert_ne!(a.number, b.number);
    assert_eq!(desk.ask(2, 3), Reply::Instead(Instead::Reserve(number(99))));
    assert_eq!(desk.rows.len(), 2);
}

#[test]
fn asking_again_keeps_the_lease_and_writes_nothing() {
    let mut desk = Desk::with(3);
    let first = desk.granted(0, 1);
    let again = desk.granted(5, 1);
    assert_eq!(
        (first.lease, first.generation),
        (again.lease, again.generation)
    );
    assert_eq!(again.kind, GrantKind::Kept);
    assert_eq!(desk.rows.len(), 1);
}

#[test]
fn an_idle_visitor_keeps_his_number_until_somebody_needs_it() {
    let mut desk = Desk::with(1);
    let mine = desk.granted(0, 1);
    desk.tell(60, Input::Idle(sign(&mine)));
    assert_eq!(desk.state(1), NumberState::Idle);
    let back = desk.tell(600, Input::ActivityStarted(sign(&mine)));
    assert!(matches!(back, Reply::Kept(_)));
    desk.tell(660, Input::Idle(sign(&mine)));
    let theirs = desk.granted(700, 2);
    assert_eq!(theirs.number, mine.number);
    assert!(theirs.generation > mine.generation);
    assert_eq!(
        desk.tell(701, Input::ActivityStarted(sign(&mine))),
        Reply::Lost
    );
}

#[test]
fn who_comes_back_after_his_number_was_lent_on_is_no_bounce() {
    // Idle for so long, and in the same visit or in another: what the new lease begins with.
    let facts = |idle_s: u64, same_visit: bool| {
        let mut desk = Desk::with(1);
        let mine = desk.granted(0, 1);
        let intent = Sign {
            intent: true,
            ..sign(&mine)
        };
        desk.tell(15, Input::KeepAlive(intent));
        desk.tell(15, Input::Idle(sign(&mine)));
        let theirs = desk.granted(16, 2);
        desk.tell(17, Input::Leave(sign(&theirs)));
        let visit = VisitId(if same_visit { 1 } else { 9 });
        desk.tell(
            15 + idle_s,
            Input::Acquire(Acquire::of(VisitorId(1), visit)),
        );
        match &desk.rows.last().unwrap().entry {
            JournalEntry::Grant(row) => (row.facts.engagement, row.facts.intent),
            other => panic!("no grant row: {other:?}"),
        }
    };
    assert_eq!(facts(600, true), (Some(Engagement::Deep), true));
    // The page lost its number while he was hardly away.
    assert_eq!(facts(20, true), (Some(Engagement::Bounce), true));
    assert_eq!(facts(600, false), (None, false));
}

#[test]
fn a_tab_long_closed_does_not_shorten_the_hold_after_the_last_one() {
    let mut config = PoolConfig {
        numbers: numbers(1),
        ..PoolConfig::default()
    };
    config.policy = Policy::roistat();
    let (open_s, hold_s) = (config.times.tab_open_ms.0 / 1_000, 150);
    let mut desk = Desk::new(config);
    let mine = desk.granted(0, 1);
    let other = Sign {
        tab: TabId(7),
        ..sign(&mine)
    };
    desk.tell(open_s / 2, Input::ActivityStarted(other));
    // The first tab was never heard of again; the second is closed now.
    let left_s = open_s + hold_s;
    desk.tell(left_s, Input::Leave(other));
    assert_eq!(desk.state(1), NumberState::Held);
    let start = UnixMillis(START);
    desk.pool
        .handle_timeout(start + Millis::from_secs(left_s + hold_s - 1));
    assert_eq!(desk.state(1), NumberState::Held);
    desk.pool
        .handle_timeout(start + Millis::from_secs(left_s + hold_s));
    assert_eq!(desk.state(1), NumberState::Free);
}

#[test]
fn a_tab_thought_closed_that_leaves_was_there_until_then() {
    let mut config = PoolConfig {
        numbers: numbers(1),
        ..PoolConfig::default()
    };
    config.policy = Policy::roistat();
    let (open_s, hold_s) = (config.times.tab_open_ms.0 / 1_000, 150);
    let mut desk = Desk::new(config);
    let mine = desk.granted(0, 1);
    let left_s = open_s + hold_s / 2;
    desk.tell(left_s, Input::Leave(sign(&mine)));
    let start = UnixMillis(START);
    desk.pool
        .handle_timeout(start + Millis::from_secs(left_s + hold_s - 1));
    assert_eq!(desk.state(1), NumberState::Held);
    desk.pool
        .handle_timeout(start + Millis::from_secs(left_s + hold_s));
    assert_eq!(desk.state(1), NumberState::Free);
}

#[test]
fn calls_that_overlap_run_out_of_time_one_by_one() {
    let mut desk = Desk::with(1);
    desk.granted(0, 1);
    let call_s = Times::default().call_ms.0 / 1_000;
    for (at_s, call) in [(0, 1), (300, 2)] {
        let (number, call) = (number(1), CallId(call));
        desk.tell(at_s, Input::CallStarted(CallMark { number, call }));
    }
    let going_on = |desk: &mut Desk, at_s: u64| {
        desk.pool.handle_timeout(UnixMillis(START + at_s * 1_000));
        desk.pool.state()[0].calls.len()
    };
    assert_eq!(going_on(&mut desk, call_s - 1), 2);
    assert_eq!(going_on(&mut desk, call_s), 1);
    assert_eq!(going_on(&mut desk, call_s + 299), 1);
    assert_eq!(going_on(&mut desk, call_s + 300), 0);
}

#[test]
fn a_closed_page_starts_the_hold_and_coming_back_reclaims() {
    let mut desk = Desk::with(2);
    let mine = desk.granted(0, 1);
    desk.tell(10, Input::Leave(sign(&mine)));
    assert_eq!(desk.state(1), NumberState::Held);
    desk.pool.handle_timeout(UnixMillis(START + 161_000));
    assert_eq!(desk.state(1), NumberState::Free);
    let again = desk.granted(900, 1);
    assert_eq!(again.number, mine.number);
    assert_eq!(again.kind, GrantKind::Reclaimed);
    assert_ne!(again.lease, mine.lease);
}

#[test]
fn one_tab_of_two_leaving_does_not_end_the_visit() {
    let mut desk = Desk::with(1);
    let mine = desk.granted(0, 1);
    let tab = |n| Sign {
        tab: TabId(n),
        ..sign(&mine)
    };
    desk.tell(1, Input::KeepAlive(tab(0)));
    desk.tell(2, Input::KeepAlive(tab(5)));
    desk.tell(3, Input::Leave(tab(0)));
    assert_eq!(desk.state(1), NumberState::Active);
    desk.tell(4, Input::Leave(tab(5)));
    assert_eq!(desk.state(1), NumberState::Held);
}

#[test]
fn a_silent_page_counts_as_idle_since_its_last_sign() {
    let mut desk = Desk::with(1);
    let mine = desk.granted(0, 1);
    desk.tell(30, Input::KeepAlive(sign(&mine)));
    desk.pool.handle_timeout(UnixMillis(START + 179_000));
    assert_eq!(desk.state(1), NumberState::Active);
    desk.pool.handle_timeout(UnixMillis(START + 500_000));
    assert_eq!(desk.state(1), NumberState::Idle);
    let holder = desk.pool.number(number(1)).unwrap().holder.unwrap();
    assert_eq!(holder.last_activity, UnixMillis(START + 30_000));
}

#[test]
fn a_call_in_progress_pins_its_number() {
    let mut desk = Desk::with(1);
    let mine = desk.granted(0, 1);
    desk.tell(5, Input::Leave(sign(&mine)));
    let mark = CallMark {
        number: number(1),
        call: CallId(1),
    };
    desk.tell(6, Input::CallStarted(mark));
    desk.tell(6, Input::CallStarted(mark));
    assert_eq!(desk.ask(1_000, 2), Reply::Instead(Instead::Page));
    desk.tell(1_001, Input::CallEnded(mark));
    assert_eq!(desk.granted(1_002, 2).number, number(1));
    // Grant, call, end, grant: the call told twice is one row.
    assert_eq!(desk.rows.len(), 4);
}

#[test]
fn a_retry_with_the_same_key_gets_the_same_lease() {
    let mut desk = Desk::with(3);
    let mut ask = |second, visitor| {
        let ask = Acquire {
            key: key_of("k1"),
            ..Acquire::of(VisitorId(visitor), VisitId(visitor))
        };
        match desk.tell(second, Input::Acquire(ask)) {
            Reply::Granted(grant) => grant,
            other => panic!("{other:?}"),
        }
    };
    // The first answer was lost, so the edge made new ids for the retry.
    let (first, second) = (ask(0, 1), ask(2, 2));
    assert_eq!(second.lease, first.lease);
    assert_eq!(second.visitor, VisitorId(1));
    assert_eq!(desk.rows.len(), 1);
}

#[test]
fn a_new_visit_keeps_the_number_and_writes_its_context() {
    let mut desk = Desk::with(3);
    let first = desk.granted(0, 1);
    let ask = Acquire {
        context: "second".to_owned(),
        ..Acquire::of(VisitorId(1), VisitId(77))
    };
    let Reply::Granted(second) = desk.tell(50, Input::Acquire(ask)) else {
        panic!("no grant")
    };
    assert_eq!(second.number, first.number);
    assert_eq!(second.kind, GrantKind::NewVisit);
    let JournalEntry::Grant(row) = &desk.rows[1].entry else {
        panic!("no row")
    };
    assert_eq!(row.context, "second");
    assert_eq!(desk.tell(51, Input::KeepAlive(sign(&first))), Reply::Lost);
}

#[test]
fn a_number_that_leaves_the_configuration_drains() {
    let mut desk = Desk::with(2);
    let (a, b) = (desk.granted(0, 1), desk.granted(0, 2));
    let config = PoolConfig {
        numbers: vec![NumberConfig::dynamic(b.number)],
        ..PoolConfig::default()
    };
    desk.tell(10, Input::Reconfigure(Box::new(config)));
    let kept = desk.tell(11, Input::KeepAlive(sign(&a)));
    assert!(matches!(kept, Reply::Kept(_)));
    let state = |desk: &Desk| desk.pool.number(a.number).unwrap().state;
    assert_eq!(state(&desk), NumberState::Draining);
    desk.tell(20, Input::Leave(sign(&a)));
    // The other number's visitor is still there, and the removed one is not lent again.
    desk.tell(150, Input::KeepAlive(sign(&b)));
    assert_eq!(desk.ask(200, 3), Reply::Instead(Instead::Page));
    assert_eq!(state(&desk), NumberState::Disabled);
    // A late call to the removed number still finds who saw it.
    let candidates = desk
        .pool
        .candidates(a.number, UnixMillis(START + 2_000_000));
    assert_eq!(candidates[0].visitor, VisitorId(1));
}

#[test]
fn time_never_goes_back() {
    let mut desk = Desk::with(1);
    desk.granted(1_000, 1);
    desk.granted(0, 1);
    assert_eq!(desk.pool.now(), UnixMillis(START + 1_000_000));
}

/// Both settled to the same instant, without a page of output when they differ.
fn assert_same(a: &mut Pool, b: &mut Pool) {
    let now = a.now().max(b.now());
    a.handle_timeout(now);
    b.handle_timeout(now);
    for (a, b) in a.state().into_iter().zip(b.state()) {
        assert_eq!(a, b);
    }
}

#[test]
fn replay_gives_the_same_pool() {
    let mut desk = Desk::with(3);
    let a = desk.granted(0, 1);
    let b = desk.granted(4, 2);
    desk.tell(10, Input::KeepAlive(sign(&a)));
    desk.tell(20, Input::Tap(sign(&b)));
    let quiet = Sign {
        quiet_ms: Millis(9_000),
        ..sign(&a)
    };
    desk.tell(30, Input::Idle(quiet));
    desk.granted(40, 3);
    desk.pool.checkpoint();
    desk.drain();
    let mut again = Pool::new(desk.pool.config().clone());
    for row in &desk.rows {
        again.replay(row);
    }
    assert_same(&mut again, &mut desk.pool);
}

#[test]
fn a_snapshot_stands_for_all_before_it() {
    let mut desk = Desk::with(5);
    for visitor in 0..40 {
        desk.granted(visitor * 200, u128::from(visitor) + 1);
    }
    let first = desk.pool.snapshot();
    desk.drain();
    desk.granted(9_000, 100);
    let mut again = Pool::new(PoolConfig::default());
    for row in desk.rows.iter().filter(|row| row.row >= first) {
        again.replay(row);
    }
    assert_same(&mut again, &mut desk.pool);
}

#[test]
fn a_call_credited_between_two_parts_of_a_snapshot_is_learnt_from_once() {
    let mut desk = Desk::with(5);
    let grants: Vec<Grant> = (0..5).map(|n| desk.granted(n, u128::from(n) + 1)).collect();
    let first = desk.pool.begin_snapshot();
    assert!(desk.pool.continue_snapshot(1), "four numbers are left");
    // One of a number that is written, and one of a number that is not.
    for grant in [&grants[0], &grants[4]] {
        let credit = Attributed {
            number: grant.number,
            lease: grant.lease,
            at: UnixMillis(START + 60_000),
            share: 1.0,
            caller: Region(3),
            share_without_region: 1.0,
        };
        desk.tell(60, Input::Attributed(credit));
    }
    while desk.pool.continue_snapshot(1) {}
    desk.drain();
    desk.tell(61, Input::Quarantine(number(1), UnixMillis(START + 90_000)));
    let mut again = Pool::new(PoolConfig::default());
    for row in desk.rows.iter().filter(|row| row.row >= first) {
        again.replay(row);
    }
    assert_eq!(again.delay_counts(), desk.pool.delay_counts());
    assert_eq!(again.regions(), desk.pool.regions());
    assert_same(&mut again, &mut desk.pool);
    // Begun at the first row, the parts among the others change nothing.
    let mut whole = Pool::new(PoolConfig {
        numbers: numbers(5),
        ..PoolConfig::default()
    });
    desk.rows.iter().for_each(|row| whole.replay(row));
    assert_eq!(whole.delay_counts(), desk.pool.delay_counts());
    assert_same(&mut whole, &mut desk.pool);
}

#[test]
fn the_same_configuration_again_is_no_change() {
    let mut desk = Desk::with(3);
    desk.granted(0, 1);
    desk.pool.begin_snapshot();
    desk.drain();
    let told = |desk: &Desk| {
        let configured = |row: &&JournalRow| matches!(row.entry, JournalEntry::Configured(_));
        desk.rows.iter().filter(configured).count()
    };
    let config = PoolConfig {
        hash_seed: 7,
        ..desk.pool.config().clone()
    };
    desk.tell(1, Input::Reconfigure(Box::new(config.clone())));
    assert!(desk.pool.is_snapping(), "what is being written goes on");
    assert_eq!(told(&desk), 0);
    let times = Times {
        hold_ms: Millis(1),
        ..config.times
    };
    let other = PoolConfig { times, ..config };
    desk.tell(1, Input::Reconfigure(Box::new(other)));
    assert_eq!(told(&desk), 1);
}

#[test]
fn numbers_that_come_or_go_break_a_snapshot_off() {
    let mut desk = Desk::with(3);
    desk.granted(0, 1);
    desk.pool.begin_snapshot();
    assert!(desk.pool.continue_snapshot(1));
    let config = PoolConfig {
        numbers: numbers(4),
        ..PoolConfig::default()
    };
    desk.tell(1, Input::Reconfigure(Box::new(config)));
    assert!(!desk.pool.is_snapping());
    assert!(!desk.pool.continue_snapshot(1), "nothing is begun");
    let whole = |row: &JournalRow| matches!(row.entry, JournalEntry::Snapshot { last: true, .. });
    desk.drain();
    assert!(!desk.rows.iter().any(whole));
}

#[test]
fn a_lease_due_while_the_model_is_learnt_anew_ends_all_the_same() {
    let mut desk = Desk::new(PoolConfig {
        numbers: numbers(40),
        policy: Policy::fixed(Millis::from_mins(15)),
        ..PoolConfig::default()
    });
    let grants: Vec<Grant> = (0..40)
        .map(|n| desk.granted(n, u128::from(n) + 1))
        .collect();
    assert!(matches!(desk.ask(60, 100), Reply::Instead(_)));
    // All leases are due, none is settled yet, and enough calls come to learn from.
    for (place, grant) in grants.iter().enumerate() {
        let call = CallMark {
            number: grant.number,
            call: CallId(place as u128 + 1),
        };
        desk.tell(2_000, Input::CallStarted(call));
        desk.tell(2_000, Input::CallEnded(call));
        desk.tell(
            2_000,
            Input::Attributed(Attributed {
                number: grant.number,
                lease: grant.lease,
                at: UnixMillis(START + 2_000_000),
                share: 1.0,
                caller: Region(0),
                share_without_region: 1.0,
            }),
        );
        if place == 32 {
            break;
        }
    }
    for visitor in 0..40 {
        desk.granted(2_001, 200 + visitor);
    }
}

#[test]
fn a_pool_split_by_source_lends_each_source_its_own() {
    let of = |n, source| NumberConfig {
        source: Source::of(source),
        ..NumberConfig::dynamic(number(n))
    };
    let mut desk = Desk::new(PoolConfig {
        numbers: vec![of(1, "yandex"), of(2, "google"), of(3, "yandex")],
        policy: Policy {
            by_source: true,
            ..Policy::ringlet()
        },
        ..PoolConfig::default()
    });
    let mut ask = |visitor, source| {
        let facts = Facts {
            source: Source::of(source),
            ..Facts::default()
        };
        let ask = Acquire {
            facts,
            ..Acquire::of(VisitorId(visitor), VisitId(visitor))
        };
        match desk.tell(visitor as u64, Input::Acquire(ask)) {
            Reply::Granted(grant) => Some(grant.number),
            _ => None,
        }
    };
    let given = [
        ask(1, "Google"),
        ask(2, "google"),
        ask(3, "yandex"),
        ask(4, "yandex "),
        ask(5, "bing"),
    ];
    let expected = [Some(2), None, Some(1), Some(3), None].map(|n: Option<u64>| n.map(number));
    assert_eq!(given, expected);
}

#[test]
fn a_credited_call_frees_the_number_for_others_sooner() {
    let mut desk = Desk::with(2);
    let (a, b) = (desk.granted(0, 1), desk.granted(0, 2));
    for grant in [&a, &b] {
        desk.tell(30, Input::Leave(sign(grant)));
    }
    let credit = Attributed {
        number: b.number,
        lease: b.lease,
        at: UnixMillis(START + 60_000),
        share: 0.9,
        caller: Region(0),
        share_without_region: 0.9,
    };
    desk.tell(61, Input::Attributed(credit));
    desk.tell(62, Input::Attributed(credit));
    let credits = desk
        .rows
        .iter()
        .filter(|row| matches!(row.entry, JournalEntry::Attributed(_)));
    assert_eq!(credits.count(), 1, "a credit told twice is one row");
    assert_eq!(
        desk.rows.len(),
        4,
        "two grants, and before the credit what signs told"
    );
    // Without the call the first of two equals would go.
    assert_eq!(desk.granted(120, 3).number, b.number);
    let called = desk.pool.candidates(b.number, UnixMillis(START + 130_000));
    assert!(called[1].called && !called[0].called);
    assert_eq!(desk.pool.delay_counts().calls_total() as f32, 0.9);
}

#[test]
fn a_pool_written_down_before_its_first_visitor_still_takes_the_oldest() {
    let config = PoolConfig {
        numbers: numbers(2),
        policy: Policy::ringostat(),
        ..PoolConfig::default()
    };
    let mut desk = Desk::new(config.clone());
    desk.pool.snapshot();
    desk.drain();
    desk.pool = Pool::new(config);
    desk.rows.iter().for_each(|row| desk.pool.replay(row));
    let (first, second) = (desk.granted(0, 1), desk.granted(0, 2));
    assert_eq!(desk.granted(1, 3).number, first.number);
    assert_eq!(desk.granted(1, 4).number, second.number);
}

#[test]
fn a_call_counts_for_every_holder_it_may_be_of() {
    let mut desk = Desk::with(1);
    let first = desk.granted(0, 1);
    desk.tell(30, Input::Leave(sign(&first)));
    let second = desk.granted(600, 2);
    desk.tell(630, Input::Leave(sign(&second)));
    let credit = Attributed {
        number: second.number,
        lease: second.lease,
        at: UnixMillis(START + 900_000),
        share: 0.75,
        caller: Region(0),
        share_without_region: 0.75,
    };
    desk.tell(901, Input::Attributed(credit));
    let counts = desk.pool.delay_counts();
    let in_bin = |idle_s: u64| counts.calls_in_bin(bin_of(Millis::from_secs(idle_s)));
    assert_eq!(in_bin(270), 0.75);
    // The rest is the other's but for what may be a stranger's.
    assert!((0.1..0.25).contains(&in_bin(870)), "{}", in_bin(870));
}

#[test]
fn what_a_pool_learnt_is_where_another_begins() {
    let exported = national(5).pool.delay_counts();
    assert_eq!(exported.calls_total() as f32, 60.0);
    let mut desk = Desk::new(PoolConfig {
        numbers: numbers(2),
        delay: Some(exported.clone()),
        ..PoolConfig::default()
    });
    assert_eq!(*desk.pool.delay(), DelayModel::learnt(&exported));
    let grant = desk.granted(0, 1);
    desk.tell(30, Input::Leave(sign(&grant)));
    // Exported again it holds what was imported and what was seen here.
    let again = desk.pool.delay_counts();
    assert_eq!(again.calls_total(), exported.calls_total());
    assert_ne!(again, exported);
}

#[test]
fn a_shared_pool_lends_the_number_of_an_active_visitor_when_all_are() {
    let mut desk = Desk::new(PoolConfig {
        numbers: numbers(2),
        policy: Policy::ringlet_shared(),
        ..PoolConfig::default()
    });
    let (first, second) = (desk.granted(0, 1), desk.granted(30, 2));
    desk.tell(35, Input::KeepAlive(sign(&first)));
    desk.tell(35, Input::KeepAlive(sign(&second)));
    let third = desk.granted(40, 3);
    assert!([first.number, second.number].contains(&third.number));
    // An idle one is taken before an active one.
    let left = if third.number == first.number {
        second
    } else {
        first
    };
    desk.tell(41, Input::Leave(sign(&left)));
    assert_eq!(desk.granted(42, 4).number, left.number);
}
