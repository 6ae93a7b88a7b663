//! Checkpoints (what signs changed, many leases in one row) and snapshots (the whole state, after
//! which earlier rows are needed for history only).

use super::Pool;
use super::cold::Cold;
use super::holders::Hot;
use super::journal::{JournalEntry, SnapshotHead};
#[cfg(feature = "edge")]
use super::packed::{PackError, hot_bytes};
#[cfg(feature = "edge")]
use super::parted::Pieces;
use super::state::{HolderImage, NumberImage, NumberTouch};
use crate::attribution::RegionModel;
use crate::delay::DelayCounts;
use crate::phone::E164;
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
    /// The next ring: numbers get other places meanwhile, and keep their rings.
    slot: usize,
}

/// What the next part is to hold.
#[derive(Debug)]
struct NextPart {
    /// As the pass was before it.
    pass: Pass,
    /// The places of its numbers.
    places: Vec<usize>,
    /// How many holders these have.
    holders: usize,
    /// Numbers of which some were let go of.
    forgot: Vec<E164>,
}

/// A part of a snapshot that was written.
#[cfg(feature = "edge")]
#[derive(Clone, Debug)]
pub struct PackedPart {
    /// Its row.
    pub row: u64,
    /// Its numbers, packed.
    pub pieces: Pieces,
    /// There are more.
    pub more: bool,
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
    /// it in place of whatever the rows since the first part made of the number. It is broken off
    /// only where numbers come or go of which so many are that each remembers more or less.
    pub fn begin_snapshot(&mut self) -> u64 {
        self.settle_due();
        let of = self.next_row;
        self.pass = Some(Pass {
            of,
            part: 1,
            slot: 0,
        });
        // What was learnt goes with the last part, which is there whenever replay begins here.
        let head = SnapshotHead {
            config: self.config.clone(),
            delay: DelayCounts::default(),
            learnt_from: DelayCounts::default(),
            calls_unlearnt: 0,
            faded_at: UnixMillis(0),
            regions: RegionModel::default(),
            hours: Vec::new(),
            gone: Some(self.gone),
            draining: self.draining(),
        };
        self.write(JournalEntry::Snapshot {
            of,
            part: 0,
            head: Some(Box::new(head)),
            numbers: Vec::new(),
            forgot: Some(Vec::new()),
            last: false,
        });
        of
    }

    /// Writes down the next part, of about that many recent holders. Says whether more are left;
    /// nothing is where none was begun.
    pub fn continue_snapshot(&mut self, holders: usize) -> bool {
        let Some(next) = self.next_part(holders) else {
            return false;
        };
        let numbers = next.places.iter().map(|at| self.image(*at)).collect();
        self.write_part(next, numbers)
    }

    /// The same with the numbers packed in two pieces, beside the row that tells of them with none.
    /// Nothing where no snapshot is begun. All past holders must have been read.
    ///
    /// # Errors
    /// As [`super::pack`].
    #[cfg(feature = "edge")]
    pub fn continue_snapshot_packed(
        &mut self,
        holders: usize,
    ) -> Result<Option<PackedPart>, PackError> {
        let Some(next) = self.next_part(holders) else {
            return Ok(None);
        };
        let mut pieces = Pieces::begin(next.places.len(), next.holders);
        for at in next.places.iter().copied() {
            let holders = &self.holders;
            let places: Vec<usize> = holders.oldest_first(at).collect();
            let hot = places.iter().map(|place| hot_bytes(holders.hot(*place)));
            let cold = places.iter().map(|place| *holders.cold_bytes(*place));
            pieces.put(&self.numbers[at].image(), hot, cold)?;
        }
        let row = self.next_row;
        let more = self.write_part(next, Vec::new());
        Ok(Some(PackedPart { row, pieces, more }))
    }

    /// The next numbers to be written down, with about that many holders.
    fn next_part(&mut self, holders: usize) -> Option<NextPart> {
        let pass = self.pass?;
        self.settle_due();
        let mut next = NextPart {
            pass,
            places: Vec::new(),
            holders: 0,
            forgot: Vec::new(),
        };
        let mut slot = pass.slot;
        while slot < self.holders.slots() && next.holders + next.places.len() < holders {
            if let Some(at) = self.holders.owner(slot) {
                if self.forget_old(at) {
                    next.forgot.push(self.numbers[at].config.number);
                }
                next.holders += self.holders.places(at).count();
                next.places.push(at);
            }
            slot += 1;
        }
        let last = slot >= self.holders.slots();
        self.pass = (!last).then_some(Pass {
            part: pass.part + 1,
            slot,
            ..pass
        });
        Some(next)
    }

    /// Writes the part that the pass was at; says whether there are more.
    fn write_part(&mut self, next: NextPart, numbers: Vec<NumberImage>) -> bool {
        let last = self.pass.is_none();
        // What was learnt meanwhile may rest on numbers that replay has not met by then.
        let head = last.then(|| self.learnt());
        self.write(JournalEntry::Snapshot {
            of: next.pass.of,
            part: next.pass.part,
            head,
            numbers,
            forgot: Some(next.forgot),
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

    fn draining(&self) -> Vec<E164> {
        let draining = self.numbers.iter().filter(|number| number.draining);
        draining.map(|number| number.config.number).collect()
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
            gone: None,
            draining: Vec::new(),
        })
    }

    /// The whole state of one number.
    pub(super) fn image(&self, at: usize) -> NumberImage {
        NumberImage {
            holders: self.holder_images(at),
            ..self.numbers[at].image()
        }
    }

    /// Lets go of a number's holders who are older than the pool remembers, but never of the last.
    /// Done before an image is made of it, live and in replay. Says whether there were any.
    pub(super) fn forget_old(&mut self, at: usize) -> bool {
        let forget = self.now - self.config.times.remember_ms;
        let mut any = false;
        while let Some(place) = self.holders.oldest_of_many(at)
            && self.holders.hot(place).last_activity < forget
        {
            self.paint_owed(at);
            self.count_idleness(place, self.now);
            self.holders.drop_oldest(at);
            any = true;
        }
        any
    }

    /// The recent holders of a number, oldest first.
    pub(super) fn holder_images(&self, at: usize) -> Vec<HolderImage> {
        let places = self.holders.places(at);
        let mut images: Vec<HolderImage> = places.map(|place| self.holder_image(place)).collect();
        images.reverse();
        images
    }

    fn holder_image(&self, place: usize) -> HolderImage {
        holder_of(*self.holders.hot(place), self.holders.cold(place))
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
            + self.by_number.capacity() * size_of::<(E164, u32)>()
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

/// The image of a holder.
pub(super) fn holder_of(hot: Hot, cold: Cold) -> HolderImage {
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
