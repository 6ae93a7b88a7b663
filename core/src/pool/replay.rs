//! Rebuilding a pool from its journal, and taking a configuration.
//!
//! Replay every row from the first part of the latest whole snapshot on (or from the first row), in
//! order; parts of other snapshots among them change nothing. If
//! [`Pool::config`] then is not the configuration wanted, send [`super::Input::Reconfigure`].

use super::cold::{Cold, ColdBytes};
use super::config::{NUMBERS_MAX, NumberConfig, PoolConfig, Role, Source, holders_per_number};
use super::holders::{Holders, Hot};
use super::images::{PartHolders, hot_of};
use super::journal::{Granted, JournalEntry, JournalRow, LastSeen, SnapshotHead};
#[cfg(feature = "edge")]
use super::packed::{self, PackError, Packed};
use super::state::{HolderImage, Number, NumberTouch, Tabs};
use super::{MinTree, Pool, select};
use crate::delay::{CountsChange, DelayModel};
use crate::phone::E164;
use crate::time::UnixMillis;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The holders of a number that gets a place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Past<'h> {
    /// Those of the number at this place before.
    Here(usize),
    /// These, oldest first.
    Came(&'h [HolderImage]),
}

impl Pool {
    /// Applies one row of the journal. Rows of numbers the configuration does not have are those
    /// of numbers that drain.
    pub fn replay(&mut self, row: &JournalRow) {
        self.tick(row.at);
        self.tally.replay_to(self.now);
        let at = row.at;
        let is_first = self.next_row == 1;
        self.next_row = self.next_row.max(row.row + 1);
        match &row.entry {
            JournalEntry::Grant(granted) => {
                let number = self.number_or_adopt(granted.number);
                let earlier = self.last_seen(granted);
                if let Some(place) = earlier {
                    self.settle_number(self.holders.number_of(place));
                }
                self.settle_number(number);
                self.end_lease(number, at);
                if let Some(farewell) = &granted.earlier {
                    self.apply_farewell(number, farewell);
                }
                self.apply_grant(number, granted, earlier, row.row, at);
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
                // As the checkpoint before it did, which writes no row where none had signs.
                self.settle_due();
                self.apply_credit(number, credit);
            }
            JournalEntry::Quarantine { number, until } => {
                let number = self.number_or_adopt(*number);
                self.numbers[number].quarantined_until = *until;
                self.rekey(number);
            }
            JournalEntry::Configured(config) => {
                self.settle_all();
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
                forgot,
                last,
            } => {
                if *part == 0 && (is_first || *of == 0) {
                    self.replay_head(head.as_deref());
                    self.began_at = *of;
                }
                if *of != self.began_at {
                    let numbers = numbers.iter().map(|image| image.config.number);
                    self.replay_forgot(forgot.as_deref(), numbers);
                    return;
                }
                let told: Vec<E164> = numbers.iter().map(|image| image.config.number).collect();
                let images = numbers.iter().map(|image| {
                    let holders = PartHolders::Images(&image.holders);
                    (Number::of(image), holders)
                });
                self.put_images(&told, images);
                self.end_part(*of, head.as_deref().filter(|_| *last));
            }
        }
    }

    /// The same of a part of a snapshot whose numbers were taken out and packed.
    ///
    /// # Errors
    /// If the bytes are no numbers of a snapshot.
    #[cfg(feature = "edge")]
    pub fn replay_packed(&mut self, mut row: JournalRow, packed: &[u8]) -> Result<(), PackError> {
        let JournalEntry::Snapshot {
            of,
            head,
            numbers,
            forgot,
            last,
            ..
        } = &mut row.entry
        else {
            return Err(PackError::Content);
        };
        // Before anything changes: all of it can be read.
        let Some((told, read)) = packed::numbers_of(packed)? else {
            let Packed::Images(images) = packed::unpack(packed)? else {
                return Err(PackError::Content);
            };
            *numbers = images;
            self.replay(&row);
            return Ok(());
        };
        self.tick(row.at);
        self.tally.replay_to(self.now);
        self.next_row = self.next_row.max(row.row + 1);
        if *of == self.began_at {
            let part = self.holders.begin_part(row.row, read.is_parted());
            let part = part.ok_or(PackError::Length)?;
            let images = read.filter_map(Result::ok);
            let images = images.map(|(number, of)| (number, PartHolders::Packed(of, part)));
            self.put_images(&told, images);
            // Numbers that were lent once at most have no past holders.
            let _ = self.holders.end_part(part);
            self.end_part(*of, head.as_deref().filter(|_| *last));
        } else {
            self.replay_forgot(forgot.as_deref(), told.into_iter());
        }
        Ok(())
    }

    /// Takes counts as they were. What replay itself counted since the last checkpoint rests on
    /// less than the live pool knew.
    fn replay_counts(&mut self, counted: Option<&CountsChange>) {
        if let Some(counted) = counted {
            self.written.put(counted);
        }
        self.counts.clone_from(&self.written);
    }

    /// The place where a visitor was last shown a number before a grant.
    fn last_seen(&mut self, granted: &Granted) -> Option<usize> {
        let visitor = granted.visitor;
        match granted.last_seen {
            LastSeen::Nowhere => None,
            LastSeen::At(number) => {
                let at = self.number_at(number)?;
                self.holders.of_visitor_at(at, visitor)
            }
            LastSeen::Untold => {
                self.holders.expect_look();
                self.holders.of_visitor(visitor)
            }
        }
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
        self.holders.change(place, |cold| {
            cold.active_s = touch.active_s;
            cold.spells = touch.spells;
            cold.pages = touch.pages;
        });
        match (leased, touch.phase.is_leased()) {
            (true, false) => self.unstand(at),
            (false, true) => self.stand(at),
            (true, true) | (false, false) => {}
        }
        if self.timed {
            self.changes[at] = UnixMillis(0);
        }
        self.rekey(at);
    }

    fn replay_head(&mut self, head: Option<&SnapshotHead>) {
        let seed = self.config.hash_seed;
        if !self.numbers.is_empty() {
            let (now, next_row) = (self.now, self.next_row);
            *self = Self::new(PoolConfig::default());
            self.tick(now);
            self.next_row = next_row;
        }
        if let Some(head) = head {
            let mut config = head.config.clone();
            config.hash_seed = seed;
            self.configure_with(config, &head.draining);
            // Where it was not told yet: each lease has a row, so none has a later generation.
            let rows = || u32::try_from(self.next_row).unwrap_or(u32::MAX);
            self.gone = head.gone.unwrap_or_else(rows);
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
            self.masses = self.model.mass_table(select::tau_of(&self.config.policy));
        }
        self.recolour();
        self.tally.forget_past();
        for hour in &head.hours {
            self.tally.remember(*hour);
        }
    }

    /// Takes a part of another snapshot than the one that replay began at: what it says of its
    /// `numbers` follows from the rows before it.
    fn replay_forgot(&mut self, forgot: Option<&[E164]>, numbers: impl Iterator<Item = E164>) {
        let mut forget = |number| {
            if let Some(at) = self.number_at(number) {
                self.forget_old(at);
            }
        };
        match forgot {
            Some(forgot) => forgot.iter().copied().for_each(forget),
            None => numbers.for_each(&mut forget),
        }
    }

    /// A part of the snapshot that replay began at was taken; with `learnt` it was the last.
    fn end_part(&mut self, of: u64, learnt: Option<&SnapshotHead>) {
        if let Some(learnt) = learnt {
            self.finish_snapshot(learnt);
        } else if of == 0 {
            // As it was once written: none of the parts says that it is the last.
            self.settle_due();
            self.count_lendable();
        }
    }

    /// The place of a number that is likely to be at `near`.
    pub(super) fn number_near(&self, near: usize, number: E164) -> Option<usize> {
        let there = self.numbers.get(near);
        if there.is_some_and(|of| of.config.number == number) {
            Some(near)
        } else {
            self.number_at(number)
        }
    }

    /// The last part was taken: takes what was learnt until then.
    fn finish_snapshot(&mut self, learnt: &SnapshotHead) {
        // What silence changed since the parts were written is counted in what was learnt.
        self.settle_all();
        self.replay_learnt(learnt);
        self.count_lendable();
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
    pub(super) fn adopt(&mut self, numbers: &[E164]) {
        let mut images = self.known();
        images.extend(numbers.iter().map(adopted));
        self.rebuild(images);
    }

    /// Takes a configuration: new numbers come in, those that left drain.
    pub(super) fn configure(&mut self, config: PoolConfig) {
        self.configure_with(config, &[]);
    }

    /// The same with numbers that drain besides, of which nothing is known yet.
    fn configure_with(&mut self, config: PoolConfig, draining: &[E164]) {
        self.forget_all_old();
        let tau = select::tau_of(&config.policy);
        if config.delay != self.config.delay {
            let imported = config.delay.as_ref();
            self.prior = imported.map_or_else(DelayModel::default, DelayModel::learnt);
            self.learnt_from = self.observed();
            self.calls_unlearnt = 0;
            self.model = self.prior.corrected(&self.learnt_from);
            self.masses = self.model.mass_table(tau);
        } else if tau != self.masses.tau() {
            self.masses = self.model.mass_table(tau);
        }
        if self.has_places_of(&config) && draining.is_empty() {
            self.take_in_place(config);
            return;
        }
        let wanted = distinct(&config.numbers[..config.numbers.len().min(NUMBERS_MAX)]);
        let mut images = Vec::with_capacity(wanted.len());
        let mut stays = vec![false; self.numbers.len()];
        let mut near = 0;
        for of in wanted.iter() {
            let mut image = match self.number_near(near, of.number) {
                Some(at) => {
                    near = at + 1;
                    stays[at] = true;
                    (self.numbers[at].clone(), Past::Here(at))
                }
                None => (Number::new(*of), Past::Came(&[])),
            };
            image.0.config = *of;
            image.0.draining = false;
            images.push(image);
        }
        let forget = self.now - config.times.remember_ms;
        for (at, number) in self.numbers.iter().enumerate() {
            if stays[at] {
                continue;
            }
            let mut holders = self.holders.places(at).map(|place| self.holders.hot(place));
            if number.phase.is_leased() || holders.any(|hot| hot.last_activity > forget) {
                let mut number = number.clone();
                number.draining = true;
                number.config.source = Source(u32::MAX);
                images.push((number, Past::Here(at)));
            } else {
                self.gone = self.gone.max(number.generation);
            }
        }
        if !draining.is_empty() {
            let mut unknown: BTreeSet<E164> = draining.iter().copied().collect();
            for (known, _) in &images {
                unknown.remove(&known.config.number);
            }
            images.extend(unknown.iter().map(adopted));
        }
        self.config = config;
        self.rebuild(images);
    }

    /// Whether every number has the place that a configuration gives it, and as much to remember:
    /// then nothing moves.
    fn has_places_of(&self, config: &PoolConfig) -> bool {
        let moves = |of: &PoolConfig| (of.policy.by_source, of.holders_per_number);
        let same = |(number, of): (&Number, &NumberConfig)| {
            let known = number.config;
            !number.draining
                && known.number == of.number
                && (known.source == of.source || !config.policy.by_source)
        };
        !self.numbers.is_empty()
            && moves(config) == moves(&self.config)
            && self.numbers.len() == config.numbers.len()
            && self.numbers.iter().zip(&config.numbers).all(same)
    }

    /// Takes a configuration by which every number stays where it is.
    fn take_in_place(&mut self, mut config: PoolConfig) {
        config.hash_seed = self.config.hash_seed;
        for (number, of) in self.numbers.iter_mut().zip(&config.numbers) {
            number.config = *of;
        }
        self.config = config;
        self.count_lendable();
        // Something may be due by other times. Whether to colour is configuration too.
        self.compute_anew();
        self.recolour();
    }

    pub(super) fn forget_all_old(&mut self) {
        for at in 0..self.numbers.len() {
            self.forget_old(at);
        }
    }

    /// Every number with its holders, as they are now.
    pub(super) fn known(&self) -> Vec<(Number, Past<'static>)> {
        let numbers = self.numbers.iter().enumerate();
        numbers
            .map(|(at, number)| (number.clone(), Past::Here(at)))
            .collect()
    }

    /// Gives every number its place, and its holders theirs.
    pub(super) fn rebuild(&mut self, mut images: Vec<(Number, Past<'_>)>) {
        self.put_in_order(&mut images);
        let count = images.len();
        let before = self.give_rings(&images);
        self.numbers = Vec::with_capacity(count);
        let places = images.iter().enumerate();
        let places = places.map(|(at, (number, _))| (number.config.number, at as u32));
        self.by_number = places.collect();
        // Most stand in order, and those that drain after them: the two are merged.
        self.by_number.sort();
        self.leases.clear();
        // They are put one by one: a table that grows meanwhile is put anew.
        self.leases.reserve(count, |_| 0);
        self.claims = MinTree::new(count);
        self.events = MinTree::new(count);
        self.palettes.end();
        self.changes = vec![UnixMillis(0); count];
        self.dirty = Vec::with_capacity(count);
        self.tally.reset_active();
        for (at, (mut number, past)) in images.into_iter().enumerate() {
            number.counted_active = false;
            if number.dirty {
                self.dirty.push(at as u32);
            }
            self.numbers.push(number);
            match past {
                Past::Came(holders) => self.put_holders(at, holders),
                Past::Here(from) => {
                    for (before, place) in before
                        .iter()
                        .flat_map(|before| before.oldest_first(from).map(move |at| (before, at)))
                    {
                        self.count_forgotten(at);
                        self.holders.push_from(at, before, place);
                    }
                }
            }
        }
        drop(before);
        self.count_lendable();
        for at in 0..count {
            if self.numbers[at].phase.is_leased() {
                self.stand(at);
            }
        }
        self.compute_anew();
        self.recolour();
    }

    /// By the configuration, then numbers that drain: the same whatever came when.
    fn put_in_order(&self, images: &mut [(Number, Past<'_>)]) {
        let wanted = &self.config.numbers;
        let same =
            |(image, of): (&(Number, Past<'_>), &NumberConfig)| image.0.config.number == of.number;
        if images.len() >= wanted.len() && images.iter().zip(wanted).all(same) {
            let drain = &mut images[wanted.len()..];
            drain.sort_by_key(|(number, _)| number.config.number);
        } else {
            let mut order = BTreeMap::new();
            for (place, of) in wanted.iter().enumerate() {
                order.entry(of.number).or_insert(place);
            }
            images.sort_by_cached_key(|(number, _)| {
                let place = order.get(&number.config.number);
                (place.copied().unwrap_or(usize::MAX), number.config.number)
            });
        }
        if self.config.policy.by_source {
            images.sort_by_key(|(number, _)| number.config.source);
        }
    }

    /// Gives every number its ring: the one it had, where rings are as long as before. Else gives
    /// the rings of before, out of which holders are still to be taken.
    fn give_rings(&mut self, images: &[(Number, Past<'_>)]) -> Option<Holders> {
        let count = images.len();
        let per_number = match self.config.holders_per_number {
            // A few numbers that drain leave the others as much to remember.
            0 => holders_per_number(
                self.config
                    .numbers
                    .len()
                    .max(count - count / DRAINING_SHARE),
            ),
            chosen => chosen,
        };
        let slots = self.holders.slots();
        let more = |count: usize| count + count / DRAINING_SHARE;
        let fits = slots <= more(count) && count <= more(slots);
        if per_number == self.holders.per_number && fits {
            let from = images.iter().map(|(_, past)| match past {
                Past::Here(from) => Some(*from),
                Past::Came(_) => None,
            });
            self.holders.rearrange(&from.collect::<Vec<_>>());
            return None;
        }
        // Rings change: what was written of them would not be all.
        self.pass = None;
        let mut holders = Holders::new(count, per_number, self.config.hash_seed);
        holders.take_parts(&self.holders);
        Some(core::mem::replace(&mut self.holders, holders))
    }

    pub(super) fn put_holders(&mut self, at: usize, holders: &[HolderImage]) {
        for image in holders {
            self.put_holder(at, hot_of(image), &Cold::of(image).write());
        }
    }

    pub(super) fn put_holder(&mut self, at: usize, hot: Hot, cold: &ColdBytes) {
        self.count_forgotten(at);
        self.holders.push(at, hot, cold);
    }

    /// Counts the idleness of the holder whom a number forgets with the next, if it does.
    pub(super) fn count_forgotten(&mut self, at: usize) {
        let (place, taken) = self.holders.next_place(at);
        if taken {
            self.count_idleness(place, self.now);
        }
    }
}

/// A number that the configuration does not have, to drain.
fn adopted(number: &E164) -> (Number, Past<'static>) {
    let mut adopted = Number::new(NumberConfig {
        number: *number,
        role: Role::Dynamic,
        source: Source(u32::MAX),
    });
    adopted.draining = true;
    (adopted, Past::Came(&[]))
}

/// Numbers that drain are at most this part of all, where those of the configuration remember as
/// much as without them.
const DRAINING_SHARE: usize = 20;

/// Numbers without those that stand twice: the first of two equal ones counts.
fn distinct(numbers: &[NumberConfig]) -> Cow<'_, [NumberConfig]> {
    let ordered = |pair: &[NumberConfig]| pair[0].number < pair[1].number;
    if numbers.windows(2).all(ordered) {
        return Cow::Borrowed(numbers);
    }
    let mut seen = BTreeSet::new();
    let new = numbers.iter().filter(|of| seen.insert(of.number));
    Cow::Owned(new.copied().collect())
}
