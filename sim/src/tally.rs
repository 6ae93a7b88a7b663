//! What a run counts: right, wrong and unmatched calls, visitors without a number of their own, and
//! whether said probabilities come true.
//!
//! Invariant: every call that counts is right, wrong or matched to nobody; tallies of several
//! histories add up.

/// How many classes of said probability the reliability table has.
pub const RELIABILITY_BINS: usize = 20;

/// One row of the reliability table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reliability {
    /// Answers whose said probability fell here.
    pub answers: u64,
    /// Of them, right ones.
    pub right: u64,
    /// Sum of the said probabilities.
    pub said: f64,
}

/// What one way of attributing did with the calls of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Calls that count.
    pub calls: u64,
    /// Credited to the visit that made them.
    pub right: u64,
    /// Credited to another.
    pub wrong: u64,
    /// Sum over answers of (said probability − truth)².
    pub square_error: f64,
    /// By said probability, in steps of five points.
    pub reliability: [Reliability; RELIABILITY_BINS],
}

impl Tally {
    /// Counts one call. `answer` is whether the credited visit is the right one, and the
    /// probability said of it; nothing if nobody was credited.
    pub fn count(&mut self, answer: Option<(bool, f64)>) {
        self.calls += 1;
        let Some((right, said)) = answer else { return };
        let truth = if right { 1.0 } else { 0.0 };
        self.right += u64::from(right);
        self.wrong += u64::from(!right);
        self.square_error += (said - truth) * (said - truth);
        let bin = ((said * RELIABILITY_BINS as f64) as usize).min(RELIABILITY_BINS - 1);
        let row = &mut self.reliability[bin];
        row.answers += 1;
        row.right += u64::from(right);
        row.said += said;
    }

    /// Adds the counts of another history.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.right += other.right;
        self.wrong += other.wrong;
        self.square_error += other.square_error;
        for (mine, theirs) in self.reliability.iter_mut().zip(&other.reliability) {
            mine.answers += theirs.answers;
            mine.right += theirs.right;
            mine.said += theirs.said;
        }
    }

    /// Share of calls credited to the right visit: R.
    pub fn right_share(&self) -> f64 {
        self.right as f64 / self.calls.max(1) as f64
    }

    /// Share of calls credited to a wrong visit.
    pub fn wrong_share(&self) -> f64 {
        self.wrong as f64 / self.calls.max(1) as f64
    }

    /// Share of calls credited to nobody.
    pub fn nobody_share(&self) -> f64 {
        1.0 - self.right_share() - self.wrong_share()
    }

    /// Brier score of the answers given: mean square error of the said probability.
    pub fn brier(&self) -> f64 {
        self.square_error / (self.right + self.wrong).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_one_of_three() {
        let mut tally = Tally::default();
        tally.count(Some((true, 0.9)));
        tally.count(Some((true, 1.0)));
        tally.count(Some((false, 0.6)));
        tally.count(None);
        assert_eq!((tally.right_share(), tally.wrong_share()), (0.5, 0.25));
        assert_eq!(tally.nobody_share(), 0.25);
        assert!((tally.brier() - (0.01 + 0.0 + 0.36) / 3.0).abs() < 1e-12);
        assert_eq!(tally.reliability[19].answers, 1);
        assert_eq!(tally.reliability[18].right, 1);
        let mut twice = tally.clone();
        twice.add(&tally);
        assert_eq!((twice.calls, twice.right, twice.wrong), (8, 4, 2));
        assert_eq!(twice.brier(), tally.brier());
    }
}
