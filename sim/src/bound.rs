//! What no rule can pass: the causal (hazard-rate-ordering) bound and the clairvoyant bound.
//!
//! Causal: at the instant of a call on one of `N` numbers, `N` visitors at most can be told apart
//! by number, so no rule that knows the past alone is right more often than the one that keeps the
//! `N` visitors of highest hazard (Panigrahy, Nain, Neglia and Towsley, arXiv 2106.06457, for
//! caches). Evidence that comes with the call is weighed in before the `N` are taken. The hazards
//! are counted on an independent sample, by what can be observed: device, engagement, intent, tab,
//! tap and the time since the last activity in 41 classes.
//!
//! Clairvoyant: who calls and when is known; only callers need a number, from the last look to the
//! call; the most intervals that `N` colours can cover, taken by earliest end.
//!
//! Limits: the causal figure is an estimate from a finite sample (read it as ±1 point); a rule may
//! land a little above it. It is measured on the same calls as the rules, so differences are
//! steadier than either figure.

use ringlet_core::sizing::HoldCurve;

use crate::law::Law;
use crate::workload::{Visit, Workload};

/// What a rule may know when it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Taps on the number are reported.
    pub tap: bool,
    /// The region of the caller's number and of the visit are known.
    pub region: bool,
}

/// Upper edges of the classes of time since the last activity, in seconds.
const AGE_EDGES_S: [f64; 41] = [
    2.0, 4.0, 6.0, 8.0, 10.0, 13.0, 16.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 120.0,
    150.0, 180.0, 240.0, 300.0, 360.0, 480.0, 600.0, 750.0, 900.0, 1_200.0, 1_500.0, 1_800.0,
    2_400.0, 3_000.0, 3_600.0, 5_400.0, 7_200.0, 10_800.0, 14_400.0, 21_600.0, 28_800.0, 43_200.0,
    54_000.0, 64_800.0, 86_400.0,
];
const AGES: usize = AGE_EDGES_S.len();
/// device 2 x intent 2 x engagement 3 x tab 2 x tapped 2
const CLASSES: usize = 48;
/// How many calls the shape common to all classes is worth against a class's own.
const SHRINK_CALLS: f64 = 3.0;

/// A stay of one visit in one class and age, `from_ms..to_ms`.
#[derive(Clone, Copy, Debug)]
struct Stay {
    from_ms: u64,
    to_ms: u64,
    cell: usize,
}

fn class_of(visit: &Visit, bursts: usize, closed: bool, tapped: bool) -> usize {
    let active_s = visit.active_ms(bursts) as f64 / 1000.0;
    let engagement = match active_s {
        _ if bursts > 1 => 2,
        s if s < 12.0 => 0,
        s if s < 30.0 => 1,
        _ => 2,
    };
    (((engagement * 2 + usize::from(visit.mobile)) * 2 + usize::from(visit.intent)) * 2
        + usize::from(closed))
        * 2
        + usize::from(tapped)
}

/// Calls `each` for every stay of `visit` in idleness, up to its call.
fn stays(visit: &Visit, tap: bool, mut each: impl FnMut(Stay)) {
    for (place, (_, idle_ms)) in visit.bursts.iter().enumerate() {
        let next = visit.bursts.get(place + 1).map(|burst| burst.0);
        let last_ms = next
            .or(visit.call.map(|call| call.at_ms))
            .unwrap_or(u64::MAX)
            .min(idle_ms + (AGE_EDGES_S[AGES - 1] * 1000.0) as u64);
        let tapped = tap && visit.tap_ms.is_some_and(|at_ms| at_ms <= *idle_ms);
        let classes = [false, true].map(|closed| class_of(visit, place + 1, closed, tapped) * AGES);
        let mut from_ms = *idle_ms;
        for (age, edge_s) in AGE_EDGES_S.iter().enumerate() {
            let edge_ms = last_ms.min(idle_ms + (edge_s * 1000.0) as u64);
            // The tab may close within an age: two stays then.
            for (limit_ms, base) in [(visit.closed_ms, classes[0]), (u64::MAX, classes[1])] {
                let to_ms = edge_ms.min(limit_ms);
                if from_ms < to_ms {
                    each(Stay {
                        from_ms,
                        to_ms,
                        cell: base + age,
                    });
                    from_ms = to_ms;
                }
            }
            if from_ms >= last_ms {
                break;
            }
        }
    }
}

/// Rates of calling by class and age, counted on a sample.
#[derive(Clone, Debug)]
pub struct Hazards {
    per_ms: Vec<f64>,
    tap: bool,
    hold: HoldCurve,
}

impl Hazards {
    /// Counts calls and exposure on a sample of `visits` of `law` drawn with `seed`.
    pub fn count(law: &Law, visits: usize, seed: u64, tap: bool) -> Self {
        let mut exposure_ms = vec![0.0f64; CLASSES * AGES];
        let mut calls = vec![0.0f64; CLASSES * AGES];
        let mut count = 0;
        let mut part = 0;
        while count < visits {
            // Drawn in parts, so that the sample never stands in memory whole.
            let history = Workload::draw(law, 10, seed.wrapping_add(part << 32));
            for visit in &history.visits {
                stays(visit, tap, |stay| {
                    exposure_ms[stay.cell] += (stay.to_ms - stay.from_ms) as f64;
                    if visit.call.is_some_and(|call| call.at_ms == stay.to_ms) {
                        calls[stay.cell] += 1.0;
                    }
                });
            }
            count += history.visits.len();
            part += 1;
        }
        let cells = calls
            .iter()
            .zip(&exposure_ms)
            .map(|(calls, ms)| (ms / 1000.0, *calls));
        let hold = HoldCurve::from_cells(count as f64, cells);
        Self {
            per_ms: shrink(&calls, &exposure_ms),
            tap,
            hold,
        }
    }

    /// What seconds of hold a visit buy under this law: the curve that sizing reckons by.
    pub fn hold_curve(&self) -> &HoldCurve {
        &self.hold
    }
}

/// Rates of the cells, each drawn towards its class's level times the common shape over age.
fn shrink(calls: &[f64], exposure_ms: &[f64]) -> Vec<f64> {
    let mut shape = [0.0f64; AGES];
    for (age, rate) in shape.iter_mut().enumerate() {
        let sum = |of: &[f64]| {
            (0..CLASSES)
                .map(|class| of[class * AGES + age])
                .sum::<f64>()
        };
        *rate = sum(calls) / sum(exposure_ms).max(1.0);
    }
    let mut rates = vec![0.0; CLASSES * AGES];
    for class in 0..CLASSES {
        let cells = class * AGES..(class + 1) * AGES;
        let expected: f64 = cells
            .clone()
            .map(|cell| exposure_ms[cell] * shape[cell % AGES])
            .sum();
        let level = calls[cells.clone()].iter().sum::<f64>() / expected.max(1e-9);
        for cell in cells {
            let prior = level * shape[cell % AGES];
            if prior > 0.0 {
                let weight_ms = SHRINK_CALLS / prior;
                rates[cell] = (calls[cell] + SHRINK_CALLS) / (exposure_ms[cell] + weight_ms);
            }
        }
    }
    rates
}

/// How right a rule could be, as a function of the number of numbers.
#[derive(Clone, Debug)]
pub struct Causal {
    /// For every call: visitors certainly ranked above the caller, and those level with him.
    ranks: Vec<(u32, u32)>,
}

impl Causal {
    /// Ranks every caller of `history` among all visitors at the instant of his call. Calls before
    /// `from_ms` and those later than a day after the last activity do not count. `hazards` must
    /// have been counted with or without taps as `evidence` says.
    pub fn rank(
        history: &Workload,
        law: &Law,
        hazards: &Hazards,
        evidence: Evidence,
        from_ms: u64,
    ) -> Self {
        let mut moves: Vec<(u64, usize, usize, bool)> = Vec::new();
        let mut callers: Vec<(u64, usize, usize, usize)> = Vec::new();
        for visit in &history.visits {
            let home = usize::from(visit.region);
            stays(visit, hazards.tap, |stay| {
                moves.push((stay.from_ms, stay.cell, home, true));
                moves.push((stay.to_ms, stay.cell, home, false));
                if let Some(call) = visit.call
                    && call.at_ms == stay.to_ms
                    && call.at_ms >= from_ms
                    && call.at_ms < history.end_ms
                {
                    callers.push((call.at_ms, stay.cell, home, usize::from(call.region)));
                }
            });
        }
        moves.sort_unstable_by_key(|step| step.0);
        callers.sort_unstable();
        let mut crowd = Crowd::new(law, evidence.region, hazards);
        let mut next = 0;
        let ranks = callers
            .into_iter()
            .map(|(at_ms, cell, home, from)| {
                // The caller leaves his cell at the instant of his call: rank him before that.
                while let Some((when_ms, cell, home, enters)) = moves.get(next)
                    && *when_ms < at_ms
                {
                    crowd.step(*cell, *home, *enters);
                    next += 1;
                }
                crowd.rank(cell, home, from)
            })
            .collect();
        Self { ranks }
    }

    /// The bound over several histories.
    pub fn joined(parts: impl Iterator<Item = Self>) -> Self {
        Self {
            ranks: parts.flat_map(|part| part.ranks).collect(),
        }
    }

    /// The bound on the share of right visits with `numbers` numbers.
    pub fn right(&self, numbers: usize) -> f64 {
        let sum: f64 = self
            .ranks
            .iter()
            .map(|(above, level)| {
                ((numbers as f64 - f64::from(*above)) / f64::from((*level).max(1))).clamp(0.0, 1.0)
            })
            .sum();
        sum / self.ranks.len().max(1) as f64
    }

    /// The least numbers for which the bound reaches `share`, if at most `most`.
    pub fn numbers(&self, share: f64, most: usize) -> Option<usize> {
        let mut range = 0..most + 1;
        while !range.is_empty() {
            let middle = range.start + range.len() / 2;
            if self.right(middle) >= share {
                range.end = middle;
            } else {
                range.start = middle + 1;
            }
        }
        (range.start <= most).then_some(range.start)
    }
}

/// How many visitors are in each cell, whole and by region.
struct Crowd<'a> {
    hazards: &'a Hazards,
    total: Vec<u32>,
    by_region: Vec<u32>,
    regions: usize,
    /// Likelihood ratio of a caller from his own region against one from elsewhere, by region.
    own: Option<Vec<f64>>,
}

impl<'a> Crowd<'a> {
    fn new(law: &Law, region: bool, hazards: &'a Hazards) -> Self {
        let weights = law.region_weights();
        let total = weights.last().copied().unwrap_or(1.0);
        let own = region.then(|| {
            (0..law.regions)
                .map(|place| {
                    let before = if place == 0 { 0.0 } else { weights[place - 1] };
                    let stray = (1.0 - law.region_kept) * (weights[place] - before) / total;
                    (law.region_kept + stray) / stray
                })
                .collect()
        });
        Self {
            hazards,
            total: vec![0; CLASSES * AGES],
            by_region: vec![0; CLASSES * AGES * law.regions],
            regions: law.regions,
            own,
        }
    }

    fn step(&mut self, cell: usize, home: usize, enters: bool) {
        let by_region = &mut self.by_region[cell * self.regions + home];
        let total = &mut self.total[cell];
        for count in [by_region, total] {
            // A move out is never sorted before its move in: both carry the cell they belong to.
            *count = if enters {
                *count + 1
            } else {
                count.saturating_sub(1)
            };
        }
    }

    fn rank(&self, cell: usize, home: usize, from: usize) -> (u32, u32) {
        let factor = self.own.as_ref().map_or(1.0, |own| own[from]);
        let mine = self.hazards.per_ms[cell] * if home == from { factor } else { 1.0 };
        let mut above = 0;
        let mut level = 0;
        let mut add = |weight: f64, count: u32, own_cell: bool| {
            if own_cell {
                level += count;
            } else if weight > mine {
                above += count;
            }
        };
        for (other, total) in self.total.iter().enumerate() {
            if *total == 0 {
                continue;
            }
            let near = self.by_region[other * self.regions + from];
            let hazard = self.hazards.per_ms[other];
            if self.own.is_none() {
                add(hazard, *total, other == cell);
            } else {
                add(hazard * factor, near, other == cell && home == from);
                add(hazard, total - near, other == cell && home != from);
            }
        }
        (above, level.max(1))
    }
}

/// The share of calls that `numbers` numbers can cover when the future is known.
pub fn clairvoyant(history: &Workload, numbers: usize, from_ms: u64) -> f64 {
    let mut needs: Vec<(u64, u64)> = history
        .visits
        .iter()
        .filter_map(|visit| Some((visit.last_activity_ms(), visit.call?.at_ms)))
        .filter(|(look, call)| {
            call - look <= 86_400_000 && *call >= from_ms && *call < history.end_ms
        })
        .collect();
    needs.sort_unstable_by_key(|(_, call)| *call);
    let mut free_at = vec![0u64; numbers];
    let covered = needs
        .iter()
        .filter(|(look, call)| {
            // Of the numbers free at the look, the one that was busy last: it wastes least.
            let best = free_at.iter_mut().filter(|free| **free <= *look).max();
            best.map(|free| *free = *call).is_some()
        })
        .count();
    covered as f64 / needs.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::DAY_MS;

    #[test]
    fn every_bound_grows_with_the_numbers_and_with_the_evidence() {
        let law = Law::base(3_000.0);
        let history = Workload::draw(&law, 6, 31);
        let [plain, tap] = [false, true].map(|tap| Hazards::count(&law, 300_000, 32, tap));
        let rank = |hazards, tap, region| {
            Causal::rank(&history, &law, hazards, Evidence { tap, region }, DAY_MS)
        };
        let number = rank(&plain, false, false);
        let (tap, both) = (rank(&tap, true, false), rank(&tap, true, true));
        for numbers in [1, 3, 10, 30, 100, 300] {
            let [number, tap, both] = [&number, &tap, &both].map(|bound| bound.right(numbers));
            let future = clairvoyant(&history, numbers, DAY_MS);
            assert!(
                number < tap + 0.02 && tap < both && both <= future + 0.01,
                "{numbers}"
            );
        }
        assert!(number.right(100) > number.right(10));
        assert_eq!(number.right(1_000_000), 1.0);
        let needed = number.numbers(0.8, 10_000).expect("reached");
        assert!(number.right(needed) >= 0.8 && number.right(needed - 1) < 0.8);
    }

    #[test]
    fn one_number_covers_calls_that_do_not_overlap() {
        let visit = |from_ms: u64, call_ms: u64| Visit {
            visitor: 0,
            bursts: vec![(from_ms, from_ms + 10)],
            closed_ms: from_ms + 10,
            mobile: false,
            intent: false,
            region: 0,
            source: 0,
            tap_ms: None,
            call: Some(crate::workload::FirstCall {
                at_ms: call_ms,
                region: 0,
            }),
        };
        let visits = vec![visit(0, 100), visit(50, 120), visit(130, 150)];
        let history = Workload::of_visits(visits, 1_000);
        assert_eq!(clairvoyant(&history, 1, 0), 2.0 / 3.0);
        assert_eq!(clairvoyant(&history, 2, 0), 1.0);
    }
}
