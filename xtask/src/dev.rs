//! `cargo xtask dev`: the demonstration on the real runtime.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::api::{Api, Stored};
use crate::runtime::{Options, Runtime};
use crate::{build, cli, output, paths, stamp};

/// The site of `www/demo/`.
pub(crate) const DEMONSTRATION: &str = "demo";

const DEFAULT_PORT: u16 = 8787;

/// Sets up, builds, starts, seeds, prints, and waits.
pub(crate) fn run(flags: &cli::Dev) -> Result<()> {
    build::all()?;
    let directory = paths::root().join(".ringlet/dev");
    if flags.fresh && directory.exists() {
        fs::remove_dir_all(&directory).context("cannot forget the earlier state")?;
    }
    let token = token(&directory)?;
    let port = flags.port.unwrap_or(DEFAULT_PORT);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let variables = [
        ("RINGLET_ADMIN_TOKEN", token.as_str()),
        ("RINGLET_DEV", "1"),
    ];
    let runtime = Runtime::start(&Options {
        address,
        state: &directory.join("state"),
        variables: &variables,
    })?;
    let base = format!("http://{address}");
    if let Err(error) = seed(&base, &token) {
        eprintln!("warning: no demonstration site: {error:#}");
    }
    announce(flags.json, &base, &token, runtime.id());
    runtime.run_until_signal()
}

/// The administrator's token, made once and kept beside the state.
fn token(directory: &Path) -> Result<String> {
    let path = directory.join("admin-token");
    if let Ok(token) = fs::read_to_string(&path) {
        return Ok(token);
    }
    let token = random_token()?;
    stamp::write(&path, token.as_bytes())?;
    Ok(token)
}

/// 256 random bits in hexadecimal.
fn random_token() -> Result<String> {
    use std::io::Read as _;
    let mut bytes = [0_u8; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Puts the demonstration site where it is missing, and lets its pages come from `base`.
fn seed(base: &str, token: &str) -> Result<()> {
    let api = Api { base, token };
    let stored = match api.configuration(DEMONSTRATION)? {
        Some(stored) => stored,
        None => {
            let source = paths::root().join("www/demo/site.json");
            let text = fs::read_to_string(&source)?;
            let configuration = serde_json::from_str(&text)
                .with_context(|| format!("{} is no JSON", source.display()))?;
            Stored {
                configuration,
                etag: None,
            }
        }
    };
    let is_new = stored.etag.is_none();
    let mut configuration = stored.configuration;
    let origins = configuration["origins"]
        .as_array_mut()
        .context("the site has no origins")?;
    let mut missing = [base.to_owned(), base.replace("127.0.0.1", "localhost")].to_vec();
    missing.retain(|origin| !origins.iter().any(|known| known == origin));
    if missing.is_empty() && !is_new {
        return Ok(());
    }
    origins.extend(missing.into_iter().map(Value::from));
    if is_new {
        configuration["telephony"] = telephony()?;
    }
    api.put_configuration(DEMONSTRATION, &configuration, stored.etag.as_deref())
}

/// Secrets of the exchanges whose calls the live view can pretend. Made here, because what is in
/// the repository is known to everybody.
fn telephony() -> Result<Value> {
    let signed_json = random_token()?;
    Ok(json!({
        "asterisk": {"path_secrets": [random_token()?]},
        "calltouch": {"path_secrets": [random_token()?]},
        "freeswitch": {"path_secrets": [random_token()?]},
        "generic": {"secrets": [signed_json]},
        "mango": {"key": random_token()?, "secrets": [random_token()?]},
        "megafon": {"secrets": [random_token()?]},
        "novofon": {"secrets": [random_token()?], "path_secrets": [random_token()?]},
        "telnyx": {"secrets": [telnyx_public_key(&signed_json)]},
        "twilio": {"secrets": [random_token()?]},
        "uis": {"path_secrets": [random_token()?]},
        "zadarma": {"secrets": [random_token()?], "path_secrets": [random_token()?]},
    }))
}

/// The public key of an exchange that signs with the pair which the live view makes too
/// (`www/demo/live/exchanges-telnyx.js`).
fn telnyx_public_key(secret: &str) -> String {
    let seed = sha2::Sha256::digest(format!("telnyx {secret}"));
    let key = ed25519_dalek::SigningKey::from_bytes(&seed.into());
    STANDARD.encode(key.verifying_key().as_bytes())
}

fn announce(as_json: bool, base: &str, token: &str, runtime_pid: u32) {
    let shop = format!("{base}/demo/");
    let both = format!("{base}/demo/both/#token={token}");
    let live = format!("{base}/demo/live/#token={token}");
    let health = format!("{base}/healthz");
    if as_json {
        let line = json!({
            "ready": true,
            "url": base,
            "shop": shop,
            "both": both,
            "live": live,
            "health": health,
            "admin_token": token,
            "pid": std::process::id(),
            "runtime_pid": runtime_pid,
        });
        output::line(&line.to_string());
        return;
    }
    output::line(&format!(
        "\nRinglet is running. Ctrl-C ends it.\n\n  \
         shop and live view   {both}\n  \
         shop                 {shop}\n  \
         live view            {live}\n  \
         health               {health}\n"
    ));
}
