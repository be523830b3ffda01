//! A model that is put to use: what it says of inputs whose answers nobody knows.
//!
//! Inputs come some at a time and go as they came, so memory does not grow with their number. Those of about one length go into one
//! pass; lines are written in the order of the inputs, so batching does not show.

use super::Error;
use super::answering::{Spread, Window};
use super::collate::{images_of, normalize_fits, texts_of};
use super::in_bulk;
use super::weights::{self, Source};
use crate::data::NOT_SEEN;
use crate::data::inputs::{self, Encoder, Fed, Read, Tokens};
use crate::eval::metrics::tagging;
use crate::job::{Entity, Event, PredictJob, Pulse, Said, TaggedWord, Unseen, Word};
use crate::store::WorkFolder;
use candle_core::{Device, Tensor};
use std::borrow::Cow;
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
/// Weights, tokenizer or files cannot be used, or do not fit each other; of no input there is a finite answer, for none can be read or
/// the model says none: the first one's error.
pub fn predict(job: &PredictJob, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    tallow_kernels::set_threads(job.threads)?;
    let begun = Instant::now();
    if let Some(writing) = &job.writing {
        return in_bulk::written(job, writing, begun, emit);
    }
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
    let (mut count, mut failed, mut cut, mut first) = (0usize, 0usize, 0usize, None::<Error>);
    let mut unseen = None::<Unseen>;
    let mut pulse = Pulse::new(emit);
    inputs::each_chunk(&job.given, &job.feeding, &encoder, |chunk| -> Result<(), Error> {
        let Parted { fed, said, files, unread } = Parted::of(chunk);
        let is_cut = |(place, input): &(usize, Fed)| tokens(input).filter(|tokens| tokens.cut).map(|_| *place);
        let long: BTreeSet<usize> = fed.iter().filter_map(is_cut).collect();
        cut += long.len();
        let names = |input: &Fed| unseen_of(input).iter().map(|[column, _]| column.clone()).collect::<Vec<String>>();
        let unknown: BTreeMap<usize, Vec<String>> = fed.iter().map(|(place, input)| (*place, names(input))).collect();
        for (_, input) in &fed {
            if let Some([column, value]) = unseen_of(input).first() {
                unseen.get_or_insert_with(|| Unseen { rows: 0, column: column.clone(), value: value.clone() }).rows += 1;
            }
        }
        failed += said.iter().flatten().count();
        let (all, unsound) = asked.all(&fed, said)?;
        failed += unsound.len();
        let unsound = unsound.first().map(|place| (*place, Error::NotFinite { example: count + place }));
        if let Some((_, error)) = unread.into_iter().chain(unsound).min_by_key(|(place, _)| *place) {
            first.get_or_insert(error);
        }
        for (place, (said, file)) in all.iter().zip(&files).enumerate() {
            let of_row = unknown.get(&place).map_or(&[][..], Vec::as_slice);
            writeln!(out, "{}", said.line(count as u64, file.as_deref(), long.contains(&place), of_row)).map_err(io)?;
            count += 1;
        }
        pulse.beat(count);
        Ok(())
    })?;
    out.flush().map_err(io)?;
    ended(Event::Predicted { examples: count, failed, cut, unseen, secs: begun.elapsed().as_secs_f64() }, first, emit)
}

/// Tells what came of all inputs; where no input has an answer, that is the error of the first.
pub(super) fn ended(predicted: Event, first: Option<Error>, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    match (first, &predicted) {
        (Some(error), Event::Predicted { examples, failed, .. }) if examples == failed => Err(error),
        _ => {
            emit(predicted);
            Ok(())
        }
    }
}

/// Inputs that came together.
struct Parted {
    /// Those that can be read, with their places.
    fed: Vec<(usize, Fed)>,
    /// Of each in its place what is told of it, where it cannot be read.
    said: Vec<Option<Said>>,
    /// Of each in its place what it is called, where it is a file by itself.
    files: Vec<Option<String>>,
    /// The place and the error of the first of those that cannot be read.
    unread: Option<(usize, Error)>,
}

impl Parted {
    fn of(chunk: Vec<Read>) -> Self {
        let (mut fed, mut said, mut unread) = (Vec::new(), Vec::with_capacity(chunk.len()), None);
        let mut files = Vec::with_capacity(chunk.len());
        for (place, input) in chunk.into_iter().enumerate() {
            files.push(input.file);
            match input.fed {
                Ok(input) => {
                    fed.push((place, input));
                    said.push(None);
                }
                Err(error) => {
                    said.push(Some(Said::Failed { error: error.to_string() }));
                    unread.get_or_insert((place, Error::from(error)));
                }
            }
        }
        Parted { fed, said, files, unread }
    }
}

struct Asked<'a> {
    job: &'a PredictJob,
    model: &'a dyn Model,
    encoder: &'a Encoder,
}

impl Asked<'_> {
    /// What is said of each input, and the places of those of which it is not finite; `said` holds what is known already.
    fn all(&self, fed: &[(usize, Fed)], mut said: Vec<Option<Said>>) -> Result<(Vec<Said>, BTreeSet<usize>), Error> {
        let mut unsound = BTreeSet::new();
        let mut order: Vec<&(usize, Fed)> = fed.iter().collect();
        order.sort_by_key(|(place, fed)| (kind_and_size(fed), *place));
        // Images of one shape alone go into one pass.
        for same in order.chunk_by(|(_, a), (_, b)| shape(a) == shape(b)) {
            for some in same.chunks(self.job.batch_size.max(1)) {
                let inputs: Vec<&Fed> = some.iter().map(|(_, fed)| fed).collect();
                for ((place, _), answer) in some.iter().zip(self.some(&inputs)?) {
                    said[*place] = Some(answer.unwrap_or_else(|| {
                        unsound.insert(*place);
                        Said::Failed { error: "what the model says of it is not finite".into() }
                    }));
                }
            }
        }
        Ok((said.into_iter().flatten().collect(), unsound))
    }

    /// None for an input of which it is not finite: that is told of it alone.
    fn some(&self, inputs: &[&Fed]) -> Result<Vec<Option<Said>>, Error> {
        if let Some(Fed::Question { .. }) = inputs.first() {
            return inputs.iter().map(|input| sound(self.answer(input))).collect();
        }
        let tape = Tape::inference();
        let output = self.model.forward(&tape, &self.input(inputs)?)?;
        let head = self.job.model.head();
        match (head, output) {
            (Head::Classes(_) | Head::Labels(_) | Head::Value, output) => {
                let rows = output.scores(&tape)?.tensor().to_vec2::<f32>()?;
                rows.into_iter().map(|scores| sound(finite(scores).and_then(|scores| self.of_example(head, scores)))).collect()
            }
            (Head::Tags(names), output) => {
                let rows = output.scores(&tape)?.tensor().to_vec3::<f32>()?;
                inputs.iter().zip(rows).map(|(input, scores)| sound(self.tags(names, input, scores))).collect()
            }
            (_, Output::Vectors(vectors)) => {
                let rows = vectors.tensor().to_vec2::<f32>()?;
                rows.into_iter().map(|vector| sound(finite(vector).map(|vector| Said::Vector { vector }))).collect()
            }
            (_, output @ Output::Words { .. }) => {
                inputs.iter().enumerate().map(|(row, input)| sound(self.hidden(&tape, (row, *input), &output))).collect()
            }
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
            Some(Fed::Row { numbers, categories, .. }) => {
                let (n, k) = (numbers.len(), categories.len());
                let (mut all, mut of) = (Vec::new(), Vec::new());
                for input in inputs {
                    let Fed::Row { numbers, categories, .. } = input else { continue };
                    all.extend_from_slice(numbers);
                    of.extend_from_slice(categories);
                }
                Ok(Input::Table {
                    numbers: Tensor::from_vec(all, (inputs.len(), n), &Device::Cpu)?,
                    categories: Tensor::from_vec(of, (inputs.len(), k), &Device::Cpu)?,
                })
            }
            Some(
                Fed::Text(_) | Fed::Words { .. } | Fed::Question { .. } | Fed::Prompt(_) | Fed::Turns(_) | Fed::Sound { .. },
            )
            | None => text_input(&tokens),
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

    /// The words that stand where words are hidden in the input of a row.
    fn hidden(&self, tape: &Tape, (row, input): (usize, &Fed), output: &Output) -> Result<Said, Error> {
        let Output::Words { states, vocabulary, bias } = output else {
            return Err(Error::WrongTask { expected: "words", found: "something else" });
        };
        let (mask, ids) = (self.encoder.mask(), tokens(input).map_or(&[][..], |tokens| &tokens.ids));
        let places: Vec<u32> = (0u32..).zip(ids).filter(|(_, id)| Some(**id) == mask).map(|(place, _)| place).collect();
        if places.is_empty() {
            return Ok(Said::Failed { error: "no word of it is hidden: expected [MASK] or <mask> in its place".into() });
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
        Ok(Said::Hidden { words })
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
        Fed::Question { .. } | Fed::Image { .. } | Fed::Row { .. } | Fed::Prompt(_) | Fed::Turns(_) | Fed::Sound { .. } => None,
    }
}

/// Columns of a row, each with a category in it that the model does not know.
fn unseen_of(input: &Fed) -> &[[String; 2]] {
    match input {
        Fed::Row { unseen, .. } => unseen,
        Fed::Text(_)
        | Fed::Words { .. }
        | Fed::Question { .. }
        | Fed::Image { .. }
        | Fed::Prompt(_)
        | Fed::Turns(_)
        | Fed::Sound { .. } => &[],
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
        Fed::Row { .. } | Fed::Prompt(_) | Fed::Turns(_) | Fed::Sound { .. } => [0; 3],
    }
}

/// What all inputs of a pass must share.
fn shape(input: &Fed) -> Option<[usize; 3]> {
    if let Fed::Image { shape, .. } = input { Some(*shape) } else { None }
}

/// Of an input that its caller knows.
fn not_finite() -> Error {
    Error::NotFinite { example: 0 }
}

/// None where it is not finite.
fn sound(said: Result<Said, Error>) -> Result<Option<Said>, Error> {
    match said {
        Ok(said) => Ok(Some(said)),
        Err(Error::NotFinite { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn finite(scores: Vec<f32>) -> Result<Vec<f32>, Error> {
    if scores.iter().all(|score| score.is_finite()) { Ok(scores) } else { Err(not_finite()) }
}

pub(super) fn first_of_largest(scores: &[f32]) -> usize {
    scores.iter().enumerate().fold(0, |best, (at, score)| if *score > scores[best] { at } else { best })
}

pub(super) fn softmax(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let above: Vec<f64> = scores.iter().map(|score| (f64::from(*score) - f64::from(most)).exp()).collect();
    let sum: f64 = above.iter().sum();
    above.into_iter().map(|value| (value / sum) as f32).collect()
}

pub(super) fn logistic(score: f32) -> f32 {
    (1.0 / (1.0 + (-f64::from(score)).exp())) as f32
}

/// Words that go together, as they are counted where a model is scored: whatever does not belong to a thing ends it.
fn entities(words: &[TaggedWord]) -> Vec<Entity> {
    let marked: Vec<Cow<str>> = words.iter().map(|word| word.tag.as_deref().map_or(Cow::Borrowed("O"), marked)).collect();
    let marked: Vec<&str> = marked.iter().map(|tag| &**tag).collect();
    let entity = |(kind, first, last): (&str, usize, usize)| {
        let of = words.get(first..=last).unwrap_or_default();
        let mean = |mean: f32, (count, word): (usize, &TaggedWord)| {
            let count = count as f32;
            (mean * count + word.probability.unwrap_or_default()) / (count + 1.0)
        };
        Entity {
            entity: kind.into(),
            text: of.iter().map(|word| word.word.as_str()).collect::<Vec<_>>().join(" "),
            words: [first, last + 1],
            probability: of.iter().enumerate().fold(0.0, mean),
        }
    };
    tagging::entities(&marked).into_iter().map(entity).collect()
}

/// A tag with its mark as the metrics know marks: the last and the only word of a thing are `E` and `S`, whatever they are called. One
/// without a mark, such as `NOUN`, goes together with its like.
fn marked(tag: &str) -> Cow<'_, str> {
    let (mark, kind) = tag.split_once('-').map_or((tag, None), |(mark, kind)| (mark, Some(kind)));
    let known = match mark {
        _ if kind == Some("") => None,
        "O" if kind.is_none() => Some("O"),
        "B" | "I" | "E" | "S" => Some(mark),
        "L" => Some("E"),
        "U" => Some("S"),
        _ => None,
    };
    match known {
        Some(known) if known == mark => Cow::Borrowed(tag),
        Some(known) => kind.map_or(Cow::Borrowed(known), |kind| Cow::Owned(format!("{known}-{kind}"))),
        None => Cow::Owned(format!("I-{tag}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Feeding, Given};
    use crate::spec::Task;
    use std::path::PathBuf;

    /// What is wrong with one input of a pass is told of that one alone.
    #[test]
    fn an_input_whose_scores_are_not_finite_fails_alone() {
        struct Odd;
        impl Model for Odd {
            fn forward(&self, _: &Tape, _: &Input) -> tallow_zoo::Result<Output> {
                let scores = Tensor::from_vec(vec![0f32, 1.0, f32::NAN, 0.0, 2.0, 0.0], (3, 2), &Device::Cpu).expect("scores");
                Ok(Output::Scores(Var::constant(scores)))
            }
        }
        let feeding = Feeding::bare(Task::TabularClassification);
        let job = PredictJob {
            model: (tallow_zoo::registry()[0].tiny)().with_head(Head::Classes(vec!["low".into(), "high".into()])),
            weights: PathBuf::new().into(),
            feeding,
            given: Given::Texts { texts: Vec::new() },
            top_k: None,
            logits: false,
            writing: None,
            batch_size: 8,
            threads: 1,
            out: PathBuf::new(),
        };
        let encoder = Encoder::open(&job.feeding).expect("no tokenizer is asked for");
        let asked = Asked { job: &job, model: &Odd, encoder: &encoder };
        let row = |place| (place, Fed::Row { numbers: vec![0.0], categories: vec![0], unseen: Vec::new() });
        let fed: Vec<(usize, Fed)> = (0..3).map(row).collect();
        let (said, unsound) = asked.all(&fed, vec![None, None, None]).expect("said");
        let label = |said: &Said| if let Said::Class { label, .. } = said { label.clone() } else { "none".into() };
        assert_eq!(said.iter().map(label).collect::<Vec<String>>(), ["high", "none", "low"]);
        assert!(matches!(&said[1], Said::Failed { error } if error.contains("not finite")), "{:?}", said[1]);
        assert_eq!(unsound.into_iter().collect::<Vec<usize>>(), [1]);
    }

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
        // Marks alone, and what ends a thing.
        check(&["B", "I", "O", "B"], &[("_", "w0 w1", [0, 2]), ("_", "w3", [3, 4])]);
        check(&["B-PER", "E-PER", "I-PER"], &[("PER", "w0 w1", [0, 2]), ("PER", "w2", [2, 3])]);
        check(&["S-PER", "I-PER", "L-PER", "L-PER"], &[("PER", "w0", [0, 1]), ("PER", "w1 w2", [1, 3]), ("PER", "w3", [3, 4])]);
        check(&["U-PER", "U-PER", "I-PER"], &[("PER", "w0", [0, 1]), ("PER", "w1", [1, 2]), ("PER", "w2", [2, 3])]);
        // Tags that are no marks, whatever they begin with.
        check(&["ORG", "ORG", "X-1", "SYM", "SYM"], &[("ORG", "w0 w1", [0, 2]), ("X-1", "w2", [2, 3]), ("SYM", "w3 w4", [3, 5])]);
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
