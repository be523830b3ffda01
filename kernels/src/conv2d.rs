//! 2-D convolution (cross-correlation, as everywhere in the field), by products over unfolded patches ("im2col").
//!
//! For one image and group, with `U` the patches `[I kh kw, OH OW]`: `y = W U`, `dW = dy U^T`, `dU = W^T dy`, and `dx` folds
//! `dU` back. Images are tasks; weight gradients are summed over blocks of [`IMAGES`] images, then over the blocks in order.

use crate::matmul::{Into, On, View, ViewMut, matmul};
use crate::{Error, Param, Result, Tape, Var, simd, slice};
use rayon::prelude::*;

/// Stride, padding (zeros on every side), groups and dilation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2d {
    pub stride: usize,
    pub padding: usize,
    pub groups: usize,
    pub dilation: usize,
}

impl Default for Conv2d {
    fn default() -> Self {
        Conv2d { stride: 1, padding: 0, groups: 1, dilation: 1 }
    }
}

/// Images a task; fixed, so that sums do not depend on the number of threads.
const IMAGES: usize = 4;

#[derive(Debug, Clone, Copy)]
struct Shape {
    batch: usize,
    /// Input channels, height, width.
    c: usize,
    h: usize,
    w: usize,
    /// Output channels, height, width.
    o: usize,
    oh: usize,
    ow: usize,
    kh: usize,
    kw: usize,
    args: Conv2d,
}

/// `x`: `[B, C, H, W]`, `w`: `[O, C / groups, kh, kw]`, `b`: `[O]` -> `[B, O, OH, OW]` with
/// `OH = (H + 2 padding - dilation (kh - 1) - 1) / stride + 1`.
///
/// # Errors
/// Shapes that do not fit, groups that do not divide, a kernel larger than the padded image.
pub fn conv2d(tape: &Tape, x_bchw: &Var, w_oihw: &Param, b: Option<&Param>, args: Conv2d) -> Result<Var> {
    let s = shape(x_bchw, w_oihw, b, args)?;
    let value = x_bchw.tensor().contiguous()?;
    let y = {
        let (x, w) = (slice::floats(&value)?, slice::floats(w_oihw.tensor())?);
        let (x, w): (&[f32], &[f32]) = (&x, &w);
        let bias = b.map(|b| slice::floats(b.tensor())).transpose()?;
        let bias: Option<&[f32]> = bias.as_deref();
        slice::fresh_tensor((s.batch, s.o, s.oh, s.ow), |y| {
            y.par_chunks_mut(s.out_size() * IMAGES).zip(x.par_chunks(s.in_size() * IMAGES)).for_each(|(y, x)| {
                let mut patches = vec![0f32; s.patches_size()];
                y.chunks_mut(s.out_size()).zip(x.chunks(s.in_size())).for_each(|(y, x)| s.forward(y, x, w, bias, &mut patches));
            });
        })?
    };
    let wanted = x_bchw.wants_grad() || w_oihw.is_trainable() || b.is_some_and(Param::is_trainable);
    Ok(tape.record(y, wanted, || {
        let (x, w, b) = (x_bchw.clone(), w_oihw.clone(), b.cloned());
        move |dy, grads| {
            let dys = slice::floats(dy)?;
            let (xs, ws) = (slice::floats(&value)?, slice::floats(w.tensor())?);
            let (dys, xs, ws): (&[f32], &[f32], &[f32]) = (&dys, &xs, &ws);
            if w.is_trainable() {
                let partial = s.weight_grads(dys, xs, ws.len());
                grads.add_param_with(&w, |dw| partial.iter().for_each(|part| simd::add_assign(dw, part)))?;
            }
            if let Some(b) = &b {
                grads.add_param_with(b, |db| {
                    for (i, plane) in dys.chunks(s.oh * s.ow).enumerate() {
                        db[i % s.o] += plane.iter().sum::<f32>();
                    }
                })?;
            }
            if x.wants_grad() {
                let dx = slice::fresh_tensor(x.dims(), |dx| {
                    dx.par_chunks_mut(s.in_size() * IMAGES).zip(dys.par_chunks(s.out_size() * IMAGES)).for_each(|(dx, dy)| {
                        let mut patches = vec![0f32; s.patches_size()];
                        let images = dx.chunks_mut(s.in_size()).zip(dy.chunks(s.out_size()));
                        images.for_each(|(dx, dy)| s.input_grad(dx, dy, ws, &mut patches));
                    });
                })?;
                grads.add(&x, dx)?;
            }
            Ok(())
        }
    }))
}

fn shape(x: &Var, w: &Param, b: Option<&Param>, args: Conv2d) -> Result<Shape> {
    let &[batch, c, h, width] = x.dims() else {
        return Err(Error::shape("conv2d", format!("input of `{}`", w.name()), "[B, C, H, W]", x.dims()));
    };
    let &[o, i, kh, kw] = w.tensor().dims() else {
        return Err(Error::shape("conv2d", format!("weight `{}`", w.name()), "[O, C / groups, kh, kw]", w.tensor().dims()));
    };
    let Conv2d { stride, padding, groups, dilation } = args;
    let wrong = |message: String| Err(Error::Argument { op: "conv2d", message: format!("`{}`: {message}", w.name()) });
    if stride == 0 || dilation == 0 || groups == 0 || !c.is_multiple_of(groups) || !o.is_multiple_of(groups) {
        return wrong(format!("stride {stride}, dilation {dilation} must be positive, and {groups} groups divide {c} and {o} channels"));
    }
    if i * groups != c {
        return Err(Error::shape("conv2d", format!("input of `{}`", w.name()), format!("[B, {}, H, W]", i * groups), x.dims()));
    }
    if let Some(b) = b.filter(|b| b.tensor().dims() != [o]) {
        return Err(Error::shape("conv2d", format!("bias `{}`", b.name()), format!("[{o}]"), b.tensor().dims()));
    }
    let (reach_h, reach_w) = (dilation * (kh.max(1) - 1) + 1, dilation * (kw.max(1) - 1) + 1);
    if kh == 0 || kw == 0 || o == 0 || reach_h > h + 2 * padding || reach_w > width + 2 * padding {
        return wrong(format!("a {kh}x{kw} kernel (dilation {dilation}) does not fit an image of {h}x{width} with padding {padding}"));
    }
    let (oh, ow) = ((h + 2 * padding - reach_h) / stride + 1, (width + 2 * padding - reach_w) / stride + 1);
    Ok(Shape { batch, c, h, w: width, o, oh, ow, kh, kw, args })
}

impl Shape {
    fn in_size(&self) -> usize {
        (self.c * self.h * self.w).max(1)
    }
    fn out_size(&self) -> usize {
        (self.o * self.oh * self.ow).max(1)
    }
    /// Rows of a group's patches: `I kh kw`.
    fn depth(&self) -> usize {
        self.c / self.args.groups * self.kh * self.kw
    }
    fn area(&self) -> usize {
        self.oh * self.ow
    }
    fn patches_size(&self) -> usize {
        if self.is_pointwise() { 0 } else { self.depth() * self.area() }
    }
    /// A 1x1 kernel reads each pixel once: the image is its own patches.
    fn is_pointwise(&self) -> bool {
        self.kh == 1 && self.kw == 1 && self.args.stride == 1 && self.args.padding == 0
    }
    /// Output channels of a group.
    fn group_out(&self) -> usize {
        self.o / self.args.groups
    }
    fn group_in(&self) -> usize {
        self.c / self.args.groups * self.h * self.w
    }

    fn forward(&self, y: &mut [f32], x: &[f32], w: &[f32], bias: Option<&[f32]>, patches: &mut [f32]) {
        let (depth, area, out) = (self.depth(), self.area(), self.group_out());
        for group in 0..self.args.groups {
            let y = &mut y[group * out * area..][..out * area];
            let into = match bias {
                Some(bias) => {
                    y.chunks_mut(area).zip(&bias[group * out..]).for_each(|(plane, &b)| plane.fill(b));
                    Into::Add
                }
                None => Into::Set,
            };
            let w = View::new(&w[group * out * depth..][..out * depth], out, depth);
            let patches = self.unfold(&x[group * self.group_in()..][..self.group_in()], patches);
            matmul(On::Here, 1.0, w, View::new(patches, depth, area), ViewMut::new(y, out, area), into);
        }
    }

    /// One weight gradient a block of images.
    fn weight_grads(&self, dy: &[f32], x: &[f32], size: usize) -> Vec<Vec<f32>> {
        let (depth, area, out) = (self.depth(), self.area(), self.group_out());
        dy.par_chunks(self.out_size() * IMAGES)
            .zip(x.par_chunks(self.in_size() * IMAGES))
            .map(|(dy, x)| {
                let (mut dw, mut patches) = (vec![0f32; size], vec![0f32; self.patches_size()]);
                for (dy, x) in dy.chunks(self.out_size()).zip(x.chunks(self.in_size())) {
                    for group in 0..self.args.groups {
                        let patches = self.unfold(&x[group * self.group_in()..][..self.group_in()], &mut patches);
                        let dy = View::new(&dy[group * out * area..][..out * area], out, area);
                        let dw = ViewMut::new(&mut dw[group * out * depth..][..out * depth], out, depth);
                        matmul(On::Here, 1.0, dy, View::new(patches, depth, area).t(), dw, Into::Add);
                    }
                }
                dw
            })
            .collect()
    }

    fn input_grad(&self, dx: &mut [f32], dy: &[f32], w: &[f32], patches: &mut [f32]) {
        let (depth, area, out) = (self.depth(), self.area(), self.group_out());
        for group in 0..self.args.groups {
            let w = View::new(&w[group * out * depth..][..out * depth], out, depth);
            let dy = View::new(&dy[group * out * area..][..out * area], out, area);
            let dx = &mut dx[group * self.group_in()..][..self.group_in()];
            if self.is_pointwise() {
                matmul(On::Here, 1.0, w.t(), dy, ViewMut::new(dx, depth, area), Into::Set);
            } else {
                matmul(On::Here, 1.0, w.t(), dy, ViewMut::new(patches, depth, area), Into::Set);
                dx.fill(0.0);
                self.fold(dx, patches);
            }
        }
    }

    /// The patches of one group's planes: row `(i, ky, kx)`, column `(oy, ox)`.
    fn unfold<'a>(&self, x: &'a [f32], patches: &'a mut [f32]) -> &'a [f32] {
        if self.is_pointwise() {
            return x;
        }
        for (row, line) in patches.chunks_exact_mut(self.area()).enumerate() {
            for (oy, out) in line.chunks_exact_mut(self.ow).enumerate() {
                let Some((from, ox, count)) = self.reads(row, oy) else {
                    out.fill(0.0);
                    continue;
                };
                out[..ox].fill(0.0);
                out[ox + count..].fill(0.0);
                let out = &mut out[ox..ox + count];
                if self.args.stride == 1 {
                    out.copy_from_slice(&x[from..from + count]);
                } else {
                    out.iter_mut().zip(x[from..].iter().step_by(self.args.stride)).for_each(|(o, &x)| *o = x);
                }
            }
        }
        patches
    }

    /// Adds patches back to where `unfold` read them.
    fn fold(&self, dx: &mut [f32], patches: &[f32]) {
        for (row, line) in patches.chunks_exact(self.area()).enumerate() {
            for (oy, from_patch) in line.chunks_exact(self.ow).enumerate() {
                let Some((from, ox, count)) = self.reads(row, oy) else { continue };
                let from_patch = &from_patch[ox..ox + count];
                if self.args.stride == 1 {
                    simd::add_assign(&mut dx[from..from + count], from_patch);
                } else {
                    dx[from..].iter_mut().step_by(self.args.stride).zip(from_patch).for_each(|(d, p)| *d += p);
                }
            }
        }
    }

    /// For patch row `(i, ky, kx)` and output line `oy`: the first element read, its output column, and how many columns lie
    /// inside the image; none if the whole line lies in the padding.
    fn reads(&self, row: usize, oy: usize) -> Option<(usize, usize, usize)> {
        let Conv2d { stride, padding, dilation, .. } = self.args;
        let (i, ky, kx) = (row / (self.kh * self.kw), row / self.kw % self.kh, row % self.kw);
        let y = (oy * stride + ky * dilation).checked_sub(padding).filter(|y| *y < self.h)?;
        let shift = kx * dilation;
        // Smallest ox with ox * stride + shift >= padding, and the first with ox * stride + shift >= padding + w.
        let first = padding.saturating_sub(shift).div_ceil(stride);
        let end = (padding + self.w).saturating_sub(shift).div_ceil(stride).min(self.ow);
        (first < end).then(|| ((i * self.h + y) * self.w + first * stride + shift - padding, first, end - first))
    }
}
