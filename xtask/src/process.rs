//! Running other programs.
//!
//! A step's program runs quietly and is shown only when it fails; a long step announces itself.

use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::paths;

/// Lets the kernel end `command` when this program ends, however it ends.
///
/// Only Linux can; elsewhere Ctrl-C still reaches the whole group of processes.
pub(crate) fn end_with_parent(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt as _;
        // SAFETY: between fork and exec only one system call is made; it allocates nothing.
        unsafe {
            command.pre_exec(|| {
                let signal = Some(rustix::process::Signal::KILL);
                Ok(rustix::process::set_parent_process_death_signal(signal)?)
            });
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

/// Cargo as the one that started this program, in the repository's root.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(paths::root());
    command
}

/// Runs `command` to its end with its output shown on stderr; `what` names it in errors.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<()> {
    end_with_parent(command);
    // stdout of this program belongs to --json.
    let status = command
        .stdout(Stdio::from(std::io::stderr()))
        .status()
        .with_context(|| format!("cannot start {what}"))?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}

/// Runs `command` silently; its output is shown when it fails.
pub(crate) fn run_quiet(command: &mut Command, what: &str) -> Result<()> {
    end_with_parent(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {what}"))?;
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stdout));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        bail!("{what} failed ({})", output.status);
    }
    Ok(())
}

/// Announces a step, runs it, and says how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("  {name} ...");
    let start = Instant::now();
    let value = work().with_context(|| format!("{name} failed"))?;
    eprintln!("  {name}: {:.1} s", start.elapsed().as_secs_f64());
    Ok(value)
}

/// The simulator is a program of its own; this verb only finds it.
pub(crate) fn passthrough_cargo_sim(arguments: &[OsString]) -> Result<ExitCode> {
    let status = cargo()
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "ringlet-sim",
            "--",
        ])
        .args(arguments)
        .status()
        .context("cannot start cargo")?;
    Ok(ExitCode::from(
        u8::try_from(status.code().unwrap_or(1)).unwrap_or(1),
    ))
}
