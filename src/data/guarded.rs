//! Libraries that panic over damaged files: what they say becomes an error like any other.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does the work; a panic in it is `Err`, in its own words, and told to nobody else.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                usual(panic);
            }
        }));
    });
    let before = GUARDED.replace(true);
    // What a panic leaves half-done is dropped with the error.
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(before);
    done.map_err(|cause| {
        let words = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
        format!("it is damaged ({})", words.unwrap_or("its reader gave up"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_words() {
        assert_eq!(guarded(|| 1), Ok(1));
        assert_eq!(guarded(|| -> u32 { panic!("no {}", 7) }), Err("it is damaged (no 7)".into()));
        assert_eq!(guarded(|| -> u32 { panic!("no") }), Err("it is damaged (no)".into()));
    }
}
