//! Tables that a reader of PDFs wrote column by column: blocks of short lines between empty ones, each a column, under heads that are
//! blocks of their own or the first line of each; or names in one block and the rows of numbers in another.

use super::flattened::{cell, heads, is_value, pieces};
use super::is_caption;
use super::{Effort, GridCell};

/// Lines and blocks of a table, and words of a cell.
const MOST_LINES: usize = 400;
const MOST_BLOCKS: usize = 60;
const MOST_WORDS: usize = 9;
const MOST_LETTERS: usize = 60;
const MOST_COLUMNS: usize = 12;
/// Lines of a head.
const MOST_HEAD: usize = 3;

/// Lines without an empty one between them.
struct Part {
    lines: Vec<String>,
    /// The line behind it.
    end: usize,
}

type Grid = Vec<Vec<GridCell>>;

/// The table that begins at line `at`, heads included, and the line behind it.
pub(in crate::intake) fn columns_at(lines: &[&str], at: usize, effort: &Effort) -> Option<(Grid, usize)> {
    // A numbered heading is no head of a column; `Method` alone may be one.
    let first = lines.get(at)?.trim();
    if !effort.is_left() || is_below_a_head(lines, at) || first.contains(' ') && super::is_heading(first) {
        return None;
    }
    let parts = parts_at(lines, at);
    effort.spend(parts.last().map_or(1, |last| last.end - at));
    if parts.len() < 2 {
        return None;
    }
    heads_apart(&parts).or_else(|| heads_inside(&parts)).or_else(|| names_and_rows(&parts))
}

/// Whether a short line stands alone right above: what begins there is the middle of a table that could not be read whole.
fn is_below_a_head(lines: &[&str], at: usize) -> bool {
    let above = |up: usize| at.checked_sub(up).and_then(|at| lines.get(at)).map_or("", |line| line.trim());
    let head = above(2);
    let is_alone = above(1).is_empty() && !head.is_empty() && above(3).is_empty();
    let ends = head.ends_with(['.', ':']) || head.bytes().all(|b| b.is_ascii_digit());
    is_alone && is_cell(head) && !ends && !is_caption(head) && !super::is_heading(head)
}

/// The blocks of short lines from a line on, up to a caption or a line of text.
fn parts_at(lines: &[&str], at: usize) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let (mut open, mut empty) = (false, 0);
    for (index, line) in lines.iter().enumerate().skip(at).take(MOST_LINES) {
        let text = line.trim();
        if text.is_empty() {
            (open, empty) = (false, empty + 1);
            if empty > 2 {
                break;
            }
            continue;
        }
        if is_caption(text) {
            return parts;
        }
        if !is_cell(text) {
            // What begins in a block of text is a line of it.
            if open {
                parts.pop();
            }
            return parts;
        }
        if !open && parts.len() == MOST_BLOCKS {
            return parts;
        }
        match parts.last_mut().filter(|_| open) {
            Some(part) => {
                part.lines.push(text.to_string());
                part.end = index + 1;
            }
            None => parts.push(Part { lines: vec![text.to_string()], end: index + 1 }),
        }
        (open, empty) = (true, 0);
    }
    parts
}

/// A line that may be a cell: short, and no part of a sentence.
fn is_cell(text: &str) -> bool {
    let words = text.split_whitespace().count();
    let ends = text.ends_with('.') && words > 3 || text.len() > 1 && text.ends_with([',', ';', '-']) && !text.ends_with(" -");
    text.chars().count() <= MOST_LETTERS && words <= MOST_WORDS && !ends && !text.starts_with(['•', '#', '|', '<', '[', '!'])
        || text.starts_with("# ") && words <= MOST_WORDS
}

/// Whether a cell is of a column of numbers.
fn is_number(text: &str) -> bool {
    is_value(&pieces(text).concat()) || text.starts_with(|c: char| c.is_ascii_digit())
}

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphabetic) && !is_value(&pieces(text).concat())
}

/// Whether most lines of a block are names.
fn is_of_names(lines: &[String]) -> bool {
    lines.iter().filter(|line| has_letters(line)).count() * 4 >= lines.len() * 3 && !lines.is_empty()
}

fn is_of_numbers(lines: &[String]) -> bool {
    !lines.is_empty() && lines.iter().all(|line| is_number(line))
}

/// A row of heads, the names' among them.
fn head_row(heads: Vec<String>) -> Vec<GridCell> {
    heads.into_iter().enumerate().filter(|(_, head)| !head.is_empty()).map(|(at, head)| cell(head, at, 1)).collect()
}

/// The rows that columns make, each beginning with what stands in the first; a column without a cell for each row is left out.
fn rows_of(columns: &[Option<Vec<String>>]) -> Grid {
    let height = columns.iter().flatten().map(Vec::len).max().unwrap_or_default();
    let cells = |row: usize| {
        let filled = columns.iter().enumerate().filter_map(move |(at, column)| Some((at, column.as_ref()?.get(row)?.clone())));
        filled.filter(|(_, text)| !text.is_empty()).map(|(at, text)| cell(text, at, 1)).collect()
    };
    (0..height).map(cells).collect()
}

/// Blocks of heads, then as many blocks of cells, perhaps several times over.
fn heads_apart(parts: &[Part]) -> Option<(Grid, usize)> {
    let is_head = |part: &Part| part.lines.len() <= MOST_HEAD && part.lines.iter().all(|line| has_letters(line));
    let most = parts.iter().take(MOST_COLUMNS).take_while(|part| is_head(part)).count();
    let tried = (2..=most).filter_map(|columns| bands(parts, columns));
    tried.max_by_key(|(_, end)| *end)
}

fn bands(parts: &[Part], columns: usize) -> Option<(Grid, usize)> {
    let mut grid = vec![head_row(parts[..columns].iter().map(|part| part.lines.join(" ")).collect())];
    let mut at = columns;
    let mut end = None;
    while let Some((rows, next)) = band(&parts[at..], columns) {
        grid.extend(rows);
        at += next;
        end = parts.get(at - 1).map(|part| part.end);
    }
    let cells = || grid[1..].iter().flat_map(|row| row.iter().filter(|cell| cell.column > 0));
    let numbers = cells().filter(|cell| is_number(&cell.text)).count();
    (grid.len() > 2 && numbers >= 2 && numbers * 2 >= cells().count()).then_some((grid, end?))
}

/// One block for each column; the names may share theirs with the column beside them. Gives back how many blocks it took.
fn band(parts: &[Part], columns: usize) -> Option<(Grid, usize)> {
    let names = &parts.first()?.lines;
    let whole = |from: usize, height: usize| {
        let given = parts.get(1..columns - from)?;
        // The cells of columns that are empty in places have lost their rows.
        let fits = |part: &Part| part.lines.len() == height;
        let full = given.iter().filter(|part| fits(part)).count();
        let none_longer = given.iter().all(|part| fits(part) || part.lines.len() < height && is_of_numbers(&part.lines));
        let column = |part: &Part| fits(part).then(|| part.lines.clone());
        (full * 2 >= given.len() && full > 0 && none_longer).then(|| given.iter().map(column).collect::<Vec<_>>())
    };
    if !is_of_names(names) {
        return None;
    }
    if let Some(given) = whole(0, names.len()) {
        let all: Vec<Option<Vec<String>>> = std::iter::once(Some(names.clone())).chain(given).collect();
        return Some((rows_of(&all), columns));
    }
    // Values that hold for every column stand once, before the next names.
    let for_all = parts.get(1).filter(|part| columns > 2 && part.lines.len() == names.len());
    if let Some(part) = for_all.filter(|_| parts.get(2).is_none_or(|next| is_of_names(&next.lines))) {
        let row = |(name, value): (&String, &String)| vec![cell(name.clone(), 0, 1), cell(value.clone(), 1, columns - 1)];
        return Some((names.iter().zip(&part.lines).map(row).collect(), 2));
    }
    let height = parts.get(1).filter(|part| is_of_numbers(&part.lines))?.lines.len();
    let given = (columns > 2).then(|| whole(1, height)).flatten()?;
    let (group, firsts, seconds) = two_in_one(names, height)?;
    let all: Vec<Option<Vec<String>>> = [Some(firsts), Some(seconds)].into_iter().chain(given).collect();
    let group = group.map(|group| vec![cell(group, 0, 1)]);
    Some((group.into_iter().chain(rows_of(&all)).collect(), columns - 1))
}

/// `Oak, deep net, Ash, wide net, Elm deep net`: the cells of two columns row by row, some in one line; what ends such a line stands
/// alone elsewhere. A line before them may name them all.
fn two_in_one(lines: &[String], height: usize) -> Option<(Option<String>, Vec<String>, Vec<String>)> {
    let (group, lines) = match lines.split_first() {
        Some((first, rest)) if first.ends_with(':') => (Some(first.trim_end_matches(':').to_string()), rest),
        _ => (None, lines),
    };
    let merged = (2 * height).checked_sub(lines.len()).filter(|merged| lines.len() > height && *merged < height)?;
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    let ends = |line: &str| {
        let alone = lines.iter().filter(|other| line.ends_with(other.as_str()) && line.len() > other.len() + 1);
        alone.max_by_key(|other| other.len()).map(|second| (line[..line.len() - second.len()].trim().to_string(), second.clone()))
    };
    let (mut at, mut found) = (0, 0);
    while at < lines.len() {
        if let Some((first, second)) = ends(&lines[at]).filter(|_| found < merged) {
            (at, found) = (at + 1, found + 1);
            firsts.push(first);
            seconds.push(second);
        } else {
            firsts.push(lines[at].clone());
            seconds.push(lines.get(at + 1)?.clone());
            at += 2;
        }
    }
    (firsts.len() == height).then_some((group, firsts, seconds))
}

/// Columns that begin with their heads; a head may be of several, whose cells stand in blocks of their own.
fn heads_inside(parts: &[Part]) -> Option<(Grid, usize)> {
    let height = parts[0].lines.len().checked_sub(1).filter(|height| *height >= 3)?;
    if !is_of_names(&parts[0].lines) {
        return None;
    }
    let split = |part: &Part| part.lines.split_first().map(|(head, cells)| (head.clone(), cells.to_vec()));
    let (mut names, mut columns): (Vec<String>, Vec<Option<Vec<String>>>) = (Vec::new(), Vec::new());
    let (mut at, mut end) = (0, None);
    while let Some(part) = parts.get(at) {
        let (head, cells) = split(part)?;
        if !has_letters(&head) {
            break;
        }
        // Blocks of numbers without a head are of the one before them.
        let bare = |part: &&Part| part.lines.len() == height && is_of_numbers(&part.lines);
        let more: Vec<&Part> = parts[at + 1..].iter().take_while(bare).collect();
        let next = at + 1 + more.len();
        let own = (cells.len() == height).then_some(cells.clone());
        let others = more.iter().map(|part| part.lines.clone());
        if more.is_empty() && own.is_none() {
            // A cell is empty where the column is torn in two.
            let rest = parts.get(next).filter(|rest| !cells.is_empty() && cells.len() + 1 + rest.lines.len() == height);
            if let Some(rest) = rest {
                names.push(head);
                columns.push(Some(cells.into_iter().chain([String::new()]).chain(rest.lines.iter().cloned()).collect()));
                (at, end) = (next + 1, Some(rest.end));
                continue;
            }
            // A column that lost more is none, but no end of the table.
            if cells.len() >= height || cells.is_empty() || at == 0 {
                break;
            }
            at = next;
            continue;
        }
        let given: Vec<Vec<String>> = own.into_iter().chain(others).collect();
        let heads = if given.len() > 1 { apart(&head, given.len()) } else { Some(vec![head]) };
        let Some(heads) = heads else { break };
        for (head, column) in in_order(heads, given) {
            names.push(head);
            columns.push(Some(column));
        }
        (at, end) = (next, parts.get(next - 1).map(|part| part.end));
    }
    let numbers = columns.iter().flatten().skip(1).filter(|column| is_of_numbers(column)).count();
    let first_is_of_names = columns.first()?.as_ref().is_some_and(|names| is_of_names(names));
    (columns.len() > 1 && numbers > 0 && first_is_of_names)
        .then(|| (std::iter::once(head_row(names)).chain(rows_of(&columns)).collect(), end))
        .and_then(|(grid, end)| Some((grid, end?)))
}

/// A line of so many heads: their words, with a sign and a short plain word beside the one that they belong to.
fn apart(text: &str, count: usize) -> Option<Vec<String>> {
    let mut all: Vec<String> = Vec::new();
    for word in heads(text) {
        match all.last_mut() {
            Some(last) if last.ends_with(',') || last == "#" || last.ends_with("# of") => {
                last.push(' ');
                last.push_str(&word);
            }
            _ => all.push(word),
        }
    }
    // `top-1 err top-5 err`: a plain word is of the one before it.
    while all.len() > count {
        let plain = (1..all.len())
            .find(|at| all[*at].starts_with(char::is_lowercase) && !has_digit(&all[*at]) && has_digit(&all[*at - 1]))?;
        let word = all.remove(plain);
        all[plain - 1] = format!("{} {word}", all[plain - 1]);
    }
    (all.len() == count).then_some(all)
}

fn has_digit(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

/// Heads with their columns: they stand in one order, but a column of so many millions is that of the parameters.
fn in_order(heads: Vec<String>, columns: Vec<Vec<String>>) -> Vec<(String, Vec<String>)> {
    let counts = |column: &Vec<String>| column.iter().all(|text| text.ends_with(['M', 'B', 'K']));
    let of_counts = heads.iter().position(|head| head.to_lowercase().contains("param"));
    let mut columns = columns;
    if let (Some(to), Some(from)) = (of_counts, columns.iter().position(counts)) {
        let column = columns.remove(from);
        columns.insert(to, column);
    }
    heads.into_iter().zip(columns).collect()
}

/// Names in a block, and behind them heads and rows of numbers, a row in a line or broken over several: the last names are of the last
/// rows.
fn names_and_rows(parts: &[Part]) -> Option<(Grid, usize)> {
    let first = parts.iter().position(|part| part.lines.iter().any(|line| values_in(line) > 2))?;
    let named = parts[..first].iter().rev().find(|part| !is_head_alone(part))?;
    let last = parts[first..].iter().take_while(|part| part.lines.iter().any(|line| values_in(line) > 0)).count() + first;
    let lines: Vec<&String> = parts[first..last].iter().flat_map(|part| &part.lines).collect();
    let begin = lines.iter().position(|line| values_in(line) > 0)?;
    let width = lines.iter().map(|line| values_in(line)).max()?;
    let whole = lines.iter().filter(|line| values_in(line) == width).count();
    let over: Vec<String> = match begin {
        0 => parts[..first].last().filter(|part| is_head_alone(part))?.lines.iter().flat_map(|line| heads(line)).collect(),
        _ => lines[..begin].iter().flat_map(|line| heads(line)).collect(),
    };
    if whole < 3 || over.len() != width || !is_of_names(&named.lines) {
        return None;
    }
    let rows = rows_from_below(&lines[begin..], width);
    let only = parts[..first].iter().filter(|part| !is_head_alone(part)).count() == 1;
    let names = if only && named.lines.len() == rows.len() + 1 { &named.lines[1..] } else { &named.lines[..] };
    if names.len() < 3 || names.len() > rows.len() || only && names.len() != rows.len() {
        return None;
    }
    let heads = std::iter::once(String::new()).chain(over).collect();
    let rows = names.iter().zip(&rows[rows.len() - names.len()..]);
    let row = |(name, values): (&String, &Vec<String>)| {
        let values = values.iter().enumerate().map(|(at, value)| cell(value.clone(), at + 1, 1));
        std::iter::once(cell(name.clone(), 0, 1)).chain(values).collect()
    };
    Some((std::iter::once(head_row(heads)).chain(rows.map(row)).collect(), parts[last - 1].end))
}

fn is_head_alone(part: &Part) -> bool {
    part.lines.len() == 1 && heads(&part.lines[0]).len() > 2
}

/// How many values a line has, if it has nothing else.
fn values_in(line: &str) -> usize {
    let pieces = pieces(line);
    if pieces.iter().all(|piece| is_value(piece)) { pieces.len() } else { 0 }
}

/// Rows of so many values, from the last up: lines with fewer are joined; what makes no whole row is one without cells.
fn rows_from_below(lines: &[&String], width: usize) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    for line in lines.iter().rev() {
        let values = pieces(line);
        if values.len() + open.len() > width && !open.is_empty() {
            rows.push(Vec::new());
            open.clear();
        }
        open.splice(0..0, values);
        if open.len() == width {
            rows.push(std::mem::take(&mut open));
        }
    }
    rows.reverse();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Option<(Vec<String>, usize)> {
        let lines: Vec<&str> = text.lines().collect();
        let (rows, end) = columns_at(&lines, 0, &Effort::of(lines.len()))?;
        let row = |row: &Vec<GridCell>| row.iter().map(|c| format!("{}:{}", c.column, c.text)).collect::<Vec<_>>().join("|");
        Some((rows.iter().map(row).collect(), end))
    }

    fn rows(text: &str) -> Vec<String> {
        table(text).map(|(rows, _)| rows).unwrap_or_default()
    }

    #[test]
    fn heads_in_blocks_of_their_own() {
        let text = "Tree\n\nRings\n\nHeight\n(cm)\n\nOak\nAsh\nElm\n\n4\n12\n24\n\n1.5 × 10−3\n39M\n7\n\nTable 1. Trees.";
        let (found, end) = table(text).expect("a table");
        assert_eq!(found[..2], ["0:Tree|1:Rings|2:Height (cm)", "0:Oak|1:4|2:1.5 × 10−3"]);
        assert_eq!((found.len(), end), (4, 18));
        // A column that is empty in places, and a row of its own below.
        let text =
            "Tree\n\nPlum\n\nPear\n\nOak (b)\nAsh\nElm\n\n1.5\n-\n\n2.5\n3.5\n4.5\n\nOld oak\n\n7.5\n\n8.5\n\nTable 2: Trees.";
        assert_eq!(
            rows(text),
            ["0:Tree|1:Plum|2:Pear", "0:Oak (b)|2:2.5", "0:Ash|2:3.5", "0:Elm|2:4.5", "0:Old oak|1:7.5|2:8.5"]
        );
        // Values of all columns, then one for each.
        let text = "Setting\n\nOak\n\nAsh\n\nWater\nSoil\n\n10\n0.5\n\nLight\n\n1.5\n\n2.5\n\nTable 3. Care.";
        assert_eq!(rows(text), ["0:Setting|1:Oak|2:Ash", "0:Water|1:10", "0:Soil|1:0.5", "0:Light|1:1.5|2:2.5"]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(columns_at(&lines, 2, &Effort::of(lines.len())), None);
        // Words among the values, as settings have them.
        let text = "Setting\n\nValue\n\nWater\nSoil\nLight\nCare\n\n10\nSandy Loam\n0.5\n10−6\n\nTable 3. Care.";
        assert_eq!(rows(text)[1..3], ["0:Water|1:10", "0:Soil|1:Sandy Loam"]);
    }

    #[test]
    fn two_columns_in_a_block() {
        let text = "Tree\n\nKind\n\nAge\n\nTrees of the north:\nOak\nwide-5\nAsh\ndeep-7\nElm (ours) wide-5\n\n24\n24\n86\n\nTable 6. Ages.";
        assert_eq!(
            rows(text),
            [
                "0:Tree|1:Kind|2:Age",
                "0:Trees of the north",
                "0:Oak|1:wide-5|2:24",
                "0:Ash|1:deep-7|2:24",
                "0:Elm (ours)|1:wide-5|2:86"
            ]
        );
    }

    #[test]
    fn heads_that_begin_columns() {
        let text = "Tree\nOak-1\nAsh-2\nElm-3\n\nplum\n1.5 / 2.5\n2.5 / 3.5\n3.5 / 4.5\n\npear\n1\n2\n3\n\nTable 3: Trees.";
        assert_eq!(rows(text)[..2], ["0:Tree|1:plum|2:pear", "0:Oak-1|1:1.5 / 2.5|2:1"]);
        // One line of heads over several columns, and a cell that is empty.
        let text = "Tree\nOak\nAsh\nElm\nFir\n\ntop-1 err, % top-5 err, % #params\n25.6M\n44.5M\n60.2M\n1M\n\n1.5\n2.5\n3.5\n4.5\n\n5.5\n6.5\n7.5\n8.5\n\nkind\nwide\ndeep\n\nold\n";
        assert_eq!(rows(text)[0], "0:Tree|1:top-1 err, %|2:top-5 err, %|3:#params|4:kind");
        assert_eq!(rows(text)[2..4], ["0:Ash|1:2.5|2:6.5|3:44.5M|4:deep", "0:Elm|1:3.5|2:7.5|3:60.2M"]);
    }

    #[test]
    fn names_beside_rows() {
        let text = "Method\nBirch (Oak, 2001)\n\nOak (k = 1)\nAsh (k = 2)\nElm\n\nAge Size\nPlum\nPear\n9 1.1 2.5\n-\n8 0.1 7.5 2.5\n40\n1.0M 7.0 5.2\n50 2.0M 8.0 -\n60 3.0M 9.0 1.2\n\nTable 2: Trees.";
        assert_eq!(
            rows(text),
            [
                "1:Age|2:Size|3:Plum|4:Pear",
                "0:Oak (k = 1)|1:40|2:1.0M|3:7.0|4:5.2",
                "0:Ash (k = 2)|1:50|2:2.0M|3:8.0|4:-",
                "0:Elm|1:60|2:3.0M|3:9.0|4:1.2"
            ]
        );
    }

    #[test]
    fn no_columns() {
        for text in [
            "Ada Oak\nada@x.org\n\nBo Ash\nbo@x.org\n\nUniversity of X\nParis, France\n\nAbstract\n\nWe look at trees.",
            "accuracy\n\nepochs\n\n10\n20\n30\n\n10\n20\n30\n",
            "Oak\n\nWe grow trees in the garden, and look at each of them\nonce.\n\n1\n2\n3\n",
            "1 Introduction\n\nTrees\n\n7\n1\n0\n2\n",
        ] {
            assert_eq!(table(text), None, "{text}");
        }
    }
}
