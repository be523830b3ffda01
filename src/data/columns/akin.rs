//! Columns that are said in another form of their names: `predict readmission` of `readmitted`, `which loans default` of `defaulted`.
//!
//! Only where no column has the name itself, and only one has such a form: two words are forms of one where they begin alike and each
//! ends as forms of words do.

use super::naming::is_alike;
use super::perhaps::is_row_name;
use super::roles::Roles;
use super::texts::words_of_each;
use super::{PerhapsColumns, find_named_label, has_few_values, is_usual_label, named, sample, words};
use crate::data::classes;
use crate::data::read::{Column, ColumnKind, Table};
use crate::spec::Columns;
use crate::words::quoted;

/// Letters that two forms of a word begin with alike, at least: `price` is no form of `prize`.
const SHORTEST: usize = 5;

/// What is behind the letters that are alike: `readmi-ssion` and `readmi-tted`, `surviv-al` and `surviv-ed`.
#[rustfmt::skip]
const ENDINGS: [&str; 53] = [
    "", "s", "es", "e", "d", "ed", "r", "er", "ers", "or", "ors", "ing", "ings", "y", "ies", "ied", "ia", "ion", "ions", "ation", "ations", "sion", "ssion", "ssions",
    "tion", "ption", "lation", "ted", "tted", "tting", "bed", "bing", "ded", "led", "ling", "al", "als", "ance", "ence", "ancy", "ency", "ment", "ments", "age", "ity", "able", "ous", "ic",
    "t", "ce", "cy", "is", "ulent",
];

/// What stands in the name of a column beside what it is of: `default` of `is_default`.
const LITTLE: [&str; 5] = ["is", "has", "was", "did", "are"];

/// What people say of a column beside its name: `ZIP code` of `zip`.
#[rustfmt::skip]
const GENERIC: [&str; 17] = [
    "code", "codes", "number", "numbers", "value", "values", "data", "information", "info", "column", "columns", "field", "fields", "feature", "features", "variable",
    "variables",
];

/// Whether two words are forms of one: `default`, `defaults`, `defaulted`.
fn are_forms(one: &str, other: &str) -> bool {
    let common = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let is_form = |word: &str| {
        let rest: String = word.chars().skip(common).collect();
        ENDINGS.contains(&rest.as_str())
    };
    // Several of a short one: `teams` of `team`.
    const LEAST: usize = 4;
    let are_several = |many: &str, one: &str| one.chars().count() >= LEAST && many.strip_suffix('s') == Some(one);
    one == other || are_several(one, other) || are_several(other, one) || common >= SHORTEST && is_form(one) && is_form(other)
}

fn are_equal(one: &str, other: &str) -> bool {
    one == other
}

/// Whether each of these words has a form among the others.
fn are_among(some: &[String], all: &[String]) -> bool {
    some.iter().all(|word| all.iter().any(|other| are_forms(word, other)))
}

/// The words of a name that say what it is of.
fn telling(name: &str) -> Vec<String> {
    words(name).into_iter().filter(|word| !LITTLE.contains(&word.as_str())).collect()
}

/// The only column that fits.
fn only<'a>(table: &'a Table, fits: &dyn Fn(&Column) -> bool) -> Option<&'a Column> {
    let mut found = table.columns().iter().filter(|column| fits(column));
    found.next().filter(|_| found.next().is_none())
}

/// Whether a column holds what can be told: numbers or a few kinds of texts, and not which row it is.
fn may_be_told(table: &Table, column: &Column) -> bool {
    let is_row = is_row_name(&column.name);
    match column.kind {
        ColumnKind::Int | ColumnKind::Float => !is_row,
        ColumnKind::Text => !is_row && has_few_values(table, &column.name).unwrap_or(false),
        ColumnKind::Image | ColumnKind::Audio | ColumnKind::List(_) | ColumnKind::Object(_) | ColumnKind::Other(_) => false,
    }
}

/// Whether a column is called so in another form, but for words that say nothing of which it is: `zip` the `ZIP code`.
pub fn is_same_name(column: &str, name: &str) -> bool {
    let bare = |text: &str| -> Vec<String> { words(text).into_iter().filter(|word| !GENERIC.contains(&word.as_str())).collect() };
    let (own, said) = (bare(column), bare(name));
    !own.is_empty() && are_among(&own, &said) && are_among(&said, &own)
}

/// The only column that the words for a label say in another form: all of its own words are among them, `hospital readmission`, or all
/// of them are among its own.
pub(super) fn akin<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    let said = words(name);
    let is_whole = |column: &Column| {
        let own = telling(&column.name);
        !own.is_empty() && are_among(&own, &said) && may_be_told(table, column)
    };
    let is_part = |column: &Column| !said.is_empty() && are_among(&said, &telling(&column.name)) && may_be_told(table, column);
    only(table, &is_whole).or_else(|| only(table, &is_part))
}

/// The only column that may be told all of whose words the file is called by: `churned` of `churn_export.csv`.
fn by_file(table: &Table, taken: &[String]) -> Option<(String, Option<String>)> {
    let file = table.path().file_name()?.to_string_lossy().into_owned();
    let said = words(table.path().file_stem()?.to_str()?);
    let is_own = |column: &Column| {
        let own = telling(&column.name);
        !taken.contains(&column.name) && !own.is_empty() && are_among(&own, &said) && may_be_told(table, column)
    };
    let column = only(table, &is_own)?;
    Some((column.name.clone(), Some(format!("nothing else says what is told, and the file is called `{file}`"))))
}

/// Whether a phrase says what is not to be, or that all are to be treated alike: `does not discriminate by sex`, `unbiased by age`.
fn bars(phrase: &str) -> bool {
    const WORDS: [&str; 14] = [
        "no",
        "not",
        "never",
        "without",
        "neither",
        "nor",
        "cannot",
        "bias",
        "biased",
        "unbiased",
        "fairness",
        "unfair",
        "regardless",
        "independent",
    ];
    let low = phrase.to_lowercase();
    let is_one = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        WORDS.contains(&word) || word.starts_with("discriminat") || word.ends_with("n't") || word.ends_with("n’t")
    };
    low.split_whitespace().any(is_one)
        || ["fair to", "fair across", "fair between", "fair towards"].iter().any(|way| low.contains(way))
}

impl PerhapsColumns {
    /// The words that say this column in passing, as they stand, else in another form. One that is called as labels are is found anyway.
    pub fn said_of(&self, column: &str) -> Option<String> {
        if is_usual_label(column) {
            return None;
        }
        self.words_for(column, are_equal).or_else(|| self.words_for(column, are_forms))
    }

    /// Of the words of one phrase those that are a column's, each in such a form.
    fn words_for(&self, column: &str, is_form: fn(&str, &str) -> bool) -> Option<String> {
        let (own, told) = (telling(column), self.told.join(" "));
        let open = self.open.iter().filter(|phrase| !bars(phrase));
        let phrases = self.label.iter().chain(open).chain(std::iter::once(&told));
        let found = phrases.map(|phrase| words(phrase)).find_map(|said| {
            let of = |word: &String| said.iter().find(|other| is_form(word, other)).cloned();
            own.iter().map(of).collect::<Option<Vec<String>>>()
        });
        found.filter(|found| !found.is_empty()).map(|found| found.join(" "))
    }

    /// The only column that is said in passing, where nothing says which one is the label: `a house price model`, `which loans default`.
    /// Where no words do, the one whose classes are named, `is it spam or ham`, or that the file is called by; with the reason.
    pub(in crate::data) fn in_passing(
        &self,
        table: &Table,
        asked: &Columns,
        class_columns: &[&str],
    ) -> Option<(String, Option<String>)> {
        let is_there = |name: &String| named(table, name).is_some() || named(table, &format!("is_{name}")).is_some();
        let is_said = asked.label.is_some() || !asked.labels.is_empty() || self.label.iter().any(is_there);
        let has_role = |roles: &Roles| !roles.label.is_empty() || !roles.listed.is_empty();
        // A column that is only guessed by its values is none that was named.
        let is_found = || self.label_told(table).is_some() || find_named_label(table, &asked.input, class_columns).is_some();
        if is_said || has_role(&self.roles(table)) || is_found() {
            return None;
        }
        let taken = self.taken(table, asked);
        let said = |is_form: fn(&str, &str) -> bool| -> Vec<String> {
            let names = table.columns().iter().filter(|column| {
                !taken.contains(&column.name) && self.words_for(&column.name, is_form).is_some() && may_be_told(table, column)
            });
            names.map(|column| column.name.clone()).collect()
        };
        let exact = said(are_equal);
        let found = if exact.is_empty() { said(are_forms) } else { exact };
        match found.as_slice() {
            [only] => Some((only.clone(), None)),
            [] => self.by_classes(table, &taken).or_else(|| by_file(table, &taken)).or_else(|| self.beside_texts(table, &taken)),
            _ => None,
        }
    }

    /// The columns that are read or left out, however that was said.
    pub(in crate::data) fn taken(&self, table: &Table, asked: &Columns) -> Vec<String> {
        let Roles { input, exclude, .. } = self.roles(table);
        let listed = self.input.iter().chain(&self.exclude).chain(&asked.input).chain(&asked.exclude);
        let mut taken: Vec<String> = listed.filter_map(|name| named(table, name)).map(|column| column.name.clone()).collect();
        let alike = asked.input.iter().chain(&asked.exclude).filter(|name| name.contains('*'));
        taken.extend(alike.flat_map(|name| table.names().into_iter().filter(|own| is_alike(own, name)).collect::<Vec<_>>()));
        taken.extend(self.left_out_otherwise(table).into_iter().chain(input).chain(exclude));
        taken
    }

    /// The columns that a request names by their own names and that nothing came of: neither read, told nor left out. Where it says
    /// which label is meant by none of its words, one of these may be.
    pub(in crate::data) fn loose(&self, table: &Table, asked: &Columns) -> Vec<String> {
        let (names, taken) = (table.names(), self.taken(table, asked));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut loose: Vec<String> = Vec::new();
        for name in self.open.iter().flat_map(|phrase| Roles::mentioned(phrase, &names)) {
            if !taken.contains(&name) && !loose.contains(&name) {
                loose.push(name);
            }
        }
        loose
    }

    /// The only column of texts that a request names, of data whose words are to be told: none is its label.
    pub(in crate::data) fn text_named(&self, table: &Table) -> Option<String> {
        let texts: Vec<&str> =
            table.columns().iter().filter(|column| column.kind == ColumnKind::Text).map(|column| column.name.as_str()).collect();
        let Roles { input, exclude, .. } = self.roles(table);
        let only = |mut names: Vec<String>| {
            names.sort_unstable();
            names.dedup();
            names.retain(|name| !exclude.contains(name) && texts.contains(&name.as_str()));
            if names.len() == 1 { names.pop() } else { None }
        };
        only(input).or_else(|| only(self.says.iter().flat_map(|text| Roles::mentioned(text, &texts)).collect()))
    }

    /// Of a model of texts the only column that is named beside them and can be told: `how alike a and b are, rated in score`.
    fn beside_texts(&self, table: &Table, taken: &[String]) -> Option<(String, Option<String>)> {
        if !self.reads_texts {
            return None;
        }
        let names = table.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut named: Vec<String> = self.says.iter().flat_map(|text| Roles::mentioned(text, &names)).collect();
        named.sort_unstable();
        named.dedup();
        let is_text = |name: &String| words_of_each(table, name).is_ok_and(|words| words >= 2.0);
        let (texts, others): (Vec<String>, Vec<String>) = named.into_iter().partition(is_text);
        let mut told = others.into_iter().filter(|name| {
            let column = table.columns().iter().find(|column| column.name == *name);
            !taken.contains(name) && column.is_some_and(|column| may_be_told(table, column))
        });
        let only = told.next().filter(|_| told.next().is_none() && !texts.is_empty())?;
        Some((only, Some("nothing else is named beside the texts".into())))
    }

    /// The only column of which several classes are named.
    fn by_classes(&self, table: &Table, taken: &[String]) -> Option<(String, Option<String>)> {
        const SHORTEST: usize = 3;
        let said: Vec<String> =
            self.says.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).map(str::to_lowercase).collect();
        let named = |column: &Column| -> Vec<String> {
            let (values, _) = sample(table, &column.name, classes::name_of).unwrap_or_default();
            let is_word = |value: &&String| value.chars().count() >= SHORTEST && value.chars().all(char::is_alphabetic);
            values.iter().filter(is_word).filter(|value| said.contains(&value.to_lowercase())).cloned().collect()
        };
        let may =
            |column: &&Column| column.kind == ColumnKind::Text && !taken.contains(&column.name) && may_be_told(table, column);
        let found: Vec<(&Column, Vec<String>)> =
            table.columns().iter().filter(may).map(|column| (column, named(column))).collect();
        let mut several = found.iter().filter(|(_, classes)| classes.len() > 1);
        let (column, classes) = several.next().filter(|_| several.next().is_none())?;
        Some((column.name.clone(), Some(format!("{} are values of it", quoted(classes)))))
    }

    /// Columns that are not to be used, of names that none has as they stand. Of words that something else came of, such as `weight
    /// decay`, none is meant.
    pub(super) fn left_out_otherwise(&self, table: &Table) -> Vec<String> {
        let is_open = |word: &String| self.open.iter().any(|phrase| words(phrase).contains(word));
        let otherwise = self.exclude.iter().filter(|name| named(table, name).is_none() && words(name).iter().any(is_open));
        let found = otherwise.filter_map(|name| only(table, &|column| is_same_name(&column.name, name)));
        found.map(|column| column.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_forms_of_one_where_they_end_as_such() {
        for (one, other) in [
            ("readmission", "readmitted"),
            ("defaults", "defaulted"),
            ("default", "default"),
            ("survival", "survived"),
            ("churn", "churned"),
            ("cancellation", "cancelled"),
            ("subscription", "subscribed"),
            ("conversion", "converted"),
            ("delivery", "delivered"),
            ("pregnancy", "pregnant"),
            ("categoria", "category"),
            ("prices", "price"),
        ] {
            assert!(are_forms(one, other) && are_forms(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("prix", "price"),
            ("price", "prize"),
            ("transport", "transform"),
            ("transmission", "transformer"),
            ("contract", "contrast"),
            ("class", "classification"),
            ("count", "country"),
            ("grade", "gradient"),
            ("rate1", "rate2"),
            ("zip", "zips"),
        ] {
            assert!(!are_forms(one, other) && !are_forms(other, one), "{one} {other}");
        }
    }

    #[test]
    fn names_are_the_same_but_for_what_says_nothing() {
        assert!(is_same_name("zip", "ZIP code") && is_same_name("zip_code", "ZIP") && is_same_name("reviews", "review"));
        assert!(!is_same_name("weight", "weight decay") && !is_same_name("review", "short reviews"));
        assert!(!is_same_name("value", "values") && !is_same_name("price", ""), "what says nothing names nothing");
    }

    #[test]
    fn words_of_one_phrase_say_a_column() {
        let open = ["house price", "loans default"].map(String::from).to_vec();
        let perhaps = PerhapsColumns { open, told: vec!["patients".into(), "readmitted".into()], ..PerhapsColumns::default() };
        assert_eq!(perhaps.said_of("price"), Some("price".into()));
        assert_eq!(perhaps.said_of("is_defaulted"), Some("default".into()));
        assert_eq!(perhaps.said_of("readmission"), Some("readmitted".into()));
        assert_eq!(perhaps.said_of("patient_price"), None, "of two phrases");
        assert_eq!((perhaps.said_of("loan_id"), perhaps.said_of("is")), (None, None));
        for phrase in ["doesn't discriminate by sex", "unbiased sex", "not sex", "fair across sex", "regardless of sex"] {
            let perhaps = PerhapsColumns { open: vec![phrase.into(), "readmission".into()], ..PerhapsColumns::default() };
            assert_eq!((perhaps.said_of("sex"), perhaps.said_of("readmitted")), (None, Some("readmission".into())), "{phrase}");
        }
    }
}
