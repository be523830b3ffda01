//! Whether one text is to be written from another, and from which language into which.

use crate::intake::regex;
use crate::intake::request::rest::{Cut, Found, Judged, Rest, taken_if};
use crate::intake::request::{ModelName, Request};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AskedPair {
    /// Languages by their codes where they are known, else as they were written.
    Translation {
        from: Option<String>,
        to: Option<String>,
    },
    Summary,
    /// "text to text", "seq2seq".
    Any,
}

struct Patterns {
    translation: Regex,
    languages: [Regex; 2],
    summary: [Regex; 2],
    /// What is no text of the data.
    of_results: Regex,
    any: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let named = names_of_languages();
    let codes = LANGUAGES.map(|(_, code)| code).join("|");
    Patterns {
        translation: regex(r"(?i)\b(?:machine )?translat(?:es?|ing|ions?|ors?|ed)\b"),
        // `from English into German`, `English to German`, `English-German`, `turn de into en`.
        languages: [
            regex(r"(?i)\bfrom (?P<from>[a-z]+) (?:in)?to (?P<to>[a-z]+)\b"),
            regex(&format!(
                r"(?i)\b(?:(?:turn|convert|render|map|bring|go|get)(?:s|ing)?\s(?:the\s)?)?(?:from\s(?:the\s)?)?\b(?:(?P<from>{named})(?:\s[a-z]{{3,12}}){{0,2}}?|(?P<code>{codes})(?:\s(?:sentences|texts?|lines|column|side))?)(?P<join>\s?(?:-|–|/)\s?|\s?(?:-to-|→|->|=>)\s?|2|\s(?:in)?to\s(?:the\s)?)(?P<to>{named}|{codes})\b"
            )),
        ],
        // To ask for a summary is no task: to write some is.
        summary: [
            regex(r"(?i)\bsummar(?:i[sz](?:es?|ing|ations?|ers?))\b"),
            regex(
                r"(?i)\b(?:writ(?:e|es|ing)|generat(?:e|es|ing)|produc(?:e|es|ing)|creat(?:e|es|ing)|learn|into|to)(?: (?:a|an|the|good|short|brief|one-sentence|news))* summar(?:y|ies)\b|\bsummary generation\b|\bsummaries\b",
            ),
        ],
        of_results: regex(
            r"(?i)^(?: of)?(?: (?:the|all|your|my|its|our|what|how))* (?:results?|findings?|runs?|training|metrics|scores?|outcomes?|experiments?|you did|it (?:did|went))\b",
        ),
        any: regex(r"(?i)\b(?:text[- ](?:to|2)[- ]text|seq(?:uence)?[- ]?(?:to|2)[- ]?seq(?:uence)?|encoder[- ]decoder)\b"),
    }
});

#[rustfmt::skip]
const LANGUAGES: [(&str, &str); 32] = [
    ("arabic", "ar"), ("bengali", "bn"), ("bulgarian", "bg"), ("catalan", "ca"), ("chinese", "zh"), ("croatian", "hr"), ("czech", "cs"), ("danish", "da"),
    ("dutch", "nl"), ("english", "en"), ("estonian", "et"), ("finnish", "fi"), ("french", "fr"), ("german", "de"), ("greek", "el"), ("hebrew", "he"),
    ("hindi", "hi"), ("hungarian", "hu"), ("italian", "it"), ("japanese", "ja"), ("korean", "ko"), ("latvian", "lv"), ("lithuanian", "lt"), ("persian", "fa"),
    ("polish", "pl"), ("portuguese", "pt"), ("romanian", "ro"), ("russian", "ru"), ("spanish", "es"), ("swedish", "sv"), ("turkish", "tr"), ("ukrainian", "uk"),
];

/// The name of a language by its code; another word as it is.
pub fn language(code: &str) -> String {
    let name = LANGUAGES.iter().find(|(_, known)| *known == code).map_or(code, |(name, _)| *name);
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The code of a language; another word as it is, in lower case.
pub(crate) fn code_of(name: &str) -> String {
    let name = name.to_lowercase();
    LANGUAGES.iter().find(|(known, _)| *known == name).map_or(name, |(_, code)| code.to_string())
}

/// All that are known, as a pattern has them.
pub(crate) fn names_of_languages() -> String {
    LANGUAGES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("|")
}

/// What is done with texts that need not be written.
pub(crate) static OF_ANOTHER: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)\b(?:classif\w*|predict\w*|detect\w*|sentiment|forecast\w*|tell apart)\b"));

/// Names of data and models are cut out already.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    // That is a way to have more texts.
    static BACK: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bback[- ]?translat\w*"));
    rest.tell(&BACK);
    let is_another = rest.has(&OF_ANOTHER);
    let hears = matches!(&request.model, Some(ModelName::Called { name }) if name.contains("whisper"));
    // Of texts that are translated already something else is told.
    let translates = |found: &Found<'_>| {
        let words = found.cut.words.to_lowercase();
        taken_if(!is_another || !(words.ends_with("translated") || words.ends_with("translations")))
    };
    if rest.cut_as(&p.translation, translates).is_some() {
        while rest.cut(&p.translation).is_some() {}
        let named = p.languages.iter().find_map(|way| rest.cut_as(way, |found| taken_if(are_languages(found))));
        let languages = named.or_else(|| source_and_target(rest)).map(|cut| [from_of(&cut), code_of(cut.get("to"))]);
        let languages = languages.or_else(|| super::direction::find(rest, request));
        let (from, to) = languages.map(|[from, to]| (from, to)).unzip();
        request.pair = Some(AskedPair::Translation { from, to });
    } else if !is_another
        && !hears
        && let Some([from, to]) = direction(rest).or_else(|| otherwise(rest, request))
    {
        request.pair = Some(AskedPair::Translation { from: Some(from), to: Some(to) });
    } else if is_summary(rest) {
        request.pair = Some(AskedPair::Summary);
    } else if rest.cut(&p.any).is_some() {
        request.pair = Some(AskedPair::Any);
    }
}

/// Whether two languages are named: of codes that are words as well, `translate it to de` names one.
fn are_languages(found: &Found<'_>) -> bool {
    const WORDS: [&str; 5] = ["it", "he", "hi", "et", "is"];
    let is_word = |name: &str| WORDS.contains(&found.cut.get(name).to_lowercase().as_str());
    let is_spoken =
        !found.cut.get("join").contains(['>', '→', '-', '/', '2']) && !found.cut.words.to_lowercase().starts_with("from ");
    !(is_spoken && (is_word("from") || is_word("code") || is_word("to")))
}

/// The code of the language that is translated from.
fn from_of(cut: &Cut) -> String {
    code_of(&[cut.get("from"), cut.get("code")].concat())
}

/// The same in other languages and orders, where a model or a verb says that texts are written.
fn otherwise(rest: &mut Rest, request: &Request) -> Option<[String; 2]> {
    const VERBS: [&str; 8] = ["tradu", "tradurre", "traduz", "übersetz", "uebersetz", "翻译", "译", "vertaal"];
    let writes = match &request.model {
        Some(ModelName::At { id } | ModelName::Called { name: id }) => {
            let id = id.to_lowercase();
            ["opus-mt", "t5", "marian", "nllb", "bart"].iter().any(|name| id.contains(name))
        }
        None => false,
    };
    let is_said = writes || VERBS.iter().any(|verb| rest.says(verb)) || rest.says(" in") && rest.says(" out");
    if is_said { super::direction::find(rest, request) } else { None }
}

/// From which language into which, where nobody says that it is translated: `turn de into en`, `German -> English`.
fn direction(rest: &mut Rest) -> Option<[String; 2]> {
    if rest.says("speech") || rest.says("transcri") {
        return None;
    }
    // A model of one language is put to another: none is written.
    static ADAPTED: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(r"(?i)\badapt(?:s|ed|ing)?\b|\bcross-?lingual|\btransfer(?:s|red|ring)?\s(?:it|the|from|my|our|an?)\b"),
            regex(r"(?i)\b(?:model|classifier|encoder|bert|checkpoint|weights)\b"),
        ]
    });
    let is_adapted = rest.has(&ADAPTED[0]);
    // `English-German` may be a name.
    let is_told = |found: &Found<'_>| {
        let join = found.cut.get("join");
        let is_spoken = join.contains("to") && !join.contains(['>', '→', '-']);
        if is_spoken && (is_adapted || ADAPTED[1].is_match(&found.cut.words)) {
            return Judged::Passed;
        }
        taken_if(are_languages(found) && (join.contains(['>', '→', '2']) || join.contains("to")))
    };
    let cut = source_and_target(rest).or_else(|| rest.cut_as(&PATTERNS.languages[1], is_told))?;
    Some([from_of(&cut), code_of(cut.get("to"))])
}

/// `Source: de, target: en`, `de as the source and en as the target`.
fn source_and_target(rest: &mut Rest) -> Option<Cut> {
    static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let one = format!("{}|{}", names_of_languages(), LANGUAGES.map(|(_, code)| code).join("|"));
        let is = r"(?:\s(?:language|side|text|column))?(?:\s?[=:]|\sis)?\s(?:in\s)?";
        let role = r"\s(?:as|is|for)\s(?:(?:the|its|my)\s)?";
        [
            regex(&format!(
                r"(?i)\b(?:source|src|input){is}(?P<from>{one})\b[\s,;]*(?:and\s)?(?:the\s)?(?:target|tgt|output){is}(?P<to>{one})\b"
            )),
            regex(&format!(
                r"(?i)\b(?:(?:with|use|take)\s)?(?P<from>{one}){role}(?:source|src|input)\b[\s,;]*(?:and\s)?(?P<to>{one}){role}(?:target|tgt|output)\b"
            )),
        ]
    });
    if !["source", "src", "input"].iter().any(|word| rest.says(word)) {
        return None;
    }
    WAYS.iter().find_map(|way| rest.cut(way))
}

/// Whether texts are to be summarised; what came of the run may be, too, and that is none of its tasks.
fn is_summary(rest: &mut Rest) -> bool {
    let p = &*PATTERNS;
    let is_another = rest.has(&OF_ANOTHER);
    let judged = |found: &Found<'_>| match p.of_results.is_match(found.behind) {
        true => Judged::Told,
        // These are there already: `predict the genre from plot summaries`.
        false => taken_if(!is_another || !found.cut.words.eq_ignore_ascii_case("summaries")),
    };
    // How long they may be is read elsewhere: `summarise the news, summaries at 32 tokens`.
    static LENGTH: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s(?:(?:are|is|cut|capped|truncated|limited|clipped|off|to be)\s)*(?:at|to|of)\s(?:(?:at most|up to|max(?:imum)?|no longer than|under)\s)?\d",
        )
    });
    let mut is_asked = false;
    for is_last in [false, true] {
        let of_task = |found: &Found<'_>| match LENGTH.is_match(found.behind) && !is_last {
            true => Judged::Passed,
            false => judged(found),
        };
        if is_last && is_asked {
            break;
        }
        for way in &p.summary {
            while rest.cut_as(way, of_task).is_some() {
                is_asked = true;
            }
        }
    }
    is_asked
}
