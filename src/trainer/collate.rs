//! Examples -> one batch as a model takes it. Shapes: b examples, t tokens, c channels, h height, w width.

use super::Error;
use super::augment::{Mix, Picture, change};
use super::masking::Masked;
use super::objective::{NONE, Pairs, Wanted};
use super::streams::Streams;
use crate::data::{
    NOT_SEEN, Prepared, PreparedImages, PreparedInputs, PreparedSpeech, PreparedTable, PreparedTargets, PreparedTexts,
    PreparedTranscripts,
};
use crate::job::Normalize;
use crate::spec::{Augment, Preference, Task};
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::ops::Range;
use std::path::Path;
use tallow_kernels::Documents;
use tallow_zoo::{Head, Input, Modality, ModelConfig};

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

/// Reads a prepared file for a model and a task.
///
/// # Errors
/// It cannot be read; data, model and task are not for each other: all that can be known before the first batch.
pub(super) fn open(path: &Path, task: Task, model: &ModelConfig, normalize: Option<&Normalize>) -> Result<Prepared, Error> {
    let data = Prepared::open(path)?;
    let wrong = |what, expected: String, found: String| Err(Error::WrongData { path: path.into(), what, expected, found });
    if model.takes() != task.takes() {
        return Err(Error::WrongTask { expected: words(task.takes()), found: words(model.takes()) });
    }
    if model.takes() != data.modality() {
        return wrong("what it holds", words(model.takes()).into(), words(data.modality()).into());
    }
    if data.is_empty() {
        return wrong("examples", "at least one".into(), "none".into());
    }
    match (data.targets(), model.head()) {
        (PreparedTargets::Tags(tags), Head::Tags(labels)) if tags.names().len() != labels.len() => {
            let found = format!("{}: {}", tags.names().len(), tags.names().join(", "));
            return wrong("tags", format!("{}, as the model has", labels.len()), found);
        }
        (PreparedTargets::Classes { names, .. }, Head::Classes(labels))
        | (PreparedTargets::Labels { names, .. }, Head::Labels(labels))
            if names.len() != labels.len() =>
        {
            let found = format!("{}: {}", names.len(), names.join(", "));
            return wrong("classes", format!("{}, as the model has", labels.len()), found);
        }
        (PreparedTargets::Classes { .. }, Head::Classes(_))
        | (PreparedTargets::Labels { .. }, Head::Labels(_))
        | (PreparedTargets::Tags(_), Head::Tags(_))
        | (PreparedTargets::Spans(_), Head::Span)
        | (PreparedTargets::Values { .. }, Head::Value)
        | (PreparedTargets::Similar(_), Head::Vector(_)) => {}
        (targets, Head::Words) if asks(task, targets) => {}
        (targets, head) => {
            let expected = format!("{} for {}", head.kind().name(), task.in_words());
            return wrong("what should be said", expected, in_words(targets).into());
        }
    }
    let channels = data.images().map(|images| images.shape()[2]);
    if let Some((expected, found)) = channels.zip(normalize).and_then(|(channels, normalize)| normalize_fits(normalize, channels))
    {
        return wrong("normalisation", expected, found);
    }
    if let (Some(speech), Some(limits)) = (data.speech(), model.speech_limits())
        && speech.shape() != [limits.mel_bins, limits.frames]
    {
        let [mel_bins, frames] = speech.shape();
        let expected = format!("{} mel bins and {} frames, as the model has", limits.mel_bins, limits.frames);
        return wrong("recordings", expected, format!("{mel_bins} mel bins and {frames} frames"));
    }
    if let (Some(table), Some((numbers, cardinalities))) = (data.table(), model.table_limits()) {
        let fits = table.largest().iter().zip(&cardinalities).all(|(largest, cardinality)| (*largest as usize) < *cardinality);
        if table.widths() != [numbers, cardinalities.len()] || !fits {
            let expected = format!("{numbers} numbers and categories of {cardinalities:?} values a row, as the model has");
            return wrong(
                "columns",
                expected,
                format!("{} numbers and categories up to {:?}", table.widths()[0], table.largest()),
            );
        }
    }
    Ok(data)
}

/// What a normalisation should be, and what it is, where it does not suit images of so many channels.
pub(super) fn normalize_fits(Normalize { mean, std }: &Normalize, channels: usize) -> Option<(String, String)> {
    let usable = mean.iter().all(|m| m.is_finite()) && std.iter().all(|s| s.is_finite() && *s > 0.0);
    (mean.len() != channels || std.len() != channels || !usable).then(|| {
        let expected = format!("{channels} means and as many deviations above 0, one a channel");
        (expected, format!("means {mean:?}, deviations {std:?}"))
    })
}

/// Whether these are the words that a task asks for.
fn asks(task: Task, targets: &PreparedTargets) -> bool {
    match targets {
        PreparedTargets::Classes { .. }
        | PreparedTargets::Labels { .. }
        | PreparedTargets::Tags(_)
        | PreparedTargets::Spans(_)
        | PreparedTargets::Values { .. } => false,
        PreparedTargets::Words { .. } => task.is_of_streams(),
        PreparedTargets::Answers { .. } => task == Task::InstructionTuning,
        PreparedTargets::Preferences { .. } => task == Task::PreferenceOptimization,
        PreparedTargets::Texts { .. } => task == Task::TextToText,
        PreparedTargets::Transcripts(_) => task == Task::SpeechRecognition,
        PreparedTargets::Similar(_) => false,
    }
}

fn in_words(targets: &PreparedTargets) -> &'static str {
    match targets {
        PreparedTargets::Classes { .. } => "classes",
        PreparedTargets::Labels { .. } => "labels",
        PreparedTargets::Tags(_) => "tags",
        PreparedTargets::Spans(_) => "spans",
        PreparedTargets::Values { .. } => "values",
        PreparedTargets::Words { .. } => "the words of a text",
        PreparedTargets::Answers { .. } => "the words of answers",
        PreparedTargets::Preferences { .. } => "pairs of answers",
        PreparedTargets::Texts { .. } => "texts written from others",
        PreparedTargets::Transcripts(_) => "what is said in recordings",
        PreparedTargets::Similar(_) => "texts whose vectors are compared",
    }
}

/// What a model is fed with, in words.
fn words(modality: Modality) -> &'static str {
    match modality {
        Modality::Text => "texts",
        Modality::Image => "images",
        Modality::Table => "rows of a table",
        Modality::TextToText => "pairs of texts",
        Modality::Speech => "recordings",
    }
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

/// Each channel's value of each byte.
fn scales(channels: usize, normalize: Option<&Normalize>) -> Vec<[f32; 256]> {
    let of = |c: usize| {
        let (mean, std) = normalize.map_or((0.0, 1.0), |n| (n.mean[c], n.std[c]));
        std::array::from_fn(|byte| (byte as f32 / 255.0 - mean) / std)
    };
    (0..channels).map(of).collect()
}

/// Bytes `[h, w, c]` -> values `[c, h, w]`.
fn scaled(bytes: &[u8], tables: &[[f32; 256]], out: &mut [f32]) {
    let channels = tables.len();
    let size = out.len() / channels.max(1);
    for ((channel, out), table) in out.chunks_exact_mut(size).enumerate().zip(tables) {
        out.iter_mut().zip(bytes.iter().skip(channel).step_by(channels)).for_each(|(out, byte)| *out = table[usize::from(*byte)]);
    }
}

/// `[b, c, h, w]` of images `[h, w, c]` as they are, scaled to 0..1 and normalised; `normalize` has the images' channels.
pub(super) fn images_of(images: &[&[u8]], shape: [usize; 3], normalize: Option<&Normalize>) -> Result<Input, Error> {
    let [height, width, channels] = shape;
    let (tables, each) = (scales(channels, normalize), height * width * channels);
    let mut pixels = vec![0f32; images.len() * each];
    pixels.par_chunks_mut(each.max(1)).zip(images).for_each(|(out, bytes)| scaled(bytes, &tables, out));
    Ok(Input::Image { pixels: Tensor::from_vec(pixels, (images.len(), channels, height, width), &Device::Cpu)? })
}

/// `[b, c, h, w]`, scaled to 0..1 and normalised. `normalize` has the images' channels: [`open`] saw to it.
fn collate_images(
    images: &PreparedImages,
    examples: &[usize],
    normalize: Option<&Normalize>,
    changes: Option<Changes>,
) -> Result<Input, Error> {
    let [height, width, channels] = images.shape();
    let tables = scales(channels, normalize);
    let size = height * width;
    let mut pixels = vec![0f32; examples.len() * channels * size];
    pixels.par_chunks_mut(channels * size).zip(examples).for_each(|(out, &i)| {
        let changed = changes.filter(|changes| !changes.augment.is_empty()).map(|changes| {
            let picture = Picture { pixels: images.image(i).to_vec(), height, width, channels };
            change(picture, changes.augment, changes.streams.augmentation(changes.epoch, i))
        });
        let bytes = changed.as_ref().map_or(images.image(i), |(picture, _)| &picture.pixels);
        scaled(bytes, &tables, out);
        if let Some((_, Some(erased))) = changed {
            erased.rows(height, width, out.len()).for_each(|row| out[row].fill(0.0));
        }
    });
    Ok(Input::Image { pixels: Tensor::from_vec(pixels, (examples.len(), channels, height, width), &Device::Cpu)? })
}

/// Examples that are mixed with `others`, as many; only images of classes can be.
///
/// # Errors
/// They are something else.
pub(super) fn collate_mixed(
    data: &Prepared,
    examples: &[usize],
    others: &[usize],
    normalize: Option<&Normalize>,
    changes: Changes,
    mix: Mix,
) -> Result<Batch, Error> {
    let [own, other] = [examples, others].map(|part| collate(data, part, normalize, Some(changes)));
    match (own?, other?, data.images()) {
        (
            Batch { input: Input::Image { pixels }, wanted: Wanted::Classes(own), .. },
            Batch { input: Input::Image { pixels: theirs }, wanted: Wanted::Classes(other), .. },
            Some(images),
        ) => {
            let (shape, dims) = (images.shape(), pixels.dims().to_vec());
            let size = shape.iter().product::<usize>().max(1);
            let [mut pixels, theirs] = [pixels.flatten_all()?.to_vec1::<f32>()?, theirs.flatten_all()?.to_vec1::<f32>()?];
            let pairs = pixels.par_chunks_mut(size).zip(theirs.par_chunks(size));
            pairs.for_each(|(own, other)| mix.apply(own, other, shape));
            let pixels = Tensor::from_vec(pixels, dims, &Device::Cpu)?;
            let wanted = Wanted::Mixed { own, other, share: mix.share(shape) };
            Ok(Batch { input: Input::Image { pixels }, wanted, tokens: 0 })
        }
        _ => Err(Error::WrongTask { expected: "images of classes, which can be mixed", found: "something else" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// Two 2 x 3 images of two channels, or three texts, as a prepared file.
    fn prepared(tensors: &[(&str, safetensors::Dtype, Vec<usize>, Vec<u8>)]) -> Prepared {
        prepared_with(tensors, &[("labels", "[\"a\",\"b\"]"), ("vocab_size", "50")])
    }

    fn prepared_with(tensors: &[(&str, safetensors::Dtype, Vec<usize>, Vec<u8>)], metadata: &[(&str, &str)]) -> Prepared {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.safetensors");
        let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
            (*name, safetensors::tensor::TensorView::new(*dtype, shape.clone(), bytes).expect("a tensor"))
        });
        let metadata: HashMap<String, String> =
            metadata.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        std::fs::write(&path, safetensors::serialize(views, Some(metadata)).expect("bytes")).expect("written");
        Prepared::open(&path).expect("prepared")
    }

    fn u32s(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    fn images() -> Prepared {
        use safetensors::Dtype::{U8, U32};
        let pixels: Vec<u8> = (0..2 * 2 * 3 * 2).map(|i| i * 10).collect();
        prepared(&[("images", U8, vec![2, 2, 3, 2], pixels), ("labels", U32, vec![2], u32s(&[1, 0]))])
    }

    fn pixels(batch: &Batch) -> Vec<f32> {
        match &batch.input {
            Input::Image { pixels } => pixels.flatten_all().and_then(|t| t.to_vec1()).expect("values"),
            Input::Text { .. } | Input::Packed { .. } | Input::Table { .. } | Input::TextToText { .. } | Input::Speech { .. } => {
                panic!("expected images")
            }
        }
    }

    #[test]
    fn texts_are_padded_to_the_longest() {
        use safetensors::Dtype::{U8, U32, U64};
        let offsets: Vec<u8> = [0u64, 1, 4, 6].iter().flat_map(|v| v.to_le_bytes()).collect();
        let data = prepared(&[
            ("offsets", U64, vec![4], offsets),
            ("tokens", U32, vec![6], u32s(&[9, 1, 2, 3, 4, 5])),
            ("labels", U32, vec![3], u32s(&[0, 1, 1])),
            ("type_ids", U8, vec![6], vec![0, 0, 1, 1, 0, 1]),
        ]);
        let batch = collate(&data, &[2, 0], None, None).expect("a batch");
        let Input::Text { token_ids, type_ids, lengths } = &batch.input else { panic!("expected texts") };
        assert_eq!(token_ids.to_vec2::<u32>().expect("values"), [[4, 5], [9, 0]]);
        assert_eq!(type_ids.to_vec2::<u32>().expect("values"), [[0, 1], [0, 0]]);
        assert_eq!((lengths.as_slice(), &batch.wanted, batch.tokens), (&[2, 1][..], &Wanted::Classes(vec![1, 0]), 3));
    }

    #[test]
    fn what_is_written_is_told_from_what_is_before_it() {
        use safetensors::Dtype::{U8, U32, U64};
        let offsets: Vec<u8> = [0u64, 2, 5, 6, 8].iter().flat_map(|v| v.to_le_bytes()).collect();
        let begins: Vec<u8> = [0u64, 1, 2, 3, 4].iter().flat_map(|v| v.to_le_bytes()).collect();
        let data = prepared_with(
            &[
                ("offsets", U64, vec![5], offsets),
                ("tokens", U32, vec![8], u32s(&[9, 8, 5, 6, 1, 7, 4, 1])),
                ("type_ids", U8, vec![8], vec![0; 8]),
                ("pair_offsets", U64, vec![5], begins),
                ("pairs", U8, vec![4], b"abcd".to_vec()),
            ],
            &[("begin_token", "3"), ("end_token", "1"), ("vocab_size", "50")],
        );
        let batch = collate(&data, &[1, 0], None, None).expect("a batch");
        let Input::TextToText { source_ids, source_lengths, target_ids, target_lengths } = &batch.input else {
            panic!("expected pairs")
        };
        let ids = |t: &Tensor| t.to_vec2::<u32>().expect("values");
        assert_eq!((ids(source_ids), source_lengths.as_slice()), (vec![vec![7, 0], vec![9, 8]], &[1, 2][..]));
        assert_eq!((ids(target_ids), target_lengths.as_slice()), (vec![vec![3, 4, 0], vec![3, 5, 6]], &[2, 3][..]));
        assert_eq!((&batch.wanted, batch.tokens), (&Wanted::Words(vec![4, 1, NONE, 5, 6, 1]), 8));
        assert_eq!((count_wanted(&data, &[0, 1], None), batch.wanted.count(), data.example_len(0)), (5, 5, Some(5)));
    }

    #[test]
    fn images_are_scaled_normalised_and_channels_come_first() {
        let normalize = Normalize { mean: vec![0.5, 0.0], std: vec![0.25, 2.0] };
        let batch = collate(&images(), &[1], Some(&normalize), None).expect("a batch");
        let expected: Vec<f32> = [120, 140, 160, 180, 200, 220]
            .iter()
            .map(|v| (*v as f32 / 255.0 - 0.5) / 0.25)
            .chain([130, 150, 170, 190, 210, 230].iter().map(|v| *v as f32 / 255.0 / 2.0))
            .collect();
        assert_eq!(pixels(&batch), expected);
        assert_eq!((batch.wanted, batch.tokens), (Wanted::Classes(vec![0]), 0));
    }

    #[test]
    fn changes_crop_and_mirror_and_are_drawn_by_epoch_and_example() {
        let data = images();
        let draw = |augment: &[Augment], seed, epoch| {
            let changes = Changes { augment, streams: Streams::of(seed), epoch };
            pixels(&collate(&data, &[0], None, Some(changes)).expect("a batch"))
        };
        let scaled = |bytes: [u8; 12]| bytes.map(|byte| f32::from(byte) / 255.0).to_vec();
        let plain = scaled([0, 20, 40, 60, 80, 100, 10, 30, 50, 70, 90, 110]);
        let mirrored = scaled([40, 20, 0, 100, 80, 60, 50, 30, 10, 110, 90, 70]);
        let flips: Vec<_> = (0..40).map(|epoch| draw(&[Augment::HorizontalFlip], 0, epoch)).collect();
        assert!(flips.iter().all(|image| *image == plain || *image == mirrored));
        assert!(flips.contains(&plain) && flips.contains(&mirrored));
        // One down and one right of the padded image's middle.
        let moved = scaled([80, 100, 0, 0, 0, 0, 90, 110, 0, 0, 0, 0]);
        let crop = [Augment::PadCrop { padding: 1 }];
        let crops: Vec<_> = (0..80).map(|epoch| draw(&crop, 0, epoch)).collect();
        assert!(crops.contains(&plain) && crops.contains(&moved));
        let mut distinct: Vec<Vec<u32>> = crops.iter().map(|c| c.iter().map(|v| v.to_bits()).collect()).collect();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 9, "three rows by three columns");
        assert_eq!(draw(&crop, 3, 5), draw(&crop, 3, 5));
    }
}
