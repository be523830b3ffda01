//! How much of the data is trained on, and how long its texts are.

use super::held;
use super::name::is_table;
use crate::intake::regex;
use crate::intake::request::pattern::patterns;
use crate::intake::request::rest::{Cut, Found, Judged, Rest, taken_if};
use crate::intake::request::wording::shares::share_of;
use crate::intake::request::{DataName, Lack, Lacking, Refused, Request};
use regex::Regex;
use std::sync::LazyLock;

patterns! {
    part: [
        r"^#\s?(?:%|percent\b)\s?(?:of\s)?(?:(?:the|my|its|all|training|train|available|labell?ed)\s){0,3}(?:data(?: ?set)?|examples|samples|rows|images|sentences|texts|corpus|set|split)\b",
        r"^#\s?(?:%|percent\b)\s?of\s(?:the\s)?\s*¦",
        r"^(?P<word>half|an? (?:third|quarter|fifth|sixth|eighth|tenth|twentieth))\s(?:of\s)?(?:(?:the|my|its|all|training|train|available|labell?ed)\s){0,3}(?:(?:data(?: ?set)?|examples|samples|rows|images|sentences|texts|corpus|set|split)\b|\s*¦)",
    ],
    // That many of all, not of a text.
    corpus: [r"\b(?:for|over|see(?:ing)?|train(?:ed|ing)?(?: on)?)\s#\s?(?-i:[MB])?(?:\s?(?:million|billion))?[ -]tokens?\b", r"^#\s?(?:(?-i:[MB])|million|billion)[ -]tokens?\b"],
    length: [
        r"\b(?:block[ _-]size|(?:context|ctx)(?:[ _-](?:window|size|length|len))?)~#(?: tokens)?",
        r"\b(?:max(?:imum)?[ _-]?)?(?:(?:sequence|seq|text|input)[ _-])?(?:length|len)~#(?: tokens)?",
        r"\bmax(?:imum)?[ _-]?(?:inputs?|source|article|document|passage|encoder(?: input)?)s?(?:[ _-](?:length|len|size|tokens?))?~#(?: tokens)?",
        r"\b(?:inputs?|sources?|articles?|documents?)(?: (?:texts?|length))?(?: (?:of|with|is|are|to be|cut|truncated|limited|to|at))* (?:at most|up to|max(?:imum)?|no longer than|under|cut at|cut to|truncated to|limited to) #[ -]tokens?\b",
        r"^#[ -]tokens? (?:context(?: (?:window|length))?|blocks?|pieces|max|at most|per text)\b",
    ],
    // What is written, at most: `max output 48`, `summaries of up to 60 tokens`.
    written: [
        r"\bmax(?:imum)?[ _-]?(?:new|target|output|summary|answer|decoder|generated|generation|label)s?(?:[ _-](?:length|len|size|tokens?))*~#(?: tokens)?",
        r"\b(?:outputs?|targets?|summar(?:y|ies)|translations?|generated texts?|answers)(?: (?:length|len|size))?(?: (?:of|with|is|are|to be|cut|truncated|limited|to|at|length|should be))*,? (?:at most|up to|max(?:imum)?|no longer than|under) #[ -]tokens?\b",
        r"\b(?:outputs?|targets?|summar(?:y|ies)|translations?|generated texts?)(?: (?:is|are|to be|being))* (?:cut|capped|truncated|limited|clipped)(?: off)? (?:at|to) #(?:[ -]tokens?\b)?",
        r"\b(?:summar(?:y|ies)|translations?) at #(?:[ -]tokens?\b)?",
        r"^#[ -]tokens? (?:max(?:imum)? )?(?:for|per|of|in) (?:the |each )?(?:outputs?|targets?|summar(?:y|ies)|translations?|answers?)\b",
    ],
    tokens: [
        r"^#[ -]tokens?\b(?: (?:per|for each|of each|each) (?:text|document|example|sentence|essay|review|abstract|article|message|mail|ticket|clause|input|row|record|answer)s?\b)?",
    ],
    examples: [
        r"(?:\b(?P<first>first|top|last|final)\b)?^#\s?(?P<unit>(?-i:M)|million|thousand)?\s(?:(?:training|random|labell?ed|sentence|image|of|the|(?P<early>first|last))\s){0,3}(?P<what>examples|samples|rows|lines|images|sentences|texts|pairs|records)\b(?P<each>\s(?:(?:per|for each|of each|from each|in each|each)\s?(?:class|label|category|kind)?))?",
        r"^#[\s-](?:(?:random|training|train)[\s-])*(?P<what>subset|subsample)\b(?:\sof\s(?:(?:the|its|all|my)\s)?(?:(?:training|train)\s)?(?:images|examples|data(?:\s?set)?|rows|set|samples|texts))?",
    ],
}

/// Whether what comes next is what a model is scored or looked at with: `evaluate on`, `show me the predictions for`.
fn is_of_scoring(before: &str) -> bool {
    static SCORED: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)(?:\b(?:eval(?:uat\w*)?|test(?:s|ed|ing)?|validat\w*|scor(?:e|es|ed|ing)|predictions?|inspect|look at)|(?:^|[.,;:¦]|\b(?:and|then|also|please|me|show|print|the))\s*(?:outputs?|mistakes|errors|plot|list|log|display))\b[^.,;:¦]{0,24}$",
        )
    });
    SCORED.is_match(before) && !is_trial(before) && !is_of_both(before)
}

/// Whether what comes next is both trained on and scored: `train and test on 1000 rows`.
pub(crate) fn is_of_both(before: &str) -> bool {
    static BOTH: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:train(?:ing)?|fine-?tun(?:e|ing)|fit(?:ting)?|learn(?:ing)?)(?:\s(?:it|the model))?\s?(?:and|&|/|\+)\s?(?:then\s)?(?:validat|test|eval|scor)\w*\b[^.,;:¦]{0,30}$",
        )
    });
    BOTH.is_match(before)
}

/// Whether it is a run of its own: `a quick test on 10% of the data`.
pub(crate) fn is_trial(before: &str) -> bool {
    static TRIAL: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\b(?:an?|quick|smoke|short|small|trial|sanity)\s(?:test|evaluation)\b[^.,;:¦]{0,24}$"));
    TRIAL.is_match(before)
}

/// `10% of the data`.
pub(crate) fn find_part(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    static OF_SOME: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(
                r"(?i)\b(?:(?:only )?for|flip\w*|rotat\w*|crop\w*|mask\w*|corrupt\w*|drop(?:ping)?|remov\w*|discard\w*|ignor\w*|skip\w*|exclud\w*|omit\w*)(?:\s(?:a|the|random))*\s*$",
            ),
            regex(r"(?i)^\s*(?:are|is|have|has|for warm)\b"),
        ]
    });
    let is_other =
        |found: &Found<'_>| OF_SOME[0].is_match(found.before) || OF_SOME[1].is_match(found.behind) || is_of_scoring(found.before);
    let of_all = |found: &Found<'_>| match is_other(found) {
        // `Half of BERT's layers` are no data.
        _ if found.behind.trim_start().starts_with("'s ") => Judged::Passed,
        true => Judged::Told,
        false => Judged::Taken,
    };
    let part = p.part.iter().find_map(|way| rest.cut_as(way, of_all));
    let said = request.value(part, "more than 0 % and at most 100 %", |cut| {
        let word = cut.get("word").to_lowercase();
        let frac = match word.trim_start_matches("an ").trim_start_matches("a ") {
            "" => held::share(cut.number()?),
            part => share_of(part)?,
        };
        (frac > 0.0 && frac <= 1.0).then_some(frac)
    });
    request.data_frac = said.or(request.data_frac);
}

/// How long texts are, in tokens.
pub(crate) fn find_length(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    // What they are like, and how long a vocabulary is, which is read elsewhere.
    static OF_DATA: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:average|avg|mean|median|typical|min(?:imum)?|shortest)\s(?:[\w-]+\s){0,2}(?:length|len)\s*(?:of|is|=|:|about|\s)*$",
        )
    });
    static OF_VOCABULARY: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(r"(?i)\b(?:vocab(?:ulary)?(?:[ _-]size)?|bpe|wordpiece|tokeni[sz]er)(?:\s(?:size|of|with|is)|\s?[=:])*\s*$"),
            regex(r"(?i)^[\s-](?:vocab|bpe|wordpiece|tokeni)"),
        ]
    });
    static OF_TOKENS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^[\s-]?(?:words?|char|letters?|sentences?|lines?)"));
    let in_tokens = |found: &Found<'_>| taken_if(!OF_TOKENS.is_match(found.behind));
    let cut = p.written.iter().find_map(|way| rest.cut_as(way, in_tokens));
    request.max_target_len =
        request.value(cut, "a whole number from 3 to 1,000,000", |cut| cut.whole(3, 1_000_000)).map(|n| n as usize);
    // Of recordings in seconds, of texts in words: no tokens.
    static OTHER_UNIT: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^[\s-]?(?:words?|characters?|chars?|letters?|sentences?|paragraphs?|pages?|lines?|s|secs?|seconds?|minutes?|pixels?|px|rows?|[kmg]i?b|bytes|[x×]\s?[0-9])\b",
        )
    });
    let of_length = |found: &Found<'_>| match OF_DATA.is_match(found.before) {
        true => Judged::Told,
        false => taken_if(!OTHER_UNIT.is_match(found.behind)),
    };
    let named = p.length.iter().find_map(|way| rest.cut_as(way, of_length));
    p.corpus.iter().for_each(|way| rest.tell(way));
    // Of a batch, or of what is written.
    static OF_OTHERS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(
                r"(?i)\b(?:generat\w*|samples? of|answers? of|(?:corpus|corpora|books?|files?|novels?) (?:of|with)|summar(?:y|ies) of|(?:have|has|are)(?: up to| about)?|batch(?:es)? of)\s*(?:\d+ samples of\s*)?$",
            ),
            regex(
                r"(?i)^\s*(?:(?:per|/|a|each)\s?(?:batch|step|sec)|per\s(?:update|epoch|run|gpu|device|day)|per\s*(?:$|[.,;…])|on average|corpus|corpora|in total|of (?:text|data)\b)",
            ),
        ]
    });
    let of_texts = |found: &Found<'_>| match OF_OTHERS[0].is_match(found.before) || OF_OTHERS[1].is_match(found.behind) {
        true => Judged::Told,
        false => taken_if(!OF_VOCABULARY[0].is_match(found.before) && !OF_VOCABULARY[1].is_match(found.behind)),
    };
    let cut = named.or_else(|| p.tokens.iter().find_map(|way| rest.cut_as(way, of_texts)));
    request.max_seq_len =
        request.value(cut, "a whole number from 3 to 1,000,000", |cut| cut.whole(3, 1_000_000)).map(|n| n as usize);
}

/// How many examples are trained on. What is said of the data, of each class or of what is written is no such number.
pub(crate) fn find_examples(rest: &mut Rest, request: &mut Request) {
    static OF_DATA: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:has|have|having|contains?|holds?|consists? of|there (?:are|is)|in|into|of at most)(?: (?:about|around|some|roughly))?\s*$",
        )
    });
    // `Skip the first 100 rows` asks for all others.
    static LEFT_OUT: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:skip(?:ping)?|drop(?:ping)?|ignor(?:e|ing)|omit(?:ting)?|exclud(?:e|ing)|remov(?:e|ing)|leav(?:e|ing) out|without|except|but)\s(?:(?:the|my|all|first|last|top|bottom|next)\s)*$",
        )
    });
    // `Then generate 5 samples` is of what is written.
    static WRITTEN: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:generat(?:e|ing)|writ(?:e|ing)|produc(?:e|ing)|print(?:ing)?|show(?:ing)?|draw(?:ing)?|sampl(?:e|ing)|output(?:ting)?|creat(?:e|ing)|give me|predict(?:ing)?)(?: (?:me|out|about|some|another|the|first|last|top|final))*\s*$",
        )
    });
    // `I have 500 reviews in reviews.csv` is no wish.
    static HAVE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:i|we) have (?:(?:got|about|around|some|roughly|only|just) )*[0-9][0-9.,]*k? (?:[\w-]+ ){1,2}?(?:in|at|under) (?:the |my |our )?(?:file |folder )?\s*¦",
        )
    });
    if rest.says(" have ") {
        rest.cut(&HAVE);
    }
    let others = [&*OF_DATA, &LEFT_OUT, &WRITTEN];
    let is_other = |before: &str| others.iter().any(|way| way.is_match(before)) || is_of_scoring(before);
    let is_placed = |cut: &Cut| !cut.get("first").is_empty() || !cut.get("early").is_empty();
    let judged = |found: &Found<'_>| match is_other(found.before) {
        // Lines are what a table has, or a text: so many of them without a word which are no wish yet.
        _ if found.cut.get("what").eq_ignore_ascii_case("lines") && !is_placed(found.cut) => Judged::Passed,
        true => Judged::Told,
        // `The last 2 rows of each patient` are others of each.
        false if is_of_each(found.behind) => Judged::Told,
        false => Judged::Taken,
    };
    let Some(cut) = PATTERNS.examples.iter().find_map(|way| rest.cut_as(way, judged)) else { return };
    if !cut.get("each").is_empty() {
        request.refused.push(Refused { words: cut.words, expected: "a number of examples of all classes together".into() });
        return;
    }
    if is_placed(&cut) {
        request.lacking.push(Lacking { of: Lack::Rows, words: cut.words.clone() });
        // Of one text no examples are counted.
        if cut.get("what").eq_ignore_ascii_case("lines") && !has_rows(request) {
            return;
        }
    }
    let factor = match cut.get("unit").chars().next() {
        Some('M' | 'm') => 1_000_000.0,
        Some(_) => 1000.0,
        None => 1.0,
    };
    request.max_examples = request.value(Some(cut), "a whole number of at least 1", |cut| {
        let count = cut.number()? * factor;
        let is_whole = count.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&count);
        (if factor > 1.0 { is_whole.then_some(count as u64) } else { cut.whole(1, u64::from(u32::MAX)) }).map(|n| n as usize)
    });
}

/// Whether the data is a file whose lines are rows.
fn has_rows(request: &Request) -> bool {
    matches!(&request.data, Some(DataName::Local { path }) if is_table(&path.to_string_lossy()))
}

/// Whether what was counted is so of each of something.
fn is_of_each(behind: &str) -> bool {
    let mut words = behind.split_whitespace();
    matches!(words.next(), Some("of" | "for" | "from" | "in" | "per")) && matches!(words.next(), Some("each" | "every"))
}
