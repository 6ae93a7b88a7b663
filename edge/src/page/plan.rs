//! What a page view needs: facts in, scenarios matched, grouped by pool.
//!
//! No storage and no network: the same request, configuration and time give the same plan.

use super::memory::Memory;
use crate::message::VisitContext;
use crate::message::pool::Need;
use crate::site_cache::Site;
use ringlet_core::analytics::read_ids;
use ringlet_core::channel;
use ringlet_core::condition::{Device, Geo, VisitFacts};
use ringlet_core::contact::is_contact_page;
use ringlet_core::delay;
use ringlet_core::id::{ScenarioId, VisitorId};
use ringlet_core::label::{Place, read_labels, stored_url};
use ringlet_core::phone::{E164, region_of_place};
use ringlet_core::pool;
use ringlet_core::scenario::{Give, Scenario, match_scenarios};
use ringlet_core::time::UnixMillis;
use ringlet_core::wire::{GivenNumber, NumberGiven, PageIds, VisitRequest};
use std::collections::BTreeMap;

/// What is known of a page view.
pub(super) struct View {
    /// The visit's context, to be kept with a grant.
    pub context: VisitContext,
    /// The visit goes on: this is not its first page.
    pub goes_on: bool,
    /// What the page shall remember.
    pub memory: Memory,
    /// What the scenarios are matched by.
    pub facts: VisitFacts,
}

/// Reads a page view.
pub(super) fn view(site: &Site, request: &VisitRequest, geo: Geo, now: UnixMillis) -> View {
    let remembered = Memory::read(request.memory.as_deref());
    let reading = read_labels(&request.url, &request.referrer, request.marker.as_deref());
    let names_source = reading
        .found
        .iter()
        .any(|found| found.place != Place::Remembered);
    let known = request.visitor.is_some() || remembered.is_some();
    let own_host = |host: &str| {
        site.config
            .origins
            .iter()
            .any(|origin| origin.host() == host)
    };
    let origin = channel::classify(&request.url, &request.referrer, &reading.labels, own_host);
    let arriving = VisitContext {
        source: source_of(&reading.labels, &origin),
        labels: reading.labels,
        origin,
        referrer: stored_url(&request.referrer),
        landing_page: stored_url(&request.url),
        geo,
        device: Device::read(&request.device),
        is_returning: known,
        roistat_visit: request
            .roistat_visit
            .clone()
            .filter(|visit| visit.len() <= 64),
        ids: ids_of(site, &request.ids, &request.cookies),
        began_at: now,
        visits: 1,
        pages: 1,
        ..VisitContext::default()
    };
    let goes_on = request.visit.is_some()
        && remembered
            .as_ref()
            .is_some_and(|memory| memory.goes_on(&arriving, names_source, now));
    let context = match remembered {
        Some(memory) if goes_on => memory.same_visit(arriving),
        Some(memory) => memory.next_visit(arriving),
        None => arriving,
    };
    let facts = VisitFacts {
        labels: context.labels.clone(),
        origin: context.origin.clone(),
        referrer: context.referrer.clone(),
        landing_page: context.landing_page.clone(),
        geo: context.geo.clone(),
        device: context.device,
        is_returning: context.is_returning,
    };
    let memory = Memory::of(&context, now);
    View {
        context,
        goes_on,
        memory,
        facts,
    }
}

/// What the page read, and what the cookies of the systems that the site names say beside it.
pub(super) fn ids_of(site: &Site, ids: &PageIds, cookies: &BTreeMap<String, String>) -> PageIds {
    let read = read_ids(cookies, &site.config.page.analytics);
    ids.or(read).cleaned()
}

/// The source of a visit in one word, for people: its label, else its UTM source, else the name of
/// the site or engine it came from, else its channel.
fn source_of(labels: &ringlet_core::label::Labels, origin: &channel::Origin) -> String {
    if let Some(marker) = labels.marker.as_deref().filter(|marker| !marker.is_empty()) {
        return marker.to_owned();
    }
    use ringlet_core::label::Utm;
    if let Some(source) = labels.utm.get(&Utm::Source) {
        let campaign = labels.utm.get(&Utm::Campaign);
        return campaign.map_or_else(
            || source.clone(),
            |campaign| format!("{source} / {campaign}"),
        );
    }
    if !origin.source.is_empty() {
        return origin.source.clone();
    }
    origin.channel.name().to_owned()
}

/// What a page view is given, and what pools are asked for.
#[derive(Default)]
pub(super) struct Plan {
    /// Numbers that need no pool.
    pub decided: Vec<GivenNumber>,
    /// Scenarios that want a number, by pool and by whose it is: the visitor's, or a combination's.
    pub asks: BTreeMap<(String, Option<VisitorId>), Vec<Need>>,
}

/// Matches the scenarios whose elements are on the page.
///
/// A visit that goes on keeps the scenarios it holds leases of: their conditions were met when it
/// began.
pub(super) fn plan(site: &Site, request: &VisitRequest, facts: &VisitFacts) -> Plan {
    let mut plan = Plan::default();
    let on_page = |scenario: &Scenario| {
        request.targets.is_empty()
            || request
                .targets
                .iter()
                .any(|target| target == scenario.id.as_str())
    };
    for matched in match_scenarios(facts, &site.config.scenarios).matches {
        let scenario = matched.scenario;
        if !on_page(scenario) {
            continue;
        }
        match matched.give {
            // A number withdrawn from use is not shown for its source either.
            Give::Static { number, .. } if !site.config.is_usable(number) => {
                let reserve = site.config.reserve_of(scenario);
                let kind = reserve.map_or(NumberGiven::Page, |_| NumberGiven::Reserve);
                let need = need(site, scenario, false);
                plan.decided.push(need.given(kind, reserve));
            }
            Give::Static { number, .. } => {
                let need = need(site, scenario, false);
                plan.decided
                    .push(need.given(NumberGiven::Static, Some(number)));
            }
            Give::Pool { pool } => {
                let of = (pool.as_str().to_owned(), None);
                plan.asks
                    .entry(of)
                    .or_default()
                    .push(need(site, scenario, false));
            }
            Give::Params { pool, values } => {
                let of = (pool.as_str().to_owned(), Some(combination(&values)));
                plan.asks
                    .entry(of)
                    .or_default()
                    .push(need(site, scenario, true));
            }
        }
    }
    plan
}

/// Every scenario with elements on the page left with the page's own number: for robots.
pub(super) fn page_numbers(site: &Site, request: &VisitRequest) -> Vec<GivenNumber> {
    on_page(site, request)
        .map(|scenario| need(site, scenario, false).given(NumberGiven::Page, None))
        .collect()
}

/// Every scenario with elements on the page shown its reserve number: for a network that floods.
pub(super) fn other_numbers(site: &Site, request: &VisitRequest) -> Vec<GivenNumber> {
    on_page(site, request)
        .map(|scenario| {
            let reserve = site.config.reserve_of(scenario);
            let kind = reserve.map_or(NumberGiven::Page, |_| NumberGiven::Reserve);
            need(site, scenario, false).given(kind, reserve)
        })
        .collect()
}

fn on_page<'s>(site: &'s Site, request: &'s VisitRequest) -> impl Iterator<Item = &'s Scenario> {
    site.config.scenarios.iter().filter(|scenario| {
        scenario.enabled
            && request
                .targets
                .iter()
                .any(|target| target == scenario.id.as_str())
    })
}

/// What `scenario` wants of a pool.
pub(super) fn need(site: &Site, scenario: &Scenario, shared: bool) -> Need {
    Need {
        scenario: scenario.id.clone(),
        masks: scenario.masks(),
        country: site.config.country_code.as_u16().to_string(),
        reserve: site.config.reserve_of(scenario),
        shared,
    }
}

/// The page's own number, for a scenario that is no more.
pub(super) fn page_number(scenario: &ScenarioId) -> GivenNumber {
    let gone = Need {
        scenario: scenario.clone(),
        masks: Vec::new(),
        country: String::new(),
        reserve: None,
        shared: false,
    };
    gone.given(NumberGiven::Page, None)
}

/// A combination of parameters as the visitor that its number belongs to.
fn combination(values: &[String]) -> VisitorId {
    VisitorId(pool::key_of(&values.join("\u{1f}")))
}

/// The number of a pool that the page remembers to have.
pub(super) fn remembered_number(site: &Site, request: &VisitRequest, pool: &str) -> Option<E164> {
    let leases = request.leases.iter().take(ringlet_core::limits::SCENARIOS);
    let mut of_pool = leases.filter(|lease| {
        let id = ScenarioId::parse(&lease.scenario).ok();
        let scenario = id.and_then(|id| site.config.scenario(&id));
        let of = scenario.and_then(Scenario::pool);
        of.is_some_and(|of| of.as_str() == pool)
    });
    of_pool.find_map(|lease| E164::parse(&lease.number).ok())
}

/// What the pool may know of the visitor.
pub(super) fn pool_facts(context: &VisitContext, url: &str) -> pool::Facts {
    let geo = &context.geo;
    pool::Facts {
        device: match context.device {
            Device::Desktop => delay::Device::Desktop,
            Device::Mobile | Device::Tablet => delay::Device::Mobile,
        },
        intent: is_contact_page(url),
        region: region_of_place(&geo.country, &geo.region_code, &geo.region),
        ..pool::Facts::default()
    }
}
