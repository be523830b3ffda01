//! Words of somebody's of which it is not known whether they are columns, settled once the table is at hand.

use super::akin::akin;
use super::naming::is_slip;
use super::roles::Roles;
use super::several::holds_flags;
use super::texts::{texts_beside, words_of_each};
use super::{called, has_few_values, is_alike, is_name, is_usual_label, named, words};
use crate::data::read::{Column, ColumnKind, Table};
use crate::spec::Columns;
use crate::words::listed;
use std::collections::BTreeSet;

/// Words of somebody's that are columns where the data has such, by what they would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PerhapsColumns {
    pub label: Vec<String>,
    pub input: Vec<String>,
    pub exclude: Vec<String>,
    /// Words of what is asked, of which one may be the label: `which patients are readmitted`.
    pub told: Vec<String>,
    /// Phrases that nothing else came of: of their words one may be a column, too, in another form of its name.
    pub open: Vec<String>,
    /// All that was said, as it stands and as it was read where that is not the same: columns may be called by their own names in it.
    pub says: Vec<String>,
    /// Words of it that are no common ones: of such a slip of the keyboard may make a name.
    pub strange: Vec<String>,
    /// Whether a model of texts is asked for: of a table its texts are read then.
    pub reads_texts: bool,
    /// Phrases that choose rows by what they hold.
    pub rows: Vec<String>,
    /// Whether numbers are told of pairs: by what they are measured by, or by the loss.
    pub is_scored: bool,
}

impl PerhapsColumns {
    /// Takes the label and what is left out from those that the table has, where nothing was said as it is; the inputs, which say nothing
    /// of what the table is for.
    pub(in crate::data) fn settle(&self, table: &Table, asked: &mut Columns) -> Vec<String> {
        // Of a list some are said by how they begin, and others by their names.
        let is_list = asked.input.iter().any(|name| name.contains('*'));
        for names in [&mut asked.input, &mut asked.exclude] {
            *names = names.iter().flat_map(|name| alike(table, name)).collect();
        }
        let there = |names: &[String]| -> Vec<String> {
            let mut found: Vec<String> = Vec::new();
            for column in names.iter().filter_map(|name| named(table, name)) {
                if !found.contains(&column.name) {
                    found.push(column.name.clone());
                }
            }
            found
        };
        let roles = self.roles(table);
        self.take_roles(table, &roles, asked);
        if is_list && asked.input.iter().all(|name| roles.input.contains(name)) {
            asked.input.clone_from(&roles.input);
        }
        // What somebody calls a column is not its name, which may stand beside it: `o preço (coluna price)`.
        let is_named = asked.label.as_ref().is_some_and(|label| named(table, label).is_some());
        if !is_named && asked.labels.is_empty() {
            let flags = self.label.iter().filter_map(|name| named(table, &format!("is_{name}")));
            let flags = flags.map(|column| column.name.clone());
            let said = there(&self.label).into_iter().chain(flags).next();
            let label = asked.label.as_ref().filter(|label| called(table, label).is_ok());
            // A name that some column is called by is no other's: `predict the house price, flag the area`.
            let is_in = |name: &String, label: &String| words(name).iter().any(|word| words(label).contains(word));
            let has_usual = || table.columns().iter().any(|column| is_usual_label(&column.name));
            let found = match label {
                Some(label) => said.filter(|name| is_in(name, label)),
                None if said.is_none() && !has_usual() => self.label_told(table),
                None => said,
            };
            asked.label = found.or(asked.label.take());
            // `Readmission` is told by `readmitted`.
            let unknown = asked.label.as_ref().filter(|label| called(table, label).is_err());
            if let Some(column) = unknown.and_then(|label| akin(table, label)) {
                asked.label = Some(column.name.clone());
            }
        }
        if asked.label.is_none() && self.is_scored {
            asked.label = only_number(table, asked);
        }
        if let ([placed], None, []) = (roles.placed.as_slice(), &asked.label, asked.labels.as_slice()) {
            asked.label = Some(placed.clone()).filter(|name| !is_row_name(name) && !crate::data::tells_when(name));
        }
        if asked.label.is_none() && asked.labels.is_empty() {
            asked.label = text_that_is_said(table, &roles);
        }
        let label = asked.label.as_ref().and_then(|label| called(table, label).ok()).map(|column| column.name.clone());
        let label = label.or_else(|| asked.labels.first().cloned());
        let is_other = |name: &String| label.as_ref() != Some(name) && !asked.labels.contains(name);
        for name in there(&self.exclude).into_iter().chain(self.left_out_otherwise(table)).filter(is_other) {
            if !asked.exclude.contains(&name) {
                asked.exclude.push(name);
            }
        }
        if !asked.input.is_empty() {
            return vec![];
        }
        let mut own = there(&self.input);
        own.extend(self.input.iter().filter(|name| named(table, name).is_none()).flat_map(|name| alike_by_a_word(table, name)));
        let listed = Self::inputs_listed(table, &roles, label.as_deref());
        own.extend(roles.input.iter().chain(&listed).filter(|name| !own.contains(name)).cloned().collect::<Vec<_>>());
        if own.is_empty() && self.reads_texts {
            own = self.texts_mentioned(table);
        }
        let input = own.into_iter().filter(is_other).filter(|name| !asked.exclude.contains(name));
        // What a table is for is read from all of its columns, where nobody says what is told of it, unless they are listed.
        let input: Vec<String> = input.filter(|name| label.is_some() || !is_usual_label(name)).collect();
        // A field of a column is named by its whole path, and by nobody who means something else.
        let is_field = |name: &String| table.columns().iter().all(|column| column.name != *name);
        if label.is_none() && input.len() < 2 && !input.iter().any(is_field) {
            return vec![];
        }
        input
    }

    /// Of a model of texts the one or two that a request names, where the table has others besides.
    fn texts_mentioned(&self, table: &Table) -> Vec<String> {
        const LEAST_WORDS: f64 = 2.0;
        let is_text = |name: &String| words_of_each(table, name).is_ok_and(|words| words >= LEAST_WORDS);
        let texts = texts_beside(table, "", &[]);
        let names: Vec<&str> = texts.iter().map(String::as_str).collect();
        let said: Vec<String> = self.says.iter().flat_map(|text| Roles::mentioned(text, &names)).collect();
        let named: Vec<String> = texts.iter().filter(|name| said.contains(name) && is_text(name)).cloned().collect();
        if (1..=2).contains(&named.len()) && named.len() < texts.len() { named } else { vec![] }
    }

    /// What is said of columns by their own names.
    pub(in crate::data) fn roles(&self, table: &Table) -> Roles {
        let names = table.names();
        self.roles_of(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The same of columns of these names.
    pub fn roles_of(&self, names: &[&str]) -> Roles {
        self.says.iter().map(|text| Roles::of(&self.mended(text, names), names)).fold(Roles::default(), Roles::with)
    }

    /// A text with the name of the column for each strange word that a slip of the keyboard makes it, where that is one alone, and is
    /// nowhere in the text; words for parts of columns alike.
    pub fn mended(&self, text: &str, names: &[&str]) -> String {
        const PARTS: [&str; 4] = ["label", "target", "input", "column"];
        let is_there = |name: &str| Roles::mentioned(text, &[name]).iter().any(|own| own == name);
        let mut text = text.to_string();
        for word in &self.strange {
            let near = |name: &&&str| is_slip(&name.to_lowercase(), word) && !is_there(name);
            let mut found = names.iter().filter(near);
            let own = found.next().filter(|_| found.next().is_none()).copied();
            let part = || PARTS.iter().find(|part| is_slip(part, word)).copied();
            if let Some(name) = own.or_else(part) {
                text = replaced(&text, word, name);
            }
        }
        text
    }

    /// Labels of 0 and 1 of which a text may have several: those that are told together, else those of a bare list.
    pub(in crate::data) fn labels_told(&self, table: &Table, asked: &Columns) -> Option<Vec<String>> {
        let roles = self.roles(table);
        if !asked.labels.is_empty() || names_another(table, asked, &roles.together) {
            return None;
        }
        let of_list = || -> Vec<String> {
            let is_said = !roles.label.is_empty() || self.label.iter().any(|name| named(table, name).is_some());
            let flags = roles.listed.iter().filter(|name| is_flag(table, name)).cloned();
            if is_said || asked.label.is_some() { vec![] } else { flags.collect() }
        };
        let together = roles.together.iter().all(|name| is_flag(table, name));
        let labels = if together && !roles.together.is_empty() { roles.together.clone() } else { of_list() };
        (labels.len() > 1 && !texts_beside(table, "", &[]).is_empty()).then_some(labels)
    }

    /// Columns of which all are to be told and that are not labels of a text, each 0 or 1: no model here tells several things.
    pub(in crate::data) fn several_told(&self, table: &Table, asked: &Columns) -> Option<Vec<String>> {
        let together = self.roles(table).together;
        if together.len() < 2 {
            return None;
        }
        let is_said_otherwise = !asked.labels.is_empty() || names_another(table, asked, &together);
        let are_labels = || is_said_otherwise || self.labels_told(table, asked).is_some();
        (!together.iter().all(|name| is_flag(table, name)) || !are_labels()).then_some(together)
    }

    /// The label and what is left out, where nothing that the table has was said of them otherwise.
    fn take_roles(&self, table: &Table, roles: &Roles, asked: &mut Columns) {
        let is_there = |name: &String| named(table, name).is_some();
        let is_said = asked.label.as_ref().is_some_and(is_there) || !asked.labels.is_empty();
        if let ([label], false) = (roles.label.as_slice(), is_said) {
            asked.label = Some(label.clone());
        }
        if asked.label.is_none() && asked.labels.is_empty() && !self.label.iter().any(is_there) && roles.label.is_empty() {
            asked.label = label_of_list(table, &roles.listed);
        }
        for name in &roles.exclude {
            if !asked.exclude.contains(name) && asked.label.as_ref() != Some(name) {
                asked.exclude.push(name.clone());
            }
        }
        // What the reader of requests took for a column and none is called so.
        if !roles.input.is_empty() && !asked.input.iter().all(is_there) {
            asked.input.clone_from(&roles.input);
        }
    }

    /// Of a bare list the texts beside its label: what else it holds is said of nothing.
    fn inputs_listed(table: &Table, roles: &Roles, label: Option<&str>) -> Vec<String> {
        let Some(label) = label else { return vec![] };
        let others: Vec<String> = roles.listed.iter().filter(|name| **name != label).cloned().collect();
        let texts = texts_beside(table, label, &[]);
        let are_texts = (1..=2).contains(&others.len()) && others.iter().all(|name| texts.contains(name));
        // Of a table whoever lists what it has, the label with it, knows of no other columns.
        let are_all = roles.lists_all && others.len() > 1 && others.len() < roles.listed.len();
        if (are_texts || are_all) && roles.input.is_empty() { others } else { vec![] }
    }

    /// What is told of these inputs where nothing but a list of the request's says that they are all, and the table has others.
    pub(in crate::data) fn narrowed(&self, table: &Table, asked: &Columns, input: &[String]) -> Option<String> {
        let own = Self::inputs_listed(table, &self.roles(table), asked.label.as_deref());
        let is_other = |name: &String| {
            !input.contains(name) && asked.label.as_ref() != Some(name) && !asked.exclude.contains(name) && !is_row_name(name)
        };
        let others: Vec<String> = table.names().into_iter().filter(is_other).collect();
        let is_narrowed = !input.is_empty() && own == input && !others.is_empty();
        is_narrowed.then(|| {
            let (read, others) = (listed(input), listed(&others));
            format!("data.columns.input: {read} alone are read, for the request lists the columns so; {others} left out")
        })
    }

    /// The only column that is asked for in passing: what is asked about may be one, too, of which there is another in each row.
    pub(in crate::data) fn label_told(&self, table: &Table) -> Option<String> {
        let may_be_told = |column: &&Column| match column.kind {
            ColumnKind::Int | ColumnKind::Float => true,
            ColumnKind::Text => has_few_values(table, &column.name).unwrap_or(false),
            ColumnKind::Image | ColumnKind::Audio | ColumnKind::List(_) | ColumnKind::Object(_) | ColumnKind::Other(_) => false,
        };
        let columns = |names: &[String]| -> BTreeSet<String> {
            names.iter().filter_map(|name| named(table, name)).map(|column| column.name.clone()).collect()
        };
        let (input, exclude, roles) = (columns(&self.input), columns(&self.exclude), self.roles(table));
        // What is surely read, or left out, is not told.
        let is_taken = |name: &String| exclude.contains(name) || roles.input.contains(name) || roles.exclude.contains(name);
        // Who something is about is not what is told of it.
        let is_row = |column: &&Column| is_name(&column.name) || column.name.to_lowercase().ends_with("_id");
        let told = self.told.iter().filter_map(|name| named(table, name)).filter(may_be_told);
        let told: BTreeSet<String> =
            told.filter(|column| !is_row(column)).map(|column| column.name.clone()).filter(|name| !is_taken(name)).collect();
        let only = |mut names: BTreeSet<String>| names.pop_first().filter(|_| names.is_empty());
        // `Classify the class` may be about an input or a label.
        let others: BTreeSet<String> = told.difference(&input).cloned().collect();
        if others.is_empty() { only(told) } else { only(others) }
    }
}

/// The columns whose names begin and end so, of `tmp_*`; where none do, the name as it stands, which the table is found not to have.
fn alike(table: &Table, name: &str) -> Vec<String> {
    let found: Vec<String> = table.names().into_iter().filter(|own| is_alike(own, name)).collect();
    if found.is_empty() { vec![name.into()] } else { found }
}

/// A text with another word for one that stands in it as a whole.
fn replaced(text: &str, word: &str, other: &str) -> String {
    let low = text.to_lowercase();
    if low.len() != text.len() {
        return text.into();
    }
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut out, mut from) = (String::new(), 0);
    for (at, found) in low.match_indices(word) {
        let end = at + found.len();
        if !low[..at].ends_with(is_of_word) && !low[end..].starts_with(is_of_word) {
            out.push_str(&text[from..at]);
            out.push_str(other);
            from = end;
        }
    }
    out + &text[from..]
}

/// Whether the label that was asked for is a column besides these.
fn names_another(table: &Table, asked: &Columns, together: &[String]) -> bool {
    let column = asked.label.as_ref().and_then(|label| named(table, label));
    column.is_some_and(|column| !together.contains(&column.name))
}

/// Whether a column holds nothing but 0 and 1.
fn is_flag(table: &Table, name: &str) -> bool {
    named(table, name).is_some_and(|column| holds_flags(table, column).unwrap_or(false))
}

/// The only column of numbers, which numbers no rows.
fn only_number(table: &Table, asked: &Columns) -> Option<String> {
    let may = |column: &&Column| {
        let is_read = asked.input.contains(&column.name) || asked.exclude.contains(&column.name);
        matches!(column.kind, ColumnKind::Int | ColumnKind::Float) && !is_read && !is_row(column)
    };
    let mut found = table.columns().iter().filter(may);
    found.next().filter(|_| found.next().is_none()).map(|column| column.name.clone())
}

/// `Text = wording` beside recordings: the only text that is spoken of as one is what is said in them.
fn text_that_is_said(table: &Table, roles: &Roles) -> Option<String> {
    let is = |name: &String, kind: &ColumnKind| table.columns().iter().any(|column| column.name == *name && column.kind == *kind);
    let mut texts = roles.input.iter().filter(|name| is(name, &ColumnKind::Text));
    let has_recordings = table.columns().iter().any(|column| column.kind == ColumnKind::Audio);
    texts.next().filter(|_| has_recordings && texts.next().is_none()).cloned()
}

/// Whether a column says which row it is, by its name.
fn is_row(column: &Column) -> bool {
    is_row_name(&column.name)
}

pub(super) fn is_row_name(name: &str) -> bool {
    is_name(name) || words(name).last().is_some_and(|word| word == "id")
}

/// The columns that share a word, which is all that is said of them: `the two petal measurements`. Of a count there are as many.
fn alike_by_a_word(table: &Table, name: &str) -> Vec<String> {
    #[rustfmt::skip]
    const KINDS: [&str; 16] = [
        "measurement", "measurements", "columns", "features", "values", "readings", "fields", "variables", "numbers", "scores", "sizes", "dimensions", "attributes", "ones", "sensors", "signals",
    ];
    const COUNTS: [&str; 5] = ["two", "three", "four", "five", "six"];
    let said = words(name);
    let own: Vec<&String> =
        said.iter().filter(|word| !KINDS.contains(&word.as_str()) && !COUNTS.contains(&word.as_str())).collect();
    let [word] = own.as_slice() else { return vec![] };
    let is_many = said.iter().any(|word| KINDS.contains(&word.as_str()));
    let count = said.iter().find_map(|word| COUNTS.iter().position(|count| count == word)).map(|at| at + 2);
    let found: Vec<String> = table.names().into_iter().filter(|column| words(column).contains(word)).collect();
    let is_meant = is_many && found.len() > 1 && count.is_none_or(|count| count == found.len());
    if is_meant { found } else { vec![] }
}

/// The label of a list that says of no column what it is for, `(question1, question2, is_duplicate)`: the only one that is called as labels
/// or as what is so or not; else the last, where it alone holds what can be told of the texts before it.
fn label_of_list(table: &Table, listed: &[String]) -> Option<String> {
    let (last, others) = listed.split_last()?;
    let is_flag =
        |name: &&String| ["is_", "has_"].iter().any(|start| name.to_lowercase().starts_with(start)) || is_usual_label(name);
    let mut flags = listed.iter().filter(is_flag);
    if let Some(only) = flags.next().filter(|_| flags.next().is_none()) {
        return Some(only.clone());
    }
    let texts = texts_beside(table, last, &[]);
    let is_number =
        named(table, last).is_some_and(|column| matches!(column.kind, ColumnKind::Int | ColumnKind::Float) && !is_row(column));
    let can_be_told = |name: &String| {
        let column = named(table, name);
        column.is_some_and(|column| match column.kind {
            ColumnKind::Int | ColumnKind::Float => true,
            ColumnKind::Text => has_few_values(table, name).unwrap_or(false),
            ColumnKind::Image | ColumnKind::Audio | ColumnKind::List(_) | ColumnKind::Object(_) | ColumnKind::Other(_) => false,
        })
    };
    // Of a number beside nothing but texts it does not matter whether they come again and again.
    let are_texts = others.iter().all(|name| texts.contains(name) && (is_number || !can_be_told(name)));
    (are_texts && !others.is_empty() && can_be_told(last)).then(|| last.clone())
}
