//! Texts whose vectors are to be near or far: pairs with a score, or texts that belong together. Which columns hold what, and what a
//! survey tells of them.

use super::columns::{self, called};
use super::features;
use super::lengths::Lengths;
use super::locate::Located;
use super::ordered;
use super::read::{Cell, ColumnKind, Table};
use super::survey::{files_of, told};
use super::{Error, Result};
use crate::job::Part;
use crate::plan::{DataFacts, SplitFacts};
use crate::spec::{Columns, Task};

/// Names that stand for a text, with those that stand for what belongs to it, likeliest first.
const TOGETHER: [(&str, &[&str]); 4] = [
    ("anchor", &["positive", "pos", "positives"]),
    ("query", &["positive", "pos", "positive_passage", "passage", "document", "doc", "answer", "response"]),
    ("question", &["positive", "passage", "document", "answer", "response"]),
    ("sentence", &["positive", "paraphrase", "similar"]),
];

/// What the name of a text begins with that does not belong to the first one: `negative`, `negative_1`, `hard_negative`.
const APART: [&str; 3] = ["negative", "neg", "hard_negative"];

/// Names of scores, likeliest first; the first few say it whatever else there is.
const SCORES: [&str; 9] =
    ["score", "similarity_score", "similarity", "relatedness_score", "relevance", "label", "labels", "rating", "value"];

/// The columns of texts, the first of which the others are near to or far from, and of their score if they have one.
///
/// # Errors
/// A column is not there or holds something else; it cannot be told which are meant.
pub(super) fn columns(table: &Table, asked: &Columns) -> Result<Columns> {
    const ROLE: &str = "text and which the one that belongs to it";
    let unclear = |have: Vec<String>| Error::ChooseColumn { path: table.path().into(), role: ROLE, have };
    let label = asked.label.as_ref().map(|name| called(table, name).map(|column| column.name.clone())).transpose()?;
    let together = together(table).filter(|_| label.is_none());
    let input = match asked.input.as_slice() {
        [] => match &together {
            Some(found) => found.clone(),
            None => pair(table, label.as_deref())?.ok_or_else(|| unclear(table.listed()))?,
        },
        [_] => return Err(unclear(asked.input.clone())),
        named => named.to_vec(),
    };
    columns::all_there(table, &input)?;
    for name in &input {
        table.column_of(name, "texts", |kind| matches!(kind, ColumnKind::Text | ColumnKind::Int | ColumnKind::Float))?;
    }
    let by_name = || score(table, &input).filter(|_| input.len() == 2 && together.as_ref() != Some(&input));
    let label = label.or_else(by_name);
    if let Some(label) = &label {
        if input.len() != 2 {
            return Err(Error::ChooseColumn { path: table.path().into(), role: "two texts that a score is of", have: input });
        }
        scores_in(table, label)?;
    }
    Ok(Columns { input, label, ..Columns::default() })
}

/// Whether names alone say that texts belong together, and nothing else is told of them.
pub(super) fn is_together(table: &Table) -> bool {
    let labelled = table.columns().iter().any(|column| SCORES.iter().any(|name| column.name.eq_ignore_ascii_case(name)));
    let apart = |found: &[String]| found.len() > 2;
    let plain =
        |found: &[String]| matches!(found[0].to_lowercase().as_str(), "anchor") || found[1].to_lowercase().starts_with("pos");
    together(table).is_some_and(|found| !labelled && (apart(&found) || plain(&found)))
}

/// A text, what belongs to it, and what does not, as columns are called.
fn together(table: &Table) -> Option<Vec<String>> {
    let texts: Vec<&str> = table.columns().iter().filter(|c| c.kind == ColumnKind::Text).map(|c| c.name.as_str()).collect();
    let named = |name: &str| texts.iter().find(|text| text.eq_ignore_ascii_case(name)).copied();
    let pair = |(first, others): &(&str, &[&str])| Some([named(first)?, others.iter().find_map(|other| named(other))?]);
    let pair = TOGETHER.iter().find_map(pair)?;
    let apart = |text: &&&str| {
        let lower = text.to_lowercase();
        let rest =
            |start: &&str| lower.strip_prefix(*start).map(|rest| rest.trim_start_matches(['_', '-', ' ', 's']).to_string());
        APART.iter().filter_map(|start| rest(&start)).any(|rest| rest.chars().all(|c| c.is_ascii_digit()))
    };
    Some(pair.iter().chain(texts.iter().filter(apart)).map(|name| name.to_string()).collect())
}

/// Two texts, by the names that pairs usually have, or because there are no others.
fn pair(table: &Table, label: Option<&str>) -> Result<Option<Vec<String>>> {
    if let Some(names) = columns::usual_texts(table).filter(|names| names.len() == 2) {
        return Ok(Some(names));
    }
    let texts = table.columns().iter().filter(|column| columns::is_text(column)).map(|column| column.name.clone());
    let mut texts: Vec<String> = texts.filter(|name| Some(name.as_str()) != label).collect();
    if texts.len() > 2 {
        // Beside texts, names and categories are of one word.
        const LEAST_WORDS: f64 = 1.5;
        let mut of_words = Vec::new();
        for name in texts {
            if columns::words_of_each(table, &name)? >= LEAST_WORDS {
                of_words.push(name);
            }
        }
        texts = of_words;
    }
    Ok((texts.len() == 2).then_some(texts))
}

/// The column of scores, by its name.
fn score(table: &Table, input: &[String]) -> Option<String> {
    let named = |name: &&str| table.columns().iter().find(|column| column.name.eq_ignore_ascii_case(name));
    let found = SCORES.iter().find_map(named)?;
    (!input.contains(&found.name)).then(|| found.name.clone())
}

/// A column of scores holds numbers. Two classes are the scores 0 and 1; more are no scores.
fn scores_in(table: &Table, label: &str) -> Result<()> {
    let column = table.column(label)?;
    let expected = "scores";
    if let Some(classes) = column.classes.as_ref().filter(|classes| classes.len() > 2) {
        let found = format!("{} classes: {}", classes.len(), classes.join(", "));
        return Err(Error::ColumnKind { path: table.path().into(), column: label.into(), expected, found });
    }
    if let Some([zero, one]) = column.classes.as_deref()
        && denies(one)
        && !denies(zero)
    {
        let found = format!("0 for `{zero}` and 1 for `{one}`");
        let expected = "scores that rise with nearness";
        return Err(Error::ColumnKind { path: table.path().into(), column: label.into(), expected, found });
    }
    // Texts of a CSV file may be numbers; whether they are is told row by row.
    table.column_of(label, expected, |kind| matches!(kind, ColumnKind::Int | ColumnKind::Float | ColumnKind::Text))?;
    Ok(())
}

/// Whether a class is called what something is not.
fn denies(class: &str) -> bool {
    let class = class.to_lowercase();
    ["not", "non", "no_", "no-", "no "].iter().any(|start| class.starts_with(start)) || class == "no"
}

/// What there is to know before planning. `part`: what of the first split is trained on, where it is not all of it.
pub(super) fn survey(
    splits: &[(String, Vec<Table>)],
    columns: Columns,
    part: Option<&Part>,
    lengths: Lengths,
    located: Located,
) -> Result<DataFacts> {
    let (mut facts, mut scores) = (Vec::new(), None);
    for (at, (name, tables)) in splits.iter().enumerate() {
        let examples = tables.iter().map(Table::count).sum::<Result<usize>>()?;
        let files = files_of(name, tables, examples)?;
        let mask = part.filter(|_| at == 0).map(|part| ordered::mask(tables, examples, part)).transpose()?;
        let found = columns.label.as_ref().map(|label| range(tables, label, at > 0, mask)).transpose()?;
        // A test set whose scores are kept secret has none, or -1 throughout.
        let labelled = found.is_none_or(|range| range.is_some_and(|range| range != [-1.0; 2]));
        if at == 0 {
            scores = found.flatten();
        }
        facts.push(SplitFacts { name: name.clone(), files, examples, labelled, part: None, tokens: None });
    }
    Ok(DataFacts { scores, ..told(Task::SentenceSimilarity, facts, columns, lengths, located) })
}

/// The least and the greatest score of the rows that `mask` has; what is no number is for the preparation to tell of, with its place.
fn range(tables: &[Table], label: &str, may_lack: bool, mask: Option<Vec<bool>>) -> Result<Option<[f64; 2]>> {
    let (mut found, mut number): (Option<[f64; 2]>, _) = (None, 0..);
    for table in tables {
        if may_lack && table.column(label).is_err() {
            continue;
        }
        for row in table.rows(&[label])? {
            let (cell, number) = (row?.cells.into_iter().next().unwrap_or(Cell::Null), number.next().unwrap_or(usize::MAX));
            if mask.as_ref().is_some_and(|mask| !mask.get(number).copied().unwrap_or(false)) {
                continue;
            }
            let value = match &cell {
                Cell::Int(value) => Some(*value as f64),
                Cell::Float(value) => Some(*value),
                other => features::number(other, table.comma(label)),
            };
            if let Some(value) = value.filter(|value| value.is_finite()) {
                found = Some(found.map_or([value; 2], |[low, high]| [low.min(value), high.max(value)]));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(csv: &str, input: &[&str], label: Option<&str>, expected: Result<(&[&str], Option<&str>), &str>) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.csv");
        std::fs::write(&path, csv).expect("written");
        let asked = Columns {
            input: input.iter().map(|name| name.to_string()).collect(),
            label: label.map(str::to_string),
            ..Columns::default()
        };
        match (Table::open(&path).and_then(|table| columns(&table, &asked)), expected) {
            (Ok(found), Ok((input, label))) => {
                assert_eq!(
                    (found.input.iter().map(String::as_str).collect::<Vec<_>>(), found.label.as_deref()),
                    (input.to_vec(), label),
                    "{csv}"
                );
            }
            (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
            (found, expected) => panic!("{csv}: expected {expected:?}, found {found:?}"),
        }
    }

    #[test]
    fn roles_are_found_by_name() {
        check("sentence1,sentence2,score\na,b,0.5\n", &[], None, Ok((&["sentence1", "sentence2"], Some("score"))));
        check("id,a,b\n1,x,y\n", &[], None, Ok((&["a", "b"], None)));
        check("a,b,similarity\nx,y,1\n", &[], None, Ok((&["a", "b"], Some("similarity"))));
        check("anchor,positive\nx,y\n", &[], None, Ok((&["anchor", "positive"], None)));
        check(
            "anchor,positive,negative_1,negative_2,negation\nx,y,z,w,v\n",
            &[],
            None,
            Ok((&["anchor", "positive", "negative_1", "negative_2"], None)),
        );
        check("query,answer,score\nx,y,3\n", &[], None, Ok((&["query", "answer"], None)));
        check("query,answer,score\nx,y,3\n", &[], Some("score"), Ok((&["query", "answer"], Some("score"))));
        check("a,b,c,d\nx,y,z,2\n", &["a", "c"], None, Ok((&["a", "c"], None)));
        check("a,b,c,d\nx,y,z,2\n", &["a", "c"], Some("d"), Ok((&["a", "c"], Some("d"))));
    }

    #[test]
    fn classes_that_deny() {
        for (class, expected) in [
            ("not_entailment", true),
            ("Non-duplicate", true),
            ("no", true),
            ("north", false),
            ("equivalent", false),
            ("unique", false),
        ] {
            assert_eq!(denies(class), expected, "{class}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_asked_for() {
        check("text,label\nx,1\n", &[], None, Err("which column holds the text and which the one that belongs to it"));
        check("a,b,c\nx,y,z\n", &[], None, Err("it has `a`, `b`, `c`"));
        check("a,b\nx,y\n", &["a"], None, Err("which column holds the text and which the one that belongs to it"));
        check("a,b\nx,y\n", &["a", "c"], None, Err("no column `c`"));
        check("a,b,c,s\nx,y,z,1\n", &["a", "b", "c"], Some("s"), Err("two texts that a score is of"));
    }
}
