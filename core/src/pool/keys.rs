//! Idempotency keys of recent grants, in a table of fixed size.

use crate::id::VisitorId;

/// Sets of the table and places per set: the last few thousand grants. A retry comes within
/// seconds; one so late that its key is gone is answered by the visitor's lease all the same.
const SETS: usize = 1024;
const WAYS: usize = 4;

/// What a key was answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entry {
    key: u128,
    visitor: u128,
    order: u64,
}

/// The table.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    entries: Vec<Entry>,
    order: u64,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            entries: vec![Entry::default(); SETS * WAYS],
            order: 0,
        }
    }
}

impl Keys {
    fn set_of(key: u128) -> usize {
        let folded = (key ^ (key >> 64)) as u64;
        (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize % SETS * WAYS
    }

    /// The visitor the request of this key was answered for.
    pub(super) fn visitor(&self, key: u128) -> Option<VisitorId> {
        let at = Self::set_of(key);
        let known = self.entries[at..at + WAYS].iter().find(|e| e.key == key);
        known.filter(|_| key != 0).map(|e| VisitorId(e.visitor))
    }

    /// Remembers an answer in place of the set's oldest.
    pub(super) fn remember(&mut self, key: u128, visitor: VisitorId) {
        if key == 0 {
            return;
        }
        self.order += 1;
        let at = Self::set_of(key);
        let set = &mut self.entries[at..at + WAYS];
        let known = set.iter().position(|e| e.key == key);
        let oldest = set.iter().enumerate().min_by_key(|(_, e)| e.order);
        let place = known.or(oldest.map(|(place, _)| place)).unwrap_or(0);
        set[place] = Entry {
            key,
            visitor: visitor.0,
            order: self.order,
        };
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
        let size = keys.bytes();
        for n in 1..=100_000u128 {
            keys.remember(n, VisitorId(n + 7));
            assert_eq!(keys.visitor(n), Some(VisitorId(n + 7)));
        }
        assert_eq!(keys.visitor(0), None);
        assert_eq!(keys.visitor(1), None);
        assert_eq!(keys.bytes(), size);
        assert!(size <= 256 << 10, "{size}");
    }
}
