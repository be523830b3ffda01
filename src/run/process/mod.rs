//! Worker processes: started, watched and ended here and nowhere else.
//!
//! A worker gets two lines on its stdin, its way into the jail ([`sandbox::Entry`](crate::sandbox::Entry)) and its job; it answers
//! with lines on its stdout. This module knows nothing of what the lines say. `watch` decides (pure), `stream` cuts and bounds
//! what comes, `starved` tells a worker that waits for a processor from one that hangs, `killer` knows of the machine's
//! out-of-memory killer, `peak` of the memory that a worker had, `linux` acts. `plain` starts programs that are no workers, for benchmarks.

#[cfg(target_os = "linux")]
mod killer;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod peak;
#[cfg(target_os = "linux")]
mod plain;
#[cfg(target_os = "linux")]
mod starved;
mod stream;
mod watch;

#[cfg(target_os = "linux")]
pub use linux::{ask, launch};
#[cfg(target_os = "linux")]
pub use plain::{Ended, Plain, Running, attend};

use crate::error::{Class, Failure, place_hint};
use crate::sandbox::container::Container;
#[cfg(not(target_os = "linux"))]
use crate::sandbox::container::Engine;
use crate::sandbox::{Policy, Refusal};
use crate::words::bytes;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What to start, and within which limits.
#[derive(Debug)]
pub struct Launch<'a> {
    pub program: Program<'a>,
    pub policy: Policy,
    /// The job, as one line of JSON.
    pub job: String,
    /// Where the worker's stderr goes, up to the policy's limit.
    pub stderr: PathBuf,
    pub threads: usize,
    /// No line for so long means that it hangs; time in which it wanted to run and was not let does not count.
    pub stall: Duration,
    /// What may lie on the disk.
    pub disk: Option<Disk>,
    /// Set when the user wants to stop.
    pub stop: &'a AtomicBool,
}

/// A folder, and the most that it may hold. Looked at every second or so: what is written and removed in between is not seen, nor is a
/// file that has lost its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    pub folder: PathBuf,
    pub limit: u64,
}

impl Disk {
    /// What lies there now.
    pub fn held(&self) -> u64 {
        crate::store::bytes_below(&self.folder)
    }
}

/// What runs.
#[derive(Debug, Clone, Copy)]
pub enum Program<'a> {
    /// This binary; it is started as `PROGRAM worker` and enters its jail itself.
    Worker(&'a Path),
    /// A script, by a command that waits for its container as if that were its own. Its stdin stays open, and closes with us.
    Container(&'a Container),
}

impl Program<'_> {
    fn path(&self) -> &Path {
        match self {
            Program::Worker(path) => path,
            Program::Container(container) => &container.engine.program,
        }
    }
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Exit {
    pub status: Status,
    /// We asked it to stop, and why; it may have obeyed.
    pub asked: Option<KillReason>,
    /// It did not end by itself: we killed it, or it died of our request before it could take it.
    pub killed_by: Option<KillReason>,
    pub wall_secs: f64,
    pub user_secs: f64,
    pub sys_secs: f64,
    /// Largest resident memory, its own, as the kernel tells while it lives and at its end: pages of files that it has mapped are among it,
    /// which no limit counts for long, and pages that it only read or wrote are not, which a control group is charged for. It is what peak memory
    /// means wherever somebody is told of it.
    pub max_rss_bytes: u64,
    /// How often the kernel killed for want of memory. None: nobody counts, no control group could be made.
    pub memory_kills: Option<u64>,
    /// Whether the kernel killed something for want of the machine's memory, here or elsewhere, in the seconds in which this ended. None:
    /// it does not say.
    pub machine_killed: Option<bool>,
    /// What the jail refused it, as the kernel told; nothing of a container, whose engine does not tell.
    pub refused: Vec<Refusal>,
    /// The end of its stderr, for messages: control characters are escaped.
    pub stderr_tail: String,
}

/// The kernel's word on the end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Exited(i32),
    Signalled(i32),
}

/// Why we ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillReason {
    /// Its time was over.
    WallClock,
    /// No line for too long.
    Stalled,
    /// The user wants to stop.
    Interrupted,
    /// It said more than any job does.
    Flooded(Flood),
    /// More lies on the disk than may.
    Disk,
}

/// What it said too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flood {
    /// A line.
    Line { most_bytes: u64 },
    /// All lines together.
    Together { most_bytes: u64 },
}

/// What was expected of it.
impl fmt::Display for Flood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flood::Line { most_bytes } => write!(f, "lines of at most {}", bytes(*most_bytes as f64)),
            Flood::Together { most_bytes } => write!(f, "at most {} of lines in all", bytes(*most_bytes as f64)),
        }
    }
}

/// The worker could not be started or watched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the worker `{}` could not be {action}", program.display())]
    Worker { action: &'static str, program: PathBuf, source: std::io::Error },
    #[error("the worker's log `{}` cannot be written", path.display())]
    Log { path: PathBuf, source: std::io::Error },
    #[error("workers run on Linux only; this is {os}")]
    Unsupported { os: &'static str },
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Worker { .. } | Error::Log { .. } => Class::Resource,
            Error::Unsupported { .. } => Class::Sandbox,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Error::Worker { source, .. } | Error::Log { source, .. } => place_hint(source),
            Error::Unsupported { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_worker_could_not_be_started_is_told() {
        let hint = |source: std::io::Error| Error::Worker { action: "started", program: "tallow".into(), source }.hint();
        // EMFILE, as Linux numbers it.
        assert!(hint(std::io::Error::from_raw_os_error(24)).is_some_and(|hint| hint.contains("`ulimit -n`")));
        assert!(hint(std::io::ErrorKind::StorageFull.into()).is_some_and(|hint| hint.contains("`df -i`")));
    }
}

/// What a container engine answers to one short question, within a minute.
///
/// # Errors
/// It could not be asked, or its answer is a refusal: in its words.
#[cfg(not(target_os = "linux"))]
pub fn ask(_: &Engine, _: &[&str]) -> Result<String, String> {
    Err(format!("scripts run on Linux only; this is {}", std::env::consts::OS))
}

/// There is no jail here, so no worker is started.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn launch(_: &Launch, _: &mut dyn FnMut(&[u8])) -> Result<Exit, Error> {
    Err(Error::Unsupported { os: std::env::consts::OS })
}
