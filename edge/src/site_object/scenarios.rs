//! Scenarios by themselves, and edits of the configuration that name only what they change.
//!
//! The configuration is what visits are matched by; an edit makes the next version of it, with
//! author, note and faults like any other. What is not here: the edits' rules
//! ([`ringlet_core::site::edit`]).

use super::SiteObject;
use super::admin::{AdminReply, bad, config_reply};
use super::config::{self, NewVersion, Version};
use super::refused::Refused;
use crate::binding::sql::Sql;
use crate::binding::timer;
use crate::message::AdminAsk;
use ringlet_core::api::detail::{Detail, Wanted};
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::api::route::Route;
use ringlet_core::id::{PoolId, ScenarioId};
use ringlet_core::phone::E164;
use ringlet_core::scenario::ScenarioKind;
use ringlet_core::site::edit::{self, EditError};
use ringlet_core::site::{Change, SiteConfig, Text, diff};
use ringlet_core::time::UnixMillis;
use serde::Serialize;

type Done = Result<AdminReply, Refused>;

impl SiteObject {
    /// `PATCH …/config`, and `PUT`, `PATCH`, `DELETE …/scenarios/{id}`. Without `If-Match` the
    /// version in force is changed, whatever it is by then.
    pub(super) async fn edit_config(
        &self,
        site: &str,
        ask: &AdminAsk,
        route: Route,
        actor: &str,
        now: UnixMillis,
    ) -> Done {
        let sql = self.store.sql();
        let (version, text, action, note, config) = loop {
            let version = in_force(sql)?;
            if ask.if_match.is_some() {
                config::precondition(sql, ask.if_match.as_deref())?;
            }
            let (text, action, note) = edited(&version.document, ask, route)?;
            timer::turn_if_long(&text).await;
            let config = config::parse(&text, site, ask.russian)?;
            timer::turn_if_long(&text).await;
            // What others wrote meanwhile is what is to be changed.
            if config::latest_version(sql)? == version.version {
                break (version, text, action, note, config);
            }
        };
        let etag = version.etag();
        let new = NewVersion {
            document: &text,
            if_match: Some(ask.if_match.as_deref().unwrap_or(&etag)),
            author: actor,
            note: ask.parameter("note").unwrap_or(&note),
            request: &ask.request,
            action,
        };
        self.bring_into_force(config, &new, ask, now).await
    }

    /// `GET …/scenarios`: in the order of the document.
    pub(super) fn list_scenarios(&self) -> Done {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let config = &in_force.config;
        let scenarios = config.scenarios.iter().map(|scenario| Summary {
            id: &scenario.id,
            name: &scenario.name,
            enabled: scenario.enabled,
            kind: match scenario.kind {
                ScenarioKind::Dynamic { .. } => "dynamic",
                ScenarioKind::Static { .. } => "static",
                ScenarioKind::Params { .. } => "params",
            },
            priority: scenario.priority,
            pool: scenario.pool(),
            numbers: match &scenario.kind {
                ScenarioKind::Static { bindings } => bindings.len(),
                ScenarioKind::Dynamic { pool } | ScenarioKind::Params { pool, .. } => {
                    config.pool(pool).map_or(0, |pool| pool.numbers.len())
                }
            },
            reserve_number: scenario.reserve_number,
        });
        AdminReply::json(&Scenarios {
            scenarios: scenarios.collect(),
        })
    }
}

/// `GET …/scenarios/{id}`.
pub(super) fn read_scenario(sql: &Sql, ask: &AdminAsk) -> Done {
    let version = in_force(sql)?;
    let id = named(ask)?;
    let body = edit::read_scenario(&version.document, &id).ok_or(ProblemCode::NotFound)?;
    Ok(config_reply(version.etag(), body, ask))
}

/// `GET …/versions/{version}/diff?with=`.
pub(super) fn diff_versions(sql: &Sql, ask: &AdminAsk) -> Done {
    AdminReply::json(&changed(sql, ask)?)
}

/// What one version changed of another, as the address asks.
///
/// # Errors
/// [`ProblemCode::NotFound`], [`ProblemCode::BadParameter`], [`ProblemCode::Unprocessable`], or
/// what the platform says.
pub(super) fn changed(sql: &Sql, ask: &AdminAsk) -> Result<Diff, Refused> {
    let to: u64 = ask.name(0).parse().map_err(|_| ProblemCode::NotFound)?;
    let from = match ask.parameter("with") {
        None => to.saturating_sub(1),
        Some(with) => with.parse().map_err(|_| bad("with", Wanted::Version))?,
    };
    let after = parsed(&config::read(sql, to)?.ok_or(ProblemCode::NotFound)?)?;
    let changes = match config::read(sql, from)? {
        Some(before) => diff(&parsed(&before)?, &after),
        None if ask.parameter("with").is_some() => return Err(ProblemCode::NotFound.into()),
        // Nothing stood before the first version.
        None => Vec::new(),
    };
    Ok(Diff { from, to, changes })
}

fn parsed(version: &Version) -> Result<SiteConfig, Problem> {
    SiteConfig::parse(&version.document).map_err(|_| {
        let detail = Detail::VersionRefused(version.version);
        Problem::with_detail(ProblemCode::Unprocessable, detail)
    })
}

fn in_force(sql: &Sql) -> Result<Version, Refused> {
    Ok(config::latest(sql)?.ok_or(ProblemCode::UnknownSite)?)
}

fn named(ask: &AdminAsk) -> Result<ScenarioId, Problem> {
    ScenarioId::parse(ask.name(0)).map_err(|_| Problem::new(ProblemCode::NotFound))
}

/// The document after the edit, the audit log's word for it, and what it did in a sentence.
fn edited(
    document: &str,
    ask: &AdminAsk,
    route: Route,
) -> Result<(String, &'static str, String), Problem> {
    let (text, action, note) = if route == Route::ConfigPatch {
        let text = edit::merge_document(document, &ask.body);
        (
            text,
            "config.patch",
            Text::of("some members changed", "изменены некоторые поля"),
        )
    } else {
        let id = named(ask)?;
        match route {
            Route::ScenarioWrite => {
                let text = edit::put_scenario(document, &id, &ask.body);
                (
                    text,
                    "scenario.write",
                    Text::of(
                        format!("scenario {id} written"),
                        format!("записан сценарий {id}"),
                    ),
                )
            }
            Route::ScenarioPatch => {
                let text = edit::merge_scenario(document, &id, &ask.body);
                (
                    text,
                    "scenario.patch",
                    Text::of(
                        format!("scenario {id} changed"),
                        format!("изменён сценарий {id}"),
                    ),
                )
            }
            _ => {
                let text = edit::remove_scenario(document, &id);
                (
                    text,
                    "scenario.delete",
                    Text::of(
                        format!("scenario {id} removed"),
                        format!("убран сценарий {id}"),
                    ),
                )
            }
        }
    };
    let text = text.map_err(|error| match error {
        EditError::NotJson(why) => Problem::with_detail(ProblemCode::NotJson, why),
        EditError::NotAnObject => Problem::with_detail(ProblemCode::NotJson, Detail::NotAnObject),
        EditError::OtherId => Problem::with_detail(ProblemCode::NotJson, Detail::OtherScenario),
        EditError::NoScenario => Problem::new(ProblemCode::NotFound),
    })?;
    Ok((text, action, note.in_language(ask.russian)))
}

#[derive(Serialize)]
struct Scenarios<'a> {
    scenarios: Vec<Summary<'a>>,
}

/// A scenario in a list: what a reader of reports needs, no conditions and no addresses of lines.
#[derive(Serialize)]
struct Summary<'a> {
    id: &'a ScenarioId,
    name: &'a str,
    enabled: bool,
    kind: &'static str,
    priority: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<&'a PoolId>,
    /// Of its pool, or bound to sources.
    numbers: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    reserve_number: Option<E164>,
}

/// What one version changed of another.
#[derive(Serialize)]
pub(super) struct Diff {
    from: u64,
    to: u64,
    /// The differences.
    pub changes: Vec<Change>,
}
