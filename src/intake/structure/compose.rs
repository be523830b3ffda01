//! Blocks, as formats without pages have them -> [`Paper`].

use super::front::authors_in;
use super::marks;
use super::text::{ligature, plain_letter};
use crate::intake::{Cell, Page, Paper, PaperFormat, Passage, PassageKind, Reference, Row, Section, SectionKind, Span, Table};
use std::collections::HashMap;

/// A part of a paper, in reading order.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::intake) enum Block {
    Title(String),
    /// A line of authors.
    Authors(String),
    /// Its kind is told by its words where none is given.
    Heading {
        number: Option<String>,
        title: String,
        kind: Option<SectionKind>,
        /// How deep it is set below others, where marks tell.
        depth: Option<u8>,
    },
    /// Goes on with the sentence before a formula or not.
    Prose {
        text: String,
        continues: bool,
    },
    Item(String),
    Caption(String),
    Note(String),
    Fragment(String),
    Reference {
        label: Option<String>,
        text: String,
    },
    /// Rows of cells; the caption's words if it has one.
    Table {
        rows: Vec<Vec<GridCell>>,
        caption: Option<String>,
    },
}

/// A cell in a grid of columns, counted from 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::intake) struct GridCell {
    pub text: String,
    pub column: usize,
    /// How many columns and rows it spans.
    pub width: usize,
    pub height: usize,
}

impl Block {
    /// Changes every text of the block.
    pub(in crate::intake) fn texts(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Block::Title(text)
            | Block::Authors(text)
            | Block::Heading { title: text, .. }
            | Block::Prose { text, .. }
            | Block::Item(text)
            | Block::Caption(text)
            | Block::Note(text)
            | Block::Fragment(text)
            | Block::Reference { text, .. } => change(text),
            Block::Table { rows, caption } => {
                rows.iter_mut().flatten().for_each(|cell| change(&mut cell.text));
                caption.iter_mut().for_each(change);
            }
        }
    }

    pub(in crate::intake) fn is_empty(&self) -> bool {
        match self {
            Block::Title(text)
            | Block::Authors(text)
            | Block::Heading { title: text, .. }
            | Block::Prose { text, .. }
            | Block::Item(text)
            | Block::Caption(text)
            | Block::Note(text)
            | Block::Fragment(text)
            | Block::Reference { text, .. } => text.is_empty(),
            Block::Table { rows, .. } => rows.iter().all(Vec::is_empty),
        }
    }
}

/// The paper that these blocks make: one page of text, in which every part has its place.
pub(in crate::intake) fn compose(name: &str, format: PaperFormat, blocks: &[Block]) -> Paper {
    let paper = Paper {
        name: name.into(),
        format,
        pages: vec![Page { number: 1, text: String::new(), whole: true }],
        ..Paper::default()
    };
    let mut composer = Composer { paper, section: None, captions: HashMap::new(), wanted: Vec::new() };
    for block in blocks {
        let mut block = block.clone();
        block.texts(&mut |text| take_apart(text));
        composer.block(&block);
    }
    let Composer { mut paper, captions, wanted, .. } = composer;
    // A caption below its table is written after it.
    for (table, words) in paper.tables.iter_mut().zip(wanted) {
        table.caption = words.and_then(|words| captions.get(&words).copied());
    }
    marks::fill(&mut paper);
    paper
}

/// `ﬁne` is `fine` and `𝑟` is `r`: copies of PDFs keep such signs.
fn take_apart(text: &mut String) {
    if text.chars().any(|c| plain_letter(c).is_some()) {
        *text = text.chars().map(|c| plain_letter(c).unwrap_or(c)).collect();
    }
    if text.chars().any(|c| ligature(c).is_some()) {
        *text = text.chars().map(|c| ligature(c).map_or_else(|| c.to_string(), str::to_string)).collect();
    }
}

struct Composer {
    paper: Paper,
    section: Option<usize>,
    /// Passages of captions by their words.
    captions: HashMap<String, usize>,
    /// The caption of each table, in words.
    wanted: Vec<Option<String>>,
}

/// Columns are so wide, with so much between them.
const COLUMN: f32 = 100.0;
const GUTTER: f32 = 10.0;

impl Composer {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Title(text) => {
                let passage = self.fragment(text);
                self.paper.title.get_or_insert(passage);
            }
            Block::Authors(line) => self.authors(line),
            Block::Heading { number, title, kind, depth } => self.heading(number.as_deref(), title, *kind, *depth),
            Block::Prose { text, continues } => drop(self.passage(text, PassageKind::Prose, *continues)),
            Block::Item(text) => drop(self.passage(text, PassageKind::Item, false)),
            Block::Note(text) => drop(self.passage(text, PassageKind::Note, false)),
            Block::Fragment(text) => drop(self.fragment(text)),
            Block::Caption(text) => {
                let at = self.paper.passages.len();
                self.passage(text, PassageKind::Caption, false);
                self.captions.entry(text.clone()).or_insert(at);
            }
            Block::Reference { label, text } => self.reference(label.as_deref(), text),
            Block::Table { rows, caption } => self.table(rows, caption.clone()),
        }
    }

    fn write(&mut self, text: &str) -> Span {
        let page = &mut self.paper.pages[0].text;
        let start = page.len();
        page.push_str(text);
        Span { start, end: page.len() }
    }

    fn passage(&mut self, text: &str, kind: PassageKind, continues: bool) -> Passage {
        let span = self.write(text);
        self.write("\n\n");
        let passage = Passage { page: 1, span, section: self.section, kind, continues };
        self.paper.passages.push(passage.clone());
        passage
    }

    fn fragment(&mut self, text: &str) -> Passage {
        self.passage(text, PassageKind::Fragment, false)
    }

    fn authors(&mut self, line: &str) {
        let whole = self.fragment(line);
        let mut from = 0;
        for name in authors_in(line) {
            if let Some(at) = line[from..].find(&name) {
                let start = whole.span.start + from + at;
                from += at + name.len();
                let span = Span { start, end: start + name.len() };
                self.paper.authors.push(Passage { span, ..whole.clone() });
            }
        }
    }

    fn heading(&mut self, number: Option<&str>, title: &str, kind: Option<SectionKind>, depth: Option<u8>) {
        let section = super::section(number.map(String::from), title, depth, &self.paper.sections);
        let section = Section { kind: kind.unwrap_or(section.kind), ..section };
        self.section = Some(self.paper.sections.len());
        self.paper.sections.push(section);
        let text = number.map_or_else(|| title.to_string(), |number| format!("{number} {title}"));
        self.passage(&text, PassageKind::Heading, false);
    }

    fn reference(&mut self, label: Option<&str>, text: &str) {
        if let Some(label) = label {
            self.write(&format!("[{label}] "));
        }
        let span = self.passage(text, PassageKind::Reference, false).span;
        self.paper.references.push(Reference { label: label.map(String::from), page: 1, span });
    }

    fn table(&mut self, grid: &[Vec<GridCell>], caption: Option<String>) {
        let mut rows: Vec<Row> = Vec::new();
        // Cells that reach into the rows below them: how many are left, and the cell.
        let mut shared: Vec<(usize, Cell)> = Vec::new();
        let merged = merged_columns(grid);
        for line in grid {
            let mut cells: Vec<Cell> = Vec::new();
            let mut begun: Vec<(usize, Cell)> = Vec::new();
            for cell in line {
                let (x0, x1) = (cell.column as f32 * COLUMN, (cell.column + cell.width.max(1)) as f32 * COLUMN - GUTTER);
                let words: Vec<&str> = cell.text.split(' ').collect();
                // What was run together stands side by side.
                let several = merged.get(&cell.column).copied().filter(|count| *count == words.len() && cell.height < 2);
                let parts = if several.is_some() { words } else { vec![cell.text.as_str()] };
                let width = (x1 + GUTTER - x0) / parts.len() as f32;
                for (at, text) in parts.into_iter().enumerate() {
                    if !cells.is_empty() {
                        self.write(" ");
                    }
                    let span = self.write(text);
                    let x0 = x0 + at as f32 * width;
                    let made = Cell { text: text.to_string(), span, x0, x1: x0 + width - GUTTER };
                    if cell.height > 1 {
                        begun.push((cell.height, made.clone()));
                    }
                    cells.push(made);
                }
            }
            let own = cells.first().zip(cells.last()).map(|(first, last)| Span { start: first.span.start, end: last.span.end });
            if let Some(span) = own {
                self.write("\n");
                let free = |cells: &[Cell], cell: &Cell| cells.iter().all(|own| own.x1 <= cell.x0 || cell.x1 <= own.x0);
                for (_, cell) in &shared {
                    if free(&cells, cell) {
                        cells.push(cell.clone());
                    }
                }
                cells.sort_by(|a, b| a.x0.total_cmp(&b.x0));
                rows.push(Row { span, cells });
            }
            shared.extend(begun);
            shared.iter_mut().for_each(|(left, _)| *left -= 1);
            shared.retain(|(left, _)| *left > 0);
        }
        self.write("\n");
        self.paper.tables.push(Table { page: 1, section: self.section, caption: None, rows });
        self.wanted.push(caption);
    }
}

/// Columns that are several, run together: as many words in the head as numbers in the cells below it, twice at least.
fn merged_columns(grid: &[Vec<GridCell>]) -> HashMap<usize, usize> {
    let is_number = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit()) && word.chars().all(|c| c.is_ascii_digit() || ".%∗*†‡".contains(c))
    };
    // `10 000` is one number, and so is `85.3 ±0.2`.
    let is_thousands = |rest: &[&str]| rest.iter().all(|word| word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit()));
    let mut merged = HashMap::new();
    let heads = grid.iter().take(2).flatten().filter(|cell| cell.width < 2 && cell.height < 2 && cell.column > 0);
    for head in heads.filter(|cell| !cell.text.contains(['(', '['])) {
        let count = head.text.split(' ').count();
        let of_numbers = |cell: &&GridCell| {
            if cell.column != head.column {
                return false;
            }
            let words: Vec<&str> = cell.text.trim_start_matches('-').split(' ').collect();
            words.len() == count && words.iter().all(|word| is_number(word)) && !is_thousands(&words[1..])
        };
        if count > 1 && grid.iter().flatten().filter(of_numbers).count() > 1 {
            merged.insert(head.column, count);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str, column: usize, width: usize, height: usize) -> GridCell {
        GridCell { text: text.into(), column, width, height }
    }

    #[test]
    fn a_cell_of_several_rows_stands_in_each() {
        let rows = vec![
            vec![cell("A", 0, 1, 2), cell("x", 1, 1, 1), cell("1", 2, 1, 1)],
            vec![cell("y", 1, 1, 1), cell("2", 2, 1, 1)],
            vec![cell("z", 1, 1, 1), cell("3", 2, 1, 1)],
        ];
        let blocks = [Block::Table { rows, caption: Some("Table 1: C".into()) }, Block::Caption("Table 1: C".into())];
        let paper = compose("x", PaperFormat::Latex, &blocks);
        let table = &paper.tables[0];
        let texts: Vec<Vec<&str>> = table.rows.iter().map(|row| row.cells.iter().map(|c| c.text.as_str()).collect()).collect();
        assert_eq!(texts, [vec!["A", "x", "1"], vec!["A", "y", "2"], vec!["z", "3"]]);
        assert_eq!(paper.words(1, table.rows[1].span), "y 2");
        assert_eq!(table.caption.map(|c| paper.passage(&paper.passages[c])), Some("Table 1: C"));
    }

    #[test]
    fn columns_that_were_run_together() {
        let rows = vec![
            vec![cell("Tree", 0, 1, 1), cell("Age Size", 1, 1, 1), cell("Leaf area", 2, 1, 1)],
            vec![cell("Oak", 0, 1, 1), cell("300 7.1", 1, 1, 1), cell("1.5", 2, 1, 1)],
            vec![cell("Ash", 0, 1, 1), cell("100 6.1", 1, 1, 1), cell("2.5", 2, 1, 1)],
        ];
        let paper = compose("x", PaperFormat::Html, &[Block::Table { rows, caption: None }]);
        let texts = |row: usize| paper.tables[0].rows[row].cells.iter().map(|c| c.text.as_str()).collect::<Vec<_>>();
        assert_eq!((texts(0), texts(1)), (vec!["Tree", "Age", "Size", "Leaf area"], vec!["Oak", "300", "7.1", "1.5"]));
        let cells = &paper.tables[0].rows[2].cells;
        assert_eq!(cells[1].x0, paper.tables[0].rows[0].cells[1].x0);
        assert_eq!(paper.words(1, cells[2].span), "6.1");
    }

    #[test]
    fn columns_that_only_look_run_together() {
        let grid = |head: &str, values: [&str; 2]| {
            vec![
                vec![cell("Tree", 0, 1, 1), cell(head, 1, 1, 1)],
                vec![cell("Oak", 0, 1, 1), cell(values[0], 1, 1, 1)],
                vec![cell("Ash", 0, 1, 1), cell(values[1], 1, 1, 1)],
            ]
        };
        assert!(merged_columns(&grid("Plum top-1", ["85.3 ±0.2", "81.3 ±0.1"])).is_empty());
        assert!(merged_columns(&grid("Train size", ["10 000", "60 000"])).is_empty());
        assert_eq!(merged_columns(&grid("Age Gain", ["-0.5 7.1", "30 6.5"])).len(), 1);
    }

    #[test]
    fn every_part_can_be_quoted() {
        let blocks = [
            Block::Title("On Things".into()),
            Block::Authors("Ada Example¹, Bo Sample and 李明, University of X".into()),
            Block::Heading { number: None, title: "Abstract".into(), kind: None, depth: None },
            Block::Prose { text: "We train with".into(), continues: false },
            Block::Fragment("x = 1".into()),
            Block::Prose { text: "and code is at https://github.com/a/b.".into(), continues: true },
            Block::Heading { number: None, title: "References".into(), kind: None, depth: None },
            Block::Reference { label: Some("1".into()), text: "A. Author. 2001.".into() },
        ];
        let paper = compose("x", PaperFormat::Latex, &blocks);
        assert_eq!(paper.title.as_ref().map(|t| paper.passage(t)), Some("On Things"));
        let authors: Vec<&str> = paper.authors.iter().map(|a| paper.passage(a)).collect();
        assert_eq!(authors, ["Ada Example", "Bo Sample", "李明"]);
        assert_eq!(paper.abstract_passages().count(), 3);
        assert_eq!(paper.sentences()[0].text, "We train with and code is at https://github.com/a/b.");
        assert_eq!(paper.words(1, paper.references[0].span), "A. Author. 2001.");
        assert_eq!((paper.links[0].url.as_str(), paper.links[0].code), ("https://github.com/a/b", true));
        assert_eq!(paper.words(1, paper.links[0].span), "https://github.com/a/b");
    }
}
