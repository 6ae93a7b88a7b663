//! The state of one number, and the images of it that the journal keeps.

use super::config::{NumberConfig, Region};
use super::message::TabId;
use crate::id::{CallId, LeaseId, VisitId, VisitorId};
use crate::phone::E164;
use crate::time::{Millis, UnixMillis};

/// Where a number's latest lease stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Phase {
    /// No lease stands.
    #[default]
    None,
    /// Granted; no second sign of life yet.
    Provisional,
    /// The visitor is active.
    Active,
    /// A tab is open; he is idle.
    Idle,
    /// His last tab closed; the hold runs.
    Held,
}

impl Phase {
    /// Whether a lease stands.
    pub const fn is_leased(self) -> bool {
        !matches!(self, Self::None)
    }

    /// Whether the visitor counts as looking at the number.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Provisional | Self::Active)
    }
}

/// Tabs of one visitor that are told apart; of more, those heard of last.
pub(super) const TABS: usize = 4;

/// One tab of the visitor who holds a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TabState {
    /// Which.
    pub tab: TabId,
    /// It was active by its last sign.
    pub active: bool,
    /// Its last sign.
    pub sign_at: UnixMillis,
}

/// The open tabs of one visitor. Each leaves for itself; one never heard of again is closed by
/// time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tabs {
    open: [TabState; TABS],
    count: u8,
}

impl Tabs {
    /// A sign of a tab.
    pub(super) fn sign(&mut self, tab: TabId, active: bool, at: UnixMillis) {
        let state = TabState {
            tab,
            active,
            sign_at: at,
        };
        let count = usize::from(self.count);
        if let Some(known) = self.open[..count].iter_mut().find(|t| t.tab == tab) {
            *known = state;
        } else if count < TABS {
            self.open[count] = state;
            self.count += 1;
        } else if let Some(stalest) = self.open.iter_mut().min_by_key(|t| t.sign_at) {
            *stalest = state;
        }
    }

    /// A tab went away.
    pub(super) fn leave(&mut self, tab: TabId) {
        let count = usize::from(self.count);
        if let Some(at) = self.open[..count].iter().position(|t| t.tab == tab) {
            self.open[at] = self.open[count - 1];
            self.count -= 1;
        } else if self.count == 1 && (tab == TabId(0) || self.open[0].tab == TabId(0)) {
            // One of the two messages came from an agent that numbers no tabs.
            self.count = 0;
        }
    }

    /// Closes tabs not heard of since `before`, and calms active ones not heard of since `silent`.
    pub(super) fn settle(&mut self, before: UnixMillis, silent: UnixMillis) {
        let mut kept = Self::default();
        for tab in self.iter() {
            if tab.sign_at > before {
                kept.open[usize::from(kept.count)] = TabState {
                    active: tab.active && tab.sign_at > silent,
                    ..*tab
                };
                kept.count += 1;
            }
        }
        *self = kept;
    }

    /// The tabs of an image.
    pub(super) fn of(tabs: &[TabState]) -> Self {
        Self::from_each(tabs.iter().copied())
    }

    /// The same of tabs one after the other.
    pub(super) fn from_each(tabs: impl Iterator<Item = TabState>) -> Self {
        let mut made = Self::default();
        for tab in tabs.take(TABS) {
            made.sign(tab.tab, tab.active, tab.sign_at);
        }
        made
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &TabState> {
        self.open[..usize::from(self.count)].iter()
    }

    /// The latest sign of an active tab.
    pub(super) fn active_sign(&self) -> Option<UnixMillis> {
        self.iter().filter(|t| t.active).map(|t| t.sign_at).max()
    }

    /// The tab heard of last.
    pub(super) fn latest_tab(&self) -> Option<TabId> {
        self.iter().max_by_key(|t| t.sign_at).map(|t| t.tab)
    }

    /// The latest sign of any tab.
    pub(super) fn latest_sign(&self) -> Option<UnixMillis> {
        self.iter().map(|t| t.sign_at).max()
    }
}

/// Calls in progress on one number that are told apart.
pub(super) const CALLS: usize = 4;

/// Half of a call's random id tells it from the others of one number.
fn short(call: CallId) -> u64 {
    call.0 as u64
}

/// The calls in progress on one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    calls: [(u64, UnixMillis); CALLS],
    count: u8,
}

impl Calls {
    pub(super) fn start(&mut self, call: CallId, until: UnixMillis) {
        let count = usize::from(self.count);
        if let Some(known) = self.calls[..count].iter_mut().find(|c| c.0 == short(call)) {
            known.1 = known.1.max(until);
        } else if count < CALLS {
            self.calls[count] = (short(call), until);
            self.count += 1;
        } else if let Some(oldest) = self.calls.iter_mut().min_by_key(|c| c.1) {
            *oldest = (short(call), until);
        }
    }

    pub(super) fn end(&mut self, call: CallId) {
        let count = usize::from(self.count);
        if let Some(at) = self.calls[..count].iter().position(|c| c.0 == short(call)) {
            self.calls[at] = self.calls[count - 1];
            self.count -= 1;
        }
    }

    pub(super) fn settle(&mut self, now: UnixMillis) {
        let mut at = 0;
        while at < usize::from(self.count) {
            if self.calls[at].1 <= now {
                self.calls[at] = self.calls[usize::from(self.count) - 1];
                self.count -= 1;
            } else {
                at += 1;
            }
        }
    }

    /// Whether the same calls are in progress, whenever they end.
    pub(super) fn same_calls(&self, other: &Self) -> bool {
        let ids = |calls: &Self| calls.calls.map(|c| c.0);
        self.count == other.count && ids(self) == ids(other)
    }

    /// When the last of them ends at the latest.
    pub(super) fn until(&self) -> Option<UnixMillis> {
        self.iter().map(|(_, until)| until).max()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, UnixMillis)> {
        self.calls[..usize::from(self.count)].iter().copied()
    }

    /// The calls of an image.
    pub(super) fn of(calls: &[(u64, UnixMillis)]) -> Self {
        Self::from_each(calls.iter().copied())
    }

    /// The same of calls one after the other.
    pub(super) fn from_each(calls: impl Iterator<Item = (u64, UnixMillis)>) -> Self {
        let mut made = Self::default();
        for (place, call) in made.calls.iter_mut().zip(calls) {
            *place = call;
            made.count += 1;
        }
        made
    }
}

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) config: NumberConfig,
    /// It left the configuration: not lent again.
    pub(super) draining: bool,
    pub(super) quarantined_until: UnixMillis,
    /// Of the latest lease; zero if there never was one.
    pub(super) generation: u32,
    pub(super) phase: Phase,
    /// When the phase began.
    pub(super) since: UnixMillis,
    /// A second sign of life came.
    pub(super) confirmed: bool,
    pub(super) tabs: Tabs,
    pub(super) calls: Calls,
    /// Signs since the last checkpoint changed it.
    pub(super) dirty: bool,
    /// Counted among the active by the tally.
    pub(super) counted_active: bool,
}

impl Number {
    pub(super) fn new(config: NumberConfig) -> Self {
        Self {
            config,
            draining: false,
            quarantined_until: UnixMillis(0),
            generation: 0,
            phase: Phase::None,
            since: UnixMillis(0),
            confirmed: false,
            tabs: Tabs::default(),
            calls: Calls::default(),
            dirty: false,
            counted_active: false,
        }
    }

    /// What an image says, its holders aside.
    pub(super) fn of(image: &NumberImage) -> Self {
        Self {
            draining: image.draining,
            quarantined_until: image.quarantined_until,
            generation: image.generation,
            phase: image.phase,
            since: image.since,
            confirmed: image.confirmed,
            tabs: Tabs::of(&image.tabs),
            calls: Calls::of(&image.calls),
            ..Self::new(image.config)
        }
    }

    /// The image of it, without holders.
    pub(super) fn image(&self) -> NumberImage {
        NumberImage {
            config: self.config,
            draining: self.draining,
            quarantined_until: self.quarantined_until,
            generation: self.generation,
            phase: self.phase,
            since: self.since,
            confirmed: self.confirmed,
            tabs: self.tabs.iter().copied().collect(),
            calls: self.calls.iter().collect(),
            holders: Vec::new(),
        }
    }
}

/// What signs of activity changed of one lease, for a checkpoint.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NumberTouch {
    /// The number.
    pub number: E164,
    /// The lease's generation.
    pub generation: u32,
    /// Where the lease stands.
    pub phase: Phase,
    /// Since when.
    pub since: UnixMillis,
    /// A second sign of life came.
    pub confirmed: bool,
    /// His last activity.
    pub last_activity: UnixMillis,
    /// [`crate::delay::Class::index`].
    pub class: u8,
    /// Seconds he was active.
    pub active_s: u16,
    /// Spells of activity.
    pub spells: u8,
    /// Pages seen since the grant, the one that asked not counted.
    #[cfg_attr(feature = "serde", serde(default))]
    pub pages: u16,
    /// His open tabs.
    pub tabs: Vec<TabState>,
}

/// The whole state of one number, for a snapshot.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NumberImage {
    /// The number and what it is for.
    pub config: NumberConfig,
    /// It left the configuration.
    pub draining: bool,
    /// Taken out of use until.
    pub quarantined_until: UnixMillis,
    /// Of the latest lease.
    pub generation: u32,
    /// Where the latest lease stands.
    pub phase: Phase,
    /// Since when.
    pub since: UnixMillis,
    /// A second sign of life came.
    pub confirmed: bool,
    /// Open tabs of the holder.
    pub tabs: Vec<TabState>,
    /// Calls in progress (the low half of the id) and when each ends at the latest.
    pub calls: Vec<(u64, UnixMillis)>,
    /// Recent holders, oldest first.
    pub holders: Vec<HolderImage>,
}

/// One recent holder, for a snapshot.
///
/// Written as a list, without names, because a snapshot may hold a hundred thousand; read either
/// way.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize))]
pub struct HolderImage {
    /// Who.
    pub visitor: VisitorId,
    /// Which visit.
    pub visit: VisitId,
    /// The lease.
    pub lease: LeaseId,
    /// Its generation.
    pub generation: u32,
    /// Since when.
    pub granted_at: UnixMillis,
    /// His last activity.
    pub last_activity: UnixMillis,
    /// His last tap; zero is none.
    pub tap_at: UnixMillis,
    /// When the number was another's or he got another; zero is not yet.
    pub ended_at: UnixMillis,
    /// The journal row of the grant.
    pub row: u64,
    /// [`crate::delay::Class::index`].
    pub class: u8,
    /// He called; he moved on.
    pub flags: u8,
    /// Where he is.
    pub region: Region,
    /// Seconds he was active.
    pub active_s: u16,
    /// Spells of activity.
    pub spells: u8,
    /// Pages seen since the grant, the one that asked not counted.
    #[cfg_attr(feature = "serde", serde(default))]
    pub pages: u16,
}

#[cfg(feature = "serde")]
impl serde::Serialize for HolderImage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple as _;
        // In the order of the members.
        let mut list = serializer.serialize_tuple(15)?;
        list.serialize_element(&self.visitor)?;
        list.serialize_element(&self.visit)?;
        list.serialize_element(&self.lease)?;
        list.serialize_element(&self.generation)?;
        list.serialize_element(&self.granted_at)?;
        list.serialize_element(&self.last_activity)?;
        list.serialize_element(&self.tap_at)?;
        list.serialize_element(&self.ended_at)?;
        list.serialize_element(&self.row)?;
        list.serialize_element(&self.class)?;
        list.serialize_element(&self.flags)?;
        list.serialize_element(&self.region)?;
        list.serialize_element(&self.active_s)?;
        list.serialize_element(&self.spells)?;
        list.serialize_element(&self.pages)?;
        list.end()
    }
}

/// Rounds a duration down to whole seconds that fit.
pub(super) fn whole_seconds(time: Millis) -> u16 {
    u16::try_from(time.0 / 1000).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: TabId = TabId(1);
    const B: TabId = TabId(2);

    #[test]
    fn one_tab_leaving_leaves_the_other() {
        let mut tabs = Tabs::default();
        tabs.sign(A, true, UnixMillis(10));
        tabs.sign(B, true, UnixMillis(20));
        tabs.leave(A);
        assert_eq!(tabs.latest_sign(), Some(UnixMillis(20)));
        tabs.leave(A);
        assert_eq!(tabs.iter().count(), 1);
        tabs.leave(B);
        assert_eq!(tabs.iter().count(), 0);
    }

    #[test]
    fn a_lost_tab_is_closed_by_time() {
        let mut tabs = Tabs::default();
        tabs.sign(A, true, UnixMillis(10));
        tabs.sign(B, true, UnixMillis(50));
        tabs.settle(UnixMillis(10), UnixMillis(40));
        assert_eq!(tabs.iter().map(|t| t.tab).collect::<Vec<_>>(), [B]);
        assert_eq!(tabs.active_sign(), Some(UnixMillis(50)));
        tabs.settle(UnixMillis(10), UnixMillis(50));
        assert_eq!(tabs.active_sign(), None);
    }

    #[test]
    fn a_fifth_tab_replaces_the_stalest() {
        let mut tabs = Tabs::default();
        for n in 0..5 {
            tabs.sign(TabId(n), true, UnixMillis(u64::from(n)));
        }
        assert!(tabs.iter().all(|t| t.tab != TabId(0)));
        assert_eq!(tabs.iter().count(), TABS);
    }

    #[test]
    fn a_call_told_twice_is_one() {
        let mut calls = Calls::default();
        calls.start(CallId(1), UnixMillis(100));
        calls.start(CallId(1), UnixMillis(100));
        calls.start(CallId(2), UnixMillis(200));
        calls.end(CallId(1));
        assert_eq!(calls.until(), Some(UnixMillis(200)));
        calls.settle(UnixMillis(200));
        assert_eq!(calls.until(), None);
    }
}
