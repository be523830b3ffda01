//! A model that is there, scored on a split: the stages of a run without planning and training.

use super::classes::{Numbered, classes};
use super::made::files;
use super::prepared::{columns_of, speech_format, usable_vectors};
use super::stages::{making, readable_by_evaluation, scoring_batch};
use super::{Pipeline, Unfinished};
use crate::data::{self, DataSpecHints};
use crate::error::{Class, Failure, Result};
use crate::eval::{self, Interval};
use crate::job::{
    EvaluateJob, Event, Job, Normalize, PREPARE, PairFormat, PrepareJob, PreparedSplit, Reference, SplitShape, SplitSource,
    TokenizerSource, Writing,
};
use crate::plan::{DataChoice, DataFacts, ModelFacts, SplitFacts};
use crate::spec::{Columns, Compared, Metric, ModelSpec, Preference, Similarity, Task, Write};
use crate::store::MANIFEST;
use crate::words::listed;
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tallow_zoo::Modality;

/// Which model is scored on what.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub model: ModelSpec,
    pub data: DataChoice,
    /// None: the one that is usually scored.
    pub split: Option<String>,
    /// Only so many, the first of the split.
    pub max_examples: Option<usize>,
    /// Of a model of speech.
    pub spoken: Spoken,
    /// What becomes of texts before they are compared; of a model of speech alone.
    pub compared: Option<Compared>,
    /// What the data calls each of the model's classes, in the model's order; empty: their names and numbers say it.
    pub classes: Vec<String>,
}

/// What a model of speech is told, where somebody says so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spoken {
    /// What is spoken, by its code.
    pub language: Option<String>,
    pub write: Option<Write>,
}

impl Spoken {
    /// Tokens that every text of a model begins with.
    ///
    /// # Errors
    /// The model knows no such language or task, or is none of speech: in words.
    pub(super) fn forced(&self, model: &ModelFacts) -> Result<Vec<u32>, Untold> {
        if model.config.speech_limits().is_none() {
            return match self {
                Spoken { language: None, write: None } => Ok(Vec::new()),
                _ => Err(Untold::Deaf { family: model.config.family() }),
            };
        }
        let known = model.speech.clone().unwrap_or_default();
        let forced = known.forced(self.language.as_deref(), self.write.unwrap_or(known.write));
        let asked = self.language.is_some() || self.write.is_some();
        forced.map_err(|what| if asked { Untold::Asked { what } } else { Untold::Own { what } })
    }
}

/// A model that cannot be told what it hears.
#[derive(Debug, thiserror::Error)]
pub(super) enum Untold {
    #[error("`--language`, `--write` and `--compare` are for models of speech, found a {family} model")]
    Deaf { family: &'static str },
    #[error("the model cannot be told what it hears as `--language` or `--write` say: {what}")]
    Asked { what: String },
    #[error("the model cannot be told what it hears: {what}")]
    Own { what: String },
}

impl Failure for Untold {
    fn class(&self) -> Class {
        match self {
            Untold::Deaf { .. } | Untold::Asked { .. } => Class::Usage,
            Untold::Own { .. } => Class::Model,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Untold::Deaf { .. } => Some("leave them out".into()),
            Untold::Asked { .. } => Some("name a language by its code, as the model's `generation_config.json` has it".into()),
            Untold::Own { .. } => None,
        }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    pub split: String,
    pub examples: usize,
    /// Mean cross entropy; of numbers, the mean squared error.
    pub loss: f64,
    pub scores: BTreeMap<Metric, Scored>,
    /// What was assumed where neither model nor data says.
    pub assumptions: Vec<String>,
}

/// One metric, with its 95 % interval where one run gives one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scored {
    pub value: f64,
    pub interval: Option<Interval>,
}

/// Model and data do not fit each other.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the model is for {model}, the data set holds {data}")]
    Kind { model: &'static str, data: &'static str },
    #[error("a {family} model with a head for {head} cannot be scored on its own")]
    Head { family: &'static str, head: &'static str },
    #[error("preferences are measured against the model that training began with; a whole model does not say which that was")]
    NoReference,
    #[error("the data set has no split `{split}`; it has {}", listed(have))]
    NoSplit { split: String, have: Vec<String> },
    #[error("the split `{split}` has no labels")]
    Unlabelled { split: String },
    #[error("the model has no `tokenizer.json`, so texts cannot be read as it was trained to")]
    NoTokenizer,
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::NoTokenizer | Error::NoReference => Class::Model,
            _ => Class::Data,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Error::NoSplit { .. } | Error::Unlabelled { .. } => Some("name a split with labels by `--split`".into()),
            Error::NoReference => Some("score the adapter, whose base is known; the run's own report holds its scores".into()),
            _ => None,
        }
    }
}

/// Tokens of a piece of a stream of words, where the model has positions for so many: as perplexities are usually given.
const PIECE: usize = 1024;

/// Tokens of a text that is written, at most.
const TARGET: usize = 256;

/// The name of the run that scores.
const SCORE: &str = "score";

impl Pipeline<'_> {
    /// Scores a given model: looks at model and data, prepares the split in one jail and scores in another.
    ///
    /// # Errors
    /// Model or data are not there, cannot be used, or do not fit each other. That a worker did not complete is a value.
    pub fn score_given(&mut self, question: &Question) -> Result<std::result::Result<Score, Unfinished>> {
        let _lock = self.folder.lock()?;
        self.watch.say("looking at model and data");
        let model = data::survey_model(self.setup.hub, &question.model)?;
        let (task, data, trained) = self.looked_at(question, &model)?;
        usable_vectors(&model, task)?;
        if task == Task::PreferenceOptimization && model.adapter.is_none() {
            return Err(Error::NoReference.into());
        }
        let split = choose_split(&data, question.split.as_deref())?;
        let mut assumptions: Vec<String> = super::seen::in_training(&model, split).into_iter().collect();
        assumptions.extend(trained.map(|columns| {
            let label = columns.label.map(|label| format!(" -> `{label}`")).unwrap_or_default();
            let input = columns.input.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" + ");
            format!("columns: {input}{label}, as the model was trained (`{MANIFEST}`)")
        }));
        let numbered = (data.labels.as_slice(), data.labels_are_numbered);
        let classes = classes(model.config.labels(), numbered, &question.classes, &mut assumptions)?;
        let forced = question.spoken.forced(&model)?;
        if question.compared.is_some() && model.config.speech_limits().is_none() {
            return Err(Untold::Deaf { family: model.config.family() }.into());
        }
        let job = prepare_job(task, &model, &data, split, &classes, (question.max_examples, forced))?;
        let unsaid = model.speech.as_ref().filter(|_| question.spoken.language.is_none());
        if let Some(language) = unsaid.and_then(|known| known.language(None)) {
            assumptions.push(format!("language: {language}"));
        }
        if let Some(how) = question.compared.and_then(Compared::in_words) {
            assumptions.push(format!("error rates and exact matches: of texts {how} (`--compare`)"));
        }
        if task == Task::SentenceSimilarity && model.sentences.is_none() {
            assumptions.push("vectors: the mean of a text's tokens (the folder has no `modules.json`)".into());
        }
        assumptions.extend(data.all_notes().cloned());
        if data.is_stream() {
            assumptions.push(format!("the text is told in pieces of {} tokens, each from its own words alone", job.max_seq_len));
        }
        self.watch.say(&format!("preparing the split {}", split.name));
        if let Some(end) = self.prepare_into(PREPARE, job, &self.folder.held_out())? {
            return Ok(Err(end));
        }
        let unseen = |split: &PreparedSplit| if let SplitShape::Table { unseen, .. } = &split.shape { *unseen } else { 0 };
        let unseen: usize = self.prepared_by(PREPARE)?.iter().map(unseen).sum();
        if unseen > 0 {
            assumptions.push(format!(
                "data: {} cells hold a category that is rare or not there in the training rows: the model takes it for an unknown one",
                crate::words::count(unseen as f64)
            ));
        }
        self.watch.say("scoring");
        let mut job = self.given_job(task, &model, &data, split, classes.names(), &mut assumptions)?;
        if let Some(writing) = &mut job.writing {
            writing.compared = question.compared.unwrap_or_default();
        }
        job.metrics.extend(question.data.known.map(|known| known.metric));
        let readable = readable_by_evaluation(&job);
        let attempt = match self.attempt(SCORE, 1, Job::Evaluate(Box::new(job)), readable)? {
            Ok(attempt) => attempt,
            Err(end) => return Ok(Err(end)),
        };
        let told = attempt.events.into_iter().find_map(|event| match event {
            Event::Evaluated { examples, scores, intervals, loss, .. } => Some((examples, scores, intervals, loss)),
            _ => None,
        });
        let Some((examples, scores, intervals, loss)) = told else { return Ok(Err(Unfinished::said_nothing(SCORE))) };
        let scored = |(metric, value)| {
            let interval = eval::interval(metric, &[value], examples, intervals.get(&metric).copied());
            (metric, Scored { value, interval })
        };
        Ok(Ok(Score { split: split.name.clone(), examples, loss, scores: scores.into_iter().map(scored).collect(), assumptions }))
    }

    /// What is scored, on which data, and its columns where they are those that the model was trained on.
    fn looked_at(&mut self, question: &Question, model: &ModelFacts) -> Result<(Task, DataFacts, Option<Columns>)> {
        // Where the usual split is known, only that one is fetched.
        let usual = question.split.clone().or_else(|| question.data.splits.last().cloned());
        let head = || Error::Head { family: model.config.family(), head: model.config.head().kind().name() };
        let own = Task::of(&model.config).ok_or_else(head)?;
        let (sources, watch) = (self.folder.sources(), RefCell::new(&mut *self.watch));
        let tell = |message: &str| watch.borrow_mut().say(message);
        let making = making(&self.setup, &sources, &tell);
        let survey_by = |task: Option<Task>, columns: &Columns| {
            let hints = DataSpecHints {
                task,
                columns: columns.clone(),
                splits: usual.clone().into_iter().collect(),
                model: Some(model.config.clone()),
                ..DataSpecHints::default()
            };
            data::survey_data(self.setup.hub, &question.data.source, &hints, &making)
        };
        // Where nobody names columns, those that the model was trained on are meant, if the data has them: of two languages either may
        // be the one that is read.
        let is_unsaid = question.data.columns == Columns::default();
        let trained = is_unsaid.then(|| super::seen::columns(model)).flatten();
        let trained = trained.filter(|columns| survey_by(Some(own), columns).is_ok());
        let columns = trained.clone().unwrap_or_else(|| question.data.columns.clone());
        let survey = |task: Option<Task>| survey_by(task, &columns);
        // A model that tells words tells those of answers, where the rows are conversations.
        let of_conversations = |data: &DataFacts| data.task.is_some_and(Task::is_of_conversations);
        let found = (own == Task::LanguageModelling).then(|| survey(None).ok().filter(of_conversations)).flatten();
        let (task, data) = match found {
            Some(data) => (data.task.unwrap_or(own), data),
            None => (own, survey(Some(own))?),
        };
        Ok((task, data, trained))
    }

    fn given_job(
        &self,
        task: Task,
        model: &ModelFacts,
        data: &DataFacts,
        split: &SplitFacts,
        classes: &[String],
        assumptions: &mut Vec<String>,
    ) -> Result<EvaluateJob> {
        let channels = brought(data, model).map_or(3, |[_, _, channels]| channels);
        let image = task == Task::ImageClassification;
        if image && model.normalize.is_none() {
            assumptions.push(Normalize::IMAGENET_ASSUMED.into());
        }
        let batch_size = scoring_batch(task, &model.config, PIECE, &self.prepared_by(PREPARE)?);
        let weights = files(model)?;
        Ok(EvaluateJob {
            task,
            model: model.config.clone().with_labels(classes),
            // An adapter for preferences gained against its base.
            reference: (task == Task::PreferenceOptimization)
                .then(|| Reference { weights: weights.weights.clone(), preference: Preference::default() }),
            weights,
            writing: model.config.pair_ids().map(|ids| Writing {
                tokenizer: self.folder.held_out().join("tokenizer.json"),
                max_new_tokens: model.config.text_limits().map_or(PIECE, |(_, positions)| positions).min(TARGET),
                num_beams: 1,
                length_penalty: 1.0,
                samples: 0,
                compared: Compared::Raw,
                suppress_tokens: model
                    .speech
                    .iter()
                    .flat_map(|known| known.suppress_tokens.iter().copied())
                    .chain(ids.never)
                    .collect(),
                begin_suppress_tokens: model.speech.as_ref().map(|known| known.begin_suppress_tokens.clone()).unwrap_or_default(),
            }),
            similarity: (task == Task::SentenceSimilarity).then(|| similarity_of(data)),
            samples: None,
            data: self.folder.held_out().join(format!("{}.safetensors", split.name)),
            normalize: image.then(|| model.normalize.clone().unwrap_or_else(|| Normalize::imagenet(channels))),
            metrics: metrics_of(task, data),
            guess: None,
            batch_size,
            threads: self.setup.threads,
            out: self.folder.attempt(SCORE, 1).work(),
        })
    }
}

/// The usual ones; of vectors those that the data has something for.
fn metrics_of(task: Task, data: &DataFacts) -> Vec<Metric> {
    let scored = data.columns.label.is_some();
    let usual = Metric::usual_of(task, &data.labels);
    usual.filter(|metric| task != Task::SentenceSimilarity || metric.is_of_scores() == scored).collect()
}

/// The usual loss of vectors, by the scores of the split.
fn similarity_of(data: &DataFacts) -> Similarity {
    match (Similarity::usual(data.columns.label.is_some()), data.scores) {
        (Similarity::Cosine { .. }, Some(scores)) => Similarity::Cosine { score_range: Similarity::range_of(scores) },
        (usual, _) => usual,
    }
}

/// The named split, else the one that is usually scored among those with labels.
fn choose_split<'a>(data: &'a DataFacts, named: Option<&str>) -> Result<&'a SplitFacts, Error> {
    let find = |name: &str| data.splits.iter().find(|split| split.name == name);
    let split = match named {
        Some(name) => find(name),
        None => data.usual_held_out(None).or(data.splits.first()),
    };
    match split {
        Some(split) if split.labelled => Ok(split),
        Some(split) => Err(Error::Unlabelled { split: split.name.clone() }),
        None => {
            let have = data.splits.iter().map(|split| split.name.clone()).collect();
            Err(Error::NoSplit { split: named.unwrap_or_default().into(), have })
        }
    }
}

/// The shape that images have when they are brought to what the model sees.
fn brought(data: &DataFacts, model: &ModelFacts) -> Option<[usize; 3]> {
    let [height, width, channels] = data.image_shape?;
    // Grey becomes colours; the other way round is refused where the images are read.
    let channels = model.config.image_channels().unwrap_or(channels);
    match model.image {
        Some(size) => Some([size.height, size.width, channels]),
        None if data.images_differ => None,
        None => Some([height, width, channels]),
    }
}

fn prepare_job(
    task: Task,
    model: &ModelFacts,
    data: &DataFacts,
    split: &SplitFacts,
    classes: &Numbered,
    (max_examples, forced): (Option<usize>, Vec<u32>),
) -> Result<PrepareJob, Error> {
    let tokenizer = match (task.takes(), data.image_shape) {
        (Modality::Text | Modality::TextToText | Modality::Speech, Some(_)) => {
            return Err(Error::Kind { model: task.in_words(), data: "images" });
        }
        (Modality::Image, None) => return Err(Error::Kind { model: task.in_words(), data: "texts" }),
        (Modality::Text | Modality::TextToText | Modality::Speech, None) => model.tokenizer.clone().ok_or(Error::NoTokenizer)?,
        (Modality::Image, Some(_)) => PathBuf::new(),
        (Modality::Table, None) => PathBuf::new(),
        (Modality::Table, shape) => {
            return Err(Error::Kind { model: task.in_words(), data: if shape.is_some() { "images" } else { "texts" } });
        }
    };
    let (vocab_size, positions) = model.config.text_limits().unwrap_or((0, 0));
    let own = model.sentences.as_ref().and_then(|sentences| sentences.max_seq_len).unwrap_or(positions);
    let max_seq_len = match (data.is_stream(), task) {
        (true, _) => positions.min(PIECE),
        (false, Task::SentenceSimilarity) => positions.min(own),
        (false, _) => positions,
    };
    Ok(PrepareJob {
        task,
        splits: vec![SplitSource { name: split.name.clone(), files: split.files.clone(), part: split.part.clone() }],
        columns: data.columns.clone(),
        rows: data.rows.clone(),
        tokenizer: TokenizerSource::File(tokenizer),
        vocab_size,
        max_seq_len,
        image_shape: brought(data, model),
        image: model.image,
        table: columns_of(&model.config),
        labels: Some(classes.source.clone()),
        numbered: classes.model.clone(),
        max_examples,
        chat: model.chat.clone(),
        pairs: model.config.pair_ids().filter(|_| task == Task::TextToText).map(|ids| PairFormat {
            prefix: model.prefix.clone(),
            max_target_len: positions.min(TARGET),
            start: ids.start,
            end: ids.end,
        }),
        speech: speech_format(task, &model.config, forced, positions.min(TARGET)),
        out: PathBuf::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_split_has_labels() {
        let split = |name: &str, labelled| SplitFacts {
            name: name.into(),
            files: vec![],
            examples: 1,
            labelled,
            part: None,
            tokens: None,
        };
        let facts = |splits: Vec<SplitFacts>| DataFacts { splits, ..DataFacts::default() };
        let glue = facts(vec![split("train", true), split("validation", true), split("test", false)]);
        let chosen = |facts: &DataFacts, named| choose_split(facts, named).map(|s| s.name.clone()).map_err(|e| e.to_string());
        assert_eq!(chosen(&glue, None), Ok("validation".into()));
        assert_eq!(chosen(&glue, Some("train")), Ok("train".into()));
        assert_eq!(chosen(&glue, Some("test")), Err("the split `test` has no labels".into()));
        assert_eq!(
            chosen(&glue, Some("dev")),
            Err("the data set has no split `dev`; it has `train`, `validation`, `test`".into())
        );
        assert_eq!(chosen(&facts(vec![split("train", true)]), None), Ok("train".into()));
    }
}
