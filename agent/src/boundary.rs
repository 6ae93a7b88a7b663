//! What the host calls, and the memory it calls through.
//!
//! `room(bytes)` empties memory and answers the address of that many bytes, where the host puts
//! what it gives. `swap(units)` reads that many code units there, 32 bits each, and answers the
//! address of a count and as many units, or 0. `step(event)` reads fourteen `f64` there and answers
//! the address of nine. An answer stands until the next `room`.
//!
//! Limits: memory that cannot grow traps; the loader catches it and the page keeps its number.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::Cell;

const PAGE_BYTES: usize = 65_536;
/// More than any type here is aligned to.
const ALIGN: usize = 16;

unsafe extern "C" {
    /// Made by the linker: where free memory begins.
    static __heap_base: u8;
}

/// Memory that is given out in order and taken back all at once.
struct Arena {
    next: Cell<usize>,
}

// SAFETY: a module of the agent is never shared between threads.
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena = Arena { next: Cell::new(0) };

// SAFETY: what is given out lies behind everything given out since the last `room`, in memory that
// is there.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let at = self.next.get();
        let end = (at + layout.size()).next_multiple_of(ALIGN);
        let missing = end.div_ceil(PAGE_BYTES).saturating_sub(memory_size(0));
        if missing > 0 && memory_grow(0, missing) == usize::MAX {
            return core::ptr::null_mut();
        }
        self.next.set(end);
        at as *mut u8
    }

    unsafe fn dealloc(&self, _at: *mut u8, _layout: Layout) {}
}

/// Where the host's gift stands.
fn start() -> usize {
    (&raw const __heap_base as usize).next_multiple_of(ALIGN)
}

#[unsafe(no_mangle)]
extern "C" fn room(bytes: usize) -> usize {
    ARENA.next.set(start());
    // SAFETY: nothing of an earlier call is in use, and sizes are no burden to the arena.
    unsafe { ARENA.alloc(Layout::from_size_align_unchecked(bytes, 1)) as usize }
}

#[unsafe(no_mangle)]
extern "C" fn swap(units: usize) -> *const u32 {
    // SAFETY: `room` reserved it and the host filled it.
    let given = unsafe { core::slice::from_raw_parts(start() as *const u32, units) };
    let mut text = Vec::with_capacity(units);
    for unit in given {
        // Halves of surrogate pairs are no characters; far private ones stand for them, whose
        // lower sixteen bits the host reads back.
        text.push(char::from_u32(*unit).unwrap_or_else(|| private(*unit)));
    }
    let Some(new) = crate::swap(&text) else {
        return core::ptr::null();
    };
    let mut out = Vec::with_capacity(new.len() + 1);
    out.push(new.len() as u32);
    for c in new {
        out.push(u32::from(c));
    }
    out.leak().as_ptr()
}

fn private(unit: u32) -> char {
    char::from_u32(unit | 0x10_0000).unwrap_or('\u{100000}')
}

#[unsafe(no_mangle)]
extern "C" fn step(event: u32) -> *const f64 {
    // SAFETY: as above.
    let given = unsafe { *(start() as *const [f64; 14]) };
    Box::leak(Box::new(crate::step(event, given))).as_ptr()
}
