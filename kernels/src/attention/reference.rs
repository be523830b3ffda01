//! The plain version, in Candle operations: any device, any float type.

use super::{Plan, Sequence};
use crate::Result;
use candle_core::{D, Device, Tensor};

pub(super) fn forward(plan: &Plan, inputs: &[Tensor; 3]) -> Result<Tensor> {
    apply(plan, inputs, None)
}

/// `added`: to the scores, `[1, H, Tq, Tk]`.
pub(super) fn forward_biased(plan: &Plan, inputs: &[Tensor; 3], added: &Tensor) -> Result<Tensor> {
    apply(plan, inputs, Some(added))
}

fn apply(plan: &Plan, [q, k, v]: &[Tensor; 3], added: Option<&Tensor>) -> Result<Tensor> {
    let (_, dropped) = probabilities(plan, [q, k], added)?;
    merge(&dropped.matmul(&shared(plan, v)?)?)
}

/// `[dq, dk, dv]`.
pub(super) fn backward(plan: &Plan, dy: &Tensor, inputs: &[Tensor; 3]) -> Result<[Tensor; 3]> {
    Ok(gradients(plan, dy, inputs, None)?.0)
}

/// `[dq, dk, dv]`, and the gradient of what was added, `[H, Tq, Tk]`.
pub(super) fn backward_biased(plan: &Plan, dy: &Tensor, inputs: &[Tensor; 3], added: &Tensor) -> Result<([Tensor; 3], Tensor)> {
    let (gradients, ds) = gradients(plan, dy, inputs, Some(added))?;
    Ok((gradients, ds.sum(0)?))
}

/// `[dq, dk, dv]`, and the gradient of the scores, `[B, H, Tq, Tk]`.
fn gradients(plan: &Plan, dy: &Tensor, [q, k, v]: &[Tensor; 3], added: Option<&Tensor>) -> Result<([Tensor; 3], Tensor)> {
    let (p, dropped) = probabilities(plan, [q, k], added)?;
    let dy_bhtk = split(dy, plan.heads)?;
    let dv = dropped.t()?.matmul(&dy_bhtk)?;
    let dp = dy_bhtk.matmul(&shared(plan, v)?.t()?)?;
    let dp = match mask(plan, dp.device())? {
        Some(mask) => (dp * mask.to_dtype(v.dtype())?)?,
        None => dp,
    };
    let of_scores = (&p * dp.broadcast_sub(&(&dp * &p)?.sum_keepdim(D::Minus1)?)?)?;
    let ds = (&of_scores * plan.scale)?;
    let dq = ds.matmul(&shared(plan, k)?)?;
    let dk = ds.t()?.matmul(&split(q, plan.heads)?)?;
    Ok(([merge(&dq)?, merge(&over_sharers(plan, &dk)?)?, merge(&over_sharers(plan, &dv)?)?], of_scores))
}

/// `[B, H, Tq, Tk]`: the probabilities (zeros where a query does not see a key), without and with dropout.
fn probabilities(plan: &Plan, [q, k]: [&Tensor; 2], added: Option<&Tensor>) -> Result<(Tensor, Tensor)> {
    let s = (split(q, plan.heads)?.matmul(&shared(plan, k)?.t()?)? * plan.scale)?;
    let s = match added {
        Some(added) => s.broadcast_add(added)?,
        None => s,
    };
    let seen = seen(plan, q.device())?.to_dtype(q.dtype())?;
    // Large and finite, so that a query without any key gives numbers, which `seen` makes zeros.
    let s = s.broadcast_add(&seen.affine(1e30, -1e30)?)?;
    let e = s.broadcast_sub(&s.max_keepdim(D::Minus1)?)?.exp()?;
    let p = e.broadcast_div(&e.sum_keepdim(D::Minus1)?)?.broadcast_mul(&seen)?;
    let dropped = match mask(plan, q.device())? {
        Some(mask) => (&p * mask.to_dtype(q.dtype())?)?,
        None => p.clone(),
    };
    Ok((p, dropped))
}

/// `[B, 1, Tq, Tk]`: 1 where a query sees a key, else 0.
fn seen(plan: &Plan, device: &Device) -> Result<Tensor> {
    let mut values = vec![0f32; plan.batch * plan.queries * plan.keys];
    for (number, Sequence { queries, keys }) in plan.sequences.iter().enumerate() {
        for query in 0..queries.len {
            let first = (queries.start + query) * plan.keys + keys.start % plan.keys.max(1);
            plan.keys_of(number, query).for_each(|key| values[first + key] = 1.0);
        }
    }
    Ok(Tensor::from_vec(values, (plan.batch, 1, plan.queries, plan.keys), device)?)
}

/// `[B, H, Tq, Tk]`: the dropout mask.
fn mask(plan: &Plan, device: &Device) -> Result<Option<Tensor>> {
    let Some(dropout) = plan.dropout else { return Ok(None) };
    let scale = 1.0 / (1.0 - dropout.p);
    let mut mask = vec![0f32; plan.batch * plan.heads * plan.queries * plan.keys];
    for (number, Sequence { queries, keys }) in plan.sequences.iter().enumerate() {
        for (head, query) in (0..plan.heads).flat_map(|head| (0..queries.len).map(move |query| (head, query))) {
            let block = 4 * plan.dropout_block(number, head, query);
            let (row, place) = (queries.start / plan.queries, queries.start % plan.queries + query);
            let first = ((row * plan.heads + head) * plan.queries + place) * plan.keys + keys.start % plan.keys.max(1);
            let kept = (0..keys.len as u64).map(|key| dropout.stream.uniform(block + key) >= dropout.p);
            mask[first..][..keys.len].iter_mut().zip(kept).for_each(|(m, kept)| *m = if kept { scale } else { 0.0 });
        }
    }
    Ok(Some(Tensor::from_vec(mask, (plan.batch, plan.heads, plan.queries, plan.keys), device)?))
}

/// `[B, T, H K]` -> `[B, H, T, K]`.
fn split(x: &Tensor, heads: usize) -> Result<Tensor> {
    let (batch, len, dim) = x.dims3()?;
    Ok(x.reshape((batch, len, heads, dim / heads))?.transpose(1, 2)?.contiguous()?)
}

/// `[B, Tk, Hkv K]` -> `[B, H, Tk, K]`: each head as often as query heads share it.
fn shared(plan: &Plan, x: &Tensor) -> Result<Tensor> {
    let group = plan.heads / plan.kv_heads;
    let split = split(x, plan.kv_heads)?.unsqueeze(2)?;
    let (batch, len, size) = (plan.batch, plan.keys, plan.size);
    Ok(split.broadcast_as((batch, plan.kv_heads, group, len, size))?.contiguous()?.reshape((batch, plan.heads, len, size))?)
}

/// `[B, H, Tk, K]` -> `[B, Hkv, Tk, K]`: the sum over the query heads that share one.
fn over_sharers(plan: &Plan, x: &Tensor) -> Result<Tensor> {
    let group = plan.heads / plan.kv_heads;
    Ok(x.contiguous()?.reshape((plan.batch, plan.kv_heads, group, plan.keys, plan.size))?.sum(2)?)
}

/// `[B, H, T, K]` -> `[B, T, H K]`.
fn merge(x: &Tensor) -> Result<Tensor> {
    Ok(x.transpose(1, 2)?.contiguous()?.flatten_from(2)?)
}
