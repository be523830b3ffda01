//! How wide the layers of a perceptron are, one by one: `hidden layers 128, 64 and 32`, `MLP 64-32`, `64 and 32 units`, `64 units in the first
//! layer and 32 in the second`.

use super::size::is_perceptron;
use crate::intake::regex;
use crate::intake::request::rest::Rest;
use crate::intake::request::{Refused, Request};
use regex::{Captures, Regex};
use std::ops::Range;
use std::sync::LazyLock;

/// A way of listing them; the list is in the group `list`.
struct Way {
    form: Regex,
    /// Only of what is said to be a perceptron: its name stands there.
    of_name: bool,
    /// Such words are said of other things, too, as `layers 2 and 3` is.
    is_open: bool,
}

static WAYS: LazyLock<Vec<Way>> = LazyLock::new(|| {
    let unit = r"(?:\s(?:hidden\s)?(?:units|neurons|nodes))";
    let number = "[0-9]{1,5}";
    let join = format!(
        r"{unit}?(?:\s?,\s?(?:(?:and|then)\s)*|\s(?:and|then|and then|followed by)\s|\s?[+&]\s?|\s?(?:->|→|=>)\s?)(?:(?:a|one|another|the)\s)?(?:(?:layer|second|next)\s)*(?:(?:of|with)\s)?"
    );
    let list = format!(r"(?P<list>{number}(?:(?:-{number})+|(?:/{number})+|(?:\s?[x×]\s?{number})+|(?:{join}{number})+))\b");
    let hidden =
        r"(?:hidden(?:[ _](?:layers?|units|neurons|nodes|widths?|(?:layer[ _])?sizes))?|layer[ _](?:widths?|sizes)|widths)";
    let between = r"(?:\s(?:of|with|are|is|having|have|sizes?|widths?|units|neurons|nodes|the))*\s?[:=]?\s?[(\[]?\s?";
    let way = |form: String, of_name, is_open| Way { form: regex(&format!("(?i){form}")), of_name, is_open };
    let ordinal = |name: &str, group: &str| {
        format!(
            r"(?:the\s)?{name}(?:\shidden)?(?:\s(?:layer|one))?(?:\s(?:has|have|having|of|with|is|gets))*\s?[:=]?\s?(?P<{group}>{number})\b{unit}?"
        )
    };
    let of_ordinal =
        |group: &str, name: &str| format!(r"(?P<{group}>{number}){unit}?\sin\s(?:the\s)?{name}(?:\shidden)?(?:\s(?:layer|one))?");
    let and = r"(?:[\s,]|\b(?:and|then)\b)+";
    let count = r"\b(?:(?:[0-9]+|two|three|four|five)[ -])?";
    vec![
        way(format!(r"{count}{hidden}{between}{list}\s?[)\]]?{unit}?"), false, false),
        way(format!(r"\bhidden[ _]layer[ _]sizes\s?[:=]\s?[(\[]\s?(?P<list>{number})\s?,?\s?[)\]]"), false, false),
        way(
            format!(
                r"\b{}{and}{}(?:{and}{})?",
                ordinal("(?:first|1st)", "a"),
                ordinal("(?:second|2nd)", "b"),
                ordinal("(?:third|3rd)", "c")
            ),
            false,
            false,
        ),
        way(
            format!(
                r"\b{}{and}{}(?:{and}{})?",
                of_ordinal("a", "(?:first|1st)"),
                of_ordinal("b", "(?:second|2nd)"),
                of_ordinal("c", "(?:third|3rd)")
            ),
            false,
            false,
        ),
        way(format!(r"(?:¦|\bMLP\b)\s*:?\s*(?:(?:with|of|sized?)\s)*[(\[]?\s?{list}\s?[)\]]?{unit}?"), true, false),
        way(format!(r"\b{list}[\s-]*¦"), true, false),
        way(format!(r"\b{list}{unit}(?:\s(?:each|in (?:its|the|two|three|2|3)\s(?:hidden\s)?layers))?"), false, true),
        way(format!(r"\b(?:network|net|architecture|layout|topology|structure){between}{list}\s?[)\]]?{unit}?"), false, true),
        way(format!(r"{count}(?:layers|units|neurons|nodes){between}{list}\s?[)\]]?{unit}?"), false, true),
    ]
});

/// Fewer are no width but the number of a layer.
const LEAST: usize = 4;

/// The first list of widths, of a perceptron or of a model that nobody names.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    let is_named = is_perceptron(request);
    if !is_named && request.model.is_some() {
        return;
    }
    let found = std::cell::RefCell::new(None);
    let text = request.text.clone();
    let cut = WAYS.iter().filter(|way| is_named || !way.of_name).find_map(|way| {
        rest.cut_place(|left, from| {
            let (place, units) = place(way, &text, left, from)?;
            *found.borrow_mut() = Some(units);
            Some(place)
        })
    });
    let (Some(words), Some(units)) = (cut, found.into_inner()) else { return };
    match units.iter().all(|unit| *unit > 0) {
        true => request.units = units,
        false => request.refused.push(Refused { words, expected: "whole numbers of units".into() }),
    }
}

/// Where the next list is, and what it lists.
fn place(way: &Way, text: &str, left: &str, from: usize) -> Option<(Range<usize>, Vec<usize>)> {
    let mut from = from;
    loop {
        let found = way.form.captures_at(left, from)?;
        let all = found.get(0)?.range();
        from = all.end;
        let Some((end, units)) = widths(left, &found) else { continue };
        let before = &left[..all.start];
        let is_wide = !way.is_open || units.iter().all(|unit| *unit >= LEAST);
        if is_wide && !OF_OTHERS.is_match(before) && (!way.of_name || is_of_perceptron(text, &found)) {
            return Some((all.start..end, units));
        }
    }
}

/// Stands before layers that are counted from below, and before what is compared.
static OF_OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:freez(?:e|ing)|frozen|unfreez(?:e|ing)|(?:re)?train(?:ing)?|target(?:ing)?|adapt(?:ing)?|only|last|first|top|bottom|upper|lower|compar(?:e|ing)|between|either|try|heads? of)(?:\s(?:the|its))*\s*$",
    )
});

/// The widths, and where their list ends: of `64, 32, 10 epochs` the last number is another setting's.
fn widths(left: &str, found: &Captures<'_>) -> Option<(usize, Vec<usize>)> {
    let all = found.get(0)?;
    let number = |digits: &str| digits.parse::<usize>().ok();
    let Some(list) = found.name("list") else {
        let units = ["a", "b", "c"].iter().filter_map(|name| found.name(name)).map(|one| number(one.as_str()));
        return Some((all.end(), units.collect::<Option<_>>()?));
    };
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| regex("[0-9]+"));
    let mut items: Vec<Range<usize>> = NUMBER.find_iter(list.as_str()).map(|one| one.range()).collect();
    let least = if items.len() == 1 { 1 } else { 2 };
    let mut end = all.end();
    let is_joined = list.as_str().contains([' ', ',']);
    while !ends(&left[end..]) {
        items.pop().filter(|_| is_joined && items.len() >= least)?;
        end = list.start() + items.last()?.end;
    }
    let units: Vec<usize> = items.iter().map(|item| number(&list.as_str()[item.clone()])).collect::<Option<_>>()?;
    // `3x64` are so many layers of as many units.
    let is_each = list.as_str().contains(['x', '×']) && *units.first()? < 16;
    // `80/20` parts the data.
    let is_part = list.as_str().contains('/') && units.iter().sum::<usize>() == 100;
    (!is_each && !is_part).then_some((end, units))
}

/// Whether what stands behind a list ends it: `2 hidden layers of 64 and 10 epochs` lists no units.
fn ends(behind: &str) -> bool {
    static ENDS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s*(?:$|[,;:)¦\]!?]|\.(?:\s|$)|(?:on|for|to|with|and|in|using|from|then|at|by|but|over|relus?|gelu|tanh|trained|network|net|model|dropout|batch|lr|adamw?|sgd|instead|please)\b)",
        )
    });
    ENDS.is_match(behind)
}

/// Whether the name beside the list is that of the perceptron, and no other that was cut out.
fn is_of_perceptron(text: &str, found: &Captures<'_>) -> bool {
    let Some(list) = found.name("list") else { return false };
    let name = r"(?:mlp|perceptrons?|(?:feed-?\s?forward|neural)\s(?:net(?:work)?s?)|net(?:work)?)";
    let list = regex::escape(list.as_str());
    let way = format!(r"(?i)(?:\b{name}\s*:?\s*(?:(?:with|of|sized?)\s)*[(\[]?\s?{list}\b|\b{list}[\s-]*{name}\b)");
    Regex::new(&way).is_ok_and(|way| way.is_match(text))
}

#[cfg(test)]
mod tests {
    use crate::intake::request::parse_request;

    #[test]
    fn widths_are_listed_in_many_ways() {
        for (words, expected) in [
            ("MLP 64-32, 10 epochs", &[64, 32][..]),
            ("MLP 64-64, 100 epochs, lr 1e-3", &[64, 64]),
            ("MLP (64, 32), 10 epochs", &[64, 32]),
            ("MLP 64, 32, 10 epochs", &[64, 32]),
            ("MLP with layers of 128 and 64, 5 epochs", &[128, 64]),
            ("MLP (2 layers, 64 and 32 units), 5 epochs", &[64, 32]),
            ("a neural network with 64 and 32 units", &[64, 32]),
            ("MLP with 96 units in the first layer and 48 in the second", &[96, 48]),
            ("MLP: first layer 96 units, second layer 48", &[96, 48]),
            ("a 128-64-32 MLP, 5 epochs", &[128, 64, 32]),
            ("MLP with 64 units followed by 32 units", &[64, 32]),
            ("MLP, hidden layers 64 -> 32 -> 16", &[64, 32, 16]),
            ("network: 256 -> 128 -> 64, MLP", &[256, 128, 64]),
            ("MLP with hidden_layer_sizes=(100,)", &[100]),
            ("MLP with hidden layers 64, 32, 0.1 dropout", &[64, 32]),
        ] {
            let request = parse_request(&format!("{words} on a.csv"), |_| None);
            assert_eq!(request.units, expected, "{words}: {request:?}");
            assert_eq!(request.refused, [], "{words}");
        }
        for (words, epochs) in [("MLP 64-32, 10 epochs", 10.0), ("MLP with 64, 32, 7 epochs", 7.0)] {
            let request = parse_request(&format!("{words} on a.csv"), |_| None);
            assert_eq!(request.epochs, Some(epochs), "{words}");
        }
    }

    #[test]
    fn what_lists_no_widths() {
        for words in
            ["MLP 2x64", "MLP, 80/20 split", "MLP with 2 hidden layers of 64 and 10 epochs", "MLP with 64 units, 10 epochs"]
        {
            let request = parse_request(&format!("{words} on a.csv"), |_| None);
            assert_eq!(request.units, [0; 0], "{words}: {request:?}");
        }
        assert_eq!(parse_request("BERT on a.csv, freeze layers 2 and 3", |_| None).units, [0; 0]);
    }
}
