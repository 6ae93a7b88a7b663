//! The core ring: formatting, lints, house rules, and every Rust test.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::counts::Counts;
use crate::process::{self, cargo};
use crate::tidy;

/// Runs the ring; with a filter only the Rust tests whose name contains it.
pub(crate) fn run(filter: Option<&str>) -> Result<Counts> {
    let mut counts = Counts::default();
    if filter.is_none() {
        counts = counts + check("formatting", cargo().args(["fmt", "--all", "--check"]));
        let lints = [
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        counts = counts + check("lints", cargo().args(lints));
        counts = counts + house_rules();
    }
    Ok(counts + tests(filter)?)
}

fn check(what: &str, command: &mut Command) -> Counts {
    let result = process::run(command, what);
    report(what, &result);
    Counts::one(result.is_ok())
}

fn house_rules() -> Counts {
    let result = tidy::run();
    report("house rules", &result);
    Counts::one(result.is_ok())
}

fn report(what: &str, result: &Result<()>) {
    match result {
        Ok(()) => eprintln!("{what}: ok"),
        Err(error) => eprintln!("{what}: {error:#}"),
    }
}

/// The simulator's tests are long arithmetic: they run optimised, all others quick to compile.
fn tests(filter: Option<&str>) -> Result<Counts> {
    let domain = cargo_tests(&["--workspace", "--exclude", "ringlet-sim"], filter)?;
    Ok(domain + cargo_tests(&["--release", "--package", "ringlet-sim"], filter)?)
}

fn cargo_tests(selection: &[&str], filter: Option<&str>) -> Result<Counts> {
    let output = cargo()
        .args(["test", "--quiet", "--no-fail-fast"])
        .args(selection)
        .args(filter)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo test")?;
    let text = String::from_utf8_lossy(&output.stdout);
    eprint!("{text}");
    let counts = Counts::of_cargo(&text);
    if !output.status.success() && counts.failed == 0 {
        // It did not compile, or a test ended its process.
        return Ok(counts + Counts::one_failure());
    }
    Ok(counts)
}
