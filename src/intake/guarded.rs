//! Work on a hostile file: on a thread of its own, with a deep stack, for so much of the processor's time: on a busy machine a sound file
//! takes long, and is sound all the same. A panic in it is a property of the file and is reported
//! as such, not printed as a crash; a thread that does not end in time is left behind (the process's own limits end it).

use std::panic::AssertUnwindSafe;
use std::sync::{Once, mpsc};
use std::time::{Duration, Instant};

use super::Error;

const THREAD: &str = "tallow-paper";
const STACK_BYTES: usize = 64 << 20;

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Stopped {
    Timeout,
    Panic,
    NoThread(String),
}

impl Stopped {
    /// What that says of the paper of this name.
    pub(super) fn of(self, name: &str, limit: Duration) -> Error {
        let name = name.to_string();
        match self {
            Stopped::Timeout => Error::Timeout { name, limit },
            Stopped::Panic => Error::Malformed { name, problem: "the reader gave up on its structure".into() },
            Stopped::NoThread(problem) => {
                Error::Malformed { name, problem: format!("no thread could be started to read it: {problem}") }
            }
        }
    }
}

/// By the clock a piece of work may take so many times as long as of the processor's time.
const BY_THE_CLOCK: u32 = 12;
/// How often is looked at the time.
const LOOK: Duration = Duration::from_millis(100);

/// What `work` gives, if it does within `limit` of this process's own time, and within twelve times as long by the clock.
pub(super) fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Stopped> {
    keep_panics_quiet();
    let (send, receive) = mpsc::channel();
    let spawned = std::thread::Builder::new().name(THREAD.into()).stack_size(STACK_BYTES).spawn(move || {
        // Nobody listens any more after the time limit.
        let _ = send.send(std::panic::catch_unwind(AssertUnwindSafe(work)));
    });
    match spawned.map(|_| wait(&receive, limit)) {
        Ok(Ok(Ok(made))) => Ok(made),
        Ok(Ok(Err(_)) | Err(mpsc::RecvTimeoutError::Disconnected)) => Err(Stopped::Panic),
        Ok(Err(mpsc::RecvTimeoutError::Timeout)) => Err(Stopped::Timeout),
        Err(problem) => Err(Stopped::NoThread(problem.to_string())),
    }
}

/// Does `work` beside what follows. Nothing waits for it: where no thread can be started, or it panics, it is not done.
pub(super) fn beside(work: impl FnOnce() + Send + 'static) {
    keep_panics_quiet();
    // Such a thread ends with the process at the latest.
    drop(std::thread::Builder::new().name(THREAD.into()).stack_size(STACK_BYTES).spawn(work));
}

fn wait<T>(receive: &mpsc::Receiver<T>, limit: Duration) -> Result<T, mpsc::RecvTimeoutError> {
    let (begun, used) = (Instant::now(), processor_time());
    loop {
        let left = (limit * BY_THE_CLOCK).saturating_sub(begun.elapsed());
        match receive.recv_timeout(LOOK.min(left)) {
            Err(mpsc::RecvTimeoutError::Timeout) if !left.is_zero() && processor_time().saturating_sub(used) < limit => {}
            done => return done,
        }
    }
}

/// What this process has used of all processors so far.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock is one that every Linux has, and `time` is a place for what it says.
    let told = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    if told == 0 { Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32) } else { Duration::MAX }
}

/// Where that cannot be told: the time by the clock.
#[cfg(not(target_os = "linux"))]
fn processor_time() -> Duration {
    static BEGUN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    BEGUN.elapsed()
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
