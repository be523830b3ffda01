//! The one door to the network for models and data sets.
//!
//! A [`Repo`] is a model or data set at one commit. It lies in one of three places: a local folder in the Hub's layout
//! (`DIR/{models,datasets}/ORG/NAME`), the cache that every Hub client shares (`HF_HOME/hub`), or the Hub, from where files are fetched
//! into that cache. Offline, and with a local folder, the network is never touched. Of what is only in the cache nobody knows whether it is
//! all of it, unless its whole list was seen before and kept. [`push`] is the way back.

mod cache;
mod download;
mod error;
mod folder;
mod named;
pub mod push;
mod remote;
mod secret;
mod waiting;
mod wire;

pub use error::Error;
pub use remote::Downloaded;
pub use secret::Secret;
pub(crate) use waiting::wait_of;

use crate::words::address;
use cache::Snapshot;
use push::{LONGEST_ANSWER, LONGEST_LIMIT, Patience};
use remote::Remote;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wire::Tell;

/// With a server that fails: somebody waits to hear of it.
const PATIENCE: Patience = Patience {
    attempts: 4,
    first_wait: Duration::from_millis(300),
    longest_wait: Duration::from_secs(60),
    longest_limit: LONGEST_LIMIT,
    longest_answer: LONGEST_ANSWER,
};

/// How the Hub is reached.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// `https://huggingface.co`, without a slash at its end.
    pub endpoint: String,
    /// The `hub` folder of `HF_HOME`.
    pub cache_dir: PathBuf,
    pub token: Option<Secret>,
    /// Never touch the network.
    pub offline: bool,
    /// A folder in the Hub's layout, used instead of the Hub.
    pub local: Option<PathBuf>,
}

/// What a repository holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Model,
    Dataset,
}

impl Kind {
    /// As the Hub's routes and folders have it.
    fn plural(self) -> &'static str {
        match self {
            Kind::Model => "models",
            Kind::Dataset => "datasets",
        }
    }
    fn in_words(self) -> &'static str {
        match self {
            Kind::Model => "model",
            Kind::Dataset => "data set",
        }
    }
}

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RepoFile {
    /// Relative to the repository, with `/`.
    path: String,
    size: Option<u64>,
    /// What its content is called: SHA-256 of a large file, git's SHA-1 of others.
    etag: Option<String>,
}

/// The Hub, or what stands in for it.
pub struct Hub {
    config: HubConfig,
    patience: Patience,
    tell: Tell,
    remote: std::sync::OnceLock<Remote>,
}

impl Hub {
    /// Touches nothing yet.
    pub fn new(config: HubConfig) -> Self {
        Hub::patient(config, PATIENCE)
    }

    /// For tests: nothing but what lies in `cache`.
    #[cfg(test)]
    pub(in crate::data) fn nowhere(cache: impl Into<PathBuf>) -> Self {
        let (endpoint, cache_dir) = ("http://127.0.0.1:1".into(), cache.into());
        Hub::new(HubConfig { endpoint, cache_dir, token: None, offline: true, local: None })
    }

    /// The same with another patience for a server that fails.
    pub fn patient(config: HubConfig, patience: Patience) -> Self {
        Hub { config, patience, tell: Arc::new(|_| {}), remote: std::sync::OnceLock::new() }
    }

    /// The same that says to whoever waits why they wait long.
    #[must_use]
    pub fn telling(self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Hub { tell: Arc::new(tell), ..self }
    }

    pub fn config(&self) -> &HubConfig {
        &self.config
    }

    /// A model or data set at a revision (a branch, tag or commit; none: `main`), its commit resolved and its files listed. A local
    /// folder has no revisions: that another than `main` was asked for is told.
    ///
    /// # Errors
    /// No such repository or revision, no access, offline and not in the cache, the Hub cannot be reached or answers nonsense.
    pub fn open(&self, kind: Kind, id: &str, revision: Option<&str>) -> Result<Repo, Error> {
        check_id(kind, id)?;
        let repo =
            |files, commit, origin| Repo { kind, id: id.to_string(), files, commit, origin, is_gated: false, notes: Vec::new() };
        if let Some(local) = &self.config.local {
            let (root, files) = folder::open(local, kind, id)?;
            let note = revision.filter(|revision| *revision != "main").map(|revision| {
                let (kind, folder) = (kind.in_words(), local.display());
                format!("`revision`: `{revision}` of the {kind} `{id}` is not heeded: the folder `{folder}` has none")
            });
            // What is told of data is kept with it; of a model it is said at once.
            if let (Kind::Model, Some(note)) = (kind, &note) {
                (self.tell)(note.as_str());
            }
            return Ok(Repo { notes: note.into_iter().collect(), ..repo(files, None, Origin::Folder(root)) });
        }
        let revision = revision.unwrap_or("main");
        if self.config.offline {
            let snapshot = Snapshot::find(&self.config.cache_dir, kind, id, revision)
                .ok_or_else(|| Error::Offline { what: format!("the {} `{id}` at `{revision}`", kind.in_words()) })?;
            // Which files a model needs its own files say; a data set is whatever its list says.
            let listed = (kind == Kind::Dataset).then(|| snapshot.listed(&self.config.cache_dir, id)).flatten();
            let (is_all, files) = listed.map_or_else(|| (false, snapshot.files()), |files| (true, files));
            return Ok(repo(files, Some(snapshot.commit), Origin::Cache { root: snapshot.root, is_all }));
        }
        let remote = self.remote()?;
        let listing = remote.list(kind, id, revision)?;
        Snapshot::remember(&self.config.cache_dir, kind, id, revision, &listing.commit)?;
        if kind == Kind::Dataset {
            cache::keep_list(&self.config.cache_dir, id, &listing.commit, &listing.files);
        }
        let origin = Origin::Remote { remote: remote.clone(), cache: self.config.cache_dir.clone() };
        Ok(Repo { is_gated: listing.is_gated, ..repo(listing.files, Some(listing.commit), origin) })
    }

    /// As [`Hub::open`] of a model.
    pub fn model(&self, id: &str, revision: Option<&str>) -> Result<Repo, Error> {
        self.open(Kind::Model, id, revision)
    }

    /// As [`Hub::open`] of a data set.
    pub fn dataset(&self, id: &str, revision: Option<&str>) -> Result<Repo, Error> {
        self.open(Kind::Dataset, id, revision)
    }

    /// Ids of the models that lie here: in the local folder, or offline in the cache. Where the Hub is asked nobody knows all that it has.
    pub fn models_here(&self) -> Vec<String> {
        let mut ids = match (&self.config.local, self.config.offline) {
            (Some(local), _) => folder::ids(&local.join(Kind::Model.plural())),
            (None, true) => cache::ids(&self.config.cache_dir, Kind::Model),
            (None, false) => Vec::new(),
        };
        ids.sort();
        ids
    }

    /// The id of the one model here that is called `name`, without whose it is.
    ///
    /// # Errors
    /// It says that it is a GGUF, which no other kind of file serves for, and there is none that is called so, or several.
    pub fn called(&self, name: &str) -> Result<Option<String>, Error> {
        let ids = self.models_here();
        match named::called(name, &ids).as_slice() {
            [only] => Ok(Some((*only).clone())),
            several if named::says_gguf(name) => {
                let near = if several.is_empty() {
                    folder::nearest(name, ids.clone())
                } else {
                    several.iter().map(|id| (*id).clone()).collect()
                };
                let many = if several.is_empty() { "" } else { "single " };
                Err(Error::NotFound {
                    kind: Kind::Model,
                    what: format!("{many}model here that is called `{name}` (its id, ORG/NAME, names one anywhere)"),
                    near,
                    is_local: true,
                })
            }
            _ => Ok(None),
        }
    }

    /// The id of the one model here that is the model of this name or id in another form of file, where it does not lie here itself.
    pub fn as_gguf(&self, name: &str) -> Option<String> {
        let ids = self.models_here();
        let (own, last) = (name.to_lowercase(), |id: &str| id.rsplit('/').next().unwrap_or(id).to_lowercase());
        // Whoever says whose it is means no other's.
        let is_one = |id: &&String| match own.contains('/') {
            true => id.to_lowercase() == format!("{own}-gguf"),
            false => last(id) == format!("{own}-gguf"),
        };
        let is_here = ids.iter().any(|id| id.to_lowercase() == own || last(id) == own);
        let mut found = ids.iter().filter(is_one);
        found.next().filter(|_| !is_here && found.next().is_none()).cloned()
    }

    /// A file of the web, fetched into the cache unless what is there is still the same; with `sha256`, no other content will do. Offline
    /// it is what was fetched last.
    ///
    /// # Errors
    /// It is no address, or as [`Repo::fetch`].
    pub fn file_at(&self, url: &str, sha256: Option<&str>) -> Result<PathBuf, Error> {
        let parsed = reqwest::Url::parse(url).map_err(|e| Error::BadUrl { url: address(url), why: e.to_string() })?;
        let cache = &self.config.cache_dir;
        if self.config.offline || self.config.local.is_some() {
            let known = remote::known_url(&parsed, sha256, cache)?;
            return absolute(known.ok_or_else(|| Error::Offline { what: format!("the file at `{}`", address(url)) })?);
        }
        absolute(self.remote()?.fetch_url(&parsed, sha256, cache)?)
    }

    /// What was fetched so far.
    pub fn downloaded(&self) -> Downloaded {
        self.remote.get().map(Remote::downloaded).unwrap_or_default()
    }

    /// Whether the Hub answers at all, within a few seconds.
    ///
    /// # Errors
    /// [`Error::Unreachable`], or [`Error::Offline`] where it must not be tried.
    pub fn check_reachable(&self) -> Result<(), Error> {
        if self.config.offline || self.config.local.is_some() {
            return Err(Error::Offline { what: "the Hub".into() });
        }
        remote::check_reachable(&self.config.endpoint)
    }

    fn remote(&self) -> Result<&Remote, Error> {
        if let Some(remote) = self.remote.get() {
            return Ok(remote);
        }
        let made = Remote::new(&self.config, self.patience, self.tell.clone())?;
        Ok(self.remote.get_or_init(|| made))
    }
}

/// A model or data set at one commit.
pub struct Repo {
    kind: Kind,
    id: String,
    commit: Option<String>,
    files: Vec<RepoFile>,
    origin: Origin,
    is_gated: bool,
    notes: Vec<String>,
}

enum Origin {
    /// Files that are simply there.
    Folder(PathBuf),
    /// A commit of the cache, without the Hub: its files need not all be here.
    Cache {
        root: PathBuf,
        /// Whether the list of files is that of the commit, rather than of what is here.
        is_all: bool,
    },
    Remote {
        remote: Remote,
        cache: PathBuf,
    },
}

impl Repo {
    /// A folder in the Hub's format, wherever it lies.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn at_folder(kind: Kind, root: &Path) -> Result<Self, Error> {
        let files = folder::list(root)?;
        let (id, origin) = (root.display().to_string(), Origin::Folder(root.to_path_buf()));
        Ok(Repo { kind, id, commit: None, files, origin, is_gated: false, notes: Vec::new() })
    }

    /// The same where the weights are those of one file of the folder: others are left out.
    #[must_use]
    pub fn without_others(mut self, weights: &Path) -> Self {
        let name = weights.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_other = |path: &str| {
            path != name
                && [".gguf", ".safetensors", ".bin", ".pth", ".pt", ".th", ".index.json"]
                    .iter()
                    .any(|ending| path.to_lowercase().ends_with(ending))
        };
        self.files.retain(|file| !is_other(&file.path));
        self
    }

    /// Whether the Hub gives it to those alone who have asked for access; false where nobody asked the Hub.
    pub fn is_gated(&self) -> bool {
        self.is_gated
    }

    /// What whoever uses it should know.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// "the data set `nyu-mll/glue`".
    pub fn in_words(&self) -> String {
        format!("the {} `{}`", self.kind.in_words(), self.id)
    }

    /// The resolved commit; none for a local folder.
    pub fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// The folder itself, where all files are simply there.
    pub fn root(&self) -> Option<&Path> {
        match &self.origin {
            Origin::Folder(root) | Origin::Cache { root, .. } => Some(root),
            Origin::Remote { .. } => None,
        }
    }

    /// Whether there may be files that nobody here knows of: what other clients left in the cache.
    pub fn may_lack_files(&self) -> bool {
        matches!(self.origin, Origin::Cache { is_all: false, .. })
    }

    /// That a file is not here and must not be fetched.
    pub(super) fn lacks(&self, path: &str) -> Error {
        Error::Offline { what: format!("`{path}` of {}", self.in_words()) }
    }

    /// Paths of all files, relative to the repository, sorted.
    pub fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.files.iter().map(|f| f.path.clone()).collect();
        paths.sort();
        paths
    }

    pub fn has(&self, path: &str) -> bool {
        self.files.iter().any(|f| f.path == path)
    }

    /// Fetches a file unless it is here already, and says where it lies (an absolute path; in the cache a link, whose name keeps the
    /// file's ending). Its size and hash are checked; a
    /// download that is cut off goes on where it was, now or when it is asked for again.
    ///
    /// # Errors
    /// No such file, or anything that can go wrong between here and the Hub.
    pub fn fetch(&self, path: &str) -> Result<PathBuf, Error> {
        let file = self.files.iter().find(|f| f.path == path).ok_or_else(|| Error::NotFound {
            kind: self.kind,
            what: format!("file `{path}` in {}", self.in_words()),
            near: folder::nearest(path, self.paths()),
            is_local: false,
        })?;
        match &self.origin {
            Origin::Folder(root) => absolute(root.join(path)),
            Origin::Cache { root, .. } if root.join(path).is_file() => absolute(root.join(path)),
            Origin::Cache { .. } => Err(self.lacks(path)),
            Origin::Remote { remote, cache } => {
                let commit = self.commit.as_deref().unwrap_or("main");
                absolute(remote.fetch(self.kind, &self.id, commit, file, cache)?)
            }
        }
    }

    /// The text of a small file; none where the repository has no such file.
    ///
    /// # Errors
    /// As [`Repo::fetch`]; or it is larger than 8 MiB, or no UTF-8.
    pub fn read_text(&self, path: &str) -> Result<Option<String>, Error> {
        const MOST: u64 = 8 << 20;
        if !self.has(path) {
            return Ok(None);
        }
        let place = self.fetch(path)?;
        let io = |source| Error::Disk { action: "read", path: place.clone(), source };
        let size = std::fs::metadata(&place).map_err(io)?.len();
        if size > MOST {
            return Err(Error::BadAnswer {
                what: format!("`{path}` of {}", self.in_words()),
                found: format!("{size} bytes, more than 8 MiB"),
            });
        }
        std::fs::read_to_string(&place).map(Some).map_err(io)
    }
}

fn absolute(path: PathBuf) -> Result<PathBuf, Error> {
    std::path::absolute(&path).map_err(|source| Error::Disk { action: "find", path, source })
}

/// `NAME` or `ORG/NAME` of letters, digits, `-`, `_` and `.`: it becomes part of paths and addresses.
fn check_id(kind: Kind, id: &str) -> Result<(), Error> {
    let good = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.contains("..")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let parts: Vec<&str> = id.split('/').collect();
    match parts.len() <= 2 && parts.iter().all(|p| good(p)) {
        true => Ok(()),
        false => Err(Error::BadId { kind: kind.in_words(), id: id.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_leave_their_folder_are_refused() {
        for good in ["gpt2", "nyu-mll/glue", "a/b.c_d"] {
            assert!(check_id(Kind::Model, good).is_ok(), "{good}");
        }
        for bad in ["", "/", "a/", "../a", "a/..", "a/b/c", "a b", "a/.git", "a%2fb"] {
            assert!(matches!(check_id(Kind::Model, bad), Err(Error::BadId { .. })), "{bad}");
        }
    }
}
