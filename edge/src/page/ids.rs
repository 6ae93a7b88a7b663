//! `POST …/beat` with `ids`: ids that other systems gave the visitor after his page had asked for a
//! number.
//!
//! They are kept with the visit where his number was lent, and the page remembers them for the
//! edge, so that further numbers of the visit have them too. No sign of life: nothing is lent,
//! prolonged or counted.

use super::memory::Memory;
use super::{plan, pool_ask, written};
use crate::http::reply::Handled;
use crate::log::{Level, Line};
use crate::message::pool::{IdsCommand, PoolCommand};
use crate::objects::{self, Class};
use crate::site_cache::Site;
use futures_util::future::join_all;
use ringlet_core::id::{ScenarioId, VisitorId};
use ringlet_core::limits;
use ringlet_core::phone::E164;
use ringlet_core::scenario::Scenario;
use ringlet_core::wire::{BeatRequest, HeldLease, VisitReply, WIRE_VERSION};
use worker::Env;

pub(super) async fn answer(site: &Site, env: &Env, request: &BeatRequest) -> Handled {
    let ids = plan::ids_of(site, &request.ids, &request.cookies);
    let mut reply = VisitReply {
        v: WIRE_VERSION,
        ..VisitReply::default()
    };
    if ids.is_empty() {
        return written(&reply);
    }
    let mut leases: Vec<&HeldLease> = Vec::new();
    for lease in request.leases.iter().take(limits::SCENARIOS) {
        if !leases.iter().any(|known| known.lease == lease.lease) {
            leases.push(lease);
        }
    }
    let tells = leases.into_iter().filter_map(|lease| {
        let scenario = ScenarioId::parse(&lease.scenario).ok()?;
        let pool = site.config.scenario(&scenario).and_then(Scenario::pool)?;
        let command = IdsCommand {
            lease: lease.lease.clone(),
            generation: lease.generation,
            number: E164::parse(&lease.number).ok()?,
            ids: ids.clone(),
        };
        let number = Some(command.number);
        let command = PoolCommand::Ids(Box::new(command));
        let (name, ask) = pool_ask(site, pool.as_str(), number, VisitorId(0), command);
        Some(async move { objects::ask::<_, ()>(env, Class::Pool, &name, &ask).await })
    });
    for told in join_all(tells).await {
        if let Err(fault) = told {
            Line::new(Level::Warn, "ids_not_kept")
                .site(site.config.site.as_str())
                .fault(&fault.message)
                .write();
        }
    }
    reply.memory = Memory::read(request.memory.as_deref()).and_then(|memory| memory.with(ids));
    written(&reply)
}
