//! A model that is there, asked to go on with a text or to answer.

use super::Error;
use super::weights::{self, Source};
use crate::data::{Message, Role, Template, Vocabulary, hear};
use crate::job::{Event, GenerateJob};
use candle_core::{Device, Tensor};
use std::time::Instant;
use tallow_kernels::Stream;
use tallow_zoo::{Prompt, Settings, Source as Read};

/// Tells what the model writes.
///
/// # Errors
/// Weights or tokenizer cannot be used, or do not fit each other; the prompt has no token, or more than the model has positions; the
/// chat template fails; the settings have mistakes.
pub fn generate(job: &GenerateJob, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    tallow_kernels::set_threads(job.threads)?;
    let vocabulary = Vocabulary::open(&job.tokenizer)?;
    let ids = match &job.chat {
        _ if job.hearing.is_some() => Vec::new(),
        None => vocabulary.ids(&job.prompt, true)?,
        Some(chat) => {
            let said = [Message { role: Role::User, content: job.prompt.clone() }];
            // A template writes its own beginning of a text.
            vocabulary.ids(&Template::new(chat, &|token| vocabulary.has(token))?.render(&said, true)?, false)?
        }
    };
    let built = weights::build(&job.model, None, Source::Trained { files: &job.weights }, Stream::root(0), &[])?;
    let begun = Instant::now();
    // A model of two texts reads the prompt and writes another text.
    let pair = job.model.pair_ids();
    let ends = pair.map_or_else(|| vocabulary.ends(), |ids| vec![ids.end]);
    let forced = job.hearing.as_ref().map(|hearing| hearing.forced.clone()).unwrap_or_default();
    let start = pair.map_or_else(|| ids.clone(), |ids| [&[ids.start], &forced[..]].concat());
    let heard = heard(job, emit)?;
    let source = heard.as_ref().map(Read::Speech).or(pair.map(|_| Read::Text(&ids)));
    let mut settings = Settings { search: job.search.clone(), ..Settings::greedy(job.max_new_tokens, &ends) };
    if let Some(hearing) = &job.hearing {
        settings.suppress_tokens = hearing.suppress_tokens.clone();
        settings.begin_suppress_tokens = hearing.begin_suppress_tokens.clone();
    }
    let written = tallow_zoo::generate(&*built.model, Prompt { source, start: &start }, &settings)?;
    emit(Event::Generated {
        text: vocabulary.spell(&written)?,
        prompt_tokens: ids.len().max(forced.len()),
        tokens: written.len(),
        ended: written.last().is_some_and(|last| ends.contains(last)),
        secs: begun.elapsed().as_secs_f64(),
    });
    Ok(())
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
