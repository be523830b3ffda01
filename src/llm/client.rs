//! A provider asked over HTTP: the one place that sends a key, and it sends it to the provider's own host.
//!
//! An answer is waited for as long as [`super::Limits`] say, and no redirect is followed. What may be over soon (a provider that has
//! too much to do, a connection that breaks) is tried again, a bounded number of times, within the same whole time.

use super::dialect::{Events, Heard, Manner};
use super::{Ask, Dialect, Error, LanguageModel, Provider, Reply, Usage};
use crate::data::hub::{Secret, wait_of};
use crate::error::root_cause;
use crate::words::{clean, duration};
use reqwest::blocking::{Client, Response};
use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::redirect;
use serde_json::Value;
use std::cell::Cell;
use std::io::Read;
use std::time::{Duration, Instant};

/// No answer is longer.
const MOST_BYTES: usize = 8 << 20;
/// Nobody waits longer at a provider's word.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// Letters of what a provider says that are passed on.
const SAID: usize = 300;

/// A provider over HTTP.
pub struct Http {
    provider: Provider,
    key: Option<Secret>,
    /// How it lets itself be asked, as far as it has refused anything.
    manner: Cell<Manner>,
    /// See [`LanguageModel::lost`].
    lost: Cell<Usage>,
    /// Where whoever waits is told why.
    tell: Box<dyn Fn(&str)>,
}

/// What came of one attempt.
enum Attempt {
    Answered(Heard),
    /// It may go better next time.
    Again {
        why: String,
        wait: Option<Duration>,
        /// The bytes of an answer that came; none: the question was not taken. Otherwise somebody may have to pay for it.
        begun: Option<usize>,
    },
    /// Something about the question, in its words; `whole`: all of them, not to be shown.
    NotSo {
        status: u16,
        said: String,
        whole: String,
    },
}

impl Http {
    /// # Errors
    /// The network is not to be used, and the provider is not on this machine.
    pub fn new(provider: Provider, key: Option<Secret>, offline: bool) -> Result<Self, Error> {
        if offline && !provider.is_on_this_machine() {
            return Err(Error::Offline { model: provider.in_words() });
        }
        Ok(Http { provider, key, manner: Cell::default(), lost: Cell::default(), tell: Box::new(|_| {}) })
    }

    /// With somebody who is told, while it is so, that an answer did not come and when the provider is asked again.
    #[must_use]
    pub fn telling(self, tell: impl Fn(&str) + 'static) -> Self {
        Http { tell: Box::new(tell), ..self }
    }

    /// Once, in the manner that it is known to take.
    fn attempt(&self, ask: &Ask, deadline: Instant) -> Result<Attempt, Error> {
        let Provider { dialect, stream, .. } = self.provider;
        let body = dialect.request(&self.provider.model, ask, stream, self.manner.get());
        let response = match self.send(&body, deadline) {
            Ok(response) => response,
            Err(error) if error.is_timeout() && !error.is_connect() => return Err(self.slow("no sign of an answer")),
            // What does not run on this machine will not run in a second.
            Err(error) if error.is_connect() && self.provider.is_on_this_machine() => {
                return Err(Error::Unreachable { model: self.name(), why: root_cause(&error) });
            }
            // It may have read all of the question.
            Err(error) => {
                let begun = (!error.is_connect() && !error.is_builder()).then_some(0);
                return Ok(Attempt::Again { why: root_cause(&error), wait: None, begun });
            }
        };
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(String::from);
        let wait = header(RETRY_AFTER).and_then(|value| wait_of(&value, jiff::Timestamp::now()));
        match status {
            200 => {}
            300..400 => {
                let to = header(LOCATION).unwrap_or_default();
                return Err(Error::Redirected { model: self.name(), to: self.said(&host_of(&to)) });
            }
            _ if may_pass(status) => {
                let said = self.read(response, deadline).map(|text| self.said(&message_of(&text))).unwrap_or_default();
                return Ok(Attempt::Again { why: format!("it answers {status}: {said}"), wait, begun: None });
            }
            _ => {
                let whole = self.read(response, deadline).unwrap_or_default();
                return Ok(Attempt::NotSo { status, said: self.said(&message_of(&whole)), whole });
            }
        }
        let is_page = header(CONTENT_TYPE).is_some_and(|kind| kind.contains("html"));
        match stream && !is_page {
            true => self.hear(response, dialect, deadline),
            false => self.whole(response, dialect, is_page, deadline),
        }
    }

    fn send(&self, body: &Value, deadline: Instant) -> reqwest::Result<Response> {
        let limits = &self.provider.limits;
        let left = deadline.saturating_duration_since(Instant::now());
        let mut builder = Client::builder()
            .user_agent(concat!("tallow/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(limits.connect().min(left))
            // Of each operation: until the head of the answer, and of each read.
            .timeout(limits.silence().min(left));
        if self.provider.is_on_this_machine() {
            // What is not encrypted does not leave this machine by a proxy either.
            builder = builder.no_proxy();
        }
        let url = format!("{}/{}", self.provider.url.as_str().trim_end_matches('/'), self.provider.dialect.path());
        let mut request = builder.build()?.post(url).json(body);
        if self.provider.dialect == Dialect::Anthropic {
            request = request.header("anthropic-version", "2023-06-01");
        }
        if let Some(key) = &self.key {
            request = match self.provider.dialect {
                Dialect::Openai => request.bearer_auth(key.reveal()),
                Dialect::Anthropic => request.header("x-api-key", key.reveal()),
            };
        }
        request.send()
    }

    /// An answer that comes as one.
    fn whole(&self, response: Response, dialect: Dialect, is_page: bool, deadline: Instant) -> Result<Attempt, Error> {
        let text = match self.read(response, deadline) {
            Ok(text) => text,
            Err(Ended::ByPeer { why, bytes }) => return Ok(Attempt::Again { why, wait: None, begun: Some(bytes) }),
            Err(Ended::ByUs(error)) => return Err(error),
        };
        if is_page || text.trim_start().starts_with('<') {
            return Err(self.bad("JSON", "a page for people"));
        }
        let value: Value = serde_json::from_str(&text).map_err(|why| self.bad("JSON", &format!("{why}: {text}")))?;
        // Some tell of a failure in what looks like an answer, with the status that it would have had.
        if let Some(error) = value.get("error").filter(|error| !error.is_null()) {
            let said = self.said(&message_of(&text));
            let status = error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
            return Ok(match status.filter(|status| (400..500).contains(status) && !may_pass(*status)) {
                Some(status) => Attempt::NotSo { status, said, whole: text },
                None => Attempt::Again { why: format!("it answers with a failure: {said}"), wait: None, begun: None },
            });
        }
        match dialect.answer(&value) {
            Some(heard) => Ok(Attempt::Answered(heard)),
            None => Err(self.bad("an answer", &message_of(&text))),
        }
    }

    /// An answer that comes piece by piece.
    fn hear(&self, mut response: Response, dialect: Dialect, deadline: Instant) -> Result<Attempt, Error> {
        let (mut events, mut heard, mut bytes, mut first) = (Events::default(), Heard::default(), 0, Vec::new());
        let mut buffer = vec![0; 1 << 14];
        loop {
            let read = match self.piece(&mut response, &mut buffer, deadline, bytes) {
                Ok(0) if heard.is_over => return Ok(Attempt::Answered(heard)),
                // A server that does not stream answers whole.
                Ok(0) if serde_json::from_slice::<Value>(&first).is_ok_and(|value| dialect.answer(&value).is_some()) => {
                    let value = serde_json::from_slice(&first).unwrap_or_default();
                    return Ok(Attempt::Answered(dialect.answer(&value).unwrap_or_default()));
                }
                Ok(0) => {
                    return Ok(Attempt::Again { why: "the answer broke off".into(), wait: None, begun: Some(heard.bytes()) });
                }
                Ok(read) => read,
                // What is whole is not lost to a connection that breaks, or stays open and says nothing more.
                Err(_) if heard.is_over => return Ok(Attempt::Answered(heard)),
                Err(Ended::ByPeer { why, .. }) => return Ok(Attempt::Again { why, wait: None, begun: Some(heard.bytes()) }),
                Err(Ended::ByUs(error)) => return Err(error),
            };
            bytes += read;
            if first.len() < 1 << 16 {
                first.extend_from_slice(&buffer[..read]);
            }
            for data in events.take(&buffer[..read]) {
                if data == "[DONE]" {
                    heard.is_over = true;
                    return Ok(Attempt::Answered(heard));
                }
                let event: Value =
                    serde_json::from_str(&data).map_err(|why| self.bad("events of JSON", &format!("{why}: {data}")))?;
                if let Err(said) = heard.hear(dialect, &event) {
                    let begun = Some(heard.bytes()).filter(|bytes| *bytes > 0);
                    return Ok(Attempt::Again { why: self.said(&said), wait: None, begun });
                }
                if heard.has_stopped {
                    return Ok(Attempt::Answered(heard));
                }
            }
        }
    }

    /// The whole of a bounded body, as text.
    fn read(&self, mut response: Response, deadline: Instant) -> Result<String, Ended> {
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; 1 << 14]);
        loop {
            match self.piece(&mut response, &mut buffer, deadline, bytes.len())? {
                0 => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
                read => bytes.extend_from_slice(&buffer[..read]),
            }
        }
    }

    fn piece(&self, response: &mut Response, into: &mut [u8], deadline: Instant, bytes: usize) -> Result<usize, Ended> {
        if Instant::now() >= deadline {
            return Err(Ended::ByUs(self.too_long()));
        }
        if bytes > MOST_BYTES {
            return Err(Ended::ByUs(self.bad("an answer of at most 8 MiB", "more")));
        }
        let is_timeout = |error: &std::io::Error| {
            error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>()).is_some_and(reqwest::Error::is_timeout)
        };
        response.read(into).map_err(|error| match is_timeout(&error) {
            true => Ended::ByUs(self.slow("nothing more came")),
            false => Ended::ByPeer { why: format!("the answer broke off ({})", root_cause(&error)), bytes },
        })
    }

    fn slow(&self, what: &'static str) -> Error {
        Error::Slow { model: self.name(), what, secs: self.provider.limits.silence().as_secs_f64() }
    }

    fn too_long(&self) -> Error {
        Error::Slow { model: self.name(), what: "no whole answer", secs: self.provider.limits.whole().as_secs_f64() }
    }

    fn bad(&self, expected: &'static str, found: &str) -> Error {
        Error::BadAnswer { model: self.name(), expected, found: self.said(found) }
    }

    fn without_key(&self, text: &str) -> String {
        self.key.as_ref().map_or_else(|| text.to_string(), |key| key.redacted(text))
    }

    /// A provider's words as they are passed on: short, in one line, and without the key.
    fn said(&self, text: &str) -> String {
        let text = self.without_key(text);
        let cut: String = text.trim().chars().take(SAID).collect();
        clean(&cut)
    }
}

/// Why a body did not come to its end.
enum Ended {
    /// The connection broke, after so many bytes.
    ByPeer { why: String, bytes: usize },
    /// It is not waited for any longer, or not read.
    ByUs(Error),
}

impl LanguageModel for Http {
    fn name(&self) -> String {
        self.provider.in_words()
    }

    fn answer(&self, ask: &Ask) -> Result<Reply, Error> {
        self.lost.set(Usage::default());
        let tokens = ask.most_tokens_in() + u64::from(ask.limit());
        if let Some(most) = self.provider.context_tokens.filter(|most| tokens > *most) {
            return Err(Error::TooLong { model: self.name(), most, tokens });
        }
        let (begun, limits) = (Instant::now(), self.provider.limits);
        let deadline = begun + limits.whole();
        let (mut notes, mut lost, mut attempts, mut begun_answers) = (Vec::new(), Usage::default(), 1, 0);
        loop {
            let (why, wait) = match self.attempt(ask, deadline)? {
                Attempt::Answered(heard) => {
                    // A provider may say the key again that it was sent.
                    let (text, secs) = (self.without_key(heard.text()), begun.elapsed().as_secs_f64());
                    let usage = heard.usage.unwrap_or_else(|| guess(ask, heard.bytes())).and(lost);
                    return Ok(Reply { text, is_cut: heard.is_cut, usage, secs, notes });
                }
                Attempt::NotSo { status, said, whole } => {
                    // What it names may stand far behind, or beside its message; what it quotes of the question comes last.
                    let manner = self.manner.get();
                    let other = manner.without(&said).or_else(|| manner.without(&whole));
                    let Some((manner, instead)) = other.filter(|_| CAN_BE_OF_FORM.contains(&status)) else {
                        return Err(Error::Refused { model: self.name(), status, said });
                    };
                    notes.push(format!("{} answers {status} ({said}): {instead}", self.name()));
                    self.manner.set(manner);
                    continue;
                }
                Attempt::Again { why, wait, begun } => {
                    if let Some(bytes) = begun {
                        lost = lost.and(guess(ask, bytes));
                        self.lost.set(lost);
                        begun_answers += 1;
                    }
                    (why, wait)
                }
            };
            if ask.tries.is_some_and(|tries| begun_answers >= tries) {
                let what = format!("an answer was begun and broke off ({why}), and another may take more than is left");
                return Err(Error::Budget { what });
            }
            let wait = wait.unwrap_or_else(|| limits.backoff().saturating_mul(1 << (attempts - 1).min(16)));
            let is_too_late = wait > LONGEST_WAIT || Instant::now() + wait >= deadline;
            if attempts >= limits.attempts || is_too_late {
                let rest = if is_too_late { format!("; asking again would be in {} s", wait.as_secs()) } else { String::new() };
                return Err(Error::Failing { model: self.name(), attempts, why: why + &rest });
            }
            let when = if wait.is_zero() { String::new() } else { format!(" in {}", duration(wait.as_secs_f64())) };
            (self.tell)(&clean(&format!("{} did not answer ({why}): asked again{when}", self.name())));
            std::thread::sleep(wait);
            attempts += 1;
        }
    }

    fn lost(&self) -> Usage {
        self.lost.get()
    }
}

/// With which a server says that it does not know some part of the question's form.
const CAN_BE_OF_FORM: [u16; 4] = [400, 404, 422, 501];

/// What nobody counted, rather too high.
fn guess(ask: &Ask, bytes: usize) -> Usage {
    Usage { tokens_in: ask.most_tokens_in(), tokens_out: (bytes as u64).div_ceil(3), tokens_cached: 0 }
}

/// Statuses of what may be over soon.
fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 409 | 425 | 429 | 500..600)
}

/// Where an address leads, without what else it says.
fn host_of(address: &str) -> String {
    match reqwest::Url::parse(address) {
        Ok(url) => format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()),
        Err(_) => address.chars().take(80).collect(),
    }
}

/// What an answer that is a refusal says: its message, where it has one.
fn message_of(text: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let at = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(String::from);
    at("/error/message")
        .or_else(|| at("/message"))
        .or_else(|| at("/error"))
        .or_else(|| at("/detail"))
        .unwrap_or_else(|| if text.trim_start().starts_with('<') { "a page for people".into() } else { text.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_messages() {
        let check = |text: &str, expected: &str| assert_eq!(message_of(text), expected);
        check("{\"error\": {\"message\": \"no such model\"}}", "no such model");
        check("{\"error\": \"busy\"}", "busy");
        check("{\"detail\": \"not found\"}", "not found");
        check("<!doctype html><title>x</title>", "a page for people");
        check("plain words", "plain words");
    }
}
