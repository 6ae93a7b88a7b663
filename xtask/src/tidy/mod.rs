//! The house rules that neither the compiler nor clippy checks.
//!
//! Every rule is a function from a file's text to faults, so that it can be tested without a
//! repository; rules over several files are in [`across`].

mod across;
mod text;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths;

/// One tracked text file.
pub(crate) struct File {
    /// Relative to the root, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    fn extension(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }
}

/// Checks every file that git knows or would add.
pub(crate) fn run() -> Result<()> {
    let files = files()?;
    let mut faults: Vec<String> = files.iter().flat_map(text::faults).collect();
    faults.extend(across::faults(&files));
    if faults.is_empty() {
        return Ok(());
    }
    for fault in &faults {
        eprintln!("{fault}");
    }
    bail!("{} breaches of the house rules", faults.len())
}

fn files() -> Result<Vec<File>> {
    let root = paths::root();
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(&root)
        .output()
        .context("cannot start git")?;
    let mut files = Vec::new();
    for path in String::from_utf8_lossy(&output.stdout).split_terminator('\0') {
        let absolute: PathBuf = root.join(path);
        // Deleted but not yet committed, or not text.
        let Ok(bytes) = fs::read(&absolute) else {
            continue;
        };
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(File {
                path: path.to_owned(),
                text,
            });
        }
    }
    Ok(files)
}
