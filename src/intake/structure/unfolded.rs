//! Tables of whose cells a converter put several into one, a line each: `Size<br>Depth` over `7M<br>12<br>9M<br>24`.

use std::collections::HashSet;
use std::sync::LazyLock;

static BREAK: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\s*<br\s*/?>\s*"));

/// Ways to part the cells of a header that are tried, and rows that are looked at for all of them.
const MOST_WAYS: usize = 500;
const MOST_ROWS: usize = 20_000;
/// Rows that a table may have once it is parted: a table with more is no paper's.
const MOST_MADE: usize = 2000;
/// Columns that one cell may stand for.
const MOST_NAMES: usize = 20;

/// The grid with a column for each name of the header and a row for each of what a row holds; as it is where that does not come out even.
pub(in crate::intake) fn unfolded(grid: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let is_folded = |row: &Vec<String>| row.iter().any(|cell| cell.contains("<br"));
    let Some((header, rows)) = grid.split_first().filter(|(_, rows)| rows.iter().any(is_folded)) else { return grid };
    let names = lines_of(header);
    let cells: Vec<Vec<Vec<&str>>> = rows.iter().map(|row| lines_of(row)).collect();
    let parts = |widths: &Vec<usize>| {
        let heights = cells.iter().map(|row| height_of(row, widths)).collect::<Option<Vec<_>>>()?;
        let is_grouped =
            |(row, height): (&Vec<Vec<&str>>, &usize)| *height > 1 && row.first().is_some_and(|first| first.len() > *height);
        let changes = widths.iter().any(|width| *width > 1) || cells.iter().zip(&heights).any(is_grouped);
        // Of a header in several lines over rows of one line each, numbers tell that it is of several columns.
        let is_sure = heights.iter().any(|height| *height > 1) || has_numbers(&cells, widths);
        (changes && is_sure).then(|| (widths.clone(), heights))
    };
    let most = MOST_ROWS / rows.len();
    let parted = ways(&names).iter().take(most).find_map(parts);
    let Some((widths, heights)) = parted.filter(|(_, heights)| heights.iter().sum::<usize>() <= MOST_MADE) else { return grid };
    let mut made = vec![header_of(&names, &widths)];
    for (row, height) in cells.iter().zip(heights) {
        made.extend(rows_of(row, height, &widths));
    }
    made
}

fn lines_of(row: &[String]) -> Vec<Vec<&str>> {
    row.iter().map(|cell| if cell.is_empty() { Vec::new() } else { BREAK.split(cell).collect() }).collect()
}

/// For each column how many the cell of its header may stand for: as many as it has lines, or it is one name in several lines. What
/// stands in two cells beside each other is one header over both. The ways with the most columns come first.
fn ways(names: &[Vec<&str>]) -> Vec<Vec<usize>> {
    let mut ways: Vec<Vec<usize>> = vec![Vec::new()];
    let mut at = 0;
    while at < names.len() {
        let same = names[at..].iter().take_while(|other| **other == names[at]).count();
        let (lines, over) = if names[at].len() > 1 { (names[at].len(), same) } else { (1, 1) };
        let own: Vec<Vec<usize>> = match over {
            1 if lines > 1 && lines <= MOST_NAMES => vec![vec![lines], vec![1]],
            1 => vec![vec![1]],
            _ if lines > MOST_NAMES || over > lines => vec![vec![1; over]],
            _ => sums(lines, over),
        };
        ways = ways.iter().flat_map(|way| own.iter().map(move |next| [way.as_slice(), next].concat())).take(MOST_WAYS).collect();
        at += over;
    }
    ways
}

/// All ways to part so many names among so many columns, in order.
fn sums(names: usize, columns: usize) -> Vec<Vec<usize>> {
    if columns == 1 {
        return vec![vec![names]];
    }
    let first = 1..=names + 1 - columns;
    let all = first.flat_map(|first| sums(names - first, columns - 1).into_iter().map(move |rest| [vec![first], rest].concat()));
    all.take(MOST_WAYS).collect()
}

/// How many rows one holds, if its cells come out even: each has so many lines for each of its columns, or none. The first may have one
/// more, which stands over its others.
fn height_of(row: &[Vec<&str>], widths: &[usize]) -> Option<usize> {
    if row.iter().filter(|lines| !lines.is_empty()).count() == 1 {
        return row.iter().any(|lines| lines.len() == 1).then_some(1);
    }
    // Any column but the first tells how many.
    let (at, lines) = row.iter().enumerate().rfind(|(_, lines)| !lines.is_empty())?;
    let height = lines.len() / widths.get(at).copied().unwrap_or(1);
    let fits = row.iter().zip(widths).enumerate().all(|(at, (lines, width))| {
        let is_grouped = at == 0 && *width == 1 && height > 1 && lines.len() == height + 1;
        lines.is_empty() || lines.len() == height * width || is_grouped
    });
    (height > 0 && fits && row.len() <= widths.len()).then_some(height)
}

/// Whether what stands below the names of several columns are numbers, most of it.
fn has_numbers(cells: &[Vec<Vec<&str>>], widths: &[usize]) -> bool {
    let under = cells.iter().flat_map(|row| row.iter().zip(widths)).filter(|(_, width)| **width > 1).flat_map(|(lines, _)| lines);
    let is_number = |line: &&&str| line.trim_start_matches(['*', '_', '-', '$', '.']).starts_with(|c: char| c.is_ascii_digit());
    let (all, numbers) = (under.clone().count(), under.filter(is_number).count());
    numbers * 2 > all
}

/// The names of the columns, in one row.
fn header_of(names: &[Vec<&str>], widths: &[usize]) -> Vec<String> {
    let mut made = Vec::new();
    let mut at = 0;
    while at < names.len() {
        let same = names[at..].iter().take_while(|other| names[at].len() > 1 && **other == names[at]).count().max(1);
        let columns: usize = widths[at..at + same].iter().sum();
        if columns == names[at].len() {
            made.extend(names[at].iter().map(|name| (*name).to_string()));
        } else {
            made.extend(vec![names[at].join(" "); columns]);
        }
        at += same;
    }
    made
}

/// The rows that one holds.
fn rows_of(row: &[Vec<&str>], height: usize, widths: &[usize]) -> Vec<Vec<String>> {
    let cell = |lines: &Vec<&str>, at: usize, width: usize, line: usize| -> Vec<String> {
        let is_grouped = at == 0 && width == 1 && lines.len() > height;
        match lines.as_slice() {
            [] => vec![String::new(); width],
            [over, below @ ..] if is_grouped => vec![below.get(line).map(|name| format!("{over} {name}")).unwrap_or_default()],
            _ if is_by_column(lines, height, width) => {
                (0..width).map(|column| lines[column * height + line].to_string()).collect()
            }
            _ => lines.iter().skip(line * width).take(width).map(|text| (*text).to_string()).collect(),
        }
    };
    let columns = widths.iter().sum();
    let line = |line: usize| {
        let cells = row.iter().zip(widths).enumerate().flat_map(|(at, (lines, width))| cell(lines, at, *width, line));
        let mut cells: Vec<String> = cells.collect();
        // A line that heads the others may end early.
        cells.resize(columns, String::new());
        cells
    };
    (0..height).map(line).collect()
}

/// Whether lines stand column after column, not row after row: so that more columns are of one kind of value.
fn is_by_column(lines: &[&str], height: usize, width: usize) -> bool {
    if height < 2 || width < 2 || lines.len() != height * width {
        return false;
    }
    let alike = |at: &dyn Fn(usize, usize) -> usize| {
        let is_one = |column: &usize| (0..height).map(|row| shape(lines[at(*column, row)])).collect::<HashSet<_>>().len() == 1;
        (0..width).filter(is_one).count()
    };
    alike(&|column, row| column * height + row) > alike(&|column, row| row * width + column)
}

/// `12M` is a number and letters, `89.3/82.3` two numbers with points and what parts them.
fn shape(line: &str) -> String {
    let mut shape = String::new();
    for c in line.chars().filter(|c| !matches!(c, '*' | '_' | ',' | ' ')) {
        let kind = if c.is_ascii_digit() {
            '9'
        } else if c.is_alphabetic() {
            'a'
        } else {
            c
        };
        if !(shape.ends_with(kind) && kind.is_alphanumeric()) {
            shape.push(kind);
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_string()).collect()).collect()
    }

    fn check(folded: &[&[&str]], expected: &[&[&str]]) {
        assert_eq!(unfolded(grid(folded)), grid(expected));
    }

    #[test]
    fn one_header_over_two_columns() {
        check(
            &[
                &["Tree<br>Size<br>Depth<br>Old", "Tree<br>Size<br>Depth<br>Old", "Gain"],
                &["OAK<br>small<br>tall", "7M<br>12<br>yes<br>9M<br>24<br>no", "0.1<br>0.2"],
                &["ASH<br>small<br>tall<br>huge", "1M<br>6<br>yes<br>2M<br>8<br>no<br>3M<br>9<br>no", "**0.3**<br>0.4<br>0.5"],
            ],
            &[
                &["Tree", "Size", "Depth", "Old", "Gain"],
                &["OAK small", "7M", "12", "yes", "0.1"],
                &["OAK tall", "9M", "24", "no", "0.2"],
                &["ASH small", "1M", "6", "yes", "**0.3**"],
                &["ASH tall", "2M", "8", "no", "0.4"],
                &["ASH huge", "3M", "9", "no", "0.5"],
            ],
        );
    }

    #[test]
    fn several_names_in_a_cell() {
        check(
            &[&["", "LR<br>BSZ"], &["leaf<br>root<br>bark", "1e-5<br>16<br>2e-5<br>32<br>3e-5<br>64"]],
            &[&["", "LR", "BSZ"], &["leaf", "1e-5", "16"], &["root", "2e-5", "32"], &["bark", "3e-5", "64"]],
        );
        // Column after column.
        check(
            &[&["", "Size<br>Depth<br>Kind"], &["leaf<br>root", "7M<br>9M<br>12<br>24<br>a<br>b"]],
            &[&["", "Size", "Depth", "Kind"], &["leaf", "7M", "12", "a"], &["root", "9M", "24", "b"]],
        );
        check(
            &[&["Tree<br>Age", "Size"], &["oak<br>7<br>ash<br>9", "1.5<br>2.5"], &["Young ones", ""], &["elm<br>3", "0.5"]],
            &[
                &["Tree", "Age", "Size"],
                &["oak", "7", "1.5"],
                &["ash", "9", "2.5"],
                &["Young ones", "", ""],
                &["elm", "3", "0.5"],
            ],
        );
    }

    #[test]
    fn what_does_not_come_out_even_stays() {
        for table in [
            grid(&[&["Tree", "Leaf<br>size"], &["oak", "7"], &["ash", "9<br>(old)"]]),
            grid(&[&["Tree", "Leaf<br>size"], &["oak<br>ash", "7<br>9<br>11"]]),
            grid(&[&["Batch<br>size", "What it is"], &["16", "of leaves<br>and roots"]]),
            grid(&[&["Tree", "Known<br>for"], &["oak", "its bark<br>and roots"]]),
            grid(&[&["lr<br>epochs", "0.1<br>5"]]),
        ] {
            assert_eq!(unfolded(table.clone()), table);
        }
        let high = vec!["7"; MOST_MADE / 4 + 1].join("<br>");
        let table = vec![vec!["Tree".to_string(), "Size".to_string()]]
            .into_iter()
            .chain(vec![vec![high.clone(), high]; 4])
            .collect::<Vec<_>>();
        assert_eq!(unfolded(table.clone()), table);
        let many = vec!["a"; 5000].join("<br>");
        let table = vec![vec![many.clone(); 30], vec![many; 30]];
        assert_eq!(unfolded(table.clone()), table);
    }
}
