//! Scores of a model on prepared examples; the monitor and the evaluation share it.

use super::Error;
use super::answering::{self, Window};
use super::collate::{Batch, collate};
use super::objective::{NONE, Wanted};
use super::predict::{first_of_largest, logistic, softmax};
use super::reference::Reference;
use super::scale::Scale;
use super::similarity;
use super::telling::Telling;
use super::writing::Writer;
use crate::data::{NOT_SEEN, Prepared, PreparedTags, PreparedTargets, PreparedTranscripts, Verbatim};
use crate::eval::{ClassSaid, LabelsSaid, Predictions, TagsSaid, TextSaid};
use crate::job::Normalize;
use crate::spec::{Compared, Similarity};
use candle_core::Tensor;
use tallow_kernels::{Tape, Var};
use tallow_zoo::{Model, Output};

/// What the model said, and its loss: the mean cross entropy of all answers, or the mean squared error of numbers.
pub(super) struct Scored {
    pub(super) predictions: Predictions,
    pub(super) loss: f64,
}

impl Scored {
    /// Numbers that the model said on the scale that it learns on, in their own unit.
    #[must_use]
    pub(super) fn in_own_unit(mut self, scale: Option<&Scale>) -> Self {
        if let (Predictions::Values { predicted, actual }, Some(scale)) = (&mut self.predictions, scale) {
            predicted.iter_mut().for_each(|value| *value = scale.own(*value));
            self.loss = mean_square(predicted, actual);
        }
        self
    }
}

/// What is collected over the batches: of each example, with its place among them.
#[derive(Default)]
struct Collected {
    classes: Vec<(usize, (ClassSaid, f64))>,
    labels: Vec<(usize, (LabelsSaid, f64))>,
    tags: Vec<(usize, TagsSaid)>,
    windows: Vec<(usize, Window)>,
    values: Vec<(usize, f64)>,
    /// Summed loss and number of words, of all that words are asked of.
    words: (f64, usize),
    /// Of a pair how much more the better answer gained, and what is lost by that.
    pairs: Vec<(usize, (f64, f64))>,
    texts: Vec<(usize, TextSaid)>,
    /// Hidden words that were told.
    right: usize,
}

/// With what examples are scored.
pub(super) struct How<'a> {
    pub(super) normalize: Option<&'a Normalize>,
    /// For preferences: what they are measured against.
    pub(super) reference: Option<&'a Reference>,
    /// For vectors of texts: what their loss is; none: the usual.
    pub(super) similarity: Option<Similarity>,
    /// Has texts written from others; none: of those nothing but the loss is told.
    pub(super) writer: Option<&'a Writer>,
    /// Examples of a pass.
    pub(super) batch_size: usize,
}

/// Scores `examples` of `data`; texts of about one length go into one batch. `told` hears how many are done.
///
/// # Errors
/// The model cannot take an example, or its scores are not finite.
pub(super) fn score(
    model: &dyn Model,
    data: &Prepared,
    examples: &[usize],
    how: &How,
    told: &mut dyn FnMut(usize),
) -> Result<Scored, Error> {
    if matches!(data.targets(), PreparedTargets::Similar(_)) {
        return similarity::score(model, data, examples, how, told);
    }
    let mut order: Vec<usize> = (0..examples.len()).collect();
    order.sort_by_key(|&place| data.example_len(examples[place]));
    let mut found = Collected::default();
    for (number, places) in order.chunks(how.batch_size.max(1)).enumerate() {
        let done = number * how.batch_size;
        told(done);
        let chosen: Vec<usize> = places.iter().map(|&place| examples[place]).collect();
        data.give_back();
        let batch = collate(data, &chosen, how.normalize, None)?;
        if let PreparedTargets::Texts { words, .. } | PreparedTargets::Transcripts(PreparedTranscripts { words, .. }) =
            data.targets()
        {
            let mut heard = || told(done);
            let writing = Telling::new(model, &mut heard);
            let written = how.writer.map(|writer| writer.write(&writing, data, &chosen)).transpose()?;
            let compared = how.writer.map_or(Compared::Raw, |writer| writer.compared);
            found.add_texts(model, &batch, places, &chosen, words, (written, compared))?;
            continue;
        }
        found.add(model, &batch, places, &chosen, data, how.reference)?;
    }
    found.scored(data, examples)
}

impl Collected {
    fn add(
        &mut self,
        model: &dyn Model,
        batch: &Batch,
        places: &[usize],
        examples: &[usize],
        data: &Prepared,
        reference: Option<&Reference>,
    ) -> Result<(), Error> {
        match &batch.wanted {
            Wanted::Spans(spans, _) => {
                let (PreparedTargets::Spans(told), Some(texts)) = (data.targets(), data.texts()) else { return Ok(()) };
                for ((example, span), scores) in examples.iter().zip(spans).zip(token_rows(model, batch)?) {
                    let characters = told.characters(texts.range(*example));
                    let window = Window::of(&scores, characters).ok_or(Error::NotFinite { example: *example })?;
                    let cost = [0, 1].map(|which| {
                        let all: Vec<f32> = scores[..characters.len()].iter().map(|pair| pair[which]).collect();
                        predict(&all, span[which]).map_or(f64::NAN, |(_, loss)| loss)
                    });
                    self.words = (self.words.0 + (cost[0] + cost[1]) / 2.0, self.words.1 + 1);
                    self.windows.push((*example, window));
                }
            }
            Wanted::Tags(_) => {
                let PreparedTargets::Tags(tags) = data.targets() else { return Ok(()) };
                for ((place, example), scores) in places.iter().zip(examples).zip(token_rows(model, batch)?) {
                    let (said, loss) = tagged(tags, *example, &scores).ok_or(Error::NotFinite { example: *example })?;
                    self.words = (self.words.0 + loss, self.words.1 + said.predicted.iter().flatten().count());
                    self.tags.push((*place, said));
                }
            }
            Wanted::Classes(labels) => {
                for ((place, example), (scores, label)) in places.iter().zip(examples).zip(rows(model, batch)?.iter().zip(labels))
                {
                    let said = predict(scores, *label).ok_or(Error::NotFinite { example: *example })?;
                    self.classes.push((*place, said));
                }
            }
            Wanted::Mixed { .. } => return Err(Error::WrongTask { expected: "classes", found: "mixed classes" }),
            Wanted::Similar(_) => return Err(Error::WrongTask { expected: "an answer to each example", found: "vectors" }),
            Wanted::Labels(flags, labels) => {
                let flags = flags.chunks(*labels);
                for ((place, example), (scores, flags)) in places.iter().zip(examples).zip(rows(model, batch)?.iter().zip(flags))
                {
                    let said = which(scores, flags).ok_or(Error::NotFinite { example: *example })?;
                    self.labels.push((*place, said));
                }
            }
            Wanted::Values(_) => {
                for ((place, example), scores) in places.iter().zip(examples).zip(rows(model, batch)?) {
                    let value = scores.first().copied().filter(|value| value.is_finite());
                    self.values.push((*place, f64::from(value.ok_or(Error::NotFinite { example: *example })?)));
                }
            }
            Wanted::Words(words) if matches!(data.targets(), PreparedTargets::Words { hidden: Some(_), .. }) => {
                // As many words of each example, padding included.
                let longest = (words.len() / examples.len().max(1)).max(1);
                for (place, scores) in hidden_rows(model, batch, words)? {
                    let example = || examples.get(place / longest).copied().unwrap_or_default();
                    let (cost, right) = told(&scores, words[place]).ok_or_else(|| Error::NotFinite { example: example() })?;
                    self.words = (self.words.0 + cost, self.words.1 + 1);
                    self.right += usize::from(right);
                }
            }
            Wanted::Words(_) => {
                let (loss, count) = (loss(model, batch)?, batch.wanted.count());
                if !loss.is_finite() {
                    return Err(Error::NotFinite { example: to_blame(model, data, examples)? });
                }
                self.words = (self.words.0 + loss * count as f64, self.words.1 + count);
            }
            Wanted::Preferences(pairs) => {
                let (tape, reference) = (Tape::inference(), reference.ok_or(Error::NoReference)?);
                let ratios = pairs.ratios(&tape, &model.forward(&tape, &batch.input)?)?;
                for ((place, example), ratio) in places.iter().zip(examples).zip(ratios) {
                    if !ratio.is_finite() {
                        return Err(Error::NotFinite { example: *example });
                    }
                    self.pairs.push((*place, reference.margin(*example, ratio)));
                }
            }
        }
        Ok(())
    }

    /// Of each example what its target costs, and what the model wrote, where it did.
    fn add_texts(
        &mut self,
        model: &dyn Model,
        batch: &Batch,
        places: &[usize],
        examples: &[usize],
        words: &Verbatim,
        (written, compared): (Option<Vec<String>>, Compared),
    ) -> Result<(), Error> {
        let mut written = written.map(Vec::into_iter);
        for ((nats, tokens), (place, &example)) in target_costs(model, batch)?.into_iter().zip(places.iter().zip(examples)) {
            if !nats.is_finite() {
                return Err(Error::NotFinite { example });
            }
            let predicted = written.as_mut().and_then(Iterator::next);
            self.texts.push((*place, TextSaid::new(words.pair(example), predicted.as_deref(), compared, nats, tokens)));
        }
        Ok(())
    }

    /// All of it, in the order of the examples, so that batching does not show.
    fn scored(self, data: &Prepared, examples: &[usize]) -> Result<Scored, Error> {
        Ok(match data.targets() {
            PreparedTargets::Classes { names, .. } => {
                let (each, losses): (Vec<ClassSaid>, Vec<f64>) = in_order(self.classes).into_iter().unzip();
                let loss = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
                Scored { predictions: Predictions::Classes { each, classes: names.len() }, loss }
            }
            PreparedTargets::Spans(spans) => {
                let loss = self.words.0 / self.words.1.max(1) as f64;
                Scored { predictions: Predictions::Answers(answering::answers(spans, &in_file_order(self.windows))), loss }
            }
            PreparedTargets::Tags(tags) => {
                let (each, names) = (in_order(self.tags), tags.names().to_vec());
                let loss = self.words.0 / self.words.1.max(1) as f64;
                Scored { predictions: Predictions::Tags { each, names }, loss }
            }
            PreparedTargets::Labels { names, .. } => {
                let (each, losses): (Vec<LabelsSaid>, Vec<f64>) = in_order(self.labels).into_iter().unzip();
                let loss = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
                Scored { predictions: Predictions::Labels { each, labels: names.len() }, loss }
            }
            PreparedTargets::Values { of } => {
                let (predicted, actual) = (in_order(self.values), examples.iter().map(|&i| of[i]).collect::<Vec<f64>>());
                let loss = mean_square(&predicted, &actual);
                Scored { predictions: Predictions::Values { predicted, actual }, loss }
            }
            PreparedTargets::Words { bytes, .. } => {
                let ((nats, tokens), bytes) = (self.words, examples.iter().map(|&i| u64::from(bytes[i])).sum());
                let loss = nats / tokens.max(1) as f64;
                Scored { predictions: Predictions::Words { tokens, bytes, loss, right: self.right }, loss }
            }
            PreparedTargets::Answers { .. } => {
                let (nats, tokens) = self.words;
                let loss = nats / tokens.max(1) as f64;
                Scored { predictions: Predictions::Words { tokens, bytes: 0, loss, right: 0 }, loss }
            }
            PreparedTargets::Texts { .. } | PreparedTargets::Transcripts(_) => {
                let each = in_order(self.texts);
                let (nats, tokens) = each.iter().fold((0.0, 0), |(nats, n), said| (nats + said.nats, n + said.tokens));
                Scored { predictions: Predictions::Texts(each), loss: nats / tokens.max(1) as f64 }
            }
            PreparedTargets::Preferences { .. } => {
                let (margins, lost): (Vec<f64>, Vec<f64>) = in_order(self.pairs).into_iter().unzip();
                let loss = lost.iter().sum::<f64>() / lost.len().max(1) as f64;
                Scored { predictions: Predictions::Preferences { margins }, loss }
            }
            PreparedTargets::Similar(_) => {
                return Err(Error::WrongTask { expected: "an answer to each example", found: "vectors" });
            }
        })
    }
}

fn in_file_order<T>(mut found: Vec<(usize, T)>) -> Vec<(usize, T)> {
    found.sort_by_key(|(example, _)| *example);
    found
}

fn in_order<T>(mut found: Vec<(usize, T)>) -> Vec<T> {
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, said)| said).collect()
}

fn mean_square(predicted: &[f64], actual: &[f64]) -> f64 {
    predicted.iter().zip(actual).map(|(p, a)| (p - a).powi(2)).sum::<f64>() / actual.len().max(1) as f64
}

/// The scores of each example.
fn rows(model: &dyn Model, batch: &Batch) -> Result<Vec<Vec<f32>>, Error> {
    let tape = Tape::inference();
    Ok(model.forward(&tape, &batch.input)?.scores(&tape)?.tensor().to_vec2::<f32>()?)
}

/// The place of each word of `words` that is asked, and the scores of all words for it. Those alone are computed: there are many words.
pub(super) fn hidden_rows(model: &dyn Model, batch: &Batch, words: &[u32]) -> Result<Vec<(usize, Vec<f32>)>, Error> {
    let tape = Tape::inference();
    let output = model.forward(&tape, &batch.input)?;
    let asked: Vec<u32> = (0u32..).zip(words).filter(|(_, word)| **word != NONE).map(|(place, _)| place).collect();
    let Output::Words { states, vocabulary, bias } = output else {
        return Err(Error::WrongTask { expected: "words", found: "scores" });
    };
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let width = states.tensor().dim(candle_core::D::Minus1)?;
    let index = Tensor::from_slice(&asked, asked.len(), states.tensor().device())?;
    let picked = states.tensor().reshape(((), width))?.index_select(&index, 0)?;
    let scores = Output::Words { states: Var::constant(picked), vocabulary, bias }.scores(&tape)?.tensor().to_vec2::<f32>()?;
    Ok(asked.into_iter().map(|place| place as usize).zip(scores).collect())
}

/// The cross entropy of a word, and whether it has the highest score (the first of equals); none if a score is not finite.
fn told(scores: &[f32], word: u32) -> Option<(f64, bool)> {
    let are_finite = scores.iter().all(|score| score.is_finite());
    are_finite.then(|| (cross_entropy(scores, word), first_of_largest(scores) == word as usize))
}

fn cross_entropy(scores: &[f32], of: u32) -> f64 {
    let most = f64::from(scores[first_of_largest(scores)]);
    let above = |score: f32| f64::from(score) - most;
    scores.iter().map(|score| above(*score).exp()).sum::<f64>().ln() - above(scores[of as usize])
}

/// The scores of each token of each example.
pub(super) fn token_rows(model: &dyn Model, batch: &Batch) -> Result<Vec<Vec<Vec<f32>>>, Error> {
    let tape = Tape::inference();
    Ok(model.forward(&tape, &batch.input)?.scores(&tape)?.tensor().to_vec3::<f32>()?)
}

/// The likeliest tag of each word of text `i` by the scores of its tokens, and the summed cross entropy; none if a score is not finite.
fn tagged(tags: &PreparedTags, i: usize, scores: &[Vec<f32>]) -> Option<(TagsSaid, f64)> {
    let (actual, firsts) = tags.text(i);
    let (mut predicted, mut sum) = (Vec::with_capacity(actual.len()), 0.0);
    for (tag, first) in actual.iter().zip(firsts) {
        if *first == NOT_SEEN {
            predicted.push(None);
            continue;
        }
        let (said, loss) = predict(&scores[*first as usize], *tag)?;
        predicted.push(Some(said.predicted));
        sum += loss;
    }
    Some((TagsSaid::new(actual.to_vec(), predicted, tags.names()), sum))
}

/// Of each example the summed cross entropy of the words that are asked, and how many there are.
fn target_costs(model: &dyn Model, batch: &Batch) -> Result<Vec<(f64, usize)>, Error> {
    let tape = Tape::inference();
    let lost = batch.wanted.lost_by_word(&tape, &model.forward(&tape, &batch.input)?)?;
    let Wanted::Words(words) = &batch.wanted else { return Ok(Vec::new()) };
    let lost = lost.tensor().to_vec2::<f32>()?;
    let longest = lost.first().map_or(1, Vec::len).max(1);
    let cost = |(lost, words): (&Vec<f32>, &[u32])| {
        let asked = lost.iter().zip(words).filter(|(_, word)| **word != NONE);
        asked.fold((0.0, 0), |(nats, count), (lost, _)| (nats + f64::from(*lost), count + 1))
    };
    Ok(lost.iter().zip(words.chunks(longest)).map(cost).collect())
}

fn loss(model: &dyn Model, batch: &Batch) -> Result<f64, Error> {
    let tape = Tape::inference();
    let loss = batch.wanted.loss(&tape, &model.forward(&tape, &batch.input)?)?;
    Ok(f64::from(loss.tensor().to_scalar::<f32>()?))
}

/// The first of some examples whose loss is not finite where it is alone; where that of each is, the first.
fn to_blame(model: &dyn Model, data: &Prepared, examples: &[usize]) -> Result<usize, Error> {
    for &example in examples {
        if !loss(model, &collate(data, &[example], None, None)?)?.is_finite() {
            return Ok(example);
        }
    }
    Ok(examples.first().copied().unwrap_or_default())
}

/// The class with the highest score (the first of equals), and the cross entropy; none if a score is not finite.
fn predict(scores: &[f32], label: u32) -> Option<(ClassSaid, f64)> {
    let (loss, _) = told(scores, label)?;
    Some((ClassSaid { label, predicted: first_of_largest(scores) as u32, probabilities: softmax(scores) }, loss))
}

/// The probability of each label, and the mean cross entropy; none if a score is not finite.
fn which(scores: &[f32], actual: &[bool]) -> Option<(LabelsSaid, f64)> {
    if !scores.iter().all(|score| score.is_finite()) {
        return None;
    }
    // log(1 + e^-x) where it is true, log(1 + e^x) where it is not, so that nothing overflows.
    let cost = |(score, actual): (&f32, &bool)| {
        let x = if *actual { -f64::from(*score) } else { f64::from(*score) };
        x.max(0.0) + (-x.abs()).exp().ln_1p()
    };
    let loss = scores.iter().zip(actual).map(cost).sum::<f64>() / scores.len().max(1) as f64;
    Some((LabelsSaid { actual: actual.to_vec(), probabilities: scores.iter().copied().map(logistic).collect() }, loss))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use tallow_kernels::{Init, Param, Stream, Weights};
    use tallow_zoo::Input;

    /// A loss is told of all texts of a batch together; which of them is to blame shows when each is alone.
    #[test]
    fn the_text_that_has_no_score_is_named() {
        /// What it says of a text with token 9 is no number.
        struct Odd(Param);
        impl Model for Odd {
            fn forward(&self, _: &Tape, input: &Input) -> tallow_zoo::Result<Output> {
                let Input::Text { token_ids, .. } = input else { panic!("expected texts") };
                let ids = token_ids.to_vec2::<u32>().expect("ids");
                let of = |row: &Vec<u32>| vec![if row.contains(&9) { f32::NAN } else { 0.5 }; row.len()];
                let states = Tensor::from_vec(ids.iter().flat_map(of).collect(), (ids.len(), ids[0].len(), 1), &Device::Cpu);
                Ok(Output::Words { states: Var::constant(states.expect("states")), vocabulary: self.0.clone(), bias: None })
            }
        }
        use safetensors::Dtype::{U8, U32, U64};
        let u32s = |values: &[u32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let tensors = [
            ("offsets", U64, vec![4], [0u64, 2, 4, 6].iter().flat_map(|value| value.to_le_bytes()).collect()),
            ("tokens", U32, vec![6], u32s(&[1, 2, 9, 3, 4, 5])),
            ("bytes", U32, vec![3], u32s(&[4, 4, 4])),
            ("type_ids", U8, vec![6], vec![0; 6]),
        ];
        let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
            (*name, safetensors::tensor::TensorView::new(*dtype, shape.clone(), bytes).expect("a tensor"))
        });
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("words.safetensors");
        let metadata = std::collections::HashMap::from([("vocab_size".to_string(), "50".to_string())]);
        std::fs::write(&path, safetensors::serialize(views, Some(metadata)).expect("bytes")).expect("written");
        let data = Prepared::open(&path).expect("prepared");
        let model = Odd(Weights::scratch(Stream::root(0), &Device::Cpu).param("words", &[50, 1], Init::Ones));
        let how = How { normalize: None, reference: None, similarity: None, writer: None, batch_size: 8 };
        let error = score(&model, &data, &[0, 1, 2], &how, &mut |_| {}).err();
        assert!(matches!(error, Some(Error::NotFinite { example: 1 })), "{error:?}");
        assert!(score(&model, &data, &[0, 2], &how, &mut |_| {}).is_ok_and(|scored| scored.loss.is_finite()));
    }

    #[test]
    fn predictions_by_hand() {
        let check = |scores: &[f32], label, predicted, probability: f64, loss: f64| {
            let (p, found) = predict(scores, label).expect("finite");
            assert_eq!((p.label, p.predicted), (label, predicted));
            assert!((p.probability() - probability).abs() < 1e-7 && (found - loss).abs() < 1e-12, "{p:?} {found}");
        };
        check(&[0.0, 0.0], 1, 0, 0.5, 2f64.ln());
        let e = 1f64.exp();
        check(&[1.0, 2.0, 1.0], 0, 1, e / (e + 2.0), (e + 2.0).ln());
        check(&[-1000.0, 1000.0], 0, 1, 1.0, 2000.0);
        assert_eq!(predict(&[0.0, f32::NAN], 0), None);
        assert_eq!(predict(&[f32::INFINITY, 0.0], 0), None);
        let (said, found) = which(&[0.0, 1000.0, -1000.0], &[true, false, false]).expect("finite");
        assert_eq!(said.probabilities, [0.5, 1.0, 0.0]);
        assert!((found - (2f64.ln() + 1000.0) / 3.0).abs() < 1e-9, "{found}");
        assert_eq!(which(&[f32::NAN], &[true]), None);
    }
}
