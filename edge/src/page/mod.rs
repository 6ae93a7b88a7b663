//! What pages of a site ask: page views and signs.
//!
//! Order of refusals: no such site, not its page, too long, not JSON. Nothing is written for any of
//! them. What a browser says beyond that is data: whatever of it cannot be understood is left out.

mod amp;
mod beat;
mod ids;
mod link;
mod memory;
mod plan;
mod visit;

use crate::binding::fault::Fault;
use crate::clock;
use crate::http::ask::Ask;
use crate::http::reply::{Body, Handled, Reply};
use crate::message::VERSION;
use crate::message::pool::{PoolAsk, PoolCommand};
use crate::objects::{self, Class};
use crate::site_cache::{self, Site};
use crate::{origin, problems, throttle};
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::api::route::{Route, RouteSpec};
use ringlet_core::api::unread::Unread;
use ringlet_core::early;
use ringlet_core::id::VisitorId;
use ringlet_core::phone::E164;
use ringlet_core::pool::Shards;
use ringlet_core::time::{Millis, UnixMillis};
use ringlet_core::wire::{VisitReply, WIRE_VERSION};
use serde::de::DeserializeOwned;
use std::rc::Rc;
use worker::Env;

/// Answers a request of a page.
///
/// # Errors
/// See the module.
pub(crate) async fn handle(spec: &RouteSpec, site: &str, ask: &Ask, env: &Env) -> Handled {
    let site = site_of(env, site).await?;
    let origin = origin::admitted(ask, &site.config)?;
    let reply = match answer(spec, &site, ask, env).await {
        Ok(reply) => reply,
        // The page may read why; its agent leaves the page's number.
        Err(problem) => {
            crate::log_refusal(spec, &problem);
            Reply::problem(&problem, ask.prefers_russian())
        }
    };
    Ok(origin::shared_with(reply, origin))
}

/// Answers a preflight.
///
/// # Errors
/// See the module.
pub(crate) async fn preflight(site: &str, ask: &Ask, env: &Env) -> Handled {
    let site = site_of(env, site).await?;
    Ok(origin::preflight(origin::admitted(ask, &site.config)?))
}

/// The site's configuration.
///
/// # Errors
/// [`ProblemCode::UnknownSite`], [`ProblemCode::Unavailable`].
pub(crate) async fn site_of(env: &Env, site: &str) -> Result<Rc<Site>, Problem> {
    let found = site_cache::site(env, site, clock::now()).await;
    let found = found.map_err(|fault| problems::unavailable(&fault))?;
    found.ok_or_else(|| Problem::new(ProblemCode::UnknownSite))
}

/// Answers an AMP page.
///
/// # Errors
/// No such site, no such scenario, not its page.
pub(crate) async fn amp(site: &str, scenario: &str, ask: &Ask, env: &Env) -> Handled {
    let site = site_of(env, site).await?;
    amp::answer(&site, scenario, ask, env).await
}

async fn answer(spec: &RouteSpec, site: &Site, ask: &Ask, env: &Env) -> Handled {
    let body = ask.body(spec.body_bytes).await?;
    let may = throttle::page(ask, site.config.site.as_str(), clock::now());
    match (spec.route, may) {
        (Route::Visit, Ok(())) => match early::settle(read(&body)?, site.config.consent) {
            Some(request) => {
                let request = link::arrived(site, env, request);
                if request.explain {
                    return visit::explain(site, ask, env, &request);
                }
                visit::answer(site, ask, env, request).await
            }
            None => written(&VisitReply {
                v: WIRE_VERSION,
                ..VisitReply::default()
            }),
        },
        (Route::Visit, Err(wait)) => written(&VisitReply {
            numbers: plan::other_numbers(site, &read(&body)?),
            ..later(wait)
        }),
        (_, Ok(())) => beat::answer(site, ask, env, read(&body)?, spec.route == Route::Leave).await,
        (_, Err(wait)) => written(&later(wait)),
    }
}

/// What is made of the page views that `bodies` ask for before any object is asked: for
/// [`crate::warm`]. Nothing where they are none.
pub(crate) fn rehearse(site: &Site, bodies: &[&str], now: UnixMillis) -> Option<Vec<String>> {
    let mut written = Vec::new();
    for body in bodies {
        let request = early::settle(read(body.as_bytes()).ok()?, site.config.consent)?;
        written.extend(visit::rehearse(site, &request, now)?);
    }
    Some(written)
}

/// What a page of a network that floods the site is told: nothing new.
fn later(wait: Millis) -> VisitReply {
    VisitReply {
        v: WIRE_VERSION,
        retry_after_ms: Some(wait.0.max(1_000)),
        ..VisitReply::default()
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::with_detail(ProblemCode::NotJson, Unread::from(error)))
}

/// One message for one pool: to the shard that knows the number, or that the visitor asks who has
/// none. A shard that is not the one any more passes it on.
fn pool_ask(
    site: &Site,
    pool: &str,
    number: Option<E164>,
    visitor: VisitorId,
    command: PoolCommand,
) -> (String, PoolAsk) {
    let id = site.config.site.as_str();
    let mut pools = site.config.pools.iter();
    let shards = pools
        .find(|of| of.id.as_str() == pool)
        .map_or(Shards::ONE, |of| site.config.shards_of(of));
    let shard = match number {
        Some(number) => shards.of_number(number),
        None => shards.of_visitor(visitor),
    };
    let ask = PoolAsk {
        v: VERSION,
        site: id.to_owned(),
        pool: pool.to_owned(),
        shard,
        passed_on: 0,
        version: site.version,
        command,
    };
    (objects::pool_name(id, pool, shard), ask)
}

/// Has the only pool concerned write the whole answer, which is passed on as it comes.
async fn passed_on(env: &Env, name: &str, ask: &PoolAsk) -> Handled {
    let body = serde_json::to_string(ask).map_err(|error| problems::unavailable(&error.into()))?;
    let response = objects::post(env, Class::Pool, name, &body).await;
    let response = response.map_err(|fault| problems::unavailable(&fault))?;
    if response.status() != 200 {
        return Err(Problem::new(ProblemCode::Unavailable));
    }
    let mut reply = Reply::json(200, String::new());
    if let Some(stream) = response.body() {
        reply.body = Body::Stream(stream);
    }
    Ok(reply)
}

/// Joins what several pools answered. A pool that failed leaves its scenarios out: the page keeps
/// what it shows there.
fn joined(
    mut reply: VisitReply,
    answers: Vec<Result<VisitReply, Fault>>,
) -> Result<VisitReply, Problem> {
    let failed = answers.iter().all(Result::is_err) && !answers.is_empty();
    if failed && reply.numbers.is_empty() {
        return Err(Problem::new(ProblemCode::Unavailable));
    }
    for answer in answers.into_iter().flatten() {
        reply.visit = answer.visit.or(reply.visit);
        reply.visitor = reply.visitor.and(answer.visitor.or(reply.visitor));
        reply.link = answer.link.or(reply.link);
        reply.numbers.extend(answer.numbers);
    }
    Ok(reply)
}

fn written(reply: &VisitReply) -> Handled {
    match serde_json::to_string(reply) {
        Ok(text) => Ok(Reply::json(200, text)),
        Err(error) => Err(problems::unavailable(&error.into())),
    }
}
