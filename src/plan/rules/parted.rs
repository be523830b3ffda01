//! Rows that are parted by whose they are or by a date: which column of the data that is, and what is said of it.

use super::brief::Brief;
use super::held_out::column_of_time;
use crate::data::is_called;
use crate::intake::{AskedOrder, AskedSplit, Lack, Request, SplitBy};
use crate::plan::DataFacts;
use crate::spec::{Border, HeldOutBy};

/// How the data can follow a way to part its rows; none where it cannot.
pub(super) fn by_split(asked: &AskedSplit, request: &Request, data: &DataFacts) -> Option<HeldOutBy> {
    match &asked.by {
        SplitBy::Group(name) => group(name, data),
        // The text that is read is whose it is for nobody.
        SplitBy::Some { of, .. } => group(of, data).filter(|by| {
            data.table.is_some() || by.column().is_none_or(|column| !data.columns.input.iter().any(|input| input == column))
        }),
        SplitBy::Border(from) => {
            let says = |column: &&String| {
                let words = asked.words.to_lowercase();
                let is_part = |c: char| c.is_alphanumeric() || c == '_';
                let is_word = words.split(|c| !is_part(c)).any(|word| word == column.to_lowercase());
                is_word || column.contains('_') && words.contains(&column.to_lowercase().replace('_', " "))
            };
            let numbers = || data.table.iter().flat_map(|table| &table.numeric).map(|column| &column.name);
            let named = if let Some(AskedOrder::By(name)) = &request.ordered_by { Some(name.as_str()) } else { None };
            let column = data.times.iter().find(says).or_else(|| numbers().find(says));
            let column = column.or_else(|| column_of_time(named, data))?;
            Some(HeldOutBy::Time { column: column.clone(), from: Some(Border::new(from)) })
        }
    }
}

pub(super) fn group(name: &str, data: &DataFacts) -> Option<HeldOutBy> {
    column_of_group(name, data).map(|column| HeldOutBy::Group { column: column.clone() })
}

/// The column that says whose a row is, by a name that somebody has for it: `patient`, `patients` and `patient id` of `patient_id`.
fn column_of_group<'a>(name: &str, data: &'a DataFacts) -> Option<&'a String> {
    // What numbers or names a thing, or holds all of it, is the same for the same thing.
    const OF_NAMES: [&str; 18] = [
        "id", "ids", "key", "uuid", "guid", "code", "no", "nr", "num", "number", "name", "index", "text", "title", "body",
        "content", "url", "path",
    ];
    let squeezed = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let whose = || data.whose.iter();
    AskedSplit::names_of_group(name).iter().find_map(|name| {
        let own = squeezed(name);
        let is_numbered = |column: &&String| {
            let column = squeezed(column);
            let rest = column.strip_prefix(own.as_str()).or_else(|| column.strip_suffix(own.as_str()));
            rest.is_some_and(|rest| OF_NAMES.contains(&rest))
        };
        let ends_so = |column: &&String| {
            column.rsplit(|c: char| !c.is_alphanumeric()).next().is_some_and(|word| word.eq_ignore_ascii_case(name))
        };
        let only = || whose().find(ends_so).filter(|_| whose().filter(ends_so).count() == 1);
        whose()
            .find(|column| squeezed(column) == own)
            .or_else(|| whose().find(is_numbered))
            .or_else(|| whose().find(|column| is_called(column, name)))
            .or_else(only)
    })
}

/// Whether so many of those whose rows they are were asked for, and no share of them.
pub(super) fn counted(asked: &AskedSplit) -> bool {
    matches!(asked.by, SplitBy::Some { count: Some(_), .. })
}

/// Whether words part rows by a date, and not by whom they are of.
fn has_year(words: &str) -> bool {
    let digits: Vec<&str> = words.split(|c: char| !c.is_ascii_digit()).collect();
    digits.iter().any(|digits| digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20")))
}

impl Brief<'_> {
    /// Why rows are not parted as these words have it, which name neither one date nor a column.
    fn untold(&self, words: &str) -> String {
        const BORDER: &str = "that is no one border, as `train before 2021 and test on 2021 and later` says one";
        match (has_year(words), &self.held_out_by) {
            (true, HeldOutBy::Time { .. }) => format!("{BORDER}: the latest are as near as it comes"),
            (true, _) => BORDER.into(),
            (false, _) => {
                "it names no column by whose values rows are kept together, as `split by COLUMN` does; examples that stand on both \
                 sides are counted and told"
                    .into()
            }
        }
    }

    /// Why a way to part the rows is not followed.
    fn unfollowed(&self, asked: &AskedSplit, how: &str) -> String {
        let way = self.request().and_then(|request| by_split(asked, request, self.offer.data));
        match (&asked.by, way) {
            (_, Some(_)) => format!("rows are parted in one way, and these are {how}"),
            (SplitBy::Group(name), None) => format!(
                "no column is called `{name}`: `data.held_out_by = {{ kind = \"group\", column = \"...\" }}`, or `split by COLUMN` in a \
                 request, keeps the rows of one value together"
            ),
            (SplitBy::Some { of, .. }, None) => format!("no column is called `{of}`, and rows are drawn"),
            (SplitBy::Border(_), None) => "no column says when a row was".into(),
        }
    }

    /// What is said of ways to part the rows, where a part is cut off.
    pub(super) fn say_parted(&self, used: &str, how: &str, differs: &mut dyn FnMut(String, String, String)) {
        let Some(request) = self.request() else { return };
        for asked in &request.parted {
            // `GroupKFold`, `group k-fold`.
            let says_folds = asked.words.to_lowercase().replace('-', "").contains("kfold");
            let way = by_split(asked, request, self.offer.data);
            match way.as_ref() == Some(&self.held_out_by) {
                // `20% of the houses` are rows where each is one of a house.
                _ if way.is_none() && matches!(asked.by, SplitBy::Some { .. }) && !asked.is_too_few_rows() => {}
                true if counted(asked) => {
                    let reason = "how many there are of each is not counted before: a share of them, as `hold out 20% of the \
                                  patients`, can be followed";
                    differs(asked.words.clone(), used.into(), reason.into());
                }
                true if says_folds => {
                    differs(asked.words.clone(), used.into(), "one part is held out here, and there are no folds".into());
                }
                true => {}
                false => differs(asked.words.clone(), used.into(), self.unfollowed(asked, how)),
            }
        }
        let are_together = matches!(self.held_out_by, HeldOutBy::Group { .. });
        let untold = request.lacking.iter().filter(|lack| lack.of == Lack::Split).map(|lack| &lack.words);
        // That nothing is on both sides is so of groups that were named.
        for words in untold.filter(|words| !are_together || has_year(words)) {
            differs(words.clone(), used.into(), self.untold(words));
        }
    }

    /// Whether a column that rows are kept together by would be an input of a table, and nobody asked for that.
    pub(super) fn is_left_out_for_groups(&self, column: &str) -> bool {
        let (asked, perhaps) = (&self.choice.columns, &self.choice.perhaps);
        let is_asked = asked.input.iter().chain(&perhaps.input).any(|name| is_called(column, name));
        self.offer.data.table.is_some() && !is_asked && !self.roles().input.iter().any(|name| name == column)
    }
}
