//! Whose call it was: asks who held the number, has the core decide, keeps the answer.

use super::{InForce, SiteObject, config, pools};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::log::{Level, Line};
use crate::message::VisitContext;
use crate::message::pool::{CallCommand, CandidatesAnswer, PoolCommand};
use ringlet_core::call::CallRecord;
use ringlet_core::id::{CallId, LeaseId, ScenarioId, VisitId, VisitorId};
use ringlet_core::pool::{Attributed, PastHolder};
use ringlet_core::site::NumberUse;
use ringlet_core::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// Whom a call was credited to, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// `visit`, `static`, `reserve` or `unattributed`.
    pub kind: Kind,
    /// Why, as a word.
    pub reason: String,
    /// How sure, 0 to 1.
    pub probability: f64,
    /// The source credited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The visit credited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<VisitId>,
    /// Its visitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor: Option<VisitorId>,
    /// The lease by which the number was his.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseId>,
    /// The scenario whose number was dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<ScenarioId>,
    /// What is known of the visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<VisitContext>,
    /// Everybody who may have made the call, likeliest first.
    #[serde(default)]
    pub candidates: Vec<ShownCandidate>,
    /// The visitor's touches, oldest first.
    #[serde(default)]
    pub touches: Vec<ShownTouch>,
}

/// What a call was credited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A visit.
    Visit,
    /// The source that the number belongs to.
    Static,
    /// The scenario whose reserve number it is.
    Reserve,
    /// Nothing.
    Unattributed,
}

/// One who may have made the call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ShownCandidate {
    /// His visit.
    pub visit: VisitId,
    /// He.
    pub visitor: VisitorId,
    /// His lease.
    pub lease: LeaseId,
    /// When it began.
    pub granted_at: UnixMillis,
    /// His last activity.
    pub last_activity: UnixMillis,
    /// How likely it was he, 0 to 1.
    pub probability: f64,
    /// Why, as a word.
    pub reason: String,
    /// His source.
    pub source: String,
}

/// One contact of the visitor with the site.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ShownTouch {
    /// When.
    pub at: UnixMillis,
    /// Its source.
    pub source: String,
    /// Its channel.
    pub channel: String,
}

impl Outcome {
    fn of(kind: Kind, reason: &str) -> Self {
        Self {
            kind,
            reason: reason.to_owned(),
            probability: if kind == Kind::Unattributed { 0.0 } else { 1.0 },
            source: None,
            visit: None,
            visitor: None,
            lease: None,
            scenario: None,
            context: None,
            candidates: Vec::new(),
            touches: Vec::new(),
        }
    }
}

impl SiteObject {
    /// Decides whose call it was.
    pub(super) async fn decide(
        &self,
        in_force: &InForce,
        record: &CallRecord,
    ) -> Result<Outcome, Fault> {
        let Some(dialed) = record.dialed() else {
            return Ok(Outcome::of(Kind::Unattributed, "number_unknown"));
        };
        match in_force.config.use_of(dialed) {
            Some(NumberUse::Static { scenario, source }) => {
                let mut outcome = Outcome::of(Kind::Static, "static_number");
                outcome.source = Some(source.to_owned());
                outcome.scenario = Some(scenario.id.clone());
                return Ok(outcome);
            }
            Some(NumberUse::Reserve(scenarios)) => {
                let mut outcome = Outcome::of(Kind::Reserve, "reserve_number");
                outcome.scenario = scenarios.first().map(|scenario| scenario.id.clone());
                return Ok(outcome);
            }
            Some(NumberUse::Pool(_)) | None => {}
        }
        let pools = config::pools_of(self.store.sql(), dialed)?;
        if pools.is_empty() {
            return Ok(Outcome::of(Kind::Unattributed, "number_not_ours"));
        }
        let mut found = Vec::new();
        for pool in &pools {
            found.extend(self.candidates(in_force, pool, record).await?);
        }
        let scenario = in_force.config.scenarios.iter().find(|scenario| {
            scenario
                .pool()
                .is_some_and(|pool| pools.first().is_some_and(|id| id == pool.as_str()))
        });
        let mut outcome = choose(found, record.started_at());
        outcome.scenario = scenario.map(|scenario| scenario.id.clone());
        Ok(outcome)
    }

    async fn candidates(
        &self,
        in_force: &InForce,
        pool: &str,
        record: &CallRecord,
    ) -> Result<Vec<(PastHolder, VisitContext)>, Fault> {
        let Some(number) = record.dialed() else {
            return Ok(Vec::new());
        };
        let command = PoolCommand::Call(CallCommand {
            call: record.id(),
            number,
            started_at: record.started_at(),
            ended: !record.status().is_live(),
        });
        let site = in_force.config.site.as_str();
        let answer: CandidatesAnswer =
            pools::ask(&self.env, site, pool, in_force.version, command).await?;
        let contexts = answer
            .contexts
            .iter()
            .map(|text| serde_json::from_str(text));
        let contexts = contexts.map(Result::unwrap_or_default);
        Ok(answer.holders.into_iter().zip(contexts).collect())
    }

    /// Tells the pool that a call was credited to one of its leases: less is to be expected of that
    /// visitor now. An aid: that it could not be told is only logged.
    pub(super) async fn tell_pool_of_credit(
        &self,
        in_force: &InForce,
        record: &CallRecord,
        outcome: &Outcome,
    ) {
        let (Some(number), Some(lease)) = (record.dialed(), outcome.lease) else {
            return;
        };
        let credit = Attributed {
            number,
            lease,
            at: record.started_at(),
            share: outcome.probability as f32,
        };
        let site = in_force.config.site.as_str();
        let Ok(pools) = config::pools_of(self.store.sql(), number) else {
            return;
        };
        for pool in pools {
            let command = PoolCommand::Attributed(credit);
            let told = pools::ask::<()>(&self.env, site, &pool, in_force.version, command).await;
            if let Err(fault) = told {
                Line::new(Level::Warn, "credit_not_told")
                    .site(site)
                    .fault(&fault.message)
                    .write();
            }
        }
    }
}

/// The visit that held the number at that moment, else the last holder before it.
fn choose(mut found: Vec<(PastHolder, VisitContext)>, started_at: UnixMillis) -> Outcome {
    found.retain(|(holder, _)| holder.granted_at <= started_at);
    found.sort_by_key(|(holder, _)| {
        let rank = (holder.leased, holder.current, holder.granted_at);
        std::cmp::Reverse(rank)
    });
    let Some((best, context)) = found.first().cloned() else {
        return Outcome::of(Kind::Unattributed, "nobody_had_it");
    };
    let reason = reason_of(&best);
    let candidates = found
        .iter()
        .enumerate()
        .map(|(place, (holder, context))| ShownCandidate {
            visit: holder.visit,
            visitor: holder.visitor,
            lease: holder.lease,
            granted_at: holder.granted_at,
            last_activity: holder.last_activity,
            probability: if place == 0 { 1.0 } else { 0.0 },
            reason: reason_of(holder).to_owned(),
            source: context.source.clone(),
        });
    let mut outcome = Outcome::of(Kind::Visit, reason);
    outcome.candidates = candidates.collect();
    outcome.source = Some(context.source.clone());
    outcome.visit = Some(best.visit);
    outcome.visitor = Some(best.visitor);
    outcome.lease = Some(best.lease);
    outcome.touches = vec![ShownTouch {
        at: best.granted_at,
        source: context.source.clone(),
        channel: context.origin.channel.name().to_owned(),
    }];
    outcome.context = Some(context);
    outcome
}

fn reason_of(holder: &PastHolder) -> &'static str {
    match (holder.tap_at.is_some(), holder.leased) {
        (true, _) => "tap",
        (false, true) => "live_lease",
        (false, false) => "last_holder",
    }
}

/// Appends an attribution, which is then the one in force.
///
/// # Errors
/// What the platform says.
pub(super) fn append(
    sql: &Sql,
    call: CallId,
    now: UnixMillis,
    author: &str,
    outcome: &Outcome,
) -> Result<(), Fault> {
    let query = "INSERT INTO attribution (call, revision, at_ms, author, outcome)
                 SELECT ?1, coalesce(max(revision), 0) + 1, ?2, ?3, ?4
                 FROM attribution WHERE call = ?1";
    sql.run(
        query,
        &[
            &call.to_string(),
            &now.0,
            &author,
            &serde_json::to_string(outcome)?,
        ],
    )?;
    Ok(())
}

/// The attribution in force.
///
/// # Errors
/// What the platform says.
pub(super) fn in_force(sql: &Sql, call: CallId) -> Result<Option<Outcome>, Fault> {
    let query = "SELECT outcome FROM attribution WHERE call = ? ORDER BY revision DESC LIMIT 1";
    match sql.row(query, &[&call.to_string()])? {
        Some(row) => Ok(Some(serde_json::from_str(&row.text(0)?)?)),
        None => Ok(None),
    }
}
