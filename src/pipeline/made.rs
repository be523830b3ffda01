//! A model that is there, put to use: asked to write, made one with its adapter, or written for another program. Each is a job in a jail of its own.

use super::{Pipeline, Spoken, Unfinished};
use crate::data;
use crate::error::{Class, Failure, Result};
use crate::export::FloatKind;
use crate::job::{Event, ExportJob, ExportTo, GenerateJob, Hearing, Job, MergeJob, ModelFiles, Prompt, Speaker, Turn};
use crate::plan::{ModelFacts, Plan, SpeechFacts, WritingFacts};
use crate::publish;
use crate::report::{self, Report};
use crate::spec::ModelSpec;
use crate::store::{Destination, RunFolder};
use serde::Serialize;
use std::path::{Path, PathBuf};
use tallow_zoo::{HeadKind, Search};

/// What a model is asked to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    pub model: ModelSpec,
    /// Of a model of speech a file that is heard.
    pub prompt: String,
    /// The prompt is what a user says in a conversation.
    pub chat: bool,
    /// In a conversation, who the model is to be.
    pub system: Option<String>,
    /// None: as many as the files of a model of pairs say, else the usual number.
    pub max_new_tokens: Option<usize>,
    pub search: Search,
    /// The JSON schema that the text is held to.
    pub schema: Option<serde_json::Value>,
    /// Whether pieces are told as they are written.
    pub stream: bool,
    /// Of a model of speech.
    pub spoken: Spoken,
}

/// What it wrote.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Written {
    pub text: String,
    pub prompt_tokens: usize,
    pub tokens: usize,
    /// Whether it ended by itself, and not for want of room.
    pub ended: bool,
    pub secs: f64,
    /// Of these, until the first token was there.
    pub prompt_secs: f64,
}

/// The format of another program, and how the model is stored in it.
#[derive(Debug, Clone, PartialEq)]
pub enum ExportFormat {
    Onnx,
    Gguf {
        kind: FloatKind,
        /// What the model is called.
        name: String,
    },
}

/// A model that cannot be used so.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("a {family} model with a head for {head} does not write")]
    Silent { family: &'static str, head: &'static str },
    #[error("a {family} model writes one text from another, and holds no conversation")]
    NoTalk { family: &'static str },
    #[error("the prompt of a model of speech is a recording: there is no file `{}`", path.display())]
    NoRecording { path: std::path::PathBuf },
    #[error(transparent)]
    Schema(#[from] tallow_grammar::Unfit),
    #[error("the model has no weights to use")]
    NoWeights,
    #[error("the model is no adapter: there is nothing to merge")]
    NoAdapter,
    #[error("the model has no tokenizer")]
    NoTokenizer,
    #[error("cannot read `{}`", path.display())]
    Io { path: std::path::PathBuf, source: std::io::Error },
    #[error("`{}` is there already", path.display())]
    Occupied { path: std::path::PathBuf },
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Occupied { .. } | Error::NoRecording { .. } | Error::Schema(_) => Class::Usage,
            Error::Silent { .. } | Error::NoTalk { .. } | Error::NoWeights | Error::NoAdapter | Error::NoTokenizer => {
                Class::Model
            }
            Error::Io { .. } => Class::Resource,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Error::Occupied { .. } => Some("name a place that is not there yet with `--out`".into()),
            Error::NoAdapter => Some("name an adapter: a folder with `adapter_config.json`, or a run that trained one".into()),
            Error::NoTalk { .. } => Some("leave `--chat` out: the prompt is what the model reads".into()),
            Error::NoRecording { .. } => Some("name a WAV, FLAC, MP3 or Ogg Vorbis file as the prompt".into()),
            Error::Schema(_) => Some("docs/generation.md lists what a schema may say".into()),
            Error::Silent { .. } | Error::NoWeights | Error::NoTokenizer | Error::Io { .. } => None,
        }
    }
}

const GENERATE: &str = "generate";
const MERGE: &str = "merge";
const EXPORT: &str = "export";

impl Pipeline<'_> {
    /// Asks a model to write.
    ///
    /// # Errors
    /// The model is not there, or does not write. That a worker did not complete is a value.
    pub fn write(&mut self, ask: &Ask) -> Result<std::result::Result<Written, Unfinished>> {
        let _lock = self.folder.lock()?;
        // What is said wrong is told before anything is fetched.
        if let Some(schema) = &ask.schema {
            tallow_grammar::Grammar::new(schema, tallow_grammar::Bounds::default()).map_err(Error::Schema)?;
        }
        let model = data::survey_model(self.setup.hub, &ask.model)?;
        if model.config.head().kind() != HeadKind::Words {
            return Err(silent(&model).into());
        }
        if ask.chat && model.config.pair_ids().is_some() {
            return Err(Error::NoTalk { family: model.config.family() }.into());
        }
        let tokenizer = model.tokenizer.clone().ok_or(Error::NoTokenizer)?;
        let forced = ask.spoken.forced(&model)?;
        let hearing = model.config.speech_limits().map(|_| hearing(&model, &ask.prompt, forced)).transpose()?;
        let max_new_tokens = most_tokens(&model, ask.max_new_tokens);
        let job = GenerateJob {
            weights: files(&model)?,
            tokenizer: tokenizer.clone(),
            prompt: match ask.chat {
                false => Prompt::Text { text: format!("{}{}", model.prefix, ask.prompt) },
                true => {
                    let said = |by, text: &String| Turn { by, text: text.clone() };
                    let system = ask.system.iter().map(|text| said(Speaker::System, text));
                    Prompt::Turns { turns: system.chain([said(Speaker::User, &ask.prompt)]).collect(), format: model.chat }
                }
            },
            hearing: hearing.clone(),
            model: model.config,
            max_new_tokens,
            ends: model.ends,
            search: ask.search.clone(),
            schema: ask.schema.clone(),
            stream: ask.stream,
            threads: self.setup.threads,
        };
        let recording = hearing.map(|hearing| hearing.recording);
        let readable = job.weights.paths().into_iter().chain([tokenizer]).chain(recording).collect();
        let attempt = match self.attempt(GENERATE, 1, Job::Generate(Box::new(job)), readable)? {
            Ok(attempt) => attempt,
            Err(end) => return Ok(Err(end)),
        };
        let told = attempt.events.into_iter().find_map(|event| match event {
            Event::Generated { text, prompt_tokens, tokens, ended, secs, prompt_secs } => {
                Some(Written { text, prompt_tokens, tokens, ended, secs, prompt_secs })
            }
            _ => None,
        });
        Ok(told.ok_or_else(|| Unfinished::said_nothing(GENERATE)))
    }

    /// Makes one model of an adapter and its base, in the folder `place`, which must not be there.
    ///
    /// # Errors
    /// It is no adapter, its base is not there or another one; the folder is there. That a worker did not complete is a value.
    pub fn merge(&mut self, model: &ModelSpec, place: &Path) -> Result<std::result::Result<usize, Unfinished>> {
        let _lock = self.folder.lock()?;
        if place.exists() {
            return Err(Error::Occupied { path: place.into() }.into());
        }
        let model = data::survey_model(self.setup.hub, model)?;
        if model.adapter.is_none() {
            return Err(Error::NoAdapter.into());
        }
        let files = files(&model)?;
        let (readable, out) = (files.paths(), self.folder.attempt(MERGE, 1).work());
        let job = MergeJob { model: model.config.clone(), weights: files, out };
        let attempt = match self.attempt(MERGE, 1, Job::Merge(Box::new(job)), readable)? {
            Ok(attempt) => attempt,
            Err(end) => return Ok(Err(end)),
        };
        let told = attempt.events.iter().find_map(|event| match event {
            Event::Merged { weights_sha256, params } => Some((weights_sha256.clone(), *params)),
            _ => None,
        });
        let Some((sha256, params)) = told else { return Ok(Err(Unfinished::said_nothing(MERGE))) };
        publish::write_merged(place, &model, &attempt.folder.weights(), &sha256, origin(&model).as_ref())?;
        Ok(Ok(params))
    }

    /// Writes a model, with its adapter if it is one, to the file `place`, which must not be there; says its bytes and its parameters.
    ///
    /// # Errors
    /// The model is not there, or has no form in that format; the file is there. That a worker did not complete is a value.
    pub fn export(
        &mut self,
        model: &ModelSpec,
        format: &ExportFormat,
        place: &Path,
    ) -> Result<std::result::Result<(u64, usize), Unfinished>> {
        let _lock = self.folder.lock()?;
        if place.exists() {
            return Err(Error::Occupied { path: place.into() }.into());
        }
        let destination = Destination::find(place)?;
        let model = data::look_at_model(self.setup.hub, model)?;
        let to = match format {
            ExportFormat::Onnx => ExportTo::Onnx { image: model.image.map(|image| [image.height, image.width]) },
            ExportFormat::Gguf { kind, name } => ExportTo::Gguf {
                kind: *kind,
                name: name.clone(),
                tokenizer: model.tokenizer.clone().ok_or(Error::NoTokenizer)?,
                special: model.chat.tokens.clone(),
                chat_template: model.chat.template.clone(),
            },
        };
        let (weights, out) = (files(&model)?, self.folder.attempt(EXPORT, 1).work());
        let readable = weights.paths().into_iter().chain(model.tokenizer).collect();
        let made = out.join(to.file_name());
        let job = ExportJob { model: model.config, weights, to, out };
        let attempt = match self.attempt(EXPORT, 1, Job::Export(Box::new(job)), readable)? {
            Ok(attempt) => attempt,
            Err(end) => return Ok(Err(end)),
        };
        let told = attempt.events.iter().find_map(|event| match event {
            Event::Exported { bytes, params } => Some((*bytes, *params)),
            _ => None,
        });
        let Some(told) = told else { return Ok(Err(Unfinished::said_nothing(EXPORT))) };
        let mut from = std::fs::File::open(&made).map_err(|source| Error::Io { path: made, source })?;
        destination.write(|file| std::io::copy(&mut from, file).map(drop))?;
        Ok(Ok(told))
    }
}

/// The run that an adapter is of, where it lies in its run's folder.
fn origin(model: &ModelFacts) -> Option<publish::Origin> {
    let own = model.adapter.as_ref()?.weights.parent()?.canonicalize().ok()?;
    let run = RunFolder::open(own.parent()?).ok().filter(|run| run.model() == own)?;
    let plan: Plan = run.read_json(&run.plan()).ok()?;
    let report: Report = run.read_json(&run.report_json()).ok()?;
    let manifest = run.read_json(&run.manifest()).ok()?;
    let ledger = run.ledger().read().ok()?;
    let trained = report.model.kept_run.as_ref().map(|kept| report::experiment_as_trained(&plan, kept, &ledger));
    let plan = Plan { spec: trained.unwrap_or_else(|| plan.spec.clone()), ..plan };
    Some(publish::Origin { plan, report: report.at(run.root()), manifest })
}

/// What a model of speech is to hear: the prompt is a file.
fn hearing(model: &ModelFacts, prompt: &str, forced: Vec<u32>) -> Result<Hearing, Error> {
    let path = Path::new(prompt);
    let missing = || Error::NoRecording { path: path.into() };
    let recording = std::path::absolute(path).ok().filter(|path| path.is_file()).ok_or_else(missing)?;
    let SpeechFacts { suppress_tokens, begin_suppress_tokens, .. } = model.speech.clone().unwrap_or_default();
    Ok(Hearing { recording, forced, suppress_tokens, begin_suppress_tokens })
}

/// Tokens of the longest text that is written: what is asked, else what the files of a model of pairs say, else the usual number.
pub(super) fn most_tokens(model: &ModelFacts, asked: Option<usize>) -> usize {
    let own = model.writes.max_new_tokens.filter(|_| model.config.pair_ids().is_some());
    asked.or(own).unwrap_or(WritingFacts::USUAL_TOKENS)
}

/// How a model writes to many inputs, each of which is put behind what it is asked by here, or heard in the place of a recording.
pub(super) fn in_bulk(
    model: &ModelFacts,
    (chat, spoken): (bool, &Spoken),
    (max_new_tokens, beams): (Option<usize>, Option<usize>),
    threads: usize,
) -> Result<GenerateJob> {
    let is_pair = model.config.pair_ids().is_some();
    if chat && is_pair {
        return Err(Error::NoTalk { family: model.config.family() }.into());
    }
    let own = if is_pair { model.writes.search() } else { Search::Greedy };
    let forced = spoken.forced(model)?;
    let hearing = model.config.speech_limits().map(|_| {
        let SpeechFacts { suppress_tokens, begin_suppress_tokens, .. } = model.speech.clone().unwrap_or_default();
        Hearing { recording: PathBuf::new(), forced, suppress_tokens, begin_suppress_tokens }
    });
    Ok(GenerateJob {
        weights: files(model)?,
        tokenizer: model.tokenizer.clone().ok_or(Error::NoTokenizer)?,
        prompt: match chat {
            false => Prompt::Text { text: model.prefix.clone() },
            true => Prompt::Turns { turns: Vec::new(), format: model.chat.clone() },
        },
        hearing,
        model: model.config.clone(),
        max_new_tokens: most_tokens(model, max_new_tokens),
        ends: model.ends.clone(),
        search: match beams {
            None => own,
            Some(1) => Search::Greedy,
            Some(num_beams) => Search::Beam {
                num_beams,
                length_penalty: model.writes.length_penalty.filter(|_| is_pair).unwrap_or(1.0),
                early_stopping: false,
            },
        },
        schema: None,
        stream: false,
        threads,
    })
}

/// A model that says something else than words.
pub(super) fn silent(model: &ModelFacts) -> Error {
    Error::Silent { family: model.config.family(), head: model.config.head().kind().name() }
}

pub(super) fn files(model: &ModelFacts) -> Result<ModelFiles, Error> {
    let weights = model.weights.clone().ok_or(Error::NoWeights)?;
    Ok(ModelFiles { weights, adapter: model.adapter.clone() })
}
