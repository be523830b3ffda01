//! Words that only say again what is understood already: nothing is lost with them, and to tell them would hide what is.

use crate::intake::request::Request;
use crate::intake::request::rest::{Found, Rest, taken_if};
use crate::intake::request::task::models::last_model;
use crate::intake::{ScheduleShape, regex};
use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// A letter without whom it greets and who signs it, each on lines of their own.
pub(crate) fn without_names(text: &str) -> Cow<'_, str> {
    // `Gracias, Lucía` ends a text of one line as well.
    static ENDS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i:(?P<thanks>[.!?;]\s*(?:many )?(?:thanks|thank you|regards|cheers|gracias|merci|danke|grazie|obrigad[oa])))[,!]\s+(?P<name>\p{Lu}\p{Ll}+(?:\s\p{Lu}\p{Ll}*\.?)?)[.!]?\s*\z",
        )
    });
    let text = without_signature(text);
    if !text.contains('\n') {
        let name = ENDS.captures(text).filter(|found| last_model(&found["name"]).is_none());
        return name.map_or(Cow::Borrowed(text), |_| ENDS.replace(text, "${thanks}."));
    }
    static GREETS: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\A\s*(?:hi|hello|hey|dear|hallo|bonjour|hola)(?: [\p{L}.]+){1,3}[,!]\s*\n"));
    static SIGNS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"\n\s*(?i:(?:many |best |kind )?(?:thanks|thank you|regards|cheers|best wishes|best|sincerely))(?:[,!.]?[ \t\r]*\n|,[ \t]+)(?P<names>(?:[ \t]*\p{Lu}[\p{L}.]*(?: \p{Lu}[\p{L}.]*){0,3}[ \t\r]*(?:\n|\z)){1,3})\s*\z",
        )
    });
    let text = GREETS.replace(text, "");
    // `Use MiniLM` is no name.
    let is_signed = SIGNS.captures(&text).is_some_and(|found| last_model(&found["names"]).is_none());
    if is_signed { Cow::Owned(SIGNS.replace(&text, "").into_owned()) } else { Cow::Owned(text.into_owned()) }
}

/// A mail without what stands below the line `--`, which says who wrote it.
fn without_signature(text: &str) -> &str {
    const MOST_LINES: usize = 8;
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let below = &text[end + line.len()..];
        let lines = || below.lines().filter(|line| !line.trim().is_empty());
        // What is quoted there was said by somebody else.
        let is_signature = || lines().count() <= MOST_LINES && !lines().any(|line| line.trim_start().starts_with('>'));
        if line.trim_end() == "--" && end > 0 && is_signature() {
            return text[..end].trim_end();
        }
        end += line.len();
    }
    text
}

/// Behind all else.
pub(crate) fn find(rest: &mut Rest, request: &Request) {
    // `SmolLM2 ... (HuggingFaceTB/SmolLM2-135M)` names one model twice.
    if let Some(crate::intake::request::ModelName::At { id: name } | crate::intake::request::ModelName::Called { name }) =
        &request.model
    {
        let own = name.rsplit('/').next().unwrap_or(name).to_lowercase();
        static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:^|[\s(,])(?P<name>[A-Za-z][A-Za-z0-9.-]{3,}[A-Za-z0-9])"));
        let is_own = |found: &Found<'_>| {
            let word = found.cut.get("name").to_lowercase();
            let goes_on = own.strip_prefix(&word).is_some_and(|more| more.is_empty() || more.starts_with('-'));
            taken_if(goes_on && last_model(&word).is_some())
        };
        while rest.cut_as(&WORD, is_own).is_some() {}
    }
    // `The lr is divided by 10 at epoch 60`: what falls was said with how.
    if matches!(request.schedule, Some(ScheduleShape::Milestones { .. } | ScheduleShape::Staircase { .. })) && rest.says("¦") {
        static FALLS: LazyLock<Regex> =
            LazyLock::new(|| regex(r"(?i)\b(?:the )?(?:lr|learning[ -]rate)(?: (?:is|gets|should be|to be|then|drops?))*\s*¦"));
        while rest.cut(&FALLS).is_some() {}
    }
}
