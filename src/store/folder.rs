//! The files of a run folder.
//!
//! ```text
//! RUN/  paper.pdf (or .latex .html .md .txt)  paper_source.json  request.json  wishes.json  paper.json  paper_spec.json  spec.toml  plan.json  manifest.json  ledger.jsonl  eval.json  report.json  report.md  report.html
//!       search.json  search/001/ ...: what a search tried, and a run folder for each
//!       data/        prepared/train.safetensors ..., held_out/ (labels: never visible to a training attempt)
//!       runs/seed-0/ attempts/001/ {job.json, events.jsonl, stderr.log}, work/ {checkpoint/, model.safetensors}: the worker's
//!       model/       the best finished run's model in the Hub's format
//! ```

use super::atomic::{Keeping, write_bytes, write_json};
use super::attempt::{AttemptFolder, WORK};
use super::sweep::sweep;
use super::{Error, Ledger, Lines};
use crate::words::bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Name of the manifest, in a run folder and beside a model.
pub const MANIFEST: &str = "manifest.json";

/// What happened, row by row.
pub const LEDGER: &str = "ledger.jsonl";

/// Of a file of words that a worker leaves; a paper of a thousand pages takes some megabytes.
const MOST_LEFT: u64 = 256 << 20;

/// One experiment's folder.
#[derive(Debug, Clone)]
pub struct RunFolder {
    root: PathBuf,
    keeping: Keeping,
}

impl RunFolder {
    /// Where prepared splits lie, from the run folder on.
    pub const PREPARED: &str = "data/prepared";

    /// Makes a new, empty run folder, with a ledger that has no rows yet: of several that want the same place one gets it.
    ///
    /// # Errors
    /// The folder is there and not empty, or cannot be made.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = root.into();
        if std::fs::read_dir(&root).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Error::Occupied { path: root });
        }
        std::fs::create_dir_all(&root).map_err(|source| Error::Io { action: "create", path: root.clone(), source })?;
        let root = root.canonicalize().map_err(|source| Error::Io { action: "find", path: root, source })?;
        let ledger = root.join(LEDGER);
        match File::create_new(&ledger) {
            Ok(_) => {}
            // Somebody else was here since.
            Err(source) if source.kind() == ErrorKind::AlreadyExists => return Err(Error::Occupied { path: root }),
            Err(source) => return Err(Error::Io { action: "create", path: ledger, source }),
        }
        Ok(RunFolder { root, keeping: Keeping::Lasting })
    }

    /// The same in a place that is removed when this process ends: nothing of it waits for the disk.
    ///
    /// # Errors
    /// As [`RunFolder::create`].
    pub fn create_passing(root: impl Into<PathBuf>) -> Result<Self, Error> {
        Ok(RunFolder { keeping: Keeping::Passing, ..RunFolder::create(root)? })
    }

    /// Opens a run folder that is there.
    ///
    /// # Errors
    /// It has no ledger.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = root.into();
        if !root.join(LEDGER).is_file() {
            return Err(Error::NotARun { path: root });
        }
        let root = root.canonicalize().map_err(|source| Error::Io { action: "find", path: root, source })?;
        Ok(RunFolder { root, keeping: Keeping::Lasting })
    }

    /// Takes the run for this process, until the lock is dropped, and removes what a process that was killed left half-written.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process works on the run.
    pub fn lock(&self) -> Result<Lock, Error> {
        let path = self.root.join(LEDGER);
        let file = File::open(&path).map_err(|source| Error::Io { action: "open", path, source })?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(Error::Locked { path: self.root.clone() });
        }
        // A file system that knows no locks is used without.
        sweep(&self.root, self.script_spec().is_file().then_some(WORK));
        Ok(Lock { _file: file })
    }

    /// Removes all that is in the folder, for one that nothing has begun in; and the folder itself, unless it `was_there` before: that may
    /// be a mount point, or lie where nothing can be made again. What cannot be removed stays: why nothing has begun is what is to be told.
    pub fn discard(self, was_there: bool) {
        if !was_there {
            let _ = std::fs::remove_dir_all(&self.root);
            return;
        }
        for entry in std::fs::read_dir(&self.root).into_iter().flatten().flatten() {
            // Of the entry itself, so that no link is followed.
            let _ = match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                true => std::fs::remove_dir_all(entry.path()),
                false => std::fs::remove_file(entry.path()),
            };
        }
    }

    /// A folder within it that is gone when the value is; the next [`RunFolder::lock`] removes one that a killed process left.
    pub fn passing(&self) -> Result<tempfile::TempDir, Error> {
        tempfile::tempdir_in(&self.root).map_err(|source| Error::Io {
            action: "make a folder in",
            path: self.root.clone(),
            source,
        })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }
    pub fn id(&self) -> String {
        self.root.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
    }
    /// The paper as it was given; files of its format end so.
    pub fn paper_file(&self, extension: &str) -> PathBuf {
        self.root.join(format!("paper.{extension}"))
    }
    /// What is known of that file.
    pub fn paper_source(&self) -> PathBuf {
        self.root.join("paper_source.json")
    }
    pub fn paper(&self) -> PathBuf {
        self.root.join("paper.json")
    }
    /// What was asked for, in words and as they were understood.
    pub fn request(&self) -> PathBuf {
        self.root.join("request.json")
    }
    /// What the command line said besides.
    pub fn wishes(&self) -> PathBuf {
        self.root.join("wishes.json")
    }
    pub fn paper_spec(&self) -> PathBuf {
        self.root.join("paper_spec.json")
    }
    pub fn spec(&self) -> PathBuf {
        self.root.join("spec.toml")
    }
    /// What a script is run with, where the run is one of a script.
    pub fn script_spec(&self) -> PathBuf {
        self.root.join("script.toml")
    }
    /// What a language model is told that writes the script.
    pub fn brief(&self) -> PathBuf {
        self.root.join("brief.json")
    }
    /// A data set as files for a script.
    pub fn handed_over(&self) -> PathBuf {
        self.root.join("data/script")
    }
    /// What a script's run left, for whoever finds the folder.
    pub fn card(&self) -> PathBuf {
        self.root.join("README.md")
    }
    /// The script and what lies beside it in its container.
    pub fn script(&self) -> PathBuf {
        self.root.join("script")
    }
    pub fn plan(&self) -> PathBuf {
        self.root.join("plan.json")
    }
    /// What a search tried.
    pub fn journal(&self) -> PathBuf {
        self.root.join("search.json")
    }
    /// A trial's own run folder; the first plan is trial 1.
    pub fn trial(&self, number: usize) -> PathBuf {
        self.root.join("search").join(format!("{number:03}"))
    }
    /// What a search tried, in order: runs themselves.
    pub fn trials(&self) -> Vec<RunFolder> {
        let entries = std::fs::read_dir(self.root.join("search")).into_iter().flatten().flatten();
        let mut roots: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        roots.sort();
        roots.into_iter().map(|root| RunFolder { root, keeping: Keeping::Lasting }).collect()
    }
    /// Removes a file of the run, if it is there.
    pub fn remove(&self, path: &Path) -> Result<(), Error> {
        match std::fs::remove_file(path) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(Error::Io { action: "remove", path: path.into(), source }),
            _ => Ok(()),
        }
    }
    pub fn eval(&self) -> PathBuf {
        self.root.join("eval.json")
    }
    pub fn report_json(&self) -> PathBuf {
        self.root.join("report.json")
    }
    pub fn report_md(&self) -> PathBuf {
        self.root.join("report.md")
    }
    pub fn report_html(&self) -> PathBuf {
        self.root.join("report.html")
    }
    /// Data sets that Tallow makes itself.
    pub fn sources(&self) -> PathBuf {
        self.root.join("data/sources")
    }
    /// Prepared splits that a training attempt may read.
    pub fn prepared(&self) -> PathBuf {
        self.root.join(Self::PREPARED)
    }
    /// What the run was made of, by hashes.
    pub fn manifest(&self) -> PathBuf {
        self.root.join(MANIFEST)
    }
    /// The prepared held-out split: only for evaluation.
    pub fn held_out(&self) -> PathBuf {
        self.root.join("data/held_out")
    }
    /// The final model in the Hub's format.
    pub fn model(&self) -> PathBuf {
        self.root.join("model")
    }
    /// What a language model was asked, and its answers.
    pub fn language_model(&self) -> Lines {
        Lines::at(self.root.join("llm.jsonl"))
    }
    pub fn ledger(&self) -> Ledger {
        Ledger::at(self.root.join(LEDGER), self.keeping)
    }

    /// The folder of attempt `number` (from 1) of run `run`.
    pub fn attempt(&self, run: &str, number: u32) -> AttemptFolder {
        let root = self.root.join("runs").join(run).join("attempts").join(format!("{number:03}"));
        AttemptFolder { root, keeping: self.keeping }
    }

    /// What a person has to decide about a run that rules gave up.
    pub fn review(&self, run: &str) -> PathBuf {
        self.root.join("runs").join(run).join("review.md")
    }

    /// There is nothing to decide any more.
    pub fn clear_review(&self, run: &str) {
        // If it stays, it says what was so before.
        let _ = std::fs::remove_file(self.review(run));
    }

    /// Removes what is large of a finished run: data, weights, checkpoints, and its model unless that is wanted. What its pages quote
    /// stays. What cannot be removed stays, too: it is in nobody's way.
    pub fn keep_words(&self, with_model: bool) {
        let remove = |path: PathBuf| drop(std::fs::remove_dir_all(path));
        remove(self.root.join("data"));
        if !with_model {
            remove(self.model());
        }
        let below = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        for run in below(self.root.join("runs")) {
            below(run.join("attempts")).for_each(|attempt| remove(attempt.join("work")));
        }
        self.trials().iter().for_each(|trial| trial.keep_words(false));
    }

    /// Disk space of all files of the run.
    pub fn bytes(&self) -> u64 {
        bytes_below(&self.root)
    }

    /// Reads a JSON file of the run.
    pub fn read_json<T: DeserializeOwned>(&self, path: &Path) -> Result<T, Error> {
        let bytes = self.read_bytes(path)?;
        serde_json::from_slice(&bytes).map_err(|source| Error::Malformed { path: path.into(), source })
    }

    /// Reads a file of the run.
    pub fn read_bytes(&self, path: &Path) -> Result<Vec<u8>, Error> {
        std::fs::read(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })
    }

    /// Reads a JSON file that a worker left: as large as it likes, and nothing of one that is larger than any job of ours makes.
    pub fn read_left<T: DeserializeOwned>(&self, path: &Path) -> Result<T, Error> {
        let io = |source| Error::Io { action: "read", path: path.into(), source };
        let too_large = |length: u64| {
            let [most, found] = [MOST_LEFT, length].map(|count| bytes(count as f64));
            let what = format!("a worker left it: expected at most {most}, found {found}");
            io(std::io::Error::new(ErrorKind::InvalidData, what))
        };
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        if length > MOST_LEFT {
            return Err(too_large(length));
        }
        let mut text = Vec::new();
        file.take(MOST_LEFT).read_to_end(&mut text).map_err(io)?;
        serde_json::from_slice(&text).map_err(|source| Error::Malformed { path: path.into(), source })
    }

    /// Reads a text file of the run.
    pub fn read_text(&self, path: &Path) -> Result<String, Error> {
        std::fs::read_to_string(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })
    }

    /// Moves those of `files` that are in `from` into the new folder `place`, which appears whole or not at all. Names come from a
    /// worker: one that is more than the name of a file leads elsewhere, and is left.
    pub fn adopt(&self, from: &Path, files: &[String], place: &Path) -> Result<(), Error> {
        let io = |action, path: &Path| {
            let path = path.to_path_buf();
            move |source| Error::Io { action, path, source }
        };
        let sibling = place.with_extension("new");
        // Of a process that was killed while it moved; what it had moved is made again.
        if sibling.is_dir() {
            std::fs::remove_dir_all(&sibling).map_err(io("remove", &sibling))?;
        }
        std::fs::create_dir_all(&sibling).map_err(io("create", &sibling))?;
        let is_name = |file: &str| Path::new(file).file_name().is_some_and(|name| name == file);
        for file in files.iter().filter(|file| is_name(file) && from.join(file).is_file()) {
            std::fs::rename(from.join(file), sibling.join(file)).map_err(io("move", &from.join(file)))?;
        }
        std::fs::rename(&sibling, place).map_err(io("rename to", place))
    }

    /// Writes a JSON file of the run, whole or not at all.
    pub fn write_json<T: Serialize>(&self, path: &Path, value: &T) -> Result<(), Error> {
        write_json(path, self.keeping, value)
    }

    /// Writes bytes of the run, whole or not at all.
    pub fn write_bytes(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        write_bytes(path, self.keeping, bytes)
    }

    /// Writes a text file of the run, whole or not at all.
    pub fn write_text(&self, path: &Path, text: &str) -> Result<(), Error> {
        write_bytes(path, self.keeping, text.as_bytes())
    }
}

/// A run that is this process's own. The system takes the lock back when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// All files below a folder, by their paths; none where there is no folder. Links to folders are not followed: they may lead back.
///
/// # Errors
/// A folder cannot be listed.
pub fn files_inside(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(below) = waiting.pop() {
        let io = |source| Error::Io { action: "list", path: below.clone(), source };
        let entries = match std::fs::read_dir(&below) {
            Err(source) if source.kind() == ErrorKind::NotFound && below == folder => break,
            entries => entries.map_err(io)?,
        };
        for entry in entries {
            let path = entry.map_err(io)?.path();
            match path.is_dir() {
                true if path.is_symlink() => {}
                true => waiting.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Disk space of all that lies below a folder; what links lead to is not counted. Where something cannot be looked at, for it is closed
/// to us or lies too deep, [`u64::MAX`]: whoever writes there could hide anything in it.
pub fn bytes_below(folder: &Path) -> u64 {
    let (mut sum, mut waiting) = (0u64, vec![folder.to_path_buf()]);
    while let Some(folder) = waiting.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if hides(&error) => return u64::MAX,
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            let meta = match entry.metadata() {
                Ok(meta) => meta,
                Err(error) if hides(&error) => return u64::MAX,
                // One that went away while we looked holds nothing.
                Err(_) => continue,
            };
            if meta.is_dir() {
                waiting.push(entry.path());
            }
            sum = sum.saturating_add(space(&meta).max(LEAST_SPACE));
        }
    }
    sum
}

/// What is empty has its place in the file system all the same.
const LEAST_SPACE: u64 = 512;

fn hides(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::InvalidFilename)
}

/// A file with holes takes less than its length.
#[cfg(unix)]
fn space(meta: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(meta) * 512
}
#[cfg(not(unix))]
fn space(meta: &std::fs::Metadata) -> u64 {
    if meta.is_dir() { 0 } else { meta.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_that_want_a_place_one_gets_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("run");
        let create = || RunFolder::create(&root).map(drop);
        let made: Vec<_> = std::thread::scope(|scope| {
            let started: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
            started.into_iter().map(|thread| thread.join().expect("ended")).collect()
        });
        assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
        assert!(made.iter().all(|made| matches!(made, Ok(()) | Err(Error::Occupied { .. }))), "{made:?}");
    }

    /// It may be a mount point, or lie where nothing can be made.
    #[cfg(unix)]
    #[test]
    fn a_folder_that_was_there_is_emptied_and_never_made_again() {
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("mine");
        std::fs::create_dir(&root).expect("made");
        // Held, so that no new folder could have its number.
        let held = File::open(&root).expect("opened");
        let before = held.metadata().expect("there").ino();
        let taken = dir.path().join("taken");
        let folder = RunFolder::create(&root).expect("a run");
        std::fs::create_dir_all(folder.prepared()).expect("a folder");
        std::os::unix::fs::symlink(&taken, root.join("link")).expect("linked");
        std::fs::create_dir(&taken).expect("made");
        folder.discard(true);
        let after = std::fs::metadata(&root).expect("there");
        assert_eq!((after.ino(), std::fs::read_dir(&root).expect("there").count()), (before, 0));
        assert!(taken.is_dir(), "what a link leads to is not its own");
        RunFolder::create(&root).expect("a run").discard(false);
        assert!(!root.exists());
    }

    #[cfg(unix)]
    #[test]
    fn files_are_found_below_a_folder_with_a_link_that_leads_back() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        std::fs::create_dir(root.join("plots")).expect("made");
        for name in ["a.json", "plots/b.svg"] {
            std::fs::write(root.join(name), "x").expect("written");
        }
        std::os::unix::fs::symlink(root, root.join("plots/up")).expect("linked");
        assert_eq!(files_inside(root).expect("listed"), [root.join("a.json"), root.join("plots/b.svg")]);
        assert_eq!(files_inside(&root.join("absent")).expect("nothing there"), Vec::<PathBuf>::new());
        assert!(files_inside(&root.join("a.json")).is_err(), "no folder is no empty one");
    }

    #[test]
    fn what_a_worker_left_is_read_to_a_size() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(dir.path().join("run")).expect("a run");
        let left = dir.path().join("paper.json");
        std::fs::write(&left, "[1, 2]").expect("a file");
        assert_eq!(folder.read_left::<Vec<u8>>(&left).expect("read"), [1, 2]);
        assert!(matches!(folder.read_left::<String>(&left), Err(Error::Malformed { .. })));
        // With a hole, which takes no space.
        File::options().write(true).open(&left).and_then(|file| file.set_len(1 << 30)).expect("longer");
        let Err(Error::Io { path, source, .. }) = folder.read_left::<Vec<u8>>(&left) else { panic!("too large") };
        assert_eq!((path, source.to_string().as_str()), (left, "a worker left it: expected at most 256 MiB, found 1.0 GiB"));
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_hidden_from_the_budget() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        (0..100).for_each(|i| std::fs::write(dir.path().join(i.to_string()), "").expect("a file"));
        assert!((100 * LEAST_SPACE..1 << 20).contains(&bytes_below(dir.path())));
        let closed = dir.path().join("closed");
        std::fs::create_dir(&closed).expect("a folder");
        let allow = |mode| std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode)).expect("ours");
        for mode in [0o300, 0o400] {
            allow(0o700);
            std::fs::write(closed.join("inside"), "x").expect("a file");
            allow(mode);
            // Nothing is closed to root.
            let is_closed = std::fs::read_dir(&closed).is_err() || std::fs::metadata(closed.join("inside")).is_err();
            assert_eq!(bytes_below(dir.path()) == u64::MAX, is_closed, "{mode:o}");
        }
        allow(0o700);
        // Deeper than any path: two that are not, one moved to the other's end.
        let long = |root: &str| (0..14).fold(dir.path().join(root), |path, _| path.join("x".repeat(200)));
        [long("a"), long("b")].iter().for_each(|path| std::fs::create_dir_all(path).expect("folders"));
        assert!(bytes_below(dir.path()) < 1 << 20);
        std::fs::rename(dir.path().join("a"), long("b").join("a")).expect("moved");
        assert_eq!(bytes_below(dir.path()), u64::MAX);
    }

    #[test]
    fn only_files_of_the_worker_are_adopted() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(place.path().join("run")).expect("a run");
        let attempt = folder.attempt("prepare", 1);
        attempt.create().expect("a folder");
        for file in [folder.plan(), attempt.job(), attempt.work().join("train.safetensors")] {
            std::fs::write(file, "x").expect("a file");
        }
        let outside = folder.plan().display().to_string();
        let names = ["train.safetensors", "../job.json", "../../../../../plan.json", &outside, "..", "", "absent"];
        folder.adopt(&attempt.work(), &names.map(String::from), &folder.prepared()).expect("adopts");
        let adopted: Vec<_> = std::fs::read_dir(folder.prepared()).expect("a folder").flatten().map(|e| e.file_name()).collect();
        assert_eq!(adopted, ["train.safetensors"]);
        assert!(folder.plan().is_file() && attempt.job().is_file());
    }

    #[test]
    fn words_are_kept_and_weights_are_not() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(place.path().join("run")).expect("a run");
        let attempt = folder.attempt("seed-0", 1);
        attempt.create().expect("a folder");
        std::fs::create_dir_all(folder.prepared()).expect("a folder");
        std::fs::create_dir_all(folder.model()).expect("a folder");
        for file in [folder.plan(), attempt.job(), attempt.events(), attempt.weights()] {
            std::fs::write(file, "x").expect("a file");
        }
        folder.keep_words(true);
        assert!(folder.plan().is_file() && attempt.job().is_file() && attempt.events().is_file() && folder.model().is_dir());
        assert!(!folder.prepared().exists() && !attempt.weights().exists());
        folder.keep_words(false);
        assert!(!folder.model().exists());
    }
}
