//! The calculator's question and answer: how many numbers a site needs, before it has any.
//!
//! What is here: the form of `POST /api/v1/sizing`, its faults, and the answer out of [`sizing`].
//! What is not: the formulas. A pure function, the same in the Worker and in the terminal.
//!
//! Limits: the question's bounds below; an answer has at most [`CURVE_POINTS`] points.

use crate::sizing::{self, HoldCurve};
use serde::{Deserialize, Serialize};

/// Callers of the slow case take so many times as long to call (the sensitivity case of
/// docs/concepts/pools.md).
pub const SLOW_FACTOR: f64 = 3.0;

/// Points of the curve: enough for a smooth line on a wide screen.
pub const CURVE_POINTS: u32 = 48;

/// One million visits a day: ten times the busiest pool one object is sized for.
const MOST_VISITS: f64 = 1_000_000.0;

/// What an owner knows of his site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Question {
    /// Visits a day that ask for a number: 1 to 1,000,000.
    pub visits_per_day: f64,
    /// Share of calls to credit to the right visit: 0.5 to 0.99.
    pub accuracy: f64,
    /// Numbers he has or thinks of; 0 if he only asks: 0 to 100,000.
    pub numbers: u32,
    /// The fixed hold he is used to, in seconds: 1 to 604,800 (UIS's longest, 7 days).
    pub hold_s: f64,
    /// Seconds of activity a visit: 1 to 3,600.
    pub active_s: f64,
    /// Visits of the busiest hour over the mean hour: 1 to 2.
    pub busy_hour_factor: f64,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            visits_per_day: 1_000.0,
            accuracy: 0.9,
            numbers: 0,
            hold_s: 900.0,
            active_s: 102.0,
            busy_hour_factor: sizing::BUSY_HOUR_FACTOR,
        }
    }
}

/// One field of a question that cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuestionFault {
    /// JSON pointer of the field.
    pub pointer: &'static str,
    /// What it must be, in English.
    pub message: &'static str,
    /// What it must be, in Russian.
    pub message_ru: &'static str,
}

/// The figures of one kind of callers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The least numbers that reach the accuracy asked for.
    pub numbers_needed: u32,
    /// Accuracy to expect with the numbers given, 0 to 1; absent if none were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
}

/// The figures of a fixed hold, as the systems of the field work.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HoldFigures {
    /// The least numbers, the reserve number among them, that give practically every visitor one.
    pub numbers_for_all: u32,
    /// Visitors on the site or held, at once, in the busy hour.
    pub busy_load: f64,
    /// Share of visitors who see a number of their own with the numbers given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
}

/// One point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Numbers in the pool.
    pub numbers: u32,
    /// Share of calls credited rightly with usual callers.
    pub usual: f64,
    /// The same with callers [`SLOW_FACTOR`] times as slow.
    pub slow: f64,
    /// Share of visitors who get a number under the fixed hold.
    pub coverage: f64,
}

/// What the calculator tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figured {
    /// Callers as the assumed law has them.
    pub usual: Figures,
    /// Callers [`SLOW_FACTOR`] times as slow.
    pub slow: Figures,
    /// The fixed hold beside them.
    pub hold: HoldFigures,
    /// From few numbers to more than enough.
    pub curve: Vec<CurvePoint>,
}

/// Answers `question`.
///
/// # Errors
/// Every field out of bounds, by its pointer.
pub fn answer(question: &Question) -> Result<Figured, Vec<QuestionFault>> {
    let faults = faults(question);
    if !faults.is_empty() {
        return Err(faults);
    }
    let hours = sizing::assumed_day(
        question.visits_per_day,
        question.active_s,
        question.busy_hour_factor,
    );
    let usual = HoldCurve::assumed();
    let slow = usual.slowed(SLOW_FACTOR);
    let given = (question.numbers > 0).then_some(question.numbers);
    let figures = |curve: &HoldCurve| Figures {
        numbers_needed: sizing::required(curve, &hours, question.accuracy),
        accuracy: given.map(|numbers| sizing::accuracy(curve, &hours, numbers)),
    };
    let (visits, hold_s) = (question.visits_per_day, question.hold_s);
    let hold = HoldFigures {
        numbers_for_all: sizing::numbers_for_coverage(visits, hold_s, 1.0),
        busy_load: visits / 86_400.0 * hold_s * sizing::BUSY_HOUR_FACTOR,
        coverage: given.map(|numbers| sizing::coverage(visits, hold_s, numbers)),
    };
    let most = sizing::required(&slow, &hours, 0.95).max(question.numbers);
    let curve = steps(most).map(|numbers| CurvePoint {
        numbers,
        usual: sizing::accuracy(&usual, &hours, numbers),
        slow: sizing::accuracy(&slow, &hours, numbers),
        coverage: sizing::coverage(visits, hold_s, numbers),
    });
    Ok(Figured {
        usual: figures(&usual),
        slow: figures(&slow),
        hold,
        curve: curve.collect(),
    })
}

fn faults(question: &Question) -> Vec<QuestionFault> {
    let bounds = [
        (
            "/visits_per_day",
            question.visits_per_day,
            1.0..=MOST_VISITS,
            ("from 1 to 1000000", "от 1 до 1000000"),
        ),
        (
            "/accuracy",
            question.accuracy,
            0.5..=0.99,
            ("from 0.5 to 0.99", "от 0.5 до 0.99"),
        ),
        (
            "/numbers",
            f64::from(question.numbers),
            0.0..=100_000.0,
            ("from 0 to 100000", "от 0 до 100000"),
        ),
        (
            "/hold_s",
            question.hold_s,
            1.0..=604_800.0,
            ("from 1 to 604800 seconds", "от 1 до 604800 секунд"),
        ),
        (
            "/active_s",
            question.active_s,
            1.0..=3_600.0,
            ("from 1 to 3600 seconds", "от 1 до 3600 секунд"),
        ),
        (
            "/busy_hour_factor",
            question.busy_hour_factor,
            1.0..=2.0,
            ("from 1 to 2", "от 1 до 2"),
        ),
    ];
    let outside = bounds
        .into_iter()
        .filter(|(_, value, bound, _)| !bound.contains(value));
    outside
        .map(|(pointer, _, _, (message, message_ru))| QuestionFault {
            pointer,
            message,
            message_ru,
        })
        .collect()
}

/// Numbers from 1 to `most`, ascending without repeats, closer together where they are few.
fn steps(most: u32) -> impl Iterator<Item = u32> {
    let last = CURVE_POINTS - 1;
    let mut before = 0;
    (0..CURVE_POINTS).filter_map(move |step| {
        let share = f64::from(step) / f64::from(last);
        // Quadratic: half of the points lie in the first quarter, where the line bends.
        let numbers = (1.0 + f64::from(most - 1) * share * share).round() as u32;
        let fresh = numbers > before;
        before = before.max(numbers);
        fresh.then_some(numbers)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_field_out_of_bounds_is_named() {
        let question = Question {
            visits_per_day: 0.0,
            accuracy: 1.0,
            numbers: 100_001,
            hold_s: 0.0,
            active_s: f64::NAN,
            busy_hour_factor: 2.5,
        };
        let faults = answer(&question).unwrap_err();
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer).collect();
        let all = [
            "/visits_per_day",
            "/accuracy",
            "/numbers",
            "/hold_s",
            "/active_s",
            "/busy_hour_factor",
        ];
        assert_eq!(pointers, all);
    }

    #[test]
    fn bounds_themselves_are_answered() {
        for (visits_per_day, accuracy, hold_s) in [(1.0, 0.5, 1.0), (1_000_000.0, 0.99, 604_800.0)]
        {
            let question = Question {
                visits_per_day,
                accuracy,
                hold_s,
                ..Question::default()
            };
            assert!(answer(&question).is_ok());
        }
    }

    #[test]
    fn the_public_point_of_uis_stands_beside_ours() {
        let question = Question {
            visits_per_day: 10_000.0,
            numbers: 73,
            hold_s: 300.0,
            ..Question::default()
        };
        let figured = answer(&question).unwrap();
        assert!((66..=80).contains(&figured.hold.numbers_for_all));
        assert!(figured.hold.coverage.unwrap() > 0.995);
        assert!(figured.slow.numbers_needed > figured.usual.numbers_needed);
        assert!(figured.slow.accuracy.unwrap() < figured.usual.accuracy.unwrap());
    }

    #[test]
    fn unknown_fields_are_refused_and_missing_ones_have_defaults() {
        let read = serde_json::from_str::<Question>;
        assert_eq!(read("{}").unwrap(), Question::default());
        assert!(read(r#"{"visitsPerDay":1}"#).is_err());
    }

    proptest! {
        #[test]
        fn the_curve_ascends_and_ends_where_the_need_is_met(
            visits_per_day in 1.0f64..20_000.0, percent in 50u32..=95, numbers in 0u32..2_000,
        ) {
            let question = Question {
                visits_per_day,
                accuracy: f64::from(percent) / 100.0,
                numbers,
                ..Question::default()
            };
            let figured = answer(&question).unwrap();
            for pair in figured.curve.windows(2) {
                prop_assert!(pair[0].numbers < pair[1].numbers);
                prop_assert!(pair[0].usual <= pair[1].usual && pair[0].slow <= pair[1].slow);
            }
            let last = figured.curve.last().unwrap();
            prop_assert!(last.slow >= question.accuracy && last.usual >= last.slow);
            prop_assert!(last.numbers >= numbers);
        }
    }
}
