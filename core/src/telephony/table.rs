//! What every exchange sends about one call, at every phase of it, in every form of body it may
//! come in, signed as the provider signs it. For the tests of all adapters at once (`every.rs`).

use super::generic::SIGNATURE_HEADER;
use super::signature::{hmac_sha1, sha256, to_base64, to_hex};
use super::support::{Case, TEN};
use super::*;
use ed25519_dalek::{Signer, SigningKey};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A provider in one of its languages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Speaks {
    Asterisk,
    Calltouch,
    Freeswitch,
    Generic,
    Mango,
    Megafon,
    Novofon,
    Telnyx,
    Texml,
    Twilio,
    Uis,
    Zadarma,
}

pub(super) use Speaks::*;

pub(super) const ALL: [Speaks; 12] = [
    Asterisk, Calltouch, Freeswitch, Generic, Mango, Megafon, Novofon, Telnyx, Texml, Twilio, Uis,
    Zadarma,
];

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Written {
    Form,
    Json,
    Multipart,
    /// With another boundary in the header than in the body, as Zadarma was seen to send.
    WrongBoundary,
}

pub(super) const BODIES: [Written; 4] = [
    Written::Form,
    Written::Json,
    Written::Multipart,
    Written::WrongBoundary,
];

/// Fields of one event.
pub(super) type Fields = Vec<(String, String)>;

pub(super) fn fields(pairs: &[(&str, &str)]) -> Fields {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

/// One event: its fields where it is a flat form, else its JSON.
#[derive(Clone, Debug)]
pub(super) enum Told {
    Flat(Fields),
    Json(String),
}

pub(super) const WHO: &str = "79001112233";
pub(super) const DID: &str = "74951234567";

impl Speaks {
    pub(super) fn provider(self) -> Provider {
        match self {
            Asterisk => Provider::Asterisk,
            Calltouch => Provider::Calltouch,
            Freeswitch => Provider::Freeswitch,
            Generic => Provider::Generic,
            Mango => Provider::Mango,
            Megafon => Provider::Megafon,
            Novofon => Provider::Novofon,
            Telnyx | Texml => Provider::Telnyx,
            Twilio => Provider::Twilio,
            Uis => Provider::Uis,
            Zadarma => Provider::Zadarma,
        }
    }

    /// Every byte of the event is signed.
    pub(super) fn signs_all(self) -> bool {
        matches!(self, Generic | Mango | Telnyx | Texml | Twilio)
    }

    /// The header of the signature, where it stands in one.
    pub(super) fn header(self) -> Option<&'static str> {
        match self {
            Generic => Some(SIGNATURE_HEADER),
            Telnyx | Texml => Some("telnyx-signature-ed25519"),
            Twilio => Some("x-twilio-signature"),
            Novofon | Zadarma => Some("signature"),
            Asterisk | Calltouch | Freeswitch | Mango | Megafon | Uis => None,
        }
    }

    /// The events of one call: it rang at ten for twelve seconds, was answered, lasted a minute,
    /// was recorded. The first names caller, number and start; each has a field nobody knows.
    pub(super) fn life(self) -> Vec<Told> {
        let flat = |pairs: &[(&str, &str)]| {
            Told::Flat(fields(&[pairs, &[("novel_field", "kept")]].concat()))
        };
        let novel = |text: &str| Told::Json(text.replacen('{', r#"{"novel_field":"kept","#, 1));
        match self {
            Asterisk => vec![
                flat(&[
                    ("event", "start"),
                    ("uid", "5"),
                    ("caller", WHO),
                    ("did", DID),
                    ("started", "1768471200"),
                ]),
                flat(&[
                    ("event", "answer"),
                    ("uid", "5"),
                    ("answered", "1768471212"),
                ]),
                flat(&[
                    ("event", "end"),
                    ("uid", "5"),
                    ("disposition", "ANSWER"),
                    ("billsec", "60"),
                    ("ended", "1768471272"),
                ]),
                flat(&[("event", "record"), ("uid", "5"), ("recording", "r")]),
            ],
            Calltouch => {
                let of = |phase: &str, more: &[(&str, &str)]| {
                    let common = [
                        ("callphase", phase),
                        ("callId", "5"),
                        ("clientPhoneNumber", WHO),
                        ("calltrackingPhoneNumber", DID),
                        ("callStartTime", "2026-01-15 13:00:00"),
                    ];
                    flat(&[&common[..], more].concat())
                };
                vec![
                    of("callconnected", &[]),
                    of(
                        "successful",
                        &[
                            ("duration", "60"),
                            ("waitingTime", "12"),
                            ("recordUrl", "r"),
                        ],
                    ),
                ]
            }
            Freeswitch => vec![Told::Json(format!(
                r#"{{"variables":{{"direction":"inbound","uuid":"5",
                "sip_from_user":"{WHO}","sip_req_user":"{DID}","start_epoch":"1768471200",
                "answer_epoch":"1768471212","end_epoch":"1768471272","duration":"72","billsec":"60",
                "hangup_cause":"NORMAL_CLEARING","record_file_path":"r","novel_field":"kept"}}}}"#
            ))],
            Generic => {
                let of = |phase: &str, more: &str| {
                    novel(&format!(
                        r#"{{"provider_call_id":"5","phase":"{phase}","caller":"+{WHO}",
                        "dialed":"{DID}",
                        "started_at":1768471200000{more}}}"#
                    ))
                };
                vec![
                    of("start", ""),
                    of("answer", r#","answered_at":1768471212000"#),
                    of(
                        "end",
                        r#","status":"answered","talk_s":60,"ended_at":1768471272000"#,
                    ),
                    of("record", r#","recording_url":"r""#),
                ]
            }
            Mango => {
                let leg = |state: &str, place: &str, second: u32| {
                    novel(&format!(
                        r#"{{"entry_id":"5","call_id":"l","seq":{second},
                        "timestamp":17684712{second:02},
                        "call_state":"{state}","location":"{place}","from":{{"number":"{WHO}"}},
                        "to":{{"line_number":"{DID}"}}}}"#
                    ))
                };
                vec![
                    leg("Appeared", "ivr", 0),
                    leg("Connected", "abonent", 12),
                    novel(&format!(
                        r#"{{"entry_id":"5","call_direction":1,"from":{{"number":"{WHO}"}},
                        "line_number":"{DID}","create_time":1768471200,"talk_time":1768471212,
                        "end_time":1768471272,"entry_result":1}}"#
                    )),
                    novel(r#"{"entry_id":"5","recording_id":"r","timestamp":1768471300}"#),
                ]
            }
            Megafon => {
                let of = |kind: &str| {
                    flat(&[
                        ("cmd", "event"),
                        ("type", kind),
                        ("phone", WHO),
                        ("diversion", DID),
                        ("callid", "5"),
                        ("user", "a"),
                    ])
                };
                vec![
                    of("INCOMING"),
                    of("ACCEPTED"),
                    of("COMPLETED"),
                    flat(&[
                        ("cmd", "history"),
                        ("type", "in"),
                        ("phone", WHO),
                        ("diversion", DID),
                        ("callid", "5"),
                        ("duration", "60"),
                        ("start", "20260115T100000Z"),
                        ("status", "Success"),
                        ("link", "r"),
                    ]),
                ]
            }
            Telnyx => {
                let of = |name: &str, second: u32, more: &str| {
                    Told::Json(format!(
                        r#"{{"data":{{"event_type":"{name}","id":"e{second}",
                        "occurred_at":"2026-01-15T10:0{}:{:02}Z",
                        "payload":{{"call_session_id":"5","from":"+{WHO}","to":"+{DID}",
                        "start_time":"2026-01-15T10:00:00Z",{more},"novel_field":"kept"}}}}}}"#,
                        second / 60,
                        second % 60,
                    ))
                };
                vec![
                    of("call.initiated", 0, r#""direction":"incoming""#),
                    of("call.answered", 12, r#""direction":"outgoing""#),
                    of(
                        "call.hangup",
                        72,
                        r#""direction":"incoming","hangup_cause":"normal_clearing",
                        "end_time":"2026-01-15T10:01:12Z""#,
                    ),
                    of(
                        "call.recording.saved",
                        90,
                        r#""recording_urls":{"mp3":"r"}"#,
                    ),
                ]
            }
            Texml | Twilio => {
                let of = |status: &str, stamp: &str, more: &[(&str, &str)]| {
                    let common = [
                        ("CallSid", "CA5"),
                        ("From", "+79001112233"),
                        ("To", "+74951234567"),
                        ("Direction", "inbound"),
                        ("CallStatus", status),
                        ("Timestamp", stamp),
                    ];
                    flat(&[&common[..], more].concat())
                };
                vec![
                    of("ringing", "Thu, 15 Jan 2026 10:00:00 +0000", &[]),
                    of("in-progress", "Thu, 15 Jan 2026 10:00:12 +0000", &[]),
                    of(
                        "completed",
                        "Thu, 15 Jan 2026 10:01:12 +0000",
                        &[("CallDuration", "60")],
                    ),
                    of(
                        "completed",
                        "Thu, 15 Jan 2026 10:01:30 +0000",
                        &[("RecordingSid", "RE5"), ("RecordingUrl", "r")],
                    ),
                ]
            }
            Uis => {
                let of = |event: &str, at: &str, more: &[(&str, &str)]| {
                    let common = [
                        ("event", event),
                        ("call_session_id", "5"),
                        ("contact_phone_number", WHO),
                        ("virtual_phone_number", DID),
                        ("notification_time", at),
                    ];
                    flat(&[&common[..], more].concat())
                };
                vec![
                    of("start", "2026-01-15 13:00:00", &[]),
                    of("answer", "2026-01-15 13:00:12", &[]),
                    of(
                        "end",
                        "2026-01-15 13:01:12",
                        &[("talk_time_duration", "60")],
                    ),
                    of("record", "2026-01-15 13:01:30", &[("file_link", "r")]),
                ]
            }
            Novofon | Zadarma => {
                let of = |event: &str, more: &[(&str, &str)]| {
                    let common = [
                        ("event", event),
                        ("pbx_call_id", "in_5"),
                        ("caller_id", WHO),
                        ("call_start", "2026-01-15 13:00:00"),
                    ];
                    flat(&[&common[..], more].concat())
                };
                vec![
                    of("NOTIFY_START", &[("called_did", DID)]),
                    of(
                        "NOTIFY_ANSWER",
                        &[("destination", "100"), ("internal", "100")],
                    ),
                    of(
                        "NOTIFY_END",
                        &[
                            ("called_did", DID),
                            ("disposition", "answered"),
                            ("duration", "60"),
                        ],
                    ),
                    flat(&[
                        ("event", "NOTIFY_RECORD"),
                        ("pbx_call_id", "in_5"),
                        ("call_id_with_rec", "r"),
                    ]),
                ]
            }
        }
    }

    /// `told` as it comes in, rightly signed now.
    pub(super) fn send(self, told: &Told, written: Written) -> Case {
        let case = Case::new(self.provider()).path_secret();
        match (self, told) {
            (Asterisk | Calltouch | Uis, Told::Flat(fields)) => body(case, fields, written),
            (Freeswitch, Told::Json(text)) => case.body(text),
            (Generic, Told::Json(text)) => {
                let tag = generic::sign(&Secret::new("s"), TEN.0 / 1000, text.as_bytes());
                case.secret("s").header(SIGNATURE_HEADER, &tag).body(text)
            }
            (Mango, Told::Json(text)) => {
                let sign = to_hex(&sha256(&[b"k", text.as_bytes(), b"s"]));
                let outer = [("vpbx_api_key", "k"), ("sign", &sign), ("json", text)];
                let mut case = body(case.secret("s"), &fields(&outer), written);
                case.settings.key = Some(Secret::new("k"));
                case
            }
            (Megafon, Told::Flat(fields)) => {
                let token = ("crm_token".to_owned(), "token".to_owned());
                let fields = [vec![token], fields.clone()].concat();
                body(case.secret("token"), &fields, written)
            }
            (Telnyx, Told::Json(text)) => ed25519(case.body(text)),
            (Texml, Told::Flat(fields)) => ed25519(body(case, fields, written)),
            (Twilio, Told::Flat(fields)) => twilio(body(case.secret("s"), fields, written), fields),
            (Novofon | Zadarma, Told::Flat(fields)) => {
                let of = |name: &str| fields.iter().find(|(key, _)| key == name);
                let join = |names: [&str; 3]| -> String {
                    names
                        .iter()
                        .filter_map(|name| Some(of(name)?.1.as_str()))
                        .collect()
                };
                let text = match of("event").map(|(_, event)| event.as_str()) {
                    Some("NOTIFY_RECORD") => join(["pbx_call_id", "call_id_with_rec", "-"]),
                    Some("NOTIFY_ANSWER") => join(["caller_id", "destination", "call_start"]),
                    _ => join(["caller_id", "called_did", "call_start"]),
                };
                let tag = to_hex(&hmac_sha1(b"s", &[text.as_bytes()]));
                let case = case
                    .secret("s")
                    .header("signature", &to_base64(tag.as_bytes()));
                body(case, fields, written)
            }
            (speaks, told) => panic!("{speaks:?} does not tell {told:?}"),
        }
    }

    /// Its first event as a form, or JSON where it speaks only that.
    pub(super) fn start(self) -> Case {
        self.send(&self.life()[0], Written::Form)
    }
}

fn body(case: Case, fields: &Fields, written: Written) -> Case {
    let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    match written {
        Written::Form => {
            let pairs = fields.iter();
            let pairs = pairs.map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
            let body = pairs.collect::<Vec<_>>().join("&");
            case.header("content-type", "application/x-www-form-urlencoded")
                .body(body)
        }
        Written::Json => {
            let members: serde_json::Map<String, serde_json::Value> = fields
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().into()))
                .collect();
            let body = serde_json::Value::from(members).to_string();
            case.header("content-type", "application/json").body(body)
        }
        Written::Multipart | Written::WrongBoundary => {
            let parts = fields.iter().map(|(name, value)| {
                format!(
                    "--right\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                )
            });
            let body = format!("{}--right--\r\n", parts.collect::<String>());
            let boundary = if written == Written::Multipart {
                "right"
            } else {
                "wrong"
            };
            let kind = format!("multipart/form-data; boundary={boundary}");
            case.header("content-type", &kind).body(body)
        }
    }
}

fn ed25519(case: Case) -> Case {
    let key = SigningKey::from_bytes(&[7; 32]);
    let time = (TEN.0 / 1000).to_string();
    let tag = key.sign(&[time.as_bytes(), b"|", &case.body].concat());
    let public = to_base64(key.verifying_key().as_bytes());
    case.secret(&public)
        .header("telnyx-timestamp", &time)
        .header("telnyx-signature-ed25519", &to_base64(&tag.to_bytes()))
}

fn twilio(mut case: Case, fields: &Fields) -> Case {
    let is_json = case.body.starts_with(b"{");
    let mut sorted = fields.clone();
    sorted.sort();
    let mut text = case.url.clone();
    if is_json {
        let digest = to_hex(&sha256(&[&case.body]));
        case.url = format!("{}?bodySHA256={digest}", case.url);
        text.clone_from(&case.url);
    } else {
        text.extend(
            sorted
                .iter()
                .flat_map(|(name, value)| [name.as_str(), value.as_str()]),
        );
    }
    let tag = to_base64(&hmac_sha1(b"s", &[text.as_bytes()]));
    case.header("x-twilio-signature", &tag)
}
