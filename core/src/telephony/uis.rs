//! UIS, CoMagic, CallGear.
//!
//! Notices are templates that the owner writes, so names and types vary: a number may be text and
//! text a number, fields may be nested. [`NOTICE_TEMPLATES`] are ours; other templates are read as
//! far as their names tell. Nothing is signed: the secret in the path is required.
//!
//! Interactive call processing (`numa`, `numb`) asks where a call should go while it rings.
//!
//! Sources: mgdemo.ru, planfix.com/ru/help (templates), callgear.github.io (interactive
//! processing).

use super::answer::{Answer, Forward, Route};
use super::body::Form;
use super::{
    Ask, CallEvent, Direction, EventStatus, Inbound, Incoming, Parsed, Phase, Refusal, clock,
};

macro_rules! template {
    ($event:literal, $more:literal) => {
        concat!(
            "{\"event\":\"",
            $event,
            "\",\"call_session_id\":{{call_session_id}},\
             \"contact_phone_number\":{{contact_phone_number}},\
             \"virtual_phone_number\":{{virtual_phone_number}},\
             \"notification_time\":{{notification_time}},\"direction\":{{direction}}",
            $more,
            "}"
        )
    };
}

/// What to paste into the notices of the exchange, by the moment they are sent at.
pub const NOTICE_TEMPLATES: [(&str, &str); 5] = [
    ("start", template!("start", "")),
    ("answer", template!("answer", "")),
    (
        "end",
        template!(
            "end",
            ",\"talk_time_duration\":{{talk_time_duration}},\"total_time_duration\":{{total_time_duration}},\
             \"wait_time_duration\":{{wait_time_duration}}"
        ),
    ),
    (
        "lost",
        template!("lost", ",\"wait_time_duration\":{{wait_time_duration}}"),
    ),
    (
        "record",
        template!("record", ",\"file_link\":{{file_link}}"),
    ),
];

const KNOWN: [&str; 31] = [
    "call_session_id",
    "called_phone_number",
    "calling_phone_number",
    "cdr_id",
    "communication_id",
    "contact_phone_number",
    "direction",
    "event",
    "file_link",
    "finish_time",
    "full_record_file_link",
    "id",
    "integration_key",
    "is_lost",
    "notification_mnemonic",
    "notification_name",
    "notification_time",
    "notification_timestamp",
    "numa",
    "numb",
    "record_link",
    "start_time",
    "talk_duration",
    "talk_time_duration",
    "total_duration",
    "total_time_duration",
    "virtual_number",
    "virtual_phone_number",
    "wait_duration",
    "wait_time_duration",
    "finish_reason",
];

/// The moments a notice may be sent at.
#[derive(Clone, Copy, PartialEq)]
enum Moment {
    Start,
    Waiting,
    Answer,
    TalkOver,
    Lost,
    End,
    Record,
}

pub(super) fn parse(inbound: &Inbound<'_>) -> Parsed {
    if !inbound.has_path_secret() {
        return Err(Refusal::PathSecret.into());
    }
    let form = leaves(inbound.form()?).without_duplicates()?;
    if form.get("numa").is_some() || form.get("numb").is_some() {
        return read_interactive(inbound, &form);
    }
    let Some(moment) = moment(&form) else {
        let name = form.first(&["event", "notification_mnemonic", "notification_name"]);
        let name = name.unwrap_or("");
        return Ok(Incoming::kept(
            format!("the notice {name:?} tells of no known moment"),
            format!("уведомление {name:?} ни о чём известном"),
        ));
    };
    read_notice(inbound, &form, moment)
}

/// Fields by their last name (`contact_info.contact_phone_number` → `contact_phone_number`); a
/// placeholder that was not filled in is an empty value.
fn leaves(form: Form) -> Form {
    let pairs = form.pairs.into_iter().map(|(name, value)| {
        let name = name.rsplit('.').next().unwrap_or("").to_owned();
        let unfilled = value.starts_with("{{") || value == "None" || value == "null";
        (name, if unfilled { String::new() } else { value })
    });
    Form {
        pairs: pairs.collect(),
    }
}

fn moment(form: &Form) -> Option<Moment> {
    match form.or_empty("event") {
        "start" => return Some(Moment::Start),
        "answer" => return Some(Moment::Answer),
        "end" => return Some(Moment::End),
        "lost" => return Some(Moment::Lost),
        "record" => return Some(Moment::Record),
        _ => {}
    }
    if form
        .first(&["file_link", "full_record_file_link", "record_link"])
        .is_some()
    {
        return Some(Moment::Record);
    }
    let names = ["event", "notification_mnemonic", "notification_name"];
    let named = names
        .iter()
        .filter_map(|name| form.get(name))
        .find_map(moment_by_name);
    if named == Some(Moment::End) && matches!(form.or_empty("is_lost"), "true" | "1") {
        return Some(Moment::Lost);
    }
    // A row of the call report.
    named.or_else(|| {
        form.get("finish_time").map(|_| {
            let lost = matches!(form.or_empty("is_lost"), "true" | "1");
            if lost { Moment::Lost } else { Moment::End }
        })
    })
}

/// By the words the standard notices are named with; more telling words first.
fn moment_by_name(name: &str) -> Option<Moment> {
    let name = name.to_uppercase().replace([' ', '-'], "_");
    let words = [
        ("LOST", Moment::Lost),
        ("MISSED", Moment::Lost),
        ("ПОТЕРЯН", Moment::Lost),
        ("ПРОПУЩЕН", Moment::Lost),
        ("RECORD", Moment::Record),
        ("ЗАПИС", Moment::Record),
        ("ОКОНЧАНИЕ_РАЗГОВОРА", Moment::TalkOver),
        ("TALK_END", Moment::TalkOver),
        ("END_TALK", Moment::TalkOver),
        ("ЗАВЕРШЕН", Moment::End),
        ("FINISH", Moment::End),
        ("CALL_END", Moment::End),
        ("END_CALL", Moment::End),
        ("НАЧАЛО_РАЗГОВОРА", Moment::Answer),
        ("ANSWER", Moment::Answer),
        ("TALK", Moment::Answer),
        ("ОЖИДАНИЕ", Moment::Waiting),
        ("WAIT", Moment::Waiting),
        ("ВХОДЯЩИЙ", Moment::Start),
        ("ИСХОДЯЩИЙ", Moment::Start),
        ("INBOUND", Moment::Start),
        ("OUTBOUND", Moment::Start),
        ("INCOMING", Moment::Start),
        ("OUTGOING", Moment::Start),
        ("IN_CALL", Moment::Start),
        ("OUT_CALL", Moment::Start),
    ];
    words
        .into_iter()
        .find(|(word, _)| name.contains(word))
        .map(|(_, moment)| moment)
}

fn read_numbers(inbound: &Inbound<'_>, form: &Form, event: &mut CallEvent) {
    let contact = form.first(&["contact_phone_number", "numa", "calling_phone_number"]);
    let company = [
        "virtual_phone_number",
        "virtual_number",
        "numb",
        "called_phone_number",
    ];
    let kind = form.first(&["notification_mnemonic", "notification_name"]);
    let kind = kind.unwrap_or("").to_uppercase();
    let outward = ["OUT_CALL", "OUTBOUND", "OUTGOING", "ИСХОДЯЩИЙ"];
    let direction = form.or_empty("direction").to_lowercase();
    if matches!(direction.as_str(), "out" | "исходящий") || outward.iter().any(|w| kind.contains(w))
    {
        event.direction = Direction::Out;
        event.dialed = inbound.number(contact);
    } else {
        event.caller = inbound.number(contact);
        event.dialed = inbound.number(form.first(&company));
    }
}

fn read_notice(inbound: &Inbound<'_>, form: &Form, moment: Moment) -> Parsed {
    let phase = match moment {
        Moment::Start | Moment::Waiting => Phase::Start,
        Moment::Answer => Phase::Answer,
        // The caller may be put through to somebody else yet; another notice tells the end.
        Moment::TalkOver => return Ok(Incoming::default()),
        Moment::Lost | Moment::End => Phase::End,
        Moment::Record => Phase::Record,
    };
    let ids = ["call_session_id", "cdr_id", "communication_id", "id"];
    let mut event = inbound.event(form.first(&ids), phase)?;
    let at = inbound.time(form.first(&["notification_timestamp", "notification_time"]));
    event.event_at = at;
    inbound.refuse_stale(at)?;
    read_numbers(inbound, form, &mut event);
    event.started_at = inbound.time(form.get("start_time"));
    event.ended_at = inbound.time(form.get("finish_time"));
    match moment {
        Moment::Start => event.started_at = event.started_at.or(at),
        Moment::Answer => event.answered_at = at,
        Moment::Lost | Moment::End => event.ended_at = event.ended_at.or(at),
        Moment::Waiting => event.mark("waiting"),
        Moment::TalkOver | Moment::Record => {}
    }
    let seconds = |names: &[&str]| form.first(names).and_then(clock::seconds);
    event.talk_s = seconds(&["talk_time_duration", "talk_duration"]);
    event.duration_s = seconds(&["total_time_duration", "total_duration"]);
    if moment == Moment::Lost {
        event.status = Some(EventStatus::Missed);
        event.talk_s = Some(0);
    }
    if event.duration_s.is_none() && phase == Phase::End {
        let wait_s = seconds(&["wait_time_duration", "wait_duration"]);
        event.duration_s = match (event.talk_s, wait_s) {
            (Some(talk_s), Some(wait_s)) => Some(talk_s.saturating_add(wait_s)),
            _ => None,
        };
    }
    let links = ["file_link", "full_record_file_link", "record_link"];
    event.recording_url = form.first(&links).map(str::to_owned);
    event.extra = form.extra(&KNOWN);
    let mut incoming = Incoming::of(event);
    // A notice is sent and forgotten; only interactive processing reads the answer.
    incoming.ask = Ask::Receipt;
    Ok(incoming)
}

fn read_interactive(inbound: &Inbound<'_>, form: &Form) -> Parsed {
    let ids = ["call_session_id", "cdr_id", "communication_id", "id"];
    let mut event = inbound.event(form.first(&ids), Phase::Start)?;
    event.mark("interactive");
    event.started_at = inbound.time(form.get("start_time"));
    event.event_at = event.started_at;
    inbound.refuse_stale(event.started_at)?;
    read_numbers(inbound, form, &mut event);
    event.extra = form.extra(&KNOWN);
    Ok(Incoming::of(event))
}

/// Where the call goes (`phones`), and what the one who takes it hears (`text`).
pub(super) fn reply(incoming: &Incoming, route: &Route) -> Answer {
    let mut reply = serde_json::Map::new();
    if incoming.ask == Ask::Route {
        let phone = match &route.forward {
            Some(Forward::Phone(number)) => Some(number.to_string()),
            Some(Forward::Sip(address)) => Some(address.clone()),
            None => None,
        };
        if let Some(phone) = phone {
            reply.insert("phones".into(), vec![phone].into());
        }
        if let Some(text) = &route.whisper {
            reply.insert("text".into(), text.as_str().into());
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

    fn case(body: &str) -> Case {
        Case::new(Provider::Uis).path_secret().body(body)
    }

    fn filled(moment: &str) -> String {
        let (_, template) = NOTICE_TEMPLATES
            .into_iter()
            .find(|(name, _)| *name == moment)
            .expect("a template");
        template
            .replace("{{call_session_id}}", "77")
            .replace("{{contact_phone_number}}", "\"79001112233\"")
            .replace("{{virtual_phone_number}}", "74951234567")
            .replace("{{notification_time}}", "\"2026-01-15 13:00:00.123\"")
            .replace("{{direction}}", "\"in\"")
            .replace("{{talk_time_duration}}", "\"60\"")
            .replace("{{total_time_duration}}", "72")
            .replace("{{wait_time_duration}}", "12")
            .replace("{{file_link}}", "\"https://r.example/1\"")
    }

    #[test]
    fn our_own_templates() {
        for (moment, phase) in [
            ("start", Phase::Start),
            ("answer", Phase::Answer),
            ("end", Phase::End),
            ("lost", Phase::End),
            ("record", Phase::Record),
        ] {
            let event = case(&filled(moment)).event();
            assert_eq!(event.phase, phase, "{moment}");
            assert_eq!(event.provider_call_id, "77");
            assert_eq!(
                event.caller.map(|n| n.to_string()).as_deref(),
                Some("79001112233")
            );
            assert_eq!(
                event.dialed.map(|n| n.to_string()).as_deref(),
                Some("74951234567")
            );
            assert_eq!(event.event_at, Some(UnixMillis(TEN.0 + 123)));
        }
        let end = case(&filled("end")).event();
        assert_eq!(
            (end.talk_s, end.duration_s, end.status),
            (Some(60), Some(72), None)
        );
        let lost = case(&filled("lost")).event();
        assert_eq!((lost.talk_s, lost.duration_s), (Some(0), Some(12)));
        assert_eq!(lost.status, Some(EventStatus::Missed));
        let record = case(&filled("record")).event();
        assert_eq!(record.recording_url.as_deref(), Some("https://r.example/1"));
    }

    #[test]
    fn the_path_secret_is_all_there_is() {
        let start = case(&filled("start"));
        start.common_refusals();
        start.clone().at(8 * 86_400).refused(Refusal::Stale);
        let mut other = start.clone();
        other.path_secret = Some("path-secret-0000".into());
        other.refused(Refusal::PathSecret);
        case("{\"event\":\"start\",\"event\":\"end\"}")
            .unreadable("not JSON: key \"event\" is given twice at line 1 column 31");
        case("{\"a\":{\"id\":1},\"b\":{\"id\":2}}").unreadable("field \"id\" is given twice");
        case("event=start").unreadable("the event names no call");
    }

    #[test]
    fn templates_of_others() {
        let named = |name: &str, more: &str| {
            case(&format!(
                r#"{{"notification_name":"{name}","call_session_id":"5","notification_mnemonic":"{{{{x}}}}",
                "contact_info":{{"contact_phone_number":"+7 900 111-22-33"}},"app_id":9{more}}}"#
            ))
        };
        assert_eq!(
            named("Входящий звонок на виртуальный номер", "")
                .event()
                .phase,
            Phase::Start
        );
        assert_eq!(
            named("Ожидание ответа", "").event().dedupe_key,
            "uis/5/start/waiting"
        );
        assert_eq!(named("Начало разговора", "").event().phase, Phase::Answer);
        assert_eq!(
            named("Окончание разговора", "").run().expect("valid"),
            Incoming::default()
        );
        assert_eq!(named("Завершение звонка", "").event().phase, Phase::End);
        assert_eq!(
            named("Потерянный звонок", "").event().status,
            Some(EventStatus::Missed)
        );
        assert_eq!(
            named("CALL_END", ",\"is_lost\":true").event().status,
            Some(EventStatus::Missed)
        );
        assert_eq!(
            named("Исходящий звонок", "").event().direction,
            Direction::Out
        );
        let event = named("Записанный разговор", ",\"file_link\":\"f\"").event();
        assert_eq!(
            (event.phase, event.extra["app_id"].as_str()),
            (Phase::Record, "9")
        );
        assert!(
            named("Birthday", "")
                .run()
                .expect("valid")
                .keep_raw
                .is_some()
        );
    }

    #[test]
    fn a_row_of_the_call_report() {
        let event = case(r#"{"id":12,"start_time":"2026-01-15 12:59:00",
            "finish_time":"2026-01-15 13:00:00",
            "is_lost":false,"contact_phone_number":"79001112233","virtual_phone_number":"74951234567",
            "talk_duration":40,"wait_duration":20,"ym_client_id":"1700"}"#)
        .event();
        assert_eq!(
            (event.phase, event.talk_s, event.duration_s),
            (Phase::End, Some(40), Some(60))
        );
        assert_eq!(event.extra["ym_client_id"], "1700");
    }

    #[test]
    fn interactive_processing() {
        let mut ask = case("");
        ask.method = "GET";
        ask.url += "?cdr_id=9&numa=79001112233&numb=74951234567&start_time=2026-01-15+13:00:00";
        let incoming = ask.run().expect("valid");
        assert_eq!(incoming.ask, Ask::Route);
        let route = Route {
            forward: crate::phone::E164::parse("74957654321")
                .ok()
                .map(Forward::Phone),
            whisper: Some("Яндекс, реклама".into()),
            ..Route::default()
        };
        let text = |incoming: &Incoming, route: &Route| {
            String::from_utf8(reply(incoming, route).body).expect("text")
        };
        expect![[r#"{"phones":["74957654321"],"text":"Яндекс, реклама"}"#]]
            .assert_eq(&text(&incoming, &route));
        expect!["{}"].assert_eq(&text(&incoming, &Route::default()));
        expect!["{}"].assert_eq(&text(&case(&filled("start")).run().expect("valid"), &route));
    }
}
