//! The numbers of a site as its owner sees them, and what he does with them.
//!
//! The configuration is what numbers are placed by. An action is an edit of it, so it is a version
//! like any other, with author, note and faults; nothing is kept about a number that a revert would
//! not bring back. What is read beside it: the state in its pool, and the calls.

use super::SiteObject;
use super::admin::{AdminReply, bad};
use super::config::{self, NewVersion};
use super::pools;
use super::refused::Refused;
use crate::message::AdminAsk;
use crate::message::pool::{LiveAnswer, PoolCommand};
use futures_util::future::join_all;
use ringlet_core::api::problem::{FaultAt, Problem, ProblemCode};
use ringlet_core::phone::{self, E164};
use ringlet_core::pool::NumberState;
use ringlet_core::scenario::ScenarioKind;
use ringlet_core::site::{NumberOrigin, SiteConfig};
use ringlet_core::time::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One row of the table of numbers.
#[derive(Clone, Debug, Serialize)]
struct NumberRow {
    number: E164,
    /// What it is for: `pool`, `static` or `reserve`.
    used_for: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<String>,
    scenarios: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    state: State,
    origin: NumberOrigin,
    #[serde(skip_serializing_if = "Option::is_none")]
    connected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    calls: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_call_at: Option<UnixMillis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_shown_at: Option<UnixMillis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum State {
    Pool(NumberState),
    Static(#[serde(serialize_with = "write_static")] ()),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape serde calls")]
fn write_static<S: serde::Serializer>(_: &(), serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("static")
}

impl State {
    /// Whether a filter of the table shows it.
    fn is_shown_by(self, filter: &str) -> Option<bool> {
        use NumberState as N;
        let leased = matches!(
            self,
            Self::Pool(N::Provisional | N::Active | N::Idle | N::Held | N::Draining)
        );
        match filter {
            "all" => Some(true),
            "used" => Some(leased || self == Self::Static(())),
            "free" => Some(matches!(self, Self::Pool(N::Free | N::Cooling))),
            "reserve" => Some(self == Self::Pool(N::Reserve)),
            "quarantined" => Some(matches!(self, Self::Pool(N::Quarantined | N::Disabled))),
            _ => None,
        }
    }
}

/// What is asked of numbers.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
enum Action {
    /// Put numbers into a pool. They are written as people write them, separated by commas, spaces
    /// or lines.
    Add { numbers: String, pool: String },
    /// Move numbers to a pool.
    Assign { numbers: String, pool: String },
    /// Take numbers out of everything they are used for.
    Remove { numbers: String },
    /// Make a number the reserve of a scenario.
    MakeReserve { number: String, scenario: String },
    /// Lend numbers no more until they are released; their calls are still recorded.
    Quarantine { numbers: String },
    /// Lend quarantined or disabled numbers again.
    Release { numbers: String },
    /// Put one number in another's place.
    Replace { number: String, by: String },
}

impl SiteObject {
    /// `GET …/numbers?filter=`.
    pub(super) async fn list_numbers(&self, ask: &AdminAsk) -> Result<AdminReply, Refused> {
        let filter = ask.parameter("filter").unwrap_or("all");
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let config = &in_force.config;
        let site = config.site.as_str();
        let lives = join_all(config.pools.iter().map(|pool| {
            let version = in_force.version;
            pools::ask::<LiveAnswer>(
                &self.env,
                site,
                pool.id.as_str(),
                version,
                PoolCommand::Live,
            )
        }))
        .await;
        let mut rows: BTreeMap<E164, NumberRow> = BTreeMap::new();
        for (pool, live) in config.pools.iter().zip(lives) {
            for number in live?.numbers {
                let mut row = new_row(config, number.number, "pool", State::Pool(number.state));
                row.pool = Some(pool.id.to_string());
                let scenarios = config.scenarios.iter();
                let of = scenarios.filter(|scenario| scenario.pool() == Some(&pool.id));
                row.scenarios = of.map(|scenario| scenario.id.to_string()).collect();
                row.last_shown_at = number.holder.map(|holder| holder.last_activity);
                rows.insert(number.number, row);
            }
        }
        add_statics_and_reserves(config, &mut rows);
        let counts = "SELECT dialed, count(*), max(started_at_ms) FROM call
                      WHERE dialed IS NOT NULL GROUP BY dialed";
        for counted in self.store.sql().rows(counts, &[])? {
            let Ok(number) = E164::parse(&counted.text(0)?) else {
                continue;
            };
            if let Some(row) = rows.get_mut(&number) {
                row.calls = counted.integer(1)?;
                row.last_call_at = Some(UnixMillis(counted.integer(2)?));
            }
        }
        let wrong = || bad("filter", "all, used, free, reserve or quarantined");
        let mut numbers = Vec::new();
        for row in rows.into_values() {
            if row.state.is_shown_by(filter).ok_or_else(wrong)? {
                numbers.push(row);
            }
        }
        AdminReply::json(&Numbers { numbers })
    }

    /// `POST …/numbers`: one action.
    pub(super) async fn act_on_numbers(
        &self,
        site: &str,
        ask: &AdminAsk,
        actor: &str,
        now: UnixMillis,
    ) -> Result<AdminReply, Refused> {
        let action: Action = serde_json::from_str(&ask.body).map_err(|error| {
            Problem::with_detail(ProblemCode::NotJson, format!("no action: {error}"))
        })?;
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let version = config::latest(self.store.sql())?.ok_or(ProblemCode::UnknownSite)?;
        let mut document: Value = serde_json::from_str(&version.document)?;
        let note = apply(&mut document, &action, &in_force.config)?;
        let text = serde_json::to_string_pretty(&document)?;
        let config = config::parse(&text, site, ask.russian)?;
        let etag = version.etag();
        let new = NewVersion {
            document: &text,
            // Read and written in one turn: nothing can have come between.
            if_match: Some(ask.if_match.as_deref().unwrap_or(&etag)),
            author: actor,
            note: ask.parameter("note").unwrap_or(&note),
            request: &ask.request,
            action: "numbers.change",
        };
        self.bring_into_force(config, &new, ask, now).await
    }
}

fn new_row(config: &SiteConfig, number: E164, used_for: &'static str, state: State) -> NumberRow {
    let record = config.record(number);
    NumberRow {
        number,
        used_for,
        pool: None,
        scenarios: Vec::new(),
        source: None,
        state,
        origin: record.map(|record| record.origin).unwrap_or_default(),
        connected: record.and_then(|record| record.connected.clone()),
        city: record.and_then(|record| record.city.clone()),
        note: record.and_then(|record| record.note.clone()),
        calls: 0,
        last_call_at: None,
        last_shown_at: None,
    }
}

fn add_statics_and_reserves(config: &SiteConfig, rows: &mut BTreeMap<E164, NumberRow>) {
    for scenario in &config.scenarios {
        if let ScenarioKind::Static { bindings } = &scenario.kind {
            for binding in bindings {
                let mut row = new_row(config, binding.number, "static", State::Static(()));
                row.scenarios = vec![scenario.id.to_string()];
                row.source = Some(binding.source.clone());
                rows.insert(binding.number, row);
            }
        }
        if let Some(number) = scenario.reserve_number {
            let row = rows.entry(number).or_insert_with(|| {
                new_row(config, number, "reserve", State::Pool(NumberState::Reserve))
            });
            row.scenarios.push(scenario.id.to_string());
        }
    }
}

/// Edits the document; says in a sentence what was done.
fn apply(document: &mut Value, action: &Action, config: &SiteConfig) -> Result<String, Problem> {
    match action {
        Action::Add { numbers, pool } | Action::Assign { numbers, pool } => {
            let numbers = read(numbers, "/numbers", config)?;
            for number in &numbers {
                take_out(document, *number);
            }
            put_in(document, pool, &numbers)?;
            Ok(format!("{} into {pool}", counted(&numbers)))
        }
        Action::Remove { numbers } => {
            let numbers = read(numbers, "/numbers", config)?;
            for number in &numbers {
                take_out(document, *number);
            }
            Ok(format!("{} removed", counted(&numbers)))
        }
        Action::MakeReserve { number, scenario } => {
            let numbers = read(number, "/number", config)?;
            let number = numbers[0];
            take_out(document, number);
            let found = member(document, "scenarios", "id", scenario);
            let found = found.ok_or_else(|| unknown("/scenario", scenario))?;
            found["reserve_number"] = json!(number);
            Ok(format!("{number} is the reserve of {scenario}"))
        }
        Action::Quarantine { numbers } => {
            let numbers = read(numbers, "/numbers", config)?;
            set_status(document, &numbers, "quarantined");
            Ok(format!("{} quarantined", counted(&numbers)))
        }
        Action::Release { numbers } => {
            let numbers = read(numbers, "/numbers", config)?;
            set_status(document, &numbers, "active");
            Ok(format!("{} released", counted(&numbers)))
        }
        Action::Replace { number, by } => {
            let (from, to) = (
                read(number, "/number", config)?[0],
                read(by, "/by", config)?[0],
            );
            replace(document, &from.to_string(), &to.to_string());
            Ok(format!("{to} in the place of {from}"))
        }
    }
}

fn counted(numbers: &[E164]) -> String {
    match numbers {
        [one] => one.to_string(),
        many => format!("{} numbers", many.len()),
    }
}

/// Reads what an owner pasted. Nothing of it is dropped unseen: one piece that is no number, and none
/// is taken.
fn read(text: &str, pointer: &str, config: &SiteConfig) -> Result<Vec<E164>, Problem> {
    let list = phone::read_list(text, config.home());
    let mut faults: Vec<FaultAt> = list
        .faults
        .iter()
        .map(|fault| FaultAt {
            pointer: pointer.to_owned(),
            code: fault.reason.code().to_owned(),
            detail: format!(
                "piece {} in line {}: \"{}\"",
                fault.position, fault.line, fault.text
            ),
        })
        .collect();
    if list.numbers.is_empty() && faults.is_empty() {
        faults.push(FaultAt {
            pointer: pointer.to_owned(),
            code: "empty".to_owned(),
            detail: "no number".to_owned(),
        });
    }
    if faults.is_empty() {
        Ok(list.numbers)
    } else {
        Err(Problem::with_faults(ProblemCode::Unprocessable, faults))
    }
}

fn unknown(pointer: &str, id: &str) -> Problem {
    let fault = FaultAt {
        pointer: pointer.to_owned(),
        code: "unknown".to_owned(),
        detail: format!("there is no \"{id}\""),
    };
    Problem::with_faults(ProblemCode::Unprocessable, vec![fault])
}

/// The member of a list of objects whose `key` is `id`.
fn member<'d>(document: &'d mut Value, list: &str, key: &str, id: &str) -> Option<&'d mut Value> {
    let members = document.get_mut(list)?.as_array_mut()?;
    members
        .iter_mut()
        .find(|member| member.get(key).and_then(Value::as_str) == Some(id))
}

fn is_number(value: &Value, number: E164) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.trim_start_matches('+') == number.to_string())
}

/// Takes a number out of pools, bindings and reserves.
fn take_out(document: &mut Value, number: E164) {
    for pool in document["pools"].as_array_mut().into_iter().flatten() {
        if let Some(numbers) = pool["numbers"].as_array_mut() {
            numbers.retain(|value| !is_number(value, number));
        }
    }
    for scenario in document["scenarios"].as_array_mut().into_iter().flatten() {
        if is_number(&scenario["reserve_number"], number) {
            if let Some(scenario) = scenario.as_object_mut() {
                scenario.remove("reserve_number");
            }
        }
        if let Some(bindings) = scenario.get_mut("bindings").and_then(Value::as_array_mut) {
            bindings.retain(|binding| !is_number(&binding["number"], number));
        }
    }
}

fn put_in(document: &mut Value, pool: &str, numbers: &[E164]) -> Result<(), Problem> {
    let found = member(document, "pools", "id", pool).ok_or_else(|| unknown("/pool", pool))?;
    if let Some(list) = found["numbers"].as_array_mut() {
        list.extend(numbers.iter().map(|number| json!(number)));
    }
    Ok(())
}

fn set_status(document: &mut Value, numbers: &[E164], status: &str) {
    if !document["numbers"].is_array() {
        document["numbers"] = json!([]);
    }
    for number in numbers {
        let text = number.to_string();
        if let Some(record) = member(document, "numbers", "number", &text) {
            record["status"] = json!(status);
        } else if let Some(records) = document["numbers"].as_array_mut() {
            records.push(json!({ "number": text, "status": status }));
        }
    }
}

/// Puts the text `to` wherever `from` stands as a number.
fn replace(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text.trim_start_matches('+') == from => *text = to.to_owned(),
        Value::Array(members) => members
            .iter_mut()
            .for_each(|member| replace(member, from, to)),
        Value::Object(members) => {
            // What the page itself shows is looked for by its own number: targets stay.
            let members = members.iter_mut().filter(|(name, _)| *name != "targets");
            members.for_each(|(_, member)| replace(member, from, to));
        }
        _ => {}
    }
}

#[derive(Serialize)]
struct Numbers {
    numbers: Vec<NumberRow>,
}
