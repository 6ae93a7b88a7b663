//! Errors that JavaScript throws, with the flags a Durable Object's caller must heed.

use core::fmt;
use wasm_bindgen::{JsCast, JsValue};

/// Something the platform threw, or a stored value that is not what this code wrote.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// What happened, for the log; never shown to a visitor.
    pub message: String,
    /// The object sheds load: asking again makes it worse.
    pub overloaded: bool,
    /// The request did not reach the object or its outcome is unknown: an idempotent one may be
    /// sent once more.
    pub retryable: bool,
}

impl Fault {
    /// A fault found by this code.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            overloaded: false,
            retryable: false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<JsValue> for Fault {
    fn from(thrown: JsValue) -> Self {
        let flag = |name: &str| {
            js_sys::Reflect::get(&thrown, &JsValue::from_str(name)).is_ok_and(|v| v.is_truthy())
        };
        let message = match thrown.dyn_ref::<js_sys::Error>() {
            Some(error) => String::from(error.message()),
            None => thrown.as_string().unwrap_or_else(|| format!("{thrown:?}")),
        };
        Self {
            message,
            overloaded: flag("overloaded"),
            retryable: flag("retryable"),
        }
    }
}

impl From<worker::Error> for Fault {
    fn from(error: worker::Error) -> Self {
        Self::from(JsValue::from(error))
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::new(format!(
            "a stored or internal message is not what this version writes: {error}"
        ))
    }
}
