//! The check of the stored state: whether it is whole, and gives back what is in memory.
//!
//! A large pool has a hundred thousand holders in memory and a gigabyte of history, so the check
//! goes slice by slice, between which others have their turn. What is compared is the pool as it
//! was when the check began. Limit: a second copy of the pool is in memory meanwhile.

use super::rebuild::Rebuild;
use super::{Shell, journal};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::binding::timer;
use ringlet_core::pool::Pool;
use ringlet_core::site::Text;
use std::rc::Rc;

/// Bytes of a database that is checked by itself in one go: some 10 ms.
const WHOLE_BYTES: u64 = 8 << 20;
/// Rows of a longer one that are read at once: some 10 ms.
const ROWS_AT_ONCE: u64 = 3_000;
/// Leases of its index that are counted at once: some 5 ms.
const LEASES_AT_ONCE: u64 = 20_000;
/// Numbers compared at once: some 5 ms.
const NUMBERS_AT_ONCE: usize = 1_000;

impl Shell {
    /// What is wrong, as a list of sentences.
    pub(super) async fn check(self: &Rc<Self>) -> Result<String, Fault> {
        let _reading = Reading::begin(self);
        let (memory, now) = self.step(|pool, now, _| {
            pool.handle_timeout(now);
            pool.checkpoint();
            (pool.clone(), now)
        })?;
        self.commit();
        let sql = self.store.sql();
        // It ends with the last row of now, whatever is written while it is read.
        let mut rebuild = Rebuild::begin(sql)?;
        timer::turn().await;
        let mut faults = check_database(sql).await?;
        while rebuild.advance(sql, |_| {})? {
            timer::turn().await;
        }
        let mut replayed = rebuild.pool;
        while let Some(part) = replayed.lacks() {
            journal::recall(sql, &mut replayed, part)?;
            timer::turn().await;
        }
        // What only time changed stands in no row.
        replayed.handle_timeout(now);
        timer::turn().await;
        if !same(&replayed, &memory).await {
            faults.push(Text::of(
                "the journal does not give back the state in memory",
                "журнал не даёт того состояния, которое в памяти",
            ));
        }
        let learnt = |pool: &Pool| {
            let model = (pool.own_delay_counts(), pool.delay().clone());
            (model, pool.regions().clone())
        };
        if learnt(&replayed) != learnt(&memory) {
            faults.push(Text::of(
                "the journal does not give back what was learnt of callers",
                "журнал не даёт того, что узнано о звонящих",
            ));
        }
        Ok(serde_json::to_string(&faults)?)
    }
}

/// While it is there the journal is not made small: what is read would not be whole.
struct Reading(Rc<Shell>);

impl Reading {
    fn begin(shell: &Rc<Shell>) -> Self {
        shell.readers.set(shell.readers.get() + 1);
        Self(shell.clone())
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.readers.set(self.0.readers.get() - 1);
    }
}

/// Whether two pools know the same of every number.
async fn same(one: &Pool, other: &Pool) -> bool {
    let mut from = 0;
    loop {
        let these = one.state_from(from, NUMBERS_AT_ONCE);
        if these != other.state_from(from, NUMBERS_AT_ONCE) {
            return false;
        }
        if these.is_empty() {
            return true;
        }
        from += NUMBERS_AT_ONCE;
        timer::turn().await;
    }
}

/// What is wrong with the database itself.
async fn check_database(sql: &Sql) -> Result<Vec<Text>, Fault> {
    let database_says = |said: &str| {
        Text::of(
            format!("the database says: {said}"),
            format!("база данных говорит: {said}"),
        )
    };
    let mut faults = Vec::new();
    if sql.size_bytes() <= WHOLE_BYTES {
        for row in sql.rows("PRAGMA quick_check", &[])? {
            let said = row.text(0)?;
            if said != "ok" {
                faults.push(database_says(&said));
            }
        }
    }
    let last = journal::last_row(sql)?;
    // The platform's word on a page that cannot be read is a fault like any other.
    let read = async { Ok::<_, Fault>((read_rows(sql, last).await?, leases(sql, last).await?)) };
    match read.await {
        Ok((rows, leases)) => {
            if rows.leases != leases {
                let kept = rows.leases;
                faults.push(Text::of(
                    format!("{kept} leases are kept, and {leases} found by number"),
                    format!("выдач хранится {kept}, а по номеру найдено {leases}"),
                ));
            }
            if rows.broken > 0 {
                faults.push(Text::of(
                    format!("{} rows of the journal cannot be read", rows.broken),
                    format!("не читается строк журнала: {}", rows.broken),
                ));
            }
        }
        // Of a small database it was said above.
        Err(_) if !faults.is_empty() => {}
        Err(fault) => faults.push(database_says(&fault.message)),
    }
    for (table, column, (en, ru)) in BESIDE {
        let broken = unreadable(sql, table, column).await?;
        if broken > 0 {
            faults.push(Text::of(
                format!("{broken} {en} cannot be read"),
                format!("не читается {ru}: {broken}"),
            ));
        }
    }
    // Its rows are 1, 2, 3 …
    if sql
        .row("SELECT row FROM journal WHERE row < 1 LIMIT 1", &[])?
        .is_some()
    {
        faults.push(Text::of(
            "the journal has more rows than its last row's number",
            "в журнале больше строк, чем номер последней",
        ));
    }
    Ok(faults)
}

/// Tables beside the journal, the column of JSON in each, and what their rows are.
const BESIDE: [(&str, &str, (&str, &str)); 3] = [
    ("visit", "context", ("visits", "визитов")),
    (
        "late_ids",
        "ids",
        ("ids of visits", "идентификаторов визитов"),
    ),
    (
        "parcel",
        "content",
        ("parcels for other shards", "посылок другим частям"),
    ),
];

/// How many rows of a table beside the journal cannot be read.
async fn unreadable(sql: &Sql, table: &str, column: &str) -> Result<u64, Fault> {
    let query = format!(
        "SELECT count(*), max(id), coalesce(sum(NOT json_valid({column})), 0)
         FROM (SELECT * FROM {table} WHERE id > ? ORDER BY id LIMIT ?)"
    );
    let (mut unreadable, mut after) = (0, 0);
    while let Some(row) = sql.row(&query, &[&after, &ROWS_AT_ONCE])? {
        unreadable += row.integer(2)?;
        let Some(to) = row.maybe_integer(1)? else {
            break;
        };
        after = to;
        if row.integer(0)? < ROWS_AT_ONCE {
            break;
        }
        timer::turn().await;
    }
    Ok(unreadable)
}

/// What is in the journal.
#[derive(Default)]
struct Rows {
    leases: u64,
    /// Rows that tell of nothing.
    broken: u64,
}

/// Reads every row of the journal up to `last`.
async fn read_rows(sql: &Sql, last: u64) -> Result<Rows, Fault> {
    let query = "SELECT count(*), max(row), coalesce(sum(kind = 'grant'), 0),
                    coalesce(sum(NOT json_valid(entry)), 0), sum(length(coalesce(number, '')))
                 FROM (SELECT * FROM journal WHERE row > ? AND row <= ? ORDER BY row LIMIT ?)";
    let (mut rows, mut after) = (Rows::default(), 0);
    while let Some(row) = sql.row(query, &[&after, &last, &ROWS_AT_ONCE])? {
        rows.leases += row.integer(2)?;
        rows.broken += row.integer(3)?;
        let Some(to) = row.maybe_integer(1)? else {
            break;
        };
        after = to;
        if row.integer(0)? < ROWS_AT_ONCE {
            break;
        }
        timer::turn().await;
    }
    Ok(rows)
}

/// Reads the index of the leases of the rows up to `last`; says how many there are.
async fn leases(sql: &Sql, last: u64) -> Result<u64, Fault> {
    let query = "SELECT number, generation FROM journal INDEXED BY one_lease_of_a_number
                 WHERE kind = 'grant' AND (number, generation) > (?, ?) AND row <= ?
                 ORDER BY number, generation LIMIT 1 OFFSET ?";
    let rest = "SELECT count(*) FROM journal INDEXED BY one_lease_of_a_number
                WHERE kind = 'grant' AND (number, generation) > (?, ?) AND row <= ?";
    let (mut leases, mut number, mut generation) = (0, String::new(), 0);
    // The last of each so many; the rest is fewer.
    while let Some(row) = sql.row(query, &[&number, &generation, &last, &(LEASES_AT_ONCE - 1)])? {
        (number, generation) = (row.text(0)?, row.integer(1)?);
        leases += LEASES_AT_ONCE;
        timer::turn().await;
    }
    let rest = sql.row(rest, &[&number, &generation, &last])?;
    Ok(leases + rest.map_or(Ok(0), |row| row.integer(0))?)
}
