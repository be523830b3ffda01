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
    /// Taken where nobody said: shares of what the machine had to spare when the run began, or was last gone on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spare_memory_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spare_disk_bytes: Option<u64>,
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

/// What the machine has to spare; none: it does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spare {
    pub memory_bytes: Option<u64>,
    pub disk_bytes: Option<u64>,
}

impl ScriptSpec {
    /// Takes shares of what there is to spare as limits, for what nobody limited: three quarters of the memory, half of the disk on top of
    /// what the run folder holds already. A script that runs wild must not take the machine with it.
    pub fn within(self, spare: Spare, held_bytes: u64) -> Self {
        let least = crate::sandbox::container::LEAST_MEMORY;
        let memory = spare.memory_bytes.map(|bytes| (bytes / 4 * 3).max(least));
        // What cannot be counted is more than any limit, and is none itself.
        let disk = spare.disk_bytes.map(|bytes| held_bytes.checked_add(bytes / 2).unwrap_or(bytes / 2));
        ScriptSpec {
            spare_memory_bytes: memory.filter(|_| self.max_memory_bytes.is_none()),
            spare_disk_bytes: disk.filter(|_| self.max_disk_bytes.is_none()),
            ..self
        }
    }

    /// The most memory of an attempt; none: as the machine has it.
    pub fn memory_limit(&self) -> Option<u64> {
        self.max_memory_bytes.or(self.spare_memory_bytes)
    }

    /// The most that the run folder may hold.
    pub fn disk_limit(&self) -> Option<u64> {
        self.max_disk_bytes.or(self.spare_disk_bytes)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_limited_is_a_share_of_what_there_is() {
        const GIB: u64 = 1 << 30;
        let spare = Spare { memory_bytes: Some(8 * GIB), disk_bytes: Some(100 * GIB) };
        let limits = |spec: ScriptSpec| [spec.memory_limit(), spec.disk_limit()];
        assert_eq!(limits(ScriptSpec::default().within(spare, GIB)), [Some(6 * GIB), Some(51 * GIB)]);
        let asked = ScriptSpec { max_memory_bytes: Some(GIB), max_disk_bytes: Some(2 * GIB), ..ScriptSpec::default() };
        assert_eq!(limits(asked.clone().within(spare, GIB)), [Some(GIB), Some(2 * GIB)]);
        assert_eq!(asked.clone().within(spare, GIB), asked, "nothing is taken beside what was asked for");
        assert_eq!(limits(ScriptSpec::default().within(Spare::default(), GIB)), [None, None]);
        // Where something was hidden from us.
        assert_eq!(ScriptSpec::default().within(spare, u64::MAX).disk_limit(), Some(50 * GIB));
        // As another machine has it.
        let moved = ScriptSpec::default().within(spare, 0).within(Spare { memory_bytes: Some(GIB), disk_bytes: None }, 0);
        assert_eq!(limits(moved), [Some(GIB / 4 * 3), None]);
    }
}
