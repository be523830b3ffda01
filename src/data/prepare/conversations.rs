//! Conversations -> token ids and which of them are an assistant's: what instruction tuning and preference optimisation learn from.
//!
//! The model's own template writes each conversation; a token belongs to an answer if its first letter does. What is longer than
//! `max_seq_len` is cut at its end; an example with a blank answer, or of whose answer nothing is left, is left out and counted. So are a
//! few that are no conversations with an answer, or none that the template takes.

use super::answers::Said;
use super::lacking::Lacking;
use super::lengths::Lengths;
use super::tokenization::{Tokenization, failed};
use super::weights::{Weight, Weights};
use super::{Made, Split, finish};
use crate::data::chat::{Template, Told, conversation, pair};
use crate::data::guarded::guarded;
use crate::data::read::{Row, Table};
use crate::data::tensor_file::{Bytes, Dtype, Spool, Tensor};
use crate::data::{Error, Message, Result};
use crate::job::{Event, PrepareJob, SplitShape};
use crate::spec::Task;
use rayon::prelude::*;

/// Tokenises all splits and writes them.
pub(super) fn prepare(job: &PrepareJob, splits: &[Split], emit: &mut dyn FnMut(Event)) -> Result<()> {
    let Some(first) = splits.first() else { return Ok(()) };
    let tokenization = Tokenization::new(job, first, emit)?;
    let knows = |token: &str| tokenization.tokenizer.token_to_id(token).is_some();
    let writer = Writer { template: Template::new(&job.chat, &knows)?, tokenization: &tokenization, job };
    splits.iter().try_for_each(|split| prepare_split(split, &writer, emit))
}

struct Writer<'a> {
    template: Template,
    tokenization: &'a Tokenization,
    job: &'a PrepareJob,
}

/// A text's ids, and which of them are asked for; whether it was cut.
struct Encoded {
    ids: Vec<u32>,
    asked: Vec<bool>,
    cut: bool,
}

fn prepare_split(split: &Split, writer: &Writer, emit: &mut dyn FnMut(Event)) -> Result<()> {
    let (mut ids, mut asked, mut tokens) = (Spool::within(&writer.job.out)?, Spool::within(&writer.job.out)?, 0);
    let (mut told, mut lengths) = (0, Lengths::default());
    let mut offsets = Spool::within(&writer.job.out)?;
    offsets.add_u64(0)?;
    let (mut examples, mut longest, mut truncated, mut left_out) = (0, 0, 0, 0);
    let (mut weights, mut lacking) = (Weights::of(split), Lacking::default());
    split.each_chunk(emit, |table, mut rows| {
        let drawn: Vec<Weight> = rows.iter_mut().map(|row| weights.read(table, row)).collect::<Result<_>>()?;
        let encoded: Vec<Result<Vec<Encoded>>> = rows.into_par_iter().map(|row| writer.texts(split, table, row)).collect();
        for (texts, weight) in encoded.into_iter().zip(drawn) {
            let texts = match texts {
                Ok(texts) => texts,
                Err(error @ Error::Conversation { .. }) => {
                    lacking.add(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            truncated += usize::from(texts.iter().any(|text| text.cut));
            if texts.is_empty() || texts.iter().any(|text| !text.asked.contains(&true)) {
                left_out += 1;
                continue;
            }
            examples += 1;
            weights.keep(weight);
            for text in texts {
                longest = longest.max(text.ids.len());
                lengths.add(text.ids.len());
                ids.add_u32s(&text.ids)?;
                text.asked.iter().try_for_each(|marked| asked.add(&[u8::from(*marked)]))?;
                told += text.asked.iter().filter(|marked| **marked).count() as u64;
                tokens += text.ids.len();
                offsets.add_u64(tokens as u64)?;
            }
        }
        lacking.check(examples + left_out)
    })?;
    let no_conversations = lacking.count();
    lacking.settle(split, examples + left_out, emit)?;
    let (job, texts) = (writer.job, offsets.len() / 8);
    if examples == 0 {
        return Err(Error::NoAnswers { split: split.name.clone(), rows: left_out, max_seq_len: job.max_seq_len });
    }
    if left_out > 0 {
        let message = format!(
            "split `{}`: {left_out} of {} examples are left out, for they have no answer, or nothing of it lies within {} tokens",
            split.name,
            examples + left_out,
            job.max_seq_len
        );
        emit(Event::Note { message });
    }
    let made = Made {
        lengths: [lengths.bins(), Vec::new()],
        shape: SplitShape::Answers {
            tokens: tokens as u64,
            asked: told,
            longest,
            truncated,
            left_out: left_out + no_conversations,
            vocab_size: writer.tokenization.known(),
        },
        metadata: writer.tokenization.metadata(),
        tensors: vec![
            Tensor { name: "offsets", dtype: Dtype::U64, shape: vec![texts], bytes: offsets.bytes()? },
            Tensor { name: "tokens", dtype: Dtype::U32, shape: vec![tokens], bytes: ids.bytes()? },
            Tensor { name: "type_ids", dtype: Dtype::U8, shape: vec![tokens], bytes: Bytes::Zeros(tokens) },
        ],
    };
    let name = if job.task == Task::PreferenceOptimization { "preferred" } else { "asked" };
    let tensor = Tensor { name, dtype: Dtype::U8, shape: vec![tokens], bytes: asked.bytes()? };
    let said = Said { examples, tensors: vec![tensor], names: &[], counts: &[], values: None };
    finish(job, split, said.with(weights.tensors(split)?), made, emit)
}

impl Writer<'_> {
    /// The texts of an example: one, or of a pair both; none where an answer is blank.
    fn texts(&self, split: &Split, table: &Table, row: Row) -> Result<Vec<Encoded>> {
        let Row { position, cells } = row;
        let wrong = |what: String| Error::Conversation { path: table.path().into(), position: position.clone(), what };
        // What a template refuses, it refuses of this row.
        let tell = |messages: &[Message], last_alone: bool| match self.template.tell(messages, last_alone) {
            Err(Error::Template { line, what }) => {
                let at = line.map(|line| format!(" (line {line} of it)")).unwrap_or_default();
                Err(wrong(format!("the model's chat template refuses the conversation{at}: {what}")))
            }
            other => other,
        };
        let conversations = match self.job.task {
            Task::PreferenceOptimization => {
                let Some(pair) = pair(&split.columns, cells).map_err(&wrong)? else { return Ok(Vec::new()) };
                let with = |answer: Message| [pair.prompt.clone(), vec![answer]].concat();
                [with(pair.better.clone()), with(pair.other.clone())]
                    .iter()
                    .map(|turns| tell(turns, true))
                    .collect::<Result<_>>()?
            }
            _ => {
                let Some(turns) = conversation(&split.columns, cells).map_err(&wrong)? else { return Ok(Vec::new()) };
                vec![tell(&turns, false)?]
            }
        };
        let encode = |told: &Told| self.encode(told).map_err(|e| failed(table.path(), &position, e));
        let encoded: Vec<Encoded> = conversations.iter().map(encode).collect::<Result<_>>()?;
        for text in &encoded {
            self.tokenization.check(&text.ids, table.path(), &position)?;
        }
        Ok(encoded)
    }

    fn encode(&self, told: &Told) -> Result<Encoded, tokenizers::Error> {
        let encoding = guarded(|| self.tokenization.tokenizer.encode(told.text.as_str(), false))??;
        let is_asked = |(start, end): &(usize, usize)| told.answers.iter().any(|answer| answer.contains(start) && end > start);
        let mut ids = encoding.get_ids().to_vec();
        let mut asked: Vec<bool> = encoding.get_offsets().iter().map(is_asked).collect();
        // Nothing stands before the first to tell it from.
        asked.iter_mut().take(1).for_each(|first| *first = false);
        let cut = ids.len() > self.job.max_seq_len;
        ids.truncate(self.job.max_seq_len);
        asked.truncate(self.job.max_seq_len);
        Ok(Encoded { ids, asked, cut })
    }
}
