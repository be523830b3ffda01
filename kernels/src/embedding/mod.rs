//! Look-up of rows: `y[...] = table[ids[...]]`.
//!
//! Backward: `dtable[id] += dy` for every place where `id` stands, in the order of the places; other rows are not touched.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::{Error, Inputs, Op, Param, Result, Tape, Var, slice};
use candle_core::{DType, Tensor};

/// The rows of `table` that `ids` names.
///
/// `ids`: u32, any shape `[...]`, `table`: `[rows, dim]`; returns `[..., dim]`.
///
/// # Errors
/// An id is not below `rows` ([`Error::Index`]), `ids` is not u32, or `table` is not a matrix.
pub fn embedding(tape: &Tape, ids: &Tensor, table: &Param) -> Result<Var> {
    look_up(tape, ids, table, None)
}

/// As [`embedding`], but that row `padding` learns nothing by being looked up, as that of `padding_idx` in PyTorch.
///
/// # Errors
/// As [`embedding`].
pub fn embedding_padded(tape: &Tape, ids: &Tensor, table: &Param, padding: u32) -> Result<Var> {
    look_up(tape, ids, table, Some(padding))
}

fn look_up(tape: &Tape, ids: &Tensor, table: &Param, padding: Option<u32>) -> Result<Var> {
    let &[rows, dim] = table.tensor().dims() else {
        return Err(Error::shape("embedding", format!("table `{}`", table.name()), "[rows, dim]", table.tensor().dims()));
    };
    if ids.dtype() != DType::U32 {
        let message = format!("the ids for `{}` must be u32, found {:?}", table.name(), ids.dtype());
        return Err(Error::Argument { op: "embedding", message });
    }
    let flat = ids.flatten_all()?.to_vec1::<u32>()?;
    if let Some(position) = flat.iter().position(|&id| id as usize >= rows) {
        let (table, index) = (table.name().to_string(), i64::from(flat[position]));
        return Err(Error::Index { op: "embedding", table, index, position, rows });
    }
    let mut dims = ids.dims().to_vec();
    dims.push(dim);
    let fast = slice::is_fast(table.tensor());
    #[cfg(device_kernels)]
    if crate::device::takes(table.tensor()) {
        let y = cuda::forward(&flat, table.tensor(), dims)?;
        return Ok(tape.record(Op::arrays("embedding", flat.len() * dim, 2, 3), y, Inputs::of(false, [Some(table)]), || {
            let table = table.clone();
            move |dy, grads| {
                let (flat, dy) = without(flat, dy, dim, padding)?;
                grads.add_param(&table, cuda::backward(&flat, &dy, [rows, dim])?)
            }
        }));
    }
    let y = if fast { cpu::forward(&flat, table.tensor(), dims)? } else { reference::forward(&flat, table.tensor(), dims)? };
    Ok(tape.record(Op::arrays("embedding", flat.len() * dim, 2, 3), y, Inputs::of(false, [Some(table)]), || {
        let table = table.clone();
        move |dy, grads| {
            let (flat, dy) = without(flat, dy, dim, padding)?;
            if !fast {
                return grads.add_param(&table, reference::backward(&flat, &dy, [rows, dim])?);
            }
            let dy = slice::floats(&dy)?;
            grads.add_param_rows_with(&table, &flat, |dtable| cpu::add_rows(&flat, &dy, dtable, dim))
        }
    }))
}

/// Ids and the gradients of what they looked up, without those of `padding`.
fn without(flat: Vec<u32>, dy: &Tensor, dim: usize, padding: Option<u32>) -> Result<(Vec<u32>, Tensor)> {
    let is_kept = |id: &u32| Some(*id) != padding;
    if flat.iter().all(is_kept) {
        return Ok((flat, dy.clone()));
    }
    let places: Vec<u32> = (0u32..).zip(&flat).filter(|(_, id)| is_kept(id)).map(|(place, _)| place).collect();
    let kept = Tensor::from_slice(&places, places.len(), dy.device())?;
    Ok((flat.into_iter().filter(is_kept).collect(), dy.reshape(((), dim))?.index_select(&kept, 0)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients};
    use candle_core::Device;

    #[test]
    fn gradients() {
        for (shape, rows, dim) in [(vec![1], 1, 1), (vec![3, 7], 5, 17), (vec![2, 33], 40, 3), (vec![0], 2, 4)] {
            let n = shape.iter().product::<usize>() as u32;
            let ids: Vec<u32> = (0..n).map(|i| (i * i + 1) % rows as u32).collect();
            let ids = Tensor::from_vec(ids, shape, &Device::Cpu).unwrap();
            check_gradients("embedding", Reduction, Case::new().param("table", &[rows, dim]), |tape, _, p| {
                embedding(tape, &ids, &p[0])
            });
        }
    }

    /// The gradient of every row but the padding's is what it was.
    #[test]
    fn padding_learns_nothing() {
        for fast in [true, false] {
            let (params, store) = Case::new().param("table", &[4, 3]).params(if fast { DType::F32 } else { DType::F64 }).unwrap();
            let gradient = |ids: &[u32], padding: Option<u32>| {
                let (tape, ids) = (Tape::training(crate::Stream::root(0)), Tensor::new(ids, &Device::Cpu).unwrap());
                let found = look_up(&tape, &ids, &params[0], padding).unwrap();
                let sum = crate::sum_last(&tape, &crate::sum_last(&tape, &found).unwrap()).unwrap();
                let mut grads = crate::Gradients::new(&store);
                tape.backward(&sum, &mut grads).unwrap();
                let found = grads.get(&params[0]).map(|g| g.to_dtype(DType::F64).unwrap().to_vec2::<f64>().unwrap());
                found.unwrap_or_else(|| vec![vec![0.0; 3]; 4])
            };
            assert_eq!(gradient(&[1, 0, 3, 0, 1], Some(0)), gradient(&[1, 3, 1], None));
            assert_eq!(gradient(&[1, 3], Some(0)), gradient(&[1, 3], None));
            assert_eq!(gradient(&[2, 2], Some(2)), vec![vec![0.0; 3]; 4]);
        }
    }

    #[test]
    fn ids_are_checked() {
        let (params, _) = Case::new().param("table", &[4, 2]).params(DType::F32).unwrap();
        let ids = Tensor::new(&[[1u32, 3], [4, 0]], &Device::Cpu).unwrap();
        let error = embedding(&Tape::inference(), &ids, &params[0]).unwrap_err();
        assert_eq!(error.to_string(), "embedding: index 4 at position 2 is out of range: the table `table` has 4 rows");
        let error = embedding(&Tape::inference(), &ids.to_dtype(DType::I64).unwrap(), &params[0]).unwrap_err();
        assert!(error.to_string().contains("must be u32"), "{error}");
    }
}
