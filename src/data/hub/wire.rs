//! Requests that read: with the token on the Hub's own host alone, wherever a redirect leads, and tried again where that may help.

use super::error::{Error, refused};
use super::push::{Patience, is_passing};
use super::waiting::{asked_for, is_limit};
use super::{HubConfig, Kind, Secret};
use crate::error::root_cause;
use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, LINK, LOCATION};
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Redirects of one request that are followed.
const MOST_REDIRECTS: usize = 8;
/// No list of files is larger.
const MOST_ANSWER: u64 = 256 << 20;
/// A connection that says nothing for this long is broken off.
const SILENCE: Duration = Duration::from_secs(60);

/// Says something to whoever waits.
pub(super) type Tell = Arc<dyn Fn(&str) + Send + Sync>;

pub(super) struct Wire {
    client: Client,
    endpoint: Url,
    base: String,
    token: Option<Secret>,
    patience: Patience,
    tell: Tell,
    /// Servers that have answered before.
    heard: Mutex<BTreeSet<String>>,
}

/// What is asked for, for messages.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) kind: Kind,
    pub(super) what: &'a str,
    /// Where one asks for access; none for what is not the Hub's.
    pub(super) page: Option<&'a str>,
}

/// Why there is no answer.
pub(super) enum Trouble {
    /// Another try may do better, after a wait that the server may have named.
    Passing(Error, Option<Duration>),
    Lasting(Error),
}

impl Trouble {
    pub(super) fn into_error(self) -> Error {
        match self {
            Trouble::Passing(error, _) | Trouble::Lasting(error) => error,
        }
    }
}

impl Wire {
    pub(super) fn new(config: &HubConfig, patience: Patience, tell: Tell) -> Result<Self, Error> {
        let unusable = |why: String| Error::Unreachable { endpoint: config.endpoint.clone(), why };
        let client = Client::builder()
            .user_agent(super::remote::USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(SILENCE)
            .build()
            .map_err(|e| unusable(root_cause(&e)))?;
        let endpoint = Url::parse(&config.endpoint).map_err(|e| unusable(e.to_string()))?;
        let (base, token) = (config.endpoint.clone(), config.token.clone());
        Ok(Wire { client, endpoint, base, token, patience, tell, heard: Mutex::default() })
    }

    /// Where people see a repository.
    pub(super) fn page(&self, kind: Kind, id: &str) -> String {
        format!("{}/{}{id}", self.base, if kind == Kind::Dataset { "datasets/" } else { "" })
    }

    /// The Hub's address with these parts, each of which may hold any letters.
    pub(super) fn at<'p>(&self, parts: impl IntoIterator<Item = &'p str>) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url
    }

    pub(super) fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.endpoint.origin()
    }

    /// In the clear only where the Hub itself is spoken to so, or on this machine.
    fn may_go(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => true,
            "http" => self.is_own(url) || self.endpoint.scheme() == "http" || is_here(url),
            _ => false,
        }
    }

    /// One try: follows redirects to the answer's head.
    pub(super) fn once(&self, wanted: Wanted, method: &Method, url: &Url, headers: &HeaderMap) -> Result<Response, Trouble> {
        let bad = |found: String| Trouble::Lasting(Error::BadAnswer { what: wanted.what.into(), found });
        let mut url = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            if !self.may_go(&url) {
                return Err(bad(format!(
                    "it leads to `{}://{}`, and expected was https",
                    url.scheme(),
                    url.host_str().unwrap_or_default()
                )));
            }
            let mut request = self.client.request(method.clone(), url.clone()).headers(headers.clone());
            // Sizes and places are those of the file itself.
            request = request.header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            if let Some(token) = self.token.as_ref().filter(|_| self.is_own(&url)) {
                request = request.bearer_auth(token.reveal());
            }
            let response = request.send().map_err(|e| self.unanswered(wanted, &url, &e))?;
            self.heard().insert(url.origin().ascii_serialization());
            if !response.status().is_redirection() {
                return self.judged(wanted, response);
            }
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
            url = to.ok_or_else(|| bad("a redirect to nowhere".into()))?;
        }
        Err(bad(format!("more than {MOST_REDIRECTS} redirects")))
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unanswered(&self, wanted: Wanted, url: &Url, error: &reqwest::Error) -> Trouble {
        let why = root_cause(error);
        if error.is_connect() {
            let origin = url.origin().ascii_serialization();
            // A server that has answered before may come back; one that never did will not in a second.
            let was_there = self.heard().contains(&origin);
            let endpoint = if self.is_own(url) { self.base.clone() } else { origin };
            let error = Error::Unreachable { endpoint, why };
            return if was_there { Trouble::Passing(error, None) } else { Trouble::Lasting(error) };
        }
        Trouble::Passing(Error::BadAnswer { what: wanted.what.into(), found: why }, None)
    }

    fn judged(&self, wanted: Wanted, response: Response) -> Result<Response, Trouble> {
        let status = response.status();
        if status.is_success() || status.as_u16() == 416 {
            return Ok(response);
        }
        let code = response.headers().get("x-error-code").and_then(|code| code.to_str().ok());
        let error = refused(wanted, status.as_u16(), code, self.token.is_some());
        Err(match is_passing(status) {
            true => Trouble::Passing(error, asked_for(status, response.headers())),
            false => Trouble::Lasting(error),
        })
    }

    /// An answer of the Hub that is JSON, and where the next page of it lies.
    pub(super) fn json<T: DeserializeOwned>(&self, wanted: Wanted, url: &Url) -> Result<(T, Option<Url>), Error> {
        let bad = |found: String| Error::BadAnswer { what: wanted.what.into(), found };
        let ask = || {
            let response = self.once(wanted, &Method::GET, url, &HeaderMap::new())?;
            if !self.is_own(response.url()) {
                return Err(Trouble::Lasting(bad(format!("it comes from `{}`", response.url().host_str().unwrap_or_default()))));
            }
            let next = next_page(&self.endpoint, response.url(), response.headers()).map_err(|why| Trouble::Lasting(bad(why)))?;
            let mut body = Vec::new();
            let read = response.take(MOST_ANSWER).read_to_end(&mut body);
            read.map_err(|e| Trouble::Passing(bad(root_cause(&e)), None))?;
            Ok((body, next))
        };
        let (body, next) = self.patiently(ask)?;
        let read = serde_json::from_slice(&body);
        let is_page = body.trim_ascii_start().first() == Some(&b'<');
        let found = |e: serde_json::Error| {
            bad(if is_page { "expected JSON, found a page for people".into() } else { format!("expected JSON: {e}") })
        };
        Ok((read.map_err(found)?, next))
    }

    /// Tries until it works, or will not.
    pub(super) fn patiently<T>(&self, mut ask: impl FnMut() -> Result<T, Trouble>) -> Result<T, Error> {
        let mut failures = 0;
        loop {
            match ask() {
                Ok(answer) => return Ok(answer),
                Err(trouble) => self.wait_out(trouble, &mut failures)?,
            }
        }
    }

    /// Waits before another try, if there is to be one.
    pub(super) fn wait_out(&self, trouble: Trouble, failures: &mut u32) -> Result<(), Error> {
        let Trouble::Passing(error, asked) = trouble else { return Err(trouble.into_error()) };
        *failures += 1;
        if *failures >= self.patience.attempts {
            return Err(error);
        }
        self.patience.wait(*failures, error.status().is_some_and(is_limit), asked, &*self.tell);
        Ok(())
    }
}

/// Whether an address is of this machine.
fn is_here(url: &Url) -> bool {
    url.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "[::1]" | "localhost"))
}

/// Where the page after `page` lies, by a header `<https://...>; rel="next"`. A mirror passes on the addresses of the server that it mirrors:
/// path and query are taken, and asked for at the mirror.
///
/// # Errors
/// It names a next page that is no address, in words.
pub(super) fn next_page(endpoint: &Url, page: &Url, headers: &HeaderMap) -> Result<Option<Url>, String> {
    let mut links = headers.get_all(LINK).iter().filter_map(|link| link.to_str().ok());
    let Some(named) = links.find_map(named_next) else { return Ok(None) };
    let next = page.join(named).map_err(|why| format!("its list goes on at an address that is none: {why}"))?;
    if next.origin() == endpoint.origin() {
        return Ok(Some(next));
    }
    let below = endpoint.path().trim_end_matches('/');
    let path = match next.path().strip_prefix(below).is_some_and(|rest| rest.starts_with('/')) {
        true => next.path().to_string(),
        false => format!("{below}{}", next.path()),
    };
    let mut own = endpoint.clone();
    own.set_path(&path);
    own.set_query(next.query());
    Ok(Some(own))
}

/// The address that a header calls the next one.
fn named_next(link: &str) -> Option<&str> {
    let mut rest = link;
    while let Some((_, after)) = rest.split_once('<') {
        let (address, after) = after.split_once('>')?;
        let (said, others) = after.split_once(',').unwrap_or((after, ""));
        if said.split(';').any(|part| part.trim().replace('"', "").eq_ignore_ascii_case("rel=next")) {
            return Some(address);
        }
        rest = others;
    }
    None
}

/// A header of these words; none, where they are no such.
pub(super) fn header(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_list_goes_on() {
        let check = |endpoint: &str, link: &str, expected: Result<Option<&str>, &str>| {
            let endpoint = Url::parse(endpoint).expect("an address");
            let page = endpoint.join("api/models/a/b/tree/0").expect("an address");
            let headers: HeaderMap = [(LINK, HeaderValue::from_str(link).expect("a value"))].into_iter().collect();
            let found = next_page(&endpoint, &page, &headers);
            match expected {
                Ok(expected) => assert_eq!(found.expect(link).as_ref().map(Url::as_str), expected, "{link}"),
                Err(words) => assert!(found.expect_err(link).contains(words), "{link}"),
            }
        };
        check("http://h", "<http://h/a?b=1>; rel=\"next\", <http://h/z>; rel=\"last\"", Ok(Some("http://h/a?b=1")));
        check("http://h", "<http://h/z,y>; rel=\"last\", </a?b=1,2>; rel=next", Ok(Some("http://h/a?b=1,2")));
        check("http://h", "<http://h/z>; rel=\"last\"", Ok(None));
        // A mirror, at the top of its host or below it.
        check("http://m", "<https://hub.example/api/x?cursor=2>; rel=\"next\"", Ok(Some("http://m/api/x?cursor=2")));
        check("http://m/hf", "<https://hub.example/api/x?cursor=2>; rel=\"next\"", Ok(Some("http://m/hf/api/x?cursor=2")));
        check("http://m/hf/", "<https://hub.example/hf/api/x>; rel=\"next\"", Ok(Some("http://m/hf/api/x")));
        check("http://h", "<http://>; rel=\"next\"", Err("an address that is none"));
    }
}
