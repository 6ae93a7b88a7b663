//! Idempotency keys of recent grants, in a table that grows with its use to a fixed size.

use crate::id::VisitorId;

/// Sets of the table at most and at first, and places per set: the last few thousand grants. A
/// retry comes within seconds; one so late that its key is gone is answered by the visitor's lease
/// all the same.
const SETS: usize = 1024;
const FIRST_SETS: usize = 4;
const WAYS: usize = 4;

/// What a key was answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entry {
    key: u128,
    visitor: u128,
    order: u64,
}

/// The table. Until it has its full size nothing is forgotten: a set that is full makes it grow.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    /// Sets one after the other: none, or a power of two of them.
    entries: Vec<Entry>,
    order: u64,
}

/// The set of a key in a table of `sets` sets.
fn set_of(key: u128, sets: usize) -> usize {
    let folded = (key ^ (key >> 64)) as u64;
    let mixed = (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize;
    mixed % sets * WAYS
}

impl Keys {
    fn sets(&self) -> usize {
        self.entries.len() / WAYS
    }

    /// The visitor the request of this key was answered for.
    pub(super) fn visitor(&self, key: u128) -> Option<VisitorId> {
        if key == 0 || self.entries.is_empty() {
            return None;
        }
        let at = set_of(key, self.sets());
        let known = self.entries[at..at + WAYS].iter().find(|e| e.key == key);
        known.map(|e| VisitorId(e.visitor))
    }

    /// Remembers an answer; in a table of full size, in place of the set's oldest.
    pub(super) fn remember(&mut self, key: u128, visitor: VisitorId) {
        if key == 0 {
            return;
        }
        self.order += 1;
        let entry = Entry {
            key,
            visitor: visitor.0,
            order: self.order,
        };
        while !self.put(entry, self.sets() == SETS) {
            self.grow();
        }
    }

    /// Puts an entry in its set; says whether there was room, or room was made.
    fn put(&mut self, entry: Entry, make_room: bool) -> bool {
        if self.entries.is_empty() {
            return false;
        }
        let at = set_of(entry.key, self.sets());
        let set = &mut self.entries[at..at + WAYS];
        let known = set.iter().position(|e| e.key == entry.key);
        let oldest = set.iter().enumerate().min_by_key(|(_, e)| e.order);
        let oldest = oldest.filter(|(_, e)| e.order == 0 || make_room);
        let Some(place) = known.or(oldest.map(|(place, _)| place)) else {
            return false;
        };
        set[place] = entry;
        true
    }

    /// Twice as many sets, in which every entry finds room: those of a set fall into two.
    fn grow(&mut self) {
        let sets = (2 * self.sets()).clamp(FIRST_SETS, SETS);
        let before = core::mem::replace(&mut self.entries, vec![Entry::default(); sets * WAYS]);
        for entry in before.into_iter().filter(|entry| entry.order > 0) {
            self.put(entry, true);
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_the_latest_and_stays_small() {
        let mut keys = Keys::default();
        assert_eq!(keys.bytes(), 0);
        assert_eq!(keys.visitor(7), None);
        for n in 1..=100_000u128 {
            keys.remember(n, VisitorId(n + 7));
            assert_eq!(keys.visitor(n), Some(VisitorId(n + 7)));
        }
        assert_eq!(keys.visitor(0), None);
        assert_eq!(keys.visitor(1), None);
        assert_eq!(keys.bytes(), SETS * WAYS * size_of::<Entry>());
        assert!(keys.bytes() <= 256 << 10, "{}", keys.bytes());
    }

    #[test]
    fn grows_with_its_use_and_forgets_nothing_meanwhile() {
        let mut keys = Keys::default();
        // As they are drawn, in no order.
        let key = |n: u128| n.wrapping_mul(0xda94_2042_e4dd_58b5_a8f2_1d6b_3c97_e041) | 1;
        for n in 1..=500u128 {
            keys.remember(key(n), VisitorId(n));
            for m in 1..=n {
                assert_eq!(keys.visitor(key(m)), Some(VisitorId(m)), "{m} of {n}");
            }
            if n == 10 {
                assert!(keys.bytes() <= 4 << 10, "{}", keys.bytes());
            }
        }
    }
}
