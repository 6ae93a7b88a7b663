//! The delay model in the owner's words: "half of your callers call within 20 s".

use super::{BINS, CLASSES, Class, DelayCounts, DelayModel, Device, Engagement, Tab, bin_end};
use crate::time::Millis;

/// Within what time which share of callers call.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Quantiles {
    /// Half of the callers call within this time after their last activity.
    pub half_ms: Millis,
    /// Nine in ten.
    pub nine_in_ten_ms: Millis,
    /// Nineteen in twenty.
    pub nineteen_in_twenty_ms: Millis,
    /// Calls of the site's own these stand on; zero means the default law alone.
    pub own_calls: u64,
}

/// The sentence an owner reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// In English.
    pub en: String,
    /// In Russian.
    pub ru: String,
}

impl DelayModel {
    /// The quantiles of the delay of a call. With calls of the site's own the model's shape is
    /// weighed by where those calls fell; without, by the default mix of visitors.
    pub fn quantiles(&self, counts: &DelayCounts) -> Quantiles {
        let own = counts.calls_total();
        let mut by_bin = [0.0f64; BINS];
        for (bin, sum) in by_bin.iter_mut().enumerate() {
            // 30 calls' worth of the default law steadies the first weeks.
            *sum = counts.calls_in_bin(bin) + 30.0 * self.default_share(bin);
        }
        Quantiles {
            half_ms: quantile(&by_bin, 0.5),
            nine_in_ten_ms: quantile(&by_bin, 0.9),
            nineteen_in_twenty_ms: quantile(&by_bin, 0.95),
            own_calls: own as u64,
        }
    }

    /// The share of calls that fall in `bin` with the default mix of visitors.
    fn default_share(&self, bin: usize) -> f64 {
        let mut total = 0.0;
        let mut here = 0.0;
        for index in 0..CLASSES {
            let class = Class::from_index(index);
            let weight = default_weight(class);
            for b in 1..BINS {
                let width = (bin_end(b).0 - super::bin_start(b).0) as f64 / 1e3;
                let calls = weight * f64::from(self.cell(class, b)) * width.min(2.6e6);
                total += calls;
                if b == bin {
                    here += calls;
                }
            }
        }
        if total > 0.0 { here / total } else { 0.0 }
    }
}

/// How many of a site's visitors are of `class`, by the default law's mix.
fn default_weight(class: Class) -> f64 {
    let device = match class.device {
        Device::Mobile => 0.6,
        Device::Desktop => 0.4,
    };
    let engagement = match class.engagement {
        Engagement::Bounce => 0.45,
        Engagement::Engaged => 0.35,
        Engagement::Deep => 0.20,
    };
    let intent = if class.intent { 0.15 } else { 0.85 };
    let tab = match class.tab {
        Tab::Open => 0.3,
        Tab::Closed => 0.7,
    };
    let tapped = match (class.device, class.tapped) {
        (Device::Mobile, true) => 0.03,
        (Device::Mobile, false) => 0.97,
        (Device::Desktop, true) => 0.0,
        (Device::Desktop, false) => 1.0,
    };
    device * engagement * intent * tab * tapped
}

fn quantile(by_bin: &[f64; BINS], share: f64) -> Millis {
    let total: f64 = by_bin.iter().sum();
    let mut sum = 0.0;
    for (bin, calls) in by_bin.iter().enumerate() {
        if sum + calls >= share * total && *calls > 0.0 {
            let (start, end) = (super::bin_start(bin).0 as f64, bin_end(bin).0 as f64);
            let part = (share * total - sum) / calls;
            return Millis((start + part * (end - start)) as u64);
        }
        sum += calls;
    }
    bin_end(BINS - 1)
}

impl Quantiles {
    /// "Half of your callers call within 20 s of their last activity, nine in ten within 45 min."
    pub fn sentence(&self) -> Sentence {
        let half = (words(self.half_ms, EN), words(self.half_ms, RU));
        let nine = (
            words(self.nine_in_ten_ms, EN),
            words(self.nine_in_ten_ms, RU),
        );
        Sentence {
            en: format!(
                "Half of your callers call within {} of their last activity, \
                 nine in ten within {}.",
                half.0, nine.0
            ),
            ru: format!(
                "Половина звонящих звонит в течение {} после последнего действия на сайте, \
                 девять из десяти \u{2014} в течение {}.",
                half.1, nine.1
            ),
        }
    }
}

const EN: [&str; 4] = ["s", "min", "h", "days"];
const RU: [&str; 4] = ["с", "мин", "ч", "сут"];

/// A duration in two figures' precision.
fn words(time: Millis, units: [&str; 4]) -> String {
    let seconds = time.0 as f64 / 1e3;
    let (value, unit) = match seconds {
        s if s < 90.0 => (s, units[0]),
        s if s < 5_400.0 => (s / 60.0, units[1]),
        s if s < 172_800.0 => (s / 3_600.0, units[2]),
        s => (s / 86_400.0, units[3]),
    };
    format!("{} {unit}", value.round().max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_law_reads_well() {
        let quantiles = DelayModel::default().quantiles(&DelayCounts::default());
        let Sentence { en, ru } = quantiles.sentence();
        expect_test::expect![[r#"
            Half of your callers call within 14 s of their last activity, nine in ten within 2 h.
            Половина звонящих звонит в течение 14 с после последнего действия на сайте,
            девять из десяти — в течение 2 ч."#]]
        .assert_eq(&format!("{en}\n{ru}").replace("сайте, ", "сайте,\n"));
    }
}
