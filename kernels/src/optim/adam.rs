//! Adam (Kingma & Ba 2015, arXiv 1412.6980), whose weight decay is part of the gradient.

use super::{AdamW, check};
use crate::{Param, Result};
use candle_core::Tensor;

/// Adam with weight decay in the gradient (L2), as `torch.optim.Adam`.
///
/// `g = g + wd p`; `m += (1 - beta1) (g - m)`; `v = beta2 v + (1 - beta2) g^2`;
/// `p -= lr / (1 - beta1^step) m / (sqrt(v / (1 - beta2^step)) + eps)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    pub lr: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub eps: f64,
    pub weight_decay: f64,
}

impl Adam {
    /// As [`AdamW::step`].
    ///
    /// # Errors
    /// A shape differs from the parameter's, or `step` is 0.
    pub fn step(&self, p: &Param, g: &Tensor, m: &Tensor, v: &Tensor, step: u64, grad_scale: f64) -> Result<()> {
        check("adam", p, step, [("gradient", g), ("first moment", m), ("second moment", v)])?;
        let Adam { lr, beta1, beta2, eps, weight_decay: l2 } = *self;
        AdamW { lr, beta1, beta2, eps, weight_decay: 0.0 }.moved(p.tensor(), g, [m, v], step, grad_scale, l2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Case;
    use candle_core::{DType, Device};

    /// Written out from the formula for one number, in float64.
    #[test]
    fn by_hand() {
        let adam = Adam { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay: 0.5 };
        for (dtype, tolerance) in [(DType::F64, 1e-14), (DType::F32, 1e-6)] {
            let number = |v: f64| Tensor::new(&[v], &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
            let (params, _) = Case::new().param("p", &[1]).params(dtype).unwrap();
            params[0].set(&number(2.0)).unwrap();
            let (m, v) = (number(0.0), number(0.0));
            let (mut p, mut a, mut b) = (2.0f64, 0.0f64, 0.0f64);
            for (step, g) in [(1u64, 3.0f64), (2, -1.0), (3, 0.5)] {
                adam.step(&params[0], &number(g * 4.0), &m, &v, step, 0.25).unwrap();
                let g = g + 0.5 * p;
                (a, b) = (0.9 * a + 0.1 * g, 0.99 * b + 0.01 * g * g);
                let (mean, square) = (a / (1.0 - 0.9f64.powi(step as i32)), b / (1.0 - 0.99f64.powi(step as i32)));
                p -= 0.1 * mean / (square.sqrt() + 1e-8);
                let found = params[0].tensor().to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap()[0];
                assert!((found - p).abs() < tolerance, "step {step} {dtype:?}: {found} {p}");
            }
        }
    }
}
