//! A period of calls judged anew by the rules in force: first told, then, if wanted, appended.
//!
//! Invariants: nothing is rewritten; what is applied is what was shown, to the byte (`plan`), or
//! nothing; what was corrected by hand stays. Earlier calls of known callers count as they were
//! credited before the replay.
//!
//! Limit: [`CALLS_MAX`].

use super::admin::AdminReply;
use super::attribution::{self, Kind, Outcome, REPLAY, Remembered, Revision};
use super::audit::{self, Change};
use super::calls::StoredCall;
use super::refused::Refused;
use super::{InForce, SiteObject, config, idempotency, shards};
use crate::auth::sha256_hex;
use crate::binding::fault::Fault;
use crate::message::AdminAsk;
use crate::message::pool::{CallAnswer, CallCommand, PoolCommand};
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::api::unread::Unread;
use ringlet_core::attribution::MODEL_VERSION;
use ringlet_core::id::{CallId, VisitId};
use ringlet_core::phone::E164;
use ringlet_core::report::Period;
use ringlet_core::telephony::Direction;
use ringlet_core::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Calls of one replay: each is judged in some 0.1 ms, and the journal between them is read.
const CALLS_MAX: usize = 5_000;
/// Calls asked of a pool at once: the answer has their candidates, some 3 kB each.
const CALLS_AT_ONCE: usize = 500;
/// Changes listed in the answer; all are counted.
const SHOWN_MAX: usize = 200;
/// A share that moved less than this is the same.
const SAME_WITHIN: f32 = 0.005;

/// What is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// First day.
    from: String,
    /// Last day, included.
    to: String,
    /// IANA name; the site's own without one.
    time_zone: Option<String>,
    /// The `plan` of the answer to apply; without it nothing is changed.
    apply: Option<String>,
}

/// A call and what its replay says.
struct Judged {
    stored: StoredCall,
    before: Option<Revision>,
    after: Outcome,
}

impl Judged {
    /// Whether somebody else is credited.
    fn is_changed(&self) -> bool {
        self.before.as_ref().is_none_or(|before| {
            let key = |of: &Outcome| (of.kind, of.source.clone(), of.visit, of.reason_if_none());
            key(&before.outcome) != key(&self.after)
        })
    }

    /// Whether at least the shares are others.
    fn is_reweighed(&self) -> bool {
        self.before.as_ref().is_none_or(|before| {
            (before.outcome.probability - self.after.probability).abs() > SAME_WITHIN
        })
    }
}

impl Outcome {
    /// The reason, where nobody is credited: then it is the row that reports count the call in.
    fn reason_if_none(&self) -> Option<String> {
        (self.kind == Kind::Unattributed).then(|| self.reason.clone())
    }
}

impl SiteObject {
    /// `POST …/replay`.
    pub(super) async fn replay(
        &self,
        ask: &AdminAsk,
        actor: &str,
        now: UnixMillis,
    ) -> Result<AdminReply, Refused> {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let wanted: Wanted = serde_json::from_str(&ask.body)
            .map_err(|error| Problem::with_detail(ProblemCode::NotJson, Unread::from(error)))?;
        let own = in_force.config.time_zone.as_str();
        let zone = wanted.time_zone.as_deref().unwrap_or(own);
        let period = Period::parse(&wanted.from, &wanted.to, zone)
            .map_err(|_| Problem::with_detail(ProblemCode::Unprocessable, Detail::ReplayDays))?;
        let (judged, by_hand) = self.judge_anew(&in_force, &period).await?;
        let mut told = told(&judged, by_hand)?;
        let Some(plan) = wanted.apply else {
            return AdminReply::json(&told);
        };
        if plan != told.plan {
            return Err(Problem::with_detail(ProblemCode::Conflict, Detail::PlanChanged).into());
        }
        let done = self.store.transaction(|sql| {
            for one in judged
                .iter()
                .filter(|one| one.is_changed() || one.is_reweighed())
            {
                let call = one.stored.call;
                attribution::append(sql, call, now, REPLAY, &one.after)?;
                self.tell(sql, &in_force, call, true, now)?;
            }
            let change = Change {
                actor,
                action: "calls.replay",
                subject: &format!("calls/{}..{}", wanted.from, wanted.to),
                request: &ask.request,
                before_hash: "",
                after_hash: &plan,
            };
            audit::append(sql, now, &change)?;
            told.applied = true;
            let reply = AdminReply::json(&told)?;
            idempotency::remember(sql, ask, &reply, now)?;
            Ok::<_, Refused>(reply)
        });
        let reply = done.inspect_err(|_| self.forget_deliveries())?;
        self.set_alarm_for_duties()?;
        Ok(reply)
    }

    /// Every inbound call of the period judged anew, and how many stay as they were corrected.
    async fn judge_anew(
        &self,
        in_force: &InForce,
        period: &Period,
    ) -> Result<(Vec<Judged>, usize), Refused> {
        let sql = self.store.sql();
        let mut judged = Vec::new();
        let mut by_hand = 0;
        let mut asks: BTreeMap<String, Vec<(usize, CallCommand)>> = BTreeMap::new();
        let mut open: Vec<(usize, E164, Option<Remembered>)> = Vec::new();
        for stored in self.calls_of(period)? {
            let before = attribution::last(sql, stored.call)?;
            if before.as_ref().is_some_and(Revision::is_by_hand) {
                by_hand += 1;
                continue;
            }
            let place = judged.len();
            let number = attribution::tracked(sql, &in_force.config, &stored.record)?;
            let decided = match number {
                None => Some(Outcome::unattributed("number_unknown")),
                Some(number) => attribution::decided_by_place(&in_force.config, number),
            };
            if let (None, Some(number)) = (&decided, number) {
                let remembered = self.remembered(&stored.record)?;
                for pool in config::pools_of(sql, number)? {
                    let command =
                        self.command(in_force, &stored.record, number, remembered.as_ref())?;
                    asks.entry(pool).or_default().push((place, command));
                }
                open.push((place, number, remembered));
            }
            judged.push(Judged {
                stored,
                before,
                after: decided.unwrap_or_else(|| Outcome::unattributed("number_not_ours")),
            });
        }
        let mut answers = self.ask_pools(in_force, asks).await?;
        for (place, number, remembered) in open {
            let record = &judged[place].stored.record;
            let mut own = Vec::new();
            for pool in config::pools_of(sql, number)? {
                if let Some(answer) = answers.remove(&(place, pool.clone())) {
                    own.push((pool, answer));
                }
            }
            let after = self.conclude(in_force, record, number, own, remembered.as_ref())?;
            judged[place].after = after;
        }
        Ok((judged, by_hand))
    }

    /// Inbound calls of the period that were judged once, in the order of time.
    fn calls_of(&self, period: &Period) -> Result<Vec<StoredCall>, Refused> {
        let query = "SELECT call, started_at_ms, record, waiting FROM call
                     WHERE started_at_ms >= ? AND started_at_ms < ? AND waiting = 0
                     ORDER BY started_at_ms, call LIMIT ?";
        let (from, to) = (period.start().0, period.end().0);
        let rows = self
            .store
            .sql()
            .rows(query, &[&from, &to, &(CALLS_MAX as u64 + 1)])?;
        if rows.len() > CALLS_MAX {
            let detail = Detail::TooManyCalls(CALLS_MAX);
            return Err(Problem::with_detail(ProblemCode::Unprocessable, detail).into());
        }
        let mut calls = Vec::with_capacity(rows.len());
        for row in &rows {
            let stored = StoredCall::read(row)?;
            if stored.record.direction() == Direction::In {
                calls.push(stored);
            }
        }
        Ok(calls)
    }

    /// The pools' answers by place and pool.
    async fn ask_pools(
        &self,
        in_force: &InForce,
        asks: BTreeMap<String, Vec<(usize, CallCommand)>>,
    ) -> Result<BTreeMap<(usize, String), CallAnswer>, Fault> {
        let mut answers = BTreeMap::new();
        for (pool, mut calls) in asks {
            // Calls of one shard together: they are to numbers that it has.
            let shards = shards::division(self.store.sql(), &pool)?.shards;
            let shard_of = |(_, call): &(usize, CallCommand)| shards.of_number(call.number);
            calls.sort_by_key(shard_of);
            let of_shards = calls.chunk_by(|a, b| shard_of(a) == shard_of(b));
            for calls in of_shards.flat_map(|calls| calls.chunks(CALLS_AT_ONCE)) {
                let number = calls[0].1.number;
                let command = PoolCommand::Judge {
                    calls: calls.iter().map(|(_, call)| call.clone()).collect(),
                };
                let said: Vec<CallAnswer> =
                    self.ask_pool_of(in_force, &pool, number, command).await?;
                for ((place, _), answer) in calls.iter().zip(said) {
                    answers.insert((*place, pool.clone()), answer);
                }
            }
        }
        Ok(answers)
    }
}

/// What the answer says.
#[derive(Serialize)]
struct Told {
    model: u32,
    calls: usize,
    /// Somebody else would be credited.
    changed: usize,
    /// The same would be credited with another probability.
    reweighed: usize,
    /// Corrected by hand: they stay.
    by_hand: usize,
    /// Calls by source before and after, where they differ.
    sources: Vec<SourceTold>,
    /// The first of those changed.
    changes: Vec<ChangeTold>,
    /// Names all of this; send it as `apply`.
    plan: String,
    applied: bool,
}

#[derive(Serialize)]
struct SourceTold {
    source: String,
    before: u64,
    after: u64,
}

#[derive(Serialize)]
struct ChangeTold {
    call: CallId,
    started_at: UnixMillis,
    before: Option<SideTold>,
    after: SideTold,
}

#[derive(Serialize)]
struct SideTold {
    kind: Kind,
    source: Option<String>,
    visit: Option<VisitId>,
    probability: f32,
    reason: String,
}

impl SideTold {
    fn of(outcome: &Outcome) -> Self {
        Self {
            kind: outcome.kind,
            source: outcome.source.clone(),
            visit: outcome.visit,
            probability: outcome.probability,
            reason: outcome.reason.clone(),
        }
    }
}

fn told(judged: &[Judged], by_hand: usize) -> Result<Told, Refused> {
    let mut sources: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let name = |outcome: &Outcome| match &outcome.source {
        Some(source) => source.clone(),
        None => format!("(no visit: {})", outcome.reason),
    };
    let mut plan = String::new();
    let mut changes = Vec::new();
    let (mut changed, mut reweighed) = (0, 0);
    for one in judged {
        if let Some(before) = &one.before {
            sources.entry(name(&before.outcome)).or_default().0 += 1;
        }
        sources.entry(name(&one.after)).or_default().1 += 1;
        let is_changed = one.is_changed();
        if !is_changed && !one.is_reweighed() {
            continue;
        }
        let revision = one.before.as_ref().map_or(0, |before| before.revision);
        let after = serde_json::to_string(&one.after)?;
        plan.push_str(&format!("{} {revision} {after}\n", one.stored.call));
        if is_changed {
            changed += 1;
        } else {
            reweighed += 1;
        }
        if is_changed && changes.len() < SHOWN_MAX {
            changes.push(ChangeTold {
                call: one.stored.call,
                started_at: one.stored.started_at,
                before: one
                    .before
                    .as_ref()
                    .map(|before| SideTold::of(&before.outcome)),
                after: SideTold::of(&one.after),
            });
        }
    }
    let moved = sources
        .into_iter()
        .filter(|(_, (before, after))| before != after);
    Ok(Told {
        model: MODEL_VERSION,
        calls: judged.len(),
        changed,
        reweighed,
        by_hand,
        sources: moved
            .map(|(source, (before, after))| SourceTold {
                source,
                before,
                after,
            })
            .collect(),
        changes,
        plan: sha256_hex(&plan),
        applied: false,
    })
}
