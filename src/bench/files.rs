//! Files of a bench: what it is, its trials, its results.

use super::error::BenchError;
use super::results::{self, Results};
use super::trial::{self, Trial};
use crate::error::Result;
use crate::store::{folder_of, write_atomic};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write;
use std::path::Path;

pub(super) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let above = folder_of(path);
    std::fs::create_dir_all(above).map_err(|source| BenchError::Io { action: "create", path: above.into(), source })?;
    let mut text = serde_json::to_vec_pretty(value).map_err(|source| BenchError::Malformed { path: path.into(), source })?;
    text.push(b'\n');
    Ok(write_atomic(path, |file| file.write_all(&text))?)
}

pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).map_err(|source| BenchError::Io { action: "read", path: path.into(), source })?;
    Ok(serde_json::from_slice(&bytes).map_err(|source| BenchError::Malformed { path: path.into(), source })?)
}

/// A trial, or why its file is none, in words.
pub(super) fn read_trial(path: &Path) -> std::result::Result<Trial, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let trial: Trial = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
    let (expected, found) = (trial::VERSION, trial.version);
    (found == expected).then_some(trial).ok_or_else(|| format!("expected version {expected}, found {found}"))
}

/// The results that a folder of a bench, or a file, holds.
///
/// # Errors
/// There are none, or they are of another version.
pub fn load_results(path: &Path) -> Result<Results> {
    let path = if path.is_dir() { path.join("results.json") } else { path.to_path_buf() };
    let results: Results = read_json(&path)?;
    let (expected, found) = (results::VERSION, results.version);
    if found == expected { Ok(results) } else { Err(BenchError::OtherVersion { path, expected, found }.into()) }
}

#[cfg(test)]
mod tests {
    use super::super::fault::Fault;
    use super::super::results::tests::{results, trial};
    use super::super::trial::Ending;
    use super::*;

    #[test]
    fn results_of_another_version_are_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut found = results(vec![trial(Fault::None, 0, Ending::FirstAttempt, 1.0, 0.9)]);
        write_json(&dir.path().join("results.json"), &found).expect("written");
        assert_eq!(load_results(dir.path()).expect("results"), found);
        found.version = 7;
        write_json(&dir.path().join("results.json"), &found).expect("written");
        let error = load_results(dir.path()).expect_err("another version").to_string();
        assert!(error.contains("expected 1, found 7"), "{error}");
    }
}
