//! Tables as JSON Lines, and back: what an export of a site is made of.
//!
//! A line is `{"pool"?,"table","row":[…]}`; the columns of a row are those of the table, in order,
//! each text, an integer or null, and a restored table gives the same lines again, byte for byte. A
//! table is written in parts of about [`PART_BYTES`], each of which says after which row the next
//! begins. Lines are made and read here and not by the database: it refuses a text of more than
//! 2 MB, which one row and its JSON can be.

use crate::binding::fault::Fault;
use crate::binding::sql::{Bind, Cell, Sql};
use serde::Deserialize;

/// A table with its columns and the order its rows are written in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, separated by commas.
    pub columns: &'static str,
    /// The columns its rows are ordered by; together they name a row.
    pub order: &'static str,
}

/// Bytes after which a part ends: some dozen rows of the largest kind, and little beside the memory
/// of an isolate however often it is copied on its way.
pub(crate) const PART_BYTES: usize = 2_000_000;
/// Bytes of rows put back by one statement, whose parameter the database takes up to 2 MB of.
const STATEMENT_BYTES: usize = 500_000;
/// Rows put back by one statement.
const STATEMENT_ROWS: usize = 500;

impl Table {
    pub(crate) fn column_count(&self) -> usize {
        self.columns.split(',').count()
    }
}

/// Which rows of a table are written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut<'a> {
    /// All of them.
    All,
    /// Those whose only key is at most this.
    UpTo(&'a u64),
    /// Those of which this is true.
    Where(&'a str),
}

/// What is written so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    /// The lines, each with its end.
    pub text: String,
    /// How many.
    pub count: u64,
}

impl Lines {
    /// Adds the line of a row; `pool` is the name of the pool it is of, if it is of one.
    ///
    /// # Errors
    /// None that happens: cells are always written.
    pub(crate) fn push(
        &mut self,
        pool: Option<&str>,
        table: &str,
        row: &[Cell],
    ) -> Result<(), Fault> {
        self.text.push('{');
        if let Some(pool) = pool {
            self.text.push_str("\"pool\":\"");
            self.text.push_str(pool);
            self.text.push_str("\",");
        }
        self.text.push_str("\"table\":\"");
        self.text.push_str(table);
        self.text.push_str("\",\"row\":");
        self.text.push_str(&serde_json::to_string(row)?);
        self.text.push_str("}\n");
        self.count += 1;
        Ok(())
    }

    /// Whether the part is long enough.
    pub(crate) fn is_full(&self) -> bool {
        self.text.len() >= PART_BYTES
    }
}

/// Writes lines of a table, from the row after `after` on, each as `finish` leaves it, until the
/// part is full. Says after which row the next part begins; nothing if the table is at its end.
///
/// # Errors
/// What the platform says.
pub(crate) fn write(
    sql: &Sql,
    table: &Table,
    cut: Cut<'_>,
    after: &[Cell],
    pool: Option<&str>,
    finish: impl Fn(&mut [Cell]) -> Result<(), Fault>,
    lines: &mut Lines,
) -> Result<Option<Vec<Cell>>, Fault> {
    let Table {
        name,
        columns,
        order,
    } = table;
    let keys = order.split(',').count();
    let mut parameters: Vec<&dyn Bind> = after.iter().map(|key| key as &dyn Bind).collect();
    let mut wanted = Vec::new();
    if !after.is_empty() {
        wanted.push(format!("({order}) > ({})", vec!["?"; keys].join(", ")));
    }
    match cut {
        Cut::All => {}
        Cut::UpTo(most) => {
            wanted.push(format!("{order} <= ?"));
            parameters.push(most);
        }
        Cut::Where(condition) => wanted.push(format!("({condition})")),
    }
    let wanted = match wanted.is_empty() {
        true => String::new(),
        false => format!("WHERE {}", wanted.join(" AND ")),
    };
    let query = format!("SELECT {columns}, {order} FROM {name} {wanted} ORDER BY {order}");
    let mut last = None;
    sql.each(&query, &parameters, |row| {
        let mut cells = row.cells()?;
        let key = cells.split_off(table.column_count());
        finish(&mut cells)?;
        lines.push(pool, name, &cells)?;
        let full = lines.is_full();
        if full {
            last = Some(key);
        }
        Ok(!full)
    })?;
    Ok(last)
}

#[derive(Deserialize)]
struct Line {
    table: String,
    row: Vec<Cell>,
}

/// Puts lines of these tables back.
///
/// # Errors
/// A sentence about a line that is none of these tables'; what the platform says of a row that is
/// there already or is not as its table wants it.
pub(crate) fn read(sql: &Sql, tables: &[Table], lines: &[&str]) -> Result<(), Fault> {
    let mut rows: Vec<Vec<Vec<Cell>>> = vec![Vec::new(); tables.len()];
    for line in lines {
        let line: Line = serde_json::from_str(line)
            .map_err(|error| Fault::new(format!("a line is no row of a table: {error}")))?;
        let place = tables.iter().position(|table| table.name == line.table);
        let place =
            place.ok_or_else(|| Fault::new(format!("there is no table {:?}", line.table)))?;
        if line.row.len() != tables[place].column_count() {
            let count = tables[place].column_count();
            let fault = format!("a row of {} has {count} columns", line.table);
            return Err(Fault::new(fault));
        }
        rows[place].push(line.row);
    }
    for (table, rows) in tables.iter().zip(&rows) {
        insert(sql, table, rows)?;
    }
    Ok(())
}

/// Inserts rows: short ones many at once, long ones each by itself.
fn insert(sql: &Sql, table: &Table, rows: &[Vec<Cell>]) -> Result<(), Fault> {
    let Table { name, columns, .. } = table;
    let places = 0..table.column_count();
    let many: Vec<String> = places
        .clone()
        .map(|place| format!("value ->> '$[{place}]'"))
        .collect();
    let many = format!(
        "INSERT INTO {name} ({columns}) SELECT {} FROM json_each(?)",
        many.join(", ")
    );
    let one: Vec<&str> = places.map(|_| "?").collect();
    let one = format!("INSERT INTO {name} ({columns}) VALUES ({})", one.join(", "));
    let mut short: Vec<String> = Vec::new();
    let mut bytes = 0;
    for row in rows {
        let text = serde_json::to_string(row)?;
        if text.len() > STATEMENT_BYTES {
            let cells: Vec<&dyn Bind> = row.iter().map(|cell| cell as &dyn Bind).collect();
            sql.run(&one, &cells)?;
            continue;
        }
        if short.len() == STATEMENT_ROWS || bytes + text.len() > STATEMENT_BYTES {
            sql.run(&many, &[&format!("[{}]", short.join(","))])?;
            short.clear();
            bytes = 0;
        }
        bytes += text.len();
        short.push(text);
    }
    if !short.is_empty() {
        sql.run(&many, &[&format!("[{}]", short.join(","))])?;
    }
    Ok(())
}
