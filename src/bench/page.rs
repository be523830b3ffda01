//! Results as one self-contained page: tables, and plots of success, time and loss.

use super::fault::Fault;
use super::results::{Results, Share};
use super::tables::{Table, about, percent, tables};
use super::trial::Trial;
use crate::report::plot::{Band, Bar, Chart, Series, bands, bars, line_chart};
use crate::report::sheet;
use crate::words::{clean, counted, duration};
use maud::{Markup, PreEscaped, html};
use serde::{Deserialize, Serialize};

/// One line of the history: what the results of one time said in all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Past {
    pub suite: String,
    pub tier: String,
    pub at: String,
    pub label: Option<String>,
    pub version: String,
    pub binary_sha256: String,
    pub processor: String,
    pub first_attempt: Share,
    pub after_recovery: Share,
    /// By task: mean of the metric, time to the target in seconds.
    pub tasks: Vec<(String, Option<f64>, Option<f64>)>,
}

impl Past {
    /// Of results that hold undisturbed trials.
    pub fn of(results: &Results) -> Option<Past> {
        let total = results.total(Fault::None)?;
        // That of the latest: the file may hold trials of several.
        let undisturbed = results.trials.iter().filter(|trial| trial.fault == Fault::None);
        let program = &undisturbed.max_by(|a, b| a.at.cmp(&b.at))?.program;
        let tasks = results.tasks.iter().filter_map(|task| {
            let summary = task.by_fault.iter().find(|summary| summary.fault == Fault::None)?;
            let (metric, time) = (summary.metric.map(|mean| mean.mean), summary.time_to_target.map(|time| time.mean));
            Some((task.id.clone(), metric, time))
        });
        Some(Past {
            suite: results.suite.clone(),
            tier: results.tier.name().into(),
            at: results.at.clone(),
            label: results.label.clone(),
            version: program.version.clone(),
            binary_sha256: program.binary_sha256.clone(),
            processor: results.machine.processor.clone(),
            first_attempt: total.first_attempt,
            after_recovery: total.after_recovery,
            tasks: tasks.collect(),
        })
    }
}

/// The page; `history`: earlier lines of the same suite and tier, oldest first.
pub fn page(results: &Results, history: &[Past]) -> String {
    let title = format!("{}, tier {}", clean(&results.suite), results.tier.name());
    let body = html! {
        p { (clean(&results.summary)) }
        (figures(results))
        @for table in tables(results) {
            section {
                h2 { (table.title) }
                p.small { (prose(&table.about)) }
                (of_table(&table))
            }
        }
        (curves(results))
        @if history.len() > 1 { (past(history)) }
    };
    sheet(&title, &about(results).replace('`', ""), &body, &format!("Written by Tallow {}.", env!("CARGO_PKG_VERSION")))
}

/// What stands between backticks is code.
fn prose(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn of_table(table: &Table) -> Markup {
    let class = |cell: &str| match cell.chars().count() {
        0..=24 => Some("short"),
        41.. => Some("prose"),
        _ => None,
    };
    html! {
        div.scroll {
            table {
                thead { tr { @for name in &table.head { th { (name) } } } }
                tbody { @for row in &table.rows { tr { @for cell in row { td class=[class(cell)] { (cell.trim_matches('`')) } } } } }
            }
        }
    }
}

fn figures(results: &Results) -> Markup {
    let of_share = |label: &str, share: &Share| {
        let value = share.value()?;
        let told = format!("{} ({}/{})", percent(value), share.hits, share.of);
        Some(Bar { label: label.into(), value, interval: Some([share.low, share.high]), told })
    };
    let undisturbed = || {
        let summaries = results.tasks.iter().flat_map(|task| task.by_fault.iter().map(move |summary| (task, summary)));
        summaries.filter(|(_, summary)| summary.fault == Fault::None)
    };
    let success: Vec<Bar> = undisturbed().filter_map(|(task, summary)| of_share(&task.name, &summary.first_attempt)).collect();
    let by_fault: Vec<Bar> =
        results.totals.iter().filter_map(|total| of_share(total.fault.in_words(), &total.after_recovery)).collect();
    let times: Vec<Bar> = undisturbed()
        .filter_map(|(task, summary)| {
            let time = summary.time_to_target?;
            let interval = Some([time.least, time.greatest]);
            Some(Bar { label: task.name.clone(), value: time.mean, interval, told: duration(time.mean) })
        })
        .collect();
    let charts = [
        ("Success at the first attempt, with 95 % intervals", bars(&success, Some(1.0))),
        ("Time to the target in seconds; the line ends at the fastest and the slowest seed", bars(&times, None)),
        ("Success after recovery, by fault", bars(&by_fault, Some(1.0))),
    ];
    let shown = charts.into_iter().zip([!success.is_empty(), !times.is_empty(), by_fault.len() > 1]).filter(|(_, shown)| *shown);
    html! {
        div.charts {
            @for ((title, svg), _) in shown { figure { figcaption { (title) } (PreEscaped(svg)) } }
        }
    }
}

/// The loss of each task: its mean over the seeds, and the least and the greatest around it.
fn curves(results: &Results) -> Markup {
    let charts: Vec<(String, String)> = results
        .tasks
        .iter()
        .filter_map(|task| {
            let trials: Vec<&Trial> = results.of_task(&task.id, Fault::None).filter(|trial| trial.curve.len() > 1).collect();
            let band = band(&trials)?;
            Some((task.name.clone(), bands(&task.name, "step", &[band])))
        })
        .collect();
    html! {
        @if !charts.is_empty() {
            section {
                h2 { "Loss while training" }
                p.small { "Undisturbed: the mean over the seeds, within the least and the greatest." }
                div.charts { @for (title, svg) in charts { figure { figcaption { (title) } (PreEscaped(svg)) } } }
            }
        }
    }
}

/// Points of a curve that a band is drawn through.
const POINTS: usize = 40;

fn band(trials: &[&Trial]) -> Option<Band> {
    let ends = trials.iter().map(|trial| Some((trial.curve.first()?[0], trial.curve.last()?[0]))).collect::<Option<Vec<_>>>()?;
    let from = ends.iter().map(|(from, _)| *from).fold(f64::NEG_INFINITY, f64::max);
    let to = ends.iter().map(|(_, to)| *to).fold(f64::INFINITY, f64::min);
    if trials.is_empty() || from >= to {
        return None;
    }
    let points = (0..POINTS).map(|i| {
        let x = from + (to - from) * i as f64 / (POINTS - 1) as f64;
        let values: Vec<f64> = trials.iter().map(|trial| at(&trial.curve, x)).collect();
        let (least, greatest) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, g), v| (l.min(*v), g.max(*v)));
        [x, values.iter().sum::<f64>() / values.len() as f64, least, greatest]
    });
    Some(Band { label: counted(trials.len(), "seed"), points: points.collect() })
}

/// The value of a curve at `x`, on the line between the points beside it.
fn at(curve: &[[f64; 2]], x: f64) -> f64 {
    let behind = curve.partition_point(|point| point[0] < x);
    match (behind.checked_sub(1).and_then(|i| curve.get(i)), curve.get(behind)) {
        (Some([x0, y0]), Some([x1, y1])) if x1 > x0 => y0 + (y1 - y0) * (x - x0) / (x1 - x0),
        (_, Some([_, y])) | (Some([_, y]), None) => *y,
        (None, None) => f64::NAN,
    }
}

fn past(history: &[Past]) -> Markup {
    let line = |label: &str, of: &dyn Fn(&Past) -> Option<f64>| Series {
        label: label.into(),
        points: history.iter().enumerate().filter_map(|(i, past)| Some([i as f64 + 1.0, 100.0 * of(past)?])).collect(),
    };
    let series = vec![
        line("first attempt", &|past| past.first_attempt.value()),
        line("after recovery", &|past| past.after_recovery.value()),
    ];
    let chart = Chart {
        title: "Success over time, in percent".into(),
        x_label: "results, oldest first".into(),
        series,
        log_y: false,
        smoothed: false,
    };
    html! {
        section {
            h2 { "History" }
            div.charts { figure { figcaption { (chart.title) } (PreEscaped(line_chart(&chart))) } }
            ol {
                @for past in history {
                    li {
                        (past.at) ", Tallow " (past.version) " "
                        code { (past.label.clone().unwrap_or_else(|| past.binary_sha256.chars().take(12).collect())) }
                        ": " (past.first_attempt.hits) "/" (past.first_attempt.of) " at the first attempt, "
                        (past.after_recovery.hits) "/" (past.after_recovery.of) " after recovery"
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::{results, trial};
    use super::super::trial::Ending;
    use super::*;

    #[test]
    fn curves_are_read_between_their_points() {
        let curve = [[1.0, 4.0], [3.0, 2.0]];
        assert_eq!([0.0, 1.0, 2.0, 3.0, 9.0].map(|x| at(&curve, x)), [4.0, 4.0, 3.0, 2.0, 2.0]);
    }

    #[test]
    fn the_history_names_the_program_of_the_latest_trial() {
        let mut newer = trial(Fault::None, 1, Ending::FirstAttempt, 9.0, 0.9);
        (newer.at, newer.program.binary_sha256) = ("2026-01-02T00:00:00Z".into(), "aa".into());
        let found = results(vec![newer, trial(Fault::None, 0, Ending::FirstAttempt, 9.0, 0.9)]);
        assert_eq!(Past::of(&found).expect("undisturbed trials").binary_sha256, "aa");
    }

    #[test]
    fn a_page_is_whole_and_escaped() {
        let mut odd = trial(Fault::None, 1, Ending::Failed, 9.0, 0.4);
        odd.why = Some("<script>alert(1)</script>".into());
        let found = results(vec![
            trial(Fault::None, 0, Ending::FirstAttempt, 9.0, 0.9),
            odd,
            trial(Fault::Vague, 0, Ending::Missed, 1.0, 0.1),
        ]);
        let line = Past::of(&found).expect("undisturbed trials");
        let page = page(&found, &[line.clone(), line]);
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
        assert!(page.contains("<h2>History</h2>") && page.contains("Loss while training"));
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
        assert!(!page.contains("NaN") && !page.contains('`') && page.contains("<code>rest</code>"));
    }
}
