//! Names of images without their ending, as competitions have them: `id,label` beside a folder in which the image of a row is `ID.jpg`.

use super::{Cell, ColumnKind, Table, class_folder};
use crate::data::Result;
use crate::store::folder_of;
use crate::words::{count, counted};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// The first rows, by which it is seen that a column names images, and the first of them, of which one at least is there.
const SAMPLE: usize = 200;
const FIRST: usize = 20;
/// Columns that are looked at.
const COLUMNS: usize = 12;

/// Further folders in which images lie, as competitions call them.
const FOLDERS: [&str; 10] = ["train", "test", "train_images", "test_images", "image", "jpg", "jpeg", "png", "pictures", "data"];

/// Where a column's images lie.
pub(super) struct BareNames {
    column: String,
    /// Folder and ending, by how many of the first names they have, most first.
    places: Vec<(PathBuf, String)>,
}

impl BareNames {
    /// Whether a column is the one.
    pub(super) fn is_of(&self, column: &str) -> bool {
        self.column == column
    }

    /// The image of that name: the first that is there, else where it would be expected.
    pub(super) fn find(&self, name: &str) -> Option<PathBuf> {
        let mut all = self.all(name);
        all.find(|path| path.is_file()).or_else(|| self.all(name).next())
    }

    fn all(&self, name: &str) -> impl Iterator<Item = PathBuf> + use<'_> {
        let name = is_plain(name).then(|| name.to_string());
        name.into_iter().flat_map(|name| self.places.iter().map(move |(folder, ending)| folder.join(format!("{name}.{ending}"))))
    }
}

/// Whether it may be a file's name, and leads into no other folder.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    name.len() <= 128 && matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
}

impl Table {
    /// Looks for a column whose cells name images that lie beside the table, where no column names any with their ending.
    pub(super) fn look_for_bare_names(&mut self) -> Result<()> {
        let is_file = |column: &super::Column| matches!(column.kind, ColumnKind::Image | ColumnKind::Audio);
        let folders = self.folders_of_images();
        if self.columns.iter().any(is_file) {
            return Ok(());
        }
        let names = self.columns.iter().filter(|column| matches!(column.kind, ColumnKind::Text | ColumnKind::Int));
        let names: Vec<String> = names.take(COLUMNS).map(|column| column.name.clone()).collect();
        let mut best: Option<(usize, BareNames)> = None;
        for column in names {
            let Some(sample) = self.sample_of_names(&column) else { continue };
            let (found, places) = places(&sample, &folders);
            if 2 * found > sample.len() && best.as_ref().is_none_or(|(most, _)| found > *most) {
                best = Some((found, BareNames { column, places }));
            }
        }
        let Some((_, bare)) = best else { return Ok(()) };
        if let Some(column) = self.columns.iter_mut().find(|column| column.name == bare.column) {
            column.kind = ColumnKind::Image;
        }
        self.bare_names = Some(bare);
        Ok(())
    }

    /// Takes a column for one of images that it names, where that is known: of the rows that are meant some are there. A jail holds no others,
    /// so that the first rows say nothing. `is_meant`: of each row in turn.
    pub(in crate::data) fn take_for_images(&mut self, name: &str, is_meant: &mut dyn FnMut() -> bool) -> Result<()> {
        let is_bare = self.columns.iter().any(|c| c.name == name && matches!(c.kind, ColumnKind::Text | ColumnKind::Int));
        if !is_bare || !self.names_files() {
            (0..self.count()?).for_each(|_| {
                is_meant();
            });
            return Ok(());
        }
        let folders = self.folders_of_images();
        let all = || folders.iter().flat_map(|folder| class_folder::endings().map(move |ending| (folder.clone(), ending)));
        let mut found: Vec<(usize, (PathBuf, String))> = Vec::new();
        for row in self.rows(&[name])? {
            let cell = row?.cells.into_iter().next();
            let Some(name) = Some(is_meant()).filter(|meant| *meant).and_then(|_| name_in(cell)).filter(|name| is_plain(name))
            else {
                continue;
            };
            let is_there = |(folder, ending): &(PathBuf, String)| folder.join(format!("{name}.{ending}")).is_file();
            match found.iter_mut().find(|(_, place)| is_there(place)) {
                Some((count, _)) => *count += 1,
                None => found.extend(all().find(is_there).map(|place| (1, place))),
            }
        }
        found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let places: Vec<(PathBuf, String)> = found.into_iter().map(|(_, place)| place).collect();
        if let Some(column) = self.columns.iter_mut().find(|column| column.name == name).filter(|_| !places.is_empty()) {
            column.kind = ColumnKind::Image;
            self.bare_names = Some(BareNames { column: name.into(), places });
        }
        Ok(())
    }

    /// The table's own folder, and those beside it in which images may lie: first those that are called as the table.
    fn folders_of_images(&self) -> Vec<PathBuf> {
        let own = folder_of(&self.path);
        let stem = self.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_string();
        // `train` of `train_labels.csv`.
        let begins = stem.split(['_', '-', '.']).next().unwrap_or_default().to_string();
        let called = [format!("{stem}_images"), format!("{begins}_images"), stem, begins];
        let usual = super::named::FOLDERS.into_iter().chain(FOLDERS).map(str::to_string);
        let mut seen = BTreeSet::new();
        let beside = called.into_iter().chain(usual).filter(|name| !name.is_empty() && seen.insert(name.clone()));
        let beside = beside.map(|name| own.join(name)).filter(|folder| folder.is_dir());
        std::iter::once(own.to_path_buf()).chain(beside).collect()
    }

    /// The first cells of a column, where they may be names of files, each its own.
    fn sample_of_names(&self, column: &str) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for row in self.written_rows(&[column]).ok()?.take(SAMPLE) {
            match row.ok()?.cells.into_iter().next() {
                Some(Cell::Text(name)) if is_plain(&name) => names.push(name),
                Some(Cell::Int(number)) => names.push(number.to_string()),
                Some(Cell::Null) | None => {}
                Some(_) => return None,
            }
        }
        let different: BTreeSet<&String> = names.iter().collect();
        (!names.is_empty() && 10 * different.len() >= 9 * names.len()).then_some(names)
    }

    /// How the images are found, and which are not.
    pub(super) fn told_of_bare_names(&self) -> Option<String> {
        let bare = self.bare_names.as_ref()?;
        let (mut named, mut missing, mut several) = (0usize, 0usize, 0usize);
        for row in self.written_rows(&[&bare.column]).ok()? {
            let Some(name) = name_in(row.ok()?.cells.into_iter().next()) else { continue };
            named += 1;
            match bare.all(&name).filter(|path| path.is_file()).count() {
                0 => missing += 1,
                1 => {}
                _ => several += 1,
            }
        }
        let own = folder_of(&self.path);
        let place = |(folder, ending): &(PathBuf, String)| {
            let below = folder.strip_prefix(own).unwrap_or(folder).join(format!("*.{ending}"));
            format!("`{}`", below.display())
        };
        let places: Vec<String> = bare.places.iter().map(place).collect();
        let mut told = format!(
            "`{}` names images without their ending: of {}, {} are there, as {}",
            bare.column,
            counted(named, "row"),
            count((named - missing) as f64),
            places.join(", ")
        );
        if missing > 0 {
            told += &format!("; {} not there, whose rows are left out", counted(missing, "image"));
        }
        if several > 0 {
            told += &format!("; {} there more than once, of which the first in this order is read", counted(several, "name"));
        }
        Some(told)
    }
}

/// The name that a cell says.
fn name_in(cell: Option<Cell>) -> Option<String> {
    match cell? {
        Cell::Text(name) => Some(name),
        Cell::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// How many of the names are images in these folders, and where: by how many each place has, most first.
fn places(names: &[String], folders: &[PathBuf]) -> (usize, Vec<(PathBuf, String)>) {
    let mut found: Vec<(usize, PathBuf, String)> = Vec::new();
    for folder in folders {
        for ending in class_folder::endings() {
            let is_there = |name: &&String| folder.join(format!("{name}.{ending}")).is_file();
            let any = names.iter().take(FIRST).any(|name| is_there(&name));
            let count = if any { names.iter().filter(is_there).count() } else { 0 };
            if count > 0 {
                found.push((count, folder.clone(), ending));
            }
        }
    }
    found.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
    let places: Vec<(PathBuf, String)> = found.into_iter().map(|(_, folder, ending)| (folder, ending)).collect();
    let is_there = |name: &&String| places.iter().any(|(folder, ending)| folder.join(format!("{name}.{ending}")).is_file());
    (names.iter().filter(is_there).count(), places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, b"").expect("written");
        }
        dir
    }

    fn open(dir: &tempfile::TempDir, name: &str, text: &str) -> Table {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        Table::open(&path).expect("a table")
    }

    #[test]
    fn images_are_found_by_the_ending_that_is_there() {
        let dir = folder(&["train/001.jpg", "train/002.jpg", "train/003.PNG", "test/001.jpg", "train/004.jpg", "train/004.png"]);
        let table = open(&dir, "train.csv", "id,label\n001,cat\n002,dog\n003,cat\n004,dog\n005,cat\n");
        let cells: Vec<Cell> = table.rows(&["id"]).expect("rows").flat_map(|row| row.expect("a row").cells).collect();
        let expected = ["001.jpg", "002.jpg", "003.PNG", "004.jpg", "005.jpg"].map(|name| dir.path().join("train").join(name));
        assert_eq!(cells, expected.map(Cell::File));
        assert_eq!(table.column("id").expect("a column").kind, ColumnKind::Image);
        let told = table.notes().concat();
        for words in [
            "`id` names images without their ending: of 5 rows, 4 are there",
            "1 image not there",
            "2 names there more than once",
        ] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }

    /// As a jail holds them: those of the rows that are meant, and of these not the first.
    #[test]
    fn a_column_that_is_known_to_name_images_does_so_wherever_they_are() {
        let dir = folder(&["train/8.jpg", "train/9.png"]);
        let rows: String = (0..10).map(|i| format!("{i},{}\n", i % 2)).collect();
        let mut table = open(&dir, "train.csv", &format!("id,label\n{rows}"));
        assert!(table.bare_names.is_none());
        let mut all = 0..;
        table.take_for_images("id", &mut || all.next() >= Some(7)).expect("read");
        let cells: Vec<Cell> = table.rows(&["id"]).expect("rows").flat_map(|row| row.expect("a row").cells).skip(8).collect();
        assert_eq!(cells, ["8.jpg", "9.png"].map(|name| Cell::File(dir.path().join("train").join(name))));
    }

    #[test]
    fn other_columns_name_no_images() {
        let dir = folder(&["images/a.jpg", "images/b.jpg", "images/1.png", "images/2.png"]);
        // Few are there, the same ones stand there again and again, or a column names images with their ending.
        for text in ["id,label\na,x\nc,y\nd,x\n", "kind,size\n1,30\n2,31\n1,33\n2,34\n", "id,file\na,a.jpg\nb,b.jpg\n"] {
            let table = open(&dir, "t.csv", text);
            assert!(table.bare_names.is_none(), "{text}");
        }
        let table = open(&dir, "t.csv", "number,label\n1,x\n2,y\n");
        assert!(table.bare_names.as_ref().is_some_and(|bare| bare.is_of("number")));
        // What leads elsewhere is no name.
        assert_eq!(table.bare_names.expect("names").find("../t"), None);
    }
}
