//! Sentences with a line a word, as the CoNLL tasks have them: fields between spaces or tabs, the word first and its tag last, an
//! empty line between sentences. Lines `-DOCSTART-` and comments (`# `) in front of a sentence are no words.

use super::{Cell, Column, ColumnKind, Position, Row, Rows, packed, unreadable};
use crate::data::Result;
use std::io::BufRead;
use std::path::Path;

/// Names of the two columns.
const WORDS: &str = "tokens";
const TAGS: &str = "tags";

/// Lines that are looked at to tell such a file from a text.
const SAMPLE: usize = 200;

pub(super) fn columns() -> Vec<Column> {
    let column =
        |name: &str| Column { name: name.into(), kind: ColumnKind::List(Some(Box::new(ColumnKind::Text))), classes: None };
    vec![column(WORDS), column(TAGS)]
}

/// Whether a text file is of this kind: its lines have the same number of fields, at least two, and the last is a tag.
pub(super) fn is_such(path: &Path) -> bool {
    let Ok(file) = packed::open(path) else { return false };
    let lines = file.lines().take(SAMPLE).map_while(Result::ok).filter(|line| !is_between(line) && !is_comment(line));
    let fields: Vec<Vec<String>> = lines.map(|line| fields_of(&line).map(str::to_string).collect()).collect();
    let Some(first) = fields.first() else { return false };
    first.len() >= 2
        && fields.len() >= 2
        && fields.iter().all(|line| line.len() == first.len() && line.last().is_some_and(|tag| is_tag(tag)))
}

/// `O`, or one of the marks of IOB and IOBES with a type behind it.
fn is_tag(text: &str) -> bool {
    text == "O"
        || text.split_once('-').is_some_and(|(mark, kind)| matches!(mark, "B" | "I" | "E" | "S" | "L" | "U") && !kind.is_empty())
}

/// Whether a line parts sentences.
fn is_between(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with("-DOCSTART-")
}

/// Whether a line in front of a sentence says something of it: the word `#` has a tag.
fn is_comment(line: &str) -> bool {
    line.starts_with("# ") && !fields_of(line).next_back().is_some_and(is_tag)
}

/// What stands between spaces and tabs; other spaces are letters of a word.
fn fields_of(line: &str) -> impl DoubleEndedIterator<Item = &str> {
    line.split([' ', '\t']).filter(|field| !field.is_empty())
}

pub(super) fn rows(path: &Path, wanted: &[&str]) -> Result<Rows<'static>> {
    let wanted: Vec<bool> = wanted.iter().map(|name| *name == WORDS).collect();
    // Whoever asks for no tags needs none.
    let without_tags = wanted.iter().all(|of_words| *of_words);
    let mut lines = packed::open(path)?.lines().zip(1u64..);
    let path = path.to_path_buf();
    Ok(Box::new(std::iter::from_fn(move || {
        let (mut words, mut tags, mut begin) = (Vec::new(), Vec::new(), 0);
        for (line, number) in lines.by_ref() {
            let position = Some(Position::Line(number));
            let line = match line {
                Ok(line) => line,
                Err(e) => return Some(Err(unreadable(&path, position, e))),
            };
            if words.is_empty() && (is_between(&line) || is_comment(&line)) {
                continue;
            }
            if is_between(&line) {
                break;
            }
            let mut fields = fields_of(&line);
            let (word, tag) = match (fields.next(), fields.next_back()) {
                (Some(word), Some(tag)) => (word, tag),
                (Some(word), None) if without_tags => (word, ""),
                _ => return Some(Err(unreadable(&path, position, "expected a word and its tag, found a single field"))),
            };
            begin = if words.is_empty() { number } else { begin };
            words.push(Cell::Text(word.into()));
            tags.push(Cell::Text(tag.into()));
        }
        let cell = |of_words: &bool| Cell::List(if *of_words { words.clone() } else { tags.clone() });
        (!words.is_empty()).then(|| Ok(Row { position: Position::Line(begin), cells: wanted.iter().map(cell).collect() }))
    })))
}

#[cfg(test)]
mod tests {
    use crate::data::read::{Cell, Position, Table};

    fn texts(cell: &Cell) -> Vec<String> {
        let Cell::List(items) = cell else { panic!("expected a list") };
        items.iter().map(|item| if let Cell::Text(text) = item { text.clone() } else { panic!("expected a text") }).collect()
    }

    fn table(name: &str, text: &str) -> (tempfile::TempDir, Table) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        let table = Table::open(&path).expect("a table");
        (dir, table)
    }

    #[test]
    fn sentences_lie_between_empty_lines() {
        let text = "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\n\nPeter NNP B-NP B-PER\n";
        for name in ["train.conll", "train.txt", "train.tsv"] {
            let (_dir, table) = table(name, text);
            let rows: Vec<_> = table.rows(&["tags", "tokens"]).expect("rows").map(|row| row.expect("a row")).collect();
            assert_eq!((rows.len(), table.count().expect("counted")), (2, 2));
            assert_eq!(
                (texts(&rows[0].cells[0]), texts(&rows[0].cells[1])),
                (vec!["B-ORG".into(), "O".into()], vec!["EU".into(), "rejects".into()])
            );
            assert_eq!(rows[1].position, Position::Line(7));
        }
        let (_dir, odd) = table("train.conll", "# text = a # b\na O\n# O\na\u{a0}b\tO\n\n# O\n# b B-X\n");
        let rows: Vec<_> = odd.rows(&["tokens"]).expect("rows").map(|row| texts(&row.expect("a row").cells[0])).collect();
        assert_eq!(rows, [vec!["a", "#", "a\u{a0}b"], vec!["#", "#"]]);
        let (_dir, prose) = table("train.txt", "Two words\nmore O\nO\n");
        assert!(prose.is_document());
        let (_dir, broken) = table("train.conll", "EU B-ORG\nalone\n");
        let error = broken.rows(&["tags"]).expect("rows").find_map(Result::err).expect("refused").to_string();
        assert!(error.contains("line 2: expected a word and its tag"), "{error}");
    }

    /// What is to be tagged has no tags yet.
    #[test]
    fn words_are_read_without_tags() {
        let words = |text: &str| {
            let (_dir, table) = table("t.conll", text);
            let rows = table.rows(&["tokens"]).expect("rows");
            rows.map(|row| texts(&row.expect("a row").cells[0])).collect::<Vec<_>>()
        };
        let bare = words("Anna\nlives\n\nBob\n");
        assert_eq!(bare, [vec!["Anna", "lives"], vec!["Bob"]]);
        assert_eq!(bare, words("Anna B-PER\nlives O\n\nBob B-PER\n"));
    }
}
