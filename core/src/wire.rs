//! Messages between agent and edge, version 1.
//!
//! Bodies are JSON sent as `text/plain`. Unknown fields are ignored both ways; every field but `v`
//! may be missing, because an older or newer agent may not know it. What a visitor's browser says
//! is data and never fails beyond not being JSON.

use crate::id::{LeaseId, ScenarioId, VisitId, VisitorId};
use crate::label::Found;
use crate::phone::E164;
use crate::scenario::Explained;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version both sides speak.
pub const WIRE_VERSION: u32 = 1;

/// `POST /v1/sites/{site}/visit`: begin or resume a visit, take or keep numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VisitRequest {
    /// [`WIRE_VERSION`] of the agent.
    pub v: u32,
    /// Version of the agent, for support.
    pub agent: String,
    /// The visit this page view belongs to, if one is remembered.
    pub visit: Option<String>,
    /// The visitor, if remembered.
    pub visitor: Option<String>,
    /// The page's address, whole.
    pub url: String,
    /// `document.referrer`.
    pub referrer: String,
    /// The label remembered from an earlier page (`roistat_marker` cookie).
    pub marker: Option<String>,
    /// The visit number of Roistat's own script (`roistat_visit` cookie).
    pub roistat_visit: Option<String>,
    /// Ids by which other systems know the visitor, as read on the page.
    pub ids: PageIds,
    /// Cookies of the analytics systems that the site names ([`crate::analytics`]), as they stand.
    pub cookies: BTreeMap<String, String>,
    /// Leases the page still remembers.
    pub leases: Vec<HeldLease>,
    /// Scenarios whose elements are on the page: only these are served a number.
    pub targets: Vec<String>,
    /// `granted`, `cookieless`; with `wait` nothing is sent at all.
    pub consent: String,
    /// The page is hidden or was opened by automation (`navigator.webdriver`).
    pub webdriver: bool,
    /// `mobile`, `tablet` or `desktop`, as the pointer tells.
    pub device: String,
    /// Idempotency key made by the agent.
    pub key: String,
    /// Which of the visitor's tabs asks: drawn by the page; 0 where tabs agree among themselves.
    pub tab: u32,
    /// What the edge gave to remember ([`VisitReply::memory`]), as it was given.
    pub memory: Option<String>,
    /// Asked by the fast snippet, before the agent was there: see [`crate::early`].
    pub early: bool,
    /// Asked by the debugger: the answer tells why scenarios do or do not give a number
    /// ([`VisitReply::scenarios`]), and nothing else happens.
    pub explain: bool,
}

/// Ids by which other systems know the visitor. Made-up ones would create false visitors there, so
/// what was not read on the page is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageIds {
    /// Yandex.Metrica's ClientID (`_ym_uid`, or what its counter says).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ym_client_id: Option<String>,
    /// Google Analytics' client id (`_ga`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ga_client_id: Option<String>,
    /// Google Analytics' session id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ga_session_id: Option<String>,
    /// The owner's own id of the visitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Calltouch's session id (`_ct_session_id`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calltouch_session_id: Option<String>,
    /// CallRail's id of the visitor (`calltrk_uuid`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callrail_visitor_id: Option<String>,
    /// CallRail's session id (`calltrk_session…`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callrail_session_id: Option<String>,
    /// UIS' id of the visitor (`_comagic_id…`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uis_visitor_id: Option<String>,
    /// UIS' session id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uis_session_id: Option<String>,
}

impl PageIds {
    /// Whether none was read.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Those that can be ids: at most [`crate::limits::PAGE_ID_CHARS`] of letters, digits and
    /// `-_.:`. They come from anybody.
    pub fn cleaned(&self) -> Self {
        let clean = |id: &Option<String>| {
            let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.:".contains(&b);
            id.clone().filter(|id| {
                let fits = id.len() <= crate::limits::PAGE_ID_CHARS;
                fits && !id.is_empty() && id.bytes().all(legal)
            })
        };
        Self {
            ym_client_id: clean(&self.ym_client_id),
            ga_client_id: clean(&self.ga_client_id),
            ga_session_id: clean(&self.ga_session_id),
            user_id: clean(&self.user_id),
            calltouch_session_id: clean(&self.calltouch_session_id),
            callrail_visitor_id: clean(&self.callrail_visitor_id),
            callrail_session_id: clean(&self.callrail_session_id),
            uis_visitor_id: clean(&self.uis_visitor_id),
            uis_session_id: clean(&self.uis_session_id),
        }
    }

    /// These, and those of `other` that are not among them.
    pub fn or(&self, other: Self) -> Self {
        let own = self.clone();
        Self {
            ym_client_id: own.ym_client_id.or(other.ym_client_id),
            ga_client_id: own.ga_client_id.or(other.ga_client_id),
            ga_session_id: own.ga_session_id.or(other.ga_session_id),
            user_id: own.user_id.or(other.user_id),
            calltouch_session_id: own.calltouch_session_id.or(other.calltouch_session_id),
            callrail_visitor_id: own.callrail_visitor_id.or(other.callrail_visitor_id),
            callrail_session_id: own.callrail_session_id.or(other.callrail_session_id),
            uis_visitor_id: own.uis_visitor_id.or(other.uis_visitor_id),
            uis_session_id: own.uis_session_id.or(other.uis_session_id),
        }
    }
}

/// A lease as the page remembers it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeldLease {
    /// The scenario it was lent for.
    pub scenario: String,
    /// The lease's id.
    pub lease: String,
    /// Its generation: an old one changes nothing.
    pub generation: u64,
    /// The number last shown.
    pub number: String,
}

/// `POST /v1/sites/{site}/beat` and `…/leave`: something happened on the page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BeatRequest {
    /// [`WIRE_VERSION`] of the agent.
    pub v: u32,
    /// The visit.
    pub visit: Option<String>,
    /// The visitor.
    pub visitor: Option<String>,
    /// What happened.
    pub event: BeatEvent,
    /// Leases the page holds.
    pub leases: Vec<HeldLease>,
    /// Scenarios whose elements are on the page.
    pub targets: Vec<String>,
    /// The page's address where it matters (`page`).
    pub url: String,
    /// The number tapped (`tap`), digits.
    pub number: String,
    /// Idempotency key made by the agent.
    pub key: String,
    /// Which of the visitor's tabs speaks; see [`VisitRequest::tab`].
    pub tab: u32,
    /// How long before this message the last activity was, by the page's own clock.
    pub quiet_ms: u64,
    /// The visitor showed that he wants to get in touch (contact page, form begun).
    pub intent: bool,
    /// What the edge gave to remember ([`VisitReply::memory`]), as it was given.
    pub memory: Option<String>,
    /// Ids that other systems gave the visitor after the visit request (`ids`).
    pub ids: PageIds,
    /// Their cookies, as they stand now (`ids`).
    pub cookies: BTreeMap<String, String>,
}

/// What a heartbeat tells. Unknown events are read as [`BeatEvent::Keep`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BeatEvent {
    /// Activity began after idleness: keep or reclaim the number, or take another.
    Active,
    /// No activity for the idle time, or the page is hidden: the number may be re-issued.
    Idle,
    /// A `tel:` link was tapped.
    Tap,
    /// The page is going away: the hold begins.
    Leave,
    /// A route change within the page.
    Page,
    /// Other systems have given the visitor ids since the visit began. No sign of life.
    Ids,
    /// Still active (sparse), or an event of a newer agent.
    #[default]
    #[serde(other)]
    Keep,
}

/// The answer to [`VisitRequest`] and [`BeatRequest`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VisitReply {
    /// [`WIRE_VERSION`] of the edge.
    pub v: u32,
    /// The visit, made by the edge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit: Option<VisitId>,
    /// The visitor, made by the edge; absent where nothing may be stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor: Option<VisitorId>,
    /// One per matched scenario that has elements on the page.
    pub numbers: Vec<GivenNumber>,
    /// The label to remember, joined as it stood in the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// What the page keeps beside the visit and sends back with every later message of the visitor:
    /// his touches. Opaque to the agent; at most [`crate::limits::MEMORY_CHARS`]. Absent: keep what
    /// is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// What passes the visitor on to the owner's other domains ([`crate::link`]), where the site
    /// names any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Ask again no sooner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Why each scenario does or does not give this visit a number; only with
    /// [`VisitRequest::explain`].
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<Explained>,
    /// The labels of the visit, and where each stood; only with [`VisitRequest::explain`].
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Found>,
}

/// A number to show in one scenario's elements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GivenNumber {
    /// The scenario.
    pub scenario: ScenarioId,
    /// What kind of number it is.
    pub kind: NumberGiven,
    /// Absent with [`NumberGiven::Page`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<E164>,
    /// How each mask of the scenario writes the number: a page shows it as it stands, so that no
    /// browser has to know the grammar of masks. Under no mask stands the whole number: targets
    /// without one take the shape of what stood there, if it can hold the number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub display: BTreeMap<String, String>,
    /// The lease, with [`NumberGiven::Leased`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseId>,
    /// The lease's generation.
    #[serde(default)]
    pub generation: u64,
    /// How long the number stays after the last activity.
    #[serde(default)]
    pub hold_ms: u64,
    /// Send a keep-alive this often while active.
    #[serde(default)]
    pub beat_ms: u64,
    /// No activity this long: send `idle`.
    #[serde(default)]
    pub idle_ms: u64,
}

/// What kind of number a scenario gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberGiven {
    /// A number of the visitor's own, from the pool.
    Leased,
    /// The number of the visit's source.
    Static,
    /// The scenario's reserve number.
    Reserve,
    /// Leave the page's number.
    Page,
}
