//! Which number is in which pool, noted as a configuration comes into force: calls find their pools
//! by it.
//!
//! What is no longer where it was is closed with the configuration. The numbers of a large one are
//! noted after it, a part at a time, between which others have their turn; its pools are told when
//! all are. Whoever asks the site for more than its configuration meanwhile has the rest noted at
//! once. A duty stands for what is left, so a stop at any point loses nothing.

use super::config;
use super::duty::{self, Duty};
use super::{InForce, SiteObject, stock};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::binding::timer;
use crate::log::{Level, Line};
use ringlet_core::phone::E164;
use ringlet_core::site::SiteConfig;
use ringlet_core::time::{Millis, UnixMillis};
use std::collections::BTreeMap;

/// Numbers that are noted at once: some 10 ms.
const AT_ONCE: usize = 2_500;
/// Who brings a configuration into force notes its numbers himself. If he breaks off, the alarm
/// does it so much later.
const LEFT_FOR: Millis = Millis::from_secs(30);

/// Numbers and their pools.
type Places<'c> = BTreeMap<E164, &'c str>;

/// What each pool of a configuration has.
fn wanted(config: &SiteConfig) -> impl Iterator<Item = (E164, &str)> {
    let pools = config.pools.iter();
    pools.flat_map(|pool| pool.numbers.iter().map(|of| (*of, pool.id.as_str())))
}

/// Closes the places that a configuration does not have, and notes its own, or that they are to be
/// noted; call it inside the transaction of the configuration.
///
/// # Errors
/// What the platform says.
pub(super) fn change(sql: &Sql, config: &SiteConfig, now: UnixMillis) -> Result<(), Fault> {
    let borrowed = stock::borrowed(sql)?;
    let mut all: Places<'_> = BTreeMap::new();
    // Borrowed numbers are where they are until they go back.
    all.extend(
        borrowed
            .iter()
            .map(|one| (one.loan.number, one.loan.pool.as_str())),
    );
    all.extend(wanted(config));
    let any = "SELECT 1 FROM number_place WHERE until_ms IS NULL LIMIT 1";
    if sql.row(any, &[])?.is_some() {
        sql.run(
            // The lists are compared once: the second is not searched for every row of the first.
            "UPDATE number_place SET until_ms = ?1 WHERE until_ms IS NULL AND (number, pool) IN
                (SELECT number, pool FROM number_place WHERE until_ms IS NULL
                 EXCEPT SELECT key, value FROM json_each(?2))",
            &[&now.0, &serde_json::to_string(&all)?],
        )?;
    }
    if all.len() > AT_ONCE {
        duty::call_for(sql, Duty::Places, now + LEFT_FOR)
    } else {
        note(sql, &all, now)
    }
}

/// Notes places that are not noted yet.
fn note(sql: &Sql, places: &Places<'_>, since: UnixMillis) -> Result<(), Fault> {
    sql.run(
        "INSERT INTO number_place (number, pool, since_ms)
         SELECT key, value, ?1 FROM json_each(?2) WHERE NOT EXISTS
            (SELECT 1 FROM number_place WHERE number = key AND pool = value AND until_ms IS NULL)
         ON CONFLICT (number, pool, since_ms) DO UPDATE SET until_ms = NULL",
        &[&since.0, &serde_json::to_string(places)?],
    )?;
    Ok(())
}

impl SiteObject {
    /// Notes the numbers of the configuration that has just come into force, where they are too
    /// many for its transaction. What could not be noted, the alarm or whoever asks next notes.
    pub(super) async fn note_places(&self, in_force: &InForce) {
        if let Err(fault) = self.note_in_parts(in_force).await {
            Line::new(Level::Warn, "places_not_noted")
                .site(in_force.config.site.as_str())
                .fault(&fault.message)
                .write();
        }
    }

    async fn note_in_parts(&self, in_force: &InForce) -> Result<(), Fault> {
        self.look_for_places()?;
        if !self.placing.get() {
            return Ok(());
        }
        let since = config::since(self.store.sql(), in_force.version)?;
        let places: Vec<_> = wanted(&in_force.config).collect();
        for part in places.chunks(AT_ONCE) {
            timer::turn().await;
            // Somebody noted all of them at once, perhaps those of a later configuration as well.
            if !self.placing.get() {
                return Ok(());
            }
            let part = part.iter().copied().collect();
            self.store.transaction(|sql| note(sql, &part, since))?;
        }
        timer::turn().await;
        self.are_noted()
    }

    /// Notes at once what is not noted yet.
    ///
    /// # Errors
    /// What the platform says.
    pub(super) fn note_places_left(&self) -> Result<(), Fault> {
        if !self.placing.get() {
            return Ok(());
        }
        // One that cannot be read any more is to be replaced, which notes all anew.
        let Ok(Some(in_force)) = self.in_force() else {
            return Ok(());
        };
        let since = config::since(self.store.sql(), in_force.version)?;
        let places = wanted(&in_force.config).collect();
        self.store.transaction(|sql| note(sql, &places, since))?;
        self.are_noted()
    }

    /// Finds out whether numbers are to be noted.
    ///
    /// # Errors
    /// What the platform says.
    pub(super) fn look_for_places(&self) -> Result<(), Fault> {
        let due = duty::due_at(self.store.sql(), Duty::Places)?;
        self.placing.set(due.is_some());
        Ok(())
    }

    fn are_noted(&self) -> Result<(), Fault> {
        if self.placing.replace(false) {
            duty::done(self.store.sql(), Duty::Places)?;
        }
        Ok(())
    }
}
