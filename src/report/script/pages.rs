//! The pages about a script's run: Markdown, one page of HTML, the end on a terminal, and a card for what it left.

use super::super::blocks::{Block, ChartShown, Line, Section, head, number, prose, text};
use super::super::document;
use super::super::plot::{Chart, Series};
use super::super::types::Repeat;
use super::super::{Style, html, markdown};
use super::{MetricShown, ScoreShown, ScriptReport, WrittenShown, generated};
use crate::words::{clean, count, measured, plain, score};

/// The whole report as Markdown; a number is followed by its ledger row in brackets.
pub fn script_markdown(report: &ScriptReport) -> String {
    let mut out = markdown::heading(&report.title, if report.completed { "Completed" } else { "Not completed" }, &said(report));
    sections(report).iter().for_each(|section| markdown::section_text(&mut out, section));
    out
}

/// The whole report as one page.
pub fn script_html(report: &ScriptReport) -> String {
    html::script_page(report, &sections(report))
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
    let mut out = format!("# {}\n\n", markdown::escape(&report.title));
    let mut line = |words: &str| out.push_str(&format!("{words}\n\n"));
    line(&markdown::escape(&generated(report).unwrap_or_else(|| "The code was given by whoever ran it.".into())));
    line("It ran in a container without network, as a user without rights.");
    if let Some(measured_on) = &report.measured_on {
        line(&markdown::escape(measured_on));
    }
    for shown in &report.scores {
        let interval = match shown.interval {
            Some([low, high]) => format!(" (95 % interval {} to {})", score(low.value), score(high.value)),
            None => String::new(),
        };
        out.push_str(&format!("- {}: {}{interval}, measured by Tallow\n", shown.metric.in_words(), score(shown.value.value)));
    }
    for metric in &report.metrics {
        let name = markdown::escape(&metric.name);
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
pub(in crate::report) fn said(report: &ScriptReport) -> String {
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
    let head = head(&["from attempt", "written by", "file", "sha256"]);
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
        let head = head(&["metric", "value", "95 % interval"]);
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
        Block::Table { head: head(&["metric", "value", "step"]), rows: report.metrics.iter().map(row).collect() },
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
