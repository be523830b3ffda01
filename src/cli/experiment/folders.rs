//! Run folders: made with the first row of their ledger, and found again.

use super::error::CliError;
use super::now;
use crate::cli::environment::Environment;
use crate::cli::secrets::Secrets;
use crate::data;
use crate::error::Result;
use crate::store::{self, Purpose, Record, RunFolder};
use std::path::PathBuf;

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
        return Err(CliError::NoRun { run: run.into(), runs: env.runs.clone() }.into());
    }
    let folder = RunFolder::open(if path.is_dir() { path } else { kept })?;
    match folder.ledger().read()?.first().map(|entry| &entry.record) {
        Some(Record::Created { purpose: Purpose::Evaluation, .. }) => {
            Err(CliError::Evaluation { path: folder.root().into() }.into())
        }
        _ => Ok(folder),
    }
}
