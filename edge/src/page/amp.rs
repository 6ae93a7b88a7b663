//! `GET …/amp/{scenario}`: what `amp-call-tracking` asks, once per page view.
//!
//! AMP lets no script of ours run: there are no signs of activity, so the number stays for the hold
//! time after the page was opened, and what the page shows is formatted here. Whatever is not
//! answered with a number leaves the page's own; so does an answer without content.

use super::visit;
use crate::env::is_development;
use crate::http::ask::Ask;
use crate::http::reply::{Handled, Reply};
use crate::origin;
use crate::site_cache::Site;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::bot::is_bot;
use ringlet_core::id::{ScenarioId, VisitorId};
use ringlet_core::mask;
use ringlet_core::pool::key_of;
use ringlet_core::wire::{VisitRequest, WIRE_VERSION};
use worker::Env;

pub(super) async fn answer(site: &Site, scenario: &str, ask: &Ask, env: &Env) -> Handled {
    let source = ask.parameter("__amp_source_origin").unwrap_or_default();
    let origin = origin::admitted_amp(ask, &site.config, &source)?;
    let reply = number(site, scenario, ask, env).await?;
    // The component asks with credentials, though there are none: without this word the browser
    // keeps the answer from it.
    let reply = reply.with("access-control-allow-credentials", "true");
    Ok(origin::shared_with(reply, origin))
}

async fn number(site: &Site, scenario: &str, ask: &Ask, env: &Env) -> Handled {
    let id = ScenarioId::parse(scenario).map_err(|_| Problem::new(ProblemCode::NotFound))?;
    let Some(scenario) = site.config.scenario(&id) else {
        return Err(Problem::new(ProblemCode::NotFound));
    };
    let agent = ask.header("user-agent").unwrap_or_default();
    if is_bot(&agent) && !is_development(env) {
        return Ok(Reply::empty(204));
    }
    let parameter = |name: &str| ask.parameter(name).unwrap_or_default();
    let client = parameter("client");
    let request = VisitRequest {
        v: WIRE_VERSION,
        // The same reader has the same number on every page: AMP's client id is all there is.
        visitor: (!client.is_empty()).then(|| VisitorId(key_of(&client)).to_string()),
        url: parameter("url"),
        referrer: parameter("referrer"),
        targets: vec![id.as_str().to_owned()],
        consent: if client.is_empty() {
            "cookieless"
        } else {
            "granted"
        }
        .to_owned(),
        device: if agent.contains("Mobile") {
            "mobile"
        } else {
            "desktop"
        }
        .to_owned(),
        ..VisitRequest::default()
    };
    let reply = visit::reply(site, ask, env, &request).await?;
    let Some(number) = reply.numbers.iter().find_map(|given| given.number) else {
        return Ok(Reply::empty(204));
    };
    let written = match &scenario.mask {
        Some(mask) => mask.format(number, site.config.country_code),
        None => mask::full(number, site.config.country_code),
    };
    let body = serde_json::json!({
        "phoneNumber": format!("+{}", number.digits().as_str()),
        "formattedPhoneNumber": written,
    });
    Ok(Reply::json(200, body.to_string()))
}
