//! Which column somebody means by a name.

use crate::data::read::{Column, Table};
use crate::data::{Error, Result};

/// Whether a column may be what `name` says, however its words are parted and whether they are large or small: `Source Text` for
/// `source_text`; several words are those of a longer name, too: `body mass` of `body_mass_g`.
pub fn is_called(column: &str, name: &str) -> bool {
    let (own, wanted) = (words(column), words(name));
    own.concat() == wanted.concat() || wanted.len() > 1 && wanted.iter().all(|word| own.contains(word))
}

/// Whether a name begins and ends as one with a star in it has it: `tmp_raw` of `tmp_*`.
pub fn is_alike(column: &str, pattern: &str) -> bool {
    let (column, pattern) = (column.to_lowercase(), pattern.to_lowercase());
    pattern
        .split_once('*')
        .is_some_and(|(start, end)| column.len() >= start.len() + end.len() && column.starts_with(start) && column.ends_with(end))
}

/// The column that [`is_called`] so; of several that hold its words none.
pub(super) fn named<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    // A field by its whole path, which nobody writes by chance.
    let fields = table.fields().iter().filter(|field| field.name.contains('.'));
    let exact = table.columns().iter().chain(fields).find(|column| column.name == name);
    let exact = exact.or_else(|| table.columns().iter().find(|column| words(&column.name).concat() == words(name).concat()));
    let mut like = table.columns().iter().filter(|column| is_called(&column.name, name));
    exact.or_else(|| like.next().filter(|_| like.next().is_none()))
}

/// The column of that name; else the only one with these words in its name, as people say it: `body mass` for `body_mass_g`; else the
/// only one that has none but some of them; else the only one that ends as they do; else the one that stands there: `the last column`; else the only one that a
/// slip of the keyboard makes it: `speceis` for `species`.
///
/// # Errors
/// There is none, or several: the message lists those that there are.
pub(in crate::data) fn called<'a>(table: &'a Table, name: &str) -> Result<&'a Column> {
    let wanted = words(name);
    let only = |fits: &dyn Fn(&[String]) -> bool| {
        let mut found = table.columns().iter().filter(|column| fits(&words(&column.name)));
        found.next().filter(|_| !wanted.is_empty() && found.next().is_none())
    };
    let exact = table.columns().iter().chain(table.fields()).find(|column| column.name == name);
    let found = exact.or_else(|| only(&|words| words.concat() == wanted.concat()));
    // Which one it is is not what it is: a `loan` is no `loan_id`.
    let is_row = |words: &[String]| words.last().is_some_and(|last| last == "id" && !wanted.contains(last));
    let found = found.or_else(|| only(&|words| !is_row(words) && wanted.iter().all(|word| words.contains(word))));
    // What is counted, not what it is counted by: `revenue per user` for `revenue`.
    let found = found.or_else(|| {
        let (of, _) = name.split_once(" per ")?;
        only(&|own| own.concat() == words(of).concat())
    });
    // The other way round: `house price` for `price`, or for `SalePrice`, whose last word says what it is, too.
    let found = found.or_else(|| only(&|words| !words.is_empty() && words.iter().all(|word| wanted.contains(word))));
    let found = found.or_else(|| only(&|words| wanted.len() > 1 && words.last() == wanted.last()));
    let found = found.or_else(|| placed(table, &wanted));
    let slip = |words: &[String]| is_slip(&words.concat(), &wanted.concat());
    found.or_else(|| only(&slip)).map_or_else(|| table.column(name), Ok)
}

/// The column of a place among all.
pub(super) fn placed<'a>(table: &'a Table, wanted: &[String]) -> Option<&'a Column> {
    let (place, of) = wanted.split_first()?;
    let all = table.columns();
    let column = match place.as_str() {
        "first" | "1st" => all.first(),
        "second" | "2nd" => all.get(1),
        "third" | "3rd" => all.get(2),
        "fourth" | "4th" => all.get(3),
        "fifth" | "5th" => all.get(4),
        "last" | "final" => all.last(),
        _ => None,
    };
    column.filter(|_| matches!(of, []) || matches!(of, [only] if only == "column" || only == "field"))
}

/// The words of a name in lower case: `sale`, `price` of `SalePrice`.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for part in text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
        let mut was_small = false;
        words.push(String::new());
        for letter in part.chars() {
            if letter.is_uppercase() && was_small {
                words.push(String::new());
            }
            was_small = letter.is_lowercase();
            words.last_mut().into_iter().for_each(|word| word.extend(letter.to_lowercase()));
        }
    }
    words
}

/// Whether one letter too many, too few, another, or two in the wrong order make the one of the other. Of short names that is chance,
/// and another digit is another column.
pub(super) fn is_slip(name: &str, written: &str) -> bool {
    const SHORTEST: usize = 4;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let long = name.chars().count().min(written.chars().count()) >= SHORTEST;
    long && digits(name) == digits(written) && strsim::osa_distance(name, written) == 1
}

/// # Errors
/// Some of the columns are not there: all of them are named.
pub(in crate::data) fn all_there<'a>(table: &Table, wanted: impl IntoIterator<Item = &'a String>) -> Result<()> {
    let missing: Vec<String> = wanted.into_iter().filter(|name| table.column(name).is_err()).cloned().collect();
    match missing.as_slice() {
        [] => Ok(()),
        [only] => table.column(only).map(|_| ()),
        _ => Err(Error::NoColumns { path: table.path().into(), columns: missing, have: table.listed() }),
    }
}
