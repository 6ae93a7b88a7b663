//! How long the objects keep the thread: the longest turn that one took without letting others
//! have theirs.
//!
//! A turn is the work between two awaits, its statements included. Told by `/healthz` of a
//! development run, in the header [`HEADER`]; reading it begins anew. Where the platform stops the
//! clock between events every turn is of no length. It is time on the wall: a busy machine adds to
//! it.

use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::pin;

/// Milliseconds, of all objects of the isolate.
pub(crate) const HEADER: &str = "ringlet-longest-turn-ms";

thread_local! {
    static LONGEST_MS: Cell<f64> = const { Cell::new(0.0) };
}

/// Does a turn's work.
pub(crate) fn take<T>(work: impl FnOnce() -> T) -> T {
    let began = js_sys::Date::now();
    let done = work();
    let took_ms = js_sys::Date::now() - began;
    LONGEST_MS.set(LONGEST_MS.get().max(took_ms));
    done
}

/// Does what takes several.
pub(crate) async fn each<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| take(|| future.as_mut().poll(context))).await
}

/// The longest since this was asked last.
pub(crate) fn longest_ms() -> f64 {
    LONGEST_MS.replace(0.0)
}
