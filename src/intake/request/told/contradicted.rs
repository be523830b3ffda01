//! Columns that a request both leaves out and asks for: it is for nobody but its author to say which of the two holds.

use crate::intake::request::settings::ONE_OF_TWO;
use crate::intake::request::wording::corrected;
use crate::intake::request::{Refused, Request};
use regex::Regex;

/// Refuses what says both of a column, unless the second was said in place of the first.
pub(crate) fn find(mut request: Request) -> Request {
    let text = request.read_as.clone().unwrap_or_else(|| request.text.clone());
    if !["feature", "input", "predictor", "variable", " used", "included", " kept"].iter().any(|word| text.contains(word)) {
        return request;
    }
    let mut names = request.exclude.clone();
    names.extend(request.perhaps_columns().exclude);
    names.sort();
    names.dedup();
    for name in names {
        if is_demanded(&text, &name) && !corrected::takes_back(&text) {
            let words = format!("{name} left out, and asked for");
            request.refused.push(Refused { words, expected: ONE_OF_TWO.into() });
        }
    }
    request
}

/// Whether somewhere it is asked for: `use zip as a feature`, `zip must be one of the inputs`, `zip says most, so make sure it is used`.
fn is_demanded(text: &str, name: &str) -> bool {
    const PART: &str = r"(?:inputs?|features?|predictors?|variables?)";
    let name = regex::escape(name);
    let among = format!(r"(?:(?:one of|among|an?|the|all|in|our|your|model['’]s)\s)*{PART}\b");
    let ways = [
        // What stands before the verb takes it back: `do not use zip as a feature`.
        format!(
            r"(?P<before>\S*\s\S*\s?)\b(?:use|using|include|including|add|adding|keep|keeping|take)\s(?:(?:the|also|column)\s)*(?:[\w.-]+(?:,\s|\sand\s|,\sand\s))*{name}(?:\scolumn)?(?:(?:,\s|\sand\s|,\sand\s)[\w.-]+)*\s(?:as|for|among)\s{among}"
        ),
        format!(
            r"\b{name}(?:\scolumn)?\s(?:must|should|has to|needs? to|is to|shall|will)\s(?:be|stay)\s(?:{among}|(?:used|included|kept)\s*(?:$|[.,;!?)]|too\b|as well\b))"
        ),
        format!(
            r"\b{name}\b[^.;!?\n]{{0,100}}\bmake sure (?:that )?(?:it|{name})(?:['’]s| is| stays| gets)\s(?:{among}|(?:used|included|kept)\s*(?:$|[.,;!?)]|too\b|as well\b))"
        ),
    ];
    let is_said = |way: &String| {
        let Ok(way) = Regex::new(&format!("(?i){way}")) else { return false };
        way.captures_iter(text).any(|found| {
            let before = found.name("before").map_or("", |before| before.as_str()).to_lowercase();
            !["not", "n't", "n’t", "never", "without", "no ", "dont", "avoid"].iter().any(|word| before.contains(word))
        })
    };
    ways.iter().any(is_said)
}
