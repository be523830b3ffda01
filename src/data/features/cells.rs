//! What a cell says: nothing, a number, a date, a category.

use crate::data::read::Cell;
use jiff::civil::DateTime;
use std::borrow::Cow;
use std::cmp::Ordering;
use tallow_zoo::mlp::{DatePart, NumericColumn};

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

/// The date that a cell says, with its time if it has one: `2026-01-31`, `2026/01/31`, `31.01.2026`, `2026-01-31 12:00:00`. One that
/// begins with day or month and has strokes is none: which of the two it is cannot be told.
pub(in crate::data) fn date(cell: &Cell) -> Option<DateTime> {
    let Cell::Text(text) = cell else { return None };
    let text = text.trim();
    // A number alone is no date, however well it would read as one.
    if !(8..=40).contains(&text.len()) || !text.contains(['-', '/', '.']) {
        return None;
    }
    let (day, time) = text.split_once([' ', 'T']).map_or((text, ""), |(day, time)| (day, time));
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let day = match parts[..] {
        [year, month, day] if year.len() == 4 => format!("{year}-{month:0>2}-{day:0>2}"),
        [date, month, year] if year.len() == 4 && day.contains('.') => format!("{year}-{month:0>2}-{date:0>2}"),
        _ => return None,
    };
    // Time zones are left out: parts of a date are those of the place where it was written.
    let time = time.trim_end_matches("UTC").trim_end_matches('Z').trim_end();
    let time = time.rfind(['+', '-']).map_or(time, |zone| &time[..zone]);
    if time.is_empty() { day.parse().ok() } else { format!("{day}T{time}").parse().ok() }
}

/// The year that two figures between strokes stand for, as POSIX has it: from 1969 on. Versions and the like have points.
fn year_of(year: &str, day: &str) -> Option<String> {
    match year.len() {
        4 => Some(year.into()),
        2 if day.contains('/') => Some(format!("{}{year}", if year < "69" { 20 } else { 19 })),
        _ => None,
    }
}

/// `31/01/2026 9:05`, or `31/1/26`, with its day first, and with its month first; none where a cell says no such thing.
fn day_and_month(cell: &Cell) -> Option<[Option<DateTime>; 2]> {
    let Cell::Text(text) = cell else { return None };
    let text = text.trim();
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let [first, second, year] = day.split(['/', '-']).collect::<Vec<_>>()[..] else { return None };
    if !day.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'/' | b'-')) {
        return None;
    }
    let year = year_of(year, day)?;
    let time = if time.find(':') == Some(1) { format!("T0{time}") } else { format!("T{time}") };
    let time = time.strip_suffix('T').unwrap_or(&time);
    let read = |day: &str, month: &str| date(&Cell::Text(format!("{year}-{month:0>2}-{day:0>2}{time}")));
    Some([read(first, second), read(second, first)])
}

/// The date that a cell says if its day stands before its month, and if it stands behind it; where the cell says which, both are one.
pub(in crate::data) fn dates(cell: &Cell) -> [Option<DateTime>; 2] {
    match date(cell) {
        Some(date) => [Some(date); 2],
        None => day_and_month(cell).unwrap_or_default(),
    }
}

/// In which order day and month stand, as the dates of a column tell it.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::data) struct DayOrder {
    /// Whether any is another date each way.
    differ: bool,
    /// Whether some can be read one way alone: not with the day first, not with the month first.
    never: [bool; 2],
}

impl DayOrder {
    /// Looks at what a cell says each way, as [`dates`] tells it: whether it is a date in the order of those before it.
    pub(in crate::data) fn take<T: PartialEq>(&mut self, either: &[Option<T>; 2]) -> bool {
        self.differ |= either[0] != either[1];
        self.never = [0, 1].map(|way| self.never[way] || either[way].is_none());
        self.never != [true; 2]
    }

    /// Which way they are read; none where it cannot be told.
    pub(in crate::data) fn way(&self) -> Option<usize> {
        let is_told = !self.differ || self.never != [false; 2];
        is_told.then_some(usize::from(self.never[0]))
    }

    /// Whether the order makes a difference.
    pub(in crate::data) fn matters(&self) -> bool {
        self.differ
    }
}

/// The number that a part of a date is.
pub(super) fn part_of(date: &DateTime, part: DatePart) -> f64 {
    match part {
        DatePart::Year => date.year().into(),
        DatePart::Month => date.month().into(),
        DatePart::Day => date.day().into(),
        DatePart::Weekday => date.weekday().to_monday_one_offset().into(),
        DatePart::Hour => date.hour().into(),
    }
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
    fn dates() {
        let read = |cell: &str| date(&text(cell)).map(|date| date.to_string());
        for (cell, expected) in [
            ("2026-01-31", Some("2026-01-31T00:00:00")),
            ("2026/1/31", Some("2026-01-31T00:00:00")),
            ("31.01.2026", Some("2026-01-31T00:00:00")),
            ("2026-01-31 12:30:00", Some("2026-01-31T12:30:00")),
            ("2026-01-31T12:30:00.5Z", Some("2026-01-31T12:30:00.5")),
            ("2026-01-31 12:30:00+02:00", Some("2026-01-31T12:30:00")),
            ("2026-02-31", None),
            ("01/31/2026", None),
            ("20260131", None),
            ("1.5.2", None),
            ("some-words-here", None),
        ] {
            assert_eq!(read(cell).as_deref(), expected, "{cell}");
        }
        let both = |cell: &str| super::dates(&text(cell)).map(|date| date.map(|date| date.date().to_string()));
        for (cell, day_first, month_first) in [
            ("7/24/20", None, Some("2020-07-24")),
            ("24/07/99", Some("1999-07-24"), None),
            ("3/4/68", Some("2068-04-03"), Some("2068-03-04")),
            ("3/4/20 9:05", Some("2020-04-03"), Some("2020-03-04")),
            ("3-4-20", None, None),
            ("3/4/2", None, None),
            ("3/4/-1", None, None),
        ] {
            assert_eq!(both(cell), [day_first, month_first].map(|date| date.map(String::from)), "{cell}");
        }
        let saturday = date(&text("2026-01-31 12:30:00")).expect("a date");
        let parts = [DatePart::Year, DatePart::Month, DatePart::Day, DatePart::Weekday, DatePart::Hour];
        assert_eq!(parts.map(|part| part_of(&saturday, part)), [2026.0, 1.0, 31.0, 6.0, 12.0]);
    }

    #[test]
    fn dates_of_either_order() {
        let read = |cell: &str| super::dates(&text(cell)).map(|date| date.map(|date| date.to_string()));
        let both = |day: &str| [Some(day.to_string()), Some(day.to_string())];
        assert_eq!(read("2026-01-31"), both("2026-01-31T00:00:00"));
        assert_eq!(read("31/01/2026"), [Some("2026-01-31T00:00:00".into()), None]);
        assert_eq!(read("01/31/2026 9:05"), [None, Some("2026-01-31T09:05:00".into())]);
        assert_eq!(read("02-01-2026"), [Some("2026-01-02T00:00:00".into()), Some("2026-02-01T00:00:00".into())]);
        assert_eq!((read("40/40/2026"), read("soon")), ([None, None], [None, None]));
        let of = |day_first| NumericColumn { of_date: Some(DatePart::Month), day_first, ..NumericColumn::of("t", []) };
        let month = |day_first| number_of(&of(day_first), &text("02/01/2026"), None);
        assert_eq!([None, Some(true), Some(false)].map(month), [None, Some(1.0), Some(2.0)]);
    }

    #[test]
    fn categories() {
        let read = |cell: &Cell| category(cell).map(Cow::into_owned);
        assert_eq!(read(&text(" red ")), Some("red".into()));
        assert_eq!((read(&Cell::Float(3.0)), read(&Cell::Int(3))), (Some("3".into()), Some("3".into())));
        assert_eq!((read(&text("null")), read(&Cell::Null)), (None, None));
    }
}
