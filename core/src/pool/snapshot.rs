//! Checkpoints (what signs changed, many leases in one row) and snapshots (the whole state, after
//! which earlier rows are needed for history only).

use super::Pool;
use super::journal::{JournalEntry, SnapshotHead};
use super::state::{HolderImage, NumberImage, NumberTouch};
use crate::attribution::RegionModel;
use crate::delay::DelayCounts;
use crate::time::UnixMillis;

/// Leases in one checkpoint row: about 400 bytes each as JSON, well under a row's 2 MB.
const TOUCHED_PER_ROW: usize = 2_000;
/// Holders in one row of a snapshot that is written at once: about 200 bytes each as JSON, and a
/// number itself as much, well under a row's 2 MB.
const HOLDERS_PER_ROW: usize = 2_000;

/// How far a snapshot that is being written has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    /// The row of its first part.
    of: u64,
    /// The next part.
    part: u32,
    /// The next number.
    at: usize,
}

impl Pool {
    /// Writes down what signs of activity changed since the last time, as few rows as it takes.
    /// Call it before the process may be stopped; costs nothing when nothing changed.
    pub fn checkpoint(&mut self) {
        // Replay settles here too. What silence changed until now is counted, and no touch tells.
        self.settle_due();
        let mut touched = Vec::new();
        let mut dirty = core::mem::take(&mut self.dirty);
        for at in dirty.drain(..) {
            let number = &mut self.numbers[at as usize];
            number.dirty = false;
            touched.extend(self.touch_of(at as usize));
        }
        self.dirty = dirty;
        let counted = self.counts.changed_since(&self.written);
        if let Some(counted) = &counted {
            self.written.put(counted);
        }
        if touched.is_empty() && counted.is_none() {
            return;
        }
        // The counts go with the last row: settling the others' leases counts for nothing then.
        while touched.len() > TOUCHED_PER_ROW {
            let rest = touched.split_off(TOUCHED_PER_ROW);
            self.write(JournalEntry::Checkpoint {
                touched,
                counted: None,
                delay: None,
            });
            touched = rest;
        }
        self.write(JournalEntry::Checkpoint {
            touched,
            counted,
            delay: None,
        });
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

    /// Begins to write down the whole state. Returns the row of the first part: once the last is
    /// stored, replay may begin there, and rows before it other than grants may be dropped (grants
    /// are the attribution record and stay as long as the owner's retention says).
    ///
    /// The parts follow with [`Self::continue_snapshot`], and whatever happens meanwhile is written
    /// between them. A number's image tells of it as it is when its part is written, so replay puts
    /// it in place of whatever the rows since the first part made of the number. Numbers that come
    /// or go break it off.
    pub fn begin_snapshot(&mut self) -> u64 {
        self.settle_due();
        let of = self.next_row;
        self.pass = Some(Pass { of, part: 1, at: 0 });
        // What was learnt goes with the last part, which is there whenever replay begins here.
        let head = SnapshotHead {
            config: self.config.clone(),
            delay: DelayCounts::default(),
            learnt_from: DelayCounts::default(),
            calls_unlearnt: 0,
            faded_at: UnixMillis(0),
            regions: RegionModel::default(),
            hours: Vec::new(),
        };
        self.write(JournalEntry::Snapshot {
            of,
            part: 0,
            head: Some(Box::new(head)),
            numbers: Vec::new(),
            last: false,
        });
        of
    }

    /// Writes down the next part, of about that many recent holders. Says whether more are left;
    /// nothing is where none was begun.
    pub fn continue_snapshot(&mut self, holders: usize) -> bool {
        let Some(Pass { of, part, mut at }) = self.pass else {
            return false;
        };
        self.settle_due();
        let (mut numbers, mut count) = (Vec::new(), 0);
        while at < self.numbers.len() && count < holders {
            self.forget_old(at);
            let image = self.image(at);
            count += image.holders.len() + 1;
            numbers.push(image);
            at += 1;
        }
        let last = at >= self.numbers.len();
        self.pass = (!last).then_some(Pass {
            of,
            part: part + 1,
            at,
        });
        // What was learnt meanwhile may rest on numbers that replay has not met by then.
        let head = last.then(|| self.learnt());
        self.write(JournalEntry::Snapshot {
            of,
            part,
            head,
            numbers,
            last,
        });
        !last
    }

    /// Writes down the whole state at once. Returns the row of the first part.
    pub fn snapshot(&mut self) -> u64 {
        let of = self.begin_snapshot();
        while self.continue_snapshot(HOLDERS_PER_ROW) {}
        of
    }

    /// Whether one is begun and not yet whole.
    pub fn is_snapping(&self) -> bool {
        self.pass.is_some()
    }

    fn learnt(&self) -> Box<SnapshotHead> {
        Box::new(SnapshotHead {
            config: super::PoolConfig::default(),
            delay: self.counts.clone(),
            learnt_from: self.learnt_from.clone(),
            calls_unlearnt: self.calls_unlearnt,
            faded_at: self.faded_at,
            regions: self.regions.clone(),
            hours: self.tally.past().copied().collect(),
        })
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

    /// Lets go of a number's holders who are older than the pool remembers, but never of the last.
    /// Done before an image is made of it, live and in replay.
    pub(super) fn forget_old(&mut self, at: usize) {
        let forget = self.now - self.config.times.remember_ms;
        while let Some(place) = self.holders.oldest_of_many(at)
            && self.holders.hot(place).last_activity < forget
        {
            self.paint_owed(at);
            self.count_idleness(place, self.now);
            self.holders.drop_oldest(at);
        }
    }

    /// The recent holders of a number, oldest first.
    pub(super) fn holder_images(&self, at: usize) -> Vec<HolderImage> {
        let places = self.holders.places(at);
        let mut images: Vec<HolderImage> = places.map(|place| self.holder_image(place)).collect();
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

    /// The same of `count` numbers from place `from` on, fewer at the end.
    pub fn state_from(&self, from: usize, count: usize) -> Vec<NumberImage> {
        let to = from.saturating_add(count).min(self.numbers.len());
        (from..to).map(|at| self.image(at)).collect()
    }

    /// Bytes the pool holds on the heap, journal rows not yet drained and configuration aside.
    pub fn heap_bytes(&self) -> usize {
        self.numbers.capacity() * size_of::<super::state::Number>()
            + self.holders.bytes()
            + self.claims.bytes()
            + self.events.bytes()
            + self.palettes.bytes()
            + self.changes.capacity() * size_of::<UnixMillis>()
            + self.keys.bytes()
            + self.leases.capacity() * 8 / 7 * (size_of::<u32>() + 1)
            + self.dirty.capacity() * size_of::<u32>()
            // A B-tree keeps entries of 16 bytes in nodes at least half full.
            + self.by_number.len() * 2 * 16
            + self.tally.bytes()
            + self.regions.heap_bytes()
            // Three times counts, two models, and the masses in rows and columns of 64.
            + (8 * crate::delay::CLASSES * crate::delay::BINS + 64 * 64) * size_of::<f32>()
    }

    /// Whether there is anything a checkpoint would write.
    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// The instant since which the holders of all numbers are remembered in full, at best.
    pub fn remembers_since(&self) -> UnixMillis {
        self.now - self.config.times.remember_ms
    }
}
