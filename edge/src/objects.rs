//! How the Worker and the objects ask objects.
//!
//! A message is JSON with a version, posted to an address that names nothing: the object is chosen
//! by its name. Commands are idempotent by their key, so one that may not have arrived is sent once
//! more; an overloaded object is never asked again.

use crate::binding::fault::Fault;
use js_sys::futures::JsFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use worker::Env;

#[wasm_bindgen]
extern "C" {
    type RawStub;

    #[wasm_bindgen(method, catch, js_name = fetch)]
    fn fetch(
        this: &RawStub,
        url: &str,
        init: &web_sys::RequestInit,
    ) -> Result<js_sys::Promise, JsValue>;
}

/// Which class of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The list of sites: one object.
    Directory,
    /// One site's control plane.
    Site,
    /// One pool's leases.
    Pool,
    /// Numbers that sites share.
    Stock,
    /// Releases of the agent: one object.
    Release,
}

impl Class {
    const fn binding(self) -> &'static str {
        match self {
            Self::Directory => "DIRECTORY",
            Self::Site => "SITES",
            Self::Pool => "POOLS",
            Self::Stock => "STOCKS",
            Self::Release => "RELEASES",
        }
    }
}

/// The pool object that keeps the visits whose pages asked no pool: it has no numbers and no
/// configuration. No pool of a site can be called so.
pub(crate) const UNPOOLED: &str = "-";

/// The name of the object of a pool's shard. The first is named as the pool is, so a pool that was
/// never divided is one object, and dividing one leaves its first where it is.
pub(crate) fn pool_name(site: &str, pool: &str, shard: u32) -> String {
    match shard {
        0 => format!("{site}/{pool}"),
        shard => format!("{site}/{pool}/{shard}"),
    }
}

/// Posts `body` to the object and gives its response, whatever the status.
///
/// # Errors
/// When the object could not be asked or its outcome is unknown, after one more try where that is
/// allowed.
pub(crate) async fn post(
    env: &Env,
    class: Class,
    name: &str,
    body: &str,
) -> Result<web_sys::Response, Fault> {
    match post_once(env, class, name, body).await {
        Err(fault) if fault.retryable && !fault.overloaded => {
            post_once(env, class, name, body).await
        }
        outcome => outcome,
    }
}

async fn post_once(
    env: &Env,
    class: Class,
    name: &str,
    body: &str,
) -> Result<web_sys::Response, Fault> {
    let stub: RawStub = env
        .durable_object(class.binding())?
        .get_by_name(name)?
        .into_rpc();
    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    init.set_body(&JsValue::from_str(body));
    let response = JsFuture::from(stub.fetch("https://object/", &init)?).await?;
    Ok(response.unchecked_into())
}

/// Posts a command and reads its answer.
///
/// # Errors
/// As [`post`], and when the object answers with another status than 200.
pub(crate) async fn ask<C: Serialize, R: DeserializeOwned>(
    env: &Env,
    class: Class,
    name: &str,
    command: &C,
) -> Result<R, Fault> {
    let response = post(env, class, name, &serde_json::to_string(command)?).await?;
    let text = text(&response).await?;
    if response.status() != 200 {
        return Err(Fault::new(format!(
            "an object answered {}: {text}",
            response.status()
        )));
    }
    Ok(serde_json::from_str(&text)?)
}

/// A response's body as text.
///
/// # Errors
/// When it breaks off.
pub(crate) async fn text(response: &web_sys::Response) -> Result<String, Fault> {
    let text = JsFuture::from(response.text()?).await?;
    text.as_string()
        .ok_or_else(|| Fault::new("a response's text is no text"))
}
