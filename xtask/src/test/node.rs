//! Rings written in JavaScript: `node --test` over `tests/<ring>/`.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::counts::Counts;
use crate::{paths, setup, stamp};

/// Neither a test nor a whole file may take longer than this; a hung one is cancelled, and so
/// fails. A file of an engine takes a minute on an idle machine.
const TEST_LIMIT_MS: u32 = 420_000;

/// Runs all files of the ring, two at a time: each starts its own Worker.
pub(crate) fn run(ring: &str, filter: Option<&str>) -> Result<Counts> {
    let directory = paths::root().join("tests").join(ring);
    let files: Vec<_> = stamp::files_below(&directory)?
        .into_iter()
        .filter(|file| file.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    if files.is_empty() {
        bail!("{} holds no *.test.mjs", directory.display());
    }
    let report = paths::target().join(format!("test-{ring}.tap"));
    stamp::write(&report, b"")?;
    let mut command = Command::new(setup::node());
    command
        .args(["--test", "--test-concurrency=2"])
        .arg(format!("--test-timeout={TEST_LIMIT_MS}"))
        .args(["--test-reporter=spec", "--test-reporter-destination=stderr"])
        .arg("--test-reporter=tap")
        .arg(format!("--test-reporter-destination={}", report.display()))
        .current_dir(paths::root())
        .env("RINGLET_CLI", paths::target().join("debug/ringlet"))
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()));
    if let Some(filter) = filter {
        command.arg(format!("--test-name-pattern={filter}"));
    }
    let status = command.args(&files).status().context("cannot start node")?;
    let counts = Counts::of_tap(&fs::read_to_string(&report)?);
    if !status.success() && counts.failed == 0 {
        return Ok(counts + Counts::one_failure());
    }
    Ok(counts)
}
