//! Plain text files: each is one document, a row of the one column `text`.

use super::{Cell, Column, ColumnKind, Position, Row, Rows, packed, unreadable};
use crate::data::Result;
use std::path::Path;

pub(super) fn columns() -> Vec<Column> {
    vec![Column { name: "text".into(), kind: ColumnKind::Text, classes: None }]
}

/// # Errors
/// The file cannot be read, or is not UTF-8: the message says where.
pub(super) fn rows(path: &Path, columns: &[&str]) -> Result<Rows<'static>> {
    let bytes = packed::bytes(path)?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let line = 1 + e.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        unreadable(path, Some(Position::Line(line)), "it is not UTF-8")
    })?;
    let cells = columns.iter().map(|_| Cell::Text(text.clone())).collect();
    Ok(Box::new(std::iter::once(Ok(Row { position: Position::Line(1), cells }))))
}
