//! The GPU version. Backward sums the places of an id in their order, as the CPU does, in pieces of [`PIECE`] that run side by
//! side, so that an id which stands everywhere (padding, a token type) does not leave one thread with all the work.

use crate::Result;
use crate::device::{self, Arg, Grid, Kernel};
use candle_core::{DType, Tensor};

/// Places of an id that one thread sums.
const PIECE: usize = 32;

fn kernel(name: &'static str, dtype: DType) -> Kernel {
    Kernel { op: "embedding", name, dtype }
}

pub(super) fn forward(ids: &[u32], table: &Tensor, dims: Vec<usize>) -> Result<Tensor> {
    let (device, dim) = (table.device(), table.dim(1)?);
    let y = device::empty(dims, table.dtype(), device)?;
    let (places, ids) = (ids.len(), Tensor::from_slice(ids, ids.len(), device)?);
    let args = [Arg::Read(&ids), Arg::Read(table), Arg::Write(&y), Arg::Long(places), Arg::Int(dim)];
    kernel("embedding_forward", table.dtype()).launch(device, Grid::elements(places * dim), &args)?;
    Ok(y)
}

/// Where each id stands: everything that the kernels need to know of the ids.
#[derive(Debug, PartialEq)]
struct Segments {
    /// The places, sorted by id, then by place.
    order: Vec<u32>,
    /// Where in `order` each piece starts, and the end.
    starts: Vec<u32>,
    /// Which piece is the first of each id, and the end.
    firsts: Vec<u32>,
    /// The ids, rising, each once.
    ids: Vec<u32>,
}

impl Segments {
    fn new(ids: &[u32]) -> Self {
        let mut order: Vec<u32> = (0..ids.len() as u32).collect();
        order.sort_by_key(|&place| ids[place as usize]); // stable: places stay in order
        let (mut starts, mut firsts, mut found) = (Vec::new(), Vec::new(), Vec::new());
        let mut from = 0;
        for segment in order.chunk_by(|&a, &b| ids[a as usize] == ids[b as usize]) {
            found.push(ids[segment[0] as usize]);
            firsts.push(starts.len() as u32);
            starts.extend((from..from + segment.len()).step_by(PIECE).map(|start| start as u32));
            from += segment.len();
        }
        firsts.push(starts.len() as u32);
        starts.push(from as u32);
        Segments { order, starts, firsts, ids: found }
    }
}

/// The whole table's gradient.
pub(super) fn backward(ids: &[u32], dy: &Tensor, [rows, dim]: [usize; 2]) -> Result<Tensor> {
    let (dy, device) = (dy.contiguous()?, dy.device());
    let dtable = Tensor::zeros((rows, dim), dy.dtype(), device)?;
    let Segments { order, starts, firsts, ids } = Segments::new(ids);
    let (pieces, count) = (starts.len() - 1, ids.len());
    let upload = |v: Vec<u32>| Tensor::from_slice(&v, v.len(), device);
    let (order, starts, firsts, ids) = (upload(order)?, upload(starts)?, upload(firsts)?, upload(ids)?);
    let parts = device::empty((pieces, dim), DType::F32, device)?;
    let args = [Arg::Read(&dy), Arg::Read(&order), Arg::Read(&starts), Arg::Write(&parts), Arg::Long(pieces), Arg::Int(dim)];
    kernel("embedding_pieces", dy.dtype()).launch(device, Grid::elements(pieces * dim), &args)?;
    let args = [Arg::Read(&parts), Arg::Read(&firsts), Arg::Read(&ids), Arg::Write(&dtable), Arg::Long(count), Arg::Int(dim)];
    kernel("embedding_fold", dy.dtype()).launch(device, Grid::elements(count * dim), &args)?;
    Ok(dtable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_hold_each_place_once() {
        let found = Segments::new(&[3, 1, 3, 1, 1]);
        let expected = Segments { order: vec![1, 3, 4, 0, 2], starts: vec![0, 3, 5], firsts: vec![0, 1, 2], ids: vec![1, 3] };
        assert_eq!(found, expected);
        let long = Segments::new(&[7; 70]);
        assert_eq!((long.starts, long.firsts, long.ids), (vec![0, 32, 64, 70], vec![0, 3], vec![7]));
        assert_eq!(Segments::new(&[]).starts, [0]);
    }
}
