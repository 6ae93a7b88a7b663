//! How long the objects keep the thread: the longest turn that one took without letting others
//! have theirs, and all turns together.
//!
//! A turn is the work between two awaits, its statements included. Told by `/healthz` of a
//! development run, in the headers [`LONGEST`] and [`ALL`]; reading them begins anew. Where the
//! platform stops the clock between events every turn is of no length. It is time on the wall: a
//! busy machine adds to it, and so does what the engine clears away in the midst of a turn.

use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::pin;

/// Milliseconds of the longest turn, of all objects of the isolate.
pub(crate) const LONGEST: &str = "ringlet-longest-turn-ms";
/// Milliseconds of all turns.
pub(crate) const ALL: &str = "ringlet-turns-ms";

thread_local! {
    static LONGEST_MS: Cell<f64> = const { Cell::new(0.0) };
    static ALL_MS: Cell<f64> = const { Cell::new(0.0) };
}

/// Does a turn's work.
pub(crate) fn take<T>(work: impl FnOnce() -> T) -> T {
    let began = js_sys::Date::now();
    let done = work();
    let took_ms = js_sys::Date::now() - began;
    LONGEST_MS.set(LONGEST_MS.get().max(took_ms));
    ALL_MS.set(ALL_MS.get() + took_ms);
    done
}

/// Does what takes several.
pub(crate) async fn each<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| take(|| future.as_mut().poll(context))).await
}

/// The longest, and all together, since this was asked last.
pub(crate) fn told_ms() -> (f64, f64) {
    (LONGEST_MS.replace(0.0), ALL_MS.replace(0.0))
}
