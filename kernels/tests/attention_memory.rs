//! Attention's memory grows with the length of a sequence, not with its square. A test program of its own: it counts every byte.

#![expect(clippy::unwrap_used, reason = "in a test a panic is how it fails")]

use candle_core::{DType, Device, Tensor};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tallow_kernels::*;

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does the work; this only counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(now, Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The most bytes at once of a forward and a backward pass, beside the inputs.
fn peak(len: usize, heads: usize) -> usize {
    let tape = Tape::training(Stream::root(1));
    let x = tape.leaf(Tensor::ones((1, len, heads * 64), DType::F32, &Device::Cpu).unwrap());
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let y = attention(&tape, &x, &x, &x, &Attention { dropout: 0.1, ..Attention::causal(heads) }).unwrap();
    let store = Weights::scratch(Stream::root(0), &Device::Cpu).finish().unwrap().0;
    tape.backward_to(&y, &mut Gradients::new(&store), &[&x]).unwrap();
    PEAK.load(Relaxed) - before
}

#[test]
fn memory_grows_with_the_length() {
    peak(4096, 6); // the threads' own memory
    let (short, long) = (peak(512, 6), peak(4096, 6));
    println!("512 positions: {} KiB, 4096: {} KiB", short >> 10, long >> 10);
    assert!(long <= short * 8 + (64 << 10), "{short} bytes for 512 positions, {long} for 4096");
    // Far below a single matrix of scores.
    assert!(long < 4096 * 4096 * 4 / 2, "{long}");
}
