//! Attention whose scores get an addition by distance (Raffel et al., 1910.10683): a number for each head and each bucket of
//! distances, learnt. Plain Candle operations on every device: the probabilities are held whole.

use super::{Attention, Plan, head_size, plan, reference};
use crate::{Error, Inputs, Param, Result, Tape, Var};
use candle_core::{DType, Tensor};

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
    let (buckets, added) = look_up(&plan, bias)?;
    let inputs = [q.tensor().contiguous()?, k.tensor().contiguous()?, v.tensor().contiguous()?];
    let y = reference::forward_biased(&plan, &inputs, &added)?;
    let wanted = Inputs::of([q, k, v].into_iter().any(Var::wants_grad), [Some(bias.table)]);
    Ok(tape.record(plan.op(), y, wanted, || {
        let (to, table) = ([q.target(), k.target(), v.target()], bias.table.clone());
        move |dy, grads| {
            let (gradients, ds_hqk) = reference::backward_biased(&plan, dy, &inputs, &added)?;
            for (to, gradient) in to.into_iter().zip(gradients) {
                grads.add(to, gradient)?;
            }
            let by_pair = ds_hqk.flatten_from(1)?.t()?.contiguous()?;
            grads.add_param(&table, table.tensor().zeros_like()?.index_add(&buckets, &by_pair, 0)?)
        }
    }))
}

/// The bucket of each query and key `[Tq Tk]`, and what is added to their scores, `[1, H, Tq, Tk]`.
fn look_up(plan: &Plan, bias: RelativeBias) -> Result<(Tensor, Tensor)> {
    let table = bias.table.tensor();
    let &[rows, heads] = table.dims() else {
        return Err(Error::shape("attention_biased", format!("table `{}`", bias.table.name()), "[buckets, H]", table.dims()));
    };
    if heads != plan.heads {
        let expected = format!("[buckets, H = {}]", plan.heads);
        return Err(Error::shape("attention_biased", format!("table `{}`", bias.table.name()), expected, table.dims()));
    }
    let first = plan.keys as i64 - plan.queries as i64;
    let pairs = (0..plan.queries as i64).flat_map(|i| (0..plan.keys as i64).map(move |j| j - (first + i)));
    let buckets: Vec<u32> = pairs.map(|distance| (bias.bucket)(distance) as u32).collect();
    if let Some(position) = buckets.iter().position(|&bucket| bucket as usize >= rows) {
        let (table, index) = (bias.table.name().to_string(), i64::from(buckets[position]));
        return Err(Error::Index { op: "attention_biased", table, index, position, rows });
    }
    let buckets = Tensor::from_vec(buckets, plan.queries * plan.keys, table.device())?.to_dtype(DType::U32)?;
    let added = table.index_select(&buckets, 0)?.t()?.contiguous()?;
    Ok((buckets, added.reshape((1, heads, plan.queries, plan.keys))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mask;
    use crate::check::{Case, Kind::Product, check_gradients, constant};

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
        assert!(run(2, &[1, 3, 4]).contains("index 2 at position 1"), "{}", run(2, &[1, 3, 4]));
    }
}
