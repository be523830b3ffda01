//! What a paper holds, whatever file it came from.

use super::{PaperFormat, Quote, Span};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A paper as read: pages of clean text, and what stands where in them.
///
/// A page's text is the paper's words with line breaks and hyphenation undone; every other part is a [`Span`] of it, so each can
/// be quoted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Paper {
    /// What the file was called; for messages alone.
    pub name: String,
    pub format: PaperFormat,
    pub title: Option<Passage>,
    /// Names as they stand below the title, in order; empty where they cannot be told apart.
    pub authors: Vec<Passage>,
    /// From the stamp on the first page, or from where it was fetched (with its version then).
    pub arxiv_id: Option<String>,
    /// As arXiv has it, or in the paper's own words; none where nothing is stated, which grants nothing.
    pub licence: Option<String>,
    pub pages: Vec<Page>,
    pub sections: Vec<Section>,
    /// In reading order.
    pub passages: Vec<Passage>,
    pub tables: Vec<Table>,
    /// The bibliography, an entry each.
    pub references: Vec<Reference>,
    /// Addresses on the web, as often as they stand outside the bibliography.
    pub links: Vec<Link>,
    /// What could not be taken in and why, in words.
    pub left_out: Vec<String>,
}

/// An entry of the bibliography.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// `12` or `KB15`; none where the paper cites by names and years.
    pub label: Option<String>,
    pub page: u32,
    pub span: Span,
}

/// An address on the web. It is untrusted text like all of a paper: it is shown and never followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub url: String,
    /// Of a host of programs.
    pub code: bool,
    pub page: u32,
    pub span: Span,
}

/// A page as printed; a format without pages is one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// From 1.
    pub number: u32,
    pub text: String,
    /// False where the rest of the page could not be read.
    pub whole: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// `4.2`, `A.1`; none for unnumbered ones.
    pub number: Option<String>,
    pub title: String,
    pub kind: SectionKind,
    /// How deep its heading is set, where the marks of the file tell: 2 for `## Training`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SectionKind {
    Abstract,
    Body,
    RelatedWork,
    /// Others' systems to compare with.
    Baselines,
    References,
    Appendix,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    pub page: u32,
    pub span: Span,
    /// Index into [`Paper::sections`]; none before the first heading.
    pub section: Option<usize>,
    pub kind: PassageKind,
    /// Goes on with the sentence at the end of the last passage of prose (over a column, page or figure).
    pub continues: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassageKind {
    Heading,
    Prose,
    Item,
    Caption,
    Note,
    /// An entry of the bibliography, where it is known as such.
    Reference,
    /// Words in figures, formulas, addresses.
    Fragment,
}

/// Rows of cells, as drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub page: u32,
    pub section: Option<usize>,
    /// Index into [`Paper::passages`].
    pub caption: Option<usize>,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub span: Span,
    pub cells: Vec<Cell>,
}

/// A cell and its place across the page: in points, or in hundreds a column where the format says which column it is of. A cell that
/// several rows share stands in each of them, with the span of the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    pub text: String,
    pub span: Span,
    pub x0: f32,
    pub x1: f32,
}

impl Cell {
    /// Middle of the cell.
    pub fn center(&self) -> f32 {
        (self.x0 + self.x1) / 2.0
    }
}

/// One sentence; it may go over several passages.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentence {
    pub text: String,
    pub section: Option<usize>,
    /// Index of the passage in which it begins.
    pub passage: usize,
    /// Which bytes of `text` stand where: (start in `text`, page, span).
    pieces: Vec<(usize, u32, Span)>,
}

/// The longest quote that evidence holds, in bytes.
const MAX_QUOTE: usize = 280;

impl Sentence {
    /// The words of a table's cell, which may be read like a sentence; it is of no passage.
    pub(super) fn of_cell(text: &str, page: u32, span: Span, section: Option<usize>) -> Self {
        Sentence { text: text.to_string(), section, passage: usize::MAX, pieces: vec![(0, page, span)] }
    }

    /// The part of the sentence that stands in one passage with byte `at` of `text`.
    pub fn part(&self, at: usize) -> &str {
        let Some(&(start, _, span)) = self.pieces.iter().rev().find(|(start, ..)| *start <= at) else { return &self.text };
        self.text.get(start..start + (span.end - span.start)).unwrap_or(&self.text)
    }

    /// The words around `found` (bytes of `text`) as they stand on one page: from the start of the sentence to the end of the clause.
    pub fn quote(&self, found: Range<usize>) -> Option<Quote> {
        let &(start, page, span) = self.pieces.iter().rev().find(|(start, ..)| *start < found.end)?;
        let piece = start..start + (span.end - span.start);
        let found = found.start.max(piece.start)..found.end.min(piece.end);
        if found.is_empty() {
            return None;
        }
        let clause = self.text[found.end..piece.end].find([',', ';']).map_or(piece.end, |at| found.end + at);
        let shown = window(&self.text, piece.start..clause, found);
        let text = self.text.get(shown.clone())?;
        Some(Quote::new(text, page, Span { start: span.start + shown.start - start, end: span.start + shown.end - start }))
    }
}

/// At most [`MAX_QUOTE`] bytes of `piece` around `found`, cut between words.
fn window(text: &str, piece: Range<usize>, found: Range<usize>) -> Range<usize> {
    if piece.len() <= MAX_QUOTE {
        return piece;
    }
    let spare = MAX_QUOTE.saturating_sub(found.len()) / 2;
    let from = text.floor_char_boundary(piece.start.max(found.start.saturating_sub(spare)));
    let to = text.floor_char_boundary(piece.end.min(found.end + spare));
    let from = match text[from..found.start].find(' ') {
        Some(space) if from > piece.start => from + space + 1,
        _ => from.min(found.start),
    };
    let to = match text[found.end..to.max(found.end)].rfind(' ') {
        Some(space) if to < piece.end => found.end + space,
        _ => to.max(found.end),
    };
    from..to
}

impl Paper {
    /// The text of a page's span.
    pub fn words(&self, page: u32, span: Span) -> &str {
        self.pages.iter().find(|p| p.number == page).and_then(|p| p.text.get(span.start..span.end)).unwrap_or_default()
    }

    /// The text of a passage.
    pub fn passage(&self, passage: &Passage) -> &str {
        self.words(passage.page, passage.span)
    }

    /// A quote of a span of a page.
    pub fn quote(&self, page: u32, span: Span) -> Quote {
        Quote::new(self.words(page, span), page, span)
    }

    /// Whether a passage stands on the first two pages, or as far into a paper without pages.
    pub fn is_near_start(&self, passage: &Passage) -> bool {
        const TWO_PAGES: usize = 9_000;
        if self.format.has_pages() { passage.page <= 2 } else { passage.span.start < TWO_PAGES }
    }

    /// The abstract's passages, in order.
    pub fn abstract_passages(&self) -> impl Iterator<Item = &Passage> {
        self.passages.iter().filter(|p| p.kind != PassageKind::Heading && self.section_kind(p.section) == SectionKind::Abstract)
    }

    /// Title of the section, or nothing.
    pub fn section_title(&self, section: Option<usize>) -> &str {
        section.and_then(|s| self.sections.get(s)).map_or("", |s| s.title.as_str())
    }

    /// Kind of the section; what stands before the first heading is body.
    pub fn section_kind(&self, section: Option<usize>) -> SectionKind {
        section.and_then(|s| self.sections.get(s)).map_or(SectionKind::Body, |s| s.kind)
    }

    /// The sentences of prose, items, captions and notes, in reading order. Sentences over a page or column break come whole.
    pub fn sentences(&self) -> Vec<Sentence> {
        let mut sentences = Vec::new();
        let mut flow = Flow::default();
        for (index, passage) in self.passages.iter().enumerate() {
            let alone = matches!(passage.kind, PassageKind::Caption | PassageKind::Note);
            match passage.kind {
                PassageKind::Heading | PassageKind::Reference | PassageKind::Fragment => continue,
                _ if alone => {
                    let mut own = Flow::default();
                    own.add(self, index, passage);
                    own.split_into(&mut sentences);
                }
                _ => {
                    if !passage.continues {
                        std::mem::take(&mut flow).split_into(&mut sentences);
                    }
                    flow.add(self, index, passage);
                }
            }
        }
        flow.split_into(&mut sentences);
        sentences.sort_by_key(|s| s.passage);
        sentences
    }
}

/// Passages that make one running text.
#[derive(Default)]
struct Flow {
    text: String,
    /// (start in `text`, page, span, section, passage).
    pieces: Vec<(usize, u32, Span, Option<usize>, usize)>,
}

impl Flow {
    fn add(&mut self, paper: &Paper, index: usize, passage: &Passage) {
        let words = paper.passage(passage);
        if let Some(last) = self.pieces.last_mut() {
            if super::structure::hyphen_is_soft(&self.text, words) {
                self.text.pop();
                last.2.end -= 1;
            } else if !self.text.ends_with('-') {
                self.text.push(' ');
            }
        }
        self.pieces.push((self.text.len(), passage.page, passage.span, passage.section, index));
        self.text.push_str(words);
    }

    fn split_into(self, sentences: &mut Vec<Sentence>) {
        for range in super::structure::sentence_ranges(&self.text) {
            let within = self.pieces.iter().filter_map(|&(start, page, span, ..)| {
                let end = start + (span.end - span.start);
                let (from, to) = (range.start.max(start), range.end.min(end));
                let part = Span { start: span.start + from.checked_sub(start)?, end: span.start + to.checked_sub(start)? };
                (from < to).then_some((from - range.start, page, part))
            });
            let pieces: Vec<_> = within.collect();
            let Some(first) = self.pieces.iter().rev().find(|piece| piece.0 <= range.start) else { continue };
            sentences.push(Sentence { text: self.text[range].to_string(), section: first.3, passage: first.4, pieces });
        }
    }
}
