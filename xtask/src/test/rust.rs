//! The core ring: formatting, lints, house rules, and every Rust test.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::counts::Counts;
use crate::process::{self, cargo};
use crate::{paths, tidy};

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

/// The environment's name of what random histories begin from.
const SEED: &str = "PROPTEST_RNG_SEED";

/// What properties draw their histories from, unless the environment says it: the commit's content.
/// So a commit that has passed passes wherever it is tried again, and each next one tries other
/// histories. Nothing (chance) outside a repository.
fn seed() -> Option<String> {
    if let Ok(told) = std::env::var(SEED) {
        return Some(told);
    }
    let output = Command::new("git")
        .args(["rev-parse", "HEAD^{tree}"])
        .current_dir(paths::root())
        .output()
        .ok()?;
    let tree = String::from_utf8_lossy(&output.stdout);
    seed_of(tree.trim())
}

/// The seed of a tree's name, which is hexadecimal.
fn seed_of(tree: &str) -> Option<String> {
    let seed = u64::from_str_radix(tree.get(..16)?, 16).ok()?;
    Some(seed.to_string())
}

/// The simulator's tests are long arithmetic: they run optimised, all others quick to compile.
fn tests(filter: Option<&str>) -> Result<Counts> {
    let seed = seed();
    if let Some(seed) = &seed {
        eprintln!("random histories: {SEED}={seed}");
    }
    let run = |selection: &[&str]| cargo_tests(selection, filter, seed.as_deref());
    let domain = run(&["--workspace", "--exclude", "ringlet-sim"])?;
    Ok(domain + run(&["--release", "--package", "ringlet-sim"])?)
}

fn cargo_tests(selection: &[&str], filter: Option<&str>, seed: Option<&str>) -> Result<Counts> {
    let output = cargo()
        .envs(seed.map(|seed| (SEED, seed)))
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

#[cfg(test)]
mod tests {
    use super::seed_of;

    #[test]
    fn a_tree_gives_one_seed_and_no_tree_none() {
        let tree = "00000000000000ff5e1f8a2b3c4d5e6f70818283";
        assert_eq!(seed_of(tree).as_deref(), Some("255"));
        assert_eq!(seed_of(""), None);
        assert_eq!(seed_of("fatal: not a git repository"), None);
    }
}
