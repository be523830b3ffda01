//! Requests in ordinary words -> [`Request`]; papers -> [`Paper`] -> [`PaperSpec`], with a quote for every field.
//!
//! ```text
//! PaperSource ─ open ─▶ bytes ─ read_paper ─▶ Paper { pages, sections, passages, tables } ─ extract (pure) ─▶ PaperSpec { fields }
//!   file, folder, arXiv            pdf, latex, html, markdown
//! ```
//!
//! `read_paper` treats what it reads as hostile: size, pages and time are limited, and a panic of a library is an error here; so does
//! [`work`] with what `extract` makes of it. Memory is limited by the jail.
//! `extract` knows how papers say things, never which paper it reads; a field without its words in the text does not exist.

mod arxiv;
mod error;
mod extract;
mod flat;
mod guarded;
mod html;
mod latex;
mod markdown;
mod opened;
mod outline;
mod paper;
mod paper_spec;
mod pattern;
mod pdf;
mod plain_text;
mod quote;
mod recipe;
mod request;
mod source;
mod structure;

pub use arxiv::{ArxivRecord, Clock, FetchOptions, SystemClock};

pub use error::Error;
pub(crate) use extract::family_named;
pub use extract::{extract, told};
pub use flat::{FlatField, FlatSpec};
pub use opened::{Opened, SourceRecord, open};
pub use outline::Outline;
pub use paper::{Cell, Link, Page, Paper, Passage, PassageKind, Reference, Row, Section, SectionKind, Sentence, Table};
pub use paper_spec::*;
pub use pdf::Limits;
pub use quote::{Quote, Span};
pub use recipe::{PaperRecipe, Wanted};
pub use request::{
    AskedAdapter, AskedError, AskedOrder, AskedPair, AskedPart, AskedPreparation, AskedSpeech, AskedSplit, AskedWeights,
    DataName, Edge, Frozen, Lack, Lacking, Lying, ModelName, ModelSize, Outcome, Preparation, Refused, Request, SplitBy, Times,
    Tuned, Without, language, measure_called, parse_request,
};
pub use source::{ArxivId, PaperFormat, PaperSource};

use crate::job::Event;
pub(crate) use pattern::{large_regex, regex};
use std::path::Path;

/// The example paper that Tallow carries: a small BERT from scratch on `toy_reviews`.
pub const EXAMPLE_PAPER: &[u8] = include_bytes!("../../presets/example/paper.pdf");

/// Reads a paper within the default [`Limits`]; `name` is what messages call it.
///
/// # Errors
/// Says what is wrong with the file: not what it should be, encrypted, cut off, without text, too large, too slow, damaged.
pub fn read_paper(bytes: &[u8], format: PaperFormat, name: &str) -> Result<Paper, Error> {
    let limits = Limits::default();
    if bytes.len() as u64 > limits.max_bytes {
        let (found, limit) = (bytes.len() as u64, limits.max_bytes);
        return Err(Error::TooLarge { name: name.into(), found, limit, unit: "bytes" });
    }
    let read: fn(&[u8], &str) -> Result<Paper, Error> = match format {
        PaperFormat::Pdf => return pdf::read(bytes, name, &limits),
        PaperFormat::Latex => latex::read,
        PaperFormat::Html => html::read,
        PaperFormat::Markdown => markdown::read,
        PaperFormat::Text => plain_text::read,
    };
    let (owned, named) = (bytes.to_vec(), name.to_string());
    let paper = guarded::within(limits.max_time, move || read(&owned, &named))
        .unwrap_or_else(|stopped| Err(stopped.of(name, limits.max_time)))?;
    let letters = paper.pages.iter().flat_map(|page| page.text.chars()).filter(|c| c.is_alphanumeric()).count();
    if letters < pdf::MIN_LETTERS {
        return Err(Error::NoText { name: name.into(), pages: paper.pages.len(), letters });
    }
    Ok(paper)
}

/// What the work folder of a reading worker holds when it is done.
pub const PAPER_FILE: &str = "paper.json";
/// As [`PAPER_FILE`].
pub const PAPER_SPEC_FILE: &str = "paper_spec.json";

/// The whole job of a reading worker: the file `paper` of which `record` tells -> two files in `out`.
///
/// # Errors
/// Those of [`read_paper`]; a file cannot be read or written.
pub fn work(paper: &Path, record: &SourceRecord, out: &Path, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let io = |source| Error::Io { name: record.name.clone(), source };
    guarded::beside(extract::prepare);
    let mut paper = read_paper(&std::fs::read(paper).map_err(io)?, record.format, &record.name)?;
    if let Some(arxiv) = &record.arxiv {
        arxiv.complete(&mut paper);
    }
    let limit = Limits::default().max_time;
    let (paper, spec) = guarded::within(limit, move || {
        let spec = extract(&paper);
        (paper, spec)
    })
    .map_err(|stopped| stopped.of(&record.name, limit))?;
    let json = |text: serde_json::Result<Vec<u8>>| text.map_err(|e| io(e.into()));
    for (file, text) in [(PAPER_FILE, json(serde_json::to_vec(&paper))?), (PAPER_SPEC_FILE, json(serde_json::to_vec(&spec))?)] {
        std::fs::write(out.join(file), text).map_err(io)?;
    }
    emit(Event::Read { pages: paper.pages.len(), fields: spec.fields.len() });
    Ok(())
}
