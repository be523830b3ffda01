//! CoSENT (Su, 2022: <https://kexue.fm/archives/8847>): cosines in the order of their scores. Of all pairs of pairs, one with a higher
//! score than the other, the cosine of the former should be the larger:
//!
//! `loss = log(1 + sum over i, j with s_i > s_j of exp(scale (x_j - x_i)))`
//!
//! Backward, `p_ij` being the term of `i` and `j` as a share of all that the logarithm is of:
//! `dx_k = scale dloss (sum over i of p_ik - sum over j of p_kj)`.
//!
//! A term is a product of one of `i` and one of `j`, so that sums over those with lower scores, and with higher ones, give all of them
//! without a matrix: for n numbers it takes as long as sorting them.

use crate::{Error, Op, Result, Tape, Var};
use candle_core::{DType, Tensor};

/// `x`: cosines, `[B]`; `scores`: B numbers in any unit. A scalar. Computed in float64 on the CPU whatever `x` is: it is a few numbers.
///
/// # Errors
/// `x` is no list of as many cosines as scores; a score is not finite; `scale` is so large that its exponential is none.
pub fn cosent(tape: &Tape, x: &Var, scores: &[f64], scale: f64) -> Result<Var> {
    const OP: &str = "cosent";
    if x.dims() != [scores.len()] {
        return Err(Error::shape(OP, "cosines", format!("[B = {}]", scores.len()), x.dims()));
    }
    let wrong = |message: String| Error::Argument { op: OP, message };
    if let Some(at) = scores.iter().position(|score| !score.is_finite()) {
        return Err(wrong(format!("the score at position {at} must be finite, found {}", scores[at])));
    }
    if !(scale > 0.0 && scale <= MOST_SCALE) {
        return Err(wrong(format!("the scale must be above 0 and at most {MOST_SCALE}, found {scale}")));
    }
    let cosines = x.tensor().to_dtype(DType::F64)?.to_vec1::<f64>()?;
    let (loss, slopes) = forward(&cosines, scores, scale);
    let as_x = |t: Tensor| Ok::<_, Error>(t.to_dtype(x.tensor().dtype())?.to_device(x.tensor().device())?);
    let y = as_x(Tensor::new(loss, &candle_core::Device::Cpu)?)?;
    let slopes = as_x(Tensor::from_vec(slopes, scores.len(), &candle_core::Device::Cpu)?)?;
    Ok(tape.record(Op::arrays(OP, scores.len(), 2, 2), y, x.wants_grad(), || {
        let x = x.target();
        move |dloss, grads| grads.add(x, slopes.broadcast_mul(dloss)?)
    }))
}

/// The exponential of twice as much is a number.
const MOST_SCALE: f64 = 300.0;

/// The loss, and its derivative by each cosine.
fn forward(x: &[f64], scores: &[f64], scale: f64) -> (f64, Vec<f64>) {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&i, &j| scores[i].total_cmp(&scores[j]).then(i.cmp(&j)));
    let (up, down) = (|i: usize| (scale * x[i]).exp(), |i: usize| (-scale * x[i]).exp());
    // Of each: the sum of what stands below it, and of what stands above it; equal scores are neither.
    let below = sums(order.iter().copied(), scores, up);
    let above = sums(order.iter().rev().copied(), scores, down);
    let total = 1.0 + order.iter().map(|&i| down(i) * below[i]).sum::<f64>();
    let slope = |i: usize| scale * (up(i) * above[i] - down(i) * below[i]) / total;
    (total.ln(), (0..x.len()).map(slope).collect())
}

/// Of each, the sum of `term` over those before it in `order` that have another score.
fn sums(order: impl Iterator<Item = usize>, scores: &[f64], term: impl Fn(usize) -> f64) -> Vec<f64> {
    let (mut found, mut sum, mut level) = (vec![0.0; scores.len()], 0.0, (f64::NAN, 0.0));
    for i in order {
        if scores[i] != level.0 {
            level = (scores[i], sum);
        }
        found[i] = level.1;
        sum += term(i);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use candle_core::Device;

    #[test]
    fn gradients() {
        let scores = |n: usize, step: usize| (0..n).map(|i| (i * step % 5) as f64 / 2.0).collect::<Vec<f64>>();
        for (n, scale) in [(1, 20.0), (2, 1.0), (7, 20.0), (33, 5.0)] {
            check_gradients("cosent", Reduction, Case::new().var_scaled(&[n], 0.2), |tape, v, _| {
                cosent(tape, &v[0], &scores(n, 3), scale)
            });
        }
    }

    #[test]
    fn it_is_the_formula_over_all_pairs() -> Result<()> {
        let (x, scores) = ([0.9, -0.3, 0.2, 0.2, 1.0, -1.0], [3.0, 1.0, 1.0, 2.0, -5.0, 3.0]);
        let mut sum = 1f64;
        for (i, j) in (0..6).flat_map(|i| (0..6).map(move |j| (i, j))).filter(|(i, j)| scores[*i] > scores[*j]) {
            sum += (20.0 * (x[j] - x[i]) as f64).exp();
        }
        let loss = cosent(&Tape::inference(), &Var::constant(Tensor::new(&x, &Device::Cpu)?), &scores, 20.0)?;
        let found = loss.tensor().to_scalar::<f64>()?;
        assert!((found - sum.ln()).abs() < 1e-12 * sum.ln(), "{found}, expected {}", sum.ln());
        let alike = cosent(&Tape::inference(), &Var::constant(Tensor::new(&x, &Device::Cpu)?), &[1.0; 6], 20.0)?;
        assert_eq!(alike.tensor().to_scalar::<f64>()?, 0.0, "nothing has an order");
        Ok(())
    }

    #[test]
    fn mistakes_are_named() {
        let says = |x: &[usize], scores: &[f64], scale: f64| {
            cosent(&Tape::inference(), &constant(x), scores, scale).expect_err("refused").to_string()
        };
        assert!(says(&[2, 1], &[1.0, 2.0], 1.0).contains("[B = 2]"));
        assert!(says(&[2], &[1.0, f64::NAN], 1.0).contains("position 1 must be finite"));
        assert!(says(&[1], &[1.0], 301.0).contains("at most 300, found 301"));
        assert!(says(&[1], &[1.0], f64::NAN).contains("found NaN"));
    }
}
