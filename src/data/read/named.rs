//! Files that the rows of a table name, images and recordings: they lie beside it or below.

use super::{Cell, Column, ColumnKind, Position, Row, Source, Table, class_folder};
use crate::data::{Error, Result};
use crate::store::folder_of;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// Folders beside a table in which files lie that its rows name by themselves, as Common Voice has them; and the one that is called as
/// the table, as in competitions.
pub(super) const FOLDERS: [&str; 9] = ["clips", "audio", "wavs", "wav", "images", "imgs", "img", "photos", "files"];

/// Files that rows name, by the folder that their table lies in.
pub type Named = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

impl Table {
    /// Whether images and recordings are there by their names alone.
    pub(in crate::data) fn names_files(&self) -> bool {
        match self.source {
            Source::Csv(_) | Source::Jsonl => true,
            Source::Parquet | Source::Arrow | Source::Conll | Source::Text | Source::Folder(_) => false,
        }
    }

    /// Columns of names of images of which none is there are none: the names alone say nothing. Any of them will do: where files are
    /// missing, and where a jail holds those of some rows, the first is no more than the others.
    pub(super) fn look_for_images(&mut self) -> Result<()> {
        let is_image = |column: &&Column| column.kind == ColumnKind::Image;
        let named: Vec<String> = self.columns.iter().filter(is_image).map(|column| column.name.clone()).collect();
        for name in named {
            let is_there = self.whole_rows(&[&name])?.any(|row| match row {
                Ok(row) => matches!(row.cells.first(), Some(Cell::File(path)) if path.is_file()),
                Err(Error::Image { .. }) => false,
                // What cannot be read is told where it is.
                Err(_) => true,
            });
            if let (false, Some(column)) = (is_there, self.columns.iter_mut().find(|column| column.name == name)) {
                column.kind = ColumnKind::Other("names of images that are not there".into());
            }
        }
        Ok(())
    }

    /// The columns of files that rows name.
    pub(in crate::data) fn columns_of_files(&self) -> Vec<&str> {
        let of_files = |column: &&Column| matches!(column.kind, ColumnKind::Audio | ColumnKind::Image);
        self.columns.iter().filter(of_files).filter(|_| self.names_files()).map(|column| column.name.as_str()).collect()
    }

    /// Adds the files that these rows name. Names of what is not there, or leads out of the folder by a link, are none.
    pub(in crate::data) fn add_named(&self, rows: impl IntoIterator<Item = Row>, named: &mut Named) {
        let folder = folder_of(&self.path);
        let within = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.into());
        for cell in rows.into_iter().flat_map(|row| row.cells) {
            let Cell::File(file) = cell else { continue };
            if std::fs::canonicalize(&file).is_ok_and(|leads| leads.starts_with(&within) && leads.is_file()) {
                named.entry(folder.into()).or_default().insert(file);
            }
        }
    }

    /// The file of that name in the table's folder or below it: nothing else is readable where rows are read.
    pub(super) fn beside(&self, name: &str, position: &Position, column: &str) -> Result<PathBuf> {
        let folder = folder_of(&self.path);
        let below = Path::new(name).strip_prefix(folder).unwrap_or(Path::new(name));
        if below.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            let own = folder.join(below);
            let is_bare = below.components().count() == 1 && !own.exists();
            let called = self.path.file_stem().and_then(OsStr::to_str);
            let folders = FOLDERS.into_iter().chain(called).filter(|_| is_bare);
            let within = folders.map(|name| folder.join(name).join(below)).find(|path| path.is_file());
            return Ok(within.unwrap_or(own));
        }
        let what = format!("expected the name of a file below `{}`, where the table lies, found `{name}`", folder.display());
        let (path, position, is_image) = (self.path.clone(), position.clone(), class_folder::is_image(name));
        let column = column.into();
        Err(match is_image {
            true => Error::Image { path, position, column, what },
            false => Error::Audio { path, position, column, what },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_beside_their_table_or_in_the_usual_folder() {
        let dir = tempfile::tempdir().expect("a folder");
        let table = dir.path().join("train.tsv");
        let names = ["a.mp3", "b.mp3", "c.mp3", "d.mp3"];
        let rows: String = names.iter().map(|name| format!("x\t{name}\thello\n")).collect();
        std::fs::write(&table, format!("client_id\tpath\tsentence\n{rows}")).expect("written");
        ["clips", "train"].iter().for_each(|folder| std::fs::create_dir(dir.path().join(folder)).expect("made"));
        for name in ["clips/a.mp3", "clips/b.mp3", "b.mp3", "train/d.mp3"] {
            std::fs::write(dir.path().join(name), b"").expect("written");
        }
        let table = Table::open(&table).expect("a table");
        let found: Vec<Cell> = table.rows(&["path"]).expect("rows").flat_map(|row| row.expect("a row").cells).collect();
        let expected = ["clips/a.mp3", "b.mp3", "c.mp3", "train/d.mp3"].map(|name| Cell::File(dir.path().join(name)));
        assert_eq!(found, expected);
    }
}
