//! A model that is there, asked to go on with a text or to answer.

use super::Error;
use super::held::Ready;
use super::telling::Telling;
use super::weights::{self, Source};
use crate::data::{Message, Role, Template, Vocabulary, hear};
use crate::job::{Event, GenerateJob, Prompt as Asked, Pulse, Speaker};
use candle_core::{Device, Tensor};
use std::fs::File;
use std::time::Instant;
use tallow_kernels::Stream;
use tallow_zoo::gguf::Gguf;
use tallow_zoo::{Guide, ModelConfig, NextWord, PackedLlama, Prompt, Remembered, Search, Settings, Source as Read};

/// Tells what the model writes; where `stop` says so in the midst of it, that it stopped.
///
/// # Errors
/// Weights or tokenizer cannot be used, or do not fit each other; the prompt has no token, or more than the model has positions; the
/// chat template fails; the settings have mistakes; the schema cannot be held, or the text has no room.
pub fn generate(job: &GenerateJob, stop: &dyn Fn() -> bool, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    tallow_kernels::set_threads(job.threads)?;
    let vocabulary = Vocabulary::open(&job.tokenizer)?;
    let ids = if job.hearing.is_some() { Vec::new() } else { prompt_ids(&job.prompt, &vocabulary)? };
    let writer = Writer::open(job, &vocabulary)?;
    let begun = Instant::now();
    let heard = heard(job, emit)?;
    let (mut first, mut pieces) = (None, Pieces { vocabulary: &vocabulary, ids: Vec::new(), told: 0, from: 0 });
    let mut pulse = Pulse::new(emit);
    let mut told = |id: Option<u32>| {
        if id.is_some() {
            first.get_or_insert_with(|| begun.elapsed().as_secs_f64());
        }
        let piece = id.filter(|_| job.stream).and_then(|id| pieces.push(id));
        pulse.tell(Event::Wrote { text: piece.unwrap_or_default() });
        !stop()
    };
    let Written { text, prompt_tokens, tokens, ended } = writer.text(&ids, heard.as_ref(), &mut told)?;
    // What goes on with several texts at a time is not left in the midst of it.
    let is_beams = matches!(job.search, Search::Beam { .. });
    if stop() && !is_beams {
        emit(Event::Stopped { step: tokens as u64 });
        return Ok(());
    }
    let secs = begun.elapsed().as_secs_f64();
    let prompt_secs = if is_beams { 0.0 } else { first.unwrap_or(secs) };
    emit(Event::Generated { text, prompt_tokens, tokens, ended, secs, prompt_secs });
    Ok(())
}

/// A text that was written.
pub(super) struct Written {
    pub(super) text: String,
    prompt_tokens: usize,
    pub(super) tokens: usize,
    /// By itself, and not for want of room.
    pub(super) ended: bool,
}

/// A model with all that it takes to write any number of texts as a job says.
pub(super) struct Writer<'a> {
    job: &'a GenerateJob,
    vocabulary: &'a Vocabulary,
    ready: Option<Ready>,
    model: Model,
}

impl<'a> Writer<'a> {
    /// # Errors
    /// The weights cannot be used; the schema cannot be held.
    pub(super) fn open(job: &'a GenerateJob, vocabulary: &'a Vocabulary) -> Result<Self, Error> {
        let ready = job.schema.as_ref().map(|schema| Ready::new(schema, vocabulary)).transpose()?;
        let is_beams = matches!(job.search, Search::Beam { .. });
        if is_beams && ready.is_some() {
            return Err(Error::Beams);
        }
        let packed = if is_beams { None } else { packed(job)? };
        let model = match packed {
            Some(packed) => Model::Packed(packed),
            None => Model::Built(Box::new(weights::build(
                &job.model,
                None,
                Source::Trained { files: &job.weights },
                Stream::root(0),
                &[],
            )?)),
        };
        Ok(Writer { job, vocabulary, ready, model })
    }

    /// What it writes to a prompt, or to what is heard in its place. `told` hears of each word (of none, where several texts are gone on
    /// with at a time) and says whether to go on.
    ///
    /// # Errors
    /// The prompt has no token, or more than the model has positions; the settings have mistakes; the text has no room.
    pub(super) fn text(
        &self,
        ids: &[u32],
        heard: Option<&Tensor>,
        told: &mut dyn FnMut(Option<u32>) -> bool,
    ) -> Result<Written, Error> {
        let Writer { job, vocabulary, ready, model } = self;
        // A model of two texts reads the prompt and writes another text.
        let pair = job.model.pair_ids();
        let named = pair.map_or_else(|| vocabulary.ends(), |ids| vec![ids.end]);
        let ends = [&named[..], &job.ends[..]].concat();
        let forced = job.hearing.as_ref().map(|hearing| hearing.forced.clone()).unwrap_or_default();
        let start = pair.map_or_else(|| ids.to_vec(), |ids| [&[ids.start], &forced[..]].concat());
        let source = heard.map(Read::Speech).or(pair.map(|_| Read::Text(ids)));
        let mut settings = Settings { search: job.search.clone(), ..Settings::greedy(job.max_new_tokens, &ends) };
        if let Some(hearing) = &job.hearing {
            settings.suppress_tokens = hearing.suppress_tokens.clone();
            settings.begin_suppress_tokens = hearing.begin_suppress_tokens.clone();
        }
        settings.suppress_tokens.extend(pair.and_then(|ids| ids.never));
        let prompt_tokens = ids.len().max(forced.len());
        let is_end = |written: &[u32]| written.last().is_some_and(|last| ends.contains(last));
        if let (Search::Beam { .. }, Model::Built(built)) = (&job.search, model) {
            let mut heard = || {
                told(None);
            };
            let writing = Telling::new(&*built.model, &mut heard);
            let written = tallow_zoo::generate(&writing, Prompt { source, start: &start }, &settings)?;
            let text = vocabulary.spell(&written)?;
            return Ok(Written { text, prompt_tokens, tokens: written.len(), ended: is_end(&written) });
        }
        let mut text: Box<dyn NextWord + '_> = match model {
            Model::Packed(packed) => Box::new(packed.text()?),
            Model::Built(built) => Box::new(Remembered::new(&*built.model, source)?),
        };
        let room = text.max_positions().saturating_sub(start.len()).min(job.max_new_tokens);
        let mut held = ready.as_ref().filter(|_| room > 0).map(|ready| ready.text(room)).transpose()?;
        let guide = held.as_mut().map(|held| held as &mut dyn Guide);
        let written = tallow_zoo::write(&mut *text, &start, &settings, guide, &mut |id| told(Some(id)))?;
        let ended = is_end(&written) || held.as_ref().is_some_and(|held| held.is_over());
        let text = match &held {
            // Byte by byte: what a tokenizer does to spaces at a text's beginning is for prose.
            Some(held) => held.spelt(),
            None => vocabulary.spell(&written)?,
        };
        Ok(Written { text, prompt_tokens, tokens: written.len(), ended })
    }
}

/// What writes.
enum Model {
    Packed(PackedLlama),
    Built(Box<weights::Built>),
}

/// The tokens of what was asked.
pub(super) fn prompt_ids(prompt: &Asked, vocabulary: &Vocabulary) -> Result<Vec<u32>, Error> {
    match prompt {
        Asked::Text { text } => Ok(vocabulary.ids(text, true)?),
        Asked::Turns { turns, format } => {
            let role = |by| match by {
                Speaker::System => Role::System,
                Speaker::User => Role::User,
                Speaker::Assistant => Role::Assistant,
            };
            let said: Vec<Message> =
                turns.iter().map(|turn| Message { role: role(turn.by), content: turn.text.clone() }).collect();
            // A template writes its own beginning of a text.
            Ok(vocabulary.ids(&Template::new(format, &|token| vocabulary.has(token))?.render(&said, true)?, false)?)
        }
    }
}

/// The model in the blocks of its file, where it is a whole one of a GGUF file.
fn packed(job: &GenerateJob) -> Result<Option<PackedLlama>, Error> {
    let (path, ModelConfig::Llama(config)) = (&job.weights.weights, &job.model) else { return Ok(None) };
    if job.weights.adapter.is_some() {
        return Ok(None);
    }
    let mut file = File::open(path).map_err(|source| Error::Io { action: "read", path: path.clone(), source })?;
    if !weights::is_gguf(&mut file) {
        return Ok(None);
    }
    let wrong = |source| Error::Gguf { path: path.clone(), source };
    let stored = Gguf::read(&mut file).and_then(|read| read.load_stored(&mut file)).map_err(wrong)?;
    Ok(Some(PackedLlama::new(config, stored.tensors)?))
}

/// A text as it grows, told in pieces of whole characters.
struct Pieces<'a> {
    vocabulary: &'a Vocabulary,
    ids: Vec<u32>,
    /// Where a piece began that is told, and the token up to which it is: what a token looks like may depend on the one before it.
    from: usize,
    told: usize,
}

impl Pieces<'_> {
    fn push(&mut self, id: u32) -> Option<String> {
        self.ids.push(id);
        let spell = |ids: &[u32]| self.vocabulary.spell(ids).ok();
        let (before, now) = (spell(&self.ids[self.from..self.told])?, spell(&self.ids[self.from..])?);
        // A character whose bytes are not all there yet.
        if now.ends_with('\u{fffd}') {
            return None;
        }
        let piece = now.strip_prefix(&before).unwrap_or(&now).to_string();
        (self.from, self.told) = (self.told, self.ids.len());
        (!piece.is_empty()).then_some(piece)
    }
}

/// The recording that is to be heard, if there is one, `[m, f]`.
fn heard(job: &GenerateJob, emit: &mut dyn FnMut(Event)) -> Result<Option<Tensor>, Error> {
    let (Some(hearing), Some(limits)) = (&job.hearing, job.model.speech_limits()) else { return Ok(None) };
    let (features, cut) = hear(&hearing.recording, limits.mel_bins, limits.frames)?;
    if cut {
        // A frame is a hundredth of a second.
        let message =
            format!("the recording is longer than the model hears: its first {} seconds alone", limits.frames as f64 / 100.0);
        emit(Event::Note { message });
    }
    Ok(Some(Tensor::from_vec(features, (limits.mel_bins, limits.frames), &Device::Cpu)?))
}
