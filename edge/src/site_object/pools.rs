//! What the site and its pools say to each other.

use super::admin::{AdminReply, bad};
use super::load::Load;
use super::numbers::number_named;
use super::refused::Refused;
use super::{InForce, SiteObject, config, delays, shards, stock};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::log::{Level, Line};
use crate::message::AdminAsk;
use crate::message::pool::{
    CountsAnswer, LeaseRow, LiveAnswer, LiveEvent, LivePage, PoolCommand, PoolConfiguration,
    ShownNumber,
};
use futures_util::future::join_all;
use ringlet_core::api::detail::Wanted;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::id::{PoolId, ScenarioId, VisitorId};
use ringlet_core::limits::PAGE_NUMBERS;
use ringlet_core::phone::E164;
use ringlet_core::pool;
use ringlet_core::scenario::Scenario;
use ringlet_core::time::UnixMillis;
use serde::Serialize;
use std::collections::BTreeMap;

/// The configuration of one pool, with the numbers it borrowed. A pool that is no more has no
/// numbers: those it had drain.
///
/// # Errors
/// What the platform says.
pub(super) fn configuration(
    sql: &Sql,
    in_force: &InForce,
    pool: &PoolId,
) -> Result<PoolConfiguration, Fault> {
    let site = &in_force.config;
    let divided = shards::division(sql, pool.as_str())?;
    let known = site.pool(pool);
    let mut config = known.map_or_else(pool::PoolConfig::default, |pool| site.pool_config(pool));
    let borrowed = stock::borrowed(sql)?
        .into_iter()
        .filter(|one| known.is_some() && one.returning.is_none() && one.loan.pool == pool.as_str());
    for one in borrowed {
        let number = one.loan.number;
        if site.is_usable(number) && site.use_of(number).is_none() {
            config.numbers.push(pool::NumberConfig::dynamic(number));
        }
    }
    config.delay = delays::imported(sql, pool)?.map(|one| one.counts);
    Ok(PoolConfiguration {
        version: in_force.version,
        revision: stock::revision(sql)?,
        borrows: known.is_some_and(|pool| pool.stock.is_some()),
        shards: divided.shards,
        most_shards: divided.most,
        config,
        packed: String::new(),
    })
}

impl SiteObject {
    /// Tells every pool its configuration. One that does not hear asks by itself as soon as a page
    /// view brings the new version.
    pub(super) async fn tell_pools(&self, in_force: &InForce) {
        let Ok(pools) = config::known_pools(self.store.sql()) else {
            return;
        };
        let site = in_force.config.site.as_str();
        let told = pools
            .iter()
            .filter_map(|pool| PoolId::parse(pool).ok())
            .map(|pool| async move {
                if let Err(fault) = self.tell_pool(in_force, &pool).await {
                    Line::new(Level::Warn, "pool_not_told")
                        .site(site)
                        .fault(&fault.message)
                        .write();
                }
            });
        join_all(told).await;
    }

    /// Tells one pool its configuration.
    ///
    /// # Errors
    /// When it could not be told.
    pub(super) async fn tell_pool(&self, in_force: &InForce, pool: &PoolId) -> Result<(), Fault> {
        let configuration = configuration(self.store.sql(), in_force, pool)?.packed();
        let command = PoolCommand::ConfigurePacked(Box::new(configuration));
        let _: Vec<()> = self.ask_shards(in_force, pool.as_str(), command).await?;
        self.shards_are_told(pool)
    }

    /// What a pool counted, all shards together.
    ///
    /// # Errors
    /// When one could not be asked.
    pub(super) async fn counts_of(
        &self,
        in_force: &InForce,
        pool: &PoolId,
    ) -> Result<CountsAnswer, Fault> {
        let command = PoolCommand::Counts;
        let all: Vec<CountsAnswer> = self.ask_shards(in_force, pool.as_str(), command).await?;
        Ok(CountsAnswer::sum(all))
    }

    /// When numbers of a pool were last used.
    ///
    /// # Errors
    /// When a shard could not be asked.
    pub(super) async fn shown_of(
        &self,
        in_force: &InForce,
        pool: &PoolId,
        numbers: Vec<E164>,
    ) -> Result<Vec<ShownNumber>, Fault> {
        let command = PoolCommand::Shown { numbers };
        let all: Vec<Vec<ShownNumber>> = self.ask_shards(in_force, pool.as_str(), command).await?;
        Ok(all.concat())
    }

    /// What some numbers of a pool do, all shards together.
    ///
    /// # Errors
    /// When a shard could not be asked.
    pub(super) async fn live_of(
        &self,
        in_force: &InForce,
        pool: &PoolId,
        page: LivePage,
    ) -> Result<LiveAnswer, Fault> {
        let command = PoolCommand::Live(page);
        let all = self.ask_shards(in_force, pool.as_str(), command).await?;
        Ok(LiveAnswer::merged(all, page.limit))
    }

    /// Has every pool forget everything.
    pub(super) async fn delete_pools(&self) -> Result<(), Fault> {
        let Some(in_force) = self.in_force()? else {
            return Ok(());
        };
        for pool in config::keepers_of_visits(self.store.sql())? {
            let _: Vec<()> = self
                .ask_shards(&in_force, &pool, PoolCommand::Delete)
                .await?;
        }
        Ok(())
    }

    /// The live view: what the numbers of every pool do, `limit` at a time. What happened of late
    /// is told with the first page.
    pub(super) async fn read_live(
        &self,
        ask: &AdminAsk,
        now: UnixMillis,
    ) -> Result<AdminReply, Refused> {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let mut limit = numbers_of_page(ask)?;
        let cursor = ask.parameter("cursor").map(read_place).transpose()?;
        let mut live = Live {
            now,
            pools: Vec::new(),
            next: None,
        };
        // The pool that the page begins in; those before it are told.
        let mut begun = cursor.is_none();
        for pool in &in_force.config.pools {
            let id = pool.id.as_str();
            let here = cursor.filter(|(of, _)| *of == id);
            begun |= here.is_some();
            let page = LivePage {
                after: here.and_then(|(_, number)| number),
                limit: if begun && live.next.is_none() {
                    limit
                } else {
                    0
                },
                sources: true,
                events: cursor.is_none(),
            };
            let answer = self.live_of(&in_force, &pool.id, page).await?;
            limit -= answer.numbers.len() as u64;
            if begun && answer.more && live.next.is_none() {
                let last = answer.numbers.last().map(|number| number.number);
                live.next = Some(place(id, last.or(page.after)));
            }
            live.pools.push(LivePool::of(id, answer));
        }
        AdminReply::json(&live)
    }

    /// Who held a number at an instant: `number`, `at` (now without one), `limit`.
    pub(super) async fn read_leases(
        &self,
        asked: &AdminAsk,
        now: UnixMillis,
    ) -> Result<AdminReply, Refused> {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let number = asked.parameter("number").unwrap_or_default();
        let number = number_named(&in_force.config, number)?;
        let at = match asked.parameter("at") {
            None => now,
            Some(at) => UnixMillis(at.parse().map_err(|_| bad("at", Wanted::Instant))?),
        };
        let count = super::admin::page_count(asked)?;
        let mut leases: Vec<LeaseRow> = Vec::new();
        for pool in config::pools_of(self.store.sql(), number)? {
            let command = PoolCommand::Leases { number, at, count };
            let all: Vec<Vec<LeaseRow>> = self.ask_shards(&in_force, &pool, command).await?;
            leases.extend(all.into_iter().flatten());
        }
        leases.sort_by_key(|lease| std::cmp::Reverse((lease.granted_at, lease.generation)));
        end_by_the_next(&mut leases);
        leases.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        AdminReply::json(&Leases { number, at, leases })
    }

    /// A scenario's load.
    pub(super) async fn read_pool(&self, asked: &AdminAsk) -> Result<AdminReply, Refused> {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let (scenario, pool) = scenario_with_pool(&in_force, asked)?;
        let counts = self.counts_of(&in_force, pool).await?;
        let imported = delays::imported(self.store.sql(), pool)?.map(|one| one.counts);
        let pool = in_force.config.pool(pool).ok_or(ProblemCode::NotFound)?;
        AdminReply::json(&Load::of(scenario, pool, &counts, imported.as_ref()))
    }
}

/// Where a page of numbers ends: a pool, and the last number told of it, if any.
fn place(pool: &str, number: Option<E164>) -> String {
    let number = number.map_or_else(String::new, |number| number.to_string());
    format!("{pool}.{number}")
}

/// Reads [`place`].
fn read_place(cursor: &str) -> Result<(&str, Option<E164>), Problem> {
    let wrong = || bad("cursor", Wanted::Cursor);
    let (pool, number) = cursor.split_once('.').ok_or_else(wrong)?;
    match number {
        "" => Ok((pool, None)),
        number => Ok((pool, Some(E164::parse(number).map_err(|_| wrong())?))),
    }
}

/// `limit`: how many numbers a page has.
///
/// # Errors
/// [`ProblemCode::BadParameter`].
pub(super) fn numbers_of_page(ask: &AdminAsk) -> Result<u64, Problem> {
    match ask.parameter("limit").map(str::parse) {
        None => Ok(PAGE_NUMBERS),
        Some(Ok(count)) if (1..=PAGE_NUMBERS).contains(&count) => Ok(count),
        Some(_) => Err(bad("limit", Wanted::UpTo(PAGE_NUMBERS))),
    }
}

/// The scenario that a request names, and its pool.
///
/// # Errors
/// [`ProblemCode::NotFound`].
pub(super) fn scenario_with_pool<'f>(
    in_force: &'f InForce,
    asked: &AdminAsk,
) -> Result<(&'f Scenario, &'f PoolId), ProblemCode> {
    let scenario = ScenarioId::parse(asked.name(0)).map_err(|_| ProblemCode::NotFound)?;
    let scenario = in_force.config.scenario(&scenario);
    let scenario = scenario.ok_or(ProblemCode::NotFound)?;
    Ok((scenario, scenario.pool().ok_or(ProblemCode::NotFound)?))
}

/// A lease of a number that moved to another shard or pool ended when the next one there began: the
/// one it was in cannot know, or knows of a later one when the number came back.
fn end_by_the_next(newest_first: &mut [LeaseRow]) {
    for at in 1..newest_first.len() {
        let (newer, lease) = newest_first.split_at_mut(at);
        if let (Some(next), Some(lease)) = (newer.last(), lease.first_mut()) {
            let known = lease.ended_at.unwrap_or(next.granted_at);
            lease.ended_at = Some(known.min(next.granted_at));
        }
    }
}

#[derive(Serialize)]
struct Live {
    now: UnixMillis,
    pools: Vec<LivePool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct LivePool {
    id: String,
    /// How many numbers are in each state, those of other pages too.
    states: BTreeMap<pool::NumberState, u64>,
    numbers: Vec<LiveNumber>,
    events: Vec<LiveEvent>,
}

impl LivePool {
    fn of(id: &str, live: LiveAnswer) -> Self {
        let sources = live
            .sources
            .into_iter()
            .chain(core::iter::repeat(String::new()));
        let numbers = live
            .numbers
            .into_iter()
            .zip(sources)
            .map(|(number, source)| {
                let holder = number.holder;
                let shown = holder.filter(|holder| holder.leased || holder.current);
                LiveNumber {
                    number: number.number,
                    state: number.state,
                    since: number.since,
                    in_call: number.in_call,
                    expected_calls: number.expected_calls,
                    visitor: shown.map(|holder| holder.visitor),
                    source: shown.map(|_| source).filter(|source| !source.is_empty()),
                    granted_at: shown.map(|holder| holder.granted_at),
                    last_activity: shown.map(|holder| holder.last_activity),
                }
            });
        Self {
            id: id.to_owned(),
            states: live.states,
            numbers: numbers.collect(),
            events: live.events,
        }
    }
}

#[derive(Serialize)]
struct LiveNumber {
    number: E164,
    state: pool::NumberState,
    since: UnixMillis,
    in_call: bool,
    expected_calls: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    visitor: Option<VisitorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    granted_at: Option<UnixMillis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_activity: Option<UnixMillis>,
}

#[derive(Serialize)]
struct Leases {
    number: E164,
    at: UnixMillis,
    leases: Vec<LeaseRow>,
}
