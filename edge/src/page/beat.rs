//! `POST …/beat` and `…/leave`: signs of pages that hold leases, and route changes.

use super::{ids, joined, passed_on, plan, pool_ask, written};
use crate::http::ask::Ask;
use crate::http::reply::Handled;
use crate::message::pool::{BeatCommand, Need, PoolCommand};
use crate::objects::{self, Class};
use crate::site_cache::Site;
use futures_util::future::join_all;
use ringlet_core::contact::is_contact_page;
use ringlet_core::id::VisitorId;
use ringlet_core::limits;
use ringlet_core::phone::E164;
use ringlet_core::wire::{
    BeatEvent, BeatRequest, GivenNumber, HeldLease, VisitReply, WIRE_VERSION,
};
use worker::Env;

pub(super) async fn answer(
    site: &Site,
    ask: &Ask,
    env: &Env,
    mut request: BeatRequest,
    leave: bool,
) -> Handled {
    if leave {
        request.event = BeatEvent::Leave;
    }
    if request.event == BeatEvent::Ids {
        return ids::answer(site, env, &request).await;
    }
    let (held, gone) = by_lease(site, &request);
    let reply = VisitReply {
        v: WIRE_VERSION,
        numbers: gone,
        ..VisitReply::default()
    };
    let asks: Vec<_> = held
        .into_iter()
        .map(|held| {
            let reply = VisitReply {
                v: WIRE_VERSION,
                ..VisitReply::default()
            };
            let lease = held.lease;
            let command = BeatCommand {
                event: request.event,
                lease: lease.lease.clone(),
                generation: lease.generation,
                number: lease.number.clone(),
                tab: request.tab,
                quiet_ms: request.quiet_ms,
                intent: request.intent || is_contact_page(&request.url),
                key: request.key.clone(),
                prefix: ask.prefix(),
                needs: held.needs,
                reply,
            };
            let number = E164::parse(&command.number).ok();
            let nobody = VisitorId(0);
            let command = PoolCommand::Beat(Box::new(command));
            pool_ask(site, &held.pool, number, nobody, command)
        })
        .collect();
    match asks.as_slice() {
        [] => written(&reply),
        [(name, ask)] if reply.numbers.is_empty() => passed_on(env, name, ask).await,
        _ => {
            let answers = asks
                .iter()
                .map(|(name, ask)| objects::ask(env, Class::Pool, name, ask));
            written(&joined(reply, join_all(answers).await)?)
        }
    }
}

/// A lease that the page holds, with the scenarios that show it.
struct Held<'a> {
    pool: String,
    lease: &'a HeldLease,
    needs: Vec<Need>,
}

/// The page's leases, each once; and the page's number for scenarios that are no more.
fn by_lease<'a>(site: &Site, request: &'a BeatRequest) -> (Vec<Held<'a>>, Vec<GivenNumber>) {
    let mut held: Vec<Held<'a>> = Vec::new();
    let mut gone = Vec::new();
    for lease in request.leases.iter().take(limits::SCENARIOS) {
        let Ok(id) = ringlet_core::id::ScenarioId::parse(&lease.scenario) else {
            continue;
        };
        let scenario = site
            .config
            .scenario(&id)
            .filter(|scenario| scenario.enabled);
        let Some((scenario, pool)) = scenario.and_then(|of| Some((of, of.pool()?))) else {
            gone.push(plan::page_number(&id));
            continue;
        };
        // A tap is a sign of the number tapped alone.
        let other_number = !request.number.is_empty() && request.number != lease.number;
        if request.event == BeatEvent::Tap && other_number {
            continue;
        }
        let need = plan::need(site, scenario, false);
        match held.iter_mut().find(|held| held.lease.lease == lease.lease) {
            Some(same) => same.needs.push(need),
            None => held.push(Held {
                pool: pool.as_str().to_owned(),
                lease,
                needs: vec![need],
            }),
        }
    }
    (held, gone)
}
