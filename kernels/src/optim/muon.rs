//! Muon (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"): momentum whose singular values are all made
//! about 1.

use super::{check, fast};
use crate::blocks::BLOCK;
use crate::matmul::{View, ViewMut, Write, matmul};
use crate::simd::{self, vectorised};
use crate::slice::{floats, overwrite, update};
use crate::{Error, Param, Result};
use candle_core::{DType, Tensor};
use rayon::prelude::*;

/// Muon for a matrix, or for a filter bank as the matrix `[out, everything else]`.
///
/// `m = momentum m + (1 - momentum) g`; `u = (1 - momentum) g + momentum m` with Nesterov's momentum, else `m`;
/// `p = (1 - lr wd) p - lr sqrt(max(1, rows / columns)) O(u)`, `O` being [`Muon::STEPS`] Newton-Schulz steps
/// `x -> a x + (b x x' + c (x x')^2) x` from `u / |u|`, which bring singular values to between about 0.7 and 1.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Muon {
    pub lr: f64,
    pub momentum: f64,
    pub nesterov: bool,
    pub weight_decay: f64,
}

/// `a`, `b`, `c` of the Newton-Schulz steps: chosen by the authors for the steepest rise at 0.
const A: f64 = 3.4445;
const B: f64 = -4.7750;
const C: f64 = 2.0315;

/// Added to the norm.
const EPS: f64 = 1e-7;

impl Muon {
    /// Newton-Schulz steps.
    pub const STEPS: usize = 5;

    /// Moves `p`, of two dimensions or more, along its gradient. `g`, `m` have its shape; `m`, the momentum, is updated in place and
    /// starts as zeros; the gradient is multiplied by `grad_scale` first.
    ///
    /// # Errors
    /// A shape differs from the parameter's, or it has fewer than two dimensions.
    pub fn step(&self, p: &Param, g: &Tensor, m: &Tensor, grad_scale: f64) -> Result<()> {
        check("muon", p, 1, [("gradient", g), ("momentum", m)])?;
        let tensor = p.tensor();
        let &[rows, _, ..] = tensor.dims() else {
            let message = format!("`{}` must have two dimensions or more, found {:?}", p.name(), tensor.dims());
            return Err(Error::Argument { op: "muon", message });
        };
        if p.is_empty() {
            return Ok(());
        }
        let columns = p.len() / rows;
        let rate = self.lr * (rows as f64 / columns as f64).max(1.0).sqrt();
        let keep = 1.0 - self.lr * self.weight_decay;
        if !fast([tensor, g, m]) {
            let g = (g * grad_scale)?;
            let new_m = ((m * self.momentum)? + (&g * (1.0 - self.momentum))?)?;
            let u = if self.nesterov { ((&g * (1.0 - self.momentum))? + (&new_m * self.momentum)?)? } else { new_m.clone() };
            let u = plain(&u.reshape((rows, columns))?)?.reshape(tensor.dims())?;
            overwrite(tensor, &((tensor * keep)? - (u * rate)?)?)?;
            return overwrite(m, &new_m);
        }
        let g = floats(g)?;
        let [of_g, momentum] = [grad_scale * (1.0 - self.momentum), self.momentum].map(|v| v as f32);
        let mut u = vec![0f32; p.len()];
        update(m, |m| {
            let blocks = m.par_chunks_mut(BLOCK).zip(g.par_chunks(BLOCK)).zip(u.par_chunks_mut(BLOCK));
            blocks.for_each(|((m, g), u)| {
                mix(m, g, momentum, of_g);
                u.copy_from_slice(m);
                if self.nesterov {
                    mix(u, g, momentum, of_g);
                }
            });
        })?;
        let u = if rows > columns {
            transposed(&orthogonal(transposed(&u, rows, columns), columns, rows), columns, rows)
        } else {
            orthogonal(u, rows, columns)
        };
        update(tensor, |p| {
            let blocks = p.par_chunks_mut(BLOCK).zip(u.par_chunks(BLOCK));
            blocks.for_each(|(p, u)| mix(p, u, keep as f32, -rate as f32));
        })
    }
}

/// `O` of a matrix with no more rows than columns.
fn orthogonal(mut x: Vec<f32>, rows: usize, columns: usize) -> Vec<f32> {
    let squares: f64 = x.par_chunks(BLOCK).map(simd::sum_of_squares).collect::<Vec<_>>().iter().sum();
    let scale = (1.0 / (squares.sqrt() + EPS)) as f32;
    x.par_chunks_mut(BLOCK).for_each(|x| x.iter_mut().for_each(|x| *x *= scale));
    let (mut gram, mut both) = (vec![0f32; rows * rows], vec![0f32; rows * rows]);
    let mut next = vec![0f32; rows * columns];
    for _ in 0..Muon::STEPS {
        let view = View::new(&x, rows, columns);
        matmul(1.0, view, view.t(), ViewMut::new(&mut gram, rows, rows), Write::Set);
        let square = View::new(&gram, rows, rows);
        matmul(C as f32, square, square, ViewMut::new(&mut both, rows, rows), Write::Set);
        both.par_chunks_mut(BLOCK).zip(gram.par_chunks(BLOCK)).for_each(|(both, gram)| mix(both, gram, 1.0, B as f32));
        matmul(1.0, View::new(&both, rows, rows), view, ViewMut::new(&mut next, rows, columns), Write::Set);
        next.par_chunks_mut(BLOCK).zip(x.par_chunks(BLOCK)).for_each(|(next, x)| mix(next, x, 1.0, A as f32));
        std::mem::swap(&mut x, &mut next);
    }
    x
}

/// `[rows, columns]` -> `[columns, rows]`.
fn transposed(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut to = vec![0f32; x.len()];
    to.par_chunks_mut(rows).enumerate().for_each(|(column, to)| {
        to.iter_mut().zip(x[column..].iter().step_by(columns)).for_each(|(to, x)| *to = *x);
    });
    to
}

/// `O` in Candle's operations: any device, any float type.
fn plain(u: &Tensor) -> Result<Tensor> {
    let tall = u.dim(0)? > u.dim(1)?;
    let u = if tall { u.t()? } else { u.clone() };
    let norm = u.to_dtype(DType::F64)?.sqr()?.sum_all()?.to_scalar::<f64>()?.sqrt();
    let mut x = (u / (norm + EPS))?.contiguous()?;
    for _ in 0..Muon::STEPS {
        let gram = x.matmul(&x.t()?)?;
        let both = ((&gram * B)? + (gram.matmul(&gram)? * C)?)?;
        x = ((&x * A)? + both.matmul(&x)?)?;
    }
    Ok(if tall { x.t()?.contiguous()? } else { x })
}

vectorised! {
    /// `to = a to + b from`.
    fn mix(to: &mut [f32], from: &[f32], a: f32, b: f32) {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = a * *to + b * from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, constant};
    use candle_core::Device;

    /// Singular values of what `O` makes of a matrix lie about 1: of a diagonal one they can be read off.
    #[test]
    fn singular_values_become_about_one() {
        let mut x = vec![0f32; 4 * 7];
        [3.0, -1.0, 0.5, 0.2].into_iter().enumerate().for_each(|(i, v)| x[i * 7 + i] = v);
        let found = orthogonal(x, 4, 7);
        for (i, sign) in [1.0, -1.0, 1.0, 1.0].into_iter().enumerate() {
            assert!((0.65..1.25).contains(&(found[i * 7 + i] * sign)), "{found:?}");
        }
        assert!(found.iter().enumerate().all(|(at, v)| at % 8 == 0 || *v == 0.0), "nothing appears beside the diagonal");
    }

    /// The fast version against the plain one in float64, wide, square, tall, and a filter bank.
    #[test]
    fn fast_equals_plain() {
        for shape in [&[5, 9][..], &[8, 8], &[33, 4], &[6, 3, 2, 2], &[1, 4], &[4, 1]] {
            for nesterov in [true, false] {
                let muon = Muon { lr: 0.1, momentum: 0.95, nesterov, weight_decay: 0.1 };
                let run = |dtype: DType| {
                    let (params, _) = Case::new().param("p", shape).params(dtype).unwrap();
                    let m = params[0].tensor().zeros_like().unwrap();
                    for step in 1..=4 {
                        let g = (constant(shape).tensor().to_dtype(dtype).unwrap() * f64::from(step)).unwrap();
                        muon.step(&params[0], &g, &m, 0.5).unwrap();
                    }
                    [params[0].tensor(), &m].map(|t| t.to_dtype(DType::F32).unwrap())
                };
                let ([fast, fast_m], [plain, plain_m]) = (run(DType::F32), run(DType::F64));
                crate::check::close("muon", "parameter", &fast, &plain, 2e-5);
                crate::check::close("muon", "momentum", &fast_m, &plain_m, 1e-6);
            }
        }
    }

    #[test]
    fn vectors_are_refused() {
        let (params, _) = Case::new().param("p", &[3]).params(DType::F32).unwrap();
        let zeros = Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap();
        let muon = Muon { lr: 0.1, momentum: 0.95, nesterov: true, weight_decay: 0.0 };
        assert!(muon.step(&params[0], &zeros, &zeros.copy().unwrap(), 1.0).unwrap_err().to_string().contains("two dimensions"));
    }
}
