//! The float32 CPU version: a row's scores turn into their gradient in the cache.

use super::Targets;
use crate::blocks::BLOCK;
use crate::simd::{self, vectorised};
use crate::{Result, scratch, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// The mean loss of `z`: `[rows, C]` over `counted` rows (at least one), and its gradient if wanted.
pub(super) fn run(z: &Tensor, targets: &Targets, counted: usize, gradient: bool) -> Result<(f64, Option<Tensor>)> {
    let classes = z.dim(1)?;
    let zs = slice::floats(z)?;
    let rule = Rule { smoothing: targets.smoothing, share: 1.0 / counted as f32, gradient };
    let loss = |z: &[f32], label: u32, room: &mut [f32]| {
        if Some(label) == targets.ignore {
            room.fill(0.0);
            return 0.0;
        }
        room.copy_from_slice(z);
        softmax(room, label as usize, rule)
    };
    let mut each = vec![0f32; targets.labels.len()];
    // Few classes: many rows a task.
    let rows = (BLOCK / classes).max(1);
    let tasks = each.par_chunks_mut(rows).zip(targets.labels.par_chunks(rows)).zip(zs.par_chunks(rows * classes));
    let dz = if gradient {
        Some(slice::fresh_tensor(z.shape(), |dz| {
            tasks.zip(dz.par_chunks_mut(rows * classes)).for_each(|(((each, labels), z), dz)| {
                let rows = each.iter_mut().zip(labels).zip(z.chunks_exact(classes)).zip(dz.chunks_exact_mut(classes));
                rows.for_each(|(((each, &label), z), dz)| *each = loss(z, label, dz));
            });
        })?)
    } else {
        tasks.for_each(|((each, labels), z)| {
            scratch::with(classes, |room| {
                let rows = each.iter_mut().zip(labels).zip(z.chunks_exact(classes));
                rows.for_each(|((each, &label), z)| *each = loss(z, label, room));
            });
        });
        None
    };
    Ok((each.iter().map(|&v| f64::from(v)).sum::<f64>() / counted as f64, dz))
}

/// `t *= number`.
pub(super) fn scale(t: &mut [f32], number: f32) {
    t.par_chunks_mut(BLOCK).for_each(|block| scale_block(block, number));
}

/// What a row's scores turn into.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) smoothing: f32,
    /// One over the number of counted rows.
    pub(crate) share: f32,
    /// Whether the scores become their gradient; if not, they are left as they may be.
    pub(crate) gradient: bool,
}

/// Sum of `f` in blocks: over a vocabulary, one running sum a lane would lose digits.
#[inline(always)]
fn long_sum(z: &[f32], f: impl Fn(f32) -> f32 + Copy) -> f32 {
    z.chunks(1024).map(|block| simd::sum(block, f)).sum()
}

vectorised! {
    fn scale_block(block: &mut [f32], number: f32) {
        block.iter_mut().for_each(|v| *v *= number);
    }

    /// A row's loss; its scores `z` become `dz`.
    pub(crate) fn softmax(z: &mut [f32], label: usize, rule: Rule) -> f32 {
        let (largest, classes) = (simd::max(z), z.len() as f32);
        let centred = z[label] - largest;
        // The mean is read only with smoothing: a class of score minus infinity would spoil it.
        let mean = if rule.smoothing > 0.0 { long_sum(z, |v| v - largest) / classes } else { 0.0 };
        z.iter_mut().for_each(|v| *v = simd::exp(*v - largest));
        let sum = long_sum(z, |v| v);
        let s = rule.smoothing;
        let smooth = if s > 0.0 { s * mean } else { 0.0 };
        let loss = sum.ln() - (1.0 - s) * centred - smooth;
        if rule.gradient {
            let (scale, even) = (rule.share / sum, rule.share * s / classes);
            z.iter_mut().for_each(|v| *v = *v * scale - even);
            z[label] -= rule.share * (1.0 - s);
        }
        loss
    }
}
