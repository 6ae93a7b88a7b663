//! The agent: cargo, wasm-opt, and esbuild over the loader.
//!
//! The parts and who puts what where are agreed in `agent/loader/README.md`. The wasm is named
//! by the hash of its bytes, so that browsers may keep it for ever. The loader is served inside
//! each site's script, with the rules that it starts with, and knows the name and the integrity of
//! all that it loads later.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::assets::HASH_CHARS;
use super::bindgen;
use super::shared_inputs;
use crate::process::{cargo, run, run_quiet, step};
use crate::stamp::{self, Stamp};
use crate::{paths, setup};

/// The file that becomes the served script.
const LOADER: &str = "agent/loader/main.js";
/// What the edge puts behind the loader for sites that ask for consent.
const SIGNALS_NOW: &str = "agent/loader/signals_now.js";
/// The same as a part, for pinned scripts.
const SIGNALS: &str = "agent/loader/signals.js";
/// What pages may hold to start the visit before the script has arrived.
const FAST: &str = "agent/loader/fast.js";
/// Where the loader takes the rules that it starts with; see `agent/loader/README.md`.
const RULES_PLACE: &str = "__RINGLET_RULES__";
/// The agent's major version, as in `/s/{site}.v1.js`: what a page may rely on.
const MAJOR: u32 = 1;
/// What is loaded on demand: `more.js`, and each file of `large/` by itself.
const PARTS: &str = "agent/loader/parts";

/// A panic of the agent is a trap without words, and nothing is formatted for people: that saves
/// a fifth of the module. The switches are unstable, as those of the edge (see [`super::edge`]).
const RUSTFLAGS: [&str; 5] = [
    // No rule calls itself: a small stack does, and every page gives up a megabyte less.
    "-Clink-arg=-zstack-size=65536",
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
    let _ = fs::remove_dir_all(staging());
    fs::create_dir_all(staging())?;
    step("compile the agent", || {
        Module::ALL.into_iter().try_for_each(Module::compile)
    })?;
    step("bind and optimize the agent", || {
        let _ = fs::remove_dir_all(&output);
        fs::create_dir_all(&output)?;
        let light = Module::Light.optimize()?;
        let whole = Module::Whole.optimize()?;
        bundle(&light, &whole)
    })?;
    stamp.record()
}

/// A file of the release: its name under `/a/` and its integrity.
struct Part(String, String);

impl Part {
    /// Puts `bytes` among the served files, named by their hash.
    fn add(bytes: &[u8], extension: &str) -> Result<Self> {
        let name = format!("{}.{extension}", &stamp::sha256_hex(bytes)[..HASH_CHARS]);
        stamp::write(&directory().join(&name), bytes)?;
        Ok(Self(name, integrity(bytes)))
    }

    /// As the loader knows it: a pair.
    fn json(&self) -> Value {
        json!([self.0, self.1])
    }
}

/// The rules are built twice: see `agent/src/lib.rs`.
#[derive(Clone, Copy)]
enum Module {
    /// Plain places only: what most pages load.
    Light,
    /// Everything: for sites that search, and for pages where the light rules do not know a place.
    Whole,
}

impl Module {
    const ALL: [Self; 2] = [Self::Light, Self::Whole];

    /// Its name in the build's directory.
    fn name(self) -> &'static str {
        match self {
            Self::Light => "agent.wasm",
            Self::Whole => "agent-whole.wasm",
        }
    }

    fn compiled(self) -> PathBuf {
        staging().join(self.name()).with_extension("cargo.wasm")
    }

    fn optimized(self) -> PathBuf {
        staging().join(self.name())
    }

    fn compile(self) -> Result<()> {
        let features = match self {
            Self::Light => "light",
            Self::Whole => "",
        };
        compile(features)?;
        let compiled = "wasm32-unknown-unknown/agent/ringlet_agent.wasm";
        fs::copy(paths::target().join(compiled), self.compiled())?;
        Ok(())
    }

    fn optimize(self) -> Result<Vec<u8>> {
        bindgen::optimize(&self.compiled(), &self.optimized(), &OPTIMIZATION)?;
        let bytes = fs::read(self.optimized())?;
        stamp::write(&directory().join(self.name()), &bytes)?;
        Ok(bytes)
    }
}

const OPTIMIZATION: [&str; 10] = [
    // Memory is only read where the compiler has proved it to be there.
    "-iit",
    "-Oz",
    "--converge",
    // Brotli prefers code that is written twice to calls of small functions.
    "-aimfs=10",
    "-fimfs=20",
    "--low-memory-unused",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
    "--reorder-functions",
];

fn integrity(bytes: &[u8]) -> String {
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes));
    format!("sha256-{digest}")
}

fn directory() -> PathBuf {
    paths::build().join("agent")
}

fn staging() -> PathBuf {
    paths::target().join("agent-bindgen")
}

fn compile(features: &str) -> Result<()> {
    run(
        cargo()
            .args([
                "build",
                "--quiet",
                "--lib",
                "--package=ringlet-agent",
                "--profile=agent",
                "--features",
                features,
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

/// The whole rules as a module of JavaScript, for pages that forbid WebAssembly.
fn plain_rules() -> Result<Part> {
    let lowered = staging().join("lowered.wasm");
    // What JavaScript is not made from is written in other words first.
    let flags = ["--llvm-nontrapping-fptoint-lowering", "--signext-lowering"];
    bindgen::optimize(&Module::Whole.optimized(), &lowered, &flags)?;
    let script = staging().join("plain.js");
    let mut command = setup::wasm2js();
    command
        .args(["-Oz", "--enable-bulk-memory", "--enable-mutable-globals"])
        .args(["--enable-multivalue", "--enable-reference-types"])
        .arg(&lowered)
        .arg("-o")
        .arg(&script);
    run_quiet(&mut command, "wasm2js")?;
    Part::add(&esbuild(&script, "esm", &[])?, "js")
}

/// Bundles what is loaded on demand, then the loader, which names it.
fn bundle(light: &[u8], whole: &[u8]) -> Result<()> {
    let whole_part = Part::add(whole, "wasm")?;
    let mut large = serde_json::Map::new();
    large.insert("plain".to_owned(), plain_rules()?.json());
    let folder = paths::root().join(PARTS).join("large");
    let files = if folder.exists() {
        stamp::files_below(&folder)?
    } else {
        Vec::new()
    };
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let part = Part::add(&esbuild(&file, "esm", &[])?, "js")?;
        large.insert(name.into_owned(), part.json());
    }
    let entry = paths::root().join(PARTS).join("more.js");
    let more = esbuild(&entry, "esm", &[("RINGLET_PARTS", large.into())])?;
    let more = Part::add(&more, "js")?;
    let signals = Part::add(&esbuild(&paths::root().join(SIGNALS), "esm", &[])?, "js")?;
    let defines = [
        ("RINGLET_WHOLE", whole_part.json()),
        ("RINGLET_MORE", more.json()),
        ("RINGLET_SIGNALS", signals.json()),
        ("RINGLET_VERSION", env!("CARGO_PKG_VERSION").into()),
    ];
    let loader = |search: bool, pinned: bool| {
        let mut defines = defines.to_vec();
        defines.push(("RINGLET_LIGHT", (!search || pinned).into()));
        defines.push(("RINGLET_SEARCH", search.into()));
        defines.push(("RINGLET_PINNED", pinned.into()));
        defines.push(("RINGLET_CONTROL", false.into()));
        let script = esbuild(&paths::root().join(LOADER), "iife", &defines)?;
        // A script that only searches has no use for light rules.
        let rules = if search && !pinned { whole } else { light };
        with_rules(script, rules).map(guarded)
    };
    stamp::write(&directory().join("loader.js"), &loader(false, false)?)?;
    stamp::write(&directory().join("loader-search.js"), &loader(true, false)?)?;
    let pinned = Part::add(&loader(true, true)?, "js")?;
    let signals = esbuild(&paths::root().join(SIGNALS_NOW), "iife", &[])?;
    stamp::write(&directory().join("signals.js"), &guarded(signals))?;
    describe(&whole_part, &pinned)
}

/// `script` with the module `rules` in its place.
fn with_rules(script: Vec<u8>, rules: &[u8]) -> Result<Vec<u8>> {
    let script = String::from_utf8(script)?;
    let (before, after) = script
        .split_once(RULES_PLACE)
        .context("the loader has no place for its rules")?;
    Ok([before, &literal(rules), after].concat().into_bytes())
}

/// A string of JavaScript with a character for each byte of `rules`. Nearly all of them are ASCII,
/// so that compresses a fifth better than base64, and saves the request that a file would take.
pub(crate) fn literal(rules: &[u8]) -> String {
    let mut literal = String::from("'");
    for byte in rules {
        match byte {
            b'\n' => literal.push_str("\\n"),
            b'\r' => literal.push_str("\\r"),
            b'\'' | b'\\' => literal.extend(['\\', char::from(*byte)]),
            byte => literal.push(char::from(*byte)),
        }
    }
    literal.push('\'');
    literal
}

/// The loader with its rules in plain JavaScript (`agent/control/`): what the agent would weigh
/// without WebAssembly. No part of any release.
pub(crate) fn control() -> Result<Vec<u8>> {
    let folder = paths::target().join("agent-control");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    fs::create_dir_all(staging())?;
    let from = paths::root().join("agent");
    for entry in fs::read_dir(from.join("loader"))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
    }
    fs::copy(from.join("control/rules.js"), folder.join("rules.js"))?;
    let part = Part::json(&Part("0123456789abcdef.js".to_owned(), integrity(&[])));
    let defines = [
        ("RINGLET_WHOLE", json!([])),
        ("RINGLET_LIGHT", false.into()),
        ("RINGLET_MORE", part.clone()),
        ("RINGLET_SIGNALS", part),
        ("RINGLET_VERSION", env!("CARGO_PKG_VERSION").into()),
        ("RINGLET_SEARCH", false.into()),
        ("RINGLET_PINNED", false.into()),
        ("RINGLET_CONTROL", true.into()),
    ];
    esbuild(&folder.join("main.js"), "iife", &defines).map(guarded)
}

/// `script` so that nothing it throws reaches the page's error handlers: a browser may lack what
/// it needs from the first line on. The comment has V8 compile all functions beside the page's
/// thread while the script arrives, rather than one by one on it when they are first called (its
/// "explicit compile hints"); other engines see a comment.
fn guarded(script: Vec<u8>) -> Vec<u8> {
    let hint = b"//# allFunctionsCalledOnLoad\n".as_slice();
    [hint, b"try{", script.trim_ascii_end(), b"}catch{}\n"].concat()
}

/// `agent.json`: what an installer must know of this release.
fn describe(whole: &Part, pinned: &Part) -> Result<()> {
    let fast = String::from_utf8(esbuild_to(&paths::root().join(FAST), "esm", "es5", &[])?)?;
    let fast = fast.trim_end().trim_end_matches(';');
    let fast = fast
        .strip_prefix("RINGLET_FAST=")
        .context("the fast snippet is no expression")?;
    let part = |part: &Part| json!({ "path": format!("/a/{}", part.0), "integrity": part.1 });
    let text = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "major": MAJOR,
        "script": part(pinned),
        "whole_rules": part(whole),
        // In brackets: a statement may not begin with a function that has no name.
        "fast": format!("({fast})"),
    });
    stamp::write(&directory().join("agent.json"), text.to_string().as_bytes())
}

/// One file of everything that `entry` imports.
fn esbuild(entry: &Path, format: &str, defines: &[(&str, Value)]) -> Result<Vec<u8>> {
    esbuild_to(entry, format, "es2020", defines)
}

/// [`esbuild`] for browsers that know `target`.
fn esbuild_to(
    entry: &Path,
    format: &str,
    target: &str,
    defines: &[(&str, Value)],
) -> Result<Vec<u8>> {
    let output = staging().join("bundle.js");
    let mut command = Command::new(setup::esbuild());
    command
        .arg(entry)
        .args(["--bundle", "--minify"])
        .arg(format!("--target={target}"))
        .args(["--charset=utf8", "--legal-comments=none"])
        .args(["--log-level=warning", "--supported:dynamic-import=true"])
        .arg(format!("--format={format}"))
        .arg(format!("--outfile={}", output.display()));
    for (name, value) in defines {
        command.arg(format!("--define:{name}={value}"));
    }
    run_quiet(command.current_dir(paths::root()), "esbuild of the agent")
        .with_context(|| format!("cannot bundle {}", entry.display()))?;
    Ok(fs::read(output)?)
}
