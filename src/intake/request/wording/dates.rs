//! Dates as people write them, in the languages that are read: a day, a month, a quarter or a year.

use crate::intake::regex;
use crate::words::{MONTHS, month};
use jiff::ToSpan;
use jiff::civil::Date;
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The text with years in a row as one time: `in 2021, 2022 and 2023` is `in 2021 to 2023`.
pub(crate) fn in_a_row(text: &str) -> Cow<'_, str> {
    static YEARS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?P<before>in|on|of|from|during|for|with|years?)\s(?P<first>(?:19|20)[0-9]{2})(?P<more>(?:,\s(?:19|20)[0-9]{2})*),?\s(?:and|&)\s(?P<last>(?:19|20)[0-9]{2})\b(?P<behind>[-/.][0-9])?",
        )
    });
    YEARS.replace_all(text, |found: &Captures<'_>| {
        let years: Vec<i32> = found[0]
            .split(|c: char| !c.is_ascii_digit())
            .filter(|digits| digits.len() == 4)
            .filter_map(|digits| digits.parse().ok())
            .collect();
        let are_in_a_row = found.name("behind").is_none() && years.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        match are_in_a_row {
            true => format!("{} {} to {}", &found["before"], &found["first"], &found["last"]),
            false => found[0].to_string(),
        }
    })
}

/// Signs for months, days and years, so that they are found among other words.
pub(crate) fn date_form() -> String {
    let months = MONTHS.concat().join("|");
    let month = format!(r"\b(?:{months})\b\.?");
    let year = r"(?:19|20)[0-9]{2}";
    let day = r"[0-9]{1,2}(?:st|nd|rd|th|er|º|\.)?";
    let part = r"(?:(?:start|beginning|end|anfang|ende|début|fin|final|inicio|início|inizio|fine|fim)\s(?:(?:of|the|de|des|d[aeiou]l?)\s){0,2})?";
    let of = r"(?:(?:of|de|di|the)\s)?";
    format!(
        r"{part}(?:{year}\s?年(?:\s?[0-9]{{1,2}}\s?月(?:\s?[0-9]{{1,2}}\s?[日号])?)?|{year}[-/.][0-9]{{1,2}}(?:[-/.][0-9]{{1,2}})?\b|[0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.]{year}\b|[0-9]{{1,2}}[/.]{year}\b|(?:{day}\s{of})?{month},?\s(?:{day},?\s)?{of}{year}\b|q[1-4]\s?(?:of\s)?{year}\b|{year}\s?q[1-4]\b|{year}\b)"
    )
}

/// The first day of what a date names, and the first behind it; none where day and month cannot be told apart, and where there is no such
/// day.
pub(crate) fn dates(text: &str) -> Option<(Date, Date)> {
    let text = text.to_lowercase();
    let (numbers, words) = parts(&text);
    let of_year = |year: i16, month: i8, day: i8| Date::new(year, month, day).ok();
    let (first, next) = match (numbers.as_slice(), words.iter().find_map(|word| month(word)), quarter(&text)) {
        (_, _, Some(quarter)) => {
            let first = of_year(numbers.iter().find(|number| **number > 1000).copied()?, 3 * quarter - 2, 1)?;
            (first, first.checked_add(3.months()).ok()?)
        }
        ([year], None, None) => (of_year(*year, 1, 1)?, of_year(year + 1, 1, 1)?),
        ([day, year], Some(month), None) if *year > 1000 => whole_day(of_year(*year, month, i8::try_from(*day).ok()?)?)?,
        ([year], Some(month), None) => whole_month(of_year(*year, month, 1)?)?,
        ([year, month], None, None) if *year > 1000 => whole_month(of_year(*year, i8::try_from(*month).ok()?, 1)?)?,
        ([month, year], None, None) => whole_month(of_year(*year, i8::try_from(*month).ok()?, 1)?)?,
        ([year, month, day], None, None) if *year > 1000 => {
            whole_day(of_year(*year, i8::try_from(*month).ok()?, i8::try_from(*day).ok()?)?)?
        }
        ([first, second, year], None, None) => {
            let [first, second] = [i8::try_from(*first).ok()?, i8::try_from(*second).ok()?];
            let (day, month) = match () {
                () if text.contains('.') || first > 12 || first == second => (first, second),
                () if second > 12 => (second, first),
                () => return None,
            };
            whole_day(of_year(*year, month, day)?)?
        }
        _ => return None,
    };
    let says = |starts: &[&str]| words.iter().any(|word| starts.contains(word));
    match () {
        () if says(&["end", "ende", "fin", "final", "fine", "fim"]) => whole_day(next.yesterday().ok()?),
        () if says(&["start", "beginning", "anfang", "début", "inicio", "início", "inizio"]) => whole_day(first),
        () => Some((first, next)),
    }
}

/// The numbers of a date, and its words.
fn parts(text: &str) -> (Vec<i16>, Vec<&str>) {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    (numbers.collect(), words.collect())
}

fn whole_day(day: Date) -> Option<(Date, Date)> {
    Some((day, day.tomorrow().ok()?))
}

fn whole_month(first: Date) -> Option<(Date, Date)> {
    Some((first, first.checked_add(1.month()).ok()?))
}

fn quarter(text: &str) -> Option<i8> {
    let at = text.find('q')?;
    text[at + 1..]
        .chars()
        .next()
        .and_then(|digit| digit.to_digit(10))
        .filter(|quarter| (1..=4).contains(quarter))
        .map(|q| q as i8)
}

/// A day as short as it can be written: the first of a year is the year.
pub(crate) fn written(day: Date) -> String {
    match (day.month(), day.day()) {
        (1, 1) => day.year().to_string(),
        (_, 1) => format!("{}-{:02}", day.year(), day.month()),
        _ => day.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_in_a_row_are_one_time() {
        assert_eq!(in_a_row("train on 2021, 2022 and 2023, test on 2024"), "train on 2021 to 2023, test on 2024");
        assert_eq!(in_a_row("filed in 2022 and 2023."), "filed in 2022 to 2023.");
        for text in ["in 2019 and 2022", "in 2021 and 2022-05", "train before 2021 and test after 2021"] {
            assert_eq!(in_a_row(text), text);
        }
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        for (text, expected) in [
            ("2021", Some("2021 2022")),
            ("2021-03", Some("2021-03 2021-04")),
            ("2021-03-31", Some("2021-03-31 2021-04")),
            ("31.03.2021", Some("2021-03-31 2021-04")),
            ("03/31/2021", Some("2021-03-31 2021-04")),
            ("31/03/2021", Some("2021-03-31 2021-04")),
            ("01/02/2021", None),
            ("2021-02-30", None),
            ("March 2021", Some("2021-03 2021-04")),
            ("30 June 2022", Some("2022-06-30 2022-07")),
            ("June 30th, 2022", Some("2022-06-30 2022-07")),
            ("30. juni 2022", Some("2022-06-30 2022-07")),
            ("1er mars 2023", Some("2023-03 2023-03-02")),
            ("30 de junio de 2022", Some("2022-06-30 2022-07")),
            ("dezembro de 2020", Some("2020-12 2021")),
            ("1 gennaio 2021", Some("2021 2021-01-02")),
            ("2021年3月1日", Some("2021-03 2021-03-02")),
            ("end of 2020", Some("2020-12-31 2021")),
            ("beginning of March 2021", Some("2021-03 2021-03-02")),
            ("Q3 2021", Some("2021-07 2021-10")),
        ] {
            let read = dates(text).map(|(first, next)| format!("{} {}", written(first), written(next)));
            assert_eq!(read.as_deref(), expected, "{text}");
            let whole = regex(&format!("(?i)^(?:{})$", date_form()));
            assert!(whole.is_match(text), "{text}");
        }
    }
}
