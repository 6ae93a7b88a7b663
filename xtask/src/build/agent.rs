//! The agent: cargo, wasm-bindgen, wasm-opt, and esbuild over the loader.
//!
//! The parts and who puts what where are agreed in `agent/loader/README.md`. The wasm is named
//! by the hash of its bytes, so that browsers may keep it for ever; the loader knows the name
//! and the integrity of the wasm, and is itself served inside each site's script.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::assets::HASH_CHARS;
use super::bindgen::{self, Host};
use super::shared_inputs;
use crate::process::{cargo, run, run_quiet, step};
use crate::stamp::{self, Stamp};
use crate::{paths, setup};

/// The file that becomes the served script.
const LOADER: &str = "agent/loader/main.js";

/// A panic of the agent is a trap without words, and nothing is formatted for people: that saves
/// a fifth of the module. The switches are unstable, as those of the edge (see [`super::edge`]).
const RUSTFLAGS: [&str; 4] = [
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Zlocation-detail=none",
    "-Zfmt-debug=none",
];

/// Builds `build/agent/` where inputs have changed.
pub(crate) fn build() -> Result<()> {
    let mut inputs = shared_inputs();
    inputs.push(paths::root().join("agent"));
    let stamp = Stamp::new("agent", &inputs, "")?;
    let output = directory();
    if stamp.is_current(&[&output, &output.join("loader.js")]) {
        return Ok(());
    }
    step("compile the agent", compile)?;
    step("bind and optimize the agent", || {
        let _ = fs::remove_dir_all(&output);
        fs::create_dir_all(&output)?;
        let wasm = optimize()?;
        bundle(&wasm)
    })?;
    stamp.record()
}

/// What the loader must know of the wasm.
struct Wasm {
    file_name: String,
    integrity: String,
}

fn directory() -> PathBuf {
    paths::build().join("agent")
}

fn staging() -> PathBuf {
    paths::target().join("agent-bindgen")
}

fn compile() -> Result<()> {
    run(
        cargo()
            .args([
                "build",
                "--quiet",
                "--lib",
                "--package=ringlet-agent",
                "--profile=agent",
            ])
            .args([
                "--target=wasm32-unknown-unknown",
                "-Zbuild-std=std,panic_abort",
            ])
            .arg("-Zbuild-std-features=optimize_for_size")
            .arg(format!(
                "--config=target.wasm32-unknown-unknown.rustflags={RUSTFLAGS:?}"
            ))
            .env("RUSTC_BOOTSTRAP", "1"),
        "cargo build of ringlet-agent",
    )
}

fn optimize() -> Result<Wasm> {
    let compiled = paths::target().join("wasm32-unknown-unknown/agent/ringlet_agent.wasm");
    let _ = fs::remove_dir_all(staging());
    bindgen::generate(&compiled, "agent", Host::Browser, &staging())?;
    let optimized = staging().join("optimized.wasm");
    let flags = ["-Oz", "--converge", "--strip-debug", "--strip-producers"];
    bindgen::optimize(&staging().join("agent_bg.wasm"), &optimized, &flags)?;
    let bytes = fs::read(&optimized)?;
    let file_name = format!("{}.wasm", &stamp::sha256_hex(&bytes)[..HASH_CHARS]);
    stamp::write(&directory().join(&file_name), &bytes)?;
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&bytes));
    Ok(Wasm {
        file_name,
        integrity: format!("sha256-{digest}"),
    })
}

fn bundle(wasm: &Wasm) -> Result<()> {
    let root = paths::root();
    let glue = staging().join("agent.js");
    run_quiet(
        Command::new(setup::esbuild())
            .arg(root.join(LOADER))
            .args(["--bundle", "--minify", "--format=iife", "--target=es2020"])
            .args([
                "--charset=utf8",
                "--legal-comments=none",
                "--log-level=warning",
            ])
            .arg(format!("--alias:ringlet-glue={}", glue.display()))
            .arg(format!("--define:RINGLET_WASM=\"{}\"", wasm.file_name))
            .arg(concat!(
                "--define:RINGLET_VERSION=\"",
                env!("CARGO_PKG_VERSION"),
                "\""
            ))
            .arg(format!("--define:RINGLET_INTEGRITY=\"{}\"", wasm.integrity))
            .arg(format!(
                "--outfile={}",
                directory().join("loader.js").display()
            ))
            .current_dir(&root),
        "esbuild of the loader",
    )
    .with_context(|| format!("cannot bundle {LOADER}"))
}
