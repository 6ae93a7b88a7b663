//! The journal of a pool in SQL: appended in groups, read at the start and for history.

use super::late_ids::with_ids;
use crate::binding::fault::Fault;
use crate::binding::sql::{Row, Sql};
use crate::message::pool::{LeaseRow, PastGrant};
use ringlet_core::phone::E164;
use ringlet_core::pool::{self, Granted, JournalEntry, JournalRow, Packed, Pieces, Pool, Shards};
use ringlet_core::time::UnixMillis;
use std::collections::BTreeMap;

/// Grants read at once: about 1 kB each.
const ROWS_AT_ONCE: u64 = 1_000;

/// One statement for any number of rows: the database takes the JSON apart faster than rows cross
/// the boundary one by one. Every column comes from the entry itself, so the two never differ.
const APPEND: &str = "
INSERT INTO journal (row, at_ms, kind, number, generation, entry)
SELECT value ->> '$.row', value ->> '$.at', value ->> '$.entry.entry', value ->> '$.entry.number',
       value ->> '$.entry.generation', value -> '$.entry'
FROM json_each(?)";

/// A part of a snapshot, or a configuration, but for its numbers.
const APPEND_PART: &str = "INSERT INTO journal (row, at_ms, kind, entry)
    SELECT ?1, ?2, ?3 ->> '$.entry', ?3";
/// Its numbers, packed.
const APPEND_NUMBERS: &str = "INSERT INTO packed (row, numbers) VALUES (?, ?)";
/// What is read of their past holders later.
const APPEND_PAST: &str = "INSERT INTO past (row, holders) VALUES (?, ?)";

/// The fact that names the row at which replay begins.
const REPLAY_FROM: &str = "replay_from";
/// The fact that holds the version of the configuration in force.
const CONFIG_VERSION: &str = "config_version";
/// The fact that holds its revision.
const CONFIG_REVISION: &str = "config_revision";
/// The fact that says whether the pool may borrow.
const BORROWS: &str = "borrows";
/// The fact that says that the pool is being divided, and this shard has not all that is its own.
pub(crate) const UNSETTLED: &str = "unsettled";
/// The fact that says among how many shards the pool is divided.
const SHARDS: &str = "shards";

/// Bytes of rows in one statement, but for one row that is longer: the database takes a parameter
/// of at most 2 MB.
const APPEND_BYTES: usize = 500_000;

/// Appends rows.
///
/// # Errors
/// What the platform says; that a lease would stand beside another is said by the index.
pub(crate) fn append(sql: &Sql, rows: &[JournalRow]) -> Result<(), Fault> {
    let mut text = String::new();
    for row in rows {
        if let JournalEntry::Snapshot { .. } | JournalEntry::Configured(_) = row.entry {
            append_part(sql, row.clone())?;
            continue;
        }
        let row = serde_json::to_string(row)?;
        if !text.is_empty() && text.len() + row.len() > APPEND_BYTES {
            text.push(']');
            sql.run(APPEND, &[&text])?;
            text.clear();
        }
        text.push(if text.is_empty() { '[' } else { ',' });
        text.push_str(&row);
    }
    if !text.is_empty() {
        text.push(']');
        sql.run(APPEND, &[&text])?;
    }
    Ok(())
}

/// Appends a part of a snapshot or a configuration. Its numbers are long, and nothing of them
/// stands in a column.
///
/// # Errors
/// What the platform says.
pub(super) fn append_part(sql: &Sql, mut row: JournalRow) -> Result<(), Fault> {
    match take_numbers(&mut row.entry)? {
        Some(Numbers::OfSnapshot(pieces)) => append_pieces(sql, row.row, &pieces)?,
        Some(Numbers::OfConfig(packed)) => {
            sql.run(APPEND_NUMBERS, &[&row.row, &packed])?;
        }
        None => {}
    }
    let entry = serde_json::to_string(&row.entry)?;
    sql.run(APPEND_PART, &[&row.row, &row.at.0, &entry])?;
    Ok(())
}

/// Appends the packed numbers of rows.
///
/// # Errors
/// What the platform says.
pub(super) fn append_packed(sql: &Sql, parts: &[(u64, Pieces)]) -> Result<(), Fault> {
    for (row, pieces) in parts {
        append_pieces(sql, *row, pieces)?;
    }
    Ok(())
}

fn append_pieces(sql: &Sql, row: u64, pieces: &Pieces) -> Result<(), Fault> {
    sql.run(APPEND_NUMBERS, &[&row, &pieces.numbers])?;
    sql.run(APPEND_PAST, &[&row, &pieces.past])?;
    Ok(())
}

/// What is read of the past holders of the part of a snapshot at `row` later.
///
/// # Errors
/// What the platform says, or if it is not there.
pub(super) fn past(sql: &Sql, row: u64) -> Result<Vec<u8>, Fault> {
    let past = sql.row("SELECT holders FROM past WHERE row = ?", &[&row])?;
    let past = past.map(|row| row.maybe_bytes(0)).transpose()?.flatten();
    past.ok_or_else(|| {
        Fault::new(format!(
            "row {row} of the journal has lost its past holders"
        ))
    })
}

/// Gives a pool the past holders of the part at `row`.
///
/// # Errors
/// As [`past`], or if they are not those of that part.
pub(super) fn recall(sql: &Sql, pool: &mut Pool, row: u64) -> Result<(), Fault> {
    let past = past(sql, row)?;
    pool.recall(row, &past)
        .map_err(|error| Fault::new(format!("row {row} of the journal: {error}")))
}

/// A long list of numbers of an entry, packed.
enum Numbers {
    /// Of a part of a snapshot.
    OfSnapshot(Pieces),
    /// Of a configuration.
    OfConfig(Vec<u8>),
}

/// The list of numbers that an entry is long by, packed, and out of it: of a part its numbers, of
/// a configuration or the head of a snapshot those of the configuration.
fn take_numbers(entry: &mut JournalEntry) -> Result<Option<Numbers>, Fault> {
    let configured = match entry {
        JournalEntry::Snapshot { numbers, .. } if !numbers.is_empty() => {
            let numbers = core::mem::take(numbers);
            let pieces = pool::pack_parted(&numbers);
            let pieces = pieces.map_err(|error| Fault::new(error.to_string()))?;
            return Ok(Some(Numbers::OfSnapshot(pieces)));
        }
        JournalEntry::Snapshot {
            head: Some(head), ..
        } => &mut head.config.numbers,
        JournalEntry::Configured(config) => &mut config.numbers,
        _ => return Ok(None),
    };
    let numbers = core::mem::take(configured);
    let packed = || Numbers::OfConfig(pool::pack_config(&numbers));
    Ok((!numbers.is_empty()).then(packed))
}

/// Puts them back.
pub(super) fn put_numbers(entry: &mut JournalEntry, packed: &[u8]) -> Result<(), Fault> {
    let numbers = pool::unpack(packed).map_err(|error| Fault::new(error.to_string()))?;
    match (entry, numbers) {
        (JournalEntry::Snapshot { numbers, .. }, Packed::Images(images)) => *numbers = images,
        (
            JournalEntry::Snapshot {
                head: Some(head), ..
            },
            Packed::Config(configs),
        ) => head.config.numbers = configs,
        (JournalEntry::Configured(config), Packed::Config(configs)) => config.numbers = configs,
        _ => return Err(Fault::new("packed numbers stand beside a row of none")),
    }
    Ok(())
}

/// The entry of a part of a snapshot or of a configuration with the numbers that are kept beside
/// it; nothing if none are.
///
/// # Errors
/// What the platform says, or if it is not what this version or an earlier one wrote.
pub(super) fn whole_part(sql: &Sql, row: u64, entry: &str) -> Result<Option<JournalEntry>, Fault> {
    let packed = sql.row("SELECT numbers FROM packed WHERE row = ?", &[&row])?;
    let Some(packed) = packed.map(|row| row.maybe_bytes(0)).transpose()?.flatten() else {
        return Ok(None);
    };
    let mut entry: JournalEntry = serde_json::from_str(entry)?;
    match &mut entry {
        JournalEntry::Snapshot { numbers, .. } if pool::is_parted(&packed) => {
            let images = pool::unpack_parted(&packed, &past(sql, row)?);
            *numbers = images.map_err(|error| Fault::new(error.to_string()))?;
        }
        entry => put_numbers(entry, &packed)?,
    }
    Ok(Some(entry))
}

/// The last row; 0 if there is none.
///
/// # Errors
/// What the platform says.
pub(super) fn last_row(sql: &Sql) -> Result<u64, Fault> {
    let last = sql.row("SELECT coalesce(max(row), 0) FROM journal", &[])?;
    last.map_or(Ok(0), |row| row.integer(0))
}

pub(super) fn unreadable(row: u64, why: &serde_json::Error) -> Fault {
    Fault::new(format!("row {row} of the journal cannot be read: {why}"))
}

/// Reads a row of [`super::replayed`], or of any query whose first three columns are those.
pub(super) fn journal_row(row: &Row) -> Result<JournalRow, Fault> {
    let number = row.integer(0)?;
    let entry = serde_json::from_str(&row.text(2)?);
    let mut read = JournalRow {
        row: number,
        at: UnixMillis(row.integer(1)?),
        entry: entry.map_err(|why| unreadable(number, &why))?,
    };
    // Rows that are not long have no fourth column in every query.
    if let JournalEntry::Snapshot { .. } | JournalEntry::Configured(_) = read.entry
        && let Some(packed) = row.maybe_bytes(3)?
    {
        put_numbers(&mut read.entry, &packed)?;
    }
    Ok(read)
}

/// The first row at `at` or after; past the last one if there is none. Rows are in the order of
/// time.
///
/// # Errors
/// What the platform says.
pub(crate) fn row_at(sql: &Sql, at: UnixMillis) -> Result<u64, Fault> {
    first_at(sql, "journal", "row", at)
}

/// The first row of `table`, by its key, of `at` or later: rows are in the order of time.
///
/// # Errors
/// What the platform says.
pub(super) fn first_at(sql: &Sql, table: &str, key: &str, at: UnixMillis) -> Result<u64, Fault> {
    let ends = format!("SELECT coalesce(min({key}), 1), coalesce(max({key}), 0) + 1 FROM {table}");
    let Some(ends) = sql.row(&ends, &[])? else {
        return Ok(1);
    };
    let (mut low, mut high) = (ends.integer(0)?, ends.integer(1)?);
    while low < high {
        let middle = low + (high - low) / 2;
        let query = format!("SELECT at_ms FROM {table} WHERE {key} >= ? ORDER BY {key} LIMIT 1");
        let found = sql.row(&query, &[&middle])?;
        let found = found.map_or(Ok(u64::MAX), |row| row.integer(0))?;
        if found < at.0 {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// The first part of the last snapshot that was whole before `row`; the first row if there is none.
///
/// # Errors
/// What the platform says.
pub(crate) fn snapshot_before(sql: &Sql, row: u64) -> Result<u64, Fault> {
    // Those of earlier versions were written at once, and told of no first row.
    let query = "SELECT coalesce(entry ->> '$.of', row) FROM journal
                 WHERE row < ? AND kind = 'snapshot'
                   AND (entry ->> '$.last' OR entry ->> '$.of' IS NULL AND entry ->> '$.part' = 0)
                 ORDER BY row DESC LIMIT 1";
    let row = sql.row(query, &[&row])?;
    row.map_or(Ok(1), |row| row.integer(0))
}

/// Hands grants from row `from` on to `each`, in order, until it says to stop.
///
/// # Errors
/// What the platform says, or if a row is not what this version or an earlier one wrote.
pub(crate) fn each_grant(
    sql: &Sql,
    from: u64,
    mut each: impl FnMut(JournalRow) -> bool,
) -> Result<(), Fault> {
    let mut after = from.saturating_sub(1);
    let query = "SELECT row, at_ms, entry FROM journal WHERE row > ? AND kind = 'grant'
                 ORDER BY row LIMIT ?";
    loop {
        let rows = sql.rows(query, &[&after, &ROWS_AT_ONCE])?;
        for row in &rows {
            let row = journal_row(row)?;
            after = row.row;
            if !each(row) {
                return Ok(());
            }
        }
        if (rows.len() as u64) < ROWS_AT_ONCE {
            return Ok(());
        }
    }
}

/// The contexts kept with the grants of `rows`, in their order; empty where a grant is no more.
///
/// # Errors
/// What the platform says.
pub(crate) fn contexts(sql: &Sql, rows: &[u64]) -> Result<Vec<String>, Fault> {
    let mut contexts = Vec::with_capacity(rows.len());
    for chunk in rows.chunks(500) {
        let list = serde_json::to_string(chunk)?;
        let query = "SELECT coalesce(entry ->> '$.context', ''), late_ids.ids FROM json_each(?)
                     LEFT JOIN journal ON journal.row = json_each.value
                       AND kind IN ('grant', 'history')
                     LEFT JOIN late_ids ON late_ids.visit = entry ->> '$.visit'
                     ORDER BY json_each.key";
        for row in sql.rows(query, &[&list])? {
            contexts.push(with_ids(row.text(0)?, row.maybe_text(1)?));
        }
    }
    Ok(contexts)
}

/// The sources of the visits that were granted by `rows`, in their order; empty where a grant is no
/// more.
///
/// # Errors
/// What the platform says.
pub(super) fn sources(sql: &Sql, rows: &[u64]) -> Result<Vec<String>, Fault> {
    let mut sources = Vec::with_capacity(rows.len());
    for chunk in rows.chunks(500) {
        let list = serde_json::to_string(chunk)?;
        let query = "SELECT CASE WHEN json_valid(entry ->> '$.context')
                       THEN coalesce(entry ->> '$.context' ->> '$.source', '') ELSE '' END
                     FROM json_each(?) LEFT JOIN journal ON journal.row = json_each.value
                       AND kind IN ('grant', 'history')
                     ORDER BY json_each.key";
        for row in sql.rows(query, &[&list])? {
            sources.push(row.text(0)?);
        }
    }
    Ok(sources)
}

/// The grants of `rows`, those that are still there.
///
/// # Errors
/// What the platform says, or if a row is not what this version writes.
pub(crate) fn past_grants(sql: &Sql, rows: &[u64]) -> Result<Vec<PastGrant>, Fault> {
    let list = serde_json::to_string(rows)?;
    let query = "SELECT row, journal.at_ms, entry, late_ids.ids
                 FROM journal JOIN json_each(?) ON row = value
                 LEFT JOIN late_ids ON late_ids.visit = entry ->> '$.visit'
                 WHERE kind IN ('grant', 'history') ORDER BY row";
    let mut grants = Vec::new();
    for row in sql.rows(query, &[&list])? {
        let late = row.maybe_text(3)?;
        let row = journal_row(&row)?;
        if let JournalEntry::Grant(mut granted) | JournalEntry::History(mut granted) = row.entry {
            granted.context = with_ids(granted.context, late);
            grants.push(PastGrant {
                row: row.row,
                at: row.at,
                granted: *granted,
            });
        }
    }
    Ok(grants)
}

/// The grant of a number by its generation.
///
/// # Errors
/// What the platform says.
pub(crate) fn grant(sql: &Sql, number: E164, generation: u64) -> Result<Option<Granted>, Fault> {
    let query = "SELECT row, journal.at_ms, entry, late_ids.ids FROM journal
                 LEFT JOIN late_ids ON late_ids.visit = entry ->> '$.visit'
                 WHERE kind IN ('grant', 'history') AND number = ? AND generation = ?";
    let Some(row) = sql.row(query, &[&number.to_string(), &generation])? else {
        return Ok(None);
    };
    let late = row.maybe_text(3)?;
    match journal_row(&row)?.entry {
        JournalEntry::Grant(mut granted) | JournalEntry::History(mut granted) => {
            granted.context = with_ids(granted.context, late);
            Ok(Some(*granted))
        }
        _ => Ok(None),
    }
}

/// Leases of `number` that began at `at` or before, newest first.
///
/// # Errors
/// What the platform says.
pub(crate) fn leases(
    sql: &Sql,
    number: E164,
    at: UnixMillis,
    count: u64,
) -> Result<Vec<LeaseRow>, Fault> {
    let query = "SELECT row, journal.at_ms, entry,
                    (SELECT next.at_ms FROM journal AS next
                     WHERE next.kind = 'grant' AND next.number = journal.number
                       AND next.generation > journal.generation
                     ORDER BY next.generation LIMIT 1),
                    late_ids.ids
                 FROM journal LEFT JOIN late_ids ON late_ids.visit = entry ->> '$.visit'
                 WHERE kind = 'grant' AND number = ? AND journal.at_ms <= ?
                 ORDER BY generation DESC LIMIT ?";
    let mut leases = Vec::new();
    for row in sql.rows(query, &[&number.to_string(), &at.0, &count])? {
        let ended_at = row.maybe_integer(3)?.map(UnixMillis);
        let late = row.maybe_text(4)?;
        let row = journal_row(&row)?;
        let JournalEntry::Grant(granted) = row.entry else {
            continue;
        };
        leases.push(LeaseRow {
            number: granted.number,
            lease: granted.lease.to_string(),
            generation: u64::from(granted.generation),
            visitor: granted.visitor,
            visit: granted.visit,
            granted_at: row.at,
            ended_at,
            context: serde_json::from_str(&with_ids(granted.context, late)).unwrap_or_default(),
        });
    }
    Ok(leases)
}

/// Makes `row`, the first of a snapshot, the one at which replay begins.
///
/// # Errors
/// What the platform says.
pub(crate) fn replay_from(sql: &Sql, row: u64) -> Result<(), Fault> {
    put_fact(sql, REPLAY_FROM, &row.to_string())
}

/// The row at which replay begins.
///
/// # Errors
/// What the platform says.
pub(crate) fn replays_from(sql: &Sql) -> Result<u64, Fault> {
    Ok(number_fact(sql, REPLAY_FROM)?.max(1))
}

/// A fact that is a number; 0 if it is not there.
///
/// # Errors
/// What the platform says.
pub(crate) fn number_fact(sql: &Sql, name: &str) -> Result<u64, Fault> {
    let value = fact(sql, name)?;
    Ok(value.and_then(|value| value.parse().ok()).unwrap_or(0))
}

/// Notes a fact that is a number.
///
/// # Errors
/// What the platform says.
pub(crate) fn put_number_fact(sql: &Sql, name: &str, value: u64) -> Result<(), Fault> {
    put_fact(sql, name, &value.to_string())
}

/// Which configuration is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InForce {
    /// The version of the site's configuration; 0 if there is none yet.
    pub version: u64,
    /// How often within it what the pool borrowed has changed.
    pub revision: u64,
    /// The site wants to hear when numbers are short.
    pub borrows: bool,
    /// Among how many shards the pool is divided, as far as this one has settled it.
    pub shards: Shards,
}

/// The configuration in force.
///
/// # Errors
/// What the platform says.
pub(crate) fn in_force(sql: &Sql) -> Result<InForce, Fault> {
    let mut facts = BTreeMap::new();
    for row in sql.rows("SELECT name, value FROM fact", &[])? {
        facts.insert(row.text(0)?, row.text(1)?);
    }
    let number = |name: &str| facts.get(name).and_then(|value| value.parse().ok());
    Ok(InForce {
        version: number(CONFIG_VERSION).unwrap_or(0),
        revision: number(CONFIG_REVISION).unwrap_or(0),
        borrows: number(BORROWS) == Some(1),
        shards: Shards::new(number(SHARDS).map_or(1, |count| count as u32)),
    })
}

/// Notes the configuration in force.
///
/// # Errors
/// What the platform says.
pub(crate) fn put_in_force(sql: &Sql, in_force: InForce) -> Result<(), Fault> {
    let facts = BTreeMap::from([
        (CONFIG_VERSION, in_force.version.to_string()),
        (CONFIG_REVISION, in_force.revision.to_string()),
        (BORROWS, u64::from(in_force.borrows).to_string()),
        (SHARDS, in_force.shards.count().to_string()),
    ]);
    // In one statement: a site's first page view waits for these too.
    sql.run(
        "INSERT INTO fact SELECT key, value FROM json_each(?) WHERE true
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[&serde_json::to_string(&facts)?],
    )?;
    let settled = "UPDATE fact SET value = '0' WHERE name = ? AND value = '1'";
    sql.run(settled, &[&UNSETTLED])?;
    Ok(())
}

/// A fact, if it is there.
///
/// # Errors
/// What the platform says.
pub(crate) fn fact(sql: &Sql, name: &str) -> Result<Option<String>, Fault> {
    let row = sql.row("SELECT value FROM fact WHERE name = ?", &[&name])?;
    row.map(|row| row.text(0)).transpose()
}

/// Notes a fact.
///
/// # Errors
/// What the platform says.
pub(crate) fn put_fact(sql: &Sql, name: &str, value: &str) -> Result<(), Fault> {
    let query =
        "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    sql.run(query, &[&name, &value])?;
    Ok(())
}
