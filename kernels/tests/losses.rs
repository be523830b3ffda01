//! The losses against the same formulas in Candle's plain operations and float64, forward and backward.

#![expect(clippy::unwrap_used, reason = "in a test a panic is how it fails")]

use candle_core::{D, DType, Device, Tensor, Var as CandleVar};
use tallow_kernels::*;

/// Largest relative error of the norm that float32 may show against float64.
const TOLERANCE: f64 = 5e-6;

fn random(shape: &[usize], name: &str) -> Tensor {
    let stream = Stream::root(8).named(name);
    let values: Vec<f32> = (0..shape.iter().product::<usize>() as u64).map(|i| stream.normal(i)).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn double(t: &Tensor) -> CandleVar {
    CandleVar::from_tensor(&t.to_dtype(DType::F64).unwrap()).unwrap()
}

fn near(what: &str, found: &Tensor, expected: &Tensor) {
    let flat = |t: &Tensor| t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
    let (found, expected) = (flat(found), flat(expected));
    assert_eq!(found.len(), expected.len(), "{what}");
    let norm = expected.iter().map(|v| v * v).sum::<f64>().sqrt().max(1e-3);
    let error = found.iter().zip(&expected).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt() / norm;
    assert!(error < TOLERANCE, "{what}: relative error {error:e}");
}

/// Over one and over several chunks of rows, with ignored labels, smoothing, class weights and a bias.
#[test]
fn linear_cross_entropies() {
    for (rows, width, classes, smoothing) in [(3, 5, 7, 0.0), (67, 17, 33, 0.1), (40, 3, 900_001, 0.2)] {
        let (x, w, b) = (random(&[rows, width], "x"), random(&[classes, width], "w"), random(&[classes], "b"));
        let labels: Vec<u32> = (0..rows as u32).map(|i| (i * 5) % classes as u32).collect();
        let weights: Vec<f32> = (0..classes).map(|i| (i % 3) as f32 + 0.5).collect();
        let targets = Targets { ignore: Some(5), smoothing, weights: Some(&weights), ..Targets::new(&labels) };

        let given = [("w".to_string(), w.clone()), ("b".to_string(), b.clone())].into();
        let given = Weights::given(given, Stream::root(0), &Device::Cpu);
        let params = [given.param("w", &[classes, width], Init::Zeros), given.param("b", &[classes], Init::Zeros)];
        let (store, _) = given.finish().unwrap();
        let tape = Tape::training(Stream::root(0));
        let leaf = tape.leaf(x.clone());
        let loss = linear_cross_entropy(&tape, &leaf, &params[0], Some(&params[1]), targets).unwrap();
        let mut grads = Gradients::new(&store);
        let dx = tape.backward_to(&loss, &mut grads, &[&leaf]).unwrap().remove(0).unwrap();

        let (x, w, b) = (double(&x), double(&w), double(&b));
        let expected = plain(&[&x, &w, &b], targets).unwrap();
        let gradients = expected.backward().unwrap();
        near("loss", loss.tensor(), &expected);
        near("hidden", &dx, gradients.get(&x).unwrap());
        near("weight", grads.get(&params[0]).unwrap(), gradients.get(&w).unwrap());
        near("bias", grads.get(&params[1]).unwrap(), gradients.get(&b).unwrap());
    }
}

/// The mean as PyTorch's documentation has it, in plain operations on `x`, `w` and `b`.
fn plain(t: &[&CandleVar; 3], targets: Targets) -> candle_core::Result<Tensor> {
    let kept: Vec<u32> = (0..).zip(targets.labels).filter(|(_, l)| Some(**l) != targets.ignore).map(|(i, _)| i).collect();
    let labels: Vec<u32> = kept.iter().map(|&i| targets.labels[i as usize]).collect();
    let n = kept.len();
    let weights = Tensor::new(targets.weights.unwrap(), &Device::Cpu)?.to_dtype(DType::F64)?;
    let label = Tensor::from_vec(labels, n, &Device::Cpu)?;
    let rows = t[0].index_select(&Tensor::from_vec(kept, n, &Device::Cpu)?, 0)?;
    let z = rows.matmul(&t[1].t()?)?.broadcast_add(t[2])?;
    let log_p = z.broadcast_sub(&z.exp()?.sum_keepdim(D::Minus1)?.log()?)?;
    let own = weights.index_select(&label, 0)?;
    let hard = (log_p.gather(&label.unsqueeze(1)?, 1)?.squeeze(1)? * &own)?.sum_all()?;
    let even = log_p.broadcast_mul(&weights)?.sum_all()?;
    let (s, classes) = (f64::from(targets.smoothing), log_p.dim(1)? as f64);
    ((hard * (s - 1.0))? - (even * (s / classes))?)? / own.sum_all()?
}
