//! The directory: which sites there are. One object, asked by the deployer only.
//!
//! What is not here: anything of a site but its id. A page view never comes by. The directory is
//! written after the site's own object: a site that is not listed still works, and creating it
//! again lists it.

use crate::binding::fault::Fault;
use crate::binding::object::Store;
use crate::http::answer;
use crate::message::{DirectoryCommand, SiteEntry};
use crate::schema;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// The one object's name.
pub(crate) const NAME: &str = "sites";

const STEPS: &[&str] =
    &["CREATE TABLE site (site TEXT PRIMARY KEY, created_at_ms INTEGER NOT NULL) STRICT;"];

/// See the module.
#[durable_object(fetch)]
pub struct DirectoryObject {
    store: Store,
}

impl DurableObject for DirectoryObject {
    fn new(state: State, _env: Env) -> Self {
        Self {
            store: Store::new(&state),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        answer::command(request, |command| self.handle(command)).await
    }
}

impl DirectoryObject {
    fn handle(&self, command: DirectoryCommand) -> std::result::Result<String, Fault> {
        match command {
            DirectoryCommand::Add { site, at } => self.store.transaction(|sql| {
                schema::migrate(sql, STEPS)?;
                sql.run("INSERT OR IGNORE INTO site VALUES (?, ?)", &[&site, &at.0])?;
                Ok("null".to_owned())
            }),
            DirectoryCommand::Remove { site } => self.store.transaction(|sql| {
                schema::migrate(sql, STEPS)?;
                sql.run("DELETE FROM site WHERE site = ?", &[&site])?;
                Ok("null".to_owned())
            }),
            DirectoryCommand::List { after, count } => {
                if !schema::open(&self.store, STEPS)? {
                    return Ok("[]".to_owned());
                }
                let query = "SELECT site, created_at_ms FROM site WHERE site > ?
                             ORDER BY site LIMIT ?";
                let mut sites = Vec::new();
                for row in self.store.sql().rows(query, &[&after, &count])? {
                    sites.push(SiteEntry {
                        site: row.text(0)?,
                        created_at_ms: row.integer(1)?,
                    });
                }
                Ok(serde_json::to_string(&sites)?)
            }
        }
    }
}
