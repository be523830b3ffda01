//! How the program is stopped.

use super::error::CliError;
use super::tell_progress;
use crate::error::Class;
use crate::report::Style;
use crate::store::{self, RunFolder};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use tempfile::TempDir;

static STOP: AtomicBool = AtomicBool::new(false);

/// Folders that pass with the program.
static PASSING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A folder for what is not kept: gone when the value is, even where the program is ended at once.
///
/// # Errors
/// As [`store::temporary`].
pub(in crate::cli) fn passing_folder() -> Result<TempDir, store::Error> {
    let folder = store::temporary()?;
    PASSING.lock().unwrap_or_else(PoisonError::into_inner).push(folder.path().into());
    Ok(folder)
}

/// What is worked on since [`stop_flag`]; none before, when there is nothing yet that would have to end well.
static WORKED_ON: OnceLock<Option<RunFolder>> = OnceLock::new();

/// Has Ctrl-C end the program as it ends later, with the same exit code: at once while nothing has to end well, before a run is worked on
/// and between its workers; else the first asks the worker to stop after a checkpoint, and the second ends everything. What whoever
/// started the program has it ignore, as `nohup` does a terminal that is closed, stays ignored.
pub(in crate::cli) fn hear_stops(json: bool) {
    #[cfg(target_os = "linux")]
    let ignored = ignored_signals();
    let _ = ctrlc::set_handler(move || {
        let begun = WORKED_ON.get();
        if begun.is_none() || STOP.swap(true, Ordering::SeqCst) || !crate::stop::is_heard() {
            let passing = std::mem::take(&mut *PASSING.lock().unwrap_or_else(PoisonError::into_inner));
            let passes = |run: &Path| passing.iter().any(|folder| folder.canonicalize().is_ok_and(|it| run.starts_with(it)));
            // Without an experiment there is nothing to go on with, nor in a folder that passes.
            let run = begun
                .and_then(Option::as_ref)
                .filter(|run| (run.spec().is_file() || run.script_spec().is_file()) && !passes(run.root()))
                .map(|run| run.root().to_path_buf());
            crate::cli::tell(&CliError::Stopped { run }.into(), json, Style::Plain);
            for folder in passing {
                // What cannot be removed is the system's to remove.
                let _ = std::fs::remove_dir_all(folder);
            }
            std::process::exit(i32::from(Class::Interrupted.exit_code()));
        } else if !json {
            tell_progress("stopping; once more stops at once");
        }
    });
    #[cfg(target_os = "linux")]
    for signal in ignored {
        // SAFETY: a plain number, and a disposition that runs no code.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Of the signals that ask to stop, those that are ignored.
#[cfg(target_os = "linux")]
fn ignored_signals() -> Vec<libc::c_int> {
    let is_ignored = |signal: &libc::c_int| {
        let mut now = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: nothing is changed; `now` has room for what is asked, and is all zeros, which is a value of it, where nothing is told.
        let now = unsafe {
            libc::sigaction(*signal, std::ptr::null(), now.as_mut_ptr());
            now.assume_init()
        };
        now.sa_sigaction == libc::SIG_IGN
    };
    [libc::SIGHUP, libc::SIGINT, libc::SIGTERM].into_iter().filter(is_ignored).collect()
}

/// The flag that Ctrl-C sets from now on, when `run` is worked on.
pub(in crate::cli) fn stop_flag(run: Option<RunFolder>) -> &'static AtomicBool {
    // A process works on one thing.
    let _ = WORKED_ON.set(run);
    &STOP
}
