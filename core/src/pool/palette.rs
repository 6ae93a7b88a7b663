//! Who may still call each number, region by region: what a newcomer's choice reads of all numbers
//! in one pass.
//!
//! Rows of one figure a number, so that the pass goes through memory in order and many numbers are
//! weighed by one instruction.
//!
//! Most palettes are never looked at: a number that was just seen is no choice as long as a rested
//! one is there, and is seen anew or grows older. So a palette is owed first, as of an instant,
//! with a floor under what will be taken on the number; it is made when a choice comes so near that
//! the floor does not rule it out. What is chosen is as if it had been made at that instant.
//!
//! Invariants: a number's palette is owed anew whenever something but the age of its holders
//! changes, and with each octave of the newest's age; what it is made from is as it was when it was
//! owed, the colour included; nothing is allocated once colouring has begun.

use super::colour::{AGES, AGES_S, Colour};
use super::config::Region;
use super::select::TAKEN;
use crate::time::UnixMillis;
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
    if !region.is_known() {
        return 0;
    }
    let (code, others) = (region.0 as usize, slots - 1);
    // A division takes as long as all the rest, and there are seldom so many regions.
    if code < others {
        1 + code
    } else {
        1 + code % others
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
    /// The tier of the claim; half a tier more where the palette is owed, and `early` and `late`
    /// are the floor.
    tier: Vec<f32>,
    /// The instant as of which an owed one is to be made; [`MADE`] where none is.
    owed_at: Vec<UnixMillis>,
}

/// The palette is made.
const MADE: UnixMillis = UnixMillis(u64::MAX);
/// What stands in the row of tiers beside the tier of an owed palette.
const OWED: f32 = 0.5;
/// A floor is lowered by this part, so that rounding never puts it above what it bears.
const SURELY: f32 = 0.999;

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
            owed_at: vec![MADE; count],
        };
    }

    /// Regions told apart.
    #[inline]
    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    /// They are not.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// Owes a number's palette, to be made as of `by`. `one` of its past holders, by his slot and
    /// his calls a second, is what the floor stands on.
    #[inline]
    pub(super) fn owe(
        &mut self,
        at: usize,
        tier: u64,
        by: UnixMillis,
        one: Option<(usize, f32)>,
        colour: &Colour,
    ) {
        if tier >= TAKEN {
            // No choice by colour: when it becomes one again its palette is owed anew.
            self.tier[at] = tier as f32;
            self.owed_at[at] = MADE;
            return;
        }
        let (slot, rate) = one.unwrap_or_default();
        let stray = colour.stray[slot];
        let (theirs, elsewhere) = (rate * (colour.same + stray), colour.strays - stray);
        let taken = |newcomers: f32| {
            lesser(theirs, stray * newcomers) + greater(elsewhere, 0.0) * lesser(rate, newcomers)
        };
        let ages = colour.rates.iter().zip(AGES_S);
        let early: f32 = ages
            .map(|(rate, (_, seconds))| seconds * taken(*rate))
            .sum();
        self.tier[at] = tier as f32 + OWED;
        self.owed_at[at] = by;
        self.early[at] = early * SURELY;
        self.late[at] = taken(colour.rates[AGES - 1]) * SURELY;
    }

    /// Makes a number's palette, if it is owed; `paint` says who may call it as of an instant.
    #[inline]
    pub(super) fn make(
        &mut self,
        at: usize,
        colour: &Colour,
        paint: impl Fn(usize, UnixMillis) -> Painted,
    ) -> bool {
        let by = self.owed_at[at];
        if by == MADE {
            return false;
        }
        self.put(at, &paint(at, by), colour);
        self.owed_at[at] = MADE;
        self.tier[at] -= OWED;
        true
    }

    /// Puts a number's palette.
    fn put(&mut self, at: usize, painted: &Painted, colour: &Colour) {
        let Painted { rates, held, most } = painted;
        let (mut early, mut late) = (0.0, 0.0);
        // A call of somebody from another region comes from this one by chance. The last age is
        // told apart: what it stands for depends on the choice.
        let mut add = |stray: f32, theirs: f32| {
            for (rate, (_, seconds)) in colour.rates[..AGES - 1].iter().zip(AGES_S) {
                early += seconds * lesser(theirs, stray * rate);
            }
            late += lesser(theirs, stray * colour.rates[AGES - 1]);
        };
        let mut elsewhere = colour.strays;
        for slot in slots_of(*held) {
            let (rate, stray) = (rates[slot], colour.stray[slot]);
            self.rates[slot * self.count + at] = (rate.to_bits() >> 16) as u16;
            add(stray, greater(rate * (colour.same + stray), most * stray));
            elsewhere -= stray;
        }
        add(elsewhere, most * elsewhere);
        // Whatever was there before, the sum is made in one order.
        for slot in slots_of(self.held[at] & !held) {
            self.rates[slot * self.count + at] = 0;
        }
        self.held[at] = *held;
        self.early[at] = early;
        self.late[at] = late;
    }

    /// The number within `range` on which the fewest calls are taken, if it beats `best`; the
    /// first of equal ones. Palettes that it needs and that are owed are made by `paint`, which
    /// says who may call a number as of an instant.
    pub(super) fn least(
        &mut self,
        range: Range<usize>,
        own: &Own,
        colour: &Colour,
        paint: impl Fn(usize, UnixMillis) -> Painted,
        best: &mut Option<(f32, usize)>,
    ) {
        let mut bound = best.map_or(f32::INFINITY, |(taken, _)| taken);
        let mut from = range.start / LANES * LANES;
        while from < range.end
            && let Some((group, taken)) = self.next_below(bound, from..range.end, own)
        {
            for (at, mut taken) in (group..).zip(taken) {
                if taken >= bound || !range.contains(&at) {
                    continue;
                }
                if self.make(at, colour, &paint) {
                    taken = self.taken(group, own)[at - group];
                }
                if taken < bound {
                    bound = taken;
                    *best = Some((taken, at));
                }
            }
            from = group + LANES;
        }
    }

    /// The first of the [`LANES`] numbers, from `range` on, of which one beats `bound` or may, and
    /// what is taken on each of them, or at least.
    fn next_below(
        &self,
        bound: f32,
        range: Range<usize>,
        own: &Own,
    ) -> Option<(usize, [f32; LANES])> {
        let rows = self.rows(own);
        range.step_by(LANES).find_map(|from| {
            let taken = taken(&rows, from, own);
            // All are compared, whatever the first ones say: no branch, so by one instruction.
            let beats = taken
                .iter()
                .fold(false, |any, taken| any | (*taken < bound));
            beats.then_some((from, taken))
        })
    }

    /// What is taken on each of [`LANES`] numbers.
    fn taken(&self, from: usize, own: &Own) -> [f32; LANES] {
        taken(&self.rows(own), from, own)
    }

    fn rows(&self, own: &Own) -> Rows<'_> {
        let row = |slot: usize| &self.rates[slot * self.count..(slot + 1) * self.count];
        Rows {
            mine: row(own.slot),
            unknown: row(0),
            early: &self.early,
            late: &self.late,
            tier: &self.tier,
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let floats = self.early.capacity() + self.late.capacity() + self.tier.capacity();
        self.rates.capacity() * size_of::<u16>()
            + self.held.capacity() * size_of::<u64>()
            + floats * size_of::<f32>()
            + self.owed_at.capacity() * size_of::<UnixMillis>()
    }
}

/// What a choice reads of all numbers.
struct Rows<'p> {
    /// Rates of the newcomer's own region.
    mine: &'p [u16],
    /// Rates of those of whom no region is known.
    unknown: &'p [u16],
    early: &'p [f32],
    late: &'p [f32],
    tier: &'p [f32],
}

/// The slots of a set, the least first.
#[inline]
fn slots_of(mut set: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let slot = set.trailing_zeros() as usize;
        (set != 0).then(|| {
            set &= set - 1;
            slot
        })
    })
}

/// The figures of [`LANES`] numbers; rows are as long as whole lanes.
#[inline]
fn lane<T>(row: &[T], from: usize) -> &[T; LANES] {
    row[from..].first_chunk().expect("rows are of whole lanes")
}

/// Calls taken on each of [`LANES`] numbers, at the least where the palette is owed; infinitely
/// many where the tier is another.
#[inline(always)]
fn taken(rows: &Rows<'_>, from: usize, own: &Own) -> [f32; LANES] {
    let (mine, unknown) = (lane(rows.mine, from), lane(rows.unknown, from));
    let (early, late) = (lane(rows.early, from), lane(rows.late, from));
    let tiers = lane(rows.tier, from);
    let (made, owed) = (own.tier as f32, own.tier as f32 + OWED);
    let [early_age, middle, late_age] = own.ages;
    core::array::from_fn(|lane| {
        // Rates have no sign, so their bits sort as they do.
        let bits = mine[lane].max(unknown[lane]);
        let rate = own.told * f32::from_bits(u32::from(bits) << 16);
        let others = early[lane] + own.late_s * late[lane];
        let taken = others
            + early_age.0 * lesser(rate, early_age.1)
            + middle.0 * lesser(rate, middle.1)
            + late_age.0 * lesser(rate, late_age.1);
        let floor = if tiers[lane] == owed {
            others
        } else {
            f32::INFINITY
        };
        if tiers[lane] == made { taken } else { floor }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::RegionModel;
    use crate::delay::DelayModel;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

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

    /// Who may call a number, as was painted at each instant.
    type Past = BTreeMap<(usize, u64), [f32; SLOTS]>;

    /// Palettes made at once and palettes made when they are needed, of the same numbers.
    struct Both {
        colour: Colour,
        made: Palettes,
        owed: Palettes,
        past: Past,
        tiers: Vec<u64>,
        now: u64,
    }

    impl Both {
        fn new(numbers: usize) -> Self {
            let mut palettes = Palettes::default();
            palettes.begin(numbers);
            Self {
                colour: colour(),
                made: palettes.clone(),
                owed: palettes,
                past: Past::new(),
                tiers: vec![TAKEN; numbers],
                now: 0,
            }
        }

        fn paint(&mut self, at: usize, tier: u64, holders: &[(usize, f32)]) {
            let mut rates = [0.0; SLOTS];
            holders.iter().for_each(|(slot, rate)| rates[*slot] = *rate);
            self.now += 1;
            self.past.insert((at, self.now), rates);
            self.tiers[at] = tier;
            let one = holders.last().copied();
            for palettes in [&mut self.made, &mut self.owed] {
                palettes.owe(at, tier, UnixMillis(self.now), one, &self.colour);
            }
            let paint = |at, by: UnixMillis| painted(&self.past[&(at, by.0)]);
            self.made.make(at, &self.colour, paint);
        }

        /// The rates a number was painted with last.
        fn rates(&self, at: usize) -> Option<&[f32; SLOTS]> {
            let all = self.past.range((at, 0)..=(at, u64::MAX));
            all.last().map(|(_, rates)| rates)
        }

        /// What both choose, which must be the same.
        fn least(&mut self, range: Range<usize>, own: &Own) -> Option<(f32, usize)> {
            let (colour, past) = (&self.colour, &self.past);
            let paint = |at, by: UnixMillis| painted(&past[&(at, by.0)]);
            let [made, owed] = [&mut self.made, &mut self.owed].map(|palettes| {
                let mut best = None;
                palettes.least(range.clone(), own, colour, paint, &mut best);
                best
            });
            assert_eq!(made, owed);
            owed
        }
    }

    /// What is painted: a number's place, its tier, its holders.
    type Stroke = (usize, u64, Vec<(usize, f32)>);

    fn strokes() -> impl Strategy<Value = Vec<Stroke>> {
        let holders = prop::collection::vec((0usize..SLOTS, rate()), 0..12);
        prop::collection::vec((0usize..70, 0u64..4, holders), 0..60)
    }

    proptest! {
        #[test]
        fn the_least_is_what_a_scan_by_the_definition_finds(
            rounds in prop::collection::vec(
                (strokes(), 1usize..21, 0u64..3, 0.0f32..5e3, 0usize..70, 0usize..70), 1..6,
            ),
            numbers in 1usize..70,
        ) {
            let mut both = Both::new(numbers);
            for (strokes, slot, tier, late_s, from, len) in rounds {
                for (at, tier, holders) in strokes.iter().filter(|(at, ..)| *at < numbers) {
                    both.paint(*at, *tier, holders);
                }
                let own = Own {
                    slot,
                    tier,
                    told: both.colour.same + both.colour.stray[slot],
                    late_s,
                    ages: [(80.0, 3e-5), (500.0, 4e-6), (late_s * 2.0, 7e-7)],
                };
                let range = from.min(numbers)..(from + len).min(numbers);
                let best = both.least(range.clone(), &own);
                let taken = |at: usize| both.rates(at).map(|of| defined(of, &own, &both.colour));
                let lawful = range.filter(|at| both.tiers[*at] == tier);
                let least = lawful.clone().filter_map(taken).fold(f64::INFINITY, f64::min);
                prop_assert_eq!(best.is_some(), lawful.clone().next().is_some());
                if let Some((said, at)) = best {
                    prop_assert!(lawful.clone().any(|lawful| lawful == at));
                    let taken = taken(at).expect("painted");
                    prop_assert!(taken <= least * 1.0001 + 1e-12, "{} {}", taken, least);
                    prop_assert!((f64::from(said) - taken).abs() <= 1e-4 * taken + 1e-12);
                }
            }
        }
    }

    #[test]
    fn a_palette_that_is_no_choice_is_never_made() {
        let mut both = Both::new(2);
        both.paint(0, 0, &[(1, 1e-8)]);
        both.paint(1, 0, &[(1, 1e-2)]);
        let own = Own {
            slot: 1,
            tier: 0,
            told: both.colour.same + both.colour.stray[1],
            late_s: 600.0,
            ages: [(80.0, 3e-5), (500.0, 4e-6), (1_200.0, 7e-7)],
        };
        assert_eq!(both.least(0..2, &own).map(|(_, at)| at), Some(0));
        assert_eq!(
            (both.owed.owed_at[0], both.owed.owed_at[1]),
            (MADE, UnixMillis(2))
        );
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
