//! Every route of the API has a verb here, or is said not to be for a terminal, and why.

use crate::arguments::Arguments;
use clap::CommandFactory as _;
use ringlet_core::api::openapi;
use ringlet_core::api::route::{ROUTES, Route};

/// How a route is reached from a terminal.
#[derive(Debug)]
enum Reached {
    /// By this verb.
    By(&'static str),
    /// It is not, for this reason.
    Not(&'static str),
}

use Reached::{By, Not};

const PAGES: &str = "pages ask it, not people";

const REACHED: &[(Route, Reached)] = &[
    (Route::Health, By("health")),
    (Route::OpenApi, Not("`ringlet api` lists what it describes")),
    (Route::Problems, Not("a page of the documentation")),
    (Route::Script, Not(PAGES)),
    (Route::AgentPart, Not(PAGES)),
    (Route::Visit, Not(PAGES)),
    (Route::Beat, Not(PAGES)),
    (Route::Leave, Not(PAGES)),
    (Route::Amp, Not(PAGES)),
    (Route::ProviderCall, Not("telephony providers ask it")),
    (Route::SiteList, By("sites list")),
    (Route::SiteAudit, By("sites audit")),
    (Route::SiteCreate, By("sites create")),
    (Route::SiteRead, By("sites show")),
    (Route::SiteDelete, By("sites delete")),
    (Route::ConfigRead, By("config get")),
    (Route::ConfigWrite, By("config put")),
    (Route::ConfigCheck, By("config check")),
    (Route::ConfigImport, By("config import")),
    (Route::ConfigPatch, By("sites change")),
    (Route::VersionList, By("config versions")),
    (Route::VersionRead, By("config get")),
    (Route::VersionRevert, By("config revert")),
    (Route::VersionDiff, By("config diff")),
    (Route::ScenarioList, By("scenarios list")),
    (Route::ScenarioRead, By("scenarios show")),
    (Route::ScenarioWrite, By("scenarios put")),
    (Route::ScenarioPatch, By("scenarios change")),
    (Route::ScenarioDelete, By("scenarios delete")),
    (Route::NumberList, By("numbers list")),
    (Route::NumberAct, By("numbers add")),
    (Route::CallList, By("calls list")),
    (Route::CallRead, By("calls show")),
    (Route::CallCorrect, By("calls correct")),
    (Route::Replay, By("calls replay")),
    (Route::KeptEventList, By("calls kept")),
    (Route::KeptEventRetry, By("calls retry")),
    (Route::DeliveryList, By("deliveries list")),
    (Route::DeliverySend, By("deliveries send")),
    (Route::OutboxList, By("outbox")),
    (Route::ReportRead, By("report")),
    (Route::CallFile, By("file")),
    (Route::LeaseRead, By("leases")),
    (Route::Live, By("live")),
    (Route::PoolRead, By("load")),
    (Route::DelayRead, By("delays")),
    (Route::DelayWrite, By("delays")),
    (Route::KeyList, By("keys list")),
    (Route::KeyCreate, By("keys create")),
    (Route::KeyRevoke, By("keys revoke")),
    (Route::AuditList, By("audit")),
    (Route::Export, By("sites export")),
    (Route::Import, By("sites import")),
    (Route::Check, By("check")),
    (Route::Sizing, By("sizing")),
    (Route::StockKeep, By("stocks keep")),
    (Route::StockRead, By("stocks show")),
    (Route::StockChange, By("stocks add")),
    (Route::StockAudit, By("stocks audit")),
    (Route::StockCheck, By("stocks check")),
    (Route::StockKeyList, By("stocks keys list")),
    (Route::StockKeyCreate, By("stocks keys create")),
    (Route::StockKeyRevoke, By("stocks keys revoke")),
];

/// What the verbs are made of.
const SOURCES: &[&str] = &[
    include_str!("mod.rs"),
    include_str!("calls.rs"),
    include_str!("config.rs"),
    include_str!("deliveries.rs"),
    include_str!("numbers.rs"),
    include_str!("scenarios.rs"),
    include_str!("sites.rs"),
    include_str!("state.rs"),
    include_str!("stocks.rs"),
];

#[test]
fn every_route_has_a_verb_or_a_reason() {
    for spec in ROUTES {
        let name = openapi::name(spec);
        let told = REACHED.iter().filter(|(route, _)| *route == spec.route);
        assert_eq!(told.count(), 1, "{name} is told of once");
    }
}

#[test]
fn every_verb_is_there_and_asks_its_route() {
    for (route, reached) in REACHED {
        let asked = SOURCES.iter().any(|source| {
            let name = format!("Route::{route:?}");
            source.match_indices(&name).any(|(at, _)| {
                let after = source[at + name.len()..].chars().next();
                !after.is_some_and(char::is_alphanumeric)
            })
        });
        match reached {
            By(verb) => {
                let mut command = &Arguments::command();
                for word in verb.split(' ') {
                    let found = command.find_subcommand(word);
                    command = found.unwrap_or_else(|| panic!("no verb {verb:?}"));
                }
                assert!(asked, "{verb} does not ask {route:?}");
            }
            Not(reason) => assert!(!asked, "{route:?} is asked, though {reason}"),
        }
    }
}
