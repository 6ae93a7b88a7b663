//! `agent.*`: what the agent costs a page, in a real Chromium against the built Worker, and beside
//! libraries that do a part of its work. The measuring is JavaScript (see `agent/run.mjs`).

use std::process::Command;

use anyhow::Result;

use super::Figure;
use super::core::{json_of, named};
use crate::process::step;
use crate::{paths, setup, test};

/// Measures in one browser.
pub(crate) fn measure() -> Result<Vec<Figure>> {
    test::browser::install()?;
    let script = paths::root().join("xtask/src/bench/agent/run.mjs");
    let figures = step("measure the agent in Chromium", || {
        json_of(Command::new(setup::node()).arg(script), "the agent's bench")
    })?;
    Ok(named(&figures, "agent."))
}
