//! The record of a call: what all events of it say together.
//!
//! Every field is a join (least, greatest, best-ranked claim, union), so events may come in any
//! order, doubled or a day late: the same set of events always makes the same record. What is
//! derived (status, talk time, target) is computed from the joined facts when asked for, never
//! stored.
//!
//! What is not here: whose call it was (attribution), and storage. The record holds the caller as
//! the site chose to keep him, never more.
//!
//! Limits: [`RECORDINGS_MAX`], [`EXTRA_FIELDS_MAX`], [`EXTRA_VALUE_CHARS_MAX`]. Where a union would
//! grow beyond, the smallest elements stay, which keeps the order of events without effect.

use crate::id::CallId;
use crate::phone::{E164, is_mobile, region_of_number};
use crate::pool::Region;
use crate::telephony::signature::{hmac_sha256, to_hex};
use crate::telephony::{CallEvent, Coverage, Direction, EventStatus, Phase, Provider, Secret};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// 8 recordings of one call: transfers make one each, and none seen has more than three.
pub const RECORDINGS_MAX: usize = 8;

/// 64 fields without a meaning are kept of one call; the longest provider's event has about forty.
pub const EXTRA_FIELDS_MAX: usize = 64;

/// 500 characters are kept of each.
pub const EXTRA_VALUE_CHARS_MAX: usize = 500;

/// 4: the digits shown of a caller who is kept as a hash.
const LAST_DIGITS: usize = 4;

/// How a site keeps callers' numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerStorage {
    /// In full. Exports and CRMs need it.
    Plain,
    /// As HMAC-SHA256 with the site's own pepper, and the last four digits for the eye. (A plain
    /// hash could be undone by trying all numbers there are.)
    Hashed {
        /// The site's secret for this; losing it makes known callers unknown.
        pepper: Secret,
    },
}

/// A caller as a site keeps him.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StoredCaller {
    /// In full.
    Plain {
        /// The number.
        number: E164,
    },
    /// As keyed hash.
    Hashed {
        /// 64 hexadecimal digits.
        hash: String,
        /// The last four digits.
        last_digits: String,
    },
}

impl CallerStorage {
    /// Keeps `number` this way.
    pub fn keep(&self, number: E164) -> StoredCaller {
        match self {
            Self::Plain => StoredCaller::Plain { number },
            Self::Hashed { pepper } => {
                let digits = number.to_string();
                let hash = hmac_sha256(pepper.expose().as_bytes(), &[digits.as_bytes()]);
                StoredCaller::Hashed {
                    hash: to_hex(&hash),
                    last_digits: digits[digits.len().saturating_sub(LAST_DIGITS)..].to_owned(),
                }
            }
        }
    }

    /// `text` without the caller's number, where the site does not keep it in full.
    fn redact(&self, text: &str, caller: Option<E164>) -> String {
        let (Self::Hashed { .. }, Some(caller)) = (self, caller) else {
            return text.to_owned();
        };
        let caller = caller.to_string();
        // The national part is what all spellings (+7…, 8…) share.
        let national = &caller[caller.len().saturating_sub(10)..];
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if digits.contains(national) {
            format!("…{}", &caller[caller.len().saturating_sub(LAST_DIGITS)..])
        } else {
            text.to_owned()
        }
    }
}

impl StoredCaller {
    /// One text for one caller, to recognise him by.
    pub fn key(&self) -> String {
        match self {
            Self::Plain { number } => number.to_string(),
            Self::Hashed { hash, .. } => format!("h{hash}"),
        }
    }

    /// The number in full, if it is kept.
    pub fn number(&self) -> Option<E164> {
        match self {
            Self::Plain { number } => Some(*number),
            Self::Hashed { .. } => None,
        }
    }

    /// What people see: `79001112233` or `…2233`.
    pub fn display(&self) -> String {
        match self {
            Self::Plain { number } => number.to_string(),
            Self::Hashed { last_digits, .. } => format!("…{last_digits}"),
        }
    }
}

/// What a caller's number tells besides who he is: evidence of whose call it was. Coarse enough to
/// be kept of one whose number is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct CallerPlace {
    /// The region of its area code.
    pub region: Region,
    /// Whether it is a mobile one.
    pub mobile: Option<bool>,
}

impl CallerPlace {
    /// What `number` tells.
    pub fn of(number: E164) -> Self {
        Self {
            region: region_of_number(number),
            mobile: is_mobile(number),
        }
    }

    /// Whether that is anything.
    fn tells(&self) -> bool {
        *self != Self::default()
    }
}

/// A value and how well its event is placed to know it; the better placed claim wins, of equals the
/// lesser value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Claim<T> {
    rank: u8,
    value: T,
}

/// What all events of one call say together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Who reported it.
    pub provider: Provider,
    /// The provider's name for it.
    pub provider_call_id: String,
    phases: BTreeSet<Phase>,
    direction: Claim<Direction>,
    caller: Option<Claim<StoredCaller>>,
    /// Of a caller who is kept as a hash; in full the number itself tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caller_place: Option<Claim<CallerPlace>>,
    dialed: Option<Claim<E164>>,
    forwarded_from: Option<Claim<E164>>,
    started_at: Option<UnixMillis>,
    answered_at: Option<UnixMillis>,
    ended_at: Option<UnixMillis>,
    duration_s: Option<u32>,
    talk_s: Option<u32>,
    status: Option<EventStatus>,
    recordings: BTreeSet<String>,
    heard_at: UnixMillis,
    coverage: Coverage,
    extra: BTreeMap<String, Claim<String>>,
}

/// Where a call stands or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// It rings.
    Ringing,
    /// They talk.
    Talking,
    /// They talked.
    Answered,
    /// Nobody took it.
    Missed,
    /// The line was busy.
    Busy,
    /// The caller hung up first.
    Cancelled,
    /// It could not be put through.
    Failed,
}

impl CallStatus {
    /// Whether the call is over and nobody talked.
    pub const fn is_missed(self) -> bool {
        matches!(
            self,
            Self::Missed | Self::Busy | Self::Cancelled | Self::Failed
        )
    }

    /// Whether more events are to be expected.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Ringing | Self::Talking)
    }

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::Answered => "answered",
            Self::Missed => "missed",
            Self::Busy => "busy",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

impl CallRecord {
    /// Begins the record of the call that `event` is of.
    pub fn new(event: &CallEvent, storage: &CallerStorage) -> Self {
        let mut record = Self {
            provider: event.provider,
            provider_call_id: event.provider_call_id.clone(),
            phases: BTreeSet::new(),
            direction: Claim {
                rank: rank(event.phase),
                value: event.direction,
            },
            caller: None,
            caller_place: None,
            dialed: None,
            forwarded_from: None,
            started_at: None,
            answered_at: None,
            ended_at: None,
            duration_s: None,
            talk_s: None,
            status: None,
            recordings: BTreeSet::new(),
            heard_at: event.received_at,
            coverage: event.coverage,
            extra: BTreeMap::new(),
        };
        record.join(event, storage);
        record
    }

    /// Adds what `event` says. Returns whether the record changed.
    ///
    /// # Panics
    /// If the event is of another call: the caller looked the record up by the event's own names.
    pub fn apply(&mut self, event: &CallEvent, storage: &CallerStorage) -> bool {
        assert_eq!(
            self.provider, event.provider,
            "an event of another provider"
        );
        assert_eq!(
            self.provider_call_id, event.provider_call_id,
            "an event of another call"
        );
        let before = self.clone();
        self.join(event, storage);
        *self != before
    }

    fn join(&mut self, event: &CallEvent, storage: &CallerStorage) {
        let rank = rank(event.phase);
        self.phases.insert(event.phase);
        let direction = Claim {
            rank,
            value: event.direction,
        };
        if direction < self.direction {
            self.direction = direction;
        }
        let caller = event.caller.map(|number| storage.keep(number));
        join_claim(&mut self.caller, rank, caller);
        if let (CallerStorage::Hashed { .. }, Some(number)) = (storage, event.caller) {
            let place = Some(CallerPlace::of(number)).filter(CallerPlace::tells);
            join_claim(&mut self.caller_place, rank, place);
        }
        join_claim(&mut self.dialed, rank, event.dialed);
        join_claim(&mut self.forwarded_from, rank, event.forwarded_from);
        self.started_at = least(self.started_at, event.started_at);
        self.answered_at = least(self.answered_at, event.answered_at);
        self.ended_at = self.ended_at.max(event.ended_at);
        self.duration_s = self.duration_s.max(event.duration_s);
        self.talk_s = self.talk_s.max(event.talk_s);
        self.status = least(self.status, event.status);
        self.heard_at = self.heard_at.min(event.received_at);
        self.coverage = self.coverage.min(event.coverage);
        if let Some(url) = &event.recording_url {
            self.recordings.insert(url.clone());
            while self.recordings.len() > RECORDINGS_MAX {
                self.recordings.pop_last();
            }
        }
        for (name, value) in &event.extra {
            let value: String = storage
                .redact(value, event.caller)
                .chars()
                .take(EXTRA_VALUE_CHARS_MAX)
                .collect();
            let claim = Claim { rank, value };
            let known = self.extra.entry(name.clone()).or_insert(claim.clone());
            if claim < *known {
                *known = claim;
            }
        }
        while self.extra.len() > EXTRA_FIELDS_MAX {
            self.extra.pop_last();
        }
    }

    /// The call's id: 128 bits of a keyed-by-name hash, so that one call has one id however often
    /// and in whatever order it is reported.
    pub fn id(&self) -> CallId {
        call_id(self.provider, &self.provider_call_id)
    }

    /// Who called whom.
    pub fn direction(&self) -> Direction {
        self.direction.value
    }

    /// The caller, unless withheld.
    pub fn caller(&self) -> Option<&StoredCaller> {
        self.caller.as_ref().map(|claim| &claim.value)
    }

    /// What the caller's number tells of him.
    pub fn caller_place(&self) -> CallerPlace {
        let number = self.caller().and_then(StoredCaller::number);
        let kept = || self.caller_place.as_ref().map(|claim| claim.value);
        number
            .map(CallerPlace::of)
            .or_else(kept)
            .unwrap_or_default()
    }

    /// The tracking number, if any event named it.
    pub fn dialed(&self) -> Option<E164> {
        self.dialed.as_ref().map(|claim| claim.value)
    }

    /// The number that forwarded the call, if not the dialled one.
    pub fn forwarded_from(&self) -> Option<E164> {
        self.forwarded_from.as_ref().map(|claim| claim.value)
    }

    /// The number the call is tracked by: the dialled one if `is_known` says that it is the site's,
    /// else the one that forwarded the call here if that is. (An owner's own number, forwarded to a
    /// line of the exchange, arrives as the forwarding one.)
    pub fn tracked(&self, is_known: impl Fn(E164) -> bool) -> Option<E164> {
        [self.dialed(), self.forwarded_from()]
            .into_iter()
            .flatten()
            .find(|number| is_known(*number))
    }

    /// When it began to ring; where no event says, when it was first heard of.
    pub fn started_at(&self) -> UnixMillis {
        let known = self.started_at.or(self.answered_at);
        known.unwrap_or_else(|| match (self.ended_at, self.duration_s) {
            (Some(ended), Some(s)) => ended - crate::time::Millis::from_secs(u64::from(s)),
            (Some(ended), None) => ended,
            (None, _) => self.heard_at,
        })
    }

    /// When it was taken.
    pub fn answered_at(&self) -> Option<UnixMillis> {
        self.answered_at
    }

    /// When it was over.
    pub fn ended_at(&self) -> Option<UnixMillis> {
        self.ended_at
    }

    /// When the first of its events came in.
    pub fn heard_at(&self) -> UnixMillis {
        self.heard_at
    }

    /// Where its recordings are.
    pub fn recordings(&self) -> impl Iterator<Item = &str> {
        self.recordings.iter().map(String::as_str)
    }

    /// Fields no adapter gave a meaning to.
    pub fn extra(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extra
            .iter()
            .map(|(name, claim)| (name.as_str(), claim.value.as_str()))
    }

    /// Where the call stands or how it ended.
    pub fn status(&self) -> CallStatus {
        let over = self.phases.contains(&Phase::End) || self.phases.contains(&Phase::Record);
        let talked = self.phases.contains(&Phase::Answer)
            || self.answered_at.is_some()
            || self.talk_s.is_some_and(|seconds| seconds > 0);
        match self.status {
            Some(EventStatus::Answered) if !over => CallStatus::Talking,
            Some(EventStatus::Answered) => CallStatus::Answered,
            Some(EventStatus::Missed) => CallStatus::Missed,
            Some(EventStatus::Busy) => CallStatus::Busy,
            Some(EventStatus::Cancelled) => CallStatus::Cancelled,
            Some(EventStatus::Failed) => CallStatus::Failed,
            None if over && talked => CallStatus::Answered,
            None if over => CallStatus::Missed,
            None if talked => CallStatus::Talking,
            None => CallStatus::Ringing,
        }
    }

    /// Seconds from start to end, once it is over.
    pub fn duration_s(&self) -> Option<u32> {
        let measured = self.ended_at.map(|end| seconds(self.started_at(), end));
        self.duration_s.or(measured)
    }

    /// Seconds of conversation, once it is over.
    pub fn talk_s(&self) -> Option<u32> {
        match self.status() {
            CallStatus::Ringing | CallStatus::Talking => self.talk_s,
            CallStatus::Answered => self.talk_s.or_else(|| {
                let answered = self.answered_at?;
                if let Some(ended) = self.ended_at {
                    return Some(seconds(answered, ended));
                }
                let waited = seconds(self.started_at?, answered);
                Some(self.duration_s?.saturating_sub(waited))
            }),
            _ => Some(0),
        }
    }

    /// Seconds the caller waited for an answer, or for nothing.
    pub fn wait_s(&self) -> Option<u32> {
        let until = self.answered_at.or(self.ended_at)?;
        Some(seconds(self.started_at(), until))
    }

    /// Whether the call is a target call: answered, and talked at least `target_talk_s` (real
    /// estate takes 180 s, medicine 60 s; 30 s where nothing is set).
    pub fn is_target(&self, target_talk_s: u32) -> bool {
        self.status() == CallStatus::Answered
            && self.talk_s().is_some_and(|talk_s| talk_s >= target_talk_s)
    }

    /// Whether the outcome may be trusted: the events were signed whole, or at least the start was
    /// seen. An end alone under a signature that does not cover it proves nothing.
    pub fn is_confirmed(&self) -> bool {
        self.coverage == Coverage::Whole || self.phases.contains(&Phase::Start)
    }

    /// Whether an event of `phase` was seen.
    pub fn has(&self, phase: Phase) -> bool {
        self.phases.contains(&phase)
    }
}

/// 30 s: a target call where neither the site nor the scenario says otherwise.
pub const TARGET_TALK_S: u32 = 30;

/// The id of the call that `provider` names `provider_call_id`.
pub fn call_id(provider: Provider, provider_call_id: &str) -> CallId {
    let key = b"ringlet call id";
    let parts = [
        provider.as_str().as_bytes(),
        b"/",
        provider_call_id.as_bytes(),
    ];
    let hash = hmac_sha256(key, &parts);
    CallId(
        hash[..16]
            .iter()
            .fold(0, |sum, byte| (sum << 8) | u128::from(*byte)),
    )
}

/// Which call of one caller this is, 1 for his first: by start, of equals by id, whatever order the
/// calls were heard of in. `others` are his calls as `(started_at, id)`, this one among them or
/// not.
pub fn ordinal(
    started_at: UnixMillis,
    id: CallId,
    others: impl IntoIterator<Item = (UnixMillis, CallId)>,
) -> u32 {
    let before = others
        .into_iter()
        .filter(|(at, other)| *other != id && (*at, *other) < (started_at, id))
        .count();
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}

/// The earlier phase is better placed: before transfers, numbers are those the caller dialled.
fn rank(phase: Phase) -> u8 {
    match phase {
        Phase::Start => 0,
        Phase::End => 1,
        Phase::Answer => 2,
        Phase::Record => 3,
    }
}

fn join_claim<T: Ord>(known: &mut Option<Claim<T>>, rank: u8, value: Option<T>) {
    let Some(value) = value else {
        return;
    };
    let claim = Claim { rank, value };
    if known.as_ref().is_none_or(|known| claim < *known) {
        *known = Some(claim);
    }
}

fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Whole seconds from `from` to `to`, rounded to the nearest.
fn seconds(from: UnixMillis, to: UnixMillis) -> u32 {
    u32::try_from((to.since(from).0 + 500) / 1000).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
