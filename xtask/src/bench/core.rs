//! `core.*`: the pool's hot paths, natively and as WebAssembly in the engine that the edge uses,
//! built as the Worker is.
//!
//! The loads are those of `core/examples/bench/`, the same for both; each figure is the best of
//! four hundred short runs, since whatever else the machine does only adds time.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Figure;
use crate::build::edge;
use crate::process::{cargo, run, step};
use crate::{paths, setup};

/// Measures both.
pub(crate) fn measure() -> Result<Vec<Figure>> {
    let native = step("measure the core natively", || {
        json_of(
            cargo().args([
                "run",
                "--quiet",
                "--release",
                "--package=ringlet-core",
                "--example=bench",
            ]),
            "the core's bench",
        )
    })?;
    step("compile the core for WebAssembly", || {
        run(
            edge::cargo_build().args(["--package=ringlet-core", "--example=bench_wasm"]),
            "cargo build of bench_wasm",
        )
    })?;
    let module = edge::artifacts().join("examples/bench_wasm.wasm");
    let wasm = step("measure the core as WebAssembly", || {
        let script = paths::root().join("xtask/src/bench/wasm.mjs");
        json_of(
            Command::new(setup::node()).arg(script).arg(module),
            "the wasm bench",
        )
    })?;
    let mut figures = named(&native, "core.");
    figures.extend(named(&wasm, "core.wasm_"));
    Ok(figures)
}

/// The JSON that `command` prints.
///
/// # Errors
/// It fails, or prints something else; `what` names it.
pub(super) fn json_of(command: &mut Command, what: &str) -> Result<Value> {
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    anyhow::ensure!(output.status.success(), "{what} failed ({})", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("{what} printed no JSON"))
}

/// The numbers of a JSON object, each with `prefix` before its name.
pub(super) fn named(figures: &Value, prefix: &str) -> Vec<Figure> {
    let members = figures.as_object().into_iter().flatten();
    members
        .filter_map(|(name, value)| Some((format!("{prefix}{name}"), value.as_f64()?)))
        .collect()
}
