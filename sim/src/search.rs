//! The search for N: the fewest numbers with which a rule reaches a share of right calls.
//!
//! R grows with the logarithm of N, within noise, so each next pool is the one where the line
//! between the two ends crosses, and the last word is read off such a line. Every pool size is run
//! at most once, and all of them on the same history, so that noise hardly tells sizes apart.

use std::collections::BTreeMap;

/// The shares searched for, in per cent.
pub const TARGETS: [u32; 4] = [80, 85, 90, 95];

/// A share as near as this to the one wanted is as good as it: a seventh of the standard error of
/// two weeks at 10,000 visits a day.
const NEAR: f64 = 0.000_8;

/// Results of runs by pool size.
pub struct Search<T, F> {
    run: F,
    most: usize,
    seen: BTreeMap<usize, T>,
}

impl<T, F: FnMut(usize) -> T> Search<T, F> {
    /// A search with pools of at most `most`.
    pub fn new(most: usize, run: F) -> Self {
        Self {
            run,
            most,
            seen: BTreeMap::new(),
        }
    }

    /// The result with `numbers` numbers.
    pub fn at(&mut self, numbers: usize) -> &T {
        let run = &mut self.run;
        self.seen.entry(numbers).or_insert_with(|| run(numbers))
    }

    /// All results so far, by pool size.
    pub fn seen(&self) -> impl Iterator<Item = (usize, &T)> {
        self.seen.iter().map(|(numbers, result)| (*numbers, result))
    }

    /// The fewest numbers whose `share` (R, as read off a result) is `wanted`; nothing if the
    /// largest pool does not reach it.
    pub fn numbers(&mut self, wanted: f64, share: impl Fn(&T) -> f64) -> Option<usize> {
        let (mut low, mut high) = self.bracket(wanted, &share)?;
        // Pools of twenty are told apart by one, of a thousand by some thirty.
        while high - low > 1 && high as f64 > low as f64 * 1.03 {
            let guess = self.crossing(low, high, wanted, &share);
            // Not so near an end that the other never moves.
            let inset = ((high - low) / 16).max(1);
            let next = (guess.round() as usize).clamp(low + inset, high - inset);
            let found = share(self.at(next));
            if found >= wanted {
                high = next;
            } else {
                low = next;
            }
            if (found - wanted).abs() < NEAR {
                break;
            }
        }
        if low == 0 {
            return Some(high);
        }
        Some((self.crossing(low, high, wanted, &share)).ceil() as usize)
    }

    /// Where the line between two pools, over the logarithm of their size, meets `wanted`.
    fn crossing(
        &mut self,
        low: usize,
        high: usize,
        wanted: f64,
        share: &impl Fn(&T) -> f64,
    ) -> f64 {
        if low == 0 {
            return high as f64 / 2.0;
        }
        let (below, above) = (share(self.at(low)), share(self.at(high)));
        let part = ((wanted - below) / (above - below).max(1e-9)).clamp(0.0, 1.0);
        low as f64 * (high as f64 / low as f64).powf(part)
    }

    /// A pool too small and one large enough, of those seen or by doubling.
    fn bracket(&mut self, wanted: f64, share: &impl Fn(&T) -> f64) -> Option<(usize, usize)> {
        let large = self.seen.iter().find(|(_, result)| share(result) >= wanted);
        let mut high = large.map_or(0, |(numbers, _)| *numbers);
        let below = |numbers: usize| if high == 0 { true } else { numbers < high };
        let mut low = self
            .seen
            .iter()
            .filter(|(numbers, result)| below(**numbers) && share(result) < wanted)
            .map(|(numbers, _)| *numbers)
            .next_back()
            .unwrap_or(0);
        while high == 0 {
            let next = (low.max(1) * 2).min(self.most);
            if share(self.at(next)) >= wanted {
                high = next;
            } else if next == self.most {
                return None;
            } else {
                low = next;
            }
        }
        Some((low, high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_crossing_with_few_runs() {
        let mut runs = 0;
        let mut search = Search::new(4_096, |numbers| {
            runs += 1;
            1.0 - 1.0 / (1.0 + numbers as f64 / 25.0)
        });
        let found = TARGETS.map(|target| search.numbers(f64::from(target) / 100.0, |share| *share));
        for (found, exact) in found.into_iter().zip([100, 142, 225, 475]) {
            let found = found.expect("reached");
            assert!(found.abs_diff(exact) <= exact / 50, "{found} for {exact}");
        }
        assert_eq!(search.numbers(0.999, |share| *share), None);
        assert!(runs < 30, "{runs} runs");
    }

    #[test]
    fn one_number_may_be_enough() {
        let mut search = Search::new(64, |_| 1.0);
        assert_eq!(search.numbers(0.95, |share| *share), Some(1));
    }
}
