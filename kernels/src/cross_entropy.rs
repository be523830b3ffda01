//! Softmax cross-entropy: mean over the batch of `log(sum_c e^logit_c) - logit_label`. Backward: `(softmax - onehot) / B`.

use crate::{Error, Result, Tape, Var, slice};
use candle_core::Tensor;

/// `logits`: `[B, C]`, `labels`: `B` classes -> a scalar. Sums run in float64: there are few of them, and they are what is reported.
///
/// # Errors
/// A label is not below `C`; the number of labels is not `B`, or `B` is 0.
pub fn cross_entropy(tape: &Tape, logits_bc: &Var, labels: &[u32]) -> Result<Var> {
    let &[batch, classes] = logits_bc.dims() else {
        return Err(Error::shape("cross_entropy", "logits", "[B, C]", logits_bc.dims()));
    };
    if labels.len() != batch || batch == 0 {
        return Err(Error::shape("cross_entropy", "labels", format!("[B = {batch}], B > 0"), &[labels.len()]));
    }
    if let Some(position) = labels.iter().position(|&l| l as usize >= classes) {
        let index = i64::from(labels[position]);
        return Err(Error::Index { op: "cross_entropy", table: "classes".into(), index, position, rows: classes });
    }
    let value = logits_bc.tensor().contiguous()?;
    let mut loss = 0f64;
    // The gradient is cheaper to make here than to keep what it is made from.
    let mut grad = vec![0f32; batch * classes];
    {
        let logits = slice::floats(&value)?;
        for ((row, grad), &label) in logits.chunks(classes).zip(grad.chunks_mut(classes)).zip(labels) {
            let max = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            let sum: f64 = row.iter().map(|&x| (f64::from(x) - max).exp()).sum();
            loss += max + sum.ln() - f64::from(row[label as usize]);
            for (c, (g, &x)) in grad.iter_mut().zip(row).enumerate() {
                let hit = if c == label as usize { 1.0 } else { 0.0 };
                *g = (((f64::from(x) - max).exp() / sum - hit) / batch as f64) as f32;
            }
        }
    }
    let loss = Tensor::new((loss / batch as f64) as f32, value.device())?;
    Ok(tape.record(loss, logits_bc.wants_grad(), || {
        let logits = logits_bc.clone();
        move |dy, grads| {
            let scale = dy.to_scalar::<f32>()?;
            grad.iter_mut().for_each(|g| *g *= scale);
            grads.add(&logits, Tensor::from_vec(grad, (batch, classes), dy.device())?)
        }
    }))
}
