//! Who asks: the deployer by the Worker's secret, an owner by a key of his site.
//!
//! Tokens are compared by their SHA-256 in constant time; the secret of the Worker has no default,
//! so without one nobody is the deployer. A site's keys are kept by its object, which looks the
//! hash up in the same step as the command.

use crate::http::ask::Ask;
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use worker::Env;

/// Name of the Worker secret that makes its bearer the deployer.
const SECRET: &str = "RINGLET_ADMIN_TOKEN";

/// Fewest characters of a token that is looked at: 128 bits in base 64 without padding are 22.
const TOKEN_CHARS_MIN: usize = 16;
/// Most characters of a token that is looked at.
const TOKEN_CHARS: usize = 256;

/// Who presents a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bearer {
    /// The deployer of this Worker.
    Deployer,
    /// Somebody with this token's SHA-256; the site knows whether it is a key.
    Token(String),
}

/// Reads the request's `Authorization: Bearer`.
///
/// # Errors
/// [`ProblemCode::Unauthorized`] without a token or with one that cannot be any.
pub(crate) fn bearer(ask: &Ask, env: &Env) -> Result<Bearer, Problem> {
    let needed = || Problem::with_detail(ProblemCode::Unauthorized, Detail::NoKey);
    let header = ask.header("authorization").ok_or_else(needed)?;
    let (scheme, token) = header.split_once(' ').ok_or_else(needed)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer")
        || !(TOKEN_CHARS_MIN..=TOKEN_CHARS).contains(&token.len())
    {
        return Err(needed());
    }
    let presented = Sha256::digest(token.as_bytes());
    let deployer = crate::env::text(env, SECRET).unwrap_or_default();
    let is_deployer: bool = presented
        .as_slice()
        .ct_eq(Sha256::digest(deployer.as_bytes()).as_slice())
        .into();
    if is_deployer && deployer.len() >= TOKEN_CHARS_MIN {
        return Ok(Bearer::Deployer);
    }
    Ok(Bearer::Token(hex(&presented)))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// SHA-256 of a text, in hexadecimal.
pub(crate) fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}
