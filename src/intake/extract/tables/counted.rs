//! Tables that tell how much data there is: they name data, and give no results.

use super::heads::{is_no_score, is_sum, measures};
use super::results::score_of;
use super::{View, is_header};
use crate::intake::extract::heard::{Heard, without_citations};
use crate::intake::extract::{Findings, names};
use crate::intake::{Cell, DatasetRole, DatasetUse, FieldKey, Row, Value};
use std::sync::LazyLock;

/// Data sets down the first column under that word, with what is known of each: the paper uses them.
pub(super) fn statistics(view: &View<'_>, heard: &Heard, found: &mut Findings<'_>) {
    static DATA: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)^(?:data ?sets?|corpus|corpora|benchmarks?)$"));
    // What is told of data that are trained on; scores alone are of data to test on.
    static SIZES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)train|#|\b(?:size|samples|examples|instances|documents|sentences|images|classes|splits?|nodes|edges|features)\b",
        )
    });
    static OTHERS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:compar\w+|existing|previous|related|other|overview)\b"));
    let header = view.table.rows.iter().find(|row| is_header(row) && row.cells.len() > 1);
    let is_data = header.and_then(|row| row.cells.first()).is_some_and(|cell| DATA.is_match(cell.text.trim()));
    let kind = view.paper.section_kind(view.table.section);
    if !is_data || OTHERS.is_match(view.caption) || kind == crate::intake::SectionKind::RelatedWork {
        return;
    }
    let is_sized = header.is_some_and(|row| row.cells.iter().skip(1).any(|cell| SIZES.is_match(&cell.text)));
    let is_zero_shot = names::says_zero_shot(view.caption);
    let role = if is_sized && !is_zero_shot { DatasetRole::TrainAndEval } else { DatasetRole::Eval };
    for cell in view.table.rows.iter().filter(|row| !is_header(row)).filter_map(|row| row.cells.first()) {
        let text = without_citations(&cell.text);
        let Some(name) = heard.datasets_in(&text).into_iter().next().filter(|name| name.at.start == 0) else { continue };
        if is_sum(&text) {
            continue;
        }
        let dataset = DatasetUse { name: heard.in_full(&text[name.at]), role };
        let words = view.paper.quote(view.table.page, cell.span);
        found.add(FieldKey::Datasets, Value::Dataset { dataset }, None, view.scope.clone(), 0.7, words, view.table.section);
    }
}

/// Whether a table only tells how much data there is and what it is like: its caption says so, or sizes stand beside the names of data.
/// A measure over a column makes it one of results, and so does a caption that speaks of them.
pub(super) fn counts_data(view: &View<'_>, heard: &Heard) -> bool {
    static DATA: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:data ?sets?|corpus|corpora|splits?|subsets?|languages?|(?:language )?pairs?|class(?:es)?|source)$",
        )
    });
    let heads = || view.table.rows.iter().filter(|row| is_header(row)).flat_map(|row| &row.cells);
    if heads().any(|cell| measures(&cell.text, heard)) || measures(view.caption, heard) {
        return false;
    }
    let of_data = heads().next().is_some_and(|cell| DATA.is_match(cell.text.trim()));
    let rows = || view.table.rows.iter().enumerate().filter(|(_, row)| !is_header(row));
    let counted = || rows().filter(|(index, row)| counts_more(view, *index, row)).count();
    is_on_data(view.caption, heard) || of_data && rows().count() > 0 && counted() * 4 >= rows().count() * 3
}

/// Whether a caption says that its table is on the data itself: `Statistics of the corpora`, `Data set overview`, `Foo statistics`.
fn is_on_data(caption: &str, heard: &Heard) -> bool {
    static SAYS: LazyLock<regex::Regex> = LazyLock::new(|| {
        let told = "(?:overview|summary|characteristics|details|composition|statistics)";
        let data = r"(?:data ?sets?|corpus|corpora|benchmarks?|data(?: sources?| splits?)?)";
        // `of our data augmentation` is on something else.
        let ends = r"(?:[.,;:()]|$| (?:used|for|in|that|which|we|and|on|of|from|per|across)\b)";
        crate::intake::regex(&format!(
            r"(?i)^(?:\w+ \d+[.:]? )?(?:(?:basic|summary|descriptive|key|main) )?statistics\b|\b{data} (?:{told}|sizes?|splits?)\b|\b{told} (?:of|for|about) (?:the |our |all )?(?:[\w-]+ ){{0,4}}?{data}{ends}"
        ))
    });
    static RESULTS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:results?|compar\w+|performances?|scores?|evaluation|ablations?|effects?|impact|influence|vary\w*|varied|different)\b",
        )
    });
    // `Foo statistics`.
    let is_named = || {
        let said = caption.to_lowercase().find(" statistics");
        said.is_some_and(|at| heard.datasets_in(caption).iter().any(|data| data.at.end == at))
    };
    !RESULTS.is_match(caption) && (SAYS.is_match(caption) || is_named())
}

/// Whether a row has more numbers that count something than scores.
fn counts_more(view: &View<'_>, index: usize, row: &Row) -> bool {
    static MEAN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:len(?:gth)?|words?|tokens?|sentences?|characters?|duration|labels?|density|degree|rates?|shares?|prevalence|avg\.?)(?:\W|$)",
        )
    });
    // What is counted, if not a year: one of many digits, and then any beside it.
    let count = |cell: &Cell| {
        let text = cell.text.trim();
        let digits = text.replace([',', ' '], "");
        let is_year = text.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
        (!digits.is_empty() && !is_year && digits.chars().all(|c| c.is_ascii_digit())).then_some(digits.len())
    };
    let is_score = |cell: &&Cell| {
        let head = || view.headers(index, cell).last().cloned().unwrap_or_default();
        score_of(&cell.text).is_some() && !(is_no_score(&head()) || MEAN.is_match(&head()))
    };
    let counts: Vec<usize> = row.cells.iter().filter_map(count).collect();
    counts.iter().any(|digits| *digits > 3) && counts.len() > row.cells.iter().filter(is_score).count()
}
