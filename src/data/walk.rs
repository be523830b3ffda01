//! The files below a folder, as all see them that read a folder as a whole: names that begin with a dot are left out, and so is
//! what is neither a file nor a folder. Links are followed, but for those that lead back.

use super::Error;
use std::io;
use std::path::{Path, PathBuf};

/// A folder that cannot be listed.
#[derive(Debug)]
pub(super) struct Unlisted {
    pub(super) folder: PathBuf,
    pub(super) source: io::Error,
}

impl From<Unlisted> for Error {
    fn from(Unlisted { folder, source }: Unlisted) -> Self {
        Error::Io { action: "list", path: folder, source }
    }
}

/// Entries below a folder, at most: three times those of ImageNet. Larger data lies in archives or tables, and what is larger is rather a disk.
const MOST: usize = 4_000_000;

/// Whether a folder is the disk's root or somebody's home: all that there is lies below, and nobody means that by a data set.
pub fn holds_everything(folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let home = std::env::home_dir().and_then(|home| home.canonicalize().ok());
    folder.parent().is_none() || home.is_some_and(|home| home == folder)
}

/// All files below `root`, in no order.
pub(super) fn files_below(root: &Path) -> Result<Vec<PathBuf>, Unlisted> {
    walk(root, usize::MAX, false, MOST)
}

/// The same, no more than so many folders down (0: those in `root` itself). Folders below `root` that may not be read, or are
/// gone meanwhile, are passed over: nobody named them.
pub(super) fn files_within(root: &Path, deepest: usize) -> Result<Vec<PathBuf>, Unlisted> {
    walk(root, deepest, true, MOST)
}

/// What files are called from `root` on, with `/`, sorted.
pub(super) fn names(root: &Path, files: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = files.iter().filter_map(|file| name(root, file)).collect();
    names.sort();
    names
}

/// What a file is called from `root` on, with `/`; none where it does not lie below.
pub(super) fn name(root: &Path, file: &Path) -> Option<String> {
    let parts: Vec<_> = file.strip_prefix(root).ok()?.iter().map(|part| part.to_string_lossy()).collect();
    Some(parts.join("/"))
}

fn walk(root: &Path, deepest: usize, passes_over: bool, most: usize) -> Result<Vec<PathBuf>, Unlisted> {
    let (mut files, mut waiting, mut seen) = (Vec::new(), vec![(root.to_path_buf(), 0)], 0);
    while let Some((folder, depth)) = waiting.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if passes_over && depth > 0 && is_out_of_reach(&error) => continue,
            Err(source) => return Err(Unlisted { folder, source }),
        };
        for entry in entries {
            seen += 1;
            if seen > most {
                let what = format!("more than {most} entries lie below it: name the folder that holds the data alone");
                return Err(Unlisted { folder: root.to_path_buf(), source: io::Error::other(what) });
            }
            let path = match entry {
                Ok(entry) => entry.path(),
                Err(source) => return Err(Unlisted { folder, source }),
            };
            let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if is_hidden || leads_back(&path) {
                continue;
            }
            if path.is_dir() {
                if depth < deepest {
                    waiting.push((path, depth + 1));
                }
            } else if path.is_file() {
                files.push(path);
            }
        }
    }
    Ok(files)
}

fn is_out_of_reach(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound)
}

/// Whether it is a link to a folder that the way to it leads through, links on the way included: whoever follows it never comes to an end.
fn leads_back(path: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let is_on_the_way = |target: PathBuf| path.ancestors().skip(1).filter_map(real).any(|folder| folder.starts_with(&target));
    path.is_symlink() && path.is_dir() && real(path).is_some_and(is_on_the_way)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn no_folder_is_listed_that_lies_deeper_or_may_not_be_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        let closed = root.join("sub/closed");
        std::fs::create_dir_all(&closed).expect("made");
        for name in ["a.csv", ".hidden.csv", "sub/b.csv", "sub/closed/c.csv"] {
            std::fs::write(root.join(name), "x\n1\n").expect("written");
        }
        let open = |mode: u32| std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode)).expect("set");
        let found = |deepest: usize| names(root, &files_within(root, deepest).expect("listed"));
        assert_eq!(found(0), ["a.csv"]);
        assert_eq!(found(1), ["a.csv", "sub/b.csv"]);
        assert_eq!(found(usize::MAX), ["a.csv", "sub/b.csv", "sub/closed/c.csv"]);
        open(0o000);
        // To some users nothing is closed.
        let is_closed = std::fs::read_dir(&closed).is_err();
        let (without, all) = (found(2), files_below(root));
        open(0o755);
        assert_eq!(without.len(), if is_closed { 2 } else { 3 });
        assert_eq!(all.is_err(), is_closed, "of a folder that is read as a whole nothing is passed over");
    }

    #[test]
    fn no_more_is_listed_than_a_data_set_has() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in ["a", "b", "c"] {
            std::fs::write(dir.path().join(name), "").expect("written");
        }
        assert_eq!(walk(dir.path(), 9, false, 3).expect("listed").len(), 3);
        let found = walk(dir.path(), 9, false, 2).expect_err("too many");
        assert!(found.source.to_string().contains("more than 2 entries"), "{}", found.source);
        assert!(holds_everything(Path::new("/")) && holds_everything(Path::new("/usr/..")) && !holds_everything(dir.path()));
    }

    #[test]
    fn links_are_followed_but_in_no_circle() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        let link = |to: &str, at: &str| std::os::unix::fs::symlink(root.join(to), root.join(at)).expect("linked");
        for name in ["a/1.csv", "b/2.csv"] {
            let file = root.join(name);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("made");
            std::fs::write(file, "x\n1\n").expect("written");
        }
        link("b", "a/to_b");
        link("a", "b/to_a");
        link("", "b/up");
        let found = names(root, &files_below(root).expect("listed"));
        assert_eq!(found, ["a/1.csv", "a/to_b/2.csv", "b/2.csv", "b/to_a/1.csv"]);
    }
}
