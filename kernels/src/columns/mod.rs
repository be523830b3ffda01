//! Sums of columns on a GPU, `y = sum of the rows of x`: the gradient of a bias. Two stages, each in a fixed order: rows in chunks
//! of [`CHUNK_ROWS`], then the chunks one after the other. No float is added by atomics, so the bits repeat.

use crate::Result;
use crate::device::{self, Arg, Grid, Kernel};
use candle_core::{DType, Tensor};

/// Rows that a block sums (`device.cuh` has the same number).
const CHUNK_ROWS: usize = 256;

/// The number of chunks of so many rows.
pub(crate) fn chunks(rows: usize) -> usize {
    rows.div_ceil(CHUNK_ROWS)
}

/// The grid of a kernel that sums chunks of rows: 32 columns by 8 rows of threads a block.
pub(crate) fn grid(rows: usize, width: usize) -> Grid {
    Grid { blocks: chunks(rows) * width.div_ceil(32), threads: [32, 8], shared_bytes: 0 }
}

/// The sum over all but the last dimension: `[..., W]` -> `[W]`, of the type of `x`.
pub(crate) fn sum(x: &Tensor, width: usize) -> Result<Tensor> {
    sum_as(x, width, x.dtype())
}

/// As [`sum`], in `dtype`.
pub(crate) fn sum_as(x: &Tensor, width: usize, dtype: DType) -> Result<Tensor> {
    let rows = x.elem_count().checked_div(width).unwrap_or(0);
    let x = x.contiguous()?;
    let parts = device::empty((chunks(rows), width), DType::F32, x.device())?;
    let kernel = Kernel { op: "columns", name: "column_parts", dtype: x.dtype() };
    kernel.launch(x.device(), grid(rows, width), &[Arg::Read(&x), Arg::Write(&parts), Arg::Long(rows), Arg::Int(width)])?;
    fold(&parts, dtype, 0, width)
}

/// The sum of the chunks, for `width` columns from `first` on: `[chunks, stride]` in float32 -> `[width]` in `dtype`.
pub(crate) fn fold(parts: &Tensor, dtype: DType, first: usize, width: usize) -> Result<Tensor> {
    let (chunks, stride) = parts.dims2()?;
    let y = device::empty(width, dtype, parts.device())?;
    let args = [Arg::Read(parts), Arg::Write(&y), Arg::Long(chunks), Arg::Int(width), Arg::Int(stride), Arg::Int(first)];
    Kernel { op: "columns", name: "column_fold", dtype }.launch(parts.device(), Grid::elements(width), &args)?;
    Ok(y)
}

#[cfg(all(test, feature = "cuda-emulation"))]
mod tests {
    use super::*;
    use crate::check::constant;
    use crate::device::{Order, emulated};

    #[test]
    fn sums_of_columns() -> Result<()> {
        for (rows, width) in [(1, 1), (7, 33), (255, 32), (256, 3), (1000, 70), (0, 5)] {
            let x = constant(&[rows, width]).tensor().clone();
            for dtype in [DType::F32, DType::BF16] {
                let x = x.to_dtype(dtype)?;
                let expected = x.to_dtype(DType::F64)?.sum(0)?;
                let found = emulated(Order::Rising, || sum(&x, width))?;
                let tolerance = crate::check::tolerance(dtype, crate::check::Kind::Reduction);
                crate::check::close("column sums", &format!("{rows} by {width} {dtype:?}"), &found, &expected, tolerance);
            }
        }
        Ok(())
    }
}
