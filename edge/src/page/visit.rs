//! `POST …/visit`: a page view begins or resumes a visit and takes or keeps numbers.

use super::{joined, passed_on, plan, pool_ask, written};
use crate::binding::host;
use crate::clock;
use crate::geo;
use crate::http::ask::Ask;
use crate::http::reply::Handled;
use crate::message::pool::{PoolCommand, VisitCommand};
use crate::objects::{self, Class};
use crate::panic_probe::{self, PanicPoint};
use crate::problems;
use crate::site_cache::Site;
use futures_util::future::join_all;
use ringlet_core::bot::is_bot;
use ringlet_core::entropy::Entropy;
use ringlet_core::id::{VisitId, VisitorId};
use ringlet_core::wire::{VisitReply, VisitRequest, WIRE_VERSION};
use worker::Env;

pub(super) async fn answer(site: &Site, ask: &Ask, env: &Env, request: VisitRequest) -> Handled {
    let now = clock::now();
    let robot = request.webdriver || is_bot(&ask.header("user-agent").unwrap_or_default());
    if robot && !crate::env::is_development(env) {
        let numbers = plan::page_numbers(site, &request);
        return written(&VisitReply {
            v: WIRE_VERSION,
            numbers,
            ..VisitReply::default()
        });
    }
    let panic_at = panic_probe::asked(ask, env);
    panic_probe::reach(panic_at, PanicPoint::Worker);
    let view = plan::view(site, &request, geo::of(ask, env), now);
    let mut entropy = Entropy::new(host::seed());
    let remembered = request
        .visitor
        .as_deref()
        .and_then(|id| VisitorId::parse(id).ok());
    let visitor = remembered.unwrap_or_else(|| VisitorId(entropy.next_u128()));
    let same = request.visit.as_deref().filter(|_| view.goes_on);
    let visit = same.and_then(|id| VisitId::parse(id).ok());
    let visit = visit.unwrap_or_else(|| VisitId(entropy.next_u128()));
    let plan = plan::plan(site, &request, &view.facts);
    let facts = plan::pool_facts(&view.context);
    let context = serde_json::to_string(&view.context)
        .map_err(|error| problems::unavailable(&error.into()))?;
    let marker = view.context.labels.marker.clone();
    let reply = VisitReply {
        v: WIRE_VERSION,
        visit: Some(visit),
        // Where nothing may be stored there is nobody to recognise.
        visitor: (request.consent != "cookieless").then_some(visitor),
        numbers: plan.decided,
        marker,
        memory: view.memory.write(),
        retry_after_ms: None,
    };
    let command = |of: Option<VisitorId>, needs, reply| {
        PoolCommand::Visit(Box::new(VisitCommand {
            visitor: of.unwrap_or(visitor),
            visit,
            tab: request.tab,
            key: if of.is_some() {
                String::new()
            } else {
                request.key.clone()
            },
            prefix: ask.prefix(),
            facts,
            context: context.clone(),
            needs,
            reply,
            panic_at,
        }))
    };
    let mut asks = plan.asks.into_iter();
    match (asks.next(), asks.len()) {
        (None, _) => written(&reply),
        (Some(((pool, None), needs)), 0) => {
            let (name, ask) = pool_ask(site, &pool, command(None, needs, reply));
            passed_on(env, &name, &ask).await
        }
        (Some(first), _) => {
            let answers = core::iter::once(first)
                .chain(asks)
                .map(|((pool, of), needs)| {
                    let own = VisitReply {
                        v: WIRE_VERSION,
                        visit: Some(visit),
                        visitor: Some(visitor),
                        ..VisitReply::default()
                    };
                    let (name, ask) = pool_ask(site, &pool, command(of, needs, own));
                    async move {
                        let answer = objects::ask(env, Class::Pool, &name, &ask).await;
                        answer.map(|answer: VisitReply| match of {
                            // The ids of a combination are nobody's.
                            Some(_) => VisitReply {
                                visit: None,
                                visitor: None,
                                ..answer
                            },
                            None => answer,
                        })
                    }
                });
            let answers = join_all(answers).await;
            joined(reply, answers)
        }
    }
}
