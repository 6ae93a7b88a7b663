//! The choice among scenarios.
//!
//! A visit is checked against all of them and gets a number from each that admits it. Where
//! several that admit it claim the same elements, priority decides: a scenario whose every target
//! is claimed by better ones is left out, so that no number is lent for nothing. One that keeps a
//! target of its own takes part, and the agent fills each element from the first scenario that
//! claims it.

use super::{Scenario, ScenarioKind, Selector, StaticBinding};
use crate::condition::{Refusal, VisitFacts, admit, combination};
use crate::id::{PoolId, ScenarioId};
use crate::phone::E164;
use serde::Serialize;

/// What a scenario gives a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Give {
    /// A number of the visitor's own.
    Pool {
        /// Out of this pool.
        pool: PoolId,
    },
    /// The number of a source.
    Static {
        /// The number.
        number: E164,
        /// The source.
        source: String,
    },
    /// The number of a combination.
    Params {
        /// Out of this pool.
        pool: PoolId,
        /// The combination, one value per parameter.
        values: Vec<String>,
    },
}

/// A scenario that gives a visit a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Match<'c> {
    /// The scenario.
    pub scenario: &'c Scenario,
    /// What it gives.
    pub give: Give,
}

/// Why a scenario does or does not give a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// It gives one.
    Matched,
    /// It is switched off.
    Disabled,
    /// A condition refuses the visit.
    Refused(Refusal),
    /// Static, and the visit comes from none of its sources.
    NoSource,
    /// Bound to parameters, and the visit has none of them.
    NoParams,
    /// Better scenarios claim all its targets.
    Shadowed {
        /// The best of them.
        by: ScenarioId,
    },
}

/// One scenario's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The scenario.
    pub scenario: ScenarioId,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The outcome of all scenarios, best first.
#[derive(Clone, Debug, PartialEq)]
pub struct Matching<'c> {
    /// Those that give a number.
    pub matches: Vec<Match<'c>>,
    /// All of them, with the reason.
    pub decisions: Vec<Decision>,
}

/// Checks a visit against all scenarios of a site.
pub fn match_scenarios<'c>(facts: &VisitFacts, scenarios: &'c [Scenario]) -> Matching<'c> {
    let mut ordered: Vec<&Scenario> = scenarios.iter().collect();
    // Stable: among equals the order of the configuration stays.
    ordered.sort_by_key(|scenario| std::cmp::Reverse(scenario.priority));
    let mut matching = Matching {
        matches: Vec::new(),
        decisions: Vec::new(),
    };
    for scenario in ordered {
        let outcome = match consider(facts, scenario) {
            Err(outcome) => outcome,
            Ok(give) => match shadow(scenario, &matching.matches) {
                Some(by) => Outcome::Shadowed { by },
                None => {
                    matching.matches.push(Match { scenario, give });
                    Outcome::Matched
                }
            },
        };
        let scenario = scenario.id.clone();
        matching.decisions.push(Decision { scenario, outcome });
    }
    matching
}

fn consider(facts: &VisitFacts, scenario: &Scenario) -> Result<Give, Outcome> {
    if !scenario.enabled {
        return Err(Outcome::Disabled);
    }
    admit(&scenario.conditions, facts).map_err(Outcome::Refused)?;
    match &scenario.kind {
        ScenarioKind::Dynamic { pool } => Ok(Give::Pool { pool: pool.clone() }),
        ScenarioKind::Static { bindings } => {
            let binding = bindings.iter().find(|binding| binding.is_shown(facts));
            let binding = binding.ok_or(Outcome::NoSource)?;
            Ok(Give::Static {
                number: binding.number,
                source: binding.source.clone(),
            })
        }
        ScenarioKind::Params { pool, params } => {
            let values = combination(params, facts).ok_or(Outcome::NoParams)?;
            Ok(Give::Params {
                pool: pool.clone(),
                values,
            })
        }
    }
}

/// The best of `better` that claims a target of `scenario`, if together they claim them all.
fn shadow(scenario: &Scenario, better: &[Match<'_>]) -> Option<ScenarioId> {
    let claims = |by: &Scenario, selector: &Selector| {
        by.targets.iter().any(|target| target.selector == *selector)
    };
    let claimed = |selector: &Selector| better.iter().find(|by| claims(by.scenario, selector));
    let by = scenario
        .targets
        .first()
        .and_then(|first| claimed(&first.selector))?;
    let all = scenario
        .targets
        .iter()
        .all(|target| claimed(&target.selector).is_some());
    all.then(|| by.scenario.id.clone())
}

impl StaticBinding {
    /// Whether a visit is shown this number.
    fn is_shown(&self, facts: &VisitFacts) -> bool {
        if self.offline {
            return false;
        }
        if let Some(conditions) = &self.conditions {
            return admit(conditions, facts).is_ok();
        }
        comes_from(facts, &self.source)
    }
}

/// Whether a visit comes from a source as an owner writes it: its label is that or begins with it
/// at the end of a level, or its `utm_source`, its source or its channel is it. Case does not
/// matter.
pub fn comes_from(facts: &VisitFacts, source: &str) -> bool {
    let source = source.to_lowercase();
    let same = |text: &str| text.to_lowercase() == source;
    let labels = &facts.labels;
    let marker = labels.marker.as_deref().unwrap_or_default().to_lowercase();
    let by_label = marker
        .strip_prefix(&source)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    by_label
        || labels
            .utm
            .get(&crate::label::Utm::Source)
            .is_some_and(|text| same(text))
        || same(&facts.origin.source)
        || same(facts.origin.channel.name())
}
