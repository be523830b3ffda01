//! A place in the order of rows, as somebody writes it: a date, a month, a year, a number.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use schemars::JsonSchema;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// From where on rows are held out: `2021-01-31`, with a time behind it or none, `2021-03`, `2021`, or a number. What it is depends on
/// the column that it is a place of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("type" = ["string", "number"]))]
pub struct Border(String);

impl Border {
    pub fn new(text: &str) -> Self {
        Border(text.trim().into())
    }

    /// The first moment of what it names; none where it is no date.
    pub fn date(&self) -> Option<DateTime> {
        let digits = self.0.bytes().filter(u8::is_ascii_digit).count();
        let first = match self.0.len() {
            4 if digits == 4 => format!("{}-01-01", self.0),
            7 if digits == 6 => format!("{}-01", self.0),
            _ => self.0.replacen(' ', "T", 1),
        };
        first.parse::<DateTime>().or_else(|_| first.parse::<Date>().map(DateTime::from)).ok()
    }

    /// The first moment behind what it names: a year, a month or a day; none where it names a moment, or is no date.
    pub fn end(&self) -> Option<DateTime> {
        let span = match self.0.len() {
            4 => 1.year(),
            7 => 1.month(),
            10 => 1.day(),
            _ => return None,
        };
        self.date()?.checked_add(span).ok()
    }

    pub fn number(&self) -> Option<f64> {
        self.0.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

impl fmt::Display for Border {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Border {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// A year or another number may stand without quotes.
struct Written;

impl Visitor<'_> for Written {
    type Value = Border;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date, a month or a year in quotes, or a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Border, E> {
        Ok(Border::new(text))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Border, E> {
        Ok(Border(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Border, E> {
        Ok(Border(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Border, E> {
        Ok(Border(number.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_it_is_written() {
        let read = |text: &str| {
            let border: Border = serde_json::from_str(text).expect("a border");
            (border.date().map(|date| date.to_string()), border.number())
        };
        let day = |day: &str| Some(format!("{day}T00:00:00"));
        assert_eq!(read("2021"), (day("2021-01-01"), Some(2021.0)));
        assert_eq!(read("\"2021\""), (day("2021-01-01"), Some(2021.0)));
        assert_eq!(read("\" 2021-03 \""), (day("2021-03-01"), None));
        assert_eq!(read("\"2021-03-31\""), (day("2021-03-31"), None));
        assert_eq!(read("\"2021-03-31 12:30\""), (Some("2021-03-31T12:30:00".into()), None));
        assert_eq!(read("0.5"), (None, Some(0.5)));
        assert_eq!(read("-3"), (None, Some(-3.0)));
        for text in ["\"soon\"", "\"2021-13\"", "\"\"", "\"31.01.2021\"", "\"nan\""] {
            assert_eq!(read(text), (None, None), "{text}");
        }
        assert!(serde_json::from_str::<Border>("[2021]").is_err());
        let end = |text: &str| Border::new(text).end().map(|date| date.to_string());
        assert_eq!([end("2021"), end("2021-12"), end("2024-02-29")], [day("2022-01-01"), day("2022-01-01"), day("2024-03-01")]);
        assert_eq!([end("2021-03-31 12:30"), end("0.55")], [None, None]);
        let border = Border::new("2021-01-01");
        assert_eq!(serde_json::from_str::<Border>(&serde_json::to_string(&border).expect("JSON")).expect("read"), border);
    }
}
