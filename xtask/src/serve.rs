//! `cargo xtask serve`: production on a machine of one's own, on the same runtime.
//!
//! The development variable is never set here, so nothing that it opens (such as a visitor's
//! place taken from a header) is reachable. TLS belongs to the proxy in front.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::runtime::{Options, Runtime, SERVE_CONFIGURATION};
use crate::{build, cli, output, paths};

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const DEFAULT_STATE: &str = ".ringlet/serve";

/// Shorter tokens can be guessed; `openssl rand -hex 32` makes one of 64 characters.
const TOKEN_MINIMUM_CHARS: usize = 32;

/// Sets up, builds, starts, prints, and waits.
pub(crate) fn run(flags: &cli::Serve) -> Result<()> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let token = check_token(variable("RINGLET_ADMIN_TOKEN"))?;
    let listen = flags.listen.clone().or_else(|| variable("RINGLET_LISTEN"));
    let listen = listen.unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
    let address: SocketAddr = listen
        .parse()
        .with_context(|| format!("{listen:?} is not an address such as 0.0.0.0:80"))?;
    let state = flags
        .state
        .clone()
        .or_else(|| variable("RINGLET_STATE_DIR").map(PathBuf::from));
    let state = paths::root().join(state.unwrap_or_else(|| PathBuf::from(DEFAULT_STATE)));
    build::all()?;
    let options = Options {
        address,
        state: &state,
        variables: &[("RINGLET_ADMIN_TOKEN", token.as_str())],
    };
    let runtime = Runtime::start_with(&options, SERVE_CONFIGURATION, &[])?;
    let url = format!("http://{address}");
    output::line(&if flags.json {
        json!({
            "ready": true,
            "url": url,
            "health": format!("{url}/healthz"),
            "state": state,
            "pid": std::process::id(),
            "runtime_pid": runtime.id(),
        })
        .to_string()
    } else {
        format!(
            "Ringlet serves {url}, with its state in {}. Ctrl-C ends it.",
            state.display()
        )
    });
    runtime.run_until_signal()
}

fn check_token(token: Option<String>) -> Result<String> {
    match token {
        Some(token) if token.chars().count() >= TOKEN_MINIMUM_CHARS => Ok(token),
        Some(_) => bail!("RINGLET_ADMIN_TOKEN has fewer than {TOKEN_MINIMUM_CHARS} characters"),
        None => bail!(
            "RINGLET_ADMIN_TOKEN is not set; make one with `openssl rand -hex 32` and keep it"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_needed_and_must_be_long() {
        assert!(check_token(None).is_err());
        assert!(check_token(Some("a".repeat(TOKEN_MINIMUM_CHARS - 1))).is_err());
        assert!(check_token(Some("a".repeat(TOKEN_MINIMUM_CHARS))).is_ok());
    }
}
