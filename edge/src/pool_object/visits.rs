//! The visits of a pool, for reports: those that were lent a number are in the journal, the others
//! in a table of their own.
//!
//! Invariant: how a visit began is told by one, the pool that its first page view asked first, or
//! the object of the visits that asked none ([`crate::objects::UNPOOLED`]). Others that lent it a
//! number tell only that. The report puts together what is told of a visit.
//!
//! Budget: a visit that draws no number costs one row here, written once; its further page views,
//! robots and networks that flood the site cost none.

use super::{Shell, journal};
use crate::binding::fault::Fault;
use crate::binding::sql::{Row, Sql};
use crate::clock;
use crate::message::VisitContext;
use crate::message::pool::{Need, SeenVisit, VisitKind, VisitMark, VisitsAnswer, VisitsPlace};
use ringlet_core::id::{VisitId, VisitorId};
use ringlet_core::phone::E164;
use ringlet_core::pool::JournalEntry;
use ringlet_core::report::TouchRow;
use ringlet_core::time::UnixMillis;
use ringlet_core::touch::Touch;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A visit that no row of the journal tells of.
#[derive(Clone, Debug)]
pub(super) struct UnseenVisit {
    at: UnixMillis,
    visit: VisitId,
    visitor: VisitorId,
    context: String,
    /// The number shown, where it is the visitor's own or a combination's.
    pub number: Option<E164>,
}

impl UnseenVisit {
    /// A visit that begins now.
    pub(super) fn of(visit: VisitId, visitor: VisitorId, context: &str, needs: &[Need]) -> Self {
        // A combination's visitor is a name for the combination: its visits are visitors' own.
        let shared = needs.iter().all(|need| need.shared);
        Self {
            at: clock::now(),
            visit,
            visitor: if shared { VisitorId(visit.0) } else { visitor },
            context: context.to_owned(),
            number: None,
        }
    }
}

/// Appends visits.
///
/// # Errors
/// What the platform says.
pub(super) fn append(sql: &Sql, visits: &[UnseenVisit]) -> Result<(), Fault> {
    for visit in visits {
        sql.run(
            "INSERT INTO visit (at_ms, visit, visitor, number, context) VALUES (?, ?, ?, ?, ?)",
            &[
                &visit.at.0,
                &visit.visit.to_string(),
                &visit.visitor.to_string(),
                &visit.number.map(|number| number.to_string()),
                &visit.context,
            ],
        )?;
    }
    Ok(())
}

/// What is gathered.
#[derive(Default)]
struct Gathered {
    answer: VisitsAnswer,
    /// Places of kinds, by their text.
    kinds: BTreeMap<String, usize>,
}

impl Shell {
    /// Takes a visit whose page asked no pool.
    pub(super) async fn seen(self: &Rc<Self>, visit: SeenVisit) -> Result<String, Fault> {
        self.group.borrow_mut().visits.push(UnseenVisit {
            at: clock::now(),
            visit: visit.visit,
            visitor: visit.visitor,
            context: visit.context,
            number: visit.number,
        });
        self.committed().await?;
        Ok("null".to_owned())
    }

    pub(super) fn visits(
        self: &Rc<Self>,
        from: UnixMillis,
        to: UnixMillis,
        after: VisitsPlace,
        limit: u64,
    ) -> Result<String, Fault> {
        self.commit();
        let sql = self.store.sql();
        let mut gathered = Gathered::default();
        if crate::schema::version(sql)?.is_none() {
            return Ok(serde_json::to_string(&gathered.answer)?);
        }
        let mut place = after;
        if !place.past_journal {
            gathered.grants(sql, from, to, &mut place, limit)?;
        }
        let left = limit.saturating_sub(gathered.answer.visits.len() as u64);
        let mut more = left == 0;
        if left > 0 {
            if place.id == 0 {
                place.id = journal::first_at(sql, "visit", "id", from)?.saturating_sub(1);
            }
            let query = "SELECT id, visit, visitor, number, context, at_ms FROM visit
                         WHERE id > ? AND at_ms < ? ORDER BY id LIMIT ?";
            let rows = sql.rows(query, &[&place.id, &to.0, &left])?;
            for row in &rows {
                place.id = row.integer(0)?;
                gathered.unseen(row)?;
            }
            more = rows.len() as u64 == left;
        }
        gathered.answer.next = more.then_some(place);
        Ok(serde_json::to_string(&gathered.answer)?)
    }
}

impl Gathered {
    /// Adds grants from `place` on, at most `limit`, and moves it.
    fn grants(
        &mut self,
        sql: &Sql,
        from: UnixMillis,
        to: UnixMillis,
        place: &mut VisitsPlace,
        limit: u64,
    ) -> Result<(), Fault> {
        let first = match place.row {
            0 => journal::row_at(sql, from)?,
            row => row,
        };
        place.past_journal = true;
        let mut fault = None;
        journal::each_grant(sql, first, |row| {
            if row.at >= to {
                return false;
            }
            if self.answer.visits.len() as u64 == limit {
                (place.row, place.past_journal) = (row.row, false);
                return false;
            }
            if let JournalEntry::Grant(granted) = row.entry {
                let who = (granted.visit, granted.visitor);
                let added = self.add(who, &granted.context, Some(granted.number), row.at);
                fault = added.err();
            }
            fault.is_none()
        })?;
        fault.map_or(Ok(()), Err)
    }

    fn unseen(&mut self, row: &Row) -> Result<(), Fault> {
        let wrong = |_| Fault::new("a visit of no id");
        let visit = VisitId::parse(&row.text(1)?).map_err(wrong)?;
        let visitor = VisitorId::parse(&row.text(2)?).map_err(wrong)?;
        let number = row.maybe_text(3)?.and_then(|text| E164::parse(&text).ok());
        let at = UnixMillis(row.integer(5)?);
        self.add((visit, visitor), &row.text(4)?, number, at)
    }

    fn add(
        &mut self,
        (visit, visitor): (VisitId, VisitorId),
        context: &str,
        number: Option<E164>,
        at: UnixMillis,
    ) -> Result<(), Fault> {
        let context: VisitContext = serde_json::from_str(context)?;
        if !context.counts {
            self.answer
                .visits
                .push(VisitMark(visit, visitor, at, None, number));
            return Ok(());
        }
        let at = match context.began_at {
            UnixMillis(0) => at,
            began_at => began_at,
        };
        let kind = VisitKind {
            touch: TouchRow::from(&Touch {
                at: UnixMillis(0),
                origin: context.origin,
                labels: context.labels,
                landing_page: context.landing_page,
            }),
            region: context.geo.region,
        };
        let text = serde_json::to_string(&kind)?;
        let kinds = &mut self.answer.kinds;
        let kind = *self.kinds.entry(text).or_insert_with(|| {
            kinds.push(kind);
            kinds.len() - 1
        });
        let mark = VisitMark(visit, visitor, at, Some(kind), number);
        self.answer.visits.push(mark);
        Ok(())
    }
}
