//! Results go to stdout, through here; everything else a verb says goes to stderr.

use std::io::Write as _;

/// Prints one line and flushes: a script may be waiting for it.
#[expect(
    clippy::print_stdout,
    reason = "the one place where results are printed"
)]
pub(crate) fn line(text: &str) {
    println!("{text}");
    let _ = std::io::stdout().flush();
}
