//! Puts a history through the pool engine as the Worker would, and judges what it answers.
//!
//! Every rule is the engine's: here visits become its inputs, its grants become what visitors see,
//! and the truth of the history is held against its attribution. Ideal ears: every sign arrives at
//! once, so the pool's limits of silence are set aside; what lost messages do is another test's.
//!
//! Judged are first calls made within a day of the last activity (and after the warm-up); all
//! others are made too, and the pool hears of them.

use ringlet_core::attribution::{Call, Credit, Rule, Settings, attribute};
use ringlet_core::delay::{DelayCounts, Device};
use ringlet_core::entropy::Entropy;
use ringlet_core::id::{CallId, LeaseId, VisitId, VisitorId};
use ringlet_core::phone::E164;
use ringlet_core::pool::{
    Acquire, Attributed, CallMark, Colouring, Facts, Grant, Input, NumberConfig, Pool, PoolConfig,
    Region, Reply, Sign, Source, TabId, Times,
};
use ringlet_core::time::{Millis, UnixMillis};

use crate::rules::{self, Way};
use crate::tally::Tally;
use crate::workload::{DAY_MS, Event, Kind, SOURCES, Visit, Workload};

/// Histories begin here, so that no instant is zero.
const START: UnixMillis = UnixMillis(1_700_000_000_000);
/// Longer than any history.
const FOREVER: Millis = Millis(400 * DAY_MS);

/// One rule with so many numbers.
#[derive(Clone, Copy, Debug)]
pub struct Drive<'a> {
    /// The rule.
    pub rule: &'a rules::Rule,
    /// Its numbers.
    pub numbers: usize,
    /// What the delay model was taught; without it the default table.
    pub taught: Option<&'a DelayCounts>,
    /// Calls before this instant are made but not judged.
    pub from_ms: u64,
}

/// What came of a history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// A tally for each of the rule's ways.
    pub tallies: Vec<Tally>,
    /// Starts of activity.
    pub starts: u64,
    /// Of them, those shown a default number.
    pub defaults: u64,
}

impl Outcome {
    /// Adds the outcome of another history.
    pub fn add(&mut self, other: &Self) {
        self.tallies.resize(other.tallies.len(), Tally::default());
        for (mine, theirs) in self.tallies.iter_mut().zip(&other.tallies) {
            mine.add(theirs);
        }
        self.starts += other.starts;
        self.defaults += other.defaults;
    }

    /// Share of starts of activity that were shown a default number.
    pub fn default_share(&self) -> f64 {
        self.defaults as f64 / self.starts.max(1) as f64
    }
}

impl Drive<'_> {
    /// Runs the whole of `history`.
    pub fn run(&self, history: &Workload) -> Outcome {
        let mut run = Run {
            drive: self,
            pool: Pool::new(self.config()),
            entropy: Entropy::from_seed(17),
            shown: vec![None; history.visits.len()],
            outcome: Outcome {
                tallies: vec![Tally::default(); self.rule.ways.len()],
                ..Outcome::default()
            },
            calls: 0,
        };
        for event in &history.events {
            run.take(event, &history.visits[event.visit as usize]);
        }
        run.outcome
    }

    fn config(&self) -> PoolConfig {
        let numbers = (0..self.numbers).map(|place| NumberConfig {
            source: if self.rule.policy.by_source {
                source_of_number(place, self.numbers)
            } else {
                Source(0)
            },
            ..NumberConfig::dynamic(number_of(place))
        });
        PoolConfig {
            numbers: numbers.collect(),
            times: Times {
                silence_ms: FOREVER,
                provisional_ms: FOREVER,
                tab_open_ms: FOREVER,
                ..Times::default()
            },
            policy: self.rule.policy,
            region_colouring: if self.rule.colouring {
                Colouring::Learnt
            } else {
                Colouring::Off
            },
            delay: self.taught.map(|taught| {
                if self.rule.taps {
                    taught.clone()
                } else {
                    taught.without_taps()
                }
            }),
            learn: self.rule.weighs(),
            ..PoolConfig::default()
        }
    }
}

fn number_of(place: usize) -> E164 {
    E164::parse(&(74_950_000_000u64 + place as u64).to_string())
        .expect("eleven digits that begin with seven")
}

/// Numbers are split as visits are: the source whose cumulative share the number falls in.
fn source_of_number(place: usize, numbers: usize) -> Source {
    let percent = (place as f64 + 0.5) / numbers as f64 * 100.0;
    Source(SOURCES.partition_point(|sum| *sum <= percent) as u32 + 1)
}

/// A history on its way through the pool.
struct Run<'a> {
    drive: &'a Drive<'a>,
    pool: Pool,
    entropy: Entropy,
    /// What each visit sees: its latest grant, or nothing for a default number.
    shown: Vec<Option<Grant>>,
    outcome: Outcome,
    calls: u128,
}

impl Run<'_> {
    fn take(&mut self, event: &Event, visit: &Visit) {
        let now = START + Millis(event.at_ms);
        let place = event.visit as usize;
        match event.kind {
            Kind::Start(_) => self.starts(place, visit, now),
            Kind::Call => self.calls(place, visit, event.at_ms, now),
            Kind::Tap if !self.drive.rule.taps => {}
            // A page whose number was lent on hears so and goes on showing it.
            Kind::End(_) => _ = self.sign(place, now, Input::Idle),
            Kind::Close => _ = self.sign(place, now, Input::Leave),
            Kind::Tap => _ = self.sign(place, now, Input::Tap),
        }
    }

    fn input(&mut self, input: Input, now: UnixMillis) -> Reply {
        let reply = self.pool.handle_input(input, now, &mut self.entropy);
        while self.pool.poll_output().is_some() {}
        reply
    }

    /// The sign of `visit`'s page, made an input by `of`.
    fn sign(&mut self, visit: usize, now: UnixMillis, of: fn(Sign) -> Input) -> bool {
        let Some(grant) = self.shown[visit] else {
            return false;
        };
        let sign = Sign {
            tab: tab_of(visit),
            ..Sign::of(grant.lease, grant.generation)
        };
        self.input(of(sign), now) != Reply::Lost
    }

    fn starts(&mut self, place: usize, visit: &Visit, now: UnixMillis) {
        self.outcome.starts += 1;
        if self.sign(place, now, Input::ActivityStarted) {
            return;
        }
        let ask = Acquire {
            tab: tab_of(place),
            facts: facts_of(visit, self.drive.rule.policy.by_source),
            ..Acquire::of(
                VisitorId(u128::from(visit.visitor) + 1),
                VisitId(place as u128 + 1),
            )
        };
        self.shown[place] = match self.input(Input::Acquire(ask), now) {
            Reply::Granted(grant) => Some(grant),
            _ => {
                self.outcome.defaults += 1;
                None
            }
        };
    }

    /// Whether the pool is told where callers are from: not where a rule stands without regions,
    /// for what it learns of delays would stand on them.
    fn hears_regions(&self) -> bool {
        self.drive.rule.ways.contains(&Way::MapTapRegion)
    }

    fn calls(&mut self, place: usize, visit: &Visit, at_ms: u64, now: UnixMillis) {
        let judged = at_ms - visit.last_activity_ms() <= DAY_MS && at_ms >= self.drive.from_ms;
        let Some(grant) = self.shown[place] else {
            if judged {
                self.outcome
                    .tallies
                    .iter_mut()
                    .for_each(|tally| tally.count(None));
            }
            return;
        };
        self.calls += 1;
        let mark = CallMark {
            number: grant.number,
            call: CallId(self.calls),
        };
        self.input(Input::CallStarted(mark), now);
        let caller = visit.call.map_or(u8::MAX, |call| call.region);
        let mut credit = None;
        for (index, way) in self.drive.rule.ways.iter().enumerate() {
            let answer = self.answer(*way, grant.number, caller, now);
            if judged {
                let counted = answer.map(|answer| (answer.visit == place, answer.said));
                self.outcome.tallies[index].count(counted);
            }
            credit = answer.or(credit);
        }
        self.input(Input::CallEnded(mark), now);
        if let Some(answer) = credit {
            let Answer {
                lease,
                said,
                said_without_region,
                ..
            } = answer;
            let credit = Attributed {
                number: grant.number,
                lease,
                at: now,
                share: said as f32,
                caller: if self.hears_regions() {
                    region_of(caller)
                } else {
                    Region(0)
                },
                share_without_region: said_without_region as f32,
            };
            self.input(Input::Attributed(credit), now);
        }
    }
}

fn tab_of(visit: usize) -> TabId {
    TabId(visit as u32 + 1)
}

fn facts_of(visit: &Visit, by_source: bool) -> Facts {
    Facts {
        device: if visit.mobile {
            Device::Mobile
        } else {
            Device::Desktop
        },
        intent: visit.intent,
        engagement: None,
        region: region_of(visit.region),
        source: Source(if by_source {
            u32::from(visit.source) + 1
        } else {
            0
        }),
    }
}

/// The last code is what logs call unknown.
fn region_of(region: u8) -> Region {
    Region(if region == u8::MAX {
        0
    } else {
        u32::from(region) + 1
    })
}

/// Whom a call was credited to.
#[derive(Clone, Copy, Debug)]
struct Answer {
    visit: usize,
    lease: LeaseId,
    said: f64,
    said_without_region: f64,
}

impl Run<'_> {
    /// The engine's verdict on a call to `number`, attributed in `way`.
    fn answer(&self, way: Way, number: E164, caller: u8, now: UnixMillis) -> Option<Answer> {
        let candidates = self.pool.candidates(number, now);
        let regions = (way == Way::MapTapRegion).then(|| self.pool.regions().clone());
        let settings = Settings {
            rule: if way == Way::LastHolder {
                Rule::LastHolder
            } else {
                Rule::Posterior
            },
            // A table taught without taps needs no guess at who may have tapped.
            ignore_taps: way == Way::Map && (self.drive.rule.taps || self.drive.taught.is_none()),
            regions,
            ..Settings::default()
        };
        let call = Call {
            at: now,
            region: region_of(caller),
            ..Call::default()
        };
        let verdict = attribute(&call, &candidates, self.pool.delay(), &settings);
        let Credit::Holder { lease, visit, .. } = verdict.credit else {
            return None;
        };
        Some(Answer {
            visit: usize::try_from(visit.0 - 1).ok()?,
            lease,
            said: f64::from(verdict.confidence),
            said_without_region: f64::from(verdict.confidence_without_region),
        })
    }
}
