//! Work in blocks of fixed size: which elements are summed together never depends on the number of threads.

use crate::simd::{self, vectorised};
use crate::{Error, Result, slice, subnormal};
use candle_core::Tensor;
use rayon::prelude::*;

/// Elements a task of an element-wise loop: 32 KiB, well inside the L1 and L2 caches.
pub(crate) const BLOCK: usize = 8192;

/// Rows a task where a loop goes by rows.
pub(crate) const ROWS: usize = 64;

/// `have += grad`, in place.
pub(crate) fn accumulate(have: &Tensor, grad: &Tensor) -> Result<()> {
    let grad = slice::contiguous_apart(grad, have)?;
    let grad = slice::floats(&grad)?;
    slice::update(have, |have| {
        have.par_chunks_mut(BLOCK).zip(grad.par_chunks(BLOCK)).for_each(|(have, grad)| simd::add_assign(have, grad));
    })
}

/// `to = 0`.
pub(crate) fn zero(to: &mut [f32]) {
    to.par_chunks_mut(BLOCK * 16).for_each(|block| block.fill(0.0));
}

/// `y = f(x)` block by block.
pub(crate) fn map(x: &[f32], y: &mut [f32], f: impl Fn(&[f32], &mut [f32]) + Sync) {
    y.par_chunks_mut(BLOCK).zip(x.par_chunks(BLOCK)).for_each(|(y, x)| f(x, y));
}

/// `z = f(x, y)` block by block.
pub(crate) fn map2(x: &[f32], y: &[f32], z: &mut [f32], f: impl Fn(&[f32], &[f32], &mut [f32]) + Sync) {
    z.par_chunks_mut(BLOCK).zip(x.par_chunks(BLOCK)).zip(y.par_chunks(BLOCK)).for_each(|((z, x), y)| f(x, y, z));
}

vectorised! {
    fn add_rows(rows: &[f32], sum: &mut [f32]) {
        let width = sum.len();
        rows.chunks_exact(width).for_each(|row| sum.iter_mut().zip(row).for_each(|(s, v)| *s += v));
    }
}

/// `sum += sum of the rows`: partial sums over blocks of [`ROWS`] rows, then over the blocks in order.
pub(crate) fn add_column_sums(rows: &[f32], sum: &mut [f32]) {
    let width = sum.len().max(1);
    let partial = |block: &[f32]| {
        let mut partial = vec![0f32; width];
        add_rows(block, &mut partial);
        partial
    };
    let partials: Vec<Vec<f32>> = rows.par_chunks(ROWS * width).map(partial).collect();
    partials.iter().for_each(|partial| simd::add_assign(sum, partial));
}

/// `sum += ` the partial sums, which lie one behind the other, in their order; blocks of elements side by side.
pub(crate) fn add_in_order(partials: &[f32], sum: &mut [f32]) {
    let width = sum.len().max(1);
    sum.par_chunks_mut(BLOCK).enumerate().for_each(|(block, sum)| {
        partials.chunks_exact(width).for_each(|partial| simd::add_assign(sum, &partial[block * BLOCK..][..sum.len()]));
    });
}

/// Fixes the number of threads of the pool that all operations share. To be called once, before the first operation. In them, and in
/// this thread, subnormal numbers are zero.
///
/// # Errors
/// `n` is 0, or the pool already runs with another number.
pub fn set_threads(n: usize) -> Result<()> {
    start(n, rayon::ThreadPoolBuilder::new())
}

/// As [`set_threads`], and this thread is one of them: it hands out work without being put to sleep and woken for each operation, a
/// twentieth of a step where operations are small. For a process whose operations all come from this thread: another's would wait for
/// it where it is the only one.
///
/// # Errors
/// As [`set_threads`].
pub fn set_threads_with_this(n: usize) -> Result<()> {
    start(n, rayon::ThreadPoolBuilder::new().use_current_thread())
}

fn start(n: usize, pool: rayon::ThreadPoolBuilder) -> Result<()> {
    let error = |message: String| Error::Argument { op: "set_threads", message };
    if n == 0 {
        return Err(error("the number of threads must be at least 1, found 0".into()));
    }
    subnormal::flush();
    match pool.num_threads(n).start_handler(|_| subnormal::flush()).build_global() {
        Err(_) if rayon::current_num_threads() != n => {
            let have = rayon::current_num_threads();
            Err(error(format!("the pool already runs with {have} threads, not {n}: set it before the first operation")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_set_once() {
        // In a thread of its own, which is left behind as it changes it.
        let set = || {
            assert!(set_threads(0).is_err());
            let have = rayon::current_num_threads();
            assert!(set_threads(have).is_ok());
            assert!(set_threads(have + 1).is_err());
        };
        std::thread::spawn(set).join().expect("a thread");
    }

    #[test]
    fn column_sums_over_blocks() {
        let rows: Vec<f32> = (0..ROWS * 2 * 3 + 3).map(|i| i as f32).collect();
        let mut sum = vec![1f32; 3];
        add_column_sums(&rows, &mut sum);
        let expected = (0..3).map(|c| 1.0 + rows.iter().skip(c).step_by(3).sum::<f32>()).collect::<Vec<_>>();
        assert_eq!(sum, expected);
        add_column_sums(&[], &mut []);
    }
}
