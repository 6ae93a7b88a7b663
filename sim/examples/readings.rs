//! Which reading of the stated workload the design's own figures stand on.
//!
//! The text of the workload leaves open the shape of the day and whether the flash bursts are
//! among the visits of a day. This runs the documented rules under every reading and tells how far
//! their R lies from the published tables, in points, each cell weighed by its standard error. No
//! rule of this project is run: a reading is never chosen by what it does to our figures.
//!
//! `cargo run --release -p ringlet-sim --example readings [NAME…]`

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "a command's answer goes to standard output"
)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ringlet_sim::drive::Drive;
use ringlet_sim::law::{FlashCount, FlashVisits, Law};
use ringlet_sim::rules::Rule;
use ringlet_sim::workload::{DAY_MS, Workload};

/// A table of the design: visits a day, days that count, seeds, pool sizes, the standard error of
/// a cell (the middle of what is stated), and R in per cent by rule.
struct Table {
    name: &'static str,
    visits_per_day: f64,
    days: u64,
    seeds: u64,
    sizes: [usize; 6],
    error: f64,
    rows: [(&'static str, [f64; 6]); 6],
}

/// Every documented rule but "steal oldest", whose own figures do not agree with each other (see
/// docs/concepts/pools.md).
const TABLES: [Table; 3] = [
    Table {
        name: "S1",
        visits_per_day: 1_000.0,
        days: 90,
        seeds: 4,
        sizes: [2, 5, 10, 20, 40, 80],
        error: 0.75,
        rows: [
            ("fixed_15", [11.6, 29.6, 51.0, 80.7, 90.9, 93.4]),
            ("zadarma", [4.7, 11.2, 22.1, 37.5, 63.8, 91.2]),
            ("roistat", [11.8, 28.3, 51.5, 80.4, 91.0, 93.5]),
            ("uis", [12.5, 29.6, 51.6, 81.6, 91.0, 93.4]),
            ("lptracker", [35.1, 64.9, 81.1, 87.7, 91.2, 93.4]),
            ("primegate", [22.5, 50.5, 75.7, 87.5, 91.2, 93.4]),
        ],
    },
    Table {
        name: "S2",
        visits_per_day: 10_000.0,
        days: 14,
        seeds: 4,
        sizes: [10, 25, 50, 100, 200, 400],
        error: 0.65,
        rows: [
            ("fixed_15", [7.7, 17.6, 31.5, 55.6, 84.0, 89.9]),
            ("zadarma", [2.4, 6.2, 11.7, 21.4, 37.2, 64.4]),
            ("roistat", [7.4, 17.3, 31.1, 54.8, 84.3, 90.2]),
            ("uis", [7.7, 18.0, 32.3, 56.7, 85.0, 90.1]),
            ("lptracker", [19.2, 44.7, 71.7, 82.3, 87.2, 90.1]),
            ("primegate", [15.2, 32.9, 55.5, 80.8, 87.2, 90.1]),
        ],
    },
    Table {
        name: "S3",
        visits_per_day: 100_000.0,
        days: 2,
        seeds: 2,
        sizes: [50, 100, 250, 500, 1_000, 2_000],
        error: 0.55,
        rows: [
            ("fixed_15", [4.1, 7.8, 18.0, 31.5, 54.8, 83.3]),
            ("zadarma", [0.9, 1.9, 5.7, 11.6, 20.4, 37.1]),
            ("roistat", [3.6, 7.2, 17.0, 30.6, 54.8, 83.6]),
            ("uis", [4.0, 7.9, 17.3, 31.2, 55.4, 84.4]),
            ("lptracker", [7.3, 13.7, 35.3, 70.8, 81.8, 87.2]),
            ("primegate", [7.9, 14.4, 33.5, 57.8, 80.3, 87.2]),
        ],
    },
];

/// Shapes of a day whose busiest hour is about 1.8 times the mean (of the half wave twice).
fn profiles() -> Vec<(&'static str, [f64; 24])> {
    let by_hour = |of: fn(f64) -> f64| std::array::from_fn(|hour| of(hour as f64 + 0.5));
    vec![
        ("office", Law::base(1.0).profile),
        (
            "wave",
            by_hour(|hour| 1.0 - 0.8 * (hour * std::f64::consts::TAU / 24.0).cos()),
        ),
        // Nothing but a floor at night, half a wave over sixteen hours of day.
        (
            "halfwave",
            by_hour(|hour| {
                let day = ((hour - 6.0) / 16.0 * std::f64::consts::PI).sin();
                0.23 + 1.57
                    * if (6.0..22.0).contains(&hour) {
                        day
                    } else {
                        0.0
                    }
            }),
        ),
        // Busy for half of the day, quiet for the other.
        (
            "step",
            by_hour(|hour| {
                if (8.0..20.0).contains(&hour) {
                    1.8
                } else {
                    0.2
                }
            }),
        ),
    ]
}

fn readings() -> Vec<(String, Law)> {
    let mut readings = Vec::new();
    for (shape, profile) in profiles() {
        for (visits, flash_visits) in [
            ("on top", FlashVisits::OnTop),
            ("within", FlashVisits::Within),
        ] {
            for (count, flash_count) in [
                ("exactly four", FlashCount::Exactly),
                ("Poisson", FlashCount::OnAverage),
            ] {
                let law = Law {
                    profile,
                    flash_visits,
                    flash_count,
                    ..Law::base(1.0)
                };
                readings.push((format!("{shape}, {visits}, {count}"), law));
            }
        }
    }
    readings
}

/// Deviations of one table's cells under a reading, in points: rule by rule, size by size.
fn deviations(table: &Table, law: &Law) -> Vec<[f64; 6]> {
    let law = Law {
        visits_per_day: table.visits_per_day,
        ..law.clone()
    };
    let rules = Rule::quick();
    let mut sums = vec![[0.0; 6]; table.rows.len()];
    for seed in 1..=table.seeds {
        let history = Workload::draw(&law, 1 + table.days, seed);
        for (sum, (id, stated)) in sums.iter_mut().zip(&table.rows) {
            let Some(rule) = rules.iter().find(|rule| rule.id == *id) else {
                continue;
            };
            for ((sum, stated), numbers) in sum.iter_mut().zip(stated).zip(table.sizes) {
                let drive = Drive {
                    rule,
                    numbers,
                    taught: None,
                    from_ms: DAY_MS,
                };
                let right = drive.run(&history).tallies[0].right_share() * 100.0;
                *sum += (right - stated) / table.seeds as f64;
            }
        }
    }
    sums
}

fn root_mean_square(cells: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = cells.fold((0.0, 0.0), |(count, sum), cell| {
        (count + 1.0, sum + cell * cell)
    });
    (sum / f64::max(count, 1.0)).sqrt()
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let mut readings = readings();
    readings.retain(|(name, _)| wanted.is_empty() || wanted.iter().any(|of| name.contains(of)));
    let next = AtomicUsize::new(0);
    let out = Mutex::new(());
    println!("reading | in standard errors, all cells | in points: S1 | S2 | S3");
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some((name, law)) = readings.get(next.fetch_add(1, Ordering::Relaxed))
                    else {
                        return;
                    };
                    let found: Vec<_> = TABLES.iter().map(|of| (of, deviations(of, law))).collect();
                    let in_errors = found.iter().flat_map(|(table, rows)| {
                        rows.iter().flatten().map(|cell| cell / table.error)
                    });
                    let all = root_mean_square(in_errors);
                    let points: Vec<String> = found
                        .iter()
                        .map(|(_, rows)| {
                            format!("{:.2}", root_mean_square(rows.iter().flatten().copied()))
                        })
                        .collect();
                    let _one = out.lock();
                    println!("{name} | {all:.2} | {}", points.join(" | "));
                    for (table, rows) in &found {
                        for ((id, _), row) in table.rows.iter().zip(rows) {
                            let cells: Vec<String> =
                                row.iter().map(|cell| format!("{cell:+.1}")).collect();
                            println!("    {} {id}: {}", table.name, cells.join(" "));
                        }
                    }
                }
            });
        }
    });
}
