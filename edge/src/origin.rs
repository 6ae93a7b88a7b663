//! Which pages may ask: CORS for the browser, and the refusal of anybody else's page.
//!
//! Outside browsers an `Origin` is whatever the sender writes; this keeps other people's pages out,
//! not programs.

use crate::http::ask::Ask;
use crate::http::reply::Reply;
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::site::SiteConfig;

/// The request's origin, if it is one of the site's. A request of the Worker's own pages (the
/// demonstration) counts only if the site lists that origin too.
///
/// # Errors
/// [`ProblemCode::WrongOrigin`], without an origin too.
pub(crate) fn admitted(ask: &Ask, config: &SiteConfig) -> Result<String, Problem> {
    let origin = ask.header("origin").unwrap_or_default();
    if config.is_own_origin(&origin) {
        return Ok(origin);
    }
    let detail = if origin.is_empty() {
        Detail::NoOrigin
    } else {
        Detail::ForeignOrigin
    };
    Err(Problem::with_detail(ProblemCode::WrongOrigin, detail))
}

/// The same for an AMP page, which a cache may serve in the site's name; see
/// [`SiteConfig::is_own_amp_origin`]. Where the Worker answers under the site's own origin the
/// browser sends none, and AMP says so instead: other origins could send that header only after a
/// preflight, which is not granted.
///
/// # Errors
/// As [`admitted`].
pub(crate) fn admitted_amp(
    ask: &Ask,
    config: &SiteConfig,
    source: &str,
) -> Result<String, Problem> {
    let origin = ask.header("origin").unwrap_or_default();
    let is_same = origin.is_empty() && ask.header("amp-same-origin").as_deref() == Some("true");
    if is_same && config.is_own_origin(source) {
        return Ok(source.to_owned());
    }
    if config.is_own_amp_origin(&origin, source) {
        return Ok(origin);
    }
    admitted(ask, config)
}

/// The reply as the page of `origin` may read it.
pub(crate) fn shared_with(reply: Reply, origin: String) -> Reply {
    reply
        .with("access-control-allow-origin", origin)
        .with("access-control-expose-headers", "server-timing")
        .with("vary", "origin")
}

/// The answer to a preflight. The agent's own requests need none; a page's own scripts may.
pub(crate) fn preflight(origin: String) -> Reply {
    shared_with(Reply::empty(204), origin)
        .with("access-control-allow-methods", "POST")
        .with("access-control-allow-headers", "content-type")
        .with("access-control-max-age", "86400")
}
