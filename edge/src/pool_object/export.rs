//! Everything a pool has stored as lines, part by part, and back.
//!
//! An export is of one instant, though the pool goes on lending while it is read: facts are told at
//! its beginning, and of the journal and the visits, which only grow, what was there by then. That
//! replay can begin where those facts say is looked after with every part.
//!
//! Invariant: what a pool does by itself changes no export, the end of what is past its time aside.
//! So rows that the next sweep drops are left out, and how far sweeps are; an imported pool begins
//! no snapshot before something happens, and what time alone had it write until then, which any
//! other that imports the same writes as well, is left out too.

use super::{Shell, compact, journal, replayed, schema};
use crate::binding::fault::Fault;
use crate::binding::sql::{Cell, Sql};
use crate::export::{self, Cut, Lines, Table};
use crate::message::pool::{ExportPart, ImportPart, PoolCursor};
use ringlet_core::pool::{JournalEntry, JournalRow};
use ringlet_core::time::UnixMillis;
use serde::Deserialize;
use std::rc::Rc;

const FACT: Table = Table {
    name: "fact",
    columns: "name, value",
    order: "name",
};
const PARCEL: Table = Table {
    name: "parcel",
    columns: "id, target, content",
    order: "id",
};
const VISIT: Table = Table {
    name: "visit",
    columns: "id, at_ms, visit, visitor, number, context",
    order: "id",
};
const LATE_IDS: Table = Table {
    name: "late_ids",
    columns: "id, at_ms, visit, ids",
    order: "id",
};
const JOURNAL: Table = Table {
    name: "journal",
    columns: "row, at_ms, kind, number, generation, entry",
    order: "row",
};
const TABLES: [Table; 5] = [FACT, PARCEL, VISIT, LATE_IDS, JOURNAL];

/// The fact that names the last part of an import that is here; none once it is committed.
const IMPORT: &str = "import";
/// The fact that names the last row that an import brought.
const BROUGHT_TO: &str = "brought_to";
/// Facts of this object that are none of the pool.
const OWN: [&str; 4] = [compact::SWEPT_TO, compact::EXPIRED_TO, IMPORT, BROUGHT_TO];

impl Shell {
    /// The part that `cursor` stands before, or the first one.
    pub(super) fn export(
        self: &Rc<Self>,
        name: &str,
        cursor: Option<PoolCursor>,
    ) -> Result<String, Fault> {
        let sql = self.store.sql();
        let mut lines = Lines::default();
        let mut cursor = match cursor {
            Some(cursor) => cursor,
            None => {
                // What signs changed since the last checkpoint belongs to it.
                if self.checkpoint_called.get() {
                    self.step(|pool, _, _| pool.checkpoint())?;
                }
                self.commit();
                if crate::schema::version(sql)?.is_none() {
                    return Ok(serde_json::to_string(&ExportPart::default())?);
                }
                let facts = format!("name NOT IN ('{}')", OWN.join("', '"));
                write_whole(sql, &FACT, Cut::Where(&facts), name, &mut lines)?;
                write_whole(sql, &PARCEL, Cut::All, name, &mut lines)?;
                PoolCursor {
                    ids: false,
                    journal: false,
                    after: Vec::new(),
                    last_visit: last(sql, &VISIT)?,
                    last_ids: last(sql, &LATE_IDS)?,
                    last_row: match as_imported(sql)? {
                        Some(brought) => brought,
                        None => last(sql, &JOURNAL)?,
                    },
                    replay_from: journal::replays_from(sql)?,
                }
            }
        };
        if compact::swept_to(sql)? > cursor.replay_from {
            return Err(Fault::new(
                "the journal was made small meanwhile; export again",
            ));
        }
        let PoolCursor {
            last_row,
            replay_from,
            ..
        } = cursor;
        let kept = compact::HISTORY;
        let kept = format!("row <= {last_row} AND (row >= {replay_from} OR {kept})");
        let mut next = None;
        while !lines.is_full() {
            let (table, cut) = match (cursor.journal, cursor.ids) {
                (true, _) => (&JOURNAL, Cut::Where(&kept)),
                (false, true) => (&LATE_IDS, Cut::UpTo(&cursor.last_ids)),
                (false, false) => (&VISIT, Cut::UpTo(&cursor.last_visit)),
            };
            let of_journal = cursor.journal;
            let row = |row: &mut [Cell]| match of_journal {
                true => with_numbers(sql, row),
                false => Ok(()),
            };
            let after = export::write(sql, table, cut, &cursor.after, Some(name), row, &mut lines)?;
            match after {
                Some(after) => cursor.after = after,
                None if cursor.journal => {
                    let part = ExportPart::of(lines, None);
                    return Ok(serde_json::to_string(&part)?);
                }
                None => {
                    cursor.journal = cursor.ids;
                    cursor.ids = true;
                    cursor.after.clear();
                }
            }
            next = Some(cursor.clone());
        }
        let part = ExportPart::of(lines, next.or(Some(cursor)));
        Ok(serde_json::to_string(&part)?)
    }

    /// Takes a part of an import; one that is here already changes nothing.
    pub(super) fn import(self: &Rc<Self>, part: &ImportPart) -> Result<(), Fault> {
        self.commit();
        let lines: Vec<&str> = part.lines.lines().collect();
        self.store.transaction(|sql| {
            crate::schema::migrate(sql, schema::STEPS)?;
            let mark = journal::fact(sql, IMPORT)?;
            match mark.as_deref().and_then(read_mark) {
                Some((upload, at)) if upload == part.upload => {
                    if at >= part.at {
                        return Ok(());
                    }
                }
                Some(_) => empty(sql)?,
                None if sql.row("SELECT 1 FROM journal LIMIT 1", &[])?.is_some() => {
                    return Err(Fault::new("the pool has a history already"));
                }
                None => empty(sql)?,
            }
            let (parts, lines) = long_rows(lines);
            export::read(sql, &TABLES, &lines)?;
            for part in parts {
                journal::append_part(sql, part)?;
            }
            let (of, chunk) = part.at;
            let mark = format!("{of} {chunk} {}", part.upload);
            journal::put_fact(sql, IMPORT, &mark)
        })?;
        self.forget_memory();
        Ok(())
    }

    /// The import is whole: from now on this is a pool as any other, if one can be built from it.
    pub(super) async fn imported(self: &Rc<Self>) -> Result<(), Fault> {
        self.forget_memory();
        let sql = self.store.sql();
        journal::put_number_fact(sql, BROUGHT_TO, journal::last_row(sql)?)?;
        self.awake().await?;
        sql.run("DELETE FROM fact WHERE name = ?", &[&IMPORT])?;
        Ok(())
    }
}

/// The last row that an import brought, if nothing happened since.
///
/// # Errors
/// What the platform says, or if a row is not what this version or an earlier one wrote.
pub(super) fn as_imported(sql: &Sql) -> Result<Option<u64>, Fault> {
    let brought = journal::number_fact(sql, BROUGHT_TO)?;
    if brought == 0 || journal::replays_from(sql)? > brought {
        return Ok(None);
    }
    let mut happened = false;
    let last = journal::last_row(sql)?;
    replayed::each_up_to(sql, 0, (brought, last), last, |stored| {
        happened = !stored.row.entry.is_of_itself();
        Ok(!happened)
    })?;
    Ok((!happened).then_some(brought))
}

/// Takes the lines of rows with long lists of numbers out of others: these are kept packed.
fn long_rows(lines: Vec<&str>) -> (Vec<JournalRow>, Vec<&str>) {
    let mut long = Vec::new();
    let mut others = Vec::with_capacity(lines.len());
    for line in lines {
        let may_be = line.contains(r#""snapshot""#) || line.contains(r#""configured""#);
        match may_be.then(|| long_row(line)).flatten() {
            Some(row) => long.push(row),
            None => others.push(line),
        }
    }
    (long, others)
}

/// The part of a snapshot or the configuration that a line tells of.
fn long_row(line: &str) -> Option<JournalRow> {
    let line: RowLine = serde_json::from_str(line).ok()?;
    let (row, at, kind, _, _, text) = line.row;
    if line.table != JOURNAL.name || !is_long(&kind) {
        return None;
    }
    let entry: JournalEntry = serde_json::from_str(&text).ok()?;
    // What an older version wrote in another way stays as it is.
    let same = serde_json::to_string(&entry).is_ok_and(|again| again == text);
    same.then_some(JournalRow { row, at, entry })
}

/// Whether rows of a kind may have their numbers packed.
fn is_long(kind: &str) -> bool {
    kind == "snapshot" || kind == "configured"
}

/// A line of the journal.
#[derive(Deserialize)]
struct RowLine {
    table: String,
    row: (u64, UnixMillis, String, Option<String>, Option<u64>, String),
}

/// Puts the numbers of a part of a snapshot or of a configuration into its row.
fn with_numbers(sql: &Sql, row: &mut [Cell]) -> Result<(), Fault> {
    let [
        Cell::Integer(number),
        _,
        Cell::Text(kind),
        _,
        _,
        Cell::Text(entry),
    ] = row
    else {
        return Ok(());
    };
    if is_long(kind)
        && let Some(whole) = journal::whole_part(sql, *number, entry)?
    {
        *entry = serde_json::to_string(&whole)?;
    }
    Ok(())
}

fn write_whole(
    sql: &Sql,
    table: &Table,
    cut: Cut<'_>,
    name: &str,
    lines: &mut Lines,
) -> Result<(), Fault> {
    let mut after: Vec<Cell> = Vec::new();
    // Whatever its length: these few rows are of one instant.
    while let Some(next) = export::write(sql, table, cut, &after, Some(name), |_| Ok(()), lines)? {
        after = next;
    }
    Ok(())
}

/// The greatest key of a table; 0 if it is empty.
fn last(sql: &Sql, table: &Table) -> Result<u64, Fault> {
    let Table { name, order, .. } = table;
    let row = sql.row(
        &format!("SELECT coalesce(max({order}), 0) FROM {name}"),
        &[],
    )?;
    row.map_or(Ok(0), |row| row.integer(0))
}

/// The upload and the place in it that a mark names.
fn read_mark(mark: &str) -> Option<(&str, (u64, u64))> {
    let mut words = mark.splitn(3, ' ');
    let part = words.next()?.parse().ok()?;
    let chunk = words.next()?.parse().ok()?;
    Some((words.next()?, (part, chunk)))
}

fn empty(sql: &Sql) -> Result<(), Fault> {
    for table in &TABLES {
        sql.run(&format!("DELETE FROM {}", table.name), &[])?;
    }
    sql.run("DELETE FROM packed", &[])?;
    sql.run("DELETE FROM past", &[])?;
    Ok(())
}
