//! Embedding: rows of a table by index. Backward adds each row's gradient to the table's row, in the order of the indices.

use crate::{Error, Param, Result, Tape, Var, simd, slice};
use candle_core::{DType, Tensor};

/// Rows of `table` `[rows, dim]` by `ids` (u32, any shape) -> `[ids..., dim]`.
///
/// # Errors
/// An id is not below `rows`; named with its position.
pub fn embedding(tape: &Tape, ids: &Tensor, table: &Param) -> Result<Var> {
    let &[rows, dim] = table.tensor().dims() else {
        return Err(Error::shape("embedding", format!("table `{}`", table.name()), "[rows, dim]", table.tensor().dims()));
    };
    if ids.dtype() != DType::U32 {
        return Err(Error::Argument { op: "embedding", message: format!("ids must be u32, found {:?}", ids.dtype()) });
    }
    let flat = ids.flatten_all()?.to_vec1::<u32>()?;
    if let Some(position) = flat.iter().position(|&id| id as usize >= rows) {
        let index = i64::from(flat[position]);
        return Err(Error::Index { op: "embedding", table: table.name().to_string(), index, position, rows });
    }
    let mut dims = ids.dims().to_vec();
    dims.push(dim);
    let y = {
        let values = slice::floats(table.tensor())?;
        slice::fresh_tensor(dims, |y| {
            for (row, &id) in y.chunks_mut(dim.max(1)).zip(&flat) {
                row.copy_from_slice(&values[id as usize * dim..][..dim]);
            }
        })?
    };
    Ok(tape.record(y, table.is_trainable(), || {
        let table = table.clone();
        move |dy, grads| {
            let dy = slice::floats(dy)?;
            grads.add_param_with(&table, |grad| {
                for (row, &id) in dy.chunks(dim.max(1)).zip(&flat) {
                    simd::add_assign(&mut grad[id as usize * dim..][..dim], row);
                }
            })
        }
    }))
}
