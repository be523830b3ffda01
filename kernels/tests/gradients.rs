//! Every operation against the same formula in Candle's plain operations and float64, forward and backward, on fresh random
//! inputs of odd sizes; and the same bits on 1, 2, 4 and 8 threads.

#![expect(clippy::unwrap_used, reason = "in a test a panic is how it fails")]

mod plain;

use candle_core::{D, DType, Device, Tensor};
use plain::{check, random};
use tallow_kernels::*;

#[test]
fn linear_layers() {
    let plain = |t: &[Tensor]| {
        let last = t[0].dim(D::Minus1)?;
        t[0].reshape(((), last))?.matmul(&t[1].t()?)?.broadcast_add(&t[2])?.reshape((t[0].dim(0)?, t[0].dim(1)?, ()))
    };
    for (b, t, i, o) in [(1, 1, 1, 1), (3, 7, 17, 33), (2, 300, 5, 3)] {
        check("linear", &[&[b, t, i]], &[&[o, i], &[o]], &|tape, x, p| linear(tape, &x[0], &p[0], Some(&p[1])), &plain);
    }
}

#[test]
fn elementwise_operations() {
    let normal_cdf = |x: &Tensor| ((x / 2f64.sqrt())?.erf()? + 1.0)? / 2.0;
    for shape in [&[1usize, 1][..], &[3, 17], &[2, 3, 33]] {
        check("relu", &[shape], &[], &|t, x, _| relu(t, &x[0]), &|t| t[0].relu());
        check("gelu", &[shape], &[], &|t, x, _| gelu(t, &x[0]), &move |t| &t[0] * normal_cdf(&t[0])?);
        check("silu", &[shape], &[], &|t, x, _| silu(t, &x[0]), &|t| &t[0] / (t[0].neg()?.exp()? + 1.0)?);
        check("swiglu", &[shape, shape], &[], &|t, x, _| swiglu(t, &x[0], &x[1]), &|t| {
            (&t[0] / (t[0].neg()?.exp()? + 1.0)?)? * &t[1]
        });
        check("tanh", &[shape], &[], &|t, x, _| tanh(t, &x[0]), &|t| t[0].tanh());
        let inner = |x: &Tensor| ((x + (x * x)?.mul(x)?.affine(0.044715, 0.0)?)? * (2.0 / std::f64::consts::PI).sqrt())?.tanh();
        check("gelu_tanh", &[shape], &[], &|t, x, _| gelu_tanh(t, &x[0]), &move |t| (&t[0] * 0.5)? * (inner(&t[0])? + 1.0)?);
        check("add", &[shape, shape], &[], &|t, x, _| add(t, &x[0], &x[1]), &|t| &t[0] + &t[1]);
        check("add tail", &[shape, &shape[1..]], &[], &|t, x, _| add(t, &x[0], &x[1]), &|t| t[0].broadcast_add(&t[1]));
        // One value that goes two ways.
        check("add to itself", &[shape], &[], &|t, x, _| add(t, &x[0], &relu(t, &x[0])?), &|t| &t[0] + t[0].relu()?);
    }
}

#[test]
fn layer_norms() {
    let plain = |t: &[Tensor]| {
        let centred = t[0].broadcast_sub(&t[0].mean_keepdim(D::Minus1)?)?;
        let var = (&centred * &centred)?.mean_keepdim(D::Minus1)?;
        centred.broadcast_div(&(var + 1e-5)?.sqrt()?)?.broadcast_mul(&t[1])?.broadcast_add(&t[2])
    };
    for (rows, dim) in [(1, 5), (3, 17), (130, 33), (65, 64)] {
        check("layer_norm", &[&[rows, dim]], &[&[dim], &[dim]], &|t, x, p| layer_norm(t, &x[0], &p[0], &p[1], 1e-5), &plain);
    }
}

#[test]
fn rms_norms() {
    let plain = |t: &[Tensor]| {
        let rows = t[0].reshape(((), t[1].elem_count()))?;
        let r = ((&rows * &rows)?.mean_keepdim(1)? + 1e-5)?.sqrt()?;
        rows.broadcast_div(&r)?.broadcast_mul(&t[1])?.reshape(t[0].dims())
    };
    for (rows, dim) in [(1, 5), (3, 17), (130, 33), (65, 64)] {
        check("rms_norm", &[&[rows, dim]], &[&[dim]], &|t, x, p| rms_norm(t, &x[0], &p[0], 1e-5), &plain);
        check("rms_norm_heads", &[&[rows, 3 * dim]], &[&[dim]], &|t, x, p| rms_norm_heads(t, &x[0], &p[0], 1e-5), &plain);
        let sum = move |t: &[Tensor]| plain(&[(&t[0] + &t[1])?, t[2].clone()]);
        check(
            "add_rms_norm",
            &[&[rows, dim], &[rows, dim]],
            &[&[dim]],
            &|t, x, p| Ok(add_rms_norm(t, &x[0], &x[1], &p[0], 1e-5)?.1),
            &sum,
        );
    }
}

/// Against a rotation of complex numbers, written with a matrix: `y = x C + swap(x) S`.
#[test]
fn rotary_positions() {
    for (b, t, heads, k, offsets) in [(1, 1, 1, 2, None), (2, 7, 3, 6, Some(vec![0, 5])), (3, 17, 2, 32, Some(vec![3, 0, 40]))] {
        let first = offsets.clone().unwrap_or_else(|| vec![0; b]);
        let plain = move |x: &[Tensor]| {
            let half = k / 2;
            let angle = |i: usize| {
                let (place, column) = (first[i / t / k] + i / k % t, i % k % half);
                place as f64 * 1000f64.powf(-2.0 * column as f64 / k as f64)
            };
            let table = |f: fn(f64) -> f64, sign: f64| {
                let values = (0..b * t * k).map(|i| f(angle(i)) * if i % k < half { sign } else { 1.0 });
                Tensor::from_iter(values, &Device::Cpu)?.reshape((b, t, 1, k))
            };
            let x = x[0].reshape((b, t, heads, k))?;
            let swapped = Tensor::cat(&[x.narrow(3, half, half)?, x.narrow(3, 0, half)?], 3)?;
            let y = (x.broadcast_mul(&table(f64::cos, 1.0)?)? + swapped.broadcast_mul(&table(f64::sin, -1.0)?)?)?;
            y.reshape((b, t, heads * k))
        };
        let rotations = Rope::new(k, 64, 1000.0, RopeScaling::None).unwrap();
        check("rope", &[&[b, t, heads * k]], &[], &|tape, x, _| rope(tape, &x[0], &rotations, offsets.as_deref()), &plain);
    }
}

#[test]
fn attention_with_and_without_padding() {
    for (b, t, heads, k, lengths) in
        [(1, 1, 1, 1, None), (2, 7, 3, 5, None), (3, 17, 2, 8, Some(vec![17, 1, 9])), (2, 33, 1, 4, Some(vec![0, 33]))]
    {
        let valid = lengths.clone().unwrap_or_else(|| vec![t; b]);
        let plain = move |x: &[Tensor]| {
            let split = |x: &Tensor| x.reshape((b, t, heads, k))?.transpose(1, 2)?.contiguous();
            let (q, key, v) = (split(&x[0])?, split(&x[1])?, split(&x[2])?);
            let mask: Vec<f64> = valid.iter().flat_map(|&n| (0..t).map(move |j| if j < n { 0.0 } else { -1e30 })).collect();
            let mask = Tensor::from_vec(mask, (b, 1, 1, t), &Device::Cpu)?;
            let scores = (q.matmul(&key.transpose(2, 3)?.contiguous()?)? / (k as f64).sqrt())?.broadcast_add(&mask)?;
            let e = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?.detach())?.exp()?;
            let p = e.broadcast_div(&e.sum_keepdim(D::Minus1)?)?;
            let out = p.matmul(&v)?.transpose(1, 2)?.reshape((b, t, heads * k))?;
            let rows: Vec<f64> = valid.iter().flat_map(|&n| (0..t).map(move |i| if i < n { 1.0 } else { 0.0 })).collect();
            out.broadcast_mul(&Tensor::from_vec(rows, (b, t, 1), &Device::Cpu)?)
        };
        let shape = [b, t, heads * k];
        let fused = |tape: &Tape, x: &[Var], _: &[Param]| {
            attention(tape, &x[0], &x[1], &x[2], &Attention { lengths: lengths.as_deref(), ..Attention::full(heads) })
        };
        check("attention", &[&shape, &shape, &shape], &[], &fused, &plain);
    }
}

#[test]
fn embeddings_and_first_tokens() {
    let ids = Tensor::new(&[[3u32, 0, 3], [6, 3, 1]], &Device::Cpu).unwrap();
    let again = ids.clone();
    check("embedding", &[], &[&[7, 5]], &|t, _, p| embedding(t, &ids, &p[0]), &move |t| {
        t[0].index_select(&again.flatten_all()?, 0)?.reshape((2, 3, 5))
    });
    check("first_token", &[&[3, 4, 5]], &[], &|t, x, _| first_token(t, &x[0]), &|t| t[0].narrow(1, 0, 1)?.squeeze(1));
}

#[test]
fn cross_entropies() {
    for (b, c) in [(1, 1), (3, 2), (17, 10)] {
        let labels: Vec<u32> = (0..b as u32).map(|i| (i * 7 + 1) % c as u32).collect();
        let index = Tensor::from_vec(labels.clone(), (b, 1), &Device::Cpu).unwrap();
        check("cross_entropy", &[&[b, c]], &[], &|t, x, _| cross_entropy(t, &x[0], &labels), &move |t| {
            let log_sum = t[0].exp()?.sum_keepdim(1)?.log()?;
            (log_sum - t[0].gather(&index, 1)?)?.mean_all()
        });
    }
}

#[test]
fn dropout_keeps_its_share_and_backward_uses_the_same_mask() {
    let tape = Tape::training(Stream::root(5));
    let x = tape.leaf(Tensor::ones(100_003, DType::F32, &Device::Cpu).unwrap());
    let y = dropout(&tape, &x, 0.3).unwrap();
    let values = y.tensor().to_vec1::<f32>().unwrap();
    let kept = values.iter().filter(|v| **v != 0.0).count() as f64 / values.len() as f64;
    assert!((kept - 0.7).abs() < 0.01, "{kept}");
    assert!(values.iter().all(|v| *v == 0.0 || (*v - 1.0 / 0.7).abs() < 1e-6));
    let store = Weights::scratch(Stream::root(0), &Device::Cpu).finish().unwrap().0;
    let grads = tape.backward_to(&y, &mut Gradients::new(&store), &[&x]).unwrap();
    assert_eq!(grads[0].as_ref().unwrap().to_vec1::<f32>().unwrap(), values);
    let still = dropout(&Tape::inference(), &x, 0.3).unwrap();
    assert_eq!(still.tensor().to_vec1::<f32>().unwrap(), vec![1.0; 100_003]);
}

#[test]
fn frozen_parameters_get_no_gradient_and_missing_ones_are_named() {
    let weights = Weights::scratch(Stream::root(0), &Device::Cpu);
    let (w, unused) = (weights.at("a").param("weight", &[1, 2], Init::Ones), weights.param("unused", &[1], Init::Ones));
    let running = weights.buffer("running", &[1], Init::Ones);
    let store = weights.finish().unwrap().0;
    let tape = Tape::training(Stream::root(0));
    let y = linear(&tape, &Var::constant(random(&[3, 2], Stream::root(1))), &w, None).unwrap();
    let mut grads = Gradients::new(&store);
    tape.backward(&y, &mut grads).unwrap();
    assert!(grads.get(&w).is_some() && grads.get(&unused).is_none() && grads.get(&running).is_none());
    let message = grads.check_complete(&store).unwrap_err().to_string();
    assert_eq!(message, "no gradient reached 1 trainable parameter(s): unused");
}

#[test]
fn mistakes_are_named() {
    let weights = Weights::scratch(Stream::root(0), &Device::Cpu);
    let w = weights.at("dense").param("weight", &[3, 2], Init::Ones);
    let tape = Tape::inference();
    let x = Var::constant(random(&[4, 5], Stream::root(1)));
    let says = |r: Result<Var>| r.unwrap_err().to_string();
    assert_eq!(says(linear(&tape, &x, &w, None)), "linear: input of `dense.weight`: expected [..., in = 2], found [4, 5]");
    let ids = Tensor::new(&[0u32, 3], &Device::Cpu).unwrap();
    assert_eq!(
        says(embedding(&tape, &ids, &w)),
        "embedding: index 3 at position 1 is out of range: the table `dense.weight` has 3 rows"
    );
    assert!(says(cross_entropy(&tape, &x, &[0, 1, 5, 0])).contains("index 5 at position 2"));
    assert!(says(dropout(&tape, &x, 1.0)).contains("[0, 1)"));
}

#[test]
fn threads_change_no_bit() {
    let run = || {
        let weights = Weights::scratch(Stream::root(3), &Device::Cpu);
        let w = weights.param("w", &[24, 24], Init::Normal(0.3));
        let (n, b) = (weights.param("n", &[24], Init::Ones), weights.param("b", &[24], Init::Zeros));
        let store = weights.finish().unwrap().0;
        let mut grads = Gradients::new(&store);
        let tape = Tape::training(Stream::root(9));
        let x = Var::constant(random(&[9, 37, 24], Stream::root(4)));
        let h = dropout(&tape, &gelu(&tape, &linear(&tape, &x, &w, Some(&b)).unwrap()).unwrap(), 0.1).unwrap();
        let h = attention(&tape, &h, &h, &x, &Attention { dropout: 0.2, ..Attention::full(4) }).unwrap();
        let y = layer_norm(&tape, &h, &n, &b, 1e-5).unwrap();
        tape.backward(&y, &mut grads).unwrap();
        let bits =
            |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f32::to_bits).collect::<Vec<_>>();
        let mut all = vec![bits(y.tensor())];
        all.extend(store.trainable().map(|p| bits(grads.get(p).unwrap())));
        all
    };
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let one = pool(1).install(run);
    for threads in [2, 4, 8] {
        assert!(pool(threads).install(run) == one, "{threads} threads give other bits");
    }
}
