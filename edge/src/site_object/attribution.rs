//! Whose call it was: asks the pools that had the number, keeps what they say.
//!
//! The verdict is the core's, made by the pool that knows how long its visitors take to call. A
//! static number needs no verdict: it is its source's. Attributions are appended; the last one of a
//! call is in force.

use super::{InForce, SiteObject, config};
use crate::binding::fault::Fault;
use crate::binding::sql::{Row, Sql};
use crate::log::{Level, Line};
use crate::message::pool::{CallAnswer, CallCommand, PoolCommand};
use crate::message::{BriefTouch, ShownTouch, VisitContext};
use ringlet_core::attribution::{
    self as rule, Credit, Known, Nobody, NumberCalls, Reason, RegionModel, Rule, Settings,
};
use ringlet_core::call::{CallRecord, StoredCaller};
use ringlet_core::id::{CallId, LeaseId, ScenarioId, VisitId, VisitorId};
use ringlet_core::phone::E164;
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
    /// The version of the rules that decided; zero in what older versions wrote.
    #[serde(default)]
    pub model: u32,
    /// Who corrected it by hand, as he named himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_by: Option<String>,
    /// Why he did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One of a call's attributions.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    /// 1, 2, 3 …
    pub revision: u64,
    /// When it was made.
    pub at: UnixMillis,
    /// Who made it.
    pub author: String,
    /// What it says.
    pub outcome: Outcome,
}

/// The author of what the edge decides by itself.
pub(super) const SYSTEM: &str = "system";
/// The author of what a replay changed.
pub(super) const REPLAY: &str = "replay";

impl Revision {
    /// Whether a person said so: no rule takes it back.
    pub(super) fn is_by_hand(&self) -> bool {
        self.author != SYSTEM && self.author != REPLAY
    }

    fn read(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            revision: row.integer(0)?,
            at: UnixMillis(row.integer(1)?),
            author: row.text(2)?,
            outcome: serde_json::from_str(&row.text(3)?)?,
        })
    }
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
    /// A source that somebody named by hand.
    Source,
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
            model: rule::MODEL_VERSION,
            corrected_by: None,
            note: None,
        }
    }

    /// Nothing, for this reason.
    pub(super) fn unattributed(reason: &str) -> Self {
        Self::of(Kind::Unattributed, reason)
    }

    /// A source, named by hand.
    pub(super) fn of_source(source: String) -> Self {
        Self {
            source: Some(source),
            ..Self::of(Kind::Source, CORRECTED)
        }
    }

    /// Nobody, said by hand.
    pub(super) fn of_nobody() -> Self {
        Self::of(Kind::Unattributed, CORRECTED)
    }

    /// A visit that began its lease at `granted_at`, named by hand.
    pub(super) fn of_visit(
        candidate: &ShownCandidate,
        context: VisitContext,
        granted_at: UnixMillis,
    ) -> Self {
        let mut outcome = Self::of(Kind::Visit, CORRECTED);
        outcome.visit = Some(candidate.visit);
        outcome.visitor = Some(candidate.visitor);
        outcome.lease = Some(candidate.lease);
        outcome.credit(context, granted_at);
        outcome
    }

    /// Takes over what is known of the visit credited.
    fn credit(&mut self, context: VisitContext, granted_at: UnixMillis) {
        self.source = Some(context.source.clone());
        self.touches = touches(granted_at, &context);
        self.context = Some(context);
    }

    /// Pages the visitor had seen.
    pub(super) fn pages(&self) -> Option<u32> {
        let pages = self.context.as_ref()?.pages;
        (pages > 0).then_some(pages)
    }

    /// Seconds from the beginning of the credited visit to the call.
    pub(super) fn visit_to_call_s(&self, record: &CallRecord) -> Option<u64> {
        let began_at = self.touches.last().filter(|_| self.kind == Kind::Visit)?.at;
        Some(record.started_at().since(began_at).0 / 1000)
    }
}

/// The reason of what was corrected by hand.
const CORRECTED: &str = "corrected";

/// An earlier call of the same caller that was credited.
pub(super) struct Remembered {
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
        let Some(dialed) = self.tracked(&in_force.config, record)? else {
            return Ok(Outcome::of(Kind::Unattributed, "number_unknown"));
        };
        if let Some(outcome) = decided_by_place(&in_force.config, dialed) {
            return Ok(outcome);
        }
        let remembered = self.remembered(record)?;
        let mut answers = Vec::new();
        // Where the number is now first; then where it was.
        for pool in config::pools_of(self.store.sql(), dialed)? {
            let command = self.command(in_force, record, dialed, remembered.as_ref())?;
            let command = PoolCommand::Call(Box::new(command));
            let answer: CallAnswer = self.ask_pool_of(in_force, &pool, dialed, command).await?;
            answers.push((pool, answer));
        }
        self.conclude(in_force, record, dialed, answers, remembered.as_ref())
    }

    /// What a pool is asked about a call.
    pub(super) fn command(
        &self,
        in_force: &InForce,
        record: &CallRecord,
        number: E164,
        remembered: Option<&Remembered>,
    ) -> Result<CallCommand, Fault> {
        let place = record.caller_place();
        Ok(CallCommand {
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
        })
    }

    /// What the pools' answers come to, the first of them from where the number is.
    pub(super) fn conclude(
        &self,
        in_force: &InForce,
        record: &CallRecord,
        dialed: E164,
        answers: Vec<(String, CallAnswer)>,
        remembered: Option<&Remembered>,
    ) -> Result<Outcome, Fault> {
        let mut best: Option<Outcome> = None;
        for (pool, answer) in answers {
            let mut outcome = outcome(answer, remembered);
            let mut scenarios = in_force.config.scenarios.iter();
            let scenario = scenarios.find(|of| of.pool().is_some_and(|id| id.as_str() == pool));
            outcome.scenario = scenario.map(|scenario| scenario.id.clone());
            let better = best
                .as_ref()
                .is_none_or(|best| best.kind == Kind::Unattributed && outcome.kind == Kind::Visit);
            if better {
                best = Some(outcome);
            }
        }
        let mut best = best.unwrap_or_else(|| Outcome::of(Kind::Unattributed, "number_not_ours"));
        if best.kind == Kind::Unattributed && best.reason != "number_not_ours" {
            let strange = strange_calls(self.store.sql(), dialed, record)?;
            if strange.is_pasted() {
                best.reason = "number_pasted".to_owned();
            }
        }
        Ok(best)
    }

    /// The number that the call is tracked by: the dialled one if it is the site's, else the one
    /// that forwarded the call if that is, else the dialled one.
    pub(super) fn tracked(
        &self,
        config: &SiteConfig,
        record: &CallRecord,
    ) -> Result<Option<E164>, Fault> {
        tracked(self.store.sql(), config, record)
    }

    /// The last call of the same caller that was credited to a visit.
    pub(super) fn remembered(&self, record: &CallRecord) -> Result<Option<Remembered>, Fault> {
        let Some(caller) = record.caller().map(StoredCaller::key) else {
            return Ok(None);
        };
        let query = "SELECT started_at_ms, outcome FROM call JOIN attribution USING (call)
                     WHERE caller = ?1 AND started_at_ms < ?2 AND outcome ->> '$.kind' = 'visit'
                       AND outcome ->> '$.probability' >= ?3
                       AND revision = (SELECT max(last.revision) FROM attribution AS last
                                       WHERE last.call = attribution.call)
                     ORDER BY started_at_ms DESC LIMIT 1";
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
        let Ok(Some(number)) = self.tracked(&in_force.config, record) else {
            return;
        };
        let site = in_force.config.site.as_str();
        let Ok(pools) = config::pools_of(self.store.sql(), number) else {
            return;
        };
        for pool in pools {
            let call = record.id();
            let command = PoolCommand::CallEnded { number, call };
            let told = self
                .ask_pool_of::<()>(in_force, &pool, number, command)
                .await;
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
        let number = self.tracked(&in_force.config, record).ok().flatten();
        let (Some(number), Some(lease)) = (number, outcome.lease) else {
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
            let told = self
                .ask_pool_of::<()>(in_force, &pool, number, command)
                .await;
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
            if let Some((of, context)) = chosen {
                let mut context = context.clone();
                context.pages = context.pages.max(1) + u32::from(of.holder.pages);
                outcome.credit(context, of.holder.granted_at);
            }
            outcome
        }
        Credit::Remembered { visitor, visit } => {
            let mut outcome = Outcome::of(Kind::Visit, "known_caller");
            outcome.visit = Some(visit);
            outcome.visitor = Some(visitor);
            if let Some(remembered) = remembered
                && let Some(context) = &remembered.context
            {
                outcome.credit(context.clone(), remembered.known.called_at);
            }
            outcome
        }
        Credit::Nobody { reason } => Outcome::of(Kind::Unattributed, nobody(reason)),
    };
    outcome.probability = verdict.confidence;
    outcome.probability_without_region = verdict.confidence_without_region;
    outcome.stranger = verdict.stranger;
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

/// The touches of the visit's visitor, oldest first, its own the last. `granted_at` stands for its
/// beginning where an older version wrote the context.
fn touches(granted_at: UnixMillis, context: &VisitContext) -> Vec<ShownTouch> {
    let began_at = match context.began_at {
        UnixMillis(0) => granted_at,
        began_at => began_at,
    };
    let own = BriefTouch::of(began_at, context);
    let mut own = own.shown();
    own.at = began_at;
    let earlier = context.earlier.iter().map(BriefTouch::shown);
    earlier.chain([own]).collect()
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

/// The attribution in force with its revision.
///
/// # Errors
/// What the platform says.
pub(super) fn last(sql: &Sql, call: CallId) -> Result<Option<Revision>, Fault> {
    let query = "SELECT revision, at_ms, author, outcome FROM attribution WHERE call = ?
                 ORDER BY revision DESC LIMIT 1";
    let row = sql.row(query, &[&call.to_string()])?;
    row.as_ref().map(Revision::read).transpose()
}

/// Every attribution of a call, oldest first.
///
/// # Errors
/// What the platform says.
pub(super) fn revisions(sql: &Sql, call: CallId) -> Result<Vec<Revision>, Fault> {
    let query = "SELECT revision, at_ms, author, outcome FROM attribution WHERE call = ?
                 ORDER BY revision";
    let rows = sql.rows(query, &[&call.to_string()])?;
    rows.iter().map(Revision::read).collect()
}

/// The attribution in force.
///
/// # Errors
/// What the platform says.
pub(super) fn in_force(sql: &Sql, call: CallId) -> Result<Option<Outcome>, Fault> {
    Ok(last(sql, call)?.map(|revision| revision.outcome))
}

/// The outcome where the number's place says it all: it is a source's, or a reserve.
pub(super) fn decided_by_place(config: &SiteConfig, dialed: E164) -> Option<Outcome> {
    match config.use_of(dialed)? {
        NumberUse::Static { scenario, source } => {
            let mut outcome = Outcome::of(Kind::Static, "static_number");
            outcome.source = Some(source.to_owned());
            outcome.scenario = Some(scenario.id.clone());
            Some(outcome)
        }
        NumberUse::Reserve(scenarios) => {
            let mut outcome = Outcome::of(Kind::Reserve, "reserve_number");
            outcome.scenario = scenarios.first().map(|scenario| scenario.id.clone());
            Some(outcome)
        }
        NumberUse::Pool(_) => None,
    }
}

/// See [`SiteObject::tracked`].
pub(super) fn tracked(
    sql: &Sql,
    config: &SiteConfig,
    record: &CallRecord,
) -> Result<Option<E164>, Fault> {
    for number in [record.dialed(), record.forwarded_from()]
        .into_iter()
        .flatten()
    {
        if config.use_of(number).is_some() || !config::pools_of(sql, number)?.is_empty() {
            return Ok(Some(number));
        }
    }
    Ok(record.dialed())
}

/// The calls to `number` of the month before `record`'s that nobody was credited for, itself
/// included.
fn strange_calls(sql: &Sql, number: E164, record: &CallRecord) -> Result<NumberCalls, Fault> {
    let query = "SELECT count(*), coalesce(sum(kind = 'unattributed'), 0),
                        count(DISTINCT CASE WHEN kind = 'unattributed' THEN caller END)
                 FROM (SELECT caller, (SELECT outcome ->> '$.kind' FROM attribution
                              WHERE attribution.call = call.call
                              ORDER BY revision DESC LIMIT 1) AS kind
                       FROM call WHERE dialed = ?1 AND call <> ?2
                         AND started_at_ms > ?3 AND started_at_ms <= ?4
                       ORDER BY started_at_ms DESC LIMIT 200)";
    let at = record.started_at();
    let from = at - rule::PASTED_WITHIN;
    let id = record.id().to_string();
    let row = sql.row(query, &[&number.to_string(), &id, &from.0, &at.0])?;
    let row = row.ok_or_else(|| Fault::new("a count gave no row"))?;
    let known = u64::from(record.caller().is_some());
    Ok(NumberCalls {
        calls: row.integer(0)? + 1,
        strange: row.integer(1)? + 1,
        strange_callers: row.integer(2)? + known,
    })
}
