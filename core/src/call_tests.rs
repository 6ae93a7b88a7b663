//! Lives of calls, and the properties of their records.

use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

const T: u64 = 1_768_471_200_000;

fn event(phase: Phase) -> CallEvent {
    let mut event = CallEvent::new(Provider::Generic, "c1", phase, UnixMillis(T + 60_000));
    let at = |s: u64| Some(UnixMillis(T + s * 1000));
    match phase {
        Phase::Start => {
            event.started_at = at(0);
            event.caller = E164::parse("79001112233").ok();
            event.dialed = E164::parse("74951234567").ok();
        }
        Phase::Answer => event.answered_at = at(12),
        Phase::End => event.ended_at = at(102),
        Phase::Record => event.recording_url = Some("https://records.example/1".into()),
    }
    event
}

fn fold<'a>(
    events: impl IntoIterator<Item = &'a CallEvent>,
    storage: &CallerStorage,
) -> CallRecord {
    let mut events = events.into_iter();
    let first = events.next().expect("at least one event");
    let mut record = CallRecord::new(first, storage);
    for event in events {
        record.apply(event, storage);
    }
    record
}

fn check(phases: &[Phase], change: impl Fn(&mut CallEvent), expected: Expect) {
    let events: Vec<CallEvent> = phases
        .iter()
        .map(|phase| {
            let mut event = event(*phase);
            change(&mut event);
            event
        })
        .collect();
    let record = fold(&events, &CallerStorage::Plain);
    let caller = record
        .caller()
        .map_or("withheld".into(), StoredCaller::display);
    expected.assert_eq(&format!(
        "{:?} from {caller}, {:?} s, talk {:?} s, wait {:?} s{}{}",
        record.status(),
        record.duration_s(),
        record.talk_s(),
        record.wait_s(),
        if record.is_target(30) { ", target" } else { "" },
        if record.is_confirmed() {
            ", confirmed"
        } else {
            ""
        },
    ));
}

#[test]
fn lives_of_calls() {
    use Phase::{Answer, End, Record, Start};
    let as_told = |_: &mut CallEvent| {};
    check(
        &[Start],
        as_told,
        expect!["Ringing from 79001112233, None s, talk None s, wait None s, confirmed"],
    );
    check(
        &[Start, Answer],
        as_told,
        expect!["Talking from 79001112233, None s, talk None s, wait Some(12) s, confirmed"],
    );
    check(
        &[End, Answer, Start],
        as_told,
        expect![
            "Answered from 79001112233, Some(102) s, talk Some(90) s, wait Some(12) s, target, confirmed"
        ],
    );
    check(
        &[End, Start],
        as_told,
        expect![
            "Missed from 79001112233, Some(102) s, talk Some(0) s, wait Some(102) s, confirmed"
        ],
    );
    check(
        &[End],
        as_told,
        expect!["Missed from withheld, Some(0) s, talk Some(0) s, wait Some(0) s"],
    );
    check(
        &[Record, Start, Answer],
        as_told,
        expect!["Answered from 79001112233, None s, talk None s, wait Some(12) s, confirmed"],
    );
    check(
        &[Start, End],
        |event| event.status = (event.phase == End).then_some(EventStatus::Busy),
        expect!["Busy from 79001112233, Some(102) s, talk Some(0) s, wait Some(102) s, confirmed"],
    );
    check(
        &[Start, End],
        |event| {
            if event.phase == End {
                event.status = Some(EventStatus::Answered);
                event.talk_s = Some(29);
            }
        },
        expect![
            "Answered from 79001112233, Some(102) s, talk Some(29) s, wait Some(102) s, confirmed"
        ],
    );
}

#[test]
fn a_target_call_talks_long_enough() {
    let all = [Phase::Start, Phase::Answer, Phase::End].map(event);
    let record = fold(&all, &CallerStorage::Plain);
    assert!(record.is_target(90));
    assert!(!record.is_target(91));
}

#[test]
fn a_forwarded_call_is_tracked_by_the_number_that_is_the_site_s() {
    let mut start = event(Phase::Start);
    start.forwarded_from = E164::parse("74957770000").ok();
    let record = fold([&start], &CallerStorage::Plain);
    let tracked = |own: &str| {
        let tracked = record.tracked(|number| number.to_string() == own);
        tracked.map(|number| number.to_string())
    };
    assert_eq!(tracked("74951234567").as_deref(), Some("74951234567"));
    assert_eq!(tracked("74957770000").as_deref(), Some("74957770000"));
    assert_eq!(tracked("74950000000"), None);
}

#[test]
fn a_hashed_caller_is_nowhere_in_the_record() {
    let storage = CallerStorage::Hashed {
        pepper: Secret::new("pepper"),
    };
    let mut start = event(Phase::Start);
    start
        .extra
        .insert("from_uri".into(), "sip:+7-900-111-22-33@host".into());
    start
        .extra
        .insert("dialled".into(), "8 (495) 123-45-67".into());
    let record = fold([&start], &storage);
    let json = serde_json::to_string(&record).expect("a record is JSON");
    assert!(
        !json.contains("900111") && !json.contains("900-111"),
        "{json}"
    );
    assert!(
        json.contains("8 (495) 123-45-67"),
        "other numbers stay: {json}"
    );
    let caller = record.caller().expect("a caller");
    assert_eq!(caller.display(), "…2233");
    assert_eq!(caller.number(), None);
    let again = storage.keep(E164::parse("79001112233").expect("a number"));
    assert_eq!(caller.key(), again.key());
    let elsewhere = CallerStorage::Hashed {
        pepper: Secret::new("another"),
    };
    let other = elsewhere.keep(E164::parse("79001112233").expect("a number"));
    assert_ne!(caller.key(), other.key());
}

#[test]
fn a_call_has_one_id() {
    let a = call_id(Provider::Generic, "c1");
    assert_eq!(a, fold([&event(Phase::End)], &CallerStorage::Plain).id());
    assert_ne!(a, call_id(Provider::Generic, "c2"));
    assert_ne!(a, call_id(Provider::Zadarma, "c1"));
}

#[test]
fn repeat_callers_are_counted_by_start() {
    let id = |n: u128| CallId(n);
    let calls = [
        (UnixMillis(30), id(3)),
        (UnixMillis(10), id(1)),
        (UnixMillis(20), id(2)),
    ];
    let of = |at, n| ordinal(UnixMillis(at), id(n), calls);
    assert_eq!((of(10, 1), of(20, 2), of(30, 3)), (1, 2, 3));
    assert_eq!(ordinal(UnixMillis(5), id(9), calls), 1);
    assert_eq!(ordinal(UnixMillis(10), id(0), []), 1);
}

fn any_event() -> impl Strategy<Value = CallEvent> {
    let phase = prop::sample::select(vec![Phase::Start, Phase::Answer, Phase::End, Phase::Record]);
    let direction = prop::sample::select(vec![Direction::In, Direction::Out, Direction::Internal]);
    let number = || proptest::option::of(79_000_000_000u64..79_000_000_003);
    let time = || proptest::option::of(0u64..4);
    let status = proptest::option::of(prop::sample::select(vec![
        EventStatus::Answered,
        EventStatus::Missed,
        EventStatus::Busy,
        EventStatus::Cancelled,
        EventStatus::Failed,
    ]));
    let coverage = prop::sample::select(vec![Coverage::Secret, Coverage::Part, Coverage::Whole]);
    let texts = proptest::collection::vec(("[a-c]", "[a-c]{0,2}"), 0..3);
    let facts = (number(), number(), number(), time(), time(), time());
    let more = (
        time(),
        time(),
        status,
        proptest::option::of("[a-z]"),
        0u64..5,
        coverage,
        texts,
    );
    (phase, direction, facts, more).prop_map(|(phase, direction, facts, more)| {
        let (caller, dialed, forwarded, started, answered, ended) = facts;
        let (duration, talk, status, recording, received, coverage, texts) = more;
        let number = |n: Option<u64>| n.and_then(|n| E164::parse(&n.to_string()).ok());
        let at = |s: Option<u64>| s.map(|s| UnixMillis(T + s * 1000));
        let mut event = CallEvent::new(Provider::Generic, "c1", phase, UnixMillis(T + received));
        event.direction = direction;
        event.caller = number(caller);
        event.dialed = number(dialed);
        event.forwarded_from = number(forwarded);
        event.started_at = at(started);
        event.answered_at = at(answered);
        event.ended_at = at(ended);
        event.duration_s = duration.map(|s| s as u32);
        event.talk_s = talk.map(|s| s as u32);
        event.status = status;
        event.recording_url = recording;
        event.coverage = coverage;
        event.extra = texts.into_iter().collect();
        event
    })
}

fn shuffled() -> impl Strategy<Value = (Vec<CallEvent>, Vec<CallEvent>)> {
    proptest::collection::vec(any_event(), 1..8).prop_flat_map(|events| {
        let doubled: Vec<CallEvent> = events.iter().chain(&events).cloned().collect();
        (Just(events), Just(doubled).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn any_order_and_doubled_is_the_same_record((events, shuffled) in shuffled(), hashed: bool) {
        let storage = if hashed {
            CallerStorage::Hashed { pepper: Secret::new("pepper") }
        } else {
            CallerStorage::Plain
        };
        let record = fold(&events, &storage);
        prop_assert_eq!(&fold(&shuffled, &storage), &record);
        let json = serde_json::to_string(&record).expect("a record is JSON");
        let back: CallRecord = serde_json::from_str(&json).expect("and is read back");
        prop_assert_eq!(&back, &record);
        let mut again = back;
        for event in &shuffled {
            prop_assert!(!again.apply(event, &storage), "a known event changes nothing");
        }
    }

    #[test]
    fn limits_do_not_make_order_matter(
        names in proptest::collection::vec(0u32..200, 70..120).prop_shuffle()
    ) {
        let events: Vec<CallEvent> = names
            .iter()
            .map(|n| {
                let mut event = event(Phase::Record);
                event.recording_url = Some(format!("r{n:03}"));
                event.extra.insert(format!("x{n:03}"), "v".repeat(600));
                event
            })
            .collect();
        let forward = fold(&events, &CallerStorage::Plain);
        let backward = fold(events.iter().rev(), &CallerStorage::Plain);
        prop_assert_eq!(&forward, &backward);
        prop_assert!(forward.recordings().count() <= RECORDINGS_MAX);
        prop_assert!(forward.extra().count() <= EXTRA_FIELDS_MAX);
        prop_assert!(forward.extra().all(|(_, value)| value.len() == EXTRA_VALUE_CHARS_MAX));
    }

    #[test]
    fn figures_agree(events in proptest::collection::vec(any_event(), 1..8)) {
        let record = fold(&events, &CallerStorage::Plain);
        if record.status().is_missed() {
            prop_assert_eq!(record.talk_s(), Some(0));
            prop_assert!(!record.is_target(0));
        }
    }
}
