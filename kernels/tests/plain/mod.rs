//! Compares an operation with the same formula in Candle's plain operations and float64, forward and backward.

use candle_core::{DType, Device, Tensor, Var as CandleVar};
use tallow_kernels::*;

pub(crate) type Plain = dyn Fn(&[Tensor]) -> candle_core::Result<Tensor>;
/// Activations and parameters -> output.
pub(crate) type Fused<'a> = dyn Fn(&Tape, &[Var], &[Param]) -> Result<Var> + 'a;

/// Largest relative error of the norm that float32 may show against float64.
const FORWARD: f64 = 2e-6;
const BACKWARD: f64 = 5e-6;

pub(crate) fn random(shape: &[usize], stream: Stream) -> Tensor {
    let values: Vec<f32> = (0..shape.iter().product::<usize>() as u64).map(|i| stream.normal(i)).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// Compares `fused` with `plain`: output, gradients of activations (shapes `xs`) and of parameters (shapes `ps`), for a random
/// weighting of the outputs. Activations are also given as non-contiguous views.
pub(crate) fn check(name: &str, xs: &[&[usize]], ps: &[&[usize]], fused: &Fused, plain: &Plain) {
    let stream = Stream::root(xs.iter().flat_map(|s| s.iter()).sum::<usize>() as u64).named(name);
    let x: Vec<Tensor> = xs.iter().enumerate().map(|(i, s)| random(s, stream.at(i as u64))).collect();
    let given = ps.iter().enumerate().map(|(i, s)| (format!("p{i}"), random(s, stream.at(100 + i as u64))));
    let weights = Weights::given(given.collect(), stream, &Device::Cpu);
    let params: Vec<Param> = ps.iter().enumerate().map(|(i, s)| weights.param(&format!("p{i}"), s, Init::Zeros)).collect();
    let (store, _) = weights.finish().unwrap();

    let tape = Tape::training(stream.named("dropout"));
    let view = |t: &Tensor| {
        if t.rank() < 2 {
            t.clone()
        } else {
            t.transpose(0, t.rank() - 1).unwrap().contiguous().unwrap().transpose(0, t.rank() - 1).unwrap()
        }
    };
    let vars: Vec<Var> = x.iter().map(|t| tape.leaf(view(t))).collect();
    let y = fused(&tape, &vars, &params).unwrap();
    // The loss is sum(y * r): its gradient at y is r, which a product with a constant brings in.
    let r = random(y.dims(), stream.named("r"));
    let loss = weigh(&tape, &y, &r);
    let mut grads = Gradients::new(&store);
    let leaves = tape.backward_to(&loss, &mut grads, &vars.iter().collect::<Vec<_>>()).unwrap();

    let all: Vec<CandleVar> = x
        .iter()
        .chain(params.iter().map(Param::tensor))
        .map(|t| CandleVar::from_tensor(&t.to_dtype(DType::F64).unwrap()).unwrap())
        .collect();
    let tensors: Vec<Tensor> = all.iter().map(|v| v.as_tensor().clone()).collect();
    let expected = plain(&tensors).unwrap();
    near(&format!("{name}: output"), y.tensor(), &expected, FORWARD);
    let expected = (expected * r.to_dtype(DType::F64).unwrap()).unwrap().sum_all().unwrap().backward().unwrap();
    let found = leaves.iter().map(Option::as_ref).chain(params.iter().map(|p| grads.get(p)));
    for (i, (found, var)) in found.zip(&all).enumerate() {
        near(&format!("{name}: gradient {i}"), found.expect("a gradient"), expected.get(var).expect("a gradient"), BACKWARD);
    }
}

/// `y * r` on our tape, elementwise.
fn weigh(tape: &Tape, y: &Var, r: &Tensor) -> Var {
    let value = (y.tensor() * r).unwrap();
    let (input, r) = (y.clone(), r.clone());
    tape.record(Op::arrays("weigh", r.elem_count(), 3, 3), value, true, || {
        move |dy: &Tensor, grads: &mut Backward| grads.add(&input, (dy * r)?)
    })
}

fn near(what: &str, found: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let flat = |t: &Tensor| t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
    let (f, e) = (flat(found), flat(expected));
    let norm = e.iter().map(|v| v * v).sum::<f64>().sqrt().max(1e-3);
    let error = f.iter().zip(&e).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt() / norm;
    assert!(error < tolerance, "{what}: relative error {error:e}, allowed {tolerance:e}");
}
