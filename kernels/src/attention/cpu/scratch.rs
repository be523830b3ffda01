//! Memory of a thread, kept from task to task, in whole cache lines.

use super::product::LANES;
use std::cell::RefCell;

/// A vector's worth of floats on a cache line of its own.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LANES]);

/// Floats that grow and are never freed.
#[derive(Default)]
pub(super) struct Buffer(Vec<Line>);

impl Buffer {
    /// At least `len` floats, with whatever they held (in tests NaN).
    pub(super) fn floats(&mut self, len: usize) -> &mut [f32] {
        let lines = len.div_ceil(LANES);
        if self.0.len() < lines {
            self.0.resize(lines, Line([0.0; LANES]));
        }
        // SAFETY: a `Line` is 16 floats and nothing else, so `lines` of them are `16 lines` floats.
        let floats = unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast::<f32>(), lines * LANES) };
        if cfg!(test) {
            floats.fill(f32::NAN);
        }
        &mut floats[..len]
    }
}

/// All that a task needs; each field is used as its task says.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) keys_t: Buffer,
    pub(super) values_t: Buffer,
    pub(super) keys: Buffer,
    pub(super) values: Buffer,
    pub(super) queries: Buffer,
    pub(super) dy: Buffer,
    pub(super) scores: Buffer,
    pub(super) dscores: Buffer,
    pub(super) mask: Buffer,
    pub(super) out: Buffer,
    pub(super) dkeys: Buffer,
    pub(super) dvalues: Buffer,
    pub(super) rows: Buffer,
    pub(super) bounds: Vec<(usize, usize)>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Runs a task with its thread's memory. A task must not start another on its thread.
pub(super) fn with<R>(f: impl FnOnce(&mut Scratch) -> R) -> R {
    SCRATCH.with_borrow_mut(f)
}
