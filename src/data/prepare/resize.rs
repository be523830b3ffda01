//! Images brought to a size as Pillow does it, at most one level of 256 beside: each pixel of the result is a mean of all that it
//! covers, weighted by a filter.

use super::pixels::{MOST_PIXELS, Pixels};
use crate::spec::{ImageSize, Resample};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

/// Scales and cuts out the middle, as `size` says; nothing happens to an image that is right already.
///
/// # Errors
/// In words: what the resizing library says.
pub(in crate::data) fn brought_to(image: Pixels, size: &ImageSize) -> Result<Pixels, String> {
    let [height, width, channels] = image.shape();
    let scaled = size.scaled([height, width]);
    let image = if scaled == [height, width] { image } else { resized(&image, scaled, size.resample)? };
    let [top, left] = [scaled[0].saturating_sub(size.height), scaled[1].saturating_sub(size.width)].map(half);
    if scaled == [size.height, size.width] {
        return Ok(image);
    }
    let row = |y: usize| {
        let first = ((top + y) * scaled[1] + left) * channels;
        &image.bytes()[first..first + size.width * channels]
    };
    Ok(Pixels::new(size.height, size.width, channels, (0..size.height).flat_map(row).copied().collect()))
}

/// Half of what is cut off goes at the upper and left side: rounded to even, as torchvision's `center_crop` has it.
fn half(rest: usize) -> usize {
    let floor = rest / 2;
    if rest.is_multiple_of(2) || floor.is_multiple_of(2) { floor } else { floor + 1 }
}

fn resized(image: &Pixels, [height, width]: [usize; 2], resample: Resample) -> Result<Pixels, String> {
    let in_words = |e: &dyn std::fmt::Display| format!("it cannot be brought to {height} x {width} pixels: {e}");
    // A thin strip whose shorter side grows becomes very long.
    if (height as u64).saturating_mul(width as u64) > MOST_PIXELS {
        return Err(in_words(&format!("expected at most {MOST_PIXELS} pixels")));
    }
    let [from_height, from_width, channels] = image.shape();
    let kind = if channels == 1 { PixelType::U8 } else { PixelType::U8x3 };
    let side = |side: usize| u32::try_from(side).map_err(|e| in_words(&e));
    let from = ImageRef::new(side(from_width)?, side(from_height)?, image.bytes(), kind).map_err(|e| in_words(&e))?;
    let mut to = Image::new(side(width)?, side(height)?, kind);
    let filter = match resample {
        Resample::Bilinear => FilterType::Bilinear,
        Resample::Bicubic => FilterType::CatmullRom,
    };
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new().resize(&from, &mut to, &options).map_err(|e| in_words(&e))?;
    Ok(Pixels::new(height, width, channels, to.into_vec()))
}

#[cfg(test)]
mod tests {
    use super::super::pixels::{decode, shape};
    use super::*;
    use crate::data::read::Cell;
    use serde::Deserialize;
    use std::path::{Path, PathBuf};

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/resize")
    }

    fn read(name: &str) -> Pixels {
        decode(&Cell::File(folder().join(name))).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        size: ImageSize,
    }

    /// `make.py` there made the images, and what Pillow makes of them.
    #[test]
    fn sizes_are_those_of_pillow() {
        let cases = std::fs::read_to_string(folder().join("sizes.json")).expect("the cases");
        let cases: Vec<Case> = serde_json::from_str(&cases).expect("JSON");
        assert!(cases.len() >= 6);
        for Case { name, size } in cases {
            let expected = read(&format!("{name}_brought.png"));
            let found = brought_to(read(&format!("{name}.png")), &size).expect("brought");
            assert_eq!(found.shape(), expected.shape(), "{name}");
            let furthest = found.bytes().iter().zip(expected.bytes()).map(|(a, b)| a.abs_diff(*b)).max();
            // The library rounds its weights otherwise.
            assert!(furthest <= Some(1), "{name}: {furthest:?} levels apart");
        }
    }

    #[test]
    fn a_strip_is_not_blown_up() {
        let strip = Pixels::new(1, 65_500, 1, vec![0; 65_500]);
        let told = brought_to(strip, &ImageSize::square(2048)).expect_err("too large");
        assert!(told.contains("expected at most 67108864 pixels"), "{told}");
    }

    /// However the camera was held, and by the header alone.
    #[test]
    fn images_are_upright() {
        for (i, ending) in (1..=8).flat_map(|i| ["jpg", "png"].map(|ending| (i, ending))) {
            let name = format!("held_{i}.{ending}");
            let expected = read(&format!("held_{i}_{ending}_upright.png"));
            assert_eq!(read(&name), expected, "{name}");
            assert_eq!(shape(&Cell::File(folder().join(&name))), Ok(expected.shape()), "{name}");
        }
    }
}
