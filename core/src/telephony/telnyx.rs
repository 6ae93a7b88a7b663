//! Telnyx: call-control notices in JSON, and TeXML, which is Twilio's language.
//!
//! Both are signed with Ed25519 over `timestamp|body`: headers `telnyx-timestamp` (seconds) and
//! `telnyx-signature-ed25519` (base 64), by the account's key, whose public half is in the
//! settings. The time lies within [`WINDOW`] of now, as the vendor's own client demands; doubles
//! within it are told by the event's id. Delivery doubled, at once and out of order is documented.
//!
//! A call is a session; its legs to the company are not calls of their own: only their answer
//! counts.
//!
//! Sources: developers.telnyx.com, npm `telnyx` 7.24.0 `lib/webhooks`.

use super::body::{Form, any_form, flatten, json};
use super::number::first_dialed;
use super::signature::{any, ed25519, from_base64};
use super::{
    Ask, Coverage, Dialect, Direction, EventStatus, Inbound, Incoming, Parsed, Phase, Refusal,
    WINDOW, clock, twilio,
};
use serde_json::Value;

const TIMESTAMP_HEADER: &str = "telnyx-timestamp";
const SIGNATURE_HEADER: &str = "telnyx-signature-ed25519";

const KNOWN: [&str; 10] = [
    "data.event_type",
    "data.id",
    "data.occurred_at",
    "data.payload.call_session_id",
    "data.payload.direction",
    "data.payload.end_time",
    "data.payload.from",
    "data.payload.hangup_cause",
    "data.payload.start_time",
    "data.payload.to",
];

pub(super) fn parse(inbound: &Inbound<'_>) -> Parsed {
    let request = inbound.request;
    if inbound.is_proven {
        return read_proven(inbound);
    }
    let (Some(time), Some(given)) = (
        request.header(TIMESTAMP_HEADER),
        request.header(SIGNATURE_HEADER),
    ) else {
        return Err(Refusal::NoSignature.into());
    };
    let signature = from_base64(given).ok_or(Refusal::Signature)?;
    let message = [time.as_bytes(), b"|", request.body].concat();
    let right = any(&inbound.settings.secrets, |key| {
        from_base64(key.expose()).is_some_and(|key| ed25519(&key, &signature, &message))
    });
    if !right {
        return Err(Refusal::Signature.into());
    }
    let digits = time.bytes().all(|b| b.is_ascii_digit());
    match clock::unix(time).filter(|_| digits) {
        Some(at) if !request.is_stale(at, WINDOW) => {}
        _ => return Err(Refusal::Stale.into()),
    }
    read_proven(inbound)
}

/// Reads the body, whoever vouched for it.
fn read_proven(inbound: &Inbound<'_>) -> Parsed {
    let request = inbound.request;
    let first = request.body.iter().find(|byte| !byte.is_ascii_whitespace());
    let form = if first == Some(&b'{') {
        flatten(&json(request.body)?)?.without_duplicates()?
    } else {
        any_form(request.content_type(), request.body)?.without_duplicates()?
    };
    if first == Some(&b'{') && form.get("CallSid").is_none() {
        return read(inbound, &form);
    }
    let mut incoming = twilio::read(inbound, &form)?;
    incoming.dialect = Dialect::Markup;
    Ok(incoming)
}

fn read(inbound: &Inbound<'_>, form: &Form) -> Parsed {
    let field = |name: &str| form.get(&format!("data.payload.{name}"));
    let name = form.or_empty("data.event_type").to_owned();
    let to_company = matches!(field("direction"), Some("outgoing" | "outbound"));
    let phase = match name.as_str() {
        "call.answered" | "call.bridged" => Phase::Answer,
        "call.initiated" | "call.hangup" if to_company => return Ok(Incoming::default()),
        "call.initiated" => Phase::Start,
        "call.hangup" => Phase::End,
        "call.recording.saved" => Phase::Record,
        other => {
            return Ok(Incoming::kept(
                format!("event {other:?} tells of no call"),
                format!("событие {other:?} не о звонке"),
            ));
        }
    };
    let mut event = inbound.event(field("call_session_id"), phase)?;
    event.coverage = Coverage::Whole;
    if let Some(id) = form.get("data.id") {
        event.mark(id);
    }
    event.event_at = inbound.time(form.get("data.occurred_at"));
    if !to_company && phase != Phase::Record {
        event.caller = inbound.number(field("from"));
        event.dialed = inbound.number(field("to"));
        let headers = field("sip_headers").unwrap_or("");
        let (diversion, history) = (
            sip_header(headers, "diversion"),
            sip_header(headers, "history-info"),
        );
        event.forwarded_from = first_dialed(inbound.site.plan, &diversion, &history);
    }
    event.direction = Direction::In;
    match phase {
        Phase::Start => {
            event.started_at = inbound.time(field("start_time")).or(event.event_at);
        }
        // The exchange takes the call before it dials the company: that answer is not the
        // company's.
        Phase::Answer if name == "call.answered" && !to_company => {
            return Ok(Incoming::default());
        }
        Phase::Answer => event.answered_at = event.event_at,
        Phase::End => {
            event.started_at = inbound.time(field("start_time"));
            event.ended_at = inbound.time(field("end_time")).or(event.event_at);
            event.status = field("hangup_cause").and_then(status);
        }
        Phase::Record => {
            let links = [
                "recording_urls.mp3",
                "recording_urls.wav",
                "public_recording_urls.mp3",
            ];
            event.recording_url = links.iter().find_map(|name| field(name)).map(str::to_owned);
        }
    }
    event.extra = form.extra(&KNOWN);
    let mut incoming = Incoming::of(event);
    // Call control steers by commands of its own, not by the answer.
    incoming.ask = Ask::Receipt;
    Ok(incoming)
}

/// The header named `name` of the invitation: a list of objects with `name` and `value`.
fn sip_header(list: &str, name: &str) -> String {
    let Ok(Value::Array(headers)) = json(list.as_bytes()) else {
        return String::new();
    };
    let text = |header: &Value, of: &str| header.get(of).and_then(Value::as_str).map(str::to_owned);
    let mut named = headers.iter().filter(|header| {
        text(header, "name").is_some_and(|given| given.eq_ignore_ascii_case(name))
    });
    named
        .find_map(|header| text(header, "value"))
        .unwrap_or_default()
}

/// `normal_clearing` ends calls that were answered and calls that were not: it claims nothing.
fn status(cause: &str) -> Option<EventStatus> {
    match cause {
        "user_busy" => Some(EventStatus::Busy),
        "originator_cancel" => Some(EventStatus::Cancelled),
        "no_answer" | "timeout" => Some(EventStatus::Missed),
        "call_rejected" | "unallocated_number" | "not_found" | "unspecified" => {
            Some(EventStatus::Failed)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::support::Case;
    use super::super::*;
    use crate::telephony::signature::to_base64;
    use ed25519_dalek::{Signer, SigningKey};

    const PUBLIC_KEY: &str = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
    const INITIATED: &str = r#"{"data":{"event_type":"call.initiated","id":"e1","occurred_at":"2026-01-15T10:00:00.5Z",
        "payload":{"call_control_id":"cc","call_leg_id":"l1","call_session_id":"s1","connection_id":"c1",
        "direction":"incoming","from":"+79001112233","to":"+74951234567","state":"parked",
        "start_time":"2026-01-15T10:00:00Z"}},"meta":{"attempt":1}}"#;

    fn case(body: &str) -> Case {
        let mut seed = [0u8; 32];
        for (place, byte) in seed.iter_mut().enumerate() {
            *byte = u8::try_from(place).expect("small");
        }
        let message = format!("1768471200|{body}");
        let tag = SigningKey::from_bytes(&seed).sign(message.as_bytes());
        Case::new(Provider::Telnyx)
            .secret(PUBLIC_KEY)
            .header("telnyx-timestamp", "1768471200")
            .header("telnyx-signature-ed25519", &to_base64(&tag.to_bytes()))
            .body(body)
    }

    #[test]
    fn the_public_vector() {
        let vector = "a8cW4ECN12BW1Pe/ytwy43EH1NbhwtHkLqSaZ1oEOFl9gri/d2KuIKEZ8lwohnd7AaXIpA62AHOC4L60IFfdAA==";
        let body = r#"{"data":{"event_type":"call.initiated"}}"#;
        let case = case(body).header("telnyx-signature-ed25519", vector);
        // Rightly signed, and too short to name a call.
        case.unreadable("the event names no call");
    }

    #[test]
    fn only_this_body_now() {
        let case = case(INITIATED);
        case.common_refusals();
        case.every_flipped_bit_of_the_header_is_refused("telnyx-signature-ed25519");
        case.every_flipped_bit_of_the_header_is_refused("telnyx-timestamp");
        for place in [0, 10, INITIATED.len() - 1] {
            let mut bent = case.clone();
            bent.body[place] ^= 1;
            bent.refused(Refusal::Signature);
        }
        case.clone().at(300).run().expect("300 s old");
        case.clone().at(301).refused(Refusal::Stale);
        case.clone().at(-301).refused(Refusal::Stale);
        let mut bare = case.clone();
        bare.headers.remove(0);
        bare.refused(Refusal::NoSignature);
        let mut other = case.clone();
        other.settings.secrets = vec![Secret::new("not a key"), Secret::new(&to_base64(&[1; 32]))];
        other.refused(Refusal::Signature);
    }

    #[test]
    fn the_life_of_a_call() {
        let start = case(INITIATED).event();
        assert_eq!(
            (start.phase, start.provider_call_id.as_str()),
            (Phase::Start, "s1")
        );
        assert_eq!(start.dedupe_key, "telnyx/s1/start/e1");
        assert_eq!(start.started_at, Some(support::TEN));
        assert_eq!(start.extra["meta.attempt"], "1");
        let taken = INITIATED.replace("call.initiated", "call.answered");
        assert_eq!(case(&taken).run().expect("valid").events, []);
        let company = taken.replace("incoming", "outgoing");
        let answer = case(&company).event();
        assert_eq!((answer.phase, answer.caller), (Phase::Answer, None));
        let hangup = INITIATED.replace("call.initiated", "call.hangup").replace(
            "\"state\":\"parked\"",
            "\"hangup_cause\":\"user_busy\",\"end_time\":\"2026-01-15T10:01:00Z\"",
        );
        let end = case(&hangup).event();
        assert_eq!(
            (end.phase, end.status),
            (Phase::End, Some(EventStatus::Busy))
        );
        assert_eq!(end.ended_at, Some(UnixMillis(support::TEN.0 + 60_000)));
        assert_eq!(
            case(&hangup.replace("incoming", "outgoing"))
                .run()
                .expect("valid")
                .events,
            []
        );
        let saved = r#"{"data":{"event_type":"call.recording.saved","payload":{"call_session_id":"s1",
            "recording_urls":{"mp3":"https://r.example/1"}}}}"#;
        assert_eq!(
            case(saved).event().recording_url.as_deref(),
            Some("https://r.example/1")
        );
        let fork = INITIATED.replace("call.initiated", "call.fork.started");
        assert!(case(&fork).run().expect("valid").keep_raw.is_some());
        case("{\"data\":1,\"data\":2}")
            .unreadable("not JSON: key \"data\" is given twice at line 1 column 19");
    }

    #[test]
    fn texml_is_answered_with_markup() {
        let body = "CallSid=v3:1&From=%2B79001112233&To=%2B74951234567&CallStatus=ringing&Direction=inbound";
        let incoming = case(body).run().expect("valid");
        assert_eq!(
            (&incoming.ask, incoming.dialect),
            (&Ask::Route, Dialect::Markup)
        );
        let route = Route {
            forward: Some(answer::Forward::Sip("sip:shop@pbx.example".into())),
            ..Route::default()
        };
        let reply = super::super::answer(Provider::Telnyx, &incoming, &route);
        let text = String::from_utf8(reply.body).expect("text");
        assert!(text.contains("<Sip>sip:shop@pbx.example</Sip>"), "{text}");
        let json = case(INITIATED).run().expect("valid");
        assert_eq!(
            super::super::answer(Provider::Telnyx, &json, &route).body,
            b"{}"
        );
    }
}
