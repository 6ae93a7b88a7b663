//! What a viewer's key reads of the configuration: all of it but its secrets
//! ([`ringlet_core::site::without_secrets`]).
//!
//! Its ETags are other ones than an admin's: what they stand for is another text.

use super::admin::{AdminReply, config_reply, version_named};
use super::config::{self, Version};
use super::refused::Refused;
use super::scenarios::changed;
use crate::binding::sql::Sql;
use crate::message::AdminAsk;
use ringlet_core::api::problem::ProblemCode;
use ringlet_core::api::route::Route;
use ringlet_core::site::{changes_without_secrets, without_secrets};

/// The answer of a route whose answer to others may hold secrets; nothing for any other route.
///
/// # Errors
/// What the route refuses to anybody.
pub(super) fn read(sql: &Sql, ask: &AdminAsk, route: Route) -> Result<Option<AdminReply>, Refused> {
    let reply = match route {
        Route::ConfigRead => {
            let version = shown(config::latest(sql)?.ok_or(ProblemCode::UnknownSite)?)?;
            config_reply(etag(&version), version.document, ask)
        }
        Route::VersionRead => {
            let version = shown(version_named(sql, ask)?)?;
            config_reply(etag(&version), serde_json::to_string(&version)?, ask)
        }
        Route::VersionDiff => {
            let mut changed = changed(sql, ask)?;
            changed.changes = changes_without_secrets(changed.changes);
            AdminReply::json(&changed)?
        }
        _ => return Ok(None),
    };
    Ok(Some(reply))
}

/// What a viewer sees of a version.
fn shown(version: Version) -> Result<Version, Refused> {
    let document = without_secrets(&version.document).ok_or(ProblemCode::Internal)?;
    Ok(Version {
        document,
        ..version
    })
}

fn etag(version: &Version) -> String {
    format!("\"{}-viewer\"", version.version)
}
