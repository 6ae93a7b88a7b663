//! MegaFon VATS and its family (exchanges by ITooLabs).
//!
//! Forms by `POST`. Nothing is signed: the field `crm_token` is a shared secret, compared in
//! constant time. The dialled tracking number is `diversion`; `telnum` and `ext` are the
//! employee's. One call rings several employees, each with events of his own.
//!
//! Sources: the tests of a public C# client of the exchange, antibaloo/bpm.ucre.ru; the vendor
//! publishes no page.

use super::answer::{Answer, Route};
use super::body::Form;
use super::signature::any_equal;
use super::{
    Ask, Coverage, Direction, EventStatus, Inbound, Incoming, Parsed, Phase, Refusal, clock,
};

const KNOWN: [&str; 13] = [
    "callid",
    "cmd",
    "crm_token",
    "direction",
    "diversion",
    "duration",
    "link",
    "phone",
    "start",
    "status",
    "type",
    "user",
    "wait",
];

pub(super) fn parse(inbound: &Inbound<'_>) -> Parsed {
    let form = inbound.unproven(inbound.form())?;
    let token = form.get("crm_token").ok_or(Refusal::NoSignature)?;
    let right = any_equal(&inbound.settings.secrets, token.as_bytes());
    if !right && !inbound.is_proven {
        return Err(Refusal::Signature.into());
    }
    match form.or_empty("cmd") {
        "event" => read_event(inbound, &form),
        "history" => read_history(inbound, &form),
        "contact" => read_contact(inbound, &form),
        "rating" => read_rating(inbound, &form),
        other => Ok(Incoming::kept(
            format!("cmd {other:?} is not known"),
            format!("cmd {other:?} неизвестна"),
        )),
    }
}

fn read_event(inbound: &Inbound<'_>, form: &Form) -> Parsed {
    let kind = form.or_empty("type").to_ascii_uppercase();
    let (phase, status) = match kind.as_str() {
        "INCOMING" | "OUTGOING" => (Phase::Start, None),
        // Whoever else was rung is told CANCELLED; the answer must outweigh that.
        "ACCEPTED" | "TRANSFERRED" => (Phase::Answer, Some(EventStatus::Answered)),
        "COMPLETED" => (Phase::End, Some(EventStatus::Answered)),
        // In a group the others ring on; `history` tells the end.
        "CANCELLED" if form.get("groupRealName").is_some() => return Ok(Incoming::default()),
        "CANCELLED" => (Phase::End, Some(EventStatus::Cancelled)),
        other => {
            return Ok(Incoming::kept(
                format!("type {other:?} is not known"),
                format!("type {other:?} неизвестен"),
            ));
        }
    };
    let mut event = inbound.event(form.get("callid"), phase)?;
    event.mark(&format!("{kind}/{}", form.or_empty("user")));
    event.status = status;
    event.direction = if kind == "OUTGOING" || form.or_empty("direction") == "out" {
        Direction::Out
    } else {
        Direction::In
    };
    if event.direction == Direction::In {
        event.caller = inbound.number(form.get("phone"));
        event.dialed = inbound.number(form.get("diversion"));
    } else {
        event.dialed = inbound.number(form.get("phone"));
    }
    event.extra = form.extra(&KNOWN);
    Ok(Incoming::of(event))
}

fn read_history(inbound: &Inbound<'_>, form: &Form) -> Parsed {
    let mut event = inbound.event(form.get("callid"), Phase::End)?;
    event.mark("history");
    event.coverage = Coverage::Secret;
    event.started_at = form.get("start").and_then(clock::compact_utc);
    event.event_at = event.started_at;
    inbound.refuse_stale(event.started_at)?;
    if form.or_empty("type") == "out" {
        event.direction = Direction::Out;
        event.dialed = inbound.number(form.get("phone"));
    } else {
        event.caller = inbound.number(form.get("phone"));
        event.dialed = inbound.number(form.get("diversion"));
    }
    let status = match form.or_empty("status").to_ascii_lowercase().as_str() {
        "success" | "" => EventStatus::Answered,
        "missed" | "noanswer" => EventStatus::Missed,
        "busy" => EventStatus::Busy,
        "cancel" | "cancelled" => EventStatus::Cancelled,
        _ => EventStatus::Failed,
    };
    event.status = Some(status);
    let duration_s = form.get("duration").and_then(clock::seconds);
    if status == EventStatus::Answered {
        // `duration` is the conversation; where the exchange also tells the wait, both make the
        // whole.
        event.talk_s = duration_s;
        let wait_s = form.get("wait").and_then(clock::seconds);
        event.duration_s = match (duration_s, wait_s) {
            (Some(talk_s), Some(wait_s)) => Some(talk_s.saturating_add(wait_s)),
            _ => None,
        };
    } else {
        event.talk_s = Some(0);
        event.duration_s = duration_s;
    }
    event.recording_url = form.get("link").map(str::to_owned);
    event.extra = form.extra(&KNOWN);
    Ok(Incoming::of(event))
}

/// The telephone rings and wants a name to show.
fn read_contact(inbound: &Inbound<'_>, form: &Form) -> Parsed {
    let mut event = inbound.event(form.get("callid"), Phase::Start)?;
    event.mark("contact");
    event.caller = inbound.number(form.get("phone"));
    event.dialed = inbound.number(form.get("diversion"));
    event.extra = form.extra(&KNOWN);
    let mut incoming = Incoming::of(event);
    incoming.ask = Ask::Contact;
    Ok(incoming)
}

/// The caller rated the talk: kept with the call.
fn read_rating(inbound: &Inbound<'_>, form: &Form) -> Parsed {
    let mut event = inbound.event(form.get("callid"), Phase::Record)?;
    event.mark("rating");
    event.extra = form.extra(&KNOWN);
    Ok(Incoming::of(event))
}

/// To `contact`: the name on the display and who should take the call.
pub(super) fn reply(incoming: &Incoming, route: &Route) -> Answer {
    let mut reply = serde_json::Map::new();
    if incoming.ask == Ask::Contact {
        if let Some(name) = route.caller_name.as_ref().or(route.whisper.as_ref()) {
            reply.insert("contact_name".into(), name.as_str().into());
        }
        if let Some(responsible) = &route.responsible {
            reply.insert("responsible".into(), responsible.as_str().into());
        }
    }
    Answer::json(&reply.into())
}

#[cfg(test)]
mod tests {
    use super::super::support::Case;
    use super::super::*;
    use super::*;
    use expect_test::expect;

    const INCOMING: &str = "cmd=event&type=INCOMING&phone=79001112233&diversion=74951234567\
                            &user=admin&groupRealName=sales&ext=101&telnum=79320000000&callid=42&crm_token=token";
    const HISTORY: &str = "cmd=history&type=in&user=admin&phone=79001112233&diversion=74951234567\
                           &start=20260115T100000Z&duration=60&callid=42\
                           &link=https%3A%2F%2Fr.example%2F1\
                           &status=Success&crm_token=token";

    fn case(body: &str) -> Case {
        Case::new(Provider::Megafon).secret("token").body(body)
    }

    #[test]
    fn the_token_is_the_secret() {
        case(INCOMING).common_refusals();
        case(&INCOMING.replace("=token", "=tokem")).refused(Refusal::Signature);
        case(&INCOMING.replace("=token", "=toke")).refused(Refusal::Signature);
        case(&INCOMING.replace("&crm_token=token", "")).refused(Refusal::NoSignature);
        case(&INCOMING.replace("&crm_token=token", "&crm_token=")).refused(Refusal::NoSignature);
        let twice = format!("{INCOMING}&crm_token=other");
        case(&twice).refused(Refusal::NoSignature);
        case(&twice)
            .path_secret()
            .unreadable("field \"crm_token\" is given twice");
        case("cmd=%FF")
            .path_secret()
            .unreadable("a field is not UTF-8");
        case(HISTORY).at(8 * 86_400).refused(Refusal::Stale);
    }

    #[test]
    fn the_life_of_a_call() {
        let incoming = case(INCOMING).run().expect("valid");
        assert_eq!(incoming.ask, Ask::Route);
        let event = &incoming.events[0];
        assert_eq!(
            event.dialed.map(|n| n.to_string()).as_deref(),
            Some("74951234567")
        );
        assert_eq!(event.coverage, Coverage::Secret);
        assert!(!event.extra.contains_key("crm_token"));
        assert_eq!(event.extra["telnum"], "79320000000");
        let accepted = case(&INCOMING.replace("INCOMING", "ACCEPTED")).event();
        assert_eq!(accepted.phase, Phase::Answer);
        let group = case(&INCOMING.replace("INCOMING", "CANCELLED"));
        assert_eq!(group.run().expect("valid"), Incoming::default());
        let alone = INCOMING
            .replace("INCOMING", "CANCELLED")
            .replace("groupRealName", "x");
        assert_eq!(case(&alone).event().status, Some(EventStatus::Cancelled));
        let event = case(HISTORY).event();
        assert_eq!(
            (event.talk_s, event.started_at),
            (Some(60), Some(support::TEN))
        );
        assert_eq!(event.recording_url.as_deref(), Some("https://r.example/1"));
        let missed = case(&HISTORY.replace("Success", "missed")).event();
        assert_eq!(
            (missed.status, missed.talk_s),
            (Some(EventStatus::Missed), Some(0))
        );
        let waited = case(&format!("{HISTORY}&wait=12")).event();
        assert_eq!((waited.talk_s, waited.duration_s), (Some(60), Some(72)));
        let rating =
            case("cmd=rating&callid=42&rating=5&phone=79001112233&crm_token=token").event();
        assert_eq!(rating.extra["rating"], "5");
        assert!(
            case("cmd=dance&crm_token=token")
                .run()
                .expect("valid")
                .keep_raw
                .is_some()
        );
        case("cmd=event&type=INCOMING&crm_token=token").unreadable("the event names no call");
    }

    #[test]
    fn the_name_on_the_display() {
        let incoming = case("cmd=contact&phone=79001112233&callid=42&crm_token=token")
            .run()
            .expect("valid");
        assert_eq!(incoming.ask, Ask::Contact);
        let route = Route {
            caller_name: Some("yandex / cpc".into()),
            responsible: Some("admin".into()),
            ..Route::default()
        };
        let text =
            |incoming: &Incoming| String::from_utf8(reply(incoming, &route).body).expect("text");
        expect![[r#"{"contact_name":"yandex / cpc","responsible":"admin"}"#]]
            .assert_eq(&text(&incoming));
        expect!["{}"].assert_eq(&text(&case(INCOMING).run().expect("valid")));
    }
}
