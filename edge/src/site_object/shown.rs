//! A call as the API, the lists and the site's receivers are told of it.

use super::attribution::{self, Kind, Outcome, Revision};
use super::calls::StoredCall;
use super::{InForce, SiteObject};
use crate::binding::fault::Fault;
use crate::message::{PageIds, ShownTouch};
use ringlet_core::attribution::{Reason, outcome_words};
use ringlet_core::call::{CallRecord, CallStatus, StoredCaller, TARGET_TALK_S};
use ringlet_core::id::CallId;
use ringlet_core::label::{Click, Labels};
use ringlet_core::phone::E164;
use ringlet_core::site::SiteConfig;
use ringlet_core::telephony::Direction;
use ringlet_core::time::UnixMillis;
use serde::Serialize;
use std::collections::BTreeMap;

/// A call as it is told.
#[derive(Serialize)]
pub(super) struct ShownCall {
    id: CallId,
    provider: &'static str,
    provider_call_id: String,
    direction: Direction,
    caller: Option<String>,
    dialed: Option<E164>,
    /// The number that forwarded the call, if it is not the dialled one.
    #[serde(skip_serializing_if = "Option::is_none")]
    forwarded_from: Option<E164>,
    status: CallStatus,
    started_at: UnixMillis,
    answered_at: Option<UnixMillis>,
    ended_at: Option<UnixMillis>,
    duration_s: Option<u32>,
    talk_s: Option<u32>,
    wait_s: Option<u32>,
    is_target: bool,
    is_confirmed: bool,
    recordings: Vec<String>,
    source: Option<String>,
    /// The last of `revisions`: who replaces what he was told of a call goes by it.
    revision: u64,
    attribution: Option<Outcome>,
    /// The reason in words, and those of each candidate.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
    touches: Vec<ShownTouch>,
    first_touch: Option<ShownTouch>,
    last_non_direct_touch: Option<ShownTouch>,
    touches_between: u32,
    /// Which of his visits it was, from 1.
    visits: Option<u32>,
    /// Pages he had seen.
    pages: Option<u32>,
    /// Seconds from the beginning of the visit to the call.
    visit_to_call_s: Option<u64>,
    /// Levels of the Roistat label.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    levels: Vec<String>,
    /// Labels of the visit, by their names in addresses.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "PageIds::is_empty")]
    ids: PageIds,
    /// Fields of the provider that have no other place.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extra: BTreeMap<String, String>,
    /// Every attribution there was, oldest first; the last is in force.
    revisions: Vec<ShownRevision>,
}

/// An attribution in words.
#[derive(Serialize)]
struct Explanation {
    en: String,
    ru: String,
    candidates: Vec<Words>,
}

/// Words in both languages of the product.
#[derive(Serialize)]
struct Words {
    en: String,
    ru: String,
}

impl Explanation {
    fn of(outcome: &Outcome) -> Self {
        let candidates: Vec<Words> = outcome
            .candidates
            .iter()
            .map(|candidate| {
                let words = |tell: fn(Reason) -> String| {
                    let told = candidate.reasons.iter().map(|reason| tell(*reason));
                    told.collect::<Vec<_>>().join("; ")
                };
                Words {
                    en: words(Reason::en),
                    ru: words(Reason::ru),
                }
            })
            .collect();
        let chosen = outcome
            .candidates
            .iter()
            .position(|candidate| Some(candidate.lease) == outcome.lease);
        let (en, ru) = match (outcome_words(&outcome.reason), chosen) {
            (Some((en, ru)), _) => (en.to_owned(), ru.to_owned()),
            (None, Some(place)) => (candidates[place].en.clone(), candidates[place].ru.clone()),
            (None, None) => (outcome.reason.clone(), outcome.reason.clone()),
        };
        Self { en, ru, candidates }
    }
}

/// One attribution of a call in a line.
#[derive(Serialize)]
struct ShownRevision {
    revision: u64,
    at: UnixMillis,
    /// `system`, `replay`, `deployer` or `key:ID`.
    author: String,
    kind: Kind,
    reason: String,
    source: Option<String>,
    probability: f32,
    /// Who corrected it by hand, as he named himself.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// Why he did.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl From<&Revision> for ShownRevision {
    fn from(of: &Revision) -> Self {
        Self {
            revision: of.revision,
            at: of.at,
            author: of.author.clone(),
            kind: of.outcome.kind,
            reason: of.outcome.reason.clone(),
            source: of.outcome.source.clone(),
            probability: of.outcome.probability,
            by: of.outcome.corrected_by.clone(),
            note: of.outcome.note.clone(),
        }
    }
}

impl SiteObject {
    /// The call as it is told now.
    pub(super) fn shown(
        &self,
        in_force: &InForce,
        stored: &StoredCall,
    ) -> Result<ShownCall, Fault> {
        let revisions = attribution::revisions(self.store.sql(), stored.call)?;
        Ok(shown(&in_force.config, stored, &revisions))
    }
}

fn shown(config: &SiteConfig, stored: &StoredCall, revisions: &[Revision]) -> ShownCall {
    let record = &stored.record;
    let last = revisions.last();
    let outcome = last.map(|revision| revision.outcome.clone());
    let context = outcome
        .as_ref()
        .and_then(|outcome| outcome.context.as_ref());
    let touches = outcome
        .as_ref()
        .map(|outcome| outcome.touches.clone())
        .unwrap_or_default();
    let named = touches.iter().rev().find(|touch| !touch.is_direct);
    let left_out = context.map_or(0, |context| context.earlier_left_out);
    let between = u32::try_from(touches.len().saturating_sub(2)).unwrap_or(u32::MAX);
    ShownCall {
        id: stored.call,
        provider: record.provider.as_str(),
        provider_call_id: record.provider_call_id.clone(),
        direction: record.direction(),
        caller: record.caller().map(StoredCaller::display),
        dialed: record.dialed(),
        forwarded_from: record.forwarded_from(),
        status: record.status(),
        started_at: record.started_at(),
        answered_at: record.answered_at(),
        ended_at: record.ended_at(),
        duration_s: record.duration_s(),
        talk_s: record.talk_s(),
        wait_s: record.wait_s(),
        is_target: is_target(config, record, outcome.as_ref()),
        is_confirmed: record.is_confirmed(),
        recordings: record.recordings().map(str::to_owned).collect(),
        source: outcome.as_ref().and_then(|outcome| outcome.source.clone()),
        revision: last.map_or(0, |revision| revision.revision),
        first_touch: touches.first().cloned(),
        last_non_direct_touch: named.or(touches.last()).cloned(),
        touches_between: between + left_out,
        visits: context.map(|context| context.visits.max(1)),
        pages: outcome.as_ref().and_then(Outcome::pages),
        visit_to_call_s: outcome
            .as_ref()
            .and_then(|outcome| outcome.visit_to_call_s(record)),
        levels: context.map_or_else(Vec::new, |context| {
            context.labels.levels().map(str::to_owned).collect()
        }),
        labels: context.map_or_else(BTreeMap::new, |context| labels(&context.labels)),
        ids: context.map_or_else(PageIds::default, |context| context.ids.clone()),
        extra: record
            .extra()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        explanation: outcome.as_ref().map(Explanation::of),
        attribution: outcome,
        touches,
        revisions: revisions.iter().map(ShownRevision::from).collect(),
    }
}

/// Whether it is a target call by the scenario it came through.
pub(super) fn is_target(
    config: &SiteConfig,
    record: &CallRecord,
    outcome: Option<&Outcome>,
) -> bool {
    let scenario = outcome.and_then(|outcome| outcome.scenario.as_ref());
    let wanted = scenario.and_then(|id| config.scenario(id)?.target_talk_s);
    let wanted = wanted.and_then(|seconds| u32::try_from(seconds).ok());
    record.is_target(wanted.unwrap_or(TARGET_TALK_S))
}

/// UTM labels and click ids by their names in addresses.
fn labels(labels: &Labels) -> BTreeMap<&'static str, String> {
    let utm = labels.utm.iter().map(|(name, value)| (name.name(), value));
    let clicks = labels.clicks.iter();
    let clicks = clicks.map(|(name, value): (&Click, _)| (name.name(), value));
    utm.chain(clicks)
        .map(|(name, value)| (name, value.clone()))
        .collect()
}
