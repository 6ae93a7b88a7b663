//! What happened of late, for the live view.
//!
//! A convenience, not a record: it lives in memory, begins with what replay saw, and forgets. The
//! record is the journal.

use crate::message::VisitContext;
use crate::message::pool::LiveEvent;
use ringlet_core::id::VisitorId;
use ringlet_core::phone::E164;
use ringlet_core::pool::{GrantKind, Granted, Ground, JournalEntry, JournalRow, Reply};
use ringlet_core::time::UnixMillis;
use ringlet_core::wire::BeatEvent;
use std::collections::VecDeque;

/// Events kept: two screens of the live view.
const KEPT: usize = 100;

/// The latest events, oldest first.
#[derive(Debug, Default)]
pub(super) struct Recent {
    events: VecDeque<Event>,
    count: u64,
}

/// An event as it is kept: what is to be read of the visit's context is read when it is shown.
#[derive(Debug)]
struct Event {
    number: u64,
    at: UnixMillis,
    kind: &'static str,
    of: Option<E164>,
    visitor: Option<VisitorId>,
    /// The context of the visit and why it got that number.
    granted: Option<(String, Ground)>,
}

impl Event {
    fn shown(&self) -> LiveEvent {
        let context = |text| serde_json::from_str::<VisitContext>(text).unwrap_or_default();
        let granted = self.granted.as_ref();
        LiveEvent {
            id: format!("{}-{}", self.at.0, self.number),
            at: self.at,
            kind: self.kind.to_owned(),
            number: self.of,
            visitor: self.visitor,
            source: granted.map(|(text, _)| context(text).source),
            why: granted.map(|(_, ground)| word(*ground).to_owned()),
        }
    }
}

impl Recent {
    /// A row of the journal.
    pub(super) fn row(&mut self, row: &JournalRow) {
        match &row.entry {
            JournalEntry::Grant(granted) => self.granted(row.at, granted),
            JournalEntry::Tap { number, .. } => self.push(row.at, "tapped", Some(*number), None),
            JournalEntry::CallStarted { number, .. } => {
                self.push(row.at, "call", Some(*number), None);
            }
            JournalEntry::CallEnded { number, .. } => {
                self.push(row.at, "call_ended", Some(*number), None);
            }
            JournalEntry::Quarantine { number, .. } => {
                self.push(row.at, "quarantined", Some(*number), None);
            }
            _ => {}
        }
    }

    fn granted(&mut self, at: UnixMillis, granted: &Granted) {
        let kind = match granted.kind {
            GrantKind::New => "granted",
            GrantKind::Reclaimed => "reclaimed",
            GrantKind::Kept | GrantKind::NewVisit => "new_visit",
        };
        self.push(at, kind, Some(granted.number), Some(granted.visitor));
        if let Some(event) = self.events.back_mut() {
            event.granted = Some((granted.context.clone(), granted.why.ground));
        }
    }

    /// A sign of a page and what the pool said to it.
    pub(super) fn sign(&mut self, event: BeatEvent, said: &Reply, now: UnixMillis) {
        let kind = match event {
            BeatEvent::Active => "active",
            BeatEvent::Idle => "idle",
            BeatEvent::Leave => "left",
            BeatEvent::Tap | BeatEvent::Page | BeatEvent::Ids | BeatEvent::Keep => return,
        };
        if let Reply::Kept(grant) | Reply::Granted(grant) = said {
            self.push(now, kind, Some(grant.number), Some(grant.visitor));
        }
    }

    /// A visitor for whom no number was free.
    pub(super) fn refused(&mut self, now: UnixMillis, visitor: VisitorId) {
        self.push(now, "overflow", None, Some(visitor));
    }

    /// A visitor whose network holds its share of the numbers, or sends too many visitors.
    pub(super) fn limited(&mut self, now: UnixMillis, visitor: VisitorId) {
        self.push(now, "limited", None, Some(visitor));
    }

    /// The events, newest first.
    pub(super) fn newest_first(&self) -> Vec<LiveEvent> {
        self.events.iter().rev().map(Event::shown).collect()
    }

    fn push(
        &mut self,
        at: UnixMillis,
        kind: &'static str,
        of: Option<E164>,
        visitor: Option<VisitorId>,
    ) {
        if self.events.len() == KEPT {
            self.events.pop_front();
        }
        self.count += 1;
        self.events.push_back(Event {
            number: self.count,
            at,
            kind,
            of,
            visitor,
            granted: None,
        });
    }
}

/// A ground as the API says it.
const fn word(ground: Ground) -> &'static str {
    match ground {
        Ground::Own => "own",
        Ground::Fresh => "fresh",
        Ground::LeastExpected => "least_expected",
        Ground::OtherRegion => "other_region",
        Ground::LongestIdle => "longest_idle",
        Ground::Cooling => "cooling",
        Ground::Unconfirmed => "unconfirmed",
        Ground::Demoted => "demoted",
        Ground::Oldest => "oldest",
        Ground::LeastActive => "least_active",
    }
}
