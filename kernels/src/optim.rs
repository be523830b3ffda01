//! Optimisers: one pass in place over a parameter, its gradient and its moments.

mod adafactor;
mod adam;
#[cfg(device_kernels)]
mod cuda;
mod ema;
mod lamb;
mod muon;

pub use adafactor::{Adafactor, Squares};
pub use adam::Adam;
#[cfg(device_kernels)]
pub(crate) use cuda::sum_of_squares;
pub use ema::average;
pub use lamb::Lamb;
pub use muon::Muon;

use crate::blocks::BLOCK;
use crate::simd::vectorised;
use crate::slice::{floats, is_fast, overwrite, update};
use crate::{Error, Param, Result};
use candle_core::{DType, Tensor};
use rayon::prelude::*;

/// AdamW (Loshchilov & Hutter 2019): Adam with decoupled weight decay, as `torch.optim.AdamW`.
///
/// `p -= lr wd p`; `m += (1 - beta1) (g - m)`; `v = beta2 v + (1 - beta2) g^2`;
/// `p -= lr / (1 - beta1^step) m / (sqrt(v / (1 - beta2^step)) + eps)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    pub lr: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub eps: f64,
    pub weight_decay: f64,
}

/// Stochastic gradient descent with momentum, as `torch.optim.SGD` without dampening.
///
/// `d = g + wd p` (decoupled: `p -= lr wd p`, `d = g`); `buf = momentum buf + d` (`d` on the first step);
/// `p -= lr buf`, with Nesterov's momentum `p -= lr (d + momentum buf)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    pub lr: f64,
    pub momentum: f64,
    pub weight_decay: f64,
    pub nesterov: bool,
    pub decoupled: bool,
}

/// AdamW's numbers for one step, in float32.
#[derive(Clone, Copy)]
struct AdamStep {
    keep: f32,
    grad_scale: f32,
    /// How much of the weight is added to its gradient: Adam's decay, and none of AdamW's.
    l2: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    /// `lr / (1 - beta1^step)`.
    rate: f32,
    /// `1 / sqrt(1 - beta2^step)`.
    root: f32,
    eps: f32,
}

impl AdamW {
    /// Moves `p` along its gradient. `g`, `m`, `v` have its shape; the moments are updated in place and start as zeros; `step`
    /// counts from 1; the gradient is multiplied by `grad_scale` first (clipping, one over the accumulated micro-batches).
    ///
    /// # Errors
    /// A shape differs from the parameter's, or `step` is 0.
    pub fn step(&self, p: &Param, g: &Tensor, m: &Tensor, v: &Tensor, step: u64, grad_scale: f64) -> Result<()> {
        check("adamw", p, step, [("gradient", g), ("first moment", m), ("second moment", v)])?;
        self.moved(p.tensor(), g, [m, v], step, grad_scale, 0.0)
    }

    /// The step with `l2` of the weight in its gradient; shapes were checked.
    fn moved(&self, tensor: &Tensor, g: &Tensor, [m, v]: [&Tensor; 2], step: u64, grad_scale: f64, l2: f64) -> Result<()> {
        let numbers = AdamStep { l2: l2 as f32, ..self.numbers(step, grad_scale) };
        #[cfg(device_kernels)]
        if l2 == 0.0 && on_device([tensor, g, m, v]) {
            return cuda::adamw(tensor, None, &g.contiguous()?, [m, v], numbers);
        }
        if !fast([tensor, g, m, v]) {
            return self.plain(tensor, g, [m, v], step, grad_scale, l2);
        }
        let g = floats(g)?;
        update(tensor, |p| {
            update(m, |m| {
                update(v, |v| {
                    let moments = m.par_chunks_mut(BLOCK).zip(v.par_chunks_mut(BLOCK));
                    let blocks = p.par_chunks_mut(BLOCK).zip(g.par_chunks(BLOCK)).zip(moments);
                    blocks.for_each(|((p, g), (m, v))| adam(p, g, m, v, numbers));
                })
            })
        })??
    }

    /// As [`AdamW::step`] for a parameter that is stored in bfloat16: `master`, `m` and `v` are float32, the step is taken on
    /// `master`, and `p` becomes `master` rounded. So changes that are too small for 8 bits of mantissa add up.
    ///
    /// # Errors
    /// As [`AdamW::step`]; `master` or a moment is not float32.
    pub fn step_with_master(
        &self,
        p: &Param,
        master: &Tensor,
        g: &Tensor,
        [m, v]: [&Tensor; 2],
        step: u64,
        grad_scale: f64,
    ) -> Result<()> {
        let others = [("master copy", master), ("gradient", g), ("first moment", m), ("second moment", v)];
        check("adamw", p, step, others)?;
        if let Some((what, t)) = others.into_iter().find(|(what, t)| *what != "gradient" && t.dtype() != DType::F32) {
            let message = format!("the {what} of `{}` must be float32, found {:?}", p.name(), t.dtype());
            return Err(Error::Argument { op: "adamw", message });
        }
        #[cfg(device_kernels)]
        if crate::device::takes(p.tensor()) && crate::device::takes(g) && g.dtype() == p.tensor().dtype() {
            return cuda::adamw(master, Some(p.tensor()), &g.contiguous()?, [m, v], self.numbers(step, grad_scale));
        }
        self.plain(master, &g.to_dtype(DType::F32)?, [m, v], step, grad_scale, 0.0)?;
        overwrite(p.tensor(), master)
    }

    /// The step in Candle's operations: any device, any float type.
    fn plain(&self, p: &Tensor, g: &Tensor, [m, v]: [&Tensor; 2], step: u64, grad_scale: f64, l2: f64) -> Result<()> {
        let (rate, root) = self.rates(step);
        let g = ((g * grad_scale)? + (p * l2)?)?;
        let new_m = (m + ((&g - m)? * (1.0 - self.beta1))?)?;
        let new_v = ((v * self.beta2)? + (g.sqr()? * (1.0 - self.beta2))?)?;
        let change = (&new_m / ((new_v.sqrt()? * root)? + self.eps)?)?;
        overwrite(p, &((p * (1.0 - self.lr * self.weight_decay))? - (change * rate)?)?)?;
        overwrite(m, &new_m)?;
        overwrite(v, &new_v)
    }

    /// `lr / (1 - beta1^step)` and `1 / sqrt(1 - beta2^step)`.
    fn rates(&self, step: u64) -> (f64, f64) {
        let correction = |beta: f64| 1.0 - beta.powf(step as f64);
        (self.lr / correction(self.beta1), 1.0 / correction(self.beta2).sqrt())
    }

    fn numbers(&self, step: u64, grad_scale: f64) -> AdamStep {
        let (rate, root) = self.rates(step);
        AdamStep {
            keep: (1.0 - self.lr * self.weight_decay) as f32,
            grad_scale: grad_scale as f32,
            l2: 0.0,
            one_minus_beta1: (1.0 - self.beta1) as f32,
            beta2: self.beta2 as f32,
            one_minus_beta2: (1.0 - self.beta2) as f32,
            rate: rate as f32,
            root: root as f32,
            eps: self.eps as f32,
        }
    }
}

/// SGD's numbers for one step, in float32.
#[derive(Clone, Copy)]
struct SgdStep {
    keep: f32,
    decay: f32,
    grad_scale: f32,
    lr: f32,
    /// What is kept of the old buffer: nothing on the first step.
    old: f32,
    /// The shares of `d` and of the buffer in the change.
    direct: f32,
    buffered: f32,
}

impl Sgd {
    /// Moves `p` along its gradient. `g`, `buf` have its shape; `buf`, the momentum, is updated in place; `step` counts from 1;
    /// the gradient is multiplied by `grad_scale` first.
    ///
    /// # Errors
    /// A shape differs from the parameter's, or `step` is 0.
    pub fn step(&self, p: &Param, g: &Tensor, buf: &Tensor, step: u64, grad_scale: f64) -> Result<()> {
        check("sgd", p, step, [("gradient", g), ("momentum", buf)])?;
        let (keep, decay) = if self.decoupled { (1.0 - self.lr * self.weight_decay, 0.0) } else { (1.0, self.weight_decay) };
        let old = if step == 1 { 0.0 } else { self.momentum };
        let (direct, buffered) = if self.nesterov { (1.0, self.momentum) } else { (0.0, 1.0) };
        let numbers = {
            let [keep, decay, grad_scale, lr, old, direct, buffered] =
                [keep, decay, grad_scale, self.lr, old, direct, buffered].map(|v| v as f32);
            SgdStep { keep, decay, grad_scale, lr, old, direct, buffered }
        };
        let tensor = p.tensor();
        #[cfg(device_kernels)]
        if on_device([tensor, g, buf]) {
            return cuda::sgd(tensor, &g.contiguous()?, buf, numbers);
        }
        if !fast([tensor, g, buf]) {
            let d = ((g * grad_scale)? + (tensor * decay)?)?;
            let new_buf = ((buf * old)? + &d)?;
            let change = ((d * direct)? + (&new_buf * buffered)?)?;
            overwrite(tensor, &((tensor * keep)? - (change * self.lr)?)?)?;
            return overwrite(buf, &new_buf);
        }
        let g = floats(g)?;
        update(tensor, |p| {
            update(buf, |buf| {
                let blocks = p.par_chunks_mut(BLOCK).zip(g.par_chunks(BLOCK)).zip(buf.par_chunks_mut(BLOCK));
                blocks.for_each(|((p, g), buf)| sgd(p, g, buf, numbers));
            })
        })?
    }
}

/// Lion (Chen et al. 2023, arXiv 2302.06675): the sign of an interpolated momentum, with decoupled weight decay.
///
/// `c = beta1 m + (1 - beta1) g`; `p -= lr (sign(c) + wd p)`; `m = beta2 m + (1 - beta2) g`; the sign of 0 is 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lion {
    pub lr: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub weight_decay: f64,
}

/// Lion's numbers for one step, in float32.
#[derive(Clone, Copy)]
struct LionStep {
    keep: f32,
    grad_scale: f32,
    lr: f32,
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
}

impl Lion {
    /// Moves `p` along its gradient. `g`, `m` have its shape; `m`, the momentum, is updated in place and starts as zeros; the
    /// gradient is multiplied by `grad_scale` first.
    ///
    /// # Errors
    /// A shape differs from the parameter's.
    pub fn step(&self, p: &Param, g: &Tensor, m: &Tensor, grad_scale: f64) -> Result<()> {
        check("lion", p, 1, [("gradient", g), ("momentum", m)])?;
        let keep = 1.0 - self.lr * self.weight_decay;
        let tensor = p.tensor();
        let numbers = {
            let [keep, grad_scale, lr, beta1, one_minus_beta1, beta2, one_minus_beta2] =
                [keep, grad_scale, self.lr, self.beta1, 1.0 - self.beta1, self.beta2, 1.0 - self.beta2].map(|v| v as f32);
            LionStep { keep, grad_scale, lr, beta1, one_minus_beta1, beta2, one_minus_beta2 }
        };
        #[cfg(device_kernels)]
        if on_device([tensor, g, m]) {
            return cuda::lion(tensor, &g.contiguous()?, m, numbers);
        }
        if !fast([tensor, g, m]) {
            let g = (g * grad_scale)?;
            let direction = ((m * self.beta1)? + (&g * (1.0 - self.beta1))?)?.sign()?;
            overwrite(tensor, &((tensor * keep)? - (direction * self.lr)?)?)?;
            return overwrite(m, &((m * self.beta2)? + (g * (1.0 - self.beta2))?)?);
        }
        let g = floats(g)?;
        update(tensor, |p| {
            update(m, |m| {
                let blocks = p.par_chunks_mut(BLOCK).zip(g.par_chunks(BLOCK)).zip(m.par_chunks_mut(BLOCK));
                blocks.for_each(|((p, g), m)| lion(p, g, m, numbers));
            })
        })?
    }
}

/// Whether kernels of our own take float32 tensors there.
#[cfg(device_kernels)]
fn on_device<const N: usize>(tensors: [&Tensor; N]) -> bool {
    tensors.into_iter().all(|t| crate::device::takes(t) && t.dtype() == DType::F32)
}

fn fast<const N: usize>(tensors: [&Tensor; N]) -> bool {
    tensors.into_iter().all(|t| is_fast(t) && t.is_contiguous())
}

fn check<const N: usize>(op: &'static str, p: &Param, step: u64, others: [(&str, &Tensor); N]) -> Result<()> {
    if step == 0 {
        return Err(Error::Argument { op, message: format!("the step of `{}` counts from 1, found 0", p.name()) });
    }
    for (what, other) in others {
        if other.dims() != p.tensor().dims() {
            return Err(Error::shape(op, format!("{what} of `{}`", p.name()), format!("{:?}", p.tensor().dims()), other.dims()));
        }
    }
    Ok(())
}

vectorised! {
    fn adam(p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], n: AdamStep) {
        for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
            let g = g * n.grad_scale + n.l2 * *p;
            *m += n.one_minus_beta1 * (g - *m);
            *v = n.beta2 * *v + n.one_minus_beta2 * (g * g);
            *p = *p * n.keep - n.rate * (*m / (v.sqrt() * n.root + n.eps));
        }
    }

    fn lion(p: &mut [f32], g: &[f32], m: &mut [f32], n: LionStep) {
        for ((p, g), m) in p.iter_mut().zip(g).zip(m) {
            let g = g * n.grad_scale;
            let c = n.beta1 * *m + n.one_minus_beta1 * g;
            // Comparisons alone would turn NaN into 0 and hide it.
            let sign = if c > 0.0 { 1.0 } else if c < 0.0 { -1.0 } else { c };
            *p = *p * n.keep - n.lr * sign;
            *m = n.beta2 * *m + n.one_minus_beta2 * g;
        }
    }

    fn sgd(p: &mut [f32], g: &[f32], buf: &mut [f32], n: SgdStep) {
        for ((p, g), buf) in p.iter_mut().zip(g).zip(buf) {
            let d = g * n.grad_scale + n.decay * *p;
            // The first step does not read the buffer's old contents, whatever they are.
            *buf = if n.old == 0.0 { d } else { n.old * *buf + d };
            *p = *p * n.keep - n.lr * (n.direct * d + n.buffered * *buf);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Case;
    use candle_core::Device;

    const ADAM: AdamW = AdamW { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay: 0.5 };

    fn tensor(v: f64, dtype: DType) -> Tensor {
        Tensor::new(&[v], &Device::Cpu).unwrap().to_dtype(dtype).unwrap()
    }

    fn value(t: &Tensor) -> f64 {
        t.to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap()[0]
    }

    /// Written out from the papers' formulas for one number, in float64.
    #[test]
    fn adamw_by_hand() {
        everywhere(adamw);
    }

    /// On the CPU, and in the kernels of a GPU where they can be emulated.
    fn everywhere(check: fn()) {
        check();
        #[cfg(feature = "cuda-emulation")]
        crate::device::emulated(crate::device::Order::Rising, check);
    }

    fn adamw() {
        for (dtype, tolerance) in [(DType::F64, 1e-14), (DType::F32, 1e-6)] {
            let (params, _) = Case::new().param("p", &[1]).params(dtype).unwrap();
            params[0].set(&tensor(2.0, dtype)).unwrap();
            let (m, v) = (tensor(0.0, dtype), tensor(0.0, dtype));
            let (mut p, mut a, mut b) = (2.0f64, 0.0f64, 0.0f64);
            for (step, g) in [(1u64, 3.0f64), (2, -1.0), (3, 0.5)] {
                ADAM.step(&params[0], &tensor(g * 4.0, dtype), &m, &v, step, 0.25).unwrap();
                (a, b) = (0.9 * a + 0.1 * g, 0.99 * b + 0.01 * g * g);
                let (mean, square) = (a / (1.0 - 0.9f64.powi(step as i32)), b / (1.0 - 0.99f64.powi(step as i32)));
                p = p * (1.0 - 0.1 * 0.5) - 0.1 * mean / (square.sqrt() + 1e-8);
                let found = value(params[0].tensor());
                assert!((found - p).abs() < tolerance && (value(&m) - a).abs() < tolerance, "step {step} {dtype:?}: {found} {p}");
            }
        }
    }

    /// The step on the master copy is the float32 step, and the parameter is its rounding: in the plain operations and, where they
    /// can be emulated, in the CUDA kernels.
    #[test]
    fn master_copies_keep_small_changes() {
        let adam = AdamW { lr: 1e-4, ..ADAM };
        let run = || {
            let (params, _) = Case::new().param("p", &[1000]).params(DType::BF16).unwrap();
            let (alone, _) = Case::new().param("p", &[1000]).params(DType::F32).unwrap();
            let zeros = || Tensor::zeros(1000, DType::F32, &Device::Cpu).unwrap();
            let (master, m, v) = (params[0].tensor().to_dtype(DType::F32).unwrap(), zeros(), zeros());
            let (m2, v2) = (zeros(), zeros());
            alone[0].set(&master).unwrap();
            for step in 1..=5u64 {
                let g = (Tensor::arange(0f32, 1000f32, &Device::Cpu).unwrap() - 500.0).unwrap().to_dtype(DType::BF16).unwrap();
                adam.step_with_master(&params[0], &master, &g, [&m, &v], step, 0.5).unwrap();
                adam.step(&alone[0], &g.to_dtype(DType::F32).unwrap(), &m2, &v2, step, 0.5).unwrap();
            }
            crate::check::close("master", "copy", &master, alone[0].tensor(), 1e-6);
            let rounded = |t: &Tensor| t.to_dtype(DType::BF16).unwrap().to_dtype(DType::F32).unwrap().to_vec1::<f32>().unwrap();
            assert_eq!(rounded(params[0].tensor()), rounded(&master));
        };
        run();
        #[cfg(feature = "cuda-emulation")]
        crate::device::emulated(crate::device::Order::Falling, run);
    }

    /// Three steps, one with a direction against the last gradient's.
    #[test]
    fn lion_by_hand() {
        everywhere(lion);
    }

    fn lion() {
        let lion = Lion { lr: 0.1, beta1: 0.9, beta2: 0.99, weight_decay: 0.5 };
        for (dtype, tolerance) in [(DType::F64, 1e-14), (DType::F32, 1e-6)] {
            let (params, _) = Case::new().param("p", &[1]).params(dtype).unwrap();
            params[0].set(&tensor(2.0, dtype)).unwrap();
            let m = tensor(0.0, dtype);
            let (mut p, mut a) = (2.0f64, 0.0f64);
            for g in [3.0f64, -0.1, -5.0, 0.5] {
                lion.step(&params[0], &tensor(g * 4.0, dtype), &m, 0.25).unwrap();
                p = p * (1.0 - 0.1 * 0.5) - 0.1 * (0.9 * a + 0.1 * g).signum();
                a = 0.99 * a + 0.01 * g;
                let found = value(params[0].tensor());
                assert!((found - p).abs() < tolerance && (value(&m) - a).abs() < tolerance, "{dtype:?}: {found} {p}");
            }
        }
    }

    #[test]
    fn sgd_by_hand() {
        everywhere(sgd);
    }

    fn sgd() {
        for (nesterov, decoupled) in [(false, false), (true, false), (false, true), (true, true)] {
            for (dtype, tolerance) in [(DType::F64, 1e-14), (DType::F32, 1e-6)] {
                let sgd = Sgd { lr: 0.1, momentum: 0.9, weight_decay: 0.5, nesterov, decoupled };
                let (params, _) = Case::new().param("p", &[1]).params(dtype).unwrap();
                params[0].set(&tensor(2.0, dtype)).unwrap();
                let buf = tensor(0.0, dtype);
                let (mut p, mut b) = (2.0f64, 0.0f64);
                for (step, g) in [(1u64, 3.0f64), (2, -1.0), (3, 0.5)] {
                    sgd.step(&params[0], &tensor(g, dtype), &buf, step, 1.0).unwrap();
                    let d = if decoupled { g } else { g + 0.5 * p };
                    b = if step == 1 { d } else { 0.9 * b + d };
                    p = if decoupled { p * (1.0 - 0.05) } else { p };
                    p -= 0.1 * if nesterov { d + 0.9 * b } else { b };
                    assert!((value(params[0].tensor()) - p).abs() < tolerance, "step {step} {dtype:?} {sgd:?}");
                }
            }
        }
    }

    #[test]
    fn arguments_are_checked() {
        let (params, _) = Case::new().param("p", &[1]).params(DType::F32).unwrap();
        let (one, two) = (tensor(0.0, DType::F32), Tensor::zeros(2, DType::F32, &Device::Cpu).unwrap());
        assert!(
            ADAM.step(&params[0], &one, &one, &one.copy().unwrap(), 0, 1.0).unwrap_err().to_string().contains("counts from 1")
        );
        assert!(ADAM.step(&params[0], &two, &one, &one, 1, 1.0).unwrap_err().to_string().contains("gradient of `p`"));
    }
}
