//! The HTTP client: one request to the API, its answer or the refusal.
//!
//! Addresses and methods come from the core's table of routes. Every write that the API can repeat
//! carries an idempotency key, so it is sent again when the edge is out of reach for a moment; what
//! cannot be repeated (a key whose token is shown once, the deletion of a site) is sent once.
//!
//! Limits: [`TRIES`] tries; an answer's head within [`ANSWER_LIMIT`].

use crate::failure::Failure;
use crate::profile::Profile;
use crate::words::{Text, said, same};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ringlet_core::api::route::{Method, ROUTES, Route, RouteSpec};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::time::Duration;
use ureq::http::Response;
use ureq::{Agent, Body, SendBody};

/// How often a request that may be repeated is sent.
const TRIES: u32 = 3;
/// Waits between them.
const PAUSES: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(2)];
/// How long the edge may take to begin an answer: a part of a site is put back before it does.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// A connection to one edge.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    key: Option<String>,
    russian: bool,
}

/// What a request carries, sent as it is read.
struct Payload<'a> {
    reader: &'a mut dyn Read,
    bytes: u64,
    kind: &'static str,
}

/// One request.
pub(crate) struct Call<'a> {
    pub(crate) spec: &'static RouteSpec,
    pub(crate) names: Vec<&'a str>,
    pub(crate) query: Vec<(&'a str, String)>,
    pub(crate) if_match: Option<String>,
    pub(crate) body: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// A request of `route`, which has one row in the table, for `names` in the order of the path.
    pub(crate) fn of(route: Route, names: &[&'a str]) -> Self {
        let spec = ROUTES
            .iter()
            .find(|spec| spec.route == route)
            .unwrap_or(&ROUTES[0]);
        Self {
            spec,
            names: names.to_vec(),
            query: Vec::new(),
            if_match: None,
            body: None,
        }
    }

    /// With a parameter, if there is one.
    pub(crate) fn with(mut self, name: &'a str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.query.push((name, value.to_string()));
        }
        self
    }

    /// With a JSON body.
    pub(crate) fn sending(mut self, body: &'a str) -> Self {
        self.body = Some(body);
        self
    }

    /// Only if this version is in force.
    pub(crate) fn matching(mut self, etag: Option<String>) -> Self {
        self.if_match = etag;
        self
    }

    /// The path with names and parameters put in.
    pub(crate) fn address(&self) -> String {
        let mut names = self.names.iter();
        let mut address = String::new();
        for part in self.spec.path.split('/').skip(1) {
            address.push('/');
            if part.starts_with('{') {
                let name = names.next().copied().unwrap_or_default();
                let _ = write!(address, "{}", escaped(name));
            } else {
                address.push_str(part);
            }
        }
        for (place, (name, value)) in self.query.iter().enumerate() {
            address.push(if place == 0 { '?' } else { '&' });
            let _ = write!(address, "{name}={}", escaped(value));
        }
        address
    }

    /// Whether the API gives the same answer to the same request sent again.
    fn may_be_repeated(&self) -> bool {
        match self.spec.method {
            Method::Get => true,
            Method::Delete => self.spec.route != Route::SiteDelete,
            _ => !matches!(self.spec.route, Route::KeyCreate | Route::StockKeyCreate),
        }
    }
}

fn escaped(text: &str) -> String {
    // Letters, digits and what RFC 3986 leaves unreserved.
    let set = const {
        &NON_ALPHANUMERIC
            .remove(b'-')
            .remove(b'_')
            .remove(b'.')
            .remove(b'~')
    };
    utf8_percent_encode(text, set).to_string()
}

/// An answer that is no refusal.
pub(crate) struct Answer {
    pub(crate) etag: Option<String>,
    response: Response<Body>,
}

impl Answer {
    /// The body as text.
    pub(crate) fn text(self) -> Result<String, Failure> {
        let mut text = String::new();
        self.into_reader()
            .read_to_string(&mut text)
            .map_err(|error| Failure::Unreachable(broke_off(&error)))?;
        Ok(text)
    }

    /// The body as JSON; null if there is none.
    pub(crate) fn json(self) -> Result<Value, Failure> {
        let status = self.response.status().as_u16();
        let text = self.text()?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|_| Failure::foreign(status))
    }

    /// The body as it comes.
    pub(crate) fn into_reader(self) -> impl Read {
        self.response.into_body().into_reader()
    }
}

impl Client {
    /// A client for the edge of `profile`.
    pub(crate) fn new(profile: &Profile, russian: bool) -> Result<Self, Failure> {
        let base = profile.url.as_deref().ok_or_else(|| {
            Failure::Usage(said!(
                "say where the edge is: --url, RINGLET_URL, or `ringlet profiles set`",
                "укажите адрес: --url, RINGLET_URL или `ringlet profiles set`"
            ))
        })?;
        let base = base.trim_end_matches('/');
        if !base.starts_with("https://") && !base.starts_with("http://") {
            return Err(Failure::Usage(said!(
                "{base:?} is no address: it begins with https:// or http://",
                "{base:?} не адрес: он начинается с https:// или http://"
            )));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(ANSWER_LIMIT))
            .user_agent(concat!("ringlet/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: Agent::new_with_config(config),
            base: base.to_owned(),
            key: profile.key.clone(),
            russian,
        })
    }

    /// Sends a request, again if it may be and has to be.
    ///
    /// # Errors
    /// The refusal, or why no answer came.
    pub(crate) fn send(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let key = idempotency_key()?;
        let mut tries = 1;
        loop {
            let mut text = call.body.unwrap_or_default().as_bytes();
            let payload = call.body.map(|body| Payload {
                reader: &mut text,
                bytes: body.len() as u64,
                kind: call
                    .spec
                    .media_types()
                    .first()
                    .copied()
                    .unwrap_or("application/json"),
            });
            match self.send_once(call, &key, payload) {
                Err(failure) if failure.may_pass() && call.may_be_repeated() && tries < TRIES => {
                    std::thread::sleep(PAUSES[(tries - 1) as usize % PAUSES.len()]);
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn send_once(
        &self,
        call: &Call<'_>,
        key: &str,
        payload: Option<Payload<'_>>,
    ) -> Result<Answer, Failure> {
        let language = if self.russian { "ru" } else { "en" };
        let mut request = ureq::http::Request::builder()
            .method(call.spec.method.as_str())
            .uri(format!("{}{}", self.base, call.address()))
            .header("accept-language", language);
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        if let Some(etag) = &call.if_match {
            request = request.header("if-match", etag);
        }
        if call.spec.method != Method::Get {
            request = request.header("idempotency-key", key);
        }
        let unsendable = |error: ureq::http::Error| Failure::Usage(same(error.to_string()));
        let response = match payload {
            None => self.agent.run(request.body(()).map_err(unsendable)?),
            Some(payload) => {
                let request = request
                    .header("content-type", payload.kind)
                    .header("content-length", payload.bytes)
                    .body(SendBody::from_reader(payload.reader));
                self.agent.run(request.map_err(unsendable)?)
            }
        };
        let response = response.map_err(|error| {
            Failure::Unreachable(said!(
                "no answer of {}: {error}",
                "{} не отвечает: {error}",
                self.base
            ))
        })?;
        accepted(response, call.spec.route == Route::Problems)
    }
}

/// An answer that ends before its time.
pub(crate) fn broke_off(error: &std::io::Error) -> Text {
    said!("the answer broke off: {error}", "ответ оборвался: {error}")
}

/// The answer, or the refusal it is. The API answers with no pages: who does is something else.
fn accepted(response: Response<Body>, may_be_page: bool) -> Result<Answer, Failure> {
    let status = response.status();
    let kind = response.headers().get("content-type");
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if status.is_success() && is_page && !may_be_page {
        return Err(Failure::foreign(status.as_u16()));
    }
    if status.is_success() {
        let etag = response.headers().get("etag");
        let etag = etag.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        return Ok(Answer { etag, response });
    }
    let mut text = String::new();
    // A refusal whose body breaks off is still that refusal.
    let _ = response.into_body().into_reader().read_to_string(&mut text);
    Err(Failure::Refused {
        status: status.as_u16(),
        problem: serde_json::from_str(&text).unwrap_or_default(),
    })
}

/// A key of 128 random bits.
///
/// # Errors
/// When the system gives no randomness.
pub(crate) fn idempotency_key() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::local("no randomness", error))?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

/// Opens a file to be sent, with its length.
///
/// # Errors
/// [`Failure::Local`].
pub(crate) fn open(path: &std::path::Path) -> Result<(File, u64), Failure> {
    let named = |error| Failure::local(&path.display().to_string(), error);
    let file = File::open(path).map_err(named)?;
    let bytes = file.metadata().map_err(named)?.len();
    Ok((file, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_table() {
        let call = Call::of(Route::PoolRead, &["shop", "a b/c"]).with("at", Some("1+2&x"));
        assert_eq!(
            call.address(),
            "/api/v1/sites/shop/pools/a%20b%2Fc?at=1%2B2%26x"
        );
        let call = Call::of(Route::SiteList, &[]).with("cursor", None::<String>);
        assert_eq!(call.address(), "/api/v1/sites");
    }

    #[test]
    fn what_cannot_be_repeated_is_sent_once() {
        let once: Vec<Route> = ROUTES
            .iter()
            .filter(|spec| {
                let call = Call::of(spec.route, &[]);
                call.spec.path.starts_with("/api/") && !call.may_be_repeated()
            })
            .map(|spec| spec.route)
            .collect();
        let expected = [Route::SiteDelete, Route::KeyCreate, Route::StockKeyCreate];
        assert_eq!(once, expected);
    }
}
