//! Dates as cells say them: `2026-01-31`, `31.01.2026 12:00`, `1/31/26 9:05 PM`, `March 19, 2020`, `21-Mar-2020`, `Tue Apr 07 22:19:57 PDT 2009`,
//! `2020年3月19日`; a month alone is its first day.

use crate::data::read::Cell;
use crate::words::month;
use jiff::civil::{Date, DateTime, Time};
use tallow_zoo::mlp::DatePart;

/// The date that a cell says, with its time if it has one. One that begins with day or month and has strokes is none: which of the two it
/// is cannot be told.
pub(in crate::data) fn date(cell: &Cell) -> Option<DateTime> {
    let [day_first, month_first] = dates(cell);
    day_first.filter(|date| month_first == Some(*date))
}

/// The date that a cell says if its day stands before its month, and if it stands behind it; where the cell says which, both are one.
pub(in crate::data) fn dates(cell: &Cell) -> [Option<DateTime>; 2] {
    let Cell::Text(text) = cell else { return [None; 2] };
    let text = text.trim();
    if !(6..=48).contains(&text.len()) || !text.bytes().any(|b| b.is_ascii_digit()) {
        return [None; 2];
    }
    let said = apart(text).and_then(|(day, time)| Some((days(&day)?, time)));
    said.map_or([None; 2], |(days, time)| days.map(|day| Some(day?.to_datetime(time))))
}

/// The words of a date, and its time of day. Time zones are left out: parts of a date are those of the place where it was written.
fn apart(text: &str) -> Option<(String, Time)> {
    let Some(colon) = text.find(':') else { return Some((text.into(), Time::midnight())) };
    let (before, hour) = text[..colon].rsplit_once([' ', 'T', ','])?;
    let behind = &text[colon + 1..];
    let clock = behind.find(|c: char| !(c.is_ascii_digit() || ":.,".contains(c))).unwrap_or(behind.len());
    let mut behind: Vec<&str> = behind[clock..].split_whitespace().collect();
    // The half of the day may stand at once behind the figures.
    let half = behind.first().and_then(|word| half_of(word));
    if half.is_some() {
        behind.remove(0);
    }
    let time = time(hour, &text[colon + 1..][..clock], half)?;
    let rest: Vec<&str> = behind.into_iter().filter(|word| !is_zone(word)).collect();
    Some(([before, &rest.join(" ")].join(" "), time))
}

/// Hours that are added: 0 before noon, 12 behind it.
fn half_of(word: &str) -> Option<i8> {
    match word.replace('.', "").to_ascii_lowercase().as_str() {
        "am" => Some(0),
        "pm" => Some(12),
        _ => None,
    }
}

/// `Z`, `PDT`, `+02:00`, `-0700`, `(UTC)`.
fn is_zone(word: &str) -> bool {
    let bare = word.trim_matches(['(', ')']);
    let is_offset = |digits: &str| matches!(digits.len(), 2 | 4 | 5) && digits.bytes().all(|b| b.is_ascii_digit() || b == b':');
    bare.strip_prefix(['+', '-', '\u{2212}'])
        .map_or_else(|| bare.len() <= 5 && bare.bytes().all(|b| b.is_ascii_uppercase()), is_offset)
}

/// `behind`: minutes, and seconds with their fractions if there are any.
fn time(hour: &str, behind: &str, half: Option<i8>) -> Option<Time> {
    let whole = |text: &str, most: usize| text.parse::<i8>().ok().filter(|_| (1..=most).contains(&text.len()));
    let (minute, second) = behind.split_once(':').unwrap_or((behind, "0"));
    let (second, fraction) = second.split_once(['.', ',']).unwrap_or((second, ""));
    let nanos = if fraction.is_empty() { 0 } else { format!("{:0<9.9}", fraction).parse().ok()? };
    let hour = match (whole(hour, 2)?, half) {
        (hour, None) => hour,
        (hour, Some(half)) if (1..=12).contains(&hour) => hour % 12 + half,
        _ => return None,
    };
    // A leap second is the one before it, as jiff has it.
    Time::new(hour, whole(minute, 2)?, whole(second, 2)?.min(59), nanos).ok()
}

/// What a word of a date is.
#[derive(Clone, Copy)]
enum Word<'a> {
    Number(&'a str),
    Month(i8),
    /// The day of the week, or a word between.
    Nothing,
}

impl Word<'_> {
    /// None of what no date has.
    fn of(word: &str) -> Option<Word<'_>> {
        const BETWEEN: [&str; 7] = ["of", "the", "at", "de", "le", "den", "um"];
        const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
        let (digits, letters) = word.split_at(end);
        if !digits.is_empty() {
            return matches!(letters, "" | "st" | "nd" | "rd" | "th").then_some(Word::Number(digits));
        }
        let letters = letters.to_lowercase();
        let is_weekday = |letters: &str| {
            let names = ["day", "sday", "nesday", "rsday", "urday", "s", "rs", "r"];
            WEEKDAYS.iter().any(|short| letters.strip_prefix(short).is_some_and(|rest| rest.is_empty() || names.contains(&rest)))
        };
        month(&letters)
            .map(Word::Month)
            .or_else(|| (BETWEEN.contains(&letters.as_str()) || is_weekday(&letters)).then_some(Word::Nothing))
    }
}

/// The day that words name, with its day first and with its month first.
fn days(text: &str) -> Option<[Option<Date>; 2]> {
    let text = text.replace(['年', '月'], "-").replace(['日', '号'], "");
    let words = text.split([' ', ',', '-', '/', '.']).filter(|word| !word.is_empty());
    let words: Vec<Word> = words.map(Word::of).collect::<Option<Vec<Word>>>()?;
    let words: Vec<Word> = words.into_iter().filter(|word| !matches!(word, Word::Nothing)).collect();
    let is_year = |digits: &str| digits.len() == 4;
    match words[..] {
        [Word::Number(year), Word::Number(month), Word::Number(day)] if is_year(year) => Some([of(year, month, day); 2]),
        [Word::Number(day), Word::Number(month), Word::Number(year)] if is_year(year) && text.contains('.') => {
            Some([of(year, month, day); 2])
        }
        [Word::Number(first), Word::Number(second), Word::Number(year)] if text.contains(['/', '-']) => {
            let year = year_of(year, text.contains('/'))?;
            Some([of(&year, second, first), of(&year, first, second)])
        }
        // A month: its figures are two, or it would be a range of years or the like.
        [Word::Number(year), Word::Number(month)] if is_year(year) && month.len() == 2 => Some([of(year, month, "1"); 2]),
        [Word::Month(month), Word::Number(year)] if is_year(year) => Some([of_month(year, month, "1"); 2]),
        [Word::Month(month), Word::Number(day), Word::Number(year)] if is_year(year) => Some([of_month(year, month, day); 2]),
        [Word::Number(year), Word::Month(month), Word::Number(day)] if is_year(year) => Some([of_month(year, month, day); 2]),
        [Word::Number(day), Word::Month(month), Word::Number(year)] => Some([of_month(&year_of(year, true)?, month, day); 2]),
        _ => None,
    }
}

/// The year that figures stand for: of two, where they may be a year, as POSIX has it, from 1969 on. Versions and the like have points.
fn year_of(year: &str, may_be_short: bool) -> Option<String> {
    match year.len() {
        4 => Some(year.into()),
        2 if may_be_short => Some(format!("{}{year}", if year < "69" { 20 } else { 19 })),
        _ => None,
    }
}

fn of(year: &str, month: &str, day: &str) -> Option<Date> {
    of_month(year, month.parse().ok().filter(|_| month.len() <= 2)?, day)
}

fn of_month(year: &str, month: i8, day: &str) -> Option<Date> {
    Date::new(year.parse().ok()?, month, day.parse().ok()?).ok()
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

#[cfg(test)]
mod tests {
    use super::super::cells::number_of;
    use super::*;
    use tallow_zoo::mlp::NumericColumn;

    fn text(text: &str) -> Cell {
        Cell::Text(text.into())
    }

    #[test]
    fn dates_that_can_be_read_one_way() {
        let read = |cell: &str| date(&text(cell)).map(|date| date.to_string());
        for (cell, expected) in [
            ("2026-01-31", Some("2026-01-31T00:00:00")),
            ("2026/1/31", Some("2026-01-31T00:00:00")),
            ("31.01.2026", Some("2026-01-31T00:00:00")),
            ("2026-01-31 12:30:00", Some("2026-01-31T12:30:00")),
            ("2026-01-31T12:30:00.5Z", Some("2026-01-31T12:30:00.5")),
            ("2026-01-31 12:30:00,125", Some("2026-01-31T12:30:00.125")),
            ("2026-01-31 12:30:00+02:00", Some("2026-01-31T12:30:00")),
            ("2026-01-31 12:30:00 -0700", Some("2026-01-31T12:30:00")),
            ("2026-01-31 12:05 AM", Some("2026-01-31T00:05:00")),
            ("March 19, 2020", Some("2020-03-19T00:00:00")),
            ("Mar. 1st 2020, 9:05pm", Some("2020-03-01T21:05:00")),
            ("19 mars 2020", Some("2020-03-19T00:00:00")),
            ("19. März 2020", Some("2020-03-19T00:00:00")),
            ("21-Mar-2020", Some("2020-03-21T00:00:00")),
            ("21-Mar-71", Some("1971-03-21T00:00:00")),
            ("Thursday, 19 March 2020", Some("2020-03-19T00:00:00")),
            ("Tue Apr 07 22:19:57 PDT 2009", Some("2009-04-07T22:19:57")),
            ("Tue, 19 Mar 2020 09:05:00 +0000", Some("2020-03-19T09:05:00")),
            ("2020年3月19日", Some("2020-03-19T00:00:00")),
            ("Mar 2020", Some("2020-03-01T00:00:00")),
            ("2020-03", Some("2020-03-01T00:00:00")),
            ("2026-02-31", None),
            ("01/31/2026", None),
            ("03/04/2026", None),
            ("20260131", None),
            ("2020-2021", None),
            ("2020-13", None),
            ("March 19", None),
            ("19 March 2020 in Rome", None),
            ("2026-01-31 13:05 PM", None),
            ("2026-01-31 25:05", None),
            ("1.5.2", None),
            ("May I 2020", None),
            ("some-words-here", None),
            ("12:30:00", None),
        ] {
            assert_eq!(read(cell).as_deref(), expected, "{cell}");
        }
    }

    #[test]
    fn years_of_two_figures() {
        let both = |cell: &str| dates(&text(cell)).map(|date| date.map(|date| date.date().to_string()));
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
    }

    #[test]
    fn dates_of_either_order() {
        let read = |cell: &str| dates(&text(cell)).map(|date| date.map(|date| date.to_string()));
        let both = |day: &str| [Some(day.to_string()), Some(day.to_string())];
        assert_eq!(read("2026-01-31"), both("2026-01-31T00:00:00"));
        assert_eq!(read("31/01/2026"), [Some("2026-01-31T00:00:00".into()), None]);
        assert_eq!(read("01/31/2026 9:05"), [None, Some("2026-01-31T09:05:00".into())]);
        assert_eq!(read("1/31/2026 9:05 PM"), [None, Some("2026-01-31T21:05:00".into())]);
        assert_eq!(read("02-01-2026"), [Some("2026-01-02T00:00:00".into()), Some("2026-02-01T00:00:00".into())]);
        assert_eq!((read("40/40/2026"), read("soon 1")), ([None, None], [None, None]));
        let of = |day_first| NumericColumn { of_date: Some(DatePart::Month), day_first, ..NumericColumn::of("t", []) };
        let month = |day_first| number_of(&of(day_first), &text("02/01/2026"), None);
        assert_eq!([None, Some(true), Some(false)].map(month), [None, Some(1.0), Some(2.0)]);
    }

    #[test]
    fn parts_of_a_date() {
        let saturday = date(&text("2026-01-31 12:30:00")).expect("a date");
        let parts = [DatePart::Year, DatePart::Month, DatePart::Day, DatePart::Weekday, DatePart::Hour];
        assert_eq!(parts.map(|part| part_of(&saturday, part)), [2026.0, 1.0, 31.0, 6.0, 12.0]);
    }
}
