//! The claims at a small scale, through the same engine as everything else.

use ringlet_core::delay::DelayCounts;
use ringlet_core::pool::Policy;
use ringlet_core::sizing::erlang_b;
use ringlet_core::time::Millis;
use ringlet_sim::bound::{Causal, Evidence, Hazards};
use ringlet_sim::drive::{Drive, Outcome};
use ringlet_sim::law::Law;
use ringlet_sim::replay;
use ringlet_sim::rules::{Rule, Way};
use ringlet_sim::teach::teach;
use ringlet_sim::workload::{DAY_MS, Workload};

fn rule(policy: Policy, ways: &'static [Way]) -> Rule {
    Rule {
        id: "rule",
        title: "rule",
        policy,
        taps: true,
        colouring: false,
        ways,
    }
}

fn run(rule: &Rule, numbers: usize, taught: Option<&DelayCounts>, history: &Workload) -> Outcome {
    Drive {
        rule,
        numbers,
        taught,
        from_ms: DAY_MS,
    }
    .run(history)
}

#[test]
fn blocking_is_erlangs() {
    // Nobody comes back, so that nobody asks twice: the formula's own case.
    let mut law = Law::base(30_000.0).flat();
    law.another_burst = 0.0;
    let history = Workload::draw(&law, 6, 21);
    let held_s: f64 = history
        .visits
        .iter()
        .map(|visit| (visit.closed_ms - visit.bursts[0].0) as f64 / 1e3 + 150.0)
        .sum();
    let load = held_s / (history.end_ms as f64 / 1e3);
    let roistat = rule(Policy::roistat(), &[Way::LastHolder]);
    for part in [0.6, 0.8, 0.95, 1.0] {
        let numbers = (load * part) as usize;
        let blocked = run(&roistat, numbers, None, &history).default_share();
        let formula = erlang_b(load, numbers as u32);
        assert!(
            (blocked - formula).abs() < 0.007,
            "{numbers} numbers under {load:.1} erlang: {blocked:.4}, by the formula {formula:.4}"
        );
    }
}

fn grows_with_numbers(rule: &Rule, history: &Workload) {
    let rights = [4, 12, 36, 108, 324]
        .map(|numbers| run(rule, numbers, None, history).tallies[0].right_share());
    for pair in rights.windows(2) {
        // Three hundred calls: noise of a point.
        assert!(pair[1] > pair[0] - 0.015, "{:?}: {rights:?}", rule.policy);
    }
}

#[test]
fn more_numbers_are_never_fewer_right_calls() {
    let history = Workload::draw(&Law::base(3_000.0), 5, 22);
    for policy in [
        Policy::ringlet(),
        Policy::roistat(),
        Policy::ringostat(),
        Policy::uis(),
        Policy::lptracker(),
        Policy::primegate(),
        Policy::fixed(Millis::from_mins(60)),
    ] {
        grows_with_numbers(&rule(policy, &[Way::MapTap]), &history);
    }
    let coloured = Rule {
        colouring: true,
        ..rule(Policy::ringlet(), &[Way::MapTapRegion])
    };
    grows_with_numbers(&coloured, &history);
}

#[test]
fn names_of_regions_do_not_matter() {
    let history = Workload::draw(&Law::base(3_000.0), 3, 23);
    let mut renamed = history.visits.clone();
    for visit in &mut renamed {
        visit.region = 19 - visit.region;
        if let Some(call) = &mut visit.call {
            call.region = 19 - call.region;
        }
    }
    let renamed = Workload::of_visits(renamed, history.end_ms);
    let coloured = Rule {
        colouring: true,
        ..rule(Policy::ringlet(), &[Way::MapTap, Way::MapTapRegion])
    };
    let [before, after] = [&history, &renamed].map(|history| run(&coloured, 30, None, history));
    assert_eq!(before, after);
}

#[test]
fn a_replay_equals_the_run_it_was_written_from() {
    let mut visits = Workload::draw(&Law::base(2_000.0), 3, 24).visits;
    let end_ms = 400 * DAY_MS;
    // A log tells taps and calls of the time it covers.
    visits.retain(|visit| visit.call.is_none_or(|call| call.at_ms < 5 * DAY_MS));
    let history = Workload::of_visits(visits, end_ms);
    let log = replay::read(&replay::write(&history, 1_750_000_000_000));
    assert_eq!(log.faults, []);
    assert_eq!(log.history.visits.len(), history.visits.len());
    for rule in Rule::quick() {
        let live = Drive {
            rule: &rule,
            numbers: 15,
            taught: None,
            from_ms: 0,
        };
        assert_eq!(live.run(&log.history), live.run(&history), "{}", rule.title);
    }
}

#[test]
fn the_headline_holds_at_a_third_of_the_scale() {
    // 3,000 visits a day and 30 numbers stand for 10,000 and 100.
    let law = Law::base(3_000.0);
    let history = Workload::draw(&law, 15, 25);
    let taught = teach(&Law::base(10_000.0), 300_000, 26);
    let ours = rule(Policy::ringlet(), &[Way::MapTap]);
    let ours = run(&ours, 30, Some(&taught), &history);
    let tally = &ours.tallies[0];
    let right = tally.right_share();
    assert!(right > 0.80, "ours {right}");
    assert_eq!(ours.defaults, 0);

    // Within reach of what no rule can pass.
    let hazards = Hazards::count(&Law::base(10_000.0), 300_000, 27, true);
    let evidence = Evidence {
        tap: true,
        region: false,
    };
    let bound = Causal::rank(&history, &law, &hazards, evidence, DAY_MS).right(30);
    assert!(
        right > bound - 0.03 && right < bound + 0.02,
        "ours {right}, bound {bound}"
    );

    // What is said comes true.
    let answers: u64 = tally.reliability.iter().map(|row| row.answers).sum();
    let said: f64 = tally.reliability.iter().map(|row| row.said).sum();
    let said = said / answers as f64;
    assert!((said - right).abs() < 0.03, "said {said}, right {right}");

    // The documented rules on the same history.
    for policy in [
        Policy::roistat(),
        Policy::uis(),
        Policy::fixed(Millis::from_mins(60)),
    ] {
        let theirs = rule(policy, &[Way::LastHolder]);
        let theirs = run(&theirs, 30, None, &history).tallies[0].right_share();
        assert!(theirs < right - 0.15, "{policy:?}: {theirs}, ours {right}");
    }
}

#[test]
fn a_table_taught_wrong_by_three_is_harmless() {
    let history = Workload::draw(&Law::base(3_000.0), 10, 28);
    let teach = |scale| teach(&Law::base(10_000.0).delays_scaled(scale), 200_000, 29);
    let ours = rule(Policy::ringlet(), &[Way::MapTap]);
    let right =
        |taught: &DelayCounts| run(&ours, 30, Some(taught), &history).tallies[0].right_share();
    let (well, ill) = (right(&teach(1.0)), right(&teach(3.0)));
    assert!(ill > well - 0.02, "well taught {well}, ill taught {ill}");
}
