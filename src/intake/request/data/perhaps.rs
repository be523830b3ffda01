//! Words that would be columns if the data had them: `by priority`, `from area, rooms and district`, `leave year out`. It is for the
//! data to say whether they are, so that whatever stands in a list besides comes to nothing.

use super::name::is_data_file;
use crate::data::PerhapsColumns;
use crate::intake::regex;
use crate::intake::request::wording::english::is_word;
use crate::intake::request::wording::forbidden::each_forbidden;
use crate::intake::request::wording::meant::is_amount;
use regex::{Captures, Regex};
use std::ops::Range;
use std::sync::LazyLock;

/// Stands before what is predicted.
static LABELS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:(?:\.[a-z]{2,8}\s(?:by|nach|selon|según|por|secondo)|\bclassif\w*\s(?:\S+\s){0,6}?(?:by|into)|\b(?:detect|flag|spot)(?:ing|ging|ting)?)\s|(?:->|→)\s?|\b(?:outputs?|predict)\s?[:=]\s?|\b(?:(?:dependent|target|response|outcome) variable|targets?)(?: column)?(?:\s?[:=]|\sis)?\s|\b(?:labels?|outcomes?)(?: column)?(?:\s?[:=]|\sis)\s|(?:\b(?:predict\w*|prever|predecir|prédire|predire|vorhersag\w*)\s|预测)[^.,;:()¦]{1,40}\(\s?|预测\s?|目标列?[是为:：]?\s?|\(\s?(?:the\s)?(?:column|spalte|colonne|columna|coluna|colonna):?\s)",
    )
});

/// Within a clause: what is named behind it in brackets is an input, `predict the price from the area (column sqft)`.
static IS_INPUT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:from|using|with|by|based on|given|without|aus|anhand|mit|ohne|avec|sans|à partir|con|sin|com|sem|usando|utilizando|utilisant|a partire?)\s[^.,;:¦]*$",
    )
});

/// Stands before inputs, which `without using` are none.
static INPUTS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:\b(?:from|using|use only|on|based on|given|by means of|concatenat(?:e|ing)|combin(?:e|ing)|classify|classifying|aus|anhand|basierend auf|mit|avec|con|usando|utilizando|utilisant|à partir d[eu]|a partire? d\w+)\s|[用据于]\s?|\bonly use\s|\b(?:keep|take|read|feed|include)(?:ing)?\s(?:only|just)\s|\b(?:only|just)\s(?:keep|take|read|feed|include)\s|\b(?-i:SELECT)\s|\b(?:features|inputs|predictors|covariates)\s|\b(?:features?|inputs?|predictors?|(?:input |independent |explanatory )?variables|covariates|texts?|x)(?:\s?[:=]|\sare)\s?\[?|[\w`'\x22]\s?~\s?|\b(?:just|only) the (?:two|three|four|five|six)\s|\bwith (?:the )?(?:colou?rs|bands|magnitudes|measurements|readings)\s|\b(?:similarity|score|distance|relation|match) between\s)",
    )
});

/// Stands before inputs if these words of it stand behind them: `use a and b as features`.
static TAKEN: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [
        regex(r"(?i)\b(?:use|take|with|only)\s"),
        regex(
            r"(?i)^\s*(?:columns?\s)?(?:(?:as|for)\s(?:(?:the|its|my|only)\s)*(?:model['’]s\s)?(?:inputs?|features?|predictors?|variables)\b|(?:may|should|can|must|are to) be used\b|(?:(?:in|from|of)\s\S+\s)?to (?:predict|tell|work out|estimate|classify|forecast|find out|guess|say)\b)",
        ),
    ]
});

/// Stands before what is no input.
static EXCLUDED: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?i)(?:\b(?:except(?: for)?|without|exclud(?:e|es|ing)|ignor(?:e|es|ing)|drop(?:ping)?|omit(?:ting)?|skip(?:ping)?|discard(?:ing)?|remov(?:e|ing)",
        r"|leav(?:e|ing) out|(?:do not|don['’]t) care about|apart from|(?:everything|anything|all|columns|features) (?:but|besides|bar)|(?:do not|don['’]?t|never|must not|should not|not) (?:us(?:e|ing)|includ(?:e|ing)|feed(?: it)?|consider|look at|see|let (?:it|the model) (?:see|use|have|look at))|not (?:from|on|with|including)|but not",
        r"|neither|nor|ohne|außer|sans|sauf|sem|sin|salvo|senza|tranne|não use|no uses?|ni|né|exceto|excepto|ignora(?:nt|ndo)|exclu(?:ant|yendo|indo)|escludendo|excluir|ignorar)(?:\s(?:us(?:e of|ing)|looking at|usar|utiliser|usare|from|(?:it|the model) (?:seeing|using)|the columns?|(?:may|can|should|must)(?: the)?))*:?\s|(?:excluded|ignored|dropped)(?: columns)?:\s|不要(?:使用|用)|不用|不使用|排除|忽略)",
    ))
});

/// The same in few words: `no redshift`, `-id -name`.
static WITHOUT: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)(?:[,;:.(–—]|\s-|\b(?:and|but|with|please))\s+no\s|(?:\A|[ \t;,(])-"));

/// Stands behind what is to be in one part alone, and no less an input: `no house (house_id) in both train and test`.
static IN_BOTH: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^\s*(?:(?:may|must|should|can|will|is|are|to)\s)*(?:(?:be|appear|occur|stand|exist)s?\s)?(?:(?:in|on|across|between)\s)?(?:the\s)?(?:both|train\w*\s(?:and|/)|more than one)\b",
    )
});

/// Stands before what is no input if these words stand behind it: `leave a and b out`.
static LEFT: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [regex(r"(?i)\b(?:leav(?:e|ing)|keep(?:ing)?|tak(?:e|ing))\s"), regex(r"(?i)^\s*(?:columns?\s)?(?:out|aside|away)\b")]
});

/// Stands before what rows have, and no input: `drop rows without income`.
static OF_ROWS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:rows|records|examples|samples|lines|entries|those|ones|observations)\s(?:(?:that|which|are|do|have|with)\s)*$",
    )
});

/// Stands before what rows are parted by, and no input: `a split based on date`.
static OF_A_SPLIT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:split|sort|order|group|stratif|sampl|filter|partition|divid|test|evaluat|validat)\w*\s(?:(?:it|the|data|rows|train|test|into|and|model|examples|sets?)\s)*$",
    )
});

/// What says behind a list that it is no input: `id and name are to be ignored`.
static EXCLUDED_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    let one = r"[^\s,;:()¦]+";
    regex(&format!(
        r"(?i)(?P<v>{one}(?:(?:\s?,\s?|\s(?:and|or|nor|und|et|y|e)\s)+{one})*)\s(?:(?:columns?|fields?|codes?|numbers?|information|should|must|can|is|are|to|not|be|bitte|please|einfach)\s)*(?:ignored|excluded|dropped|left out|removed|omitted|disregarded|not (?:to )?be used|not used|unused|(?:stays?|be kept) out|weglassen|ignorieren|auslassen)\b"
    ))
});

/// Stands before what is no input, where what is one was listed: `using u, g and r, not the redshift`.
static BUT_NOT: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)\b(?:from|using|use|only)\s[^.;:()¦\n]{1,80}?,\s(?:and\s|but\s)?not\s(?:the\s)?"));

/// Stands before what stays, whatever was said of it before, if these words stand behind it: `keep the redshift in this time`.
static KEPT: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [
        regex(r"(?i)\b(?:keep(?:ing)?|leav(?:e|ing)|put(?:ting)?|tak(?:e|ing)|bring(?:ing)?)\s"),
        regex(
            r"(?i)^\s*(?:columns?\s)?in(?:\s(?:this time|again|after all|though|now|please|too|as well))*\s*(?:$|[.,;:!?)\n–—]|\s(?:and|but)\b)",
        ),
    ]
});

/// Stands before a sentence or a name that holds what is to be told: `which patients are readmitted`, `a classifier for survived`.
static ASKED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:\b(?:which|what|whether|who|whose|if|how (?:much|many)|is (?:an?|the|this|it|each|every)|wer|ob|welche[rs]?|qui|quién|quien|quem|chi|se)\s|\bclassif(?:y|ying|ier (?:for|of)|ication of)\s|\bmodel for\s|\bregression(?: (?:of|for)\s|:\s))",
    )
});

/// Stands before the one name in brackets of what is to be told: `vorhersagen, wer wiederkommt (readmitted)`.
static IN_BRACKETS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:predict\w*|prever|predecir|prédire|predire|\w*vorhersag\w*|estimate|forecast|tell|classify)[\s,](?P<of>[^.;:()¦]{1,60})\(\s?(?:column\s)?(?P<v>[\p{L}_][\w-]*)(?:\s(?:in|of|from)\s(?:¦|\S+\.\w+)[^()]{0,40})?\s?\)",
    )
});

/// Begins what is told of the data, and asks nothing: `which has id, age and target`.
const TELLS: [&str; 8] = ["has", "have", "contain", "contains", "hold", "holds", "is", "are"];

/// Stands before a name that rows are chosen by: `rows without income should be dropped`, `NaNs in age are removed`.
const CHOSEN: [&str; 8] = ["without", "missing", "with", "no", "in", "of", "by", "where"];

/// Whether a name that rows are chosen by, and that is no input, stands before it: `skip text with fewer than 3 words`.
fn chooses(behind: &str) -> bool {
    const MORE: [&str; 16] = [
        "fewer",
        "less",
        "more",
        "missing",
        "no",
        "only",
        "at",
        "over",
        "under",
        "empty",
        "too",
        "many",
        "brackets",
        "parentheses",
        "quotes",
        "other",
    ];
    let low = behind.trim_start().to_lowercase();
    let (first, next) = low.split_once(' ').unwrap_or((low.as_str(), ""));
    let is_more = next.starts_with(|c: char| c.is_ascii_digit()) || MORE.iter().any(|word| next.starts_with(word));
    matches!(first, "longer" | "shorter" | "over" | "under" | "above" | "below")
        || matches!(first, "with" | "in" | "of") && is_more
}

/// Stands behind what is to be told, where verbs do: `die Miete vorhersagen`, `wage is what I want to predict`.
static ASKED_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?P<v>(?:[^.;:!?()¦]|\.\w){1,60}?)\s(?:vorhersagen|vorherzusagen|voraus)\b|(?P<w>\S+)\s(?:~\s|(?:is|are)\s(?:what|the (?:one|column|thing)|to be (?:predicted|told))\b)",
    )
});

/// `sex + age -> survived`.
static SOURCES: LazyLock<Regex> = LazyLock::new(|| {
    let one = r"[^\s,;:()¦+]+";
    regex(&format!(r"(?P<v>{one}(?:\s?(?:[,+]|\band\b)\s?{one})*)\s?(?:->|→)"))
});

/// As they are listed in few signs: `feats u g r`.
static FEATURES: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)\b(?:feats?|features|cols|inputs)\s?[:=]?\s(?P<v>[\p{L}_][\w-]*(?:\s[\p{L}_][\w-]*)+)\s*(?:$|[;,.])")
});

/// Words that may be columns, by what they would be.
pub(crate) fn perhaps(text: &str) -> PerhapsColumns {
    let text = each_forbidden(text);
    let text = text.as_ref();
    let places = |way: &Regex| -> Vec<Range<usize>> { way.find_iter(text).map(|found| found.range()).collect() };
    let lists = |way: &[Regex; 2]| -> Vec<String> {
        let lists = places(&way[0]).into_iter().map(|place| list_at(text, place.end));
        lists.filter(|(_, end)| way[1].is_match(&text[*end..])).flat_map(|(names, _)| names).collect()
    };
    let is_of_rows = |place: &Range<usize>| OF_ROWS.is_match(&text[..place.start]);
    let excluded: Vec<Range<usize>> = places(&EXCLUDED).into_iter().filter(|place| !is_of_rows(place)).collect();
    // A line with a space behind it is a dash.
    let is_bare = |place: &Range<usize>| !text[..place.end].ends_with('-') || text[place.end..].starts_with(char::is_alphabetic);
    let briefly = places(&WITHOUT)
        .into_iter()
        .filter(is_bare)
        .filter(|place| !is_of_rows(place))
        .map(|place| list_at(text, place.end))
        .filter(|(_, end)| !IN_BOTH.is_match(&text[*end..]))
        .flat_map(|(names, _)| names);
    let is_other = |place: &Range<usize>| !excluded.iter().any(|other| other.start <= place.start && place.start < other.end);
    let is_wish = |place: &Range<usize>| !OF_A_SPLIT.is_match(&text[..place.start]);
    let input = places(&INPUTS).into_iter().filter(is_other).filter(is_wish).flat_map(|place| {
        let (names, end) = list_at(text, place.end);
        // What is classified has its name in brackets as what is predicted has.
        let classifies = text[place.clone()].to_lowercase().starts_with("classify");
        let is_told = classifies && (text[place.end..end].contains('(') || is_read_from(&text[end..]));
        if is_told { vec![] } else { names }
    });
    let sources = SOURCES.captures_iter(text).flat_map(|found| list_at(&found["v"], 0).0);
    // Words of a sentence are none: `the features as they are`.
    let is_ordinary = |word: &str| [ENDS, JOINS, LEADS].iter().any(|words| words.contains(&word.to_lowercase().as_str()));
    let listed = FEATURES.captures_iter(text).filter(|found| {
        let start = found.get(0).map_or(0, |all| all.start());
        let is_left_out = excluded.iter().any(|place| place.start < start && start <= place.end);
        !is_left_out && !found["v"].split_whitespace().any(is_ordinary)
    });
    let listed = listed.flat_map(|found| found["v"].split_whitespace().map(str::to_string).collect::<Vec<_>>());
    let word_before = |at: usize| text[..at].split_whitespace().next_back().unwrap_or_default().to_lowercase();
    let is_chosen = |found: &Captures<'_>| found.get(0).is_some_and(|all| CHOSEN.contains(&word_before(all.start()).as_str()));
    let before =
        EXCLUDED_BEFORE.captures_iter(text).filter(|found| !is_chosen(found)).flat_map(|found| list_at(&found["v"], 0).0);
    let lists_out = excluded.iter().map(|place| list_at(text, place.end)).filter(|(_, end)| !chooses(&text[*end..]));
    let not_these = places(&BUT_NOT).into_iter().flat_map(|place| list_at(text, place.end).0);
    let exclude = lists_out.flat_map(|(names, _)| names).chain(before).chain(briefly).chain(not_these);
    let label = places(&LABELS).into_iter().filter_map(|place| {
        let (names, end) = list_at(text, place.end);
        // Of what is predicted one name may stand in brackets: `the price (house_value)`.
        let closes = names.len() == 1 && text[end..].trim_start().starts_with([')', '列', '栏']);
        let is_open = text[..place.end].trim_end().ends_with('(') && !closes;
        let is_input = text[place.clone()].rfind('(').is_some_and(|at| IS_INPUT.is_match(&text[..place.start + at]));
        // `The texts (column body)` are not predicted.
        let is_bare = text[place.clone()].starts_with('(') && !is_predicted(&text[..place.start], &text[end..]);
        // `A classifier that does not discriminate by sex` tells none.
        let is_barred = BARS.is_match(&text[place.clone()]);
        names.into_iter().next().filter(|_| !is_open && !is_input && !is_bare && !is_barred)
    });
    // `Classify section from headline and lede`: behind all that says it outright.
    let classified = CLASSIFIED.find_iter(text).filter_map(|found| {
        let (names, end) = list_at(text, found.end());
        let [only] = names.as_slice() else { return None };
        is_read_from(&text[end..]).then(|| only.clone())
    });
    let label = label.chain(classified);
    let before = ASKED_BEFORE.captures_iter(text).filter_map(|found| Some(found.name("v").or(found.name("w"))?.as_str()));
    let asked = places(&ASKED).into_iter().map(|place| clause(&text[place.end..]));
    let tells =
        |clause: &&str| clause.split_whitespace().next().is_some_and(|word| TELLS.contains(&word.to_lowercase().as_str()));
    let asked = asked.filter(|clause| !tells(clause));
    let named = IN_BRACKETS.captures_iter(text).filter(|found| !IS_INPUT.is_match(&found["of"]));
    let asked = asked.chain(before).chain(named.filter_map(|found| Some(found.name("v")?.as_str())));
    let kept = kept(text);
    let exclude = exclude.chain(lists(&LEFT)).chain(meant_again(text)).filter(|name| !is_kept(&kept, name));
    PerhapsColumns {
        label: once(label),
        input: once(input.chain(sources).chain(lists(&TAKEN)).chain(listed)),
        exclude: once(exclude),
        told: once(asked.flat_map(words_of)),
        ..PerhapsColumns::default()
    }
}

/// Stands before what is told where names that it is read from stand behind it, and before what is read where none do.
static CLASSIFIED: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bclassify(?:ing)?\s"));

/// Whether names follow that something is told from; those of files are none.
fn is_read_from(behind: &str) -> bool {
    static FROM: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s*(?:from|using|based on|given|out of)\s"));
    FROM.find(behind).is_some_and(|from| !list_at(behind, from.end()).0.is_empty())
}

/// Stands before what is not asked for: `not by`, `discriminate by`.
static BARS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:not|never|discriminat\w*|(?:un)?bias\w*)\s(?:by|into)\s$"));

/// Words that are no common ones, in lower case: of such a slip of the keyboard may make the name of a column.
pub(crate) fn strange(text: &str) -> Vec<String> {
    const SHORTEST: usize = 4;
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_lowercase);
    once(words.filter(|word| word.chars().count() >= SHORTEST && word.chars().any(char::is_alphabetic) && !is_word(word)))
}

/// Whether a loss of scores is asked for.
pub(crate) fn is_scored(text: &str) -> bool {
    static LOSS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bcosine[ -]?(?:similarity[ -]?)?loss\b|\bcosent\b"));
    LOSS.is_match(text)
}

/// Names of what stays in: whoever says so takes back that it is left out.
pub(crate) fn kept(text: &str) -> Vec<String> {
    static NEGATED: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)(?:\b(?:not|never)|n['’]t)\s$"));
    let wanted = KEPT[0].find_iter(text).filter(|verb| !NEGATED.is_match(&text[..verb.start()]));
    let lists = wanted.map(|verb| list_at(text, verb.end())).filter(|(_, end)| KEPT[1].is_match(&text[*end..]));
    // `Put zip back in`.
    let bare = |name: String| name.strip_suffix(" back").map(str::to_string).unwrap_or(name);
    once(lists.flat_map(|(names, _)| names).map(bare))
}

/// Whether a name is one of those.
pub(crate) fn is_kept(kept: &[String], name: &str) -> bool {
    kept.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// What a clause is about that is then to be left out: `blood pressure comes from a broken device, leave it out`. How many of its first
/// words are a name is for the data to say.
fn meant_again(text: &str) -> Vec<String> {
    static AGAIN: LazyLock<Regex> = LazyLock::new(|| {
        regex(concat!(
            r"(?i)[,;.:–—-]\s(?:(?:so|and|but|please|therefore|hence|better|just|then|we|i|you|should|must)\s)*(?:(?:leave|keep)\s(?:it|them|these|those|this|that)\s(?:out|away|aside)",
            r"|(?:ignore|exclude|drop|omit|skip|remove|discard|disregard)\s(?:it|them|these|those)|(?:do not|don['’]t|never|not)\s(?:use|feed|include|consider|trust)\s(?:it|them|these|those|this|that))\b",
        ))
    });
    // Rows are left out by what they lack, and not the column.
    static OF_ROWS: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?i)\b(?:rows|lines|records|examples|entries|duplicates|outliers?|missing|nans?|nulls?|empty|negative)\b")
    });
    static LEAD: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s*(?:(?:the|our|my|its|all|both|also|there (?:is|are)|it has|(?:i|we) (?:also )?have|an?|because|since|as|columns?|values? of|and|called|named|(?:i|we) (?:do not|don['’]t|can['’]t|cannot) (?:trust|like|want|need))\s)*",
        )
    });
    // `Some tweets are in Spanish` is said of rows as well.
    static OF_SOME: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)^(?:some|many|most|(?:a )?few|several|certain|a lot|lots|half)\b"));
    // What follows a name of which something is said: in `the text contains HTML tags` those are what is to be left out.
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^(?:is|are|was|were|isn['’]t|aren['’]t|comes?|came|seems?|leaks?|looks?|duplicates?|repeats?|gives?|reveals?|encodes?|columns?|fields?|features?)$",
        )
    });
    let about = |found: regex::Match<'_>| {
        let before = &text[..found.start()];
        let sentence = before.rsplit(['\n', ';', '!', '?', ':', '(']).next().unwrap_or_default();
        let sentence = sentence.rsplit(". ").next().unwrap_or_default();
        // `Age, bmi and sex are unreliable`.
        let parts: Vec<&str> = sentence.split(", ").collect();
        let is_list = |part: &&&str| part.split_whitespace().count() <= 2;
        let more = match parts.split_last() {
            Some((last, others)) if last.contains(" and ") => others.iter().rev().take_while(is_list).count(),
            Some(_) | None => 0,
        };
        let clause = parts.into_iter().rev().take(more + 1).rev().collect::<Vec<_>>().join(", ");
        if OF_ROWS.is_match(&clause) {
            return vec![];
        }
        let start = LEAD.find(&clause).map_or(0, |lead| lead.end());
        if OF_SOME.is_match(&clause[start..]) {
            return vec![];
        }
        let (list, end) = list_at(&clause, start);
        let behind = clause[end..].split_whitespace().next().unwrap_or_default();
        let last = list.len().saturating_sub(1);
        let names = list.into_iter().enumerate().flat_map(|(at, name)| {
            let words: Vec<&str> = name.split(' ').collect();
            let next = if at == last { behind } else { "" };
            // All before the verb are words of a name; of a clause without one the whole is.
            let said = words.iter().chain([&next]).position(|word| SAYS.is_match(word)).unwrap_or(0);
            let counts: Vec<usize> = match said {
                0 if !next.contains(char::is_alphabetic) => vec![words.len()],
                said => (1..=said).rev().collect(),
            };
            counts.into_iter().filter_map(|count| Some(words.get(..count)?.join(" "))).collect::<Vec<_>>()
        });
        names.collect()
    };
    AGAIN.find_iter(text).flat_map(about).collect()
}

/// Whether the clause around a bracket is about what is predicted.
fn is_predicted(before: &str, behind: &str) -> bool {
    const VERBS: [&str; 11] =
        ["predict", "prever", "predecir", "prédire", "predire", "vorhersag", "forecast", "estimat", "classif", "label", "target"];
    const ENDS: [char; 5] = ['.', ',', ';', ':', '¦'];
    let around = [before.rsplit(ENDS).next(), behind.split(ENDS).next()];
    around.into_iter().flatten().any(|part| VERBS.iter().any(|verb| part.to_lowercase().contains(verb)))
}

/// Each once.
fn once(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// What ends a list, behind a name or in the place of one: `using weight decay` is about no weight, `from a and b, lr 1e-3` about no lr.
#[rustfmt::skip]
const ENDS: &[&str] = &[
    "column", "columns", "feature", "features", "field", "fields", "only", "alone", "together", "please", "to", "with", "for", "in", "of", "by", "into", "from", "on", "as", "at",
    "using", "use", "but", "except", "without", "out", "aside", "away", "is", "are", "mit", "für", "voraus", "vorher", "avec", "pour", "con", "para", "per", "com", "predict", "vorhersagen", "prédire", "predecir", "prever", "predire", "usando", "train", "then", "because", "since", "may", "should", "must", "can", "will", "be", "no",
];
/// What stands between the names of a list.
const JOINS: &[&str] = &["and", "or", "nor", "und", "oder", "noch", "et", "ou", "y", "e", "ni", "né", "o", "plus", "&", "+"];
/// What may stand before a name.
#[rustfmt::skip]
const LEADS: &[&str] = &[
    "the", "only", "just", "solo", "solamente", "apenas", "somente", "nur", "seulement", "uniquement", "soltanto", "jeweils", "its", "both", "my", "columns", "column", "features", "feature", "fields", "field", "either", "spalte", "spalten", "colonne", "colonnes", "columna", "columnas", "coluna", "colunas",
    "die", "der", "das", "den", "a", "la", "le", "les", "el", "los", "las", "o", "os", "as", "il", "lo", "von",
];
/// Words of a name, at most.
const MOST_WORDS: usize = 3;

/// The names of the list that begins at `start`, and where it ends.
fn list_at(text: &str, start: usize) -> (Vec<String>, usize) {
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"^\s*(?P<w>`[^`¦]+`|\x22[^\x22¦]+\x22|'[^'¦,;]{1,60}'|,|\+|&|[和与及、，]|\(\s?[\p{L}_][\w.-]*\s?\)|\([^()¦;\n]{1,40}\)|(?:[A-Za-z_\u{c0}-\u{2af}\u{370}-\u{1fff}][0-9A-Za-z_.\u{c0}-\u{2af}\u{370}-\u{1fff}-]*))",
        )
    });
    // Items may stand on lines of their own.
    static ITEM: LazyLock<Regex> = LazyLock::new(|| regex(r"^\s*[-*•–]\s+"));
    let is_below = text[..start].ends_with('\n') || text[start..].trim_start_matches([' ', '\t', '\r']).starts_with('\n');
    let (mut names, mut name, mut end): (Vec<String>, Vec<&str>, usize) = (Vec::new(), Vec::new(), start);
    let mut is_last = false;
    // Of `a, lr 1e-3` the last is none, and a key is no name either.
    let closes = |behind: &str| !behind.trim_start().starts_with(|c: char| c.is_ascii_digit() || matches!(c, '=' | ':' | '/'));
    loop {
        let sign = ITEM.find(&text[end..]).filter(|sign| is_below && (end == start || sign.as_str().contains('\n')));
        if let Some(sign) = sign {
            if !name.is_empty() {
                names.push(name.join(" "));
                name.clear();
            }
            end += sign.end();
            continue;
        }
        let found = WORD.captures(&text[end..]).and_then(|found| found.name("w"));
        let Some(found) = found else { break };
        let (word, behind) = (found.as_str(), end + found.end());
        let low = word.trim_end_matches('.').to_lowercase();
        // `x, y and z` are three.
        let joins = is_join(&low) && (low.len() > 1 || !name.is_empty() || !low.starts_with(char::is_alphabetic));
        let is_count = is_amount(&low) && counts_a_kind(&text[behind..]);
        if name.is_empty() && !joins && (is_count || LEADS.contains(&low.as_str()) && leads(&text[behind..])) {
            end = behind;
            continue;
        }
        // `The operator (works council!) and the time`: what is said beside a name is none.
        if word.starts_with('(')
            && word.trim_matches(['(', ')', ' ']).contains(|c: char| !(c.is_alphanumeric() || "_.-".contains(c)))
        {
            end = behind;
            continue;
        }
        // What people call it, and its name: `ni el año (year_built)`.
        if let Some(own) = word.strip_prefix('(') {
            let both = [name.join(" "), own.trim_end_matches(')').trim().to_string()];
            names.extend(both.into_iter().filter(|name| !name.is_empty()));
            name.clear();
            end = behind;
            continue;
        }
        if joins {
            // A list may begin with what joins it: `ni el id ni el año`.
            if !name.is_empty() {
                names.push(name.join(" "));
                name.clear();
            }
            end = behind;
            continue;
        }
        // `From area and rooms the price`.
        let is_next = !name.is_empty() && LEADS.contains(&low.as_str());
        if is_next || ENDS.contains(&low.as_str()) || is_data_file(word.trim_end_matches('.')) || name.len() == MOST_WORDS {
            break;
        }
        let bare = word.trim_end_matches('.');
        name.push(bare.trim_matches(['`', '"', '\'']));
        end = behind;
        // A sentence ends with it, whatever the next begins with: `zip and grade. 25 epochs`.
        is_last = bare.len() < word.len();
        if is_last {
            break;
        }
    }
    if !name.is_empty() && (is_last || closes(&text[end..])) {
        names.push(name.join(" "));
    }
    let listed = names.len() > 1;
    let first = names.first().filter(|_| listed).and_then(|name| behind_kind(name));
    names.extend(first);
    (names, end)
}

/// What a whole list is called before its first name.
const KINDS: [&str; 12] = [
    "colours",
    "colors",
    "bands",
    "numbers",
    "magnitudes",
    "values",
    "measurements",
    "readings",
    "variables",
    "attributes",
    "signals",
    "sensors",
];

/// The name behind that: `u` of `colours u, g, r`.
fn behind_kind(name: &str) -> Option<String> {
    let (kind, name) = name.split_once(' ')?;
    KINDS.contains(&kind.to_lowercase().as_str()).then(|| name.to_string())
}

/// `Measurements` of `four measurements a, b, c and d`.
fn counts_a_kind(behind: &str) -> bool {
    behind.split_whitespace().next().is_some_and(|word| KINDS.contains(&word.to_lowercase().as_str()))
}

fn is_join(word: &str) -> bool {
    JOINS.contains(&word) || matches!(word, "," | "和" | "与" | "及" | "、" | "，")
}

/// Whether a name stands `behind` what may stand before one: `a` of `a coluna id` does, and that of `a and b` is one itself.
fn leads(behind: &str) -> bool {
    let next = behind.split_whitespace().next().unwrap_or_default().to_lowercase();
    let next = next.as_str();
    behind.starts_with(' ') && !is_join(next) && (LEADS.contains(&next) || !ENDS.contains(&next))
}

/// Up to the end of what is said.
fn clause(text: &str) -> &str {
    static END: LazyLock<Regex> = LazyLock::new(|| regex(r"[,;:!?()¦]|\.(?:\s|$)"));
    END.find(text).map_or(text, |end| &text[..end.start()])
}

/// The first words of a clause, without the signs around them.
fn words_of(clause: &str) -> Vec<String> {
    const MOST: usize = 10;
    let words = clause.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_'));
    words.filter(|word| !word.is_empty()).take(MOST).map(str::to_string).collect()
}

/// The words of a phrase that are more than what one says of columns: `zip` of `Exclude zip`.
pub(crate) fn names_in(phrase: &str) -> Vec<&str> {
    #[rustfmt::skip]
    const SAID: &[&str] = &[
        "exclude", "excluding", "ignore", "ignoring", "drop", "dropping", "omit", "omitting", "skip", "skipping", "remove", "removing", "leave", "leaving", "keep", "not", "don't", "no", "never",
        "neither", "use", "used", "inputs", "input", "predictors", "variables", "label", "output", "apart", "wer", "ob", "i", "was", "ignored", "excluded", "dropped", "omitted", "removed", "weglassen", "ignorieren", "auslassen", "all",
        "dependent", "independent", "variable", "target", "what", "who", "whether", "which", "concatenate", "combine", "include", "feed", "consider", "it", "x", "care", "about", "between", "feats", "feat", "cols", "them", "these", "those",
    ];
    let is_said = |word: &&str| {
        let low = word.to_lowercase();
        [ENDS, JOINS, LEADS, SAID].iter().any(|words| words.contains(&low.as_str()))
    };
    // `subject+body` are two.
    let names =
        phrase.split([' ', '+']).filter(|word| !word.is_empty()).map(|word| word.trim_matches(['`', '"', '\'', ',', '.']));
    // A count of them, and words of scripts without spaces, are no names: `这 2 column`.
    let is_sign = |c: char| c.is_ascii_digit() || ('\u{2e80}'..='\u{9fff}').contains(&c);
    let names: Vec<&str> = names.filter(|word| !word.chars().all(is_sign) && !is_said(word)).collect();
    match names.as_slice() {
        [kind, own @ ..] if !own.is_empty() && KINDS.contains(&kind.to_lowercase().as_str()) => own.to_vec(),
        _ => names,
    }
}
