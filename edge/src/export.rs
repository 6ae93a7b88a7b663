//! Tables as JSON Lines, and back: what an export of a site is made of.
//!
//! The database itself writes and reads the JSON, so integers keep all their digits and a restored
//! table gives the same lines again, byte for byte. A line is `{"pool"?,"table","row":[…]}`; the
//! columns of a row are those of the table, in order.

use crate::binding::fault::Fault;
use crate::binding::sql::Sql;

/// A table with its columns and the order its rows are written in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, separated by commas.
    pub columns: &'static str,
    /// The columns its rows are ordered by.
    pub order: &'static str,
}

impl Table {
    fn column_count(&self) -> usize {
        self.columns.split(',').count()
    }
}

/// Rows read at once.
const ROWS_AT_ONCE: u64 = 500;

/// Appends the lines of a table to `text`.
///
/// # Errors
/// What the platform says.
pub(crate) fn write(sql: &Sql, table: &Table, text: &mut String) -> Result<(), Fault> {
    let Table {
        name,
        columns,
        order,
    } = table;
    let query = format!(
        "SELECT json_object('table', '{name}', 'row', json_array({columns})) FROM {name}
         ORDER BY {order} LIMIT ? OFFSET ?"
    );
    let mut offset = 0;
    loop {
        let rows = sql.rows(&query, &[&ROWS_AT_ONCE, &offset])?;
        for row in &rows {
            text.push_str(&row.text(0)?);
            text.push('\n');
        }
        if (rows.len() as u64) < ROWS_AT_ONCE {
            return Ok(());
        }
        offset += ROWS_AT_ONCE;
    }
}

/// Puts lines of one table back.
///
/// # Errors
/// What the platform says: a row twice, a row of other columns.
pub(crate) fn read(sql: &Sql, table: &Table, lines: &[&str]) -> Result<(), Fault> {
    let Table { name, columns, .. } = table;
    let values: Vec<String> = (0..table.column_count())
        .map(|place| format!("json_extract(value, '$.row[{place}]')"))
        .collect();
    let statement = format!(
        "INSERT INTO {name} ({columns}) SELECT {} FROM json_each(?)",
        values.join(", ")
    );
    for chunk in lines.chunks(ROWS_AT_ONCE as usize) {
        let array = format!("[{}]", chunk.join(","));
        sql.run(&statement, &[&array])?;
    }
    Ok(())
}

/// The lines that begin as those of `table` do.
pub(crate) fn lines_of<'t>(table: &Table, lines: &[&'t str]) -> Vec<&'t str> {
    let beginning = format!("{{\"table\":\"{}\",", table.name);
    lines
        .iter()
        .copied()
        .filter(|line| line.starts_with(&beginning))
        .collect()
}
