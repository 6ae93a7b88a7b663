//! The generic webhook: signed JSON of this product's own making, for every exchange that has no
//! adapter and for bridges.
//!
//! Header `ringlet-signature: t=<unix seconds>,v1=<hex of HMAC-SHA256(secret, "<t>.<body>")>`;
//! during a rotation several `v1` may stand there. The time is signed and lies within
//! [`WINDOW`](super::WINDOW) of now, so a copy cannot be replayed later; within it, the dedupe key
//! and the fold of the call make a copy harmless.

use super::answer::{Answer, Forward, Route};
use super::body::{self, Unreadable};
use super::signature::{equal, hmac_sha256, to_hex};
use super::{
    Ask, CallEvent, Coverage, Direction, EventStatus, Inbound, Incoming, Parsed, Phase, Refusal,
    Secret, WINDOW, clock, signature,
};
use crate::time::UnixMillis;
use serde_json::Value;

/// The header that carries time and signature.
pub const SIGNATURE_HEADER: &str = "ringlet-signature";

/// 100: the most events of one body, so that one delivery is one short transaction.
const EVENTS_MAX: usize = 100;

/// Fields with a meaning; all others are kept as they are.
const KNOWN: [&str; 17] = [
    "answered_at",
    "at",
    "caller",
    "dialed",
    "direction",
    "duration_s",
    "ended_at",
    "event_id",
    "forwarded_from",
    "id",
    "phase",
    "provider_call_id",
    "recording_url",
    "started_at",
    "status",
    "talk_s",
    "v",
];

/// The value of [`SIGNATURE_HEADER`] for `body`, made at `now_s`. What senders must compute; the
/// product's own outgoing webhooks are signed the same way.
pub fn sign(secret: &Secret, now_s: u64, body: &[u8]) -> String {
    let time = now_s.to_string();
    let tag = hmac_sha256(secret.expose().as_bytes(), &[time.as_bytes(), b".", body]);
    format!("t={time},v1={}", to_hex(&tag))
}

pub(super) fn parse(inbound: &Inbound<'_>) -> Parsed {
    let request = inbound.request;
    if !inbound.is_proven {
        let header = request
            .header(SIGNATURE_HEADER)
            .ok_or(Refusal::NoSignature)?;
        let signed_at = verify(&inbound.settings.secrets, header, request.body)?;
        if request.is_stale(signed_at, WINDOW) {
            return Err(Refusal::Stale.into());
        }
    }
    let value = body::json(request.body)?;
    let list = match value {
        Value::Array(list) => list,
        one => vec![one],
    };
    if list.len() > EVENTS_MAX {
        return Err(Unreadable::new(
            format!("more than {EVENTS_MAX} events"),
            format!("больше {EVENTS_MAX} событий"),
        )
        .into());
    }
    let mut incoming = Incoming::default();
    for (place, value) in list.iter().enumerate() {
        let event = read_event(inbound, value)
            .map_err(|why| why.within(&format!("event {place}"), &format!("событие {place}")))?;
        if event.phase == Phase::Start && event.direction == Direction::In {
            incoming.ask = Ask::Route;
        }
        incoming.events.push(event);
    }
    Ok(incoming)
}

/// The time that one of `secrets` signed together with `body`.
fn verify(secrets: &[Secret], header: &str, body: &[u8]) -> Result<UnixMillis, Refusal> {
    let mut time = None;
    let mut tags = vec![];
    for part in header.split(',').take(8) {
        match part.trim().split_once('=') {
            Some(("t", value)) if time.is_none() => time = Some(value),
            Some(("t", _)) => return Err(Refusal::Signature),
            Some(("v1", value)) => tags.push(value),
            _ => {}
        }
    }
    let time = time.ok_or(Refusal::NoSignature)?;
    if tags.is_empty() {
        return Err(Refusal::NoSignature);
    }
    let right = signature::any(secrets, |secret| {
        let tag = hmac_sha256(secret.expose().as_bytes(), &[time.as_bytes(), b".", body]);
        let tag = to_hex(&tag);
        tags.iter().fold(false, |found, given| {
            found | equal(given.as_bytes(), tag.as_bytes())
        })
    });
    if !right {
        return Err(Refusal::Signature);
    }
    // The signer may call any text a time; only whole seconds are one.
    let digits = time.len() <= 12 && time.bytes().all(|b| b.is_ascii_digit());
    let seconds: Option<u64> = digits.then(|| time.parse().ok()).flatten();
    let seconds = seconds.ok_or(Refusal::Stale)?;
    Ok(UnixMillis(seconds * 1000))
}

fn read_event(inbound: &Inbound<'_>, value: &Value) -> Result<CallEvent, Unreadable> {
    let form = body::flatten(value)?.without_duplicates()?;
    let phase = match form.or_empty("phase") {
        "start" => Phase::Start,
        "answer" => Phase::Answer,
        "end" => Phase::End,
        "record" => Phase::Record,
        _ => {
            return Err(Unreadable::new(
                "phase is none of start, answer, end, record",
                "phase не из start, answer, end, record",
            ));
        }
    };
    let mut event = inbound.event(form.first(&["provider_call_id", "id"]), phase)?;
    event.coverage = Coverage::Whole;
    event.direction = match form.or_empty("direction") {
        "" | "in" => Direction::In,
        "out" => Direction::Out,
        "internal" => Direction::Internal,
        _ => {
            return Err(Unreadable::new(
                "direction is none of in, out, internal",
                "direction не из in, out, internal",
            ));
        }
    };
    event.caller = inbound.number(form.get("caller"));
    event.dialed = inbound.number(form.get("dialed"));
    if phase == Phase::Start && event.dialed.is_none() {
        return Err(Unreadable::new(
            "dialed is missing or no number",
            "dialed нет или это не номер",
        ));
    }
    event.forwarded_from = inbound.number(form.get("forwarded_from"));
    let time = |name: &str| match form.get(name) {
        None => Ok(None),
        Some(text) => clock::unix(text)
            .or_else(|| clock::rfc3339(text))
            .map(Some)
            .ok_or_else(|| {
                Unreadable::new(
                    format!("{name} is no Unix time and no RFC 3339 time"),
                    format!("{name} не время Unix и не время RFC 3339"),
                )
            }),
    };
    event.event_at = time("at")?;
    let implied = |of: Phase| if phase == of { event.event_at } else { None };
    event.started_at = time("started_at")?.or(implied(Phase::Start));
    event.answered_at = time("answered_at")?.or(implied(Phase::Answer));
    event.ended_at = time("ended_at")?.or(implied(Phase::End));
    let seconds = |name: &str| match form.get(name) {
        None => Ok(None),
        Some(text) => clock::seconds(text).map(Some).ok_or_else(|| {
            Unreadable::new(
                format!("{name} is no number of seconds"),
                format!("{name} не число секунд"),
            )
        }),
    };
    event.duration_s = seconds("duration_s")?;
    event.talk_s = seconds("talk_s")?;
    event.status = match form.or_empty("status") {
        "" | "ringing" | "talking" => None,
        "answered" => Some(EventStatus::Answered),
        "missed" => Some(EventStatus::Missed),
        "busy" => Some(EventStatus::Busy),
        "cancelled" => Some(EventStatus::Cancelled),
        "failed" => Some(EventStatus::Failed),
        _ => {
            return Err(Unreadable::new(
                "status is none of answered, missed, busy, cancelled, failed",
                "status не из answered, missed, busy, cancelled, failed",
            ));
        }
    };
    event.recording_url = form.get("recording_url").map(str::to_owned);
    if let Some(mark) = form.get("event_id") {
        event.mark(mark);
    }
    event.extra = form.extra(&KNOWN);
    Ok(event)
}

/// `{"ok":true}`, and for a ringing call where it should go:
/// `{"ok":true,"forward":{"phone":"7495…"},"caller_name":"…","whisper":"…"}`.
pub(super) fn reply(incoming: &Incoming, route: &Route) -> Answer {
    let mut reply = serde_json::json!({"ok": true});
    if incoming.ask != Ask::Route {
        return Answer::json(&reply);
    }
    match &route.forward {
        Some(Forward::Phone(number)) => {
            reply["forward"] = serde_json::json!({"phone": number});
        }
        Some(Forward::Sip(address)) => reply["forward"] = serde_json::json!({"sip": address}),
        None => {}
    }
    for (name, text) in [
        ("caller_name", &route.caller_name),
        ("whisper", &route.whisper),
    ] {
        if let Some(text) = text {
            reply[name] = text.as_str().into();
        }
    }
    Answer::json(&reply)
}

#[cfg(test)]
mod tests {
    use super::super::support::{Case, TEN};
    use super::super::*;
    use super::*;
    use expect_test::expect;
    use proptest::prelude::*;

    const START: &str = r#"{"provider_call_id":"c1","phase":"start","caller":"8 900 111-22-33","dialed":"+74951234567","started_at":1768471200000,"crm":{"id":7}}"#;

    fn case(body: &str) -> Case {
        let secret = Secret::new("a generic secret");
        let signature = sign(&secret, TEN.0 / 1000, body.as_bytes());
        Case::new(Provider::Generic)
            .secret("a generic secret")
            .body(body)
            .header(SIGNATURE_HEADER, &signature)
    }

    #[test]
    fn a_start() {
        let incoming = case(START).run().expect("valid");
        assert_eq!(incoming.ask, Ask::Route);
        let json = serde_json::to_string_pretty(&incoming.events).expect("JSON");
        expect![[r#"
            [
              {
                "provider": "generic",
                "provider_call_id": "c1",
                "phase": "start",
                "direction": "in",
                "caller": "79001112233",
                "dialed": "74951234567",
                "started_at": 1768471200000,
                "received_at": 1768471200000,
                "dedupe_key": "generic/c1/start",
                "coverage": "whole",
                "extra": {
                  "crm.id": "7"
                }
              }
            ]"#]]
        .assert_eq(&json);
    }

    #[test]
    fn a_whole_call_in_one_body() {
        let body = r#"[{"id":"c1","phase":"start","dialed":"74951234567","at":"2026-01-15T10:00:00Z"},
            {"id":"c1","phase":"answer","at":"2026-01-15T13:00:05+03:00"},
            {"id":"c1","phase":"end","at":1768471265,"status":"answered","talk_s":60},
            {"id":"c1","phase":"record","recording_url":"https://r.example/1","event_id":"7"}]"#;
        let events = case(body).run().expect("valid").events;
        let keys: Vec<&str> = events
            .iter()
            .map(|event| event.dedupe_key.as_str())
            .collect();
        assert_eq!(
            keys,
            [
                "generic/c1/start",
                "generic/c1/answer",
                "generic/c1/end",
                "generic/c1/record/7"
            ]
        );
        assert_eq!(events[1].answered_at, Some(UnixMillis(TEN.0 + 5000)));
        assert_eq!(events[2].ended_at, Some(UnixMillis(TEN.0 + 65_000)));
    }

    #[test]
    fn the_signature_is_of_this_body_now() {
        let case = case(START);
        case.common_refusals();
        case.every_flipped_bit_of_the_body_is_refused();
        case.every_flipped_bit_of_the_header_is_refused(SIGNATURE_HEADER);
        case.clone().at(300).run().expect("300 s old");
        case.clone().at(301).refused(Refusal::Stale);
        case.clone().at(-301).refused(Refusal::Stale);
        let mut unsigned = case.clone();
        unsigned.headers.clear();
        unsigned.refused(Refusal::NoSignature);
        for (header, refusal) in [
            ("", Refusal::NoSignature),
            ("t=1768471200", Refusal::NoSignature),
            ("v1=00", Refusal::NoSignature),
            ("t=1768471200,v1=", Refusal::Signature),
            ("t=1768471200,v1=00", Refusal::Signature),
        ] {
            case.clone()
                .header(SIGNATURE_HEADER, header)
                .refused(refusal);
        }
        let right = sign(
            &Secret::new("a generic secret"),
            TEN.0 / 1000,
            START.as_bytes(),
        );
        let twice = format!("{right},t=1768471201");
        case.clone()
            .header(SIGNATURE_HEADER, &twice)
            .refused(Refusal::Signature);
        let rotated = right.replace("v1=", "v1=00,v1=");
        case.clone()
            .header(SIGNATURE_HEADER, &rotated)
            .run()
            .expect("one of two tags");
    }

    #[test]
    fn a_signed_time_that_is_no_number_is_stale() {
        let secret = Secret::new("a generic secret");
        for time in ["now", "-1", "99999999999999999999", "1768471200.0", ""] {
            let tag = hmac_sha256(
                secret.expose().as_bytes(),
                &[time.as_bytes(), b".", START.as_bytes()],
            );
            let header = format!("t={time},v1={}", to_hex(&tag));
            case(START)
                .header(SIGNATURE_HEADER, &header)
                .refused(Refusal::Stale);
        }
    }

    #[test]
    fn bodies_that_cannot_be_read() {
        for (body, reason) in [
            ("{}", "event 0: phase is none of start, answer, end, record"),
            (r#"{"phase":"end"}"#, "event 0: the event names no call"),
            ("[1]", "event 0: the JSON is not an object"),
            (
                r#"{"id":"c","phase":"ring"}"#,
                "event 0: phase is none of start, answer, end, record",
            ),
            (
                r#"{"id":"c","phase":"start"}"#,
                "event 0: dialed is missing or no number",
            ),
            (
                r#"{"id":"c","phase":"end","talk_s":-1}"#,
                "event 0: talk_s is no number of seconds",
            ),
            (
                r#"{"id":"c","phase":"end","ended_at":"soon"}"#,
                "event 0: ended_at is no Unix time and no RFC 3339 time",
            ),
            (
                r#"{"id":"c","id":"d"}"#,
                "not JSON: key \"id\" is given twice at line 1 column 19",
            ),
            ("id=c", "not JSON: expected value at line 1 column 1"),
        ] {
            case(body).path_secret().unreadable(reason);
            // Without a secret in the path nothing but the signature speaks for the sender: it
            // does.
            assert_eq!(
                case(body).run().map_err(|error| error.status()),
                Err(400),
                "{body}"
            );
        }
        let many = format!("[{}]", vec![START; 101].join(","));
        case(&many).unreadable("more than 100 events");
    }

    #[test]
    fn numbers_in_every_form() {
        for (caller, expected) in [
            ("79001112233", Some("79001112233")),
            ("+79001112233", Some("79001112233")),
            ("89001112233", Some("79001112233")),
            ("+7 900 111 22 33", Some("79001112233")),
            ("sip:79001112233@host", Some("79001112233")),
            ("anonymous", None),
            ("", None),
        ] {
            let body = format!(
                r#"{{"id":"c","phase":"start","dialed":"74951234567","caller":"{caller}"}}"#
            );
            let read = case(&body).event().caller.map(|number| number.to_string());
            assert_eq!(read.as_deref(), expected, "{caller}");
        }
    }

    #[test]
    fn answers() {
        let incoming = case(START).run().expect("valid");
        let route = Route {
            forward: Some(Forward::Phone(
                crate::phone::E164::parse("74957654321").expect("a number"),
            )),
            caller_name: Some("yandex / cpc".into()),
            ..Route::default()
        };
        let shown = |incoming: &Incoming, route: &Route| {
            String::from_utf8(super::super::answer(Provider::Generic, incoming, route).body)
        };
        expect![[r#"{"caller_name":"yandex / cpc","forward":{"phone":"74957654321"},"ok":true}"#]]
            .assert_eq(&shown(&incoming, &route).expect("text"));
        expect![[r#"{"ok":true}"#]].assert_eq(&shown(&Incoming::default(), &route).expect("text"));
    }

    proptest! {
        #[test]
        fn signed_bytes_are_read_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            let signature = sign(&Secret::new("s"), TEN.0 / 1000, &bytes);
            let case = Case::new(Provider::Generic).secret("s").body(&bytes);
            let _ = case.clone().header(SIGNATURE_HEADER, &signature).run();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            prop_assert!(case.header(SIGNATURE_HEADER, &text).run().is_err());
        }
    }
}
