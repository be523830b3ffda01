//! Tables that lie beside images in folders of classes, and are no data of their own.

use super::of_folders;
use crate::data::read::{Cell, ColumnKind, Table, is_image};
use crate::data::splits;
use std::collections::BTreeSet;
use std::path::Path;

/// Whether images lie in folders of classes, and tables beside them say something about these, such as what the classes are
/// called: no table is called as a split is, names files, or has as many rows as there are images.
pub(super) fn are_about_images(root: &Path, tables: &[String], images: &[String]) -> bool {
    let (around, tops) = of_folders(images);
    // Images that lie in the folder of a split are of no class.
    let is_of_split = |image: &String| {
        let folder = image.strip_prefix(&around).and_then(|path| path.split_once('/'));
        folder.is_some_and(|(folder, _)| splits::stands_for_split(folder))
    };
    if tops.is_empty() && images.iter().any(is_of_split) || !splits::are_of_classes(images, &around, &tops) {
        return false;
    }
    let stems: BTreeSet<&str> = images.iter().map(|image| stem(image)).collect();
    let is_about = |table: &String| splits::split_of_file(table).is_none() && names_none(&root.join(table), &stems, images.len());
    images.iter().all(|image| root.join(image).is_file()) && tables.iter().all(is_about)
}

/// Whether a table names none of the files that are called so, and has fewer rows than `most`.
fn names_none(path: &Path, stems: &BTreeSet<&str>, most: usize) -> bool {
    // What is JSON and no table is a list of names, or settings.
    let Ok(table) = Table::open(path) else { return path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) };
    if table.columns().iter().any(|column| matches!(column.kind, ColumnKind::Image | ColumnKind::Audio)) {
        return false;
    }
    let names = table.names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let Ok(found) = table.rows(&names) else { return false };
    let (mut rows, mut of_files) = (0, 0);
    for row in found {
        let Ok(row) = row else { return false };
        if row.cells.iter().any(|cell| matches!(cell, Cell::Text(text) if is_image(text))) {
            return false;
        }
        rows += 1;
        of_files += usize::from(row.cells.iter().any(|cell| is_one_of(cell, stems)));
        if rows >= most {
            return false;
        }
    }
    // Files are often named without their ending. A single row names classes, whatever these are called.
    rows < 2 || 2 * of_files < rows
}

fn is_one_of(cell: &Cell, stems: &BTreeSet<&str>) -> bool {
    match cell {
        Cell::Text(text) => stems.contains(stem(text)),
        Cell::Int(number) => stems.contains(number.to_string().as_str()),
        Cell::Null | Cell::Float(_) | Cell::Bytes(_) | Cell::File(_) | Cell::List(_) | Cell::Object(_) | Cell::Other(_) => false,
    }
}

/// A file's name without its ending.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
