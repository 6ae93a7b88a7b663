//! What rest buys, by what a pool has learnt of its own callers.
//!
//! Which visitors come (device, engagement, intent, tab, tap) is counted; at what rate each calls
//! is learnt; how many of them are still away after a while is the default law's, because a pool
//! that forgets its holders sooner would tell too little of the late ones.

use super::HoldCurve;
use crate::delay::law::still_here;
use crate::delay::{ACTIVE_BIN, BINS, Basis, CLASSES, Callers, Class, bin_end, bin_start};

/// Calls later than this after the last activity are nobody's: a day, as in all figures.
const LAST_S: f64 = 86_400.0;

impl HoldCurve {
    /// The curve of a pool's callers; the assumed one while too little is known of them.
    pub fn of(callers: &Callers<'_>) -> Self {
        let counts = callers.counts();
        if callers.basis() == Basis::Assumed || counts.visits() < 1.0 {
            return Self::assumed();
        }
        let model = callers.model();
        let mut active = 0.0;
        let mut cells: Vec<(f64, f64)> = Vec::with_capacity(CLASSES * BINS);
        for class in (0..CLASSES).map(Class::from_index) {
            let spells = counts.spells(class);
            active += counts.active_seconds(class) * f64::from(model.cell(class, ACTIVE_BIN));
            for bin in 1..BINS {
                let (from, to) = (seconds(bin_start(bin)), seconds(bin_end(bin)).min(LAST_S));
                let middle = (from.max(0.5) * to).sqrt();
                let at_risk = spells * (to - from) * still_here(class, middle);
                if at_risk > 0.0 {
                    cells.push((at_risk, at_risk * f64::from(model.cell(class, bin))));
                }
            }
        }
        Self::by_falling_rate(counts.visits(), active, cells)
    }
}

fn seconds(time: crate::time::Millis) -> f64 {
    time.0 as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::super::{assumed_day, required};
    use super::*;
    use crate::delay::{DelayCounts, DelayModel, Device, Engagement, Tab};
    use crate::time::Millis;

    /// A site of so many visits of the default mix whose callers take `slower` times as long.
    fn counted(visits: u32, slower: f64) -> DelayCounts {
        let mut counts = DelayCounts::default();
        (0..visits).for_each(|_| counts.add_visit());
        let truth = DelayModel::default();
        for class in (0..CLASSES).map(Class::from_index) {
            let spells = f64::from(visits) * 1.3 * share_of(class);
            for bin in 1..BINS {
                let (from, to) = (seconds(bin_start(bin)), seconds(bin_end(bin)));
                let middle = (from.max(0.5) * to).sqrt();
                let at_risk = spells * (to - from) * still_here(class, middle);
                counts.add_seconds(class, bin, at_risk as f32);
                let age = Millis((middle / slower * 1e3) as u64);
                let mut calls = at_risk * f64::from(truth.hazard(class, age)) / slower;
                while calls > 0.0 {
                    counts.add_call(class, bin, calls.min(1.0) as f32);
                    calls -= 1.0;
                }
            }
        }
        counts
    }

    fn share_of(class: Class) -> f64 {
        let pick = |is: bool, share: f64| if is { share } else { 1.0 - share };
        let engagement = match class.engagement {
            Engagement::Bounce => 0.38,
            Engagement::Engaged => 0.25,
            Engagement::Deep => 0.37,
        };
        let tap = match class.device {
            Device::Mobile => pick(class.tapped, 0.03),
            Device::Desktop => pick(class.tapped, 0.0),
        };
        let device = pick(class.device == Device::Mobile, 0.6);
        let tab = pick(class.tab == Tab::Open, 0.3);
        engagement * device * pick(class.intent, 0.15) * tab * tap
    }

    fn needed(own: &DelayCounts) -> [u32; 3] {
        let curve = HoldCurve::of(&Callers {
            own,
            imported: None,
        });
        let day = assumed_day(10_667.0, 102.0, 1.8);
        [0.85, 0.90, 0.95].map(|share| required(&curve, &day, share))
    }

    #[test]
    fn without_calls_the_assumed_curve_stands() {
        let none = DelayCounts::default();
        let callers = Callers {
            own: &none,
            imported: None,
        };
        assert_eq!(HoldCurve::of(&callers), HoldCurve::assumed());
    }

    #[test]
    fn callers_as_assumed_need_about_the_assumed_numbers() {
        let day = assumed_day(10_667.0, 102.0, 1.8);
        let assumed = [0.85, 0.90, 0.95].map(|s| required(&HoldCurve::assumed(), &day, s));
        for (learnt, assumed) in needed(&counted(50_000, 1.0)).into_iter().zip(assumed) {
            let ratio = f64::from(learnt) / f64::from(assumed);
            assert!((0.75..1.33).contains(&ratio), "{learnt} for {assumed}");
        }
    }

    #[test]
    fn slower_callers_need_more_and_faster_fewer() {
        let [fast, usual, slow] = [1.0 / 3.0, 1.0, 3.0].map(|by| needed(&counted(50_000, by)));
        for place in 0..3 {
            let (fast, usual, slow) = (fast[place], usual[place], slow[place]);
            assert!(2 * fast < usual + usual / 2, "{fast}, {usual}");
            assert!(slow > usual * 3 / 2, "{usual}, {slow}");
        }
    }

    #[test]
    fn an_imported_table_sizes_until_own_calls_do() {
        let (slow, none) = (counted(50_000, 3.0), DelayCounts::default());
        let imported = Callers {
            own: &none,
            imported: Some(&slow),
        };
        assert_eq!(imported.basis(), Basis::Imported);
        let direct = Callers {
            own: &slow,
            imported: None,
        };
        assert_eq!(
            HoldCurve::of(&imported).points().len(),
            HoldCurve::of(&direct).points().len()
        );
        assert_ne!(HoldCurve::of(&imported), HoldCurve::assumed());
    }
}
