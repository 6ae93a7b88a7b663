//! The check of the stored state: whether everything that is kept is whole and agrees.
//!
//! A site of many calls has some hundred megabytes, so every table is read slice by slice, between
//! which others have their turn. What a command writes it writes in one transaction, so each slice
//! agrees in itself whatever is written between two of them.

use super::{InForce, SiteObject, audit, check_rows, config, shards, stock};
use crate::binding::fault::Fault;
use crate::binding::sql::{Cell, Sql};
use crate::binding::timer;
use crate::message::pool::PoolCommand;
use ringlet_core::site::Text;

/// Bytes of a database that is checked by itself in one go: some 10 ms.
const WHOLE_BYTES: u64 = 8 << 20;
/// Numbers that are looked for at once: some 5 ms.
const NUMBERS_AT_ONCE: usize = 2_500;

/// How often a pool is looked at again whose numbers move while it is, and after how long.
const TRIES: u32 = 40;
const AGAIN_MS: u32 = 50;

/// Words in English and in Russian.
type Words = (&'static str, &'static str);

/// What helps where a row is gone or spoilt.
const RESTORE: Words = (
    "restore an export made before: delete the site and import it",
    "верните прежнюю выгрузку: удалите сайт и загрузите её",
);
/// What writes anew what is noted beside the configuration.
const ANY_CHANGE: Words = (
    "change the configuration in any way, which",
    "измените конфигурацию чем угодно:",
);

/// What is wrong, with what to do.
fn with(fault: Text, (en, ru): Words) -> Text {
    fault.and(&Text::of(format!("; {en}"), format!("; {ru}")))
}

/// Every fault of the stored state of a site and its pools, as sentences.
///
/// # Errors
/// When the state could not be read at all.
pub(super) async fn run(object: &SiteObject) -> Result<Vec<Text>, Fault> {
    let sql = object.store.sql();
    let mut faults = Vec::new();
    if sql.size_bytes() <= WHOLE_BYTES {
        for row in sql.rows("PRAGMA quick_check", &[])? {
            let said = row.text(0)?;
            if said != "ok" {
                let fault = Text::of(
                    format!("the site's database says: {said}"),
                    format!("база данных сайта говорит: {said}"),
                );
                faults.push(with(fault, RESTORE));
            }
        }
        timer::turn().await;
    }
    if let Some(sequence) = audit::first_broken(sql).await? {
        let advice = (
            "somebody wrote to the database past this program; compare with an export",
            "в базу писали мимо этой программы; сравните с выгрузкой",
        );
        faults.push(with(audit::broken_at(sequence), advice));
    }
    for part in PARTS {
        let count = part.count(sql).await?;
        if count > 0 {
            faults.push(with(counted(count, part.fault), part.advice));
        }
        timer::turn().await;
    }
    for kind in check_rows::KINDS {
        let count = check_rows::unreadable(sql, kind).await?;
        if count > 0 {
            let (en, ru) = kind.name;
            let fault = Text::of(
                format!("{count} {en} cannot be read"),
                format!("не читается {ru}: {count}"),
            );
            faults.push(with(fault, RESTORE));
        }
    }
    object.note_places_left()?;
    // What cannot be read is a fault like any other: nothing else is left untold for it.
    let in_force = match object.in_force() {
        Ok(in_force) => in_force.ok_or_else(|| Fault::new("there is no such site"))?,
        Err(fault) => {
            let advice = (
                "put another, or revert to an older",
                "запишите другую или вернитесь к прежней",
            );
            let russian = "действующая конфигурация не принимается";
            faults.push(with(Text::of(fault.message, russian), advice));
            return Ok(faults);
        }
    };
    timer::turn().await;
    let unplaced = unplaced(object).await?;
    if unplaced > 0 {
        let fault = (
            "numbers are not noted in their pools",
            "номеров, не отмеченных в своих пулах",
        );
        let fault = with(counted(unplaced, fault), ANY_CHANGE);
        faults.push(fault.and(&Text::of(" notes them", " они отметятся")));
    }
    for pool in config::keepers_of_visits(sql)? {
        let said = check_pool(object, in_force.clone(), &pool).await;
        let said = said.unwrap_or_else(|fault| {
            let russian = format!("он не ответил ({})", fault.message);
            vec![Text::of(fault.message, russian)]
        });
        let of = Text::of(format!("pool {pool}: "), format!("пул {pool}: "));
        faults.extend(
            said.iter()
                .map(|fault| with(of.clone().and(fault), RESTORE)),
        );
    }
    Ok(faults)
}

/// So many of these.
fn counted(count: u64, (en, ru): Words) -> Text {
    Text::of(format!("{count} {en}"), format!("{ru}: {count}"))
}

async fn check_pool(
    object: &SiteObject,
    mut in_force: InForce,
    pool: &str,
) -> Result<Vec<Text>, Fault> {
    let said: Vec<Vec<Text>> = object
        .ask_shards(&in_force, pool, PoolCommand::Check)
        .await?;
    let mut said = said.concat();
    for tries_left in (0..TRIES).rev() {
        let before = Standing::of(object, pool)?;
        in_force = object.in_force()?.unwrap_or(in_force);
        let also = match object.check_shards(&in_force, pool).await {
            Ok(also) => also,
            Err(fault) if said.is_empty() => return Err(fault),
            // A shard that cannot be read has said so.
            Err(_) => break,
        };
        // Shards are asked one after the other: numbers that move meanwhile seem to be nowhere.
        let moves = !before.settled || Standing::of(object, pool)? != before;
        if also.is_empty() || !moves || tries_left == 0 {
            said.extend(also);
            break;
        }
        timer::pause(AGAIN_MS).await;
    }
    Ok(said)
}

/// By what it is known that a pool's numbers are where they were.
#[derive(PartialEq, Eq)]
struct Standing {
    version: u64,
    revision: u64,
    settled: bool,
}

impl Standing {
    fn of(object: &SiteObject, pool: &str) -> Result<Self, Fault> {
        let sql = object.store.sql();
        Ok(Self {
            version: config::latest_version(sql)?,
            revision: stock::revision(sql)?,
            settled: shards::division(sql, pool)?.settled,
        })
    }
}

/// How many numbers of the configuration in force calls would not find in their pools. Each slice
/// is of the configuration that is in force by then.
async fn unplaced(object: &SiteObject) -> Result<u64, Fault> {
    let (mut unplaced, mut pool, mut from) = (0, 0, 0);
    loop {
        object.note_places_left()?;
        let in_force = object.in_force()?;
        let of = in_force.as_ref().and_then(|it| it.config.pools.get(pool));
        let Some(of) = of else {
            return Ok(unplaced);
        };
        let Some(numbers) = of.numbers.get(from..).filter(|rest| !rest.is_empty()) else {
            (pool, from) = (pool + 1, 0);
            continue;
        };
        let numbers = &numbers[..numbers.len().min(NUMBERS_AT_ONCE)];
        let query = "SELECT count(*) FROM json_each(?) WHERE NOT EXISTS
            (SELECT 1 FROM number_place
             WHERE number = value AND pool = ? AND until_ms IS NULL)";
        let numbers = serde_json::to_string(numbers)?;
        let row = object
            .store
            .sql()
            .row(query, &[&numbers, &of.id.as_str()])?;
        unplaced += row.map_or(Ok(0), |row| row.integer(0))?;
        from += NUMBERS_AT_ONCE;
        timer::turn().await;
    }
}

/// What must not be, counted in slices of a table.
struct Part {
    /// Of the rows after the key `?1`, at most `?2`: how many must not be, how many there are, and
    /// the key of the last.
    query: &'static str,
    /// Less than any key.
    from: Cell,
    /// Rows at once: some 5 ms.
    rows: u64,
    /// What to say of those that must not be, and what to do.
    fault: Words,
    advice: Words,
}

impl Part {
    async fn count(&self, sql: &Sql) -> Result<u64, Fault> {
        let (mut count, mut from) = (0, self.from.clone());
        while let Some(row) = sql.row(self.query, &[&from, &self.rows])? {
            count += row.integer(0)?;
            if row.integer(1)? < self.rows {
                break;
            }
            from = match self.from {
                Cell::Text(_) => Cell::Text(row.text(2)?),
                _ => Cell::Integer(row.integer(2)?),
            };
            timer::turn().await;
        }
        Ok(count)
    }
}

const FIRST_ROW: Cell = Cell::Integer(0);
const FIRST_TEXT: Cell = Cell::Text(String::new());

const PARTS: [Part; 12] = [
    Part {
        query: "SELECT coalesce(max(version), 0) - count(*), 0 FROM config_version
                WHERE version > ?1 AND ?2",
        from: FIRST_ROW,
        rows: 1,
        fault: (
            "versions of the configuration are missing",
            "не хватает версий конфигурации",
        ),
        advice: RESTORE,
    },
    Part {
        query: "SELECT coalesce(sum(NOT json_valid(document)), 0), count(*), max(version) FROM
                (SELECT version, document FROM config_version WHERE version > ?1
                 ORDER BY version LIMIT ?2)",
        from: FIRST_ROW,
        // Of a large site half a megabyte each.
        rows: 5,
        fault: (
            "versions of the configuration cannot be read",
            "не читается версий конфигурации",
        ),
        advice: RESTORE,
    },
    Part {
        query: "SELECT coalesce(sum(call.call IS NULL), 0), count(*), max(place) FROM
                (SELECT rowid AS place, call FROM call_event WHERE rowid > ?1
                 ORDER BY rowid LIMIT ?2) LEFT JOIN call USING (call)",
        from: FIRST_ROW,
        rows: 1_000,
        fault: (
            "events are of calls that are not kept",
            "событий о звонках, которых нет",
        ),
        advice: RESTORE,
    },
    Part {
        query: "SELECT coalesce(sum(NOT EXISTS (SELECT 1 FROM call_event AS event
                    WHERE event.call = one.call)), 0), count(*), max(place) FROM
                (SELECT rowid AS place, call FROM call WHERE rowid > ?1
                 ORDER BY rowid LIMIT ?2) AS one",
        from: FIRST_ROW,
        rows: 1_000,
        fault: ("calls have no event", "звонков без единого события"),
        advice: RESTORE,
    },
    Part {
        query: "SELECT coalesce(sum(revisions * (call.call IS NULL)), 0), count(*), max(of) FROM
                (SELECT call AS of, count(*) AS revisions FROM attribution WHERE call > ?1
                 GROUP BY call ORDER BY call LIMIT ?2) LEFT JOIN call ON call.call = of",
        from: FIRST_TEXT,
        rows: 1_000,
        fault: (
            "attributions are of calls that are not kept",
            "решений о звонках, которых нет",
        ),
        advice: RESTORE,
    },
    Part {
        query: "SELECT coalesce(sum(waiting = 0 AND credited_by <> '' AND NOT EXISTS
                    (SELECT 1 FROM attribution WHERE attribution.call = one.call)), 0),
                    count(*), max(place) FROM
                (SELECT rowid AS place, call, waiting, credited_by FROM call WHERE rowid > ?1
                 ORDER BY rowid LIMIT ?2) AS one",
        from: FIRST_ROW,
        rows: 1_000,
        fault: (
            "calls that were credited have no attribution",
            "звонков, о которых решено и решения нет",
        ),
        advice: (
            "say by hand whose they were, or restore an export made before",
            "укажите вручную, чьи они, или верните прежнюю выгрузку",
        ),
    },
    Part {
        query: "SELECT coalesce(sum(latest <> revisions), 0), count(*), max(of) FROM
                (SELECT call AS of, max(revision) AS latest, count(*) AS revisions
                 FROM attribution WHERE call > ?1 GROUP BY call ORDER BY call LIMIT ?2)",
        from: FIRST_TEXT,
        rows: 1_000,
        fault: (
            "calls lack a revision of their attribution",
            "звонков, у которых пропущено одно из решений",
        ),
        advice: RESTORE,
    },
    Part {
        query: "SELECT coalesce(sum(call.call IS NULL), 0), count(*), max(sequence) FROM
                (SELECT sequence, call FROM outbox WHERE sequence > ?1
                 ORDER BY sequence LIMIT ?2) LEFT JOIN call USING (call)",
        from: FIRST_ROW,
        rows: 1_000,
        fault: (
            "entries of the outbox are of calls that are not kept",
            "записей исходящих о звонках, которых нет",
        ),
        advice: RESTORE,
    },
    Part {
        query: "SELECT coalesce(sum(places > 1), 0), count(*), max(number) FROM
                (SELECT number, count(*) AS places FROM number_place
                 WHERE until_ms IS NULL AND number > ?1 GROUP BY number
                 ORDER BY number LIMIT ?2)",
        from: FIRST_TEXT,
        rows: 5_000,
        fault: ("numbers are in two pools", "номеров сразу в двух пулах"),
        advice: (
            "take each out of one of them",
            "уберите каждый из одного пула",
        ),
    },
    Part {
        query: "SELECT coalesce(sum(wrong), 0), count(*), max(number) FROM
                (SELECT number, sum(coalesce(until_ms < since_ms, 0)
                    OR number GLOB '*[^0-9]*' OR length(number) NOT BETWEEN 3 AND 15) AS wrong
                 FROM number_place WHERE number > ?1 GROUP BY number
                 ORDER BY number LIMIT ?2)",
        from: FIRST_TEXT,
        rows: 5_000,
        fault: ("places of numbers cannot be", "невозможных мест номеров"),
        advice: RESTORE,
    },
    Part {
        query: "SELECT count(*), 0 FROM api_key
                WHERE role NOT IN ('admin', 'viewer', 'telephony') AND ?1 = 0 AND ?2",
        from: FIRST_ROW,
        rows: 1,
        fault: (
            "keys have a role that there is not",
            "ключей с ролью, которой нет",
        ),
        advice: RESTORE,
    },
    Part {
        query: "SELECT NOT EXISTS (SELECT 1 FROM duty WHERE name = 'retention'), 0
                WHERE ?1 = 0 AND ?2",
        from: FIRST_ROW,
        rows: 1,
        fault: (
            "duty is missing: nothing says when to let go of what is old",
            "недостающих заданий (старое никто не забудет)",
        ),
        advice: (
            "change the configuration in any way, which says so",
            "измените конфигурацию чем угодно: оно появится",
        ),
    },
];
