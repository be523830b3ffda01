//! Which texts of a table are read to tell the label.

use super::{called, has_few_values, is_name, named, sample};
use crate::data::read::{Column, ColumnKind, Table};
use crate::data::{Error, Result, classes, ordered};
use crate::spec::Columns;

/// Names that stand for texts where a table has many, likeliest first.
const TEXTS: [&[&str]; 9] = [
    &["sentence1", "sentence2"],
    &["premise", "hypothesis"],
    &["question1", "question2"],
    &["question", "sentence"],
    &["text"],
    &["sentence"],
    &["content"],
    &["review"],
    &["question", "passage"],
];
/// The columns of text that have the usual names, if the table has such.
pub(in crate::data) fn usual_texts(table: &Table) -> Option<Vec<String>> {
    usual_among(table, &|_| true)
}

/// As [`usual_texts`], of these columns.
pub(super) fn usual_among(table: &Table, may: &dyn Fn(&str) -> bool) -> Option<Vec<String>> {
    let is_text = |column: &&Column| column.kind == ColumnKind::Text && may(&column.name);
    let text = |name: &&str| named(table, name).filter(is_text).map(|column| column.name.clone());
    TEXTS.into_iter().find_map(|names| names.iter().map(text).collect())
}

/// The columns that are read to tell the label. `by_length`: among several texts the only long one is meant, where texts were asked for.
pub(super) fn find_input(table: &Table, label: &str, exclude: &[String], by_length: bool) -> Result<Vec<String>> {
    let of_kind = |kind: ColumnKind| -> Vec<String> {
        table
            .columns()
            .iter()
            .filter(|c| c.kind == kind && c.name != label && !exclude.contains(&c.name))
            .map(|c| c.name.clone())
            .collect()
    };
    let unclear = |have: Vec<String>| Error::ChooseColumn { path: table.path().into(), role: "input", have };
    let images = of_kind(ColumnKind::Image);
    match images.as_slice() {
        [] => {}
        [only] => return Ok(vec![only.clone()]),
        several => {
            let usual = several.iter().find(|name| matches!(name.to_lowercase().as_str(), "image" | "img"));
            return usual.map(|name| vec![name.clone()]).ok_or_else(|| unclear(several.to_vec()));
        }
    }
    let texts = texts_beside(table, label, exclude);
    let usual = usual_among(table, &|name| texts.iter().any(|text| text == name));
    match (texts.as_slice(), usual) {
        ([_], None) => Ok(texts),
        ([a, b], None) => {
            let category = category_of(table, [a, b])?.cloned();
            Ok(texts.into_iter().filter(|name| category.as_ref() != Some(name)).collect())
        }
        (_, Some(usual)) => Ok(usual),
        (several, None) if by_length => Ok(vec![the_long_one(table, several)?.ok_or_else(|| unclear(table.listed()))?]),
        _ => Err(unclear(table.listed())),
    }
}

/// Whether a column holds texts, and does not say by its name which row it is.
pub(in crate::data) fn is_text(column: &Column) -> bool {
    column.kind == ColumnKind::Text && !is_name(&column.name)
}

/// The columns of texts that may be read to tell the label.
pub(in crate::data) fn texts_beside(table: &Table, label: &str, exclude: &[String]) -> Vec<String> {
    let may = |c: &&Column| is_text(c) && c.name != label && !exclude.contains(&c.name);
    let mut texts: Vec<String> = table.columns().iter().filter(may).map(|c| c.name.clone()).collect();
    if texts.len() > 1 {
        // When something was written is no text.
        let times = ordered::columns_of_time(table);
        texts.retain(|name| !times.contains(name));
    }
    texts
}

/// Words of a text that is one of sentences, and no name or title, at least.
const LONG: f64 = 8.0;

/// Words of a text, in the mean over those that differ.
pub(in crate::data) fn words_of_each(table: &Table, column: &str) -> Result<f64> {
    let (values, _) = sample(table, column, classes::name_of)?;
    let words: usize = values.iter().map(|value| words_in(value)).sum();
    Ok(words as f64 / values.len().max(1) as f64)
}

/// Words of a text; of a script without spaces between them about two signs are one.
fn words_in(text: &str) -> usize {
    let is_unspaced = |c: &char| ('\u{2e80}'..='\u{9fff}').contains(c) && c.is_alphabetic();
    let of = |word: &str| match word.chars().filter(is_unspaced).count() {
        0 => 1,
        signs => signs.div_ceil(2),
    };
    text.split_whitespace().map(of).sum()
}

/// The only long text among several.
pub(super) fn the_long_one(table: &Table, texts: &[String]) -> Result<Option<String>> {
    let mut long = Vec::new();
    for name in texts {
        if words_of_each(table, name)? >= LONG {
            long.push(name.clone());
        }
    }
    Ok(long.pop().filter(|_| long.is_empty()))
}

/// Whether a table holds a text to read beside its numbers and categories: a long one, or of those that are `named` one that is no
/// category.
pub(in crate::data) fn holds_text(table: &Table, asked: &Columns, named: &[String]) -> Result<bool> {
    const FEW_WORDS: f64 = 3.0;
    let named = if asked.input.is_empty() { named } else { &asked.input };
    let label = asked.label.as_ref().and_then(|label| called(table, label).ok()).map_or("", |column| column.name.as_str());
    for name in texts_beside(table, label, &asked.exclude) {
        let words = words_of_each(table, &name)?;
        let is_text = match named.is_empty() {
            true => words >= LONG,
            false => named.contains(&name) && (words >= FEW_WORDS || !has_few_values(table, &name)?),
        };
        if is_text {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a table holds a text of few words, such as a title, that is no category.
pub(in crate::data) fn holds_phrases(table: &Table, asked: &Columns) -> Result<bool> {
    const FEW_WORDS: f64 = 3.0;
    let label = asked.label.as_ref().and_then(|label| called(table, label).ok()).map_or("", |column| column.name.as_str());
    for name in texts_beside(table, label, &asked.exclude) {
        let words = words_of_each(table, &name)?;
        if words >= FEW_WORDS || words >= 2.0 && !has_few_values(table, &name)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the only text that is read is one among several, of which none has a usual name.
pub(in crate::data) fn is_one_of_several(table: &Table, read: &Columns, exclude: &[String]) -> bool {
    let texts = texts_beside(table, read.label.as_deref().unwrap_or_default(), exclude);
    let usual = usual_among(table, &|name| texts.iter().any(|text| text == name));
    read.input.len() == 1 && texts.len() > 1 && usual.is_none()
}

/// The columns of a table that a text is read from, which are not read: all but the input, the label and what was not wanted anyway.
pub(in crate::data) fn unread(table: &Table, read: &Columns, exclude: &[String]) -> Vec<String> {
    let is_read = |name: &String| read.input.contains(name) || read.label.as_ref() == Some(name) || read.labels.contains(name);
    table.names().into_iter().filter(|name| !is_read(name) && !exclude.contains(name) && !name.is_empty()).collect()
}

/// Of two texts the one that is one of a few words, where the other has many values: a category beside it, and no second text of a pair.
pub(super) fn category_of<'a>(table: &Table, [a, b]: [&'a String; 2]) -> Result<Option<&'a String>> {
    let is_word = |name: &str| -> Result<bool> {
        let (values, _) = sample(table, name, classes::name_of)?;
        Ok(values.iter().all(|value| value.split_whitespace().count() == 1))
    };
    Ok(match (has_few_values(table, a)?, has_few_values(table, b)?) {
        (true, false) if is_word(a)? => Some(a),
        (false, true) if is_word(b)? => Some(b),
        _ => None,
    })
}

/// The column that was not taken for the second text of a pair, where nobody named the inputs that were found.
///
/// # Errors
/// As reading it.
pub(in crate::data) fn left_beside(table: &Table, found: &Columns, exclude: &[String]) -> Result<Option<String>> {
    let (Some(label), [input]) = (&found.label, found.input.as_slice()) else { return Ok(None) };
    match texts_beside(table, label, exclude).as_slice() {
        [a, b] if a == input || b == input => Ok(category_of(table, [a, b])?.filter(|category| *category != input).cloned()),
        _ => Ok(None),
    }
}
