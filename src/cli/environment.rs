//! The one module that reads environment variables.

use crate::data::hub::{HubConfig, Secret};
use crate::report::Style;
use crate::words::{address, clean};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

/// The environment variables that Tallow honours, and what each is for. `tallow doctor` prints those that are set.
pub const VARIABLES: [(&str, &str); 16] = [
    ("HF_ENDPOINT", "the Hub's address"),
    ("HF_HOME", "the Hub's cache (its `hub/` folder)"),
    ("HF_HUB_CACHE", "the Hub's cache, if it lies elsewhere"),
    ("HF_TOKEN", "token for private or gated repositories; sent to the Hub's host alone"),
    ("HF_TOKEN_PATH", "the file that holds that token; default: `token` in HF_HOME"),
    ("HF_HUB_OFFLINE", "1: the network is never touched"),
    ("TALLOW_HUB", "a local folder in the Hub's layout, used instead of the Hub"),
    ("TALLOW_RUNS", "where runs are kept; default: `runs` in the current folder"),
    ("TALLOW_ARXIV", "arXiv's address, for a mirror; default: https://arxiv.org"),
    ("TALLOW_CACHE", "cache for papers; default: `tallow` in the user's cache folder"),
    ("TALLOW_LLM_CONFIG", "language models to ask; default: `tallow/llm.toml` in the user's folder of configurations"),
    ("TALLOW_PRICES", "what an hour of machines costs; default: `tallow/prices.toml` in the user's folder of configurations"),
    ("TALLOW_LLM_KEY", "key for a language model that `--llm` names by its address; sent to that host alone"),
    ("TALLOW_SCRIPT_IMAGE", "the image that scripts run in; default: `tallow-python`"),
    ("DOCKER_HOST", "where the container engine of scripts listens"),
    ("NO_COLOR", "plain output"),
];

/// What the environment says, read once.
#[derive(Debug, Clone)]
pub struct Environment {
    pub endpoint: String,
    pub hub_cache: PathBuf,
    pub token: Option<Secret>,
    pub offline: bool,
    pub local_hub: Option<PathBuf>,
    pub runs: PathBuf,
    pub cache: PathBuf,
    pub arxiv: Option<String>,
    pub color: bool,
    pub script_image: Option<String>,
    pub docker_host: Option<String>,
    pub llm_config: Configured,
    pub prices: Configured,
    /// Where programs are looked for.
    pub path: Option<OsString>,
}

/// Where a file of the user's lies.
#[derive(Debug, Clone)]
pub struct Configured {
    pub path: PathBuf,
    /// Somebody named it: then it has to be there.
    pub is_named: bool,
}

/// A variable whose name the configuration of a language model holds: that of its key.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Those that hold a secret, which is not shown.
const SECRETS: [&str; 2] = ["HF_TOKEN", "TALLOW_LLM_KEY"];

/// Those of [`VARIABLES`] that are set, each with what it holds and what that is for.
pub fn set() -> Vec<(String, String)> {
    set_in(&variable)
}

/// As [`set`], of any source of variables.
fn set_in(var: &dyn Fn(&str) -> Option<OsString>) -> Vec<(String, String)> {
    let shown = |name: &str, purpose: &str, value: String| {
        let purpose = purpose.split("; default").next().unwrap_or_default();
        match name {
            "HF_HUB_OFFLINE" if is_true(&value) => format!("{}: the network is never touched", clean(&value)),
            "HF_HUB_OFFLINE" => format!("{}: the network may be used", clean(&value)),
            name if SECRETS.contains(&name) => format!("it is set: {purpose}"),
            // It may hold a name and a password.
            _ if value.contains("://") => format!("{}: {purpose}", clean(&address(&value))),
            _ => format!("{}: {purpose}", clean(&value)),
        }
    };
    let held = |(name, purpose): (&str, &str)| {
        let value = var(name)?.to_string_lossy().into_owned();
        Some((name.to_string(), shown(name, purpose, value)))
    };
    VARIABLES.into_iter().filter_map(held).collect()
}

/// Whether a variable says yes.
fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
}

impl Environment {
    /// Reads this process's environment.
    pub fn read() -> Self {
        Self::from(&variable)
    }

    /// As [`Environment::read`], of any source of variables.
    pub fn from(var: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| var(name).map(|v| v.to_string_lossy().into_owned());
        let path = |name: &str| var(name).map(PathBuf::from);
        let home = path("HOME").unwrap_or_else(|| PathBuf::from("."));
        let caches = path("XDG_CACHE_HOME").unwrap_or_else(|| home.join(".cache"));
        let hf_home = path("HF_HOME").unwrap_or_else(|| caches.join("huggingface"));
        let stored_token = || std::fs::read_to_string(path("HF_TOKEN_PATH").unwrap_or_else(|| hf_home.join("token"))).ok();
        let configured = |name: &str, usual: &str| Configured {
            path: path(name).unwrap_or_else(|| path("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join(usual)),
            is_named: var(name).is_some(),
        };
        Environment {
            endpoint: text("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".into()).trim_end_matches('/').into(),
            hub_cache: path("HF_HUB_CACHE").unwrap_or_else(|| hf_home.join("hub")),
            token: text("HF_TOKEN")
                .or_else(stored_token)
                .map(|t| t.trim().to_string())
                .filter(|t| !t.is_empty())
                .map(Secret::new),
            offline: text("HF_HUB_OFFLINE").is_some_and(|value| is_true(&value)),
            local_hub: path("TALLOW_HUB"),
            runs: path("TALLOW_RUNS").unwrap_or_else(|| PathBuf::from("runs")),
            cache: path("TALLOW_CACHE").unwrap_or_else(|| caches.join("tallow")),
            arxiv: text("TALLOW_ARXIV"),
            color: var("NO_COLOR").is_none(),
            script_image: text("TALLOW_SCRIPT_IMAGE"),
            docker_host: text("DOCKER_HOST"),
            llm_config: configured("TALLOW_LLM_CONFIG", "tallow/llm.toml"),
            prices: configured("TALLOW_PRICES", "tallow/prices.toml"),
            path: var("PATH"),
        }
    }

    /// How what goes there is shown: in colour on a terminal, where nobody asked for plain output.
    pub(super) fn style(&self, to: &impl IsTerminal) -> Style {
        if self.color && to.is_terminal() { Style::Color } else { Style::Plain }
    }

    /// How the Hub is reached; the command line's own words come first.
    pub fn hub(&self, local: Option<PathBuf>, offline: bool) -> HubConfig {
        HubConfig {
            endpoint: self.endpoint.clone(),
            cache_dir: self.hub_cache.clone(),
            token: self.token.clone(),
            offline: offline || self.offline,
            local: local.or_else(|| self.local_hub.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_honoured() {
        let set = |name: &str| {
            let value = match name {
                "HOME" => "/home/a",
                "HF_ENDPOINT" => "http://127.0.0.1:1/",
                "HF_HUB_OFFLINE" => "True",
                "HF_TOKEN" => " secret\n",
                _ => return None,
            };
            Some(OsString::from(value))
        };
        let e = Environment::from(&set);
        assert_eq!(e.endpoint, "http://127.0.0.1:1");
        assert!(e.offline);
        assert_eq!(e.hub_cache, PathBuf::from("/home/a/.cache/huggingface/hub"));
        assert!(!format!("{e:?}").contains("secret"), "the token must not print");
    }

    #[test]
    fn what_is_set_is_shown_with_what_it_holds_but_for_secrets() {
        let set = |name: &str| {
            let value = match name {
                "HF_HUB_OFFLINE" => "0",
                "HF_TOKEN" | "TALLOW_LLM_KEY" => "secret",
                "HF_ENDPOINT" => "https://ada:secret@mirror.example.org/hub",
                "TALLOW_RUNS" => "/data/runs",
                _ => return None,
            };
            Some(OsString::from(value))
        };
        let shown = set_in(&set);
        let of = |wanted: &str| shown.iter().find(|(name, _)| name == wanted).map(|(_, shown)| shown.as_str());
        assert_eq!(of("HF_HUB_OFFLINE"), Some("0: the network may be used"));
        assert_eq!(of("TALLOW_RUNS"), Some("/data/runs: where runs are kept"));
        assert_eq!(of("HF_ENDPOINT"), Some("https://mirror.example.org/hub: the Hub's address"));
        assert!(shown.len() == 5 && !format!("{shown:?}").contains("secret"), "{shown:?}");
    }
}
