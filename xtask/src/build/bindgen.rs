//! From cargo's wasm to wasm plus JavaScript glue, and through wasm-opt.

use std::path::Path;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::process::run_quiet;
use crate::setup;

/// Writes `<name>.js` and `<name>_bg.wasm` into `directory`.
///
/// The glue is for workerd: the module is imported, the instance can be thrown away and made anew.
pub(crate) fn generate(wasm: &Path, name: &str, directory: &Path) -> Result<()> {
    Bindgen::new()
        .input_path(wasm)
        .out_name(name)
        .typescript(false)
        .remove_producers_section(true)
        .remove_name_section(true)
        .module(true)?
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .generate(directory)
        .with_context(|| format!("wasm-bindgen on {}", wasm.display()))
}

/// Optimizes `input` into `output`.
///
/// The features are named one by one: `--all-features` lets binaryen emit encodings that
/// released browsers refuse.
pub(crate) fn optimize(input: &Path, output: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = setup::wasm_opt();
    for feature in [
        "mutable-globals",
        "sign-ext",
        "nontrapping-float-to-int",
        "bulk-memory",
        "multivalue",
        "reference-types",
    ] {
        command.arg(format!("--enable-{feature}"));
    }
    command.args(arguments).arg(input).arg("-o").arg(output);
    run_quiet(&mut command, "wasm-opt")
}
