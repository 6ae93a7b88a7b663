//! What the host calls, and the memory it calls through.
//!
//! `room(bytes)` empties memory and answers the address of that many bytes, where the host puts
//! what it gives. `swap(units)` reads that many characters there, 32 bits each, puts the count of
//! those it answers into the first of them, and answers their address, or 0. `step(event)` reads
//! fourteen `f64` there and answers the address of nine. An answer stands until the next `room`.
//!
//! The host's text is UTF-16 and may hold halves of surrogate pairs, which are no characters. It
//! adds 0x10_0000 to them, which makes far private characters of them, and reads sixteen bits back.
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
extern "C" fn swap(units: usize) -> *const char {
    // SAFETY: `room` reserved it and the host filled it with characters.
    let given = unsafe { core::slice::from_raw_parts(start() as *const char, units) };
    let Some(new) = crate::swap(given) else {
        return core::ptr::null();
    };
    let new = new.leak();
    // SAFETY: what was given there is no longer needed, and was at least as long.
    unsafe { *(start() as *mut usize) = new.len() };
    new.as_ptr()
}

#[unsafe(no_mangle)]
extern "C" fn step(event: u32) -> *const f64 {
    // SAFETY: as above.
    let given = unsafe { *(start() as *const [f64; 14]) };
    Box::leak(Box::new(crate::step(event, given))).as_ptr()
}
