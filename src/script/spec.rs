//! What a script is run with: `script.toml` of its run folder.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// All that an attempt is made of, besides what recovery changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptSpec {
    pub version: u32,
    /// The file that was given; the run folder holds its copy. None: a language model writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_sha256: Option<String>,
    /// As it was asked for, and the id of what it meant then.
    pub image: String,
    pub image_id: String,
    /// The folder that the script sees as its data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HeldOut>,
    pub seed: u64,
    pub cpus: usize,
    pub gpu: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_memory_bytes: Option<u64>,
    /// Of the run folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_disk_bytes: Option<u64>,
    /// Over all attempts, from the first on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_time_secs: Option<u64>,
    /// Without an event or a line of its log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_silence_secs: Option<u64>,
    /// Of a run that fails, the first included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<usize>,
    /// Who writes and mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<AuthorSpec>,
}

/// A language model that may write scripts for this run: somebody agreed to that.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorSpec {
    /// As the command line has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub llm: Option<String>,
    /// The recording that answers in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub llm_replay: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_usd: Option<f64>,
}

/// Examples that the script predicts without seeing their answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldOut {
    /// The table that was given.
    pub file: PathBuf,
    pub file_sha256: String,
    /// The column that the script does not see.
    pub label: String,
    pub examples: usize,
}

/// The version of this format.
pub const VERSION: u32 = 1;
