//! SHA-256, as every exchange format has it.

use super::{Error, Result};
use crate::words::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// SHA-256 of a file, as lower-case hexadecimal.
///
/// # Errors
/// The file cannot be read.
pub fn sha256_of_file(path: &Path) -> Result<String> {
    let io = |source| Error::Io { action: "read", path: path.to_path_buf(), source };
    let mut file = File::open(path).map_err(io)?;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0u8; 1 << 20]);
    loop {
        match file.read(&mut buffer).map_err(io)? {
            0 => return Ok(hex(&hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// As [`sha256_of_file`]; of a folder, that of the names and hashes of all files below it, in the order of their names.
///
/// # Errors
/// A file or folder cannot be read.
pub fn sha256_of_place(path: &Path) -> Result<String> {
    if !path.is_dir() {
        return sha256_of_file(path);
    }
    let (mut waiting, mut files) = (vec![path.to_path_buf()], BTreeSet::new());
    while let Some(folder) = waiting.pop() {
        let io = |source| Error::Io { action: "list", path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?.path();
            if entry.is_dir() {
                waiting.push(entry);
            } else {
                files.insert(entry);
            }
        }
    }
    sha256_of_files(path, &files)
}

/// That of the names, from `folder` on, and hashes of some files below it, in the order of their names.
///
/// # Errors
/// A file cannot be read.
pub fn sha256_of_files(folder: &Path, files: &BTreeSet<PathBuf>) -> Result<String> {
    let mut hasher = Sha256::new();
    for file in files {
        let name = file.strip_prefix(folder).unwrap_or(file).display().to_string();
        hasher.update(format!("{name}\0{}\n", sha256_of_file(file)?));
    }
    Ok(hex(&hasher.finalize()))
}

/// SHA-256 of bytes at hand, as lower-case hexadecimal.
pub fn sha256_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_folder_is_its_files_and_their_names() {
        let dir = tempfile::tempdir().expect("a folder");
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        let hash = |place: &std::path::Path| super::sha256_of_place(place).expect("a hash");
        for place in [&a, &b] {
            std::fs::create_dir_all(place.join("x")).expect("made");
            std::fs::write(place.join("x/1"), "one").expect("written");
        }
        assert_eq!(hash(&a), hash(&b));
        let one = [a.join("x/1")].into();
        assert_eq!(super::sha256_of_files(&a, &one).expect("a hash"), hash(&a), "all of them are the folder");
        std::fs::write(a.join("x/others"), "not named").expect("written");
        assert_eq!(super::sha256_of_files(&a, &one).expect("a hash"), hash(&b));
        std::fs::rename(b.join("x/1"), b.join("x/2")).expect("renamed");
        assert_ne!(hash(&a), hash(&b));
    }

    #[test]
    fn the_standards_own_example() {
        assert_eq!(super::sha256_of(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
