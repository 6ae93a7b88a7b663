//! Calltouch: its notices at start and end of a call, and its form for importing calls of one's own
//! exchange (a list `calls`, at most a hundred).
//!
//! Nothing is signed: the secret in the path is required, and the sender's range (`92.118.66.0/23`)
//! is worth listing. `referenceId` makes imports idempotent. Of most fields the vendor's page gives
//! no stable name, so each is looked for under the names seen; all others are kept.
//!
//! Source: calltouch.ru/support (call import, webhooks).

use super::body::{Form, Unreadable, flatten};
use super::{Ask, CallEvent, EventStatus, Inbound, Incoming, Parsed, Phase, Refusal, body, clock};
use serde_json::Value;

/// 100: the most calls of one import, as the vendor says.
const CALLS_MAX: usize = 100;

const CALL_IDS: [&str; 6] = [
    "referenceId",
    "sipCallId",
    "callId",
    "callid",
    "call_id",
    "id",
];
const CALLERS: [&str; 5] = [
    "clientPhoneNumber",
    "clientPhone",
    "callerphone",
    "callerPhone",
    "caller",
];
const DIALED: [&str; 6] = [
    "calltrackingPhoneNumber",
    "calltrackingPhone",
    "callCenterPhoneNumber",
    "phonenumber",
    "phoneNumber",
    "dialed",
];
const STARTS: [&str; 5] = [
    "callStartTime",
    "callDate",
    "timestamp",
    "date",
    "startTime",
];
const TALKS: [&str; 3] = ["duration", "talkDuration", "talkTime"];
const WAITS: [&str; 4] = ["waitingTime", "waiting_time", "waitingConnect", "waitTime"];
const RECORDS: [&str; 4] = ["recordUrl", "recordLink", "reclink", "callUrl"];
const STATES: [&str; 4] = ["callphase", "callPhase", "status", "successful"];

pub(super) fn parse(inbound: &Inbound<'_>) -> Parsed {
    if !inbound.has_path_secret() {
        return Err(Refusal::PathSecret.into());
    }
    let mut incoming = Incoming::default();
    for (place, form) in calls(inbound)?.iter().enumerate() {
        let event = read(inbound, form)
            .map_err(|why| why.within(&format!("call {place}"), &format!("звонок {place}")))?;
        inbound.refuse_stale(event.event_at)?;
        incoming.events.push(event);
    }
    incoming.ask = Ask::Receipt;
    Ok(incoming)
}

/// The calls of a body: `{"calls":[…]}`, `[…]`, `calls=[…]` in a form, `calls[0][id]=…`, or one
/// call.
fn calls(inbound: &Inbound<'_>) -> Result<Vec<Form>, Unreadable> {
    let body = inbound.request.body;
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let list = match first {
        Some(b'{') => match body::json(body)? {
            Value::Object(mut object) => match object.remove("calls") {
                Some(Value::Array(list)) => Some(list),
                _ => None,
            },
            _ => None,
        },
        Some(b'[') => match body::json(body)? {
            Value::Array(list) => Some(list),
            _ => None,
        },
        _ => None,
    };
    let list = match list {
        Some(list) => Some(list),
        None => match inbound.form()?.get("calls").map(str::as_bytes) {
            Some(text) => match body::json(text)? {
                Value::Array(list) => Some(list),
                _ => return Err(Unreadable::new("calls is no list", "calls не список")),
            },
            None => None,
        },
    };
    let forms = match list {
        Some(list) => list.iter().map(flatten).collect::<Result<Vec<_>, _>>()?,
        None => by_place(inbound.form()?),
    };
    if forms.is_empty() || forms.len() > CALLS_MAX {
        return Err(Unreadable::new(
            format!("between 1 and {CALLS_MAX} calls are one import"),
            format!("в одной загрузке от 1 до {CALLS_MAX} звонков"),
        ));
    }
    Ok(forms)
}

/// `calls[0][referenceId]=…` by call; a form of one call as it is.
fn by_place(form: Form) -> Vec<Form> {
    let mut forms: Vec<(String, Form)> = vec![];
    for (name, value) in &form.pairs {
        let parsed = name
            .strip_prefix("calls[")
            .and_then(|rest| rest.split_once("]["))
            .and_then(|(place, field)| Some((place, field.strip_suffix(']')?)));
        let Some((place, field)) = parsed else {
            continue;
        };
        let pair = (field.to_owned(), value.clone());
        match forms.iter_mut().find(|(known, _)| known == place) {
            Some((_, form)) => form.pairs.push(pair),
            None => forms.push((place.to_owned(), Form { pairs: vec![pair] })),
        }
    }
    if forms.is_empty() {
        return vec![form];
    }
    forms.into_iter().map(|(_, form)| form).collect()
}

fn read(inbound: &Inbound<'_>, form: &Form) -> Result<CallEvent, Unreadable> {
    let state = form.first(&STATES).unwrap_or("").to_ascii_lowercase();
    let phase = match state.as_str() {
        "callconnected" | "start" | "started" | "ringing" => Phase::Start,
        _ => Phase::End,
    };
    let mut event = inbound.event(form.first(&CALL_IDS), phase)?;
    event.caller = inbound.number(form.first(&CALLERS));
    event.dialed = inbound.number(form.first(&DIALED));
    if event.dialed.is_none() {
        return Err(Unreadable::new(
            "the dialled number is missing or no number",
            "набранного номера нет или это не номер",
        ));
    }
    event.started_at = inbound.time(form.first(&STARTS));
    event.event_at = event.started_at;
    if phase == Phase::End {
        event.talk_s = form.first(&TALKS).and_then(clock::seconds);
        let wait_s = form.first(&WAITS).and_then(clock::seconds);
        event.duration_s = match (event.talk_s, wait_s) {
            (Some(talk_s), Some(wait_s)) => Some(talk_s.saturating_add(wait_s)),
            _ => None,
        };
        event.status = match state.as_str() {
            "calllost" | "unsuccessful" | "missed" | "false" | "0" => Some(EventStatus::Missed),
            "callcompleted" | "calldisconnected" | "" => None,
            _ => Some(EventStatus::Answered),
        };
        if event.status == Some(EventStatus::Missed) {
            event.talk_s = Some(0);
        }
    }
    event.recording_url = form.first(&RECORDS).map(str::to_owned);
    let known: Vec<&str> = [
        &CALLERS[..],
        &DIALED,
        &STARTS,
        &TALKS,
        &WAITS,
        &RECORDS,
        &STATES,
    ]
    .concat();
    event.extra = form.extra(&known);
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::super::support::{Case, TEN};
    use super::super::*;

    const CALLS: &str = r#"{"calls":[
        {"referenceId":"r1","sipCallId":"s1","clientPhoneNumber":"89001112233","calltrackingPhoneNumber":"74951234567",
         "callStartTime":"2026-01-15 13:00:00","duration":60,"waitingTime":12,
         "status":"successful","tag":"x"},
        {"referenceId":"r2","clientPhoneNumber":"anonymous","calltrackingPhoneNumber":"74951234567",
         "callStartTime":"2026-01-15 13:00:00","duration":60,"status":"unsuccessful"}]}"#;

    fn case(body: &str) -> Case {
        Case::new(Provider::Calltouch).path_secret().body(body)
    }

    #[test]
    fn an_import() {
        case(CALLS).common_refusals();
        let events = case(CALLS).run().expect("valid").events;
        assert_eq!(events.len(), 2);
        assert_eq!(events[0].started_at, Some(TEN));
        assert_eq!(
            (events[0].talk_s, events[0].duration_s),
            (Some(60), Some(72))
        );
        assert_eq!((events[1].talk_s, events[1].caller), (Some(0), None));
        assert_eq!(events[0].extra["tag"], "x");
        assert_eq!(events[0].extra["sipCallId"], "s1");
        let list = &CALLS[9..CALLS.len() - 1];
        assert_eq!(case(list).run().expect("a bare list").events, events);
        let form = format!("calls={}", list.replace('+', "%2B"));
        assert_eq!(case(&form).run().expect("a form").events, events);
    }

    #[test]
    fn forms_by_place_and_notices() {
        let mut get = case("");
        get.method = "GET";
        get.url += "?calls[0][referenceId]=r1&calls[0][clientPhone]=79001112233\
                    &calls[0][phonenumber]=74951234567&calls%5B1%5D%5BreferenceId%5D=r2&calls[1][phonenumber]=74951234567";
        assert_eq!(get.run().expect("valid").events.len(), 2);
        let notice = "callphase=callconnected&id=7&callerphone=79001112233&phonenumber=74951234567&timestamp=1768471200";
        assert_eq!(case(notice).event().phase, Phase::Start);
        let lost = notice.replace("callconnected", "calllost");
        assert_eq!(case(&lost).event().status, Some(EventStatus::Missed));
    }

    #[test]
    fn what_is_refused() {
        case("{\"calls\":[]}").unreadable("between 1 and 100 calls are one import");
        case("calls=7").unreadable("calls is no list");
        case("calls=[7]").unreadable("the JSON is not an object");
        case("id=7").unreadable("call 0: the dialled number is missing or no number");
        case("phonenumber=74951234567").unreadable("call 0: the event names no call");
        case("id=1&id=2").unreadable("field \"id\" is given twice");
        case(CALLS).at(8 * 86_400).refused(Refusal::Stale);
    }
}
