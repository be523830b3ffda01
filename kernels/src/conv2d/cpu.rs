//! The float32 CPU version: what the windows see, written out as columns in the cache, times the filters (im2col and GEMM).
//!
//! A task takes a few images, so many that the product is wide enough; each thread has its own scratch memory and computes its
//! products alone. Columns: `[C K, n P]`, with K places of the window, P places of the output and n images side by side.

use super::Plan;
use crate::matmul::{On, View, ViewMut, Write, matmul};
use crate::simd::vectorised;
use crate::slice::{floats, fresh, fresh_tensor};
use crate::{Result, blocks};
use candle_core::{Device, Tensor};
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
    let s = Sizes::new(plan);
    let (dys, ws) = (floats(dy)?, floats(w)?);
    let xs = x.map(floats).transpose()?;
    if dys.is_empty() || s.input == 0 {
        let channels = plan.groups * plan.channels[0];
        let zeros = |dims: &[usize]| Tensor::zeros(dims, w.dtype(), w.device());
        let dx = want_input.then(|| zeros(&[plan.batch, channels, plan.image[0], plan.image[1]])).transpose()?;
        return Ok((dx, x.map(|_| zeros(w.dims())).transpose()?));
    }
    // Images a block, a multiple of those a task: each block sums its part of `dw`. From the shapes alone, never the threads.
    let blocks = PARTIAL_SUMS.min(PARTIAL_FLOATS / ws.len().max(1)).max(1);
    let block = plan.batch.div_ceil(blocks).next_multiple_of(s.images);
    let mut partial = vec![0f32; if xs.is_some() { plan.batch.div_ceil(block) * ws.len() } else { 0 }];
    let run = |dx: &mut [f32]| {
        let dys = dys.par_chunks(block * s.output);
        let work = |scratch: &mut Scratch, number: usize, dy: &[f32], dx: Option<&mut [f32]>, dw: Option<&mut [f32]>| {
            let x = xs.as_ref().map(|xs| &xs[number * block * s.input..][..dy.len() / s.output * s.input]);
            backward_block(&s, dy, x.zip(dw), &ws, dx, scratch);
        };
        match (want_input, xs.is_some()) {
            (true, true) => dys.zip(dx.par_chunks_mut(block * s.input)).zip(partial.par_chunks_mut(ws.len())).enumerate()
                .for_each_init(Scratch::default, |scratch, (i, ((dy, dx), dw))| work(scratch, i, dy, Some(dx), Some(dw))),
            (true, false) => dys.zip(dx.par_chunks_mut(block * s.input)).enumerate()
                .for_each_init(Scratch::default, |scratch, (i, (dy, dx))| work(scratch, i, dy, Some(dx), None)),
            (false, true) => dys.zip(partial.par_chunks_mut(ws.len())).enumerate()
                .for_each_init(Scratch::default, |scratch, (i, (dy, dw))| work(scratch, i, dy, None, Some(dw))),
            (false, false) => {}
        }
    };
    let dx = fresh(if want_input { plan.batch * s.input } else { 0 }, run);
    let dims = [plan.batch, plan.groups * plan.channels[0], plan.image[0], plan.image[1]];
    let dx = want_input.then(|| Tensor::from_vec(dx, &dims[..], &Device::Cpu)).transpose()?;
    let dw = xs.is_some().then(|| {
        let mut dw = vec![0f32; ws.len()];
        blocks::add_in_order(&partial, &mut dw);
        Tensor::from_vec(dw, w.shape(), &Device::Cpu)
    });
    Ok((dx, dw.transpose()?))
}

/// One block of images: `dw += ` its part, `dx = ` its part.
fn backward_block(s: &Sizes, dy: &[f32], mut xdw: Option<(&[f32], &mut [f32])>, w: &[f32], mut dx: Option<&mut [f32]>, scratch: &mut Scratch) {
    let outs = s.plan.channels[1];
    for (task, dy) in dy.chunks(s.images * s.output).enumerate() {
        let images = dy.len() / s.output;
        let width = images * s.places;
        let image = task * s.images * s.input..(task * s.images + images) * s.input;
        for group in 0..s.plan.groups {
            let Scratch { padded, columns: memory, beside } = scratch;
            let dy = if images == 1 {
                &dy[group * outs * s.places..][..outs * s.places]
            } else {
                beside.resize(outs * width, 0.0);
                each_row(s, group, width, |image, place| beside[place].copy_from_slice(&dy[image]));
                &beside[..]
            };
            let dy = View::new(dy, outs, width);
            if let Some((x, dw)) = &mut xdw {
                let columns = View::new(columns(s, &x[image.clone()], group, padded, memory), s.rows, width);
                let dw = ViewMut::new(&mut dw[group * s.filters..][..s.filters], outs, s.rows);
                matmul(On::Here, 1.0, dy, columns.t(), dw, Write::Add);
            }
            if let Some(dx) = &mut dx {
                let dx = &mut dx[image.clone()];
                let filters = filters(s, w, group).t();
                if s.pointwise() {
                    let size = s.rows * s.places;
                    let dx = ViewMut::new(&mut dx[group * size..][..size], s.rows, width);
                    matmul(On::Here, 1.0, filters, dy, dx, Write::Set);
                } else {
                    memory.resize(s.rows * width, 0.0);
                    matmul(On::Here, 1.0, filters, dy, ViewMut::new(memory, s.rows, width), Write::Set);
                    fold_columns(s, memory, group, padded, dx);
                }
            }
        }
    }
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
