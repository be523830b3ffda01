//! What a script's run has to show: its own numbers, named as such, and what was measured of it. From the ledger; pure.

mod pages;

pub(super) use pages::said;
pub use pages::{script_card, script_html, script_markdown, script_terminal};

use super::Error;
use super::book::Book;
use super::check::{self, Sources};
use super::curves::{MAX_POINTS, thin};
use super::types::*;
use crate::run::Outcome;
use crate::script::{ScriptSpec, Settings, Told};
use crate::spec::Metric;
use crate::store::{Entry, Record};
use crate::words::{bytes, clean, count, duration, plain};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Version of a script's `report.json`.
const VERSION: u32 = 3;

/// Metrics that are drawn.
const MOST_CHARTS: usize = 12;

/// Everything that the pages about a script's run say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScriptReport {
    pub version: u32,
    /// The file that was given, or what is said of one that a language model wrote.
    pub title: String,
    pub run_id: String,
    pub folder: String,
    pub completed: bool,
    /// How the run ended, in words.
    pub ended: String,
    /// The scripts that a language model wrote, in the order of the attempts.
    #[serde(default)]
    pub written: Vec<WrittenShown>,
    /// What asking for them took, and what is left of the budgets.
    #[serde(default)]
    pub taken: Vec<MetricShown>,
    /// What Tallow measured on the held-out examples, and on what.
    pub scores: Vec<ScoreShown>,
    pub measured_on: Option<String>,
    /// Why there is no score where there should be one.
    pub not_scored: Option<String>,
    /// What the script told of itself.
    pub metrics: Vec<MetricShown>,
    pub curves: Vec<ScriptCurve>,
    pub made_with: Vec<(String, String)>,
    pub attempts: Vec<AttemptShown>,
    pub jail: Vec<JailShown>,
    pub notes: Vec<NoteShown>,
    pub repeat: Repeat,
    /// The ledger rows that anything above cites.
    pub rows: Vec<RowShown>,
}

/// A score with its 95 % interval, where there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreShown {
    pub metric: Metric,
    pub value: Sourced,
    pub interval: Option<[Sourced; 2]>,
}

/// A script that a language model wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenShown {
    /// The first attempt that ran it.
    pub attempt: u32,
    pub by: String,
    /// From the run folder on.
    pub file: String,
    pub sha256: String,
    pub ledger_row: u64,
}

/// The last value of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricShown {
    pub name: String,
    pub value: Sourced,
    pub step: Option<Sourced>,
}

/// The course of a number over the steps of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScriptCurve {
    pub name: String,
    /// The row in which the last attempt was started.
    pub ledger_row: u64,
    /// (step, value), by step; thinned to the extremes of each stretch.
    pub points: Vec<[f64; 2]>,
}

/// A measured score, and the ends of its interval, as the ledger names them.
pub fn names_of(metric: Metric) -> [String; 3] {
    let name = metric.in_words();
    [name.to_string(), format!("{name}, low"), format!("{name}, high")]
}

/// Builds and checks the report of a script's run. `told`: what each attempt told, from the first on; `settings`: of each; `scored`: the
/// metrics that were measured, best first, or why there are none.
///
/// # Errors
/// The ledger lacks a row that the report needs, or a row does not hold the number that cites it.
pub fn build_script(
    spec: &ScriptSpec,
    ledger: &[Entry],
    (told, settings): (&[Vec<Told>], &[Settings]),
    (outcome, reason): (&Outcome, &str),
    scored: &Result<Vec<Metric>, String>,
    folder: &Path,
) -> Result<ScriptReport, Error> {
    let book = Book { ledger };
    let held_out = spec.held_out.as_ref().filter(|_| scored.as_ref().is_ok_and(|scored| !scored.is_empty()));
    let title = match &spec.script {
        None => "A script that a language model wrote".into(),
        Some(file) => file.file_name().map_or_else(|| "script".into(), |name| name.to_string_lossy().into_owned()),
    };
    let written = written(ledger);
    let mut report = ScriptReport {
        version: VERSION,
        title,
        run_id: folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        folder: folder.display().to_string(),
        completed: *outcome == Outcome::Completed,
        ended: end(outcome, reason),
        scores: scored.as_deref().unwrap_or_default().iter().filter_map(|metric| score_shown(ledger, *metric)).collect(),
        measured_on: held_out.map(|held_out| {
            let (examples, file) = (count(held_out.examples as f64), held_out.file.display());
            format!("Measured on {examples} examples of `{file}`, whose `{}` the script could not see.", held_out.label)
        }),
        not_scored: scored.as_ref().err().cloned(),
        metrics: metrics(ledger),
        curves: curves(told, book.last_started(crate::script::RUN)),
        made_with: made_with(spec, &written),
        taken: if written.is_empty() { Vec::new() } else { taken(ledger) },
        written,
        attempts: book.attempts().into_iter().map(|attempt| with_settings(attempt, settings)).collect(),
        jail: book.jail(),
        notes: notes(ledger, &book),
        repeat: book.repeat()?,
        rows: Vec::new(),
    };
    report.rows = book.rows(&check::cited(&report)?);
    check::hold(&report, &Sources { ledger, made: None })?;
    Ok(report)
}

fn end(outcome: &Outcome, reason: &str) -> String {
    match outcome {
        Outcome::Completed => "completed".into(),
        Outcome::Interrupted { .. } => "was stopped; it can be resumed".into(),
        _ => format!("did not complete: {}", clean(reason)),
    }
}

/// As it was measured last.
fn score_shown(ledger: &[Entry], metric: Metric) -> Option<ScoreShown> {
    let [name, low, high] = names_of(metric);
    ledger.iter().rev().find_map(|entry| {
        let Record::Measured { values, .. } = &entry.record else { return None };
        let at = |name: &str| Some(Sourced { value: *values.get(name)?, ledger_row: entry.row });
        let interval = at(&low).zip(at(&high)).map(|(low, high)| [low, high]);
        Some(ScoreShown { metric, value: at(&name)?, interval })
    })
}

/// The last value of each, in the order of their first: of the last attempt, and of those that it says to go on from. What an attempt told
/// that was given up for another is not what the last one found.
fn metrics(ledger: &[Entry]) -> Vec<MetricShown> {
    let (mut earlier, mut metrics): (Vec<MetricShown>, Vec<MetricShown>) = (Vec::new(), Vec::new());
    let put = |metrics: &mut Vec<MetricShown>, metric: MetricShown| match metrics.iter_mut().find(|m| m.name == metric.name) {
        Some(known) => *known = metric,
        None => metrics.push(metric),
    };
    for entry in ledger {
        let at = |value: f64| Sourced { value, ledger_row: entry.row };
        match &entry.record {
            Record::AttemptStarted { run, .. } if run == crate::script::RUN => {
                metrics.drain(..).for_each(|metric| put(&mut earlier, metric));
            }
            Record::Script { told: Told::Started { step: 0, .. }, .. } => earlier.clear(),
            Record::Script { told: Told::Started { .. }, .. } => {
                let own = std::mem::replace(&mut metrics, std::mem::take(&mut earlier));
                own.into_iter().for_each(|metric| put(&mut metrics, metric));
            }
            Record::Script { told: Told::Metric { name, value, step }, .. } => {
                let step = step.map(|step| at(step as f64));
                put(&mut metrics, MetricShown { name: clean(name), value: at(*value), step });
            }
            _ => {}
        }
    }
    metrics
}

/// Loss, learning rate and what else has a course. An attempt that starts at step s replaces what earlier ones drew beyond s.
fn curves(told: &[Vec<Told>], row: Option<u64>) -> Vec<ScriptCurve> {
    let mut drawn: Vec<(String, Vec<[f64; 2]>)> = vec![("loss".into(), Vec::new()), ("learning rate".into(), Vec::new())];
    let mut of_name: BTreeMap<String, usize> = BTreeMap::new();
    for attempt in told {
        let from = attempt.iter().find_map(|told| if let Told::Started { step, .. } = told { Some(*step) } else { None });
        drawn.iter_mut().for_each(|(_, points)| points.retain(|[x, _]| *x <= from.unwrap_or(0) as f64));
        for told in attempt {
            match told {
                Told::Step { step, loss, lr } => {
                    drawn[0].1.push([*step as f64, *loss]);
                    drawn[1].1.extend(lr.map(|lr| [*step as f64, lr]));
                }
                Told::Metric { name, value, step: Some(step) } => {
                    let known = of_name.len();
                    if !of_name.contains_key(name) && known < MOST_CHARTS {
                        of_name.insert(name.clone(), drawn.len());
                        drawn.push((clean(name), Vec::new()));
                    }
                    if let Some(at) = of_name.get(name) {
                        drawn[*at].1.push([*step as f64, *value]);
                    }
                }
                _ => {}
            }
        }
    }
    let curve = |(name, mut points): (String, Vec<[f64; 2]>)| {
        points.retain(|point| point.iter().all(|value| value.is_finite()));
        // By step, whatever order a script tells them in.
        points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let shown = points.len() > 1;
        row.filter(|_| shown).map(|ledger_row| ScriptCurve { name, ledger_row, points: thin(points, MAX_POINTS) })
    };
    drawn.into_iter().filter_map(curve).collect()
}

fn written(ledger: &[Entry]) -> Vec<WrittenShown> {
    let shown = |entry: &Entry| match &entry.record {
        Record::Written { attempt, by, file, sha256, .. } => Some(WrittenShown {
            attempt: *attempt,
            by: clean(by),
            file: clean(file),
            sha256: sha256.clone(),
            ledger_row: entry.row,
        }),
        _ => None,
    };
    ledger.iter().filter_map(shown).collect()
}

/// The last row of what a language model took.
fn taken(ledger: &[Entry]) -> Vec<MetricShown> {
    let of_model = |entry: &&Entry| matches!(&entry.record, Record::Measured { what, .. } if what.ends_with(crate::llm::TOOK));
    let Some(Entry { row, record: Record::Measured { values, .. }, .. }) = ledger.iter().rev().find(of_model) else {
        return Vec::new();
    };
    let shown = |(name, value): (&String, &f64)| MetricShown {
        name: name.clone(),
        value: Sourced { value: *value, ledger_row: *row },
        step: None,
    };
    values.iter().map(shown).collect()
}

/// That the code was generated, by whom, and what that means for its numbers; none where somebody gave it.
fn generated(report: &ScriptReport) -> Option<String> {
    let last = report.written.last()?;
    let scores = match report.measured_on {
        Some(_) => "its scores were measured by Tallow, on examples whose answers it could not see",
        None => "its numbers are its own, and nobody has measured them",
    };
    Some(format!("The code was written by the language model {}; {scores}.", last.by))
}

fn made_with(spec: &ScriptSpec, written: &[WrittenShown]) -> Vec<(String, String)> {
    let none = || "none".to_string();
    let script = match (written.last(), &spec.script) {
        (Some(last), _) => format!("{}, written by {}, sha256 {}", last.file, last.by, last.sha256),
        (None, Some(file)) => {
            format!("{}, sha256 {}", clean(&file.display().to_string()), spec.script_sha256.as_deref().unwrap_or_default())
        }
        (None, None) => none(),
    };
    let limit = |limit: Option<u64>, is_asked: bool| match limit.map(|limit| bytes(limit as f64)) {
        None => "no limit".to_string(),
        Some(limit) if is_asked => format!("at most {limit}"),
        Some(limit) => format!("at most {limit}, a share of what the machine had to spare"),
    };
    let rows = [
        ("script", script),
        ("image", format!("{}, {}", clean(&spec.image), spec.image_id)),
        ("data", spec.data.as_ref().map_or_else(none, |data| clean(&data.display().to_string()))),
        ("seed", spec.seed.to_string()),
        ("processors", spec.cpus.to_string()),
        ("GPU", if spec.gpu { "all that the engine passes on".into() } else { none() }),
        ("memory", limit(spec.memory_limit(), spec.max_memory_bytes.is_some())),
        ("disk", limit(spec.disk_limit(), spec.max_disk_bytes.is_some())),
        ("time", spec.max_time_secs.map_or("no limit".into(), |limit| format!("at most {}", duration(limit as f64)))),
    ];
    rows.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

/// Says of an attempt what differed in it.
fn with_settings(attempt: AttemptShown, settings: &[Settings]) -> AttemptShown {
    if attempt.run != crate::script::RUN {
        return attempt;
    }
    let given = (attempt.attempt as usize).checked_sub(1).and_then(|at| settings.get(at)).copied().unwrap_or_default();
    let mut words = vec!["script".to_string()];
    if given.batch_parts != 1 {
        words.push(format!("batches in {} parts", given.batch_parts));
    }
    if given.lr_scale != 1.0 {
        words.push(format!("learning rates x {}", plain(given.lr_scale)));
    }
    AttemptShown { job: words.join(", "), ..attempt }
}

fn notes(ledger: &[Entry], book: &Book) -> Vec<NoteShown> {
    let of_script = ledger.iter().filter_map(|entry| match &entry.record {
        Record::Script { told: Told::Note { message }, .. } => {
            Some(NoteShown { run: crate::script::RUN.into(), message: message.clone(), ledger_row: entry.row })
        }
        _ => None,
    });
    book.notes().into_iter().chain(of_script).collect()
}

#[cfg(test)]
mod tests;
