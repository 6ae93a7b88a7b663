//! A pool divided among objects: who answers what, and how numbers move when the division changes.
//!
//! Where a number belongs follows from the number and the count of shards
//! ([`ringlet_core::pool::Shards`]). When the count changes every shard does the same: it parts
//! with what is no longer its own into parcels, written in the transaction in which the numbers
//! leave; then it takes from every other shard the parcels that are for it; then the new
//! configuration is in force. A parcel stays with its sender until the receiver has it written
//! down, and is taken once however often it is sent, so a crash anywhere resumes. Between the two a
//! number is in no pool: whoever asks waits for it. The site allows no other division before all
//! have settled.
//!
//! Invariant: a shard serves nobody before it has all that is its own, and passes on whom another
//! shard knows. Limits: [`HOLDERS_AT_ONCE`] past holders in a parcel, some 1 MB.

use super::{Shell, journal};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::message::pool::{
    BeatCommand, Held, Parcel, PoolAsk, PoolCommand, PoolConfiguration, VisitCommand, Yielded,
};
use crate::message::{SiteAsk, SiteCommand, VERSION};
use crate::objects::{self, Class};
use futures_channel::oneshot;
use ringlet_core::phone::E164;
use ringlet_core::pool::{NumberImage, Role, Shards};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Past holders that move in one parcel.
const HOLDERS_AT_ONCE: usize = 500;
/// How often a message may be passed on: once by a shard that knew better, once more where the
/// division changed on the way.
const PASSED_ON: u32 = 3;

/// Writes parcels that leave and what was taken; call it inside the transaction of their rows.
///
/// # Errors
/// What the platform says.
pub(super) fn write(
    sql: &Sql,
    parcels: &[(u32, Parcel)],
    taken: &[(u32, u64)],
) -> Result<(), Fault> {
    for (target, parcel) in parcels {
        let query = "INSERT INTO parcel (id, target, content) VALUES (?, ?, ?)";
        let content = serde_json::to_string(parcel)?;
        sql.run(query, &[&parcel.id, &u64::from(*target), &content])?;
        journal::put_number_fact(sql, PARCELS, parcel.id)?;
    }
    if !parcels.is_empty() || !taken.is_empty() {
        journal::put_number_fact(sql, journal::UNSETTLED, 1)?;
    }
    for (from, id) in taken {
        journal::put_number_fact(sql, &taken_from(*from), *id)?;
    }
    Ok(())
}

/// The fact that counts parcels, so that none has the id of an earlier one.
const PARCELS: &str = "parcels";

/// The fact that names the last parcel taken of a shard.
fn taken_from(shard: u32) -> String {
    format!("taken_from_{shard}")
}

/// Whoever settles; the others wait for him.
struct Turn<'t>(&'t RefCell<Option<Vec<oneshot::Sender<()>>>>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Dropping the senders wakes everybody who waits.
        self.0.borrow_mut().take();
    }
}

impl Shell {
    /// Has the message answered by the shard it belongs to, if that is another.
    pub(super) async fn passed_on(
        self: &Rc<Self>,
        site: &str,
        pool: &str,
        passed: u32,
        command: &PoolCommand,
    ) -> Result<Option<String>, Fault> {
        let shards = self.known()?.shards;
        let target = match command {
            PoolCommand::Visit(visit) => shard_of_visit(shards, visit),
            PoolCommand::Beat(beat) => shard_of_beat(shards, beat),
            PoolCommand::Ids(ids) => shards.of_number(ids.number),
            _ => return Ok(None),
        };
        if target == self.shard.get() || passed >= PASSED_ON {
            return Ok(None);
        }
        let ask = PoolAsk {
            v: VERSION,
            site: site.to_owned(),
            pool: pool.to_owned(),
            shard: target,
            passed_on: passed + 1,
            version: self.known()?.version,
            command: command.clone(),
        };
        let name = objects::pool_name(site, pool, target);
        let body = serde_json::to_string(&ask)?;
        let response = objects::post(&self.env, Class::Pool, &name, &body).await?;
        let text = objects::text(&response).await?;
        if response.status() != 200 {
            return Err(Fault::new("the shard it was passed on to failed"));
        }
        Ok(Some(text))
    }

    /// Brings a configuration into force, dividing the pool as it says. Only one at a time; who
    /// comes meanwhile waits and finds it done.
    pub(super) async fn settle(
        self: &Rc<Self>,
        site: &str,
        pool: &str,
        mut configuration: PoolConfiguration,
    ) -> Result<(), Fault> {
        loop {
            let turn = match &mut *self.settling.borrow_mut() {
                Some(waiters) => {
                    let (sender, receiver) = oneshot::channel();
                    waiters.push(sender);
                    Some(receiver)
                }
                none => {
                    *none = Some(Vec::new());
                    None
                }
            };
            let Some(receiver) = turn else {
                break;
            };
            // Woken by an error too: then it is this one's turn to try.
            let _ = receiver.await;
        }
        let _turn = Turn(&self.settling);
        if !self.is_newer(&configuration)? {
            return Ok(());
        }
        if self.known()?.shards != configuration.shards || self.unsettled.get() {
            self.unsettled.set(true);
            self.part_with(&configuration).await?;
            self.parted_at.set(configuration.version);
            let shards = configuration.most_shards.max(configuration.shards.count());
            for other in (0..shards).filter(|other| *other != self.shard.get()) {
                self.take_from(site, pool, other, &configuration).await?;
            }
        }
        let shard = self.shard.get();
        let numbers = &mut configuration.config.numbers;
        numbers.retain(|of| configuration.shards.of_number(of.number) == shard);
        self.bring_into_force(configuration).await?;
        self.unsettled.set(false);
        Ok(())
    }

    /// Gives the oldest parcel for another shard that it has not confirmed, once this one has
    /// parted with everything that is not its own by the configuration of `version`.
    pub(super) async fn give(
        self: &Rc<Self>,
        site: &str,
        pool: &str,
        version: u64,
        to: u32,
        taken: u64,
    ) -> Result<String, Fault> {
        if self.known()?.version < version && self.parted_at.get() < version {
            let configuration = self.configuration_of(site, pool).await?;
            if self.known()?.shards != configuration.shards {
                // From now on nobody is served here before the division is settled.
                self.unsettled.set(true);
                self.part_with(&configuration).await?;
            }
            self.parted_at.set(configuration.version);
        }
        self.commit();
        let answer = match self.open.get() {
            false => Yielded::default(),
            true => self.store.transaction(|sql| next_parcel(sql, to, taken))?,
        };
        Ok(serde_json::to_string(&answer)?)
    }

    /// The site's word on this pool.
    pub(super) async fn configuration_of(
        &self,
        site: &str,
        pool: &str,
    ) -> Result<PoolConfiguration, Fault> {
        let command = SiteCommand::PoolConfig {
            pool: pool.to_owned(),
            packed: true,
        };
        let ask = SiteAsk {
            v: VERSION,
            site: site.to_owned(),
            command,
        };
        let told: PoolConfiguration = objects::ask(&self.env, Class::Site, site, &ask).await?;
        told.unpacked()
    }

    /// Parts with every number that belongs to another shard.
    async fn part_with(self: &Rc<Self>, to: &PoolConfiguration) -> Result<(), Fault> {
        let (shards, shard) = (to.shards, self.shard.get());
        loop {
            // The contexts of grants that wait are read below.
            self.commit();
            let parted = self.parted(|of| shards.of_number(of) != shard, shards)?;
            self.committed().await?;
            if !parted {
                return Ok(());
            }
        }
    }

    /// Takes one step of parting: numbers out of the pool and into parcels, to be committed as one.
    fn parted(
        self: &Rc<Self>,
        leaves: impl Fn(E164) -> bool,
        shards: Shards,
    ) -> Result<bool, Fault> {
        if !self.open.get() && !crate::schema::open(&self.store, super::schema::STEPS)? {
            return Ok(false);
        }
        let parted = self.step(|pool, now, _| {
            pool.handle_timeout(now);
            pool.part(HOLDERS_AT_ONCE, leaves)
        })?;
        let mut by_target: BTreeMap<u32, Vec<NumberImage>> = BTreeMap::new();
        for image in parted {
            let target = shards.of_number(image.config.number);
            by_target.entry(target).or_default().push(image);
        }
        let sql = self.store.sql();
        let before = journal::number_fact(sql, PARCELS)?;
        let parted = !by_target.is_empty();
        let mut group = self.group.borrow_mut();
        for (id, (target, numbers)) in (before + 1..).zip(by_target) {
            let rows: Vec<u64> = numbers
                .iter()
                .flat_map(|image| image.holders.iter().map(|holder| holder.row))
                .collect();
            let parcel = Parcel {
                id,
                numbers,
                history: journal::past_grants(sql, &rows)?,
            };
            group.parcels.push((target, parcel));
        }
        Ok(parted)
    }

    /// Takes every parcel that another shard has for this one.
    async fn take_from(
        self: &Rc<Self>,
        site: &str,
        pool: &str,
        from: u32,
        configuration: &PoolConfiguration,
    ) -> Result<(), Fault> {
        let name = objects::pool_name(site, pool, from);
        loop {
            let taken = match self.open.get() {
                true => journal::number_fact(self.store.sql(), &taken_from(from))?,
                false => 0,
            };
            let ask = PoolAsk {
                v: VERSION,
                site: site.to_owned(),
                pool: pool.to_owned(),
                shard: from,
                passed_on: 0,
                version: configuration.version,
                command: PoolCommand::Yield {
                    to: self.shard.get(),
                    taken,
                },
            };
            let answer: Yielded = objects::ask(&self.env, Class::Pool, &name, &ask).await?;
            let Some(parcel) = answer.parcel else {
                return Ok(());
            };
            if parcel.id > taken {
                self.take(from, parcel)?;
                self.committed().await?;
            }
        }
    }

    fn take(self: &Rc<Self>, from: u32, parcel: Parcel) -> Result<(), Fault> {
        let id = parcel.id;
        self.step(|pool, now, _| {
            pool.handle_timeout(now);
            let mut rows: BTreeMap<u64, u64> = BTreeMap::new();
            for past in parcel.history {
                rows.insert(past.row, pool.enter_history(past.at, past.granted));
            }
            let mut numbers = parcel.numbers;
            for holder in numbers.iter_mut().flat_map(|image| &mut image.holders) {
                holder.row = rows.get(&holder.row).copied().unwrap_or(0);
            }
            pool.join(numbers);
        })?;
        self.group.borrow_mut().taken.push((from, id));
        Ok(())
    }

    /// Which numbers this shard has.
    pub(super) fn held(self: &Rc<Self>) -> Result<String, Fault> {
        let numbers = self.step(|pool, now, _| {
            pool.handle_timeout(now);
            let lent = pool.numbers().filter(|view| {
                let wanted = pool.config().numbers.iter();
                let mut wanted = wanted.filter(|of| of.role == Role::Dynamic);
                view.holder.is_some_and(|holder| holder.leased)
                    || wanted.any(|of| of.number == view.number)
            });
            lent.map(|view| view.number).collect()
        })?;
        self.commit();
        let mut held = Held {
            numbers,
            parcels: Vec::new(),
        };
        if self.open.get() {
            for row in self.store.sql().rows("SELECT content FROM parcel", &[])? {
                let parcel: Parcel = serde_json::from_str(&row.text(0)?)?;
                let numbers = parcel.numbers.iter().map(|image| image.config.number);
                held.parcels.extend(numbers);
            }
        }
        Ok(serde_json::to_string(&held)?)
    }

    fn is_newer(self: &Rc<Self>, configuration: &PoolConfiguration) -> Result<bool, Fault> {
        let known = self.known()?;
        let told = (configuration.version, configuration.revision);
        Ok(told > (known.version, known.revision) || self.unsettled.get())
    }
}

/// Forgets what the receiver has confirmed; the oldest parcel that it has not.
fn next_parcel(sql: &Sql, to: u32, taken: u64) -> Result<Yielded, Fault> {
    let to = u64::from(to);
    sql.run(
        "DELETE FROM parcel WHERE target = ? AND id <= ?",
        &[&to, &taken],
    )?;
    let query = "SELECT content FROM parcel WHERE target = ? ORDER BY id LIMIT 1";
    let row = sql.row(query, &[&to])?;
    let parcel = row.map(|row| Ok::<_, Fault>(serde_json::from_str(&row.text(0)?)?));
    Ok(Yielded {
        parcel: parcel.transpose()?,
    })
}

fn shard_of_visit(shards: Shards, visit: &VisitCommand) -> u32 {
    match visit.number {
        Some(number) => shards.of_number(number),
        None => shards.of_visitor(visit.visitor),
    }
}

fn shard_of_beat(shards: Shards, beat: &BeatCommand) -> u32 {
    E164::parse(&beat.number).map_or(0, |number| shards.of_number(number))
}
