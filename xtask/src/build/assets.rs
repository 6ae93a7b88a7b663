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

use crate::paths;
use crate::stamp::{self, Stamp};

/// The generated module that `edge/entry.js` imports as `#assets`.
pub(crate) fn manifest() -> PathBuf {
    paths::target().join("assets.js")
}

/// Makes the data modules and the manifest.
pub(crate) fn build() -> Result<()> {
    let sources = [paths::root().join("www"), paths::build().join("agent")];
    let pipeline = paths::root().join("xtask/src/build/assets.rs");
    let inputs: Vec<PathBuf> = sources.iter().cloned().chain([pipeline]).collect();
    let stamp = Stamp::new("assets", &inputs, "")?;
    let output = paths::build().join("worker/assets");
    if stamp.is_current(&[&output, &manifest()]) {
        return Ok(());
    }
    let _ = fs::remove_dir_all(&output);
    fs::create_dir_all(&output)?;
    let mut files = BTreeMap::new();
    for source in sources.iter().filter(|source| source.exists()) {
        for file in stamp::files_below(source)? {
            let name = file
                .strip_prefix(source)?
                .to_string_lossy()
                .replace('\\', "/");
            files.insert(name, file);
        }
    }
    let mut module = Module::default();
    for (name, file) in &files {
        module.add(name, file, &output)?;
    }
    stamp::write(&manifest(), module.text().as_bytes())?;
    stamp.record()
}

/// The text of the manifest while it grows.
#[derive(Default)]
struct Module {
    imports: String,
    entries: String,
    count: usize,
}

impl Module {
    fn add(&mut self, name: &str, file: &Path, output: &Path) -> Result<()> {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let hash = &stamp::sha256_hex(&bytes)[..16];
        let media_type = media_type(name);
        let mut fields = format!("type: \"{media_type}\", etag: \"{hash}\"");
        let mut forms = vec![("identity", "bin", bytes.clone())];
        if is_compressible(media_type) {
            forms.push(("br", "br", brotli(&bytes)?));
            forms.push(("gzip", "gz", gzip(&bytes)?));
        }
        for (field, suffix, form) in forms {
            if field != "identity" && form.len() >= bytes.len() {
                continue;
            }
            let variable = format!("a{}", self.count);
            let module = format!("{hash}.{suffix}");
            stamp::write(&output.join(&module), &form)?;
            writeln!(
                self.imports,
                "import {variable} from \"./assets/{module}\";"
            )?;
            write!(fields, ", {field}: {variable}")?;
            self.count += 1;
        }
        writeln!(self.entries, "  [{name:?}, {{ {fields} }}],")?;
        Ok(())
    }

    fn text(&self) -> String {
        format!(
            "{}export const assets = new Map([\n{}]);\n",
            self.imports, self.entries
        )
    }
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
    match name.rsplit('.').next().unwrap_or_default() {
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

fn is_compressible(media_type: &str) -> bool {
    !matches!(media_type, "font/woff2" | "image/png" | "image/webp")
}
