//! Data sets that Tallow makes itself, so that a first run needs no network. They are written as files and read like any other.

mod reviews;
mod shapes;
mod speech;
mod translation;

use super::{Error, Result};
use std::path::{Path, PathBuf};
use tallow_kernels::Stream;

/// Their names.
pub const GENERATED: [&str; 4] = ["toy_reviews", "toy_shapes", "toy_translation", "toy_speech"];

/// How many examples the validation and the test split have.
fn other_examples(train: usize) -> usize {
    (train / 5).clamp(40, 1000)
}

/// Writes the data set `name` with so many training examples (validation and test get a fifth each, 40 to 1000) below `work_dir`, and
/// says where. The same name, number and seed give the same files; those that are there already are left as they are.
///
/// # Errors
/// There is no such data set, or it cannot be written.
pub fn generate(name: &str, examples: usize, seed: u64, work_dir: &Path) -> Result<PathBuf> {
    let folder = work_dir.join(format!("{name}-{examples}-{seed}"));
    let io = |source| Error::Io { action: "write", path: folder.clone(), source };
    type Write = fn(&Path, &[(&str, usize)], Stream) -> std::io::Result<()>;
    let write: Write = match name {
        "toy_reviews" => reviews::write,
        "toy_shapes" => shapes::write,
        "toy_translation" => translation::write,
        "toy_speech" => speech::write,
        _ => return Err(Error::NoGenerator { name: name.into(), have: GENERATED.map(String::from).to_vec() }),
    };
    if folder.is_dir() {
        return Ok(folder);
    }
    std::fs::create_dir_all(work_dir).map_err(io)?;
    // Written beside and renamed, so that what is there is whole.
    let sibling = tempfile::tempdir_in(work_dir).map_err(io)?;
    let others = other_examples(examples);
    let stream = Stream::root(seed).named("data").named(name);
    write(sibling.path(), &[("train", examples), ("validation", others), ("test", others)], stream).map_err(io)?;
    std::fs::write(
        sibling.path().join("README.md"),
        format!("---\nlicense: apache-2.0\n---\n# {name}\nMade by Tallow, seed {seed}.\n"),
    )
    .map_err(io)?;
    std::fs::rename(sibling.path(), &folder).map_err(io)?;
    Ok(folder)
}

/// Draws from a stream one after the other.
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
    use std::collections::BTreeSet;

    #[test]
    fn the_same_seed_gives_the_same_files_and_another_one_others() {
        for name in GENERATED {
            let read = |seed: u64| {
                let dir = tempfile::tempdir().expect("a folder");
                let folder = generate(name, 60, seed, dir.path()).expect("written");
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
            assert_eq!(read(1), read(1), "{name}");
            assert_ne!(read(1), read(2), "{name}");
        }
    }

    #[test]
    fn no_review_stands_in_two_splits_and_labels_are_balanced() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = generate("toy_reviews", 2000, 0, dir.path()).expect("written");
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
        let error = generate("toy_cats", 1, 0, Path::new("/nowhere")).expect_err("unknown").to_string();
        assert!(error.contains("`toy_reviews`, `toy_shapes`, `toy_translation`"), "{error}");
    }
}
