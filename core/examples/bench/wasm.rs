//! The same loads for WebAssembly: the host measures the time.
//!
//! `cargo xtask bench` builds it as it builds the Worker. Exports: `load(numbers)` or
//! `load_coloured(numbers)`, then `acquire(count)`; `fill()`, then `beat(count)`. Each of the
//! latter returns how many were served.

mod load;

use load::Load;
use ringlet_core::pool::Colouring;
use std::cell::RefCell;

thread_local! {
    static LOAD: RefCell<Option<Load>> = const { RefCell::new(None) };
}

fn with(run: impl FnOnce(&mut Load) -> u64) -> u32 {
    LOAD.with_borrow_mut(|load| load.as_mut().map_or(0, run) as u32)
}

/// Makes a pool of `numbers` in the middle of its life.
#[unsafe(no_mangle)]
pub extern "C" fn load(numbers: u32) {
    LOAD.with_borrow_mut(|load| *load = Some(Load::new(u64::from(numbers))));
}

/// The same, its numbers coloured by twenty regions.
#[unsafe(no_mangle)]
pub extern "C" fn load_coloured(numbers: u32) {
    LOAD.with_borrow_mut(|load| *load = Some(Load::of(u64::from(numbers), Colouring::On)));
}

/// `count` newcomers get numbers.
#[unsafe(no_mangle)]
pub extern "C" fn acquire(count: u32) -> u32 {
    with(|load| load.acquire(u64::from(count)))
}

/// Fills the pool with active visitors.
#[unsafe(no_mangle)]
pub extern "C" fn fill() {
    let _ = with(|load| {
        load.fill();
        0
    });
}

/// `count` signs of activity.
#[unsafe(no_mangle)]
pub extern "C" fn beat(count: u32) -> u32 {
    with(|load| load.beat(u64::from(count)))
}
