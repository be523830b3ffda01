//! A Hub on loopback that is written to: repositories are made, files uploaded and committed, and read back by any client. It is
//! strict: what a real Hub would refuse is refused, so that a client that is wrong is seen to be.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub(crate) const TOKEN: &str = "hf_loopback_token_of_the_tests";

/// Files beyond this are sent in parts of this size.
pub(crate) const PART: usize = 40_000;

/// What goes wrong, once, with the next request whose `METHOD /path` begins so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    Status(u16),
    /// With the seconds that the client is asked to wait.
    RetryAfter(u16, u32),
    /// The connection ends in the middle of what is sent.
    Cut,
    /// A page for people.
    Html,
    Redirect(String),
    /// Somebody else commits just before.
    OtherPush,
    /// It is done, and the answer is lost.
    LostAnswer,
    /// The bytes that are stored are not those that came.
    Garbled,
    /// What is sent is taken, and no answer comes.
    Silence,
}

#[derive(Debug, Clone)]
pub(crate) enum Blob {
    Regular(Vec<u8>),
    /// By its hash.
    Large(String),
}

#[derive(Debug, Default)]
pub(crate) struct Repo {
    pub(crate) private: bool,
    pub(crate) branches: BTreeMap<String, String>,
    pub(crate) commits: BTreeMap<String, BTreeMap<String, Blob>>,
    pub(crate) messages: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    endpoint: String,
    pub(crate) repos: BTreeMap<String, Repo>,
    /// Large files by their hash.
    pub(crate) large: BTreeMap<String, Vec<u8>>,
    /// Parts of uploads that are not whole yet.
    parts: BTreeMap<(String, usize), Vec<u8>>,
    pub(crate) faults: Vec<(String, Fault)>,
    pub(crate) requests: Vec<String>,
    /// `METHOD /path` of each request that had the token.
    pub(crate) with_token: Vec<String>,
    /// A token that may not write.
    pub(crate) read_only: bool,
}

/// A running server. It ends with the process.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    pub(crate) world: Arc<Mutex<World>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let world = Arc::new(Mutex::new(World::default()));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("non-blocking");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        world.lock().expect("not poisoned").endpoint.clone_from(&endpoint);
        let app = Router::new().fallback(answer).with_state(world.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                axum::serve(listener, app).await.expect("serving");
            });
        });
        Server { endpoint, world }
    }

    pub(crate) fn fail(&self, begins: &str, fault: Fault) {
        self.world.lock().expect("not poisoned").faults.push((begins.into(), fault));
    }

    pub(crate) fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.world.lock().expect("not poisoned").requests)
    }

    /// What the branch holds, each file's bytes.
    pub(crate) fn files(&self, id: &str, branch: &str) -> BTreeMap<String, Vec<u8>> {
        let world = self.world.lock().expect("not poisoned");
        let repo = &world.repos[id];
        let bytes = |blob: &Blob| match blob {
            Blob::Regular(bytes) => bytes.clone(),
            Blob::Large(oid) => world.large[oid].clone(),
        };
        repo.commits[&repo.branches[branch]].iter().map(|(path, blob)| (path.clone(), bytes(blob))).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn git_sha1(bytes: &[u8]) -> String {
    let mut sha1 = Sha1::new();
    sha1.update(format!("blob {}\0", bytes.len()));
    sha1.update(bytes);
    hex(&sha1.finalize())
}

impl World {
    fn commit(&mut self, id: &str, branch: &str, files: BTreeMap<String, Blob>, message: &str) -> String {
        let repo = self.repos.get_mut(id).expect("a repository");
        let named = format!("{message} {:?} {files:?}", repo.commits.len());
        let commit = sha256(named.as_bytes())[..40].to_string();
        repo.commits.insert(commit.clone(), files);
        repo.branches.insert(branch.into(), commit.clone());
        repo.messages.push(message.into());
        commit
    }

    fn create(&mut self, id: &str, private: bool) {
        self.repos.insert(id.into(), Repo { private, ..Repo::default() });
        let attributes = Blob::Regular(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n".to_vec());
        self.commit(id, "main", [(".gitattributes".to_string(), attributes)].into(), "initial commit");
    }

    fn resolve(&self, id: &str, revision: &str) -> Option<String> {
        let repo = self.repos.get(id)?;
        repo.branches.get(revision).cloned().or_else(|| repo.commits.contains_key(revision).then(|| revision.to_string()))
    }
}

async fn answer(State(world): State<Arc<Mutex<World>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (method, path) = (parts.method.clone(), parts.uri.path().to_string());
    let query = parts.uri.query().unwrap_or_default().to_string();
    let name = format!("{method} {path}");
    let own = parts.headers.get(header::AUTHORIZATION).is_some_and(|v| *v == format!("Bearer {TOKEN}").as_str());
    let fault = {
        let mut world = world.lock().expect("not poisoned");
        world.requests.push(name.clone());
        if own {
            world.with_token.push(name.clone());
        }
        let at = world.faults.iter().position(|(begins, _)| name.starts_with(begins.as_str()));
        at.map(|at| world.faults.remove(at).1)
    };
    // The connection's task ends here, and with it the connection: nothing is read of what is being sent.
    assert!(fault != Some(Fault::Cut), "the connection is cut, as the test wants it");
    let mut bytes = axum::body::to_bytes(body, 1 << 30).await.expect("a body").to_vec();
    match &fault {
        Some(Fault::Status(status)) => return error(*status, "no"),
        Some(Fault::RetryAfter(status, secs)) => {
            let builder = Response::builder().status(*status).header(header::RETRY_AFTER, *secs);
            return builder.body(Body::empty()).expect("an answer");
        }
        Some(Fault::Html) => {
            let builder = Response::builder().header(header::CONTENT_TYPE, "text/html");
            return builder.body(Body::from("<!doctype html>Please log in")).expect("an answer");
        }
        Some(Fault::Redirect(to)) => {
            let builder = Response::builder().status(307).header(header::LOCATION, to);
            return builder.body(Body::empty()).expect("an answer");
        }
        Some(Fault::Silence) => std::future::pending::<()>().await,
        Some(Fault::Cut | Fault::OtherPush | Fault::LostAnswer | Fault::Garbled) | None => {}
    }
    let mut world = world.lock().expect("not poisoned");
    if fault == Some(Fault::Garbled) {
        bytes.iter_mut().for_each(|b| *b ^= 0x55);
    }
    if fault == Some(Fault::OtherPush) {
        let id = world.repos.keys().next().expect("a repository").clone();
        let mut files = {
            let repo = &world.repos[&id];
            repo.commits[&repo.branches["main"]].clone()
        };
        files.insert("theirs.txt".into(), Blob::Regular(b"theirs".to_vec()));
        world.commit(&id, "main", files, "theirs");
    }
    let response = route(&mut world, &method, &path, &query, &parts.headers, &bytes, own);
    if fault == Some(Fault::LostAnswer) { error(502, "the answer was lost") } else { response }
}

fn route(world: &mut World, method: &Method, path: &str, query: &str, headers: &HeaderMap, bytes: &[u8], own: bool) -> Response {
    let parts: Vec<String> = path.trim_start_matches('/').split('/').map(unquoted).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let head = method == Method::HEAD;
    let may_write = own && !world.read_only;
    match (method.as_str(), parts.as_slice()) {
        ("POST", ["api", "repos", "create"]) if may_write => {
            let asked: Value = serde_json::from_slice(bytes).expect("JSON");
            assert_eq!(asked["type"], "model");
            let id = format!("{}/{}", text(&asked["organization"]), text(&asked["name"]));
            if world.repos.contains_key(&id) {
                return error(409, "You already created this model repo");
            }
            // Only a wish is said: what is not said is as the owner has settled.
            assert!(asked["private"].is_null() || asked["private"] == true, "{asked}");
            world.create(&id, asked["private"] == true);
            answer_json(&json!({"url": format!("{}/{id}", world.endpoint)}))
        }
        ("GET", ["api", "models", org, name, "revision", revision]) => {
            let id = format!("{org}/{name}");
            match (world.repos.get(&id), world.resolve(&id, revision)) {
                (Some(repo), Some(sha)) if own || !repo.private => {
                    answer_json(&json!({"id": id, "sha": sha, "private": repo.private, "tags": [], "siblings": []}))
                }
                _ => error(404, "Repository not found"),
            }
        }
        ("GET", ["api", "models", org, name, "tree", revision]) => tree(world, &format!("{org}/{name}"), revision, query),
        ("POST", ["api", "models", org, name, "branch", branch]) if may_write => {
            let asked: Value = serde_json::from_slice(bytes).expect("JSON");
            let repo = world.repos.get_mut(&format!("{org}/{name}")).expect("a repository");
            let from = text(&asked["startingPoint"]).to_string();
            assert!(repo.commits.contains_key(&from), "{from}");
            repo.branches.insert((*branch).into(), from);
            answer_json(&json!({}))
        }
        ("POST", ["api", "models", org, name, "preupload", revision]) if may_write => {
            if world.resolve(&format!("{org}/{name}"), revision).is_none() {
                return error(404, "Revision not found");
            }
            let asked: Value = serde_json::from_slice(bytes).expect("JSON");
            let file = |file: &Value| {
                let sample = BASE64.decode(text(&file["sample"])).expect("base64");
                assert!(sample.len() <= 512 && file["size"].is_u64(), "{file}");
                let path = text(&file["path"]);
                let large = path.ends_with(".safetensors") || sample.contains(&0);
                json!({"path": path, "uploadMode": if large { "lfs" } else { "regular" }, "shouldIgnore": false, "oid": null})
            };
            answer_json(&json!({"files": asked["files"].as_array().expect("files").iter().map(file).collect::<Vec<_>>()}))
        }
        ("POST", [org, name, "info", "lfs", "objects", "batch"]) if may_write && name.ends_with(".git") => {
            let _ = org;
            batch(world, headers, bytes)
        }
        ("PUT", ["upload", oid]) => {
            // The token is for the Hub's routes alone.
            if own {
                return error(400, "an upload with the token");
            }
            if headers.get("x-upload-key").is_none_or(|key| key != "open") {
                return error(403, "the header that the batch named is not there");
            }
            store(world, oid, bytes.to_vec())
        }
        ("PUT", ["part", oid, number]) => {
            if own {
                return error(400, "an upload with the token");
            }
            world.parts.insert(((*oid).into(), number.parse().expect("a number")), bytes.to_vec());
            Response::builder().header(header::ETAG, format!("\"{}\"", sha256(bytes))).body(Body::empty()).expect("an answer")
        }
        ("POST", ["complete", oid]) => complete(world, oid, bytes),
        ("POST", ["verify", oid]) if own => {
            let asked: Value = serde_json::from_slice(bytes).expect("JSON");
            match world.large.get(*oid) {
                Some(bytes) if asked["oid"] == **oid && asked["size"] == bytes.len() => answer_json(&json!({})),
                _ => error(404, "no such object"),
            }
        }
        ("POST", ["api", "models", org, name, "commit", branch]) if may_write => {
            commit(world, &format!("{org}/{name}"), branch, query, headers, bytes)
        }
        ("POST" | "PUT", _) if !own => error(401, "Invalid credentials"),
        ("POST" | "PUT", _) if world.read_only => error(403, "This token may not write"),
        ("GET" | "HEAD", [org, name, "resolve", revision, rest @ ..]) => {
            file(world, &format!("{org}/{name}"), revision, &rest.join("/"), head, own)
        }
        _ => error(404, "Not found"),
    }
}

fn tree(world: &World, id: &str, revision: &str, query: &str) -> Response {
    let Some(commit) = world.resolve(id, revision) else { return error(404, "Revision not found") };
    let files = &world.repos[id].commits[&commit];
    let entry = |(path, blob): (&String, &Blob)| match blob {
        Blob::Regular(bytes) => json!({"type": "file", "path": path, "oid": git_sha1(bytes), "size": bytes.len()}),
        Blob::Large(oid) => {
            let size = world.large[oid].len();
            json!({
                "type": "file", "path": path, "oid": git_sha1(oid.as_bytes()), "size": size,
                "lfs": {"oid": oid, "size": size, "pointerSize": 134},
            })
        }
    };
    // Two pages, so that a client that reads the first alone is seen.
    let all: Vec<Value> = files.iter().map(entry).collect();
    let second = query.contains("cursor=2");
    let (first_page, second_page) = all.split_at(all.len().min(3));
    let page = if second { second_page } else { first_page };
    let mut builder = Response::builder().header(header::CONTENT_TYPE, "application/json");
    if !second && !second_page.is_empty() {
        let next = format!("<{}/api/models/{id}/tree/{revision}?recursive=true&cursor=2>; rel=\"next\"", world.endpoint);
        builder = builder.header(header::LINK, next);
    }
    builder.body(Body::from(Value::from(page.to_vec()).to_string())).expect("an answer")
}

fn batch(world: &World, headers: &HeaderMap, bytes: &[u8]) -> Response {
    let lfs = |name: header::HeaderName| headers.get(name).is_some_and(|value| value == "application/vnd.git-lfs+json");
    if !lfs(header::ACCEPT) || !lfs(header::CONTENT_TYPE) {
        return error(406, "not the media type of Git LFS");
    }
    let asked: Value = serde_json::from_slice(bytes).expect("JSON");
    assert_eq!((&asked["operation"], &asked["hash_algo"]), (&json!("upload"), &json!("sha256")));
    let object = |object: &Value| {
        let (oid, size) = (text(&object["oid"]), object["size"].as_u64().expect("a size") as usize);
        if world.large.contains_key(oid) {
            return json!({"oid": oid, "size": size});
        }
        let verify = json!({"href": format!("{}/verify/{oid}", world.endpoint), "header": {}});
        let upload = if size > PART {
            let mut header = json!({"chunk_size": PART.to_string()});
            for number in 1..=size.div_ceil(PART) {
                header[format!("{number:05}")] = format!("{}/part/{oid}/{number}", world.endpoint).into();
            }
            json!({"href": format!("{}/complete/{oid}", world.endpoint), "header": header})
        } else {
            json!({"href": format!("{}/upload/{oid}", world.endpoint), "header": {"X-Upload-Key": "open"}})
        };
        json!({"oid": oid, "size": size, "authenticated": true, "actions": {"upload": upload, "verify": verify}})
    };
    let objects: Vec<Value> = asked["objects"].as_array().expect("objects").iter().map(object).collect();
    answer_json(&json!({"transfer": "basic", "objects": objects}))
}

fn store(world: &mut World, oid: &str, bytes: Vec<u8>) -> Response {
    if sha256(&bytes) != oid {
        return error(400, "the content is not that of its hash");
    }
    world.large.insert(oid.into(), bytes);
    Response::new(Body::empty())
}

fn complete(world: &mut World, oid: &str, bytes: &[u8]) -> Response {
    let asked: Value = serde_json::from_slice(bytes).expect("JSON");
    let mut whole = Vec::new();
    for (number, told) in (1..).zip(asked["parts"].as_array().expect("parts")) {
        let part = world.parts.get(&(oid.to_string(), number));
        let Some(part) = part.filter(|part| told["partNumber"] == number && told["etag"] == format!("\"{}\"", sha256(part)))
        else {
            return error(400, "a part is not there, or is another");
        };
        whole.extend_from_slice(part);
    }
    if asked["oid"] != oid {
        return error(400, "another object");
    }
    world.parts.retain(|(of, _), _| of != oid);
    store(world, oid, whole)
}

fn commit(world: &mut World, id: &str, branch: &str, query: &str, headers: &HeaderMap, bytes: &[u8]) -> Response {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/x-ndjson") {
        return error(415, "expected application/x-ndjson");
    }
    let Some(head) = world.resolve(id, branch) else { return error(404, "Revision not found") };
    let lines: Vec<Value> = bytes
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("a line of JSON"))
        .collect();
    assert_eq!(lines[0]["key"], "header");
    let header = &lines[0]["value"];
    if header["parentCommit"] != head.as_str() {
        return error(412, "The branch has moved");
    }
    let mut files = world.repos[id].commits[&head].clone();
    for line in &lines[1..] {
        let value = &line["value"];
        let path = text(&value["path"]).to_string();
        let blob = match text(&line["key"]) {
            "file" => {
                assert_eq!(value["encoding"], "base64");
                let bytes = BASE64.decode(text(&value["content"])).expect("base64");
                if path.ends_with(".safetensors") && !bytes.is_empty() {
                    return error(400, "a large file must be uploaded before");
                }
                Blob::Regular(bytes)
            }
            "lfsFile" => {
                let oid = text(&value["oid"]).to_string();
                match world.large.get(&oid) {
                    Some(bytes) if value["size"] == bytes.len() && value["algo"] == "sha256" => Blob::Large(oid),
                    _ => {
                        return error(400, "Your push was rejected because an LFS pointer pointed to a file that does not exist");
                    }
                }
            }
            "deletedFile" => {
                assert!(files.remove(&path).is_some(), "{path} is not there");
                continue;
            }
            other => panic!("{other}"),
        };
        files.insert(path, blob);
    }
    let place = if query.contains("create_pr=1") { "refs/pr/1" } else { branch };
    let made = world.commit(id, place, files, text(&header["summary"]));
    let request = query.contains("create_pr=1").then(|| format!("{}/{id}/discussions/1", world.endpoint));
    answer_json(
        &json!({"commitOid": made, "commitUrl": format!("{}/{id}/commit/{made}", world.endpoint), "pullRequestUrl": request}),
    )
}

fn file(world: &World, id: &str, revision: &str, path: &str, head: bool, own: bool) -> Response {
    let Some(commit) = world.resolve(id, revision) else { return error(404, "Revision not found") };
    if world.repos[id].private && !own {
        return error(401, "Repository not found");
    }
    let Some(blob) = world.repos[id].commits[&commit].get(path) else {
        let builder = Response::builder().status(404).header("X-Error-Code", "EntryNotFound").header("X-Repo-Commit", commit);
        return builder.body(Body::from("Entry not found")).expect("an answer");
    };
    let (bytes, etag) = match blob {
        Blob::Regular(bytes) => (bytes.clone(), git_sha1(bytes)),
        Blob::Large(oid) => (world.large[oid].clone(), oid.clone()),
    };
    Response::builder()
        .header(header::ETAG, format!("\"{etag}\""))
        .header("X-Repo-Commit", commit)
        .header("X-Linked-Size", bytes.len())
        .header(header::CONTENT_LENGTH, bytes.len())
        .body(if head { Body::empty() } else { Body::from(bytes) })
        .expect("an answer")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("expected a text, found {value}"))
}

fn unquoted(part: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let hex: String = bytes.by_ref().take(2).map(char::from).collect();
                out.push(u8::from_str_radix(&hex, 16).expect("hex"));
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).expect("UTF-8")
}

fn answer_json(value: &Value) -> Response {
    Response::builder().header(header::CONTENT_TYPE, "application/json").body(Body::from(value.to_string())).expect("an answer")
}

fn error(status: u16, message: &'static str) -> Response {
    Response::builder()
        .status(StatusCode::from_u16(status).expect("a status"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({"error": message}).to_string()))
        .expect("an answer")
}
