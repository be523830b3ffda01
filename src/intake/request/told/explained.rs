//! Words that only explain: why something is asked for, and what the data is like. `The file has six columns`, `since the labels are
//! noisy`, `ratings go from 1 to 10 in halves` ask for nothing, unless a wish stands in the same breath.

use crate::intake::regex;
use crate::intake::request::wording::meant::may_change;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// What makes a sentence a wish, whatever it says besides.
static VERBS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:use|using|train(?:ing|ed)? (?:on|with|it|a|an|the)|drop|ignore|exclude|omit|remove|keep|set|take|please|leave|skip|want|need|needs|should|must|shall|make|weigh(?:t|ted)?|try|forget|without|not|never|no|except|only|instead|hold|predict|save|export|stop|freeze)\b|n['’]t\b",
    )
});

/// What is settled by a sentence that speaks of it.
static SETTLED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)\b(?:test|validation|held|split|metric|target|labels?|inputs?|limit|budget|at most|at least|deadline)\b")
});

/// What is a thing behind an article, and a wish otherwise.
static THINGS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)\b(?:the|an?|our|my|this|that|their|your|old|new|latest)\s(?:[\w-]+\s)?exports?\b"));

/// Whether a sentence, or a part of one, may ask for something.
fn may_ask(text: &str) -> bool {
    let text = THINGS.replace_all(text, "");
    VERBS.is_match(&text) || SETTLED.is_match(&text)
}

/// Stands before a reason.
static WHY: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)\b(?:because(?: of)?|since|given that|due to|thanks to|as (?:it|they|this|that|we|i|there)\b)"));

/// Where another clause begins that may be a wish.
static NEXT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)[,:]\s+(?:so|and|but|please|then|therefore|hence)\b|\bso\b"));

/// Begins what is told of the data.
static TELLS: LazyLock<Regex> = LazyLock::new(|| {
    let what = r"(?:files?|data(?: ?sets?)?|tables?|csv|folders?|texts?|corpus|sheet|export|dump|rows?|lines?|images?|photos?|pictures?|recordings?|reviews?|tickets?|mails?|messages?|sentences?|documents?|answers?|questions?)";
    regex(&format!(
        r"(?i)^\s*(?:(?:hi|hello|hey|dear|so|and|also|well|ok|btw|fyi|note that|note)(?:\s(?:all|there|team|everyone|folks|both))?[\s,:]+)*(?:(?:attached|enclosed|here)\s(?:is|are|you find|please find)\b|(?:the|my|our|this|these|each|every|all|most|many|some|both)\s(?:[\w.-]+\s){{0,3}}?{what}\s(?:in it\s|here\s)?(?:has|have|had|contains?|holds?|is|are|was|were|comes?|came|consists?|looks?|goes?|ranges?|starts?)\b|(?:i|we)(?:['’]ve| have)\s(?:got\s)?|(?:there (?:is|are)|it (?:has|is|contains|comes|was)|they (?:have|are|were|come))\b|(?:it|this)['’]s\s)"
    ))
});

/// Whole, whatever stands around it: a range of values, a share of rows, a quality.
static DESCRIBES: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    let number = r"[0-9]+(?:\.[0-9]+)?";
    [
        regex(&format!(
            r"(?i)(?:\b(?:[\w-]+\s)?(?:goes|go|ranges?|ranging|runs?|is|are|lies?|scored?|rated|values?|stars|on a scale)\s(?:(?:a\s)?(?:number|score|rating)\s)?(?:from|between|of)\s{number}\s(?:to|and|-|–)\s{number}(?:\s(?:in|by)\s(?:halves|halfs|wholes|quarters|steps(?: of [0-9.]+)?|half (?:points|steps|stars)))?|\((?:from |between |of |de |von |da )?{number}\s?(?:-|–|to|and|à|bis|a)\s?{number}\s?(?:stars|points)?\))"
        )),
        regex(&format!(
            r"(?i)(?:\b(?:is|are|makes? up|make up|has|have)\s(?:only\s)?(?:about|around|roughly|approximately|approx\.?|some|nearly|almost|~|ca\.?)\s?{number}\s?(?:%|percent)(?: of (?:the |all )?\w+)?|\b(?:about|around|roughly|approximately|only|some|nearly|almost|~)\s?{number}\s?(?:%|percent)(?: of (?:the |all |them )*\w*)?\s(?:are|is|have|has)\s\w+)"
        )),
        // What is to be told, where a column says it: `guess how a guest liked it`.
        regex(r"(?i)\b(?:guess|tell|say|know|find out)(?:e?s|ing)? how\b[^.,;:!?\d]*"),
        regex(
            r"(?i)\b(?:[\w%.-]+\s){1,5}?(?:is|are)\s(?:(?:only|very|quite|rather|to be|highly|really|heavily|somewhat)\s)*(?:expected|ordinal|nominal|numeric(?:al)?|binary|categorical|skewed|noisy|rare|short|long|messy|clean|real|synthetic|small|tiny|huge|large|known|common|typical|independent)\b",
        ),
    ]
});

/// Whose the data are: `a model from our spare parts catalogue`.
static OURS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:from|of|on|for|about|in)\s(?:our|my)(?:\s[\p{L}-]+){1,3}"));

/// Whether `words`, which are left `times` over, only explain wherever they may come from in `text`.
pub(crate) fn only_explains(text: &str, words: &str, times: usize) -> bool {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let places = places(&text, words);
    times > 0 && places.into_iter().filter(|place| is_explanation(&text, place.clone())).count() >= times
}

fn places(text: &str, words: &str) -> Vec<Range<usize>> {
    let words: Vec<String> = words.split_whitespace().map(regex::escape).collect();
    if words.is_empty() {
        return vec![];
    }
    let way = Regex::new(&format!(r"(?i)(?:^|[^\p{{L}}\d.])(?P<v>{})(?:$|[^\p{{L}}\d.]|\.(?:$|\s))", words.join(r"[\s,/-]+")));
    let found = |way: Regex| way.captures_iter(text).filter_map(|found| Some(found.name("v")?.range())).collect();
    way.map(found).unwrap_or_default()
}

fn is_explanation(text: &str, place: Range<usize>) -> bool {
    let sentence = sentence_at(text, place.start);
    let (own, at) = (&text[sentence.clone()], place.start - sentence.start..place.end - sentence.start);
    let is_described = |way: &Regex| {
        way.find_iter(own).any(|found| found.start() <= at.start && at.end <= found.end() && !VERBS.is_match(found.as_str()))
    };
    if DESCRIBES.iter().any(is_described) {
        return true;
    }
    let is_ours = |found: regex::Match<'_>| found.start() <= at.start && at.end <= found.end();
    if OURS.find_iter(own).any(is_ours) && !may_change(&own[at.clone()]) {
        return true;
    }
    // From the reason on, up to where another clause begins.
    let why = WHY.find_iter(&own[..at.start]).last();
    if why.is_some_and(|why| !NEXT.is_match(&own[why.end()..at.start]) && !may_ask(&own[why.end()..at.end])) {
        return true;
    }
    TELLS.is_match(own) && !may_ask(own)
}

/// From the end of the sentence before it to its own.
fn sentence_at(text: &str, at: usize) -> Range<usize> {
    static END: LazyLock<Regex> = LazyLock::new(|| regex(r"[.!?]\s|[;!?]|\.$"));
    let start = END.find_iter(&text[..at]).last().map_or(0, |end| end.end());
    let end = END.find(&text[at..]).map_or(text.len(), |end| at + end.start());
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_explains_is_told_from_what_asks() {
        for (text, words) in [
            ("MLP on a.csv, predict price. The file has odd quotes in places.", "odd quotes"),
            ("Predict stars (1-5) from text", "1-5"),
            ("Predict stars from text, they go from 1 to 5 in halves", "halves"),
            ("Drop city because of leaks upstream", "leaks upstream"),
            ("Use macro F1 since churners are a tiny group", "tiny group"),
            ("damaged is about 7 % so weigh it", "7"),
            ("about 2% are damaged, MLP", "2%"),
            ("3% wrong labels are expected so use a low rate", "3% wrong labels"),
            ("stars go from 1 to 5 in the file", "stars go"),
            ("We have got old exports of mails. Classify them", "old exports"),
            ("Hi all, attached is the export of our helpdesk (a.csv). Predict team", "export"),
            ("Make a model from our car manual. The file is a.csv", "car manual"),
        ] {
            assert!(only_explains(text, words, 1), "{text}: {words}");
        }
        for (text, words) in [
            ("MLP on a.csv. The file has two headers, skip them.", "two headers"),
            ("Drop city because it leaks, and quantile loss", "quantile loss"),
            ("The test set is the season of 2020", "season"),
            ("Quantile loss on a.csv", "quantile loss"),
            ("I have a strange wish: use quantile loss", "quantile loss"),
            ("Predict stars from text with 1 to 5 folds", "5"),
            ("Attached is a.csv. Train on it and export to CoreML", "export"),
            ("Train on a.csv with our quantile loss", "quantile loss"),
        ] {
            assert!(!only_explains(text, words, 1), "{text}: {words}");
        }
    }
}
