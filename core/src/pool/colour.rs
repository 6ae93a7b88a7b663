//! Which number a newcomer gets where callers' regions are evidence: the one on which he and its
//! past holders take the fewest calls from each other.
//!
//! Two visitors of one number from different regions are mostly told apart by the caller's number,
//! so a pool can keep a past holder of each region on every number. What a newcomer takes: all
//! calls of a past holder from his own region; of one from elsewhere those made while his own rate
//! is the higher even so. What he gives up: of his own calls those from the region of a past holder
//! who is then the likelier. Both are one integral over the newcomer's age, the sum over callers'
//! regions of the lesser of two rates.
//!
//! All of that sum but the part of the newcomer's own region is the same for a newcomer from
//! anywhere. So it is kept with the number ([`super::palette`]); a grant adds the other part for
//! every number and takes the least.

use super::Pool;
use super::holders::{Holders, Hot};
use super::message::Facts;
use super::palette::{Own, Painted, SLOTS, slot_of, slots_for};
use super::select::tier_of;
use crate::attribution::RegionModel;
use crate::delay::{Class, DelayModel, Device, Engagement, MassTable, Tab, bin_of};
use crate::time::{Millis, UnixMillis};

/// What colouring goes by, as learnt of callers' regions and of delays.
#[derive(Clone, Debug)]
pub(super) struct Colour {
    /// Whether it pays.
    pays: bool,
    /// A caller's number comes from his visitor's region this often.
    pub(super) same: f32,
    /// A call comes from a region by chance this often, by the region's slot.
    pub(super) stray: [f32; SLOTS],
    /// The same of all regions.
    pub(super) strays: f32,
    /// Calls a second that a newcomer makes at each of [`AGES_S`].
    pub(super) rates: [f32; AGES],
}

/// Ages at which a newcomer's rate is compared, and the seconds each stands for. The last stands
/// for what is left of a number's rest, see [`late_s`].
pub(super) const AGES_S: [(u64, f32); AGES] = [(8, 20.0), (45, 60.0), (300, 500.0), (1_800, 0.0)];
/// How many they are.
pub(super) const AGES: usize = 4;
/// The last age stands for at most this many seconds.
const LATE_S_MAX: f32 = 5_400.0;
/// Numbers looked at, at most: of so many the best is as good as of all.
const WINDOW: usize = 2_048;

impl Colour {
    /// What goes by where so many regions are told apart.
    pub(super) fn of(regions: &RegionModel, model: &DelayModel, slots: usize) -> Self {
        let same = regions.same_share();
        let mut shares = [0.0f32; SLOTS];
        let mut known = 0.0;
        for (region, share) in regions.shares() {
            shares[slot_of(region, slots)] += share;
            known += share;
        }
        // What is left is of regions that no call came from yet, wherever they are.
        let others = (1.0f32 - known).max(0.0) / (slots - 1) as f32;
        let mut stray = [0.0f32; SLOTS];
        for (stray, share) in stray[..slots].iter_mut().zip(shares).skip(1) {
            *stray = (1.0 - same) * (share + others);
        }
        let rates = AGES_S.map(|(age_s, _)| {
            let of = |device| model.hazard(newcomer(device, false), Millis::from_secs(age_s));
            (of(Device::Mobile) + of(Device::Desktop)) / 2.0
        });
        Self {
            pays: regions.colouring_pays(),
            same,
            stray,
            strays: stray.iter().sum(),
            rates,
        }
    }

    /// Whether it pays to colour.
    pub(super) fn pays(&self) -> bool {
        self.pays
    }
}

/// Who has just come may be a bounce or not; those who are not make the calls.
fn newcomer(device: Device, intent: bool) -> Class {
    Class {
        device,
        engagement: Engagement::Engaged,
        intent,
        tab: Tab::Closed,
        tapped: false,
    }
}

/// Seconds that the last age stands for, where numbers rest about `rest` before they are lent
/// again. The least claim is often a bounce's, whose number rests shorter than others do.
fn late_s(rest: Millis) -> f32 {
    (rest.0 as f32 / 1e3 * 1.4 - 600.0).clamp(0.0, LATE_S_MAX)
}

impl Pool {
    /// Takes what was learnt of regions and delays. A pool that is coloured from now on has its
    /// palettes made. In one that was before they stay what they are: whoever calls this owes them
    /// all anew, or makes those that are owed first.
    pub(super) fn recolour(&mut self) {
        let slots = slots_for(self.numbers.len());
        self.colour = Colour::of(&self.regions, &self.model, slots);
        let wanted = self.is_coloured();
        if wanted && self.palettes.is_empty() {
            // Those of numbers that are not weighed yet are made with their claims.
            if self.weighed {
                self.palettes.begin(self.numbers.len());
                (0..self.numbers.len()).for_each(|at| self.paint(at));
            }
        } else if !wanted {
            self.palettes.end();
        }
    }

    /// The number on which a newcomer and its past holders take the fewest calls from each other.
    /// `least` is the one of least claim: the window begins there, and no other tier will do.
    pub(super) fn coloured(
        &mut self,
        from: usize,
        to: usize,
        least: usize,
        facts: &Facts,
    ) -> Option<usize> {
        let rest = self.holders.newest(least).map_or(Millis(0), |place| {
            self.now.since(self.holders.hot(place).last_activity)
        });
        let late_s = late_s(rest);
        let class = newcomer(facts.device, facts.intent);
        let slot = slot_of(facts.region, self.palettes.slots());
        let told = self.colour.same + self.colour.stray[slot];
        let rate = |age: usize| {
            let (age_s, seconds) = AGES_S[age];
            let rate = self.model.hazard(class, Millis::from_secs(age_s));
            (seconds, told * rate)
        };
        // In the first seconds nobody is likelier than the newcomer: two ages are as good as one.
        let (early, middle, late) = (rate(1), rate(2), rate(AGES - 1));
        let own = Own {
            slot,
            tier: tier_of(self.claims.get(least)),
            told,
            late_s,
            ages: [(AGES_S[0].1 + early.0, early.1), middle, (late_s, late.1)],
        };
        let wraps = (least + WINDOW).saturating_sub(to).min(least - from);
        let brush = Brush::of(&self.holders, &self.masses, self.palettes.slots());
        let paint = |at, by| brush.all(at, by);
        let (palettes, colour, mut best) = (&mut self.palettes, &self.colour, None);
        palettes.least(
            least..to.min(least + WINDOW),
            &own,
            colour,
            paint,
            &mut best,
        );
        palettes.least(from..from + wraps, &own, colour, paint, &mut best);
        best.map(|(_, at)| at)
    }

    /// Makes the palette of a number anew of which nothing changed but the age of its past holders:
    /// every octave of the newest's, below a minute every second one. Nobody is lent a number so
    /// fresh while a rested one is there.
    #[inline]
    pub(super) fn repaint(&mut self, at: usize) {
        let newest = self.holders.newest(at);
        let bin = newest.map_or(0, |place| self.holders.hot(place).bin(self.now));
        let every = if bin < COARSE_BELOW { 4 } else { 2 };
        if bin.is_multiple_of(every) {
            self.paint(at);
        }
    }

    /// Makes a number's palette anew, if numbers are coloured: as of now, when it is needed.
    #[inline]
    pub(super) fn paint(&mut self, at: usize) {
        if self.palettes.is_empty() {
            return;
        }
        let brush = Brush::of(&self.holders, &self.masses, self.palettes.slots());
        let tier = tier_of(self.claims.get(at));
        let one = brush.one(at, self.now);
        self.palettes.owe(at, tier, self.now, one, &self.colour);
    }

    /// Makes a number's palette if it is owed, before what it is made from changes.
    pub(super) fn paint_owed(&mut self, at: usize) {
        if self.palettes.is_empty() {
            return;
        }
        let brush = Brush::of(&self.holders, &self.masses, self.palettes.slots());
        let paint = |at, by| brush.all(at, by);
        self.palettes.make(at, &self.colour, paint);
    }
}

/// What palettes are made from: who saw a number, and how likely he calls.
struct Brush<'p> {
    holders: &'p Holders,
    masses: &'p MassTable,
    slots: usize,
    per_s: f32,
}

impl<'p> Brush<'p> {
    fn of(holders: &'p Holders, masses: &'p MassTable, slots: usize) -> Self {
        Self {
            holders,
            masses,
            slots,
            per_s: 1e3 / masses.tau().0.max(1) as f32,
        }
    }

    /// A holder's slot, and the calls a second to be expected of him at an instant.
    #[inline]
    fn stroke(&self, hot: &Hot, by: UnixMillis) -> (usize, f32) {
        let mass = self.masses.of_index(hot.class, hot.bin(by)) * hot.remaining();
        (slot_of(hot.region, self.slots), mass * self.per_s)
    }

    /// The latest of a number's holders who may still call it.
    #[inline]
    fn one(&self, at: usize, by: UnixMillis) -> Option<(usize, f32)> {
        self.holders.latest(at).map(|hot| self.stroke(hot, by))
    }

    /// All of them.
    fn all(&self, at: usize, by: UnixMillis) -> Painted {
        let mut painted = Painted::NONE;
        self.holders.weighed(at, COLOURED, |hot| {
            let (slot, rate) = self.stroke(hot, by);
            painted.add(slot, rate);
        });
        painted
    }
}

/// The bin of 65 s.
const COARSE_BELOW: usize = bin_of(Millis(65_536));
/// Past holders weighed for a colour: those from rare regions stay the likeliest of their region
/// for a long time.
const COLOURED: usize = 48;
