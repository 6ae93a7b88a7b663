//! What a pool learnt of delays and regions, after any history with stops: what its journal gives
//! back is what it had.

mod support;

use proptest::prelude::*;
use ringlet_core::delay::{BINS, DelayCounts};
use ringlet_core::id::{VisitId, VisitorId};
use ringlet_core::phone::E164;
use ringlet_core::pool::*;
use ringlet_core::time::{Millis, UnixMillis};
use std::collections::BTreeMap;
use support::{Desk, START, number, numbers};

/// One step of a history.
#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    /// A visitor asks for a number.
    Ask {
        visitor: u8,
        new_visit: bool,
        facts: Facts,
    },
    /// A sign for the latest lease of a visitor.
    Sign {
        visitor: u8,
        what: u8,
        tab: u32,
        quiet_s: u64,
        intent: bool,
    },
    /// A call to a number is credited to its `holder`th holder from the newest.
    Call {
        number: u64,
        holder: usize,
        share: f32,
        region: u32,
    },
    /// Many numbers are called.
    Calls(f32),
    Timeout,
    Checkpoint,
    SnapshotPart,
    /// The pool has so many numbers now, and an imported table or none.
    Configure(u64, bool),
    /// The process stops after a checkpoint and begins anew from the journal.
    Stop,
}

fn any_facts() -> impl Strategy<Value = Facts> {
    (any::<bool>(), any::<bool>(), 0u32..4).prop_map(|(mobile, intent, region)| Facts {
        device: if mobile {
            ringlet_core::delay::Device::Mobile
        } else {
            ringlet_core::delay::Device::Desktop
        },
        intent,
        region: Region(region),
        ..Facts::default()
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    let wait = prop_oneof![
        6 => 0u64..30,
        6 => 30u64..900,
        2 => 900u64..90_000,
        1 => 90_000u64..4_000_000,
    ];
    let share = prop_oneof![Just(1.0f32), 0.1f32..1.0];
    prop_oneof![
        12 => wait.prop_map(Step::Wait),
        12 => (0u8..9, prop::bool::weighted(0.6), any_facts())
            .prop_map(|(visitor, new_visit, facts)| Step::Ask { visitor, new_visit, facts }),
        16 => (0u8..9, 0u8..5, 0u32..3, 0u64..90, prop::bool::weighted(0.1)).prop_map(
            |(visitor, what, tab, quiet_s, intent)| Step::Sign {
                visitor, what, tab, quiet_s, intent
            }
        ),
        8 => (1u64..6, 0usize..3, share.clone(), 0u32..4)
            .prop_map(|(number, holder, share, region)| Step::Call { number, holder, share, region }),
        2 => share.prop_map(Step::Calls),
        3 => Just(Step::Timeout),
        3 => Just(Step::Checkpoint),
        4 => Just(Step::SnapshotPart),
        1 => (1u64..6, any::<bool>()).prop_map(|(count, import)| Step::Configure(count, import)),
        2 => Just(Step::Stop),
    ]
}

/// Three callers who took their time.
fn imported() -> DelayCounts {
    let mut counts = DelayCounts::default();
    for bin in [12, 20, 28] {
        counts.add_call(ringlet_core::delay::Class::default(), bin, 1.0);
        counts.add_seconds(ringlet_core::delay::Class::default(), bin, 5_000.0);
    }
    counts
}

fn config_of(count: u64, import: bool, per_number: usize) -> PoolConfig {
    PoolConfig {
        numbers: numbers(count),
        delay: import.then(imported),
        region_colouring: Colouring::Learnt,
        holders_per_number: per_number,
        ..PoolConfig::default()
    }
}

/// A pool and what its pages and its storage know.
struct Life {
    desk: Desk,
    first: PoolConfig,
    now: UnixMillis,
    visits: u128,
    latest: [Option<(VisitId, Grant)>; 9],
    /// Replay begins here: at the first row, or at the first part of the latest whole snapshot.
    from: u64,
    begun: u64,
    per_number: usize,
    /// The leases, by number and generation, that gave signs no row tells of.
    unwritten: BTreeMap<(E164, u64), Unwritten>,
    /// Rows up to here are accounted for in `unwritten`.
    heard: usize,
}

/// The time of a lease that rows tell otherwise than its signs did.
#[derive(Clone, Copy, Debug)]
struct Unwritten {
    /// The spell or the idleness began in which the first of the signs came: all before it was
    /// counted, or follows from rows.
    from: UnixMillis,
    /// The number went to another: the row of his grant tells how this holder was left.
    until: Option<UnixMillis>,
}

impl Life {
    fn new(per_number: usize) -> Self {
        let first = config_of(3, false, per_number);
        Self {
            desk: Desk::new(first.clone()),
            first,
            now: UnixMillis(START),
            visits: 0,
            latest: [None; 9],
            from: 1,
            begun: 1,
            per_number,
            unwritten: BTreeMap::new(),
            heard: 0,
        }
    }

    fn tell(&mut self, input: Input) -> Reply {
        let before = self.desk.pool.state();
        let of = match &input {
            Input::Acquire(ask) => self.latest[ask.visitor.0 as usize - 1].map(|(_, grant)| grant),
            Input::ActivityStarted(sign)
            | Input::KeepAlive(sign)
            | Input::Idle(sign)
            | Input::Leave(sign)
            | Input::Tap(sign) => self
                .latest
                .iter()
                .flatten()
                .map(|(_, grant)| *grant)
                .find(|grant| grant.lease == sign.lease),
            _ => None,
        };
        let asked = matches!(input, Input::Acquire(_));
        let reply = self.desk.tell_at(self.now, input);
        self.hear_rows();
        let counts = match reply {
            Reply::Granted(grant) => grant.kind == GrantKind::Kept,
            Reply::Kept(_) | Reply::Noted => !asked,
            _ => false,
        };
        if let Some(grant) = of.filter(|_| counts) {
            self.signed(&before, &grant);
        }
        reply
    }

    /// A lease gave a sign; no row tells of it yet.
    fn signed(&mut self, before: &[NumberImage], grant: &Grant) {
        let image = before.iter().find(|of| of.config.number == grant.number);
        let image = image.expect("a number with a lease");
        let holder = image.holders.last().expect("its holder");
        assert_eq!(holder.lease, grant.lease);
        let from = holder.last_activity.min(image.since);
        let until = None;
        self.unwritten
            .entry((grant.number, grant.generation))
            .or_insert(Unwritten { from, until });
    }

    /// What the newest rows tell is lost no more.
    fn hear_rows(&mut self) {
        for row in &self.desk.rows[self.heard..] {
            match &row.entry {
                JournalEntry::Checkpoint { .. } => self.unwritten.clear(),
                JournalEntry::Grant(granted) => {
                    let of = granted.earlier.map(|left| u64::from(left.generation));
                    let left = of.and_then(|of| self.unwritten.get_mut(&(granted.number, of)));
                    if let Some(left) = left {
                        left.until = Some(row.at);
                    }
                }
                _ => {}
            }
        }
        self.heard = self.desk.rows.len();
    }

    /// The time that signs of which no row tells may have had counted otherwise.
    fn unwritten_ms(&self) -> u64 {
        let of = self.unwritten.values();
        of.map(|of| of.until.unwrap_or(self.now).since(of.from).0)
            .sum()
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Wait(seconds) => self.now = self.now + Millis::from_secs(seconds),
            Step::Ask {
                visitor,
                new_visit,
                facts,
            } => self.ask(visitor, new_visit, facts),
            Step::Sign {
                visitor,
                what,
                tab,
                quiet_s,
                intent,
            } => {
                let Some((_, grant)) = self.latest[usize::from(visitor)] else {
                    return;
                };
                let sign = Sign {
                    tab: TabId(tab),
                    quiet_ms: Millis::from_secs(quiet_s),
                    intent,
                    ..Sign::of(grant.lease, grant.generation)
                };
                self.tell(match what {
                    0 => Input::ActivityStarted(sign),
                    1 => Input::Idle(sign),
                    2 => Input::KeepAlive(sign),
                    3 => Input::Leave(sign),
                    _ => Input::Tap(sign),
                });
            }
            Step::Call {
                number: n,
                holder,
                share,
                region,
            } => self.call(n, holder, share, region),
            Step::Calls(share) => {
                for n in 1..6 {
                    for holder in 0..12 {
                        self.call(n, holder, share, holder as u32 % 4);
                    }
                }
            }
            Step::Timeout => self.desk.pool.handle_timeout(self.now),
            Step::Checkpoint => self.checkpoint(),
            Step::SnapshotPart if !self.desk.pool.is_snapping() => {
                self.begun = self.desk.pool.begin_snapshot();
            }
            Step::SnapshotPart => {
                if !self.desk.pool.continue_snapshot(2) {
                    self.from = self.begun;
                }
            }
            Step::Configure(count, import) => {
                let config = config_of(count, import, self.per_number);
                self.tell(Input::Reconfigure(Box::new(config)));
            }
            Step::Stop => self.stop(),
        }
        self.desk.drain();
        self.hear_rows();
    }

    fn ask(&mut self, visitor: u8, new_visit: bool, facts: Facts) {
        let known = self.latest[usize::from(visitor)].filter(|_| !new_visit);
        self.visits += 1;
        let visit = known.map_or(VisitId(self.visits), |(visit, _)| visit);
        let ask = Acquire {
            facts,
            ..Acquire::of(VisitorId(u128::from(visitor) + 1), visit)
        };
        if let Reply::Granted(grant) = self.tell(Input::Acquire(ask)) {
            self.latest[usize::from(visitor)] = Some((visit, grant));
        }
    }

    fn call(&mut self, n: u64, holder: usize, share: f32, region: u32) {
        let of = self.desk.pool.candidates(number(n), self.now);
        let Some(holder) = of.get(holder) else {
            return;
        };
        self.tell(Input::Attributed(Attributed {
            number: number(n),
            lease: holder.lease,
            at: self.now,
            share,
            caller: Region(region),
            share_without_region: share / 2.0,
        }));
    }

    fn checkpoint(&mut self) {
        self.desk.pool.checkpoint();
        self.desk.drain();
        self.hear_rows();
    }

    /// What the journal gives back, at the present instant.
    fn replayed(&mut self) -> Pool {
        let mut again = Pool::new(self.first.clone());
        for row in self.desk.rows.iter().filter(|row| row.row >= self.from) {
            let text = serde_json::to_string(row).unwrap();
            again.replay(&serde_json::from_str(&text).unwrap());
        }
        self.desk.pool.handle_timeout(self.now);
        again.handle_timeout(self.now);
        again
    }

    fn stop(&mut self) {
        self.desk.pool.handle_timeout(self.now);
        self.checkpoint();
        let again = self.replayed();
        let live = &self.desk.pool;
        assert_eq!(again.state(), live.state());
        assert_eq!(again.regions(), live.regions());
        assert!(again.delay() == live.delay(), "another model");
        let (mine, theirs) = (again.delay_counts(), live.delay_counts());
        assert_eq!(mine.changed_since(&theirs), None);
        self.desk.pool = again;
    }

    /// The process stops without a checkpoint: of seconds it loses those of unwritten signs only.
    fn die(&mut self) {
        let again = self.replayed();
        let live = &self.desk.pool;
        assert_eq!(again.regions(), live.regions());
        assert!(again.delay() == live.delay(), "another model");
        let (mine, theirs) = (again.delay_counts(), live.delay_counts());
        for bin in 0..BINS {
            assert_eq!(
                mine.calls_in_bin(bin),
                theirs.calls_in_bin(bin),
                "bin {bin}"
            );
        }
        let (mine_s, theirs_s) = (mine.seconds_total(), theirs.seconds_total());
        let off_s = (mine_s - theirs_s).abs();
        // Sums of small floats are no more exact than this part of the greater.
        let rounding_s = 1e-5 * mine_s.max(theirs_s);
        let bound_s = self.unwritten_ms() as f64 / 1e3 + rounding_s;
        assert!(off_s <= bound_s, "{off_s} s off, not {bound_s} s");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: support::cases(128),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_was_learnt_is_rebuilt_after_any_stop(
        per_number in prop_oneof![Just(0usize), 1usize..5],
        steps in prop::collection::vec(any_step(), 1..260),
    ) {
        let mut life = Life::new(per_number);
        for step in &steps {
            life.step(step);
        }
        life.die();
        life.stop();
    }
}

/// The history by which this was found missing: a lease falls silent between two checkpoints, so
/// its time was counted while no touch told that it was.
#[test]
fn silence_counted_before_a_stop_is_not_counted_again() {
    let mut life = Life::new(0);
    let facts = Facts::default();
    life.ask(0, true, facts);
    for _ in 0..3 {
        life.step(&Step::Wait(30));
        life.step(&Step::Sign {
            visitor: 0,
            what: 2,
            tab: 0,
            quiet_s: 0,
            intent: false,
        });
    }
    life.checkpoint();
    let first = life.desk.pool.delay_counts().seconds_total();
    life.step(&Step::Wait(400));
    life.stop();
    life.step(&Step::Wait(400));
    life.stop();
    // 90 s of activity, then 800 s without a call.
    let seconds = life.desk.pool.delay_counts().seconds_total();
    assert_eq!(first, 0.0);
    assert!((seconds - 890.0).abs() < 0.001, "{seconds}");
}

/// Steps of a history whose only visitor is the first.
fn ask_again() -> Step {
    Step::Ask {
        visitor: 0,
        new_visit: false,
        facts: Facts::default(),
    }
}

/// A number that nobody had at the last checkpoint is lent, and its holder's next sign is not
/// written: by the rows he has been silent since his grant.
#[test]
fn a_sign_after_a_grant_is_lost_from_the_grant_on() {
    let mut life = Life::new(0);
    for step in [
        Step::Checkpoint,
        ask_again(),
        Step::Wait(128),
        ask_again(),
        Step::Wait(22),
    ] {
        life.step(&step);
    }
    assert_eq!(life.unwritten_ms(), 150_000);
    // Active still by what the live pool knows; idle for 150 s by the rows.
    assert_eq!(life.desk.pool.delay_counts().seconds_total(), 0.0);
    let rebuilt = life.replayed().delay_counts().seconds_total();
    assert!((rebuilt - 150.0).abs() < 0.001, "{rebuilt}");
    life.die();
    life.stop();
}

/// The same where the sign comes at the instant of silence and tells of a second before it.
#[test]
fn a_sign_at_the_instant_of_silence_is_lost_alone() {
    let mut life = Life::new(0);
    let back = Step::Sign {
        visitor: 0,
        what: 0,
        tab: 0,
        quiet_s: 1,
        intent: false,
    };
    for step in [Step::Stop, ask_again(), Step::Wait(150), back] {
        life.step(&step);
    }
    let lived = life.desk.pool.delay_counts().seconds_total();
    let rebuilt = life.replayed().delay_counts().seconds_total();
    assert!((lived - 149.0).abs() < 0.001, "{lived}");
    assert!((rebuilt - 150.0).abs() < 0.001, "{rebuilt}");
    life.die();
    life.checkpoint();
    assert_eq!(life.unwritten_ms(), 0);
    life.stop();
}

/// Leases fall silent after the last checkpoint that were active for no time: none is left to be
/// written before the next call, and the model made with that call rests on their idleness.
#[test]
fn a_model_is_made_of_silence_that_no_row_tells() {
    let mut life = Life::new(0);
    (0..3).for_each(|visitor| life.ask(visitor, true, Facts::default()));
    for _ in 0..10 {
        (1..4).for_each(|n| life.call(n, 0, 0.1, 0));
    }
    life.call(1, 0, 0.1, 0);
    life.checkpoint();
    life.step(&Step::Wait(150));
    life.call(1, 0, 0.1, 0);
    assert!(*life.desk.pool.delay() != ringlet_core::delay::DelayModel::default());
    life.die();
    life.stop();
}

#[test]
fn enough_calls_are_learnt_from_to_tell_models_apart() {
    let mut life = Life::new(0);
    for visitor in (0..9).cycle().take(90) {
        life.ask(visitor, true, Facts::default());
        life.step(&Step::Wait(200));
    }
    life.step(&Step::Calls(1.0));
    assert!(*life.desk.pool.delay() != ringlet_core::delay::DelayModel::default());
    life.stop();
}
