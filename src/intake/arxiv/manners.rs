//! The network, with the manners that arXiv asks for: one request in three seconds, one connection, also over several processes of ours;
//! a name; as long a wait as it asks for. Redirections are requests, too, and lead to no other host.

use super::FetchOptions;
use crate::intake::{ArxivId, Error};
use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Between two requests.
pub(super) const PACE: Duration = Duration::from_secs(3);
/// The longest wait that is waited, and how often one thing is asked for.
const MAX_WAIT: Duration = Duration::from_secs(120);
const MAX_TRIES: u32 = 4;
const MAX_REDIRECTIONS: u32 = 5;

/// The time, and waiting.
pub trait Clock: Debug + Send + Sync {
    /// Since 1970.
    fn now(&self) -> Duration;
    fn sleep(&self, time: Duration);
}

/// The system's.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// When this process last asked; held while it asks.
static LAST: Mutex<Option<Duration>> = Mutex::new(None);

/// The right to ask arXiv: nobody else of ours asks while it lives.
pub(super) struct Session<'a> {
    id: String,
    options: &'a FetchOptions,
    client: reqwest::blocking::Client,
    base: reqwest::Url,
    last: MutexGuard<'static, Option<Duration>>,
    /// In the cache's folder: locked, and when any process last asked.
    shared: Option<File>,
}

/// What arXiv has under an address.
pub(super) enum Answer {
    Found(Vec<u8>),
    NotThere,
}

enum Tried {
    Done(Answer),
    Redirected(reqwest::Url),
    /// How long to wait at least.
    Again(Duration, Error),
}

impl<'a> Session<'a> {
    pub(super) fn begin(id: &ArxivId, options: &'a FetchOptions) -> Result<Self, Error> {
        let bad = || Error::BadSource { given: options.base_url.clone(), expected: "the base URL of an arXiv server" };
        let base: reqwest::Url = format!("{}/", options.base_url.trim_end_matches('/')).parse().map_err(|_| bad())?;
        if !["http", "https"].contains(&base.scheme()) || base.host_str().is_none() {
            return Err(bad());
        }
        let client = reqwest::blocking::Client::builder()
            .timeout(options.timeout)
            .connect_timeout(Duration::from_secs(10).min(options.timeout))
            .user_agent(concat!("tallow/", env!("CARGO_PKG_VERSION")))
            .pool_max_idle_per_host(1)
            .redirect(reqwest::redirect::Policy::none())
            .build();
        let client = client.map_err(|source| Error::Unreachable {
            id: id.to_string(),
            host: options.base_url.clone(),
            source: source.into(),
        })?;
        let last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = options.cache.as_deref().map(|folder| {
            let path = folder.join("arxiv.last");
            let open = || {
                fs::create_dir_all(folder)?;
                let file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
                file.lock()?;
                Ok(file)
            };
            open().map_err(|source| Error::Io { name: path.display().to_string(), source })
        });
        Ok(Session { id: id.to_string(), options, client, base, last, shared: shared.transpose()? })
    }

    /// What is under `path`, however often it has to be asked for.
    pub(super) fn get(&mut self, path: &str) -> Result<Answer, Error> {
        let bad = |_| Error::BadSource { given: self.options.base_url.clone(), expected: "the base URL of an arXiv server" };
        let mut url = self.base.join(path).map_err(bad)?;
        let (mut tries, mut redirections) = (0, 0);
        let mut wait = Duration::ZERO;
        loop {
            self.wait(wait);
            let answer = self.ask(url.clone());
            // From its end on: a request that was long on its way must not come close to the next.
            self.note();
            match answer? {
                Tried::Done(answer) => return Ok(answer),
                Tried::Redirected(to) => {
                    redirections += 1;
                    if redirections > MAX_REDIRECTIONS {
                        return Err(Error::Status { id: self.id.clone(), status: 310 });
                    }
                    (url, wait) = (to, Duration::ZERO);
                }
                Tried::Again(asked, error) => {
                    tries += 1;
                    if asked > MAX_WAIT {
                        return Err(Error::Busy { id: self.id.clone(), wait: asked });
                    }
                    if tries >= MAX_TRIES {
                        return Err(error);
                    }
                    wait = asked.max(PACE * 2u32.pow(tries - 1));
                }
            }
        }
    }

    /// Until `extra` is over, and three seconds since anyone of ours last asked.
    fn wait(&mut self, extra: Duration) {
        let clock = &self.options.clock;
        let mut text = String::new();
        if let Some(file) = &mut self.shared {
            // A file that cannot be read says nothing; the pace of this process is kept all the same.
            let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
        }
        let shared = text.trim().parse().ok().map(Duration::from_nanos);
        let now = clock.now();
        // A time far to come was written by another clock.
        let last = [*self.last, shared].into_iter().flatten().filter(|last| *last <= now + PACE).max();
        let pause = last.map_or(Duration::ZERO, |last| (last + PACE).saturating_sub(now)).max(extra);
        if !pause.is_zero() {
            clock.sleep(pause);
        }
        self.note();
    }

    fn note(&mut self) {
        let now = self.options.clock.now();
        *self.last = Some(now);
        if let Some(file) = &mut self.shared {
            let text = now.as_nanos().to_string();
            let _ = file.rewind().and_then(|()| file.set_len(0)).and_then(|()| file.write_all(text.as_bytes()));
        }
    }

    fn ask(&mut self, url: reqwest::Url) -> Result<Tried, Error> {
        let unreachable = |source: reqwest::Error| Error::Unreachable {
            id: self.id.clone(),
            host: self.options.base_url.clone(),
            source: source.into(),
        };
        let response = match self.client.get(url.clone()).send() {
            Ok(response) => response,
            // Nobody is there; a server that is slow may be asked again.
            Err(error) if error.is_timeout() && !error.is_connect() => return Ok(Tried::Again(PACE, unreachable(error))),
            Err(error) => return Err(unreachable(error)),
        };
        let status = response.status();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_string);
        if status.is_redirection() {
            let to = header("location").unwrap_or_default();
            let Ok(next) = url.join(&to) else { return Err(Error::Status { id: self.id.clone(), status: status.as_u16() }) };
            let home = self.base.host_str().unwrap_or_default();
            let inside = next.host_str().is_some_and(|host| is_within(host, home));
            let weaker = self.base.scheme() == "https" && next.scheme() != "https";
            if !inside || weaker {
                return Err(Error::Redirected { id: self.id.clone(), host: to, allowed: home.to_string() });
            }
            return Ok(Tried::Redirected(next));
        }
        match status.as_u16() {
            200..=299 => {}
            404 | 410 => return Ok(Tried::Done(Answer::NotThere)),
            429 | 500 | 502..=504 => {
                let asked = header("retry-after").map_or(PACE, |value| wait_of(&value, self.options.clock.now()));
                return Ok(Tried::Again(asked, Error::Status { id: self.id.clone(), status: status.as_u16() }));
            }
            status => return Err(Error::Status { id: self.id.clone(), status }),
        }
        let limit = self.options.max_bytes;
        let name = format!("arXiv:{}", self.id);
        let mut bytes = Vec::new();
        // Cut off on the way: it may come whole the next time.
        if let Err(source) = response.take(limit + 1).read_to_end(&mut bytes) {
            let (id, host) = (self.id.clone(), self.options.base_url.clone());
            return Ok(Tried::Again(PACE, Error::Unreachable { id, host, source: source.into() }));
        }
        if bytes.len() as u64 > limit {
            return Err(Error::TooLarge { name, found: bytes.len() as u64, limit, unit: "bytes" });
        }
        Ok(Tried::Done(Answer::Found(bytes)))
    }
}

/// `Retry-After`: seconds, or a date.
fn wait_of(value: &str, now: Duration) -> Duration {
    if let Ok(seconds) = value.trim().parse() {
        return Duration::from_secs(seconds);
    }
    let date = jiff::fmt::rfc2822::parse(value.trim()).ok();
    let until = date.and_then(|date| u64::try_from(date.timestamp().as_second()).ok()).map(Duration::from_secs);
    until.map_or(PACE, |until| until.saturating_sub(now))
}

/// The host itself or a subdomain of it.
fn is_within(host: &str, home: &str) -> bool {
    host == home || host.strip_suffix(home).is_some_and(|front| front.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_and_its_subdomains_are_followed() {
        assert!(is_within("arxiv.org", "arxiv.org") && is_within("export.arxiv.org", "arxiv.org"));
        assert!(!is_within("notarxiv.org", "arxiv.org") && !is_within("arxiv.org.evil.example", "arxiv.org"));
    }

    #[test]
    fn how_long_to_wait() {
        let now = Duration::from_secs(1_700_000_000);
        assert_eq!(wait_of("17", now), Duration::from_secs(17));
        assert_eq!(wait_of("Tue, 14 Nov 2023 22:13:50 GMT", now), Duration::from_secs(30));
        assert_eq!(wait_of("soon", now), PACE);
    }
}
