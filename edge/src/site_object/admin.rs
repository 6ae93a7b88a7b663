//! Requests of the administration: who may, what they do, what they answer.

use super::access::{self, Admitted, Role};
use super::audit::{self, Change};
use super::config::{self, NewVersion, Version};
use super::duty::{self, Duty};
use super::refused::Refused;
use super::scenarios::{diff_versions, read_scenario};
use super::{InForce, SiteObject, check, export, idempotency, schema, shards, viewer};
use crate::api::fault_at;
use crate::binding::host;
use crate::binding::sql::Sql;
use crate::binding::timer;
use crate::clock;
use crate::log::{Level, Line};
use crate::message::AdminAsk;
use ringlet_core::api::detail::{Detail, Wanted};
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::api::route::{Access, ROUTES, Route};
use ringlet_core::entropy::Entropy;
use ringlet_core::import::{self, ImportError, ImportFrom};
use ringlet_core::limits::{PAGE_ROWS, PAGE_ROWS_USUAL};
use ringlet_core::site::{SiteConfig, Text};
use ringlet_core::time::UnixMillis;
use serde::Serialize;
use std::rc::Rc;
use worker::{Response, ResponseBuilder};

/// What a request of the administration is answered.
#[derive(Clone, Debug)]
pub(crate) struct AdminReply {
    /// The HTTP status.
    pub status: u16,
    /// The ETag, where there is one.
    pub etag: Option<String>,
    /// The body.
    pub body: String,
    /// What the body is.
    pub content_type: &'static str,
    /// Headers of its own.
    pub headers: Vec<(&'static str, String)>,
}

impl AdminReply {
    /// An answer of JSON.
    pub(crate) fn json(value: &impl Serialize) -> Result<Self, Refused> {
        let body = serde_json::to_string(value)?;
        Ok(Self {
            status: 200,
            etag: None,
            body,
            content_type: "application/json",
            headers: Vec::new(),
        })
    }

    /// An answer that says nothing.
    pub(crate) fn nothing() -> Self {
        Self {
            status: 204,
            etag: None,
            body: String::new(),
            content_type: "application/json",
            headers: Vec::new(),
        }
    }

    fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn with_etag(mut self, etag: String) -> Self {
        self.etag = Some(etag);
        self
    }

    /// The platform's response.
    ///
    /// # Errors
    /// When the platform refuses a header, which no handler makes.
    pub(crate) fn into_response(self) -> worker::Result<Response> {
        let mut builder = ResponseBuilder::new()
            .with_status(self.status)
            .with_header("cache-control", "no-store")?;
        for (name, value) in &self.headers {
            builder = builder.with_header(name, value)?;
        }
        if let Some(etag) = &self.etag {
            builder = builder.with_header("etag", etag)?;
        }
        if matches!(self.status, 204 | 304) {
            return Ok(builder.empty());
        }
        let builder = builder.with_header("content-type", self.content_type)?;
        Ok(builder.fixed(self.body.into_bytes()))
    }
}

/// JSON Lines.
pub(super) const NDJSON: &str = "application/x-ndjson";

/// What a request of the administration comes to.
pub(crate) type Done = Result<AdminReply, Refused>;

impl SiteObject {
    /// Answers a request of the administration.
    pub(super) async fn administer(&self, site: &str, ask: AdminAsk) -> worker::Result<Response> {
        let russian = ask.russian;
        let done = self.admin_reply(site, &ask).await;
        let done = match done {
            Err(Refused::Problem(problem)) if problem.code == ProblemCode::Unauthorized => {
                let counted = self.rates.borrow_mut().refused(clock::now());
                Err(counted.err().unwrap_or(problem).into())
            }
            done => done,
        };
        match done {
            Ok(reply) => reply.into_response(),
            Err(Refused::Problem(problem)) => {
                let mut response = refusal(&problem, russian).into_response()?;
                if let Some(seconds) = problem.retry_after_s() {
                    let headers = response.headers_mut();
                    headers.set("retry-after", &seconds.to_string())?;
                }
                Ok(response)
            }
            Err(Refused::Fault(fault)) => {
                Line::new(Level::Error, "admin_failed")
                    .site(site)
                    .fault(&fault.message)
                    .write();
                refusal(&Problem::new(ProblemCode::Internal), russian).into_response()
            }
        }
    }

    async fn admin_reply(&self, site: &str, ask: &AdminAsk) -> Done {
        let route = ask.route.ok_or(ProblemCode::NotFound)?;
        let now = clock::now();
        if !self.exists()? || config::latest_version(self.store.sql())? == 0 {
            return match route {
                Route::ConfigWrite | Route::SiteCreate
                    if ask.deployer && self.is_importing()? =>
                {
                    Err(Problem::with_detail(ProblemCode::Conflict, Detail::Importing).into())
                }
                Route::SiteDelete if ask.deployer && self.is_importing()? => {
                    self.drop_import(site).await?;
                    Ok(AdminReply::nothing())
                }
                Route::ConfigWrite | Route::SiteCreate if ask.deployer => {
                    self.write_config(site, ask, "deployer", now).await
                }
                Route::ConfigCheck if ask.deployer => check_config(site, ask),
                // Who is not the deployer learns nothing of which sites there are.
                _ if ask.deployer => Err(ProblemCode::UnknownSite.into()),
                _ => Err(ProblemCode::Unauthorized.into()),
            };
        }
        let sql = self.store.sql();
        let Admitted { actor, role } = access::admit(sql, ask, access_of(route), now)?;
        self.rates.borrow_mut().request(&actor, now)?;
        ask.must_be_whole()?;
        if let Some(reply) = idempotency::recall(sql, ask)? {
            return Ok(reply);
        }
        if let (Role::Viewer, Some(reply)) = (role, viewer::read(sql, ask, route)?) {
            return Ok(reply);
        }
        match route {
            Route::ConfigWrite => self.write_config(site, ask, &actor, now).await,
            Route::VersionRevert => self.revert_config(site, ask, &actor, now).await,
            Route::SiteCreate => Err(ProblemCode::Conflict.into()),
            Route::SiteDelete => self.delete_site(site).await,
            Route::ConfigPatch
            | Route::ScenarioWrite
            | Route::ScenarioPatch
            | Route::ScenarioDelete => self.edit_config(site, ask, route, &actor, now).await,
            Route::NumberList => self.list_numbers(ask).await,
            Route::NumberAct => self.act_on_numbers(site, ask, &actor, now).await,
            Route::LeaseRead => self.read_leases(ask, now).await,
            Route::Live => self.read_live(ask, now).await,
            Route::PoolRead => self.read_pool(ask).await,
            Route::DelayRead => self.read_delays(ask).await,
            Route::DelayWrite => self.write_delays(ask, &actor, now).await,
            Route::Export => export::part(self, site, ask).await,
            Route::Import => Err(ProblemCode::Conflict.into()),
            Route::Check => self.check_state(ask.russian).await,
            Route::StockKeep => self.keep_stock_now(ask, now).await,
            Route::CallCorrect => self.correct(ask, &actor, now).await,
            Route::Replay => self.replay(ask, &actor, now).await,
            Route::KeptEventRetry => self.retry_kept_event(ask, &actor, now).await,
            Route::DeliverySend => self.resend(ask, &actor, now).await,
            Route::ReportRead => self.read_report(ask, now).await,
            _ => self.simple(site, ask, route, &actor, now),
        }
    }

    /// Routes that the database alone answers.
    fn simple(
        &self,
        site: &str,
        ask: &AdminAsk,
        route: Route,
        actor: &str,
        now: UnixMillis,
    ) -> Done {
        let sql = self.store.sql();
        match route {
            Route::SiteRead => self.read_site(site),
            Route::ConfigRead => read_config(sql, ask),
            Route::ConfigCheck => check_config(site, ask),
            Route::ConfigImport => self.import_config(ask),
            Route::VersionList => list_versions(sql, ask),
            Route::VersionRead => read_version(sql, ask),
            Route::VersionDiff => diff_versions(sql, ask),
            Route::ScenarioList => self.list_scenarios(),
            Route::ScenarioRead => read_scenario(sql, ask),
            Route::CallList => self.list_calls(ask),
            Route::CallRead => self.read_call(ask),
            Route::CallFile => self.read_file(ask, now),
            Route::DeliveryList => self.list_deliveries(ask),
            Route::OutboxList => self.list_outbox(ask),
            Route::KeptEventList => self.list_kept_events(now, ask.russian),
            Route::KeyList => list_keys(sql),
            Route::KeyCreate => self.create_key(ask, actor, now),
            Route::KeyRevoke => self.revoke_key(ask, actor, now),
            Route::AuditList => list_audit(sql, ask),
            _ => Err(ProblemCode::NotFound.into()),
        }
    }

    async fn write_config(
        &self,
        site: &str,
        ask: &AdminAsk,
        author: &str,
        now: UnixMillis,
    ) -> Done {
        if self.exists()? {
            config::precondition(self.store.sql(), ask.if_match.as_deref())?;
        }
        let config = config::parse(&ask.body, site, ask.russian)?;
        // Whatever others write meanwhile is found where this is written.
        timer::turn_if_long(&ask.body).await;
        let new = NewVersion {
            document: &ask.body,
            if_match: ask.if_match.as_deref(),
            author,
            note: ask.parameter("note").unwrap_or_default(),
            request: &ask.request,
            action: "config.write",
        };
        self.bring_into_force(config, &new, ask, now).await
    }

    async fn revert_config(
        &self,
        site: &str,
        ask: &AdminAsk,
        author: &str,
        now: UnixMillis,
    ) -> Done {
        let version = version_named(self.store.sql(), ask)?;
        config::precondition(self.store.sql(), ask.if_match.as_deref())?;
        let config = config::parse(&version.document, site, ask.russian)?;
        timer::turn_if_long(&version.document).await;
        let note = Text::of(
            format!("version {} again", version.version),
            format!("снова версия {}", version.version),
        );
        let note = note.in_language(ask.russian);
        let new = NewVersion {
            document: &version.document,
            if_match: ask.if_match.as_deref(),
            author,
            note: ask.parameter("note").unwrap_or(&note),
            request: &ask.request,
            action: "config.revert",
        };
        self.bring_into_force(config, &new, ask, now).await
    }

    /// Writes a version, and tells the pools.
    pub(super) async fn bring_into_force(
        &self,
        config: SiteConfig,
        new: &NewVersion<'_>,
        ask: &AdminAsk,
        now: UnixMillis,
    ) -> Done {
        let (version, reply) = self.store.transaction(|sql| {
            crate::schema::migrate(sql, schema::STEPS)?;
            let status = match config::latest_version(sql)? {
                0 => 201,
                _ => 200,
            };
            let version = config::write(sql, &config, new, now)?;
            let shown = Version {
                document: String::new(),
                ..version.clone()
            };
            let reply = AdminReply::json(&shown)?
                .with_status(status)
                .with_etag(version.etag());
            idempotency::remember(sql, ask, &reply, now)?;
            shards::divide(sql, &config, now)?;
            duty::call_for(sql, Duty::Retention, now)?;
            duty::call_for(sql, Duty::Stock, now)?;
            Ok::<_, Refused>((version, reply))
        })?;
        self.set_alarm_for_duties()?;
        let in_force = InForce {
            version: version.version,
            config: Rc::new(config),
        };
        *self.config.borrow_mut() = Some(in_force.clone());
        self.note_places(&in_force).await;
        timer::turn_if_long(new.document).await;
        self.tell_pools(&in_force).await;
        Ok(reply)
    }

    fn read_site(&self, site: &str) -> Done {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        AdminReply::json(&SiteSummary {
            site,
            name: &in_force.config.name,
            version: in_force.version,
            pools: in_force.config.pools.len(),
            scenarios: in_force.config.scenarios.len(),
            stored_bytes: self.store.sql().size_bytes(),
        })
    }

    fn create_key(&self, ask: &AdminAsk, actor: &str, now: UnixMillis) -> Done {
        self.store
            .transaction(|sql| create_key(sql, ask, actor, now))
    }

    fn revoke_key(&self, ask: &AdminAsk, actor: &str, now: UnixMillis) -> Done {
        self.store
            .transaction(|sql| revoke_key(sql, ask, actor, now))
    }

    async fn delete_site(&self, site: &str) -> Done {
        self.delete_pools().await?;
        self.give_everything_back(site).await?;
        self.store.delete_all().await?;
        self.config.borrow_mut().take();
        self.open.set(false);
        Line::new(Level::Info, "site_deleted").site(site).write();
        Ok(AdminReply::nothing())
    }

    async fn check_state(&self, russian: bool) -> Done {
        let faults = check::run(self).await?.into_iter();
        let faults: Vec<String> = faults.map(|fault| fault.in_language(russian)).collect();
        AdminReply::json(&CheckAnswer {
            ok: faults.is_empty(),
            faults,
        })
    }
}

/// Makes a key of a site or a stock; call it inside a transaction.
///
/// # Errors
/// [`ProblemCode::NotJson`], or what the platform says.
pub(crate) fn create_key(sql: &Sql, ask: &AdminAsk, actor: &str, now: UnixMillis) -> Done {
    let mut entropy = Entropy::new(host::seed());
    let key = access::create(sql, &ask.body, now, &mut entropy)?;
    let change = Change {
        actor,
        action: "key.create",
        subject: &format!("key/{}", key.key),
        request: &ask.request,
        before_hash: "",
        after_hash: "",
    };
    audit::append(sql, now, &change)?;
    // The token must be stored nowhere: whoever asks again hears that it is done.
    let done = Problem::with_detail(ProblemCode::Conflict, Detail::KeyMade(key.key.clone()));
    idempotency::remember(sql, ask, &refusal(&done, ask.russian), now)?;
    Ok(AdminReply::json(&key)?.with_status(201))
}

/// Revokes a key of a site or a stock; call it inside a transaction.
///
/// # Errors
/// [`ProblemCode::NotFound`], or what the platform says.
pub(crate) fn revoke_key(sql: &Sql, ask: &AdminAsk, actor: &str, now: UnixMillis) -> Done {
    access::revoke(sql, ask.name(0), now)?;
    let change = Change {
        actor,
        action: "key.revoke",
        subject: &format!("key/{}", ask.name(0)),
        request: &ask.request,
        before_hash: "",
        after_hash: "",
    };
    audit::append(sql, now, &change)?;
    let reply = AdminReply::nothing();
    idempotency::remember(sql, ask, &reply, now)?;
    Ok(reply)
}

/// The keys of a site or a stock.
///
/// # Errors
/// What the platform says.
pub(crate) fn list_keys(sql: &Sql) -> Done {
    AdminReply::json(&Keys {
        keys: access::list(sql)?,
    })
}

/// Who may ask for a route.
pub(crate) fn access_of(route: Route) -> Access {
    let spec = ROUTES.iter().find(|spec| spec.route == route);
    spec.map_or(Access::Deployer, |spec| spec.access)
}

/// A refusal as an answer.
pub(crate) fn refusal(problem: &Problem, russian: bool) -> AdminReply {
    AdminReply {
        status: problem.code.status(),
        etag: None,
        body: problem.to_json(russian),
        content_type: "application/problem+json",
        headers: Vec::new(),
    }
}

fn check_config(site: &str, ask: &AdminAsk) -> Done {
    config::parse(&ask.body, site, ask.russian)?;
    AdminReply::json(&CheckAnswer {
        ok: true,
        faults: Vec::new(),
    })
}

impl SiteObject {
    /// `POST …/config/import?from=`: the configuration in force with another system's scenarios
    /// added, to be looked at. Nothing is written: putting it into force is the owner's next step.
    fn import_config(&self, ask: &AdminAsk) -> Done {
        let from = match ask.parameter("from") {
            Some("roistat") => ImportFrom::Roistat,
            Some("uis") => ImportFrom::Uis,
            _ => return Err(bad("from", Wanted::OneOf(vec!["roistat", "uis"])).into()),
        };
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        match import::import(from, &ask.body, &in_force.config) {
            Ok(imported) => AdminReply::json(&imported),
            Err(ImportError::NotThat(why)) => {
                Err(Problem::with_detail(ProblemCode::Unprocessable, why).into())
            }
            Err(ImportError::Faults(faults)) => {
                let faults = faults
                    .iter()
                    .map(|fault| fault_at(fault, ask.russian))
                    .collect();
                Err(Problem::with_faults(ProblemCode::ConfigFaults, faults).into())
            }
        }
    }
}

fn read_config(sql: &Sql, ask: &AdminAsk) -> Done {
    let version = config::latest(sql)?.ok_or(ProblemCode::UnknownSite)?;
    Ok(config_reply(version.etag(), version.document, ask))
}

/// What there is of a version, unless the one who asks has it.
pub(super) fn config_reply(etag: String, document: String, ask: &AdminAsk) -> AdminReply {
    let known = ask.if_none_match.as_deref();
    let is_known = known.is_some_and(|tags| crate::statics::names(tags, &etag));
    AdminReply {
        status: if is_known { 304 } else { 200 },
        etag: Some(etag),
        body: if is_known { String::new() } else { document },
        content_type: "application/json",
        headers: Vec::new(),
    }
}

fn list_versions(sql: &Sql, ask: &AdminAsk) -> Done {
    let (before, count) = page_before(ask)?;
    let versions = config::list(sql, before, count)?;
    let next = next_page(&versions, count, |version| version.version);
    AdminReply::json(&Versions { versions, next })
}

fn read_version(sql: &Sql, ask: &AdminAsk) -> Done {
    let version = version_named(sql, ask)?;
    let told = serde_json::to_string(&version)?;
    Ok(config_reply(version.etag(), told, ask))
}

/// The version that the address names.
///
/// # Errors
/// [`ProblemCode::NotFound`].
pub(super) fn version_named(sql: &Sql, ask: &AdminAsk) -> Result<Version, Refused> {
    let number = ask.name(0).parse().map_err(|_| ProblemCode::NotFound)?;
    Ok(config::read(sql, number)?.ok_or(ProblemCode::NotFound)?)
}

/// A page of the audit log of a site or a stock.
///
/// # Errors
/// [`ProblemCode::BadParameter`], or what the platform says.
pub(crate) fn list_audit(sql: &Sql, ask: &AdminAsk) -> Done {
    let (before, count) = page_before(ask)?;
    let rows = audit::list(sql, before, count)?;
    AdminReply::json(&AuditRows::of(rows, count))
}

/// `cursor` and `limit` of a list that goes from the newest down.
fn page_before(ask: &AdminAsk) -> Result<(u64, u64), Problem> {
    let before = match ask.parameter("cursor") {
        None => i64::MAX as u64 >> 10,
        Some(cursor) => cursor.parse().map_err(|_| bad("cursor", Wanted::Cursor))?,
    };
    Ok((before, page_count(ask)?))
}

/// `limit`: how many rows a page has.
///
/// # Errors
/// [`ProblemCode::BadParameter`].
pub(super) fn page_count(ask: &AdminAsk) -> Result<u64, Problem> {
    match ask.parameter("limit") {
        None => Ok(PAGE_ROWS_USUAL),
        Some(limit) => match limit.parse() {
            Ok(count) if (1..=PAGE_ROWS).contains(&count) => Ok(count),
            _ => Err(bad("limit", Wanted::UpTo(PAGE_ROWS))),
        },
    }
}

/// A parameter that is not what it must be.
pub(super) fn bad(name: &'static str, wanted: Wanted) -> Problem {
    Problem::with_detail(ProblemCode::BadParameter, Detail::Parameter(name, wanted))
}

/// The cursor of the next page, if this one is full.
fn next_page<T>(rows: &[T], count: u64, place: impl Fn(&T) -> u64) -> Option<String> {
    let full = rows.len() as u64 == count;
    rows.last()
        .filter(|_| full)
        .map(|row| place(row).to_string())
}

#[derive(Serialize)]
struct SiteSummary<'a> {
    site: &'a str,
    name: &'a str,
    version: u64,
    pools: usize,
    scenarios: usize,
    stored_bytes: u64,
}

#[derive(Serialize)]
struct CheckAnswer {
    ok: bool,
    faults: Vec<String>,
}

#[derive(Serialize)]
struct Keys {
    keys: Vec<access::ApiKey>,
}

#[derive(Serialize)]
struct Versions {
    versions: Vec<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A page of an audit log.
#[derive(Serialize)]
pub(crate) struct AuditRows {
    rows: Vec<audit::AuditRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl AuditRows {
    /// A page of at most `count` rows.
    pub(crate) fn of(rows: Vec<audit::AuditRow>, count: u64) -> Self {
        let next = next_page(&rows, count, |row| row.sequence);
        Self { rows, next }
    }
}
