//! The GPU version: flash attention by tiles in shared memory, forward and backward, without atomics.

use super::{Mask, Plan, Span};
use crate::device::{self, Arg, Grid, Kernel};
use crate::{Error, Result, Stream, Tape, Var};
use candle_core::{DType, Tensor};

/// Rows and columns of a tile, and warps of a block, as in `cuda.cu`.
const ROWS: usize = 16;
const COLUMNS: usize = 32;
const WARPS: usize = 4;

/// Whether heads of that size fit the kernels; others take the plain version.
pub(super) fn fits(size: usize) -> bool {
    size <= 256
}

/// One of the kernels, by the size of a head.
type BySize = [&'static str; 3];

const FORWARD: BySize = ["attention_forward_64", "attention_forward_128", "attention_forward_256"];
const QUERIES: BySize = ["attention_queries_64", "attention_queries_128", "attention_queries_256"];
const KEYS: BySize = ["attention_keys_64", "attention_keys_128", "attention_keys_256"];

/// Where operands lie: the first head of a position, and from one position to the next.
#[derive(Clone, Copy)]
struct Layout {
    firsts: [usize; 3],
    q_stride: usize,
    kv_stride: usize,
}

/// The whole operation, of checked shapes.
pub(super) fn apply(tape: &Tape, plan: Plan, inputs: [Tensor; 3], vars: [&Var; 3]) -> Result<Var> {
    let layout = Layout { firsts: [0; 3], q_stride: plan.heads * plan.size, kv_stride: plan.kv_heads * plan.size };
    let (y, log_sums) = forward(&plan, &inputs, layout)?;
    Ok(tape.record(plan.op(), y.clone(), vars.iter().any(|v| v.wants_grad()), || {
        let to = vars.map(Var::target);
        move |dy, grads| {
            let [dq, dk, dv] = [0, 1, 2].map(|i| device::empty_like(&inputs[i]));
            let results = [dq?, dk?, dv?];
            backward(&plan, &inputs, [&dy.contiguous()?, &y], &log_sums, &results, layout)?;
            to.into_iter().zip(results).try_for_each(|(to, gradient)| grads.add(to, gradient))
        }
    }))
}

/// As [`apply`] where one tensor holds all three.
pub(super) fn apply_packed(tape: &Tape, plan: Plan, input: Tensor, firsts: [usize; 3], var: &Var) -> Result<Var> {
    let stride = (plan.heads + 2 * plan.kv_heads) * plan.size;
    let layout = Layout { firsts, q_stride: stride, kv_stride: stride };
    let inputs = [(); 3].map(|()| input.clone());
    let (y, log_sums) = forward(&plan, &inputs, layout)?;
    Ok(tape.record(plan.op(), y.clone(), var.wants_grad(), || {
        let to = var.target();
        move |dy, grads| {
            let gradient = device::empty_like(&inputs[0])?;
            let results = [(); 3].map(|()| gradient.clone());
            backward(&plan, &inputs, [&dy.contiguous()?, &y], &log_sums, &results, layout)?;
            drop(results);
            grads.add(to, gradient)
        }
    }))
}

/// `y`, and `[B, Tq, H]` in float32: the logarithm of each row's sum.
fn forward(plan: &Plan, [q, k, v]: &[Tensor; 3], layout: Layout) -> Result<(Tensor, Tensor)> {
    device::same_type("attention", &[("the queries", q), ("keys", k), ("values", v)])?;
    let y = device::empty((plan.batch, plan.queries, plan.heads * plan.size), q.dtype(), q.device())?;
    let log_sums = device::empty((plan.batch, plan.queries, plan.heads), DType::F32, q.device())?;
    let rest = Rest::new(plan, q, layout)?;
    let mut args = vec![Arg::Read(q), Arg::Read(k), Arg::Read(v), Arg::Write(&y), Arg::Write(&log_sums)];
    args.extend(rest.args());
    let floats = ROWS * plan.size + 2 * COLUMNS * (plan.size + 1) + WARPS * COLUMNS;
    launch(FORWARD, plan, q, rest.blocks(plan.heads, rest.most[0]), floats, &args)?;
    Ok((y, log_sums))
}

/// Writes the gradients of queries, keys and values.
fn backward(
    plan: &Plan,
    [q, k, v]: &[Tensor; 3],
    [dy, y]: [&Tensor; 2],
    log_sums: &Tensor,
    [dq, dk, dv]: &[Tensor; 3],
    layout: Layout,
) -> Result<()> {
    let along = device::empty_like(log_sums)?;
    let (rows, size) = (log_sums.elem_count(), plan.size);
    let args = [Arg::Read(dy), Arg::Read(y), Arg::Write(&along), Arg::Long(rows), Arg::Int(size)];
    Kernel { op: "attention", name: "attention_along", dtype: q.dtype() }.launch(q.device(), Grid::warps(rows), &args)?;
    let rest = Rest::new(plan, q, layout)?;
    let given = [q, k, v, dy, log_sums, &along].map(Arg::Read);
    let floats = |tiles: usize| 2 * ROWS * size + 2 * COLUMNS * (size + 1) + tiles * WARPS * COLUMNS;
    let args: Vec<Arg> = given.into_iter().chain([Arg::Write(dq)]).chain(rest.args()).collect();
    launch(QUERIES, plan, q, rest.blocks(plan.heads, rest.most[0]), floats(1), &args)?;
    let args: Vec<Arg> = given.into_iter().chain([dk, dv].map(Arg::Write)).chain(rest.args()).collect();
    launch(KEYS, plan, q, rest.blocks(plan.kv_heads, rest.most[1]), floats(2), &args)
}

fn launch(names: BySize, plan: &Plan, q: &Tensor, blocks: usize, floats: usize, args: &[Arg]) -> Result<()> {
    let name = names[usize::from(plan.size > 64) + usize::from(plan.size > 128)];
    let grid = Grid { blocks, threads: [32, WARPS as u32], shared_bytes: floats * size_of::<f32>() };
    Kernel { op: "attention", name, dtype: q.dtype() }.launch(q.device(), grid, args)
}

/// The arguments that all three kernels end with.
struct Rest<'a> {
    plan: &'a Plan,
    layout: Layout,
    /// Starts and valid lengths of queries and keys.
    spans: [Tensor; 4],
    /// Queries and keys of the longest sequence.
    most: [usize; 2],
}

impl<'a> Rest<'a> {
    fn new(plan: &'a Plan, q: &Tensor, layout: Layout) -> Result<Self> {
        let queries = || plan.sequences.iter().map(|sequence| sequence.queries);
        let keys = || plan.sequences.iter().map(|sequence| sequence.keys);
        let upload = |numbers: Vec<u32>| Ok::<_, Error>(Tensor::from_slice(&numbers, numbers.len(), q.device())?);
        let starts = |spans: &mut dyn Iterator<Item = Span>, end: usize| {
            upload(spans.map(|span| span.start as u32).chain([end as u32]).collect())
        };
        let valid = |spans: &mut dyn Iterator<Item = Span>| upload(spans.map(|span| span.valid as u32).collect());
        let spans = [
            starts(&mut queries(), plan.batch * plan.queries)?,
            starts(&mut keys(), plan.batch * plan.keys)?,
            valid(&mut queries())?,
            valid(&mut keys())?,
        ];
        let most = |spans: &mut dyn Iterator<Item = Span>| spans.map(|span| span.len).max().unwrap_or(0);
        Ok(Rest { plan, layout, spans, most: [most(&mut queries()), most(&mut keys())] })
    }

    /// Blocks for `rows` of each head of each sequence.
    fn blocks(&self, heads: usize, rows: usize) -> usize {
        self.plan.sequences.len() * heads * rows.div_ceil(ROWS)
    }

    fn args(&self) -> Vec<Arg<'_>> {
        let (plan, Layout { firsts, q_stride, kv_stride }) = (self.plan, self.layout);
        let (causal, window) = match plan.mask {
            Mask::Full => (0, 0),
            Mask::Causal => (1, 0),
            // No window is longer than all keys.
            Mask::CausalWindow(window) => (1, window.min(plan.keys.max(1))),
        };
        let (stream, p) = plan.dropout.map_or((Stream::root(0), 0.0), |dropout| (dropout.stream, dropout.p));
        let sizes = [self.most[0], self.most[1], plan.heads, plan.kv_heads, plan.size];
        let dropout_blocks = plan.keys.div_ceil(4);
        let mut args: Vec<Arg> = self.spans.iter().map(Arg::Read).collect();
        let ints = sizes.into_iter().chain(firsts).chain([q_stride, kv_stride, causal, window, dropout_blocks]);
        args.extend(ints.map(Arg::Int));
        args.extend([
            Arg::Float(plan.scale as f32),
            Arg::Bits(stream.key()),
            Arg::Int(Stream::drop_limit(p) as usize),
            Arg::Float(1.0 / (1.0 - p)),
        ]);
        args
    }
}
