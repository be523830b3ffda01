//! Source files -> prepared splits. Runs in the jail: no network, no environment, and what it reads is not trusted.
//!
//! | tensor | texts | pieces of a stream of words | conversations | images, and `labels` or `values` of rows of a table |
//! |---|---|---|---|---|
//! | `labels` | U32 `[n]` | | | U32 `[n]` |
//! | or `labels`, of several an example | U8 `[n, labels]` | | | |
//! | `values`, in place of `labels` | F64 `[n]` | | | |
//! | `tags`, `firsts`, in place of `labels`; `word_offsets` | U32 `[words]`: of each word its tag and the place of its first token; U64 `[n+1]` | | | |
//! | `questions`, `spans`, `characters`; `contexts`, `asked_of`, `answers`, `right_offsets` and kin | U32 `[n]`, `[n, 2]`, `[tokens, 2]`: of windows over questions; the texts, of each question its text and its right answers (`spans.rs`) | | | |
//! | `bytes` | | U32 `[n]`, of the text that each piece stands for | | |
//! | `asked`, or `preferred` of pairs | | | U8 `[tokens]`, 1 where a token is an answer's | |
//! | `pairs`, `pair_offsets`, of a text and one that is written from it | U8, U64 `[2n+1]`: source and target of each example as they stand in the data, end to end | | | |
//! | `offsets` | U64 `[n+1]`, or of such pairs `[2n+1]`, where each text begins | U64 `[n+1]`, where each piece begins | U64 `[n+1]`, or `[2n+1]` of pairs: the better answer's text, the other's | |
//! | `tokens`, `type_ids` | U32, U8 `[tokens]`, end to end | U32, U8 `[tokens]`, end to end | U32, U8 `[tokens]`, end to end | |
//! | `images` | | | | U8 `[n, height, width, channels]` |
//! | `tokens` of several texts each | of `texts_each` texts an example, one behind the other: `offsets` U64 `[texts_each n+1]`; `values` are their scores, if any | | | |
//! | of recordings: `features`, `frame_offsets`, `silence`; `transcripts`, `transcript_offsets` | `offsets`, `tokens`, `type_ids` of what is said | F32 end to end, of each `[mel bins, own frames]`; U64 `[n+1]` in frames; F32 `[n]`, what stands behind; U8, U64 `[2n+1]`: name and text of each | | |
//! | `weights`, of a training split whose rows are drawn by a column | F64 `[n]` | | F64 `[n]` | F64 `[n]` |
//! | `groups`, of a training split whose rows are kept together by a column | U32 `[n]` | | U32 `[n]` | U32 `[n]` |
//! | `numbers`, `categories` | | | | of rows: F32 `[n, numbers]`, U32 `[n, columns]`, as the model takes them |
//!
//! Metadata: `labels` (JSON list of class names, if there are classes), `columns` (JSON), `source` (file names), for texts `vocab_size`
//! and `tokenizer_sha256`; where words are to be hidden, `mask_token`, `begin_token` and `end_token`; of a text and one that is
//! written from it the latter two; of recordings these two, `forced_tokens`, `mel_bins` and `frames`; where examples are texts whose vectors are compared, `texts_each`.

mod answers;
mod conversations;
mod image;
mod jpeg;
mod lacking;
mod lengths;
mod pairs;
mod pixels;
mod resize;
mod similar;
mod spans;
mod speech;
mod table;
mod tags;
#[cfg(test)]
mod tests;
mod text;
mod tokenization;
mod unreadable;
mod verbatim;
mod weights;
mod words;
mod wordwise;

pub(super) use answers::{labels_in, may_be_none, written_list};
pub(super) use pixels::{Pixels, decode as decode_image, shape as image_shape};
pub(super) use resize::brought_to;
pub(super) use spans::{Question, places, windows};
pub(super) use table::Rows;
pub(super) use tags::{encode as encode_words, first_tokens};
pub(super) use text::{encode as encode_text, encode_with_places};
pub(super) use tokenization::{Tokenization, text as text_of};

use super::packing::unpacked_name;
use super::read::{Cell, Named, Row, Table};
use super::tensor_file::{self, Tensor};
use super::{Error, Result, classes, columns, features, ordered};
use crate::job::{Event, LengthBin, Part, PrepareJob, PreparedSplit, Pulse, SplitShape, SplitSource};
use crate::spec::{Columns, Task};
use answers::{Answers, Said};
use std::collections::{BTreeMap, BTreeSet};
use tallow_zoo::{HeadKind, Modality};

/// Rows that are worked on at once, over all cores; of recordings, which are large, fewer.
const CHUNK: usize = 1024;
const RECORDINGS: usize = 32;
/// Bytes of texts or encoded images among them; what is made of a text takes some thirty times its size meanwhile.
const CHUNK_BYTES: usize = 4 << 20;

/// Prepares every split of the job and tells of each when its file is whole.
///
/// # Errors
/// A file cannot be read, a column is missing, a split is empty, a label is missing or out of range, an image cannot be read or is of
/// another size: the message names file, row and column.
pub fn prepare(job: &PrepareJob, emit: &mut dyn FnMut(Event)) -> Result<()> {
    std::fs::create_dir_all(&job.out).map_err(|source| Error::Io { action: "create", path: job.out.clone(), source })?;
    let mut splits = Vec::new();
    for (source, weight) in job.splits.iter().zip(std::iter::once(job.columns.weight.as_ref()).chain(std::iter::repeat(None))) {
        splits.push(Split::open(source, job, weight)?);
    }
    match job.task {
        Task::TextClassification => text::prepare(job, &splits, &class_names(job, &splits)?, emit),
        Task::QuestionAnswering => spans::prepare(job, &splits, emit),
        Task::TokenClassification => tags::prepare(job, &splits, &class_names(job, &splits)?, emit),
        Task::TextMultiLabel => text::prepare(job, &splits, &label_names(job, &splits)?, emit),
        Task::TextRegression => text::prepare(job, &splits, &[], emit),
        Task::ImageClassification => image::prepare(job, &splits, &class_names(job, &splits)?, emit),
        Task::LanguageModelling | Task::MaskedLanguageModelling => words::prepare(job, &splits, emit),
        Task::InstructionTuning | Task::PreferenceOptimization => conversations::prepare(job, &splits, emit),
        Task::TabularClassification => table::prepare(job, &splits, &class_names(job, &splits)?, emit),
        Task::TabularRegression => table::prepare(job, &splits, &[], emit),
        Task::TextToText => pairs::prepare(job, &splits, emit),
        Task::SpeechRecognition => speech::prepare(job, &splits, emit),
        Task::SentenceSimilarity => similar::prepare(job, &splits, emit),
    }
}

/// The files that rows of a job's splits name: besides tables, all that a preparation needs to read.
///
/// # Errors
/// As [`prepare`], for what the tables themselves say.
pub fn named_files(job: &PrepareJob) -> Result<Named> {
    let mut named = Named::new();
    if !matches!(job.task.takes(), Modality::Speech | Modality::Image) {
        return Ok(named);
    }
    for source in &job.splits {
        let split = Split::open(source, job, None)?;
        let wanted: Vec<&str> = split.columns.input.iter().map(String::as_str).collect();
        if !split.tables.iter().any(Table::names_files) {
            continue;
        }
        split.each_chunk_of(&wanted, CHUNK, &mut |_| {}, |table, rows| {
            table.add_named(rows, &mut named);
            Ok(())
        })?;
    }
    Ok(named)
}

/// Those that are given, else those of the first split.
fn class_names(job: &PrepareJob, splits: &[Split]) -> Result<Vec<String>> {
    let Some(first) = splits.first() else { return Ok(Vec::new()) };
    let names = match &job.labels {
        Some(names) => names.clone(),
        None => first.class_names()?,
    };
    match names.as_slice() {
        // What is only scored, by a model's own classes, may well be of one.
        [only] if job.numbered.is_none() => Err(Error::OneClass { split: first.name.clone(), class: only.clone() }),
        _ => Ok(names),
    }
}

/// Those that are given, else a column's name each, else those of the first split.
fn label_names(job: &PrepareJob, splits: &[Split]) -> Result<Vec<String>> {
    let Some(first) = splits.first() else { return Ok(Vec::new()) };
    match &job.labels {
        Some(names) => Ok(names.clone()),
        None => first.label_names(),
    }
}

/// A split, its files open and its columns known.
struct Split {
    name: String,
    tables: Vec<Table>,
    columns: Columns,
    /// The column by which what is watched is kept apart from what is trained on, as what is held out is.
    group: Option<String>,
    /// Row by row over all files, whether it belongs to the split; none: all do.
    mask: Option<Vec<bool>>,
    /// The part of its only row that the split is; none: the whole of each row.
    part: Option<Part>,
    most: usize,
}

impl Split {
    /// `weight`: the column that its rows are drawn by.
    fn open(source: &SplitSource, job: &PrepareJob, weight: Option<&String>) -> Result<Self> {
        let mut tables: Vec<Table> = source.files.iter().map(|f| Table::open(f)).collect::<Result<_>>()?;
        for table in tables.iter_mut().filter(|_| !job.rows.is_empty()) {
            table.keep(&job.rows)?;
        }
        if let Some(name) = &job.columns.weight {
            tables.iter_mut().for_each(|table| table.set_aside(name));
        }
        let empty = || Error::EmptySplit { split: source.name.clone(), path: source.files.first().cloned().unwrap_or_default() };
        let first = tables.first().ok_or_else(empty)?;
        let rows = tables.iter().map(Table::count).sum::<Result<usize>>()?;
        if rows == 0 {
            return Err(empty());
        }
        let asked = Columns { weight: weight.cloned(), ..job.columns.clone() };
        let columns = columns::resolve(first, &asked, &[], Some(job.task))?;
        // A single document is cut itself.
        let within = source.part.clone().filter(|_| rows == 1 && job.task.is_of_streams());
        let mask = match job.task.takes() {
            Modality::Table => {
                let label = columns.label.as_deref().unwrap_or_default();
                Some(features::rows_of(&tables, label, job.task, source.part.as_ref())?)
            }
            _ => match source.part.as_ref().filter(|_| within.is_none()) {
                None => None,
                Some(part) if job.task.head() == HeadKind::Classes && part.is_by_class(rows) => {
                    Some(part.mask_within(&classes_of(&tables, columns.label.as_deref().unwrap_or_default())?))
                }
                Some(part) => Some(ordered::mask(&tables, rows, part)?),
            },
        };
        if job.task.takes() == Modality::Image
            && let [input] = columns.input.as_slice()
        {
            let mut numbers = 0..;
            let mut is_meant =
                || numbers.next().is_some_and(|at: usize| mask.as_ref().is_none_or(|mask| mask.get(at) == Some(&true)));
            tables.iter_mut().try_for_each(|table| table.take_for_images(input, &mut is_meant))?;
        }
        let most = job.max_examples.unwrap_or(usize::MAX);
        // What is held out is not divided again.
        let boundary = if let Some(Part::Before(boundary)) = &source.part { Some(boundary) } else { None };
        let boundary = boundary.filter(|boundary| !boundary.says.is_when() && job.task.has_rows_for_examples());
        let group = boundary.and_then(|boundary| boundary.column.clone());
        Ok(Split { name: source.name.clone(), tables, columns, group, mask, part: within, most })
    }

    /// What of a text belongs to the split.
    fn part_of<'a>(&self, text: &'a str) -> &'a str {
        self.part.as_ref().map_or(text, |part| part.of_text(text))
    }

    fn label_column(&self) -> &str {
        self.columns.label.as_deref().unwrap_or_default()
    }

    /// Those that the file knows, else those that are found in it, in order.
    fn class_names(&self) -> Result<Vec<String>> {
        if let Some(names) = self.tables.first().and_then(|t| t.column(self.label_column()).ok()).and_then(|c| c.classes.clone())
        {
            return Ok(names);
        }
        let mut names = BTreeSet::new();
        for table in &self.tables {
            for row in table.rows(&[self.label_column()])? {
                match row?.cells.first() {
                    Some(Cell::List(items)) => names.extend(items.iter().filter_map(classes::name_of)),
                    Some(cell) => names.extend(classes::class_of(cell)),
                    None => {}
                }
            }
        }
        Ok(classes::in_order(names.into_iter().collect()))
    }

    /// The names of labels of which an example may have several, in order.
    fn label_names(&self) -> Result<Vec<String>> {
        if !self.columns.labels.is_empty() {
            return Ok(self.columns.labels.clone());
        }
        let mut names = BTreeSet::new();
        for table in &self.tables {
            for row in table.rows(&[self.label_column()])? {
                let cell = row?.cells.into_iter().next().unwrap_or(Cell::Null);
                names.extend(answers::labels_in(&cell, &[]).iter().filter_map(classes::name_of));
            }
        }
        Ok(classes::in_order(names.into_iter().collect()))
    }

    /// The columns of an example: those of its input, of its label or labels, of its weight and its group, as far as there are such.
    fn wanted(&self) -> Vec<&str> {
        let Columns { input, label, labels, exclude: _, weight } = &self.columns;
        input.iter().chain(label).chain(labels).chain(weight).chain(&self.group).map(String::as_str).collect()
    }

    /// Hands on the rows, so many at once, with the cells of [`Split::wanted`].
    fn each_chunk(&self, emit: &mut dyn FnMut(Event), work: impl FnMut(&Table, Vec<Row>) -> Result<()>) -> Result<()> {
        self.each_chunk_of(&self.wanted(), CHUNK, emit, work)
    }

    /// As [`Split::each_chunk`] with the cells of these columns, `size` rows at once.
    fn each_chunk_of(
        &self,
        wanted: &[&str],
        size: usize,
        emit: &mut dyn FnMut(Event),
        mut work: impl FnMut(&Table, Vec<Row>) -> Result<()>,
    ) -> Result<()> {
        let (mut pulse, mut done) = (Pulse::new(emit), 0);
        let (mut left, mut number) = (self.most, 0..);
        // A row that cannot be read is told of, whoever it belongs to.
        let mut belongs = |row: &Result<Row>| {
            let number = number.next().unwrap_or(usize::MAX);
            row.is_err() || self.mask.as_ref().is_none_or(|mask| mask.get(number).copied().unwrap_or(false))
        };
        for table in &self.tables {
            let mut rows = table.rows(wanted)?.filter(&mut belongs);
            loop {
                let chunk = chunk(&mut rows, size.min(left))?;
                left -= chunk.len();
                done += chunk.len();
                if chunk.is_empty() {
                    break;
                }
                work(table, chunk)?;
                pulse.beat(done);
            }
        }
        Ok(())
    }
}

/// Row by row over all files, the number of its class in the order in which they occur; rows of none are of one kind, too.
fn classes_of(tables: &[Table], label: &str) -> Result<Vec<u32>> {
    let (mut known, mut of) = (BTreeMap::new(), Vec::new());
    for table in tables {
        for row in table.rows(&[label])? {
            let next = known.len() as u32;
            of.push(*known.entry(row?.cells.first().and_then(classes::class_of)).or_insert(next));
        }
    }
    Ok(of)
}

/// The next rows: at most so many, and fewer where they are large.
fn chunk(rows: &mut dyn Iterator<Item = Result<Row>>, most: usize) -> Result<Vec<Row>> {
    let (mut chunk, mut bytes) = (Vec::new(), 0);
    while chunk.len() < most && bytes < CHUNK_BYTES {
        let Some(row) = rows.next().transpose()? else { break };
        bytes += row.cells.iter().map(Cell::bytes).sum::<usize>();
        chunk.push(row);
    }
    Ok(chunk)
}

/// What was made of a split's inputs: their shape, metadata of their kind, and tensors.
struct Made<'a> {
    shape: SplitShape,
    /// Texts by their tokens, and those that are written, where there are such.
    lengths: [Vec<LengthBin>; 2],
    metadata: Vec<(&'static str, String)>,
    tensors: Vec<Tensor<'a>>,
}

/// Writes a split's file and tells of it.
fn finish(job: &PrepareJob, split: &Split, answers: Said, made: Made, emit: &mut dyn FnMut(Event)) -> Result<()> {
    let file = format!("{}.safetensors", split.name.replace(['/', '\\'], "_"));
    // The same rows are the same data, however their file is packed.
    let names = split.tables.iter().filter_map(|t| t.path().file_name()).map(|n| n.to_string_lossy().into_owned());
    let sources: Vec<String> = names.map(|name| unpacked_name(&name).to_string()).collect();
    let mut metadata: BTreeMap<&str, String> = made.metadata.into_iter().collect();
    if !answers.names.is_empty() {
        metadata.insert("labels", serde_json::json!(answers.names).to_string());
    }
    metadata.insert("columns", serde_json::json!(split.columns).to_string());
    metadata.insert("source", sources.join(", "));
    // Wide elements come first, so that each tensor is aligned.
    let mut tensors: Vec<Tensor> = answers.tensors.into_iter().chain(made.tensors).collect();
    tensors.sort_by_key(|tensor| std::cmp::Reverse(tensor.dtype.bytes()));
    let sha256 = tensor_file::write(&job.out.join(&file), &metadata, &tensors)?;
    let [lengths, target_lengths] = made.lengths;
    emit(Event::Prepared(PreparedSplit {
        split: split.name.clone(),
        file,
        examples: answers.examples,
        labels: answers.names.to_vec(),
        label_counts: answers.counts.to_vec(),
        values: answers.values,
        lengths,
        target_lengths,
        shape: made.shape,
        columns: split.columns.clone(),
        sha256,
    }));
    Ok(())
}
