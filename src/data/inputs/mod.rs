//! Inputs without answers, for a model that is put to use: read and turned into what it is fed with, some at a time, so that a table
//! of any length takes the memory of a few rows. Runs in the jail: what is read is not trusted.

mod columns;
mod encoder;

pub use encoder::{Encoder, Fed, Tokens};

use super::read::{Cell, Named, Position, Row, Table, is_image};
use super::{Error, Result, splits, walk};
use crate::job::{Feeding, Given};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use tallow_zoo::Modality;

/// Inputs that are turned at once; of images, which are large, fewer.
const CHUNK: usize = 1024;
const IMAGES: usize = 128;
/// What is heard of half a minute are some hundred thousand numbers.
const RECORDINGS: usize = 8;

/// What stands on the command line has no file.
const SAID: &str = "the command line";

/// An input, or what is wrong with it.
pub struct Read {
    pub fed: std::result::Result<Fed, Error>,
    /// What it is called, where it is a file by itself.
    pub file: Option<String>,
}

impl Read {
    fn of(row: Row, encoder: &Encoder, (path, table): (&Path, Option<&Table>), columns: &[String]) -> Self {
        let file = match (&row.position, row.cells.first()) {
            (Position::File(name), _) => Some(name.clone()),
            (_, Some(Cell::File(path))) => Some(path.display().to_string()),
            _ => None,
        };
        Read { fed: encoder.turn(path, table, columns, row), file }
    }
}

/// Whether a folder is one of images, and no table says which.
pub fn is_folder_of_images(folder: &Path) -> bool {
    let names = walk::files_below(folder).map(|files| walk::names(folder, &files)).unwrap_or_default();
    names.iter().any(|name| is_image(name)) && !names.iter().any(|name| splits::is_table(name))
}

/// What of `place` a worker is to be told: the folder itself, or each of its images, where some are links. The jail shows what is named,
/// and not where links lead that lie in it.
pub fn images_to_name(place: PathBuf) -> Vec<PathBuf> {
    let is_linked = |image: &PathBuf| image.ancestors().take_while(|part| *part != place).any(Path::is_symlink);
    match images_of(&place) {
        Ok(images) if images.iter().any(is_linked) => images,
        // What is wrong with it is told by whoever reads it.
        Ok(_) | Err(_) => vec![place],
    }
}

/// The images of a folder in the order of their names, however deep they lie; what is no folder as it is.
fn images_of(place: &Path) -> Result<Vec<PathBuf>> {
    if !place.is_dir() {
        return Ok(vec![place.into()]);
    }
    let mut files = walk::files_below(place)?;
    files.retain(|file| is_image(&file.to_string_lossy()));
    files.sort();
    Ok(files)
}

/// The files that rows of tables name, images or recordings: besides what is given, all that a worker needs to read.
///
/// # Errors
/// As [`each_chunk`], for what the tables themselves say.
pub fn named_files(given: &Given, feeding: &Feeding) -> Result<Vec<PathBuf>> {
    let mut named = Named::new();
    if matches!(feeding.task.takes(), Modality::Image | Modality::Speech) {
        each_row((given, feeding), &Table::names_files, |table, row| table.add_named([row], &mut named))?;
    }
    Ok(named.into_values().flatten().collect())
}

/// Reads all tables to their ends: what is wrong with a file is told before there are answers that would be lost.
///
/// # Errors
/// As [`each_chunk`], for what the tables themselves say.
pub fn read_through(given: &Given, feeding: &Feeding) -> Result<()> {
    each_row((given, feeding), &|_| true, |_, _| {})
}

/// Each row, with the cells of the input, of those tables that are `wanted`.
fn each_row(
    (given, feeding): (&Given, &Feeding),
    wanted: &dyn Fn(&Table) -> bool,
    mut work: impl FnMut(&Table, Row),
) -> Result<()> {
    let Given::Tables { files, columns: asked, called } = given else { return Ok(()) };
    for file in files {
        let shown = called.get(file).map_or(file.as_path(), |name| Path::new(name.as_str()));
        let named = |error: Error| error.called(file, shown);
        let table = Table::open(file).map_err(named)?;
        if !wanted(&table) {
            continue;
        }
        let columns = columns::find(&table, asked, feeding).map_err(named)?;
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        for row in table.rows(&columns).map_err(named)? {
            work(&table, row.map_err(named)?);
        }
    }
    Ok(())
}

fn row_of(file: &Path) -> Row {
    Row { position: Position::File(file.display().to_string()), cells: vec![Cell::File(file.into())] }
}

/// Hands on all inputs, some at a time, in their order.
///
/// # Errors
/// A file cannot be read, or has no columns that serve; what `work` says. What is wrong with one input alone is told with it.
pub fn each_chunk<E: From<Error>>(
    given: &Given,
    feeding: &Feeding,
    encoder: &Encoder,
    mut work: impl FnMut(Vec<Read>) -> Result<(), E>,
) -> Result<(), E> {
    let turned = |path: &Path, table: Option<&Table>, columns: &[String], rows: Vec<Row>| -> Vec<Read> {
        rows.into_par_iter().map(|row| Read::of(row, encoder, (path, table), columns)).collect()
    };
    match given {
        Given::Texts { texts } => {
            let columns = ["text".to_string(), "the second text".to_string()];
            for (at, some) in texts.chunks(CHUNK).enumerate() {
                let rows = (1 + at as u64 * CHUNK as u64..).zip(some).map(|(number, texts)| Row {
                    position: Position::Row(number),
                    cells: texts.iter().cloned().map(Cell::Text).collect(),
                });
                work(turned(Path::new(SAID), None, &columns, rows.collect()))?;
            }
        }
        Given::Images { files } => {
            let files = files.iter().map(|place| images_of(place)).collect::<Result<Vec<_>>>()?.concat();
            for some in files.chunks(IMAGES) {
                work(turned(Path::new(SAID), None, &["image".to_string()], some.iter().map(|file| row_of(file)).collect()))?;
            }
        }
        Given::Recordings { files } => {
            for some in files.chunks(RECORDINGS) {
                work(turned(Path::new(SAID), None, &["recording".to_string()], some.iter().map(|file| row_of(file)).collect()))?;
            }
        }
        Given::Tables { files, columns: asked, called } => {
            for file in files {
                let shown = called.get(file).map_or(file.as_path(), |name| Path::new(name.as_str()));
                let named = |error: Error| error.called(file, shown);
                let table = Table::open(file).map_err(named)?;
                let columns = columns::find(&table, asked, feeding).map_err(named)?;
                let wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
                let size = match () {
                    () if feeding.hears.is_some() => RECORDINGS,
                    () if feeding.table.is_none() && feeding.tokenizer.is_none() => IMAGES,
                    () => CHUNK,
                };
                let mut rows = table.rows(&wanted).map_err(named)?;
                loop {
                    let some: Vec<Row> = rows.by_ref().take(size).collect::<Result<_>>().map_err(named)?;
                    if some.is_empty() {
                        break;
                    }
                    work(turned(shown, Some(&table), &columns, some))?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Task;
    use std::collections::BTreeMap;

    #[test]
    fn all_images_of_a_folder_are_asked_about() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        std::fs::create_dir(root.join("cats")).expect("a folder");
        for name in ["b.png", "cats/a.JPG", ".hidden.png", "notes.txt"] {
            std::fs::write(root.join(name), "x").expect("written");
        }
        assert_eq!(images_of(root).expect("listed"), [root.join("b.png"), root.join("cats/a.JPG")]);
        assert_eq!(images_of(&root.join("b.png")).expect("as it is"), [root.join("b.png")]);
        assert!(is_folder_of_images(root));
        std::fs::write(root.join("metadata.csv"), "file_name\nb.png\n").expect("written");
        assert!(!is_folder_of_images(root) && !is_folder_of_images(&root.join("absent")));
    }

    fn tables(file: &Path) -> Given {
        Given::Tables { files: vec![file.into()], columns: Vec::new(), called: BTreeMap::new() }
    }

    /// They lie beside the table, where a jail shows the table alone.
    #[test]
    fn files_that_rows_name_are_read_too() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let heard = [file("a.mp3", "x"), file("b.mp3", "x")];
        let table = file("rows.csv", "audio,speaker\na.mp3,ada\nb.mp3,bob\nc.mp3,ada\n");
        let found = |task: Task| named_files(&tables(&table), &Feeding::bare(task)).expect("read");
        assert_eq!(found(Task::SpeechRecognition), heard, "what is not there is named by the worker");
        assert!(found(Task::TextClassification).is_empty());
    }

    #[test]
    fn a_file_that_is_broken_at_its_end_is_told_of_at_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("rows.jsonl");
        let rows: String = (0..2000).map(|i| format!("{{\"text\": \"a film of {i}\"}}\n")).collect();
        let read = |text: &str| {
            std::fs::write(&file, text).expect("written");
            read_through(&tables(&file), &Feeding::bare(Task::LanguageModelling))
        };
        read(&rows).expect("whole");
        let broken = read(&format!("{rows}{{\"text\": \n")).expect_err("broken");
        assert!(broken.to_string().contains("rows.jsonl"), "{broken}");
    }
}
