//! Scaled dot-product attention with several heads (Vaswani et al. 2017): for each sequence and head
//! `s = scale q k^T`, `p = softmax(s)` over the keys that a query sees, `y = (p m) v` with the dropout mask `m`. Query heads may
//! share heads of keys and values (Ainslie et al., 2305.13245).
//!
//! Backward: `dv = (p m)^T dy`, `dp = (dy v^T) m`, `ds = p (dp - sum of dy y)`, `dq = scale ds k`, `dk = scale ds^T q`, summed over
//! the query heads that share them. Kept are q, k, v, y and one number a row, the logarithm of the sum of `e^s` (Dao et al.,
//! 2205.14135), from which tiles of the probabilities are computed again: memory grows with the length, not with its square.
//!
//! Shape letters: B batch, T positions (Tq of queries, Tk of keys), H heads, Hkv heads of keys and values, K size of a head.

mod biased;
mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;
#[cfg(test)]
mod tests;

pub use biased::{RelativeBias, attention_biased};

use crate::dropout::check_probability;
use crate::slice::{self, Scattered};
use crate::{Backward, Documents, Error, Op, Result, Stream, Tape, Target, Var};
use candle_core::{Device, Tensor};
use cpu::{Place, Rows, RowsMut};
use std::ops::Range;

/// Which keys a query sees, of those that are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// All.
    Full,
    /// Its own position and those before. The last query of a sequence stands at its last key: with fewer queries than keys they
    /// continue a sequence whose first keys are known already.
    Causal,
    /// As [`Mask::Causal`], but only the last so many positions, its own included (Beltagy et al., 2004.05150).
    CausalWindow(usize),
}

/// How [`attention`] is done: start from [`Attention::full`] or [`Attention::causal`].
#[derive(Debug, Clone, Copy)]
pub struct Attention<'a> {
    /// H; it must divide the queries' last dimension.
    pub num_heads: usize,
    pub mask: Mask,
    /// The number of valid positions of each sequence; all are valid if none is given. They hold for queries, and for keys too
    /// where there are as many positions of them.
    pub lengths: Option<&'a [usize]>,
    /// The number of valid keys of each sequence, where it is another than that of the queries.
    pub key_lengths: Option<&'a [usize]>,
    /// Several documents in each sequence, whose positions see their own document alone; with as many keys as queries, and without
    /// lengths. Documents cost what they would cost as sequences of their own.
    pub documents: Option<&'a Documents>,
    /// What scores are multiplied by; none: `1 / sqrt(K)`.
    pub scale: Option<f64>,
    /// Probability of dropping a probability, in training.
    pub dropout: f32,
}

impl Attention<'_> {
    /// Every position sees every other.
    pub fn full(num_heads: usize) -> Self {
        Attention { num_heads, mask: Mask::Full, lengths: None, key_lengths: None, documents: None, scale: None, dropout: 0.0 }
    }

    /// Every position sees itself and those before it.
    pub fn causal(num_heads: usize) -> Self {
        Attention { mask: Mask::Causal, ..Self::full(num_heads) }
    }
}

/// Some neighbouring positions of all rows, `[B T]`; the first `valid` of them count, the rest is padding.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    len: usize,
    valid: usize,
}

/// Positions that attend to one another and to no others: a row of the batch or a document in it.
#[derive(Debug, Clone, Copy)]
struct Sequence {
    queries: Span,
    keys: Span,
}

/// What forward and backward share.
#[derive(Debug, Clone)]
struct Plan {
    /// All positions lie in one of them; they follow one another.
    sequences: Vec<Sequence>,
    batch: usize,
    /// Tq and Tk.
    queries: usize,
    keys: usize,
    heads: usize,
    kv_heads: usize,
    size: usize,
    scale: f64,
    mask: Mask,
    dropout: Option<Dropout>,
}

#[derive(Debug, Clone, Copy)]
struct Dropout {
    stream: Stream,
    p: f32,
}

impl Plan {
    /// The keys that a query of a sequence sees, both counted from its start; none for a query that is not valid. Both ends grow with
    /// the query.
    fn keys_of(&self, sequence: usize, query: usize) -> Range<usize> {
        let Sequence { queries, keys } = self.sequences[sequence];
        let (queries, keys) = (queries.valid, keys.valid);
        if query >= queries {
            return keys..keys;
        }
        // One behind the query's own place among the keys; what lies before the first key sees none.
        let own = (query + 1 + keys).saturating_sub(queries);
        match self.mask {
            Mask::Full => 0..keys,
            Mask::Causal => 0..own,
            Mask::CausalWindow(window) => own.saturating_sub(window)..own,
        }
    }

    /// A number for each query of each head: of a sequence first all queries of one head. As `[B, H, Tq]` where rows are sequences.
    fn row(&self, sequence: usize, head: usize, query: usize) -> usize {
        let queries = self.sequences[sequence].queries;
        self.heads * queries.start + head * queries.len + query
    }

    /// The dropout stream's first block for the keys of a query; a query's elements start a block of four.
    fn dropout_block(&self, sequence: usize, head: usize, query: usize) -> u64 {
        (self.row(sequence, head, query) * self.keys.div_ceil(4)) as u64
    }

    /// Two products in forward; backward makes the scores anew and has four more.
    fn op(&self) -> Op {
        let queries = |sequence: usize| 0..self.sequences[sequence].queries.len;
        let seen = |sequence| queries(sequence).map(move |query| self.keys_of(sequence, query).len());
        let pairs: usize = (0..self.sequences.len()).flat_map(seen).sum();
        let flops = 4.0 * (self.heads * pairs) as f64 * self.size as f64;
        let elements = 2 * self.batch * (self.queries * self.heads + self.keys * self.kv_heads) * self.size;
        Op::product("attention", flops, elements, 2.5)
    }

    /// Shapes of queries, keys and values.
    fn shapes(&self) -> [[usize; 3]; 3] {
        let of = |len, heads| [self.batch, len, heads * self.size];
        [of(self.queries, self.heads), of(self.keys, self.kv_heads), of(self.keys, self.kv_heads)]
    }
}

/// Attention of each position to the positions that it sees.
///
/// `q`: `[B, Tq, H K]`, `k`, `v`: `[B, Tk, Hkv K]`, heads side by side; query head `h` reads head `h Hkv / H` of keys and values.
/// Returns `[B, Tq, H K]`. Keys at `t >= key_lengths[b]` are seen by no query. Rows of queries at `t >= lengths[b]`, and of those
/// that see no key, are zeros. Padding costs nothing and gets no gradient. With `documents` each of them is such a sequence, and what
/// lies behind the last of a row is padding.
///
/// # Errors
/// The shapes do not fit as above (`Hkv` must divide `H`); there are not B lengths or rows of documents; a length exceeds its T; the
/// window is 0; `scale` is not a positive number; `dropout` is not in `[0, 1)`.
pub fn attention(tape: &Tape, q: &Var, k: &Var, v: &Var, args: &Attention) -> Result<Var> {
    let (&[batch, queries, dim], &[_, keys, kv_dim]) = (q.dims(), k.dims()) else {
        let (what, found) = if q.dims().len() == 3 { ("keys", k.dims()) } else { ("queries", q.dims()) };
        return Err(Error::shape("attention", what, if what == "keys" { "[B, Tk, Hkv K]" } else { "[B, Tq, H K]" }, found));
    };
    let size = head_size(args, dim, q.dims())?;
    if k.dims() != [batch, keys, kv_dim]
        || kv_dim == 0
        || !kv_dim.is_multiple_of(size)
        || !args.num_heads.is_multiple_of(kv_dim / size)
    {
        let expected = format!("[B = {batch}, Tk, Hkv K] with K = {size} and Hkv a divisor of H = {}", args.num_heads);
        return Err(Error::shape("attention", "keys", expected, k.dims()));
    }
    if v.dims() != k.dims() {
        return Err(Error::shape("attention", "values", format!("{:?} as the keys", k.dims()), v.dims()));
    }
    let plan = plan(tape, args, [batch, queries, keys], [kv_dim / size, size])?;
    let inputs = [q.tensor().contiguous()?, k.tensor().contiguous()?, v.tensor().contiguous()?];
    let wanted = [q, k, v].into_iter().any(Var::wants_grad);
    #[cfg(device_kernels)]
    if inputs.iter().all(crate::device::takes) && cuda::fits(size) {
        return cuda::apply(tape, plan, inputs, [q, k, v]);
    }
    if !inputs.iter().all(slice::is_fast) {
        let y = reference::forward(&plan, &inputs)?;
        return Ok(tape.record(plan.op(), y, wanted, || {
            let to = [q.target(), k.target(), v.target()];
            move |dy, grads| {
                for (to, gradient) in to.into_iter().zip(reference::backward(&plan, dy, &inputs)?) {
                    grads.add(to, gradient)?;
                }
                Ok(())
            }
        }));
    }
    let places = plan.shapes().map(|[_, _, stride]| Place { first: 0, stride });
    let (y, log_sums) = forward(&plan, [0, 1, 2].map(|i| (&inputs[i], places[i])), None)?;
    Ok(tape.record(plan.op(), y.clone(), wanted, || {
        let to = [q.target(), k.target(), v.target()];
        move |dy, grads| {
            let wanted = to.map(|to| to.wants_grad());
            let gradients = backward_apart(&plan, [dy, &y], &log_sums, &inputs, wanted, (None, None))?;
            add_apart(&plan, grads, to, gradients)
        }
    }))
}

/// Adds the gradients that are wanted.
fn add_apart(plan: &Plan, grads: &mut Backward, to: [Target; 3], gradients: [Vec<f32>; 3]) -> Result<()> {
    for ((to, values), shape) in to.into_iter().zip(gradients).zip(plan.shapes()).filter(|((to, _), _)| to.wants_grad()) {
        grads.add(to, Tensor::from_vec(values, &shape[..], &Device::Cpu)?)?;
    }
    Ok(())
}

/// As [`attention`] where one projection made queries, keys and values: `qkv` is `[B, T, (H + 2 Hkv) K]`, of each position first
/// all queries, then all keys, then all values. Nothing is copied.
///
/// # Errors
/// As [`attention`].
pub fn attention_packed(tape: &Tape, qkv: &Var, num_kv_heads: usize, args: &Attention) -> Result<Var> {
    let heads = args.num_heads;
    let all = heads + 2 * num_kv_heads;
    let fits =
        |dim: usize| heads > 0 && num_kv_heads > 0 && heads.is_multiple_of(num_kv_heads) && dim > 0 && dim.is_multiple_of(all);
    let &[batch, len, dim] = qkv.dims() else {
        return Err(Error::shape("attention", "queries, keys and values", "[B, T, (H + 2 Hkv) K]", qkv.dims()));
    };
    if !fits(dim) {
        let expected = format!("[B, T, (H + 2 Hkv) K] with H = {heads} and Hkv = {num_kv_heads}, a divisor of H");
        return Err(Error::shape("attention", "queries, keys and values", expected, qkv.dims()));
    }
    let size = dim / all;
    let plan = plan(tape, args, [batch, len, len], [num_kv_heads, size])?;
    let input = qkv.tensor().contiguous()?;
    let firsts = [0, heads * size, (heads + num_kv_heads) * size];
    #[cfg(device_kernels)]
    if crate::device::takes(&input) && cuda::fits(size) {
        return cuda::apply_packed(tape, plan, input, firsts, qkv);
    }
    if !slice::is_fast(&input) {
        let widths = plan.shapes().map(|[_, _, width]| width);
        let part = |i: usize| Ok::<_, Error>(input.narrow(2, firsts[i], widths[i])?.contiguous()?);
        let inputs = [part(0)?, part(1)?, part(2)?];
        let y = reference::forward(&plan, &inputs)?;
        return Ok(tape.record(plan.op(), y, qkv.wants_grad(), || {
            let to = qkv.target();
            move |dy, grads| grads.add(to, Tensor::cat(&reference::backward(&plan, dy, &inputs)?, 2)?)
        }));
    }
    let places = firsts.map(|first| Place { first, stride: dim });
    let (y, log_sums) = forward(&plan, places.map(|place| (&input, place)), None)?;
    Ok(tape.record(plan.op(), y.clone(), qkv.wants_grad(), || {
        let to = qkv.target();
        move |dy, grads| {
            let mut error = Ok(());
            let gradient = slice::fresh_tensor(input.dims(), |memory| {
                let data = Scattered::new(memory);
                let rows = places.map(|place| Some(RowsMut { data, place }));
                error = backward(&plan, [dy, &y], &log_sums, places.map(|place| (&input, place)), rows, (None, None));
            })?;
            error?;
            grads.add(to, gradient)
        }
    }))
}

/// Inputs with the places of their heads.
type Inputs<'a> = [(&'a Tensor, Place); 3];

fn forward(plan: &Plan, [q, k, v]: Inputs, lines: Option<cpu::Lines>) -> Result<(Tensor, Vec<f32>)> {
    let (qs, ks, vs) = (slice::floats(q.0)?, slice::floats(k.0)?, slice::floats(v.0)?);
    let inputs = [Rows { data: &qs, place: q.1 }, Rows { data: &ks, place: k.1 }, Rows { data: &vs, place: v.1 }];
    cpu::forward(plan, inputs, lines)
}

/// What is added by distance, and where its gradients go, if they are wanted.
type LinesToo<'a> = (Option<cpu::Lines<'a>>, Option<&'a mut [f32]>);

fn backward(
    plan: &Plan,
    [dy, y]: [&Tensor; 2],
    log_sums: &[f32],
    [q, k, v]: Inputs,
    to: [Option<RowsMut>; 3],
    (lines, dlines): LinesToo,
) -> Result<()> {
    let (dy, y) = (slice::floats(dy)?, slice::floats(y)?);
    let (qs, ks, vs) = (slice::floats(q.0)?, slice::floats(k.0)?, slice::floats(v.0)?);
    let inputs = [Rows { data: &qs, place: q.1 }, Rows { data: &ks, place: k.1 }, Rows { data: &vs, place: v.1 }];
    cpu::backward(plan, cpu::Given { dy: &dy, y: &y, log_sums, inputs, lines }, to, dlines);
    Ok(())
}

/// `[dq, dk, dv]` of three tensors, each written whole if wanted and empty if not.
fn backward_apart(
    plan: &Plan,
    ys: [&Tensor; 2],
    log_sums: &[f32],
    inputs: &[Tensor; 3],
    wanted: [bool; 3],
    lines: LinesToo,
) -> Result<[Vec<f32>; 3]> {
    let shapes = plan.shapes();
    let places = shapes.map(|[_, _, stride]| Place { first: 0, stride });
    let len = |i: usize| if wanted[i] { shapes[i].iter().product() } else { 0 };
    let (mut dk, mut dv, mut result) = (Vec::new(), Vec::new(), Ok(()));
    let dq = slice::fresh(len(0), |dq| {
        dk = slice::fresh(len(1), |dk| {
            dv = slice::fresh(len(2), |dv| {
                let memory = [dq, dk, dv].map(Scattered::new);
                let rows = [0, 1, 2].map(|i| wanted[i].then_some(RowsMut { data: memory[i], place: places[i] }));
                result = backward(plan, ys, log_sums, [0, 1, 2].map(|i| (&inputs[i], places[i])), rows, lines);
            });
        });
    });
    result.map(|()| [dq, dk, dv])
}

/// K, from the width of the queries.
fn head_size(args: &Attention, dim: usize, dims: &[usize]) -> Result<usize> {
    let heads = args.num_heads;
    if heads == 0 || dim == 0 || !dim.is_multiple_of(heads) {
        return Err(Error::shape("attention", "queries", format!("[B, Tq, a multiple of H = {heads} heads]"), dims));
    }
    Ok(dim / heads)
}

fn plan(tape: &Tape, args: &Attention, [batch, queries, keys]: [usize; 3], [kv_heads, size]: [usize; 2]) -> Result<Plan> {
    let argument = |message: String| Error::Argument { op: "attention", message };
    let check = |what: &str, lengths: Option<&[usize]>, len: usize| {
        let lengths = lengths.map_or_else(|| vec![len; batch], <[usize]>::to_vec);
        if lengths.len() != batch {
            return Err(Error::shape("attention", what, format!("[B = {batch}]"), &[lengths.len()]));
        }
        match lengths.iter().position(|&length| length > len) {
            Some(row) => {
                let message = format!("{what}: sequence {row} has length {}, but there are {len} positions", lengths[row]);
                Err(argument(message))
            }
            None => Ok(lengths),
        }
    };
    let query_lengths = check("lengths", args.lengths, queries)?;
    let key_lengths = check("key lengths", args.key_lengths.or(args.lengths.filter(|_| queries == keys)), keys)?;
    let sequences = match args.documents {
        Some(_) if queries != keys || args.lengths.is_some() || args.key_lengths.is_some() => {
            let message = "documents in a row need as many keys as queries, and no lengths beside them";
            return Err(argument(message.into()));
        }
        Some(documents) => {
            documents.check("attention", batch, queries)?;
            (0..batch).flat_map(|row| in_row(documents, row, queries)).collect()
        }
        None => (0..batch)
            .map(|row| Sequence {
                queries: Span { start: row * queries, len: queries, valid: query_lengths[row] },
                keys: Span { start: row * keys, len: keys, valid: key_lengths[row] },
            })
            .collect(),
    };
    if args.mask == Mask::CausalWindow(0) {
        return Err(argument("a window of 0 positions sees nothing: it must be at least 1".into()));
    }
    let scale = args.scale.unwrap_or_else(|| 1.0 / (size as f64).sqrt());
    if !(scale.is_finite() && scale > 0.0) {
        return Err(argument(format!("the scale must be a positive number, found {scale}")));
    }
    check_probability("attention", args.dropout)?;
    let dropout = tape.next_dropout().filter(|_| args.dropout > 0.0).map(|stream| Dropout { stream, p: args.dropout });
    Ok(Plan { sequences, batch, queries, keys, heads: args.num_heads, kv_heads, size, scale, mask: args.mask, dropout })
}

/// The documents of a row of `len` positions, and the padding behind them.
fn in_row(documents: &Documents, row: usize, len: usize) -> impl Iterator<Item = Sequence> + '_ {
    let sequence = move |start: usize, len: usize, valid: usize, row_len: usize| {
        let span = Span { start: row * row_len + start, len, valid };
        Sequence { queries: span, keys: span }
    };
    let whole = documents.of(row).map(move |range| sequence(range.start, range.len(), range.len(), len));
    let rest = documents.end(row)..len;
    whole.chain((!rest.is_empty()).then(|| sequence(rest.start, rest.len(), 0, len)))
}
