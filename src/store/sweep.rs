//! Files that a process was killed over: whole files never have such names, so they can go.

use std::path::Path;

/// How [`super::write_atomic`] and every other writer of siblings names them before they are whole.
const PARTIAL: &str = ".tmp";

/// Removes every sibling that was never renamed from `folder` and all below it, but for folders of the name `foreign`: programs that are not
/// ours give names as they like. What cannot be removed stays: it is in nobody's way.
pub(super) fn sweep(folder: &Path, foreign: Option<&str>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        // Of the entry itself, so that no link is followed.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let is_partial = entry.file_name().to_string_lossy().starts_with(PARTIAL);
        let is_foreign = is_folder && foreign.is_some_and(|name| entry.file_name() == name);
        match (is_partial, is_folder) {
            _ if is_foreign => {}
            (true, true) => drop(std::fs::remove_dir_all(entry.path())),
            (true, false) => drop(std::fs::remove_file(entry.path())),
            (false, true) => sweep(&entry.path(), foreign),
            (false, false) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_never_renamed_goes() {
        let dir = tempfile::tempdir().expect("a folder");
        let half = tempfile::NamedTempFile::new_in(dir.path()).expect("a file").keep().expect("kept").1;
        let folder = tempfile::tempdir_in(dir.path()).expect("a folder").keep();
        let whole = dir.path().join("work/whole.json");
        std::fs::create_dir(dir.path().join("work")).expect("a folder");
        std::fs::write(&whole, "{}").expect("a file");
        std::fs::write(dir.path().join("work/.tmpAbC"), "half").expect("a file");
        let mine = dir.path().join("runs/script/attempts/001/work/.tmp-shards/a");
        std::fs::create_dir_all(&mine).expect("folders");
        sweep(dir.path(), Some("work"));
        assert!(mine.is_dir() && dir.path().join("work/.tmpAbC").is_file(), "what a script left is its own");
        sweep(dir.path(), None);
        assert!(!mine.exists());
        assert!(!half.exists() && !folder.exists() && whole.is_file());
        assert_eq!(std::fs::read_dir(dir.path().join("work")).expect("listed").count(), 1);
    }
}
