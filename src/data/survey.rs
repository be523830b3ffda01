//! What a data set holds, before anything is decided: splits, sizes, columns, class names.

mod answers;
mod notes;

use self::answers::{answers_of, labels_of, several_of, values_of};
use self::notes::notes;
pub use self::notes::split_column_in_words;
use super::audio;
use super::classes;
use super::columns::{self, PerhapsColumns};
use super::features::{self, Asked};
use super::hub::Hub;
use super::locate::{Located, check_whole, locate};
use super::prepare::image_shape;
use super::read::{Cell, Table};
use super::similar;
use super::stream;
use super::{Error, Making, Result};
use crate::job::{Part, TokenizerSource};
use crate::plan::{DataFacts, SplitFacts};
use crate::spec::{Columns, DataSource, Task};
use std::collections::BTreeSet;
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
    /// Of a table: the part of the first split that is trained on, where it is not all of it.
    pub part: Option<Part>,
    /// The model, where it is there already.
    pub model: Option<ModelConfig>,
}

/// Bytes of recordings that are looked at for the longest.
const HEADS: usize = 256 << 20;
/// Texts that are looked at for their mean length.
const SAMPLE: usize = 500;

/// Fetches what is needed and looks at it. Data sets that are not there yet are made as `making` says.
///
/// # Errors
/// The data set, a split or a column is not there; a file cannot be read; a split is empty; it cannot be told which column is which.
pub fn survey_data(hub: &Hub, source: &DataSource, hints: &DataSpecHints, making: &Making) -> Result<DataFacts> {
    let located = locate(hub, source, &hints.splits, making)?;
    let mut splits: Vec<(String, Vec<Table>)> = Vec::new();
    for (split, files) in &located.splits {
        splits.push((split.clone(), files.iter().map(|f| Table::open(f)).collect::<Result<_>>()?));
    }
    check_whole(&located, &splits)?;
    let notes = notes(&located, &splits, hints);
    let mut hints = hints.clone();
    let weight = hints.columns.weight.take();
    if let Some(name) = &weight {
        let mut trained = splits.iter().take(1).flat_map(|(_, tables)| tables);
        trained.try_for_each(|table| columns::can_weigh(table, name))?;
        splits.iter_mut().flat_map(|(_, tables)| tables).for_each(|table| table.set_aside(name));
    }
    let first = splits.iter().flat_map(|(_, tables)| tables).next().filter(|table| !table.is_document());
    let input = first.map(|first| hints.perhaps.settle(first, &mut hints.columns)).unwrap_or_default();
    let left_out = if hints.perhaps.exclude.is_empty() { vec![] } else { hints.columns.exclude.clone() };
    let (is_gated, terms) = (located.card.is_gated, located.card.terms.clone());
    let mut facts = survey_tables(&splits, located, hints, input)?;
    (facts.is_gated, facts.terms) = (is_gated, terms);
    if let Some(table) = &mut facts.table {
        table.notes.extend(left_out.iter().map(|name| format!("data.columns: `{name}` is left out, for that was asked for")));
    }
    facts.notes.splice(0..0, notes);
    facts.columns.weight = weight;
    Ok(facts)
}

/// What tables hold, of whose columns any may be an input or a label.
fn survey_tables(
    splits: &[(String, Vec<Table>)],
    located: Located,
    mut hints: DataSpecHints,
    input: Vec<String>,
) -> Result<DataFacts> {
    let first = splits.first().and_then(|(_, tables)| tables.first()).ok_or_else(|| no_data(&located))?;
    let class_columns = located.card.class_columns(located.config.as_deref());
    // A document has no classes, nor has a row of one text: its words are all that it can be asked for.
    let found = match first.is_document() {
        true => Some(Task::LanguageModelling),
        false if columns::is_heard(first, &hints.columns) => Some(Task::SpeechRecognition),
        false if columns::is_answered(first) => Some(Task::QuestionAnswering),
        false if columns::is_of_pairs(first, &hints.columns)? => Some(Task::TextToText),
        false if columns::is_tagged(first, &hints.columns) => Some(Task::TokenClassification),
        false if columns::has_several_labels(first, &hints.columns)? => Some(Task::TextMultiLabel),
        false if hints.columns == Columns::default() && similar::is_together(first) => Some(Task::SentenceSimilarity),
        false if columns::is_text_alone(first) && hints.columns.label.is_none() => Some(Task::LanguageModelling),
        false if hints.columns == Columns::default() => columns::task_of(first),
        false => None,
    };
    let is_table = match hints.task {
        // Whether numbers are told of texts or of rows is for the data to say, where no model says it.
        None | Some(Task::TextRegression) if hints.model.is_none() => {
            found.is_none() && features::is_table(first, &hints.columns, &class_columns)?
        }
        task => task.is_some_and(|task| task.takes() == Modality::Table),
    };
    // A text or two are read; of a table any columns are.
    if hints.columns.input.is_empty() && (is_table || input.len() <= 2) {
        hints.columns.input = input;
    }
    let hints = &hints;
    if is_table {
        return survey_table(splits, hints, &class_columns, &located);
    }
    let task = hints.task.or(found);
    let columns = columns::resolve(first, &hints.columns, &class_columns, task)?;
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
        let lengths = lengths(first, &columns.input)?;
        return similar::survey(splits, columns, hints.part, lengths, located);
    }
    let label = columns.label.clone().unwrap_or_default();
    let is_image = columns::is_image(first, &columns);
    let (lengths, image_shape) = match is_image {
        true => (None, Some(image_shapes(first, &columns.input[0])?)),
        false => (Some(lengths(first, &columns.input)?), None),
    };
    let known = match columns.labels.as_slice() {
        [] => first.column(&label)?.classes.clone(),
        labels => Some(labels.to_vec()),
    };
    let known = known.or_else(|| located.card.class_names(located.config.as_deref(), &label).map(<[String]>::to_vec));
    let measured = known.is_none() && !is_image && task.is_none() && columns::is_measured(first, &label)?;
    let task = task.unwrap_or(match (is_image, measured) {
        (true, _) => Task::ImageClassification,
        (false, true) => Task::TextRegression,
        (false, false) => Task::TextClassification,
    });

    let (mut facts, mut notes, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (at, (name, tables)) in splits.iter().enumerate() {
        let answers = match task.head() {
            HeadKind::Value => values_of(tables, &label, at > 0)?,
            HeadKind::Span => answers_of(tables, &label, at > 0)?,
            HeadKind::Labels | HeadKind::Tags => several_of(tables, &columns, at > 0)?,
            _ => labels_of(tables, &label, at > 0)?,
        };
        if answers.rows == 0 {
            let path = tables.first().map(|t| t.path().to_path_buf()).unwrap_or_default();
            return Err(Error::EmptySplit { split: name.clone(), path });
        }
        let files = tables.iter().map(|t| t.path().to_path_buf()).collect();
        notes.extend(answers.note(name, &label));
        let (examples, labelled) = (answers.examples(), answers.any);
        if at == 0 {
            seen = answers.names;
        }
        let name = name.clone();
        facts.push(SplitFacts { name, files, examples, labelled, part: None, tokens: None });
    }
    Ok(DataFacts {
        task: Some(task),
        splits: facts,
        columns,
        labels: known.unwrap_or_else(|| classes::in_order(seen.into_iter().collect())),
        license: located.card.license,
        revision: located.revision,
        mean_tokens: lengths.map(|[mean, _]| mean),
        longest_tokens: lengths.map(|[_, longest]| longest),
        image_shape: image_shape.map(|(shape, _)| shape),
        images_differ: image_shape.is_some_and(|(_, differ)| differ),
        notes,
        ..DataFacts::default()
    })
}

fn survey_table(
    splits: &[(String, Vec<Table>)],
    hints: &DataSpecHints,
    class_columns: &[&str],
    located: &Located,
) -> Result<DataFacts> {
    let model = hints.model.as_ref().and_then(|model| if let ModelConfig::Mlp(mlp) = model { Some(mlp) } else { None });
    let model = model.filter(|mlp| !mlp.is_without_columns());
    let task = hints.task.map(|task| if task == Task::TextRegression { Task::TabularRegression } else { task });
    let asked = Asked { columns: &hints.columns, task, model, part: hints.part, class_columns };
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

/// Rows that are conversations, or pairs of answers: nothing is labelled but by what they say.
fn conversations_of(splits: &[(String, Vec<Table>)], columns: Columns, task: Task, located: Located) -> Result<DataFacts> {
    let mut facts = Vec::new();
    for (name, tables) in splits {
        let examples = tables.iter().map(Table::count).sum::<Result<usize>>()?;
        let files: Vec<_> = tables.iter().map(|table| table.path().to_path_buf()).collect();
        if examples == 0 {
            return Err(Error::EmptySplit { split: name.clone(), path: files.first().cloned().unwrap_or_default() });
        }
        facts.push(SplitFacts { name: name.clone(), files, examples, labelled: true, part: None, tokens: None });
    }
    let all: Vec<String> = columns.input.iter().chain(&columns.label).cloned().collect();
    let first = splits.first().and_then(|(_, tables)| tables.first()).ok_or_else(|| no_data(&located))?;
    // Of a pair the prompt stands in both texts; a template adds a few tokens to each turn.
    let [mean_tokens, longest_tokens] = lengths(first, &all)?.map(|tokens| Some(tokens + 4.0 * all.len() as f64));
    let Located { card, revision, .. } = located;
    let license = card.license;
    Ok(DataFacts {
        splits: facts,
        columns,
        license,
        revision,
        mean_tokens,
        longest_tokens,
        task: Some(task),
        ..DataFacts::default()
    })
}

/// Rows of a text and what is written from it; a split other than the first may lack the latter.
fn pairs_of(splits: &[(String, Vec<Table>)], columns: Columns, located: Located) -> Result<DataFacts> {
    let target = columns.label.clone().unwrap_or_default();
    let mut facts = Vec::new();
    for (at, (name, tables)) in splits.iter().enumerate() {
        let found = answers_of(tables, &target, at > 0)?;
        let files: Vec<_> = tables.iter().map(|table| table.path().to_path_buf()).collect();
        if found.rows == 0 {
            return Err(Error::EmptySplit { split: name.clone(), path: files.first().cloned().unwrap_or_default() });
        }
        facts.push(SplitFacts { name: name.clone(), files, examples: found.rows, labelled: found.any, part: None, tokens: None });
    }
    let both: Vec<String> = columns.input.iter().cloned().chain([target]).collect();
    let first = splits.first().and_then(|(_, tables)| tables.first()).ok_or_else(|| no_data(&located))?;
    // Of the two together half each.
    let [mean_tokens, longest_tokens] = lengths(first, &both)?.map(|tokens| Some(tokens / 2.0));
    let Located { card, revision, .. } = located;
    Ok(DataFacts {
        task: Some(Task::TextToText),
        splits: facts,
        license: card.license,
        revision,
        mean_tokens,
        longest_tokens,
        columns,
        ..DataFacts::default()
    })
}

/// Recordings with what is said in them; a split other than the first may lack the latter.
fn recordings_of(splits: &[(String, Vec<Table>)], columns: Columns, located: Located) -> Result<DataFacts> {
    let said = columns.label.clone().unwrap_or_default();
    let mut facts = Vec::new();
    for (at, (name, tables)) in splits.iter().enumerate() {
        let found = answers_of(tables, &said, at > 0)?;
        let files: Vec<_> = tables.iter().map(|table| table.path().to_path_buf()).collect();
        if found.rows == 0 {
            return Err(Error::EmptySplit { split: name.clone(), path: files.first().cloned().unwrap_or_default() });
        }
        facts.push(SplitFacts { name: name.clone(), files, examples: found.rows, labelled: found.any, part: None, tokens: None });
    }
    let first = splits.first().and_then(|(_, tables)| tables.first()).ok_or_else(|| no_data(&located))?;
    let [mean_tokens, longest_tokens] = lengths(first, &[said])?.map(Some);
    let heard = columns.input.first().cloned().unwrap_or_default();
    let longest_secs = longest(splits.iter().flat_map(|(_, tables)| tables), &heard)?;
    let Located { card, revision, .. } = located;
    Ok(DataFacts {
        task: Some(Task::SpeechRecognition),
        longest_secs,
        splits: facts,
        columns,
        license: card.license,
        revision,
        mean_tokens,
        longest_tokens,
        ..DataFacts::default()
    })
}

/// Seconds of the longest recording, by the heads of all; of those that lie in tables themselves the first [`HEADS`] bytes are looked at.
fn longest<'a>(tables: impl Iterator<Item = &'a Table>, column: &str) -> Result<Option<f64>> {
    let (mut longest, mut read): (Option<f64>, usize) = (None, 0);
    for table in tables {
        for row in table.rows(&[column])? {
            // What cannot be read is for the preparation to tell of.
            let Some(cell) = row.ok().and_then(|row| row.cells.into_iter().next()) else { continue };
            longest = longest.into_iter().chain(audio::seconds(&cell)).reduce(f64::max);
            read += if let Cell::Bytes(bytes) = &cell { bytes.len() } else { 0 };
            if read > HEADS {
                return Ok(longest);
            }
        }
    }
    Ok(longest)
}

fn no_data(located: &Located) -> Error {
    Error::NoData { place: located.place.clone(), found: Vec::new() }
}

/// Roughly how many tokens a text has with its special tokens (words and marks, a few words cut in two): on average, and the longest of
/// the sample.
fn lengths(table: &Table, input: &[String]) -> Result<[f64; 2]> {
    let names: Vec<&str> = input.iter().map(String::as_str).collect();
    let (mut all, mut longest, mut texts) = (0usize, 0usize, 0usize);
    for row in table.rows(&names)?.take(SAMPLE) {
        let pieces = row?.cells.iter().map(pieces_in).sum::<usize>();
        (all, longest, texts) = (all + pieces, longest.max(pieces), texts + 1);
    }
    let tokens = |pieces: f64| 1.15 * pieces + 1.0 + input.len() as f64;
    Ok([tokens(all as f64 / texts.max(1) as f64), tokens(longest as f64)])
}

fn pieces_in(cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) => text.split_whitespace().map(pieces_of).sum(),
        Cell::List(cells) => cells.iter().map(pieces_in).sum(),
        Cell::Object(cells) => cells.iter().map(|(_, cell)| pieces_in(cell)).sum(),
        _ => 0,
    }
}

/// A word, and each mark by itself.
fn pieces_of(word: &str) -> usize {
    usize::from(word.contains(char::is_alphanumeric)) + word.chars().filter(char::is_ascii_punctuation).count()
}

/// The shape of the first images, and whether they differ: the medians of height and width then, and colours where any has them.
/// Those that cannot be read are for the preparation to tell, unless none can.
fn image_shapes(table: &Table, column: &str) -> Result<([usize; 3], bool)> {
    let empty = || Error::EmptySplit { split: "train".into(), path: table.path().into() };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::hub::HubConfig;
    use crate::spec::TokenizerKind;
    use std::path::{Path, PathBuf};

    fn nowhere() -> Hub {
        Hub::new(HubConfig {
            endpoint: "http://127.0.0.1:1".into(),
            cache_dir: PathBuf::from("/nowhere"),
            token: None,
            offline: true,
            local: None,
        })
    }

    fn survey(source: &DataSource, dir: &Path) -> Result<DataFacts> {
        survey_data(&nowhere(), source, &DataSpecHints::default(), &Making::quietly(dir))
    }

    /// A folder with these files.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        dir
    }

    #[test]
    fn generated_sets_are_surveyed_like_any_other() {
        let dir = tempfile::tempdir().expect("a folder");
        let of = |name: &str| {
            survey(&DataSource::Generated { name: name.into(), examples: 100, seed: 0 }, dir.path()).expect("surveyed")
        };
        let sizes = |facts: &DataFacts| facts.splits.iter().map(|s| (s.name.clone(), s.examples, s.labelled)).collect::<Vec<_>>();
        let expected =
            [("train", 100, true), ("validation", 40, true), ("test", 40, true)].map(|(n, e, l)| (n.to_string(), e, l));
        let reviews = of("toy_reviews");
        assert_eq!((sizes(&reviews), reviews.labels.join(" ")), (expected.to_vec(), "negative positive".into()));
        assert!(reviews.mean_tokens.is_some_and(|m| (5.0..40.0).contains(&m)) && reviews.splits[0].files[0].is_absolute());
        let shapes = of("toy_shapes");
        assert_eq!((shapes.image_shape, shapes.labels.join(" ")), (Some([16, 16, 3]), "circle cross square triangle".into()));
        assert_eq!(shapes.splits.iter().map(|s| s.examples).sum::<usize>(), 180);
    }

    #[test]
    fn a_folder_of_files_is_a_data_set() {
        let dir = folder(&[("train.csv", "text,label\na,3\nb,20\nc,3\n"), ("test.jsonl", "{\"text\":\"a\"}\n")]);
        let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect("surveyed");
        assert_eq!((facts.labels.as_slice(), facts.license), (&["3".to_string(), "20".into()][..], None));
        assert_eq!(facts.splits.iter().map(|s| s.labelled).collect::<Vec<_>>(), [true, false]);
        let one = survey(&DataSource::Local { path: dir.path().join("train.csv") }, dir.path()).expect("surveyed");
        assert_eq!((one.splits.len(), one.splits[0].name.as_str()), (1, "train"));
    }

    #[test]
    fn many_numbers_with_fractions_are_no_classes() {
        let rows: String = (0..30).map(|i| format!("text {i},{}.25\n", i)).collect();
        let whole: String = (0..30).map(|i| format!("text {i},{}\n", i % 5)).collect();
        let task = |rows: &str, hinted: Option<Task>, label: &str| {
            let dir = folder(&[("train.csv", &format!("text,{label}\n{rows}"))]);
            let hints = DataSpecHints { task: hinted, ..DataSpecHints::default() };
            let facts =
                survey_data(&nowhere(), &DataSource::Local { path: dir.path().into() }, &hints, &Making::quietly(dir.path()));
            facts.map(|facts| (facts.task, facts.labels.len(), facts.splits[0].labelled)).map_err(|e| e.to_string())
        };
        assert_eq!(task(&rows, None, "label"), Ok((Some(Task::TextRegression), 0, true)));
        assert_eq!(task(&rows, None, "price"), Ok((Some(Task::TextRegression), 0, true)), "the only column of numbers");
        assert_eq!(task(&whole, None, "label"), Ok((Some(Task::TextClassification), 5, true)));
        // As JSON and Parquet have them, numbers are numbers.
        let dir = tempfile::tempdir().expect("a folder");
        let typed: String = (0..30).map(|i| format!("{{\"text\":\"text {i}\",\"score\":{}}}\n", f64::from(i) / 31.0)).collect();
        std::fs::write(dir.path().join("train.jsonl"), typed).expect("written");
        let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect("surveyed");
        assert_eq!((facts.task, facts.splits[0].labelled), (Some(Task::TextRegression), true));
        assert_eq!(task(&whole, Some(Task::TextRegression), "label"), Ok((Some(Task::TextRegression), 0, true)));
        assert!(task(&rows, Some(Task::TextClassification), "label").is_err_and(|e| e.contains("expected classes, found 30")));
    }

    #[test]
    fn texts_that_belong_together_are_found() {
        let task = |csv: &str| {
            let dir = folder(&[("train.csv", csv)]);
            survey(&DataSource::Local { path: dir.path().into() }, dir.path())
                .map(|facts| (facts.task, facts.columns.input))
                .map_err(|e| e.to_string())
        };
        let together = |columns: &[&str]| Ok((Some(Task::SentenceSimilarity), names(columns)));
        assert_eq!(task("anchor,positive\na,b\nc,d\n"), together(&["anchor", "positive"]));
        assert_eq!(task("query,positive,negative\na,b,c\n"), together(&["query", "positive", "negative"]));
        assert_eq!(task("query,document,hard_negative_1\na,b,c\n"), together(&["query", "document", "hard_negative_1"]));
        let scored: String = (0..40).map(|i| format!("a,b,0.{i:02}\n")).collect();
        let scored = task(&format!("sentence1,sentence2,score\n{scored}"));
        assert_eq!(scored.map(|found| found.0), Ok(Some(Task::TextRegression)), "as ever");
        assert_eq!(task("question,answer\na,b\nc,d\n").map(|found| found.0), Ok(Some(Task::InstructionTuning)), "as ever");
    }

    #[test]
    fn scores_are_told_of_what_is_trained_on() {
        let csv = "sentence1,sentence2,score\na,b,1\na,c,5\nd,e,\nf,g,-3\n";
        let dir = folder(&[("train.csv", csv), ("test.csv", "sentence1,sentence2,score\na,b,-1\n")]);
        let hints = DataSpecHints { task: Some(Task::SentenceSimilarity), ..DataSpecHints::default() };
        let facts = survey_data(&nowhere(), &DataSource::Local { path: dir.path().into() }, &hints, &Making::quietly(dir.path()))
            .expect("surveyed");
        assert_eq!((facts.scores, facts.columns.label.as_deref()), (Some([-3.0, 5.0]), Some("score")));
        assert_eq!(
            facts.splits.iter().map(|split| split.labelled).collect::<Vec<_>>(),
            [true, false],
            "nothing but -1 is a secret"
        );
    }

    #[test]
    fn questions_with_answers_are_found() {
        let line =
            |answers: &str| format!("{{\"id\":\"7\",\"context\":\"a b\",\"question\":\"which?\",\"answers\":{answers}}}\n");
        for answers in ["{\"text\":[\"b\"],\"answer_start\":[2]}", "[{\"text\":\"b\",\"answer_start\":2}]"] {
            let dir = folder(&[("train.jsonl", &line(answers))]);
            let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect("surveyed");
            let columns = (facts.columns.input.as_slice(), facts.columns.label.as_deref());
            assert_eq!(facts.task, Some(Task::QuestionAnswering));
            assert_eq!(columns, (&names(&["question", "context"])[..], Some("answers")));
        }
    }

    #[test]
    fn words_that_are_columns_are_taken_as_such() {
        let rows: String = (0..60).map(|i| format!("{},{},{},{}\n", i % 7, i % 5, i % 11, ["low", "high"][i % 2])).collect();
        let dir = folder(&[("train.csv", &format!("area,rooms,year,priority\n{rows}"))]);
        let of = |label: &[&str], input: &[&str], exclude: &[&str]| {
            let perhaps = PerhapsColumns { label: names(label), input: names(input), exclude: names(exclude) };
            let hints = DataSpecHints { perhaps, ..DataSpecHints::default() };
            let place = DataSource::Local { path: dir.path().into() };
            let facts = survey_data(&nowhere(), &place, &hints, &Making::quietly(dir.path())).expect("surveyed");
            (facts.columns.label.unwrap_or_default(), facts.columns.input)
        };
        assert_eq!(of(&["priority"], &["rooms", "tweets"], &[]), ("priority".into(), names(&["rooms"])));
        assert_eq!(of(&["Priority"], &[], &["year"]), ("priority".into(), names(&["area", "rooms"])));
    }

    #[test]
    fn pairs_of_texts_are_found() {
        let check = |file: &str, text: &str, hints: Columns, expected: Option<(&str, &str)>| {
            let dir = folder(&[(file, text)]);
            let hints = DataSpecHints { columns: hints, ..DataSpecHints::default() };
            let facts =
                survey_data(&nowhere(), &DataSource::Local { path: dir.path().into() }, &hints, &Making::quietly(dir.path()));
            let found = facts.ok().filter(|facts| facts.task == Some(Task::TextToText));
            let found = found.map(|facts| (facts.columns.input[0].clone(), facts.columns.label.unwrap_or_default()));
            let found = found.as_ref().map(|(source, target)| (source.as_str(), target.as_str()));
            assert_eq!(found, expected, "{text}");
        };
        let rows = |line: &dyn Fn(usize) -> String| (0..8).map(line).collect::<String>();
        let translated = rows(&|i| format!("{{\"translation\":{{\"de\":\"der {i}\",\"en\":\"the {i}\"}}}}\n"));
        check("train.jsonl", &translated, Columns::default(), Some(("translation.de", "translation.en")));
        let asked =
            |source: &str, target: &str| Columns { input: vec![source.into()], label: Some(target.into()), ..Columns::default() };
        check("train.jsonl", &translated, asked("en", "de"), Some(("translation.en", "translation.de")));
        let one = Columns { label: Some("translation.de".into()), ..Columns::default() };
        check("train.jsonl", &translated, one, Some(("translation.en", "translation.de")));
        let columns = format!("id,en,fr\n{}", rows(&|i| format!("{i},the {i},le {i}\n")));
        check("train.csv", &columns, Columns::default(), Some(("en", "fr")));
        let summaries = format!("summary,document\n{}", rows(&|i| format!("short {i},long {i}\n")));
        check("train.csv", &summaries, Columns::default(), Some(("document", "summary")));
        // What has few values is a class, whatever it is called.
        let classes = format!("source,target\n{}", rows(&|i| format!("a text {i},{}\n", ["good", "bad"][i % 2])));
        check("train.csv", &classes, Columns::default(), None);
    }

    #[test]
    fn tagged_words_are_found() {
        let check = |files: &[(&str, &str)], expected: (&str, &str), labels: &[&str]| {
            let dir = folder(files);
            let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect("surveyed");
            let columns = (facts.columns.input[0].as_str(), facts.columns.label.as_deref().unwrap_or_default());
            assert_eq!((facts.task, columns), (Some(Task::TokenClassification), expected));
            assert_eq!(facts.labels, names(labels));
            assert!(facts.splits[0].labelled && facts.mean_tokens.is_some_and(|mean| mean > 3.0));
        };
        let line = "{\"id\":\"7\",\"tokens\":[\"a\",\"b\"],\"pos_tags\":[\"D\",\"N\"],\"ner_tags\":[\"O\",\"B-X\"]}\n";
        check(&[("train.jsonl", line)], ("tokens", "ner_tags"), &["B-X", "O"]);
        check(
            &[("train.conll", "EU B-ORG\nagrees O\n\nBonn B-LOC\n"), ("test.txt", "a O\nb O\n")],
            ("tokens", "tags"),
            &["B-LOC", "B-ORG", "O"],
        );
    }

    #[test]
    fn names_of_columns_are_known_however_they_are_written() {
        let long = |i: usize| format!("what is said in row {i} and nothing else");
        let rows = |width: usize| -> String {
            (0..30).map(|i| (0..width).map(|at| long(10 * i + at)).collect::<Vec<_>>().join(",") + "\n").collect()
        };
        for (header, width, expected) in [
            ("Source,Target", 2, Task::TextToText),
            ("Source Text,Target Text", 2, Task::TextToText),
            ("EN,DE", 2, Task::TextToText),
            ("Instruction,Input,Output", 3, Task::InstructionTuning),
            ("Question,Answer", 2, Task::InstructionTuning),
            ("Prompt,Chosen,Rejected", 3, Task::PreferenceOptimization),
        ] {
            let dir = folder(&[("train.csv", &format!("{header}\n{}", rows(width)))]);
            let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect(header);
            assert_eq!(facts.task, Some(expected), "{header}");
        }
    }

    #[test]
    fn several_labels_are_found_in_lists_and_in_columns_of_flags() {
        let check = |file: &str, text: &str, hinted: Option<Task>, expected: (&[&str], &[&str])| {
            let dir = folder(&[(file, text)]);
            let hints = DataSpecHints { task: hinted, ..DataSpecHints::default() };
            let facts =
                survey_data(&nowhere(), &DataSource::Local { path: dir.path().into() }, &hints, &Making::quietly(dir.path()))
                    .expect(text);
            assert_eq!(facts.task, Some(Task::TextMultiLabel), "{text}");
            let (labels, columns) = expected;
            assert_eq!(
                (facts.labels.as_slice(), facts.columns.labels.as_slice()),
                (&names(labels)[..], &names(columns)[..]),
                "{text}"
            );
            assert_eq!(facts.columns.input, ["text"]);
        };
        let lists = "{\"text\":\"a\",\"labels\":[\"x\",\"y\"]}\n{\"text\":\"b\",\"labels\":[]}\n";
        check("train.jsonl", lists, None, (&["x", "y"], &[]));
        check("train.csv", "id,text,rude,spam\n7,a,0,1\n9,b,1,1\n", None, (&["rude", "spam"], &["rude", "spam"]));
        check("train.csv", "text,labels\na,x|y\nb,y\n", Some(Task::TextMultiLabel), (&["x", "y"], &[]));
        let written = "text,labels\na,\"[\"\"x\"\", \"\"y z\"\"]\"\nb,[]\nc,\"['it's', 'x']\"\n";
        check("train.csv", written, None, (&["it's", "x", "y z"], &[]));
        let strokes = "text,labels\na,x|y\nb,y\nc,x|z\nd,y|z\ne,z|x|y\n";
        check("train.csv", strokes, None, (&["x", "y", "z"], &[]));
        let one = folder(&[("train.csv", "text,label,long\na,0,1\nb,1,0\n")]);
        let facts = survey(&DataSource::Local { path: one.path().into() }, one.path()).expect("surveyed");
        assert_eq!((facts.task, facts.columns.label.as_deref()), (Some(Task::TextClassification), Some("label")));
    }

    fn names(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| word.to_string()).collect()
    }

    #[test]
    fn images_are_found_by_their_names() {
        for (file, text) in [
            ("train/metadata.csv", "file_name,label\na.png,cat\nb.png,dog\n"),
            (
                "train/metadata.jsonl",
                "{\"file_name\":\"a.png\",\"label\":\"cat\"}\n{\"file_name\":\"b.png\",\"label\":\"dog\"}\n",
            ),
            ("train.csv", "caption,image_path,label\nit,train/a.png,cat\nit,./train/b.png,dog\n"),
        ] {
            let dir = folder(&[(file, text), ("train/x.txt", "")]);
            for name in ["a.png", "b.png"] {
                image::GrayImage::new(6, 4).save(dir.path().join("train").join(name)).expect("written");
            }
            let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect(file);
            assert_eq!((facts.task, facts.image_shape), (Some(Task::ImageClassification), Some([4, 6, 1])), "{file}");
            assert_eq!(facts.labels, ["cat", "dog"], "{file}");
        }
    }

    #[test]
    fn documents_are_a_stream_of_words() {
        let dir = folder(&[("train.txt", &"a word ".repeat(1000)), ("test/one.txt", "a word"), ("test/two.txt", "more")]);
        let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect("surveyed");
        let sizes: Vec<_> = facts.splits.iter().map(|s| (s.name.as_str(), s.examples, s.is_one_text())).collect();
        assert_eq!(sizes, [("train", 1, true), ("test", 2, false)]);
        assert!(facts.is_stream() && facts.columns.label.is_none());
        // Letter by letter as many as there are; else about as many as English has.
        let tokens = |tokenizer| {
            let hints = DataSpecHints { tokenizer, ..DataSpecHints::default() };
            let facts =
                survey_data(&nowhere(), &DataSource::Local { path: dir.path().into() }, &hints, &Making::quietly(dir.path()));
            facts.expect("surveyed").splits[0].tokens.expect("a stream")
        };
        assert_eq!(tokens(Some((TokenizerSource::Trained(TokenizerKind::Characters), 100))), 7000);
        assert!((1000..7000).contains(&tokens(None)));
        assert!(tokens(Some((TokenizerSource::Trained(TokenizerKind::Bpe), 300))) > tokens(None));
    }

    #[test]
    fn what_is_wrong_is_said_before_anything_runs() {
        let check = |files: &[(&str, &str)], words: &str| {
            let dir = folder(files);
            let error = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect_err(words).to_string();
            assert!(error.contains(words), "expected {words:?}, found {error}");
        };
        check(&[("notes.pdf", "x")], "holds no table and no image folder");
        check(&[("train.csv", "text,label\n")], "split `train` is empty");
        check(&[("train.csv", "text,label\na,0\n"), ("test.csv", "text,label\n")], "split `test` is empty");
        check(
            &[("a/train.csv", "text,label\nx,0\n"), ("b/train.csv", "text,label\nx,0\n")],
            "several configurations and none was chosen: `a`, `b`",
        );
        check(
            &[("README.md", "---\nconfigs: x\n---\n"), ("train.csv", "text,label\na,0\n")],
            "the card's front matter cannot be read: line 2",
        );
        check(&[("train.csv", "image_path,label\na.png,x\nb.png,y\n")], "cannot tell which column holds the input");
        check(&[("train/cat/a.png", "no image")], "`cat/a.png`, column `image`: the image cannot be read");
    }

    /// What lies beside the splits, or says them in a column, is told; texts in folders are of classes.
    #[test]
    fn what_of_the_files_is_told() {
        let rows = |split: &str| (0..8).map(|i| format!("a film {i},{},{split}\n", i % 2)).collect::<String>();
        let table = |splits: [&str; 2]| format!("text,label,part\n{}{}", rows(splits[0]), rows(splits[1]));
        let of = |files: &[(&str, &str)]| {
            let place = folder(files);
            survey(&DataSource::Local { path: place.path().to_path_buf() }, place.path()).expect("surveyed")
        };
        let facts = of(&[("a.csv", &table(["train", "dev"]).replace("part", "split"))]);
        assert!(facts.notes.iter().any(|note| note.contains("`split` says which split each row belongs to")), "{facts:?}");
        let facts = of(&[("train.csv", &table(["x", "y"])), ("test.csv", &table(["x", "y"])), ("extra.csv", "text\na\n")]);
        assert_eq!(facts.notes, ["`extra.csv`: no split, by the name; left out"]);
        let labelled: String = (0..16).map(|i| format!("the film {i} of a year,{}\n", i % 2)).collect();
        let facts = of(&[("a.csv", &format!("text,label\n{labelled}a film,\na play,NA\n"))]);
        assert_eq!((facts.splits[0].examples, facts.labels.join(" ")), (16, "0 1".into()));
        assert_eq!(facts.notes, ["2 of 18 rows of `train` are left out, for they have no `label`"]);
        let texts =
            ["train/neg/1", "train/neg/2", "train/pos/1", "train/pos/2", "test/neg/1", "test/neg/2", "test/pos/1", "test/pos/2"];
        let names = texts.map(|name| format!("{name}.txt"));
        let facts = of(&names.iter().map(|name| (name.as_str(), "a film\n")).collect::<Vec<_>>());
        assert_eq!((facts.task, facts.labels.join(" ")), (Some(Task::TextClassification), "neg pos".into()));
        let sizes: Vec<_> = facts.splits.iter().map(|split| (split.name.as_str(), split.examples)).collect();
        assert_eq!(sizes, [("train", 4), ("test", 4)]);
    }
}
