//! A split of encoded images -> one tensor of pixels. An image that is not there, or cannot be read, is left out with its row, and
//! counted.

use super::lacking::Lacking;
use super::pixels::{Pixels, decode};
use super::resize::brought_to;
use super::unreadable::Unreadable;
use super::weights::Weights;
use super::{Answers, Made, Split, finish};
use crate::data::read::{Cell, Row, Table};
use crate::data::tensor_file::{Dtype, Spool, Tensor};
use crate::data::{Error, Lacks, Result};
use crate::job::{Event, PrepareJob, SplitShape};
use crate::spec::ImageSize;
use rayon::prelude::*;

/// Decodes all splits and writes them.
pub(super) fn prepare(job: &PrepareJob, splits: &[Split], names: &[String], emit: &mut dyn FnMut(Event)) -> Result<()> {
    let mut shape = None;
    splits.iter().try_for_each(|split| prepare_split(job, split, names, &mut shape, emit))
}

/// `shape` is that of the job's first image, which all others must have.
fn prepare_split(
    job: &PrepareJob,
    split: &Split,
    names: &[String],
    shape: &mut Option<[usize; 3]>,
    emit: &mut dyn FnMut(Event),
) -> Result<()> {
    let (mut answers, mut weights) = (Answers::new(job, split, names)?, Weights::of(split));
    let column = split.columns.input.first().cloned().unwrap_or_default();
    let mut pixels = Spool::within(&job.out)?;
    let (mut unreadable, mut lacking) = (Unreadable::default(), Lacking::default());
    split.each_chunk(emit, |table, mut rows| {
        let images: Vec<Result<Pixels>> =
            rows.par_iter().map(|row| decode_row(table, row, &column, job.image.as_ref())).collect();
        for (image, row) in images.into_iter().zip(&mut rows) {
            let image = match image {
                Ok(image) => image,
                Err(error) => {
                    unreadable.add(error);
                    continue;
                }
            };
            if !lacking.take(table, row, &mut weights, &mut answers)? {
                continue;
            }
            let [height, width, channels] = *shape.get_or_insert_with(|| job.image_shape.unwrap_or(image.shape()));
            let image = image.with_channels(channels);
            if image.shape() != [height, width, channels] {
                let in_words = |[h, w, c]: [usize; 3]| format!("{h} x {w} x {c}");
                return Err(Error::ImageSize {
                    path: table.path().into(),
                    position: row.position.clone(),
                    column: column.clone(),
                    expected: in_words([height, width, channels]),
                    found: in_words(image.shape()),
                });
            }
            pixels.add(image.bytes())?;
        }
        Ok(())
    })?;
    lacking.settle(split, answers.len(), emit)?;
    unreadable.note(&split.name, answers.len(), "images").into_iter().for_each(&mut *emit);
    let left_out = unreadable.count();
    if let (0, Some(error)) = (answers.len(), unreadable.into_first()) {
        return Err(error);
    }
    let [height, width, channels] = shape.unwrap_or_default();
    let images =
        Tensor { name: "images", dtype: Dtype::U8, shape: vec![answers.len(), height, width, channels], bytes: pixels.bytes()? };
    let made = Made {
        shape: SplitShape::Image { height, width, channels, left_out },
        lengths: Default::default(),
        metadata: Vec::new(),
        tensors: vec![images],
    };
    finish(job, split, answers.said()?.with(weights.tensors(split)?), made, emit)
}

fn decode_row(table: &Table, row: &Row, column: &str, size: Option<&ImageSize>) -> Result<Pixels> {
    let cell = row.cells.first().unwrap_or(&Cell::Null);
    let (path, position, column) = (table.path().into(), row.position.clone(), column.to_string());
    match cell {
        Cell::Null => Err(Error::Missing { path, position, column, what: Lacks::Image }),
        cell => {
            let image = decode(cell).and_then(|image| match size {
                Some(size) => brought_to(image, size),
                None => Ok(image),
            });
            image.map_err(|what| Error::Image { path, position, column, what })
        }
    }
}
