//! What a page is made of, whether Markdown or HTML shows it.

use super::plot::Chart;
use super::types::Sourced;
use crate::words::clean;

/// A heading and what stands below it.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) blocks: Vec<Block>,
}

pub(super) enum Block {
    Paragraph(Line),
    Quote {
        text: String,
        from: String,
    },
    Table {
        head: Vec<String>,
        rows: Vec<Vec<Line>>,
    },
    /// Names and values.
    Pairs(Vec<(String, Line)>),
    List(Vec<Line>),
    Code(String),
    Charts(Vec<ChartShown>),
    Bars(Vec<BarsShown>),
    /// Shown on demand where the page can.
    Folded {
        title: String,
        blocks: Vec<Block>,
    },
}

/// A chart with the curves that it draws.
pub(super) struct ChartShown {
    pub(super) chart: Chart,
    pub(super) rows: Vec<u64>,
}

/// How often each of some things is there, and the ledger row that says it.
pub(super) struct BarsShown {
    pub(super) title: String,
    /// What the things are, and what they are counted in.
    pub(super) of: [String; 2],
    pub(super) bars: Vec<(String, Sourced)>,
}

/// A run of text.
#[derive(Default)]
pub(super) struct Line(pub(super) Vec<Piece>);

pub(super) enum Piece {
    Text(String),
    Strong(String),
    Code(String),
    /// A number in words, and the ledger rows that it comes from.
    Number(String, Vec<u64>),
    /// A ledger row's own place, which numbers point to.
    Row(u64),
}

impl Line {
    pub(super) fn text(mut self, text: impl Into<String>) -> Line {
        self.0.push(Piece::Text(text.into()));
        self
    }
    pub(super) fn strong(mut self, text: impl Into<String>) -> Line {
        self.0.push(Piece::Strong(text.into()));
        self
    }
    pub(super) fn code(mut self, text: impl Into<String>) -> Line {
        self.0.push(Piece::Code(text.into()));
        self
    }
    pub(super) fn number(mut self, shown: impl Into<String>, rows: &[u64]) -> Line {
        self.0.push(Piece::Number(shown.into(), rows.to_vec()));
        self
    }
}

/// Without its marks.
pub(super) fn plain(line: &Line) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) | Piece::Strong(text) | Piece::Code(text) | Piece::Number(text, _) => text.clone(),
        Piece::Row(_) => String::new(),
    };
    line.0.iter().map(piece).collect()
}

pub(super) fn text(text: impl Into<String>) -> Line {
    Line::default().text(text)
}

pub(super) fn code(text: impl Into<String>) -> Line {
    Line::default().code(text)
}

/// Text of ours or from outside, in which pairs of backticks mark code.
pub(super) fn prose(text: &str) -> Line {
    let text = clean(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return self::text(text);
    }
    let piece =
        |(i, part): (usize, &&str)| if i % 2 == 0 { Piece::Text(part.to_string()) } else { Piece::Code(part.to_string()) };
    Line(parts.iter().enumerate().map(piece).collect())
}

/// A number as `shown` says, or that there is none.
pub(super) fn number(sourced: Option<Sourced>, shown: fn(f64) -> String) -> Line {
    sourced.map_or_else(|| text("–"), |n| Line::default().number(shown(n.value), &[n.ledger_row]))
}

pub(super) fn head(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}
