//! Times each operation, forward and backward, at the shapes of MiniLM (batch 32, 64 tokens) and ResNet-20 (batch 128).
//!
//! `cargo run --release -p tallow-kernels --example ops [threads] [name]`: milliseconds (the least of several runs), and GFLOP/s
//! for products, or GB/s over the memory that must be read and written at least for the rest.

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use std::sync::Arc;
use std::time::Instant;
use tallow_kernels::optim::{Adafactor, AdamW, Sgd, Squares};
use tallow_kernels::*;

type Op<'a> = &'a dyn Fn(&Tape, &[Var], &[Param]) -> Result<Var>;

struct Bench {
    only: Option<String>,
}

fn normal(shape: &[usize], name: &str) -> Result<Tensor> {
    let (stream, count) = (Stream::root(1).named(name), shape.iter().product::<usize>() as u64);
    Ok(Tensor::from_vec((0..count).map(|i| stream.normal(i) * 0.5).collect::<Vec<f32>>(), shape, &Device::Cpu)?)
}

/// The work of one run, by which speed is counted.
#[derive(Clone, Copy)]
enum Work {
    /// Floating-point operations forward; backward does twice as many.
    Flops(f64),
    /// Bytes forward and backward.
    Bytes(f64, f64),
}

impl Bench {
    /// `inputs`: shapes of activations; `params`: names and shapes.
    fn run(&self, name: &str, inputs: &[&[usize]], params: &[(&str, &[usize])], work: Work, op: Op) -> Result<()> {
        if self.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            return Ok(());
        }
        let weights = Weights::scratch(Stream::root(2), &Device::Cpu);
        let made: Vec<Param> = params.iter().map(|(name, shape)| weights.param(name, shape, Init::Normal(0.1))).collect();
        let (store, _) = weights.finish()?;
        let values = inputs.iter().map(|shape| normal(shape, name)).collect::<Result<Vec<_>>>()?;
        let mut grads = Gradients::new(&store);
        let (mut forward, mut backward) = (f64::MAX, f64::MAX);
        let until = Instant::now();
        for round in 0.. {
            if round >= 3 && until.elapsed().as_secs_f64() > 0.5 {
                break;
            }
            let tape = Tape::training(Stream::root(3).at(round));
            let vars: Vec<Var> = values.iter().map(|v| tape.leaf(v.clone())).collect();
            let start = Instant::now();
            let y = op(&tape, &vars, &made)?;
            forward = forward.min(start.elapsed().as_secs_f64());
            let start = Instant::now();
            grads.clear();
            tape.backward_to(&y, &mut grads, &vars.iter().collect::<Vec<_>>())?;
            backward = backward.min(start.elapsed().as_secs_f64());
        }
        let (there, back, unit) = match work {
            Work::Flops(n) => (n / forward / 1e9, 2.0 * n / backward / 1e9, "GFLOP/s"),
            Work::Bytes(n, m) => (n / forward / 1e9, m / backward / 1e9, "GB/s"),
        };
        println!("{name:34} {:9.3} ms {there:7.1} {unit:8} {:9.3} ms {back:7.1} {unit}", forward * 1e3, backward * 1e3);
        Ok(())
    }

    fn step(&self, name: &str, elements: usize, floats: usize, step: impl Fn(&Param, &[Tensor]) -> Result<()>) -> Result<()> {
        if self.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            return Ok(());
        }
        let weights = Weights::scratch(Stream::root(2), &Device::Cpu);
        let p = weights.param("p", &[elements], Init::Normal(0.1));
        let state = (0..3).map(|_| Ok(Tensor::zeros(elements, DType::F32, &Device::Cpu)?.copy()?)).collect::<Result<Vec<_>>>()?;
        let mut best = f64::MAX;
        for _ in 0..10 {
            let start = Instant::now();
            step(&p, &state)?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name:34} {:9.3} ms {:7.1} GB/s", best * 1e3, (elements * floats * 4) as f64 / best / 1e9);
        Ok(())
    }
}

fn bert(bench: &Bench) -> Result<()> {
    let (batch, len, dim, inner, heads, vocab) = (32usize, 64usize, 384usize, 1536usize, 12usize, 30522usize);
    let rows = batch * len;
    let x: &[usize] = &[batch, len, dim];
    let wide: &[usize] = &[batch, len, inner];
    let product = |i: usize, o: usize| Work::Flops(2.0 * (rows * i * o) as f64);
    let bytes = |n: usize, there: usize, back: usize| Work::Bytes((n * there * 4) as f64, (n * back * 4) as f64);
    for (name, from, to) in
        [("linear 384 -> 384", dim, dim), ("linear 384 -> 1536", dim, inner), ("linear 1536 -> 384", inner, dim)]
    {
        let params: &[(&str, &[usize])] = &[("w", &[to, from]), ("b", &[to])];
        bench.run(name, &[&[batch, len, from]], params, product(from, to), &|t, v, p| linear(t, &v[0], &p[0], Some(&p[1])))?;
    }
    let flops = Work::Flops(4.0 * (batch * len * len * dim) as f64);
    for (name, dropout) in [("attention", 0.0), ("attention, dropout 0.1", 0.1)] {
        bench.run(name, &[x, x, x], &[], flops, &|t, v, _| {
            attention(t, &v[0], &v[1], &v[2], &Attention { dropout, ..Attention::full(heads) })
        })?;
    }
    let n = rows * dim;
    let norm: &[(&str, &[usize])] = &[("w", &[dim]), ("b", &[dim])];
    bench.run("layer_norm", &[x], norm, bytes(n, 2, 3), &|t, v, p| layer_norm(t, &v[0], &p[0], &p[1], 1e-12))?;
    bench.run("gelu", &[wide], &[], bytes(rows * inner, 2, 3), &|t, v, _| gelu(t, &v[0]))?;
    bench.run("gelu_tanh", &[wide], &[], bytes(rows * inner, 2, 3), &|t, v, _| gelu_tanh(t, &v[0]))?;
    bench.run("tanh", &[wide], &[], bytes(rows * inner, 2, 3), &|t, v, _| tanh(t, &v[0]))?;
    bench.run("dropout 0.1", &[x], &[], bytes(n, 2, 2), &|t, v, _| dropout(t, &v[0], 0.1))?;
    bench.run("add", &[x, x], &[], bytes(n, 3, 0), &|t, v, _| add(t, &v[0], &v[1]))?;
    bench.run("add positions", &[x, &[len, dim]], &[], bytes(n, 2, 1), &|t, v, _| add(t, &v[0], &v[1]))?;
    let ids = Tensor::from_vec((0..rows).map(|i| (i * 7919 % vocab) as u32).collect::<Vec<_>>(), (batch, len), &Device::Cpu)?;
    bench.run("embedding", &[], &[("table", &[vocab, dim])], bytes(n, 2, 2), &|t, _, p| embedding(t, &ids, &p[0]))?;
    bench.run("first_token", &[x], &[], bytes(n, 0, 1), &|t, v, _| first_token(t, &v[0]))?;
    let labels = vec![1u32; batch];
    bench.run("cross_entropy", &[&[batch, 2]], &[], bytes(batch * 2, 1, 2), &|t, v, _| cross_entropy(t, &v[0], &labels))?;
    let adam = AdamW { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };
    bench.step("adamw, 22.7M parameters", 22_700_000, 7, |p, s| adam.step(p, &s[0], &s[1], &s[2], 1, 1.0))
}

/// A convolution with padding that keeps the size where the stride is 1.
fn conv(bench: &Bench, batch: usize, [from, to]: [usize; 2], size: usize, kernel: usize, stride: usize) -> Result<()> {
    let args = Conv2d::square(stride, kernel / 2);
    let flops = Work::Flops(2.0 * (batch * from * to * kernel * kernel * (size / stride).pow(2)) as f64);
    let name = format!("conv {kernel}x{kernel} {from} -> {to}, {size}, /{stride}, b{batch}");
    bench.run(&name, &[&[batch, size, size, from]], &[("w", &[to, from, kernel, kernel])], flops, &|t, v, p| {
        conv2d(t, &v[0], &p[0], None, args)
    })
}

/// Operations at the shapes of language models; of causal attention only the pairs that are seen count.
fn decoders(bench: &Bench) -> Result<()> {
    for (name, batch, len, heads, kv_heads, size, mask) in [
        ("attention, BERT-base s128 b8", 8usize, 128usize, 12usize, 12usize, 64usize, Mask::Full),
        ("attention, MiniLM s64 b32", 32, 64, 12, 12, 32, Mask::Full),
        ("attention, GPT-2 s256 b2", 2, 256, 12, 12, 64, Mask::Causal),
        ("attention, SmolLM2 s256 b2", 2, 256, 9, 3, 64, Mask::Causal),
        ("attention, one head s1024", 1, 1024, 1, 1, 64, Mask::Causal),
        ("attention, 12 heads s512", 1, 512, 12, 12, 64, Mask::Causal),
        ("attention, 12 heads s1024", 1, 1024, 12, 12, 64, Mask::Causal),
        ("attention, 12 heads s2048", 1, 2048, 12, 12, 64, Mask::Causal),
        ("attention, 12 heads s4096", 1, 4096, 12, 12, 64, Mask::Causal),
        ("attention, 12 heads s1024, full", 1, 1024, 12, 12, 64, Mask::Full),
    ] {
        let (q, kv): ([usize; 3], [usize; 3]) = ([batch, len, heads * size], [batch, len, kv_heads * size]);
        let pairs = if mask == Mask::Full { len * len } else { len * (len + 1) / 2 };
        let flops = Work::Flops(4.0 * (batch * heads * size * pairs) as f64);
        let args = Attention { mask, ..Attention::full(heads) };
        bench.run(name, &[&q, &kv, &kv], &[], flops, &|t, v, _| attention(t, &v[0], &v[1], &v[2], &args))?;
    }
    let (x, wide): (&[usize], &[usize]) = (&[2, 256, 576], &[2, 256, 1536]);
    let bytes = |shape: &[usize], there: usize, back: usize| {
        let n = shape.iter().product::<usize>() * 4;
        Work::Bytes((n * there) as f64, (n * back) as f64)
    };
    let table = Rope::new(64, 256, 1e4, RopeScaling::None)?;
    bench.run("rope, SmolLM2 s256 b2", &[x], &[], bytes(x, 2, 2), &|t, v, _| rope(t, &v[0], &table, None))?;
    bench.run("rms_norm, SmolLM2 s256 b2", &[x], &[("w", &[576])], bytes(x, 2, 3), &|t, v, p| rms_norm(t, &v[0], &p[0], 1e-5))?;
    bench.run("add_rms_norm, SmolLM2 s256 b2", &[x, x], &[("w", &[576])], bytes(x, 4, 3), &|t, v, p| {
        Ok(add_rms_norm(t, &v[0], &v[1], &p[0], 1e-5)?.1)
    })?;
    bench.run("silu, SmolLM2 s256 b2", &[wide], &[], bytes(wide, 2, 3), &|t, v, _| silu(t, &v[0]))?;
    bench.run("swiglu, SmolLM2 s256 b2", &[wide, wide], &[], bytes(wide, 3, 5), &|t, v, _| swiglu(t, &v[0], &v[1]))
}

fn resnet(bench: &Bench) -> Result<()> {
    for (channels, size, kernel, stride) in
        [([3, 16], 32, 3, 1), ([16, 16], 32, 3, 1), ([16, 32], 32, 3, 2), ([32, 32], 16, 3, 1), ([64, 64], 8, 3, 1)]
    {
        conv(bench, 128, channels, size, kernel, stride)?;
    }
    #[rustfmt::skip]
    let of_imagenet = [
        ([3, 64], 32, 3, 1), ([64, 64], 32, 3, 1), ([128, 128], 16, 3, 1), ([256, 256], 8, 3, 1), ([512, 512], 4, 3, 1),
        ([64, 128], 32, 3, 2), ([128, 256], 16, 3, 2), ([256, 512], 8, 3, 2), ([64, 128], 32, 1, 2), ([64, 64], 32, 1, 1),
        ([64, 256], 32, 1, 1), ([256, 64], 32, 1, 1), ([256, 128], 32, 1, 1), ([128, 512], 16, 1, 1), ([512, 128], 16, 1, 1),
        ([256, 1024], 8, 1, 1), ([1024, 256], 8, 1, 1), ([512, 2048], 4, 1, 1), ([2048, 512], 4, 1, 1), ([128, 128], 32, 3, 2),
        ([256, 512], 32, 1, 2),
    ];
    for (channels, size, kernel, stride) in of_imagenet {
        conv(bench, 32, channels, size, kernel, stride)?;
    }
    let batch = 128usize;
    for (channels, size) in [(16usize, 32usize), (64, 8), (256, 32)] {
        let batch = if channels == 256 { 32 } else { batch };
        let (shape, c) = ([batch, size, size, channels], [channels]);
        let n = shape.iter().product::<usize>();
        let bytes = |there: usize, back: usize| Work::Bytes((n * there * 4) as f64, (n * back * 4) as f64);
        let params: [(&str, &[usize]); 4] = [("w", &c), ("b", &c), ("mean", &c), ("var", &c)];
        let named = |op: &str| format!("{op} {size}x{size}x{channels}");
        let norm = |p: &[Param], f: &dyn Fn(&BatchNorm) -> Result<Var>| {
            f(&BatchNorm { weight: &p[0], bias: &p[1], running_mean: &p[2], running_var: &p[3], momentum: 0.1, eps: 1e-5 })
        };
        bench
            .run(&named("batch_norm"), &[&shape], &params, bytes(2, 3), &|t, v, p| norm(p, &|args| batch_norm(t, &v[0], args)))?;
        bench.run(&named("batch_norm_relu"), &[&shape], &params, bytes(2, 3), &|t, v, p| {
            norm(p, &|args| batch_norm_relu(t, &v[0], args))
        })?;
        bench.run(&named("batch_norm_add_relu"), &[&shape, &shape], &params, bytes(3, 5), &|t, v, p| {
            norm(p, &|args| batch_norm_add_relu(t, &v[0], &v[1], args))
        })?;
        bench.run(&named("group_norm"), &[&shape], &params[..2], bytes(2, 3), &|t, v, p| {
            group_norm(t, &v[0], 8, &p[0], &p[1], 1e-5)
        })?;
        bench.run(&named("relu"), &[&shape], &[], bytes(2, 3), &|t, v, _| relu(t, &v[0]))?;
        bench.run(&named("shortcut_pad"), &[&shape], &[], bytes(1, 1), &|t, v, _| shortcut_pad(t, &v[0], 2, channels * 2))?;
        let pool = Pool2d::square(3, 2, 1);
        bench.run(&named("max_pool2d"), &[&shape], &[], bytes(1, 1), &|t, v, _| max_pool2d(t, &v[0], pool))?;
        bench.run(&named("avg_pool2d"), &[&shape], &[], bytes(1, 1), &|t, v, _| avg_pool2d(t, &v[0], pool))?;
        bench.run(&named("global_avg_pool"), &[&shape], &[], bytes(1, 1), &|t, v, _| global_avg_pool(t, &v[0]))?;
        bench.run(&named("depthwise 3x3"), &[&shape], &[("w", &[channels, 1, 3, 3])], bytes(2, 4), &|t, v, p| {
            conv2d(t, &v[0], &p[0], None, Conv2d { groups: channels, ..Conv2d::square(1, 1) })
        })?;
    }
    let sgd = Sgd { lr: 0.1, momentum: 0.9, weight_decay: 1e-4, nesterov: true, decoupled: false };
    bench.step("sgd, 22.7M parameters", 22_700_000, 5, |p, s| sgd.step(p, &s[0], &s[1], 1, 1.0))
}

/// A linear layer with LoRA of rank 8 on 512 rows, its frozen weight stored in several ways. Its backward is
/// one product, not two: half of what is shown there.
fn lora(bench: &Bench) -> Result<()> {
    let rows = 512usize;
    for (from, to) in [(576usize, 576usize), (2048, 2048), (4096, 4096)] {
        let dense = normal(&[to, from], "weight")?;
        let quantised = |dtype| FrozenWeight::quantized("w", Arc::new(QTensor::quantize(&dense, dtype)?));
        let mut weights = vec![
            ("float32", FrozenWeight::new("w", &dense)?, 0.0f32),
            ("float32, dropout 0.05", FrozenWeight::new("w", &dense)?, 0.05),
            ("bfloat16", FrozenWeight::new("w", &dense.to_dtype(DType::BF16)?)?, 0.0),
            ("q8_0", quantised(GgmlDType::Q8_0)?, 0.0),
        ];
        if from % 256 == 0 {
            weights.push(("q4_k", quantised(GgmlDType::Q4K)?, 0.0));
            weights.push(("q6_k", quantised(GgmlDType::Q6K)?, 0.0));
        }
        for (name, weight, dropout) in weights {
            let flops = Work::Flops(2.0 * (rows * from * to) as f64);
            let name = format!("lora {from} -> {to}, {name}");
            bench.run(&name, &[&[rows, from]], &[("a", &[8, from]), ("b", &[to, 8])], flops, &|t, v, p| {
                let lora = Lora { a: p[0].clone(), b: p[1].clone(), scale: 2.0, dropout };
                lora_linear(t, &v[0], &weight, None, &lora)
            })?;
        }
    }
    Ok(())
}

/// Losses, choices and the factored optimiser at the shapes of language models.
fn choices(bench: &Bench) -> Result<()> {
    let (rows, vocab) = (512usize, 49_152usize);
    let labels: Vec<u32> = (0..rows as u32).map(|i| i * 89).collect();
    let bytes = |n: usize, there: usize, back: usize| Work::Bytes((n * there * 4) as f64, (n * back * 4) as f64);
    for smoothing in [0.0, 0.1] {
        let targets = Targets { smoothing, ..Targets::new(&labels) };
        let name = format!("cross_entropy, vocabulary, s {smoothing}");
        bench.run(&name, &[&[rows, vocab]], &[], bytes(rows * vocab, 2, 2), &|t, v, _| cross_entropy(t, &v[0], targets))?;
    }
    bench.run("top_k 50 of 49152", &[&[rows, vocab]], &[], bytes(rows * vocab, 1, 1), &|t, v, _| Ok(top_k(t, &v[0], 50)?.0))?;
    let shape = [8usize, 512, 768];
    let n = shape.iter().product::<usize>();
    let index = Tensor::from_vec((0..n as u32).map(|i| i.wrapping_mul(7919) % 512).collect::<Vec<_>>(), &shape, &Device::Cpu)?;
    bench.run("gather, 8x512x768", &[&shape], &[], bytes(n, 3, 4), &|t, v, _| gather(t, &v[0], 1, &index))?;
    bench.run("scatter_add, 8x512x768", &[&shape, &shape], &[], bytes(n, 5, 3), &|t, v, _| {
        scatter_add(t, &v[0], 1, &index, &v[1])
    })?;
    let adafactor = Adafactor { lr: 1e-3, eps: 1e-30, clip: 1.0, decay: 0.8, beta1: None, scale_floor: None, weight_decay: 0.0 };
    let weights = Weights::scratch(Stream::root(2), &Device::Cpu);
    let (p, g) = (weights.param("p", &[30_522, 768], Init::Normal(0.1)), normal(&[30_522, 768], "g")?);
    let squares = Squares::zeros(&p)?;
    bench.step("adafactor, 23.4M parameters", 23_440_896, 5, |_, _| adafactor.step(&p, &g, &squares, None, 1, 1.0))
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    if let Some(threads) = args.next().and_then(|a| a.parse().ok()) {
        set_threads(threads)?;
    }
    let bench = Bench { only: args.next() };
    println!("{:34} {:>12} {:>16} {:>12}", "", "forward", "", "backward");
    bert(&bench)?;
    decoders(&bench)?;
    resnet(&bench)?;
    lora(&bench)?;
    choices(&bench)
}
