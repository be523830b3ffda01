//! Which data and which model a request names.

use super::name::{hub_id, is_data_file, looks_like_path};
use super::rest::{Rest, is_filler};
use super::{DataName, Lying, ModelName, Request};
use crate::data::{GENERATED, Known, catalogue, public_id};
use crate::intake::regex;
use regex::Regex;
use std::sync::LazyLock;

/// Data by a path, an id or a name that is known, and a model by a path or an id.
pub(super) fn find(rest: &mut Rest, request: &mut Request, lying: impl Fn(&str) -> Option<Lying>) {
    let role = |before: &str, word: &str| role(before, word, &lying);
    request.data = rest.cut_word(|before, word| (role(before, word)? == Lying::Data).then(|| DataName::parse(word, &lying)));
    request.model =
        rest.cut_word(|before, word| (role(before, word)? == Lying::Model).then(|| ModelName::At { id: word.into() }));
    request.data = request.data.take().or_else(|| known_data(rest)).or_else(|| bare_id(rest));
}

/// `on opus_books`: a name of the Hub without who it belongs to, as old ids are.
fn bare_id(rest: &mut Rest) -> Option<DataName> {
    rest.cut_word(|before, word| {
        let led = matches!(before, "on" | "data" | "dataset" | "set" | "over");
        let is_name = word.contains('_') && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        (led && is_name && public_id(&word.to_lowercase()).is_none()).then(|| DataName::Hub { id: word.into(), config: None })
    })
}

/// A model by its name, where there is none yet. Its name, if it has one.
pub(super) fn find_model(rest: &mut Rest, request: &mut Request) -> Option<String> {
    if request.model.is_some() {
        return None;
    }
    let words = rest.cut(&MODEL)?.words;
    request.model = Some(ModelName::called(&words));
    Some(words)
}

/// Of a size of its own and from scratch, a model is none of the public ones that bear its family's name.
pub(super) fn settle_family(name: Option<String>, request: &mut Request) {
    if let Some(name) = name.map(|name| name.to_lowercase()).filter(|name| MADE_ANEW.contains(&name.as_str()))
        && request.from_scratch
        && request.size.is_given()
    {
        request.model = Some(ModelName::Called { name });
    }
}

/// Families whose name alone is that of a public model, and that can be made in any size.
const MADE_ANEW: [&str; 3] = ["roberta", "distilbert", "electra"];

/// Words in lower case that names of data and models are made of.
pub(super) fn words_of_names() -> Vec<String> {
    let known = catalogue().iter().flat_map(|known| std::iter::once(known.name).chain(known.aliases.iter().copied()));
    let words = known.flat_map(|name| name.split(|c: char| !c.is_alphabetic())).map(str::to_lowercase);
    words.filter(|word| !word.is_empty()).chain(FAMILIES.iter().map(|name| name.to_string())).collect()
}

/// Names of models as they are spelt most often.
const FAMILIES: &[&str] = &[
    "bert",
    "minilm",
    "resnet",
    "roberta",
    "distilbert",
    "electra",
    "albert",
    "deberta",
    "llama",
    "smollm",
    "qwen",
    "mistral",
    "gemma",
    "whisper",
    "wideresnet",
];

/// What a path or id stands for: what lies there tells, else its form, else the word before it.
fn role(before: &str, word: &str, lying: impl Fn(&str) -> Option<Lying>) -> Option<Lying> {
    if word.contains('/')
        && let Some(lying) = lying(word)
    {
        return Some(lying);
    }
    let id = hub_id(word);
    // `train/test`, `and/or` and `yes/no` are no ids, and `ViT-B/16` is a name.
    let is_word = |part: &str| is_filler(part) || matches!(part.to_lowercase().as_str(), "yes" | "no" | "true" | "false");
    let is_id = id.is_some() && !word.split('/').all(is_word) && public_id(&word.to_lowercase()).is_none();
    if !looks_like_path(word) && !is_id {
        return None;
    }
    Some(match before {
        _ if is_data_file(word) || crate::data::find_known(word).is_some() || id.is_some_and(|(_, config)| config.is_some()) => {
            Lying::Data
        }
        "on" | "data" | "dataset" | "set" | "over" | "from" | "file" | "folder" | "my" | "classify" | "classifying" => {
            Lying::Data
        }
        "with" | "using" | "use" | "model" | "train" | "fine-tune" | "finetune" | "tune" | "evaluate" => Lying::Model,
        // Most paths lead to data, and most ids that are named without a word to models.
        _ if is_id && !looks_like_path(word) => Lying::Model,
        _ => Lying::Data,
    })
}

/// A data set of the catalogue or one that Tallow makes; the longest name wins.
fn known_data(rest: &mut Rest) -> Option<DataName> {
    DATA.iter().find_map(|(pattern, data)| rest.cut(pattern).map(|_| data.clone()))
}

/// How each data set is spelt, the longest names first.
static DATA: LazyLock<Vec<(Regex, DataName)>> = LazyLock::new(|| {
    let known = |k: &'static Known| {
        std::iter::once(k.name).chain(k.aliases.iter().copied()).map(move |name| (name, DataName::Known { name: k.name.into() }))
    };
    let generated = GENERATED.iter().map(|name| (*name, DataName::Generated { name: name.to_string() }));
    let mut all: Vec<(&str, DataName)> = catalogue().iter().flat_map(known).chain(generated).collect();
    all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let spelt = |name: &str| {
        let parts: Vec<String> = name.split(['-', '_', ' ']).map(regex::escape).collect();
        regex(&format!(r"(?i)(?:^|[^\w-]){}(?:[^\w-]|$)", parts.join(r"[-_ ]?")))
    };
    all.into_iter().map(|(name, data)| (spelt(name), data)).collect()
});

/// Names of models, those that the zoo lacks among them: whoever asks for one is told so.
#[rustfmt::skip]
const MODELS: &[&str] = &[
    r"(?:multilingual bert|mbert)", r"(?:tiny|mini|small|medium|base|large) bert", r"bert[-_ ]?(?:large|base|medium|small|mini|tiny)(?:[-_ ]multilingual)?(?:[-_ ](?:un)?cased)?", "bert", r"(?:all-)?minilm(?:[-_ ]?l\d+)?(?:[-_]h\d+)?(?:-v2)?",
    r"resnet[-_ ]?\d+", "resnet", r"(?:xlm-?)?roberta(?:-\w+)?", r"distil(?:ro)?bert(?:a)?(?:[-_]\w+)*", r"electra(?:-\w+)?", "albert", r"distil-?gpt-?2", r"opus-mt-[\w-]+", r"marian(?:mt)?", r"deberta(?:-\w+)?",
    r"modernbert(?:-\w+)?", "xlnet", r"vit(?:[-_](?:ti|s|b|l|h|tiny|small|base|large|huge)\b[\w/-]*)?", r"deit(?:[-_ ](?:tiny|small|base))?", "swin", "convnext", r"efficientnet(?:-\w+)?",
    r"mobilenet(?:-?\w+)?", r"densenet(?:-?\d+)?", r"vgg(?:-?\d+)?", "alexnet", r"inception(?:-?v\d)?", r"wide[- ]?resnet[- ]?[-\w]*", r"wrn[- ]?[-\d]*", r"tinyllama[-\w.]*", r"camembert(?:-\w+)?", r"(?:nano)?gpt-?\d?(?:-\w+)?", r"language model(?:s|l?ing)?",
    r"llama[-\w.]*", r"smollm[-\w.]*", r"(?:flan-)?t5(?:-\w+)?", r"m?bart(?:-\w+)?", r"nllb(?:-[\w.-]+)?", r"pegasus(?:-\w+)?", r"qwen[-\w.]*", r"mistral[-\w.]*", r"gemma[-\w.]*", r"phi-?\d[-\w.]*", r"mamba[-\w.]*", r"whisper(?:[-_ ](?:tiny|base|small|medium|large|turbo)(?:\.en|-v\d)?)?",
    "lstm", "gru", "rnn", "cnn", "mlp", "u-?net", "xgboost", r"random forest", r"logistic regression", "svm",
    r"capsule net(?:work)?s?", r"graph (?:neural|convolutional|attention) net(?:work)?s?", "gnn", "gcn", r"spiking (?:neural )?net(?:work)?s?", r"kolmogorov[- ]arnold net(?:work)?s?", r"gradient boosting",
    "lightgbm", "catboost", r"decision trees?", r"naive bayes", r"k[- ]nearest neighbou?rs?", r"(?:variational )?autoencoders?", r"diffusion models?", "rwkv", "tabnet", r"ft-transformer", "perceiver", "hyena",
    "retnet", "longformer", "bigbird", r"yolo[\w-]*", "detr", r"dinov2[\w-]*", r"beit(?:-\w+)?", "regnet", r"wav2vec2?(?:-\w+)?", "hubert", r"stable ?diffusion", r"pythia[-\w.]*",
    r"olmo[-\w.]*", r"deepseek[-\w.]*", r"falcon-\d+\w*", r"bloomz?-\d\w*", r"opt-\d[\w.]*", r"layoutlm[\w-]*",
];

static MODEL: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?i)\b(?:{})\b", MODELS.join("|"))));
