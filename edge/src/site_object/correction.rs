//! Corrections by hand: somebody knows better whose call it was.
//!
//! Invariants: a correction is appended and takes nothing away; it names its author and reason;
//! nothing but another correction comes after it: neither a late event nor a replay.

use super::admin::AdminReply;
use super::attribution::{self, Outcome, ShownCandidate};
use super::audit::{self, Change};
use super::calls::StoredCall;
use super::refused::Refused;
use super::{InForce, SiteObject, config, idempotency};
use crate::auth::sha256_hex;
use crate::binding::fault::Fault;
use crate::message::pool::{LeaseRow, PoolCommand};
use crate::message::{AdminAsk, VisitContext};
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::api::unread::Unread;
use ringlet_core::id::{CallId, VisitId};
use ringlet_core::limits::{NAME_CHARS, NOTE_CHARS};
use ringlet_core::time::UnixMillis;
use serde::Deserialize;

/// What is sent: one of `visit`, `source`, `nobody`, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Correction {
    /// One of the call's candidates.
    visit: Option<VisitId>,
    /// A source without a visit.
    source: Option<String>,
    /// No visitor's call.
    #[serde(default)]
    nobody: bool,
    /// Why.
    reason: String,
    /// Who says so, by name.
    by: Option<String>,
}

/// Leases of the number looked through for the one of a candidate.
const LEASES: u64 = 200;

impl SiteObject {
    /// `POST …/calls/{call}/attribution`.
    pub(super) async fn correct(
        &self,
        ask: &AdminAsk,
        actor: &str,
        now: UnixMillis,
    ) -> Result<AdminReply, Refused> {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let call = CallId::parse(ask.name(0)).map_err(|_| ProblemCode::NotFound)?;
        let stored = StoredCall::find(self.store.sql(), call)?.ok_or(ProblemCode::NotFound)?;
        let correction: Correction = serde_json::from_str(&ask.body)
            .map_err(|error| Problem::with_detail(ProblemCode::NotJson, Unread::from(error)))?;
        correction.check()?;
        let before = attribution::last(self.store.sql(), call)?;
        let mut outcome = match (&correction.visit, &correction.source) {
            (Some(visit), _) => {
                let mut all = self.earlier_candidates(call)?.into_iter().rev();
                let candidate = all.find(|candidate| candidate.visit == *visit);
                let candidate = candidate.ok_or_else(|| wrong(Detail::NoCandidate))?;
                let context = self.context_of(&in_force, &stored, &candidate).await?;
                Outcome::of_visit(&candidate, context, candidate.granted_at)
            }
            (None, Some(source)) => Outcome::of_source(source.trim().to_owned()),
            (None, None) => Outcome::of_nobody(),
        };
        if let Some(before) = &before {
            outcome.candidates = before.outcome.candidates.clone();
            outcome.scenario = before.outcome.scenario.clone();
        }
        outcome.note = Some(correction.reason.trim().to_owned());
        outcome.corrected_by = correction.by.map(|by| by.trim().to_owned());
        let hash = |outcome: &Outcome| serde_json::to_string(outcome).map(|text| sha256_hex(&text));
        let before_hash = match &before {
            Some(before) => hash(&before.outcome)?,
            None => String::new(),
        };
        let done = self.store.transaction(|sql| {
            attribution::append(sql, call, now, actor, &outcome)?;
            sql.run(
                "UPDATE call SET waiting = 0 WHERE call = ?",
                &[&call.to_string()],
            )?;
            self.tell(sql, &in_force, call, true, now)?;
            let change = Change {
                actor,
                action: "call.correct",
                subject: &format!("call/{call}"),
                request: &ask.request,
                before_hash: &before_hash,
                after_hash: &hash(&outcome)?,
            };
            audit::append(sql, now, &change)?;
            let stored = StoredCall::find(sql, call)?.ok_or(ProblemCode::NotFound)?;
            let reply = AdminReply::json(&self.shown(&in_force, &stored)?)?;
            idempotency::remember(sql, ask, &reply, now)?;
            Ok::<_, Refused>(reply)
        });
        let reply = done.inspect_err(|_| self.forget_deliveries())?;
        self.set_alarm_for_duties()?;
        Ok(reply)
    }

    /// Candidates of every attribution there was: a correction may go back to any of them.
    fn earlier_candidates(&self, call: CallId) -> Result<Vec<ShownCandidate>, Fault> {
        let revisions = attribution::revisions(self.store.sql(), call)?;
        let all = revisions.into_iter();
        Ok(all
            .flat_map(|revision| revision.outcome.candidates)
            .collect())
    }

    /// What the pool kept of a candidate's visit with his lease.
    async fn context_of(
        &self,
        in_force: &InForce,
        stored: &StoredCall,
        candidate: &ShownCandidate,
    ) -> Result<VisitContext, Refused> {
        let number = self.tracked(&in_force.config, &stored.record)?;
        let number = number.ok_or_else(|| wrong(Detail::CallWithoutNumber))?;
        for pool in config::pools_of(self.store.sql(), number)? {
            let command = PoolCommand::Leases {
                number,
                at: candidate.granted_at,
                count: LEASES,
            };
            let leases: Vec<Vec<LeaseRow>> = self.ask_shards(in_force, &pool, command).await?;
            let id = candidate.lease.to_string();
            let mut leases = leases.into_iter().flatten();
            if let Some(lease) = leases.find(|lease| lease.lease == id) {
                return Ok(serde_json::from_value(lease.context).unwrap_or_default());
            }
        }
        Err(wrong(Detail::VisitForgotten).into())
    }
}

impl Correction {
    fn check(&self) -> Result<(), Problem> {
        let said = [self.visit.is_some(), self.source.is_some(), self.nobody];
        if said.iter().filter(|said| **said).count() != 1 {
            return Err(wrong(Detail::WhoseCall));
        }
        let long = |text: &str, max: usize| {
            let count = text.trim().chars().count();
            count == 0 || count > max
        };
        if long(&self.reason, NOTE_CHARS) {
            return Err(wrong(Detail::Reason(NOTE_CHARS)));
        }
        let names = [self.source.as_deref(), self.by.as_deref()];
        if names.iter().flatten().any(|name| long(name, NAME_CHARS)) {
            return Err(wrong(Detail::SourceOrBy(NAME_CHARS)));
        }
        Ok(())
    }
}

fn wrong(detail: Detail) -> Problem {
    Problem::with_detail(ProblemCode::Unprocessable, detail)
}
