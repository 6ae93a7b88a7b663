//! The calculator for a terminal: how many numbers for an accuracy, what accuracy for numbers.
//!
//! All reckoning is `ringlet_core::calculator`, the same as behind the calculator page; here are
//! only the words.

use core::fmt::Write as _;

use ringlet_core::calculator::{Figured, Question, QuestionFault, answer};
use ringlet_core::sizing::{BUSY_HOUR_FACTOR, HoldCurve, assumed_day, required};
use serde_json::{Value, json};

/// Accuracies for the table of numbers, in per cent.
const TABLE: [u32; 8] = [50, 60, 70, 80, 85, 90, 95, 99];

/// What the calculator answers, with the question.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    question: Question,
    figured: Figured,
    table: Vec<(u32, u32)>,
}

/// Answers `question` by the assumed law of delays.
///
/// # Errors
/// Every flag out of bounds, by its name.
pub fn size(question: Question) -> Result<Answer, Vec<String>> {
    let flag = |fault: &QuestionFault| {
        format!(
            "--{}: {}",
            fault.pointer.trim_start_matches('/').replace('_', "-"),
            fault.message
        )
    };
    let figured =
        answer(&question).map_err(|faults| faults.iter().map(flag).collect::<Vec<_>>())?;
    let curve = HoldCurve::assumed();
    let day = assumed_day(
        question.visits_per_day,
        question.active_s,
        question.busy_hour_factor,
    );
    let needed = |percent: u32| (percent, required(&curve, &day, f64::from(percent) / 100.0));
    let table = TABLE.into_iter().map(needed).collect();
    Ok(Answer {
        question,
        figured,
        table,
    })
}

impl Answer {
    /// As sentences and a small table.
    pub fn text(&self) -> String {
        let question = &self.question;
        let (usual, slow, hold) = (self.figured.usual, self.figured.slow, self.figured.hold);
        let wanted = question.accuracy * 100.0;
        let mut out = format!(
            "{:.0} visits a day, {:.0} s of activity each, busiest hour {} x the mean.\n\n\
             {} numbers for {wanted:.0} % of calls credited to the right visit; {} if callers \
             take three times as long.\n",
            question.visits_per_day,
            question.active_s,
            question.busy_hour_factor,
            usual.numbers_needed,
            slow.numbers_needed,
        );
        if let (Some(usual), Some(slow)) = (usual.accuracy, slow.accuracy) {
            let (usual, slow) = (usual * 100.0, slow * 100.0);
            let numbers = question.numbers;
            let _ = writeln!(
                out,
                "{numbers} numbers credit {usual:.1} % rightly; slow: {slow:.1} %."
            );
        }
        out.push_str("\naccuracy  numbers\n");
        for (percent, numbers) in &self.table {
            let _ = writeln!(out, "{percent:>6} %  {numbers:>7}");
        }
        let _ = writeln!(
            out,
            "\nA rule that holds a number {:.0} s for every visit needs {} (one of them in \
             reserve)\nto give practically every visitor a number of his own in an hour \
             {BUSY_HOUR_FACTOR} x as busy as\nthe mean; that is coverage, not accuracy.",
            question.hold_s, hold.numbers_for_all
        );
        if let Some(share) = hold.coverage {
            let _ = writeln!(
                out,
                "{} numbers cover {:.1} % so.",
                question.numbers,
                share * 100.0
            );
        }
        out.push_str("All by the assumed law of call delays: docs/concepts/pools.md.\n");
        out
    }

    /// As one JSON object; shares from 0 to 1.
    pub fn json(&self) -> Value {
        let table: serde_json::Map<String, Value> = self
            .table
            .iter()
            .map(|(percent, n)| (percent.to_string(), (*n).into()))
            .collect();
        json!({"question": self.question, "answer": self.figured, "table": table})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calculator_tells_both_ways() {
        let asked = |question| size(question).expect("within bounds");
        let uis = asked(Question {
            visits_per_day: 10_000.0,
            hold_s: 300.0,
            ..Question::default()
        });
        let numbers = uis.figured.hold.numbers_for_all;
        assert!((66..=80).contains(&numbers), "UIS says 73, here {numbers}");
        let needed = asked(Question::default()).figured.usual.numbers_needed;
        let back = asked(Question {
            numbers: needed,
            ..Question::default()
        });
        assert!(
            back.figured
                .usual
                .accuracy
                .is_some_and(|share| share >= 0.90)
        );
        assert!(back.table.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        assert_eq!(back.json()["answer"]["usual"]["numbers_needed"], needed);
        assert!(back.text().contains("numbers for 90 % of calls"));
    }

    #[test]
    fn a_flag_out_of_bounds_is_named() {
        let question = Question {
            accuracy: 0.2,
            ..Question::default()
        };
        assert_eq!(
            size(question),
            Err(vec!["--accuracy: from 0.5 to 0.99".to_owned()])
        );
    }
}
