//! Work on a hostile file: on a thread of its own, with a deep stack, for so long. A panic in it is a property of the file and is reported
//! as such, not printed as a crash; a thread that does not end in time is left behind (the process's own limits end it).

use std::panic::AssertUnwindSafe;
use std::sync::{Once, mpsc};
use std::time::Duration;

const THREAD: &str = "tallow-paper";
const STACK_BYTES: usize = 64 << 20;

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Stopped {
    Timeout,
    Panic,
    NoThread(String),
}

/// What `work` gives, if it does within `limit`.
pub(super) fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Stopped> {
    keep_panics_quiet();
    let (send, receive) = mpsc::channel();
    let spawned = std::thread::Builder::new().name(THREAD.into()).stack_size(STACK_BYTES).spawn(move || {
        // Nobody listens any more after the time limit.
        let _ = send.send(std::panic::catch_unwind(AssertUnwindSafe(work)));
    });
    match spawned.map(|_| receive.recv_timeout(limit)) {
        Ok(Ok(Ok(made))) => Ok(made),
        Ok(Ok(Err(_)) | Err(mpsc::RecvTimeoutError::Disconnected)) => Err(Stopped::Panic),
        Ok(Err(mpsc::RecvTimeoutError::Timeout)) => Err(Stopped::Timeout),
        Err(problem) => Err(Stopped::NoThread(problem.to_string())),
    }
}

fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() != Some(THREAD) {
                usual(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_panics_and_what_takes_too_long() {
        assert!(matches!(within(Duration::from_secs(5), || 7), Ok(7)));
        assert!(matches!(within::<()>(Duration::from_secs(5), || panic!("odd")), Err(Stopped::Panic)));
        assert!(matches!(
            within(Duration::from_millis(20), || std::thread::sleep(Duration::from_millis(400))),
            Err(Stopped::Timeout)
        ));
    }
}
