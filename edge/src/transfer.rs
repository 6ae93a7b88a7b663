//! Whole sites on their way out and in, of any length: an export is asked for part by part while
//! its reader reads, an import is sent on line by line while it comes.
//!
//! What is here: cutting and joining. What is not: what the lines say, which the site's object
//! knows. Invariants: no more than [`CHUNK_BYTES`] and one line are held; the same body is always
//! cut into the same messages, so one that is sent again meets what came of it before; an import
//! that is sent in one request and is not finished leaves nothing.

use crate::admin::{self, Asker};
use crate::auth::Bearer;
use crate::binding::fault::Fault;
use crate::binding::host;
use crate::http::ask::{Ask, Chunks};
use crate::http::reply::{Body, Handled, Reply};
use crate::message::{ImportAnswer, ImportAsk, ImportStep, SiteAsk, SiteCommand, VERSION};
use crate::objects::{self, Class};
use crate::problems;
use crate::site_object::export::{AFTER, NEXT};
use futures_util::stream;
use js_sys::Uint8Array;
use js_sys::futures::JsFuture;
use ringlet_core::api::detail::{Detail, ImportDetail, Wanted};
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::api::route::RouteSpec;
use ringlet_core::entropy::Entropy;
use ringlet_core::limits;
use worker::Env;

/// Bytes of lines sent on in one message.
const CHUNK_BYTES: usize = 1_000_000;
/// Bytes of one line: a value of the database has at most 2 MB, and JSON writes a control character
/// with six letters.
const LINE_BYTES: usize = 13_000_000;

/// Answers an export: its first part decides, the others follow as they are read.
///
/// # Errors
/// What the site refuses.
pub(crate) async fn export(asker: Asker, env: &Env) -> Handled {
    let first = asker.ask(env, None).await?;
    if first.status() != 200 {
        return admin::passed_on(&first, asker.request());
    }
    let mut reply = Reply::empty(200)
        .with("content-type", "application/x-ndjson")
        .with("cache-control", "no-store")
        .with("x-request-id", asker.request());
    let state = Export {
        asker,
        env: env.clone(),
        part: Some(first),
    };
    let parts = stream::try_unfold(state, |mut state| async move {
        let Some(part) = state.part.take() else {
            return Ok(None);
        };
        let bytes = state.bytes(&part).await.map_err(|fault| {
            problems::unavailable(&fault);
            // The answer breaks off, and lacks its last line.
            worker::Error::from(fault.message)
        })?;
        Ok::<_, worker::Error>(Some((bytes, state)))
    });
    let response = worker::Response::from_stream(parts);
    let response = response.map_err(|error| problems::unavailable(&error.into()))?;
    if let Some(body) = web_sys::Response::from(response).body() {
        reply.body = Body::Stream(body);
    }
    Ok(reply)
}

struct Export {
    asker: Asker,
    env: Env,
    part: Option<web_sys::Response>,
}

impl Export {
    /// The bytes of a part; the next one is asked for.
    async fn bytes(&mut self, part: &web_sys::Response) -> Result<Vec<u8>, Fault> {
        if part.status() != 200 {
            let text = objects::text(part).await?;
            return Err(Fault::new(format!("an export broke off: {text}")));
        }
        let next = part.headers().get(NEXT)?;
        let buffer = JsFuture::from(part.array_buffer()?).await?;
        let bytes = Uint8Array::new(&buffer).to_vec();
        if let Some(next) = next {
            let asked = self.asker.ask(&self.env, Some((AFTER, next))).await;
            self.part = Some(asked.map_err(|problem| Fault::new(problem.detail.en))?);
        }
        Ok(bytes)
    }
}

/// Takes an import, or a part of one.
///
/// # Errors
/// [`ProblemCode::BadParameter`], [`ProblemCode::BodyTooLarge`], [`ProblemCode::NotJson`], and what
/// the site refuses.
pub(crate) async fn import(
    spec: &RouteSpec,
    site: &str,
    bearer: &Bearer,
    ask: &Ask,
    env: &Env,
) -> Handled {
    if *bearer != Bearer::Deployer {
        // The site says whether the key is one of its own, and that it opens no import.
        let asker = Asker::new(spec, site, &[], ask, bearer, String::new());
        let response = asker.ask(env, None).await?;
        return admin::passed_on(&response, asker.request());
    }
    let (upload, part) = named(ask)?;
    let import = Import {
        site,
        upload,
        russian: ask.prefers_russian(),
        env,
    };
    let mut lines = Lines {
        chunks: ask.chunks(spec.body_bytes as u64)?,
        held: Vec::new(),
        from: 0,
        ended: false,
    };
    let taken = import.take(&mut lines, part.unwrap_or(0)).await;
    let is_last = part.is_none() || ask.parameter("last").as_deref() == Some("1");
    let done = match taken {
        Ok(answer) if is_last && !answer.done => import.step(ImportStep::Commit).await,
        taken => taken,
    };
    match done {
        Ok(answer) => {
            let status = if answer.done { 201 } else { 202 };
            let request = admin::new_request();
            admin::follow_up(spec, site, status, &request, env).await?;
            let text = format!("{{\"lines\":{}}}", answer.lines);
            Ok(Reply::json(status, text).with("x-request-id", request))
        }
        Err(problem) => {
            lines.chunks.cancel();
            // What was sent in one request will not be finished by another.
            if part.is_none() && problem.code != ProblemCode::Conflict {
                let _ = import.step(ImportStep::Drop).await;
            }
            Err(problem)
        }
    }
}

/// Which import it is, and which part of it; nothing for all of it in one.
fn named(ask: &Ask) -> Result<(String, Option<u64>), Problem> {
    let bad = |name, wanted| {
        let detail = Detail::Parameter(name, wanted);
        Problem::with_detail(ProblemCode::BadParameter, detail)
    };
    let part = match ask.parameter("part").map(|part| part.parse::<u64>()) {
        None => None,
        Some(Ok(part)) if part < limits::IMPORT_PARTS => Some(part),
        Some(_) => return Err(bad("part", Wanted::Part)),
    };
    if !matches!(ask.parameter("last").as_deref(), None | Some("0" | "1")) {
        return Err(bad("last", Wanted::LastPart));
    }
    let named = ask.parameter("upload");
    if part.is_some() && named.is_none() {
        return Err(bad("upload", Wanted::Upload));
    }
    let upload = named.or_else(|| ask.header("idempotency-key"));
    match upload {
        Some(upload) if upload.is_empty() || upload.len() > limits::UPLOAD_CHARS => {
            Err(bad("upload", Wanted::Chars(limits::UPLOAD_CHARS)))
        }
        Some(upload) => Ok((upload, part)),
        None => {
            let mut entropy = Entropy::new(host::seed());
            Ok((format!("{:032x}", entropy.next_u128()), None))
        }
    }
}

struct Import<'a> {
    site: &'a str,
    upload: String,
    russian: bool,
    env: &'a Env,
}

impl Import<'_> {
    /// Sends the lines on, those of one pool together.
    async fn take(&self, lines: &mut Lines, part: u64) -> Result<ImportAnswer, Problem> {
        let mut answer = ImportAnswer::default();
        let mut at = (part, 0);
        let mut chunk = Chunk::default();
        while let Some(line) = lines.next().await? {
            if line.is_empty() {
                continue;
            }
            let (pool, line) = addressed(&line);
            let fits = chunk.pool.as_deref() == pool && chunk.text.len() < CHUNK_BYTES;
            if !fits && !chunk.text.is_empty() {
                answer = self.send(&mut chunk, &mut at).await?;
            }
            chunk.pool = pool.map(str::to_owned);
            chunk.text.push_str(&line);
            chunk.text.push('\n');
        }
        if !chunk.text.is_empty() || at == (0, 0) {
            answer = self.send(&mut chunk, &mut at).await?;
        }
        Ok(answer)
    }

    async fn send(&self, chunk: &mut Chunk, at: &mut (u64, u64)) -> Result<ImportAnswer, Problem> {
        let Chunk { pool, text: lines } = core::mem::take(chunk);
        let answer = self
            .step(ImportStep::Lines {
                at: *at,
                pool,
                lines,
            })
            .await?;
        at.1 += 1;
        Ok(answer)
    }

    async fn step(&self, step: ImportStep) -> Result<ImportAnswer, Problem> {
        let message = SiteAsk {
            v: VERSION,
            site: self.site.to_owned(),
            command: SiteCommand::Import(ImportAsk {
                upload: self.upload.clone(),
                step,
                russian: self.russian,
            }),
        };
        let asked = async {
            let text = serde_json::to_string(&message)?;
            let response = objects::post(self.env, Class::Site, self.site, &text).await?;
            let text = objects::text(&response).await?;
            Ok::<_, Fault>((response.status(), text))
        };
        let (status, text) = asked.await.map_err(|fault| problems::unavailable(&fault))?;
        if status == 200 {
            let answer = serde_json::from_str(&text);
            return answer.map_err(|error| problems::unavailable(&Fault::from(error)));
        }
        Err(Problem::from_json(&text).unwrap_or_else(|| Problem::new(ProblemCode::Internal)))
    }
}

#[derive(Default)]
struct Chunk {
    pool: Option<String>,
    text: String,
}

/// The pool that a line is of, and the line without its name.
fn addressed(line: &str) -> (Option<&str>, std::borrow::Cow<'_, str>) {
    let named = line.strip_prefix("{\"pool\":\"");
    match named.and_then(|rest| rest.split_once("\",")) {
        Some((pool, rest)) => (Some(pool), format!("{{{rest}").into()),
        None => (None, line.into()),
    }
}

/// A body line by line.
struct Lines {
    chunks: Chunks,
    held: Vec<u8>,
    /// Where in `held` the next line begins.
    from: usize,
    ended: bool,
}

impl Lines {
    async fn next(&mut self) -> Result<Option<String>, Problem> {
        let mut looked = self.from;
        loop {
            let end = self.held[looked..].iter().position(|byte| *byte == b'\n');
            if let Some(end) = end {
                let line = text(&self.held[self.from..looked + end]);
                self.from = looked + end + 1;
                return line.map(Some);
            }
            if self.ended {
                let rest = text(&self.held[self.from..])?;
                self.from = self.held.len();
                return Ok(Some(rest).filter(|rest| !rest.is_empty()));
            }
            self.held.drain(..self.from);
            self.from = 0;
            looked = self.held.len();
            if looked > LINE_BYTES {
                let detail = Detail::Import(ImportDetail::LongLine);
                return Err(Problem::with_detail(ProblemCode::Unprocessable, detail));
            }
            match self.chunks.next().await? {
                Some(bytes) => self.held.extend(bytes),
                None => self.ended = true,
            }
        }
    }
}

fn text(bytes: &[u8]) -> Result<String, Problem> {
    String::from_utf8(bytes.to_vec())
        .map_err(|_| Problem::with_detail(ProblemCode::NotJson, Detail::NotUtf8))
}
