//! Elements by index along one dimension, and their sums back to where they came from.
//!
//! `gather`: `y[o, j, i] = x[o, index[o, j, i], i]`; `scatter_add`: `y = x`, then `y[o, index[o, j, i], i] += s[o, j, i]` for each `j`
//! in order (`o` stands for the dimensions before the one that is indexed, `i` for those behind it).
//!
//! Each is the other's backward: of gather `dx = scatter_add(0, index, dy)`, of scatter_add `dx = dy` and `ds = gather(dy, index)`.
//! Where several elements go to one place they are added in the order of `j`, so the bits are always the same.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::blocks::BLOCK;
use crate::{Error, Op, Result, Tape, Var, slice};
use candle_core::{DType, Tensor};
use rayon::prelude::*;

/// Positions along one dimension of a tensor, each checked to lie inside it.
#[derive(Debug, Clone)]
pub(crate) struct Along {
    dim: usize,
    /// The sizes before the dimension, of it, and behind it.
    sizes: [usize; 3],
    /// Indices along the dimension.
    count: usize,
    index: Tensor,
    flat: Vec<u32>,
    /// The shape of what the indices point into, and the indices' own.
    dims: Vec<usize>,
    picked: Vec<usize>,
}

impl Along {
    pub(crate) fn new(op: &'static str, dims: &[usize], dim: usize, index: &Tensor) -> Result<Self> {
        let Some(&size) = dims.get(dim) else {
            return Err(Error::Argument { op, message: format!("there is no dimension {dim} in {dims:?}") });
        };
        if index.dtype() != DType::U32 {
            return Err(Error::Argument { op, message: format!("the indices must be u32, found {:?}", index.dtype()) });
        }
        let picked = index.dims();
        let others_fit = || picked.iter().zip(dims).enumerate().all(|(at, (a, b))| at == dim || a == b);
        if picked.len() != dims.len() || !others_fit() {
            let expected = format!("{dims:?} but for dimension {dim}");
            return Err(Error::shape(op, "indices", expected, picked));
        }
        let flat = index.flatten_all()?.to_vec1::<u32>()?;
        Self::checked(op, size, &flat)?;
        let product = |dims: &[usize]| dims.iter().product::<usize>();
        Ok(Along {
            dim,
            sizes: [product(&dims[..dim]), size, product(&dims[dim + 1..])],
            count: picked[dim],
            index: index.contiguous()?,
            flat,
            dims: dims.to_vec(),
            picked: picked.to_vec(),
        })
    }

    fn checked(op: &'static str, rows: usize, flat: &[u32]) -> Result<()> {
        // The largest of all first: that is a loop over vectors, without an end in the middle.
        let largest = |part: &[u32]| part.iter().fold(0, |largest, &index| index.max(largest));
        if flat.is_empty() || (flat.par_chunks(BLOCK).map(largest).max().unwrap_or(0) as usize) < rows {
            return Ok(());
        }
        let position = flat.iter().position(|&index| index as usize >= rows).unwrap_or(0);
        let (table, index) = ("the indexed dimension".to_string(), i64::from(flat[position]));
        Err(Error::Index { op, table, index, position, rows })
    }

    /// The elements of `x` that the indices point to.
    pub(crate) fn pick(&self, x: &Tensor) -> Result<Tensor> {
        #[cfg(device_kernels)]
        if crate::device::takes(x) {
            return cuda::pick(self, &x.contiguous()?);
        }
        if slice::is_fast(x) { cpu::pick(self, &x.contiguous()?) } else { reference::pick(self, x) }
    }

    /// `x + ` the elements of `s`, each where its index points; zeros stand for an absent `x`.
    pub(crate) fn add(&self, x: Option<&Tensor>, s: &Tensor) -> Result<Tensor> {
        let x = match x {
            Some(x) => x.force_contiguous()?,
            None => Tensor::zeros(&self.dims[..], s.dtype(), s.device())?,
        };
        #[cfg(device_kernels)]
        if crate::device::takes(&x) {
            return cuda::add(self, x, &s.contiguous()?);
        }
        if slice::is_fast(&x) { cpu::add(self, x, &s.contiguous()?) } else { reference::add(self, &x, s) }
    }
}

/// The elements of `x` at `index` along dimension `dim`.
///
/// `index`: u32, of the shape of `x` but for that dimension; returns the shape of `index`.
///
/// # Errors
/// An index lies outside the dimension ([`Error::Index`], its position counted over the flat indices); `index` has another shape or is
/// not u32; `x` has no such dimension.
pub fn gather(tape: &Tape, x: &Var, dim: usize, index: &Tensor) -> Result<Var> {
    let along = Along::new("gather", x.dims(), dim, index)?;
    let y = along.pick(x.tensor())?;
    let op = Op::arrays("gather", y.elem_count(), 2, 2);
    Ok(tape.record(op, y, x.wants_grad(), || {
        let x = x.target();
        move |dy, grads| grads.add(x, along.add(None, dy)?)
    }))
}

/// `x` with the elements of `source` added at `index` along dimension `dim`.
///
/// `index`: u32, of the shape of `x` but for that dimension; `source`: of the shape of `index`; returns the shape of `x`.
///
/// # Errors
/// As [`gather`]; `source` has another shape than `index`.
pub fn scatter_add(tape: &Tape, x: &Var, dim: usize, index: &Tensor, source: &Var) -> Result<Var> {
    let along = Along::new("scatter_add", x.dims(), dim, index)?;
    if source.dims() != along.picked {
        return Err(Error::shape("scatter_add", "source", format!("{:?}, as the indices", along.picked), source.dims()));
    }
    let y = along.add(Some(x.tensor()), source.tensor())?;
    let op = Op::arrays("scatter_add", y.elem_count() + source.tensor().elem_count(), 2, 1);
    Ok(tape.record(op, y, x.wants_grad() || source.wants_grad(), || {
        let (x, source) = (x.target(), source.target());
        move |dy, grads| {
            if source.wants_grad() {
                grads.add(source, along.pick(dy)?)?;
            }
            grads.add_shared(x, dy)
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use candle_core::Device;
    use proptest::prelude::*;

    fn indices(shape: &[usize], rows: usize) -> Tensor {
        let n = shape.iter().product::<usize>() as u32;
        let values: Vec<u32> = (0..n).map(|i| (i * i + 1) % rows as u32).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    #[test]
    fn gradients() {
        for (shape, dim, count) in [
            (&[1][..], 0, 1),
            (&[7], 0, 20),
            (&[3, 7], 1, 2),
            (&[3, 7], 0, 9),
            (&[2, 5, 3], 1, 4),
            (&[2, 5, 3], 2, 7),
            (&[4, 33, 1], 1, 70),
            (&[5, 3], 0, 0),
            (&[0, 3], 1, 2),
            (&[2, 3, 0], 1, 2),
        ] {
            let mut picked = shape.to_vec();
            picked[dim] = count;
            let index = indices(&picked, shape[dim]);
            let name = format!("gather {shape:?} along {dim}");
            check_gradients(&name, Reduction, Case::new().var(shape), |t, v, _| gather(t, &v[0], dim, &index));
            let name = format!("scatter_add {shape:?} along {dim}");
            check_gradients(&name, Reduction, Case::new().var(shape).var(&picked), |t, v, _| {
                scatter_add(t, &v[0], dim, &index, &v[1])
            });
        }
    }

    proptest! {
        /// Against loops, for any shape, dimension and indices, also ones that lie in memory in another order.
        #[test]
        fn equals_loops(sizes in [1usize..4, 1usize..6, 1usize..4], dim in 0usize..3, count in 0usize..9, turned: bool) {
            let mut picked = sizes;
            picked[dim] = count;
            let (x, s) = (constant(&sizes), constant(&picked));
            let index = indices(&picked, sizes[dim]);
            let turn = |t: &Tensor| if turned { t.transpose(0, 2).unwrap().contiguous().unwrap().transpose(0, 2).unwrap() } else { t.clone() };
            let tape = Tape::inference();
            let found = gather(&tape, &Var::constant(turn(x.tensor())), dim, &turn(&index)).unwrap();
            let sum = scatter_add(&tape, &Var::constant(turn(x.tensor())), dim, &turn(&index), &Var::constant(turn(s.tensor()))).unwrap();
            let (x, s) = (x.tensor().to_vec3::<f32>().unwrap(), s.tensor().to_vec3::<f32>().unwrap());
            let (y, mut z) = (found.tensor().to_vec3::<f32>().unwrap(), x.clone());
            let index = index.to_vec3::<u32>().unwrap();
            for a in 0..picked[0] { for b in 0..picked[1] { for c in 0..picked[2] {
                let mut at = [a, b, c];
                at[dim] = index[a][b][c] as usize;
                prop_assert_eq!(y[a][b][c], x[at[0]][at[1]][at[2]]);
                z[at[0]][at[1]][at[2]] += s[a][b][c];
            } } }
            prop_assert_eq!(sum.tensor().to_vec3::<f32>().unwrap(), z);
        }
    }

    /// The input stays as it was, though the sum starts from it.
    #[test]
    fn inputs_are_not_written() -> Result<()> {
        let x = Var::constant(Tensor::new(&[1f32, 2.], &Device::Cpu)?);
        let y = scatter_add(&Tape::inference(), &x, 0, &Tensor::new(&[1u32, 1], &Device::Cpu)?, &x)?;
        assert_eq!((y.tensor().to_vec1::<f32>()?, x.tensor().to_vec1::<f32>()?), (vec![1., 5.], vec![1., 2.]));
        Ok(())
    }

    #[test]
    fn mistakes_are_named() -> Result<()> {
        let (tape, x) = (Tape::inference(), constant(&[2, 3]));
        let says = |dim, index: &Tensor| gather(&tape, &x, dim, index).unwrap_err().to_string();
        let index = Tensor::new(&[[0u32, 2], [1, 3]], &Device::Cpu)?;
        let found = "gather: index 3 at position 3 is out of range: the table `the indexed dimension` has 3 rows";
        assert_eq!(says(1, &index), found);
        assert_eq!(says(2, &index), "gather: there is no dimension 2 in [2, 3]");
        assert_eq!(says(0, &index), "gather: indices: expected [2, 3] but for dimension 0, found [2, 2]");
        assert!(says(1, &index.to_dtype(DType::I64)?).contains("must be u32, found I64"));
        assert!(says(1, &Tensor::new(&[0u32], &Device::Cpu)?).contains("but for dimension 1"));
        let index = Tensor::new(&[[0u32], [1]], &Device::Cpu)?;
        let error = scatter_add(&tape, &x, 1, &index, &constant(&[2, 2])).unwrap_err().to_string();
        assert_eq!(error, "scatter_add: source: expected [2, 1], as the indices, found [2, 2]");
        assert!(
            scatter_add(&tape, &constant(&[2, 0]), 1, &index, &constant(&[2, 1])).unwrap_err().to_string().contains("0 rows")
        );
        Ok(())
    }
}
