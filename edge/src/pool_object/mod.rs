//! `PoolObject`.

use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// See the module.
#[durable_object(alarm)]
pub struct PoolObject {
    _state: State,
}

impl DurableObject for PoolObject {
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
