//! Replies: status, headers, body; made into the platform's response at the very end.

use super::encoding::Encoding;
use js_sys::Uint8Array;
use ringlet_core::api::problem::Problem;
use std::borrow::Cow;
use wasm_bindgen::prelude::*;

/// The body of a reply.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// None.
    Empty,
    /// Text.
    Text(String),
    /// Bytes that are already in this encoding.
    Bytes(JsValue, Encoding),
    /// Another response's body, passed on as it comes.
    Stream(web_sys::ReadableStream),
}

/// One reply.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body.
    pub body: Body,
}

/// What a handler gives back.
pub(crate) type Handled = Result<Reply, Problem>;

impl Reply {
    /// A reply without body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Empty,
        }
    }

    /// A JSON reply that nobody may keep.
    pub(crate) fn json(status: u16, text: String) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Text(text),
        }
        .with("content-type", "application/json")
        .with("cache-control", "no-store")
    }

    /// A refusal.
    pub(crate) fn problem(problem: &Problem, russian: bool) -> Self {
        let text = problem.to_json(russian);
        let reply = Self {
            status: problem.code.status(),
            headers: Vec::new(),
            body: Body::Text(text),
        };
        let reply = reply
            .with("content-type", "application/problem+json")
            .with("cache-control", "no-store");
        match problem.retry_after_s() {
            Some(seconds) => reply.with("retry-after", seconds.to_string()),
            None => reply,
        }
    }

    /// The reply with one more header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The platform's response; without the body for `HEAD`.
    ///
    /// # Errors
    /// When the platform refuses a header or status, which no handler makes.
    pub(crate) fn into_response(self, head: bool) -> Result<web_sys::Response, JsValue> {
        let headers = web_sys::Headers::new()?;
        for (name, value) in &self.headers {
            headers.append(name, value)?;
        }
        headers.set("x-content-type-options", "nosniff")?;
        let init = web_sys::ResponseInit::new();
        init.set_status(self.status);
        if let Body::Bytes(_, encoding) = &self.body
            && *encoding != Encoding::Identity
        {
            headers.set("content-encoding", encoding.as_str())?;
            // The bytes are compressed already: the platform must not do it again.
            js_sys::Reflect::set(
                &init,
                &JsValue::from_str("encodeBody"),
                &JsValue::from_str("manual"),
            )?;
        }
        init.set_headers(&headers);
        let no_body = head || matches!(self.status, 204 | 304);
        match self.body {
            _ if no_body => web_sys::Response::new_with_opt_str_and_init(None, &init),
            Body::Empty => web_sys::Response::new_with_opt_str_and_init(None, &init),
            Body::Text(text) => web_sys::Response::new_with_opt_str_and_init(Some(&text), &init),
            Body::Bytes(bytes, _) => {
                let view = Uint8Array::new(&bytes);
                web_sys::Response::new_with_opt_js_u8_array_and_init(Some(&view), &init)
            }
            Body::Stream(stream) => {
                web_sys::Response::new_with_opt_readable_stream_and_init(Some(&stream), &init)
            }
        }
    }
}
