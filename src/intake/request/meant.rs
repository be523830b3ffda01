//! A request as it was probably meant: words that nothing understood and that are a slip of the keys away from ones that mean something,
//! and words of other languages. What is understood as it stands is never touched.

use super::names::words_of_names;
use super::rest::FILLERS;
use crate::intake::regex;
use regex::Regex;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Ways to read `text`, likeliest first, of which `not_understood` was left.
pub(super) fn readings(text: &str, not_understood: &[String]) -> Vec<String> {
    let spelt = spelt(text, not_understood);
    let translated = translated(text);
    // A slip may stand in another language, too, beside names.
    let both = translated.as_deref().and_then(|text| self::spelt(text, not_understood));
    [spelt, translated, both].into_iter().flatten().collect()
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
    "smoothing", "spanish", "spearman", "speech", "steps", "stopping", "summarize", "tagging", "token", "tokens", "transcribe", "translate", "translation", "tuning",
    "warmup", "warm-up", "weight", "weights",
];

/// Below this a word is as near to many others.
const LEAST_LETTERS: usize = 5;
/// From here on two slips are allowed.
const LONG: usize = 7;

static VOCABULARY: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let long = |word: &&str| word.chars().count() >= LEAST_LETTERS;
    let own = WORDS.iter().chain(FILLERS).copied().filter(long).map(str::to_string);
    own.chain(words_of_names().into_iter().filter(|word| long(&word.as_str()))).collect()
});

/// The text with the words of `not_understood` as they are probably spelt; none where none is near to a word that is known.
fn spelt(text: &str, not_understood: &[String]) -> Option<String> {
    static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"^(?P<letters>\p{L}[\p{L}-]*?)(?P<number>-?\d+)?$"));
    let mut out = text.to_string();
    let wrong: BTreeSet<&str> = not_understood.iter().flat_map(|phrase| phrase.split_whitespace()).collect();
    for word in wrong {
        let Some(parts) = WORD.captures(word) else { continue };
        let Some(right) = nearest(&parts["letters"].to_lowercase()) else { continue };
        let right = format!("{right}{}", parts.name("number").map_or("", |number| number.as_str()));
        out = regex(&format!(r"(?P<before>^|[^\p{{L}}\d]){}(?P<behind>[^\p{{L}}\d]|$)", regex::escape(word)))
            .replace_all(&out, format!("${{before}}{right}${{behind}}"))
            .into_owned();
    }
    (out != text).then_some(out)
}

/// The only known word that so few slips lie between; slips of the first letter are rare, and words that differ in it are others.
fn nearest(word: &str) -> Option<&'static str> {
    let length = word.chars().count();
    if length < LEAST_LETTERS || VOCABULARY.contains(word) {
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
    phrases: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Languages {
    language: Vec<Language>,
}

struct Phrases {
    /// The longest first.
    each: Vec<(Regex, String)>,
}

static LANGUAGES: LazyLock<Vec<Phrases>> = LazyLock::new(|| {
    let read: Languages = match toml::from_str(include_str!("languages.toml")) {
        Ok(read) => read,
        Err(error) => unreachable!("the table of phrases is part of the program, and a test reads it: {error}"),
    };
    let phrases = |language: Language| {
        let mut each: Vec<(String, String)> = language.phrases.into_iter().collect();
        each.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.chars().count()));
        let pattern = |phrase: &str| match language.unspaced {
            true => regex(&regex::escape(phrase)),
            false => {
                regex(&format!(r"(?i)(?P<before>^|[^\p{{L}}\d\x01-]){}(?P<behind>[^\p{{L}}\d\x01-]|$)", regex::escape(phrase)))
            }
        };
        debug_assert!(!language.name.is_empty());
        Phrases { each: each.iter().map(|(phrase, english)| (pattern(phrase), english.clone())).collect() }
    };
    read.language.into_iter().map(phrases).collect()
});

/// Fewer phrases of a language say nothing: `son` is a word of English, too.
const LEAST_PHRASES: usize = 2;

/// The text with the phrases of the language that it has most of in English; none where it has too few of any.
fn translated(text: &str) -> Option<String> {
    let each = LANGUAGES.iter().map(|phrases| phrases.translate(text));
    let (out, found) = each.reduce(|best, other| if other.1 > best.1 { other } else { best })?;
    (found >= LEAST_PHRASES).then_some(out)
}

impl Phrases {
    /// And how many phrases were found.
    fn translate(&self, text: &str) -> (String, usize) {
        let (mut out, mut found) = (text.to_string(), 0);
        for (phrase, english) in &self.each {
            // A phrase may begin with the space that the one before it ends with.
            while let Some(place) = phrase.captures(&out) {
                let at = |name: &str| place.name(name).map_or("", |part| part.as_str());
                // Marked as done until all are, so that English is not read as another language.
                let range = place.get(0).map_or(0..0, |whole| whole.range());
                let (before, behind) = (at("before").to_string(), at("behind").to_string());
                let space = if before.is_empty() && behind.is_empty() && range.start > 0 { " " } else { "" };
                let marked: String = english.chars().flat_map(|c| [c, MARK]).collect();
                out.replace_range(range, &format!("{before}{space}{marked}{space}{behind}"));
                found += 1;
            }
        }
        let out = out.replace(MARK, "");
        // Languages that do not part their words get a space around each.
        (if found > 0 { out.split_whitespace().collect::<Vec<_>>().join(" ") } else { out }, found)
    }
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
        ] {
            assert_eq!(nearest(wrong), right, "{wrong}");
        }
        let not_understood = ["epohcs".to_string(), "cifra-10".into()];
        assert_eq!(spelt("2 epohcs, cifra-10 (epohcs.csv)", &not_understood).as_deref(), Some("2 epochs, cifar-10 (epochs.csv)"));
    }

    #[test]
    fn phrases_of_other_languages_are_said_in_english() {
        assert!(LANGUAGES.len() >= 6);
        assert_eq!(
            translated("Trainiere BERT auf SST-2, höchstens 30 Minuten").as_deref(),
            Some("train BERT on SST-2, at most 30 minutes")
        );
        assert_eq!(translated("Fine-tune BERT on SST-2 with my son"), None);
    }

    /// Nothing that is known is a slip of something else that is known.
    #[test]
    fn known_words_stay() {
        assert!(VOCABULARY.iter().all(|word| nearest(word).is_none()));
    }
}
