//! Classes of failure. The class alone decides the exit code; the table in [`Class`] is the public one.

use std::fmt;
use std::io::{self, ErrorKind};

/// What kind of failure it is, with the exit code of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The command line is wrong.
    Usage = 2,
    /// A paper, request, spec or config cannot be used.
    Spec = 10,
    /// A paper cannot be read.
    Paper = 11,
    /// Data cannot be used.
    Data = 20,
    /// Model weights or their config cannot be used.
    Model = 21,
    /// Training diverged, or a number is not finite.
    Numeric = 30,
    /// A repeated run is not what was recorded.
    Differs = 31,
    /// Memory or disk ran out, or a place cannot be read or written.
    Resource = 40,
    /// Interrupted by the user; `resume` continues.
    Interrupted = 41,
    /// A budget of the experiment is spent (time, attempts, disk); `resume` continues with more.
    Budget = 42,
    /// A worker told nothing for too long.
    Stalled = 43,
    /// The jail refused, or cannot be built as asked.
    Sandbox = 50,
    /// Hub, arXiv or another service failed or cannot be reached.
    External = 60,
    /// A mistake in Tallow itself.
    Bug = 70,
}

impl Class {
    /// The exit code of the process.
    pub const fn exit_code(self) -> u8 {
        self as u8
    }
}

/// What every module's error tells the rim: its class and, where there is a next step, a hint.
pub trait Failure: std::error::Error + Send + Sync + 'static {
    /// The class that decides the exit code.
    fn class(&self) -> Class;

    /// What the user can do next.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// Whether a write failed because there is no room for it: the disk, a quota or a limit on the size of files.
pub fn is_out_of_room(source: &io::Error) -> bool {
    matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// What to do about a full disk.
pub const FULL_DISK: &str = "the disk is full: free some space, then `tallow resume` the run, or give the command again \
    where nothing was written yet (where there is space left, there may be no \
    room for more files: `df -i` tells, and removing some helps)";

/// EMFILE, on Linux and macOS.
const TOO_MANY_FILES: i32 = 24;

/// The next step where the place is at fault, not what was to be written or read there.
pub fn place_hint(source: &io::Error) -> Option<String> {
    let hint = match source.kind() {
        ErrorKind::StorageFull => FULL_DISK,
        ErrorKind::QuotaExceeded => {
            "the disk quota is used up: free some space, then `tallow resume` the run, or give the command again where nothing was \
             written yet"
        }
        ErrorKind::FileTooLarge => {
            "files may not grow so large here: raise the limit (`ulimit -f`), then `tallow resume` the run, or give the command again where \
             nothing was written yet"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "choose a folder that you may write, such as with `--out DIR`"
        }
        _ if source.raw_os_error() == Some(TOO_MANY_FILES) => {
            "too few files may be open at once here: raise the limit (`ulimit -n`), then `tallow resume` the run"
        }
        _ => return None,
    };
    Some(hint.into())
}

/// The innermost cause says it best.
pub fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// Whether something that was to be opened is not there.
fn is_of_what_is_not_there(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|cause| cause.kind() == ErrorKind::NotFound)
}

/// Any module's error on its way to the rim.
#[derive(Debug)]
pub struct Error {
    failure: Box<dyn Failure>,
}

/// Result at the rim.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Class of the failure.
    pub fn class(&self) -> Class {
        self.failure.class()
    }

    /// The next step, if there is one.
    pub fn hint(&self) -> Option<String> {
        self.failure.hint().or_else(|| is_of_what_is_not_there(&*self.failure).then(|| "check the path".into()))
    }

    /// The module's error itself, where it is one of this type.
    pub fn as_failure<F: Failure>(&self) -> Option<&F> {
        let error: &dyn std::error::Error = &*self.failure;
        error.downcast_ref()
    }

    /// The message, then its causes, outermost first.
    pub fn chain(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut next: Option<&dyn std::error::Error> = Some(&*self.failure);
        while let Some(error) = next {
            let line = error.to_string();
            // Some causes only say again what the error above already holds.
            if lines.last().is_none_or(|above| !above.contains(&line)) {
                lines.push(line);
            }
            next = error.source();
        }
        lines
    }
}

impl<F: Failure> From<F> for Error {
    fn from(failure: F) -> Self {
        Error { failure: Box::new(failure) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain().join(": "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_has_a_hint() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read it")]
        struct Unread(#[source] io::Error);
        impl Failure for Unread {
            fn class(&self) -> Class {
                Class::Usage
            }
        }
        let hint = |kind: ErrorKind| Error::from(Unread(kind.into())).hint();
        assert_eq!(hint(ErrorKind::NotFound).as_deref(), Some("check the path"));
        assert_eq!(hint(ErrorKind::InvalidData), None);
    }
}
