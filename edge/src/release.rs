//! Releases of the agent outlive their deployment.
//!
//! The first isolate that serves a part of this release has the releases' object keep all of its
//! parts ([`crate::release_object`]); a Worker that is asked for a part it was not built with asks
//! there. So a page that pinned a release, or has an older script in its cache, goes on.

use crate::binding::fault::Fault;
use crate::binding::host;
use crate::clock;
use crate::http::ask::Ask;
use crate::http::encoding::{self, Encoding};
use crate::http::reply::{Body, Handled, Reply};
use crate::log::{Level, Line};
use crate::message::release::{NamedPart, Part, ReleaseCommand};
use crate::objects::{self, Class};
use crate::release_object::NAME;
use crate::{auth, statics, throttle};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use js_sys::Uint8Array;
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use worker::Env;

/// Parts of former releases that an isolate has at hand: some 20 kB each.
const AT_HAND: usize = 32;
/// As for a site's script: compressed while one reader waits.
const BROTLI_LEVEL: u32 = 9;
const GZIP_LEVEL: u32 = 9;

thread_local! {
    // Whether this isolate has seen to it that its release is kept.
    static IS_KEPT: Cell<bool> = const { Cell::new(false) };
    // A cache, keyed by name and encoding.
    static FORMER: RefCell<HashMap<(String, &'static str), Former>> = RefCell::default();
}

/// A part of a former release, as it is served.
#[derive(Clone)]
struct Former {
    media_type: String,
    bytes: Uint8Array,
}

/// Has this release kept, once in an isolate, behind the answer.
pub(crate) fn keep(ask: &Ask, env: &Env) {
    if IS_KEPT.replace(true) {
        return;
    }
    let env = env.clone();
    ask.meanwhile(async move {
        match keep_now(&env).await {
            Ok(true) => Line::new(Level::Info, "release_kept").write(),
            Ok(false) => {}
            Err(fault) => {
                // The next request tries again.
                IS_KEPT.set(false);
                Line::new(Level::Warn, "release_not_kept")
                    .fault(&fault.message)
                    .write();
            }
        }
    });
}

/// Whether it had to be told.
async fn keep_now(env: &Env) -> Result<bool, Fault> {
    let mut names = host::parts()?;
    names.sort_unstable();
    let release = auth::sha256_hex(&names.join("\n"));
    let known = ReleaseCommand::Knows {
        release: release.clone(),
    };
    if objects::ask(env, Class::Release, NAME, &known).await? {
        return Ok(false);
    }
    let mut parts = Vec::with_capacity(names.len());
    for name in names {
        if let Some(asset) = host::asset(&format!("a/{name}"))? {
            let part = Part {
                media_type: String::from(asset.media_type()),
                base64: STANDARD.encode(Uint8Array::new(&asset.identity()).to_vec()),
            };
            parts.push(NamedPart { name, part });
        }
    }
    let at = clock::now();
    let keep = ReleaseCommand::Keep { release, at, parts };
    objects::ask::<_, ()>(env, Class::Release, NAME, &keep).await?;
    Ok(true)
}

/// Serves a part of a former release.
///
/// # Errors
/// [`ProblemCode::NotFound`], also for a network that asks for too many; what the object failed
/// with.
pub(crate) async fn former(ask: &Ask, env: &Env, name: &str) -> Handled {
    let accepted = encoding::accepted(&ask.header("accept-encoding").unwrap_or_default());
    let encoding = accepted.first().copied().unwrap_or(Encoding::Identity);
    let key = (name.to_owned(), encoding.as_str());
    let mut found = FORMER.with_borrow(|former| former.get(&key).cloned());
    if found.is_none() {
        let part = fetch_part(ask, env, name).await?;
        let bytes = compressed(&part, encoding);
        let bytes = bytes.map_err(|_| Problem::new(ProblemCode::Internal))?;
        let media_type = part.media_type;
        let made = Former { media_type, bytes };
        FORMER.with_borrow_mut(|former| {
            if former.len() >= AT_HAND {
                former.clear();
            }
            former.insert(key, made.clone());
        });
        found = Some(made);
    }
    let Former { media_type, bytes } = found.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let stem = name.split('.').next().unwrap_or_default();
    let etag = statics::variant_etag(&format!("\"{stem}\""), encoding);
    let unchanged = ask
        .header("if-none-match")
        .is_some_and(|tags| statics::names(&tags, &etag));
    let reply = if unchanged {
        Reply::empty(304)
    } else {
        Reply {
            status: 200,
            headers: Vec::new(),
            body: Body::Bytes(bytes.into(), encoding),
        }
        .with("content-type", media_type)
    };
    Ok(reply.with("etag", etag).with("vary", "accept-encoding"))
}

async fn fetch_part(ask: &Ask, env: &Env, name: &str) -> Result<Part, Problem> {
    let missing = || Problem::new(ProblemCode::NotFound);
    // Names that nobody ever had are free to guess.
    throttle::page(ask, "", clock::now()).map_err(|_| missing())?;
    let name = name.to_owned();
    let found: Result<Option<Part>, Fault> =
        objects::ask(env, Class::Release, NAME, &ReleaseCommand::Part { name }).await;
    found
        .map_err(|fault| Problem::with_detail(ProblemCode::Internal, Detail::Own(fault.message)))?
        .ok_or_else(missing)
}

fn compressed(part: &Part, encoding: Encoding) -> Result<Uint8Array, Fault> {
    let bytes = STANDARD.decode(&part.base64);
    let bytes = bytes.map_err(|_| Fault::new("a kept part is no base64"))?;
    let plain = Uint8Array::from(bytes.as_slice());
    Ok(match encoding {
        Encoding::Identity => plain,
        Encoding::Brotli => host::compress(&plain, "br", BROTLI_LEVEL)?,
        Encoding::Gzip => host::compress(&plain, "gzip", GZIP_LEVEL)?,
    })
}
