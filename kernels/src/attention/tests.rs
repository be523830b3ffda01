//! Attention against its plain version and finite differences, around the sizes of its tiles.

use super::*;
use crate::check::{Case, Kind::Product, check_gradients, constant};

/// One shape: `[B, Tq, Tk, H, Hkv, K]`.
fn check(shape: [usize; 6], args: &Attention) {
    let [batch, queries, keys, heads, kv_heads, size] = shape;
    let (q, kv) = ([batch, queries, heads * size], [batch, keys, kv_heads * size]);
    let case = Case::new().var(&q).var(&kv).var(&kv);
    let name = format!("attention {args:?}");
    check_gradients(&name, Product, case, |tape, v, _| attention(tape, &v[0], &v[1], &v[2], args));
}

#[test]
fn gradients() {
    let cases: [([usize; 6], Option<&[usize]>); 8] = [
        ([1, 1, 1, 1, 1, 1], None),
        ([2, 7, 7, 3, 3, 5], None),
        ([3, 5, 5, 2, 2, 8], Some(&[5, 1, 3])),
        ([2, 33, 33, 1, 1, 17], Some(&[33, 20])),
        ([2, 4, 4, 2, 2, 3], Some(&[0, 4])),
        ([1, 70, 70, 2, 2, 4], Some(&[67])),
        ([2, 9, 9, 6, 2, 4], Some(&[9, 6])),
        ([2, 19, 19, 3, 1, 5], None),
    ];
    for (shape, lengths) in cases {
        for mask in [Mask::Full, Mask::Causal, Mask::CausalWindow(3)] {
            for dropout in [0.0, 0.3] {
                check(shape, &Attention { mask, lengths, dropout, ..Attention::full(shape[3]) });
            }
        }
    }
    let args = Attention::full(2);
    check_gradients("self-attention", Product, Case::new().var(&[2, 3, 4]), |tape, v, _| {
        attention(tape, &v[0], &v[0], &v[0], &args)
    });
}

/// Queries and keys of different numbers, more and fewer, with lengths of their own and another scale.
#[test]
fn gradients_where_queries_and_keys_differ() {
    for mask in [Mask::Full, Mask::Causal, Mask::CausalWindow(4)] {
        check([2, 3, 11, 4, 2, 5], &Attention { mask, ..Attention::full(4) });
        check([2, 9, 4, 2, 1, 6], &Attention { mask, scale: Some(0.7), ..Attention::full(2) });
        let args =
            Attention { mask, lengths: Some(&[4, 2, 0]), key_lengths: Some(&[9, 3, 5]), dropout: 0.2, ..Attention::full(2) };
        check([3, 4, 9, 2, 2, 3], &args);
    }
}

/// The fast version against the plain one where tiles of 48, 64, 256 and 512 end, begin and are skipped. The plain one is held to
/// finite differences above.
#[test]
fn tiles_meet() {
    #[rustfmt::skip]
    let sizes: [[usize; 6]; 16] = [
        [1, 47, 47, 1, 1, 16],
        [1, 48, 48, 2, 1, 3],
        [1, 49, 49, 1, 1, 33],
        [2, 64, 64, 2, 2, 32],
        [1, 65, 65, 1, 1, 20],
        [1, 127, 127, 1, 1, 8],
        [1, 129, 129, 3, 1, 16],
        [1, 255, 255, 1, 1, 4],
        [1, 257, 257, 2, 2, 16],
        [1, 300, 300, 3, 1, 16],
        [1, 256, 256, 1, 1, 5],
        [1, 511, 511, 1, 1, 4],
        [1, 512, 512, 1, 1, 4],
        [1, 513, 513, 2, 1, 4],
        [1, 5, 600, 1, 1, 16],
        [1, 530, 40, 1, 1, 7],
    ];
    for shape in sizes {
        for mask in [Mask::Full, Mask::Causal, Mask::CausalWindow(50)] {
            for dropout in [0.0, 0.2] {
                fast_equals_plain(shape, &Attention { mask, dropout, ..Attention::full(shape[3]) });
            }
        }
    }
    let args = Attention { lengths: Some(&[300, 131, 1]), dropout: 0.1, ..Attention::causal(2) };
    fast_equals_plain([3, 300, 300, 2, 1, 16], &args);
    // Whole groups of heads beyond what a task keeps at hand.
    fast_equals_plain([1, 130, 130, 40, 1, 64], &Attention::causal(40));
}

fn fast_equals_plain(shape: [usize; 6], args: &Attention) {
    use crate::check::{close, run, tolerance};
    use candle_core::DType;
    let [batch, queries, keys, heads, kv_heads, size] = shape;
    let (q, kv) = ([batch, queries, heads * size], [batch, keys, kv_heads * size]);
    let case = Case::new().var(&q).var(&kv).var(&kv);
    let outcome = |dtype: DType| {
        let values: Vec<Tensor> = case.values().unwrap().iter().map(|v| v.to_dtype(dtype).unwrap()).collect();
        let op = |tape: &Tape, v: &[Var], _: &[crate::Param]| attention(tape, &v[0], &v[1], &v[2], args);
        run(&case, &values, &case.params(dtype).unwrap(), &op).unwrap()
    };
    let (fast, plain) = (outcome(DType::F32), outcome(DType::F64));
    let (what, tolerance) = (format!("{shape:?} {args:?}"), tolerance(DType::F32, Product));
    close(&what, "output", &fast.y, &plain.y, tolerance);
    for ((name, fast), (_, plain)) in fast.grads.iter().zip(&plain.grads) {
        close(&what, name, fast, plain, tolerance);
    }
}

#[test]
fn packed_equals_apart() {
    for (heads, kv_heads, size, len) in [(2, 2, 5, 7), (4, 2, 3, 9), (3, 1, 16, 70)] {
        let dim = (heads + 2 * kv_heads) * size;
        let args = Attention { lengths: Some(&[len, 4]), dropout: 0.2, ..Attention::causal(heads) };
        let case = Case::new().var(&[2, len, dim]);
        check_gradients("packed attention", Product, case, |tape, v, _| attention_packed(tape, &v[0], kv_heads, &args));
        let x = constant(&[2, len, dim]);
        let part = |from: usize, n: usize| Var::constant(x.tensor().narrow(2, from * size, n * size).unwrap());
        let (q, k, v) = (part(0, heads), part(heads, kv_heads), part(heads + kv_heads, kv_heads));
        let (tape, other) = (Tape::training(Stream::root(1)), Tape::training(Stream::root(1)));
        let flat = |y: Var| y.tensor().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let packed = flat(attention_packed(&tape, &x, kv_heads, &args).unwrap());
        assert_eq!(packed, flat(attention(&other, &q, &k, &v, &args).unwrap()));
    }
}

/// Documents of these lengths in rows of `len`.
fn check_documents(len: usize, lengths: &[Vec<usize>], [heads, kv_heads, size]: [usize; 3]) {
    let documents = Documents::new(lengths).expect("documents");
    let batch = lengths.len();
    for mask in [Mask::Full, Mask::Causal, Mask::CausalWindow(3)] {
        for dropout in [0.0, 0.3] {
            let args = Attention { mask, dropout, documents: Some(&documents), ..Attention::full(heads) };
            check([batch, len, len, heads, kv_heads, size], &args);
        }
    }
}

#[test]
fn gradients_of_documents() {
    check_documents(1, &[vec![1]], [1, 1, 1]);
    check_documents(7, &[vec![3, 4], vec![1, 1, 2]], [2, 1, 3]);
    check_documents(20, &[vec![17, 3], vec![], vec![20]], [2, 2, 4]);
}

/// Each document is what it is as a sequence of its own, to the bit, forward and backward; padding is zeros.
#[test]
fn documents_stay_apart() -> Result<()> {
    let lengths = [vec![130, 1, 300], vec![49, 64]];
    let documents = Documents::new(&lengths)?;
    let all = [constant(&[2, 450, 8]), constant(&[2, 450, 4]), constant(&[2, 450, 4])];
    let run = |x: &[Tensor; 3], args: &Attention| {
        let tape = Tape::training(Stream::root(1));
        let vars = x.each_ref().map(|t| tape.leaf(t.clone()));
        let y = attention(&tape, &vars[0], &vars[1], &vars[2], args)?;
        let value = y.tensor().clone();
        let grads = tape.backward_to(&y, &mut crate::Gradients::new(&crate::ParamStore::default()), &vars.each_ref())?;
        let tensors: Vec<Tensor> = std::iter::once(value).chain(grads.into_iter().flatten()).collect();
        Ok::<_, Error>(tensors)
    };
    for mask in [Mask::Full, Mask::Causal, Mask::CausalWindow(50)] {
        let args = Attention { mask, ..Attention::full(2) };
        let whole = all.each_ref().map(|v| v.tensor().clone());
        let together = run(&whole, &Attention { documents: Some(&documents), ..args })?;
        let flat = |t: &Tensor| Ok::<_, Error>(t.flatten_all()?.to_vec1::<f32>()?);
        for row in 0..2 {
            for range in documents.of(row) {
                let part = |t: &Tensor| t.narrow(0, row, 1)?.narrow(1, range.start, range.len())?.contiguous();
                let alone = run(&[part(&whole[0])?, part(&whole[1])?, part(&whole[2])?], &args)?;
                for (together, alone) in together.iter().zip(&alone) {
                    assert_eq!(flat(&part(together)?)?, flat(alone)?, "{mask:?}, row {row}, {range:?}");
                }
            }
            let padding = documents.of(row).map(|range| range.end).max().unwrap_or(0);
            for t in &together {
                assert!(flat(&t.narrow(0, row, 1)?.narrow(1, padding, 450 - padding)?)?.iter().all(|v| *v == 0.0));
            }
        }
    }
    Ok(())
}

#[test]
fn only_wanted_gradients_are_computed() -> Result<()> {
    let values = [constant(&[1, 70, 8]), constant(&[1, 70, 4]), constant(&[1, 70, 4])];
    let gradients = |wanted: [bool; 3]| {
        let tape = Tape::training(Stream::root(1));
        let vars = [0, 1, 2].map(|i| if wanted[i] { tape.leaf(values[i].tensor().clone()) } else { values[i].clone() });
        let args = Attention { dropout: 0.2, ..Attention::causal(2) };
        let y = attention(&tape, &vars[0], &vars[1], &vars[2], &args)?;
        let all = tape.backward_to(&y, &mut crate::Gradients::new(&crate::ParamStore::default()), &vars.each_ref())?;
        all.into_iter().map(|g| g.map(|g| Ok(g.flatten_all()?.to_vec1::<f32>()?)).transpose()).collect::<Result<Vec<_>>>()
    };
    let all = gradients([true; 3])?;
    for wanted in [[true, false, false], [false, true, false], [false, false, true], [true, false, true]] {
        for (i, found) in gradients(wanted)?.into_iter().enumerate() {
            assert_eq!(found, all[i].clone().filter(|_| wanted[i]), "{wanted:?}, input {i}");
        }
    }
    Ok(())
}

/// A few queries behind known keys are the last rows of the whole, whatever tiles they fall in.
#[test]
fn the_rest_of_a_sequence_continues_it() -> Result<()> {
    let (q, kv) = (constant(&[1, 600, 16]), constant(&[1, 600, 8]));
    let whole = attention(&Tape::inference(), &q, &kv, &kv, &Attention::causal(2))?;
    let last = Var::constant(q.tensor().narrow(1, 597, 3)?);
    let rest = attention(&Tape::inference(), &last, &kv, &kv, &Attention::causal(2))?;
    let of = |t: &Tensor| Ok::<_, Error>(t.flatten_all()?.to_vec1::<f32>()?);
    assert_eq!(of(rest.tensor())?, of(&whole.tensor().narrow(1, 597, 3)?)?);
    Ok(())
}

#[test]
fn padding_changes_nothing() -> Result<()> {
    let x = constant(&[1, 6, 4]);
    let of = |x: &Var, lengths: &[usize]| {
        let args = Attention { lengths: Some(lengths), ..Attention::full(2) };
        Ok::<_, Error>(attention(&Tape::inference(), x, x, x, &args)?.tensor().flatten_all()?.to_vec1::<f32>()?)
    };
    let short = Var::constant(x.tensor().narrow(1, 0, 4)?);
    let (padded, plain) = (of(&x, &[4])?, of(&short, &[4])?);
    assert_eq!(padded[..16], plain[..]);
    assert_eq!(padded[16..], [0.0; 8]);
    Ok(())
}

/// Large scores do not overflow, and NaN is not hidden unless it is padding.
#[test]
fn extreme_values() -> Result<()> {
    let large = Var::constant((constant(&[1, 300, 16]).tensor() * 1e4)?);
    let y = attention(&Tape::inference(), &large, &large, &large, &Attention::causal(1))?;
    assert!(y.tensor().flatten_all()?.to_vec1::<f32>()?.iter().all(|v| v.is_finite()));
    let mut values = vec![0.5f32; 70 * 4];
    values[60 * 4..].fill(f32::NAN);
    let x = Var::constant(Tensor::from_vec(values, (1, 70, 4), &candle_core::Device::Cpu)?);
    let of = |lengths: &[usize]| {
        let args = Attention { lengths: Some(lengths), ..Attention::causal(1) };
        Ok::<_, Error>(attention(&Tape::inference(), &x, &x, &x, &args)?.tensor().flatten_all()?.to_vec1::<f32>()?)
    };
    assert!(of(&[60])?.iter().all(|v| v.is_finite()));
    assert!(of(&[61])?[60 * 4].is_nan());
    Ok(())
}

/// A row all of whose scores overflowed is NaN, and so is its gradient; others of the sequence stay, and what sees no key is zeros.
#[test]
fn overflow_shows() -> Result<()> {
    let mut queries = vec![0.5f32; 3 * 4];
    queries[4..8].fill(-1e30);
    let tape = Tape::training(Stream::root(0));
    let of = |values: Vec<f32>| Ok::<_, Error>(tape.leaf(Tensor::from_vec(values, (1, 3, 4), &candle_core::Device::Cpu)?));
    let (q, k, v) = (of(queries)?, of(vec![1e30; 12])?, of(vec![1.0; 12])?);
    let y = attention(&tape, &q, &k, &v, &Attention { key_lengths: Some(&[2]), ..Attention::full(1) })?;
    let values = y.tensor().flatten_all()?.to_vec1::<f32>()?;
    let empty = attention(&Tape::inference(), &q, &k, &v, &Attention { key_lengths: Some(&[0]), ..Attention::full(1) })?;
    assert!(empty.tensor().flatten_all()?.to_vec1::<f32>()?.iter().all(|v| *v == 0.0));
    assert!(values[..4].iter().chain(&values[8..]).all(|v| *v == 1.0) && values[4..8].iter().all(|v| v.is_nan()), "{values:?}");
    let grads = tape.backward_to(&y, &mut crate::Gradients::new(&crate::ParamStore::default()), &[&q])?;
    let dq = grads[0].as_ref().expect("a gradient").flatten_all()?.to_vec1::<f32>()?;
    assert!(dq[4..8].iter().all(|v| v.is_nan()), "{dq:?}");
    Ok(())
}

#[test]
fn nothing_to_attend() -> Result<()> {
    for (batch, queries, keys) in [(0, 3, 3), (2, 0, 3), (2, 3, 0), (1, 0, 0)] {
        let tape = Tape::training(Stream::root(0));
        let (q, kv) =
            (tape.leaf(constant(&[batch, queries, 4]).tensor().clone()), tape.leaf(constant(&[batch, keys, 2]).tensor().clone()));
        let y = attention(&tape, &q, &kv, &kv, &Attention::causal(2))?;
        assert!(y.dims() == [batch, queries, 4] && y.tensor().flatten_all()?.to_vec1::<f32>()?.iter().all(|v| *v == 0.0));
        let grads = tape.backward_to(&y, &mut crate::Gradients::new(&crate::ParamStore::default()), &[&q, &kv])?;
        for (grad, like) in grads.iter().zip([&q, &kv]) {
            let grad = grad.as_ref().unwrap();
            assert!(grad.dims() == like.dims() && grad.flatten_all()?.to_vec1::<f32>()?.iter().all(|v| *v == 0.0));
        }
    }
    Ok(())
}

/// The CUDA kernels keep the same promises, and their tiles of 16 by 32 meet.
#[cfg(feature = "cuda-emulation")]
#[test]
fn emulated_kernels() -> Result<()> {
    use crate::device::{Order, emulated};
    emulated(Order::Falling, || {
        packed_equals_apart();
        only_wanted_gradients_are_computed()?;
        the_rest_of_a_sequence_continues_it()?;
        padding_changes_nothing()?;
        extreme_values()?;
        overflow_shows()?;
        nothing_to_attend()?;
        documents_stay_apart()?;
        for shape in [
            [1, 15, 15, 1, 1, 31],
            [2, 16, 32, 2, 1, 32],
            [1, 17, 33, 1, 1, 33],
            [1, 65, 31, 3, 3, 64],
            [1, 20, 40, 1, 1, 100],
            [1, 33, 100, 4, 2, 130],
            [2, 17, 9, 2, 1, 256],
            [1, 3, 5, 1, 1, 257],
        ] {
            for mask in [Mask::Full, Mask::Causal, Mask::CausalWindow(20)] {
                fast_equals_plain(shape, &Attention { mask, dropout: 0.2, ..Attention::full(shape[3]) });
            }
        }
        let args = Attention { lengths: Some(&[100, 33, 1]), dropout: 0.1, ..Attention::causal(2) };
        fast_equals_plain([3, 100, 100, 2, 1, 16], &args);
        Ok(())
    })
}

#[test]
fn arguments_are_checked() {
    let x = constant(&[2, 3, 4]);
    let message = |k: &Var, args: Attention| attention(&Tape::inference(), &x, k, &x, &args).unwrap_err().to_string();
    let full = Attention::full(2);
    assert!(
        message(&constant(&[2, 3, 5]), full).contains("keys: expected [B = 2, Tk, Hkv K] with K = 2 and Hkv a divisor of H = 2")
    );
    assert!(message(&constant(&[2, 3, 6]), full).contains("Hkv a divisor"));
    assert!(message(&constant(&[1, 3, 4]), full).contains("[B = 2"));
    assert!(message(&constant(&[3, 4]), full).contains("[B, Tk, Hkv K]"));
    assert!(message(&constant(&[2, 5, 4]), full).contains("values: expected [2, 5, 4]"));
    assert!(message(&x, Attention::full(3)).contains("multiple of H = 3 heads"));
    assert!(message(&x, Attention::full(0)).contains("multiple of H = 0 heads"));
    assert!(message(&x, Attention { lengths: Some(&[1]), ..full }).contains("lengths"));
    assert!(message(&x, Attention { lengths: Some(&[1, 4]), ..full }).contains("sequence 1 has length 4"));
    assert!(message(&x, Attention { key_lengths: Some(&[9, 1]), ..full }).contains("key lengths: sequence 0 has length 9"));
    assert!(message(&x, Attention { mask: Mask::CausalWindow(0), ..full }).contains("at least 1"));
    assert!(message(&x, Attention { scale: Some(-1.0), ..full }).contains("positive"));
    assert!(message(&x, Attention { dropout: 1.0, ..full }).contains("probability"));
    let documents = |lengths: &[usize]| Documents::new(&[lengths.to_vec(), vec![1]]).expect("documents");
    let long = documents(&[2, 2]);
    assert!(message(&x, Attention { documents: Some(&long), ..full }).contains("row 0 take 4 positions, but there are 3"));
    let short = documents(&[2]);
    let beside = Attention { documents: Some(&short), lengths: Some(&[3, 3]), ..full };
    assert!(message(&x, beside).contains("no lengths beside them"));
    let packed = |x: &Var, kv_heads| attention_packed(&Tape::inference(), x, kv_heads, &full).unwrap_err().to_string();
    assert!(packed(&x, 2).contains("(H + 2 Hkv) K"));
    assert!(packed(&constant(&[2, 3, 12]), 3).contains("a divisor of H"));
    assert!(packed(&constant(&[3, 12]), 2).contains("[B, T, (H + 2 Hkv) K]"));
}
