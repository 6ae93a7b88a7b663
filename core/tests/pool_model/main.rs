//! The pool against a plain model, under random histories; and what is rebuilt from its journal
//! against the pool that wrote it.

#[path = "../support/mod.rs"]
mod support;

mod model;

use model::{Lease, Model, Number, Stand};
use proptest::prelude::*;
use ringlet_core::id::{CallId, LeaseId, VisitId, VisitorId};
use ringlet_core::pool::*;
use ringlet_core::time::{Millis, UnixMillis};
use std::collections::BTreeMap;
use support::{Desk, START, number, numbers};

const VISITORS: usize = 7;

/// One step of a history.
#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    /// The clock goes back.
    Back(u64),
    Acquire {
        visitor: usize,
        new_visit: bool,
        tab: u32,
    },
    /// 0 active, 1 idle, 2 keep-alive, 3 leave, 4 tap; `stale` speaks for an earlier lease.
    Sign {
        visitor: usize,
        what: u8,
        tab: u32,
        quiet_s: u64,
        stale: bool,
    },
    CallStarted {
        number: usize,
        call: u128,
    },
    CallEnded {
        number: usize,
        call: u128,
    },
    Quarantine {
        number: usize,
        seconds: u64,
    },
    Timeout,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop_oneof![0u64..2_000, 0u64..30_000, 30_000u64..600_000, 0u64..5_000_000].prop_map(Step::Wait),
        1 => (0u64..100_000).prop_map(Step::Back),
        8 => (0..VISITORS, prop::bool::weighted(0.2), 1u32..4)
            .prop_map(|(visitor, new_visit, tab)| Step::Acquire { visitor, new_visit, tab }),
        8 => (0..VISITORS, 0u8..5, 1u32..4, 0u64..90, prop::bool::weighted(0.15))
            .prop_map(|(visitor, what, tab, quiet_s, stale)| Step::Sign { visitor, what, tab, quiet_s, stale }),
        1 => (0usize..4, 0u128..3).prop_map(|(number, call)| Step::CallStarted { number, call }),
        1 => (0usize..4, 0u128..3).prop_map(|(number, call)| Step::CallEnded { number, call }),
        1 => (0usize..4, 0u64..300).prop_map(|(number, seconds)| Step::Quarantine { number, seconds }),
        1 => Just(Step::Timeout),
    ]
}

fn any_config() -> impl Strategy<Value = PoolConfig> {
    let overflow = prop_oneof![
        Just(None),
        Just(Some(Overflow::TakeOldest)),
        Just(Some(Overflow::TakeLeast)),
        Just(Some(Overflow::Page)),
    ];
    (
        1u64..5,
        0..Policy::NAMED.len(),
        overflow,
        0u64..120,
        any::<bool>(),
    )
        .prop_map(|(count, policy, overflow, cooldown_s, required)| {
            let mut policy = Policy::NAMED[policy].1;
            // Sources are told apart in a test of their own.
            policy.by_source = false;
            policy.overflow = overflow.unwrap_or(policy.overflow);
            PoolConfig {
                numbers: numbers(count),
                policy,
                times: Times {
                    cooldown_ms: Millis::from_secs(cooldown_s.saturating_sub(60)),
                    cooldown: if required {
                        Cooldown::Required
                    } else {
                        Cooldown::Preferred
                    },
                    tab_open_ms: Millis::from_mins(40),
                    call_ms: Millis::from_mins(20),
                    ..Times::default()
                },
                ..PoolConfig::default()
            }
        })
}

/// The pool and the model side by side.
struct Pair {
    desk: Desk,
    model: Model,
    clock: u64,
    /// What each visitor remembers: leases, newest last.
    grants: Vec<Vec<Grant>>,
    visits: Vec<usize>,
    /// Where each visitor's latest lease is.
    latest: Vec<Option<usize>>,
    /// Renames visitors: the pool must not care who is who.
    rename: u128,
    /// Numbers given, in order.
    given: Vec<String>,
    /// Past holders that the pool was built without, by their part.
    past: BTreeMap<u64, Vec<u8>>,
}

impl Pair {
    fn new(config: PoolConfig, rename: u128) -> Self {
        Self {
            model: Model {
                times: config.times,
                policy: config.policy,
                numbers: vec![Number::default(); config.numbers.len()],
            },
            desk: Desk::new(config),
            clock: START,
            grants: vec![Vec::new(); VISITORS],
            visits: (0..VISITORS).collect(),
            latest: vec![None; VISITORS],
            rename,
            given: Vec::new(),
            past: BTreeMap::new(),
        }
    }

    fn now(&self) -> UnixMillis {
        self.desk.pool.now().max(UnixMillis(self.clock))
    }

    /// Rows written, those of hours that ended aside.
    fn rows(&self) -> usize {
        let hour = |row: &&JournalRow| !matches!(row.entry, JournalEntry::Hour(_));
        self.desk.rows.iter().filter(hour).count()
    }

    /// Reads a part of the past holders that the pool was built without.
    fn recall(&mut self, part: u64) {
        self.desk.pool.recall(part, &self.past[&part]).unwrap();
    }

    /// Reads all of them.
    fn recall_all(&mut self) {
        while let Some(part) = self.desk.pool.lacks() {
            self.recall(part);
        }
    }

    fn tell(&mut self, input: Input) -> Reply {
        if let Input::Acquire(ask) = &input {
            while let Some(part) = self.desk.pool.lacks_for(ask) {
                self.recall(part);
            }
        }
        let reply = self.desk.tell_at(UnixMillis(self.clock), input);
        self.given.push(match &reply {
            Reply::Granted(grant) => format!("{} {:?}", grant.number, grant.kind),
            Reply::Kept(grant) => grant.number.to_string(),
            other => format!("{other:?}"),
        });
        reply
    }

    fn step(&mut self, step: &Step) {
        match *step {
            // What is due stays unsettled until the next message needs it.
            Step::Wait(ms) => {
                self.clock = self.now().0 + ms;
                return;
            }
            Step::Back(ms) => {
                self.clock = self.now().0 - ms;
                return;
            }
            Step::Acquire {
                visitor,
                new_visit,
                tab,
            } => self.acquire(visitor, new_visit, tab),
            Step::Sign {
                visitor,
                what,
                tab,
                quiet_s,
                stale,
            } => {
                self.sign(visitor, what, tab, quiet_s, stale);
            }
            Step::CallStarted { number, call } => self.call(number, call, true),
            Step::CallEnded { number, call } => self.call(number, call, false),
            Step::Quarantine { number: n, seconds } => {
                let until = self.now() + Millis::from_secs(seconds);
                let reply = self.tell(Input::Quarantine(number(n as u64 + 1), until));
                match self.model.numbers.get_mut(n) {
                    Some(known) => known.quarantined = until,
                    None => assert_eq!(reply, Reply::UnknownNumber),
                }
            }
            Step::Timeout => {
                let now = self.now();
                self.desk.pool.handle_timeout(now);
                self.desk.drain();
            }
        }
        self.compare();
    }

    fn acquire(&mut self, visitor: usize, new_visit: bool, tab: u32) {
        let now = self.now();
        if new_visit {
            self.visits[visitor] += VISITORS;
        }
        let visit = self.visits[visitor];
        let ask = Acquire {
            tab: TabId(tab),
            ..Acquire::of(
                VisitorId(self.rename + visitor as u128),
                VisitId(self.rename + visit as u128),
            )
        };
        let own = self.model.own(visitor, visit, self.latest[visitor], now);
        let ranks: Vec<Option<u8>> = (0..self.model.numbers.len())
            .map(|at| self.model.rank(at, now))
            .collect();
        let rows = self.rows();
        match self.tell(Input::Acquire(ask.clone())) {
            Reply::Granted(grant) => {
                let at = (grant.number.as_u64() - number(1).as_u64()) as usize;
                self.judge_grant(&grant, at, own, &ranks, visit);
                let wrote = usize::from(grant.kind != GrantKind::Kept);
                assert_eq!(self.rows(), rows + wrote, "one row per grant");
                self.note_grant(grant, at, visitor, visit, tab);
                // The same request again changes nothing.
                let again = self
                    .desk
                    .tell_at(UnixMillis(self.clock), Input::Acquire(ask));
                let Reply::Granted(again) = again else {
                    panic!("{again:?}")
                };
                assert_eq!((again.lease, again.kind), (grant.lease, GrantKind::Kept));
                assert_eq!(self.rows(), rows + wrote);
                self.model.sign(at, tab, true, Millis(0), now);
            }
            Reply::Instead(_) => {
                assert_eq!(own, None, "his own number was refused");
                assert!(ranks.iter().all(Option::is_none), "refused with {ranks:?}");
            }
            other => panic!("{other:?}"),
        }
    }

    fn judge_grant(
        &self,
        grant: &Grant,
        at: usize,
        own: Option<usize>,
        ranks: &[Option<u8>],
        visit: usize,
    ) {
        let now = self.now();
        if let Some(own) = own {
            assert_eq!(at, own, "a visitor's own number comes first");
            let lease = self.model.numbers[at].lease.as_ref().unwrap();
            let standing = self.model.stand(at, now) != Stand::Over;
            let kind = match (standing, lease.visit == visit) {
                (true, true) => GrantKind::Kept,
                (false, true) => GrantKind::Reclaimed,
                (_, false) => GrantKind::NewVisit,
            };
            assert_eq!(grant.kind, kind);
            return;
        }
        assert_eq!(grant.kind, GrantKind::New);
        let best = ranks.iter().flatten().min().copied();
        assert_eq!(ranks[at], best, "a worse number was taken: {ranks:?}, {at}");
        let exact = match (best, self.model.policy.choice, self.model.policy.overflow) {
            (Some(3), _, Overflow::TakeOldest) => true,
            (Some(3), ..) => false,
            (_, Choice::LongestIdle, _) => true,
            (_, Choice::LeastMass { .. }, _) => false,
        };
        if exact {
            let order = |at| self.model.order(at, best.unwrap_or(0));
            let least = (0..ranks.len())
                .filter(|at| ranks[*at] == best)
                .map(order)
                .min();
            // Claims count in eighths of a second.
            assert!(
                order(at).since(least.unwrap()) <= Millis(128),
                "not the longest idle"
            );
        }
    }

    fn note_grant(&mut self, grant: Grant, at: usize, visitor: usize, visit: usize, tab: u32) {
        let now = self.now();
        if grant.kind != GrantKind::Kept {
            if let Some(other) = self.latest[visitor].filter(|other| *other != at)
                && let Some(lease) = &mut self.model.numbers[other].lease
                && lease.visitor == visitor
            {
                lease.cut = Some(now);
            }
            let lease = Lease {
                visitor,
                visit,
                lease: grant.lease,
                granted: now,
                last: now,
                confirmed: grant.kind != GrantKind::New,
                tabs: BTreeMap::new(),
                left: UnixMillis(0),
                tap: None,
                cut: None,
            };
            let confirmed = lease.confirmed;
            self.model.grant(at, lease);
            self.model.sign(at, tab, true, Millis(0), now);
            if let Some(lease) = &mut self.model.numbers[at].lease {
                lease.confirmed = confirmed;
            }
            assert_eq!(grant.generation, self.model.numbers[at].generation);
        }
        self.latest[visitor] = Some(at);
        self.grants[visitor].push(grant);
    }

    fn sign(&mut self, visitor: usize, what: u8, tab: u32, quiet_s: u64, stale: bool) {
        let now = self.now();
        let known = &self.grants[visitor];
        let Some(grant) = (if stale { known.first() } else { known.last() }).copied() else {
            return;
        };
        let quiet_ms = if what == 4 {
            Millis(0)
        } else {
            Millis::from_secs(quiet_s)
        };
        let sign = Sign {
            tab: TabId(tab),
            quiet_ms,
            ..Sign::of(grant.lease, grant.generation)
        };
        let at = (grant.number.as_u64() - number(1).as_u64()) as usize;
        let standing = self.standing(at, grant.lease);
        let before = self.rows();
        let reply = self.tell(match what {
            0 => Input::ActivityStarted(sign),
            1 => Input::Idle(sign),
            2 => Input::KeepAlive(sign),
            3 => Input::Leave(sign),
            _ => Input::Tap(sign),
        });
        assert_eq!(reply == Reply::Lost, !standing, "fencing");
        if !standing || what != 4 {
            assert_eq!(self.rows(), before, "a sign wrote a row");
        }
        if !standing {
            return;
        }
        match what {
            1 => self.model.sign(at, tab, false, quiet_ms, now),
            3 => {
                self.model.sign(at, tab, false, quiet_ms, now);
                let lease = self.model.numbers[at].lease.as_mut().unwrap();
                lease.tabs.remove(&tab);
                lease.left = now;
            }
            _ => self.model.sign(at, tab, true, quiet_ms, now),
        }
        let lease = self.model.numbers[at].lease.as_mut().unwrap();
        if what == 4 && lease.tap.is_none_or(|tap| now.since(tap) > Millis(2_000)) {
            lease.tap = Some(now);
            assert_eq!(self.rows(), before + 1, "a tap writes one row");
        }
    }

    fn standing(&self, at: usize, lease: LeaseId) -> bool {
        let now = self.now();
        let his = self.model.numbers[at].lease.as_ref();
        his.is_some_and(|l| l.lease == lease) && self.model.stand(at, now) != Stand::Over
    }

    fn call(&mut self, n: usize, call: u128, starts: bool) {
        let now = self.now();
        let mark = CallMark {
            number: number(n as u64 + 1),
            call: CallId(call),
        };
        // What was over before the call stays over.
        if n < self.model.numbers.len()
            && self.model.stand(n, now) == Stand::Over
            && let Some(lease) = &mut self.model.numbers[n].lease
        {
            lease.cut.get_or_insert(now);
        }
        self.tell(if starts {
            Input::CallStarted(mark)
        } else {
            Input::CallEnded(mark)
        });
        let until = now + self.model.times.call_ms;
        let unbind = self.model.policy.unbind_after_call;
        let Some(known) = self.model.numbers.get_mut(n) else {
            return;
        };
        known.calls.retain(|_, until| *until > now);
        if starts {
            known.calls.entry(call).or_insert(until);
        } else if known.calls.remove(&call).is_some()
            && unbind
            && let Some(lease) = &mut known.lease
        {
            lease.cut.get_or_insert(now);
        }
    }

    /// The pool says of every number what the model says, and of every visitor that he has one.
    fn compare(&mut self) {
        let now = self.now();
        self.desk.pool.handle_timeout(now);
        self.desk.drain();
        self.clock = now.0;
        let views: Vec<NumberView> = self.desk.pool.numbers().collect();
        let mut holders = Vec::new();
        for (at, view) in views.iter().enumerate() {
            assert_eq!(view.state, self.model.state(at, now), "number {at}");
            let leased = self.model.stand(at, now) != Stand::Over;
            let holder = view.holder.filter(|_| leased);
            let lease = self.model.numbers[at].lease.as_ref().filter(|_| leased);
            assert_eq!(holder.map(|h| h.lease), lease.map(|l| l.lease));
            assert_eq!(holder.map(|h| h.last_activity), lease.map(|l| l.last));
            holders.extend(holder.map(|h| h.visitor));
            // What a lease that ended was cut at does not change by asking later.
            if !leased && let Some(lease) = &mut self.model.numbers[at].lease {
                lease.cut.get_or_insert(now);
            }
        }
        let count = holders.len();
        holders.sort();
        holders.dedup();
        assert_eq!(holders.len(), count, "one visitor, one number");
    }
}

/// A pool of the rows from `from` on, as they are stored; `packed` with the numbers of parts packed,
/// and without those of other snapshots. Then of past holders no more is read than that needs; the
/// rest is beside it.
fn replayed(
    config: &PoolConfig,
    rows: &[JournalRow],
    from: u64,
    packed: bool,
) -> (Pool, BTreeMap<u64, Vec<u8>>) {
    let mut pool = Pool::new(config.clone());
    let mut past = BTreeMap::new();
    for row in rows.iter().filter(|row| row.row >= from) {
        let text = serde_json::to_string(row).unwrap();
        let mut row: JournalRow = serde_json::from_str(&text).unwrap();
        match &mut row.entry {
            JournalEntry::Snapshot { of, numbers, .. } if packed && !numbers.is_empty() => {
                let pieces = pack_parted(&core::mem::take(numbers)).unwrap();
                if *of == from {
                    past.insert(row.row, pieces.past);
                    pool.replay_packed(row, &pieces.numbers).unwrap();
                } else {
                    pool.replay(&row);
                }
            }
            _ => {
                while let Some(part) = pool.lacks_to_replay(&row) {
                    pool.recall(part, &past[&part]).unwrap();
                }
                pool.replay(&row);
            }
        }
    }
    (pool, past)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: support::cases(128),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_pool_is_what_the_model_is(
        config in any_config(), steps in prop::collection::vec(any_step(), 1..80),
    ) {
        let mut pair = Pair::new(config, 1_000);
        for step in &steps {
            pair.step(step);
        }
    }

    #[test]
    fn visitors_are_all_alike(
        config in any_config(), steps in prop::collection::vec(any_step(), 1..60), rename: u64,
    ) {
        let mut a = Pair::new(config.clone(), 1_000);
        let mut b = Pair::new(config, u128::from(rename) << 40 | 77_000);
        for step in &steps {
            a.step(step);
            b.step(step);
        }
        prop_assert_eq!(a.given, b.given);
    }

    /// Stopped anywhere: before the first part, between two, after the last.
    #[test]
    fn a_snapshot_written_bit_by_bit_stands_for_all_before_it(
        config in any_config(), steps in prop::collection::vec(any_step(), 1..80),
        begun_at in 0usize..40, every in 1usize..4, restarts_at in 0usize..80, packed: bool,
    ) {
        let mut pair = Pair::new(config.clone(), 1_000);
        // Replay begins here: at the first row, or at the first part of the latest whole one.
        let (mut from, mut begun) = (1, 1);
        for (place, step) in steps.iter().enumerate() {
            if place >= begun_at && (place - begun_at) % every == 0 {
                pair.recall_all();
                if !pair.desk.pool.is_snapping() {
                    begun = pair.desk.pool.begin_snapshot();
                } else if !pair.desk.pool.continue_snapshot(1) {
                    from = begun;
                }
                pair.desk.drain();
            }
            pair.step(step);
            if place == restarts_at {
                pair.desk.pool.checkpoint();
                pair.desk.drain();
                (pair.desk.pool, pair.past) = replayed(&config, &pair.desk.rows, from, packed);
            }
        }
        pair.desk.pool.checkpoint();
        pair.desk.drain();
        let (mut again, past) = replayed(&config, &pair.desk.rows, from, packed);
        let now = pair.now();
        again.handle_timeout(now);
        pair.desk.pool.handle_timeout(now);
        pair.recall_all();
        while let Some(part) = again.lacks() {
            again.recall(part, &past[&part]).unwrap();
        }
        for (a, b) in again.state().into_iter().zip(pair.desk.pool.state()) {
            prop_assert_eq!(a, b);
        }
        prop_assert_eq!(again.regions(), pair.desk.pool.regions());
        prop_assert_eq!(again.tally().active(), pair.desk.pool.tally().active());
    }

    #[test]
    fn replay_equals_live(
        config in any_config(), steps in prop::collection::vec(any_step(), 1..80),
        snapshot_at in 0usize..80, packed: bool,
    ) {
        let mut pair = Pair::new(config.clone(), 1_000);
        let mut first = 0;
        for (place, step) in steps.iter().enumerate() {
            if place == snapshot_at {
                first = pair.desk.pool.snapshot();
                pair.desk.drain();
            }
            pair.step(step);
        }
        pair.desk.pool.checkpoint();
        pair.desk.drain();
        let (mut again, past) = replayed(&config, &pair.desk.rows, first, packed);
        let now = pair.now();
        again.handle_timeout(now);
        pair.desk.pool.handle_timeout(now);
        while let Some(part) = again.lacks() {
            again.recall(part, &past[&part]).unwrap();
        }
        for (a, b) in again.state().into_iter().zip(pair.desk.pool.state()) {
            prop_assert_eq!(a, b);
        }
    }
}
