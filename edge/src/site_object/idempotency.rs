//! Writes that may be sent twice: the answer of the first is the answer of every later one.

use super::admin::AdminReply;
use super::refused::Refused;
use crate::auth::sha256_hex;
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::message::AdminAsk;
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::time::UnixMillis;

/// How long an answer is kept: a client that has not asked again within a day never will.
const KEPT_MS: u64 = 86_400_000;
/// Longest key, in characters.
const KEY_CHARS: usize = 200;
/// Old answers dropped with each new one: more than come in, so they never pile up.
const DROPPED_AT_ONCE: u64 = 10;

/// The answer that a request with this key got before.
///
/// # Errors
/// [`ProblemCode::Conflict`] if the key came with another request.
pub(crate) fn recall(sql: &Sql, ask: &AdminAsk) -> Result<Option<AdminReply>, Refused> {
    let Some(key) = checked(ask)? else {
        return Ok(None);
    };
    let query = "SELECT request_hash, status, etag, body FROM idempotency WHERE key = ?";
    let Some(row) = sql.row(query, &[&key])? else {
        return Ok(None);
    };
    if row.text(0)? != request_hash(ask) {
        return Err(Problem::with_detail(ProblemCode::Conflict, Detail::KeyOfOther).into());
    }
    let status = u16::try_from(row.integer(1)?).unwrap_or(200);
    Ok(Some(AdminReply {
        status,
        etag: row.maybe_text(2)?,
        body: row.text(3)?,
        content_type: match status {
            400.. => "application/problem+json",
            _ => "application/json",
        },
        headers: Vec::new(),
    }))
}

/// Keeps an answer; call it inside the transaction of what it answers.
///
/// # Errors
/// What the platform says.
pub(crate) fn remember(
    sql: &Sql,
    ask: &AdminAsk,
    reply: &AdminReply,
    now: UnixMillis,
) -> Result<(), Refused> {
    let Some(key) = checked(ask)? else {
        return Ok(());
    };
    forget_old(sql, now)?;
    // Two at once: the one that is done first is done, and this one is not.
    if sql
        .row("SELECT 1 FROM idempotency WHERE key = ?", &[&key])?
        .is_some()
    {
        return Err(Problem::with_detail(ProblemCode::Conflict, Detail::KeyJustDone).into());
    }
    sql.run(
        "INSERT INTO idempotency (key, at_ms, request_hash, status, etag, body)
         VALUES (?, ?, ?, ?, ?, ?)",
        &[
            &key,
            &now.0,
            &request_hash(ask),
            &u64::from(reply.status),
            &reply.etag,
            &reply.body,
        ],
    )?;
    Ok(())
}

/// Notes that an import is done, so that whoever has not heard it may ask again.
///
/// # Errors
/// What the platform says.
pub(crate) fn note_import(
    sql: &Sql,
    upload: &str,
    lines: u64,
    now: UnixMillis,
) -> Result<(), Refused> {
    let query = "INSERT INTO idempotency (key, at_ms, request_hash, status, etag, body)
                 VALUES (?, ?, '', 201, NULL, ?)";
    sql.run(query, &[&import_key(upload), &now.0, &lines.to_string()])?;
    Ok(())
}

/// How many lines the import of this name had, if it was done here within a day.
///
/// # Errors
/// What the platform says.
pub(crate) fn imported(sql: &Sql, upload: &str) -> Result<Option<u64>, Fault> {
    let query = "SELECT body FROM idempotency WHERE key = ?";
    let row = sql.row(query, &[&import_key(upload)])?;
    let lines = row.map(|row| row.text(0)).transpose()?;
    Ok(lines.and_then(|lines| lines.parse().ok()))
}

/// Longer than a key may be: no request has it.
fn import_key(upload: &str) -> String {
    format!("import {upload:->200}")
}

fn checked(ask: &AdminAsk) -> Result<Option<&str>, Problem> {
    match ask.key.as_deref() {
        None | Some("") => Ok(None),
        Some(key) if key.len() <= KEY_CHARS => Ok(Some(key)),
        Some(_) => Err(Problem::with_detail(
            ProblemCode::BadParameter,
            Detail::KeyTooLong(KEY_CHARS),
        )),
    }
}

fn forget_old(sql: &Sql, now: UnixMillis) -> Result<(), Fault> {
    let before = now.0.saturating_sub(KEPT_MS);
    sql.run(
        "DELETE FROM idempotency WHERE key IN
            (SELECT key FROM idempotency WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
        &[&before, &DROPPED_AT_ONCE],
    )?;
    Ok(())
}

fn request_hash(ask: &AdminAsk) -> String {
    sha256_hex(&format!(
        "{:?}\n{:?}\n{:?}\n{}",
        ask.route, ask.names, ask.query, ask.body
    ))
}
