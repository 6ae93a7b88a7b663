//! Rows that reports are folded from, and their written forms: CSV for spreadsheets, JSON Lines for
//! programs.

use super::{Figures, Parts, Period, Report};
use crate::call::{CallStatus, StoredCaller};
use crate::credit::{CreditTouch, WHOLE};
use crate::id::{CallId, VisitId, VisitorId};
use crate::label::Utm;
use crate::phone::E164;
use crate::time::UnixMillis;
use crate::touch::Touch;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One touch, as reports name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TouchRow {
    /// When it was.
    pub at: UnixMillis,
    /// Source and medium, or the label: `yandex / cpc`.
    pub source: String,
    /// Campaign; empty if none is named.
    pub campaign: String,
    /// Key phrase; empty if none is named.
    pub keyword: String,
    /// First page of the visit.
    pub landing: String,
    /// From a bookmark or a typed address.
    pub is_direct: bool,
}

/// Who a call is credited to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Credited {
    /// A visit.
    Visit {
        /// How sure, in parts of a million.
        probability_parts: u32,
        /// Why, in words.
        reason: String,
    },
    /// A source, by its static number.
    Static,
    /// A source, named by hand.
    Source {
        /// Why, in words.
        reason: String,
    },
    /// Nobody.
    Nobody {
        /// Why, in words.
        reason: String,
    },
}

/// One inbound call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRow {
    /// The call.
    pub id: CallId,
    /// When it began to ring.
    pub started_at: UnixMillis,
    /// Where it stands or how it ended.
    pub status: CallStatus,
    /// Who called, as the site keeps him.
    pub caller: Option<StoredCaller>,
    /// The tracking number.
    pub dialed: Option<E164>,
    /// Seconds from start to end.
    pub duration_s: Option<u32>,
    /// Seconds of conversation.
    pub talk_s: Option<u32>,
    /// Answered and long enough.
    pub is_target: bool,
    /// The caller's first call ever.
    pub is_first_call: bool,
    /// Who it is credited to.
    pub credited: Credited,
    /// Region of the credited visit.
    pub region: Option<String>,
    /// Touches of the credited visitor, earliest first; of a static number, its source.
    pub touches: Vec<TouchRow>,
    /// How many touches there were between the first and the last beside those of `touches`: what
    /// is remembered of a visitor is bounded.
    #[serde(default)]
    pub touches_left_out: u32,
    /// How many visits he had made, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<u32>,
    /// How many pages he had seen, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    /// Seconds from the beginning of the credited visit to the call.
    pub visit_to_call_s: Option<u64>,
}

/// One visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitRow {
    /// Which.
    pub visit: VisitId,
    /// When it began.
    pub at: UnixMillis,
    /// Whose it was.
    pub visitor: VisitorId,
    /// What brought him.
    pub touch: TouchRow,
    /// Where he was.
    pub region: Option<String>,
    /// The number of his own, his source's or his labels' that he was shown first.
    pub number: Option<E164>,
}

impl From<&Touch> for TouchRow {
    /// `channel: source` and, of the labels, campaign and key phrase (else the phrase searched for,
    /// where the engine tells it). A Roistat label stands for the source where there is no other
    /// name.
    fn from(touch: &Touch) -> Self {
        let utm = |name: Utm| touch.labels.utm.get(&name).cloned();
        let marker = || touch.labels.marker.clone().unwrap_or_default();
        let name = match touch.origin.source.as_str() {
            "" => marker(),
            source => source.to_owned(),
        };
        let channel = touch.origin.channel.name();
        Self {
            at: touch.at,
            source: if name.is_empty() {
                channel.to_owned()
            } else {
                format!("{channel}: {name}")
            },
            campaign: utm(Utm::Campaign).unwrap_or_else(marker),
            keyword: utm(Utm::Term)
                .or_else(|| touch.origin.search_phrase.clone())
                .unwrap_or_default(),
            landing: touch.landing_page.clone(),
            is_direct: touch.is_direct(),
        }
    }
}

impl TouchRow {
    pub(super) fn for_credit(&self) -> CreditTouch {
        CreditTouch {
            at: self.at,
            is_direct: self.is_direct,
        }
    }
}

impl Credited {
    pub(super) fn probability_parts(&self) -> Option<u32> {
        match self {
            Self::Visit {
                probability_parts, ..
            } => Some((*probability_parts).min(WHOLE)),
            Self::Static | Self::Source { .. } => Some(WHOLE),
            Self::Nobody { .. } => None,
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Visit { reason, .. } | Self::Source { reason } | Self::Nobody { reason } => {
                reason
            }
            Self::Static => "static number",
        }
    }
}

impl CallRow {
    /// The touch that brought the visitor for the first time.
    pub fn first_touch(&self) -> Option<&TouchRow> {
        self.touches.first()
    }

    /// The last touch that was not direct, else the last.
    pub fn last_non_direct_touch(&self) -> Option<&TouchRow> {
        let last = self.touches.last();
        self.touches
            .iter()
            .rev()
            .find(|touch| !touch.is_direct)
            .or(last)
    }

    /// How many touches lie between the first and the last.
    pub fn touches_between(&self) -> usize {
        self.touches.len().saturating_sub(2) + self.touches_left_out as usize
    }
}

/// `text` as a spreadsheet shows and never runs it: a cell that begins as a formula does is led by
/// an apostrophe (OWASP ASVS 5.0, 1.2.10).
pub fn safe_cell(text: &str) -> Cow<'_, str> {
    let begins = text.trim_start_matches(' ').chars().next();
    match begins {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠') => {
            Cow::Owned(format!("'{text}"))
        }
        _ => Cow::Borrowed(text),
    }
}

fn write_csv(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(vec![]);
    let mut write = |cells: &mut dyn Iterator<Item = Cow<'_, str>>| {
        let record: Vec<Cow<'_, str>> = cells.collect();
        let cells = record.iter().map(|cell| cell.as_bytes());
        // Memory takes every byte, and all rows have the header's length.
        writer
            .write_record(cells)
            .expect("a row of the header's length");
    };
    write(&mut header.iter().map(|name| Cow::Borrowed(*name)));
    for row in rows {
        debug_assert_eq!(row.len(), header.len());
        write(&mut row.iter().map(|cell| safe_cell(cell)));
    }
    writer.into_inner().expect("memory takes every byte")
}

/// Columns of [`calls_csv`].
pub const CALL_COLUMNS: [&str; 22] = [
    "call",
    "started_at",
    "status",
    "caller",
    "dialed",
    "duration_s",
    "talk_s",
    "target",
    "first_call",
    "credited",
    "probability",
    "reason",
    "source",
    "campaign",
    "keyword",
    "landing",
    "region",
    "first_source",
    "touches_between",
    "visits",
    "pages",
    "visit_to_call_s",
];

/// Calls as CSV for spreadsheets: RFC 4180, UTF-8, times in the period's zone, no cell a formula.
pub fn calls_csv<'a>(period: &Period, calls: impl Iterator<Item = &'a CallRow>) -> Vec<u8> {
    write_csv(&CALL_COLUMNS, calls.map(|call| call_cells(period, call)))
}

fn call_cells(period: &Period, call: &CallRow) -> Vec<String> {
    let shown = |value: Option<String>| value.unwrap_or_default();
    let credited = match call.credited {
        Credited::Visit { .. } => "visit",
        Credited::Static => "static",
        Credited::Source { .. } => "source",
        Credited::Nobody { .. } => "nobody",
    };
    let probability = call.credited.probability_parts();
    let touch = call.last_non_direct_touch().cloned().unwrap_or_default();
    vec![
        call.id.to_string(),
        period.rfc3339(call.started_at),
        call.status.as_str().to_owned(),
        shown(call.caller.as_ref().map(StoredCaller::display)),
        shown(call.dialed.map(|number| number.to_string())),
        shown(call.duration_s.map(|s| s.to_string())),
        shown(call.talk_s.map(|s| s.to_string())),
        u8::from(call.is_target).to_string(),
        u8::from(call.is_first_call).to_string(),
        credited.to_owned(),
        shown(probability.map(|parts| decimal(Parts(u64::from(parts))))),
        call.credited.reason().to_owned(),
        touch.source,
        touch.campaign,
        touch.keyword,
        touch.landing,
        shown(call.region.clone()),
        shown(call.first_touch().map(|touch| touch.source.clone())),
        call.touches_between().to_string(),
        shown(call.visits.map(|count| count.to_string())),
        shown(call.pages.map(|count| count.to_string())),
        shown(call.visit_to_call_s.map(|s| s.to_string())),
    ]
}

/// Calls as JSON Lines: one row a line, nothing left out.
pub fn calls_json_lines<'a>(calls: impl Iterator<Item = &'a CallRow>) -> String {
    let mut text = String::new();
    for call in calls {
        // A row holds no map with other keys than text, the one thing JSON cannot write.
        text.push_str(&serde_json::to_string(call).unwrap_or_default());
        text.push('\n');
    }
    text
}

/// Up to six decimals, no trailing zeros.
fn decimal(parts: Parts) -> String {
    let whole = u64::from(WHOLE);
    let fraction = format!("{:06}", parts.0 % whole);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        (parts.0 / whole).to_string()
    } else {
        format!("{}.{fraction}", parts.0 / whole)
    }
}

const FIGURE_COLUMNS: [&str; 15] = [
    "visits",
    "visitors",
    "visitors_shown",
    "shown",
    "coverage",
    "calls",
    "unique_callers",
    "first_time",
    "repeat",
    "missed",
    "target",
    "attributed",
    "expected_right",
    "conversion",
    "accuracy",
];

/// Those that need visits.
const VISIT_COLUMNS: [&str; 6] = [
    "visits",
    "visitors",
    "visitors_shown",
    "shown",
    "coverage",
    "conversion",
];

fn figure_cells(figures: &Figures) -> Vec<String> {
    let share = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.4}"));
    vec![
        figures.visits.to_string(),
        figures.visitors.to_string(),
        figures.visitors_shown.to_string(),
        figures.shown.to_string(),
        share(figures.coverage()),
        decimal(figures.calls),
        decimal(figures.unique_callers),
        decimal(figures.first_time),
        decimal(figures.repeat),
        decimal(figures.missed),
        decimal(figures.target),
        decimal(figures.attributed),
        decimal(figures.expected_right),
        share(figures.conversion()),
        share(figures.accuracy()),
    ]
}

impl Report {
    /// The report as CSV: a row a group, the total last; figures of the period before end in
    /// `_before`.
    ///
    /// Where no visits were handed in, the columns about them are left out.
    pub fn to_csv(&self) -> Vec<u8> {
        let has_visits = self.total.now.visits + self.total.before.visits > 0;
        let places: Vec<usize> = (0..FIGURE_COLUMNS.len())
            .filter(|place| has_visits || !VISIT_COLUMNS.contains(&FIGURE_COLUMNS[*place]))
            .collect();
        let names = || places.iter().map(|place| FIGURE_COLUMNS[*place]);
        let before: Vec<String> = names().map(|name| format!("{name}_before")).collect();
        let mut header = vec![self.dimension.as_str()];
        header.extend(names());
        header.extend(before.iter().map(String::as_str));
        let rows = self.rows.iter().chain([&self.total]).map(|row| {
            let mut cells = vec![row.key.clone()];
            for figures in [&row.now, &row.before] {
                let all = figure_cells(figures);
                cells.extend(places.iter().map(|place| all[*place].clone()));
            }
            cells
        });
        write_csv(&header, rows)
    }
}
