//! The layers in their order, and what of them holds.

use super::{Entry, Level};
use crate::enumerated::enumerated;
use crate::error::{Class, Failure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

enumerated! {
    /// One layer of the jail.
    ///
    /// Entered in the order of [`Layer::ALL`]: each may still do what the ones after it take away.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Layer {
        /// It dies with its supervisor.
        Death,
        /// It has no variable but those that it was given.
        Environment,
        /// It holds no open file but its three streams.
        Descriptors,
        /// Memory of its own.
        Memory,
        /// Number of threads.
        Threads,
        /// A world of its own, where this machine has one to give; no policy asks for it.
        Namespaces,
        /// File size, open files, no core dumps. Making a world holds each of its places open.
        Limits,
        /// It cannot gain rights; root's are gone.
        Privileges,
        /// What it can read and write (Landlock).
        Files,
        /// What it can ask of the kernel (seccomp).
        Syscalls,
    }
}

impl Layer {
    /// Its name in events and on `doctor`'s page.
    pub const fn name(self) -> &'static str {
        match self {
            Layer::Death => "death",
            Layer::Environment => "environment",
            Layer::Descriptors => "descriptors",
            Layer::Memory => "memory",
            Layer::Threads => "threads",
            Layer::Namespaces => "namespaces",
            Layer::Limits => "limits",
            Layer::Privileges => "privileges",
            Layer::Files => "files",
            Layer::Syscalls => "syscalls",
        }
    }

    /// Whether it limits what a worker may reach, not how much it may use. [`Level::Off`] leaves these out.
    pub const fn is_wall(self) -> bool {
        matches!(self, Layer::Namespaces | Layer::Privileges | Layer::Files | Layer::Syscalls)
    }
}

/// What became of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "how", rename_all = "snake_case")]
pub enum State {
    Holds(String),
    /// It holds, but for what is said; another layer covers that, or nothing in a worker's reach needs it.
    Partly(String),
    /// The policy does not ask for it.
    NotAsked,
    /// Asked for, and not there.
    Missing(String),
}

/// What the words for a layer begin with that was asked for and does not hold.
pub const MISSING: &str = "MISSING";

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Holds(how) => f.write_str(how),
            State::Partly(how) => write!(f, "in part: {how}"),
            State::NotAsked => f.write_str("not asked for"),
            State::Missing(why) => write!(f, "{MISSING}: {why}"),
        }
    }
}

/// What really holds, layer by layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effective {
    pub level: Level,
    pub layers: BTreeMap<Layer, State>,
}

impl Effective {
    /// Layer -> what holds, in words.
    pub fn in_words(&self) -> BTreeMap<String, String> {
        self.layers.iter().map(|(layer, state)| (layer.name().to_string(), state.to_string())).collect()
    }
}

/// The jail cannot be entered as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the sandbox layer `{}` cannot be entered: {message}", layer.name())]
    Missing { layer: Layer, message: String },
    #[error("the sandbox must be entered before any thread starts: expected 1 thread, found {found}")]
    Threads { found: usize },
    #[error("workers run on Linux only; this is {os}")]
    Unsupported { os: &'static str },
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Threads { .. } => Class::Bug,
            Error::Missing { .. } | Error::Unsupported { .. } => Class::Sandbox,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Error::Missing { layer: Layer::Death | Layer::Environment | Layer::Descriptors, .. } | Error::Threads { .. } => None,
            Error::Missing { .. } => {
                Some("`--sandbox best-effort` runs with the layers that this kernel has; `tallow doctor` lists them".into())
            }
            Error::Unsupported { .. } => Some("train on a Linux machine, or in a Linux virtual machine".into()),
        }
    }
}

/// Puts this process into the jail, for good.
///
/// # Errors
/// A layer is missing and the policy is strict; the process has threads already, which would stay outside.
#[cfg(target_os = "linux")]
pub fn enter(entry: &Entry) -> Result<Effective, Error> {
    let found = std::fs::read_dir("/proc/self/task").map(Iterator::count).unwrap_or(1);
    if found != 1 {
        return Err(Error::Threads { found });
    }
    let level = entry.policy.level;
    let mut layers = BTreeMap::new();
    for layer in Layer::ALL {
        let state = match (level, layer.is_wall()) {
            (Level::Off, true) => State::Missing("switched off by the user".into()),
            _ => layer.enter(entry).unwrap_or_else(State::Missing),
        };
        match state {
            State::Missing(message) if level == Level::Strict => return Err(Error::Missing { layer, message }),
            state => layers.insert(layer, state),
        };
    }
    Ok(Effective { level, layers })
}

/// There is no jail here.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn enter(_: &Entry) -> Result<Effective, Error> {
    Err(Error::Unsupported { os: std::env::consts::OS })
}

#[cfg(target_os = "linux")]
impl Layer {
    /// Enters this layer. An error says why it is missing.
    fn enter(self, entry: &Entry) -> Result<State, String> {
        use super::{files, inheritance, limits, namespaces, privileges, syscalls};
        match self {
            Layer::Death => inheritance::die_with(entry.supervisor),
            Layer::Environment => inheritance::check_environment(&entry.policy),
            Layer::Descriptors => inheritance::close_descriptors(),
            Layer::Memory => limits::memory(&entry.policy, entry.group),
            Layer::Threads => limits::threads(&entry.policy, entry.group),
            Layer::Namespaces => Ok(namespaces::enter(&entry.policy)),
            Layer::Limits => limits::amounts(&entry.policy),
            Layer::Privileges => privileges::drop_all(),
            Layer::Files => files::restrict(&entry.policy),
            Layer::Syscalls => syscalls::restrict(&entry.policy, entry.listens),
        }
    }
}
