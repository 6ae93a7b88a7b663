//! `POST …/visit`: a page view begins or resumes a visit and takes or keeps numbers.

use super::{joined, link, passed_on, plan, pool_ask, written};
use crate::binding::fault::Fault;
use crate::binding::host;
use crate::clock;
use crate::geo;
use crate::http::ask::Ask;
use crate::http::reply::Handled;
use crate::log::{Level, Line};
use crate::message::VisitContext;
use crate::message::pool::{PoolAsk, PoolCommand, SeenVisit, VisitCommand};
use crate::objects::{self, Class};
use crate::panic_probe;
use crate::problems;
use crate::site_cache::Site;
use futures_util::future::join_all;
use ringlet_core::api::problem::Problem;
use ringlet_core::bot::is_bot;
use ringlet_core::condition::Geo;
use ringlet_core::entropy::Entropy;
use ringlet_core::id::{VisitId, VisitorId};
use ringlet_core::label::{Place, read_labels};
use ringlet_core::link::Passed;
use ringlet_core::phone::E164;
use ringlet_core::pool::{Facts, key_of, visitor_of};
use ringlet_core::scenario;
use ringlet_core::time::UnixMillis;
use ringlet_core::wire::{GivenNumber, NumberGiven, VisitReply, VisitRequest, WIRE_VERSION};
use std::cell::Cell;
use worker::Env;

/// A page view that is known, and what is to be asked of pools.
struct Prepared {
    /// The reply without what pools will say.
    reply: VisitReply,
    /// Asks, and whether each is for a combination's number, whose ids are nobody's.
    asks: Vec<(String, PoolAsk, bool)>,
}

/// The answer to the agent.
pub(super) async fn answer(site: &Site, ask: &Ask, env: &Env, request: VisitRequest) -> Handled {
    let Prepared { reply, mut asks } = prepare(site, ask, env, &request)?;
    match asks.as_mut_slice() {
        [] => written(&reply),
        // One pool writes the whole answer.
        [(name, ask, false)] => {
            if let PoolCommand::Visit(visit) = &mut ask.command {
                visit.reply = reply;
            }
            passed_on(env, name, ask).await
        }
        _ => written(&gathered(env, reply, asks).await?),
    }
}

/// The same for whoever asks on a page's behalf.
pub(super) async fn reply(
    site: &Site,
    ask: &Ask,
    env: &Env,
    request: &VisitRequest,
) -> Result<VisitReply, Problem> {
    let Prepared { reply, asks } = prepare(site, ask, env, request)?;
    gathered(env, reply, asks).await
}

/// Why each scenario does or does not give the visit a number. Nothing is lent, counted or written.
pub(super) fn explain(site: &Site, ask: &Ask, env: &Env, request: &VisitRequest) -> Handled {
    let view = plan::view(site, request, geo::of(ask, env), clock::now());
    let facts = &view.facts;
    let marker = facts.labels.marker.as_deref();
    let mut labels = read_labels(&facts.landing_page, &facts.referrer, marker).found;
    // What the address says the visit remembers as well.
    labels.retain(|one| one.used || one.place != Place::Remembered);
    written(&VisitReply {
        v: WIRE_VERSION,
        labels,
        scenarios: scenario::explain(facts, &site.config.scenarios),
        ..VisitReply::default()
    })
}

async fn gathered(
    env: &Env,
    reply: VisitReply,
    asks: Vec<(String, PoolAsk, bool)>,
) -> Result<VisitReply, Problem> {
    let answers = asks.into_iter().map(|(name, ask, shared)| async move {
        let answer = objects::ask(env, Class::Pool, &name, &ask).await;
        answer.map(|answer: VisitReply| match shared {
            true => VisitReply {
                visit: None,
                visitor: None,
                ..answer
            },
            false => answer,
        })
    });
    joined(reply, join_all(answers).await)
}

fn prepare(site: &Site, ask: &Ask, env: &Env, request: &VisitRequest) -> Result<Prepared, Problem> {
    let now = clock::now();
    let robot = request.webdriver || is_bot(&ask.header("user-agent").unwrap_or_default());
    if robot && !crate::env::is_development(env) {
        let reply = VisitReply {
            v: WIRE_VERSION,
            numbers: plan::page_numbers(site, request),
            ..VisitReply::default()
        };
        let asks = Vec::new();
        return Ok(Prepared { reply, asks });
    }
    let panic_at = panic_probe::asked(ask, env);
    let view = plan::view(site, request, geo::of(ask, env), now);
    let mut entropy = Entropy::new(host::seed());
    let remembered = request
        .visitor
        .as_deref()
        .and_then(|id| VisitorId::parse(id).ok());
    let mut new = || visitor_of(entropy.next_u128(), key_of(&request.key));
    let visitor = remembered.unwrap_or_else(&mut new);
    let same = request.visit.as_deref().filter(|_| view.goes_on);
    let visit = same.and_then(|id| VisitId::parse(id).ok());
    let visit = visit.unwrap_or_else(|| VisitId(entropy.next_u128()));
    let plan = plan::plan(site, request, &view.facts);
    let facts = plan::pool_facts(&view.context, &request.url);
    let written_context = |counts: bool| {
        let context = VisitContext {
            counts,
            ..view.context.clone()
        };
        serde_json::to_string(&context).map_err(|error| problems::unavailable(&error.into()))
    };
    let (context, counted_context) = (written_context(false)?, written_context(true)?);
    // A visit is counted once: where its first page view asks first.
    let counts = Cell::new(!view.goes_on);
    let asks = plan.asks.into_iter().map(|((pool, of), needs)| {
        let counts = counts.replace(false);
        let number = match of {
            Some(_) => None,
            None => plan::remembered_number(site, request, &pool),
        };
        let command = PoolCommand::Visit(Box::new(VisitCommand {
            visitor: of.unwrap_or(visitor),
            visit,
            tab: request.tab,
            key: if of.is_some() {
                String::new()
            } else {
                request.key.clone()
            },
            number,
            prefix: ask.prefix(),
            facts: Facts {
                source: site.config.source_within(&pool, &view.facts),
                ..facts
            },
            context: if counts {
                counted_context.clone()
            } else {
                context.clone()
            },
            counts,
            needs,
            reply: VisitReply {
                v: WIRE_VERSION,
                visit: Some(visit),
                visitor: Some(visitor),
                ..VisitReply::default()
            },
            panic_at,
        }));
        let (name, ask) = pool_ask(site, &pool, number, of.unwrap_or(visitor), command);
        (name, ask, of.is_some())
    });
    let asks: Vec<_> = asks.collect();
    let mut visit = visit;
    if asks.is_empty() && counts.replace(false) {
        // No pool knows the same request again: by its key it is the same visit, counted once.
        if !request.key.is_empty() {
            visit = VisitId(key_of(&request.key));
        }
        let seen = SeenVisit {
            visit,
            visitor,
            number: plan.decided.iter().find_map(own_number),
            context: counted_context,
        };
        count(site, ask, env, seen);
    }
    let memory = view.memory.write();
    let passed = Passed {
        visitor,
        visit,
        memory: memory.clone(),
    };
    let is_known = request.consent == "granted";
    let reply = VisitReply {
        v: WIRE_VERSION,
        visit: Some(visit),
        // Where nothing may be stored there is nobody to recognise.
        visitor: (request.consent != "cookieless").then_some(visitor),
        numbers: plan.decided,
        marker: view.context.labels.marker.clone(),
        memory,
        link: is_known
            .then(|| link::leaving(site, env, &passed))
            .flatten(),
        ..VisitReply::default()
    };
    Ok(Prepared { reply, asks })
}

/// What is made of a page view before any object is asked, and of nothing else: for
/// [`crate::warm`].
pub(super) fn rehearse(
    site: &Site,
    request: &VisitRequest,
    now: UnixMillis,
) -> Option<Vec<String>> {
    let robot = is_bot("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36");
    let view = plan::view(site, request, Geo::default(), now);
    let visitor = visitor_of(1, key_of(&request.key));
    let plan = plan::plan(site, request, &view.facts);
    let facts = plan::pool_facts(&view.context, &request.url);
    let mut written = vec![serde_json::to_string(&view.context).ok()?];
    for ((pool, _), needs) in plan.asks {
        let reply = VisitReply {
            v: WIRE_VERSION,
            ..VisitReply::default()
        };
        let command = PoolCommand::Visit(Box::new(VisitCommand {
            visitor,
            visit: VisitId(1),
            tab: request.tab,
            key: request.key.clone(),
            number: plan::remembered_number(site, request, &pool),
            prefix: None,
            facts: Facts {
                source: site.config.source_within(&pool, &view.facts),
                ..facts
            },
            context: written[0].clone(),
            counts: !robot,
            needs,
            reply,
            panic_at: None,
        }));
        let (_, ask) = pool_ask(site, &pool, None, visitor, command);
        written.push(serde_json::to_string(&ask).ok()?);
    }
    written.extend(view.memory.write());
    Some(written)
}

/// The number of his source that a visitor is shown.
fn own_number(given: &GivenNumber) -> Option<E164> {
    given.number.filter(|_| given.kind == NumberGiven::Static)
}

/// Has a visit counted that asks no pool. The page does not wait for it; that it could not be
/// counted is logged.
fn count(site: &Site, ask: &Ask, env: &Env, seen: SeenVisit) {
    let visitor = seen.visitor;
    let command = PoolCommand::Seen(Box::new(seen));
    let (name, command) = pool_ask(site, objects::UNPOOLED, None, visitor, command);
    let env = env.clone();
    ask.meanwhile(async move {
        let told: Result<(), Fault> = objects::ask(&env, Class::Pool, &name, &command).await;
        if let Err(fault) = told {
            Line::new(Level::Warn, "visit_not_counted")
                .site(&command.site)
                .fault(&fault.message)
                .write();
        }
    });
}
