//! One JSON object a line for every workload and rule.
//!
//! Shares (`r`, `wrong`, `nobody`, `default`) are in per cent, `n` holds `null` where the largest
//! pool tried does not reach the share, `reliability` rows are said, right (per cent) and answers.

use serde_json::{Map, Value, json};

use super::{Row, Section, text::brier};
use crate::search::TARGETS;
use crate::tally::Tally;

/// All rows of `sections`.
pub fn lines(sections: &[Section]) -> String {
    let rows = sections.iter().flat_map(|section| &section.rows);
    rows.map(|row| format!("{}\n", object(row))).collect()
}

fn percent(share: f64) -> f64 {
    (share * 10_000.0).round() / 100.0
}

/// A row as an object.
pub fn object(row: &Row) -> Value {
    let n: Map<String, Value> = TARGETS
        .iter()
        .zip(row.n)
        .map(|(target, found)| (target.to_string(), found.map_or(Value::Null, Value::from)))
        .collect();
    let r: Map<String, Value> = row
        .r
        .iter()
        .map(|(size, share)| (size.to_string(), percent(*share).into()))
        .collect();
    let share = |of: fn(&Tally) -> f64| row.at_reference.as_ref().map(|tally| percent(of(tally)));
    let mut object = json!({
        "workload": row.workload,
        "policy": row.name.policy,
        "attribution": row.name.attribution,
        "title": row.name.title,
        "n": n,
        "r": r,
        "wrong": share(Tally::wrong_share),
        "nobody": share(Tally::nobody_share),
        "default": row.default_share.map(percent),
        "brier": brier(row).map(|score| (score * 1e5).round() / 1e5),
    });
    if let (Some(tally), Some(_)) = (&row.at_reference, brier(row)) {
        object["calls"] = tally.calls.into();
        object["reliability"] = reliability(tally);
    }
    object
}

fn reliability(tally: &Tally) -> Value {
    let filled = tally.reliability.iter().filter(|row| row.answers > 0);
    filled
        .map(|row| {
            let answers = row.answers as f64;
            json!([
                percent(row.said / answers),
                percent(row.right as f64 / answers),
                row.answers
            ])
        })
        .collect()
}
