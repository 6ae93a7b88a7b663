//! A scenario's load as its owner sees it, and the numbers it should have.

use crate::message::pool::CountsAnswer;
use ringlet_core::delay::{Callers, DelayCounts, Quantiles};
use ringlet_core::id::{PoolId, ScenarioId};
use ringlet_core::pool::Hour;
use ringlet_core::scenario::Scenario;
use ringlet_core::site::PoolConfig;
use ringlet_core::sizing::{HoldCurve, HourOfTraffic, Language, Recommendation, recommend};
use serde::Serialize;

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
    /// What the recommendation takes callers for.
    callers: CallersTold,
    hours: &'a [Hour],
}

/// What is known of a pool's callers, as it is told.
#[derive(Serialize)]
pub(super) struct CallersTold {
    #[serde(flatten)]
    quantiles: Quantiles,
    sentence: ringlet_core::delay::Sentence,
}

impl CallersTold {
    pub(super) fn of(callers: &Callers<'_>) -> Self {
        let quantiles = callers.quantiles();
        Self {
            sentence: quantiles.sentence(),
            quantiles,
        }
    }
}

#[derive(Serialize)]
struct Sentence {
    en: String,
    ru: String,
}

impl<'a> Load<'a> {
    /// Reads the counters of the scenario's pool.
    pub(super) fn of(
        scenario: &'a Scenario,
        pool: &'a PoolConfig,
        counts: &'a CountsAnswer,
        imported: Option<&DelayCounts>,
    ) -> Self {
        let recommendation = advice(pool, counts, imported);
        let callers = Callers {
            own: &counts.delays,
            imported,
        };
        let sentence = Sentence {
            en: recommendation.sentence(&scenario.name, Language::English),
            ru: recommendation.sentence(&scenario.name, Language::Russian),
        };
        Self {
            scenario: &scenario.id,
            pool: &pool.id,
            numbers: counts.numbers,
            active: counts.active,
            recommendation,
            sentence,
            callers: CallersTold::of(&callers),
            hours: &counts.hours,
        }
    }
}

/// What a pool should have for the accuracy its owner wants, by its own counters and its own
/// callers, as far as they are known.
pub(super) fn advice(
    pool: &PoolConfig,
    counts: &CountsAnswer,
    imported: Option<&DelayCounts>,
) -> Recommendation {
    let hours: Vec<HourOfTraffic> = counts
        .hours
        .iter()
        .map(|hour| HourOfTraffic {
            visits: f64::from(hour.granted + hour.reclaimed + hour.refused),
            active_s: hour.active_ms as f64 / 1_000.0,
        })
        .collect();
    let have = u32::try_from(counts.numbers).unwrap_or(u32::MAX);
    let callers = Callers {
        own: &counts.delays,
        imported,
    };
    let wanted = pool.accuracy_percent as f64 / 100.0;
    recommend(&HoldCurve::of(&callers), &hours, have, wanted)
}
