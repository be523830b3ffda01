//! Inputs without answers, for a model that is put to use: read and turned into what it is fed with, some at a time, so that a table
//! of any length takes the memory of a few rows. Runs in the jail: what is read is not trusted.

mod columns;
mod encoder;

pub use encoder::{Encoder, Fed, Tokens};

use super::read::{Cell, Position, Row, Table};
use super::{Error, Result};
use crate::job::{Feeding, Given};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Inputs that are turned at once; of images, which are large, fewer.
const CHUNK: usize = 1024;
const IMAGES: usize = 128;

/// What stands on the command line has no file.
const SAID: &str = "the command line";

/// An input, or what is wrong with it.
pub type Read = std::result::Result<Fed, Error>;

/// Hands on all inputs, some at a time, in their order.
///
/// # Errors
/// A file cannot be read, or has no columns that serve; what `work` says. What is wrong with one input alone is told with it.
pub fn each_chunk<E: From<Error>>(
    given: &Given,
    feeding: &Feeding,
    encoder: &Encoder,
    mut work: impl FnMut(Vec<Read>) -> Result<(), E>,
) -> Result<(), E> {
    let turned = |path: &Path, table: Option<&Table>, columns: &[String], rows: Vec<Row>| -> Vec<Read> {
        rows.into_par_iter().map(|row| encoder.turn(path, table, columns, row)).collect()
    };
    match given {
        Given::Texts { texts } => {
            let columns = ["text".to_string(), "the second text".to_string()];
            for (at, some) in texts.chunks(CHUNK).enumerate() {
                let rows = (1 + at as u64 * CHUNK as u64..).zip(some).map(|(number, texts)| Row {
                    position: Position::Row(number),
                    cells: texts.iter().cloned().map(Cell::Text).collect(),
                });
                work(turned(Path::new(SAID), None, &columns, rows.collect()))?;
            }
        }
        Given::Images { files } => {
            for some in files.chunks(IMAGES) {
                let row = |file: &PathBuf| {
                    let position = Position::File(file.display().to_string());
                    Row { position, cells: vec![Cell::File(file.clone())] }
                };
                work(turned(Path::new(SAID), None, &["image".to_string()], some.iter().map(row).collect()))?;
            }
        }
        Given::Tables { files, columns: asked } => {
            for file in files {
                let table = Table::open(file)?;
                let columns = columns::find(&table, asked, feeding)?;
                let wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
                let size = if feeding.table.is_none() && feeding.tokenizer.is_none() { IMAGES } else { CHUNK };
                let mut rows = table.rows(&wanted)?;
                loop {
                    let some: Vec<Row> = rows.by_ref().take(size).collect::<Result<_>>()?;
                    if some.is_empty() {
                        break;
                    }
                    work(turned(table.path(), Some(&table), &columns, some))?;
                }
            }
        }
    }
    Ok(())
}
