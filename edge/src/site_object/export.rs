//! A whole site as JSON Lines, its pools included, part by part.
//!
//! The first line says what it is, the last one how many there are before it: an export that broke
//! off is known by having none. What is left out: answers kept for idempotency keys, which nobody
//! asks for after a day, and what the site is to do when. The export is of the instant of its first
//! part, but for calls that changed meanwhile, which are told whole and as they are by then; a
//! change of the configuration, of what is borrowed or of how a pool is divided breaks it off.

use super::admin::{AdminReply, NDJSON, bad};
use super::refused::Refused;
use super::{InForce, SiteObject, config, shards, stock};
use crate::binding::fault::Fault;
use crate::binding::sql::{Cell, Sql};
use crate::clock;
use crate::export::{self, Cut, Lines, Table};
use crate::message::AdminAsk;
use crate::message::pool::{ExportPart, PoolCommand, PoolCursor};
use ringlet_core::api::detail::{Detail, Wanted};
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// The form of the lines.
pub(super) const VERSION: u32 = 2;
/// The header that says where the next part begins; the Worker keeps it to itself.
pub(crate) const NEXT: &str = "ringlet-next";
/// The parameter by which the Worker says where a part begins.
pub(crate) const AFTER: &str = "after";

/// Configuration versions: kept apart when they come back, until everything is there.
pub(super) const CONFIG_VERSION: Table = Table {
    name: "config_version",
    columns: "version, at_ms, author, note, document",
    order: "version",
};
const CALL: Table = Table {
    name: "call",
    columns: "call, started_at_ms, dialed, caller, record, credited_by, waiting, told",
    order: "call",
};
const CALL_EVENT: Table = Table {
    name: "call_event",
    columns: "dedupe_key, call, received_at_ms, event",
    order: "dedupe_key",
};
const ATTRIBUTION: Table = Table {
    name: "attribution",
    columns: "call, revision, at_ms, author, outcome",
    order: "call, revision",
};
const OUTBOX: Table = Table {
    name: "outbox",
    columns: "sequence, at_ms, event, call, revision",
    order: "sequence",
};
const AUDIT: Table = Table {
    name: "audit",
    columns: "sequence, at_ms, actor, action, subject, request, before_hash, after_hash, hash",
    order: "sequence",
};

/// All tables, in the order they are written. Calls, which change, are last: each is written with
/// everything of it in one turn.
pub(super) const TABLES: [Table; 16] = [
    CONFIG_VERSION,
    Table {
        name: "number_place",
        columns: "number, pool, since_ms, until_ms",
        order: "number, pool, since_ms",
    },
    Table {
        name: "api_key",
        columns: "key, name, role, token_hash, created_at_ms, last_used_at_ms, revoked_at_ms",
        order: "key",
    },
    Table {
        name: "secret",
        columns: "name, value",
        order: "name",
    },
    Table {
        name: "borrowed",
        columns: "number, stock, pool, loan, since_ms, returning_ms",
        order: "number",
    },
    Table {
        name: "pool_shards",
        columns: "pool, shards, most, settled",
        order: "pool",
    },
    Table {
        name: "borrow_revision",
        columns: "revision",
        order: "revision",
    },
    Table {
        name: "delay_table",
        columns: "pool, at_ms, counts",
        order: "pool",
    },
    Table {
        name: "kept_event",
        columns: "id, at_ms, event",
        order: "id",
    },
    Table {
        name: "passed_call",
        columns: "call, site, at_ms",
        order: "call",
    },
    Table {
        name: "delivery",
        columns: "receiver, id, entry, body",
        order: "receiver, id",
    },
    OUTBOX,
    AUDIT,
    CALL,
    CALL_EVENT,
    ATTRIBUTION,
];
/// Tables written one after the other; those after them are written call by call.
const BY_TABLE: usize = 13;
/// Calls written at once with everything of them: some 10 kB each.
const CALLS_AT_ONCE: u64 = 100;

/// Where a part ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Cursor {
    /// Lines before it.
    lines: u64,
    place: Place,
    /// The last rows that belong to the export.
    audit: u64,
    outbox: u64,
    /// Calls that were heard of later do not.
    at: UnixMillis,
    /// What must not change meanwhile.
    version: u64,
    revision: u64,
    shards: Vec<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Place {
    /// In this table, after this row.
    Table(usize, Vec<Cell>),
    /// After this call.
    Call(String),
    /// In this shard of this pool.
    Pool(usize, u32, Option<PoolCursor>),
}

/// Answers the part that the request stands before, or the first one.
///
/// # Errors
/// [`ProblemCode::Conflict`] while a pool is being divided; what the platform and the pools say.
pub(super) async fn part(
    object: &SiteObject,
    site: &str,
    ask: &AdminAsk,
) -> Result<AdminReply, Refused> {
    let sql = object.store.sql();
    let in_force = object.in_force()?.ok_or(ProblemCode::UnknownSite)?;
    let mut lines = Lines::default();
    let mut cursor = match ask.parameter(AFTER) {
        Some(text) => serde_json::from_str(text).map_err(|_| bad(AFTER, Wanted::ExportPlace))?,
        None => {
            let head = format!("{{\"ringlet_export\":{VERSION},\"site\":\"{site}\"}}\n");
            lines.text.push_str(&head);
            lines.count += 1;
            begin(sql, &in_force)?
        }
    };
    unchanged(sql, &in_force, &cursor)?;
    let before = cursor.lines;
    let mut done = false;
    while !lines.is_full() && !done {
        done = match cursor.place.clone() {
            Place::Table(table, after) => {
                cursor.place = write_table(sql, &cursor, table, &after, &mut lines)?;
                false
            }
            Place::Call(after) => {
                cursor.place = match write_calls(sql, cursor.at, &after, &mut lines)? {
                    Some(last) => Place::Call(last),
                    None => Place::Pool(0, 0, None),
                };
                false
            }
            Place::Pool(pool, shard, inner) => {
                let next = object
                    .write_pool(&in_force, (pool, shard), inner, &mut lines)
                    .await?;
                let is_last = next.is_none();
                if let Some(next) = next {
                    cursor.place = next;
                }
                is_last
            }
        };
    }
    cursor.lines = before + lines.count;
    let mut headers = Vec::new();
    if done {
        let end = format!("{{\"ringlet_export_end\":{}}}\n", cursor.lines);
        lines.text.push_str(&end);
    } else {
        headers.push((NEXT, serde_json::to_string(&cursor)?));
    }
    Ok(AdminReply {
        status: 200,
        etag: None,
        body: lines.text,
        content_type: NDJSON,
        headers,
    })
}

fn begin(sql: &Sql, in_force: &InForce) -> Result<Cursor, Refused> {
    let last = |table: &Table| -> Result<u64, Fault> {
        let query = format!(
            "SELECT coalesce(max({}), 0) FROM {}",
            table.order, table.name
        );
        let row = sql.row(&query, &[])?;
        row.map_or(Ok(0), |row| row.integer(0))
    };
    let mut divided = Vec::new();
    for pool in config::known_pools(sql)? {
        let division = shards::division(sql, &pool)?;
        if !division.settled {
            let detail = Detail::Dividing(pool);
            return Err(Problem::with_detail(ProblemCode::Conflict, detail).into());
        }
        divided.push(division.most);
    }
    Ok(Cursor {
        lines: 0,
        place: Place::Table(0, Vec::new()),
        audit: last(&AUDIT)?,
        outbox: last(&OUTBOX)?,
        at: clock::now(),
        version: in_force.version,
        revision: stock::revision(sql)?,
        shards: divided,
    })
}

/// That what every line rests on is as it was.
fn unchanged(sql: &Sql, in_force: &InForce, cursor: &Cursor) -> Result<(), Refused> {
    let mut same = in_force.version == cursor.version && stock::revision(sql)? == cursor.revision;
    let pools = config::known_pools(sql)?;
    same &= pools.len() == cursor.shards.len();
    for (pool, most) in pools.iter().zip(&cursor.shards) {
        let division = shards::division(sql, pool)?;
        same &= division.settled && division.most == *most;
    }
    if same {
        return Ok(());
    }
    Err(Problem::with_detail(ProblemCode::Conflict, Detail::ExportChanged).into())
}

fn write_table(
    sql: &Sql,
    cursor: &Cursor,
    table: usize,
    after: &[Cell],
    lines: &mut Lines,
) -> Result<Place, Fault> {
    let of = &TABLES[table.min(BY_TABLE - 1)];
    let cut = match of.name {
        "audit" => Cut::UpTo(&cursor.audit),
        "outbox" => Cut::UpTo(&cursor.outbox),
        _ => Cut::All,
    };
    Ok(
        match export::write(sql, of, cut, after, None, |_| Ok(()), lines)? {
            Some(after) => Place::Table(table, after),
            None if table + 1 < BY_TABLE => Place::Table(table + 1, Vec::new()),
            None => Place::Call(String::new()),
        },
    )
}

/// Writes some calls after `after`, each with its events and attributions. Says which was the last;
/// nothing if there are no more.
fn write_calls(
    sql: &Sql,
    at: UnixMillis,
    after: &str,
    lines: &mut Lines,
) -> Result<Option<String>, Fault> {
    let query = "SELECT call FROM call WHERE call > ? AND EXISTS
                    (SELECT 1 FROM call_event WHERE call_event.call = call.call
                        AND received_at_ms <= ?)
                 ORDER BY call LIMIT ?";
    let mut last = None;
    for row in sql.rows(query, &[&after, &at.0, &CALLS_AT_ONCE])? {
        let call = row.text(0)?;
        for table in [&CALL, &CALL_EVENT, &ATTRIBUTION] {
            let Table {
                name,
                columns,
                order,
            } = table;
            let query = format!("SELECT {columns} FROM {name} WHERE call = ? ORDER BY {order}");
            for row in sql.rows(&query, &[&call])? {
                lines.push(None, name, &row.cells()?)?;
            }
        }
        last = Some(call);
        if lines.is_full() {
            break;
        }
    }
    Ok(last)
}

impl SiteObject {
    /// Writes a part of a shard of a pool. Says where the next one begins; nothing after the last
    /// shard of the last pool.
    async fn write_pool(
        &self,
        in_force: &InForce,
        (place, shard): (usize, u32),
        cursor: Option<PoolCursor>,
        lines: &mut Lines,
    ) -> Result<Option<Place>, Fault> {
        let sql = self.store.sql();
        let Some(pool) = config::keepers_of_visits(sql)?.into_iter().nth(place) else {
            return Ok(None);
        };
        // As its object is named.
        let name = match shard {
            0 => pool.clone(),
            shard => format!("{pool}/{shard}"),
        };
        let command = PoolCommand::Export { name, cursor };
        let part: ExportPart = self.ask_shard(in_force, &pool, shard, command).await?;
        lines.text.push_str(&part.text);
        lines.count += part.count;
        Ok(Some(match part.next {
            Some(cursor) => Place::Pool(place, shard, Some(cursor)),
            None if shard + 1 < shards::division(sql, &pool)?.most => {
                Place::Pool(place, shard + 1, None)
            }
            None => Place::Pool(place + 1, 0, None),
        }))
    }
}
