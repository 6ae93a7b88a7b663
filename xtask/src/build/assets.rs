//! Static files as data modules of the Worker, compressed once, here.
//!
//! `www/**` and `build/agent/**` become `build/worker/assets/*` plus a generated JavaScript
//! manifest that maps each path to its bytes: as they are, brotli 11 and gzip 9.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::paths;
use crate::stamp::{self, Stamp};

/// Characters of a content hash in a file name.
pub(crate) const HASH_CHARS: usize = 16;

/// Where the agent's parts are served.
const AGENT_PREFIX: &str = "/a/";

/// The bundles in `build/agent/` that sites' scripts are made of: the loader for most sites, the
/// one for those that search for numbers, and the reader of consent signals.
const LOADERS: [&str; 3] = ["loader.js", "loader-search.js", "signals.js"];

/// The generated module that `edge/entry.js` imports as `#assets`.
pub(crate) fn manifest() -> PathBuf {
    paths::target().join("assets.js")
}

/// Makes the data modules and the manifest.
pub(crate) fn build() -> Result<()> {
    let agent = paths::build().join("agent");
    let pipeline = paths::root().join("xtask/src/build/assets.rs");
    let description = paths::root().join("openapi.json");
    let stamp = Stamp::new(
        "assets",
        &[
            paths::root().join("www"),
            agent.clone(),
            description.clone(),
            pipeline,
        ],
        "",
    )?;
    let output = paths::build().join("worker/assets");
    if stamp.is_current(&[&output, &manifest()]) {
        return Ok(());
    }
    let _ = fs::remove_dir_all(&output);
    fs::create_dir_all(&output)?;
    let mut module = Module::new(output);
    module.add_directory(&paths::root().join("www"), "/")?;
    module.add_directory(&agent, AGENT_PREFIX)?;
    module.add("/openapi.json", &description)?;
    stamp::write(&manifest(), module.text().as_bytes())?;
    stamp.record()
}

/// The manifest while it grows.
struct Module {
    directory: PathBuf,
    imports: String,
    entries: String,
    files: BTreeMap<String, Value>,
    agent: BTreeMap<String, String>,
    count: usize,
}

impl Module {
    fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            imports: String::new(),
            entries: String::new(),
            files: BTreeMap::new(),
            agent: BTreeMap::new(),
            count: 0,
        }
    }

    /// Adds all files below `source`, each at `prefix` plus its path there.
    fn add_directory(&mut self, source: &Path, prefix: &str) -> Result<()> {
        if !source.exists() {
            return Ok(());
        }
        for file in stamp::files_below(source)? {
            let name = file
                .strip_prefix(source)?
                .to_string_lossy()
                .replace('\\', "/");
            let mut address = format!("{prefix}{name}");
            if prefix == AGENT_PREFIX && LOADERS.contains(&name.as_str()) {
                // Served inside each site's script: no address of its own.
                address = format!("agent/{name}");
                self.agent.insert(name, address.clone());
            }
            self.add(&address, &file)?;
        }
        Ok(())
    }

    fn add(&mut self, address: &str, file: &Path) -> Result<()> {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let hash = &stamp::sha256_hex(&bytes)[..16];
        let media_type = media_type(address);
        let mut forms = vec![("br", brotli(&bytes)?), ("gzip", gzip(&bytes)?)];
        forms.retain(|(_, form)| form.len() < bytes.len());
        let encodings: Vec<&str> = forms.iter().map(|(encoding, _)| *encoding).collect();
        let immutable = file
            .file_stem()
            .is_some_and(|stem| is_hash(&stem.to_string_lossy()));
        self.files.insert(
            address.to_owned(),
            json!({
                "type": media_type,
                "etag": hash,
                "encodings": encodings,
                "immutable": immutable,
            }),
        );
        forms.push(("identity", bytes));
        let mut fields = Vec::new();
        for (encoding, form) in forms {
            let variable = format!("f{}", self.count);
            let module = format!("{hash}.{encoding}");
            stamp::write(&self.directory.join(&module), &form)?;
            writeln!(
                self.imports,
                "import {variable} from \"./assets/{module}\";"
            )?;
            fields.push(format!("{encoding}: {variable}"));
            self.count += 1;
        }
        writeln!(
            self.entries,
            "  [{address:?}, {{ {} }}],",
            fields.join(", ")
        )?;
        Ok(())
    }

    /// JavaScript: `files`, a map from address to bytes by encoding, and `manifest`, JSON text.
    fn text(&self) -> String {
        let manifest = json!({ "files": self.files, "agent": self.agent }).to_string();
        format!(
            "{}export const files = new Map([\n{}]);\nexport const manifest = {};\n",
            self.imports,
            self.entries,
            Value::from(manifest),
        )
    }
}

/// Whether a file is named by the hash of its bytes, and so never changes.
fn is_hash(stem: &str) -> bool {
    stem.len() >= HASH_CHARS && stem.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn extension(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn media_type(name: &str) -> &'static str {
    match extension(name) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "woff2" => "font/woff2",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        _ => "application/octet-stream",
    }
}
