//! The one place where intake reaches the network: a PDF of arXiv by id, through a cache on disk.

use super::{ArxivId, Error};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How to fetch; the caller reads the environment, this module never does.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// `https://arxiv.org`, or a loopback server in tests.
    pub base_url: String,
    /// Fetched PDFs are kept here.
    pub cache: Option<PathBuf>,
    /// Use the cache alone.
    pub offline: bool,
    pub timeout: Duration,
    pub max_bytes: u64,
}

impl FetchOptions {
    /// arXiv itself, `cache` on disk, 30 s, 64 MiB.
    pub fn new(cache: Option<PathBuf>) -> Self {
        FetchOptions {
            base_url: "https://arxiv.org".into(),
            cache,
            offline: false,
            timeout: Duration::from_secs(30),
            max_bytes: super::Limits::default().max_bytes,
        }
    }
}

/// The PDF's bytes, from the cache if it has them.
///
/// # Errors
/// [`Error::Offline`], [`Error::Unreachable`], [`Error::Status`], [`Error::Redirected`], [`Error::TooLarge`], and
/// [`Error::Io`] where the cache cannot be read or written.
pub fn fetch(id: &ArxivId, options: &FetchOptions) -> Result<Vec<u8>, Error> {
    let cached = options.cache.as_ref().map(|folder| folder.join(cache_name(id)));
    if let Some(path) = cached.as_deref().filter(|p| p.is_file()) {
        return fs::read(path).map_err(|source| Error::Io { name: path.display().to_string(), source });
    }
    if options.offline {
        return Err(Error::Offline { id: id.to_string() });
    }
    let bytes = download(id, options)?;
    if let Some(path) = cached {
        keep(&path, &bytes).map_err(|source| Error::Io { name: path.display().to_string(), source })?;
    }
    Ok(bytes)
}

/// `cs/0301012` has a slash; nothing else in an id is special in a file name.
fn cache_name(id: &ArxivId) -> String {
    format!("arxiv-{}.pdf", id.as_str().replace('/', "_"))
}

fn download(id: &ArxivId, options: &FetchOptions) -> Result<Vec<u8>, Error> {
    let unreachable =
        |source: reqwest::Error| Error::Unreachable { id: id.to_string(), host: options.base_url.clone(), source: source.into() };
    let url: reqwest::Url = format!("{}/pdf/{}", options.base_url.trim_end_matches('/'), id)
        .parse()
        .map_err(|_| Error::BadSource { given: options.base_url.clone(), expected: "the base URL of an arXiv server" })?;
    let home = url.host_str().unwrap_or_default().to_string();
    let within = home.clone();
    let client = reqwest::blocking::Client::builder()
        .timeout(options.timeout)
        .connect_timeout(Duration::from_secs(10).min(options.timeout))
        .user_agent(concat!("tallow/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::custom(move |attempt| {
            let inside = attempt.url().host_str().is_some_and(|host| is_within(host, &within));
            if inside && attempt.previous().len() < 5 { attempt.follow() } else { attempt.stop() }
        }))
        .build()
        .map_err(unreachable)?;
    let response = client.get(url).send().map_err(unreachable)?;
    let status = response.status();
    if status.is_redirection() {
        let to = response.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or("an unnamed place");
        return Err(Error::Redirected { id: id.to_string(), host: to.to_string(), allowed: home });
    }
    if !status.is_success() {
        return Err(Error::Status { id: id.to_string(), status: status.as_u16() });
    }
    let mut bytes = Vec::new();
    let name = format!("arXiv:{id}");
    response.take(options.max_bytes + 1).read_to_end(&mut bytes).map_err(|source| Error::Io { name: name.clone(), source })?;
    if bytes.len() as u64 > options.max_bytes {
        return Err(Error::TooLarge { name, found: bytes.len() as u64, limit: options.max_bytes, unit: "bytes" });
    }
    Ok(bytes)
}

/// The host itself or a subdomain of it.
fn is_within(host: &str, home: &str) -> bool {
    host == home || host.strip_suffix(home).is_some_and(|front| front.ends_with('.'))
}

/// Written beside and renamed, so that the cache never holds half a paper.
fn keep(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    /// Answers one request with `answer`, and gives back the request's first line.
    fn serve(answer: &'static [u8]) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let url = format!("http://{}", listener.local_addr().expect("address"));
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut lines = BufReader::new(stream.try_clone().expect("clone")).lines();
            let first = lines.next().expect("a line").expect("text");
            while lines.next().is_some_and(|line| line.is_ok_and(|l| !l.is_empty())) {}
            stream.write_all(answer).expect("answer");
            first
        });
        (url, server)
    }

    fn options(base_url: &str, cache: &Path) -> FetchOptions {
        FetchOptions { base_url: base_url.into(), max_bytes: 16, ..FetchOptions::new(Some(cache.to_path_buf())) }
    }

    #[test]
    fn a_paper_is_fetched_once_and_then_read_from_the_cache() {
        let folder = tempfile::tempdir().expect("folder");
        let id = ArxivId::parse("cs/0301012").expect("id");
        let (url, server) = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n%PDF-1.4");
        let fetched = fetch(&id, &options(&url, folder.path())).expect("fetched");
        assert_eq!(server.join().expect("server"), "GET /pdf/cs/0301012 HTTP/1.1");
        let again = fetch(&id, &FetchOptions { offline: true, ..options(&url, folder.path()) }).expect("cached");
        assert_eq!((fetched.as_slice(), again.as_slice()), (&b"%PDF-1.4"[..], &b"%PDF-1.4"[..]));
    }

    #[test]
    fn what_goes_wrong_says_so() {
        let check = |answer: &'static [u8], expected: &str| {
            let folder = tempfile::tempdir().expect("folder");
            let (url, server) = serve(answer);
            let id = ArxivId::parse("1706.99999").expect("id");
            let error = fetch(&id, &options(&url, folder.path())).expect_err("an error").to_string();
            server.join().expect("server");
            assert!(error.contains(expected), "{error}");
            assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 0, "nothing may be kept");
        };
        check(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answered 404 for `1706.99999`");
        check(b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/x\r\nContent-Length: 0\r\n\r\n", "elsewhere.example");
        check(b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n%PDF-1.4 too long", "at most 16 are read");
    }

    #[test]
    fn offline_without_a_cached_copy_is_an_error_with_a_hint() {
        let id = ArxivId::parse("1706.03762").expect("id");
        let error = fetch(&id, &FetchOptions { offline: true, ..FetchOptions::new(None) }).expect_err("offline");
        assert!(matches!(error, Error::Offline { .. }));
        assert!(crate::error::Failure::hint(&error).is_some_and(|h| h.contains("give the file")));
    }

    #[test]
    fn only_the_host_and_its_subdomains_are_followed() {
        assert!(is_within("arxiv.org", "arxiv.org") && is_within("export.arxiv.org", "arxiv.org"));
        assert!(!is_within("notarxiv.org", "arxiv.org") && !is_within("arxiv.org.evil.example", "arxiv.org"));
    }
}
