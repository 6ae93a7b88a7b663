//! The visits of a pool, for reports: those that were lent a number are in the journal, the others
//! in a table of their own.
//!
//! Invariant: a visit is given out once, however many grants it had, by the pool that its first
//! page view asked first.

use super::{Shell, journal};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::clock;
use crate::message::VisitContext;
use crate::message::pool::{Need, VisitKind, VisitMark, VisitsAnswer};
use ringlet_core::id::{VisitId, VisitorId};
use ringlet_core::phone::E164;
use ringlet_core::pool::JournalEntry;
use ringlet_core::report::TouchRow;
use ringlet_core::time::UnixMillis;
use ringlet_core::touch::Touch;
use std::collections::{BTreeMap, BTreeSet};
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
    /// By visit: its place, and whether it is shown a number.
    places: BTreeMap<String, usize>,
    /// Visits that were lent a number later, though not at first.
    lent: BTreeMap<String, E164>,
}

impl Shell {
    pub(super) fn visits(
        self: &Rc<Self>,
        from: UnixMillis,
        to: UnixMillis,
        limit: u64,
    ) -> Result<String, Fault> {
        self.commit();
        let sql = self.store.sql();
        let mut gathered = Gathered::default();
        if crate::schema::version(sql)?.is_none() {
            return Ok(serde_json::to_string(&gathered.answer)?);
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let first = journal::row_at(sql, from)?;
        let mut fault = None;
        journal::each_from(sql, first, journal::Rows::Grants, |row| {
            if row.at >= to || gathered.answer.visits.len() > limit {
                return false;
            }
            if let JournalEntry::Grant(granted) = row.entry {
                let visit = granted.visit.to_string();
                let visitor = granted.visitor.to_string();
                let number = Some(granted.number);
                let added = gathered.add(&visit, visitor, &granted.context, number, row.at, from);
                if let Err(why) = added {
                    fault = Some(why);
                    return false;
                }
                gathered.lent.insert(visit, granted.number);
            }
            true
        })?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        let query = "SELECT visit, visitor, number, context, at_ms FROM visit
                     WHERE at_ms >= ? AND at_ms < ? ORDER BY id LIMIT ?";
        for row in sql.rows(query, &[&from.0, &to.0, &(limit as u64 + 1)])? {
            let number = row.maybe_text(2)?.and_then(|text| E164::parse(&text).ok());
            let at = UnixMillis(row.integer(4)?);
            gathered.add(&row.text(0)?, row.text(1)?, &row.text(3)?, number, at, from)?;
        }
        Ok(serde_json::to_string(&gathered.finish(limit))?)
    }
}

impl Gathered {
    fn add(
        &mut self,
        visit: &str,
        visitor: String,
        context: &str,
        number: Option<E164>,
        at: UnixMillis,
        from: UnixMillis,
    ) -> Result<(), Fault> {
        if let Some(place) = self.places.get(visit) {
            let mark = &mut self.answer.visits[*place];
            mark.3 = mark.3.or(number);
            return Ok(());
        }
        let context: VisitContext = serde_json::from_str(context)?;
        let at = match context.began_at {
            UnixMillis(0) => at,
            began_at => began_at,
        };
        // One that began before the span is told with the span it began in.
        if !context.counts || at < from {
            return Ok(());
        }
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
        self.places
            .insert(visit.to_owned(), self.answer.visits.len());
        let mark = VisitMark(at, visitor, kind, number);
        self.answer.visits.push(mark);
        Ok(())
    }

    fn finish(mut self, limit: usize) -> VisitsAnswer {
        let without: BTreeSet<&String> = self
            .places
            .iter()
            .filter(|(_, place)| self.answer.visits[**place].3.is_none())
            .map(|(visit, _)| visit)
            .collect();
        for visit in without {
            if let (Some(place), Some(number)) = (self.places.get(visit), self.lent.get(visit)) {
                self.answer.visits[*place].3 = Some(*number);
            }
        }
        self.answer.more = self.answer.visits.len() > limit;
        self.answer.visits.truncate(limit);
        self.answer
    }
}
