//! The check of the stored state: whether everything that is kept is whole and agrees.

use super::{SiteObject, audit, config};
use crate::binding::fault::Fault;
use crate::message::pool::PoolCommand;

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
            faults.push(format!("the site's database says: {said}"));
        }
    }
    if let Some(sequence) = audit::first_broken(sql)? {
        faults.push(format!("the audit log is broken at row {sequence}"));
    }
    for (query, fault) in QUERIES {
        let count = sql.row(query, &[])?.map_or(Ok(0), |row| row.integer(0))?;
        if count > 0 {
            faults.push(format!("{count} {fault}"));
        }
    }
    let in_force = object
        .in_force()?
        .ok_or_else(|| Fault::new("there is no such site"))?;
    for pool in config::keepers_of_visits(sql)? {
        let said: Vec<Vec<String>> = object
            .ask_shards(&in_force, &pool, PoolCommand::Check)
            .await?;
        let also = object.check_shards(&in_force, &pool).await?;
        let said = said.into_iter().flatten().chain(also);
        faults.extend(said.map(|fault| format!("pool {pool}: {fault}")));
    }
    Ok(faults)
}

/// Counts of what must not be.
const QUERIES: [(&str, &str); 4] = [
    (
        "SELECT count(*) FROM call_event LEFT JOIN call USING (call) WHERE call.call IS NULL",
        "events are of calls that are not kept",
    ),
    (
        "SELECT count(*) FROM call WHERE NOT EXISTS
            (SELECT 1 FROM call_event WHERE call_event.call = call.call)",
        "calls have no event",
    ),
    (
        "SELECT count(*) FROM attribution LEFT JOIN call USING (call) WHERE call.call IS NULL",
        "attributions are of calls that are not kept",
    ),
    (
        "SELECT count(*) FROM (SELECT number FROM number_place WHERE until_ms IS NULL
            GROUP BY number HAVING count(*) > 1)",
        "numbers are in two pools",
    ),
];
