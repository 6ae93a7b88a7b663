//! Reading an owner's log: CSV or JSON Lines of visits, activity, taps and calls.
//!
//! Every line that cannot be used is named with its number and reason; the others count. Limits:
//! [`LINES_MAX`] lines, activity of one visit in 1,000 spells.

use std::collections::BTreeMap;
use std::collections::hash_map::{Entry, HashMap};

use serde_json::Value;

use crate::workload::{FirstCall, Visit, Workload};

/// The most lines read: two million visits with their calls stay within two gigabytes.
pub(super) const LINES_MAX: usize = 8_000_000;
const SPELLS_MAX: usize = 1_000;

/// A line that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its number, from one.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// A log as read.
#[derive(Clone, Debug)]
pub struct Log {
    /// The history it tells, its first moment being zero.
    pub history: Workload,
    /// Lines left out.
    pub faults: Vec<Fault>,
    /// Calls whose visit is known.
    pub calls_known: usize,
    /// Calls that name no visit: they are left out.
    pub calls_without_visit: usize,
}

/// One line, whatever its form.
type Fields = BTreeMap<String, String>;

/// A visit being put together.
pub(super) struct Draft {
    pub(super) id: String,
    pub(super) line: usize,
    pub(super) visitor: String,
    pub(super) bursts: Vec<(u64, u64)>,
    pub(super) closed_ms: Option<u64>,
    pub(super) mobile: bool,
    pub(super) intent: bool,
    pub(super) region: String,
    pub(super) source: String,
    pub(super) tap_ms: Option<u64>,
    pub(super) call: Option<(u64, String)>,
}

/// Reads `text`: an export of a site if its first line says so, JSON Lines if its first character
/// is `{`, CSV with a head line otherwise.
pub fn read(text: &str) -> Log {
    let mut faults = Vec::new();
    let text = text.trim_start_matches('\u{feff}');
    if super::export::is_export(text) {
        return super::export::read(text);
    }
    let lines = if text.trim_start().starts_with('{') {
        json_lines(text, &mut faults)
    } else {
        csv_lines(text, &mut faults)
    };
    let mut drafts = Drafts::default();
    for (line, fields) in lines {
        if let Err(reason) = drafts.take(line, &fields) {
            faults.push(Fault { line, reason });
        }
    }
    drafts.finish(faults)
}

fn json_lines(text: &str, faults: &mut Vec<Fault>) -> Vec<(usize, Fields)> {
    let mut lines = Vec::new();
    for (place, line) in text.lines().enumerate().take(LINES_MAX) {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<serde_json::Map<String, Value>>(line) {
            Ok(object) => {
                let plain = |value: Value| match value {
                    Value::String(text) => text,
                    Value::Null => String::new(),
                    other => other.to_string(),
                };
                lines.push((
                    place + 1,
                    object.into_iter().map(|(k, v)| (k, plain(v))).collect(),
                ));
            }
            Err(error) => {
                faults.push(Fault {
                    line: place + 1,
                    reason: format!("no JSON object: {error}"),
                });
            }
        }
    }
    lines
}

fn csv_lines(text: &str, faults: &mut Vec<Fault>) -> Vec<(usize, Fields)> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let head = match reader.headers() {
        Ok(head) => head.clone(),
        Err(error) => {
            faults.push(Fault {
                line: 1,
                reason: format!("no head line: {error}"),
            });
            return Vec::new();
        }
    };
    let mut lines = Vec::new();
    for record in reader.into_records().take(LINES_MAX) {
        match record {
            Ok(record) => {
                let line = record
                    .position()
                    .map_or(0, |position| position.line() as usize);
                let fields = head.iter().zip(&record);
                let fields = fields.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
                lines.push((line, fields));
            }
            Err(error) => {
                let line = error
                    .position()
                    .map_or(0, |position| position.line() as usize);
                faults.push(Fault {
                    line,
                    reason: format!("no CSV line: {error}"),
                });
            }
        }
    }
    lines
}

#[derive(Default)]
pub(super) struct Drafts {
    pub(super) visits: Vec<Draft>,
    by_id: HashMap<String, usize>,
    pub(super) calls_without_visit: usize,
}

impl Drafts {
    fn take(&mut self, line: usize, fields: &Fields) -> Result<(), String> {
        let text = |name: &str| {
            fields
                .get(name)
                .map(String::as_str)
                .filter(|text| !text.is_empty())
        };
        let time = |name: &str| text(name).map(|text| time_of(name, text)).transpose();
        let need = |name: &str| time(name)?.ok_or_else(|| format!("`{name}` is missing"));
        let id = text("visit");
        match text("kind") {
            Some("visit") => {
                let id = id.ok_or("`visit` is missing")?;
                let from = need("from")?;
                let to = time("to")?.unwrap_or(from).max(from);
                let draft = Draft {
                    id: id.to_owned(),
                    line,
                    visitor: text("visitor").unwrap_or(id).to_owned(),
                    bursts: vec![(from, to)],
                    closed_ms: time("closed")?,
                    mobile: text("device") == Some("mobile"),
                    intent: matches!(text("intent"), Some("true" | "1" | "yes")),
                    region: text("region").unwrap_or_default().to_owned(),
                    source: text("source").unwrap_or_default().to_owned(),
                    tap_ms: None,
                    call: None,
                };
                match self.by_id.entry(draft.id.clone()) {
                    Entry::Occupied(_) => return Err(format!("visit `{id}` was told before")),
                    Entry::Vacant(place) => place.insert(self.visits.len()),
                };
                self.visits.push(draft);
            }
            Some("active") => {
                let (from, to) = (need("from")?, need("to")?);
                let visit = self.known(id)?;
                if visit.bursts.len() >= SPELLS_MAX {
                    return Err(format!("more than {SPELLS_MAX} spells of activity"));
                }
                visit.bursts.push((from, to.max(from)));
            }
            Some("tap") => self.known(id)?.tap_ms = Some(need("from")?),
            Some("call") if id.is_none() => self.calls_without_visit += 1,
            Some("call") => {
                let call = (need("from")?, text("region").unwrap_or_default().to_owned());
                let visit = self.known(id)?;
                // First calls count: an earlier one stands.
                if visit.call.as_ref().is_none_or(|known| call.0 < known.0) {
                    visit.call = Some(call);
                }
            }
            Some(other) => return Err(format!("`kind` is `{other}`: visit, active, tap or call")),
            None => return Err("`kind` is missing: visit, active, tap or call".to_owned()),
        }
        Ok(())
    }

    fn known(&mut self, id: Option<&str>) -> Result<&mut Draft, String> {
        let id = id.ok_or("`visit` is missing")?;
        let place = self
            .by_id
            .get(id)
            .ok_or_else(|| format!("visit `{id}` is not told before"))?;
        Ok(&mut self.visits[*place])
    }

    pub(super) fn finish(mut self, mut faults: Vec<Fault>) -> Log {
        let start_ms = self
            .visits
            .iter()
            .filter_map(|visit| visit.bursts.iter().min())
            .min();
        let start_ms = start_ms.map_or(0, |burst| burst.0);
        let (mut visitors, mut regions, mut sources) =
            (Codes::default(), Codes::default(), Codes::default());
        let mut visits = Vec::with_capacity(self.visits.len());
        let mut end_ms = 0;
        self.visits.sort_by_key(|visit| visit.bursts[0].0);
        for draft in self.visits {
            let bursts = joined(draft.bursts, start_ms);
            let last_ms = bursts.last().map_or(0, |burst| burst.1);
            let call = draft.call.and_then(|(at, region)| {
                let at_ms = at.saturating_sub(start_ms);
                if at_ms < last_ms {
                    let reason = "the call is before the visit's last activity".to_owned();
                    faults.push(Fault {
                        line: draft.line,
                        reason,
                    });
                    return None;
                }
                Some(FirstCall {
                    at_ms,
                    region: regions.code(&region),
                })
            });
            end_ms = end_ms.max(last_ms).max(call.map_or(0, |call| call.at_ms));
            let closed_ms = draft.closed_ms.map(|at| at.saturating_sub(start_ms));
            visits.push(Visit {
                visitor: visitors.index(&draft.visitor),
                bursts,
                closed_ms: closed_ms.unwrap_or(last_ms).max(last_ms),
                mobile: draft.mobile,
                intent: draft.intent,
                region: regions.code(&draft.region),
                source: sources.code(&draft.source),
                tap_ms: draft.tap_ms.map(|at| at.saturating_sub(start_ms)),
                call,
            });
        }
        let calls_known = visits.iter().filter(|visit| visit.call.is_some()).count();
        faults.sort_by_key(|fault| fault.line);
        Log {
            history: Workload::of_visits(visits, end_ms + 1),
            faults,
            calls_known,
            calls_without_visit: self.calls_without_visit,
        }
    }
}

/// Small codes for names, in order of their first mention.
#[derive(Default)]
struct Codes(HashMap<String, u32>);

impl Codes {
    fn index(&mut self, name: &str) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(name.to_owned()).or_insert(next)
    }

    /// The empty name is 255, and so is every name past the 255th: unknown.
    fn code(&mut self, name: &str) -> u8 {
        if name.is_empty() {
            return u8::MAX;
        }
        u8::try_from(self.index(&name.to_lowercase())).unwrap_or(u8::MAX)
    }
}

/// Spells of activity in order, those that overlap made one, from `start_ms` on.
fn joined(mut bursts: Vec<(u64, u64)>, start_ms: u64) -> Vec<(u64, u64)> {
    bursts.sort_unstable();
    let mut made: Vec<(u64, u64)> = Vec::with_capacity(bursts.len());
    for (from, to) in bursts {
        let (from, to) = (from - start_ms, to - start_ms);
        match made.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => made.push((from, to)),
        }
    }
    made
}

/// Unix milliseconds, or RFC 3339.
fn time_of(name: &str, text: &str) -> Result<u64, String> {
    if let Ok(ms) = text.parse::<u64>() {
        return Ok(ms);
    }
    let instant: jiff::Timestamp = text
        .parse()
        .map_err(|_| format!("`{name}` is `{text}`: Unix milliseconds or RFC 3339"))?;
    u64::try_from(instant.as_millisecond()).map_err(|_| format!("`{name}` is before 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "kind,visit,visitor,from,to,closed,device,intent,region\n\
        visit,a,x,2026-05-01T10:00:00Z,2026-05-01T10:01:00Z,,mobile,true,Moscow\n\
        visit,b,x,1777630200000,,1777630300000,desktop,,Tver\n\
        active,a,,2026-05-01T10:05:00Z,2026-05-01T10:06:00Z,,,,\n\
        tap,a,,2026-05-01T10:06:00Z,,,,,\n\
        call,a,,2026-05-01T10:06:08Z,,,,,moscow\n\
        call,,,2026-05-01T10:06:09Z,,,,,\n\
        call,c,,2026-05-01T10:06:09Z,,,,,\n\
        visit,d,,yesterday,,,,,\n\
        lunch,d,,,,,,,\n";

    #[test]
    fn csv_and_json_lines_tell_the_same() {
        let log = read(CSV);
        assert_eq!(log.history.visits.len(), 2);
        let first = &log.history.visits[0];
        assert_eq!(first.bursts, [(0, 60_000), (300_000, 360_000)]);
        assert_eq!(
            (first.tap_ms, first.mobile, first.intent),
            (Some(360_000), true, true)
        );
        let call = first.call.expect("told");
        assert_eq!((call.at_ms, call.region), (368_000, first.region));
        assert_eq!((log.calls_known, log.calls_without_visit), (1, 1));
        let faults: Vec<String> = log
            .faults
            .iter()
            .map(|fault| format!("{}: {}", fault.line, fault.reason))
            .collect();
        assert_eq!(
            faults,
            [
                "8: visit `c` is not told before",
                "9: `from` is `yesterday`: Unix milliseconds or RFC 3339",
                "10: `kind` is `lunch`: visit, active, tap or call",
            ]
        );

        let mut reader = csv::Reader::from_reader(CSV.as_bytes());
        let head = reader.headers().expect("a head").clone();
        let lines: String = reader
            .records()
            .map(|record| {
                let record = record.expect("a line");
                let fields = head
                    .iter()
                    .zip(&record)
                    .filter(|(_, value)| !value.is_empty());
                let object: serde_json::Map<String, Value> = fields
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect();
                format!("{}\n", Value::Object(object))
            })
            .collect();
        assert_eq!(read(&lines).history.visits, log.history.visits);
    }

    #[test]
    fn nothing_is_a_log_of_nothing() {
        for text in ["", "{}", "kind,visit\n", "\u{feff}"] {
            assert!(read(text).history.visits.is_empty());
        }
    }
}
