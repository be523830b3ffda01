//! A model that is there, asked about inputs whose answers nobody knows: one job in a jail of its own.

use super::made::{files, in_bulk};
use super::prepared::{columns_of, usable_vectors};
use super::{Pipeline, Spoken, Unfinished};
use crate::data;
use crate::error::{Class, Failure, Result};
use crate::job::{Event, Feeding, Given, Job, Normalize, PredictJob, Unseen};
use crate::plan::ModelFacts;
use crate::spec::{ModelSpec, Task};
use std::path::PathBuf;
use tallow_zoo::{HeadKind, Modality};

/// Which model is asked about what.
#[derive(Debug, Clone, PartialEq)]
pub struct Asking {
    pub model: ModelSpec,
    pub given: Given,
    /// Whether somebody named the columns of the tables.
    pub names_columns: bool,
    /// So many of the likeliest; none: all classes.
    pub top_k: Option<usize>,
    pub logits: bool,
    /// Of a model that writes: whether inputs are what a user says in a conversation; the longest text; by how many beams.
    pub chat: bool,
    pub max_new_tokens: Option<usize>,
    pub beams: Option<usize>,
    /// Of a model of speech.
    pub spoken: Spoken,
}

/// What it said, on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// A line an input: [`crate::job::Said`]. In the run folder.
    pub path: PathBuf,
    pub examples: usize,
    /// Inputs that could not be read, or of which what the model says is not finite.
    pub failed: usize,
    /// Texts that are longer than the model reads.
    pub cut: usize,
    /// Rows with a category that the model does not know.
    pub unseen: Option<Unseen>,
    /// What was assumed where the model does not say.
    pub assumptions: Vec<String>,
}

/// A model that has no answer, or none to what it is asked about.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("a {family} model with a head for {head} has no answer to an input by itself")]
    Silent { family: &'static str, head: &'static str },
    #[error("a {family} model with a head for {head} does not write: `{option}` is for one that does")]
    Writes { family: &'static str, head: &'static str, option: &'static str },
    #[error("`{option}` is for models that score; this one writes text")]
    NoNumbers { option: &'static str },
    #[error("the model is for {model}, and what is given are {given}")]
    Kind { model: &'static str, given: &'static str },
    #[error("input {number} begins as a row, and is no JSON object")]
    Row { number: usize, source: serde_json::Error },
    #[error("a model for {task} is fed with the columns that it was trained on: {}", columns.join(", "))]
    OwnColumns { task: &'static str, columns: Vec<String> },
    #[error("input {number} has two texts, and a model for {task} takes one at a time")]
    Pair { number: usize, task: &'static str },
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Silent { .. } => Class::Model,
            Error::Kind { .. }
            | Error::Row { .. }
            | Error::OwnColumns { .. }
            | Error::Pair { .. }
            | Error::Writes { .. }
            | Error::NoNumbers { .. } => Class::Usage,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Error::Kind { .. } => {
                Some("give texts on the command line, files of images or recordings, or tables (.csv, .jsonl, .parquet)".into())
            }
            Error::Row { .. } => Some("a row is an object such as `{\"age\": 7, \"sex\": \"female\"}`".into()),
            Error::OwnColumns { .. } => Some("leave `--columns` out".into()),
            Error::Pair { .. } => Some("leave `--with` out".into()),
            Error::Writes { option, .. } | Error::NoNumbers { option } => Some(format!("leave `{option}` out")),
            Error::Silent { .. } => None,
        }
    }
}

const PREDICT: &str = "predict";

/// Inputs of a pass.
const BATCH: usize = 64;
/// Images are large, and each of the first layers makes more of them.
const BATCH_OF_IMAGES: usize = 16;

/// The longest window of a question and its text, where the model could see longer ones: as public models are trained.
const WINDOW: usize = 384;

impl Pipeline<'_> {
    /// Has a model say what it says of each input.
    ///
    /// # Errors
    /// The model is not there, or has no answer to such inputs. That a worker did not complete is a value.
    pub fn predict(&mut self, asking: &Asking) -> Result<std::result::Result<Answers, Unfinished>> {
        let _lock = self.folder.lock()?;
        let model = data::look_at_model(self.setup.hub, &asking.model)?;
        let (family, head) = (model.config.family(), model.config.head().kind());
        let task = Task::of(&model.config).filter(|task| task.answers() || head == HeadKind::Words);
        let task = task.ok_or(Error::Silent { family, head: head.name() })?;
        fits_options(asking, task, (family, head.name()))?;
        usable_vectors(&model, task)?;
        suits(task, &asking.given)?;
        own_columns(task, &model, asking)?;
        let mut assumptions = Vec::new();
        let length = (asking.max_new_tokens, asking.beams);
        let writing = (!task.answers()).then(|| in_bulk(&model, (asking.chat, &asking.spoken), length, self.setup.threads));
        let job = PredictJob {
            writing: writing.transpose()?.map(Box::new),
            feeding: feeding(task, &model, &mut assumptions),
            weights: files(&model)?,
            model: model.config,
            given: asking.given.clone(),
            top_k: asking.top_k,
            logits: asking.logits,
            batch_size: if task.takes() == Modality::Image { BATCH_OF_IMAGES } else { BATCH },
            threads: self.setup.threads,
            out: self.folder.attempt(PREDICT, 1).work(),
        };
        let tokenizer = job.feeding.tokenizer.iter().chain(job.writing.iter().map(|writing| &writing.tokenizer)).cloned();
        let named = data::inputs::named_files(&job.given, &job.feeding)?;
        let given = job.given.paths().iter().cloned().chain(named);
        let readable = job.weights.paths().into_iter().chain(tokenizer).chain(given).collect();
        let attempt = match self.attempt(PREDICT, 1, Job::Predict(Box::new(job)), readable)? {
            Ok(attempt) => attempt,
            Err(end) => return Ok(Err(end)),
        };
        let told = attempt.events.iter().find_map(|event| match event {
            Event::Predicted { examples, failed, cut, unseen, .. } => Some((*examples, *failed, *cut, unseen.clone())),
            _ => None,
        });
        let path = attempt.folder.predictions();
        let answers = |(examples, failed, cut, unseen)| Answers { path, examples, failed, cut, unseen, assumptions };
        Ok(told.map(answers).ok_or_else(|| Unfinished::said_nothing(PREDICT)))
    }
}

/// Whether what is asked for is there to be had of a model for the task.
fn fits_options(asking: &Asking, task: Task, (family, head): (&'static str, &'static str)) -> Result<(), Error> {
    let asked = |of: &[(bool, &'static str)]| of.iter().find(|(is_asked, _)| *is_asked).map(|(_, option)| *option);
    let of_writing = [
        (asking.chat, "--chat"),
        (asking.max_new_tokens.is_some(), "--max-tokens"),
        (asking.beams.is_some(), "--beams"),
        (asking.spoken.language.is_some(), "--language"),
        (asking.spoken.write.is_some(), "--write"),
    ];
    let of_answers = [(asking.logits, "--logits"), (asking.top_k.is_some(), "--top-k")];
    match (task.answers(), asked(&of_writing), asked(&of_answers)) {
        (true, Some(option), _) => Err(Error::Writes { family, head, option }),
        (false, _, Some(option)) => Err(Error::NoNumbers { option }),
        (true, None, _) | (false, _, None) => Ok(()),
    }
}

/// Whether a model takes what is given; of tables their columns say it.
fn suits(task: Task, given: &Given) -> Result<(), Error> {
    let kind = |given| Err(Error::Kind { model: task.in_words(), given });
    match (given, task.takes()) {
        (Given::Texts { texts }, Modality::Table) => {
            let texts = (1..).zip(texts.iter().filter_map(|texts| texts.first()));
            let mut rows = texts.filter(|(_, text)| text.trim_start().starts_with('{'));
            match rows.find_map(|(number, text)| Some((number, data::check_object(text).err()?))) {
                Some((number, source)) => Err(Error::Row { number, source }),
                None => kind("texts"),
            }
        }
        (Given::Tables { .. }, _) | (Given::Images { .. }, Modality::Image) | (Given::Recordings { .. }, Modality::Speech) => {
            Ok(())
        }
        (Given::Texts { texts }, Modality::Text | Modality::TextToText) => {
            let of_one = matches!(task, Task::TokenClassification | Task::SentenceSimilarity | Task::MaskedLanguageModelling);
            let alone = of_one || !task.answers();
            match texts.iter().position(|text| text.len() > 1 && alone) {
                Some(at) => Err(Error::Pair { number: at + 1, task: task.in_words() }),
                None => Ok(()),
            }
        }
        (Given::Images { .. }, _) => kind("images"),
        (Given::Recordings { .. }, _) => kind("recordings"),
        (Given::Texts { .. }, _) => kind("texts"),
    }
}

/// That nobody names other columns of a table than the model has: whatever is named, it is fed with its own.
fn own_columns(task: Task, model: &ModelFacts, asking: &Asking) -> Result<(), Error> {
    let (Some(own), Given::Tables { columns, .. }) = (columns_of(&model.config), &asking.given) else { return Ok(()) };
    let own = own.column_names();
    let are_own = own.iter().all(|name| columns.iter().any(|column| column == name)) && columns.len() == own.len();
    if !asking.names_columns || are_own {
        return Ok(());
    }
    let columns = own.into_iter().map(|name| format!("`{name}`")).collect();
    Err(Error::OwnColumns { task: task.in_words(), columns })
}

fn feeding(task: Task, model: &ModelFacts, assumptions: &mut Vec<String>) -> Feeding {
    let (vocab_size, positions) = model.config.text_limits().unwrap_or((0, 0));
    let own = model.sentences.as_ref().and_then(|sentences| sentences.max_seq_len).unwrap_or(positions);
    let max_seq_len = match task {
        Task::SentenceSimilarity => positions.min(own),
        Task::QuestionAnswering => positions.min(WINDOW),
        _ => positions,
    };
    let is_image = task == Task::ImageClassification;
    let channels = model.normalize.as_ref().map_or(3, |normalize| normalize.mean.len());
    if is_image && model.normalize.is_none() {
        assumptions.push(Normalize::IMAGENET_ASSUMED.into());
    }
    Feeding {
        task,
        tokenizer: model.tokenizer.clone().filter(|_| task.takes() == Modality::Text && task.answers()),
        vocab_size,
        max_seq_len,
        image: model.image,
        channels,
        normalize: is_image.then(|| model.normalize.clone().unwrap_or_else(|| Normalize::imagenet(channels))),
        hears: model.config.speech_limits().map(|limits| [limits.mel_bins, limits.frames]),
        table: columns_of(&model.config),
    }
}
