//! The platform's clock. Read once for each event: the platform stops it in between, and locally it
//! runs on.

use ringlet_core::time::UnixMillis;

/// Now.
pub(crate) fn now() -> UnixMillis {
    UnixMillis(js_sys::Date::now() as u64)
}
