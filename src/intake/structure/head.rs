//! What stands above a paper's text where no mark tells the title from names: lines, as a reader of PDFs wrote them.

use super::Vocabulary;
use super::front::is_institution;
use std::sync::LazyLock;

/// Title and names as lines have them.
pub(in crate::intake) struct Head {
    pub title: String,
    pub authors: String,
    /// The line behind them.
    pub end: usize,
}

/// The first line that is of the paper: no stamp.
pub(in crate::intake) fn first_line(lines: &[&str]) -> usize {
    lines.iter().take(MOST_LINES).position(|line| !without_stamp(line).is_empty()).unwrap_or_default()
}

/// The head of these lines, where names stand right below a title.
pub(in crate::intake) fn head_of(lines: &[&str], vocabulary: &Vocabulary) -> Option<Head> {
    let start = first_line(lines);
    let all = &lines[start..];
    let length = all.iter().take(MOST_LINES).position(|line| line.trim().is_empty() || begins_text(line)).unwrap_or(MOST_LINES);
    let all = &all[..length.min(all.len())];
    // The first line is of the title, whatever it looks like.
    let is_names = |at: usize| all.get(at).is_some_and(|line| is_of_names(line, all.get(at + 1).copied()));
    // `Green Leaves and Blue Needles` right above names is of the title.
    let is_title =
        |at: usize| !all[at].contains([',', '*']) && !all[at].contains(|c: char| c.is_ascii_digit()) && is_names(at + 1);
    let goes_on = |at: usize| {
        let line = all[at].trim();
        let last = line.rsplit(' ').next().unwrap_or_default().to_lowercase();
        line.ends_with(':') || OPEN.contains(&last.as_str())
    };
    let names = (1..all.len().min(MOST_TITLE + 1)).find(|at| is_names(*at) && !is_title(*at) && !goes_on(*at - 1))?;
    let mut title = String::new();
    for line in &all[..names] {
        vocabulary.join(&mut title, without_stamp(line));
    }
    let words = title.split_whitespace().count();
    if !(2..=40).contains(&words) || title.ends_with('.') {
        return None;
    }
    let more = (names + 1..all.len()).take_while(|at| is_names(*at)).count();
    let authors: Vec<&str> = all[names..=names + more].iter().map(|line| line.trim().trim_end_matches(',')).collect();
    Some(Head { title, authors: authors.join(", "), end: start + names + more + 1 })
}

const MOST_LINES: usize = 30;
/// Words that no title ends with.
const OPEN: [&str; 14] = ["in", "of", "for", "and", "the", "with", "on", "a", "an", "to", "from", "by", "via", "under"];
/// Lines of a title.
const MOST_TITLE: usize = 4;

/// Whether a line is of several names, or of one that an address or a place of work follows.
pub(in crate::intake) fn is_of_names(line: &str, next: Option<&str>) -> bool {
    const NAME: &str = r"\p{Lu}[\p{L}'’.-]*(?: (?:\p{Lu}[\p{L}'’.-]*|van|von|de|der|den|la|al|bin|el|di|da|dos)){1,3}";
    static NAMES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"^[*_ ]*(?:[Bb]y )?{NAME}(?:(?P<mark> ?[∗†‡*¹²³⁴⁵⁰\d♠♡♣♢♥♦★⋆§¶✉])| ?,| and \p{{Lu}}| & |(?P<end>$))"
        ))
    });
    let line = line.trim();
    let Some(found) = NAMES.captures(line) else { return false };
    // A title goes on in words that names lack.
    const SMALL: [&str; 14] = ["and", "van", "von", "de", "der", "den", "la", "al", "bin", "el", "di", "da", "dos", "by"];
    let is_word = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count() > 1 && !SMALL.contains(&word);
    let mut words = line.split(|c: char| c.is_whitespace() || ",;&".contains(c)).filter(|word| is_word(word));
    if words.any(|word| word.starts_with(char::is_lowercase)) || line.contains([':', '?', '@']) || is_institution(line) {
        return false;
    }
    // Two names at least, or the marks of one.
    let several = line.contains([',', '&']) && line.split([',', '&']).filter(|part| part.trim().contains(' ')).count() > 1;
    if found.name("mark").is_some() || several {
        return true;
    }
    // `Green Leaves and Blue Needles` looks like two names.
    (found.name("end").is_some() || line.contains(" and ")) && next.is_some_and(|next| next.contains('@') || is_institution(next))
}

/// Where the text begins.
fn begins_text(line: &str) -> bool {
    let lower = line.trim().to_lowercase();
    ["abstract", "summary", "1 introduction", "1. introduction", "introduction"].iter().any(|word| lower.starts_with(word))
}

/// A line without the stamp of a preprint or a journal: `arXiv:2001.00001v2  [cs.CL]  1 Jan 2020On Things`.
fn without_stamp(line: &str) -> &str {
    static STAMP: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"^#? ?arXiv:\d[\d.v]+\s*\[[\w.-]+\]\s*\d{1,2} ?[A-Z][a-z]{2} ?\d{4}",
            r"|^(?:Published as|Under review|Preprint|Accepted (?:at|to|for|by)|To appear|(?:In )?Proceedings of|Journal of|Page \d).*$|^\d{1,4}$",
            r"|^.{0,60}\b(?:TRANSACTIONS|JOURNAL|LETTERS|MAGAZINE)\b.{0,80}\b(?:VOL\.?|NO\.?|(?:19|20)\d\d)\b.*$"
        ))
    });
    let line = line.trim();
    STAMP.find(line).map_or(line, |stamp| line[stamp.end()..].trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Option<(String, String, usize)> {
        let lines: Vec<&str> = text.lines().collect();
        head_of(&lines, &Vocabulary::default()).map(|head| (head.title, head.authors, head.end))
    }

    #[test]
    fn a_title_right_above_names() {
        let expected = |title: &str, authors: &str, end| Some((title.to_string(), authors.to_string(), end));
        let check = |text: &str, expected| assert_eq!(head(text), expected, "{text}");
        check(
            "Trees in Wind:\nA Study\nAda Oak1*Bo Ash2\n1University of X\nAbstract",
            expected("Trees in Wind: A Study", "Ada Oak1*Bo Ash2", 3),
        );
        check(
            "arXiv:2001.00001v1  [cs.CL]  2 Jan 2020Trees in\nWind\nAda Oak♠, Bo Ash♡\nCy Elm and Di Fir\nx@y.z",
            expected("Trees in Wind", "Ada Oak♠, Bo Ash♡, Cy Elm and Di Fir", 4),
        );
        check("On Leaves\nAda Oak\nada@x.y\nAbstract", expected("On Leaves", "Ada Oak", 2));
        check(
            "On Trees,\nGreen Leaves and Blue Needles\nAda Oak1, Bo Ash2\nAbstract",
            expected("On Trees, Green Leaves and Blue Needles", "Ada Oak1, Bo Ash2", 3),
        );
        check("# arXiv:2001.00001v3[cs.CL]7Apr2026\nOn Leaves\nAda Oak, Bo Ash", expected("On Leaves", "Ada Oak, Bo Ash", 3));
        // A title that goes on, and one whose names stand apart.
        check("On Deep Leaves and\nGreen Needle Nets\nfor Trees in Wind\n\nWe study leaves.", None);
        check("On Leaves\n\nAda Oak, Bo Ash\n", None);
        check("A Survey of Transformers in\nComputer Vision and Natural Language Processing\n\nAda Oak, Bo Ash", None);
        check("A Survey of Trees\nGreen Leaves and Blue Needles\n\nAda Oak, Bo Ash", None);
    }
}
