//! Tables that a reader of PDFs wrote as lines of words: `Ours 85.3 22.3 35.7`, one below the other, under lines of as many heads; all
//! rows in one line; or each cell in a line of its own.

use super::{Effort, GridCell, is_caption};
use std::collections::HashSet;

/// Lines between two rows that may be empty, and lines of heads.
const MOST_EMPTY: usize = 3;
const MOST_HEADS: usize = 4;
/// Words of a row's name, and lines of a table.
const MOST_WORDS: usize = 10;
const MOST_ROWS: usize = 200;
/// Lines of a table with a cell in each.
const MOST_CELLS: usize = 600;

/// The longest line that may hold all rows.
const MOST_LETTERS: usize = 6000;

/// What a line is in a table of so many values a row.
enum LineKind {
    Rows(Vec<Vec<String>>),
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
    effort: &Effort,
) -> Option<(Vec<Vec<GridCell>>, usize)> {
    if !effort.is_left() {
        return None;
    }
    let Some(first) = first_row(lines, at, clean) else { return run_down(lines, at, clean, effort) };
    let of_first = rows_of(&clean(lines.get(first)?))?;
    let row = of_first.first()?;
    let columns = row.len() - 1;
    let numbers = row.iter().skip(1).rev().take_while(|value| value.contains(|c: char| c.is_ascii_digit())).count();
    let heads = (at..first).filter(|line| !lines[*line].trim().is_empty());
    let mut rows: Vec<Vec<GridCell>> =
        heads.map(|line| heads_over(&clean(lines[line]), columns, numbers)).collect::<Option<_>>()?;
    if rows.iter().all(|row| row.len() < 2) && at != first {
        return None;
    }
    let (mut line, mut end, mut found) = (first, first, 0);
    while line < lines.len() && found < MOST_ROWS {
        match kind_of(lines[line], columns, clean) {
            LineKind::Rows(more) => {
                (end, found) = (line + 1, found + more.len());
                let in_columns = |cells: Vec<String>| cells.into_iter().enumerate().map(|(column, text)| cell(text, column, 1));
                rows.extend(more.into_iter().map(|cells| in_columns(cells).collect::<Vec<_>>()));
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
    effort.spend(line - at);
    (found >= if columns > 3 { 2 } else { 3 }).then_some((rows, end))
}

pub(super) fn cell(text: String, column: usize, width: usize) -> GridCell {
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
        let is_long = text.len() > MOST_LETTERS || text.len() > 400 && !text.trim_end().ends_with(|c: char| c.is_ascii_digit());
        if is_marked || is_long || text.ends_with(['.', ',', ';', '-']) || is_caption(text.trim()) {
            return None;
        }
        if text.contains(|c: char| c.is_ascii_digit()) && rows_of(&clean(text)).is_some() {
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
    match rows_of(&text) {
        Some(rows) if rows.iter().all(|cells| cells.len() == columns + 1) => LineKind::Rows(rows),
        // A name may end in numbers, too: `Oak, r = 0.1`.
        _ if ends_in_values(&text, columns).is_some() => LineKind::Rows(ends_in_values(&text, columns).into_iter().collect()),
        Some(_) => LineKind::Other,
        None if is_group(&text) => LineKind::Group(text.trim().to_string()),
        None => LineKind::Other,
    }
}

/// The row of a line whose last words are the values of so many columns.
fn ends_in_values(text: &str, columns: usize) -> Option<Vec<String>> {
    let pieces = pieces(text);
    let (name, values) = pieces.split_at(pieces.len().checked_sub(columns)?);
    let is_name =
        (1..=MOST_WORDS).contains(&name.len()) && name.iter().any(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1);
    (is_name && values.iter().all(|value| is_value(value)))
        .then(|| std::iter::once(name.join(" ")).chain(values.iter().cloned()).collect())
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
    next.is_some_and(|next| matches!(kind_of(next, columns, clean), LineKind::Rows(_)))
}

/// The rows of a line, each its name and its values, as many in all of them and at least two.
fn rows_of(text: &str) -> Option<Vec<Vec<String>>> {
    let pieces = pieces(text);
    if !pieces.last().is_some_and(|last| is_value(last)) {
        return None;
    }
    // Of a line of one row the name may have numbers, too.
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let name = pieces[at..].iter().position(|piece| is_value(piece))?;
        let values = pieces[at + name..].iter().position(|piece| !is_value(piece)).unwrap_or(pieces.len() - at - name);
        rows.push(row(&pieces[at..at + name], &pieces[at + name..at + name + values])?);
        at += name + values;
    }
    if rows.len() > 1 && rows.iter().all(|row| Some(row.len()) == rows.first().map(Vec::len)) {
        return Some(rows);
    }
    let values = pieces.iter().rev().take_while(|piece| is_value(piece)).count();
    let (name, values) = pieces.split_at(pieces.len() - values);
    row(name, values).map(|row| vec![row])
}

/// The name of a row and its values, if they are such.
fn row(name: &[String], values: &[String]) -> Option<Vec<String>> {
    let letters = name.iter().flat_map(|word| word.chars()).filter(|c| c.is_alphabetic()).count();
    let numbers = values.iter().filter(|value| value.contains(|c: char| c.is_ascii_digit())).count();
    let is_name = (1..=MOST_WORDS).contains(&name.len()) && letters > 1;
    let is_sentence = name.last().is_some_and(|word| word.ends_with([',', ';', '=']));
    (is_name && !is_sentence && values.len() >= 2 && numbers * 3 >= values.len())
        .then(|| std::iter::once(name.join(" ")).chain(values.iter().cloned()).collect())
}

/// A table with a cell in each line: names, and below each as many values.
fn run_down(lines: &[&str], at: usize, clean: &dyn Fn(&str) -> String, effort: &Effort) -> Option<(Vec<Vec<GridCell>>, usize)> {
    let is_cell = |line: &str| {
        let bare = line.trim();
        let is_broken = bare.len() > 1 && bare.ends_with([',', ';', '-']);
        bare.len() <= 40 && bare.split_whitespace().count() <= 5 && !is_broken && !is_caption(bare)
    };
    let is_short = |line: &&&str| is_cell(line) && !line.trim_start().starts_with(['#', '|', '<', '!', '$', '•', '>', '`']);
    // Two values one below the other are near, or it is none.
    let begins = |line: &str| line.trim_start().starts_with(|c: char| c.is_ascii_digit() || "*_-–".contains(c));
    let near: Vec<&&str> = lines.iter().skip(at).take(40).take_while(is_short).filter(|line| !line.trim().is_empty()).collect();
    effort.spend(near.len());
    if near.len() < 9 || !near.windows(2).any(|two| begins(two[0]) && begins(two[1])) {
        return None;
    }
    // Names and the values below them, and where they end.
    let mut parts: Vec<(Vec<String>, Vec<String>, usize)> = Vec::new();
    let mut empty = 0;
    for (index, line) in lines.iter().enumerate().skip(at).take(MOST_CELLS).take_while(|(_, line)| is_cell(line)) {
        effort.spend(1);
        let text = clean(line).trim().to_string();
        empty = if text.is_empty() { empty + 1 } else { 0 };
        if empty > 1 {
            break;
        }
        if text.is_empty() {
            continue;
        }
        let value = pieces(&text).concat();
        if is_value(&value) {
            let Some((_, values, end)) = parts.last_mut() else { return None };
            values.push(value);
            *end = index + 1;
        } else {
            match parts.last_mut() {
                Some((names, values, _)) if values.is_empty() => names.push(text),
                _ => parts.push((vec![text], Vec::new(), index + 1)),
            }
        }
    }
    rows_down(&parts)
}

/// The rows that names with values below them make.
fn rows_down(parts: &[(Vec<String>, Vec<String>, usize)]) -> Option<(Vec<Vec<GridCell>>, usize)> {
    let count = |columns: usize| parts.iter().filter(|(_, values, _)| values.len() == columns).count();
    let columns = parts.iter().map(|(_, values, _)| values.len()).filter(|n| *n > 1).max_by_key(|n| count(*n))?;
    let any_group = parts.iter().skip(1).any(|(names, ..)| names.len() > 1);
    let last = parts.iter().rposition(|(_, values, _)| values.len() == columns)?;
    let parts = &parts[..=last];
    // The same values again are the marks of an axis.
    let mut seen: HashSet<&[String]> = HashSet::new();
    let is_axis = parts.iter().any(|(_, values, _)| !seen.insert(values) && values.len() > 2);
    if count(columns) < 3 || count(columns) * 5 < parts.len() * 3 || is_axis {
        return None;
    }
    let mut rows: Vec<Vec<GridCell>> = Vec::new();
    for (at, (names, values, _)) in parts.iter().enumerate().filter(|(_, (_, values, _))| values.len() == columns) {
        let (name, above) = names.split_last()?;
        let (groups, heads) = if at > 0 { (above, &above[..0]) } else { above.split_at(0) };
        let mut heads = heads;
        let mut groups = groups.to_vec();
        // Where groups have names, the first has one, too.
        if let (true, Some((group, rest))) = (any_group && heads.len() > columns, heads.split_last()) {
            heads = rest;
            groups.push(group.clone());
        }
        if heads.len() == columns || heads.len() == columns + 1 {
            let from = columns + 1 - heads.len();
            rows.push(heads.iter().enumerate().map(|(at, text)| cell(text.clone(), from + at, 1)).collect());
        }
        rows.extend(groups.into_iter().map(|group| vec![cell(group, 0, 1)]));
        let values = values.iter().enumerate().map(|(at, value)| cell(value.clone(), at + 1, 1));
        rows.push(std::iter::once(cell(name.clone(), 0, 1)).chain(values).collect());
    }
    Some((rows, parts.last()?.2))
}

/// Words, with the parts of one number together: `79 . 2 ± 0 . 1`, `74.9 (0.3)`.
pub(super) fn pieces(text: &str) -> Vec<String> {
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
    word.strip_prefix('(')
        .and_then(|word| word.strip_suffix(')'))
        .is_some_and(|inside| inside.contains('.') && inside.chars().all(|c| c.is_ascii_digit() || ".±%-+".contains(c)))
}

pub(super) fn is_value(piece: &str) -> bool {
    if matches!(piece, "-" | "–" | "—" | "✓" | "✗" | "×" | "N/A" | "n/a") {
        return true;
    }
    let bare = piece.trim_end_matches(['∗', '*', '†', '‡']);
    let bare = bare.strip_suffix(['M', 'B', 'K', 'k', 'x', '×']).unwrap_or(bare);
    let begins = bare.trim_start_matches(['-', '−', '–', '+', '~', '.', '<', '>']).starts_with(|c: char| c.is_ascii_digit());
    let is_whole = bare.matches('(').count() == bare.matches(')').count();
    begins && is_whole && bare.chars().all(|c| c.is_ascii_digit() || ".,±%/()+-−–eE×".contains(c) || "~<>".contains(c))
}

/// Heads over the columns: as many as there are, or each over as many of them; a line of few other words stands over all.
fn heads_over(text: &str, columns: usize, numbers: usize) -> Option<Vec<GridCell>> {
    const ROWS: [&str; 7] = ["model", "models", "method", "methods", "system", "approach", "category"];
    let heads = heads(text);
    // What is more than the columns need names the rows.
    if heads.len() >= columns && heads.len() - columns <= 3 {
        let (first, over) = heads.split_at(heads.len() - columns);
        let over = over.iter().enumerate().map(|(at, text)| cell(text.clone(), at + 1, 1));
        let first = (!first.is_empty()).then(|| cell(first.join(" "), 0, 1));
        return Some(first.into_iter().chain(over).collect());
    }
    // `Method | Plum | Pear` over two columns each.
    let fits = |count: usize| count > 1 && columns.is_multiple_of(count);
    let names_rows = heads.first().is_some_and(|first| ROWS.contains(&first.to_lowercase().as_str()))
        || !fits(heads.len()) && fits(heads.len().saturating_sub(1));
    let (first, over) = heads.split_at(usize::from(names_rows));
    if fits(over.len()) {
        let width = columns / over.len();
        let over = over.iter().enumerate().map(|(at, text)| cell(text.clone(), at * width + 1, width));
        return Some(first.iter().map(|text| cell(text.clone(), 0, 1)).chain(over).collect());
    }
    // Marks stand before the numbers, which alone have these heads.
    if numbers > 1 && (numbers..=numbers + 1).contains(&heads.len()) {
        let over = heads.iter().rev().take(numbers).rev().enumerate();
        return Some(over.map(|(at, text)| cell(text.clone(), columns - numbers + at + 1, 1)).collect());
    }
    (heads.len() <= 3).then(|| vec![cell(heads.join(" "), 0, 1)])
}

/// The words of a line, with a bracket and an arrow beside the word that they belong to.
pub(super) fn heads(text: &str) -> Vec<String> {
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

    #[test]
    fn looking_for_tables_costs_so_much_a_line() {
        // Names and numbers at any of which a table of hundreds of lines might begin, and none does.
        let lines: Vec<&str> =
            ["Oak tree", "4.5", "7", "Ash", "1", "Elm", "2", "Fir", "3"].into_iter().cycle().take(18_000).collect();
        let looked = std::cell::Cell::new(0);
        let clean = |line: &str| {
            looked.set(looked.get() + 1);
            line.to_string()
        };
        let effort = Effort::of(lines.len());
        let tables = (0..lines.len()).filter(|at| table_at(&lines, *at, &clean, &effort).is_some()).count();
        assert_eq!(tables, 0);
        assert!(looked.get() > 500_000 && looked.get() < 2_000_000, "{}", looked.get());
        assert!(!effort.is_left());
    }

    fn table(text: &str) -> Option<(Vec<String>, usize)> {
        let lines: Vec<&str> = text.lines().collect();
        let (rows, end) = table_at(&lines, 0, &|line| line.replace('*', ""), &Effort::of(lines.len()))?;
        let row = |row: &Vec<GridCell>| row.iter().map(|c| format!("{}:{}", c.column, c.text)).collect::<Vec<_>>().join("|");
        Some((rows.iter().map(row).collect(), end))
    }

    #[test]
    fn rows_of_words_and_numbers() {
        let text = "Plum Pear\nModel (F1) ↑ (top F1) ↑\n\nOak tree [3] 79 . 2 ± 0 . 1 20.8\nAsh 74.9 (0.2) -\nLarge\nElm, r = 3 7.1 8%\nWe see that.";
        let rows =
            ["1:Plum|2:Pear", "0:Model|1:(F1) ↑|2:(top F1) ↑", "0:Oak tree [3]|1:79.2±0.1|2:20.8", "0:Ash|1:74.9(0.2)|2:-"];
        let (found, end) = table(text).expect("a table");
        assert_eq!(found[..4], rows);
        assert_eq!((found[5].as_str(), found.len(), end), ("0:Elm, r = 3|1:7.1|2:8%", 6, 7));
    }

    #[test]
    fn all_rows_in_a_line() {
        let text = "Plum Pear\n\nMethod A B\n\nOak (Ash, 2001) 1.5 – Elm 2.5 0.1 Fir tree 3.5 4.5\n\nOurs 7.5 8.5\n";
        let (found, end) = table(text).expect("a table");
        assert_eq!(
            found[2..],
            ["0:Oak (Ash, 2001)|1:1.5|2:–", "0:Elm|1:2.5|2:0.1", "0:Fir tree|1:3.5|2:4.5", "0:Ours|1:7.5|2:8.5"]
        );
        assert_eq!(end, 7);
        assert_eq!(
            heads_over("Method Plum Pear", 4, 4).map(|cells| cells.iter().map(|c| c.column).collect()),
            Some(vec![0, 1, 3])
        );
        assert_eq!(table("We grew 1.5 2.5 and 3.5 trees and\nsaw 3 more."), None);
    }

    #[test]
    fn a_cell_a_line() {
        let text = "Plum\nPear\nSmall trees\nOak\n1.5\n2.5\nAsh (b)\n3.5\n4.5\nLarge trees\nElm\n**5.5**\n6.5\nThis is a line of text that goes on.";
        let (found, end) = table(text).expect("a table");
        let rows = [
            "1:Plum|2:Pear",
            "0:Small trees",
            "0:Oak|1:1.5|2:2.5",
            "0:Ash (b)|1:3.5|2:4.5",
            "0:Large trees",
            "0:Elm|1:5.5|2:6.5",
        ];
        assert_eq!(found, rows);
        assert_eq!(end, 13);
        // The marks of axes.
        assert_eq!(table("Plum\n10\n20\n30\nPear\n10\n20\n30\nFig\n10\n20\n30\n"), None);
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
