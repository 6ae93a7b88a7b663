//! A stock of numbers shared among the sites of one owner: when a pool draws from it and when it
//! gives back.
//!
//! What is here: the decision, from what a pool counted. What is not: who lends what to whom, which
//! the stock's own object keeps. The rules are those of the field's shared pools (Mango): numbers
//! come as the peak grows, and leave after two weeks in which nobody was shown them or called them.
//!
//! Invariant: numbers of the owner's own never leave a pool, and a pool that is short gives nothing
//! back.

use crate::sizing::{self, KeepStep, KeptNumber, RETURN_AFTER_MS, Recommendation};

/// What a pool needs and what there is.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'d> {
    /// What its counters recommend.
    pub advice: Recommendation,
    /// Lately a visitor had to go without a number, or every number was before somebody's eyes.
    pub short: bool,
    /// Its numbers, borrowed and own.
    pub numbers: &'d [KeptNumber],
    /// Numbers the stock could lend.
    pub free: u32,
    /// Numbers the pool may borrow at most.
    pub most: u32,
    /// Now, Unix milliseconds.
    pub now_ms: u64,
}

/// Of a pool that is short, numbers grow by one more than this part at once.
const GROWTH: u32 = 4;

/// Decides what to take and what to give back.
pub fn keep(demand: &Demand<'_>) -> KeepStep {
    let have = u32::try_from(demand.numbers.len()).unwrap_or(u32::MAX);
    let borrowed = demand.numbers.iter().filter(|number| number.shared).count();
    let borrowed = u32::try_from(borrowed).unwrap_or(u32::MAX);
    let by_accuracy =
        sizing::keep_accuracy(&demand.advice, demand.numbers, u32::MAX, demand.now_ms);
    let by_peak = if demand.short { have / GROWTH + 1 } else { 0 };
    let wanted = by_accuracy.take.max(by_peak);
    let may = demand.most.saturating_sub(borrowed);
    let take = wanted.min(may).min(demand.free);
    let give_back = if wanted > 0 {
        Vec::new()
    } else {
        unused(demand.numbers, demand.now_ms)
    };
    KeepStep {
        take,
        give_back,
        ask: wanted - take,
    }
}

/// Places of borrowed numbers that were neither shown nor called for two weeks.
fn unused(numbers: &[KeptNumber], now_ms: u64) -> Vec<usize> {
    let last_use = |number: &KeptNumber| {
        let used = [Some(number.since_ms), number.shown_ms, number.called_ms];
        used.into_iter().flatten().max().unwrap_or_default()
    };
    numbers
        .iter()
        .enumerate()
        .filter(|(_, number)| {
            number.shared && now_ms.saturating_sub(last_use(number)) >= RETURN_AFTER_MS
        })
        .map(|(place, _)| place)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizing::Colour;
    use proptest::prelude::*;

    const DAY: u64 = 86_400_000;
    const NOW: u64 = 100 * DAY;

    fn advice(have: u32, need: u32, colour: Colour) -> Recommendation {
        Recommendation {
            have,
            need,
            accuracy: 0.8,
            wanted: 0.9,
            peak_active: 3.0,
            colour,
        }
    }

    fn number(shared: bool, used_days_ago: u64) -> KeptNumber {
        KeptNumber {
            shared,
            since_ms: 0,
            shown_ms: Some(NOW - used_days_ago * DAY),
            called_ms: None,
        }
    }

    fn demand(numbers: &[KeptNumber], need: u32, colour: Colour) -> Demand<'_> {
        Demand {
            advice: advice(numbers.len() as u32, need, colour),
            short: false,
            numbers,
            free: 100,
            most: 50,
            now_ms: NOW,
        }
    }

    #[test]
    fn takes_as_the_peak_grows() {
        let numbers = [number(false, 0); 8];
        let calm = demand(&numbers, 8, Colour::Grey);
        assert_eq!(keep(&calm), KeepStep::default());
        let short = Demand {
            short: true,
            ..calm
        };
        assert_eq!(keep(&short).take, 3);
        assert_eq!(keep(&Demand { free: 1, ..short }).take, 1);
        assert_eq!(keep(&Demand { free: 1, ..short }).ask, 2);
        assert_eq!(keep(&Demand { most: 2, ..short }).take, 2);
        assert_eq!(keep(&demand(&numbers, 20, Colour::Red)).take, 12);
    }

    #[test]
    fn gives_back_after_two_weeks_of_nothing() {
        let numbers = [
            number(true, 13),
            number(true, 14),
            number(false, 99),
            KeptNumber {
                called_ms: Some(NOW - DAY),
                ..number(true, 60)
            },
            KeptNumber {
                since_ms: NOW - 3 * DAY,
                shown_ms: None,
                ..number(true, 0)
            },
        ];
        let quiet = demand(&numbers, 5, Colour::Green);
        assert_eq!(keep(&quiet).give_back, [1]);
        // A site that nobody visits any more is grey and gives back all the same.
        assert_eq!(keep(&demand(&numbers, 5, Colour::Grey)).give_back, [1]);
        let short = Demand {
            short: true,
            ..quiet
        };
        assert!(keep(&short).give_back.is_empty());
    }

    proptest! {
        #[test]
        fn takes_within_its_bounds_and_keeps_what_is_its_own(
            own in 0usize..30,
            ages in prop::collection::vec(0u64..40, 0..30),
            need in 0u32..100,
            short: bool,
            free in 0u32..40,
            most in 0u32..40,
        ) {
            let own = core::iter::repeat_n(number(false, 30), own);
            let numbers: Vec<_> = own.chain(ages.iter().map(|age| number(true, *age))).collect();
            let demand = Demand { short, free, most, ..demand(&numbers, need, Colour::Red) };
            let step = keep(&demand);
            prop_assert!(step.take <= free);
            prop_assert!(step.take == 0 || step.take as usize + ages.len() <= most as usize);
            prop_assert!(step.take == 0 || step.give_back.is_empty());
            for place in step.give_back {
                let number = numbers[place];
                prop_assert!(number.shared && number.shown_ms <= Some(NOW - 14 * DAY));
            }
        }
    }
}
