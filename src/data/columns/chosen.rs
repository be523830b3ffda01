//! Rows that a request chooses by what they hold: `skip the rows where is_bot is true`, `only rows with age over 60`. The column and what
//! it is compared with are those of the data; what they are not is no rule, and is told.

use super::roles::Roles;
use super::{PerhapsColumns, sample, words};
use crate::data::classes;
use crate::data::features::{dates, number};
use crate::data::read::{Cell, Table, are_same};
use crate::spec::{Border, RowRule, RowTest};
use regex::Regex;
use std::sync::LazyLock;

impl PerhapsColumns {
    /// The words that choose rows of a table, with the rule that each is.
    pub(in crate::data) fn rows_said(&self, table: &Table) -> Vec<(String, RowRule)> {
        self.rows.iter().filter_map(|words| Some((words.clone(), rule(words, table)?))).collect()
    }
}

fn regex(form: &str) -> Option<Regex> {
    Regex::new(&format!("(?i){form}")).ok()
}

/// What words say of the one column that they name; none where they name no other or several, or say something else.
fn rule(said: &str, table: &Table) -> Option<RowRule> {
    static AWAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"\b(?:ignor|drop|exclud|remov|skip|omit|discard|throw|delet|get rid|leav(?:e|ing)\b.*\bout|left out|filter(?:ed|ing)? out|without (?:the |all |any |those )*(?:rows?|records?|examples?|samples?|entries|lines|cases))",
        )
    });
    let names = table.names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mentioned = Roles::mentioned(said, &names);
    let column = mentioned.first().filter(|first| mentioned.iter().all(|name| name == *first))?.clone();
    let (before, after) = around(said, &column)?;
    let (test, is_not) = test(&before, &after, &column, table)?;
    let is_away = AWAY.as_ref()?.is_match(said);
    Some(RowRule { column, test, leave_out: is_away != is_not })
}

/// The words before a column's name, and behind it, in lower case.
fn around(said: &str, column: &str) -> Option<(String, String)> {
    let parts: Vec<String> = words(column).iter().map(|word| regex::escape(word)).collect();
    let name =
        Regex::new(&format!(r"(?i)(?P<before>^|[^\w])[`'\x22]?{}[`'\x22]?(?P<behind>$|[^\w])", parts.join(r"[\s_-]?"))).ok()?;
    let found = name.captures(said)?;
    let (start, end) = (found.name("before")?.end(), found.name("behind")?.start());
    Some((said.get(..start)?.trim().to_lowercase(), said.get(end..)?.trim().to_lowercase()))
}

/// The test, and whether rows that meet it are the others.
fn test(before: &str, after: &str, column: &str, table: &Table) -> Option<(RowTest, bool)> {
    static EMPTY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(r"^(?:is |are |was |has |have )?(?P<not>not |n['’]t )?(?:missing|empty|null|blank|nan|none|n/a|unknown|unset)\b")
    });
    static FILLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"^(?:is |are |was |has been )?(?P<not>not |n['’]t )?(?:given|known|filled(?: in)?|set|present|there|available|recorded)\b",
        )
    });
    static COMPARED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"^(?:(?:is|are|was|were|of|value|values)\s)*(?P<not>not\s)?(?:(?P<ge>>=|≥|at least|no less than|not below|from|since)|(?P<gt>>|over|above|more than|greater than|larger than|bigger than|higher than|older than|after|later than|newer than|exceed(?:s|ing)?)|(?P<le><=|≤|at most|no more than|not above|up to|until|through)|(?P<lt><|under|below|less than|smaller than|lower than|fewer than|younger than|before|earlier than))\s?(?P<v>[-+]?\d[\d:.,/-]*)",
        )
    });
    static EQUAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"^(?P<is>(?:(?:is|are|was|were|in|equals?|equal to|of)\s|==?\s?|:\s?)*)(?P<not>(?:not|never)\s(?:in\s)?|!=\s?|<>\s?)?(?P<list>.+)$",
        )
    });
    static NONE_BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"\b(?:without|with no|with missing|with an? (?:missing|empty|unknown)|with empty|lack(?:s|ing)?|missing|no)(?: (?:an?|any|the))?$",
        )
    });
    static FLAG_BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"\b(?:(?:that|which|who) (?:is|are|was|were|has been|have been)|marked(?: as)?|flagged(?: as)?|labell?ed(?: as)?|still|already)(?: (?P<not>not))?$",
        )
    });
    static WITH_BEFORE: LazyLock<Option<Regex>> =
        LazyLock::new(|| regex(r"\b(?:with|having|that have|which have)(?: (?:an?|some|the))?$"));
    // What may stand behind all that is said: `are to be dropped`.
    static END: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"(?:\s|^)(?:(?:should|must|can|may|are|is|to|be|have to|so|and|please|[,;–—-])\s)*(?:ignored|dropped|excluded|removed|skipped|omitted|discarded|filtered(?: out)?|left out|deleted|(?:ignore|drop|exclude|remove|skip|omit|discard|leave|throw|filter)\s(?:those|these|them).*)$",
        )
    });
    let after = END.as_ref()?.replace(after, "").trim().trim_end_matches(['.', ',']).to_string();
    let is_not = |found: &regex::Captures<'_>| found.name("not").is_some();
    if let Some(found) = EMPTY.as_ref()?.captures(&after) {
        return Some((RowTest::Empty, is_not(&found)));
    }
    if let Some(found) = FILLED.as_ref()?.captures(&after) {
        return Some((RowTest::Empty, !is_not(&found)));
    }
    if let Some(found) = COMPARED.as_ref()?.captures(&after) {
        let bound = bound_in(&found["v"], column, table)?;
        let test = match ["ge", "gt", "le", "lt"].iter().position(|name| found.name(name).is_some())? {
            0 => RowTest::AtLeast { bound },
            1 => RowTest::Above { bound },
            2 => RowTest::AtMost { bound },
            _ => RowTest::Below { bound },
        };
        return Some((test, is_not(&found)));
    }
    if after.is_empty() {
        if NONE_BEFORE.as_ref()?.is_match(before) {
            return Some((RowTest::Empty, false));
        }
        if let Some(found) = FLAG_BEFORE.as_ref()?.captures(before) {
            return values_in("true", column, table).map(|values| (RowTest::Is { values }, is_not(&found)));
        }
        return WITH_BEFORE.as_ref()?.is_match(before).then_some((RowTest::Empty, true));
    }
    let found = EQUAL.as_ref()?.captures(&after)?;
    // `Rows of ward A and B` says it before the name.
    let is_said = !found["is"].trim().is_empty() || is_not(&found) || before.ends_with(" of") || before.ends_with(" from");
    let values = values_in(&found["list"], column, table).filter(|_| is_said)?;
    Some((RowTest::Is { values }, is_not(&found)))
}

/// The values of a list, as the column has them; none where it has not all of them.
fn values_in(list: &str, column: &str, table: &Table) -> Option<Vec<String>> {
    let known = table.columns().iter().find(|own| own.name == column)?;
    let (seen, _) = sample(table, column, classes::name_of).ok()?;
    let seen: Vec<String> = known.classes.clone().unwrap_or_else(|| seen.into_iter().collect());
    let of = |value: &str| {
        let value = value.trim().trim_matches(['`', '"', '\'', '(', ')', ' ']);
        seen.iter().find(|own| are_same(value, own)).cloned()
    };
    // A value may itself have such a word in it.
    if let Some(whole) = of(list) {
        return Some(vec![whole]);
    }
    static JOINTS: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"\s?[,/|]\s?(?:and |or )?|\s(?:and|or)\s"));
    let values: Option<Vec<String>> = JOINTS.as_ref()?.split(list).filter(|value| !value.trim().is_empty()).map(of).collect();
    values.filter(|values| !values.is_empty())
}

/// A number or date that the column can be compared with.
fn bound_in(text: &str, column: &str, table: &Table) -> Option<Border> {
    let bound = Border::new(text.trim_end_matches(['.', ',', ':', '-', '/']));
    let comma = table.comma(column);
    let cells = table.rows(&[column]).ok()?.take(50).filter_map(|row| row.ok()?.cells.into_iter().next());
    let mut told = cells.filter(|cell| !cell.is_blank());
    let fits = |cell: &Cell| {
        let is_date = dates(cell).iter().any(Option::is_some);
        is_date && bound.date().is_some() || !is_date && number(cell, comma).is_some() && bound.number().is_some()
    };
    told.next().filter(fits).map(|_| bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "id,age,country,is_bot,status,seen,income\n\
        1,61,DE,true,open,2024-03-01,100\n2,40,FR,false,closed,2023-12-31,\n3,20,US,false,on hold,2022-05-01,50\n";

    fn said(words: &str) -> Option<String> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.csv");
        std::fs::write(&path, TABLE).expect("written");
        rule(words, &Table::open(&path).expect("a table")).map(|rule| rule.in_words())
    }

    #[test]
    fn rows_are_chosen_in_many_words() {
        for (words, expected) in [
            ("Skip the rows where is_bot is true", "without those whose `is_bot` is true"),
            ("only rows where country is DE or FR", "those whose `country` is DE or FR"),
            ("use only rows with age over 30", "those whose `age` is above 30"),
            ("drop rows with a missing income", "without those whose `income` is empty"),
            ("ignore rows without income", "without those whose `income` is empty"),
            ("only rows with an income", "without those whose `income` is empty"),
            ("remove the rows whose status is still", ""),
            ("rows whose status is on hold should be dropped", "without those whose `status` is on hold"),
            ("keep only rows where status is not open", "without those whose `status` is open"),
            ("WHERE age >= 21", "those whose `age` is at least 21"),
            ("only rows where seen is after 2023-06-30", "those whose `seen` is above 2023-06-30"),
            ("only rows seen before 2024", "those whose `seen` is below 2024"),
            ("only rows of country us", "those whose `country` is US"),
            ("filter out rows where country = 'DE'", "without those whose `country` is DE"),
            // A value that the column has not, and words of two columns, are told.
            ("only rows where country is Spain", ""),
            ("only rows where age is over country", ""),
            ("only rows where age is high", ""),
        ] {
            assert_eq!(said(words).unwrap_or_default(), expected, "{words}");
        }
    }
}
