//! The numbers of a site as its owner sees them, and what he does with them.
//!
//! The configuration is what numbers are placed by. An action is an edit of it, so it is a version
//! like any other, with author, note and faults; nothing is kept about a number that a revert would
//! not bring back. What is read beside it: the state in its pool, and the calls.

use super::SiteObject;
use super::admin::{AdminReply, bad};
use super::config::{self, NewVersion};
use super::pools::numbers_of_page;
use super::refused::Refused;
use super::stock::{self, Borrowed};
use crate::api::fault_at;
use crate::binding::fault::Fault;
use crate::binding::timer;
use crate::clock;
use crate::message::AdminAsk;
use crate::message::pool::LivePage;
use futures_util::future::join_all;
use ringlet_core::api::detail::Wanted;
use ringlet_core::api::problem::{FaultAt, Problem, ProblemCode};
use ringlet_core::api::unread::Unread;
use ringlet_core::attribution::{NumberCalls, PASTED_WITHIN};
use ringlet_core::number::{self, ActionError, NumberAction, NumberFilter};
use ringlet_core::phone::{E164, read_written};
use ringlet_core::pool::{NumberState, NumberView};
use ringlet_core::scenario::ScenarioKind;
use ringlet_core::site::{NumberOrigin, NumberStatus, SiteConfig, Text};
use ringlet_core::time::UnixMillis;
use serde::Serialize;
use std::collections::BTreeMap;

/// One row of the table of numbers.
#[derive(Clone, Debug, Serialize)]
struct NumberRow {
    number: E164,
    /// What it is for: `pool`, `static`, `reserve` or `nothing`.
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
    /// Callers of the last month whom no lease explains.
    strange_callers: u64,
    /// So many that the number seems to be written somewhere for good.
    is_pasted: bool,
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

impl NumberRow {
    /// Whether a filter of the table shows it, as the core's table has it: used and free say
    /// whether the number is in a scenario, not whether somebody looks at it now.
    fn is_shown_by(&self, filter: NumberFilter) -> bool {
        match filter {
            NumberFilter::All => true,
            NumberFilter::Used => self.used_for != "nothing",
            NumberFilter::Free => self.used_for == "nothing",
            NumberFilter::Reserve => self.used_for == "reserve",
            NumberFilter::Quarantined => self.state == State::Pool(NumberState::Quarantined),
        }
    }
}

impl SiteObject {
    /// Marks numbers of pools that strangers call.
    fn mark_pasted(&self, list: &str, rows: &mut BTreeMap<E164, NumberRow>) -> Result<(), Refused> {
        let query = "SELECT dialed, count(*), coalesce(sum(kind = 'unattributed'), 0),
                            count(DISTINCT CASE WHEN kind = 'unattributed' THEN caller END)
                     FROM (SELECT dialed, caller, (SELECT outcome ->> '$.kind' FROM attribution
                                  WHERE attribution.call = call.call
                                  ORDER BY revision DESC LIMIT 1) AS kind
                           FROM call WHERE dialed IN (SELECT value FROM json_each(?))
                             AND started_at_ms > ?)
                     GROUP BY dialed";
        let from = (clock::now() - PASTED_WITHIN).0;
        for counted in self.store.sql().rows(query, &[&list, &from])? {
            let Ok(number) = E164::parse(&counted.text(0)?) else {
                continue;
            };
            let Some(row) = rows.get_mut(&number).filter(|row| row.used_for == "pool") else {
                continue;
            };
            let calls = NumberCalls {
                calls: counted.integer(1)?,
                strange: counted.integer(2)?,
                strange_callers: counted.integer(3)?,
            };
            row.strange_callers = calls.strange_callers;
            row.is_pasted = calls.is_pasted();
        }
        Ok(())
    }

    /// Counts the calls to these numbers, and marks those of pools that strangers call.
    fn count_calls(&self, rows: &mut BTreeMap<E164, NumberRow>) -> Result<(), Refused> {
        let numbers: Vec<&E164> = rows.keys().collect();
        let list = serde_json::to_string(&numbers).map_err(Fault::from)?;
        let counts = "SELECT dialed, count(*), max(started_at_ms) FROM call
                      WHERE dialed IN (SELECT value FROM json_each(?)) GROUP BY dialed";
        for counted in self.store.sql().rows(counts, &[&list])? {
            let Ok(number) = E164::parse(&counted.text(0)?) else {
                continue;
            };
            if let Some(row) = rows.get_mut(&number) {
                row.calls = counted.integer(1)?;
                row.last_call_at = Some(UnixMillis(counted.integer(2)?));
            }
        }
        self.mark_pasted(&list, rows)
    }

    /// `GET …/numbers?filter=`, in the order of the numbers, `limit` at a time before the filter.
    pub(super) async fn list_numbers(&self, ask: &AdminAsk) -> Result<AdminReply, Refused> {
        let filter = ask.parameter("filter").unwrap_or("all");
        let filter: NumberFilter = serde_json::from_value(filter.into())
            .map_err(|_| bad("filter", Wanted::OneOf(NumberFilter::NAMES.to_vec())))?;
        let wrong = |_| bad("cursor", Wanted::Cursor);
        let page = LivePage {
            after: ask
                .parameter("cursor")
                .map(|cursor| E164::parse(cursor).map_err(wrong))
                .transpose()?,
            limit: numbers_of_page(ask)?,
            sources: false,
            events: false,
        };
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let config = &in_force.config;
        let borrowed = stock::borrowed(self.store.sql())?;
        let pools = config.pools.iter();
        let lives = join_all(pools.map(|pool| self.live_of(&in_force, &pool.id, page))).await;
        let mut rows: BTreeMap<E164, NumberRow> = BTreeMap::new();
        // The page ends with the last number up to which every pool has told its own.
        let mut told_to: Option<E164> = None;
        for (pool, live) in config.pools.iter().zip(lives) {
            let live = live?;
            if live.more {
                let last = live.numbers.last().map(|number| number.number);
                told_to = told_to.into_iter().chain(last).min();
            }
            for number in live.numbers {
                if is_gone(config, &borrowed, &number) {
                    continue;
                }
                let record = config.record(number.number);
                let state = match record.map(|record| record.status) {
                    // A pool knows only that it may not lend the number.
                    Some(NumberStatus::Quarantined) if number.state == NumberState::Disabled => {
                        NumberState::Quarantined
                    }
                    _ => number.state,
                };
                let mut row = new_row(config, number.number, "pool", State::Pool(state));
                row.pool = Some(pool.id.to_string());
                let scenarios = config.scenarios.iter();
                let of = scenarios.filter(|scenario| scenario.pool() == Some(&pool.id));
                row.scenarios = of.map(|scenario| scenario.id.to_string()).collect();
                row.last_shown_at = number.holder.map(|holder| holder.last_activity);
                rows.insert(number.number, row);
            }
        }
        add_statics_and_reserves(config, &mut rows);
        add_free(config, &mut rows);
        rows.retain(|number, _| {
            page.after.is_none_or(|after| *number > after) && told_to.is_none_or(|to| *number <= to)
        });
        let mut next = told_to;
        while rows.len() as u64 > page.limit {
            rows.pop_last();
            next = rows.last_key_value().map(|(number, _)| *number);
        }
        self.count_calls(&mut rows)?;
        let numbers = rows.into_values().filter(|row| row.is_shown_by(filter));
        AdminReply::json(&Numbers {
            numbers: numbers.collect(),
            next,
        })
    }

    /// `POST …/numbers`: one action.
    pub(super) async fn act_on_numbers(
        &self,
        site: &str,
        ask: &AdminAsk,
        actor: &str,
        now: UnixMillis,
    ) -> Result<AdminReply, Refused> {
        if ask.if_match.is_some() {
            config::precondition(self.store.sql(), ask.if_match.as_deref())?;
        }
        let action: NumberAction = serde_json::from_str(&ask.body)
            .map_err(|error| Problem::with_detail(ProblemCode::NotJson, Unread::from(error)))?;
        let (version, text, config, said) = loop {
            let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
            let version = config::latest(self.store.sql())?.ok_or(ProblemCode::UnknownSite)?;
            let applied = number::apply(&in_force.config, &action)
                .map_err(|error| refused(&error, ask.russian))?;
            // What the owner left unsaid stays unsaid: only the numbers of his document change.
            let text = number::edit_document(&version.document, &applied.config)
                .ok_or(ProblemCode::Internal)?;
            timer::turn_if_long(&text).await;
            let config = config::parse(&text, site, ask.russian)?;
            timer::turn_if_long(&text).await;
            // What others wrote meanwhile is what the action is applied to.
            if config::latest_version(self.store.sql())? == version.version {
                break (version, text, config, applied.note.in_language(ask.russian));
            }
        };
        let etag = version.etag();
        let new = NewVersion {
            document: &text,
            if_match: Some(ask.if_match.as_deref().unwrap_or(&etag)),
            author: actor,
            note: ask.parameter("note").unwrap_or(&said),
            request: &ask.request,
            action: "numbers.change",
        };
        self.bring_into_force(config, &new, ask, now).await
    }
}

/// The number that a parameter names: digits with the country code, or any writing that is read
/// where the site is.
///
/// # Errors
/// [`ProblemCode::BadParameter`].
pub(super) fn number_named(config: &SiteConfig, text: &str) -> Result<E164, Problem> {
    let digits = E164::parse(text).ok();
    let written = read_written(text, config.home());
    let is_known =
        |number: &E164| config.use_of(*number).is_some() || config.record(*number).is_some();
    // "84951234567" is a number of Vietnam, unless it is one of the site's in another writing.
    let known = [digits, written].into_iter().flatten().find(is_known);
    known
        .or(digits)
        .or(written)
        .ok_or_else(|| bad("number", Wanted::Number))
}

/// Whether a number was taken away and is nobody's any more: its pool remembers it for calls.
fn is_gone(config: &SiteConfig, borrowed: &[Borrowed], number: &NumberView) -> bool {
    let of = number.number;
    let held = matches!(
        number.state,
        NumberState::Provisional
            | NumberState::Active
            | NumberState::Idle
            | NumberState::Held
            | NumberState::Draining
    );
    !held && config.use_of(of).is_none() && !borrowed.iter().any(|one| one.loan.number == of)
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
        strange_callers: 0,
        is_pasted: false,
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

/// Numbers of the site that are used for nothing.
fn add_free(config: &SiteConfig, rows: &mut BTreeMap<E164, NumberRow>) {
    for record in &config.numbers {
        let state = match record.status {
            NumberStatus::Active => NumberState::Free,
            NumberStatus::Quarantined => NumberState::Quarantined,
            NumberStatus::Disabled => NumberState::Disabled,
        };
        rows.entry(record.number)
            .or_insert_with(|| new_row(config, record.number, "nothing", State::Pool(state)));
    }
}

/// Every reason why an action is not applied.
fn refused(error: &ActionError, russian: bool) -> Problem {
    let said = |text: &Text| {
        if russian {
            text.ru.clone()
        } else {
            text.en.clone()
        }
    };
    let faults = match error {
        ActionError::Refused(refusals) => refusals
            .iter()
            .map(|refusal| FaultAt {
                pointer: refusal.pointer.to_owned(),
                code: refusal.code.to_owned(),
                detail: format!("\"{}\": {}", refusal.text, said(&refusal.message)),
            })
            .collect(),
        ActionError::Faults(faults) => faults
            .iter()
            .map(|fault| fault_at(fault, russian))
            .collect(),
    };
    Problem::with_faults(ProblemCode::Unprocessable, faults)
}

#[derive(Serialize)]
struct Numbers {
    numbers: Vec<NumberRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<E164>,
}
