//! The Hub itself, by its own client.

use super::{Error, HubConfig, Kind, RepoFile, cache};
use crate::data::digest::sha256_of_file;
use crate::error::root_cause;
use hf_hub::repository::RepoTreeEntry;
use hf_hub::{HFClient, HFClientSync, HFRepositorySync, HFResult, RepoType, split_id};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A client of the Hub.
#[derive(Clone)]
pub(super) struct Remote {
    client: HFClientSync,
    endpoint: String,
    cache: PathBuf,
    with_token: bool,
    downloaded: Arc<Mutex<Downloaded>>,
}

/// What was fetched from the Hub, and how long that took; what lay in the cache is none of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Downloaded {
    pub files: u64,
    pub bytes: u64,
    pub secs: f64,
}

/// A repository's files at its resolved commit.
pub(super) struct Listing {
    pub(super) commit: String,
    pub(super) files: Vec<RepoFile>,
    /// Whether access must be asked for.
    pub(super) is_gated: bool,
}

impl Remote {
    pub(super) fn new(config: &HubConfig) -> Result<Self, Error> {
        let unusable = |why: String| Error::Unreachable { endpoint: config.endpoint.clone(), why };
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(60))
            .build()
            .map_err(|e| unusable(root_cause(&e)))?;
        let mut builder = HFClient::builder()
            .endpoint(&config.endpoint)
            .cache_dir(&config.cache_dir)
            .user_agent(USER_AGENT)
            .client(http)
            .retry_max_attempts(2);
        if let Some(token) = &config.token {
            builder = builder.token(token.reveal());
        }
        let client = builder.build_sync().map_err(|e| unusable(e.to_string()))?;
        Ok(Remote {
            client,
            endpoint: config.endpoint.clone(),
            cache: config.cache_dir.clone(),
            with_token: config.token.is_some(),
            downloaded: Arc::default(),
        })
    }

    pub(super) fn downloaded(&self) -> Downloaded {
        *self.downloaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves the commit of `revision` and lists the files there.
    pub(super) fn list(&self, kind: Kind, id: &str, revision: &str) -> Result<Listing, Error> {
        let what = format!("{} `{id}` at `{revision}`", kind.in_words());
        let (org, name) = split_id(id);
        let (sha, gated, entries) = match kind {
            Kind::Model => {
                let repo = self.client.model(org, name);
                let info = repo.info().revision(revision).send().map_err(|e| self.error(e, (kind, id), &what))?;
                let sha = info.sha;
                (sha.clone(), info.gated, tree(&repo, sha.as_deref().unwrap_or(revision)))
            }
            Kind::Dataset => {
                let repo = self.client.dataset(org, name);
                let info = repo.info().revision(revision).send().map_err(|e| self.error(e, (kind, id), &what))?;
                let sha = info.sha;
                (sha.clone(), info.gated, tree(&repo, sha.as_deref().unwrap_or(revision)))
            }
        };
        let commit = sha
            .filter(|sha| sha.len() == 40 && sha.bytes().all(|b| b.is_ascii_hexdigit()))
            .ok_or_else(|| Error::BadAnswer { what: what.clone(), found: "it names no commit".into() })?;
        let files = entries.map_err(|e| self.error(e, (kind, id), &what))?.into_iter().filter_map(file_of).collect::<Vec<_>>();
        // Paths become part of paths on this machine.
        match files.iter().find(|f| f.path.starts_with('/') || f.path.split('/').any(|part| matches!(part, "" | "." | ".."))) {
            Some(odd) => Err(Error::BadAnswer { what, found: format!("it lists a file at `{}`", odd.path) }),
            // `false`, or how access is given: `auto`, `manual`.
            None => Ok(Listing { commit, files, is_gated: gated.is_some_and(|gated| gated.is_string()) }),
        }
    }

    /// Fetches a file at a commit into the cache, and checks it.
    pub(super) fn fetch(&self, kind: Kind, id: &str, commit: &str, file: &RepoFile, cache: &Path) -> Result<PathBuf, Error> {
        let what = format!("`{}` of {} `{id}`", file.path, kind.in_words());
        let place = cache::place_of(cache, kind, id, commit, &file.path);
        if place.exists() && check_size(&place, file, &what).is_err() {
            cache::forget(cache, kind, id, &place);
        }
        if place.exists() {
            return Ok(place);
        }
        let (org, name) = split_id(id);
        let begun = Instant::now();
        let fetched = match kind {
            Kind::Model => download(&self.client.model(org, name), commit, &file.path),
            Kind::Dataset => download(&self.client.dataset(org, name), commit, &file.path),
        };
        let place = fetched.map_err(|e| {
            cache::sweep(cache, kind, id);
            self.error(e, (kind, id), &what)
        })?;
        match check_size(&place, file, &what).and_then(|()| check_hash(&place, &what)) {
            Ok(()) => {
                let mut sum = self.downloaded.lock().unwrap_or_else(PoisonError::into_inner);
                sum.files += 1;
                sum.bytes += std::fs::metadata(&place).map_or(0, |file| file.len());
                sum.secs += begun.elapsed().as_secs_f64();
                Ok(place)
            }
            Err(error) => {
                cache::forget(cache, kind, id, &place);
                Err(error)
            }
        }
    }

    fn error(&self, error: hf_hub::HFError, repo: (Kind, &str), what: &str) -> Error {
        Error::from_client(error, repo, what, &self.endpoint, &self.cache, self.with_token)
    }
}

pub(super) const USER_AGENT: &str = concat!("tallow/", env!("CARGO_PKG_VERSION"));

fn tree<T: RepoType>(repo: &HFRepositorySync<T>, revision: &str) -> HFResult<Vec<RepoTreeEntry>> {
    repo.list_tree().revision(revision).recursive(true).send()
}

fn download<T: RepoType>(repo: &HFRepositorySync<T>, commit: &str, path: &str) -> HFResult<PathBuf> {
    repo.download_file().filename(path).revision(commit).send()
}

fn file_of(entry: RepoTreeEntry) -> Option<RepoFile> {
    match entry {
        RepoTreeEntry::File { size, path, .. } => Some(RepoFile { path, size: Some(size) }),
        RepoTreeEntry::Directory { .. } => None,
    }
}

/// The client stores whatever body comes, so what it stored is compared with what the Hub's listing says.
fn check_size(place: &Path, file: &RepoFile, what: &str) -> Result<(), Error> {
    let found = std::fs::metadata(place).map_err(|source| Error::Disk { action: "read", path: place.into(), source })?.len();
    match file.size {
        Some(expected) if expected != found => {
            Err(Error::BadAnswer { what: what.into(), found: format!("expected {expected} bytes, found {found}") })
        }
        _ => Ok(()),
    }
}

fn check_hash(place: &Path, what: &str) -> Result<(), Error> {
    let Some(expected) = cache::expected_sha256(place) else { return Ok(()) };
    match sha256_of_file(place) {
        Ok(found) if found == expected => Ok(()),
        Ok(found) => Err(Error::BadAnswer { what: what.into(), found: format!("expected SHA-256 {expected}, found {found}") }),
        Err(e) => Err(Error::BadAnswer { what: what.into(), found: root_cause(&e) }),
    }
}

/// Any answer will do: it is only asked whether there is one.
pub(super) fn check_reachable(endpoint: &str) -> Result<(), Error> {
    let unreachable = |e: reqwest::Error| Error::Unreachable { endpoint: endpoint.to_string(), why: root_cause(&e) };
    let client = reqwest::blocking::Client::builder()
        .user_agent(USER_AGENT)
        .timeout(Duration::from_secs(5))
        .build()
        .map_err(unreachable)?;
    client.head(endpoint).send().map(drop).map_err(unreachable)
}
