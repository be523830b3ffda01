//! The float32 CPU version: chooses how each convolution is computed, as measured.
//!
//! - one filter a channel (depthwise): its own loop, see [`depthwise`];
//! - 3x3 with stride 1 and enough channels: fewer products on transformed tiles, see [`winograd`];
//! - everything else: rows gathered in the cache times packed filters, see [`walk`].

use super::tile::Right;
use super::walk::{Filters, Places, Walk};
use super::winograd::{self, Grid};
use super::{Plan, depthwise};
use crate::slice::{Scattered, floats, fresh_tensor};
use crate::{Result, blocks, scratch};
use candle_core::Tensor;
use rayon::prelude::*;

pub(super) fn forward(plan: &Plan, x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    let (xs, ws, bs) = (floats(x)?, floats(w)?, b.map(floats).transpose()?);
    let [channels, outs] = plan.channels;
    fresh_tensor(plan.output(), |y| {
        if y.is_empty() {
            return;
        }
        if plan.is_depthwise() {
            return depthwise::forward(plan, &xs, &ws, bs.as_deref(), y);
        }
        let y = Scattered::new(y);
        if Grid::suits(plan) {
            let filters = winograd::Filters { w: &ws, inner: [channels, 9], column: [outs, 9 * channels], turned: false };
            return Grid::forward(plan).product(&xs, &filters, bs.as_deref(), y);
        }
        let taps: Vec<usize> = (0..plan.taps()).collect();
        for group in 0..plan.groups {
            let walk = Walk::forward(plan, group);
            let filters = Filters {
                w: &ws,
                first: group * outs * channels * taps.len(),
                taps: &taps,
                inner: [channels, taps.len()],
                column: [outs, channels * taps.len()],
            };
            let channel = group * outs;
            let places = Places { image: plan.out, pixel: plan.groups * outs, channel, first: [0, 0], step: [1; 2] };
            scratch::with(filters.packed_len(), |packed| {
                filters.pack(packed);
                let b = bs.as_ref().map(|b| &b[channel..][..outs]);
                walk.product(&xs, Right::panels(packed, walk.depth(), outs), &places, b, y);
            });
        }
    })
}

/// `dx` if wanted, `dw` if the input is given.
pub(super) fn backward(
    plan: &Plan,
    dy: &Tensor,
    x: Option<&Tensor>,
    w: &Tensor,
    want_input: bool,
) -> Result<(Option<Tensor>, Option<Tensor>)> {
    let dx = want_input.then(|| input_gradient(plan, dy, w)).transpose()?;
    Ok((dx, x.map(|x| filter_gradient(plan, dy, x, w)).transpose()?))
}

/// A convolution of `dy` with the filters turned: one for each phase of the stride, as the places of a phase are seen by the
/// same places of the window.
fn input_gradient(plan: &Plan, dy: &Tensor, w: &Tensor) -> Result<Tensor> {
    let (dys, ws) = (floats(dy)?, floats(w)?);
    let ([channels, outs], stride) = (plan.channels, plan.window.stride);
    fresh_tensor(plan.input(), |dx| {
        if dys.is_empty() || dx.is_empty() {
            return dx.fill(0.0);
        }
        if plan.is_depthwise() {
            return depthwise::input_gradient(plan, &dys, &ws, dx);
        }
        let dx = Scattered::new(dx);
        if Grid::suits(plan) {
            let filters = winograd::Filters { w: &ws, inner: [outs, 9 * channels], column: [channels, 9], turned: true };
            return Grid::backward(plan).product(&dys, &filters, None, dx);
        }
        // A stride beyond the image has no more phases than the image has places.
        let [down, across] = [0, 1].map(|axis| stride[axis].min(plan.image[axis]));
        for (group, phase) in (0..plan.groups).flat_map(|g| (0..down * across).map(move |p| (g, [p / across, p % across]))) {
            let (walk, taps) = Walk::backward(plan, group, phase);
            let filters = Filters {
                w: &ws,
                first: group * outs * channels * plan.taps(),
                taps: &taps,
                inner: [outs, channels * plan.taps()],
                column: [channels, plan.taps()],
            };
            let (pixel, channel) = (plan.groups * channels, group * channels);
            let places = Places { image: plan.image, pixel, channel, first: phase, step: stride };
            scratch::with(filters.packed_len(), |packed| {
                filters.pack(packed);
                walk.product(&dys, Right::panels(packed, walk.depth(), channels), &places, None, dx);
            });
        }
    })
}

fn filter_gradient(plan: &Plan, dy: &Tensor, x: &Tensor, w: &Tensor) -> Result<Tensor> {
    let (dys, xs) = (floats(dy)?, floats(x)?);
    let ([channels, outs], taps) = (plan.channels, plan.taps());
    if dys.is_empty() || xs.is_empty() {
        return Ok(w.zeros_like()?);
    }
    fresh_tensor(w.shape(), |dw| {
        if plan.is_depthwise() {
            return depthwise::filter_gradient(plan, &dys, &xs, dw);
        }
        if Grid::suits(plan) {
            return Grid::forward(plan).gradient(&xs, &dys, dw);
        }
        for (group, dw) in dw.chunks_exact_mut((outs * channels * taps).max(1)).enumerate() {
            let walk = Walk::forward(plan, group);
            let len = walk.depth() * outs;
            scratch::with(walk.parts() * len, |parts| {
                walk.gradient(&xs, &dys, [plan.groups * outs, group * outs, outs], parts);
                let (sum, others) = parts.split_at_mut(len);
                blocks::add_in_order(others, sum);
                // `[KH, KW, C, O]` to `[O, C, KH, KW]`.
                dw.par_chunks_mut((channels * taps).max(1)).enumerate().for_each(|(out, dw)| {
                    for (c, dw) in dw.chunks_exact_mut(taps).enumerate() {
                        dw.iter_mut().enumerate().for_each(|(tap, dw)| *dw = sum[(tap * channels + c) * outs + out]);
                    }
                });
            });
        }
    })
}
