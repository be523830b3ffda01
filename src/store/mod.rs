//! Names in the run folder, atomic writes, and the ledger. The only place that makes paths inside a run folder.

mod atomic;
mod attempt;
mod decided;
mod destination;
mod folder;
mod ledger;
mod lines;
mod stage;
mod sweep;

pub use atomic::write_atomic;
pub use attempt::{AttemptFolder, CheckpointFolder, WorkFolder, stamp};
pub use decided::Decided;
pub use destination::{Destination, folder_of};
pub use folder::{LEDGER, Lock, MANIFEST, RunFolder, bytes_below, files_inside};
pub use ledger::{Broken, Entry, Ledger, Purpose, Record};
pub use lines::Lines;
pub use stage::Stage;

use crate::error::{Class, Failure, place_hint};
use std::path::PathBuf;

/// The run folder could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {action} `{}`", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("`{}` is not what it should be", path.display())]
    Malformed { path: PathBuf, source: serde_json::Error },
    #[error("`{}` is no run folder: it has no `ledger.jsonl`", path.display())]
    NotARun { path: PathBuf },
    #[error("the run `{}` has no report yet", path.display())]
    NoReport { path: PathBuf },
    #[error("the run `{}` has no model yet", path.display())]
    NoModel { path: PathBuf },
    #[error("`{}` already exists and is not empty", path.display())]
    Occupied { path: PathBuf },
    #[error("`{}` is a folder: expected the name of a file", path.display())]
    IsFolder { path: PathBuf },
    #[error("`{}` cannot be written: there is no folder `{}`", path.display(), folder.display())]
    NoFolder { path: PathBuf, folder: PathBuf },
    #[error("the run folder `{}` is in use by another process", path.display())]
    Locked { path: PathBuf },
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Io { .. } | Error::Locked { .. } => Class::Resource,
            Error::Malformed { .. }
            | Error::NotARun { .. }
            | Error::NoReport { .. }
            | Error::NoModel { .. }
            | Error::Occupied { .. }
            | Error::IsFolder { .. }
            | Error::NoFolder { .. } => Class::Usage,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Error::Io { source, .. } => place_hint(source),
            Error::NoReport { path } | Error::NoModel { path } => {
                Some(format!("`tallow resume {}` goes on with it", crate::words::shell(path)))
            }
            Error::NotARun { .. } => Some("`tallow runs` lists the runs".into()),
            Error::IsFolder { .. } => Some("name a file in it".into()),
            Error::NoFolder { folder, .. } => Some(format!("make it: `mkdir -p {}`", folder.display())),
            Error::Occupied { .. } => Some("choose another folder with `--out`, or `tallow resume` that run".into()),
            Error::Locked { .. } => Some("wait until the other `tallow` is done, or stop it with Ctrl-C".into()),
            Error::Malformed { .. } => {
                Some("the file was changed or damaged: `tallow train` the run's spec.toml into a new folder".into())
            }
        }
    }
}

/// A folder that is gone when the value is: for a run that nobody asked to keep.
///
/// # Errors
/// The system's folder for such things cannot be written.
pub fn temporary() -> Result<tempfile::TempDir, Error> {
    let failed = |source| Error::Io { action: "make a folder in", path: std::env::temp_dir(), source };
    tempfile::tempdir().map_err(failed)
}
