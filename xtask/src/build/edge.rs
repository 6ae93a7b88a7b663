//! The Worker: cargo with an unwinding standard library, wasm-bindgen, esbuild.
//!
//! Unwinding makes a panic answer one request and roll back one transaction instead of ending
//! every request of the isolate. Rust ships no unwinding standard library for wasm, so it is
//! compiled here from `rust-src` with `-Zbuild-std`, an unstable flag that `RUSTC_BOOTSTRAP=1`
//! opens on the released compiler pinned in `rust-toolchain.toml`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::bindgen;
use super::{assets, shared_inputs};
use crate::process::{cargo, run, run_quiet, step};
use crate::stamp::{self, Stamp};
use crate::{paths, setup};

/// How wasm-bindgen's glue reaches its wasm; the runtimes know no source phase imports.
const SOURCE_IMPORT: &str = "import source wasmModule from";

/// An unwinding library, and vectors: a choice by colour weighs sixteen numbers at once.
const RUST_FLAGS: &str = "['-Cpanic=unwind', '-Ctarget-feature=+simd128']";

/// A build for the edge, less what is to be built: the Worker's, and that of what measures its
/// engine, so that both are made alike.
pub(crate) fn cargo_build() -> Command {
    let mut command = cargo();
    command
        .args(["build", "--quiet", "--profile=edge"])
        .args([
            "--target=wasm32-unknown-unknown",
            "-Zbuild-std=std,panic_unwind",
        ])
        .arg(format!(
            "--config=target.wasm32-unknown-unknown.rustflags={RUST_FLAGS}"
        ))
        .env("RUSTC_BOOTSTRAP", "1")
        // Promises of the crate `worker` and of our own exports are then of one kind.
        .env("WASM_BINDGEN_USE_JS_SYS", "1");
    command
}

/// Where such a build leaves what it makes.
pub(crate) fn artifacts() -> PathBuf {
    paths::target().join("wasm32-unknown-unknown/edge")
}

/// Builds `build/worker/` where inputs have changed.
pub(crate) fn build() -> Result<()> {
    compile()?;
    assets::build()?;
    bundle()
}

fn compile() -> Result<()> {
    let mut inputs = shared_inputs();
    inputs.push(paths::root().join("edge"));
    let stamp = Stamp::new("edge", &inputs, "")?;
    let output = paths::build().join("worker/edge.wasm");
    let staging = staging();
    if stamp.is_current(&[&output, &staging]) {
        return Ok(());
    }
    let wasm = artifacts().join("ringlet_edge.wasm");
    step("compile the Worker", || {
        run(
            cargo_build().args(["--lib", "--package=ringlet-edge"]),
            "cargo build of ringlet-edge",
        )
    })?;
    step("bind the Worker", || {
        let _ = fs::remove_dir_all(&staging);
        bindgen::generate(&wasm, "edge", &staging)?;
        // wasm-opt is left out: on what LLVM has optimized, each of its levels makes the module
        // larger once compressed (by 3 % at -Os), and takes minutes on a small machine.
        stamp::write(&output, &fs::read(staging.join("edge_bg.wasm"))?)?;
        import_by_path()
    })?;
    stamp.record()
}

/// Rewrites the glue's source phase import into one that workerd and wrangler understand.
fn import_by_path() -> Result<()> {
    let path = staging().join("edge.js");
    let glue = fs::read_to_string(&path).context("wasm-bindgen wrote no edge.js")?;
    let Some(start) = glue.find(SOURCE_IMPORT) else {
        bail!("the glue has no `{SOURCE_IMPORT}`: has wasm-bindgen changed its output?");
    };
    let end = start
        + glue[start..]
            .find('\n')
            .context("unfinished import in the glue")?;
    let import = "import wasmModule from \"./edge.wasm\";";
    stamp::write(
        &path,
        [&glue[..start], import, &glue[end..]].concat().as_bytes(),
    )
}

fn bundle() -> Result<()> {
    let root = paths::root();
    let entry = root.join("edge/entry.js");
    let output = paths::build().join("worker/index.js");
    let manifest = assets::manifest();
    let stamp = Stamp::new("bundle", &[entry.clone(), staging(), manifest.clone()], "")?;
    if stamp.is_current(&[&output]) {
        return Ok(());
    }
    run_quiet(
        Command::new(setup::esbuild())
            .arg(&entry)
            .args([
                "--bundle",
                "--format=esm",
                "--target=es2023",
                "--log-level=warning",
            ])
            .args([
                "--external:cloudflare:*",
                "--external:node:*",
                "--external:*.wasm",
            ])
            .arg("--external:./assets/*")
            .arg(format!(
                "--alias:#glue={}",
                staging().join("edge.js").display()
            ))
            .arg(format!("--alias:#assets={}", manifest.display()))
            .arg(format!("--outfile={}", output.display()))
            .current_dir(&root),
        "esbuild of the Worker",
    )?;
    stamp.record()
}

fn staging() -> PathBuf {
    paths::target().join("edge-bindgen")
}
