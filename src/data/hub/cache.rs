//! The cache that every Hub client shares: `CACHE/models--ORG--NAME/{refs/REVISION, snapshots/COMMIT/..., blobs/ETAG}`.

use super::{Error, Kind, RepoFile, folder};
use std::path::{Path, PathBuf};

/// What the cache holds of a repository at one commit.
pub(super) struct Snapshot {
    pub(super) commit: String,
    pub(super) root: PathBuf,
}

impl Snapshot {
    pub(super) fn find(cache: &Path, kind: Kind, id: &str, revision: &str) -> Option<Self> {
        let repo = repo_folder(cache, kind, id);
        let commit = match is_commit(revision) {
            true => revision.to_string(),
            false => std::fs::read_to_string(repo.join("refs").join(revision)).ok()?.trim().to_string(),
        };
        let root = repo.join("snapshots").join(&commit);
        (is_commit(&commit) && root.is_dir()).then_some(Snapshot { commit, root })
    }

    /// Which of the commit's files are here.
    pub(super) fn files(&self) -> Vec<RepoFile> {
        folder::list(&self.root).unwrap_or_default()
    }

    /// Notes which commit a branch or tag stands for, so that it is found offline.
    pub(super) fn remember(cache: &Path, kind: Kind, id: &str, revision: &str, commit: &str) -> Result<(), Error> {
        if is_commit(revision) || revision.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
            return Ok(());
        }
        let path = repo_folder(cache, kind, id).join("refs").join(revision);
        if std::fs::read_to_string(&path).is_ok_and(|known| known.trim() == commit) {
            return Ok(());
        }
        let io = |source| Error::Disk { action: "write", path: path.clone(), source };
        let parent = path.parent().unwrap_or(cache);
        std::fs::create_dir_all(parent).map_err(io)?;
        let sibling = tempfile::NamedTempFile::new_in(parent).map_err(io)?;
        std::fs::write(sibling.path(), commit).map_err(io)?;
        sibling.persist(&path).map(drop).map_err(|e| io(e.error))
    }
}

pub(super) fn repo_folder(cache: &Path, kind: Kind, id: &str) -> PathBuf {
    cache.join(format!("{}--{}", kind.plural(), id.replace('/', "--")))
}

/// Where a file of a commit lies, or would.
pub(super) fn place_of(cache: &Path, kind: Kind, id: &str, commit: &str, path: &str) -> PathBuf {
    repo_folder(cache, kind, id).join("snapshots").join(commit).join(path)
}

/// The SHA-256 that names a large file's content: the cache calls the content by its ETag, and that of large files is their hash.
pub(super) fn expected_sha256(place: &Path) -> Option<String> {
    let content = place.canonicalize().ok()?;
    let name = content.file_name()?.to_str()?;
    (name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())).then(|| name.to_string())
}

/// Forgets a file whose content is not what it should be.
pub(super) fn forget(cache: &Path, kind: Kind, id: &str, place: &Path) {
    // What is not there need not be removed.
    if let (Ok(content), Ok(repo)) = (place.canonicalize(), repo_folder(cache, kind, id).canonicalize())
        && content.starts_with(repo)
    {
        let _ = std::fs::remove_file(content);
    }
    let _ = std::fs::remove_file(place);
}

/// Removes downloads that were cut off, except those that another process is at (it holds their lock).
pub(super) fn sweep(cache: &Path, kind: Kind, id: &str) {
    let repo = repo_folder(cache, kind, id);
    let locks = cache.join(".locks").join(repo.file_name().unwrap_or_default());
    for entry in std::fs::read_dir(repo.join("blobs")).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(etag) = name.strip_suffix(".incomplete") else { continue };
        let lock = std::fs::File::open(locks.join(format!("{etag}.lock")));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}
