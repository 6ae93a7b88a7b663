//! The platform's timer.

use crate::turn;
use futures_channel::oneshot;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, delay_ms: f64) -> Result<JsValue, JsValue>;
}

/// Has `callback` called once, after `delay_ms` and after what has arrived already.
pub(crate) fn after(delay_ms: u32, callback: impl FnOnce() + 'static) {
    let mut callback = core::panic::AssertUnwindSafe(Some(callback));
    let once = Closure::once_into_js(core::panic::AssertUnwindSafe(move || {
        // The whole wrapper is captured, not its field.
        let callback = &mut callback;
        if let Some(callback) = callback.0.take() {
            turn::take(callback);
        }
    }));
    // The platform refuses only what is no function.
    let _ = set_timeout(&once, f64::from(delay_ms));
}

/// Text whose reading or writing takes so long that it has a turn of its own: some milliseconds.
const LONG_BYTES: usize = 50_000;

/// Lets others have their turn, where what was done with `text` or is to be done with it takes
/// long. What was read before may have changed since.
pub(crate) async fn turn_if_long(text: &str) {
    if text.len() > LONG_BYTES {
        turn().await;
    }
}

/// Lets whoever else waits for this object have his turn.
pub(crate) async fn turn() {
    pause(0).await;
}

/// Lets others have theirs for so long.
pub(crate) async fn pause(delay_ms: u32) {
    let (sender, receiver) = oneshot::channel::<()>();
    after(delay_ms, move || drop(sender));
    // It ends by being dropped.
    let _ = receiver.await;
}
