//! Versions of the configuration. Every one is kept, whole, with author, time and note.

use super::audit::{self, Change};
use super::places;
use super::refused::Refused;
use crate::auth::sha256_hex;
use crate::binding::fault::Fault;
use crate::binding::sql::{Row, Sql};
use crate::objects::UNPOOLED;
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::phone::E164;
use ringlet_core::site::SiteConfig;
use ringlet_core::time::UnixMillis;
use serde::Serialize;

/// One version.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Version {
    /// 1, 2, 3 …
    pub version: u64,
    /// When it came into force.
    pub at: UnixMillis,
    /// Who wrote it.
    pub author: String,
    /// What its author said of it.
    pub note: String,
    /// The document as it was sent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub document: String,
}

/// Longest note, in characters.
const NOTE_CHARS: usize = 500;

impl Version {
    fn read(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            version: row.integer(0)?,
            at: UnixMillis(row.integer(1)?),
            author: row.text(2)?,
            note: row.text(3)?,
            document: row.text(4)?,
        })
    }

    /// The ETag of the version.
    pub(crate) fn etag(&self) -> String {
        etag(self.version)
    }
}

/// The ETag of a version.
pub(crate) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// Number of the latest version; 0 if there is none.
///
/// # Errors
/// What the platform says.
pub(crate) fn latest_version(sql: &Sql) -> Result<u64, Fault> {
    let row = sql.row("SELECT coalesce(max(version), 0) FROM config_version", &[])?;
    row.map_or(Ok(0), |row| row.integer(0))
}

/// The latest version.
///
/// # Errors
/// What the platform says.
pub(crate) fn latest(sql: &Sql) -> Result<Option<Version>, Fault> {
    read(sql, latest_version(sql)?)
}

/// One version.
///
/// # Errors
/// What the platform says.
pub(crate) fn read(sql: &Sql, version: u64) -> Result<Option<Version>, Fault> {
    let query = "SELECT version, at_ms, author, note, document FROM config_version
                 WHERE version = ?";
    sql.row(query, &[&version])?
        .as_ref()
        .map(Version::read)
        .transpose()
}

/// Versions before `before`, newest first, without their documents.
///
/// # Errors
/// What the platform says.
pub(crate) fn list(sql: &Sql, before: u64, count: u64) -> Result<Vec<Version>, Fault> {
    let query = "SELECT version, at_ms, author, note, '' FROM config_version
                 WHERE version < ? ORDER BY version DESC LIMIT ?";
    sql.rows(query, &[&before, &count])?
        .iter()
        .map(Version::read)
        .collect()
}

/// A document that is to come into force.
#[derive(Clone, Debug)]
pub(crate) struct NewVersion<'a> {
    /// The document as it was sent.
    pub document: &'a str,
    /// `If-Match`, or nothing if none is needed.
    pub if_match: Option<&'a str>,
    /// Who writes it.
    pub author: &'a str,
    /// What he says of it.
    pub note: &'a str,
    /// The request.
    pub request: &'a str,
    /// The audit log's word for it.
    pub action: &'static str,
}

/// Reads a document.
///
/// # Errors
/// [`ProblemCode::ConfigFaults`] with every fault.
pub(crate) fn parse(document: &str, site: &str, russian: bool) -> Result<SiteConfig, Problem> {
    let config = SiteConfig::parse(document).map_err(|faults| {
        let faults = faults
            .iter()
            .map(|fault| crate::api::fault_at(fault, russian))
            .collect();
        Problem::with_faults(ProblemCode::ConfigFaults, faults)
    })?;
    if config.site.as_str() != site {
        let fault = ringlet_core::api::problem::FaultAt {
            pointer: "/site".to_owned(),
            code: "other_site".to_owned(),
            detail: format!(
                "The document is of the site {}, the address of {site}.",
                config.site
            ),
        };
        return Err(Problem::with_faults(ProblemCode::ConfigFaults, vec![fault]));
    }
    Ok(config)
}

/// Brings a document into force. The same document as the one in force changes nothing.
///
/// # Errors
/// [`ProblemCode::VersionNeeded`], [`ProblemCode::Stale`], [`ProblemCode::ConfigFaults`], or what
/// the platform says.
pub(crate) fn write(
    sql: &Sql,
    config: &SiteConfig,
    new: &NewVersion<'_>,
    now: UnixMillis,
) -> Result<Version, Refused> {
    let before = latest(sql)?;
    if let Some(before) = &before {
        must_match(new.if_match, &before.etag())?;
        if before.document == new.document {
            return Ok(before.clone());
        }
    }
    let version = Version {
        version: before.as_ref().map_or(1, |before| before.version + 1),
        at: now,
        author: new.author.to_owned(),
        note: new.note.chars().take(NOTE_CHARS).collect(),
        document: new.document.to_owned(),
    };
    sql.run(
        "INSERT INTO config_version (version, at_ms, author, note, document)
         VALUES (?, ?, ?, ?, ?)",
        &[
            &version.version,
            &version.at.0,
            &version.author,
            &version.note,
            &version.document,
        ],
    )?;
    places::change(sql, config, now)?;
    let before_hash = before.map_or_else(String::new, |before| sha256_hex(&before.document));
    let change = Change {
        actor: new.author,
        action: new.action,
        subject: &format!("version/{}", version.version),
        request: new.request,
        before_hash: &before_hash,
        after_hash: &sha256_hex(&version.document),
    };
    audit::append(sql, now, &change)?;
    Ok(version)
}

/// Whether the version that a request wants to replace is in force: asked before its body is read,
/// because the faults of a change to something else help nobody.
///
/// # Errors
/// [`ProblemCode::VersionNeeded`], [`ProblemCode::Stale`], or what the platform says.
pub(crate) fn precondition(sql: &Sql, if_match: Option<&str>) -> Result<(), Refused> {
    match latest_version(sql)? {
        0 => Ok(()),
        version => Ok(must_match(if_match, &etag(version))?),
    }
}

/// # Errors
/// [`ProblemCode::VersionNeeded`] without `If-Match`, [`ProblemCode::Stale`] if it names another.
fn must_match(if_match: Option<&str>, etag: &str) -> Result<(), Problem> {
    let Some(if_match) = if_match else {
        return Err(Problem::with_detail(
            ProblemCode::VersionNeeded,
            Detail::IfMatchNeeded(etag.to_owned()),
        ));
    };
    if crate::statics::names(if_match, etag) {
        return Ok(());
    }
    Err(Problem::with_detail(
        ProblemCode::Stale,
        Detail::OtherVersion(etag.to_owned()),
    ))
}

/// When a version came into force.
///
/// # Errors
/// What the platform says.
pub(super) fn since(sql: &Sql, version: u64) -> Result<UnixMillis, Fault> {
    let query = "SELECT at_ms FROM config_version WHERE version = ?";
    let row = sql.row(query, &[&version])?;
    row.map_or(Ok(UnixMillis(0)), |row| row.integer(0).map(UnixMillis))
}

/// Every pool that ever had numbers.
///
/// # Errors
/// What the platform says.
pub(crate) fn known_pools(sql: &Sql) -> Result<Vec<String>, Fault> {
    let rows = sql.rows(
        "SELECT DISTINCT pool FROM number_place
         WHERE until_ms IS NULL OR until_ms > since_ms ORDER BY pool",
        &[],
    )?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Every pool object that keeps visits: the pools, and the one of visits that asked no pool.
///
/// # Errors
/// What the platform says.
pub(crate) fn keepers_of_visits(sql: &Sql) -> Result<Vec<String>, Fault> {
    let mut keepers = known_pools(sql)?;
    keepers.push(UNPOOLED.to_owned());
    Ok(keepers)
}

/// The pools that `number` is or was in, the latest first.
///
/// # Errors
/// What the platform says.
pub(crate) fn pools_of(sql: &Sql, number: E164) -> Result<Vec<String>, Fault> {
    // A place of no length is one that was only made ready.
    let query = "SELECT pool FROM number_place
                 WHERE number = ? AND (until_ms IS NULL OR until_ms > since_ms)
                 GROUP BY pool ORDER BY max(since_ms) DESC";
    sql.rows(query, &[&number.to_string()])?
        .iter()
        .map(|row| row.text(0))
        .collect()
}
