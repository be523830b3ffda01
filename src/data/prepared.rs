//! Prepared splits, read back and checked: what the trainer sees of data.

use super::{Error, Result, tensor_file};
use safetensors::{Dtype, SafeTensors};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;
use tallow_zoo::Modality;

/// A prepared split, whole in memory: what a model is fed with, and what it should say of it.
#[derive(Debug)]
pub struct Prepared {
    inputs: PreparedInputs,
    targets: PreparedTargets,
}

/// What a model is fed with.
#[derive(Debug)]
pub enum PreparedInputs {
    Texts(PreparedTexts),
    Images(PreparedImages),
    Table(PreparedTable),
    Speech(PreparedSpeech),
}

/// What a model should say.
#[derive(Debug)]
pub enum PreparedTargets {
    /// A class of each example, and the names of the classes in the order of their index.
    Classes { of: Vec<u32>, names: Vec<String> },
    /// Of each example, which of the labels it has: as many flags, example by example; and the names of the labels.
    Labels { of: Vec<bool>, names: Vec<String> },
    /// A tag of each word of each example.
    Tags(PreparedTags),
    /// Where in each window over a text the answer to a question lies.
    Spans(PreparedSpans),
    /// A number of each example, finite.
    Values { of: Vec<f64> },
    /// The texts' own words: the texts are pieces of one stream, end to end, and each token is told from those before it in its piece.
    Words {
        /// Of the text that each piece stands for, in UTF-8.
        bytes: Vec<u32>,
        /// Where words are hidden and told from all others of their piece, by which tokens.
        hidden: Option<HidingTokens>,
    },
    /// The words of an assistant's answers: of each token whether it is told from those before it in its text.
    Answers { asked: Vec<bool> },
    /// Text `2i + 1` of example `i`, which is written from text `2i`. `begin`: what a decoder is fed with before its first token; `end`:
    /// what each target ends with; `words`: source and target of each example as they stand in the data.
    Texts { begin: u32, end: u32, words: Vec<[String; 2]> },
    /// What is said in each recording.
    Transcripts(PreparedTranscripts),
    /// As [`PreparedTargets::Answers`]; text `2i` of example `i` is better than text `2i + 1`.
    Preferences { asked: Vec<bool> },
    /// Texts whose vectors are near or far.
    Similar(PreparedSimilar),
}

/// Tokens that a text with hidden words is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HidingTokens {
    /// Stands for a hidden word.
    pub mask: u32,
    /// Stand before and behind a piece.
    pub begin: Option<u32>,
    pub end: Option<u32>,
}

/// Token ids of all texts, end to end.
#[derive(Debug)]
pub struct PreparedTexts {
    tokens: Vec<u32>,
    type_ids: Vec<u8>,
    /// Where each text begins; one more entry for the end.
    offsets: Vec<u64>,
    vocab_size: usize,
}

/// A word that no token of its text stands for: it was cut off, or is nothing to the tokenizer.
pub const NOT_SEEN: u32 = u32::MAX;

/// Tags of all words, end to end.
#[derive(Debug)]
pub struct PreparedTags {
    of: Vec<u32>,
    /// The place of each word's first token in its text, or [`NOT_SEEN`].
    firsts: Vec<u32>,
    /// Where the words of each text begin; one more entry for the end.
    offsets: Vec<u64>,
    names: Vec<String>,
}

impl PreparedTags {
    /// Of the words of text `i`: their tags, and the places of their first tokens or [`NOT_SEEN`]. Panics where there is none.
    pub fn text(&self, i: usize) -> (&[u32], &[u32]) {
        let range = self.offsets[i] as usize..self.offsets[i + 1] as usize;
        (&self.of[range.clone()], &self.firsts[range])
    }

    /// Names of the tags, in the order of their index.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    fn parse(tensors: &SafeTensors, names: Vec<String>) -> Result<Self, String> {
        let u32s = |name| bytes(tensors, name, Dtype::U32, 1).map(|(bytes, _)| u32s(bytes));
        let (of, firsts) = (u32s("tags")?, u32s("firsts")?);
        let offsets = bytes(tensors, "word_offsets", Dtype::U64, 1)?.0.as_chunks::<8>().0;
        let offsets: Vec<u64> = offsets.iter().map(|b| u64::from_le_bytes(*b)).collect();
        let whole = offsets.first() == Some(&0) && offsets.last() == Some(&(of.len() as u64)) && of.len() == firsts.len();
        if !whole || offsets.windows(2).any(|w| w[0] > w[1]) {
            return Err(format!("the offsets do not cut {} words into texts", of.len()));
        }
        match of.iter().find(|tag| **tag as usize >= names.len()) {
            Some(tag) => Err(format!("a tag is {tag}, and there are {}", names.len())),
            None => Ok(PreparedTags { of, firsts, offsets, names }),
        }
    }

    /// Whether they are those of these texts.
    fn fit(&self, texts: Option<&PreparedTexts>) -> bool {
        let within = |texts: &PreparedTexts| {
            let inside =
                |i: usize| self.text(i).1.iter().all(|first| *first == NOT_SEEN || (*first as usize) < texts.text_len(i));
            self.offsets.len() == texts.len() + 1 && (0..texts.len()).all(inside)
        };
        texts.is_some_and(within)
    }
}

/// Questions about texts, each text in one or more windows.
#[derive(Debug)]
pub struct PreparedSpans {
    /// Of each window.
    questions: Vec<u32>,
    /// Of each window, the first and last token of the answer; twice 0 where it holds none.
    spans: Vec<[u32; 2]>,
    /// Of each token of all windows, the characters of the text that it stands for; [`NOT_SEEN`] for one of something else.
    characters: Vec<[u32; 2]>,
    told: Told,
}

/// The texts, and of each question which text it is about and its right answers.
#[derive(Debug, serde::Deserialize)]
struct Told {
    contexts: Vec<String>,
    questions: Vec<(usize, Vec<String>)>,
}

impl PreparedSpans {
    /// The question that window `i` is of. Panics where there is no such window.
    pub fn question(&self, i: usize) -> usize {
        self.questions[i] as usize
    }

    /// The first and the last token of the answer in window `i`. Panics where there is no such window.
    pub fn span(&self, i: usize) -> [u32; 2] {
        self.spans[i]
    }

    /// What the tokens `range` of all windows stand for.
    pub fn characters(&self, range: Range<usize>) -> &[[u32; 2]] {
        &self.characters[range]
    }

    /// The right answers to a question. Panics where there is no such question.
    pub fn answers(&self, question: usize) -> &[String] {
        &self.told.questions[question].1
    }

    /// These characters of the text that a question is about. Panics where there is no such question.
    pub fn words(&self, question: usize, from: usize, to: usize) -> String {
        let context = &self.told.contexts[self.told.questions[question].0];
        context.chars().skip(from).take(to.saturating_sub(from)).collect()
    }

    /// Whether some questions have no answer.
    pub fn some_unanswered(&self) -> bool {
        self.told.questions.iter().any(|(_, answers)| answers.is_empty())
    }

    fn parse(tensors: &SafeTensors) -> Result<Self, String> {
        let pairs = |name: &str| {
            let all = u32s(bytes(tensors, name, Dtype::U32, 2)?.0);
            Ok::<_, String>(all.as_chunks::<2>().0.to_vec())
        };
        let questions = u32s(bytes(tensors, "questions", Dtype::U32, 1)?.0);
        let told: Told = serde_json::from_slice(bytes(tensors, "told", Dtype::U8, 1)?.0).map_err(|e| e.to_string())?;
        if questions.iter().any(|question| *question as usize >= told.questions.len()) {
            return Err("a window is of a question that is not there".into());
        }
        if told.questions.iter().any(|(context, _)| *context >= told.contexts.len()) {
            return Err("a question is about a text that is not there".into());
        }
        Ok(PreparedSpans { questions, spans: pairs("spans")?, characters: pairs("characters")?, told })
    }

    /// Whether they are those of these windows.
    fn fit(&self, texts: Option<&PreparedTexts>) -> bool {
        texts.is_some_and(|texts| {
            let inside = |(i, span): (usize, &[u32; 2])| span[0] <= span[1] && (span[1] as usize) < texts.text_len(i);
            self.questions.len() == texts.len()
                && self.spans.len() == texts.len()
                && self.characters.len() == texts.num_tokens()
                && self.spans.iter().enumerate().all(inside)
        })
    }
}

/// Of each example several texts: the first, one that is near to it, and any that are far; or two with a score.
#[derive(Debug)]
pub struct PreparedSimilar {
    each: usize,
    scores: Option<Vec<f64>>,
    /// Of each text; those of the same tokens share theirs.
    numbers: Vec<u32>,
}

impl PreparedSimilar {
    /// Texts of an example.
    pub fn each(&self) -> usize {
        self.each
    }

    /// How near the two texts of each example are, in the data's own unit; none where texts belong together.
    pub fn scores(&self) -> Option<&[f64]> {
        self.scores.as_deref()
    }

    /// A number of the text in place `role` of example `i` that texts of the same tokens share. Panics where there is none.
    pub fn number(&self, i: usize, role: usize) -> u32 {
        self.numbers[i * self.each + role]
    }

    fn parse(tensors: &SafeTensors, each: &str) -> Result<Self, String> {
        let each = each.parse().ok().filter(|each| *each >= 2).ok_or_else(|| format!("it has `{each}` texts an example"))?;
        let scores = tensors.tensor("values").is_ok().then(|| finite(tensors, "values")).transpose()?;
        Ok(PreparedSimilar { each, scores, numbers: Vec::new() })
    }

    /// Numbers the texts, which must be whole examples, and two each where there are scores.
    fn fit(&mut self, texts: Option<&PreparedTexts>) -> bool {
        let Some(texts) = texts.filter(|texts| texts.len().is_multiple_of(self.each)) else { return false };
        let mut known: HashMap<&[u32], u32> = HashMap::new();
        let numbers = (0..texts.len()).map(|text| {
            let next = known.len() as u32;
            *known.entry(texts.text(text).0).or_insert(next)
        });
        self.numbers = numbers.collect();
        self.scores.as_ref().is_none_or(|scores| self.each == 2 && scores.len() == texts.len() / 2)
    }
}

/// Pixels of all images, end to end: each `[height, width, channels]`, 0..=255.
#[derive(Debug)]
pub struct PreparedImages {
    file: Vec<u8>,
    pixels: Range<usize>,
    count: usize,
    shape: [usize; 3],
}

/// Log-mel spectrograms of all recordings, end to end, without the silence behind each.
#[derive(Debug)]
pub struct PreparedSpeech {
    values: Vec<f32>,
    /// Frames before each recording; one more entry for the end.
    offsets: Vec<u64>,
    /// What stands in the frames behind each recording.
    silence: Vec<f32>,
    mel_bins: usize,
    /// Of every recording, silence included.
    frames: usize,
}

/// What is said in each recording.
#[derive(Debug)]
pub struct PreparedTranscripts {
    /// With the tokens that every text begins with, and its end.
    texts: PreparedTexts,
    /// What a decoder is fed with before a text's first token, and what each text ends with.
    pub begin: u32,
    pub end: u32,
    /// Tokens that every text begins with.
    pub forced: usize,
    /// Of each example what the recording is called, and its text as it stands in the data.
    pub words: Vec<[String; 2]>,
}

impl PreparedSpeech {
    /// Mel bins and frames of every recording.
    pub fn shape(&self) -> [usize; 2] {
        [self.mel_bins, self.frames]
    }

    /// Writes recording `i`, `[mel bins, frames]`, into as many elements. Panics where there is none.
    pub fn copy(&self, i: usize, to: &mut [f32]) {
        let (start, end) = (self.offsets[i] as usize, self.offsets[i + 1] as usize);
        let own = end - start;
        let values = &self.values[start * self.mel_bins..end * self.mel_bins];
        for (mel, row) in to.chunks_exact_mut(self.frames).enumerate() {
            row[..own].copy_from_slice(&values[mel * own..(mel + 1) * own]);
            row[own..].fill(self.silence[i]);
        }
    }

    fn len(&self) -> usize {
        self.silence.len()
    }

    fn parse(tensors: &SafeTensors, metadata: &BTreeMap<String, String>) -> Result<Self, String> {
        let count = |name: &str| {
            let found = metadata.get(name).and_then(|count| count.parse::<usize>().ok()).filter(|count| *count > 0);
            found.ok_or_else(|| format!("it does not say its `{name}`"))
        };
        let (mel_bins, frames) = (count("mel_bins")?, count("frames")?);
        let [values, silence] = [floats(tensors, "features")?, floats(tensors, "silence")?];
        let offsets: Vec<u64> = u64s(bytes(tensors, "frame_offsets", Dtype::U64, 1)?.0);
        let fits = |w: &[u64]| w[0] <= w[1] && w[1] - w[0] <= frames as u64;
        let whole = offsets.first() == Some(&0)
            && offsets.len() == silence.len() + 1
            && offsets.windows(2).all(fits)
            && offsets.last().is_some_and(|last| (*last as usize).checked_mul(mel_bins) == Some(values.len()));
        match whole {
            true => Ok(PreparedSpeech { values, offsets, silence, mel_bins, frames }),
            false => Err(format!("the offsets do not cut {} numbers into {} recordings", values.len(), silence.len())),
        }
    }
}

impl PreparedTranscripts {
    /// Tokens of the text of recording `i`, those that every text begins with and its end included. Panics where there is none.
    pub fn tokens(&self, i: usize) -> &[u32] {
        self.texts.text(i).0
    }

    /// What a decoder is fed with before the first token that is its own to tell.
    pub fn prompt(&self) -> Vec<u32> {
        let forced = if self.texts.is_empty() { &[] } else { &self.tokens(0)[..self.forced] };
        [&[self.begin], forced].concat()
    }

    /// Every id is below it.
    pub fn vocab_size(&self) -> usize {
        self.texts.vocab_size()
    }

    fn parse(tensors: &SafeTensors, metadata: &BTreeMap<String, String>) -> Result<Self, String> {
        let number = |name: &str| {
            metadata.get(name).and_then(|id| id.parse::<u32>().ok()).ok_or_else(|| format!("it does not say its `{name}`"))
        };
        let texts = parse_texts(tensors, metadata)?;
        let words: Vec<[String; 2]> =
            serde_json::from_slice(bytes(tensors, "transcripts", Dtype::U8, 1)?.0).map_err(|e| e.to_string())?;
        let (begin, end, forced) = (number("begin_token")?, number("end_token")?, number("forced_tokens")? as usize);
        if texts.len() != words.len() {
            return Err(format!("it has {} texts in tokens and {} in words", texts.len(), words.len()));
        }
        if let Some(id) = [begin, end].into_iter().find(|id| *id as usize >= texts.vocab_size()) {
            return Err(format!("a text begins or ends with {id}, and the vocabulary has {}", texts.vocab_size()));
        }
        match (0..texts.len()).find(|i| texts.text_len(*i) <= forced) {
            Some(i) => Err(format!("text {i} has no token behind the {forced} that every text begins with")),
            None => Ok(PreparedTranscripts { texts, begin, end, forced, words }),
        }
    }
}

/// Inputs of all rows of a table, end to end.
#[derive(Debug)]
pub struct PreparedTable {
    numbers: Vec<f32>,
    categories: Vec<u32>,
    count: usize,
    /// Of a row.
    widths: [usize; 2],
}

impl Prepared {
    /// Reads a file that [`super::prepare`] wrote, and checks it.
    ///
    /// # Errors
    /// It cannot be read; it is no prepared split; offsets, labels or ids are out of range.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, metadata) = tensor_file::read(path)?;
        parse(file, &metadata).map_err(|what| Error::NotPrepared { path: path.into(), what })
    }

    pub fn inputs(&self) -> &PreparedInputs {
        &self.inputs
    }

    pub fn targets(&self) -> &PreparedTargets {
        &self.targets
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        match &self.inputs {
            PreparedInputs::Texts(texts) => texts.len() / self.texts_each(),
            PreparedInputs::Images(images) => images.count,
            PreparedInputs::Table(table) => table.count,
            PreparedInputs::Speech(speech) => speech.len(),
        }
    }

    /// What a model that is fed with it takes.
    pub fn modality(&self) -> Modality {
        match &self.inputs {
            PreparedInputs::Texts(_) if matches!(self.targets, PreparedTargets::Texts { .. }) => Modality::TextToText,
            PreparedInputs::Texts(_) => Modality::Text,
            PreparedInputs::Images(_) => Modality::Image,
            PreparedInputs::Table(_) => Modality::Table,
            PreparedInputs::Speech(_) => Modality::Speech,
        }
    }

    /// Texts of an example, where it has texts.
    fn texts_each(&self) -> usize {
        match &self.targets {
            PreparedTargets::Preferences { .. } | PreparedTargets::Texts { .. } => 2,
            PreparedTargets::Similar(similar) => similar.each,
            PreparedTargets::Classes { .. }
            | PreparedTargets::Labels { .. }
            | PreparedTargets::Tags(_)
            | PreparedTargets::Spans(_)
            | PreparedTargets::Values { .. }
            | PreparedTargets::Words { .. }
            | PreparedTargets::Transcripts(_)
            | PreparedTargets::Answers { .. } => 1,
        }
    }

    /// The numbers of the texts of example `i`.
    pub fn texts_of(&self, i: usize) -> Range<usize> {
        let each = self.texts_each();
        i * each..(i + 1) * each
    }

    /// Tokens of example `i`, of a recording those of its text; none where it has no text. Panics where there is no example `i`.
    pub fn example_len(&self, i: usize) -> Option<usize> {
        if let PreparedTargets::Transcripts(told) = &self.targets {
            return Some(told.tokens(i).len());
        }
        let texts = self.texts()?;
        Some(self.texts_of(i).map(|text| texts.text_len(text)).sum())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The texts, if it holds texts.
    pub fn texts(&self) -> Option<&PreparedTexts> {
        match &self.inputs {
            PreparedInputs::Texts(texts) => Some(texts),
            PreparedInputs::Images(_) | PreparedInputs::Table(_) | PreparedInputs::Speech(_) => None,
        }
    }

    /// The images, if it holds images.
    pub fn images(&self) -> Option<&PreparedImages> {
        match &self.inputs {
            PreparedInputs::Images(images) => Some(images),
            PreparedInputs::Texts(_) | PreparedInputs::Table(_) | PreparedInputs::Speech(_) => None,
        }
    }

    /// The recordings, if it holds recordings.
    pub fn speech(&self) -> Option<&PreparedSpeech> {
        match &self.inputs {
            PreparedInputs::Speech(speech) => Some(speech),
            PreparedInputs::Texts(_) | PreparedInputs::Images(_) | PreparedInputs::Table(_) => None,
        }
    }

    /// The rows, if it holds rows of a table.
    pub fn table(&self) -> Option<&PreparedTable> {
        match &self.inputs {
            PreparedInputs::Table(table) => Some(table),
            PreparedInputs::Texts(_) | PreparedInputs::Images(_) | PreparedInputs::Speech(_) => None,
        }
    }
}

impl PreparedTexts {
    /// Token ids and type ids of text `i`, special tokens included, no padding. Panics where there is none.
    pub fn text(&self, i: usize) -> (&[u32], &[u8]) {
        let range = self.offsets[i] as usize..self.offsets[i + 1] as usize;
        (&self.tokens[range.clone()], &self.type_ids[range])
    }

    /// Tokens of text `i`. Panics where there is none.
    pub fn text_len(&self, i: usize) -> usize {
        (self.offsets[i + 1] - self.offsets[i]) as usize
    }

    /// The places of the tokens of text `i` among all. Panics where there is none.
    pub fn range(&self, i: usize) -> Range<usize> {
        self.offsets[i] as usize..self.offsets[i + 1] as usize
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Piece `i` of a stream, moved towards its start by `shift` tokens, and the token behind each of its tokens (none behind the
    /// stream's last). Empty where the stream begins behind its end. Panics where there is no piece `i`.
    pub fn piece(&self, i: usize, shift: usize) -> (&[u32], &[u32]) {
        let at = |offset: u64| (offset as usize).saturating_sub(shift);
        let (start, end) = (at(self.offsets[i]), at(self.offsets[i + 1]));
        (&self.tokens[start..end], &self.tokens[(start + 1).min(self.tokens.len())..(end + 1).min(self.tokens.len())])
    }

    /// Tokens in all.
    pub fn num_tokens(&self) -> usize {
        self.tokens.len()
    }

    /// Every id is below it.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }
}

impl PreparedImages {
    /// Pixels of image `i`, `[height, width, channels]`. Panics where there is none.
    pub fn image(&self, i: usize) -> &[u8] {
        let size = self.shape.iter().product::<usize>();
        &self.file[self.pixels.clone()][i * size..(i + 1) * size]
    }

    /// Height, width, channels.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }
}

impl PreparedTable {
    /// Numbers and categories of row `i`. Panics where there is none.
    pub fn row(&self, i: usize) -> (&[f32], &[u32]) {
        let [numbers, categories] = self.widths;
        (&self.numbers[i * numbers..(i + 1) * numbers], &self.categories[i * categories..(i + 1) * categories])
    }

    /// Numbers and categories of each row.
    pub fn widths(&self) -> [usize; 2] {
        self.widths
    }

    /// The largest number of a category in each column.
    pub fn largest(&self) -> Vec<u32> {
        let [_, width] = self.widths;
        (0..width).map(|column| self.categories.iter().skip(column).step_by(width).copied().max().unwrap_or(0)).collect()
    }
}

fn parse(file: Vec<u8>, metadata: &BTreeMap<String, String>) -> Result<Prepared, String> {
    let tensors = SafeTensors::deserialize(&file).map_err(|e| e.to_string())?;
    let targets = parse_targets(&tensors, metadata)?;
    let pixels = tensors.tensor("images").is_ok().then(|| bytes(&tensors, "images", Dtype::U8, 4)).transpose()?;
    let inputs = match pixels {
        None if tensors.tensor("features").is_ok() => PreparedInputs::Speech(PreparedSpeech::parse(&tensors, metadata)?),
        None if tensors.tensor("numbers").is_ok() => PreparedInputs::Table(parse_table(&tensors)?),
        Some((pixels, shape)) => {
            if shape[1..].contains(&0) {
                return Err(format!("it has images of shape {shape:?}"));
            }
            let start = pixels.as_ptr() as usize - file.as_ptr() as usize;
            let pixels = start..start + pixels.len();
            let (count, shape) = (shape[0], [shape[1], shape[2], shape[3]]);
            PreparedInputs::Images(PreparedImages { file, pixels, count, shape })
        }
        None => PreparedInputs::Texts(parse_texts(&tensors, metadata)?),
    };
    let mut prepared = Prepared { inputs, targets };
    if let (PreparedTargets::Similar(similar), inputs) = (&mut prepared.targets, &prepared.inputs)
        && !similar.fit(if let PreparedInputs::Texts(texts) = inputs { Some(texts) } else { None })
    {
        return Err("its texts are no whole examples, or not those of its scores".into());
    }
    match &prepared.targets {
        PreparedTargets::Spans(spans) if !spans.fit(prepared.texts()) => Err("its answers are not those of its texts".into()),
        PreparedTargets::Tags(tags) if !tags.fit(prepared.texts()) => Err("its tags are not those of its texts".into()),
        PreparedTargets::Labels { of, names } if of.len() != prepared.len() * names.len() => {
            Err(format!("it has {} flags of {} labels for {} examples", of.len(), names.len(), prepared.len()))
        }
        PreparedTargets::Values { of } if of.len() != prepared.len() => {
            Err(format!("it has {} values for {} examples", of.len(), prepared.len()))
        }
        PreparedTargets::Classes { of, .. } if of.len() != prepared.len() => {
            Err(format!("it has {} labels for {} examples", of.len(), prepared.len()))
        }
        PreparedTargets::Words { .. } | PreparedTargets::Answers { .. } | PreparedTargets::Preferences { .. }
            if prepared.texts().is_none() =>
        {
            Err("it has no texts to take words from".into())
        }
        PreparedTargets::Transcripts(told) if told.words.len() != prepared.len() => {
            Err(format!("it has {} texts for {} recordings", told.words.len(), prepared.len()))
        }
        PreparedTargets::Texts { begin, end, words } => check_pairs(&prepared, [*begin, *end], words.len()).map(|()| prepared),
        PreparedTargets::Answers { asked } | PreparedTargets::Preferences { asked } => {
            check_asked(&prepared, asked).map(|()| prepared)
        }
        PreparedTargets::Words { bytes, .. } if bytes.len() != prepared.len() => {
            Err(format!("it has the bytes of {} pieces for {}", bytes.len(), prepared.len()))
        }
        _ => Ok(prepared),
    }
}

/// Each example has its two texts, and what they begin and end with is in the vocabulary.
fn check_pairs(prepared: &Prepared, tokens: [u32; 2], examples: usize) -> Result<(), String> {
    let Some(texts) = prepared.texts() else { return Err("it has no texts to read and write".into()) };
    if texts.len() != 2 * examples {
        return Err(format!("it has {} texts for {examples} pairs", texts.len()));
    }
    match tokens.into_iter().find(|id| *id as usize >= texts.vocab_size()) {
        Some(id) => Err(format!("a target begins or ends with {id}, and the vocabulary has {}", texts.vocab_size())),
        None => Ok(()),
    }
}

/// Every text has a word that is asked for, which is not its first; and each example all its texts.
fn check_asked(prepared: &Prepared, asked: &[bool]) -> Result<(), String> {
    let Some(texts) = prepared.texts() else { return Ok(()) };
    if asked.len() != texts.num_tokens() || !texts.len().is_multiple_of(prepared.texts_each()) {
        return Err(format!("it has {} marks for {} tokens, and {} texts", asked.len(), texts.num_tokens(), texts.len()));
    }
    let wrong = |text: &usize| {
        let marks = &asked[texts.range(*text)];
        marks.first() == Some(&true) || !marks.contains(&true)
    };
    match (0..texts.len()).find(wrong) {
        Some(text) => Err(format!("text {text} has no word that is asked for, or its first is")),
        None => Ok(()),
    }
}

fn parse_targets(tensors: &SafeTensors, metadata: &BTreeMap<String, String>) -> Result<PreparedTargets, String> {
    if let Some(each) = metadata.get("texts_each") {
        return Ok(PreparedTargets::Similar(PreparedSimilar::parse(tensors, each)?));
    }
    for pairs in [false, true] {
        let name = if pairs { "preferred" } else { "asked" };
        if tensors.tensor(name).is_ok() {
            let asked = bytes(tensors, name, Dtype::U8, 1)?.0.iter().map(|mark| *mark != 0).collect();
            return Ok(if pairs { PreparedTargets::Preferences { asked } } else { PreparedTargets::Answers { asked } });
        }
    }
    if tensors.tensor("transcripts").is_ok() {
        return Ok(PreparedTargets::Transcripts(PreparedTranscripts::parse(tensors, metadata)?));
    }
    if tensors.tensor("pairs").is_ok() {
        let words = serde_json::from_slice(bytes(tensors, "pairs", Dtype::U8, 1)?.0).map_err(|e| e.to_string())?;
        let token = |name: &str| {
            metadata.get(name).and_then(|id| id.parse::<u32>().ok()).ok_or_else(|| format!("it does not say its `{name}`"))
        };
        return Ok(PreparedTargets::Texts { begin: token("begin_token")?, end: token("end_token")?, words });
    }
    if tensors.tensor("bytes").is_ok() {
        let token = |name: &str| metadata.get(name).and_then(|id| id.parse::<u32>().ok());
        let with = |mask| HidingTokens { mask, begin: token("begin_token"), end: token("end_token") };
        let bytes = u32s(bytes(tensors, "bytes", Dtype::U32, 1)?.0);
        return Ok(PreparedTargets::Words { bytes, hidden: token("mask_token").map(with) });
    }
    if tensors.tensor("spans").is_ok() {
        return Ok(PreparedTargets::Spans(PreparedSpans::parse(tensors)?));
    }
    if tensors.tensor("values").is_ok() {
        return Ok(PreparedTargets::Values { of: finite(tensors, "values")? });
    }
    let names: Vec<String> =
        metadata.get("labels").and_then(|json| serde_json::from_str(json).ok()).ok_or("it names no classes")?;
    if tensors.tensor("tags").is_ok() {
        return Ok(PreparedTargets::Tags(PreparedTags::parse(tensors, names)?));
    }
    if tensors.tensor("labels").is_ok_and(|tensor| tensor.shape().len() == 2) {
        let (flags, shape) = bytes(tensors, "labels", Dtype::U8, 2)?;
        if shape[1] != names.len() || flags.iter().any(|flag| *flag > 1) {
            return Err(format!("its flags of {} labels are not those of {}", shape[1], names.join(", ")));
        }
        return Ok(PreparedTargets::Labels { of: flags.iter().map(|flag| *flag == 1).collect(), names });
    }
    let of = u32s(bytes(tensors, "labels", Dtype::U32, 1)?.0);
    match of.iter().find(|label| **label as usize >= names.len()) {
        Some(label) => Err(format!("a label is {label}, and there are {} classes", names.len())),
        None => Ok(PreparedTargets::Classes { of, names }),
    }
}

fn parse_table(tensors: &SafeTensors) -> Result<PreparedTable, String> {
    let (numbers, shape) = bytes(tensors, "numbers", Dtype::F32, 2)?;
    let (categories, of_categories) = bytes(tensors, "categories", Dtype::U32, 2)?;
    if shape[0] != of_categories[0] {
        return Err(format!("it has numbers of {} rows and categories of {}", shape[0], of_categories[0]));
    }
    let numbers: Vec<f32> = numbers.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    if let Some(at) = numbers.iter().position(|number| !number.is_finite()) {
        return Err(format!("a number is {}", numbers[at]));
    }
    Ok(PreparedTable { numbers, categories: u32s(categories), count: shape[0], widths: [shape[1], of_categories[1]] })
}

fn parse_texts(tensors: &SafeTensors, metadata: &BTreeMap<String, String>) -> Result<PreparedTexts, String> {
    let tokens = u32s(bytes(tensors, "tokens", Dtype::U32, 1)?.0);
    let type_ids = bytes(tensors, "type_ids", Dtype::U8, 1)?.0.to_vec();
    let offsets = u64s(bytes(tensors, "offsets", Dtype::U64, 1)?.0);
    let vocab_size: usize = metadata.get("vocab_size").and_then(|v| v.parse().ok()).ok_or("it names no vocabulary size")?;
    let whole = offsets.first() == Some(&0) && offsets.last() == Some(&(tokens.len() as u64));
    if !whole || offsets.windows(2).any(|w| w[0] >= w[1]) {
        return Err(format!("the offsets do not cut {} tokens into texts", tokens.len()));
    }
    if type_ids.len() != tokens.len() {
        return Err(format!("it has {} tokens and {} type ids", tokens.len(), type_ids.len()));
    }
    if let Some(id) = tokens.iter().find(|id| **id as usize >= vocab_size) {
        return Err(format!("a token is {id}, and the vocabulary has {vocab_size}"));
    }
    Ok(PreparedTexts { tokens, type_ids, offsets, vocab_size })
}

/// Numbers, none of which is NaN or infinite.
fn finite(tensors: &SafeTensors, name: &str) -> Result<Vec<f64>, String> {
    let values = bytes(tensors, name, Dtype::F64, 1)?.0.as_chunks::<8>().0;
    let of: Vec<f64> = values.iter().map(|b| f64::from_le_bytes(*b)).collect();
    match of.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(format!("value {at} is {}", of[at])),
        None => Ok(of),
    }
}

/// A tensor's bytes and shape, of this type and so many dimensions.
fn bytes<'a>(tensors: &SafeTensors<'a>, name: &str, dtype: Dtype, dims: usize) -> Result<(&'a [u8], Vec<usize>), String> {
    let tensor = tensors.tensor(name).map_err(|_| format!("it has no tensor `{name}`"))?;
    if tensor.dtype() != dtype || tensor.shape().len() != dims {
        return Err(format!(
            "`{name}`: expected {dtype:?} with {dims} dimension(s), found {:?} {:?}",
            tensor.dtype(),
            tensor.shape()
        ));
    }
    Ok((tensor.data(), tensor.shape().to_vec()))
}

fn u64s(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect()
}

/// A list of numbers, none of which is NaN or infinite.
fn floats(tensors: &SafeTensors, name: &str) -> Result<Vec<f32>, String> {
    let values = bytes(tensors, name, Dtype::F32, 1)?.0.as_chunks::<4>().0;
    let of: Vec<f32> = values.iter().map(|b| f32::from_le_bytes(*b)).collect();
    match of.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(format!("number {at} of `{name}` is {}", of[at])),
        None => Ok(of),
    }
}

fn u32s(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tensor_file::{Dtype, Tensor, write};
    use super::*;

    fn u32_bytes(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    #[test]
    fn pieces_of_a_stream_and_what_comes_behind() {
        let texts = PreparedTexts { tokens: (0..8).collect(), type_ids: vec![0; 8], offsets: vec![0, 3, 6, 8], vocab_size: 8 };
        assert_eq!(texts.piece(0, 0), (&[0, 1, 2][..], &[1, 2, 3][..]));
        assert_eq!(texts.piece(2, 0), (&[6, 7][..], &[7][..]), "nothing is behind the last");
        assert_eq!(texts.piece(0, 2), (&[0][..], &[1][..]));
        assert_eq!(texts.piece(2, 2), (&[4, 5][..], &[5, 6][..]));
        assert_eq!(texts.piece(0, 3).0, &[] as &[u32]);
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.safetensors");
        let check = |tokens: &[u32], offsets: &[u64], labels: &[u32], expected: Option<&str>| {
            let metadata = [("labels", "[\"a\",\"b\"]".to_string()), ("vocab_size", "10".into())].into();
            let offsets_bytes: Vec<u8> = offsets.iter().flat_map(|v| v.to_le_bytes()).collect();
            let (tokens_bytes, labels_bytes, type_ids) = (u32_bytes(tokens), u32_bytes(labels), vec![0u8; tokens.len()]);
            let tensors = [
                Tensor { name: "offsets", dtype: Dtype::U64, shape: vec![offsets.len()], bytes: &offsets_bytes },
                Tensor { name: "labels", dtype: Dtype::U32, shape: vec![labels.len()], bytes: &labels_bytes },
                Tensor { name: "tokens", dtype: Dtype::U32, shape: vec![tokens.len()], bytes: &tokens_bytes },
                Tensor { name: "type_ids", dtype: Dtype::U8, shape: vec![tokens.len()], bytes: &type_ids },
            ];
            write(&path, &metadata, &tensors).expect("written");
            match (Prepared::open(&path), expected) {
                (Ok(prepared), None) => {
                    let PreparedTargets::Classes { of, .. } = prepared.targets() else { panic!("expected classes") };
                    assert_eq!((prepared.len(), of[1]), (2, 0));
                    assert_eq!(prepared.texts().expect("texts").text(1), (&[2u32, 3][..], &[0u8, 0][..]));
                }
                (Err(error), Some(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, expected) => panic!("expected {expected:?}, found {found:?}"),
            }
        };
        check(&[1, 2, 3], &[0, 1, 3], &[1, 0], None);
        check(&[1, 2, 3], &[0, 1, 3], &[1, 2], Some("a label is 2, and there are 2 classes"));
        check(&[1, 2, 10], &[0, 1, 3], &[1, 0], Some("a token is 10, and the vocabulary has 10"));
        check(&[1, 2, 3], &[0, 1, 4], &[1, 0], Some("offsets"));
        check(&[1, 2, 3], &[0, 3, 1], &[1, 0], Some("offsets"));
        check(&[1, 2, 3], &[0, 3], &[1, 0], Some("2 labels for 1 examples"));
    }
}
