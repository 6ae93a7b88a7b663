//! Past holders of whom a pool that wakes has read no more than it lends its numbers by.
//!
//! Most of what a large pool keeps of who had a number before its latest holder is asked for only
//! when somebody calls or comes back. So a snapshot can be given back without it, and part by part
//! later ([`super::Pool::recall`]). Until then all that is known of such a holder is what selection
//! reads, when his lease ended, and a [`tag_of`] his visitor.
//!
//! Invariants: the unread holders of a number are its oldest, and never the latest; what is not
//! known of them is not asked for: `Pool` says before what it would need
//! ([`super::Pool::lacks_for`], [`super::Pool::lacks_to_replay`]).

use super::cold::ColdBytes;
use super::holders::{Holders, Hot, MOVED};
use super::rest::{ended_in, tag_in, unread_of};
use crate::id::VisitorId;
use crate::time::UnixMillis;

/// What is known of an unread holder besides what selection reads: the tag of his visitor, and when
/// his lease ended.
pub(super) const UNREAD: usize = 16;
/// It as it is packed.
pub(super) type UnreadBytes = [u8; UNREAD];

/// By what a visitor is looked for before he is compared: half of his id. Two that have it in
/// common are not met by chance, and who makes one up is taken for somebody else in replay alone.
#[inline(always)]
pub(super) fn tag_of(visitor: VisitorId) -> u64 {
    visitor.0 as u64
}

/// A part of a snapshot of which the past holders are packed by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Its row.
    row: u64,
    /// They were read.
    read: bool,
}

/// What was read is not what the pool left unread.
#[cfg(feature = "edge")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Other;

impl Holders {
    /// Goes on with the parts of rings that these take the place of.
    pub(super) fn take_parts(&mut self, before: &Self) {
        self.parts.clone_from(&before.parts);
    }

    /// The part that is to be read next.
    pub(super) fn next_unread(&self) -> Option<u64> {
        self.parts.iter().find(|part| !part.read).map(|of| of.row)
    }

    /// The part that tells of the unread holders of a number, if it has any.
    pub(super) fn part_of(&self, number: usize) -> Option<u64> {
        let ring = self.rings[number];
        (ring.unread > 0).then(|| self.parts[usize::from(ring.part)].row)
    }

    /// Whether of the holder at a place no more is known.
    #[inline]
    pub(super) fn is_unread(&self, place: usize) -> bool {
        let number = self.owner(place / self.per_number);
        number.is_some_and(|number| {
            let ring = self.rings[number];
            ring.unread > 0 && self.age(ring, place) >= usize::from(ring.count - ring.unread)
        })
    }

    /// When the lease of a holder ended; zero while it did not.
    #[inline]
    pub(super) fn ended_at(&self, place: usize) -> UnixMillis {
        UnixMillis(ended_in(&self.cold.known(place)))
    }

    /// A holder's lease ended, if it had not before.
    #[inline]
    pub(super) fn end(&mut self, place: usize, now: UnixMillis) {
        if self.ended_at(place) == UnixMillis(0) {
            self.cold.end(place, now.0.to_le_bytes());
        }
    }

    /// Whether the holder at a place is this visitor. Of one who is unread the tag says it.
    #[inline]
    pub(super) fn is_his(&self, place: usize, visitor: VisitorId) -> bool {
        self.tag_at(place) == tag_of(visitor)
            && (self.is_unread(place) || self.visitor(place) == visitor)
    }

    #[inline]
    fn tag_at(&self, place: usize) -> u64 {
        tag_in(&self.cold.known(place))
    }

    /// Where a visitor is who may not be in the index: among those that were put all at once.
    pub(super) fn search(&self, visitor: VisitorId) -> Option<usize> {
        let wanted = tag_of(visitor);
        let all = self.tags.iter().enumerate().rev();
        let mut his = all.filter(|(_, tag)| **tag == wanted);
        his.find(|(place, _)| {
            self.is_held(*place) && !self.hot(*place).has(MOVED) && self.is_his(*place, visitor)
        })
        .map(|(place, _)| place)
    }

    /// Notes the tags of so many places from `base` on, while the index does not have their
    /// visitors.
    pub(super) fn tag(&mut self, base: usize, count: usize) {
        if self.tags.len() < base + count {
            self.tags.reserve(self.room_for_tags());
            self.tags.resize(base + count, 0);
        }
        for place in base..base + count {
            self.tags[place] = self.tag_at(place);
        }
    }

    fn room_for_tags(&self) -> usize {
        if self.tags.is_empty() {
            self.hot_room()
        } else {
            0
        }
    }

    /// Puts a holder who is unread in a number's next place; all before him are.
    pub(super) fn push_unread(&mut self, number: usize, part: u16, hot: Hot, bytes: &UnreadBytes) {
        let place = self.push_unindexed(number, hot);
        self.cold.put_known(place, bytes);
        let ring = &mut self.rings[number];
        (ring.unread, ring.part) = (ring.unread + 1, part);
        self.owed = true;
        self.tag(place, 1);
    }

    /// Takes a holder over out of other rings, as far as he was read.
    pub(super) fn push_from(&mut self, number: usize, before: &Self, place: usize) {
        let hot = *before.hot(place);
        match before.owner(place / before.per_number) {
            Some(of) if before.is_unread(place) => {
                let known = before.cold.known(place);
                self.push_unread(number, before.rings[of].part, hot, &known);
            }
            _ => {
                self.push(number, hot, before.cold_bytes(place));
            }
        }
    }
}

/// What a snapshot in two pieces gives back.
#[cfg(feature = "edge")]
impl Holders {
    /// A part comes; `lacks` some of its past holders, who are read later. Nothing where there are
    /// too many parts.
    pub(super) fn begin_part(&mut self, row: u64, lacks: bool) -> Option<u16> {
        let part = u16::try_from(self.parts.len()).ok()?;
        self.parts.push(Part { row, read: !lacks });
        Some(part)
    }

    /// The part at this row, if it is to be read.
    pub(super) fn unread_part(&self, row: u64) -> Option<u16> {
        let is_it = |part: &Part| part.row == row && !part.read;
        self.parts.iter().position(is_it).map(|part| part as u16)
    }

    /// Puts all holders of a number that has none, oldest first, of whom but the latest is read;
    /// they are no more than its ring takes.
    pub(super) fn fill_unread(
        &mut self,
        number: usize,
        part: u16,
        hot: impl ExactSizeIterator<Item = Hot>,
        (unread, latest): (&[UnreadBytes], &ColdBytes),
    ) {
        let base = self.make_places(number, hot);
        self.cold.fill_brief(base / self.per_number, unread, latest);
        self.took_all(number, unread.len() + 1);
        let ring = &mut self.rings[number];
        (ring.unread, ring.part) = (unread.len() as u8, part);
        self.owed = true;
        self.tag(base, unread.len() + 1);
    }

    /// Takes what was left unread of a number's holders in a part: all but the latest as they were
    /// written down, oldest first. Those whom the number forgot since are passed over.
    ///
    /// # Errors
    /// If they are not the ones that were left unread.
    pub(super) fn recall(
        &mut self,
        number: usize,
        part: u16,
        all: &[ColdBytes],
    ) -> Result<(), Other> {
        let ring = self.rings[number];
        if ring.unread == 0 || ring.part != part {
            return Ok(());
        }
        let unread = usize::from(ring.unread);
        let forgotten = all.len().checked_sub(unread).ok_or(Other)?;
        let all = &all[forgotten..];
        for (place, cold) in self.oldest_first(number).zip(all) {
            if self.tag_at(place) != tag_in(&unread_of(cold)) {
                return Err(Other);
            }
        }
        for (place, cold) in self.oldest_first(number).zip(all) {
            // His lease may have ended since.
            let known = self.cold.known(place);
            self.put_cold(place, cold);
            self.cold.put_known(place, &known);
        }
        self.rings[number].unread = 0;
        Ok(())
    }

    /// A part was read.
    ///
    /// # Errors
    /// If it did not tell of all that was left unread.
    pub(super) fn end_part(&mut self, part: u16) -> Result<(), Other> {
        if self
            .rings
            .iter()
            .any(|ring| ring.unread > 0 && ring.part == part)
        {
            return Err(Other);
        }
        self.parts[usize::from(part)].read = true;
        Ok(())
    }
}
