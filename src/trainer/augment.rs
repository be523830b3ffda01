//! Random changes of training images, one after the other on bytes, as torchvision makes them of images in bytes. What is drawn depends
//! on epoch and example alone.

mod affine;
mod colour;

use crate::spec::Augment;
use tallow_kernels::Stream;

/// Pixels `[height, width, channels]`, 0..=255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) pixels: Vec<u8>,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
}

/// A part of an image: rows and columns from the first on, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) top: usize,
    pub(super) left: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

/// Numbers drawn one after the other from a stream.
pub(super) struct Draws {
    stream: Stream,
    next: u64,
}

impl Draws {
    pub(super) fn of(stream: Stream) -> Self {
        Draws { stream, next: 0 }
    }

    fn index(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// In `[0, 1)`.
    pub(super) fn uniform(&mut self) -> f64 {
        let index = self.index();
        f64::from(self.stream.uniform(index))
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        let index = self.index();
        self.stream.below(index, bound.max(1))
    }

    pub(super) fn flip(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    fn normal(&mut self) -> f64 {
        let index = self.index();
        // Bits of its own: a normal number is made of more than one element's.
        f64::from(self.stream.named("normal").normal(index))
    }

    /// Gamma of scale 1 (Marsaglia & Tsang 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            // Written so that no power of 0 is taken.
            let boost = (1.0 - self.uniform()).powf(1.0 / shape);
            return self.gamma(shape + 1.0) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Beta with both parameters `alpha`, in `[0, 1]`.
    pub(super) fn beta(&mut self, alpha: f64) -> f64 {
        let (a, b) = (self.gamma(alpha), self.gamma(alpha));
        // Both can underflow where alpha is small, which means one end or the other.
        if a + b > 0.0 { a / (a + b) } else { f64::from(u8::from(self.flip(0.5))) }
    }
}

/// The image after all changes, and the part that is to be erased once it is normalised.
pub(super) fn change(mut picture: Picture, augment: &[Augment], stream: Stream) -> (Picture, Option<Region>) {
    let mut erased = None;
    for (i, augment) in augment.iter().enumerate() {
        let stream = stream.at(i as u64);
        let mut draws = Draws::of(stream);
        picture = match *augment {
            Augment::PadCrop { padding } => {
                let [down, right] = [0, 1].map(|at| stream.below(at, 2 * padding + 1) as isize - padding as isize);
                picture.moved(down, right)
            }
            Augment::HorizontalFlip if stream.below(0, 2) == 1 => picture.mirrored(),
            Augment::RandomResizedCrop { min_area, max_area, max_ratio } => {
                let region = picture.region(&mut draws, [min_area, max_area], [1.0 / max_ratio, max_ratio], 10);
                picture.resized(region.unwrap_or_else(|| picture.middle(max_ratio)))
            }
            Augment::Rotation { degrees } => affine::rotated(&picture, draws.between(-degrees, degrees)),
            Augment::ColorJitter { brightness, contrast, saturation, hue } => {
                colour::jitter(picture, [brightness, contrast, saturation, hue], &mut draws)
            }
            Augment::RandAugment { ops, magnitude } => {
                (0..ops).fold(picture, |picture, _| rand_augment(picture, magnitude, &mut draws))
            }
            Augment::RandomErasing { p, min_area, max_area, max_ratio } => {
                if draws.flip(p) {
                    erased = picture.region(&mut draws, [min_area, max_area], [1.0 / max_ratio, max_ratio], 10);
                }
                picture
            }
            // The batch is mixed once its images are changed.
            Augment::HorizontalFlip | Augment::Mixup { .. } | Augment::Cutmix { .. } => picture,
        };
    }
    (picture, erased)
}

/// Magnitudes from 0 to 30, of which RandAugment takes one (1909.13719 and torchvision).
const MAGNITUDES: f64 = 30.0;

/// One of torchvision's fourteen operations, at random.
fn rand_augment(picture: Picture, magnitude: u8, draws: &mut Draws) -> Picture {
    let share = f64::from(magnitude) / MAGNITUDES;
    let op = draws.below(14);
    let sign = if draws.flip(0.5) { -1.0 } else { 1.0 };
    let pixels = |size: usize| (sign * share * 150.0 / 331.0 * size as f64).trunc();
    match op {
        0 => picture,
        1 => affine::sheared(&picture, sign * share * 0.3, 0.0),
        2 => affine::sheared(&picture, 0.0, sign * share * 0.3),
        3 => picture.shifted(0, pixels(picture.width) as isize),
        4 => picture.shifted(pixels(picture.height) as isize, 0),
        5 => affine::rotated(&picture, sign * share * 30.0),
        6 => colour::brightness(picture, 1.0 + sign * share * 0.9),
        7 => colour::saturation(picture, 1.0 + sign * share * 0.9),
        8 => colour::contrast(picture, 1.0 + sign * share * 0.9),
        9 => colour::sharpness(&picture, 1.0 + sign * share * 0.9),
        10 => colour::posterize(picture, 8 - (f64::from(magnitude) / (MAGNITUDES / 4.0)).round_ties_even() as u32),
        11 => colour::solarize(picture, 255.0 - share * 255.0),
        12 => colour::autocontrast(picture),
        _ => colour::equalize(picture),
    }
}

impl Picture {
    fn like(&self, pixels: Vec<u8>) -> Self {
        Picture { pixels, height: self.height, width: self.width, channels: self.channels }
    }

    /// The channels of a place; none outside.
    fn at(&self, y: isize, x: isize) -> Option<&[u8]> {
        let inside = (0..self.height as isize).contains(&y) && (0..self.width as isize).contains(&x);
        inside.then(|| &self.pixels[(y as usize * self.width + x as usize) * self.channels..][..self.channels])
    }

    /// Each place gets what `from` finds for it, black where that is nothing.
    fn map(&self, from: impl Fn(isize, isize) -> (isize, isize)) -> Self {
        let mut pixels = vec![0; self.pixels.len()];
        for (place, to) in pixels.chunks_exact_mut(self.channels).enumerate() {
            let (y, x) = from((place / self.width) as isize, (place % self.width) as isize);
            if let Some(found) = self.at(y, x) {
                to.copy_from_slice(found);
            }
        }
        self.like(pixels)
    }

    /// What is seen through a window that is moved.
    fn moved(&self, down: isize, right: isize) -> Self {
        self.map(|y, x| (y + down, x + right))
    }

    /// The image itself is moved.
    fn shifted(&self, down: isize, right: isize) -> Self {
        self.moved(-down, -right)
    }

    fn mirrored(&self) -> Self {
        self.map(|y, x| (y, self.width as isize - 1 - x))
    }

    /// A part of so much of the area and such a ratio of width to height, both at random, that fits within; none after so many tries.
    fn region(&self, draws: &mut Draws, [least, most]: [f64; 2], ratios: [f64; 2], tries: usize) -> Option<Region> {
        let [low, high] = ratios.map(f64::ln);
        for _ in 0..tries {
            let area = draws.between(least, most) * (self.height * self.width) as f64;
            let ratio = draws.between(low, high).exp();
            let (height, width) = ((area / ratio).sqrt().round() as usize, (area * ratio).sqrt().round() as usize);
            if (1..=self.height).contains(&height) && (1..=self.width).contains(&width) {
                let (top, left) = (draws.below(self.height - height + 1), draws.below(self.width - width + 1));
                return Some(Region { top, left, height, width });
            }
        }
        None
    }

    /// The largest part about the middle whose sides differ by no more than that ratio.
    fn middle(&self, max_ratio: f64) -> Region {
        let (h, w) = (self.height as f64, self.width as f64);
        let height = h.min((w * max_ratio).round()) as usize;
        let width = w.min((h * max_ratio).round()) as usize;
        Region { top: (self.height - height) / 2, left: (self.width - width) / 2, height, width }
    }

    /// A part as large as the whole, bilinear between the centres of pixels.
    fn resized(&self, part: Region) -> Self {
        if (part.height, part.width) == (self.height, self.width) {
            return self.clone();
        }
        // For each place of a side: the two neighbours and the share of the second.
        let places = |first: usize, from: usize, to: usize| -> Vec<(usize, usize, f32)> {
            let scale = from as f32 / to as f32;
            let place = |i: usize| {
                let at = ((i as f32 + 0.5) * scale - 0.5).max(0.0);
                let low = (at as usize).min(from - 1);
                (first + low, first + (low + 1).min(from - 1), at - low as f32)
            };
            (0..to).map(place).collect()
        };
        let (rows, columns) = (places(part.top, part.height, self.height), places(part.left, part.width, self.width));
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for &(y0, y1, dy) in &rows {
            for &(x0, x1, dx) in &columns {
                for c in 0..self.channels {
                    let at = |y: usize, x: usize| f32::from(self.pixels[(y * self.width + x) * self.channels + c]);
                    let upper = at(y0, x0) + dx * (at(y0, x1) - at(y0, x0));
                    let lower = at(y1, x0) + dx * (at(y1, x1) - at(y1, x0));
                    pixels.push((upper + dy * (lower - upper)).round_ties_even() as u8);
                }
            }
        }
        self.like(pixels)
    }
}

/// How the images of a step are mixed, each with the one behind it in the step's batch: drawn once a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mix {
    /// So much of the image itself, the rest of the other (1710.09412).
    Blend(f64),
    /// This part is the other's (1905.04899).
    Patch(Region),
}

impl Mix {
    /// None where the recipe mixes nothing; where it does in two ways, one of them.
    pub(super) fn draw(augment: &[Augment], stream: Stream, [height, width, _]: [usize; 3]) -> Option<Mix> {
        let mut draws = Draws::of(stream);
        let ways: Vec<&Augment> =
            augment.iter().filter(|a| matches!(a, Augment::Mixup { .. } | Augment::Cutmix { .. })).collect();
        let way = ways.get(draws.below(ways.len()))?;
        match **way {
            Augment::Mixup { alpha } => Some(Mix::Blend(draws.beta(alpha))),
            Augment::Cutmix { alpha } => {
                let side = 0.5 * (1.0 - draws.beta(alpha)).sqrt();
                let range = |at: usize, size: usize| {
                    let half = (side * size as f64) as usize;
                    (at.saturating_sub(half), (at + half).min(size))
                };
                let (x, y) = (range(draws.below(width), width), range(draws.below(height), height));
                Some(Mix::Patch(Region { top: y.0, left: x.0, height: y.1 - y.0, width: x.1 - x.0 }))
            }
            _ => None,
        }
    }

    /// The share of an image that stays its own.
    pub(super) fn share(self, [height, width, _]: [usize; 3]) -> f64 {
        match self {
            Mix::Blend(share) => share,
            Mix::Patch(part) => 1.0 - (part.height * part.width) as f64 / (height * width) as f64,
        }
    }

    /// Mixes `other` into `own`, both `[channels, height, width]`.
    pub(super) fn apply(self, own: &mut [f32], other: &[f32], [height, width, _]: [usize; 3]) {
        match self {
            Mix::Blend(share) => {
                let (share, rest) = (share as f32, (1.0 - share) as f32);
                own.iter_mut().zip(other).for_each(|(own, other)| *own = share * *own + rest * other);
            }
            Mix::Patch(part) => part.rows(height, width, own.len()).for_each(|row| own[row.clone()].copy_from_slice(&other[row])),
        }
    }
}

impl Region {
    /// Its rows in an image of so many numbers, `[channels, height, width]`.
    pub(super) fn rows(self, height: usize, width: usize, len: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        let starts = (0..len).step_by(height * width);
        starts.flat_map(move |channel| {
            (self.top..self.top + self.height).map(move |y| {
                let start = channel + y * width + self.left;
                start..start + self.width
            })
        })
    }
}

#[cfg(test)]
mod tests;
