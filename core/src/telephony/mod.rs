//! Telephony: what exchanges send, verified and read into one normal form, and answered in their
//! own language. Bytes in, bytes out; one file per provider.
//!
//! What is not here: sockets, storage, a clock, and the question whose call it was. The shell
//! carries bytes: it passes a [`RawRequest`] to [`verify_and_parse`], stores the events, and sends
//! what [`answer()`] makes of the route it chose.
//!
//! Invariants: nothing of an event is returned before its signature (or, where a provider has none,
//! the secret in its path) was found right; every secret is compared in constant time; no body
//! makes a panic; what an adapter gave no meaning to is kept as text.
//!
//! Limits: bodies of [`BODY_BYTES_MAX`]; events of [`WINDOW`] where the signature holds a time, of
//! [`LATE_WINDOW`] where the event itself does.

pub mod answer;
mod asterisk;
mod body;
mod calltouch;
mod clock;
pub mod event;
#[cfg(test)]
mod every;
mod freeswitch;
pub mod generic;
pub mod kept;
mod mango;
mod megafon;
pub mod number;
#[cfg(test)]
mod robust;
pub mod settings;
pub mod signature;
#[cfg(test)]
mod support;
#[cfg(test)]
mod table;
mod telnyx;
mod twilio;
pub mod uis;
mod zadarma;

use crate::site::Text;
use crate::time::{Millis, UnixMillis};
pub use answer::{Answer, Route, answer};
pub use body::BODY_BYTES_MAX;
use body::Unreadable;
pub use event::{CallEvent, Coverage, Direction, EventStatus, Phase, Provider};
pub use kept::{KEPT_EVENTS_AGE_MAX, KEPT_EVENTS_MAX, KeptEvent};
pub use number::NumberPlan;
pub use settings::{ProviderSettings, SiteContext};
pub use signature::Secret;
use std::fmt;

/// 300 s: how far a signed time may lie from now (Telnyx's own tolerance, taken for ours).
pub const WINDOW: Millis = Millis::from_secs(300);

/// 7 days: how old an event may be by its own time where no time is signed for freshness. Providers
/// retry for hours and hand recordings in a day later; a replay within it changes nothing, because
/// the fold of a call's events is idempotent.
pub const LATE_WINDOW: Millis = Millis::from_mins(7 * 24 * 60);

/// A webhook as it came in.
#[derive(Clone, Debug)]
pub struct RawRequest<'a> {
    /// `POST`, `GET` …
    pub method: &'a str,
    /// The whole address as requested.
    pub url: &'a str,
    /// Names in any case, values.
    pub headers: &'a [(String, String)],
    /// The body, untouched.
    pub body: &'a [u8],
    /// The last part of the path, where the address has one.
    pub path_secret: Option<&'a str>,
    /// The sender's address, as the platform tells it.
    pub remote_address: Option<&'a str>,
    /// The edge's clock.
    pub received_at: UnixMillis,
}

impl<'a> RawRequest<'a> {
    /// The value of the first header named `name`.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn content_type(&self) -> &'a str {
        self.header("content-type").unwrap_or("")
    }

    fn query(&self) -> &'a str {
        let url = self.url.split('#').next().unwrap_or("");
        url.split_once('?').map_or("", |(_, query)| query)
    }

    fn is_stale(&self, at: UnixMillis, window: Millis) -> bool {
        self.received_at.since(at) > window || at.since(self.received_at) > window
    }
}

/// What a webhook said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Incoming {
    /// What happened, in the order told; may be empty (a test ping, an event of no call).
    pub events: Vec<CallEvent>,
    /// What the provider waits for.
    pub ask: Ask,
    /// In which of its dialects the provider spoke; [`answer()`] answers in the same.
    pub dialect: Dialect,
    /// Authentic, but not understood as any event of a call: why. Keep the raw event for inspection
    /// and answer 200, so that the provider does not try for ever.
    pub keep_raw: Option<Text>,
}

impl Incoming {
    fn of(event: CallEvent) -> Self {
        let ask = if event.phase == Phase::Start && event.direction == Direction::In {
            Ask::Route
        } else {
            Ask::Receipt
        };
        Self {
            events: vec![event],
            ask,
            ..Self::default()
        }
    }

    fn kept(en: impl Into<String>, ru: impl Into<String>) -> Self {
        Self {
            keep_raw: Some(Text::of(en, ru)),
            ..Self::default()
        }
    }
}

/// 200 bytes: the longest name of a call.
const CALL_ID_BYTES_MAX: usize = 200;

/// What a provider waits for in the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ask {
    /// Nothing but to hear that it was stored.
    #[default]
    Receipt,
    /// Where the call should go: it rings and waits. Answer at once, from the live lease.
    Route,
    /// This very text, to prove that the address is ours.
    Echo(String),
    /// Who is calling (MegaFon's `contact`).
    Contact,
}

/// Dialects of one provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// JSON, or the only one it has.
    #[default]
    Json,
    /// XML call markup (TwiML, TeXML).
    Markup,
    /// A line of text (Asterisk's dialplan).
    Text,
}

/// Why a webhook is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TelephonyError {
    /// 401. Not proven to come from the provider: nothing is stored, nothing is told.
    Refused(Refusal),
    /// 400. It came from the provider and cannot be understood: keep the raw event for inspection.
    Unreadable {
        /// What is wrong with it.
        reason: Text,
    },
    /// 413. Larger than [`BODY_BYTES_MAX`].
    TooLarge,
    /// 405. The provider does not use this method.
    Method,
}

/// Why a webhook is not believed. For counting and logs; the sender is told none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The site has not set this provider up.
    NotConfigured,
    /// The secret in the path is wrong or missing.
    PathSecret,
    /// The sender's address is not on the list.
    Address,
    /// There is no signature.
    NoSignature,
    /// The signature is not of this body by any valid secret.
    Signature,
    /// Rightly signed, and too old or too new.
    Stale,
}

impl TelephonyError {
    /// The HTTP status to answer with.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Refused(_) => 401,
            Self::Unreadable { .. } => 400,
            Self::TooLarge => 413,
            Self::Method => 405,
        }
    }

    /// A stable name for counters.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(Refusal::NotConfigured) => "not_configured",
            Self::Refused(Refusal::PathSecret) => "path_secret",
            Self::Refused(Refusal::Address) => "address",
            Self::Refused(Refusal::NoSignature) => "no_signature",
            Self::Refused(Refusal::Signature) => "signature",
            Self::Refused(Refusal::Stale) => "stale",
            Self::Unreadable { .. } => "unreadable",
            Self::TooLarge => "too_large",
            Self::Method => "method",
        }
    }
}

impl fmt::Display for TelephonyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(_) => f.write_str("The request is not authentic"),
            Self::Unreadable { reason } => write!(f, "The event cannot be read: {}", reason.en),
            Self::TooLarge => f.write_str("The body is larger than 64 kB"),
            Self::Method => f.write_str("The provider does not use this method"),
        }
    }
}

impl std::error::Error for TelephonyError {}

impl From<Unreadable> for TelephonyError {
    fn from(Unreadable(reason): Unreadable) -> Self {
        Self::Unreadable { reason }
    }
}

impl From<Refusal> for TelephonyError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

type Parsed = Result<Incoming, TelephonyError>;

/// Everything an adapter may know.
struct Inbound<'a> {
    provider: Provider,
    settings: &'a ProviderSettings,
    site: &'a SiteContext,
    request: &'a RawRequest<'a>,
    /// Where it came from was proven when it came in.
    is_proven: bool,
}

/// Verifies `request` as `provider` signs it and reads it.
///
/// `settings` are the site's for this provider; an absent set-up is passed as the default one, and
/// is refused in the time a wrong signature takes.
///
/// # Errors
/// [`TelephonyError`]: refused (nothing of it may be stored), unreadable (keep the raw event), too
/// large, wrong method.
pub fn verify_and_parse(
    provider: Provider,
    settings: &ProviderSettings,
    site: &SiteContext,
    request: &RawRequest<'_>,
) -> Result<Incoming, TelephonyError> {
    if request.body.len() > BODY_BYTES_MAX || request.url.len() > BODY_BYTES_MAX {
        return Err(TelephonyError::TooLarge);
    }
    if !matches!(request.method, "POST" | "GET") {
        return Err(TelephonyError::Method);
    }
    let inbound = Inbound {
        provider,
        settings,
        site,
        request,
        is_proven: false,
    };
    let way_in = settings.check_way_in(provider, request);
    let parsed = inbound.parse();
    // The way in is judged first and told last: the time taken tells nothing of it.
    way_in?;
    parsed
}

/// Reads an event that was kept when its adapter could not: its signature was found right then, and
/// is not looked at again (what was secret in it is blanked).
///
/// # Errors
/// [`TelephonyError::Unreadable`] if it still cannot be read, [`Refusal::Stale`] never: times are
/// judged by when it came in.
pub fn reread(
    settings: &ProviderSettings,
    site: &SiteContext,
    kept: &KeptEvent,
) -> Result<Incoming, TelephonyError> {
    let body = kept
        .body_bytes()
        .ok_or_else(|| TelephonyError::Unreadable {
            reason: Text::of("the kept body is not whole", "сохранённое тело неполно"),
        })?;
    let request = RawRequest {
        method: if body.is_empty() { "GET" } else { "POST" },
        url: &format!("https://kept.invalid/?{}", kept.query),
        headers: &[("content-type".to_owned(), kept.content_type.clone())],
        body: &body,
        path_secret: None,
        remote_address: None,
        received_at: kept.received_at,
    };
    let inbound = Inbound {
        provider: kept.provider,
        settings,
        site,
        request: &request,
        is_proven: true,
    };
    inbound.parse()
}

impl Inbound<'_> {
    fn parse(&self) -> Parsed {
        match self.provider {
            Provider::Asterisk => asterisk::parse(self),
            Provider::Calltouch => calltouch::parse(self),
            Provider::Freeswitch => freeswitch::parse(self),
            Provider::Generic => generic::parse(self),
            Provider::Mango => mango::parse(self),
            Provider::Megafon => megafon::parse(self),
            Provider::Novofon => zadarma::parse_novofon(self),
            Provider::Telnyx => telnyx::parse(self),
            Provider::Twilio => twilio::parse(self),
            Provider::Uis => uis::parse(self),
            Provider::Zadarma => zadarma::parse(self),
        }
    }

    /// An event of the call named `call_id`.
    fn event(&self, call_id: Option<&str>, phase: Phase) -> Result<CallEvent, Unreadable> {
        let Some(call_id) = call_id else {
            return Err(Unreadable::new(
                "the event names no call",
                "событие не называет звонка",
            ));
        };
        if call_id.len() > CALL_ID_BYTES_MAX {
            return Err(Unreadable::new(
                "the name of the call is longer than 200 bytes",
                "имя звонка длиннее 200 байт",
            ));
        }
        let received_at = self.request.received_at;
        Ok(CallEvent::new(self.provider, call_id, phase, received_at))
    }

    /// The fields of the body, or of the query where there is no body (`GET`). A field given twice
    /// is refused.
    fn form(&self) -> Result<body::Form, Unreadable> {
        let request = self.request;
        let form = if request.method == "GET" || request.body.is_empty() {
            body::urlencoded(request.query().as_bytes())?
        } else {
            body::any_form(request.content_type(), request.body)?
        };
        if form.pairs.is_empty() {
            return Err(Unreadable::new(
                "the event has no fields",
                "в событии нет полей",
            ));
        }
        form.without_duplicates()
    }

    /// Whether the secret in the path proves where it came from.
    fn has_path_secret(&self) -> bool {
        self.is_proven || self.settings.has_path_secret(self.request)
    }

    /// The time zone of wall-clock texts.
    fn zone(&self) -> &str {
        self.settings.zone(self.site)
    }

    /// Any form of time, wall-clock texts in the provider's zone.
    fn time(&self, text: Option<&str>) -> Option<UnixMillis> {
        text.and_then(|text| clock::read(text, self.zone()))
    }

    /// A body that must be read before its signature can be found. If it cannot, it is worth
    /// keeping only if the secret in the path proves where it came from.
    fn unproven<T>(&self, read: Result<T, Unreadable>) -> Result<T, TelephonyError> {
        read.map_err(|Unreadable(reason)| {
            if self.settings.has_path_secret(self.request) {
                TelephonyError::Unreadable { reason }
            } else {
                Refusal::NoSignature.into()
            }
        })
    }

    /// Refuses an event whose own time lies outside [`LATE_WINDOW`].
    fn refuse_stale(&self, at: Option<UnixMillis>) -> Result<(), TelephonyError> {
        match at {
            Some(at) if self.request.is_stale(at, LATE_WINDOW) => Err(Refusal::Stale.into()),
            _ => Ok(()),
        }
    }

    fn number(&self, text: Option<&str>) -> Option<crate::phone::E164> {
        text.and_then(|text| self.site.plan.read(text))
    }
}
