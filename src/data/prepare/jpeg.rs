//! JPEG to the bit as libjpeg-turbo decodes it. PyTorch's pipelines see images through that library; through another, single pixels
//! differ by some levels (chroma interpolated otherwise, another inverse transform), and a model scores a little differently.

use super::pixels::{MOST_PIXELS, Pixels};
use image::metadata::Orientation;
use libjpeg_turbo_rs::{DecodeLimits, Decoder, PixelFormat};

/// What a file may ask for. A larger image is none to train on, but an attempt to use up memory or time.
const LIMITS: DecodeLimits =
    DecodeLimits { max_width: 65_500, max_height: 65_500, max_pixels: MOST_PIXELS, max_scans: 200, max_memory: Some(1 << 30) };

/// Whether the file says that it is a JPEG.
pub(super) fn is_jpeg(encoded: &[u8]) -> bool {
    encoded.starts_with(&[0xff, 0xd8, 0xff])
}

/// Height, width and channels by the header alone.
pub(super) fn shape(encoded: &[u8]) -> Result<[usize; 3], String> {
    guarded(encoded, |decoder, channels| {
        let (height, width) = (decoder.output_height(), decoder.output_width());
        // What `decode` makes of the channels.
        Ok([height, width, if channels == 1 { 1 } else { 3 }])
    })
}

/// How the camera was held, by the file's Exif segment; upright where it says nothing.
pub(super) fn orientation(encoded: &[u8]) -> Orientation {
    exif(encoded).and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

/// What the first Exif segment before the scans holds. A segment: 0xff, its kind, its length in two bytes (which count themselves).
fn exif(encoded: &[u8]) -> Option<&[u8]> {
    let mut rest = encoded.get(2..)?;
    loop {
        let (&[0xff, kind, high, low], behind) = rest.split_first_chunk::<4>()? else { return None };
        // The scans begin.
        if kind == 0xda {
            return None;
        }
        let segment = behind.get(..usize::from(u16::from_be_bytes([high, low])).checked_sub(2)?)?;
        if let (0xe1, Some(exif)) = (kind, segment.strip_prefix(b"Exif\0\0")) {
            return Some(exif);
        }
        rest = &behind[segment.len()..];
    }
}

/// The pixels. A file that ends in the middle of its scans is refused; ink (CMYK) becomes colour as PIL has it.
pub(super) fn decode(encoded: &[u8]) -> Result<Pixels, String> {
    guarded(encoded, |mut decoder, channels| {
        decoder.set_output_format(match channels {
            1 => PixelFormat::Grayscale,
            4 => PixelFormat::Cmyk,
            _ => PixelFormat::Rgb,
        });
        let image = decoder.decode_image().map_err(|e| e.to_string())?;
        let [height, width] = [image.height, image.width];
        Ok(match channels {
            1 => Pixels::new(height, width, 1, image.into_vec()),
            4 => Pixels::new(height, width, 3, from_ink(image.as_bytes())),
            _ => Pixels::new(height, width, 3, image.into_vec()),
        })
    })
}

/// Hands a decoder and the number of channels to `work`. The decoder has been seen to panic on broken files: that is an error like others.
fn guarded<T>(
    encoded: &[u8],
    work: impl Fn(Decoder, usize) -> Result<T, String> + std::panic::RefUnwindSafe,
) -> Result<T, String> {
    let attempt = || {
        let decoder = Decoder::new_with_limits(encoded, LIMITS).map_err(|e| e.to_string())?;
        match decoder.header().components.len() {
            channels @ (1 | 3 | 4) => work(decoder, channels),
            other => Err(format!("expected 1, 3 or 4 channels, found {other}")),
        }
    };
    crate::data::guarded::guarded(attempt).unwrap_or_else(|_| Err("the JPEG is broken".into()))
}

/// Ink is stored inverted: 255 is none. `r = k (255 - ink of cyan)` by PIL's rounded product of bytes, and so on.
fn from_ink(stored: &[u8]) -> Vec<u8> {
    let product = |a: u8, b: u8| {
        let product = u32::from(a) * u32::from(b) + 128;
        (((product >> 8) + product) >> 8) as u8
    };
    let colour = |&[c, m, y, k]: &[u8; 4]| [c, m, y].map(|light| k - product(255 - light, k));
    stored.as_chunks::<4>().0.iter().flat_map(colour).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    /// JPEGs, and beside each its pixels as PIL decodes them; `make.py` there made both.
    fn fixtures() -> Vec<(PathBuf, Vec<u8>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/jpeg");
        let paths = std::fs::read_dir(folder).expect("the fixtures").flatten().map(|e| e.path());
        let jpegs = paths.filter(|path| path.extension().is_some_and(|e| e == "jpg"));
        jpegs.map(|path| (path.clone(), std::fs::read(path).expect("a file"))).collect()
    }

    #[test]
    fn pixels_are_those_of_pil() {
        let fixtures = fixtures();
        assert!(fixtures.len() >= 13, "found {}", fixtures.len());
        for (path, encoded) in fixtures {
            let expected = image::open(path.with_extension("png")).expect("PIL's pixels");
            let channels = usize::from(expected.color().channel_count());
            let expected = Pixels::new(expected.height() as usize, expected.width() as usize, channels, expected.into_bytes());
            assert_eq!(decode(&encoded).expect("pixels"), expected, "{}", path.display());
            assert_eq!(shape(&encoded), Ok(expected.shape()), "{}", path.display());
        }
    }

    #[test]
    fn broken_files_are_refused_in_words() {
        let stream = tallow_kernels::Stream::root(5);
        for (at, (path, encoded)) in fixtures().into_iter().enumerate() {
            let name = path.display();
            // Markers take some 600 bytes; the rest are scans.
            let scans = encoded.windows(2).position(|w| w == [0xff, 0xda]).expect("a scan");
            for end in 0..scans {
                assert!(decode(&encoded[..end]).is_err(), "{name} cut at {end}");
            }
            // Whatever is changed, an answer comes: pixels of the size that the header says, or words.
            for trial in 0..400 {
                let (mut broken, draws) = (encoded.clone(), stream.at(at as u64).at(trial));
                for change in 0..3 {
                    broken[draws.below(2 * change, encoded.len())] = draws.below(2 * change + 1, 256) as u8;
                }
                if let Ok(pixels) = decode(&broken) {
                    assert_eq!(shape(&broken), Ok(pixels.shape()), "{name}, trial {trial}");
                }
            }
        }
        assert!(decode(b"").is_err() && decode(&[0xff, 0xd8, 0xff]).is_err() && shape(b"no image").is_err());
    }

    #[test]
    fn a_header_that_asks_for_too_much_is_refused() {
        let (_, mut encoded) = fixtures().into_iter().find(|(path, _)| path.ends_with("420.jpg")).expect("a fixture");
        let frame = encoded.windows(2).position(|w| w == [0xff, 0xc0]).expect("a frame");
        encoded[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
        let message = decode(&encoded).expect_err("too large");
        assert!(message.contains("exceeds limit"), "{message}");
    }
}
