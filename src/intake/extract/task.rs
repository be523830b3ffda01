//! Tasks in a paper's own words: `dialogue state tracking (DST)`, `the task of key point analysis`, what a title ends in.

use std::ops::Range;
use std::sync::LazyLock;

/// What tasks are called by: their last word.
const HEAD: &str = "(?:[Cc]lassification|[Rr]ecognition|[Dd]etection|[Ss]egmentation|[Ff]orecasting|[Tt]racking|[Gg]eneration|[Tt]agging|[Pp]rediction|[Ee]stimation|[Rr]etrieval|[Pp]arsing|[Tt]ranslation|[Ss]ummari[sz]ation|[Aa]nswering|[Mm]atching|[Aa]nalysis|[Cc]omprehension|[Vv]erification|[Ii]dentification|[Ll]ocali[sz]ation|[Ss]ynthesis|[Rr]econstruction|[Aa]nnotation|[Ll]emmati[sz]ation|[Cc]ompletion|[Rr]ecommendation|[Rr]anking|[Dd]iarization|[Cc]aptioning|(?:[Cc]ontinual|[Ff]ederated|[Rr]einforcement|[Mm]etric|[Rr]epresentation) [Ll]earning|[Pp]reference [Oo]ptimi[sz]ation)";

/// Tasks that a text names where tasks are named; of a title all that it names.
pub(super) fn named_in(text: &str, title: bool) -> Vec<(String, Range<usize>)> {
    static FORMS: LazyLock<[regex::Regex; 3]> = LazyLock::new(|| {
        let words = r"(?:[A-Za-z]+(?:-[A-Za-z]+)?[ -]){0,3}?";
        [
            crate::intake::regex(&format!(r"\b(?P<t>{words}{HEAD})\b")),
            crate::intake::regex(&format!(r"\b(?P<t>(?:[A-Za-z]+(?:-[A-Za-z]+)?[ -]){{1,3}}{HEAD})(?: [Tt]asks?)? \([A-Z][A-Za-z]{{1,6}}\)")),
            crate::intake::regex(&format!(
                r"\b(?:tasks? of |tasks?:? |problem of |for |on |in |and |, )(?P<t>(?:[A-Za-z]+(?:-[A-Za-z]+)?[ -]){{1,3}}?{HEAD})(?: tasks?\b|[,.;]| \(| and )"
            )),
        ]
    });
    let forms = if title { &FORMS[..1] } else { &FORMS[1..] };
    let mut found: Vec<(String, Range<usize>)> = Vec::new();
    for task in forms.iter().flat_map(|form| form.captures_iter(text)).filter_map(|found| found.name("t")) {
        // From the last small word on.
        let mut from = task.start();
        for word in task.as_str().split_inclusive(' ') {
            let end = from + word.len();
            if SMALL.contains(&word.trim().to_lowercase().as_str()) {
                from = end;
                found.retain(|(_, at)| at.end != task.end());
            } else if !text[end..task.end()].split(' ').any(|later| SMALL.contains(&later.to_lowercase().as_str())) {
                break;
            } else {
                from = end;
            }
        }
        let name = &text[from..task.end()];
        if name.contains([' ', '-']) && !found.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            found.push((name.to_lowercase(), from..task.end()));
        }
    }
    found
}

/// Words that no task begins with.
const SMALL: [&str; 44] = [
    "for", "of", "in", "on", "and", "the", "a", "an", "with", "via", "to", "by", "from", "our", "we", "or", "as", "is", "are", "using",
    "towards", "toward", "improving", "improved", "robust", "efficient", "better", "fast", "deep", "based", "novel", "new", "this", "their",
    "its", "challenging", "each", "downstream", "widely", "used", "against", "including", "such", "both",
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
    }
}
