//! What a data set holds, before anything is decided: splits, sizes, columns, class names.

mod answers;
mod guessed;
mod notes;
#[cfg(test)]
mod tests;
mod written;

use self::answers::{Known, answers_of, labels_of, several_of, values_of};
use self::guessed::{guessed, label_in_passing, no_guess};
use self::notes::notes;
pub use self::notes::split_column_in_words;
use self::written::{conversations_of, pairs_of, recordings_of};
use super::card::Card;
use super::classes;
use super::columns::{self, PerhapsColumns};
use super::features::{self, Asked};
use super::grouped;
use super::hub::Hub;
use super::lengths::Lengths;
use super::locate::{Located, check_whole, locate};
use super::ordered::{self, CutOff};
use super::prepare::image_shape;
use super::read::{Cell, Table};
use super::similar;
use super::stream;
use super::{Error, Making, Result};
use crate::job::{Part, TokenizerSource};
use crate::plan::{DataFacts, SplitFacts};
use crate::spec::{Columns, DataSource, RowRule, Task};
use crate::words::quoted;
use std::path::PathBuf;
use tallow_zoo::{HeadKind, Modality, ModelConfig};

/// What the experiment says about the data; empty fields are found out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataSpecHints {
    /// None: what the data turns out to be for: telling the words of documents, else classes.
    pub task: Option<Task>,
    pub columns: Columns,
    /// Words that are columns if there are such.
    pub perhaps: PerhapsColumns,
    /// The splits that are needed, the training split first; only their files are fetched. Empty: all.
    pub splits: Vec<String>,
    /// How texts will become tokens, where that is known, and the most that there can be.
    pub tokenizer: Option<(TokenizerSource, usize)>,
    /// Rows that are used at all, of every split.
    pub rows: Vec<RowRule>,
    /// What of the first split is held out, where that is to be cut off it.
    pub cut_off: Option<CutOff>,
    /// The model, where it is there already.
    pub model: Option<ModelConfig>,
    /// The splits are those of an experiment: a label of theirs that is none of the classes is an error, and not only seen.
    pub for_training: bool,
}

/// Texts that are looked at for their mean length.
const SAMPLE: usize = 500;

/// Fetches what is needed and looks at it. Data sets that are not there yet are made as `making` says.
///
/// # Errors
/// The data set, a split or a column is not there; a file cannot be read; a split is empty; it cannot be told which column is which.
pub fn survey_data(hub: &Hub, source: &DataSource, hints: &DataSpecHints, making: &Making) -> Result<DataFacts> {
    let located = locate(hub, source, &hints.splits, making)?;
    // What is cut off would stand for another split by its name.
    if let Some(CutOff { name, .. }) = hints.cut_off.as_ref().filter(|cut_off| located.names.contains(&cut_off.name)) {
        return Err(Error::SplitOfItsOwn { place: located.place, split: name.clone() });
    }
    let mut splits: Vec<(String, Vec<Table>)> = Vec::new();
    for (split, files) in &located.splits {
        splits.push((split.clone(), files.iter().map(|f| Table::open(f)).collect::<Result<_>>()?));
    }
    let mut rules = hints.rows.clone();
    let mut followed = Vec::new();
    if let Some(first) = splits.iter().flat_map(|(_, tables)| tables).next().filter(|table| !table.is_document()) {
        // A split without the column could not follow: it is told, then.
        let have_all =
            |column: &str| splits.iter().flat_map(|(_, tables)| tables).all(|table| table.names().iter().any(|n| n == column));
        let are_there = |said: &[RowRule]| said.iter().all(|rule| have_all(&rule.column));
        for (words, said) in hints.perhaps.rows_said(first).into_iter().filter(|(_, said)| are_there(said)) {
            followed.push(words);
            rules.extend(said);
        }
    }
    for table in splits.iter_mut().flat_map(|(_, tables)| tables).filter(|_| !rules.is_empty()) {
        table.keep(&rules)?;
    }
    check_whole(&located, &splits)?;
    let mut notes = notes(&located, &splits, hints);
    let mut hints = hints.clone();
    let weight = hints.columns.weight.take();
    if let Some(name) = &weight {
        let mut trained = splits.iter().take(1).flat_map(|(_, tables)| tables);
        trained.try_for_each(|table| columns::can_weigh(table, name))?;
        splits.iter_mut().flat_map(|(_, tables)| tables).for_each(|table| table.set_aside(name));
    }
    let first = splits.iter().flat_map(|(_, tables)| tables).next().filter(|table| !table.is_document());
    if let Some(first) = first {
        if let Some(columns) = hints.perhaps.several_told(first, &hints.columns) {
            return Err(Error::SeveralTold { path: first.path().into(), columns });
        }
        if let Some(labels) = hints.perhaps.labels_told(first, &hints.columns) {
            (hints.columns.label, hints.columns.labels) = (None, labels);
        }
        let class_columns = located.card.class_columns(located.config.as_deref());
        match label_in_passing(first, &hints, &class_columns)? {
            Some((label, why)) => {
                notes.extend(why.map(|why| format!("data.columns.label: `{label}`, for {why}")));
                hints.perhaps.label.push(label);
            }
            None => no_guess(first, &hints, &class_columns)?,
        }
    }
    let before = hints.columns.clone();
    let input = first.map(|first| hints.perhaps.settle(first, &mut hints.columns)).unwrap_or_default();
    notes.extend(first.and_then(|first| hints.perhaps.narrowed(first, &hints.columns, &input)));
    if hints.task.is_some_and(Task::is_of_streams) {
        // Of words no column tells a label.
        hints.columns.label = before.label;
        if hints.columns.input.is_empty() {
            hints.columns.input.extend(first.and_then(|first| hints.perhaps.text_named(first)));
        }
    }
    let says_none = hints.perhaps.exclude.is_empty() && hints.columns.exclude == before.exclude;
    let left_out = if says_none { vec![] } else { hints.columns.exclude.clone() };
    let Card { is_gated, terms, languages, .. } = located.card.clone();
    let cut_off = match (&hints.cut_off, splits.first()) {
        (Some(cut_off), Some((name, tables))) => {
            // Of several labels a row may have none.
            let answer = hints.columns.label.as_deref().filter(|_| hints.task != Some(Task::TextMultiLabel));
            Some((name, &cut_off.name, ordered::part(name, tables, answer, cut_off)?))
        }
        _ => None,
    };
    let trained = cut_off.as_ref().map(|(.., (part, _))| part.rest());
    let mut times = first.map(ordered::columns_of_time).unwrap_or_default();
    let unclear = first.map(|first| ordered::unclear(first, &times)).unwrap_or_default();
    times.sort_by_key(|name| unclear.contains(name));
    let whose = first.map(grouped::columns).unwrap_or_default();
    let class_columns: Vec<String> =
        located.card.class_columns(located.config.as_deref()).into_iter().map(str::to_string).collect();
    let mut facts = survey_tables(&splits, located, &hints, trained.as_ref(), input)?;
    notes.extend(guessed(&facts, &hints, &class_columns));
    if let Some((name, held_out, (part, notes))) = cut_off {
        facts.cut(name, held_out, &part);
        facts.notes.extend(notes);
    }
    // What is to be told is no order to tell it by, nor what rows are kept together by.
    let is_told = |name: &String| facts.columns.label.as_ref() == Some(name) || facts.columns.labels.contains(name);
    let [times, whose, unclear] = [times, whose, unclear].map(|names| names.into_iter().filter(|name| !is_told(name)).collect());
    (facts.is_gated, facts.terms, facts.languages) = (is_gated, terms, languages);
    (facts.times, facts.whose, facts.unclear_times) = (times, whose, unclear);
    match (&mut facts.table, facts.task) {
        (Some(table), _) => {
            table.notes.extend(left_out.iter().map(|name| format!("data.columns: `{name}` is left out, for that was asked for")));
        }
        (None, Some(Task::TextClassification | Task::TextRegression)) => facts.columns.exclude = left_out,
        (None, _) => {}
    }
    facts.notes.splice(0..0, notes);
    facts.columns.weight = weight;
    (facts.rows, facts.rows_said) = (rules, followed);
    Ok(facts)
}

/// What tables hold, of whose columns any may be an input or a label.
fn survey_tables(
    splits: &[(String, Vec<Table>)],
    located: Located,
    hints: &DataSpecHints,
    trained: Option<&Part>,
    input: Vec<String>,
) -> Result<DataFacts> {
    let mut hints = hints.clone();
    let first = splits.first().and_then(|(_, tables)| tables.first()).ok_or_else(|| no_data(&located))?;
    let class_columns = located.card.class_columns(located.config.as_deref());
    let found = task_told(first, &hints.columns)?;
    let is_table = match hints.task {
        // Whether numbers are told of texts or of rows is for the data to say, where no model says it.
        None | Some(Task::TextRegression) if hints.model.is_none() => {
            found.is_none()
                && !reads_texts(first, &hints, &input)?
                && features::is_table(first, &hints.columns, &input, &class_columns)?
        }
        task => task.is_some_and(|task| task.takes() == Modality::Table),
    };
    // A text or two are read; of a table any columns are.
    // Where nobody says what is told, a list says nothing of conversations, tags and the like.
    let is_told = hints.columns.label.is_some()
        || match hints.task.or(found) {
            None
            | Some(
                Task::TextClassification
                | Task::TextRegression
                | Task::TextMultiLabel
                | Task::TabularClassification
                | Task::TabularRegression,
            ) => true,
            Some(_) => false,
        };
    if hints.columns.input.is_empty() && is_told && (is_table || input.len() <= 2) {
        hints.columns.input = input;
    }
    let hints = &hints;
    if is_table {
        return survey_table(splits, hints, trained, &class_columns, &located);
    }
    let task = hints.task.or(found);
    // Whoever asks for a model of texts has the long one among several read.
    let has_long = || columns::holds_text(first, &hints.columns, &[]);
    let by_length = task.is_none() && (hints.perhaps.reads_texts || has_long()?);
    let asked = task.or(by_length.then_some(Task::TextClassification));
    let columns = columns::resolve(first, &hints.columns, &class_columns, asked)?;
    if task.is_some_and(Task::is_of_streams) {
        return stream::survey(splits, columns, hints, located.card.license, located.revision);
    }
    if let Some(task) = task.filter(|task| task.is_of_conversations()) {
        return conversations_of(splits, columns, task, located);
    }
    if task == Some(Task::TextToText) {
        return pairs_of(splits, columns, located);
    }
    if task == Some(Task::SpeechRecognition) {
        return recordings_of(splits, columns, located);
    }
    if task == Some(Task::SentenceSimilarity) {
        let lengths = Lengths::of(first, &columns.input, 0)?;
        return similar::survey(splits, columns, trained, lengths, located);
    }
    let beside = match hints.columns.input.is_empty() {
        true => columns::left_beside(first, &columns, &hints.columns.exclude)?,
        false => None,
    };
    let of_texts = matches!(task, None | Some(Task::TextClassification | Task::TextRegression));
    let unread = match of_texts && beside.is_none() && hints.columns.input.is_empty() {
        true => unread(first, &columns, hints, &class_columns)?,
        false => None,
    };
    let mut facts = labelled_of(splits, columns, hints, task, located)?;
    facts.notes.extend(unread.filter(|_| matches!(facts.task, Some(Task::TextClassification | Task::TextRegression))));
    facts.notes.extend(beside.map(|name| format!("data.columns: `{name}` is left out: it is one of a few words, beside a text")));
    Ok(facts)
}

/// Whether a table is read for its texts, for a model of such is asked for; of more columns than a pair there is none.
fn reads_texts(first: &Table, hints: &DataSpecHints, input: &[String]) -> Result<bool> {
    let is_wanted = hints.perhaps.reads_texts && hints.columns.input.len().max(input.len()) <= 2;
    let holds = |named: &[String]| columns::holds_text(first, &hints.columns, named);
    // Whoever asks for a model of texts has short ones read as well, where there are no longer ones.
    Ok(is_wanted && (holds(input)? || input.is_empty() && columns::holds_phrases(first, &hints.columns)?))
}

/// What there is to say of columns that a model of texts does not read: other texts, and what would do for a model of tables.
fn unread(first: &Table, columns: &Columns, hints: &DataSpecHints, class_columns: &[&str]) -> Result<Option<String>> {
    let asked = Columns { label: columns.label.clone(), ..hints.columns.clone() };
    let is_one_of_several = columns::is_one_of_several(first, columns, &hints.columns.exclude);
    if columns.label.is_none() || !(is_one_of_several || features::is_table(first, &asked, &[], class_columns)?) {
        return Ok(None);
    }
    let others = columns::unread(first, columns, &hints.columns.exclude);
    let (read, others) = (quoted(&columns.input), if others.is_empty() { None } else { Some(quoted(&others)) });
    Ok(others.map(|others| format!("data.columns: {read} is read, {others} left out: a model of texts reads one text or two")))
}

/// What a table tells by itself that it is for.
fn task_told(first: &Table, asked: &Columns) -> Result<Option<Task>> {
    // What is left out says nothing of what the rest is for.
    let is_unsaid = Columns { exclude: vec![], ..asked.clone() } == Columns::default();
    Ok(match first.is_document() {
        // A document has no classes, nor has a row of one text: its words are all that it can be asked for.
        true => Some(Task::LanguageModelling),
        false if columns::is_heard(first, asked) => Some(Task::SpeechRecognition),
        false if columns::is_answered(first, asked)? => Some(Task::QuestionAnswering),
        false if columns::is_of_pairs(first, asked)? => Some(Task::TextToText),
        false if columns::is_tagged(first, asked) => Some(Task::TokenClassification),
        false if columns::has_several_labels(first, asked)? => Some(Task::TextMultiLabel),
        false if is_unsaid && similar::is_together(first) => Some(Task::SentenceSimilarity),
        false if columns::is_text_alone(first) && asked.label.is_none() => Some(Task::LanguageModelling),
        false if is_unsaid => columns::task_of(first),
        false => None,
    })
}

/// Texts or images with an answer each: a class, several labels, tags, a span or a number.
fn labelled_of(
    splits: &[(String, Vec<Table>)],
    columns: Columns,
    hints: &DataSpecHints,
    task: Option<Task>,
    located: Located,
) -> Result<DataFacts> {
    let first = splits.first().and_then(|(_, tables)| tables.first()).ok_or_else(|| no_data(&located))?;
    let label = columns.label.clone().unwrap_or_default();
    let is_image = columns::is_image(first, &columns);
    let (lengths, image_shape) = match is_image {
        true => (None, Some(image_shapes(first, &columns.input[0])?)),
        false => (Some(Lengths::of(first, &columns.input, 0)?), None),
    };
    let known = match columns.labels.as_slice() {
        [] => first.column(&label)?.classes.clone(),
        labels => Some(labels.to_vec()),
    };
    let known = known.or_else(|| located.card.class_names(located.config.as_deref(), &label).map(<[String]>::to_vec));
    let labels_are_numbered = known.is_some() && columns.labels.is_empty() && !first.path().is_dir();
    let measured = known.is_none() && !is_image && task.is_none() && columns::is_measured(first, &label)?;
    let task = task.unwrap_or(match (is_image, measured) {
        (true, _) => Task::ImageClassification,
        (false, true) => Task::TextRegression,
        (false, false) => Task::TextClassification,
    });

    // Of columns of 0 and 1 each row needs all.
    let told = if columns.labels.is_empty() { label.clone() } else { columns.labels.join("` or `") };
    let (mut facts, mut notes) = (Vec::new(), Vec::new());
    let mut classes = known.clone().unwrap_or_default();
    for (at, (name, tables)) in splits.iter().enumerate() {
        let answers = match task.head() {
            HeadKind::Value => values_of(tables, &label, at > 0)?,
            HeadKind::Span => answers_of(tables, &label, at > 0)?,
            HeadKind::Labels | HeadKind::Tags => several_of(tables, &columns, at > 0)?,
            _ => {
                // Of a single class there is something else to say.
                let bound = hints.for_training && classes.len() > 1 && hints.splits.contains(name);
                // Those of the first split are the others', too.
                let found = || bound.then_some(Known { names: classes.as_slice(), declared: false });
                let known = known.as_deref().map(|names| Known { names, declared: true }).or_else(found);
                labels_of(tables, &label, at > 0, known, bound)?
            }
        };
        if answers.rows == 0 {
            let nothing = || Error::EmptySplit { split: name.clone(), path: Default::default() };
            return Err(tables.first().map_or_else(nothing, |table| without_rows(table, name)));
        }
        if let [only] = answers.values.as_slice()
            && at == 0
            && hints.for_training
            && answers.any
            && answers.examples() > 1
        {
            let (split, column) = (name.clone(), label.clone());
            return Err(Error::OneValue { split, column, value: crate::words::measured(*only) });
        }
        let files = tables.iter().map(|t| t.path().to_path_buf()).collect();
        notes.extend(answers.note(name, &told));
        let (examples, labelled) = (answers.examples(), answers.any);
        if at == 0 && known.is_none() {
            classes = classes::in_order(answers.names.into_iter().collect());
            let is_of_classes = matches!(task, Task::TextClassification | Task::ImageClassification);
            notes.extend(classes::hardly_any_twice(&told, &classes, examples).filter(|_| is_of_classes));
        }
        let name = name.clone();
        facts.push(SplitFacts { name, files, examples, labelled, part: None, tokens: None });
    }
    Ok(DataFacts {
        task: Some(task),
        splits: facts,
        columns,
        labels: classes,
        labels_are_numbered,
        license: located.card.license,
        revision: located.revision,
        mean_tokens: lengths.as_ref().map(|lengths| lengths.mean),
        longest_tokens: lengths.as_ref().map(|lengths| lengths.longest),
        tokens_by_length: lengths.map_or_else(Vec::new, |lengths| lengths.by_length),
        image_shape: image_shape.map(|(shape, _)| shape),
        images_differ: image_shape.is_some_and(|(_, differ)| differ),
        notes,
        ..DataFacts::default()
    })
}

fn survey_table(
    splits: &[(String, Vec<Table>)],
    hints: &DataSpecHints,
    part: Option<&Part>,
    class_columns: &[&str],
    located: &Located,
) -> Result<DataFacts> {
    let model = hints.model.as_ref().and_then(|model| if let ModelConfig::Mlp(mlp) = model { Some(mlp) } else { None });
    let model = model.filter(|mlp| !mlp.is_without_columns());
    let task = hints.task.map(|task| if task == Task::TextRegression { Task::TabularRegression } else { task });
    let asked = Asked { columns: &hints.columns, task, model, part, class_columns };
    let found = features::survey(splits, &asked)?;
    Ok(DataFacts {
        task: Some(found.task),
        splits: found.splits,
        columns: found.columns,
        labels: found.labels,
        license: located.card.license.clone(),
        revision: located.revision.clone(),
        table: Some(found.facts),
        ..DataFacts::default()
    })
}

/// The files of a split that holds so many rows.
///
/// # Errors
/// It holds none.
pub(super) fn files_of(split: &str, tables: &[Table], rows: usize) -> Result<Vec<PathBuf>> {
    let files: Vec<_> = tables.iter().map(|table| table.path().to_path_buf()).collect();
    match rows {
        0 => Err(Error::EmptySplit { split: split.into(), path: files.into_iter().next().unwrap_or_default() }),
        _ => Ok(files),
    }
}

/// What is known of data whose texts are so long.
pub(super) fn told(task: Task, splits: Vec<SplitFacts>, columns: Columns, lengths: Lengths, located: Located) -> DataFacts {
    DataFacts {
        task: Some(task),
        splits,
        columns,
        license: located.card.license,
        revision: located.revision,
        mean_tokens: Some(lengths.mean),
        longest_tokens: Some(lengths.longest),
        tokens_by_length: lengths.by_length,
        ..DataFacts::default()
    }
}

fn no_data(located: &Located) -> Error {
    Error::NoData { place: located.place.clone(), found: Vec::new() }
}

/// That there are no rows, or that they are of no class.
fn without_rows(table: &Table, split: &str) -> Error {
    let path = table.path().to_path_buf();
    match table.strays() {
        [] => Error::EmptySplit { split: split.into(), path },
        [first, ..] => Error::NoClassFolder { path, files: table.strays().len(), first: first.clone() },
    }
}

/// The shape of the first images, and whether they differ: the medians of height and width then, and colours where any has them.
/// Those that cannot be read are for the preparation to tell, unless none can.
fn image_shapes(table: &Table, column: &str) -> Result<([usize; 3], bool)> {
    let empty = || without_rows(table, "train");
    let (mut shapes, mut broken) = (Vec::new(), None);
    for row in table.rows(&[column])?.take(SAMPLE) {
        let row = row?;
        match image_shape(row.cells.first().unwrap_or(&Cell::Null)) {
            Ok(shape) => shapes.push(shape),
            Err(what) => {
                let (path, position, column) = (table.path().into(), row.position, column.into());
                broken.get_or_insert(Error::Image { path, position, column, what });
            }
        }
    }
    let [first_height, first_width, _] = *shapes.first().ok_or_else(|| broken.unwrap_or_else(empty))?;
    let channels = shapes.iter().map(|[.., channels]| *channels).max().unwrap_or(3);
    let differ = shapes.iter().any(|[height, width, _]| [*height, *width] != [first_height, first_width]);
    let median = |side: usize| {
        let mut sides: Vec<usize> = shapes.iter().map(|shape| shape[side]).collect();
        sides.sort_unstable();
        sides[sides.len() / 2]
    };
    Ok(([median(0), median(1), channels], differ))
}
