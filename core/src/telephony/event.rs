//! The normal form of what providers tell: one event of one call.
//!
//! Adapters write it, [`crate::call`] folds it into the record of the call. It holds facts as the
//! provider claims them; nothing here decides whose call it was.

use crate::phone::E164;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The telephony providers whose language is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// A company's own Asterisk, through its dialplan or a bridge.
    Asterisk,
    /// Calltouch's notices and its form for importing calls.
    Calltouch,
    /// FreeSWITCH's `mod_json_cdr`.
    Freeswitch,
    /// Signed JSON of this product's own making, for everything else.
    Generic,
    /// Mango Office VPBX.
    Mango,
    /// MegaFon VATS and its family.
    Megafon,
    /// Novofon, which speaks Zadarma's language.
    Novofon,
    /// Telnyx, JSON and TeXML.
    Telnyx,
    /// Twilio and those who speak its language.
    Twilio,
    /// UIS, CoMagic and CallGear.
    Uis,
    /// Zadarma.
    Zadarma,
}

impl Provider {
    /// Every provider, in the order of their names.
    pub const ALL: [Self; 11] = [
        Self::Asterisk,
        Self::Calltouch,
        Self::Freeswitch,
        Self::Generic,
        Self::Mango,
        Self::Megafon,
        Self::Novofon,
        Self::Telnyx,
        Self::Twilio,
        Self::Uis,
        Self::Zadarma,
    ];

    /// The name in addresses, configuration and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asterisk => "asterisk",
            Self::Calltouch => "calltouch",
            Self::Freeswitch => "freeswitch",
            Self::Generic => "generic",
            Self::Mango => "mango",
            Self::Megafon => "megafon",
            Self::Novofon => "novofon",
            Self::Telnyx => "telnyx",
            Self::Twilio => "twilio",
            Self::Uis => "uis",
            Self::Zadarma => "zadarma",
        }
    }

    /// Reads a name as [`Provider::as_str`] writes it; `comagic` is UIS by its other name.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "comagic" {
            return Some(Self::Uis);
        }
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which part of a call's life an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It rings.
    Start,
    /// Somebody took it.
    Answer,
    /// It is over.
    End,
    /// Its recording can be had; possibly a day later.
    Record,
}

/// Who called whom. Only inbound calls are credited to visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A customer called the company.
    In,
    /// The company called somebody.
    Out,
    /// Between the company's own people.
    Internal,
}

/// How a call ended, as a provider says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// Somebody talked.
    Answered,
    /// Nobody took it.
    Missed,
    /// The line was busy.
    Busy,
    /// The caller hung up before an answer.
    Cancelled,
    /// It could not be put through.
    Failed,
}

/// How much of an event its signature vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// Nothing is signed: the secret in the path (or in a field) is all there is.
    Secret,
    /// Only the numbers and the start are signed: duration and outcome are the sender's word.
    Part,
    /// Every byte is signed.
    Whole,
}

/// One event of one call, whoever reported it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallEvent {
    /// Who reported it.
    pub provider: Provider,
    /// The provider's name for the call: the same in all its events.
    pub provider_call_id: String,
    /// Which part of the call's life.
    pub phase: Phase,
    /// Who called whom.
    pub direction: Direction,
    /// Absent if withheld, malformed or an internal extension.
    pub caller: Option<E164>,
    /// The tracking number. Absent where the event does not name it (recordings).
    pub dialed: Option<E164>,
    /// The number that forwarded the call here, where that is not the dialled one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded_from: Option<E164>,
    /// When it began to ring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<UnixMillis>,
    /// When it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<UnixMillis>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<UnixMillis>,
    /// Seconds from start to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<u32>,
    /// Seconds of conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk_s: Option<u32>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<EventStatus>,
    /// Where the recording is, or the provider's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording_url: Option<String>,
    /// When the event happened by the provider's own clock, if the event says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_at: Option<UnixMillis>,
    /// When the edge heard of it.
    pub received_at: UnixMillis,
    /// Two deliveries of one event have one key; two events of one call have two.
    pub dedupe_key: String,
    /// How much of this the signature vouches for.
    pub coverage: Coverage,
    /// Every field the adapter gave no meaning to, as text. Secrets and signatures are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

impl CallEvent {
    /// An event that knows nothing yet but which call and phase it is of.
    pub fn new(
        provider: Provider,
        provider_call_id: &str,
        phase: Phase,
        received_at: UnixMillis,
    ) -> Self {
        Self {
            provider,
            provider_call_id: provider_call_id.to_owned(),
            phase,
            direction: Direction::In,
            caller: None,
            dialed: None,
            forwarded_from: None,
            started_at: None,
            answered_at: None,
            ended_at: None,
            duration_s: None,
            talk_s: None,
            status: None,
            recording_url: None,
            event_at: None,
            received_at,
            dedupe_key: format!("{provider}/{provider_call_id}/{}", phase.as_str()),
            coverage: Coverage::Secret,
            extra: BTreeMap::new(),
        }
    }

    /// Tells this event from others of the same call and phase by the provider's own `mark`
    /// (a sequence number, an event id).
    pub(crate) fn mark(&mut self, mark: &str) {
        self.dedupe_key.push('/');
        self.dedupe_key.push_str(mark);
    }
}

impl Phase {
    /// The name in the normal form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Answer => "answer",
            Self::End => "end",
            Self::Record => "record",
        }
    }
}
