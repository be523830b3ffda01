//! The cache that every Hub client shares: `CACHE/models--ORG--NAME/{refs/REVISION, snapshots/COMMIT/..., blobs/ETAG}`. Beside these lies what
//! is Tallow's own: `.tallow/COMMIT.json`, all files of a data set's commit, whether they are here or not.

use super::download::disk;
use super::{Error, Kind, RepoFile, folder};
use crate::store::folder_of;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
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

    /// All files that a data set's commit has, where they were listed before.
    pub(super) fn listed(&self, cache: &Path, id: &str) -> Option<Vec<RepoFile>> {
        let text = std::fs::read(list_of(cache, id, &self.commit)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Notes which commit a branch or tag stands for, so that it is found offline.
    pub(super) fn remember(cache: &Path, kind: Kind, id: &str, revision: &str, commit: &str) -> Result<(), Error> {
        if is_commit(revision) || revision.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
            return Ok(());
        }
        note(&repo_folder(cache, kind, id).join("refs").join(revision), commit)
    }
}

/// Keeps the list of all files of a data set's commit, so that offline it is known what is not here. A cache that may only be read stays of
/// use without it.
pub(super) fn keep_list(cache: &Path, id: &str, commit: &str, files: &[RepoFile]) {
    if let Ok(text) = serde_json::to_string(files) {
        let _ = note(&list_of(cache, id, commit), &text);
    }
}

fn list_of(cache: &Path, id: &str, commit: &str) -> PathBuf {
    repo_folder(cache, Kind::Dataset, id).join(".tallow").join(format!("{commit}.json"))
}

/// Writes a line into a file, if it holds another. Whoever shares the cache may read it, as far as the umask lets them.
pub(super) fn note(path: &Path, line: &str) -> Result<(), Error> {
    if std::fs::read_to_string(path).is_ok_and(|known| known.trim() == line) {
        return Ok(());
    }
    let io = |source| disk("write", path, source);
    let parent = folder_of(path);
    std::fs::create_dir_all(parent).map_err(io)?;
    let readable = std::fs::Permissions::from_mode(0o666);
    let mut sibling = tempfile::Builder::new().permissions(readable).tempfile_in(parent).map_err(io)?;
    sibling.write_all(line.as_bytes()).map_err(io)?;
    sibling.persist(path).map(drop).map_err(|e| io(e.error))
}

/// The lock of a content in a repository's folder, as all clients name it.
pub(super) fn lock_of(cache: &Path, repo: &Path, etag: &str) -> PathBuf {
    cache.join(".locks").join(repo.file_name().unwrap_or_default()).join(format!("{etag}.lock"))
}

/// Has a place in a snapshot lead to a content, by a link within the repository's folder, which may be moved as a whole.
pub(super) fn link(blob: &Path, place: &Path) -> Result<(), Error> {
    let io = |source| disk("link", place, source);
    let parent = folder_of(place);
    std::fs::create_dir_all(parent).map_err(io)?;
    let repo = blob.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    let depth = parent.strip_prefix(repo).map_or(0, |below| below.components().count());
    let to: PathBuf = std::iter::repeat_n("..", depth).map(Path::new).chain([Path::new("blobs")]).collect();
    let to = to.join(blob.file_name().unwrap_or_default());
    // Made beside and renamed, for another process may do the same.
    let beside = tempfile::Builder::new().make_in(parent, |path| std::os::unix::fs::symlink(&to, path)).map_err(io)?;
    let (_, path) = beside.keep().map_err(|e| io(e.error))?;
    std::fs::rename(&path, place).map_err(io)
}

pub(super) fn repo_folder(cache: &Path, kind: Kind, id: &str) -> PathBuf {
    cache.join(format!("{}--{}", kind.plural(), id.replace('/', "--")))
}

/// Ids of the repositories of a kind that something is here of.
pub(super) fn ids(cache: &Path, kind: Kind) -> Vec<String> {
    let start = format!("{}--", kind.plural());
    let entries = std::fs::read_dir(cache).into_iter().flatten().flatten();
    let names = entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| Some(name.strip_prefix(&start)?.replacen("--", "/", 1))).collect()
}

/// Where a file of a commit lies, or would.
pub(super) fn place_of(cache: &Path, kind: Kind, id: &str, commit: &str, path: &str) -> PathBuf {
    repo_folder(cache, kind, id).join("snapshots").join(commit).join(path)
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

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}
