//! `GET /s/{site}.js`: the loader with the site's public configuration in its place; and
//! `/s/{site}.json`: that configuration alone, for pages that pin the loader's bytes
//! (`/a/{hash}.js`).
//! `/s/{site}.v1.js` is the same script as long as its major version is this.
//!
//! Made once for each site, version and encoding in an isolate, then served from memory. Its ETag
//! is of its bytes, so a browser that asks again is told "unchanged" through every restart.

use crate::binding::host;
use crate::http::ask::Ask;
use crate::http::encoding::{self, Encoding};
use crate::http::reply::{Body, Handled, Reply};
use crate::site_cache::Site;
use crate::{auth, statics};
use js_sys::Uint8Array;
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::site::{ConsentMode, PublicConfig};
use std::cell::RefCell;
use std::collections::HashMap;
use wasm_bindgen::JsValue;

/// The built loader with the light rules, for most sites.
const LOADER: &str = "loader.js";
/// The loader that can search pages for numbers by their text, with the whole rules.
const LOADER_SEARCH: &str = "loader-search.js";
/// What reads the signals of consent platforms.
const SIGNALS: &str = "signals.js";
/// Where that takes the site's own mode.
const CONSENT_PLACE: &str = "__RINGLET_CONSENT__";
/// Where the loader takes the configuration; see `agent/loader/README.md`.
const PLACE: &str = "__RINGLET_CONFIG__";
/// Fresh for a minute; for a day an old one is shown while the new one is fetched, so no page
/// waits.
const CACHE: &str = "public, max-age=60, stale-while-revalidate=86400";
/// Scripts kept in one isolate: some 25 kB each, 40 with the rules that search.
const KEPT: usize = 300;
/// Brotli's quality for what is compressed while one reader waits, and served many times. For a
/// script 9 takes some 2 ms, 10 takes 7 and saves four per cent, 11 takes 25 for two more.
const BROTLI_LEVEL: u32 = 10;
/// Gzip's best.
const GZIP_LEVEL: u32 = 9;

#[derive(Clone)]
struct Made {
    version: u64,
    etag: String,
    bytes: JsValue,
}

thread_local! {
    // A cache, keyed by site, form and encoding.
    static MADE: RefCell<HashMap<(String, Form, &'static str), Made>> = RefCell::default();
}

/// The agent's major version, as in `{site}.v1.js`: what a page may rely on stays within it.
const MAJOR: &str = ".v1";

/// What of a site is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// The loader with the configuration in it.
    Script,
    /// The configuration.
    Config,
}

/// The site's id in `{site}.js`, `{site}.v1.js` or `{site}.json`, and which it is.
///
/// # Errors
/// [`ProblemCode::NotFound`] for another ending.
pub(crate) fn form(name: &str) -> Result<(&str, Form), Problem> {
    let script = name.strip_suffix(".js").map(|name| {
        let site = name.strip_suffix(MAJOR).unwrap_or(name);
        (site, Form::Script)
    });
    let config = || Some((name.strip_suffix(".json")?, Form::Config));
    script
        .or_else(config)
        .ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// Serves the script.
///
/// # Errors
/// [`ProblemCode::Internal`] if the build is broken.
pub(crate) fn serve(ask: &Ask, site: &Site, form: Form) -> Handled {
    let accepted = encoding::accepted(&ask.header("accept-encoding").unwrap_or_default());
    let encoding = accepted.first().copied().unwrap_or(Encoding::Identity);
    let made = made(site, form, encoding)?;
    let headers = |reply: Reply| {
        reply
            .with("etag", made.etag.clone())
            .with("cache-control", CACHE)
            .with("vary", "accept-encoding")
            .with("access-control-allow-origin", "*")
            .with("cross-origin-resource-policy", "cross-origin")
    };
    if ask
        .header("if-none-match")
        .is_some_and(|tags| statics::names(&tags, &made.etag))
    {
        return Ok(headers(Reply::empty(304)));
    }
    let body = Body::Bytes(made.bytes.clone(), encoding);
    let reply = Reply {
        status: 200,
        headers: Vec::new(),
        body,
    };
    let media_type = match form {
        Form::Script => "text/javascript; charset=utf-8",
        Form::Config => "application/json",
    };
    Ok(headers(reply.with("content-type", media_type)))
}

fn made(site: &Site, form: Form, encoding: Encoding) -> Result<Made, Problem> {
    let key = (site.config.site.to_string(), form, encoding.as_str());
    let known = MADE.with_borrow(|made| made.get(&key).cloned());
    if let Some(known) = known.filter(|known| known.version == site.version) {
        return Ok(known);
    }
    let text = match form {
        Form::Script => text(site)?,
        Form::Config => PublicConfig::new(&site.config, site.version).to_json(),
    };
    let plain = Uint8Array::from(text.as_bytes());
    let broken = |_| Problem::new(ProblemCode::Internal);
    let bytes = match encoding {
        Encoding::Identity => plain,
        Encoding::Brotli => host::compress(&plain, "br", BROTLI_LEVEL).map_err(broken)?,
        Encoding::Gzip => host::compress(&plain, "gzip", GZIP_LEVEL).map_err(broken)?,
    };
    let hash = auth::sha256_hex(&text);
    let etag = statics::variant_etag(&format!("\"{}\"", &hash[..16]), encoding);
    let made = Made {
        version: site.version,
        etag,
        bytes: bytes.into(),
    };
    MADE.with_borrow_mut(|all| {
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert(key, made.clone());
    });
    Ok(made)
}

/// The loader with the configuration in its place.
fn text(site: &Site) -> Result<String, Problem> {
    let broken = |fault: &str| {
        let detail = Detail::Own(fault.to_owned());
        Problem::with_detail(ProblemCode::Internal, detail)
    };
    let config = PublicConfig::new(&site.config, site.version);
    let name = if config.searches() {
        LOADER_SEARCH
    } else {
        LOADER
    };
    let loader = bundle(name)?;
    let (before, after) = loader
        .split_once(PLACE)
        .ok_or_else(|| broken("the loader has no place for its data"))?;
    let signals = match config.consent {
        ConsentMode::Granted => String::new(),
        ConsentMode::Cookieless => bundle(SIGNALS)?.replace(CONSENT_PLACE, "\"cookieless\""),
        ConsentMode::Wait => bundle(SIGNALS)?.replace(CONSENT_PLACE, "\"wait\""),
    };
    Ok([before, &config.to_json(), after, &signals].concat())
}

/// A bundle of the build.
fn bundle(name: &str) -> Result<String, Problem> {
    let broken = |fault: &str| {
        let detail = Detail::Own(fault.to_owned());
        Problem::with_detail(ProblemCode::Internal, detail)
    };
    let asset = statics::asset(name)?.ok_or_else(|| broken("the build has no loader"))?;
    let bytes = Uint8Array::new(&asset.identity()).to_vec();
    String::from_utf8(bytes).map_err(|_| broken("the loader is no text"))
}
