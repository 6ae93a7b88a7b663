//! Checkpoints (what signs changed, many leases in one row) and snapshots (the whole state, after
//! which earlier rows are needed for history only).

use super::Pool;
use super::journal::{JournalEntry, SnapshotHead};
use super::state::{HolderImage, NumberImage, NumberTouch};
use crate::time::{Millis, UnixMillis};

/// Leases in one checkpoint row: about 400 bytes each as JSON, well under a row's 2 MB.
const TOUCHED_PER_ROW: usize = 2_000;
/// Holders in one snapshot row: about 200 bytes each as JSON, and a number itself as much; some
/// 10 ms to write. The first row has none beside many numbers, whose configuration it holds.
const HOLDERS_PER_ROW: usize = 2_000;
/// What was learnt is written down this often at most, calls aside.
const COUNTS_EVERY: Millis = Millis::from_mins(60);

impl Pool {
    /// Writes down what signs of activity changed since the last time, as few rows as it takes.
    /// Call it before the process may be stopped; costs nothing when nothing changed.
    pub fn checkpoint(&mut self) {
        let mut touched = Vec::new();
        let mut dirty = core::mem::take(&mut self.dirty);
        for at in dirty.drain(..) {
            let number = &mut self.numbers[at as usize];
            number.dirty = false;
            touched.extend(self.touch_of(at as usize));
        }
        self.dirty = dirty;
        let due = self.now.since(self.counts_written) >= COUNTS_EVERY;
        let learnt = (self.calls_unwritten || due && !touched.is_empty()).then(|| {
            self.counts_written = self.now;
            self.calls_unwritten = false;
            self.counts.clone()
        });
        if touched.is_empty() && learnt.is_none() {
            return;
        }
        let mut delay = learnt;
        loop {
            let rest = touched.split_off(touched.len().min(TOUCHED_PER_ROW));
            let delay = delay.take();
            self.write(JournalEntry::Checkpoint { touched, delay });
            touched = rest;
            if touched.is_empty() {
                return;
            }
        }
    }

    fn touch_of(&self, at: usize) -> Option<NumberTouch> {
        let number = &self.numbers[at];
        let place = self.holders.newest(at)?;
        let (hot, cold) = (self.holders.hot(place), self.holders.cold(place));
        Some(NumberTouch {
            number: number.config.number,
            generation: number.generation,
            phase: number.phase,
            since: number.since,
            confirmed: number.confirmed,
            last_activity: hot.last_activity,
            class: hot.class,
            active_s: cold.active_s,
            spells: cold.spells,
            pages: cold.pages,
            tabs: number.tabs.iter().copied().collect(),
        })
    }

    /// Writes down the whole state. Returns the row of the first part: once all parts are stored,
    /// replay may begin there, and rows before it other than grants may be dropped (grants are the
    /// attribution record and stay as long as the owner's retention says).
    pub fn snapshot(&mut self) -> u64 {
        let first = self.next_row;
        self.checkpoint_is_moot();
        let mut head = Some(Box::new(SnapshotHead {
            config: self.config.clone(),
            delay: self.counts.clone(),
            learnt_from: self.learnt_from.clone(),
            calls_unlearnt: self.calls_unlearnt,
            faded_at: self.faded_at,
            regions: self.regions.clone(),
            hours: self.tally.past().copied().collect(),
        }));
        let (mut part, mut at) = (0, 0);
        loop {
            let (mut numbers, mut holders) = (Vec::new(), 0);
            let is_full = head.is_some() && self.numbers.len() > HOLDERS_PER_ROW;
            while !is_full && at < self.numbers.len() && holders < HOLDERS_PER_ROW {
                let image = self.image(at);
                holders += image.holders.len() + 1;
                numbers.push(image);
                at += 1;
            }
            self.write(JournalEntry::Snapshot {
                part,
                head: head.take(),
                numbers,
            });
            part += 1;
            if at >= self.numbers.len() {
                return first;
            }
        }
    }

    /// A snapshot holds what a checkpoint would.
    fn checkpoint_is_moot(&mut self) {
        for at in self.dirty.drain(..) {
            self.numbers[at as usize].dirty = false;
        }
        self.counts_written = self.now;
        self.calls_unwritten = false;
    }

    /// The whole state of one number.
    pub(super) fn image(&self, at: usize) -> NumberImage {
        let number = &self.numbers[at];
        NumberImage {
            config: number.config,
            draining: number.draining,
            quarantined_until: number.quarantined_until,
            generation: number.generation,
            phase: number.phase,
            since: number.since,
            confirmed: number.confirmed,
            tabs: number.tabs.iter().copied().collect(),
            calls: number.calls.iter().collect(),
            holders: self.holder_images(at),
        }
    }

    /// The recent holders of a number, oldest first. Those older than the pool remembers are left
    /// out, but never the last.
    pub(super) fn holder_images(&self, at: usize) -> Vec<HolderImage> {
        let forget = self.now - self.config.times.remember_ms;
        let mut images: Vec<HolderImage> = self
            .holders
            .places(at)
            .enumerate()
            .filter(|(age, place)| *age == 0 || self.holders.hot(*place).last_activity >= forget)
            .map(|(_, place)| self.holder_image(place))
            .collect();
        images.reverse();
        images
    }

    fn holder_image(&self, place: usize) -> HolderImage {
        let (hot, cold) = (self.holders.hot(place), self.holders.cold(place));
        HolderImage {
            visitor: cold.visitor,
            visit: cold.visit,
            lease: cold.lease,
            generation: cold.generation,
            granted_at: cold.granted_at,
            last_activity: hot.last_activity,
            tap_at: cold.tap_at,
            ended_at: cold.ended_at,
            row: cold.row,
            class: hot.class,
            flags: hot.flags,
            region: hot.region,
            active_s: cold.active_s,
            spells: cold.spells,
            pages: cold.pages,
        }
    }

    /// The state of every number, in the order of the configuration: what a snapshot would hold.
    pub fn state(&self) -> Vec<NumberImage> {
        (0..self.numbers.len()).map(|at| self.image(at)).collect()
    }

    /// Bytes the pool holds on the heap, journal rows not yet drained and configuration aside.
    pub fn heap_bytes(&self) -> usize {
        self.numbers.capacity() * size_of::<super::state::Number>()
            + self.holders.bytes()
            + self.claims.bytes()
            + self.events.bytes()
            + self.changes.capacity() * size_of::<UnixMillis>()
            + self.keys.bytes()
            + self.leases.capacity() * 8 / 7 * (size_of::<u32>() + 1)
            + self.dirty.capacity() * size_of::<u32>()
            // A B-tree keeps entries of 16 bytes in nodes at least half full.
            + self.by_number.len() * 2 * 16
            + self.tally.bytes()
            + self.regions.heap_bytes()
            + 4 * crate::delay::CLASSES * crate::delay::BINS * size_of::<f32>()
    }

    /// Whether there is anything a checkpoint would write.
    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty() || self.calls_unwritten
    }

    /// The instant since which the holders of all numbers are remembered in full, at best.
    pub fn remembers_since(&self) -> UnixMillis {
        self.now - self.config.times.remember_ms
    }
}
