//! Words by which wishes are told from what is said in passing.

use crate::data::Roles;
use crate::intake::request::rest::is_negation;
use crate::intake::request::wording::meant::is_of_settings;

/// Whether a word says of a column that it is not to be read.
pub(super) fn bars(word: &str) -> bool {
    is_negation(word) || matches!(word, "out" | "away" | "aside" | "off") || BARS.iter().any(|own| word.starts_with(own))
}

/// Whether words point at what stands elsewhere or say that nothing more is wanted: `see the snippet below`, `that is enough`.
pub(super) fn is_of_all(low: &[&str]) -> bool {
    const ENDS: [&str; 14] =
        ["that", "that's", "this", "it", "is", "'s", "all", "enough", "for", "now", "really", "will", "do", "me"];
    const POINTS: [&str; 24] = [
        "see",
        "find",
        "use",
        "take",
        "the",
        "this",
        "my",
        "our",
        "a",
        "as",
        "in",
        "snippet",
        "snippets",
        "below",
        "above",
        "attached",
        "following",
        "code",
        "config",
        "configuration",
        "settings",
        "file",
        "script",
        "block",
    ];
    let says_enough = low.contains(&"enough") || low.contains(&"all");
    let points = low.iter().any(|word| matches!(*word, "below" | "above" | "attached" | "following"));
    says_enough && low.iter().all(|word| ENDS.contains(word)) || points && low.iter().all(|word| POINTS.contains(word))
}

/// Whether a wish is only for the task itself, which the experiment has: `we want to sort mails automatically`.
pub(super) fn names_a_task(low: &[&str]) -> bool {
    let is_wanted = |two: &[&str]| two[0] == "to" && (Roles::places(two[1]) || TASKS.contains(&two[1]));
    low.windows(2).any(is_wanted) && !low.contains(&"also")
}

pub(super) fn has_digit(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')) && word.contains(|c: char| c.is_ascii_digit())
}

/// Whether a number is written as nothing but a rate is: `3e-4`.
pub(super) fn is_rate(word: &str) -> bool {
    has_digit(word) && word.contains("e-")
}

/// Words that are told only where nothing stands beside them: by themselves they choose nothing.
pub(super) fn is_choice(word: &str) -> bool {
    is_of_settings(word) && !BARE.contains(&word)
}

/// How words begin that say of a column that it is not to be read.
const BARS: [&str; 17] = [
    "useless",
    "irrelevant",
    "meaningless",
    "nothing",
    "drop",
    "ignor",
    "exclud",
    "omit",
    "skip",
    "remov",
    "discard",
    "leav",
    "forbid",
    "prohib",
    "hid",
    "avoid",
    "except",
];

/// Verbs that ask for nothing beside what is followed: `keep 20 % for testing`.
pub(super) const KEEPS: [&str; 8] = ["keep", "group", "continue", "divide", "reserve", "consider", "treat", "go"];

/// Words that by themselves take back or go on.
pub(super) const OF_NOTHING: [&str; 10] = ["no", "actually", "hmm", "hm", "oh", "sorry", "wait", "oops", "well", "but"];

/// A wish of more words than these asks for something, however common they are.
pub(super) const FEW: usize = 4;

/// What is said of any model.
pub(super) const VAGUE: [&str; 11] =
    ["small", "simple", "nice", "plain", "little", "quick", "fast", "decent", "basic", "short", "great"];

/// What a model does with what it is told.
pub(super) const TELLS: [&str; 10] =
    ["predict", "predicts", "classify", "estimate", "estimates", "guess", "guesses", "tells", "model", "score"];

/// What one does by hand that a model is to do.
const TASKS: [&str; 10] =
    ["tag", "classify", "recognise", "recognize", "detect", "label", "categorise", "categorize", "identify", "automate"];

/// What a prediction is made from, in words.
pub(super) const SOURCES: [&str; 8] =
    ["features", "feature", "variables", "variable", "columns", "factors", "inputs", "predictors"];

/// What a statement says that weighs one thing against another.
pub(super) const WEIGHS: [&str; 6] = ["times", "worse", "matter", "matters", "enough", "suffices"];

/// What stands before a number that is told of something.
pub(super) const ABOUT: [&str; 7] = ["about", "around", "roughly", "approximately", "nearly", "almost", "ca"];

/// What data is counted in.
pub(super) const OF_DATA: [&str; 21] = [
    "kinds",
    "types",
    "sorts",
    "species",
    "groups",
    "levels",
    "speakers",
    "columns",
    "rows",
    "lines",
    "files",
    "classes",
    "labels",
    "categories",
    "images",
    "photos",
    "texts",
    "documents",
    "ones",
    "people",
    "stars",
];

/// Of settings, which mean nothing without a value.
const BARE: [&str; 22] = [
    "batch",
    "batches",
    "epoch",
    "epochs",
    "evaluate",
    "hidden",
    "layers",
    "loss",
    "optimizer",
    "parameters",
    "rate",
    "schedule",
    "seed",
    "seeds",
    "sequence",
    "split",
    "steps",
    "tokens",
    "training",
    "validation",
    "warm-up",
    "warmup",
];
