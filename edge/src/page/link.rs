//! Visitors who go on to another of the owner's domains: see [`ringlet_core::link`].

use crate::clock;
use crate::site_cache::Site;
use ringlet_core::link::{self, LinkKey, Passed};
use ringlet_core::wire::VisitRequest;
use worker::Env;

/// Name of the Worker secret that the sites' keys are made of. A Worker without one passes nobody
/// on.
const SECRET: &str = "RINGLET_ADMIN_TOKEN";

fn key(site: &Site, env: &Env) -> Option<LinkKey> {
    if site.config.page.linked_domains.is_empty() {
        return None;
    }
    let secret = crate::env::text(env, SECRET)?;
    Some(LinkKey::new(&secret, &site.config.site))
}

/// `request` as of the visitor who arrives with it, if its address has a token that holds.
pub(super) fn arrived(site: &Site, env: &Env, request: VisitRequest) -> VisitRequest {
    let Some(key) = key(site, env) else {
        return request;
    };
    let Some((token, url)) = link::token_in(&request.url) else {
        return request;
    };
    let passed = link::verify(&key, token, clock::now());
    let request = VisitRequest { url, ..request };
    match passed {
        // Without his consent nobody is recognised.
        Some(passed) if request.consent == "granted" => taken(request, passed),
        _ => request,
    }
}

fn taken(request: VisitRequest, passed: Passed) -> VisitRequest {
    let visitor = passed.visitor.to_string();
    // What was lent to whoever else was here is not his.
    let same = request.visitor.as_ref() == Some(&visitor);
    VisitRequest {
        leases: if same { request.leases } else { Vec::new() },
        memory: passed.memory,
        visitor: Some(visitor),
        visit: Some(passed.visit.to_string()),
        ..request
    }
}

/// The token by which the visitor of an answer is passed on.
pub(super) fn leaving(site: &Site, env: &Env, passed: &Passed) -> Option<String> {
    Some(link::sign(&key(site, env)?, passed, clock::now()))
}
