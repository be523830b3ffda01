//! What only the print puts between the lines of a text: running heads with the pages' numbers, and the stamp on a margin, a letter a
//! line.

use std::collections::HashMap;

/// How often a running head stands there at least, and how long it is.
const OFTEN: usize = 3;
const LONG: usize = 15;
/// Lines around a running head that its page's number stands within.
const NEAR: usize = 2;
/// Lines of a stamp.
const STAMP: std::ops::RangeInclusive<usize> = 8..=80;

/// The lines with empty ones in the place of those. What the paper begins with stays, unless it has the title and more than that.
pub(in crate::intake) fn without_print<'t>(lines: &[&'t str]) -> Vec<&'t str> {
    let mut kept = lines.to_vec();
    let heads = running_heads(lines);
    let first = lines.iter().position(|line| !line.trim().is_empty());
    for (at, line) in lines.iter().enumerate() {
        if !heads.contains_key(line.trim()) || Some(at) == first && !names_a_title_below(lines, at) {
            continue;
        }
        kept[at] = "";
        for near in at.saturating_sub(NEAR)..(at + NEAR + 1).min(lines.len()) {
            if is_page_number(lines[near]) && is_empty(lines, near.checked_sub(1)) && is_empty(lines, Some(near + 1)) {
                kept[near] = "";
            }
        }
    }
    blank_stamps(&mut kept);
    kept
}

/// Lines of several words that come again and again, each time at the end of a block or at its beginning.
fn running_heads<'t>(lines: &[&'t str]) -> HashMap<&'t str, usize> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (at, line) in lines.iter().enumerate() {
        let text = line.trim();
        let is_long = text.len() >= LONG && text.split_whitespace().nth(2).is_some();
        if is_long && !text.contains('|') && (is_empty(lines, at.checked_sub(1)) || is_empty(lines, Some(at + 1))) {
            *seen.entry(text).or_default() += 1;
        }
    }
    seen.retain(|_, count| *count >= OFTEN);
    seen
}

/// Whether there is no text at a line.
fn is_empty(lines: &[&str], at: Option<usize>) -> bool {
    at.is_none_or(|at| lines.get(at).is_none_or(|line| line.trim().is_empty()))
}

/// `ADA OAK: ON TREES` above `On Trees`.
fn names_a_title_below(lines: &[&str], at: usize) -> bool {
    let head = lines[at].to_lowercase();
    let below = lines[at + 1..].iter().map(|line| line.trim()).filter(|line| !line.is_empty()).take(4);
    let mut titles = below.filter(|line| line.split_whitespace().count() > 1 && line.len() < head.trim().len());
    titles.any(|line| head.contains(&line.to_lowercase()))
}

fn is_page_number(line: &str) -> bool {
    let text = line.trim();
    (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// `v`, `i`, `X`, `r`, `a`, each in a line: a stamp that was set upright and is read from below.
fn blank_stamps(lines: &mut [&str]) {
    let mut at = 0;
    while at < lines.len() {
        let is_letter = |line: &&str| line.trim().chars().nth(1).is_none();
        let length = lines[at..].iter().take(2 * STAMP.end()).take_while(|line| is_letter(line)).count();
        let letters = lines[at..at + length].iter().rev().flat_map(|line| line.trim().chars());
        let read: String = letters.collect();
        if STAMP.contains(&read.chars().count()) && read.contains("arXiv:") {
            lines[at..at + length].fill("");
        }
        at += length.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_pages_are_no_text() {
        let text = "On Very Old Trees\n\nAda Oak\n\nWe look at trees and\n\n2\n\nOn Very Old Trees\n\nat more of them.\n\nOn Very Old Trees\nTree\n\n3\n12";
        let lines: Vec<&str> = text.lines().collect();
        let kept: Vec<&str> = without_print(&lines).into_iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(kept, ["On Very Old Trees", "Ada Oak", "We look at trees and", "at more of them.", "Tree", "3", "12"]);
        let text = "ADA OAK: ON VERY OLD TREES\n\n1\n\nOn Very Old Trees\n\nAda Oak\n\nADA OAK: ON VERY OLD TREES\n\nWe look.\n\nADA OAK: ON VERY OLD TREES\n";
        let lines: Vec<&str> = text.lines().collect();
        let kept: Vec<&str> = without_print(&lines).into_iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(kept, ["On Very Old Trees", "Ada Oak", "We look."]);
    }

    #[test]
    fn stamps_on_a_margin_are_no_text() {
        let text: String = "1v1.1002:viXra".chars().map(|c| format!("{c}\n")).collect();
        let lines: Vec<&str> = ["We look.", ""].into_iter().chain(text.lines()).chain(["", "And see."]).collect();
        assert_eq!(without_print(&lines).concat(), "We look.And see.");
        let column = "1\n2\n3\n4\n5\n6\n7\n8\n9";
        let lines: Vec<&str> = column.lines().collect();
        assert_eq!(without_print(&lines), lines);
    }
}
