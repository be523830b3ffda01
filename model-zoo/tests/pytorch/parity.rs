//! Against PyTorch and transformers: logits, loss, gradients and a few optimiser steps of small models that `fixtures/make.py` made,
//! read from the public files (`config.json`, `model.safetensors`) as those libraries write them.

use crate::fixture::{Loaded, Tensors, built, floats, folder, load, read, whole};
use candle_core::{DType, Device, Tensor};
use std::path::PathBuf;
use tallow_kernels::{Gradients, Stream, Tape, Var, cross_entropy, optim};
use tallow_zoo::{Head, Input, ModelConfig};

/// Largest difference that is let pass, as a share of the tensor's largest value. The fixtures were computed in float64, so this is
/// what float32 loses here: seen is 1.1e-6, in gradients and after steps alike.
const CLOSE: f64 = 1e-5;

/// Steps of the optimisers, and their settings, as in `make.py`.
const STEPS: u64 = 3;
const ADAMW: optim::AdamW = optim::AdamW { lr: 1e-3, beta1: 0.9, beta2: 0.98, eps: 1e-6, weight_decay: 0.05 };
const SGD: optim::Sgd = optim::Sgd { lr: 0.05, momentum: 0.9, weight_decay: 1e-3, nesterov: true, decoupled: false };

/// The batch of `expected.safetensors`.
fn input(expected: &Tensors) -> Input {
    let ids = |name: &str| expected[name].to_dtype(DType::U32).expect("ids");
    match expected.get("input.pixels") {
        Some(pixels) => Input::Image { pixels: pixels.clone() },
        None => Input::Text {
            token_ids: ids("input.token_ids"),
            type_ids: ids("input.type_ids"),
            lengths: whole(&expected["input.lengths"]).iter().map(|&n| n as usize).collect(),
        },
    }
}

/// Compares with what PyTorch found, and keeps the worst.
struct Check<'a> {
    fixture: &'a str,
    worst: (f64, String),
}

impl Check<'_> {
    fn close(&mut self, what: String, found: &Tensor, expected: &Tensor) {
        assert_eq!(found.dims(), expected.dims(), "{}: {what}", self.fixture);
        let (found, expected) = (floats(found), floats(expected));
        assert!(found.iter().chain(&expected).all(|v| v.is_finite()), "{}: {what} holds NaN or infinity", self.fixture);
        let largest = expected.iter().fold(1e-6f64, |most, e| most.max(e.abs()));
        let off = found.iter().zip(&expected).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max) / largest;
        assert!(off <= CLOSE, "{}: {what} is off by {off:.1e} of its largest value {largest:.3e}", self.fixture);
        if off >= self.worst.0 {
            self.worst = (off, what);
        }
    }
}

fn scores(loaded: &Loaded, tape: &Tape, input: &Input) -> Var {
    loaded.model.forward(tape, input).and_then(|output| output.scores(tape)).expect("logits")
}

/// One training pass: logits, loss, and its gradients in `grads`.
fn pass(loaded: &Loaded, grads: &mut Gradients) -> (Tensor, Var) {
    let tape = Tape::training(Stream::root(0));
    let logits = scores(loaded, &tape, &input(&loaded.expected));
    let loss = cross_entropy(&tape, &logits, &whole(&loaded.expected["labels"])).expect("a loss");
    tape.backward(&loss, grads).expect("gradients");
    (logits.tensor().clone(), loss)
}

/// Those of `expected` that begin with `prefix.`, by the rest of their names.
fn under<'a>(expected: &'a Tensors, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Tensor)> {
    let named = move |(name, tensor): (&'a String, &'a Tensor)| Some((name.strip_prefix(prefix)?.strip_prefix('.')?, tensor));
    expected.iter().filter_map(named)
}

/// `STEPS` steps from the folder's weights, `update` moving one parameter (its gradient, two tensors of state, the step).
fn train(name: &str, update: impl Fn(&tallow_kernels::Param, &Tensor, &[Tensor; 2], u64)) -> Loaded {
    let loaded = load(name);
    let state: Vec<[Tensor; 2]> =
        loaded.store.trainable().map(|p| [(); 2].map(|()| p.tensor().zeros_like().expect("zeros"))).collect();
    let mut grads = Gradients::new(&loaded.store);
    for step in 1..=STEPS {
        grads.clear();
        pass(&loaded, &mut grads);
        for (param, state) in loaded.store.trainable().zip(&state) {
            update(param, grads.get(param).expect("a gradient"), state, step);
        }
    }
    loaded
}

fn check(name: &str) {
    let mut check = Check { fixture: name, worst: (0.0, String::new()) };
    let loaded = load(name);
    let expected = &loaded.expected;
    let eval = scores(&loaded, &Tape::inference(), &input(expected));
    check.close("logits at inference".into(), eval.tensor(), &expected["eval.logits"]);
    let mut grads = Gradients::new(&loaded.store);
    let (logits, loss) = pass(&loaded, &mut grads);
    check.close("logits".into(), &logits, &expected["logits"]);
    check.close("loss".into(), loss.tensor(), &expected["loss"]);
    let norm = Tensor::new(grads.global_norm(&loaded.store).expect("a norm"), &Device::Cpu).expect("a scalar");
    check.close("norm of all gradients".into(), &norm, &expected["grad_norm"]);
    let mut compared = 0;
    for (param, expected) in under(expected, "grad") {
        let param = loaded.store.get(param).unwrap_or_else(|| panic!("no parameter `{param}`"));
        check.close(format!("gradient of `{}`", param.name()), grads.get(param).expect("a gradient"), expected);
        compared += 1;
    }
    assert!(compared >= 8, "only {compared} gradients to compare");

    let adamw = train(name, |p, g, [m, v], step| ADAMW.step(p, g, m, v, step, 1.0).expect("a step"));
    let sgd = train(name, |p, g, [buf, _], step| SGD.step(p, g, buf, step, 1.0).expect("a step"));
    for (kind, trained) in [("adamw", adamw), ("sgd", sgd)] {
        for (name, expected) in under(expected, kind) {
            let found = trained.store.get(name).unwrap_or_else(|| panic!("no parameter `{name}`"));
            check.close(format!("`{name}` after {STEPS} steps of {kind}"), found.tensor(), expected);
        }
    }
    println!("{name}: at most {:.1e} of a tensor's largest value: {}", check.worst.0, check.worst.1);
}

#[test]
fn bert() {
    check("bert_gelu");
}

#[test]
fn bert_of_pairs_with_the_other_gelu() {
    check("bert_gelu_new_pair");
}

#[test]
fn resnet() {
    check("resnet8");
}

#[test]
fn deeper_grey_resnet() {
    check("resnet20_grey");
}

#[test]
fn public_resnet_of_bottlenecks() {
    check("resnet_bottleneck");
}

#[test]
fn public_resnet_for_small_images() {
    check("resnet_basic_cifar");
}

/// all-MiniLM-L6-v2, where its files are at hand: with a head that picks numbers of the pooled output, logits are those numbers.
#[test]
fn public_weights() {
    let Some(hub) = std::env::var_os("TALLOW_FIXTURES_HUB").map(PathBuf::from) else { return };
    let public = hub.join("models/sentence-transformers/all-MiniLM-L6-v2");
    let text = std::fs::read_to_string(folder("minilm.json")).expect("minilm.json");
    let expected: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let numbers =
        |of: &serde_json::Value| -> Vec<f64> { of.as_array().into_iter().flatten().filter_map(|v| v.as_f64()).collect() };
    let every = expected["every"].as_u64().expect("a number") as usize;

    let config = std::fs::read_to_string(public.join("config.json")).expect("config.json");
    let mut given = read(&public.join("model.safetensors"));
    let hidden = given["pooler.dense.bias"].dims()[0];
    let picked = hidden.div_ceil(every);
    let head: Vec<f32> = (0..picked * hidden).map(|i| if i % hidden == i / hidden * every { 1.0 } else { 0.0 }).collect();
    given.insert("classifier.weight".into(), Tensor::from_vec(head, (picked, hidden), &Device::Cpu).expect("a head"));
    given.insert("classifier.bias".into(), Tensor::zeros(picked, DType::F32, &Device::Cpu).expect("a bias"));
    let labels = (0..picked).map(|i| format!("{i}")).collect();
    let config = ModelConfig::from_public(&config).expect("a config of the zoo").with_head(Head::Classes(labels));
    let loaded = built("all-MiniLM-L6-v2", config, given, Tensors::new());

    // Both texts in one batch, the shorter one padded.
    let examples = expected["examples"].as_array().expect("examples");
    let longest = examples.iter().map(|e| numbers(&e["token_ids"]).len()).max().expect("examples");
    let padded = |key: &str| {
        let rows = examples.iter().flat_map(|e| {
            let row = numbers(&e[key]);
            (0..longest).map(move |i| row.get(i).copied().unwrap_or(0.0) as u32)
        });
        Tensor::from_vec(rows.collect::<Vec<_>>(), (examples.len(), longest), &Device::Cpu).expect("ids")
    };
    let lengths = examples.iter().map(|e| numbers(&e["token_ids"]).len()).collect();
    let input = Input::Text { token_ids: padded("token_ids"), type_ids: padded("type_ids"), lengths };
    let found = scores(&loaded, &Tape::inference(), &input);
    let rows: Vec<f64> = examples.iter().flat_map(|e| numbers(&e["pooled"])).collect();
    let expected = Tensor::from_vec(rows, (examples.len(), picked), &Device::Cpu).expect("numbers");
    let mut check = Check { fixture: "all-MiniLM-L6-v2", worst: (0.0, String::new()) };
    check.close("pooled output".into(), found.tensor(), &expected);
    println!("all-MiniLM-L6-v2: {:.1e}", check.worst.0);
}
