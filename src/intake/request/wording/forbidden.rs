//! Lists of what is not wanted, of which each item is forbidden, and not the first alone: `Please avoid: LoRA, early stopping`, `without
//! class weights or warm-up`, a heading over lines of its own.

use crate::intake::regex;
use crate::intake::request::rest::{NEGATION, is_exception};
use crate::intake::request::task::models::last_model;
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The text with each item of such a list forbidden by itself: `without LoRA, without early stopping`. With its lines.
pub(crate) fn each_forbidden(text: &str) -> Cow<'_, str> {
    // `-area` on a line of its own is an item, and nothing is taken away.
    static ITEM: LazyLock<Regex> = LazyLock::new(|| regex(r"(?P<sign>\n[ \t]*[-•])(?P<letter>\p{L})"));
    let text = ITEM.replace_all(text, "${sign} ${letter}");
    let text = if text.contains([':', '\n']) { Cow::Owned(under_headings(&text).into_owned()) } else { text };
    let low = text.to_lowercase();
    if NEGATIONS.iter().any(|word| low.contains(word)) { Cow::Owned(joined(&text)) } else { text }
}

/// Words of which what forbids settings in passing has one.
const NEGATIONS: [&str; 17] = [
    "no ",
    "not ",
    "n't ",
    "n’t ",
    "without ",
    "avoid",
    "skip",
    "leave out",
    " off",
    "disabl",
    "omit",
    "except",
    "away from",
    "clear of",
    "hate",
    "dislike",
    "forbidden",
];

/// What says over a list that none of it is wanted. A value may be `no` as well: `early stopping: no`.
static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?i)(?P<start>^|[.;!?\n(]\s*|\b(?:and|but|please|also)\s)(?:(?:the\s)?(?:things|what|stuff|columns|features|settings)\s)?(?:(?:that\s)?(?:i|we|you)\s(?:really |definitely |also )?)?",
        r"(?:(?:(?:do|would|should|must|can)\snot|(?:do|would|should|must|ca)n['’]t|cannot|never|not)(?:\s(?:to|want|wanted|need|needed|like|use|used|do|be|have|see|include|apply|add|allowed|desired|welcome|here|please)\b)*",
        r"|(?:to\s)?(?:be\s)?(?:avoid(?:ed)?|(?:leave|left)\sout|skipped|omitted|excluded|ignored|dropped|removed)|exclusions|no[- ]gos?|no,?\sthank(?:s|\syou)|don['’]?ts|no|none\sof(?:\sthese)?|(?:exclude|ignore|drop|skip|omit|remove|disabled?|(?:turn|switch)(?:ed)?\soff)(?:\s(?:the following|these))?|without|forbidden|unwanted|undesired|banned|prohibited|off[- ]limits)\b[ \t]*(?P<colon>:?)[ \t]*(?P<line>\r?\n)?",
    ))
});

fn under_headings(text: &str) -> Cow<'_, str> {
    static ITEM: LazyLock<Regex> =
        LazyLock::new(|| regex(r"^(?P<sign>\s*(?:[-*•–]|\d{1,2}[.)])\s+)(?P<item>[^\n]*\S)[^\n]*(?:\n|$)"));
    static SENTENCE: LazyLock<Regex> = LazyLock::new(|| regex(r"^[^\n.;!?]*(?:\.\d[^\n.;!?]*)*"));
    let (mut out, mut from) = (String::new(), 0);
    while let Some(found) = HEADING.captures_at(text, from) {
        let (Some(all), Some(start)) = (found.get(0), found.name("start")) else { break };
        let heading = text[start.end()..all.end()].to_lowercase();
        // `Early stopping? No: 10 epochs` answers.
        if start.as_str().contains('?') && ["no", "never"].iter().any(|word| heading.starts_with(word)) {
            out.push_str(&text[from..all.end()]);
            from = all.end();
            continue;
        }
        let of_columns = COLUMNS.iter().any(|word| heading.contains(word));
        let (mut place, mut list) = (all.end(), String::new());
        if found.name("line").is_some() {
            while let Some(line) = ITEM.captures(&text[place..]) {
                list.push_str(&format!(
                    "\n{}{}",
                    line["sign"].trim_start_matches(['\r', '\n']),
                    items(&line["item"], of_columns)
                ));
                place += line[0].len();
            }
            list.push_str(if list.is_empty() { "" } else { "\n" });
        } else if &found["colon"] == ":" {
            let said = SENTENCE.find(&text[place..]).map_or("", |said| said.as_str());
            list = items(said, of_columns);
            place += said.len();
        }
        // A heading over nothing, or over a value, says something else: `drop: 0.1`.
        if list.contains("without ") {
            out.push_str(&text[from..start.end()]);
            out.push_str(&list);
        } else {
            out.push_str(&text[from..place]);
        }
        from = place.max(all.end());
        if all.is_empty() {
            break;
        }
    }
    out.push_str(&text[from..]);
    if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

/// Words of a heading over columns.
const COLUMNS: [&str; 7] = ["exclu", "ignor", "drop", "omit", "remov", "column", "feature"];

/// Each item of a list forbidden, up to one that is a wish of its own: `early stopping, use class weights`. Where the first is a deed, as of
/// `what not to do: use LoRA`, all are.
fn items(list: &str, of_columns: bool) -> String {
    static JOIN: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\s?,\s?(?:(?:and|or|nor)\s)?|\s(?:and|or|nor)\s"));
    static WISH: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(r"(?i)^(?:\d|(?:but|yes|true|false|none|null|instead|then|please|i|we|it|lr|batch|seed)\b)"),
            regex(r"(?i)^(?:us(?:e|ing)|train|fine-?tune|with|for|on|in|at|predict|keep|take|do|make|add)\b"),
        ]
    });
    static NEGATED: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^(?:no|not|never|without|don['’]t|do not|avoid)\b"));
    // `Learning rate 1e-3`, `model: BERT`.
    static VALUE: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?i)^(?:[\w-]+(?: [\w-]+){0,2}(?:\s?[:=]\s?|\s)\.?\d|(?:label|target|optimi[sz]er|model|data)(?:\s?[:=]|\sis\b))")
    });
    // Columns are listed beside no model, and beside none of these names.
    static OF_RUN: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^(?:(?:label|target) (?:is|column)\b|optimi[sz]er\b|model\b)"));
    // `Learning rates above 1e-3` are not wanted.
    static BOUND: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:above|over|below|under|beyond|than|any)\b"));
    let is_value = |item: &str| VALUE.is_match(item) && !BOUND.is_match(item);
    let is_run = |item: &str| is_value(item) || of_columns && (OF_RUN.is_match(item) || last_model(item).is_some());
    let [other, deed] = &*WISH;
    let of_deeds = deed.is_match(list.trim_start());
    let is_wish = |item: &str| item.is_empty() || other.is_match(item) || !of_deeds && deed.is_match(item);
    let (mut out, mut from) = (String::new(), 0);
    loop {
        let (end, next) = JOIN.find_at(list, from).map_or((list.len(), list.len()), |join| (join.start(), join.end()));
        let item = list[from..end].trim();
        // The first is what the heading is over.
        if is_wish(item) || !out.is_empty() && is_run(item) {
            let rest = list[from..].trim();
            let comma = if out.is_empty() || rest.is_empty() { "" } else { ", " };
            return format!("{out}{comma}{rest}");
        }
        let comma = if out.is_empty() { "" } else { ", " };
        out = format!("{out}{comma}{}{item}", if NEGATED.is_match(item) { "" } else { "without " });
        if end == list.len() {
            return out;
        }
        from = next;
    }
}

/// `No LoRA, early stopping or class weights`, `skip LoRA and warm-up`, `LoRA and warm-up are not needed`: of settings alone, for columns
/// are listed so, too, and read elsewhere.
fn joined(text: &str) -> String {
    static LISTS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let one = r"(?:(?:any|an?|the|random|gradient|data|image)\s)*(?:early[- ]stopping|(?:class|balanced)[- ](?:weights?|weighting|sampling)|(?:q-?)?lora|dora|adapters?|drop-?out|warm-?\s?up|weight[- ]decay|label[- ]smoothing|augmentations?|mixup|cutmix|flip(?:s|ping)?|crop(?:s|ping)?|ema|clipping|focal loss|momentum|(?:over|up)sampling|schedul(?:e|er)|freezing)";
        [
            regex(&format!(
                r"(?i)\b(?:(?P<not>no|without|avoid(?:ing)?|(?:not|\w+n['’]t|never)\s(?:use|using|want|need|have|apply|do|add))|(?P<verb>skip(?:ping)?|leav(?:e|ing) out|(?:turn|switch)(?:ing)? off|disabl(?:e|ing)|omit(?:ting)?|drop(?:ping)?|remov(?:e|ing)|except(?: for)?|no need (?:for|of)|(?:stay|keep|steer)(?:ing)? (?:away from|clear of)|hate|dislike|get rid of))\s(?P<list>{one}(?:(?:\s?,\s?{one})*,?\s(?P<join>or|nor|and)\s(?:{one}|any[a-z]*(?:\s[a-z]+){{0,2}}|the like))?)(?P<behind>\s*(?:$|[.,;:!?)]|(?:please|at all|here|for|on|with|in)\b))"
            )),
            regex(&format!(
                r"(?i)\b(?P<list>{one}(?:(?:\s?,\s?(?:(?:and|or)\s)?|\s(?:and|or)\s){one})+)\s(?:(?:is|are|should|must|shall|will|to|be|stay)\s)+(?:not\s(?:wanted|needed|necessary|required|desired|allowed|(?:to )?be used|used)|un(?:wanted|necessary|desired|welcome)|forbidden|prohibited|banned|off[- ]limits|out of the question|to be avoided|off|disabled|left out)\b"
            )),
        ]
    });
    let said = |found: &Captures<'_>| {
        let at = |name: &str| found.name(name).map_or("", |part| part.as_str());
        // `Don't turn off early stopping or class weights`, `no regularisation except weight decay and dropout`.
        let start = found.get(0).map_or(0, |all| all.start());
        if NEGATION.is_match(&text[..start]) || is_exception(text, start) {
            return found[0].to_string();
        }
        // `No LoRA and class weights` may ask for the second, and one by itself is read as it stands.
        let is_open =
            at("join").is_empty() || at("join").eq_ignore_ascii_case("and") && !at("not").eq_ignore_ascii_case("without");
        match at("verb").is_empty() && is_open {
            true => found[0].to_string(),
            false => format!("{}{}", items(at("list"), false), at("behind")),
        }
    };
    let [before, behind] = &*LISTS;
    let out = before.replace_all(text, said);
    behind.replace_all(&out, |found: &Captures<'_>| items(&found["list"], false)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_forbidden() {
        for (text, expected) in [
            (
                "3 epochs. Please avoid: LoRA, warm-up and mixup. Batch 8",
                "3 epochs. Please without LoRA, without warm-up, without mixup. Batch 8",
            ),
            (
                "What I don't want:\n- early stopping\n- any upload\nThanks",
                "\n- without early stopping\n- without any upload\nThanks",
            ),
            ("Not wanted:\n* LoRA\n* no dropout", "\n* without LoRA\n* no dropout\n"),
            ("What not to do: use LoRA, add dropout", "without use LoRA, without add dropout"),
            ("Avoid: early stopping, use class weights", "without early stopping, use class weights"),
            ("Disable: EMA, warm-up. Ignore the following: id", "without EMA, without warm-up. without id"),
            ("No: early stopping, 5 epochs", "without early stopping, 5 epochs"),
            ("I do not want\n1. LoRA", "\n1. without LoRA\n"),
            ("no LoRA, early stopping or dropout.", "without LoRA, without early stopping, without dropout."),
            ("without mixup and random flips, please", "without mixup, without random flips, please"),
            ("we don't need LoRA, dropout or anything else", "we without LoRA, without dropout, without anything else"),
            ("Skip LoRA and dropout, I hate mixup.", "without LoRA, without dropout, I without mixup."),
            ("LoRA and warm-up are not needed. Dropout is", "without LoRA, without warm-up. Dropout is"),
            ("To be avoided:\n- LoRA", "\n- without LoRA\n"),
            ("columns not to use: id, zip", "without id, without zip"),
            ("Exclude: id, zip, epochs: 5, MiniLM", "without id, without zip, epochs: 5, MiniLM"),
            ("Exclude: id, zip, learning rate 1e-3", "without id, without zip, learning rate 1e-3"),
            ("Avoid: LoRA, BERT", "without LoRA, without BERT"),
            ("Avoid:\n- LoRA\n- dropout 0.5", "\n- without LoRA\n- without dropout 0.5\n"),
            ("Avoid: LoRA, rates above 1e-3", "without LoRA, without rates above 1e-3"),
            ("Not wanted:\n-LoRA", "\n- without LoRA\n"),
            ("Don'ts:\n- LoRA", "\n- without LoRA\n"),
            ("I'd rather not have early stopping or class weights", "I'd rather without early stopping, without class weights"),
        ] {
            assert_eq!(each_forbidden(text), expected, "{text}");
        }
        for text in [
            "early stopping: no, 5 epochs",
            "do not use id, zip or name",
            "no LoRA and class weights",
            "LoRA or dropout 0.1",
            "without LoRA or dropout 0.1",
            "To avoid overfitting: dropout 0.3",
            "Don't forget: 3 epochs, early stopping",
            "Note: early stopping",
            "lora:\n drop: 0.1",
            "If not: LoRA",
            "no more than 3 epochs\n- lr 1e-4",
            "can not:",
            "Early stopping? No: train for 10 epochs",
            "Don't turn off early stopping or class weights",
            "No regularisation except weight decay and dropout",
        ] {
            assert_eq!(each_forbidden(text), text);
        }
    }
}
