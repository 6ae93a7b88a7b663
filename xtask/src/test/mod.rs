//! `cargo xtask test`: three rings, each on the real parts.
//!
//! - `core`: formatting, lints, house rules, and every Rust test.
//! - `edge`: `tests/edge/*.test.mjs` against the built Worker on workerd.
//! - `browser`: `tests/browser/*.test.mjs` in real browsers against the same Worker: all of it in
//!   Chromium, the core of the agent's behaviour in Firefox and WebKit as well.
//!
//! The last line of stdout is the sum over all rings: `N passed, N failed`.

pub(crate) mod browser;
mod counts;
mod node;
mod rust;

use anyhow::{Result, bail};

use self::counts::Counts;
use crate::{build, cli, output};

/// Rings in the order they run: the quickest to fail first.
pub(crate) const RINGS: [&str; 3] = ["core", "edge", "browser"];

/// Runs the rings asked for; all of them run even when one fails.
pub(crate) fn run(flags: &cli::Test) -> Result<()> {
    let mut results = Vec::new();
    for ring in RINGS {
        if flags.ring.as_deref().is_some_and(|only| only != ring) {
            continue;
        }
        eprintln!("\n== ring {ring} ==");
        let filter = flags.filter.as_deref();
        let counts = run_ring(ring, filter).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Counts::one_failure()
        });
        results.push((ring, counts));
    }
    let sum = results
        .iter()
        .fold(Counts::default(), |sum, (_, counts)| sum + *counts);
    output::line("");
    for (ring, counts) in &results {
        output::line(&format!("{ring:<8} {counts}"));
    }
    output::line(&sum.to_string());
    if sum.failed > 0 {
        bail!("{} of {} tests failed", sum.failed, sum.failed + sum.passed);
    }
    if sum.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

fn run_ring(ring: &str, filter: Option<&str>) -> Result<Counts> {
    if ring == "core" {
        return rust::run(filter);
    }
    build::all()?;
    match ring {
        "browser" => browser::install()?,
        _ => build::command_line()?,
    }
    node::run(ring, filter)
}
