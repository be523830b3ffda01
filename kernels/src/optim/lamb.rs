//! LAMB (You et al. 2020, arXiv 1904.00962, algorithm 2): Adam's direction, as long as the parameter itself.

use super::{check, fast};
use crate::blocks::BLOCK;
use crate::simd::{self, vectorised};
use crate::slice::{floats, overwrite, update};
use crate::{Param, Result, scratch};
use candle_core::{DType, Tensor};
use rayon::prelude::*;

/// LAMB with bias-corrected moments and the identity as its `phi`.
///
/// `m = beta1 m + (1 - beta1) g`; `v = beta2 v + (1 - beta2) g^2`;
/// `u = m / (1 - beta1^step) / (sqrt(v / (1 - beta2^step)) + eps) + wd p`; `p -= lr |p| / |u| u`, with 1 for the ratio of the norms
/// where either is 0 or where the parameter does not adapt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lamb {
    pub lr: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub eps: f64,
    pub weight_decay: f64,
    /// Whether the update is scaled by the norms. Not for biases and norms, as in the authors' own code.
    pub adapts: bool,
}

/// LAMB's numbers for one step, in float32.
#[derive(Clone, Copy)]
struct Numbers {
    grad_scale: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    /// `1 / (1 - beta1^step)` and `1 / sqrt(1 - beta2^step)`.
    mean: f32,
    root: f32,
    eps: f32,
    decay: f32,
}

impl Lamb {
    /// Moves `p` along its gradient. `g`, `m`, `v` have its shape; the moments are updated in place and start as zeros; `step` counts
    /// from 1; the gradient is multiplied by `grad_scale` first.
    ///
    /// # Errors
    /// A shape differs from the parameter's, or `step` is 0.
    pub fn step(&self, p: &Param, g: &Tensor, m: &Tensor, v: &Tensor, step: u64, grad_scale: f64) -> Result<()> {
        check("lamb", p, step, [("gradient", g), ("first moment", m), ("second moment", v)])?;
        let correction = |beta: f64| 1.0 / (1.0 - beta.powf(step as f64));
        let (mean, root) = (correction(self.beta1), correction(self.beta2).sqrt());
        let tensor = p.tensor();
        if !fast([tensor, g, m, v]) {
            return self.plain(tensor, g, [m, v], [mean, root], grad_scale);
        }
        let numbers = Numbers {
            grad_scale: grad_scale as f32,
            one_minus_beta1: (1.0 - self.beta1) as f32,
            beta2: self.beta2 as f32,
            one_minus_beta2: (1.0 - self.beta2) as f32,
            mean: mean as f32,
            root: root as f32,
            eps: self.eps as f32,
            decay: self.weight_decay as f32,
        };
        let g = floats(g)?;
        update(tensor, |p| {
            update(m, |m| {
                update(v, |v| {
                    let blocks = p.par_chunks(BLOCK).zip(g.par_chunks(BLOCK)).zip(m.par_chunks_mut(BLOCK));
                    let squares = blocks.zip(v.par_chunks_mut(BLOCK)).map(|(((p, g), m), v)| {
                        moments(g, m, v, numbers);
                        scratch::with(p.len(), |u| {
                            direction(p, m, v, u, numbers);
                            [simd::sum_of_squares(p), simd::sum_of_squares(u)]
                        })
                    });
                    let squares: Vec<[f64; 2]> = squares.collect();
                    let [of_p, of_u] = [0, 1].map(|i| squares.iter().map(|sums| sums[i]).sum::<f64>().sqrt());
                    let rate = (self.lr * self.ratio(of_p, of_u)) as f32;
                    let blocks = p.par_chunks_mut(BLOCK).zip(m.par_chunks(BLOCK)).zip(v.par_chunks(BLOCK));
                    blocks.for_each(|((p, m), v)| {
                        scratch::with(p.len(), |u| {
                            direction(p, m, v, u, numbers);
                            shift(p, u, rate);
                        });
                    });
                })
            })
        })??
    }

    fn ratio(&self, norm_of_p: f64, norm_of_u: f64) -> f64 {
        // Written so that NaN stays visible.
        if !self.adapts || norm_of_p == 0.0 || norm_of_u == 0.0 { 1.0 } else { norm_of_p / norm_of_u }
    }

    /// The step in Candle's operations: any device, any float type.
    fn plain(&self, p: &Tensor, g: &Tensor, [m, v]: [&Tensor; 2], [mean, root]: [f64; 2], grad_scale: f64) -> Result<()> {
        let g = (g * grad_scale)?;
        let new_m = (m + ((&g - m)? * (1.0 - self.beta1))?)?;
        let new_v = ((v * self.beta2)? + (g.sqr()? * (1.0 - self.beta2))?)?;
        let u = (((&new_m * mean)? / ((new_v.sqrt()? * root)? + self.eps)?)? + (p * self.weight_decay)?)?;
        let norm = |t: &Tensor| Ok::<_, crate::Error>(t.to_dtype(DType::F64)?.sqr()?.sum_all()?.to_scalar::<f64>()?.sqrt());
        let rate = self.lr * self.ratio(norm(p)?, norm(&u)?);
        overwrite(p, &(p - (u * rate)?)?)?;
        overwrite(m, &new_m)?;
        overwrite(v, &new_v)
    }
}

vectorised! {
    fn moments(g: &[f32], m: &mut [f32], v: &mut [f32], n: Numbers) {
        for ((g, m), v) in g.iter().zip(m).zip(v) {
            let g = g * n.grad_scale;
            *m += n.one_minus_beta1 * (g - *m);
            *v = n.beta2 * *v + n.one_minus_beta2 * (g * g);
        }
    }

    fn direction(p: &[f32], m: &[f32], v: &[f32], u: &mut [f32], n: Numbers) {
        for (((p, m), v), u) in p.iter().zip(m).zip(v).zip(u) {
            *u = m * n.mean / (v.sqrt() * n.root + n.eps) + n.decay * p;
        }
    }

    fn shift(p: &mut [f32], u: &[f32], rate: f32) {
        p.iter_mut().zip(u).for_each(|(p, u)| *p -= rate * u);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Case;
    use candle_core::Device;

    /// The fast version and the plain one against the paper's formulas, for two numbers, in float64.
    #[test]
    fn by_hand() {
        for adapts in [true, false] {
            let lamb = Lamb { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-6, weight_decay: 0.5, adapts };
            for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 1e-6)] {
                let pair = |v: [f64; 2]| Tensor::new(&v, &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
                let (params, _) = Case::new().param("p", &[2]).params(dtype).unwrap();
                params[0].set(&pair([2.0, -1.0])).unwrap();
                let (m, v) = (pair([0.0; 2]), pair([0.0; 2]));
                let (mut p, mut a, mut b) = ([2.0f64, -1.0], [0.0f64; 2], [0.0f64; 2]);
                for (step, g) in [(1u64, [3.0f64, 1.0]), (2, [-1.0, 0.2]), (3, [0.5, -4.0])] {
                    lamb.step(&params[0], &pair(g.map(|g| g * 4.0)), &m, &v, step, 0.25).unwrap();
                    let u: [f64; 2] = std::array::from_fn(|i| {
                        (a[i], b[i]) = (0.9 * a[i] + 0.1 * g[i], 0.99 * b[i] + 0.01 * g[i] * g[i]);
                        let (mean, square) = (a[i] / (1.0 - 0.9f64.powi(step as i32)), b[i] / (1.0 - 0.99f64.powi(step as i32)));
                        mean / (square.sqrt() + 1e-6) + 0.5 * p[i]
                    });
                    let norm = |x: [f64; 2]| x[0].hypot(x[1]);
                    let ratio = if adapts { norm(p) / norm(u) } else { 1.0 };
                    p = std::array::from_fn(|i| p[i] - 0.1 * ratio * u[i]);
                    let found = params[0].tensor().to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap();
                    assert!(
                        found.iter().zip(p).all(|(x, y)| (x - y).abs() < tolerance),
                        "step {step} {dtype:?}: {found:?} {p:?}"
                    );
                }
            }
        }
    }

    /// A parameter of zeros has no length to keep: its first step is Adam's.
    #[test]
    fn zeros_move() {
        let lamb = Lamb { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-6, weight_decay: 0.0, adapts: true };
        let (params, _) = Case::new().param("p", &[3]).params(DType::F32).unwrap();
        let zeros = || Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap();
        params[0].set(&zeros()).unwrap();
        lamb.step(&params[0], &Tensor::new(&[1f32, -2., 0.], &Device::Cpu).unwrap(), &zeros(), &zeros(), 1, 1.0).unwrap();
        let found = params[0].tensor().to_vec1::<f32>().unwrap();
        assert!(found.iter().zip([-0.1f32, 0.1, 0.0]).all(|(x, y)| (x - y).abs() < 1e-6), "{found:?}");
    }
}
