//! Plain text files: each is one document, a row of the one column `text`.

use super::{Cell, Column, ColumnKind, Position, Row, Rows, packed, unreadable};
use crate::data::Result;
use std::path::Path;

pub(super) fn columns() -> Vec<Column> {
    vec![Column { name: "text".into(), kind: ColumnKind::Text, classes: None }]
}

/// The whole of a file.
pub(super) fn whole(path: &Path) -> Result<String> {
    String::from_utf8(packed::bytes(path)?).map_err(|e| unreadable(path, None, e))
}

/// # Errors
/// The file cannot be read, or is not UTF-8: the message says where.
pub(super) fn rows(path: &Path, columns: &[&str]) -> Result<Rows<'static>> {
    let text = whole(path)?;
    let cells = columns.iter().map(|_| Cell::Text(text.clone())).collect();
    Ok(Box::new(std::iter::once(Ok(Row { position: Position::Line(1), cells }))))
}
