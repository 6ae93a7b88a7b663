//! What goes into a pool and what comes back.

use super::config::{PoolConfig, Region, Source};
use crate::delay::{Device, Engagement};
use crate::id::{CallId, LeaseId, VisitId, VisitorId};
use crate::phone::E164;
use crate::time::{Millis, UnixMillis};

/// What the shell tells the pool.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A visitor needs a number, or comes back to his.
    Acquire(Acquire),
    /// Activity began after idleness. [`Reply::Lost`]: the number is another's; acquire again.
    ActivityStarted(Sign),
    /// The page has had no activity for the idle time, or is hidden.
    Idle(Sign),
    /// Still active.
    KeepAlive(Sign),
    /// A tab goes away.
    Leave(Sign),
    /// The `tel:` link was tapped.
    Tap(Sign),
    /// A call to a number of the pool rings.
    CallStarted(CallMark),
    /// It ended.
    CallEnded(CallMark),
    /// A call was credited to a lease: what is still to be expected of that visitor falls.
    Attributed(Attributed),
    /// Take a number out of use for a while (unexplained calls, failed check).
    Quarantine(E164, UnixMillis),
    /// The configuration is now this. Numbers that left it drain.
    Reconfigure(Box<PoolConfig>),
}

/// A visitor asks for a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Acquire {
    /// Who: remembered by the page, or new.
    pub visitor: VisitorId,
    /// The visit the number will speak for.
    pub visit: VisitId,
    /// The tab that asks.
    pub tab: TabId,
    /// What is known of him.
    pub facts: Facts,
    /// The agent's idempotency key; zero is none. See [`key_of`].
    pub key: u128,
    /// Kept with the grant, as the attribution record: labels, referrer, landing page. Opaque.
    pub context: String,
}

impl Acquire {
    /// A request of a visitor of whom nothing else is known.
    pub fn of(visitor: VisitorId, visit: VisitId) -> Self {
        Self {
            visitor,
            visit,
            tab: TabId(0),
            facts: Facts::default(),
            key: 0,
            context: String::new(),
        }
    }
}

/// One of a visitor's tabs: a number the page drew for itself; zero if it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct TabId(pub u32);

/// What is observable of a visitor at a grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct Facts {
    /// What he holds in his hand.
    pub device: Device,
    /// He wants to get in touch (contact page, form begun).
    pub intent: bool,
    /// How much he did; without it the pool judges by the activity it hears of.
    pub engagement: Option<Engagement>,
    /// Where he is.
    pub region: Region,
    /// The advertising source, where the pool is split by source.
    pub source: Source,
}

/// A sign of a page that holds a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The lease.
    pub lease: LeaseId,
    /// Its generation: that of an earlier lease changes nothing.
    pub generation: u64,
    /// The tab that speaks.
    pub tab: TabId,
    /// How long before this message the last activity was, by the page's own clock.
    pub quiet_ms: Millis,
    /// He showed intent since.
    pub intent: bool,
    /// What he did so far, where the page knows better than the pool.
    pub engagement: Option<Engagement>,
    /// Another page is shown, without a page load.
    pub page: bool,
}

impl Sign {
    /// A sign of the only tab, just now, with nothing else to tell.
    pub const fn of(lease: LeaseId, generation: u64) -> Self {
        Self {
            lease,
            generation,
            tab: TabId(0),
            quiet_ms: Millis(0),
            intent: false,
            engagement: None,
            page: false,
        }
    }
}

/// A call to a number of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallMark {
    /// The number dialled.
    pub number: E164,
    /// The call.
    pub call: CallId,
}

/// A call was credited to a lease.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Attributed {
    /// The number dialled.
    pub number: E164,
    /// The lease credited.
    pub lease: LeaseId,
    /// When the call began.
    pub at: UnixMillis,
    /// How sure, 0 to 1.
    pub share: f32,
    /// Where the caller's number is from.
    #[cfg_attr(feature = "serde", serde(default))]
    pub caller: Region,
    /// How sure without the regions' evidence: what regions are learnt by, so that they do not
    /// prove themselves.
    #[cfg_attr(feature = "serde", serde(default))]
    pub share_without_region: f32,
}

/// What the pool answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Show this number.
    Granted(Grant),
    /// No number may be lent: show this instead.
    Instead(Instead),
    /// The sign was taken; the lease stands. What the page may be told anew.
    Kept(Grant),
    /// The lease the sign speaks for is no more: the number may be another's.
    Lost,
    /// Taken note of; nothing to say.
    Noted,
    /// The number is none of this pool's.
    UnknownNumber,
}

/// A lease as told to its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The number to show.
    pub number: E164,
    /// The lease.
    pub lease: LeaseId,
    /// Its generation: grows with every lease of the number.
    pub generation: u64,
    /// Whose lease it is: another than the one who asked if his first request was answered before
    /// (same idempotency key).
    pub visitor: VisitorId,
    /// The visit it speaks for.
    pub visit: VisitId,
    /// When it was granted.
    pub granted_at: UnixMillis,
    /// Whether and how it is new.
    pub kind: GrantKind,
    /// Send a sign this often while active.
    pub beat_ms: Millis,
    /// No activity this long: say `Idle`.
    pub idle_ms: Millis,
    /// How long the number stays after the last activity, if nobody needs it.
    pub hold_ms: Millis,
    /// The journal row of the grant, which holds its context.
    pub row: u64,
}

/// How a lease came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum GrantKind {
    /// A number he did not have.
    New,
    /// The lease he already had; no row was written.
    Kept,
    /// His own number again, after its lease had ended.
    Reclaimed,
    /// His own number, now speaking for a new visit.
    NewVisit,
}

/// What a page shows when no number may be lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// The pool's reserve number.
    Reserve(E164),
    /// Its own.
    Page,
}

/// An idempotency key from what the agent sent: 128 bits of FNV-1a; zero (none) for empty text.
pub fn key_of(text: &str) -> u128 {
    if text.is_empty() {
        return 0;
    }
    text.bytes()
        .fold(
            0x6c62_272e_07bb_0142_62b8_2175_6295_c58d,
            |hash: u128, b| {
                (hash ^ u128::from(b)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
            },
        )
        .max(1)
}
