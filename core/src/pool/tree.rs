//! A tournament tree: one `u64` key per number, the least one found at once.
//!
//! Changing a key and finding the least take O(log n); nothing is allocated after construction.

/// Keys of `len` numbers; [`Self::NONE`] is "not in the race".
#[derive(Clone, Debug, Default)]
pub(super) struct MinTree {
    /// `2 * width` nodes: node 1 is the root, leaves begin at `width`.
    nodes: Vec<u64>,
    width: usize,
}

impl MinTree {
    /// The key of a number that is not to be found.
    pub(super) const NONE: u64 = u64::MAX;

    /// A tree of `len` absent keys.
    pub(super) fn new(len: usize) -> Self {
        let width = len.max(1).next_power_of_two();
        Self {
            nodes: vec![Self::NONE; 2 * width],
            width,
        }
    }

    /// The key of a number.
    #[inline]
    pub(super) fn get(&self, at: usize) -> u64 {
        self.nodes[self.width + at]
    }

    /// Sets the key of a number.
    #[inline]
    pub(super) fn set(&mut self, at: usize, key: u64) {
        let mut node = self.width + at;
        if self.nodes[node] == key {
            return;
        }
        self.nodes[node] = key;
        while node > 1 {
            let least = self.nodes[node].min(self.nodes[node ^ 1]);
            node /= 2;
            if self.nodes[node] == least {
                return;
            }
            self.nodes[node] = least;
        }
    }

    /// The least key of all.
    #[inline]
    pub(super) fn least(&self) -> u64 {
        self.nodes[1]
    }

    /// The first number that has the least key.
    #[inline]
    pub(super) fn first_least(&self) -> Option<usize> {
        self.descend(1)
    }

    /// The first number within `from..to` that has the least key there.
    pub(super) fn first_least_within(&self, from: usize, to: usize) -> Option<usize> {
        let (mut left, mut right) = (from + self.width, to + self.width);
        // Nodes that tile the range; those of the left flank come in order, the right in reverse.
        let (mut best, mut best_key) = (0, Self::NONE);
        let mut flank = [0usize; 64];
        let mut flanked = 0;
        while left < right {
            if left & 1 == 1 {
                if self.nodes[left] < best_key {
                    (best, best_key) = (left, self.nodes[left]);
                }
                left += 1;
            }
            if right & 1 == 1 {
                right -= 1;
                flank[flanked] = right;
                flanked += 1;
            }
            left /= 2;
            right /= 2;
        }
        for node in flank[..flanked].iter().rev() {
            if self.nodes[*node] < best_key {
                (best, best_key) = (*node, self.nodes[*node]);
            }
        }
        if best == 0 { None } else { self.descend(best) }
    }

    fn descend(&self, from: usize) -> Option<usize> {
        let key = self.nodes[from];
        if key == Self::NONE {
            return None;
        }
        let mut node = from;
        while node < self.width {
            // Left if the least is there; no branch, for none could be foreseen.
            node = 2 * node + usize::from(self.nodes[2 * node] != key);
        }
        Some(node - self.width)
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_a_scan_finds(
            sets in prop::collection::vec(
                (0usize..37, prop_oneof![0u64..20, Just(u64::MAX)]),
                0..200,
            ),
            from in 0usize..37, len in 0usize..37,
        ) {
            let mut tree = MinTree::new(37);
            let mut keys = [MinTree::NONE; 37];
            for (at, key) in sets {
                tree.set(at, key);
                keys[at] = key;
            }
            let scan = |from: usize, to: usize| {
                (from..to).filter(|at| keys[*at] != MinTree::NONE).min_by_key(|at| (keys[*at], *at))
            };
            prop_assert_eq!(tree.first_least(), scan(0, 37));
            let to = (from + len).min(37);
            prop_assert_eq!(tree.first_least_within(from, to), scan(from, to));
            prop_assert_eq!(tree.least(), keys.iter().copied().min().unwrap_or(MinTree::NONE));
        }
    }
}
