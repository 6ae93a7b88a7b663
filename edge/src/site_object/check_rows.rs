//! The part of the check that reads every row as those do who need it: a row that is there and says
//! nothing is as bad as none.
//!
//! It goes slice by slice, between which others have their turn.

use super::attribution::Outcome;
use super::calls::StoredCall;
use crate::binding::fault::Fault;
use crate::binding::sql::{Bind, Cell, Row, Sql};
use crate::binding::timer;
use ringlet_core::delay::DelayCounts;
use ringlet_core::outbox::Entry;
use ringlet_core::telephony::{CallEvent, KeptEvent};
use serde::de::DeserializeOwned;

/// Rows read in one go: some 10 ms.
const ROWS_AT_ONCE: usize = 500;

/// What is kept in one table.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// What its rows are, for people, in English and in Russian.
    pub name: (&'static str, &'static str),
    table: &'static str,
    /// What orders the rows, with commas between.
    keys: &'static str,
    columns: &'static str,
    is_good: fn(&Row) -> bool,
}

/// Everything that is kept as text with a form of its own.
pub(super) const KINDS: [Kind; 6] = [
    Kind {
        name: ("calls", "звонков"),
        table: "call",
        keys: "call",
        columns: "call, started_at_ms, record, waiting",
        is_good: |row| StoredCall::read(row).is_ok(),
    },
    Kind {
        name: ("events of calls", "событий звонков"),
        table: "call_event",
        keys: "dedupe_key",
        columns: "event",
        is_good: reads::<CallEvent>,
    },
    Kind {
        name: ("attributions", "решений о звонках"),
        table: "attribution",
        keys: "call, revision",
        columns: "outcome",
        is_good: reads::<Outcome>,
    },
    Kind {
        name: ("deliveries", "доставок"),
        table: "delivery",
        keys: "receiver, id",
        columns: "entry",
        is_good: reads::<Entry>,
    },
    Kind {
        name: ("events that were not understood", "непонятых событий"),
        table: "kept_event",
        keys: "id",
        columns: "event",
        is_good: reads::<KeptEvent>,
    },
    Kind {
        name: ("tables of delays", "таблиц задержек"),
        table: "delay_table",
        keys: "pool",
        columns: "counts",
        is_good: |row| {
            row.text(0)
                .is_ok_and(|text| DelayCounts::of_document(&text).is_ok())
        },
    },
];

fn reads<T: DeserializeOwned>(row: &Row) -> bool {
    let text = row.text(0);
    text.is_ok_and(|text| serde_json::from_str::<T>(&text).is_ok())
}

/// How many rows of a kind cannot be read.
///
/// # Errors
/// What the platform says.
pub(super) async fn unreadable(sql: &Sql, kind: Kind) -> Result<u64, Fault> {
    let Kind {
        table,
        keys,
        columns,
        is_good,
        ..
    } = kind;
    let key_count = keys.split(',').count();
    let marks = vec!["?"; key_count].join(", ");
    let mut after: Vec<Cell> = Vec::new();
    let mut unreadable = 0;
    loop {
        let wanted = match after.is_empty() {
            true => String::new(),
            false => format!("WHERE ({keys}) > ({marks})"),
        };
        let query = format!(
            "SELECT {columns}, {keys} FROM {table} {wanted} ORDER BY {keys} LIMIT {ROWS_AT_ONCE}"
        );
        let parameters: Vec<&dyn Bind> = after.iter().map(|key| key as &dyn Bind).collect();
        let rows = sql.rows(&query, &parameters)?;
        unreadable += rows.iter().filter(|row| !is_good(row)).count() as u64;
        let Some(last) = rows.last().filter(|_| rows.len() == ROWS_AT_ONCE) else {
            return Ok(unreadable);
        };
        let mut cells = last.cells()?;
        after = cells.split_off(cells.len() - key_count);
        timer::turn().await;
    }
}
