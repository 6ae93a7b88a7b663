//! The check of the stored state: whether everything that is kept is whole and agrees.

use super::{InForce, SiteObject, audit, check_rows, config};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::binding::timer;
use crate::message::pool::PoolCommand;

/// What helps where a row is gone or spoilt.
const RESTORE: &str = "restore an export made before: delete the site and import it";

/// Every fault of the stored state of a site and its pools, as sentences.
///
/// # Errors
/// When the state could not be read at all.
pub(super) async fn run(object: &SiteObject) -> Result<Vec<String>, Fault> {
    let sql = object.store.sql();
    let mut faults = Vec::new();
    for row in sql.rows("PRAGMA quick_check", &[])? {
        let said = row.text(0)?;
        if said != "ok" {
            faults.push(format!("the site's database says: {said}; {RESTORE}"));
        }
    }
    if let Some(sequence) = audit::first_broken(sql)? {
        let advice = "somebody wrote to the database past this program; compare with an export";
        faults.push(format!(
            "the audit log is broken at row {sequence}; {advice}"
        ));
    }
    for (query, fault, advice) in QUERIES {
        let count = sql.row(query, &[])?.map_or(Ok(0), |row| row.integer(0))?;
        if count > 0 {
            faults.push(format!("{count} {fault}; {advice}"));
        }
        timer::turn().await;
    }
    for kind in check_rows::KINDS {
        let count = check_rows::unreadable(sql, kind).await?;
        if count > 0 {
            faults.push(format!("{count} {} cannot be read; {RESTORE}", kind.name));
        }
    }
    // What cannot be read is a fault like any other: nothing else is left untold for it.
    let in_force = match object.in_force() {
        Ok(in_force) => in_force.ok_or_else(|| Fault::new("there is no such site"))?,
        Err(fault) => {
            faults.push(format!(
                "{}; put another, or revert to an older",
                fault.message
            ));
            return Ok(faults);
        }
    };
    let unplaced = unplaced(sql, &in_force)?;
    if unplaced > 0 {
        let advice = "change the configuration in any way, which notes them";
        faults.push(format!(
            "{unplaced} numbers are not noted in their pools; {advice}"
        ));
    }
    for pool in config::keepers_of_visits(sql)? {
        let said = check_pool(object, &in_force, &pool).await;
        let said = said.unwrap_or_else(|fault| vec![fault.message]);
        let said = said
            .iter()
            .map(|fault| format!("pool {pool}: {fault}; {RESTORE}"));
        faults.extend(said);
    }
    Ok(faults)
}

async fn check_pool(
    object: &SiteObject,
    in_force: &InForce,
    pool: &str,
) -> Result<Vec<String>, Fault> {
    let said: Vec<Vec<String>> = object
        .ask_shards(in_force, pool, PoolCommand::Check)
        .await?;
    let mut said = said.concat();
    match object.check_shards(in_force, pool).await {
        Ok(also) => said.extend(also),
        Err(fault) if said.is_empty() => return Err(fault),
        // A shard that cannot be read has said so.
        Err(_) => {}
    }
    Ok(said)
}

/// How many numbers of the configuration in force calls would not find in their pools.
fn unplaced(sql: &Sql, in_force: &InForce) -> Result<u64, Fault> {
    let mut unplaced = 0;
    for pool in &in_force.config.pools {
        let numbers = serde_json::to_string(&pool.numbers)?;
        let query = "SELECT count(*) FROM json_each(?) WHERE NOT EXISTS
            (SELECT 1 FROM number_place WHERE number = value AND pool = ? AND until_ms IS NULL)";
        let row = sql.row(query, &[&numbers, &pool.id.as_str()])?;
        unplaced += row.map_or(Ok(0), |row| row.integer(0))?;
    }
    Ok(unplaced)
}

/// Counts of what must not be, what that is, and what to do about it.
const QUERIES: [(&str, &str, &str); 12] = [
    (
        "SELECT coalesce(max(version), 0) - count(*) FROM config_version",
        "versions of the configuration are missing",
        RESTORE,
    ),
    (
        "SELECT count(*) FROM config_version WHERE NOT json_valid(document)",
        "versions of the configuration cannot be read",
        RESTORE,
    ),
    (
        "SELECT count(*) FROM call_event LEFT JOIN call USING (call) WHERE call.call IS NULL",
        "events are of calls that are not kept",
        RESTORE,
    ),
    (
        "SELECT count(*) FROM call WHERE NOT EXISTS
            (SELECT 1 FROM call_event WHERE call_event.call = call.call)",
        "calls have no event",
        RESTORE,
    ),
    (
        "SELECT count(*) FROM attribution LEFT JOIN call USING (call) WHERE call.call IS NULL",
        "attributions are of calls that are not kept",
        RESTORE,
    ),
    (
        "SELECT count(*) FROM call WHERE waiting = 0 AND credited_by <> '' AND NOT EXISTS
            (SELECT 1 FROM attribution WHERE attribution.call = call.call)",
        "calls that were credited have no attribution",
        "say by hand whose they were, or restore an export made before",
    ),
    (
        "SELECT count(*) FROM (SELECT call FROM attribution GROUP BY call
            HAVING max(revision) <> count(*))",
        "calls lack a revision of their attribution",
        RESTORE,
    ),
    (
        "SELECT count(*) FROM outbox LEFT JOIN call USING (call) WHERE call.call IS NULL",
        "entries of the outbox are of calls that are not kept",
        RESTORE,
    ),
    (
        "SELECT count(*) FROM (SELECT number FROM number_place WHERE until_ms IS NULL
            GROUP BY number HAVING count(*) > 1)",
        "numbers are in two pools",
        "take each out of one of them",
    ),
    (
        "SELECT count(*) FROM number_place
         WHERE until_ms < since_ms OR number GLOB '*[^0-9]*'
            OR length(number) NOT BETWEEN 3 AND 15",
        "places of numbers cannot be",
        RESTORE,
    ),
    (
        "SELECT count(*) FROM api_key WHERE role NOT IN ('admin', 'viewer', 'telephony')",
        "keys have a role that there is not",
        RESTORE,
    ),
    (
        "SELECT NOT EXISTS (SELECT 1 FROM duty WHERE name = 'retention')",
        "duty is missing: nothing says when to let go of what is old",
        "change the configuration in any way, which says so",
    ),
];
