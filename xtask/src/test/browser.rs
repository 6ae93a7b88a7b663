//! The browsers of the browser ring: installed where that can be done, else named.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{run_quiet, step};

/// What a browser is driven by: one of the paths must be there.
struct Part {
    /// The Debian package that brings it.
    package: &'static str,
    /// The variable that names another program.
    variable: Option<&'static str>,
    /// Where it is looked for; the same lists as in `tests/support`.
    paths: &'static [&'static str],
}

/// Three engines; MiniBrowser, WebKitGTK's browser, comes with what its driver depends on.
const PARTS: [Part; 4] = [
    Part {
        package: "chromium",
        variable: Some("RINGLET_CHROMIUM"),
        paths: &[
            "/usr/bin/chromium",
            "/usr/bin/chromium-browser",
            "/usr/bin/google-chrome",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        ],
    },
    Part {
        package: "firefox-esr",
        variable: Some("RINGLET_FIREFOX"),
        paths: &[
            "/usr/bin/firefox-esr",
            "/usr/bin/firefox",
            "/Applications/Firefox.app/Contents/MacOS/firefox",
        ],
    },
    Part {
        package: "webkit2gtk-driver",
        variable: None,
        paths: &["/usr/bin/WebKitWebDriver"],
    },
    Part {
        package: "xvfb",
        variable: None,
        paths: &["/usr/bin/Xvfb"],
    },
];

/// Makes sure that Chromium, Firefox and WebKitGTK are there.
pub(crate) fn install() -> Result<()> {
    let missing = PARTS.iter().filter(|part| !part.is_here());
    let missing: Vec<&str> = missing.map(|part| part.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if !Path::new("/usr/bin/apt-get").exists() || !rustix::process::geteuid().is_root() {
        bail!(
            "the browser ring runs in Chromium, Firefox and WebKitGTK; missing are the packages \
             {names} (Debian: `sudo apt-get install {names}`); RINGLET_CHROMIUM and \
             RINGLET_FIREFOX name other programs"
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
    step(&format!("apt-get install {names}"), || {
        let mut install = vec!["install", "--no-install-recommends"];
        install.extend(&missing);
        if run_quiet(&mut apt(&install), "apt-get install").is_ok() {
            return Ok(());
        }
        // The package lists of a fresh machine are empty or old.
        run_quiet(&mut apt(&["update"]), "apt-get update")?;
        run_quiet(&mut apt(&install), "apt-get install")
    })
}

impl Part {
    fn is_here(&self) -> bool {
        let is_named = self
            .variable
            .is_some_and(|name| std::env::var_os(name).is_some());
        is_named || self.paths.iter().any(|path| Path::new(path).exists())
    }
}
