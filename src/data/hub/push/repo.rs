//! The Hub's routes of a repository: what it holds, making it, and the commit.

use super::http::{Http, check, json};
use super::{Error, Files, Standing, Target, Upload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Files that are asked about at once.
const AT_ONCE: usize = 256;

/// Pages of a listing; the Hub's have a thousand files each.
const MOST_PAGES: usize = 200;

/// A file that a commit holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) size: u64,
    /// How git names its content; of a large file the content that stands for it.
    pub(super) git_sha1: String,
    /// Of a large file.
    pub(super) sha256: Option<String>,
}

impl Stored {
    /// Whether it is that file, byte for byte.
    pub(super) fn is(&self, file: &Upload) -> bool {
        match &self.sha256 {
            Some(sha256) => *sha256 == file.sha256 && self.size == file.size,
            None => self.git_sha1 == file.git_sha1,
        }
    }
}

#[derive(Deserialize)]
struct Info {
    sha: Option<String>,
    #[serde(default)]
    private: bool,
}

#[derive(Deserialize)]
struct TreeEntry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
    #[serde(default)]
    oid: String,
    #[serde(default)]
    size: u64,
    lfs: Option<LargeEntry>,
}

#[derive(Deserialize)]
struct LargeEntry {
    oid: String,
    size: u64,
}

pub(super) fn standing(http: &Http, id: &str, revision: &str) -> Result<Standing, Error> {
    let Some((head, private)) = info(http, id, revision)? else {
        // Of a name that is not there the Hub does not say which of the two it is.
        return match if revision == "main" { None } else { info(http, id, "main")? } {
            None => Ok(Standing::Absent),
            Some((head, private)) => Ok(Standing::NoBranch { files: files_at(http, id, &head)?, head, private }),
        };
    };
    Ok(Standing::There { files: files_at(http, id, &head)?, head, private })
}

/// The commit of a revision, and whether the repository is private; none where there is no such.
fn info(http: &Http, id: &str, revision: &str) -> Result<Option<(String, bool)>, Error> {
    let what = format!("looking at the model `{id}` at `{revision}`");
    let response = http.send(&what, Method::GET, &http.at(&format!("api/models/{id}/revision/{}", quoted(revision))), &Ok)?;
    // To some the Hub says 401 of what is not there, and says so in a header.
    let absent = response.headers.get("x-error-code").is_some_and(|code| code == "RepoNotFound");
    if response.status.as_u16() == 404 || absent {
        return Ok(None);
    }
    let Info { sha, private } = json(&what, response)?;
    let sha = sha.filter(|sha| sha.len() == 40 && sha.bytes().all(|b| b.is_ascii_hexdigit()));
    sha.map(|sha| Some((sha, private))).ok_or_else(|| Error::BadAnswer { what, found: "it names no commit".into() })
}

/// All files at a commit.
pub(super) fn files_at(http: &Http, id: &str, commit: &str) -> Result<Files, Error> {
    let what = format!("listing the model `{id}` at `{commit}`");
    let mut files = BTreeMap::new();
    let mut next = Some(http.at(&format!("api/models/{id}/tree/{commit}?recursive=true")));
    for _ in 0..MOST_PAGES {
        let Some(url) = next.take() else { return Ok(Files(files)) };
        let response = http.send(&what, Method::GET, &url, &Ok)?;
        next = http.next(&what, &url, &response)?;
        let entries: Vec<TreeEntry> = json(&what, response)?;
        for TreeEntry { kind: _, path, oid, size, lfs } in entries.into_iter().filter(|entry| entry.kind == "file") {
            let size = lfs.as_ref().map_or(size, |large| large.size);
            files.insert(path, Stored { size, git_sha1: oid, sha256: lfs.map(|large| large.oid) });
        }
    }
    Err(Error::BadAnswer { what, found: format!("more than {MOST_PAGES} pages of files") })
}

pub(super) fn create(http: &Http, id: &str, private: bool) -> Result<(), Error> {
    let (owner, name) = hf_hub::split_id(id);
    let what = format!("making the model `{id}`");
    let mut body = json!({"type": "model", "name": name, "organization": owner});
    // Else it is as its owner has settled for new ones.
    if private {
        body["private"] = true.into();
    }
    let response = http.send(&what, Method::POST, &http.at("api/repos/create"), &|request| Ok(request.json(&body)))?;
    // Somebody else was faster, or an answer was lost.
    if response.status.as_u16() == 409 { Ok(()) } else { check(&what, response).map(drop) }
}

pub(super) fn branch(http: &Http, id: &str, name: &str, from: &str) -> Result<(), Error> {
    let what = format!("making the branch `{name}` of `{id}`");
    let url = http.at(&format!("api/models/{id}/branch/{}", quoted(name)));
    let body = json!({"startingPoint": from});
    let response = http.send(&what, Method::POST, &url, &|request| Ok(request.json(&body)))?;
    if response.status.as_u16() == 409 { Ok(()) } else { check(&what, response).map(drop) }
}

#[derive(Deserialize)]
struct Modes {
    files: Vec<Mode>,
}

#[derive(Deserialize)]
struct Mode {
    path: String,
    #[serde(rename = "uploadMode")]
    upload_mode: String,
}

/// Paths of files that are sent before the commit, as the Hub says. Empty files never are.
pub(super) fn large(http: &Http, target: &Target, files: &[&Upload]) -> Result<BTreeSet<String>, Error> {
    let what = format!("asking how files go to `{}`", target.id);
    let mut found = BTreeSet::new();
    for some in files.chunks(AT_ONCE) {
        let file = |file: &&Upload| json!({"path": file.path, "sample": BASE64.encode(&file.sample), "size": file.size});
        let body = json!({"files": some.iter().map(file).collect::<Vec<_>>()});
        let url = http.at(&format!("api/models/{}/preupload/{}{}", target.id, quoted(&target.revision), query(target)));
        let response = http.send(&what, Method::POST, &url, &|request| Ok(request.json(&body)))?;
        let modes: BTreeMap<String, String> =
            json::<Modes>(&what, response)?.files.into_iter().map(|mode| (mode.path, mode.upload_mode)).collect();
        for file in some {
            match modes.get(&file.path).map(String::as_str) {
                Some("lfs") if file.size > 0 => drop(found.insert(file.path.clone())),
                Some("lfs" | "regular") => {}
                other => {
                    let found = format!("`{}` goes as {}", file.path, other.unwrap_or("nothing that it says"));
                    return Err(Error::BadAnswer { what, found });
                }
            }
        }
    }
    Ok(found)
}

/// A commit that was made.
pub(super) struct Made {
    pub(super) commit: String,
    pub(super) pull_request: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "commitOid")]
    commit: String,
    #[serde(rename = "pullRequestUrl")]
    pull_request: Option<String>,
}

/// What a commit does.
pub(super) struct Parts<'a> {
    /// Files within it.
    pub(super) small: &'a [&'a Upload],
    /// Files by their hash, which were sent before.
    pub(super) large: &'a [&'a Upload],
    /// Paths that it takes away.
    pub(super) gone: &'a [String],
}

/// Makes a commit on top of `parent`. None where the branch is no longer there.
pub(super) fn commit(
    http: &Http,
    target: &Target,
    parent: &str,
    message: &str,
    Parts { small, large, gone }: &Parts,
) -> Result<Option<Made>, Error> {
    let what = format!("committing to `{}`", target.id);
    let mut lines = vec![json!({"key": "header", "value": {"summary": message, "description": "", "parentCommit": parent}})];
    for file in *small {
        let bytes = std::fs::read(&file.place).map_err(|source| Error::Disk { path: file.place.clone(), source })?;
        if bytes.len() as u64 != file.size {
            return Err(Error::Changed { path: file.place.clone(), expected: file.size });
        }
        let content = BASE64.encode(bytes);
        lines.push(json!({"key": "file", "value": {"path": file.path, "content": content, "encoding": "base64"}}));
    }
    for Upload { path, sha256, size, .. } in *large {
        lines.push(json!({"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": sha256, "size": size}}));
    }
    lines.extend(gone.iter().map(|path| json!({"key": "deletedFile", "value": {"path": path}})));
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let url = http.at(&format!("api/models/{}/commit/{}{}", target.id, quoted(&target.revision), query(target)));
    let make = |request: reqwest::blocking::RequestBuilder| {
        Ok(request.header(CONTENT_TYPE, "application/x-ndjson").header(ACCEPT, "application/json").body(body.clone()))
    };
    // A commit says which one it follows, so it cannot be made twice; each pull request is one of its own.
    let lost = |error: Error| match error {
        Error::Broken { what, why, .. } => Error::Lost { what, id: target.id.clone(), why },
        Error::Failed { what, status, .. } if status != 429 => {
            Error::Lost { what, id: target.id.clone(), why: format!("the Hub answered {status}") }
        }
        other => other,
    };
    let response = match target.pull_request {
        true => http.once().send(&what, Method::POST, &url, &make).map_err(lost)?,
        false => http.send(&what, Method::POST, &url, &make)?,
    };
    if matches!(response.status.as_u16(), 409 | 412) {
        return Ok(None);
    }
    let Answer { commit, pull_request } = json(&what, response)?;
    Ok(Some(Made { commit, pull_request }))
}

fn query(target: &Target) -> &'static str {
    if target.pull_request { "?create_pr=1" } else { "" }
}

/// A revision as one part of a path.
fn quoted(revision: &str) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.~".contains(b);
    revision.bytes().map(|b| if plain(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_addresses() {
        assert_eq!((quoted("main").as_str(), quoted("refs/pr/1").as_str()), ("main", "refs%2Fpr%2F1"));
    }
}
