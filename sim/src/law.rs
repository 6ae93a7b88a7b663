//! The stated laws of the open workload: what is assumed of arrivals, visits, tabs and calls.
//!
//! Every figure here is an assumption that the published tables stand on; docs/concepts/pools.md
//! says where each comes from. The delay law above all: no public distribution of the time from a
//! look at a number to the call exists, so it is varied (`fast`, `slow`) wherever a claim is made.

use crate::random::LogNormal;

/// The profile of the base law: the hours from midnight on, the busiest 1.75 times the mean. Quiet
/// nights, two busy hours before noon, a long afternoon. A single wave of the same height keeps
/// the site near its peak longer, and rules that hold numbers for a time then miss the design's
/// figures at two hundred numbers by up to 2.4 points (`docs/concepts/pools.md`).
const OFFICE_DAY: [f64; 24] = [
    0.35, 0.25, 0.18, 0.15, 0.15, 0.20, 0.35, 0.65, 1.05, 1.40, 1.65, 1.80, 1.80, 1.70, 1.65, 1.65,
    1.60, 1.50, 1.40, 1.35, 1.30, 1.15, 0.85, 0.55,
];

/// Whether the visits of flash bursts are counted among a law's visits a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashVisits {
    /// They come on top.
    OnTop,
    /// They are among them.
    Within,
}

/// How many flash bursts a day has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashCount {
    /// The same number on every day, at random instants of it.
    Exactly,
    /// That number in the mean: a Poisson process.
    OnAverage,
}

/// One part of the law of call delays: a share of callers and how long they wait.
#[derive(Clone, Copy, Debug)]
pub struct DelayPart {
    /// Share of the device's callers, the parts of one device summing to one.
    pub share: f64,
    /// Seconds from the last activity to the call.
    pub delay_s: LogNormal,
    /// Whether these callers call while the page is before them (by tap, on a mobile device).
    pub in_session: bool,
}

/// All the laws of one workload.
#[derive(Clone, Debug)]
pub struct Law {
    /// Mean visits a day, with or without those of the flash bursts: see `flash_visits`.
    pub visits_per_day: f64,
    /// Arrivals by the hour of the day, in any unit: only their proportions count.
    pub profile: [f64; 24],
    /// Flash bursts on each day, at random instants (a mailing, a television spot).
    pub flashes_per_day: u32,
    /// What a flash adds at its start, in mean rates.
    pub flash_height: f64,
    /// The time in which a flash falls to 1/e, in seconds.
    pub flash_decay_s: f64,
    /// Whether their visits are among `visits_per_day`.
    pub flash_visits: FlashVisits,
    /// Whether every day has the same number of them.
    pub flash_count: FlashCount,
    /// Share of visits that leave at once.
    pub bounce: f64,
    /// Active seconds of a bounce.
    pub bounce_active_s: LogNormal,
    /// Probability that an engaged visitor comes back to the page after a burst of activity.
    pub another_burst: f64,
    /// Seconds of one burst of activity of an engaged visitor.
    pub burst_s: LogNormal,
    /// Least seconds between two bursts.
    pub gap_floor_s: f64,
    /// Seconds between two bursts beyond the least.
    pub gap_s: LogNormal,
    /// Share of tabs left open after the last activity: of bounces, of engaged visits.
    pub tab_left_open: [f64; 2],
    /// Seconds a tab stays open after the last activity.
    pub tab_open_s: LogNormal,
    /// The longest a tab stays open, in seconds.
    pub tab_cap_s: f64,
    /// Share of bounces that end in a call.
    pub calls_bounce: f64,
    /// Share of engaged visits without intent that end in a call.
    pub calls_engaged: f64,
    /// Share of engaged visits that show intent to get in touch (contact page, basket).
    pub intent: f64,
    /// Share of visits with intent that end in a call.
    pub calls_intent: f64,
    /// Whether the intent can be observed.
    pub intent_seen: bool,
    /// Share of visits from a mobile device.
    pub mobile: f64,
    /// Law of the delay: desktop, mobile.
    pub delay: [[DelayPart; 4]; 2],
    /// All delays are multiplied by this.
    pub delay_scale: f64,
    /// Share of tap messages that arrive.
    pub tap_arrives: f64,
    /// Share of mobile visits with a tap but no call.
    pub idle_tap: f64,
    /// Number of regions visitors come from, weighed by Zipf's law.
    pub regions: usize,
    /// Probability that the caller's number is of the visitor's region.
    pub region_kept: f64,
    /// Probability that a visit is made by somebody who visited in the last days.
    pub returning: f64,
    /// Seconds between the visits of a returning visitor.
    pub return_after_s: LogNormal,
}

const fn part(share: f64, median: f64, sigma: f64, in_session: bool) -> DelayPart {
    DelayPart {
        share,
        delay_s: LogNormal { median, sigma },
        in_session,
    }
}

const fn delays(shares: [f64; 4]) -> [DelayPart; 4] {
    const DAY_S: f64 = 86_400.0;
    [
        // "Within about 2 to 20 s of the tap": 95 of 100 draws lie within 20 s.
        part(shares[0], 7.0, 0.65, true),
        part(shares[1], 240.0, 1.0, false),
        part(shares[2], 7_200.0, 1.0, false),
        part(shares[3], 2.5 * DAY_S, 0.8, false),
    ]
}

impl Law {
    /// The base law at `visits_per_day`. Means: 102 s active, 757 s tab open, 2.6 % call.
    pub fn base(visits_per_day: f64) -> Self {
        Self {
            visits_per_day,
            profile: OFFICE_DAY,
            flashes_per_day: 4,
            flash_height: 3.0,
            flash_decay_s: 480.0,
            flash_visits: FlashVisits::OnTop,
            flash_count: FlashCount::Exactly,
            bounce: 0.45,
            bounce_active_s: LogNormal {
                median: 7.0,
                sigma: 0.8,
            },
            another_burst: 0.35,
            burst_s: LogNormal {
                median: 70.0,
                sigma: 1.0,
            },
            gap_floor_s: 30.0,
            gap_s: LogNormal {
                median: 240.0,
                sigma: 1.2,
            },
            tab_left_open: [0.15, 0.40],
            tab_open_s: LogNormal {
                median: 600.0,
                sigma: 1.5,
            },
            tab_cap_s: 8.0 * 3_600.0,
            calls_bounce: 0.008,
            calls_engaged: 0.0206,
            intent: 0.15,
            calls_intent: 0.15,
            intent_seen: true,
            mobile: 0.60,
            delay: [
                delays([0.45, 0.33, 0.17, 0.05]),
                delays([0.75, 0.16, 0.07, 0.02]),
            ],
            delay_scale: 1.0,
            tap_arrives: 0.97,
            idle_tap: 0.011,
            regions: 20,
            region_kept: 0.75,
            returning: 0.0,
            return_after_s: LogNormal {
                median: 86_400.0,
                sigma: 1.0,
            },
        }
    }

    /// Arrivals without profile and flashes, where Erlang's formula holds exactly.
    pub fn flat(mut self) -> Self {
        self.profile = [1.0; 24];
        self.flashes_per_day = 0;
        self
    }

    /// The same with every delay multiplied by `scale`.
    pub fn delays_scaled(mut self, scale: f64) -> Self {
        self.delay_scale = scale;
        self
    }

    /// The same with tabs left open `scale` times as long.
    pub fn tabs_scaled(mut self, scale: f64) -> Self {
        self.tab_open_s.median *= scale;
        self
    }

    /// Mean visits a second outside the flash bursts.
    pub fn plain_rate(&self) -> f64 {
        let rate = self.visits_per_day / 86_400.0;
        match self.flash_visits {
            FlashVisits::OnTop => rate,
            FlashVisits::Within => rate / (1.0 + self.flash_share()),
        }
    }

    /// Visits of the flashes over those outside them.
    fn flash_share(&self) -> f64 {
        f64::from(self.flashes_per_day) * self.flash_height * self.flash_decay_s / 86_400.0
    }

    /// Share of all visits that end in a call.
    pub fn call_share(&self) -> f64 {
        let engaged = self.intent * self.calls_intent + (1.0 - self.intent) * self.calls_engaged;
        self.bounce * self.calls_bounce + (1.0 - self.bounce) * engaged
    }

    /// Cumulative weights of the regions (Zipf's law of exponent one).
    pub fn region_weights(&self) -> Vec<f64> {
        let mut sum = 0.0;
        (1..=self.regions)
            .map(|rank| {
                sum += 1.0 / rank as f64;
                sum
            })
            .collect()
    }
}
