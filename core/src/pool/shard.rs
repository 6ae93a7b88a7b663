//! A pool divided among several state machines, each with a part of its numbers: which part, and
//! numbers that move from one to another with everything that is known of them.
//!
//! Where a number belongs follows from the number and the count of shards alone, so a call and a
//! sign of a page find it without asking. A visitor without a number goes by the last byte of his
//! id, which the edge draws from his request's key: a request sent twice meets the same shard. One
//! who has a number goes where the number is.
//!
//! A number moves as an image: its lease, holders, calls in progress and generation, so whoever
//! holds it keeps it and whoever held it is still a candidate. Invariant: a number is in one pool;
//! between [`Pool::part`] and [`Pool::join`] it is in none and lent by nobody. What a pool learnt
//! of delays and its idempotency keys stay where they are.

use super::journal::{Granted, JournalEntry, JournalRow};
use super::replay::Past;
use super::state::{Number, NumberImage};
use super::{NUMBERS_MAX, Pool};
use crate::id::VisitorId;
use crate::phone::E164;
use crate::time::UnixMillis;

/// How many shards a pool has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct Shards(u32);

impl Default for Shards {
    fn default() -> Self {
        Self::ONE
    }
}

impl Shards {
    /// A pool that is not divided.
    pub const ONE: Self = Self(1);

    /// `count` shards; none is one.
    pub fn new(count: u32) -> Self {
        Self(count.max(1))
    }

    /// How many.
    pub const fn count(self) -> u32 {
        self.0
    }

    /// The shard a number belongs to.
    pub fn of_number(self, number: E164) -> u32 {
        // Numbers of a pool follow each other; their mixed bits do not.
        let mixed = number.as_u64().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed >> 32) % u64::from(self.0)) as u32
    }

    /// The shard a visitor without a number asks.
    pub fn of_visitor(self, visitor: VisitorId) -> u32 {
        (visitor.0 & 0xff) as u32 % self.0
    }
}

/// The id of a new visitor: `drawn`, with the last byte of his request's `key`, if it has one.
pub fn visitor_of(drawn: u128, key: u128) -> VisitorId {
    VisitorId(if key == 0 {
        drawn
    } else {
        drawn & !0xff | key & 0xff
    })
}

impl Pool {
    /// Takes out numbers that `leaves` says are to leave, with at most about `holders` recent
    /// holders together; call again until none is given.
    pub fn part(&mut self, holders: usize, leaves: impl Fn(E164) -> bool) -> Vec<NumberImage> {
        self.settle_due();
        // Signs that no row tells of yet belong before the row of the parting.
        self.checkpoint();
        let mut parted = Vec::new();
        let mut count = 0;
        for at in 0..self.numbers.len() {
            if count >= holders || !leaves(self.numbers[at].config.number) {
                continue;
            }
            self.forget_old(at);
            let image = self.image(at);
            count += image.holders.len() + 1;
            parted.push(image);
        }
        if !parted.is_empty() {
            let numbers: Vec<E164> = parted.iter().map(|image| image.config.number).collect();
            self.apply_left(&numbers);
            self.write(JournalEntry::Left { numbers });
        }
        parted
    }

    /// Takes in numbers that left another pool. They are lent again when a configuration has them;
    /// a number that is here already in a later generation stays as it is.
    pub fn join(&mut self, numbers: Vec<NumberImage>) {
        self.settle_due();
        self.checkpoint();
        self.apply_came(&numbers);
        self.write(JournalEntry::Came { numbers });
    }

    /// Writes down a grant of another pool's journal, from the instant `at`: the context of a
    /// holder who comes with his number. Returns the row it has here.
    pub fn enter_history(&mut self, at: UnixMillis, granted: Granted) -> u64 {
        let row = self.next_row;
        self.next_row += 1;
        self.outputs.push_back(JournalRow {
            row,
            at,
            entry: JournalEntry::History(Box::new(granted)),
        });
        row
    }

    /// What parting changes, live and in replay.
    pub(super) fn apply_left(&mut self, numbers: &[E164]) {
        self.settle_due();
        self.forget_all_old();
        let mut images = self.known();
        let mut left = numbers.to_vec();
        left.sort_unstable();
        let gone = |number: &E164| left.binary_search(number).is_ok();
        for (number, _) in &images {
            if gone(&number.config.number) {
                self.gone = self.gone.max(number.generation);
            }
        }
        images.retain(|(number, _)| !gone(&number.config.number));
        // Not of this pool's configuration either, or the next one would call them back.
        self.config.numbers.retain(|of| !gone(&of.number));
        self.rebuild(images);
    }

    /// What joining changes, live and in replay.
    pub(super) fn apply_came(&mut self, numbers: &[NumberImage]) {
        self.settle_due();
        self.forget_all_old();
        let mut images = self.known();
        for image in numbers.iter().take(NUMBERS_MAX) {
            let number = image.config.number;
            let here = images.iter().position(|(of, _)| of.config.number == number);
            if let Some(here) = here {
                if images[here].0.generation >= image.generation {
                    continue;
                }
                images.remove(here);
            }
            images.push(self.arrived(image));
        }
        self.rebuild(images);
    }

    fn arrived<'i>(&self, image: &'i NumberImage) -> (Number, Past<'i>) {
        let number = image.config.number;
        let wanted = self.config.numbers.iter().find(|of| of.number == number);
        let arrived = Number {
            config: *wanted.unwrap_or(&image.config),
            draining: wanted.is_none(),
            ..Number::of(image)
        };
        (arrived, Past::Came(&image.holders))
    }
}
