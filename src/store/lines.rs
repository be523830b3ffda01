//! A file of lines, appended and synced one by one.

use super::Error;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file that grows by whole lines.
#[derive(Debug, Clone)]
pub struct Lines {
    path: PathBuf,
}

impl Lines {
    pub(super) fn at(path: PathBuf) -> Self {
        Lines { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line, which must be one, and syncs it to disk. One before it that a crash cut short is overwritten.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn append(&self, line: &str) -> Result<(), Error> {
        let io = |action| move |source| Error::Io { action, path: self.path.clone(), source };
        let mut file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&self.path).map_err(io("open"))?;
        let end = end_of_last_line(&mut file).map_err(io("read"))?;
        file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end))).map_err(io("write"))?;
        file.write_all(format!("{line}\n").as_bytes()).map_err(io("write"))?;
        file.sync_data().map_err(io("sync"))
    }
}

fn end_of_last_line(file: &mut File) -> std::io::Result<u64> {
    const BLOCK: u64 = 1 << 12;
    let (mut end, mut block) = (file.metadata()?.len(), Vec::new());
    while end > 0 {
        let begin = end.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(begin))?;
        block.clear();
        Read::by_ref(file).take(end - begin).read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + at as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_short_is_overwritten() {
        let dir = tempfile::tempdir().expect("a folder");
        let lines = Lines::at(dir.path().join("a.jsonl"));
        let check = |before: &str, expected: &str| {
            std::fs::write(lines.path(), before).expect("written");
            lines.append("new").expect("appended");
            assert_eq!(std::fs::read_to_string(lines.path()).expect("read"), expected);
        };
        check("", "new\n");
        check("cut", "new\n");
        check("one\ncut", "one\nnew\n");
        let long = format!("one\n{}", "x".repeat(10_000));
        check(&long, "one\nnew\n");
        check(&format!("{long}\n"), &format!("{long}\nnew\n"));
    }
}
