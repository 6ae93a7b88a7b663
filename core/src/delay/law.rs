//! The default law of call delays: what a site starts from before it has calls of its own.
//!
//! No public distribution of visit-to-call delay is known; the law is an assumption built on the
//! hold times the field chose (2.5 min to 60 min) and on the share of calls from mobile telephones
//! (about 75 %, Invoca 2014). Its figures stand in `docs/concepts/pools.md` with the sensitivity to
//! them: a law three times too slow or too fast still chooses nearly as well.

use super::{ACTIVE_BIN, BINS, CLASSES, Class, Device, Engagement, bin_end, bin_start};

/// A log-normal part of a delay law.
#[derive(Clone, Copy, Debug)]
pub struct LogNormal {
    /// Share of calls in this part.
    pub weight: f64,
    /// Median in seconds.
    pub median_s: f64,
    /// Standard deviation of the logarithm.
    pub sigma: f64,
}

impl LogNormal {
    /// The share of this part's calls that came within `seconds`.
    pub fn within(&self, seconds: f64) -> f64 {
        if seconds <= 0.0 {
            return 0.0;
        }
        normal_cdf((seconds / self.median_s).ln() / self.sigma)
    }
}

/// Delays of calls from mobile telephones: in session by tap, minutes, hours, days.
pub const MOBILE: [LogNormal; 4] = [
    part(0.75, 7.0, 0.6),
    part(0.16, 240.0, 1.0),
    part(0.07, 7_200.0, 1.0),
    part(0.02, 216_000.0, 0.8),
];

/// Delays of calls of visitors at a desk.
pub const DESKTOP: [LogNormal; 4] = [
    part(0.45, 7.0, 0.6),
    part(0.33, 240.0, 1.0),
    part(0.17, 7_200.0, 1.0),
    part(0.05, 216_000.0, 0.8),
];

const fn part(weight: f64, median_s: f64, sigma: f64) -> LogNormal {
    LogNormal {
        weight,
        median_s,
        sigma,
    }
}

/// Of the calls in session from a mobile telephone, the share whose tap was heard of.
const TAP_HEARD: f64 = 0.97;
/// Mobile visits that tap and do not call.
const IDLE_TAPS: f64 = 0.011;
/// After a spell of activity, the share of engaged visitors who will come back to the page.
const COMES_BACK: f64 = 0.35;

/// The share of visitors of `class` who call, tap or no tap.
fn call_share(class: Class) -> f64 {
    match (class.intent, class.engagement) {
        (true, Engagement::Bounce) => 0.06,
        (true, _) => 0.15,
        // A bounce is what looks like one: one in eight is a visitor who will come back.
        (false, Engagement::Bounce) => 0.010,
        (false, Engagement::Engaged | Engagement::Deep) => 0.0206,
    }
}

/// Hazards per second, one row per class.
pub fn default_hazards() -> Vec<[f32; BINS]> {
    (0..CLASSES)
        .map(|index| hazards_of(Class::from_index(index)))
        .collect()
}

fn hazards_of(class: Class) -> [f32; BINS] {
    let mut row = [0.0; BINS];
    for (bin, cell) in row.iter_mut().enumerate().skip(1) {
        let (from, to) = (bin_start(bin).0 as f64 / 1e3, bin_end(bin).0 as f64 / 1e3);
        let called = expected(class, to) - expected(class, from);
        let at_risk = still_here(class, (from * to).sqrt());
        *cell = (called / ((to - from) * at_risk)) as f32;
    }
    // While he is active he reads; some dial from the screen with the page before them.
    row[ACTIVE_BIN] = row[1] * 0.5;
    row
}

/// The part of a class's visitors, per spell of activity, that calls within `seconds` of its end.
fn expected(class: Class, seconds: f64) -> f64 {
    let share = call_share(class) * last_spell(class);
    let parts: &[LogNormal; 4] = match class.device {
        Device::Mobile => &MOBILE,
        Device::Desktop => &DESKTOP,
    };
    let [in_session, later @ ..] = parts;
    let later_sum: f64 = later.iter().map(|p| p.weight * p.within(seconds)).sum();
    if class.device == Device::Desktop {
        return share * (in_session.weight * in_session.within(seconds) + later_sum);
    }
    let heard = share * in_session.weight * TAP_HEARD;
    if class.tapped {
        // Of those who tapped, nearly all who call do so at once.
        return heard / (heard + IDLE_TAPS) * in_session.within(seconds) + share * later_sum;
    }
    let unheard = in_session.weight * (1.0 - TAP_HEARD);
    share * (unheard * in_session.within(seconds) + later_sum)
}

/// The chance that a spell of activity was the visit's last.
fn last_spell(class: Class) -> f64 {
    match class.engagement {
        Engagement::Bounce => 0.95,
        Engagement::Engaged | Engagement::Deep => 1.0 - COMES_BACK,
    }
}

/// The share of visitors neither called nor active again `seconds` after a spell of activity.
pub(crate) fn still_here(class: Class, seconds: f64) -> f64 {
    let back = LogNormal {
        weight: 1.0,
        median_s: 270.0,
        sigma: 1.0,
    };
    let gone = (1.0 - last_spell(class)) * back.within(seconds);
    (1.0 - gone - expected(class, seconds)).max(0.05)
}

/// The standard normal distribution function, within 1e-7 (Abramowitz and Stegun 26.2.17).
pub fn normal_cdf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let series = t
        * (0.319_381_53
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = (-x * x / 2.0).exp() / (2.0 * core::f64::consts::PI).sqrt() * series;
    if x >= 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of all calls within `seconds`, 60 % of visitors mobile.
    fn overall(seconds: f64) -> f64 {
        let of = |parts: &[LogNormal; 4]| -> f64 {
            parts.iter().map(|p| p.weight * p.within(seconds)).sum()
        };
        0.6 * of(&MOBILE) + 0.4 * of(&DESKTOP)
    }

    #[test]
    fn the_law_meets_its_quantiles() {
        for (seconds, share) in [
            (20.0, 0.60),
            (900.0, 0.84),
            (3600.0, 0.89),
            (86_400.0, 0.97),
        ] {
            let got = overall(seconds);
            assert!((got - share).abs() < 0.035, "{seconds} s: {got}");
        }
    }

    #[test]
    fn a_tap_is_the_strongest_sign() {
        let hazards = default_hazards();
        let class = |tapped| Class {
            device: Device::Mobile,
            engagement: Engagement::Engaged,
            tapped,
            ..Class::default()
        };
        let bin = super::super::bin_of(crate::time::Millis(8_000));
        assert!(hazards[class(true).index()][bin] > 20.0 * hazards[class(false).index()][bin]);
    }
}
