//! What a script's run has to show: its own numbers, named as such, and what was measured of it. From the ledger; pure.

use super::book::Book;
use super::check::{self, Sources};
use super::curves::thin;
use super::document::{self, Block, ChartShown, Line, Section, number, prose, text};
use super::plot::{Chart, Series};
use super::types::*;
use super::{Error, Style};
use crate::run::Outcome;
use crate::script::{ScriptSpec, Settings, Told};
use crate::spec::Metric;
use crate::store::{Entry, Record};
use crate::words::{bytes, clean, count, duration, measured, plain, score};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Version of a script's `report.json`.
const VERSION: u32 = 3;

/// Points that a curve keeps at most.
const MAX_POINTS: usize = 600;
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

/// The whole report as Markdown; a number is followed by its ledger row in brackets.
pub fn script_markdown(report: &ScriptReport) -> String {
    let mut out =
        super::markdown::heading(&report.title, if report.completed { "Completed" } else { "Not completed" }, &said(report));
    sections(report).iter().for_each(|section| super::markdown::section_text(&mut out, section));
    out
}

/// The whole report as one page.
pub fn script_html(report: &ScriptReport) -> String {
    super::html::script_page(report, &sections(report))
}

/// The end of a run on a terminal.
pub fn script_terminal(report: &ScriptReport, style: Style) -> String {
    let word = if report.completed { style.green("Completed") } else { style.red("Not completed") };
    let mut out = format!("{}\n\n{word}: the script {}\n", style.bold(&clean(&report.title)), report.ended);
    out.extend(generated(report).map(|words| format!("{}\n", clean(&words))));
    let mut table = |head: &str, rows: Vec<(String, String)>| {
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        if !rows.is_empty() {
            out.push_str(&format!("\n{head}\n"));
            rows.iter().for_each(|(name, value)| out.push_str(&format!("  {name:<width$}  {value}\n")));
        }
    };
    let interval = |score_shown: &ScoreShown| match score_shown.interval {
        Some([low, high]) => format!(" ({} to {})", score(low.value), score(high.value)),
        None => String::new(),
    };
    let scores =
        report.scores.iter().map(|shown| (shown.metric.in_words().to_string(), score(shown.value.value) + &interval(shown)));
    table(&clean(report.measured_on.as_deref().unwrap_or_default()), scores.collect());
    let told = report.metrics.iter().map(|metric| (metric.name.clone(), measured(metric.value.value)));
    table("Its own numbers, as it told them; Tallow did not measure them.", told.collect());
    table("", report.notes.iter().map(|note| ("note:".to_string(), clean(&note.message))).collect());
    if let Some(why) = &report.not_scored {
        out.push_str(&format!("\nNot scored: {}\n", clean(why)));
    }
    out.push_str(&format!("\nReport  {}/report.html\n", report.folder.trim_end_matches('/')));
    out
}

/// A card for what a completed script left: who wrote the code, what was measured and by whom, and where things lie.
pub fn script_card(report: &ScriptReport) -> String {
    let mut out = format!("# {}\n\n", super::markdown::escape(&report.title));
    let mut line = |words: &str| out.push_str(&format!("{words}\n\n"));
    line(&super::markdown::escape(&generated(report).unwrap_or_else(|| "The code was given by whoever ran it.".into())));
    line("It ran in a container without network, as a user without rights.");
    if let Some(measured_on) = &report.measured_on {
        line(&super::markdown::escape(measured_on));
    }
    for shown in &report.scores {
        let interval = match shown.interval {
            Some([low, high]) => format!(" (95 % interval {} to {})", score(low.value), score(high.value)),
            None => String::new(),
        };
        out.push_str(&format!("- {}: {}{interval}, measured by Tallow\n", shown.metric.in_words(), score(shown.value.value)));
    }
    for metric in &report.metrics {
        let name = super::markdown::escape(&metric.name);
        out.push_str(&format!("- {name}: {}, as the script told it; nobody measured it\n", measured(metric.value.value)));
    }
    let last = report.attempts.iter().rev().find(|attempt| attempt.run == crate::script::RUN).map_or(1, |shown| shown.attempt);
    out.push_str(&format!(
        "\n- `runs/script/attempts/{last:03}/work`: what it left, its model among it\n- `runs/script/attempts/{last:03}/script.py`: the code\n\
         - `report.html`: all of it, with its sources; `manifest.json`: hashes\n"
    ));
    out
}

/// The sentence below the verdict's word.
pub(super) fn said(report: &ScriptReport) -> String {
    format!("The script {}.", report.ended.trim_end_matches('.'))
}

/// The sections below it.
fn sections(report: &ScriptReport) -> Vec<Section> {
    let all = [
        Section { title: "Who wrote it", blocks: authors(report) },
        Section { title: "Scores", blocks: scores(report) },
        Section { title: "The script's own numbers", blocks: own(report) },
        Section { title: "Curves", blocks: charts(report) },
        Section { title: "Made with", blocks: made(report) },
        Section { title: "Attempts and recovery", blocks: document::attempts(&report.attempts, &report.notes) },
        Section { title: "Jail", blocks: document::jail(&report.jail) },
        Section { title: "How to repeat", blocks: repeat(&report.repeat) },
        Section { title: "Sources", blocks: document::sources(&report.rows) },
    ];
    all.into_iter().filter(|section| !section.blocks.is_empty()).collect()
}

fn authors(report: &ScriptReport) -> Vec<Block> {
    let Some(words) = generated(report) else { return Vec::new() };
    let row = |shown: &WrittenShown| {
        let attempt = Line::default().number(shown.attempt.to_string(), &[shown.ledger_row]);
        vec![attempt, text(&shown.by), text(&shown.file), text(&shown.sha256)]
    };
    let head = document::head(&["from attempt", "written by", "file", "sha256"]);
    let table = Block::Table { head, rows: report.written.iter().map(row).collect() };
    let taken = report.taken.iter().map(|taken| (taken.name.clone(), number(Some(taken.value), plain)));
    vec![Block::Paragraph(prose(&words)), table, Block::Pairs(taken.collect())]
}

fn scores(report: &ScriptReport) -> Vec<Block> {
    let row = |shown: &ScoreShown| {
        let interval = match shown.interval {
            Some([low, high]) => number(Some(low), score).text(" to ").number(score(high.value), &[high.ledger_row]),
            None => text("–"),
        };
        vec![text(shown.metric.in_words()), number(Some(shown.value), score), interval]
    };
    let mut blocks: Vec<Block> = report.measured_on.iter().map(|words| Block::Paragraph(prose(words))).collect();
    blocks.extend(
        report
            .not_scored
            .iter()
            .map(|why| Block::Paragraph(Line::default().strong("Not scored").text(format!(": {}", clean(why))))),
    );
    if !report.scores.is_empty() {
        let head = document::head(&["metric", "value", "95 % interval"]);
        blocks.push(Block::Table { head, rows: report.scores.iter().map(row).collect() });
    }
    blocks
}

fn own(report: &ScriptReport) -> Vec<Block> {
    if report.metrics.is_empty() {
        return vec![Block::Paragraph(text("It told no metric."))];
    }
    let row = |metric: &MetricShown| vec![text(&metric.name), number(Some(metric.value), measured), number(metric.step, count)];
    vec![
        Block::Paragraph(text("As it told them; Tallow did not measure them.")),
        Block::Table { head: document::head(&["metric", "value", "step"]), rows: report.metrics.iter().map(row).collect() },
    ]
}

fn charts(report: &ScriptReport) -> Vec<Block> {
    let shown = report.curves.iter().map(|curve| {
        let series = vec![Series { label: curve.name.clone(), points: curve.points.clone() }];
        let is_loss = curve.name == "loss";
        let log_y = is_loss && document::spans_decades(&series);
        let chart = Chart { title: curve.name.clone(), x_label: "step".into(), log_y, smoothed: is_loss, series };
        ChartShown { chart, rows: vec![curve.ledger_row] }
    });
    let shown: Vec<ChartShown> = shown.collect();
    if shown.is_empty() { vec![] } else { vec![Block::Charts(shown)] }
}

fn made(report: &ScriptReport) -> Vec<Block> {
    vec![Block::Pairs(report.made_with.iter().map(|(name, value)| (name.clone(), text(value))).collect())]
}

fn repeat(repeat: &Repeat) -> Vec<Block> {
    vec![
        document::commands(repeat),
        document::program(repeat),
        Block::Paragraph(text("Whether it comes out the same again is the script's own doing.")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Event, JobKind};
    use crate::sandbox::Level;
    use crate::store::{Decided, Purpose};

    fn spec() -> ScriptSpec {
        ScriptSpec {
            version: 1,
            script: Some("a/train.py".into()),
            script_sha256: Some("ab".into()),
            image: "python".into(),
            image_id: "sha256:cd".into(),
            data: None,
            held_out: Some(crate::script::HeldOut {
                file: "held.csv".into(),
                file_sha256: "x".into(),
                label: "kind".into(),
                examples: 40,
            }),
            seed: 3,
            cpus: 2,
            gpu: false,
            max_memory_bytes: Some(1 << 30),
            max_disk_bytes: None,
            spare_memory_bytes: None,
            spare_disk_bytes: Some(5 << 30),
            max_time_secs: None,
            max_silence_secs: None,
            max_attempts: None,
            author: None,
        }
    }

    /// A run whose second attempt completes.
    fn ledger() -> Vec<Entry> {
        let metric = |name: &str, value, step| Told::Metric { name: name.into(), value, step };
        let script = |attempt, told| Record::Script { attempt, told };
        let started = |attempt| Record::AttemptStarted { run: "script".into(), attempt, job: JobKind::Script };
        let ended =
            |attempt, outcome| Record::AttemptEnded { run: "script".into(), attempt, outcome, wall_secs: 2.5, max_rss_bytes: 0 };
        let layers = [("network".to_string(), "none".to_string())].into();
        let jailed = Event::Jailed { level: Level::Strict, layers, start_ms: 0.0 };
        let accuracy = [("accuracy", 0.75), ("accuracy, low", 0.6), ("accuracy, high", 0.85)];
        let records = [
            Record::Created {
                purpose: Purpose::Script,
                command: vec!["tallow".into(), "train".into()],
                version: "1".into(),
                binary_sha256: "e".into(),
            },
            started(1),
            Record::Told { run: "script".into(), attempt: 1, told: jailed },
            script(1, metric("f1", 0.1, Some(1))),
            script(1, metric("old", 0.1, None)),
            ended(1, Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: None }),
            Record::Recovery { run: "script".into(), attempt: 1, decision: Decided::Mend, reason: "smaller".into() },
            started(2),
            script(2, Told::Started { step: 0, total_steps: 9 }),
            script(2, metric("f1", 0.75, Some(9))),
            script(2, metric("<b>|\u{1b}[31m", 1e-7, None)),
            script(2, Told::Note { message: "2 lines were no events".into() }),
            ended(2, Outcome::Completed),
            Record::Measured { what: "x".into(), values: accuracy.map(|(name, value)| (name.to_string(), value)).into() },
        ];
        (1..).zip(records).map(|(row, record)| Entry { row, at: String::new(), record }).collect()
    }

    fn report() -> ScriptReport {
        let steps = |range: std::ops::RangeInclusive<u64>, scale: f64| {
            range.map(move |step| Told::Step { step, loss: scale / step as f64, lr: Some(0.1) })
        };
        let first: Vec<Told> = steps(1..=9, 100.0).collect();
        let second = [Told::Started { step: 0, total_steps: 9 }].into_iter().chain(steps(1..=9, 1.0)).collect();
        let settings = [Settings::default(), Settings { batch_parts: 2, lr_scale: 0.3 }];
        let scored = Ok(vec![Metric::Accuracy]);
        let ended = (&Outcome::Completed, "");
        build_script(&spec(), &ledger(), (&[first, second], &settings), ended, &scored, Path::new("/runs/a")).expect("a report")
    }

    #[test]
    fn the_last_value_of_the_last_attempt_counts_and_has_its_row() {
        let report = report();
        assert_eq!(
            report.metrics.iter().map(|m| (m.value.value, m.value.ledger_row)).collect::<Vec<_>>(),
            [(0.75, 10), (1e-7, 11)]
        );
        assert_eq!(
            report.scores[0].interval.map(|ends| ends.map(|end| (end.value, end.ledger_row))),
            Some([(0.6, 14), (0.85, 14)])
        );
        // What the first attempt drew is gone: it was given up.
        assert_eq!(report.curves[0].points, (1..=9).map(|x| [f64::from(x), 1.0 / f64::from(x)]).collect::<Vec<_>>());
        assert_eq!(
            report.attempts.iter().map(|a| a.job.as_str()).collect::<Vec<_>>(),
            ["script", "script, batches in 2 parts, learning rates x 0.3"]
        );
        let text = serde_json::to_string(&report).expect("JSON");
        assert_eq!(serde_json::from_str::<ScriptReport>(&text).expect("read back"), report);
    }

    /// A script that never says where it starts has its own attempt's numbers alone; one that goes on has those before it, too.
    #[test]
    fn numbers_of_attempts_that_were_given_up_are_gone() {
        let shown = |start: Option<Told>| {
            let mut ledger = ledger();
            let at = ledger.iter().position(|entry| matches!(entry.record, Record::Script { attempt: 2, .. })).expect("a row");
            match start {
                Some(told) => ledger[at].record = Record::Script { attempt: 2, told },
                None => drop(ledger.remove(at)),
            }
            metrics(&ledger).into_iter().map(|metric| metric.name).collect::<Vec<_>>()
        };
        assert_eq!(shown(None), ["f1", "<b>| [31m"]);
        assert_eq!(shown(Some(Told::Started { step: 0, total_steps: 9 })), ["f1", "<b>| [31m"]);
        assert_eq!(shown(Some(Told::Started { step: 4, total_steps: 9 })), ["f1", "old", "<b>| [31m"]);
    }

    #[test]
    fn the_pages_show_all_of_it_and_text_stays_text() {
        let report = report();
        let (markdown, page, terminal) = (script_markdown(&report), script_html(&report), script_terminal(&report, Style::Plain));
        for words in ["0.75", "smaller", "2 lines were no events", "1.000e-7", "held.csv", "batches in 2 parts"] {
            assert!(markdown.replace('\\', "").contains(words) && page.contains(words), "{words}\n{markdown}\n{page}");
        }
        assert!(
            page.contains("<svg") && page.contains("&lt;b&gt;") && !page.contains("<b>") && !page.contains('\u{1b}'),
            "{page}"
        );
        assert!(terminal.contains("accuracy  0.7500 (0.6000 to 0.8500)") && terminal.contains("Completed"), "{terminal}");
    }

    #[test]
    fn code_that_was_generated_is_said_to_be() {
        let (mut ledger, ended) = (ledger(), (&Outcome::Completed, ""));
        let by = "m at h|<b>".to_string();
        let (file, sha256) = ("runs/script/attempts/002/script.py".to_string(), "ef".to_string());
        ledger[6].record = Record::Written { attempt: 2, by, file, sha256, secs: 1.0 };
        let took = [("tokens", 1234.0), ("US dollars", 0.0)].map(|(name, value)| (name.to_string(), value)).into();
        let record = Record::Measured { what: format!("what m {}", crate::llm::TOOK), values: took };
        ledger.push(Entry { row: 15, at: String::new(), record });
        let spec = ScriptSpec { script: None, script_sha256: None, ..spec() };
        let scored = Ok(vec![Metric::Accuracy]);
        let report = build_script(&spec, &ledger, (&[], &[]), ended, &scored, Path::new("/runs/a")).expect("a report");
        for page in [script_markdown(&report), script_terminal(&report, Style::Plain), script_card(&report)] {
            let page = page.replace('\\', "");
            assert!(page.contains("was written by the language model m at h") && page.contains("measured by Tallow"), "{page}");
        }
        assert!(script_card(&report).contains("- accuracy: 0.7500 (95 % interval 0.6000 to 0.8500), measured by Tallow"));
        assert!(script_html(&report).contains("runs/script/attempts/002/script.py") && !script_html(&report).contains("h|<b>"));
        assert!(report.rows.iter().any(|row| row.ledger_row == 7), "the row of who wrote it is a source");
        assert!(script_markdown(&report).contains("1234"), "what it took is told");
    }

    #[test]
    fn what_cannot_be_scored_is_said() {
        let (spec, ledger, ended) = (spec(), ledger(), (&Outcome::Completed, ""));
        let why = Err("expected 40, found 3".to_string());
        let report = build_script(&spec, &ledger, (&[], &[]), ended, &why, Path::new("/runs/a")).expect("a report");
        assert!(report.scores.is_empty() && script_markdown(&report).contains("expected 40, found 3"));
        assert!(script_html(&report).contains("expected 40, found 3"));
    }
}
