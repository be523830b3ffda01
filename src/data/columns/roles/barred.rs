//! What shuts columns out, however it is said: a negation beside a verb of use, `gender may not be used`, `we can't look at gender`, or
//! words that do so by themselves, `gender is off limits`, `keep away from gender`. And what is to be told, in the same grammar: `rent is
//! to be predicted`.

use super::again::spoken_of;
use super::lists::{LABELS, OF_A_SPLIT};
use super::mentions::Piece;
use super::{Part, Roles, before, behind, group_at};

/// Words that say no; of `can't` the last letter is a piece of its own.
#[rustfmt::skip]
const NEGATIONS: &[&str] = &[
    "not", "never", "t", "cannot", "cant", "dont", "mustnt", "shouldnt", "no", "neither", "nor", "without",
    "nicht", "nie", "niemals", "kein", "keine", "keinen", "pas", "jamais", "ne", "nunca", "jamás", "non", "mai", "não",
];

/// Verbs that a negation may stand behind, before what is not to be done.
#[rustfmt::skip]
const MODALS: &[&str] = &[
    "may", "must", "can", "could", "should", "shall", "will", "would", "might", "ought", "need", "needs", "has", "have", "do", "does", "did",
    "is", "are", "was", "were", "be", "been", "get", "gets", "mustn", "don", "doesn", "isn", "aren", "shouldn", "couldn", "wouldn", "won", "needn", "stay", "stays", "remain", "remains",
    "darf", "dürfen", "soll", "sollen", "sollte", "sollten", "kann", "können", "wird", "werden", "ist", "sind", "bleibt", "bleiben",
    "doit", "doivent", "peut", "peuvent", "est", "sont", "être", "debe", "deben", "puede", "pueden", "es", "son", "ser", "se", "está", "están",
    "deve", "devono", "può", "possono", "è", "sono", "essere", "va", "vanno", "pode", "podem", "devem", "são", "estão",
];

/// What columns are used for, in all of its forms.
#[rustfmt::skip]
const USES: &[&str] = &[
    "use", "used", "using", "touch", "touched", "touching", "feed", "fed", "feeding", "include", "included", "including", "consider", "considered",
    "considering", "read", "look", "looked", "looking", "see", "seen", "take", "taken", "rely", "relying", "trust", "access", "accessed", "input", "inputs", "feature", "features", "predictor",
    "predictors", "part", "permitted", "enter", "influence", "play", "model", "involve", "involved", "utilise", "utilised", "utilize", "utilized",
    "verwenden", "verwendet", "benutzen", "benutzt", "nutzen", "genutzt", "einfließen", "gesehen", "utiliser", "utilisé", "utilisée", "utilisés", "utilisées", "servir",
    "usar", "usarse", "usado", "usada", "usados", "usadas", "utilizar", "utilizarse", "utilizado", "utilizada", "utilizados", "utilizadas",
    "usare", "usato", "usata", "usati", "usate", "utilizzare", "utilizzato", "utilizzata", "utilizzati", "utilizzate",
];

/// Verbs of use before what they are of, which mean no other thing there.
#[rustfmt::skip]
const USES_BEFORE: &[&str] = &[
    "use", "using", "touch", "touching", "feed", "feeding", "include", "including", "consider", "considering", "read", "look", "looking", "see",
    "take", "rely", "relying", "trust", "access", "involve", "utilise", "utilize", "train", "training", "show", "showing", "give", "giving", "want", "depend", "learn", "pass",
    "verwenden", "benutzen", "nutzen", "utiliser", "toucher", "usar", "utilizar", "tocar", "usare", "utilizzare", "toccare",
];

/// What is said of columns that are shut out.
#[rustfmt::skip]
const SHUT: &[&str] = &[
    "forbidden", "prohibited", "banned", "barred", "illegal", "unlawful", "taboo", "confidential", "secret", "disallowed", "unusable", "excluded", "ignored",
    "omitted", "disregarded", "dropped", "removed", "skipped", "discarded", "limits", "bounds", "nogo", "tabu", "verboten", "vertraulich", "unzulässig", "interdit", "interdite", "interdits", "interdites",
    "confidentiel", "confidentielle", "confidentiels", "confidentielles", "prohibido", "prohibida", "prohibidos", "prohibidas", "confidencial", "confidenciales", "vietato", "vietata",
    "vietati", "vietate", "riservato", "riservati", "riservate", "proibido", "proibida", "proibidos", "proibidas", "confidenciais",
];

/// What a thing is done to that is to be told.
#[rustfmt::skip]
const TOLD: &[&str] = &["predicted", "estimated", "forecast", "forecasted", "modelled", "modeled", "explained", "inferred", "regressed", "vorhergesagt", "geschätzt"];

/// What may stand between these.
#[rustfmt::skip]
const BETWEEN: &[&str] = &[
    "to", "in", "any", "way", "ever", "as", "an", "a", "the", "for", "it", "at", "all", "also", "therefore", "please", "by", "law", "legally", "strictly", "absolutely",
    "supposed", "meant", "intended", "into", "on", "from", "our", "my", "me", "us", "you", "we", "i", "let", "make", "able", "even", "really", "off", "out", "of", "und", "zu",
    "bitte", "comme", "en", "como", "come", "under", "circumstances", "up", "them", "these", "those", "model", "want", "allowed", "both",
];

/// What is made of columns beside these words behind them; none where they say nothing of it.
pub(super) fn said_behind(words: &[String]) -> Option<Part> {
    const OF_LIST: &[&str] =
        &["columns", "column", "fields", "field", "features", "both", "all", "each", "bitte", "please", "left", "kept"];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_of = |word: &str, list: &[&str]| list.contains(&word);
    let start = words.iter().position(|word| !is_of(word, OF_LIST))?;
    // `Left out`, `kept away`.
    let is_left = start > 0 && ["left", "kept"].contains(&words[start - 1]);
    if is_left {
        return ["out", "aside", "away", "alone"].contains(&words[start]).then_some(Part::Exclude);
    }
    if !is_of(words[start], MODALS) && !is_of(words[start], NEGATIONS) {
        return None;
    }
    let mut is_negated = false;
    for (at, word) in words.iter().enumerate().skip(start) {
        let next = words.get(at + 1).copied().unwrap_or_default();
        let before = if at == 0 { "" } else { words[at - 1] };
        match *word {
            // `Not allowed`, and `not allowed to be used` all the same.
            "allowed" if next != "to" => return is_negated.then_some(Part::Exclude),
            "available" => return (is_negated && ["at", "when", "yet", "before"].contains(&next)).then_some(Part::Exclude),
            // `Off limits`, `out of bounds`.
            "limits" if before != "off" => return None,
            "bounds" if before != "of" => return None,
            "left" | "kept" | "thrown" | "taken" | "put" | "set" if ["out", "aside", "away", "alone"].contains(&next) => {
                return (!is_negated).then_some(Part::Exclude);
            }
            "out" if ["stay", "stays", "remain", "remains"].contains(&before) => return (!is_negated).then_some(Part::Exclude),
            word if is_of(word, NEGATIONS) => is_negated = true,
            word if is_of(word, SHUT) => return (!is_negated).then_some(Part::Exclude),
            word if is_of(word, TOLD) => return (!is_negated).then_some(Part::Label),
            // `May not enter the model`, which is what a model may be, too: `is a model of its own`.
            word if is_of(word, USES) => return (is_negated && !is_of_a_split(&words[at..])).then_some(Part::Exclude),
            word if is_of(word, MODALS) || is_of(word, BETWEEN) => {}
            _ => return None,
        }
    }
    None
}

/// Whether the words before columns, the nearest first, shut them out; `after` stand behind.
pub(super) fn is_barred(before: &[String], after: &[String]) -> bool {
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    const LITTLE: &[&str] = &[
        "the",
        "a",
        "an",
        "any",
        "our",
        "my",
        "its",
        "column",
        "columns",
        "field",
        "fields",
        "feature",
        "features",
        "variable",
        "variables",
        "values",
        "data",
        "of",
        "on",
        "at",
        "in",
        "from",
        "with",
        "to",
        "about",
        "information",
        "it",
        "model",
        "network",
        "either",
        "both",
        "is",
        "are",
        "=",
        "like",
        "as",
    ];
    // `Leave the gender alone`.
    const LEAVES: [&str; 5] = ["leave", "leaving", "keep", "keeping", "let"];
    let first = after.first().copied().unwrap_or_default();
    let Some(at) = before.iter().position(|word| !LITTLE.contains(word)) else { return false };
    let (little, word, rest) = (&before[..at], before[at], &before[at + 1..]);
    let next = rest.first().copied().unwrap_or_default();
    if LEAVES.contains(&word) && ["alone", "aside", "away", "out"].contains(&first) {
        return true;
    }
    let is_list = little
        .iter()
        .any(|word| ["=", "column", "columns", "field", "fields", "features", "variables", "is", "are"].contains(word));
    match word {
        // `Keep away from`, `steer clear of`, `hands off`.
        "away" | "clear" => {
            little.iter().any(|word| ["from", "of"].contains(word)) && ["keep", "stay", "steer", "stays", "shy"].contains(&next)
        }
        "off" => next == "hands",
        "neither" => true,
        "avoid" | "avoiding" | "disregard" | "disregarding" => !is_of_a_split(&after),
        "limits" => is_list && next == "off",
        "bounds" => is_list && rest.get(..2).is_some_and(|rest| rest == ["of", "out"]),
        "allowed" => is_list && is_negated(rest),
        // `Compliance forbids gender`.
        "forbids" | "forbid" | "prohibits" | "prohibit" | "bans" | "ban" | "disallows" | "disallow" | "outlaws" => true,
        word if SHUT.contains(&word) => is_list,
        // `Don't use the price as the label` says nothing of reading it.
        word if USES_BEFORE.contains(&word) => {
            let of_label = || ["as", "for"].contains(&first) && after.iter().take(4).any(|word| LABELS.contains(word));
            let only =
                rest.iter().take(2).chain(little).chain(after.first()).any(|word| ["only", "just", "alone"].contains(word));
            is_negated(rest) && !only && !of_label() && !is_of_a_split(&after)
        }
        _ => false,
    }
}

/// Whether the words before a verb, the nearest first, say that it is not to be done.
pub(super) fn is_negated(before: &[&str]) -> bool {
    const FORBIDS: &[&str] = &[
        "forbidden",
        "prohibited",
        "banned",
        "barred",
        "refrain",
        "avoid",
        "stop",
        "unable",
        "illegal",
        "unlawful",
        "disallowed",
    ];
    for (at, word) in before.iter().take(6).enumerate() {
        // `It is not forbidden to use`.
        if FORBIDS.contains(word) {
            return before.get(at + 1).is_none_or(|next| !NEGATIONS.contains(next));
        }
        if NEGATIONS.contains(word) {
            return true;
        }
        if !MODALS.contains(word) && !BETWEEN.contains(word) {
            return false;
        }
    }
    false
}

fn is_of_a_split(words: &[&str]) -> bool {
    words
        .iter()
        .take(5)
        .any(|word| OF_A_SPLIT.iter().any(|stem| word.starts_with(stem)) || ["test", "train", "training"].contains(word))
}

/// Words between two lists of which the second is shut out as the first is, and the other way round: `gender or postcode`.
pub(super) const ORS: &[&str] = &["or", "nor", "oder", "noch", "ou", "ni", "né", "nem"];

/// Columns that have no part, beside a negation: whoever says something of them does not want them as the others are.
pub(super) fn beside_negations<'a>(pieces: &[Piece<'a>], roles: &Roles) -> Vec<&'a str> {
    const NEAR: usize = 5;
    // What rows have, and what is done to values: none of it says that the column is not wanted.
    const OF_VALUES: &[&str] = &[
        "missing",
        "nan",
        "nans",
        "null",
        "nulls",
        "empty",
        "negative",
        "zero",
        "rows",
        "row",
        "normalised",
        "normalized",
        "scaled",
        "balanced",
        "same",
        "both",
    ];
    let has_part = |name: &str| {
        [&roles.label, &roles.input, &roles.exclude, &roles.together, &roles.listed]
            .iter()
            .any(|own| own.iter().any(|own| own == name))
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while at < pieces.len() {
        let (names, end) = group_at(pieces, at);
        if names.is_empty() {
            at += 1;
            continue;
        }
        let around: Vec<String> =
            before(&pieces[..at]).into_iter().take(NEAR).chain(behind(&pieces[end..]).into_iter().take(NEAR)).collect();
        let says = |list: &[&str]| around.iter().any(|word| list.contains(&word.as_str()));
        let words: Vec<&str> = around.iter().map(String::as_str).collect();
        if says(NEGATIONS) && !says(OF_VALUES) && !is_of_a_split(&words) {
            found.extend(names.into_iter().filter(|name| !has_part(name)));
        }
        at = end;
    }
    let again = (0..pieces.len()).filter(|at| is_denied_use(pieces, *at)).flat_map(|at| spoken_of(pieces, at));
    found.extend(again.filter(|name| !has_part(name)));
    found
}

/// Whether a place of a clause stands beside a negation and a word for use: `by no means must it be fed to the model`.
fn is_denied_use(pieces: &[Piece<'_>], at: usize) -> bool {
    const NEAR: usize = 10;
    let words: Vec<String> =
        before(&pieces[..at]).into_iter().take(NEAR).chain(behind(&pieces[at..]).into_iter().take(NEAR)).collect();
    let says = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    // `Never in both train and test` parts rows.
    let is_of_parts = says(&["both", "train", "training", "test", "split", "splits", "sides"]);
    says(NEGATIONS) && !is_of_parts && (says(USES) || says(USES_BEFORE))
}
