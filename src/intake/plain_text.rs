//! Plain text -> [`Paper`].

use super::markdown::{finish, text_of};
use super::structure::{self, Block, GridCell, Vocabulary};
use super::{Error, Paper, PaperFormat};
use std::sync::LazyLock;

/// The paper that plain text holds: paragraphs between empty lines, headings on lines of their own.
pub(super) fn read(bytes: &[u8], name: &str) -> Result<Paper, Error> {
    let text = structure::with_titles(&text_of(bytes));
    let mut vocabulary = Vocabulary::default();
    text.lines().for_each(|line| vocabulary.learn(line));
    let mut blocks = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let lines: Vec<&str> = text.lines().chain([""]).collect();
    let lines = structure::without_print(&lines);
    let effort = structure::Effort::of(lines.len());
    let head = structure::head_of(&lines, &vocabulary);
    let mut at = head.as_ref().map_or_else(|| structure::first_line(&lines), |head| head.end);
    if let Some(structure::Head { title, authors, .. }) = head {
        blocks.extend([Block::Title(title), Block::Authors(authors)]);
    }
    while let Some(line) = lines.get(at).copied() {
        // A table that was written column by column begins a paragraph.
        let by_column = || paragraph.is_empty().then(|| structure::columns_at(&lines, at, &effort)).flatten();
        if !blocks.is_empty()
            && !line.trim().is_empty()
            && let Some((rows, end)) = by_column().or_else(|| structure::table_at(&lines, at, &|line| line.to_string(), &effort))
        {
            paragraph_of(&paragraph, &vocabulary, &mut blocks);
            paragraph.clear();
            blocks.push(Block::Table { rows, caption: None });
            at = end;
            continue;
        }
        at += 1;
        // A caption begins on a line of its own, and so does an item of a list.
        if structure::is_caption(line.trim()) || line.trim_start().starts_with('•') || is_whole_caption(&paragraph, line) {
            paragraph_of(&paragraph, &vocabulary, &mut blocks);
            paragraph.clear();
        }
        // What comes first is the title.
        let first = blocks.is_empty();
        let alone = !first && structure::is_heading(line.trim()) && line.split_whitespace().count() < 14;
        if line.trim().is_empty() || alone {
            paragraph_of(&paragraph, &vocabulary, &mut blocks);
            paragraph.clear();
        } else {
            paragraph.push(line);
        }
        if alone {
            let (number, title) = structure::split_number(line);
            blocks.push(Block::Heading { number, title, kind: None, depth: None });
        }
    }
    finish(&mut blocks);
    Ok(structure::compose(name, PaperFormat::Text, &blocks))
}

/// Whether a caption ends before a line: with a sentence, in a line that is shorter than those above it or the only one.
fn is_whole_caption(lines: &[&str], next: &str) -> bool {
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return false };
    let longest = lines.iter().map(|line| line.trim().len()).max().unwrap_or_default();
    structure::is_caption(first.trim())
        && last.trim_end().ends_with('.')
        && !next.trim_start().starts_with(char::is_lowercase)
        && (lines.len() == 1 || last.trim().len() * 10 < longest * 9)
}

/// A paragraph, the title if nothing came before it and it is short, or a table where all its lines have columns.
fn paragraph_of(lines: &[&str], vocabulary: &Vocabulary, blocks: &mut Vec<Block>) {
    if lines.is_empty() {
        return;
    }
    if let Some(rows) = columns(lines) {
        return blocks.push(Block::Table { rows, caption: None });
    }
    let mut text = String::new();
    for line in lines {
        vocabulary.join(&mut text, line.trim());
    }
    let words = text.split_whitespace().count();
    let first = blocks.is_empty();
    let second = matches!(blocks.as_slice(), [Block::Title(_)]);
    blocks.push(match () {
        () if first && words <= 30 && lines.len() <= 3 && !text.ends_with('.') => Block::Title(text),
        // Names may stand apart by nothing but a gap.
        () if second && words <= 60 && !text.ends_with('.') => {
            let parted =
                lines.iter().map(|line| line.trim().split("  ").filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "));
            Block::Authors(parted.collect::<Vec<_>>().join(", "))
        }
        () if structure::is_caption(&text) => Block::Caption(text),
        () if text.starts_with(['•', '-', '*', '–']) => Block::Item(text),
        () => Block::Prose { text, continues: false },
    });
}

/// Lines whose words stand in columns: parted by tabs or wide gaps, with numbers in them.
fn columns(lines: &[&str]) -> Option<Vec<Vec<GridCell>>> {
    static GAP: LazyLock<regex::Regex> = LazyLock::new(|| super::regex(r"\t+| {3,}|  +"));
    let cells = |line: &&str| {
        let mut cells = Vec::new();
        let mut from = line.len() - line.trim_start().len();
        let ends = GAP.find_iter(line).filter(|gap| gap.start() > from).map(|gap| (gap.start(), gap.end())).collect::<Vec<_>>();
        for (end, next) in ends.into_iter().chain([(line.trim_end().len(), line.len())]) {
            let text = line.get(from..end).unwrap_or_default().trim();
            if !text.is_empty() {
                let column = line[..from].chars().count();
                cells.push(GridCell { text: text.to_string(), column, width: text.chars().count(), height: 1 });
            }
            from = next;
        }
        cells
    };
    let rows: Vec<Vec<GridCell>> = lines.iter().map(cells).collect();
    let numbers = rows.iter().flatten().filter(|cell| cell.text.starts_with(|c: char| c.is_ascii_digit())).count();
    (rows.len() >= 2 && rows.iter().all(|row| row.len() >= 2) && numbers >= 2).then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::PassageKind;

    #[test]
    fn plain_text() {
        let source = "A Study of Nets\n\nAda Example, Bo Sample\n\nAbstract\nWe fine-\ntune a repre-\nsentation.\n\n1 Introduction\n\nWords\u{7} here.\n\nTable 1: Scores\n\nModel   A    B\nOurs    1.5  2\n\nReferences\n\n[1] K. Adam.\n";
        let paper = read(source.as_bytes(), "x").expect("read");
        let expected = "A Study of Nets\nAda Example, Bo Sample\nAbstract\nWe fine-tune a representation.\n1 Introduction\nWords here.\nTable 1: Scores\nModel A B\nOurs 1.5 2\nReferences\n[1] K. Adam.";
        assert_eq!(crate::intake::markdown::text(&paper), expected);
        assert_eq!((paper.authors.len(), paper.references.len(), paper.tables.len()), (2, 1, 1));
        assert_eq!(paper.passages.iter().filter(|p| p.kind == PassageKind::Caption).count(), 1);
    }
}
