//! A paper as JSON for machines that know nothing of Tallow's types: what it holds, in words, and the fields found in it.

use super::{FlatField, FlatSpec, Paper, PaperFormat, PaperSpec, PassageKind, SectionKind};
use serde::Serialize;

/// What a paper holds and says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outline {
    pub title: Option<String>,
    pub authors: Vec<String>,
    pub arxiv_id: Option<String>,
    pub licence: Option<String>,
    pub format: PaperFormat,
    pub pages: usize,
    #[serde(rename = "abstract")]
    pub abstract_text: Option<String>,
    pub sections: Vec<OutlinedSection>,
    pub tables: Vec<OutlinedTable>,
    pub footnotes: Vec<String>,
    pub references: Vec<OutlinedReference>,
    /// Addresses of programs, each once.
    pub code_links: Vec<String>,
    /// Other addresses, each once.
    pub links: Vec<String>,
    pub left_out: Vec<String>,
    pub fields: Vec<FlatField>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutlinedSection {
    pub number: Option<String>,
    pub title: String,
    pub kind: SectionKind,
    /// Its own text without that of its parts, paragraphs parted by an empty line.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutlinedTable {
    pub caption: Option<String>,
    pub section: Option<String>,
    pub page: u32,
    /// Cells from left to right; a cell over several columns or rows stands once.
    pub rows: Vec<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutlinedReference {
    pub label: Option<String>,
    pub text: String,
}

impl Outline {
    pub fn new(paper: &Paper, spec: &PaperSpec) -> Self {
        let words = |page, span| paper.words(page, span).trim().to_string();
        let of_kind =
            |kind: PassageKind| paper.passages.iter().filter(move |p| p.kind == kind).map(|p| paper.passage(p).to_string());
        let text_of = |section: Option<usize>| {
            let parts = paper.passages.iter().filter(|p| p.section == section && p.kind != PassageKind::Heading);
            parts.map(|p| paper.passage(p)).collect::<Vec<_>>().join("\n\n")
        };
        let links = |code: bool| {
            let mut urls: Vec<String> = Vec::new();
            for link in paper.links.iter().filter(|link| link.code == code) {
                if !urls.contains(&link.url) {
                    urls.push(link.url.clone());
                }
            }
            urls
        };
        let section_name = |index: usize| {
            let section = &paper.sections[index];
            section.number.iter().map(String::as_str).chain([section.title.as_str()]).collect::<Vec<_>>().join(" ")
        };
        let abstract_text: Vec<&str> = paper.abstract_passages().map(|p| paper.passage(p)).collect();
        Outline {
            title: paper.title.as_ref().map(|title| paper.passage(title).to_string()),
            authors: paper.authors.iter().map(|author| paper.passage(author).to_string()).collect(),
            arxiv_id: paper.arxiv_id.clone(),
            licence: paper.licence.clone(),
            format: paper.format,
            pages: paper.pages.len(),
            abstract_text: (!abstract_text.is_empty()).then(|| abstract_text.join("\n\n")),
            sections: (0..paper.sections.len())
                .map(|index| {
                    let section = &paper.sections[index];
                    let (number, title, kind) = (section.number.clone(), section.title.clone(), section.kind);
                    OutlinedSection { number, title, kind, text: text_of(Some(index)) }
                })
                .collect(),
            tables: paper
                .tables
                .iter()
                .map(|table| OutlinedTable {
                    caption: table.caption.map(|at| paper.passage(&paper.passages[at]).to_string()),
                    section: table.section.map(section_name),
                    page: table.page,
                    rows: table.rows.iter().map(|row| row.cells.iter().map(|cell| cell.text.clone()).collect()).collect(),
                })
                .collect(),
            footnotes: of_kind(PassageKind::Note).collect(),
            references: paper
                .references
                .iter()
                .map(|reference| OutlinedReference {
                    label: reference.label.clone(),
                    text: words(reference.page, reference.span),
                })
                .collect(),
            code_links: links(true),
            links: links(false),
            left_out: paper.left_out.clone(),
            fields: FlatSpec::from(spec).fields,
        }
    }
}
