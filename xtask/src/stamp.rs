//! Content hashes that let a step be skipped when nothing it reads has changed.
//!
//! A stamp is a file under `target/stamps/` holding the hash of a step's inputs at its last
//! success. Times of files are never looked at: a checkout or a copy keeps its stamps honest.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::paths;

/// One step with the hash of everything it reads.
pub(crate) struct Stamp {
    path: PathBuf,
    hash: String,
}

impl Stamp {
    /// Hashes `inputs` (files, or directories walked in order of name) and `options`.
    /// A missing input counts as absent, so that its appearance changes the hash.
    pub(crate) fn new(step: &str, inputs: &[PathBuf], options: &str) -> Result<Self> {
        let mut hasher = Sha256::new();
        hasher.update(options);
        for input in inputs {
            hash_path(&mut hasher, input)?;
        }
        Ok(Self {
            path: directory().join(step),
            hash: hex(&hasher.finalize()),
        })
    }

    /// Whether the last success read the same inputs and `outputs` still exist.
    pub(crate) fn is_current(&self, outputs: &[&Path]) -> bool {
        let known = fs::read_to_string(&self.path).unwrap_or_default();
        known == self.hash && outputs.iter().all(|output| output.exists())
    }

    /// Records a success.
    pub(crate) fn record(&self) -> Result<()> {
        write(&self.path, self.hash.as_bytes())
    }
}

/// Waits until no other `cargo xtask` of this checkout works on its build; held until dropped.
pub(crate) fn lock() -> Result<fs::File> {
    let path = directory().join("lock");
    write(&path, b"")?;
    let file = fs::File::open(&path)?;
    if file.try_lock().is_err() {
        eprintln!("  waiting for another `cargo xtask` of this checkout ...");
        file.lock().context("cannot wait for another cargo xtask")?;
    }
    Ok(file)
}

fn directory() -> PathBuf {
    paths::target().join("stamps")
}

/// Lower-case hexadecimal of the SHA-256 of `bytes`.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Writes a file, making its directory first.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// All files below `directory`, ordered by path; hidden ones are left out.
pub(crate) fn files_below(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(next) = open.pop() {
        let entries =
            fs::read_dir(&next).with_context(|| format!("cannot list {}", next.display()))?;
        for entry in entries {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn hash_path(hasher: &mut Sha256, path: &Path) -> Result<()> {
    if path.is_dir() {
        for file in files_below(path)? {
            hash_file(hasher, &file)?;
        }
        return Ok(());
    }
    if path.exists() {
        return hash_file(hasher, path);
    }
    hasher.update(format!("absent {}\n", path.display()));
    Ok(())
}

fn hash_file(hasher: &mut Sha256, path: &Path) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    hasher.update(format!("{} {}\n", path.display(), bytes.len()));
    hasher.update(&bytes);
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
