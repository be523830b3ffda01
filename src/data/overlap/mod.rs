//! Whether what a model is scored on was there when it learnt: held-out examples that the training split has too, to the byte or nearly.
//! Inputs are compared, never answers: the same question with another answer was seen all the same.
//!
//! | examples | the same | nearly the same |
//! |---|---|---|
//! | texts | all tokens | Jaccard similarity of their three-token runs of at least 0.8 (as near duplicates are commonly found: 2107.06499) |
//! | pieces of a stream of words | all their thirteen-token runs occur in training, wherever | at least 0.8 of them do (2005.14165, appendix C) |
//! | images | all pixels | difference hashes at most three bits apart, and pixels that correlate by at least 0.99 |
//! | rows of a table, recordings | all numbers | not looked for |
//!
//! Of pairs of texts the first is the input, of conversations all but the answers, of preferences what both answers are to.
//!
//! Memory is bounded: of held-out examples as many as an [`Index`] holds are looked for at once. Near duplicates may be missed among very
//! many examples that share almost everything.

mod index;
mod pictures;
mod texts;

use super::prepared::{Prepared, PreparedInputs, PreparedTargets, PreparedTexts};
use super::{Error, Result};
use index::{ENTRIES, Index};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;

/// How many examples of a held-out split the training split has too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlap {
    pub held_out: usize,
    pub train: usize,
    pub exact: usize,
    /// Besides the exact ones; none where it is not looked for.
    pub near: Option<usize>,
    /// The first of them all, and where it is in the training split; none there for a stream, where it is not in one place.
    pub first: Option<(usize, Option<usize>)>,
    /// Examples of either split whose inputs an earlier one of it has; none where they are not counted: of a stream, and of more
    /// examples than are held at once.
    #[serde(default)]
    pub repeated_in_train: Option<usize>,
    #[serde(default)]
    pub repeated_in_held_out: Option<usize>,
}

/// What became of each held-out example: where in the training split its like is.
#[derive(Clone, Copy, PartialEq)]
enum Found {
    Nowhere,
    Near(Option<usize>),
    Exact(Option<usize>),
}

/// Compares two prepared splits; `told` hears of each example that is done.
///
/// # Errors
/// One cannot be read, or they hold different things.
pub fn overlap(train: &Path, held_out: &Path, told: &mut dyn FnMut(usize)) -> Result<Overlap> {
    let [train, held] = [Prepared::open(train)?, Prepared::open(held_out)?];
    let different = || Error::NotPrepared { path: held_out.into(), what: "it holds other things than the training split".into() };
    if train.modality() != held.modality() {
        return Err(different());
    }
    let (found, near) = match (train.inputs(), held.inputs()) {
        (PreparedInputs::Texts(_), PreparedInputs::Texts(_)) if matches!(held.targets(), PreparedTargets::Words { .. }) => {
            (texts::streams(&train, &held, told), true)
        }
        (PreparedInputs::Texts(_), PreparedInputs::Texts(_)) => {
            let mut found = exact(&train, &held, told);
            texts::near(&train, &held, &mut found, told);
            (found, true)
        }
        (PreparedInputs::Images(images), PreparedInputs::Images(held_images)) => {
            let mut found = exact(&train, &held, told);
            pictures::near([&train, &held], [images, held_images], &mut found, told);
            (found, true)
        }
        (PreparedInputs::Table(_), PreparedInputs::Table(_)) | (PreparedInputs::Speech(_), PreparedInputs::Speech(_)) => {
            (exact(&train, &held, told), false)
        }
        (PreparedInputs::Texts(_) | PreparedInputs::Images(_) | PreparedInputs::Table(_) | PreparedInputs::Speech(_), _) => {
            return Err(different());
        }
    };
    let is_stream = matches!(held.targets(), PreparedTargets::Words { .. });
    let [repeated_in_train, repeated_in_held_out] = [&train, &held].map(|data| if is_stream { None } else { repeated(data) });
    let first = found.iter().enumerate().find_map(|(i, found)| match found {
        Found::Nowhere => None,
        Found::Near(place) | Found::Exact(place) => Some((i, *place)),
    });
    let count = |wanted: fn(&Found) -> bool| found.iter().filter(|found| wanted(found)).count();
    Ok(Overlap {
        held_out: held.len(),
        train: train.len(),
        exact: count(|found| matches!(found, Found::Exact(_))),
        near: near.then(|| count(|found| matches!(found, Found::Near(_)))),
        first,
        repeated_in_train,
        repeated_in_held_out,
    })
}

/// How many examples have the inputs of an earlier one; none where there are too many to say.
fn repeated(data: &Prepared) -> Option<usize> {
    if data.len() > ENTRIES {
        return None;
    }
    let fingerprint = |i: usize| {
        data.give_back_after(i);
        fingerprint(data, i)
    };
    let mut all: Vec<u64> = (0..data.len()).map(fingerprint).collect();
    all.sort_unstable();
    Some(all.len() - all.chunk_by(|a, b| a == b).count())
}

/// Which held-out examples are in the training split to the byte.
fn exact(train: &Prepared, held: &Prepared, told: &mut dyn FnMut(usize)) -> Vec<Found> {
    let mut found = vec![Found::Nowhere; held.len()];
    for start in (0..held.len()).step_by(ENTRIES) {
        let entry = |i: usize| {
            held.give_back_after(i);
            (fingerprint(held, i), i as u32)
        };
        let index = Index::new((start..held.len().min(start + ENTRIES)).map(entry).collect());
        for i in 0..train.len() {
            // Of several places the first is told.
            for example in index.examples(fingerprint(train, i)) {
                if found[example] == Found::Nowhere {
                    found[example] = Found::Exact(Some(i));
                }
            }
            train.give_back_after(i);
            told(i);
        }
    }
    found
}

/// The tokens that a model is given of example `i`, text by text: none of what it is to write.
fn inputs_of<'a>(data: &'a Prepared, texts: &'a PreparedTexts, i: usize) -> Vec<Cow<'a, [u32]>> {
    let each = data.texts_of(i);
    let whole = move |text: usize| Cow::Borrowed(texts.text(text).0);
    match data.targets() {
        PreparedTargets::Texts { .. } => vec![whole(each.start)],
        // An answer may stand between two questions.
        PreparedTargets::Answers { asked } => {
            let tokens = texts.text(each.start).0.iter().zip(&asked[texts.range(each.start)]);
            vec![tokens.filter(|(_, asked)| **asked == 0).map(|(token, _)| *token).collect()]
        }
        // Up to the answer the two are the same.
        PreparedTargets::Preferences { asked } => {
            let before = asked[texts.range(each.start)].iter().take_while(|asked| **asked == 0).count();
            vec![Cow::Borrowed(&texts.text(each.start).0[..before])]
        }
        PreparedTargets::Classes { .. }
        | PreparedTargets::Labels { .. }
        | PreparedTargets::Tags(_)
        | PreparedTargets::Spans(_)
        | PreparedTargets::Values { .. }
        | PreparedTargets::Words { .. }
        | PreparedTargets::Transcripts(_)
        | PreparedTargets::Similar(_) => each.map(whole).collect(),
    }
}

/// Two examples are the same if these are: of a million training and a million held-out examples one pair is by chance with a
/// probability of one in ten million.
fn fingerprint(data: &Prepared, i: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    match data.inputs() {
        PreparedInputs::Texts(texts) => {
            for text in inputs_of(data, texts, i) {
                text.iter().for_each(|token| hasher.write_u32(*token));
                hasher.write_u32(u32::MAX);
            }
        }
        PreparedInputs::Images(images) => {
            images.shape().into_iter().for_each(|side| hasher.write_usize(side));
            hasher.write(images.image(i));
        }
        PreparedInputs::Table(table) => {
            let (numbers, categories) = table.row(i);
            numbers.iter().for_each(|number| hasher.write_u32(number.to_bits()));
            categories.iter().for_each(|category| hasher.write_u32(*category));
        }
        PreparedInputs::Speech(speech) => {
            let [bins, frames] = speech.shape();
            let mut features = vec![0.0; bins * frames];
            speech.copy(i, &mut features);
            features.iter().for_each(|value| hasher.write_u32(value.to_bits()));
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::{Dtype, tensor::TensorView};
    use std::path::PathBuf;

    type Tensors = Vec<(&'static str, Dtype, Vec<usize>, Vec<u8>)>;

    fn write(folder: &Path, name: &str, tensors: Tensors, labels: &str) -> PathBuf {
        let views = tensors
            .iter()
            .map(|(name, dtype, shape, bytes)| (*name, TensorView::new(*dtype, shape.clone(), bytes).expect("a tensor")));
        let metadata = [("labels", labels), ("vocab_size", "1000"), ("begin_token", "0"), ("end_token", "1")]
            .map(|(key, value)| (key.to_string(), value.to_string()));
        let path = folder.join(name);
        safetensors::serialize_to_file(views, Some(metadata.into()), &path).expect("written");
        path
    }

    fn u32s(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// `stream`: pieces of a stream of words, not texts with a class.
    fn texts(texts: &[Vec<u32>], stream: bool) -> Tensors {
        let tokens = texts.concat();
        let ends = texts.iter().scan(0u64, |sum, text| {
            *sum += text.len() as u64;
            Some(*sum)
        });
        let offsets: Vec<u8> = std::iter::once(0).chain(ends).flat_map(u64::to_le_bytes).collect();
        let count = texts.len();
        let targets = match stream {
            true => ("bytes", Dtype::U32, vec![count], u32s(&vec![9; count])),
            false => ("labels", Dtype::U32, vec![count], u32s(&vec![0; count])),
        };
        vec![
            ("offsets", Dtype::U64, vec![count + 1], offsets),
            ("tokens", Dtype::U32, vec![tokens.len()], u32s(&tokens)),
            targets,
            ("type_ids", Dtype::U8, vec![tokens.len()], vec![0; tokens.len()]),
        ]
    }

    fn compare(train: Tensors, held_out: Tensors, labels: &str) -> Overlap {
        let folder = tempfile::tempdir().expect("a folder");
        let [train, held_out] =
            [("train", train), ("held", held_out)].map(|(name, tensors)| write(folder.path(), name, tensors, labels));
        overlap(&train, &held_out, &mut |_| {}).expect("compared")
    }

    const CLASSES: &str = r#"["a","b"]"#;

    /// Twenty tokens that no other number shares.
    fn text(number: u32) -> Vec<u32> {
        (0..20).map(|i| (number * 37 + i * (number + 11)) % 997).collect()
    }

    #[test]
    fn texts_are_found_as_they_are_and_nearly() {
        let train: Vec<Vec<u32>> = (0..50).map(text).collect();
        let (mut longer, mut other_word) = (text(3), text(4));
        longer.push(998);
        other_word[19] = 998;
        let held = [text(100), text(7), longer, other_word, text(101), vec![1, 2]];
        let found = compare(texts(&train, false), texts(&held, false), CLASSES);
        assert_eq!((found.exact, found.near, found.first), (1, Some(2), Some((1, Some(7)))));
        assert_eq!((found.held_out, found.train), (6, 50));
        // In another order it is another text.
        let reversed: Vec<u32> = text(7).into_iter().rev().collect();
        let found = compare(texts(&train, false), texts(&[reversed], false), CLASSES);
        assert_eq!((found.exact, found.near, found.first), (0, Some(0), None));
    }

    /// Texts without classes, and what else a file has of them.
    fn with(each: &[Vec<u32>], more: Tensors) -> Tensors {
        texts(each, false).into_iter().filter(|(name, ..)| *name != "labels").chain(more).collect()
    }

    #[test]
    fn a_source_was_seen_whatever_is_written_from_it() {
        let pairs = |numbers: &[[u32; 2]]| {
            let each: Vec<Vec<u32>> = numbers.iter().flatten().map(|number| text(*number)).collect();
            // Their words, of a letter each.
            let offsets = (0..=each.len() as u64).flat_map(u64::to_le_bytes).collect();
            let words = vec![
                ("pair_offsets", Dtype::U64, vec![each.len() + 1], offsets),
                ("pairs", Dtype::U8, vec![each.len()], vec![b'a'; each.len()]),
            ];
            with(&each, words)
        };
        let found = compare(pairs(&[[1, 10], [2, 11], [3, 12]]), pairs(&[[3, 50], [100, 12]]), "[]");
        assert_eq!((found.exact, found.near, found.first), (1, Some(0), Some((0, Some(2)))));
        assert_eq!((found.held_out, found.train, found.repeated_in_train), (2, 3, Some(0)));
        assert_eq!(compare(pairs(&[[1, 10], [1, 11]]), pairs(&[[2, 12]]), "[]").repeated_in_train, Some(1));
    }

    #[test]
    fn a_question_was_seen_whatever_is_answered() {
        // The last five tokens are the answer.
        let answered = |name: &'static str, each: &[Vec<u32>]| {
            let marks: Vec<u8> =
                each.iter().flat_map(|text| (0..text.len()).map(move |at| u8::from(at + 5 >= text.len()))).collect();
            with(each, vec![(name, Dtype::U8, vec![marks.len()], marks)])
        };
        let another = |number: u32| {
            let mut tokens = text(number);
            tokens[15..].fill(998);
            tokens
        };
        let (train, held) = ([text(3), text(4)], [another(4), text(100)]);
        let found = compare(answered("asked", &train), answered("asked", &held), "[]");
        assert_eq!((found.exact, found.near, found.first), (1, Some(0), Some((0, Some(1)))));
        // Of two answers that are told apart the question is one, and no answer of it.
        let (train, held) = ([text(3), another(3), text(4), another(4)], [another(4), text(4)]);
        let found = compare(answered("preferred", &train), answered("preferred", &held), "[]");
        assert_eq!((found.exact, found.first, found.held_out, found.train), (1, Some((0, Some(1))), 1, 2));
    }

    #[test]
    fn pieces_of_a_stream_are_found_however_training_cuts_it() {
        let stream: Vec<u32> = (0..10).flat_map(text).collect();
        let train: Vec<Vec<u32>> = stream.chunks(16).map(<[u32]>::to_vec).collect();
        let mut nearly = stream[90..150].to_vec();
        nearly[0] = 998;
        let held = [stream[5..65].to_vec(), nearly, (100..103).flat_map(text).collect()];
        let found = compare(texts(&train, true), texts(&held, true), "[]");
        assert_eq!((found.exact, found.near, found.first), (1, Some(1), Some((0, None))));
    }

    #[test]
    fn rows_are_found_by_all_their_numbers() {
        let rows = |numbers: &[[f32; 2]], categories: &[u32]| -> Tensors {
            let bytes = numbers.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
            vec![
                ("categories", Dtype::U32, vec![categories.len(), 1], u32s(categories)),
                ("labels", Dtype::U32, vec![numbers.len()], u32s(&vec![0; numbers.len()])),
                ("numbers", Dtype::F32, vec![numbers.len(), 2], bytes),
            ]
        };
        let found =
            compare(rows(&[[0.0, 1.0], [2.0, 3.0]], &[0, 1]), rows(&[[0.0, 1.0], [0.0, 1.0], [2.0, 3.5]], &[1, 0, 1]), CLASSES);
        assert_eq!((found.exact, found.near, found.first), (1, None, Some((1, Some(0)))));
    }
}
