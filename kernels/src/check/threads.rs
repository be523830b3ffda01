//! Bits must not depend on the number of threads: those of operations, forward and backward, and of what works without a tape.

use super::{Case, constant, run};
use crate::optim::{Adafactor, AdamW, Lamb, Lion, Muon, Sgd, Squares};
use crate::packed::{PackedMatrix, Rows, multiply};
use crate::*;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};

type Run = fn(&Tape, &[Var], &[Param]) -> Result<Var>;

/// Asserts that `bits` gives the same with any number of threads.
#[track_caller]
fn same_with_any_number(name: &str, bits: impl Fn() -> Result<Vec<u64>> + Sync) {
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(&bits).expect("it runs")
    };
    let one = with(1);
    assert!(!one.is_empty(), "{name}: nothing to compare");
    for threads in [2, 3, 4, 8] {
        assert!(one == with(threads), "{name}: {threads} threads give other bits than one");
    }
}

fn bits_of<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Result<Vec<u64>> {
    let mut bits = Vec::new();
    for t in tensors {
        bits.extend(t.flatten_all()?.to_vec1::<f32>()?.into_iter().map(|v| u64::from(v.to_bits())));
    }
    Ok(bits)
}

/// Of every operation: its output and all gradients.
#[test]
fn threads_change_no_bit() {
    let cases: Vec<(&str, Case, Run)> = vec![
        ("linear", Case::new().var(&[301, 129]).param("w", &[257, 129]).param("b", &[257]), |t, v, p| {
            linear(t, &v[0], &p[0], Some(&p[1]))
        }),
        ("linear, few rows", Case::new().var(&[3, 129]).param("w", &[2, 129]), |t, v, p| linear(t, &v[0], &p[0], None)),
        ("product", Case::new().var(&[301, 129]).var(&[257, 129]), |t, v, _| product(t, &v[0], &v[1])),
        ("linear_cross_entropy", Case::new().var(&[301, 70]).param("w", &[60_001, 70]).param("b", &[60_001]), |t, v, p| {
            linear_cross_entropy(t, &v[0], &p[0], Some(&p[1]), Targets { smoothing: 0.1, ..Targets::new(&[7; 301]) })
        }),
        ("linear_cross_entropy_rows", Case::new().var(&[301, 70]).param("w", &[60_001, 70]).param("b", &[60_001]), |t, v, p| {
            linear_cross_entropy_rows(t, &v[0], &p[0], Some(&p[1]), &[7; 301])
        }),
        ("cross_entropy, focal", Case::new().var(&[3001, 7]), |t, v, _| {
            cross_entropy(t, &v[0], Targets { focal: 2.0, ..Targets::new(&[5; 3001]) })
        }),
        ("soft_cross_entropy", Case::new().var(&[301, 700]).var(&[301, 700]), |t, v, _| {
            soft_cross_entropy(t, &v[0], &v[1].tensor().sqr()?, 0.1, None)
        }),
        ("embedding", Case::new().param("table", &[500, 70]), |t, _, p| {
            embedding(t, &Tensor::from_iter((0..3000u32).map(|i| i * i % 500), &Device::Cpu)?, &p[0])
        }),
        ("mean_tokens", Case::new().var(&[37, 90, 70]), |t, v, _| mean_tokens(t, &v[0], &[57; 37])),
        ("add", Case::new().var(&[301, 70]).var(&[70]), |t, v, _| add(t, &v[0], &v[1])),
        ("gelu", Case::new().var(&[100_001]), |t, v, _| gelu(t, &v[0])),
        ("layer_norm", Case::new().var(&[301, 70]).param("w", &[70]).param("b", &[70]), |t, v, p| {
            layer_norm(t, &v[0], &p[0], &p[1], 1e-5)
        }),
        ("dropout", Case::new().var(&[100_001]), |t, v, _| dropout(t, &v[0], 0.3)),
        ("attention", Case::new().var(&[3, 130, 24]).var(&[3, 130, 24]).var(&[3, 130, 24]), |t, v, _| {
            attention(t, &v[0], &v[1], &v[2], &Attention { lengths: Some(&[130, 57, 0]), dropout: 0.2, ..Attention::full(3) })
        }),
        ("attention, shared heads", Case::new().var(&[1, 300, 24]).var(&[1, 300, 8]).var(&[1, 300, 8]), |t, v, _| {
            attention(t, &v[0], &v[1], &v[2], &Attention { dropout: 0.2, ..Attention::causal(3) })
        }),
        ("attention, one head", Case::new().var(&[1, 700, 16]).var(&[1, 700, 16]).var(&[1, 700, 16]), |t, v, _| {
            attention(t, &v[0], &v[1], &v[2], &Attention { mask: Mask::CausalWindow(300), ..Attention::full(1) })
        }),
        (
            "attention_biased",
            Case::new().var(&[2, 130, 24]).var(&[2, 130, 24]).var(&[2, 130, 24]).param("table", &[7, 3]),
            |t, v, p| {
                let bias = RelativeBias { table: &p[0], bucket: &|distance: i64| distance.rem_euclid(7) as usize };
                attention_biased(t, &v[0], &v[1], &v[2], bias, &Attention { dropout: 0.2, ..Attention::full(3) })
            },
        ),
        ("documents", Case::new().var(&[2, 300, 24]).var(&[2, 300, 24]).var(&[2, 300, 24]), |t, v, _| {
            let documents = Documents::new(&[vec![130, 1, 160], vec![50, 200]])?;
            let table = Rope::new(8, 300, 1e4, RopeScaling::None)?;
            let [q, k] = [0, 1].map(|i| rope_documents(t, &v[i], &table, &documents));
            attention(t, &q?, &k?, &v[2], &Attention { documents: Some(&documents), ..Attention::causal(3) })
        }),
        ("rope", Case::new().var(&[3, 130, 24]), |t, v, _| rope(t, &v[0], &Rope::new(8, 130, 1e4, RopeScaling::None)?, None)),
        ("rms_norm", Case::new().var(&[301, 70]).param("w", &[70]), |t, v, p| rms_norm(t, &v[0], &p[0], 1e-5)),
        ("add_rms_norm", Case::new().var(&[301, 70]).var(&[301, 70]).param("w", &[70]), |t, v, p| {
            let (sum, norm) = add_rms_norm(t, &v[0], &v[1], &p[0], 1e-5)?;
            add(t, &sum, &norm)
        }),
        ("swiglu", Case::new().var(&[100_001]).var(&[100_001]), |t, v, _| swiglu(t, &v[0], &v[1])),
        (
            "lora_linear",
            Case::new().var(&[1301, 129]).param("a", &[8, 129]).param("b", &[257, 8]).param("c", &[257]),
            |t, v, p| {
                let weight = FrozenWeight::new("w", &constant(&[257, 129]).tensor().to_dtype(DType::BF16)?)?;
                let lora = Lora { a: p[0].clone(), b: p[1].clone(), scale: 2.0, dropout: 0.1 };
                lora_linear(t, &v[0], &weight, Some(&p[2]), &lora)
            },
        ),
        (
            "dora_linear",
            Case::new().var(&[1301, 129]).param("a", &[8, 129]).param("b", &[257, 8]).param("c", &[257]).param("m", &[257]),
            |t, v, p| {
                let weight = FrozenWeight::new("w", &constant(&[257, 129]).tensor().to_dtype(DType::BF16)?)?;
                let lora = Lora { a: p[0].clone(), b: p[1].clone(), scale: 2.0, dropout: 0.1 };
                dora_linear(t, &v[0], &weight, Some(&p[2]), &Dora { lora, magnitude: p[3].clone() })
            },
        ),
        ("scatter_add", Case::new().var(&[3, 40, 300]).var(&[3, 70, 300]), |t, v, _| {
            let index: Vec<u32> = (0..3 * 70 * 300).map(|i| i * i % 40).collect();
            scatter_add(t, &v[0], 1, &Tensor::from_vec(index, (3, 70, 300), &Device::Cpu)?, &v[1])
        }),
        ("top_k", Case::new().var(&[3000, 7]), |t, v, _| Ok(top_k(t, &v[0], 3)?.0)),
        ("conv2d", Case::new().var(&[37, 9, 9, 5]).param("w", &[7, 5, 3, 3]), |t, v, p| {
            conv2d(t, &v[0], &p[0], None, Conv2d::square(1, 1))
        }),
        ("conv2d, many channels", Case::new().var(&[9, 9, 7, 40]).param("w", &[36, 40, 3, 3]), |t, v, p| {
            conv2d(t, &v[0], &p[0], None, Conv2d::square(1, 1))
        }),
        ("conv2d, tiles", Case::new().var(&[29, 17, 14, 32]).param("w", &[48, 32, 3, 3]).param("b", &[48]), |t, v, p| {
            conv2d(t, &v[0], &p[0], Some(&p[1]), Conv2d::square(1, 1))
        }),
        ("conv2d, few tiles", Case::new().var(&[3, 8, 8, 48]).param("w", &[80, 48, 3, 3]), |t, v, p| {
            conv2d(t, &v[0], &p[0], None, Conv2d::square(1, 1))
        }),
        ("conv2d, stride 2", Case::new().var(&[37, 19, 19, 5]).param("w", &[7, 5, 3, 3]), |t, v, p| {
            conv2d(t, &v[0], &p[0], None, Conv2d::square(2, 1))
        }),
        ("conv2d, depthwise", Case::new().var(&[7, 9, 9, 20]).param("w", &[20, 1, 3, 3]).param("b", &[20]), |t, v, p| {
            conv2d(t, &v[0], &p[0], Some(&p[1]), Conv2d { groups: 20, ..Conv2d::square(1, 1) })
        }),
        (
            "batch_norm",
            Case::new().var(&[37, 9, 9, 50]).param("w", &[50]).param("b", &[50]).param("m", &[50]).param("v", &[50]),
            |t, v, p| {
                batch_norm_relu(
                    t,
                    &v[0],
                    &BatchNorm { weight: &p[0], bias: &p[1], running_mean: &p[2], running_var: &p[3], momentum: 0.1, eps: 1e-5 },
                )
            },
        ),
        ("group_norm", Case::new().var(&[37, 9, 9, 6]).param("w", &[6]).param("b", &[6]), |t, v, p| {
            group_norm(t, &v[0], 2, &p[0], &p[1], 1e-5)
        }),
        ("max_pool2d", Case::new().var(&[37, 9, 9, 5]), |t, v, _| max_pool2d(t, &v[0], Pool2d::square(3, 2, 1))),
        ("avg_pool2d", Case::new().var(&[37, 9, 9, 5]), |t, v, _| avg_pool2d(t, &v[0], Pool2d::square(3, 2, 1))),
        ("interpolate", Case::new().var(&[7, 9, 9, 5]), |t, v, _| interpolate(t, &v[0], [13, 7], Interpolation::Bicubic)),
        ("global_avg_pool", Case::new().var(&[37, 9, 9, 5]), |t, v, _| global_avg_pool(t, &v[0])),
        ("shortcut_pad", Case::new().var(&[37, 9, 9, 5]), |t, v, _| shortcut_pad(t, &v[0], 2, 9)),
    ];
    for (name, case, op) in cases {
        same_with_any_number(name, || {
            let values = case.values()?.iter().map(|v| v.to_dtype(DType::F32)).collect::<candle_core::Result<Vec<_>>>()?;
            let outcome = run(&case, &values, &case.params(DType::F32)?, &op)?;
            bits_of(std::iter::once(&outcome.y).chain(outcome.grads.iter().map(|(_, grad)| grad)))
        });
    }
}

/// Products of quantised weights with one row and with many, and with weights of odd sizes.
#[test]
fn threads_change_no_bit_of_packed_products() {
    for (kind, count) in
        [GgmlDType::Q4K, GgmlDType::Q6K, GgmlDType::Q8_0, GgmlDType::F16].into_iter().flat_map(|k| [(k, 1), (k, 21)])
    {
        same_with_any_number(&format!("packed {kind:?}, {count} rows"), || {
            let weight = QTensor::quantize(constant(&[301, 512]).tensor(), kind)?;
            let (packed, mut rows) = (PackedMatrix::from_blocks(&weight)?, Rows::default());
            rows.set(&constant(&[count, 512]).tensor().flatten_all()?.to_vec1::<f32>()?, 512);
            let mut products = vec![f32::NAN; count * 602];
            multiply(&[&packed, &packed], &rows, &mut products)?;
            Ok(products.into_iter().map(|v| u64::from(v.to_bits())).collect())
        });
    }
}

#[test]
fn threads_change_no_bit_of_the_norm_of_gradients() {
    same_with_any_number("global_norm", || {
        let (params, store) = Case::new().param("a", &[301, 703]).param("b", &[7]).params(DType::F32)?;
        let mut grads = Gradients::new(&store);
        params.iter().try_for_each(|p| grads.add(p, p.tensor().copy()?))?;
        Ok(vec![grads.global_norm(&store)?.to_bits()])
    });
}

/// Three steps of each optimiser on a matrix of several blocks: the parameter, and what the optimiser keeps.
#[test]
fn threads_change_no_bit_of_optimisers() {
    type Step = fn(&Param, &Tensor, [&Tensor; 2], u64) -> Result<()>;
    let optimisers: [(&str, Step); 6] = [
        ("AdamW", |p, g, [m, v], step| {
            AdamW { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay: 0.1 }.step(p, g, m, v, step, 0.5)
        }),
        ("SGD", |p, g, [m, _], step| {
            Sgd { lr: 0.1, momentum: 0.9, weight_decay: 0.1, nesterov: true, decoupled: false }.step(p, g, m, step, 0.5)
        }),
        ("Lion", |p, g, [m, _], _| Lion { lr: 0.1, beta1: 0.9, beta2: 0.99, weight_decay: 0.1 }.step(p, g, m, 0.5)),
        ("LAMB", |p, g, [m, v], step| {
            Lamb { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-6, weight_decay: 0.1, adapts: true }.step(p, g, m, v, step, 0.5)
        }),
        ("Adafactor", |p, g, [m, _], step| {
            let (lr, beta1, scale_floor) = (0.1, Some(0.9), Some(1e-3));
            let optimiser = Adafactor { lr, eps: 1e-30, clip: 1.0, decay: 0.8, beta1, scale_floor, weight_decay: 0.1 };
            optimiser.step(p, g, &Squares::zeros(p)?, Some(m), step, 0.5)
        }),
        ("Muon", |p, g, [m, _], _| Muon { lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.1 }.step(p, g, m, 0.5)),
    ];
    let dims = [301, 203];
    for (name, optimiser) in optimisers {
        same_with_any_number(name, || {
            let (params, _) = Case::new().param("p", &dims).params(DType::F32)?;
            let [m, v] = [0, 1].map(|_| Tensor::zeros(&dims, DType::F32, &Device::Cpu));
            let (m, v) = (m?, v?);
            for step in 1..=3 {
                optimiser(&params[0], &(constant(&dims).tensor() / step as f64)?, [&m, &v], step)?;
            }
            bits_of([params[0].tensor(), &m, &v])
        });
    }
}
