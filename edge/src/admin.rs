//! The administration's requests on their way to the object that answers them.
//!
//! The Worker finds out who asks and passes the request on; the site named by the path is the only
//! one that can answer, and it knows no keys but its own.

use crate::auth::{self, Bearer};
use crate::binding::host;
use crate::clock;
use crate::directory_object;
use crate::http::ask::Ask;
use crate::http::reply::{Body, Handled, Reply};
use crate::message::stock::{StockAsk, StockCommand};
use crate::message::{AdminAsk, DirectoryCommand, SiteAsk, SiteCommand, SiteEntry, VERSION};
use crate::objects::{self, Class};
use crate::problems;
use crate::site_cache;
use crate::site_object::admin::AuditRows;
use crate::site_object::audit::AuditRow;
use crate::transfer;
use ringlet_core::api::detail::{Detail, Wanted};
use ringlet_core::api::parameter;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::api::route::{Access, Method, Route, RouteSpec};
use ringlet_core::api::unread::Unread;
use ringlet_core::entropy::Entropy;
use ringlet_core::id::{SiteId, StockId};
use ringlet_core::limits::{PAGE_ROWS, PAGE_ROWS_USUAL};
use serde::{Deserialize, Serialize};
use worker::Env;

/// Answers a request of the administration.
///
/// # Errors
/// [`ProblemCode::Unauthorized`], [`ProblemCode::UnknownSite`], and what the object refuses.
pub(crate) async fn handle(spec: &RouteSpec, names: &[&str], ask: &Ask, env: &Env) -> Handled {
    let bearer = auth::bearer(ask, env)?;
    let said = must_be_of_its_kind(spec, ask).and_then(|()| must_be_known(spec, ask));
    if said.is_ok()
        && let (Route::Export | Route::Import, [site]) = (spec.route, names)
        && SiteId::parse(site).is_ok()
    {
        if spec.route == Route::Import {
            return transfer::import(spec, site, &bearer, ask, env).await;
        }
        let asker = Asker::new(spec, site, &[], ask, &bearer, String::new());
        return transfer::export(asker, env).await;
    }
    let body = match said {
        Ok(()) => text_of(spec, ask).await,
        Err(problem) => Err(problem),
    };
    let (body, refused) = match (body, &bearer) {
        (Ok(body), _) => (body, None),
        (Err(problem), Bearer::Deployer) => return Err(problem),
        // Whether the key may ask at all is said first, by whoever knows it.
        (Err(problem), Bearer::Token(_)) => (String::new(), Some(problem)),
    };
    match spec.route {
        Route::SiteList => {
            must_be_deployer(&bearer)?;
            list_sites(ask, env).await
        }
        Route::SiteAudit => {
            must_be_deployer(&bearer)?;
            list_audit(ask, env).await
        }
        Route::SiteCreate => {
            must_be_deployer(&bearer)?;
            let site = site_in(&body)?;
            let message = admin_ask(spec, &site, &[], ask, &bearer, body);
            forward(spec, message, env).await
        }
        _ if matches!(spec.access, Access::StockViewer | Access::StockAdmin) => {
            let [stock, rest @ ..] = names else {
                return Err(Problem::new(ProblemCode::NotFound));
            };
            let Ok(stock) = StockId::parse(stock) else {
                must_be_deployer(&bearer)?;
                return Err(Problem::new(ProblemCode::NotFound));
            };
            let mut message = admin_ask(spec, "", rest, ask, &bearer, body);
            message.refused = refused.map(|problem| problem.to_json(ask.prefers_russian()));
            forward_to_stock(&stock, message, env).await
        }
        _ => {
            let [site, rest @ ..] = names else {
                return Err(Problem::new(ProblemCode::NotFound));
            };
            let known = SiteId::parse(site).is_ok();
            if !known {
                must_be_deployer(&bearer)?;
                return Err(Problem::new(ProblemCode::UnknownSite));
            }
            let mut message = admin_ask(spec, site, rest, ask, &bearer, body);
            message.refused = refused.map(|problem| problem.to_json(ask.prefers_russian()));
            forward(spec, message, env).await
        }
    }
}

/// The body as text. Where none is wanted none is read.
async fn text_of(spec: &RouteSpec, ask: &Ask) -> Result<String, Problem> {
    if spec.body_bytes == 0 {
        return Ok(String::new());
    }
    let body = ask.body(spec.body_bytes).await?;
    String::from_utf8(body).map_err(|_| Problem::with_detail(ProblemCode::NotJson, Detail::NotUtf8))
}

/// That the query has no other names than the route's: one that is misspelt is told.
///
/// # Errors
/// [`ProblemCode::BadParameter`].
fn must_be_known(spec: &RouteSpec, ask: &Ask) -> Result<(), Problem> {
    let known = parameter::queries(spec.route);
    let mut names = form_urlencoded::parse(ask.query.as_bytes()).map(|(name, _)| name);
    let Some(other) = names.find(|name| known.iter().all(|(known, _)| known != name)) else {
        return Ok(());
    };
    let other: String = other.chars().take(PARAMETER_CHARS).collect();
    let known = known.iter().map(|(name, _)| *name).collect();
    let detail = Detail::UnknownParameter(other, known);
    Err(Problem::with_detail(ProblemCode::BadParameter, detail))
}

/// So much of an unknown parameter's name is told back, in characters.
const PARAMETER_CHARS: usize = 40;

fn must_be_deployer(bearer: &Bearer) -> Result<(), Problem> {
    match bearer {
        Bearer::Deployer => Ok(()),
        Bearer::Token(_) => Err(Problem::with_detail(
            ProblemCode::Unauthorized,
            Detail::DeployerOnly,
        )),
    }
}

/// The site that a new configuration is of.
fn site_in(body: &str) -> Result<String, Problem> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(default)]
        site: String,
    }
    let named = serde_json::from_str::<Named>(body)
        .map_err(|error| Problem::with_detail(ProblemCode::NotJson, Unread::from(error)))?;
    if SiteId::parse(&named.site).is_err() {
        return Err(Problem::with_detail(
            ProblemCode::NotJson,
            Detail::SiteUnnamed,
        ));
    }
    Ok(named.site)
}

async fn forward(spec: &RouteSpec, message: AdminAsk, env: &Env) -> Handled {
    let site = message.site.clone();
    let asker = Asker { message };
    let response = asker.ask(env, None).await?;
    let status = response.status();
    // A site whose deletion was not followed up is still listed.
    let is_gone = spec.route == Route::SiteDelete && status == 404;
    if (200..300).contains(&status) || is_gone {
        follow_up(spec, &site, status, &asker.request(), env).await?;
    }
    passed_on(&response, asker.request())
}

/// A request for a site's object, which may be sent more than once.
pub(crate) struct Asker {
    message: AdminAsk,
}

impl Asker {
    /// The request as it came.
    pub(crate) fn new(
        spec: &RouteSpec,
        site: &str,
        names: &[&str],
        ask: &Ask,
        bearer: &Bearer,
        body: String,
    ) -> Self {
        Self {
            message: admin_ask(spec, site, names, ask, bearer, body),
        }
    }

    /// The request's name.
    pub(crate) fn request(&self) -> String {
        self.message.request.clone()
    }

    /// Asks the site; `parameter` stands in place of what the client said in the query.
    ///
    /// # Errors
    /// [`ProblemCode::Unavailable`].
    pub(crate) async fn ask(
        &self,
        env: &Env,
        parameter: Option<(&str, String)>,
    ) -> Result<web_sys::Response, Problem> {
        let mut message = self.message.clone();
        if message.route == Some(Route::Export) {
            message.query.clear();
        }
        let parameter = parameter.map(|(name, value)| (name.to_owned(), value));
        message.query.extend(parameter);
        let site = message.site.clone();
        let message = SiteAsk {
            v: VERSION,
            site: site.clone(),
            command: SiteCommand::Admin(Box::new(message)),
        };
        let text = serde_json::to_string(&message).map_err(|e| problems::unavailable(&e.into()))?;
        let response = objects::post(env, Class::Site, &site, &text).await;
        response.map_err(|fault| problems::unavailable(&fault))
    }
}

/// That the body is of the kind that the route takes. A client that says nothing is believed.
///
/// # Errors
/// [`ProblemCode::UnsupportedMediaType`].
pub(crate) fn must_be_of_its_kind(spec: &RouteSpec, ask: &Ask) -> Result<(), Problem> {
    let kinds = spec.media_types();
    let Some(told) = ask.header("content-type").filter(|_| !kinds.is_empty()) else {
        return Ok(());
    };
    let told = told.split(';').next().unwrap_or_default().trim();
    if kinds.iter().any(|kind| kind.eq_ignore_ascii_case(told)) {
        return Ok(());
    }
    let detail = Detail::ContentType(kinds.to_vec());
    Err(Problem::with_detail(
        ProblemCode::UnsupportedMediaType,
        detail,
    ))
}

/// A name for a request.
pub(crate) fn new_request() -> String {
    format!("{:016x}", Entropy::new(host::seed()).next_u64())
}

/// A request as an object needs it.
fn admin_ask(
    spec: &RouteSpec,
    site: &str,
    names: &[&str],
    ask: &Ask,
    bearer: &Bearer,
    body: String,
) -> AdminAsk {
    let query = form_urlencoded::parse(ask.query.as_bytes());
    AdminAsk {
        v: VERSION,
        site: site.to_owned(),
        route: Some(spec.route),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        query: query
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect(),
        body,
        token_hash: match bearer {
            Bearer::Deployer => None,
            Bearer::Token(hash) => Some(hash.clone()),
        },
        deployer: *bearer == Bearer::Deployer,
        if_match: ask.header("if-match"),
        if_none_match: ask.header("if-none-match"),
        // What is only read is read anew each time.
        key: ask
            .header("idempotency-key")
            .filter(|_| spec.method != Method::Get),
        request: new_request(),
        russian: ask.prefers_russian(),
        refused: None,
    }
}

async fn forward_to_stock(stock: &StockId, message: AdminAsk, env: &Env) -> Handled {
    let request = message.request.clone();
    let message = StockAsk {
        v: VERSION,
        stock: stock.to_string(),
        command: StockCommand::Admin(Box::new(message)),
    };
    let text = serde_json::to_string(&message).map_err(|e| problems::unavailable(&e.into()))?;
    let response = objects::post(env, Class::Stock, stock.as_str(), &text).await;
    let response = response.map_err(|fault| problems::unavailable(&fault))?;
    passed_on(&response, request)
}

/// What a change of a site has to be followed by outside of it.
///
/// # Errors
/// When the directory is out of reach.
pub(crate) async fn follow_up(
    spec: &RouteSpec,
    site: &str,
    status: u16,
    request: &str,
    env: &Env,
) -> Result<(), Problem> {
    let command = match spec.route {
        Route::SiteCreate | Route::ConfigWrite | Route::Import if status == 201 => {
            Some(DirectoryCommand::Add {
                site: site.to_owned(),
                at: clock::now(),
                request: request.to_owned(),
                imported: spec.route == Route::Import,
            })
        }
        Route::SiteDelete => Some(DirectoryCommand::Remove {
            site: site.to_owned(),
            at: clock::now(),
            request: request.to_owned(),
        }),
        _ => None,
    };
    if matches!(
        spec.route,
        Route::SiteCreate
            | Route::ConfigWrite
            | Route::ConfigPatch
            | Route::VersionRevert
            | Route::ScenarioWrite
            | Route::ScenarioPatch
            | Route::ScenarioDelete
            | Route::Import
            | Route::NumberAct
            | Route::SiteDelete
    ) {
        site_cache::forget(site);
    }
    if let Some(command) = command {
        let name = directory_object::NAME;
        let done = objects::ask::<_, ()>(env, Class::Directory, name, &command).await;
        done.map_err(|fault| problems::unavailable(&fault))?;
    }
    Ok(())
}

/// The site's answer, with the name of the request.
///
/// # Errors
/// [`ProblemCode::Internal`] for an object that failed before it could say how.
pub(crate) fn passed_on(response: &web_sys::Response, request: String) -> Handled {
    let kind = response.headers().get("content-type").ok().flatten();
    if response.status() >= 500 && kind.as_deref() != Some("application/problem+json") {
        // The object failed before it could say how; its own log line has the reason.
        return Err(Problem::new(ProblemCode::Internal));
    }
    let mut reply = Reply::empty(response.status());
    for name in [
        "content-type",
        "cache-control",
        "etag",
        "retry-after",
        "ringlet-rows",
        "ringlet-left-out",
    ] {
        if let Ok(Some(value)) = response.headers().get(name) {
            reply = reply.with(name, value);
        }
    }
    if let Some(stream) = response.body() {
        reply.body = Body::Stream(stream);
    }
    Ok(reply.with("x-request-id", request))
}

/// `limit`: how many rows a page has.
///
/// # Errors
/// [`ProblemCode::BadParameter`].
fn count_asked(ask: &Ask) -> Result<u64, Problem> {
    match ask.parameter("limit").map(|limit| limit.parse::<u64>()) {
        None => Ok(PAGE_ROWS_USUAL),
        Some(Ok(count)) if (1..=PAGE_ROWS).contains(&count) => Ok(count),
        Some(_) => {
            let detail = Detail::Parameter("limit", Wanted::UpTo(PAGE_ROWS));
            Err(Problem::with_detail(ProblemCode::BadParameter, detail))
        }
    }
}

/// Which sites came and went.
async fn list_audit(ask: &Ask, env: &Env) -> Handled {
    let before = match ask.parameter("cursor").map(|cursor| cursor.parse()) {
        None => i64::MAX as u64 >> 10,
        Some(Ok(before)) => before,
        Some(Err(_)) => {
            let detail = Detail::Parameter("cursor", Wanted::Cursor);
            return Err(Problem::with_detail(ProblemCode::BadParameter, detail));
        }
    };
    let count = count_asked(ask)?;
    let command = DirectoryCommand::Audit { before, count };
    let name = directory_object::NAME;
    let rows = objects::ask::<_, Vec<AuditRow>>(env, Class::Directory, name, &command).await;
    let page = AuditRows::of(rows.map_err(|fault| problems::unavailable(&fault))?, count);
    let text = serde_json::to_string(&page);
    Ok(Reply::json(
        200,
        text.map_err(|error| problems::unavailable(&error.into()))?,
    ))
}

async fn list_sites(ask: &Ask, env: &Env) -> Handled {
    let after = ask.parameter("cursor").unwrap_or_default();
    if !after.is_empty() && SiteId::parse(&after).is_err() {
        let detail = Detail::Parameter("cursor", Wanted::Cursor);
        return Err(Problem::with_detail(ProblemCode::BadParameter, detail));
    }
    let count = count_asked(ask)?;
    let command = DirectoryCommand::List { after, count };
    let name = directory_object::NAME;
    let sites = objects::ask::<_, Vec<SiteEntry>>(env, Class::Directory, name, &command).await;
    let sites = sites.map_err(|fault| problems::unavailable(&fault))?;
    let full = sites.len() as u64 == count;
    let next = sites.last().filter(|_| full).map(|last| last.site.clone());
    let text = serde_json::to_string(&Sites { sites, next });
    Ok(Reply::json(
        200,
        text.map_err(|error| problems::unavailable(&error.into()))?,
    ))
}

#[derive(Serialize)]
struct Sites {
    sites: Vec<SiteEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}
