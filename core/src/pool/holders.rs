//! The recent holders of every number: who may still call it.
//!
//! Each number has a ring of `per_number` places, all rings in two arrays: what selection reads for
//! every number ([`Hot`]) and what is read for one ([`Cold`]). Nothing is allocated after
//! construction.

use super::config::Region;
use super::message::Facts;
use crate::delay::{Class, Engagement, Tab, bin_of};
use crate::id::{LeaseId, VisitId, VisitorId};
use crate::time::UnixMillis;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// What selection reads of a holder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hot {
    /// His last activity.
    pub(super) last_activity: UnixMillis,
    /// His region.
    pub(super) region: Region,
    /// [`Class::index`].
    pub(super) class: u8,
    /// [`CALLED`], [`MOVED`], [`GONE`].
    pub(super) flags: u8,
}

/// A call was credited to him.
pub(super) const CALLED: u8 = 1;
/// A later lease shows him another number, or the same for a later visit.
pub(super) const MOVED: u8 = 2;

/// What is read of one holder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cold {
    pub(super) visitor: VisitorId,
    pub(super) visit: VisitId,
    pub(super) lease: LeaseId,
    pub(super) granted_at: UnixMillis,
    /// When he last tapped; zero is never.
    pub(super) tap_at: UnixMillis,
    /// When the number was taken from him or he got another; zero while it was not.
    pub(super) ended_at: UnixMillis,
    /// The journal row of his grant.
    pub(super) row: u64,
    pub(super) generation: u32,
    /// Seconds he was active, for his engagement.
    pub(super) active_s: u16,
    /// Spells of activity.
    pub(super) spells: u8,
    /// Pages seen since the grant.
    pub(super) pages: u16,
}

const NOBODY_HOT: Hot = Hot {
    last_activity: UnixMillis(0),
    region: Region(0),
    class: 0,
    flags: 0,
};

const NOBODY: Cold = Cold {
    visitor: VisitorId(0),
    visit: VisitId(0),
    lease: LeaseId(0),
    granted_at: UnixMillis(0),
    tap_at: UnixMillis(0),
    ended_at: UnixMillis(0),
    row: 0,
    generation: 0,
    active_s: 0,
    spells: 0,
    pages: 0,
};

impl Hot {
    pub(super) fn class(self) -> Class {
        Class::from_index(usize::from(self.class))
    }

    pub(super) fn set_class(&mut self, class: Class) {
        self.class = class.index() as u8;
    }

    pub(super) const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The bin of his idleness at `now`.
    pub(super) fn bin(self, now: UnixMillis) -> usize {
        bin_of(now.since(self.last_activity))
    }
}

/// The class a visitor has at his grant.
pub(super) fn class_at_grant(facts: &Facts) -> Class {
    Class {
        device: facts.device,
        engagement: facts.engagement.unwrap_or(Engagement::Bounce),
        intent: facts.intent,
        tab: Tab::Open,
        tapped: false,
    }
}

/// All rings, and where the latest place of each visitor is.
#[derive(Clone, Debug)]
pub(super) struct Holders {
    pub(super) per_number: usize,
    hot: Vec<Hot>,
    cold: Vec<Cold>,
    /// Per number: the newest place and how many are taken.
    rings: Vec<(u8, u8)>,
    visitors: HashTable<u32>,
    seed: u64,
}

/// Mixes an id so that ids which agree in some bits fall apart. Sixty-four bits at a time: a wide
/// product is a call in WebAssembly.
#[inline]
pub(super) fn hash_of(id: u128, seed: u64) -> u64 {
    let (high, low) = ((id >> 64) as u64, id as u64);
    let mix = |word: u64| {
        let word = (word ^ (word >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (word ^ (word >> 29)).wrapping_mul(0xd6e8_feb8_6659_fd93)
    };
    let mixed = mix(mix(high ^ seed) ^ low);
    mixed ^ (mixed >> 32)
}

impl Holders {
    pub(super) fn new(numbers: usize, per_number: usize, seed: u64) -> Self {
        let per_number = per_number.clamp(1, 255);
        Self {
            per_number,
            hot: vec![NOBODY_HOT; numbers * per_number],
            cold: vec![NOBODY; numbers * per_number],
            rings: vec![(0, 0); numbers],
            // Room for twice as many from the start: a table that grows, or clears the traces of
            // what left it, moves all at once, while somebody waits.
            visitors: HashTable::with_capacity(2 * numbers * per_number),
            seed,
        }
    }

    /// The place of the newest holder of a number, if it ever had one.
    #[inline]
    pub(super) fn newest(&self, number: usize) -> Option<usize> {
        let (newest, count) = self.rings[number];
        (count > 0).then(|| number * self.per_number + usize::from(newest))
    }

    /// The places of a number's holders, newest first.
    #[inline]
    pub(super) fn places(&self, number: usize) -> impl Iterator<Item = usize> + use<> {
        let (newest, count) = self.rings[number];
        let (base, per_number) = (number * self.per_number, self.per_number);
        let mut at = usize::from(newest);
        (0..count).map(move |_| {
            let place = base + at;
            at = if at == 0 { per_number - 1 } else { at - 1 };
            place
        })
    }

    /// The places of a number's holders, oldest first.
    pub(super) fn oldest_first(&self, number: usize) -> impl Iterator<Item = usize> + use<> {
        let (newest, count) = self.rings[number];
        let (base, per_number) = (number * self.per_number, self.per_number);
        let oldest = usize::from(newest) + per_number + 1 - usize::from(count);
        (0..usize::from(count)).map(move |nth| base + (oldest + nth) % per_number)
    }

    /// The latest `most` holders of a number, newest first, those who moved on left out.
    #[inline]
    pub(super) fn weighed(&self, number: usize, most: usize, mut each: impl FnMut(&Hot)) {
        let (newest, count) = self.rings[number];
        let ring = &self.hot[number * self.per_number..(number + 1) * self.per_number];
        let wanted = usize::from(count).min(most);
        // Those up to the newest place, backwards; then those from the ring's end.
        let (front, back) = ring.split_at((usize::from(newest) + 1).min(ring.len()));
        let newer = &front[front.len() - wanted.min(front.len())..];
        let older = &back[back.len() - (wanted - newer.len()).min(back.len())..];
        // Two plain loops: an iterator of both is not made one with what is done for each.
        for part in [newer, older] {
            for hot in part.iter().rev() {
                if !hot.has(MOVED) {
                    each(hot);
                }
            }
        }
    }

    /// The latest holder of a number who has not moved on.
    #[inline]
    pub(super) fn latest(&self, number: usize) -> Option<&Hot> {
        let mut hot = self.places(number).map(|place| &self.hot[place]);
        hot.find(|hot| !hot.has(MOVED))
    }

    pub(super) fn hot(&self, place: usize) -> &Hot {
        &self.hot[place]
    }

    pub(super) fn hot_mut(&mut self, place: usize) -> &mut Hot {
        &mut self.hot[place]
    }

    pub(super) fn cold(&self, place: usize) -> &Cold {
        &self.cold[place]
    }

    pub(super) fn cold_mut(&mut self, place: usize) -> &mut Cold {
        &mut self.cold[place]
    }

    /// The number a place belongs to.
    pub(super) fn number_of(&self, place: usize) -> usize {
        place / self.per_number
    }

    /// Where the visitor was last shown a number.
    pub(super) fn of_visitor(&self, visitor: VisitorId) -> Option<usize> {
        let hash = hash_of(visitor.0, self.seed);
        self.visitors
            .find(hash, |place| self.cold[*place as usize].visitor == visitor)
            .map(|place| *place as usize)
    }

    /// The place of a lease among a number's holders.
    pub(super) fn of_lease(&self, number: usize, lease: LeaseId) -> Option<usize> {
        self.places(number)
            .find(|place| self.cold[*place].lease == lease)
    }

    /// The place the next holder of a number will get, and whether somebody is there now.
    pub(super) fn next_place(&self, number: usize) -> (usize, bool) {
        let (newest, count) = self.rings[number];
        let base = number * self.per_number;
        if count == 0 {
            return (base, false);
        }
        let next = usize::from(newest) + 1;
        let next = if next == self.per_number { 0 } else { next };
        (base + next, usize::from(count) == self.per_number)
    }

    /// Puts a holder in a number's next place; the oldest is forgotten if the ring is full.
    pub(super) fn push(&mut self, number: usize, hot: Hot, cold: Cold) -> usize {
        let (place, taken) = self.next_place(number);
        if taken {
            self.unindex(place);
        }
        let ring = &mut self.rings[number];
        ring.0 = (place - number * self.per_number) as u8;
        if !taken {
            ring.1 += 1;
        }
        self.hot[place] = hot;
        self.cold[place] = cold;
        if !hot.has(MOVED) {
            self.index(place);
        }
        place
    }

    /// The place of the holder whom a number remembers longest, if there is a later one.
    pub(super) fn oldest_of_many(&self, number: usize) -> Option<usize> {
        let (_, count) = self.rings[number];
        self.places(number).last().filter(|_| count > 1)
    }

    /// Forgets the holder whom a number remembers longest.
    pub(super) fn drop_oldest(&mut self, number: usize) {
        if let Some(place) = self.places(number).last() {
            self.unindex(place);
            self.rings[number].1 -= 1;
        }
    }

    /// Forgets all holders of a number.
    pub(super) fn clear(&mut self, number: usize) {
        for place in self.places(number) {
            self.unindex(place);
        }
        self.rings[number] = (0, 0);
    }

    /// Makes `place` the visitor's latest.
    fn index(&mut self, place: usize) {
        let visitor = self.cold[place].visitor;
        let (seed, cold) = (self.seed, &self.cold);
        let entry = self.visitors.entry(
            hash_of(visitor.0, seed),
            |p| cold[*p as usize].visitor == visitor,
            |p| hash_of(cold[*p as usize].visitor.0, seed),
        );
        match entry {
            Entry::Occupied(mut latest) => *latest.get_mut() = place as u32,
            Entry::Vacant(vacant) => {
                vacant.insert(place as u32);
            }
        }
    }

    /// Forgets `place` if it is its visitor's latest.
    fn unindex(&mut self, place: usize) {
        let hash = hash_of(self.cold[place].visitor.0, self.seed);
        if let Ok(entry) = self.visitors.find_entry(hash, |p| *p as usize == place) {
            entry.remove();
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.hot.capacity() * size_of::<Hot>()
            + self.cold.capacity() * size_of::<Cold>()
            + self.rings.capacity() * 2
            // hashbrown keeps one control byte per bucket, and seven buckets in eight.
            + self.visitors.capacity() * 8 / 7 * (size_of::<u32>() + 1)
    }
}
