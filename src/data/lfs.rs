//! Pointers of [Git LFS][spec]: a clone without LFS has these few lines in place of each large file.
//!
//! [spec]: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What each of them begins with.
pub(super) const START: &[u8] = b"version https://git-lfs.github.com/spec/";

/// As messages have it.
pub(super) const POINTER: &str = "a pointer of Git LFS in place of the file, which `git lfs pull` fetches";

pub(super) fn is_pointer(bytes: &[u8]) -> bool {
    bytes.starts_with(START)
}

/// What is wrong with a file: that it is a pointer, where it is one, and otherwise `what`.
pub(super) fn or(path: &Path, what: String) -> String {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(START.len() as u64).read_to_end(&mut start));
    if read.is_ok() && is_pointer(&start) { format!("it is {POINTER}") } else { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_told_as_what_they_are() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("model.safetensors");
        let told = |text: &[u8]| {
            std::fs::write(&file, text).expect("written");
            or(&file, "it is broken".into())
        };
        assert_eq!(told(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"), format!("it is {POINTER}"));
        assert_eq!(told(b"version"), "it is broken");
        assert_eq!(or(&dir.path().join("none"), "it is not there".into()), "it is not there");
    }
}
