//! Whose call was it? The posterior over the visitors who saw the dialled number.
//!
//! For a call at time t every past holder j of the number weighs h_j(t) · P(evidence | j): the rate
//! at which visitors like him call at his age ([`crate::delay`]), times how well what is known of
//! the call fits him. Strangers (misdials, numbers copied elsewhere) weigh a background rate. The
//! shares of all sum to one; the greatest is credited, unless it is below the owner's threshold.
//!
//! A candidate is a visitor. One who had the number for several visits is weighed once, by whatever
//! of them speaks most for him, and his latest visit has his share.
//!
//! Pure: a function of the call, the candidates ([`crate::pool::Pool::candidates`]), the delay
//! model and the settings. The same arguments give the same verdict, so history can be judged anew.
//!
//! What it is not: it finds no numbers, stores nothing, and does not decide what is a call.
//!
//! The rules of other systems stand beside it ([`Rule`]) for owners who must match an older system;
//! shares are computed all the same, so that an owner sees what the rule costs him.

mod pasted;
mod reason;
mod region;

pub use pasted::{NumberCalls, PASTED_WITHIN};
pub use reason::{Nobody, Reason, outcome_words};
pub use region::{REGIONS_MAX, RegionFit, RegionModel};

use crate::delay::{DelayModel, Device, Tab};
use crate::id::{LeaseId, VisitId, VisitorId};
use crate::pool::{PastHolder, Region};
use crate::time::{Millis, UnixMillis};

/// The version of these rules. It stands with every verdict that is kept, so that it is known what
/// a replay would have to say anew; raise it with every change that may change a verdict.
pub const MODEL_VERSION: u32 = 2;

/// A call to be attributed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct Call {
    /// When it began to ring, by the edge's clock.
    pub at: UnixMillis,
    /// Where the caller's number is from; unknown tells nothing.
    pub region: Region,
    /// Whether the caller's number is a mobile one; none tells nothing.
    pub mobile: Option<bool>,
    /// What is remembered of this caller's number.
    pub known: Option<Known>,
}

/// An earlier call of the same caller, credited with confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Known {
    /// Whose call that was.
    pub visitor: VisitorId,
    /// Of which visit.
    pub visit: VisitId,
    /// When.
    pub called_at: UnixMillis,
}

/// Who is credited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Rule {
    /// The most probable.
    #[default]
    Posterior,
    /// Who had the number last, however long ago (Roistat).
    LastHolder,
    /// Who has it now (UIS); nobody if nobody has.
    CurrentHolder,
}

/// How to judge.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct Settings {
    /// Who is credited.
    pub rule: Rule,
    /// Credit nobody below this share (0 to 1): fewer answers, more of them right.
    pub abstain_below: f32,
    /// Candidates older than this are none (UIS: 30 days).
    pub window_ms: Millis,
    /// Callers are remembered this long (UIS: 90 days).
    pub memory_ms: Millis,
    /// Calls of strangers per second and number.
    pub strangers_per_s: f32,
    /// Leave taps out of account, as if none were reported.
    pub ignore_taps: bool,
    /// Caller regions as evidence; none leaves them out of account.
    pub regions: Option<RegionModel>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rule: Rule::Posterior,
            abstain_below: 0.0,
            window_ms: Millis::from_mins(30 * 24 * 60),
            memory_ms: Millis::from_mins(90 * 24 * 60),
            // One in four months on each number.
            strangers_per_s: 1e-7,
            ignore_taps: false,
            regions: Some(RegionModel::default()),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Verdict {
    /// Who is credited.
    pub credit: Credit,
    /// The share of the credited, 0 to 1; of a stranger if nobody is.
    pub confidence: f32,
    /// The share the credited would have without the regions' evidence: what the regions may be
    /// learnt from without learning from themselves.
    pub confidence_without_region: f32,
    /// Every candidate, in the order given.
    pub candidates: Vec<Weighed>,
    /// The share of the visitor whom the caller's number is remembered for, if he is not among the
    /// candidates.
    pub remembered: f32,
    /// The share of strangers.
    pub stranger: f32,
}

/// Who is credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", tag = "to")
)]
pub enum Credit {
    /// A candidate.
    Holder {
        /// His lease: the key of the grant's context.
        lease: LeaseId,
        /// Who.
        visitor: VisitorId,
        /// Which visit.
        visit: VisitId,
        /// The journal row of the grant.
        row: u64,
    },
    /// The visitor of an earlier call from the same caller.
    Remembered {
        /// Who.
        visitor: VisitorId,
        /// Which visit.
        visit: VisitId,
    },
    /// Nobody, and why.
    Nobody {
        /// Why.
        reason: Nobody,
    },
}

/// A candidate with his share.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Weighed {
    /// The candidate.
    pub holder: PastHolder,
    /// His share, 0 to 1.
    pub share: f32,
    /// What spoke for and against him, the weightiest first.
    pub reasons: Vec<Reason>,
}

/// Of the visitors who tap at all, as a share of mobile visits: what an unheard tap is mixed with.
const TAPPED_SHARE: f32 = 0.03;
/// A visitor who called already calls again about this much as often as one who did not.
const CALLED_ALREADY: f32 = 0.1;
/// He was shown another number since; he may have noted this one.
const SHOWN_ANOTHER: f32 = 0.02;
/// A known caller's call is the remembered visitor's with this probability, before it is looked at
/// who is on the site; else he came back in another browser and is one of the candidates.
const SAME_BROWSER: f64 = 0.7;
/// Candidates' calls per second at which a return in another browser is as likely as not.
const BACK_RATE: f64 = 1e-3;
/// A call from a visitor's own device comes from a mobile number this often.
const MOBILE_CALLS: [(Device, f32); 2] = [(Device::Mobile, 0.95), (Device::Desktop, 0.70)];

/// Judges a call. `candidates` are those who saw the number before it, newest first.
pub fn attribute(
    call: &Call,
    candidates: &[PastHolder],
    model: &DelayModel,
    settings: &Settings,
) -> Verdict {
    let latest = latest_of(candidates);
    let rate = |at: usize| rate_at(call, candidates, at, &latest, model, settings);
    let rates: Vec<f64> = (0..candidates.len()).map(rate).collect();
    let rates = |fit: RegionFit| {
        let fitted = candidates.iter().zip(&rates);
        let fitted = fitted.map(|(holder, rate)| rate * f64::from(fit.likelihood(holder.region)));
        joined(fitted, &latest)
    };
    let fit = settings.regions.as_ref();
    let fit = fit.map_or(RegionFit::NONE, |regions| regions.fit(call.region));
    let shares = Shares::of(call, candidates, settings, fit, rates(fit));
    // Without the regions' evidence.
    let none = RegionFit::NONE;
    let plain = Shares::of(call, candidates, settings, none, rates(none));
    let weighed = |at: usize| Weighed {
        holder: candidates[at],
        share: shares.holders[at] as f32,
        reasons: reason::reasons(call, &candidates[at], latest[at] != at, settings),
    };
    let weighed: Vec<Weighed> = (0..candidates.len()).map(weighed).collect();
    let (credit, chosen) = choose(call, candidates, &shares, settings);
    let share = |shares: &Shares| match (chosen, credit) {
        (Some(at), _) => shares.holders[at],
        (None, Credit::Remembered { .. }) => shares.remembered,
        (None, _) => shares.stranger,
    };
    Verdict {
        credit,
        confidence: share(&shares) as f32,
        confidence_without_region: share(&plain) as f32,
        candidates: weighed,
        remembered: shares.remembered as f32,
        stranger: shares.stranger as f32,
    }
}

/// The place of the latest candidate of the same visitor, by candidate.
fn latest_of(candidates: &[PastHolder]) -> Vec<usize> {
    let visitor = |at: &usize| candidates[*at].visitor;
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_unstable_by_key(|at| (visitor(at), candidates[*at].granted_at, usize::MAX - at));
    let mut latest = vec![0; candidates.len()];
    for same in order.chunk_by(|one, other| visitor(one) == visitor(other)) {
        let last = same[same.len() - 1];
        same.iter().for_each(|at| latest[*at] = last);
    }
    latest
}

/// Calls per second of the candidate at `at`, as far as the devices agree with it; none of what is
/// too long ago.
fn rate_at(
    call: &Call,
    candidates: &[PastHolder],
    at: usize,
    latest: &[usize],
    model: &DelayModel,
    settings: &Settings,
) -> f64 {
    let mut holder = candidates[at];
    if holder.last_activity < call.at - settings.window_ms {
        return 0.0;
    }
    // Who sees the number again has not been shown another since.
    holder.moved = candidates[latest[at]].moved;
    rate(call, &holder, model, settings) * f64::from(device_fit(call, &holder))
}

/// The same with every visitor's rate at his latest candidate: he calls once, whichever visit
/// made him, so his is the greatest of his rates, not their sum.
fn joined(rates: impl Iterator<Item = f64>, latest: &[usize]) -> Vec<f64> {
    let mut joined = vec![0.0_f64; latest.len()];
    for (rate, of) in rates.zip(latest) {
        joined[*of] = rate.max(joined[*of]);
    }
    joined
}

/// Shares that sum to one.
struct Shares {
    holders: Vec<f64>,
    remembered: f64,
    stranger: f64,
}

impl Shares {
    fn of(
        call: &Call,
        candidates: &[PastHolder],
        settings: &Settings,
        fit: RegionFit,
        mut holders: Vec<f64>,
    ) -> Self {
        let fit = f64::from(fit.likelihood(Region(0)));
        let stranger = f64::from(settings.strangers_per_s.max(0.0)) * fit;
        let total: f64 = holders.iter().sum::<f64>() + stranger;
        if total.is_nan() || total <= 0.0 {
            return Self {
                holders: vec![0.0; candidates.len()],
                remembered: 0.0,
                stranger: 1.0,
            };
        }
        for share in &mut holders {
            *share /= total;
        }
        let mut shares = Self {
            holders,
            remembered: 0.0,
            stranger: stranger / total,
        };
        if let Some(known) = remembered(call, settings) {
            shares.remember(known, candidates, total - stranger);
        }
        shares
    }

    /// Gives the visitor remembered for the caller's number what is his.
    fn remember(&mut self, known: Known, candidates: &[PastHolder], calls_per_s: f64) {
        let back = (1.0 - SAME_BROWSER) * calls_per_s / (calls_per_s + BACK_RATE);
        let memory = SAME_BROWSER / (SAME_BROWSER + back);
        for share in &mut self.holders {
            *share *= 1.0 - memory;
        }
        self.stranger *= 1.0 - memory;
        let same = (0..candidates.len()).filter(|at| candidates[*at].visitor == known.visitor);
        match same.max_by_key(|at| (candidates[*at].granted_at, usize::MAX - at)) {
            Some(at) => self.holders[at] += memory,
            None => self.remembered = memory,
        }
    }
}

/// What is remembered of the caller, if it is still to be used.
fn remembered(call: &Call, settings: &Settings) -> Option<Known> {
    call.known
        .filter(|known| call.at.since(known.called_at) <= settings.memory_ms)
}

/// Calls per second of a candidate at the instant of the call, evidence of the call aside.
fn rate(call: &Call, holder: &PastHolder, model: &DelayModel, settings: &Settings) -> f64 {
    let idle = call.at.since(holder.last_activity);
    let of = |tapped: bool| {
        let class = crate::delay::Class {
            tapped,
            ..holder.class
        };
        let by_age = match holder.tap_at {
            // A tap is activity; what came after it on the page does not undo the call it began.
            Some(tap) if tapped => model.hazard(class, call.at.since(tap)),
            _ => 0.0,
        };
        let now = if holder.active {
            model.active_hazard(class)
        } else {
            model.hazard(class, idle)
        };
        by_age.max(now)
    };
    let mut rate = if settings.ignore_taps {
        let tapped = match holder.class.device {
            Device::Mobile => TAPPED_SHARE,
            Device::Desktop => 0.0,
        };
        (1.0 - tapped) * of(false) + tapped * of(true)
    } else {
        of(holder.class.tapped)
    };
    if holder.called {
        rate *= CALLED_ALREADY;
    }
    if holder.moved {
        rate *= SHOWN_ANOTHER;
    }
    // A table that holds a rate for impossible must not make a candidate impossible.
    f64::from(rate).max(1e-13)
}

/// How well the kind of the caller's number fits a visitor's device.
fn device_fit(call: &Call, holder: &PastHolder) -> f32 {
    let Some(mobile) = call.mobile else {
        return 1.0;
    };
    let of = MOBILE_CALLS
        .iter()
        .find(|(device, _)| *device == holder.class.device);
    let share = of.map_or(0.8, |(_, share)| *share);
    if mobile { share } else { 1.0 - share }
}

/// Who is credited, and his place among the candidates.
fn choose(
    call: &Call,
    candidates: &[PastHolder],
    shares: &Shares,
    settings: &Settings,
) -> (Credit, Option<usize>) {
    let nobody = |reason| (Credit::Nobody { reason }, None);
    let forget = call.at - settings.window_ms;
    let usable = |at: &usize| candidates[*at].last_activity >= forget;
    let places = || (0..candidates.len()).filter(usable);
    if settings.rule == Rule::Posterior
        && let Some(known) = remembered(call, settings)
        && shares.remembered >= shares.holders.iter().copied().fold(0.0, f64::max)
        && shares.remembered > 0.0
    {
        let Known { visitor, visit, .. } = known;
        return (Credit::Remembered { visitor, visit }, None);
    }
    if candidates.is_empty() {
        return nobody(Nobody::NeverLent);
    }
    let chosen = match settings.rule {
        Rule::Posterior => places().fold(None, |best: Option<usize>, at| match best {
            Some(best) if shares.holders[best] >= shares.holders[at] => Some(best),
            _ => Some(at),
        }),
        Rule::LastHolder => places().max_by_key(|at| (candidates[*at].granted_at, usize::MAX - at)),
        Rule::CurrentHolder => places().find(|at| candidates[*at].leased),
    };
    let Some(at) = chosen else {
        return nobody(
            if settings.rule == Rule::CurrentHolder && places().next().is_some() {
                Nobody::HeldByNobody
            } else {
                Nobody::TooLongAgo
            },
        );
    };
    if settings.rule == Rule::Posterior && (shares.holders[at] as f32) < settings.abstain_below {
        return nobody(Nobody::NotSure);
    }
    let PastHolder {
        lease,
        visitor,
        visit,
        row,
        ..
    } = candidates[at];
    let credit = Credit::Holder {
        lease,
        visitor,
        visit,
        row,
    };
    (credit, Some(at))
}

/// Whether a candidate's page was before him, shown or hidden.
fn page_open(holder: &PastHolder) -> bool {
    holder.current && holder.class.tab == Tab::Open
}

#[cfg(test)]
mod tests;
