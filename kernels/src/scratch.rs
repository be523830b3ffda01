//! Working memory of a thread, kept from call to call: an operation that needs room for a moment allocates nothing after its first
//! step, and no page is touched for the first time twice.

use std::cell::RefCell;

/// Floats in a cache line, to which the memory is aligned.
const LINE: usize = 16;

thread_local! {
    static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f` on `len` floats that hold anything (in tests NaN, so that what is read before it is written shows).
pub(crate) fn with<R>(len: usize, f: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut memory = FREE.with_borrow_mut(Vec::pop).unwrap_or_default();
    if memory.len() < len + LINE {
        // The old contents are of no use: make room without copying them.
        memory = vec![0.0; len + LINE];
    }
    let offset = memory.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
    let room = &mut memory[offset..][..len];
    if cfg!(test) {
        room.fill(f32::NAN);
    }
    let result = f(room);
    FREE.with_borrow_mut(|free| free.push(memory));
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_aligned_kept_and_never_shared() {
        let first = with(100, |a| {
            a.fill(1.0);
            with(10, |b| b.fill(2.0));
            assert!(a.len() == 100 && a.iter().all(|v| *v == 1.0) && (a.as_ptr() as usize).is_multiple_of(64));
            a.as_ptr() as usize
        });
        assert_eq!(with(50, |a| a.as_ptr() as usize), first, "the last memory given back is the first to be used again");
    }
}
