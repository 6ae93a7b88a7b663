//! Raw events of providers that could not be understood: kept until somebody has looked.

use super::SiteObject;
use super::admin::AdminReply;
use super::refused::Refused;
use crate::binding::fault::Fault;
use ringlet_core::telephony::{KEPT_EVENTS_AGE_MAX, KEPT_EVENTS_MAX, KeptEvent};
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
            let old = (event.received_at - KEPT_EVENTS_AGE_MAX).0;
            sql.run("DELETE FROM kept_event WHERE at_ms < ?", &[&old])?;
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
    pub(super) fn list_kept_events(&self, now: UnixMillis) -> Result<AdminReply, Refused> {
        let old = (now - KEPT_EVENTS_AGE_MAX).0;
        let query = "SELECT event FROM kept_event WHERE at_ms >= ? ORDER BY id DESC";
        let rows = self.store.sql().rows(query, &[&old])?;
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            let event: KeptEvent = serde_json::from_str(&row.text(0)?).map_err(Fault::from)?;
            events.push(event);
        }
        AdminReply::json(&KeptEvents { events })
    }
}

#[derive(Serialize)]
struct KeptEvents {
    events: Vec<KeptEvent>,
}
