//! Scaled dot-product attention with several heads (Vaswani et al. 2017): for each sequence and head
//! `s = q k^T / sqrt(K)`, `p = softmax(s)` over the keys, `y = (p m) v` with the dropout mask `m`.
//!
//! Backward: `dv = (p m)^T dy`, `dp = (dy v^T) m`, `ds = p (dp - sum over keys of dp p)`, `dq = ds k / sqrt(K)`,
//! `dk = ds^T q / sqrt(K)`. The probabilities are computed again, so that only q, k and v are kept.
//!
//! Shape letters: B batch, T positions, H heads, K size of a head.

mod cpu;
mod reference;

use crate::dropout::check_probability;
use crate::{Error, Result, Stream, Tape, Var, slice};

/// How [`attention`] is done.
#[derive(Debug, Clone, Copy)]
pub struct Attention<'a> {
    /// H; it must divide the last dimension.
    pub num_heads: usize,
    /// The number of valid positions of each sequence; all are valid if none is given.
    pub lengths: Option<&'a [usize]>,
    /// Probability of dropping a probability, in training.
    pub dropout: f32,
}

/// What forward and backward share.
#[derive(Debug, Clone)]
struct Plan {
    batch: usize,
    len: usize,
    heads: usize,
    size: usize,
    scale: f64,
    lengths: Vec<usize>,
    dropout: Option<Dropout>,
}

#[derive(Debug, Clone, Copy)]
struct Dropout {
    stream: Stream,
    p: f32,
}

impl Plan {
    /// Width of the batch's rows, H K.
    fn dim(&self) -> usize {
        self.heads * self.size
    }

    /// The dropout stream's first block for the keys of a query; a query's elements start a block of four.
    fn dropout_block(&self, sequence: usize, head: usize, query: usize) -> u64 {
        (((sequence * self.heads + head) * self.len + query) * self.len.div_ceil(4)) as u64
    }
}

/// Attention of each position to the valid positions of its sequence.
///
/// `q`, `k`, `v`: `[B, T, H K]`, heads side by side; returns `[B, T, H K]`. Keys at `t >= lengths[b]` are masked. Rows of
/// queries at `t >= lengths[b]` are zeros, cost nothing and give no gradient.
///
/// # Errors
/// The shapes differ or are not `[B, T, H K]`; there are not B lengths; a length exceeds T; `dropout` is not in `[0, 1)`.
pub fn attention(tape: &Tape, q: &Var, k: &Var, v: &Var, args: &Attention) -> Result<Var> {
    let plan = plan(tape, q, k, v, args)?;
    let (qs, ks, vs) = (q.tensor().contiguous()?, k.tensor().contiguous()?, v.tensor().contiguous()?);
    let fast = [&qs, &ks, &vs].into_iter().all(slice::is_fast);
    let forward = if fast { cpu::forward } else { reference::forward };
    let y = forward(&plan, &qs, &ks, &vs)?;
    Ok(tape.record(y, q.wants_grad() || k.wants_grad() || v.wants_grad(), || {
        let (q, k, v) = (q.target(), k.target(), v.target());
        move |dy, grads| {
            let want = [q.wants_grad(), k.wants_grad(), v.wants_grad()];
            let backward = if fast { cpu::backward } else { reference::backward };
            let gradients = backward(&plan, dy, [&qs, &ks, &vs], want)?;
            for (to, gradient) in [q, k, v].into_iter().zip(gradients) {
                if let Some(gradient) = gradient {
                    grads.add(to, gradient)?;
                }
            }
            Ok(())
        }
    }))
}

fn plan(tape: &Tape, q: &Var, k: &Var, v: &Var, args: &Attention) -> Result<Plan> {
    let heads = args.num_heads;
    let &[batch, len, dim] = q.dims() else {
        return Err(Error::shape("attention", "queries", "[B, T, H K]", q.dims()));
    };
    if heads == 0 || dim % heads != 0 || dim == 0 {
        return Err(Error::shape("attention", "queries", format!("[B, T, a multiple of {heads} heads]"), q.dims()));
    }
    for (what, other) in [("keys", k), ("values", v)] {
        if other.dims() != q.dims() {
            return Err(Error::shape("attention", what, format!("{:?} as the queries", q.dims()), other.dims()));
        }
    }
    let lengths = args.lengths.map_or_else(|| vec![len; batch], <[usize]>::to_vec);
    if lengths.len() != batch {
        return Err(Error::shape("attention", "lengths", format!("[B = {batch}]"), &[lengths.len()]));
    }
    if let Some(row) = lengths.iter().position(|&length| length > len) {
        let message = format!("sequence {row} has length {}, but there are {len} positions", lengths[row]);
        return Err(Error::Argument { op: "attention", message });
    }
    check_probability("attention", args.dropout)?;
    let size = dim / heads;
    let dropout = tape.next_dropout().filter(|_| args.dropout > 0.0).map(|stream| Dropout { stream, p: args.dropout });
    Ok(Plan { batch, len, heads, size, scale: 1.0 / (size as f64).sqrt(), lengths, dropout })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Product, check_gradients, constant};

    #[test]
    fn gradients() {
        let cases: [(usize, usize, usize, usize, Option<&[usize]>); 6] = [
            (1, 1, 1, 1, None),
            (2, 7, 3, 5, None),
            (3, 5, 2, 8, Some(&[5, 1, 3])),
            (2, 33, 1, 17, Some(&[33, 20])),
            (2, 4, 2, 3, Some(&[0, 4])),
            (1, 70, 2, 4, Some(&[67])),
        ];
        for (batch, len, num_heads, size, lengths) in cases {
            for dropout in [0.0, 0.3] {
                let shape = [batch, len, num_heads * size];
                let args = Attention { num_heads, lengths, dropout };
                let case = Case::new().var(&shape).var(&shape).var(&shape);
                check_gradients("attention", Product, case, |tape, v, _| attention(tape, &v[0], &v[1], &v[2], &args));
            }
        }
        let args = Attention { num_heads: 2, lengths: None, dropout: 0.0 };
        check_gradients("self-attention", Product, Case::new().var(&[2, 3, 4]), |tape, v, _| attention(tape, &v[0], &v[0], &v[0], &args));
    }

    #[test]
    fn padding_changes_nothing() -> Result<()> {
        let x = constant(&[1, 6, 4]);
        let of = |x: &Var, lengths: &[usize]| {
            let args = Attention { num_heads: 2, lengths: Some(lengths), dropout: 0.0 };
            Ok::<_, Error>(attention(&Tape::inference(), x, x, x, &args)?.tensor().flatten_all()?.to_vec1::<f32>()?)
        };
        let short = Var::constant(x.tensor().narrow(1, 0, 4)?);
        let (padded, plain) = (of(&x, &[4])?, of(&short, &[4])?);
        assert_eq!(padded[..16], plain[..]);
        assert_eq!(padded[16..], [0.0; 8]);
        Ok(())
    }

    #[test]
    fn arguments_are_checked() {
        let x = constant(&[2, 3, 4]);
        let message = |k: &Var, num_heads, lengths, dropout| {
            attention(&Tape::inference(), &x, k, &x, &Attention { num_heads, lengths, dropout }).unwrap_err().to_string()
        };
        assert!(message(&constant(&[2, 3, 5]), 2, None, 0.0).contains("keys"));
        assert!(message(&x, 3, None, 0.0).contains("multiple of 3 heads"));
        assert!(message(&x, 0, None, 0.0).contains("multiple of 0 heads"));
        assert!(message(&x, 2, Some(&[1][..]), 0.0).contains("lengths"));
        assert!(message(&x, 2, Some(&[1, 4][..]), 0.0).contains("sequence 1 has length 4"));
        assert!(message(&x, 2, None, 1.0).contains("probability"));
    }
}
