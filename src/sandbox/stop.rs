//! The supervisor's kind request to stop: SIGTERM sets a flag, which the training loop reads after each step.

use std::sync::atomic::AtomicBool;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// The flag; from now on SIGTERM sets it, and SIGINT (which a terminal sends to everybody) is left to the supervisor. A job that
/// never asks for the flag has nothing to save, and ends at once when it is asked to.
pub fn flag() -> &'static AtomicBool {
    #[cfg(target_os = "linux")]
    listen();
    &REQUESTED
}

#[cfg(target_os = "linux")]
fn listen() {
    extern "C" fn request(_signal: libc::c_int) {
        REQUESTED.store(true, std::sync::atomic::Ordering::Relaxed);
    }
    // SAFETY: the handler stores to an atomic, which is safe in a signal handler.
    unsafe {
        libc::signal(libc::SIGTERM, request as *const () as libc::sighandler_t);
        libc::signal(libc::SIGINT, libc::SIG_IGN);
    }
}
