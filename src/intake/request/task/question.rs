//! What asks for advice, and for no run: `Is MiniLM good enough for reviews.csv?`, `how many epochs would I need?`.

use crate::intake::regex;
use crate::intake::request::rest::{Found, Judged, Rest};
use crate::intake::request::{Refused, Request};
use regex::Regex;
use std::sync::LazyLock;

/// Questions that a training does not answer. How good a model gets is told by its run.
static ADVICE: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    let thing = r"(?:models?|learning[ -]rates?|lr|batch[ -]?sizes?|optimi[sz]ers?|architectures?|settings|hyper-?\s?parameters?|schedules?|metrics?|recipe|rank|dropout)";
    [
        regex(
            r"(?i)\b(?:is|are|would|will|does|do|can|should|could|isn['’]t|wouldn['’]t)\s[^.!?]{0,80}?\b(?:enough|suitable|suffic\w+|overkill|necessary|worth|worthwhile|make sense|handle|cope with|better than|too (?:small|big|large|little|few|many|much|slow|long|short|high|low)|(?:the right|a good|a bad|the best)\s(?:choice|idea|way|size|fit|THING))\b[^.!?]{0,80}\?"
                .replace("THING", thing)
                .as_str(),
        ),
        regex(&format!(
            r"(?i)\b(?:how (?:many (?:epochs?|steps|rows|examples|samples|labels|layers|seeds|gpus?)|long|much (?:data|time|memory|ram))|(?:what|which) {thing})\b[^.!?]{{0,30}}?\b(?:should|would|do|does|will|must|is|are|can|could)\s[^.!?]{{0,80}}?\b(?:i|we|one|you|it|take|takes|need|needed|best|better|good|right|recommend\w*)\b[^.!?]{{0,80}}\?",
        )),
        regex(
            r"(?i)\b(?:should (?:i|we|one)|why (?:is|are|does|do|would|should)|how (?:big|large|small|deep|wide)\b|what (?:would|do|should|can) (?:you|i|we) (?:recommend|suggest|advise|use|choose|pick|need)|what does [^.!?]{1,40} (?:do|mean)\b|(?:does|do|will|would) [^.!?]{1,60}? (?:needs?|requires?) (?:(?:an?|any|more|much|many|so|that|the) )*(?:gpus?|data|rows|examples|labels|epochs|memory|ram|time)\b)[^.!?]{0,80}\?",
        ),
    ]
});

/// What nothing but questions is refused for; one beside a wish is told, and none of its numbers is taken. Names are cut out already.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    if !rest.says("?") {
        return;
    }
    static BEGINS: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)(?:^|[.!?¦,;:(–—-]|\b(?:hi|hello|hey|and|or|so|but|then|what|which)\b,?)\s*$"));
    let is_asked = rest.text().split_inclusive(['.', '!', '?']).any(is_wish);
    let judged = |found: &Found<'_>| {
        // `Fine-tune it on this, is that enough to know?`
        let beside = found.before.rsplit(['.', '!', '?']).next().unwrap_or_default();
        match BEGINS.is_match(found.before) && !is_polite(&found.cut.words) {
            true if is_asked || is_wish(beside) => Judged::Told,
            true => Judged::Taken,
            false => Judged::Passed,
        }
    };
    for way in ADVICE.iter() {
        while rest.cut_as(way, judged).is_some() {
            let expected = "a training: a question is answered by none; `tallow plan fine-tune MODEL on DATA` says what one takes, and \
                            its run how good it gets";
            request.refused = vec![Refused { words: request.text.clone(), expected: expected.into() }];
        }
    }
}

/// Whether it asks for something to be done: `what would you take` does not.
fn is_polite(words: &str) -> bool {
    POLITE.is_match(words) && !words.trim_start().to_lowercase().starts_with("what")
}

static POLITE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:(?:can|could|would|will) (?:you|u)|please|pls)\b"));

/// Whether a sentence wants something done: whoever says `could you` does, and whoever asks nothing, unless he tells what he has.
fn is_wish(sentence: &str) -> bool {
    static TELLS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s*(?:(?:i|we) (?:have|got|am|are|wonder)|i['’](?:m|ve)|we['’](?:re|ve)|my|our|the|there|it|this|these|hi|hello|hey|thanks?|cheers|regards)\b",
        )
    });
    let words = sentence.split_whitespace().filter(|word| word.contains(|c: char| c.is_alphanumeric() || c == '¦')).count();
    is_polite(sentence) || words > 1 && !sentence.trim_end().ends_with('?') && !TELLS.is_match(sentence)
}
