//! Where a step's time goes: each operation's time beside the least that it has to do.
//!
//! A tape with a [`Profile`] takes the time between two records as the forward time of the later operation (the model's own code
//! between them is next to nothing) and the time of a closure as its backward time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The least that has to be done: a floor under the time that it takes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Work {
    /// Floating-point operations of products; a multiplication and an addition count as two.
    pub flops: f64,
    /// Bytes that must be read or written, each once.
    pub bytes: f64,
}

impl Work {
    /// The seconds that a machine needs at least which does `flops` and moves `bytes` in a second, both at once.
    pub fn floor(self, flops: f64, bytes: f64) -> f64 {
        (self.flops / flops).max(self.bytes / bytes)
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Work) {
        self.flops += other.flops;
        self.bytes += other.bytes;
    }
}

/// What an operation tells the tape of itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Op {
    pub name: &'static str,
    pub forward: Work,
    pub backward: Work,
}

impl Op {
    /// Reads and writes whole arrays of so many float32 `elements`: `there` arrays in forward, `back` in backward.
    pub fn arrays(name: &'static str, elements: usize, there: usize, back: usize) -> Op {
        let bytes = |arrays: usize| Work { flops: 0.0, bytes: 4.0 * (elements * arrays) as f64 };
        Op { name, forward: bytes(there), backward: bytes(back) }
    }

    /// Products of `flops` in all; backward needs `back` times as many. `elements`: of all float32 operands and results.
    pub fn product(name: &'static str, flops: f64, elements: usize, back: f64) -> Op {
        let work = |times: f64| Work { flops: flops * times, bytes: 4.0 * elements as f64 * times };
        Op { name, forward: work(1.0), backward: work(back) }
    }
}

/// The times of operations of one name, summed.
#[derive(Debug, Clone, Default)]
pub struct Times {
    pub calls: usize,
    pub forward: Duration,
    pub backward: Duration,
    pub forward_work: Work,
    pub backward_work: Work,
}

/// Sums over all passes that were given it; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    sums: Rc<RefCell<Sums>>,
}

#[derive(Debug, Default)]
struct Sums {
    by_name: BTreeMap<&'static str, Times>,
    since: Option<Instant>,
}

impl Profile {
    /// The sums so far, by the operations' names.
    pub fn times(&self) -> BTreeMap<&'static str, Times> {
        self.sums.borrow().by_name.clone()
    }

    /// The next operation begins now.
    pub(crate) fn start(&self) {
        self.sums.borrow_mut().since = Some(Instant::now());
    }

    /// An operation's forward is done, and the next begins.
    pub(crate) fn forward(&self, op: Op) {
        let mut sums = self.sums.borrow_mut();
        let now = Instant::now();
        let took = sums.since.replace(now).map_or(Duration::ZERO, |since| now - since);
        let times = sums.by_name.entry(op.name).or_default();
        times.calls += 1;
        times.forward += took;
        times.forward_work += op.forward;
    }

    /// An operation's backward is done.
    pub(crate) fn backward(&self, op: Op, took: Duration) {
        let mut sums = self.sums.borrow_mut();
        let times = sums.by_name.entry(op.name).or_default();
        times.backward += took;
        times.backward_work += op.backward;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Case;
    use crate::{Gradients, Stream, Tape, Var, gelu, linear};
    use candle_core::{DType, Device, Tensor};

    #[test]
    fn operations_are_counted_both_ways() -> crate::Result<()> {
        let (p, store) = Case::new().param("w", &[5, 3]).params(DType::F32)?;
        let profile = Profile::default();
        let mut grads = Gradients::new(&store);
        for _ in 0..2 {
            let tape = Tape::training(Stream::root(0)).profiled(&profile);
            let x = Var::constant(Tensor::ones((7, 3), DType::F32, &Device::Cpu)?);
            let y = gelu(&tape, &gelu(&tape, &linear(&tape, &x, &p[0], None)?)?)?;
            tape.backward(&y, &mut grads)?;
        }
        let times = profile.times();
        assert_eq!(times.keys().copied().collect::<Vec<_>>(), ["gelu", "linear"]);
        assert_eq!((times["gelu"].calls, times["linear"].calls), (4, 2));
        let flops = 2.0 * 7.0 * 3.0 * 5.0;
        // The input is a constant: of the two products of backward only the weight's is there.
        assert_eq!((times["linear"].forward_work.flops, times["linear"].backward_work.flops), (2.0 * flops, 2.0 * flops));
        assert_eq!(times["gelu"].forward_work.bytes, 4.0 * 2.0 * 4.0 * 35.0);
        assert!(times.values().all(|t| t.forward > Duration::ZERO && t.backward > Duration::ZERO));
        Ok(())
    }

    #[test]
    fn the_floor_is_the_larger_of_both() {
        let work = Work { flops: 10.0, bytes: 6.0 };
        assert_eq!((work.floor(10.0, 2.0), work.floor(2.0, 2.0)), (3.0, 5.0));
    }
}
