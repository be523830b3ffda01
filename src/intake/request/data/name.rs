//! Names of data and models, as the command line and requests have them.

use crate::data::GENERATED;
use crate::intake::regex;
use crate::intake::request::Lying;
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::LazyLock;

/// Data that somebody names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DataName {
    /// By the name that papers use: `SST-2`.
    Known {
        name: String,
    },
    /// `nyu-mll/glue`, with a configuration where one was said (`nyu-mll/glue:sst2`).
    Hub {
        id: String,
        config: Option<String>,
    },
    Local {
        path: PathBuf,
    },
    /// A file of the web.
    Url {
        url: String,
    },
    /// One that Tallow makes itself.
    Generated {
        name: String,
    },
}

/// A model that somebody names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelName {
    /// A family or one of its sizes, as people call it, in lower case with hyphens: `bert`, `bert-base`, `resnet-20`.
    Called { name: String },
    /// A model of the Hub or a folder.
    At { id: String },
}

impl DataName {
    /// What `--data` names: a known data set, a generated one, a path or a Hub id. `lying` tells what is at a path, none where nothing
    /// is: a path that reads like an id, and leads somewhere, is a path.
    pub fn parse(text: &str, lying: impl Fn(&str) -> Option<Lying>) -> DataName {
        let text = text.trim();
        if let Some(known) = crate::data::find_known(text) {
            return DataName::Known { name: known.name.into() };
        }
        if GENERATED.contains(&text) {
            return DataName::Generated { name: text.into() };
        }
        if is_url(text) {
            return DataName::Url { url: text.into() };
        }
        match hub_id(text) {
            Some((id, config)) if !looks_like_path(text) && lying(text).is_none() => DataName::Hub { id, config },
            _ => DataName::Local { path: text.into() },
        }
    }
}

impl ModelName {
    /// What `--model` names. `lying` tells what is at a path: a folder of a model is one whatever it is called, and so is a file of weights.
    pub fn parse(text: &str, lying: impl Fn(&str) -> Option<Lying>) -> ModelName {
        const WEIGHTS: [&str; 5] = [".gguf", ".safetensors", ".pth", ".pt", ".th"];
        let text = text.trim();
        let is_file = || WEIGHTS.iter().any(|ending| text.to_lowercase().ends_with(ending));
        if lying(text).is_some_and(|lying| lying == Lying::Model || is_file()) {
            return ModelName::At { id: text.into() };
        }
        match ModelName::called(text) {
            // No id and no name has two slashes.
            ModelName::Called { .. } if looks_like_path(text) || hub_id(text).is_some() || text.matches('/').count() > 1 => {
                ModelName::At { id: text.into() }
            }
            named => named,
        }
    }

    /// What people call so: a single public model, or a family.
    pub(crate) fn called(text: &str) -> ModelName {
        let name = text.trim().to_lowercase().replace([' ', '_'], "-");
        // "A small BERT".
        let is_size = |word: &&str| ["tiny", "mini", "small", "medium", "base", "large"].contains(word);
        let name = name.strip_suffix("-bert").filter(is_size).map(|size| format!("bert-{size}")).unwrap_or(name);
        match crate::data::public_id(&name) {
            Some(id) => ModelName::At { id: id.into() },
            // All of the kind lie in one place.
            None if name.starts_with("opus-mt-") => ModelName::At { id: format!("Helsinki-NLP/{name}") },
            None => ModelName::Called { name },
        }
    }
}

static HUB_ID: LazyLock<Regex> = LazyLock::new(|| regex(r"^([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?::([\w.-]+))?$"));

/// `ORG/NAME`, with `:CONFIG` where it is a data set's; `config/train.py` is a program.
pub(crate) fn hub_id(word: &str) -> Option<(String, Option<String>)> {
    const PROGRAMS: [&str; 8] = [".py", ".ipynb", ".sh", ".yaml", ".yml", ".toml", ".cfg", ".ini"];
    let found = HUB_ID.captures(word).filter(|_| !PROGRAMS.iter().any(|ending| word.to_lowercase().ends_with(ending)))?;
    Some((found[1].to_string(), found.get(2).map(|config| config.as_str().to_string())))
}

/// The id of an address of the Hub, and what it leads to: `https://huggingface.co/datasets/stanfordnlp/imdb`.
pub(crate) fn hub_page(word: &str) -> Option<(&str, Lying)> {
    static PAGE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^https?://(?:www\.)?(?:huggingface|hf)\.co/(?P<data>datasets/)?(?P<id>[a-z0-9][\w.-]*/[\w.-]+?)/?(?:[?#].*|/(?:tree|viewer)(?:/.*)?)?$",
        )
    });
    let found = PAGE.captures(word)?;
    let id = found.name("id")?.as_str();
    let is_other = ["spaces/", "docs/", "blog/", "papers/", "collections/", "datasets/", "models/"];
    let lying = if found.name("data").is_some() { Lying::Data } else { Lying::Model };
    (!is_other.iter().any(|start| id.starts_with(start))).then_some((id, lying))
}

/// A file of a table or a text, by its ending.
pub(crate) fn is_data_file(word: &str) -> bool {
    is_table(word) || crate::data::holds_text(place_of(word))
}

/// Of an address what leads to the file, without what asks for it: `https://x.org/a.csv?sig=b`.
fn place_of(word: &str) -> &str {
    let end = word.find(['?', '#']).filter(|_| is_url(word));
    end.map_or(word, |end| &word[..end])
}

/// An address of the web.
fn is_url(word: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| word.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// A file of a table, by its ending.
pub(crate) fn is_table(word: &str) -> bool {
    crate::data::holds_rows(place_of(word))
}

pub(crate) fn looks_like_path(word: &str) -> bool {
    is_data_file(word) || ["/", "~/", "./", "../"].iter().any(|start| word.len() > start.len() && word.starts_with(start))
}
