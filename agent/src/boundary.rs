//! What the host calls, and the memory it calls through.
//!
//! `room(bytes)` empties memory and answers the address of that many bytes, where the host puts
//! what it gives. `swap(units)` reads that many characters there, 32 bits each, puts the count of
//! those it answers into the first of them, and answers their address, or 0; the light module
//! answers 1 where the whole one must be asked. `step(event)` reads fourteen `f64` there and
//! answers the address of nine. An answer stands until the next `room`.
//!
//! The host's text is UTF-16 and may hold halves of surrogate pairs, which are no characters. It
//! adds 0x10_0000 to them, which makes far private characters of them, and reads sixteen bits back.
//!
//! Limits: memory that cannot grow traps; the loader catches it and the page keeps its number.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size, unreachable};
use core::cell::Cell;

const PAGE_BYTES: usize = 65_536;
/// An answer is longer than the question where a mask is longer than the page's writing, or a new
/// link than the old one: the light rules have so much room.
#[cfg(feature = "light")]
const SPARE: usize = 4;
#[cfg(feature = "light")]
const SPARE_MIN: usize = 256;
/// The light rules do not know.
#[cfg(feature = "light")]
const ODD: usize = 1;
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
            // Whoever asked writes there without looking.
            unreachable();
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
extern "C" fn swap(units: usize) -> *const char {
    // SAFETY: `room` reserved it and the host filled it with characters.
    let given = unsafe { core::slice::from_raw_parts(start() as *const char, units) };
    let Some((at, count)) = answer(given) else {
        return core::ptr::null();
    };
    // SAFETY: what was given there is no longer needed, and was at least as long.
    unsafe { *(start() as *mut usize) = count };
    at
}

#[cfg(not(feature = "light"))]
fn answer(given: &[char]) -> Option<(*const char, usize)> {
    let new = crate::swap(given)?.leak();
    Some((new.as_ptr(), new.len()))
}

#[cfg(feature = "light")]
fn answer(given: &[char]) -> Option<(*const char, usize)> {
    let count = SPARE * given.len() + SPARE_MIN;
    // SAFETY: the arena gives out memory that nobody has, and zero is a character.
    let out = unsafe {
        let at = ARENA.alloc(Layout::from_size_align_unchecked(4 * count, 4));
        at.write_bytes(0, 4 * count);
        core::slice::from_raw_parts_mut(at.cast(), count)
    };
    match crate::swap_light(given, out) {
        Ok(None) => None,
        Ok(Some(count)) => Some((out.as_ptr(), count)),
        // No text stands there.
        Err(ringlet_core::swap::Odd) => Some((core::ptr::without_provenance(ODD), 0)),
    }
}

#[unsafe(no_mangle)]
extern "C" fn step(event: u32) -> *const f64 {
    // SAFETY: as above.
    let given = unsafe { *(start() as *const [f64; 14]) };
    Box::leak(Box::new(crate::step(event, given))).as_ptr()
}
