//! The files of one attempt: what the supervisor notes of it, and what its worker may write.

use super::Error;
use super::atomic::{Keeping, write_json};
use super::sweep::sweep;
use crate::job::Event;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the folder of an attempt that its worker, or its script, may write.
pub(super) const WORK: &str = "work";

/// One attempt's folder. What the supervisor notes stands beside what its worker may write, never in it: a later attempt is given
/// what the job names, so a worker that could rewrite its job could choose what the next one reads.
#[derive(Debug, Clone)]
pub struct AttemptFolder {
    pub(super) root: PathBuf,
    pub(super) keeping: Keeping,
}

impl AttemptFolder {
    /// Makes the folder (again).
    pub fn create(&self) -> Result<(), Error> {
        std::fs::create_dir_all(self.work()).map_err(|source| Error::Io { action: "create", path: self.work(), source })
    }
    /// Removes what a worker that was killed left half-written.
    pub fn sweep(&self) {
        sweep(&self.root, None);
    }
    /// How long after its start the attempt last told something; none where it never did. By [`stamp`], for the clock on the wall may have
    /// been set since.
    pub fn last_sign(&self) -> Option<Duration> {
        /// No line is as long.
        const END: u64 = 4 << 20;
        let mut events = File::open(self.events()).ok()?;
        let length = events.metadata().ok()?.len();
        events.seek(SeekFrom::Start(length.saturating_sub(END))).ok()?;
        let mut end = Vec::new();
        events.take(END).read_to_end(&mut end).ok()?;
        let told = |line: &[u8]| serde_json::from_slice::<Stamp>(line).ok();
        let last = end.split(|byte| *byte == b'\n').rev().find_map(told)?;
        Duration::try_from_secs_f64(last.secs_since_start).ok()
    }
    /// All that the worker may write.
    pub fn work(&self) -> PathBuf {
        self.root.join(WORK)
    }
    pub fn job(&self) -> PathBuf {
        self.root.join("job.json")
    }
    pub fn events(&self) -> PathBuf {
        self.root.join("events.jsonl")
    }
    /// The script that it ran, where it is one of a script.
    pub fn script(&self) -> PathBuf {
        self.root.join("script.py")
    }
    pub fn stderr(&self) -> PathBuf {
        self.root.join("stderr.log")
    }
    /// The checkpoints to go on from.
    pub fn checkpoints(&self) -> CheckpointFolder {
        WorkFolder::at(self.work()).checkpoints()
    }
    /// The trained model's weights, when finished.
    pub fn weights(&self) -> PathBuf {
        WorkFolder::at(self.work()).weights()
    }
    /// Whether `checkpoints`, a path of before the run folder was moved perhaps, is that of this attempt.
    pub fn is_place_of(&self, checkpoints: &Path) -> bool {
        let own = self.checkpoints();
        let ends = |path: &Path| path.components().rev().take(4).map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>();
        ends(checkpoints) == ends(own.path())
    }
    /// Predictions of an evaluation job.
    pub fn predictions(&self) -> PathBuf {
        WorkFolder::at(self.work()).predictions()
    }
    pub fn write_json<T: Serialize>(&self, path: &Path, value: &T) -> Result<(), Error> {
        write_json(path, self.keeping, value)
    }

    /// The attempt's events; none where it has told nothing. A last line that a crash cut short is left out.
    pub fn read_events(&self) -> Result<Vec<Event>, Error> {
        let path = self.events();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::Io { action: "read", path, source }),
        };
        Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }
}

/// What stands beside each event of an attempt.
#[derive(Deserialize)]
struct Stamp {
    secs_since_start: f64,
}

/// Writes into an event, as an object of JSON, how long after its attempt's start it was told, by a clock that nobody sets.
pub fn stamp(event: &mut Vec<u8>, since_start: Duration) {
    if event.last() == Some(&b'}') {
        event.pop();
        event.extend_from_slice(format!(",\"secs_since_start\":{:.3}}}", since_start.as_secs_f64()).as_bytes());
    }
}

/// The folder that a worker writes: all that it knows of its attempt.
#[derive(Debug, Clone)]
pub struct WorkFolder {
    root: PathBuf,
}

impl WorkFolder {
    pub fn at(root: impl Into<PathBuf>) -> Self {
        WorkFolder { root: root.into() }
    }
    pub fn checkpoints(&self) -> CheckpointFolder {
        CheckpointFolder::at(self.root.join("checkpoint"))
    }
    pub fn weights(&self) -> PathBuf {
        self.root.join("model.safetensors")
    }
    pub fn predictions(&self) -> PathBuf {
        self.root.join("predictions.jsonl")
    }
}

/// The checkpoints of an attempt, a file each: `step-0000000040.safetensors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointFolder {
    root: PathBuf,
}

impl CheckpointFolder {
    pub fn at(root: impl Into<PathBuf>) -> Self {
        CheckpointFolder { root: root.into() }
    }
    pub fn path(&self) -> &Path {
        &self.root
    }
    /// The checkpoint after `step` steps.
    pub fn file(&self, step: u64) -> PathBuf {
        self.root.join(format!("step-{step:010}.safetensors"))
    }
    /// Those that are there, oldest first. What a crash left half-written has another name.
    pub fn files(&self) -> Vec<PathBuf> {
        let is_checkpoint = |path: &PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            name.starts_with("step-") && name.ends_with(".safetensors")
        };
        let entries = std::fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_checkpoint).collect();
        files.sort();
        files
    }
}

#[cfg(test)]
mod tests {
    use super::super::RunFolder;
    use super::*;

    #[test]
    fn the_last_sign_of_an_attempt_is_the_last_whole_line_with_its_time() {
        let dir = tempfile::tempdir().expect("a folder");
        let attempt = RunFolder::create(dir.path().join("run")).expect("made").attempt("x", 1);
        attempt.create().expect("made");
        assert_eq!(attempt.last_sign(), None);
        let line = |event: &Event, secs| {
            let mut line = serde_json::to_vec(event).expect("written");
            stamp(&mut line, Duration::from_secs_f64(secs));
            assert_eq!(serde_json::from_slice::<Event>(&line).expect("read"), *event, "it is the same event");
            String::from_utf8(line).expect("text") + "\n"
        };
        let text = line(&Event::Stopped { step: 1 }, 0.5) + &line(&Event::Progress { examples: 3 }, 7.25);
        std::fs::write(attempt.events(), format!("{text}{{\"event\":\"stopped\",\"st")).expect("written");
        assert_eq!(attempt.last_sign(), Some(Duration::from_secs_f64(7.25)));
        assert_eq!(attempt.read_events().expect("read"), [Event::Stopped { step: 1 }, Event::Progress { examples: 3 }]);
        std::fs::write(attempt.events(), "{\"event\":\"stopped\",\"step\":1}\n").expect("written");
        assert_eq!(attempt.last_sign(), None, "nobody knows");
    }

    #[test]
    fn what_the_supervisor_notes_is_not_the_workers_to_write() {
        let attempt = AttemptFolder { root: "/runs/a/runs/seed-0/attempts/001".into(), keeping: Keeping::Lasting };
        for file in [attempt.job(), attempt.events(), attempt.stderr()] {
            assert!(!file.starts_with(attempt.work()), "{}", file.display());
        }
        for file in [attempt.checkpoints().file(7), attempt.weights(), attempt.predictions()] {
            assert!(file.starts_with(attempt.work()), "{}", file.display());
        }
    }
}
