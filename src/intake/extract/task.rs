//! Tasks in a paper's own words: `dialogue state tracking (DST)`, `the task of key point analysis`, what a title ends in.

use std::ops::Range;
use std::sync::LazyLock;

/// What tasks are called by: their last word.
const HEAD: &str = "(?:[Cc]lassification|[Rr]ecognition|[Dd]etection|[Ss]egmentation|[Ff]orecasting|[Tt]racking|[Gg]eneration|[Tt]agging|[Pp]rediction|[Ee]stimation|[Rr]etrieval|[Pp]arsing|[Tt]ranslation|[Ss]ummari[sz]ation|[Aa]nswering|[Mm]atching|[Aa]nalysis|[Cc]omprehension|[Vv]erification|[Ii]dentification|[Ll]ocali[sz]ation|[Ss]ynthesis|[Rr]econstruction|[Aa]nnotation|[Ll]emmati[sz]ation|[Cc]ompletion|[Rr]ecommendation|[Rr]anking|[Dd]iarization|[Rr]easoning|[Cc]aptioning|(?:[Cc]ontinual|[Cc]ontrastive|[Ss]elf-[Ss]upervised|[Ff]ederated|[Rr]einforcement|[Mm]etric|[Rr]epresentation) [Ll]earning|[Pp]reference [Oo]ptimi[sz]ation)";

/// Tasks that a text names where tasks are named: before their short names, or after `task of`; of a title all that it names.
pub(super) fn named_in(text: &str, title: bool) -> Vec<(String, Range<usize>)> {
    static FORMS: LazyLock<[regex::Regex; 3]> = LazyLock::new(|| {
        let words = r"(?:[A-Za-z]+(?:-[A-Za-z]+)?[ -]){1,3}";
        [
            crate::intake::regex(&format!(r"\b(?P<t>{words}{HEAD})\b")),
            crate::intake::regex(&format!(r"\b(?P<t>{words}{HEAD})(?: [Tt]asks?)? \((?P<s>[A-Z][A-Za-z]{{1,6}})\)")),
            crate::intake::regex(&format!(
                r"\b(?:tasks? of |tasks?: |problem of |for |on |in |and |, )(?P<t>{words}{HEAD})(?: tasks?\b|[,.;]| and )"
            )),
        ]
    });
    let forms = if title { &FORMS[..1] } else { &FORMS[1..] };
    let mut found: Vec<(String, Range<usize>)> = Vec::new();
    for (task, short) in forms.iter().flat_map(|form| form.captures_iter(text)).filter_map(|found| {
        let short = found.name("s").map(|short| short.as_str().to_lowercase());
        Some((found.name("t")?, short))
    }) {
        let mut from = task.start();
        let mut last = from;
        // The small words of `out-of-domain` are part of it.
        for word in task.as_str().split_inclusive(' ') {
            let bare = word.trim_matches([' ', '-']).to_lowercase();
            last += word.len();
            if SMALL.contains(&bare.as_str()) || bare.ends_with("ly") || bare.ends_with("-based") {
                from = last;
            }
        }
        let mut name = &text[from..task.end()];
        // A short name says with which word the long one begins.
        if let Some(short) = &short {
            let Some(begin) = begins_with(name, short) else { continue };
            name = &name[begin..];
        }
        let at = task.end() - name.len()..task.end();
        if name.contains([' ', '-']) && !is_of_results(name) && !found.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            found.push((name.to_lowercase(), at));
        }
    }
    found
}

/// `confusion matrix analysis`, `error analysis`: what is done with results.
fn is_of_results(name: &str) -> bool {
    const RESULTS: [&str; 16] = [
        "matrix",
        "error",
        "sensitivity",
        "statistical",
        "ablation",
        "qualitative",
        "quantitative",
        "detailed",
        "comparative",
        "empirical",
        "theoretical",
        "performance",
        "complexity",
        "convergence",
        "failure",
        "correlation",
    ];
    let lower = name.to_lowercase();
    let before = lower.strip_suffix("analysis").map(|before| before.trim_end_matches([' ', '-']));
    before.is_some_and(|before| RESULTS.iter().any(|word| before.ends_with(word)))
}

/// Where in a name the words begin whose first letters are those of the short name.
fn begins_with(name: &str, short: &str) -> Option<usize> {
    let starts = std::iter::once(0).chain(name.match_indices([' ', '-']).map(|(at, _)| at + 1));
    starts.into_iter().find(|from| {
        let letters = name[*from..].split([' ', '-']).filter_map(|word| word.chars().next());
        letters.flat_map(char::to_lowercase).take(short.len()).eq(short.chars().take(name[*from..].split([' ', '-']).count()))
    })
}

/// Words that no task begins with.
const SMALL: [&str; 75] = [
    "another",
    "scaling",
    "which",
    "uses",
    "use",
    "correct",
    "previous",
    "interpretable",
    "prior",
    "existing",
    "subsequent",
    "final",
    "recent",
    "further",
    "complex",
    "study",
    "studies",
    "apply",
    "called",
    "call",
    "many",
    "two",
    "several",
    "individual",
    "same",
    "thus",
    "simple",
    "accurate",
    "performing",
    "covering",
    "including",
    "for",
    "of",
    "in",
    "on",
    "and",
    "the",
    "a",
    "an",
    "with",
    "via",
    "to",
    "by",
    "from",
    "our",
    "we",
    "or",
    "as",
    "is",
    "are",
    "using",
    "towards",
    "toward",
    "improving",
    "improved",
    "robust",
    "efficient",
    "better",
    "fast",
    "deep",
    "based",
    "novel",
    "new",
    "this",
    "their",
    "its",
    "challenging",
    "each",
    "downstream",
    "widely",
    "used",
    "against",
    "such",
    "both",
    "one",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_by_their_last_word() {
        let check = |text: &str, title: bool, expected: &[&str]| {
            let names: Vec<String> = named_in(text, title).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, expected, "{text}");
        };
        check("A Light Model for Cloud Cover Forecasting", true, &["cloud cover forecasting"]);
        check("We study table column matching (TCM) here.", false, &["table column matching"]);
        check("It is trained for fruit ripeness estimation.", false, &["fruit ripeness estimation"]);
        check("The generation of heat is small, and recognition came late.", false, &[]);
        check("On Being Early", true, &[]);
        // What is done with results is none.
        check("We report recall, accuracy, and confusion matrix analysis.", false, &[]);
        check("We study it in discourse role analysis.", false, &["discourse role analysis"]);
    }
}
