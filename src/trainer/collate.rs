//! Examples -> one batch as a model takes it. Shapes: b examples, t tokens, c channels, h height, w width.

mod fits;
mod images;

use self::fits::in_words;
pub(super) use self::fits::{normalize_fits, open};
use self::images::collate_images;
pub(super) use self::images::{collate_mixed, images_of};
use super::Error;
use super::masking::Masked;
use super::objective::{NONE, Pairs, Wanted};
use super::streams::Streams;
use crate::data::{
    NOT_SEEN, Prepared, PreparedInputs, PreparedSpeech, PreparedTable, PreparedTargets, PreparedTexts, PreparedTranscripts,
};
use crate::job::Normalize;
use crate::spec::{Augment, Preference};
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::ops::Range;
use tallow_kernels::Documents;
use tallow_zoo::Input;

/// Random changes in training: which, and from which stream.
#[derive(Clone, Copy)]
pub(super) struct Changes<'a> {
    pub(super) augment: &'a [Augment],
    pub(super) streams: Streams,
    pub(super) epoch: u64,
}

impl Changes<'_> {
    /// How far the pieces of a stream are moved, less than the length of one: so that an epoch cuts it elsewhere than the last.
    pub(super) fn shift(&self, texts: &PreparedTexts) -> usize {
        self.streams.shift(self.epoch).below(0, texts.text_len(0))
    }
}

/// A batch, what should be said of it, and its real tokens (0 for images).
pub(super) struct Batch {
    pub(super) input: Input,
    pub(super) wanted: Wanted,
    pub(super) tokens: u64,
}

/// Puts examples together. Texts are padded with id 0 to the longest of the batch.
pub(super) fn collate(
    data: &Prepared,
    examples: &[usize],
    normalize: Option<&Normalize>,
    changes: Option<Changes>,
) -> Result<Batch, Error> {
    match (data.inputs(), data.targets()) {
        (PreparedInputs::Texts(texts), PreparedTargets::Words { hidden: Some(tokens), .. }) => {
            let masked: Vec<Masked> = examples.iter().map(|&i| Masked::of(texts, *tokens, i, changes)).collect();
            let rows: Vec<&[u32]> = masked.iter().map(|piece| piece.tokens.as_slice()).collect();
            let (input, tokens) = texts_of(&rows, &[])?;
            let longest = rows.iter().map(|row| row.len()).max().unwrap_or(0);
            let wanted = masked.iter().flat_map(|piece| padded(&piece.wanted, longest, NONE)).collect();
            Ok(Batch { input, wanted: Wanted::Words(wanted), tokens })
        }
        (PreparedInputs::Texts(texts), PreparedTargets::Words { hidden: None, .. }) => {
            let shift = changes.map_or(0, |changes| changes.shift(texts));
            let pieces: Vec<_> = examples.iter().map(|&i| texts.piece(i, shift)).collect();
            let rows: Vec<&[u32]> = pieces.iter().map(|(tokens, _)| *tokens).collect();
            let (input, tokens) = texts_of(&rows, &[])?;
            let longest = rows.iter().map(|row| row.len()).max().unwrap_or(0);
            let wanted = pieces.iter().flat_map(|(_, next)| padded(next, longest, NONE)).collect();
            Ok(Batch { input, wanted: Wanted::Words(wanted), tokens })
        }
        (PreparedInputs::Texts(texts), PreparedTargets::Answers { asked }) => {
            let packed = Packed::of(texts, asked, examples);
            Ok(Batch { tokens: packed.tokens, input: packed.input()?, wanted: Wanted::Words(packed.words) })
        }
        (PreparedInputs::Texts(texts), PreparedTargets::Preferences { asked }) => {
            let chosen: Vec<usize> = examples.iter().flat_map(|&i| data.texts_of(i)).collect();
            let packed = Packed::of(texts, asked, &chosen);
            let (tokens, input) = (packed.tokens, packed.input()?);
            let texts = packed.places.as_chunks::<2>().0.to_vec();
            // What they are measured against is the caller's to say.
            let (reference, preference) = (vec![0.0; texts.len()], Preference::default());
            Ok(Batch { input, wanted: Wanted::Preferences(Pairs { words: packed.words, texts, reference, preference }), tokens })
        }
        (PreparedInputs::Texts(texts), PreparedTargets::Texts { begin, .. }) => {
            let rows = |which: usize| -> Vec<&[u32]> {
                examples.iter().map(|&i| texts.text(data.texts_of(i).start + which).0).collect()
            };
            pairs_of(&rows(0), &rows(1), *begin)
        }
        (PreparedInputs::Texts(texts), PreparedTargets::Tags(tags)) => {
            let (rows, types): (Vec<_>, Vec<_>) = examples.iter().map(|&i| texts.text(i)).unzip();
            let (input, tokens) = texts_of(&rows, &types)?;
            let longest = rows.iter().map(|row| row.len()).max().unwrap_or(0);
            let mut wanted = vec![NONE; rows.len() * longest];
            for (row, &i) in wanted.chunks_mut(longest.max(1)).zip(examples) {
                let (tags, firsts) = tags.text(i);
                let seen = tags.iter().zip(firsts).filter(|(_, first)| **first != NOT_SEEN);
                seen.for_each(|(tag, first)| row[*first as usize] = *tag);
            }
            Ok(Batch { input, wanted: Wanted::Tags(wanted), tokens })
        }
        (PreparedInputs::Texts(texts), PreparedTargets::Spans(spans)) => {
            let (rows, types): (Vec<_>, Vec<_>) = examples.iter().map(|&i| texts.text(i)).unzip();
            let (input, tokens) = texts_of(&rows, &types)?;
            let lengths = rows.iter().map(|row| row.len()).collect();
            let wanted = Wanted::Spans(examples.iter().map(|&i| spans.span(i)).collect(), lengths);
            Ok(Batch { input, wanted, tokens })
        }
        (PreparedInputs::Texts(texts), targets) => {
            let (rows, types): (Vec<_>, Vec<_>) = examples.iter().map(|&i| texts.text(i)).unzip();
            let (input, tokens) = texts_of(&rows, &types)?;
            Ok(Batch { input, wanted: wanted(targets, examples)?, tokens })
        }
        (PreparedInputs::Speech(speech), PreparedTargets::Transcripts(told)) => recordings_of(speech, told, examples),
        (PreparedInputs::Speech(_), targets) => {
            Err(Error::WrongTask { expected: "what is said in recordings", found: in_words(targets) })
        }
        (PreparedInputs::Images(images), targets) => {
            let input = collate_images(images, examples, normalize, changes)?;
            Ok(Batch { input, wanted: wanted(targets, examples)?, tokens: 0 })
        }
        (PreparedInputs::Table(table), targets) => {
            let input = rows_of(table, examples)?;
            Ok(Batch { input, wanted: wanted(targets, examples)?, tokens: 0 })
        }
    }
}

/// Texts in rows, several each, with the word that is asked behind each token.
struct Packed {
    /// Lengths of the texts of each row.
    rows: Vec<Vec<usize>>,
    /// Of a row, padding included.
    width: usize,
    ids: Vec<u32>,
    /// `[b, t]`, or [`NONE`].
    words: Vec<u32>,
    /// Where in `ids` each text lies, in the order in which they were given.
    places: Vec<Range<usize>>,
    /// Without padding.
    tokens: u64,
}

impl Packed {
    fn of(texts: &PreparedTexts, asked: &[u8], chosen: &[usize]) -> Self {
        let lengths: Vec<usize> = chosen.iter().map(|&text| texts.text_len(text)).collect();
        let (rows, width) = (packed_rows(&lengths), lengths.iter().copied().max().unwrap_or(0));
        let (mut ids, mut words) = (vec![0; rows.len() * width], vec![NONE; rows.len() * width]);
        let mut places = vec![0..0; chosen.len()];
        for (row, members) in rows.iter().enumerate() {
            let mut at = row * width;
            for &member in members {
                let (tokens, asked) = (texts.text(chosen[member]).0, &asked[texts.range(chosen[member])]);
                ids[at..][..tokens.len()].copy_from_slice(tokens);
                // Each token tells the one behind it, within its text.
                let behind = tokens.iter().zip(asked).skip(1);
                words[at..]
                    .iter_mut()
                    .zip(behind)
                    .filter(|(_, (_, asked))| **asked == 1)
                    .for_each(|(word, (next, _))| *word = *next);
                places[member] = at..at + tokens.len();
                at += tokens.len();
            }
        }
        let rows = rows.into_iter().map(|members| members.into_iter().map(|member| lengths[member]).collect()).collect();
        Packed { rows, width, ids, words, places, tokens: lengths.iter().sum::<usize>() as u64 }
    }

    fn input(&self) -> Result<Input, Error> {
        let token_ids = Tensor::from_vec(self.ids.clone(), (self.rows.len(), self.width), &Device::Cpu)?;
        Ok(Input::Packed { token_ids, texts: Documents::new(&self.rows)? })
    }
}

/// Which texts lie in which row, as few rows as long as the longest text as this takes: the longest texts first, each into the first
/// row that has room.
fn packed_rows(lengths: &[usize]) -> Vec<Vec<usize>> {
    let width = lengths.iter().copied().max().unwrap_or(0);
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&text| (Reverse(lengths[text]), text));
    let mut rows: Vec<(usize, Vec<usize>)> = Vec::new();
    for text in order {
        match rows.iter_mut().find(|(room, _)| *room >= lengths[text]) {
            Some((room, members)) => {
                *room -= lengths[text];
                members.push(text);
            }
            None => rows.push((width - lengths[text], vec![text])),
        }
    }
    rows.into_iter().map(|(_, members)| members).collect()
}

/// What should be said of each example as a whole.
fn wanted(targets: &PreparedTargets, examples: &[usize]) -> Result<Wanted, Error> {
    match targets {
        PreparedTargets::Classes { of, .. } => Ok(Wanted::Classes(examples.iter().map(|&i| of[i]).collect())),
        PreparedTargets::Labels { of, names } => {
            let flags = |&i: &usize| of[i * names.len()..(i + 1) * names.len()].iter().map(|flag| *flag == 1);
            Ok(Wanted::Labels(examples.iter().flat_map(flags).collect(), names.len()))
        }
        PreparedTargets::Values { of } => Ok(Wanted::Values(examples.iter().map(|&i| of[i]).collect())),
        PreparedTargets::Tags(_)
        | PreparedTargets::Spans(_)
        | PreparedTargets::Words { .. }
        | PreparedTargets::Answers { .. }
        | PreparedTargets::Texts { .. }
        | PreparedTargets::Transcripts(_)
        | PreparedTargets::Preferences { .. }
        | PreparedTargets::Similar(_) => Err(Error::WrongTask { expected: in_words(targets), found: "one answer an example" }),
    }
}

/// How many answers are asked of these examples; see [`Wanted::count`].
pub(super) fn count_wanted(data: &Prepared, examples: &[usize], changes: Option<Changes>) -> usize {
    match (data.targets(), data.texts()) {
        (PreparedTargets::Words { hidden: Some(tokens), .. }, Some(texts)) => {
            let asked = |&i: &usize| Masked::of(texts, *tokens, i, changes).wanted.iter().filter(|word| **word != NONE).count();
            examples.iter().map(asked).sum()
        }
        (PreparedTargets::Words { hidden: None, .. }, Some(texts)) => {
            let shift = changes.map_or(0, |changes| changes.shift(texts));
            examples.iter().map(|&i| texts.piece(i, shift).1.len()).sum()
        }
        (PreparedTargets::Answers { asked }, Some(texts)) => {
            let of = |i: usize| asked[texts.range(i)].iter().filter(|asked| **asked == 1).count();
            examples.iter().map(|&i| of(i)).sum()
        }
        (PreparedTargets::Texts { .. }, Some(texts)) => {
            examples.iter().map(|&i| texts.text_len(data.texts_of(i).start + 1)).sum()
        }
        (PreparedTargets::Transcripts(told), _) => examples.iter().map(|&i| told.tokens(i).len()).sum(),
        (PreparedTargets::Tags(tags), _) => {
            let seen = |&i: &usize| tags.text(i).1.iter().filter(|first| **first != NOT_SEEN).count();
            examples.iter().map(seen).sum()
        }
        _ => examples.len(),
    }
}

/// Texts by their numbers, padded to the longest, and how many tokens are real.
pub(super) fn padded_texts(texts: &PreparedTexts, chosen: &[usize]) -> Result<(Input, u64), Error> {
    let (rows, types): (Vec<_>, Vec<_>) = chosen.iter().map(|&text| texts.text(text)).unzip();
    texts_of(&rows, &types)
}

/// `values`, then `none` up to `longest`.
fn padded(values: &[u32], longest: usize, none: u32) -> impl Iterator<Item = u32> {
    values.iter().copied().chain(std::iter::repeat(none)).take(longest)
}

/// `[b, t]`, t the longest of the batch, and how many tokens are real. `types`: of each text, or none at all.
pub(super) fn texts_of(rows: &[&[u32]], types: &[&[u8]]) -> Result<(Input, u64), Error> {
    let lengths: Vec<usize> = rows.iter().map(|row| row.len()).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let ids: Vec<u32> = rows.iter().flat_map(|row| padded(row, longest, 0)).collect();
    let mut type_ids = vec![0u32; ids.len()];
    for (row, types) in types.iter().enumerate() {
        type_ids[row * longest..].iter_mut().zip(*types).for_each(|(to, from)| *to = u32::from(*from));
    }
    let shape = (rows.len(), longest);
    let token_ids = Tensor::from_vec(ids, shape, &Device::Cpu)?;
    let type_ids = Tensor::from_vec(type_ids, shape, &Device::Cpu)?;
    let tokens = lengths.iter().sum::<usize>() as u64;
    Ok((Input::Text { token_ids, type_ids, lengths }, tokens))
}

/// `[b, s]` sources and `[b, t]` of what the decoder is fed with: each target moved one behind, `begin` first; wanted is the target.
fn pairs_of(sources: &[&[u32]], targets: &[&[u32]], begin: u32) -> Result<Batch, Error> {
    let s = sources.iter().map(|row| row.len()).max().unwrap_or(0);
    let source_ids: Vec<u32> = sources.iter().flat_map(|row| padded(row, s, 0)).collect();
    let source_lengths: Vec<usize> = sources.iter().map(|row| row.len()).collect();
    let Fed { target_ids, target_lengths, wanted } = fed(targets, begin)?;
    let tokens = source_lengths.iter().chain(&target_lengths).sum::<usize>() as u64;
    let source_ids = Tensor::from_vec(source_ids, (sources.len(), s), &Device::Cpu)?;
    Ok(Batch { input: Input::TextToText { source_ids, source_lengths, target_ids, target_lengths }, wanted, tokens })
}

/// `[b, m, f]` of what is heard, and what the decoder is fed with as in [`pairs_of`]; tokens are those of the texts.
fn recordings_of(speech: &PreparedSpeech, told: &PreparedTranscripts, examples: &[usize]) -> Result<Batch, Error> {
    let targets: Vec<&[u32]> = examples.iter().map(|&i| told.tokens(i)).collect();
    let Fed { target_ids, target_lengths, wanted } = fed(&targets, told.begin)?;
    let tokens = target_lengths.iter().sum::<usize>() as u64;
    Ok(Batch { input: Input::Speech { features: heard(speech, examples)?, target_ids, target_lengths }, wanted, tokens })
}

/// Recordings as a model hears them, `[b, m, f]`.
pub(super) fn heard(speech: &PreparedSpeech, examples: &[usize]) -> Result<Tensor, Error> {
    let [m, f] = speech.shape();
    let mut features = vec![0f32; examples.len() * m * f];
    features.par_chunks_mut((m * f).max(1)).zip(examples).for_each(|(to, &i)| speech.copy(i, to));
    Ok(Tensor::from_vec(features, (examples.len(), m, f), &Device::Cpu)?)
}

/// What a decoder is fed with, `[b, t]`: each target moved one behind, `begin` first; wanted is the target.
struct Fed {
    target_ids: Tensor,
    target_lengths: Vec<usize>,
    wanted: Wanted,
}

fn fed(targets: &[&[u32]], begin: u32) -> Result<Fed, Error> {
    let t = targets.iter().map(|row| row.len()).max().unwrap_or(0);
    let moved = |row: &&[u32]| [&[begin], &row[..row.len().saturating_sub(1)]].concat();
    let target_ids: Vec<u32> = targets.iter().flat_map(|row| padded(&moved(row), t, 0).collect::<Vec<u32>>()).collect();
    Ok(Fed {
        target_ids: Tensor::from_vec(target_ids, (targets.len(), t), &Device::Cpu)?,
        target_lengths: targets.iter().map(|row| row.len()).collect(),
        wanted: Wanted::Words(targets.iter().flat_map(|row| padded(row, t, NONE)).collect()),
    })
}

/// `[b, n]` numbers and `[b, k]` categories.
fn rows_of(table: &PreparedTable, examples: &[usize]) -> Result<Input, Error> {
    let (mut numbers, mut categories) = (Vec::new(), Vec::new());
    for &i in examples {
        let row = table.row(i);
        numbers.extend_from_slice(row.0);
        categories.extend_from_slice(row.1);
    }
    let [n, k] = table.widths();
    Ok(Input::Table {
        numbers: Tensor::from_vec(numbers, (examples.len(), n), &Device::Cpu)?,
        categories: Tensor::from_vec(categories, (examples.len(), k), &Device::Cpu)?,
    })
}

#[cfg(test)]
mod tests;
