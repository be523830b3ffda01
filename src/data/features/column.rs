//! One column of a table: what its cells in the training rows are, and what follows for a model.

use super::cells::{self, Comma};
use super::codes::Codes;
use super::dates::{DayOrder, dates, part_of};
use super::far_out::far_out;
use super::strays::{MANY_NUMBERS, Strays};
use super::target::Target;
use crate::data::read::{Cell, ColumnKind};
use crate::words::count;
use jiff::civil::DateTime;
use std::collections::{BTreeMap, BTreeSet};
use tallow_zoo::mlp::{CategoricalColumn, DatePart, NumericColumn};

/// What a model takes from a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Use {
    /// One column of numbers; of dates several.
    Numbers(Vec<NumericColumn>),
    Categories(CategoricalColumn),
    Nothing(Why),
}

/// Why nothing is taken from a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Why {
    /// It holds images, lists or the like; in words.
    Kind(String),
    Empty,
    Constant(String),
    /// A number that runs with the rows, or one that is called an identifier.
    Identifier,
    /// Texts that hardly ever repeat: names, tickets, or what somebody wrote; digits that say which and not how much, likewise.
    Texts {
        different: usize,
        rows: usize,
        words: f64,
    },
    /// Most of its cells are numbers, but too many are words of too many kinds; one of those.
    Mixed {
        numbers: usize,
        rows: usize,
        example: String,
    },
    /// Days and months in an order that cannot be told.
    Dates(String),
    /// It says the target in other words.
    Target,
}

impl Why {
    /// In words, behind the column's name.
    pub(super) fn in_words(&self) -> String {
        match self {
            Why::Kind(kind) => format!("it holds {kind}"),
            Why::Empty => "it is empty in the training rows".into(),
            Why::Constant(value) => format!("it is `{value}` in every training row"),
            Why::Identifier => "it numbers the rows".into(),
            Why::Texts { different, rows, words } => {
                let what = if *words > 3.0 { "free text" } else { "names or the like" };
                format!("{what}: {} different values in {} rows", count(*different as f64), count(*rows as f64))
            }
            Why::Mixed { numbers, rows, example } => {
                let (numbers, rows) = (count(*numbers as f64), count(*rows as f64));
                format!("{numbers} of {rows} cells are numbers, too many others are not, such as `{example}`")
            }
            Why::Dates(example) => format!("whether `{example}` begins with day or month cannot be told: write 2026-01-31"),
            Why::Target => "it says what is to be predicted in other words".into(),
        }
    }
}

/// Values that are told apart at most: a column with more has no categories.
const MOST_VALUES: usize = 10_000;
/// Fewer rows say little about whether two columns are the same.
const LEAST_ROWS: usize = 20;
/// A value that occurs less often is taken for one that is not there.
const LEAST_OF_A_KIND: usize = 2;

/// What has been seen of a column.
pub(super) struct Column {
    name: String,
    kind: ColumnKind,
    comma: Comma,
    /// Row by row; NaN where there is none. A number that is not finite is none, either.
    numbers: Vec<f64>,
    /// Of the rows whose cell says something, and of the others, the class that all of them have; none where they have several.
    sides: [Option<Seen>; 2],
    /// As long as every cell is nothing or a date.
    dates: Option<Dates>,
    codes: Codes,
    /// None: too many to be categories.
    values: Option<BTreeMap<String, Seen>>,
    /// Of all rows, as far as values are told apart.
    categories: Vec<Option<String>>,
    known: usize,
    /// Cells that say something and no number, and how many words they have.
    strays: Strays,
    words: usize,
}

/// Row by row, the date if its day stands before its month, and if it stands behind it.
#[derive(Default)]
struct Dates {
    each: Vec<[Option<DateTime>; 2]>,
    order: DayOrder,
}

impl Dates {
    /// Whether it is one: a date, in the order of those before it, or nothing.
    fn take(&mut self, cell: &Cell, is_nothing: bool) -> bool {
        let either = dates(cell);
        self.each.push(either);
        is_nothing || self.order.take(&either)
    }
}

/// How often a value occurs, and the class of all of its rows, if they have but one.
#[derive(Debug, Clone, Copy)]
struct Seen {
    count: usize,
    class: Option<Option<u32>>,
}

impl Seen {
    fn take(&mut self, class: Option<u32>) {
        self.count += 1;
        if self.class != Some(class) {
            self.class = None;
        }
    }
}

impl Column {
    pub(super) fn new(name: &str, kind: &ColumnKind, comma: Comma) -> Self {
        Column {
            name: name.into(),
            kind: kind.clone(),
            comma,
            numbers: Vec::new(),
            sides: [None; 2],
            dates: Some(Dates::default()),
            codes: Codes::default(),
            values: Some(BTreeMap::new()),
            categories: Vec::new(),
            known: 0,
            strays: Strays::default(),
            words: 0,
        }
    }

    /// Whether its cells can be looked at, by what the file says of it.
    pub(super) fn is_plain(kind: &ColumnKind) -> bool {
        matches!(kind, ColumnKind::Text | ColumnKind::Int | ColumnKind::Float)
    }

    /// Looks at the next row's cell.
    pub(super) fn take(&mut self, cell: &Cell, target: Option<Target>) {
        let number = cells::number(cell, self.comma);
        self.numbers.push(number.filter(|n| n.is_finite()).unwrap_or(f64::NAN));
        let category = cells::category(cell);
        if self.dates.as_mut().is_some_and(|dates| !dates.take(cell, category.is_none())) {
            self.dates = None;
        }
        let class = if let Some(Target::Class(class)) = target { Some(class) } else { None };
        self.sides[usize::from(category.is_none())].get_or_insert(Seen { count: 0, class: Some(class) }).take(class);
        let Some(category) = category else {
            self.categories.push(None);
            return;
        };
        self.codes.take(&category);
        self.known += 1;
        self.strays.take(&category, number);
        if number.is_none() {
            self.words += category.split_whitespace().count();
        }
        self.count(category.into_owned(), class);
    }

    fn count(&mut self, category: String, class: Option<u32>) {
        let Some(values) = &mut self.values else { return };
        values.entry(category.clone()).or_insert(Seen { count: 0, class: Some(class) }).take(class);
        if values.len() > MOST_VALUES {
            (self.values, self.categories) = (None, Vec::new());
        } else {
            self.categories.push(Some(category));
        }
    }

    fn rows(&self) -> usize {
        self.numbers.len()
    }

    fn are_numbers(&self) -> bool {
        self.strays.leave_numbers(self.are_many())
    }

    /// Whether there are many different numbers.
    fn are_many(&self) -> bool {
        let different = self.values.as_ref().map_or(MOST_VALUES, BTreeMap::len);
        different.saturating_sub(self.strays.words().len()) >= MANY_NUMBERS
    }

    /// Whether its cells are digits that say which and not how much: codes, or whole numbers beyond those that can be told apart.
    fn are_names(&self) -> bool {
        self.codes.are_codes() || self.are_beyond() || ends_in(&self.name, &["id", "ids"]) && self.are_whole()
    }

    /// Whether it holds whole numbers and nothing else.
    fn are_whole(&self) -> bool {
        self.strays.count() == 0 && self.numbers.iter().all(|x| x.is_nan() || x.fract() == 0.0)
    }

    /// Whether different whole numbers would be one, for they are too large.
    fn are_beyond(&self) -> bool {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let Some(values) = self.values.as_ref().filter(|_| self.numbers.iter().any(|x| x.abs() > EXACT)) else { return false };
        let apart: BTreeSet<u64> = self.numbers.iter().map(|x| x.to_bits()).collect();
        values.len() > 1
            && values.keys().all(|value| value.bytes().all(|b| b.is_ascii_digit()))
            && apart.len() * 2 <= values.len()
    }

    /// What is taken from it. `targets`: of the rows that it has seen. `asked`: somebody named it, so that only what cannot be used is
    /// left out.
    pub(super) fn decide(&self, targets: &[Target], classes: usize, asked: bool) -> Use {
        let reason = self.nothing().or_else(|| if asked { None } else { self.unwanted(targets, classes) });
        if let Some(why) = reason {
            return Use::Nothing(why);
        }
        if let Some(dates) = &self.dates {
            return self.dates(dates);
        }
        let texts = self.texts();
        // What can be no category is a number to whoever asks for it.
        let are_names = self.are_names() && (!asked || texts.is_none());
        if self.are_numbers() && !are_names {
            let numbers = self.numbers.iter().map(|x| Some(*x));
            let decimal_comma = self.comma == Comma::Decimal;
            let nothing = match self.strays.are_nothing(self.are_many()) {
                true => self.strays.words().iter().cloned().collect(),
                false => Vec::new(),
            };
            return Use::Numbers(vec![NumericColumn { decimal_comma, nothing, ..NumericColumn::of(&self.name, numbers) }]);
        }
        match texts {
            Some(why) => Use::Nothing(why),
            None => {
                let categories = self.categories.iter().map(Option::as_deref);
                Use::Categories(CategoricalColumn::of(&self.name, categories, LEAST_OF_A_KIND))
            }
        }
    }

    /// What else should be known of a column that is used.
    pub(super) fn notes(&self) -> Vec<String> {
        if self.dates.is_some() || !self.are_numbers() {
            return Vec::new();
        }
        let far_out = if self.are_names() { None } else { far_out(&self.name, self.numbers.iter().copied()) };
        self.no_numbers().into_iter().chain(far_out).collect()
    }

    /// That cells of a column of numbers are none.
    fn no_numbers(&self) -> Option<String> {
        let stray = self.strays.count();
        let example = if stray > 0 { format!(", such as `{}`", self.strays.example()) } else { String::new() };
        let odd = stray + self.strays.infinite();
        (odd > 0).then(|| {
            let (odd, known) = (count(odd as f64), count(self.known as f64));
            format!(
                "data.columns: {odd} of {known} cells of `{}` are no finite numbers{example}: they count as missing",
                self.name
            )
        })
    }

    /// Why there is nothing to take, whoever asks.
    fn nothing(&self) -> Option<Why> {
        if !Column::is_plain(&self.kind) {
            return Some(Why::Kind(self.kind.in_words().into()));
        }
        (self.known == 0).then_some(Why::Empty)
    }

    /// Why nobody would want it.
    fn unwanted(&self, targets: &[Target], classes: usize) -> Option<Why> {
        if let Some((value, _)) = self.values.as_ref().filter(|values| values.len() == 1).and_then(BTreeMap::first_key_value)
            && self.known == self.rows()
        {
            return Some(Why::Constant(value.chars().take(40).collect()));
        }
        if self.is_identifier() {
            return Some(Why::Identifier);
        }
        if self.says_whose() {
            let different = self.values.as_ref().map_or(MOST_VALUES, BTreeMap::len);
            return Some(Why::Texts { different, rows: self.known, words: 0.0 });
        }
        (self.rows() >= LEAST_ROWS && self.says_the_target(targets, classes)).then_some(Why::Target)
    }

    /// Whether it says whose a row is, by its name and for too many to learn what each is like.
    fn says_whose(&self) -> bool {
        const FEW: usize = 20;
        let different = self.values.as_ref().map_or(MOST_VALUES, BTreeMap::len);
        ends_in(&self.name, &["id", "ids", "uuid", "guid"]) && different > FEW && different * 10 > self.known
    }

    /// Whole numbers, each once, that rise from row to row without large gaps; or hardly one twice in a column that is called so.
    fn is_identifier(&self) -> bool {
        let whole = self.strays.count() == 0 && self.known == self.rows() && self.numbers.iter().all(|x| x.fract() == 0.0);
        if !whole || self.rows() < 3 {
            return false;
        }
        let rising = self.numbers.is_sorted_by(|a, b| a < b);
        let span = self.numbers[self.rows() - 1] - self.numbers[0];
        if rising && span < 2.0 * self.rows() as f64 {
            return true;
        }
        let mut sorted = self.numbers.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let twice = sorted.windows(2).filter(|pair| pair[0] == pair[1]).count();
        const WORDS: [&str; 8] = ["id", "idx", "index", "guid", "uuid", "rowid", "key", "unnamed"];
        is_called(&self.name, &WORDS) && twice * 20 <= self.rows()
    }

    /// Whether each of its values stands for one class and each class for one value, or it is filled in where the rows are of one of
    /// two classes and there alone; of numbers, whether one is the other in another unit.
    fn says_the_target(&self, targets: &[Target], classes: usize) -> bool {
        if self.known < self.rows() {
            let [filled, blank] = self.sides.map(|side| side.and_then(|side| side.class.flatten()));
            return classes == 2 && filled.zip(blank).is_some_and(|(filled, blank)| filled != blank);
        }
        if let Some(Target::Value(_)) = targets.first() {
            let value = |target: &Target| if let Target::Value(value) = target { *value } else { f64::NAN };
            let values: Vec<f64> = targets.iter().map(value).collect();
            return self.strays.count() == 0
                && crate::eval::metrics::regression::pearson(&self.numbers, &values).abs() > 1.0 - 1e-12;
        }
        let Some(values) = self.values.as_ref().filter(|values| values.len() == classes) else { return false };
        let mut stands_for: Vec<u32> = values.values().filter_map(|seen| seen.class.flatten()).collect();
        stands_for.sort_unstable();
        stands_for.dedup();
        stands_for.len() == classes
    }

    /// Why its texts are no categories.
    fn texts(&self) -> Option<Why> {
        const FEW: usize = 20;
        let example = self.strays.example();
        if example.split('/').count() == 3 && example.bytes().all(|b| b.is_ascii_digit() || b == b'/') {
            return Some(Why::Dates(example.into()));
        }
        let different = self.values.as_ref().map_or(MOST_VALUES, BTreeMap::len);
        let many = different == self.known && self.known > 1 || different > FEW && different * 2 > self.known;
        let stray = self.strays.count();
        let numbers = self.known - stray;
        (many || self.values.is_none()).then(|| match numbers > stray && stray > 0 {
            true => Why::Mixed { numbers, rows: self.known, example: example.into() },
            false => Why::Texts { different, rows: self.known, words: self.words_of_each() },
        })
    }

    /// Words of a cell that is no number, in the mean.
    pub(super) fn words_of_each(&self) -> f64 {
        self.words as f64 / self.strays.count().max(1) as f64
    }

    fn dates(&self, dates: &Dates) -> Use {
        let Some(way) = dates.order.way() else { return Use::Nothing(Why::Dates(self.strays.example().into())) };
        let day_first = dates.order.matters().then_some(way == 0);
        let dates: Vec<Option<DateTime>> = dates.each.iter().map(|either| either[way]).collect();
        let parts = [DatePart::Year, DatePart::Month, DatePart::Day, DatePart::Weekday, DatePart::Hour];
        let columns = parts.into_iter().filter_map(|part| {
            let numbers = dates.iter().map(|date| date.map(|date| part_of(&date, part)));
            let mut known = numbers.clone().flatten();
            let first = known.next()?;
            // A part that never varies says nothing.
            known.any(|x| x != first).then(|| {
                let column = NumericColumn::of(&self.name, numbers);
                NumericColumn { of_date: Some(part), day_first, ..column }
            })
        });
        match columns.collect::<Vec<_>>() {
            none if none.is_empty() => {
                Use::Nothing(Why::Constant(self.categories.iter().flatten().next().cloned().unwrap_or_default()))
            }
            columns => Use::Numbers(columns),
        }
    }
}

/// Whether the first or the last word of a name is one of these: `id`, `PassengerId`, `row_index`; one without words is.
fn is_called(name: &str, all: &[&str]) -> bool {
    let words = words_of(name);
    words.is_empty() || words.first().is_some_and(|w| all.contains(&w.as_str())) || ends_in(name, all)
}

/// Whether the last word of a name is one of these: `store_id`, and not `id_verified`.
fn ends_in(name: &str, all: &[&str]) -> bool {
    words_of(name).last().is_some_and(|word| all.contains(&word.as_str()))
}

/// The words of a name, in lower case.
fn words_of(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        spaced.push(letter);
        before = letter;
    }
    spaced.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells by row, parted by spaces, beside classes or values.
    fn decide(name: &str, cells: &[String], targets: &[Target], classes: usize, asked: bool) -> Use {
        let mut column = Column::new(name, &ColumnKind::Text, Comma::Thousands);
        for (cell, target) in cells.iter().zip(targets) {
            column.take(&if cell.is_empty() { Cell::Null } else { Cell::Text(cell.clone()) }, Some(*target));
        }
        column.decide(targets, classes, asked)
    }

    const ROWS: usize = 40;

    fn cells(of: impl Fn(usize) -> String) -> Vec<String> {
        (0..ROWS).map(of).collect()
    }

    /// Two classes by turns.
    fn found(name: &str, of: impl Fn(usize) -> String) -> String {
        let targets: Vec<Target> = (0..ROWS as u32).map(|i| Target::Class(i % 2)).collect();
        match decide(name, &cells(of), &targets, 2, false) {
            Use::Numbers(columns) => format!("{} numbers", columns.len()),
            Use::Categories(column) => column.values.join(" "),
            Use::Nothing(why) => why.in_words(),
        }
    }

    #[test]
    fn columns_are_what_their_cells_say() {
        let noise = |i: usize| (i * 17 + 5) % 23;
        assert_eq!(found("age", |i| format!("{}.5", noise(i))), "1 numbers");
        assert_eq!(found("age", |i| if i == 3 { "unknown".into() } else { noise(i).to_string() }), "1 numbers");
        assert_eq!(found("colour", |i| ["red", "green", "blue"][i % 3].into()), "blue green red");
        assert_eq!(found("rare", |i| if i == 7 { "odd".into() } else { ["a", "b", "c"][i % 3].into() }), "a b c");
        assert_eq!(found("gap", |i| if i % 3 == 0 { String::new() } else { "yes".into() }), "yes", "that it is missing tells");
        assert_eq!(found("born", |i| format!("20{:02}-0{}-1{}", i % 30, 1 + i % 9, i % 7)), "4 numbers");
        assert_eq!(found("hour", |i| format!("2026-01-01 {:02}:00", i % 24)), "1 numbers");
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        assert_eq!(found("x", |_| String::new()), "it is empty in the training rows");
        assert_eq!(found("x", |_| "NA".into()), "it is empty in the training rows");
        assert_eq!(found("x", |_| "7".into()), "it is `7` in every training row");
        assert_eq!(found("number", |i| (100 + i).to_string()), "it numbers the rows");
        assert_eq!(found("CustomerId", |i| ((i * 7919) % 100_003).to_string()), "it numbers the rows");
        assert_eq!(found("income", |i| ((i * 7919) % 100_003).to_string()), "1 numbers", "whole numbers need not be names");
        assert_eq!(found("name", |i| format!("Mr. {i}")), "names or the like: 40 different values in 40 rows");
        assert_eq!(found("note", |i| format!("this is what {i} said to me")), "free text: 40 different values in 40 rows");
        assert!(found("day", |i| format!("0{}/1{}/2026", 1 + i % 9, i % 3)).starts_with("whether `01/10/2026` begins"));
        // 24 numbers, and sixteen words of which no two are alike.
        let mixed = |i: usize| if i % 5 < 3 { format!("{i}.5") } else { format!("row{i}") };
        assert_eq!(found("mixed", mixed), "24 of 40 cells are numbers, too many others are not, such as `row3`");
        assert_eq!(found("answer", |i| ["no", "yes"][i % 2].into()), "it says what is to be predicted in other words");
        assert_eq!(found("answer", |i| (i % 2).to_string()), "it says what is to be predicted in other words");
        let reason = |i: usize| if i % 2 == 0 { String::new() } else { ["dear", "slow", "moved"][i % 3].into() };
        assert_eq!(found("reason", reason), "it says what is to be predicted in other words", "there in one class alone");
        assert_eq!(found("#1 ID", |i| ((i.max(1) * 7919) % 100_003).to_string()), "it numbers the rows", "one of them twice");
        let values: Vec<Target> = (0..ROWS).map(|i| Target::Value((i * i) as f64)).collect();
        let copy = decide("cents", &cells(|i| (100 * i * i).to_string()), &values, 0, false);
        assert_eq!(copy, Use::Nothing(Why::Target));
    }

    /// The numbers of a column, which are found beside two classes.
    fn numbers(of: impl Fn(usize) -> String) -> Vec<NumericColumn> {
        let targets: Vec<Target> = (0..ROWS as u32).map(|i| Target::Class(i % 2)).collect();
        match decide("x", &cells(of), &targets, 2, false) {
            Use::Numbers(columns) => columns,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn marks_of_nothing_leave_a_column_its_numbers() {
        // Eight of forty, which is more than is taken for mistakes; few different numbers beside them.
        for mark in ["-", "k. A.", "Unknown"] {
            let found = numbers(|i| if i % 5 == 2 { mark.into() } else { (1 + i % 4).to_string() });
            assert_eq!((found[0].nothing.as_slice(), found[0].indicator), (&[mark.to_string()][..], true));
        }
        let closed = |i: usize| if i % 5 == 2 { "closed".into() } else { format!("{i}.5") };
        assert_eq!(numbers(closed)[0].nothing, ["closed"], "any word beside many numbers");
        assert_eq!(found("x", |i| if i % 5 == 2 { "closed".into() } else { (i % 4).to_string() }), "0 1 2 3 closed");
        assert_eq!(found("sign", |i| ["+", "-"][i / 2 % 2].into()), "+ -", "beside no number it is a category");
        let below = |i: usize| if i % 5 == 2 { "<0.5".into() } else { format!("{i}.5") };
        let targets: Vec<Target> = (0..ROWS as u32).map(|i| Target::Class(i % 2)).collect();
        let taken = decide("x", &cells(below), &targets, 2, false);
        assert!(!matches!(taken, Use::Numbers(_)), "what has a figure is a value");
        let once = numbers(|i| if i == 7 { "-".into() } else { format!("{i}.5") });
        assert_eq!(once[0].nothing, ["-"]);
    }

    #[test]
    fn what_tells_day_and_month_apart_tells_it_of_the_column() {
        let parts = |found: &[NumericColumn]| found.iter().filter_map(|column| column.of_date).collect::<Vec<_>>();
        let day_first = numbers(|i| format!("{:02}/0{}/2024", 1 + i % 28, 1 + i % 2));
        assert_eq!(parts(&day_first), [DatePart::Month, DatePart::Day, DatePart::Weekday]);
        assert!(day_first.iter().all(|column| column.day_first == Some(true)));
        let month_first = numbers(|i| format!("0{}/{:02}/2024", 1 + i % 2, 1 + i % 28));
        assert!(parts(&month_first) == parts(&day_first) && month_first[0].day_first == Some(false));
        assert_eq!((&month_first[0].scale, &month_first[1].scale), (&day_first[0].scale, &day_first[1].scale));
        let plain = numbers(|i| format!("2024-0{}-{:02}", 1 + i % 2, 1 + i % 28));
        assert_eq!(plain.iter().filter_map(|column| column.day_first).count(), 0);
    }

    /// Other formats than CSV hold 1 and 0 where programs write these words.
    #[test]
    fn words_for_yes_and_no_are_the_numbers_of_other_formats() {
        let words = |yes: &'static str, no: &'static str| {
            numbers(move |i| match i % 5 {
                0 => String::new(),
                1 | 2 => yes.into(),
                _ => no.into(),
            })
        };
        assert_eq!(words("True", "False"), words("1", "0"));
        assert_eq!(words("true", "FALSE"), words("1", "0"));
        let three = found("sold", |i| ["true", "false", "soon"][i % 3].into());
        assert_eq!(three, "false soon true", "beside other words they are words");
    }

    #[test]
    fn codes_are_no_numbers() {
        assert_eq!(found("zip", |i| ["01067", "10115", "99423"][i % 3].into()), "01067 10115 99423");
        assert_eq!(found("month", |i| format!("{:02}", 1 + i % 12)), "1 numbers", "two digits");
        assert_eq!(found("year", |i| (2000 + i % 9).to_string()), "1 numbers", "no nought in front");
        // Whose a row is, by its name: many are left out, few are categories and no numbers.
        assert_eq!(found("owner_id", |i| (500 + i * 7 % 23).to_string()), "names or the like: 23 different values in 40 rows");
        assert_eq!(found("store_id", |i| (500 + i * 7 % 3).to_string()), "500 501 502");
        assert!(found("id_verified", |i| (i * 7 % 23).to_string()).ends_with("numbers"));
        assert_eq!(found("stores", |i| (500 + i * 7 % 3).to_string()), "1 numbers");
        assert_eq!(found("part", |i| format!("{:05}", i * 37 % 997)), "names or the like: 40 different values in 40 rows");
        let targets: Vec<Target> = (0..ROWS as u32).map(|i| Target::Class(i % 2)).collect();
        let asked = decide("part", &cells(|i| format!("{:05}", i * 37 % 997)), &targets, 2, true);
        assert!(matches!(asked, Use::Numbers(_)), "to whoever names it");
    }

    /// A number of 64 bits is exact up to 2^53: beyond it, whose rows are could not be told apart.
    #[test]
    fn whole_numbers_that_cannot_be_told_apart_are_names() {
        let far = |i: usize| 9_223_372_036_854_775_808u64 + i as u64;
        assert_eq!(found("user", |i| far(i * 7 % 40).to_string()), "names or the like: 40 different values in 40 rows");
        assert_eq!(found("user", |i| far(i % 2).to_string()), "it says what is to be predicted in other words");
        assert_eq!(found("user", |i| far(i % 3).to_string()).split(' ').count(), 3, "categories");
        assert_eq!(found("bytes", |i| ((i as u64 * 7 % 40) * 1_000_000_007).to_string()), "1 numbers");
    }

    #[test]
    fn what_somebody_names_is_taken() {
        let targets: Vec<Target> = (0..ROWS as u32).map(|i| Target::Class(i % 2)).collect();
        let asked = |of: &dyn Fn(usize) -> String| decide("id", &cells(of), &targets, 2, true);
        assert!(matches!(asked(&|i| i.to_string()), Use::Numbers(_)));
        assert!(matches!(asked(&|i| ["no", "yes"][i % 2].into()), Use::Categories(_)));
        assert!(matches!(asked(&|i| format!("name {i}")), Use::Nothing(Why::Texts { .. })));
    }

    #[test]
    fn names_of_identifiers() {
        for (name, expected) in [
            ("id", true),
            ("PassengerId", true),
            ("customer_id", true),
            ("ID number", true),
            ("", true),
            ("Unnamed: 0", true),
            ("width", false),
            ("idle", false),
        ] {
            assert_eq!(is_called(name, &["id", "idx", "index", "guid", "uuid", "rowid", "key", "unnamed"]), expected, "{name}");
        }
    }
}
