//! Names that stay as they are while a text is put into English: what is quoted, and what columns are called, where the words around say
//! that a column is meant.

use crate::intake::regex;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// Stands for the first name that stays as it is; those behind it for the others.
const FIRST_NAME: u32 = 0xe000;

static QUOTED: LazyLock<Regex> =
    LazyLock::new(|| regex(r"[\x22“„«「『`]\s?(?P<name>[^\x22“”„«»「」『』`.,;:!?，。；：、0-9\n]{1,40}?)\s?[\x22”“»」』`]"));

/// What nobody is to use, and what is told, in Chinese.
static OF_CHINESE: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    let name = r"(?P<name>[\x{4e00}-\x{9fff}]{1,8}?)";
    let barred = r"(?:不要使用|不能使用|不使用|不要用|不能用|不用)";
    let end = r"(?:[，。；：、？,;:.?\s（(]|和|与|及|的|作为|$)";
    [
        regex(&format!(r"(?:{barred}|不包括|不包含|忽略|排除|去掉|除了){name}(?:这?列|字段|[，。；、,;.\s]|和|与|$)")),
        regex(&format!(r"(?:[，。；、,;.\s]|^){name}这?列?{barred}")),
        regex(&format!(r"(?:标签|目标|文本)列?[是为]{name}{end}")),
        regex(&format!(r"(?:分类\s|预测){name}{end}")),
    ]
});

const WORD: &str = r"[\p{L}_][\p{L}\d_]*";
/// Between the names of a list.
const AND: &str = r"(?:\s?,\s(?:(?:und|et|y|e)\s)?|\s(?:und|et|y|e|ni|né|nem)\s)";
const ARTICLE: &str = r"(?:(?:der|die|das|den|dem|le|la|les|el|los|las|il|lo|gli|o|a|os|as)\s|l['’])?";

/// Names of a list behind words for columns, or for where something is told from; and what is told, before the latter.
static OF_COLUMNS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    let list = format!(r"(?P<list>{WORD}(?:{AND}{ARTICLE}{WORD})*)");
    let from = r"(?:aus|anhand(?:\svon)?|à partir d(?:e|es|u)|d['’]après|a partir d(?:e|el|o|a|os|as)|desde|a partire d(?:a|al|alla|ai|alle)|dal|dalla)";
    let told = r"(?:pr[ée]di\p{L}*|estim\p{L}*|class(?:er|ifier|e|ifie)|clasifi\p{L}*|classifi\p{L}*|prever|preveja|pronosti\p{L}*|preved\p{L}*|vorhersag\p{L}*|voraussag\p{L}*|vorherzusagen|klassifizier\p{L}*|prognostizier\p{L}*|schätze\p{L}*|sagen sie|sage|da)";
    [
        regex(&format!(r"(?i)\b(?:spalten?|colonn[ae]s?|columnas?|colunas?|colonne)\s{list}")),
        regex(&format!(r"(?i)\b{from}\s{ARTICLE}{list}")),
        regex(&format!(
            r"(?i)\b{told}\s{ARTICLE}(?P<list>{WORD})(?:\s(?:como|comme|come)\s[^.,;:]{{1,20}}|\sals\szahl)?\s(?:(?:in|en|em|dans|auf|su|sur|con|mit)\s\S+\s)?{from}\s"
        )),
    ]
});

/// The text with a sign of its own for each name that stays as it is, and these names, `kept` among them; `is_ordinary` tells words of the
/// language that are none.
pub(super) fn without_names(
    text: &str,
    is_spaced: bool,
    kept: &[String],
    is_ordinary: impl Fn(&str) -> bool,
) -> (String, Vec<String>) {
    let named = |ways: &[Regex]| -> Vec<Range<usize>> {
        ways.iter().flat_map(|way| way.captures_iter(text)).filter_map(|found| Some(found.name("name")?.range())).collect()
    };
    let mut places = named(std::slice::from_ref(&*QUOTED));
    places.extend(kept.iter().flat_map(|name| words_at(text, name)));
    match is_spaced {
        true => places.extend(of_columns(text, is_ordinary)),
        false => places.extend(named(&*OF_CHINESE).into_iter().filter(|place| !is_ordinary(&text[place.clone()]))),
    }
    places.sort_by_key(|place| place.start);
    let (mut out, mut names, mut end) = (String::with_capacity(text.len()), Vec::new(), 0);
    for place in places {
        let sign = u32::try_from(names.len()).ok().and_then(|count| char::from_u32(FIRST_NAME + count));
        let (true, Some(sign)) = (place.start >= end && names.len() < 1000, sign) else { continue };
        out.push_str(&text[end..place.start]);
        out.push(sign);
        names.push(text[place.clone()].to_string());
        end = place.end;
    }
    out.push_str(&text[end..]);
    (out, names)
}

/// Where a name stands that is a word, or words, of its own.
fn words_at(text: &str, name: &str) -> Vec<Range<usize>> {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !('\u{3040}'..='\u{9fff}').contains(&c));
    let is_whole = |place: &Range<usize>| {
        !is_letter(text[..place.start].chars().next_back()) && !is_letter(text[place.end..].chars().next())
    };
    text.match_indices(name).map(|(at, name)| at..at + name.len()).filter(is_whole).collect()
}

/// Where names of columns stand that are words of the language as well.
fn of_columns(text: &str, is_ordinary: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    static NAMES: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?i)(?:^|{AND}{ARTICLE})(?P<name>{WORD})")));
    static VALUE: LazyLock<Regex> = LazyLock::new(|| regex(r"^\s?[=:]?\s?[A-Z]?[0-9]"));
    let lists = OF_COLUMNS.iter().flat_map(|way| way.captures_iter(text)).filter_map(|found| Some(found.name("list")?.range()));
    let names = |list: Range<usize>| {
        let start = list.start;
        let names = NAMES.captures_iter(&text[list]).filter_map(|found| Some(found.name("name")?.range()));
        names.map(move |name| start + name.start..start + name.end).collect::<Vec<_>>()
    };
    // A file is none, nor what has a value behind it, and no list goes on behind a word that is none: `ohne Spalte a, Metrik F1`.
    let is_file = |place: &Range<usize>| {
        text[place.end..].starts_with(['.', '/']) && text[place.end + 1..].starts_with(char::is_alphanumeric)
    };
    let has_value = |place: &Range<usize>| VALUE.is_match(&text[place.end..]);
    let is_name = |place: &Range<usize>| !is_ordinary(&text[place.clone()]) && !is_file(place) && !has_value(place);
    lists.flat_map(|list| names(list).into_iter().take_while(is_name).collect::<Vec<_>>()).collect()
}

/// The same with the names in their places.
pub(super) fn with_names(text: &str, names: &[String]) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        let name = (sign as u32).checked_sub(FIRST_NAME).and_then(|at| names.get(at as usize));
        match name {
            Some(name) => out.push_str(name),
            None => out.push(sign),
        }
    }
    out
}
