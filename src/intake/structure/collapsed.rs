//! Tables whose rows a reader of PDFs ran together: a cell has a line for each of them.

use std::sync::LazyLock;

static BREAK: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\s*<br\s*/?>\s*"));

/// The rows that a grid of cells, each of lines, is meant to have; `is_name` tells the name of a setting.
pub(in crate::intake) fn apart(grid: Vec<Vec<String>>, is_name: &dyn Fn(&str) -> bool) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (index, row) in grid.into_iter().enumerate() {
        let filled: Vec<&String> = row.iter().filter(|cell| !cell.is_empty()).collect();
        let lines: Vec<&str> = match filled.as_slice() {
            [cell] => BREAK.split(cell).collect(),
            _ => Vec::new(),
        };
        if lines.len() >= 6 && lines.iter().filter(|line| is_name(line)).count() >= 3 {
            let most = most_values(&lines, is_name);
            if let Some(header) = rows.last().filter(|_| index == 1).and_then(|header| header_over(header, most)) {
                rows.pop();
                rows.push(header);
            }
            rows.extend(in_one_cell(&lines, most, is_name));
        } else if let Some(apart) = side_by_side(&row) {
            rows.extend(apart);
        } else {
            rows.push(row);
        }
    }
    rows
}

/// A number, a mark, or a word as short as one: not the name of a row.
fn is_value(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_digit() || "-–−.${(✓✗×".contains(c))
        || line.chars().count() <= 5
        || ["true", "false", "none", "n/a"].contains(&line.trim_end_matches('*').to_lowercase().as_str())
}

/// How many values a row has at most: the longest stretch of numbers.
fn most_values(lines: &[&str], is_name: &dyn Fn(&str) -> bool) -> usize {
    let is_number = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit()) && !is_name(line);
    lines.split(|line| !is_number(line)).map(<[&str]>::len).max().unwrap_or_default().max(1)
}

/// `lr, 0.1, 0.2, epochs, 5, 9`, one below the other in one cell: each name begins a row.
fn in_one_cell(lines: &[&str], most: usize, is_name: &dyn Fn(&str) -> bool) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in lines {
        let goes_on = |row: &&mut Vec<String>| row.len() <= most && (row.len() < 2 || is_value(line)) && !is_name(line);
        match rows.last_mut().filter(goes_on) {
            Some(row) => row.push((*line).to_string()),
            None => rows.push(vec![(*line).to_string()]),
        }
    }
    rows
}

/// A header whose cells stand over `columns` values: the names in a cell are one column each where that makes as many.
fn header_over(header: &[String], columns: usize) -> Option<Vec<String>> {
    static MARK: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\s*\[[^\]]*\]"));
    let (first, over) = header.split_first()?;
    let cells: Vec<(String, Vec<String>)> = over
        .iter()
        .filter(|cell| !cell.is_empty())
        .map(|cell| {
            let mut lines: Vec<&str> = BREAK.split(cell).collect();
            let last = MARK.replace_all(lines.pop().unwrap_or_default(), "").into_owned();
            (lines.join(" "), last.split_whitespace().map(str::to_string).collect())
        })
        .collect();
    if cells.len() > 8 {
        return None;
    }
    // Which cells are of several columns: those of most words first.
    let of_mask = |mask: &u32| {
        let width = |(at, (_, words)): (usize, &(String, Vec<String>))| if mask >> at & 1 == 1 { words.len() } else { 1 };
        cells.iter().enumerate().map(width).sum::<usize>() == columns
    };
    let mask = (0..1_u32 << cells.len()).filter(of_mask).max_by_key(|mask| {
        cells
            .iter()
            .enumerate()
            .filter(|(at, _)| mask >> at & 1 == 1)
            .map(|(_, (_, words))| words.len())
            .max()
            .unwrap_or_default()
    })?;
    let mut made = vec![first.clone()];
    for (at, (group, words)) in cells.iter().enumerate() {
        let one = vec![words.join(" ")];
        let names = if mask >> at & 1 == 1 { words } else { &one };
        made.extend(names.iter().map(|name| format!("{group} {name}").trim().to_string()));
    }
    Some(made)
}

/// Cells of as many lines each, with numbers in one of them: a row a line.
fn side_by_side(row: &[String]) -> Option<Vec<Vec<String>>> {
    let cells: Vec<Vec<&str>> = row.iter().map(|cell| BREAK.split(cell).collect()).collect();
    let height = cells.iter().map(Vec::len).max().filter(|height| *height > 1)?;
    let is_number = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit() || "-–−.${".contains(c));
    let high = || cells.iter().filter(|lines| lines.len() == height);
    let fits = high().count() >= 2
        && cells.first().is_some_and(|lines| lines.len() == height)
        && cells.iter().all(|lines| lines.len() == height || lines.len() == 1)
        && high().any(|lines| lines.iter().all(is_number));
    let line_of = |at: usize| {
        let of_cell = |lines: &Vec<&str>| match lines.as_slice() {
            [only] if at == 0 => (*only).to_string(),
            [_] => String::new(),
            _ => lines.get(at).copied().unwrap_or_default().to_string(),
        };
        cells.iter().map(of_cell).collect()
    };
    fits.then(|| (0..height).map(line_of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_string()).collect()).collect()
    }

    fn is_name(line: &str) -> bool {
        ["lr", "epochs", "batch size", "optimizer"].contains(&line)
    }

    #[test]
    fn rows_in_one_cell() {
        let table = grid(&[
            &["", "sorting<br>A", "parsing<br>B [3] C"],
            &[
                "optimizer<br>SomeOptimizer<br>lr<br>0.1<br>0.2<br>0.3<br>warm start<br>no<br>yes<br>no<br>epochs<br>5<br>6<br>7",
                "",
                "",
            ],
        ]);
        let expected = grid(&[
            &["", "sorting A", "parsing B", "parsing C"],
            &["optimizer", "SomeOptimizer"],
            &["lr", "0.1", "0.2", "0.3"],
            &["warm start", "no", "yes", "no"],
            &["epochs", "5", "6", "7"],
        ]);
        assert_eq!(apart(table, &is_name), expected);
    }

    #[test]
    fn rows_beside_each_other() {
        let table = grid(&[&["lr<br>epochs", "0.1<br>5", "both"], &["batch<br>size", "of each<br>task", ""]]);
        let expected = grid(&[&["lr", "0.1", "both"], &["epochs", "5", ""], &["batch<br>size", "of each<br>task", ""]]);
        assert_eq!(apart(table, &is_name), expected);
    }
}
