//! Reports: calls and visits folded into figures by source, campaign, keyword, landing page,
//! region, number or hour, beside the period before.
//!
//! What is not here: storage (the shell hands rows in, in any order), attribution, and pictures.
//!
//! Invariant: every figure of the total is the sum of that figure over the rows. So a call shared
//! among touches is counted in parts of a million ([`crate::credit`]), and a visitor or caller who
//! appears in several groups is counted in the one where he appeared first in the period. The order
//! of rows is without effect.
//!
//! Limits: [`GROUPS_MAX`] groups, the least of more are put together; [`VISITS_MAX`] visits and
//! [`CALLS_MAX`] calls of both periods: one more is refused, so no figure is ever cut short.

pub mod period;
pub mod rows;
mod visits;

use crate::call::CallStatus;
use crate::credit::{CreditModel, CreditTouch, WHOLE};
use crate::id::{CallId, VisitId};
use crate::phone::E164;
use crate::time::UnixMillis;
pub use period::{Period, PeriodError, PeriodTold};
pub use rows::{CallRow, Credited, TouchRow, VisitRow};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
pub use visits::VISITS_MAX;
use visits::Visits;

/// 1,000 groups: more than anybody reads; a long tail of keywords is put into one row.
pub const GROUPS_MAX: usize = 1_000;

/// 100,000 calls: some 250 bytes each of a caller, his first call and its groups, and ten seconds
/// of reading, of the thirty that Cloudflare gives a request.
pub const CALLS_MAX: usize = 100_000;

/// More rows than a report takes: a shorter period is to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMany {
    /// More than [`VISITS_MAX`].
    Visits,
    /// More than [`CALLS_MAX`].
    Calls,
}

/// What rows are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Source and medium.
    Source,
    /// Campaign.
    Campaign,
    /// Key phrase.
    Keyword,
    /// First page of the visit.
    Landing,
    /// Region of the visit.
    Region,
    /// The tracking number.
    Number,
    /// Hour of the day in the report's zone.
    Hour,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 7] = [
        Self::Source,
        Self::Campaign,
        Self::Keyword,
        Self::Landing,
        Self::Region,
        Self::Number,
        Self::Hour,
    ];

    /// The name in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Campaign => "campaign",
            Self::Keyword => "keyword",
            Self::Landing => "landing",
            Self::Region => "region",
            Self::Number => "number",
            Self::Hour => "hour",
        }
    }

    /// Reads a name as [`Dimension::as_str`] writes it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

/// A count of calls in parts of a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parts(pub u64);

impl Parts {
    /// As a number of calls.
    pub fn calls(self) -> f64 {
        self.0 as f64 / f64::from(WHOLE)
    }
}

impl Serialize for Parts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let whole = u64::from(WHOLE);
        if self.0.is_multiple_of(whole) {
            serializer.serialize_u64(self.0 / whole)
        } else {
            serializer.serialize_f64(self.calls())
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Visits. Where no visits were handed in, they are left out rather than told to be none.
    pub visits: u64,
    /// Visitors, each where he came first.
    pub visitors: u64,
    /// Those of them who were shown a number of their own.
    pub visitors_shown: u64,
    /// Visits that were shown a number of their own.
    pub shown: u64,
    /// Inbound calls.
    pub calls: Parts,
    /// Callers, each where he called first. Withheld callers are one each.
    pub unique_callers: Parts,
    /// Calls that were the caller's first ever.
    pub first_time: Parts,
    /// All other calls of known callers.
    pub repeat: Parts,
    /// Calls that nobody took.
    pub missed: Parts,
    /// Answered and long enough.
    pub target: Parts,
    /// Calls credited to a visit or a source.
    pub attributed: Parts,
    /// The probabilities of those, summed: how many are expected to be right.
    pub expected_right: Parts,
}

impl Figures {
    /// Share of visits that saw a number of their own.
    pub fn coverage(&self) -> Option<f64> {
        ratio(self.shown as f64, self.visits as f64)
    }

    /// Calls a visit.
    pub fn conversion(&self) -> Option<f64> {
        ratio(self.calls.calls(), self.visits as f64)
    }

    /// Share of credited calls that are expected to be credited rightly.
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.expected_right.calls(), self.attributed.calls())
    }

    fn add(&mut self, other: &Self) {
        self.visits += other.visits;
        self.visitors += other.visitors;
        self.visitors_shown += other.visitors_shown;
        self.shown += other.shown;
        self.calls.0 += other.calls.0;
        self.unique_callers.0 += other.unique_callers.0;
        self.first_time.0 += other.first_time.0;
        self.repeat.0 += other.repeat.0;
        self.missed.0 += other.missed.0;
        self.target.0 += other.target.0;
        self.attributed.0 += other.attributed.0;
        self.expected_right.0 += other.expected_right.0;
    }
}

/// Counts, and the shares made of them; what has nothing to be a share of is left out.
impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if self.visits > 0 {
            map.serialize_entry("visits", &self.visits)?;
            map.serialize_entry("visitors", &self.visitors)?;
            map.serialize_entry("visitors_shown", &self.visitors_shown)?;
            map.serialize_entry("shown", &self.shown)?;
        }
        for (name, parts) in [
            ("calls", self.calls),
            ("unique_callers", self.unique_callers),
            ("first_time", self.first_time),
            ("repeat", self.repeat),
            ("missed", self.missed),
            ("target", self.target),
            ("attributed", self.attributed),
            ("expected_right", self.expected_right),
        ] {
            map.serialize_entry(name, &parts)?;
        }
        for (name, share) in [
            ("coverage", self.coverage()),
            ("conversion", self.conversion()),
            ("accuracy", self.accuracy()),
        ] {
            if let Some(share) = share {
                map.serialize_entry(name, &share)?;
            }
        }
        map.end()
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// One group and its figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportRow {
    /// The group: a value of the dimension, or in parentheses what stands for none.
    pub key: String,
    /// In the period.
    pub now: Figures,
    /// In the period before.
    pub before: Figures,
}

/// A finished report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What rows are grouped by.
    pub dimension: Dimension,
    /// How calls are shared among touches.
    pub model: CreditModel,
    /// The period of `now`.
    pub period: PeriodTold,
    /// The period of `before`.
    pub period_before: PeriodTold,
    /// Groups, those with most calls first.
    pub rows: Vec<ReportRow>,
    /// The sum of all rows.
    pub total: ReportRow,
}

/// Folds rows into a [`Report`].
#[derive(Clone, Debug)]
pub struct ReportBuilder {
    dimension: Dimension,
    model: CreditModel,
    period: Period,
    before: Period,
    visits: Visits,
    halves: [Half; 2],
    calls: usize,
}

/// Groups that one thing belongs to, in parts that sum to a million.
type Groups = Vec<(String, u64)>;

#[derive(Clone, Debug, Default)]
struct Half {
    groups: BTreeMap<String, Figures>,
    /// By caller: his first call and its groups.
    callers: BTreeMap<String, (UnixMillis, CallId, Groups)>,
}

impl ReportBuilder {
    /// A report without rows yet.
    pub fn new(dimension: Dimension, model: CreditModel, period: Period) -> Self {
        Self {
            dimension,
            model,
            before: period.before(),
            period,
            visits: Visits::default(),
            halves: Default::default(),
            calls: 0,
        }
    }

    /// The first and the last instant (excluded) of which rows are wanted.
    pub fn span(&self) -> (UnixMillis, UnixMillis) {
        (self.before.start(), self.period.end())
    }

    /// Adds a visit; one of neither period is ignored, and so is the same visit again.
    ///
    /// # Errors
    /// [`TooMany::Visits`].
    pub fn add_visit(&mut self, visit: &VisitRow) -> Result<(), TooMany> {
        let Some(half) = self.half(visit.at) else {
            return Ok(());
        };
        let key = match self.dimension {
            Dimension::Region => named(visit.region.as_deref(), "(unknown)"),
            // Which number it is may be told later.
            Dimension::Number => String::new(),
            Dimension::Hour => format!("{:02}", self.period.hour(visit.at)),
            _ => self.touch_key(&visit.touch),
        };
        self.visits.add(visit, half, key)
    }

    /// Notes that a visit, which is added before or after, was shown this number too.
    ///
    /// # Errors
    /// [`TooMany::Visits`].
    pub fn add_shown(&mut self, visit: VisitId, number: E164) -> Result<(), TooMany> {
        self.visits.shown(visit, number)
    }

    /// Adds an inbound call; one of neither period is ignored.
    ///
    /// # Errors
    /// [`TooMany::Calls`].
    pub fn add_call(&mut self, call: &CallRow) -> Result<(), TooMany> {
        let Some(half) = self.half(call.started_at) else {
            return Ok(());
        };
        if self.calls == CALLS_MAX {
            return Err(TooMany::Calls);
        }
        self.calls += 1;
        let groups = self.call_groups(call);
        let half = &mut self.halves[half];
        for (key, parts) in &groups {
            let figures = half.groups.entry(key.clone()).or_default();
            count_call(figures, call, *parts);
        }
        let caller = match &call.caller {
            Some(caller) => caller.key(),
            None => format!("withheld {}", call.id),
        };
        let first = (call.started_at, call.id, groups);
        half.callers
            .entry(caller)
            .and_modify(|known| {
                if (first.0, first.1) < (known.0, known.1) {
                    known.clone_from(&first);
                }
            })
            .or_insert(first);
        Ok(())
    }

    /// The report over all rows added.
    pub fn finish(mut self) -> Report {
        let by_number = self.dimension == Dimension::Number;
        let [now, before] = &mut self.halves;
        self.visits
            .count(by_number, [&mut now.groups, &mut before.groups]);
        let mut rows: BTreeMap<String, ReportRow> = BTreeMap::new();
        for (place, half) in self.halves.into_iter().enumerate() {
            for (key, figures) in half.finish() {
                let row = rows.entry(key.clone()).or_insert_with(|| ReportRow {
                    key,
                    now: Figures::default(),
                    before: Figures::default(),
                });
                if place == 0 {
                    row.now = figures;
                } else {
                    row.before = figures;
                }
            }
        }
        let mut rows: Vec<ReportRow> = rows.into_values().collect();
        if self.dimension != Dimension::Hour {
            rows.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| a.key.cmp(&b.key)));
        }
        if rows.len() > GROUPS_MAX {
            let tail = sum("(other)", &rows.split_off(GROUPS_MAX - 1));
            rows.push(tail);
        }
        Report {
            dimension: self.dimension,
            model: self.model,
            period: self.period.told(),
            period_before: self.before.told(),
            total: sum("(total)", &rows),
            rows,
        }
    }

    fn half(&self, at: UnixMillis) -> Option<usize> {
        if self.period.contains(at) {
            Some(0)
        } else if self.before.contains(at) {
            Some(1)
        } else {
            None
        }
    }

    fn touch_key(&self, touch: &TouchRow) -> String {
        let value = match self.dimension {
            Dimension::Campaign => touch.campaign.as_str(),
            Dimension::Keyword => &touch.keyword,
            // Its labels and click ids, one for each visit, make it no other page.
            Dimension::Landing => touch.landing.split(['?', '#']).next().unwrap_or_default(),
            _ => &touch.source,
        };
        named(Some(value), "(not set)")
    }

    fn call_groups(&self, call: &CallRow) -> Groups {
        let whole = u64::from(WHOLE);
        match self.dimension {
            Dimension::Region => return vec![(named(call.region.as_deref(), "(unknown)"), whole)],
            Dimension::Number => {
                let number = call.dialed.map(|number| number.to_string());
                return vec![(named(number.as_deref(), "(unknown)"), whole)];
            }
            Dimension::Hour => {
                return vec![(format!("{:02}", self.period.hour(call.started_at)), whole)];
            }
            _ => {}
        }
        if let Credited::Nobody { reason } = &call.credited {
            return vec![(format!("(no visit: {reason})"), whole)];
        }
        if call.touches.is_empty() {
            return vec![("(not set)".to_owned(), whole)];
        }
        let touches: Vec<CreditTouch> = call.touches.iter().map(TouchRow::for_credit).collect();
        let shares = self.model.shares(&touches, call.started_at);
        let mut groups: BTreeMap<String, u64> = BTreeMap::new();
        for (touch, share) in call.touches.iter().zip(shares) {
            if share > 0 {
                *groups.entry(self.touch_key(touch)).or_default() += u64::from(share);
            }
        }
        groups.into_iter().collect()
    }
}

impl Half {
    fn finish(mut self) -> BTreeMap<String, Figures> {
        for (_, _, groups) in self.callers.into_values() {
            for (key, parts) in groups {
                self.groups.entry(key).or_default().unique_callers.0 += parts;
            }
        }
        self.groups
    }
}

fn count_call(figures: &mut Figures, call: &CallRow, parts: u64) {
    let count = |figure: &mut Parts, is: bool| figure.0 += if is { parts } else { 0 };
    count(&mut figures.calls, true);
    count(&mut figures.missed, call.status.is_missed());
    count(&mut figures.target, call.is_target);
    count(&mut figures.first_time, call.is_first_call);
    count(
        &mut figures.repeat,
        !call.is_first_call && call.caller.is_some(),
    );
    let probability = call.credited.probability_parts();
    count(&mut figures.attributed, probability.is_some());
    let right = u128::from(parts) * u128::from(probability.unwrap_or(0)) / u128::from(WHOLE);
    figures.expected_right.0 += u64::try_from(right).unwrap_or(0);
}

fn rank(row: &ReportRow) -> (Parts, u64, Parts, u64) {
    (
        row.now.calls,
        row.now.visits,
        row.before.calls,
        row.before.visits,
    )
}

fn sum(key: &str, rows: &[ReportRow]) -> ReportRow {
    let mut total = ReportRow {
        key: key.to_owned(),
        now: Figures::default(),
        before: Figures::default(),
    };
    for row in rows {
        total.now.add(&row.now);
        total.before.add(&row.before);
    }
    total
}

fn named(value: Option<&str>, none: &str) -> String {
    match value {
        Some(value) if !value.is_empty() => value.to_owned(),
        _ => none.to_owned(),
    }
}

impl CallRow {
    /// Whether the call may be counted: inbound calls only, live ones included.
    pub fn is_over(&self) -> bool {
        !matches!(self.status, CallStatus::Ringing | CallStatus::Talking)
    }
}

#[cfg(test)]
mod tests;
