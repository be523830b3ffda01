//! Optimisers: one pass over a parameter, in place. `grad_scale` multiplies the gradient first (clipping, mean over micro-batches).

use crate::simd::vectorised;
use crate::{Param, Result, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// Elements a task.
const BLOCK: usize = 1 << 15;

/// AdamW (Loshchilov and Hutter, 1711.05101), as `torch.optim.AdamW`: decay is decoupled from the moments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    pub lr: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub eps: f64,
    pub weight_decay: f64,
}

impl AdamW {
    /// Moves `param`; `m` and `v` are its moments (zeros before step 1), `step` counts from 1.
    pub fn step(&self, param: &Param, grad: &Tensor, m: &Tensor, v: &Tensor, step: u64, grad_scale: f64) -> Result<()> {
        let exponent = i32::try_from(step).unwrap_or(i32::MAX);
        let c = AdamStep {
            beta1: self.beta1 as f32,
            beta2: self.beta2 as f32,
            decay: (1.0 - self.lr * self.weight_decay) as f32,
            lr: (self.lr / (1.0 - self.beta1.powi(exponent))) as f32,
            root: (1.0 / (1.0 - self.beta2.powi(exponent)).sqrt()) as f32,
            eps: self.eps as f32,
            scale: grad_scale as f32,
        };
        let grad = grad.contiguous()?;
        let g = slice::floats(&grad)?;
        let g: &[f32] = &g;
        slice::update(param.tensor(), |p| {
            slice::update(m, |m| {
                slice::update(v, |v| {
                    let blocks = p.par_chunks_mut(BLOCK).zip(m.par_chunks_mut(BLOCK)).zip(v.par_chunks_mut(BLOCK)).zip(g.par_chunks(BLOCK));
                    blocks.for_each(|(((p, m), v), g)| adam(p, m, v, g, c));
                })
            })
        })??
    }
}

#[derive(Clone, Copy)]
struct AdamStep {
    beta1: f32,
    beta2: f32,
    decay: f32,
    lr: f32,
    root: f32,
    eps: f32,
    scale: f32,
}

/// Stochastic gradient descent, as `torch.optim.SGD`: `b = momentum b + g`, `p -= lr b`; Nesterov: `p -= lr (g + momentum b)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    pub lr: f64,
    pub momentum: f64,
    pub weight_decay: f64,
    pub nesterov: bool,
    /// Decay shrinks the weights directly; otherwise it is added to the gradient.
    pub decoupled: bool,
}

impl Sgd {
    /// Moves `param`; `buffer` is its momentum (zeros before the first step).
    pub fn step(&self, param: &Param, grad: &Tensor, buffer: &Tensor, grad_scale: f64) -> Result<()> {
        let [lr, momentum, decay, scale] = [self.lr, self.momentum, self.weight_decay, grad_scale].map(|x| x as f32);
        let (coupled, shrink) = if self.decoupled { (0.0, 1.0 - lr * decay) } else { (decay, 1.0) };
        let constants = [lr, momentum, coupled, shrink, scale];
        let nesterov = self.nesterov;
        let grad = grad.contiguous()?;
        let g = slice::floats(&grad)?;
        let g: &[f32] = &g;
        slice::update(param.tensor(), |p| {
            slice::update(buffer, |b| {
                let blocks = p.par_chunks_mut(BLOCK).zip(b.par_chunks_mut(BLOCK)).zip(g.par_chunks(BLOCK));
                blocks.for_each(|((p, b), g)| sgd(p, b, g, constants, nesterov));
            })
        })?
    }
}

vectorised! {
    fn adam(p: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32], c: AdamStep) {
        for (((p, m), v), &g) in p.iter_mut().zip(m).zip(v).zip(g) {
            let g = g * c.scale;
            *m = c.beta1 * *m + (1.0 - c.beta1) * g;
            *v = c.beta2 * *v + (1.0 - c.beta2) * g * g;
            *p = c.decay * *p - c.lr * *m / (v.sqrt() * c.root + c.eps);
        }
    }
    fn sgd(p: &mut [f32], b: &mut [f32], g: &[f32], constants: [f32; 5], nesterov: bool) {
        let [lr, momentum, coupled, shrink, scale] = constants;
        for ((p, b), &g) in p.iter_mut().zip(b).zip(g) {
            let g = g * scale + coupled * *p;
            *b = momentum * *b + g;
            let step = if nesterov { g + momentum * *b } else { *b };
            *p = shrink * *p - lr * step;
        }
    }
}
