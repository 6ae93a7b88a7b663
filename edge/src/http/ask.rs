//! One request, read lazily: most headers are never looked at.

use js_sys::Uint8Array;
use js_sys::futures::JsFuture;
use ringlet_core::api::detail::Detail;
use ringlet_core::api::language;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::throttle::Prefix;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type RawReader;

    #[wasm_bindgen(method, catch)]
    fn read(this: &RawReader) -> Result<js_sys::Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn cancel(this: &RawReader) -> Result<js_sys::Promise, JsValue>;

    type RawChunk;

    #[wasm_bindgen(method, getter)]
    fn done(this: &RawChunk) -> bool;

    #[wasm_bindgen(method, getter)]
    fn value(this: &RawChunk) -> Uint8Array;

    type RawStream;

    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &RawStream) -> Result<RawReader, JsValue>;
}

/// A request with its address taken apart.
#[derive(Debug)]
pub(crate) struct Ask {
    raw: web_sys::Request,
    headers: web_sys::Headers,
    /// Scheme, host and port.
    pub origin: String,
    /// The path, percent-encoding left in place.
    pub path: String,
    /// The query without `?`.
    pub query: String,
    /// Name of the method, upper case.
    pub method: String,
    /// By which the platform is told of work after the answer.
    context: Option<Rc<worker::Context>>,
}

impl Ask {
    /// Takes the platform's request.
    pub(crate) fn new(raw: web_sys::Request) -> Self {
        let url = raw.url();
        let host_at = url.find("://").map_or(0, |at| at + 3);
        let path_at = url[host_at..]
            .find('/')
            .map_or(url.len(), |at| host_at + at);
        let (origin, rest) = url.split_at(path_at);
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Self {
            headers: raw.headers(),
            origin: origin.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            method: raw.method(),
            raw,
            context: None,
        }
    }

    /// The same with what the platform lets work be done by after the answer.
    pub(crate) fn with_context(mut self, context: worker::Context) -> Self {
        self.context = Some(Rc::new(context));
        self
    }

    /// Has `work` done while and after the answer leaves, which does not wait for it.
    pub(crate) fn meanwhile(&self, work: impl Future<Output = ()> + 'static) {
        if let Some(context) = &self.context {
            context.wait_until(work);
        }
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }

    /// The network of the one who asks, as the platform tells it in `CF-Connecting-IP`. A proxy
    /// before a Worker of one's own must set that header; without it nobody is counted by network.
    pub(crate) fn prefix(&self) -> Option<Prefix> {
        Prefix::of(&self.header("cf-connecting-ip")?)
    }

    /// What the platform knows of the connection (`cf`), if it does.
    pub(crate) fn connection(&self) -> Option<JsValue> {
        let cf = js_sys::Reflect::get(&self.raw, &JsValue::from_str("cf")).ok()?;
        cf.is_object().then_some(cf)
    }

    /// The first value of a query parameter, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Whether the reader would rather have Russian.
    pub(crate) fn prefers_russian(&self) -> bool {
        self.header("accept-language")
            .is_some_and(|languages| language::prefers_russian(&languages))
    }

    /// The whole body, at most `limit_bytes` of it: a longer one is not read to its end.
    ///
    /// # Errors
    /// [`ProblemCode::BodyTooLarge`]; [`ProblemCode::NotJson`] if the client broke off.
    pub(crate) async fn body(&self, limit_bytes: usize) -> Result<Vec<u8>, Problem> {
        let too_large = || too_large(limit_bytes as u64);
        let told = self
            .header("content-length")
            .and_then(|length| length.parse::<usize>().ok());
        match told {
            Some(0) => Ok(Vec::new()),
            Some(length) if length > limit_bytes => Err(too_large()),
            Some(_) => {
                let bytes = async {
                    let buffer = JsFuture::from(self.raw.array_buffer()?).await?;
                    Ok::<_, JsValue>(Uint8Array::new(&buffer).to_vec())
                };
                let bytes = bytes.await.map_err(|_| broke_off())?;
                if bytes.len() > limit_bytes {
                    Err(too_large())
                } else {
                    Ok(bytes)
                }
            }
            None => self.streamed_body(limit_bytes).await,
        }
    }

    /// The body as it comes, at most `limit_bytes` of it.
    ///
    /// # Errors
    /// [`ProblemCode::BodyTooLarge`] if the request says that it is longer;
    /// [`ProblemCode::NotJson`] if the client broke off.
    pub(crate) fn chunks(&self, limit_bytes: u64) -> Result<Chunks, Problem> {
        let told = self.header("content-length");
        let told = told.and_then(|length| length.parse::<u64>().ok());
        if told.is_some_and(|length| length > limit_bytes) {
            return Err(too_large(limit_bytes));
        }
        let reader = match self.raw.body() {
            Some(stream) => stream.unchecked_ref::<RawStream>().get_reader(),
            None => {
                return Ok(Chunks {
                    reader: None,
                    left: limit_bytes,
                    limit_bytes,
                });
            }
        };
        Ok(Chunks {
            reader: Some(reader.map_err(|_| broke_off())?),
            left: limit_bytes,
            limit_bytes,
        })
    }

    /// The body of a request that does not tell its length.
    async fn streamed_body(&self, limit_bytes: usize) -> Result<Vec<u8>, Problem> {
        let mut chunks = self.chunks(limit_bytes as u64)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.next().await? {
            bytes.extend(chunk);
        }
        Ok(bytes)
    }
}

/// A body while it comes.
pub(crate) struct Chunks {
    reader: Option<RawReader>,
    left: u64,
    limit_bytes: u64,
}

impl Chunks {
    /// The next bytes; nothing at the end.
    ///
    /// # Errors
    /// [`ProblemCode::BodyTooLarge`]; [`ProblemCode::NotJson`] if the client broke off.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let Some(reader) = &self.reader else {
            return Ok(None);
        };
        let chunk = reader.read().map_err(|_| broke_off())?;
        let chunk = JsFuture::from(chunk).await.map_err(|_| broke_off())?;
        let chunk = chunk.unchecked_ref::<RawChunk>();
        if chunk.done() {
            self.reader = None;
            return Ok(None);
        }
        let value = chunk.value();
        match self.left.checked_sub(u64::from(value.length())) {
            Some(left) => self.left = left,
            None => {
                self.cancel();
                return Err(too_large(self.limit_bytes));
            }
        }
        Ok(Some(value.to_vec()))
    }

    /// The rest is wanted by nobody; that it cannot be refused changes nothing.
    pub(crate) fn cancel(&mut self) {
        if let Some(reader) = self.reader.take() {
            drop(reader.cancel());
        }
    }
}

fn too_large(limit_bytes: u64) -> Problem {
    Problem::with_detail(ProblemCode::BodyTooLarge, Detail::TooLong(limit_bytes))
}

impl worker::FromRequest for Ask {
    fn from_raw(
        raw: web_sys::Request,
    ) -> Result<Self, impl Into<Box<dyn std::error::Error + 'static>>> {
        Ok::<_, worker::Error>(Self::new(raw))
    }
}

fn broke_off() -> Problem {
    Problem::with_detail(ProblemCode::NotJson, Detail::BrokeOff)
}
