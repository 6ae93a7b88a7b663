//! Requests of the edge's own to the world: posted once, redirections not followed, given up after
//! a while.

use super::fault::Fault;
use js_sys::futures::JsFuture;
use js_sys::{Reflect, Uint8Array};
use ringlet_core::time::Millis;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, init: &web_sys::RequestInit) -> Result<js_sys::Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = AbortSignal, js_name = timeout)]
    fn abort_after(ms: f64) -> Result<JsValue, JsValue>;

    type RawStream;

    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &RawStream) -> Result<RawReader, JsValue>;

    type RawReader;

    #[wasm_bindgen(method, catch, js_name = read)]
    fn read(this: &RawReader) -> Result<js_sys::Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = cancel)]
    fn cancel(this: &RawReader) -> Result<js_sys::Promise, JsValue>;
}

/// What a server said.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// The HTTP status.
    pub status: u16,
    /// `retry-after` as sent.
    pub retry_after: Option<String>,
    /// The first piece of the body; nothing of one that took the request.
    pub text: String,
}

/// Posts `body` to `url`; after `limit` nothing more is waited for.
///
/// # Errors
/// When there was no answer in time.
pub(crate) async fn post(
    url: &str,
    headers: &[(&'static str, String)],
    body: &str,
    limit: Millis,
) -> Result<Said, Fault> {
    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    init.set_body(&JsValue::from_str(body));
    let list = web_sys::Headers::new()?;
    for (name, value) in headers {
        list.set(name, value)?;
    }
    Reflect::set(&init, &"headers".into(), &list)?;
    Reflect::set(&init, &"redirect".into(), &"manual".into())?;
    Reflect::set(&init, &"signal".into(), &abort_after(limit.0 as f64)?)?;
    let response = JsFuture::from(fetch(url, &init)?).await?;
    let response: web_sys::Response = response.unchecked_into();
    let status = response.status();
    let retry_after = response.headers().get("retry-after")?;
    let text = match response.body() {
        Some(stream) => beginning(&stream, (200..300).contains(&status)).await,
        None => String::new(),
    };
    Ok(Said {
        status,
        retry_after,
        text,
    })
}

/// The first piece of a body, or nothing if it is not `wanted`; the rest is not fetched.
async fn beginning(stream: &web_sys::ReadableStream, unwanted: bool) -> String {
    let read = async {
        let reader = stream.unchecked_ref::<RawStream>().get_reader()?;
        let mut text = String::new();
        if !unwanted {
            let piece = JsFuture::from(reader.read()?).await?;
            let bytes = Reflect::get(&piece, &"value".into())?;
            if let Some(bytes) = bytes.dyn_ref::<Uint8Array>() {
                text = String::from_utf8_lossy(&bytes.to_vec()).into_owned();
            }
        }
        JsFuture::from(reader.cancel()?).await?;
        Ok::<_, JsValue>(text)
    };
    read.await.unwrap_or_default()
}
