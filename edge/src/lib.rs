//! The Worker of Ringlet: routes and Durable Objects around `ringlet-core`.
//!
//! What is here: HTTP, storage, clock and randomness, in thin shells. What is not: rules. Which
//! number a visitor gets, whose call it was, what a configuration may say is decided by the core.
//!
//! Routes are a table of the core ([`ringlet_core::api::route`]), not a router's calls: the same
//! table generates `openapi.json` and the tests that try every route. That leaves nothing for a
//! router crate to do, and saves what axum weighs (about 50 kB compressed).
//!
//! Invariants: a request always gets an answer, after a panic too; what is answered is durable; the
//! Worker keeps nothing but caches.

mod admin;
mod api;
mod auth;
mod binding;
mod clock;
mod directory_object;
mod env;
mod export;
mod geo;
mod http;
mod log;
mod message;
mod objects;
mod origin;
mod page;
mod panic_probe;
mod pool_object;
mod problems;
mod provider;
mod release;
mod release_object;
mod schema;
mod script;
mod site_cache;
mod site_object;
mod sizing;
mod statics;
mod stock_object;
mod throttle;
mod transfer;
mod turn;
mod warm;

use http::ask::Ask;
use http::reply::{Handled, Reply};
use log::{Level, Line};
use panic_probe::PanicPoint;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::api::route::{self, Access, Found, ROUTES, Route, RouteSpec};
use worker::{Context, Env, event};

/// Has a panic say where it was, with its stack, beside the line that the entry logs; and the
/// engine compile what the first requests need.
#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
    warm::up();
}

/// Answers every HTTP request of the Worker.
///
/// # Errors
/// When the runtime refuses to build a response.
#[event(fetch)]
async fn fetch(ask: Ask, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    let ask = ask.with_context(context);
    throttle::begin(&env);
    let head = ask.method == "HEAD";
    let reply = match dispatch(&ask, &env).await {
        Ok(reply) => reply,
        Err(problem) => Reply::problem(&problem, ask.prefers_russian()),
    };
    // Not as the crate's own `Response`: that one forgets that a body is compressed already.
    Ok(reply.into_response(head)?)
}

async fn dispatch(ask: &Ask, env: &Env) -> Handled {
    match route::find(&ask.method, &ask.path) {
        Found::Route(index, names) => {
            let spec = &ROUTES[index];
            let handled = handle(spec, &names, ask, env).await;
            if let Err(problem) = &handled {
                log_refusal(spec, problem);
            }
            let reply =
                handled.unwrap_or_else(|problem| Reply::problem(&problem, ask.prefers_russian()));
            // RFC 9110, section 11.6.1: a 401 says how to prove oneself.
            Ok(match reply.status {
                401 if spec.access.takes_key() => reply.with("www-authenticate", "Bearer"),
                _ => reply,
            })
        }
        Found::OtherMethods(methods) => {
            if ask.method == "OPTIONS"
                && let Found::Route(index, names) = route::find("POST", &ask.path)
                && ROUTES[index].access == Access::Page
            {
                return page::preflight(names[0], ask, env).await;
            }
            let problem = Problem::new(ProblemCode::MethodNotAllowed);
            let reply = Reply::problem(&problem, ask.prefers_russian());
            Ok(reply.with("allow", route::allow(&methods)))
        }
        Found::Nothing if matches!(ask.method.as_str(), "GET" | "HEAD") => statics::page(ask),
        Found::Nothing => Err(Problem::new(ProblemCode::NotFound)),
    }
}

async fn handle(spec: &RouteSpec, names: &[&str], ask: &Ask, env: &Env) -> Handled {
    panic_probe::reach(panic_probe::asked(ask, env), PanicPoint::Worker);
    match spec.route {
        Route::Health => Ok(health(env)),
        Route::OpenApi => statics::page(ask),
        Route::AgentPart => statics::agent_part(ask, env, names[0]).await,
        Route::Problems => Ok(statics::problems()),
        Route::Script => {
            let (site, form) = script::form(names[0])?;
            let site = page::site_of(env, site).await?;
            // The script names parts of its release, which a browser may ask for long after.
            release::keep(ask, env);
            script::serve(ask, &site, form)
        }
        Route::Visit | Route::Beat | Route::Leave => page::handle(spec, names[0], ask, env).await,
        Route::Amp => page::amp(names[0], names[1], ask, env).await,
        Route::Sizing => sizing::handle(spec, ask).await,
        Route::ProviderCall => provider::handle(spec, names, ask, env).await,
        _ => admin::handle(spec, names, ask, env).await,
    }
}

fn health(env: &Env) -> Reply {
    let reply = Reply::json(200, "{\"ok\":true}".to_owned());
    if env::is_development(env) {
        let (longest_ms, all_ms) = turn::told_ms();
        return reply
            .with(turn::LONGEST, longest_ms.to_string())
            .with(turn::ALL, all_ms.to_string());
    }
    reply
}

/// Failures are logged with the route's pattern; refusals of visitors' requests are their daily
/// bread and are not.
fn log_refusal(spec: &RouteSpec, problem: &Problem) {
    if problem.code.status() >= 500 {
        let mut line = Line::new(Level::Error, "failed").fault(&problem.detail.en);
        line.route = Some(spec.path);
        line.status = Some(problem.code.status());
        line.write();
    }
}
