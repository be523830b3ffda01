//! A Hub on loopback that serves a folder in the Hub's layout and cuts its first answer with a large file short: what a bad line does.

use crate::data::{git_blob, sha256_of_bytes};
use crate::words::hex;
use sha1::Digest;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Files from here on are large.
const LARGE: u64 = 1 << 16;
/// A longer head is no request of a client.
const MAX_HEAD: usize = 1 << 16;
/// The only commit there is.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A running server; it ends with the process, or when it is dropped and asked once more.
pub(super) struct CutHub {
    endpoint: String,
    cache: PathBuf,
    shared: Arc<Shared>,
}

struct Shared {
    root: PathBuf,
    has_cut: AtomicBool,
    is_over: AtomicBool,
}

impl CutHub {
    /// Serves `root`; whoever is given its variables keeps what it fetches in `cache`.
    ///
    /// # Errors
    /// There is no port, or no further thread.
    pub(super) fn start(root: &Path, cache: &Path) -> io::Result<CutHub> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let shared = Shared { root: root.into(), has_cut: AtomicBool::new(false), is_over: AtomicBool::new(false) };
        let shared = Arc::new(shared);
        let served = shared.clone();
        std::thread::Builder::new().name("hub".into()).spawn(move || {
            for mut asked in listener.incoming().flatten() {
                if served.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let served = served.clone();
                // One that fails is its client's to notice.
                std::thread::spawn(move || drop(served.answer(&mut asked)));
            }
        })?;
        Ok(CutHub { endpoint, cache: cache.into(), shared })
    }

    /// What a program needs to be told to come here.
    pub(super) fn variables(&self) -> Vec<(&'static str, OsString)> {
        vec![("HF_ENDPOINT", self.endpoint.clone().into()), ("HF_HUB_CACHE", self.cache.clone().into())]
    }

    /// Whether an answer was cut.
    pub(super) fn has_cut(&self) -> bool {
        self.shared.has_cut.load(Ordering::Relaxed)
    }
}

impl Drop for CutHub {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        // What was fetched is of this trial alone.
        let _ = std::fs::remove_dir_all(&self.cache);
    }
}

impl Shared {
    fn answer(&self, line: &mut (impl Read + Write)) -> io::Result<()> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_HEAD && line.read(&mut byte)? > 0 {
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut words = head.split_whitespace();
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let path = path.split('?').next().unwrap_or_default().replace("%2F", "/");
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let is_odd = parts.iter().any(|part| part.is_empty() || *part == "." || *part == "..");
        match parts.as_slice() {
            _ if is_odd => absent(line),
            ["api", kind, org, name, rest @ ..] if self.root.join(kind).join(org).join(name).is_dir() => {
                let repo = self.root.join(kind).join(org).join(name);
                let answer = match rest {
                    ["tree", ..] => tree(&repo)?,
                    _ => serde_json::json!({"id": format!("{org}/{name}"), "sha": COMMIT, "private": false, "tags": []}),
                };
                let text = answer.to_string();
                let head = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", text.len());
                write!(line, "HTTP/1.1 200 OK\r\n{head}Connection: close\r\n\r\n{text}")
            }
            ["datasets", org, name, "resolve", _, rest @ ..] => {
                self.file(line, method, &self.root.join("datasets").join(org).join(name).join(rest.join("/")))
            }
            [org, name, "resolve", _, rest @ ..] => {
                self.file(line, method, &self.root.join("models").join(org).join(name).join(rest.join("/")))
            }
            _ => absent(line),
        }
    }

    fn file(&self, line: &mut impl Write, method: &str, path: &Path) -> io::Result<()> {
        let Ok(bytes) = std::fs::read(path) else { return absent(line) };
        let length = bytes.len();
        let tag = tag(path, &bytes);
        let head = format!(
            "ETag: \"{tag}\"\r\nX-Repo-Commit: {COMMIT}\r\nX-Linked-Size: {length}\r\nContent-Length: {length}\r\nConnection: close\r\n"
        );
        write!(line, "HTTP/1.1 200 OK\r\n{head}\r\n")?;
        if method == "HEAD" {
            return Ok(());
        }
        let is_cut = length as u64 >= LARGE && !self.has_cut.swap(true, Ordering::Relaxed);
        line.write_all(if is_cut { &bytes[..length / 2] } else { &bytes })?;
        line.flush()
    }
}

fn absent(line: &mut impl Write) -> io::Result<()> {
    line.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

fn tree(repo: &Path) -> io::Result<serde_json::Value> {
    let (mut entries, mut waiting) = (Vec::new(), vec![repo.to_path_buf()]);
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder)?.flatten() {
            let path = entry.path();
            let relative = path.strip_prefix(repo).unwrap_or(&path).to_string_lossy().into_owned();
            if path.is_dir() {
                entries.push(serde_json::json!({"type": "directory", "oid": "0".repeat(40), "size": 0, "path": relative}));
                waiting.push(path);
            } else {
                let bytes = std::fs::read(&path)?;
                entries
                    .push(serde_json::json!({"type": "file", "oid": tag(&path, &bytes), "size": bytes.len(), "path": relative}));
            }
        }
    }
    Ok(serde_json::Value::Array(entries))
}

/// SHA-256 for what the Hub keeps as large files, git's own hash for others.
fn tag(path: &Path, bytes: &[u8]) -> String {
    let large = path.extension().is_some_and(|e| e == "parquet" || e == "safetensors" || e == "gguf");
    if large { sha256_of_bytes(bytes) } else { hex(&git_blob(bytes.len() as u64).chain_update(bytes).finalize()) }
}

#[cfg(test)]
mod tests {
    /// As `git hash-object` and `sha256sum` have it: a client that compares them takes what comes.
    #[test]
    fn files_have_the_hashes_that_the_hub_tells() {
        let tag = |name: &str| super::tag(std::path::Path::new(name), b"hello\n");
        assert_eq!(tag("x.txt"), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(tag("x.parquet"), "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
    }
}
