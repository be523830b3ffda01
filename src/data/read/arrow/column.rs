//! The cells of one column of a batch, from its buffers.

use super::schema::{Field, Type};
use crate::data::read::{Cell, decimal, unsigned, written};
use std::collections::HashMap;
use std::rc::Rc;

/// Values of dictionaries, by their number.
pub(super) type Dictionaries = HashMap<i64, Vec<Rc<Column>>>;

/// A column of a batch: what each row holds is looked up where it is asked for.
pub(super) struct Column {
    field: Field,
    rows: usize,
    /// As Arrow orders them for the type.
    buffers: Vec<Vec<u8>>,
    /// What views lead to.
    variadic: Vec<Vec<u8>>,
    parts: Vec<Column>,
    dictionary: Vec<Rc<Column>>,
}

/// What a batch says of its columns, read off one after the other.
pub(super) struct Layout {
    /// Rows and nulls.
    pub(super) nodes: Vec<i64>,
    /// Offset and length within the body.
    pub(super) buffers: Vec<i64>,
    pub(super) views: Vec<i64>,
    at: (usize, usize, usize),
}

impl Layout {
    pub(super) fn new(nodes: Vec<i64>, buffers: Vec<i64>, views: Vec<i64>) -> Self {
        Layout { nodes, buffers, views, at: (0, 0, 0) }
    }

    /// The next column, which is read if it is `wanted`, and passed over otherwise.
    pub(super) fn take(
        &mut self,
        field: &Field,
        wanted: bool,
        known: &Dictionaries,
        read: &mut dyn FnMut(i64, i64) -> Result<Vec<u8>, String>,
    ) -> Result<Column, String> {
        let short = || format!("a batch says too little of column `{}`", field.name);
        let rows = usize::try_from(*self.nodes.get(2 * self.at.0).ok_or_else(short)?).map_err(|_| short())?;
        self.at.0 += 1;
        let mut buffer = |at: &mut (usize, usize, usize)| -> Result<Vec<u8>, String> {
            let [offset, length] = self.buffers.get(2 * at.1..2 * at.1 + 2).ok_or_else(short)? else { return Err(short()) };
            at.1 += 1;
            if wanted { read(*offset, *length) } else { Ok(Vec::new()) }
        };
        let buffers = (0..field.buffers()).map(|_| buffer(&mut self.at)).collect::<Result<_, _>>()?;
        let mut variadic = Vec::new();
        if matches!(field.of, Type::TextView | Type::BytesView) {
            let count = *self.views.get(self.at.2).ok_or_else(short)?;
            self.at.2 += 1;
            for _ in 0..count {
                variadic.push(buffer(&mut self.at)?);
            }
        }
        let parts = field.parts().iter().map(|part| self.take(part, wanted, known, read)).collect::<Result<_, _>>()?;
        let dictionary = field.dictionary.as_ref().and_then(|(id, _)| known.get(id)).cloned().unwrap_or_default();
        Ok(Column { field: field.clone(), rows, buffers, variadic, parts, dictionary })
    }
}

impl Column {
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// What stands in a row; what its buffers do not hold is damaged.
    pub(super) fn cell(&self, row: usize) -> Result<Cell, String> {
        self.found(row).ok_or_else(|| format!("column `{}` has no value where its batch says that there is one", self.field.name))
    }

    fn found(&self, row: usize) -> Option<Cell> {
        if row >= self.rows {
            return None;
        }
        let valid = self.buffers.first().is_none_or(|bits| bits.is_empty() || bit(bits, row) == Some(true));
        if !valid || self.field.of == Type::Null {
            return Some(Cell::Null);
        }
        if self.field.dictionary.is_some() {
            let Cell::Int(mut at) = self.value(row)? else { return None };
            for values in &self.dictionary {
                match usize::try_from(at).ok()? {
                    within if within < values.rows => return values.found(within),
                    _ => at -= i64::try_from(values.rows).ok()?,
                }
            }
            return None;
        }
        self.value(row)
    }

    fn value(&self, row: usize) -> Option<Cell> {
        let data = self.buffers.get(1);
        Some(match self.field.of {
            Type::Null => Cell::Null,
            Type::Bool => Cell::Int(bit(data?, row)?.into()),
            Type::Int { bytes, signed } => integer(part(data?, row, bytes)?, signed),
            Type::Half => Cell::Float(half(u16::from_le_bytes(part(data?, row, 2)?.try_into().ok()?))),
            Type::Single => Cell::Float(f32::from_le_bytes(part(data?, row, 4)?.try_into().ok()?).into()),
            Type::Double => Cell::Float(f64::from_le_bytes(part(data?, row, 8)?.try_into().ok()?)),
            Type::Text { offset } => text(self.between(row, offset)?)?,
            Type::Bytes { offset } => Cell::Bytes(self.between(row, offset)?.to_vec()),
            Type::TextView => text(self.viewed(row)?)?,
            Type::BytesView => Cell::Bytes(self.viewed(row)?.to_vec()),
            Type::FixedBytes { width } => Cell::Bytes(part(data?, row, width)?.to_vec()),
            Type::Time { bytes, per_sec } => {
                let Cell::Int(units) = integer(part(data?, row, bytes)?, true) else { return None };
                if per_sec < 0 { written(units, -per_sec) } else { written(units.div_euclid(per_sec), 1) }
            }
            Type::List { offset } => {
                let (from, to) = self.bounds(row, offset)?;
                self.items(from, to)?
            }
            Type::FixedList { length } => self.items(row.checked_mul(length)?, row.checked_add(1)?.checked_mul(length)?)?,
            // An image or a recording, whose place is of no use here.
            Type::Struct if self.field.is_file() => self.parts.iter().find(|part| part.field.name == "bytes")?.found(row)?,
            Type::Struct => Cell::Object(
                self.parts.iter().map(|part| Some((part.field.name.clone(), part.found(row)?))).collect::<Option<_>>()?,
            ),
            Type::Decimal { bytes, scale } => decimal(part(data?, row, bytes)?.iter().rev().copied(), scale),
            Type::Opaque => Cell::Other("an interval or a time of day"),
        })
    }

    fn items(&self, from: usize, to: usize) -> Option<Cell> {
        let part = self.parts.first()?;
        (from <= to && to <= part.rows).then_some(())?;
        Some(Cell::List((from..to).map(|row| part.found(row)).collect::<Option<_>>()?))
    }

    /// Where a row's items begin and end.
    fn bounds(&self, row: usize, offset: usize) -> Option<(usize, usize)> {
        let offsets = self.buffers.get(1)?;
        let at = |row: usize| match integer(part(offsets, row, offset)?, true) {
            Cell::Int(at) => usize::try_from(at).ok(),
            _ => None,
        };
        Some((at(row)?, at(row + 1)?))
    }

    fn between(&self, row: usize, offset: usize) -> Option<&[u8]> {
        let (from, to) = self.bounds(row, offset)?;
        self.buffers.get(2)?.get(from..to)
    }

    /// A view is a length, and the bytes themselves if there are at most 12, or else four of them, a buffer and a place.
    fn viewed(&self, row: usize) -> Option<&[u8]> {
        let view = part(self.buffers.get(1)?, row, 16)?;
        let word = |at: usize| usize::try_from(i32::from_le_bytes(view.get(at..at + 4)?.try_into().ok()?)).ok();
        match word(0)? {
            length @ 0..=12 => view.get(4..4 + length),
            length => self.variadic.get(word(8)?)?.get(word(12)?..)?.get(..length),
        }
    }
}

fn bit(bits: &[u8], row: usize) -> Option<bool> {
    Some(bits.get(row / 8)? >> (row % 8) & 1 == 1)
}

fn part(data: &[u8], row: usize, width: usize) -> Option<&[u8]> {
    data.get(row.checked_mul(width)?..)?.get(..width)
}

fn text(bytes: &[u8]) -> Option<Cell> {
    Some(Cell::Text(std::str::from_utf8(bytes).ok()?.to_string()))
}

fn integer(bytes: &[u8], signed: bool) -> Cell {
    let fill = if signed && bytes.last().is_some_and(|top| top & 0x80 != 0) { 0xff } else { 0 };
    let mut whole = [fill; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    match signed {
        true => Cell::Int(i64::from_le_bytes(whole)),
        false => unsigned(u64::from_le_bytes(whole)),
    }
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * (-24f64).exp2(),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * f64::from(exponent - 25).exp2(),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_each_width() {
        assert_eq!(integer(&[0xfe], true), Cell::Int(-2));
        assert_eq!(integer(&[0xfe, 0xff], false), Cell::Int(65534));
        assert_eq!(integer(&[0xff; 8], false), Cell::Text(u64::MAX.to_string()));
        for (bits, value) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x0001, 2f64.powi(-24)), (0x7bff, 65504.0), (0xfc00, f64::NEG_INFINITY)]
        {
            assert_eq!(half(bits), value, "{bits:x}");
        }
        assert!(half(0x7e00).is_nan());
    }
}
