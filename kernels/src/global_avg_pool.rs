//! Mean over height and width: `y = mean over h, w of x`. Backward: `dx = dy / (H W)` at each place.

use crate::simd::vectorised;
use crate::{Error, Op, Result, Tape, Var, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// `x_bhwc`: `[B, H, W, C]` -> `[B, C]`.
///
/// # Errors
/// `x_bhwc` is not `[B, H, W, C]`, or an image is empty.
pub fn global_avg_pool(tape: &Tape, x_bhwc: &Var) -> Result<Var> {
    let &[batch, height @ 1..=usize::MAX, width @ 1..=usize::MAX, channels] = x_bhwc.dims() else {
        return Err(Error::shape("global_avg_pool", "input", "[B, H >= 1, W >= 1, C]", x_bhwc.dims()));
    };
    let area = height * width;
    let value = x_bhwc.tensor().contiguous()?;
    let y = if slice::is_fast(&value) { means(&value, area)? } else { value.flatten(1, 2)?.mean(1)? };
    Ok(tape.record(Op::arrays("global_avg_pool", value.elem_count(), 1, 1), y, x_bhwc.wants_grad(), || {
        let x = x_bhwc.target();
        move |dy, grads| {
            let dy = (dy / area as f64)?.reshape((batch, 1, 1, channels))?;
            grads.add(x, dy.broadcast_as((batch, height, width, channels))?.contiguous()?)
        }
    }))
}

fn means(x: &Tensor, area: usize) -> Result<Tensor> {
    let (batch, _, _, channels) = x.dims4()?;
    let xs = slice::floats(x)?;
    slice::fresh_tensor((batch, channels), |y| {
        y.par_chunks_mut(channels.max(1)).zip(xs.par_chunks((channels * area).max(1))).for_each(|(y, x)| row_means(x, y));
    })
}

vectorised! {
    /// The means of rows of `y`'s size.
    pub(crate) fn row_means(x: &[f32], y: &mut [f32]) {
        let area = (x.len() / y.len()) as f32;
        y.fill(0.0);
        x.chunks_exact(y.len()).for_each(|x| y.iter_mut().zip(x).for_each(|(y, x)| *y += x));
        y.iter_mut().for_each(|y| *y /= area);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};

    #[test]
    fn gradients() {
        for shape in [[1, 1, 1, 1], [3, 7, 3, 5], [2, 8, 8, 17], [0, 3, 3, 2], [2, 3, 3, 0]] {
            check_gradients("global_avg_pool", Reduction, Case::new().var(&shape), |tape, v, _| global_avg_pool(tape, &v[0]));
        }
    }

    #[test]
    fn shapes_are_checked() {
        assert!(global_avg_pool(&Tape::inference(), &constant(&[2, 0, 4, 3])).is_err());
        assert!(global_avg_pool(&Tape::inference(), &constant(&[2, 3, 4])).is_err());
    }
}
