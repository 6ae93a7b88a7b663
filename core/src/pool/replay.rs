//! Rebuilding a pool from its journal, and taking a configuration.
//!
//! Replay every row from the first part of the latest whole snapshot on (or from the first row), in
//! order; parts of other snapshots among them change nothing. If
//! [`Pool::config`] then is not the configuration wanted, send [`super::Input::Reconfigure`].

use super::config::{NUMBERS_MAX, NumberConfig, PoolConfig, Role, Source, holders_per_number};
use super::holders::{Cold, Holders, Hot};
use super::journal::{JournalEntry, JournalRow, SnapshotHead};
use super::state::{Calls, HolderImage, Number, NumberImage, NumberTouch, Tabs};
use super::{MinTree, Pool, select};
use crate::delay::{CountsChange, DelayModel};
use crate::phone::E164;
use crate::time::UnixMillis;
use std::collections::BTreeMap;

impl Pool {
    /// Applies one row of the journal. Rows of numbers the configuration does not have are those
    /// of numbers that drain.
    pub fn replay(&mut self, row: &JournalRow) {
        self.tick(row.at);
        let at = row.at;
        let is_first = self.next_row == 1;
        self.next_row = self.next_row.max(row.row + 1);
        match &row.entry {
            JournalEntry::Grant(granted) => {
                let number = self.number_or_adopt(granted.number);
                if let Some(place) = self.holders.of_visitor(granted.visitor) {
                    self.settle_number(self.holders.number_of(place));
                }
                self.settle_number(number);
                self.end_lease(number, at);
                if let Some(farewell) = &granted.earlier {
                    self.apply_farewell(number, farewell);
                }
                self.apply_grant(number, granted, row.row, at);
            }
            JournalEntry::Tap { number, lease } => {
                if let Some(number) = self.number_at(*number)
                    && let Some(place) = self.holders.of_lease(number, *lease)
                {
                    self.replay_tap(number, place, at);
                }
            }
            JournalEntry::CallStarted { number, call } => {
                let number = self.number_or_adopt(*number);
                self.settle_number(number);
                let until = at + self.config.times.call_ms;
                self.numbers[number].calls.start(*call, until);
                self.rekey(number);
            }
            JournalEntry::CallEnded { number, call } => {
                let number = self.number_or_adopt(*number);
                self.settle_number(number);
                self.numbers[number].calls.end(*call);
                self.apply_call_ended(number, at);
            }
            JournalEntry::Attributed(credit) => {
                let number = self.number_or_adopt(credit.number);
                self.settle_number(number);
                self.apply_credit(number, credit);
            }
            JournalEntry::Quarantine { number, until } => {
                let number = self.number_or_adopt(*number);
                self.numbers[number].quarantined_until = *until;
                self.rekey(number);
            }
            JournalEntry::Configured(config) => {
                self.settle_due();
                self.configure((**config).clone());
            }
            JournalEntry::Checkpoint {
                touched,
                counted,
                delay,
            } => {
                for touch in touched {
                    self.replay_touch(touch);
                }
                if let Some(delay) = delay {
                    self.counts = delay.clone();
                    self.written.clone_from(delay);
                }
                self.settle_due();
                self.replay_counts(counted.as_ref());
            }
            JournalEntry::Hour(hour) => self.tally.remember(*hour),
            JournalEntry::Left { numbers } => self.apply_left(numbers),
            JournalEntry::Came { numbers } => self.apply_came(numbers),
            JournalEntry::History(_) => {}
            JournalEntry::Snapshot {
                of,
                part,
                head,
                numbers,
                last,
            } => {
                if *part == 0 && (is_first || *of == 0) {
                    self.replay_head(head.as_deref());
                    self.began_at = *of;
                }
                // What others say follows from the rows before them.
                if *of == self.began_at {
                    self.replay_part(numbers, head.as_deref().filter(|_| *last));
                } else {
                    for image in numbers {
                        if let Some(number) = self.number_at(image.config.number) {
                            self.forget_old(number);
                        }
                    }
                }
            }
        }
    }

    /// Takes counts as they were. What replay itself counted since the last checkpoint rests on
    /// less than the live pool knew.
    fn replay_counts(&mut self, counted: Option<&CountsChange>) {
        if let Some(counted) = counted {
            self.written.put(counted);
        }
        self.counts.clone_from(&self.written);
    }

    fn replay_tap(&mut self, number: usize, place: usize, at: UnixMillis) {
        self.settle_number(number);
        if self.holders.newest(number) == Some(place) && self.numbers[number].phase.is_leased() {
            let tab = self.numbers[number].tabs.latest_tab().unwrap_or_default();
            self.activity(number, tab, crate::time::Millis(0));
        }
        self.apply_tap(number, place, at);
    }

    fn replay_touch(&mut self, touch: &NumberTouch) {
        let Some(at) = self.number_at(touch.number) else {
            return;
        };
        if self.numbers[at].generation != touch.generation {
            return;
        }
        let Some(place) = self.holders.newest(at) else {
            return;
        };
        let leased = self.numbers[at].phase.is_leased();
        let number = &mut self.numbers[at];
        number.phase = touch.phase;
        number.since = touch.since;
        number.confirmed = touch.confirmed;
        number.tabs = Tabs::of(&touch.tabs);
        let hot = self.holders.hot_mut(place);
        hot.last_activity = touch.last_activity;
        hot.class = touch.class.min(crate::delay::CLASSES as u8 - 1);
        let cold = self.holders.cold_mut(place);
        cold.active_s = touch.active_s;
        cold.spells = touch.spells;
        cold.pages = touch.pages;
        match (leased, touch.phase.is_leased()) {
            (true, false) => self.unstand(at),
            (false, true) => self.stand(at),
            (true, true) | (false, false) => {}
        }
        self.changes[at] = UnixMillis(0);
        self.rekey(at);
    }

    fn replay_head(&mut self, head: Option<&SnapshotHead>) {
        let seed = self.config.hash_seed;
        let (now, next_row) = (self.now, self.next_row);
        *self = Self::new(PoolConfig::default());
        self.tick(now);
        self.next_row = next_row;
        if let Some(head) = head {
            let mut config = head.config.clone();
            config.hash_seed = seed;
            self.configure(config);
            self.replay_learnt(head);
        }
    }

    /// Takes what was learnt.
    fn replay_learnt(&mut self, head: &SnapshotHead) {
        self.counts.clone_from(&head.delay);
        self.written.clone_from(&head.delay);
        self.calls_unlearnt = head.calls_unlearnt;
        self.faded_at = head.faded_at;
        self.regions = head.regions.clone();
        if self.learnt_from != head.learnt_from {
            self.learnt_from = head.learnt_from.clone();
            self.model = self.prior.corrected(&self.learnt_from);
        }
        self.masses = self.model.mass_table(select::tau_of(&self.config.policy));
        self.recolour();
        self.tally.forget_past();
        for hour in &head.hours {
            self.tally.remember(*hour);
        }
    }

    /// Takes numbers as they were when the part was written, and with the last part what was
    /// learnt until then.
    fn replay_part(&mut self, numbers: &[NumberImage], learnt: Option<&SnapshotHead>) {
        let unknown: Vec<E164> = numbers
            .iter()
            .map(|image| image.config.number)
            .filter(|number| self.number_at(*number).is_none())
            .collect();
        if !unknown.is_empty() {
            self.adopt(&unknown);
        }
        for image in numbers {
            if let Some(at) = self.number_at(image.config.number) {
                self.put_image(at, image);
            }
        }
        self.count_lendable();
        let Some(learnt) = learnt else {
            return;
        };
        // What silence changed since the parts were written is counted in what was learnt.
        self.settle_due();
        self.replay_learnt(learnt);
        for at in 0..self.numbers.len() {
            self.rekey(at);
        }
    }

    /// The place of a number; one that is none of the configuration's is taken in to drain.
    fn number_or_adopt(&mut self, number: E164) -> usize {
        if let Some(at) = self.number_at(number) {
            return at;
        }
        self.adopt(&[number]);
        self.number_at(number).unwrap_or_default()
    }

    /// Takes in numbers that the configuration does not have, to drain.
    fn adopt(&mut self, numbers: &[E164]) {
        let mut images = self.images();
        for number in numbers {
            let mut adopted = Number::new(NumberConfig {
                number: *number,
                role: Role::Dynamic,
                source: Source(u32::MAX),
            });
            adopted.draining = true;
            images.push((adopted, Vec::new()));
        }
        self.rebuild(images);
    }

    /// Takes a configuration: new numbers come in, those that left drain.
    pub(super) fn configure(&mut self, config: PoolConfig) {
        self.forget_all_old();
        if config.delay != self.config.delay {
            let imported = config.delay.as_ref();
            self.prior = imported.map_or_else(DelayModel::default, DelayModel::learnt);
            self.learnt_from = self.observed();
            self.calls_unlearnt = 0;
            self.model = self.prior.corrected(&self.learnt_from);
        }
        self.masses = self.model.mass_table(select::tau_of(&config.policy));
        let mut wanted: BTreeMap<E164, NumberConfig> = BTreeMap::new();
        let mut order = Vec::with_capacity(config.numbers.len());
        for number in config.numbers.iter().take(NUMBERS_MAX) {
            if wanted.insert(number.number, *number).is_none() {
                order.push(number.number);
            } else {
                // The first of two equal numbers counts; the later entry is put back.
                let first = config.numbers.iter().find(|n| n.number == number.number);
                wanted.insert(number.number, *first.unwrap_or(number));
            }
        }
        let mut known: BTreeMap<E164, (Number, Vec<HolderImage>)> = self
            .images()
            .into_iter()
            .map(|(number, holders)| (number.config.number, (number, holders)))
            .collect();
        let mut images = Vec::with_capacity(order.len());
        for number in &order {
            let mut image = known
                .remove(number)
                .unwrap_or_else(|| (Number::new(wanted[number]), Vec::new()));
            image.0.config = wanted[number];
            image.0.draining = false;
            images.push(image);
        }
        let forget = self.now - config.times.remember_ms;
        for (_, (mut number, holders)) in known {
            let remembered = holders.iter().any(|h| h.last_activity > forget);
            if number.phase.is_leased() || remembered {
                number.draining = true;
                number.config.source = Source(u32::MAX);
                images.push((number, holders));
            }
        }
        self.config = config;
        self.rebuild(images);
    }

    pub(super) fn forget_all_old(&mut self) {
        for at in 0..self.numbers.len() {
            self.forget_old(at);
        }
    }

    /// Every number with its holders, oldest first.
    pub(super) fn images(&self) -> Vec<(Number, Vec<HolderImage>)> {
        let numbers = self.numbers.iter().enumerate();
        numbers
            .map(|(at, number)| (number.clone(), self.holder_images(at)))
            .collect()
    }

    pub(super) fn rebuild(&mut self, mut images: Vec<(Number, Vec<HolderImage>)>) {
        // By the configuration, then numbers that drain: the same whatever came when.
        let mut order = BTreeMap::new();
        for (place, of) in self.config.numbers.iter().enumerate() {
            order.entry(of.number).or_insert(place);
        }
        images.sort_by_cached_key(|(number, _)| {
            let place = order.get(&number.config.number);
            (place.copied().unwrap_or(usize::MAX), number.config.number)
        });
        if self.config.policy.by_source {
            images.sort_by_key(|(number, _)| number.config.source);
        }
        let per_number = match self.config.holders_per_number {
            0 => holders_per_number(images.len()),
            chosen => chosen,
        };
        let count = images.len();
        // Places change: what was written of them would not be all.
        self.pass = None;
        self.holders = Holders::new(count, per_number, self.config.hash_seed);
        self.numbers = Vec::with_capacity(count);
        self.by_number = BTreeMap::new();
        self.leases.clear();
        self.claims = MinTree::new(count);
        self.events = MinTree::new(count);
        self.palettes.end();
        self.changes = vec![UnixMillis(0); count];
        self.dirty = Vec::with_capacity(count);
        self.tally.reset_active();
        for (at, (mut number, holders)) in images.into_iter().enumerate() {
            number.counted_active = false;
            if number.dirty {
                self.dirty.push(at as u32);
            }
            self.by_number.insert(number.config.number, at as u32);
            self.numbers.push(number);
            self.put_holders(at, &holders);
        }
        self.count_lendable();
        for at in 0..count {
            if self.numbers[at].phase.is_leased() {
                self.stand(at);
            }
            self.rekey(at);
        }
        self.recolour();
    }

    fn put_holders(&mut self, at: usize, holders: &[HolderImage]) {
        for image in holders {
            let hot = Hot {
                last_activity: image.last_activity,
                region: image.region,
                class: image.class.min(crate::delay::CLASSES as u8 - 1),
                flags: image.flags,
            };
            let cold = Cold {
                visitor: image.visitor,
                visit: image.visit,
                lease: image.lease,
                granted_at: image.granted_at,
                tap_at: image.tap_at,
                ended_at: image.ended_at,
                row: image.row,
                generation: image.generation,
                active_s: image.active_s,
                spells: image.spells,
                pages: image.pages,
            };
            let (place, taken) = self.holders.next_place(at);
            if taken {
                self.count_idleness(place, self.now);
            }
            self.holders.push(at, hot, cold);
        }
    }

    /// Puts a number's image in place of what is known of it.
    fn put_image(&mut self, at: usize, image: &NumberImage) {
        if self.numbers[at].phase.is_leased() {
            self.unstand(at);
        }
        self.holders.clear(at);
        let number = &mut self.numbers[at];
        number.config = image.config;
        number.draining = image.draining;
        number.quarantined_until = image.quarantined_until;
        number.generation = image.generation;
        number.phase = image.phase;
        number.since = image.since;
        number.confirmed = image.confirmed;
        number.tabs = Tabs::of(&image.tabs);
        number.calls = Calls::of(&image.calls);
        self.put_holders(at, &image.holders);
        if self.numbers[at].phase.is_leased() {
            self.stand(at);
        }
        // Something may be due that was not settled when the image was made.
        self.changes[at] = UnixMillis(0);
        self.rekey(at);
    }
}
