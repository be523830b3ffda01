//! Changes of colour, each as torchvision's function of that name makes it of bytes.

use super::{Draws, Picture};

/// `factor a + (1 - factor) b`, cut off to a byte.
fn blend(a: u8, b: f64, factor: f64) -> u8 {
    (factor * f64::from(a) + (1.0 - factor) * b).clamp(0.0, 255.0) as u8
}

/// The brightness of a pixel; of other than three channels their first.
fn grey(pixel: &[u8]) -> u8 {
    match pixel {
        [r, g, b] => (0.2989 * f64::from(*r) + 0.587 * f64::from(*g) + 0.114 * f64::from(*b)) as u8,
        other => other.first().copied().unwrap_or(0),
    }
}

pub(super) fn brightness(mut picture: Picture, factor: f64) -> Picture {
    picture.pixels.iter_mut().for_each(|byte| *byte = blend(*byte, 0.0, factor));
    picture
}

/// Away from, or towards, the mean brightness.
pub(super) fn contrast(mut picture: Picture, factor: f64) -> Picture {
    let sum: u64 = picture.pixels.chunks_exact(picture.channels).map(|pixel| u64::from(grey(pixel))).sum();
    let mean = sum as f64 / (picture.height * picture.width) as f64;
    picture.pixels.iter_mut().for_each(|byte| *byte = blend(*byte, mean, factor));
    picture
}

/// Away from, or towards, each pixel's own grey. What has no three channels stays.
pub(super) fn saturation(mut picture: Picture, factor: f64) -> Picture {
    if picture.channels == 3 {
        for pixel in picture.pixels.chunks_exact_mut(3) {
            let grey = f64::from(grey(pixel));
            pixel.iter_mut().for_each(|byte| *byte = blend(*byte, grey, factor));
        }
    }
    picture
}

/// Away from, or towards, a blurred image; the border stays.
pub(super) fn sharpness(picture: &Picture, factor: f64) -> Picture {
    let (h, w, c) = (picture.height, picture.width, picture.channels);
    let mut pixels = picture.pixels.clone();
    for y in 1..h.saturating_sub(1) {
        for x in 1..w.saturating_sub(1) {
            for channel in 0..c {
                let at = |y: usize, x: usize| f64::from(picture.pixels[(y * w + x) * c + channel]);
                let around: f64 = (y - 1..=y + 1).flat_map(|y| (x - 1..=x + 1).map(move |x| (y, x))).map(|(y, x)| at(y, x)).sum();
                let blurred = ((around + 4.0 * at(y, x)) / 13.0).round_ties_even();
                pixels[(y * w + x) * c + channel] = blend(picture.pixels[(y * w + x) * c + channel], blurred, factor);
            }
        }
    }
    picture.like(pixels)
}

/// Only the upper bits.
pub(super) fn posterize(mut picture: Picture, bits: u32) -> Picture {
    let mask = (0xff00_u32 >> bits.min(8)) as u8;
    picture.pixels.iter_mut().for_each(|byte| *byte &= mask);
    picture
}

/// What is at least so bright is turned over.
pub(super) fn solarize(mut picture: Picture, threshold: f64) -> Picture {
    let turned = |byte: u8| if f64::from(byte) >= threshold { 255 - byte } else { byte };
    picture.pixels.iter_mut().for_each(|byte| *byte = turned(*byte));
    picture
}

/// Each channel stretched from its darkest to its brightest.
pub(super) fn autocontrast(picture: Picture) -> Picture {
    by_channel(picture, |histogram| {
        let low = histogram.iter().position(|count| *count > 0).unwrap_or(0);
        let high = histogram.iter().rposition(|count| *count > 0).unwrap_or(0);
        let scale = 255.0 / (high as f32 - low as f32);
        std::array::from_fn(
            |byte| {
                if high == low { byte as u8 } else { ((byte as f32 - low as f32) * scale).clamp(0.0, 255.0) as u8 }
            },
        )
    })
}

/// Each channel so that all brightnesses are about as frequent.
pub(super) fn equalize(picture: Picture) -> Picture {
    by_channel(picture, |histogram| {
        let last = histogram.iter().rposition(|count| *count > 0).unwrap_or(0);
        let step = histogram[..last].iter().sum::<usize>() / 255;
        let mut below = 0;
        std::array::from_fn(|byte| {
            if step == 0 {
                return byte as u8;
            }
            let level = if byte == 0 { 0 } else { (below + step / 2) / step };
            below += histogram[byte];
            level.min(255) as u8
        })
    })
}

/// Each byte becomes what a table says that is made from its channel's histogram.
fn by_channel(mut picture: Picture, table: impl Fn(&[usize; 256]) -> [u8; 256]) -> Picture {
    for channel in 0..picture.channels {
        let mut histogram = [0; 256];
        picture.pixels.iter().skip(channel).step_by(picture.channels).for_each(|byte| histogram[usize::from(*byte)] += 1);
        let table = table(&histogram);
        let bytes = picture.pixels.iter_mut().skip(channel).step_by(picture.channels);
        bytes.for_each(|byte| *byte = table[usize::from(*byte)]);
    }
    picture
}

/// Turned on the circle of colours by a share of it. What has no three channels stays.
pub(super) fn hue(mut picture: Picture, turn: f64) -> Picture {
    if picture.channels != 3 || turn == 0.0 {
        return picture;
    }
    for pixel in picture.pixels.chunks_exact_mut(3) {
        let [r, g, b] = [0, 1, 2].map(|i| f64::from(pixel[i]) / 255.0);
        let (high, low) = (r.max(g).max(b), r.min(g).min(b));
        let span = high - low;
        if span == 0.0 {
            continue;
        }
        let sector = if high == r {
            (g - b) / span
        } else if high == g {
            2.0 + (b - r) / span
        } else {
            4.0 + (r - g) / span
        };
        let hue = (sector / 6.0 + turn).rem_euclid(1.0) * 6.0;
        // How far a channel lies from its own peak on the circle says how much of the span it keeps.
        let value = |peak: f64| {
            let away = (hue - peak).rem_euclid(6.0);
            let away = away.min(6.0 - away);
            low + span * (2.0 - away).clamp(0.0, 1.0)
        };
        for (byte, peak) in pixel.iter_mut().zip([0.0, 2.0, 4.0]) {
            *byte = (value(peak) * 255.999).clamp(0.0, 255.0) as u8;
        }
    }
    picture
}

/// Brightness, contrast and saturation by factors of up to so much from 1, hue by up to so much of the circle, in random order.
pub(super) fn jitter(
    picture: Picture,
    [of_brightness, of_contrast, of_saturation, of_hue]: [f64; 4],
    draws: &mut Draws,
) -> Picture {
    let mut order = [0, 1, 2, 3];
    for i in (1..4).rev() {
        order.swap(i, draws.below(i + 1));
    }
    let mut factor = |by: f64| draws.between((1.0 - by).max(0.0), 1.0 + by);
    let factors = [factor(of_brightness), factor(of_contrast), factor(of_saturation)];
    let turn = draws.between(-of_hue, of_hue);
    order.into_iter().fold(picture, |picture, which| match which {
        0 => brightness(picture, factors[0]),
        1 => contrast(picture, factors[1]),
        2 => saturation(picture, factors[2]),
        _ => hue(picture, turn),
    })
}
