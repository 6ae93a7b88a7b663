//! Keys of a site or a stock, and what their bearers may do.
//!
//! A key's token is shown once, at its making; only its SHA-256 is kept. Tokens have 256 random
//! bits, so finding one by its hash tells nothing by the time it takes.

use crate::auth::sha256_hex;
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::message::AdminAsk;
use crate::site_object::refused::Refused;
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::api::route::Access;
use ringlet_core::api::unread::Unread;
use ringlet_core::entropy::Entropy;
use ringlet_core::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Reads and changes everything of the site.
    Admin,
    /// Reads what happened and how the site is set up; no secrets.
    Viewer,
    /// Reads who held a number, for a telephone exchange that routes by source.
    Telephony,
}

impl Role {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "admin" => Some(Self::Admin),
            "viewer" => Some(Self::Viewer),
            "telephony" => Some(Self::Telephony),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
            Self::Telephony => "telephony",
        }
    }

    const fn may(self, access: Access) -> bool {
        match access {
            Access::Public | Access::Page | Access::Provider => true,
            Access::Telephony => true,
            Access::Viewer | Access::StockViewer => matches!(self, Self::Admin | Self::Viewer),
            Access::Admin | Access::StockAdmin => matches!(self, Self::Admin),
            Access::Deployer => false,
        }
    }
}

/// A key as the API tells it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ApiKey {
    /// Its id.
    pub key: String,
    /// The name its maker gave it.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// When it was made.
    pub created_at: UnixMillis,
    /// The day it was last used, to the day.
    pub last_used_at: Option<UnixMillis>,
    /// When it was revoked.
    pub revoked_at: Option<UnixMillis>,
    /// The token; told once, when the key is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// One day: how exactly the last use of a key is kept, so that reading costs no write.
const DAY_MS: u64 = 86_400_000;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Admitted {
    /// His name for the audit log.
    pub actor: String,
    /// What he may.
    pub role: Role,
}

/// Decides whether the one who asks may. A key that is for less was used all the same.
///
/// # Errors
/// [`ProblemCode::Unauthorized`] for a token that is no key of this site,
/// [`ProblemCode::Forbidden`] for a key that is for less.
pub(crate) fn admit(
    sql: &Sql,
    ask: &AdminAsk,
    access: Access,
    now: UnixMillis,
) -> Result<Admitted, Refused> {
    if ask.deployer {
        return Ok(Admitted {
            actor: "deployer".to_owned(),
            role: Role::Admin,
        });
    }
    let unknown = || Problem::with_detail(ProblemCode::Unauthorized, Detail::UnknownKey);
    let hash = ask.token_hash.as_deref().ok_or_else(unknown)?;
    let query = "SELECT key, role, last_used_at_ms FROM api_key
                 WHERE token_hash = ? AND revoked_at_ms IS NULL";
    let row = sql.row(query, &[&hash])?.ok_or_else(unknown)?;
    let key = row.text(0)?;
    let role = Role::parse(&row.text(1)?).ok_or_else(|| Fault::new("a key of no known role"))?;
    let today = now.0 - now.0 % DAY_MS;
    if row.maybe_integer(2)?.is_none_or(|last| last < today) {
        sql.run(
            "UPDATE api_key SET last_used_at_ms = ? WHERE key = ?",
            &[&today, &key],
        )?;
    }
    if !role.may(access) {
        let detail = Detail::Role(role.as_str(), access);
        return Err(Problem::with_detail(ProblemCode::Forbidden, detail).into());
    }
    Ok(Admitted {
        actor: format!("key:{key}"),
        role,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    name: String,
    role: Role,
}

/// Longest name of a key, in characters.
const NAME_CHARS: usize = 80;

/// Makes a key.
///
/// # Errors
/// [`ProblemCode::NotJson`], or what the platform says.
pub(crate) fn create(
    sql: &Sql,
    body: &str,
    now: UnixMillis,
    entropy: &mut Entropy,
) -> Result<ApiKey, Refused> {
    let wanted: NewKey = serde_json::from_str(body)
        .map_err(|error| Problem::with_detail(ProblemCode::NotJson, Unread::from(error)))?;
    let name: String = wanted.name.trim().chars().take(NAME_CHARS).collect();
    let key = format!("{:013x}", entropy.next_u64() >> 12);
    let token = format!(
        "rl_{:032x}{:032x}",
        entropy.next_u128(),
        entropy.next_u128()
    );
    sql.run(
        "INSERT INTO api_key (key, name, role, token_hash, created_at_ms) VALUES (?, ?, ?, ?, ?)",
        &[
            &key,
            &name,
            &wanted.role.as_str(),
            &sha256_hex(&token),
            &now.0,
        ],
    )?;
    Ok(ApiKey {
        key,
        name,
        role: wanted.role,
        created_at: now,
        last_used_at: None,
        revoked_at: None,
        token: Some(token),
    })
}

/// Revokes a key; from the next request on it opens nothing.
///
/// # Errors
/// [`ProblemCode::NotFound`], or what the platform says.
pub(crate) fn revoke(sql: &Sql, key: &str, now: UnixMillis) -> Result<(), Refused> {
    let query = "UPDATE api_key SET revoked_at_ms = ? WHERE key = ? AND revoked_at_ms IS NULL";
    if sql.run(query, &[&now.0, &key])? == 0 {
        return Err(ProblemCode::NotFound.into());
    }
    Ok(())
}

/// All keys, oldest first.
///
/// # Errors
/// What the platform says.
pub(crate) fn list(sql: &Sql) -> Result<Vec<ApiKey>, Fault> {
    let query = "SELECT key, name, role, created_at_ms, last_used_at_ms, revoked_at_ms
                 FROM api_key ORDER BY created_at_ms, key";
    let rows = sql.rows(query, &[])?;
    let read = |row: &crate::binding::sql::Row| {
        Ok(ApiKey {
            key: row.text(0)?,
            name: row.text(1)?,
            role: Role::parse(&row.text(2)?).ok_or_else(|| Fault::new("a key of no known role"))?,
            created_at: UnixMillis(row.integer(3)?),
            last_used_at: row.maybe_integer(4)?.map(UnixMillis),
            revoked_at: row.maybe_integer(5)?.map(UnixMillis),
            token: None,
        })
    };
    rows.iter().map(read).collect()
}
