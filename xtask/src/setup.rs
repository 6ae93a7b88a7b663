//! What a machine with only rustup, Node and git still lacks: idempotent, silent when done.
//!
//! Nothing is downloaded but crates and npm packages: where a tool usually comes as a prebuilt
//! download, the one from the registry is used instead.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process::{run_quiet, step};
use crate::stamp::Stamp;
use crate::{paths, process};

/// npm itself needs this much; the tools that need more run on the Node that npm brings.
const MINIMUM_NODE_MAJOR: u32 = 18;

/// Everything `cargo xtask build` and the runtime need.
pub(crate) fn build_tools() -> Result<()> {
    rust_target()?;
    npm_packages()
}

/// The Node to run tools with: the one from npm when present, else the machine's.
pub(crate) fn node() -> PathBuf {
    let (os, arch) = platform();
    let carried = paths::node_modules().join(format!("node-{os}-{arch}/bin/node"));
    if carried.exists() {
        carried
    } else {
        PathBuf::from("node")
    }
}

/// The native esbuild program.
pub(crate) fn esbuild() -> PathBuf {
    let (os, arch) = platform();
    paths::node_modules().join(format!("@esbuild/{os}-{arch}/bin/esbuild"))
}

/// The native workerd program.
pub(crate) fn workerd() -> PathBuf {
    let (os, arch) = platform();
    let arch = if arch == "x64" { "64" } else { arch };
    paths::node_modules().join(format!("@cloudflare/workerd-{os}-{arch}/bin/workerd"))
}

/// wasm-opt of the npm package binaryen, to be started with Node.
pub(crate) fn wasm_opt() -> Command {
    let mut command = Command::new(node());
    command.arg(paths::node_modules().join("binaryen/bin/wasm-opt"));
    command
}

/// wasm2js of the same package.
pub(crate) fn wasm2js() -> Command {
    let mut command = Command::new(node());
    command.arg(paths::node_modules().join("binaryen/bin/wasm2js"));
    command
}

/// Operating system and processor as npm names them.
fn platform() -> (&'static str, &'static str) {
    let os = if cfg!(target_os = "macos") {
        "darwin"
    } else {
        "linux"
    };
    let arch = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x64"
    };
    (os, arch)
}

fn rust_target() -> Result<()> {
    let sysroot = sysroot()?;
    if !sysroot
        .join("lib/rustlib/wasm32-unknown-unknown/lib")
        .exists()
    {
        rustup(&["target", "add", "wasm32-unknown-unknown"])?;
    }
    if !sysroot
        .join("lib/rustlib/src/rust/library/Cargo.lock")
        .exists()
    {
        rustup(&["component", "add", "rust-src"])?;
    }
    Ok(())
}

fn sysroot() -> Result<PathBuf> {
    let output = Command::new("rustc")
        .args(["--print", "sysroot"])
        .current_dir(paths::root())
        .stderr(Stdio::inherit())
        .output()
        .context("rustc is not here; install Rust with rustup: https://rustup.rs")?;
    Ok(PathBuf::from(
        String::from_utf8_lossy(&output.stdout).trim(),
    ))
}

fn rustup(arguments: &[&str]) -> Result<()> {
    step(&format!("rustup {}", arguments.join(" ")), || {
        process::run(
            Command::new("rustup")
                .args(arguments)
                .current_dir(paths::root()),
            "rustup (install it from https://rustup.rs; it fetches what rust-toolchain.toml names)",
        )
    })
}

fn npm_packages() -> Result<()> {
    let root = paths::root();
    let inputs = [root.join("package.json"), root.join("package-lock.json")];
    let stamp = Stamp::new("npm", &inputs, "")?;
    let tools = [
        workerd(),
        esbuild(),
        paths::node_modules().join("binaryen/bin/wasm-opt"),
    ];
    let outputs: Vec<&Path> = tools.iter().map(PathBuf::as_path).collect();
    if stamp.is_current(&outputs) {
        return Ok(());
    }
    check_node()?;
    step("npm ci", || {
        run_quiet(
            Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
                .current_dir(&root),
            "npm ci",
        )
    })?;
    for tool in &tools {
        if !tool.exists() {
            bail!(
                "npm ci ended without {}: is this platform supported, and are optional \
                 dependencies allowed (npm config get omit)?",
                tool.display()
            );
        }
    }
    stamp.record()
}

fn check_node() -> Result<()> {
    let missing = "Node.js with npm is needed (18 or newer): https://nodejs.org";
    let output = Command::new("node")
        .arg("--version")
        .output()
        .context(missing)?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|n| n.parse::<u32>().ok());
    match major {
        Some(major) if major >= MINIMUM_NODE_MAJOR => Ok(()),
        _ => bail!("{missing}; found {version:?}"),
    }
}
