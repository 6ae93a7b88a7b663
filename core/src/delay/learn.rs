//! Learning a site's own delays from its own attributed calls.
//!
//! Counted per class and bin: calls, and seconds visitors spent there without having called. First
//! the default is stretched in time, if the site's callers are slower or faster as a whole
//! ([`stretch`]): one figure, which a few dozen calls tell. Then the hazard of a cell is its calls
//! over its seconds, shrunk towards that in three steps: the site as a whole, then each bin and
//! each class, then the cell. Each step is a gamma-Poisson mean:
//! (calls + k) / (expected calls + k). With no calls the default stands; with many the counts do.
//!
//! The default may be another table, such as an imported one: the own calls correct that, so that
//! an import sways a site no longer than its own calls are few, however many calls it stands on.
//!
//! Bounded: two tables of [`CLASSES`] × [`BINS`] cells. Forgetting: [`DelayCounts::fade`]. Harmless
//! when wrong: no correction is stronger than [`MOST`] either way per step.

use super::{ACTIVE_BIN, BINS, CLASSES, Class, DelayModel, bin_end, bin_of, bin_start};
use crate::time::Millis;

/// The weight of the default against the counts, in calls: site, bin or class, cell.
const PRIOR_CALLS: [f64; 3] = [10.0, 20.0, 40.0];
/// The strongest correction a step may make.
pub const MOST: f64 = 30.0;

/// What a site counted.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DelayCounts {
    /// Calls (weighted by the confidence of their attribution), class by class, bin by bin.
    #[cfg_attr(feature = "serde", serde(with = "cells"))]
    calls: Vec<f32>,
    /// Seconds at risk.
    #[cfg_attr(feature = "serde", serde(with = "cells"))]
    seconds: Vec<f32>,
    /// Visits that all this was counted of.
    #[cfg_attr(feature = "serde", serde(default))]
    visits: f32,
}

/// A table of cells up to the last one that is not zero: most classes of most sites are empty.
#[cfg(feature = "serde")]
mod cells {
    use super::{BINS, CLASSES};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(cells: &[f32], to: S) -> Result<S::Ok, S::Error> {
        let end = cells.iter().rposition(|cell| *cell != 0.0);
        cells[..end.map_or(0, |last| last + 1)].serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f32>, D::Error> {
        let mut cells = Vec::deserialize(from)?;
        cells.resize(CLASSES * BINS, 0.0);
        Ok(cells)
    }
}

/// Counts that changed, each with what it is now.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CountsChange {
    /// Visits.
    visits: f32,
    /// Cells of calls: class's row times [`BINS`] plus bin, and calls.
    calls: Vec<(u16, f32)>,
    /// Cells of seconds at risk, alike.
    seconds: Vec<(u16, f32)>,
}

impl Default for DelayCounts {
    fn default() -> Self {
        Self {
            calls: vec![0.0; CLASSES * BINS],
            seconds: vec![0.0; CLASSES * BINS],
            visits: 0.0,
        }
    }
}

impl DelayCounts {
    /// Adds a call of `weight` (0 to 1: the confidence of its attribution).
    pub fn add_call(&mut self, class: Class, bin: usize, weight: f32) {
        if let Some(cell) = self.calls.get_mut(class.index() * BINS + bin)
            && weight > 0.0
        {
            *cell += weight.min(1.0);
        }
    }

    /// Adds a visit.
    pub fn add_visit(&mut self) {
        self.visits += 1.0;
    }

    /// Adds `seconds` a visitor spent in a cell without having called before.
    pub fn add_seconds(&mut self, class: Class, bin: usize, seconds: f32) {
        if let Some(cell) = self.seconds.get_mut(class.index() * BINS + bin)
            && seconds > 0.0
        {
            *cell += seconds;
        }
    }

    /// Adds what one visitor spent idle without calling, from his last activity on.
    pub fn add_idle(&mut self, class: Class, idle: Millis) {
        let last = bin_of(idle);
        let row = class.index() * BINS;
        let whole = self.seconds[row + 1..row + last].iter_mut();
        for (cell, width_s) in whole.zip(&WIDTHS_S[1..last]) {
            *cell += width_s;
        }
        let end = bin_end(last).0.min(idle.0);
        self.add_seconds(class, last, (end - bin_start(last).0) as f32 / 1e3);
    }

    /// Adds what visitors of a class spent idle without calling, each from his last activity on:
    /// in every bin up to the last, for all of them in one pass over the table.
    pub fn add_idleness(&mut self, visitors: impl Iterator<Item = (Class, Millis)>) {
        let mut ends = vec![0u32; CLASSES * BINS];
        for (class, idle) in visitors {
            let bin = bin_of(idle);
            ends[class.index() * BINS + bin] += 1;
            self.add_seconds(class, bin, (idle.0 - bin_start(bin).0) as f32 / 1e3);
        }
        for class in 0..CLASSES {
            let mut later = 0;
            for bin in (1..BINS).rev() {
                let seconds = later as f32 * WIDTHS_S[bin];
                self.add_seconds(Class::from_index(class), bin, seconds);
                later += ends[class * BINS + bin];
            }
        }
    }

    /// Forgets: multiplies everything by `keep` (0 to 1).
    pub fn fade(&mut self, keep: f32) {
        let keep = keep.clamp(0.0, 1.0);
        for cell in self.calls.iter_mut().chain(&mut self.seconds) {
            *cell *= keep;
        }
        self.visits *= keep;
    }

    /// What is not as it was in `earlier`; nothing if all is.
    pub fn changed_since(&self, earlier: &Self) -> Option<CountsChange> {
        if self == earlier {
            return None;
        }
        let changed = |now: &[f32], then: &[f32]| {
            let cells = now.iter().zip(then).enumerate();
            let changed = cells.filter(|(_, (now, then))| now != then);
            changed
                .map(|(cell, (now, _))| (cell as u16, *now))
                .collect()
        };
        Some(CountsChange {
            visits: self.visits,
            calls: changed(&self.calls, &earlier.calls),
            seconds: changed(&self.seconds, &earlier.seconds),
        })
    }

    /// Takes what changed.
    pub fn put(&mut self, change: &CountsChange) {
        self.visits = change.visits;
        let put = |cells: &mut [f32], changed: &[(u16, f32)]| {
            for (cell, now) in changed {
                if let Some(cell) = cells.get_mut(usize::from(*cell)) {
                    *cell = *now;
                }
            }
        };
        put(&mut self.calls, &change.calls);
        put(&mut self.seconds, &change.seconds);
    }

    /// The same of a site whose taps nobody hears: who tapped counts among those who did not.
    #[must_use]
    pub fn without_taps(&self) -> Self {
        let mut merged = Self {
            visits: self.visits,
            ..Self::default()
        };
        for index in 0..CLASSES * BINS {
            let class = Class {
                tapped: false,
                ..Class::from_index(index / BINS)
            };
            let into = class.index() * BINS + index % BINS;
            merged.calls[into] += self.calls[index];
            merged.seconds[into] += self.seconds[index];
        }
        merged
    }

    /// Calls counted in all.
    pub fn calls_total(&self) -> f64 {
        self.calls.iter().map(|c| f64::from(*c)).sum()
    }

    /// Sets the visits counted.
    #[cfg(feature = "edge")]
    pub(super) fn set_visits(&mut self, visits: f32) {
        self.visits = visits;
    }

    /// Sets what was counted of a class, one figure for each bin.
    #[cfg(feature = "edge")]
    pub(super) fn set_class(&mut self, class: Class, calls: &[f32], seconds: &[f32]) {
        let cells = class.index() * BINS..(class.index() + 1) * BINS;
        for (cell, figures) in cells.zip(calls.iter().zip(seconds)) {
            (self.calls[cell], self.seconds[cell]) = (*figures.0, *figures.1);
        }
    }

    /// Visits counted in all.
    pub fn visits(&self) -> f64 {
        f64::from(self.visits)
    }

    /// Spells of activity of a class after which its visitors were idle.
    pub(crate) fn spells(&self, class: Class) -> f64 {
        // All of them were idle for the first second.
        self.seconds(class.index(), 1) / (bin_end(1).0 as f64 / 1e3)
    }

    /// Seconds a class was active.
    pub(crate) fn active_seconds(&self, class: Class) -> f64 {
        self.seconds(class.index(), ACTIVE_BIN)
    }

    /// Seconds counted in all.
    pub fn seconds_total(&self) -> f64 {
        self.seconds.iter().map(|s| f64::from(*s)).sum()
    }

    /// Calls counted in one bin, all classes.
    pub fn calls_in_bin(&self, bin: usize) -> f64 {
        (0..CLASSES).map(|class| self.calls(class, bin)).sum()
    }

    /// Adds another's counts, as on import.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.calls.iter_mut().zip(&other.calls) {
            *mine += theirs;
        }
        for (mine, theirs) in self.seconds.iter_mut().zip(&other.seconds) {
            *mine += theirs;
        }
        self.visits += other.visits;
    }

    pub(super) fn calls(&self, class: usize, bin: usize) -> f64 {
        f64::from(self.calls.get(class * BINS + bin).copied().unwrap_or(0.0))
    }

    pub(super) fn seconds(&self, class: usize, bin: usize) -> f64 {
        f64::from(self.seconds.get(class * BINS + bin).copied().unwrap_or(0.0))
    }
}

/// Seconds that each idle bin is long.
const WIDTHS_S: [f32; BINS] = {
    let mut widths = [0.0; BINS];
    let mut bin = 1;
    while bin < BINS {
        widths[bin] = (bin_end(bin).0 - bin_start(bin).0) as f32 / 1e3;
        bin += 1;
    }
    widths
};

/// Counted over expected calls, shrunk towards one.
fn ratio(calls: f64, expected: f64, prior: f64) -> f64 {
    let ratio = (calls + prior) / (expected + prior);
    if ratio.is_finite() {
        ratio.clamp(1.0 / MOST, MOST)
    } else {
        1.0
    }
}

type Range = core::ops::Range<usize>;

/// The most half octaves by which a default is stretched either way: four times.
const STRETCH_MOST: i32 = 4;
/// What a stretch of one half octave must gain in likelihood, in nats; one of `n` the square of n
/// times as much. A shift of one is told by some thirty calls.
const STRETCH_COST: f64 = 2.0;

/// By how many half octaves, which are bins, the site's callers are slower than `hazard` says;
/// negative is faster. Weighed by likelihood, the number of calls in all aside.
fn stretch(hazard: &[[f64; BINS]], counts: &DelayCounts) -> i32 {
    let calls: Vec<f64> = (1..BINS).map(|bin| counts.calls_in_bin(bin)).collect();
    let total: f64 = calls.iter().sum();
    if !total.is_finite() || total <= 0.0 {
        return 0;
    }
    let likelihood = |halves: i32| {
        let expected = (1..BINS).map(|bin| -> f64 {
            let of =
                |class: usize| counts.seconds(class, bin) * slower(&hazard[class], bin, halves);
            (0..CLASSES).map(of).sum()
        });
        let expected: Vec<f64> = expected.collect();
        let sum: f64 = expected.iter().sum();
        let of = calls.iter().zip(&expected);
        of.filter(|(calls, _)| **calls > 0.0)
            .map(|(calls, expected)| calls * (expected / sum).max(1e-9).ln())
            .sum::<f64>()
            - STRETCH_COST * f64::from(halves * halves)
    };
    // Of equal ones the least; nonsense is no reason to stretch.
    let (mut best, mut most) = (0, likelihood(0));
    for halves in (1..=STRETCH_MOST).flat_map(|halves| [halves, -halves]) {
        let likely = likelihood(halves);
        if likely > most {
            (best, most) = (halves, likely);
        }
    }
    best
}

/// The hazard of an idle bin where everything comes `halves` half octaves later.
fn slower(row: &[f64; BINS], bin: usize, halves: i32) -> f64 {
    let from = (bin as i32 - halves).clamp(1, BINS as i32 - 1);
    row[from as usize] * 0.5f64.powf(f64::from(halves) / 2.0)
}

/// `prior` corrected by `counts`.
pub fn learn(prior: &DelayModel, counts: &DelayCounts) -> DelayModel {
    let mut hazard: Vec<[f64; BINS]> = (0..CLASSES)
        .map(|class| {
            core::array::from_fn(|bin| f64::from(prior.cell(Class::from_index(class), bin)))
        })
        .collect();
    let halves = stretch(&hazard, counts);
    for row in &mut hazard {
        let told = *row;
        (1..BINS).for_each(|bin| row[bin] = slower(&told, bin, halves));
    }
    let correct = |hazard: &mut [[f64; BINS]], classes: Range, bins: Range, prior: f64| {
        let (mut calls, mut expected) = (0.0, 0.0);
        for class in classes.clone() {
            for bin in bins.clone() {
                calls += counts.calls(class, bin);
                expected += counts.seconds(class, bin) * hazard[class][bin];
            }
        }
        let factor = ratio(calls, expected, prior);
        for row in &mut hazard[classes] {
            row[bins.clone()]
                .iter_mut()
                .for_each(|cell| *cell *= factor);
        }
    };
    correct(&mut hazard, 0..CLASSES, 0..BINS, PRIOR_CALLS[0]);
    for bin in 0..BINS {
        correct(&mut hazard, 0..CLASSES, bin..bin + 1, PRIOR_CALLS[1]);
    }
    for class in 0..CLASSES {
        correct(&mut hazard, class..class + 1, 0..BINS, PRIOR_CALLS[1]);
    }
    for class in 0..CLASSES {
        for bin in 0..BINS {
            let one = (class..class + 1, bin..bin + 1);
            correct(&mut hazard, one.0, one.1, PRIOR_CALLS[2]);
        }
    }
    DelayModel::from_hazards(
        hazard
            .into_iter()
            .map(|row| row.map(|cell| cell as f32))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_counts_leave_the_default() {
        let learnt = DelayModel::learnt(&DelayCounts::default());
        assert_eq!(learnt, DelayModel::default());
    }

    #[test]
    fn many_counts_win() {
        let class = Class::default();
        let bin = super::super::bin_of(Millis::from_mins(5));
        let mut counts = DelayCounts::default();
        let mut few = DelayCounts::default();
        let default = DelayModel::default().cell(class, bin);
        // Five times the default's rate, seen in plenty; and once, by chance.
        for _ in 0..2_000 {
            counts.add_call(class, bin, 1.0);
            counts.add_seconds(class, bin, 1.0 / (5.0 * default));
        }
        few.add_call(class, bin, 1.0);
        few.add_seconds(class, bin, 1.0 / (5.0 * default));
        let learnt = DelayModel::learnt(&counts).cell(class, bin) / default;
        assert!((4.5..5.5).contains(&learnt), "{learnt}");
        let moved = DelayModel::learnt(&few).cell(class, bin) / default;
        assert!((1.0..1.3).contains(&moved), "{moved}");
    }

    #[test]
    fn a_wrong_prior_gives_way_to_own_calls() {
        // Imported: three times too slow. Seen here: the default's own rates, a million visitors.
        let (class, truth) = (Class::default(), DelayModel::default());
        let bins = 1..30;
        let mut wrong = vec![[0.0; BINS]; CLASSES];
        for (index, row) in wrong.iter_mut().enumerate() {
            for (bin, cell) in row.iter_mut().enumerate() {
                let third = Millis(bin_start(bin).0 / 3);
                *cell = truth.hazard(Class::from_index(index), third) / 3.0;
            }
        }
        let wrong = DelayModel::from_hazards(wrong);
        let mut counts = DelayCounts::default();
        for bin in bins.clone() {
            let seconds = 1e6 * (bin_end(bin).0 - bin_start(bin).0) as f32 / 1e3;
            counts.add_seconds(class, bin, seconds);
            let calls = (truth.cell(class, bin) * seconds).round();
            (0..calls as u32).for_each(|_| counts.add_call(class, bin, 1.0));
        }
        let learnt = wrong.corrected(&counts);
        let error = |model: &DelayModel| -> f32 {
            let far = |bin| (model.cell(class, bin) / truth.cell(class, bin)).ln().abs();
            bins.clone().map(far).sum::<f32>() / bins.len() as f32
        };
        let (before, after) = (error(&wrong), error(&learnt));
        assert!(after < before / 4.0, "off by {before}, then by {after}");
    }

    #[test]
    fn slow_callers_stretch_the_table_after_a_few_dozen_calls() {
        let truth = DelayModel::default();
        let hazard: Vec<[f64; BINS]> = (0..CLASSES)
            .map(|class| {
                core::array::from_fn(|bin| f64::from(truth.cell(Class::from_index(class), bin)))
            })
            .collect();
        for halves in -STRETCH_MOST..=STRETCH_MOST {
            let class = 1; // of a visitor who tapped and has a tab open
            let mut counts = DelayCounts::default();
            // Calls in whole, so that what is expected is what is seen.
            for bin in 1..BINS {
                let rate = slower(&hazard[class], bin, halves);
                let visitors = 1e5;
                let seconds = visitors * (bin_end(bin).0 - bin_start(bin).0) as f64 / 1e3;
                counts.seconds[class * BINS + bin] = seconds as f32;
                counts.calls[class * BINS + bin] = (rate * seconds).round() as f32;
            }
            assert_eq!(stretch(&hazard, &counts), halves);
            // Of three hundred the law is told, of three it is not.
            let few = 300.0 / counts.calls_total() as f32;
            counts.fade(few);
            assert_eq!(stretch(&hazard, &counts), halves);
            counts.fade(0.01);
            assert!(stretch(&hazard, &counts).abs() <= halves.abs());
        }
    }

    #[test]
    fn idleness_of_many_is_that_of_each() {
        let idle = [0u64, 700, 1_024, 5_000, 90_000, 90_000, 86_400_000];
        let class = |at: usize| Class::from_index(at * 5 % CLASSES);
        let mut together = DelayCounts::default();
        let all = idle.iter().enumerate();
        together.add_idleness(all.clone().map(|(at, idle)| (class(at), Millis(*idle))));
        let mut apart = DelayCounts::default();
        let mut one_by_one = DelayCounts::default();
        for (at, idle) in all {
            for bin in 1..=bin_of(Millis(*idle)) {
                let end = bin_end(bin).0.min(*idle);
                apart.add_seconds(class(at), bin, (end - bin_start(bin).0) as f32 / 1e3);
            }
            one_by_one.add_idle(class(at), Millis(*idle));
        }
        assert_eq!(one_by_one, apart);
        let total = |of: &DelayCounts| of.seconds.iter().sum::<f32>();
        assert!((total(&together) - total(&apart)).abs() < 1.0);
        for (one, other) in together.seconds.iter().zip(&apart.seconds) {
            assert!((one - other).abs() <= 1e-5 * other, "{one}, {other}");
        }
    }

    #[test]
    fn without_taps_nothing_is_lost() {
        let mut counts = DelayCounts::default();
        for index in 0..CLASSES {
            counts.add_call(Class::from_index(index), 4, 1.0);
            counts.add_seconds(Class::from_index(index), 5, 2.0);
        }
        let merged = counts.without_taps();
        assert_eq!(merged.calls_total(), counts.calls_total());
        for index in 0..CLASSES {
            let expected = if Class::from_index(index).tapped {
                0.0
            } else {
                2.0
            };
            assert_eq!(merged.calls(index, 4), expected);
            assert_eq!(merged.seconds(index, 5), 2.0 * expected);
        }
    }

    #[test]
    fn nonsense_stays_finite() {
        let mut counts = DelayCounts::default();
        counts.add_call(Class::default(), 3, f32::NAN);
        counts.add_call(Class::default(), 3, f32::INFINITY);
        counts.add_seconds(Class::default(), 4, f32::INFINITY);
        counts.add_call(Class::default(), BINS + 900_000, 1.0);
        let learnt = DelayModel::learnt(&counts);
        for class in 0..CLASSES {
            for bin in 0..BINS {
                assert!(learnt.cell(Class::from_index(class), bin).is_finite());
            }
        }
    }
}
