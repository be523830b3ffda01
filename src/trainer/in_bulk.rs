//! A model that writes, asked about many inputs: it is read once, and writes to one after the other.

use super::Error;
use super::generate::{Writer, Written, prompt_ids};
use super::predict::ended;
use crate::data::Vocabulary;
use crate::data::inputs::{self, Encoder, Fed, Read};
use crate::job::{Event, GenerateJob, PredictJob, Prompt, Pulse, Said, Speaker, Turn};
use crate::store::WorkFolder;
use candle_core::{Device, Tensor};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Instant;

/// Writes `predictions.jsonl` into the job's `out`: a line an input, with what the model writes to it.
///
/// # Errors
/// Weights, tokenizer or files cannot be used; nothing can be written to any input: the first one's error.
pub(super) fn written(job: &PredictJob, writing: &GenerateJob, begun: Instant, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    inputs::read_through(&job.given, &job.feeding)?;
    let (encoder, vocabulary) = (Encoder::open(&job.feeding)?, Vocabulary::open(&writing.tokenizer)?);
    let writer = Writer::open(writing, &vocabulary)?;
    let path = WorkFolder::at(&job.out).predictions();
    let io = |source| Error::Io { action: "write", path: path.clone(), source };
    let mut out = BufWriter::new(File::create(&path).map_err(io)?);
    let (mut count, mut failed, mut cut, mut first) = (0usize, 0usize, 0usize, None::<Error>);
    let mut pulse = Pulse::new(emit);
    inputs::each_chunk(&job.given, &job.feeding, &encoder, |chunk| -> Result<(), Error> {
        for Read { fed, file } in chunk {
            let is_long = matches!(&fed, Ok(Fed::Sound { cut: true, .. }));
            let mut told = |_: Option<u32>| {
                pulse.beat(count);
                true
            };
            let text = fed.map_err(Error::from).and_then(|fed| answer_to(fed, (writing, &vocabulary, &writer), &mut told));
            let said = match text {
                Ok(Written { text, tokens, ended, .. }) => Said::Text { text, tokens, ended },
                Err(error) => {
                    failed += 1;
                    let said = Said::Failed { error: error.to_string() };
                    first.get_or_insert(error);
                    said
                }
            };
            cut += usize::from(is_long);
            writeln!(out, "{}", said.line(count as u64, file.as_deref(), is_long, &[])).map_err(io)?;
            count += 1;
        }
        Ok(())
    })?;
    out.flush().map_err(io)?;
    let secs = begun.elapsed().as_secs_f64();
    ended(Event::Predicted { examples: count, failed, cut, unseen: None, secs }, first, emit)
}

/// What a model writes to one input.
fn answer_to(
    fed: Fed,
    (writing, vocabulary, writer): (&GenerateJob, &Vocabulary, &Writer),
    told: &mut dyn FnMut(Option<u32>) -> bool,
) -> Result<Written, Error> {
    match fed {
        Fed::Prompt(text) => {
            let asked = asked_behind(&writing.prompt, &[Turn { by: Speaker::User, text }])?;
            writer.text(&prompt_ids(&asked, vocabulary)?, None, told)
        }
        Fed::Turns(turns) => writer.text(&prompt_ids(&asked_behind(&writing.prompt, &turns)?, vocabulary)?, None, told),
        Fed::Sound { features, .. } => {
            let limits = writing.model.speech_limits().map_or((0, 0), |limits| (limits.mel_bins, limits.frames));
            writer.text(&[], Some(&Tensor::from_vec(features, limits, &Device::Cpu)?), told)
        }
        Fed::Text(_) | Fed::Words { .. } | Fed::Question { .. } | Fed::Image { .. } | Fed::Row { .. } => {
            Err(Error::WrongTask { expected: "texts to write to", found: "something else" })
        }
    }
}

/// What is asked behind what stands before every text; in a conversation as the turns that come next.
fn asked_behind(prompt: &Prompt, asked: &[Turn]) -> Result<Prompt, Error> {
    match (prompt, asked) {
        (Prompt::Text { text: before }, [Turn { by: Speaker::User, text }]) => {
            Ok(Prompt::Text { text: format!("{before}{text}") })
        }
        (Prompt::Text { .. }, _) => Err(Error::Conversation),
        (Prompt::Turns { turns, format }, _) => {
            Ok(Prompt::Turns { turns: turns.iter().chain(asked).cloned().collect(), format: format.clone() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::ChatFormat;

    #[test]
    fn what_is_asked_stands_behind_what_comes_before() {
        let said = |by, text: &str| Turn { by, text: text.into() };
        let (system, user) = (said(Speaker::System, "s"), said(Speaker::User, "u"));
        let plain = Prompt::Text { text: "translate: ".into() };
        let text = asked_behind(&plain, std::slice::from_ref(&user)).expect("a text");
        assert_eq!(text, Prompt::Text { text: "translate: u".into() });
        let refused = asked_behind(&plain, &[system.clone(), user.clone()]).expect_err("no text");
        assert!(crate::error::Failure::hint(&refused).is_some_and(|hint| hint.contains("`--chat`")), "{refused}");
        let chat = Prompt::Turns { turns: Vec::new(), format: ChatFormat::default() };
        let whole = asked_behind(&chat, &[system.clone(), user.clone()]).expect("a conversation");
        assert_eq!(whole, Prompt::Turns { turns: vec![system, user], format: ChatFormat::default() });
    }
}
