//! Whose call it was: asks the pools that had the number, keeps what they say.
//!
//! The verdict is the core's, made by the pool that knows how long its visitors take to call. A
//! static number needs no verdict: it is its source's. Attributions are appended; the last one of a
//! call is in force.

use super::{InForce, SiteObject, config, pools};
use crate::binding::fault::Fault;
use crate::binding::sql::Sql;
use crate::log::{Level, Line};
use crate::message::VisitContext;
use crate::message::pool::{CallAnswer, CallCommand, PoolCommand};
use ringlet_core::attribution::{
    self as rule, Credit, Known, Nobody, Reason, RegionModel, Rule, Settings,
};
use ringlet_core::call::{CallRecord, StoredCaller};
use ringlet_core::id::{CallId, LeaseId, ScenarioId, VisitId, VisitorId};
use ringlet_core::pool::Attributed;
use ringlet_core::site::{LateCalls, NumberUse, SiteConfig};
use ringlet_core::time::{Millis, UnixMillis};
use serde::{Deserialize, Serialize};

/// Whom a call was credited to, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// What the call was credited to.
    pub kind: Kind,
    /// Why, as a word.
    pub reason: String,
    /// How sure, 0 to 1.
    pub probability: f32,
    /// How sure without the regions: what regions are learnt by. Not kept.
    #[serde(skip)]
    pub probability_without_region: f32,
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
    /// The share of strangers, 0 to 1.
    #[serde(default)]
    pub stranger: f32,
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
    pub probability: f32,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
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
            probability_without_region: 0.0,
            source: None,
            visit: None,
            visitor: None,
            lease: None,
            scenario: None,
            context: None,
            candidates: Vec::new(),
            stranger: 0.0,
            touches: Vec::new(),
        }
    }
}

/// An earlier call of the same caller that was credited.
struct Remembered {
    known: Known,
    context: Option<VisitContext>,
}

/// How sure an earlier call must have been credited to be remembered by.
const REMEMBERED_FROM: f64 = 0.5;
/// Candidates kept of one call: the API shows them, nobody reads more.
const CANDIDATES: usize = 32;

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
        let remembered = self.remembered(record)?;
        let mut best: Option<Outcome> = None;
        // Where the number is now first; then where it was.
        for pool in config::pools_of(self.store.sql(), dialed)? {
            let outcome = self
                .judge(in_force, &pool, record, remembered.as_ref())
                .await?;
            let better = best
                .as_ref()
                .is_none_or(|best| best.kind == Kind::Unattributed && outcome.kind == Kind::Visit);
            if better {
                best = Some(outcome);
            }
        }
        Ok(best.unwrap_or_else(|| Outcome::of(Kind::Unattributed, "number_not_ours")))
    }

    /// Has one pool judge the call.
    async fn judge(
        &self,
        in_force: &InForce,
        pool: &str,
        record: &CallRecord,
        remembered: Option<&Remembered>,
    ) -> Result<Outcome, Fault> {
        let Some(number) = record.dialed() else {
            return Ok(Outcome::of(Kind::Unattributed, "number_unknown"));
        };
        let place = record.caller_place();
        let command = PoolCommand::Call(Box::new(CallCommand {
            call: record.id(),
            number,
            ended: !record.status().is_live(),
            facts: rule::Call {
                at: record.started_at(),
                region: place.region,
                mobile: place.mobile,
                known: remembered.map(|remembered| remembered.known),
            },
            settings: settings(&in_force.config),
        }));
        let site = in_force.config.site.as_str();
        let answer: CallAnswer =
            pools::ask(&self.env, site, pool, in_force.version, command).await?;
        let mut outcome = outcome(answer, remembered);
        let mut scenarios = in_force.config.scenarios.iter();
        let scenario = scenarios.find(|of| of.pool().is_some_and(|id| id.as_str() == pool));
        outcome.scenario = scenario.map(|scenario| scenario.id.clone());
        Ok(outcome)
    }

    /// The last call of the same caller that was credited to a visit.
    fn remembered(&self, record: &CallRecord) -> Result<Option<Remembered>, Fault> {
        let Some(caller) = record.caller().map(StoredCaller::key) else {
            return Ok(None);
        };
        let query = "SELECT started_at_ms, outcome FROM call JOIN attribution USING (call)
                     WHERE caller = ?1 AND started_at_ms < ?2 AND outcome ->> '$.kind' = 'visit'
                       AND outcome ->> '$.probability' >= ?3
                     ORDER BY started_at_ms DESC, revision DESC LIMIT 1";
        let before = record.started_at().0;
        let row = self
            .store
            .sql()
            .row(query, &[&caller, &before, &REMEMBERED_FROM])?;
        let Some(row) = row else {
            return Ok(None);
        };
        let outcome: Outcome = serde_json::from_str(&row.text(1)?)?;
        let (Some(visitor), Some(visit)) = (outcome.visitor, outcome.visit) else {
            return Ok(None);
        };
        let known = Known {
            visitor,
            visit,
            called_at: UnixMillis(row.integer(0)?),
        };
        Ok(Some(Remembered {
            known,
            context: outcome.context,
        }))
    }

    /// Tells the pool that a call which it judged while it rang is over: the number is free to be
    /// lent again. An aid: the pool takes no call for longer than four hours.
    pub(super) async fn tell_pool_of_end(&self, in_force: &InForce, record: &CallRecord) {
        let Some(number) = record.dialed() else {
            return;
        };
        let site = in_force.config.site.as_str();
        let Ok(pools) = config::pools_of(self.store.sql(), number) else {
            return;
        };
        for pool in pools {
            let call = record.id();
            let command = PoolCommand::CallEnded { number, call };
            let told = pools::ask::<()>(&self.env, site, &pool, in_force.version, command).await;
            if let Err(fault) = told {
                Line::new(Level::Warn, "call_end_not_told")
                    .site(site)
                    .fault(&fault.message)
                    .write();
            }
        }
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
            share: outcome.probability,
            caller: record.caller_place().region,
            share_without_region: outcome.probability_without_region,
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

/// How the owner wants calls judged.
fn settings(config: &SiteConfig) -> Settings {
    let days = |days: u64| Millis::from_mins(days * 24 * 60);
    let wanted = &config.attribution;
    Settings {
        rule: match wanted.late_calls {
            LateCalls::Likeliest => Rule::Posterior,
            LateCalls::LastHolder => Rule::LastHolder,
            LateCalls::CurrentHolder => Rule::CurrentHolder,
        },
        window_ms: days(wanted.window_days),
        memory_ms: days(wanted.caller_memory_days),
        abstain_below: wanted.abstain_below_percent as f32 / 100.0,
        // The pool puts in what it learnt.
        regions: (!wanted.ignore_regions).then(RegionModel::default),
        ..Settings::default()
    }
}

/// The verdict as it is kept and shown.
fn outcome(answer: CallAnswer, remembered: Option<&Remembered>) -> Outcome {
    let verdict = answer.verdict;
    let contexts = answer
        .contexts
        .iter()
        .map(|text| serde_json::from_str(text));
    let contexts = contexts.map(Result::unwrap_or_default);
    let weighed: Vec<(rule::Weighed, VisitContext)> =
        verdict.candidates.into_iter().zip(contexts).collect();
    let mut outcome = match verdict.credit {
        Credit::Holder {
            lease,
            visitor,
            visit,
            ..
        } => {
            let chosen = weighed.iter().find(|(of, _)| of.holder.lease == lease);
            let reason = chosen.and_then(|(of, _)| of.reasons.first());
            let mut outcome = Outcome::of(Kind::Visit, &reason.map_or_else(String::new, code));
            outcome.visit = Some(visit);
            outcome.visitor = Some(visitor);
            outcome.lease = Some(lease);
            outcome.context = chosen.map(|(_, context)| context.clone());
            outcome.touches = chosen
                .map(|(of, context)| touch(of.holder.granted_at, context))
                .into_iter()
                .collect();
            outcome
        }
        Credit::Remembered { visitor, visit } => {
            let mut outcome = Outcome::of(Kind::Visit, "known_caller");
            outcome.visit = Some(visit);
            outcome.visitor = Some(visitor);
            outcome.context = remembered.and_then(|remembered| remembered.context.clone());
            outcome
        }
        Credit::Nobody { reason } => Outcome::of(Kind::Unattributed, nobody(reason)),
    };
    outcome.probability = verdict.confidence;
    outcome.probability_without_region = verdict.confidence_without_region;
    outcome.stranger = verdict.stranger;
    outcome.source = outcome
        .context
        .as_ref()
        .map(|context| context.source.clone());
    outcome.candidates = shown(weighed);
    outcome
}

fn shown(weighed: Vec<(rule::Weighed, VisitContext)>) -> Vec<ShownCandidate> {
    let shown = weighed.into_iter().map(|(of, context)| ShownCandidate {
        visit: of.holder.visit,
        visitor: of.holder.visitor,
        lease: of.holder.lease,
        granted_at: of.holder.granted_at,
        last_activity: of.holder.last_activity,
        probability: of.share,
        reasons: of.reasons,
        source: context.source,
    });
    let mut shown: Vec<ShownCandidate> = shown.collect();
    shown.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    shown.truncate(CANDIDATES);
    shown
}

fn touch(at: UnixMillis, context: &VisitContext) -> ShownTouch {
    ShownTouch {
        at,
        source: context.source.clone(),
        channel: context.origin.channel.name().to_owned(),
    }
}

/// The word of a reason, as it stands in the API.
fn code(reason: &Reason) -> String {
    let value = serde_json::to_value(reason).unwrap_or_default();
    value
        .get("code")
        .and_then(|code| code.as_str())
        .unwrap_or_default()
        .to_owned()
}

const fn nobody(reason: Nobody) -> &'static str {
    match reason {
        Nobody::NeverLent => "never_lent",
        Nobody::TooLongAgo => "too_long_ago",
        Nobody::HeldByNobody => "held_by_nobody",
        Nobody::NotSure => "not_sure",
        _ => "unknown",
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
