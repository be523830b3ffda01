//! JSON as cells, whose objects keep the file's order: which text is written from which may hang on it.

use super::{Cell, unsigned};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A row: cells by their names.
pub(super) type Object = Vec<(String, Cell)>;

/// The cell of that name; of several the last, as other readers have it.
pub(super) fn get<'a>(object: &'a Object, name: &str) -> Option<&'a Cell> {
    object.iter().rev().find(|(own, _)| own == name).map(|(_, cell)| cell)
}

/// As [`get`], out of the object.
pub(super) fn take(object: &mut Object, name: &str) -> Option<Cell> {
    object.iter_mut().rev().find(|(own, _)| own == name).map(|(_, cell)| std::mem::replace(cell, Cell::Null))
}

/// A row, which nothing but an object is.
pub(super) struct Row(pub(super) Object);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = Row;
            fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
                out.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Row, A::Error> {
                fields(map).map(Row)
            }
        }
        from.deserialize_map(Of)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OfCell)
    }
}

struct OfCell;

impl<'de> Visitor<'de> for OfCell {
    type Value = Cell;
    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
        Ok(Cell::Int(value.into()))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Int(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
        Ok(unsigned(value))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell::Float(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
        Ok(Cell::Text(value.into()))
    }
    fn visit_string<E>(self, value: String) -> Result<Cell, E> {
        Ok(Cell::Text(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Cell, A::Error> {
        let mut cells = Vec::new();
        while let Some(cell) = items.next_element()? {
            cells.push(cell);
        }
        Ok(Cell::List(cells))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Cell, A::Error> {
        fields(map).map(Cell::Object)
    }
}

fn fields<'de, A: MapAccess<'de>>(mut map: A) -> Result<Object, A::Error> {
    let mut fields = Vec::new();
    while let Some(field) = map.next_entry()? {
        fields.push(field);
    }
    Ok(fields)
}
