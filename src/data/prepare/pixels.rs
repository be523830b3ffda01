//! One encoded image -> pixels.

use super::jpeg;
use crate::data::lfs;
use crate::data::read::Cell;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader};
use std::borrow::Cow;
use std::io::Cursor;

/// Pixels of an image: `[height, width, channels]`, one channel for grey and three for colour; transparency is dropped.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::data) struct Pixels {
    height: usize,
    width: usize,
    channels: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    pub(super) fn new(height: usize, width: usize, channels: usize, bytes: Vec<u8>) -> Self {
        Pixels { height, width, channels, bytes }
    }

    /// Height, width, channels.
    pub(in crate::data) fn shape(&self) -> [usize; 3] {
        [self.height, self.width, self.channels]
    }

    pub(in crate::data) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// As the camera was held, which the file says: upright.
    fn turned(self, orientation: Orientation) -> Self {
        let [height, width, channels] = self.shape();
        let (rows, columns) = if lies_on_its_side(orientation) { (width, height) } else { (height, width) };
        // Where the pixel at a place of the upright image lies in the file.
        let place = |y: usize, x: usize| match orientation {
            Orientation::NoTransforms => (y, x),
            Orientation::FlipHorizontal => (y, width - 1 - x),
            Orientation::FlipVertical => (height - 1 - y, x),
            Orientation::Rotate180 => (height - 1 - y, width - 1 - x),
            Orientation::Rotate90 => (height - 1 - x, y),
            Orientation::Rotate270 => (x, width - 1 - y),
            Orientation::Rotate90FlipH => (x, y),
            Orientation::Rotate270FlipH => (height - 1 - x, width - 1 - y),
        };
        if orientation == Orientation::NoTransforms {
            return self;
        }
        let pixel = |(y, x): (usize, usize)| &self.bytes[(y * width + x) * channels..][..channels];
        let bytes = (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))).flat_map(|(y, x)| pixel(place(y, x))).copied();
        Pixels { height: rows, width: columns, channels, bytes: bytes.collect() }
    }

    /// Grey among colours takes three equal channels. Colours among grey stay as they are, and do not fit.
    pub(in crate::data) fn with_channels(mut self, channels: usize) -> Self {
        if self.channels == 1 && channels == 3 {
            self.bytes = self.bytes.iter().flat_map(|grey| [*grey; 3]).collect();
            self.channels = 3;
        }
        self
    }
}

fn lies_on_its_side(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// More pixels are none to train on, but an attempt to use up memory.
pub(super) const MOST_PIXELS: u64 = 1 << 26;

fn bounded((width, height): (u32, u32)) -> Result<(), String> {
    if u64::from(width) * u64::from(height) <= MOST_PIXELS {
        return Ok(());
    }
    Err(format!("expected at most {MOST_PIXELS} pixels, found {height} x {width}"))
}

/// Decodes a PNG, JPEG, WebP, BMP or GIF (of which the first picture), and turns it upright where the file says how the camera was held;
/// what is wrong comes in words. For the jail: the file is not trusted.
pub(in crate::data) fn decode(cell: &Cell) -> Result<Pixels, String> {
    let encoded = encoded(cell)?;
    if jpeg::is_jpeg(&encoded) {
        return Ok(jpeg::decode(&encoded)?.turned(jpeg::orientation(&encoded)));
    }
    let mut decoder = other(&encoded)?.into_decoder().map_err(|e| e.to_string())?;
    bounded(decoder.dimensions())?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(|e| e.to_string())?;
    let (height, width) = (image.height() as usize, image.width() as usize);
    let image = match image {
        DynamicImage::ImageLuma8(_)
        | DynamicImage::ImageLumaA8(_)
        | DynamicImage::ImageLuma16(_)
        | DynamicImage::ImageLumaA16(_) => Pixels::new(height, width, 1, image.into_luma8().into_raw()),
        colour => Pixels::new(height, width, 3, colour.into_rgb8().into_raw()),
    };
    Ok(image.turned(orientation))
}

/// Height, width and channels that [`decode`] will give, by the header alone: nothing is decoded outside the jail.
pub(in crate::data) fn shape(cell: &Cell) -> Result<[usize; 3], String> {
    let encoded = encoded(cell)?;
    let (shape, orientation) = if jpeg::is_jpeg(&encoded) {
        (jpeg::shape(&encoded)?, jpeg::orientation(&encoded))
    } else {
        let mut decoder = other(&encoded)?.into_decoder().map_err(|e| e.to_string())?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let (width, height) = decoder.dimensions();
        bounded((width, height))?;
        ([height as usize, width as usize, if decoder.color_type().has_color() { 3 } else { 1 }], orientation)
    };
    let [height, width, channels] = shape;
    Ok(if lies_on_its_side(orientation) { [width, height, channels] } else { shape })
}

fn encoded(cell: &Cell) -> Result<Cow<'_, [u8]>, String> {
    let encoded = match cell {
        Cell::Bytes(bytes) => Cow::Borrowed(bytes.as_slice()),
        Cell::File(path) => Cow::Owned(std::fs::read(path).map_err(|e| e.to_string())?),
        other => return Err(format!("expected an image, found {}", other.in_words())),
    };
    if lfs::is_pointer(&encoded) { Err(format!("it is {}", lfs::POINTER)) } else { Ok(encoded) }
}

/// Of another format than JPEG. It is told by the file's first bytes; one that is none of ours is refused when it is decoded.
fn other(encoded: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, String> {
    ImageReader::new(Cursor::new(encoded)).with_guessed_format().map_err(|e| e.to_string())
}
