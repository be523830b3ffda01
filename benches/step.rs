//! Times whole training steps on random batches: forward, backward, clipping, optimiser; float32.
//!
//! `cargo bench -p tallow-zoo --bench step -- MODEL [--steps N] [--threads N]`: median and least milliseconds a step, peak memory of the
//! process; with `--profile` also where the time goes. `MODEL` is one of
//! those in [`WORKS`]; `pytorch_step.py` beside this file times the same in PyTorch. Set the allocator as the worker sets its own:
//! `MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=2147483647 MALLOC_TOP_PAD_=67108864`.

use candle_core::{Device, Tensor};
use serde_json::json;
use std::error::Error;
use std::time::{Duration, Instant};
use tallow_kernels::optim::{AdamW, Sgd};
use tallow_kernels::{self as kernels, Gradients, Param, Profile, Stream, Tape, Targets, Var, Weights};
use tallow_zoo::{Adapter, Input, Model, ModelConfig, Output};

const SGD: Sgd = Sgd { lr: 0.01, momentum: 0.9, weight_decay: 1e-4, nesterov: false, decoupled: false };
const ADAMW: AdamW = AdamW { lr: 1e-4, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };

/// A model and the size of its batches.
struct Work {
    name: &'static str,
    batch: usize,
    /// Tokens of a text, or of source and target each; none: images.
    len: Option<usize>,
}

const WORKS: [Work; 9] = [
    Work { name: "bert-base", batch: 8, len: Some(128) },
    Work { name: "minilm", batch: 32, len: Some(64) },
    Work { name: "gpt2", batch: 2, len: Some(256) },
    Work { name: "smollm2", batch: 2, len: Some(256) },
    Work { name: "t5-small", batch: 8, len: Some(128) },
    Work { name: "vit-tiny", batch: 8, len: None },
    Work { name: "resnet18", batch: 32, len: None },
    Work { name: "resnet50", batch: 32, len: None },
    Work { name: "resnet20", batch: 128, len: None },
];

/// What is trained: a model, and one batch with its labels, one an example or one a token.
struct Subject {
    model: Box<dyn Model>,
    input: Input,
    labels: Vec<u32>,
}

/// Uniform numbers below `most`.
fn numbers(count: usize, most: u32) -> Vec<u32> {
    let stream = Stream::root(2);
    (0..count as u64).map(|i| (f64::from(stream.normal(i)).abs() * 1e6) as u32 % most).collect()
}

impl Subject {
    fn new(work: &Work, weights: &Weights) -> Result<Self, Box<dyn Error>> {
        let (batch, device) = (work.batch, Device::Cpu);
        let Some(len) = work.len else {
            let resnet = |layer_type: &str, sizes: [usize; 4], depths: [usize; 4]| {
                json!({"model_type": "resnet", "stem_type": "cifar", "num_labels": 10, "layer_type": layer_type,
                    "embedding_size": 64, "hidden_sizes": sizes, "depths": depths})
            };
            let config = match work.name {
                "resnet18" => resnet("basic", [64, 128, 256, 512], [2, 2, 2, 2]),
                "vit-tiny" => json!({"model_type": "vit", "hidden_size": 192, "num_hidden_layers": 12, "num_attention_heads": 3,
                    "intermediate_size": 768, "image_size": 224, "patch_size": 16, "num_labels": 10}),
                "resnet50" => resnet("bottleneck", [256, 512, 1024, 2048], [3, 4, 6, 3]),
                _ => json!({"model_type": "resnet_cifar", "depth": 20}),
            };
            let side = if work.name == "vit-tiny" { 224 } else { 32 };
            let values: Vec<f32> = (0..(batch * 3 * side * side) as u64).map(|i| Stream::root(2).normal(i)).collect();
            let input = Input::Image { pixels: Tensor::from_vec(values, (batch, 3, side, side), &device)? };
            let model = ModelConfig::from_public(&config.to_string())?.build(weights, None)?;
            return Ok(Subject { model, input, labels: numbers(batch, 10) });
        };
        let ids = |vocab| Tensor::from_vec(numbers(batch * len, vocab), (batch, len), &device);
        // Each token's label is the token behind it; a text's last has none.
        let next = |ids: &Tensor| -> Result<Vec<u32>, candle_core::Error> {
            let ids = ids.to_vec2::<u32>()?;
            Ok(ids.iter().flat_map(|row| row[1..].iter().copied().chain([u32::MAX])).collect())
        };
        if work.name == "t5-small" {
            let config = json!({"model_type": "t5", "vocab_size": 32128, "d_model": 512, "d_kv": 64, "d_ff": 2048, "num_layers": 6,
                "num_heads": 8});
            let lengths = vec![len; batch];
            let (source_lengths, target_lengths) = (lengths.clone(), lengths);
            let input = Input::TextToText { source_ids: ids(32128)?, source_lengths, target_ids: ids(32128)?, target_lengths };
            let model = ModelConfig::from_public(&config.to_string())?.build(weights, None)?;
            return Ok(Subject { model, input, labels: numbers(batch * len, 32128) });
        }
        let (config, vocab, adapter) = match work.name {
            "gpt2" => (
                json!({"model_type": "gpt2", "vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12}),
                50257,
                None,
            ),
            "smollm2" => (
                json!({"model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536,
                    "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "tie_word_embeddings": true,
                    "max_position_embeddings": 2048}),
                49152,
                Some(Adapter { lora_alpha: 16.0, ..Adapter::of(&["q_proj", "v_proj"]) }),
            ),
            name => {
                let (layers, hidden) = if name == "minilm" { (6, 384) } else { (12, 768) };
                let config = json!({"model_type": "bert", "vocab_size": 30522, "hidden_size": hidden, "num_hidden_layers": layers,
                    "num_attention_heads": 12, "intermediate_size": 4 * hidden, "max_position_embeddings": 512, "num_labels": 2});
                (config, 30522, None)
            }
        };
        let token_ids = ids(vocab)?;
        let labels = if work.name == "gpt2" || adapter.is_some() { next(&token_ids)? } else { numbers(batch, 2) };
        let model = ModelConfig::from_public(&config.to_string())?.build(weights, adapter.as_ref())?;
        let input = Input::Text { type_ids: token_ids.zeros_like()?, token_ids, lengths: vec![len; batch] };
        Ok(Subject { model, input, labels })
    }

    fn loss(&self, tape: &Tape) -> Result<Var, Box<dyn Error>> {
        let targets = Targets { ignore: Some(u32::MAX), ..Targets::new(&self.labels) };
        Ok(match self.model.forward(tape, &self.input)? {
            Output::Scores(scores) => kernels::cross_entropy(tape, &scores, targets)?,
            Output::Words { states, vocabulary, bias } => {
                kernels::linear_cross_entropy(tape, &states, &vocabulary, bias.as_ref(), targets)?
            }
            Output::Vectors(_) => return Err("expected scores".into()),
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let number = |name: &str, or: usize| {
        args.iter().position(|a| a == name).and_then(|i| args.get(i + 1)).and_then(|a| a.parse().ok()).unwrap_or(or)
    };
    let Some(work) = args.first().and_then(|name| WORKS.iter().find(|work| work.name == *name)) else {
        let names: Vec<&str> = WORKS.iter().map(|work| work.name).collect();
        return Err(format!("expected one of {}", names.join(", ")).into());
    };
    kernels::set_threads_with_this(number("--threads", 2))?;
    let weights = Weights::scratch(Stream::root(1), &Device::Cpu);
    let subject = Subject::new(work, &weights)?;
    let (store, _) = weights.finish()?;
    let zeros = |p: &Param| p.tensor().zeros_like()?.copy();
    let moments = store.trainable().map(|p| Ok([zeros(p)?, zeros(p)?])).collect::<Result<Vec<_>, candle_core::Error>>()?;
    let mut grads = Gradients::new(&store);
    let is_sgd = work.name.starts_with("resnet");
    let profile = args.iter().any(|a| a == "--profile").then(Profile::default);
    let (mut times, mut losses) = (Vec::new(), Vec::new());
    for step in 1..=number("--steps", 7) as u64 + 2 {
        let start = Instant::now();
        grads.clear();
        let mut tape = Tape::training(Stream::root(3).at(step));
        if let Some(profile) = profile.as_ref().filter(|_| step > 2) {
            tape = tape.profiled(profile);
        }
        let loss = subject.loss(&tape)?;
        losses.push(loss.tensor().to_scalar::<f32>()?);
        tape.backward(&loss, &mut grads)?;
        let scale = if !is_sgd { (1.0 / (grads.global_norm(&store)? + 1e-6)).min(1.0) } else { 1.0 };
        for (param, [m, v]) in store.trainable().zip(&moments) {
            let grad = grads.get(param).ok_or_else(|| format!("no gradient of {}", param.name()))?;
            match is_sgd {
                false => ADAMW.step(param, grad, m, v, step, scale)?,
                true => SGD.step(param, grad, m, step, scale)?,
            }
        }
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.drain(..2);
    times.sort_by(f64::total_cmp);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim();
    println!(
        "{} b{}: median {:.1} ms, least {:.1} ms, peak {peak}, loss {:.4} -> {:.4}",
        work.name,
        work.batch,
        times[times.len() / 2],
        times[0],
        losses[0],
        losses[losses.len() - 1]
    );
    let ms = |d: Duration| d.as_secs_f64() * 1e3 / times.len() as f64;
    for (name, t) in profile.map(|p| p.times()).unwrap_or_default() {
        let gflops = (t.forward_work.flops + t.backward_work.flops) / (t.forward + t.backward).as_secs_f64() / 1e9;
        let calls = t.calls / times.len();
        println!(
            "{name:22} {calls:4} calls {:8.2} ms forward {:8.2} ms backward {gflops:6.1} GFLOP/s",
            ms(t.forward),
            ms(t.backward)
        );
    }
    Ok(())
}
