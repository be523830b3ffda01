//! Times `linear_cross_entropy`, forward and backward, at the size of GPT-2's head: `cargo run --release --example vocabulary_loss`.

use candle_core::{Device, Tensor};
use std::time::Instant;
use tallow_kernels::{Gradients, Init, Result, Stream, Tape, Targets, Weights, linear_cross_entropy, set_threads};

const ROWS: usize = 512;
const WIDTH: usize = 768;
const CLASSES: usize = 50_257;

fn main() -> Result<()> {
    set_threads(2)?;
    let weights = Weights::scratch(Stream::root(0), &Device::Cpu);
    let w = weights.param("w", &[CLASSES, WIDTH], Init::Normal(0.02));
    let (store, _) = weights.finish()?;
    let values: Vec<f32> = (0..(ROWS * WIDTH) as u64).map(|i| Stream::root(1).normal(i)).collect();
    let hidden = Tensor::from_vec(values, (ROWS, WIDTH), &Device::Cpu)?;
    let labels: Vec<u32> = (0..ROWS as u32).map(|i| i * 97).collect();
    let mut grads = Gradients::new(&store);
    let mut times = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        grads.clear();
        let tape = Tape::training(Stream::root(2));
        let x = tape.leaf(hidden.clone());
        let loss = linear_cross_entropy(&tape, &x, &w, None, Targets::new(&labels))?;
        tape.backward(&loss, &mut grads)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.remove(0);
    times.sort_by(f64::total_cmp);
    println!(
        "linear_cross_entropy {ROWS} x {WIDTH} x {CLASSES}: median {:.0} ms, minimum {:.0} ms",
        times[times.len() / 2],
        times[0]
    );
    Ok(())
}
