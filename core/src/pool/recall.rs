//! What a pool that wakes left unread of its past holders: when it is needed, and how it is given.
//!
//! A shell that builds a pool out of a snapshot in two pieces may answer page views and signs of
//! activity before the second is read, if it asks [`Pool::lacks_for`] first. For all else it gives
//! every part that [`Pool::lacks`] names. It makes no difference to any answer when that is.

use super::message::Acquire;
use super::{JournalEntry, JournalRow, Pool};
#[cfg(feature = "edge")]
use super::{PackError, parted};

impl Pool {
    /// The row of the next part whose past holders are unread; nothing once all are known.
    pub fn lacks(&self) -> Option<u64> {
        self.holders.next_unread()
    }

    /// The row of a part that must be read before this visitor is answered, because he may be
    /// among its past holders. Ask again when it is.
    pub fn lacks_for(&self, ask: &Acquire) -> Option<u64> {
        self.lacks()?;
        let lacks = |visitor| {
            let place = self.holders.of_visitor(visitor)?;
            let unread = self.holders.is_unread(place);
            let number = self.holders.number_of(place);
            self.holders.part_of(number).filter(|_| unread)
        };
        let first = self.keys.visitor(ask.key);
        lacks(ask.visitor).or_else(|| first.and_then(lacks))
    }

    /// The row of a part that must be read before this row is replayed.
    pub fn lacks_to_replay(&self, row: &JournalRow) -> Option<u64> {
        self.lacks()?;
        let (number, lease) = match &row.entry {
            JournalEntry::Tap { number, lease } => (*number, Some(*lease)),
            // Counted for everybody who had the number.
            JournalEntry::Attributed(credit) => (credit.number, None),
            _ => return None,
        };
        let at = self.number_at(number)?;
        let is_read = lease.is_some_and(|lease| {
            let mut read = self.holders.places(at);
            read.any(|place| !self.holders.is_unread(place) && self.holders.lease(place) == lease)
        });
        self.holders.part_of(at).filter(|_| !is_read)
    }

    /// Takes the past holders of the part at `row`, as [`super::Pieces::past`] has them. One that
    /// is not lacking changes nothing.
    ///
    /// # Errors
    /// If the bytes are not those of that part. What they tell of some numbers may be taken by
    /// then.
    #[cfg(feature = "edge")]
    pub fn recall(&mut self, row: u64, past: &[u8]) -> Result<(), PackError> {
        let Some(part) = self.holders.unread_part(row) else {
            return Ok(());
        };
        let mut near = 0;
        for (number, cold) in parted::past_of(past)? {
            if let Some(at) = self.number_near(near, number) {
                near = at + 1;
                let told = self.holders.recall(at, part, cold);
                told.map_err(|_| PackError::Content)?;
            }
        }
        self.holders.end_part(part).map_err(|_| PackError::Content)
    }
}
