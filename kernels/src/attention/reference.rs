//! The plain version, in Candle operations: any device, any float type.

use super::Plan;
use crate::Result;
use candle_core::{D, Device, Tensor};

pub(super) fn forward(plan: &Plan, q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Tensor> {
    let (_, dropped) = probabilities(plan, q, k)?;
    merge(&dropped.matmul(&split(plan, v)?)?)
}

/// `(dq, dk, dv)`, each if wanted.
pub(super) fn backward(plan: &Plan, dy: &Tensor, [q, k, v]: [&Tensor; 3], want: [bool; 3]) -> Result<[Option<Tensor>; 3]> {
    let (p, dropped) = probabilities(plan, q, k)?;
    let dy_bhtk = split(plan, dy)?;
    let dv = merge(&dropped.t()?.matmul(&dy_bhtk)?)?;
    let dp = dy_bhtk.matmul(&split(plan, v)?.t()?)?;
    let dp = match mask(plan, dp.device())? {
        Some(mask) => (dp * mask.to_dtype(v.dtype())?)?,
        None => dp,
    };
    let ds = (&p * dp.broadcast_sub(&(&dp * &p)?.sum_keepdim(D::Minus1)?)?)?;
    let ds = (ds * plan.scale)?;
    let dq = merge(&ds.matmul(&split(plan, k)?)?)?;
    let dk = merge(&ds.t()?.matmul(&split(plan, q)?)?)?;
    let [want_q, want_k, want_v] = want;
    Ok([want_q.then_some(dq), want_k.then_some(dk), want_v.then_some(dv)])
}

/// `[B, H, T, T]`: the probabilities (zeros where the query or the key is not valid), without and with dropout.
fn probabilities(plan: &Plan, q: &Tensor, k: &Tensor) -> Result<(Tensor, Tensor)> {
    let s = (split(plan, q)?.matmul(&split(plan, k)?.t()?)? * plan.scale)?;
    // Large and finite, so that a sequence without a valid key gives numbers, which `valid` makes zeros.
    let bias = |valid: bool| if valid { 0.0 } else { -1e30f32 };
    let s = s.broadcast_add(&by_key_and_query(plan, |_, key| bias(key), q)?)?;
    let e = s.broadcast_sub(&s.max_keepdim(D::Minus1)?)?.exp()?;
    let p = e.broadcast_div(&e.sum_keepdim(D::Minus1)?)?;
    let p = p.broadcast_mul(&by_key_and_query(plan, |query, key| f32::from(query && key), q)?)?;
    let dropped = match mask(plan, q.device())? {
        Some(mask) => (&p * mask.to_dtype(q.dtype())?)?,
        None => p.clone(),
    };
    Ok((p, dropped))
}

/// `[B, 1, T, T]` from whether the query and the key are valid.
fn by_key_and_query(plan: &Plan, f: impl Fn(bool, bool) -> f32, like: &Tensor) -> Result<Tensor> {
    let len = plan.len;
    let rows = plan.lengths.iter().flat_map(|&n| (0..len * len).map(move |i| (i / len < n, i % len < n)));
    let values = Tensor::from_iter(rows.map(|(query, key)| f(query, key)), like.device())?;
    Ok(values.reshape((plan.batch, 1, len, len))?.to_dtype(like.dtype())?)
}

/// `[B, H, T, T]`: the dropout mask.
fn mask(plan: &Plan, device: &Device) -> Result<Option<Tensor>> {
    let Some(dropout) = plan.dropout else { return Ok(None) };
    let scale = 1.0 / (1.0 - dropout.p);
    let mut mask = Vec::with_capacity(plan.batch * plan.heads * plan.len * plan.len);
    for row in 0..plan.batch * plan.heads * plan.len {
        let (sequence, head, query) = (row / plan.len / plan.heads, row / plan.len % plan.heads, row % plan.len);
        let first = 4 * plan.dropout_block(sequence, head, query);
        let keep = |key: u64| dropout.stream.uniform(first + key) >= dropout.p;
        mask.extend((0..plan.len as u64).map(|key| if keep(key) { scale } else { 0.0 }));
    }
    Ok(Some(Tensor::from_vec(mask, (plan.batch, plan.heads, plan.len, plan.len), device)?))
}

/// `[B, T, H K]` -> `[B, H, T, K]`.
fn split(plan: &Plan, x: &Tensor) -> Result<Tensor> {
    Ok(x.reshape((plan.batch, plan.len, plan.heads, plan.size))?.transpose(1, 2)?.contiguous()?)
}

/// `[B, H, T, K]` -> `[B, T, H K]`.
fn merge(x: &Tensor) -> Result<Tensor> {
    Ok(x.transpose(1, 2)?.contiguous()?.flatten_from(2)?)
}
