//! A scenario's load as its owner sees it, and the numbers it should have.

use crate::message::pool::CountsAnswer;
use ringlet_core::id::{PoolId, ScenarioId};
use ringlet_core::pool::Hour;
use ringlet_core::scenario::Scenario;
use ringlet_core::sizing::{HoldCurve, HourOfTraffic, Language, Recommendation, recommend};
use serde::Serialize;

/// Accuracy wanted where the owner says nothing: Roistat keeps 90 to 100 %.
const WANTED: f64 = 0.90;

/// A scenario's load.
#[derive(Serialize)]
pub(super) struct Load<'a> {
    scenario: &'a ScenarioId,
    pool: &'a PoolId,
    /// Lendable numbers.
    numbers: u64,
    /// Visitors active now.
    active: u32,
    recommendation: Recommendation,
    sentence: Sentence,
    hours: &'a [Hour],
}

#[derive(Serialize)]
struct Sentence {
    en: String,
    ru: String,
}

impl<'a> Load<'a> {
    /// Reads the counters of the scenario's pool.
    pub(super) fn of(scenario: &'a Scenario, pool: &'a PoolId, counts: &'a CountsAnswer) -> Self {
        let recommendation = advice(counts);
        let sentence = Sentence {
            en: recommendation.sentence(&scenario.name, Language::English),
            ru: recommendation.sentence(&scenario.name, Language::Russian),
        };
        Self {
            scenario: &scenario.id,
            pool,
            numbers: counts.numbers,
            active: counts.active,
            recommendation,
            sentence,
            hours: &counts.hours,
        }
    }
}

/// What a pool should have by its own counters.
pub(super) fn advice(counts: &CountsAnswer) -> Recommendation {
    let hours: Vec<HourOfTraffic> = counts
        .hours
        .iter()
        .map(|hour| HourOfTraffic {
            visits: f64::from(hour.granted + hour.reclaimed + hour.refused),
            active_s: hour.active_ms as f64 / 1_000.0,
        })
        .collect();
    let have = u32::try_from(counts.numbers).unwrap_or(u32::MAX);
    recommend(&HoldCurve::assumed(), &hours, have, WANTED)
}
