//! What is done with a stock: who shares it, which numbers are in it, its keys, what it did.
//!
//! The deployer says which sites share a stock; what is in it is changed by an admin key of the
//! stock too, so that an owner of several sites needs nobody for it.

use super::{StockObject, read_number, schema};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::clock;
use crate::log::{Level, Line};
use crate::message::stock::Loan;
use crate::message::{AdminAsk, SiteAsk, SiteCommand, VERSION};
use crate::objects::{self, Class};
use crate::schema as database;
use crate::site_object::admin::{
    AdminReply, Done, access_of, create_key, list_audit, list_keys, refusal, revoke_key,
};
use crate::site_object::audit::{self, Change};
use crate::site_object::refused::Refused;
use crate::site_object::{access, idempotency};
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::api::route::Route;
use ringlet_core::api::unread::Unread;
use ringlet_core::id::SiteId;
use ringlet_core::number::words_of;
use ringlet_core::phone::{CountryCode, E164, Home, read_list};
use ringlet_core::site::Text;
use ringlet_core::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use worker::{Response, Result as Answered};

/// A change of a stock; what is not named stays.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct StockChange {
    /// The sites that share it, all of them.
    sites: Option<Vec<String>>,
    /// Numbers to put in, as they are pasted.
    add: String,
    /// Numbers to take out; a lent one leaves when its site gives it back.
    remove: String,
    /// What numbers without `+` mean.
    country_code: Option<String>,
    /// What local numbers mean.
    area_code: Option<String>,
}

#[derive(Serialize)]
struct StockShown<'s> {
    stock: &'s str,
    sites: Vec<String>,
    free: usize,
    lent: usize,
    numbers: Vec<StockNumber>,
    refused: Vec<RefusedNumber>,
}

#[derive(Serialize)]
struct StockNumber {
    number: E164,
    /// `free`, `lent` or `leaving`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<String>,
    since: UnixMillis,
}

#[derive(Serialize)]
struct RefusedNumber {
    text: String,
    /// A word for programs.
    reason: &'static str,
    /// What is wrong and what to do, in a sentence.
    detail: String,
}

#[derive(Serialize)]
struct Checked {
    ok: bool,
    faults: Vec<String>,
}

impl StockObject {
    pub(super) async fn administer(&self, stock: &str, ask: &AdminAsk) -> Answered<Response> {
        let problem = match self.reply(stock, ask).await {
            Ok(reply) => return reply.into_response(),
            Err(Refused::Problem(problem)) => problem,
            Err(Refused::Fault(fault)) => {
                Line::new(Level::Error, "stock_failed")
                    .fault(&fault.message)
                    .write();
                Problem::new(ProblemCode::Internal)
            }
        };
        let mut response = refusal(&problem, ask.russian).into_response()?;
        if let Some(seconds) = problem.retry_after_s() {
            let headers = response.headers_mut();
            headers.set("retry-after", &seconds.to_string())?;
        }
        Ok(response)
    }

    async fn reply(&self, stock: &str, ask: &AdminAsk) -> Done {
        let route = ask.route.ok_or(ProblemCode::NotFound)?;
        let now = clock::now();
        if !self.exists()? {
            return match route {
                Route::StockChange if ask.deployer => {
                    self.change(stock, ask, "deployer", now).await
                }
                _ if ask.deployer => Err(ProblemCode::NotFound.into()),
                _ => Err(ProblemCode::Unauthorized.into()),
            };
        }
        let sql = self.store.sql();
        let admitted = match access::admit(sql, ask, access_of(route), now) {
            Err(Refused::Problem(problem)) if problem.code == ProblemCode::Unauthorized => {
                let counted = self.rates.borrow_mut().refused(now);
                return Err(counted.err().unwrap_or(problem).into());
            }
            admitted => admitted?,
        };
        let actor = admitted.actor;
        self.rates.borrow_mut().request(&actor, now)?;
        ask.must_be_whole()?;
        if let Some(reply) = idempotency::recall(sql, ask)? {
            return Ok(reply);
        }
        match route {
            Route::StockRead => AdminReply::json(&self.read(stock, Vec::new())?),
            Route::StockChange => self.change(stock, ask, &actor, now).await,
            Route::StockAudit => list_audit(sql, ask),
            Route::StockCheck => self.check(stock, ask.russian).await,
            Route::StockKeyList => list_keys(sql),
            Route::StockKeyCreate => self
                .store
                .transaction(|sql| create_key(sql, ask, &actor, now)),
            Route::StockKeyRevoke => self
                .store
                .transaction(|sql| revoke_key(sql, ask, &actor, now)),
            _ => Err(ProblemCode::NotFound.into()),
        }
    }

    fn read<'s>(
        &self,
        stock: &'s str,
        refused: Vec<RefusedNumber>,
    ) -> Result<StockShown<'s>, Fault> {
        let sql = self.store.sql();
        let numbers = numbers(sql)?;
        let lent = numbers.iter().filter(|number| number.site.is_some());
        let lent = lent.count();
        Ok(StockShown {
            stock,
            sites: sites(sql)?,
            free: numbers.len() - lent,
            lent,
            numbers,
            refused,
        })
    }

    async fn change(&self, stock: &str, ask: &AdminAsk, actor: &str, now: UnixMillis) -> Done {
        let change: StockChange = serde_json::from_str(&ask.body)
            .map_err(|error| Problem::with_detail(ProblemCode::NotJson, Unread::from(error)))?;
        if change.sites.is_some() && !ask.deployer {
            return Err(
                Problem::with_detail(ProblemCode::Forbidden, Detail::DeployerShares).into(),
            );
        }
        let members = match &change.sites {
            Some(sites) => checked_sites(sites)?,
            None if self.exists()? => sites(self.store.sql())?,
            None => Vec::new(),
        };
        let country = change.country_code.as_deref().unwrap_or("7");
        let country = CountryCode::parse(country)
            .ok_or_else(|| Problem::with_detail(ProblemCode::Unprocessable, Detail::CountryCode))?;
        let home = Home {
            country,
            area: change.area_code.as_deref(),
        };
        let (add, mut refused) = read_numbers(&change.add, home, ask.russian);
        let (remove, also_refused) = read_numbers(&change.remove, home, ask.russian);
        refused.extend(also_refused);
        // A number that a site has of its own would be in two places.
        let owned = self.owned(&members, &add).await?;
        self.store.transaction(|sql| {
            database::migrate(sql, schema::STEPS)?;
            if change.sites.is_some() {
                put_sites(sql, &members)?;
            }
            for number in &add {
                match owned.iter().find(|(_, of)| of == number) {
                    Some((site, _)) => refused.push(RefusedNumber {
                        text: number.to_string(),
                        reason: "owned",
                        detail: match ask.russian {
                            true => format!("он уже свой у сайта {site}."),
                            false => format!("the site {site} has it of its own."),
                        },
                    }),
                    None => put_in(sql, *number, now)?,
                }
            }
            for number in &remove {
                take_out(sql, *number)?;
            }
            let subject = format!("stock/{stock}");
            let written = Change {
                actor,
                action: "stock.change",
                subject: &subject,
                request: &ask.request,
                before_hash: "",
                after_hash: &crate::auth::sha256_hex(&ask.body),
            };
            audit::append(sql, now, &written)?;
            let reply = AdminReply::json(&self.read(stock, refused)?)?;
            idempotency::remember(sql, ask, &reply, now)?;
            Ok(reply)
        })
    }

    /// Compares what the stock says with what its sites say.
    async fn check(&self, stock: &str, russian: bool) -> Done {
        let sql = self.store.sql();
        let mut faults = Vec::new();
        if let Some(sequence) = audit::first_broken(sql).await? {
            faults.push(audit::broken_at(sequence));
        }
        let ours = numbers(sql)?;
        let mut concerned: BTreeSet<String> = sites(sql)?.into_iter().collect();
        concerned.extend(ours.iter().filter_map(|number| number.site.clone()));
        let all: Vec<E164> = ours.iter().map(|number| number.number).collect();
        let members: Vec<String> = concerned.iter().cloned().collect();
        for (site, number) in self.owned(&members, &all).await? {
            faults.push(Text::of(
                format!("{number} is of the site {site} too"),
                format!("{number} есть и у самого сайта {site}"),
            ));
        }
        for site in concerned {
            let command = SiteCommand::Borrowed {
                stock: stock.to_owned(),
            };
            let theirs: Vec<Loan> = self.ask_site(&site, command).await?;
            let lent = super::loans(sql, &site)?.loans;
            let same = |a: &Loan, b: &Loan| a.number == b.number && a.loan == b.loan;
            for loan in &lent {
                if !theirs.iter().any(|other| same(loan, other)) {
                    let number = loan.number;
                    faults.push(Text::of(
                        format!("{number} is lent to {site}, which knows nothing of it"),
                        format!("{number} выдан сайту {site}, а тот о нём не знает"),
                    ));
                }
            }
            for loan in &theirs {
                if !lent.iter().any(|other| same(loan, other)) {
                    let number = loan.number;
                    faults.push(Text::of(
                        format!("{site} uses {number}, which is not lent to it"),
                        format!("{site} пользуется номером {number}, который ему не выдан"),
                    ));
                }
            }
        }
        let faults = faults.into_iter();
        let faults: Vec<String> = faults.map(|fault| fault.in_language(russian)).collect();
        AdminReply::json(&Checked {
            ok: faults.is_empty(),
            faults,
        })
    }

    /// Which of `numbers` which of `sites` has of its own.
    async fn owned(
        &self,
        sites: &[String],
        numbers: &[E164],
    ) -> Result<Vec<(String, E164)>, Fault> {
        let mut owned = Vec::new();
        for site in sites.iter().filter(|_| !numbers.is_empty()) {
            let command = SiteCommand::Owns {
                numbers: numbers.to_vec(),
            };
            let theirs: Vec<E164> = self.ask_site(site, command).await?;
            owned.extend(theirs.into_iter().map(|number| (site.clone(), number)));
        }
        Ok(owned)
    }

    async fn ask_site<R: serde::de::DeserializeOwned>(
        &self,
        site: &str,
        command: SiteCommand,
    ) -> Result<R, Fault> {
        let ask = SiteAsk {
            v: VERSION,
            site: site.to_owned(),
            command,
        };
        objects::ask(&self.env, Class::Site, site, &ask).await
    }
}

fn checked_sites(sites: &[String]) -> Result<Vec<String>, Problem> {
    if let Some(wrong) = sites.iter().find(|site| SiteId::parse(site).is_err()) {
        let detail = Detail::NoSiteId(wrong.clone());
        return Err(Problem::with_detail(ProblemCode::Unprocessable, detail));
    }
    Ok(sites.to_vec())
}

fn read_numbers(text: &str, home: Home<'_>, russian: bool) -> (Vec<E164>, Vec<RefusedNumber>) {
    let list = read_list(text, home);
    let refused = list.faults.iter().map(|fault| {
        let words = words_of(fault.reason);
        RefusedNumber {
            text: fault.text.clone(),
            reason: fault.reason.code(),
            detail: if russian { words.ru } else { words.en },
        }
    });
    (list.numbers, refused.collect())
}

fn sites(sql: &Sql) -> Result<Vec<String>, Fault> {
    let rows = sql.rows("SELECT site FROM site ORDER BY site", &[])?;
    rows.iter().map(|row| row.text(0)).collect()
}

fn put_sites(sql: &Sql, sites: &[String]) -> Result<(), Fault> {
    sql.run("DELETE FROM site", &[])?;
    for site in sites {
        sql.run("INSERT OR IGNORE INTO site VALUES (?)", &[site])?;
    }
    Ok(())
}

fn numbers(sql: &Sql) -> Result<Vec<StockNumber>, Fault> {
    let query = "SELECT number, leaving, site, pool, coalesce(lent_ms, freed_ms) FROM number
                 ORDER BY number";
    let rows = sql.rows(query, &[])?;
    let read = |row: &crate::binding::sql::Row| {
        let site = row.maybe_text(2)?;
        Ok(StockNumber {
            number: read_number(&row.text(0)?)?,
            state: match (row.integer(1)?, &site) {
                (0, None) => "free",
                (0, Some(_)) => "lent",
                _ => "leaving",
            },
            site,
            pool: row.maybe_text(3)?,
            since: UnixMillis(row.integer(4)?),
        })
    };
    rows.iter().map(read).collect()
}

fn put_in(sql: &Sql, number: E164, now: UnixMillis) -> Result<(), Fault> {
    let query = "INSERT INTO number (number, added_ms, freed_ms) VALUES (?1, ?2, ?2)
                 ON CONFLICT (number) DO UPDATE SET leaving = 0";
    sql.run(query, &[&number.to_string(), &now.0])?;
    Ok(())
}

fn take_out(sql: &Sql, number: E164) -> Result<(), Fault> {
    let number = number.to_string();
    sql.run(
        "DELETE FROM number WHERE number = ? AND loan IS NULL",
        &[&number],
    )?;
    sql.run("UPDATE number SET leaving = 1 WHERE number = ?", &[&number])?;
    Ok(())
}
