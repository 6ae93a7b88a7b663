//! Everything a pool has stored as lines, and back.

use super::{Shell, schema};
use crate::binding::fault::Fault;
use crate::export::{self, Table};
use std::rc::Rc;

const TABLES: [Table; 4] = [
    Table {
        name: "visit",
        columns: "id, at_ms, visit, visitor, number, context",
        order: "id",
    },
    Table {
        name: "journal",
        columns: "row, at_ms, kind, number, generation, entry",
        order: "row",
    },
    Table {
        name: "fact",
        columns: "name, value",
        order: "name",
    },
    Table {
        name: "parcel",
        columns: "id, target, content",
        order: "id",
    },
];

impl Shell {
    pub(super) fn export(self: &Rc<Self>) -> Result<String, Fault> {
        // What signs changed since the last checkpoint belongs to it.
        if self.checkpoint_called.get() {
            self.step(|pool, _, _| pool.checkpoint())?;
        }
        self.commit();
        let mut text = String::new();
        for table in &TABLES {
            export::write(self.store.sql(), table, &mut text)?;
        }
        Ok(serde_json::to_string(&text)?)
    }

    pub(super) fn import(self: &Rc<Self>, lines: &str) -> Result<(), Fault> {
        self.commit();
        let lines: Vec<&str> = lines.lines().collect();
        self.store.transaction(|sql| {
            crate::schema::migrate(sql, schema::STEPS)?;
            if sql.row("SELECT 1 FROM journal LIMIT 1", &[])?.is_some() {
                return Err(Fault::new("the pool has a history already"));
            }
            sql.run("DELETE FROM fact", &[])?;
            for table in &TABLES {
                export::read(sql, table, &export::lines_of(table, &lines))?;
            }
            Ok(())
        })?;
        self.memory.borrow_mut().take();
        Ok(())
    }
}
