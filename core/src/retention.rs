//! How long a site keeps what it knows of visitors.
//!
//! What is here: from which instant on data is past its time. What is not: deleting it (the edge).
//! Invariant: no visit goes while a call may still be credited to it, so a visit outlives the
//! attribution window whatever the owner keeps visits for.

use crate::site::SiteConfig;
use crate::time::{Millis, UnixMillis};

/// Instants before which data is past its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cutoffs {
    /// Visits: who had which number, with labels and pages.
    pub visits: UnixMillis,
    /// Calls with their events and attributions.
    pub calls: UnixMillis,
}

impl Cutoffs {
    /// What the configuration says at the instant `now`.
    pub fn of(config: &SiteConfig, now: UnixMillis) -> Self {
        let days = |days: u64| now - Millis::from_mins(days * 24 * 60);
        let visits = config.retention.visit_days;
        Self {
            visits: days(visits.max(config.attribution.window_days)),
            calls: days(config.retention.call_days),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(visit_days: u64, window_days: u64, call_days: u64) -> SiteConfig {
        let text = format!(
            r#"{{"v":1,"site":"s","name":"S","origins":["https://s.example"],
            "time_zone":"UTC","country_code":"7",
            "retention":{{"visit_days":{visit_days},"call_days":{call_days}}},
            "attribution":{{"window_days":{window_days}}}}}"#
        );
        SiteConfig::parse(&text).expect("a configuration")
    }

    #[test]
    fn visits_outlive_the_attribution_window() {
        const DAY: u64 = 86_400_000;
        let now = UnixMillis(1_000 * DAY);
        let cases = [
            ((400, 30, 1_095), (600, 0)),
            ((7, 30, 10), (970, 990)),
            ((30, 30, 30), (970, 970)),
            ((31, 30, 1), (969, 999)),
        ];
        for ((visit_days, window_days, call_days), (visits, calls)) in cases {
            let cutoffs = Cutoffs::of(&config(visit_days, window_days, call_days), now);
            assert_eq!(cutoffs.visits, UnixMillis(visits * DAY));
            assert_eq!(cutoffs.calls, UnixMillis(calls * DAY));
        }
    }
}
