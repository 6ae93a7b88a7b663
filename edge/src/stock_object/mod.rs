//! The object of one stock: numbers that the sites of one owner share.
//!
//! What is here: which number is lent to which site. What is not: when a site takes and gives back
//! ([`ringlet_core::stock`], asked by the site), and what a site does with its loans. Invariants: a
//! number is lent to one site at a time; a loan ends only when its site says that no visitor can be
//! shown the number any more; every step may be repeated, so a crash between the two objects is
//! mended by the next time they speak: the stock's word is what holds.

mod admin;
mod schema;

use crate::binding::fault::Fault;
use crate::binding::object::Store;
use crate::binding::sql::Sql;
use crate::clock;
use crate::http::answer::{UNKNOWN_COMMAND, outcome};
use crate::message::stock::{Loan, Loans, StockAsk, StockCommand};
use crate::schema as database;
use crate::site_object::audit::{self, Change};
use crate::throttle::SiteRates;
use crate::turn;
use ringlet_core::phone::E164;
use ringlet_core::time::UnixMillis;
use std::cell::RefCell;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// See the module.
#[durable_object(fetch)]
pub struct StockObject {
    store: Store,
    env: Env,
    /// Who asked how often.
    rates: RefCell<SiteRates>,
}

// A panic can leave nothing half done in here: memory holds counters only.
impl core::panic::RefUnwindSafe for StockObject {}

impl DurableObject for StockObject {
    fn new(state: State, env: Env) -> Self {
        Self {
            store: Store::new(&state),
            env,
            rates: RefCell::default(),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        turn::each(self.serve(request)).await
    }
}

impl StockObject {
    async fn serve(&self, mut request: Request) -> Result<Response> {
        let text = request.text().await?;
        let Ok(ask) = serde_json::from_str::<StockAsk>(&text) else {
            return Response::error("unknown command", UNKNOWN_COMMAND);
        };
        match ask.command {
            StockCommand::Loans { site } => outcome(self.told_loans(&site)),
            StockCommand::Take { site, pool, count } => outcome(self.take(&site, &pool, count)),
            StockCommand::GiveBack { site, loans } => outcome(self.take_back(&site, &loans)),
            StockCommand::Holder { site, number, at } => {
                outcome(self.told_holder(&site, number, at))
            }
            StockCommand::Admin(admin) => self.administer(&ask.stock, &admin).await,
        }
    }

    fn exists(&self) -> std::result::Result<bool, Fault> {
        database::open(&self.store, schema::STEPS)
    }

    fn told_loans(&self, site: &str) -> std::result::Result<String, Fault> {
        if !self.exists()? {
            return Ok(serde_json::to_string(&Loans::default())?);
        }
        Ok(serde_json::to_string(&loans(self.store.sql(), site)?)?)
    }

    fn told_holder(
        &self,
        site: &str,
        number: E164,
        at: UnixMillis,
    ) -> std::result::Result<String, Fault> {
        if !self.exists()? {
            return Ok("null".to_owned());
        }
        // Only among sites that share the stock, now or by a loan that is not over.
        let query = "SELECT site FROM loan WHERE number = ?1 AND lent_ms <= ?2
                        AND EXISTS (SELECT 1 FROM site WHERE site = ?3
                                    UNION ALL SELECT 1 FROM number WHERE site = ?3)
                     ORDER BY loan DESC LIMIT 1";
        let number = number.to_string();
        let row = self.store.sql().row(query, &[&number, &at.0, &site])?;
        let holder = row.map(|row| row.text(0)).transpose()?;
        Ok(serde_json::to_string(&holder)?)
    }

    /// Lends at most `count` numbers: those that have been free the longest.
    fn take(&self, site: &str, pool: &str, count: u64) -> std::result::Result<String, Fault> {
        if !self.exists()? {
            return Ok(serde_json::to_string(&Loans::default())?);
        }
        let now = clock::now();
        let answer = self.store.transaction(|sql| {
            let free = "SELECT number FROM number WHERE loan IS NULL AND leaving = 0
                        AND EXISTS (SELECT 1 FROM site WHERE site = ?)
                        ORDER BY freed_ms, number LIMIT ?";
            let rows = sql.rows(free, &[&site, &count])?;
            for row in &rows {
                lend(sql, &row.text(0)?, site, pool, now)?;
            }
            if !rows.is_empty() {
                note(sql, now, "stock.lend", site, pool, rows.len())?;
            }
            loans(sql, site)
        })?;
        Ok(serde_json::to_string(&answer)?)
    }

    fn take_back(&self, site: &str, ended: &[Loan]) -> std::result::Result<String, Fault> {
        if !self.exists()? {
            return Ok(serde_json::to_string(&Loans::default())?);
        }
        let now = clock::now();
        let answer = self.store.transaction(|sql| {
            let mut count = 0;
            for loan in ended {
                let number = loan.number.to_string();
                let free = "UPDATE number SET loan = NULL, site = NULL, pool = NULL,
                                lent_ms = NULL, freed_ms = ?
                            WHERE number = ? AND loan = ? AND site = ?";
                if sql.run(free, &[&now.0, &number, &loan.loan, &site])? == 0 {
                    continue;
                }
                count += 1;
                let query = "UPDATE loan SET returned_ms = ? WHERE loan = ?";
                sql.run(query, &[&now.0, &loan.loan])?;
                let gone = "DELETE FROM number WHERE number = ? AND leaving = 1";
                sql.run(gone, &[&number])?;
            }
            if count > 0 {
                note(sql, now, "stock.take_back", site, "", count)?;
            }
            loans(sql, site)
        })?;
        Ok(serde_json::to_string(&answer)?)
    }
}

fn lend(
    sql: &Sql,
    number: &str,
    site: &str,
    pool: &str,
    now: UnixMillis,
) -> std::result::Result<(), Fault> {
    let row = sql.row("SELECT coalesce(max(loan), 0) + 1 FROM loan", &[])?;
    let loan = row.map_or(Ok(1), |row| row.integer(0))?;
    let history = "INSERT INTO loan (loan, number, site, pool, lent_ms) VALUES (?, ?, ?, ?, ?)";
    sql.run(history, &[&loan, &number, &site, &pool, &now.0])?;
    let query = "UPDATE number SET loan = ?, site = ?, pool = ?, lent_ms = ?
                 WHERE number = ? AND loan IS NULL";
    sql.run(query, &[&loan, &site, &pool, &now.0, &number])?;
    Ok(())
}

/// What is lent to a site.
fn loans(sql: &Sql, site: &str) -> std::result::Result<Loans, Fault> {
    let query = "SELECT number, loan, pool, lent_ms, leaving FROM number WHERE site = ?
                 ORDER BY number";
    let mut loans = Vec::new();
    for row in sql.rows(query, &[&site])? {
        loans.push(Loan {
            number: read_number(&row.text(0)?)?,
            loan: row.integer(1)?,
            pool: row.text(2)?,
            since: UnixMillis(row.integer(3)?),
            leaving: row.integer(4)? == 1,
        });
    }
    let free = "SELECT count(*) FROM number WHERE loan IS NULL AND leaving = 0
                AND EXISTS (SELECT 1 FROM site WHERE site = ?)";
    let free = sql
        .row(free, &[&site])?
        .map_or(Ok(0), |row| row.integer(0))?;
    Ok(Loans { free, loans })
}

fn read_number(text: &str) -> std::result::Result<E164, Fault> {
    E164::parse(text).map_err(|_| Fault::new("a number of the stock is none"))
}

fn note(
    sql: &Sql,
    now: UnixMillis,
    action: &'static str,
    site: &str,
    pool: &str,
    count: usize,
) -> std::result::Result<(), Fault> {
    let change = Change {
        actor: &format!("site:{site}"),
        action,
        subject: &format!("{site}/{pool}/numbers/{count}"),
        request: "",
        before_hash: "",
        after_hash: "",
    };
    audit::append(sql, now, &change)
}
