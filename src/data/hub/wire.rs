//! Requests that read: with the token on the Hub's own host alone, wherever a redirect leads, and tried again where that may help.

use super::error::{Error, refused};
use super::push::{Patience, is_passing, retry_after};
use super::{HubConfig, Kind, Secret};
use crate::error::root_cause;
use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, LINK, LOCATION};
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use std::io::Read;
use std::time::Duration;

/// Redirects of one request that are followed.
const MOST_REDIRECTS: usize = 8;
/// No list of files is larger.
const MOST_ANSWER: u64 = 256 << 20;
/// A connection that says nothing for this long is broken off.
const SILENCE: Duration = Duration::from_secs(60);

pub(super) struct Wire {
    client: Client,
    endpoint: Url,
    base: String,
    token: Option<Secret>,
    pub(super) patience: Patience,
}

/// What is asked for, for messages.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) kind: Kind,
    pub(super) what: &'a str,
    /// Where one asks for access.
    pub(super) page: &'a str,
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
    pub(super) fn new(config: &HubConfig, patience: Patience) -> Result<Self, Error> {
        let unusable = |why: String| Error::Unreachable { endpoint: config.endpoint.clone(), why };
        let client = Client::builder()
            .user_agent(super::remote::USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(SILENCE)
            .build()
            .map_err(|e| unusable(root_cause(&e)))?;
        let endpoint = Url::parse(&config.endpoint).map_err(|e| unusable(e.to_string()))?;
        Ok(Wire { client, endpoint, base: config.endpoint.clone(), token: config.token.clone(), patience })
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

    fn is_own(&self, url: &Url) -> bool {
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
            if !response.status().is_redirection() {
                return self.judged(wanted, response);
            }
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
            url = to.ok_or_else(|| bad("a redirect to nowhere".into()))?;
        }
        Err(bad(format!("more than {MOST_REDIRECTS} redirects")))
    }

    fn unanswered(&self, wanted: Wanted, url: &Url, error: &reqwest::Error) -> Trouble {
        let why = root_cause(error);
        if error.is_connect() {
            let endpoint = if self.is_own(url) { self.base.clone() } else { url.origin().ascii_serialization() };
            return Trouble::Lasting(Error::Unreachable { endpoint, why });
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
            true => Trouble::Passing(error, retry_after(response.headers())),
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
            let next = response.headers().get(LINK).and_then(|link| link.to_str().ok()).and_then(next_page);
            let next = next.and_then(|next| url.join(next).ok()).filter(|next| self.is_own(next));
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
        let own = self.patience.first_wait.saturating_mul(1 << (*failures - 1).min(16));
        std::thread::sleep(asked.unwrap_or(own).min(self.patience.longest_wait));
        Ok(())
    }
}

/// Whether an address is of this machine.
fn is_here(url: &Url) -> bool {
    url.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "[::1]" | "localhost"))
}

/// Of a header `<https://...>; rel="next"`.
fn next_page(link: &str) -> Option<&str> {
    link.split(',').find(|part| part.contains("rel=\"next\""))?.split_once('<')?.1.split_once('>').map(|(url, _)| url)
}

/// A header of these words; none, where they are no such.
pub(super) fn header(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
