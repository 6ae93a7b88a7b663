//! A tournament tree: one `u64` key per number, the least one found at once.
//!
//! Changing a key and finding the least take O(log n); nothing is allocated after construction.
//! Four play at each node: whoever looks for the least waits for memory at each level, so there
//! should be few.

/// Keys of `len` numbers; [`Self::NONE`] is "not in the race".
#[derive(Clone, Debug, Default)]
pub(super) struct MinTree {
    /// Level after level, the root first: the children of node `n` are `4 n + 1` to `4 n + 4`.
    nodes: Vec<u64>,
    /// Where the leaves begin.
    leaves: usize,
}

/// Bits of a number's place in a key of [`MinTree::due`].
const PLACE_BITS: u32 = 20;
const _: () = assert!(super::NUMBERS_MAX * 50 < 1 << PLACE_BITS);
/// The last instant that such a key tells.
const LAST: u64 = u64::MAX >> PLACE_BITS;

/// Who play at one node.
const PLAYERS: usize = 4;

impl MinTree {
    /// The key of a number that is not to be found.
    pub(super) const NONE: u64 = u64::MAX;

    /// A tree of `len` absent keys.
    pub(super) fn new(len: usize) -> Self {
        let mut width = 1;
        while width < len {
            width *= PLAYERS;
        }
        let leaves = start_of(width);
        Self {
            nodes: vec![Self::NONE; leaves + width],
            leaves,
        }
    }

    /// The key of a number.
    #[inline]
    pub(super) fn get(&self, at: usize) -> u64 {
        self.nodes[self.leaves + at]
    }

    /// Those who play at a node.
    #[inline]
    fn players(&self, node: usize) -> &[u64; PLAYERS] {
        let players = self.nodes[PLAYERS * node + 1..].first_chunk();
        players.expect("every node above the leaves has its players")
    }

    /// Sets the key of a number.
    #[inline]
    pub(super) fn set(&mut self, at: usize, key: u64) {
        let mut node = self.leaves + at;
        if self.nodes[node] == key {
            return;
        }
        self.nodes[node] = key;
        while node > 0 {
            node = (node - 1) / PLAYERS;
            let [a, b, c, d] = *self.players(node);
            let least = a.min(b).min(c.min(d));
            if self.nodes[node] == least {
                return;
            }
            self.nodes[node] = least;
        }
    }

    /// Sets the key of a number, which is not found by it before [`Self::build`].
    #[inline]
    pub(super) fn put(&mut self, at: usize, key: u64) {
        self.nodes[self.leaves + at] = key;
    }

    /// Has every number found by the key that was put.
    pub(super) fn build(&mut self) {
        for node in (0..self.leaves).rev() {
            let [a, b, c, d] = *self.players(node);
            self.nodes[node] = a.min(b).min(c.min(d));
        }
    }

    /// The key of something that a number has due at an instant: who is due first is told by the
    /// least key itself, among those of one instant the first number.
    #[inline]
    pub(super) const fn due(at: usize, when: u64) -> u64 {
        // What is due after the year 2500 never is.
        let when = if when < LAST { when } else { LAST };
        when << PLACE_BITS | at as u64
    }

    /// Whether what such a key tells of is due.
    #[inline]
    pub(super) const fn is_due(key: u64, now: u64) -> bool {
        let when = key >> PLACE_BITS;
        when <= now && when < LAST
    }

    /// The number whose turn it is, where all keys are such and something is due.
    #[inline]
    pub(super) fn first_due(&self, now: u64) -> Option<usize> {
        let key = self.least();
        Self::is_due(key, now).then_some((key & ((1 << PLACE_BITS) - 1)) as usize)
    }

    /// The least key of all.
    #[inline]
    fn least(&self) -> u64 {
        self.nodes[0]
    }

    /// The first number within `from..to` that has the least key there.
    pub(super) fn first_least_within(&self, from: usize, to: usize) -> Option<usize> {
        // Nodes that tile the range, level by level; those of the left flank come in order, the
        // right in reverse.
        let (mut left, mut right, mut start) = (from, to, self.leaves);
        let (mut best, mut best_key) = (None, Self::NONE);
        let mut consider = |node: usize| {
            if self.nodes[node] < best_key {
                (best, best_key) = (Some(node), self.nodes[node]);
            }
        };
        let mut flank = [0usize; (PLAYERS - 1) * usize::BITS as usize / 2];
        let mut flanked = 0;
        while left < right {
            while left < right && !left.is_multiple_of(PLAYERS) {
                consider(start + left);
                left += 1;
            }
            while left < right && (start == 0 || !right.is_multiple_of(PLAYERS)) {
                right -= 1;
                flank[flanked] = start + right;
                flanked += 1;
            }
            (left, right) = (left / PLAYERS, right / PLAYERS);
            start = start.saturating_sub(1) / PLAYERS;
        }
        flank[..flanked]
            .iter()
            .rev()
            .for_each(|node| consider(*node));
        best.and_then(|node| self.descend(node))
    }

    fn descend(&self, from: usize) -> Option<usize> {
        let key = self.nodes[from];
        if key == Self::NONE {
            return None;
        }
        let mut node = from;
        while node < self.leaves {
            // The first of them that has the least; no branch, for none could be foreseen.
            let [a, b, c, _] = self.players(node).map(|player| player != key);
            let (second, third, fourth) = (a, a & b, a & b & c);
            let place = usize::from(second) + usize::from(third) + usize::from(fourth);
            node = PLAYERS * node + 1 + place;
        }
        Some(node - self.leaves)
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<u64>()
    }
}

/// Where the level of so many nodes begins.
const fn start_of(width: usize) -> usize {
    (width - 1) / (PLAYERS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_a_scan_finds(
            len in 1usize..80,
            sets in prop::collection::vec(
                (0usize..80, prop_oneof![0u64..20, Just(u64::MAX)]),
                0..300,
            ),
            (from, to) in (0usize..80, 0usize..80),
        ) {
            let (mut tree, mut built) = (MinTree::new(len), MinTree::new(len));
            let mut keys = vec![MinTree::NONE; len];
            for (at, key) in sets.into_iter().filter(|(at, _)| *at < len) {
                tree.set(at, key);
                built.put(at, key);
                keys[at] = key;
            }
            built.build();
            prop_assert_eq!(&built.nodes, &tree.nodes);
            let scan = |from: usize, to: usize| {
                (from..to).filter(|at| keys[*at] != MinTree::NONE).min_by_key(|at| (keys[*at], *at))
            };
            let (from, to) = (from.min(len), to.min(len));
            prop_assert_eq!(tree.first_least_within(from, to), scan(from, to));
            prop_assert_eq!(tree.first_least_within(0, len), scan(0, len));
            prop_assert_eq!(tree.least(), keys.iter().copied().min().unwrap_or(MinTree::NONE));
        }

        #[test]
        fn who_is_due_first_is_told_by_the_least_key(
            dues in prop::collection::vec(prop_oneof![0u64..20, Just(u64::MAX)], 1..80),
            now in prop_oneof![0u64..25, Just(u64::MAX)],
        ) {
            let mut tree = MinTree::new(dues.len());
            for (at, due) in dues.iter().enumerate() {
                tree.set(at, MinTree::due(at, *due));
                prop_assert_eq!(MinTree::is_due(tree.get(at), now), *due <= now && *due < LAST);
            }
            let due = dues.iter().enumerate().filter(|(_, due)| **due <= now && **due < LAST);
            let first = due.min_by_key(|(at, due)| (**due, *at)).map(|(at, _)| at);
            prop_assert_eq!(tree.first_due(now), first);
        }
    }
}
