//! Tables whose rows are measures: `Metric | Score`, with one value or one of several systems a column.

use super::heads::{is_no_score, is_spread, is_spread_head};
use super::results::{OTHERS_ROW, score_of, tell};
use super::{View, is_header};
use crate::intake::extract::heard::{Heard, Named};
use crate::intake::extract::{Findings, names, topic};
use crate::intake::{ReportedResult, Row, Unit};
use std::rc::Rc;
use std::sync::LazyLock;

/// Whether the first column is one of measures: its head says so, or each of its rows names one and nothing else.
pub(super) fn in_rows(view: &View<'_>, heard: &Heard) -> bool {
    static HEAD: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)^(?:(?:evaluation|performance|quality|test) )?(?:metrics?|measures?|criteri(?:on|a))$")
    });
    let header = view.table.rows.iter().find(|row| is_header(row) && row.cells.len() > 1);
    let headed = header.and_then(|row| row.cells.first()).is_some_and(|cell| HEAD.is_match(cell.text.trim()));
    let rows: Vec<&Row> = view.table.rows.iter().filter(|row| !is_header(row) && row.cells.len() > 1).collect();
    let named = rows.iter().filter(|row| measure_of(&row.cells[0].text, heard).is_some()).count();
    if headed { named * 2 >= rows.len() && named > 0 } else { rows.len() > 1 && named == rows.len() }
}

/// The measure that a cell names and little else: `Macro F1`, `Accuracy (%)`.
fn measure_of(text: &str, heard: &Heard) -> Option<Named> {
    /// Letters that may stand beside its name.
    const BESIDE: usize = 12;
    // (Alone, precision is one where a table gives measures.)
    let alone = || {
        let is_it = text.trim().eq_ignore_ascii_case("precision");
        is_it.then(|| Named { name: "precision".into(), at: 0..text.len() })
    };
    let measure = heard.metrics_in(text).into_iter().find(|metric| metric.name != "score").or_else(alone)?;
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    (letters(text) <= letters(&text[measure.at.clone()]) + BESIDE).then_some(measure)
}

/// Each value of such a row, on the data that the table, its section or the paper is about.
pub(super) fn find(view: &View<'_>, found: &mut Findings<'_>) {
    let heard = Rc::clone(&found.heard);
    let Some(main) = data_of(view, &heard) else { return };
    let of_section = topic::of_section(view.paper, view.table.section);
    for (index, row) in view.table.rows.iter().enumerate().filter(|(_, row)| !is_header(row)) {
        let Some(measure) = row.cells.first().and_then(|cell| measure_of(&cell.text, &heard)) else { continue };
        if is_spread(&row.cells[0].text) {
            continue;
        }
        for cell in &row.cells[1..] {
            let Some(value) = score_of(&cell.text) else { continue };
            let headers = view.headers(index, cell);
            let head = headers.last().map_or("", String::as_str);
            // What a model reaches on what it learned from is no result.
            let of_training = ["train", "training", "train set", "training set"].contains(&head.trim().to_lowercase().as_str());
            if is_no_score(head) || is_spread_head(head) || of_training {
                continue;
            }
            let of_head = heard.datasets_in(head).into_iter().next().map(|data| head[data.at].to_string());
            let system = (of_head.is_none() && !head.is_empty() && !says_value(head, &heard)).then(|| headers.join(" "));
            let unit = (names::in_percent(&measure.name) && !names::is_share(&measure.name, value)).then_some(Unit::Percent);
            if unit.is_some() && value > 100.0 {
                continue;
            }
            let result = ReportedResult {
                dataset: of_head.unwrap_or_else(|| main.clone()),
                metric: Some(measure.name.clone()),
                value,
                variant: system.or_else(|| view.scope.variant.clone()).or_else(|| of_section.clone()),
                zero_shot: names::says_zero_shot(view.caption),
            };
            tell(view, (row, cell), (result, unit), OTHERS_ROW, found);
        }
    }
}

/// The data that all of the table is on: by its caption, what stands around it, or as the paper's own.
fn data_of(view: &View<'_>, heard: &Heard) -> Option<String> {
    let of_caption = || heard.datasets_in(view.caption).into_iter().next().map(|data| view.caption[data.at].to_string());
    let of_scope = || view.scope.datasets.first().cloned();
    of_caption().or_else(of_scope).or_else(|| super::columns::of_caption(view.caption)).or_else(|| heard.main.clone())
}

/// `Average Score`, `Value (%)`: a head over values, of no system.
fn says_value(head: &str, heard: &Heard) -> bool {
    static VALUE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:(?:average|avg\.?|mean|final|overall|test|obtained|achieved|our) )*(?:scores?|values?|results?|performance|ours?|test|percentage)(?: ?\([^()]*\))?$",
        )
    });
    VALUE.is_match(head.trim()) || measure_of(head, heard).is_some()
}
