//! The API against its own description: schemathesis makes requests up out of `openapi.json` and
//! holds every answer against it.
//!
//! What is here: the pinned tool in a virtual environment of its own, and one bounded run. What is
//! not: the tests of the edge ring, which know what an answer should be; these know only what it
//! may be. Limits: [`EXAMPLES`] requests of each kind and operation, a fixed seed, [`SECONDS`].

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use crate::api::Api;
use crate::dev::DEMONSTRATION;
use crate::process::{run_quiet, step};
use crate::size::{TOKEN, TemporaryWorker};
use crate::{build, paths};

/// The tool as it was tried; a new one finds new things, in a commit of its own.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
/// Requests made up for each operation and kind of mistake: 2,300 in all.
const EXAMPLES: &str = "10";
/// How long requests are made up; those that only follow the description's bounds come first.
const SECONDS: &str = "150";
/// How long one request may take.
const REQUEST_SECONDS: &str = "20";
/// The same requests every time: a failure can be looked at again.
const SEED: &str = "20261122";
/// What is asked of every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,ignored_auth,unsupported_method";

/// What the exchanges of the run sign with, or show in their path: no secret of anybody.
const SECRET: &str = "contract-0123456789abcdef0123456789abcdef";
/// Where its pages are.
const ORIGIN: &str = "https://contract.example";

/// Builds, starts a Worker with the demonstration site, and tries it.
pub(crate) fn run() -> Result<()> {
    build::all()?;
    let tool = install()?;
    let worker = TemporaryWorker::start()?;
    let number = exchanges(&worker.base)?;
    step("schemathesis", || {
        run_quiet(
            Command::new(tool)
                .arg("--config-file")
                .arg(paths::root().join("tests/schemathesis.toml"))
                .args(["run", "openapi.json", "--no-color"])
                .args(["--url", &worker.base])
                .args(["--header", &format!("Authorization: Bearer {TOKEN}")])
                .args(["--checks", CHECKS, "--max-examples", EXAMPLES])
                .args(["--max-time", SECONDS, "--request-timeout", REQUEST_SECONDS])
                .args(["--seed", SEED, "--phases", "examples,coverage,fuzzing"])
                // The site must stay, and the tool writes no JSON Lines: the edge ring tries both.
                .args(["--exclude-operation-id", "site_delete"])
                .args(["--exclude-operation-id", "import"])
                .env("RINGLET_CONTRACT_SECRET", SECRET)
                .env("RINGLET_CONTRACT_ORIGIN", ORIGIN)
                .env("RINGLET_CONTRACT_NUMBER", &number)
                .current_dir(paths::root()),
            "schemathesis",
        )
    })
}

/// Lets the demonstration site hear of calls from exchanges that [`SECRET`] speaks for, and of
/// pages from [`ORIGIN`]; gives one of its numbers.
fn exchanges(base: &str) -> Result<String> {
    let api = Api { base, token: TOKEN };
    let stored = api.configuration(DEMONSTRATION)?.context("no site")?;
    let mut site = stored.configuration;
    site["origins"] = json!([ORIGIN]);
    site["telephony"] = json!({
        "asterisk": {"path_secrets": [SECRET]},
        "generic": {"secrets": [SECRET]},
        "zadarma": {"secrets": [SECRET], "path_secrets": [SECRET]},
    });
    api.put_configuration(DEMONSTRATION, &site, stored.etag.as_deref())?;
    let number = site.pointer("/pools/0/numbers/0");
    let number = number.and_then(|of| of.as_str().or_else(|| of["number"].as_str()));
    Ok(number.context("the site has no number")?.to_owned())
}

/// The tool, installed if it is not there yet.
fn install() -> Result<PathBuf> {
    let home = paths::target().join(SCHEMATHESIS.replace("==", "-"));
    let tool = home.join("bin/schemathesis");
    if tool.exists() {
        return Ok(tool);
    }
    let what = "python3 -m venv (Debian: apt-get install python3-venv)";
    step("install schemathesis", || {
        run_quiet(
            Command::new("python3").args(["-m", "venv"]).arg(&home),
            what,
        )?;
        run_quiet(
            Command::new(home.join("bin/pip")).args(["install", "--quiet", SCHEMATHESIS]),
            "pip install schemathesis",
        )
    })?;
    Ok(tool)
}
