//! Depthwise convolution (as many groups as channels, one filter each): no product to speak of, so each place is a sum over the
//! window with the channels side by side in the registers.

use super::Plan;
use crate::simd::vectorised;
use crate::slice::Scattered;
use crate::{blocks, scratch};
use rayon::prelude::*;

/// At most so many parts of the filters' gradient.
const PARTS: usize = 16;

/// The filters as `[KH KW, C]`, channels side by side.
fn with_filters(plan: &Plan, w: &[f32], f: impl FnOnce(&[f32])) {
    scratch::with(w.len(), |filters| {
        for (c, w) in w.chunks_exact(plan.taps()).enumerate() {
            w.iter().enumerate().for_each(|(tap, w)| filters[tap * plan.groups + c] = *w);
        }
        f(filters);
    });
}

pub(crate) fn forward(plan: &Plan, x: &[f32], w: &[f32], b: Option<&[f32]>, y: &mut [f32]) {
    // No channel has no line to be cut into, here and below.
    if y.is_empty() {
        return;
    }
    with_filters(plan, w, |filters| {
        y.par_chunks_mut(plan.out[1] * plan.groups).enumerate().for_each(|(line, y)| {
            match b {
                Some(b) => y.chunks_exact_mut(plan.groups).for_each(|y| y.copy_from_slice(b)),
                None => y.fill(0.0),
            }
            forward_line(plan, x, filters, line, y);
        });
    });
}

pub(crate) fn input_gradient(plan: &Plan, dy: &[f32], w: &[f32], dx: &mut [f32]) {
    if dx.is_empty() {
        return;
    }
    with_filters(plan, w, |filters| {
        dx.par_chunks_mut(plan.image[1] * plan.groups).enumerate().for_each(|(line, dx)| {
            dx.fill(0.0);
            backward_line(plan, dy, filters, line, dx);
        });
    });
}

/// `dw`: `[C, 1, KH, KW]`; parts over blocks of output lines, added in their order.
pub(super) fn filter_gradient(plan: &Plan, dy: &[f32], x: &[f32], dw: &mut [f32]) {
    let lines = plan.batch * plan.out[0];
    let parts = lines.clamp(1, PARTS);
    scratch::with(parts * dw.len(), |memory| {
        let all = Scattered::new(memory);
        (0..parts).into_par_iter().for_each(|part| {
            // SAFETY: a task's part is its own.
            let sums = unsafe { all.part(part * dw.len(), dw.len()) };
            sums.fill(0.0);
            (part * lines / parts..(part + 1) * lines / parts).for_each(|line| filter_line(plan, dy, x, line, sums));
        });
        let (sum, others) = memory.split_at_mut(dw.len());
        blocks::add_in_order(others, sum);
        for (c, dw) in dw.chunks_exact_mut(plan.taps()).enumerate() {
            dw.iter_mut().enumerate().for_each(|(tap, dw)| *dw = sum[tap * plan.groups + c]);
        }
    });
}

impl Plan {
    /// The input's line that an output's line sees at the window's row `ky`.
    fn line(&self, line: usize, ky: usize) -> Option<usize> {
        let (image, y) = (line / self.out[0], line % self.out[0]);
        let y = (y * self.window.stride[0] + ky * self.window.dilation[0]).checked_sub(self.window.padding[0])?;
        (y < self.image[0]).then_some(image * self.image[0] + y)
    }

    /// The input's column that an output's column sees at the window's column `kx`.
    fn column(&self, x: usize, kx: usize) -> Option<usize> {
        let x = (x * self.window.stride[1] + kx * self.window.dilation[1]).checked_sub(self.window.padding[1])?;
        (x < self.image[1]).then_some(x)
    }
}

vectorised! {
    fn forward_line(plan: &Plan, x: &[f32], filters: &[f32], line: usize, y: &mut [f32]) {
        let (c, [height, width]) = (plan.groups, plan.window.kernel);
        for ky in 0..height {
            let Some(seen) = plan.line(line, ky) else { continue };
            let x = &x[seen * plan.image[1] * c..][..plan.image[1] * c];
            for (at, y) in y.chunks_exact_mut(c).enumerate() {
                for kx in 0..width {
                    let Some(seen) = plan.column(at, kx) else { continue };
                    let (x, w) = (&x[seen * c..][..c], &filters[(ky * width + kx) * c..][..c]);
                    y.iter_mut().zip(x).zip(w).for_each(|((y, x), w)| *y = x.mul_add(*w, *y));
                }
            }
        }
    }

    /// One line of the input's gradient: the output's lines that saw it, in the order of the window's rows.
    fn backward_line(plan: &Plan, dy: &[f32], filters: &[f32], line: usize, dx: &mut [f32]) {
        let (c, [height, width], window) = (plan.groups, plan.window.kernel, plan.window);
        let (image, y) = (line / plan.image[0], line % plan.image[0]);
        for ky in 0..height {
            let Some(from) = (y + window.padding[0]).checked_sub(ky * window.dilation[0]) else { continue };
            let seen = from / window.stride[0];
            if from % window.stride[0] != 0 || seen >= plan.out[0] {
                continue;
            }
            let dy = &dy[(image * plan.out[0] + seen) * plan.out[1] * c..][..plan.out[1] * c];
            for (at, dy) in dy.chunks_exact(c).enumerate() {
                for kx in 0..width {
                    let Some(seen) = plan.column(at, kx) else { continue };
                    let (dx, w) = (&mut dx[seen * c..][..c], &filters[(ky * width + kx) * c..][..c]);
                    dx.iter_mut().zip(dy).zip(w).for_each(|((dx, dy), w)| *dx = dy.mul_add(*w, *dx));
                }
            }
        }
    }

    /// Adds what one output line gives to `[KH KW, C]`.
    fn filter_line(plan: &Plan, dy: &[f32], x: &[f32], line: usize, sums: &mut [f32]) {
        let (c, [height, width]) = (plan.groups, plan.window.kernel);
        let dy = &dy[line * plan.out[1] * c..][..plan.out[1] * c];
        for ky in 0..height {
            let Some(seen) = plan.line(line, ky) else { continue };
            let x = &x[seen * plan.image[1] * c..][..plan.image[1] * c];
            for (at, dy) in dy.chunks_exact(c).enumerate() {
                for kx in 0..width {
                    let Some(seen) = plan.column(at, kx) else { continue };
                    let (x, sums) = (&x[seen * c..][..c], &mut sums[(ky * width + kx) * c..][..c]);
                    sums.iter_mut().zip(x).zip(dy).for_each(|((sum, x), dy)| *sum = x.mul_add(*dy, *sum));
                }
            }
        }
    }
}
