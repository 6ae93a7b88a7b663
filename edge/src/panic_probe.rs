//! Panics on purpose, in development runs only: how it is tested that a panic ends one request,
//! leaves no half of a transaction, and that the next request finds everything as it was stored.
//!
//! Asked for by a request's header where `RINGLET_DEV=1`; elsewhere the header means nothing.

use crate::http::ask::Ask;
use serde::{Deserialize, Serialize};
use worker::Env;

/// Names the place: `worker`, `engine` or `transaction`.
const HEADER: &str = "x-ringlet-panic";

/// Where to panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PanicPoint {
    /// In the Worker, before any object is asked.
    Worker,
    /// In the pool's object, when the engine has decided and its rows are not yet written.
    Engine,
    /// In the pool's object, inside the transaction, when the rows are written.
    Transaction,
}

/// What the request asks for.
pub(crate) fn asked(ask: &Ask, env: &Env) -> Option<PanicPoint> {
    if !crate::env::is_development(env) {
        return None;
    }
    match ask.header(HEADER)?.as_str() {
        "worker" => Some(PanicPoint::Worker),
        "engine" => Some(PanicPoint::Engine),
        "transaction" => Some(PanicPoint::Transaction),
        _ => None,
    }
}

/// Panics if `asked` is `here`.
pub(crate) fn reach(asked: Option<PanicPoint>, here: PanicPoint) {
    assert!(asked != Some(here), "asked to panic at {here:?}");
}
