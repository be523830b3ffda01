//! What somebody asks for in ordinary words: `fine-tune BERT on SST-2, at most 30 minutes` -> [`Request`].
//!
//! Every phrase that is understood is cut out of the text. Words that are left and mean something are kept in
//! [`Request::not_understood`], so that nobody believes that they were followed.

use super::regex;
use crate::data::{GENERATED, Known, catalogue};
use crate::spec::Metric;
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::LazyLock;

/// What was asked, as far as it was said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// In the user's words.
    pub text: String,
    pub data: Option<DataName>,
    pub model: Option<ModelName>,
    /// "from scratch".
    #[serde(default)]
    pub from_scratch: bool,
    pub max_time_secs: Option<u64>,
    pub epochs: Option<f64>,
    pub steps: Option<u64>,
    pub batch_size: Option<usize>,
    pub lr: Option<f64>,
    pub max_seq_len: Option<usize>,
    pub max_examples: Option<usize>,
    #[serde(default)]
    pub seeds: Vec<u64>,
    pub metric: Option<Metric>,
    /// The value of the metric that is hoped for.
    pub target: Option<f64>,
    #[serde(default)]
    pub not_understood: Vec<String>,
}

/// Data that somebody names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DataName {
    /// By the name that papers use: `SST-2`.
    Known { name: String },
    /// `nyu-mll/glue`, with a configuration where one was said (`nyu-mll/glue:sst2`).
    Hub { id: String, config: Option<String> },
    Local { path: PathBuf },
    /// One that Tallow makes itself.
    Generated { name: String },
}

/// A model that somebody names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelName {
    /// A family or one of its sizes, as people call it: `bert`, `bert-base`, `resnet-20`.
    Called { name: String },
    /// A model of the Hub or a folder.
    At { id: String },
}

impl DataName {
    /// What `--data` names: a known data set, a Hub id, a path or a generated set.
    pub fn parse(text: &str) -> DataName {
        let text = text.trim();
        if let Some(known) = crate::data::find_known(text) {
            return DataName::Known { name: known.name.into() };
        }
        if GENERATED.contains(&text) {
            return DataName::Generated { name: text.into() };
        }
        match hub_id(text) {
            Some((id, config)) if !looks_like_path(text) => DataName::Hub { id, config },
            _ => DataName::Local { path: text.into() },
        }
    }
}

impl ModelName {
    /// What `--model` names.
    pub fn parse(text: &str) -> ModelName {
        let text = text.trim();
        if looks_like_path(text) || hub_id(text).is_some() {
            return ModelName::At { id: text.into() };
        }
        ModelName::Called { name: text.to_lowercase() }
    }
}

/// Understands `text`. Never fails: what cannot be understood is told.
pub fn parse_request(text: &str) -> Request {
    let mut request = Request { text: text.trim().to_string(), ..Request::default() };
    let mut rest = format!(" {} ", text.replace(['\n', '\t'], " "));
    // Names first: they may hold digits and words that mean something else elsewhere.
    names(&mut rest, &mut request);
    settings(&mut rest, &mut request);
    request.not_understood = left_over(&rest);
    request
}

static HUB_ID: LazyLock<Regex> = LazyLock::new(|| regex(r"^([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?::([\w.-]+))?$"));

/// `ORG/NAME`, with `:CONFIG` where it is a data set's.
fn hub_id(word: &str) -> Option<(String, Option<String>)> {
    let found = HUB_ID.captures(word)?;
    Some((found[1].to_string(), found.get(2).map(|config| config.as_str().to_string())))
}

fn looks_like_path(word: &str) -> bool {
    let table = [".csv", ".tsv", ".json", ".jsonl", ".parquet"].iter().any(|ending| word.to_lowercase().ends_with(ending));
    table || word.starts_with(['/', '.', '~'])
}

/// Data set and model: paths and ids, then names that are known.
fn names(rest: &mut String, request: &mut Request) {
    let words: Vec<String> = rest.split_whitespace().map(str::to_string).collect();
    for (i, raw) in words.iter().enumerate() {
        let word = raw.trim_matches(|c: char| matches!(c, ',' | ';' | '"' | '\'' | '`' | '(' | ')')).trim_end_matches('.');
        if !looks_like_path(word) && hub_id(word).is_none() {
            continue;
        }
        let before = i.checked_sub(1).map(|b| words[b].to_lowercase()).unwrap_or_default();
        let is_data = matches!(before.trim_end_matches(':'), "on" | "data" | "dataset" | "set" | "over" | "from" | "file" | "folder" | "my");
        let is_table = looks_like_path(word) && word.contains('.') && !word.starts_with('.') || crate::data::find_known(word).is_some();
        match is_data || is_table {
            true if request.data.is_none() => request.data = Some(DataName::parse(word)),
            false if request.model.is_none() => request.model = Some(ModelName::At { id: word.into() }),
            _ => continue,
        }
        *rest = rest.replacen(raw.as_str(), " ", 1);
    }
    if request.data.is_none() {
        request.data = known_data(rest);
    }
    if request.model.is_none() {
        request.model = cut(rest, &MODEL).map(|found| ModelName::Called { name: found[0].trim().to_lowercase().replace([' ', '_'], "-") });
    }
}

/// A data set of the catalogue or one that Tallow makes; the longest name wins.
fn known_data(rest: &mut String) -> Option<DataName> {
    let spelt = |name: &str| {
        let parts: Vec<String> = name.split(['-', '_', ' ']).map(regex::escape).collect();
        regex(&format!(r"(?i)(?:^|[^\w-])({})(?:[^\w-]|$)", parts.join(r"[-_ ]?")))
    };
    let known = |k: &'static Known| std::iter::once(k.name).chain(k.aliases.iter().copied()).map(move |name| (name, DataName::Known { name: k.name.into() }));
    let generated = GENERATED.iter().map(|name| (*name, DataName::Generated { name: name.to_string() }));
    let mut all: Vec<(&str, DataName)> = catalogue().iter().flat_map(known).chain(generated).collect();
    all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    all.into_iter().find_map(|(name, data)| {
        let place = spelt(name).captures(rest)?.get(1)?.range();
        rest.replace_range(place, " ");
        Some(data)
    })
}

static MODEL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:bert[-_ ]?(?:large|base|medium|small|mini|tiny)(?:[-_ ](?:un)?cased)?|bert|(?:all-)?minilm(?:[-_ ]?l\d+)?(?:[-_]h\d+)?(?:-v2)?|resnet[-_ ]?\d+|resnet|roberta(?:-\w+)?|distilbert|electra|albert|deberta|vit(?:[-_](?:ti|s|b|l|h|tiny|small|base|large|huge)\b[\w/-]*)?|gpt-?2(?:-\w+)?|llama[-\w.]*|t5(?:-\w+)?|qwen[-\w.]*|mistral|lstm|cnn|mlp|lora)\b",
    )
});

const NUMBER: &str = r"(\d+(?:[.,]\d+)*(?:e-?\d+)?k?)";
const COUNT_WORDS: [(&str, f64); 10] =
    [("one", 1.0), ("two", 2.0), ("three", 3.0), ("four", 4.0), ("five", 5.0), ("six", 6.0), ("eight", 8.0), ("ten", 10.0), ("a", 1.0), ("an", 1.0)];

/// `12`, `1,000`, `5k`, `5e-5`, `three`.
fn number(text: &str) -> Option<f64> {
    let text = text.trim().to_lowercase();
    if let Some((_, value)) = COUNT_WORDS.iter().find(|(word, _)| *word == text) {
        return Some(*value);
    }
    let (digits, thousands) = text.strip_suffix('k').map_or((text.as_str(), 1.0), |digits| (digits, 1000.0));
    digits.replace(',', "").parse::<f64>().ok().map(|value| value * thousands).filter(|value| value.is_finite())
}

/// The first match of `pattern`, cut out of `rest`.
fn cut(rest: &mut String, pattern: &Regex) -> Option<Vec<String>> {
    let found = pattern.captures(rest)?;
    let groups = found.iter().map(|group| group.map(|g| g.as_str().to_string()).unwrap_or_default()).collect();
    let place = found.get(0)?.range();
    rest.replace_range(place, " ");
    Some(groups)
}

/// Patterns of settings; `#` stands for a number, also in words.
struct Patterns {
    time: Regex,
    half_hour: Regex,
    epochs: Regex,
    steps: Regex,
    batch: Regex,
    lr: Regex,
    length: Regex,
    seeds: Regex,
    seed_list: Regex,
    examples: Regex,
    percent: Regex,
    share: Regex,
    metric: Regex,
    scratch: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let words: Vec<&str> = COUNT_WORDS.iter().map(|(word, _)| *word).collect();
    let any = format!(r"(\d+(?:[.,]\d+)*(?:e-?\d+)?k?|{})", words.join("|"));
    let p = |pattern: &str| regex(&format!("(?i){}", pattern.replace("##", &any).replace('#', NUMBER)));
    Patterns {
        time: p(r"\b##\s*-?\s*(h|hours?|hrs?|m|mins?|minutes?|s|secs?|seconds?)(?:\s*(?:and\s*)?#\s*(m|mins?|minutes?|s|secs?|seconds?))?\b"),
        half_hour: p(r"\bhalf an hour\b"),
        epochs: p(r"\b##\s*(?:epochs?|passes)\b"),
        steps: p(r"\b##\s*(?:training |optimi[sz]er )?steps\b"),
        batch: p(r"\bbatch(?:[ -]?size)?\s*(?:of|=|:)?\s*#\b"),
        lr: p(r"\b(?:learning[ -]rate|lr)\s*(?:of|=|:)?\s*#"),
        length: p(r"\b(?:max(?:imum)?[ -]?)?(?:sequence |seq )?(?:length|len)\s*(?:of|=|:)?\s*#\b"),
        seeds: p(r"\b##\s*seeds\b"),
        seed_list: p(r"\bseeds?\s*(?:=|:)?\s*(\d+(?:\s*(?:,|and)\s*\d+)*)\b"),
        examples: p(r"\b#\s*(?:training )?(?:examples|samples|rows|images|sentences|texts)\b"),
        percent: p(r"\b(\d+(?:\.\d+)?)\s*(?:%|percent\b)"),
        share: p(r"\b(0?\.\d+)\b"),
        metric: p(r"\b(accuracy|macro[- ]?f1|f1|matthews(?: correlation)?|mcc)\b"),
        scratch: p(r"\bfrom scratch\b"),
    }
});

fn settings(rest: &mut String, request: &mut Request) {
    let p = &*PATTERNS;
    let whole = |value: Option<f64>| value.filter(|v| *v >= 1.0 && *v < 1e12).map(|v| v as u64);
    request.from_scratch = cut(rest, &p.scratch).is_some();
    request.epochs = cut(rest, &p.epochs).and_then(|g| number(&g[1]));
    request.steps = whole(cut(rest, &p.steps).and_then(|g| number(&g[1])));
    request.batch_size = whole(cut(rest, &p.batch).and_then(|g| number(&g[1]))).map(|n| n as usize);
    request.lr = cut(rest, &p.lr).and_then(|g| number(&g[1]));
    request.max_seq_len = whole(cut(rest, &p.length).and_then(|g| number(&g[1]))).map(|n| n as usize);
    request.max_examples = whole(cut(rest, &p.examples).and_then(|g| number(&g[1]))).map(|n| n as usize);
    request.seeds = match cut(rest, &p.seeds) {
        Some(g) => (0..whole(number(&g[1])).unwrap_or(1).min(100)).collect(),
        None => cut(rest, &p.seed_list).map(|g| g[1].split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect()).unwrap_or_default(),
    };
    request.max_time_secs = match cut(rest, &p.half_hour) {
        Some(_) => Some(1800),
        None => cut(rest, &p.time).and_then(|g| time(&g)),
    };
    request.metric = cut(rest, &p.metric).map(|g| metric(&g[1]));
    let percent = cut(rest, &p.percent).and_then(|g| number(&g[1])).map(|v| v / 100.0);
    request.target = percent.or_else(|| cut(rest, &p.share).and_then(|g| number(&g[1]))).filter(|v| (0.0..=1.0).contains(v));
}

/// `1 hour 30 minutes` in seconds.
fn time(groups: &[String]) -> Option<u64> {
    let unit = |text: &str| match text.chars().next().map(|c| c.to_ascii_lowercase()) {
        Some('h') => 3600.0,
        Some('m') => 60.0,
        _ => 1.0,
    };
    let more = number(&groups[3]).map_or(0.0, |n| n * unit(&groups[4]));
    let secs = number(&groups[1])? * unit(&groups[2]) + more;
    (1.0..1e9).contains(&secs).then_some(secs as u64)
}

fn metric(word: &str) -> Metric {
    match word.to_lowercase().as_str() {
        "f1" => Metric::F1,
        w if w.starts_with("macro") => Metric::MacroF1,
        w if w.starts_with("matthews") || w == "mcc" => Metric::Matthews,
        _ => Metric::Accuracy,
    }
}

/// Words that carry no wish of their own.
const FILLERS: &str = " a an and the to of on for with in at by as is it be this that i we me my our you please can could would want need like \
    train training trained fine-tune finetune finetuning fine-tuning tune run do make build learn teach classify classification classifier \
    classifiers model models data dataset set file folder using use which most least more than no not up within under over max maximum \
    minimum time limit budget about around only first random size sized epochs epoch good best possible reach get achieve target goal score \
    text texts image images sentiment task cpu from into result results report it's let's then so well small pretrained pre-trained network \
    neural evaluate test measure experiment ";

fn left_over(rest: &str) -> Vec<String> {
    let words = rest.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | ')' | '"' | '!' | '?'));
    words
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty() && !FILLERS.contains(&format!(" {} ", word.to_lowercase())))
        .map(str::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(name: &str) -> Option<ModelName> {
        Some(ModelName::Called { name: name.into() })
    }

    fn known(name: &str) -> Option<DataName> {
        Some(DataName::Known { name: name.into() })
    }

    #[test]
    fn ordinary_requests() {
        let r = parse_request("fine-tune BERT on SST-2, at most 30 minutes");
        assert_eq!((r.model, r.data, r.max_time_secs), (called("bert"), known("SST-2"), Some(1800)));
        assert!(r.not_understood.is_empty(), "{:?}", r.not_understood);

        let r = parse_request("Train a ResNet-56 from scratch on cifar10 for 5 epochs, batch size 64, lr 0.05, 3 seeds, and reach 70% accuracy");
        assert_eq!((r.model, r.data, r.from_scratch), (called("resnet-56"), known("CIFAR-10"), true));
        assert_eq!((r.epochs, r.batch_size, r.lr, r.seeds, r.target), (Some(5.0), Some(64), Some(0.05), vec![0, 1, 2], Some(0.7)));
        assert_eq!(r.metric, Some(Metric::Accuracy));
        assert!(r.not_understood.is_empty(), "{:?}", r.not_understood);
    }

    #[test]
    fn ids_and_paths() {
        let r = parse_request("fine-tune prajjwal1/bert-tiny on nyu-mll/glue:sst2 in 1 hour and 30 min");
        assert_eq!(r.model, Some(ModelName::At { id: "prajjwal1/bert-tiny".into() }));
        assert_eq!(r.data, Some(DataName::Hub { id: "nyu-mll/glue".into(), config: Some("sst2".into()) }));
        assert_eq!(r.max_time_secs, Some(5400));
        let r = parse_request("classify my reviews.csv with MiniLM, macro F1, 2k examples, seeds 3, 5 and 7");
        assert_eq!(r.data, Some(DataName::Local { path: "reviews.csv".into() }));
        assert_eq!((r.model, r.metric, r.max_examples, r.seeds), (called("minilm"), Some(Metric::MacroF1), Some(2000), vec![3, 5, 7]));
        let r = parse_request("train on ./data/pets with ./models/base");
        assert_eq!(r.data, Some(DataName::Local { path: "./data/pets".into() }));
        assert_eq!(r.model, Some(ModelName::At { id: "./models/base".into() }));
    }

    #[test]
    fn longer_names_win() {
        assert_eq!(parse_request("a resnet on CIFAR-100").data, known("CIFAR-100"));
        assert_eq!(parse_request("bert on the Corpus of Linguistic Acceptability").data, known("CoLA"));
        assert_eq!(parse_request("bert-base-uncased on fashion mnist").data, known("Fashion-MNIST"));
        assert_eq!(parse_request("toy_reviews with bert").data, Some(DataName::Generated { name: "toy_reviews".into() }));
        // A name within another word is none.
        assert_eq!(parse_request("bert on parte").data, None);
    }

    #[test]
    fn times_and_numbers() {
        let secs = |text: &str| parse_request(text).max_time_secs;
        assert_eq!([secs("within 90s"), secs("in half an hour"), secs("2 hours"), secs("1h30m"), secs("20-minute limit")], [Some(90), Some(1800), Some(7200), Some(5400), Some(1200)]);
        assert_eq!(parse_request("learning rate of 2e-5").lr, Some(2e-5));
        assert_eq!(parse_request("1,000 steps").steps, Some(1000));
        assert_eq!(parse_request("three epochs").epochs, Some(3.0));
        assert_eq!(parse_request("accuracy of 0.9").target, Some(0.9));
    }

    #[test]
    fn what_is_not_understood_is_told() {
        assert_eq!(parse_request("fine-tune BERT on SST-2 with label smoothing on the moon").not_understood, ["label", "smoothing", "moon"]);
    }

    #[test]
    fn options_name_the_same_things() {
        assert_eq!(DataName::parse("sst2"), DataName::Known { name: "SST-2".into() });
        assert_eq!(DataName::parse("a/b"), DataName::Hub { id: "a/b".into(), config: None });
        assert_eq!(DataName::parse("./a/b"), DataName::Local { path: "./a/b".into() });
        assert_eq!(DataName::parse("toy_shapes"), DataName::Generated { name: "toy_shapes".into() });
        assert_eq!(ModelName::parse("ResNet-20"), ModelName::Called { name: "resnet-20".into() });
        assert_eq!(ModelName::parse("a/b"), ModelName::At { id: "a/b".into() });
    }
}
