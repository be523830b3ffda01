//! Attention of every kind against the textbook formula in Candle's operations and float64, with Candle's own backward, at lengths
//! around the sizes of its tiles.

use candle_core::{D, DType, Device, Tensor, Var as CandleVar};
use tallow_kernels::*;

/// Largest relative error of the norm that float32 may show against float64.
const CLOSE: f64 = 5e-6;

fn random(shape: [usize; 3], stream: Stream) -> Tensor {
    let values: Vec<f32> = (0..shape.iter().product::<usize>() as u64).map(|i| stream.normal(i)).collect();
    Tensor::from_vec(values, &shape, &Device::Cpu).unwrap()
}

/// Batch, queries, keys, heads, heads of keys and values, size of a head.
#[derive(Debug, Clone, Copy)]
struct Shape([usize; 6]);

/// `softmax(scale q k^T + mask) v`, head by head; `sees(sequence, query, key)`.
fn textbook(shape: Shape, scale: f64, sees: impl Fn(usize, usize, usize) -> bool, x: &[Tensor]) -> candle_core::Result<Tensor> {
    let Shape([b, tq, tk, h, hkv, k]) = shape;
    let mask: Vec<f64> = (0..b * tq * tk).map(|i| if sees(i / tk / tq, i / tk % tq, i % tk) { 0.0 } else { -1e30 }).collect();
    let mask = Tensor::from_vec(mask, (b, tq, tk), &Device::Cpu)?;
    let any: Vec<f64> = (0..b * tq).map(|i| f64::from(u8::from((0..tk).any(|key| sees(i / tq, i % tq, key))))).collect();
    let any = Tensor::from_vec(any, (b, tq, 1), &Device::Cpu)?;
    let head = |head: usize| {
        let shared = head * hkv / h;
        let (q, key, v) = (x[0].narrow(2, head * k, k)?, x[1].narrow(2, shared * k, k)?, x[2].narrow(2, shared * k, k)?);
        let s = ((q.contiguous()?.matmul(&key.transpose(1, 2)?.contiguous()?)? * scale)? + &mask)?;
        let e = s.broadcast_sub(&s.max_keepdim(D::Minus1)?.detach())?.exp()?;
        e.broadcast_div(&e.sum_keepdim(D::Minus1)?)?.matmul(&v.contiguous()?)?.broadcast_mul(&any)
    };
    Tensor::cat(&(0..h).map(head).collect::<candle_core::Result<Vec<_>>>()?, 2)
}

fn check(shape: Shape, args: &Attention, sees: impl Fn(usize, usize, usize) -> bool) {
    let Shape([b, tq, tk, h, hkv, k]) = shape;
    let stream = Stream::root((tq * 1000 + tk) as u64).named("attention");
    let shapes = [[b, tq, h * k], [b, tk, hkv * k], [b, tk, hkv * k]];
    let x: Vec<Tensor> = (0u64..).zip(shapes).map(|(i, shape)| random(shape, stream.at(i))).collect();
    let r = random(shapes[0], stream.named("r"));

    let tape = Tape::training(stream);
    let vars: Vec<Var> = x.iter().map(|t| tape.leaf(t.clone())).collect();
    let y = attention(&tape, &vars[0], &vars[1], &vars[2], args).unwrap();
    let weighed = tape.record(Op::arrays("weigh", r.elem_count(), 3, 3), (y.tensor() * &r).unwrap(), true, || {
        let (y, r) = (y.clone(), r.clone());
        move |dy: &Tensor, grads: &mut Backward| grads.add(&y, (dy * r)?)
    });
    let store = Weights::scratch(stream, &Device::Cpu).finish().unwrap().0;
    let found = tape.backward_to(&weighed, &mut Gradients::new(&store), &vars.iter().collect::<Vec<_>>()).unwrap();

    let all: Vec<CandleVar> = x.iter().map(|t| CandleVar::from_tensor(&t.to_dtype(DType::F64).unwrap()).unwrap()).collect();
    let tensors: Vec<Tensor> = all.iter().map(|v| v.as_tensor().clone()).collect();
    let expected = textbook(shape, args.scale.unwrap_or(1.0 / (k as f64).sqrt()), sees, &tensors).unwrap();
    let what = format!("{shape:?} {args:?}");
    near(&format!("{what}: output"), y.tensor(), &expected);
    let gradients = (expected * r.to_dtype(DType::F64).unwrap()).unwrap().sum_all().unwrap().backward().unwrap();
    for (i, (found, var)) in found.iter().zip(&all).enumerate() {
        near(&format!("{what}: gradient {i}"), found.as_ref().expect("a gradient"), gradients.get(var).expect("a gradient"));
    }
}

fn near(what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let flat = |t: &Tensor| t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
    let (f, e) = (flat(found), flat(expected));
    // Differences of numbers near 1, which may be 0 in truth, are held to what float32 can tell of them.
    let norm = e.iter().map(|v| v * v).sum::<f64>().sqrt().max(0.1);
    let error = f.iter().zip(&e).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt() / norm;
    assert!(error < CLOSE, "{what}: relative error {error:e}, allowed {CLOSE:e}");
}

#[test]
fn causal_and_full_at_the_edges_of_tiles() {
    for len in [1, 2, 47, 48, 49, 63, 64, 65, 255, 256, 257, 300, 511, 512, 513] {
        let shape = Shape([1, len, len, 2, 1, 16]);
        check(shape, &Attention::full(2), |_, _, _| true);
        check(shape, &Attention::causal(2), |_, query, key| key <= query);
        let window = Attention { mask: Mask::CausalWindow(40), ..Attention::full(2) };
        check(shape, &window, |_, query, key| key <= query && key + 40 > query);
    }
}

#[test]
fn shared_heads_of_odd_sizes() {
    for (heads, kv_heads, size) in [(6, 2, 5), (9, 3, 64), (4, 4, 33), (8, 1, 80), (3, 1, 1), (2, 2, 128)] {
        check(Shape([2, 70, 70, heads, kv_heads, size]), &Attention::causal(heads), |_, query, key| key <= query);
    }
}

#[test]
fn lengths_of_queries_and_keys() {
    let (queries, keys) = ([3usize, 70, 1, 0], [90usize, 70, 1, 5]);
    let args = Attention { lengths: Some(&queries), key_lengths: Some(&keys), scale: Some(0.3), ..Attention::causal(2) };
    let sees = |b: usize, query: usize, key: usize| query < queries[b] && key < keys[b] && key + queries[b] <= query + keys[b];
    check(Shape([4, 70, 95, 2, 1, 8]), &args, sees);
    let args = Attention { mask: Mask::Full, ..args };
    check(Shape([4, 70, 95, 2, 1, 8]), &args, |b, query, key| query < queries[b] && key < keys[b]);
}
