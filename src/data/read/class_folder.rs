//! A folder of images, or of texts, one folder a class: `CLASS/**/*.png|jpg|webp|bmp|gif` or `CLASS/**/*.txt`. Columns `image` or `text`,
//! and `label`.

use super::{Cell, Column, ColumnKind, Position, Row, Rows, text};
use crate::data::{Result, splits, walk};
use std::path::{Path, PathBuf};

/// An image or a text of the folder.
pub(in crate::data) struct Entry {
    path: PathBuf,
    /// `CLASS/name.png`, or `CLASS/folder/name.png`.
    name: String,
    class: String,
}

/// Endings of images that can be read.
pub const IMAGES: [&str; 6] = ["png", "jpg", "jpeg", "webp", "bmp", "gif"];

/// Those of others: they count as images, so that it is told that they cannot be read.
const OTHERS: [&str; 6] = ["tif", "tiff", "avif", "heic", "jp2", "ppm"];

/// Whether a file is an image, by its name.
pub(in crate::data) fn is_image(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    ending.is_some_and(|ending| IMAGES.iter().chain(&OTHERS).any(|known| *known == ending))
}

/// All endings of images, in lower and upper case.
pub(super) fn endings() -> impl Iterator<Item = String> {
    IMAGES.iter().chain(&OTHERS).flat_map(|ending| [ending.to_string(), ending.to_uppercase()])
}

/// What the files of a folder are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Images,
    Texts,
}

impl Of {
    fn has(self, name: &str) -> bool {
        match self {
            Of::Images => is_image(name),
            Of::Texts => splits::is_text(name),
        }
    }

    fn column(self) -> (&'static str, ColumnKind) {
        match self {
            Of::Images => ("image", ColumnKind::Image),
            Of::Texts => ("text", ColumnKind::Text),
        }
    }
}

/// What lies in a folder.
pub(super) struct Found {
    of: Of,
    /// By class and name.
    pub(super) entries: Vec<Entry>,
    /// Files beside the folders of the classes: they belong to none.
    pub(super) strays: Vec<String>,
}

/// The images of a folder, however deep they lie in that of their class; where there are none, its texts.
pub(super) fn find(root: &Path) -> Result<Found> {
    let mut files = walk::files_below(root)?;
    // As paths: a class stands together.
    files.sort();
    let images = among(root, &files, Of::Images);
    Ok(if images.entries.is_empty() && images.strays.is_empty() { among(root, &files, Of::Texts) } else { images })
}

/// Those of the files below a folder that are such.
fn among(root: &Path, files: &[PathBuf], of: Of) -> Found {
    let mut found = Found { of, entries: Vec::new(), strays: Vec::new() };
    for path in files {
        let Some(name) = walk::name(root, path).filter(|name| of.has(name)) else { continue };
        match name.split_once('/') {
            Some((class, _)) => found.entries.push(Entry { path: path.clone(), class: class.into(), name }),
            None => found.strays.push(name),
        }
    }
    found
}

pub(super) fn columns(found: &Found) -> Vec<Column> {
    let mut classes: Vec<String> = found.entries.iter().map(|e| e.class.clone()).collect();
    classes.dedup();
    let (name, kind) = found.of.column();
    vec![
        Column { name: name.into(), kind, classes: None },
        Column { name: "label".into(), kind: ColumnKind::Text, classes: Some(classes) },
    ]
}

pub(super) fn rows<'a>(found: &'a Found, wanted: &[&str]) -> Rows<'a> {
    let wanted: Vec<bool> = wanted.iter().map(|name| *name == found.of.column().0).collect();
    Box::new(found.entries.iter().map(move |entry| {
        let cell = |is_input: &bool| {
            Ok(match found.of {
                _ if !is_input => Cell::Text(entry.class.clone()),
                Of::Images => Cell::File(entry.path.clone()),
                Of::Texts => Cell::Text(text::whole(&entry.path)?),
            })
        };
        let cells = wanted.iter().map(cell).collect::<Result<_>>()?;
        Ok(Row { position: Position::File(entry.name.clone()), cells })
    }))
}
