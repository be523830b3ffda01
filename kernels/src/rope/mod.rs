//! Rotary position embedding (Su et al., 2104.09864) in the layout of Llama: of a head's K numbers, `i` and `i + K/2` are turned by
//! the angle `position f_i`, with `f_i = theta^(-2 i / K)`, possibly stretched to longer texts by a [`RopeScaling`]:
//! `y_i = x_i cos - x_(i + K/2) sin`, `y_(i + K/2) = x_(i + K/2) cos + x_i sin`.
//!
//! Backward turns the other way.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod frequencies;
mod reference;

pub use frequencies::RopeScaling;

use crate::{Documents, Error, Op, Result, Tape, Var, slice};
use std::sync::Arc;

/// Cosines and sines for every position, computed in float64 and rounded once. Clones share them.
#[derive(Debug, Clone)]
pub struct Rope {
    size: usize,
    positions: usize,
    /// `[positions, K/2]`: cosines, and sines.
    tables: Arc<[Vec<f32>; 2]>,
    #[cfg(device_kernels)]
    on_device: cuda::Tables,
}

impl Rope {
    /// For heads of `size` K, and positions from 0 to `positions - 1`. `theta` is the base of the frequencies.
    ///
    /// # Errors
    /// `size` is odd or 0; `theta` or a number of the scaling is not positive, or its bounds are the wrong way around.
    pub fn new(size: usize, positions: usize, theta: f64, scaling: RopeScaling) -> Result<Self> {
        if size == 0 || !size.is_multiple_of(2) {
            let message = format!("the size of a head must be even and at least 2, found {size}");
            return Err(Error::Argument { op: "rope", message });
        }
        let (frequencies, factor) = scaling.frequencies(size, theta)?;
        let angles = || (0..positions).flat_map(|position| frequencies.iter().map(move |f| position as f64 * f));
        let table = |f: fn(f64) -> f64| angles().map(|angle| (f(angle) * factor) as f32).collect();
        Ok(Rope {
            size,
            positions,
            tables: Arc::new([table(f64::cos), table(f64::sin)]),
            #[cfg(device_kernels)]
            on_device: cuda::Tables::default(),
        })
    }

    /// K.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The number of positions that it knows.
    pub fn positions(&self) -> usize {
        self.positions
    }

    /// Cosines and sines of a position.
    pub(crate) fn row(&self, position: u32) -> [&[f32]; 2] {
        let half = self.size / 2;
        [0, 1].map(|i| &self.tables[i][position as usize * half..][..half])
    }
}

/// Which way to turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Forward,
    Back,
}

/// Turns each head by its position.
///
/// `x`: `[B, T, H K]`, heads side by side; returns the same shape. Position `t` of sequence `b` stands at place `offsets[b] + t`; the
/// offsets are 0 if none are given.
///
/// # Errors
/// `x` is not `[B, T, H K]` for the table's K; there are not B offsets; a place lies behind the table's end.
pub fn rope(tape: &Tape, x: &Var, table: &Rope, offsets: Option<&[usize]>) -> Result<Var> {
    let [batch, len] = rows(x, table)?;
    let offsets = offsets.map_or_else(|| vec![0; batch], <[usize]>::to_vec);
    if offsets.len() != batch {
        return Err(Error::shape("rope", "offsets", format!("[B = {batch}]"), &[offsets.len()]));
    }
    if let Some(row) = offsets.iter().position(|offset| offset.saturating_add(len) > table.positions) {
        let (last, known) = (offsets[row].saturating_add(len).saturating_sub(1), table.positions);
        let message = format!("sequence {row} reaches position {last}, but the table ends at {known} positions");
        return Err(Error::Argument { op: "rope", message });
    }
    turned(tape, x, table, offsets.iter().flat_map(|&offset| offset as u32..(offset + len) as u32).collect())
}

/// As [`rope`] where positions begin anew with each document of a row.
///
/// # Errors
/// `x` is not `[B, T, H K]` for the table's K; there are not B rows of documents, or they are longer than T; a document (or a row's
/// padding) has more positions than the table.
pub fn rope_documents(tape: &Tape, x: &Var, table: &Rope, documents: &Documents) -> Result<Var> {
    let [batch, len] = rows(x, table)?;
    documents.check("rope", batch, len)?;
    let places = documents.positions(batch, len)?;
    if let Some(place) = places.iter().position(|&place| place as usize >= table.positions) {
        let (row, known) = (place / len, table.positions);
        let message = format!("row {row} holds a document longer than the {known} positions of the table");
        return Err(Error::Argument { op: "rope", message });
    }
    turned(tape, x, table, places)
}

/// B and T.
fn rows(x: &Var, table: &Rope) -> Result<[usize; 2]> {
    let size = table.size;
    match *x.dims() {
        [batch, len, dim] if dim % size == 0 => Ok([batch, len]),
        [_, _, _] => Err(Error::shape("rope", "input", format!("[B, T, a multiple of K = {size}]"), x.dims())),
        _ => Err(Error::shape("rope", "input", "[B, T, H K]", x.dims())),
    }
}

/// `places`: of each position, `[B T]`.
fn turned(tape: &Tape, x: &Var, table: &Rope, places: Vec<u32>) -> Result<Var> {
    let value = x.tensor().contiguous()?;
    let turn = if slice::is_fast(&value) { cpu::turn } else { reference::turn };
    #[cfg(device_kernels)]
    let turn = if crate::device::takes(&value) { cuda::turn } else { turn };
    let y = turn(table, &value, &places, Turn::Forward)?;
    Ok(tape.record(Op::arrays("rope", value.elem_count(), 2, 2), y, x.wants_grad(), || {
        let (x, table) = (x.target(), table.clone());
        move |dy, grads| grads.add(x, turn(&table, dy, &places, Turn::Back)?)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Elementwise, check_gradients, constant};

    #[test]
    fn gradients() -> Result<()> {
        for (batch, len, heads, size, offsets) in [
            (1, 1, 1, 2, None),
            (2, 7, 3, 6, None),
            (3, 5, 2, 34, Some(&[0, 9, 3][..])),
            (2, 70, 1, 64, Some(&[1, 30])),
            (0, 3, 1, 4, None),
        ] {
            let table = Rope::new(size, 100, 10_000.0, RopeScaling::None)?;
            let case = Case::new().var(&[batch, len, heads * size]);
            check_gradients("rope", Elementwise, case, |tape, v, _| rope(tape, &v[0], &table, offsets));
        }
        Ok(())
    }

    /// The defining property: a score between two places depends on their distance alone.
    #[test]
    fn scores_depend_on_distance() -> Result<()> {
        let table = Rope::new(8, 64, 100.0, RopeScaling::None)?;
        let (q, k) = (constant(&[1, 1, 8]), Var::constant(constant(&[2, 1, 8]).tensor().narrow(0, 1, 1)?));
        let at = |x: &Var, place| Ok::<_, Error>(rope(&Tape::inference(), x, &table, Some(&[place]))?.tensor().flatten_all()?);
        let score = |i, j| Ok::<_, Error>((at(&q, i)? * at(&k, j)?)?.sum_all()?.to_scalar::<f32>()?);
        assert!((score(5, 2)? - score(60, 57)?).abs() < 1e-5 && (score(5, 2)? - score(5, 3)?).abs() > 1e-3);
        Ok(())
    }

    #[test]
    fn positions_begin_anew_with_each_document() -> Result<()> {
        let table = Rope::new(6, 9, 10_000.0, RopeScaling::None)?;
        let documents = Documents::new(&[vec![2, 5], vec![9]])?;
        check_gradients("rope_documents", Elementwise, Case::new().var(&[2, 9, 12]), |tape, v, _| {
            rope_documents(tape, &v[0], &table, &documents)
        });
        let x = constant(&[2, 9, 12]);
        let tape = Tape::inference();
        let together = rope_documents(&tape, &x, &table, &documents)?;
        for (row, start, len) in [(0, 0, 2), (0, 2, 5), (0, 7, 2), (1, 0, 9)] {
            let part = |v: &Var| Ok::<_, Error>(v.tensor().narrow(0, row, 1)?.narrow(1, start, len)?.contiguous()?);
            let alone = rope(&tape, &Var::constant(part(&x)?), &table, None)?;
            assert_eq!(part(&together)?.to_vec3::<f32>()?, alone.tensor().to_vec3::<f32>()?, "row {row} from {start}");
        }
        let short = Rope::new(6, 4, 10_000.0, RopeScaling::None)?;
        let error = rope_documents(&tape, &x, &short, &documents).unwrap_err().to_string();
        assert!(error.contains("row 0 holds a document longer than the 4 positions of the table"), "{error}");
        Ok(())
    }

    #[test]
    fn arguments_are_checked() -> Result<()> {
        let table = Rope::new(4, 10, 10_000.0, RopeScaling::None)?;
        let message =
            |shape: &[usize], offsets| rope(&Tape::inference(), &constant(shape), &table, offsets).unwrap_err().to_string();
        assert!(message(&[2, 4], None).contains("[B, T, H K]"));
        assert!(message(&[1, 2, 6], None).contains("a multiple of K = 4"));
        assert!(message(&[2, 2, 4], Some(&[1])).contains("offsets: expected [B = 2]"));
        assert!(message(&[2, 3, 4], Some(&[0, 8])).contains("sequence 1 reaches position 10, but the table ends at 10"));
        assert!(message(&[1, 3, 4], Some(&[usize::MAX])).contains("but the table ends at 10"));
        assert!(Rope::new(5, 1, 10_000.0, RopeScaling::None).is_err());
        Ok(())
    }
}
