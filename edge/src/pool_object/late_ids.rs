//! Ids that other systems gave a visitor after his number was lent: their scripts answer when they
//! like, often seconds after the page asked for a number.
//!
//! Invariant: at most one row a visit, whatever a page sends; what the visit itself told stands,
//! and a late id only fills what it left open. Whoever reads the context of a grant reads it with
//! these ([`with_ids`]).

use super::{Shell, journal};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::clock;
use crate::message::VisitContext;
use crate::message::pool::IdsCommand;
use ringlet_core::id::VisitId;
use ringlet_core::time::UnixMillis;
use ringlet_core::wire::PageIds;
use std::rc::Rc;

/// Ids of a visit.
#[derive(Debug)]
pub(super) struct LateIds {
    at: UnixMillis,
    visit: VisitId,
    ids: PageIds,
}

/// Writes ids of visits that have none written yet.
///
/// # Errors
/// What the platform says.
pub(super) fn append(sql: &Sql, late: &[LateIds]) -> Result<(), Fault> {
    for LateIds { at, visit, ids } in late {
        let query = "INSERT INTO late_ids (at_ms, visit, ids) VALUES (?, ?, ?)
                     ON CONFLICT (visit) DO NOTHING";
        let ids = serde_json::to_string(ids)?;
        sql.run(query, &[&at.0, &visit.to_string(), &ids])?;
    }
    Ok(())
}

/// A context as it was stored, with the ids that came later.
pub(super) fn with_ids(context: String, late: Option<String>) -> String {
    let Some(late) = late.and_then(|text| serde_json::from_str(&text).ok()) else {
        return context;
    };
    let Ok(read) = serde_json::from_str::<VisitContext>(&context) else {
        return context;
    };
    let whole = VisitContext {
        ids: read.ids.or(late),
        ..read
    };
    serde_json::to_string(&whole).unwrap_or(context)
}

impl Shell {
    /// Takes the ids of the visit that a lease is of; who names no lease as its page knows it
    /// changes nothing.
    pub(super) async fn late_ids(self: &Rc<Self>, command: IdsCommand) -> Result<String, Fault> {
        // A group that waits may hold the very grant.
        self.committed().await?;
        let sql = self.store.sql();
        if crate::schema::version(sql)?.is_none() {
            return Ok("null".to_owned());
        }
        let granted = journal::grant(sql, command.number, command.generation)?;
        let granted = granted.filter(|granted| granted.lease.to_string() == command.lease);
        if let Some(granted) = granted {
            let known: VisitContext = serde_json::from_str(&granted.context).unwrap_or_default();
            // Only what is new is worth a row.
            if known.ids.or(command.ids.clone()) != known.ids {
                self.group.borrow_mut().late_ids.push(LateIds {
                    at: clock::now(),
                    visit: granted.visit,
                    ids: command.ids,
                });
            }
        }
        self.committed().await?;
        Ok("null".to_owned())
    }
}
