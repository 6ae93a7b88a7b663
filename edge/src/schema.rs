//! Schemas of the objects' databases, brought up to date step by step.
//!
//! The platform refuses `PRAGMA user_version`, so a table holds the version. Steps go forward only
//! and are never edited after a release; an object that opens an older database runs the steps it
//! lacks in one transaction.

use crate::binding::fault::Fault;
use crate::binding::object::Store;
use crate::binding::sql::Sql;

/// The version of the database; nothing if the object was never created.
///
/// # Errors
/// What the platform says.
pub(crate) fn version(sql: &Sql) -> Result<Option<u64>, Fault> {
    let there = sql.row(
        "SELECT 1 FROM sqlite_master WHERE name = 'schema_version'",
        &[],
    )?;
    if there.is_none() {
        return Ok(None);
    }
    let row = sql.row("SELECT version FROM schema_version", &[])?;
    row.map(|row| row.integer(0)).transpose()
}

/// Creates the schema or brings it up to date; `steps[n]` leads from version `n` to `n + 1`.
///
/// # Errors
/// What the platform says, or if the database is of a newer version of this program.
pub(crate) fn migrate(sql: &Sql, steps: &[&str]) -> Result<(), Fault> {
    let known = version(sql)?;
    let from = known.unwrap_or(0) as usize;
    if from > steps.len() {
        return Err(Fault::new(format!(
            "the database has schema version {from}, this program knows {}",
            steps.len()
        )));
    }
    if known.is_none() {
        // All at once: a site's first page view waits for it.
        let last = steps.len();
        let whole = format!(
            "CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT; {}
             INSERT INTO schema_version VALUES ({last});",
            steps.concat()
        );
        sql.run(&whole, &[])?;
        return Ok(());
    }
    for step in &steps[from..] {
        sql.run(step, &[])?;
    }
    if from < steps.len() {
        sql.run(
            "UPDATE schema_version SET version = ?",
            &[&(steps.len() as u64)],
        )?;
    }
    Ok(())
}

/// Brings an existing database up to date and says whether there is one; creates none.
///
/// # Errors
/// As [`migrate`].
pub(crate) fn open(store: &Store, steps: &[&str]) -> Result<bool, Fault> {
    match version(store.sql())? {
        None => Ok(false),
        Some(version) if version as usize == steps.len() => Ok(true),
        Some(_) => {
            store.transaction(|sql| migrate(sql, steps))?;
            Ok(true)
        }
    }
}
