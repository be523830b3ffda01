//! Who hears that the user wants to stop. While nobody does (downloads, hashing, planning), there is nothing that has to end well, and the
//! program ends at once: all that it does can be gone on with wherever it is cut.

use std::sync::atomic::{AtomicUsize, Ordering};

static HEARERS: AtomicUsize = AtomicUsize::new(0);

/// As long as this is there, somebody looks at the flag that is set when the user wants to stop, and ends what is being done: a worker
/// that leaves a checkpoint, data that is half made.
#[must_use]
pub(crate) struct Hearing(());

pub(crate) fn hearing() -> Hearing {
    HEARERS.fetch_add(1, Ordering::SeqCst);
    Hearing(())
}

impl Drop for Hearing {
    fn drop(&mut self) {
        HEARERS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether somebody hears it.
pub(crate) fn is_heard() -> bool {
    HEARERS.load(Ordering::SeqCst) > 0
}
