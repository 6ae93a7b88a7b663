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
        if may_have(&text, &words) {
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

/// Whether a file of this `text` may have a test whose name holds all of `words`. One that is
/// started and has none may hang: Node ends it while what it begins beforehand is under way.
fn may_have(text: &str, words: &[&str]) -> bool {
    let holds = |part: &str| words.iter().all(|word| part.contains(word));
    match titles_of(text) {
        Some(titles) => titles.into_iter().any(holds),
        None => holds(text),
    }
}

/// The names of all tests in `text`; nothing if one of them is put together when it runs.
fn titles_of(text: &str) -> Option<Vec<&str>> {
    const CALL: &str = "test(";
    let mut titles = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(CALL) {
        let before = rest[..at].chars().next_back();
        rest = &rest[at + CALL.len()..];
        // A method of this name, or a longer one.
        if before.is_some_and(|c| c == '.' || c == '_' || c.is_alphanumeric()) {
            continue;
        }
        let title = rest.trim_start();
        let quote = title.chars().next().filter(|c| "\"'`".contains(*c))?;
        let (title, _) = title[1..].split_once(quote)?;
        if title.contains("${") || title.contains('\\') {
            return None;
        }
        titles.push(title);
    }
    // Those of a suite stand elsewhere.
    (!titles.is_empty() && !text.contains("describe(")).then_some(titles)
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
    use super::{may_have, words_of};

    #[test]
    fn a_filter_asks_for_its_words() {
        assert_eq!(words_of("assign: it drains"), ["assign", "it", "drains"]);
        assert_eq!(words_of("409: a site"), ["a", "site"]);
        assert!(words_of("a|b").is_empty());
    }

    #[test]
    fn a_file_is_started_for_the_names_of_its_tests() {
        let may = |text: &str, filter| may_have(text, &words_of(filter));
        let written = "// no call takes them\ntest(\"two\\nlate\", run);";
        assert!(may(written, "no call"), "what is escaped is not read");
        let written = "// no call takes them\n/x/.test(y);\ntest(\n  \"two of them\", run);";
        assert!(!may(written, "no call"));
        assert!(may(written, "of them"));
        assert!(!may("test(`a b`, run); test('c d', run);", "b c"));
        let made = "for (const name of [\"no call\"]) test(`${name}: x`, run);";
        assert!(may(made, "no call"));
        assert!(may("suite(\"no call\")", "no call"));
    }
}
