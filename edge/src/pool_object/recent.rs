//! What happened of late, for the live view.
//!
//! A convenience, not a record: it lives in memory, begins with what replay saw, and forgets. The
//! record is the journal.

use crate::message::VisitContext;
use crate::message::pool::LiveEvent;
use ringlet_core::id::VisitorId;
use ringlet_core::phone::E164;
use ringlet_core::pool::{GrantKind, Ground, JournalEntry, JournalRow, Reply};
use ringlet_core::time::UnixMillis;
use ringlet_core::wire::BeatEvent;
use std::collections::VecDeque;

/// Events kept: two screens of the live view.
const KEPT: usize = 100;

/// The latest events, oldest first.
#[derive(Debug, Default)]
pub(super) struct Recent {
    events: VecDeque<LiveEvent>,
    count: u64,
}

impl Recent {
    /// A row of the journal.
    pub(super) fn row(&mut self, row: &JournalRow) {
        match &row.entry {
            JournalEntry::Grant(granted) => {
                let kind = match granted.kind {
                    GrantKind::New => "granted",
                    GrantKind::Reclaimed => "reclaimed",
                    GrantKind::Kept | GrantKind::NewVisit => "new_visit",
                };
                let context: VisitContext =
                    serde_json::from_str(&granted.context).unwrap_or_default();
                self.push(row.at, kind, Some(granted.number), Some(granted.visitor));
                if let Some(event) = self.events.back_mut() {
                    event.source = Some(context.source);
                    event.why = Some(word(granted.why.ground).to_owned());
                }
            }
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
        self.events.iter().rev().cloned().collect()
    }

    fn push(
        &mut self,
        at: UnixMillis,
        kind: &str,
        number: Option<E164>,
        visitor: Option<VisitorId>,
    ) {
        if self.events.len() == KEPT {
            self.events.pop_front();
        }
        self.count += 1;
        self.events.push_back(LiveEvent {
            id: format!("{}-{}", at.0, self.count),
            at,
            kind: kind.to_owned(),
            number,
            visitor,
            source: None,
            why: None,
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
