//! The report as Markdown. Text from outside is escaped, so that it stays text.

use super::Report;
use super::blocks::{BarsShown, Block, ChartShown, Line, Piece, Section, number, prose, text};
use super::document::sections;
use super::terminal::verdict_words;
use super::types::{Scores, Sourced};
use crate::words::{clean, count, put, score};

/// The whole report. A number is followed by its ledger rows in brackets: 0.8890 [12].
pub fn markdown(report: &Report) -> String {
    let (word, reason) = verdict_words(report);
    let mut out = heading(&report.title, word, &reason);
    scores(&mut out, report);
    for section in sections(report) {
        section_text(&mut out, &section);
    }
    out
}

/// The title, and the verdict with its reason.
pub(super) fn heading(title: &str, word: &str, reason: &str) -> String {
    let mut out = format!("# {}\n\n**{word}**", escape(&clean(title)));
    if !reason.is_empty() {
        put(&mut out, format_args!(": {}", line_text(&prose(reason))));
    }
    out + "\n\n"
}

fn scores(out: &mut String, report: &Report) {
    let Scores { paper, target, target_source, ours, interval, baseline, baseline_is, .. } = &report.scores;
    let shown = |n: &Option<Sourced>| n.map_or("–".into(), |n| format!("{} [{}]", score(n.value), n.ledger_row));
    let ours = match interval {
        Some(i) => format!(
            "{} ({} to {}) [{}]",
            score(ours.value),
            score(i.low.value),
            score(i.high.value),
            rows(&[ours.ledger_row, i.low.ledger_row])
        ),
        None => shown(&Some(*ours)),
    };
    let mut cells = vec![("metric", report.metric.in_words().to_string())];
    if report.scores.is_held_to_something() {
        cells.extend([("paper", shown(paper)), ("target", shown(target))]);
    }
    cells.extend([("ours (95 % interval)", format!("**{ours}**")), ("baseline", shown(baseline))]);
    let (head, row): (Vec<&str>, Vec<String>) = cells.into_iter().unzip();
    put(out, format_args!("| {} |\n|{}\n| {} |\n\n", head.join(" | "), "---|".repeat(head.len()), row.join(" | ")));
    if let Some(interval) = interval {
        put(out, format_args!("The interval is {}. ", interval.basis));
    }
    if let Some(source) = target_source {
        put(out, format_args!("Target: {}. ", escape(clean(source).trim_end_matches('.'))));
    }
    if baseline.is_some() {
        put(out, format_args!("The baseline is {baseline_is}."));
    }
    out.truncate(out.trim_end().len());
    out.push_str("\n\n");
}

pub(super) fn section_text(out: &mut String, section: &Section) {
    put(out, format_args!("## {}\n\n", section.title));
    section.blocks.iter().for_each(|block| block_text(out, block));
}

fn block_text(out: &mut String, block: &Block) {
    match block {
        Block::Paragraph(line) => put(out, format_args!("{}\n\n", line_text(line))),
        Block::Quote { text, from } => put(out, format_args!("> {}\n>\n> — {}\n\n", escape(text), escape(from))),
        Block::Table { head, rows } => table(out, head, rows),
        Block::Pairs(pairs) => {
            for (name, value) in pairs {
                put(out, format_args!("- {}: {}\n", escape(name), line_text(value)));
            }
            out.push('\n');
        }
        Block::List(lines) => {
            lines.iter().for_each(|line| put(out, format_args!("- {}\n", line_text(line))));
            out.push('\n');
        }
        Block::Code(code) => put(out, format_args!("```\n{}\n```\n\n", code.replace("```", "'''"))),
        Block::Charts(charts) => chart_table(out, charts),
        Block::Bars(all) => all.iter().for_each(|shown| bar_table(out, shown)),
        Block::Folded { title, blocks } => {
            put(out, format_args!("### {}\n\n", escape(title)));
            blocks.iter().for_each(|block| block_text(out, block));
        }
    }
}

fn table(out: &mut String, head: &[String], rows: &[Vec<Line>]) {
    let cells = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    out.push_str(&cells(head.iter().map(|name| escape(name)).collect()));
    out.push_str(&format!("|{}\n", "---|".repeat(head.len())));
    rows.iter().for_each(|row| out.push_str(&cells(row.iter().map(line_text).collect())));
    out.push('\n');
}

/// What the HTML page draws, as a table.
fn bar_table(out: &mut String, BarsShown { title, of, bars }: &BarsShown) {
    put(out, format_args!("{}:\n\n", escape(title)));
    let row = |(label, n): &(String, Sourced)| vec![text(label), number(Some(*n), count)];
    table(out, of, &bars.iter().map(row).collect::<Vec<_>>());
}

/// Charts are in the HTML page; here is where each curve starts and ends.
fn chart_table(out: &mut String, charts: &[ChartShown]) {
    out.push_str("| curve | run | first | last | ledger row |\n|---|---|---|---|---|\n");
    for ChartShown { chart, rows } in charts {
        for (series, row) in chart.series.iter().zip(rows) {
            let at = |p: Option<&[f64; 2]>| p.map_or("–".into(), |[x, y]| format!("{} at step {x}", short(*y)));
            let (first, last) = (at(series.points.first()), at(series.points.last()));
            put(out, format_args!("| {} | {} | {first} | {last} | {row} |\n", escape(&chart.title), escape(&series.label)));
        }
    }
    out.push('\n');
}

/// Four significant digits.
fn short(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:.3e}") } else { score(value) }
}

fn line_text(line: &Line) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => escape(text),
        Piece::Strong(text) => format!("**{}**", escape(text)),
        Piece::Code(text) => code(text),
        Piece::Row(row) => row.to_string(),
        Piece::Number(shown, cited) if shown.is_empty() => format!(" [{}]", rows(cited)),
        Piece::Number(shown, cited) => format!("{} [{}]", escape(shown), rows(cited)),
    };
    line.0.iter().map(piece).collect()
}

fn rows(cited: &[u64]) -> String {
    let mut cited = cited.to_vec();
    cited.dedup();
    cited.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

/// One line of prose, of ours or from outside, in which pairs of backticks mark code.
pub(crate) fn prose_line(text: &str) -> String {
    line_text(&prose(text))
}

/// As code, between more marks than the text itself has in a row: it cannot end it. Of nothing there is none, for two marks alone
/// would begin another.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|").replace(|c: char| c.is_control(), " ");
    let longest = text.split(|c: char| c != '`').map(str::len).max().unwrap_or(0);
    let marks = "`".repeat(longest + 1);
    match longest {
        0 if text.is_empty() => text,
        0 => format!("{marks}{text}{marks}"),
        _ => format!("{marks} {text} {marks}"),
    }
}

/// Text that stays text: no markup, no HTML, no links, no table cells of its own.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_text() {
        let check = |text: &str, expected: &str| assert_eq!(escape(text), expected);
        check("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;");
        check("[a](b) | *c*", r"\[a\](b) \| \*c\*");
        check("a\nb", "a b");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("a`` <img src=x> ``b"), "``` a`` <img src=x> ``b ```");
        assert_eq!(code("a\n\nb|c"), "`a  b\\|c`");
        assert_eq!(prose_line("a `b_c` _d_ <img>"), r"a `b_c` \_d\_ &lt;img&gt;");
        assert_eq!(prose_line("```<img>`"), "`<img>`", "nothing as code begins no code");
    }
}
