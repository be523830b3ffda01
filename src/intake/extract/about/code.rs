//! Where the authors' code is, and under which licence it is given away.

use crate::intake::extract::Findings;
use crate::intake::{FieldKey, Paper, Scope, SectionKind, Sentence, Value};
use std::sync::LazyLock;

/// Where the authors' code is, by their own words.
pub(super) fn code(sentences: &[Sentence], own: &[String], found: &mut Findings<'_>) {
    static URL: LazyLock<regex::Regex> = LazyLock::new(|| {
        // A line break of a PDF may have left a blank anywhere in a host's name.
        let apart = |host: &str| host.chars().map(|c| regex::escape(&c.to_string())).collect::<Vec<_>>().join(" ?");
        let hosts = ["github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "huggingface.co"].map(apart).join("|");
        crate::intake::regex(&format!(
            r"(?:https?://)?(?:www\.)?(?:\b(?:{hosts})/ ?[\w.-]+(?:/ ?[\w.-]*[\w-])?|\banonymous\.4open\.science/r/[\w.-]*[\w-]/?)",
        ))
    });
    static OFFER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:codes?|implementations?|models?|package|checkpoints|repository)\b[^;]{0,120}(?:\b(?:available|released?|at|found|provided?|here|see)\b| [—–-]|:)",
        )
    });
    for sentence in sentences {
        if let Some(url) = URL.find(&sentence.text).filter(|url| OFFER.is_match(&sentence.text[..url.start()]))
            && let Some(quote) = sentence.quote(url.range())
        {
            let text = url.as_str().replace(' ', "");
            found.add(FieldKey::CodeUrl, Value::Text { text }, None, Scope::default(), 0.8, quote, sentence.section);
            return;
        }
    }
    // Of another address only what is said to hold the code, right before it.
    static ELSEWHERE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:codes?|implementation)\b[^.;]{0,110}?(?:\b(?:at|in|on|from|here|is)|:| [–—-])\W{1,3}(?P<u>https?://[^\s),;]*[\w/])",
        )
    });
    for sentence in sentences {
        let Some(url) = ELSEWHERE.captures(&sentence.text).and_then(|found| found.name("u")) else { continue };
        let says_whose = ["our ", "we "].iter().any(|own| sentence.text.to_lowercase().contains(own));
        let is_own = says_whose || sentence.section.is_none();
        if let Some(quote) = sentence.quote(url.range()).filter(|_| is_own) {
            let text = url.as_str().to_string();
            return found.add(FieldKey::CodeUrl, Value::Text { text }, None, Scope::default(), 0.7, quote, sentence.section);
        }
    }
    if in_front(found, &URL) {
        return;
    }
    // The second of a name is where the first is: `foo` of `Foo 2`.
    let is_first_of = |repository: &str, own: &str| {
        let version = own.strip_prefix(repository).unwrap_or_default();
        repository.len() > 3 && !version.is_empty() && version.chars().all(|c| c.is_ascii_digit())
    };
    // An address that nobody speaks of, in a note for instance, is the paper's own if it bears its name.
    let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    for sentence in sentences.iter().filter(|sentence| sentence.text.contains("://")) {
        let Some(url) = URL.find(&sentence.text) else { continue };
        let text = url.as_str().replace(' ', "");
        let repository = bare(text.rsplit('/').next().unwrap_or_default());
        let is_own = own
            .iter()
            .map(|own| bare(own))
            .any(|own| own.len() > 3 && (repository.contains(&own) || is_first_of(&repository, &own)));
        if let Some(quote) = sentence.quote(url.range()).filter(|_| is_own) {
            return found.add(FieldKey::CodeUrl, Value::Text { text }, None, Scope::default(), 0.75, quote, sentence.section);
        }
    }
}

/// `Code: https://...` among the lines of the authors, which are no sentences.
fn in_front(found: &mut Findings<'_>, url: &regex::Regex) -> bool {
    static LABEL: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:code|repository|implementation|github)\b[^\n.;]{0,30}:[\s*<(\[]{0,6}$"));
    let paper = found.paper;
    let front = paper.passages.iter().take_while(|passage| passage.section.is_none());
    for passage in front {
        let text = paper.passage(passage);
        let Some(url) = url.find(text).filter(|url| LABEL.is_match(&text[..url.start()])) else { continue };
        let words = crate::intake::Span { start: passage.span.start + url.start(), end: passage.span.start + url.end() };
        let value = Value::Text { text: url.as_str().replace(' ', "") };
        found.add(FieldKey::CodeUrl, value, None, Scope::default(), 0.8, paper.quote(passage.page, words), None);
        return true;
    }
    false
}

/// Under which licence code or weights are given away, by the authors' own words.
pub(super) fn licence(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
    static UNDER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:under|with|is|are)\s(?:the\s|an?\s)?(?:terms of the\s)?(?P<l>(?:permissive\s)?(?:MIT|Apache(?:[- ]?(?:License,?\s)?(?:[Vv]ersion\s)?2(?:\.0)?)?|BSD(?:[- ]\d[- ][Cc]lause)?|[AL]?GPL(?:[- ]?v?\d(?:\.\d)?)?|CC[- ]BY(?:[- ](?:SA|NC|ND))*(?:[- ]\d\.\d)?|CC0|Creative Commons [A-Z][\w -]{2,40}?|OpenRAIL(?:-M)?))(?:\s[Ll]icen[cs]e[ds]?|[-\s]licensed|[.,;)]|\s|$)",
        )
    });
    static GIVES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:licen[cs]e\w*|releas\w*|open-?sourc\w*|available|distribut\w*|publish\w*)\b")
    });
    static OWN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:our|we|code|models?|weights|checkpoints|implementation|this (?:work|repository|paper))\b")
    });
    for sentence in sentences {
        let kind = paper.section_kind(sentence.section);
        let text = &sentence.text;
        if matches!(kind, SectionKind::References | SectionKind::RelatedWork) || !GIVES.is_match(text) || !OWN.is_match(text) {
            continue;
        }
        if let Some(words) = UNDER.captures(text).and_then(|found| found.name("l"))
            && let Some(quote) = sentence.quote(words.range())
        {
            let value = Value::Text { text: words.as_str().to_string() };
            found.add(FieldKey::Licence, value, None, Scope::default(), 0.75, quote, sentence.section);
            return;
        }
    }
}
