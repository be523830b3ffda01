//! A request as it was probably meant: words that nothing understood and that are a slip of the keys away from ones that mean something,
//! and words of other languages. What is understood as it stands is never touched.

mod names;

use self::names::{with_names, without_names};
use super::english::is_word;
use super::word_order::in_english_order;
use super::written::parted;
use crate::intake::regex;
use crate::intake::request::data::name::{hub_id, is_data_file, looks_like_path};
use crate::intake::request::data::names::words_of_names;
use crate::intake::request::rest::{AROUND, FILLERS, is_negation, last_word};
use regex::{Captures, Regex};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{LazyLock, OnceLock};

/// A way to read a request.
pub(crate) struct Reading {
    pub(crate) text: String,
    /// Whether the request is surely in another language, whose `no` may be another word.
    pub(crate) is_foreign: bool,
}

/// Ways to read `text`, likeliest first, of which `not_understood` was left.
pub(crate) fn readings(text: &str, not_understood: &[String]) -> Vec<Reading> {
    let spelt = spelt(text, not_understood, &[]).map(|text| Reading { text, is_foreign: false });
    let translated = translated(text);
    // A slip may stand in another language, too, beside names.
    let again = |read: &Translated| {
        let text = self::spelt(&read.text, not_understood, &read.names)?;
        Some(Reading { text, is_foreign: read.found.foreign >= LEAST_PHRASES })
    };
    let both = translated.as_ref().and_then(again);
    // As may words of a second language.
    let mixed = translated.as_ref().and_then(|read| another_language(&read.text, &read.names));
    let translated = translated.map(|read| Reading { text: read.text, is_foreign: read.found.foreign >= LEAST_PHRASES });
    [spelt, translated, both, mixed].into_iter().flatten().collect()
}

/// Words of settings, qualities and kinds of task.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "accuracy", "adafactor", "adamw", "adapter", "answering", "augmentation", "balanced", "batch", "causal", "clipping", "constant", "correlation", "cosine", "crop",
    "decay", "detection", "dropout", "early", "embeddings", "english", "entity", "epoch", "epochs", "error", "examples", "fine-tune", "finetune", "flip", "focal",
    "french", "german", "gradient", "half", "heads", "hidden", "hour", "hours", "instruction", "label", "language", "layers", "learning", "length", "linear", "lora",
    "loss", "macro", "masked", "matthews", "micro", "minute", "minutes", "momentum", "multi-label", "named", "optimization", "optimizer", "parameters", "patience",
    "pearson", "percent", "perplexity", "polynomial", "preference", "pretrain", "pretrained", "question", "rank", "rate", "recognition", "regression", "restarts", "rows",
    "sampling", "scale", "schedule", "scratch", "search", "seconds", "seed", "seeds", "semantic", "sentence", "sentences", "sequence", "similarity", "size",
    "smoothing", "spanish", "spearman", "speech", "steps", "stopping", "summarize", "tagging", "token", "tokens", "train", "training", "transcribe", "translate", "translation", "trials", "tuning",
    "warmup", "warm-up", "weight", "weights", "every", "improvement", "without", "column", "columns", "predict", "several", "validation", "evaluate",
];

/// Below this a word is as near to many others.
const LEAST_LETTERS: usize = 5;
/// From here on two slips are allowed.
const LONG: usize = 7;

/// What a slip may have been. Words that carry no wish are none: to read one as such would only hide it.
static VOCABULARY: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let long = |word: &&str| word.chars().count() >= LEAST_LETTERS;
    let own = WORDS.iter().copied().filter(long).map(str::to_string);
    own.chain(words_of_names().into_iter().filter(|word| long(&word.as_str()))).collect()
});

/// The text with the words of `not_understood` as they are probably spelt; none where none is near to a word that is known. Names of files
/// and columns are what their owner calls them, as are `names`.
fn spelt(text: &str, not_understood: &[String], names: &[String]) -> Option<String> {
    static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"^(?P<letters>\p{L}[\p{L}-]*?)(?P<number>-?\d+)?$"));
    static PLACE: LazyLock<Regex> = LazyLock::new(|| regex(r"[^\s,;]+"));
    let wrong: BTreeSet<&str> = not_understood.iter().flat_map(|phrase| phrase.split_whitespace()).collect();
    let (mut out, mut end) = (String::new(), 0);
    for place in PLACE.find_iter(text) {
        let before = last_word(&text[..place.start()]);
        let (word, around) = (place.as_str().trim_matches(SIGNS), place.as_str());
        if is_name(around) || names_next(&before) || !wrong.contains(word) || names.iter().any(|name| name == word) {
            continue;
        }
        let Some(parts) = WORD.captures(word) else { continue };
        let Some(right) = nearest(&parts["letters"].to_lowercase()) else { continue };
        // Who measured so is a person's name as well.
        if BY_NAME.contains(&right) && !OF_NAMES.is_match(&text[place.end()..]) {
            continue;
        }
        let start = place.start() + around.find(word).unwrap_or(0);
        out.push_str(&text[end..start]);
        out.push_str(right);
        out.push_str(parts.name("number").map_or("", |number| number.as_str()));
        end = start + word.len();
    }
    out.push_str(&text[end..]);
    (out != text).then_some(out)
}

/// Measures that are called by a person's name, and what stands behind it then.
const BY_NAME: [&str; 3] = ["matthews", "pearson", "spearman"];
static OF_NAMES: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^['’]?s?\s+(?:r\b|rank\b|corr\w*|coef\w*)"));

/// Ordinary words that a wish is made of, beside those of settings.
#[rustfmt::skip]
const WISHES: &[&str] = &[
    "exclude", "ignore", "drop", "leave", "skip", "omit", "remove", "keep", "stop", "sort", "filter", "throw", "discard", "same", "last", "first", "next", "larger",
    "smaller", "bigger", "greater", "faster", "slower", "shorter", "longer", "input", "output", "feature", "features", "today", "tonight", "tomorrow", "noon",
    "midnight", "upload", "push", "publish", "send", "delete", "share", "if", "otherwise", "until", "unless", "when", "better", "worse", "compare", "instead", "before",
    "per", "each", "save", "export", "convert", "resume", "continue", "group", "generate", "write", "draw", "answer", "merge", "matters", "explain", "plot",
    "warming", "classes", "function",
];

/// How many and how much, in words.
#[rustfmt::skip]
const AMOUNTS: &[&str] = &[
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "twenty", "thirty", "fifty", "hundred", "thousand", "half", "third", "quarter",
    "tenth", "dozen", "double", "twice", "triple", "several",
];

/// What else of a recipe, a model or its measures is called, beside the words of settings.
#[rustfmt::skip]
const OF_RECIPES: &[&str] = &[
    "tanh", "sigmoid", "elu", "selu", "mish", "swish", "softplus", "prelu",
    "shuffle", "duplicate", "duplicates", "normalize", "normalise", "standardize", "average", "mean", "median", "recall", "precision", "calibrate", "weighted", "vote",
    "threshold", "temperature", "freeze", "unfreeze", "deadline", "cluster", "clusters", "split", "importance", "decoder", "encoder", "backbone", "head", "depth",
    "gpu", "pass", "passes", "window", "noise", "penalty", "objective", "activation", "pooling", "frozen", "checkpoint", "checkpoints", "ensemble", "boosting", "confidence",
    "matrix", "calibration", "probabilities", "attention", "logarithm", "transform", "stratified", "metric", "budget", "limit", "bias", "inference", "latency",
    "regularization", "regularisation", "interactions", "outliers", "imputation", "uncertainty", "interval", "intervals", "explanation", "explanations", "explainable", "interpretable", "fairness",
    "privacy", "robust", "sparse", "deterministic", "reproducible", "retraining", "drift",
];

/// Of the words of settings those that speak of the data, or of anything.
#[rustfmt::skip]
const OF_ANYTHING: &[&str] = &[
    "column", "columns", "english", "error", "every", "examples", "french", "german", "half", "label", "language", "length", "named", "percent", "question", "rank",
    "rows", "scale", "search", "sentence", "sentences", "several", "size", "spanish", "speech", "without", "predict", "learning", "scratch", "entity", "weight",
    "instruction", "preference", "recognition", "improvement", "transcribe", "translate", "translation", "train",
];

/// Whether a word, in lower case, is one that recipes are made of.
pub(crate) fn is_of_settings(word: &str) -> bool {
    OF_RECIPES.contains(&word) || WORDS.contains(&word) && !OF_ANYTHING.contains(&word)
}

/// Whether it says how many or how much.
pub(crate) fn is_amount(word: &str) -> bool {
    AMOUNTS.contains(&word)
}

/// Whether words that nothing came of may have been a wish: all but common words of English that no setting is made of.
pub(crate) fn may_change(phrase: &str) -> bool {
    let is_harmless = |word: &str| {
        let word = word.trim_matches(SIGNS).to_lowercase();
        // As one writes `e-mail`.
        let word = word.strip_prefix("e-").unwrap_or(&word).to_string();
        let is_known = is_word(&word) || FILLERS.contains(&word.as_str());
        is_known
            && !is_negation(&word)
            && ![WISHES, AMOUNTS, OF_RECIPES].iter().any(|own| own.contains(&word.as_str()))
            && !VOCABULARY.contains(&word)
    };
    !phrase.split_whitespace().all(is_harmless)
}

/// Signs around a word.
const SIGNS: [char; 13] = [',', ';', ':', '.', '"', '\'', '`', '(', ')', '!', '?', '=', '/'];

/// Whether it is somebody's own name: a path, an id, what stands in quotes.
fn is_name(word: &str) -> bool {
    let bare = word.trim_matches(AROUND).trim_end_matches(['.', ':']);
    looks_like_path(bare)
        || hub_id(bare).is_some()
        || bare.contains(['_', '\\'])
        || bare.len() > 1 && bare.ends_with('/')
        || word.starts_with(['`', '"', '\'', '„', '“', '«', '‚'])
}

/// Whether the next word is a name.
fn names_next(word: &str) -> bool {
    matches!(word, "column" | "columns" | "field" | "feature" | "called")
}

/// Short words of settings, of which two letters may have changed places: anything else is as near to many others.
const SHORT: [&str; 10] = ["rate", "size", "with", "four", "five", "and", "for", "seed", "step", "rank"];

/// Whether it is the other with two neighbours, but the first letter, the other way round.
fn is_turned(word: &str, known: &str) -> bool {
    let is_alike = word.len() == known.len() && word != known && word.chars().next() == known.chars().next();
    is_alike && strsim::osa_distance(word, known) == 1 && {
        let [mut a, mut b] = [word, known].map(|word| word.chars().collect::<Vec<_>>());
        a.sort_unstable();
        b.sort_unstable();
        a == b
    }
}

/// The only known word that so few slips lie between; slips of the first letter are rare, and words that differ in it are others, as are
/// those of ordinary English.
fn nearest(word: &str) -> Option<&'static str> {
    // Too short for the rule, and no other word.
    const SLIPS: [(&str, &str); 4] = [("evry", "every"), ("hav", "have"), ("teh", "the"), ("wich", "which")];
    if let Some((_, right)) = SLIPS.iter().find(|(wrong, _)| *wrong == word) {
        return Some(right);
    }
    let length = word.chars().count();
    if length < LEAST_LETTERS && !is_word(word) && !FILLERS.contains(&word) && !SHORT.contains(&word) {
        return SHORT.iter().find(|known| is_turned(word, known)).copied();
    }
    if length < LEAST_LETTERS || VOCABULARY.contains(word) || FILLERS.contains(&word) || is_word(word) {
        return None;
    }
    let head = |word: &str| -> Vec<char> { word.chars().take(2).collect() };
    let starts_alike = |known: &str| {
        let (a, b) = (head(word), head(known));
        a[0] == b[0] || a[0] == b[1] && a[1] == b[0]
    };
    let near = |most: usize| -> Vec<&'static str> {
        let known = VOCABULARY.iter().map(String::as_str).filter(|known| known.len().abs_diff(word.len()) <= 2);
        known.filter(|known| starts_alike(known) && strsim::osa_distance(word, known) <= most).collect()
    };
    let most = if length >= LONG { 2 } else { 1 };
    (1..=most).map(near).find(|found| !found.is_empty()).and_then(|found| match found.as_slice() {
        [only] => Some(*only),
        // `epochs` and `epoch` are the same wish.
        [one, more] if more.strip_suffix('s') == Some(one) => Some(*more),
        _ => None,
    })
}

/// How the phrases of one language are said in English.
#[derive(Deserialize)]
struct Language {
    name: String,
    /// Whether words are written without spaces between them.
    #[serde(default)]
    unspaced: bool,
    /// Little words that lose their vowel before the next: `l'acqua`.
    #[serde(default)]
    elided: std::collections::BTreeMap<String, String>,
    phrases: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Languages {
    language: Vec<Language>,
}

struct Phrase {
    /// In lower case.
    words: String,
    pattern: OnceLock<Regex>,
    english: String,
    /// Whether no English text has it.
    is_foreign: bool,
}

struct Phrases {
    /// The longest first.
    each: Vec<Phrase>,
    /// Whether words are written with spaces between them.
    is_spaced: bool,
    elided: Option<Elided>,
}

/// Where a little word that lost its vowel stands before another, and what each is in English.
struct Elided {
    pattern: Regex,
    english: std::collections::BTreeMap<String, String>,
}

/// What a translation rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Evidence {
    phrases: usize,
    /// Those, each once, that English has not.
    foreign: usize,
}

/// Phrases of other languages that are English as well, or a name or letter in an English text: they say nothing of the language.
#[rustfmt::skip]
const ALSO_ENGLISH: &[&str] = &[
    "a", "affine", "alfa", "nur", "passages", "pasta", "paso", "rang", "solo", "as", "classifier", "com", "con", "da", "de", "dei", "del", "den", "des", "die", "do", "du", "e", "el", "em", "en", "et", "colonne", "patience de", "semi", "teste", "finetune", "hora", "il", "images",
    "in", "la", "las", "le", "les", "lo", "los", "maximal", "maximum", "mes", "mi", "minute", "minutes", "mis", "modelo", "mon", "na", "no", "o", "on", "ora", "ore", "os", "ou",
    "al", "come input", "due", "est", "i", "im", "leg", "lots", "mets", "nos", "once", "par", "parameter", "perceptron", "photos", "relate", "salve", "se", "que", "ni", "red", "cent", "fais", "cible", "alvo", "ziel", "mide", "mesure", "garde", "quais", "reserve", "separe", "ensemble", "todo", "use", "usa", "usar", "onze", "aparte", "para", "pardon", "per", "phrases", "por", "pour", "sage", "sin", "son", "su", "sul", "sur", "um", "un", "una", "une", "uno", "y",
];

/// A text in English, as far as a language has its words.
struct Translated {
    text: String,
    found: Evidence,
    /// Words that were left as they are, for they are names.
    names: Vec<String>,
}

static LANGUAGES: LazyLock<Vec<Phrases>> = LazyLock::new(|| {
    let read: Languages = match toml::from_str(include_str!("languages.toml")) {
        Ok(read) => read,
        Err(error) => unreachable!("the table of phrases is part of the program, and a test reads it: {error}"),
    };
    let phrases = |language: Language| {
        let mut each: Vec<(String, String)> =
            language.phrases.iter().map(|(phrase, english)| (phrase.clone(), english.clone())).collect();
        each.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.chars().count()));
        debug_assert!(!language.name.is_empty());
        let one = |(phrase, english): (String, String)| {
            let is_foreign = !ALSO_ENGLISH.contains(&phrase.as_str());
            Phrase { words: phrase.to_lowercase(), pattern: OnceLock::new(), english, is_foreign }
        };
        let elided = (!language.elided.is_empty()).then(|| {
            let words = language.elided.keys().cloned().collect::<Vec<_>>().join("|");
            let pattern = regex(&format!(r"(?i)(?P<before>^|[^\p{{L}}\d'’])(?P<word>{words})['’](?P<next>[\p{{L}}\d])"));
            Elided { pattern, english: language.elided }
        });
        Phrases { each: each.into_iter().map(one).collect(), is_spaced: !language.unspaced, elided }
    };
    read.language.into_iter().map(phrases).collect()
});

/// Fewer phrases of a language say nothing: `son` is a word of English, too.
const LEAST_PHRASES: usize = 2;

/// The text with the phrases of the language that it has most of in English; none where it has too few of any, or none but those that
/// are English, too.
fn translated(text: &str) -> Option<Translated> {
    let text = in_english_order(text);
    let text = text.as_ref();
    let each = LANGUAGES.iter().map(|phrases| phrases.translate(text)).filter(|read| read.found.foreign > 0);
    // Neighbours have many words alike: what but one of them has tells more.
    let told = |found: &Evidence| (found.foreign, found.phrases);
    let best = each.reduce(|best, other| if told(&other.found) > told(&best.found) { other } else { best })?;
    (best.found.phrases >= LEAST_PHRASES).then_some(best)
}

/// What is left of one language in another's words, but for those that English has as well.
fn another_language(text: &str, names: &[String]) -> Option<Reading> {
    let each = LANGUAGES.iter().map(|phrases| phrases.translate_as(text, names, true)).filter(|read| read.found.foreign > 0);
    let best = each.reduce(|best, other| if other.found.foreign > best.found.foreign { other } else { best })?;
    Some(Reading { text: best.text, is_foreign: true })
}

impl Phrases {
    /// Where a phrase stands.
    fn pattern(&self, phrase: &str) -> Regex {
        // `100行` are rows, and `行业` is a word of its own.
        let is_counted = !self.is_spaced && ["行", "条", "头", "分", "秒"].contains(&phrase);
        let is_first = !self.is_spaced && phrase == "前";
        // `对新闻.csv` are data, and `对话` is a word of its own.
        let is_of_data = !self.is_spaced && phrase == "对";
        let phrase = regex::escape(phrase);
        if is_counted {
            return regex(&format!(
                r"(?P<before>[0-9][\s\x01]*){phrase}|(?P<apart>^|[\s\x01]){phrase}(?P<behind>$|[^\u{{4e00}}-\u{{9fff}}])"
            ));
        }
        if is_of_data {
            return regex(&format!(
                r"{phrase}(?P<behind>[\s\x01]*[^\s\x01,.:;，。：；、]{{1,40}}\x01?\.(?:csv|tsv|jsonl?|parquet|txt|conll)|[\s\x01]*[A-Za-z0-9./_-]+\.[a-z]{{2,7}}\b)"
            ));
        }
        if is_first {
            return regex(&format!(r"{phrase}(?P<behind>[\s\x01]*[0-9])"));
        }
        match self.is_spaced {
            true => regex(&format!(r"(?i)(?P<before>^|[^\p{{L}}\d\x01-]){phrase}(?P<behind>[^\p{{L}}\d\x01-]|$)")),
            // Names of models within it are written either way.
            false => regex(&format!("(?i){phrase}")),
        }
    }

    /// Whether a word is no column's own name: it says that columns are meant, stands for any text or image, joins other words, or is a
    /// setting: `die Spalten`.
    fn is_ordinary(&self, word: &str) -> bool {
        #[rustfmt::skip]
        const ORDINARY: &[&str] = &[
            "columns", "column", "target", "texts", "images", "sentences", "data", "rows", "examples", "file", "folder", "model", "features", "inputs",
            "the", "a", "of", "on", "in", "with", "from", "for", "and", "or", "by", "my", "our", "your", "is", "are", "it", "as", "at", "to", "this", "that", "these", "each", "all", "not", "no",
            "except", "without", "excluding", "exclude", "ignore", "must", "be", "should", "may", "can", "use", "used", "using", "only", "both", "nor", "neither", "which", "who", "whose", "before",
            "after", "over", "predict", "predicts", "classify", "train", "please", "if", "then",
            "English", "German", "French", "Spanish", "Italian", "Portuguese", "Dutch", "Russian", "Chinese", "Japanese",
        ];
        // What is said of time is a column's name as well: `aus Temperatur und Stunde`.
        const OF_TIME: [&str; 5] = ["hour", "hours", "minute", "minutes", "seconds"];
        // `Desde cero`.
        const NOTHING: [&str; 4] = ["cero", "zéro", "zero", "null"];
        let low = word.to_lowercase();
        let own = self.each.iter().find(|phrase| phrase.words == low).map(|phrase| phrase.english.trim());
        let is_said = |english: &str| {
            ORDINARY.contains(&english)
                || english.is_empty()
                || is_amount(english)
                || is_of_settings(english) && !OF_TIME.contains(&english)
                || english.parse::<f64>().is_ok()
                || english.contains(' ') && (self.is_spaced || english.split(' ').any(is_of_settings))
        };
        NOTHING.contains(&low.as_str()) || own.is_some_and(is_said)
    }

    /// And what of the language was found.
    fn translate(&self, text: &str) -> Translated {
        self.translate_as(text, &[], false)
    }

    /// The same but for these names, perhaps only of phrases that English has not.
    fn translate_as(&self, text: &str, kept: &[String], foreign_only: bool) -> Translated {
        let quoted = |text: &str| text.replace(['“', '”', '「', '」', '『', '』'], "\"");
        let (mut out, mut found) = (if self.is_spaced { text.to_string() } else { quoted(&parted(text)) }, Evidence::default());
        let names;
        (out, names) = without_names(&out, self.is_spaced, kept, |word| self.is_ordinary(word));
        let mut low = out.to_lowercase();
        for Phrase { words, pattern, english, is_foreign } in &self.each {
            // Of most there is nothing, and no pattern is made for them.
            if foreign_only && !is_foreign || !low.contains(words.as_str()) {
                continue;
            }
            let phrase = pattern.get_or_init(|| self.pattern(words));
            let (mut from, mut is_there) = (0, false);
            // A phrase may begin with the space that the one before it ends with.
            while let Some(place) = phrase.captures_at(&out, from) {
                let at = |name: &str| place.name(name).map_or("", |part| part.as_str());
                let range = place.get(0).map_or(0..0, |whole| whole.range());
                let (before, behind) = ([at("before"), at("apart")].concat(), at("behind").to_string());
                let own = range.start + before.len()..range.end - behind.len();
                // Names of files stay as they are; words that are not parted by spaces are no names.
                if self.is_spaced && is_name(word_around(&out, &own)) {
                    from = own.end;
                    continue;
                }
                // `データ.csv` is one all the same.
                let ending = out[own.end..].split(|c: char| !c.is_ascii_alphanumeric() && c != '.').next().unwrap_or_default();
                if !self.is_spaced && ending.starts_with('.') && is_data_file(&format!("x{}", ending.trim_end_matches('.'))) {
                    from = own.end;
                    continue;
                }
                // Marked as done until all are, so that English is not read as another language.
                let is_apart = before.is_empty() && behind.is_empty() && range.start > 0;
                let space = if is_apart { " " } else { "" };
                let marked: String = english.chars().flat_map(|c| [c, MARK]).collect();
                out.replace_range(range, &format!("{before}{space}{marked}{space}{behind}"));
                found.phrases += 1;
                is_there = true;
            }
            found.foreign += usize::from(is_there && *is_foreign);
            if is_there {
                low = out.to_lowercase();
            }
        }
        let out = out.replace(MARK, "");
        let out = if found.phrases > 0 && !foreign_only { self.in_full(&out).into_owned() } else { out };
        let out = with_names(&out, &names);
        // Languages that do not part their words get a space around each.
        let text = if found.phrases > 0 { out.split_whitespace().collect::<Vec<_>>().join(" ") } else { out };
        // What is asked for politely ends as any sentence does: `Can you train a model that predicts rent? Leave zip out`.
        let text = if found.phrases > 0 && !foreign_only { text.replace(" ?", "?").replace("? ", ". ") } else { text };
        Translated { text, found, names }
    }

    /// The text with little words that lost their vowel in English, too: `d'accuracy` is `of accuracy`.
    fn in_full<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(Elided { pattern, english }) = &self.elided else { return Cow::Borrowed(text) };
        pattern.replace_all(text, |found: &Captures<'_>| {
            let word = english.get(&found["word"].to_lowercase()).map_or("", String::as_str);
            format!("{}{word} {}", &found["before"], &found["next"])
        })
    }
}

/// The word, up to the spaces around it, that holds a place.
fn word_around<'a>(text: &'a str, place: &std::ops::Range<usize>) -> &'a str {
    let before = text[..place.start].rsplit(char::is_whitespace).next().unwrap_or_default();
    let start = place.start - before.len();
    let end = text[place.end..].find(char::is_whitespace).map_or(text.len(), |at| place.end + at);
    &text[start..end]
}

/// Stands behind each letter of what is translated already.
const MARK: char = '\u{1}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_read_as_the_only_word_near_to_them() {
        for (wrong, right) in [
            ("epohcs", Some("epochs")),
            ("epoch", None),
            ("acuracy", Some("accuracy")),
            ("learnig", Some("learning")),
            ("mintues", Some("minutes")),
            ("fien-tune", Some("fine-tune")),
            ("rsenet", Some("resnet")),
            ("brian", None),
            ("curriculum", None),
            ("imagenet", None),
            ("dog", None),
            ("transaction", None),
            ("persons", None),
            ("contact", None),
            ("direction", None),
        ] {
            assert_eq!(nearest(wrong), right, "{wrong}");
        }
        let not_understood = ["epohcs".to_string(), "cifra-10".into()];
        assert_eq!(
            spelt("2 epohcs, cifra-10 (epohcs.csv)", &not_understood, &[]).as_deref(),
            Some("2 epochs, cifar-10 (epohcs.csv)")
        );
        let measure = spelt("a Peerson correlation", &["Peerson".into()], &[]);
        assert_eq!(measure.as_deref(), Some("a pearson correlation"));
        // Nobody's own names are slips, and no word is read as one that carries no wish.
        for text in
            ["train on stars.csv, column stars", "./epohcs/x", "column epohcs", "`epohcs`", "with stars", "Persson says so"]
        {
            assert_eq!(spelt(text, &["stars".into(), "epohcs".into(), "Persson".into()], &[]), None, "{text}");
        }
    }

    #[test]
    fn phrases_of_other_languages_are_said_in_english() {
        let translated = |text: &str| super::translated(text).map(|reading| reading.text);
        assert!(LANGUAGES.len() >= 6);
        assert_eq!(
            translated("Trainiere BERT auf SST-2, höchstens 30 Minuten").as_deref(),
            Some("train BERT on SST-2, at most 30 minutes")
        );
        assert_eq!(
            translated("Trainiere auf die_daten.csv und ./mit/die.csv").as_deref(),
            Some("train on die_daten.csv and ./mit/die.csv")
        );
        // Words that English has, too, make no text another language.
        for text in [
            "Fine-tune BERT on SST-2 with my son",
            "do a quick fine-tune of MiniLM with no class weights",
            "as a baseline, no dropout in a minute",
            "BERT on de.csv, en.csv, la.csv",
        ] {
            assert_eq!(translated(text), None, "{text}");
        }
    }

    #[test]
    fn names_stay_as_they_are() {
        let translated = |text: &str| super::translated(text).map(|reading| reading.text).unwrap_or_default();
        let text = translated("在 a.csv 上训练 MiniLM，用“内容”预测“情感”，不要使用用户列，训练2轮");
        assert!(text.contains("predict \"情感\"") && text.contains("without using 用户 column"), "{text}");
        let text = translated("MLP auf a.csv, „Ziel“ vorhersagen, höchstens 3 Minuten");
        assert!(text.contains("predict „Ziel“"), "{text}");
    }

    /// Nothing that is known is a slip of something else that is known.
    #[test]
    fn known_words_stay() {
        assert!(VOCABULARY.iter().all(|word| nearest(word).is_none()));
    }
}
