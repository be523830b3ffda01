//! What an operation's backward is given: a place for each result.

use super::{Ready, Target};
use crate::matmul::Write;
use crate::{Error, Gradients, Param, Result, blocks, slice};
use candle_core::Tensor;
use std::collections::BTreeMap;

/// Where an operation's backward puts its results.
pub struct Backward<'a> {
    pub(super) slots: Vec<Option<Pending>>,
    pub(super) grads: &'a mut Gradients,
    /// The operation that runs, and the parameters that it uses.
    pub(super) op: &'static str,
    pub(super) params: Vec<Param>,
    /// The gradient that it was given.
    pub(super) given: Option<Tensor>,
}

/// What has arrived so far of a value's gradient, and whether its memory is this slot's own, so that more may be added in place.
pub(super) struct Pending {
    pub(super) grad: Tensor,
    pub(super) own: bool,
}

impl Pending {
    fn plus(self, other: Self) -> Result<Self> {
        let in_place = |p: &Self| p.own && slice::is_fast(&p.grad) && p.grad.is_contiguous();
        match (in_place(&self), in_place(&other)) {
            (true, _) => blocks::accumulate(&self.grad, &other.grad).map(|()| self),
            (_, true) => blocks::accumulate(&other.grad, &self.grad).map(|()| other),
            _ => Ok(Pending { grad: (self.grad + other.grad)?, own: true }),
        }
    }
}

impl Backward<'_> {
    /// Adds `grad` to the gradient of a value; nothing happens where none is wanted. `grad` must be a tensor that the caller made
    /// and keeps no copy of: it may be added into later. Pass anything else by [`Backward::add_shared`]. (A view of the gradient that
    /// the closure was given is found out: Candle's `contiguous` returns one where dimensions of size 1 alone are new.)
    ///
    /// # Errors
    /// It cannot be added to what is there, which is of another shape or float type.
    pub fn add(&mut self, to: impl Into<Target>, grad: Tensor) -> Result<()> {
        let own = !self.is_given(&grad);
        self.put(to.into(), Pending { grad, own })
    }

    /// Whether `grad` lies in the memory of the gradient that the operation was given.
    fn is_given(&self, grad: &Tensor) -> bool {
        self.given.as_ref().is_some_and(|given| slice::same_memory(given, grad))
    }

    /// As [`Backward::add`] for a gradient whose memory something else may still use: the one that the closure was given, which
    /// may go to two inputs. It is never written to.
    ///
    /// # Errors
    /// As [`Backward::add`].
    pub fn add_shared(&mut self, to: impl Into<Target>, grad: &Tensor) -> Result<()> {
        self.put(to.into(), Pending { grad: grad.clone(), own: false })
    }

    pub(super) fn put(&mut self, to: Target, new: Pending) -> Result<()> {
        let Some(slot) = to.slot else { return Ok(()) };
        let place = &mut self.slots[slot];
        *place = Some(match place.take() {
            None => new,
            Some(have) => have.plus(new)?,
        });
        Ok(())
    }

    /// Reports those of the last operation's parameters that no operation is left to use.
    pub(super) fn report(&mut self, uses: &mut BTreeMap<usize, usize>, ready: &mut Ready) -> Result<()> {
        for param in std::mem::take(&mut self.params) {
            let left = uses.entry(param.id()).or_default();
            *left = left.saturating_sub(1);
            if *left == 0 && self.grads.get(&param).is_some() {
                ready(&param, self.grads)?;
            }
        }
        Ok(())
    }

    /// A gradient for a parameter that the operation did not name could come after it was reported as complete.
    fn declared(&self, param: &Param) -> Result<()> {
        if !param.is_trainable() || self.params.iter().any(|p| p.id() == param.id()) {
            return Ok(());
        }
        let message = format!("it adds to the gradient of `{}`, which is not among its inputs on the tape", param.name());
        Err(Error::Argument { op: self.op, message })
    }

    /// Adds `grad`, a tensor that the caller made, to the gradient of a parameter; nothing happens for a frozen one.
    ///
    /// # Errors
    /// The operation did not name the parameter among its inputs, or `grad` is not of its shape.
    pub fn add_param(&mut self, param: &Param, grad: Tensor) -> Result<()> {
        self.declared(param)?;
        // What is kept is added into later.
        let grad = if self.is_given(&grad) { grad.force_contiguous()? } else { grad };
        self.grads.add(param, grad)
    }

    /// Lets `f` add into the parameter's float32 CPU gradient in place (zeros at first); nothing happens for a frozen one.
    ///
    /// # Errors
    /// The operation did not name the parameter among its inputs, or its gradient is no float32 on a CPU.
    pub fn add_param_with(&mut self, param: &Param, f: impl FnOnce(&mut [f32])) -> Result<()> {
        self.declared(param)?;
        self.grads.add_with(param, f)
    }

    /// As [`Backward::add_param_with`] where `f` writes every element if it is told to set, as it is first.
    pub(crate) fn add_param_product(&mut self, param: &Param, f: impl FnOnce(&mut [f32], Write)) -> Result<()> {
        self.declared(param)?;
        self.grads.add_product(param, f)
    }

    /// As [`Backward::add_param_with`] where `f` adds to these rows (of the first dimension) alone.
    ///
    /// # Errors
    /// As [`Backward::add_param_with`].
    pub fn add_param_rows_with(&mut self, param: &Param, rows: &[u32], f: impl FnOnce(&mut [f32])) -> Result<()> {
        self.declared(param)?;
        self.grads.add_rows_with(param, rows, f)
    }
}
