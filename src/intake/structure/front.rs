//! The first page's head: title, authors, the preprint's stamp.

use crate::intake::pdf::{Line, PageLines};
use crate::intake::{ArxivId, Paper, Passage, PassageKind, Span};
use std::sync::LazyLock;

pub(super) fn fill(paper: &mut Paper, pages: &[PageLines]) {
    let Some(first) = pages.first() else { return };
    paper.arxiv_id = stamp(&first.turned);
    let Some(title) = title_lines(first) else { return };
    let size = title.iter().map(|l| l.size).fold(0.0, f32::max);
    let below = title.last().map_or(0.0, |l| l.y);
    let words: Vec<String> = title.iter().map(|l| l.text()).collect();
    paper.title = place_of(paper, &words.join(" "));
    let names = first.lines.iter().filter(|l| l.y > below && l.y < below + 0.35 * first.height && l.size < size).take(12);
    let names: Vec<String> = names.take_while(|l| !l.text().to_lowercase().starts_with("abstract")).flat_map(names_in).collect();
    paper.authors = names.iter().filter_map(|name| place_of(paper, name)).collect();
}

/// `arXiv:1810.04805v2 [cs.CL] 24 May 2019` on the margin.
fn stamp(turned: &str) -> Option<String> {
    static STAMP: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"arXiv:(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})"));
    STAMP.captures(turned).and_then(|c| ArxivId::parse(&c[1])).map(|id| id.as_str().to_string())
}

/// The lines of the largest size in the page's upper half, as far as they follow each other.
fn title_lines(page: &PageLines) -> Option<Vec<&Line>> {
    let upper: Vec<&Line> = page
        .lines
        .iter()
        .filter(|l| l.y < 0.5 * page.height && l.text().chars().filter(|c| c.is_alphabetic()).count() > 3)
        .collect();
    let largest = upper.iter().map(|l| l.size).fold(0.0, f32::max);
    let is_large = |l: &&&Line| l.size > 0.97 * largest;
    let start = upper.iter().position(|l| is_large(&l))?;
    let mut lines: Vec<&Line> = Vec::new();
    for line in upper[start..].iter().take_while(is_large) {
        if lines.last().is_some_and(|last| line.y - last.y > 2.0 * largest) {
            break;
        }
        lines.push(line);
    }
    (!lines.is_empty() && lines.len() <= 6).then_some(lines)
}

/// Names on an author line: in cells, or between marks and commas.
fn names_in(line: &Line) -> Vec<String> {
    static NAME: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"^\p{Lu}[\p{L}'’-]*\.?(?: (?:\p{Lu}\.?|\p{Lu}[\p{L}'’-]+|van|von|de|der|den|la|Ba)){1,3}$")
    });
    line.cells
        .iter()
        .flat_map(|cell| parts_of(&cell.text))
        .filter(|part| NAME.is_match(part) && !is_institution(part) && !is_placeholder(part))
        .collect()
}

/// Names in a line of which it is known that it is of authors: in any script, so that only what cannot be a name is left out.
pub(super) fn authors_in(line: &str) -> Vec<String> {
    let is_name = |part: &String| {
        let words = part.split_whitespace().count();
        let letters = part.chars().filter(|c| c.is_alphabetic()).count();
        let upper = part.chars().find(|c| c.is_alphabetic()).is_some_and(|c| !c.is_lowercase());
        let is_plain = !part.contains(['@', '/', ':', '\\']);
        (1..=6).contains(&words) && letters >= 2 && upper && is_plain && !is_institution(part) && !is_placeholder(part)
    };
    let line = line.trim_start_matches("Authors:").trim_start_matches("Author:").trim();
    let parts = parts_of(&outside_brackets(line));
    let first =
        parts.iter().find(|part| !part.is_empty()).filter(|part| !is_name(part)).and_then(|part| before_institution(part));
    first.into_iter().chain(parts.into_iter().filter(is_name)).collect()
}

/// Without what stands in round brackets: places of work.
fn outside_brackets(line: &str) -> String {
    let mut depth = 0_usize;
    let mut outside = String::new();
    for c in line.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth > 0 => {
                depth -= 1;
                outside.push(',');
            }
            _ if depth == 0 => outside.push(c),
            _ => {}
        }
    }
    outside
}

/// `Ann One Example University ann@x.y`, `Ann OneExample Lab`: the name that its place of work was written behind.
fn before_institution(part: &str) -> Option<String> {
    static GLUED: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(\p{Lu}[\p{L}'’-]*\.?(?: \p{Lu}\.?)? \p{Lu}\p{Ll}+)\p{Lu}\p{Ll}+ "));
    static APART: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(\p{Lu}[\p{L}'’-]+\.?(?: \p{Lu}\.)? \p{Lu}[\p{L}'’-]+)[ ∗*†]"));
    if !is_institution(part) {
        return None;
    }
    let name = GLUED.captures(part).or_else(|| APART.captures(part))?[1].to_string();
    (!is_institution(&name)).then_some(name)
}

/// `First Author`, `Anonymous Submission`: what a template has where names go.
fn is_placeholder(part: &str) -> bool {
    static EMPTY: LazyLock<regex::Regex> = LazyLock::new(|| {
        let which = r"(?:first|second|third|fourth|fifth|last|other|corresponding|main|anonymous|your|given|family)";
        crate::intake::regex(&format!(
            r"(?i)^(?:{which} )?(?:authors?|names?|surname)(?:'s)?(?: name| (?:one|two|three|[a-e])| and .*)?$|^anonymous\b.*$|^{which} (?:first )?name\b.*$"
        ))
    });
    EMPTY.is_match(part.trim())
}

fn parts_of(text: &str) -> Vec<String> {
    let splits = |c: char| {
        let is_mark = ",;·∗†‡§*¶&|^[]_♠♡♣♢♥♦★⋆✉◇△▽♮♯".contains(c);
        is_mark || c.is_ascii_digit() || "⁰¹²³⁴⁵⁶⁷⁸⁹".contains(c)
    };
    // A Greek letter that a Latin name ends with is a mark, too.
    let is_greek = |c: char| ('α'..='ω').contains(&c);
    let mut apart = String::with_capacity(text.len());
    for c in text.chars() {
        let is_mark = is_greek(c) && apart.ends_with(|last: char| last.is_alphabetic() && !is_greek(last) && last.is_ascii());
        apart.push(if is_mark { ',' } else { c });
    }
    apart.split(splits).flat_map(|part| part.split(" and ")).map(|part| part.trim().to_string()).collect()
}

pub(super) fn is_institution(part: &str) -> bool {
    const WORDS: [&str; 24] = [
        "universit",
        "institut",
        "research",
        "google",
        "microsoft",
        "facebook",
        "openai",
        "lab",
        "school",
        "department",
        "brain",
        "corporation",
        "college",
        "inc",
        "team",
        "center",
        "centre",
        "academy",
        "faculty",
        "equal contribution",
        "technolog",
        "@",
        "hochschule",
        "университет",
    ];
    let lower = part.to_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

/// Where these words stand on the first page, spaces and hyphens aside.
pub(in crate::intake) fn place_of(paper: &Paper, words: &str) -> Option<Passage> {
    let page = paper.pages.first()?;
    let squeeze = |c: &(usize, char)| !c.1.is_whitespace() && c.1 != '-';
    let text: Vec<(usize, char)> = page.text.char_indices().filter(squeeze).collect();
    let wanted: Vec<char> = words.char_indices().filter(squeeze).map(|(_, c)| c).collect();
    if wanted.is_empty() {
        return None;
    }
    let at = text.windows(wanted.len()).position(|w| w.iter().map(|(_, c)| c).eq(&wanted))?;
    let last = text[at + wanted.len() - 1];
    let span = Span { start: text[at].0, end: last.0 + last.1.len_utf8() };
    Some(Passage { page: page.number, span, section: None, kind: PassageKind::Fragment, continues: false })
}

#[cfg(test)]
mod tests {
    use super::authors_in;

    #[test]
    fn names_beside_places_of_work() {
        for (line, expected) in [
            ("Ann One (Lab X, Y University), Bo Two (Z, France)", vec!["Ann One", "Bo Two"]),
            ("Authors: Ann One Example University a@b.c, Bo Two", vec!["Ann One", "Bo Two"]),
            ("Ann OneExample Lab of X", vec!["Ann One"]),
            ("Example University, Ann One", vec!["Ann One"]),
            // What a template has in their place.
            ("First Author, Second Author", vec![]),
            ("Anonymous Submission", vec![]),
            ("Author One, Author Two", vec![]),
            ("Arthur Author, Nam One", vec!["Arthur Author", "Nam One"]),
        ] {
            assert_eq!(authors_in(line), expected, "{line}");
        }
    }
}
