//! The largest elements along the last dimension.
//!
//! Backward: `dy` goes to the elements that were taken, zeros to all others.

#[cfg(device_kernels)]
mod cuda;

use crate::blocks::BLOCK;
use crate::gather::Along;
use crate::{Error, Op, Result, Tape, Var, slice};
use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;
use std::cmp::Ordering;

/// The `k` largest elements of each row, largest first, and where they stood.
///
/// `x`: `[..., N]`; returns values `[..., k]` and indices `[..., k]` (u32). Of equal elements the one with the lower index comes first;
/// 0 and -0 are equal.
///
/// # Errors
/// `k` is 0 or more than N; an element is NaN, which has no place in the order (its position is counted over the flat elements).
pub fn top_k(tape: &Tape, x: &Var, k: usize) -> Result<(Var, Tensor)> {
    const OP: &str = "top_k";
    let Some((&width, lead)) = x.dims().split_last() else {
        return Err(Error::shape(OP, "input", "[..., N]", x.dims()));
    };
    if k == 0 || k > width {
        return Err(Error::Argument { op: OP, message: format!("k must be in 1..={width}, the size of a row, found {k}") });
    }
    let value = x.tensor().contiguous()?;
    let indices = places(&value, width, k)?.map_err(|position| Error::Argument {
        op: OP,
        message: format!("the element at position {position} of {:?} is NaN", x.dims()),
    })?;
    let indices = Tensor::from_vec(indices, [lead, &[k]].concat(), value.device())?;
    let along = Along::new(OP, x.dims(), lead.len(), &indices)?;
    let y = along.pick(&value)?;
    let op = Op::arrays(OP, value.elem_count(), 1, 1);
    let y = tape.record(op, y, x.wants_grad(), || {
        let x = x.target();
        move |dy, grads| grads.add(x, along.add(None, dy)?)
    });
    Ok((y, indices))
}

/// Where the `k` largest of each row stand, or the position of the first NaN.
fn places(x: &Tensor, width: usize, k: usize) -> Result<Result<Vec<u32>, usize>> {
    #[cfg(device_kernels)]
    if crate::device::takes(x) && k <= cuda::MOST {
        return cuda::largest(x, width, k);
    }
    if slice::is_fast(x) {
        return Ok(largest(&slice::floats(x)?, width, k));
    }
    Ok(largest(&x.to_dtype(DType::F64)?.to_device(&Device::Cpu)?.flatten_all()?.to_vec1::<f64>()?, width, k))
}

/// The same on the host.
fn largest<T: PartialOrd + Copy + Send + Sync>(x: &[T], width: usize, k: usize) -> Result<Vec<u32>, usize> {
    let mut taken = vec![0u32; x.len() / width * k];
    // Whole rows a task.
    let in_task = (BLOCK / width).max(1);
    let tasks = taken.par_chunks_mut(in_task * k).zip(x.par_chunks(in_task * width)).enumerate();
    let nan = tasks.map_init(Vec::new, |best, (task, (taken, x))| {
        let of_row = if k <= KEPT { kept } else { selected };
        let mut rows = taken.chunks_exact_mut(k).zip(x.chunks_exact(width)).enumerate();
        let nan = rows.find_map(|(row, (taken, x))| Some(row * width + of_row(x, best, taken)?));
        nan.map(|place| task * in_task * width + place)
    });
    nan.flatten().min().map_or(Ok(taken), Err)
}

/// Up to so many are kept in order while a row is read; more are selected from all.
const KEPT: usize = 32;

/// An element and where it stood.
type Seen<T> = Vec<(T, u32)>;

/// One pass: most elements are no larger than the least that is kept, which a whole chunk of them is asked at once. Returns the
/// place of the first NaN.
fn kept<T: PartialOrd + Copy>(row: &[T], best: &mut Seen<T>, taken: &mut [u32]) -> Option<usize> {
    const CHUNK: usize = 16;
    let k = taken.len();
    best.clear();
    for (chunk, values) in row.chunks(CHUNK).enumerate() {
        if let Some(&(least, _)) = best.get(k - 1) {
            // NaN is not at most the least either. No early end, so that it is a loop over vectors.
            #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN must be found")]
            let any = values.iter().fold(false, |any, v| any | !(*v <= least));
            if !any {
                continue;
            }
        }
        for (place, &value) in (chunk * CHUNK..).zip(values) {
            if is_nan(value) {
                return Some(place);
            }
            if best.len() == k {
                if best[k - 1].0 >= value {
                    continue;
                }
                best.pop();
            }
            // Behind its equals, which stand before it in the row.
            let at = best.iter().rposition(|(kept, _)| *kept >= value).map_or(0, |at| at + 1);
            best.insert(at, (value, place as u32));
        }
    }
    taken.iter_mut().zip(best.iter()).for_each(|(taken, (_, place))| *taken = *place);
    None
}

/// All elements parted at the last that is taken, then those sorted. Returns the place of the first NaN.
fn selected<T: PartialOrd + Copy>(row: &[T], all: &mut Seen<T>, taken: &mut [u32]) -> Option<usize> {
    if let Some(place) = row.iter().position(|&value| is_nan(value)) {
        return Some(place);
    }
    // No NaN is left, so every pair has an order.
    let before = |a: &(T, u32), b: &(T, u32)| b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal).then(a.1.cmp(&b.1));
    all.clear();
    all.extend(row.iter().copied().zip(0..));
    let k = taken.len();
    all.select_nth_unstable_by(k - 1, before);
    all[..k].sort_unstable_by(before);
    taken.iter_mut().zip(all.iter()).for_each(|(taken, (_, place))| *taken = *place);
    None
}

/// What differs from itself is NaN, whatever the float type.
#[expect(clippy::eq_op, reason = "NaN alone differs from itself")]
fn is_nan<T: PartialOrd + Copy>(value: T) -> bool {
    value != value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Elementwise, check_gradients, constant};
    use proptest::prelude::*;

    #[test]
    fn gradients() {
        for (shape, k) in [(&[1][..], 1), (&[7], 3), (&[3, 7], 7), (&[2, 5, 33], 4), (&[70, 9], 1), (&[3, 90], 40), (&[0, 3], 2)]
        {
            check_gradients("top_k", Elementwise, Case::new().var(shape), |t, v, _| Ok(top_k(t, &v[0], k)?.0));
        }
    }

    proptest! {
        /// Against a stable sort of the whole row, with many equal elements.
        #[test]
        fn equals_sorting(values in prop::collection::vec(-3i32..4, 1..90), k in 1usize..90) {
            prop_assume!(k <= values.len());
            for dtype in [DType::F32, DType::F64] {
                let x: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
                let x = Tensor::new(&x[..], &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
                let (y, indices) = top_k(&Tape::inference(), &Var::constant(x), k).unwrap();
                let mut order: Vec<usize> = (0..values.len()).collect();
                order.sort_by_key(|&i| -values[i]);
                let indices: Vec<usize> = indices.to_vec1::<u32>().unwrap().into_iter().map(|i| i as usize).collect();
                prop_assert_eq!(&indices[..], &order[..k]);
                let y = y.tensor().to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap();
                prop_assert_eq!(y, order[..k].iter().map(|&i| f64::from(values[i])).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn extremes() -> Result<()> {
        let x = Tensor::new(&[[f32::NEG_INFINITY, -0.0, 0.0, f32::INFINITY], [f32::NEG_INFINITY; 4]], &Device::Cpu)?;
        let (_, indices) = top_k(&Tape::inference(), &Var::constant(x), 3)?;
        assert_eq!(indices.to_vec2::<u32>()?, [[3, 1, 2], [0, 1, 2]]);
        Ok(())
    }

    #[test]
    fn mistakes_are_named() -> Result<()> {
        let says = |x: &Var, k| top_k(&Tape::inference(), x, k).unwrap_err().to_string();
        let x = constant(&[2, 3]);
        assert_eq!(says(&x, 4), "top_k: k must be in 1..=3, the size of a row, found 4");
        assert!(says(&x, 0).contains("found 0"));
        for dtype in [DType::F32, DType::F64] {
            let nan = Tensor::new(&[[0f64, 1.], [f64::NAN, 2.]], &Device::Cpu)?.to_dtype(dtype)?;
            assert_eq!(says(&Var::constant(nan), 1), "top_k: the element at position 2 of [2, 2] is NaN");
            // The first of several, whichever task meets it first, and both ways of taking.
            let mut values = vec![0f64; 50 * 700];
            for place in [3 * 700 + 2, 49 * 700 + 699, 3 * 700 + 60] {
                values[place] = f64::NAN;
            }
            let many = Var::constant(Tensor::from_vec(values, (50, 700), &Device::Cpu)?.to_dtype(dtype)?);
            for k in [1, 33] {
                assert_eq!(says(&many, k), "top_k: the element at position 2102 of [50, 700] is NaN");
            }
        }
        Ok(())
    }
}
