//! Measures the pool's hot paths and prints one line of JSON.
//!
//! `cargo run --release -p ringlet-core --example bench` prints
//! `{"acquire_us_10k":…,"acquire_us_1k":…,"acquire_coloured_us_10k":…,…,"beat_ns_10k":…}`: the mean
//! time of a grant (with the leave of an earlier visitor, and all that time changes in between), of
//! the same in a pool coloured by twenty regions, and of a sign of activity.
//! The same loads run in WebAssembly through `bench_wasm`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program that measures time natively"
)]

mod load;

use load::Load;
use ringlet_core::pool::Colouring;
use std::time::Instant;

/// Mean seconds per operation of the best of four hundred short runs: other work on the machine
/// only adds, and a short run fits between its turns.
fn best(count: u64, mut run: impl FnMut(u64) -> u64) -> f64 {
    (0..400)
        .map(|_| {
            let began = Instant::now();
            let done = run(count);
            assert!(done > count / 2, "the load was refused: {done} of {count}");
            began.elapsed().as_secs_f64() / count as f64
        })
        .fold(f64::INFINITY, f64::min)
}

fn main() {
    let mut large = Load::new(10_000);
    let acquire_10k = best(100, |count| large.acquire(count));
    let mut small = Load::new(1_000);
    let acquire_1k = best(100, |count| small.acquire(count));
    let mut large_coloured = Load::of(10_000, Colouring::On);
    let coloured_10k = best(100, |count| large_coloured.acquire(count));
    let mut small_coloured = Load::of(1_000, Colouring::On);
    let coloured_1k = best(100, |count| small_coloured.acquire(count));
    large.fill();
    let beat_10k = best(2_000, |count| large.beat(count));
    println!(
        "{{\"acquire_us_10k\":{:.3},\"acquire_us_1k\":{:.3},\"acquire_coloured_us_10k\":{:.3},\
         \"acquire_coloured_us_1k\":{:.3},\"beat_ns_10k\":{:.1}}}",
        acquire_10k * 1e6,
        acquire_1k * 1e6,
        coloured_10k * 1e6,
        coloured_1k * 1e6,
        beat_10k * 1e9
    );
}
