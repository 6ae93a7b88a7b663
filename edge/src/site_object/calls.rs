//! Calls: events in, records kept, attributions appended.
//!
//! An event is stored, and the record of its call folded, in one transaction before anything else
//! is done: whatever fails afterwards, the call is known. Then the call is credited. A call that
//! could not be credited, because its pool could not be asked, waits and is looked at again by the
//! alarm. The same event again changes nothing.

use super::admin::{AdminReply, bad, page_count};
use super::attribution::{self, SYSTEM};
use super::numbers::number_named;
use super::refused::Refused;
use super::shown::ShownCall;
use super::{InForce, SiteObject, stock};
use crate::binding::fault::Fault;
use crate::binding::host;
use crate::binding::sql::{Row, Sql};
use crate::clock;
use crate::log::{Level, Line};
use crate::message::{AdminAsk, CallsAnswer};
use ringlet_core::api::detail::Wanted;
use ringlet_core::api::problem::ProblemCode;
use ringlet_core::call::{CallRecord, CallerStorage, call_id};
use ringlet_core::entropy::Entropy;
use ringlet_core::id::CallId;
use ringlet_core::phone::E164;
use ringlet_core::scenario::{Forward, ForwardTo};
use ringlet_core::site::{CallerStorageMode, NumberUse, SiteConfig};
use ringlet_core::telephony::{CallEvent, Direction, Secret};
use ringlet_core::time::{Millis, UnixMillis};
use serde::Serialize;

/// When calls that wait are looked at again.
pub(super) const LOOK_AGAIN_AFTER: Millis = Millis::from_secs(30);
/// Calls looked at by one alarm.
const WAITING_AT_ONCE: u64 = 50;

impl SiteObject {
    /// Takes verified events of calls.
    pub(super) async fn take_calls(
        &self,
        site: &str,
        events: Vec<CallEvent>,
        wants_route: bool,
    ) -> Result<String, Fault> {
        let in_force = self
            .in_force()?
            .ok_or_else(|| Fault::new("there is no such site"))?;
        let storage = self.caller_storage(&in_force.config)?;
        let stored = self
            .store
            .transaction(|sql| self.store_events(sql, &in_force, &events, &storage));
        let calls = stored.inspect_err(|_| self.forget_deliveries())?;
        let mut left_waiting = false;
        for call in &calls {
            if let Err(fault) = self.credit(*call).await {
                Line::new(Level::Warn, "call_waits")
                    .site(site)
                    .fault(&fault.message)
                    .write();
                left_waiting = true;
            }
        }
        if left_waiting {
            self.look_again_soon()?;
        }
        if self.deliveries_due()?.is_some() {
            self.set_alarm_for_duties()?;
        }
        let route = match calls.last() {
            Some(call) if wants_route => self.route_of(&in_force, *call)?,
            _ => CallsAnswer::default(),
        };
        Ok(serde_json::to_string(&route)?)
    }

    /// Stores events inside a transaction, and what is to be told of their calls; gives the calls.
    pub(super) fn store_events(
        &self,
        sql: &Sql,
        in_force: &InForce,
        events: &[CallEvent],
        storage: &CallerStorage,
    ) -> Result<Vec<CallId>, Fault> {
        let mut calls: Vec<CallId> = Vec::new();
        for event in events {
            let call = call_id(event.provider, &event.provider_call_id);
            store_event(sql, &in_force.config, call, event, storage)?;
            if !calls.contains(&call) {
                calls.push(call);
            }
        }
        let now = clock::now();
        for call in &calls {
            // Of a call that waits to be credited it is told with its credit.
            let waits = StoredCall::find(sql, *call)?.is_none_or(|stored| stored.waiting);
            if !waits {
                self.tell(sql, in_force, *call, false, now)?;
            }
        }
        Ok(calls)
    }

    /// Credits calls that wait; says when to look again, if any still do.
    pub(super) async fn credit_waiting_calls(&self) -> Result<Option<Millis>, Fault> {
        let query = "SELECT call FROM call WHERE waiting = 1 LIMIT ?";
        let rows = self.store.sql().rows(query, &[&WAITING_AT_ONCE])?;
        let mut left = rows.len() as u64 == WAITING_AT_ONCE;
        for row in rows {
            let Ok(call) = CallId::parse(&row.text(0)?) else {
                continue;
            };
            left |= self.credit(call).await.is_err();
        }
        Ok(left.then_some(LOOK_AGAIN_AFTER))
    }

    /// Credits one call, if it waits.
    pub(super) async fn credit(&self, call: CallId) -> Result<(), Fault> {
        let Some(stored) = StoredCall::find(self.store.sql(), call)? else {
            return Ok(());
        };
        let in_force = self
            .in_force()?
            .ok_or_else(|| Fault::new("there is no such site"))?;
        if !stored.waiting {
            if !stored.record.status().is_live() {
                self.tell_pool_of_end(&in_force, &stored.record).await;
            }
            return Ok(());
        }
        let outcome = self.decide(&in_force, &stored.record).await?;
        let now = clock::now();
        let credited_by = credit_key(&stored.record);
        let stored_again = self.store.transaction(|sql| {
            // Another event may have come in while the pool was asked: it waits for its own turn.
            let query = "UPDATE call SET waiting = 0, credited_by = ?
                         WHERE call = ? AND waiting = 1 AND record = ?";
            let text = serde_json::to_string(&stored.record)?;
            let changed = sql.run(query, &[&credited_by, &call.to_string(), &text])?;
            if changed > 0 {
                attribution::append(sql, call, now, SYSTEM, &outcome)?;
                self.tell(sql, &in_force, call, true, now)?;
            }
            Ok::<_, Fault>(changed > 0)
        });
        let stored_again = stored_again.inspect_err(|_| self.forget_deliveries())?;
        if stored_again {
            self.tell_pool_of_credit(&in_force, &stored.record, &outcome)
                .await;
        }
        Ok(())
    }

    /// How callers are kept.
    pub(super) fn caller_storage(&self, config: &SiteConfig) -> Result<CallerStorage, Fault> {
        if config.retention.callers == CallerStorageMode::Plain {
            return Ok(CallerStorage::Plain);
        }
        let find = "SELECT value FROM secret WHERE name = 'caller_pepper'";
        let pepper = match self.store.sql().row(find, &[])? {
            Some(row) => row.text(0)?,
            None => {
                let mut entropy = Entropy::new(host::seed());
                let pepper = format!("{:032x}{:032x}", entropy.next_u128(), entropy.next_u128());
                let query = "INSERT INTO secret VALUES ('caller_pepper', ?)";
                self.store.sql().run(query, &[&pepper])?;
                pepper
            }
        };
        Ok(CallerStorage::Hashed {
            pepper: Secret::new(&pepper),
        })
    }

    /// Where a ringing call should go, and what the company's display should say.
    fn route_of(&self, in_force: &InForce, call: CallId) -> Result<CallsAnswer, Fault> {
        let Some(stored) = StoredCall::find(self.store.sql(), call)? else {
            return Ok(CallsAnswer::default());
        };
        let Some(dialed) = self.tracked(&in_force.config, &stored.record)? else {
            return Ok(CallsAnswer::default());
        };
        let outcome = attribution::in_force(self.store.sql(), call)?;
        let source = outcome.and_then(|outcome| outcome.source);
        let mut answer = CallsAnswer {
            caller_name: source,
            ..CallsAnswer::default()
        };
        let forward = forward_of(&in_force.config, dialed);
        let Some(forward) = forward.or(self.forward_of_borrowed(in_force, dialed)?) else {
            return Ok(answer);
        };
        answer.extension = forward.extension;
        answer.whisper = forward.whisper;
        match forward.to {
            Some(ForwardTo::Phone(number)) => answer.forward_phone = Some(number),
            Some(ForwardTo::Sip(address)) => answer.forward_sip = Some(address),
            None => {}
        }
        Ok(answer)
    }

    /// Where calls to a borrowed number go: as the scenario of its pool says.
    fn forward_of_borrowed(
        &self,
        in_force: &InForce,
        number: E164,
    ) -> Result<Option<Forward>, Fault> {
        let borrowed = stock::borrowed(self.store.sql())?;
        let of = borrowed.iter().find(|one| one.loan.number == number);
        let mut scenarios = in_force.config.scenarios.iter();
        let scenario = scenarios.find(|scenario| {
            let pool = scenario.pool().map(ringlet_core::id::PoolId::as_str);
            pool.is_some() && pool == of.map(|one| one.loan.pool.as_str())
        });
        Ok(scenario.and_then(|scenario| scenario.forward.clone()))
    }

    /// `GET …/calls`: newest first, with `cursor`, `limit`, `number`, `from`, `to`.
    pub(super) fn list_calls(&self, ask: &AdminAsk) -> Result<AdminReply, Refused> {
        let count = page_count(ask)?;
        let (mut before_ms, before_call) = match ask.parameter("cursor") {
            None => (i64::MAX as u64 >> 10, String::new()),
            Some(cursor) => {
                let wrong = || bad("cursor", Wanted::Cursor);
                let (at, call) = cursor.split_once('.').ok_or_else(wrong)?;
                (at.parse::<u64>().map_err(|_| wrong())?, call.to_owned())
            }
        };
        let instant = |name: &'static str| match ask.parameter(name) {
            None => Ok(None),
            Some(at) => at
                .parse::<u64>()
                .map(Some)
                .map_err(|_| bad(name, Wanted::Instant)),
        };
        let from_ms = instant("from")?.unwrap_or(0);
        if let Some(to_ms) = instant("to")? {
            before_ms = before_ms.min(to_ms);
        }
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let number = ask.parameter("number");
        let number = number.map(|text| number_named(&in_force.config, text));
        let number = number
            .transpose()?
            .map_or_else(String::new, |number| number.to_string());
        let query = "SELECT call, started_at_ms, record, waiting FROM call
                     WHERE (started_at_ms, call) < (?1, ?2) AND started_at_ms >= ?3
                       AND (?4 = '' OR dialed = ?4)
                     ORDER BY started_at_ms DESC, call DESC LIMIT ?5";
        let sql = self.store.sql();
        let rows = sql.rows(
            query,
            &[&before_ms, &before_call, &from_ms, &number, &count],
        )?;
        let mut calls = Vec::with_capacity(rows.len());
        let mut next = None;
        for row in &rows {
            let stored = StoredCall::read(row)?;
            next = Some(format!("{}.{}", stored.started_at.0, stored.call));
            calls.push(self.shown(&in_force, &stored)?);
        }
        let next = next.filter(|_| rows.len() as u64 == count);
        AdminReply::json(&Calls { calls, next })
    }

    /// `GET …/calls/{call}`.
    pub(super) fn read_call(&self, ask: &AdminAsk) -> Result<AdminReply, Refused> {
        let call = CallId::parse(ask.name(0)).map_err(|_| ProblemCode::NotFound)?;
        let stored = StoredCall::find(self.store.sql(), call)?.ok_or(ProblemCode::NotFound)?;
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        AdminReply::json(&self.shown(&in_force, &stored)?)
    }
}

/// Stores an event and folds it into its call's record.
fn store_event(
    sql: &Sql,
    config: &SiteConfig,
    call: CallId,
    event: &CallEvent,
    storage: &CallerStorage,
) -> Result<(), Fault> {
    let query = "INSERT OR IGNORE INTO call_event (dedupe_key, call, received_at_ms, event)
                 VALUES (?, ?, ?, ?)";
    let text = serde_json::to_string(&kept(event, storage))?;
    let id = call.to_string();
    if sql.run(
        query,
        &[&event.dedupe_key, &id, &event.received_at.0, &text],
    )? == 0
    {
        return Ok(());
    }
    let before = StoredCall::find(sql, call)?;
    let (record, credited_by) = match before {
        Some(mut stored) => {
            stored.record.apply(event, storage);
            (stored.record, stored.credited_by)
        }
        None => (CallRecord::new(event, storage), String::new()),
    };
    let is_inbound = record.direction() == Direction::In;
    let dialed = attribution::tracked(sql, config, &record)?;
    // Of a call that rings some event may still name the number; of one that is over none will.
    let can_be_judged = dialed.is_some() || !record.status().is_live();
    let by_hand = attribution::last(sql, call)?.is_some_and(|last| last.is_by_hand());
    let waiting = is_inbound && can_be_judged && !by_hand && credit_key(&record) != credited_by;
    let query =
        "INSERT INTO call (call, started_at_ms, dialed, caller, record, credited_by, waiting)
                 VALUES (?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (call) DO UPDATE SET started_at_ms = excluded.started_at_ms,
                    dialed = excluded.dialed, caller = excluded.caller,
                    record = excluded.record, waiting = excluded.waiting";
    sql.run(
        query,
        &[
            &id,
            &record.started_at().0,
            &dialed.map(|number| number.to_string()),
            &record.caller().map(ringlet_core::call::StoredCaller::key),
            &serde_json::to_string(&record)?,
            &credited_by,
            &waiting,
        ],
    )?;
    Ok(())
}

/// The event as the site keeps it: without the caller where he is kept as a hash, which the record
/// has.
fn kept(event: &CallEvent, storage: &CallerStorage) -> CallEvent {
    let mut kept = event.clone();
    if let CallerStorage::Hashed { .. } = storage {
        kept.caller = None;
        kept.extra.clear();
    }
    kept
}

/// What an attribution is decided by: the number, the start and the caller.
fn credit_key(record: &CallRecord) -> String {
    let dialed = record
        .dialed()
        .map(|number| number.to_string())
        .unwrap_or_default();
    let caller = record
        .caller()
        .map(ringlet_core::call::StoredCaller::key)
        .unwrap_or_default();
    format!("{dialed}@{}<{caller}", record.started_at().0)
}

/// Where calls to `number` go: as its own record says, else its scenario.
fn forward_of(config: &SiteConfig, number: E164) -> Option<Forward> {
    let own = config
        .record(number)
        .and_then(|record| record.forward.clone());
    own.or_else(|| match config.use_of(number)? {
        NumberUse::Pool(pool) => {
            let mut scenarios = config.scenarios.iter();
            let of = scenarios.find(|scenario| scenario.pool() == Some(&pool.id))?;
            of.forward.clone()
        }
        NumberUse::Static { scenario, .. } => scenario.forward.clone(),
        NumberUse::Reserve(scenarios) => scenarios.first()?.forward.clone(),
    })
}

/// A call as it is stored.
pub(super) struct StoredCall {
    /// Its id.
    pub call: CallId,
    /// When it began.
    pub started_at: UnixMillis,
    /// What its events say together.
    pub record: CallRecord,
    /// It waits to be credited.
    pub waiting: bool,
    /// What was told of it.
    pub told: String,
    credited_by: String,
}

impl StoredCall {
    /// The call of this id.
    pub(super) fn find(sql: &Sql, call: CallId) -> Result<Option<Self>, Fault> {
        let query = "SELECT call, started_at_ms, record, waiting, credited_by, told FROM call
                     WHERE call = ?";
        let Some(row) = sql.row(query, &[&call.to_string()])? else {
            return Ok(None);
        };
        let mut stored = Self::read(&row)?;
        stored.credited_by = row.text(4)?;
        stored.told = row.text(5)?;
        Ok(Some(stored))
    }

    /// Reads call, start, record and whether it waits.
    pub(super) fn read(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            call: CallId::parse(&row.text(0)?).map_err(|_| Fault::new("a call of no id"))?,
            started_at: UnixMillis(row.integer(1)?),
            record: serde_json::from_str(&row.text(2)?)?,
            waiting: row.integer(3)? == 1,
            told: String::new(),
            credited_by: String::new(),
        })
    }
}

#[derive(Serialize)]
struct Calls {
    calls: Vec<ShownCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}
