//! Columns of words, and of their tags.

use crate::data::read::{Column, ColumnKind, Table};
use crate::data::{Error, Result};
use crate::spec::Columns;

/// Names that stand for lists of words, and for lists of their tags, likeliest first.
pub(in crate::data) const SENTENCES: [&str; 3] = ["tokens", "words", "token"];
const TAGS: [&str; 8] = ["ner_tags", "tags", "labels", "ner", "entities", "pos_tags", "upos", "chunk_tags"];

/// The column of words, and that of their tags.
pub(super) fn tagged(table: &Table, asked: &Columns) -> Result<Columns> {
    let lists = |kinds: &[ColumnKind], but: &str| -> Vec<String> {
        let fits = |column: &&Column| column.kind.is_list_of(kinds) && column.name != but;
        table.columns().iter().filter(fits).map(|column| column.name.clone()).collect()
    };
    let choose = |names: Vec<String>, usual: &[&str], role: &'static str| match names.as_slice() {
        [only] => Ok(only.clone()),
        several => {
            let found = usual.iter().find_map(|name| several.iter().find(|column| column.eq_ignore_ascii_case(name)));
            let unclear = || Error::ChooseColumn { path: table.path().into(), role, have: table.listed() };
            found.cloned().ok_or_else(unclear)
        }
    };
    let expect = |name: &str, kinds: &[ColumnKind], expected: &'static str| {
        let serves = |kind: &ColumnKind| kind.is_list_of(kinds) || *kind == ColumnKind::List(None);
        table.column_of(name, expected, serves).map(|column| column.name.clone())
    };
    const OF_TEXTS: [ColumnKind; 1] = [ColumnKind::Text];
    const OF_TAGS: [ColumnKind; 2] = [ColumnKind::Text, ColumnKind::Int];
    let label = match &asked.label {
        Some(name) => expect(name, &OF_TAGS, "lists of tags")?,
        None => {
            let all = lists(&OF_TAGS, "");
            let is_words =
                |name: &String| SENTENCES.iter().any(|words| name.eq_ignore_ascii_case(words)) || asked.input.contains(name);
            choose(all.into_iter().filter(|name| !is_words(name)).collect(), &TAGS, "tags")?
        }
    };
    let words = match asked.input.as_slice() {
        [] => choose(lists(&OF_TEXTS, &label), &SENTENCES, "words")?,
        [one] => expect(one, &OF_TEXTS, "lists of words")?,
        several => {
            return Err(Error::ChooseColumn { path: table.path().into(), role: "words", have: several.to_vec() });
        }
    };
    Ok(Columns { input: vec![words], label: Some(label), ..Columns::default() })
}

/// Whether words are tagged: one list of words by its name, and a list of tags beside it.
pub(in crate::data) fn is_tagged(table: &Table, asked: &Columns) -> bool {
    let is = |column: &Column, names: &[&str]| names.iter().any(|name| column.name.eq_ignore_ascii_case(name));
    let words = |column: &Column| {
        column.kind.is_list_of(&[ColumnKind::Text]) && (is(column, &SENTENCES) || asked.input.contains(&column.name))
    };
    let tags = |column: &Column| {
        column.kind.is_list_of(&[ColumnKind::Text, ColumnKind::Int])
            && (is(column, &TAGS) || column.classes.is_some() || asked.label.as_ref() == Some(&column.name))
    };
    table.columns().iter().any(words) && table.columns().iter().any(|column| tags(column) && !words(column))
}
