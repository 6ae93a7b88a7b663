//! Rings written in JavaScript: `node --test` over `tests/<ring>/`.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::counts::Counts;
use crate::{paths, setup, stamp};

/// Neither a test nor a whole file may take longer than this; a hung one is cancelled, and so
/// fails. A file of an engine takes a minute on an idle machine.
const TEST_LIMIT_MS: u32 = 420_000;

/// Runs all files of the ring, two at a time: each starts its own Worker. With a filter a file is
/// left out whose text cannot have a test of that name.
pub(crate) fn run(ring: &str, filter: Option<&str>) -> Result<Counts> {
    let directory = paths::root().join("tests").join(ring);
    let files: Vec<_> = stamp::files_below(&directory)?
        .into_iter()
        .filter(|file| file.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    if files.is_empty() {
        bail!("{} holds no *.test.mjs", directory.display());
    }
    let words = filter.map_or_else(Vec::new, words_of);
    let mut chosen = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file)?;
        if words.iter().all(|word| text.contains(word)) {
            chosen.push(file);
        }
    }
    if chosen.is_empty() {
        return Ok(Counts::default());
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
    let status = command
        .args(&chosen)
        .status()
        .context("cannot start node")?;
    let counts = Counts::of_tap(&fs::read_to_string(&report)?);
    if !status.success() && counts.failed == 0 {
        return Ok(counts + Counts::one_failure());
    }
    Ok(counts)
}

/// The words that a file must hold to have a test of a name that `filter` fits: titles are written
/// out or put together of words that are, so no file with such a test is left out. None for a
/// regular expression of more than plain text.
fn words_of(filter: &str) -> Vec<&str> {
    if filter.contains(|c| r"\|*+?[](){}^$".contains(c)) {
        return Vec::new();
    }
    filter
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn a_filter_asks_for_its_words() {
        assert_eq!(words_of("assign: it drains"), ["assign", "it", "drains"]);
        assert_eq!(words_of("409: a site"), ["a", "site"]);
        assert!(words_of("a|b").is_empty());
    }
}
