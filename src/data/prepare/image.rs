//! Encoded images -> pixels.

use super::{Labels, Made, Split, finish};
use crate::data::read::{Cell, Row, Table};
use crate::data::tensor_file::{Dtype, Tensor};
use crate::data::{Error, Result};
use crate::job::{Event, PrepareJob, SplitShape};
use image::{DynamicImage, ImageReader};
use rayon::prelude::*;
use std::io::Cursor;

/// Pixels of an image: `[height, width, channels]`, one channel for grey and three for colour; transparency is dropped.
pub(in crate::data) struct Pixels {
    height: usize,
    width: usize,
    channels: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    /// Height, width, channels.
    pub(in crate::data) fn shape(&self) -> [usize; 3] {
        [self.height, self.width, self.channels]
    }

    /// Grey among colours takes three equal channels. Colours among grey stay as they are, and do not fit.
    fn with_channels(mut self, channels: usize) -> Self {
        if self.channels == 1 && channels == 3 {
            self.bytes = self.bytes.iter().flat_map(|grey| [*grey; 3]).collect();
            self.channels = 3;
        }
        self
    }
}

/// Decodes a PNG or JPEG; what is wrong comes in words.
pub(in crate::data) fn decode(cell: &Cell) -> Result<Pixels, String> {
    let read;
    let encoded = match cell {
        Cell::Bytes(bytes) => bytes,
        Cell::File(path) => {
            read = std::fs::read(path).map_err(|e| e.to_string())?;
            &read
        }
        other => return Err(format!("expected a PNG or JPEG, found {}", other.in_words())),
    };
    let reader = ImageReader::new(Cursor::new(encoded)).with_guessed_format().map_err(|e| e.to_string())?;
    let image = reader.decode().map_err(|e| e.to_string())?;
    let (height, width) = (image.height() as usize, image.width() as usize);
    let (channels, bytes) = match image {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageLumaA8(_) | DynamicImage::ImageLuma16(_) | DynamicImage::ImageLumaA16(_) => {
            (1, image.into_luma8().into_raw())
        }
        colour => (3, colour.into_rgb8().into_raw()),
    };
    Ok(Pixels { height, width, channels, bytes })
}

/// Decodes a split and writes it. `shape` is that of the job's first image, which all others must have.
pub(super) fn prepare(
    job: &PrepareJob, split: &Split, names: &[String], shape: &mut Option<[usize; 3]>, emit: &mut dyn FnMut(Event),
) -> Result<()> {
    let mut labels = Labels::new(split, names);
    let column = split.columns.input.first().cloned().unwrap_or_default();
    let mut pixels: Vec<u8> = Vec::new();
    split.each_chunk(|table, mut rows| {
        for row in &mut rows {
            labels.take(table, row)?;
        }
        let images: Vec<Pixels> = rows.par_iter().map(|row| decode_row(table, row, &column)).collect::<Result<_>>()?;
        for (image, row) in images.into_iter().zip(&rows) {
            let [height, width, channels] = *shape.get_or_insert_with(|| expected_shape(job, &image));
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
            pixels.extend_from_slice(&image.bytes);
        }
        Ok(())
    })?;
    let [height, width, channels] = shape.unwrap_or_default();
    let images = Tensor { name: "images", dtype: Dtype::U8, shape: vec![labels.len(), height, width, channels], bytes: &pixels };
    let made = Made { shape: SplitShape::Image { height, width, channels }, metadata: Vec::new(), tensors: vec![images] };
    finish(job, split, &labels, made, emit)
}

fn expected_shape(job: &PrepareJob, first: &Pixels) -> [usize; 3] {
    let [height, width] = job.image_size.unwrap_or([first.height, first.width]);
    [height, width, first.channels]
}

fn decode_row(table: &Table, row: &Row, column: &str) -> Result<Pixels> {
    let cell = row.cells.first().unwrap_or(&Cell::Null);
    let (path, position, column) = (table.path().into(), row.position.clone(), column.to_string());
    match cell {
        Cell::Null => Err(Error::Missing { path, position, column, what: "image" }),
        cell => decode(cell).map_err(|what| Error::Image { path, position, column, what }),
    }
}
