//! The agent's visit: when to ask, when to say that the visitor is active, idle or gone, and when a
//! number may no longer be shown.
//!
//! What it is: one pure step from what all tabs of a visitor know, an event and the time to what
//! they know next, the one message to send and the instant to wake up at. What it is not: timers,
//! storage, the network, the numbers themselves (the loader has those), and the pool's decision
//! whose a number is (the edge has that).
//!
//! The protocol is edge-triggered: one message when activity begins, one when it ends (idle, page
//! hidden, page left) and a sparse keep-alive between. So an ordinary page costs two messages
//! however long it is read.
//!
//! Invariants: an instant of [`Shared`] never lies in the future of the step that returned it (a
//! clock set back cannot freeze a visit); a visible tab that is waiting always has a wake-up;
//! [`Step::withdraw`] is set once for each number that outlived its hold.

use crate::time::{Millis, UnixMillis};

/// A visit ends after this long without activity: the half hour of web analytics.
pub const VISIT_MS: Millis = Millis::from_mins(30);
/// First pause after a failed request; doubled with each failure. Short, for most failures are one
/// lost connection, and until then the visitor reads the page's own number.
pub const RETRY_MS_MIN: Millis = Millis::from_secs(2);
/// Longest pause after failed requests.
pub const RETRY_MS_MAX: Millis = Millis::from_mins(10);
/// An answer that did not come for this long is taken for lost: its tab was closed, or its machine
/// slept.
pub const LOST_MS: Millis = Millis::from_secs(30);
/// A visible tab that showed no life for this long is not counted as open: it crashed, or its
/// machine sleeps. Longer than two keep-alives at their default.
pub const TAB_MS: Millis = Millis::from_mins(3);

/// The times the edge planned for the numbers of this visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How long a number stays the visitor's after the last sign of life.
    pub hold_ms: Millis,
    /// Pause between keep-alives while activity lasts.
    pub beat_ms: Millis,
    /// Silence after which the visitor counts as idle.
    pub idle_ms: Millis,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            hold_ms: Millis(150_000),
            beat_ms: Millis(60_000),
            idle_ms: Millis(60_000),
        }
    }
}

impl Plan {
    /// A plan from an answer's fields; zero stands for a field that was not there.
    pub fn new(hold_ms: Millis, beat_ms: Millis, idle_ms: Millis) -> Self {
        let or = |given: Millis, default: Millis| if given.0 == 0 { default } else { given };
        let default = Self::default();
        Self {
            hold_ms: or(hold_ms, default.hold_ms),
            beat_ms: or(beat_ms, default.beat_ms),
            idle_ms: or(idle_ms, default.idle_ms),
        }
    }
}

/// Where the visit stands, as the edge was last told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// No answer yet, or none that still holds.
    #[default]
    Asking,
    /// The visitor is there and the numbers are his.
    Active,
    /// Nobody moves or looks: the numbers may go to others.
    Idle,
    /// The last page was left: the hold runs.
    Away,
}

/// What all tabs of one visitor know together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// Where the visit stands.
    pub phase: Phase,
    /// The visitor's last activity in any tab.
    pub active_at: UnixMillis,
    /// When the edge was last sent anything.
    pub sent_at: UnixMillis,
    /// When the edge last said whose the numbers are; zero before it ever did.
    pub confirmed_at: UnixMillis,
    /// No request before this instant, after a failure.
    pub retry_at: UnixMillis,
    /// Failures since the last answer.
    pub failures: u32,
}

/// Other tabs of the same visitor: when the youngest sign of life was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// By a tab that was visible then.
    pub visible_at: Option<UnixMillis>,
    /// By a tab that was hidden then.
    pub hidden_at: Option<UnixMillis>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The agent runs on this page and a target is there; what is shared may be remembered from an
    /// earlier page.
    Start,
    /// The edge answered a request that asks for numbers.
    Answer,
    /// A request that asks for numbers failed; the edge may have said when to come back.
    Failure {
        /// No sooner than after this time; zero if nothing was said.
        retry_after_ms: Millis,
    },
    /// The visitor moved, typed, touched, scrolled.
    Activity,
    /// The page became visible.
    Show,
    /// The page became hidden.
    Hide,
    /// The page is being left.
    Leave,
    /// The page came back from the back/forward cache.
    Return,
    /// The wake-up came, or another tab changed what is shared.
    Wake,
}

/// What to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The visit request: asks for numbers.
    Visit,
    /// Activity began again: asks for numbers.
    Active,
    /// Still active: asks for numbers.
    Keep,
    /// Idle or hidden.
    Idle,
    /// Gone.
    Leave,
}

/// What follows from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What all tabs know now.
    pub shared: Shared,
    /// The message to send now.
    pub send: Option<Message>,
    /// Take the numbers off the page: they may be another's.
    pub withdraw: bool,
    /// When to come back with [`Event::Wake`] at the latest.
    pub wake_at: Option<UnixMillis>,
}

/// Takes one step. `visible` tells whether this tab is visible now.
pub fn step(
    shared: Shared,
    plan: Plan,
    others: Others,
    event: Event,
    visible: bool,
    now: UnixMillis,
) -> Step {
    let known = not_after(shared, now);
    let mut next = Next {
        shared: known,
        plan,
        send: None,
        withdraw: false,
        now,
    };
    match event {
        Event::Start | Event::Return => next.begin(shared),
        Event::Answer => next.answered(),
        Event::Failure { retry_after_ms } => next.failed(retry_after_ms),
        Event::Activity | Event::Show => next.active(),
        Event::Hide => next.rest(others),
        Event::Leave => next.leave(others),
        Event::Wake => next.wake(visible),
    }
    Step {
        wake_at: next.wake_at(visible),
        shared: next.shared,
        send: next.send,
        withdraw: next.withdraw,
    }
}

/// Whether numbers remembered since `shared` may be shown before the edge answers.
pub fn is_fresh(shared: Shared, plan: Plan, now: UnixMillis) -> bool {
    let last = shared.active_at.max(shared.confirmed_at);
    // A time in the future means a changed clock: the age is unknown.
    shared.confirmed_at.0 > 0 && last <= now && now.since(last) <= plan.hold_ms
}

/// A clock that was set back must not freeze the visit: what lies in the future happened now.
fn not_after(shared: Shared, now: UnixMillis) -> Shared {
    Shared {
        active_at: shared.active_at.min(now),
        sent_at: shared.sent_at.min(now),
        confirmed_at: shared.confirmed_at.min(now),
        retry_at: shared.retry_at.min(now + RETRY_MS_MAX),
        ..shared
    }
}

struct Next {
    shared: Shared,
    plan: Plan,
    send: Option<Message>,
    withdraw: bool,
    now: UnixMillis,
}

impl Next {
    fn begin(&mut self, remembered: Shared) {
        if !is_fresh(remembered, self.plan, self.now) {
            self.withdraw = remembered.confirmed_at.0 > 0;
            self.shared.confirmed_at = UnixMillis(0);
        }
        self.shared.phase = Phase::Asking;
        self.shared.active_at = self.now;
        self.shared.retry_at = UnixMillis(0);
        self.shared.failures = 0;
        self.tell(Message::Visit);
    }

    fn answered(&mut self) {
        self.shared.confirmed_at = self.now;
        self.shared.retry_at = UnixMillis(0);
        self.shared.failures = 0;
        // An answer that arrives after the visitor went away does not bring him back.
        if self.shared.phase == Phase::Asking {
            self.shared.phase = Phase::Active;
        }
    }

    fn failed(&mut self, retry_after_ms: Millis) {
        let doubled = RETRY_MS_MIN.0 << self.shared.failures.min(9);
        let pause = doubled.max(retry_after_ms.0).min(RETRY_MS_MAX.0);
        self.shared.failures = self.shared.failures.saturating_add(1);
        self.shared.retry_at = self.now + Millis(pause);
        self.drop_outlived();
    }

    fn active(&mut self) {
        self.shared.active_at = self.now;
        self.drop_outlived();
        match self.shared.phase {
            Phase::Asking => self.retry(),
            Phase::Idle | Phase::Away => {
                self.shared.phase = Phase::Active;
                self.tell(Message::Active);
            }
            Phase::Active => self.keep(),
        }
    }

    /// Hidden: nobody looks at the number any more, unless another tab is visible.
    fn rest(&mut self, others: Others) {
        if self.shared.phase == Phase::Active && !self.is_open(others.visible_at) {
            self.shared.phase = Phase::Idle;
            self.tell(Message::Idle);
        }
    }

    fn leave(&mut self, others: Others) {
        if self.is_open(others.visible_at) || self.shared.phase == Phase::Away {
            return;
        }
        // A hidden tab may sleep for hours and still be there.
        let hidden = others
            .hidden_at
            .is_some_and(|at| self.now.since(at) <= VISIT_MS);
        if hidden {
            return self.rest(Others::default());
        }
        self.shared.phase = Phase::Away;
        self.tell(Message::Leave);
    }

    fn wake(&mut self, visible: bool) {
        match self.shared.phase {
            Phase::Asking if visible && !self.is_idle() => self.retry(),
            Phase::Active if self.is_idle() => {
                self.shared.phase = Phase::Idle;
                self.tell(Message::Idle);
            }
            // Without a failure the next activity tells as much.
            Phase::Active if self.shared.failures > 0 => self.keep(),
            // Another tab said farewell while this one is looked at.
            Phase::Away if visible && self.is_idle() => {
                self.shared.phase = Phase::Idle;
                self.tell(Message::Idle);
            }
            Phase::Away if visible => {
                self.shared.phase = Phase::Active;
                self.tell(Message::Active);
            }
            Phase::Asking | Phase::Active | Phase::Idle | Phase::Away => {}
        }
        self.drop_outlived();
    }

    /// A keep-alive when one is due, or when the last message did not arrive.
    fn keep(&mut self) {
        let shared = self.shared;
        let due = shared.sent_at + self.plan.beat_ms;
        if self.now
            >= if shared.failures > 0 {
                shared.retry_at
            } else {
                due
            }
        {
            self.tell(Message::Keep);
        }
    }

    fn retry(&mut self) {
        if self.now >= ask_at(self.shared) {
            self.tell(Message::Visit);
        }
    }

    /// A number that nobody confirmed for longer than its hold may be another's. Someone who sits
    /// still keeps what he sees: he may be dialling, and the history tells whose number it was.
    fn drop_outlived(&mut self) {
        let shared = &mut self.shared;
        let outlived = shared.confirmed_at.0 > 0
            && shared.failures > 0
            && matches!(shared.phase, Phase::Asking | Phase::Active)
            && self.now.since(shared.confirmed_at) > self.plan.hold_ms;
        if outlived {
            shared.confirmed_at = UnixMillis(0);
            shared.phase = Phase::Asking;
            self.withdraw = true;
        }
    }

    fn is_idle(&self) -> bool {
        self.now.since(self.shared.active_at) >= self.plan.idle_ms
    }

    fn tell(&mut self, message: Message) {
        self.shared.sent_at = self.now;
        // What is asked again after a failure is not asked a third time before its answer.
        if self.shared.failures > 0 {
            self.shared.retry_at = self.shared.retry_at.max(self.now + LOST_MS);
        }
        self.send = Some(message);
    }

    fn is_open(&self, seen_at: Option<UnixMillis>) -> bool {
        seen_at.is_some_and(|at| self.now.since(at) <= TAB_MS)
    }

    fn wake_at(&self, visible: bool) -> Option<UnixMillis> {
        let shared = &self.shared;
        let idle_at = shared.active_at + self.plan.idle_ms;
        let at = match shared.phase {
            Phase::Active if shared.failures > 0 => shared.retry_at.min(idle_at),
            Phase::Active => idle_at,
            // Nobody is there to see the number: activity will ask again.
            Phase::Asking if visible && ask_at(*shared) < idle_at => ask_at(*shared),
            Phase::Asking | Phase::Idle | Phase::Away => return None,
        };
        Some(at.max(self.now))
    }
}

/// When the visit request may be repeated: after a failure as agreed, else when the answer must be
/// taken for lost.
fn ask_at(shared: Shared) -> UnixMillis {
    if shared.failures > 0 {
        shared.retry_at
    } else {
        shared.sent_at + LOST_MS
    }
}

#[cfg(test)]
mod tests;
