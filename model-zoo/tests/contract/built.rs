//! Models of the registry, their batches and what they say.

use candle_core::{Device, Tensor};
use serde_json::Value;
use std::collections::BTreeMap;
use tallow_kernels::{self as kernels, Gradients, LoadReport, ParamStore, Stream, Tape, Targets, Var, Weights};
use tallow_zoo::{Entry, Head, Input, Modality, Model, ModelConfig, Output, registry};

/// Runs a check on the small configuration of every entry, with each of its heads.
pub(crate) fn each(check: impl Fn(&Entry, ModelConfig)) {
    assert!(!registry().is_empty());
    for entry in registry() {
        let tiny = (entry.tiny)();
        tiny.heads().for_each(|kind| check(entry, tiny.clone().with_head(kind.with(names(3)))));
    }
}

pub(crate) type Tensors = BTreeMap<String, Tensor>;

pub(crate) struct Built {
    pub(crate) model: Box<dyn Model>,
    pub(crate) store: ParamStore,
    pub(crate) report: LoadReport,
}

/// From scratch by `seed`.
pub(crate) fn scratch(config: &ModelConfig, seed: u64) -> Built {
    finish(config, Weights::scratch(Stream::root(seed), &Device::Cpu)).unwrap_or_else(|e| panic!("{}: {e}", config.family()))
}

/// From given tensors, as a worker loads them.
pub(crate) fn given(config: &ModelConfig, tensors: Tensors) -> Result<Built, String> {
    finish(config, Weights::given(config.public_names(tensors).map_err(|e| e.to_string())?, Stream::root(9), &Device::Cpu))
}

pub(crate) fn finish(config: &ModelConfig, weights: Weights) -> Result<Built, String> {
    let model = config.build(&weights, None).map_err(|e| e.to_string())?;
    let (store, report) = weights.finish().map_err(|e| e.to_string())?;
    Ok(Built { model, store, report })
}

/// As public files have them.
pub(crate) fn tensors(config: &ModelConfig, store: &ParamStore) -> Tensors {
    let own = store.iter().map(|p| (p.name().to_string(), p.tensor().copy().expect("a copy"))).collect();
    config.public_tensors(own).expect("tensors")
}

pub(crate) fn bits(tensor: &Tensor) -> Vec<u32> {
    floats(tensor).into_iter().map(f32::to_bits).collect()
}

pub(crate) fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("float32")
}

/// Names and bits of everything that a model remembers.
pub(crate) fn state(store: &ParamStore) -> Vec<(String, Vec<u32>)> {
    store.iter().map(|p| (p.name().to_string(), bits(p.tensor()))).collect()
}

/// One example, before it meets others in a batch.
#[derive(Clone)]
pub(crate) enum Example {
    Text { token_ids: Vec<u32>, type_ids: Vec<u32> },
    Image { shape: [usize; 3], pixels: Vec<f32> },
    Row { numbers: Vec<f32>, categories: Vec<u32> },
    Pair { source: Vec<u32>, target: Vec<u32> },
    Speech { features: Tensor, target: Vec<u32> },
}

impl Example {
    /// The words that the model says something of, if it is fed with words.
    pub(crate) fn words(&self) -> Option<&[u32]> {
        match self {
            Example::Text { token_ids, .. } => Some(token_ids),
            Example::Pair { target, .. } | Example::Speech { target, .. } => Some(target),
            Example::Image { .. } | Example::Row { .. } => None,
        }
    }
}

/// Random examples that suit the model, by the keys that its public config has for them; texts of all lengths up to the longest.
pub(crate) fn examples(config: &ModelConfig, count: usize) -> Vec<Example> {
    let public = config.to_public();
    let key = |name: &str, or: usize| public.get(name).and_then(Value::as_u64).map_or(or, |n| n as usize);
    let example = |i: usize| {
        let stream = Stream::root(77).at(i as u64);
        match config.takes() {
            Modality::Text => {
                let longest = config.text_limits().map_or(8, |(_, longest)| longest);
                let length = if i == 0 { longest } else { 1 + stream.named("length").below(0, longest) };
                let draw = |name: &str, bound: usize| {
                    (0..length as u64).map(|at| stream.named(name).below(at, bound) as u32).collect::<Vec<_>>()
                };
                Example::Text {
                    token_ids: draw("tokens", key("vocab_size", 2)),
                    type_ids: draw("types", key("type_vocab_size", 1)),
                }
            }
            Modality::Image => {
                let shape = [key("num_channels", 3), 9, 9];
                Example::Image {
                    shape,
                    pixels: (0..shape.iter().product::<usize>() as u64).map(|at| stream.normal(at)).collect(),
                }
            }
            Modality::TextToText => {
                let (vocab, longest) = config.text_limits().expect("the longest text");
                let draw = |name: &str| {
                    let (length, words) = (stream.named("length").named(name), stream.named(name));
                    let length = if i == 0 { longest } else { 1 + length.below(0, longest) };
                    (0..length as u64).map(|at| words.below(at, vocab) as u32).collect()
                };
                Example::Pair { source: draw("source"), target: draw("target") }
            }
            Modality::Speech => {
                let (vocab, longest) = config.text_limits().expect("the longest text");
                let limits = config.speech_limits().expect("what is heard");
                let length = if i == 0 { longest } else { 1 + stream.named("length").below(0, longest) };
                let heard = (0..(limits.mel_bins * limits.frames) as u64).map(|at| stream.named("features").normal(at));
                let features = heard.collect::<Vec<f32>>();
                Example::Speech {
                    features: Tensor::from_vec(features, (limits.mel_bins, limits.frames), &Device::Cpu).expect("features"),
                    target: (0..length as u64).map(|at| stream.named("target").below(at, vocab) as u32).collect(),
                }
            }
            Modality::Table => {
                let (numbers, cardinalities) = config.table_limits().expect("what a row holds");
                let category = |(at, &count): (u64, &usize)| stream.named("categories").below(at, count) as u32;
                Example::Row {
                    numbers: (0..numbers as u64).map(|at| stream.normal(at)).collect(),
                    categories: (0..).zip(&cardinalities).map(category).collect(),
                }
            }
        }
    };
    (0..count).map(example).collect()
}

/// Texts, padded to the longest, and their lengths.
pub(crate) fn padded(rows: Vec<&[u32]>) -> (Tensor, Vec<usize>) {
    let lengths: Vec<usize> = rows.iter().map(|row| row.len()).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let ids = rows.into_iter().flat_map(|row| row.iter().copied().chain(std::iter::repeat(0)).take(longest)).collect::<Vec<_>>();
    (Tensor::from_vec(ids, (lengths.len(), longest), &Device::Cpu).expect("ids"), lengths)
}

/// A batch; texts are padded to the longest.
pub(crate) fn batch(examples: &[Example]) -> Input {
    let count = examples.len();
    match &examples[0] {
        Example::Text { .. } => {
            let texts: Vec<(&[u32], &[u32])> = examples
                .iter()
                .filter_map(|e| {
                    if let Example::Text { token_ids, type_ids } = e { Some((&token_ids[..], &type_ids[..])) } else { None }
                })
                .collect();
            let (ids, types): (Vec<_>, Vec<_>) = texts.into_iter().unzip();
            let (token_ids, lengths) = padded(ids);
            Input::Text { token_ids, type_ids: padded(types).0, lengths }
        }
        Example::Pair { .. } => {
            let pair = |e: &Example| {
                if let Example::Pair { source, target } = e { Some((source.clone(), target.clone())) } else { None }
            };
            let (sources, targets): (Vec<_>, Vec<_>) = examples.iter().filter_map(pair).unzip();
            let (source_ids, source_lengths) = padded(sources.iter().map(Vec::as_slice).collect());
            let (target_ids, target_lengths) = padded(targets.iter().map(Vec::as_slice).collect());
            Input::TextToText { source_ids, source_lengths, target_ids, target_lengths }
        }
        Example::Speech { .. } => {
            let recording = |e: &Example| {
                if let Example::Speech { features, target } = e { Some((features.clone(), target.clone())) } else { None }
            };
            let (features, targets): (Vec<_>, Vec<_>) = examples.iter().filter_map(recording).unzip();
            let (target_ids, target_lengths) = padded(targets.iter().map(Vec::as_slice).collect());
            Input::Speech { features: Tensor::stack(&features, 0).expect("features"), target_ids, target_lengths }
        }
        Example::Image { shape: [c, h, w], .. } => {
            let pixels =
                examples.iter().flat_map(|e| if let Example::Image { pixels, .. } = e { pixels.clone() } else { Vec::new() });
            Input::Image {
                pixels: Tensor::from_vec(pixels.collect::<Vec<_>>(), (count, *c, *h, *w), &Device::Cpu).expect("pixels"),
            }
        }
        Example::Row { numbers, categories } => {
            let (n, k) = (numbers.len(), categories.len());
            let rows: Vec<(&[f32], &[u32])> = examples
                .iter()
                .filter_map(|e| {
                    if let Example::Row { numbers, categories } = e { Some((&numbers[..], &categories[..])) } else { None }
                })
                .collect();
            let (numbers, categories): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            Input::Table {
                numbers: Tensor::from_vec(numbers.concat(), (count, n), &Device::Cpu).expect("numbers"),
                categories: Tensor::from_vec(categories.concat(), (count, k), &Device::Cpu).expect("categories"),
            }
        }
    }
}

pub(crate) fn numbers(count: usize, below: usize) -> Vec<u32> {
    (0..count).map(|i| Stream::root(78).below(i as u64, below) as u32).collect()
}

/// What the model says of each example alone: of a text's tokens, those that are real.
pub(crate) fn infer(model: &dyn Model, examples: &[Example]) -> Vec<Vec<f32>> {
    let tape = Tape::inference();
    let scores = model.forward(&tape, &batch(examples)).and_then(|output| output.scores(&tape)).expect("scores");
    let each = |(i, example): (usize, &Example)| {
        let own = scores.tensor().get(i).expect("an example's");
        let real = match example.words() {
            Some(words) if own.rank() == 2 => own.narrow(0, 0, words.len()).expect("tokens"),
            _ => own,
        };
        floats(&real)
    };
    examples.iter().enumerate().map(each).collect()
}

/// A loss that suits the head, with targets drawn at random; those of words are the texts' own, each replaced by another.
pub(crate) fn loss(tape: &Tape, config: &ModelConfig, examples: &[Example], output: &Output) -> Var {
    const NONE: u32 = u32::MAX;
    let count = examples.len();
    let lengths: Vec<&[u32]> = examples.iter().filter_map(Example::words).collect();
    let longest = lengths.iter().map(|ids| ids.len()).max().unwrap_or(0);
    let tokens = |label: &dyn Fn(usize, u32) -> u32| -> Vec<u32> {
        let of = |(row, ids): (usize, &&[u32])| {
            let real: Vec<u32> = ids.iter().enumerate().map(|(t, id)| label(row * longest + t, *id)).collect();
            real.into_iter().chain(std::iter::repeat(NONE)).take(longest).collect::<Vec<_>>()
        };
        lengths.iter().enumerate().flat_map(of).collect()
    };
    let zero_or_one = |shape: &[usize]| {
        let values = numbers(shape.iter().product(), 2).into_iter().map(|n| n as f32).collect::<Vec<_>>();
        Tensor::from_vec(values, shape, &Device::Cpu).expect("targets")
    };
    let vocab = config.text_limits().map_or(1, |(vocab, _)| vocab as u32);
    match (config.head(), output) {
        (Head::Classes(classes), Output::Scores(scores)) => kernels::cross_entropy(tape, scores, &numbers(count, classes.len())),
        (Head::Labels(_), Output::Scores(scores)) => kernels::bce_with_logits(tape, scores, &zero_or_one(scores.dims()), None),
        (Head::Value, Output::Scores(scores)) => kernels::mse(tape, scores, &zero_or_one(scores.dims())),
        (Head::Tags(classes), Output::Scores(scores)) => {
            let labels = tokens(&|_, id| id % classes.len() as u32);
            kernels::cross_entropy(tape, scores, Targets { ignore: Some(NONE), ..Targets::new(&labels) })
        }
        (Head::Span, Output::Scores(scores)) => kernels::mse(tape, scores, &zero_or_one(scores.dims())),
        (Head::Words, Output::Words { states, vocabulary, bias }) => {
            let labels = tokens(&|_, id| (7 * id + 3) % vocab);
            let targets = Targets { ignore: Some(NONE), ..Targets::new(&labels) };
            kernels::linear_cross_entropy(tape, states, vocabulary, bias.as_ref(), targets)
        }
        (Head::Vector(_), Output::Vectors(vectors)) => kernels::mse(tape, vectors, &zero_or_one(vectors.dims())),
        (head, _) => panic!("{}: another output than its head {head:?} stands for", config.family()),
    }
    .expect("a loss")
}

/// The loss of a model that knows nothing, where that is known.
pub(crate) fn blind(config: &ModelConfig) -> Option<f32> {
    match config.head() {
        Head::Classes(classes) | Head::Tags(classes) => Some((classes.len() as f32).ln()),
        Head::Labels(_) => Some(2f32.ln()),
        Head::Words => config.text_limits().map(|(vocab, _)| (vocab as f32).ln()),
        Head::Value | Head::Span | Head::Vector(_) => None,
    }
}

/// A training pass: its loss; gradients go to `grads`.
pub(crate) fn learn(built: &Built, config: &ModelConfig, examples: &[Example], pass: u64, grads: &mut Gradients) -> f32 {
    learn_on(Tape::training(Stream::root(3).at(pass)), built, config, examples, grads)
}

pub(crate) fn learn_on(tape: Tape, built: &Built, config: &ModelConfig, examples: &[Example], grads: &mut Gradients) -> f32 {
    let output = built.model.forward(&tape, &batch(examples)).expect("an output");
    let loss = loss(&tape, config, examples, &output);
    tape.backward(&loss, grads).expect("gradients");
    loss.tensor().to_scalar().expect("a scalar")
}

pub(crate) fn names(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("class {i}")).collect()
}
