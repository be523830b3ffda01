//! What a worker may do. Pure data; the first line on a worker's stdin.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// What a worker may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Files and folders that it may read.
    pub read_only: Vec<PathBuf>,
    /// The one folder that it may write.
    pub writable: PathBuf,
    pub memory_bytes: Option<u64>,
    /// Largest file that it may write.
    pub max_file_bytes: u64,
    pub max_open_files: u64,
    pub wall: Duration,
    pub level: Level,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            read_only: Vec::new(),
            writable: PathBuf::new(),
            memory_bytes: None,
            max_file_bytes: 64 << 30,
            max_open_files: 256,
            wall: Duration::from_secs(3600),
            level: Level::Strict,
        }
    }
}

/// What happens where the kernel lacks a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The run is refused.
    Strict,
    /// The layers that are there hold; the rest is recorded as missing.
    BestEffort,
    /// No jail; recorded.
    Off,
}
