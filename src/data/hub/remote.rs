//! The Hub itself, by its routes for reading; and files of the web.

use super::download::{Came, Hash, Transfer, disk};
use super::push::Patience;
use super::wire::{Tell, Wanted, Wire};
use super::{Error, HubConfig, Kind, RepoFile, cache};
use crate::data::digest::{sha256_of, sha256_of_file};
use crate::error::root_cause;
use crate::words::address;
use reqwest::header::{CONTENT_LENGTH, ETAG, HeaderMap, LAST_MODIFIED};
use reqwest::{Method, Url};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(super) const USER_AGENT: &str = concat!("tallow/", env!("CARGO_PKG_VERSION"));

/// Pages of a list of files that are asked for.
const MOST_PAGES: usize = 1000;

/// A client of the Hub.
#[derive(Clone)]
pub(super) struct Remote {
    wire: Arc<Wire>,
    downloaded: Arc<Mutex<Downloaded>>,
}

/// What was fetched from the Hub, and how long that took; what lay in the cache is none of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Downloaded {
    pub files: u64,
    pub bytes: u64,
    pub secs: f64,
    /// Files that were begun anew, because they were no longer what a download had left off with.
    pub anew: u64,
}

/// A repository's files at its resolved commit.
pub(super) struct Listing {
    pub(super) commit: String,
    pub(super) files: Vec<RepoFile>,
    /// Whether access must be asked for.
    pub(super) is_gated: bool,
}

#[derive(Deserialize)]
struct Info {
    sha: Option<String>,
    /// `false`, or how access is given: `auto`, `manual`.
    gated: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
    size: Option<u64>,
    oid: Option<String>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    oid: String,
    size: u64,
}

impl Remote {
    pub(super) fn new(config: &HubConfig, patience: Patience, tell: Tell) -> Result<Self, Error> {
        Ok(Remote { wire: Arc::new(Wire::new(config, patience, tell)?), downloaded: Arc::default() })
    }

    pub(super) fn downloaded(&self) -> Downloaded {
        *self.downloaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves the commit of `revision` and lists the files there.
    pub(super) fn list(&self, kind: Kind, id: &str, revision: &str) -> Result<Listing, Error> {
        let what = format!("{} `{id}` at `{revision}`", kind.in_words());
        let page = self.wire.page(kind, id);
        let wanted = Wanted { kind, what: &what, page: Some(&page) };
        let route =
            |name, revision| self.wire.at(["api", kind.plural()].into_iter().chain(id.split('/')).chain([name, revision]));
        let (info, _): (Info, _) = self.wire.json(wanted, &route("revision", revision))?;
        let is_gated = info.gated.is_some_and(|gated| gated.is_string());
        let commit = info.sha.filter(|sha| sha.len() == 40 && sha.bytes().all(|b| b.is_ascii_hexdigit()));
        let commit = commit.ok_or_else(|| Error::BadAnswer { what: what.clone(), found: "it names no commit".into() })?;
        let mut next = Some(route("tree", &commit));
        if let Some(first) = &mut next {
            first.set_query(Some("recursive=true"));
        }
        let mut files = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(page) = next.take() else { break };
            let (entries, following): (Vec<Entry>, _) = self.wire.json(wanted, &page)?;
            files.extend(entries.into_iter().filter(|entry| entry.kind == "file").map(file_of));
            next = following;
        }
        // Paths and hashes become part of paths on this machine.
        let leads_out = |f: &&RepoFile| f.path.starts_with('/') || f.path.split('/').any(|part| matches!(part, "" | "." | ".."));
        let is_odd = |f: &&RepoFile| {
            f.etag.as_ref().is_none_or(|etag| etag.is_empty() || !etag.bytes().all(|b| b.is_ascii_alphanumeric()))
        };
        match (files.iter().find(leads_out), files.iter().find(is_odd), next) {
            (Some(odd), ..) => Err(Error::BadAnswer { what, found: format!("it lists a file at `{}`", odd.path) }),
            (_, Some(odd), _) => Err(Error::BadAnswer { what, found: format!("it does not say what `{}` holds", odd.path) }),
            (.., Some(_)) => Err(Error::BadAnswer { what, found: format!("its list of files has more than {MOST_PAGES} pages") }),
            _ => Ok(Listing { commit, files, is_gated }),
        }
    }

    /// Fetches a file at a commit into the cache, and checks it.
    pub(super) fn fetch(&self, kind: Kind, id: &str, commit: &str, file: &RepoFile, cache: &Path) -> Result<PathBuf, Error> {
        let what = format!("`{}` of {} `{id}`", file.path, kind.in_words());
        let place = cache::place_of(cache, kind, id, commit, &file.path);
        let is_whole =
            |place: &Path| std::fs::metadata(place).is_ok_and(|found| file.size.is_none_or(|size| size == found.len()));
        if place.exists() && !is_whole(&place) {
            cache::forget(cache, kind, id, &place);
        }
        if place.exists() {
            return Ok(place);
        }
        let etag = file.etag.clone().unwrap_or_default();
        let datasets = (kind == Kind::Dataset).then_some("datasets");
        let parts = datasets.into_iter().chain(id.split('/')).chain(["resolve", commit]).chain(file.path.split('/'));
        let repo = cache::repo_folder(cache, kind, id);
        let transfer = Transfer {
            wanted: Wanted { kind, what: &what, page: Some(&self.wire.page(kind, id)) },
            url: &self.wire.at(parts),
            blob: repo.join("blobs").join(&etag),
            lock: cache::lock_of(cache, &repo, &etag),
            size: file.size,
            hash: match etag.len() {
                64 => Hash::Sha256(etag.clone()),
                40 => Hash::Git(etag.clone()),
                _ => Hash::Unknown,
            },
            etag: None,
            afresh: false,
        };
        self.timed(&transfer)?;
        cache::link(&transfer.blob, &place)?;
        Ok(place)
    }

    /// Fetches a file of the web into the cache, where it lies below the hash of its address; with `sha256`, no other content will do.
    pub(super) fn fetch_url(&self, url: &Url, sha256: Option<&str>, cache: &Path) -> Result<PathBuf, Error> {
        let (shown, own) = (address(url.as_str()), self.wire.is_own(url));
        let what = format!("file at `{shown}`");
        let wanted = Wanted { kind: Kind::Dataset, what: &what, page: own.then_some(&shown) };
        let folder = web_folder(cache, url);
        let head = self.wire.patiently(|| self.wire.once(wanted, &Method::HEAD, url, &HeaderMap::new()));
        // Servers that know no HEAD are asked for the file itself; so are those that refuse it, for an address may be signed for GET alone.
        let headers = match head {
            Ok(response) => response.headers().clone(),
            Err(error)
                if error.status().is_some_and(|status| status != 429 && (status == 501 || (400..500).contains(&status))) =>
            {
                HeaderMap::new()
            }
            Err(error) => return Err(error),
        };
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_string);
        let etag = text(ETAG);
        let said = etag
            .clone()
            .or_else(|| text(LAST_MODIFIED))
            .map(|said| format!("{said} {}", text(CONTENT_LENGTH).unwrap_or_default()));
        // What says nothing of its content is fetched anew each time.
        let key = sha256_of(said.as_deref().unwrap_or("unknown").as_bytes())[..40].to_string();
        let blob = folder.join("blobs").join(&key);
        let transfer = Transfer {
            wanted,
            url,
            lock: cache::lock_of(cache, &folder, &key),
            blob: blob.clone(),
            size: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()).filter(|size| *size > 0),
            hash: sha256.map_or(Hash::Unknown, |hash| Hash::Sha256(hash.to_lowercase())),
            etag,
            afresh: said.is_none(),
        };
        self.timed(&transfer)?;
        checked(&blob, sha256, &what)?;
        let place = folder.join("snapshots").join(&key).join(name_in(url));
        cache::link(&blob, &place)?;
        cache::note(&folder.join("refs").join("main"), &key)?;
        Ok(place)
    }

    fn timed(&self, transfer: &Transfer) -> Result<(), Error> {
        let begun = Instant::now();
        let Came { bytes, anew } = transfer.run(&self.wire)?;
        let mut sum = self.downloaded.lock().unwrap_or_else(PoisonError::into_inner);
        sum.files += u64::from(bytes > 0);
        sum.anew += u64::from(anew);
        sum.bytes += bytes;
        sum.secs += if bytes > 0 { begun.elapsed().as_secs_f64() } else { 0.0 };
        Ok(())
    }
}

/// What lies in the cache of an address.
pub(super) fn known_url(url: &Url, sha256: Option<&str>, cache: &Path) -> Result<Option<PathBuf>, Error> {
    let folder = web_folder(cache, url);
    let Ok(key) = std::fs::read_to_string(folder.join("refs").join("main")) else { return Ok(None) };
    let place = folder.join("snapshots").join(key.trim()).join(name_in(url));
    if !place.is_file() {
        return Ok(None);
    }
    checked(&place, sha256, &format!("file at `{}`", address(url.as_str())))?;
    Ok(Some(place))
}

fn checked(place: &Path, sha256: Option<&str>, what: &str) -> Result<(), Error> {
    let Some(expected) = sha256 else { return Ok(()) };
    let found = sha256_of_file(place).map_err(|e| disk("read", place, std::io::Error::other(root_cause(&e))))?;
    if expected.eq_ignore_ascii_case(&found) {
        return Ok(());
    }
    Err(Error::BadAnswer { what: what.into(), found: format!("expected SHA-256 {expected}, found {found}") })
}

fn web_folder(cache: &Path, url: &Url) -> PathBuf {
    cache.join(format!("web--{}", &sha256_of(url.as_str().as_bytes())[..40]))
}

/// The file's name, as the address has it.
fn name_in(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    let name: String = last.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).collect();
    if name.trim_matches('.').is_empty() { "file".into() } else { name }
}

fn file_of(entry: Entry) -> RepoFile {
    match entry.lfs {
        Some(lfs) => RepoFile { path: entry.path, size: Some(lfs.size), etag: Some(lfs.oid) },
        None => RepoFile { path: entry.path, size: entry.size, etag: entry.oid },
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
