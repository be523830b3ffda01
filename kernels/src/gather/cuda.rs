//! The GPU version: a thread an element to pick; a thread a place to add, which walks through its sources in their order.

use super::Along;
use crate::device::{self, Arg, Grid, Kernel};
use crate::{Error, Result};
use candle_core::{DType, Tensor};

fn kernel(name: &'static str, dtype: DType) -> Kernel {
    Kernel { op: "gather", name, dtype }
}

pub(super) fn pick(along: &Along, x: &Tensor) -> Result<Tensor> {
    let (device, [_, rows, inner], n) = (x.device(), along.sizes, along.flat.len());
    let y = device::empty(&along.picked[..], x.dtype(), device)?;
    let index = Tensor::from_slice(&along.flat, n, device)?;
    let numbers = [n, along.count, rows, inner].map(Arg::Long);
    let args: Vec<Arg> = [Arg::Read(x), Arg::Read(&index), Arg::Write(&y)].into_iter().chain(numbers).collect();
    kernel("gather_pick", x.dtype()).launch(device, Grid::elements(n), &args)?;
    Ok(y)
}

/// Adds into `x`, which is the caller's own.
pub(super) fn add(along: &Along, x: Tensor, s: &Tensor) -> Result<Tensor> {
    if along.flat.is_empty() {
        return Ok(x);
    }
    device::same_type("scatter_add", &[("what is added to", &x), ("the source", s)])?;
    let [_, rows, inner] = along.sizes;
    if x.elem_count().max(along.flat.len()) > u32::MAX as usize {
        let message = format!("{:?} has more elements than the GPU's version counts", along.dims);
        return Err(Error::Argument { op: "scatter_add", message });
    }
    let place =
        |source: usize| ((source / inner / along.count * rows + along.flat[source] as usize) * inner + source % inner) as u32;
    let goes: Vec<u32> = (0..along.flat.len()).map(place).collect();
    let mut order: Vec<u32> = (0..goes.len() as u32).collect();
    order.sort_by_key(|&source| goes[source as usize]); // stable: sources stay in order
    let (mut starts, mut places) = (vec![0u32], Vec::new());
    for segment in order.chunk_by(|&a, &b| goes[a as usize] == goes[b as usize]) {
        places.push(goes[segment[0] as usize]);
        starts.push(starts[starts.len() - 1] + segment.len() as u32);
    }
    let (device, segments) = (x.device(), places.len());
    let upload = |v: Vec<u32>| Tensor::from_slice(&v, v.len(), device);
    let (order, starts, places) = (upload(order)?, upload(starts)?, upload(places)?);
    let args = [Arg::Read(s), Arg::Read(&order), Arg::Read(&starts), Arg::Read(&places), Arg::Write(&x), Arg::Long(segments)];
    kernel("gather_add", x.dtype()).launch(device, Grid::elements(segments), &args)?;
    Ok(x)
}
