use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

const START_MS: u64 = 1_700_000_000_000;

/// One tab and the clock, as the loader drives them.
struct Tab {
    shared: Shared,
    others: Others,
    visible: bool,
    /// Whatever asks for numbers fails.
    is_edge_down: bool,
    now: u64,
    log: String,
}

impl Tab {
    fn new() -> Self {
        Self {
            shared: Shared::default(),
            others: Others::default(),
            visible: true,
            is_edge_down: false,
            now: START_MS,
            log: String::new(),
        }
    }

    fn input(&mut self, event: Event) -> Step {
        let plan = Plan::default();
        let now = UnixMillis(self.now);
        let step = step(self.shared, plan, self.others, event, self.visible, now);
        self.shared = step.shared;
        let seconds = self.now.saturating_sub(START_MS) / 1000;
        if let Some(message) = step.send {
            self.log.push_str(&format!("{seconds} s: {message:?}\n"));
        }
        if step.withdraw {
            self.log.push_str(&format!("{seconds} s: withdraw\n"));
        }
        let asks = matches!(
            step.send,
            Some(Message::Visit | Message::Active | Message::Keep)
        );
        if asks && self.is_edge_down {
            return self.input(Event::Failure {
                retry_after_ms: Millis(0),
            });
        }
        step
    }

    /// Lets `seconds` pass, waking up when the step said so.
    fn pass(&mut self, seconds: u64) {
        let end = self.now + seconds * 1000;
        loop {
            let idle = step(
                self.shared,
                Plan::default(),
                self.others,
                Event::Wake,
                self.visible,
                UnixMillis(self.now),
            );
            match idle.wake_at {
                Some(at) if at.0 <= end => {
                    self.now = at.0.max(self.now + 1);
                    self.input(Event::Wake);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    fn check(&self, expect: Expect) {
        expect.assert_eq(&self.log);
    }
}

#[test]
fn an_ordinary_visit_takes_three_messages() {
    let mut tab = Tab::new();
    tab.input(Event::Start);
    tab.input(Event::Answer);
    for _ in 0..5 {
        tab.pass(8);
        tab.input(Event::Activity);
    }
    tab.pass(300);
    tab.input(Event::Leave);
    tab.check(expect![[r#"
        0 s: Visit
        100 s: Idle
        340 s: Leave
    "#]]);
}

#[test]
fn activity_after_idleness_is_told_at_once_and_lasting_activity_sparsely() {
    let mut tab = Tab::new();
    tab.input(Event::Start);
    tab.input(Event::Answer);
    tab.pass(90);
    tab.input(Event::Activity);
    tab.input(Event::Answer);
    for _ in 0..30 {
        tab.pass(5);
        tab.input(Event::Activity);
    }
    tab.check(expect![[r#"
        0 s: Visit
        60 s: Idle
        90 s: Active
        150 s: Keep
        210 s: Keep
    "#]]);
}

#[test]
fn a_hidden_page_is_idle_unless_another_tab_is_looked_at() {
    let mut tab = Tab::new();
    tab.input(Event::Start);
    tab.input(Event::Answer);
    tab.others.visible_at = Some(UnixMillis(tab.now));
    tab.input(Event::Hide);
    tab.input(Event::Leave);
    tab.check(expect![[r#"
        0 s: Visit
    "#]]);
    tab.others = Others {
        visible_at: None,
        hidden_at: Some(UnixMillis(tab.now)),
    };
    tab.input(Event::Leave);
    tab.others = Others::default();
    tab.input(Event::Leave);
    tab.input(Event::Show);
    tab.check(expect![[r#"
        0 s: Visit
        0 s: Idle
        0 s: Leave
        0 s: Active
    "#]]);
}

#[test]
fn a_tab_that_stays_contradicts_the_farewell_of_another() {
    let mut tab = Tab::new();
    tab.input(Event::Start);
    tab.input(Event::Answer);
    tab.shared.phase = Phase::Away;
    tab.input(Event::Wake);
    tab.shared.phase = Phase::Away;
    tab.now += 70_000;
    tab.input(Event::Wake);
    tab.check(expect![[r#"
        0 s: Visit
        0 s: Active
        70 s: Idle
    "#]]);
}

#[test]
fn failures_are_retried_ever_later_and_only_for_somebody_who_is_there() {
    let mut tab = Tab::new();
    tab.is_edge_down = true;
    tab.input(Event::Start);
    for _ in 0..60 {
        tab.pass(20);
        tab.input(Event::Activity);
    }
    // Nobody moves any more: nobody is asked for.
    tab.pass(36_000);
    tab.check(expect![[r#"
        0 s: Visit
        2 s: Visit
        6 s: Visit
        14 s: Visit
        30 s: Visit
        62 s: Visit
        126 s: Visit
        254 s: Visit
        510 s: Visit
        1022 s: Visit
    "#]]);
}

#[test]
fn what_is_asked_again_is_not_asked_a_third_time_before_its_answer() {
    let mut tab = Tab::new();
    tab.input(Event::Start);
    tab.input(Event::Failure {
        retry_after_ms: Millis(0),
    });
    tab.pass(20);
    tab.input(Event::Activity);
    // The answer takes its time: nothing is sent meanwhile.
    tab.pass(5);
    tab.input(Event::Activity);
    tab.pass(5);
    tab.check(expect![[r#"
        0 s: Visit
        2 s: Visit
    "#]]);
}

#[test]
fn a_number_that_nobody_confirms_is_withdrawn_after_its_hold() {
    let mut tab = Tab::new();
    tab.input(Event::Start);
    tab.input(Event::Answer);
    tab.is_edge_down = true;
    for _ in 0..30 {
        tab.pass(10);
        tab.input(Event::Activity);
    }
    tab.check(expect![[r#"
        0 s: Visit
        60 s: Keep
        62 s: Keep
        66 s: Keep
        74 s: Keep
        90 s: Keep
        122 s: Keep
        160 s: withdraw
        186 s: Visit
    "#]]);
}

#[test]
fn remembered_numbers_are_shown_within_their_hold_only() {
    let plan = Plan::default();
    let shared = Shared {
        phase: Phase::Away,
        active_at: UnixMillis(START_MS),
        confirmed_at: UnixMillis(START_MS),
        ..Shared::default()
    };
    let fresh = |at: u64| is_fresh(shared, plan, UnixMillis(at));
    assert!(fresh(START_MS));
    assert!(fresh(START_MS + 150_000));
    assert!(!fresh(START_MS + 150_001));
    // The clock was set back: nobody knows how old the number is.
    assert!(!fresh(START_MS - 1));
    assert!(!is_fresh(Shared::default(), plan, UnixMillis(START_MS)));
}

#[test]
fn coming_back_after_the_hold_withdraws_and_asks() {
    let mut tab = Tab::new();
    tab.input(Event::Start);
    tab.input(Event::Answer);
    tab.input(Event::Leave);
    tab.now += 100_000;
    tab.input(Event::Return);
    tab.input(Event::Answer);
    tab.input(Event::Leave);
    tab.now += 3_600_000;
    tab.input(Event::Return);
    tab.check(expect![[r#"
        0 s: Visit
        0 s: Leave
        100 s: Visit
        100 s: Leave
        3700 s: Visit
        3700 s: withdraw
    "#]]);
}

fn events() -> impl Strategy<Value = Vec<(Event, u64, bool)>> {
    let event = prop_oneof![
        Just(Event::Answer),
        (0u64..1_000_000).prop_map(|ms| Event::Failure {
            retry_after_ms: Millis(ms)
        }),
        Just(Event::Activity),
        Just(Event::Show),
        Just(Event::Hide),
        Just(Event::Leave),
        Just(Event::Return),
        Just(Event::Wake),
    ];
    let pause = prop_oneof![0u64..2_000, 0u64..400_000, 0u64..100_000_000];
    proptest::collection::vec((event, pause, any::<bool>()), 1..60)
}

proptest! {
    /// Whatever happens and however the clock jumps: nothing lies in the future, wake-ups are
    /// ahead, and a row of messages never tells the same thing twice.
    #[test]
    fn every_history_keeps_the_invariants(events in events(), back: bool) {
        let mut tab = Tab::new();
        tab.input(Event::Start);
        let mut last = Some(Message::Visit);
        for (event, pause, visible) in events {
            let goes_back = back && pause % 7 == 0;
            let passed = tab.now + pause;
            tab.now = if goes_back { tab.now.saturating_sub(pause) } else { passed };
            tab.visible = visible;
            let step = tab.input(event);
            let now = UnixMillis(tab.now);
            prop_assert!(step.shared.active_at <= now);
            prop_assert!(step.shared.sent_at <= now);
            prop_assert!(step.shared.confirmed_at <= now);
            prop_assert!(step.wake_at.is_none_or(|at| at >= now));
            if let Some(message) = step.send {
                let ends = matches!(message, Message::Idle | Message::Leave);
                let again = ends && last == Some(message);
                prop_assert!(!again, "{message:?} twice");
                last = Some(message);
            }
            if step.withdraw {
                prop_assert_eq!(step.shared.phase, Phase::Asking);
            }
        }
    }

    /// While the visitor is active and the edge answers, his number is never silent for longer than
    /// a keep-alive's pause and never withdrawn.
    #[test]
    fn an_active_visitor_is_never_silent(
        pauses in proptest::collection::vec(1u64..20_000, 1..200),
    ) {
        let mut tab = Tab::new();
        tab.input(Event::Start);
        tab.input(Event::Answer);
        for pause in pauses {
            tab.now += pause;
            let step = tab.input(Event::Activity);
            prop_assert!(!step.withdraw);
            if step.send.is_some() {
                tab.input(Event::Answer);
            }
            prop_assert_eq!(tab.shared.phase, Phase::Active);
            let silent = tab.now - tab.shared.sent_at.0;
            prop_assert!(silent < Plan::default().beat_ms.0);
        }
    }
}
