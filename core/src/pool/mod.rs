//! The pool: numbers lent to visitors, and who may still call each.
//!
//! A pure state machine. The shell hands every message to [`Pool::handle_input`] with the time and
//! fresh [`Entropy`], then drains [`Pool::poll_output`], writes those rows in one transaction, and
//! only then answers. After any failure to write it drops the pool and rebuilds it: a new
//! [`Pool::new`] and [`Pool::replay`] of every row since the last snapshot, in order.
//!
//! ```
//! use ringlet_core::entropy::Entropy;
//! use ringlet_core::id::{VisitId, VisitorId};
//! use ringlet_core::phone::E164;
//! use ringlet_core::pool::*;
//! use ringlet_core::time::UnixMillis;
//!
//! let number = E164::parse("74950000001").unwrap();
//! let mut pool = Pool::new(PoolConfig {
//!     numbers: vec![NumberConfig::dynamic(number)],
//!     ..PoolConfig::default()
//! });
//! let ask = Acquire::of(VisitorId(1), VisitId(1));
//! let now = UnixMillis(1_000);
//! let reply = pool.handle_input(Input::Acquire(ask), now, &mut Entropy::from_seed(1));
//! let Reply::Granted(grant) = reply else { panic!() };
//! assert_eq!(grant.number, number);
//! let rows: Vec<JournalRow> = core::iter::from_fn(|| pool.poll_output()).collect();
//! assert_eq!(rows.len(), 1);
//! ```
//!
//! What it is not: it knows no scenarios, sites, calls' providers or storage. One visitor has one
//! number per pool; a site with several pools has one `Pool` each.
//!
//! Invariants, checked against a reference model in `core/tests/pool_model`: a number has at most
//! one lease; a sign with another lease or generation than the number's changes nothing; time never
//! goes back; no active visitor loses his number while an idle one may be lent; a number with a
//! call in progress is not lent to another; replaying the journal gives the same state; nothing is
//! allocated for a sign of activity. Limits: [`NUMBERS_MAX`] numbers, [`HOLDERS_TOTAL`] recent
//! holders, together at most 16 MiB ([`Pool::heap_bytes`]).

mod acquire;
mod cold;
mod colour;
mod config;
mod holders;
mod images;
mod journal;
mod keys;
mod message;
#[cfg(feature = "edge")]
mod packed;
mod palette;
#[cfg(feature = "edge")]
mod parted;
mod policy;
mod recall;
mod replay;
mod rest;
mod select;
mod settle;
mod shard;
mod signs;
mod snapshot;
mod state;
mod tally;
mod tree;
mod unread;
mod view;

pub use config::{
    Colouring, Cooldown, HOLDERS_PER_NUMBER, HOLDERS_TOTAL, NUMBERS_MAX, NumberConfig, PoolConfig,
    Region, Role, Source, Times, holders_per_number,
};
pub use journal::{
    Farewell, Granted, Ground, JournalEntry, JournalRow, LastSeen, SnapshotHead, Why,
};
pub use message::{
    Acquire, Attributed, CallMark, Facts, Grant, GrantKind, Input, Instead, Reply, Sign, TabId,
    key_of,
};
#[cfg(feature = "edge")]
pub use packed::{PackError, Packed, pack_config, unpack};
#[cfg(feature = "edge")]
pub use parted::{Pieces, is_parted, pack_parted, unpack_parted};
pub use policy::{Choice, Hold, Overflow, Policy, TAU};
pub use shard::{Shards, visitor_of};
#[cfg(feature = "edge")]
pub use snapshot::PackedPart;
pub use state::{HolderImage, NumberImage, NumberTouch, Phase, TabState};
pub use tally::{Hour, Tally};
pub use view::{NumberState, NumberView, PastHolder};

use crate::attribution::RegionModel;
use crate::delay::{DelayCounts, DelayModel, MassTable};
use crate::entropy::Entropy;
use crate::id::LeaseId;
use crate::phone::E164;
use crate::time::{Millis, UnixMillis};
use holders::{Holders, hash_of};
use keys::Keys;
use state::Number;
use std::collections::VecDeque;
use tree::MinTree;

/// A pool of numbers.
#[derive(Clone, Debug)]
pub struct Pool {
    config: PoolConfig,
    /// Dynamic and draining numbers; sorted by source where the pool is split by source.
    numbers: Vec<Number>,
    holders: Holders,
    /// Where each number is, by number.
    by_number: Vec<(E164, u32)>,
    /// Numbers that may be lent, whoever has them now.
    lendable: usize,
    /// Standing leases.
    leases: hashbrown::HashTable<u32>,
    /// What selection goes by: see [`select`].
    claims: MinTree,
    /// The claims are those of now; else nobody has asked for a number since all of them changed.
    weighed: bool,
    /// When each number's state or key next changes by itself.
    events: MinTree,
    /// When each number's state next changes, its holders' ages aside.
    changes: Vec<UnixMillis>,
    /// These instants are those of now; else something may be due of every number.
    timed: bool,
    /// What the model was before the pool's own calls: the default law, or what was imported.
    prior: DelayModel,
    model: DelayModel,
    masses: MassTable,
    counts: DelayCounts,
    /// The counts the model was made from.
    learnt_from: DelayCounts,
    /// The counts as the last checkpoint left them: what replay has by then.
    written: DelayCounts,
    /// When old counts were last made to weigh less; zero is never.
    faded_at: UnixMillis,
    /// Calls counted since the model was last made from the counts.
    calls_unlearnt: u32,
    /// Where callers are from, learnt from calls credited without the help of regions.
    regions: RegionModel,
    colour: colour::Colour,
    palettes: palette::Palettes,
    keys: Keys,
    tally: Tally,
    /// The latest generation of a number that went: one that comes, perhaps the same again, is
    /// lent in later ones, so no lease of a number has the generation of another.
    gone: u32,
    outputs: VecDeque<JournalRow>,
    next_row: u64,
    now: UnixMillis,
    /// Times in claim keys count from here.
    base: Option<UnixMillis>,
    dirty: Vec<u32>,
    next_tidy: UnixMillis,
    /// The snapshot that is being written.
    pass: Option<snapshot::Pass>,
    /// The first row of the snapshot that replay began at; zero is none.
    began_at: u64,
}

/// How often the shell is asked to settle what is due while leases stand.
pub const TIDY: Millis = Millis::from_secs(60);

impl Pool {
    /// A pool of which nobody has had a number yet.
    pub fn new(config: PoolConfig) -> Self {
        let prior = DelayModel::default();
        let masses = prior.mass_table(select::tau_of(&config.policy));
        let colour = colour::Colour::of(&RegionModel::default(), &prior, palette::SLOTS);
        let mut pool = Self {
            config: PoolConfig::default(),
            numbers: Vec::new(),
            holders: Holders::new(0, 1, config.hash_seed),
            by_number: Vec::new(),
            lendable: 0,
            leases: hashbrown::HashTable::new(),
            claims: MinTree::default(),
            weighed: false,
            events: MinTree::default(),
            changes: Vec::new(),
            timed: false,
            model: prior.clone(),
            prior,
            masses,
            learnt_from: DelayCounts::default(),
            counts: DelayCounts::default(),
            written: DelayCounts::default(),
            faded_at: UnixMillis(0),
            calls_unlearnt: 0,
            regions: RegionModel::default(),
            colour,
            palettes: palette::Palettes::default(),
            keys: Keys::default(),
            tally: Tally::default(),
            gone: 0,
            outputs: VecDeque::new(),
            next_row: 1,
            now: UnixMillis(0),
            base: None,
            dirty: Vec::new(),
            next_tidy: UnixMillis(0),
            pass: None,
            began_at: 0,
        };
        pool.configure(config);
        pool
    }

    /// Takes one message. Instants before the latest one known count as that one.
    pub fn handle_input(&mut self, input: Input, now: UnixMillis, entropy: &mut Entropy) -> Reply {
        self.tick(now);
        self.weigh_all();
        match input {
            Input::Acquire(ask) => {
                self.holders.expect_look();
                self.acquire(ask, entropy)
            }
            Input::ActivityStarted(sign) | Input::KeepAlive(sign) => self.active(&sign),
            Input::Idle(sign) => self.idle(&sign),
            Input::Leave(sign) => self.leave(&sign),
            Input::Tap(sign) => self.tap(&sign),
            Input::CallStarted(mark) => self.call_started(mark),
            Input::CallEnded(mark) => self.call_ended(mark),
            Input::Attributed(credit) => self.credited(credit),
            Input::Quarantine(number, until) => self.quarantine(number, until),
            Input::Reconfigure(config) => self.reconfigure(*config),
        }
    }

    /// Settles what is due: leases that end, numbers that have rested.
    pub fn handle_timeout(&mut self, now: UnixMillis) {
        self.tick(now);
        self.settle_due();
        self.roll_hour();
        self.next_tidy = self.now + TIDY;
    }

    /// When the shell should call [`Self::handle_timeout`] next, if ever. Every input settles what
    /// it needs first, so a late or missing call harms nothing.
    pub fn poll_timeout(&self) -> Option<UnixMillis> {
        let standing = !self.leases.is_empty() || !self.dirty.is_empty();
        standing.then_some(self.next_tidy)
    }

    /// Whether something was left undone when the pool was rebuilt that nobody had to wait for:
    /// then the shell calls [`Self::catch_up`] when it has answered.
    pub fn is_behind(&self) -> bool {
        self.holders.is_owed() || self.lacks().is_some()
    }

    /// Does it, once no part is lacking. Else the second visitor who asks waits for it, some
    /// milliseconds.
    pub fn catch_up(&mut self) {
        if self.lacks().is_none() {
            self.holders.enter_all();
        }
    }

    /// The next row to write down, until none is left. Drain before the next input.
    pub fn poll_output(&mut self) -> Option<JournalRow> {
        self.outputs.pop_front()
    }

    /// The delay model in force.
    pub fn delay(&self) -> &DelayModel {
        &self.model
    }

    /// What was learnt of delays, to export, with what was imported before. Imported by
    /// [`PoolConfig::delay`].
    pub fn delay_counts(&self) -> DelayCounts {
        let mut counts = self.observed();
        if let Some(imported) = &self.config.delay {
            counts.merge(imported);
        }
        counts
    }

    /// What was counted here, without what was imported.
    pub fn own_delay_counts(&self) -> DelayCounts {
        self.observed()
    }

    /// What was learnt of callers' regions: evidence for attribution.
    pub fn regions(&self) -> &RegionModel {
        &self.regions
    }

    /// Whether numbers are coloured by region at present.
    pub fn is_coloured(&self) -> bool {
        match self.config.region_colouring {
            Colouring::Off => false,
            Colouring::Learnt => self.colour.pays(),
            Colouring::On => true,
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> &PoolConfig {
        &self.config
    }

    /// How many numbers may be lent, whoever has them now.
    pub fn lendable(&self) -> usize {
        self.lendable
    }

    /// The latest instant the pool was told.
    pub fn now(&self) -> UnixMillis {
        self.now
    }

    /// Time goes on, never back.
    fn tick(&mut self, now: UnixMillis) {
        self.now = self.now.max(now);
        self.tally.begin(self.now);
        // A row written before the first message has no time yet: claims counted from there would
        // all be the greatest there is.
        if self.base.is_none() && self.now > UnixMillis(0) {
            // Two months of past holders keep their order.
            self.base = Some(self.now - Millis::from_mins(60 * 24 * 60));
            self.next_tidy = self.now + TIDY;
        }
    }

    fn count_lendable(&mut self) {
        let lendable = |number: &&Number| number.config.role == Role::Dynamic && !number.draining;
        self.lendable = self.numbers.iter().filter(lendable).count();
    }

    /// An hour that ended is written down.
    fn roll_hour(&mut self) {
        if let Some(hour) = self.tally.roll(self.now) {
            self.write(JournalEntry::Hour(hour));
        }
    }

    fn write(&mut self, entry: JournalEntry) -> u64 {
        let row = self.next_row;
        self.next_row += 1;
        self.outputs.push_back(JournalRow {
            row,
            at: self.now,
            entry,
        });
        row
    }

    fn number_at(&self, number: E164) -> Option<usize> {
        let found = self.by_number.binary_search_by_key(&number, |of| of.0);
        found.ok().map(|place| self.by_number[place].1 as usize)
    }

    /// The number whose standing lease this is.
    fn standing(&self, lease: LeaseId) -> Option<usize> {
        let hash = hash_of(lease.0, self.config.hash_seed);
        let holders = &self.holders;
        self.leases
            .find(hash, |at| {
                holders
                    .newest(*at as usize)
                    .is_some_and(|place| holders.lease(place) == lease)
            })
            .map(|at| *at as usize)
    }

    /// Enters a number's newest lease among the standing ones.
    fn stand(&mut self, at: usize) {
        let (seed, holders) = (self.config.hash_seed, &self.holders);
        let hash = |at: usize| {
            let lease = holders.newest(at).map_or(0, |p| holders.lease(p).0);
            hash_of(lease, seed)
        };
        self.leases
            .insert_unique(hash(at), at as u32, |other| hash(*other as usize));
    }

    /// Takes a number's newest lease out of the standing ones.
    fn unstand(&mut self, at: usize) {
        let Some(place) = self.holders.newest(at) else {
            return;
        };
        let hash = hash_of(self.holders.lease(place).0, self.config.hash_seed);
        if let Ok(entry) = self.leases.find_entry(hash, |other| *other as usize == at) {
            entry.remove();
        }
    }
}
