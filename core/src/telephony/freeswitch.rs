//! FreeSWITCH's `mod_json_cdr`: one JSON document per leg when it hangs up.
//!
//! Bodies: JSON as it is, with URL-encoded values (the module's default), the whole document in
//! base 64 (`encode=base64`), or in the form field `cdr` (`encode=true`). Nothing is signed: the
//! secret in the path is required. Only the leg of the caller (`direction` inbound) is the call;
//! legs to the company are not.
//!
//! Source: developer.signalwire.com/freeswitch, `mod_json_cdr`.

use super::body::{self, Form, Unreadable, flatten};
use super::number::first_dialed;
use super::signature::from_base64;
use super::{Ask, EventStatus, Inbound, Incoming, Parsed, Phase, Refusal, clock};
use serde_json::Value;

/// Variables of the exchange itself that are worth keeping.
const KEPT: [&str; 8] = [
    "accountcode",
    "call_uuid",
    "context",
    "domain_name",
    "hangup_cause",
    "sip_hangup_disposition",
    "sip_user_agent",
    "user_context",
];

/// How the names of those begin that tell of media and transport, some two hundred, or that are
/// read above. What a dialplan set begins with none of these and is kept.
const OWN: [&str; 44] = [
    "answer",
    "audio_",
    "bill",
    "bleg_",
    "bridge_",
    "call_uuid",
    "caller_id_",
    "channel_name",
    "codec",
    "current_application",
    "destination_number",
    "digits_dialed",
    "direction",
    "dtmf_",
    "duration",
    "effective_caller_id_",
    "end_",
    "endpoint_disposition",
    "ep_codec",
    "export_",
    "flow",
    "hold_",
    "last_app",
    "last_arg",
    "last_bridge",
    "local_",
    "max_forwards",
    "mduration",
    "originat",
    "presence_",
    "process_cdr",
    "progress",
    "read_",
    "record_",
    "recording_",
    "recovery_",
    "remote_",
    "rtp_",
    "session_id",
    "sip_",
    "start_",
    "switch_",
    "uduration",
    "uuid",
];

pub(super) fn parse(inbound: &Inbound<'_>) -> Parsed {
    if !inbound.has_path_secret() {
        return Err(Refusal::PathSecret.into());
    }
    let document = document(inbound)?;
    let empty = Value::Null;
    let variables = flatten(document.get("variables").unwrap_or(&empty))
        .map_err(|_| Unreadable::new("the record has no variables", "в записи нет переменных"))?;
    let get = |names: &[&str]| names.iter().find_map(|name| variable(&variables, name));
    if get(&["direction"]).as_deref() == Some("outbound") {
        return Ok(Incoming::default());
    }
    let call_id = get(&["call_uuid", "uuid"]);
    let mut event = inbound.event(call_id.as_deref(), Phase::End)?;
    let profile = profile(&document);
    let from_profile = |name: &str| profile.as_ref().and_then(|form| form.get(name));
    let caller = get(&[
        "caller_id_number",
        "sip_from_user",
        "effective_caller_id_number",
    ]);
    event.caller = inbound
        .number(caller.as_deref())
        .or_else(|| inbound.number(from_profile("caller_id_number")));
    let dialed = get(&["sip_req_user", "sip_to_user", "destination_number"]);
    event.dialed = inbound
        .number(dialed.as_deref())
        .or_else(|| inbound.number(from_profile("destination_number")));
    let diversion = get(&["sip_h_Diversion", "sip_Diversion"]).unwrap_or_default();
    let history = get(&["sip_history_info", "sip_h_History-Info"]).unwrap_or_default();
    event.forwarded_from = first_dialed(inbound.site.plan, &diversion, &history);
    let instant = |names: &[&str]| {
        get(names)
            .filter(|text| !text.trim_matches('0').is_empty())
            .and_then(|text| clock::read(&text, inbound.zone()))
    };
    event.started_at = instant(&["start_uepoch", "start_epoch", "start_stamp"]);
    event.answered_at = instant(&["answer_uepoch", "answer_epoch", "answer_stamp"]);
    event.ended_at = instant(&["end_uepoch", "end_epoch", "end_stamp"]);
    event.event_at = event.ended_at;
    inbound.refuse_stale(event.event_at)?;
    let seconds = |name: &str| get(&[name]).and_then(|text| clock::seconds(&text));
    event.duration_s = seconds("duration");
    event.talk_s = seconds("billsec");
    event.status = Some(status(get(&["hangup_cause"]).as_deref(), event.talk_s));
    event.recording_url = get(&["record_file_path", "recording_url", "record_filename"]);
    let is_own = |name: &str| OWN.iter().any(|beginning| name.starts_with(beginning));
    for (name, _) in &variables.pairs {
        if KEPT.contains(&name.as_str()) || !is_own(name) {
            let value = variable(&variables, name).unwrap_or_default();
            event.extra.insert(name.clone(), value);
        }
    }
    let mut incoming = Incoming::of(event);
    incoming.ask = Ask::Receipt;
    Ok(incoming)
}

fn document(inbound: &Inbound<'_>) -> Result<Value, Unreadable> {
    let bytes = inbound.request.body;
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'{') {
        return body::json(bytes);
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Unreadable::new("the body is not UTF-8", "тело не в UTF-8"))?
        .trim();
    let field = text
        .strip_prefix("cdr=")
        .and_then(|value| body::urlencoded(format!("cdr={value}").as_bytes()).ok())
        .and_then(|form| form.get("cdr").map(str::to_owned));
    let text = field.as_deref().unwrap_or(text);
    if text.starts_with('{') {
        return body::json(text.as_bytes());
    }
    // `+` of base 64 sent as a form without encoding arrives as a space.
    let packed = text.replace(' ', "+").replace(['\r', '\n'], "");
    match from_base64(&packed) {
        Some(bytes) => body::json(&bytes),
        None => Err(Unreadable::new(
            "neither JSON, nor base 64, nor the field cdr",
            "ни JSON, ни base 64, ни поля cdr",
        )),
    }
}

/// The caller's profile of the last routing step.
fn profile(document: &Value) -> Option<Form> {
    let flow = match document.get("callflow")? {
        Value::Array(list) => list.first()?,
        one => one,
    };
    flatten(flow.get("caller_profile")?).ok()
}

/// A variable without the module's URL encoding; a value that does not decode stays as it is.
fn variable(variables: &Form, name: &str) -> Option<String> {
    let value = variables.get(name)?;
    if !value.contains('%') {
        return Some(value.to_owned());
    }
    let decoded = percent_encoding::percent_decode_str(value).decode_utf8();
    Some(decoded.map_or_else(|_| value.to_owned(), |text| text.into_owned()))
}

/// By talk first: `NORMAL_CLEARING` ends both answered and abandoned calls.
fn status(cause: Option<&str>, talk_s: Option<u32>) -> EventStatus {
    match (cause, talk_s) {
        (_, Some(1..)) => EventStatus::Answered,
        (Some("USER_BUSY"), _) => EventStatus::Busy,
        (Some("ORIGINATOR_CANCEL"), _) => EventStatus::Cancelled,
        (Some("NO_ANSWER" | "NORMAL_CLEARING" | "ALLOTTED_TIMEOUT" | "NO_USER_RESPONSE"), _) => {
            EventStatus::Missed
        }
        (None, _) => EventStatus::Missed,
        (Some(_), _) => EventStatus::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::super::support::{Case, TEN};
    use super::super::*;
    use crate::telephony::signature::to_base64;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    const CDR: &str = r#"{"core-uuid":"c","channel_data":{"state":"CS_REPORTING"},"variables":{
        "direction":"inbound","uuid":"u1","call_uuid":"u1","sip_from_user":"79001112233","sip_req_user":"74951234567",
        "sip_to_user":"74951234567","start_epoch":"1768471200","answer_epoch":"1768471212","end_epoch":"1768471272",
        "start_stamp":"2026-01-15%2013%3A00%3A00","duration":"72","billsec":"60","hangup_cause":"NORMAL_CLEARING",
        "sip_h_Diversion":"%3Csip%3A74957770000%40op%3E"},
        "callflow":[{"caller_profile":{"caller_id_number":"79001112233","destination_number":"74951234567"}}]}"#;

    fn case(body: &str) -> Case {
        Case::new(Provider::Freeswitch).path_secret().body(body)
    }

    #[test]
    fn one_record_in_every_encoding() {
        case(CDR).common_refusals();
        let event = case(CDR).event();
        assert_eq!((event.phase, event.started_at), (Phase::End, Some(TEN)));
        assert_eq!(
            (event.status, event.talk_s),
            (Some(EventStatus::Answered), Some(60))
        );
        assert_eq!(
            event.dialed.map(|n| n.to_string()).as_deref(),
            Some("74951234567")
        );
        assert_eq!(
            event.forwarded_from.map(|n| n.to_string()).as_deref(),
            Some("74957770000")
        );
        let form = format!("cdr={}", utf8_percent_encode(CDR, NON_ALPHANUMERIC));
        let packed = to_base64(CDR.as_bytes());
        for body in [form, packed.clone(), format!("cdr={packed}")] {
            assert_eq!(case(&body).event(), event, "{body}");
        }
    }

    #[test]
    fn legs_outcomes_and_faults() {
        let leg = CDR.replace("\"inbound\"", "\"outbound\"");
        assert_eq!(case(&leg).run().expect("valid"), Incoming::default());
        let silent = CDR
            .replace("\"billsec\":\"60\"", "\"billsec\":\"0\"")
            .replace("\"answer_epoch\":\"1768471212\"", "\"answer_epoch\":\"0\"");
        let event = case(&silent).event();
        assert_eq!(
            (event.status, event.answered_at),
            (Some(EventStatus::Missed), None)
        );
        let busy = silent.replace("NORMAL_CLEARING", "USER_BUSY");
        assert_eq!(case(&busy).event().status, Some(EventStatus::Busy));
        let profile = CDR
            .replace("sip_from_user", "x")
            .replace("sip_req_user", "y")
            .replace("sip_to_user", "z");
        assert_eq!(case(&profile).event().caller, case(CDR).event().caller);
        assert_eq!(case(&profile).event().dialed, case(CDR).event().dialed);
        case("{}").unreadable("the record has no variables");
        case("{\"variables\":{}}").unreadable("the event names no call");
        case("hello there").unreadable("neither JSON, nor base 64, nor the field cdr");
        case(CDR).at(8 * 86_400).refused(Refusal::Stale);
    }
}
