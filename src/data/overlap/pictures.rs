//! Images that are nearly the same: a difference hash says which may be, their pixels which are.

use super::super::prepared::{Prepared, PreparedImages};
use super::Found;
use std::collections::HashMap;

/// The grid of a difference hash: each of 8 x 8 bits says whether a field is brighter than its left neighbour.
const ROWS: usize = 8;
const COLUMNS: usize = 9;

/// Two hashes that differ in fewer bits than there are parts have at least one part in common.
const PARTS: u32 = 4;
const MOST_BITS: u32 = PARTS - 1;

/// A part that so many held-out images have says nothing of any.
const COMMON: usize = 100;

/// Correlation of pixels from which on two images are nearly the same.
const NEAR: f64 = 0.99;

/// Marks held-out images that are nowhere to the byte, but nearly somewhere.
pub(super) fn near(
    [train_split, held_split]: [&Prepared; 2],
    [train, held]: [&PreparedImages; 2],
    found: &mut [Found],
    told: &mut dyn FnMut(usize),
) {
    if train.shape() != held.shape() {
        return;
    }
    let shape = held.shape();
    let [of_train, of_held] = [train_split.len(), held_split.len()];
    let hash = |i: usize| {
        held_split.give_back_after(i);
        difference_hash(held.image(i), shape)
    };
    let hashes: Vec<u64> = (0..of_held).map(hash).collect();
    let mut having: HashMap<(u32, u16), Vec<usize>> = HashMap::new();
    for i in (0..of_held).filter(|&i| found[i] == Found::Nowhere) {
        parts(hashes[i]).for_each(|part| having.entry(part).or_default().push(i));
    }
    for i in 0..of_train {
        let (image, hash) = (train.image(i), difference_hash(train.image(i), shape));
        let candidates = parts(hash).filter_map(|part| having.get(&part)).filter(|images| images.len() <= COMMON).flatten();
        for &candidate in candidates {
            let is_near = found[candidate] == Found::Nowhere
                && (hashes[candidate] ^ hash).count_ones() <= MOST_BITS
                && correlation(image, held.image(candidate)) >= NEAR;
            if is_near {
                found[candidate] = Found::Near(Some(i));
            }
        }
        train_split.give_back_after(i);
        told(i);
    }
}

fn parts(hash: u64) -> impl Iterator<Item = (u32, u16)> {
    (0..PARTS).map(move |part| (part, (hash >> (16 * part)) as u16))
}

/// Over the means of fields of all channels.
fn difference_hash(pixels: &[u8], [height, width, channels]: [usize; 3]) -> u64 {
    let field = |row: usize, column: usize| {
        let span = |at: usize, of: usize, size: usize| {
            let begin = at * size / of;
            begin..((at + 1) * size / of).max(begin + 1)
        };
        let (mut sum, mut count) = (0u64, 0u64);
        for y in span(row, ROWS, height) {
            for x in span(column, COLUMNS, width) {
                let at = (y * width + x) * channels;
                sum += pixels[at..at + channels].iter().map(|value| u64::from(*value)).sum::<u64>();
                count += channels as u64;
            }
        }
        // In 256ths, so that small differences of large fields count.
        256 * sum / count.max(1)
    };
    let mut hash = 0;
    for row in 0..ROWS {
        for column in 1..COLUMNS {
            hash = hash << 1 | u64::from(field(row, column) > field(row, column - 1));
        }
    }
    hash
}

/// Pearson's, of two images of the same shape; 0 where one has a single value throughout.
fn correlation(a: &[u8], b: &[u8]) -> f64 {
    let count = a.len() as f64;
    let mean = |pixels: &[u8]| pixels.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f64::from(*a) - mean_a, f64::from(*b) - mean_b);
        (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
    }
    if aa > 0.0 && bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(seed: usize) -> Vec<u8> {
        let value = |i: usize| ((i * (seed + 3) * 7919 + i * i * (seed + 1)) % 251) as u8;
        (0..16 * 16 * 3).map(value).collect()
    }

    #[test]
    fn what_is_a_little_brighter_or_noisier_is_near_and_another_is_not() {
        let (a, shape) = (picture(1), [16, 16, 3]);
        let brighter: Vec<u8> = a.iter().map(|value| value.saturating_add(3)).collect();
        let apart = |b: &[u8]| (difference_hash(&a, shape) ^ difference_hash(b, shape)).count_ones();
        assert!(apart(&brighter) <= MOST_BITS && correlation(&a, &brighter) > NEAR);
        let other = picture(2);
        assert!(apart(&other) > MOST_BITS && correlation(&a, &other) < 0.9, "{} {}", apart(&other), correlation(&a, &other));
        assert_eq!(correlation(&[7; 12], &[7; 12]), 0.0);
    }
}
