//! What a script finds in its container, and what it leaves there.

use super::supervise::RUN;
use super::{RUNNER, SHIM};
use crate::store::{self, RunFolder};
use serde_json::Value;
use std::fs::{File, Permissions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

/// Who a script is where we are root: nobody.
const NOBODY: u32 = 65534;

/// Puts the shim and the runner where the container finds them, readable for whoever it is.
///
/// # Errors
/// The run folder cannot be written.
pub fn lay(folder: &RunFolder) -> Result<(), store::Error> {
    let place = folder.script();
    let io = |action, path: &Path| {
        let path = path.to_path_buf();
        move |source| store::Error::Io { action, path, source }
    };
    std::fs::create_dir_all(&place).map_err(io("create", &place))?;
    std::fs::set_permissions(&place, Permissions::from_mode(0o755)).map_err(io("open", &place))?;
    [("tallow.py", SHIM), ("run.py", RUNNER)].into_iter().try_for_each(|(name, text)| lay_file(folder, name, text.as_bytes()))
}

/// Puts the script beside them, in place of one that was there.
///
/// # Errors
/// The run folder cannot be written.
pub fn lay_script(folder: &RunFolder, script: &str) -> Result<(), store::Error> {
    lay_file(folder, "script.py", script.as_bytes())
}

fn lay_file(folder: &RunFolder, name: &str, bytes: &[u8]) -> Result<(), store::Error> {
    let path = folder.script().join(name);
    folder.write_bytes(&path, bytes)?;
    let opened = std::fs::set_permissions(&path, Permissions::from_mode(0o644));
    opened.map_err(|source| store::Error::Io { action: "open", path, source })
}

/// Lets whoever a script is read all that lies in a folder of ours.
///
/// # Errors
/// It cannot be changed.
pub fn let_read(folder: &Path) -> Result<(), store::Error> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |source| store::Error::Io { action: "open", path, source }
    };
    std::fs::set_permissions(folder, Permissions::from_mode(0o755)).map_err(io(folder))?;
    for entry in std::fs::read_dir(folder).map_err(io(folder))?.flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => let_read(&path)?,
            _ => std::fs::set_permissions(&path, Permissions::from_mode(0o644)).map_err(io(&path))?,
        }
    }
    Ok(())
}

/// Name of the file with the examples that are predicted.
pub(super) const HELD_OUT: &str = "held_out.jsonl";

/// Puts the held-out examples where the container finds them, and their answers where it does not.
///
/// # Errors
/// The run folder cannot be written.
pub fn lay_held_out(folder: &RunFolder, inputs: &[Value], answers: &[Value]) -> Result<(), store::Error> {
    let lines = |values: &[Value]| values.iter().map(|value| format!("{value}\n")).collect::<String>();
    let (seen, hidden) = (folder.script().join(HELD_OUT), folder.held_out());
    let io = |source| store::Error::Io { action: "write", path: seen.clone(), source };
    folder.write_text(&seen, &lines(inputs))?;
    std::fs::set_permissions(&seen, Permissions::from_mode(0o644)).map_err(io)?;
    std::fs::create_dir_all(&hidden).map_err(io)?;
    folder.write_text(&hidden.join(ANSWERS), &lines(answers))
}

const ANSWERS: &str = "answers.jsonl";
const PREDICTIONS: &str = "predictions.jsonl";
/// No sound script predicts more.
const MOST_PREDICTED: u64 = 256 << 20;

/// What the last attempt predicted, and what is right.
///
/// # Errors
/// It predicted nothing that can be read: in words.
pub fn predictions(folder: &RunFolder, attempt: u32) -> Result<[Vec<Value>; 2], String> {
    let read = |path: &Path| {
        let mut text = String::new();
        let file = File::open(path).and_then(|file| file.take(MOST_PREDICTED).read_to_string(&mut text));
        file.map_err(|e| format!("`{}` cannot be read: {e}", path.display()))?;
        let line = |(i, line): (usize, &str)| {
            serde_json::from_str::<Value>(line).map_err(|e| format!("`{}`, line {}: {e}", path.display(), i + 1))
        };
        text.lines().enumerate().map(line).collect::<Result<Vec<_>, _>>()
    };
    let work = folder.attempt(RUN, attempt).work();
    // A link of the script's own must lead nowhere.
    let told = work.join(PREDICTIONS);
    if !std::fs::symlink_metadata(&told).is_ok_and(|meta| meta.is_file()) {
        return Err("it did not call `tallow.predict`".into());
    }
    Ok([read(&told)?, read(&folder.held_out().join(ANSWERS))?])
}

/// Who writes the attempt's folder: ourselves, or nobody where we are root.
pub(super) fn owner(work: &Path) -> Result<[u32; 2], store::Error> {
    let io = |source| store::Error::Io { action: "give to the script", path: work.into(), source };
    let meta = std::fs::metadata(work).map_err(io)?;
    if meta.uid() != 0 && meta.uid() != NOBODY {
        return Ok([meta.uid(), meta.gid()]);
    }
    chown(work, Some(NOBODY), Some(NOBODY)).map_err(io)?;
    Ok([NOBODY, NOBODY])
}
