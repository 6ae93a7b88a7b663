//! The calculator for a terminal: how many numbers for an accuracy, what accuracy for numbers.
//!
//! All reckoning is `ringlet_core::sizing`; here are only the question and the words.

use core::fmt::Write as _;

use ringlet_core::sizing::{
    BUSY_HOUR_FACTOR, HoldCurve, accuracy, assumed_day, coverage, numbers_for_coverage, required,
};
use serde_json::{Value, json};

/// What the owner tells of his site.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// Visits on an ordinary day.
    pub visits_per_day: f64,
    /// Seconds of activity a visit.
    pub active_s: f64,
    /// Busiest hour over the mean hour.
    pub busy_hour_factor: f64,
    /// The accuracy wanted, 0.50 to 0.99.
    pub accuracy: f64,
    /// Seconds a number is held under the rules that hold it for a time.
    pub hold_s: f64,
    /// Numbers he has, to be told their accuracy.
    pub numbers: Option<u32>,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            visits_per_day: 1_000.0,
            active_s: 102.0,
            busy_hour_factor: BUSY_HOUR_FACTOR,
            accuracy: 0.90,
            hold_s: 900.0,
            numbers: None,
        }
    }
}

/// What of `question` makes no sense, each fault by the flag that set it.
pub fn faults(question: &Question) -> Vec<String> {
    let Question {
        visits_per_day,
        active_s,
        busy_hour_factor,
        accuracy,
        hold_s,
        ..
    } = *question;
    let mut faults = Vec::new();
    let mut within = |flag: &str, value: f64, low: f64, high: f64| {
        if !(low..=high).contains(&value) {
            faults.push(format!("--{flag} {value}: from {low} to {high}"));
        }
    };
    within("visits-per-day", visits_per_day, 1.0, 1e8);
    within("active-s", active_s, 0.0, 86_400.0);
    within("busy-hour-factor", busy_hour_factor, 1.0, 2.0);
    within("accuracy", accuracy * 100.0, 50.0, 100.0);
    within("hold-s", hold_s, 0.0, 604_800.0);
    faults
}

/// Shares for the table of numbers, in per cent.
const TABLE: [u32; 8] = [50, 60, 70, 80, 85, 90, 95, 99];

/// What the calculator answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    question: Question,
    required: u32,
    table: Vec<(u32, u32)>,
    accuracy: Option<f64>,
    fixed: u32,
    coverage: Option<f64>,
}

/// Answers `question` by the assumed law of delays.
pub fn answer(question: Question) -> Answer {
    let curve = HoldCurve::assumed();
    let Question {
        visits_per_day,
        active_s,
        busy_hour_factor,
        hold_s,
        numbers,
        ..
    } = question;
    let day = assumed_day(visits_per_day, active_s, busy_hour_factor);
    let needed = |percent: u32| (percent, required(&curve, &day, f64::from(percent) / 100.0));
    Answer {
        question,
        required: required(&curve, &day, question.accuracy),
        table: TABLE.into_iter().map(needed).collect(),
        accuracy: numbers.map(|numbers| accuracy(&curve, &day, numbers)),
        fixed: numbers_for_coverage(visits_per_day, hold_s, question.accuracy),
        coverage: numbers.map(|numbers| coverage(visits_per_day, hold_s, numbers)),
    }
}

impl Answer {
    /// As sentences and a small table.
    pub fn text(&self) -> String {
        let Question {
            visits_per_day,
            active_s,
            busy_hour_factor,
            hold_s,
            ..
        } = self.question;
        let wanted = self.question.accuracy * 100.0;
        let mut out = format!(
            "{visits_per_day:.0} visits a day, {active_s:.0} s of activity each, busiest hour \
             {busy_hour_factor} x the mean.\n\n\
             {} numbers for {wanted:.0} % of calls credited to the right visit.\n",
            self.required
        );
        if let (Some(numbers), Some(share)) = (self.question.numbers, self.accuracy) {
            let _ = writeln!(
                out,
                "{numbers} numbers credit {:.1} % rightly.",
                share * 100.0
            );
        }
        out.push_str("\naccuracy  numbers\n");
        for (percent, numbers) in &self.table {
            let _ = writeln!(out, "{percent:>6} %  {numbers:>7}");
        }
        let _ = writeln!(
            out,
            "\nA rule that holds a number {hold_s:.0} s for every visit needs {} (one of them in \
             reserve)\nto give {wanted:.0} % of visitors a number of their own in an hour \
             {BUSY_HOUR_FACTOR} x as busy as the mean;\nthat is coverage, not accuracy.",
            self.fixed
        );
        if let (Some(numbers), Some(share)) = (self.question.numbers, self.coverage) {
            let _ = writeln!(out, "{numbers} numbers cover {:.1} % so.", share * 100.0);
        }
        out.push_str("All by the assumed law of call delays: docs/concepts/pools.md.\n");
        out
    }

    /// As one JSON object; shares from 0 to 1.
    pub fn json(&self) -> Value {
        let question = &self.question;
        let table: serde_json::Map<String, Value> = self
            .table
            .iter()
            .map(|(percent, n)| (percent.to_string(), (*n).into()))
            .collect();
        json!({
            "visits_per_day": question.visits_per_day,
            "active_s": question.active_s,
            "busy_hour_factor": question.busy_hour_factor,
            "wanted_accuracy": question.accuracy,
            "numbers": self.required,
            "table": table,
            "have": question.numbers,
            "accuracy": self.accuracy,
            "fixed_hold": {
                "hold_s": question.hold_s,
                "busy_hour_factor": BUSY_HOUR_FACTOR,
                "numbers": self.fixed,
                "coverage": self.coverage,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calculator_tells_both_ways() {
        let question = Question {
            visits_per_day: 10_000.0,
            hold_s: 300.0,
            accuracy: 1.0,
            ..Question::default()
        };
        let whole = answer(question);
        assert!(
            (66..=80).contains(&whole.fixed),
            "UIS says 73, here {}",
            whole.fixed
        );
        let back = answer(Question {
            numbers: Some(answer(Question::default()).required),
            ..Question::default()
        });
        assert!(back.accuracy.is_some_and(|share| share >= 0.90));
        assert!(back.table.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        assert_eq!(back.json()["numbers"], back.required);
        assert!(back.text().contains("numbers for 90 % of calls"));
    }
}
