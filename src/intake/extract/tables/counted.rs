//! Tables that tell how much data there is: they name data, and give no results.

use super::heads::{is_sum, measures};
use super::{View, is_header};
use crate::intake::extract::heard::{Heard, without_citations};
use crate::intake::extract::{Findings, names};
use crate::intake::{DatasetRole, DatasetUse, FieldKey, Value};
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
/// A measure over a column makes it one of results.
pub(super) fn counts_data(view: &View<'_>, heard: &Heard) -> bool {
    static SAYS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\bstatistics\b|\b(?:data ?sets?|corpus|corpora) (?:overview|summary|characteristics|details|composition|sizes?|splits?)\b|\b(?:overview|summary|characteristics|details|composition) of (?:the |our |all )?(?:[\w-]+ ){0,3}(?:data ?sets?|corpus|corpora|data)\b",
        )
    });
    static DATA: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:data ?sets?|corpus|corpora|splits?|subsets?|languages?|(?:language )?pairs?|class(?:es)?|source)$",
        )
    });
    let heads = || view.table.rows.iter().filter(|row| is_header(row)).flat_map(|row| &row.cells);
    if heads().any(|cell| measures(&cell.text, heard)) || measures(view.caption, heard) {
        return false;
    }
    let is_count = |text: &str| {
        let digits = text.trim().replace([',', ' '], "");
        digits.len() > 3 && digits.chars().all(|c| c.is_ascii_digit())
    };
    let rows = || view.table.rows.iter().filter(|row| !is_header(row));
    let counted = || rows().filter(|row| row.cells.iter().any(|cell| is_count(&cell.text))).count();
    let of_data = heads().next().is_some_and(|cell| DATA.is_match(cell.text.trim()));
    SAYS.is_match(view.caption) || of_data && rows().count() > 0 && counted() * 4 >= rows().count() * 3
}
