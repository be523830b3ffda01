//! The GPU version: the mask is drawn from the same bits as the CPU's.

use crate::device::{self, Arg, Grid, Kernel};
use crate::{Result, Stream};
use candle_core::Tensor;

pub(super) fn apply(x: &Tensor, stream: Stream, p: f32) -> Result<Tensor> {
    let x = x.contiguous()?;
    let (y, n) = (device::empty_like(&x)?, x.elem_count());
    let (limit, scale) = (Arg::Int(Stream::drop_limit(p) as usize), Arg::Float(1.0 / (1.0 - p)));
    let args = [Arg::Read(&x), Arg::Write(&y), Arg::Long(n), Arg::Bits(stream.key()), limit, scale];
    let kernel = Kernel { op: "dropout", name: "dropout_apply", dtype: x.dtype() };
    kernel.launch(x.device(), Grid::elements(n.div_ceil(4)), &args)?;
    Ok(y)
}

#[cfg(all(test, feature = "cuda-emulation"))]
mod tests {
    use super::*;
    use crate::device::{Order, emulated};

    #[test]
    fn the_mask_has_the_bits_of_the_cpu() -> Result<()> {
        for (n, p) in [(1, 0.5), (63, 0.1), (4099, 0.3), (1000, 0.9), (7, 0.0)] {
            let (x, stream) = (crate::check::constant(&[n]).tensor().clone(), Stream::root(5).at(n as u64));
            let bits = |t: Tensor| Ok::<_, crate::Error>(t.to_vec1::<f32>()?.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
            let found = bits(emulated(Order::Falling, || apply(&x, stream, p))?)?;
            assert_eq!(found, bits(super::super::cpu::apply(&x, stream, p)?)?, "{n} {p}");
        }
        Ok(())
    }
}
