//! A company's own Asterisk: the form its dialplan sends with `CURL`, and the same form from a
//! bridge over AMI or ARI (docs/guides/telephony-asterisk.md).
//!
//! Fields: `event` (`start`, `answer`, `end`, `record`), `uid` (the channel's `LINKEDID`),
//! `caller`, `did`, and what the dialplan knows: `diversion`, `history`, `disposition`
//! (`DIALSTATUS`), `billsec`, `duration`, `recording`. Nothing is signed: the secret in the path is
//! required; an exchange that can sign uses the generic webhook.
//!
//! The answer is one line of text the dialplan hands to `Dial`: `PJSIP/shop`, or empty to go on.

use super::answer::{Answer, Forward, Route};
use super::number::first_dialed;
use super::{Ask, Dialect, EventStatus, Inbound, Incoming, Parsed, Phase, Refusal, clock};

const KNOWN: [&str; 17] = [
    "answered",
    "billsec",
    "caller",
    "did",
    "disposition",
    "diversion",
    "duration",
    "ended",
    "event",
    "format",
    "history",
    "linkedid",
    "recording",
    "seq",
    "started",
    "to",
    "uid",
];

pub(super) fn parse(inbound: &Inbound<'_>) -> Parsed {
    if !inbound.has_path_secret() {
        return Err(Refusal::PathSecret.into());
    }
    let form = inbound.form()?;
    let phase = match form.or_empty("event") {
        "start" => Phase::Start,
        "answer" => Phase::Answer,
        "end" => Phase::End,
        "record" => Phase::Record,
        other => {
            return Ok(Incoming::kept(
                format!("event {other:?} is not known"),
                format!("событие {other:?} неизвестно"),
            ));
        }
    };
    let mut event = inbound.event(form.first(&["linkedid", "uid"]), phase)?;
    if let Some(seq) = form.get("seq") {
        event.mark(seq);
    }
    event.caller = inbound.number(form.get("caller"));
    event.dialed = inbound.number(form.first(&["did", "to"]));
    let (diversion, history) = (form.or_empty("diversion"), form.or_empty("history"));
    event.forwarded_from = first_dialed(inbound.site.plan, diversion, history);
    event.started_at = inbound.time(form.get("started"));
    event.answered_at = inbound.time(form.get("answered"));
    event.ended_at = inbound.time(form.get("ended"));
    event.event_at = match phase {
        Phase::Start => event.started_at,
        Phase::Answer => event.answered_at,
        Phase::End | Phase::Record => event.ended_at,
    };
    inbound.refuse_stale(event.event_at)?;
    event.duration_s = form.get("duration").and_then(clock::seconds);
    event.talk_s = form.get("billsec").and_then(clock::seconds);
    event.status = match form.or_empty("disposition").to_ascii_uppercase().as_str() {
        "ANSWER" | "ANSWERED" => Some(EventStatus::Answered),
        "BUSY" => Some(EventStatus::Busy),
        "NOANSWER" | "NO ANSWER" => Some(EventStatus::Missed),
        "CANCEL" => Some(EventStatus::Cancelled),
        "CHANUNAVAIL" | "CONGESTION" | "FAILED" => Some(EventStatus::Failed),
        _ => None,
    };
    event.recording_url = form.get("recording").map(str::to_owned);
    event.extra = form.extra(&KNOWN);
    let mut incoming = Incoming::of(event);
    incoming.dialect = if form.or_empty("format") == "json" {
        Dialect::Json
    } else {
        Dialect::Text
    };
    Ok(incoming)
}

/// `number|name`: where to dial (digits, or a SIP address) and what to show, each possibly empty.
/// The dialplan cuts it at the bar, so neither may hold one, nor what would end a dialplan
/// argument.
pub(super) fn reply(incoming: &Incoming, route: &Route) -> Answer {
    if incoming.dialect == Dialect::Json {
        return super::generic::reply(incoming, route);
    }
    if incoming.ask != Ask::Route {
        return Answer::text("");
    }
    let target = match &route.forward {
        Some(Forward::Phone(number)) => number.to_string(),
        Some(Forward::Sip(address)) => address.clone(),
        None => String::new(),
    };
    let name = route.caller_name.as_deref().unwrap_or("");
    let line = format!("{}|{}", harmless(&target), harmless(name));
    Answer::text(&line)
}

/// `text` without what the dialplan would take for syntax.
fn harmless(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() && !"|,&;\"'`$\\{}()[]<>".contains(*c))
        .take(80)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::support::{Case, TEN};
    use super::super::*;
    use super::*;

    const START: &str = "event=start&uid=1768471200.5&caller=89001112233&did=74951234567&started=1768471200\
                         &diversion=%3Csip:74957770000@op%3E;reason=unconditional&context=in";

    fn case(body: &str) -> Case {
        Case::new(Provider::Asterisk).path_secret().body(body)
    }

    #[test]
    fn the_life_of_a_call() {
        case(START).common_refusals();
        let incoming = case(START).run().expect("valid");
        let event = &incoming.events[0];
        assert_eq!((event.phase, event.started_at), (Phase::Start, Some(TEN)));
        assert_eq!(
            event.forwarded_from.map(|n| n.to_string()).as_deref(),
            Some("74957770000")
        );
        assert_eq!(event.extra["context"], "in");
        let end = "event=end&linkedid=1768471200.5&uid=1768471200.6&disposition=ANSWER&billsec=60&duration=72&ended=1768471272";
        let event = case(end).event();
        assert_eq!(event.provider_call_id, "1768471200.5");
        assert_eq!(
            (event.status, event.talk_s),
            (Some(EventStatus::Answered), Some(60))
        );
        for (disposition, status) in [
            ("NO ANSWER", EventStatus::Missed),
            ("BUSY", EventStatus::Busy),
            ("CANCEL", EventStatus::Cancelled),
            ("CHANUNAVAIL", EventStatus::Failed),
        ] {
            let end = end.replace("ANSWER", disposition).replace(' ', "+");
            assert_eq!(case(&end).event().status, Some(status), "{disposition}");
        }
        assert!(
            case("event=hold&uid=1")
                .run()
                .expect("valid")
                .keep_raw
                .is_some()
        );
        case("event=start").unreadable("the event names no call");
        case(START).at(8 * 86_400).refused(Refusal::Stale);
    }

    #[test]
    fn the_answer_holds_no_dialplan_syntax() {
        let incoming = case(START).run().expect("valid");
        let route = |name: &str| Route {
            forward: Some(Forward::Sip("shop@pbx.example".into())),
            caller_name: Some(name.into()),
            ..Route::default()
        };
        let text = |route: &Route| String::from_utf8(reply(&incoming, route).body).expect("text");
        assert_eq!(
            text(&route("yandex / cpc")),
            "shop@pbx.example|yandex / cpc"
        );
        assert_eq!(
            text(&route("a|b,${SHELL(x)}\n&c")),
            "shop@pbx.example|abSHELLxc"
        );
        assert_eq!(text(&Route::default()), "|");
        let json = case(&format!("{START}&format=json")).run().expect("valid");
        let json = super::super::answer(Provider::Asterisk, &json, &route("x"));
        assert_eq!(json.content_type, "application/json");
    }
}
