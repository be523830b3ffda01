//! Run folders: made with the first row of their ledger, and found again.

use super::error::CliError;
use super::now;
use crate::cli::environment::Environment;
use crate::cli::secrets::Secrets;
use crate::data;
use crate::error::Result;
use crate::store::{self, Purpose, Record, RunFolder};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A new run folder; its ledger begins with how it came to be.
pub(in crate::cli) fn create(env: &Environment, root: PathBuf, purpose: Purpose) -> Result<RunFolder> {
    let binary_sha256 = own_sha256();
    begun(env, RunFolder::create(root)?, purpose, binary_sha256)
}

/// As [`create`], in the folder of runs, of that name and the time. Several runs may begin in the same second: whoever finds the name
/// taken, however lately, takes the next one.
pub(in crate::cli) fn create_named(env: &Environment, name: &str, purpose: Purpose) -> Result<RunFolder> {
    let binary_sha256 = own_sha256();
    let name = format!("{name}-{}", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S"));
    let mut number = 1u64;
    loop {
        let root = env.runs.join(if number == 1 { name.clone() } else { format!("{name}-{number}") });
        match RunFolder::create(root) {
            Err(store::Error::Occupied { .. }) => number += 1,
            made => return begun(env, made?, purpose, binary_sha256),
        }
    }
}

/// What a run's numbers come from; read first, so that the ledger has its first row as soon as the folder is there.
fn own_sha256() -> String {
    std::env::current_exe().ok().and_then(|exe| data::sha256_of_file(&exe).ok()).unwrap_or_default()
}

/// A folder for an evaluation within one that passes: it is gone before anybody could ask what it was made by.
pub(in crate::cli) fn create_passing(env: &Environment, root: PathBuf) -> Result<RunFolder> {
    begun(env, RunFolder::create_passing(root)?, Purpose::Evaluation, String::new())
}

fn begun(env: &Environment, folder: RunFolder, purpose: Purpose, binary_sha256: String) -> Result<RunFolder> {
    let secrets = Secrets::read(env);
    let command = std::env::args().map(|word| secrets.left_out(&word)).collect();
    let version = env!("CARGO_PKG_VERSION").into();
    folder.ledger().append(now(), Record::Created { purpose, command, version, binary_sha256 })?;
    Ok(folder)
}

/// A run folder, by its path or its name in the folder of runs.
pub(in crate::cli) fn find(env: &Environment, run: &str) -> Result<RunFolder> {
    let path = PathBuf::from(run);
    let kept = env.runs.join(run);
    if path.is_relative() && !path.is_dir() && !kept.is_dir() {
        return Err(CliError::NoRun { run: run.into(), runs: env.runs.clone(), near: near(&[&path, &kept]) }.into());
    }
    let folder = RunFolder::open(if path.is_dir() { path } else { kept })?;
    match folder.ledger().read()?.first().map(|entry| &entry.record) {
        Some(Record::Created { purpose: Purpose::Evaluation, .. }) => {
            Err(CliError::Evaluation { path: folder.root().into() }.into())
        }
        _ => Ok(folder),
    }
}

/// What lies where a run or a model was looked for, and is called nearly so.
fn near(places: &[&Path]) -> Vec<String> {
    let found = places.iter().flat_map(|place| {
        let folder = place.parent().unwrap_or(Path::new(""));
        data::near(place).into_iter().map(move |name| folder.join(name))
    });
    let folders: BTreeSet<PathBuf> = found.filter(|path| path.is_dir()).collect();
    folders.iter().map(|path| path.display().to_string()).collect()
}

/// That a model which cannot be meant as the Hub's is looked for nowhere else: what is a path is no id, and nothing of this machine
/// is asked of the Hub.
///
/// # Errors
/// It is a path at which no model lies.
pub(in crate::cli) fn check_place(env: &Environment, asked: &str) -> Result<()> {
    let path = Path::new(asked);
    let found = match (path.is_file(), path.exists()) {
        (true, _) if data::is_file_of_weights(asked) => return Ok(()),
        (true, _) => "it is a file",
        (false, true) => return Ok(()),
        (false, false) if is_path(path, &Path::is_dir) => "nothing lies there",
        (false, false) => return Ok(()),
    };
    Err(CliError::NoModel { path: asked.into(), found, near: near(&[path, &env.runs.join(asked)]) }.into())
}

/// Whether what is not there is meant as a path, and not as the `ORG/NAME` of a model of the Hub: it says so, has more parts or other
/// ones than such a name, begins with a folder that is here (`is_here`), or is called as a run is.
fn is_path(path: &Path, is_here: &dyn Fn(&Path) -> bool) -> bool {
    let mut parts = path.components();
    let (first, rest) = (parts.next(), parts.count());
    match first {
        Some(std::path::Component::Normal(first)) => {
            rest > 1 || rest == 1 && is_here(Path::new(first)) || path.file_name().is_some_and(is_called_as_a_run)
        }
        Some(_) => true,
        None => false,
    }
}

/// Whether a name ends with a time as [`create_named`] writes it.
fn is_called_as_a_run(name: &std::ffi::OsStr) -> bool {
    let is_number = |part: &str, digits: usize| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
    let name = name.to_string_lossy();
    let parts: Vec<&str> = name.split('-').collect();
    parts.windows(2).skip(1).any(|pair| is_number(pair[0], 8) && is_number(pair[1], 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_no_id_of_the_hub() {
        let is = |asked: &str| is_path(Path::new(asked), &|folder| folder == Path::new("runs"));
        for path in ["./a", "../a", "/a/b", "runs/a", "a/b/c", "moods-20261130-192353", "kept/moods-20261130-192353-2"] {
            assert!(is(path), "{path}");
        }
        for id in ["gpt2", "org/name", "org/model-20260101", "name-20261130"] {
            assert!(!is(id), "{id}");
        }
    }
}
