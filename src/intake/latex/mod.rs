//! LaTeX source -> [`Paper`], without a TeX program.
//!
//! ```text
//! bytes ─ files ─▶ texts by name ─ tokens, macros ─▶ tokens ─ reader, structural, tables, math, bibliography ─▶ blocks ─▶ Paper
//! ```
//!
//! A source is hostile: files come from the source alone (never from the disk), macros are expanded within bounds, and what is left out
//! is said in [`Paper::left_out`].

mod bibliography;
mod conditionals;
mod environments;
mod files;
mod macros;
mod math;
mod packages;
mod reader;
mod structural;
mod symbols;
mod tables;
mod tokens;

pub(in crate::intake) use math::scripted;

use super::structure::{self, Block};
use super::{Error, Paper, PaperFormat};
use files::Files;
use reader::Reader;

/// The paper that `bytes` hold: a LaTeX file, or an archive of such.
pub(super) fn read(bytes: &[u8], name: &str) -> Result<Paper, Error> {
    let files = Files::open(bytes, name)?;
    let problem = if files.is_empty() { "the archive holds no LaTeX" } else { "no file of it is LaTeX" };
    let (path, text) = files.main().ok_or_else(|| Error::Malformed { name: name.into(), problem: problem.into() })?;
    let mut reader = Reader::new(&files);
    reader.read(path, text);
    let mut blocks = blocks_of(&mut reader);
    for block in &mut blocks {
        block.texts(&mut |text| {
            reader.resolve(text);
            tidy(text);
        });
    }
    blocks.retain(|block| !block.is_empty());
    let mut paper = structure::compose(name, PaperFormat::Latex, &blocks);
    paper.left_out = files.left_out.iter().cloned().chain(std::mem::take(&mut reader.left_out)).collect();
    Ok(paper)
}

/// A formula, written in LaTeX, as text.
pub(super) fn formula(latex: &str) -> String {
    let files = Files::default();
    let mut reader = Reader::new(&files);
    let mut tokens = Vec::new();
    reader.input.push_file(latex, "a formula");
    while let Some(token) = reader.input.next() {
        tokens.push(token);
    }
    reader.formula(tokens)
}

/// The tables of a piece of LaTeX that stands in another kind of text.
pub(super) fn tables(latex: &str) -> Vec<Block> {
    let files = Files::default();
    let mut reader = Reader::new(&files);
    reader.read("a table", latex);
    let mut tables = std::mem::take(&mut reader.blocks);
    tables.retain(|block| matches!(block, Block::Table { .. }));
    for table in &mut tables {
        table.texts(&mut |text| tidy(text));
    }
    tables
}

/// Title and authors, then the text, then the bibliography.
fn blocks_of(reader: &mut Reader<'_>) -> Vec<Block> {
    reader.entries_of_bib();
    let references = reader.reference_blocks();
    let mut blocks: Vec<Block> = reader.title.take().map(Block::Title).into_iter().collect();
    for author in std::mem::take(&mut reader.authors) {
        blocks.push(Block::Authors(author));
    }
    blocks.append(&mut reader.front);
    let mut body = std::mem::take(&mut reader.blocks);
    let is_heading = |block: &Block| matches!(block, Block::Heading { kind: Some(super::SectionKind::References), .. });
    // An appendix follows the bibliography.
    let place = body.iter().position(is_heading).map_or(body.len(), |at| at + 1);
    let rest = body.split_off(place);
    blocks.extend(body);
    blocks.extend(references);
    blocks.extend(rest);
    blocks
}

/// Spaces as they are printed: one where there are several.
fn tidy(text: &mut String) {
    *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
}

#[cfg(test)]
mod tests;
