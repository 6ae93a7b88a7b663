//! Raw events of providers that could not be understood: kept until somebody has looked.

use super::admin::AdminReply;
use super::audit::{self, Change};
use super::refused::Refused;
use super::{SiteObject, idempotency};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::log::{Level, Line};
use crate::message::AdminAsk;
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::id::CallId;
use ringlet_core::site::Text;
use ringlet_core::telephony::{
    self, KEPT_EVENTS_AGE_MAX, KEPT_EVENTS_MAX, KeptEvent, NumberPlan, ProviderSettings,
    SiteContext, TelephonyError,
};
use ringlet_core::time::UnixMillis;
use serde::Serialize;

impl SiteObject {
    /// Keeps `event`, and lets go of what is too old or too much.
    ///
    /// # Errors
    /// What the platform says.
    pub(super) fn keep_event(&self, event: &KeptEvent) -> Result<String, Fault> {
        if !self.exists()? {
            return Err(Fault::new("there is no such site"));
        }
        let text = serde_json::to_string(event)?;
        self.store.transaction(|sql| {
            let insert = "INSERT INTO kept_event (at_ms, event) VALUES (?, ?)";
            sql.run(insert, &[&event.received_at.0, &text])?;
            drop_old(sql, event.received_at)?;
            let surplus = "DELETE FROM kept_event WHERE id <= (SELECT max(id) FROM kept_event) - ?";
            sql.run(surplus, &[&(KEPT_EVENTS_MAX as u64)])?;
            Ok::<_, Fault>(())
        })?;
        Ok("{}".to_owned())
    }

    /// `GET …/kept-events`: newest first.
    ///
    /// # Errors
    /// What the platform says.
    pub(super) fn list_kept_events(
        &self,
        now: UnixMillis,
        russian: bool,
    ) -> Result<AdminReply, Refused> {
        let old = (now - KEPT_EVENTS_AGE_MAX).0;
        let query = "SELECT event, id FROM kept_event WHERE at_ms >= ? ORDER BY id DESC";
        let rows = self.store.sql().rows(query, &[&old])?;
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            let event: KeptEvent = serde_json::from_str(&row.text(0)?).map_err(Fault::from)?;
            events.push(Numbered {
                id: row.integer(1)?,
                event: event.told(russian),
            });
        }
        AdminReply::json(&KeptEvents { events })
    }

    /// `POST …/kept-events/{id}/retry`: reads an event again, with the adapter as it is now. What
    /// it says is stored, and the event is kept no longer.
    ///
    /// # Errors
    /// [`ProblemCode::NotFound`], [`ProblemCode::Unprocessable`] if it still cannot be read, or
    /// what the platform says.
    pub(super) async fn retry_kept_event(
        &self,
        ask: &AdminAsk,
        actor: &str,
        now: UnixMillis,
    ) -> Result<AdminReply, Refused> {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let id: u64 = ask.name(0).parse().map_err(|_| ProblemCode::NotFound)?;
        let query = "SELECT event FROM kept_event WHERE id = ?";
        let row = self.store.sql().row(query, &[&id])?;
        let row = row.ok_or(ProblemCode::NotFound)?;
        let event: KeptEvent = serde_json::from_str(&row.text(0)?).map_err(Fault::from)?;
        let config = &in_force.config;
        let none = ProviderSettings::default();
        let settings = config.telephony.get(&event.provider).unwrap_or(&none);
        let context = SiteContext {
            plan: NumberPlan::new(config.country_code.as_u16()),
            time_zone: config.time_zone.clone(),
        };
        let incoming = telephony::reread(settings, &context, &event).map_err(|error| {
            not_understood(match error {
                TelephonyError::Unreadable { reason } => reason,
                other => Text::of(other.to_string(), "оно не принято"),
            })
        })?;
        if let (true, Some(reason)) = (incoming.events.is_empty(), incoming.keep_raw) {
            return Err(not_understood(reason).into());
        }
        let storage = self.caller_storage(config)?;
        let events = incoming.events.len();
        let stored = self.store.transaction(|sql| {
            let calls = self.store_events(sql, &in_force, &incoming.events, &storage)?;
            sql.run("DELETE FROM kept_event WHERE id = ?", &[&id])?;
            let change = Change {
                actor,
                action: "event.retry",
                subject: &format!("kept-event/{id}"),
                request: &ask.request,
                before_hash: "",
                after_hash: "",
            };
            audit::append(sql, now, &change)?;
            let reply = AdminReply::json(&Retried {
                events,
                calls: calls.clone(),
            })?;
            idempotency::remember(sql, ask, &reply, now)?;
            Ok::<_, Refused>((calls, reply))
        });
        let (calls, reply) = stored.inspect_err(|_| self.forget_deliveries())?;
        for call in &calls {
            if let Err(fault) = self.credit(*call).await {
                Line::new(Level::Warn, "call_waits")
                    .fault(&fault.message)
                    .write();
            }
        }
        self.set_alarm_for_duties()?;
        Ok(reply)
    }
}

/// Lets go of events that nobody looked at in time.
///
/// # Errors
/// What the platform says.
pub(super) fn drop_old(sql: &Sql, now: UnixMillis) -> Result<(), Fault> {
    let old = (now - KEPT_EVENTS_AGE_MAX).0;
    sql.run("DELETE FROM kept_event WHERE at_ms < ?", &[&old])?;
    Ok(())
}

#[derive(Serialize)]
struct Numbered {
    id: u64,
    #[serde(flatten)]
    event: KeptEvent,
}

#[derive(Serialize)]
struct Retried {
    events: usize,
    calls: Vec<CallId>,
}

#[derive(Serialize)]
struct KeptEvents {
    events: Vec<Numbered>,
}

/// The event is as little understood as it was.
fn not_understood(why: Text) -> Problem {
    Problem::with_detail(ProblemCode::Unprocessable, Detail::Event(why))
}
