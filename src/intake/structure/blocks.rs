//! Lines -> blocks of running text and runs of table rows.

use crate::intake::pdf::{Line, LineCell};
use std::sync::LazyLock;

/// Lines that belong together.
pub(super) struct Block<'a> {
    pub lines: Vec<&'a Line>,
}

impl Block<'_> {
    pub(super) fn size(&self) -> f32 {
        let mut sizes: Vec<f32> = self.lines.iter().map(|l| l.size).collect();
        sizes.sort_by(f32::total_cmp);
        sizes.get(sizes.len() / 2).copied().unwrap_or(0.0)
    }
}

pub(super) enum Part<'a> {
    Block(Block<'a>),
    Table(Vec<&'a Line>),
}

/// Takes a page apart, in the order drawn.
pub(super) fn parts<'a>(lines: &[&'a Line], body: f32) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let end = table_end(lines, at);
        if end > at {
            parts.push(Part::Table(lines[at..end].to_vec()));
            at = end;
            continue;
        }
        let mut block = Block { lines: vec![lines[at]] };
        at += 1;
        while at < lines.len() && table_end(lines, at) == at && !begins_block(&block, lines[at], body) {
            block.lines.push(lines[at]);
            at += 1;
        }
        parts.push(Part::Block(block));
    }
    parts
}

/// Whether `line` begins something new after `block`.
fn begins_block(block: &Block<'_>, line: &Line, body: f32) -> bool {
    let Some(last) = block.lines.last() else { return true };
    let size = last.size.max(line.size);
    let dy = line.y - last.y;
    let left = block.lines.iter().map(|l| l.x0()).fold(f32::MAX, f32::min);
    let other_size = (last.size - line.size).abs() > 0.06 * size && dy > 0.6 * size;
    // Above, beside, or after a gap.
    let elsewhere = dy < -0.8 * size || dy > 1.55 * size || line.x0() > last.x1() || line.x1() < left;
    let indent = line.x0() - left;
    let indented = block.lines.len() > 1 && indent > 0.8 * body && indent < 4.0 * body && dy > 0.6 * size;
    let begins_item = line.cells.first().is_some_and(|c| c.text.starts_with(['•', '‣', '◦']));
    // Notes follow each other without a gap.
    let marked = |line: &Line| line.cells.first().is_some_and(|c| c.text.starts_with(is_note_mark));
    let begins_note = marked(line) && block.lines.first().is_some_and(|first| marked(first));
    other_size || elsewhere || indented || begins_item || begins_note
}

fn is_note_mark(c: char) -> bool {
    "⁰¹²³⁴⁵⁶⁷⁸⁹∗*†‡§".contains(c)
}

/// The end of the table that begins at `start`; `start` itself if none does.
fn table_end(lines: &[&Line], start: usize) -> usize {
    if lines[start].cells.len() < 2 || is_caption(&lines[start].text()) || is_stretched(&lines[start..]) {
        return start;
    }
    let (mut end, mut rows, mut numbers) = (start, 0, 0);
    let mut at = start;
    while at < lines.len() {
        let line = lines[at];
        if at > start && !follows(lines[at - 1], line) || is_caption(&line.text()) || is_stretched(&lines[at..]) {
            break;
        }
        if line.cells.len() >= 2 {
            rows += 1;
            numbers +=
                line.cells.iter().filter(|c| is_numeric(&c.text) || c.text.starts_with(|c: char| c.is_ascii_digit())).count();
            end = at + 1;
        } else if at - end >= 3 || line.cells.first().is_none_or(|c| c.text.split_whitespace().count() > 6) {
            break;
        }
        at += 1;
    }
    if rows >= 2 && numbers >= 3 { end } else { start }
}

/// Whether the first of `lines` is running text that was stretched to a narrow column: words stand as far apart as cells do, small ones
/// among them, or behind the mark of an item. What stands over numbers cell by cell heads them, whatever its words: `en`, `it`, `all`.
fn is_stretched(lines: &[&Line]) -> bool {
    const SMALL: &str = " the of and or to in on with for by from is are was were that which than as at a an this these has have \
        had been be its it not but we our all their into over under after before ";
    /// Of fewer cells, one may be a small word by chance.
    const FEWEST: usize = 5;
    let Some((line, below)) = lines.split_first() else { return false };
    let cells: Vec<&str> = line.cells.iter().map(|cell| cell.text.trim()).collect();
    let is_item = cells.first().is_some_and(|first| first.starts_with(['•', '‣', '◦']));
    let mut small: Vec<&str> = cells.iter().copied().filter(|cell| SMALL.contains(&format!(" {cell} "))).collect();
    small.sort_unstable();
    small.dedup();
    // (A short one alone is the code of a language, too.)
    let has_small = small.len() > 1 || small.iter().any(|word| word.len() > 2);
    let alone = cells.iter().filter(|cell| !cell.contains(' ')).count();
    let is_of_words = alone * 5 >= cells.len() * 3 && numbers_in(line) * 4 <= cells.len();
    is_of_words
        && (has_small && cells.len() >= FEWEST && !below.first().is_some_and(|below| stands_over(line, below))
            || is_item && cells.len() + 1 >= FEWEST)
}

/// Whether a line's cells stand one by one over those of a line of numbers.
fn stands_over(line: &Line, below: &Line) -> bool {
    let over = |cell: &LineCell| {
        line.cells.iter().any(|head| head.x0 < cell.x1 + head_room(head) && cell.x0 < head.x1 + head_room(head))
    };
    let is_row = numbers_in(below) * 2 >= below.cells.len() && below.cells.len().abs_diff(line.cells.len()) <= 1;
    is_row && below.cells.iter().skip(1).all(over)
}

/// How far a number may stand beside its head: as wide as a letter of it.
fn head_room(head: &LineCell) -> f32 {
    (head.x1 - head.x0) / head.text.chars().count().max(1) as f32
}

fn numbers_in(line: &Line) -> usize {
    line.cells.iter().filter(|cell| is_numeric(cell.text.trim())).count()
}

/// Rows go down the page, in steps of a few lines; only a label for several rows stands in their middle and is drawn first.
fn follows(last: &Line, line: &Line) -> bool {
    let dy = line.y - last.y;
    let after_label = last.cells.len() == 1 && line.cells.len() > 1 && last.x1() < line.x1() && dy > -6.0 * line.size;
    let reach = if line.cells.len() == 1 { 6.0 } else { 3.5 };
    dy < reach * line.size && (dy > -0.9 * line.size || after_label)
}

/// `Table 3: ...`, `Figure 2. ...`
pub(in crate::intake) fn is_caption(text: &str) -> bool {
    static CAPTION: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:Table|Tab\.|TABLE|Figure|Fig\.|FIGURE|Algorithm|Listing)\s*(?:\d+|[A-Z]\.?\d+|[IVX]+)\s*(?:[:.|]|$)",
        )
    });
    CAPTION.is_match(text)
}

/// A value in a table: a number, perhaps with a spread, unit or footnote mark; or a dash for none.
pub(super) fn is_numeric(text: &str) -> bool {
    let digits = text.chars().filter(|c| c.is_ascii_digit()).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    digits > 0 && letters <= digits || matches!(text, "-" | "–" | "—")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> Line {
        let cell =
            |(at, text): (usize, &&str)| LineCell { text: (*text).into(), x0: at as f32 * 40.0, x1: at as f32 * 40.0 + 20.0 };
        Line { cells: words.iter().enumerate().map(cell).collect(), y: 0.0, size: 10.0 }
    }

    #[test]
    fn lines_of_text_that_a_narrow_column_stretched() {
        for words in [
            &["and", "leaves", "shorter", "than", "3", "words,", "the", "final", "trees"][..],
            &["•", "LeafNet", "[21]:", "leaf-like", "tree", "model"],
        ] {
            assert!(is_stretched(&[&line(words)]), "{words:?}");
        }
        for words in [
            &["Model", "Full Test (97)", "Leaves Only (45)", "Gap"][..],
            &["LeafNet + words", "77.04", "47.18", "29.86", "1.2"],
            &["In", "Out", "Near", "Far", "Mean"],
            &["• LeafNet", "77.0", "47.2", "30.1"],
            &["Oak of X", "is", "2.5", "3.5", "4.5"],
        ] {
            assert!(!is_stretched(&[&line(words)]), "{words:?}");
        }
        // Codes of languages and heads of numbers are words, too.
        let numbers = ["LeafNet", "27.1", "31.9", "22.0", "24.4", "19.8"];
        for heads in [
            ["Model", "de", "it", "fr", "fi", "et"],
            ["Model", "is", "be", "or", "as", "to"],
            ["Split", "new", "all", "old", "few", "not"],
        ] {
            let (heads, numbers) = (line(&heads), line(&numbers));
            assert!(!is_stretched(&[&heads, &numbers]), "{heads:?}");
        }
        let (text, numbers) =
            (line(&["here", "they", "fall", "from", "the", "tree"]), line(&["in", "3", "days", "or", "12", "weeks"]));
        assert!(is_stretched(&[&text, &numbers]));
    }
}
