//! Which column of a table is to be predicted, and what is said of the others.

use super::name::is_table;
use super::rest::{Cut, Found, Judged, Rest, is_filler};
use super::{DataName, Refused, Request};
use crate::data::PerhapsColumns;
use crate::intake::regex;
use regex::Regex;
use std::sync::LazyLock;

/// A column's name.
const NAME: &str = r"[`'\x22]?(?P<v>[\p{L}_][\w.-]*)[`'\x22]?";
/// Several, as people list them.
const NAMES: &str =
    r"(?P<v>[`'\x22]?[\p{L}_][\w.-]*[`'\x22]?(?:(?:\s?,\s?(?:and\s)?|\sand\s)(?:the\s)?[`'\x22]?[\p{L}_][\w.-]*[`'\x22]?)*)";
const LABEL: &str = r"(?:targets?|labels?|class(?:es)?|outcomes?)";

/// `predict the body mass from ¦`, `target column: price`, `use stars as the label`.
static WAYS: LazyLock<[Regex; 10]> = LazyLock::new(|| {
    [
        regex(r"(?i)\b(?:target|label)[ _]col(?:umn)?\s*(?:is|=|:|called)?\s*(?P<v>[^\s¦,;()]+)"),
        regex(&format!(r"(?i)\bcolumn\s+{NAME}\s+(?:is|are|holds?|has|contains?|as|for)\s+(?:(?:the|my|our)\s+)*{LABEL}\b")),
        regex(&format!(
            r"(?i)\b(?:the\s+)?{LABEL}\s+(?:is|are|stands?|lies?|comes?)\s+(?:in|from)?\s*(?:the\s+)?column\s+{NAME}"
        )),
        regex(&format!(
            r"(?i)\b(?:use\s+|with\s+|take\s+)?(?:the\s+)?(?:column\s+)?{NAME}(?:\s+column)?\s+(?:as|is)\s+(?:the|a|my|our)?\s*(?:targets?|labels?)\b(?:\s+column)?"
        )),
        regex(&format!(r"(?i)\b(?:the\s+)?{NAME}\s+column\s+(?:is|holds|has|contains|as)\s+(?:(?:the|my|our)\s+)*{LABEL}\b")),
        regex(&format!(r"(?i)\b(?:target|label)\s*[:=]\s*{NAME}")),
        regex(&format!(r"(?i)\b(?:the\s+)?{LABEL}\s+(?:(?:is|are)\s+)?in\s+(?:the\s+)?{NAME}\s*(?:$|[,.;¦)]|\band\b)")),
        // What has a capital or a line within it is the name of a column.
        regex(
            r"(?i)\b(?:targets?|labels?|outcomes?)(?:\s+(?:variable|column|is|are))*\s+(?P<v>(?-i:\w*(?:[a-z][A-Z]|\w_\w)[\w.]*))",
        ),
        regex(concat!(
            r"(?i)\b(?:predict|forecast|estimat|regress)(?:s|e|es|ing)?\s+(?:(?:the|its|their|a|an|column|values?|of|each|whether|if|who|what|which|how\s+(?:many|much)|(?:number|amount|count)s?\s+of)\s+)*",
            r"(?P<v>[^¦,;:()]+?)\s*(?:\b(?:from|in|of|using|with|on|for|within|at|under|by|based|given|as|and|to|then)\b|[¦,;:()]|\.(?:\s|$)|$)",
        )),
        // "Which species is it?", "tell which species a penguin is"; what names no column in particular is for the data to say.
        regex(concat!(
            r"(?i)\b(?:which|what)\s+(?P<v>[\w-]+(?:\s+[\w-]+)?)\s+",
            r"(?:(?:is|are|was|were)\s+(?:it|this|that|they|these|those|each)\b|(?:it|they|each|(?:a|an|the|each|every)\s+[\w-]+)\s+(?:is|are|was|were|has|have|belongs to)\b)",
        )),
    ]
});

/// What the model is fed with: `the text is in column body`.
static INPUT: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    let input = r"(?:texts?|inputs?|sentences?|documents?)";
    [
        regex(&format!(
            r"(?i)\b(?:the\s+)?{input}\s+(?:is|are|stands?|lies?|comes?)\s+(?:in|from)?\s*(?:the\s+)?column\s+{NAME}"
        )),
        regex(&format!(r"(?i)\b(?:the\s+)?columns\s+{NAMES}\s+(?:as|are|is)\s+(?:(?:the|my|our)\s+)*(?:model['’]s )?{input}\b")),
        regex(&format!(r"(?i)\b(?:the\s+)?{input}\s+(?:(?:is|are)\s+)?in\s+(?:the\s+)?{NAME}\s*(?:$|[,.;¦)]|\band\b)")),
        regex(&format!(r"(?i)\b{input}[ _]col(?:umn)?\s*(?:is|=|:|called)?\s*{NAME}")),
        regex(&format!(r"(?i)\bcolumn\s+{NAME}\s+(?:is|are|holds?|has|contains?|as)\s+(?:(?:the|my|our)\s+)*{input}\b")),
    ]
});

/// What it is not fed with: `ignore column id`, `drop the id column`.
static EXCLUDED: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    let verb = r"(?:ignor(?:e|ing)|drop(?:ping)?|exclud(?:e|ing)|remov(?:e|ing)|leav(?:e|ing) out|omit(?:ting)?|without|skip(?:ping)?|(?:do not|don['’]t|not) us(?:e|ing))";
    [
        regex(&format!(r"(?i)\b{verb}\s+(?:the\s+)?(?:columns|fields|features)\s+{NAMES}")),
        regex(&format!(r"(?i)\b{verb}\s+(?:the\s+)?(?:column|field|feature)\s+{NAME}")),
        regex(&format!(r"(?i)\b{verb}\s+(?:the\s+)?{NAMES}\s+(?:columns?|fields?)\b")),
    ]
});

/// Words for whatever is to be told.
const ANY: [&str; 9] = ["class", "kind", "type", "category", "label", "one", "thing", "group", "of"];

/// A name of the data's own: what is known has its label, and documents have none. Data that the words do not name are named elsewhere, or
/// nothing comes of the request.
pub(super) fn find(rest: &mut Rest, request: &mut Request) {
    let has_columns = match &request.data {
        Some(DataName::Local { path }) => path.extension().is_none() || is_table(&path.to_string_lossy()),
        Some(DataName::Url { url }) => is_table(url),
        Some(DataName::Hub { .. }) | None => true,
        Some(DataName::Known { .. } | DataName::Generated { .. }) => false,
    };
    if !has_columns {
        return;
    }
    columns(rest, request);
    request.forecasts = rest.has(&FORECASTS);
    let question = WAYS.len() - 1;
    let judged = |found: &Found<'_>| match NO_COLUMN.is_match(found.cut.get("v")) || is_filler(found.cut.get("v")) {
        true => Judged::Passed,
        false => Judged::Taken,
    };
    let named = |rest: &mut Rest, (at, way): (usize, &Regex)| {
        let is_verb = at + 2 >= WAYS.len();
        Some((at, if is_verb { rest.cut(way)? } else { rest.cut_as(way, judged)? }))
    };
    let Some((way, cut)) = WAYS.iter().enumerate().find_map(|way| named(rest, way)) else { return };
    let words = cut.get("v").trim_matches(['`', '"', '\'', ' ', '.']).to_string();
    if words.to_lowercase().starts_with("both ") {
        let expected = "one column: each has a run of its own".into();
        request.refused.push(Refused { words: cut.words, expected });
        return;
    }
    // "Predict the sentiment" says nothing that the data would not.
    let is_any = |word: &str| is_filler(word) || way == question && ANY.contains(&word.to_lowercase().as_str());
    request.label = Some(words).filter(|words| !words.is_empty() && !words.split_whitespace().all(is_any));
}

/// What is no column: `target: accuracy 0.9`.
static NO_COLUMN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^(?:\w*_(?:proj|lin|attn)|accuracy|macro|micro|f1|auc|auroc|roc|rmse|mae|mse|r2|bleu|rouge|chrf|wer|cer|perplexity|loss|error|matthews|mcc|pearson|spearman|smoothing|it|which|what|there|this|that|each|one)\b",
    )
});

static FORECASTS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bforecast"));

/// Words that would be columns if the data had them: `by priority`, `from area, rooms and district`, `everything except year`.
pub(super) fn perhaps(text: &str) -> PerhapsColumns {
    static LABELS: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)(?:(?:\.[a-z]{{2,8}}\s(?:by|nach|selon|según|por|secondo)|\bclassif\w*\s(?:\S+\s){{0,6}}?(?:by|into)|\b(?:detect|flag|spot)(?:ing|ging|ting)?)\s(?:(?:the|its|their|column)\s)*|(?:->|→)\s?){NAME}"
        ))
    });
    static INPUTS: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)\b(?:from|using|on|based on|given|by means of|classify|classifying|aus|mit|avec|con|usando)\s(?:(?:the|only|just|its|columns?|features?)\s)*{NAMES}"
        ))
    });
    static EXCLUDED: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)\b(?:except(?: for)?|without|excluding|but not|(?:everything|anything|all|columns) but|ignoring|apart from)\s(?:the\s)?{NAMES}"
        ))
    });
    // `article -> highlights`.
    static SOURCES: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?i){NAME}\s?(?P<arrow>->|→)")));
    // `Using weight decay` is about no weight, `by image classification` about no image.
    static END: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s*(?:$|[,.;:!?()¦]|(?:columns?|features?|fields?|only|please|and|to|with|for|in|of|by|into|from|on|as|at|using|but|except|without|mit|und|für|avec|et|pour|con|y|e|para|per|com)\b)",
        )
    });
    let names = |way: &Regex| -> Vec<String> {
        let lists = way.captures_iter(text).filter_map(|found| found.name("v"));
        let lists = lists.filter(|list| END.is_match(&text[list.end()..])).map(|list| list.as_str().to_string());
        let parts = lists.flat_map(|list| list.split([',', ' ']).map(str::to_string).collect::<Vec<_>>());
        let bare = parts.map(|name| name.trim_matches(['`', '"', '\'', '.']).to_string());
        bare.filter(|name| !matches!(name.as_str(), "" | "and" | "the")).collect()
    };
    let sources = SOURCES.captures_iter(text).filter_map(|found| Some(found.name("v")?.as_str().to_string()));
    PerhapsColumns {
        label: names(&LABELS),
        input: names(&INPUTS).into_iter().chain(sources).collect(),
        exclude: names(&EXCLUDED),
    }
}

/// Which columns are the input, and which are none of it.
fn columns(rest: &mut Rest, request: &mut Request) {
    let names = |cut: &Cut| -> Vec<String> {
        let names = cut.get("v").split([',', ' ']).map(|name| name.trim_matches(['`', '"', '\'', '.']));
        names.filter(|name| !matches!(*name, "" | "and" | "the")).map(str::to_string).collect()
    };
    for way in EXCLUDED.iter() {
        while let Some(cut) = rest.cut(way) {
            request.exclude.extend(names(&cut));
        }
    }
    while let Some(cut) = INPUT.iter().find_map(|way| rest.cut(way)) {
        request.input.extend(names(&cut));
    }
}
