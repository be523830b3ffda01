//! What every architecture of the zoo keeps to. The tests know models by the registry alone: a new line there is tested here.

mod built;

use built::*;
use candle_core::{DType, Device, Tensor};
use serde_json::Value;
use tallow_kernels::{Gradients, LoadReport, Profile, Stream, Tape, optim};
use tallow_zoo::{Head, Input, Modality, ModelConfig, Source, registry};

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
