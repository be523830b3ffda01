//! Rows that are chosen by what they hold: `ignore the rows that are still open`, `only rows where country is DE`. Whether a column of the
//! data is meant is for the data to say; where none is, it is told as a whole: of its words nothing else is made.

use crate::intake::regex;
use crate::intake::request::rest::{Rest, is_filler};
use crate::intake::request::{Lack, Lacking, Request};
use regex::Regex;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

const ROWS: &str = r"(?:rows?|records?|examples?|samples?|entries|lines|cases|observations|instances|datapoints|data points)";

/// What becomes of rows that were told of before: `skip those`, `leave them out`. What is left in, or alone, stays.
const AWAY: &str = r"(?:(?:ignore|drop|exclude|remove|skip|omit|discard|delete)\s(?:those|these|them)(?:\s(?:rows|ones))?(?:\s(?:out|away|aside))?|(?:leave|throw|filter|put|set)\s(?:those|these|them)(?:\s(?:rows|ones))?\s(?:out|away|aside))";

/// Which of the ways says what becomes of the rows at its end.
const TO_BE_DROPPED: usize = 2;

static WAYS: LazyLock<[Regex; 6]> = LazyLock::new(|| {
    let which =
        r"(?:that|which|where|whose|in which|for which|with|without|marked|labell?ed|tagged|flagged|still|containing|having)";
    // Up to the end of the clause, or to what was cut out of it; `0.5`, `1,000` and `!=` end none.
    let clause = r"(?:[^,.;:!?()¦\n]|\.\d|,\d{3}\b|!=)";
    let first = r"(?:[^\s,.;:!?()¦]|\.\d)";
    // `DE, FR or US`.
    let list = r"(?:(?:,\s?['`\x22]?[\p{L}\d_-]+['`\x22]?){1,8},?\s(?:or|and)\s['`\x22]?[\p{L}\d_-]+['`\x22]?)?";
    let away = r"(?:ignor(?:e|ing)|drop(?:ping)?|exclud(?:e|ing)|remov(?:e|ing)|skip(?:ping)?|omit(?:ting)?|discard(?:ing)?|filter(?:ing)?(?: out)?|leav(?:e|ing) out|throw(?:ing)?(?: away| out)|delet(?:e|ing)|get rid of|without)";
    let kept = r"(?:(?:us(?:e|ing)|keep(?:ing)?|tak(?:e|ing)|consider(?:ing)?|includ(?:e|ing)|train(?:ing)?(?: (?:it|the model))? on|with|restrict(?:ed)? to|limit(?:ed)? to)\s(?:only|just)|(?:only|just)(?:\s(?:use|keep|take|consider|include|train on|with|on|for))?)";
    let value = r"(?:\([^()\n]{1,90}\)|'[^'\n]{0,60}'|\x22[^\x22\n]{0,60}\x22|[^\s,;(][^\s,;]*)";
    let test = format!(
        r"[`\x22]?[\p{L}_][\w.]*[`\x22]?\s?(?:=|==|!=|<>|<=?|>=?|(?i:\bis\b(?: not)?|\b(?:not )?in\b|\blike\b))\s?{value}",
        L = "{L}"
    );
    [
        // `Only rows of ward A`, `just the rows seen after 2020`.
        regex(&format!(
            r"(?i)\b{kept}\s(?:(?:all|any|the|those)\s)*{ROWS}\s(?:of|from|[\p{L}_]+\s(?:over|under|above|below|before|after|since|until|[<>]=?))\s(?P<which>{first}{clause}{{0,60}}{list})",
            L = "{L}"
        )),
        regex(&format!(
            r"(?i)\b(?:{away}|{kept})\s(?:(?:all|any|every|each|only|just|the|those|of|to|on|out|from)\s)*{ROWS}\s{which}\b(?P<which>{clause}{{1,90}}{list})"
        )),
        regex(&format!(
            r"(?i)\b{ROWS}\s{which}\b{clause}{{1,60}}?\s(?:(?:should|must|can|may|are|is|to|be|have to)\s)+(?:ignored|dropped|excluded|removed|skipped|omitted|discarded|filtered(?: out)?|left out|deleted)\b"
        )),
        // Some have something, and are not wanted: `a few rows have price 0, skip those`.
        regex(&format!(
            r"(?i)\b(?:(?:a few|some|many|several|most|the|all|those|certain)\s)*{ROWS}\s(?:(?:that|which)\s)?(?:have|has|had|hold|contain|are|were|with|without|where)\b{clause}{{1,60}}?(?:\s?[,;:–—-]\s(?:(?:so|and|but|please|just|simply|we)\s)*|\s(?:so|and)\s(?:please\s)?){AWAY}\b"
        )),
        // Of a query.
        regex(&format!(r"\bWHERE\s{test}(?:\s(?:AND|OR)\s{test})*")),
        regex(&format!(r"(?i)\b(?:filter(?:ed|ing)?(?: it| them| the (?:data|rows|table))?)\s(?:to|on|by|for|where)\s{test}")),
    ]
});

/// Which rows a phrase chooses, less what is said of the training behind it: `only rows of ward A for 5 epochs with lr 1e-3`.
fn chosen(which: &str) -> usize {
    static TRAINING: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)(?:,?\s(?:and|but|then|please))*\s(?:for|using|use|with|at)\s(?:(?:an?|the|about|around|at most|up to)\s)*(?:\d+[\d.]*\s?(?:epochs?|steps?|passes|seeds?|min|hour|s\b|h\b)|lr\b|learning[ -]rate|batch|seeds?\b|dropout|weight decay|adam|sgd|optimi[sz]er|mlp\b|(?:train|test|validat)ing\b|training\b|validation\b)",
        )
    });
    TRAINING.find(which).map_or(which.len(), |training| training.start())
}

/// What is behind the place where a model is tested, or what rows are kept apart for, is read elsewhere; so are the rows of a split.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    static APART: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\b(?:for|as|into) (?:the |a |my )?(?:test|validation|valid|dev|held|hold|train|eval)"));
    if !["row", "record", "example", "sample", "entr", "line", "case", "observ", "instance", "point", "where", "filter"]
        .iter()
        .any(|word| rest.says(word))
    {
        return;
    }
    static SPLIT: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s?(?:(?:the|my|a)\s)?(?:train(?:ing)?|test(?:ing)?|valid(?:ation)?|val|dev|eval(?:uation)?|held[- ]out|hold-?out)(?:\s(?:split|set|part|portion|data|file|folder|rows)s?)?\s*(?:$|in\b|for\b)",
        )
    });
    // `Rows without x should not be dropped`.
    static NOT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:not|never|n['’]t)\s(?:(?:to|be|get)\s)*\w+(?:\sout)?$"));
    for (at, way) in WAYS.iter().enumerate() {
        let place = |text: &str, from: usize| {
            way.captures_iter(&text[from..]).find_map(|found| {
                let (whole, which) = (found.get(0)?.range(), found.name("which"));
                let end = which.map_or(whole.end, |which| which.start() + chosen(which.as_str()));
                let said = &text[from + whole.start..from + end];
                let stays = at == TO_BE_DROPPED && NOT.is_match(said);
                let is_split = which.is_some_and(|which| SPLIT.is_match(which.as_str()));
                (!stays && !is_split && !APART.is_match(said)).then_some(from + whole.start..from + end)
            })
        };
        while let Some(words) = rest.cut_place(place) {
            request.lacking.push(Lacking { of: Lack::Filter, words });
        }
    }
}

/// A text without a phrase that was found in it, or in the same text as it was rewritten: then without the words that are the same but for
/// slips and signs, else without the clause that has most of them.
pub(crate) fn without(text: &str, phrase: &str) -> String {
    let place = text.find(phrase).map(|start| start..start + phrase.len()).or_else(|| nearly(text, phrase));
    match place.or_else(|| clause_of(text, phrase)) {
        Some(place) => format!("{} {}", &text[..place.start], &text[place.end..]),
        None => text.to_string(),
    }
}

/// Each word where it stands, in lower case.
fn words(text: &str) -> Vec<(Range<usize>, String)> {
    static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"[\p{L}\p{N}_]+"));
    WORD.find_iter(text).map(|word| (word.range(), word.as_str().to_lowercase())).collect()
}

/// The same words in the same order, whatever stands between them; of a long one a letter may be another.
fn nearly(text: &str, phrase: &str) -> Option<Range<usize>> {
    const LONG: usize = 4;
    let (own, said) = (words(text), words(phrase));
    let is_same = |one: &str, other: &str| one == other || one.len() >= LONG && strsim::osa_distance(one, other) == 1;
    let fits = |at: &[(Range<usize>, String)]| at.iter().zip(&said).all(|((_, one), (_, other))| is_same(one, other));
    let found = own.windows(said.len().max(1)).find(|at| !said.is_empty() && fits(at))?;
    Some(found.first()?.0.start..found.last()?.0.end)
}

/// The clause of a text that most words of a phrase stand in, where these are two or more and no number is missing.
fn clause_of(text: &str, phrase: &str) -> Option<Range<usize>> {
    static CLAUSE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:[^,.;:!?\n]|[.,]\d)+"));
    const LEAST: usize = 2;
    // What any choice of rows says tells nothing.
    static LITTLE: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"^(?:{ROWS}|where|whose|keep|drop|skip|ignore|exclude|remove|omit|discard|missing|those|them|these|out|not)$"
        ))
    });
    let telling = |word: &String| !is_filler(word) && !LITTLE.is_match(word);
    let said: BTreeSet<String> = words(phrase).into_iter().map(|(_, word)| word).filter(telling).collect();
    let is_number = |word: &&String| word.starts_with(|c: char| c.is_numeric());
    let shared = |clause: &regex::Match<'_>| {
        let own: BTreeSet<String> = words(clause.as_str()).into_iter().map(|(_, word)| word).collect();
        let has_numbers = said.iter().filter(is_number).all(|number| own.contains(number));
        if has_numbers { said.intersection(&own).count() } else { 0 }
    };
    let best = CLAUSE.find_iter(text).max_by_key(shared)?;
    (shared(&best) >= LEAST).then(|| best.range())
}

#[cfg(test)]
mod tests {
    use super::without;
    use crate::intake::request::{Lack, Request, parse_request};

    fn parse(text: &str) -> Request {
        parse_request(text, |_| None)
    }

    fn chosen(text: &str) -> Vec<String> {
        let rows = parse(text).lacking.into_iter().filter(|lacking| lacking.of == Lack::Filter);
        rows.map(|lacking| lacking.words).collect()
    }

    #[test]
    fn rows_that_stay_are_not_left_out() {
        for end in ["leave them in", "leave those alone", "leave them as they are", "filter them by hand later", "set those to 1"]
        {
            let text = format!("MLP on a.csv, predict b; some rows where status is closed, {end}");
            assert_eq!(chosen(&text), Vec::<String>::new(), "{end}");
        }
        for end in ["leave them out", "drop those", "filter those out", "throw those rows away", "set them aside", "skip them"] {
            let text = format!("MLP on a.csv, predict b; some rows where status is closed, {end}");
            assert_eq!(chosen(&text).len(), 1, "{end}");
        }
    }

    #[test]
    fn what_is_said_of_the_training_is_no_choice_of_rows() {
        let request = parse("MLP, only rows from a.csv for 5 epochs with lr 1e-3, predict b");
        assert_eq!((request.epochs, request.lr), (Some(5.0), Some(1e-3)));
        assert_eq!(chosen("MLP, only rows from a.csv for 5 epochs with lr 1e-3, predict b"), Vec::<String>::new());
        let text = "MLP on a.csv, predict b, only the rows of ward A for 5 epochs with lr 1e-3";
        assert_eq!(chosen(text), ["only the rows of ward A"]);
        assert_eq!((parse(text).epochs, parse(text).lr), (Some(5.0), Some(1e-3)));
        assert_eq!(
            chosen("skip the rows where age is over 60 with batch size 8, MLP on a.csv"),
            ["skip the rows where age is over 60"]
        );
        let text = "MLP on a.csv, predict b, drop every row in which age is 0 and use a batch size of 8";
        assert_eq!((chosen(text), parse(text).batch_size), (vec!["drop every row in which age is 0".into()], Some(8)));
        let text = "MLP on a.csv, predict b. Rows where age is 60 should not be dropped";
        assert_eq!(chosen(text), Vec::<String>::new());
        for split in ["train", "the test split", "the training set"] {
            assert_eq!(chosen(&format!("MLP on a.csv, predict b, use only rows from {split}")), Vec::<String>::new(), "{split}");
        }
    }

    #[test]
    fn the_words_are_left_out_of_a_text_as_it_was_written() {
        for (text, phrase, left) in [
            ("a, drop the rows\nwhere x is 1, b", "drop the rows where x is 1", "a,  , b"),
            ("a, only rowz where x is DE; b", "only rows where x is DE", "a,  ; b"),
            (
                "nimm nur Zeilen, in denen alter 60 ist, lass name weg",
                "only rows where alter is 60",
                "nimm nur Zeilen, , lass name weg",
            ),
            (
                "use only rows where z is 5, leave name out",
                "only rows where x is missing",
                "use only rows where z is 5, leave name out",
            ),
            ("predict x, leave name out", "drop rows where y is 3", "predict x, leave name out"),
        ] {
            assert_eq!(without(text, phrase), left, "{text}");
        }
    }
}
