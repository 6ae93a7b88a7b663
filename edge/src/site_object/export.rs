//! A whole site as JSON Lines, its pools included, and back.
//!
//! The first line says what it is. What is left out: answers kept for idempotency keys, which
//! nobody asks for after a day. A restored site is the same to the byte, its audit log included; so
//! the restoring itself leaves no row in it.

use super::admin::AdminReply;
use super::duty::{self, Duty};
use super::refused::Refused;
use super::{SiteObject, config, schema};
use crate::binding::fault::Fault;
use crate::clock;
use crate::export::{self, Table};
use crate::message::AdminAsk;
use crate::message::pool::PoolCommand;
use ringlet_core::api::problem::{Problem, ProblemCode};
use std::collections::BTreeMap;

const TABLES: [Table; 13] = [
    Table {
        name: "config_version",
        columns: "version, at_ms, author, note, document",
        order: "version",
    },
    Table {
        name: "number_place",
        columns: "number, pool, since_ms, until_ms",
        order: "number, pool, since_ms",
    },
    Table {
        name: "call_event",
        columns: "dedupe_key, call, received_at_ms, event",
        order: "dedupe_key",
    },
    Table {
        name: "call",
        columns: "call, started_at_ms, dialed, caller, record, credited_by, waiting, told",
        order: "call",
    },
    Table {
        name: "outbox",
        columns: "sequence, at_ms, event, call, revision",
        order: "sequence",
    },
    Table {
        name: "delivery",
        columns: "receiver, id, entry, body",
        order: "receiver, id",
    },
    Table {
        name: "attribution",
        columns: "call, revision, at_ms, author, outcome",
        order: "call, revision",
    },
    Table {
        name: "audit",
        columns: "sequence, at_ms, actor, action, subject, request, before_hash, after_hash, hash",
        order: "sequence",
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
];

const VERSION: u32 = 1;

/// Writes the export.
///
/// # Errors
/// When a pool could not be asked.
pub(super) async fn write(object: &SiteObject, site: &str) -> Result<String, Fault> {
    let sql = object.store.sql();
    let mut text = format!("{{\"ringlet_export\":{VERSION},\"site\":\"{site}\"}}\n");
    for table in &TABLES {
        export::write(sql, table, &mut text)?;
    }
    let in_force = object
        .in_force()?
        .ok_or_else(|| Fault::new("there is no such site"))?;
    for pool in config::keepers_of_visits(sql)? {
        let shards: Vec<String> = object
            .ask_shards(&in_force, &pool, PoolCommand::Export)
            .await?;
        for (shard, lines) in shards.iter().enumerate() {
            // As its object is named: `pool`, `pool/1`, `pool/2` …
            let name = match shard {
                0 => pool.clone(),
                shard => format!("{pool}/{shard}"),
            };
            for line in lines.lines() {
                text.push_str(&format!("{{\"pool\":\"{name}\",{}\n", &line[1..]));
            }
        }
    }
    Ok(text)
}

/// Puts an export back. The site must not exist yet.
///
/// # Errors
/// [`ProblemCode::Unprocessable`] for what is no export of this site.
pub(super) async fn read(
    object: &SiteObject,
    site: &str,
    ask: &AdminAsk,
) -> Result<AdminReply, Refused> {
    let now = clock::now();
    let wrong = |detail: &str| Problem::with_detail(ProblemCode::Unprocessable, detail);
    let mut lines = ask.body.lines();
    let head: serde_json::Value = lines
        .next()
        .and_then(|line| serde_json::from_str(line).ok())
        .ok_or_else(|| wrong("the first line must say that this is an export"))?;
    if head["ringlet_export"] != VERSION || head["site"] != site {
        return Err(wrong("this is no export of this site that this version reads").into());
    }
    let mut own = Vec::new();
    let mut of_pools: BTreeMap<&str, String> = BTreeMap::new();
    for line in lines.filter(|line| !line.is_empty()) {
        if serde_json::from_str::<serde::de::IgnoredAny>(line).is_err() {
            return Err(wrong("a line is not JSON").into());
        }
        match line
            .strip_prefix("{\"pool\":\"")
            .and_then(|rest| rest.split_once("\","))
        {
            Some((pool, rest)) => {
                let lines = of_pools.entry(pool).or_default();
                lines.push('{');
                lines.push_str(rest);
                lines.push('\n');
            }
            None => own.push(line),
        }
    }
    // The document must be one that this version accepts: else nothing could be served.
    let document = latest_document(&own).ok_or_else(|| wrong("there is no configuration"))?;
    config::parse(&document, site, ask.russian)?;
    for (pool, lines) in of_pools {
        let command = PoolCommand::Import { lines };
        object.ask_named(site, pool, command).await?;
    }
    object.store.transaction(|sql| {
        crate::schema::migrate(sql, schema::STEPS)?;
        sql.run("DELETE FROM borrow_revision", &[])?;
        for table in &TABLES {
            export::read(sql, table, &export::lines_of(table, &own))?;
        }
        // An export from before there were stocks has none.
        let none = "INSERT INTO borrow_revision
                    SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM borrow_revision)";
        sql.run(none, &[])?;
        // The alarm and what it looks after are no part of an export.
        duty::call_for(sql, Duty::Retention, now)?;
        duty::call_for(sql, Duty::Stock, now)?;
        duty::call_for(sql, Duty::Shards, now)?;
        duty::call_for(sql, Duty::Credit, now)
    })?;
    object.set_alarm_for_duties()?;
    let body = format!("{{\"lines\":{}}}", ask.body.lines().count());
    Ok(AdminReply {
        status: 201,
        etag: None,
        body,
        content_type: "application/json",
        headers: Vec::new(),
    })
}

/// The document of the latest version among the lines.
fn latest_document(lines: &[&str]) -> Option<String> {
    let versions = export::lines_of(&TABLES[0], lines);
    let last = versions.last()?;
    let line: serde_json::Value = serde_json::from_str(last).ok()?;
    line["row"][4].as_str().map(str::to_owned)
}
