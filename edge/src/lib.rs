//! The Worker of Ringlet: routes and Durable Objects around `ringlet-core`.
#![allow(dead_code)]

mod binding;
mod pool_object;
mod site_object;

use worker::{Context, Env, Method, Request, Response, event};

/// Answers every HTTP request of the Worker.
///
/// # Errors
/// When the runtime refuses to build a response.
#[event(fetch, respond_with_errors)]
async fn fetch(request: Request, _env: Env, _context: Context) -> worker::Result<Response> {
    match (request.method(), request.path().as_str()) {
        (Method::Get, "/healthz") => Response::ok("ok\n"),
        _ => Response::error("not found\n", 404),
    }
}
