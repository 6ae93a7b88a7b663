//! Variables and secrets of the Worker.
//!
//! Read by reflection: the `worker` crate throws through Rust frames for one that is null, as the
//! self-hosted runtime binds what its environment lacks.

use wasm_bindgen::JsValue;
use worker::Env;

/// A variable's or secret's text; nothing if it is not set.
pub(crate) fn text(env: &Env, name: &str) -> Option<String> {
    let value = js_sys::Reflect::get(env, &JsValue::from_str(name)).ok()?;
    value.as_string().filter(|text| !text.is_empty())
}

/// Whether this is a development run (`RINGLET_DEV=1`): the place of a visitor may be given by a
/// header, and browsers driven by tests are served as people are.
pub(crate) fn is_development(env: &Env) -> bool {
    text(env, "RINGLET_DEV").is_some_and(|value| value == "1")
}
