//! Memory that is asked for, counted: a loader that believes a length in a damaged file shows here, whether the system gives it or not.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub(crate) struct Counted;

/// The largest request since [`take_largest`] was last asked.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

/// More is refused, so that a test fails and not the machine.
const MOST: usize = 8 << 30;

fn count(size: usize) -> bool {
    LARGEST.fetch_max(size, Relaxed);
    size <= MOST
}

// SAFETY: every request goes to the system's allocator as it is, or is refused, which callers must expect.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        if count(layout.size()) { unsafe { System.alloc(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        if count(layout.size()) { unsafe { System.alloc_zeroed(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        if count(size) { unsafe { System.realloc(memory, layout, size) } } else { std::ptr::null_mut() }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// The largest single request, of any thread, since this was last asked.
pub(crate) fn take_largest() -> usize {
    LARGEST.swap(0, Relaxed)
}
