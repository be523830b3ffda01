//! Rows that are chosen by what they hold: `ignore the rows that are still open`, `only rows where country is DE`. Whether a column of the
//! data is meant is for the data to say; where none is, it is told as a whole: of its words nothing else is made.

use crate::intake::regex;
use crate::intake::request::rest::{Found, Rest, taken_if};
use crate::intake::request::{Lack, Lacking, Request};
use regex::Regex;
use std::sync::LazyLock;

const ROWS: &str = r"(?:rows?|records?|examples?|samples?|entries|lines|cases|observations|instances|datapoints|data points)";

static WAYS: LazyLock<[Regex; 6]> = LazyLock::new(|| {
    let which =
        r"(?:that|which|where|whose|in which|for which|with|without|marked|labell?ed|tagged|flagged|still|containing|having)";
    // Up to the end of the clause; `0.5`, `1,000` and `!=` end none.
    let clause = r"(?:[^,.;:!?()\n]|\.\d|,\d{3}\b|!=)";
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
            r"(?i)\b{kept}\s(?:(?:all|any|the|those)\s)*{ROWS}\s(?:of|from|[\p{L}_]+\s(?:over|under|above|below|before|after|since|until|[<>]=?))\s{clause}{{1,60}}{list}",
            L = "{L}"
        )),
        regex(&format!(
            r"(?i)\b(?:{away}|{kept})\s(?:(?:all|any|only|just|the|those|of|to|on|out|from)\s)*{ROWS}\s{which}\b{clause}{{1,90}}{list}"
        )),
        regex(&format!(
            r"(?i)\b{ROWS}\s{which}\b{clause}{{1,60}}?\s(?:(?:should|must|can|may|are|is|to|be|have to)\s)+(?:ignored|dropped|excluded|removed|skipped|omitted|discarded|filtered(?: out)?|left out|deleted)\b"
        )),
        // Some have something, and are not wanted: `a few rows have price 0, skip those`.
        regex(&format!(
            r"(?i)\b(?:(?:a few|some|many|several|most|the|all|those|certain)\s)*{ROWS}\s(?:(?:that|which)\s)?(?:have|has|had|hold|contain|are|were|with|without|where)\b{clause}{{1,60}}?(?:\s?[,;:–—-]\s(?:(?:so|and|but|please|just|simply|we)\s)*|\s(?:so|and)\s(?:please\s)?)(?:ignore|drop|exclude|remove|skip|omit|discard|leave|throw|filter)\s(?:those|these|them)(?:\s(?:rows|ones))?(?:\s(?:out|away|aside))?\b"
        )),
        // Of a query.
        regex(&format!(r"\bWHERE\s{test}(?:\s(?:AND|OR)\s{test})*")),
        regex(&format!(r"(?i)\b(?:filter(?:ed|ing)?(?: it| them| the (?:data|rows|table))?)\s(?:to|on|by|for|where)\s{test}")),
    ]
});

/// What is behind the place where a model is tested, or what rows are kept apart for, is read elsewhere.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    static APART: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\b(?:for|as|into) (?:the |a |my )?(?:test|validation|valid|dev|held|hold|train|eval)"));
    if !["row", "record", "example", "sample", "entr", "line", "case", "observ", "instance", "point", "where", "filter"]
        .iter()
        .any(|word| rest.says(word))
    {
        return;
    }
    let is_choice = |found: &Found<'_>| taken_if(!APART.is_match(&found.cut.words));
    for way in WAYS.iter() {
        while let Some(cut) = rest.cut_as(way, is_choice) {
            request.lacking.push(Lacking { of: Lack::Filter, words: cut.words });
        }
    }
}
