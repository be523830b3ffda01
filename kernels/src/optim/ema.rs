//! The running mean of a parameter over the steps (Polyak averaging with forgetting).

use super::fast;
use crate::blocks::BLOCK;
use crate::simd::vectorised;
use crate::slice::{floats, overwrite, update};
use crate::{Error, Param, Result};
use candle_core::Tensor;
use rayon::prelude::*;

/// `mean += (1 - decay) (p - mean)`, in place.
///
/// # Errors
/// The mean has another shape than the parameter.
pub fn average(mean: &Tensor, p: &Param, decay: f64) -> Result<()> {
    if mean.dims() != p.tensor().dims() {
        let expected = format!("{:?}", p.tensor().dims());
        return Err(Error::shape("average", format!("mean of `{}`", p.name()), expected, mean.dims()));
    }
    if !fast([mean, p.tensor()]) {
        return overwrite(mean, &(mean + ((p.tensor() - mean)? * (1.0 - decay))?)?);
    }
    let (p, share) = (floats(p.tensor())?, (1.0 - decay) as f32);
    update(mean, |mean| {
        mean.par_chunks_mut(BLOCK).zip(p.par_chunks(BLOCK)).for_each(|(mean, p)| approach(mean, p, share));
    })
}

vectorised! {
    fn approach(mean: &mut [f32], p: &[f32], share: f32) {
        mean.iter_mut().zip(p).for_each(|(mean, p)| *mean += share * (p - *mean));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Case;
    use candle_core::{DType, Device};

    #[test]
    fn by_hand() {
        for (dtype, tolerance) in [(DType::F64, 1e-15), (DType::F32, 1e-6)] {
            let pair = |v: [f64; 2]| Tensor::new(&v, &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
            let (params, _) = Case::new().param("p", &[2]).params(dtype).unwrap();
            let (mean, mut expected) = (pair([1.0, -2.0]), [1.0, -2.0]);
            for p in [[2.0, 0.5], [-1.0, 4.0]] {
                params[0].set(&pair(p)).unwrap();
                average(&mean, &params[0], 0.9).unwrap();
                expected = [0, 1].map(|i| 0.9 * expected[i] + 0.1 * p[i]);
            }
            let found = mean.to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap();
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < tolerance), "{found:?} {expected:?}");
            assert!(average(&Tensor::zeros(3, dtype, &Device::Cpu).unwrap(), &params[0], 0.9).is_err());
        }
    }
}
