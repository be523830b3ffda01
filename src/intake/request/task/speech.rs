//! Whether what is said in recordings is to be written, and in which language it is said.

use super::pair::{OF_ANOTHER, code_of, names_of_languages};
use crate::intake::regex;
use crate::intake::request::rest::{Found, Rest, taken_if};
use crate::intake::request::{ModelName, Request};
use regex::Regex;
use std::sync::LazyLock;

/// Ways of saying that speech is to be written.
static SPEECH: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    let what = r"(?: (?:models?|systems?|networks?|speech|recordings?|audio|voices?))?";
    [
        regex(&format!(
            r"(?i)\b(?:automatic )?(?:speech|voice)[- ](?:recognition|recogni[sz]ers?|(?:to|2)[- ]text|transcription){what}\b"
        )),
        regex(&format!(r"(?i)\b(?:asr|stt){what}\b")),
        regex(&format!(r"(?i)\btranscri(?:be|bes|bed|bing|bers?|ptions?){what}\b")),
        regex(r"(?i)\brecogni[sz](?:e|es|ing) (?:(?:my|the|our) )?(?:spoken (?:words|language)|speech)\b"),
    ]
});

/// `German speech`, `in German`.
static LANGUAGE: LazyLock<Regex> = LazyLock::new(|| {
    let named = names_of_languages();
    regex(&format!(
        r"(?i)\b(?:(?:in|of|from|for|spoken|language(?:\s?[:=])?)\s)?(?P<language>{named})\b(?:\s(?:speech|recordings?|audio|voices?|language))?"
    ))
});

/// Names of data and models are cut out already.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    // What is written down already may be classified.
    let is_another = rest.has(&OF_ANOTHER) || request.label.is_some();
    let judged = |found: &Found<'_>| {
        let words = found.cut.words.to_lowercase();
        let is_written = words.starts_with("transcribed") || matches!(words.as_str(), "transcription" | "transcriptions");
        taken_if(!(is_another && is_written))
    };
    for way in SPEECH.iter() {
        while rest.cut_as(way, judged).is_some() {
            request.speech.get_or_insert_default();
        }
    }
    // Whoever names such a model means it so.
    if matches!(&request.model, Some(ModelName::Called { name }) if name.starts_with("whisper")) {
        request.speech.get_or_insert_default();
    }
    static PLAINLY: LazyLock<Regex> = LazyLock::new(|| {
        let both = r"(?:(?:letter |upper |upper and lower )?(?:case|casing|capitali[sz]ation|capitals|punctuation))";
        regex(&format!(
            r"(?i)\b(?:(?:ignor(?:e|ing)|disregard(?:ing)?|regardless of|without|no matter|independent of|not counting|strip(?:ping)?|remov(?:e|ing)) (?:the |any )?{both}(?:(?:\s?,\s?|\s?/\s?|\s)(?:(?:and|or)\s)?(?:the )?{both})*|case[- ]insensitive(?:ly)?(?:,? (?:and )?(?:without|ignoring|no) punctuation)?|lower-?\s?cased?(?:,? (?:and )?)(?:without|no|ignoring) punctuation)\b(?: (?:when|while|for|in) (?:scoring|comparing|the (?:score|wer|comparison)))?"
        ))
    });
    // Of what is classified it would be another thing.
    if request.speech.is_some() && (rest.says("punctuation") || rest.says("case") || rest.says("casing") || rest.says("capital"))
    {
        let is_said = rest.cut_plain(&PLAINLY).is_some();
        if let Some(speech) = &mut request.speech {
            speech.compared_plainly = is_said;
        }
    }
    if let Some(speech) = &mut request.speech {
        speech.language = rest.cut(&LANGUAGE).map(|cut| code_of(cut.get("language")));
    }
}
