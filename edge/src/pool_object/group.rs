//! Several requests' rows in one transaction.
//!
//! A commit costs a disk's sync, whatever is in it. So requests that arrive together leave their
//! rows here and wait; the first of them calls for a commit as soon as the runtime has handed over
//! what has arrived already, and one transaction serves all. Nobody is answered before his rows are
//! in.
//!
//! Invariant: a request whose answer rests on rows of another waits for them too, so while a group
//! waits everybody joins it, with rows or without. If the commit fails, all are refused and the
//! memory that the rows came from is dropped.

use super::journal::InForce;
use super::late_ids::LateIds;
use super::visits::UnseenVisit;
use crate::message::pool::Parcel;
use crate::panic_probe::PanicPoint;
use futures_channel::oneshot;
use ringlet_core::pool::{JournalRow, Pieces};

/// What waits for the next commit.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Rows, oldest first.
    pub rows: Vec<JournalRow>,
    /// The packed numbers of those of them that are parts of a snapshot, by their row.
    pub parts: Vec<(u64, Pieces)>,
    /// The first part of the snapshot that is whole with the rows.
    pub replay_from: Option<u64>,
    /// The configuration that the rows made the one in force.
    pub in_force: Option<InForce>,
    /// Visits that no row tells of.
    pub visits: Vec<UnseenVisit>,
    /// Ids that came after the rows of their visits.
    pub late_ids: Vec<LateIds>,
    /// Numbers that leave by the rows, by the shard they go to.
    pub parcels: Vec<(u32, Parcel)>,
    /// The last parcel taken of each shard that one came from by the rows.
    pub taken: Vec<(u32, u64)>,
    /// Who waits. Dropped without a word, they know that nothing was kept.
    pub waiters: Vec<oneshot::Sender<()>>,
    /// A commit was called for.
    pub called: bool,
    /// Where to panic, in development runs.
    pub panic_at: Option<PanicPoint>,
}

impl Group {
    /// Whether a commit would write anything.
    pub(super) fn has_rows(&self) -> bool {
        !self.rows.is_empty()
            || !self.visits.is_empty()
            || !self.late_ids.is_empty()
            || !self.taken.is_empty()
            || self.in_force.is_some()
    }
}
