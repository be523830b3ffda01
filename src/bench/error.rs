//! Why a bench cannot be run, or goes no further.

use crate::error::{Class, Failure, is_out_of_room};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(super) enum BenchError {
    #[error("cannot {action} `{}`", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("`{}` is no result of a bench", path.display())]
    Malformed { path: PathBuf, source: serde_json::Error },
    #[error("`{}` is a result of another version: expected {expected}, found {found}", path.display())]
    OtherVersion { path: PathBuf, expected: u32, found: u32 },
    #[error("`{}` holds another bench: expected {expected}, found {found}", path.display())]
    OtherBench { path: PathBuf, expected: String, found: String },
    #[error("another bench is at work in `{}`", path.display())]
    Locked { path: PathBuf },
    #[error("the task `{task}` needs the file `{name}`, which lies in no folder of `--data-dir`")]
    NoFile { task: String, name: String },
    #[error("{framework} cannot be run by `{python}`: {why}")]
    NoFramework { framework: &'static str, python: String, why: String },
    /// What comes next would end likewise.
    #[error("a trial ended because there is no room left: {why}")]
    NoRoom { why: String, out: PathBuf },
}

impl Failure for BenchError {
    fn class(&self) -> Class {
        match self {
            BenchError::Io { .. } | BenchError::NoRoom { .. } => Class::Resource,
            BenchError::Malformed { .. }
            | BenchError::OtherVersion { .. }
            | BenchError::OtherBench { .. }
            | BenchError::Locked { .. }
            | BenchError::NoFile { .. }
            | BenchError::NoFramework { .. } => Class::Usage,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            BenchError::OtherBench { .. } => Some("choose another folder with `--out`".into()),
            BenchError::Locked { .. } => Some("wait until it is done, or choose another folder with `--out`".into()),
            BenchError::OtherVersion { .. } => Some("the Tallow that wrote it compares it".into()),
            BenchError::NoFile { name, .. } => {
                Some(format!("`--data-dir DIR`, where DIR holds `{name}`; or leave the task out with `--tasks`"))
            }
            BenchError::NoFramework { .. } => {
                Some("`--python PATH` names a Python with torch and transformers; without `--vs` none is needed".into())
            }
            BenchError::NoRoom { out, .. } => {
                Some(format!("make some, then give the same command again: what is finished lies in `{}`", out.display()))
            }
            BenchError::Io { source, .. } if is_out_of_room(source) => {
                Some("there is no room left: make some, then give the same command again".into())
            }
            BenchError::Io { .. } | BenchError::Malformed { .. } => None,
        }
    }
}
