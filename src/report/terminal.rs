//! The end of a run on a terminal: what came out, the verdict, the deviations, where the model lies.

use super::blocks::plain;
use super::{Report, Scores, Style, document};
use crate::eval::Verdict;
use crate::spec::Metric;
use crate::words::{bytes, clean, duration, quoted, rate, score};

/// The report in a screenful of plain text, `width` columns wide. Colours only as `style` says.
pub fn terminal(report: &Report, style: Style, width: usize) -> String {
    let width = width.clamp(40, 120);
    let mut out = format!("{}\n\n", style.bold(&cut(&clean(&report.title), width)));
    out.push_str(&score_table(report, style));
    let (word, reason) = verdict_words(report);
    let word = match report.verdict {
        Verdict::Supported { .. } => style.green(word),
        Verdict::Refuted { .. } => style.red(word),
        Verdict::Inconclusive { .. } => style.yellow(word),
        Verdict::NoClaim => style.bold(word),
    };
    out.push_str(&format!("\n{word}\n"));
    if !reason.is_empty() {
        out.push_str(&wrapped(&reason, "  ", width));
    }
    out.push_str(&search(report, style, width));
    out.push_str(&deviations(report, style, width));
    out.push_str(&places(report, style));
    out
}

/// The verdict in a word or two, and its reason.
pub(super) fn verdict_words(report: &Report) -> (&'static str, String) {
    let reason = match &report.verdict {
        Verdict::Supported { reason } | Verdict::Refuted { reason } | Verdict::Inconclusive { reason } => clean(reason),
        Verdict::NoClaim if report.scores.is_held_to_something() => {
            nothing_learnt(report.metric, &report.scores).unwrap_or_default()
        }
        Verdict::NoClaim => return ("Measured", measured(report.metric, &report.scores)),
    };
    (report.verdict.word(), reason)
}

/// What was measured, and beside what, where neither a paper nor anybody else said what it should be.
fn measured(metric: Metric, scores: &Scores) -> String {
    let ours = format!("{} {}", metric.in_words(), score(scores.ours.value));
    match (nothing_learnt(metric, scores), scores.baseline) {
        (Some(nothing), _) => format!("{} {nothing}", metric.in_words()),
        (None, Some(baseline)) => format!("{ours}, beside {} for {}", score(baseline.value), clean(&scores.baseline_is)),
        (None, None) => ours,
    }
}

/// That the score is no better than its baseline, or not surely so: what nobody's target brings to light.
fn nothing_learnt(metric: Metric, scores: &Scores) -> Option<String> {
    let (baseline, ours) = (scores.baseline?.value, scores.ours.value);
    let of = format!("{} ({})", clean(&scores.baseline_is), score(baseline));
    if metric.reaches(baseline, ours) {
        return Some(format!("{} is no better than {of}: nothing was learnt that this metric shows", score(ours)));
    }
    let interval = scores.interval.as_ref()?;
    let worst = if metric.lower_is_better() { interval.high.value } else { interval.low.value };
    let unsure = metric.reaches(baseline, worst);
    unsure.then(|| format!("{} is not surely better than {of}, which lies within its 95 % interval", score(ours)))
}

fn score_table(report: &Report, style: Style) -> String {
    let scores = &report.scores;
    let shown = |value: Option<f64>| value.map_or("–".to_string(), score);
    let mut ours = score(scores.ours.value);
    if let Some(interval) = &scores.interval {
        ours.push_str(&format!(" ({} to {})", score(interval.low.value), score(interval.high.value)));
    }
    let mut cells = vec![
        ("metric", report.metric.in_words().to_string()),
        ("paper", shown(scores.paper.map(|n| n.value))),
        ("target", shown(scores.target.map(|n| n.value))),
        ("ours (95 % interval)", ours),
        ("baseline", shown(scores.baseline.map(|n| n.value))),
    ];
    cells.retain(|(name, _)| scores.is_held_to_something() || !["paper", "target"].contains(name));
    let (mut head, mut row) = (String::from("  "), String::from("  "));
    for (i, (name, value)) in cells.iter().enumerate() {
        let width = name.chars().count().max(value.chars().count());
        let gap = if i + 1 < cells.len() { "   " } else { "" };
        head.push_str(&format!("{}{gap}", style.dim(&format!("{name:<width$}"))));
        let value = format!("{value:<width$}");
        row.push_str(&format!("{}{gap}", if *name == "ours (95 % interval)" { style.bold(&value) } else { value }));
    }
    let trimmed = |line: String| line.trim_end().to_string();
    format!("{}\n{}\n", trimmed(head), trimmed(row))
}

fn search(report: &Report, style: Style, width: usize) -> String {
    let Some(search) = &report.search else { return String::new() };
    let mut out = format!("\n{}\n{}", style.bold("Search"), wrapped(&plain(&document::gain_in_words(search)), "  ", width));
    for trial in search.trials.iter().filter(|trial| trial.kept && !trial.changes.is_empty()) {
        let score = trial.score.map(|n| score(n.value)).unwrap_or_default();
        out.push_str(&wrapped(&format!("trial {}, {score}: {}", trial.trial, clean(&trial.changes.join("; "))), "  ", width));
    }
    out
}

fn deviations(report: &Report, style: Style, width: usize) -> String {
    let mut out = String::new();
    if !report.deviations.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("Differs from what is stated")));
    }
    for d in &report.deviations {
        let change = format!("{}: {} -> {}", clean(&d.field), clean(&d.stated), clean(&d.used));
        out.push_str(&wrapped(&change, "  ", width));
        out.push_str(&wrapped(&clean(&d.reason), "    ", width));
    }
    if !report.not_understood.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("Not understood")));
        out.push_str(&wrapped(&clean(&quoted(&report.not_understood)), "  ", width));
    }
    out
}

fn places(report: &Report, style: Style) -> String {
    let folder = report.folder.trim_end_matches('/');
    let mut out = String::from("\n");
    for cost in &report.cost {
        let (Some(secs), run) = (cost.train_secs, &cost.run) else { continue };
        let speed = |over: Option<super::Sourced>, what: &str| Some(format!("{} {what}/s", rate(over?.value, secs.value)?));
        let speed = speed(cost.tokens, "tokens").or_else(|| speed(cost.examples, "examples")).unwrap_or_default();
        let peak = cost.peak_bytes.map(|b| format!(", peak memory {}", bytes(b.value))).unwrap_or_default();
        out.push_str(&format!("{} {run} in {}, {speed}{peak}\n", style.bold("Trained"), duration(secs.value)));
    }
    out.push_str(&format!("{}  {folder}/{}\n", style.bold("Model "), report.model.place));
    out.push_str(&format!("{}  {folder}/report.html\n", style.bold("Report")));
    out
}

/// Words wrapped to `width` columns, each line after `indent`.
fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let room = width.saturating_sub(indent.len()).max(20);
    let (mut out, mut line) = (String::new(), String::new());
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            out.push_str(&format!("{indent}{line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        out.push_str(&format!("{indent}{line}\n"));
    }
    out
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width { text.to_string() } else { text.chars().take(width - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::super::types::{IntervalShown, Sourced};
    use super::*;

    #[test]
    fn who_learnt_nothing_is_told_so_without_a_target() {
        let at = |value: f64| Sourced { value, ledger_row: 1 };
        let scores = |ours: f64, [low, high]: [f64; 2], baseline: f64| Scores {
            paper: None,
            target: None,
            target_source: None,
            ours: at(ours),
            interval: Some(IntervalShown { low: at(low), high: at(high), basis: String::new() }),
            baseline: Some(at(baseline)),
            baseline_is: "the most frequent class".into(),
            runs: Vec::new(),
        };
        let beside = |metric, scores| measured(metric, &scores);
        assert_eq!(
            beside(Metric::Accuracy, scores(0.62, [0.58, 0.66], 0.51)),
            "accuracy 0.6200, beside 0.5100 for the most frequent class"
        );
        assert!(beside(Metric::Accuracy, scores(0.49, [0.45, 0.53], 0.51)).starts_with("accuracy 0.4900 is no better than"));
        let alone = Scores { baseline: None, ..scores(0.62, [0.58, 0.66], 0.51) };
        assert_eq!(beside(Metric::Accuracy, alone), "accuracy 0.6200");
        let told = |metric, scores| nothing_learnt(metric, &scores).unwrap_or_default();
        assert!(
            told(Metric::Accuracy, scores(0.49, [0.45, 0.53], 0.51))
                .contains("0.4900 is no better than the most frequent class (0.5100)")
        );
        assert!(told(Metric::Accuracy, scores(0.52, [0.48, 0.56], 0.51)).contains("not surely"));
        assert_eq!(told(Metric::Accuracy, scores(0.62, [0.58, 0.66], 0.51)), "");
        assert!(told(Metric::Rmse, scores(2.1, [1.9, 2.3], 2.0)).contains("no better"));
        assert_eq!(told(Metric::Rmse, scores(1.1, [0.9, 1.3], 2.0)), "");
    }

    #[test]
    fn text_is_wrapped_and_cut() {
        assert_eq!(wrapped("aaaa bbbb cccc dddd eeee ffff", "  ", 22), "  aaaa bbbb cccc dddd\n  eeee ffff\n");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
    }
}
