//! Runs rules and bounds over workloads, on all cores there are, and gathers the rows.
//!
//! Workloads come one after another (their histories are large), the rules of one in parallel.
//! Deterministic: the same seeds give the same rows whatever the number of threads.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ringlet_core::delay::DelayCounts;

use crate::bound::{Causal, Evidence, Hazards, clairvoyant};
use crate::drive::{Drive, Outcome};
use crate::law::Law;
use crate::report::{Name, REFERENCE_SIZE, Row, Section};
use crate::rules::{Rule, Way};
use crate::scenario::Scenario;
use crate::search::{Search, TARGETS};
use crate::teach::teach;
use crate::workload::{DAY_MS, Workload};

/// Visits of the independent sample that hazards are taught on.
pub const TAUGHT_VISITS: usize = 2_000_000;
/// The same for a quick answer: half as sure, which is still surer than two weeks of one seed.
pub const QUICK_TAUGHT_VISITS: usize = 500_000;
/// The seed of that sample: none of the workloads'.
pub const TAUGHT_SEED: u64 = 9_001;

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The workloads.
    pub scenarios: Vec<Scenario>,
    /// Seeds to average over; none takes each workload's own.
    pub seeds: Vec<u64>,
    /// The rules.
    pub rules: Vec<Rule>,
    /// Only these pool sizes, without the search for N; none takes each workload's own and
    /// searches.
    pub sizes: Vec<usize>,
    /// Visits to teach on.
    pub taught_visits: usize,
    /// Threads to use.
    pub threads: usize,
}

/// What is told of progress: a finished part of how many, and its name.
pub type Progress<'a> = &'a (dyn Fn(&str, usize, usize, &str) + Sync);

/// Runs `plan`.
pub fn run(plan: &Plan, progress: Progress<'_>) -> Vec<Section> {
    let mut taught: HashMap<String, DelayCounts> = HashMap::new();
    let sections = plan.scenarios.iter().map(|scenario| {
        let visits = plan.taught_visits;
        let counts = taught
            .entry(format!("{:?}", teaching_law(&scenario.taught)))
            .or_insert_with_key(|_| {
                progress(scenario.id, 0, 1, "teaching");
                teach(&teaching_law(&scenario.taught), visits, TAUGHT_SEED)
            });
        section(plan, scenario, counts, progress)
    });
    sections.collect()
}

/// The law a table is taught on: rates do not depend on how busy the site is.
fn teaching_law(law: &Law) -> Law {
    Law {
        visits_per_day: 10_000.0,
        ..law.clone()
    }
}

/// A part of a section that runs by itself.
enum Job<'a> {
    Rule(&'a Rule),
    Causal(bool),
    Clairvoyant,
}

fn section(
    plan: &Plan,
    scenario: &Scenario,
    taught: &DelayCounts,
    progress: Progress<'_>,
) -> Section {
    let seeds = if plan.seeds.is_empty() {
        vec![scenario.seed]
    } else {
        plan.seeds.clone()
    };
    let histories: Vec<Workload> = seeds.iter().map(|seed| scenario.history(*seed)).collect();
    let mut jobs: Vec<Job<'_>> = plan.rules.iter().map(Job::Rule).collect();
    jobs.extend([Job::Causal(false), Job::Causal(true), Job::Clairvoyant]);
    let rows = in_parallel(plan.threads, jobs.len(), |place| {
        let rows = match &jobs[place] {
            Job::Rule(rule) => rule_rows(plan, scenario, rule, &histories, taught),
            Job::Causal(tap) => causal_rows(plan, scenario, *tap, &histories),
            Job::Clairvoyant => vec![clairvoyant_row(plan, scenario, &histories)],
        };
        let name = rows.first().map_or("", |row| row.name.title.as_str());
        progress(scenario.id, place + 1, jobs.len(), name);
        rows
    });
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    let title = format!(
        "{} (seed {}, {} days after {} of warm-up)",
        scenario.title,
        seeds.join(", "),
        scenario.days,
        scenario.warm_days
    );
    Section {
        id: scenario.id.to_owned(),
        title,
        sizes: sizes(plan, scenario),
        rows: rows.into_iter().flatten().collect(),
    }
}

/// The pool sizes of a workload's table, the reference size among them.
fn sizes(plan: &Plan, scenario: &Scenario) -> Vec<usize> {
    let mut sizes = if plan.sizes.is_empty() {
        scenario.sizes.to_vec()
    } else {
        plan.sizes.clone()
    };
    sizes.push(REFERENCE_SIZE);
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

fn rule_rows(
    plan: &Plan,
    scenario: &Scenario,
    rule: &Rule,
    histories: &[Workload],
    taught: &DelayCounts,
) -> Vec<Row> {
    let from_ms = scenario.warm_days * DAY_MS;
    let mut search = Search::new(scenario.most, |numbers| {
        let mut sum = Outcome::default();
        for history in histories {
            let drive = Drive {
                rule,
                numbers,
                taught: Some(taught),
                from_ms,
            };
            sum.add(&drive.run(history));
        }
        sum
    });
    for size in sizes(plan, scenario) {
        search.at(size);
    }
    let searched = plan.sizes.is_empty();
    let ways = rule.ways.iter().enumerate();
    ways.map(|(place, way)| {
        let share = move |outcome: &Outcome| outcome.tallies[place].right_share();
        let n = TARGETS.map(|target| {
            let wanted = f64::from(target) / 100.0;
            searched.then(|| search.numbers(wanted, share)).flatten()
        });
        let reference = search.at(REFERENCE_SIZE).clone();
        Row {
            workload: scenario.id.to_owned(),
            name: rule.name(*way),
            n,
            most: scenario.most,
            r: search
                .seen()
                .map(|(numbers, outcome)| (numbers, share(outcome)))
                .collect(),
            at_reference: Some(reference.tallies[place].clone()),
            default_share: Some(reference.default_share()),
        }
    })
    .collect()
}

fn bound_row(scenario: &Scenario, attribution: &str, title: &str) -> Row {
    Row {
        workload: scenario.id.to_owned(),
        name: Name {
            policy: "bound".to_owned(),
            attribution: attribution.to_owned(),
            title: title.to_owned(),
        },
        n: [None; TARGETS.len()],
        most: scenario.most,
        r: Vec::new(),
        at_reference: None,
        default_share: None,
    }
}

/// A pool size for every fortieth part of the logarithmic axis, and the table's.
fn bound_sizes(plan: &Plan, scenario: &Scenario) -> Vec<usize> {
    let most = scenario.most as f64;
    let mut sizes: Vec<usize> = (0..=40)
        .map(|step| most.powf(f64::from(step) / 40.0).round() as usize)
        .collect();
    sizes.extend(self::sizes(plan, scenario));
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

fn causal_rows(plan: &Plan, scenario: &Scenario, tap: bool, histories: &[Workload]) -> Vec<Row> {
    let visits = plan.taught_visits;
    let hazards = Hazards::count(&teaching_law(&scenario.law), visits, TAUGHT_SEED + 1, tap);
    let regions: &[bool] = if tap { &[false, true] } else { &[false] };
    regions
        .iter()
        .map(|region| {
            let evidence = Evidence {
                tap,
                region: *region,
            };
            let from_ms = scenario.warm_days * DAY_MS;
            let rank = |history| Causal::rank(history, &scenario.law, &hazards, evidence, from_ms);
            let bound = Causal::joined(histories.iter().map(rank));
            let (way, title) = match (tap, region) {
                (false, _) => (Way::Map, "causal bound: number + time"),
                (true, false) => (Way::MapTap, "causal bound: + tap"),
                (true, true) => (Way::MapTapRegion, "causal bound: + tap + region"),
            };
            let mut row = bound_row(scenario, way.id(), title);
            row.n = TARGETS.map(|target| bound.numbers(f64::from(target) / 100.0, scenario.most));
            row.r = bound_sizes(plan, scenario)
                .into_iter()
                .map(|n| (n, bound.right(n)))
                .collect();
            row
        })
        .collect()
}

fn clairvoyant_row(plan: &Plan, scenario: &Scenario, histories: &[Workload]) -> Row {
    let from_ms = scenario.warm_days * DAY_MS;
    let right = |numbers| {
        let sum: f64 = histories
            .iter()
            .map(|history| clairvoyant(history, numbers, from_ms))
            .sum();
        sum / histories.len().max(1) as f64
    };
    let mut row = bound_row(scenario, "clairvoyant", "clairvoyant (interval colouring)");
    row.n = TARGETS.map(|target| (1..=64).find(|n| right(*n) >= f64::from(target) / 100.0));
    row.r = sizes(plan, scenario)
        .into_iter()
        .map(|numbers| (numbers, right(numbers)))
        .collect();
    row
}

/// `work` for every place below `count`, on `threads` threads; results in order.
fn in_parallel<T: Send>(threads: usize, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(count));
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, count.max(1)) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= count {
                        break;
                    }
                    // The longest jobs stand last in the list of rules: begin with them.
                    let place = count - 1 - place;
                    let result = work(place);
                    if let Ok(mut done) = done.lock() {
                        done.push((place, result));
                    }
                }
            });
        }
    });
    let mut done = done
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_whatever_the_threads() {
        for threads in [1, 2, 7] {
            let squares = in_parallel(threads, 20, |place| place * place);
            assert_eq!(
                squares,
                (0..20).map(|place| place * place).collect::<Vec<_>>()
            );
        }
    }
}
