//! How many tests passed and failed, read from what the runners print.

use std::fmt;
use std::ops::Add;

/// Results of one runner, or a sum of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    /// A check that is not a test function: formatting, lints, a ring that could not start.
    pub(crate) fn one(ok: bool) -> Self {
        Self {
            passed: u64::from(ok),
            failed: u64::from(!ok),
        }
    }

    /// Something failed before it could be counted.
    pub(crate) fn one_failure() -> Self {
        Self::one(false)
    }

    /// Sums the `test result:` lines of `cargo test`. An ignored test counts as failed: there
    /// are none, by rule.
    pub(crate) fn of_cargo(text: &str) -> Self {
        let lines = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("test result:"));
        lines.fold(Self::default(), |sum, line| {
            let of = |word| before_word(line, word);
            sum + Self {
                passed: of("passed"),
                failed: of("failed") + of("ignored"),
            }
        })
    }

    /// Reads the closing comments of a TAP report of `node --test`. Skipped, cancelled and
    /// unfinished tests count as failed: a test that did not run proves nothing.
    pub(crate) fn of_tap(text: &str) -> Self {
        let of = |word: &str| {
            let start = format!("# {word} ");
            text.lines()
                .rev()
                .find_map(|line| line.strip_prefix(&start))
                .and_then(|number| number.trim().parse().ok())
                .unwrap_or(0)
        };
        Self {
            passed: of("pass"),
            failed: of("fail") + of("cancelled") + of("skipped") + of("todo"),
        }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The number that stands before `word`, as in `12 passed; 0 failed`.
fn before_word(line: &str, word: &str) -> u64 {
    let words: Vec<&str> = line.split_whitespace().collect();
    let found = words
        .windows(2)
        .find(|pair| pair[1].trim_end_matches(';') == word);
    found.and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_lines_are_summed_and_ignored_tests_fail() {
        let text = "\
test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s
noise
test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 4 filtered out; finished in 2s
";
        assert_eq!(
            Counts::of_cargo(text),
            Counts {
                passed: 15,
                failed: 3
            }
        );
        assert_eq!(
            Counts::of_cargo("error: could not compile"),
            Counts::default()
        );
    }

    #[test]
    fn tap_comments_are_read_from_the_end() {
        let text = "# pass 99\n1..3\n# tests 6\n# pass 2\n\
                    # fail 1\n# cancelled 1\n# skipped 1\n# todo 1\n";
        assert_eq!(
            Counts::of_tap(text),
            Counts {
                passed: 2,
                failed: 4
            }
        );
        assert_eq!(Counts::of_tap(""), Counts::default());
    }

    #[test]
    fn the_last_line_reads_as_promised() {
        assert_eq!(
            Counts {
                passed: 7,
                failed: 0
            }
            .to_string(),
            "7 passed, 0 failed"
        );
    }
}
