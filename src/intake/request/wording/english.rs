//! Common words of English: whoever writes one means it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What words of a list are, for their other forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Verbs,
    Nouns,
    Qualities,
    Others,
}

static WORDS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let (mut words, mut kind) = (BTreeSet::new(), Kind::Others);
    for line in include_str!("english.txt").lines().filter(|line| !line.starts_with('#')) {
        match line {
            "[verbs]" => kind = Kind::Verbs,
            "[nouns]" => kind = Kind::Nouns,
            "[qualities]" => kind = Kind::Qualities,
            "[others]" => kind = Kind::Others,
            _ => line.split_whitespace().for_each(|word| words.extend(forms(kind, word))),
        }
    }
    words
});

/// Verbs as they are bidden: those of the list, and those that requests are made of.
static VERBS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    #[rustfmt::skip]
    const OF_REQUESTS: &[&str] = &[
        "use", "train", "test", "run", "do", "make", "build", "take", "give", "get", "see", "try", "learn", "teach", "tune", "fine-tune", "finetune", "classify",
        "predict", "evaluate", "validate", "measure", "report", "tell", "find", "start", "limit", "regress", "truncate", "ensemble", "weigh", "calibrate", "deploy",
        "don't", "normalize", "normalise", "standardize", "standardise", "optimize", "optimise", "clip", "pretrain", "augment", "tokenize", "skip", "hold", "smooth", "average", "mask", "oversample", "undersample", "resample", "upsample", "downsample",
        "quantize", "prune", "distill", "bin", "rescale", "impute", "winsorize", "stratify", "permute", "mix", "bootstrap", "shuffle", "log", "email", "mail", "lowercase", "print", "track", "monitor", "repeat", "regularize",
    ];
    let mut is_of_verbs = false;
    let mut verbs: BTreeSet<&str> = OF_REQUESTS.iter().copied().collect();
    for line in include_str!("english.txt").lines().filter(|line| !line.starts_with('#')) {
        match line.starts_with('[') {
            true => is_of_verbs = line == "[verbs]",
            false if is_of_verbs => verbs.extend(line.split_whitespace().map(|word| word.trim_end_matches('!'))),
            false => {}
        }
    }
    verbs
});

/// Whether a word, in lower case, is a verb as one bids.
pub(crate) fn is_verb(word: &str) -> bool {
    VERBS.contains(word)
}

/// Whether a word, in lower case, is one of them.
pub(crate) fn is_word(word: &str) -> bool {
    WORDS.contains(word)
}

/// A word with its other forms: `stop!` -> `stop`, `stops`, `stopped`, `stopping`.
fn forms(kind: Kind, word: &str) -> Vec<String> {
    let is_doubled = word.ends_with('!');
    let word = word.trim_end_matches('!');
    let last = word.chars().last().unwrap_or_default();
    let doubled = if is_doubled { format!("{word}{last}") } else { word.to_string() };
    // `make` -> `making`, `carry` -> `carries`.
    let bare = word.strip_suffix('e').unwrap_or(&doubled);
    let consonant_before = |stem: &str| !stem.ends_with(['a', 'e', 'i', 'o', 'u']);
    let soft = word.strip_suffix('y').filter(|stem| consonant_before(stem)).map(|stem| format!("{stem}i"));
    let before_e = soft.as_deref().unwrap_or(bare);
    let hisses = ["s", "x", "z", "ch", "sh"].iter().any(|end| word.ends_with(end));
    let several = match &soft {
        Some(soft) => format!("{soft}es"),
        None if hisses => format!("{word}es"),
        None => format!("{word}s"),
    };
    let whole = soft.as_deref().unwrap_or(word);
    let others = match kind {
        Kind::Others => vec![],
        Kind::Nouns => vec![several],
        Kind::Verbs => {
            let more = ["ed", "er", "ers"].map(|end| format!("{before_e}{end}"));
            more.into_iter().chain([several, format!("{bare}ing")]).collect()
        }
        Kind::Qualities => vec![
            format!("{whole}ly"),
            format!("{word}ally"),
            format!("{bare}y"),
            format!("{before_e}er"),
            format!("{before_e}est"),
            format!("{whole}ness"),
        ],
    };
    std::iter::once(word.to_string()).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_bidden_in_one_form() {
        assert!(["smooth", "use", "stop", "average"].iter().all(|word| is_verb(word)));
        assert!(!["smoothed", "uses", "stopping", "turbine"].iter().any(|word| is_verb(word)));
    }

    #[test]
    fn words_have_their_forms() {
        for word in ["transaction", "persons", "matters", "matches", "stopped", "carries", "making", "easily", "contact"] {
            assert!(is_word(word), "{word}");
        }
        for wrong in ["epohcs", "stoping", "traning", "acuracy", "bacth", "learnig", "recogniton", "entty"] {
            assert!(!is_word(wrong), "{wrong}");
        }
    }
}
