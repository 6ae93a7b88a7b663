//! `cargo xtask bench`: how fast, against a bound measured in the same run.
//!
//! - `edge`: throughput of `POST visit` as a share of what an empty Durable Object reaches that
//!   answers the same bytes (see [`edge`]).
//! - `agent`: what the agent costs a page, beside libraries that do a part of its work (see
//!   [`agent`]).
//! - `core`: the pool's hot paths natively and in WebAssembly (see [`core`]).
//!
//! Absolute figures are of one machine and one moment; the ratio is what can be compared.

mod agent;
mod core;
mod edge;
pub(crate) mod load;

use anyhow::{Result, ensure};
use serde_json::{Map, Value};

use crate::{budgets, build, cli, output};

/// A named figure of the report, `group.name`.
type Figure = (String, f64);

/// Measures, prints, and compares with the budgets. What was measured is printed also where another
/// group failed.
///
/// # Errors
/// A group failed, or (without `--json`) a figure is past its budget.
pub(crate) fn run(flags: &cli::Report) -> Result<()> {
    build::all()?;
    let mut figures = Vec::new();
    let mut faults = Vec::new();
    for measured in [edge::measure(), core::measure(), agent::measure()] {
        match measured {
            Ok(measured) => figures.extend(measured),
            Err(fault) => faults.push(format!("{fault:#}")),
        }
    }
    let verdict = print(flags, &figures);
    ensure!(faults.is_empty(), "{}", faults.join("; "));
    verdict
}

fn print(flags: &cli::Report, figures: &[Figure]) -> Result<()> {
    if flags.json {
        output::line(&report(figures).to_string());
        return Ok(());
    }
    let figures: Vec<(&str, f64)> = figures
        .iter()
        .map(|(key, figure)| (key.as_str(), *figure))
        .collect();
    budgets::compare(&figures)
}

/// `group.name` becomes `{"group":{"name":…}}`.
fn report(figures: &[Figure]) -> Value {
    let mut groups = Map::new();
    for (key, figure) in figures {
        let (group, name) = key.split_once('.').unwrap_or(("other", key));
        let group = groups
            .entry(group)
            .or_insert_with(|| Value::Object(Map::new()));
        group[name] = Value::from(*figure);
    }
    Value::Object(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_by_their_first_word() {
        let figures = [("edge.a".to_owned(), 1.0), ("core.b".to_owned(), 2.0)];
        let text = report(&figures).to_string();
        assert_eq!(text, r#"{"core":{"b":2.0},"edge":{"a":1.0}}"#);
    }
}
