//! Tables whose rows are measures: `Metric | Score`, with one value or one of several systems a column.

use super::blocks::SYSTEMS;
use super::heads::{beside_measure, is_no_score, is_spread, is_spread_head};
use super::results::{OTHERS_ROW, score_of, tell};
use super::{View, is_header};
use crate::intake::extract::heard::{Heard, Named};
use crate::intake::extract::{Findings, names, topic};
use crate::intake::{Cell, ReportedResult, Row, Unit};
use std::rc::Rc;
use std::sync::LazyLock;

/// Whether the first column is one of measures: its head says so, or each of its rows names one, beside the data that it is on.
pub(super) fn in_rows(view: &View<'_>, heard: &Heard) -> bool {
    static HEAD: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)^(?:(?:evaluation|performance|quality|test) )?(?:metrics?|measures?|criteri(?:on|a))$")
    });
    // What is compared, what is minimised: rows named after measures are not of them.
    static OTHER: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:loss(?:es)?|objectives?|rewards?|training|optimi[sz]\w+)\b"));
    let header = view.table.rows.iter().find(|row| is_header(row) && row.cells.len() > 1);
    let first = header.and_then(|row| row.cells.first()).map_or("", |cell| cell.text.trim());
    // Measures over the columns are of systems, or of other measures.
    let is_over = |cell: &Cell| measure_of(&cell.text, heard).is_some();
    if OTHER.is_match(first) || SYSTEMS.is_match(first) || header.is_some_and(|row| row.cells[1..].iter().any(is_over)) {
        return false;
    }
    let rows: Vec<&Row> = view.table.rows.iter().filter(|row| !is_header(row) && row.cells.len() > 1).collect();
    let named = rows.iter().filter(|row| measure_of(&row.cells[0].text, heard).is_some()).count();
    if HEAD.is_match(first) { named * 2 >= rows.len() && named > 0 } else { rows.len() > 1 && named == rows.len() }
}

/// What the label of a row names.
struct Label {
    measure: String,
    /// The data that it is on, where the label has them: `Foo (Acc)`.
    data: Option<String>,
    /// What tells it apart from others of the same measure: `Macro` of `Macro F1`.
    beside: Option<String>,
}

/// The measure that a cell names and little else but data: `Macro F1`, `Accuracy (%)`, `Foo (Acc)`.
fn measure_of(text: &str, heard: &Heard) -> Option<Label> {
    /// Letters that may stand beside its name.
    const BESIDE: usize = 12;
    let data = heard.datasets_in(text).into_iter().next().map(|data| text[data.at].to_string());
    let bare = data.as_ref().map_or_else(|| text.to_string(), |data| text.replacen(data.as_str(), "", 1));
    // (Alone, precision is one where a table gives measures.)
    let alone = || {
        let is_it = bare.trim().eq_ignore_ascii_case("precision");
        is_it.then(|| Named { name: "precision".into(), at: 0..bare.len() })
    };
    let measure = heard.metrics_in(&bare).into_iter().find(|metric| metric.name != "score").or_else(alone)?;
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    let is_loss = bare[measure.at.end..].trim_start().to_lowercase().starts_with("loss");
    let is_it = !is_loss && letters(&bare) <= letters(&bare[measure.at.clone()]) + BESIDE;
    // `Macro F1` is all one name: its last word is the measure.
    let within = bare[measure.at.clone()].rsplit_once([' ', '-']).map_or("", |(first, _)| first).to_string();
    is_it.then(|| Label { measure: measure.name, data, beside: told_apart(&(within + " " + &beside_measure(&[bare], heard))) })
}

/// What tells a measure apart, of the words beside it.
fn told_apart(beside: &str) -> Option<String> {
    const SAYS_NOTHING: [&str; 12] =
        ["overall", "test", "score", "scores", "average", "avg", "mean", "final", "best", "rate", "value", "the"];
    let is_told = |word: &&str| !SAYS_NOTHING.contains(&word.to_lowercase().as_str());
    let words: Vec<&str> = beside.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).filter(is_told).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Each value of such a row, on the data that its label, the table, its section or the paper is about. Whether
/// there is any.
pub(super) fn find(view: &View<'_>, found: &mut Findings<'_>) -> bool {
    let heard = Rc::clone(&found.heard);
    let main = data_of(view, &heard);
    let rows = view.table.rows.iter().enumerate().filter(|(_, row)| !is_header(row));
    let labels: Vec<(usize, &Row, Label, Option<String>)> = rows
        .filter_map(|(index, row)| {
            let label = row.cells.first().filter(|cell| !is_spread(&cell.text))?;
            let label = measure_of(&label.text, &heard)?;
            let data = label.data.clone().or_else(|| main.clone());
            Some((index, row, label, data))
        })
        .collect();
    let of_section = topic::of_section(view.paper, view.table.section);
    let mut any = false;
    for (index, row, label, data) in &labels {
        let is_same = |other: &&(usize, &Row, Label, Option<String>)| other.2.measure == label.measure && other.3 == *data;
        let beside = label.beside.as_ref().filter(|_| labels.iter().filter(is_same).count() > 1);
        for cell in &row.cells[1..] {
            let Some(value) = score_of(&cell.text) else { continue };
            let headers = view.headers(*index, cell);
            let head = headers.last().map_or("", String::as_str);
            if is_no_score(head) || is_spread_head(head) || is_beside_results(head, view) {
                continue;
            }
            let of_head = heard.datasets_in(head).into_iter().next().map(|data| head[data.at].to_string());
            let system = (of_head.is_none() && !head.is_empty() && !says_value(head, &heard)).then(|| headers.join(" "));
            let Some(dataset) = of_head.or_else(|| data.clone()) else { continue };
            let measure = label.measure.clone();
            let unit = (names::in_percent(&measure) && !names::is_share(&measure, value)).then_some(Unit::Percent);
            if unit.is_some() && value > 100.0 {
                continue;
            }
            let system = system.or_else(|| view.scope.variant.clone()).or_else(|| of_section.clone());
            let variant = [system.as_ref(), beside].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
            let result = ReportedResult {
                dataset,
                metric: Some(measure),
                value,
                variant: (!variant.is_empty()).then_some(variant),
                zero_shot: names::says_zero_shot(view.caption),
            };
            tell(view, (row, cell), (result, unit), OTHERS_ROW, found);
            any = true;
        }
    }
    any
}

/// `Min`, `Threshold`, `Gain (%)`, `Train`: no result of a system; nor is what is told beside one, as that on validation data beside the test's.
fn is_beside_results(head: &str, view: &View<'_>) -> bool {
    static NONE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:train(?:ing)?(?: sets?)?|min(?:imum|\.)?|max(?:imum|\.)?|lowest|highest|(?:upper|lower)(?: bound)?|targets?|thresholds?|goals?|(?:(?:rel|abs)\w*\.? )?(?:gains?|improvements?|improv\.|changes?)(?: (?:over|vs\.?|in) .{1,30})?(?: ?\([^()]*\))?)$",
        )
    });
    static SECOND: LazyLock<[(regex::Regex, regex::Regex); 2]> = LazyLock::new(|| {
        [
            (r"(?i)^(?:val(?:id(?:ation)?)?|dev(?:elopment)?)\b", r"(?i)^test\b"),
            (r"(?i)^median$", r"(?i)^(?:mean|average|avg\.?)$"),
        ]
        .map(|(second, first)| (crate::intake::regex(second), crate::intake::regex(first)))
    });
    let has = |first: &regex::Regex| {
        view.table
            .rows
            .iter()
            .filter(|row| is_header(row))
            .flat_map(|row| &row.cells)
            .any(|cell| first.is_match(cell.text.trim()))
    };
    let head = head.trim();
    NONE.is_match(head) || SECOND.iter().any(|(second, first)| second.is_match(head) && has(first))
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
            r"(?i)^(?:(?:average|avg\.?|mean|final|overall|test|obtained|achieved|our) )*(?:scores?|values?|results?|performance|ours?|percentage|mean|median|average|avg\.?|(?:test|val(?:idation)?|dev(?:elopment)?)(?: sets?)?)(?: ?\([^()]*\))?$",
        )
    });
    VALUE.is_match(head.trim()) || measure_of(head, heard).is_some()
}
