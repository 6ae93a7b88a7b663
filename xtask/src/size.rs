//! `cargo xtask size`: the bytes that a browser really gets, and the Worker's module.
//!
//! The Worker is started and asked as a browser asks; nothing is read from the build directory
//! but the module that is uploaded.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::api::{self, Api};
use crate::dev::DEMONSTRATION;
use crate::runtime::{Options, Runtime};
use crate::{budgets, build, cli, output, paths};

/// Any token does: the Worker lives for one measurement.
pub(crate) const TOKEN: &str = "token-of-one-measurement-0123456789abcdef";

/// The level of `edge/src/script.rs`.
const SCRIPT_QUALITY: i32 = 10;
/// That of `build/assets.rs`.
const FILE_QUALITY: i32 = 11;

/// Bytes of the agent's parts in one encoding.
struct Served {
    /// The site's script, with the rules that it starts with: the whole first load.
    script: usize,
    /// The rules that it loads where these do not know a place.
    whole_wasm: usize,
}

/// Measures, prints, and compares with the budgets.
pub(crate) fn run(flags: &cli::Report) -> Result<()> {
    build::all()?;
    let worker = TemporaryWorker::start()?;
    let brotli = measure(&worker.base, "br")?;
    let gzip = measure(&worker.base, "gzip")?;
    let wasm_gzip = gzip_bytes(&fs::read(paths::build().join("worker/edge.wasm"))?)?;
    let (loader, rules) = halves(&worker.base)?;
    let control = control_bytes(&worker.base)?;
    if flags.json {
        // The glue is bundled into the loader: no file of its own is served.
        let report = json!({
            "agent": {
                "first_load_brotli": brotli.script,
                "loader_brotli": loader,
                "glue_brotli": 0,
                "wasm_brotli": rules,
                "whole_wasm_brotli": brotli.whole_wasm,
                "first_load_gzip": gzip.script,
                "control_brotli": control,
            },
            "edge": { "wasm_gzip": wasm_gzip },
        });
        output::line(&report.to_string());
        return Ok(());
    }
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
    let figures = [
        ("agent.first_load_brotli", brotli.script as f64),
        ("agent.loader_brotli", loader as f64),
        ("agent.wasm_brotli", rules as f64),
        ("agent.whole_wasm_brotli", brotli.whole_wasm as f64),
        ("agent.first_load_gzip", gzip.script as f64),
        ("agent.control_brotli", control as f64),
        ("edge.wasm_gzip", wasm_gzip as f64),
    ];
    budgets::compare(&figures)
}

/// A Worker on a free port, with the demonstration site and state of its own.
pub(crate) struct TemporaryWorker {
    pub(crate) base: String,
    state: std::path::PathBuf,
    _runtime: Runtime,
}

impl TemporaryWorker {
    pub(crate) fn start() -> Result<Self> {
        let state = std::env::temp_dir().join(format!("ringlet-{}", std::process::id()));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let runtime = Runtime::start(&Options {
            address,
            state: &state,
            variables: &[("RINGLET_ADMIN_TOKEN", TOKEN), ("RINGLET_DEV", "1")],
        })?;
        let base = format!("http://{address}");
        let site = fs::read_to_string(paths::root().join("www/demo/site.json"))?;
        let site: Value = serde_json::from_str(&site)?;
        let worker = Self {
            base,
            state,
            _runtime: runtime,
        };
        let api = Api {
            base: &worker.base,
            token: TOKEN,
        };
        api.put_configuration(DEMONSTRATION, &site, None)?;
        Ok(worker)
    }
}

impl Drop for TemporaryWorker {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.state);
    }
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Fetches the site's script, as a browser's first load does (`tests/browser/www.test.mjs` sees
/// that it asks for nothing else), then the whole rules.
fn measure(base: &str, encoding: &str) -> Result<Served> {
    let script_address = format!("{base}/s/{DEMONSTRATION}.js");
    let script = text(&script_address)?;
    let release: Value = serde_json::from_str(&text(&format!("{base}/a/agent.json"))?)?;
    let path = release["whole_rules"]["path"]
        .as_str()
        .context("no such rules")?;
    let file = path.trim_start_matches("/a/");
    ensure!(script.contains(file), "the script does not name {file}");
    Ok(Served {
        script: bytes(&script_address, encoding)?.len(),
        whole_wasm: bytes(&format!("{base}{path}"), encoding)?.len(),
    })
}

/// The first load's loader and rules by themselves, compressed as a script and as a file of the
/// build would be.
fn halves(base: &str) -> Result<(usize, usize)> {
    let script = text(&format!("{base}/s/{DEMONSTRATION}.js"))?;
    let rules = fs::read(paths::build().join("agent/agent.wasm"))?;
    let literal = build::agent::literal(&rules);
    ensure!(script.contains(&literal), "the script has other rules");
    let loader = script.replacen(&literal, "''", 1);
    let loader = brotli_bytes(loader.as_bytes(), SCRIPT_QUALITY)?;
    Ok((loader, brotli_bytes(&rules, FILE_QUALITY)?))
}

/// The first load of an agent without WebAssembly, as the edge would compress it.
fn control_bytes(base: &str) -> Result<usize> {
    let config = text(&format!("{base}/s/{DEMONSTRATION}.json"))?;
    let script = String::from_utf8(build::agent::control()?)?;
    let script = script.replacen("__RINGLET_CONFIG__", &config, 1);
    brotli_bytes(script.as_bytes(), SCRIPT_QUALITY)
}

fn brotli_bytes(mut bytes: &[u8], quality: i32) -> Result<usize> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality,
        size_hint: bytes.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut bytes, &mut compressed, &parameters)?;
    Ok(compressed.len())
}

fn text(address: &str) -> Result<String> {
    api::accepted(
        api::agent()
            .get(address)
            .header("accept-encoding", "identity")
            .call()?,
    )
    .with_context(|| address.to_owned())
}

/// The body as sent, still encoded.
fn bytes(address: &str, encoding: &str) -> Result<Vec<u8>> {
    let answer = api::agent()
        .get(address)
        .header("accept-encoding", encoding)
        .call()?;
    let used = answer
        .headers()
        .get("content-encoding")
        .and_then(|value| value.to_str().ok());
    if answer.status() != 200 || used != Some(encoding) {
        bail!(
            "{address}: {} with content-encoding {used:?}, not {encoding}",
            answer.status()
        );
    }
    Ok(answer.into_body().read_to_vec()?)
}

fn gzip_bytes(bytes: &[u8]) -> Result<usize> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
