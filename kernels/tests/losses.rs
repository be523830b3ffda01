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

/// Over one and over several chunks of rows, with ignored labels and smoothing.
#[test]
fn linear_cross_entropies() {
    for (rows, width, classes, smoothing) in [(3, 5, 7, 0.0), (67, 17, 33, 0.1), (40, 3, 900_001, 0.2)] {
        let (x, w) = (random(&[rows, width], "x"), random(&[classes, width], "w"));
        let labels: Vec<u32> = (0..rows as u32).map(|i| (i * 5) % classes as u32).collect();
        let kept: Vec<u32> = (0..).zip(&labels).filter(|(_, l)| **l != 5).map(|(i, _)| i).collect();
        let chosen: Vec<u32> = kept.iter().map(|&i| labels[i as usize]).collect();

        let weights = Weights::given([("w".to_string(), w.clone())].into(), Stream::root(0), &Device::Cpu);
        let param = weights.param("w", &[classes, width], Init::Zeros);
        let (store, _) = weights.finish().unwrap();
        let tape = Tape::training(Stream::root(0));
        let leaf = tape.leaf(x.clone());
        let loss = linear_cross_entropy(&tape, &leaf, &param, Targets { labels: &labels, ignore: Some(5), smoothing }).unwrap();
        let mut grads = Gradients::new(&store);
        let dx = tape.backward_to(&loss, &mut grads, &[&leaf]).unwrap().remove(0).unwrap();

        let (x, w) = (double(&x), double(&w));
        let plain = || {
            let rows = x.index_select(&Tensor::from_vec(kept.clone(), kept.len(), &Device::Cpu)?, 0)?;
            let z = rows.matmul(&w.t()?)?;
            let log_sum = z.exp()?.sum_keepdim(D::Minus1)?.log()?;
            let picked = z.gather(&Tensor::from_vec(chosen.clone(), (chosen.len(), 1), &Device::Cpu)?, 1)?;
            let s = f64::from(smoothing);
            (log_sum - (picked * (1.0 - s))? - (z.mean_keepdim(D::Minus1)? * s)?)?.mean_all()
        };
        let expected = plain().unwrap();
        let gradients = expected.backward().unwrap();
        near("loss", loss.tensor(), &expected);
        near("hidden", &dx, gradients.get(&x).unwrap());
        near("weight", grads.get(&param).unwrap(), gradients.get(&w).unwrap());
    }
}
