//! Cross entropy of class scores. A row with label `y` loses
//! `(1 - s) w_y (log sum e^z - z_y) + s / C sum of w_c (log sum e^z - z_c)`, `s` being the label smoothing (Szegedy et al. 2016) and
//! `w` the classes' weights; the mean over the rows that count divides by the sum of their `w_y`. All as PyTorch's.
//!
//! With `q_c = (1 - s) w_y [c = y] + s w_c / C` backward is `dz = (softmax(z) sum of q - q) dloss / sum of w_y`, 0 in rows that do not
//! count. The focal loss (Lin et al. 2017) is `-w_y (1 - p)^g log p` with `p = softmax(z)_y`; its
//! `dz = w_y k (softmax(z) - onehot(y))`, `k = (1 - p)^g - g p (1 - p)^(g - 1) log p`.

mod cpu;
#[cfg(device_kernels)]
pub(crate) mod cuda;
mod reference;
mod soft;

pub(crate) use cpu::{Rule, softmax};
pub(crate) use reference::run as plain;
pub use soft::soft_cross_entropy;

use crate::targets::Counted;
use crate::{Error, Op, Result, Tape, Targets, Var, slice};
use candle_core::{DType, Tensor};

/// What becomes of scores `[rows, C]`.
pub(crate) struct Rows {
    /// The loss of each row, `[rows]`; 0 where it does not count.
    pub(crate) each: Tensor,
    /// The gradient, each row times its share, if that was wanted.
    pub(crate) dz: Option<Tensor>,
}

impl Rows {
    /// Of scores of which none counts.
    fn zeros(z: &Tensor) -> Result<Self> {
        Ok(Rows { each: Tensor::zeros(z.dim(0)?, z.dtype(), z.device())?, dz: Some(z.zeros_like()?) })
    }
}

/// The mean cross entropy over the rows that count, a scalar `[]` in float32 at least; 0 with zero gradients if no row counts, or none
/// with a weight.
///
/// `logits`: `[..., C]`; `targets`: as many labels as there are rows, each below C or the ignored one. Plain labels all count.
/// NaN among the scores of a row that counts makes the loss NaN.
///
/// # Errors
/// A label that counts is not below C ([`Error::Index`] with its place); the number of labels is not that of rows; smoothing, weights
/// or the focal loss's gamma are out of their range.
pub fn cross_entropy<'a>(tape: &Tape, logits: &Var, targets: impl Into<Targets<'a>>) -> Result<Var> {
    const OP: &str = "cross_entropy";
    let (z, counted) = checked(OP, logits, targets.into())?;
    let gradient = tape.records() && logits.wants_grad();
    let shares = counted.shares();
    let Rows { each, dz } = run(&z, &counted, gradient.then_some(&shares))?;
    mean(tape, OP, logits, (&each, counted.weight), dz)
}

/// The cross entropy of each row, weighted by its label's weight: `logits`: `[..., C]` -> `[...]`; 0 for a row that does not count.
/// Its negative is the label's log-probability.
///
/// # Errors
/// As [`cross_entropy`].
pub fn cross_entropy_rows<'a>(tape: &Tape, logits: &Var, targets: impl Into<Targets<'a>>) -> Result<Var> {
    const OP: &str = "cross_entropy_rows";
    let (z, counted) = checked(OP, logits, targets.into())?;
    let gradient = tape.records() && logits.wants_grad();
    let ones = vec![1.0; z.dim(0)?];
    let Rows { each, dz } = run(&z, &counted, gradient.then_some(&ones))?;
    let each = each.to_dtype(loss_type(z.dtype()))?.reshape(&logits.dims()[..logits.dims().len() - 1])?;
    Ok(tape.record(Op::arrays(OP, z.elem_count(), 2, 2), each, logits.wants_grad(), || {
        let (target, dims) = (logits.target(), logits.dims().to_vec());
        move |each, grads| dz.map_or(Ok(()), |dz| grads.add(target, scaled_rows(dz, each)?.reshape(dims)?))
    }))
}

/// The scores as `[rows, C]`, and their targets.
fn checked<'a>(op: &'static str, logits: &Var, targets: Targets<'a>) -> Result<(Tensor, Counted<'a>)> {
    let (z, [rows, classes]) = flat(op, logits)?;
    Ok((z, targets.counted(op, rows, classes)?))
}

/// The scores as `[rows, C]`.
fn flat(op: &'static str, logits: &Var) -> Result<(Tensor, [usize; 2])> {
    let Some((&classes, lead)) = logits.dims().split_last() else {
        return Err(Error::shape(op, "logits", "[..., C]", logits.dims()));
    };
    let rows = lead.iter().product();
    Ok((logits.tensor().contiguous()?.reshape((rows, classes))?, [rows, classes]))
}

/// The type of a loss: the scores', but float32 for scores of 16 bits, which would keep two or three digits of a mean.
pub(crate) fn loss_type(scores: DType) -> DType {
    if matches!(scores, DType::F16 | DType::BF16) { DType::F32 } else { scores }
}

/// The rows' losses summed over what they weigh, as an operation's output whose gradient is `dz`.
fn mean(tape: &Tape, op: &'static str, logits: &Var, (each, weight): (&Tensor, f64), dz: Option<Tensor>) -> Result<Var> {
    let z = logits.tensor();
    let loss = Tensor::new(average(each, weight)?, z.device())?.to_dtype(loss_type(z.dtype()))?;
    Ok(tape.record(Op::arrays(op, z.elem_count(), 2, 2), loss, logits.wants_grad(), || {
        let (target, dims) = (logits.target(), logits.dims().to_vec());
        move |dloss, grads| dz.map_or(Ok(()), |dz| grads.add(target, scaled(dz, dloss)?.reshape(dims)?))
    }))
}

/// Each row's loss of `z`: `[rows, C]`, and its gradient times the row's share if there are shares.
fn run(z: &Tensor, counted: &Counted, shares: Option<&Vec<f64>>) -> Result<Rows> {
    if counted.rows.is_empty() {
        return Rows::zeros(z);
    }
    #[cfg(device_kernels)]
    if crate::device::takes(z) {
        return cuda::run(z, counted, shares.map(Vec::as_slice));
    }
    if slice::is_fast(z) {
        return cpu::run(z, counted, shares.map(Vec::as_slice));
    }
    reference::run(z, counted, shares.map_or(&vec![0.0; z.dim(0)?], |shares| shares))
}

/// The sum of the rows' losses over `weight`; 0 for no weight.
pub(crate) fn average(each: &Tensor, weight: f64) -> Result<f64> {
    if weight <= 0.0 {
        return Ok(0.0);
    }
    #[cfg(device_kernels)]
    if crate::device::takes(each) {
        return cuda::average(each, weight);
    }
    let sum = if slice::is_fast(each) { cpu::sum(each)? } else { each.to_dtype(DType::F64)?.sum_all()?.to_scalar()? };
    Ok(sum / weight)
}

/// `t * number`, in `t`'s memory where the fast kernels may write; multiplied in the number's type, a loss's, and of `t`'s in the end.
pub(crate) fn scaled(t: Tensor, number: &Tensor) -> Result<Tensor> {
    if !slice::is_fast(&t) {
        return Ok(t.to_dtype(number.dtype())?.broadcast_mul(number)?.to_dtype(t.dtype())?);
    }
    let number = number.to_scalar::<f32>()?;
    if number != 1.0 {
        slice::update(&t, |t| cpu::scale(t, number))?;
    }
    Ok(t)
}

/// Each row of `t`: `[rows, width]` times its number, as [`scaled`].
pub(crate) fn scaled_rows(t: Tensor, numbers: &Tensor) -> Result<Tensor> {
    let (rows, width) = t.dims2()?;
    if !slice::is_fast(&t) {
        return Ok(t.to_dtype(numbers.dtype())?.broadcast_mul(&numbers.reshape((rows, 1))?)?.to_dtype(t.dtype())?);
    }
    let numbers = numbers.contiguous()?;
    let numbers = slice::floats(&numbers)?;
    slice::update(&t, |t| cpu::scale_rows(t, width, &numbers))?;
    Ok(t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, close, constant};
    use candle_core::{DType, Device};

    #[test]
    fn gradients() {
        for shape in [&[1, 1][..], &[3, 2], &[7, 17], &[33, 10], &[2, 9, 300], &[5], &[0, 3], &[3, 9000]] {
            let (classes, rows) = (shape[shape.len() - 1], shape[..shape.len() - 1].iter().product::<usize>() as u32);
            let labels: Vec<u32> = (0..rows).map(|i| (i * 5 + 1) % classes as u32).collect();
            let weights: Vec<f32> = (0..classes).map(|i| (i % 4) as f32 * 0.5).collect();
            let (plain, weighted) = (Targets::new(&labels), Targets { weights: Some(&weights), ..Targets::new(&labels) });
            let cases = [
                plain,
                Targets { smoothing: 0.1, ..plain },
                Targets { ignore: Some(1), ..plain },
                Targets { ignore: Some(1), smoothing: 0.3, ..plain },
                Targets { ignore: Some(u32::MAX), smoothing: 0.2, ..weighted },
                Targets { ignore: Some(1), ..weighted },
                Targets { focal: 2.0, ..plain },
                Targets { focal: 0.5, ignore: Some(1), ..weighted },
            ];
            for targets in cases {
                let case = || Case::new().var_scaled(shape, 5.0);
                check_gradients("cross_entropy", Reduction, case(), |tape, v, _| cross_entropy(tape, &v[0], targets));
                check_gradients("cross_entropy_rows", Reduction, case(), |tape, v, _| cross_entropy_rows(tape, &v[0], targets));
            }
        }
    }

    fn loss(z: &[[f32; 3]], targets: Targets) -> Result<[f32; 2]> {
        let z = Tensor::from_slice(z.as_flattened(), (z.len(), 3), &Device::Cpu)?;
        let [fast, plain] = [DType::F32, DType::F64].map(|dtype| {
            let z = Var::constant(z.to_dtype(dtype)?);
            Ok::<_, Error>(cross_entropy(&Tape::inference(), &z, targets)?.tensor().to_dtype(DType::F32)?.to_scalar::<f32>()?)
        });
        Ok([fast?, plain?])
    }

    #[test]
    fn known_values() -> Result<()> {
        let [fast, plain] = loss(&[[0.0; 3]; 2], Targets::new(&[0, 2]))?;
        assert!((fast - 3f32.ln()).abs() < 1e-6 && (plain - 3f32.ln()).abs() < 1e-6);
        assert_eq!(loss(&[[1000.0, 0.0, -1000.0]], Targets::new(&[0]))?, [0.0; 2]);
        assert_eq!(loss(&[[0.0, f32::NEG_INFINITY, f32::NEG_INFINITY]], Targets::new(&[0]))?, [0.0; 2]);
        assert!(loss(&[[f32::NAN, 0.0, 0.0]], Targets::new(&[1]))?.iter().all(|loss| loss.is_nan()));
        Ok(())
    }

    /// Scores so far apart that a probability is 0 or 1: neither loss nor gradient turns into NaN, for any gamma.
    #[test]
    fn focal_loss_at_both_ends() -> Result<()> {
        for (focal, dtype) in [0.3, 1.0, 2.0, 5.0].into_iter().flat_map(|focal| [(focal, DType::F32), (focal, DType::F64)]) {
            let targets = Targets { focal, ..Targets::new(&[0, 1]) };
            let tape = Tape::training(crate::Stream::root(0));
            let z = tape.leaf(Tensor::new(&[[2000f32, 0.0, 0.0], [60.0, -60.0, 0.0]], &Device::Cpu)?.to_dtype(dtype)?);
            let each = cross_entropy_rows(&tape, &z, targets)?;
            let found = each.tensor().to_dtype(DType::F64)?.to_vec1::<f64>()?;
            assert!(found[0] == 0.0 && (found[1] - 120.0).abs() < 1e-4, "gamma {focal}, {dtype:?}: {found:?}");
            let dz = tape.backward_to(&each, &mut crate::Gradients::new(&crate::ParamStore::default()), &[&z])?;
            let dz = dz[0].as_ref().expect("a gradient").to_dtype(DType::F64)?.to_vec2::<f64>()?;
            assert!(
                dz[0] == [0.0; 3] && (dz[1][0] - 1.0).abs() < 1e-6 && (dz[1][1] + 1.0).abs() < 1e-6,
                "{focal} {dtype:?} {dz:?}"
            );
        }
        Ok(())
    }

    /// A class that counts for nothing may have any score, also with smoothing, and no weight at all is a loss of 0.
    #[test]
    fn classes_without_weight() -> Result<()> {
        let weights = [1.0, 0.0, 3.0];
        let targets = |labels, smoothing| Targets { labels, smoothing, weights: Some(&weights), ..Targets::new(&[]) };
        let z = [[0.0, f32::NEG_INFINITY, 0.0]];
        for smoothing in [0.0, 0.5] {
            for found in loss(&z, targets(&[0], smoothing))? {
                // Half the label's, half spread: (1 + 3) / 3 times log 2 over the label's weight of 1.
                let expected = (1.0 - smoothing + smoothing * 4.0 / 3.0) * 2f32.ln();
                assert!((found - expected).abs() < 1e-6, "{smoothing}: {found} {expected}");
            }
        }
        assert_eq!(loss(&[[0.0; 3]], targets(&[1], 0.0))?, [0.0; 2]);
        Ok(())
    }

    /// What PyTorch 2.15 prints for `F.cross_entropy(z, t, ignore_index=7, label_smoothing=0.1)`, with `weight=w` beside it, and with
    /// `weight=w, reduction="none"`.
    #[test]
    fn smoothing_weights_and_ignored_rows_as_in_pytorch() -> Result<()> {
        let z = [[1.0, 2.0, 0.5], [-1.0, 0.0, 3.0], [f32::NAN, 0.0, f32::INFINITY], [0.25, -2.0, 1.5]];
        let smooth = Targets { ignore: Some(7), smoothing: 0.1, ..Targets::new(&[1, 0, 7, 2]) };
        let weighted = Targets { weights: Some(&[0.5, 2.0, 1.25]), ..smooth };
        for (targets, expected) in [(smooth, 1.6267943), (weighted, 0.980_188_3)] {
            for found in loss(&z, targets)? {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        }
        let z = Var::constant(Tensor::from_slice(z.as_flattened(), (4, 3), &Device::Cpu)?);
        let each =
            cross_entropy_rows(&Tape::inference(), &z, Targets { smoothing: 0.0, ..weighted })?.tensor().to_vec1::<f32>()?;
        let expected = [0.928_737_6, 2.032_942, 0.0, 0.343_912_84];
        assert!(each.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6), "{each:?}");
        Ok(())
    }

    #[test]
    fn no_row_that_counts_is_zero() -> Result<()> {
        for (dtype, labels) in [(DType::F32, &[9, 9][..]), (DType::F64, &[9, 9]), (DType::F32, &[]), (DType::F64, &[])] {
            let tape = Tape::training(crate::Stream::root(0));
            let z = tape.leaf(constant(&[labels.len(), 3]).tensor().to_dtype(dtype)?);
            let loss = cross_entropy(&tape, &z, Targets { ignore: Some(9), ..Targets::new(labels) })?;
            assert_eq!(loss.tensor().to_dtype(DType::F64)?.to_scalar::<f64>()?, 0.0);
            let found = tape.backward_to(&loss, &mut crate::Gradients::new(&crate::ParamStore::default()), &[&z])?;
            assert_eq!(found[0].as_ref().unwrap().to_dtype(DType::F32)?.to_vec2::<f32>()?, vec![vec![0.0; 3]; labels.len()]);
        }
        Ok(())
    }

    /// A loss of scores of 16 bits has float32's digits, and what it is multiplied by reaches their gradient.
    #[test]
    fn losses_have_more_digits_than_halves() -> Result<()> {
        let bf16 = |t: Tensor| t.to_dtype(DType::BF16)?.to_dtype(DType::F64);
        let values = bf16((constant(&[257, 5]).tensor() * 4.0)?)?;
        let labels = &[3u32; 257];
        let run = |dtype: DType| {
            let (p, store) = Case::new().param("w", &[5, 5]).params(dtype)?;
            p[0].set(&bf16(p[0].tensor().clone())?)?;
            let tape = Tape::training(crate::Stream::root(0));
            let x = tape.leaf(values.to_dtype(dtype)?);
            let soft = Tensor::full(0.2f32, (257, 5), &Device::Cpu)?;
            let means = [
                cross_entropy(&tape, &x, labels)?,
                soft_cross_entropy(&tape, &x, &soft, 0.0, None)?,
                crate::linear_cross_entropy(&tape, &x, &p[0], None, labels)?,
            ];
            let rows =
                [cross_entropy_rows(&tape, &x, labels)?, crate::linear_cross_entropy_rows(&tape, &x, &p[0], None, labels)?];
            let types: Vec<DType> = means.iter().chain(&rows).map(|loss| loss.tensor().dtype()).collect();
            let mut sum = crate::sum_last(&tape, &crate::add(&tape, &rows[0], &rows[1])?)?;
            for mean in &means {
                sum = crate::add(&tape, &sum, mean)?;
            }
            let sum = crate::scale(&tape, &sum, 1.0 / 3.0)?;
            let dx = tape.backward_to(&sum, &mut crate::Gradients::new(&store), &[&x])?.remove(0).expect("a gradient");
            Ok::<_, Error>((types, sum.tensor().clone(), dx))
        };
        let ((types, half, half_dx), (_, exact, dx)) = (run(DType::BF16)?, run(DType::F64)?);
        assert_eq!(types, [DType::F32; 5]);
        assert_eq!(half_dx.dtype(), DType::BF16);
        // The plain version's own sums have 8 bits; only the losses' sum and what it is scaled by are meant here.
        close("losses", "sum", &half, &exact, 2e-2);
        close("losses", "dx", &half_dx, &dx, 2e-2);
        Ok(())
    }

    /// Beside a large score a sum's logarithm keeps its digits: losses and gradients are those of the scores' differences.
    #[test]
    fn large_scores_keep_their_differences() -> Result<()> {
        let scores = [[1e6f32, 1e6 - 0.5, 1e6 - 1.25], [-3e6, -3e6 + 2.0, -3e6 + 0.25]];
        let q = Tensor::new(&[[0.5f32, 0.25, 0.25], [0.125, 0.0, 0.875]], &Device::Cpu)?;
        let plain = Targets::new(&[1, 2]);
        let weights = [0.5, 2.0, 1.25];
        let weighted = Targets { weights: Some(&weights), smoothing: 0.2, ..plain };
        let kinds =
            [Some(plain), Some(Targets { smoothing: 0.1, ..plain }), Some(weighted), Some(Targets { focal: 2.0, ..plain }), None];
        let run = |dtype: DType, targets: Option<Targets>| {
            let tape = Tape::training(crate::Stream::root(0));
            let z = tape.leaf(Tensor::new(&scores, &Device::Cpu)?.to_dtype(dtype)?);
            let loss = match targets {
                Some(targets) => cross_entropy_rows(&tape, &z, targets)?,
                None => soft_cross_entropy(&tape, &z, &q, 0.0, None)?,
            };
            let value = loss.tensor().clone();
            let dz = tape.backward_to(&loss, &mut crate::Gradients::new(&crate::ParamStore::default()), &[&z])?;
            Ok::<_, Error>((value, dz.into_iter().flatten().next().expect("a gradient")))
        };
        let check = || {
            for targets in kinds {
                let ((found, dz), (expected, exact)) = (run(DType::F32, targets)?, run(DType::F64, targets)?);
                close(&format!("{targets:?}"), "loss", &found, &expected, 1e-6);
                close(&format!("{targets:?}"), "gradient", &dz, &exact, 1e-6);
            }
            Ok(())
        };
        #[cfg(feature = "cuda-emulation")]
        crate::device::emulated(crate::device::Order::Rising, check)?;
        check()
    }

    #[test]
    fn what_does_not_count_may_be_anything() -> Result<()> {
        for dtype in [DType::F32, DType::F64] {
            let tape = Tape::training(crate::Stream::root(0));
            let z = tape.leaf(Tensor::new(&[[f64::NAN, 0.0], [f64::INFINITY, 0.0], [0.0, 0.0]], &Device::Cpu)?.to_dtype(dtype)?);
            let loss = cross_entropy(&tape, &z, Targets { ignore: Some(9), ..Targets::new(&[9, 9, 1]) })?;
            let found = tape.backward_to(&loss, &mut crate::Gradients::new(&crate::ParamStore::default()), &[&z])?;
            let dz = found[0].as_ref().unwrap().to_dtype(DType::F32)?.to_vec2::<f32>()?;
            assert_eq!(dz, [[0.0, 0.0], [0.0, 0.0], [0.5, -0.5]], "{dtype:?}");
        }
        Ok(())
    }

    #[test]
    fn labels_are_checked() {
        let tape = Tape::inference();
        let says = |targets: Targets| cross_entropy(&tape, &constant(&[2, 3]), targets).unwrap_err().to_string();
        let index = "cross_entropy: index 3 at position 1 is out of range: the table `classes` has 3 rows";
        assert_eq!(says(Targets::new(&[0, 3])), index);
        assert!(says(Targets::new(&[0])).contains("labels"));
        assert!(says(Targets { ignore: Some(4), ..Targets::new(&[0, 5]) }).contains("index 5"));
        for smoothing in [1.0, -0.1, f32::NAN] {
            assert!(says(Targets { smoothing, ..Targets::new(&[0, 1]) }).contains("smoothing"));
        }
        for focal in [-1.0, f32::NAN, f32::INFINITY] {
            assert!(says(Targets { focal, ..Targets::new(&[0, 1]) }).contains("gamma must be at least 0"));
        }
        assert!(says(Targets { focal: 1.0, smoothing: 0.1, ..Targets::new(&[0, 1]) }).contains("takes no label smoothing"));
        for (weights, message) in [
            (&[1.0, 1.0][..], "class weights: expected [C = 3], found [2]"),
            (&[], "class weights: expected [C = 3], found [0]"),
            (&[1.0, f32::NAN, 1.0], "the weight of class 1 must be finite and at least 0, found NaN"),
            (&[1.0, 1.0, -2.0], "the weight of class 2 must be finite and at least 0, found -2"),
        ] {
            let found = says(Targets { weights: Some(weights), ..Targets::new(&[0, 1]) });
            assert!(found.contains(message), "{found}");
        }
    }
}
