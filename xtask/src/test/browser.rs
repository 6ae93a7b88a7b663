//! The browser of the browser ring: installed where that can be done, else named.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{run_quiet, step};

/// Where a Chromium is looked for; the same list as in `tests/support/browser.mjs`.
const CANDIDATES: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Makes sure that there is a Chromium.
pub(crate) fn install() -> Result<()> {
    let named = std::env::var_os("RINGLET_CHROMIUM");
    if named.is_some() || CANDIDATES.iter().any(|path| Path::new(path).exists()) {
        return Ok(());
    }
    if !Path::new("/usr/bin/apt-get").exists() || !rustix::process::geteuid().is_root() {
        bail!(
            "the browser ring needs Chromium: install the package `chromium` (Debian: \
             `sudo apt-get install chromium`), or name one in RINGLET_CHROMIUM"
        );
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-y", "-q"])
            .args(arguments);
        command
    };
    step("apt-get install chromium", || {
        let install = ["install", "--no-install-recommends", "chromium"];
        if run_quiet(&mut apt(&install), "apt-get install").is_ok() {
            return Ok(());
        }
        // The package lists of a fresh machine are empty or old.
        run_quiet(&mut apt(&["update"]), "apt-get update")?;
        run_quiet(&mut apt(&install), "apt-get install chromium")
    })
}
