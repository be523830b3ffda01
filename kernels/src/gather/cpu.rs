//! The float32 CPU version. A task of a sum has its own places, so that no two write one.

use super::Along;
use crate::Result;
use crate::blocks::BLOCK;
use crate::slice::{self, Scattered};
use candle_core::Tensor;
use rayon::prelude::*;

/// Columns of a task that sums, at most and at least: so many that a task is worth its start, so few that there are enough of them.
const COLUMNS: [usize; 2] = [256, 16];
/// Enough tasks for any machine's threads.
const TASKS: usize = 16;

pub(super) fn pick(along: &Along, x: &Tensor) -> Result<Tensor> {
    let xs = slice::floats(x)?;
    let [_, rows, inner] = along.sizes;
    // Elements that lie side by side in the result and come from one `o`; of more than one column also from one `j`.
    let unit = if inner == 1 { along.count } else { inner };
    slice::fresh_tensor(&along.picked[..], |y| {
        y.par_chunks_mut(BLOCK).zip(along.flat.par_chunks(BLOCK)).enumerate().for_each(|(block, (mut y, mut index))| {
            let mut at = block * BLOCK;
            while !y.is_empty() {
                let (line, first) = (at / unit, at % unit);
                let run = (unit - first).min(y.len());
                let (here, indices) = (y.split_off_mut(..run).unwrap_or_default(), &index[..run]);
                let o = if inner == 1 { line } else { line / along.count };
                let x = &xs[o * rows * inner..][..rows * inner];
                if inner == 1 {
                    here.iter_mut().zip(indices).for_each(|(y, &i)| *y = x[i as usize]);
                } else {
                    let columns = first..first + run;
                    here.iter_mut().zip(indices).zip(columns).for_each(|((y, &i), column)| *y = x[i as usize * inner + column]);
                }
                (at, index) = (at + run, &index[run..]);
            }
        });
    })
}

/// Adds into `x`, which is the caller's own.
pub(super) fn add(along: &Along, x: Tensor, s: &Tensor) -> Result<Tensor> {
    let ss = slice::floats(s)?;
    let ([outer, _, _], each) = (along.sizes, along.flat.len() / along.sizes[0].max(1));
    slice::update(&x, |x| {
        if each == 0 {
            return;
        }
        if outer >= TASKS {
            // Whole `o`s a task.
            let count = (BLOCK / each).max(1);
            let size = along.sizes[1] * along.sizes[2];
            let tasks = x.par_chunks_mut(count * size).zip(ss.par_chunks(count * each).zip(along.flat.par_chunks(count * each)));
            tasks.for_each(|(x, (s, index))| {
                let parts = x.chunks_exact_mut(size).zip(s.chunks_exact(each).zip(index.chunks_exact(each)));
                parts.for_each(|(x, (s, index))| add_one(along, x, s, index));
            });
        } else {
            add_by_columns(along, Scattered::new(x), &ss);
        }
    })?;
    Ok(x)
}

/// One `o`.
fn add_one(along: &Along, x: &mut [f32], s: &[f32], index: &[u32]) {
    let inner = along.sizes[2];
    if inner == 1 {
        s.iter().zip(index).for_each(|(s, &i)| x[i as usize] += s);
        return;
    }
    for (s, index) in s.chunks_exact(inner).zip(index.chunks_exact(inner)) {
        s.iter().zip(index).enumerate().for_each(|(column, (s, &i))| x[i as usize * inner + column] += s);
    }
}

/// Few `o`s: a task has some columns of one.
fn add_by_columns(along: &Along, x: Scattered, s: &[f32]) {
    let ([outer, rows, inner], count) = (along.sizes, along.count);
    let columns = (inner * outer / TASKS).clamp(COLUMNS[1], COLUMNS[0]);
    let groups = inner.div_ceil(columns);
    (0..outer * groups).into_par_iter().for_each(|task| {
        let (o, first) = (task / groups, task % groups * columns);
        let width = columns.min(inner - first);
        for j in 0..count {
            let at = (o * count + j) * inner + first;
            for (column, (s, &index)) in s[at..][..width].iter().zip(&along.flat[at..][..width]).enumerate() {
                // SAFETY: a task's columns of its `o` are its own.
                let to = unsafe { x.part((o * rows + index as usize) * inner + first + column, 1) };
                to[0] += s;
            }
        }
    });
}
