//! A file that the user names for a result: looked at before there is one, for hours of work may lie between.

use super::Error;
use super::atomic::{sibling_in, write_atomic};
use std::fs::{File, Metadata, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Links that lead to links; more are a circle.
const LINKS: usize = 40;

/// Where a result goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    place: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A file, or none yet: whole or not at all.
    File,
    /// A pipe, a terminal or another device: it stays what it is, and is written into.
    Stream,
}

impl Destination {
    /// Looks at the place and changes nothing; links are followed, so that they stay.
    ///
    /// # Errors
    /// It is a folder, its folder is not there, or nothing can be written there.
    pub fn find(path: &Path) -> Result<Self, Error> {
        let place = followed(path).map_err(|source| Error::Io { action: "find", path: path.into(), source })?;
        match std::fs::metadata(&place) {
            Ok(there) if there.is_dir() => return Err(Error::IsFolder { path: path.into() }),
            Ok(there) if !there.is_file() => return Ok(Destination { place, kind: Kind::Stream }),
            Ok(_) | Err(_) => {}
        }
        let folder = folder_of(&place);
        if !folder.is_dir() {
            return Err(Error::NoFolder { folder: folder.into(), path: path.into() });
        }
        // Rights, quotas and mounts are asked by trying.
        sibling_in(folder).map_err(|source| Error::Io { action: "write to the folder of", path: path.into(), source })?;
        Ok(Destination { place, kind: Kind::File })
    }

    /// Writes there what `fill` writes. A file is there whole or as it was before; of a stream nobody can take anything back.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Error> {
        match self.kind {
            Kind::File => write_atomic(&self.place, fill),
            Kind::Stream => {
                let io = |source| Error::Io { action: "write", path: self.place.clone(), source };
                let mut stream = OpenOptions::new().write(true).open(&self.place).map_err(io)?;
                fill(&mut stream).and_then(|()| stream.flush()).map_err(io)
            }
        }
    }
}

/// The folder that a file lies in: of a bare name the current one.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What a path leads to, which need not be there.
fn followed(path: &Path) -> std::io::Result<PathBuf> {
    let mut place = path.to_path_buf();
    for _ in 0..LINKS {
        let is_link = std::fs::symlink_metadata(&place).as_ref().is_ok_and(Metadata::is_symlink);
        // The system's own links to pipes lead to no path.
        let is_stream = std::fs::metadata(&place).is_ok_and(|there| !there.is_file() && !there.is_dir());
        if !is_link || is_stream {
            return Ok(place);
        }
        place = folder_of(&place).join(std::fs::read_link(&place)?);
    }
    Err(std::io::Error::other("its links lead in a circle"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path) -> Result<(), Error> {
        Destination::find(path)?.write(|file| file.write_all(b"new"))
    }

    #[test]
    fn what_cannot_be_written_is_told_before_there_is_anything_to_write() {
        let dir = tempfile::tempdir().expect("a folder");
        assert!(matches!(Destination::find(&dir.path().join("absent/a.jsonl")), Err(Error::NoFolder { .. })));
        assert!(matches!(Destination::find(dir.path()), Err(Error::IsFolder { .. })));
        let file = dir.path().join("a.jsonl");
        std::fs::write(&file, "old").expect("written");
        assert!(matches!(Destination::find(&file.join("b")), Err(Error::NoFolder { .. })));
        Destination::find(&file).expect("a file");
        assert_eq!(std::fs::read(&file).expect("read"), b"old", "nothing is changed by looking");
        assert_eq!(std::fs::read_dir(dir.path()).expect("there").count(), 1);
        write(&file).expect("written");
        assert_eq!(std::fs::read(&file).expect("read"), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_and_lead_on() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().expect("a folder");
        let (inner, link, second) = (dir.path().join("inner"), dir.path().join("link"), dir.path().join("second"));
        std::fs::create_dir(&inner).expect("made");
        symlink("inner/file", &link).expect("linked");
        symlink("link", &second).expect("linked");
        // Once where nothing is there yet, once where it is.
        for _ in 0..2 {
            write(&second).expect("written");
            assert!(link.is_symlink() && second.is_symlink() && !inner.join("file").is_symlink());
            assert_eq!(std::fs::read(inner.join("file")).expect("read"), b"new");
        }
        let circle = dir.path().join("circle");
        symlink("circle", &circle).expect("linked");
        assert!(matches!(Destination::find(&circle), Err(Error::Io { .. })));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn devices_and_pipes_stay_what_they_are() {
        use std::io::Read;
        use std::os::unix::fs::{FileTypeExt, symlink};
        let dir = tempfile::tempdir().expect("a folder");
        let null = dir.path().join("null");
        symlink("/dev/null", &null).expect("linked");
        write(&null).expect("written");
        assert!(null.is_symlink() && std::fs::metadata("/dev/null").expect("there").file_type().is_char_device());
        let pipe = dir.path().join("pipe");
        let name = std::ffi::CString::new(pipe.display().to_string()).expect("no zero in it");
        // SAFETY: a string that ends with zero and lives as long as the call.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        let from = pipe.clone();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            File::open(from).and_then(|mut file| file.read_to_string(&mut text)).map(|_| text)
        });
        write(&pipe).expect("written");
        assert_eq!(reader.join().expect("read").expect("read"), "new");
        assert!(std::fs::metadata(&pipe).expect("there").file_type().is_fifo());
    }
}
