//! One content comes over the wire into the cache: a download that is cut off goes on where it was, also in another process; two
//! processes that want the same take turns; what does not have the hash that it should have is not kept.

use super::Error;
use super::wire::{Trouble, Wanted, Wire, header};
use crate::data::digest::{git_sha1_of_file, sha256_of_file};
use crate::error::root_cause;
use crate::store::folder_of;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, IF_RANGE, RANGE};
use reqwest::{Method, StatusCode, Url};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Answers of one download: each must bring it further, and this many are none that makes headway.
const MOST_ANSWERS: u32 = 1000;

/// Where a content comes from and goes to.
pub(super) struct Transfer<'a> {
    pub(super) wanted: Wanted<'a>,
    pub(super) url: &'a Url,
    /// Its place in the cache; beside it lies what has come so far.
    pub(super) blob: PathBuf,
    /// Whoever works on it holds this file's lock.
    pub(super) lock: PathBuf,
    pub(super) size: Option<u64>,
    pub(super) hash: Hash,
    /// By which the server tells whether it still is what was begun.
    pub(super) etag: Option<String>,
    /// Nothing tells whether what lies there is still the same: it is fetched anew, and takes its place once it is whole.
    pub(super) afresh: bool,
}

/// What the content must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256(String),
    /// SHA-1 of git's header and the bytes.
    Git(String),
    Unknown,
}

/// What came of it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Came {
    /// Bytes that came now; none where another process was first.
    pub(super) bytes: u64,
    /// Whether it was begun anew, because it was no longer what had come before.
    pub(super) anew: bool,
}

impl Transfer<'_> {
    /// Brings the content to its place, unless it is there.
    pub(super) fn run(&self, wire: &Wire) -> Result<Came, Error> {
        for path in [&self.lock, &self.blob] {
            let folder = folder_of(path);
            std::fs::create_dir_all(folder).map_err(|e| disk("create", folder, e))?;
        }
        let lock = File::options().create(true).append(true).open(&self.lock).map_err(|e| disk("open", &self.lock, e))?;
        lock.lock().map_err(|e| disk("lock", &self.lock, e))?;
        let partial = self.partial();
        if self.blob.is_file() && (!self.afresh || self.is_known()) {
            return Ok(Came::default());
        }
        if self.afresh && partial.exists() {
            remove(&partial)?;
        }
        let mut came = Came::default();
        let resumes = std::fs::metadata(&partial).is_ok_and(|file| file.len() > 0);
        self.fetch(wire, &partial, &mut came)?;
        let mut checked = self.check(&partial);
        if checked.is_err() && resumes && !came.anew {
            // What lay there from before was not the beginning of it.
            came.anew = true;
            remove(&partial)?;
            self.fetch(wire, &partial, &mut came)?;
            checked = self.check(&partial);
        }
        if let Err(error) = checked {
            remove(&partial)?;
            return Err(error);
        }
        std::fs::rename(&partial, &self.blob).map_err(|e| disk("move", &self.blob, e))?;
        Ok(came)
    }

    /// Whether what lies there is what is wanted, whatever the server says.
    fn is_known(&self) -> bool {
        matches!(&self.hash, Hash::Sha256(wanted) if sha256_of_file(&self.blob).is_ok_and(|found| found == *wanted))
    }

    fn partial(&self) -> PathBuf {
        let mut name = self.blob.file_name().unwrap_or_default().to_os_string();
        name.push(".incomplete");
        self.blob.with_file_name(name)
    }

    /// Has the file grow until it is whole.
    fn fetch(&self, wire: &Wire, partial: &Path, came: &mut Came) -> Result<(), Error> {
        let mut file =
            File::options().create(true).append(true).read(true).open(partial).map_err(|e| disk("open", partial, e))?;
        let (mut failures, mut etag) = (0, self.etag.clone());
        for _ in 0..MOST_ANSWERS {
            let have = file.metadata().map_err(|e| disk("read", partial, e))?.len();
            if self.size == Some(have) {
                return Ok(());
            }
            let before = came.bytes;
            match self.answer(wire, &mut file, have, &mut etag, came) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(Progress::Disk(e)) => return Err(disk("write", partial, e)),
                Err(Progress::Trouble(trouble)) => {
                    // Each that brings something is as good as the first.
                    failures = if came.bytes > before { 0 } else { failures };
                    wire.wait_out(trouble, &mut failures)?;
                }
            }
        }
        Err(self.bad(format!("it is not whole after {MOST_ANSWERS} answers")))
    }

    /// One answer, as far as it goes; whether the content is whole then.
    fn answer(
        &self,
        wire: &Wire,
        file: &mut File,
        have: u64,
        etag: &mut Option<String>,
        came: &mut Came,
    ) -> Result<bool, Progress> {
        let mut headers = HeaderMap::new();
        if have > 0 {
            header(&mut headers, RANGE, &format!("bytes={have}-"));
            // A weak one says nothing of bytes.
            if let Some(etag) = etag.as_deref().filter(|etag| !etag.starts_with("W/")) {
                header(&mut headers, IF_RANGE, etag);
            }
        }
        let response = wire.once(self.wanted, &Method::GET, self.url, &headers).map_err(Progress::Trouble)?;
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_string);
        let from = match response.status() {
            StatusCode::PARTIAL_CONTENT => text(CONTENT_RANGE).as_deref().and_then(range),
            StatusCode::RANGE_NOT_SATISFIABLE => None,
            _ => Some((0, text(CONTENT_LENGTH).and_then(|length| length.parse().ok()))),
        };
        if text(CONTENT_TYPE).is_some_and(|of| of.starts_with("text/html")) && self.hash == Hash::Unknown {
            return Err(Progress::Trouble(Trouble::Lasting(self.bad("expected a file, found a page for people".into()))));
        }
        // Another part, or of another whole: what there is does not belong to it.
        let (begins, total) = match from {
            Some((begins, total))
                if (begins == have || begins == 0) && total.is_none_or(|total| self.size.is_none_or(|size| size == total)) =>
            {
                (begins, total)
            }
            Some((_, Some(total))) if self.size.is_some_and(|size| size != total) => {
                let expected = self.size.unwrap_or_default();
                return Err(Progress::Trouble(Trouble::Lasting(self.bad(format!("expected {expected} bytes, found {total}")))));
            }
            _ => {
                came.anew = true;
                file.set_len(0).map_err(Progress::Disk)?;
                return Ok(false);
            }
        };
        if begins < have {
            // The whole again: the server knows no parts, or it is another content now.
            came.anew |= etag.is_some() && *etag != text(ETAG);
            file.set_len(0).map_err(Progress::Disk)?;
        }
        *etag = text(ETAG).or(etag.take());
        let most = self.size.or(total).map_or(u64::MAX, |size| size.saturating_sub(begins));
        let (copied, ended) = copy(response, file, most, came)?;
        let cut = |of: String| {
            let found = format!("it was cut off after {}{of} bytes", begins + copied);
            Err(Progress::Trouble(Trouble::Passing(self.bad(found), None)))
        };
        match (self.size.or(total), ended) {
            (Some(size), _) if begins + copied < size => cut(format!(" of {size}")),
            // How much there is to come nobody said: what broke off is not the whole, nor known to be the beginning of the next answer.
            (None, Ended::Broken) => {
                file.set_len(0).map_err(Progress::Disk)?;
                came.bytes -= copied;
                cut(String::new())
            }
            (Some(_), _) | (None, Ended::Whole) => Ok(true),
        }
    }

    fn check(&self, partial: &Path) -> Result<(), Error> {
        let found = std::fs::metadata(partial).map_err(|e| disk("read", partial, e))?.len();
        if let Some(expected) = self.size.filter(|expected| *expected != found) {
            return Err(self.bad(format!("expected {expected} bytes, found {found}")));
        }
        let (name, expected, found) = match &self.hash {
            Hash::Unknown => return Ok(()),
            Hash::Sha256(expected) => ("SHA-256", expected, sha256_of_file(partial).map_err(|e| self.bad(root_cause(&e)))?),
            Hash::Git(expected) => ("git's SHA-1", expected, git_sha1_of_file(partial).map_err(|e| disk("read", partial, e))?),
        };
        if *expected != found {
            return Err(self.bad(format!("expected {name} {expected}, found {found}")));
        }
        Ok(())
    }

    fn bad(&self, found: String) -> Error {
        Error::BadAnswer { what: self.wanted.what.into(), found }
    }
}

enum Progress {
    Disk(std::io::Error),
    Trouble(Trouble),
}

/// How the body of an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// As the server ended it, or with all that is wanted.
    Whole,
    /// The connection broke.
    Broken,
}

/// Writes what comes, at most so much, and says how much that was; an answer that breaks off is short.
fn copy(mut from: impl Read, file: &mut File, most: u64, came: &mut Came) -> Result<(u64, Ended), Progress> {
    file.seek(std::io::SeekFrom::End(0)).map_err(Progress::Disk)?;
    let (mut buffer, mut copied) = (vec![0; 1 << 18], 0);
    while copied < most {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Err(_) => return Ok((copied, Ended::Broken)),
            Ok(read) => read.min(usize::try_from(most - copied).unwrap_or(usize::MAX)),
        };
        file.write_all(&buffer[..read]).map_err(Progress::Disk)?;
        copied += read as u64;
        came.bytes += read as u64;
    }
    Ok((copied, Ended::Whole))
}

/// Where a part begins, and how long the whole is: of `bytes 10-19/20`.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (part, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    Some((part.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}

fn remove(path: &Path) -> Result<(), Error> {
    std::fs::remove_file(path).map_err(|e| disk("remove", path, e))
}

pub(super) fn disk(action: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Disk { action, path: path.into(), source }
}
