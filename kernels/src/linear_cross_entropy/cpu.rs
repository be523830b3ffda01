//! The float32 CPU version: scores of a chunk of rows, softmax row by row in place, then the gradients of the chunk.

use super::{Layer, Outcome, Wanted};
use crate::cross_entropy::{Rule, softmax};
use crate::matmul::{View, ViewMut, Write, matmul};
use crate::targets::Counted;
use crate::{Result, blocks, simd, slice};
use candle_core::{Device, Tensor};
use rayon::prelude::*;

/// Scores that are in memory at once: 64 MiB. More rows a chunk means fewer passes over the weight and its gradient.
const SCORES: usize = 1 << 24;

pub(super) fn run(layer: Layer, counted: &Counted, shares: &[f64], wanted: Wanted) -> Result<Outcome> {
    let (rows, width) = layer.h.dims2()?;
    let classes = layer.w.dim(0)?;
    let (hs, ws) = (slice::floats(layer.h)?, slice::floats(layer.w)?);
    let bias = layer.b.map(slice::floats).transpose()?;
    let n = counted.rows.len();
    // Ignored rows are left out of every product.
    let packed: Vec<f32> = if n == rows {
        Vec::new()
    } else {
        counted.rows.iter().flat_map(|&row| &hs[row as usize * width..][..width]).copied().collect()
    };
    let h = if n == rows { &hs[..] } else { &packed };
    let goals: Vec<(usize, f32)> =
        counted.rows.iter().map(|&row| (counted.targets.labels[row as usize] as usize, shares[row as usize] as f32)).collect();
    let most = (SCORES / classes.max(1)).max(16);
    let chunk = n.div_ceil(n.div_ceil(most).max(1)).max(1);

    let rule = Rule::of(counted, wanted.any());
    let mut scores = vec![0f32; chunk.min(n) * classes];
    let zeros = |wanted: bool, len: usize| vec![0f32; if wanted { len } else { 0 }];
    let mut dh = zeros(wanted.hidden, n * width);
    let mut dw = zeros(wanted.weight, classes * width);
    let mut db = zeros(wanted.bias, classes);
    let mut each = Vec::with_capacity(n);
    let weight = View::new(&ws, classes, width);
    for (index, goals) in goals.chunks(chunk).enumerate() {
        let (from, m) = (index * chunk, goals.len());
        let (h, scores) = (View::new(&h[from * width..][..m * width], m, width), &mut scores[..m * classes]);
        matmul(1.0, h, weight.t(), ViewMut::new(scores, m, classes), Write::Set);
        let loss = |(z, &(label, share)): (&mut [f32], &(usize, f32))| {
            if let Some(bias) = &bias {
                simd::add_assign(z, bias);
            }
            softmax(z, label, share, rule)
        };
        each.extend(scores.par_chunks_mut(classes).zip(goals).map(loss).collect::<Vec<f32>>());
        let dz = View::new(scores, m, classes);
        if wanted.hidden {
            matmul(1.0, dz, weight, ViewMut::new(&mut dh[from * width..], m, width), Write::Set);
        }
        if wanted.weight {
            let write = if index == 0 { Write::Set } else { Write::Add };
            matmul(1.0, dz.t(), h, ViewMut::new(&mut dw, classes, width), write);
        }
        if wanted.bias {
            blocks::add_column_sums(scores, &mut db);
        }
    }
    let tensor = |v: Vec<f32>, rows, cols| Tensor::from_vec(v, (rows, cols), &Device::Cpu);
    let each = spread(each, &counted.rows, rows, 1);
    Ok(Outcome {
        each: Tensor::from_vec(each, rows, &Device::Cpu)?,
        dhidden: wanted.hidden.then(|| tensor(spread(dh, &counted.rows, rows, width), rows, width)).transpose()?,
        dweight: wanted.weight.then(|| tensor(dw, classes, width)).transpose()?,
        dbias: wanted.bias.then(|| Tensor::from_vec(db, classes, &Device::Cpu)).transpose()?,
    })
}

/// The rows that count at their places among all, zeros between them.
fn spread(counted: Vec<f32>, places: &[u32], rows: usize, width: usize) -> Vec<f32> {
    if places.len() == rows {
        return counted;
    }
    let mut all = vec![0f32; rows * width];
    let rows = places.iter().zip(counted.chunks_exact(width.max(1)));
    rows.for_each(|(&row, values)| all[row as usize * width..][..width].copy_from_slice(values));
    all
}
