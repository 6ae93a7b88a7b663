//! The named workloads: S1 to S3 by size, and what the claims are sensitive to.
//!
//! Seeds are fixed, so that anybody gets the same history; others are taken with `--seed`.

use crate::law::Law;
use crate::workload::Workload;

/// A workload by name.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Short name, as in reports: `S2`, `S2-slow`.
    pub id: &'static str,
    /// What it is, in words.
    pub title: &'static str,
    /// The law of its history.
    pub law: Law,
    /// The law its hazard table is taught on, which is wrong in one scenario.
    pub taught: Law,
    /// Days that count.
    pub days: u64,
    /// Days before them, in which the pool fills.
    pub warm_days: u64,
    /// The seed of its history unless another is asked for.
    pub seed: u64,
    /// Pool sizes of the table of R.
    pub sizes: [usize; 6],
    /// The largest pool tried in the search for N.
    pub most: usize,
}

impl Scenario {
    /// The history that `seed` names.
    pub fn history(&self, seed: u64) -> Workload {
        Workload::draw(&self.law, self.warm_days + self.days, seed)
    }

    /// All workloads, in the order of reports.
    pub fn all() -> Vec<Self> {
        let base = Law::base(10_000.0);
        let s2 = |id, title, law: Law, seed| Self {
            id,
            title,
            taught: law.clone(),
            law,
            days: 14,
            warm_days: 1,
            seed,
            sizes: [10, 25, 50, 100, 200, 400],
            most: 4_096,
        };
        let mut hidden = base.clone();
        hidden.intent_seen = false;
        let fast = base.clone().delays_scaled(1.0 / 3.0);
        let slow = base.clone().delays_scaled(3.0);
        let mut mistaught = s2(
            "S2-mistaught",
            "hazards taught with delays 3x too long",
            base.clone(),
            107,
        );
        mistaught.taught = slow.clone();
        vec![
            Self {
                days: 90,
                sizes: [2, 5, 10, 20, 40, 80],
                most: 512,
                ..s2("S1", "1,000 visits a day", Law::base(1_000.0), 101)
            },
            s2("S2", "10,000 visits a day", base.clone(), 102),
            Self {
                days: 2,
                sizes: [50, 100, 250, 500, 1_000, 2_000],
                ..s2("S3", "100,000 visits a day", Law::base(100_000.0), 103)
            },
            s2("S2-fast", "fast callers: delays x 1/3", fast, 104),
            s2("S2-slow", "slow callers: delays x 3", slow, 105),
            s2("S2-tabs", "tabs left open x 3", base.tabs_scaled(3.0), 106),
            mistaught,
            s2("S2-hidden", "intent cannot be seen", hidden, 108),
        ]
    }
}
