//! Mean over height and width: `y = mean over h, w of x`. Backward: `dx = dy / (H W)` at each place.

use crate::simd::vectorised;
use crate::{Error, Result, Tape, Var, simd, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// `x_bchw`: `[B, C, H, W]` -> `[B, C]`.
///
/// # Errors
/// `x_bchw` is not `[B, C, H, W]`, or an image is empty.
pub fn global_avg_pool(tape: &Tape, x_bchw: &Var) -> Result<Var> {
    let &[batch, channels, height @ 1..=usize::MAX, width @ 1..=usize::MAX] = x_bchw.dims() else {
        return Err(Error::shape("global_avg_pool", "input", "[B, C, H >= 1, W >= 1]", x_bchw.dims()));
    };
    let area = height * width;
    let value = x_bchw.tensor().contiguous()?;
    let y = if slice::is_fast(&value) { means(&value, area)? } else { value.flatten_from(2)?.mean(2)? };
    Ok(tape.record(y, x_bchw.wants_grad(), || {
        let x = x_bchw.target();
        move |dy, grads| {
            let dy = (dy / area as f64)?.reshape((batch, channels, 1, 1))?;
            grads.add(x, dy.broadcast_as((batch, channels, height, width))?.contiguous()?)
        }
    }))
}

fn means(x: &Tensor, area: usize) -> Result<Tensor> {
    let (batch, channels, _, _) = x.dims4()?;
    let xs = slice::floats(x)?;
    slice::fresh_tensor((batch, channels), |y| {
        y.par_chunks_mut(channels.max(1)).zip(xs.par_chunks((channels * area).max(1))).for_each(|(y, x)| image_means(x, y));
    })
}

vectorised! {
    fn image_means(x: &[f32], y: &mut [f32]) {
        let area = x.len() / y.len();
        y.iter_mut().zip(x.chunks_exact(area)).for_each(|(y, x)| *y = simd::sum(x, |v| v) / area as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};

    #[test]
    fn gradients() {
        for shape in [[1, 1, 1, 1], [3, 5, 7, 3], [2, 17, 8, 8], [0, 2, 3, 3]] {
            check_gradients("global_avg_pool", Reduction, Case::new().var(&shape), |tape, v, _| global_avg_pool(tape, &v[0]));
        }
    }

    #[test]
    fn shapes_are_checked() {
        assert!(global_avg_pool(&Tape::inference(), &constant(&[2, 3, 0, 4])).is_err());
        assert!(global_avg_pool(&Tape::inference(), &constant(&[2, 3, 4])).is_err());
    }
}
