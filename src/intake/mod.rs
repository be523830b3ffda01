//! Requests in ordinary words -> [`Request`]; papers: a PDF or an arXiv id -> [`Paper`] -> [`PaperSpec`], with a quote for every field.
//!
//! ```text
//! PaperSource ─ open ─▶ bytes ─ read_pdf ─▶ Paper { pages, sections, passages, tables } ─ extract (pure) ─▶ PaperSpec { fields }
//! ```
//!
//! `read_pdf` treats the file as hostile: its size, pages and time are limited, and a panic of the PDF library is an error here.
//! `extract` knows how papers say things, never which paper it reads; a field without its words in the text does not exist.

mod arxiv;
mod error;
mod extract;
mod flat;
mod paper;
mod paper_spec;
mod pdf;
mod quote;
mod recipe;
mod request;
mod source;
mod structure;

pub use arxiv::{FetchOptions, fetch};
pub use error::Error;
pub use extract::extract;
pub(crate) use extract::family_named;
pub use flat::{FlatField, FlatSpec};
pub use paper::{Cell, Page, Paper, Passage, PassageKind, Row, Section, SectionKind, Sentence, Table};
pub use paper_spec::*;
pub use pdf::Limits;
pub use quote::{Quote, Span};
pub use recipe::{PaperRecipe, Wanted};
pub use request::{
    AskedAdapter, AskedError, AskedPair, AskedSpeech, DataName, Lack, Lacking, Lying, ModelName, ModelSize, Refused, Request,
    language, parse_request,
};
pub use source::{ArxivId, PaperSource};

use crate::job::Event;
use std::path::Path;

/// The example paper that Tallow carries: a small BERT from scratch on `toy_reviews`.
pub const EXAMPLE_PAPER: &[u8] = include_bytes!("../../presets/example/paper.pdf");

/// The bytes of the paper: a file's, or arXiv's.
///
/// # Errors
/// [`Error::Io`] for a file that cannot be opened, [`Error::TooLarge`], and those of [`fetch`].
pub fn open(source: &PaperSource, options: &FetchOptions) -> Result<Vec<u8>, Error> {
    match source {
        PaperSource::Arxiv { id } => fetch(id, options),
        PaperSource::File { path } => {
            let name = source.name();
            let failed = |source| Error::Io { name: name.clone(), source };
            let found = std::fs::metadata(path).map_err(failed)?.len();
            let limit = Limits::default().max_bytes;
            if found > limit {
                return Err(Error::TooLarge { name, found, limit, unit: "bytes" });
            }
            std::fs::read(path).map_err(failed)
        }
    }
}

/// Reads a PDF within the default [`Limits`]; `name` is what messages call it.
///
/// # Errors
/// Says what is wrong with the file: no PDF, encrypted, cut off, without text, too large, too slow, damaged.
pub fn read_pdf(bytes: &[u8], name: &str) -> Result<Paper, Error> {
    let pages = pdf::read(bytes, name, &Limits::default())?;
    Ok(structure::build(name, &pages))
}

/// What the work folder of a reading worker holds when it is done.
pub const PAPER_FILE: &str = "paper.json";
/// As [`PAPER_FILE`].
pub const PAPER_SPEC_FILE: &str = "paper_spec.json";

/// The whole job of a reading worker: the file `pdf`, which messages call `name`, -> two files in `out`.
///
/// # Errors
/// Those of [`read_pdf`]; a file cannot be read or written.
pub fn work(pdf: &Path, name: &str, out: &Path, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let io = |source| Error::Io { name: name.into(), source };
    let paper = read_pdf(&std::fs::read(pdf).map_err(io)?, name)?;
    let spec = extract(&paper);
    let json = |text: serde_json::Result<Vec<u8>>| text.map_err(|e| io(e.into()));
    for (file, text) in [(PAPER_FILE, json(serde_json::to_vec(&paper))?), (PAPER_SPEC_FILE, json(serde_json::to_vec(&spec))?)] {
        std::fs::write(out.join(file), text).map_err(io)?;
    }
    emit(Event::Read { pages: paper.pages.len(), fields: spec.fields.len() });
    Ok(())
}

/// A pattern of ours that is a constant of the program.
fn regex(pattern: &str) -> regex::Regex {
    match regex::Regex::new(pattern) {
        Ok(regex) => regex,
        Err(problem) => unreachable!("a constant pattern is wrong: {problem}"),
    }
}
