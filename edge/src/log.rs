//! Structured logs: one JSON line for each request that changed something or failed.
//!
//! Invariant: no personal data. No number, address, label, token or id of a visitor is ever passed
//! here; what may be is the site, the route, the status, a duration and the text of a fault of our
//! own.

use serde::Serialize;
use wasm_bindgen::JsValue;

/// How grave a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// Worth counting.
    Info,
    /// Refused or degraded; somebody may want to look.
    Warn,
    /// Failed; somebody must look.
    Error,
}

/// One line.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line<'a> {
    /// How grave.
    pub level: Level,
    /// What happened, as one word of code.
    pub event: &'static str,
    /// The site, where one is known to exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<&'a str>,
    /// The path's pattern, never the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<&'static str>,
    /// The HTTP status answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The text of a fault of our own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// A line that says only what happened.
    pub(crate) fn new(level: Level, event: &'static str) -> Self {
        Self {
            level,
            event,
            site: None,
            route: None,
            status: None,
            fault: None,
        }
    }

    /// The line with the text of a fault.
    pub(crate) fn fault(mut self, fault: &'a str) -> Self {
        self.fault = Some(fault);
        self
    }

    /// The line with the site's id.
    pub(crate) fn site(mut self, site: &'a str) -> Self {
        self.site = Some(site);
        self
    }

    /// Writes the line.
    pub(crate) fn write(&self) {
        let text = JsValue::from_str(&serde_json::to_string(self).unwrap_or_default());
        match self.level {
            Level::Info => web_sys::console::log_1(&text),
            Level::Warn => web_sys::console::warn_1(&text),
            Level::Error => web_sys::console::error_1(&text),
        }
    }
}
