//! Why each scenario does or does not give a visit a number, condition by condition: for the
//! debugger of a page, which is told of its own visit alone.

use super::{Decision, Scenario, match_scenarios};
use crate::condition::{Tested, VisitFacts, test_each};
use serde::Serialize;

/// What became of one scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The scenario and its outcome.
    #[serde(flatten)]
    pub decision: Decision,
    /// Its conditions, in the order of the configuration.
    pub conditions: Vec<Tested>,
}

/// Explains all scenarios, best first.
pub fn explain(facts: &VisitFacts, scenarios: &[Scenario]) -> Vec<Explained> {
    let decisions = match_scenarios(facts, scenarios).decisions;
    let explained = decisions.into_iter().map(|decision| {
        let of = scenarios.iter().find(|one| one.id == decision.scenario);
        let conditions = of.map_or(&[][..], |of| &of.conditions);
        Explained {
            conditions: test_each(conditions, facts),
            decision,
        }
    });
    explained.collect()
}
