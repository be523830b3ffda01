//! Whether the machine's out-of-memory killer was at work as a worker died: where no control group counts for the worker alone, the
//! signal that it sends is like anybody's.

use std::time::{Duration, Instant};

/// Looked at so often. Ending a worker with much memory takes the kernel a moment, so that what counts is what was seen before that.
const EVERY: Duration = Duration::from_secs(5);

/// How often it had killed anything on this machine when it was looked at last, and the time before that.
#[derive(Debug)]
pub(super) struct Killer {
    looked: Instant,
    last: Option<u64>,
    earlier: Option<u64>,
}

impl Killer {
    pub(super) fn new() -> Self {
        Killer { looked: Instant::now(), last: counted(), earlier: counted() }
    }

    /// Called while the worker lives.
    pub(super) fn look(&mut self) {
        if self.looked.elapsed() >= EVERY {
            *self = Killer { looked: Instant::now(), last: counted(), earlier: self.last };
        }
    }

    /// Whether it has killed something since the time before the last. None where the kernel does not count.
    pub(super) fn struck(&self) -> Option<bool> {
        since(self.earlier, counted())
    }
}

fn since(earlier: Option<u64>, now: Option<u64>) -> Option<bool> {
    earlier.zip(now).map(|(earlier, now)| now > earlier)
}

/// What `/proc/vmstat` counts (Linux 4.13).
fn counted() -> Option<u64> {
    kills(&std::fs::read_to_string("/proc/vmstat").ok()?)
}

fn kills(vmstat: &str) -> Option<u64> {
    vmstat.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kills_are_counted_and_compared() {
        assert_eq!(kills("nr_free_pages 7\noom_kill 3\n"), Some(3));
        assert_eq!(kills("numa_foreign 0\nxoom_kill 3\n"), None);
        assert_eq!([since(Some(3), Some(4)), since(Some(3), Some(3))], [Some(true), Some(false)]);
        assert_eq!([since(None, Some(4)), since(Some(3), None)], [None; 2]);
    }

    #[test]
    fn what_was_seen_before_a_worker_died_is_kept_for_a_while() {
        let long_ago = Instant::now().checked_sub(EVERY);
        let mut killer = Killer { looked: long_ago.expect("a time"), last: Some(0), earlier: None };
        killer.look();
        assert_eq!(killer.earlier, Some(0));
        killer.look();
        assert_eq!(killer.earlier, Some(0), "it is not looked at again at once");
    }
}
