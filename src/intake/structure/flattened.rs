//! Tables that a reader of PDFs wrote as lines of words: `Ours 85.3 22.3 35.7`, one below the other, under lines of as many heads.

use super::{GridCell, is_caption};

/// Lines between two rows that may be empty, and lines of heads.
const MOST_EMPTY: usize = 3;
const MOST_HEADS: usize = 4;
/// Words of a row's name, and lines of a table.
const MOST_WORDS: usize = 10;
const MOST_ROWS: usize = 200;

/// What a line is in a table of so many values a row.
enum LineKind {
    Row(Vec<String>),
    /// A name of several rows.
    Group(String),
    Empty,
    Other,
}

/// The table that begins at line `at`, heads included, and the line behind it. `clean` takes the marks of emphasis off a line.
pub(in crate::intake) fn table_at(
    lines: &[&str],
    at: usize,
    clean: &dyn Fn(&str) -> String,
) -> Option<(Vec<Vec<GridCell>>, usize)> {
    let first = first_row(lines, at, clean)?;
    let columns = values_of(&clean(lines.get(first)?))?.len() - 1;
    let heads = (at..first).filter(|line| !lines[*line].trim().is_empty());
    let mut rows: Vec<Vec<GridCell>> = heads.map(|line| heads_over(&clean(lines[line]), columns)).collect::<Option<_>>()?;
    if rows.iter().all(|row| row.len() < 2) && at != first {
        return None;
    }
    let (mut line, mut end, mut found) = (first, first, 0);
    while line < lines.len() && found < MOST_ROWS {
        match kind_of(lines[line], columns, clean) {
            LineKind::Row(cells) => {
                rows.push(cells.into_iter().enumerate().map(|(column, text)| cell(text, column, 1)).collect());
                (end, found) = (line + 1, found + 1);
            }
            LineKind::Group(text) if line - end < 2 && follows_row(lines, line, columns, clean) => {
                rows.push(vec![cell(text, 0, 1)]);
                end = line + 1;
            }
            LineKind::Empty if line - end < MOST_EMPTY => {}
            _ => break,
        }
        line += 1;
    }
    (found >= if columns > 3 { 2 } else { 3 }).then_some((rows, end))
}

fn cell(text: String, column: usize, width: usize) -> GridCell {
    GridCell { text, column, width, height: 1 }
}

/// The first row at or below a line, with nothing but heads before it.
fn first_row(lines: &[&str], at: usize, clean: &dyn Fn(&str) -> String) -> Option<usize> {
    let mut heads = 0;
    let mut empty = 0;
    for (line, text) in lines.iter().enumerate().skip(at).take(MOST_HEADS * (MOST_EMPTY + 1)) {
        if text.trim().is_empty() {
            empty += 1;
            if heads == 0 || empty > MOST_EMPTY {
                return None;
            }
            continue;
        }
        empty = 0;
        // Cheap to tell, for most lines are of a text.
        let is_marked = text.trim_start().starts_with(['#', '|', '<', '!', '$', '•', '>', '`']);
        if is_marked || text.len() > 400 || text.ends_with(['.', ',', ';', '-']) || is_caption(text.trim()) {
            return None;
        }
        if text.contains(|c: char| c.is_ascii_digit()) && values_of(&clean(text)).is_some() {
            return Some(line);
        }
        heads += 1;
        if heads > MOST_HEADS {
            return None;
        }
    }
    None
}

fn kind_of(line: &str, columns: usize, clean: &dyn Fn(&str) -> String) -> LineKind {
    if line.trim().is_empty() {
        return LineKind::Empty;
    }
    let text = clean(line);
    match values_of(&text) {
        Some(cells) if cells.len() == columns + 1 => LineKind::Row(cells),
        Some(_) => LineKind::Other,
        None if is_group(&text) => LineKind::Group(text.trim().to_string()),
        None => LineKind::Other,
    }
}

/// A line of few words, no part of a sentence.
fn is_group(text: &str) -> bool {
    text.split_whitespace().count() <= 4
        && text.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit())
        && !text.ends_with(['.', ',', ';', '-'])
        && !is_caption(text)
        && !super::is_heading(text)
}

fn follows_row(lines: &[&str], line: usize, columns: usize, clean: &dyn Fn(&str) -> String) -> bool {
    let next = lines.iter().skip(line + 1).take(MOST_EMPTY).find(|next| !next.trim().is_empty());
    next.is_some_and(|next| matches!(kind_of(next, columns, clean), LineKind::Row(_)))
}

/// The name of a row and its values, at least two of them.
fn values_of(text: &str) -> Option<Vec<String>> {
    let pieces = pieces(text);
    let values = pieces.iter().rev().take_while(|piece| is_value(piece)).count();
    let (name, values) = pieces.split_at(pieces.len() - values);
    let letters = name.iter().flat_map(|word| word.chars()).filter(|c| c.is_alphabetic()).count();
    let numbers = values.iter().filter(|value| value.contains(|c: char| c.is_ascii_digit())).count();
    let is_name = (1..=MOST_WORDS).contains(&name.len()) && letters > 1;
    let is_sentence = name.last().is_some_and(|word| word.ends_with([',', ';', '=']));
    (is_name && !is_sentence && values.len() >= 2 && numbers * 2 >= values.len())
        .then(|| std::iter::once(name.join(" ")).chain(values.iter().cloned()).collect())
}

/// Words, with the parts of one number together: `79 . 2 ± 0 . 1`, `74.9 (0.3)`.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut open = false;
    for word in text.split_whitespace() {
        let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let joins = matches!(word, "." | "±" | "+-" | "+/-") || word.starts_with('±') || is_spread(word);
        match pieces.last_mut() {
            Some(last) if last.ends_with(|c: char| c.is_ascii_digit() || c == '%') && joins && !open => {
                last.push_str(word);
                open = word.ends_with(['.', '±', '-']);
            }
            Some(last) if open && is_number(word) => {
                last.push_str(word);
                open = false;
            }
            _ => {
                pieces.push(word.to_string());
                open = false;
            }
        }
    }
    pieces
}

/// `(0.28)` behind a number.
fn is_spread(word: &str) -> bool {
    word.strip_prefix('(').and_then(|word| word.strip_suffix(')')).is_some_and(|inside| {
        inside.contains('.') && inside.chars().all(|c| c.is_ascii_digit() || ".±%-+".contains(c))
    })
}

fn is_value(piece: &str) -> bool {
    if matches!(piece, "-" | "–" | "—" | "✓" | "✗" | "×" | "N/A" | "n/a") {
        return true;
    }
    let bare = piece.trim_end_matches(['∗', '*', '†', '‡']);
    let bare = bare.strip_suffix(['M', 'B', 'K', 'k', 'x', '×']).unwrap_or(bare);
    let begins = bare.trim_start_matches(['-', '−', '–', '+', '~', '.', '<', '>']).starts_with(|c: char| c.is_ascii_digit());
    begins && bare.chars().all(|c| c.is_ascii_digit() || ".,±%/()+-−–eE×".contains(c) || "~<>".contains(c))
}

/// Heads over the columns: as many as there are, or each over as many of them; a line of few other words stands over all.
fn heads_over(text: &str, columns: usize) -> Option<Vec<GridCell>> {
    let heads = heads(text);
    // What is more than the columns need names the rows.
    if heads.len() >= columns && heads.len() - columns <= 3 {
        let (first, over) = heads.split_at(heads.len() - columns);
        let over = over.iter().enumerate().map(|(at, text)| cell(text.clone(), at + 1, 1));
        let first = (!first.is_empty()).then(|| cell(first.join(" "), 0, 1));
        return Some(first.into_iter().chain(over).collect());
    }
    if heads.len() >= 2 && columns % heads.len() == 0 {
        let width = columns / heads.len();
        return Some(heads.into_iter().enumerate().map(|(at, text)| cell(text, at * width + 1, width)).collect());
    }
    (heads.len() <= 3).then(|| vec![cell(heads.join(" "), 0, 1)])
}

/// The words of a line, with a bracket and an arrow beside the word that they belong to.
fn heads(text: &str) -> Vec<String> {
    let mut heads: Vec<String> = Vec::new();
    let mut depth = 0_usize;
    for word in text.split_whitespace() {
        let is_arrow = word.chars().all(|c| "↑↓%[]()".contains(c));
        match heads.last_mut() {
            Some(last) if depth > 0 || is_arrow => {
                last.push(' ');
                last.push_str(word);
            }
            _ => heads.push(word.to_string()),
        }
        depth = (depth + word.matches('(').count()).saturating_sub(word.matches(')').count());
    }
    heads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Option<(Vec<String>, usize)> {
        let lines: Vec<&str> = text.lines().collect();
        let (rows, end) = table_at(&lines, 0, &|line| line.to_string())?;
        let row = |row: &Vec<GridCell>| row.iter().map(|c| format!("{}:{}", c.column, c.text)).collect::<Vec<_>>().join("|");
        Some((rows.iter().map(row).collect(), end))
    }

    #[test]
    fn rows_of_words_and_numbers() {
        let text = "Plum Pear\nModel (F1) ↑ (top F1) ↑\n\nOak tree [3] 79 . 2 ± 0 . 1 20.8\nAsh 74.9 (0.2) -\nLarge\nElm 7.1 8%\nWe see that.";
        let rows = ["1:Plum|2:Pear", "0:Model|1:(F1) ↑|2:(top F1) ↑", "0:Oak tree [3]|1:79.2±0.1|2:20.8", "0:Ash|1:74.9(0.2)|2:-"];
        let (found, end) = table(text).expect("a table");
        assert_eq!(found[..4], rows);
        assert_eq!((found.len(), end), (6, 7));
    }

    #[test]
    fn no_rows() {
        // Sentences with numbers, too few rows, and marks of an axis.
        for text in [
            "We train with rates of 0.1, 0.2\nand with sizes of 16 32\nfor 3 days.",
            "Oak 1.5 2.5\nAsh 2.5 3.5\nThe rest is text.",
            "1000 2000 3000\n10 20 30\n1 2 3",
        ] {
            assert_eq!(table(text), None, "{text}");
        }
    }
}
