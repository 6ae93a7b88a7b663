//! A whole site put back from its export: staged line by line, then there all at once.
//!
//! Until it is committed there is no such site: what makes one, its configuration, waits in a table
//! of its own; the other lines go where they belong, which nobody looks at. Lines come in the order
//! of the export, each message with its place; one that came before changes nothing, so whatever is
//! not known to have arrived is sent again. An import that is refused, given up, or silent for
//! [`GIVEN_UP_AFTER`], leaves nothing, here or in the pools. The restored site is the same to the
//! byte, its audit log included, so the restoring itself leaves no row in it.

use super::duty::{self, Duty};
use super::export::{CONFIG_VERSION, TABLES, VERSION};
use super::refused::Refused;
use super::{SiteObject, config, idempotency, schema};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::clock;
use crate::export::{self, Table};
use crate::log::{Level, Line};
use crate::message::pool::{ImportPart, PoolCommand};
use crate::message::{ImportAnswer, ImportAsk, ImportStep};
use crate::objects::UNPOOLED;
use ringlet_core::api::detail::{Detail, ImportDetail};
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::id::PoolId;
use ringlet_core::limits::SHARDS;
use ringlet_core::time::{Millis, UnixMillis};
use std::collections::BTreeSet;

/// When an import that is not heard of any more is dropped.
const GIVEN_UP_AFTER: Millis = Millis::from_mins(60);

/// What is there while an import is: where it stands, and the versions that will make the site.
const STAGING: &str = "
CREATE TABLE staging (
    site TEXT NOT NULL,
    upload TEXT NOT NULL,
    part INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    -- Lines before the end, as the end tells; nothing before it came.
    told INTEGER,
    heard_ms INTEGER NOT NULL,
    -- Names of the pools that have lines, a JSON list: written before they are sent any.
    pools TEXT NOT NULL
) STRICT;
CREATE TABLE staged_version (
    version INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    author TEXT NOT NULL,
    note TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;
";

/// Versions wait here, in columns: a line that holds a document may be longer than a value may.
const STAGED_VERSION: Table = Table {
    name: "staged_version",
    ..CONFIG_VERSION
};

/// How far an import is.
struct Staging {
    site: String,
    upload: String,
    at: (u64, u64),
    lines: u64,
    told: Option<u64>,
    heard: UnixMillis,
    pools: BTreeSet<String>,
}

fn staging(sql: &Sql) -> Result<Option<Staging>, Fault> {
    let there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'staging'";
    if sql.row(there, &[])?.is_none() {
        return Ok(None);
    }
    let query = "SELECT upload, part, chunk, lines, told, heard_ms, pools, site FROM staging";
    let Some(row) = sql.row(query, &[])? else {
        return Ok(None);
    };
    Ok(Some(Staging {
        upload: row.text(0)?,
        at: (row.integer(1)?, row.integer(2)?),
        lines: row.integer(3)?,
        told: row.maybe_integer(4)?,
        heard: UnixMillis(row.integer(5)?),
        pools: serde_json::from_str(&row.text(6)?)?,
        site: row.text(7)?,
    }))
}

fn wrong(detail: ImportDetail) -> Refused {
    Problem::with_detail(ProblemCode::Unprocessable, Detail::Import(detail)).into()
}

/// What lines say of the site itself.
#[derive(Default)]
struct Own<'t> {
    rows: Vec<&'t str>,
    versions: Vec<&'t str>,
    told: Option<u64>,
}

impl<'t> Own<'t> {
    fn of(lines: &[&'t str]) -> Result<Self, Refused> {
        let mut own = Self::default();
        let version = format!("{{\"table\":\"{}\",", CONFIG_VERSION.name);
        for line in lines {
            if own.told.is_some() {
                return Err(wrong(ImportDetail::AfterTheLast));
            }
            if let Some(end) = line.strip_prefix("{\"ringlet_export_end\":") {
                let told = end.strip_suffix('}').and_then(|end| end.parse().ok());
                own.told = Some(told.ok_or_else(|| wrong(ImportDetail::NoCount))?);
            } else if line.starts_with(&version) {
                own.versions.push(line);
            } else {
                own.rows.push(line);
            }
        }
        Ok(own)
    }
}

impl SiteObject {
    /// Takes a step of an import.
    pub(super) async fn take_import(
        &self,
        site: &str,
        ask: &ImportAsk,
    ) -> worker::Result<worker::Response> {
        let done = self.import_step(site, ask).await;
        let refused = match done {
            Ok(answer) => return worker::Response::from_json(&answer),
            Err(refused) => refused,
        };
        let problem = match refused {
            Refused::Problem(problem) => problem,
            Refused::Fault(fault) => {
                Line::new(Level::Error, "import_failed")
                    .site(site)
                    .fault(&fault.message)
                    .write();
                Problem::new(ProblemCode::Internal)
            }
        };
        // What is refused leaves nothing; what only came at a wrong time is not this import's end.
        let ends = matches!(
            problem.code,
            ProblemCode::Unprocessable | ProblemCode::ConfigFaults
        );
        if ends && let Err(fault) = self.drop_import(site).await {
            Line::new(Level::Error, "import_not_dropped")
                .site(site)
                .fault(&fault.message)
                .write();
        }
        super::admin::refusal(&problem, ask.russian).into_response()
    }

    async fn import_step(&self, site: &str, ask: &ImportAsk) -> Result<ImportAnswer, Refused> {
        if self.exists()? && config::latest_version(self.store.sql())? > 0 {
            return match idempotency::imported(self.store.sql(), &ask.upload)? {
                Some(lines) => Ok(ImportAnswer { lines, done: true }),
                None => Err(ProblemCode::Conflict.into()),
            };
        }
        match &ask.step {
            ImportStep::Lines { at, pool, lines } => {
                self.stage(site, &ask.upload, *at, pool.as_deref(), lines)
                    .await
            }
            ImportStep::Commit => self.commit_import(site, &ask.upload, ask.russian).await,
            ImportStep::Drop => {
                self.drop_import(site).await?;
                Ok(ImportAnswer::default())
            }
        }
    }

    /// Whether an import waits to be committed.
    pub(super) fn is_importing(&self) -> Result<bool, Fault> {
        Ok(self.exists()? && staging(self.store.sql())?.is_some())
    }

    async fn stage(
        &self,
        site: &str,
        upload: &str,
        at: (u64, u64),
        pool: Option<&str>,
        text: &str,
    ) -> Result<ImportAnswer, Refused> {
        let known = staging(self.store.sql())?;
        let known = match known {
            Some(known) if known.upload == upload => known,
            // Another import begins: what there is of an earlier one will not be finished.
            _ if at == (0, 0) => self.begin_import(site, upload, text).await?,
            _ => return Err(conflict(ImportDetail::NoFirstPart)),
        };
        if known.lines > 0 && at <= known.at {
            return Ok(ImportAnswer {
                lines: known.lines,
                done: false,
            });
        }
        let (part, chunk) = known.at;
        let is_next = at == (part, chunk + 1) || at == (part + 1, 0) || known.lines == 0;
        if !is_next {
            return Err(conflict(ImportDetail::AfterPart(part)));
        }
        let lines: Vec<&str> = text.lines().collect();
        let count = lines.len() as u64;
        match pool {
            Some(pool) => {
                self.stage_for_pool(site, &known, pool, upload, at, text)
                    .await?;
                self.store.transaction(|sql| advance(sql, at, count))?;
            }
            None => {
                // The first line said what this is.
                let rows = &lines[usize::from(known.lines == 0)..];
                self.stage_own(&known, rows, at, count)?;
            }
        }
        Ok(ImportAnswer {
            lines: known.lines + count,
            done: false,
        })
    }

    async fn begin_import(&self, site: &str, upload: &str, text: &str) -> Result<Staging, Refused> {
        let head = text.lines().next().unwrap_or_default();
        let head: serde_json::Value =
            serde_json::from_str(head).map_err(|_| wrong(ImportDetail::NoExport))?;
        if head["ringlet_export"] != VERSION || head["site"] != site {
            return Err(wrong(ImportDetail::OtherExport));
        }
        self.drop_import(site).await?;
        let now = clock::now();
        self.store.transaction(|sql| {
            crate::schema::migrate(sql, schema::STEPS)?;
            sql.run(STAGING, &[])?;
            sql.run("DELETE FROM borrow_revision", &[])?;
            let query = "INSERT INTO staging VALUES (?, ?, 0, 0, 0, NULL, ?, '[]')";
            sql.run(query, &[&site, &upload, &now.0])?;
            duty::call_for(sql, Duty::Import, now + GIVEN_UP_AFTER)
        })?;
        self.open.set(true);
        self.set_alarm_for_duties()?;
        staging(self.store.sql())?.ok_or_else(|| Fault::new("nothing was staged").into())
    }

    async fn stage_for_pool(
        &self,
        site: &str,
        known: &Staging,
        pool: &str,
        upload: &str,
        at: (u64, u64),
        text: &str,
    ) -> Result<(), Refused> {
        let (id, shard) = pool.split_once('/').unwrap_or((pool, "0"));
        let is_shard = shard.parse::<u64>().is_ok_and(|shard| shard < SHARDS);
        let is_known = id == UNPOOLED || PoolId::parse(id).is_ok();
        if !is_known || !is_shard || known.told.is_some() {
            return Err(wrong(ImportDetail::NoPool(pool.to_owned())));
        }
        if !known.pools.contains(pool) {
            let mut pools = known.pools.clone();
            pools.insert(pool.to_owned());
            let pools = serde_json::to_string(&pools)?;
            let query = "UPDATE staging SET pools = ?";
            self.store.sql().run(query, &[&pools])?;
        }
        let part = ImportPart {
            upload: upload.to_owned(),
            at,
            lines: text.to_owned(),
        };
        let taken = self
            .ask_named::<()>(site, pool, PoolCommand::Import(part))
            .await;
        taken.map_err(|fault| match fault.retryable || fault.overloaded {
            true => Refused::Fault(fault),
            false => wrong(ImportDetail::PoolRefuses(
                pool.to_owned(),
                fault.to_string(),
            )),
        })
    }

    fn stage_own(
        &self,
        known: &Staging,
        lines: &[&str],
        at: (u64, u64),
        count: u64,
    ) -> Result<(), Refused> {
        if known.told.is_some() {
            return Err(wrong(ImportDetail::AfterTheLast));
        }
        let own = Own::of(lines)?;
        let staged = self.store.transaction(|sql| {
            export::read(sql, &TABLES[1..], &own.rows)?;
            for line in &own.versions {
                let line = line.replacen(CONFIG_VERSION.name, STAGED_VERSION.name, 1);
                export::read(sql, &[STAGED_VERSION], &[&line])?;
            }
            if let Some(told) = own.told {
                sql.run("UPDATE staging SET told = ?", &[&told])?;
            }
            advance(sql, at, count)
        });
        staged.map_err(|fault| wrong(ImportDetail::LineBroken(fault.to_string())))
    }

    /// Makes a site of what was staged.
    async fn commit_import(
        &self,
        site: &str,
        upload: &str,
        russian: bool,
    ) -> Result<ImportAnswer, Refused> {
        let known = staging(self.store.sql())?;
        let known = known
            .filter(|known| known.upload == upload)
            .ok_or_else(|| wrong(ImportDetail::Nothing))?;
        match known.told {
            Some(told) if told + 1 == known.lines => {}
            Some(told) => {
                let came = known.lines - 1;
                return Err(wrong(ImportDetail::LinesMissing(told, came)));
            }
            None => return Err(wrong(ImportDetail::NoLast)),
        }
        let sql = self.store.sql();
        // The document must be one that this version accepts: else nothing could be served.
        let document = latest_document(sql)?.ok_or_else(|| wrong(ImportDetail::NoConfiguration))?;
        config::parse(&document, site, russian)?;
        let placed: BTreeSet<String> = config::keepers_of_visits(sql)?.into_iter().collect();
        for pool in &known.pools {
            let id = pool.split('/').next().unwrap_or_default();
            if !placed.contains(id) {
                return Err(wrong(ImportDetail::PoolUnknown(id.to_owned())));
            }
            let built = self
                .ask_named::<()>(site, pool, PoolCommand::Imported)
                .await;
            built.map_err(|fault| match fault.retryable || fault.overloaded {
                true => Refused::Fault(fault),
                false => wrong(ImportDetail::PoolBroken(pool.clone(), fault.to_string())),
            })?;
        }
        let now = clock::now();
        self.store.transaction(|sql| make_site(sql, &known, now))?;
        self.config.borrow_mut().take();
        self.set_alarm_for_duties()?;
        Ok(ImportAnswer {
            lines: known.lines,
            done: true,
        })
    }

    /// Forgets what was staged, here and in the pools. Does nothing where nothing is.
    pub(super) async fn drop_import(&self, site: &str) -> Result<(), Fault> {
        if !self.exists()? {
            return Ok(());
        }
        let Some(known) = staging(self.store.sql())? else {
            return Ok(());
        };
        // If this breaks off, the alarm goes on with it.
        let now = clock::now();
        self.store.transaction(|sql| {
            sql.run("UPDATE staging SET heard_ms = 0", &[])?;
            duty::call_for(sql, Duty::Import, now)
        })?;
        self.set_alarm_for_duties()?;
        for pool in &known.pools {
            self.ask_named::<()>(site, pool, PoolCommand::Delete)
                .await?;
        }
        self.store.delete_all().await?;
        self.config.borrow_mut().take();
        self.open.set(false);
        Ok(())
    }

    /// Drops an import that is not heard of any more; says when to look again.
    pub(super) async fn drop_silent_import(&self) -> Result<Option<Millis>, Fault> {
        let sql = self.store.sql();
        let Some(known) = staging(sql)? else {
            return Ok(None);
        };
        let silent = clock::now().0.saturating_sub(known.heard.0);
        if silent < GIVEN_UP_AFTER.0 {
            return Ok(Some(Millis(GIVEN_UP_AFTER.0 - silent)));
        }
        self.drop_import(&known.site).await?;
        Line::new(Level::Info, "import_dropped")
            .site(&known.site)
            .write();
        Ok(None)
    }
}

fn conflict(detail: ImportDetail) -> Refused {
    Problem::with_detail(ProblemCode::Conflict, Detail::Import(detail)).into()
}

/// Notes that the lines at `at` are here.
fn advance(sql: &Sql, at: (u64, u64), lines: u64) -> Result<(), Fault> {
    let query = "UPDATE staging SET part = ?, chunk = ?, lines = lines + ?, heard_ms = ?";
    sql.run(query, &[&at.0, &at.1, &lines, &clock::now().0])?;
    Ok(())
}

/// The document of the latest staged version.
fn latest_document(sql: &Sql) -> Result<Option<String>, Fault> {
    let query = "SELECT document FROM staged_version ORDER BY version DESC LIMIT 1";
    sql.row(query, &[])?.map(|row| row.text(0)).transpose()
}

fn make_site(sql: &Sql, known: &Staging, now: UnixMillis) -> Result<(), Refused> {
    let Table { name, columns, .. } = CONFIG_VERSION;
    let from = STAGED_VERSION.name;
    let query = format!("INSERT INTO {name} ({columns}) SELECT {columns} FROM {from}");
    sql.run(&query, &[])?;
    sql.run("DROP TABLE staging", &[])?;
    sql.run("DROP TABLE staged_version", &[])?;
    // An export from before there were stocks has none.
    let none = "INSERT INTO borrow_revision
                SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM borrow_revision)";
    sql.run(none, &[])?;
    sql.run("DELETE FROM duty", &[])?;
    // What the site is to do when is no part of an export.
    for duty in [
        Duty::Retention,
        Duty::Stock,
        Duty::Shards,
        Duty::Credit,
        Duty::Send,
    ] {
        duty::call_for(sql, duty, now)?;
    }
    idempotency::note_import(sql, &known.upload, known.lines, now)
}
