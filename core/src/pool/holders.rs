//! The recent holders of every number: who may still call it.
//!
//! Each number has a ring of `per_number` places: what selection reads for every number ([`Hot`])
//! is in one array of all rings, what is read for one ([`Cold`]) with each ring by itself, as bytes
//! ([`super::rest`]). Numbers that get other places keep their rings, so another configuration
//! moves no holder. Nothing is allocated after construction but for numbers that come, and when a
//! number is lent for the first time.
//!
//! Where a visitor was last shown a number is found by an index of all who are remembered. Holders
//! that a snapshot gives back are entered in it later: that takes longer than all else a pool does
//! before its first answer, and who comes first is found by going through their tags as well. Most
//! of what is read of one holder may come later too ([`super::unread`]).

use super::cold::{Cold, ColdBytes, lease_in, visitor_in};
use super::config::Region;
use super::message::Facts;
use super::rest::Rests;
use super::unread::Part;
use crate::delay::{Class, Engagement, Tab, bin_of};
use crate::id::{LeaseId, VisitorId};
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

const NOBODY_HOT: Hot = Hot {
    last_activity: UnixMillis(0),
    region: Region(0),
    class: 0,
    flags: 0,
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

/// The holders of one number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ring {
    /// Which of the rings is its own.
    slot: u32,
    /// The newest place in it.
    newest: u8,
    /// Places taken.
    pub(super) count: u8,
    /// The oldest so many are unread.
    pub(super) unread: u8,
    /// The part that tells of these.
    pub(super) part: u16,
}

/// The owner of a ring that is no number's.
const NOBODY: u32 = u32::MAX;

/// All rings, and where the latest place of each visitor is.
#[derive(Clone, Debug)]
pub(super) struct Holders {
    pub(super) per_number: usize,
    /// What selection reads, of the rings that ever had a holder.
    hot: Vec<Hot>,
    /// The rest of them.
    pub(super) cold: Rests,
    pub(super) rings: Vec<Ring>,
    /// The number that each ring is of.
    owners: Vec<u32>,
    /// Rings that are no number's.
    free: Vec<u32>,
    visitors: HashTable<u32>,
    /// Holders that were put all at once are not entered among the visitors yet.
    pub(super) owed: bool,
    /// Their tags by place, until they are.
    pub(super) tags: Vec<u64>,
    /// One visitor was looked for since.
    looked: bool,
    /// The parts of a snapshot whose past holders are read later.
    pub(super) parts: Vec<Part>,
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
        // For as many more as may come before all is made anew: moving what is there takes long.
        let room = numbers + numbers / 20;
        let ring = |slot: usize| Ring {
            slot: slot as u32,
            ..Ring::default()
        };
        Self {
            per_number,
            hot: Vec::with_capacity(room * per_number),
            cold: Rests::new(numbers, per_number),
            rings: (0..numbers).map(ring).collect(),
            owners: (0..numbers as u32).collect(),
            free: Vec::new(),
            // Room for twice as many from the start: a table that grows, or clears the traces of
            // what left it, moves all at once, while somebody waits.
            visitors: HashTable::with_capacity(2 * numbers * per_number),
            owed: false,
            tags: Vec::new(),
            looked: false,
            parts: Vec::new(),
            seed,
        }
    }

    /// Gives numbers other places. `from` tells for each where it was; nothing of one that is new.
    /// Those that are in it no more are forgotten with their holders, of the others nothing moves.
    pub(super) fn rearrange(&mut self, from: &[Option<usize>]) {
        let mut stays = vec![false; self.rings.len()];
        for at in from.iter().flatten() {
            stays[*at] = true;
        }
        for (at, _) in stays.iter().enumerate().filter(|(_, stays)| !**stays) {
            self.clear(at);
            let slot = self.rings[at].slot;
            self.owners[slot as usize] = NOBODY;
            self.free.push(slot);
        }
        let new = from.iter().filter(|at| at.is_none()).count();
        self.make_rings(new.saturating_sub(self.free.len()));
        let before = core::mem::take(&mut self.rings);
        self.rings = Vec::with_capacity(from.len());
        for (at, place) in from.iter().enumerate() {
            let ring = place.map_or_else(
                || Ring {
                    slot: self.free.pop().unwrap_or_default(),
                    ..Ring::default()
                },
                |place| before[place],
            );
            self.owners[ring.slot as usize] = at as u32;
            self.rings.push(ring);
        }
    }

    /// Makes so many rings more, no number's yet.
    fn make_rings(&mut self, more: usize) {
        if more == 0 {
            return;
        }
        let slots = self.owners.len() + more;
        let places = slots * self.per_number;
        self.hot.reserve_exact(places - self.hot.len());
        self.cold.grow(slots);
        self.free.extend(self.owners.len() as u32..slots as u32);
        self.owners.resize(slots, NOBODY);
    }

    /// How many rings there are, those of no number included.
    pub(super) fn slots(&self) -> usize {
        self.owners.len()
    }

    /// The number that a ring is of.
    pub(super) fn owner(&self, slot: usize) -> Option<usize> {
        let owner = self.owners[slot];
        (owner != NOBODY).then_some(owner as usize)
    }

    /// The first place of a number's ring.
    #[inline]
    fn base(&self, ring: Ring) -> usize {
        ring.slot as usize * self.per_number
    }

    /// The place of the newest holder of a number, if it ever had one.
    #[inline]
    pub(super) fn newest(&self, number: usize) -> Option<usize> {
        let ring = self.rings[number];
        (ring.count > 0).then(|| self.base(ring) + usize::from(ring.newest))
    }

    /// The places of a number's holders, newest first.
    #[inline]
    pub(super) fn places(&self, number: usize) -> impl Iterator<Item = usize> + use<> {
        let ring = self.rings[number];
        let (base, per_number) = (self.base(ring), self.per_number);
        let mut at = usize::from(ring.newest);
        (0..ring.count).map(move |_| {
            let place = base + at;
            at = if at == 0 { per_number - 1 } else { at - 1 };
            place
        })
    }

    /// The places of a number's holders, oldest first.
    pub(super) fn oldest_first(&self, number: usize) -> impl Iterator<Item = usize> + use<> {
        let ring = self.rings[number];
        let (base, per_number) = (self.base(ring), self.per_number);
        let oldest = usize::from(ring.newest) + per_number + 1 - usize::from(ring.count);
        (0..usize::from(ring.count)).map(move |nth| base + (oldest + nth) % per_number)
    }

    /// The latest `most` holders of a number, newest first, those who moved on left out.
    #[inline]
    pub(super) fn weighed(&self, number: usize, most: usize, mut each: impl FnMut(&Hot)) {
        let ring = self.rings[number];
        let base = self.base(ring);
        // A ring that never had a holder may have no places yet.
        let hot = self.hot.get(base..base + self.per_number);
        let hot = hot.unwrap_or_default();
        let wanted = usize::from(ring.count).min(most);
        // Those up to the newest place, backwards; then those from the ring's end.
        let (front, back) = hot.split_at((usize::from(ring.newest) + 1).min(hot.len()));
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

    #[inline]
    pub(super) fn cold(&self, place: usize) -> Cold {
        Cold::read(self.cold_bytes(place))
    }

    /// The same as it is kept.
    #[inline]
    pub(super) fn cold_bytes(&self, place: usize) -> &ColdBytes {
        debug_assert!(!self.is_unread(place), "an unread holder was asked for");
        self.cold.bytes(place)
    }

    /// The lease of a holder.
    #[inline]
    pub(super) fn lease(&self, place: usize) -> LeaseId {
        lease_in(self.cold_bytes(place))
    }

    #[inline]
    pub(super) fn visitor(&self, place: usize) -> VisitorId {
        visitor_in(self.cold.bytes(place))
    }

    /// Changes what is read of one holder.
    #[inline]
    pub(super) fn change(&mut self, place: usize, change: impl FnOnce(&mut Cold)) {
        let mut cold = self.cold(place);
        change(&mut cold);
        self.put_cold(place, &cold.write());
    }

    #[inline]
    pub(super) fn put_cold(&mut self, place: usize, cold: &ColdBytes) {
        self.cold.put(place, cold);
    }

    /// The number a place belongs to.
    pub(super) fn number_of(&self, place: usize) -> usize {
        self.owners[place / self.per_number] as usize
    }

    /// Where the visitor was last shown a number.
    pub(super) fn of_visitor(&self, visitor: VisitorId) -> Option<usize> {
        let hash = hash_of(visitor.0, self.seed);
        let entered = self
            .visitors
            .find(hash, |place| self.visitor(*place as usize) == visitor)
            .map(|place| *place as usize);
        if entered.is_some() || !self.owed {
            return entered;
        }
        self.search(visitor)
    }

    /// Whether somebody remembered is at a place that somebody was at once.
    pub(super) fn is_held(&self, place: usize) -> bool {
        let Some(number) = self.owner(place / self.per_number) else {
            return false;
        };
        let ring = self.rings[number];
        self.age(ring, place) < usize::from(ring.count)
    }

    /// How many holders of a ring are later than the one at a place of it.
    #[inline]
    pub(super) fn age(&self, ring: Ring, place: usize) -> usize {
        let newest = self.base(ring) + usize::from(ring.newest);
        (newest + self.per_number - place) % self.per_number
    }

    /// Somebody is about to look for visitors. The first goes through all, for the next all are
    /// entered, if they are read.
    pub(super) fn expect_look(&mut self) {
        if self.owed && core::mem::replace(&mut self.looked, true) && self.next_unread().is_none() {
            self.enter_all();
        }
    }

    /// Enters those that are not entered yet; all are read.
    pub(super) fn enter_all(&mut self) {
        if !core::mem::take(&mut self.owed) {
            return;
        }
        self.tags = Vec::new();
        // Those who came since then stay where they are entered.
        let since: Vec<u32> = self.visitors.iter().copied().collect();
        for slot in 0..self.slots() {
            let Some(number) = self.owner(slot) else {
                continue;
            };
            for place in self.oldest_first(number) {
                if !self.hot[place].has(MOVED) {
                    self.index(place);
                }
            }
        }
        for place in since {
            self.index(place as usize);
        }
    }

    /// Whether some are not entered yet.
    pub(super) fn is_owed(&self) -> bool {
        self.owed
    }

    /// The place of a visitor among a number's holders, if he has not moved on.
    pub(super) fn of_visitor_at(&self, number: usize, visitor: VisitorId) -> Option<usize> {
        let mut places = self.places(number);
        places.find(|place| self.is_his(*place, visitor) && !self.hot[*place].has(MOVED))
    }

    /// The place of a lease among a number's holders.
    pub(super) fn of_lease(&self, number: usize, lease: LeaseId) -> Option<usize> {
        self.places(number)
            .find(|place| self.lease(*place) == lease)
    }

    /// The place the next holder of a number will get, and whether somebody is there now.
    pub(super) fn next_place(&self, number: usize) -> (usize, bool) {
        let ring = self.rings[number];
        let base = self.base(ring);
        if ring.count == 0 {
            return (base, false);
        }
        let next = usize::from(ring.newest) + 1;
        let next = if next == self.per_number { 0 } else { next };
        (base + next, usize::from(ring.count) == self.per_number)
    }

    /// Puts a holder in a number's next place; the oldest is forgotten if the ring is full.
    pub(super) fn push(&mut self, number: usize, hot: Hot, cold: &ColdBytes) -> usize {
        let place = self.push_unindexed(number, hot);
        self.put_cold(place, cold);
        if !hot.has(MOVED) {
            self.index(place);
        }
        place
    }

    /// The same without what is read of one holder.
    pub(super) fn push_unindexed(&mut self, number: usize, hot: Hot) -> usize {
        let (place, taken) = self.next_place(number);
        if taken {
            self.unindex(place);
        }
        let base = self.base(self.rings[number]);
        self.reach(base + self.per_number);
        let ring = &mut self.rings[number];
        ring.newest = (place - base) as u8;
        if taken {
            ring.unread = ring.unread.saturating_sub(1);
        } else {
            ring.count += 1;
        }
        self.hot[place] = hot;
        place
    }

    /// Puts all holders of a number that has none, oldest first; they are no more than its ring
    /// takes.
    #[cfg(feature = "edge")]
    pub(super) fn fill(
        &mut self,
        number: usize,
        hot: impl ExactSizeIterator<Item = Hot>,
        cold: &[ColdBytes],
    ) {
        let count = cold.len();
        if count == 0 {
            return;
        }
        let base = self.make_places(number, hot);
        self.cold.fill(base / self.per_number, cold);
        self.took_all(number, count);
        // Once they were entered because visitors are looked for, the others are at once.
        self.owed |= self.visitors.is_empty();
        if self.owed {
            self.tag(base, count);
            return;
        }
        for place in base..base + count {
            if !self.hot[place].has(MOVED) {
                self.index(place);
            }
        }
    }

    /// Has the places of a number's ring, and what selection reads of its first holders in them.
    /// Returns the first of the places.
    #[cfg(feature = "edge")]
    pub(super) fn make_places(
        &mut self,
        number: usize,
        hot: impl ExactSizeIterator<Item = Hot>,
    ) -> usize {
        let base = self.base(self.rings[number]);
        self.reach(base + self.per_number);
        for (place, hot) in self.hot[base..base + self.per_number].iter_mut().zip(hot) {
            *place = hot;
        }
        base
    }

    /// The first `count` places of a number's ring are taken.
    #[cfg(feature = "edge")]
    pub(super) fn took_all(&mut self, number: usize, count: usize) {
        let ring = &mut self.rings[number];
        (ring.newest, ring.count, ring.unread) = ((count - 1) as u8, count as u8, 0);
    }

    /// As many holders as there may be without room for more.
    pub(super) fn hot_room(&self) -> usize {
        self.hot.capacity()
    }

    /// Has places up to `end`, which is that of a ring.
    #[inline]
    fn reach(&mut self, end: usize) {
        if self.hot.len() < end {
            self.hot.resize(end, NOBODY_HOT);
        }
    }

    /// The place of the holder whom a number remembers longest, if there is a later one.
    pub(super) fn oldest_of_many(&self, number: usize) -> Option<usize> {
        let count = self.rings[number].count;
        self.oldest_first(number).next().filter(|_| count > 1)
    }

    /// Forgets the holder whom a number remembers longest.
    pub(super) fn drop_oldest(&mut self, number: usize) {
        if let Some(place) = self.oldest_first(number).next() {
            self.unindex(place);
            let ring = &mut self.rings[number];
            ring.count -= 1;
            ring.unread = ring.unread.saturating_sub(1);
        }
    }

    /// Forgets all holders of a number.
    pub(super) fn clear(&mut self, number: usize) {
        for place in self.places(number) {
            self.unindex(place);
        }
        let ring = &mut self.rings[number];
        (ring.newest, ring.count, ring.unread) = (0, 0, 0);
    }

    /// Makes `place` the visitor's latest.
    fn index(&mut self, place: usize) {
        let cold = &self.cold;
        let visitor_of = |place: u32| visitor_in(cold.bytes(place as usize));
        let visitor = visitor_of(place as u32);
        let seed = self.seed;
        let entry = self.visitors.entry(
            hash_of(visitor.0, seed),
            |p| visitor_of(*p) == visitor,
            |p| hash_of(visitor_of(*p).0, seed),
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
        if self.is_unread(place) {
            return;
        }
        let hash = hash_of(self.visitor(place).0, self.seed);
        if let Ok(entry) = self.visitors.find_entry(hash, |p| *p as usize == place) {
            entry.remove();
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.hot.capacity() * size_of::<Hot>()
            + self.cold.heap_bytes()
            + self.tags.capacity() * size_of::<u64>()
            + self.rings.capacity() * size_of::<Ring>()
            + (self.owners.capacity() + self.free.capacity()) * size_of::<u32>()
            // hashbrown keeps one control byte per bucket, and seven buckets in eight.
            + self.visitors.capacity() * 8 / 7 * (size_of::<u32>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::VisitId;
    use proptest::prelude::*;

    fn hot(flags: u8) -> Hot {
        Hot {
            flags,
            ..NOBODY_HOT
        }
    }

    fn cold(visitor: u128, lease: u128) -> ColdBytes {
        let cold = Cold {
            visitor: VisitorId(visitor),
            visit: VisitId(lease),
            lease: LeaseId(lease),
            granted_at: UnixMillis(0),
            tap_at: UnixMillis(0),
            ended_at: UnixMillis(0),
            row: 0,
            generation: 0,
            active_s: 0,
            pages: 0,
            spells: 0,
        };
        cold.write()
    }

    /// What happens to holders: lent to a visitor, the oldest forgotten, all forgotten, numbers get
    /// other places.
    #[derive(Clone, Debug)]
    enum Step {
        Lend(usize, u128),
        Drop(usize),
        Clear(usize),
        Turn,
    }

    const NUMBERS: usize = 5;

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (0..NUMBERS, 0u128..24).prop_map(|(at, visitor)| Step::Lend(at, visitor)),
            2 => (0..NUMBERS).prop_map(Step::Drop),
            1 => (0..NUMBERS).prop_map(Step::Clear),
            1 => Just(Step::Turn),
        ]
    }

    fn take(holders: &mut Holders, step: &Step, lease: u128) {
        match step {
            Step::Lend(at, visitor) => {
                if let Some(earlier) = holders.of_visitor(VisitorId(*visitor)) {
                    holders.hot_mut(earlier).flags |= MOVED;
                }
                holders.push(*at, hot(0), &cold(*visitor, lease));
            }
            Step::Drop(at) => holders.drop_oldest(*at),
            Step::Clear(at) => holders.clear(*at),
            Step::Turn => {
                let from: Vec<_> = (0..NUMBERS).map(|at| Some((at + 1) % NUMBERS)).collect();
                holders.rearrange(&from);
            }
        }
    }

    proptest! {
        /// Whether holders of a snapshot are entered at once, later, or never makes no difference.
        #[test]
        fn who_is_not_entered_is_found(
            rings in prop::collection::vec(prop::collection::vec(0u128..24, 0..4), NUMBERS),
            steps in prop::collection::vec(step(), 0..40),
            entered_at in 0usize..60,
        ) {
            let mut known = std::collections::BTreeSet::new();
            let (mut soon, mut late) = (Holders::new(NUMBERS, 4, 7), Holders::new(NUMBERS, 4, 7));
            for (at, ring) in rings.iter().enumerate() {
                // One place of a visitor is his latest: the first he is met at.
                let held = ring.iter().map(|visitor| {
                    let moved = !known.insert(*visitor);
                    (hot(if moved { MOVED } else { 0 }), cold(*visitor, 1_000 + *visitor))
                });
                let (hot, cold): (Vec<_>, Vec<_>) = held.unzip();
                soon.fill(at, hot.iter().copied(), &cold);
                soon.enter_all();
                late.fill(at, hot.iter().copied(), &cold);
            }
            for (place, step) in steps.iter().enumerate() {
                take(&mut soon, step, place as u128);
                if place == entered_at {
                    late.enter_all();
                }
                take(&mut late, step, place as u128);
                for visitor in (0..24).map(VisitorId) {
                    prop_assert_eq!(soon.of_visitor(visitor), late.of_visitor(visitor));
                }
            }
        }
    }
}
