//! `cargo xtask ci`: all that must hold before a release.

use std::process::Command;

use anyhow::Result;

use crate::process::{run_quiet, step};
use crate::{cli, contract, paths, setup, size, test};

/// Tests, the API against its description, sizes against their budgets, and a dry run of the
/// deployment.
pub(crate) fn run() -> Result<()> {
    test::run(&cli::Test::default())?;
    contract::run()?;
    size::run(&cli::Report::default())?;
    step("wrangler deploy --dry-run", || {
        run_quiet(
            Command::new(setup::node())
                .arg(paths::node_modules().join("wrangler/bin/wrangler.js"))
                .args(["deploy", "--dry-run"])
                .env("WRANGLER_SEND_METRICS", "false")
                .current_dir(paths::root()),
            "wrangler deploy --dry-run",
        )
    })
}
