//! The synchronous SQL of a Durable Object.
//!
//! Limits (platform): 100 parameters to a statement, 2 MB to a row or value. Integers cross as
//! `f64`, so only those within 2^53 are bound as numbers; ids and telephone numbers are text.
//! A cursor is read within one turn: its lazy errors are thrown while it is read, where `catch`
//! binds them.

use super::fault::Fault;
use js_sys::{Array, ArrayBuffer, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// `SqlStorage`.
    #[derive(Clone, Debug)]
    pub(crate) type RawSql;

    #[wasm_bindgen(method, catch, variadic, js_name = exec)]
    fn exec(this: &RawSql, statement: &str, parameters: &Array) -> Result<RawCursor, JsValue>;

    #[wasm_bindgen(method, getter, js_name = databaseSize)]
    fn database_size(this: &RawSql) -> f64;

    type RawCursor;

    #[wasm_bindgen(method, catch, js_name = raw)]
    fn raw(this: &RawCursor) -> Result<RawRows, JsValue>;

    #[wasm_bindgen(method, getter, js_name = rowsWritten)]
    fn rows_written(this: &RawCursor) -> f64;

    type RawRows;

    #[wasm_bindgen(method, catch, js_name = toArray)]
    fn to_array(this: &RawRows) -> Result<Array, JsValue>;

    #[wasm_bindgen(method, catch, js_name = next)]
    fn next(this: &RawRows) -> Result<RawNext, JsValue>;

    type RawNext;

    #[wasm_bindgen(method, getter)]
    fn done(this: &RawNext) -> bool;

    #[wasm_bindgen(method, getter)]
    fn value(this: &RawNext) -> Array;
}

/// What stands in a column, whatever it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    /// An integer from 0 up, below 2^53.
    Integer(u64),
    /// Text.
    Text(String),
    /// Nothing.
    Null,
}

impl Bind for Cell {
    fn bind(&self) -> JsValue {
        match self {
            Self::Integer(value) => value.bind(),
            Self::Text(text) => text.bind(),
            Self::Null => JsValue::NULL,
        }
    }
}

/// A value bound to a statement.
pub(crate) trait Bind {
    /// The value as JavaScript binds it.
    fn bind(&self) -> JsValue;
}

impl Bind for &str {
    fn bind(&self) -> JsValue {
        JsValue::from_str(self)
    }
}
impl Bind for String {
    fn bind(&self) -> JsValue {
        JsValue::from_str(self)
    }
}
impl Bind for u64 {
    fn bind(&self) -> JsValue {
        debug_assert!(*self < (1 << 53));
        JsValue::from_f64(*self as f64)
    }
}
impl Bind for i64 {
    fn bind(&self) -> JsValue {
        debug_assert!(self.unsigned_abs() < (1 << 53));
        JsValue::from_f64(*self as f64)
    }
}
impl Bind for f64 {
    fn bind(&self) -> JsValue {
        JsValue::from_f64(*self)
    }
}
impl Bind for bool {
    fn bind(&self) -> JsValue {
        JsValue::from_f64(f64::from(u8::from(*self)))
    }
}
impl Bind for Vec<u8> {
    fn bind(&self) -> JsValue {
        Uint8Array::from(self.as_slice()).buffer().into()
    }
}
impl<T: Bind> Bind for Option<T> {
    fn bind(&self) -> JsValue {
        self.as_ref().map_or(JsValue::NULL, Bind::bind)
    }
}

/// The SQL of one object.
#[derive(Clone, Debug)]
pub(crate) struct Sql {
    raw: RawSql,
}

impl Sql {
    pub(super) fn new(raw: RawSql) -> Self {
        Self { raw }
    }

    /// Runs a statement for its effect and says how many rows it wrote, index rows included.
    ///
    /// # Errors
    /// What SQLite or the platform says.
    pub(crate) fn run(&self, statement: &str, parameters: &[&dyn Bind]) -> Result<u64, Fault> {
        // It is done when `exec` returns: the platform takes a statement's first step at once.
        let cursor = self.raw.exec(statement, &bound(parameters))?;
        Ok(cursor.rows_written() as u64)
    }

    /// Reads all rows of a query.
    ///
    /// # Errors
    /// What SQLite or the platform says.
    pub(crate) fn rows(&self, query: &str, parameters: &[&dyn Bind]) -> Result<Vec<Row>, Fault> {
        let rows = self
            .raw
            .exec(query, &bound(parameters))?
            .raw()?
            .to_array()?;
        Ok(rows
            .iter()
            .map(|row| Row {
                cells: row.unchecked_into(),
            })
            .collect())
    }

    /// Hands the rows of a query to `each`, one by one, until it says to stop: of a large table
    /// only what is wanted is ever in memory.
    ///
    /// # Errors
    /// What SQLite or the platform says, or `each`.
    pub(crate) fn each(
        &self,
        query: &str,
        parameters: &[&dyn Bind],
        mut each: impl FnMut(&Row) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let rows = self.raw.exec(query, &bound(parameters))?.raw()?;
        loop {
            let next = rows.next()?;
            if next.done() {
                return Ok(());
            }
            let row = Row {
                cells: next.value(),
            };
            if !each(&row)? {
                return Ok(());
            }
        }
    }

    /// Reads the first row of a query, if there is one.
    ///
    /// # Errors
    /// What SQLite or the platform says.
    pub(crate) fn row(&self, query: &str, parameters: &[&dyn Bind]) -> Result<Option<Row>, Fault> {
        Ok(self.rows(query, parameters)?.into_iter().next())
    }

    /// Bytes the database takes.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.raw.database_size() as u64
    }
}

fn bound(parameters: &[&dyn Bind]) -> Array {
    parameters
        .iter()
        .map(|parameter| parameter.bind())
        .collect()
}

/// One row; columns by place. A cell of another type than asked for is a fault: it says that the
/// stored state is not what this code wrote.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    cells: Array,
}

impl Row {
    /// Text.
    ///
    /// # Errors
    /// If the cell is something else.
    pub(crate) fn text(&self, place: u32) -> Result<String, Fault> {
        self.cells
            .get(place)
            .as_string()
            .ok_or_else(|| wrong(place, "text"))
    }

    /// An integer from 0 up.
    ///
    /// # Errors
    /// If the cell is something else.
    pub(crate) fn integer(&self, place: u32) -> Result<u64, Fault> {
        match self.cells.get(place).as_f64() {
            Some(value) if (0.0..9_007_199_254_740_992.0).contains(&value) => Ok(value as u64),
            _ => Err(wrong(place, "an integer from 0 up")),
        }
    }

    /// All columns.
    ///
    /// # Errors
    /// If one is neither text nor an integer from 0 up nor NULL.
    pub(crate) fn cells(&self) -> Result<Vec<Cell>, Fault> {
        (0..self.cells.length())
            .map(|place| match self.cells.get(place) {
                cell if cell.is_null() => Ok(Cell::Null),
                cell if cell.is_string() => self.text(place).map(Cell::Text),
                _ => self.integer(place).map(Cell::Integer),
            })
            .collect()
    }

    /// Text or NULL.
    ///
    /// # Errors
    /// If the cell is something else.
    pub(crate) fn maybe_text(&self, place: u32) -> Result<Option<String>, Fault> {
        if self.cells.get(place).is_null() {
            Ok(None)
        } else {
            self.text(place).map(Some)
        }
    }

    /// Bytes or NULL.
    ///
    /// # Errors
    /// If the cell is something else.
    pub(crate) fn maybe_bytes(&self, place: u32) -> Result<Option<Vec<u8>>, Fault> {
        let cell = self.cells.get(place);
        if cell.is_null() {
            return Ok(None);
        }
        let buffer: ArrayBuffer = cell.dyn_into().map_err(|_| wrong(place, "bytes"))?;
        Ok(Some(Uint8Array::new(&buffer).to_vec()))
    }

    /// An integer or NULL.
    ///
    /// # Errors
    /// If the cell is something else.
    pub(crate) fn maybe_integer(&self, place: u32) -> Result<Option<u64>, Fault> {
        if self.cells.get(place).is_null() {
            Ok(None)
        } else {
            self.integer(place).map(Some)
        }
    }
}

fn wrong(place: u32, wanted: &str) -> Fault {
    Fault::new(format!("column {place} of a stored row is not {wanted}"))
}
