//! The supervisor's kind request to stop: SIGTERM sets a flag, which the training loop reads after each step.

use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

extern "C" fn request(_signal: libc::c_int) {
    REQUESTED.store(true, Ordering::Relaxed);
}

/// The flag; from now on SIGTERM sets it, and SIGINT (which a terminal sends to everybody) is left to the supervisor.
pub fn flag() -> &'static AtomicBool {
    // SAFETY: the handler stores to an atomic, which is safe in a signal handler.
    unsafe {
        libc::signal(libc::SIGTERM, request as *const () as libc::sighandler_t);
        libc::signal(libc::SIGINT, libc::SIG_IGN);
    }
    &REQUESTED
}
