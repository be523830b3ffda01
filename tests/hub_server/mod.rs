//! A Hub on loopback: the read routes that the real client uses, over a folder in the Hub's layout.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
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
    /// Bodies of files end half-way.
    Cut,
    /// Bodies of files are of the right length and wrong.
    Garbled,
}

struct Shared {
    root: PathBuf,
    commit: String,
    fault: Fault,
    requests: Vec<String>,
    /// The `Authorization` header of the last request.
    authorization: Option<String>,
}

/// A running server. It ends with the process.
pub(crate) struct HubServer {
    pub(crate) endpoint: String,
    shared: Arc<Mutex<Shared>>,
}

impl HubServer {
    pub(crate) fn start(root: &Path) -> Self {
        let commit = "0123456789abcdef0123456789abcdef01234567".to_string();
        let shared = Shared { root: root.into(), commit, fault: Fault::None, requests: Vec::new(), authorization: None };
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
        (shared.root.clone(), shared.commit.clone(), shared.fault.clone())
    };
    let head = request.method() == Method::HEAD;
    match fault {
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
            file(&root.join("datasets").join(org).join(name).join(rest.join("/")), &commit, head, &fault)
        }
        [org, name, "resolve", revision, rest @ ..] if is_known(revision, &commit) => {
            file(&root.join("models").join(org).join(name).join(rest.join("/")), &commit, head, &fault)
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

/// SHA-256 for large files, as for LFS; the first 40 letters of it for others, as git has it.
fn etag(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("a file");
    let hash: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    let large = path.extension().is_some_and(|e| e == "parquet" || e == "safetensors");
    if large { hash } else { hash[..40].to_string() }
}

fn file(path: &Path, commit: &str, head: bool, fault: &Fault) -> Response {
    let Ok(mut bytes) = std::fs::read(path) else { return plain(StatusCode::NOT_FOUND, "Entry not found") };
    let length = bytes.len();
    match fault {
        Fault::Cut => bytes.truncate(length / 2),
        Fault::Garbled => bytes.iter_mut().for_each(|b| *b ^= 0x55),
        _ => {}
    }
    // Closing is what tells the client that no more will come.
    let connection = if *fault == Fault::Cut { "close" } else { "keep-alive" };
    Response::builder()
        .header(header::CONNECTION, connection)
        .header(header::ETAG, format!("\"{}\"", etag(path)))
        .header("X-Repo-Commit", commit)
        .header("X-Linked-Size", length)
        .header(header::CONTENT_LENGTH, length)
        .body(if head { Body::empty() } else { Body::from(bytes) })
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
