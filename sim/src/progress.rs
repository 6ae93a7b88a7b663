//! How long a run has been going, for progress lines. Nothing that is simulated reads it.

use std::time::{Duration, Instant};

/// A clock that was started.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Starts one.
    #[expect(
        clippy::disallowed_methods,
        reason = "a native command tells how long it takes"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since.
    pub fn seconds(self) -> f64 {
        let elapsed: Duration = self.0.elapsed();
        elapsed.as_secs_f64()
    }
}
