//! Numbers borrowed from a stock that sites of one owner share.
//!
//! What is here: the site's side. The stock says what is lent to whom; the site keeps what it
//! borrowed, has its pools lend those numbers beside its own, and gives one back only when its pool
//! lends it no more and nobody holds it. Invariants: a number is in a pool's configuration only
//! while the stock lends it to this site; each step is a state of its own in a row, so that what
//! breaks off is taken up where it stood. A borrowed number is no part of the configuration: no
//! older version can bring back what another site has by now.

use super::admin::AdminReply;
use super::audit::{self, Change};
use super::duty::{self, Duty};
use super::refused::Refused;
use super::{InForce, SiteObject, idempotency};
use crate::binding::fault::Fault;
use crate::binding::sql::{Row, Sql};
use crate::clock;
use crate::message::pool::ShownNumber;
use crate::message::stock::{Loan, Loans, StockAsk, StockCommand};
use crate::message::{AdminAsk, VERSION};
use crate::objects::{self, Class};
use ringlet_core::api::problem::ProblemCode;
use ringlet_core::id::PoolId;
use ringlet_core::phone::E164;
use ringlet_core::site::PoolConfig;
use ringlet_core::sizing::KeptNumber;
use ringlet_core::stock::{self, Demand};
use ringlet_core::time::{Millis, UnixMillis};
use serde::Serialize;
use std::collections::BTreeSet;

/// How often the site looks whether its pools want more or less.
const HOURLY: Millis = Millis::from_mins(60);
/// How often it looks whether numbers that go back are free of visitors by now.
const WHILE_DRAINING: Millis = Millis::from_secs(60);

/// A number borrowed.
#[derive(Clone, Debug)]
pub(super) struct Borrowed {
    pub loan: Loan,
    pub stock: String,
    /// It is to go back since.
    pub returning: Option<UnixMillis>,
}

/// What was done to keep the pools in numbers.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Kept {
    /// Numbers taken from a stock.
    taken: Vec<E164>,
    /// Numbers that are lent no more and go back as soon as nobody holds them.
    returning: Vec<E164>,
    /// Numbers given back.
    returned: Vec<E164>,
    /// Numbers that no stock had to lend.
    missing: u32,
}

/// What the site has borrowed, from every stock.
///
/// # Errors
/// What the platform says.
pub(super) fn borrowed(sql: &Sql) -> Result<Vec<Borrowed>, Fault> {
    let query = "SELECT number, loan, pool, since_ms, stock, returning_ms FROM borrowed
                 ORDER BY number";
    let read = |row: &Row| {
        Ok(Borrowed {
            loan: Loan {
                number: E164::parse(&row.text(0)?)
                    .map_err(|_| Fault::new("a borrowed number is none"))?,
                loan: row.integer(1)?,
                pool: row.text(2)?,
                since: UnixMillis(row.integer(3)?),
                leaving: false,
            },
            stock: row.text(4)?,
            returning: row.maybe_integer(5)?.map(UnixMillis),
        })
    };
    sql.rows(query, &[])?.iter().map(read).collect()
}

/// How often what is borrowed or imported has changed: pools take a configuration by it, within a
/// version.
///
/// # Errors
/// What the platform says.
pub(super) fn revision(sql: &Sql) -> Result<u64, Fault> {
    let row = sql.row("SELECT revision FROM borrow_revision", &[])?;
    row.map_or(Ok(0), |row| row.integer(0))
}

/// Has pools take a configuration within a version; call it inside a transaction.
///
/// # Errors
/// What the platform says.
pub(super) fn revise(sql: &Sql) -> Result<(), Fault> {
    sql.run("UPDATE borrow_revision SET revision = revision + 1", &[])?;
    Ok(())
}

/// Changes what is borrowed; call it inside a transaction.
fn changed(sql: &Sql, now: UnixMillis, action: &'static str, loans: &[Loan]) -> Result<(), Fault> {
    revise(sql)?;
    let numbers: Vec<String> = loans.iter().map(|loan| loan.number.to_string()).collect();
    let change = Change {
        actor: "system",
        action,
        subject: &numbers.join(","),
        request: "",
        before_hash: "",
        after_hash: "",
    };
    audit::append(sql, now, &change)
}

fn enter(sql: &Sql, stock: &str, loan: &Loan, now: UnixMillis) -> Result<(), Fault> {
    let number = loan.number.to_string();
    sql.run(
        "INSERT INTO borrowed (number, stock, pool, loan, since_ms) VALUES (?, ?, ?, ?, ?)",
        &[&number, &stock, &loan.pool, &loan.loan, &now.0],
    )?;
    let left = "UPDATE number_place SET until_ms = ? WHERE number = ? AND until_ms IS NULL";
    sql.run(left, &[&now.0, &number])?;
    let place = "INSERT INTO number_place (number, pool, since_ms) VALUES (?, ?, ?)
                 ON CONFLICT (number, pool, since_ms) DO UPDATE SET until_ms = NULL";
    sql.run(place, &[&number, &loan.pool, &now.0])?;
    Ok(())
}

fn mark_returning(sql: &Sql, loans: &[Loan], now: UnixMillis) -> Result<(), Fault> {
    for loan in loans {
        let query = "UPDATE borrowed SET returning_ms = ?
                     WHERE number = ? AND loan = ? AND returning_ms IS NULL";
        sql.run(query, &[&now.0, &loan.number.to_string(), &loan.loan])?;
    }
    changed(sql, now, "stock.return", loans)
}

/// Only one at a time keeps the pools in numbers.
struct Turn<'t>(&'t std::cell::Cell<bool>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl SiteObject {
    /// Keeps the pools in numbers; says when to look again.
    pub(super) async fn keep_stock(&self) -> Result<Option<Millis>, Fault> {
        let Some(in_force) = self.in_force()? else {
            return Ok(None);
        };
        if self.keep_stocks(&in_force).await?.is_none() {
            return Ok(None);
        }
        let sql = self.store.sql();
        let drains = borrowed(sql)?.iter().any(|one| one.returning.is_some());
        Ok(Some(if drains { WHILE_DRAINING } else { HOURLY }))
    }

    /// `POST …/stock`: the same at once, and what it did.
    pub(super) async fn keep_stock_now(
        &self,
        ask: &AdminAsk,
        now: UnixMillis,
    ) -> Result<AdminReply, Refused> {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let kept = self.keep_stocks(&in_force).await?;
        let reply = AdminReply::json(&kept.unwrap_or_default())?;
        // Sent again before this it would only be looked at again whether anything is to be done.
        self.store
            .transaction(|sql| idempotency::remember(sql, ask, &reply, now))?;
        Ok(reply)
    }

    /// A pool is short of numbers.
    pub(super) fn hear_of_shortage(&self) -> Result<String, Fault> {
        if self.exists()? {
            duty::call_for(self.store.sql(), Duty::Stock, clock::now())?;
            self.set_alarm_for_duties()?;
        }
        Ok("null".to_owned())
    }

    /// What the site borrowed from `stock`.
    pub(super) fn told_borrowed(&self, stock: &str) -> Result<String, Fault> {
        if !self.exists()? {
            return Ok("[]".to_owned());
        }
        let all = borrowed(self.store.sql())?;
        let of = all.into_iter().filter(|one| one.stock == stock);
        let loans: Vec<Loan> = of.map(|one| one.loan).collect();
        Ok(serde_json::to_string(&loans)?)
    }

    /// Which of `numbers` the site's configuration uses itself.
    pub(super) fn told_owned(&self, numbers: &[E164]) -> Result<String, Fault> {
        let in_force = self.in_force()?;
        let own: Vec<&E164> = numbers
            .iter()
            .filter(|number| {
                in_force
                    .as_ref()
                    .is_some_and(|of| of.config.use_of(**number).is_some())
            })
            .collect();
        Ok(serde_json::to_string(&own)?)
    }

    /// Gives everything back at once: the site is deleted, and with it all its leases.
    pub(super) async fn give_everything_back(&self, site: &str) -> Result<(), Fault> {
        for one in borrowed(self.store.sql())? {
            let command = StockCommand::GiveBack {
                site: site.to_owned(),
                loans: vec![one.loan],
            };
            self.ask_stock(&one.stock, command).await?;
        }
        Ok(())
    }

    /// Nothing if the site has nothing to do with any stock, or this is being done already.
    async fn keep_stocks(&self, in_force: &InForce) -> Result<Option<Kept>, Fault> {
        let pools = in_force.config.pools.iter();
        let used = pools.filter_map(|pool| Some(pool.stock.as_ref()?.id.to_string()));
        let mut stocks: BTreeSet<String> = used.collect();
        stocks.extend(borrowed(self.store.sql())?.into_iter().map(|one| one.stock));
        if stocks.is_empty() {
            return Ok(None);
        }
        if self.keeping.replace(true) {
            return Ok(Some(Kept::default()));
        }
        let _turn = Turn(&self.keeping);
        let mut kept = Kept::default();
        for stock in stocks {
            self.keep_with(in_force, &stock, &mut kept).await?;
        }
        Ok(Some(kept))
    }

    async fn keep_with(
        &self,
        in_force: &InForce,
        stock: &str,
        kept: &mut Kept,
    ) -> Result<(), Fault> {
        let site = in_force.config.site.as_str();
        let command = StockCommand::Loans {
            site: site.to_owned(),
        };
        let mut told: Loans = self.ask_stock(stock, command).await?;
        self.agree(in_force, stock, &told)?;
        let pools = in_force.config.pools.iter();
        for pool in pools.filter(|pool| uses(pool, stock)) {
            told.free = self
                .keep_pool(in_force, stock, pool, told.free, kept)
                .await?;
        }
        self.give_back(in_force, stock, kept).await
    }

    /// Makes what the site keeps agree with what the stock says.
    fn agree(&self, in_force: &InForce, stock: &str, told: &Loans) -> Result<(), Fault> {
        let ours = borrowed(self.store.sql())?;
        let same = |a: &Loan, b: &Loan| a.number == b.number && a.loan == b.loan;
        let pools = &in_force.config.pools;
        let wanted = |loan: &Loan| {
            let pool = pools.iter().find(|pool| pool.id.as_str() == loan.pool);
            !loan.leaving && pool.is_some_and(|pool| uses(pool, stock))
        };
        let unknown = told.loans.iter().filter(|loan| {
            let number = loan.number;
            !ours.iter().any(|one| one.loan.number == number)
        });
        let unknown: Vec<Loan> = unknown.cloned().collect();
        let over = ours.iter().filter(|one| {
            let lent = told.loans.iter().find(|loan| same(loan, &one.loan));
            one.stock == stock
                && one.returning.is_none()
                && lent.is_none_or(|loan| loan.leaving || !wanted(&one.loan))
        });
        let over: Vec<Loan> = over.map(|one| one.loan.clone()).collect();
        if unknown.is_empty() && over.is_empty() {
            return Ok(());
        }
        let now = clock::now();
        self.store.transaction(|sql| {
            for loan in &unknown {
                enter(sql, stock, loan, now)?;
            }
            let unwanted = unknown.iter().filter(|loan| !wanted(loan));
            let over: Vec<Loan> = over.iter().chain(unwanted).cloned().collect();
            if !unknown.is_empty() {
                changed(sql, now, "stock.take", &unknown)?;
            }
            if !over.is_empty() {
                mark_returning(sql, &over, now)?;
            }
            Ok::<_, Fault>(())
        })
    }

    /// Takes and gives back for one pool; says how many the stock has left.
    async fn keep_pool(
        &self,
        in_force: &InForce,
        stock: &str,
        pool: &PoolConfig,
        free: u64,
        kept: &mut Kept,
    ) -> Result<u64, Fault> {
        let site = in_force.config.site.as_str();
        let numbers = self.numbers_of(in_force, pool).await?;
        let counts = self.counts_of(in_force, &pool.id).await?;
        let imported = super::delays::imported(self.store.sql(), &pool.id)?.map(|one| one.counts);
        let uses: Vec<KeptNumber> = numbers.iter().map(|(_, kept)| *kept).collect();
        let now = clock::now();
        let most = pool.stock.as_ref().map_or(0, |of| of.most);
        let step = stock::keep(&Demand {
            advice: super::load::advice(pool, &counts, imported.as_ref()),
            short: counts.short,
            numbers: &uses,
            free: u32::try_from(free).unwrap_or(u32::MAX),
            most: u32::try_from(most).unwrap_or(u32::MAX),
            now_ms: now.0,
        });
        kept.missing += step.ask;
        let mut left = free;
        if step.take > 0 {
            let before = borrowed(self.store.sql())?;
            let command = StockCommand::Take {
                site: site.to_owned(),
                pool: pool.id.to_string(),
                count: u64::from(step.take),
            };
            let told: Loans = self.ask_stock(stock, command).await?;
            left = told.free;
            self.agree(in_force, stock, &told)?;
            let known = |number| before.iter().any(|one| one.loan.number == number);
            let taken = told.loans.iter().map(|loan| loan.number);
            kept.taken.extend(taken.filter(|number| !known(*number)));
        }
        let ours = borrowed(self.store.sql())?;
        let given: Vec<Loan> = step
            .give_back
            .iter()
            .filter_map(|place| {
                let number = numbers.get(*place)?.0;
                let one = ours.iter().find(|one| one.loan.number == number)?;
                (one.returning.is_none() && one.stock == stock).then(|| one.loan.clone())
            })
            .collect();
        if !given.is_empty() {
            self.store
                .transaction(|sql| mark_returning(sql, &given, now))?;
            kept.returning.extend(given.iter().map(|loan| loan.number));
        }
        self.tell_pool(in_force, &pool.id).await?;
        Ok(left)
    }

    /// The numbers of a pool, its own and borrowed ones that stay, with their last uses.
    async fn numbers_of(
        &self,
        in_force: &InForce,
        pool: &PoolConfig,
    ) -> Result<Vec<(E164, KeptNumber)>, Fault> {
        let sql = self.store.sql();
        let ours = borrowed(sql)?.into_iter();
        let ours: Vec<Borrowed> = ours
            .filter(|one| one.loan.pool == pool.id.as_str() && one.returning.is_none())
            .collect();
        let list = ours.iter().map(|one| one.loan.number).collect();
        let shown = self.shown_of(in_force, &pool.id, list).await?;
        let mut numbers = Vec::new();
        for one in &ours {
            let number = one.loan.number;
            let query = "SELECT max(started_at_ms) FROM call WHERE dialed = ?";
            let called = sql.row(query, &[&number.to_string()])?;
            let shown = shown.iter().find(|shown| shown.number == number);
            let kept = KeptNumber {
                shared: true,
                since_ms: one.loan.since.0,
                shown_ms: shown.and_then(|shown| shown.shown_at).map(|at| at.0),
                called_ms: called
                    .map(|row| row.maybe_integer(0))
                    .transpose()?
                    .flatten(),
            };
            numbers.push((number, kept));
        }
        let own = KeptNumber {
            shared: false,
            since_ms: 0,
            shown_ms: None,
            called_ms: None,
        };
        let usable = in_force.config.usable_numbers(pool);
        numbers.extend(usable.into_iter().map(|number| (number, own)));
        Ok(numbers)
    }

    /// Gives back what no pool lends and nobody holds any more.
    async fn give_back(
        &self,
        in_force: &InForce,
        stock: &str,
        kept: &mut Kept,
    ) -> Result<(), Fault> {
        let going = borrowed(self.store.sql())?.into_iter();
        let going: Vec<Borrowed> = going
            .filter(|one| one.stock == stock && one.returning.is_some())
            .collect();
        let mut ended: Vec<Loan> = Vec::new();
        let pools: BTreeSet<&String> = going.iter().map(|one| &one.loan.pool).collect();
        for pool in pools {
            let Ok(id) = PoolId::parse(pool) else {
                continue;
            };
            // The pool must know that it lends them no more before it is asked who has them.
            self.tell_pool(in_force, &id).await?;
            let of_pool = going.iter().filter(|one| &one.loan.pool == pool);
            let list = of_pool.clone().map(|one| one.loan.number).collect();
            let shown: Vec<ShownNumber> = self.shown_of(in_force, &id, list).await?;
            let free = |number| {
                let of = shown.iter().find(|shown| shown.number == number);
                of.is_none_or(|shown| !shown.lendable && !shown.held)
            };
            ended.extend(
                of_pool
                    .filter(|one| free(one.loan.number))
                    .map(|one| one.loan.clone()),
            );
        }
        if ended.is_empty() {
            return Ok(());
        }
        let command = StockCommand::GiveBack {
            site: in_force.config.site.to_string(),
            loans: ended.clone(),
        };
        self.ask_stock(stock, command).await?;
        let now = clock::now();
        self.store.transaction(|sql| {
            for loan in &ended {
                let number = loan.number.to_string();
                let gone = "DELETE FROM borrowed WHERE number = ? AND loan = ?";
                sql.run(gone, &[&number, &loan.loan])?;
                let left = "UPDATE number_place SET until_ms = ?
                            WHERE number = ? AND pool = ? AND until_ms IS NULL";
                sql.run(left, &[&now.0, &number, &loan.pool])?;
            }
            changed(sql, now, "stock.returned", &ended)
        })?;
        kept.returned.extend(ended.iter().map(|loan| loan.number));
        Ok(())
    }

    async fn ask_stock(&self, stock: &str, command: StockCommand) -> Result<Loans, Fault> {
        let ask = StockAsk {
            v: VERSION,
            stock: stock.to_owned(),
            command,
        };
        objects::ask(&self.env, Class::Stock, stock, &ask).await
    }
}

fn uses(pool: &PoolConfig, stock: &str) -> bool {
    pool.stock
        .as_ref()
        .is_some_and(|of| of.id.as_str() == stock)
}
