//! How long a process wanted to run and was not let: on a busy machine silence is no sign that it hangs.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Looked at so often.
const EVERY: Duration = Duration::from_secs(1);

/// The time that the threads of a worker have waited for a processor since it was last heard.
#[derive(Default)]
pub(super) struct Starved {
    /// By thread, what the kernel had counted when it was looked at last.
    counted: HashMap<String, Duration>,
    looked: Option<Instant>,
    since_heard: Duration,
}

impl Starved {
    /// It was heard: what it waited before is over.
    pub(super) fn heard(&mut self) {
        self.since_heard = Duration::ZERO;
    }

    /// The time since it was heard, by the thread that waited longest. Zero where the kernel does not count.
    pub(super) fn waited(&mut self, pids: impl FnOnce() -> Vec<u32>) -> Duration {
        let now = Instant::now();
        let passed = self.looked.map(|looked| now - looked);
        if passed.is_some_and(|passed| passed < EVERY) {
            return self.since_heard;
        }
        self.looked = Some(now);
        let counted: HashMap<String, Duration> = pids().into_iter().flat_map(counted_of).collect();
        let waited = |(thread, counted): (&String, &Duration)| Some(counted.saturating_sub(*self.counted.get(thread)?));
        // No thread waits longer than the time that passed.
        self.since_heard += counted.iter().filter_map(waited).max().unwrap_or_default().min(passed.unwrap_or_default());
        self.counted = counted;
        self.since_heard
    }
}

/// What the threads of a process have waited in all; nothing of one that is gone.
fn counted_of(pid: u32) -> Vec<(String, Duration)> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let of =
        |thread: &Path| Some((thread.display().to_string(), delay(&std::fs::read_to_string(thread.join("schedstat")).ok()?)?));
    threads.filter_map(|thread| of(&thread.path())).collect()
}

/// The second number of `/proc/PID/task/TID/schedstat`: nanoseconds spent waiting on a run queue.
fn delay(schedstat: &str) -> Option<Duration> {
    schedstat.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_number_is_what_was_waited() {
        assert_eq!(delay("326044117 364585427498 326\n"), Some(Duration::from_nanos(364_585_427_498)));
        assert_eq!(delay(""), None);
        assert_eq!(delay("1 much 2"), None);
    }

    #[test]
    fn who_sleeps_is_not_starved_and_who_is_heard_begins_anew() {
        let mut starved = Starved::default();
        let own = || vec![std::process::id()];
        starved.waited(own);
        assert_eq!(starved.since_heard, Duration::ZERO, "nothing is known before the second look");
        starved.since_heard = Duration::from_secs(5);
        assert_eq!(starved.waited(own), Duration::from_secs(5), "it is not looked at again at once");
        starved.heard();
        assert_eq!(starved.waited(own), Duration::ZERO);
    }
}
