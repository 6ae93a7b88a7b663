//! `cargo xtask dev`: the demonstration on the real runtime.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::runtime::{Options, Runtime};
use crate::{build, cli, output, paths, stamp};

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
    seed(&directory, &base, &token)?;
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

/// Puts the demonstration site's configuration, once per state directory.
fn seed(directory: &Path, base: &str, token: &str) -> Result<()> {
    let source = paths::root().join("www/demo/site.json");
    let marker = directory.join("seeded");
    if marker.exists() || !source.exists() {
        return Ok(());
    }
    let body = demonstration(&fs::read_to_string(&source)?, base)?;
    let answer = ureq::put(format!("{base}/api/v1/sites/demo/config"))
        .config()
        .http_status_as_error(false)
        .build()
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .send(body.as_str())
        .context("cannot seed the demonstration site")?;
    let status = answer.status();
    if status.is_success() {
        return stamp::write(&marker, b"");
    }
    let text = answer.into_body().read_to_string().unwrap_or_default();
    eprintln!("warning: the demonstration site was not seeded: {status} {text}");
    Ok(())
}

/// The demonstration site for this run: pages of this address may use it, and its webhook secret is
/// made here, because whatever is in the repository is known to everybody.
fn demonstration(text: &str, base: &str) -> Result<String> {
    let mut site: serde_json::Value = serde_json::from_str(text)?;
    site["origins"] = json!([base, base.replace("127.0.0.1", "localhost")]);
    site["telephony"] = json!({"generic": {"secrets": [random_token()?]}});
    Ok(site.to_string())
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
         demonstration shop   {shop}\n  \
         live view            {live}\n  \
         health               {health}\n"
    ));
}
