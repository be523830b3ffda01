//! The float32 CPU version: a row's scores turn into their gradient in the cache.

use super::Rows;
use crate::blocks::BLOCK;
use crate::simd::{self, vectorised};
use crate::targets::Counted;
use crate::{Result, scratch, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// Each row's loss of `z`: `[rows, C]`, and `shares` times its gradient if that is wanted.
pub(super) fn run(z: &Tensor, counted: &Counted, shares: Option<&[f64]>) -> Result<Rows> {
    let rule = Rule::of(counted, shares.is_some());
    let targets = &counted.targets;
    by_rows(z, shares, |row, z, share, room| {
        let label = targets.labels[row];
        if Some(label) == targets.ignore {
            room.fill(0.0);
            return 0.0;
        }
        room.copy_from_slice(z);
        softmax(room, label as usize, share, rule)
    })
}

/// Calls `loss` with each row's number, scores, share, and room for its gradient.
pub(super) fn by_rows(
    z: &Tensor,
    shares: Option<&[f64]>,
    loss: impl Fn(usize, &[f32], f32, &mut [f32]) -> f32 + Sync,
) -> Result<Rows> {
    let (count, classes) = z.dims2()?;
    let zs = slice::floats(z)?;
    let mut each = vec![0f32; count];
    // Few classes: many rows a task.
    let rows = (BLOCK / classes.max(1)).max(1);
    let tasks = each.par_chunks_mut(rows).zip(zs.par_chunks(rows * classes.max(1))).enumerate();
    let dz = if let Some(shares) = shares {
        Some(slice::fresh_tensor(z.shape(), |dz| {
            tasks.zip(dz.par_chunks_mut(rows * classes.max(1))).for_each(|((task, (each, z)), dz)| {
                let rows = (task * rows..).zip(each).zip(z.chunks_exact(classes)).zip(dz.chunks_exact_mut(classes));
                rows.for_each(|(((row, each), z), dz)| *each = loss(row, z, shares[row] as f32, dz));
            });
        })?)
    } else {
        tasks.for_each(|(task, (each, z))| {
            scratch::with(classes, |room| {
                let rows = (task * rows..).zip(each).zip(z.chunks_exact(classes));
                rows.for_each(|((row, each), z)| *each = loss(row, z, 0.0, room));
            });
        });
        None
    };
    Ok(Rows { each: Tensor::from_vec(each, count, z.device())?, dz })
}

/// The sum of float32 losses, in float64 and in order.
pub(super) fn sum(each: &Tensor) -> Result<f64> {
    Ok(slice::floats(each)?.iter().map(|&v| f64::from(v)).sum())
}

/// `t *= number`.
pub(super) fn scale(t: &mut [f32], number: f32) {
    t.par_chunks_mut(BLOCK).for_each(|block| scale_block(block, number));
}

/// Each row of `width` times its number.
pub(super) fn scale_rows(t: &mut [f32], width: usize, numbers: &[f32]) {
    t.par_chunks_mut(width.max(1)).zip(numbers).for_each(|(row, number)| scale_block(row, *number));
}

/// What a row's scores turn into.
#[derive(Clone, Copy)]
pub(crate) struct Rule<'a> {
    smoothing: f32,
    focal: f32,
    weights: Option<&'a [f32]>,
    mean_weight: f32,
    /// Whether the scores become their gradient; if not, they are left as they may be.
    gradient: bool,
}

impl<'a> Rule<'a> {
    pub(crate) fn of(counted: &Counted<'a>, gradient: bool) -> Self {
        let (targets, mean_weight) = (&counted.targets, counted.mean_weight as f32);
        Rule { smoothing: targets.smoothing, focal: targets.focal, weights: targets.weights, mean_weight, gradient }
    }
}

/// Elements whose sum is one running sum a lane; over a vocabulary that would lose digits.
const LONG: usize = 1024;

/// Sum of `f` in blocks.
#[inline(always)]
fn long_sum(z: &[f32], f: impl Fn(f32) -> f32 + Copy) -> f32 {
    z.chunks(LONG).map(|block| simd::sum(block, f)).sum()
}

/// Sum of `f` over pairs in blocks.
#[inline(always)]
fn long_sum2(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32 + Copy) -> f32 {
    a.chunks(LONG).zip(b.chunks(LONG)).map(|(a, b)| simd::sum2(a, b, f)).sum()
}

/// `weight * score`, 0 for no weight whatever the score: minus infinity would make NaN.
#[inline(always)]
fn weighted(weight: f32, score: f32) -> f32 {
    if weight > 0.0 { weight * score } else { 0.0 }
}

vectorised! {
    fn scale_block(block: &mut [f32], number: f32) {
        block.iter_mut().for_each(|v| *v *= number);
    }

    /// A row's loss; its scores `z` become `share` times `dz`.
    pub(crate) fn softmax(z: &mut [f32], label: usize, share: f32, rule: Rule<'_>) -> f32 {
        if rule.focal > 0.0 {
            return focal(z, label, share, rule);
        }
        let (largest, classes, s) = (simd::max(z), z.len() as f32, rule.smoothing);
        // The share of the label in the target, and of all classes together.
        let (hard, total) = match rule.weights {
            None => (1.0 - s, 1.0),
            Some(w) => (w[label] * (1.0 - s), w[label] * (1.0 - s) + s * rule.mean_weight),
        };
        let centred = weighted(hard, z[label] - largest);
        // All scores are read only with smoothing: a class of score minus infinity would spoil the sum.
        let smooth = match rule.weights {
            _ if s <= 0.0 => 0.0,
            None => s * (long_sum(z, |v| v - largest) / classes),
            Some(w) => s * (long_sum2(z, w, |v, w| weighted(w, v - largest)) / classes),
        };
        z.iter_mut().for_each(|v| *v = simd::exp(*v - largest));
        let sum = long_sum(z, |v| v);
        let loss = total * sum.ln() - centred - smooth;
        if rule.gradient {
            let (scale, even) = (share * total / sum, share * s / classes);
            match rule.weights {
                Some(w) if s > 0.0 => z.iter_mut().zip(w).for_each(|(v, w)| *v = *v * scale - even * w),
                _ => z.iter_mut().for_each(|v| *v = *v * scale - even),
            }
            z[label] -= share * hard;
        }
        loss
    }

    /// As [`softmax`] against a target `q` of any sum.
    pub(super) fn soft(z: &mut [f32], q: &[f32], share: f32, gradient: bool) -> f32 {
        let largest = simd::max(z);
        let total = long_sum(q, |q| q);
        let centred = long_sum2(z, q, |v, q| weighted(q, v - largest));
        z.iter_mut().for_each(|v| *v = simd::exp(*v - largest));
        let sum = long_sum(z, |v| v);
        if gradient {
            let scale = share * total / sum;
            z.iter_mut().zip(q).for_each(|(v, q)| *v = *v * scale - share * q);
        }
        total * sum.ln() - centred
    }
}

/// As [`softmax`], the focal loss: `-w (1 - p)^gamma log p`. Its slope at `log p` is `-w k`, see [`focus`].
#[inline(always)]
fn focal(z: &mut [f32], label: usize, share: f32, rule: Rule<'_>) -> f32 {
    let largest = simd::max(z);
    let centred = z[label] - largest;
    z.iter_mut().for_each(|v| *v = simd::exp(*v - largest));
    let own = std::mem::take(&mut z[label]);
    // Summed without the label, so that a probability near 1 keeps what it lacks of 1.
    let others = long_sum(z, |v| v);
    let sum = own + others;
    let weight = rule.weights.map_or(1.0, |w| w[label]);
    let rest = others / sum;
    let log_p = if rest < 0.5 { (-rest).ln_1p() } else { centred - sum.ln() };
    let (factor, k) = focus(rest, own / sum, log_p, rule.focal);
    if rule.gradient {
        let scale = share * weight * k;
        z.iter_mut().for_each(|v| *v *= scale / sum);
        z[label] = -scale * rest;
    }
    if weight > 0.0 { -weight * factor * log_p } else { 0.0 }
}

/// `(1 - p)^gamma`, and `k = (1 - p)^gamma - gamma p (1 - p)^(gamma - 1) log p`; `rest` is `1 - p`.
#[inline(always)]
fn focus(rest: f32, p: f32, log_p: f32, gamma: f32) -> (f32, f32) {
    let factor = rest.powf(gamma);
    // Both ends have their limit, where the formula makes 0 times infinity.
    if rest == 0.0 {
        return (factor, 0.0);
    }
    (factor, if p > 0.0 { factor - gamma * p * (factor / rest) * log_p } else { factor })
}
