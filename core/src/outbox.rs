//! The outbox: what the site's own webhook is to be told, as a state machine.
//!
//! What is here: when to send which delivery, what its answer means, how it is signed. What is not:
//! the request itself and storage; the shell sends what [`Outbox::poll_send`] hands out, tells the
//! outcome to [`Outbox::handle_outcome`], and stores every [`Change`] of [`Outbox::poll_change`] in
//! one transaction before it goes on. Bodies are the shell's: it stores one beside each entry, and
//! ten thousand of them need not be in memory.
//!
//! Invariants: at least once (a crash between sending and storing sends again; the receiver tells
//! doubles by `ringlet-delivery`); deliveries of one call in the order they were added, each only
//! after the one before it was taken or given up; one receiver's failure delays no other call.
//!
//! Limits: [`IN_FLIGHT_MAX`], [`ATTEMPTS_MAX`], [`ENTRIES_MAX`], [`DEAD_MAX`], [`DEAD_AGE_MAX`].

use crate::entropy::Entropy;
use crate::id::CallId;
use crate::site::ReceiverEvent;
use crate::telephony::{Secret, generic};
use crate::time::{Millis, UnixMillis};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// 4 deliveries at once: a Worker has six connections for one request, and the page views need
/// some.
pub const IN_FLIGHT_MAX: usize = 4;

/// 15 attempts: with [`pause`] they span 23 hours, a receiver's night and the morning after.
pub const ATTEMPTS_MAX: u32 = 15;

/// 10,000 waiting deliveries: a day of a busy site. Beyond, the oldest are given up and listed.
pub const ENTRIES_MAX: usize = 10_000;

/// 10,000 deliveries that were given up are kept; of more the oldest are forgotten.
pub const DEAD_MAX: usize = 10_000;

/// 14 days: how long a delivery that was given up can be sent again.
pub const DEAD_AGE_MAX: Millis = Millis::from_mins(14 * 24 * 60);

/// 30 s: an attempt without an outcome for this long had none (the shell's own time-out is
/// shorter).
const ATTEMPT_TIME_MAX: Millis = Millis::from_secs(30);

/// 300 characters are kept of what a receiver answered to a delivery that was given up.
const ANSWER_CHARS_MAX: usize = 300;

/// One delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number: later ones are greater.
    pub id: u64,
    /// The call it is of.
    pub call: CallId,
    /// `call.start`, `call.end`, `call.changed`.
    pub event: String,
    /// When it was added.
    pub added_at: UnixMillis,
    /// Attempts so far.
    pub attempts: u32,
    /// Where it stands.
    pub state: EntryState,
}

/// Where a delivery stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum EntryState {
    /// To be sent, no sooner than this.
    Waiting {
        /// The instant.
        at: UnixMillis,
    },
    /// On its way; if nothing is heard until then, it was lost.
    Sending {
        /// The instant.
        until: UnixMillis,
    },
    /// Given up; it can be sent again by hand.
    Dead {
        /// When.
        at: UnixMillis,
        /// Why: the receiver's answer, or that there was none.
        why: String,
    },
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered.
    Answered {
        /// HTTP status.
        status: u16,
        /// `retry-after`, where it named seconds.
        retry_after: Option<Millis>,
        /// The beginning of the body, for people.
        text: String,
    },
    /// No connection, or no answer in time.
    Nothing {
        /// What failed, for people.
        text: String,
    },
    /// Not sent: the shell may not send there.
    Forbidden {
        /// Why, for people.
        text: String,
    },
}

/// What was told of a call so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Nothing.
    #[default]
    Nothing,
    /// That it rings.
    Start,
    /// That it is over.
    End,
}

/// What is to be told of a call now: that it rings once, that it is over once (also where nobody
/// heard it ring), and then every change of what was told.
pub const fn event_of(told: Told, is_live: bool, has_changed: bool) -> Option<ReceiverEvent> {
    match (told, is_live) {
        (Told::Nothing, true) => Some(ReceiverEvent::Start),
        (Told::Nothing | Told::Start, false) => Some(ReceiverEvent::End),
        _ if has_changed => Some(ReceiverEvent::Changed),
        _ => None,
    }
}

/// What to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Insert or replace the entry.
    Put(Entry),
    /// Remove it: it was taken, or is too old to be kept.
    Remove(u64),
}

/// A delivery to send now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    /// The entry's number.
    pub id: u64,
    /// Its event.
    pub event: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// When it is sent.
    pub at: UnixMillis,
}

impl Send {
    /// Names and values of the headers that go with `body`; the signature among them.
    pub fn headers(&self, secret: &Secret, body: &str) -> Vec<(&'static str, String)> {
        let signed = generic::sign(secret, self.at.0 / 1000, body.as_bytes());
        vec![
            ("content-type", "application/json".to_owned()),
            ("ringlet-event", self.event.clone()),
            ("ringlet-delivery", self.id.to_string()),
            ("ringlet-attempt", self.attempt.to_string()),
            (generic::SIGNATURE_HEADER, signed),
        ]
    }
}

/// The deliveries of one receiver.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    entries: BTreeMap<u64, Entry>,
    changes: VecDeque<Change>,
    last_id: u64,
}

impl Outbox {
    /// The outbox whose stored entries these are. What was being sent when the last one ended is
    /// sent again once its time is up.
    pub fn rebuild(entries: impl IntoIterator<Item = Entry>) -> Self {
        let entries: BTreeMap<u64, Entry> =
            entries.into_iter().map(|entry| (entry.id, entry)).collect();
        Self {
            last_id: entries.last_key_value().map_or(0, |(id, _)| *id),
            entries,
            changes: VecDeque::new(),
        }
    }

    /// The process that sent what is on its way is no more: nobody will hear the outcome, so it is
    /// sent again at once.
    pub fn handle_restart(&mut self, now: UnixMillis) {
        let lost: Vec<Entry> = self
            .entries
            .values()
            .filter(|entry| matches!(entry.state, EntryState::Sending { .. }))
            .cloned()
            .collect();
        for entry in lost {
            self.put(Entry {
                state: EntryState::Waiting { at: now },
                ..entry
            });
        }
    }

    /// Adds a delivery and returns its number, with which the shell stores the body.
    pub fn add(&mut self, call: CallId, event: &str, now: UnixMillis) -> u64 {
        // Numbers of removed entries must not come again, not even after a restart: receivers tell
        // doubles by them. 1,024 a millisecond leave 53 bits for JavaScript until the year 2248.
        let id = (self.last_id + 1).max(now.0 << 10);
        self.last_id = id;
        self.put(Entry {
            id,
            call,
            event: event.to_owned(),
            added_at: now,
            attempts: 0,
            state: EntryState::Waiting { at: now },
        });
        let is_open = |entry: &&Entry| !matches!(entry.state, EntryState::Dead { .. });
        let may_be_full = self.entries.len() > ENTRIES_MAX;
        if may_be_full && self.entries.values().filter(is_open).count() > ENTRIES_MAX {
            let oldest = self.entries.values().find(is_open).cloned();
            if let Some(oldest) = oldest {
                self.give_up(oldest, now, "too many deliveries wait".to_owned());
            }
        }
        id
    }

    /// The next delivery to send, marked as on its way. Call until there is none.
    pub fn poll_send(&mut self, now: UnixMillis) -> Option<Send> {
        self.handle_timeout(now);
        let sending = |entry: &&Entry| matches!(entry.state, EntryState::Sending { .. });
        if self.entries.values().filter(sending).count() >= IN_FLIGHT_MAX {
            return None;
        }
        let mut entry = self.due(now)?.clone();
        entry.attempts += 1;
        entry.state = EntryState::Sending {
            until: now + ATTEMPT_TIME_MAX,
        };
        let send = Send {
            id: entry.id,
            event: entry.event.clone(),
            attempt: entry.attempts,
            at: now,
        };
        self.put(entry);
        Some(send)
    }

    /// What became of delivery `id`. Of one that is not on its way (told twice, or too late)
    /// nothing changes.
    pub fn handle_outcome(
        &mut self,
        id: u64,
        outcome: &Outcome,
        now: UnixMillis,
        entropy: &mut Entropy,
    ) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        if !matches!(entry.state, EntryState::Sending { .. }) {
            return;
        }
        let entry = entry.clone();
        match judge(outcome) {
            Verdict::Taken => {
                self.entries.remove(&id);
                self.changes.push_back(Change::Remove(id));
            }
            Verdict::Refused(why) => self.give_up(entry, now, why),
            Verdict::Again(why) if entry.attempts >= ATTEMPTS_MAX => {
                self.give_up(entry, now, why);
            }
            Verdict::Again(_) => {
                let pause = pause(entry.attempts, entropy);
                let asked = match outcome {
                    Outcome::Answered { retry_after, .. } => retry_after.unwrap_or_default(),
                    Outcome::Nothing { .. } | Outcome::Forbidden { .. } => Millis(0),
                };
                let at = now + pause.max(asked.min(PAUSE_MAX));
                self.put(Entry {
                    state: EntryState::Waiting { at },
                    ..entry
                });
            }
        }
    }

    /// Settles what is due: attempts nobody heard of again wait for the next, deliveries given up
    /// long ago are removed.
    pub fn handle_timeout(&mut self, now: UnixMillis) {
        let due: Vec<Entry> = self
            .entries
            .values()
            .filter(|entry| match &entry.state {
                EntryState::Sending { until } => *until <= now,
                EntryState::Dead { at, .. } => *at + DEAD_AGE_MAX <= now,
                EntryState::Waiting { .. } => false,
            })
            .cloned()
            .collect();
        for entry in due {
            match entry.state {
                EntryState::Dead { .. } => {
                    self.entries.remove(&entry.id);
                    self.changes.push_back(Change::Remove(entry.id));
                }
                _ if entry.attempts >= ATTEMPTS_MAX => {
                    self.give_up(entry, now, "no answer in time".to_owned());
                }
                _ => self.put(Entry {
                    state: EntryState::Waiting { at: now },
                    ..entry
                }),
            }
        }
    }

    /// When there is something to do next.
    pub fn poll_timeout(&self) -> Option<UnixMillis> {
        let mut blocked = BTreeSet::new();
        self.entries
            .values()
            .filter_map(|entry| match &entry.state {
                EntryState::Waiting { at } => blocked.insert(entry.call).then_some(*at),
                EntryState::Sending { until } => {
                    blocked.insert(entry.call);
                    Some(*until)
                }
                EntryState::Dead { at, .. } => Some(*at + DEAD_AGE_MAX),
            })
            .min()
    }

    /// Forgets what is to be told of these calls, wherever it stands: they are no more.
    pub fn forget(&mut self, calls: &[CallId]) {
        let of = |entry: &&Entry| calls.contains(&entry.call);
        let gone: Vec<u64> = self.entries.values().filter(of).map(|of| of.id).collect();
        for id in gone {
            self.entries.remove(&id);
            self.changes.push_back(Change::Remove(id));
        }
    }

    /// The next change to store.
    pub fn poll_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    /// Sends a delivery that was given up once more, with all attempts. Returns whether there is
    /// such.
    pub fn send_again(&mut self, id: u64, now: UnixMillis) -> bool {
        let dead = |entry: &&Entry| matches!(entry.state, EntryState::Dead { .. });
        let Some(entry) = self.entries.get(&id).filter(dead).cloned() else {
            return false;
        };
        self.put(Entry {
            attempts: 0,
            state: EntryState::Waiting { at: now },
            ..entry
        });
        true
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The oldest delivery that may go: nothing older of its call waits or is on its way.
    fn due(&self, now: UnixMillis) -> Option<&Entry> {
        let mut blocked = BTreeSet::new();
        self.entries.values().find(|entry| match &entry.state {
            EntryState::Dead { .. } => false,
            EntryState::Waiting { at } => blocked.insert(entry.call) && *at <= now,
            EntryState::Sending { .. } => {
                blocked.insert(entry.call);
                false
            }
        })
    }

    fn give_up(&mut self, entry: Entry, now: UnixMillis, why: String) {
        let why = why.chars().take(ANSWER_CHARS_MAX).collect();
        self.put(Entry {
            state: EntryState::Dead { at: now, why },
            ..entry
        });
        let is_dead = |entry: &&Entry| matches!(entry.state, EntryState::Dead { .. });
        let may_be_full = self.entries.len() > DEAD_MAX;
        if may_be_full && self.entries.values().filter(is_dead).count() > DEAD_MAX {
            let oldest = self.entries.values().find(is_dead).map(|entry| entry.id);
            if let Some(oldest) = oldest {
                self.entries.remove(&oldest);
                self.changes.push_back(Change::Remove(oldest));
            }
        }
    }

    fn put(&mut self, entry: Entry) {
        self.changes.push_back(Change::Put(entry.clone()));
        self.entries.insert(entry.id, entry);
    }
}

enum Verdict {
    Taken,
    Again(String),
    Refused(String),
}

/// 2xx took it. 4xx will never take it, but for those that speak of now (408, 425, 429) and 409,
/// which another attempt at the same time may cause. A redirection is refused: the address is to be
/// corrected.
fn judge(outcome: &Outcome) -> Verdict {
    match outcome {
        Outcome::Nothing { text } => Verdict::Again(format!("no answer: {text}")),
        Outcome::Forbidden { text } => Verdict::Refused(format!("not sent: {text}")),
        Outcome::Answered { status, text, .. } => {
            let why = format!("{status} {text}");
            match status {
                200..=299 => Verdict::Taken,
                408 | 409 | 425 | 429 | 500.. => Verdict::Again(why),
                _ => Verdict::Refused(why),
            }
        }
    }
}

/// 6 hours: the longest pause between two attempts.
const PAUSE_MAX: Millis = Millis::from_mins(6 * 60);

/// The pause after attempt number `attempts`: 10 s, doubled each time, at most six hours, a fifth
/// more or less so that receivers are not met by all at once.
pub fn pause(attempts: u32, entropy: &mut Entropy) -> Millis {
    let doubled = 10_000u64.saturating_mul(1 << attempts.saturating_sub(1).min(20));
    let pause = doubled.min(PAUSE_MAX.0);
    let spread = 0.8 + 0.4 * entropy.next_unit();
    Millis((pause as f64 * spread) as u64)
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
