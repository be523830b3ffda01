//! The one module that reads environment variables.

use crate::data::hub::{HubConfig, Secret};
use std::ffi::OsString;
use std::path::PathBuf;

/// The environment variables that Tallow honours, and what each is for. `tallow doctor` prints those that are set.
pub const VARIABLES: [(&str, &str); 16] = [
    ("HF_ENDPOINT", "the Hub's address"),
    ("HF_HOME", "the Hub's cache (its `hub/` folder)"),
    ("HF_HUB_CACHE", "the Hub's cache, if it lies elsewhere"),
    ("HF_TOKEN", "token for private or gated repositories; sent to the Hub's host alone"),
    ("HF_TOKEN_PATH", "the file that holds that token; default: `token` in HF_HOME"),
    ("HF_HUB_OFFLINE", "1: never touch the network"),
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

/// Those of [`VARIABLES`] that are set, with what each is for: what they hold may be a secret.
pub fn set() -> Vec<(String, String)> {
    let set = VARIABLES.into_iter().filter(|(name, _)| variable(name).is_some());
    set.map(|(name, purpose)| (name.to_string(), purpose.to_string())).collect()
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
        let truthy = |value: String| matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on");
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
            offline: text("HF_HUB_OFFLINE").is_some_and(truthy),
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
}
