//! Deliveries under every answer a receiver may give.

use super::*;
use proptest::prelude::*;

const T: UnixMillis = UnixMillis(1_768_471_200_000);

fn secret() -> Secret {
    Secret::new("a secret of the receiver")
}

fn later(seconds: u64) -> UnixMillis {
    T + Millis::from_secs(seconds)
}

fn answered(status: u16) -> Outcome {
    Outcome::Answered {
        status,
        retry_after: None,
        text: "text of the receiver".to_owned(),
    }
}

fn outbox(deliveries: &[(u128, &str)]) -> Outbox {
    let mut outbox = Outbox::default();
    for (call, event) in deliveries {
        outbox.add(CallId(*call), event, T);
    }
    outbox
}

fn sent(outbox: &mut Outbox, now: UnixMillis) -> Vec<u64> {
    std::iter::from_fn(|| outbox.poll_send(now).map(|send| send.id)).collect()
}

#[test]
fn a_delivery_is_signed_as_the_generic_webhook_is() {
    let mut outbox = outbox(&[(1, "call.start")]);
    let send = outbox.poll_send(T).expect("a delivery");
    let headers = send.headers(&secret(), "{\"event\":\"call.start\"}");
    let header = |name: &str| {
        let found = headers.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.as_str())
    };
    let expected = generic::sign(&secret(), T.0 / 1000, b"{\"event\":\"call.start\"}");
    assert_eq!(header("ringlet-signature"), Some(expected.as_str()));
    assert_eq!(header("ringlet-event"), Some("call.start"));
    assert_eq!(header("ringlet-attempt"), Some("1"));
    assert_eq!(
        header("ringlet-delivery"),
        Some(send.id.to_string().as_str())
    );
}

#[test]
fn one_call_in_order_and_others_beside_it() {
    let mut outbox = outbox(&[(1, "call.start"), (1, "call.end"), (2, "call.start")]);
    let ids: Vec<u64> = outbox.entries().map(|entry| entry.id).collect();
    assert_eq!(sent(&mut outbox, T), [ids[0], ids[2]]);
    let mut entropy = Entropy::from_seed(1);
    outbox.handle_outcome(ids[0], &answered(503), T, &mut entropy);
    assert_eq!(
        sent(&mut outbox, later(7)),
        Vec::<u64>::new(),
        "the pause is 8 to 12 s"
    );
    assert_eq!(sent(&mut outbox, later(12)), [ids[0]]);
    outbox.handle_outcome(ids[0], &answered(200), later(13), &mut entropy);
    assert_eq!(sent(&mut outbox, later(13)), [ids[1]]);
}

#[test]
fn a_refused_delivery_is_listed_and_lets_the_next_go() {
    let mut outbox = outbox(&[(1, "call.start"), (1, "call.end")]);
    let ids: Vec<u64> = outbox.entries().map(|entry| entry.id).collect();
    sent(&mut outbox, T);
    outbox.handle_outcome(ids[0], &answered(422), T, &mut Entropy::from_seed(1));
    let state = &outbox.entries().next().expect("an entry").state;
    let why = "422 text of the receiver".to_owned();
    assert_eq!(*state, EntryState::Dead { at: T, why });
    assert_eq!(sent(&mut outbox, T), [ids[1]]);
    assert!(!outbox.send_again(ids[1], T), "it is on its way");
    assert!(outbox.send_again(ids[0], T));
    outbox.handle_outcome(ids[1], &answered(204), T, &mut Entropy::from_seed(1));
    assert_eq!(sent(&mut outbox, T), [ids[0]]);
}

#[test]
fn what_is_tried_again_and_what_is_not() {
    for (status, dead) in [
        (301, true),
        (400, true),
        (401, true),
        (404, true),
        (410, true),
        (408, false),
        (409, false),
        (425, false),
        (429, false),
        (500, false),
        (503, false),
    ] {
        let mut outbox = outbox(&[(1, "call.start")]);
        let id = sent(&mut outbox, T)[0];
        outbox.handle_outcome(id, &answered(status), T, &mut Entropy::from_seed(1));
        let state = &outbox.entries().next().expect("an entry").state;
        assert_eq!(matches!(state, EntryState::Dead { .. }), dead, "{status}");
    }
}

#[test]
fn what_is_told_of_a_call() {
    use ReceiverEvent::{Changed, End, Start};
    for (told, is_live, has_changed, expected) in [
        (Told::Nothing, true, true, Some(Start)),
        (Told::Nothing, false, true, Some(End)),
        (Told::Start, true, false, None),
        (Told::Start, true, true, Some(Changed)),
        (Told::Start, false, false, Some(End)),
        (Told::End, false, false, None),
        (Told::End, false, true, Some(Changed)),
    ] {
        assert_eq!(
            event_of(told, is_live, has_changed),
            expected,
            "{told:?} {is_live}"
        );
    }
}

#[test]
fn what_may_not_be_sent_is_given_up() {
    let mut outbox = outbox(&[(1, "call.start")]);
    let id = sent(&mut outbox, T)[0];
    let text = "a private address".to_owned();
    let mut entropy = Entropy::from_seed(1);
    outbox.handle_outcome(id, &Outcome::Forbidden { text }, T, &mut entropy);
    let state = &outbox.entries().next().expect("an entry").state;
    let why = "not sent: a private address".to_owned();
    assert_eq!(*state, EntryState::Dead { at: T, why });
}

#[test]
fn a_receiver_may_ask_for_patience() {
    let mut outbox = outbox(&[(1, "call.start")]);
    let id = sent(&mut outbox, T)[0];
    let patient = Outcome::Answered {
        status: 429,
        retry_after: Some(Millis::from_secs(600)),
        text: String::new(),
    };
    outbox.handle_outcome(id, &patient, T, &mut Entropy::from_seed(1));
    assert_eq!(outbox.poll_timeout(), Some(later(600)));
    let mut forever = Outbox::rebuild(outbox.entries().cloned());
    sent(&mut forever, later(600));
    let never = Outcome::Answered {
        status: 503,
        retry_after: Some(Millis(u64::MAX)),
        text: String::new(),
    };
    forever.handle_outcome(id, &never, later(600), &mut Entropy::from_seed(1));
    assert_eq!(forever.poll_timeout(), Some(later(600) + PAUSE_MAX));
}

#[test]
fn attempts_end_after_a_day() {
    let mut outbox = outbox(&[(1, "call.start")]);
    let mut entropy = Entropy::from_seed(7);
    let mut now = T;
    let mut attempts = 0;
    while let Some(send) = outbox.poll_send(now) {
        attempts += 1;
        let nothing = Outcome::Nothing {
            text: "connection refused".to_owned(),
        };
        outbox.handle_outcome(send.id, &nothing, now, &mut entropy);
        let dead = matches!(
            outbox.entries().next().map(|e| &e.state),
            Some(EntryState::Dead { .. })
        );
        if dead {
            break;
        }
        now = outbox.poll_timeout().expect("another attempt");
    }
    assert_eq!(attempts, ATTEMPTS_MAX);
    let hours = now.since(T).0 / 3_600_000;
    assert!((18..=29).contains(&hours), "{hours} h");
    assert_eq!(sent(&mut outbox, now + DEAD_AGE_MAX), Vec::<u64>::new());
    assert_eq!(outbox.entries().count(), 0, "kept for two weeks, no longer");
}

#[test]
fn a_crash_sends_again() {
    let mut first = outbox(&[(1, "call.start"), (1, "call.end")]);
    let ids = sent(&mut first, T);
    let mut second = Outbox::rebuild(first.entries().cloned());
    assert_eq!(sent(&mut second, later(29)), Vec::<u64>::new());
    assert_eq!(sent(&mut second, later(30)), ids);
    // The first attempt's answer, come late, is as good.
    second.handle_outcome(
        ids[0],
        &answered(200),
        later(31),
        &mut Entropy::from_seed(1),
    );
    assert_eq!(second.entries().count(), 1);
    second.handle_outcome(
        ids[0],
        &answered(500),
        later(31),
        &mut Entropy::from_seed(1),
    );
    assert_eq!(second.entries().count(), 1, "told twice changes nothing");
}

#[test]
fn a_restart_waits_for_nobody() {
    let mut first = outbox(&[(1, "call.start"), (1, "call.end")]);
    let ids = sent(&mut first, T);
    let mut second = Outbox::rebuild(first.entries().cloned());
    second.handle_restart(later(1));
    assert_eq!(second.poll_timeout(), Some(later(1)));
    assert_eq!(sent(&mut second, later(1)), ids);
}

#[test]
fn too_many_given_up_forget_the_oldest() {
    let dead = |call: usize| Entry {
        id: call as u64 + 1,
        call: CallId(call as u128),
        event: "call.start".to_owned(),
        added_at: T,
        attempts: 1,
        state: EntryState::Dead {
            at: T,
            why: String::new(),
        },
    };
    let mut outbox = Outbox::rebuild((0..DEAD_MAX).map(dead));
    outbox.add(CallId(DEAD_MAX as u128), "call.start", T);
    let id = sent(&mut outbox, T)[0];
    outbox.handle_outcome(id, &answered(400), T, &mut Entropy::from_seed(1));
    assert_eq!(outbox.entries().count(), DEAD_MAX);
    assert_eq!(
        outbox.entries().next().map(|entry| entry.call),
        Some(CallId(1))
    );
}

#[test]
fn numbers_never_come_again() {
    let mut outbox = outbox(&[(1, "call.start")]);
    let first = sent(&mut outbox, T)[0];
    outbox.handle_outcome(first, &answered(200), T, &mut Entropy::from_seed(1));
    let second = outbox.add(CallId(1), "call.end", T);
    assert!(second > first);
}

#[test]
fn too_many_waiting_give_up_the_oldest() {
    let mut outbox = Outbox::default();
    for call in 0..=ENTRIES_MAX {
        outbox.add(CallId(call as u128), "call.start", T);
    }
    let dead: Vec<CallId> = outbox
        .entries()
        .filter(|entry| matches!(entry.state, EntryState::Dead { .. }))
        .map(|entry| entry.call)
        .collect();
    assert_eq!(dead, [CallId(0)]);
}

fn any_status() -> impl Strategy<Value = u16> {
    prop::sample::select(vec![200u16, 500, 400, 0])
}

#[test]
fn a_call_that_is_no_more_is_told_to_nobody() {
    let mut outbox = Outbox::default();
    let gone = outbox.add(CallId(1), "call.start", T);
    let kept = outbox.add(CallId(2), "call.start", T);
    assert_eq!(sent(&mut outbox, T), [gone, kept]);
    while outbox.poll_change().is_some() {}
    outbox.forget(&[CallId(1), CallId(7)]);
    assert_eq!(outbox.poll_change(), Some(Change::Remove(gone)));
    assert_eq!(outbox.poll_change(), None);
    // Its answer comes too late to be of anything.
    outbox.handle_outcome(gone, &answered(200), T, &mut Entropy::from_seed(1));
    assert_eq!(outbox.poll_change(), None);
    let left: Vec<u64> = outbox.entries().map(|entry| entry.id).collect();
    assert_eq!(left, [kept]);
}

proptest! {
    /// Whatever the receiver answers, deliveries of one call arrive in order, never more than
    /// [`IN_FLIGHT_MAX`] are on their way, and what is stored rebuilds the same outbox.
    #[test]
    fn order_holds_under_any_answers(
        calls in proptest::collection::vec(0u128..4, 1..20),
        answers in proptest::collection::vec(any_status(), 1..200),
    ) {
        let mut outbox = Outbox::default();
        for call in &calls {
            outbox.add(CallId(*call), "call.changed", T);
        }
        let order: BTreeMap<u64, CallId> = outbox.entries().map(|e| (e.id, e.call)).collect();
        let mut stored: BTreeMap<u64, Entry> = BTreeMap::new();
        let mut last: BTreeMap<CallId, u64> = BTreeMap::new();
        let mut entropy = Entropy::from_seed(3);
        let mut now = T;
        for status in answers {
            let batch = sent(&mut outbox, now);
            prop_assert!(batch.len() <= IN_FLIGHT_MAX);
            let distinct: BTreeSet<CallId> = batch.iter().map(|id| order[id]).collect();
            prop_assert_eq!(distinct.len(), batch.len(), "one delivery of a call at a time");
            for id in batch {
                let newest = last.entry(order[&id]).or_default();
                prop_assert!(id >= *newest, "an older delivery after a newer one");
                *newest = id;
                let outcome = if status == 0 {
                    Outcome::Nothing { text: String::new() }
                } else {
                    answered(status)
                };
                outbox.handle_outcome(id, &outcome, now, &mut entropy);
            }
            while let Some(change) = outbox.poll_change() {
                match change {
                    Change::Put(entry) => drop(stored.insert(entry.id, entry)),
                    Change::Remove(id) => drop(stored.remove(&id)),
                }
            }
            let kept: Vec<&Entry> = outbox.entries().collect();
            prop_assert_eq!(kept, stored.values().collect::<Vec<_>>());
            now = outbox.poll_timeout().unwrap_or(now).max(now + Millis(1));
        }
    }
}
