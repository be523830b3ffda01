//! Prepared splits, read back and checked: what the trainer sees of data.

mod images;
mod similar;
mod spans;
mod speech;
mod table;
mod tags;
mod texts;
mod verbatim;

pub use images::PreparedImages;
pub use similar::PreparedSimilar;
pub use spans::PreparedSpans;
pub use speech::{PreparedSpeech, PreparedTranscripts};
pub use table::PreparedTable;
pub use tags::{NOT_SEEN, PreparedTags};
pub use texts::PreparedTexts;
pub use verbatim::Verbatim;

use super::mapped::{Elements, Pages, TensorFile};
use super::{Error, Result};
use std::ops::Range;
use std::path::Path;
use tallow_zoo::Modality;

/// The tensors of texts that are kept as they stand in the data: of pairs, of recordings.
pub(super) const PAIRS: [&str; 2] = ["pairs", "pair_offsets"];
pub(super) const TRANSCRIPTS: [&str; 2] = ["transcripts", "transcript_offsets"];
/// Those of questions: the texts that they are about, and the right answers; of each question its text, and where its answers begin.
pub(super) const CONTEXTS: [&str; 2] = ["contexts", "context_offsets"];
pub(super) const ANSWERS: [&str; 2] = ["answers", "answer_offsets"];
pub(super) const ASKED_OF: &str = "asked_of";
pub(super) const RIGHT: &str = "right_offsets";

/// A prepared split, its examples where they lie in the file: what a model is fed with, and what it should say of it.
#[derive(Debug)]
pub struct Prepared {
    inputs: PreparedInputs,
    targets: PreparedTargets,
    weights: Option<Elements<f64>>,
    groups: Option<Elements<u32>>,
    pages: Pages,
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
    Classes { of: Elements<u32>, names: Vec<String> },
    /// Of each example, which of the labels it has: as many flags, 0 or 1, example by example; and the names of the labels.
    Labels { of: Elements<u8>, names: Vec<String> },
    /// A tag of each word of each example.
    Tags(PreparedTags),
    /// Where in each window over a text the answer to a question lies.
    Spans(PreparedSpans),
    /// A number of each example, finite.
    Values { of: Elements<f64> },
    /// The texts' own words: the texts are pieces of one stream, end to end, and each token is told from those before it in its piece.
    Words {
        /// Of the text that each piece stands for, in UTF-8.
        bytes: Elements<u32>,
        /// Where words are hidden and told from all others of their piece, by which tokens.
        hidden: Option<HidingTokens>,
    },
    /// The words of an assistant's answers: of each token whether it is told from those before it in its text: 0 where it is not.
    Answers { asked: Elements<u8> },
    /// Text `2i + 1` of example `i`, which is written from text `2i`. `begin`: what a decoder is fed with before its first token; `end`:
    /// what each target ends with; `words`: source and target of each example as they stand in the data.
    Texts { begin: u32, end: u32, words: Verbatim },
    /// What is said in each recording.
    Transcripts(PreparedTranscripts),
    /// As [`PreparedTargets::Answers`]; text `2i` of example `i` is better than text `2i + 1`.
    Preferences { asked: Elements<u8> },
    /// Texts whose vectors are near or far.
    Similar(PreparedSimilar),
}

impl PreparedTargets {
    /// Whether its answers are words, told one by one from those before them or around.
    pub fn are_words(&self) -> bool {
        matches!(
            self,
            PreparedTargets::Words { .. }
                | PreparedTargets::Answers { .. }
                | PreparedTargets::Texts { .. }
                | PreparedTargets::Transcripts(_)
        )
    }
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

impl Prepared {
    /// Reads a file that [`super::prepare`] wrote, and checks it.
    ///
    /// # Errors
    /// It cannot be read; it is no prepared split; offsets, labels or ids are out of range.
    pub fn open(path: &Path) -> Result<Self> {
        parse(&TensorFile::open(path)?).map_err(|what| Error::NotPrepared { path: path.into(), what })
    }

    pub fn inputs(&self) -> &PreparedInputs {
        &self.inputs
    }

    pub fn targets(&self) -> &PreparedTargets {
        &self.targets
    }

    /// How often each example is drawn beside the others, where a column says so: finite numbers of at least 0.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// By whose they are, a number for each example, where a column says so: those of one belong together.
    pub fn groups(&self) -> Option<&[u32]> {
        self.groups.as_deref()
    }

    /// Gives the system back what was read of a large file: for whoever reads on elsewhere. What is borrowed stays valid.
    pub fn give_back(&self) {
        self.pages.give_back();
    }

    /// The same for whoever reads example after example: example `i` was read, and is not read again for long.
    pub fn give_back_after(&self, i: usize) {
        self.pages.give_back_after(i);
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

fn parse(file: &TensorFile) -> Result<Prepared, String> {
    let targets = parse_targets(file)?;
    let inputs = match () {
        () if file.has("images") => PreparedInputs::Images(PreparedImages::parse(file)?),
        () if file.has("features") => PreparedInputs::Speech(PreparedSpeech::parse(file)?),
        () if file.has("numbers") => PreparedInputs::Table(PreparedTable::parse(file)?),
        () => PreparedInputs::Texts(PreparedTexts::parse(file)?),
    };
    let weights = file.has("weights").then(|| finite(file, "weights")).transpose()?;
    let groups = file.has("groups").then(|| file.elements("groups", 1)).transpose()?.map(|(groups, _)| groups);
    let mut prepared = Prepared { inputs, targets, weights, groups, pages: file.pages() };
    if u32::try_from(prepared.len()).is_err() {
        return Err(format!("it has {} examples, and at most {} can be used", prepared.len(), u32::MAX));
    }
    if let Some(weights) = &prepared.weights
        && (weights.len() != prepared.len() || weights.first_where(|weight| weight < 0.0).is_some())
    {
        return Err(format!("it has {} weights for {} examples, or one below 0", weights.len(), prepared.len()));
    }
    if let Some(groups) = prepared.groups.as_ref().filter(|groups| groups.len() != prepared.len()) {
        return Err(format!("it has {} examples, and says of {} whose they are", prepared.len(), groups.len()));
    }
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
        PreparedTargets::Transcripts(told) if told.words.len() != 2 * prepared.len() => {
            Err(format!("it has {} names and texts for {} recordings", told.words.len(), prepared.len()))
        }
        PreparedTargets::Texts { begin, end, words } => check_pairs(&prepared, [*begin, *end], words).map(|()| prepared),
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
fn check_pairs(prepared: &Prepared, tokens: [u32; 2], words: &Verbatim) -> Result<(), String> {
    let Some(texts) = prepared.texts() else { return Err("it has no texts to read and write".into()) };
    if texts.len() != words.len() || texts.len() % 2 == 1 {
        return Err(format!("it has {} texts in tokens and {} in words, of pairs", texts.len(), words.len()));
    }
    match tokens.into_iter().find(|id| *id as usize >= texts.vocab_size()) {
        Some(id) => Err(format!("a target begins or ends with {id}, and the vocabulary has {}", texts.vocab_size())),
        None => Ok(()),
    }
}

/// Every text has a word that is asked for, which is not its first; and each example all its texts.
fn check_asked(prepared: &Prepared, asked: &Elements<u8>) -> Result<(), String> {
    let Some(texts) = prepared.texts() else { return Ok(()) };
    if asked.len() != texts.num_tokens() || !texts.len().is_multiple_of(prepared.texts_each()) {
        return Err(format!("it has {} marks for {} tokens, and {} texts", asked.len(), texts.num_tokens(), texts.len()));
    }
    // Marks are 0 and 1.
    let wrong = |text: &usize| {
        let marks = &asked[texts.range(*text)];
        prepared.give_back_after(*text);
        marks.first() == Some(&1) || !marks.contains(&1)
    };
    if let Some((_, mark)) = asked.first_where(|mark| mark > 1) {
        return Err(format!("a mark is {mark}, which is neither 0 nor 1"));
    }
    match (0..texts.len()).find(wrong) {
        Some(text) => Err(format!("text {text} has no word that is asked for, or its first is")),
        None => Ok(()),
    }
}

fn parse_targets(file: &TensorFile) -> Result<PreparedTargets, String> {
    if let Some(each) = file.told("texts_each") {
        return Ok(PreparedTargets::Similar(PreparedSimilar::parse(file, each)?));
    }
    for pairs in [false, true] {
        let name = if pairs { "preferred" } else { "asked" };
        if file.has(name) {
            let asked = file.elements(name, 1)?.0;
            return Ok(if pairs { PreparedTargets::Preferences { asked } } else { PreparedTargets::Answers { asked } });
        }
    }
    if file.has("transcripts") {
        return Ok(PreparedTargets::Transcripts(PreparedTranscripts::parse(file)?));
    }
    if file.has("pairs") {
        let words = Verbatim::parse(file, PAIRS)?;
        let token = |name: &str| {
            file.told(name).and_then(|id| id.parse::<u32>().ok()).ok_or_else(|| format!("it does not say its `{name}`"))
        };
        return Ok(PreparedTargets::Texts { begin: token("begin_token")?, end: token("end_token")?, words });
    }
    if file.has("bytes") {
        let token = |name: &str| file.told(name).and_then(|id| id.parse::<u32>().ok());
        let with = |mask| HidingTokens { mask, begin: token("begin_token"), end: token("end_token") };
        let bytes = file.elements("bytes", 1)?.0;
        return Ok(PreparedTargets::Words { bytes, hidden: token("mask_token").map(with) });
    }
    if file.has("spans") {
        return Ok(PreparedTargets::Spans(PreparedSpans::parse(file)?));
    }
    if file.has("values") {
        return Ok(PreparedTargets::Values { of: finite(file, "values")? });
    }
    let names: Vec<String> = file.told("labels").and_then(|json| serde_json::from_str(json).ok()).ok_or("it names no classes")?;
    if file.has("tags") {
        return Ok(PreparedTargets::Tags(PreparedTags::parse(file, names)?));
    }
    if file.info("labels").is_some_and(|labels| labels.shape.len() == 2) {
        let (of, shape) = file.elements::<u8>("labels", 2)?;
        if shape[1] != names.len() || of.first_where(|flag| flag > 1).is_some() {
            return Err(format!("its flags of {} labels are not those of {}", shape[1], names.join(", ")));
        }
        return Ok(PreparedTargets::Labels { of, names });
    }
    let of: Elements<u32> = file.elements("labels", 1)?.0;
    match of.first_where(|label| label as usize >= names.len()) {
        Some((_, label)) => Err(format!("a label is {label}, and there are {} classes", names.len())),
        None => Ok(PreparedTargets::Classes { of, names }),
    }
}

/// Numbers, none of which is NaN or infinite.
fn finite(file: &TensorFile, name: &str) -> Result<Elements<f64>, String> {
    let of: Elements<f64> = file.elements(name, 1)?.0;
    match of.first_where(|value| !value.is_finite()) {
        Some((at, value)) => Err(format!("value {at} is {value}")),
        None => Ok(of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tensor_file::{Bytes, Dtype, Tensor, write};

    fn u32_bytes(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
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
                Tensor { name: "offsets", dtype: Dtype::U64, shape: vec![offsets.len()], bytes: Bytes::Held(&offsets_bytes) },
                Tensor { name: "labels", dtype: Dtype::U32, shape: vec![labels.len()], bytes: Bytes::Held(&labels_bytes) },
                Tensor { name: "tokens", dtype: Dtype::U32, shape: vec![tokens.len()], bytes: Bytes::Held(&tokens_bytes) },
                Tensor { name: "type_ids", dtype: Dtype::U8, shape: vec![tokens.len()], bytes: Bytes::Held(&type_ids) },
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
