//! The tape: what a forward pass leaves for backward, and nothing else.
//!
//! An operation computes its output, then calls [`Tape::record`] with a closure that holds what it saved. Backward runs the
//! closures from the last to the first; each gets the gradient of its output and adds to those of its inputs. A closure is
//! dropped as it runs, so saved tensors are freed on the way.

use crate::{Error, Gradients, Param, Result, Stream, slice};
use candle_core::Tensor;
use std::cell::{Cell, RefCell};

/// An activation: a tensor and, where a gradient is wanted, its slot on the tape.
#[derive(Debug, Clone)]
pub struct Var {
    tensor: Tensor,
    slot: Option<usize>,
}

impl Var {
    /// A value that no gradient flows into: an input.
    pub fn constant(tensor: Tensor) -> Self {
        Var { tensor, slot: None }
    }

    /// The value.
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// The shape's dimensions.
    pub fn dims(&self) -> &[usize] {
        self.tensor.dims()
    }

    /// Whether backward computes a gradient for this value.
    pub fn wants_grad(&self) -> bool {
        self.slot.is_some()
    }
}

type BackwardFn = Box<dyn FnOnce(&Tensor, &mut Backward) -> Result<()>>;

struct Node {
    slot: usize,
    backward: BackwardFn,
}

/// One forward pass, for training (records, dropout active) or inference (neither).
pub struct Tape {
    nodes: Option<RefCell<Vec<Node>>>,
    slots: Cell<usize>,
    dropout: Option<Stream>,
    sites: Cell<u64>,
}

impl Tape {
    /// A pass that records for backward. `dropout` is the stream of this very pass (step and micro-batch included).
    pub fn training(dropout: Stream) -> Self {
        Tape { nodes: Some(RefCell::default()), slots: Cell::new(0), dropout: Some(dropout), sites: Cell::new(0) }
    }

    /// A pass that records nothing; dropout is the identity and batch norm uses its running statistics.
    pub fn inference() -> Self {
        Tape { nodes: None, slots: Cell::new(0), dropout: None, sites: Cell::new(0) }
    }

    /// Whether this is a training pass.
    pub fn is_training(&self) -> bool {
        self.dropout.is_some()
    }

    /// The stream of the next place that drops out in this pass; none at inference.
    pub fn next_dropout(&self) -> Option<Stream> {
        let site = self.sites.replace(self.sites.get() + 1);
        self.dropout.map(|stream| stream.at(site))
    }

    /// A value that backward computes a gradient for, though no parameter lies behind it. For tests of operations;
    /// read the gradient by [`Tape::backward_to`].
    pub fn leaf(&self, tensor: Tensor) -> Var {
        Var { tensor, slot: self.nodes.as_ref().map(|_| self.new_slot()) }
    }

    /// Makes `output` a value on this tape. `wanted`: whether any input wants a gradient; if not, or at inference, `backward`
    /// is not even built. The closure gets the output's gradient (contiguous) and adds to the inputs' by [`Backward`].
    pub fn record<F>(&self, output: Tensor, wanted: bool, backward: impl FnOnce() -> F) -> Var
    where
        F: FnOnce(&Tensor, &mut Backward) -> Result<()> + 'static,
    {
        match &self.nodes {
            Some(nodes) if wanted => {
                let slot = self.new_slot();
                nodes.borrow_mut().push(Node { slot, backward: Box::new(backward()) });
                Var { tensor: output, slot: Some(slot) }
            }
            _ => Var::constant(output),
        }
    }

    fn new_slot(&self) -> usize {
        self.slots.replace(self.slots.get() + 1)
    }

    /// Backpropagates from `loss` (gradient 1 for each element) and adds to `grads`.
    ///
    /// # Errors
    /// An operation's backward failed, or `loss` hangs on no parameter.
    pub fn backward(self, loss: &Var, grads: &mut Gradients) -> Result<()> {
        self.backward_to(loss, grads, &[]).map(drop)
    }

    /// As [`Tape::backward`], with the gradient `scale` for each element of `loss`: a micro-batch's share of a step.
    pub fn backward_scaled(self, loss: &Var, scale: f32, grads: &mut Gradients) -> Result<()> {
        let seed = (loss.tensor.ones_like()? * f64::from(scale))?;
        self.run(loss, seed, grads, &[]).map(drop)
    }

    /// As [`Tape::backward`], and returns the gradients of `leaves` (those of [`Tape::leaf`]).
    pub fn backward_to(self, loss: &Var, grads: &mut Gradients, leaves: &[&Var]) -> Result<Vec<Option<Tensor>>> {
        let seed = loss.tensor.ones_like()?;
        self.run(loss, seed, grads, leaves)
    }

    fn run(self, loss: &Var, seed: Tensor, grads: &mut Gradients, leaves: &[&Var]) -> Result<Vec<Option<Tensor>>> {
        let (Some(nodes), Some(last)) = (self.nodes, loss.slot) else {
            return Err(Error::Argument { op: "backward", message: "the loss depends on nothing that wants a gradient".into() });
        };
        let mut pass = Backward { slots: vec![None; self.slots.get()], params: grads };
        pass.slots[last] = Some(seed);
        for node in nodes.into_inner().into_iter().rev() {
            // A value that nothing downstream used has no gradient: its closure is dropped unrun.
            if let Some(grad) = pass.slots[node.slot].take() {
                (node.backward)(&grad.contiguous()?, &mut pass)?;
            }
        }
        Ok(leaves.iter().map(|leaf| leaf.slot.and_then(|slot| pass.slots[slot].take())).collect())
    }
}

/// Where an operation's backward puts its results.
pub struct Backward<'a> {
    slots: Vec<Option<Tensor>>,
    params: &'a mut Gradients,
}

impl Backward<'_> {
    /// Adds `grad` to the gradient of `var`; nothing happens where none is wanted. `grad` must be the caller's own, fresh tensor
    /// or the gradient it was given: it may be added into later only if fresh, so pass shared ones by [`Backward::add_shared`].
    pub fn add(&mut self, var: &Var, grad: Tensor) -> Result<()> {
        let Some(slot) = var.slot else { return Ok(()) };
        match &self.slots[slot] {
            None => self.slots[slot] = Some(grad),
            Some(have) if slice::is_fast(have) && have.is_contiguous() => accumulate(have, &grad)?,
            Some(have) => self.slots[slot] = Some((have + grad)?),
        }
        Ok(())
    }

    /// As [`Backward::add`] for a gradient whose memory something else still uses (it goes to two inputs): copied if kept.
    pub fn add_shared(&mut self, var: &Var, grad: &Tensor) -> Result<()> {
        match var.slot {
            Some(slot) if self.slots[slot].is_none() => self.add(var, grad.copy()?),
            _ => self.add(var, grad.clone()),
        }
    }

    /// Adds `grad` to the gradient of a parameter; nothing happens for a frozen one.
    pub fn add_param(&mut self, param: &Param, grad: Tensor) -> Result<()> {
        self.params.add(param, grad)
    }

    /// Lets `f` add into the parameter's float32 CPU gradient in place (zeros at first); nothing happens for a frozen one.
    pub fn add_param_with(&mut self, param: &Param, f: impl FnOnce(&mut [f32])) -> Result<()> {
        self.params.add_with(param, f)
    }
}

/// `have += grad`, in place.
pub(crate) fn accumulate(have: &Tensor, grad: &Tensor) -> Result<()> {
    let grad = grad.contiguous()?;
    let grad = slice::floats(&grad)?;
    slice::update(have, |have| have.iter_mut().zip(grad.iter()).for_each(|(h, g)| *h += g))
}
