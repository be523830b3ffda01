//! The float32 CPU version: scores of a chunk of rows, softmax row by row in place, then both gradients of the chunk.

use super::{Outcome, Targets, Wanted};
use crate::cross_entropy::{Rule, softmax};
use crate::matmul::{View, ViewMut, Write, matmul};
use crate::{Result, slice};
use candle_core::{Device, Tensor};
use rayon::prelude::*;

/// Scores that are in memory at once: 64 MiB. More rows a chunk means fewer passes over the weight and its gradient.
const SCORES: usize = 1 << 24;

pub(super) fn run(h: &Tensor, w: &Tensor, targets: &Targets, counted: &[u32], wanted: Wanted) -> Result<Outcome> {
    let (rows, width) = h.dims2()?;
    let classes = w.dim(0)?;
    let (hs, ws) = (slice::floats(h)?, slice::floats(w)?);
    let n = counted.len();
    // Ignored rows are left out of every product.
    let packed: Vec<f32> = if n == rows {
        Vec::new()
    } else {
        counted.iter().flat_map(|&row| &hs[row as usize * width..][..width]).copied().collect()
    };
    let h = if n == rows { &hs[..] } else { &packed };
    let labels: Vec<u32> = counted.iter().map(|&row| targets.labels[row as usize]).collect();
    let most = (SCORES / classes.max(1)).max(16);
    let chunk = n.div_ceil(n.div_ceil(most).max(1)).max(1);

    let any = wanted.hidden || wanted.weight;
    let rule = Rule { smoothing: targets.smoothing, share: 1.0 / n.max(1) as f32, gradient: any };
    let mut scores = vec![0f32; chunk.min(n) * classes];
    let mut dh = vec![0f32; if wanted.hidden { n * width } else { 0 }];
    let mut dw = vec![0f32; if wanted.weight { w.elem_count() } else { 0 }];
    let weight = View::new(&ws, classes, width);
    let mut loss = 0f64;
    for (index, labels) in labels.chunks(chunk).enumerate() {
        let (from, m) = (index * chunk, labels.len());
        let (h, scores) = (View::new(&h[from * width..][..m * width], m, width), &mut scores[..m * classes]);
        matmul(1.0, h, weight.t(), ViewMut::new(scores, m, classes), Write::Set);
        let each: Vec<f32> =
            scores.par_chunks_mut(classes).zip(labels).map(|(z, &label)| softmax(z, label as usize, rule)).collect();
        loss += each.iter().map(|&v| f64::from(v)).sum::<f64>();
        let dz = View::new(scores, m, classes);
        if wanted.hidden {
            matmul(1.0, dz, weight, ViewMut::new(&mut dh[from * width..], m, width), Write::Set);
        }
        if wanted.weight {
            let write = if index == 0 { Write::Set } else { Write::Add };
            matmul(1.0, dz.t(), h, ViewMut::new(&mut dw, classes, width), write);
        }
    }
    let spread = |dh: Vec<f32>| {
        let mut all = vec![0f32; rows * width];
        counted
            .iter()
            .zip(dh.chunks_exact(width.max(1)))
            .for_each(|(&row, dh)| all[row as usize * width..][..width].copy_from_slice(dh));
        all
    };
    let dh = if wanted.hidden && n < rows { spread(dh) } else { dh };
    let tensor = |v: Vec<f32>, rows| Tensor::from_vec(v, (rows, width), &Device::Cpu);
    Ok(Outcome {
        loss: loss / n.max(1) as f64,
        dhidden: wanted.hidden.then(|| tensor(dh, rows)).transpose()?,
        dweight: wanted.weight.then(|| tensor(dw, classes)).transpose()?,
    })
}
