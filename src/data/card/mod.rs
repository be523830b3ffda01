//! The front matter of a README.md: licence, configurations and their files, class names.

mod front;
mod scalar;
mod yaml;

use super::hub::{self, Repo};
use super::{Error, Result};
use crate::plan::OwnTerms;
use front::Front;
use std::io::ErrorKind;
use yaml::Yaml;

/// What a card says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// Verbatim; none where the card says nothing.
    pub license: Option<String>,
    /// What it says of a licence of its own.
    pub terms: Option<OwnTerms>,
    /// Whether it says what one agrees to before access is given.
    pub is_gated: bool,
    /// The languages of the data, by their codes, as far as it says them.
    pub languages: Vec<String>,
    /// Of a model: what it was trained on, by ids or names.
    pub trained_on: Vec<String>,
    pub configs: Vec<Config>,
    /// Class names a configuration: (configuration, column, names). The configuration is none where the data set has only one.
    class_names: Vec<(Option<String>, String, Vec<String>)>,
    /// Examples of a split a configuration, told as class names are.
    sizes: Vec<(Option<String>, String, u64)>,
    /// What whoever uses it should know.
    pub notes: Vec<String>,
}

/// A configuration of a data set: which files make up which split.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    pub name: String,
    pub default: bool,
    /// (split, globs), in the card's order.
    pub splits: Vec<(String, Vec<String>)>,
}

/// Keys by which a card words the question for access.
const GATE: [&str; 5] =
    ["extra_gated_prompt", "extra_gated_heading", "extra_gated_description", "extra_gated_fields", "extra_gated_button_content"];

impl Card {
    /// That of a repository; one without a README says nothing but whether access must be asked for.
    ///
    /// # Errors
    /// As [`Card::parse`].
    pub fn of(repo: &Repo) -> Result<Self> {
        let (readme, notes) = match repo.read_text("README.md") {
            // In whatever letters the rest is written, keys and licences are ASCII.
            Err(hub::Error::Disk { path, source, .. }) if source.kind() == ErrorKind::InvalidData => {
                let bytes = std::fs::read(&path).map_err(|source| Error::Io { action: "read", path, source })?;
                let note = "`README.md` is no UTF-8: what of its front matter is ASCII is read";
                (Some(String::from_utf8_lossy(&bytes).into_owned()), vec![note.to_string()])
            }
            readme => (readme?, Vec::new()),
        };
        let card = match readme {
            Some(readme) => Card::parse(&repo.in_words(), &readme)?,
            None => Card::default(),
        };
        Ok(Card { is_gated: card.is_gated || repo.is_gated(), notes, ..card })
    }

    /// Reads the front matter of a README; one without front matter says nothing.
    ///
    /// # Errors
    /// What stands under the keys that are read is no YAML, or `configs` is not what it should be. `place` says whose card it is.
    pub fn parse(place: &str, readme: &str) -> Result<Self> {
        let Some(front) = Front::of(readme) else { return Ok(Card::default()) };
        let broken = |line: usize, what: String| Error::Card { place: place.to_string(), line: line + front.first_line, what };
        let root = yaml::parse(&front.text).map_err(|e| broken(e.line, e.what))?;
        let license = root.get("license").and_then(license_of);
        let text = |key: &str| root.get(key).and_then(Yaml::text).map(str::to_string).filter(|text| !text.is_empty());
        let terms = OwnTerms { name: text("license_name"), link: text("license_link") };
        let terms = Some(terms).filter(|terms| terms.name.is_some() || terms.link.is_some());
        let configs = match root.get("configs") {
            None | Some(Yaml::Null) => Vec::new(),
            Some(Yaml::List(items)) => items.iter().map(config_of).collect::<Result<_, _>>().map_err(|what| broken(0, what))?,
            Some(other) => return Err(broken(0, format!("`configs`: expected a list, found {}", other.in_words()))),
        };
        let is_gated = GATE.iter().any(|key| front.keys.iter().any(|known| known == key));
        let info = infos(root.get("dataset_info"));
        let languages = root.get("language").map(languages_of).unwrap_or_default();
        // Beside all else: a model is one wherever it was trained, and whoever says so in no YAML says nothing.
        let beside = Front::under(readme, &["datasets"]).and_then(|front| yaml::parse(&front.text).ok());
        let trained_on = beside.as_ref().and_then(|root| root.get("datasets")).map(texts_of).unwrap_or_default();
        let (class_names, sizes) = (class_names_of(&info), sizes_of(&info));
        Ok(Card { license, terms, is_gated, languages, trained_on, configs, class_names, sizes, notes: Vec::new() })
    }

    /// Class names of a column in a configuration.
    pub fn class_names(&self, config: Option<&str>, column: &str) -> Option<&[String]> {
        self.class_names.iter().find(|(of, name, _)| name == column && fits(of, config)).map(|(_, _, names)| names.as_slice())
    }

    /// How many examples a split of a configuration has; none where the card does not say, or does not say of which.
    pub fn examples(&self, config: Option<&str>, split: &str) -> Option<u64> {
        let is_one = self.sizes.iter().all(|(of, ..)| of == &self.sizes[0].0);
        let fits = |of: &Option<String>| of.is_none() || of.as_deref() == config || (config.is_none() && is_one);
        self.sizes.iter().find(|(of, name, _)| name == split && fits(of)).map(|(.., examples)| *examples)
    }

    /// The columns of a configuration that have class names.
    pub fn class_columns(&self, config: Option<&str>) -> Vec<&str> {
        self.class_names.iter().filter(|(of, _, _)| fits(of, config)).map(|(_, name, _)| name.as_str()).collect()
    }
}

/// What is said of no configuration in particular holds for all.
fn fits(of: &Option<String>, config: Option<&str>) -> bool {
    of.is_none() || config.is_none() || of.as_deref() == config
}

/// One licence, or several joined by a comma.
fn license_of(value: &Yaml) -> Option<String> {
    match value {
        Yaml::Text(text) if !text.is_empty() => Some(text.clone()),
        Yaml::List(items) => {
            let names: Vec<&str> = items.iter().filter_map(Yaml::text).collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        _ => None,
    }
}

/// One language, or several; what is no code of one (`multilingual`, `code`, a note in words) says nothing.
fn languages_of(value: &Yaml) -> Vec<String> {
    let is_code = |code: &&str| {
        let mut parts = code.split('-');
        let first = parts.next().unwrap_or_default();
        (2..=3).contains(&first.len())
            && first.bytes().all(|b| b.is_ascii_lowercase())
            && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    let said = texts_of(value);
    let mut found: Vec<String> = Vec::new();
    for code in said.iter().map(|text| text.trim()).filter(is_code) {
        if !found.iter().any(|known| known == code) {
            found.push(code.into());
        }
    }
    found
}

/// One text, or those of a list.
fn texts_of(value: &Yaml) -> Vec<String> {
    match value {
        Yaml::Text(text) => vec![text.clone()],
        Yaml::List(items) => items.iter().filter_map(Yaml::text).map(str::to_string).collect(),
        Yaml::Null | Yaml::Map(_) => Vec::new(),
    }
}

fn config_of(item: &Yaml) -> Result<Config, String> {
    let name = item.get("config_name").and_then(Yaml::text).ok_or("an entry of `configs` has no `config_name`")?.to_string();
    let default = item.get("default").and_then(Yaml::text) == Some("true");
    let globs = |value: &Yaml| -> Result<Vec<String>, String> {
        match value {
            Yaml::Text(glob) => Ok(vec![glob.clone()]),
            Yaml::List(globs) => {
                globs.iter().map(|g| g.text().map(str::to_string).ok_or("a path is no text".to_string())).collect()
            }
            other => Err(format!("`data_files` of `{name}`: expected a path or a list of paths, found {}", other.in_words())),
        }
    };
    let data_dir = item.get("data_dir").and_then(Yaml::text).map(|d| d.trim_end_matches('/').to_string());
    let mut splits: Vec<(String, Vec<String>)> = Vec::new();
    match item.get("data_files") {
        None | Some(Yaml::Null) => {
            if let Some(dir) = &data_dir {
                splits.push((String::new(), vec![format!("{dir}/**")]));
            }
        }
        Some(Yaml::List(entries)) if entries.iter().all(|e| matches!(e, Yaml::Map(_))) => {
            for entry in entries {
                let split = entry.get("split").and_then(Yaml::text).unwrap_or("train").to_string();
                let path = entry.get("path").ok_or(format!("a split of `{name}` has no `path`"))?;
                splits.push((split, globs(path)?));
            }
        }
        Some(Yaml::Map(entries)) => {
            for (split, path) in entries {
                splits.push((split.clone(), globs(path)?));
            }
        }
        Some(other) => splits.push(("train".into(), globs(other)?)),
    }
    Ok(Config { name, default, splits })
}

/// `dataset_info` is one entry, or a list of them with `config_name`.
fn infos(info: Option<&Yaml>) -> Vec<(Option<String>, &Yaml)> {
    let entries: Vec<&Yaml> = match info {
        Some(Yaml::List(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let config = |entry: &Yaml| entry.get("config_name").and_then(Yaml::text).map(str::to_string);
    entries.into_iter().map(|entry| (config(entry), entry)).collect()
}

fn sizes_of(infos: &[(Option<String>, &Yaml)]) -> Vec<(Option<String>, String, u64)> {
    let mut found = Vec::new();
    for (config, entry) in infos {
        let Some(Yaml::List(splits)) = entry.get("splits") else { continue };
        let size = |split: &Yaml| {
            let text = |key| split.get(key).and_then(Yaml::text);
            Some((config.clone(), text("name")?.to_string(), text("num_examples")?.parse().ok()?))
        };
        found.extend(splits.iter().filter_map(size));
    }
    found
}

fn class_names_of(infos: &[(Option<String>, &Yaml)]) -> Vec<(Option<String>, String, Vec<String>)> {
    let mut found = Vec::new();
    for (config, entry) in infos {
        let Some(Yaml::List(features)) = entry.get("features") else { continue };
        for feature in features {
            let Some(column) = feature.get("name").and_then(Yaml::text) else { continue };
            // Of lists the classes are those of what is in them.
            let within = ["dtype", "sequence", "list"].into_iter().find_map(|of| feature.get(of)?.get("class_label"));
            let label = within.or_else(|| feature.get("class_label"));
            let names: Vec<String> = match label.and_then(|l| l.get("names")) {
                Some(Yaml::Map(names)) => names.iter().filter_map(|(_, name)| name.text().map(str::to_string)).collect(),
                Some(Yaml::List(names)) => names.iter().filter_map(|name| name.text().map(str::to_string)).collect(),
                _ => continue,
            };
            found.push((config.clone(), column.to_string(), names));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = "---
license:
- cc-by-4.0
- other # as the source says
pretty_name: 'A: set'
language:
- en
- zh-Hant
- 'no'
- en
- multilingual
dataset_info:
- config_name: a
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': no
          '1': yes, indeed
  - name: tags
    sequence:
      class_label:
        names:
          '0': O
          '1': B-PER
  - name: topics
    list:
      class_label:
        names: [sport, war]
  splits:
  - name: train
    num_bytes: 12345
    num_examples: 120
  - name: test
    num_examples: many
configs:
- config_name: a
  default: true
  data_files:
  - split: train
    path: a/train-*
  - split: test
    path: [a/test-0*, \"a/test-1*\"]
- config_name: b
  data_files: b.csv
---
# Title
--- not this
";

    /// As PyYAML writes a licence and the question for access, in the manner of Llama 3.1.
    const GATED: &str = r####"---
language:
- en
- de
pipeline_tag: text-generation
license: llama3.1
extra_gated_prompt: "### LLAMA 3.1 COMMUNITY LICENSE AGREEMENT\nLlama 3.1 Version\
  \ Release Date: July 23, 2024\n\"Agreement\" means the terms and conditions # for\
  \ use: \x41ll of it."
extra_gated_fields:
  First Name: text
  Job title:
    type: select
    options:
    - Student
    - Other
  geo: ip_location
  ? By clicking Submit below I accept the terms of the license and acknowledge that
    the information I provide will be collected
  : checkbox
extra_gated_description: The information you provide will be collected, stored, processed
  and shared in accordance with the [Meta Privacy Policy](https://www.facebook.com/privacy/policy/).
extra_gated_button_content: Submit
library: !!python/none &id001 *id002
---
# Title
"####;

    #[test]
    fn a_card_is_read() {
        let card = Card::parse("x", CARD).expect("a card");
        assert_eq!(card.license.as_deref(), Some("cc-by-4.0, other"));
        assert_eq!(card.languages, ["en", "zh-Hant", "no"]);
        assert_eq!(Card::parse("x", "---\nlanguage: de\n---\n").expect("a card").languages, ["de"]);
        assert_eq!(card.configs.len(), 2);
        assert!(card.configs[0].default);
        assert_eq!(card.configs[0].splits[1], ("test".into(), vec!["a/test-0*".into(), "a/test-1*".into()]));
        assert_eq!(card.configs[1].splits, [("train".into(), vec!["b.csv".into()])]);
        assert_eq!(card.class_names(Some("a"), "label").expect("names"), ["no", "yes, indeed"]);
        assert_eq!(card.class_names(Some("b"), "label"), None);
        assert_eq!(card.class_names(Some("a"), "tags").expect("names of a list's"), ["O", "B-PER"]);
        assert_eq!(card.class_names(Some("a"), "topics").expect("names of a list's"), ["sport", "war"]);
        let examples = |config, split| card.examples(config, split);
        assert_eq!((examples(Some("a"), "train"), examples(None, "train")), (Some(120), Some(120)));
        assert_eq!((examples(Some("b"), "train"), examples(Some("a"), "test")), (None, None));
        assert_eq!(card.terms, None);
        let own = "---\nlicense: other\nlicense_name: own-research\nlicense_link: LICENSE\n---\n";
        let (name, link) = (Some("own-research".into()), Some("LICENSE".into()));
        assert_eq!(Card::parse("x", own).expect("a card").terms, Some(OwnTerms { name, link }));
    }

    #[test]
    fn a_readme_without_front_matter_says_nothing() {
        for text in ["# Title\n", "", "---\nnever: closed\n"] {
            assert_eq!(Card::parse("x", text).expect("fine"), Card::default());
        }
    }

    #[test]
    fn what_nobody_reads_of_a_card_may_be_anything() {
        let card = Card::parse("x", GATED).expect("a card");
        assert_eq!((card.license.as_deref(), card.is_gated), (Some("llama3.1"), true));
        assert_eq!(card.languages, ["en", "de"]);
        assert!(!Card::parse("x", "---\nlicense: mit\nextra: [\n---\n").expect("a card").is_gated);
    }

    #[test]
    fn a_readme_in_other_letters_is_read_as_far_as_it_can_be() {
        let dir = tempfile::tempdir().expect("a folder");
        let readme = b"---\nlicense: mit\npretty_name: Caf\xe9\n---\nCaf\xe9\n";
        std::fs::write(dir.path().join("README.md"), readme).expect("written");
        let repo = Repo::at_folder(hub::Kind::Dataset, dir.path()).expect("a folder");
        let card = Card::of(&repo).expect("a card");
        assert_eq!(card.license.as_deref(), Some("mit"));
        assert!(card.notes[0].contains("`README.md` is no UTF-8"), "{:?}", card.notes);
    }

    #[test]
    fn broken_front_matter_names_the_line() {
        let error = Card::parse("the set `x`", "---\nlicense: mit\nconfigs: [a\n---\n").expect_err("broken");
        assert!(matches!(error, Error::Card { line: 3, .. }), "{error}");
        let error = Card::parse("x", "---\nconfigs: much\n---\n").expect_err("broken");
        assert!(error.to_string().contains("expected a list, found the text `much`"), "{error}");
    }
}
