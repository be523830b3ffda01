use super::*;
use crate::check::{Case, Kind::Product, check_gradients, close, constant};
use crate::{Gradients, Init, Weights, add, dropout, linear};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device};
use std::sync::Arc;

/// A weight of that shape in every way of storing it that its width allows.
fn stored(out: usize, inner: usize) -> Vec<FrozenWeight> {
    let t = constant(&[out, inner]).tensor().clone();
    let mut all = vec![FrozenWeight::new("w", &t).unwrap(), FrozenWeight::new("w", &t.to_dtype(DType::BF16).unwrap()).unwrap()];
    for (dtype, width) in [(GgmlDType::Q4_0, 32), (GgmlDType::Q8_0, 32), (GgmlDType::Q4K, 256)] {
        if inner.is_multiple_of(width) && inner > 0 && out > 0 {
            let q = QTensor::quantize(&t, dtype).unwrap();
            all.push(FrozenWeight::quantized("w", Arc::new(q)).unwrap());
        }
    }
    all
}

fn lora(p: &[Param], dropout: f32) -> Lora {
    Lora { a: p[0].clone(), b: p[1].clone(), scale: 0.5, dropout }
}

#[test]
fn gradients() {
    for (lead, inner, out, rank) in [
        (&[1][..], 1, 1, 1),
        (&[3], 7, 5, 2),
        (&[2, 17], 64, 3, 4),
        (&[131], 3, 40, 1),
        (&[2, 70], 256, 9, 8),
        (&[0], 3, 2, 1),
        (&[3], 2, 0, 1),
        (&[3], 0, 2, 1),
    ] {
        for weight in stored(out, inner) {
            for p in [0.0, 0.3] {
                let name = format!("lora_linear {weight:?} dropout {p}");
                let x = [lead, &[inner]].concat();
                let case = Case::new().var(&x).param("a", &[rank, inner]).param("b", &[out, rank]);
                check_gradients(&name, Product, case.clone(), |t, v, w| lora_linear(t, &v[0], &weight, None, &lora(w, p)));
                check_gradients(&name, Product, case.param("c", &[out]), |t, v, w| {
                    lora_linear(t, &v[0], &weight, Some(&w[2]), &lora(w, p))
                });
            }
        }
    }
}

#[test]
fn gradients_beside_a_weight_alone() {
    for (lead, inner, out) in [(&[1][..], 1, 1), (&[3], 7, 5), (&[2, 17], 64, 3), (&[2, 70], 256, 9), (&[0], 3, 2), (&[3], 0, 2)]
    {
        for weight in stored(out, inner) {
            let case = Case::new().var(&[lead, &[inner]].concat());
            let name = format!("frozen_linear {weight:?}");
            check_gradients(&name, Product, case.clone(), |t, v, _| frozen_linear(t, &v[0], &weight, None));
            check_gradients(&name, Product, case.param("c", &[out]), |t, v, w| frozen_linear(t, &v[0], &weight, Some(&w[0])));
        }
    }
}

/// As the operations one after the other: a frozen layer plus two thin ones behind a dropout of the same place.
#[test]
fn equals_its_parts() -> Result<()> {
    let (inner, out) = (96, 40);
    let w = constant(&[out, inner]);
    for p in [0.0, 0.4] {
        let run = |fused: bool| {
            let (params, store) = Case::new().param("a", &[4, inner]).param("b", &[out, 4]).params(DType::F32)?;
            let frozen = Weights::given([("w".to_string(), w.tensor().clone())].into(), Stream::root(0), &Device::Cpu);
            let base = frozen.buffer("w", &[out, inner], Init::Zeros);
            let tape = Tape::training(Stream::root(5));
            let x = tape.leaf(constant(&[3, 50, inner]).tensor().clone());
            let y = if fused {
                lora_linear(&tape, &x, &FrozenWeight::from_param(&base)?, None, &Lora { scale: 1.0, ..lora(&params, p) })?
            } else {
                let low = linear(&tape, &dropout(&tape, &x, p)?, &params[0], None)?;
                add(&tape, &linear(&tape, &x, &base, None)?, &linear(&tape, &low, &params[1], None)?)?
            };
            let mut grads = Gradients::new(&store);
            let dx = tape.backward_to(&y, &mut grads, &[&x])?.remove(0);
            Ok::<_, Error>([
                y.tensor().clone(),
                dx.unwrap(),
                grads.get(&params[0]).unwrap().clone(),
                grads.get(&params[1]).unwrap().clone(),
            ])
        };
        for ((fused, plain), what) in run(true)?.iter().zip(&run(false)?).zip(["y", "dx", "dA", "dB"]) {
            close(&format!("dropout {p}"), what, fused, plain, 1e-5);
        }
    }
    Ok(())
}

/// More rows of a weight than are widened at a time, both ways.
#[test]
fn blocks_of_a_large_weight() -> Result<()> {
    let (inner, out) = (2048, 1100);
    let half = constant(&[out, inner]).tensor().to_dtype(DType::BF16)?;
    let weights = [FrozenWeight::new("w", &half)?, FrozenWeight::new("w", &half.to_dtype(DType::F32)?)?];
    let mut found = Vec::new();
    for weight in &weights {
        let (params, store) = Case::new().param("a", &[2, inner]).param("b", &[out, 2]).params(DType::F32)?;
        let tape = Tape::training(Stream::root(5));
        let x = tape.leaf(constant(&[5, inner]).tensor().clone());
        let y = lora_linear(&tape, &x, weight, None, &lora(&params, 0.0))?;
        let dx = tape.backward_to(&y, &mut Gradients::new(&store), &[&x])?.remove(0).unwrap();
        found.push((y.tensor().clone(), dx));
    }
    close("bfloat16 against float32", "y", &found[0].0, &found[1].0, 1e-5);
    close("bfloat16 against float32", "dx", &found[0].1, &found[1].1, 1e-5);
    Ok(())
}

/// The merged weight alone does what weight and addition do at inference.
#[test]
fn merged_weights_do_the_same() -> Result<()> {
    for weight in stored(33, 256) {
        let (params, _) = Case::new().param("a", &[3, 256]).param("b", &[33, 3]).params(DType::F32)?;
        let lora = lora(&params, 0.5);
        let x = constant(&[7, 256]);
        let y = lora_linear(&Tape::inference(), &x, &weight, None, &lora)?;
        let (dense, parts) = (weight.dense(DType::F32, &Device::Cpu)?, [lora.a.tensor(), lora.b.tensor()]);
        let merged = merged_weight(&dense, parts, f64::from(lora.scale), None)?;
        let expected = x.tensor().matmul(&merged.t()?)?;
        close(&format!("{weight:?}"), "y", y.tensor(), &expected, 2e-5);
    }
    Ok(())
}

/// Only what is trainable gets a gradient, and an input that wants none costs nothing.
#[test]
fn frozen_parts_get_nothing() -> Result<()> {
    let weights = Weights::scratch(Stream::root(0), &Device::Cpu);
    let (a, b) = (weights.buffer("a", &[2, 4], Init::Normal(1.0)), weights.param("b", &[3, 2], Init::Normal(1.0)));
    let (store, _) = weights.finish()?;
    let weight = FrozenWeight::new("w", constant(&[3, 4]).tensor())?;
    let lora = Lora { a: a.clone(), b: b.clone(), scale: 1.0, dropout: 0.1 };
    let tape = Tape::training(Stream::root(0));
    let y = lora_linear(&tape, &constant(&[5, 4]), &weight, None, &lora)?;
    let mut grads = Gradients::new(&store);
    tape.backward(&y, &mut grads)?;
    assert!(grads.get(&a).is_none() && grads.get(&b).is_some());
    let tape = Tape::training(Stream::root(0));
    let still = Lora { b: a.clone(), ..lora };
    assert!(lora_linear(&tape, &constant(&[5, 4]), &FrozenWeight::new("w", constant(&[2, 4]).tensor())?, None, &still).is_err());
    Ok(())
}

#[test]
fn mistakes_are_named() {
    let (p, _) = Case::new().param("a", &[2, 4]).param("b", &[3, 2]).param("c", &[2]).params(DType::F32).unwrap();
    let weight = FrozenWeight::new("w", constant(&[3, 4]).tensor()).unwrap();
    let says = |x: &[usize], weight: &FrozenWeight, bias, lora: &Lora| {
        lora_linear(&Tape::inference(), &constant(x), weight, bias, lora).unwrap_err().to_string()
    };
    let good = lora(&p, 0.0);
    assert_eq!(says(&[2, 3], &weight, None, &good), "lora_linear: input of `w`: expected [..., in = 4], found [2, 3]");
    assert_eq!(says(&[2, 4], &weight, Some(&p[2]), &good), "lora_linear: bias `c`: expected [out = 3], found [2]");
    let other = FrozenWeight::new("w", constant(&[3, 5]).tensor()).unwrap();
    assert_eq!(says(&[2, 5], &other, None, &good), "lora_linear: `a`: expected [r >= 1, in = 5], found [2, 4]");
    let swapped = Lora { b: p[0].clone(), ..good.clone() };
    assert_eq!(says(&[2, 4], &weight, None, &swapped), "lora_linear: `a`: expected [out = 3, r = 2], found [2, 4]");
    assert!(says(&[2, 4], &weight, None, &Lora { dropout: 1.0, ..good }).contains("[0, 1)"));
    let says = |x: &[usize], bias| frozen_linear(&Tape::inference(), &constant(x), &weight, bias).unwrap_err().to_string();
    assert_eq!(says(&[2, 3], None), "frozen_linear: input of `w`: expected [..., in = 4], found [2, 3]");
    assert_eq!(says(&[2, 4], Some(&p[2])), "frozen_linear: bias `c`: expected [out = 3], found [2]");
}
