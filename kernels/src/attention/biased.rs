//! Attention whose scores get an addition by distance (Raffel et al., 1910.10683): a number for each head and each bucket of
//! distances, learnt. A distance's number is looked up once; on a CPU scores are made tile by tile as without it, elsewhere they are held whole.

use super::cpu::Lines;
use super::{Attention, Place, Plan, add_apart, backward_apart, forward, head_size, plan, reference};
use crate::{Error, Inputs, Param, Result, Tape, Var, slice};
use candle_core::Tensor;

/// What is added to scores.
#[derive(Clone, Copy)]
pub struct RelativeBias<'a> {
    /// `[buckets, H]`.
    pub table: &'a Param,
    /// The bucket of a distance: the key's position minus the query's.
    pub bucket: &'a dyn Fn(i64) -> usize,
}

/// As [`attention`](super::attention), with `s = scale q k^T + table[bucket(j - i)]` for the query at `i` and the key at `j`; the last
/// query stands at the last key, and each query head has keys and values of its own.
///
/// Backward: as there, and `dtable[bucket]` is the sum of `ds / scale` over all pairs of that distance.
///
/// # Errors
/// As [`attention`](super::attention); the table is not `[buckets, H]`, or a bucket lies behind its end.
pub fn attention_biased(tape: &Tape, q: &Var, k: &Var, v: &Var, bias: RelativeBias, args: &Attention) -> Result<Var> {
    let (&[batch, queries, dim], &[_, keys, _]) = (q.dims(), k.dims()) else {
        return Err(Error::shape("attention_biased", "queries and keys", "[B, T, H K] each", q.dims()));
    };
    let size = head_size(args, dim, q.dims())?;
    for (what, x) in [("keys", k), ("values", v)] {
        if x.dims() != [batch, keys, dim] {
            return Err(Error::shape("attention_biased", what, format!("[B = {batch}, Tk = {keys}, {dim}]"), x.dims()));
        }
    }
    let plan = plan(tape, args, [batch, queries, keys], [args.num_heads, size])?;
    let buckets = buckets(&plan, bias)?;
    let inputs = [q.tensor().contiguous()?, k.tensor().contiguous()?, v.tensor().contiguous()?];
    let wanted = Inputs::of([q, k, v].into_iter().any(Var::wants_grad), [Some(bias.table)]);
    let (to, table) = ([q.target(), k.target(), v.target()], bias.table.clone());
    if inputs.iter().all(slice::is_fast) && slice::is_fast(table.tensor()) {
        let lines = lines(&plan, table.tensor(), &buckets)?;
        let places = plan.shapes().map(|[_, _, stride]| Place { first: 0, stride });
        let by_distance = |data| Lines { data, queries: plan.queries, keys: plan.keys };
        let (y, log_sums) = forward(&plan, [0, 1, 2].map(|i| (&inputs[i], places[i])), Some(by_distance(&lines)))?;
        return Ok(tape.record(plan.op(), y.clone(), wanted, || {
            move |dy, grads| {
                let by_distance = Lines { data: &lines, queries: plan.queries, keys: plan.keys };
                let mut dlines = vec![0f32; if table.is_trainable() { lines.len() } else { 0 }];
                let wanted = to.map(|to| to.wants_grad());
                let lines_too = (Some(by_distance), table.is_trainable().then_some(&mut dlines[..]));
                let gradients = backward_apart(&plan, [dy, &y], &log_sums, &inputs, wanted, lines_too)?;
                add_apart(&plan, grads, to, gradients)?;
                if !dlines.is_empty() {
                    grads.add_param(&table, table_gradient(table.tensor(), &buckets, &dlines)?)?;
                }
                Ok(())
            }
        }));
    }
    let (pairs, added) = look_up(&plan, table.tensor(), &buckets)?;
    let y = reference::forward_biased(&plan, &inputs, &added)?;
    Ok(tape.record(plan.op(), y, wanted, || {
        move |dy, grads| {
            let (gradients, ds_hqk) = reference::backward_biased(&plan, dy, &inputs, &added)?;
            for (to, gradient) in to.into_iter().zip(gradients) {
                grads.add(to, gradient)?;
            }
            let by_pair = ds_hqk.flatten_from(1)?.t()?.contiguous()?;
            grads.add_param(&table, table.tensor().zeros_like()?.index_add(&pairs, &by_pair, 0)?)
        }
    }))
}

/// The bucket of each distance, from the last query's to the first key up to the first query's to the last key.
fn buckets(plan: &Plan, bias: RelativeBias) -> Result<Vec<u32>> {
    let table = bias.table.tensor();
    let &[rows, heads] = table.dims() else {
        return Err(Error::shape("attention_biased", format!("table `{}`", bias.table.name()), "[buckets, H]", table.dims()));
    };
    if heads != plan.heads {
        let expected = format!("[buckets, H = {}]", plan.heads);
        return Err(Error::shape("attention_biased", format!("table `{}`", bias.table.name()), expected, table.dims()));
    }
    // The last query stands at the last key.
    let (farthest, nearest) = (1 - plan.keys as i64, plan.queries as i64 - 1);
    let buckets: Vec<u32> =
        (farthest..=nearest).map(|distance| u32::try_from((bias.bucket)(distance)).unwrap_or(u32::MAX)).collect();
    match buckets.iter().position(|&bucket| bucket as usize >= rows) {
        Some(position) => {
            let (table, index) = (bias.table.name().to_string(), i64::from(buckets[position]));
            Err(Error::Index { op: "attention_biased", table, index, position, rows })
        }
        None => Ok(buckets),
    }
}

/// What each distance adds to the scores of each head, `[H, Tq + Tk - 1]`, divided by the scale that they are multiplied by.
fn lines(plan: &Plan, table: &Tensor, buckets: &[u32]) -> Result<Vec<f32>> {
    let (table, heads) = (slice::floats(table)?, plan.heads);
    let line = |head: usize| buckets.iter().map(move |&bucket| bucket as usize * heads + head);
    Ok((0..heads).flat_map(line).map(|at| (f64::from(table[at]) / plan.scale) as f32).collect())
}

/// `[buckets, H]`: of each bucket the sum over its distances, in their order.
fn table_gradient(table: &Tensor, buckets: &[u32], dlines: &[f32]) -> Result<Tensor> {
    let heads = table.dim(1)?;
    let mut sums = vec![0f32; table.elem_count()];
    for (head, line) in dlines.chunks_exact(buckets.len().max(1)).enumerate() {
        buckets.iter().zip(line).for_each(|(&bucket, gradient)| sums[bucket as usize * heads + head] += gradient);
    }
    Ok(Tensor::from_vec(sums, table.dims(), table.device())?)
}

/// The bucket of each query and key `[Tq Tk]`, and what is added to their scores, `[1, H, Tq, Tk]`.
fn look_up(plan: &Plan, table: &Tensor, buckets: &[u32]) -> Result<(Tensor, Tensor)> {
    let pairs = (0..plan.queries).flat_map(|i| (0..plan.keys).map(move |j| plan.queries - 1 - i + j));
    let pairs: Vec<u32> = pairs.map(|place| buckets[place]).collect();
    let pairs = Tensor::from_vec(pairs, plan.queries * plan.keys, table.device())?;
    let added = table.index_select(&pairs, 0)?.t()?.contiguous()?;
    Ok((pairs, added.reshape((1, plan.heads, plan.queries, plan.keys))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mask;
    use crate::check::{Case, Kind::Product, check_gradients, close, constant, run, tolerance};
    use candle_core::DType;

    const BY_SIGN: &dyn Fn(i64) -> usize = &|distance| (distance.signum() + 1) as usize;

    #[test]
    fn gradients() {
        for (batch, queries, keys, heads, size, mask) in [
            (2, 5, 5, 2, 3, Mask::Full),
            (1, 4, 4, 3, 2, Mask::Causal),
            (2, 2, 5, 1, 4, Mask::Causal),
            (1, 1, 1, 1, 1, Mask::Full),
        ] {
            let keys_shape = [batch, keys, heads * size];
            let case =
                Case::new().var(&[batch, queries, heads * size]).var(&keys_shape).var(&keys_shape).param("table", &[3, heads]);
            let lengths: Vec<usize> = (0..batch).map(|b| keys - b).collect();
            let args = Attention {
                mask,
                lengths: (queries == keys).then_some(&lengths[..]),
                scale: Some(0.7),
                dropout: 0.2,
                ..Attention::full(heads)
            };
            check_gradients("attention_biased", Product, case, |tape, v, p| {
                attention_biased(tape, &v[0], &v[1], &v[2], RelativeBias { table: &p[0], bucket: BY_SIGN }, &args)
            });
        }
    }

    /// The fast version against the plain one where tiles end and begin, with several sequences and where tasks share a head's keys.
    #[test]
    fn tiles_meet() {
        let by_distance: &dyn Fn(i64) -> usize = &|distance| (distance.rem_euclid(7)) as usize;
        for ([batch, queries, keys, heads, size], mask) in [
            ([1, 70, 70, 2, 4], Mask::Full),
            ([2, 130, 130, 1, 5], Mask::Causal),
            ([1, 20, 530, 2, 3], Mask::Causal),
            ([3, 300, 40, 2, 4], Mask::Full),
            ([1, 300, 300, 1, 16], Mask::CausalWindow(50)),
        ] {
            for (dropout, lengths) in [(0.0, None), (0.2, Some([keys, keys / 2, 1]))] {
                let (q, kv) = ([batch, queries, heads * size], [batch, keys, heads * size]);
                let case = Case::new().var(&q).var(&kv).var(&kv).param("table", &[7, heads]);
                let key_lengths = lengths.as_ref().map(|lengths| &lengths[..batch]);
                let args = Attention { mask, dropout, key_lengths, scale: Some(0.5), ..Attention::full(heads) };
                let op = |tape: &Tape, v: &[Var], p: &[Param]| {
                    attention_biased(tape, &v[0], &v[1], &v[2], RelativeBias { table: &p[0], bucket: by_distance }, &args)
                };
                let outcome = |dtype: DType| {
                    let values: Vec<Tensor> =
                        case.values().expect("values").iter().map(|v| v.to_dtype(dtype).expect("a type")).collect();
                    run(&case, &values, &case.params(dtype).expect("parameters"), &op).expect("attended")
                };
                let (fast, plain) = (outcome(DType::F32), outcome(DType::F64));
                let (what, tolerance) = (format!("{q:?} {kv:?} {args:?}"), tolerance(DType::F32, Product));
                close(&what, "output", &fast.y, &plain.y, tolerance);
                for ((name, fast), (_, plain)) in fast.grads.iter().zip(&plain.grads) {
                    close(&what, name, fast, plain, tolerance);
                }
            }
        }
    }

    /// Zeros change nothing, and what is added to all scores alike neither.
    #[test]
    fn without_differences_it_is_attention() {
        let (q, k) = (constant(&[2, 4, 6]), constant(&[2, 4, 6]));
        let args = Attention::causal(2);
        let plain = super::super::attention(&Tape::inference(), &q, &k, &k, &args).expect("attended");
        let (params, _) = Case::new().param("table", &[1, 2]).params(DType::F32).expect("a table");
        let bias = RelativeBias { table: &params[0], bucket: &|_| 0 };
        let found = attention_biased(&Tape::inference(), &q, &k, &k, bias, &args).expect("attended");
        let values = |var: &Var| var.tensor().flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
        let (plain, found) = (values(&plain), values(&found));
        assert!(plain.iter().zip(&found).all(|(a, b)| (a - b).abs() < 1e-6), "{plain:?}\n{found:?}");
    }

    #[test]
    fn arguments_are_checked() {
        let (params, _) = Case::new().param("table", &[2, 2]).params(DType::F32).expect("a table");
        let run = |heads: usize, keys: &[usize]| {
            let (q, k, bias) = (constant(&[1, 3, 4]), constant(keys), RelativeBias { table: &params[0], bucket: BY_SIGN });
            attention_biased(&Tape::inference(), &q, &k, &k, bias, &Attention::full(heads)).expect_err("refused").to_string()
        };
        assert!(run(1, &[1, 3, 4]).contains("table `table`: expected [buckets, H = 1]"));
        assert!(run(2, &[1, 3, 2]).contains("keys: expected [B = 1, Tk = 3, 4]"));
        assert!(run(2, &[1, 3, 4]).contains("index 2 at position 3"), "{}", run(2, &[1, 3, 4]));
    }
}
