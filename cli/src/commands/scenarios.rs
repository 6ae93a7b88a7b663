//! Scenarios: list, show, put, change, switch, priority, delete.

use super::{Session, patch, read, versioned};
use crate::arguments::Scenarios;
use crate::client::Call;
use crate::failure::Failure;
use crate::tables;
use ringlet_core::api::route::Route;

pub(super) fn run(session: &Session, verb: Scenarios) -> Result<(), Failure> {
    let site = session.site()?;
    let change = |scenario: &str, patch: &str| {
        session.change(&Call::of(Route::ScenarioPatch, &[site, scenario]).sending(patch))
    };
    match verb {
        Scenarios::List => {
            let list = session.ask(&Call::of(Route::ScenarioList, &[site]))?;
            session.output.show(&tables::SCENARIOS, &list)
        }
        Scenarios::Show { scenario } => {
            let document = session.ask(&Call::of(Route::ScenarioRead, &[site, &scenario]))?;
            session.output.value(&document)
        }
        Scenarios::Put {
            scenario,
            document,
            version,
        } => {
            let text = read(&document)?;
            let call = Call::of(Route::ScenarioWrite, &[site, &scenario]).sending(&text);
            session.change(&versioned(call, &version))
        }
        Scenarios::Change { scenario, changes } => {
            let patch = patch(&changes.members)?;
            let call = Call::of(Route::ScenarioPatch, &[site, &scenario]).sending(&patch);
            session.change(&versioned(call, &changes.version))
        }
        Scenarios::Enable { scenario } => change(&scenario, r#"{"enabled":true}"#),
        Scenarios::Disable { scenario } => change(&scenario, r#"{"enabled":false}"#),
        Scenarios::Priority { scenario, priority } => {
            change(&scenario, &format!("{{\"priority\":{priority}}}"))
        }
        Scenarios::Delete { scenario } => {
            session.change(&Call::of(Route::ScenarioDelete, &[site, &scenario]))
        }
    }
}
