//! Which column of a table is to be predicted, and what is said of the others.

use super::name::is_table;
use crate::intake::regex;
use crate::intake::request::rest::{Found, Rest, is_filler, taken_if};
use crate::intake::request::task::pair::names_of_languages;
use crate::intake::request::{DataName, ModelName, Refused, Request};
use regex::Regex;
use std::sync::LazyLock;

/// A column's name; what is quoted may hold spaces.
macro_rules! name {
    () => {
        r"(?:`[^`¦]+`|\x22[^\x22¦]+\x22|'[^'¦,;]{1,60}'|[`'\x22]?[\p{L}_][\w.-]*[`'\x22]?|[1-5](?:st|nd|rd|th)\b)"
    };
}
const NAME: &str = concat!("(?P<v>", name!(), ")");
const ONE: &str = name!();
/// Several, as people list them: behind `and` stands the last of them, and behind a comma there may be anything else.
const NAMES: &str = concat!("(?P<v>", name!(), r"(?:\s?,\s?(?:the\s)?", name!(), r")*(?:,?\sand\s(?:the\s)?", name!(), ")*)");
/// One by its place.
const PLACE: &str = r"(?:the\s+)?(?P<v>first|second|third|fourth|fifth|[1-5](?:st|nd|rd|th)|last|final)\s+(?:column|field)\b";
/// What may stand between a role and the name of its column.
const CALLED: &str = r"\b\s*(?:(?:(?:is|called|named)\b|=|:)\s*)*";
const LABEL: &str = r"(?:targets?|labels?|class(?:es)?|outcomes?)";

/// What is told of what may come: `the probability of default` is one of a column for default.
const CHANCE: &str = r"(?:probabilit(?:y|ies)|likelihoods?|chances?|odds|risks?|rates?|propensity)";

/// `predict the body mass from ¦`, `target column: price`, `use stars as the label`.
static WAYS: LazyLock<[Regex; 15]> = LazyLock::new(|| {
    // What somebody asks to be told, up to its name.
    let predict = concat!(
        r"\b(?:predict|forecast|estimat|regress)(?:s|e|es|ing)?\s+(?:(?:the\s+)?(?:next|following|coming)\s+(?:\d+\s+)?(?:steps?|hours?|days?|weeks?|months?|quarters?|years?)\s+of\s+)?",
        r"(?:(?:the|its|their|a|an|is|column|values?|of|each|whether(?:\s+or\s+not)?|if|who|what|which|how\s+(?:many|much)|(?:number|amount|count)s?\s+of)\s+)*",
    );
    [
        regex(&format!(
            r"(?i)\b(?:target|label)[ _]col(?:umn)?{CALLED}(?P<v>`[^`¦]+`|\x22[^\x22¦]+\x22|'[^'¦,;]{{1,60}}'|[^\s¦,;()]+)"
        )),
        regex(&format!(r"(?i)\bcolumn\s+{NAME}\s+(?:is|are|holds?|has|contains?|as|for)\s+(?:(?:the|my|our)\s+)*{LABEL}\b")),
        regex(&format!(
            r"(?i)\b(?:the\s+)?{LABEL}\s+(?:(?:is|are|stands?|lies?|comes?)\s+(?:in|from)?|in)\s*(?:the\s+)?column\s+{NAME}"
        )),
        regex(&format!(
            r"(?i)\b(?:use\s+|with\s+|take\s+)?(?:the\s+)?(?:column\s+)?{NAME}(?:\s+column)?\s+(?:as|is)\s+(?:the|a|my|our)?\s*(?:targets?|labels?)\b(?:\s+column)?"
        )),
        regex(&format!(r"(?i)\b(?:the\s+)?{NAME}\s+column\s+(?:is|holds|has|contains|as)\s+(?:(?:the|my|our)\s+)*{LABEL}\b")),
        regex(&format!(r"(?i)\b(?:the\s+)?{LABEL}\s+(?:is|are|stands?|lies?|comes?)\s+(?:in|from)?\s*{PLACE}")),
        regex(&format!(r"(?i)\b(?:target|label|y)\s*[:=]\s*{NAME}")),
        regex(&format!(r"(?i)\b(?:the\s+)?{LABEL}\s+(?:(?:is|are)\s+)?in\s+(?:the\s+)?{NAME}\s*(?:$|[,.;¦)]|\band\b)")),
        // What has a capital or a line within it is the name of a column.
        regex(
            r"(?i)\b(?:targets?|labels?|outcomes?)(?:\s+(?:variable|column|is|are))*\s+(?P<v>(?-i:\w*(?:[a-z][A-Z]|\w_\w)[\w.]*))",
        ),
        // `The last column is what I want to predict`.
        regex(&format!(
            r"(?i){PLACE}\s+(?:is|are|holds|has|contains)\s+(?:(?:what|the one|the thing)\s+(?:that\s+)?(?:i|we|you)(?:['’]d)?\s+(?:(?:want|need|have|would like|wish|like|should|must)\s+)?(?:to\s+)?(?:predict|tell|forecast|classify|estimate)\b|to\s+be\s+(?:predicted|told)\b|(?:(?:the|my|our)\s+)*{LABEL}\b)"
        )),
        // Of pairs how alike they are: `similarity from 0 to 5 in sim_score`.
        regex(
            r"(?i)\b(?:scores?|similarit(?:y|ies)|ratings?|relatedness)(?:\s+(?:values?|scores?|labels?))?(?:,?\s+\(?(?:from\s+|between\s+)?\d+(?:\.\d+)?\s*(?:to|and|-|–)\s*\d+(?:\.\d+)?\)?,?)?\s+(?:(?:is|are)\s+)?in\s+(?:the\s+)?(?:column\s+)?[`'\x22]?(?P<v>(?-i:\w*(?:[a-z][A-Z]|\w_\w)[\w.]*))",
        ),
        // Without a verb: `readmitted_30d from patients.csv`.
        regex(r"(?i)\A\s*(?P<v>`[^`¦]+`|\w+_\w+)\s+from\s+¦"),
        regex(&format!(r"(?i){predict}(?P<v>`[^`¦]+`|\x22[^\x22¦]+\x22|'[^'¦,;]{{1,60}}')(?:\s+column\b)?")),
        regex(&format!(
            r"(?i){predict}(?P<v>(?:{CHANCE}\s+(?:of|for|that)\s+)?[^¦,;:()!?]+?)(?:\s+(?:from|in|of|using|with|on|for|within|at|under|by|based|given|as|and|to|then|without|exclud\w+|except|ignor\w+|but|via|not|where|when|if|unless|leaving|dropping)(?:[\s¦,;:()]|$)|\s*(?:[¦,;:()!?]|\.(?:\s|$)|$))"
        )),
        // "Which species is it?", "tell which species a penguin is"; what names no column in particular is for the data to say.
        regex(concat!(
            r"(?i)\b(?:which|what)\s+(?P<v>[\w-]+(?:\s+[\w-]+)?)\s+",
            r"(?:(?:is|are|was|were)\s+(?:it|this|that|they|these|those|each)\b|(?:it|they|each|(?:a|an|the|each|every)\s+[\w-]+)\s+(?:is|are|was|were|has|have|belongs to)\b)",
        )),
    ]
});

/// What the model is fed with: `the text is in column body`.
static INPUT: LazyLock<[Regex; 7]> = LazyLock::new(|| {
    let input = r"(?:texts?|inputs?|sentences?|documents?)";
    [
        regex(&format!(
            r"(?i)\b(?:the\s+)?{input}\s+(?:(?:is|are|stands?|lies?|comes?)\s+(?:in|from)?|in)\s*(?:the\s+)?column\s+{NAME}"
        )),
        regex(&format!(r"(?i)\b(?:the\s+)?{input}\s+(?:is|are|stands?|lies?|comes?)\s+(?:in|from)?\s*{PLACE}")),
        regex(&format!(r"(?i)\b(?:the\s+)?columns\s+{NAMES}\s+(?:as|are|is)\s+(?:(?:the|my|our)\s+)*(?:model['’]s )?{input}\b")),
        regex(&format!(r"(?i)\b(?:the\s+)?{input}\s+(?:(?:is|are)\s+)?in\s+(?:the\s+)?{NAME}\s*(?:$|[,.;¦)]|\band\b)")),
        regex(&format!(r"(?i)\b{input}[ _]col(?:umn)?{CALLED}{NAME}")),
        // A list that ends with what joins its last: behind a comma may stand anything else.
        regex(&format!(
            r"(?i)\b{input}[ _]col(?:umn)?s\b\s*(?:(?:are\b|=|:)\s*)*(?P<v>{ONE}(?:\s?,\s?{ONE})*,?\sand\s(?:the\s)?{ONE})"
        )),
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

/// Words that name no column, whatever stands before them.
#[rustfmt::skip]
const LITTLE: [&str; 20] = [
    "a", "an", "the", "of", "on", "for", "with", "in", "at", "by", "as", "to", "it", "its", "this", "that", "which", "from", "there", "here",
];
/// What says that a name follows.
static TOLD: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)(?:[=:]|\b(?:is|called|named))\s*$"));

/// A name of the data's own: what is known has its label, and documents have none. Data that the words do not name are named elsewhere, or
/// nothing comes of the request.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    let has_columns = match &request.data {
        // Of several in braces each ends alike.
        Some(DataName::Local { path }) => path.extension().is_none() || is_table(path.to_string_lossy().trim_end_matches('}')),
        Some(DataName::Url { url }) => is_table(url),
        Some(DataName::Hub { .. }) | None => true,
        Some(DataName::Known { .. } | DataName::Generated { .. }) => false,
    };
    if !has_columns {
        return;
    }
    columns(rest, request);
    if in_and_out(rest, request) || alike(rest, request) {
        return;
    }
    request.forecasts = rest.has(&FORECASTS);
    let question = WAYS.len() - 1;
    let judged = |at: usize, found: &Found<'_>| {
        let name = found.cut.get("v");
        // `Label column: sentiment` names one, whatever the word means elsewhere.
        let is_told = at == 0 && TOLD.is_match(found.before) && !LITTLE.contains(&name.to_lowercase().as_str());
        taken_if(if at == question {
            !name.split_whitespace().any(|word| NO_COLUMN.is_match(word) && !ANY.contains(&word))
        } else if at + 3 >= WAYS.len() {
            !NOT_PREDICTED.is_match(name)
        } else {
            is_named(found) && (is_told || !is_filler(name))
        })
    };
    let named = |rest: &mut Rest, (at, way): (usize, &Regex)| Some((at, rest.cut_as(way, |found| judged(at, found))?));
    let Some((way, cut)) = WAYS.iter().enumerate().find_map(|way| named(rest, way)) else {
        // That it is to be done is understood, if not of what.
        rest.cut(&FORECASTING);
        return;
    };
    let words = cut.get("v").trim_matches(['`', '"', '\'', ' ', '.']).to_string();
    if words.to_lowercase().starts_with("both ") {
        let expected = "one column: each has a run of its own".into();
        request.refused.push(Refused { words: cut.words, expected });
        return;
    }
    // "Predict the sentiment" says nothing that the data would not.
    let is_any = |word: &str| way > 0 && is_filler(word) || way == question && ANY.contains(&word.to_lowercase().as_str());
    request.label = Some(words).filter(|words| !words.is_empty() && !words.split_whitespace().all(is_any));
}

/// `Body in, highlights out`, where one text is written from another: elsewhere that says what is read and what is not.
fn in_and_out(rest: &mut Rest, request: &mut Request) -> bool {
    static WAY: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)(?P<in>{ONE})\s+(?:goes\s+|comes\s+|is\s+)?in\s*(?:,|;|\band\b|¦|-|–|—|/)+\s*(?:and\s+)?(?P<v>{ONE})\s+(?:goes\s+|comes\s+|is\s+)?out\b"
        ))
    });
    const WRITERS: [&str; 6] = ["t5", "bart", "marian", "opus", "pegasus", "nllb"];
    let writes = match &request.model {
        Some(ModelName::Called { name } | ModelName::At { id: name }) => {
            WRITERS.iter().any(|own| name.to_lowercase().contains(own))
        }
        None => false,
    };
    if !writes && request.pair.is_none() || !rest.says(" out") {
        return false;
    }
    let bare = |name: &str| name.trim_matches(['`', '"', '\'', '.']).to_string();
    let are_names = |found: &Found<'_>| {
        let names = ["in", "v"].map(|name| bare(found.cut.get(name)));
        let is_other = !names[0].eq_ignore_ascii_case(&names[1]);
        taken_if(is_other && names.iter().all(|name| !is_filler(name) || matches!(name.as_str(), "text" | "texts")))
    };
    let Some(cut) = rest.cut_as(&WAY, are_names) else { return false };
    request.input = vec![bare(cut.get("in"))];
    request.label = Some(bare(cut.get("v")));
    true
}

/// `The cosine of title and summary matches score`: two texts, and how alike they are.
fn alike(rest: &mut Rest, request: &mut Request) -> bool {
    static WAY: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)\b(?:(?:such|so) that\s)?(?:the |their )?cosine(?P<alike>(?: (?:similarity|closeness|likeness))?)(?:\s(?:of|between)\s(?:the\s)?(?P<in>{ONE})\sand\s(?:the\s)?(?P<other>{ONE}))?\s(?P<must>(?:(?:should|must|is to|has to|will)\s)?)(?:match(?:es)?|equals?|fits?|approximates?|tracks?|predicts?|agrees? with|(?:be|is) close to)\s(?:(?:the|column|its|their)\s)*(?P<v>{ONE})"
        ))
    });
    if !rest.says("cosine") {
        return false;
    }
    let bare = |name: &str| name.trim_matches(['`', '"', '\'', '.']).to_string();
    // `Cosine fits best here` is said of a schedule.
    let is_said = |found: &Found<'_>| {
        let name = bare(found.cut.get("v"));
        let says_of_what = ["alike", "in", "must"].iter().any(|part| !found.cut.get(part).is_empty());
        // Beside two that are alike a score is the column of that name.
        let may_be = !is_filler(&name) || !found.cut.get("in").is_empty();
        taken_if(says_of_what && is_named(found) && may_be && !LITTLE.contains(&name.to_lowercase().as_str()))
    };
    let Some(cut) = rest.cut_as(&WAY, is_said) else { return false };
    request.embeddings = true;
    request.label = Some(bare(cut.get("v")));
    let two = ["in", "other"].map(|name| bare(cut.get(name)));
    if two.iter().all(|name| !name.is_empty()) {
        request.input = two.into();
    }
    true
}

/// Whether the name of a column stands there. What is in quotes is one.
fn is_named(found: &Found<'_>) -> bool {
    static NO_PLACE: LazyLock<Regex> = LazyLock::new(|| {
        let languages = names_of_languages();
        regex(&format!(
            r"(?i)^(?:total|all|general|question|practice|advance|order|lower\w*|upper\w*|utf\S*|it|them|{languages})$"
        ))
    });
    static IN: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bin\s+(?:the\s+)?$"));
    // `One column per label: a, b, c` has several.
    static EACH: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:per|each|every)\s+$"));
    let name = found.cut.get("v");
    !NO_COLUMN.is_match(name) && !EACH.is_match(found.before) && !(IN.is_match(found.before) && NO_PLACE.is_match(name))
}

/// What is asked of a model and is no column: `predict on new data`, `forecast the next 24 hours`, `estimate the cost first`.
static NOT_PREDICTED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^(?:(?:on|for|with|how)\b|(?:from|in|using|by|at)\s|(?:new|unseen|other|more) (?:data|examples?|texts?|images?|rows?|samples?|ones|inputs?)\b|(?:next|following|coming)\s+(?:\d|(?:hours?|days?|weeks?|months?|years?)$)|(?:time|costs?|runtime|duration|memory)\s+(?:first|before\w*|needed|required|it|this|that|you)\b)",
    )
});

/// What is no column: `target: accuracy 0.9`, `label column contains spam`.
static NO_COLUMN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^(?:\w*_(?:proj|lin|attn)|(?:macro|micro|weighted|roc|pr|val|valid|eval|test|train|dev|top)_(?:acc\w*|f1|auc|auroc|precision|recall|loss|error|\d)|f1_(?:macro|micro|weighted|score)|precision|recall|ndcg\S*|mrr\S*|exact|beat|exceed|maxim\w*|minimi\w*|highest|lowest|contains?|holds?|has|accuracy|macro|micro|f1|auc|auroc|roc|rmse|mae|mse|r2|bleu|rouge|chrf|wer|cer|perplexity|loss|error|matthews|mcc|pearson|spearman|smoothing|it|which|what|there|this|that|each|one)\b",
    )
});

static FORECASTS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bforecast"));
static FORECASTING: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:time[- ]series )?forecast(?:s|ing)?\b"));

/// The names of a list.
fn listed(list: &str) -> Vec<String> {
    static ONE: LazyLock<Regex> = LazyLock::new(|| regex(r"`[^`]+`|\x22[^\x22]+\x22|'[^',;]{1,60}'|[^\s,]+"));
    let names = ONE.find_iter(list).map(|name| name.as_str().trim_matches(['`', '"', '\'', '.']));
    names.filter(|name| !matches!(*name, "" | "and" | "the")).map(str::to_string).collect()
}

/// The names of columns that are left out in such words.
fn excluded(rest: &mut Rest, way: &Regex) -> Option<Vec<String>> {
    // `Ignore the other columns` names none.
    static OF_KIND: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^(?:others?|remaining|unused|empty|duplicated?|irrelevant|constant|unnamed|all|any|extra|unnecessary|useless|following)$",
        )
    });
    let found = std::cell::RefCell::new(Vec::new());
    rest.cut_place(|text, from| {
        way.captures_iter(&text[from..]).find_map(|captures| {
            let (whole, list) = (captures.get(0)?.range(), captures.name("v")?);
            let names = listed(own_list(list.as_str(), &text[from + list.end()..]));
            // Behind the names stands no more than a word for columns, which ends a list.
            let (is_to_the_end, own) = (whole.end > list.end(), own_list(list.as_str(), &text[from + list.end()..]));
            let (names, end) = match is_to_the_end {
                true => (listed(list.as_str()), whole.end),
                false => (names, list.start() + own.len()),
            };
            let is_kind = OF_KIND.is_match(list.as_str());
            found.replace(names);
            (!is_kind).then_some(from + whole.start..from + end)
        })
    })?;
    Some(found.take())
}

/// A list less its last name where that begins a phrase of its own: `a, b` of `a, b, metric F1`.
fn own_list<'a>(list: &'a str, behind: &str) -> &'a str {
    static GOES_ON: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^[ \t]+(?:(?:and|or|from|in|as|are|is|to|for|with|at|on|by|when|while|because|since|please|then|but|out|too|which|that|columns?|fields?)\b)|^[ \t]*(?:$|[^ \t\w=:])",
        )
    });
    match list.rsplit_once(',') {
        Some((own, last)) if !last.contains(" and ") && !last.trim().starts_with("and ") && !GOES_ON.is_match(behind) => own,
        _ => list,
    }
}

/// Which columns are the input, and which are none of it.
fn columns(rest: &mut Rest, request: &mut Request) {
    // As their names begin or end: `except the columns that start with tmp_`, `drop all *_raw columns`.
    static ALIKE: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        let verb = r"(?:ignor(?:e|ing)|drop(?:ping)?|exclud(?:e|ing)|remov(?:e|ing)|leav(?:e|ing) out|omit(?:ting)?|without|skip(?:ping)?|except(?: for)?|but(?: not)?|(?:do not|don['’]t|not) us(?:e|ing)|no)";
        let all = r"\s+(?:(?:all|the|any|those|every|of)\s+)*";
        let columns = r"(?:columns?|fields?|features?|variables)";
        [
            regex(&format!(
                r"(?i)\b{verb}{all}{columns}\s+(?:(?:that|which|whose|with|names?|called|a)\s+)*(?:start(?:s|ing)?|begin(?:s|ning)?|prefix(?:ed)?)\s+(?:with\s+|by\s+|in\s+)?[`'\x22]?(?P<start>[\w.]*\w)\*?[`'\x22]?"
            )),
            regex(&format!(
                r"(?i)\b{verb}{all}{columns}\s+(?:(?:that|which|whose|with|names?|called|a)\s+)*(?:end(?:s|ing)?|suffix(?:ed)?)\s+(?:with\s+|by\s+|in\s+|on\s+)?[`'\x22]?\*?(?P<end>[\w.]*\w)[`'\x22]?"
            )),
            regex(&format!(
                r"(?i)\b{verb}{all}(?:{columns}\s+)?[`'\x22]?(?:(?:(?P<start>\w*_)\*|\*(?P<end>_\w+))[`'\x22]?(?:\s+{columns}\b)?|(?:(?P<first>\p{{L}}\w*_)|(?P<last>_\w+))[`'\x22]?\s+{columns}\b)"
            )),
        ]
    });
    for way in ALIKE.iter() {
        while let Some(cut) = rest.cut_plain(way) {
            let [start, end] = [["start", "first"], ["end", "last"]].map(|names| names.map(|name| cut.get(name)).concat());
            request.exclude.push(format!("{start}*{end}"));
        }
    }
    // The same of what alone is read: `from the acc_ columns`, `only columns that start with acc_`.
    static READ: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let verb = r"(?:\b(?:from|us(?:e|ing)|with|on|read(?:ing)?|feed(?:ing)?|tak(?:e|ing)|based on|inputs?|features?|predictors|only|just)\s*[:=]?\s+|[:=]\s*)";
        let all = r"(?:(?:all|the|only|just|any|those|every|of|its|are)\s+)*";
        let columns = r"(?:columns?|fields?|features?|variables|inputs?|channels?|sensors?|values|readings|measurements)";
        let whose = r"(?:(?:that|which|whose|with|names?|called|a|the)\s+)*";
        [
            regex(&format!(
                r"(?i){verb}{all}{columns}\s+{whose}(?:(?:start(?:s|ing)?|begin(?:s|ning)?|prefix(?:ed)?)\s+(?:with\s+|by\s+|in\s+)?[`'\x22]?(?P<start>[\w.]*\w)\*?[`'\x22]?|(?:end(?:s|ing)?|suffix(?:ed)?)\s+(?:with\s+|by\s+|in\s+|on\s+)?[`'\x22]?\*?(?P<end>[\w.]*\w)[`'\x22]?)"
            )),
            regex(&format!(
                r"(?i){verb}{all}[`'\x22]?(?:(?P<start>[\p{{L}}]\w*_)(?:\*[`'\x22]?(?:\s+{columns}\b)?|[`'\x22]?\s+{columns}\b)|\*?(?P<end>_\w+)[`'\x22]?\s+{columns}\b)"
            )),
        ]
    });
    for way in READ.iter() {
        while let Some(cut) = rest.cut(way) {
            request.input.push(format!("{}*{}", cut.get("start"), cut.get("end")));
        }
    }
    // As one of a list, whose part is for the data to say: `from cadence and everything that starts with acc_`.
    static LISTED: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let columns = r"(?:columns?|fields?|features?|variables|inputs?|channels?|sensors?|values|readings|measurements)";
        let which = r"(?:(?:that|which|whose|with|names?|called|is|are|an?|the|prefix|suffix)\s)*";
        [
            regex(&format!(
                r"(?i)\b(?:(?:all|every|any|the|those|of)\s)*(?:{columns}|everything|anything|whatever|those|ones)\s{which}(?:start|begin|prefix|end|suffix)(?:s|ing|ning|ed)?\s(?:(?:with|by|in|on|of|the)\s)*[`'\x22]?\*?(?P<v>\w(?:[\w.]*\w)?)\*?[`'\x22]?"
            )),
            regex(&format!(r"(?i)[`'\x22]?(?:\b\p{{L}}\w*_\*|\*_\w+|\b(?P<v>\p{{L}}\w*_)[`'\x22]?\s{columns}\b)[`'\x22]?")),
        ]
    });
    for way in LISTED.iter() {
        while let Some(cut) = rest.cut_plain(way) {
            request.alike.push(cut.words);
        }
    }
    for way in EXCLUDED.iter() {
        while let Some(list) = excluded(rest, way) {
            request.exclude.extend(list);
        }
    }
    while let Some(cut) = INPUT.iter().find_map(|way| rest.cut_as(way, |found| taken_if(is_named(found)))) {
        request.input.extend(listed(cut.get("v")));
    }
    without_names(rest, request);
}

/// `It has no header`: columns go by the names in the first line, which would be a row.
fn without_names(rest: &mut Rest, request: &mut Request) {
    static NO_HEADER: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:(?:(?:it|file|which|that|there)\s)?(?:has|have|with|is|comes?|contains?)\s)?(?:(?:no|without(?:\s(?:an?|any))?|lacks?(?:\san?)?|missing(?:\san?)?|(?:not|n['’]t)\s(?:have|contain)\s(?:an?|any))\s(?:csv\s)?(?:headers?|header[- ](?:row|line)s?|column (?:names|headers)|names of columns)\b(?:\s(?:row|line))?|headerless|header\s?=\s?(?:none|false|no)\b)",
        )
    });
    if !["header", "column names", "names of columns"].iter().any(|word| rest.says(word)) {
        return;
    }
    if let Some(cut) = rest.cut_plain(&NO_HEADER) {
        let expected = "a first line that names the columns, for the first row would be taken for it: put one over the file, such as \
                        `label,text`, and say by these names which is which";
        request.refused.push(Refused { words: cut.words, expected: expected.into() });
    }
}
