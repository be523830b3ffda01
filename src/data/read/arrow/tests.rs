use crate::data::read::{Cell, ColumnKind, Table};
use std::path::{Path, PathBuf};

/// What pyarrow and the `datasets` library wrote: `tests/fixtures/arrow/make.py`.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/arrow").join(name)
}

fn read(path: &Path, columns: &[&str]) -> Vec<Vec<Cell>> {
    let table = Table::open(path).expect("a table");
    let rows: Vec<_> = table.rows(columns).expect("rows").map(|row| row.expect("a row").cells).collect();
    assert_eq!(table.count().expect("counted"), rows.len());
    rows
}

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

#[test]
fn what_save_to_disk_leaves_with_its_classes() {
    let path = fixture("saved/train/data-00000-of-00001.arrow");
    let table = Table::open(&path).expect("a table");
    assert_eq!(table.column("label").expect("there").classes.as_deref(), Some(&["sad".to_string(), "glad".into()][..]));
    let rows = read(&path, &["label", "text"]);
    assert_eq!(rows[0], [Cell::Int(1), text("good")]);
    assert_eq!(rows[2..], [[Cell::Int(0), Cell::Null], [Cell::Int(1), text("fine, \"really\"\nfine")]]);
}

#[test]
fn cells_of_every_kind() {
    let path = fixture("kinds.arrow");
    let check = |column: &str, kind: ColumnKind, expected: [Cell; 4]| {
        assert_eq!(Table::open(&path).expect("a table").column(column).expect("there").kind, kind, "{column}");
        let found: Vec<Cell> = read(&path, &[column]).into_iter().flatten().collect();
        assert_eq!(found, expected, "{column}");
    };
    let (int, float, bytes) = (Cell::Int, Cell::Float, |bytes: &[u8]| Cell::Bytes(bytes.to_vec()));
    let (null, list) = (|| Cell::Null, Cell::List);
    check("text", ColumnKind::Text, [text("a"), null(), text("ccc"), text("")]);
    check("tiny", ColumnKind::Int, [int(-1), int(2), null(), int(127)]);
    check("big", ColumnKind::Int, [text("18446744073709551615"), int(0), int(1), null()]);
    check("half", ColumnKind::Float, [float(0.5), float(-2.0), null(), float(65504.0)]);
    check("real", ColumnKind::Float, [float(0.1), null(), float(1e300), float(-0.0)]);
    check("flag", ColumnKind::Int, [int(1), int(0), null(), int(1)]);
    let day = || text("2020-02-29T00:00:00Z");
    check("day", ColumnKind::Text, [day(), null(), day(), day()]);
    let time = || text("2020-02-29T12:30:01Z");
    check("time", ColumnKind::Text, [time(), time(), null(), time()]);
    let lists = |of| ColumnKind::List(Some(Box::new(of)));
    let words = [list(vec![text("x"), text("y")]), list(vec![]), null(), list(vec![null(), text("z")])];
    check("words", lists(ColumnKind::Text), words);
    let pair = |a, b| list(vec![int(a), int(b)]);
    check("pair", lists(ColumnKind::Int), [pair(1, 2), pair(3, 4), null(), pair(5, 6)]);
    let object = |de: Cell, en: &str| Cell::Object(vec![("de".into(), de), ("en".into(), text(en))]);
    let objects = [object(text("ja"), "yes"), object(null(), "no"), null(), object(text("d"), "e")];
    check("object", ColumnKind::Object(vec!["de".into(), "en".into()]), objects);
    check("image", ColumnKind::Image, [bytes(b"\x89P"), bytes(b""), null(), bytes(b"z")]);
    check("colour", ColumnKind::Text, [text("red"), text("green"), null(), text("red")]);
    check("nothing", ColumnKind::Text, [null(), null(), null(), null()]);
    // Several columns in another order, and none.
    assert_eq!(read(&path, &["flag", "tiny"])[3], [int(1), int(127)]);
    assert_eq!(read(&path, &[]).len(), 4);
}

#[test]
fn views_and_a_dictionary_that_grows() {
    let texts = ["a text of more than twelve bytes", "short"];
    let rows = read(&fixture("views.arrow"), &["text", "name"]);
    let names = [Some("one"), Some("two"), None, Some("three"), Some("one"), Some("two")];
    for ((row, name), at) in rows.iter().zip(names).zip(0..) {
        let expected = [texts.get(at % 3).map_or(Cell::Null, |of| text(of)), name.map_or(Cell::Null, text)];
        assert_eq!(row[..], expected, "row {at}");
    }
    assert_eq!(rows.len(), 6);
}

#[test]
fn what_is_damaged_or_packed_is_said() {
    let dir = tempfile::tempdir().expect("a folder");
    let place = dir.path().join("t.arrow");
    let whole = std::fs::read(fixture("kinds.arrow")).expect("read");
    let said = |bytes: &[u8]| {
        std::fs::write(&place, bytes).expect("written");
        let read = Table::open(&place).and_then(|table| table.rows(&["text", "words"])?.try_fold(0, |n, row| row.map(|_| n + 1)));
        read.map_err(|e| e.to_string())
    };
    assert_eq!(said(&whole), Ok(4));
    for bytes in [&whole[..whole.len() / 3], b"text,label\na,1\n", b"ARROW1\0\0", b""] {
        let error = said(bytes).expect_err("damaged");
        assert!(error.contains("it is no Arrow file"), "{error}");
    }
    let packed = std::fs::read(fixture("packed.arrow")).expect("read");
    assert!(said(&packed).expect_err("packed").contains("packed one by one"));
    // No byte, whatever becomes of it, has the reader panic or use more memory than the file is large.
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x81;
        let _ = said(&bytes);
    }
}
