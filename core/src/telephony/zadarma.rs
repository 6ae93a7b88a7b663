//! Zadarma, and Novofon, which began as the same system.
//!
//! Forms by `POST`. The header `Signature` is the base 64 of the *hexadecimal text* of HMAC-SHA1
//! over two or three fields joined without a separator. So event name, call id, duration and
//! outcome are not signed, and the signature of a start is right for a forged end: the secret in
//! the path is required, and the record of a call tells whether its start was seen.
//!
//! Sources: zadarma/user-api-v1 (PHP client and its webhook examples), npm `zadarma` 1.1.2,
//! zadarma.com/ru/support/api. Novofon also sends notices written as templates, as UIS does.

use super::answer::{Answer, Forward, Route};
use super::body::Form;
use super::signature::{any, equal, hmac_sha1, to_base64, to_hex};
use super::{
    Ask, Coverage, Direction, EventStatus, Inbound, Incoming, Parsed, Phase, Refusal, clock,
};

const SIGNATURE_HEADER: &str = "signature";

/// 64: the longest echo. Zadarma's values are some ten digits.
const ECHO_BYTES_MAX: usize = 64;

const KNOWN: [&str; 12] = [
    "call_id_with_rec",
    "call_start",
    "called_did",
    "caller_id",
    "destination",
    "disposition",
    "duration",
    "event",
    "is_recorded",
    "pbx_call_id",
    "result",
    "zd_echo",
];

pub(super) fn parse_novofon(inbound: &Inbound<'_>) -> Parsed {
    // Notices made of templates carry no signature; the path secret, which Novofon needs, is
    // theirs.
    if inbound.request.header(SIGNATURE_HEADER).is_none() {
        let form = inbound.unproven(inbound.form())?;
        if form
            .pairs
            .iter()
            .any(|(name, _)| name.starts_with("notification_"))
        {
            return super::uis::parse(inbound);
        }
    }
    parse(inbound)
}

pub(super) fn parse(inbound: &Inbound<'_>) -> Parsed {
    let request = inbound.request;
    if let Some(echo) = echo(inbound) {
        return Ok(Incoming {
            ask: Ask::Echo(echo),
            ..Incoming::default()
        });
    }
    let given = match request.header(SIGNATURE_HEADER) {
        Some(given) => given,
        None if inbound.is_proven => "",
        None => return Err(Refusal::NoSignature.into()),
    };
    let form = inbound.unproven(inbound.form())?;
    let name = form.or_empty("event").to_owned();
    let signed = signed_texts(&name, &form);
    let right = any(&inbound.settings.secrets, |secret| {
        signed.iter().fold(false, |found, text| {
            let key = secret.expose().as_bytes();
            let expected = to_base64(to_hex(&hmac_sha1(key, &[text.as_bytes()])).as_bytes());
            found | equal(expected.as_bytes(), given.as_bytes())
        })
    });
    if !right && !inbound.is_proven {
        return Err(Refusal::Signature.into());
    }
    read(inbound, &name, &form)
}

/// The address check: `zd_echo`, from the query or the form, if it is harmless to send back.
fn echo(inbound: &Inbound<'_>) -> Option<String> {
    let request = inbound.request;
    let find = |form: Form| form.get("zd_echo").map(str::to_owned);
    let query = super::body::urlencoded(request.query().as_bytes()).ok();
    let echo = query
        .and_then(find)
        .or_else(|| inbound.form().ok().and_then(find))?;
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (echo.len() <= ECHO_BYTES_MAX && echo.bytes().all(legal)).then_some(echo)
}

/// What `event` signs; of an event nobody listed, each of the known ways.
fn signed_texts(event: &str, form: &Form) -> Vec<String> {
    let join = |names: &[&str]| {
        names
            .iter()
            .map(|name| form.or_empty(name))
            .collect::<String>()
    };
    let incoming = || join(&["caller_id", "called_did", "call_start"]);
    let answer = || join(&["caller_id", "destination", "call_start"]);
    let outgoing = || join(&["internal", "destination", "call_start"]);
    let record = || join(&["pbx_call_id", "call_id_with_rec"]);
    let result = || join(&["result"]);
    match event {
        "NOTIFY_START" | "NOTIFY_INTERNAL" | "NOTIFY_END" | "NOTIFY_IVR" => vec![incoming()],
        "NOTIFY_ANSWER" => vec![answer()],
        "NOTIFY_OUT_START" | "NOTIFY_OUT_END" => vec![outgoing()],
        "NOTIFY_RECORD" => vec![record()],
        "SMS" | "NUMBER_LOOKUP" | "CALL_TRACKING" | "SPEECH_RECOGNITION" | "DOCUMENT" => {
            vec![result()]
        }
        _ => vec![incoming(), answer(), outgoing(), record(), result()],
    }
    .into_iter()
    // An empty text is signed alike by every event that lacks the fields.
    .filter(|text| !text.is_empty())
    .collect()
}

fn read(inbound: &Inbound<'_>, name: &str, form: &Form) -> Parsed {
    let (phase, direction) = match name {
        "NOTIFY_START" | "NOTIFY_INTERNAL" | "NOTIFY_IVR" => (Phase::Start, Direction::In),
        "NOTIFY_ANSWER" => (Phase::Answer, Direction::In),
        "NOTIFY_END" => (Phase::End, Direction::In),
        "NOTIFY_OUT_START" => (Phase::Start, Direction::Out),
        "NOTIFY_OUT_END" => (Phase::End, Direction::Out),
        "NOTIFY_RECORD" => (Phase::Record, Direction::In),
        other => {
            return Ok(Incoming::kept(
                format!("event {other:?} tells of no call"),
                format!("событие {other:?} не о звонке"),
            ));
        }
    };
    let mut event = inbound.event(form.get("pbx_call_id"), phase)?;
    event.coverage = if phase == Phase::Record {
        Coverage::Whole
    } else {
        Coverage::Part
    };
    if matches!(name, "NOTIFY_INTERNAL" | "NOTIFY_IVR") {
        let digits = form.first(&["internal", "wait_dtmf"]).unwrap_or("");
        event.mark(&format!("{name}/{digits}"));
    }
    // Outgoing calls keep the same id in their answers and recordings, which look like incoming
    // ones.
    event.direction = if form.or_empty("pbx_call_id").starts_with("out_") {
        Direction::Out
    } else {
        direction
    };
    event.started_at = form
        .get("call_start")
        .and_then(|text| clock::read(text, inbound.zone()));
    event.event_at = event.started_at;
    inbound.refuse_stale(event.started_at)?;
    if event.direction == Direction::In {
        event.caller = inbound.number(form.get("caller_id"));
        event.dialed = inbound.number(form.get("called_did"));
    } else {
        event.dialed = inbound.number(form.get("destination"));
    }
    if phase == Phase::End {
        event.status = form.get("disposition").and_then(status);
        let talk_s = form.get("duration").and_then(clock::seconds);
        let answered = event
            .status
            .is_none_or(|status| status == EventStatus::Answered);
        event.talk_s = if answered { talk_s } else { Some(0) };
    }
    event.recording_url = form.get("call_id_with_rec").map(str::to_owned);
    event.extra = form.extra(&KNOWN);
    if let Some(destination) = form.get("destination") {
        event.extra.insert("destination".into(), destination.into());
    }
    let mut incoming = Incoming::of(event);
    if name == "NOTIFY_ANSWER" {
        incoming.ask = Ask::Receipt;
    }
    Ok(incoming)
}

fn status(disposition: &str) -> Option<EventStatus> {
    Some(match disposition {
        "answered" => EventStatus::Answered,
        "busy" => EventStatus::Busy,
        "cancel" => EventStatus::Cancelled,
        "no answer" => EventStatus::Missed,
        _ => EventStatus::Failed,
    })
}

/// Scenario or extension to go through, the number behind it, and the name on the display.
///
/// Zadarma redirects to an extension or scenario only; a number of the company's own is put behind
/// one for this call (`rewrite_forward_number`, valid together with `redirect`).
pub(super) fn reply(incoming: &Incoming, route: &Route) -> Answer {
    let mut reply = serde_json::Map::new();
    if incoming.ask == Ask::Route {
        if let Some(extension) = &route.responsible {
            reply.insert("redirect".into(), extension.as_str().into());
            reply.insert("return_timeout".into(), 0.into());
            if let Some(Forward::Phone(number)) = &route.forward {
                reply.insert("rewrite_forward_number".into(), number.to_string().into());
            }
        }
        if let Some(name) = &route.caller_name {
            reply.insert("caller_name".into(), name.as_str().into());
        }
    }
    Answer::json(&reply.into())
}

#[cfg(test)]
mod tests {
    use super::super::support::{Case, TEN};
    use super::super::*;
    use super::*;
    use expect_test::expect;

    const START: &str = "event=NOTIFY_START&call_start=2026-01-15+10%3A00%3A00&pbx_call_id=in_abc\
                         &caller_id=79001112233&called_did=74951234567&new_field=kept";
    const START_SIGNATURE: &str = "NmUxZmQ5MDBiMmU5MmVhMDUyMjI1ZGM4M2FjYWY3ZjZiZGZmMmM4MQ==";
    const RECORD: &str = "event=NOTIFY_RECORD&call_id_with_rec=1234.5678&pbx_call_id=in_abc";
    const RECORD_SIGNATURE: &str = "ZDhhMGFjNWU4NGE0NmJiMjI1MTY1NzFiZjVlZDcxMzA5ZjIyNWRmYw==";

    fn case(body: &str, signature: &str) -> Case {
        Case::new(Provider::Zadarma)
            .secret("secret")
            .path_secret()
            .header("content-type", "application/x-www-form-urlencoded")
            .header("signature", signature)
            .body(body)
    }

    fn signed(body: &str, text: &str) -> Case {
        let tag = to_hex(&hmac_sha1(b"secret", &[text.as_bytes()]));
        case(body, &to_base64(tag.as_bytes()))
    }

    #[test]
    fn the_public_vectors() {
        let start = case(START, START_SIGNATURE);
        let incoming = start.run().expect("the vector of a start");
        assert_eq!(incoming.ask, Ask::Route);
        let json = serde_json::to_string_pretty(&incoming.events[0]).expect("JSON");
        expect![[r#"
            {
              "provider": "zadarma",
              "provider_call_id": "in_abc",
              "phase": "start",
              "direction": "in",
              "caller": "79001112233",
              "dialed": "74951234567",
              "started_at": 1768460400000,
              "event_at": 1768460400000,
              "received_at": 1768471200000,
              "dedupe_key": "zadarma/in_abc/start",
              "coverage": "part",
              "extra": {
                "new_field": "kept"
              }
            }"#]]
        .assert_eq(&json);
        let record = case(RECORD, RECORD_SIGNATURE).event();
        assert_eq!(record.phase, Phase::Record);
        assert_eq!(record.recording_url.as_deref(), Some("1234.5678"));
    }

    #[test]
    fn the_other_ways_of_signing_are_refused() {
        let start = case(START, START_SIGNATURE);
        start.common_refusals();
        start.every_flipped_bit_of_the_header_is_refused("signature");
        let raw = to_base64(&hmac_sha1(
            b"secret",
            &[b"7900111223374951234567", b"2026-01-15 10:00:00"],
        ));
        start
            .clone()
            .header("signature", &raw)
            .refused(Refusal::Signature);
        case(
            &START.replace("79001112233", "79001112234"),
            START_SIGNATURE,
        )
        .refused(Refusal::Signature);
        case(&START.replace("10%3A00", "10%3A01"), START_SIGNATURE).refused(Refusal::Signature);
        case(START, RECORD_SIGNATURE).refused(Refusal::Signature);
        let mut unsigned = start.clone();
        unsigned.headers.clear();
        unsigned.refused(Refusal::NoSignature);
        let twice = format!("{START}&caller_id=79001112233");
        case(&twice, START_SIGNATURE).unreadable("field \"caller_id\" is given twice");
        case("caller_id=%FF", START_SIGNATURE).unreadable("a field is not UTF-8");
        start.clone().at(8 * 86_400).refused(Refusal::Stale);
        start.at(86_400).run().expect("a day late");
    }

    #[test]
    fn an_event_without_the_signed_fields_is_refused() {
        let empty = to_base64(to_hex(&hmac_sha1(b"secret", &[b""])).as_bytes());
        case("event=NOTIFY_START&pbx_call_id=in_abc", &empty).refused(Refusal::Signature);
    }

    #[test]
    fn multipart_with_a_wrong_boundary() {
        let mut body = String::new();
        for pair in START.split('&') {
            let (name, value) = pair.split_once('=').expect("a pair");
            let value = value.replace('+', " ").replace("%3A", ":");
            body += &format!(
                "--right\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        body += "--right--\r\n";
        let event = case(&body, START_SIGNATURE)
            .header("content-type", "multipart/form-data; boundary=wrong")
            .event();
        assert_eq!(event, case(START, START_SIGNATURE).event());
    }

    #[test]
    fn the_life_of_a_call() {
        let end = START.replace("NOTIFY_START", "NOTIFY_END")
            + "&duration=65&disposition=answered&is_recorded=1&call_id_with_rec=1234.5678";
        let event = case(&end, START_SIGNATURE).event();
        assert_eq!(
            (event.phase, event.status),
            (Phase::End, Some(EventStatus::Answered))
        );
        assert_eq!((event.talk_s, event.coverage), (Some(65), Coverage::Part));
        let busy = end.replace("answered", "busy");
        assert_eq!(case(&busy, START_SIGNATURE).event().talk_s, Some(0));
        let taken = "event=NOTIFY_ANSWER&call_start=2026-01-15 10:00:00&pbx_call_id=in_abc\
                      &caller_id=79001112233&destination=100&internal=100";
        let event = signed(taken, "790011122331002026-01-15 10:00:00").event();
        assert_eq!((event.phase, event.dialed), (Phase::Answer, None));
        assert_eq!(event.extra["destination"], "100");
        let out = "event=NOTIFY_OUT_END&call_start=2026-01-15 10:00:00&pbx_call_id=out_abc\
                   &internal=100&destination=79001112233&duration=5&disposition=no answer";
        let incoming = signed(out, "100790011122332026-01-15 10:00:00")
            .run()
            .expect("valid");
        assert_eq!(incoming.events[0].direction, Direction::Out);
        assert_eq!(incoming.ask, Ask::Receipt);
    }

    #[test]
    fn events_of_no_call_are_kept() {
        let incoming = signed("event=SMS&result=%7B%7D", "{}")
            .run()
            .expect("authentic");
        assert!(incoming.events.is_empty());
        assert_eq!(
            incoming.keep_raw.map(|why| why.en).as_deref(),
            Some("event \"SMS\" tells of no call")
        );
        let unlisted = START.replace("NOTIFY_START", "NOTIFY_INTERNAL_END");
        let incoming = case(&unlisted, START_SIGNATURE).run().expect("authentic");
        assert!(incoming.events.is_empty() && incoming.keep_raw.is_some());
    }

    #[test]
    fn the_address_check_is_echoed() {
        let mut case = Case::new(Provider::Zadarma).secret("secret").path_secret();
        case.method = "GET";
        case.url += "?zd_echo=4c8a-91";
        let incoming = case.run().expect("an echo");
        let reply = super::super::answer(Provider::Zadarma, &incoming, &Route::default());
        assert_eq!(reply.body, b"4c8a-91");
        assert_eq!(reply.content_type, "text/plain; charset=utf-8");
        for bad in ["%3Cscript%3E", &"1".repeat(65), "a%0d%0ab"] {
            let mut other = case.clone();
            other.url = format!("https://edge.example/x?zd_echo={bad}");
            other.refused(Refusal::NoSignature);
        }
        case.path_secret = None;
        case.refused(Refusal::PathSecret);
    }

    #[test]
    fn answers() {
        let incoming = case(START, START_SIGNATURE).run().expect("valid");
        let mut route = Route {
            forward: crate::phone::E164::parse("74957654321")
                .ok()
                .map(Forward::Phone),
            caller_name: Some("yandex / cpc".into()),
            ..Route::default()
        };
        let text = |route: &Route| String::from_utf8(reply(&incoming, route).body).expect("text");
        expect![[r#"{"caller_name":"yandex / cpc"}"#]].assert_eq(&text(&route));
        route.responsible = Some("100".into());
        expect![[r#"{"caller_name":"yandex / cpc","redirect":"100","return_timeout":0,"rewrite_forward_number":"74957654321"}"#]]
            .assert_eq(&text(&route));
        expect!["{}"].assert_eq(&text(&Route::default()));
    }

    #[test]
    fn novofon_speaks_both_languages() {
        let mut novofon = case(START, START_SIGNATURE);
        novofon.provider = Provider::Novofon;
        assert_eq!(novofon.event().provider, Provider::Novofon);
        let template = r#"{"notification_name":"Lost call","event":"lost","call_session_id":5,
            "contact_phone_number":"79001112233","virtual_phone_number":"74951234567"}"#;
        let mut notice = Case::new(Provider::Novofon)
            .secret("secret")
            .path_secret()
            .body(template);
        let event = notice.event();
        assert_eq!(
            (event.phase, event.status),
            (Phase::End, Some(EventStatus::Missed))
        );
        assert_eq!(event.received_at, TEN);
        notice.path_secret = None;
        notice.refused(Refusal::PathSecret);
    }
}
