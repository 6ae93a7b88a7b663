//! What the Worker's JavaScript entry provides: the built files and the platform's compressors.
//!
//! The entry sets `globalThis.ringletHost` before it instantiates the module:
//!
//! - `manifest()`: JSON text `{"files":{PATH:{"type","etag","encodings":["br","gzip"],"immutable"}},
//!   "agent":{"loader":PATH,"wasm":PATH,"glue":PATH,…}}`. A path is that of the address, such as
//!   `/demo/index.html` or `/a/HASH.wasm`; the loader is a file that no address names.
//! - `file(path, encoding)`: the bytes (`Uint8Array`) in that encoding (`identity`, `br`, `gzip`), or
//!   `undefined`.
//! - `compress(bytes, encoding)`: the bytes in that encoding, at the quality fit for a text that is
//!   compressed once in seconds and served many times.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The manifest as JSON text.
    #[wasm_bindgen(catch, js_namespace = ringletHost, js_name = manifest)]
    pub(crate) fn manifest() -> Result<String, JsValue>;

    /// One file in one encoding.
    #[wasm_bindgen(catch, js_namespace = ringletHost, js_name = file)]
    pub(crate) fn file(path: &str, encoding: &str) -> Result<Option<Uint8Array>, JsValue>;

    /// Compresses `bytes`.
    #[wasm_bindgen(catch, js_namespace = ringletHost, js_name = compress)]
    pub(crate) fn compress(bytes: &Uint8Array, encoding: &str) -> Result<Uint8Array, JsValue>;
}
