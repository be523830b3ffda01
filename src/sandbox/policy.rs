//! What a worker may do, and how much of it. Pure data; travels as the first line on a worker's stdin.

use super::Gpu;
use super::gpu;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// What a worker may do. Paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Files and folders that it may read, and all below them. One that does not exist is left out. A symlink is followed here and
    /// now; one that lies inside a named folder leads nowhere, unless where it leads is named as well.
    pub read_only: Vec<PathBuf>,
    /// Programs that it may become, with all below them and the libraries that they need: it may read and run these, in the jail that it
    /// is in, and still start nothing beside itself. None of our own jobs has any.
    pub programs: Vec<PathBuf>,
    /// What a GPU needs besides; none: there is none to be had.
    #[serde(default)]
    pub gpu: Option<Gpu>,
    /// The one folder that it may write.
    pub writable: PathBuf,
    /// Most memory of its own (not mapped files); none: as much as the machine gives.
    pub memory_bytes: Option<u64>,
    /// Most threads. It cannot start processes.
    pub max_threads: u64,
    /// Largest file that it may write.
    pub max_file_bytes: u64,
    pub max_open_files: u64,
    /// Longest time that it may take, on a clock that stands still while the machine sleeps.
    pub wall: Duration,
    /// Time to finish a step and write a checkpoint when it is asked to stop.
    pub grace: Duration,
    /// Most bytes of events that are taken from it.
    pub events_bytes: u64,
    /// Most bytes of its stderr that are kept.
    pub stderr_bytes: u64,
    pub level: Level,
}

impl Default for Policy {
    /// Nothing may be read or written; amounts that no sound job reaches.
    fn default() -> Self {
        Policy {
            read_only: Vec::new(),
            programs: Vec::new(),
            gpu: None,
            writable: PathBuf::new(),
            memory_bytes: None,
            max_threads: 1024,
            max_file_bytes: 64 << 30,
            max_open_files: 256,
            wall: Duration::from_secs(3600),
            grace: Duration::from_secs(60),
            events_bytes: 256 << 20,
            stderr_bytes: 16 << 20,
            level: Level::Strict,
        }
    }
}

impl Policy {
    /// The whole environment of a worker: each value is given by the supervisor, none is inherited.
    pub fn environment(&self, threads: usize, mark: &str) -> Vec<(&'static str, String)> {
        let mut all = vec![("RAYON_NUM_THREADS", threads.to_string()), (MARK, mark.to_string())];
        all.extend(self.gpu.iter().flat_map(|gpu| gpu.environment(&self.writable)));
        all
    }

    /// Names of what [`Policy::environment`] may hold.
    pub(super) fn variables(&self) -> Vec<&'static str> {
        let of_a_gpu = gpu::VARIABLES.into_iter().filter(|_| self.gpu.is_some());
        ["RAYON_NUM_THREADS", MARK].into_iter().chain(of_a_gpu).collect()
    }
}

/// What happens where the kernel lacks a layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The run is refused.
    #[default]
    Strict,
    /// The layers that are there hold; the rest is recorded as missing.
    BestEffort,
    /// No walls: the worker may do what its user may. Limits, clean environment and supervision stay.
    Off,
}

impl Level {
    /// As the flag has it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Strict => "strict",
            Level::BestEffort => "best-effort",
            Level::Off => "off",
        }
    }
}

/// The first line on a worker's stdin: everything that it needs to enter its jail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub policy: Policy,
    /// Process id of the supervisor, without which the worker must not go on.
    pub supervisor: u32,
    /// What the supervisor's control group already limits.
    pub group: Grouped,
    /// Whether stdin is a socket, whose other end takes the listener of what is refused.
    #[serde(default)]
    pub listens: bool,
}

/// Which amounts a control group around the worker limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grouped {
    pub memory: bool,
    pub threads: bool,
}

/// The variable by which a worker, and whatever it may start where no walls hold, is known.
pub const MARK: &str = "TALLOW_WORKER";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_survives_its_line() {
        let policy = Policy { read_only: vec!["/data/train file".into()], memory_bytes: Some(1 << 30), ..Policy::default() };
        let entry = Entry { policy, supervisor: 7, group: Grouped { memory: true, threads: false }, listens: true };
        let line = serde_json::to_string(&entry).expect("serialises");
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<Entry>(&line).expect("parses"), entry);
        let more = line.replacen("\"supervisor\"", "\"network\":true,\"supervisor\"", 1);
        assert!(serde_json::from_str::<Entry>(&more).is_err(), "a wish that the jail does not know must not be dropped silently");
    }

    #[test]
    fn variables_of_a_gpu_are_given_with_one_alone() {
        let cpu = Policy { writable: "/w".into(), ..Policy::default() };
        let gpu = Policy { gpu: Some(Gpu::default()), ..cpu.clone() };
        for (policy, count) in [(&cpu, 2), (&gpu, 4)] {
            let names: Vec<&str> = policy.environment(3, "m").into_iter().map(|(name, _)| name).collect();
            assert_eq!((names.len(), &names), (count, &policy.variables()));
        }
        // What a kernel is compiled into is the attempt's own.
        assert!(gpu.environment(3, "m").contains(&("CUDA_CACHE_PATH", "/w/cuda-cache".into())));
    }
}
