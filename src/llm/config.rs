//! Which language models there are to ask: what everybody has heard of, and what the user's own file says.

use super::price::Price;
use super::{Error, read_key};
use crate::data::hub::Secret;
use reqwest::Url;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// How a provider wants to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// `POST URL/chat/completions`, as OpenAI has it and most servers with it.
    Openai,
    /// `POST URL/messages`, Anthropic's.
    Anthropic,
}

/// A provider that needs no lines in a file but its key.
struct Preset {
    name: &'static str,
    url: &'static str,
    dialect: Dialect,
    key_env: Option<&'static str>,
    /// The one that a server with a single model answers as.
    model: Option<&'static str>,
}

const fn preset(
    name: &'static str,
    url: &'static str,
    dialect: Dialect,
    key_env: Option<&'static str>,
    model: Option<&'static str>,
) -> Preset {
    Preset { name, url, dialect, key_env, model }
}

const PRESETS: [Preset; 7] = [
    preset("openai", "https://api.openai.com/v1", Dialect::Openai, Some("OPENAI_API_KEY"), None),
    preset("anthropic", "https://api.anthropic.com/v1", Dialect::Anthropic, Some("ANTHROPIC_API_KEY"), None),
    preset("huggingface", "https://router.huggingface.co/v1", Dialect::Openai, Some("HF_TOKEN"), None),
    preset("ollama", "http://127.0.0.1:11434/v1", Dialect::Openai, None, None),
    preset("vllm", "http://127.0.0.1:8000/v1", Dialect::Openai, None, None),
    preset("llama.cpp", "http://127.0.0.1:8080/v1", Dialect::Openai, None, Some("default")),
    preset("lmstudio", "http://127.0.0.1:1234/v1", Dialect::Openai, None, None),
];

/// The variable whose key is for an address that was given as such.
const KEY_OF_AN_ADDRESS: &str = "TALLOW_LLM_KEY";

/// The file `llm.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    #[serde(default)]
    providers: BTreeMap<String, Entry>,
}

/// What it says of a provider. A name that is also a preset's begins with that.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Entry {
    url: Option<String>,
    model: Option<String>,
    dialect: Option<Dialect>,
    key_env: Option<String>,
    key_file: Option<PathBuf>,
    stream: bool,
    context_tokens: Option<u64>,
    price: Option<Price>,
    limits: Limits,
}

/// How long and how often somebody waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub connect_secs: f64,
    /// Without any sign: until the first byte, and between two.
    pub silence_secs: f64,
    /// For an answer, all attempts and waits included.
    pub whole_secs: f64,
    pub attempts: u32,
    /// Before the second attempt; twice as long before each one after it, unless the provider says how long.
    pub backoff_secs: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { connect_secs: 10.0, silence_secs: 180.0, whole_secs: 600.0, attempts: 5, backoff_secs: 1.0 }
    }
}

impl Limits {
    pub(super) fn connect(&self) -> Duration {
        secs(self.connect_secs)
    }
    pub(super) fn silence(&self) -> Duration {
        secs(self.silence_secs)
    }
    pub(super) fn whole(&self) -> Duration {
        secs(self.whole_secs)
    }
    pub(super) fn backoff(&self) -> Duration {
        secs(self.backoff_secs)
    }
}

fn secs(secs: f64) -> Duration {
    Duration::try_from_secs_f64(secs).unwrap_or(Duration::from_secs(600))
}

/// Where a key lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    Nowhere,
    Variable { name: String, is_needed: bool },
    File(PathBuf),
}

/// A provider, all decided but for its key.
#[derive(Debug, Clone)]
pub struct Provider {
    pub name: String,
    pub url: Url,
    pub model: String,
    pub dialect: Dialect,
    pub key: KeySource,
    pub stream: bool,
    /// Tokens of a question and its answer together, where known.
    pub context_tokens: Option<u64>,
    /// None: not known.
    pub price: Option<Price>,
    pub limits: Limits,
}

impl ConfigFile {
    /// Reads the text of `file`.
    ///
    /// # Errors
    /// Not TOML, or not of this form: the first mistake, with its line.
    pub fn parse(text: &str, file: &str) -> Result<Self, Error> {
        let wrong = |what: String| Error::Config { file: file.into(), what };
        // Not the line itself: somebody may have written the key there.
        let told = |e: toml::de::Error| {
            let line = e.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
            let what = without_strings(e.message());
            line.map_or(what.clone(), |line| format!("line {line}: {what}"))
        };
        let config: ConfigFile = toml::from_str(text).map_err(|e| wrong(told(e)))?;
        let problems: Vec<String> = config.providers.iter().flat_map(|(name, entry)| entry.problems(name)).collect();
        if problems.is_empty() { Ok(config) } else { Err(wrong(problems.join("; "))) }
    }

    /// The provider that `wanted` names: `NAME`, `NAME#MODEL` or `URL#MODEL`.
    ///
    /// # Errors
    /// Nothing is called so; it names no model; its address is none, or a key would go over the network in the clear.
    pub fn provider(&self, wanted: &str) -> Result<Provider, Error> {
        let (place, model) = wanted.split_once('#').map_or((wanted, None), |(place, model)| (place, Some(model)));
        let (name, entry) = if place.contains("://") {
            (place.to_string(), Entry { url: Some(with_version(place)), ..Entry::default() })
        } else {
            (place.to_string(), self.entry(place)?)
        };
        let preset = PRESETS.iter().find(|preset| preset.name == name);
        let url = entry.url.as_deref().or(preset.map(|preset| preset.url)).unwrap_or_default();
        let url = address(url)?;
        let model = model.map(String::from).or(entry.model).or(preset.and_then(|preset| preset.model.map(String::from)));
        let model = model
            .map(|model| model.trim().to_string())
            .filter(|model| !model.is_empty())
            .ok_or_else(|| Error::Config { file: wanted.into(), what: format!("it names no model: expected `{place}#MODEL`") })?;
        let variable = |name: &str, is_needed: bool| KeySource::Variable { name: name.into(), is_needed };
        let key = match (&entry.key_file, &entry.key_env, preset) {
            (Some(file), _, _) => KeySource::File(file.clone()),
            (None, Some(name), _) => variable(name, true),
            // The preset's key is for the preset's host.
            (None, None, Some(preset)) if entry.url.is_none() => {
                preset.key_env.map_or(KeySource::Nowhere, |name| variable(name, true))
            }
            (None, None, Some(_)) => KeySource::Nowhere,
            (None, None, None) if place.contains("://") => variable(KEY_OF_AN_ADDRESS, false),
            (None, None, None) => KeySource::Nowhere,
        };
        let free = is_loopback(&url).then(Price::default);
        Ok(Provider {
            name,
            model,
            dialect: entry.dialect.or(preset.map(|preset| preset.dialect)).unwrap_or(Dialect::Openai),
            key,
            stream: entry.stream,
            context_tokens: entry.context_tokens,
            price: entry.price.or(free),
            limits: entry.limits,
            url,
        })
    }

    /// The keys that there are, of whatever provider; `variable` reads the environment.
    pub fn keys(&self, variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<Secret> {
        let of_entries = self.providers.values().filter_map(|entry| match (&entry.key_file, &entry.key_env) {
            (Some(file), _) => Some(KeySource::File(file.clone())),
            (None, Some(name)) => Some(KeySource::Variable { name: name.clone(), is_needed: false }),
            (None, None) => None,
        });
        let usual = PRESETS.iter().filter_map(|preset| preset.key_env).chain([KEY_OF_AN_ADDRESS]);
        let usual = usual.map(|name| KeySource::Variable { name: name.into(), is_needed: false });
        // What cannot be read is told where it is needed.
        of_entries.chain(usual).filter_map(|source| read_key("", &source, variable).ok().flatten()).collect()
    }

    /// The providers that the file names, each with whether its key is there; `variable` reads the environment.
    pub fn in_words(&self, variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<String> {
        let words = |name: &String| match self.provider(&format!("{name}#any")) {
            Err(error) => format!("{name} ({error})"),
            Ok(Provider { key: KeySource::Nowhere, .. }) => format!("{name} (without a key)"),
            Ok(Provider { key, .. }) => match read_key(name, &key, variable) {
                Ok(Some(_)) => format!("{name} (with its key)"),
                Ok(None) => format!("{name} (its key is not there)"),
                Err(error) => format!("{name} ({error})"),
            },
        };
        self.providers.keys().map(words).collect()
    }

    fn entry(&self, name: &str) -> Result<Entry, Error> {
        if let Some(entry) = self.providers.get(name) {
            return Ok(entry.clone());
        }
        let is_preset = PRESETS.iter().any(|preset| preset.name == name);
        is_preset.then(Entry::default).ok_or_else(|| {
            let own = self.providers.keys().cloned();
            let known = own.chain(PRESETS.iter().map(|preset| preset.name.to_string())).collect();
            Error::Unknown { name: name.into(), known }
        })
    }
}

impl Entry {
    fn problems(&self, name: &str) -> Vec<String> {
        let mut problems = Vec::new();
        let mut check = |ok: bool, key: &str, expected: &str| {
            if !ok {
                problems.push(format!("`providers.{name}.{key}`: expected {expected}"));
            }
        };
        let known = self.url.is_some() || PRESETS.iter().any(|preset| preset.name == name);
        check(known, "url", "an address, such as \"https://HOST/v1\"");
        check(self.key_env.is_none() || self.key_file.is_none(), "key_file", "one of `key_env` and it");
        let is_name = |name: &str| {
            let mut bytes = name.bytes();
            bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
                && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        check(self.key_env.as_deref().is_none_or(is_name), "key_env", "the name of a variable, not the key itself");
        let Limits { connect_secs, silence_secs, whole_secs, attempts, backoff_secs } = self.limits;
        for (key, secs) in [
            ("limits.connect_secs", connect_secs),
            ("limits.silence_secs", silence_secs),
            ("limits.whole_secs", whole_secs),
            ("limits.backoff_secs", backoff_secs),
        ] {
            check(secs > 0.0 && secs <= 86_400.0, key, "seconds above 0 and at most 86400");
        }
        check((1..=20).contains(&attempts), "limits.attempts", "a whole number from 1 to 20");
        check(self.price.is_none_or(|price| price.is_sound()), "price", "dollars a million tokens, at least 0");
        problems
    }
}

/// A message without the text that it says was found in a value's place.
fn without_strings(message: &str) -> String {
    match (message.find("string \""), message.rfind('"')) {
        (Some(from), Some(to)) if to > from + 8 => format!("{}a string{}", &message[..from], &message[to + 1..]),
        _ => message.to_string(),
    }
}

/// What a server is usually asked at, where only the server was named.
fn with_version(place: &str) -> String {
    let place = place.trim_end_matches('/');
    let is_bare = place.split_once("://").is_some_and(|(_, rest)| !rest.contains('/'));
    if is_bare { format!("{place}/v1") } else { place.to_string() }
}

/// An address to which a key may go: encrypted, or on this machine.
fn address(text: &str) -> Result<Url, Error> {
    // It may hold what is to stay secret: it is told without.
    let wrong = |expected| {
        let shown = Url::parse(text).ok().map(|url| format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()));
        Error::Url { url: shown.unwrap_or_else(|| text.chars().take(80).collect()), expected }
    };
    let url = Url::parse(text.trim_end_matches('/')).map_err(|_| wrong("an address such as https://HOST/v1"))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("no name, key or query in it: a key has its own place"));
    }
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(wrong("https, or http to this machine alone: what is sent over a network could be read there")),
        _ => Err(wrong("an address such as https://HOST/v1")),
    }
}

/// Whether it is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

impl Provider {
    pub fn is_on_this_machine(&self) -> bool {
        is_loopback(&self.url)
    }

    /// `gpt-4o-mini at api.openai.com`.
    pub fn in_words(&self) -> String {
        format!("{} at {}", self.model, self.url.host_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
[providers.openai]
model = "small"
price = { input = 0.15, output = 0.6, cached = 0.075 }

[providers.mine]
url = "https://models.example.org/v1/"
model = "a/b"
key_file = "/keys/mine"
stream = true
context_tokens = 32768
limits = { attempts = 2 }

[providers.elsewhere]
url = "http://127.0.0.1:9/v1"

[providers.anthropic]
url = "https://proxy.example.org/v1"
model = "m"
"#;

    #[test]
    fn a_key_that_was_written_into_the_file_is_not_repeated() {
        for (line, expected) in [
            ("key = \"sk-secret-0123\"", "line 3: unknown field `key`"),
            ("key_env = \"sk-secret-0123\"", "`providers.mine.key_env`: expected the name of a variable"),
            ("stream = \"sk-secret-0123\"", "line 3: invalid type: a string"),
            ("key_env = sk-secret-0123", "line 3"),
        ] {
            let text = format!("[providers.mine]\nurl = \"https://models.example.org/v1\"\n{line}\n");
            let told = ConfigFile::parse(&text, "llm.toml").map(drop).expect_err(line).to_string();
            assert!(told.contains(expected) && !told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn providers_by_name_or_address() {
        let file = ConfigFile::parse(FILE, "llm.toml").expect("parsed");
        let variable = |name: &str, is_needed| KeySource::Variable { name: name.into(), is_needed };
        let check = |wanted: &str, url: &str, model: &str, dialect: Dialect, key: KeySource, price: Option<f64>| {
            let found = file.provider(wanted).unwrap_or_else(|e| panic!("{wanted}: {e}"));
            let found = (found.url.as_str().to_string(), found.model, found.dialect, found.key, found.price.map(|p| p.input));
            assert_eq!(found, (url.to_string(), model.to_string(), dialect, key, price), "{wanted}");
        };
        use Dialect::{Anthropic, Openai};
        check("openai", "https://api.openai.com/v1", "small", Openai, variable("OPENAI_API_KEY", true), Some(0.15));
        check("openai#large", "https://api.openai.com/v1", "large", Openai, variable("OPENAI_API_KEY", true), Some(0.15));
        check("mine", "https://models.example.org/v1", "a/b", Openai, KeySource::File("/keys/mine".into()), None);
        check("ollama#qwen3:8b", "http://127.0.0.1:11434/v1", "qwen3:8b", Openai, KeySource::Nowhere, Some(0.0));
        check("llama.cpp", "http://127.0.0.1:8080/v1", "default", Openai, KeySource::Nowhere, Some(0.0));
        // A preset's key does not go to another host.
        check("anthropic", "https://proxy.example.org/v1", "m", Anthropic, KeySource::Nowhere, None);
        check("http://[::1]:80#m", "http://[::1]/v1", "m", Openai, variable("TALLOW_LLM_KEY", false), Some(0.0));
        check("https://a.example/x/y/#m", "https://a.example/x/y", "m", Openai, variable("TALLOW_LLM_KEY", false), None);
    }

    #[test]
    fn keys_are_told_of_and_not_shown() {
        let file = ConfigFile::parse(FILE, "llm.toml").expect("parsed");
        let told = file.in_words(&|name| (name == "OPENAI_API_KEY").then(|| "sk-secret".into()));
        assert!(told.contains(&"openai (with its key)".to_string()), "{told:?}");
        assert!(told.contains(&"elsewhere (without a key)".to_string()), "{told:?}");
        let words = "the key of `mine` cannot be used: `/keys/mine`";
        assert!(told.len() == 4 && told.iter().any(|told| told.contains(words)), "{told:?}");
        assert!(!told.concat().contains("secret"));
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        let file = ConfigFile::parse(FILE, "llm.toml").expect("parsed");
        let check = |wanted: &str, words: &str| {
            let message = file.provider(wanted).map_or_else(|e| e.to_string(), |found| format!("{found:?}"));
            assert!(message.contains(words), "{wanted}: {message}");
        };
        check("nobody", "no language model is called `nobody`: expected one of anthropic, elsewhere, mine, openai, openai,");
        check("vllm", "it names no model: expected `vllm#MODEL`");
        check("elsewhere", "it names no model");
        check("http://example.org#m", "expected https, or http to this machine alone");
        check("http://127.0.0.1.example.org#m", "expected https, or http to this machine alone");
        check("http://127.0.0.1@example.org#m", "expected no name, key or query in it");
        check("https://user:secret@example.org/v1#m", "`https://example.org` cannot be a language model's address");
        check("https://example.org/v1?key=secret#m", "`https://example.org` cannot be");
        check("ftp://example.org/v1#m", "expected an address such as https://HOST/v1");
    }

    #[test]
    fn mistakes_in_the_file_are_told() {
        let check = |text: &str, words: &str| {
            let message = ConfigFile::parse(text, "llm.toml").map_or_else(|e| e.to_string(), |_| String::new());
            assert!(message.starts_with("`llm.toml` cannot be used: ") && message.contains(words), "{message}");
        };
        check("[providers.a]\nmodel = \"m\"", "`providers.a.url`: expected an address");
        check("[providers.openai]\nkey = \"sk-1\"", "unknown field `key`");
        check(
            "[providers.openai]\nlimits = { attempts = 0, whole_secs = -1.0 }",
            "attempts`: expected a whole number from 1 to 20",
        );
        check("[providers.openai]\nprice = { input = -1.0, output = 1.0 }", "`providers.openai.price`: expected dollars");
        check("[providers.openai]\nkey_env = \"A\"\nkey_file = \"b\"", "expected one of `key_env` and it");
        check("x", "line 1");
    }
}
