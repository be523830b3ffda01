//! Numbers of sections that a reader of PDFs wrote on lines of their own: `3`, and below it `Experimental Setup`.

use super::is_heading;

/// Words of a title, and of a line of text below it.
const MOST_WORDS: usize = 12;
const FEW_WORDS: usize = 4;

/// The text with each such number and the title below it in one line. Numbers that count on from the last one are of sections; those of
/// pages and of rows do not, or stand before no title.
pub(in crate::intake) fn with_titles(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut last: Option<String> = None;
    let mut joined = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let number = line.trim().trim_end_matches('.');
        let title = is_number(number).then(|| title_below(&lines, at)).flatten();
        let follows = || last.as_deref().map_or(number == "1" || number == "I", |last| counts_on(last, number));
        match title.filter(|_| follows() && ends_before(&lines, at)) {
            Some(below) => {
                joined.push_str(&format!("{} {}\n", line.trim(), lines[below].trim()));
                last = Some(number.to_string());
                at = below + 1;
            }
            None => {
                // A heading in one line counts, too.
                let (first, _) = line.trim().split_once(' ').unwrap_or_default();
                let first = first.trim_end_matches('.');
                if is_number(first) && is_heading(line) && last.as_deref().is_none_or(|last| counts_on(last, first)) {
                    last = Some(first.to_string());
                }
                joined.push_str(line);
                joined.push('\n');
                at += 1;
            }
        }
    }
    joined
}

/// `3`, `4.1`, `A`, `B.2`, `IV`.
fn is_number(text: &str) -> bool {
    let mut parts = text.split('.');
    let first = parts.next().unwrap_or_default();
    let is_digits = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let is_letter = first.len() == 1 && first.bytes().all(|b| b.is_ascii_uppercase());
    let is_roman = (1..=4).contains(&first.len()) && first.chars().all(|c| "IVX".contains(c));
    (is_digits(first) || is_letter || is_roman) && parts.clone().count() < 4 && parts.all(is_digits)
}

/// Where the title below a number stands, with text or a further number below it.
fn title_below(lines: &[&str], at: usize) -> Option<usize> {
    let filled = |from: usize| (from..lines.len()).take(3).find(|at| !lines[*at].trim().is_empty());
    let below = filled(at + 1)?;
    let title = lines[below].trim();
    let words = title.split_whitespace().count();
    let big = title.split_whitespace().filter(|word| word.len() > 3).all(|word| !word.starts_with(char::is_lowercase));
    let is_title = (1..=MOST_WORDS).contains(&words)
        && title.starts_with(char::is_uppercase)
        && title.chars().filter(|c| c.is_alphabetic()).count() > 3
        && !title.ends_with(['.', ',', ';', ':', '-'])
        && !title.contains(" = ")
        && big;
    let text = filled(below + 1)?;
    let is_text =
        |at: usize| lines[at].split_whitespace().count() > FEW_WORDS || is_number(lines[at].trim().trim_end_matches('.'));
    (is_title && (is_text(text) || filled(text + 1).is_some_and(is_text))).then_some(below)
}

/// Whether the text before a line is at an end.
fn ends_before(lines: &[&str], at: usize) -> bool {
    let before = lines[..at].last().map_or("", |line| line.trim_end());
    let bare = before.trim_end_matches(|c: char| c.is_ascii_digit());
    before.is_empty() || bare.ends_with(['.', '!', '?', ':', ')', '’', '”']) || is_heading(before)
}

/// Whether a number comes right after another: `3.2` behind `3.1`, `4` behind `3.2`, `3.1` behind `3`, `A` behind any digits.
fn counts_on(last: &str, next: &str) -> bool {
    let before: Vec<&str> = last.split('.').collect();
    let parts: Vec<&str> = next.split('.').collect();
    let Some((end, whole)) = parts.split_last() else { return false };
    // The first part of the one before.
    if parts.len() == before.len() + 1 && whole == before {
        return *end == "1";
    }
    let starts_letters = next == "A" && last.starts_with(|c: char| c.is_ascii_digit());
    let same_above = before.get(..whole.len()) == Some(whole);
    starts_letters || same_above && before.get(whole.len()).is_some_and(|before| is_next(before, end))
}

fn is_next(before: &str, next: &str) -> bool {
    const ROMAN: [&str; 12] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
    let place = |text: &str| ROMAN.iter().position(|roman| *roman == text);
    let letter = |text: &str| text.bytes().next().filter(|b| text.len() == 1 && b.is_ascii_uppercase());
    let counted = before.parse::<u32>().ok().zip(next.parse().ok()).is_some_and(|(before, next): (u32, u32)| next == before + 1);
    let roman = place(before).zip(place(next)).is_some_and(|(before, next)| next == before + 1);
    counted || roman || letter(before).zip(letter(next)).is_some_and(|(before, next)| next == before + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_titles_come_together() {
        let text = "On Trees\n\n1\nIntroduction\nTrees are very old and have many leaves.\n\n2\n\nRelated Work\n\nWe are not the first to count leaves.\n2.1\nOld Trees\nThey have more of the leaves than others.\n3\nExperimental Setup\nLeaves\nWe take three leaves of each tree here.\nA\nMore Trees\nThere are more of the trees than that.";
        let joined = with_titles(text);
        for heading in ["1 Introduction", "2 Related Work", "2.1 Old Trees", "3 Experimental Setup", "A More Trees"] {
            assert!(joined.lines().any(|line| line == heading), "{heading}: {joined}");
        }
        assert!(joined.contains("3 Experimental Setup\nLeaves\nWe take"));
    }

    #[test]
    fn numbers_of_rows_and_pages_stay() {
        for text in [
            // Rows, a page that does not count on, the middle of a sentence.
            "1 Introduction\nTrees.\n7\nOak\n9\nAsh\n",
            "1 Introduction\nTrees are old.\n\n9\n\nOld Trees\nThey have more of the leaves than others.\n",
            "1 Introduction\nWe count the\n2\nOld Trees\nthat have more of the leaves than others.\n",
        ] {
            assert_eq!(with_titles(text), text);
        }
    }
}
