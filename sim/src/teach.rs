//! Teaches the delay model on an independent sample: counts of calls and of time at risk by class
//! and age, as the pool counts them from its own calls, but from the truth and from many visits.
//!
//! Not a second model: counts only; what they amount to is `ringlet_core::delay`'s.

use ringlet_core::delay::{
    ACTIVE_BIN, BINS, CLASSES, Class, DelayCounts, Device, Engagement, Tab, bin_end, bin_of,
    bin_start,
};
use ringlet_core::time::Millis;

use crate::law::Law;
use crate::workload::{Visit, Workload};

/// Days after which a visitor's idleness is no longer counted: far calls are not judged.
const WATCHED: Millis = Millis(4 * 86_400_000);

/// Sums in full precision; the engine's counts are for one site's years, not for millions at once.
struct Sums {
    calls: Vec<f64>,
    seconds: Vec<f64>,
}

/// Counts a sample of at least `visits` visits of `law`, drawn with `seed`.
pub fn teach(law: &Law, visits: usize, seed: u64) -> DelayCounts {
    let mut sums = Sums {
        calls: vec![0.0; CLASSES * BINS],
        seconds: vec![0.0; CLASSES * BINS],
    };
    let (mut count, mut part) = (0, 0);
    while count < visits {
        // Drawn in parts, so that the sample never stands in memory whole.
        let history = Workload::draw(law, 10, seed.wrapping_add(part << 32));
        history
            .visits
            .iter()
            .for_each(|visit| watch(visit, &mut sums));
        count += history.visits.len();
        part += 1;
    }
    let mut counts = DelayCounts::default();
    for index in 0..CLASSES * BINS {
        let (class, bin) = (Class::from_index(index / BINS), index % BINS);
        counts.add_seconds(class, bin, sums.seconds[index] as f32);
        for _ in 0..sums.calls[index] as u64 {
            counts.add_call(class, bin, 1.0);
        }
    }
    counts
}

fn watch(visit: &Visit, sums: &mut Sums) {
    for (place, (from, idle_ms)) in visit.bursts.iter().enumerate() {
        let next = visit.bursts.get(place + 1).map(|burst| burst.0);
        let call = visit.call.filter(|_| next.is_none()).map(|call| call.at_ms);
        let until = next.or(call).unwrap_or(u64::MAX).min(idle_ms + WATCHED.0);
        let class = |closed| class_of(visit, place + 1, closed);
        sums.seconds[class(false).index() * BINS + ACTIVE_BIN] += (idle_ms - from) as f64 / 1e3;
        let tabs = [class(false).index() * BINS, class(true).index() * BINS];
        let closed = visit.closed_ms.saturating_sub(*idle_ms);
        let idle = until.saturating_sub(*idle_ms);
        for bin in 1..=bin_of(Millis(idle)) {
            let (start, end) = (bin_start(bin).0, bin_end(bin).0.min(idle));
            let open_to = closed.clamp(start, end.max(start));
            sums.seconds[tabs[0] + bin] += (open_to - start) as f64 / 1e3;
            sums.seconds[tabs[1] + bin] += end.saturating_sub(open_to) as f64 / 1e3;
        }
        if call.is_some_and(|at_ms| at_ms <= until) {
            sums.calls[tabs[usize::from(idle >= closed)] + bin_of(Millis(idle))] += 1.0;
        }
    }
}

/// The class in which the pool sees a visitor after so many spells.
fn class_of(visit: &Visit, spells: usize, closed: bool) -> Class {
    let last = spells == visit.bursts.len();
    Class {
        device: if visit.mobile {
            Device::Mobile
        } else {
            Device::Desktop
        },
        engagement: Engagement::of(
            u8::try_from(spells).unwrap_or(u8::MAX),
            u16::try_from(visit.active_ms(spells) / 1000).unwrap_or(u16::MAX),
        ),
        intent: visit.intent,
        tab: if closed { Tab::Closed } else { Tab::Open },
        tapped: last && visit.tap_ms.is_some(),
    }
}
