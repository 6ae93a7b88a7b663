//! Twilio, and exchanges that speak its language (TeXML by Telnyx, LaML by SignalWire).
//!
//! Forms by `POST` or `GET`, answered with call markup. `X-Twilio-Signature` is the base 64 of
//! HMAC-SHA1 over the address and all form fields in the order of their names; of a JSON body only
//! its digest in the address (`bodySHA256`) is signed. There is no time in it: `CallSid`,
//! `CallStatus` and
//! `SequenceNumber` tell doubles, and `Timestamp`, where sent, bounds replays.
//!
//! The address signed is the one given to the provider. Behind a proxy it differs from the
//! request's own; then the settings name it (`public_url`).
//!
//! Sources: twilio.com/docs/usage/webhooks/webhooks-security, npm `twilio` 6.2.0 `lib/webhooks`.

use super::answer::{Answer, Forward, Route, push_escaped};
use super::body::{Form, any_form, urlencoded};
use super::number::first_dialed;
use super::signature::{any, equal, hmac_sha1, sha256, to_base64, to_hex};
use super::{
    Ask, Coverage, Dialect, Direction, EventStatus, Inbound, Incoming, Parsed, Phase, RawRequest,
    Refusal, clock,
};
use std::collections::{BTreeMap, BTreeSet};

const SIGNATURE_HEADER: &str = "x-twilio-signature";

const KNOWN: [&str; 17] = [
    "CallDuration",
    "CallSid",
    "CallStatus",
    "DialCallDuration",
    "DialCallStatus",
    "Direction",
    "ForwardedFrom",
    "From",
    "ParentCallSid",
    "RecordingSid",
    "RecordingUrl",
    "RecordingStatus",
    "SequenceNumber",
    "StartTime",
    "Timestamp",
    "To",
    "bodySHA256",
];

pub(super) fn parse(inbound: &Inbound<'_>) -> Parsed {
    let request = inbound.request;
    if inbound.is_proven {
        return read_proven(inbound);
    }
    let given = request
        .header(SIGNATURE_HEADER)
        .ok_or(Refusal::NoSignature)?;
    let is_json = request.content_type().to_ascii_lowercase().contains("json");
    let has_form = request.method == "POST" && !is_json && !request.body.is_empty();
    let signed_fields = if has_form {
        let form = inbound.unproven(any_form(request.content_type(), request.body))?;
        signed_form(&form)
    } else {
        String::new()
    };
    let addresses = addresses(inbound);
    let right = any(&inbound.settings.secrets, |secret| {
        addresses.iter().fold(false, |found, address| {
            let parts = [address.as_bytes(), signed_fields.as_bytes()];
            let expected = to_base64(&hmac_sha1(secret.expose().as_bytes(), &parts));
            found | equal(expected.as_bytes(), given.as_bytes())
        })
    });
    if !right || (is_json && !has_digest_of_body(request)) {
        return Err(Refusal::Signature.into());
    }
    read_proven(inbound)
}

/// Reads body or query, whoever vouched for them.
fn read_proven(inbound: &Inbound<'_>) -> Parsed {
    let request = inbound.request;
    let form = if request.method == "POST" && !request.body.is_empty() {
        any_form(request.content_type(), request.body)?
    } else {
        urlencoded(request.query().as_bytes())?
    };
    let mut incoming = read(inbound, &form.without_duplicates()?)?;
    incoming.dialect = Dialect::Markup;
    Ok(incoming)
}

/// Names in order, each followed by its values: unique, in order.
fn signed_form(form: &Form) -> String {
    let mut fields: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in &form.pairs {
        fields.entry(name).or_default().insert(value);
    }
    let mut text = String::new();
    for (name, values) in fields {
        for value in values {
            text.push_str(name);
            text.push_str(value);
        }
    }
    text
}

/// The address as it may have been signed: as given, with and without its standard port.
fn addresses(inbound: &Inbound<'_>) -> Vec<String> {
    let request = inbound.request;
    let received = request.url.split('#').next().unwrap_or("");
    let address = match &inbound.settings.public_url {
        Some(public_url) if public_url.contains('?') => public_url.clone(),
        Some(public_url) if request.query().is_empty() => public_url.clone(),
        Some(public_url) => format!("{public_url}?{}", request.query()),
        None => received.to_owned(),
    };
    let mut all = vec![address.clone()];
    if let Some((scheme, rest)) = address.split_once("://") {
        let port = if scheme == "http" { ":80" } else { ":443" };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        match host.strip_suffix(port) {
            Some(bare) => all.push(format!("{scheme}://{bare}{path}")),
            None if !host.contains(':') => all.push(format!("{scheme}://{host}{port}{path}")),
            None => {}
        }
    }
    all
}

fn has_digest_of_body(request: &RawRequest<'_>) -> bool {
    let Ok(query) = urlencoded(request.query().as_bytes()) else {
        return false;
    };
    let digest = to_hex(&sha256(&[request.body]));
    let given = query.or_empty("bodySHA256").to_ascii_lowercase();
    equal(given.as_bytes(), digest.as_bytes())
}

/// Reads the fields, whoever vouched for them.
pub(super) fn read(inbound: &Inbound<'_>, form: &Form) -> Parsed {
    let status = form.or_empty("CallStatus").to_ascii_lowercase();
    let child = form.get("ParentCallSid").is_some();
    let recording = form.get("RecordingUrl").is_some() && form.get("DialCallStatus").is_none();
    let dial = form.get("DialCallStatus").map(str::to_ascii_lowercase);
    let phase = match (status.as_str(), child) {
        _ if dial.is_some() => Phase::End,
        _ if recording => Phase::Record,
        ("queued" | "initiated" | "ringing", false) => Phase::Start,
        ("in-progress" | "answered", _) => Phase::Answer,
        ("completed" | "busy" | "no-answer" | "canceled" | "failed", false) => Phase::End,
        // A leg to the company begins or ends: the parent call tells its own end.
        (_, true) => return Ok(Incoming::default()),
        (other, _) => {
            return Ok(Incoming::kept(
                format!("CallStatus {other:?} is not known"),
                format!("CallStatus {other:?} неизвестно"),
            ));
        }
    };
    let mut event = inbound.event(form.first(&["ParentCallSid", "CallSid"]), phase)?;
    event.coverage = Coverage::Whole;
    let marks = ["DialCallStatus", "RecordingSid", "CallStatus"];
    event.mark(form.first(&marks).unwrap_or(""));
    if let Some(number) = form.get("SequenceNumber") {
        event.mark(number);
    }
    let at = inbound.time(form.get("Timestamp"));
    inbound.refuse_stale(at)?;
    event.event_at = at;
    event.started_at = inbound.time(form.get("StartTime"));
    match phase {
        Phase::Start => event.started_at = event.started_at.or(at),
        Phase::Answer => event.answered_at = at,
        Phase::End if dial.is_none() => event.ended_at = at,
        Phase::End | Phase::Record => {}
    }
    if !child {
        read_numbers(inbound, form, &mut event);
    }
    let seconds = |name: &str| form.get(name).and_then(clock::seconds);
    if let Some(dial) = &dial {
        event.status = end_status(dial);
        event.talk_s = seconds("DialCallDuration");
    } else if phase == Phase::End {
        // That the exchange itself took the call is no answer of the company; how long it lasted is
        // the best that is known where no outcome of the dialling is told.
        event.status = end_status(&status).filter(|status| *status != EventStatus::Answered);
        event.talk_s = seconds("CallDuration");
    }
    event.recording_url = form.get("RecordingUrl").map(str::to_owned);
    event.extra = form.extra(&KNOWN);
    let rings = phase == Phase::Start && event.direction == Direction::In;
    let mut incoming = Incoming::of(event);
    // A status callback's answer is not read; the address for calls is asked while it rings.
    let is_callback = form.get("CallbackSource").is_some() || form.get("SequenceNumber").is_some();
    incoming.ask = if rings && !is_callback {
        Ask::Route
    } else {
        Ask::Receipt
    };
    Ok(incoming)
}

fn read_numbers(inbound: &Inbound<'_>, form: &Form, event: &mut super::CallEvent) {
    let direction = form.or_empty("Direction");
    if direction.starts_with("outbound") {
        event.direction = Direction::Out;
        event.dialed = inbound.number(form.get("To"));
        return;
    }
    event.caller = inbound.number(form.get("From"));
    event.dialed = inbound.number(form.get("To"));
    let header = |names: &[&str]| form.first(names).unwrap_or("").to_owned();
    let diversion = header(&["SipHeader_Diversion", "SipHeader_diversion"]);
    let history = header(&["SipHeader_History-Info", "SipHeader_history-info"]);
    event.forwarded_from = inbound
        .number(form.get("ForwardedFrom"))
        .or_else(|| first_dialed(inbound.site.plan, &diversion, &history));
}

fn end_status(status: &str) -> Option<EventStatus> {
    Some(match status {
        "completed" | "answered" => EventStatus::Answered,
        "busy" => EventStatus::Busy,
        "no-answer" => EventStatus::Missed,
        "canceled" => EventStatus::Cancelled,
        "failed" => EventStatus::Failed,
        _ => return None,
    })
}

/// Call markup that puts the caller through. `answerOnBridge` keeps the line ringing until the
/// company answers, so that the provider's own answer is not taken for one.
pub(super) fn reply(incoming: &Incoming, route: &Route) -> Answer {
    if incoming.dialect != Dialect::Markup {
        return Answer::json(&serde_json::json!({}));
    }
    let mut markup = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>");
    if let (Ask::Route, Some(forward)) = (&incoming.ask, &route.forward) {
        markup.push_str("<Dial answerOnBridge=\"true\">");
        let (tag, target) = match forward {
            Forward::Phone(number) => ("Number", format!("+{number}")),
            Forward::Sip(address) if address.starts_with("sip") => ("Sip", address.clone()),
            Forward::Sip(address) => ("Sip", format!("sip:{address}")),
        };
        markup.push('<');
        markup.push_str(tag);
        if let Some(url) = &route.whisper_url {
            markup.push_str(" url=\"");
            push_escaped(&mut markup, url);
            markup.push('"');
        }
        markup.push('>');
        push_escaped(&mut markup, &target);
        markup.push_str("</");
        markup.push_str(tag);
        markup.push_str("></Dial>");
    }
    markup.push_str("</Response>");
    Answer::xml(markup)
}

#[cfg(test)]
mod tests {
    use super::super::support::Case;
    use super::super::*;
    use super::*;
    use expect_test::expect;

    const VECTOR_URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const VECTOR_BODY: &str = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234\
                               &From=%2B14158675309&To=%2B18005551212";
    const RING: &str = "CallSid=CA1&AccountSid=AC1&From=%2B79001112233&To=%2B74951234567\
                        &CallStatus=ringing&Direction=inbound&ApiVersion=2010-04-01";

    fn unsigned(body: &str) -> Case {
        Case::new(Provider::Twilio)
            .secret("12345")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    fn case(body: &str) -> Case {
        let mut case = unsigned(body);
        case.url = "https://edge.example/v1/sites/demo/calls/twilio/x".into();
        let fields = signed_form(&urlencoded(body.as_bytes()).expect("a form"));
        let tag = hmac_sha1(b"12345", &[case.url.as_bytes(), fields.as_bytes()]);
        case.header("x-twilio-signature", &to_base64(&tag))
    }

    #[test]
    fn the_public_vector() {
        let mut vector =
            unsigned(VECTOR_BODY).header("X-Twilio-Signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        vector.url = VECTOR_URL.into();
        // The vendor's vector names no state of the call; its signature is right.
        let incoming = vector.run().expect("the vector");
        assert_eq!(
            incoming.keep_raw.map(|why| why.en).as_deref(),
            Some("CallStatus \"\" is not known")
        );
        for url in [
            "https://mycompany.com/myapp.php?foo=1&bar=3",
            "https://mycompany.com/myapp.php",
            "http://mycompany.com/myapp.php?foo=1&bar=2",
            "https://other.com/myapp.php?foo=1&bar=2",
        ] {
            vector.url = url.into();
            vector.refused(Refusal::Signature);
            let mut proxied = vector.clone();
            proxied.settings.public_url = Some(VECTOR_URL.into());
            proxied.run().expect("the address as the provider knows it");
        }
        vector.url = "https://mycompany.com:443/myapp.php?foo=1&bar=2".into();
        vector.run().expect("the standard port may be named");
        vector.url = "https://mycompany.com:444/myapp.php?foo=1&bar=2".into();
        vector.refused(Refusal::Signature);
    }

    #[test]
    fn only_these_fields_at_this_address() {
        let ring = case(RING);
        ring.common_refusals();
        ring.every_flipped_bit_of_the_body_is_refused_or_same();
        ring.every_flipped_bit_of_the_header_is_refused("x-twilio-signature");
        let mut bare = ring.clone();
        bare.headers.clear();
        bare.refused(Refusal::NoSignature);
        case(&format!("{RING}&To=%2B74951234568")).unreadable("field \"To\" is given twice");
        let old = format!("{RING}&Timestamp=Wed%2C+07+Jan+2026+09%3A59%3A00+%2B0000");
        case(&old).refused(Refusal::Stale);
    }

    #[test]
    fn a_json_body_is_signed_by_its_digest() {
        let body = r#"{"CallSid":"CA1","CallStatus":"completed","CallDuration":7}"#;
        let digest = to_hex(&sha256(&[body.as_bytes()]));
        let mut json = unsigned(body);
        json.url = format!("https://edge.example/x?bodySHA256={digest}");
        let tag = to_base64(&hmac_sha1(b"12345", &[json.url.as_bytes()]));
        let json = json
            .header("content-type", "application/json")
            .header("x-twilio-signature", &tag);
        assert_eq!(json.event().talk_s, Some(7));
        json.every_flipped_bit_of_the_body_is_refused();
    }

    #[test]
    fn the_life_of_a_call() {
        let incoming = case(RING).run().expect("valid");
        assert_eq!(
            (&incoming.ask, incoming.dialect),
            (&Ask::Route, Dialect::Markup)
        );
        let with = |status: &str, more: &str| case(&(RING.replace("ringing", status) + more));
        let taken = with(
            "in-progress",
            "&SequenceNumber=1&Timestamp=Thu, 15 Jan 2026 10:00:05 %2B0000",
        )
        .event();
        assert_eq!(taken.phase, Phase::Answer);
        assert_eq!(taken.answered_at, Some(UnixMillis(support::TEN.0 + 5000)));
        assert_eq!(taken.dedupe_key, "twilio/CA1/answer/in-progress/1");
        let done = with("completed", "&CallDuration=65").event();
        assert_eq!(
            (done.phase, done.talk_s, done.status),
            (Phase::End, Some(65), None)
        );
        assert_eq!(
            with("no-answer", "").event().status,
            Some(EventStatus::Missed)
        );
        let dialled = with("in-progress", "&DialCallStatus=busy&DialCallDuration=0").event();
        assert_eq!(
            (dialled.phase, dialled.status),
            (Phase::End, Some(EventStatus::Busy))
        );
        let leg = with("completed", "&ParentCallSid=CA0")
            .run()
            .expect("valid");
        assert_eq!(leg.events, []);
        let leg = with("in-progress", "&ParentCallSid=CA0").event();
        assert_eq!((leg.provider_call_id.as_str(), leg.caller), ("CA0", None));
        let record = case("CallSid=CA1&RecordingSid=RE1&RecordingUrl=https://r.example/1&RecordingStatus=completed").event();
        assert_eq!(record.phase, Phase::Record);
        assert!(with("dancing", "").run().expect("valid").keep_raw.is_some());
    }

    #[test]
    fn forwarded_and_withheld_calls() {
        let forwarded = format!("{RING}&ForwardedFrom=%2B74957770000");
        let event = case(&forwarded).event();
        assert_eq!(
            event.forwarded_from.map(|n| n.to_string()).as_deref(),
            Some("74957770000")
        );
        let sip =
            format!("{RING}&SipHeader_Diversion=%3Csip:74957770000@h%3E;reason=unconditional");
        assert_eq!(case(&sip).event().forwarded_from, event.forwarded_from);
        let withheld = RING.replace("%2B79001112233", "%2B266696687");
        assert_eq!(case(&withheld).event().caller, None);
    }

    #[test]
    fn answers_are_markup() {
        let incoming = case(RING).run().expect("valid");
        let text = |route: &Route| String::from_utf8(reply(&incoming, route).body).expect("text");
        let mut route = Route {
            forward: crate::phone::E164::parse("74957654321")
                .ok()
                .map(Forward::Phone),
            whisper_url: Some("https://edge.example/w?a=1&b=<2>".into()),
            ..Route::default()
        };
        expect![[r#"<?xml version="1.0" encoding="UTF-8"?><Response><Dial answerOnBridge="true"><Number url="https://edge.example/w?a=1&amp;b=&lt;2&gt;">+74957654321</Number></Dial></Response>"#]]
            .assert_eq(&text(&route));
        route.forward = Some(Forward::Sip("shop@pbx.example?a&b".into()));
        route.whisper_url = None;
        expect![[r#"<?xml version="1.0" encoding="UTF-8"?><Response><Dial answerOnBridge="true"><Sip>sip:shop@pbx.example?a&amp;b</Sip></Dial></Response>"#]]
            .assert_eq(&text(&route));
        expect![[r#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#]]
            .assert_eq(&text(&Route::default()));
        route.whisper = Some("\"Яндекс\"&Ко\u{0}\u{b}".into());
        route.language = Some("ru-RU".into());
        let spoken = super::super::answer::whisper_markup(&route);
        let spoken = String::from_utf8(spoken.body).expect("text");
        let said = spoken.strip_prefix(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
        expect![[r#"<Response><Say language="ru-RU">&quot;Яндекс&quot;&amp;Ко</Say></Response>"#]]
            .assert_eq(said.expect("a document"));
    }
}
