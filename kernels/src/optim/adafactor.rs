//! Adafactor (Shazeer & Stern 2018, arXiv 1804.04235): Adam's second moment, of a matrix only its rows' and columns' means.

use super::{check, fast};
use crate::blocks::{self, BLOCK, ROWS};
use crate::simd::{self, vectorised};
use crate::slice::{Scattered, floats, overwrite, update};
use crate::{Error, Param, Result, scratch};
use candle_core::{D, Tensor};
use rayon::prelude::*;

/// Adafactor with a rate of its own (algorithms 4 and 5 of the paper without relative steps), as transformers' `Adafactor` with
/// `relative_step=False`.
///
/// With `beta2 = 1 - step^-decay` and `s = g^2 + eps`: of the last two dimensions `R = beta2 R + (1 - beta2) mean of s over a row`,
/// `C` so over a column, and `u = g / sqrt(R C / mean(R))`; of a vector `V = beta2 V + (1 - beta2) s`, `u = g / sqrt(V)`. Then
/// `u = u / max(1, rms(u) / clip)`, `a = lr`, or `lr max(floor, rms(p))` if the rate is scaled; `u = a u`, and with momentum
/// `m = beta1 m + (1 - beta1) u`, `u = m`; at last `p = p - a wd p - u`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adafactor {
    pub lr: f64,
    /// Added to each squared gradient; 1e-30 in the paper.
    pub eps: f64,
    /// The root mean square that an update may have at most, relative to the rate; 1 in the paper.
    pub clip: f64,
    /// How fast `beta2` goes to 1; 0.8 in the paper.
    pub decay: f64,
    /// Momentum, if any.
    pub beta1: Option<f64>,
    /// The least root mean square (1e-3 in the paper) that a parameter counts with where the rate is multiplied by it.
    pub scale_floor: Option<f64>,
    pub weight_decay: f64,
}

/// The running means of a parameter's squared gradients. They are updated in place and start as zeros.
#[derive(Debug, Clone)]
pub enum Squares {
    /// Of a vector or a number: its shape.
    Full(Tensor),
    /// Of a matrix `[..., n, m]`: `rows`: `[..., n]`, `columns`: `[..., m]`.
    Factored { rows: Tensor, columns: Tensor },
}

impl Squares {
    /// Zeros for that parameter.
    ///
    /// # Errors
    /// There is no memory.
    pub fn zeros(p: &Param) -> Result<Self> {
        let t = p.tensor();
        let zeros = |dims: &[usize]| Tensor::zeros(dims, t.dtype(), t.device());
        Ok(match t.dims() {
            [lead @ .., n, m] => {
                Squares::Factored { rows: zeros(&[lead, &[*n]].concat())?, columns: zeros(&[lead, &[*m]].concat())? }
            }
            dims => Squares::Full(zeros(dims)?),
        })
    }

    fn check(&self, p: &Param) -> Result<()> {
        let dims = p.tensor().dims();
        let expect = |what: &str, t: &Tensor, expected: Vec<usize>| {
            if t.dims() == expected {
                return Ok(());
            }
            Err(Error::shape("adafactor", format!("{what} of `{}`", p.name()), format!("{expected:?}"), t.dims()))
        };
        match (self, dims) {
            (Squares::Factored { rows, columns }, [lead @ .., n, m]) => {
                expect("means of rows", rows, [lead, &[*n]].concat())?;
                expect("means of columns", columns, [lead, &[*m]].concat())
            }
            (Squares::Full(v), [] | [_]) => expect("means", v, dims.to_vec()),
            _ => {
                let message =
                    format!("the means of `{}` {dims:?} must be factored where it has two dimensions or more", p.name());
                Err(Error::Argument { op: "adafactor", message })
            }
        }
    }
}

/// Adafactor's numbers for one step, in float32.
#[derive(Clone, Copy)]
struct Numbers {
    grad_scale: f32,
    eps: f32,
    beta2: f32,
    keep: f32,
    /// What a gradient over its root is multiplied by: rate and clipping.
    rate: f32,
    beta1: f32,
}

impl Adafactor {
    /// Moves `p` along its gradient. `g` has its shape, `squares` are its means, `momentum` has its shape and starts as zeros (given
    /// if and only if there is a `beta1`); `step` counts from 1; the gradient is multiplied by `grad_scale` first.
    ///
    /// # Errors
    /// A shape differs from the parameter's; `step` is 0; momentum is missing or not wanted.
    pub fn step(
        &self,
        p: &Param,
        g: &Tensor,
        squares: &Squares,
        momentum: Option<&Tensor>,
        step: u64,
        grad_scale: f64,
    ) -> Result<()> {
        check("adafactor", p, step, [("gradient", g), ("momentum", momentum.unwrap_or(g))])?;
        squares.check(p)?;
        if self.beta1.is_some() != momentum.is_some() {
            let message = format!("`{}` must be given momentum if and only if there is a beta1", p.name());
            return Err(Error::Argument { op: "adafactor", message });
        }
        if p.is_empty() {
            return Ok(());
        }
        let tensor = p.tensor();
        let rest = match squares {
            Squares::Full(v) => [v, v],
            Squares::Factored { rows, columns } => [rows, columns],
        };
        if !fast([tensor, g, momentum.unwrap_or(g), rest[0], rest[1]]) {
            return self.plain(tensor, g, squares, momentum, step, grad_scale);
        }
        let norm: f64 = floats(tensor)?.par_chunks(BLOCK).map(simd::sum_of_squares).collect::<Vec<_>>().iter().sum();
        let rate = self.rate((norm / p.len() as f64).sqrt());
        let numbers = Numbers {
            grad_scale: grad_scale as f32,
            eps: self.eps as f32,
            beta2: self.beta2(step) as f32,
            keep: (1.0 - rate * self.weight_decay) as f32,
            rate: rate as f32,
            beta1: self.beta1.unwrap_or(0.0) as f32,
        };
        let g = floats(g)?;
        let scaled = |square_sum: f64| {
            let root = (square_sum / p.len() as f64).sqrt();
            Numbers { rate: (rate / (root / self.clip).max(1.0)) as f32, ..numbers }
        };
        match squares {
            Squares::Full(v) => update(v, |v| {
                let sums: Vec<f64> =
                    v.par_chunks_mut(BLOCK).zip(g.par_chunks(BLOCK)).map(|(v, g)| second_moment(g, v, numbers)).collect();
                let numbers = scaled(sums.iter().sum());
                in_blocks(tensor, momentum, BLOCK, |block, p, m| {
                    let range = block * BLOCK..block * BLOCK + p.len();
                    shift(p, m, &g[range.clone()], &v[range], numbers);
                })
            })?,
            Squares::Factored { rows, columns } => {
                let factors = Factors::of(&g, rows, columns, numbers)?;
                let width = factors.columns.1;
                let most = (BLOCK / width).max(1);
                let sums: Vec<f64> =
                    g.par_chunks(most * width).enumerate().map(|(i, g)| factors.square_sum(g, i * most)).collect();
                let numbers = scaled(sums.iter().sum::<f64>() * grad_scale * grad_scale);
                in_blocks(tensor, momentum, most * width, |block, p, m| {
                    let g = &g[block * most * width..][..p.len()];
                    factors.shift(p, m, g, block * most, numbers);
                })
            }
        }
    }

    fn beta2(&self, step: u64) -> f64 {
        1.0 - (step as f64).powf(-self.decay)
    }

    /// The step's rate for a parameter of that root mean square.
    fn rate(&self, rms: f64) -> f64 {
        self.lr * self.scale_floor.map_or(1.0, |floor| rms.max(floor))
    }

    /// The plain version, in Candle operations: any device, any float type.
    fn plain(
        &self,
        p: &Tensor,
        g: &Tensor,
        squares: &Squares,
        momentum: Option<&Tensor>,
        step: u64,
        grad_scale: f64,
    ) -> Result<()> {
        let rms = |t: &Tensor| Ok::<_, Error>(t.sqr()?.mean_all()?.to_dtype(candle_core::DType::F64)?.to_scalar::<f64>()?.sqrt());
        let (rate, beta2) = (self.rate(rms(p)?), self.beta2(step));
        let g = (g * grad_scale)?;
        let square = (g.sqr()? + self.eps)?;
        let mean = |old: &Tensor, new: &Tensor| {
            let new = ((old * beta2)? + (new * (1.0 - beta2))?)?;
            overwrite(old, &new).map(|()| new)
        };
        let change = match squares {
            Squares::Full(v) => (&g / mean(v, &square)?.sqrt()?)?,
            Squares::Factored { rows, columns } => {
                let rows = mean(rows, &square.mean(D::Minus1)?)?;
                let columns = mean(columns, &square.mean(D::Minus2)?)?.sqrt()?.unsqueeze(D::Minus2)?;
                let rows = rows.broadcast_div(&rows.mean_keepdim(D::Minus1)?)?.sqrt()?.unsqueeze(D::Minus1)?;
                g.broadcast_div(&rows)?.broadcast_div(&columns)?
            }
        };
        let change = (&change * (rate / (rms(&change)? / self.clip).max(1.0)))?;
        let change = match (momentum, self.beta1) {
            (Some(m), Some(beta1)) => {
                let new = ((m * beta1)? + (change * (1.0 - beta1))?)?;
                overwrite(m, &new)?;
                new
            }
            _ => change,
        };
        overwrite(p, &((p * (1.0 - rate * self.weight_decay))? - change)?)
    }
}

/// Runs `f` on blocks of so many elements of `p` and, if there is any, of the momentum: the block's number and both, the latter
/// empty if absent.
fn in_blocks(p: &Tensor, m: Option<&Tensor>, len: usize, f: impl Fn(usize, &mut [f32], &mut [f32]) + Sync) -> Result<()> {
    let run = |m: &mut [f32]| {
        let m = Scattered::new(m);
        update(p, |p| {
            p.par_chunks_mut(len).enumerate().for_each(|(block, p)| {
                let own = if m.is_empty() { 0..0 } else { block * len..block * len + p.len() };
                // SAFETY: each block has one task.
                f(block, p, unsafe { m.part(own.start, own.len()) });
            });
        })
    };
    match m {
        Some(m) => update(m, run)?,
        None => run(&mut []),
    }
}

/// One over the roots of a matrix's means: of each row relative to the mean over rows, and of each column.
struct Factors {
    /// Rows of all matrices, and how many a matrix has.
    rows: (Vec<f32>, usize),
    columns: (Vec<f32>, usize),
}

impl Factors {
    /// Updates the means and takes their roots.
    fn of(g: &[f32], rows: &Tensor, columns: &Tensor, n: Numbers) -> Result<Self> {
        let (height, width) = (rows.dim(D::Minus1)?, columns.dim(D::Minus1)?);
        update(rows, |rows| {
            update(columns, |columns| {
                let matrices = g.par_chunks(height * width).zip(rows.par_chunks_mut(height)).zip(columns.par_chunks_mut(width));
                let factors = matrices.map(|((g, rows), columns)| matrix(g, rows, columns, n));
                let (rows, columns): (Vec<_>, Vec<_>) = factors.unzip();
                Factors { rows: (rows.concat(), height), columns: (columns.concat(), width) }
            })
        })?
    }

    /// The factors of a row, counted over all matrices.
    fn row(&self, row: usize) -> (f32, &[f32]) {
        let width = self.columns.1;
        (self.rows.0[row], &self.columns.0[row / self.rows.1 * width..][..width])
    }

    /// The sum of squares of `u` before the gradient is scaled, of the rows from `first` on.
    fn square_sum(&self, g: &[f32], first: usize) -> f64 {
        let sum = |(i, g): (usize, &[f32])| {
            let (row, columns) = self.row(first + i);
            f64::from(row) * f64::from(row) * f64::from(sum_of_scaled(g, columns))
        };
        g.chunks_exact(self.columns.1).enumerate().map(sum).sum()
    }

    fn shift(&self, p: &mut [f32], m: &mut [f32], g: &[f32], first: usize, n: Numbers) {
        let width = self.columns.1;
        for (i, (p, g)) in p.chunks_exact_mut(width).zip(g.chunks_exact(width)).enumerate() {
            let (row, columns) = self.row(first + i);
            let m = if m.is_empty() { &mut [] } else { &mut m[i * width..][..width] };
            shift_row(p, m, g, columns, Numbers { grad_scale: n.grad_scale * row, ..n });
        }
    }
}

/// Updates one matrix's means; returns one over their roots. Sums over blocks of [`ROWS`] rows are added in order.
fn matrix(g: &[f32], rows: &mut [f32], columns: &mut [f32], n: Numbers) -> (Vec<f32>, Vec<f32>) {
    let (height, width) = (rows.len(), columns.len());
    let count = height.div_ceil(ROWS);
    scratch::with(count * width, |partials| {
        let tasks = g.par_chunks(ROWS * width).zip(rows.par_chunks_mut(ROWS)).zip(partials.par_chunks_mut(width));
        tasks.for_each(|((g, rows), partial)| {
            partial.fill(0.0);
            add_squares(g, rows, partial, n);
        });
        let (sum, others) = partials.split_at_mut(width);
        blocks::add_in_order(others, sum);
        columns.iter_mut().zip(sum).for_each(|(c, s)| *c = n.beta2 * *c + (1.0 - n.beta2) * (*s / height as f32));
    });
    let mean = rows.iter().map(|&r| f64::from(r)).sum::<f64>() / height as f64;
    let relative = rows.iter().map(|&r| (mean / f64::from(r)).sqrt() as f32).collect();
    (relative, columns.iter().map(|c| 1.0 / c.sqrt()).collect())
}

vectorised! {
    /// Updates the means of rows; adds the squares to the sums of columns.
    fn add_squares(g: &[f32], rows: &mut [f32], columns: &mut [f32], n: Numbers) {
        let square = |g: f32| (g * n.grad_scale) * (g * n.grad_scale) + n.eps;
        let width = columns.len();
        for (g, mean) in g.chunks_exact(width).zip(rows) {
            *mean = n.beta2 * *mean + (1.0 - n.beta2) * (simd::sum(g, square) / width as f32);
            columns.iter_mut().zip(g).for_each(|(c, g)| *c += square(*g));
        }
    }

    fn sum_of_scaled(g: &[f32], columns: &[f32]) -> f32 {
        simd::sum2(g, columns, |g, c| (g * c) * (g * c))
    }

    /// Updates a vector's means; returns the sum of squares of `u`.
    fn second_moment(g: &[f32], v: &mut [f32], n: Numbers) -> f64 {
        let scaled = |g: f32| g * n.grad_scale;
        v.iter_mut().zip(g).for_each(|(v, g)| *v = n.beta2 * *v + (1.0 - n.beta2) * (scaled(*g) * scaled(*g) + n.eps));
        f64::from(simd::sum2(g, v, |g, v| scaled(g) * scaled(g) / v))
    }

    /// Of a vector, whose means are `v`.
    fn shift(p: &mut [f32], m: &mut [f32], g: &[f32], v: &[f32], n: Numbers) {
        if m.is_empty() {
            p.iter_mut().zip(g).zip(v).for_each(|((p, g), v)| *p = *p * n.keep - n.rate * (g * n.grad_scale / v.sqrt()));
        } else {
            for (((p, m), g), v) in p.iter_mut().zip(m).zip(g).zip(v) {
                *m = n.beta1 * *m + (1.0 - n.beta1) * (n.rate * (g * n.grad_scale / v.sqrt()));
                *p = *p * n.keep - *m;
            }
        }
    }

    /// Of a matrix's row; `c`: one over the roots of the columns' means.
    fn shift_row(p: &mut [f32], m: &mut [f32], g: &[f32], c: &[f32], n: Numbers) {
        if m.is_empty() {
            p.iter_mut().zip(g).zip(c).for_each(|((p, g), c)| *p = *p * n.keep - n.rate * (g * c * n.grad_scale));
        } else {
            for (((p, m), g), c) in p.iter_mut().zip(m).zip(g).zip(c) {
                *m = n.beta1 * *m + (1.0 - n.beta1) * (n.rate * (g * c * n.grad_scale));
                *p = *p * n.keep - *m;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stream;
    use crate::check::Case;
    use candle_core::{DType, Device};

    const PLAIN: Adafactor =
        Adafactor { lr: 0.1, eps: 1e-30, clip: 1.0, decay: 0.8, beta1: None, scale_floor: None, weight_decay: 0.0 };
    const FULL: Adafactor = Adafactor { beta1: Some(0.9), scale_floor: Some(1e-3), weight_decay: 0.01, ..PLAIN };

    fn values(t: &Tensor) -> Vec<f64> {
        t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    fn gradient(dims: &[usize], step: u64) -> Vec<f64> {
        (0..dims.iter().product::<usize>() as u64).map(|i| f64::from(Stream::root(step).normal(i))).collect()
    }

    /// The parameter and its state after some steps; the gradient comes doubled, with a scale of one half.
    fn run(with: Adafactor, dims: &[usize], steps: u64, dtype: DType) -> (Param, Squares, Option<Tensor>) {
        let (params, _) = Case::new().param("p", dims).params(dtype).unwrap();
        let p = params[0].clone();
        let squares = Squares::zeros(&p).unwrap();
        let momentum = with.beta1.map(|_| p.tensor().zeros_like().unwrap());
        for step in 1..=steps {
            let g = gradient(dims, step).into_iter().map(|g| 2.0 * g);
            let g = Tensor::from_iter(g, &Device::Cpu).unwrap().reshape(dims).unwrap().to_dtype(dtype).unwrap();
            with.step(&p, &g, &squares, momentum.as_ref(), step, 0.5).unwrap();
        }
        (p, squares, momentum)
    }

    /// The paper's algorithms 4 and 5 in float64, element by element.
    fn by_hand(with: Adafactor, dims: &[usize], steps: u64) -> Vec<f64> {
        let (params, _) = Case::new().param("p", dims).params(DType::F64).unwrap();
        let mut p = values(params[0].tensor());
        let (len, rank) = (p.len(), dims.len());
        if p.is_empty() {
            return p;
        }
        // Elements that share a row's mean, or a column's; each is its own in a vector.
        let (height, width) = if rank < 2 { (1, 1) } else { (dims[rank - 2], dims[rank - 1]) };
        let rows = |i: usize| i / width;
        let columns = |i: usize| i / (height * width) * width + i % width;
        let (mut r, mut c, mut m) = (vec![0.0; len / width], vec![0.0; len / height], vec![0.0; len]);
        let rms = |v: &[f64]| (v.iter().map(|v| v * v).sum::<f64>() / v.len() as f64).sqrt();
        for step in 1..=steps {
            let g = gradient(dims, step);
            let beta2 = 1.0 - (step as f64).powf(-with.decay);
            r.iter_mut().chain(&mut c).for_each(|v| *v *= beta2);
            for (i, g) in g.iter().enumerate() {
                r[rows(i)] += (1.0 - beta2) * (g * g + with.eps) / width as f64;
                c[columns(i)] += (1.0 - beta2) * (g * g + with.eps) / height as f64;
            }
            let root = |i: usize| {
                if rank < 2 {
                    return r[i].sqrt();
                }
                let first = i / (height * width) * height;
                let mean = r[first..first + height].iter().sum::<f64>() / height as f64;
                (r[rows(i)] * c[columns(i)] / mean).sqrt()
            };
            let u: Vec<f64> = g.iter().enumerate().map(|(i, g)| g / root(i)).collect();
            let rate = with.lr * with.scale_floor.map_or(1.0, |floor| rms(&p).max(floor));
            let clip = (rms(&u) / with.clip).max(1.0);
            for ((p, u), m) in p.iter_mut().zip(u).zip(&mut m) {
                let beta1 = with.beta1.unwrap_or(0.0);
                *m = beta1 * *m + (1.0 - beta1) * rate * u / clip;
                *p -= rate * with.weight_decay * *p + *m;
            }
        }
        p
    }

    #[test]
    fn equals_the_paper() {
        for with in [PLAIN, FULL, Adafactor { clip: 0.3, ..FULL }, Adafactor { beta1: Some(0.5), decay: 0.5, ..PLAIN }] {
            for dims in
                [&[][..], &[1], &[7], &[3, 4], &[1, 5], &[130, 70], &[2, 3, 5], &[4, 3, 3, 3], &[3, 9000], &[70_000], &[0, 3]]
            {
                let expected = by_hand(with, dims, 3);
                for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 5e-6)] {
                    let (p, ..) = run(with, dims, 3, dtype);
                    let found = values(p.tensor());
                    let worst = found.iter().zip(&expected).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max);
                    assert!(worst < tolerance && found.len() == expected.len(), "{with:?} {dims:?} {dtype:?}: off by {worst}");
                }
            }
        }
    }

    /// What transformers prints after three steps on the numbers 1 to 6 as a matrix and 1 to 3 as a vector, gradients
    /// `sin(step + i)`: `Adafactor(lr=0.1, relative_step=False, scale_parameter=True, beta1=0.9, weight_decay=0.01)`.
    #[test]
    fn equals_transformers() -> Result<()> {
        let expected: [&[f64]; 2] = [
            &[0.792995960, 1.902050101, 3.048028973, 4.148809452, 5.043332581, 5.924311880],
            &[0.888954168, 1.943217982, 3.001914013],
        ];
        for (dims, expected) in [&[2, 3][..], &[3]].into_iter().zip(expected) {
            let (params, _) = Case::new().param("p", dims).params(DType::F32)?;
            let p = &params[0];
            p.set(&Tensor::from_iter((1..=expected.len()).map(|i| i as f32), &Device::Cpu)?.reshape(dims)?)?;
            let (squares, m) = (Squares::zeros(p)?, p.tensor().zeros_like()?);
            for step in 1..=3 {
                let g = (0..expected.len()).map(|i| ((step + i) as f32).sin());
                let g = Tensor::from_iter(g, &Device::Cpu)?.reshape(dims)?;
                FULL.step(p, &g, &squares, Some(&m), step as u64, 1.0)?;
            }
            for (found, expected) in values(p.tensor()).iter().zip(expected) {
                assert!((found - expected).abs() < 2e-6, "{found} {expected}");
            }
        }
        Ok(())
    }

    /// A gradient of zeros moves nothing but what weight decay takes, and makes no NaN.
    #[test]
    fn zeros_stay() -> Result<()> {
        for dims in [&[3, 4][..], &[5]] {
            let (params, _) = Case::new().param("p", dims).params(DType::F32)?;
            let before = values(params[0].tensor());
            let g = params[0].tensor().zeros_like()?;
            PLAIN.step(&params[0], &g, &Squares::zeros(&params[0])?, None, 1, 1.0)?;
            assert_eq!(values(params[0].tensor()), before);
        }
        Ok(())
    }

    #[test]
    fn threads_change_no_bit() {
        let bits = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                [&[1000, 130][..], &[40, 30, 3, 3], &[70_000]].map(|dims| values(run(FULL, dims, 2, DType::F32).0.tensor()))
            })
        };
        let one = bits(1);
        assert!([2, 3, 8].into_iter().all(|threads| one == bits(threads)));
    }

    #[test]
    fn arguments_are_checked() -> Result<()> {
        let (params, _) = Case::new().param("p", &[2, 3]).params(DType::F32)?;
        let (p, g) = (&params[0], params[0].tensor().zeros_like()?);
        let good = Squares::zeros(p)?;
        let says = |with: Adafactor, g: &Tensor, squares: &Squares, m: Option<&Tensor>, step| {
            with.step(p, g, squares, m, step, 1.0).unwrap_err().to_string()
        };
        assert!(says(PLAIN, &g, &good, None, 0).contains("counts from 1"));
        assert!(says(PLAIN, &g.t()?, &good, None, 1).contains("gradient of `p`"));
        assert!(says(PLAIN, &g, &good, Some(&g), 1).contains("momentum if and only if"));
        assert!(says(FULL, &g, &good, None, 1).contains("momentum if and only if"));
        assert!(says(PLAIN, &g, &Squares::Full(g.copy()?), None, 1).contains("must be factored"));
        let swapped = Squares::Factored { rows: Tensor::zeros(3, DType::F32, &Device::Cpu)?, columns: g.copy()? };
        assert!(says(PLAIN, &g, &swapped, None, 1).contains("means of rows of `p`: expected [2], found [3]"));
        Ok(())
    }
}
