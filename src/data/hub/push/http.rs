//! Requests with the token, tried again where that may help; redirects are followed on the Hub's own host alone.

use super::super::HubConfig;
use super::super::secret::Secret;
use super::super::waiting::{asked_for, is_limit};
use super::super::wire::{Tell, next_page};
use super::{Error, Patience};
use crate::error::root_cause;
use crate::words::duration;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, StatusCode, Url};
use serde::de::DeserializeOwned;
use std::io::Read;
use std::time::Duration;

/// Redirects of one request that are followed.
const MOST_REDIRECTS: usize = 5;

/// Of a message of the server that is shown.
const MOST_LETTERS: usize = 300;

/// Bytes in a second that an upload makes at least.
const SLOWEST: u64 = 64 << 10;

/// No answer of a route is larger.
const MOST_ANSWER: u64 = 64 << 20;

#[derive(Clone)]
pub(super) struct Http {
    client: Client,
    endpoint: Url,
    base: String,
    token: Secret,
    patience: Patience,
    tell: Tell,
}

/// An answer, whole.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Vec<u8>,
}

/// Makes a request anew for each try: its body may be a file that is read.
pub(super) type Make<'a> = &'a dyn Fn(RequestBuilder) -> Result<RequestBuilder, Error>;

impl Http {
    pub(super) fn new(config: &HubConfig, patience: Patience, tell: Tell) -> Result<Self, Error> {
        let token = config.token.clone().ok_or(Error::NoToken)?;
        let unusable = |why: String| super::super::Error::Unreachable { endpoint: config.endpoint.clone(), why };
        let endpoint = Url::parse(&config.endpoint).map_err(|e| unusable(e.to_string()))?;
        let client = Client::builder()
            .user_agent(super::super::remote::USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            // Each request has its own.
            .timeout(None)
            .build()
            .map_err(|e| unusable(root_cause(&e)))?;
        Ok(Http { client, endpoint, base: config.endpoint.clone(), token, patience, tell })
    }

    /// The Hub's address with this path.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    /// Whether an address is of the Hub's own host.
    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.endpoint.origin()
    }

    /// An address that the server named, which must be one that things may be sent to.
    pub(super) fn address(&self, what: &str, href: &str) -> Result<Url, Error> {
        let bad = |found: String| Error::BadAnswer { what: what.into(), found };
        let url = Url::parse(href).map_err(|e| bad(format!("the address `{}`: {e}", short(href))))?;
        match url.scheme() {
            "https" => Ok(url),
            // In the clear only where the Hub itself is spoken to so.
            "http" if self.endpoint.scheme() == "http" => Ok(url),
            other => Err(bad(format!("an address of the kind `{other}:`, expected https"))),
        }
    }

    /// Where the list goes on that this answer to `url` begins.
    pub(super) fn next(&self, what: &str, url: &str, answer: &Answer) -> Result<Option<String>, Error> {
        let next = next_page(&self.endpoint, &self.address(what, url)?, &answer.headers);
        let next = next.map_err(|found| Error::BadAnswer { what: what.into(), found })?;
        Ok(next.map(|next| next.to_string()))
    }

    /// The same, that asks once: what makes something new each time is not to be asked for twice because an answer was lost.
    pub(super) fn once(&self) -> Http {
        Http { patience: Patience { attempts: 1, ..self.patience }, ..self.clone() }
    }

    /// Sends a request to the Hub until it has an answer that trying again would not change. The token goes along on its own host.
    pub(super) fn send(&self, what: &str, method: Method, url: &str, make: Make) -> Result<Answer, Error> {
        let mut url = self.address(what, url)?;
        for _ in 0..=MOST_REDIRECTS {
            let limit = self.patience.longest_answer;
            let response = self.tried(what, limit, &|| {
                let request = self.client.request(method.clone(), url.clone()).timeout(limit);
                make(if self.is_own(&url) { request.bearer_auth(self.token.reveal()) } else { request })
            })?;
            if !response.status.is_redirection() {
                return Ok(response);
            }
            let to = response.headers.get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
            let to = to.ok_or_else(|| Error::BadAnswer { what: what.into(), found: "a redirect to nowhere".into() })?;
            if !self.is_own(&to) {
                return Err(Error::SentAway { what: what.into(), to: to.host_str().unwrap_or("another host").into() });
            }
            url = to;
        }
        Err(Error::BadAnswer { what: what.into(), found: format!("more than {MOST_REDIRECTS} redirects") })
    }

    /// Sends `size` bytes to an address that the server named, without the token. How long they take is known roughly; a server that took
    /// them and never answers is no reason to wait for ever.
    pub(super) fn send_bare(&self, what: &str, (method, url): (Method, &Url), size: u64, make: Make) -> Result<Answer, Error> {
        let limit = self.patience.longest_answer.saturating_add(Duration::from_secs(size / SLOWEST));
        let response = self.tried(what, limit, &|| make(self.client.request(method.clone(), url.clone()).timeout(limit)))?;
        check(what, response)
    }

    /// `limit`: after which a request of `make` gives up.
    fn tried(&self, what: &str, limit: Duration, make: &dyn Fn() -> Result<RequestBuilder, Error>) -> Result<Answer, Error> {
        let attempts = self.patience.attempts;
        let why = |e: reqwest::Error| match e.is_timeout() && !e.is_connect() {
            true => format!("no answer within {}", duration(limit.as_secs_f64())),
            false => root_cause(&e),
        };
        for attempt in 1.. {
            let (limited, asked) = match make()?.send().map_err(why).and_then(whole) {
                Ok(answer) if !is_passing(answer.status) => return Ok(answer),
                Ok(answer) if attempt >= attempts => {
                    let status = answer.status.as_u16();
                    return Err(Error::Failed { what: what.into(), status, attempts, message: message(&answer) });
                }
                Ok(answer) => (is_limit(answer.status.as_u16()), asked_for(answer.status, &answer.headers)),
                Err(why) if attempt >= attempts => return Err(Error::Broken { what: what.into(), attempts, why }),
                Err(why) => {
                    (self.tell)(&format!("{what}: {why}; again, {} of {attempts}", attempt + 1));
                    (false, None)
                }
            };
            self.patience.wait(attempt, limited, asked, &*self.tell);
        }
        // `1..` does not end.
        Err(Error::Broken { what: what.into(), attempts, why: "no attempt was made".into() })
    }
}

/// Reads an answer to its end: one that breaks off is as good as none.
fn whole(response: Response) -> Result<Answer, String> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    response.take(MOST_ANSWER).read_to_end(&mut body).map_err(|e| root_cause(&e))?;
    Ok(Answer { status, headers, body })
}

/// Whether another try may do better.
pub(in crate::data::hub) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// The answer if it is a good one.
pub(super) fn check(what: &str, answer: Answer) -> Result<Answer, Error> {
    let (status, what) = (answer.status, what.to_string());
    match status.as_u16() {
        _ if status.is_success() => Ok(answer),
        401 | 403 => Err(Error::NoRight { what, status: status.as_u16(), message: message(&answer) }),
        404 => Err(Error::NotFound { what, message: message(&answer) }),
        status => Err(Error::Refused { what, status, message: message(&answer) }),
    }
}

/// A good answer's JSON.
pub(super) fn json<T: DeserializeOwned>(what: &str, answer: Answer) -> Result<T, Error> {
    let bad = |e: serde_json::Error| Error::BadAnswer { what: what.into(), found: format!("expected JSON: {e}") };
    serde_json::from_slice(&check(what, answer)?.body).map_err(bad)
}

/// What the server says of it, in short: untrusted text, without what a terminal would obey.
fn message(answer: &Answer) -> String {
    let header = answer.headers.get("x-error-message").and_then(|said| said.to_str().ok()).map(str::to_string);
    let told = serde_json::from_slice::<serde_json::Value>(&answer.body).ok();
    let told = told.and_then(|json| json.get("error").or_else(|| json.get("message"))?.as_str().map(str::to_string));
    short(&header.or(told).unwrap_or_default())
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MOST_LETTERS).collect()
}
