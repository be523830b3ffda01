//! The report as one self-contained page: inline CSS and SVG, no scripts, nothing fetched, light and dark. Every text goes
//! through maud's escaping; the only markup that is taken as it is comes from [`super::plot`], which escapes its own.

use super::blocks::{BarsShown, Block, ChartShown, Line, Piece, Section, prose};
use super::document::sections;
use super::plot::{self, Bar, Mark};
use super::script::{ScriptReport, said};
use super::terminal::verdict_words;
use super::types::{Report, Sourced};
use crate::eval::Verdict;
use crate::words::{clean, count, score};
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

const CSS: &str = include_str!("page.css");

/// The whole page.
pub fn html(report: &Report) -> String {
    let place = [&report.run_id, &report.folder];
    page(&report.title, place, &verdict(report), &sections(report), &report.repeat.version)
}

/// A page of another kind in the same dress. `body` is taken as it is.
pub(crate) fn sheet(title: &str, place: &str, body: &Markup, footer: &str) -> String {
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Tallow" }
                style { (PreEscaped(CSS)) }
            }
            body {
                main {
                    h1 { (title) }
                    p.where { (place) }
                    (body)
                    footer { (footer) }
                }
            }
        }
    };
    page.into_string()
}

/// The whole page of a script's run.
pub(super) fn script_page(report: &ScriptReport, sections: &[Section]) -> String {
    let best = report.scores.first();
    let sub =
        best.and_then(|best| best.interval).map(|[low, high]| format!("95 %: {} to {}", score(low.value), score(high.value)));
    let top = markup! {
        div class=(format!("verdict {}", if report.completed { "supported" } else { "refuted" })) {
            strong { @if report.completed { "Completed" } @else { "Not completed" } }
            p { (line(&prose(&said(report)))) }
            @if let Some(best) = best {
                dl.tiles {
                    (tile("metric", markup! { (best.metric.in_words()) }, None, false))
                    (tile("measured", stated(Some(best.value)), sub, true))
                }
            }
        }
    };
    page(&report.title, [&report.run_id, &report.folder], &top, sections, &report.repeat.version)
}

fn page(title: &str, [run, folder]: [&String; 2], top: &Markup, sections: &[Section], version: &str) -> String {
    let title = clean(title);
    let body = markup! {
        (top)
        @for section in sections {
            section {
                h2 { (section.title) }
                @for item in &section.blocks { (block(item)) }
            }
        }
    };
    let footer = format!("Written by Tallow {version}. Underlined numbers lead to their ledger rows.");
    sheet(&title, &format!("Run {run}, {folder}"), &body, &footer)
}

fn verdict(report: &Report) -> Markup {
    let (word, reason) = verdict_words(report);
    let class = match report.verdict {
        Verdict::Supported { .. } => "supported",
        Verdict::Refuted { .. } => "refuted",
        Verdict::Inconclusive { .. } => "inconclusive",
        Verdict::NoClaim => "no_claim",
    };
    let scores = &report.scores;
    let interval = scores.interval.as_ref();
    let sub = interval.map(|i| format!("95 %: {} to {}", score(i.low.value), score(i.high.value)));
    markup! {
        div class=(format!("verdict {class}")) {
            strong { (word) }
            @if !reason.is_empty() { p { (line(&prose(&reason))) } }
            dl.tiles {
                (tile("metric", markup! { (report.metric.in_words()) }, None, false))
                @if scores.is_held_to_something() {
                    (tile("paper", stated(scores.paper), None, false))
                    (tile("target", stated(scores.target), None, false))
                }
                (tile("ours", stated(Some(scores.ours)), sub, true))
                (tile("baseline", stated(scores.baseline), None, false))
            }
            div.span-line { (PreEscaped(plot::interval_line(&marks(report), interval.map(|i| (i.low.value, i.high.value))))) }
        }
        p.small {
            @if let Some(interval) = interval { "The interval is " (interval.basis) ". " }
            @if let Some(source) = &scores.target_source { "Target: " (clean(source).trim_end_matches('.')) ". " }
            @if scores.baseline.is_some() { "The baseline is " (scores.baseline_is) "." }
        }
    }
}

fn tile(name: &str, value: Markup, sub: Option<String>, ours: bool) -> Markup {
    markup! {
        div class=[ours.then_some("ours")] {
            dt { (name) }
            dd { (value) }
            @if let Some(sub) = sub { dd.sub { (sub) } }
        }
    }
}

fn stated(number: Option<Sourced>) -> Markup {
    match number {
        Some(n) => cited(&score(n.value), &[n.ledger_row]),
        None => markup! { "–" },
    }
}

fn marks(report: &Report) -> Vec<Mark> {
    let scores = &report.scores;
    let named = [("baseline", scores.baseline), ("target", scores.target), ("paper", scores.paper), ("ours", Some(scores.ours))];
    let mark = |(name, number): (&str, Option<Sourced>)| {
        let value = number?.value;
        Some(Mark { label: format!("{name} {}", score(value)), value, measured: name == "ours" })
    };
    named.into_iter().filter_map(mark).collect()
}

fn block(block: &Block) -> Markup {
    markup! {
        @match block {
            Block::Paragraph(text) => { p { (line(text)) } }
            Block::Quote { text, from } => { blockquote { "“" (text) "”" footer { (from) } } }
            Block::Table { head, rows } => { (table(head, rows)) }
            Block::Pairs(pairs) => {
                dl.pairs { @for (name, value) in pairs { dt { (name) } dd { (line(value)) } } }
            }
            Block::List(lines) => { ul { @for item in lines { li { (line(item)) } } } }
            Block::Code(code) => { pre { (code) } }
            Block::Charts(charts) => { div.charts { @for shown in charts { (chart(shown)) } } }
            Block::Bars(all) => { div.charts { @for shown in all { (bars(shown)) } } }
            Block::Folded { title, blocks } => {
                details { summary { (title) } @for item in blocks { (self::block(item)) } }
            }
        }
    }
}

fn table(head: &[String], rows: &[Vec<Line>]) -> Markup {
    markup! {
        div.scroll {
            table {
                thead { tr { @for name in head { th { (name) } } } }
                tbody {
                    @for row in rows { tr { @for cell in row { td class=[cell_class(cell)] { (line(cell)) } } } }
                }
            }
        }
    }
}

/// Short texts stay on one line, long ones get room.
fn cell_class(cell: &Line) -> Option<&'static str> {
    match cell.0.iter().map(length).sum::<usize>() {
        0..=24 => Some("short"),
        41.. => Some("prose"),
        _ => None,
    }
}

fn length(piece: &Piece) -> usize {
    match piece {
        Piece::Text(text) | Piece::Strong(text) | Piece::Code(text) | Piece::Number(text, _) => text.chars().count(),
        Piece::Row(_) => 1,
    }
}

fn chart(shown: &ChartShown) -> Markup {
    markup! {
        figure {
            figcaption { (cited(&shown.chart.title, &shown.rows)) }
            (PreEscaped(plot::line_chart(&shown.chart)))
        }
    }
}

fn bars(shown: &BarsShown) -> Markup {
    let mut rows: Vec<u64> = shown.bars.iter().map(|(_, count)| count.ledger_row).collect();
    rows.dedup();
    let of = |(label, n): &(String, Sourced)| Bar { label: label.clone(), value: n.value, interval: None, told: count(n.value) };
    markup! {
        figure {
            figcaption { (cited(&shown.title, &rows)) }
            (PreEscaped(plot::bars(&shown.bars.iter().map(of).collect::<Vec<_>>(), None)))
        }
    }
}

fn line(line: &Line) -> Markup {
    markup! {
        @for piece in &line.0 {
            @match piece {
                Piece::Text(text) => (text),
                Piece::Strong(text) => { strong { (text) } }
                Piece::Code(text) => { code { (text) } }
                Piece::Number(shown, rows) if shown.is_empty() => { " " (cited(&format!("row {}", list(rows)), rows)) }
                Piece::Number(shown, rows) => (cited(shown, rows)),
                Piece::Row(row) => { span id=(format!("row-{row}")) { (row) } }
            }
        }
    }
}

/// A text that leads to the ledger rows that it comes from.
fn cited(shown: &str, rows: &[u64]) -> Markup {
    let what = if rows.len() == 1 { "ledger row" } else { "ledger rows" };
    markup! {
        @if let Some(first) = rows.first() {
            a.n href=(format!("#row-{first}")) title=(format!("{what} {}", list(rows))) { (shown) }
        } @else { (shown) }
    }
}

fn list(rows: &[u64]) -> String {
    rows.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}
