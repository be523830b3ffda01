//! What was fetched, on disk: a file in its own format and what is known of it, both under the id with its version.

use crate::intake::{ArxivId, Error, Opened, SourceRecord};
use crate::store::folder_of;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(super) struct Cache<'a> {
    folder: &'a Path,
}

impl<'a> Cache<'a> {
    pub(super) fn new(folder: &'a Path) -> Self {
        Cache { folder }
    }

    /// This version, or the newest that is there where the id has none.
    pub(super) fn find(&self, id: &ArxivId) -> Result<Option<Opened>, Error> {
        let version = match id.version() {
            Some(version) => Some(version),
            None => self.versions(id).into_iter().max(),
        };
        let id = version.map_or_else(|| id.clone(), |version| id.with_version(version));
        let path = self.record(&id);
        let failed = |path: &Path| {
            let name = path.display().to_string();
            move |source| Error::Io { name, source }
        };
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs::read(&path).map_err(failed(&path))?;
        // A record that cannot be read is as good as none: it is fetched again.
        let Ok(record) = serde_json::from_slice::<SourceRecord>(&text) else { return Ok(None) };
        let path = self.file(&id, record.format.extension());
        if !path.is_file() {
            return Ok(None);
        }
        Ok(Some(Opened { bytes: fs::read(&path).map_err(failed(&path))?, record }))
    }

    fn versions(&self, id: &ArxivId) -> Vec<u32> {
        let front = format!("arxiv-{}v", safe(id));
        let entries = fs::read_dir(self.folder).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.strip_prefix(&front)?.strip_suffix(".json")?.parse().ok())
            .collect()
    }

    /// The file first: a record speaks only of what is there.
    pub(super) fn keep(&self, opened: &Opened) -> Result<(), Error> {
        let Some(arxiv) = &opened.record.arxiv else { return Ok(()) };
        let record = serde_json::to_vec_pretty(&opened.record).unwrap_or_default();
        let files = [
            (self.file(&arxiv.id, opened.record.format.extension()), opened.bytes.as_slice()),
            (self.record(&arxiv.id), record.as_slice()),
        ];
        for (path, bytes) in files {
            keep(&path, bytes).map_err(|source| Error::Io { name: path.display().to_string(), source })?;
        }
        Ok(())
    }

    fn record(&self, id: &ArxivId) -> PathBuf {
        self.file(id, "json")
    }

    fn file(&self, id: &ArxivId, extension: &str) -> PathBuf {
        self.folder.join(format!("arxiv-{}.{extension}", safe(id)))
    }
}

/// `cs/0301012` has a slash; nothing else in an id is special in a file name.
fn safe(id: &ArxivId) -> String {
    id.as_str().replace('/', "_")
}

/// Written beside and renamed, so that the cache never holds half a paper.
fn keep(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}
