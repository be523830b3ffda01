//! Rows that a request chooses by what they hold: `skip the rows where is_bot is true`, `only rows with age over 60`. The column and what
//! it is compared with are those of the data; what they are not is no rule, and is told.

use super::roles::Roles;
use super::{PerhapsColumns, sample, words};
use crate::data::classes;
use crate::data::features::{dates, number};
use crate::data::read::{Table, are_same, day_order};
use crate::spec::{Border, RowRule, RowTest};
use regex::Regex;
use std::sync::LazyLock;

impl PerhapsColumns {
    /// The words that choose rows of a table, with the rules that they are.
    pub(in crate::data) fn rows_said(&self, table: &Table) -> Vec<(String, Vec<RowRule>)> {
        let said = self.rows.iter().map(|words| (words.clone(), rules(words, table)));
        said.filter(|(_, rules)| !rules.is_empty()).collect()
    }
}

fn regex(form: &str) -> Option<Regex> {
    Regex::new(&format!("(?i){form}")).ok()
}

/// The rules that words are: one, or of rows that are kept one for each thing that must be so, `aged 18 to 65 and from DE`.
fn rules(said: &str, table: &Table) -> Vec<RowRule> {
    if let Some(rule) = rule(said, table) {
        return vec![rule];
    }
    each_of(said, table).unwrap_or_default()
}

/// The rules of `only rows where a is over 1 and b is 2`, `with a between 1 and 2`: a part that names no column is said of the one before.
fn each_of(said: &str, table: &Table) -> Option<Vec<RowRule>> {
    static BETWEEN: LazyLock<Option<Regex>> =
        LazyLock::new(|| regex(r"\b(?:is |are |lies )?between\s(?P<a>[-+]?\d[\d:.,/-]*)\s(?:and|to)\s(?P<b>[-+]?\d)"));
    static JOINT: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r",?\sand\s|\s?&&?\s?"));
    let said = BETWEEN.as_ref()?.replace_all(said, "at least $a and at most $b");
    // Of rows that are left out both must be so for one to go.
    if is_away(&said)? || less_the_end(&said.to_lowercase())?.1 {
        return None;
    }
    let names = table.names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (mut rules, mut column): (Vec<RowRule>, Option<String>) = (Vec::new(), None);
    for part in JOINT.as_ref()?.split(&said) {
        let part = match (Roles::mentioned(part, &names).first(), &column) {
            (None, Some(column)) => format!("`{column}` {part}"),
            _ => part.to_string(),
        };
        let rule = rule(&part, table)?;
        column = Some(rule.column.clone());
        rules.push(rule);
    }
    Some(rules)
}

/// What words say of the one column that they name; none where they name no other or several, or say something else or more.
fn rule(said: &str, table: &Table) -> Option<RowRule> {
    let names = table.names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mentioned = Roles::mentioned(said, &names);
    let column = mentioned.first().filter(|first| mentioned.iter().all(|name| name == *first))?.clone();
    let (before, after) = around(said, &column)?;
    let (after, is_away_behind) = less_the_end(&after)?;
    let (test, is_not) = test(&before, &after, &column, table)?;
    let is_away = is_away_behind || is_away(&before)?;
    Some(RowRule { column, test, leave_out: is_away != is_not })
}

/// Whether words say that rows are left out.
fn is_away(words: &str) -> Option<bool> {
    static AWAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"\b(?:ignor|drop|exclud|remov|skip|omit|discard|throw|delet|get rid|leav(?:e|ing)\b.*\bout|left out|filter(?:ed|ing)? out|without (?:the |all |any |those )*(?:rows?|records?|examples?|samples?|entries|lines|cases))",
        )
    });
    Some(AWAY.as_ref()?.is_match(words))
}

/// What is said behind a column's name, less what becomes of the rows: `are to be dropped`; and whether they are left out.
fn less_the_end(after: &str) -> Option<(String, bool)> {
    static END: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"(?:\s|^)(?:(?:should|must|can|may|are|is|to|be|have to|so|and|please|[,;–—-])\s)*(?:ignored|dropped|excluded|removed|skipped|omitted|discarded|filtered(?: out)?|left out|deleted|(?:ignore|drop|exclude|remove|skip|omit|discard|delete)\s(?:those|these|them).*|(?:leave|throw|filter|put|set)\s(?:those|these|them)(?:\s(?:rows|ones))?\s(?:out|away|aside).*)$",
        )
    });
    // `Status is dropped` says what it is, `rows whose status is on hold are dropped` what becomes of them.
    static ALONE: LazyLock<Option<Regex>> =
        LazyLock::new(|| regex(r"^\s?(?:is|are|was|were|not|in|be|to|[=!<>:]+)?(?:\snot)?\s?$"));
    let bare = |text: &str| text.trim().trim_end_matches(['.', ',', ';']).trim_end().to_string();
    let Some(end) = END.as_ref()?.find(after) else { return Some((bare(after), false)) };
    if end.start() > 0 && ALONE.as_ref()?.is_match(&after[..end.start()]) || after.starts_with("is ") && end.start() == 0 {
        return Some((bare(after), false));
    }
    Some((bare(&after[..end.start()]), true))
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

/// The test, and whether rows that meet it are the others. What is said is read to its end, or not at all.
fn test(before: &str, after: &str, column: &str, table: &Table) -> Option<(RowTest, bool)> {
    static EQUAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"^(?P<is>(?:(?:is|are|was|were|in|equals?|equal to|of)\s|==?\s?|:\s?)*)(?P<not>(?:not|never)\s(?:in\s)?|!=\s?|<>\s?)?(?P<list>.+)$",
        )
    });
    if after.is_empty() {
        return test_before(before, column, table);
    }
    let found = EQUAL.as_ref()?.captures(after)?;
    // `Rows of ward A and B` and `rows with ward A` say it before the name.
    const SAY: [&str; 6] = ["of", "from", "with", "have", "has", "had"];
    let is_not = found.name("not").is_some();
    let is_said =
        !found["is"].trim().is_empty() || is_not || before.split_whitespace().last().is_some_and(|word| SAY.contains(&word));
    if let Some(values) = values_in(&found["list"], column, table).filter(|_| is_said) {
        return Some((RowTest::Is { values }, is_not));
    }
    emptiness(after).or_else(|| comparison(after, column, table))
}

/// What is said before the name alone: `without an income`, `that are still open`.
fn test_before(before: &str, column: &str, table: &Table) -> Option<(RowTest, bool)> {
    static MISSING: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(r"\b(?:with missing|with an? (?:missing|empty)|with empty|lack(?:s|ing)?|missing)(?: (?:an?|any|the))?$")
    });
    static FLAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"\b(?:(?:that|which|who) (?:is|are|was|were|has been|have been)|marked(?: as)?|flagged(?: as)?|labell?ed(?: as)?|still|already)(?: (?P<not>not))?$",
        )
    });
    static WITH: LazyLock<Option<Regex>> =
        LazyLock::new(|| regex(r"\b(?:with|having|that have|which have)(?: (?P<not>no))?(?: (?:an?|some|the))?$"));
    static WITHOUT: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"\bwithout(?: (?:an?|any|the))?$"));
    if MISSING.as_ref()?.is_match(before) {
        return Some((RowTest::Empty, false));
    }
    let true_ones =
        is_flag(column, table).then(|| values_in("true", column, table)).flatten().map(|values| RowTest::Is { values });
    if let Some(found) = FLAG.as_ref()?.captures(before) {
        return Some((true_ones?, found.name("not").is_some()));
    }
    let with = WITH.as_ref()?.captures(before);
    let is_without = WITHOUT.as_ref()?.is_match(before) || with.as_ref().is_some_and(|with| with.name("not").is_some());
    if with.is_none() && !is_without {
        return None;
    }
    Some(match true_ones {
        Some(true_ones) => (true_ones, is_without),
        None => (RowTest::Empty, !is_without),
    })
}

/// `Is missing`, `is not empty`, `is given`.
fn emptiness(after: &str) -> Option<(RowTest, bool)> {
    static EMPTY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(r"^(?:is |are |was |has |have )?(?P<not>not |n['’]t )?(?:missing|empty|null|blank|nan|n/a)(?: values?)?$")
    });
    static FILLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(r"^(?:is |are |was |has been )?(?P<not>not |n['’]t )?(?:given|known|filled(?: in)?|present|available|recorded)$")
    });
    let is_empty = |form: &Option<Regex>| Some(form.as_ref()?.captures(after)?.name("not").is_none());
    is_empty(&EMPTY).map(|is_so| (RowTest::Empty, !is_so)).or_else(|| is_empty(&FILLED).map(|is_so| (RowTest::Empty, is_so)))
}

/// `Is over 60`, `>= 0.5`, `before 2024-03`.
fn comparison(after: &str, column: &str, table: &Table) -> Option<(RowTest, bool)> {
    static COMPARED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"^(?:(?:is|are|was|were|of|value|values)\s)*(?P<not>not\s)?(?:(?P<ge>>=|≥|at least|no less than|from|since)|(?P<gt>>|over|above|more than|greater than|larger than|bigger than|higher than|older than|after|later than|newer than|exceed(?:s|ing)?)|(?P<le><=|≤|at most|no more than|up to|until|through)|(?P<lt><|under|below|less than|smaller than|lower than|fewer than|younger than|before|earlier than))\s?(?P<v>[-+]?\d[\d:.,/-]*(?:[t ]\d\d:\d\d(?::\d\d)?)?)$",
        )
    });
    let found = COMPARED.as_ref()?.captures(after)?;
    let bound = bound_in(&found["v"], column, table)?;
    let test = match ["ge", "gt", "le", "lt"].iter().position(|name| found.name(name).is_some())? {
        0 => RowTest::AtLeast { bound },
        1 => RowTest::Above { bound },
        2 => RowTest::AtMost { bound },
        _ => RowTest::Below { bound },
    };
    Some((test, found.name("not").is_some()))
}

/// The values that the first rows of a column hold, or the names of its classes.
fn values(column: &str, table: &Table) -> Option<Vec<String>> {
    let known = table.columns().iter().find(|own| own.name == column)?;
    let (seen, _) = sample(table, column, classes::name_of).ok()?;
    Some(known.classes.clone().unwrap_or_else(|| seen.into_iter().collect()))
}

/// Whether a column says yes or no of each row.
fn is_flag(column: &str, table: &Table) -> bool {
    let is_either = |value: &String| are_same("true", value) || are_same("false", value);
    values(column, table).is_some_and(|values| (1..=2).contains(&values.len()) && values.iter().all(is_either))
}

/// The values of a list, as the column has them; none where it has not all of them.
fn values_in(list: &str, column: &str, table: &Table) -> Option<Vec<String>> {
    let seen = values(column, table)?;
    let is_flag = is_flag(column, table);
    let of = |value: &str| {
        let value = value.trim().trim_matches(['`', '"', '\'', ' ']);
        let truth = match value.to_lowercase().as_str() {
            "yes" => "true",
            "no" => "false",
            _ => value,
        };
        let exact = || seen.iter().find(|own| own.trim().eq_ignore_ascii_case(value));
        let same = || seen.iter().find(|own| are_same(value, own));
        let so = || seen.iter().find(|own| is_flag && are_same(truth, own));
        exact().or_else(same).or_else(so).cloned()
    };
    // A value may itself have such a word in it.
    if let Some(whole) = of(list) {
        return Some(vec![whole]);
    }
    // Of a phrase the bracket behind it may have been cut.
    let list = list.strip_prefix('(').map_or(list, |inner| inner.trim_end_matches(')'));
    static JOINTS: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r",\s?(?:and |or )?|\s?[/|]\s?|\s(?:and|or|nor)\s"));
    let values: Option<Vec<String>> = JOINTS.as_ref()?.split(list).filter(|value| !value.trim().is_empty()).map(of).collect();
    values.filter(|values| !values.is_empty())
}

/// A number or date that the column can be compared with: all that it says first are such, and its dates can be read one way.
fn bound_in(text: &str, column: &str, table: &Table) -> Option<Border> {
    static GROUPED: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"));
    let text = text.trim_end_matches(['.', ',', ':', '-', '/']);
    let bound = if GROUPED.as_ref()?.is_match(text) { Border::new(&text.replace(',', "")) } else { Border::new(text) };
    // Numbers of classes are not what their names say.
    if table.columns().iter().any(|own| own.name == column && own.classes.is_some()) {
        return None;
    }
    let comma = table.comma(column);
    let mut cells = table.rows(&[column]).ok()?.take(50).filter_map(|row| row.ok()?.cells.into_iter().next());
    let told = cells.find(|cell| !cell.is_blank())?;
    if dates(&told).iter().any(Option::is_some) {
        return day_order(table, column).ok().and(bound.date()).map(|_| bound);
    }
    number(&told, comma).and(bound.number()).map(|_| bound)
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
        let rules = rules(words, &Table::open(&path).expect("a table"));
        (!rules.is_empty()).then(|| rules.iter().map(RowRule::in_words).collect::<Vec<_>>().join("; "))
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
            ("some rows where status is closed, leave them out", "without those whose `status` is closed"),
            ("a few rows have income 50, throw those away", "without those whose `income` is 50"),
            ("some rows where status is closed, leave them in", ""),
            ("some rows where status is closed, leave them alone", ""),
            ("drop rows with status closed", "without those whose `status` is closed"),
            ("rows whose status is on hold should be dropped", "without those whose `status` is on hold"),
            ("keep only rows where status is not open", "without those whose `status` is open"),
            ("WHERE age >= 21", "those whose `age` is at least 21"),
            ("only rows where seen is after 2023-06-30", "those whose `seen` is above 2023-06-30"),
            ("only rows seen before 2024", "those whose `seen` is below 2024"),
            ("only rows of country us", "those whose `country` is US"),
            ("filter out rows where country = 'DE'", "without those whose `country` is DE"),
            ("only rows with income over 1,000", "those whose `income` is above 1000"),
            ("only rows where country is DE, FR or US", "those whose `country` is DE or FR or US"),
            ("WHERE country IN ('DE', 'FR'", "those whose `country` is DE or FR"),
            ("only rows that are is_bot", "those whose `is_bot` is true"),
            ("drop rows with no is_bot", "those whose `is_bot` is true"),
            ("only rows where is_bot is no", "those whose `is_bot` is false"),
            ("only rows with age over 18 and under 65", "those whose `age` is above 18; those whose `age` is below 65"),
            ("only rows where age is between 18 and 65", "those whose `age` is at least 18; those whose `age` is at most 65"),
            ("WHERE age >= 21 AND country IN ('DE', 'FR'", "those whose `age` is at least 21; those whose `country` is DE or FR"),
            // What is read in part is not read.
            ("drop rows with age over 18 and under 65", ""),
            ("only rows with age over 18 and under seven", ""),
            ("only rows with age 20 to 30", ""),
            ("only rows with income over 50k", ""),
            ("drop rows where income is missing or negative", ""),
            ("only rows where age is at least 30 or so", ""),
            ("only rows where income is set", ""),
            // A value that the column has not, and words of two columns, are told.
            ("only rows where country is Spain", ""),
            ("only rows where age is over country", ""),
            ("only rows where age is high", ""),
        ] {
            assert_eq!(said(words).unwrap_or_default(), expected, "{words}");
        }
    }
}
