//! Data sets that Tallow makes itself, so that a first run needs no network. They are written as files and read like any other.

mod reviews;
mod shapes;
mod speech;
mod translation;

use super::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tallow_kernels::Stream;

/// Their names.
pub const GENERATED: [&str; 4] = ["toy_reviews", "toy_shapes", "toy_translation", "toy_speech"];

/// How a data set that Tallow makes itself is made.
pub struct Making<'a> {
    /// Where it lies, below.
    pub work_dir: &'a Path,
    /// The files are the same for any number.
    pub threads: usize,
    /// Set when it is to be given up.
    pub stop: Option<&'a AtomicBool>,
    /// Told now and then how far it is.
    pub tell: &'a dyn Fn(&str),
}

impl<'a> Making<'a> {
    /// By one thread, told to nobody.
    pub fn quietly(work_dir: &'a Path) -> Self {
        Making { work_dir, threads: 1, stop: None, tell: &|_| {} }
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

/// How many examples the validation and the test split have.
fn other_examples(train: usize) -> usize {
    (train / 5).clamp(40, 1000)
}

/// Writes the data set `name` with so many training examples (validation and test get a fifth each, 40 to 1000), and says where. The
/// same name, number and seed give the same files; those that are there already are left as they are.
///
/// # Errors
/// There is no such data set, it cannot be written, or it was given up.
pub fn generate(name: &str, examples: usize, seed: u64, making: &Making) -> Result<PathBuf> {
    let work_dir = making.work_dir;
    let folder = work_dir.join(format!("{name}-{examples}-{seed}"));
    let io = |source| Error::Io { action: "write", path: folder.clone(), source };
    let write = |place: &Path, splits: &[(&str, usize)], stream: Stream| match name {
        "toy_reviews" => reviews::write(place, splits, stream),
        "toy_shapes" => shapes::write(place, splits, stream),
        "toy_translation" => translation::write(place, splits, stream),
        // The only one that takes long.
        _ => speech::write(place, splits, stream, making),
    };
    if !GENERATED.contains(&name) {
        return Err(Error::NoGenerator { name: name.into(), have: GENERATED.map(String::from).to_vec() });
    }
    if folder.is_dir() {
        return Ok(folder);
    }
    std::fs::create_dir_all(work_dir).map_err(io)?;
    // Before there is anything that a program that ends at once would leave behind.
    let _hearing = crate::stop::hearing();
    // Written beside and renamed, so that what is there is whole.
    let sibling = tempfile::tempdir_in(work_dir).map_err(io)?;
    let others = other_examples(examples);
    let stream = Stream::root(seed).named("data").named(name);
    let written = write(sibling.path(), &[("train", examples), ("validation", others), ("test", others)], stream);
    written.map_err(|source| if making.is_given_up() { Error::GivenUp { name: name.into() } } else { io(source) })?;
    std::fs::write(
        sibling.path().join("README.md"),
        format!("---\nlicense: apache-2.0\n---\n# {name}\nMade by Tallow, seed {seed}.\n"),
    )
    .map_err(io)?;
    put(sibling.path(), &folder).map_err(io)?;
    Ok(folder)
}

/// Moves a folder to its place. Where another process has put its own meanwhile, that is the same.
fn put(made: &Path, place: &Path) -> std::io::Result<()> {
    match std::fs::rename(made, place) {
        Err(_) if place.is_dir() => Ok(()),
        done => done,
    }
}

/// Draws from a stream one after the other.
#[derive(Clone)]
struct Draws {
    stream: Stream,
    next: u64,
}

impl Draws {
    fn new(stream: Stream) -> Self {
        Draws { stream, next: 0 }
    }
    /// An integer in `0..bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.next += 1;
        self.stream.below(self.next, bound)
    }
    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
    /// True in `percent` of a hundred draws.
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Class, Failure};
    use std::collections::BTreeSet;

    #[test]
    fn the_same_seed_gives_the_same_files_and_another_one_others() {
        for name in GENERATED {
            let read = |seed: u64, threads: usize| {
                let dir = tempfile::tempdir().expect("a folder");
                let folder = generate(name, 60, seed, &Making { threads, ..Making::quietly(dir.path()) }).expect("written");
                let mut files = Vec::new();
                let mut waiting = vec![folder.clone()];
                while let Some(path) = waiting.pop() {
                    match path.is_dir() {
                        true => waiting.extend(std::fs::read_dir(&path).expect("listed").map(|e| e.expect("an entry").path())),
                        false => files.push((
                            path.strip_prefix(&folder).expect("below").to_path_buf(),
                            std::fs::read(&path).expect("read"),
                        )),
                    }
                }
                files.sort();
                files
            };
            assert_eq!(read(1, 1), read(1, 3), "{name}");
            assert_ne!(read(1, 1), read(2, 1), "{name}");
        }
    }

    /// What is given up leaves nothing, and can be made anew.
    #[test]
    fn speech_hears_a_stop() {
        let dir = tempfile::tempdir().expect("a folder");
        let stop = AtomicBool::new(true);
        let error =
            generate("toy_speech", 400, 1, &Making { stop: Some(&stop), ..Making::quietly(dir.path()) }).expect_err("given up");
        assert_eq!((error.class(), error.to_string().contains("`toy_speech`")), (Class::Interrupted, true), "{error}");
        assert!(std::fs::read_dir(dir.path()).expect("listed").next().is_none());
        assert!(generate("toy_speech", 60, 1, &Making::quietly(dir.path())).is_ok());
    }

    #[test]
    fn what_another_process_has_made_meanwhile_is_as_good() {
        let dir = tempfile::tempdir().expect("a folder");
        let [made, there] = ["made", "there"].map(|name| dir.path().join(name));
        for folder in [&made, &there] {
            std::fs::create_dir(folder).expect("made");
            std::fs::write(folder.join("train.jsonl"), "{}").expect("written");
        }
        assert!(put(&made, &there).is_ok() && there.join("train.jsonl").is_file());
        assert!(put(&made, &dir.path().join("no/folder")).is_err());
        assert!(put(&made, &dir.path().join("new")).is_ok() && dir.path().join("new/train.jsonl").is_file());
    }

    #[test]
    fn no_review_stands_in_two_splits_and_labels_are_balanced() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = generate("toy_reviews", 2000, 0, &Making::quietly(dir.path())).expect("written");
        let mut seen = BTreeSet::new();
        for (split, expected) in [("train", 2000), ("validation", 400), ("test", 400)] {
            let text = std::fs::read_to_string(folder.join(format!("{split}.jsonl"))).expect("read");
            let rows: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).expect("json")).collect();
            assert_eq!(rows.len(), expected);
            let positive = rows.iter().filter(|r| r["label"] == "positive").count();
            assert!((expected * 2 / 5..expected * 3 / 5).contains(&positive), "{split}: {positive}");
            assert!(rows.iter().all(|r| seen.insert(r["text"].to_string())), "{split}");
        }
    }

    #[test]
    fn an_unknown_name_lists_those_that_there_are() {
        let error = generate("toy_cats", 1, 0, &Making::quietly(Path::new("/nowhere"))).expect_err("unknown").to_string();
        assert!(error.contains("`toy_reviews`, `toy_shapes`, `toy_translation`"), "{error}");
    }
}
