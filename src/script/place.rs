//! What a script finds in its container, and what it leaves there.

use super::supervise::RUN;
use super::{RUNNER, SHIM};
use crate::store::{self, RunFolder};
use crate::words::bytes;
use serde_json::Value;
use std::fs::{File, Permissions};
use std::io::{BufRead, BufReader, Read};
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
/// No sound script predicts more, nor of an example a longer class.
const MOST_PREDICTED: u64 = 256 << 20;
const LONGEST: usize = 64 << 10;

/// What the last attempt predicted, and what is right.
///
/// # Errors
/// It predicted nothing that can be read, more than is held out, or what is neither a class nor a number: in words.
pub fn predictions(folder: &RunFolder, attempt: u32) -> Result<[Vec<Value>; 2], String> {
    let work = folder.attempt(RUN, attempt).work();
    // A link of the script's own must lead nowhere.
    let told = work.join(PREDICTIONS);
    if !std::fs::symlink_metadata(&told).is_ok_and(|meta| meta.is_file()) {
        return Err("it did not call `tallow.predict`".into());
    }
    let answers = folder.held_out().join(ANSWERS);
    let answers = std::fs::read_to_string(&answers).map_err(|e| format!("`{}` cannot be read: {e}", answers.display()))?;
    let answers = answers.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>().map_err(|e| e.to_string())?;
    Ok([predicted(&told, answers.len())?, answers])
}

/// A class or a number a line, at most so many: what a script leaves may be made to fill the memory of whoever reads it.
fn predicted(path: &Path, most: usize) -> Result<Vec<Value>, String> {
    let unread = |e: std::io::Error| format!("`{}` cannot be read: {e}", path.display());
    let mut lines = BufReader::new(File::open(path).map_err(unread)?.take(MOST_PREDICTED));
    let (mut told, mut line) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        let count = lines.by_ref().take(LONGEST as u64 + 1).read_until(b'\n', &mut line).map_err(unread)?;
        let wrong = |what: String| format!("`{}`, line {}: {what}", path.display(), told.len() + 1);
        match count {
            0 => return Ok(told),
            _ if told.len() == most => {
                return Err(format!("expected a prediction for each of {most} held-out examples, found more"));
            }
            _ if line.len() > LONGEST => {
                return Err(wrong(format!("expected at most {}, found more", bytes(LONGEST as f64))));
            }
            _ => {}
        }
        match serde_json::from_slice::<Value>(&line).map_err(|e| wrong(e.to_string()))? {
            Value::Array(_) | Value::Object(_) | Value::Null => {
                return Err(wrong("expected a class as a text or number, found a list, an object or nothing".into()));
            }
            value => told.push(value),
        }
    }
}

/// Takes from what an attempt left the right to run as its owner, who is a user outside its container, too. Nobody writes there any more;
/// no link is followed. What cannot be changed is not ours.
pub fn disarm(work: &Path) {
    let mut waiting = vec![work.to_path_buf()];
    while let Some(path) = waiting.pop() {
        let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
        // Of a folder that is closed to us we would not see what is in it.
        let (mode, open) = (meta.mode() & 0o7777, if meta.is_dir() { 0o500 } else { 0 });
        let wanted = (mode & !0o6000) | open;
        if (meta.is_dir() || meta.is_file()) && wanted != mode {
            let _ = std::fs::set_permissions(&path, Permissions::from_mode(wanted));
        }
        if meta.is_dir() {
            waiting.extend(std::fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn folder(dir: &tempfile::TempDir) -> RunFolder {
        let folder = RunFolder::create(dir.path().join("run")).expect("made");
        folder.attempt(RUN, 1).create().expect("made");
        folder
    }

    #[test]
    fn what_is_predicted_is_bounded() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = folder(&dir);
        lay(&folder).expect("laid");
        lay_held_out(&folder, &[json!({"x": 1}), json!({"x": 2})], &[json!("a"), json!(1)]).expect("laid");
        let of = |text: &str| {
            std::fs::write(folder.attempt(RUN, 1).work().join(PREDICTIONS), text).expect("written");
            predictions(&folder, 1)
        };
        assert_eq!(of("\"b\"\n2.5"), Ok([vec![json!("b"), json!(2.5)], vec![json!("a"), json!(1)]]));
        assert_eq!(of("true\n").map(|[told, _]| told), Ok(vec![json!(true)]));
        let (long, longest) = (format!("\"{}\"", "x".repeat(LONGEST)), format!("\"{}\"\n", "x".repeat(LONGEST - 3)));
        assert!(of(&longest).is_ok());
        for (text, words) in [
            ("1\n2\n3\n", "expected a prediction for each of 2 held-out examples, found more"),
            ("1\n[0]\n", "line 2: expected a class as a text or number"),
            ("null", "line 1: expected a class as a text or number"),
            ("1\n\n", "line 2: "),
            (long.as_str(), "line 1: expected at most 64.0 KiB, found more"),
        ] {
            let told = of(text).expect_err("refused");
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn nothing_that_is_left_runs_as_its_owner() {
        let dir = tempfile::tempdir().expect("a folder");
        let work = folder(&dir).attempt(RUN, 1).work();
        let (inside, outside) = (work.join("a/b"), dir.path().join("outside"));
        std::fs::create_dir_all(&inside).expect("folders");
        let files = [work.join("first"), inside.join("second"), outside];
        let mode = |path: &Path| std::fs::metadata(path).expect("there").mode() & 0o7777;
        let allow = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
        for file in &files {
            std::fs::write(file, "x").expect("written");
            allow(file, 0o4755);
        }
        allow(&files[0], 0o6755);
        std::os::unix::fs::symlink(&files[2], work.join("link")).expect("linked");
        [&inside, &work].iter().for_each(|closed| allow(closed, 0o311));
        disarm(&work);
        assert_eq!(files.each_ref().map(|file| mode(file)), [0o755, 0o755, 0o4755]);
        assert_eq!([&inside, &work].map(|folder| mode(folder)), [0o711; 2]);
    }
}
