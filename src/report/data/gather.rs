//! What the run's own files say of its data: the plan (what was surveyed), and what the workers told that prepared and compared it.

use super::super::Error;
use super::super::book::Book;
use super::super::types::*;
use crate::job::{COMPARE, LengthBin, PREPARE, PREPARE_HELD_OUT, PreparedSplit};
use crate::plan::{self, DataFacts, Plan, TableFacts};
use crate::spec::{Columns, DataSource, Monitor, Task};
use crate::store::Stage;
use crate::words;
use tallow_zoo::mlp::DatePart;

/// # Errors
/// The ledger has no row of the plan.
pub(in crate::report) fn gather(book: &Book, plan: &Plan) -> Result<DataShown, Error> {
    let spec = &plan.spec.data;
    let prepared = book.prepared();
    let columns = prepared.first().map_or(&plan.facts.data.columns, |(_, split)| &split.columns);
    let role = |name: &str| match &spec.monitor {
        _ if name == spec.held_out && spec.is_cut_off() => "held out: the verdict's, cut off from training".to_string(),
        _ if name == spec.held_out => "held out: the verdict's".to_string(),
        Monitor::HoldOut { examples } if name == spec.train => {
            format!("training, {} of it kept out as monitor", words::count(*examples as f64))
        }
        _ if name == spec.train => "training".into(),
        Monitor::Split { name: monitor } if name == monitor => "monitor".into(),
        _ => "not used".into(),
    };
    let row = book.stage(Stage::Plan)?;
    let license = plan.facts.data.license.clone();
    Ok(DataShown {
        asks: plan::licensed_data(&spec.source, license.as_deref()).map(|licensed| licensed.in_words()),
        schema: schema(columns, plan.spec.task, plan.facts.data.table.as_ref(), row),
        overlap: book.overlap(),
        notes: notes(book, &plan.facts.data, row),
        source: match &spec.source {
            DataSource::Hub { id, config: Some(config), .. } => format!("{id} ({config})"),
            DataSource::Hub { id, config: None, .. } => id.clone(),
            DataSource::Local { path } => format!("local: {}", path.display()),
            DataSource::Url { url, .. } => words::address(url),
            DataSource::Generated { name, examples, seed } => {
                format!("generated: {name}, {} examples, seed {seed}", words::count(*examples as f64))
            }
        },
        license,
        revision: plan.facts.data.revision.clone(),
        columns: format!("{} -> {}", columns.input.join(" + "), answer(columns, plan.spec.task)),
        splits: prepared.into_iter().map(|(row, split)| split_shown(row, split, role(&split.split))).collect(),
    })
}

/// What of a date a column of numbers is.
fn part_of_date(part: DatePart) -> &'static str {
    match part {
        DatePart::Year => "year of a date",
        DatePart::Month => "month of a date",
        DatePart::Day => "day of a date",
        DatePart::Weekday => "weekday of a date",
        DatePart::Hour => "hour of a date",
    }
}

/// What the columns are used for, and what those of a table were found to hold.
fn schema(columns: &Columns, task: Task, table: Option<&TableFacts>, row: u64) -> Vec<ColumnShown> {
    let at = |value: f64| Sourced { value, ledger_row: row };
    let column = |name: &str, role: &str, kind: String, numbers: Vec<(String, Sourced)>| ColumnShown {
        name: name.to_string(),
        role: role.into(),
        kind,
        numbers,
        ledger_row: row,
    };
    let plain = |name: &String, role: &str| column(name, role, String::new(), Vec::new());
    let mut shown: Vec<ColumnShown> = match table {
        None => columns.input.iter().map(|name| plain(name, "input")).collect(),
        Some(table) => {
            let numbers = table.numeric.iter().map(|found| {
                let kind = found.of_date.map_or("number", part_of_date);
                let numbers =
                    [("mean", found.scale.mean), ("deviation", found.scale.std), ("in place of a missing one", found.fill)];
                let numbers =
                    numbers.into_iter().filter(|(_, value)| value.is_finite()).map(|(name, value)| (name.into(), at(value)));
                column(&found.name, "input", kind.into(), numbers.collect())
            });
            let categories = table
                .categorical
                .iter()
                .map(|found| column(&found.name, "input", format!("category of {} values", found.values.len()), Vec::new()));
            numbers.chain(categories).collect()
        }
    };
    let answer = if task.is_of_conversations() { "answers" } else { "answer" };
    shown.extend(columns.label.iter().chain(&columns.labels).map(|name| plain(name, answer)));
    shown.extend(columns.weight.iter().map(|name| plain(name, "weight of a draw")));
    shown.extend(columns.exclude.iter().map(|name| plain(name, "left out")));
    shown
}

/// What survey and workers found worth knowing of it.
fn notes(book: &Book, data: &DataFacts, row: u64) -> Vec<NoteShown> {
    let surveyed = data.all_notes().map(|message| NoteShown { run: "survey".into(), message: message.clone(), ledger_row: row });
    surveyed
        .chain(book.notes().into_iter().filter(|note| [PREPARE, PREPARE_HELD_OUT, COMPARE].contains(&note.run.as_str())))
        .collect()
}

/// What a model is asked for.
fn answer(columns: &Columns, task: Task) -> String {
    match (&columns.label, columns.labels.as_slice()) {
        (Some(label), _) => label.clone(),
        (None, []) if task == Task::MaskedLanguageModelling => "its hidden words".into(),
        (None, []) if task == Task::SentenceSimilarity => "which belong together".into(),
        (None, []) => "its next word".into(),
        (None, labels) => labels.join(", "),
    }
}

fn split_shown(row: u64, split: &PreparedSplit, role: String) -> SplitShown {
    let at = |value: f64| Sourced { value, ledger_row: row };
    let classes = split.labels.iter().zip(&split.label_counts);
    SplitShown {
        split: split.split.clone(),
        role,
        examples: at(split.examples as f64),
        classes: classes.map(|(label, count)| ClassShown { label: label.clone(), count: at(*count as f64) }).collect(),
        values: split.values.map(|values| ValuesShown {
            mean: at(values.mean),
            std: at(values.std),
            least: at(values.least),
            most: at(values.most),
        }),
        lengths: lengths(&split.lengths, at),
        target_lengths: lengths(&split.target_lengths, at),
        shape: split.shape.named().into_iter().map(|(name, value)| (name.to_string(), at(value))).collect(),
        sha256: split.sha256.clone(),
    }
}

fn lengths(bins: &[LengthBin], at: impl Fn(f64) -> Sourced) -> Vec<LengthShown> {
    bins.iter().map(|bin| LengthShown { most: at(bin.most as f64), texts: at(bin.texts as f64) }).collect()
}
