//! The float32 CPU version: what the windows see, written out as columns in the cache, times the filters (im2col and GEMM).
//!
//! A task takes a few images, so many that the product is wide enough; each thread has its own scratch memory and computes its
//! products alone. Columns: `[C K, n P]`, with K places of the window, P places of the output and n images side by side.

use super::Plan;
use crate::matmul::{On, View, ViewMut, Write, matmul};
use crate::simd::vectorised;
use crate::slice::{floats, fresh_tensor};
use crate::window::Window;
use crate::{Result, blocks};
use candle_core::Tensor;
use rayon::prelude::*;

/// A product narrower than this does not fill the registers: small images are taken together.
const WIDTH: usize = 256;

/// At most so many partial sums of the filters' gradient, and at most so many floats of them.
const PARTIAL_SUMS: usize = 16;
const PARTIAL_FLOATS: usize = 1 << 24;

/// The sizes in elements.
#[derive(Clone, Copy)]
struct Sizes {
    plan: Plan,
    /// Images a task.
    images: usize,
    /// One image in and out, all channels.
    input: usize,
    output: usize,
    /// Places of the output.
    places: usize,
    /// Columns' rows of one group: C K.
    rows: usize,
    /// One filter group's weights.
    filters: usize,
}

impl Sizes {
    fn new(plan: &Plan) -> Self {
        let [channels, outs] = plan.channels;
        let places = plan.out[0] * plan.out[1];
        let rows = channels * plan.window.kernel[0] * plan.window.kernel[1];
        Sizes {
            plan: *plan,
            images: (WIDTH / places.max(1)).clamp(1, plan.batch.max(1)),
            input: plan.groups * channels * plan.image[0] * plan.image[1],
            output: plan.groups * outs * places,
            places,
            rows,
            filters: outs * rows,
        }
    }

    /// Whether the columns of one image are the image itself.
    fn pointwise(&self) -> bool {
        let window = &self.plan.window;
        self.images == 1 && window.kernel == [1, 1] && window.stride == 1 && window.padding == 0
    }
}

/// Memory of a thread, kept from task to task.
#[derive(Default)]
struct Scratch {
    padded: Vec<f32>,
    columns: Vec<f32>,
    /// Outputs or their gradients with the images side by side: `[O / G, n P]`.
    beside: Vec<f32>,
}

pub(super) fn forward(plan: &Plan, x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    let s = Sizes::new(plan);
    let (xs, ws) = (floats(x)?, floats(w)?);
    let bias = b.map(floats).transpose()?;
    let outs = plan.channels[1];
    let dims = [plan.batch, plan.groups * outs, plan.out[0], plan.out[1]];
    fresh_tensor(&dims[..], |y| {
        if y.is_empty() {
            return;
        }
        let tasks = y.par_chunks_mut(s.images * s.output).zip(xs.par_chunks((s.images * s.input).max(1)));
        tasks.for_each_init(Scratch::default, |scratch, (y, x)| {
            let width = y.len() / s.output * s.places;
            for group in 0..plan.groups {
                let columns = columns(&s, x, group, &mut scratch.padded, &mut scratch.columns);
                let (columns, filters) = (View::new(columns, s.rows, width), filters(&s, &ws, group));
                if width == s.places {
                    let y = &mut y[group * outs * s.places..][..outs * s.places];
                    matmul(On::Here, 1.0, filters, columns, ViewMut::new(y, outs, width), Write::Set);
                } else {
                    scratch.beside.resize(outs * width, 0.0);
                    matmul(On::Here, 1.0, filters, columns, ViewMut::new(&mut scratch.beside, outs, width), Write::Set);
                    each_row(&s, group, width, |image, beside| {
                        y[image].copy_from_slice(&scratch.beside[beside]);
                    });
                }
            }
            if let Some(b) = &bias {
                add_bias(y, b, s.places);
            }
        });
    })
}

/// `dx` if wanted, `dw` if the input is given.
pub(super) fn backward(
    plan: &Plan, dy: &Tensor, x: Option<&Tensor>, w: &Tensor, want_input: bool,
) -> Result<(Option<Tensor>, Option<Tensor>)> {
    let dx = match input_gradient(plan) {
        _ if !want_input => None,
        Some(reverse) => Some(forward(&reverse, dy, &turned(plan, w)?, None)?),
        None => Some(folded(plan, dy, w)?),
    };
    Ok((dx, x.map(|x| filter_gradient(plan, dy, x, w)).transpose()?))
}

/// With stride 1 the input's gradient is itself a convolution: of `dy`, with the filters [`turned`]. It needs no columns to be
/// folded, and its product is as deep as the forward one's.
fn input_gradient(plan: &Plan) -> Option<Plan> {
    let (window, [channels, outs]) = (plan.window, plan.channels);
    let [height, width] = window.kernel;
    let padding = (window.dilation * (height - 1)).checked_sub(window.padding)?;
    (window.stride == 1 && height == width).then_some(Plan {
        window: Window { padding, ..window },
        channels: [outs, channels],
        image: plan.out,
        out: plan.image,
        ..*plan
    })
}

/// The filters with channels in and out exchanged and the window turned by half a circle.
fn turned(plan: &Plan, w: &Tensor) -> Result<Tensor> {
    let ws = floats(w)?;
    let ([channels, outs], [height, width]) = (plan.channels, plan.window.kernel);
    let places = height * width;
    fresh_tensor((plan.groups * channels, outs, height, width), |turned| {
        for (row, to) in turned.chunks_exact_mut(places.max(1)).enumerate() {
            let (group, channel, out) = (row / outs / channels, row / outs % channels, row % outs);
            let from = &ws[((group * outs + out) * channels + channel) * places..][..places];
            to.iter_mut().zip(from.iter().rev()).for_each(|(t, f)| *t = *f);
        }
    })
}

/// The input's gradient for any stride: the columns' gradient `w^T dy`, folded back into images.
fn folded(plan: &Plan, dy: &Tensor, w: &Tensor) -> Result<Tensor> {
    let s = Sizes::new(plan);
    let (dys, ws) = (floats(dy)?, floats(w)?);
    let dims = [plan.batch, plan.groups * plan.channels[0], plan.image[0], plan.image[1]];
    fresh_tensor(&dims[..], |dx| {
        if dx.is_empty() || dys.is_empty() {
            return dx.fill(0.0);
        }
        let tasks = dx.par_chunks_mut(s.images * s.input).zip(dys.par_chunks(s.images * s.output));
        tasks.for_each_init(Scratch::default, |scratch, (dx, dy)| {
            let width = dy.len() / s.output * s.places;
            for group in 0..plan.groups {
                let dy = side_by_side(&s, dy, group, &mut scratch.beside);
                scratch.columns.resize(s.rows * width, 0.0);
                let columns = ViewMut::new(&mut scratch.columns, s.rows, width);
                matmul(On::Here, 1.0, filters(&s, &ws, group).t(), dy, columns, Write::Set);
                fold_columns(&s, &scratch.columns, group, &mut scratch.padded, dx);
            }
        });
    })
}

/// `dw`, in parts over blocks of images that are added in their order. The blocks follow from the shapes alone.
fn filter_gradient(plan: &Plan, dy: &Tensor, x: &Tensor, w: &Tensor) -> Result<Tensor> {
    let s = Sizes::new(plan);
    let (dys, xs) = (floats(dy)?, floats(x)?);
    let len = w.elem_count();
    if dys.is_empty() || xs.is_empty() {
        return Ok(w.zeros_like()?);
    }
    let blocks = PARTIAL_SUMS.min(PARTIAL_FLOATS / len).max(1);
    let block = plan.batch.div_ceil(blocks).next_multiple_of(s.images);
    let mut parts = vec![0f32; plan.batch.div_ceil(block) * len];
    let tasks = parts.par_chunks_mut(len).zip(dys.par_chunks(block * s.output)).zip(xs.par_chunks(block * s.input));
    tasks.for_each_init(Scratch::default, |scratch, ((part, dy), x)| {
        for (dy, x) in dy.chunks(s.images * s.output).zip(x.chunks(s.images * s.input)) {
            for group in 0..plan.groups {
                let dy = side_by_side(&s, dy, group, &mut scratch.beside);
                let columns = columns(&s, x, group, &mut scratch.padded, &mut scratch.columns);
                let columns = View::new(columns, s.rows, x.len() / s.input * s.places);
                // Transposed, `[C K, O / G]`: so the product need not rearrange the columns, the larger operand.
                let part = ViewMut::new(&mut part[group * s.filters..][..s.filters], s.rows, plan.channels[1]);
                matmul(On::Here, 1.0, columns, dy.t(), part, Write::Add);
            }
        }
    });
    let mut sum = vec![0f32; len];
    blocks::add_in_order(&parts, &mut sum);
    fresh_tensor(w.shape(), |dw| {
        for (row, to) in dw.chunks_exact_mut(s.rows).enumerate() {
            let (group, out) = (row / plan.channels[1], row % plan.channels[1]);
            let from = sum[group * s.filters..][..s.filters].iter().skip(out).step_by(plan.channels[1]);
            to.iter_mut().zip(from).for_each(|(t, f)| *t = *f);
        }
    })
}

/// A group's rows of `y` for the images of a task, `[O / G, n P]`: as they lie if it is one image, else copied.
fn side_by_side<'a>(s: &Sizes, y: &'a [f32], group: usize, beside: &'a mut Vec<f32>) -> View<'a> {
    let outs = s.plan.channels[1];
    let width = y.len() / s.output * s.places;
    if width == s.places {
        return View::new(&y[group * outs * s.places..][..outs * s.places], outs, width);
    }
    beside.resize(outs * width, 0.0);
    each_row(s, group, width, |image, place| beside[place].copy_from_slice(&y[image]));
    View::new(beside, outs, width)
}

fn filters<'a>(s: &Sizes, w: &'a [f32], group: usize) -> View<'a> {
    View::new(&w[group * s.filters..][..s.filters], s.plan.channels[1], s.rows)
}

/// Calls `f` for each row of a group's outputs with its range in the images and in the memory with the images side by side.
fn each_row(s: &Sizes, group: usize, width: usize, mut f: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>)) {
    let outs = s.plan.channels[1];
    for image in 0..width / s.places {
        for out in 0..outs {
            let from = image * s.output + (group * outs + out) * s.places;
            let to = out * width + image * s.places;
            f(from..from + s.places, to..to + s.places);
        }
    }
}

/// The columns of a group of channels for the images in `x`.
fn columns<'a>(s: &Sizes, x: &'a [f32], group: usize, padded: &mut Vec<f32>, memory: &'a mut Vec<f32>) -> &'a [f32] {
    let [channels, _] = s.plan.channels;
    let area = s.plan.image[0] * s.plan.image[1];
    if s.pointwise() {
        return &x[group * channels * area..][..channels * area];
    }
    let width = x.len() / s.input * s.places;
    memory.resize(s.rows * width, 0.0);
    for (image, x) in x.chunks_exact(s.input).enumerate() {
        let x = &x[group * channels * area..][..channels * area];
        unfold(&s.plan, x, padded, memory, width, image * s.places);
    }
    memory
}

/// The reverse of [`columns`]: adds up in `dx` what each place was seen as.
fn fold_columns(s: &Sizes, columns: &[f32], group: usize, padded: &mut Vec<f32>, dx: &mut [f32]) {
    let [channels, _] = s.plan.channels;
    let area = s.plan.image[0] * s.plan.image[1];
    let width = dx.len() / s.input * s.places;
    for (image, dx) in dx.chunks_exact_mut(s.input).enumerate() {
        let dx = &mut dx[group * channels * area..][..channels * area];
        fold(&s.plan, columns, padded, dx, width, image * s.places);
    }
}

/// `to = from`, in steps that need no call.
#[inline(always)]
fn copy(to: &mut [f32], from: &[f32]) {
    let (mut to, mut from) = (to.chunks_exact_mut(8), from.chunks_exact(8));
    for (to, from) in (&mut to).zip(&mut from) {
        to.copy_from_slice(from);
    }
    to.into_remainder().iter_mut().zip(from.remainder()).for_each(|(t, f)| *t = *f);
}

vectorised! {
    /// Writes one image's columns from `offset` on, in rows of `width`. `padded` is scratch for a channel with its padding.
    fn unfold(plan: &Plan, x: &[f32], padded: &mut Vec<f32>, columns: &mut [f32], width: usize, offset: usize) {
        let (window, [height, row], [out_h, out_w]) = (plan.window, plan.image, plan.out);
        let (p, wide) = (window.padding, window.padded(row));
        padded.clear();
        padded.resize(window.padded(height) * wide, 0.0);
        let mut lines = columns.chunks_exact_mut(width);
        for x in x.chunks_exact((height * row).max(1)) {
            for (y, x) in x.chunks_exact(row).enumerate() {
                copy(&mut padded[(y + p) * wide + p..][..row], x);
            }
            for ky in 0..window.kernel[0] {
                for kx in 0..window.kernel[1] {
                    let Some(line) = lines.next() else { return };
                    for (y, to) in line[offset..][..out_h * out_w].chunks_exact_mut(out_w).enumerate() {
                        let from = &padded[(y * window.stride + ky * window.dilation) * wide + kx * window.dilation..];
                        if window.stride == 1 {
                            copy(to, &from[..out_w]);
                        } else {
                            to.iter_mut().zip(from.iter().step_by(window.stride)).for_each(|(t, f)| *t = *f);
                        }
                    }
                }
            }
        }
    }

    /// The reverse of `unfold`: `dx = ` the sums of the columns' elements that saw a place.
    fn fold(plan: &Plan, columns: &[f32], padded: &mut Vec<f32>, dx: &mut [f32], width: usize, offset: usize) {
        let (window, [height, row], [out_h, out_w]) = (plan.window, plan.image, plan.out);
        let (p, wide) = (window.padding, window.padded(row));
        let mut lines = columns.chunks_exact(width);
        for dx in dx.chunks_exact_mut((height * row).max(1)) {
            padded.clear();
            padded.resize(window.padded(height) * wide, 0.0);
            for ky in 0..window.kernel[0] {
                for kx in 0..window.kernel[1] {
                    let Some(line) = lines.next() else { return };
                    for (y, from) in line[offset..][..out_h * out_w].chunks_exact(out_w).enumerate() {
                        let to = &mut padded[(y * window.stride + ky * window.dilation) * wide + kx * window.dilation..];
                        if window.stride == 1 {
                            to[..out_w].iter_mut().zip(from).for_each(|(t, f)| *t += f);
                        } else {
                            to.iter_mut().step_by(window.stride).zip(from).for_each(|(t, f)| *t += f);
                        }
                    }
                }
            }
            for (y, dx) in dx.chunks_exact_mut(row).enumerate() {
                copy(dx, &padded[(y + p) * wide + p..][..row]);
            }
        }
    }

    fn add_bias(y: &mut [f32], bias: &[f32], places: usize) {
        for image in y.chunks_exact_mut(bias.len() * places) {
            image.chunks_exact_mut(places).zip(bias).for_each(|(y, b)| y.iter_mut().for_each(|y| *y += b));
        }
    }
}
