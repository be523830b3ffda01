//! A model that is put to use: what it says of inputs whose answers nobody knows.
//!
//! Inputs come some at a time and go as they came, so memory does not grow with their number. Those of about one length go into one
//! pass; lines are written in the order of the inputs, so batching does not show.

use super::Error;
use super::answering::{Spread, Window};
use super::collate::{images_of, normalize_fits, texts_of};
use super::weights::{self, Source};
use crate::data::NOT_SEEN;
use crate::data::inputs::{self, Encoder, Fed, Read, Tokens};
use crate::job::{Entity, Event, PredictJob, Pulse, Said, TaggedWord, Word};
use crate::store::WorkFolder;
use candle_core::{Device, Tensor};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Instant;
use tallow_kernels::{Stream, Tape, Var};
use tallow_zoo::{Head, Input, Model, Output};

/// The likeliest words that are told where one is hidden.
const HIDDEN: usize = 5;

/// Writes `predictions.jsonl` into the job's `out`: [`Said::line`], a line an input.
///
/// # Errors
/// Weights, tokenizer or files cannot be used, or do not fit each other; what the model says is not finite; none of the inputs can be
/// read: the first one's error.
pub fn predict(job: &PredictJob, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    tallow_kernels::set_threads(job.threads)?;
    let begun = Instant::now();
    // The one reads, the other computes: at once they take the time of the longer.
    let (encoder, built) = std::thread::scope(|scope| {
        let encoder = scope.spawn(|| Encoder::open(&job.feeding));
        let built = weights::build(&job.model, None, Source::Trained { files: &job.weights }, Stream::root(0), &[]);
        (encoder.join(), built)
    });
    let encoder = encoder.map_err(|_| Error::NoThread("the tokenizer's reader gave up".into()))??;
    let asked = Asked { job, model: &*built?.model.clone(), encoder: &encoder };
    let path = WorkFolder::at(&job.out).predictions();
    let io = |source| Error::Io { action: "write", path: path.clone(), source };
    let mut out = BufWriter::new(File::create(&path).map_err(io)?);
    let (mut count, mut failed, mut cut, mut first) = (0usize, 0usize, 0usize, None);
    let mut pulse = Pulse::new(emit);
    inputs::each_chunk(&job.given, &job.feeding, &encoder, |chunk| -> Result<(), Error> {
        let (fed, said) = parted(chunk, &mut failed, &mut first);
        let is_cut = |(place, input): &(usize, Fed)| tokens(input).filter(|tokens| tokens.cut).map(|_| *place);
        let long: BTreeSet<usize> = fed.iter().filter_map(is_cut).collect();
        cut += long.len();
        for (place, said) in asked.all(&fed, said)?.iter().enumerate() {
            writeln!(out, "{}", said.line(count as u64, long.contains(&place))).map_err(io)?;
            count += 1;
        }
        pulse.beat(count);
        Ok(())
    })?;
    out.flush().map_err(io)?;
    match first.filter(|_| failed == count) {
        Some(error) => Err(error.into()),
        None => {
            emit(Event::Predicted { examples: count, failed, cut, secs: begun.elapsed().as_secs_f64() });
            Ok(())
        }
    }
}

/// Inputs that can be read with their places, and what is told of the others.
fn parted(
    chunk: Vec<Read>,
    failed: &mut usize,
    first: &mut Option<crate::data::Error>,
) -> (Vec<(usize, Fed)>, Vec<Option<Said>>) {
    let (mut fed, mut said) = (Vec::new(), Vec::with_capacity(chunk.len()));
    for (place, input) in chunk.into_iter().enumerate() {
        match input {
            Ok(input) => {
                fed.push((place, input));
                said.push(None);
            }
            Err(error) => {
                *failed += 1;
                said.push(Some(Said::Failed { error: error.to_string() }));
                first.get_or_insert(error);
            }
        }
    }
    (fed, said)
}

struct Asked<'a> {
    job: &'a PredictJob,
    model: &'a dyn Model,
    encoder: &'a Encoder,
}

impl Asked<'_> {
    /// What is said of each input; `said` holds what is known already.
    fn all(&self, fed: &[(usize, Fed)], mut said: Vec<Option<Said>>) -> Result<Vec<Said>, Error> {
        let mut order: Vec<&(usize, Fed)> = fed.iter().collect();
        order.sort_by_key(|(place, fed)| (kind_and_size(fed), *place));
        // Images of one shape alone go into one pass.
        for same in order.chunk_by(|(_, a), (_, b)| shape(a) == shape(b)) {
            for some in same.chunks(self.job.batch_size.max(1)) {
                let inputs: Vec<&Fed> = some.iter().map(|(_, fed)| fed).collect();
                for ((place, _), answer) in some.iter().zip(self.some(&inputs)?) {
                    said[*place] = Some(answer);
                }
            }
        }
        Ok(said.into_iter().flatten().collect())
    }

    fn some(&self, inputs: &[&Fed]) -> Result<Vec<Said>, Error> {
        if let Some(Fed::Question { .. }) = inputs.first() {
            return inputs.iter().map(|input| self.answer(input)).collect();
        }
        let tape = Tape::inference();
        let output = self.model.forward(&tape, &self.input(inputs)?)?;
        let head = self.job.model.head();
        match (head, output) {
            (Head::Classes(_) | Head::Labels(_) | Head::Value, output) => {
                let rows = output.scores(&tape)?.tensor().to_vec2::<f32>()?;
                rows.into_iter().map(|scores| self.of_example(head, finite(scores)?)).collect()
            }
            (Head::Tags(names), output) => {
                let rows = output.scores(&tape)?.tensor().to_vec3::<f32>()?;
                inputs.iter().zip(rows).map(|(input, scores)| self.tags(names, input, scores)).collect()
            }
            (_, Output::Vectors(vectors)) => {
                let rows = vectors.tensor().to_vec2::<f32>()?;
                rows.into_iter().map(|vector| Ok(Said::Vector { vector: finite(vector)? })).collect()
            }
            (_, output @ Output::Words { .. }) => self.hidden(&tape, inputs, &output),
            (head, Output::Scores(_)) => Err(Error::WrongTask { expected: "an answer to each input", found: head.kind().name() }),
        }
    }

    fn input(&self, inputs: &[&Fed]) -> Result<Input, Error> {
        let tokens: Vec<&Tokens> = inputs.iter().filter_map(|input| tokens(input)).collect();
        match inputs.first() {
            Some(Fed::Image { shape, .. }) => {
                let normalize = self.job.feeding.normalize.as_ref();
                if let Some((expected, found)) = normalize.and_then(|normalize| normalize_fits(normalize, shape[2])) {
                    return Err(Error::WrongData { path: "the model".into(), what: "normalisation", expected, found });
                }
                let pixels: Vec<&[u8]> = inputs
                    .iter()
                    .filter_map(|input| if let Fed::Image { pixels, .. } = input { Some(pixels.as_slice()) } else { None })
                    .collect();
                images_of(&pixels, *shape, normalize)
            }
            Some(Fed::Row { numbers, categories }) => {
                let (n, k) = (numbers.len(), categories.len());
                let (mut all, mut of) = (Vec::new(), Vec::new());
                for input in inputs {
                    let Fed::Row { numbers, categories } = input else { continue };
                    all.extend_from_slice(numbers);
                    of.extend_from_slice(categories);
                }
                Ok(Input::Table {
                    numbers: Tensor::from_vec(all, (inputs.len(), n), &Device::Cpu)?,
                    categories: Tensor::from_vec(of, (inputs.len(), k), &Device::Cpu)?,
                })
            }
            Some(Fed::Text(_) | Fed::Words { .. } | Fed::Question { .. }) | None => text_input(&tokens),
        }
    }

    /// Of one answer an example.
    fn of_example(&self, head: &Head, scores: Vec<f32>) -> Result<Said, Error> {
        let logits = self.job.logits.then(|| scores.clone());
        Ok(match head {
            Head::Labels(names) => {
                let probabilities: Vec<f32> = scores.iter().map(|score| logistic(*score)).collect();
                let labels = names.iter().zip(&scores).filter(|(_, score)| **score > 0.0).map(|(name, _)| name.clone()).collect();
                Said::Labels { labels, probabilities: self.likeliest(names, &probabilities), logits }
            }
            Head::Value => Said::Value { value: scores.first().copied().unwrap_or_default() },
            _ => {
                let names = head.labels();
                let probabilities = softmax(&scores);
                let best = first_of_largest(&scores);
                Said::Class {
                    label: names.get(best).cloned().unwrap_or_default(),
                    probability: probabilities[best],
                    probabilities: self.likeliest(names, &probabilities),
                    logits,
                }
            }
        })
    }

    /// The likeliest classes, as many as are wanted.
    fn likeliest(&self, names: &[String], probabilities: &[f32]) -> BTreeMap<String, f32> {
        let mut order: Vec<usize> = (0..names.len().min(probabilities.len())).collect();
        order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]).then(a.cmp(&b)));
        order.truncate(self.job.top_k.unwrap_or(usize::MAX));
        order.into_iter().map(|class| (names[class].clone(), probabilities[class])).collect()
    }

    fn tags(&self, names: &[String], input: &Fed, scores: Vec<Vec<f32>>) -> Result<Said, Error> {
        let Fed::Words { words, firsts, .. } = input else {
            return Err(Error::WrongTask { expected: "words", found: "something else" });
        };
        let (mut tagged, mut logits) = (Vec::with_capacity(words.len()), Vec::new());
        for (word, first) in words.iter().zip(firsts) {
            if *first == NOT_SEEN {
                tagged.push(TaggedWord { word: word.clone(), tag: None, probability: None });
                continue;
            }
            let scores = finite(scores[*first as usize].clone())?;
            let best = first_of_largest(&scores);
            let (tag, probability) = (names.get(best).cloned(), Some(softmax(&scores)[best]));
            tagged.push(TaggedWord { word: word.clone(), tag, probability });
            logits.push(scores);
        }
        let entities = entities(&tagged);
        Ok(Said::Tags { words: tagged, entities, logits: self.job.logits.then_some(logits) })
    }

    /// The words that stand where words are hidden.
    fn hidden(&self, tape: &Tape, inputs: &[&Fed], output: &Output) -> Result<Vec<Said>, Error> {
        let Output::Words { states, vocabulary, bias } = output else { return Ok(Vec::new()) };
        let mask = self.encoder.mask();
        let mut all = Vec::with_capacity(inputs.len());
        for (row, input) in inputs.iter().enumerate() {
            let ids = tokens(input).map_or(&[][..], |tokens| &tokens.ids);
            let places: Vec<u32> = (0u32..).zip(ids).filter(|(_, id)| Some(**id) == mask).map(|(place, _)| place).collect();
            if places.is_empty() {
                all.push(Said::Failed { error: "no word of it is hidden: expected [MASK] or <mask> in its place".into() });
                continue;
            }
            let index = Tensor::from_slice(&places, places.len(), &Device::Cpu)?;
            let states = Var::constant(states.tensor().get(row)?.index_select(&index, 0)?);
            let some = Output::Words { states, vocabulary: vocabulary.clone(), bias: bias.clone() };
            let mut words = Vec::new();
            for scores in some.scores(tape)?.tensor().to_vec2::<f32>()? {
                let probabilities = softmax(&finite(scores)?);
                let mut order: Vec<usize> = (0..probabilities.len()).collect();
                order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]).then(a.cmp(&b)));
                let word = |&id: &usize| Word { word: self.encoder.spell(id as u32), probability: probabilities[id] };
                words.push(order.iter().take(self.job.top_k.unwrap_or(HIDDEN)).map(word).collect());
            }
            all.push(Said::Hidden { words });
        }
        Ok(all)
    }

    /// The best span of all windows, as long as a pass takes them.
    fn answer(&self, input: &Fed) -> Result<Said, Error> {
        let Fed::Question { windows, context } = input else {
            return Err(Error::WrongTask { expected: "questions", found: "something else" });
        };
        let (mut seen, mut logits) = (Vec::new(), None);
        for some in windows.chunks(self.job.batch_size.max(1)) {
            let tape = Tape::inference();
            let tokens: Vec<&Tokens> = some.iter().map(|(tokens, _)| tokens).collect();
            let rows = self.model.forward(&tape, &text_input(&tokens)?)?.scores(&tape)?.tensor().to_vec3::<f32>()?;
            for ((_, characters), scores) in some.iter().zip(&rows) {
                seen.push(Window::of(scores, characters).ok_or_else(not_finite)?);
                let first = || scores[..characters.len()].iter().map(|pair| [pair[0], pair[1]]).collect();
                logits = logits.or_else(|| self.job.logits.then(first));
            }
        }
        let Spread { best, probability, no_answer } = Spread::of(&seen);
        let words = |[from, to]: [u32; 2]| context.chars().skip(from as usize).take((to - from) as usize).collect();
        Ok(Said::Answer {
            answer: best.map_or_else(String::new, words),
            probability,
            start: best.map(|[from, _]| from),
            end: best.map(|[_, to]| to),
            no_answer,
            logits,
        })
    }
}

fn tokens(input: &Fed) -> Option<&Tokens> {
    match input {
        Fed::Text(tokens) | Fed::Words { tokens, .. } => Some(tokens),
        Fed::Question { .. } | Fed::Image { .. } | Fed::Row { .. } => None,
    }
}

fn text_input(tokens: &[&Tokens]) -> Result<Input, Error> {
    let rows: Vec<&[u32]> = tokens.iter().map(|tokens| tokens.ids.as_slice()).collect();
    let types: Vec<&[u8]> = tokens.iter().map(|tokens| tokens.type_ids.as_slice()).collect();
    Ok(texts_of(&rows, &types)?.0)
}

/// What is sorted by, so that what is alike goes into one pass.
fn kind_and_size(input: &Fed) -> [usize; 3] {
    match input {
        Fed::Text(tokens) | Fed::Words { tokens, .. } => [tokens.ids.len(), 0, 0],
        Fed::Question { windows, .. } => [windows.len(), 0, 0],
        Fed::Image { shape, .. } => *shape,
        Fed::Row { .. } => [0; 3],
    }
}

/// What all inputs of a pass must share.
fn shape(input: &Fed) -> Option<[usize; 3]> {
    if let Fed::Image { shape, .. } = input { Some(*shape) } else { None }
}

fn not_finite() -> Error {
    Error::NotFinite { example: 0 }
}

fn finite(scores: Vec<f32>) -> Result<Vec<f32>, Error> {
    if scores.iter().all(|score| score.is_finite()) { Ok(scores) } else { Err(not_finite()) }
}

fn first_of_largest(scores: &[f32]) -> usize {
    scores.iter().enumerate().fold(0, |best, (at, score)| if *score > scores[best] { at } else { best })
}

fn softmax(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let above: Vec<f64> = scores.iter().map(|score| (f64::from(*score) - f64::from(most)).exp()).collect();
    let sum: f64 = above.iter().sum();
    above.into_iter().map(|value| (value / sum) as f32).collect()
}

fn logistic(score: f32) -> f32 {
    (1.0 / (1.0 + (-f64::from(score)).exp())) as f32
}

/// Words that go together: one with `B-`, or with another kind than the word before it, begins a new thing; `O` is none. Tags
/// without a prefix go together where they are equal (as seqeval reads IOB1 and plain tags).
fn entities(words: &[TaggedWord]) -> Vec<Entity> {
    let mut found: Vec<Entity> = Vec::new();
    let mut open = false;
    for (place, word) in words.iter().enumerate() {
        let Some(tag) = word.tag.as_deref().filter(|tag| *tag != "O") else {
            open = false;
            continue;
        };
        let (begins, kind) = match tag.split_once('-') {
            Some(("B" | "S" | "U", kind)) => (true, kind),
            Some(("I" | "E" | "L", kind)) => (false, kind),
            Some(_) | None => (false, tag),
        };
        let probability = word.probability.unwrap_or_default();
        match found.last_mut().filter(|last| open && !begins && last.entity == kind) {
            Some(last) => {
                let count = (last.words[1] - last.words[0]) as f32;
                last.probability = (last.probability * count + probability) / (count + 1.0);
                last.words[1] = place + 1;
                last.text = format!("{} {}", last.text, word.word);
            }
            None => found.push(Entity { entity: kind.into(), text: word.word.clone(), words: [place, place + 1], probability }),
        }
        open = true;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_go_together_are_one_thing() {
        let check = |tags: &[&str], expected: &[(&str, &str, [usize; 2])]| {
            let word = |(i, tag): (usize, &&str)| TaggedWord {
                word: format!("w{i}"),
                tag: (*tag != "?").then(|| tag.to_string()),
                probability: Some(0.5),
            };
            let words: Vec<TaggedWord> = tags.iter().enumerate().map(word).collect();
            let found = entities(&words);
            let found: Vec<(&str, &str, [usize; 2])> =
                found.iter().map(|e| (e.entity.as_str(), e.text.as_str(), e.words)).collect();
            assert_eq!(found, expected, "{tags:?}");
        };
        check(&["O", "B-PER", "I-PER", "O"], &[("PER", "w1 w2", [1, 3])]);
        check(&["B-PER", "B-PER"], &[("PER", "w0", [0, 1]), ("PER", "w1", [1, 2])]);
        check(&["I-PER", "I-LOC"], &[("PER", "w0", [0, 1]), ("LOC", "w1", [1, 2])]);
        check(&["B-PER", "O", "I-PER"], &[("PER", "w0", [0, 1]), ("PER", "w2", [2, 3])]);
        check(&["NOUN", "NOUN", "VERB"], &[("NOUN", "w0 w1", [0, 2]), ("VERB", "w2", [2, 3])]);
        check(&["B-PER", "?", "I-PER"], &[("PER", "w0", [0, 1]), ("PER", "w2", [2, 3])]);
    }

    #[test]
    fn probabilities_sum_to_one_whatever_the_scores() {
        for scores in [vec![0.0f32, 0.0], vec![1e30, -1e30, 1e30], vec![-5.0]] {
            let sum: f32 = softmax(&scores).iter().sum();
            assert!((sum - 1.0).abs() < 1e-6, "{scores:?}");
        }
        assert_eq!((logistic(0.0), logistic(1e30), logistic(-1e30)), (0.5, 1.0, 0.0));
    }
}
