//! What a cell says: nothing, a number, a category.

use super::dates::{date, dates, part_of};
use crate::data::read::Cell;
use std::borrow::Cow;
use std::cmp::Ordering;
use tallow_zoo::mlp::NumericColumn;

/// What a comma in a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) enum Comma {
    /// `1,5` is one and a half, `1.234` and `1.234,5` are more than a thousand.
    Decimal,
    /// `1,234` and `1,234.5` are more than a thousand.
    Thousands,
}

impl Comma {
    fn read(self, text: &str) -> Option<f64> {
        match self {
            Comma::Decimal => grouped(text, '.', ','),
            Comma::Thousands => grouped(text, ',', '.'),
        }
    }
}

/// What the numbers of a file say of its commas.
#[derive(Debug, Clone, Default)]
pub(in crate::data) struct Commas {
    /// Numbers that can be read in one way alone.
    decimal: usize,
    thousands: usize,
    /// Whether any are there that are another number each way, such as `1,234` and `1.234`.
    odd_comma: bool,
    odd_point: bool,
    /// Of these with a point the first, whether whole numbers below a thousand are beside them, and any above it without a point.
    example: String,
    small: bool,
    large: bool,
}

impl Commas {
    pub(in crate::data) fn take(&mut self, cell: &Cell) {
        let Cell::Text(text) = cell else { return };
        let text = bare(text);
        match (Comma::Decimal.read(text), Comma::Thousands.read(text)) {
            (Some(_), None) => self.decimal += 1,
            (None, Some(_)) => self.thousands += 1,
            (Some(a), Some(b)) if a != b => {
                self.odd_comma |= text.contains(',');
                self.odd_point |= text.contains('.');
                if self.example.is_empty() && text.contains('.') {
                    self.example = text.into();
                }
            }
            (Some(_), Some(_)) if text.bytes().all(|b| b.is_ascii_digit()) => {
                self.small |= text.len() <= 3;
                self.large |= text.len() > 3;
            }
            _ => {}
        }
    }

    /// Whether points can only set thousands apart, where cells are parted by semicolons: every number with one has three digits behind it,
    /// and those below a thousand have none. Numbers with a fraction would now and then have one digit behind it, or none before.
    pub(in crate::data) fn are_points_of_thousands(&self) -> bool {
        self.decimal + self.thousands == 0 && self.odd_point && !self.odd_comma && self.small && !self.large
    }

    /// A number whose point could be either, where nothing says which.
    pub(in crate::data) fn unclear_point(&self) -> Option<&str> {
        let is_unclear = self.decimal + self.thousands == 0 && self.odd_point && !self.odd_comma;
        is_unclear.then_some(self.example.as_str())
    }

    /// What most of those say that can be read in one way alone; none where they say nothing.
    pub(in crate::data) fn surely(&self) -> Option<Comma> {
        match self.decimal.cmp(&self.thousands) {
            Ordering::Greater => Some(Comma::Decimal),
            Ordering::Less => Some(Comma::Thousands),
            Ordering::Equal => None,
        }
    }

    /// As [`Commas::surely`]; where there are none of these, a point that could be either is a decimal one unless commas are there as well:
    /// programs write those, and hardly ever thousands with points.
    pub(in crate::data) fn meaning(&self) -> Option<Comma> {
        let is_point = self.decimal + self.thousands == 0 && self.odd_point && !self.odd_comma;
        self.surely().or(is_point.then_some(Comma::Thousands))
    }
}

/// Words for nothing, as pandas has them, and the mark of old data sets.
const NOTHING: [&str; 14] =
    ["", "na", "n/a", "#n/a", "#na", "nan", "-nan", "null", "none", "<na>", "#n/a n/a", "1.#qnan", "-1.#ind", "?"];

/// Words that stand for nothing beside numbers; anywhere else they may be a category. Those behind a `#` are what spreadsheets write of
/// a sum that cannot be done.
const NO_NUMBER: [&str; 20] = [
    "-",
    "--",
    "---",
    "–",
    "—",
    ".",
    "n.a.",
    "k.a.",
    "missing",
    "unknown",
    "unbekannt",
    "not available",
    "tbd",
    "tba",
    "#div/0!",
    "#value!",
    "#ref!",
    "#num!",
    "#name?",
    "#null!",
];

/// Whether a word stands for nothing where a number should be.
pub(super) fn is_no_number(word: &str) -> bool {
    let word = word.replace(' ', "");
    NO_NUMBER.iter().any(|nothing| word.eq_ignore_ascii_case(&nothing.replace(' ', "")))
}

/// Whether a cell says nothing.
pub(in crate::data) fn is_nothing(cell: &Cell) -> bool {
    match cell {
        Cell::Null => true,
        Cell::Float(number) => number.is_nan(),
        Cell::Text(text) => NOTHING.iter().any(|word| text.trim().eq_ignore_ascii_case(word)),
        Cell::Int(_) | Cell::Bytes(_) | Cell::File(_) | Cell::List(_) | Cell::Object(_) | Cell::Other(_) => false,
    }
}

/// What the words for yes and no say that programs write of a column of such: other formats hold 1 and 0 there.
fn truth(word: &str) -> Option<bool> {
    let word = word.trim();
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    if is("true") { Some(true) } else { is("false").then_some(false) }
}

/// Whether a value that stands beside `true` and `false`, or for them, is the one or the other: `1` and `0` are, too.
pub(in crate::data) fn truth_or_number(word: &str) -> Option<bool> {
    truth(word).or(match word.trim() {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    })
}

/// The number that a cell says; none where it says something else or nothing.
pub(in crate::data) fn number(cell: &Cell, comma: Comma) -> Option<f64> {
    match cell {
        _ if is_nothing(cell) => None,
        Cell::Int(number) => Some(*number as f64),
        Cell::Float(number) => Some(*number),
        Cell::Text(text) => truth(text).map(|truth| f64::from(u8::from(truth))).or_else(|| {
            let text = bare(text);
            comma.read(text).or_else(|| {
                // A currency may stand behind the sign.
                let (sign, number) = text.strip_prefix('-').map_or((1.0, text), |number| (-1.0, bare(number)));
                number.parse::<f64>().ok().map(|number| sign * number)
            })
        }),
        Cell::Null | Cell::Bytes(_) | Cell::File(_) | Cell::List(_) | Cell::Object(_) | Cell::Other(_) => None,
    }
}

/// A number without the sign or code of a currency, or the percent sign, before or behind it: the unit is its column's.
fn bare(text: &str) -> &str {
    const MARKS: [&str; 13] = ["$", "€", "£", "¥", "₹", "%", "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR"];
    let text = text.trim();
    let without = |mark: &&str| text.strip_prefix(*mark).or_else(|| text.strip_suffix(*mark));
    MARKS.iter().find_map(without).map_or(text, str::trim)
}

/// A number whose thousands may be set apart: groups of three digits behind the first, parted by `group`, a blank or an apostrophe.
fn grouped(text: &str, group: char, point: char) -> Option<f64> {
    const ALWAYS: [char; 5] = [' ', '\u{a0}', '\u{202f}', '\'', '’'];
    let (sign, digits) = text.strip_prefix('-').map_or((1.0, text), |digits| (-1.0, digits));
    let digits = bare(digits);
    let (whole, part) = digits.split_once(point).unwrap_or((digits, ""));
    let mut groups = whole.split(|c| c == group || ALWAYS.contains(&c));
    let first = groups.next()?;
    let (mut all, mut several) = (first.to_string(), false);
    for group in groups {
        several = true;
        (group.len() == 3).then(|| all.push_str(group))?;
    }
    let figures = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    // No group of thousands begins with a nought.
    let right = !first.is_empty() && (!several || first.len() <= 3 && !first.starts_with('0')) && figures(&all) && figures(part);
    right.then(|| format!("{all}.{part}").parse().ok()).flatten().map(|number: f64| sign * number)
}

/// The number that a column of a model takes from a cell. `said`: what commas mean in the file at hand; a file that does not say is read
/// as those that the model was trained on.
pub(in crate::data) fn number_of(column: &NumericColumn, cell: &Cell, said: Option<Comma>) -> Option<f64> {
    let number = match column.of_date {
        Some(part) => {
            let date = column.day_first.map_or_else(|| date(cell), |day_first| dates(cell)[usize::from(!day_first)]);
            date.map(|date| part_of(&date, part))
        }
        None => number(cell, said.unwrap_or(if column.decimal_comma { Comma::Decimal } else { Comma::Thousands })),
    };
    number.filter(|number| number.is_finite())
}

/// The category that a cell says, and none where it says nothing. A whole number is the same however it is written.
pub(in crate::data) fn category(cell: &Cell) -> Option<Cow<'_, str>> {
    match cell {
        _ if is_nothing(cell) => None,
        Cell::Int(number) => Some(number.to_string().into()),
        Cell::Float(number) => Some(number.to_string().into()),
        Cell::Text(text) => Some(text.trim().into()),
        Cell::Null | Cell::Bytes(_) | Cell::File(_) | Cell::List(_) | Cell::Object(_) | Cell::Other(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell {
        Cell::Text(text.into())
    }

    #[test]
    fn numbers() {
        for (cell, decimal, thousands) in [
            ("1.5", Some(1.5), Some(1.5)),
            (" -3 ", Some(-3.0), Some(-3.0)),
            ("1e3", Some(1e3), Some(1e3)),
            ("1,5", Some(1.5), None),
            ("1,234", Some(1.234), Some(1234.0)),
            ("1.234", Some(1234.0), Some(1.234)),
            ("0.125", Some(0.125), Some(0.125)),
            ("0,125", Some(0.125), None),
            ("1.234,5", Some(1234.5), None),
            ("-1,234,567.25", None, Some(-1_234_567.25)),
            ("1,23,456", None, None),
            ("1 234 567", Some(1_234_567.0), Some(1_234_567.0)),
            ("1\u{202f}234,5", Some(1234.5), None),
            ("1'234.5", None, Some(1234.5)),
            ("030 123 456", None, None),
            ("$789,016", Some(789.016), Some(789_016.0)),
            ("-$5.5", Some(-5.5), Some(-5.5)),
            ("12,50 €", Some(12.5), None),
            ("USD 7", Some(7.0), Some(7.0)),
            ("55.5%", Some(55.5), Some(55.5)),
            ("%", None, None),
            ("123456789012345678901234567890", Some(1.2345678901234568e29), Some(1.2345678901234568e29)),
            ("inf", Some(f64::INFINITY), Some(f64::INFINITY)),
            ("NaN", None, None),
            ("N/A", None, None),
            ("?", None, None),
            ("", None, None),
            ("abc", None, None),
            ("True", Some(1.0), Some(1.0)),
            (" FALSE ", Some(0.0), Some(0.0)),
            ("truest", None, None),
            ("12 kg", None, None),
            (",", None, None),
            (",5", None, None),
        ] {
            let found = [Comma::Decimal, Comma::Thousands].map(|comma| number(&text(cell), comma));
            assert_eq!(found, [decimal, thousands], "{cell}");
        }
        assert_eq!(number(&Cell::Float(f64::NAN), Comma::Decimal), None);
    }

    #[test]
    fn what_the_numbers_of_a_file_say_of_its_commas() {
        for (cells, expected) in [
            ("982 1,274 2.5", Some(Comma::Thousands)),
            ("982 1.274 2,5", Some(Comma::Decimal)),
            ("982 1,274 3,141", None),
            ("1.274 3.141", Some(Comma::Thousands)),
            ("1.274 3,141", None),
            ("2.5 1,5", None),
            ("red 12", None),
            ("1.234.567 red", Some(Comma::Decimal)),
            ("31.01.2026 192.168.1.1", None),
        ] {
            let mut commas = Commas::default();
            cells.split(' ').for_each(|cell| commas.take(&text(cell)));
            assert_eq!(commas.meaning(), expected, "{cells}");
        }
    }

    #[test]
    fn categories() {
        let read = |cell: &Cell| category(cell).map(Cow::into_owned);
        assert_eq!(read(&text(" red ")), Some("red".into()));
        assert_eq!((read(&Cell::Float(3.0)), read(&Cell::Int(3))), (Some("3".into()), Some("3".into())));
        assert_eq!((read(&text("null")), read(&Cell::Null)), (None, None));
    }
}
