//! The delay model in the owner's words: "half of your callers call within 20 s".

use super::{BINS, CLASSES, Class, DelayCounts, DelayModel, Device, Engagement, Tab, bin_end};
use crate::time::Millis;

/// The fewest calls of which something is said, or sized by: so many the default law weighs.
const ENOUGH_CALLS: f64 = 30.0;

/// What the figures rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Basis {
    /// The default law: too few calls yet.
    Assumed,
    /// A table that was imported; the site's own calls are too few yet.
    Imported,
    /// The site's own calls.
    Learnt,
}

/// What is known of a site's callers.
#[derive(Clone, Copy, Debug)]
pub struct Callers<'a> {
    /// Counted here.
    pub own: &'a DelayCounts,
    /// Counted elsewhere and imported.
    pub imported: Option<&'a DelayCounts>,
}

impl Callers<'_> {
    /// What the figures rest on.
    pub fn basis(&self) -> Basis {
        let enough = |counts: &DelayCounts| counts.calls_total() >= ENOUGH_CALLS;
        if enough(self.own) {
            Basis::Learnt
        } else if self.imported.is_some_and(enough) {
            Basis::Imported
        } else {
            Basis::Assumed
        }
    }

    /// The model: the imported one, or the default law, corrected by own calls.
    pub fn model(&self) -> DelayModel {
        let prior = self
            .imported
            .map_or_else(DelayModel::default, DelayModel::learnt);
        prior.corrected(self.own)
    }

    /// All counts together: what is exported.
    pub fn counts(&self) -> DelayCounts {
        let mut counts = self.own.clone();
        if let Some(imported) = self.imported {
            counts.merge(imported);
        }
        counts
    }

    /// Within what time which share of callers call.
    pub fn quantiles(&self) -> Quantiles {
        Quantiles {
            basis: self.basis(),
            own_calls: self.own.calls_total().round() as u64,
            ..self.model().quantiles(&self.counts())
        }
    }
}

/// Within what time which share of callers call.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Quantiles {
    /// What they rest on.
    pub basis: Basis,
    /// Half of the callers call within this time after their last activity.
    pub half_ms: Millis,
    /// Nine in ten.
    pub nine_in_ten_ms: Millis,
    /// Nineteen in twenty.
    pub nineteen_in_twenty_ms: Millis,
    /// Calls of the site's own, each by the probability that it was his to whom it counts.
    pub own_calls: u64,
}

/// The sentence an owner reads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sentence {
    /// In English.
    pub en: String,
    /// In Russian.
    pub ru: String,
}

impl DelayModel {
    /// The quantiles of the delay of a call. With calls counted the model's shape is weighed by
    /// where those calls fell; without, by the default mix of visitors.
    fn quantiles(&self, counts: &DelayCounts) -> Quantiles {
        let mut by_bin = [0.0f64; BINS];
        for (bin, sum) in by_bin.iter_mut().enumerate() {
            // So many calls' worth of the default law steady the first weeks.
            *sum = counts.calls_in_bin(bin) + ENOUGH_CALLS * self.default_share(bin);
        }
        Quantiles {
            basis: Basis::Assumed,
            half_ms: quantile(&by_bin, 0.5),
            nine_in_ten_ms: quantile(&by_bin, 0.9),
            nineteen_in_twenty_ms: quantile(&by_bin, 0.95),
            own_calls: 0,
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
    /// "Half of your callers call within 20 s of their last activity, nine in ten within 45 min.",
    /// and where that is no knowledge of his own, what it is.
    pub fn sentence(&self) -> Sentence {
        let half = (words(self.half_ms, EN), words(self.half_ms, RU));
        let nine = (
            words(self.nine_in_ten_ms, EN),
            words(self.nine_in_ten_ms, RU),
        );
        let (by_en, by_ru) = match self.basis {
            Basis::Learnt => ("Half of your callers call", "Половина звонящих звонит"),
            Basis::Imported => (
                "By the imported table, half of the callers call",
                "По загруженной таблице половина звонящих звонит",
            ),
            Basis::Assumed => (
                "Assumed until enough of your calls have been counted: half of the callers call",
                "Пока своих звонков мало, принято, что половина звонящих звонит",
            ),
        };
        Sentence {
            en: format!(
                "{by_en} within {} of their last activity, nine in ten within {}.",
                half.0, nine.0
            ),
            ru: format!(
                "{by_ru} в течение {} после последнего действия на сайте, \
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

    fn told(own: &DelayCounts, imported: Option<&DelayCounts>) -> String {
        let Sentence { en, ru } = Callers { own, imported }.quantiles().sentence();
        format!("{en}\n{ru}")
            .replace("counted: ", "counted:\n")
            .replace("таблице ", "таблице\n")
            .replace("принято, что ", "принято, что\n")
            .replace("activity, ", "activity,\n")
            .replace("сайте, ", "сайте,\n")
    }

    #[test]
    fn the_sentence_says_what_it_rests_on() {
        let none = DelayCounts::default();
        let mut many = DelayCounts::default();
        for _ in 0..400 {
            many.add_call(
                Class::default(),
                super::super::bin_of(Millis::from_mins(5)),
                1.0,
            );
        }
        expect_test::expect![[r#"
            Assumed until enough of your calls have been counted:
            half of the callers call within 14 s of their last activity,
            nine in ten within 2 h.
            Пока своих звонков мало, принято, что
            половина звонящих звонит в течение 14 с после последнего действия на сайте,
            девять из десяти — в течение 2 ч."#]]
        .assert_eq(&told(&none, None));
        expect_test::expect![[r#"
            By the imported table, half of the callers call within 5 min of their last activity,
            nine in ten within 6 min.
            По загруженной таблице
            половина звонящих звонит в течение 5 мин после последнего действия на сайте,
            девять из десяти — в течение 6 мин."#]]
        .assert_eq(&told(&none, Some(&many)));
        expect_test::expect![[r#"
            Half of your callers call within 5 min of their last activity,
            nine in ten within 6 min.
            Половина звонящих звонит в течение 5 мин после последнего действия на сайте,
            девять из десяти — в течение 6 мин."#]]
        .assert_eq(&told(&many, None));
    }
}
