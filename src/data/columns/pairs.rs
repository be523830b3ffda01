//! Columns of texts and of what is written from them.

use super::{has_few_values, is_text, named};
use crate::data::read::{Column, ColumnKind, Table};
use crate::data::{Error, Result};
use crate::spec::Columns;

/// Names of columns of a text and of what is written from it, likeliest first.
const WRITTEN: [(&str, &str); 14] = [
    ("source", "target"),
    ("src", "tgt"),
    ("source_text", "target_text"),
    ("input_text", "target_text"),
    ("document", "summary"),
    ("article", "highlights"),
    ("article", "summary"),
    ("article", "abstract"),
    ("dialogue", "summary"),
    ("report", "summary"),
    ("story", "summary"),
    ("body", "summary"),
    ("content", "summary"),
    ("text", "summary"),
];

/// The same of names that stand for other things as well.
const ALSO_WRITTEN: [(&str, &str); 7] = [
    ("input", "target"),
    ("input", "output"),
    ("question", "answer"),
    ("prompt", "completion"),
    ("text", "target"),
    ("text", "title"),
    ("content", "title"),
];

/// What columns of translations are called: languages by their code (ISO 639-1, without those that are usual words).
#[rustfmt::skip]
const LANGUAGES: [&str; 44] = [
    "af", "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gl", "he", "hi", "hr", "hu", "hy",
    "ja", "ka", "kk", "ko", "lt", "lv", "mk", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "ta", "tr", "uk", "ur", "vi", "zh",
];

/// What a column of translations is called that holds a text in each language.
const TRANSLATIONS: [&str; 2] = ["translation", "translations"];

/// What pairs of texts are, by the names of their columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairKind {
    Translation,
    Summary,
    Other,
}

impl PairKind {
    /// Those of a source and a target.
    pub fn of(columns: &Columns) -> Self {
        let is_language = |name: &String| {
            let (column, field) = name.rsplit_once('.').unwrap_or(("", name));
            is_one_of(field, &LANGUAGES) || is_one_of(column, &TRANSLATIONS)
        };
        let summary = |name: &String| {
            ["summar", "highlight", "abstract", "headline", "title", "tldr"].iter().any(|word| name.to_lowercase().contains(word))
        };
        match columns.label.as_ref() {
            Some(target) if is_language(target) && columns.input.iter().all(is_language) => PairKind::Translation,
            Some(target) if summary(target) => PairKind::Summary,
            _ => PairKind::Other,
        }
    }
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The column of texts that are read and, as the label, that of texts that are written from them.
pub(super) fn pairs(table: &Table, asked: &Columns) -> Result<Columns> {
    let role = "source and which the target (`data.columns.input`, `data.columns.label`)";
    let unclear = || Error::ChooseColumn { path: table.path().into(), role, have: table.listed() };
    let found = known_pairs(table).into_iter().chain(other_pairs(table)).find(|pair| are_meant(pair, asked));
    let [source, target] = match (found, asked.input.as_slice(), &asked.label) {
        (Some(pair), ..) => pair,
        (None, [source], Some(target)) => [source.clone(), target.clone()],
        // What is not there is told by its name.
        (None, [named], None) => return Err(table.column(named).err().unwrap_or_else(unclear)),
        (None, [], Some(named)) => return Err(table.column(named).err().unwrap_or_else(unclear)),
        (None, ..) => return Err(unclear()),
    };
    for name in [&source, &target] {
        let column = table.column(name)?;
        // What looks like numbers in a CSV file is text all the same.
        let good = matches!(column.kind, ColumnKind::Text | ColumnKind::Int | ColumnKind::Float);
        if !good || source == target {
            let found = if good { "the other text of the pair".into() } else { column.kind.in_words() };
            return Err(Error::ColumnKind { path: table.path().into(), column: name.clone(), expected: "texts", found });
        }
    }
    Ok(Columns { input: vec![source], label: Some(target), ..Columns::default() })
}

/// Whether these are the columns that were asked for, as far as any were; a field may be called without its column.
fn are_meant([source, target]: &[String; 2], asked: &Columns) -> bool {
    let is = |found: &String, asked: &String| found == asked || found.rsplit_once('.').is_some_and(|(_, field)| field == asked);
    asked.input.len() <= 1
        && asked.input.iter().all(|asked| is(source, asked))
        && asked.label.iter().all(|asked| is(target, asked))
}

/// Pairs of columns whose names leave no doubt, likeliest first.
fn known_pairs(table: &Table) -> Vec<[String; 2]> {
    let is_translations =
        |column: &&Column| is_one_of(&column.name, &TRANSLATIONS) && matches!(column.kind, ColumnKind::Object(_));
    let translations = table.columns().iter().filter(is_translations).flat_map(|column| {
        let within = format!("{}.", column.name);
        ordered(table.fields().iter().filter(|field| field.name.starts_with(&within)))
    });
    let is_language = |column: &&Column| column.kind == ColumnKind::Text && is_one_of(&column.name, &LANGUAGES);
    translations.chain(ordered(table.columns().iter().filter(is_language))).chain(named_pairs(table, &WRITTEN)).collect()
}

/// Pairs that serve where one text is to be written from another: usual names, else the only two columns of texts.
fn other_pairs(table: &Table) -> Vec<[String; 2]> {
    let texts: Vec<&Column> = table.columns().iter().filter(|column| is_text(column)).collect();
    let only = if texts.len() == 2 { ordered(texts.into_iter()) } else { Vec::new() };
    named_pairs(table, &ALSO_WRITTEN).into_iter().chain(only).collect()
}

fn named_pairs(table: &Table, names: &[(&str, &str)]) -> Vec<[String; 2]> {
    let text = |name: &str| named(table, name).filter(|column| column.kind == ColumnKind::Text).map(|column| column.name.clone());
    names.iter().filter_map(|(source, target)| Some([text(source)?, text(target)?])).collect()
}

/// Each column with each other, in their order: first those from the first one.
fn ordered<'a>(columns: impl Iterator<Item = &'a Column>) -> Vec<[String; 2]> {
    let names: Vec<&String> = columns.map(|column| &column.name).collect();
    let pairs = names.iter().flat_map(|source| names.iter().map(move |target| [(*source).clone(), (*target).clone()]));
    pairs.filter(|[source, target]| source != target).collect()
}

/// Whether one text is written from another, by the columns' names; what has few values is a class, whatever it is called.
pub(in crate::data) fn is_of_pairs(table: &Table, asked: &Columns) -> Result<bool> {
    match known_pairs(table).into_iter().find(|pair| are_meant(pair, asked)) {
        Some([_, target]) => Ok(!has_few_values(table, &target)?),
        None => Ok(false),
    }
}
