//! Built files: the demonstration, the dashboard, the agent's parts.
//!
//! Every file is there in each encoding that pays; nothing is compressed while a reader waits. A
//! name with a hash in it never changes; anything else is asked for again with its ETag.

use crate::binding::host::{self, Asset};
use crate::http::ask::Ask;
use crate::http::encoding::{self, Encoding};
use crate::http::reply::{Body, Handled, Reply};
use crate::release;
use ringlet_core::api::problem::{Problem, ProblemCode};
use wasm_bindgen::JsValue;
use worker::Env;

/// What a page of ours may load. The agent is WebAssembly, hence `'wasm-unsafe-eval'`; the live
/// view shows the shop in a frame beside it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
     connect-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     manifest-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; \
     form-action 'self'";

/// Characters of a content's hash in a name.
const HASH_CHARS: usize = 16;
/// A name with its content's hash in it.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// A part of the agent that every release has: fresh for a minute, as is [`crate::script`].
const CURRENT: &str = "public, max-age=60, stale-while-revalidate=86400";
/// Everything else: kept, but asked for again.
const REVALIDATED: &str = "public, max-age=0, must-revalidate";

/// Serves the file at the request's path.
///
/// # Errors
/// [`ProblemCode::NotFound`].
pub(crate) fn page(ask: &Ask) -> Handled {
    let path = ask.path.trim_start_matches('/');
    let name = if path.is_empty() || path.ends_with('/') {
        format!("{path}index.html")
    } else {
        path.to_owned()
    };
    if let Some(asset) = asset(&name)? {
        return serve(ask, &asset, REVALIDATED);
    }
    // A folder without its slash: relative links in its page would break.
    if asset(&format!("{path}/index.html"))?.is_some() {
        let to = format!("/{path}/");
        return Ok(Reply::empty(308)
            .with("location", to)
            .with("cache-control", "no-store"));
    }
    Err(Problem::new(ProblemCode::NotFound))
}

/// Serves a part of the agent by its hashed name, of this release or of a former one, or under a
/// name that every release has. Pages of any origin may load it: it is the same for everybody and
/// holds no site's data.
///
/// # Errors
/// [`ProblemCode::NotFound`].
pub(crate) async fn agent_part(ask: &Ask, env: &Env, name: &str) -> Handled {
    let stem = name.split('.').next().unwrap_or_default();
    let is_hash = stem.len() == HASH_CHARS && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
    let reply = match asset(&format!("a/{name}"))? {
        Some(asset) if is_hash => {
            release::keep(ask, env);
            serve(ask, &asset, IMMUTABLE)?
        }
        Some(asset) => serve(ask, &asset, CURRENT)?,
        None if is_hash => release::former(ask, env, name)
            .await?
            .with("cache-control", IMMUTABLE),
        None => return Err(Problem::new(ProblemCode::NotFound)),
    };
    Ok(reply
        .with("access-control-allow-origin", "*")
        .with("cross-origin-resource-policy", "cross-origin"))
}

/// The file at `path`.
///
/// # Errors
/// [`ProblemCode::Internal`] if the entry module is broken.
pub(crate) fn asset(path: &str) -> Result<Option<Asset>, Problem> {
    host::asset(path).map_err(|_| Problem::new(ProblemCode::Internal))
}

fn serve(ask: &Ask, asset: &Asset, cache: &'static str) -> Handled {
    let media_type = String::from(asset.media_type());
    let (bytes, encoding) = best(asset, &ask.header("accept-encoding").unwrap_or_default());
    let etag = variant_etag(&format!("\"{}\"", asset.etag()), encoding);
    let unchanged = ask
        .header("if-none-match")
        .is_some_and(|tags| names(&tags, &etag));
    let html = media_type.starts_with("text/html");
    let mut reply = if unchanged {
        Reply::empty(304)
    } else {
        Reply {
            status: 200,
            headers: Vec::new(),
            body: Body::Bytes(bytes, encoding),
        }
        .with("content-type", media_type)
    };
    reply = reply
        .with("etag", etag)
        .with("cache-control", cache)
        .with("vary", "accept-encoding");
    if html {
        reply = secured(reply);
    }
    Ok(reply)
}

/// The page on what refusals mean.
pub(crate) fn problems() -> Reply {
    let reply = Reply {
        status: 200,
        headers: Vec::new(),
        body: Body::Text(ringlet_core::api::paper::html()),
    };
    secured(reply.with("content-type", "text/html; charset=utf-8"))
        .with("cache-control", REVALIDATED)
}

/// A page's reply with the headers that keep it to itself.
fn secured(reply: Reply) -> Reply {
    reply
        .with("content-security-policy", CONTENT_SECURITY_POLICY)
        .with("referrer-policy", "strict-origin-when-cross-origin")
        .with("cross-origin-opener-policy", "same-origin")
        .with(
            "permissions-policy",
            "camera=(), geolocation=(), microphone=(), payment=()",
        )
        .with("x-frame-options", "SAMEORIGIN")
}

/// The shortest form of the file that the client takes.
fn best(asset: &Asset, accept_encoding: &str) -> (JsValue, Encoding) {
    for encoding in encoding::accepted(accept_encoding) {
        let bytes = match encoding {
            Encoding::Brotli => asset.br(),
            Encoding::Gzip => asset.gzip(),
            Encoding::Identity => asset.identity(),
        };
        if !bytes.is_undefined() && !bytes.is_null() {
            return (bytes, encoding);
        }
    }
    (asset.identity(), Encoding::Identity)
}

/// An ETag of its own for each encoding: they are different bytes.
pub(crate) fn variant_etag(etag: &str, encoding: Encoding) -> String {
    match encoding {
        Encoding::Identity => etag.to_owned(),
        Encoding::Brotli | Encoding::Gzip => {
            format!("{}-{}\"", etag.trim_end_matches('"'), encoding.as_str())
        }
    }
}

/// Whether an `If-None-Match` names `etag`. A proxy that changed the encoding made it weak (`W/`).
pub(crate) fn names(if_none_match: &str, etag: &str) -> bool {
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    if_none_match
        .split(',')
        .any(|tag| tag.trim() == "*" || plain(tag) == plain(etag))
}
