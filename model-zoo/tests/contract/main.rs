//! What every architecture of the zoo keeps to. The tests know models by the registry alone: a new line there is tested here.

use candle_core::{DType, Device, Tensor};
use serde_json::Value;
use std::collections::BTreeMap;
use tallow_kernels::{self as kernels, Gradients, LoadReport, ParamStore, Profile, Stream, Tape, Targets, Var, Weights, optim};
use tallow_zoo::{Entry, Head, Input, Modality, Model, ModelConfig, Output, Source, registry};

/// Runs a check on the small configuration of every entry, with each of its heads.
fn each(check: impl Fn(&Entry, ModelConfig)) {
    assert!(!registry().is_empty());
    for entry in registry() {
        let tiny = (entry.tiny)();
        tiny.heads().for_each(|kind| check(entry, tiny.clone().with_head(kind.with(names(3)))));
    }
}

type Tensors = BTreeMap<String, Tensor>;

struct Built {
    model: Box<dyn Model>,
    store: ParamStore,
    report: LoadReport,
}

/// From scratch by `seed`.
fn scratch(config: &ModelConfig, seed: u64) -> Built {
    finish(config, Weights::scratch(Stream::root(seed), &Device::Cpu)).unwrap_or_else(|e| panic!("{}: {e}", config.family()))
}

/// From given tensors, as a worker loads them.
fn given(config: &ModelConfig, tensors: Tensors) -> Result<Built, String> {
    finish(config, Weights::given(config.public_names(tensors).map_err(|e| e.to_string())?, Stream::root(9), &Device::Cpu))
}

fn finish(config: &ModelConfig, weights: Weights) -> Result<Built, String> {
    let model = config.build(&weights, None).map_err(|e| e.to_string())?;
    let (store, report) = weights.finish().map_err(|e| e.to_string())?;
    Ok(Built { model, store, report })
}

/// As public files have them.
fn tensors(config: &ModelConfig, store: &ParamStore) -> Tensors {
    let own = store.iter().map(|p| (p.name().to_string(), p.tensor().copy().expect("a copy"))).collect();
    config.public_tensors(own).expect("tensors")
}

fn bits(tensor: &Tensor) -> Vec<u32> {
    floats(tensor).into_iter().map(f32::to_bits).collect()
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("float32")
}

/// Names and bits of everything that a model remembers.
fn state(store: &ParamStore) -> Vec<(String, Vec<u32>)> {
    store.iter().map(|p| (p.name().to_string(), bits(p.tensor()))).collect()
}

/// One example, before it meets others in a batch.
#[derive(Clone)]
enum Example {
    Text { token_ids: Vec<u32>, type_ids: Vec<u32> },
    Image { shape: [usize; 3], pixels: Vec<f32> },
    Row { numbers: Vec<f32>, categories: Vec<u32> },
    Pair { source: Vec<u32>, target: Vec<u32> },
    Speech { features: Tensor, target: Vec<u32> },
}

impl Example {
    /// The words that the model says something of, if it is fed with words.
    fn words(&self) -> Option<&[u32]> {
        match self {
            Example::Text { token_ids, .. } => Some(token_ids),
            Example::Pair { target, .. } | Example::Speech { target, .. } => Some(target),
            Example::Image { .. } | Example::Row { .. } => None,
        }
    }
}

/// Random examples that suit the model, by the keys that its public config has for them; texts of all lengths up to the longest.
fn examples(config: &ModelConfig, count: usize) -> Vec<Example> {
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
fn padded(rows: Vec<&[u32]>) -> (Tensor, Vec<usize>) {
    let lengths: Vec<usize> = rows.iter().map(|row| row.len()).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let ids = rows.into_iter().flat_map(|row| row.iter().copied().chain(std::iter::repeat(0)).take(longest)).collect::<Vec<_>>();
    (Tensor::from_vec(ids, (lengths.len(), longest), &Device::Cpu).expect("ids"), lengths)
}

/// A batch; texts are padded to the longest.
fn batch(examples: &[Example]) -> Input {
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

fn numbers(count: usize, below: usize) -> Vec<u32> {
    (0..count).map(|i| Stream::root(78).below(i as u64, below) as u32).collect()
}

/// What the model says of each example alone: of a text's tokens, those that are real.
fn infer(model: &dyn Model, examples: &[Example]) -> Vec<Vec<f32>> {
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
fn loss(tape: &Tape, config: &ModelConfig, examples: &[Example], output: &Output) -> Var {
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
fn blind(config: &ModelConfig) -> Option<f32> {
    match config.head() {
        Head::Classes(classes) | Head::Tags(classes) => Some((classes.len() as f32).ln()),
        Head::Labels(_) => Some(2f32.ln()),
        Head::Words => config.text_limits().map(|(vocab, _)| (vocab as f32).ln()),
        Head::Value | Head::Span | Head::Vector(_) => None,
    }
}

/// A training pass: its loss; gradients go to `grads`.
fn learn(built: &Built, config: &ModelConfig, examples: &[Example], pass: u64, grads: &mut Gradients) -> f32 {
    learn_on(Tape::training(Stream::root(3).at(pass)), built, config, examples, grads)
}

fn learn_on(tape: Tape, built: &Built, config: &ModelConfig, examples: &[Example], grads: &mut Gradients) -> f32 {
    let output = built.model.forward(&tape, &batch(examples)).expect("an output");
    let loss = loss(&tape, config, examples, &output);
    tape.backward(&loss, grads).expect("gradients");
    loss.tensor().to_scalar().expect("a scalar")
}

#[test]
fn entries_describe_themselves() {
    let mut families = Vec::new();
    each(|entry, config| {
        assert_eq!(entry.family, config.family());
        assert!(!entry.summary.is_empty() && !entry.model_types.is_empty(), "{}", entry.family);
        config.check().unwrap_or_else(|e| panic!("{}: {e}", entry.family));
    });
    families.extend(registry().iter().map(|e| e.family));
    families.sort_unstable();
    families.dedup();
    assert_eq!(families.len(), registry().len(), "two entries of one name");
}

#[test]
fn public_config_reads_back() {
    each(|entry, config| {
        let read = |text: String| ModelConfig::from_public(&text).unwrap_or_else(|e| panic!("{}: {e}", entry.family));
        assert_eq!(read(config.to_public().to_string()), config);
        assert_eq!(read(read(config.to_public().to_string()).to_public().to_string()), config);
        let own = serde_json::to_string(&config).expect("JSON");
        assert_eq!(serde_json::from_str::<ModelConfig>(&own).expect("a config"), config);
    });
}

#[test]
fn mistakes_in_a_public_config_are_told_by_field_and_all_at_once() {
    each(|entry, config| {
        let mut public = config.to_public();
        let numbers: Vec<String> =
            public.as_object().into_iter().flatten().filter(|(_, v)| v.is_number()).map(|(name, _)| name.clone()).collect();
        assert!(!numbers.is_empty(), "{}", entry.family);
        numbers.iter().for_each(|name| public[name] = "many".into());
        let message = ModelConfig::from_public(&public.to_string()).expect_err(entry.family).to_string();
        for name in &numbers {
            assert!(message.contains(&format!("`{name}`: expected ")), "{}: `{name}` is not told in: {message}", entry.family);
        }
        assert_eq!(message.matches("found \"many\"").count(), numbers.len(), "{message}");
    });
}

/// What another program could not load, and what gives no numbers: tokens beyond the vocabulary; spreads and what is added to a variance,
/// by how public configs name them.
#[test]
fn numbers_that_no_model_can_have_are_told() {
    each(|entry, config| {
        let public = config.to_public();
        let fields = public.as_object().into_iter().flatten().filter(|(_, value)| value.is_number()).map(|(name, _)| name);
        for field in fields {
            let wrong: Vec<Value> = match field.as_str() {
                name if name.ends_with("_token_id") => vec![public["vocab_size"].clone()],
                name if name.ends_with("_eps") || name.ends_with("_epsilon") || name.starts_with("init") => {
                    vec![0.0.into(), (-1.0).into(), 1e30.into(), 1e-50.into()]
                }
                _ => continue,
            };
            for wrong in wrong {
                let mut public = public.clone();
                public[field] = wrong.clone();
                let read = ModelConfig::from_public(&public.to_string());
                let told = read.expect_err(&format!("{}: `{field}` = {wrong}", entry.family)).to_string();
                assert!(told.contains(&format!("`{field}`: expected a")), "{}: {told}", entry.family);
            }
        }
    });
}

#[test]
fn weights_read_back_to_the_bit() {
    each(|entry, config| {
        let made = scratch(&config, 1);
        let read = given(&config, tensors(&config, &made.store)).unwrap_or_else(|e| panic!("{}: {e}", entry.family));
        assert_eq!(state(&read.store), state(&made.store), "{}", entry.family);
        let whole = LoadReport { loaded: made.store.len(), ..LoadReport::default() };
        assert_eq!((&read.report, &made.report), (&whole, &LoadReport::default()), "{}", entry.family);
        assert_eq!(infer(&*read.model, &examples(&config, 3)), infer(&*made.model, &examples(&config, 3)));
        let shapes = tensors(&config, &made.store).iter().map(|(name, t)| (name.clone(), t.dims().to_vec())).collect();
        if let Some(found) = ModelConfig::identify(&shapes) {
            assert_eq!(found.with_head(config.head().clone()), config, "taken for another architecture by its tensors");
        }
    });
}

#[test]
fn the_seed_alone_decides_how_a_model_starts() {
    each(|entry, config| {
        assert_eq!(state(&scratch(&config, 1).store), state(&scratch(&config, 1).store), "{}", entry.family);
        assert_ne!(state(&scratch(&config, 1).store), state(&scratch(&config, 2).store), "{}", entry.family);
    });
}

#[test]
fn cost_counts_parameters_and_grows_with_the_batch() {
    each(|entry, config| {
        for labels in [2, 7] {
            let config = config.clone().with_labels(&names(labels));
            assert_eq!(config.num_params(), scratch(&config, 0).store.num_trainable(), "{}", entry.family);
        }
        for cost in [ModelConfig::forward_flops, ModelConfig::activation_bytes] {
            let (one, two, larger) = (cost(&config, 1, 8), cost(&config, 2, 8), cost(&config, 1, 16));
            // Rows of a table have no size.
            let grows = if config.takes() == Modality::Table { larger >= one } else { larger > one };
            assert!(one > 0.0 && two > one && grows, "{}: {one} {two} {larger}", entry.family);
        }
    });
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("class {i}")).collect()
}

#[test]
fn other_classes_take_another_head_on_the_same_body() {
    each(|entry, config| {
        if config.num_labels() == 0 {
            return;
        }
        let body = scratch(&config, 1);
        let other = config.clone().with_labels(&names(config.num_labels() + 2));
        assert_eq!((other.labels(), other.num_labels()), (&names(config.num_labels() + 2)[..], config.num_labels() + 2));
        let read = given(&other, tensors(&config, &body.store)).unwrap_or_else(|e| panic!("{}: {e}", entry.family));
        let fresh = &read.report.initialised;
        assert!(!fresh.is_empty() && read.report.loaded + fresh.len() == read.store.len(), "{}: {:?}", entry.family, read.report);
        for param in read.store.iter().filter(|p| !fresh.contains(&p.name().to_string())) {
            assert_eq!(
                bits(param.tensor()),
                bits(body.store.get(param.name()).expect("the body's").tensor()),
                "{}",
                param.name()
            );
        }
        let found = infer(&*read.model, &examples(&config, 4));
        assert!(found.iter().all(|scores| !scores.is_empty() && scores.len().is_multiple_of(other.num_labels())));
    });
}

#[test]
fn tensors_that_do_not_fit_are_named_with_both_shapes() {
    each(|entry, config| {
        let whole = tensors(&config, &scratch(&config, 1).store);
        let mut refused = 0;
        for (name, tensor) in &whole {
            let mut wrong = tensor.dims().to_vec();
            wrong[0] += 1;
            // Some public layers lie the other way around than the model's own, which the message shows; a single row is a list, and
            // what slides over time slides over an image one high.
            let either = |shape: &[usize]| {
                let list = shape.strip_prefix(&[1]).unwrap_or(shape);
                let mut flat = shape.to_vec();
                flat.insert(shape.len().min(2), 1);
                let turned: Vec<usize> = shape.iter().rev().copied().collect();
                [shape, &turned, list, &flat].map(|shape| format!("{shape:?}"))
            };
            let (expected, found) = (either(tensor.dims()), either(&wrong));
            let without = whole.iter().filter(|(n, _)| *n != name).map(|(n, t)| (n.clone(), t.clone())).collect::<Tensors>();
            let mut misshapen = without.clone();
            misshapen.insert(name.clone(), Tensor::zeros(wrong, DType::F32, &Device::Cpu).expect("zeros"));
            for (tensors, words) in [(without, vec![&expected]), (misshapen, vec![&expected, &found])] {
                match given(&config, tensors) {
                    // A head may start anew, and is then named as such.
                    Ok(built) => {
                        assert!(built.report.initialised.contains(name), "{}: `{name}`: {:?}", entry.family, built.report)
                    }
                    Err(message) => {
                        refused += 1;
                        // A bare body's names are told with its place before them.
                        let told = message.contains(&format!("{name}`"))
                            && words.iter().all(|either| either.iter().any(|w| message.contains(w.as_str())));
                        assert!(told, "{}: expected `{name}` and {words:?} in: {message}", entry.family);
                    }
                }
            }
        }
        assert!(
            refused > whole.len(),
            "{}: only {refused} of {} wrong sets of weights were refused",
            entry.family,
            2 * whole.len()
        );
    });
}

#[test]
fn all_wrong_tensors_are_told_at_once_and_surplus_ones_are_named() {
    each(|entry, config| {
        let mut given_tensors = tensors(&config, &scratch(&config, 1).store);
        given_tensors.insert("surplus.weight".into(), Tensor::zeros(2, DType::F32, &Device::Cpu).expect("zeros"));
        let report = given(&config, given_tensors.clone()).unwrap_or_else(|e| panic!("{}: {e}", entry.family)).report;
        assert_eq!(report.unused, ["surplus.weight"], "{}", entry.family);

        given_tensors.values_mut().for_each(|t| *t = (t.ones_like().expect("ones") * f64::NAN).expect("NaN"));
        let message = given(&config, given_tensors.clone()).err().expect(entry.family);
        // All are counted, the first of them with their names.
        let told = |message: &str, words: &str| {
            let more = message.split("and ").nth(1).and_then(|rest| rest.split(" more").next()?.parse::<usize>().ok());
            message.matches(words).count() + more.unwrap_or(0)
        };
        assert_eq!(told(&message, "holds NaN or infinity"), given_tensors.len() - 1, "{message}");
        given_tensors.values_mut().for_each(|t| *t = t.to_dtype(DType::U8).expect("bytes"));
        let message = given(&config, given_tensors.clone()).err().expect(entry.family);
        assert_eq!(told(&message, "expected a float"), given_tensors.len() - 1, "{message}");
    });
}

#[test]
fn every_parameter_learns() {
    each(|entry, config| {
        let built = scratch(&config, 1);
        let mut grads = Gradients::new(&built.store);
        let loss = learn(&built, &config, &examples(&config, 16), 0, &mut grads);
        if let Some(blind) = blind(&config) {
            assert!((loss - blind).abs() < 1.0, "{}: loss at init {loss}, of guessing {blind}", entry.family);
        }
        grads.check_complete(&built.store).unwrap_or_else(|e| panic!("{}: {e}", entry.family));
        // Not zero to the bit: where the formula says zero (the bias of attention's keys), rounding still leaves something.
        for param in built.store.trainable() {
            let grad = floats(grads.get(param).expect("a gradient"));
            assert!(grad.iter().all(|g| g.is_finite()) && grad.iter().any(|g| *g != 0.0), "{}: {}", entry.family, param.name());
        }
    });
}

#[test]
fn one_batch_is_learnt_by_heart() {
    each(|entry, config| {
        let config = config.with_dropout(0.0);
        let (built, examples) = (scratch(&config, 1), examples(&config, 8));
        let optimizer = optim::AdamW { lr: 5e-3, beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay: 0.0 };
        let zeros = |_| built.store.trainable().map(|p| p.tensor().zeros_like().expect("zeros")).collect::<Vec<_>>();
        let [means, squares] = [(), ()].map(zeros);
        let mut grads = Gradients::new(&built.store);
        let losses: Vec<f32> = (1..=80)
            .map(|step| {
                grads.clear();
                let loss = learn(&built, &config, &examples, step, &mut grads);
                for ((param, m), v) in built.store.trainable().zip(&means).zip(&squares) {
                    optimizer.step(param, grads.get(param).expect("a gradient"), m, v, step, 1.0).expect("a step");
                }
                loss
            })
            .collect();
        assert!(losses[79] < 0.15 * losses[0], "{}: {} -> {}", entry.family, losses[0], losses[79]);
    });
}

#[test]
fn inference_repeats_changes_nothing_and_knows_no_neighbours() {
    each(|entry, config| {
        let (built, examples) = (scratch(&config, 1), examples(&config, 7));
        let before = state(&built.store);
        let together = infer(&*built.model, &examples);
        assert_eq!(infer(&*built.model, &examples), together, "{}", entry.family);
        assert_eq!(state(&built.store), before, "{}: inference changed the model", entry.family);
        // Each alone (a text then has no padding), and all in another order.
        let backwards: Vec<Example> = examples.iter().rev().cloned().collect();
        let backwards = infer(&*built.model, &backwards);
        for (i, example) in examples.iter().enumerate() {
            let alone = infer(&*built.model, std::slice::from_ref(example)).remove(0);
            for other in [&alone, &backwards[examples.len() - 1 - i]] {
                assert_eq!(together[i].len(), other.len(), "{}: example {i}", entry.family);
                let off = together[i].iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(off <= 1e-5, "{}: example {i} is off by {off} in other company", entry.family);
            }
        }
    });
}

#[test]
fn what_comes_out_has_the_shape_that_the_head_says() {
    each(|entry, config| {
        let (built, examples) = (scratch(&config, 1), examples(&config, 3));
        let longest = examples.iter().filter_map(Example::words).map(<[u32]>::len).max().unwrap_or(0);
        let tape = Tape::inference();
        let output = built.model.forward(&tape, &batch(&examples)).expect("an output");
        let found = output.scores(&tape).expect("scores").dims().to_vec();
        let vocab = config.text_limits().map_or(0, |(vocab, _)| vocab);
        match config.head() {
            Head::Classes(_) | Head::Labels(_) | Head::Value => assert_eq!(found, [3, config.head().width()], "{}", entry.family),
            Head::Tags(_) | Head::Span => assert_eq!(found, [3, longest, config.head().width()], "{}", entry.family),
            Head::Words => assert_eq!(found, [3, longest, vocab], "{}", entry.family),
            Head::Vector(_) => {
                assert_eq!((&found[..1], Some(found[1])), (&[3][..], config.vector_width()), "{}: {found:?}", entry.family)
            }
        }
    });
}

/// The same texts, whose words from `from` on (of the text that is written) are others.
fn other_words(examples: &[Example], from: usize, vocab: u32) -> Vec<Example> {
    let mut changed = examples.to_vec();
    for example in &mut changed {
        if let Example::Text { token_ids: words, .. }
        | Example::Pair { target: words, .. }
        | Example::Speech { target: words, .. } = example
        {
            words.iter_mut().skip(from).for_each(|word| *word = (*word + 1) % vocab);
        }
    }
    changed
}

#[test]
fn a_model_that_writes_sees_no_word_that_is_to_come() {
    each(|entry, config| {
        let built = scratch(&config, 1);
        if built.model.generator().is_none() {
            return;
        }
        let (vocab, longest) = config.text_limits().expect("the longest text");
        let examples = examples(&config, 4);
        let before = infer(&*built.model, &examples);
        for from in [1, longest / 2, longest - 1] {
            let after = infer(&*built.model, &other_words(&examples, from, vocab as u32));
            let mut seen = 0;
            for (row, (before, after)) in before.iter().zip(&after).enumerate() {
                let known = before.len().min(from * vocab);
                // To the bit: what is to come takes no part in the sums.
                assert_eq!(before[..known], after[..known], "{}: text {row} is told otherwise before word {from}", entry.family);
                seen += before[known..].iter().zip(&after[known..]).filter(|(a, b)| a != b).count();
            }
            assert!(seen > 0, "{}: the words from {from} on say nothing", entry.family);
        }
    });
}

#[test]
fn what_is_remembered_tells_what_reading_anew_tells() {
    each(|entry, config| {
        let built = scratch(&config, 1);
        let Some(generator) = built.model.generator() else { return };
        let (vocab, longest) = config.text_limits().expect("the longest text");
        let example = examples(&config, 1).remove(0);
        let words = example.words().expect("words").to_vec();
        let whole = infer(&*built.model, std::slice::from_ref(&example)).remove(0);
        let source = match &example {
            Example::Pair { source, .. } => Some(Source::Text(source)),
            Example::Speech { features, .. } => Some(Source::Speech(features)),
            Example::Text { .. } | Example::Image { .. } | Example::Row { .. } => None,
        };
        let mut cache = generator.begin(source.as_slice()).expect("a memory");
        let mut at = 0;
        // A few words at first, then one by one, twice the same text side by side on the way.
        let first = 3.min(longest);
        for (step, part) in std::iter::once(&words[..first]).chain(words[first..].chunks(1)).enumerate() {
            let copies = if step < 2 { 1 } else { 2 };
            if step == 2 {
                cache.select(&[0, 0]).expect("twice");
            }
            let ids = Tensor::from_vec(part.repeat(copies), (copies, part.len()), &Device::Cpu).expect("ids");
            let tape = Tape::inference();
            let scores = generator.next(&ids, &mut cache).and_then(|output| output.scores(&tape)).expect("scores");
            for copy in 0..copies {
                let found = floats(&scores.tensor().get(copy).expect("a text"));
                let expected = &whole[at * vocab..(at + part.len()) * vocab];
                let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(found.len() == expected.len() && off <= 1e-5, "{}: word {at} is off by {off}", entry.family);
            }
            at += part.len();
        }
        assert_eq!((at, cache.len()), (words.len(), words.len()));
    });
}

#[test]
fn threads_change_no_bit() {
    each(|entry, config| {
        // Large enough that work is shared out.
        let examples = examples(&config, 96);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| {
                let built = scratch(&config, 1);
                let mut grads = Gradients::new(&built.store);
                let loss = learn(&built, &config, &examples, 0, &mut grads);
                let grads: Vec<Vec<u32>> = built.store.trainable().map(|p| bits(grads.get(p).expect("a gradient"))).collect();
                let logits: Vec<u32> = infer(&*built.model, &examples).into_iter().flatten().map(f32::to_bits).collect();
                (loss.to_bits(), grads, logits, state(&built.store))
            })
        };
        let one = run(1);
        for threads in [2, 4] {
            assert!(run(threads) == one, "{}: {threads} threads give other bits than one", entry.family);
        }
    });
}

/// With gradient checkpointing; and a model does it by the blocks that its cost counts.
#[test]
fn activations_made_again_change_no_bit() {
    each(|entry, config| {
        let config = config.with_dropout(0.2);
        let examples = examples(&config, 5);
        let run = |saving: bool| {
            let (built, profile) = (scratch(&config, 1), Profile::default());
            let mut grads = Gradients::new(&built.store);
            let tape = Tape::training(Stream::root(3)).saving(saving).profiled(&profile);
            let loss = learn_on(tape, &built, &config, &examples, &mut grads);
            let grads: Vec<Vec<u32>> = built.store.trainable().map(|p| bits(grads.get(p).expect("a gradient"))).collect();
            let again = profile.times().contains_key("checkpoint");
            ((loss.to_bits(), grads, state(&built.store)), again)
        };
        let ((kept, _), (made, again)) = (run(false), run(true));
        assert!(made == kept, "{}: other bits", entry.family);
        let (bytes, _) = config.checkpointed(8, 32);
        assert_eq!(again, config.can_checkpoint(), "{}: blocks are made again, or it does not say so", entry.family);
        assert_eq!(again, bytes < config.activation_bytes(8, 32), "{}: {bytes}", entry.family);
    });
}

#[test]
fn an_input_of_another_kind_is_refused_in_words() {
    each(|entry, config| {
        let built = scratch(&config, 1);
        let other = match config.takes() {
            Modality::Text | Modality::TextToText | Modality::Speech => {
                Input::Image { pixels: Tensor::zeros((1, 3, 8, 8), DType::F32, &Device::Cpu).expect("pixels") }
            }
            Modality::Image | Modality::Table => {
                let ids = || Tensor::zeros((1, 4), DType::U32, &Device::Cpu).expect("ids");
                Input::Text { token_ids: ids(), type_ids: ids(), lengths: vec![4] }
            }
        };
        let message = built.model.forward(&Tape::inference(), &other).err().expect(entry.family).to_string();
        assert!(message.contains(entry.family) && message.contains("expected"), "{message}");
    });
}
