//! What a column holds.

use super::super::features::{Codes, Comma, category, dates, is_nothing, number};
use super::super::read::{Cell, Column, ColumnKind};
use super::media::{Damaged, Looked};
use super::personal::{self, Personal};
use super::{Distinct, cell_in_words, hash_of, shortened};
use crate::job::Spread;
use crate::words::listed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;

/// More different values than these are no classes, and are not listed.
const LISTED: usize = 1000;
/// So many of the most common are told.
const TOLD: usize = 20;

/// Classes with fewer examples can hardly be learnt.
pub const FEW: u64 = 10;

/// Cells that may be classes and come fewer than [`FEW`] times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rare {
    /// How many different ones.
    pub kinds: u64,
    /// One that comes least often, and how often.
    pub least: (String, u64),
}

/// What one column of a split holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnDescribed {
    pub name: String,
    /// In words: texts, integers, images, lists of texts; of texts that are read as such, numbers and dates.
    pub kind: String,
    /// Cells in which nothing stands, among numbers and dates a word for it, too.
    pub blank: u64,
    /// Different cells, without regard to case and spaces; none: more than a million.
    pub distinct: Option<u64>,
    /// Of texts, in characters; of lists, in items.
    pub lengths: Option<Lengths>,
    pub numbers: Option<Spread>,
    /// The most common cells, where there are few enough to be classes, with their counts, most first.
    pub common: Vec<(String, u64)>,
    /// Of all that may be classes, and not of those alone that are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rare: Option<Rare>,
    /// Cells that look like somebody's own.
    pub personal: BTreeMap<Personal, u64>,
    /// Files that are not there, or cannot be read: how many, and the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<(u64, String)>,
    /// Images and recordings that cannot be decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damaged: Option<Damaged>,
}

/// How long texts or lists are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lengths {
    pub shortest: u64,
    pub mean: f64,
    pub longest: u64,
}

/// A column while it is read.
pub(super) struct Counted {
    kind: String,
    holds: ColumnKind,
    looked: Looked,
    classes: Option<Vec<String>>,
    comma: Comma,
    blank: u64,
    distinct: Distinct,
    lengths: Numbers,
    numbers: Numbers,
    /// Texts that are a word for nothing, and those that are a date.
    nothing: u64,
    dates: u64,
    codes: Codes,
    /// None: there are too many to be classes.
    common: Option<BTreeMap<String, u64>>,
    personal: BTreeMap<Personal, u64>,
    unreadable: Option<(u64, String)>,
}

/// Sums of numbers, from which their spread follows (Welford, 1962).
struct Numbers {
    count: f64,
    /// What those below are counted in.
    unit: f64,
    mean: f64,
    squares: f64,
    least: f64,
    most: f64,
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers { count: 0.0, unit: 1.0, mean: 0.0, squares: 0.0, least: 0.0, most: 0.0 }
    }
}

impl Numbers {
    /// Of numbers whose squares are none any more, the unit; small ones beside them do not matter.
    const UNIT_OF_LARGE: f64 = 1e180;

    fn take(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        (self.least, self.most) = match self.count {
            0.0 => (value, value),
            _ => (self.least.min(value), self.most.max(value)),
        };
        if value.abs() > Spread::LARGE && self.unit == 1.0 {
            self.unit = Self::UNIT_OF_LARGE;
            self.mean /= self.unit;
            self.squares = self.squares / self.unit / self.unit;
        }
        let value = value / self.unit;
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }

    fn spread(&self) -> Option<Spread> {
        let Numbers { least, most, .. } = *self;
        let std = ((self.squares / self.count).sqrt() * self.unit).min(f64::MAX);
        (self.count > 0.0).then(|| Spread { mean: (self.mean * self.unit).clamp(least, most), std, least, most })
    }
}

impl Counted {
    /// `named`: what the card calls its classes, where the file does not; `comma`: what one means in its numbers.
    pub(super) fn of(column: &Column, named: Option<&[String]>, comma: Comma) -> Self {
        let few = matches!(column.kind, ColumnKind::Text | ColumnKind::Int | ColumnKind::Float);
        Counted {
            kind: match &column.kind {
                // As they are named elsewhere.
                ColumnKind::Object(names) => {
                    let paths: Vec<String> = names.iter().map(|name| format!("{}.{name}", column.name)).collect();
                    format!("objects of {}", listed(&paths))
                }
                kind => kind.in_words(),
            },
            holds: column.kind.clone(),
            looked: Looked::default(),
            classes: column.classes.clone().or(named.map(<[String]>::to_vec)),
            comma,
            blank: 0,
            distinct: Distinct::default(),
            lengths: Numbers::default(),
            numbers: Numbers::default(),
            nothing: 0,
            dates: 0,
            codes: Codes::default(),
            common: few.then(BTreeMap::new),
            personal: BTreeMap::new(),
            unreadable: None,
        }
    }

    pub(super) fn take(&mut self, cell: &Cell) {
        if cell.is_blank() {
            self.blank += 1;
            return;
        }
        if let Cell::File(path) = cell
            && File::open(path).is_err()
        {
            self.unreadable.get_or_insert_with(|| (0, cell_in_words(cell))).0 += 1;
            return;
        }
        self.looked.take(&self.holds, cell);
        self.distinct.take(hash_of(std::iter::once(cell)));
        match cell {
            Cell::Int(value) => self.numbers.take(*value as f64),
            Cell::Float(value) => self.numbers.take(*value),
            Cell::Text(text) => {
                self.lengths.take(text.chars().count() as f64);
                if let Some(said) = category(cell) {
                    self.codes.take(&said);
                }
                // As training reads them.
                match number(cell, self.comma) {
                    _ if is_nothing(cell) => self.nothing += 1,
                    Some(value) => self.numbers.take(value),
                    None => self.dates += u64::from(dates(cell) != [None; 2]),
                }
                personal::found_in(text).for_each(|kind| *self.personal.entry(kind).or_default() += 1);
            }
            Cell::List(cells) => self.lengths.take(cells.len() as f64),
            Cell::Null | Cell::Bytes(_) | Cell::File(_) | Cell::Object(_) | Cell::Other(_) => {}
        }
        let class = self.common.is_some().then(|| self.class_of(cell));
        if let Some((common, class)) = self.common.as_mut().zip(class) {
            *common.entry(class).or_default() += 1;
            if common.len() > LISTED {
                self.common = None;
            }
        }
    }

    /// What a sample shows: of a class its number and its name.
    pub(super) fn shown(&self, cell: &Cell) -> String {
        let (plain, class) = (shortened(&cell_in_words(cell)), self.class_of(cell));
        if plain == class { plain } else { format!("{plain} ({class})") }
    }

    /// The name of a class where it is known.
    fn class_of(&self, cell: &Cell) -> String {
        let named = match (cell, &self.classes) {
            (Cell::Int(index), Some(names)) => usize::try_from(*index).ok().and_then(|index| names.get(index)).cloned(),
            _ => None,
        };
        named.unwrap_or_else(|| shortened(&cell_in_words(cell)))
    }

    pub(super) fn done(self, name: String) -> ColumnDescribed {
        let filled = self.common.iter().flat_map(BTreeMap::values).sum::<u64>();
        let mut common: Vec<(String, u64)> = self.common.unwrap_or_default().into_iter().collect();
        // Values that hardly ever come twice are no classes, nor are many numbers.
        let said = self.lengths.count - self.nothing as f64;
        let are_codes = self.codes.are_codes();
        let (are_numbers, are_dates) = (!are_codes && self.numbers.count > 0.9 * said, self.dates as f64 > 0.9 * said);
        let is_numeric = are_numbers && self.classes.is_none();
        let (many, rarely) = (common.len() > TOLD, common.len() as u64 * 2 > filled);
        if many && (rarely || is_numeric) || common.iter().all(|(_, count)| *count == 1) {
            common.clear();
        }
        let is_rare = |(_, count): &&(String, u64)| *count < FEW;
        let kinds = common.iter().filter(is_rare).count() as u64;
        let rare =
            common.iter().filter(is_rare).min_by_key(|(_, count)| *count).map(|least| Rare { kinds, least: least.clone() });
        common.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        common.truncate(TOLD);
        // Texts of which a few happen to be numbers are texts.
        let numbers = self.numbers.spread().filter(|_| are_numbers);
        let lengths = self.lengths.spread().filter(|_| numbers.is_none() && !are_dates);
        // What a field holds is seen where it is read.
        let is = |kind: ColumnKind| self.kind == kind.in_words();
        // By its first rows a column may be one of numbers.
        let may_be_numbers = is(ColumnKind::Int) || is(ColumnKind::Float);
        let kind = match is(ColumnKind::Text) {
            true if numbers.is_some() => "numbers".into(),
            true if are_dates => "dates".into(),
            _ if are_codes => "codes".into(),
            false if may_be_numbers && numbers.is_none() && said > 0.0 => ColumnKind::Text.in_words(),
            _ => self.kind,
        };
        ColumnDescribed {
            name,
            kind,
            blank: self.blank + if numbers.is_some() || are_dates { self.nothing } else { 0 },
            distinct: self.distinct.count(),
            lengths: lengths.map(|of| Lengths { shortest: of.least as u64, mean: of.mean, longest: of.most as u64 }),
            numbers,
            common,
            rare,
            personal: self.personal,
            unreadable: self.unreadable,
            damaged: self.looked.done(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_are_rare_are_counted_where_they_are_too_many_to_be_listed() {
        let column = Column { name: "x".into(), kind: ColumnKind::Text, classes: None };
        let mut counted = Counted::of(&column, None, Comma::Thousands);
        let class = |i: usize| format!("c{}", i % 30);
        (0..450).map(class).chain(["odd".to_string(), "odd".into(), "few".into(), "few".into(), "few".into()]).for_each(|cell| {
            counted.take(&Cell::Text(cell));
        });
        let done = counted.done("x".into());
        assert_eq!((done.common.len(), done.rare), (TOLD, Some(Rare { kinds: 2, least: ("odd".into(), 2) })));
    }

    #[test]
    fn kinds_are_what_training_takes_them_for() {
        let kind = |of: ColumnKind, cells: &[&str]| {
            let column = Column { name: "x".into(), kind: of, classes: None };
            let mut counted = Counted::of(&column, None, Comma::Thousands);
            cells.iter().for_each(|cell| counted.take(&Cell::Text(cell.to_string())));
            let done = counted.done("x".into());
            (done.kind, done.numbers.is_some())
        };
        assert_eq!(kind(ColumnKind::Int, &["01067", "10115", "NA"]), ("codes".into(), false));
        assert_eq!(kind(ColumnKind::Int, &["1067", "10115"]), ("integers".into(), true));
        assert_eq!(kind(ColumnKind::Int, &["1", "high", "low"]), ("texts".into(), false), "behind the first rows");
        assert_eq!(kind(ColumnKind::Text, &["1", "2,000"]), ("numbers".into(), true));
    }

    #[test]
    fn spreads_are_those_of_all_values() {
        let mut numbers = Numbers::default();
        let values = [3.0, -1.5, 2.25, 1e6, 0.0];
        values.iter().for_each(|value| numbers.take(*value));
        numbers.take(f64::NAN);
        let (found, expected) = (numbers.spread().expect("values"), Spread::of(&values).expect("values"));
        assert!((found.mean - expected.mean).abs() < 1e-6 && (found.std - expected.std).abs() < 1e-6, "{found:?} {expected:?}");
        assert_eq!((found.least, found.most), (-1.5, 1e6));
    }

    /// JSON has no word for what is no number, so that the whole line could not be read back.
    #[test]
    fn a_spread_of_large_numbers_is_a_number() {
        for values in [vec![1.0, 2.0, 1e308], vec![1e308, -1e308, 1.7e308, 0.5], vec![1e150, 1.0, -1e150]] {
            let mut numbers = Numbers::default();
            values.iter().for_each(|value| numbers.take(*value));
            let (found, expected) = (numbers.spread().expect("values"), Spread::of(&values).expect("values"));
            assert!((found.std / expected.std - 1.0).abs() < 1e-9 && found.mean.is_finite(), "{found:?} {expected:?}");
            let line = serde_json::to_string(&found).expect("a line");
            assert_eq!(serde_json::from_str::<Spread>(&line).expect("read back"), found, "{line}");
        }
    }
}
