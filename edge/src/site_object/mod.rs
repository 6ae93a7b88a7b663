//! `SiteObject`.

mod access;
mod audit;
mod refused;
mod schema;

use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// See the module.
#[durable_object(alarm)]
pub struct SiteObject {
    _state: State,
}

impl DurableObject for SiteObject {
    fn new(state: State, _env: Env) -> Self {
        Self { _state: state }
    }

    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("not found\n", 404)
    }

    async fn alarm(&self) -> Result<Response> {
        Response::ok("")
    }
}
