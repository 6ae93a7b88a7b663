//! Reading this project's own export of a site (`docs/reference/export.md`) as an owner's log.
//!
//! Of every pool's journal: grants begin visits, or spells of activity of visits known; farewells
//! and checkpoints tell how long they lasted; attributions tell calls. What the journal does not
//! hold is told roughly: of a spell that began and ended between two checkpoints only its length
//! is known, so it ends with the last activity of both. A call is taken to be whose it was credited
//! to; one credited with less than even odds counts as a call without a visit.

use std::collections::HashMap;

use ringlet_core::delay::{Class, Device};
use ringlet_core::id::LeaseId;
use ringlet_core::phone::E164;
use ringlet_core::pool::{Attributed, Granted, JournalEntry, Phase, Region};
use ringlet_core::time::UnixMillis;
use serde_json::Value;

use super::read::{Draft, Drafts, Fault, Log};

/// Whether `text` begins as an export does.
pub(super) fn is_export(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    serde_json::from_str::<Value>(first).is_ok_and(|line| line.get("ringlet_export").is_some())
}

/// Reads an export.
pub(super) fn read(text: &str) -> Log {
    let mut journal = Journal::default();
    let mut faults = Vec::new();
    for (place, line) in text.lines().enumerate().take(super::read::LINES_MAX) {
        if let Err(reason) = journal.line(place + 1, line) {
            faults.push(Fault {
                line: place + 1,
                reason,
            });
        }
    }
    journal.finish(faults)
}

/// How a lease was left, as far as is known.
struct Left {
    last_activity: UnixMillis,
    class: Class,
    active_s: u16,
    spells: u8,
}

/// A visit with what the journal counted of it when it last spoke of it.
struct Counted {
    draft: Draft,
    active_s: u16,
    spells: u8,
}

#[derive(Default)]
struct Journal {
    visits: Vec<Counted>,
    by_visit: HashMap<(String, u128), usize>,
    by_lease: HashMap<LeaseId, usize>,
    by_generation: HashMap<(E164, u32), usize>,
    calls: usize,
    credited: usize,
}

impl Journal {
    fn line(&mut self, place: usize, line: &str) -> Result<(), String> {
        if !line.contains("\"journal\"") {
            return Ok(());
        }
        let line: Value =
            serde_json::from_str(line).map_err(|error| format!("no JSON object: {error}"))?;
        if line["table"] != "journal" || !line["pool"].is_string() {
            return Ok(());
        }
        let at = line["row"][1]
            .as_u64()
            .ok_or("the journal's row has no time")?;
        let entry = line["row"][5]
            .as_str()
            .ok_or("the journal's row has no entry")?;
        let entry = serde_json::from_str(entry).map_err(|error| format!("entry: {error}"))?;
        // Shards of one pool may tell of one visit, two pools of a page do not share theirs.
        let pool = line["pool"].as_str().unwrap_or_default();
        let pool = pool.split('/').next().unwrap_or_default();
        self.entry(place, pool, UnixMillis(at), entry);
        Ok(())
    }

    fn entry(&mut self, line: usize, pool: &str, at: UnixMillis, entry: JournalEntry) {
        match entry {
            JournalEntry::Grant(granted) => self.grant(line, pool, at, &granted),
            JournalEntry::Tap { lease, .. } => {
                if let Some(visit) = self.by_lease.get(&lease) {
                    self.visits[*visit].draft.tap_ms = Some(at.0);
                }
            }
            JournalEntry::CallStarted { .. } => self.calls += 1,
            JournalEntry::Attributed(credit) => self.call(&credit),
            JournalEntry::Checkpoint { touched, .. } => {
                for touch in touched {
                    let left = Left {
                        last_activity: touch.last_activity,
                        class: Class::from_index(usize::from(touch.class)),
                        active_s: touch.active_s,
                        spells: touch.spells,
                    };
                    let closed = (touch.phase == Phase::Held).then_some(touch.since);
                    self.left((touch.number, touch.generation), &left, closed);
                }
            }
            _ => {}
        }
    }

    fn grant(&mut self, line: usize, pool: &str, at: UnixMillis, granted: &Granted) {
        if let Some(earlier) = &granted.earlier {
            let left = Left {
                last_activity: earlier.last_activity,
                class: Class::from_index(usize::from(earlier.class)),
                active_s: earlier.active_s,
                spells: earlier.spells,
            };
            self.left((granted.number, earlier.generation), &left, None);
        }
        let key = (pool.to_owned(), granted.visit.0);
        let next = self.visits.len();
        let visit = *self.by_visit.entry(key).or_insert(next);
        if visit == next {
            let code = |code: u32| {
                if code == 0 {
                    String::new()
                } else {
                    code.to_string()
                }
            };
            let draft = Draft {
                id: granted.visit.0.to_string(),
                line,
                visitor: granted.visitor.0.to_string(),
                bursts: vec![(at.0, at.0)],
                closed_ms: None,
                mobile: granted.facts.device == Device::Mobile,
                intent: granted.facts.intent,
                region: code(granted.facts.region.0),
                source: code(granted.facts.source.0),
                tap_ms: None,
                call: None,
            };
            self.visits.push(Counted {
                draft,
                active_s: 0,
                spells: 1,
            });
        } else {
            self.visits[visit].draft.bursts.push((at.0, at.0));
        }
        // A lease counts its own spells and seconds.
        (self.visits[visit].active_s, self.visits[visit].spells) = (0, 1);
        self.by_lease.insert(granted.lease, visit);
        let generation = (granted.number, granted.generation);
        self.by_generation.insert(generation, visit);
    }

    /// What is told of a lease: its latest spell lasted so long, or a new one did.
    fn left(&mut self, lease: (E164, u32), left: &Left, closed: Option<UnixMillis>) {
        let Some(visit) = self.by_generation.get(&lease) else {
            return;
        };
        let counted = &mut self.visits[*visit];
        let draft = &mut counted.draft;
        let to = left.last_activity.0;
        let known = draft.bursts.last().map_or(to, |burst| burst.1);
        if left.spells > counted.spells && to > known {
            let active_ms = u64::from(left.active_s.saturating_sub(counted.active_s)) * 1_000;
            draft
                .bursts
                .push(((to - active_ms.min(to)).max(known + 1), to));
        } else if let Some(burst) = draft.bursts.last_mut() {
            burst.1 = burst.1.max(to);
        }
        draft.intent |= left.class.intent;
        draft.closed_ms = closed.map(|at| at.0).or(draft.closed_ms);
        (counted.active_s, counted.spells) = (left.active_s, left.spells);
    }

    fn call(&mut self, credit: &Attributed) {
        let Some(visit) = self.by_lease.get(&credit.lease) else {
            return;
        };
        if credit.share < 0.5 {
            return;
        }
        self.credited += 1;
        let call = &mut self.visits[*visit].draft.call;
        if call.as_ref().is_none_or(|known| credit.at.0 < known.0) {
            let Region(region) = credit.caller;
            let region = if region == 0 {
                String::new()
            } else {
                region.to_string()
            };
            *call = Some((credit.at.0, region));
        }
    }

    fn finish(self, faults: Vec<Fault>) -> Log {
        let mut drafts = Drafts::default();
        for Counted { mut draft, .. } in self.visits {
            if let Some((call, _)) = draft.call {
                // He may have come back after his call; what is judged is who made it.
                draft.bursts.retain(|burst| burst.0 <= call);
                for burst in &mut draft.bursts {
                    burst.1 = burst.1.min(call);
                }
            }
            if !draft.bursts.is_empty() {
                drafts.visits.push(draft);
            }
        }
        drafts.calls_without_visit = self.calls.saturating_sub(self.credited);
        drafts.finish(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringlet_core::entropy::Entropy;
    use ringlet_core::id::{CallId, VisitId, VisitorId};
    use ringlet_core::pool::{
        Acquire, CallMark, Input, NumberConfig, Pool, PoolConfig, Reply, Sign,
    };

    const START: u64 = 1_750_000_000_000;

    /// The lines of an export in which a pool lived through `inputs`, at seconds.
    struct Life {
        pool: Pool,
        entropy: Entropy,
        lines: String,
    }

    impl Life {
        fn input(&mut self, at_s: u64, input: Input) -> Reply {
            let now = UnixMillis(START + at_s * 1_000);
            let reply = self.pool.handle_input(input, now, &mut self.entropy);
            self.write();
            reply
        }

        fn write(&mut self) {
            while let Some(row) = self.pool.poll_output() {
                let entry = serde_json::to_string(&row.entry).expect("an entry");
                let row = serde_json::json!([row.row, row.at.0, "", null, null, entry]);
                let line = serde_json::json!({"pool": "main/1", "table": "journal", "row": row});
                self.lines.push_str(&format!("{line}\n"));
            }
        }
    }

    #[test]
    fn a_pools_journal_tells_its_visits_and_calls() {
        let number = E164::parse("74950000001").expect("a number");
        let config = PoolConfig {
            numbers: vec![NumberConfig::dynamic(number)],
            ..PoolConfig::default()
        };
        let mut life = Life {
            pool: Pool::new(config),
            entropy: Entropy::from_seed(5),
            lines: "{\"ringlet_export\":2,\"site\":\"shop\"}\n".to_owned(),
        };
        let ask = |visit: u128| Input::Acquire(Acquire::of(VisitorId(visit), VisitId(visit)));
        let Reply::Granted(grant) = life.input(0, ask(1)) else {
            panic!("a number is free");
        };
        let sign = Sign::of(grant.lease, grant.generation);
        life.input(40, Input::Idle(sign));
        life.input(100, Input::ActivityStarted(sign));
        life.input(130, Input::Tap(sign));
        life.input(131, Input::Idle(sign));
        life.pool.checkpoint();
        life.write();
        let mark = CallMark {
            number,
            call: CallId(1),
        };
        life.input(140, Input::CallStarted(mark));
        let credit = Attributed {
            number,
            lease: grant.lease,
            at: UnixMillis(START + 140_000),
            share: 0.9,
            caller: Region(7),
            share_without_region: 0.9,
        };
        life.input(141, Input::Attributed(credit));
        life.input(150, Input::CallEnded(mark));
        // Another comes after he has left.
        life.input(160, Input::Leave(sign));
        life.input(2_000, ask(2));

        assert!(is_export(&life.lines));
        let log = read(&life.lines);
        assert_eq!(log.faults, []);
        assert_eq!((log.calls_known, log.calls_without_visit), (1, 0));
        let visits = &log.history.visits;
        assert_eq!(visits.len(), 2);
        let first = &visits[0];
        assert_eq!(first.bursts.first().map(|burst| burst.0), Some(0));
        assert!((131_000..=140_000).contains(&first.last_activity_ms()));
        assert_eq!(first.tap_ms, Some(130_000));
        assert_eq!(first.call.map(|call| call.at_ms), Some(140_000));
        assert_eq!(visits[1].bursts[0].0, 2_000_000);
        assert!(visits[1].call.is_none());
    }
}
