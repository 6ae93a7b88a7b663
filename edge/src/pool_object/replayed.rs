//! Rows of the journal as they are read for replay: many at a time.
//!
//! A row that crosses from the database by itself takes longer than replaying it, and the most of a
//! grant is its visit's context, of which replay knows nothing. So the database joins rows to one
//! text and leaves contexts out.
//!
//! Limits: rows that are long by themselves (snapshots, configurations, checkpoints of many leases)
//! are read one by one, and so are those around one that cannot be read, so that it is named.

use super::journal::{self, journal_row, put_numbers, unreadable};
use crate::binding::fault::Fault;
use crate::binding::sql::{Row, Sql};
use ringlet_core::pool::{JournalEntry, JournalRow, Pool};
use ringlet_core::time::UnixMillis;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

/// Rows as [`journal_row`] reads them, with the numbers that are packed: of snapshots those of the
/// one that began at row `?1`. Of another nothing is taken but what its rows tell beside them.
const ROWS: &str = "SELECT journal.row, at_ms, entry,
        CASE WHEN kind = 'snapshot' AND entry ->> '$.of' <> ?1 AND entry -> '$.forgot' IS NOT NULL
             THEN NULL ELSE numbers END, kind
    FROM journal LEFT JOIN packed ON packed.row = journal.row";

/// Rows joined to one text: some 100 kB.
const JOINED: u64 = 250;
/// A row longer than this is read by itself: so many of them stay below what a text may have, 2 MB.
const LONG_BYTES: u64 = 4_000;
/// Rows at the end of the journal whose contexts are read too, for what happened of late.
pub(super) const RECENT_ROWS: u64 = 300;

/// Hands at most `limit` rows after the row `after`, up to `last`, to `each`, in order, until it
/// says to stop: to be replayed by a pool whose first row is `began`. Grants come without their
/// context, but for the last [`RECENT_ROWS`].
///
/// # Errors
/// What the platform says, or if a row is not what this version or an earlier one wrote.
pub(super) fn each_up_to(
    sql: &Sql,
    began: u64,
    (mut after, last): (u64, u64),
    limit: u64,
    mut each: impl FnMut(Stored) -> Result<bool, Fault>,
) -> Result<(), Fault> {
    let mut left = limit;
    while left > 0 {
        let long = next_long(sql, (after, last), left)?;
        let until = long.unwrap_or(last + 1);
        while left > 0 {
            let rows = joined(sql, began, (after, until), left.min(JOINED), last)?;
            if rows.is_empty() {
                break;
            }
            for stored in rows {
                (after, left) = (stored.row.row, left.saturating_sub(1));
                if !each(stored)? {
                    return Ok(());
                }
            }
        }
        let Some(row) = long.filter(|_| left > 0) else {
            return Ok(());
        };
        for stored in one_by_one(sql, began, (row - 1, row + 1), 1)? {
            (after, left) = (row, left.saturating_sub(1));
            if !each(stored)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The first long row of the next `count`.
fn next_long(sql: &Sql, (after, last): (u64, u64), count: u64) -> Result<Option<u64>, Fault> {
    let query = "SELECT row FROM (
                   SELECT row, kind, octet_length(entry) AS bytes FROM journal
                   WHERE row > ? AND row <= ? ORDER BY row LIMIT ?)
                 WHERE kind IN ('snapshot', 'configured') OR bytes > ? LIMIT 1";
    let row = sql.row(query, &[&after, &last, &count, &LONG_BYTES])?;
    row.map(|row| row.integer(0)).transpose()
}

/// The next rows before `until`, none of them long.
fn joined(
    sql: &Sql,
    began: u64,
    (after, until): (u64, u64),
    count: u64,
    last: u64,
) -> Result<Vec<Stored>, Fault> {
    let query = "SELECT json_group_array(json_array(row, at_ms, kind, json(entry))) FROM (
                   SELECT row, at_ms, kind,
                     CASE WHEN kind = 'grant' AND row + ?4 <= ?5
                       THEN json_set(entry, '$.context', '') ELSE entry END AS entry
                   FROM journal WHERE row > ?1 AND row < ?2 ORDER BY row LIMIT ?3)";
    let found = sql.row(query, &[&after, &until, &count, &RECENT_ROWS, &last]);
    let text = found.and_then(|row| row.map_or(Ok(String::new()), |row| row.text(0)));
    let rows = text.map(|text| serde_json::from_str::<Vec<Joined>>(&text));
    match rows {
        Ok(Ok(rows)) => Ok(rows
            .into_iter()
            .map(|Joined(row)| Stored::of(row))
            .collect()),
        // One of them is none: it is named where it is read by itself.
        _ => one_by_one(sql, began, (after, until), count),
    }
}

/// The next rows before `until`, each by itself.
fn one_by_one(
    sql: &Sql,
    began: u64,
    (after, until): (u64, u64),
    count: u64,
) -> Result<Vec<Stored>, Fault> {
    let query =
        format!("{ROWS} WHERE journal.row > ?2 AND journal.row < ?3 ORDER BY journal.row LIMIT ?4");
    let mut read = Vec::new();
    sql.each(&query, &[&began, &after, &until, &count], |row| {
        read.push(match row.text(4)?.as_str() {
            "snapshot" => part_row(row)?,
            _ => Stored::of(journal_row(row)?),
        });
        Ok(true)
    })?;
    Ok(read)
}

/// A row of [`joined`].
struct Joined(JournalRow);

impl<'de> Deserialize<'de> for Joined {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(JoinedVisitor)
    }
}

struct JoinedVisitor;

impl<'de> Visitor<'de> for JoinedVisitor {
    type Value = Joined;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a row: its number, instant, kind and entry")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Joined, A::Error> {
        let missing = || A::Error::custom("a row lacks a column");
        let number = row.next_element()?.ok_or_else(missing)?;
        let at = UnixMillis(row.next_element()?.ok_or_else(missing)?);
        let kind: String = row.next_element()?.ok_or_else(missing)?;
        // Most rows are grants, and read as what they are they are read in half the time.
        let entry = match kind.as_str() {
            "grant" => row.next_element()?.map(JournalEntry::Grant),
            _ => row.next_element()?,
        };
        let entry = entry.ok_or_else(missing)?;
        Ok(Joined(JournalRow {
            row: number,
            at,
            entry,
        }))
    }
}

/// A row as it is stored: the numbers of a part of a snapshot are still packed.
#[derive(Debug)]
pub(super) struct Stored {
    pub row: JournalRow,
    packed: Option<Vec<u8>>,
}

impl Stored {
    const fn of(row: JournalRow) -> Self {
        Self { row, packed: None }
    }

    /// Bytes of its packed numbers.
    pub(super) fn packed_bytes(&self) -> usize {
        self.packed.as_ref().map_or(0, Vec::len)
    }

    /// Has `pool` take it, and before that what it needs of past holders.
    ///
    /// # Errors
    /// What the platform says, or if the packed numbers are none.
    pub(super) fn replay(self, sql: &Sql, pool: &mut Pool) -> Result<(), Fault> {
        match self.packed {
            None => {
                while let Some(part) = pool.lacks_to_replay(&self.row) {
                    journal::recall(sql, pool, part)?;
                }
                pool.replay(&self.row);
            }
            Some(packed) => pool
                .replay_packed(self.row, &packed)
                .map_err(|error| Fault::new(error.to_string()))?,
        }
        Ok(())
    }
}

/// Reads a row of [`ROWS`] that is a part of a snapshot. Only the numbers of its configuration are
/// unpacked.
fn part_row(row: &Row) -> Result<Stored, Fault> {
    let number = row.integer(0)?;
    let entry: Result<JournalEntry, _> = serde_json::from_str(&row.text(2)?);
    let mut read = JournalRow {
        row: number,
        at: UnixMillis(row.integer(1)?),
        entry: entry.map_err(|why| unreadable(number, &why))?,
    };
    let packed = row.maybe_bytes(3)?;
    let configures = matches!(
        &read.entry,
        JournalEntry::Snapshot {
            head: Some(_),
            last: false,
            ..
        }
    );
    match packed {
        Some(packed) if configures => {
            put_numbers(&mut read.entry, &packed)?;
            Ok(Stored::of(read))
        }
        packed => Ok(Stored { row: read, packed }),
    }
}
