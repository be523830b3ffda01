//! Whole or not at all: write a sibling, sync it, rename it, sync the folder.

use super::Error;
use super::destination::folder_of;
use serde::Serialize;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Whether what is written must be there after the machine lost its power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    Lasting,
    /// Of a folder that is removed when its process ends: waiting for the disk would be for nothing.
    Passing,
}

/// Replaces `path` by what `fill` writes. A crash or a full disk at any point leaves the old file, or the new one whole.
pub fn write_atomic(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Error> {
    write(path, Keeping::Lasting, fill)
}

fn write(path: &Path, keeping: Keeping, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Error> {
    let io = |action| move |source| Error::Io { action, path: path.to_path_buf(), source };
    let folder = folder_of(path);
    let mut sibling = sibling_in(folder).map_err(io("write"))?;
    fill(sibling.as_file_mut()).map_err(io("write"))?;
    sibling.as_file_mut().flush().map_err(io("write"))?;
    if keeping == Keeping::Lasting {
        sibling.as_file().sync_all().map_err(io("sync"))?;
    }
    sibling.persist(path).map_err(|e| io("rename to")(e.error))?;
    if keeping == Keeping::Passing {
        return Ok(());
    }
    File::open(folder).and_then(|f| f.sync_all()).map_err(io("sync the folder of"))
}

/// A new file with the rights that any other gets: a run folder is not a secret.
pub(super) fn sibling_in(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// As [`write_atomic`], of bytes at hand.
pub(super) fn write_bytes(path: &Path, keeping: Keeping, bytes: &[u8]) -> Result<(), Error> {
    write(path, keeping, |file| file.write_all(bytes))
}

/// A value as JSON that a person can read.
pub(super) fn write_json<T: Serialize>(path: &Path, keeping: Keeping, value: &T) -> Result<(), Error> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|source| Error::Malformed { path: path.into(), source })?;
    text.push(b'\n');
    write_bytes(path, keeping, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.json");
        write_bytes(&path, Keeping::Lasting, b"old").expect("written");
        let failed = write_atomic(&path, |file| {
            file.write_all(b"half")?;
            Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
        });
        assert!(matches!(failed, Err(Error::Io { action: "write", .. })));
        assert_eq!(std::fs::read(&path).expect("there"), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).expect("there").count(), 1);
    }
}
