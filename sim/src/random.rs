//! Draws from the laws the workload is made of, over the domain's own stream of random words.
//!
//! Not a statistics library: exactly the laws the workload needs, each with the parameters in
//! which the workload states it. Invariant: one seed gives one sequence on every machine that
//! computes `ln`, `exp` and `cos` alike.

use ringlet_core::entropy::Entropy;

/// A log-normal law, stated as the field states it: by median and the deviation of the logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogNormal {
    /// The median, in the unit of what is drawn.
    pub median: f64,
    /// Standard deviation of the natural logarithm.
    pub sigma: f64,
}

impl LogNormal {
    /// The mean of the law.
    pub fn mean(self) -> f64 {
        self.median * (self.sigma * self.sigma / 2.0).exp()
    }

    /// One draw.
    pub fn draw(self, random: &mut Random) -> f64 {
        self.median * (self.sigma * random.normal()).exp()
    }
}

/// A stream of draws.
#[derive(Clone, Debug)]
pub struct Random {
    entropy: Entropy,
    spare: Option<f64>,
}

impl Random {
    /// The stream that `seed` names.
    pub fn new(seed: u64) -> Self {
        Self {
            entropy: Entropy::from_seed(seed),
            spare: None,
        }
    }

    /// A number in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        self.entropy.next_unit()
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// An exponential draw of the given mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -(1.0 - self.unit()).ln() * mean
    }

    /// A standard normal draw (Box and Muller; the second of each pair is kept).
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let angle = core::f64::consts::TAU * self.unit();
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }

    /// How often a step of probability `p` succeeds before it first fails.
    pub fn geometric(&mut self, p: f64) -> usize {
        let mut steps = 0;
        while self.chance(p) {
            steps += 1;
        }
        steps
    }

    /// An index drawn by the cumulative weights `cumulative`, whose last is the total.
    pub fn index(&mut self, cumulative: &[f64]) -> usize {
        let total = cumulative.last().copied().unwrap_or_default();
        let point = self.unit() * total;
        cumulative
            .partition_point(|sum| *sum <= point)
            .min(cumulative.len().saturating_sub(1))
    }
}
