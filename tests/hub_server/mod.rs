//! A Hub on loopback: the read routes that the real client uses, over a folder in the Hub's layout.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What the server does wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Every answer has this status.
    Status(u16),
    /// A page for people where JSON or a file is expected.
    Html,
    /// No body of a file goes beyond its half.
    Cut,
    /// Each body of a file breaks off after so many bytes.
    CutEvery(usize),
    /// The same, and parts that are asked for are answered with the whole.
    CutOnceWithoutParts(usize),
    /// Bodies of files are of the right length and wrong.
    Garbled,
    /// So many answers have this status, and say when to come again; then all is well.
    Passing {
        status: u16,
        retry_after: Option<u64>,
        times: usize,
    },
    /// Files lie at another server's address.
    Away(String),
    /// The repository has another name now: from, to.
    Moved(&'static str, &'static str),
}

struct Shared {
    root: PathBuf,
    commit: String,
    fault: Fault,
    requests: Vec<String>,
    /// The `Authorization` header of the last request, and how many there were.
    authorization: Option<String>,
    authorized: usize,
    /// The `Range` headers of all requests for files.
    ranges: Vec<String>,
    /// Bytes of files that were sent.
    sent: usize,
}

/// A running server. It ends with the process.
pub(crate) struct HubServer {
    pub(crate) endpoint: String,
    shared: Arc<Mutex<Shared>>,
}

impl HubServer {
    pub(crate) fn start(root: &Path) -> Self {
        let commit = "0123456789abcdef0123456789abcdef01234567".to_string();
        let shared = Shared {
            root: root.into(),
            commit,
            fault: Fault::None,
            requests: Vec::new(),
            authorization: None,
            authorized: 0,
            ranges: Vec::new(),
            sent: 0,
        };
        let shared = Arc::new(Mutex::new(shared));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("non-blocking");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let app = Router::new().fallback(answer).with_state(shared.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                axum::serve(listener, app).await.expect("serving");
            });
        });
        HubServer { endpoint, shared }
    }

    pub(crate) fn set_fault(&self, fault: Fault) {
        self.shared.lock().expect("not poisoned").fault = fault;
    }

    /// As after a push to the repository.
    pub(crate) fn set_commit(&self, commit: &str) {
        self.shared.lock().expect("not poisoned").commit = commit.into();
    }

    /// Requests since the last call: `GET /path`.
    pub(crate) fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.lock().expect("not poisoned").requests)
    }

    /// How many requests had a token.
    pub(crate) fn authorized(&self) -> usize {
        self.shared.lock().expect("not poisoned").authorized
    }

    /// The parts that were asked for since the last call, and bytes of files that were sent.
    pub(crate) fn take_ranges(&self) -> (Vec<String>, usize) {
        let mut shared = self.shared.lock().expect("not poisoned");
        (std::mem::take(&mut shared.ranges), std::mem::take(&mut shared.sent))
    }

    pub(crate) fn authorization(&self) -> Option<String> {
        self.shared.lock().expect("not poisoned").authorization.clone()
    }
}

async fn answer(State(shared): State<Arc<Mutex<Shared>>>, request: Request) -> Response {
    let path = request.uri().path().to_string();
    let (root, commit, fault) = {
        let mut shared = shared.lock().expect("not poisoned");
        shared.requests.push(format!("{} {path}", request.method()));
        shared.authorization = request.headers().get(header::AUTHORIZATION).map(|v| v.to_str().expect("text").to_string());
        shared.authorized += usize::from(shared.authorization.is_some());
        (shared.root.clone(), shared.commit.clone(), shared.fault.clone())
    };
    let head = request.method() == Method::HEAD;
    match fault.clone() {
        Fault::Passing { times: 0, .. } => {}
        Fault::Passing { status, retry_after, times } => {
            shared.lock().expect("not poisoned").fault = Fault::Passing { status, retry_after, times: times - 1 };
            let mut answer = plain(StatusCode::from_u16(status).expect("a status"), "not now");
            if let Some(secs) = retry_after {
                answer.headers_mut().insert(header::RETRY_AFTER, secs.into());
            }
            return answer;
        }
        Fault::Moved(from, to) if path.contains(from) => return redirect(&path.replace(from, to)),
        Fault::Away(to) if path.contains("/resolve/") => return redirect(&format!("{to}{path}")),
        Fault::Status(status) => return plain(StatusCode::from_u16(status).expect("a status"), "no"),
        Fault::Html if !head => return page(),
        _ => {}
    }
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        ["api", kind, org, name, "revision", revision] => {
            let repo = root.join(kind).join(org).join(name);
            if !repo.is_dir() || !is_known(revision, &commit) {
                return plain(StatusCode::NOT_FOUND, "Repository not found");
            }
            json(serde_json::json!({"id": format!("{org}/{name}"), "sha": commit, "private": false, "tags": []}))
        }
        ["api", kind, org, name, "tree", revision] => {
            let repo = root.join(kind).join(org).join(name);
            if !repo.is_dir() || !is_known(revision, &commit) {
                return plain(StatusCode::NOT_FOUND, "Repository not found");
            }
            json(tree(&repo))
        }
        ["datasets", org, name, "resolve", revision, rest @ ..] if is_known(revision, &commit) => {
            file(&root.join("datasets").join(org).join(name).join(rest.join("/")), &request, &shared, &fault)
        }
        [org, name, "resolve", revision, rest @ ..] if is_known(revision, &commit) => {
            file(&root.join("models").join(org).join(name).join(rest.join("/")), &request, &shared, &fault)
        }
        _ => plain(StatusCode::NOT_FOUND, "Not found"),
    }
}

fn is_known(revision: &str, commit: &str) -> bool {
    revision == "main" || revision == commit
}

fn tree(repo: &Path) -> serde_json::Value {
    let (mut entries, mut waiting) = (Vec::new(), vec![repo.to_path_buf()]);
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            let relative = path.strip_prefix(repo).expect("below").to_string_lossy().into_owned();
            if path.is_dir() {
                entries.push(serde_json::json!({"type": "directory", "oid": "0".repeat(40), "size": 0, "path": relative}));
                waiting.push(path);
            } else {
                let size = entry.metadata().expect("metadata").len();
                entries.push(serde_json::json!({"type": "file", "oid": etag(&path), "size": size, "path": relative}));
            }
        }
    }
    serde_json::Value::Array(entries)
}

/// SHA-256 for large files, as for LFS; for others SHA-1 of git's header and the bytes.
fn etag(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("a file");
    let hex = |hash: &[u8]| hash.iter().map(|b| format!("{b:02x}")).collect();
    match path.extension().is_some_and(|e| e == "parquet" || e == "safetensors") {
        true => hex(&Sha256::digest(&bytes)),
        false => hex(&Sha1::new().chain_update(format!("blob {}\0", bytes.len())).chain_update(&bytes).finalize()),
    }
}

/// Strict about parts: what is asked for must begin within the file, and belong to the content that it is said to belong to.
fn file(path: &Path, request: &Request, shared: &Mutex<Shared>, fault: &Fault) -> Response {
    let Ok(mut bytes) = std::fs::read(path) else { return plain(StatusCode::NOT_FOUND, "Entry not found") };
    let head = request.method() == Method::HEAD;
    let (length, etag) = (bytes.len(), format!("\"{}\"", etag(path)));
    let text = |name| request.headers().get(name).map(|value| value.to_str().expect("text").to_string());
    let mut shared = shared.lock().expect("not poisoned");
    shared.ranges.extend(text(header::RANGE));
    let knows_parts = !matches!(fault, Fault::CutOnceWithoutParts(_));
    let is_same = text(header::IF_RANGE).is_none_or(|said| said == etag);
    let from = text(header::RANGE).filter(|_| knows_parts && is_same).map(|range| {
        let from = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-')).expect("a range to the end");
        from.parse::<usize>().expect("a number")
    });
    if from.is_some_and(|from| from >= length) {
        return plain(StatusCode::RANGE_NOT_SATISFIABLE, "beyond the end");
    }
    if *fault == Fault::Garbled {
        bytes.iter_mut().for_each(|b| *b ^= 0x55);
    }
    let begin = from.unwrap_or(0);
    let end = match fault {
        Fault::Cut => (length / 2).max(begin),
        Fault::CutEvery(most) => length.min(begin + most),
        Fault::CutOnceWithoutParts(most) => {
            shared.fault = Fault::CutOnceWithoutParts(usize::MAX);
            length.min(begin.saturating_add(*most))
        }
        _ => length,
    };
    shared.sent += if head { 0 } else { end - begin };
    let mut response = Response::builder()
        // Closing is what tells the client that no more will come.
        .header(header::CONNECTION, if end < length { "close" } else { "keep-alive" })
        .header(header::ETAG, etag)
        .header("X-Repo-Commit", &shared.commit)
        .header("X-Linked-Size", length)
        .header(header::CONTENT_LENGTH, length - begin);
    if let Some(from) = from {
        let range = format!("bytes {from}-{}/{length}", length - 1);
        response = response.status(StatusCode::PARTIAL_CONTENT).header(header::CONTENT_RANGE, range);
    }
    response.body(if head { Body::empty() } else { Body::from(bytes[begin..end].to_vec()) }).expect("an answer")
}

fn redirect(to: &str) -> Response {
    Response::builder()
        .status(StatusCode::TEMPORARY_REDIRECT)
        .header(header::LOCATION, to)
        .body(Body::empty())
        .expect("an answer")
}

fn json(value: serde_json::Value) -> Response {
    Response::builder().header(header::CONTENT_TYPE, "application/json").body(Body::from(value.to_string())).expect("an answer")
}

fn page() -> Response {
    let body = "<!doctype html><title>Please log in to this network</title>";
    Response::builder().header(header::CONTENT_TYPE, "text/html").body(Body::from(body)).expect("an answer")
}

fn plain(status: StatusCode, body: &'static str) -> Response {
    Response::builder().status(status).body(Body::from(body)).expect("an answer")
}
