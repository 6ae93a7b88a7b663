//! The audit log: one row for each change, written in the change's own transaction and chained by
//! hash.

use crate::auth::sha256_hex;
use crate::binding::fault::Fault;
use crate::binding::sql::{Row, Sql};
use crate::binding::timer;
use ringlet_core::site::Text;
use ringlet_core::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// One change.
#[derive(Clone, Debug)]
pub(crate) struct Change<'a> {
    /// Who: `deployer`, `key:ID` or `system`.
    pub actor: &'a str,
    /// What was done, as `thing.verb`.
    pub action: &'static str,
    /// To what.
    pub subject: &'a str,
    /// The request that did it.
    pub request: &'a str,
    /// SHA-256 of what was there before; empty if nothing was.
    pub before_hash: &'a str,
    /// SHA-256 of what is there now; empty if nothing is.
    pub after_hash: &'a str,
}

/// One row of the log as the API tells it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AuditRow {
    /// 1, 2, 3 …
    pub sequence: u64,
    /// When.
    pub at: UnixMillis,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// The request that did it.
    pub request: String,
    /// SHA-256 of what was there before.
    pub before_hash: String,
    /// SHA-256 of what is there now.
    pub after_hash: String,
    /// SHA-256 of the row before it and this one.
    pub hash: String,
}

const COLUMNS: &str =
    "sequence, at_ms, actor, action, subject, request, before_hash, after_hash, hash";

impl AuditRow {
    fn read(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            sequence: row.integer(0)?,
            at: UnixMillis(row.integer(1)?),
            actor: row.text(2)?,
            action: row.text(3)?,
            subject: row.text(4)?,
            request: row.text(5)?,
            before_hash: row.text(6)?,
            after_hash: row.text(7)?,
            hash: row.text(8)?,
        })
    }

    /// What the row's hash must be after a row with `previous_hash`.
    fn chained(&self, previous_hash: &str) -> String {
        let fields = [
            previous_hash,
            &self.sequence.to_string(),
            &self.at.0.to_string(),
            &self.actor,
            &self.action,
            &self.subject,
            &self.request,
            &self.before_hash,
            &self.after_hash,
        ];
        // Lengths keep the fields apart: no text can be moved from one to the next.
        let text = fields.iter().fold(String::new(), |mut text, field| {
            text.push_str(&field.len().to_string());
            text.push(':');
            text.push_str(field);
            text
        });
        sha256_hex(&text)
    }
}

/// Appends one row; call it inside the change's transaction.
///
/// # Errors
/// What the platform says.
pub(crate) fn append(sql: &Sql, now: UnixMillis, change: &Change<'_>) -> Result<(), Fault> {
    let last = sql.row(
        "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1",
        &[],
    )?;
    let (sequence, previous_hash) = match last {
        Some(row) => (row.integer(0)? + 1, row.text(1)?),
        None => (1, String::new()),
    };
    let mut row = AuditRow {
        sequence,
        at: now,
        actor: change.actor.to_owned(),
        action: change.action.to_owned(),
        subject: change.subject.to_owned(),
        request: change.request.to_owned(),
        before_hash: change.before_hash.to_owned(),
        after_hash: change.after_hash.to_owned(),
        hash: String::new(),
    };
    row.hash = row.chained(&previous_hash);
    sql.run(
        &format!("INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        &[
            &row.sequence,
            &row.at.0,
            &row.actor,
            &row.action,
            &row.subject,
            &row.request,
            &row.before_hash,
            &row.after_hash,
            &row.hash,
        ],
    )?;
    Ok(())
}

/// Rows before `before`, newest first.
///
/// # Errors
/// What the platform says.
pub(crate) fn list(sql: &Sql, before: u64, count: u64) -> Result<Vec<AuditRow>, Fault> {
    let query =
        format!("SELECT {COLUMNS} FROM audit WHERE sequence < ? ORDER BY sequence DESC LIMIT ?");
    sql.rows(&query, &[&before, &count])?
        .iter()
        .map(AuditRow::read)
        .collect()
}

/// What to say of a log that is broken at this row.
pub(crate) fn broken_at(sequence: u64) -> Text {
    Text::of(
        format!("the audit log is broken at row {sequence}"),
        format!("журнал действий нарушен на строке {sequence}"),
    )
}

/// The sequence of the first row whose hash is not what it must be. Others have their turn between
/// two pages of rows.
///
/// # Errors
/// What the platform says.
pub(crate) async fn first_broken(sql: &Sql) -> Result<Option<u64>, Fault> {
    let mut previous_hash = String::new();
    let mut after = 0;
    loop {
        let query =
            format!("SELECT {COLUMNS} FROM audit WHERE sequence > ? ORDER BY sequence LIMIT 500");
        let rows = sql.rows(&query, &[&after])?;
        if rows.is_empty() {
            return Ok(None);
        }
        for row in &rows {
            let row = AuditRow::read(row)?;
            if row.sequence != after + 1 || row.hash != row.chained(&previous_hash) {
                return Ok(Some(row.sequence));
            }
            after = row.sequence;
            previous_hash = row.hash;
        }
        timer::turn().await;
    }
}
