//! Who may still call each number, region by region: what a newcomer's choice reads of all numbers
//! in one pass.
//!
//! Rows of one figure a number, so that the pass goes through memory in order and many numbers are
//! weighed by one instruction.
//!
//! Invariants: a number's palette is made anew whenever something but the age of its holders
//! changes, and with each octave of the newest's age; nothing is allocated once colouring has
//! begun.

use super::colour::{AGES, AGES_S, Colour};
use super::config::Region;
use core::ops::Range;

/// Regions told apart at most, the unknown one among them; those that fall together count as one.
pub(super) const SLOTS: usize = 64;
/// The same in a pool of more than [`LARGE`] numbers, whose palettes would else not fit in its
/// memory beside a hundred thousand holders.
const SLOTS_OF_LARGE: usize = 24;
const LARGE: usize = 5_000;
/// Numbers weighed at once.
const LANES: usize = 8;

/// Slots in a pool of so many numbers.
pub(super) const fn slots_for(numbers: usize) -> usize {
    if numbers > LARGE {
        SLOTS_OF_LARGE
    } else {
        SLOTS
    }
}

/// The slot of a region, of so many; the unknown one has the first for itself.
#[inline]
pub(super) const fn slot_of(region: Region, slots: usize) -> usize {
    if region.is_known() {
        1 + region.0 as usize % (slots - 1)
    } else {
        0
    }
}

/// The palettes of all numbers; none where numbers are not coloured.
#[derive(Clone, Debug, Default)]
pub(super) struct Palettes {
    /// Numbers, rounded up to whole lanes.
    count: usize,
    /// Regions told apart.
    slots: usize,
    /// Calls a second of the likeliest past holder from each region, the upper half of the float's
    /// bits: slot by slot, in each number by number.
    rates: Vec<u16>,
    /// The slots in which a number has any.
    held: Vec<u64>,
    /// What a newcomer from nowhere and the holders take from each other, the last age aside.
    early: Vec<f32>,
    /// The same for each second of the last age.
    late: Vec<f32>,
    /// The tier of the claim.
    tier: Vec<f32>,
}

/// What a choice adds: how much a past holder from the newcomer's own region loses.
pub(super) struct Own {
    /// The slot of that region.
    pub(super) slot: usize,
    /// The tier of the numbers that may be chosen.
    pub(super) tier: u64,
    /// Calls from his region as a part of a visitor's.
    pub(super) told: f32,
    /// Seconds that the last age stands for.
    pub(super) late_s: f32,
    /// Seconds of each age, and the newcomer's calls a second then.
    pub(super) ages: [(f32, f32); 3],
}

/// The lesser, neither of them NaN.
#[inline]
const fn lesser(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// The greater, neither of them NaN.
#[inline]
const fn greater(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// What is known of one number's past holders.
pub(super) struct Painted {
    /// Calls a second of the likeliest from each region, by its slot.
    rates: [f32; SLOTS],
    /// The slots that have any, a bit each.
    held: u64,
    /// Calls a second of the likeliest of all.
    most: f32,
}

impl Painted {
    pub(super) const NONE: Self = Self {
        rates: [0.0; SLOTS],
        held: 0,
        most: 0.0,
    };

    /// Adds a holder from the region of a slot.
    #[inline]
    pub(super) fn add(&mut self, slot: usize, rate: f32) {
        self.rates[slot] = greater(self.rates[slot], rate);
        self.held |= 1 << slot;
        self.most = greater(self.most, rate);
    }
}

impl Palettes {
    /// Whether numbers are not coloured.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Numbers are coloured from now on.
    pub(super) fn begin(&mut self, numbers: usize) {
        let count = numbers.next_multiple_of(LANES);
        let slots = slots_for(numbers);
        *self = Self {
            count,
            slots,
            rates: vec![0; slots * count],
            held: vec![0; count],
            early: vec![0.0; count],
            late: vec![0.0; count],
            // No claim has such a tier.
            tier: vec![f32::INFINITY; count],
        };
    }

    /// The slot of a region.
    #[inline]
    pub(super) fn slot_of(&self, region: Region) -> usize {
        slot_of(region, self.slots)
    }

    /// They are not.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// Puts a number's palette.
    pub(super) fn put(&mut self, at: usize, tier: u64, painted: &Painted, colour: &Colour) {
        let Painted { rates, held, most } = painted;
        let (mut early, mut late) = (0.0, 0.0);
        // A call of somebody from another region comes from this one by chance.
        let mut add = |stray: f32, theirs: f32| {
            for (rate, (_, seconds)) in colour.rates.iter().zip(AGES_S) {
                early += seconds * lesser(theirs, stray * rate);
            }
            late += lesser(theirs, stray * colour.rates[AGES - 1]);
        };
        let mut elsewhere = colour.strays;
        let mut changed = held | self.held[at];
        while changed != 0 {
            let slot = changed.trailing_zeros() as usize;
            changed &= changed - 1;
            let (rate, stray) = (rates[slot], colour.stray[slot]);
            self.rates[slot * self.count + at] = (rate.to_bits() >> 16) as u16;
            add(stray, greater(rate * (colour.same + stray), most * stray));
            elsewhere -= stray;
        }
        add(elsewhere, most * elsewhere);
        self.held[at] = *held;
        self.tier[at] = tier as f32;
        self.early[at] = early;
        self.late[at] = late;
    }

    /// The number within `range` on which the fewest calls are taken, if it beats `best`; the
    /// first of equal ones.
    pub(super) fn least(&self, range: Range<usize>, own: &Own, best: &mut Option<(f32, usize)>) {
        if range.is_empty() {
            return;
        }
        let row = |slot: usize| &self.rates[slot * self.count..(slot + 1) * self.count];
        let (mine, unknown) = (row(own.slot), row(0));
        let tier = own.tier as f32;
        let mut bound = best.map_or(f32::INFINITY, |(taken, _)| taken);
        let first = range.start / LANES * LANES;
        for from in (first..range.end).step_by(LANES) {
            let taken = taken(
                lane(mine, from),
                lane(unknown, from),
                lane(&self.early, from),
                lane(&self.late, from),
                own,
            );
            let tiers = lane(&self.tier, from);
            let mut least = f32::INFINITY;
            let mut lawful = [f32::INFINITY; LANES];
            for (at, lawful) in lawful.iter_mut().enumerate() {
                let of = if tiers[at] == tier {
                    taken[at]
                } else {
                    f32::INFINITY
                };
                *lawful = of;
                least = lesser(of, least);
            }
            if least >= bound {
                continue;
            }
            for (at, taken) in (from..).zip(lawful) {
                if taken < bound && range.contains(&at) {
                    bound = taken;
                    *best = Some((taken, at));
                }
            }
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let floats = self.early.capacity() + self.late.capacity() + self.tier.capacity();
        self.rates.capacity() * size_of::<u16>()
            + self.held.capacity() * size_of::<u64>()
            + floats * size_of::<f32>()
    }
}

/// The figures of [`LANES`] numbers; rows are as long as whole lanes.
#[inline]
fn lane<T>(row: &[T], from: usize) -> &[T; LANES] {
    row[from..].first_chunk().expect("rows are of whole lanes")
}

/// Calls taken on each of [`LANES`] numbers.
#[inline]
fn taken(
    mine: &[u16; LANES],
    unknown: &[u16; LANES],
    early: &[f32; LANES],
    late: &[f32; LANES],
    own: &Own,
) -> [f32; LANES] {
    core::array::from_fn(|lane| {
        let bits = mine[lane].max(unknown[lane]);
        let rate = own.told * f32::from_bits(u32::from(bits) << 16);
        let [early_age, middle, late_age] = own.ages;
        early[lane]
            + own.late_s * late[lane]
            + early_age.0 * lesser(rate, early_age.1)
            + middle.0 * lesser(rate, middle.1)
            + late_age.0 * lesser(rate, late_age.1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::RegionModel;
    use crate::delay::DelayModel;
    use proptest::prelude::*;

    /// A site with calls from twenty regions.
    fn colour() -> Colour {
        let mut regions = RegionModel::default();
        for call in 0..800u32 {
            let visitor = 1 + call % 20 * (call % 3) / 2;
            let caller = if call % 4 == 0 {
                1 + call % 20
            } else {
                visitor
            };
            regions.observe(Region(caller), Region(visitor), 1.0);
        }
        assert!(regions.colouring_pays());
        Colour::of(&regions, &DelayModel::default(), SLOTS)
    }

    /// Calls taken, by the definition: over the ages and the regions a call can come from the
    /// lesser of two rates, the newcomer's own region apart.
    fn defined(rates: &[f32; SLOTS], own: &Own, colour: &Colour) -> f64 {
        // Not as painted: from the rates alone.
        let most = rates.iter().copied().fold(0.0, f32::max);
        let mut sum = 0.0;
        for (age, (_, seconds)) in AGES_S.iter().enumerate() {
            let seconds = if age == AGES - 1 {
                own.late_s
            } else {
                *seconds
            };
            for (rate, stray) in rates.iter().zip(colour.stray).skip(1) {
                let theirs = (rate * (colour.same + stray)).max(most * stray);
                sum += f64::from(seconds * theirs.min(stray * colour.rates[age]));
            }
        }
        let theirs = rates[own.slot].max(rates[0]) * own.told;
        let ages = own.ages.iter();
        sum + ages
            .map(|(seconds, rate)| f64::from(seconds * theirs.min(*rate)))
            .sum::<f64>()
    }

    /// Rates that are themselves when cut to the upper half of their bits.
    fn rate() -> impl Strategy<Value = f32> {
        (1u32..200, 0i32..20)
            .prop_map(|(digits, power)| digits as f32 * 1e-8 * 2f32.powi(power))
            .prop_map(|rate| f32::from_bits(rate.to_bits() & 0xffff_0000))
    }

    fn painted(rates: &[f32; SLOTS]) -> Painted {
        let mut painted = Painted::NONE;
        for (slot, rate) in rates.iter().enumerate().filter(|(_, rate)| **rate > 0.0) {
            painted.add(slot, *rate);
            painted.add(slot, rate / 2.0);
        }
        painted
    }

    proptest! {
        #[test]
        fn the_least_is_what_a_scan_by_the_definition_finds(
            numbers in prop::collection::vec(
                (0u64..3, prop::collection::vec((0usize..SLOTS, rate()), 0..12)), 1..70,
            ),
            again in prop::collection::vec((0usize..70, 0usize..SLOTS, rate()), 0..10),
            (slot, tier, late_s) in (1usize..21, 0u64..3, 0.0f32..5e3),
            (from, len) in (0usize..70, 0usize..70),
        ) {
            let colour = colour();
            let mut palettes = Palettes::default();
            palettes.begin(numbers.len());
            let mut all: Vec<(u64, [f32; SLOTS])> = Vec::new();
            for (tier, holders) in &numbers {
                let mut rates = [0.0; SLOTS];
                holders.iter().for_each(|(slot, rate)| rates[*slot] = *rate);
                all.push((*tier, rates));
            }
            for (at, (tier, rates)) in all.iter().enumerate() {
                palettes.put(at, *tier, &painted(rates), &colour);
            }
            for (at, slot, rate) in again {
                let Some((tier, rates)) = all.get_mut(at) else { continue };
                // Others than before: what is gone must be forgotten.
                *rates = [0.0; SLOTS];
                rates[slot] = rate;
                palettes.put(at, *tier, &painted(rates), &colour);
            }
            let own = Own {
                slot,
                tier,
                told: colour.same + colour.stray[slot],
                late_s,
                ages: [(80.0, 3e-5), (500.0, 4e-6), (late_s * 2.0, 7e-7)],
            };
            let range = from.min(all.len())..(from + len).min(all.len());
            let taken = |at: usize| defined(&all[at].1, &own, &colour);
            let lawful = range.clone().filter(|at| all[*at].0 == tier);
            let least = lawful.clone().map(taken).fold(f64::INFINITY, f64::min);
            let mut best = None;
            palettes.least(range, &own, &mut best);
            prop_assert_eq!(best.is_some(), lawful.clone().next().is_some());
            if let Some((said, at)) = best {
                prop_assert!(lawful.clone().any(|lawful| lawful == at));
                prop_assert!(taken(at) <= least * 1.0001 + 1e-12, "{} {}", taken(at), least);
                prop_assert!((f64::from(said) - taken(at)).abs() <= 1e-4 * taken(at) + 1e-12);
            }
        }
    }

    #[test]
    fn the_unknown_region_is_nobody_elses() {
        for slots in [SLOTS, SLOTS_OF_LARGE] {
            assert_eq!(slot_of(Region(0), slots), 0);
            for code in [1, 23, 24, 62, 63, 64, 126, u32::MAX] {
                assert!((1..slots).contains(&slot_of(Region(code), slots)), "{code}");
            }
        }
    }
}
