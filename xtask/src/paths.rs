//! Where things are in the repository.

use std::path::{Path, PathBuf};

/// The repository's root, absolute.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies one directory below the root")
        .to_path_buf()
}

/// Cargo's target directory.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Everything `cargo xtask build` makes.
pub(crate) fn build() -> PathBuf {
    root().join("build")
}

/// The npm packages.
pub(crate) fn node_modules() -> PathBuf {
    root().join("node_modules")
}
