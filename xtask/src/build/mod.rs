//! Agent, static files and Worker, from sources to `build/`.
//!
//! ```text
//! build/agent/    loader and wasm of the browser's side, as served
//! build/worker/   index.js, edge.wasm and assets/: what wrangler uploads and workerd runs
//! build/*.capnp   workerd's configuration for `dev`, `serve` and the tests
//! ```
//!
//! Each step is skipped when its inputs have not changed (see [`crate::stamp`]).

pub(crate) mod agent;
mod assets;
mod bindgen;
pub(crate) mod edge;

use std::path::PathBuf;

use anyhow::Result;

use crate::{paths, process, runtime, setup, stamp};

/// Sets up what is missing and builds everything that has changed. Two runs at once would spoil
/// each other's files: the second waits for the first.
pub(crate) fn all() -> Result<()> {
    let _lock = stamp::lock()?;
    setup::build_tools()?;
    // The loader and its rules come from other hands at first; without one there is no agent.
    if paths::root().join("agent/loader/main.js").exists() {
        agent::build()?;
    }
    edge::build()?;
    runtime::write_configuration()
}

/// The command line, as the tests run it.
pub(crate) fn command_line() -> Result<()> {
    let arguments = ["build", "--quiet", "--package", "ringlet-cli"];
    process::run(
        process::cargo().args(arguments),
        "the build of the command line",
    )
}

/// What every wasm crate is made of besides its own sources.
fn shared_inputs() -> Vec<PathBuf> {
    let root = paths::root();
    [
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain.toml",
        "package-lock.json",
        "core",
        "xtask/src/build",
    ]
    .map(|path| root.join(path))
    .to_vec()
}
