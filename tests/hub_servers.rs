//! The real Hub client against servers that say what no good Hub says: bodies that break off, lists that go on elsewhere, limits.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tallow::data::hub::push::Patience;
use tallow::data::hub::{Error, Hub, HubConfig};
use tallow::data::{DataSpecHints, Making, survey_data};
use tallow::error::Failure;
use tallow::spec::DataSource;

const SOON: Patience = Patience {
    attempts: 3,
    first_wait: Duration::from_millis(10),
    longest_wait: Duration::from_secs(2),
    longest_limit: Duration::from_secs(2),
    longest_answer: Duration::from_secs(60),
};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A server that gives its answers in turn, one a connection.
struct Saying {
    url: String,
    /// The first lines of what it was asked.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Saying {
    fn start(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (url, asked) = (format!("http://{}", listener.local_addr().expect("an address")), Arc::new(Mutex::new(Vec::new())));
        let heard = asked.clone();
        std::thread::spawn(move || answers.iter().for_each(|answer| say(&listener, answer, &heard)));
        Saying { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("asked").clone()
    }
}

fn say(listener: &TcpListener, answer: &str, asked: &Mutex<Vec<String>>) {
    let (mut stream, _) = listener.accept().expect("a connection");
    let mut lines = BufReader::new(stream.try_clone().expect("a clone")).lines().map_while(Result::ok);
    asked.lock().expect("asked").push(lines.next().unwrap_or_default());
    while lines.next().is_some_and(|line| !line.is_empty()) {}
    // A client that went away is none of the server's business.
    let _ = stream.write_all(answer.as_bytes());
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

/// Without a word of its length, its end or what it is.
fn chunks(parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("{:x}\r\n{part}\r\n", part.len())).collect();
    format!("HTTP/1.1 200 X\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n{parts}")
}

fn bare() -> String {
    "HTTP/1.1 200 X\r\nconnection: close\r\n\r\n".into()
}

fn hub(endpoint: &str, cache: &Path, offline: bool) -> Hub {
    let config = HubConfig { endpoint: endpoint.into(), cache_dir: cache.into(), token: None, offline, local: None };
    Hub::patient(config, SOON)
}

/// With another server as the Hub.
fn web(cache: &Path) -> Hub {
    hub("http://127.0.0.1:9", cache, false)
}

fn files_in(cache: &Path) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![cache.to_path_buf()]);
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.path().is_dir() {
                true => waiting.push(entry.path()),
                false if entry.path().extension().is_some_and(|ending| ending == "lock") => {}
                false => found.push(entry.path()),
            }
        }
    }
    found
}

#[test]
fn a_body_without_a_length_that_breaks_off_is_not_the_whole() {
    let cache = tempfile::tempdir().expect("a folder");
    let (broken, whole) = (chunks(&["a,b\n"]), chunks(&["a,b\n", "1,2\n", ""]));
    let server = Saying::start(vec![bare(), broken.clone(), whole, bare(), chunks(&["new\n", ""])]);
    let url = format!("{}/x.csv", server.url);
    let read = |place: PathBuf| std::fs::read_to_string(place).expect("read");
    assert_eq!(read(web(cache.path()).file_at(&url, None).expect("in the end")), "a,b\n1,2\n");
    // Nothing says whether it still is the same: it is fetched anew, whatever an earlier try left.
    let blobs = files_in(cache.path()).into_iter().find(|path| path.parent().is_some_and(|p| p.ends_with("blobs"))).expect("one");
    std::fs::write(format!("{}.incomplete", blobs.display()), "of another").expect("written");
    assert_eq!(read(web(cache.path()).file_at(&url, None).expect("anew")), "new\n");
    // One that always breaks off is given up, and nothing is kept.
    let cache = tempfile::tempdir().expect("a folder");
    let server = Saying::start(vec![bare(), broken.clone(), broken.clone(), broken]);
    let error = web(cache.path()).file_at(&format!("{}/x.csv", server.url), None).expect_err("never whole");
    assert!(error.to_string().contains("cut off after 4 bytes"), "{error}");
    assert!(files_in(cache.path()).iter().all(|path| std::fs::metadata(path).is_ok_and(|file| file.len() == 0)));
}

/// Of which nothing says whether it still is the same.
#[test]
fn what_was_fetched_stays_until_its_successor_is_here() {
    let cache = tempfile::tempdir().expect("a folder");
    let (broken, whole) = (chunks(&["new\n"]), chunks(&["a,b\n", "1,2\n", ""]));
    let server = Saying::start(vec![bare(), whole, bare(), broken.clone(), broken.clone(), broken, bare()]);
    let url = format!("{}/x.csv", server.url);
    let read = |place: PathBuf| std::fs::read_to_string(place).expect("read");
    let old = read(web(cache.path()).file_at(&url, None).expect("fetched"));
    web(cache.path()).file_at(&url, None).expect_err("never whole");
    assert_eq!(read(hub("http://127.0.0.1:9", cache.path(), true).file_at(&url, None).expect("here")), old);
    // With its hash there is nothing to fetch.
    let sha256 = tallow::data::sha256_of_bytes(b"a,b\n1,2\n");
    assert_eq!(read(web(cache.path()).file_at(&url, Some(&sha256)).expect("here")), old);
}

#[test]
fn an_address_may_be_signed_for_get_alone() {
    let cache = tempfile::tempdir().expect("a folder");
    let server = Saying::start(vec![answer(403, "", ""), answer(200, "", "a,b\n"), answer(403, "", ""), answer(403, "", "")]);
    let url = format!("{}/x.csv?sig=0123456789abcdef", server.url);
    let place = web(cache.path()).file_at(&url, None).expect("fetched");
    assert!(place.ends_with("x.csv") && std::fs::read_to_string(&place).expect("read") == "a,b\n");
    let error = web(cache.path()).file_at(&url, None).expect_err("refused");
    let told = format!("{error} {}", error.hint().unwrap_or_default());
    assert!(told.contains("its server answered 403") && !told.contains("HF_TOKEN") && !told.contains("0123456789"), "{told}");
    assert_eq!(server.asked().iter().filter(|line| line.starts_with("GET")).count(), 2);
}

#[test]
fn a_limit_is_waited_out_and_said() {
    let cache = tempfile::tempdir().expect("a folder");
    let limited = answer(429, "ratelimit: \"api\";r=0;t=1\r\n", "");
    let server = Saying::start(vec![limited, answer(200, "etag: \"1\"\r\n", ""), answer(200, "etag: \"1\"\r\n", "a,b\n")]);
    let (said, begun) = (Arc::new(Mutex::new(Vec::new())), Instant::now());
    let heard = said.clone();
    let hub = web(cache.path()).telling(move |line| heard.lock().expect("said").push(line.to_string()));
    hub.file_at(&format!("{}/x.csv", server.url), None).expect("fetched");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(*said.lock().expect("said"), ["waiting 1 s for the Hub's rate limit"]);
}

#[test]
fn a_server_that_goes_away_in_the_middle_may_come_back() {
    let cache = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let asked = Mutex::new(Vec::new());
        let head = "etag: \"1\"\r\n";
        let length = format!("HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: 10\r\n{head}\r\n");
        say(&listener, &length, &asked);
        say(&listener, &format!("{length}01234"), &asked);
        drop(listener);
        std::thread::sleep(Duration::from_millis(50));
        let listener = TcpListener::bind(address).expect("the port");
        let rest = "HTTP/1.1 206 X\r\nconnection: close\r\ncontent-length: 5\r\ncontent-range: bytes 5-9/10\r\n";
        say(&listener, &format!("{rest}{head}\r\n56789"), &asked);
    });
    let patience = Patience { attempts: 8, ..SOON };
    let config = hub("http://127.0.0.1:9", cache.path(), false).config().clone();
    let place = Hub::patient(config, patience).file_at(&format!("http://{address}/x.csv"), None).expect("whole");
    assert_eq!(std::fs::read_to_string(place).expect("read"), "0123456789");
    server.join().expect("no panic");
}

fn entry(path: &str) -> String {
    format!("{{\"type\": \"file\", \"path\": \"{path}\", \"size\": 1, \"oid\": \"{COMMIT}\"}}")
}

#[test]
fn a_mirror_lists_all_pages() {
    let cache = tempfile::tempdir().expect("a folder");
    let info = answer(200, "", &format!("{{\"sha\": \"{COMMIT}\"}}"));
    let next = "link: <https://hub.example.org/api/datasets/acme/moods/tree/x?recursive=true&cursor=2>; rel=\"next\"\r\n";
    let first = answer(200, next, &format!("[{}, {}]", entry("a.csv"), entry("b.csv")));
    let server = Saying::start(vec![info, first, answer(200, "", &format!("[{}]", entry("c.csv")))]);
    let repo = hub(&server.url, cache.path(), false).dataset("acme/moods", None).expect("a data set");
    assert_eq!(repo.paths(), ["a.csv", "b.csv", "c.csv"]);
    assert!(
        server.asked()[2].starts_with("GET /api/datasets/acme/moods/tree/x?recursive=true&cursor=2 "),
        "{:?}",
        server.asked()
    );
    // Whoever shares the cache may read what is noted there.
    let plain = cache.path().join("plain");
    std::fs::write(&plain, "x").expect("written");
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&cache.path().join("datasets--acme--moods/refs/main")), mode(&plain));
}

/// A cache with files of a commit, as any client leaves them.
fn cached(cache: &Path, files: &[(&str, &str)]) -> PathBuf {
    let repo = cache.join("datasets--acme--moods");
    for (path, text) in files {
        let place = repo.join("snapshots").join(COMMIT).join(path);
        std::fs::create_dir_all(place.parent().expect("a parent")).expect("made");
        std::fs::write(place, text).expect("written");
    }
    std::fs::create_dir_all(repo.join("refs")).expect("made");
    std::fs::write(repo.join("refs/main"), COMMIT).expect("written");
    repo
}

#[test]
fn a_part_of_a_data_set_in_the_cache_is_not_all_of_it() {
    let rows = "text,label\ngood,1\nbad,0\n";
    let (first, second, test) =
        ("data/train-00000-of-00002.csv", "data/train-00001-of-00002.csv", "data/test-00000-of-00001.csv");
    let source = DataSource::Hub { id: "acme/moods".into(), config: None, revision: None };
    let survey = |cache: &Path, splits: &[&str]| {
        let hints = DataSpecHints { splits: splits.iter().map(|s| s.to_string()).collect(), ..DataSpecHints::default() };
        survey_data(&hub("http://127.0.0.1:9", cache, true), &source, &hints, &Making::quietly(cache))
    };
    let refused = |cache: &Path, words: &str| {
        let error = survey(cache, &["train"]).expect_err(words);
        assert!(error.to_string().contains(words) && error.to_string().contains("is not in the cache"), "{error}");
    };
    // What other clients left: by the names of its parts.
    let dir = tempfile::tempdir().expect("a folder");
    cached(dir.path(), &[(first, rows), (test, rows)]);
    refused(dir.path(), second);
    assert_eq!(survey(dir.path(), &["test"]).expect("whole").splits[0].examples, 2);
    cached(dir.path(), &[(second, rows)]);
    assert_eq!(survey(dir.path(), &["train"]).expect("whole").splits[0].examples, 4);
    // By the list that was seen online, whatever its files are called.
    let dir = tempfile::tempdir().expect("a folder");
    let info = answer(200, "", &format!("{{\"sha\": \"{COMMIT}\"}}"));
    let server = Saying::start(vec![info, answer(200, "", &format!("[{}, {}]", entry("train/a.csv"), entry("train/b.csv")))]);
    hub(&server.url, dir.path(), false).dataset("acme/moods", None).expect("listed");
    cached(dir.path(), &[("train/a.csv", rows)]);
    refused(dir.path(), "train/b.csv");
    cached(dir.path(), &[("train/b.csv", rows)]);
    assert_eq!(survey(dir.path(), &["train"]).expect("whole").splits[0].examples, 4);
    let error = hub(&server.url, dir.path(), true).dataset("acme/other", None).err().expect("not there");
    assert!(matches!(error, Error::Offline { .. }), "{error}");
}
