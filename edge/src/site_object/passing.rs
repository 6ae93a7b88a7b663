//! Calls that are reported here and are another site's: of a number that sites of one owner share.
//!
//! An exchange reports all calls to one address, but a number of a stock is at one site today and
//! at another tomorrow. The stock knows where it was when; the call is passed on to that site,
//! once, and whatever follows of the same call goes the same way. Only sites that share the stock
//! are asked. A call that cannot be passed on is not taken: the exchange sends it again.

use super::SiteObject;
use super::{InForce, stock};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::clock;
use crate::message::stock::{StockAsk, StockCommand};
use crate::message::{CallsAnswer, SiteAsk, SiteCommand, VERSION};
use crate::objects::{self, Class};
use ringlet_core::call::call_id;
use ringlet_core::phone::E164;
use ringlet_core::telephony::CallEvent;
use ringlet_core::time::UnixMillis;
use std::collections::{BTreeMap, BTreeSet};

impl SiteObject {
    /// Takes events of calls, or passes them on to the sites whose calls they are.
    ///
    /// # Errors
    /// When another site or a stock could not be asked; what the platform says.
    pub(super) async fn take_or_pass_calls(
        &self,
        site: &str,
        events: Vec<CallEvent>,
        wants_route: bool,
    ) -> Result<String, Fault> {
        let Some(in_force) = self.in_force()? else {
            return Err(Fault::new("there is no such site"));
        };
        let mut own = Vec::new();
        let mut others: BTreeMap<String, Vec<CallEvent>> = BTreeMap::new();
        for event in events {
            match self.site_of(&in_force, &event).await? {
                Some(other) => others.entry(other).or_default().push(event),
                None => own.push(event),
            }
        }
        let mut answer = CallsAnswer::default();
        for (other, events) in others {
            let told = self.pass_calls(&other, events, wants_route).await?;
            if told.retry_after_ms.is_some() {
                return Ok(serde_json::to_string(&told)?);
            }
            answer = told;
        }
        if own.is_empty() {
            return Ok(serde_json::to_string(&answer)?);
        }
        self.take_calls(site, own, wants_route).await
    }

    async fn pass_calls(
        &self,
        other: &str,
        events: Vec<CallEvent>,
        wants_route: bool,
    ) -> Result<CallsAnswer, Fault> {
        // First where they went: what follows of these calls goes there too.
        let now = clock::now();
        self.store.transaction(|sql| {
            for event in &events {
                let call = call_id(event.provider, &event.provider_call_id).to_string();
                let query = "INSERT OR IGNORE INTO passed_call VALUES (?, ?, ?)";
                sql.run(query, &[&call, &other, &now.0])?;
            }
            Ok::<_, Fault>(())
        })?;
        let ask = SiteAsk {
            v: VERSION,
            site: other.to_owned(),
            command: SiteCommand::Calls {
                events,
                wants_route,
                passed_on: true,
            },
        };
        objects::ask(&self.env, Class::Site, other, &ask).await
    }

    /// The other site whose call it is; nothing if it is this one's, or nobody's.
    async fn site_of(
        &self,
        in_force: &InForce,
        event: &CallEvent,
    ) -> Result<Option<String>, Fault> {
        let sql = self.store.sql();
        let stocks = stocks_of(sql, in_force)?;
        let call = call_id(event.provider, &event.provider_call_id).to_string();
        if let Some(row) = sql.row("SELECT site FROM passed_call WHERE call = ?", &[&call])? {
            return row.text(0).map(Some);
        }
        let known = "SELECT 1 FROM call WHERE call = ?";
        if stocks.is_empty() || sql.row(known, &[&call])?.is_some() {
            return Ok(None);
        }
        for number in [event.dialed, event.forwarded_from].into_iter().flatten() {
            if in_force.config.use_of(number).is_some() {
                return Ok(None);
            }
            let at = event.started_at.unwrap_or(event.received_at);
            for stock in &stocks {
                let holder = self.holder(in_force, stock, number, at).await?;
                if let Some(holder) = holder {
                    let is_other = holder != in_force.config.site.as_str();
                    return Ok(is_other.then_some(holder));
                }
            }
        }
        Ok(None)
    }

    async fn holder(
        &self,
        in_force: &InForce,
        stock: &str,
        number: E164,
        at: UnixMillis,
    ) -> Result<Option<String>, Fault> {
        let ask = StockAsk {
            v: VERSION,
            stock: stock.to_owned(),
            command: StockCommand::Holder {
                site: in_force.config.site.to_string(),
                number,
                at,
            },
        };
        objects::ask(&self.env, Class::Stock, stock, &ask).await
    }
}

/// The stocks that the site has to do with.
fn stocks_of(sql: &Sql, in_force: &InForce) -> Result<BTreeSet<String>, Fault> {
    let pools = in_force.config.pools.iter();
    let used = pools.filter_map(|pool| Some(pool.stock.as_ref()?.id.to_string()));
    let mut stocks: BTreeSet<String> = used.collect();
    stocks.extend(stock::borrowed(sql)?.into_iter().map(|one| one.stock));
    Ok(stocks)
}
