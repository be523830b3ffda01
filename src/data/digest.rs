//! SHA-256, as every exchange format has it, and the SHA-1 by which git knows a file.

use super::{Error, Result, walk};
use crate::words::hex;
use sha1::Sha1;
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
    hash_of_file(path, Sha256::new()).map_err(|source| Error::Io { action: "read", path: path.to_path_buf(), source })
}

/// As `git hash-object` says it, as lower-case hexadecimal.
///
/// # Errors
/// The file cannot be read.
pub(super) fn git_sha1_of_file(path: &Path) -> std::io::Result<String> {
    hash_of_file(path, git_blob(std::fs::metadata(path)?.len()))
}

/// What becomes git's hash of a file of `size` bytes once it was given these.
pub fn git_blob(size: u64) -> Sha1 {
    Sha1::new().chain_update(format!("blob {size}\0"))
}

fn hash_of_file(path: &Path, mut hasher: impl Digest) -> std::io::Result<String> {
    let (mut file, mut buffer) = (File::open(path)?, vec![0u8; 1 << 20]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// As [`sha256_of_file`]; of a folder, that of the names and hashes of all files below it, in the order of their names. Hidden files, and
/// what is no file, nobody reads of a folder: they are none of it.
///
/// # Errors
/// A file or folder cannot be read.
pub fn sha256_of_place(path: &Path) -> Result<String> {
    if !path.is_dir() {
        return sha256_of_file(path);
    }
    let files: BTreeSet<PathBuf> = walk::files_below(path)?.into_iter().collect();
    sha256_of_files(path, &files)
}

/// A file below `folder` that is `file`, under whatever name, or has the same bytes. Links are not followed: what they lead to lies below
/// `folder` by itself, or not at all.
///
/// # Errors
/// A file or folder cannot be read.
pub fn copy_below(folder: &Path, file: &Path) -> Result<Option<PathBuf>> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |source| Error::Io { action: "read", path, source }
    };
    let length = std::fs::metadata(file).map_err(io(file))?.len();
    let mut wanted = None;
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(place) = waiting.pop() {
        let kind = std::fs::symlink_metadata(&place).map_err(io(&place))?;
        if kind.is_dir() {
            for entry in std::fs::read_dir(&place).map_err(io(&place))? {
                waiting.push(entry.map_err(io(&place))?.path());
            }
        } else if kind.is_file() && kind.len() == length {
            let wanted = match &wanted {
                Some(known) => known,
                None => wanted.insert(sha256_of_file(file)?),
            };
            if sha256_of_file(&place)? == *wanted {
                return Ok(Some(place));
            }
        }
    }
    Ok(None)
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
    fn what_nobody_reads_of_a_folder_is_none_of_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let place = dir.path().join("a");
        std::fs::create_dir_all(place.join("x")).expect("made");
        std::fs::write(place.join("x/1"), "one").expect("written");
        let hash = || super::sha256_of_place(&place).expect("a hash");
        let before = hash();
        std::fs::write(place.join("x/.DS_Store"), "traces").expect("written");
        std::os::unix::fs::symlink(place.join("gone"), place.join("x/2")).expect("linked");
        let _socket = std::os::unix::net::UnixListener::bind(place.join("x/3")).expect("a socket");
        assert_eq!(hash(), before);
        std::fs::write(place.join("x/4"), "four").expect("written");
        assert_ne!(hash(), before);
    }

    #[test]
    fn a_copy_is_found_under_any_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let (data, file) = (dir.path().join("data"), dir.path().join("test.csv"));
        std::fs::create_dir_all(data.join("deep/er")).expect("made");
        std::fs::write(&file, "x,y\n1,2\n").expect("written");
        std::fs::write(data.join("train.csv"), "x,y\n3,4\n").expect("written");
        let found = || super::copy_below(&data, &file).expect("read");
        assert_eq!(found(), None, "one of the same length is another");
        std::os::unix::fs::symlink(&file, data.join("link")).expect("linked");
        assert_eq!(found(), None, "a link leads nowhere in a container");
        let copy = data.join("deep/er/other.txt");
        std::fs::copy(&file, &copy).expect("copied");
        assert_eq!(found(), Some(copy));
        assert_eq!(super::copy_below(&file, &file).expect("read"), Some(file));
    }

    #[test]
    fn the_standards_own_example() {
        assert_eq!(super::sha256_of(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn git_hashes_a_file_with_its_length() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x");
        std::fs::write(&path, "hello\n").expect("written");
        assert_eq!(super::git_sha1_of_file(&path).expect("read"), "ce013625030ba8dba906f756967f9e9ca394464a");
    }
}
