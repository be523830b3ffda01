//! Whether the columns or rows of a table are data, and what its caption says of data.

use super::blocks::{SYSTEMS, are_places, is_proper_name};
use super::heads::is_no_score;
use super::{View, is_header, is_name};
use crate::intake::Cell;
use crate::intake::extract::heard::Heard;
use crate::intake::extract::{architecture, models, names, standing};
use std::sync::LazyLock;

/// Whether the first column is headed by a word for data: `Language`, `Domain`.
pub(super) fn rows_are_data(view: &View<'_>) -> bool {
    static DATA: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:data ?sets?|corpus|corpora|benchmarks?|languages?|lang\.?|domains?|subsets?|tasks?|test sets?)$",
        )
    });
    let header = view.table.rows.iter().find(|row| is_header(row) && row.cells.len() > 1);
    header.and_then(|row| row.cells.first()).is_some_and(|cell| DATA.is_match(cell.text.trim()))
}

/// `Results on the real test set (A)`: data without a name of its own.
pub(super) fn of_caption(caption: &str) -> Option<String> {
    static DATA: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:on|for) (?:the |our )?(?P<d>(?:[\w-]+ ){1,3}(?:data ?sets?|(?:test|validation|held-out) (?:data|sets?)|test data ?set))\b",
        )
    });
    // `Main results on Foo-2`: what nobody else speaks of.
    static RESULTS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?i:results?|performance|comparisons?|evaluation|accuracy|scores?)(?: \([^()]{1,40}\))?(?: of [^.]{1,40}?)? on (?:the )?(?P<d>[A-Z][\w-]*(?:[A-Z]|\d)[\w-]*)(?:[.,:;]| \(|$| (?:test|dev|validation|benchmark|val)\b)",
        )
    });
    let named = |found: regex::Captures<'_>| {
        let name = found["d"].to_string();
        (standing::is_possible(&name) && crate::intake::family_named(&name).is_none() && models::kind_of(&name) == name)
            .then_some(name)
    };
    DATA.captures(caption).map(|found| found["d"].to_string()).or_else(|| RESULTS.captures(caption).and_then(named))
}

/// Whether the columns of a table are data sets: two of its headers are known as such, or one as a member of the caption's suite, or the
/// first beside the systems is, before others that name nothing else.
pub(super) fn columns_are_data(view: &View<'_>, heard: &Heard) -> bool {
    let suites = heard.datasets_in(view.caption);
    let other = |text: &str| architecture::dimension(text).is_some() || view.setting(text).is_some() || is_no_score(text);
    static ACROSS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:data ?sets|benchmarks|corpora|test sets|tasks|languages|domains)\b"));
    // A caption that names the measure leaves data for the heads.
    let measured = heard.metrics_in(view.caption).iter().any(|metric| metric.name != "score");
    let mut headers = view.table.rows.iter().filter(|row| is_header(row) && row.cells.len() > 2);
    headers.any(|row| {
        let known: Vec<_> = row.cells.iter().flat_map(|cell| heard.datasets_in(&cell.text)).collect();
        let unknown =
            |cell: &&Cell| is_unknown_data(&cell.text) && !other(&cell.text) && heard.datasets_in(&cell.text).is_empty();
        known.len() >= 2
            || known.iter().any(|d| suites.iter().any(|suite| names::is_member(&d.name, &suite.name)))
            || known.len() == 1
                && row.cells.len() >= 4
                && SYSTEMS.is_match(row.cells[0].text.trim())
                && !heard.datasets_in(&row.cells[1].text).is_empty()
                && row.cells[2..].iter().all(|cell| unknown(&cell))
            // `WER | Swahili | Yoruba`: each language or place is data of its own.
            || known.is_empty()
                && measured
                && suites.is_empty()
                && view.scope.datasets.is_empty()
                && row.cells.len() > 2
                && SYSTEMS.is_match(row.cells[0].text.trim())
                && row.cells[1..].iter().all(|cell| unknown(&cell) && is_proper_name(view, heard, &cell.text) || is_mean(&cell.text))
                && are_places(view, &row.cells[1..])
            // `Dice across five data sets`, whose names nobody knows.
            || known.is_empty()
                && measured
                && ACROSS.is_match(view.caption)
                && SYSTEMS.is_match(row.cells[0].text.trim())
                && row.cells[1..].iter().all(|cell| unknown(&cell))
            // `Method | Model | Params | Foo | FooBar32`: after what is told of the systems, names alone.
            || known.len() == 1 && {
                let told = |cell: &&Cell| SYSTEMS.is_match(cell.text.trim()) || other(&cell.text);
                let mut names = row.cells.iter().skip_while(told).peekable();
                SYSTEMS.is_match(row.cells[0].text.trim())
                    && names.peek().is_some_and(|cell| !heard.datasets_in(&cell.text).is_empty())
                    && names.clone().count() > 1
                    && names.skip(1).all(|cell| unknown(&cell) && standing::is_coined(&cell.text))
            }
            || known.len() == 1
                && measured
                && SYSTEMS.is_match(row.cells[0].text.trim())
                && row.cells[1..].iter().all(|cell| unknown(&cell) || !heard.datasets_in(&cell.text).is_empty())
    })
}

/// Whether the table lists what a model was trained on: data sets down the first column, their shares or sizes beside them.
pub(super) fn lists_data(view: &View<'_>) -> bool {
    static DATA: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)^(?:data ?sets?|corpus|corpora|sources?|data source|subset|data)$"));
    static TRAINING: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:pre-?)?training (?:data|corpus|corpora|mixture|sets?)|data mixtures?|mixture of data|pre-?training)\b",
        )
    });
    let Some(header) = view.table.rows.iter().find(|row| is_header(row) && row.cells.len() > 1) else { return false };
    let about = TRAINING.is_match(view.caption) || TRAINING.is_match(view.paper.section_title(view.table.section));
    let scored = header.cells[1..].iter().any(|cell| !is_no_score(&cell.text));
    about && DATA.is_match(header.cells[0].text.trim()) && !scored
}

/// `English F1 | Spanish F1`: heads of the same measure, each of data of its own.
pub(super) fn measure_over_parts(view: &View<'_>, heard: &Heard) -> bool {
    let part = |cell: &Cell| {
        let measure = heard.metrics_in(&cell.text).into_iter().next()?;
        let part = cell.text[..measure.at.start].trim();
        (part.starts_with(char::is_uppercase) && !part.contains(' ')).then(|| (part.to_string(), measure.name))
    };
    let mut heads = view.table.rows.iter().filter(|row| is_header(row) && row.cells.len() > 2);
    heads.any(|row| {
        let parts: Vec<(String, String)> = row.cells[1..].iter().filter_map(part).collect();
        parts.len() > 1
            && parts
                .iter()
                .all(|(name, measure)| *measure == parts[0].1 && parts.iter().filter(|(other, _)| other == name).count() == 1)
    })
}

/// A header among those of data sets that is neither a metric nor a mean of them: a data set, too.
pub(super) fn is_unknown_data(header: &str) -> bool {
    is_name(header)
        && names::metrics_in(header).is_empty()
        && !["Av", "av", "Mean", "mean", "All", "Total"].iter().any(|m| header.starts_with(m))
}

/// `Avg.`, and no more.
pub(super) fn is_mean(header: &str) -> bool {
    ["avg", "average", "mean"].contains(&header.trim().trim_end_matches('.').to_lowercase().as_str())
}

/// Whether the first column is headed as one of systems.
pub(super) fn systems_down(view: &View<'_>) -> bool {
    let header = view.table.rows.iter().find(|row| is_header(row) && row.cells.len() > 1);
    header.and_then(|row| row.cells.first()).is_some_and(|cell| SYSTEMS.is_match(cell.text.trim()))
}
