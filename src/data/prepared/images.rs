//! Images, as bytes.

use crate::data::mapped::{Elements, TensorFile};

/// Pixels of all images, end to end: each `[height, width, channels]`, 0..=255.
#[derive(Debug)]
pub struct PreparedImages {
    pixels: Elements<u8>,
    pub(super) count: usize,
    shape: [usize; 3],
}

impl PreparedImages {
    pub(super) fn parse(file: &TensorFile) -> Result<Self, String> {
        let (pixels, shape) = file.elements("images", 4)?;
        match shape[..] {
            [count, height, width, channels] if ![height, width, channels].contains(&0) => {
                Ok(PreparedImages { pixels, count, shape: [height, width, channels] })
            }
            _ => Err(format!("it has images of shape {shape:?}")),
        }
    }

    /// Pixels of image `i`, `[height, width, channels]`. Panics where there is none.
    pub fn image(&self, i: usize) -> &[u8] {
        let size = self.shape.iter().product::<usize>();
        &self.pixels[i * size..(i + 1) * size]
    }

    /// Height, width, channels.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }
}
