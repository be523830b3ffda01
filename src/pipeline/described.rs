//! `tallow data`: what a data set holds, whatever it may be for.

use super::stages::making;
use super::{Pipeline, Unfinished};
use crate::data::{self, ColumnDescribed, DataSpecHints, FEW, SplitDescribed};
use crate::error::Result;
use crate::job::{DescribeJob, Event, Job, SplitSource};
use crate::plan::{self, DataChoice, DataFacts, PARTIAL};
use crate::spec::{Columns, DataSource, Task};
use crate::words::counted;
use serde::Serialize;
use std::cell::RefCell;
use tallow_zoo::HeadKind;

/// Name of the job.
const DESCRIBE: &str = "describe";

/// A class that is smaller than this share of the largest is worth a word; so are duplicates above that share.
const RARE: f64 = 0.1;
const MANY: f64 = 0.01;

/// How public data sets number a class that is not told.
const SECRET: &str = "-1";

/// What is to be looked at.
pub struct LookAt<'a> {
    pub choice: &'a DataChoice,
    /// None: all.
    pub split: Option<&'a str>,
    pub samples: usize,
}

/// What a data set holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Described {
    pub place: String,
    pub revision: Option<String>,
    /// As the card says; none: not stated.
    pub license: Option<String>,
    /// What it would be used for; none: it cannot be told, as `untold` says.
    pub task: Option<Task>,
    pub columns: Columns,
    pub classes: Vec<String>,
    /// Of a text, estimated from a sample.
    pub mean_tokens: Option<f64>,
    pub untold: Option<String>,
    pub splits: Vec<SplitDescribed>,
    pub warnings: Vec<String>,
}

impl Pipeline<'_> {
    /// Looks at every row of a data set, in a jail.
    ///
    /// # Errors
    /// It is not there, or cannot be read. What cannot be told of its columns is no error.
    pub fn describe(&mut self, asked: &LookAt<'_>) -> Result<std::result::Result<Described, Unfinished>> {
        let _lock = self.folder.lock()?;
        self.watch.say("looking at the data");
        let (sources, watch) = (self.folder.sources(), RefCell::new(&mut *self.watch));
        let tell = |message: &str| watch.borrow_mut().say(message);
        let making = making(&self.setup, &sources, &tell);
        let splits: Vec<String> = asked.split.map(str::to_string).into_iter().collect();
        let lying = data::lying(self.setup.hub, &asked.choice.source, &splits, &making)?;
        let hints =
            DataSpecHints { task: asked.choice.task, columns: asked.choice.columns.clone(), splits, ..DataSpecHints::default() };
        let survey = data::survey_data(self.setup.hub, &asked.choice.source, &hints, &making);
        let (facts, untold) = match survey {
            Ok(facts) => (facts, None),
            Err(error) => (DataFacts::default(), Some(error.to_string())),
        };
        let source = |(name, files): &(String, Vec<std::path::PathBuf>)| SplitSource {
            name: name.clone(),
            files: files.clone(),
            part: None,
        };
        let job = DescribeJob {
            splits: lying.splits.iter().map(source).collect(),
            columns: facts.columns.clone(),
            labels: facts.labels.clone(),
            samples: asked.samples,
        };
        let named = data::described_files(&job)?.into_values().flatten();
        let readable = lying.splits.iter().flat_map(|(_, files)| files.clone()).chain(named).collect();
        self.watch.say("reading its rows");
        let attempt = match self.attempt(DESCRIBE, 1, Job::Describe(Box::new(job)), readable)? {
            Ok(attempt) => attempt,
            Err(end) => return Ok(Err(end)),
        };
        let of = |event| if let Event::Described(split) = event { Some(*split) } else { None };
        let mut described = Described {
            place: lying.place,
            revision: lying.revision,
            license: lying.license,
            task: facts.task,
            columns: facts.columns,
            classes: facts.labels,
            mean_tokens: facts.mean_tokens,
            untold,
            splits: attempt.events.into_iter().filter_map(of).collect(),
            warnings: Vec::new(),
        };
        described.warnings = lying.notes;
        described.warnings.extend(warnings(&asked.choice.source, &described));
        described.warnings.extend(facts.table.into_iter().flat_map(|table| table.notes));
        Ok(Ok(described))
    }
}

/// What whoever trains on it should know.
fn warnings(source: &DataSource, described: &Described) -> Vec<String> {
    let mut told = Vec::new();
    told.extend(plan::licensed_data(source, described.license.as_deref()).map(|licensed| licensed.in_words()));
    for split in &described.splits {
        of_split(split, described, &mut told);
    }
    told
}

fn of_split(split: &SplitDescribed, described: &Described, told: &mut Vec<String>) {
    let (name, rows) = (&split.split, split.rows);
    let mut say = |words: String| told.push(format!("{name}: {words}"));
    if let Some((count, first)) = &split.strays {
        say(format!("{} outside any class folder, such as `{first}`: left out", counted(*count, "image")));
    }
    let share = |part: u64| format!("{part} of {rows} rows ({:.1} %)", 100.0 * part as f64 / rows.max(1) as f64);
    if rows == 0 {
        say("it has no rows".into());
        return;
    }
    split.notes.iter().for_each(|note| say(note.clone()));
    if let Some((count, first)) = &split.mismatched {
        say(format!("{} have not one answer for each item of their input, as {first}", share(*count)));
    }
    if name.starts_with(PARTIAL) {
        say("it is the first part of a split: the Hub converts no more of a large one".into());
    }
    if let Some(shared) = split.in_first.filter(|shared| *shared > 0) {
        let first = described.splits.first().map(|split| split.split.as_str()).unwrap_or_default();
        say(format!("{} have inputs that `{first}` has, too: what is learnt there by heart scores here", share(shared)));
    }
    if split.duplicates as f64 > MANY * rows as f64 {
        say(format!("{} repeat the inputs of an earlier one", share(split.duplicates)));
    }
    if split.contradictions > 0 {
        say(format!("{} have the inputs of an earlier one with another answer", share(split.contradictions)));
    }
    for column in &split.columns {
        let is_label = described.columns.label.as_ref() == Some(&column.name);
        // Of an instruction's two parts the second is often missing.
        let may_be_blank = described.task.is_some_and(Task::is_of_conversations) && !is_label;
        // Where it is not known what they are for, any may be used.
        let is_used = is_label || described.task.is_none() || described.columns.input.contains(&column.name);
        if column.blank > 0 && is_used && !may_be_blank {
            say(format!("`{}` is blank in {}", column.name, share(column.blank)));
        }
        if let Some((count, first)) = &column.unreadable {
            say(format!(
                "`{}` names {} such as `{first}` that cannot be read: their rows are left out",
                column.name,
                counted(*count, "file")
            ));
        }
        if let Some(damaged) = &column.damaged {
            let (count, first, why) = (counted(damaged.count, "row"), &damaged.first, &damaged.why);
            say(format!("what `{}` holds cannot be decoded in {count}, such as `{first}` ({why}): left out", column.name));
        }
        for (kind, count) in &column.personal {
            say(format!("`{}` has what looks like {} in {}", column.name, kind.in_words(), share(*count)));
        }
        if data::are_splits(column.common.iter().map(|(value, _)| value)) {
            say(data::split_column_in_words(&column.name));
        }
        let are_classes = described.task.is_some_and(|task| task.head() == HeadKind::Classes);
        let of_classes = are_classes && column.numbers.is_none_or(|_| !described.classes.is_empty());
        if is_label && of_classes && !column.common.is_empty() {
            // What is learnt is learnt of the first.
            let is_trained = described.splits.first().is_some_and(|first| first.split == split.split);
            of_label(column, is_trained, &mut say);
            if !is_trained {
                not_trained(column, described, &mut say);
            }
            for (class, rows) in column.common.iter().filter(|(class, _)| data::says_nothing(class)) {
                let rows = counted(*rows, "row");
                say(format!("left out: {rows} with the label `{class}`, which says that nothing is known"));
            }
            said_nowhere_else(column, split, described, &mut say);
        }
    }
}

/// A large class of the first split that no other split with labels has may be no class at all.
fn said_nowhere_else(column: &ColumnDescribed, split: &SplitDescribed, described: &Described, say: &mut dyn FnMut(String)) {
    let Some((_, others)) = described.splits.split_first().filter(|(first, _)| first.split == split.split) else { return };
    let others: Vec<&ColumnDescribed> = others
        .iter()
        .flat_map(|other| other.columns.iter().find(|other| other.name == column.name && other.common.len() > 1))
        .collect();
    let is_there = |class: &String| others.iter().any(|other| other.common.iter().any(|(known, _)| known == class));
    let large = column.common.iter().filter(|(_, rows)| *rows as f64 >= RARE * split.rows as f64);
    for (class, rows) in large.filter(|(class, _)| !others.is_empty() && !is_there(class)) {
        say(format!(
            "the class `{class}` of {rows} rows is in no other split: where it means that nobody labelled them, take them out"
        ));
    }
}

/// Classes of another split that the first has not.
fn not_trained(column: &ColumnDescribed, described: &Described, say: &mut dyn FnMut(String)) {
    let is_same = |known: &String, class: &String| {
        known == class || known.parse::<f64>().ok().zip(class.parse::<f64>().ok()).is_some_and(|(one, other)| one == other)
    };
    let is_known = |class: &String| class == SECRET || described.classes.iter().any(|known| is_same(known, class));
    let unknown = column.common.iter().filter(|(class, _)| !described.classes.is_empty() && !data::says_nothing(class));
    for (class, rows) in unknown.filter(|(class, _)| !is_known(class)) {
        say(format!("the class `{class}` of {} is in no row that is trained on: no model knows it", counted(*rows, "row")));
    }
}

fn of_label(column: &ColumnDescribed, is_trained: bool, say: &mut dyn FnMut(String)) {
    let common = &column.common;
    let (Some((most, count)), Some((least, few))) = (common.first(), common.last()) else { return };
    for (at, (class, _)) in common.iter().enumerate() {
        if let Some((other, _)) = common[..at].iter().find(|(other, _)| data::looks_alike(other, class)) {
            let [one, two] = [other, class].map(|name| name.escape_default());
            say(format!(
                "the classes `{one}` and `{two}` look alike, for their letters are put together otherwise, and count as two: write both in \
                 one form (NFC)"
            ));
        }
        if let Some((other, _)) = common[..at].iter().find(|(other, _)| other.to_lowercase() == class.to_lowercase()) {
            say(format!("the classes `{other}` and `{class}` differ in the case of letters alone, and count as two"));
        }
    }
    if common.len() == 1 && most == SECRET {
        say("its answers are kept secret: it cannot be scored".into());
    } else if common.len() == 1 {
        say(format!("every row has the class `{most}`: there is nothing to tell apart"));
    } else if let Some(rare) = column.rare.as_ref().filter(|_| is_trained) {
        let (class, rows) = (&rare.least.0, counted(rare.least.1, "row"));
        say(match rare.kinds {
            1 => format!("the class `{class}` has {rows}: too few to learn"),
            kinds => {
                format!("{kinds} classes have fewer than {FEW} rows, such as `{class}` with {}: too few to learn", rare.least.1)
            }
        });
    } else if (*few as f64) < RARE * *count as f64 {
        say(format!(
            "the class `{least}` has {few} rows, `{most}` {count}: look at macro F1 beside accuracy, or weigh the classes"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn column(common: &[(&str, u64)], rare: Option<(u64, &str, u64)>) -> ColumnDescribed {
        let rare = rare.map(|(kinds, class, rows)| json!({"kinds": kinds, "least": [class, rows]}));
        let column = json!({"name": "label", "kind": "texts", "blank": 0, "distinct": null, "lengths": null, "numbers": null,
            "common": common, "rare": rare, "personal": {}});
        serde_json::from_value(column).expect("a column")
    }

    fn told(of: impl FnOnce(&mut dyn FnMut(String))) -> String {
        let mut told = Vec::new();
        of(&mut |words| told.push(words));
        told.join("; ")
    }

    #[test]
    fn classes_are_too_few_to_learn_where_they_are_learnt() {
        let one = column(&[("a", 60), ("b", 2)], Some((1, "b", 2)));
        assert_eq!(told(|say| of_label(&one, true, say)), "the class `b` has 2 rows: too few to learn");
        let many = column(&[("a", 60), ("b", 3)], Some((150, "c", 2)));
        let expected = "150 classes have fewer than 10 rows, such as `c` with 2: too few to learn";
        assert_eq!(told(|say| of_label(&many, true, say)), expected);
        assert!(!told(|say| of_label(&many, false, say)).contains("too few"), "nothing is learnt of a test");
    }

    #[test]
    fn classes_that_look_alike_are_told() {
        let both = column(&[("caf\u{e9}", 60), ("cafe\u{301}", 50)], None);
        let expected = "the classes `caf\\u{e9}` and `cafe\\u{301}` look alike";
        assert!(told(|say| of_label(&both, true, say)).starts_with(expected));
        let case = column(&[("Yes", 60), ("yes", 50)], None);
        assert!(told(|say| of_label(&case, true, say)).contains("differ in the case of letters alone"));
    }

    #[test]
    fn classes_that_nothing_is_trained_on_are_told() {
        let described = Described {
            place: "d".into(),
            revision: None,
            license: None,
            task: Some(Task::TextClassification),
            columns: Columns::default(),
            classes: vec!["neg".into(), "1.0".into()],
            mean_tokens: None,
            untold: None,
            splits: Vec::new(),
            warnings: Vec::new(),
        };
        let test = column(&[("neg", 5), ("1", 4), ("meh", 3)], None);
        let expected = "the class `meh` of 3 rows is in no row that is trained on: no model knows it";
        assert_eq!(told(|say| not_trained(&test, &described, say)), expected);
    }
}
