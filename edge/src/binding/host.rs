//! What the Worker's JavaScript entry (`entry.js`) provides: the built files and the platform's
//! compressors.
//!
//! A file has its media type, its ETag, and its bytes as they are and, where that is shorter,
//! compressed with brotli and gzip.

use js_sys::{JsString, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A built file.
    #[derive(Clone, Debug)]
    pub(crate) type Asset;

    /// The file at `path`, without a leading slash.
    #[wasm_bindgen(catch, js_namespace = ringlet, js_name = asset)]
    pub(crate) fn asset(path: &str) -> Result<Option<Asset>, JsValue>;

    /// Its media type.
    #[wasm_bindgen(method, getter, js_name = type)]
    pub(crate) fn media_type(this: &Asset) -> JsString;

    /// Hash of its bytes.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn etag(this: &Asset) -> String;

    /// Its bytes as they are.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn identity(this: &Asset) -> JsValue;

    /// Its bytes with brotli, or `undefined`.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn br(this: &Asset) -> JsValue;

    /// Its bytes with gzip, or `undefined`.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn gzip(this: &Asset) -> JsValue;

    /// Names of the agent's parts that are named by their hash, without `a/`.
    #[wasm_bindgen(catch, js_namespace = ringlet, js_name = parts)]
    pub(crate) fn parts() -> Result<Vec<String>, JsValue>;

    /// Compresses `bytes` with `br` (level 0 to 11) or `gzip` (0 to 9).
    #[wasm_bindgen(catch, js_namespace = ringlet, js_name = compress)]
    pub(crate) fn compress(
        bytes: &Uint8Array,
        encoding: &str,
        level: u32,
    ) -> Result<Uint8Array, JsValue>;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
}

/// 32 bytes of the platform's cryptographic randomness.
pub(crate) fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    // The platform refuses only more than 65,536 bytes; an all-zero seed must never be used.
    let drawn = get_random_values(&mut seed);
    assert!(
        drawn.is_ok() && seed != [0; 32],
        "the platform gave no randomness"
    );
    seed
}
