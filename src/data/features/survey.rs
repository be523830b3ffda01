//! What a table's columns are for, by its training rows.

use super::column::{Column, Use, Why};
use super::far_out::far_out;
use super::target::{Target, Targets, is_measured};
use crate::data::columns::{self, find_label};
use crate::data::read::{self, ColumnKind, Table};
use crate::data::{Error, Result, classes, ordered};
use crate::job::Part;
use crate::plan::{SplitFacts, TableFacts};
use crate::spec::{Columns, Task};
use crate::words::{count, measured};
use tallow_zoo::{HeadKind, mlp};

/// What is found.
pub(in crate::data) struct Found {
    pub(in crate::data) task: Task,
    pub(in crate::data) splits: Vec<SplitFacts>,
    pub(in crate::data) columns: Columns,
    pub(in crate::data) labels: Vec<String>,
    pub(in crate::data) facts: TableFacts,
}

/// What is known beforehand.
pub(in crate::data) struct Asked<'a> {
    pub(in crate::data) columns: &'a Columns,
    /// None: what the target column is for.
    pub(in crate::data) task: Option<Task>,
    /// The columns of a model that is there.
    pub(in crate::data) model: Option<&'a mlp::Config>,
    /// The part of the first split that is trained on.
    pub(in crate::data) part: Option<&'a Part>,
    pub(in crate::data) class_columns: &'a [&'a str],
}

/// Whether rows of a table are meant, where nobody said so: there are columns of numbers or categories to learn from, and no text
/// that they are about. Of columns that are named as the input: whether those are such. `meant`: columns that words of a request turned
/// out to be.
pub(in crate::data) fn is_table(table: &Table, asked: &Columns, meant: &[String], class_columns: &[&str]) -> Result<bool> {
    const SAMPLE: usize = 500;
    if table.columns().iter().any(|c| c.kind == ColumnKind::Image) {
        return Ok(false);
    }
    let is_named = !asked.input.is_empty();
    let label = match &asked.label {
        Some(name) => match columns::called(table, name) {
            Ok(column) => column.name.clone(),
            // It may be a part of a column.
            Err(_) if is_named => return Ok(false),
            Err(error) => return Err(error),
        },
        None => match find_label(table, &[asked.with_part(), meant.to_vec()].concat(), class_columns) {
            Ok(label) => label,
            Err(_) if is_named => return Ok(false),
            // Whoever has to say which column it is has more of them than a text and its label.
            Err(_) => return Ok(table.columns().len() > 2 && columns::usual_texts(table).is_none()),
        },
    };
    let (mut names, mut columns) = plain_columns(table, &label, &[]);
    // Fields of columns are read, as texts are.
    if meant.iter().any(|name| table.columns().iter().all(|column| column.name != *name)) {
        return Ok(false);
    }
    if is_named {
        (names, columns) = names.into_iter().zip(columns).filter(|(name, _)| asked.input.iter().any(|n| n == name)).unzip();
        // What is no plain column is not asked of a table.
        if names.len() != asked.input.len() {
            return Ok(false);
        }
    }
    let mut rows = 0;
    for row in table.rows(&names)?.take(SAMPLE) {
        rows += 1;
        row?.cells.iter().zip(&mut columns).for_each(|(cell, column)| column.take(cell, None));
    }
    let uses: Vec<(&str, Use)> =
        names.iter().zip(&columns).map(|(name, column)| (*name, column.decide(&[], 0, is_named))).collect();
    let is_text = |name: &str| uses.iter().any(|(n, u)| *n == name && matches!(u, Use::Nothing(Why::Texts { .. })));
    if is_named {
        // A text or two are read.
        let are_texts = asked.input.len() <= 2 && asked.input.iter().any(|name| is_text(name));
        let usual = columns::usual_texts(table).is_some_and(|texts| asked.input.iter().all(|name| texts.contains(name)));
        let are_few_words = uses.iter().zip(&columns).all(|((_, u), column)| match u {
            Use::Categories(_) => column.words_of_each() < FEW_WORDS,
            Use::Numbers(_) | Use::Nothing(_) => true,
        });
        return Ok(!are_texts && !usual && are_few_words);
    }
    if columns::usual_texts(table).is_some_and(|texts| texts.iter().all(|name| is_text(name))) {
        return Ok(false);
    }
    let are_usual = || columns::usual_texts(table).is_some_and(|texts| meant.iter().all(|name| texts.contains(name)));
    // Texts that are said again and again have several words each.
    let has_words = |name: &String| {
        let mut own = uses.iter().zip(&columns).filter(|((n, _), _)| n == name);
        own.any(|((_, u), column)| matches!(u, Use::Categories(_)) && column.words_of_each() >= FEW_WORDS)
    };
    let are_texts = |may_repeat: bool| meant.iter().all(|name| is_text(name) || may_repeat && has_words(name));
    if !meant.is_empty() && (are_texts(meant.len() <= 2) || are_usual()) {
        return Ok(false);
    }
    // There is no text to read where all that there is numbers the rows, or is the same in all of them.
    let tells_nothing = |u: &Use| matches!(u, Use::Nothing(Why::Identifier | Why::Empty | Why::Constant(_)));
    let numbers_rows = |u: &Use| *u == Use::Nothing(Why::Identifier);
    let may_be_text = rows < 2 || columns::usual_texts(table).is_some();
    if !uses.is_empty() && uses.iter().all(|(_, u)| numbers_rows(u) || !may_be_text && tells_nothing(u)) {
        return Ok(true);
    }
    let long = uses.iter().any(|(_, u)| matches!(u, Use::Nothing(Why::Texts { words, .. }) if *words >= 8.0));
    // When a row was and whose it is are little to tell anything by, beside a text that tells more.
    let times = ordered::columns_of_time(table);
    let is_little = |name: &str| name.to_lowercase().ends_with("_id") || times.iter().any(|time| time == name);
    let is_useful = |(name, u): &&(&str, Use)| !matches!(u, Use::Nothing(_)) && !(long && is_little(name));
    let useful = uses.iter().filter(is_useful).count();
    Ok(useful >= if long { 3 } else { 1 })
}

/// Categories have fewer words, in the mean; texts that are said again and again have as many or more.
const FEW_WORDS: f64 = 3.0;

/// The columns but the label and those that are left out, with nothing seen yet.
fn plain_columns<'a>(table: &'a Table, label: &str, exclude: &[String]) -> (Vec<&'a str>, Vec<Column>) {
    let wanted =
        |c: &&read::Column| c.name != label && !exclude.contains(&c.name) && Column::is_plain(&c.kind) && !c.name.is_empty();
    let all = table.columns().iter().filter(wanted);
    all.map(|c| (c.name.as_str(), Column::new(&c.name, &c.kind, table.comma(&c.name)))).unzip()
}

/// Looks at the target and at all columns.
///
/// # Errors
/// A file cannot be read; a column is not there, there twice, or cannot be used; nothing is left to learn from, or a single class or
/// value is.
pub(in crate::data) fn survey(splits: &[(String, Vec<Table>)], asked: &Asked) -> Result<Found> {
    let Some((first, table)) = splits.first().and_then(|split| split.1.first().map(|table| (split, table))) else {
        return Err(Error::NoData { place: "the table".into(), found: Vec::new() });
    };
    each_once(table)?;
    let label = match (&asked.columns.label, asked.model.and_then(|model| model.target_column.as_ref())) {
        (Some(name), _) => columns::called(table, name)?.name.clone(),
        (None, Some(name)) => table.column(name)?.name.clone(),
        (None, None) => find_label(table, &asked.columns.with_part(), asked.class_columns)?,
    };
    let task = match asked.task {
        Some(task) => task,
        None if is_measured(&first.1, &label)? => Task::TabularRegression,
        None => Task::TabularClassification,
    };
    let (mut facts, mut notes) = (Vec::new(), Vec::new());
    let mut targets = Targets::default();
    for (at, (name, tables)) in splits.iter().enumerate() {
        let found = split_facts(name, tables, &label, task, at > 0, &mut notes)?;
        facts.push(found.0);
        if at == 0 {
            targets = found.1;
        }
    }
    // A model that is there can be scored on one class alone.
    let least = if asked.model.is_some() { 1 } else { 2 };
    let labels = labels(&label, &targets, first, (task, least), &mut notes)?;
    let (columns, table) = match asked.model {
        Some(model) => {
            let columns = Columns {
                input: model.column_names().into_iter().map(str::to_string).collect(),
                label: Some(label),
                ..Columns::default()
            };
            (columns, TableFacts { notes, ..TableFacts::of(model) })
        }
        // Without a target there is nothing to fit: whoever wants to train on it says so.
        None if targets.known() == 0 => {
            (Columns { label: Some(label), ..asked.columns.clone() }, TableFacts { notes, ..TableFacts::default() })
        }
        None => fit(&first.1, &label, &targets, asked, notes)?,
    };
    // What the first split has, the others must have, too.
    let has_target = |split: &SplitFacts| split.labelled;
    for ((_, tables), _) in splits.iter().zip(&facts).filter(|(_, split)| has_target(split)) {
        tables.iter().try_for_each(|table| columns::all_there(table, &columns.input))?;
    }
    Ok(Found { task, splits: facts, columns, labels, facts: table })
}

/// A name that stands for two columns says nothing.
fn each_once(table: &Table) -> Result<()> {
    let names = table.names();
    match names.iter().enumerate().find(|(at, name)| !name.is_empty() && names[..*at].contains(name)) {
        Some((_, name)) => Err(Error::SameName { path: table.path().into(), column: name.clone() }),
        None => Ok(()),
    }
}

fn split_facts(
    name: &str,
    tables: &[Table],
    label: &str,
    task: Task,
    may_lack: bool,
    notes: &mut Vec<String>,
) -> Result<(SplitFacts, Targets)> {
    let lacks = may_lack && tables.iter().any(|table| table.column(label).is_err());
    let rows = tables.iter().map(Table::count).sum::<Result<usize>>()?;
    let targets = if lacks { Targets::default() } else { Targets::read(tables, label, task)? };
    if rows == 0 {
        let path = tables.first().map(|t| t.path().to_path_buf()).unwrap_or_default();
        return Err(Error::EmptySplit { split: name.into(), path });
    }
    let targets = if targets.are_secret() { Targets::default() } else { targets };
    let known = targets.known();
    if known > 0 && known < rows {
        let (without, rows) = (count((rows - known) as f64), count(rows as f64));
        let strays = targets.strays.in_words();
        notes.push(format!("data: {without} of {rows} rows of `{name}` are left out, for they have no `{label}`{strays}"));
    }
    let facts = SplitFacts {
        name: name.into(),
        files: tables.iter().map(|table| table.path().to_path_buf()).collect(),
        examples: if known > 0 { known } else { rows },
        labelled: known > 0,
        part: None,
        tokens: None,
    };
    Ok((facts, targets))
}

/// Begins what is said of classes of which one is rare.
pub(crate) const UNEVEN: &str = "classes: unlike in number, ";

/// The classes in order, and how unlike in number they are; there must be so many. Of numbers none, and more than one value.
fn labels(
    label: &str,
    targets: &Targets,
    split: &(String, Vec<Table>),
    (task, least): (Task, usize),
    notes: &mut Vec<String>,
) -> Result<Vec<String>> {
    const RARE: f64 = 0.1;
    if task.head() == HeadKind::Value {
        return match targets.only_value().filter(|_| least > 1) {
            Some(value) => Err(Error::OneValue { split: split.0.clone(), column: label.into(), value: measured(value) }),
            None => Ok(Vec::new()),
        };
    }
    let of_file = split.1.first().and_then(|table| table.column(label).ok()).and_then(|column| column.classes.clone());
    let labels = of_file.unwrap_or_else(|| classes::in_order(targets.classes.clone()));
    if let [only] = labels.as_slice()
        && least > 1
    {
        return Err(Error::OneClass { split: split.0.clone(), class: only.clone() });
    }
    notes.extend(classes::hardly_any_twice(label, &targets.classes, targets.known()));
    let mut counts = vec![0usize; targets.classes.len()];
    for target in targets.rows.iter().flatten() {
        if let Target::Class(class) = target {
            counts[*class as usize] += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    if let Some((class, least)) = counts.iter().enumerate().min_by_key(|(_, count)| **count)
        && (*least as f64) < RARE * most as f64
    {
        let (name, least, most) = (&targets.classes[class], count(*least as f64), count(most as f64));
        notes.push(format!("{UNEVEN}{least} rows of `{name}` beside {most} of the most frequent"));
    }
    Ok(labels)
}

/// What the training rows say of each column.
fn fit(tables: &[Table], label: &str, targets: &Targets, asked: &Asked, mut notes: Vec<String>) -> Result<(Columns, TableFacts)> {
    let first = &tables[0];
    for name in asked.columns.input.iter().chain(&asked.columns.exclude) {
        first.column(name)?;
    }
    let (mut names, mut seen) = plain_columns(first, label, &asked.columns.exclude);
    if !asked.columns.input.is_empty() {
        (names, seen) = names.into_iter().zip(seen).filter(|(name, _)| asked.columns.input.iter().any(|n| n == name)).unzip();
    }
    let mask = targets.mask(asked.part, tables)?;
    let mut trained = Vec::new();
    let mut row_number = 0;
    for table in tables {
        for row in table.rows(&names)? {
            let (row, target) = (row?, targets.rows.get(row_number).copied().flatten());
            if mask.get(row_number) == Some(&true) {
                row.cells.iter().zip(&mut seen).for_each(|(cell, column)| column.take(cell, target));
                trained.extend(target);
            }
            row_number += 1;
        }
    }
    let mut facts = TableFacts::default();
    let (mut input, mut left) = (Vec::new(), Vec::new());
    let odd = first.columns().iter().filter(|c| c.name != label && !c.name.is_empty() && !Column::is_plain(&c.kind));
    for column in odd {
        left.push((column.name.as_str(), Why::Kind(column.kind.in_words().into())));
    }
    for (name, column) in names.iter().zip(&seen) {
        match column.decide(&trained, targets.classes.len(), !asked.columns.input.is_empty()) {
            Use::Numbers(mut columns) => facts.numeric.append(&mut columns),
            Use::Categories(column) => facts.categorical.push(column),
            Use::Nothing(why) => {
                left.push((name, why));
                continue;
            }
        }
        input.push(name.to_string());
        notes.extend(column.notes());
    }
    let values = trained.iter().filter_map(|target| if let Target::Value(value) = target { Some(*value) } else { None });
    notes.extend(far_out(label, values));
    facts.left_out = left.iter().map(|(name, _)| name.to_string()).collect();
    facts.left_out.extend(asked.columns.exclude.iter().filter(|name| !left.iter().any(|(left, _)| left == name)).cloned());
    for (name, why) in &left {
        if asked.columns.input.iter().any(|asked| asked == name) {
            let (path, column) = (first.path().into(), name.to_string());
            return Err(Error::ColumnKind {
                path,
                column,
                expected: "numbers, dates or categories",
                found: format!("that {}", why.in_words()),
            });
        }
        if !asked.columns.exclude.iter().any(|excluded| excluded == name) {
            notes.push(format!("data.columns: `{name}` is left out: {}", why.in_words()));
        }
    }
    if input.is_empty() {
        let have = left.iter().map(|(name, why)| format!("{name}: {}", why.in_words())).collect();
        return Err(Error::NoFeatures { path: first.path().into(), label: label.into(), have });
    }
    facts.notes = notes;
    Ok((Columns { input, label: Some(label.into()), ..Columns::default() }, facts))
}

impl TableFacts {
    /// The columns of a model that is there.
    fn of(model: &mlp::Config) -> Self {
        TableFacts {
            numeric: model.numeric_columns.clone(),
            categorical: model.categorical_columns.clone(),
            ..TableFacts::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::features::Comma;

    /// A file of the folder with this text, opened.
    fn table(dir: &tempfile::TempDir, name: &str, text: &str) -> Table {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        Table::open(&path).expect("a table")
    }

    fn asked<'a>(columns: &'a Columns, part: Option<&'a Part>) -> Asked<'a> {
        Asked { columns, task: Some(Task::TabularClassification), model: None, part, class_columns: &[] }
    }

    /// A number that is the row's, a colour, and a class.
    fn rows(count: usize) -> String {
        let row = |i: usize| format!("{},{},{}\n", i * i, ["red", "green", "blue"][i % 3], ["no", "yes"][i / 3 % 2]);
        "size,colour,sold\n".to_string() + &(0..count).map(row).collect::<String>()
    }

    #[test]
    fn whether_a_table_is_meant() {
        let dir = tempfile::tempdir().expect("a folder");
        let check = |text: &str, label: Option<&str>, expected: bool| {
            let columns = Columns { label: label.map(str::to_string), ..Columns::default() };
            let found = is_table(&table(&dir, "t.csv", text), &columns, &[], &[]).expect("told");
            assert_eq!(found, expected, "{text}");
        };
        let texts: String = (0..30).map(|i| format!("this is the text of row {i} and it is long,{i},{}\n", i % 2)).collect();
        check(&rows(40), Some("sold"), true);
        check(&rows(40), None, true);
        check(&format!("text,idx,label\n{texts}"), None, false);
        check(&format!("remark,idx,label\n{texts}"), None, false);
        check(
            &texts.lines().fold("text,label\n".into(), |all, line| {
                let (text, rest) = line.split_once(',').expect("cells");
                format!("{all}{text},{}\n", &rest[rest.len() - 1..])
            }),
            None,
            false,
        );
    }

    #[test]
    fn inputs_that_are_named_say_what_is_meant() {
        let dir = tempfile::tempdir().expect("a folder");
        let text: String = (0..40)
            .map(|i| {
                let (colour, mood) = (["red", "green"][i % 2], ["all is well here", "it is not so good"][i / 2 % 2]);
                format!("{i},{},{colour},{mood},this is what number {i} said to me,{}\n", i * i, i % 3)
            })
            .collect();
        let file = table(&dir, "t.csv", &format!("year,size,colour,mood,remark,sold\n{text}"));
        let check = |input: &[&str], label: &str, expected: bool| {
            let input = input.iter().map(|name| name.to_string()).collect();
            let columns = Columns { input, label: Some(label.into()), ..Columns::default() };
            assert_eq!(is_table(&file, &columns, &[], &[]).expect("told"), expected, "{columns:?}");
        };
        check(&["size", "colour"], "sold", true);
        check(&["colour"], "sold", true);
        check(&["year"], "size", true);
        check(&["year", "size", "remark"], "sold", true);
        check(&["remark"], "sold", false);
        check(&["remark", "colour"], "sold", false);
        check(&["mood"], "sold", false);
        check(&["nowhere"], "sold", false);
        check(&["size"], "a.b", false);
        let usual = table(&dir, "u.csv", &rows(40).replacen("colour", "text", 1));
        let columns = Columns { input: vec!["text".into()], label: Some("sold".into()), ..Columns::default() };
        assert!(!is_table(&usual, &columns, &[], &[]).expect("told"), "the usual name of a text");
    }

    #[test]
    fn a_number_that_rises_is_no_text() {
        let dir = tempfile::tempdir().expect("a folder");
        let series: String = (0..30).map(|i| format!("{},{}.5\n", 1990 + i, 300 + i * i % 17)).collect();
        let file = table(&dir, "co2.csv", &format!("year,co2\n{series}"));
        let columns = Columns { label: Some("co2".into()), ..Columns::default() };
        assert!(is_table(&file, &columns, &[], &[]).expect("told"));
        let splits = [("train".to_string(), vec![file])];
        let found = |input: &[&str]| {
            let columns = Columns { input: input.iter().map(|name| name.to_string()).collect(), ..columns.clone() };
            let asked = Asked { task: Some(Task::TabularRegression), ..asked(&columns, None) };
            survey(&splits, &asked).map(|found| found.columns.input).map_err(|error| error.to_string())
        };
        assert_eq!(found(&["year"]), Ok(vec!["year".to_string()]), "whoever names it has it");
        let error = found(&[]).expect_err("nothing else to learn from");
        assert!(error.contains("no column to tell `co2` from") && error.contains("it numbers the rows"), "{error}");
    }

    #[test]
    fn columns_that_tell_nothing_are_no_texts() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = table(&dir, "t.csv", "a,b,kind\n,7,x\n,7,y\n,7,x\n");
        let columns = Columns { label: Some("kind".into()), ..Columns::default() };
        assert!(is_table(&file, &columns, &[], &[]).expect("told"));
        let error = survey(&[("train".to_string(), vec![file])], &asked(&columns, None)).err().expect("refused").to_string();
        assert!(error.contains("a: it is empty") && error.contains("b: it is `7` in every training row"), "{error}");
    }

    #[test]
    fn numbers_that_are_not_finite_are_told_of_where_rows_are_left_out() {
        let dir = tempfile::tempdir().expect("a folder");
        let columns = Columns { label: Some("y".into()), ..Columns::default() };
        let rows = "size,y\n1.5,2\n7.25,inf\n2.5,\n0.5,4\n";
        let asked = Asked { task: Some(Task::TabularRegression), ..asked(&columns, None) };
        let found = survey(&[("train".to_string(), vec![table(&dir, "t.csv", rows)])], &asked).expect("surveyed");
        let words = "data: 2 of 4 rows of `train` are left out, for they have no `y`, or one that is not finite";
        assert_eq!(found.facts.notes, [words]);
    }

    #[test]
    fn what_is_fitted_is_of_the_training_rows_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        // A colour and a size that only a row held out has.
        let columns = Columns { label: Some("sold".into()), ..Columns::default() };
        let part = Part::Rest(0.2);
        let held_out = {
            let tables = [table(&dir, "t.csv", &rows(60))];
            let mask = Targets::read(&tables, "sold", Task::TabularClassification)
                .expect("targets")
                .mask(Some(&part), &tables)
                .expect("a mask");
            mask.iter().position(|trained| !trained).expect("a row")
        };
        let text: Vec<String> = rows(60).lines().map(str::to_string).collect();
        let odd = |at: usize| {
            let mut lines = text.clone();
            let class = lines[at + 1].rsplit(',').next().expect("a class").to_string();
            lines[at + 1] = format!("1000000,violet,{class}");
            lines.join("\n") + "\n"
        };
        let fitted = |text: &str| {
            let splits = [("train".to_string(), vec![table(&dir, "t.csv", text)])];
            survey(&splits, &asked(&columns, Some(&part))).expect("surveyed")
        };
        let (plain, changed) = (fitted(&rows(60)), fitted(&odd(held_out)));
        assert_eq!((&plain.facts.numeric, &plain.facts.categorical), (&changed.facts.numeric, &changed.facts.categorical));
        assert_eq!(plain.facts.categorical[0].values, ["blue", "green", "red"]);
        assert_eq!((plain.labels.join(" "), plain.columns.input.join(" ")), ("no yes".into(), "size colour".into()));
    }

    #[test]
    fn a_number_far_out_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let columns = Columns { label: Some("y".into()), ..Columns::default() };
        let row = |i: usize| format!("{}.5,{}.25\n", i * 7 % 31, i * 3 % 29);
        let rows = "size,y\n".to_string() + &(0..60).map(row).collect::<String>();
        let notes = |text: &str| {
            let splits = [("train".to_string(), vec![table(&dir, "t.csv", text)])];
            let asked = Asked { task: Some(Task::TabularRegression), ..asked(&columns, None) };
            survey(&splits, &asked).expect("surveyed").facts.notes
        };
        assert_eq!(notes(&rows), Vec::<String>::new());
        let told = notes(&(rows + "1e39,3.25\n2.5,-1e30\n"));
        let found = |name: &str| told.iter().any(|note| note.contains(&format!("`{name}` has ")) && note.contains("far out"));
        assert!(told.len() == 2 && found("size") && found("y"), "{told:?}");
    }

    #[test]
    fn a_test_split_of_secret_targets_is_not_labelled() {
        let dir = tempfile::tempdir().expect("a folder");
        let columns = Columns { label: Some("sold".into()), ..Columns::default() };
        let secret: String = (0..10).map(|i| format!("{i},red,-1\n")).collect();
        let splits = [
            ("train".to_string(), vec![table(&dir, "train.csv", &rows(60))]),
            ("test".to_string(), vec![table(&dir, "test.csv", &format!("size,colour,sold\n{secret}"))]),
        ];
        let found = survey(&splits, &asked(&columns, None)).expect("surveyed");
        let told: Vec<_> = found.splits.iter().map(|split| (split.examples, split.labelled)).collect();
        assert_eq!((told, found.labels.join(" ")), (vec![(60, true), (10, false)], "no yes".into()));
    }

    /// What a model has learnt to tell apart may be scored on one class alone.
    #[test]
    fn one_class_is_enough_for_a_model_that_is_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let model = mlp::Config {
            numeric_columns: vec![mlp::NumericColumn::of("size", [Some(1.0), Some(2.0)])],
            categorical_columns: Vec::new(),
            target_column: Some("sold".into()),
            target: mlp::Scale::default(),
            hidden_sizes: Vec::new(),
            hidden_act: mlp::Activation::Relu,
            norm: mlp::Norm::None,
            dropout: 0.0,
            head: tallow_zoo::Head::default(),
        };
        let splits = [("train".to_string(), vec![table(&dir, "t.csv", &rows(20).replace("yes", "no"))])];
        let columns = Columns { label: Some("sold".into()), ..Columns::default() };
        let found = |model| survey(&splits, &Asked { model, ..asked(&columns, None) }).map(|found| found.labels);
        assert_eq!(found(Some(&model)).expect("surveyed"), ["no"]);
        assert!(found(None).is_err_and(|error| error.to_string().contains("a single class, `no`")));
    }

    /// A point in a file of semicolons is one where no comma says otherwise, and each column has its own say.
    #[test]
    fn commas_and_points_are_what_their_columns_say() {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, text, column, expected) in [
            ("a.csv", "density;y\n1.001;5\n1.0025;6\n", "density", Comma::Thousands),
            ("b.csv", "density;y\n1.001;5\n1.002;6\n", "density", Comma::Thousands),
            ("c.csv", "price;y\n5,000;5\n4,125;6\n", "price", Comma::Decimal),
            ("d.csv", "price;y\n1.001;5,5\n4.125;6,25\n", "price", Comma::Decimal),
            ("e.csv", "area,levels\n1.234,\"1,2\"\n2.5,\"3,4\"\n", "area", Comma::Thousands),
            ("g.csv", "size;y\n997;a\n3.159;b\n61.687;a\n", "size", Comma::Decimal),
            ("h.csv", "size;y\n997;1.250\n3.159;1.500\n", "y", Comma::Decimal),
            ("i.csv", "size;y\n997;a\n3159;b\n1.125;a\n", "size", Comma::Thousands),
            ("j.csv", "size;y\n997;0.5\n3.159;1.5\n", "size", Comma::Thousands),
            ("f.tsv", "feet\ty\n982\t1\n1,274\t2\n", "feet", Comma::Thousands),
        ] {
            assert_eq!(table(&dir, name, text).comma(column), expected, "{text}");
        }
    }

    /// Where nothing says what a point is, whoever reads the plan can.
    #[test]
    fn points_that_could_be_either_are_told() {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, text, expected) in [
            ("a.csv", "size;y\n997;a\n3.159;b\n", "`3.159` of `size` is read as 3159"),
            ("b.csv", "size;y\n61.687;a\n3.159;b\n", "the point of `61.687` in `size` is taken for a decimal one"),
            ("c.csv", "size;y\n1.5;a\n3.159;b\n", ""),
            ("d.csv", "size,y\n61.687,a\n3.159,b\n", ""),
        ] {
            let told = table(&dir, name, text).notes().join(" ");
            assert!(told.contains(expected) && told.is_empty() == expected.is_empty(), "{text}: {told}");
        }
    }

    #[test]
    fn columns_are_chosen_and_left_out_by_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let found = |input: &[&str], exclude: &[&str], label: &str| {
            let list = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
            let columns = Columns { input: list(input), exclude: list(exclude), label: Some(label.into()), ..Columns::default() };
            let splits = [("train".to_string(), vec![table(&dir, "t.csv", &rows(60))])];
            survey(&splits, &asked(&columns, None))
                .map(|found| (found.columns.input.join(" "), found.columns.label))
                .map_err(|e| e.to_string())
        };
        let label = || Some("sold".to_string());
        assert_eq!(found(&[], &[], "Sold"), Ok(("size colour".into(), label())));
        assert_eq!(found(&["colour"], &[], "sold"), Ok(("colour".into(), label())));
        assert_eq!(found(&[], &["colour"], "sold"), Ok(("size".into(), label())));
        let columns = Columns { exclude: vec!["colour".into()], label: Some("sold".into()), ..Columns::default() };
        let text = rows(60).replacen("size,", "id,size,", 1);
        let text: String = text
            .lines()
            .enumerate()
            .map(|(at, line)| if at == 0 { format!("{line}\n") } else { format!("{at},{line}\n") })
            .collect();
        let splits = [("train".to_string(), vec![table(&dir, "t.csv", &text)])];
        let mut left_out = survey(&splits, &asked(&columns, None)).expect("surveyed").facts.left_out;
        left_out.sort();
        assert_eq!(left_out, ["colour", "id"]);
        assert!(found(&["weight"], &[], "sold").is_err_and(|e| e.contains("no column `weight`")));
        assert!(found(&[], &["size", "colour"], "sold").is_err_and(|e| e.contains("no column to tell `sold` from")));
    }
}
