//! Pools divided among objects: which shards a pool has and had, and asking the right one, or all.
//!
//! The count of shards is the owner's word (`shards` of a pool). What is kept beside it: the most a
//! pool ever had, because history stays where it was made, and whether all have settled a new
//! division. Invariant: no pool is divided anew before the last division is settled.

use super::duty::{self, Duty};
use super::refused::Refused;
use super::{InForce, SiteObject, pools};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::message::VERSION;
use crate::message::pool::{Held, PoolAsk, PoolCommand};
use crate::objects::{self, Class};
use futures_util::future::join_all;
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::id::PoolId;
use ringlet_core::phone::E164;
use ringlet_core::pool::Shards;
use ringlet_core::site::{SiteConfig, Text};
use ringlet_core::time::{Millis, UnixMillis};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// When shards that have not settled are told again.
const AGAIN: Millis = Millis::from_secs(2);

/// How a pool is divided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Division {
    /// Now.
    pub shards: Shards,
    /// At most so far.
    pub most: u32,
    /// All shards have what is their own.
    pub settled: bool,
}

/// How a pool is divided; one that never was has no row.
///
/// # Errors
/// What the platform says.
pub(super) fn division(sql: &Sql, pool: &str) -> Result<Division, Fault> {
    let query = "SELECT shards, most, settled FROM pool_shards WHERE pool = ?";
    let count = |value: u64| u32::try_from(value).unwrap_or(1);
    match sql.row(query, &[&pool])? {
        Some(row) => Ok(Division {
            shards: Shards::new(count(row.integer(0)?)),
            most: count(row.integer(1)?),
            settled: row.integer(2)? == 1,
        }),
        None => Ok(Division {
            shards: Shards::ONE,
            most: 1,
            settled: true,
        }),
    }
}

/// Notes how the pools of a new configuration are divided; call it inside its transaction.
///
/// # Errors
/// [`ProblemCode::Conflict`] while an earlier division of a pool is not settled.
pub(super) fn divide(sql: &Sql, config: &SiteConfig, now: UnixMillis) -> Result<(), Refused> {
    for pool in &config.pools {
        let (id, wanted) = (pool.id.as_str(), config.shards_of(pool));
        let before = division(sql, id)?;
        if before.shards == wanted {
            continue;
        }
        if !before.settled {
            let detail = Detail::Dividing(id.to_owned());
            return Err(Problem::with_detail(ProblemCode::Conflict, detail).into());
        }
        let most = before.most.max(wanted.count());
        let query = "INSERT INTO pool_shards (pool, shards, most, settled) VALUES (?, ?, ?, 0)
                     ON CONFLICT (pool) DO UPDATE SET shards = excluded.shards,
                        most = excluded.most, settled = 0";
        sql.run(query, &[&id, &u64::from(wanted.count()), &u64::from(most)])?;
        duty::call_for(sql, Duty::Shards, now + AGAIN)?;
    }
    Ok(())
}

impl SiteObject {
    /// Asks one shard.
    ///
    /// # Errors
    /// When it could not be asked.
    pub(super) async fn ask_shard<R: DeserializeOwned>(
        &self,
        in_force: &InForce,
        pool: &str,
        shard: u32,
        command: PoolCommand,
    ) -> Result<R, Fault> {
        let site = in_force.config.site.as_str();
        let ask = PoolAsk {
            v: VERSION,
            site: site.to_owned(),
            pool: pool.to_owned(),
            shard,
            passed_on: 0,
            version: in_force.version,
            command,
        };
        let name = objects::pool_name(site, pool, shard);
        objects::ask(&self.env, Class::Pool, &name, &ask).await
    }

    /// Asks the shard that an export names, of a site that is not there yet.
    ///
    /// # Errors
    /// When it could not be asked.
    pub(super) async fn ask_named<R: DeserializeOwned>(
        &self,
        site: &str,
        name: &str,
        command: PoolCommand,
    ) -> Result<R, Fault> {
        let (pool, shard) = name.split_once('/').unwrap_or((name, "0"));
        let shard = shard
            .parse()
            .map_err(|_| Fault::new("a shard of no number"))?;
        let ask = PoolAsk {
            v: VERSION,
            site: site.to_owned(),
            pool: pool.to_owned(),
            shard,
            passed_on: 0,
            version: 0,
            command,
        };
        let name = objects::pool_name(site, pool, shard);
        objects::ask(&self.env, Class::Pool, &name, &ask).await
    }

    /// Asks the shard that a number of a pool belongs to.
    ///
    /// # Errors
    /// When it could not be asked.
    pub(super) async fn ask_pool_of<R: DeserializeOwned>(
        &self,
        in_force: &InForce,
        pool: &str,
        number: E164,
        command: PoolCommand,
    ) -> Result<R, Fault> {
        let shards = division(self.store.sql(), pool)?.shards;
        let shard = shards.of_number(number);
        self.ask_shard(in_force, pool, shard, command).await
    }

    /// Asks every shard that a pool has or had, the first one first.
    ///
    /// # Errors
    /// When one could not be asked.
    pub(super) async fn ask_shards<R: DeserializeOwned>(
        &self,
        in_force: &InForce,
        pool: &str,
        command: PoolCommand,
    ) -> Result<Vec<R>, Fault> {
        let most = division(self.store.sql(), pool)?.most;
        let asked = (0..most).map(|shard| self.ask_shard(in_force, pool, shard, command.clone()));
        join_all(asked).await.into_iter().collect()
    }

    /// Notes that all shards of a pool have the configuration in force.
    ///
    /// # Errors
    /// What the platform says.
    pub(super) fn shards_are_told(&self, pool: &PoolId) -> Result<(), Fault> {
        if !division(self.store.sql(), pool.as_str())?.settled {
            let query = "UPDATE pool_shards SET settled = 1 WHERE pool = ?";
            self.store.sql().run(query, &[&pool.as_str()])?;
        }
        Ok(())
    }

    /// Has shards settle that have not; says when to try again, if any is left.
    pub(super) async fn settle_shards(&self) -> Result<Option<Millis>, Fault> {
        let Some(in_force) = self.in_force()? else {
            return Ok(None);
        };
        let query = "SELECT pool FROM pool_shards WHERE settled = 0";
        for row in self.store.sql().rows(query, &[])? {
            if let Ok(pool) = PoolId::parse(&row.text(0)?)
                && self.tell_pool(&in_force, &pool).await.is_err()
            {
                return Ok(Some(AGAIN));
            }
        }
        Ok(None)
    }

    /// What is wrong with where the numbers of a divided pool are.
    pub(super) async fn check_shards(
        &self,
        in_force: &InForce,
        pool: &str,
    ) -> Result<Vec<Text>, Fault> {
        let sql = self.store.sql();
        let divided = division(sql, pool)?;
        if divided.most == 1 {
            return Ok(Vec::new());
        }
        let mut faults = Vec::new();
        let held: Vec<Held> = self.ask_shards(in_force, pool, PoolCommand::Held).await?;
        let mut places: BTreeMap<E164, usize> = BTreeMap::new();
        for (shard, held) in held.iter().enumerate() {
            for number in &held.numbers {
                if let Some(other) = places.insert(*number, shard) {
                    faults.push(Text::of(
                        format!("{number} is in the shards {other} and {shard}"),
                        format!("{number} сразу в частях {other} и {shard}"),
                    ));
                }
                if divided.shards.of_number(*number) as usize != shard {
                    faults.push(Text::of(
                        format!("{number} is in the shard {shard}, where it is not asked"),
                        format!("{number} в части {shard}, где его не спрашивают"),
                    ));
                }
            }
        }
        let under_way: BTreeSet<E164> = held
            .iter()
            .flat_map(|held| held.parcels.iter().copied())
            .collect();
        for number in under_way
            .iter()
            .filter(|number| divided.settled && !places.contains_key(number))
        {
            faults.push(Text::of(
                format!("{number} is on its way for ever"),
                format!("{number} вечно в пути"),
            ));
        }
        if let Ok(id) = PoolId::parse(pool) {
            for of in pools::configuration(sql, in_force, &id)?.config.numbers {
                let dynamic = of.role == ringlet_core::pool::Role::Dynamic;
                if dynamic && !places.contains_key(&of.number) && !under_way.contains(&of.number) {
                    faults.push(Text::of(
                        format!("{} is in no shard", of.number),
                        format!("{} нет ни в одной части", of.number),
                    ));
                }
            }
        }
        Ok(faults)
    }
}
