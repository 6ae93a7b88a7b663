//! Mango Office, virtual PBX.
//!
//! Forms of `vpbx_api_key`, `sign`, `json`; `sign` is hexadecimal SHA-256 over key, json and salt,
//! the json exactly as received. All of the event is signed, but no time for freshness: the json's
//! own
//! `timestamp` bounds replays, and `entry_id`, `call_id`, `seq` tell doubles.
//!
//! The end of a call is its summary. `Disconnected` ends one leg (a hunted agent, the voice menu),
//! so it is taken for no phase of the call.
//!
//! Sources: Bobrovskih/mango-vpbx, the vendor's FAQ; field names come from clients.

use super::body::{Form, Unreadable, flatten, json};
use super::signature::{any, equal, sha256, to_hex};
use super::{
    CallEvent, Coverage, Direction, EventStatus, Inbound, Incoming, Parsed, Phase, Refusal, Secret,
};
use crate::time::UnixMillis;

const KNOWN: [&str; 14] = [
    "call_direction",
    "call_state",
    "create_time",
    "end_time",
    "entry_id",
    "entry_result",
    "forward_time",
    "from.number",
    "line_number",
    "recording_id",
    "talk_time",
    "timestamp",
    "to.line_number",
    "to.number",
];

pub(super) fn parse(inbound: &Inbound<'_>) -> Parsed {
    let form = inbound.unproven(inbound.form())?;
    if inbound.is_proven {
        let text = form.or_empty("json");
        return read(
            inbound,
            &flatten(&json(text.as_bytes())?)?.without_duplicates()?,
        );
    }
    let (Some(key), Some(sign)) = (form.get("vpbx_api_key"), form.get("sign")) else {
        return Err(Refusal::NoSignature.into());
    };
    let text = form.or_empty("json");
    let nobody = Secret::new("");
    let own_key = inbound.settings.key.as_ref().unwrap_or(&nobody);
    let key_right = equal(key.as_bytes(), own_key.expose().as_bytes());
    let sign_right = any(&inbound.settings.secrets, |salt| {
        let parts = [key, text, salt.expose()].map(str::as_bytes);
        equal(to_hex(&sha256(&parts)).as_bytes(), sign.as_bytes())
    });
    if !(key_right & sign_right) {
        return Err(Refusal::Signature.into());
    }
    let fields = flatten(&json(text.as_bytes())?)?.without_duplicates()?;
    let read = read(inbound, &fields)?;
    Ok(read)
}

fn read(inbound: &Inbound<'_>, fields: &Form) -> Parsed {
    if fields.get("call_state").is_some() {
        return read_call(inbound, fields);
    }
    if fields.get("entry_result").is_some() || fields.get("call_direction").is_some() {
        return read_summary(inbound, fields);
    }
    if fields.get("recording_id").is_some() {
        return read_recording(inbound, fields);
    }
    Ok(Incoming::kept(
        "neither call, summary nor recording",
        "ни звонок, ни итог, ни запись",
    ))
}

/// Unix seconds; zero stands for "never".
fn seconds(inbound: &Inbound<'_>, fields: &Form, name: &str) -> Option<UnixMillis> {
    inbound.time(fields.get(name).filter(|text| *text != "0"))
}

fn finish(
    inbound: &Inbound<'_>,
    mut event: CallEvent,
    fields: &Form,
    event_at: Option<UnixMillis>,
) -> Parsed {
    inbound.refuse_stale(event_at)?;
    event.coverage = Coverage::Whole;
    event.event_at = event_at;
    event.extra = fields.extra(&KNOWN);
    Ok(Incoming::of(event))
}

/// `/events/call`: a leg changed its state.
fn read_call(inbound: &Inbound<'_>, fields: &Form) -> Parsed {
    let at = seconds(inbound, fields, "timestamp");
    let state = fields.or_empty("call_state").to_ascii_lowercase();
    let with_agent = fields.or_empty("location").eq_ignore_ascii_case("abonent");
    let phase = match state.as_str() {
        "appeared" => Phase::Start,
        "connected" if with_agent => Phase::Answer,
        "connected" | "disconnected" | "onhold" => {
            inbound.refuse_stale(at)?;
            return Ok(Incoming::default());
        }
        other => {
            inbound.refuse_stale(at)?;
            return Ok(Incoming::kept(
                format!("call_state {other:?} is not known"),
                format!("call_state {other:?} неизвестно"),
            ));
        }
    };
    let mut event = inbound.event(fields.first(&["entry_id", "call_id"]), phase)?;
    event.mark(&format!(
        "{}/{}",
        fields.or_empty("call_id"),
        fields.or_empty("seq")
    ));
    // The company's own people have an extension on the calling side.
    if fields.get("from.extension").is_some() {
        event.direction = if fields.get("to.extension").is_some() {
            Direction::Internal
        } else {
            Direction::Out
        };
    } else {
        event.caller = inbound.number(fields.get("from.number"));
        event.dialed = inbound.number(fields.first(&["to.line_number", "line_number"]));
        let first_leg = !with_agent;
        if event.dialed.is_none() && first_leg {
            event.dialed = inbound.number(fields.get("to.number"));
        }
    }
    if phase == Phase::Start {
        event.started_at = at;
    } else {
        event.answered_at = at;
    }
    finish(inbound, event, fields, at)
}

/// `/events/summary`: the whole call is over.
fn read_summary(inbound: &Inbound<'_>, fields: &Form) -> Parsed {
    let mut event = inbound.event(fields.get("entry_id"), Phase::End)?;
    event.direction = match fields.or_empty("call_direction") {
        "2" => Direction::Out,
        "0" => Direction::Internal,
        _ => Direction::In,
    };
    if event.direction == Direction::In {
        event.caller = inbound.number(fields.get("from.number"));
        event.dialed = inbound.number(fields.first(&["line_number", "to.line_number"]));
    }
    event.started_at = seconds(inbound, fields, "create_time");
    event.answered_at = seconds(inbound, fields, "talk_time");
    event.ended_at = seconds(inbound, fields, "end_time");
    let answered = fields.or_empty("entry_result") == "1";
    event.status = Some(if answered {
        EventStatus::Answered
    } else {
        EventStatus::Missed
    });
    event.talk_s = match (event.answered_at, event.ended_at) {
        (Some(from), Some(to)) if answered => u32::try_from(to.since(from).0 / 1000).ok(),
        _ if answered => None,
        _ => Some(0),
    };
    let at = event.ended_at.or(event.started_at);
    finish(inbound, event, fields, at)
}

/// `/events/recording`, `/events/record/added`.
fn read_recording(inbound: &Inbound<'_>, fields: &Form) -> Parsed {
    let state = fields.or_empty("recording_state");
    if !state.is_empty() && !state.eq_ignore_ascii_case("completed") {
        return Ok(Incoming::default());
    }
    let Some(entry) = fields.get("entry_id") else {
        return Err(
            Unreadable::new("the recording names no entry_id", "в записи нет entry_id").into(),
        );
    };
    let mut event = inbound.event(Some(entry), Phase::Record)?;
    let recording = fields.or_empty("recording_id");
    event.mark(recording);
    event.recording_url = Some(recording.to_owned());
    let at = seconds(inbound, fields, "timestamp");
    finish(inbound, event, fields, at)
}

#[cfg(test)]
mod tests {
    use super::super::support::Case;
    use super::super::*;
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    const APPEARED: &str = r#"{"entry_id":"E1","call_id":"C1","timestamp":1768471200,"seq":1,"call_state":"Appeared","location":"ivr","from":{"number":"79001112233"},"to":{"number":"74951234567","line_number":"74951234567"}}"#;
    const VECTOR: &str = "f17cd162bc925d2665a187bd3f68ef672df1235d2a45fd55a94329d9a7527f10";

    fn with_sign(json: &str, sign: &str) -> Case {
        let json = utf8_percent_encode(json, NON_ALPHANUMERIC);
        let mut case = Case::new(Provider::Mango)
            .secret("testsalt")
            .body(format!("vpbx_api_key=testkey&sign={sign}&json={json}"));
        case.settings.key = Some(Secret::new("testkey"));
        case
    }

    fn case(json: &str) -> Case {
        let sign = to_hex(&sha256(&[b"testkey", json.as_bytes(), b"testsalt"]));
        with_sign(json, &sign)
    }

    #[test]
    fn the_public_vector() {
        let incoming = with_sign(APPEARED, VECTOR).run().expect("the vector");
        let event = &incoming.events[0];
        assert_eq!(incoming.ask, Ask::Route);
        assert_eq!(event.provider_call_id, "E1");
        assert_eq!(event.dedupe_key, "mango/E1/start/C1/1");
        assert_eq!(
            event.caller.map(|n| n.to_string()).as_deref(),
            Some("79001112233")
        );
        assert_eq!(
            event.dialed.map(|n| n.to_string()).as_deref(),
            Some("74951234567")
        );
        assert_eq!(event.started_at, Some(UnixMillis(1_768_471_200_000)));
        assert_eq!(event.extra["location"], "ivr");
    }

    #[test]
    fn only_this_json_by_this_key_and_salt() {
        let case = with_sign(APPEARED, VECTOR);
        case.common_refusals();
        case.every_flipped_bit_of_the_body_is_refused_or_same();
        for body in [
            format!("vpbx_api_key=otherkey&sign={VECTOR}&json={APPEARED}"),
            format!(
                "vpbx_api_key=testkey&sign={}&json={APPEARED}",
                VECTOR.to_uppercase()
            ),
        ] {
            case.clone().body(body).refused(Refusal::Signature);
        }
        case.clone()
            .body(format!("vpbx_api_key=testkey&json={APPEARED}"))
            .refused(Refusal::NoSignature);
        // A library signs the text of an object instead of its JSON.
        let object = to_hex(&sha256(&[b"testkey", b"[object Object]", b"testsalt"]));
        with_sign(APPEARED, &object).refused(Refusal::Signature);
        case.clone().at(8 * 86_400).refused(Refusal::Stale);
        case.at(86_400).run().expect("a day late");
    }

    #[test]
    fn the_life_of_a_call() {
        let connected = APPEARED
            .replace("Appeared", "CONNECTED")
            .replace("ivr", "abonent");
        let event = case(&connected).event();
        assert_eq!(
            (event.phase, event.answered_at),
            (Phase::Answer, event.event_at)
        );
        let menu = APPEARED.replace("Appeared", "Connected");
        assert_eq!(case(&menu).run().expect("valid").events, []);
        let gone = APPEARED.replace("Appeared", "Disconnected");
        assert_eq!(case(&gone).run().expect("valid"), Incoming::default());
        let odd = APPEARED.replace("Appeared", "Parked");
        assert!(case(&odd).run().expect("valid").keep_raw.is_some());
        let summary = r#"{"entry_id":"E1","call_direction":1,"from":{"number":"79001112233"},
            "to":{"extension":"10"},"line_number":"74951234567","create_time":1768471200,
            "forward_time":1768471205,"talk_time":1768471210,"end_time":1768471270,
            "entry_result":1,"disconnect_reason":1110}"#;
        let event = case(summary).event();
        assert_eq!(
            (event.status, event.talk_s),
            (Some(EventStatus::Answered), Some(60))
        );
        let missed = summary
            .replace("\"talk_time\":1768471210", "\"talk_time\":0")
            .replace("\"entry_result\":1", "\"entry_result\":0");
        let event = case(&missed).event();
        assert_eq!(
            (event.status, event.talk_s, event.answered_at),
            (Some(EventStatus::Missed), Some(0), None)
        );
        let outgoing = summary.replace("\"call_direction\":1", "\"call_direction\":2");
        assert_eq!(case(&outgoing).event().direction, Direction::Out);
        let recording = r#"{"entry_id":"E1","recording_id":"R1","recording_state":"Completed","timestamp":1768471300}"#;
        assert_eq!(case(recording).event().recording_url.as_deref(), Some("R1"));
        assert_eq!(
            case(&recording.replace("Completed", "Started"))
                .run()
                .expect("valid")
                .events,
            []
        );
        assert!(
            case("{\"ping\":1}")
                .run()
                .expect("valid")
                .keep_raw
                .is_some()
        );
    }

    #[test]
    fn withheld_callers_and_unreadable_json() {
        let withheld = APPEARED.replace("79001112233", "anonymous");
        assert_eq!(case(&withheld).event().caller, None);
        case("{\"a\":1,\"a\":2}")
            .unreadable("not JSON: key \"a\" is given twice at line 1 column 13");
        case("[]").unreadable("the JSON is not an object");
        case("{\"call_state\":\"Appeared\"}").unreadable("the event names no call");
    }
}
