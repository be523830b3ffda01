//! Times whole training steps (forward, backward, SGD with momentum) of ResNets on random images of 32x32, float32.
//!
//! `cargo run --release --workspace --example image_step -- resnet18|resnet50|resnet20 [steps] [threads]`: median and least milliseconds
//! a step, and the peak memory of the process. Batches are 32, and 128 for ResNet-20.

use candle_core::{DType, Device, Tensor};
use std::time::Instant;
use tallow_kernels::{Gradients, Stream, Tape, Weights, cross_entropy, optim::Sgd, set_threads};
use tallow_zoo::{Input, ModelConfig};

const SGD: Sgd = Sgd { lr: 0.01, momentum: 0.9, weight_decay: 1e-4, nesterov: false, decoupled: false };

fn config(name: &str) -> Result<(ModelConfig, usize), String> {
    let resnet = |layer_type: &str, sizes: [usize; 4], depths: [usize; 4]| {
        serde_json::json!({"model_type": "resnet", "stem_type": "cifar", "num_labels": 10, "layer_type": layer_type,
            "embedding_size": 64, "hidden_sizes": sizes, "depths": depths})
    };
    let (public, batch) = match name {
        "resnet18" => (resnet("basic", [64, 128, 256, 512], [2, 2, 2, 2]), 32),
        "resnet50" => (resnet("bottleneck", [256, 512, 1024, 2048], [3, 4, 6, 3]), 32),
        "resnet20" => (serde_json::json!({"model_type": "resnet_cifar", "depth": 20}), 128),
        other => return Err(format!("expected resnet18, resnet50 or resnet20, found {other}")),
    };
    Ok((ModelConfig::from_public(&public.to_string()).map_err(|e| e.to_string())?, batch))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, or: usize| args.get(i).and_then(|a| a.parse().ok()).unwrap_or(or);
    let name = args.first().map_or("resnet18", String::as_str);
    let ((config, batch), steps) = (config(name)?, number(1, 7));
    set_threads(number(2, 2))?;
    let weights = Weights::scratch(Stream::root(1), &Device::Cpu);
    let model = config.build(&weights)?;
    let (store, _) = weights.finish()?;
    let moments = store.trainable().map(|p| p.tensor().zeros_like()?.copy()).collect::<Result<Vec<_>, _>>()?;
    let values: Vec<f32> = (0..batch as u64 * 3 * 32 * 32).map(|i| Stream::root(2).normal(i)).collect();
    let pixels = Tensor::from_vec(values, (batch, 3, 32, 32), &Device::Cpu)?.to_dtype(DType::F32)?;
    let labels: Vec<u32> = (0..batch).map(|i| (i % 10) as u32).collect();
    let mut grads = Gradients::new(&store);
    let (mut times, mut first, mut last) = (Vec::new(), 0.0, 0.0);
    for step in 1..=steps as u64 + 2 {
        let start = Instant::now();
        let tape = Tape::training(Stream::root(3).at(step));
        let logits = model.logits(&tape, &Input::Image { pixels: pixels.clone() })?;
        let loss = cross_entropy(&tape, &logits, &labels)?;
        last = loss.tensor().to_scalar::<f32>()?;
        grads.clear();
        tape.backward(&loss, &mut grads)?;
        for (param, moment) in store.trainable().zip(&moments) {
            SGD.step(param, grads.get(param).ok_or("a gradient")?, moment, step, 1.0)?;
        }
        match step {
            1 => first = last,
            2 => {}
            _ => times.push(start.elapsed().as_secs_f64() * 1e3),
        }
    }
    times.sort_by(f64::total_cmp);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim();
    println!(
        "{name} b{batch}: median {:.1} ms, least {:.1} ms, peak {peak}, loss {first:.4} -> {last:.4}",
        times[times.len() / 2],
        times[0]
    );
    Ok(())
}
