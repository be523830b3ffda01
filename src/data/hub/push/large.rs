//! Large files: Git LFS's batch route says of each whether it is stored already, else where it goes: whole (`basic`) or in parts
//! (`multipart`, the Hub's own). Parts that were taken are not sent again.

use super::http::{Http, json};
use super::{Error, Target, Upload};
use crate::words::bytes;
use reqwest::blocking::{Body, RequestBuilder};
use reqwest::header::{ACCEPT, CONTENT_TYPE, ETAG};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

const LFS_JSON: &str = "application/vnd.git-lfs+json";

/// Files that are asked about at once.
const AT_ONCE: usize = 100;

#[derive(Deserialize)]
struct Batch {
    #[serde(default)]
    transfer: Option<String>,
    objects: Vec<Object>,
}

#[derive(Deserialize)]
struct Object {
    oid: String,
    #[serde(default)]
    actions: Option<Actions>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: u16,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Actions {
    upload: Option<Action>,
    verify: Option<Action>,
}

#[derive(Deserialize)]
struct Action {
    href: String,
    #[serde(default)]
    header: BTreeMap<String, serde_json::Value>,
}

impl Action {
    fn text(&self, name: &str) -> Option<String> {
        let value = self.header.get(name)?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_string))
    }
}

/// Uploads what is not stored yet, and says how many files that were.
pub(super) fn upload(http: &Http, target: &Target, files: &[&Upload], tell: &mut dyn FnMut(&str)) -> Result<usize, Error> {
    let mut uploaded = 0;
    for some in files.chunks(AT_ONCE) {
        let Batch { transfer, objects } = batch(http, target, some)?;
        for file in some {
            let what = format!("uploading `{}`", file.path);
            let object = objects.iter().find(|object| object.oid == file.sha256);
            let object = object.ok_or_else(|| Error::BadAnswer { what: what.clone(), found: "it is not answered for".into() })?;
            if let Some(Refusal { code, message }) = &object.error {
                return Err(Error::Refused {
                    what,
                    status: *code,
                    message: message.chars().filter(|c| !c.is_control()).collect(),
                });
            }
            let Some(actions) = &object.actions else { continue };
            if let Some(action) = &actions.upload {
                tell(&format!("{what} ({})", bytes(file.size as f64)));
                match transfer.as_deref() {
                    None | Some("basic") if action.text("chunk_size").is_none() => whole(http, &what, action, file)?,
                    None | Some("basic" | "multipart") => in_parts(http, &what, action, file)?,
                    Some(other) => {
                        return Err(Error::BadAnswer { what, found: format!("the transfer `{}`", other.escape_debug()) });
                    }
                }
                uploaded += 1;
            }
            if let Some(action) = &actions.verify {
                verify(http, action, file)?;
            }
        }
    }
    Ok(uploaded)
}

fn batch(http: &Http, target: &Target, files: &[&Upload]) -> Result<Batch, Error> {
    let what = format!("asking where large files of `{}` go", target.id);
    let object = |file: &&Upload| json!({"oid": file.sha256, "size": file.size});
    let body = json!({
        "operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256",
        "objects": files.iter().map(object).collect::<Vec<_>>(), "ref": {"name": target.revision},
    });
    let url = http.at(&format!("{}.git/info/lfs/objects/batch", target.id));
    json(&what, http.send(&what, Method::POST, &url, &|request| Ok(lfs(request).body(body.to_string())))?)
}

fn lfs(request: RequestBuilder) -> RequestBuilder {
    request.header(ACCEPT, LFS_JSON).header(CONTENT_TYPE, LFS_JSON)
}

/// In one piece. The headers that the server wants sent are sent, and the token is not.
fn whole(http: &Http, what: &str, action: &Action, file: &Upload) -> Result<(), Error> {
    let url = http.address(what, &action.href)?;
    let make = |mut request: RequestBuilder| {
        for name in action.header.keys() {
            request = request.header(name, action.text(name).unwrap_or_default());
        }
        Ok(request.body(part(file, 0, file.size)?))
    };
    http.send_bare(what, (Method::PUT, &url), file.size, &make).map(drop)
}

/// In parts of `chunk_size`, each to the address that stands under its number, then told to be whole by their ETags.
fn in_parts(http: &Http, what: &str, action: &Action, file: &Upload) -> Result<(), Error> {
    let bad = |found: String| Error::BadAnswer { what: what.into(), found };
    let size = action.text("chunk_size").and_then(|size| size.parse::<u64>().ok()).filter(|size| *size > 0);
    let size = size.ok_or_else(|| bad("it does not say how long parts are".into()))?;
    let mut places: Vec<(u64, Url)> = Vec::new();
    for (number, name) in action.header.keys().filter_map(|name| Some((name.parse::<u64>().ok()?, name))) {
        places.push((number, http.address(what, &action.text(name).unwrap_or_default())?));
    }
    places.sort();
    let expected = file.size.div_ceil(size);
    if places.len() as u64 != expected || !places.iter().map(|(number, _)| *number).eq(1..=expected) {
        return Err(bad(format!("places for {} parts, expected {expected} of {size} bytes", places.len())));
    }
    let mut parts = Vec::with_capacity(places.len());
    for (number, url) in &places {
        let from = (number - 1) * size;
        let length = size.min(file.size - from);
        let make = |request: RequestBuilder| Ok(request.body(part(file, from, length)?));
        let response = http.send_bare(&format!("{what}, part {number} of {expected}"), (Method::PUT, url), length, &make)?;
        let etag = response.headers.get(ETAG).and_then(|etag| etag.to_str().ok()).filter(|etag| !etag.is_empty());
        let etag = etag.ok_or_else(|| bad(format!("part {number} has no ETag")))?;
        parts.push(json!({"partNumber": number, "etag": etag}));
    }
    let body = json!({"oid": file.sha256, "parts": parts}).to_string();
    let url = http.address(what, &action.href)?;
    // Where it is the Hub's own route, it wants to know who asks.
    let response = http.send(what, Method::POST, url.as_str(), &|request| Ok(lfs(request).body(body.clone())))?;
    super::http::check(what, response).map(drop)
}

fn verify(http: &Http, action: &Action, file: &Upload) -> Result<(), Error> {
    let what = format!("confirming `{}`", file.path);
    let body = json!({"oid": file.sha256, "size": file.size}).to_string();
    let response = http.send(&what, Method::POST, &action.href, &|request| Ok(lfs(request).body(body.clone())))?;
    super::http::check(&what, response).map(drop)
}

/// So many bytes of a file.
fn part(file: &Upload, from: u64, length: u64) -> Result<Body, Error> {
    let disk = |source| Error::Disk { path: file.place.clone(), source };
    let mut open = File::open(&file.place).map_err(disk)?;
    if open.metadata().map_err(disk)?.len() != file.size {
        return Err(Error::Changed { path: file.place.clone(), expected: file.size });
    }
    open.seek(SeekFrom::Start(from)).map_err(disk)?;
    Ok(Body::sized(open.take(length), length))
}
