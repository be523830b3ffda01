//! The tape: what a forward pass leaves for backward, and nothing else.
//!
//! An operation computes its output, then calls [`Tape::record`] with a closure that holds what it saved. Backward runs the
//! closures from the last to the first; each gets the gradient of its output and adds to those of its inputs. A closure is
//! dropped as it runs, so saved tensors are freed on the way.

mod backward;

pub use self::backward::Backward;
use self::backward::Pending;
use crate::{Error, Gradients, Inspection, Op, Param, Profile, Result, Stream};
use candle_core::Tensor;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Instant;

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

    /// Where its gradient goes: what a backward closure keeps of an input whose value it does not need.
    pub fn target(&self) -> Target {
        Target { slot: self.slot }
    }
}

impl From<&Var> for Target {
    fn from(var: &Var) -> Self {
        var.target()
    }
}

/// The place of a value's gradient, without the value, so that its memory can go.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    slot: Option<usize>,
}

impl Target {
    /// Whether backward computes a gradient for this value.
    pub fn wants_grad(self) -> bool {
        self.slot.is_some()
    }
}

/// Which of an operation's inputs want a gradient: whether any does, and the parameters among them.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    any: bool,
    params: Vec<Param>,
}

impl Inputs {
    /// `vars`: whether any input that is no parameter wants a gradient; `params`: those that the operation has. Backward may add to
    /// the gradients of these alone, so that it is known when the last use of each is done.
    pub fn of<'a>(vars: bool, params: impl IntoIterator<Item = Option<&'a Param>>) -> Self {
        let params: Vec<Param> = params.into_iter().flatten().filter(|p| p.is_trainable()).cloned().collect();
        Inputs { any: vars || !params.is_empty(), params }
    }

    /// The same, or more, if any other input wants a gradient.
    #[must_use]
    pub(crate) fn or(self, vars: bool) -> Self {
        Inputs { any: self.any || vars, ..self }
    }

    fn extend(&mut self, other: &Inputs) {
        self.any |= other.any;
        self.params.extend_from_slice(&other.params);
    }
}

impl From<bool> for Inputs {
    /// No parameter; whether any other input wants a gradient.
    fn from(vars: bool) -> Self {
        Inputs { any: vars, params: Vec::new() }
    }
}

type BackwardFn = Box<dyn FnOnce(&Tensor, &mut Backward) -> Result<()>>;

/// Called with a parameter whose gradient is complete.
type Ready<'a> = &'a mut dyn FnMut(&Param, &mut Gradients) -> Result<()>;

struct Node {
    op: Op,
    params: Vec<Param>,
    slot: usize,
    backward: BackwardFn,
}

/// One forward pass, for training (records, dropout active) or inference (neither).
pub struct Tape {
    nodes: Option<RefCell<Vec<Node>>>,
    slots: Cell<usize>,
    dropout: Option<Stream>,
    sites: Cell<u64>,
    /// What would have been recorded, where nothing is.
    asked: RefCell<Inputs>,
    profile: Option<Profile>,
    inspection: Option<Inspection>,
    /// Whether parts that say so are kept for backward by their inputs alone.
    saving: bool,
    /// Whether this pass repeats another, whose state has moved already.
    repeats: bool,
}

/// A pass's dropout stream and place in it, from which a part of the pass can be run again.
#[derive(Clone)]
pub(crate) struct Mark {
    dropout: Option<Stream>,
    sites: u64,
    inspection: Option<Inspection>,
    saving: bool,
    repeats: bool,
}

impl Mark {
    /// A pass from here on that records nothing, but drops out as the marked one.
    pub(crate) fn unrecorded(&self) -> Tape {
        let (sites, inspection) = (Cell::new(self.sites), self.inspection.clone());
        Tape { dropout: self.dropout, sites, inspection, repeats: self.repeats, ..Tape::inference() }
    }

    /// The same once more, recording.
    pub(crate) fn repeated(&self) -> Tape {
        Tape { nodes: Some(RefCell::default()), saving: self.saving, repeats: true, ..self.unrecorded() }
    }
}

impl Tape {
    /// A pass that records for backward. `dropout` is the stream of this very pass (step and micro-batch included).
    pub fn training(dropout: Stream) -> Self {
        Tape { nodes: Some(RefCell::default()), dropout: Some(dropout), ..Self::inference() }
    }

    /// A pass that records nothing; dropout is the identity and batch norm uses its running statistics.
    pub fn inference() -> Self {
        Tape {
            nodes: None,
            slots: Cell::new(0),
            dropout: None,
            sites: Cell::new(0),
            asked: RefCell::default(),
            profile: None,
            inspection: None,
            saving: false,
            repeats: false,
        }
    }

    /// The same pass; if `saving`, each [`block`](crate::block) from here on is made again in backward, and of its activations only the
    /// inputs are kept: less memory, one more forward pass, the same bits.
    #[must_use]
    pub fn saving(mut self, saving: bool) -> Self {
        self.saving = saving;
        self
    }

    /// The same pass as one that is no step's own: what moves with each pass (running statistics) stays.
    #[must_use]
    pub fn repeating(mut self) -> Self {
        self.repeats = true;
        self
    }

    pub(crate) fn is_saving(&self) -> bool {
        self.saving && self.records()
    }

    /// Whether this pass repeats another: what moves with each pass has moved by that one.
    pub(crate) fn repeats(&self) -> bool {
        self.repeats
    }

    /// The same pass, whose operations' times are added to `profile` from here on.
    #[must_use]
    pub fn profiled(mut self, profile: &Profile) -> Self {
        profile.start();
        self.profile = Some(profile.clone());
        self
    }

    /// The same pass, in which every operation's output is looked at from here on: which is the first that is not finite. Slow.
    #[must_use]
    pub fn inspected(mut self, inspection: &Inspection) -> Self {
        self.inspection = Some(inspection.clone());
        self
    }

    /// Whether this is a training pass.
    pub fn is_training(&self) -> bool {
        self.dropout.is_some()
    }

    /// Whether this pass keeps anything for backward: an operation that makes gradients in forward asks first.
    pub fn records(&self) -> bool {
        self.nodes.is_some()
    }

    /// Where this pass is.
    pub(crate) fn mark(&self) -> Mark {
        let inspection = self.inspection.clone();
        Mark { dropout: self.dropout, sites: self.sites.get(), inspection, saving: self.saving, repeats: self.repeats }
    }

    /// Goes on where `other`, a part of this pass, has ended.
    pub(crate) fn pass_sites(&self, other: &Tape) {
        self.sites.set(other.sites.get());
    }

    /// The inputs of all operations so far that want a gradient, in a pass that does not record.
    pub(crate) fn would_record(&self) -> Inputs {
        self.asked.borrow().clone()
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

    /// Makes `output`, which `op` has just computed, a value on this tape. `inputs`: which want a gradient; if none, or at
    /// inference, `backward` is not even built. The closure gets the output's gradient (contiguous) and adds to the inputs' by
    /// [`Backward`].
    pub fn record<F>(&self, op: Op, output: Tensor, inputs: impl Into<Inputs>, backward: impl FnOnce() -> F) -> Var
    where
        F: FnOnce(&Tensor, &mut Backward) -> Result<()> + 'static,
    {
        let inputs = inputs.into();
        if let Some(profile) = &self.profile {
            profile.forward(op);
        }
        if let Some(inspection) = &self.inspection {
            inspection.look(op, &output, &inputs.params);
        }
        match &self.nodes {
            Some(nodes) if inputs.any => {
                let slot = self.new_slot();
                nodes.borrow_mut().push(Node { op, params: inputs.params, slot, backward: Box::new(backward()) });
                Var { tensor: output, slot: Some(slot) }
            }
            Some(_) => Var::constant(output),
            None => {
                self.asked.borrow_mut().extend(&inputs);
                Var::constant(output)
            }
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
    ///
    /// # Errors
    /// As [`Tape::backward`].
    pub fn backward_scaled(self, loss: &Var, scale: f32, grads: &mut Gradients) -> Result<()> {
        self.run(Self::seed(loss, scale)?, grads, &[], None).map(drop)
    }

    /// As [`Tape::backward_scaled`], and calls `ready` once for each parameter as soon as its gradient is complete: when the last
    /// operation of this pass that used it has run. Its gradient may then be sent away, or the parameter moved, while backward goes
    /// on. A parameter that no gradient reached is not among them.
    ///
    /// # Errors
    /// As [`Tape::backward`], and what `ready` returns.
    pub fn backward_with(
        self,
        loss: &Var,
        scale: f32,
        grads: &mut Gradients,
        mut ready: impl FnMut(&Param, &mut Gradients) -> Result<()>,
    ) -> Result<()> {
        self.run(Self::seed(loss, scale)?, grads, &[], Some(&mut ready)).map(drop)
    }

    /// As [`Tape::backward`], and returns the gradients of `leaves` (those of [`Tape::leaf`]).
    ///
    /// # Errors
    /// As [`Tape::backward`].
    pub fn backward_to(self, loss: &Var, grads: &mut Gradients, leaves: &[&Var]) -> Result<Vec<Option<Tensor>>> {
        let found = self.run(Self::seed(loss, 1.0)?, grads, leaves, None)?;
        Ok(found.into_iter().map(|pending| pending.map(|pending| pending.grad)).collect())
    }

    /// Backpropagates from `outputs`, whose gradients are `arrived`, inside another pass's backward, in which `leaves` are `targets`:
    /// their gradients go on growing, so that all is added in the order in which one pass would add it.
    pub(crate) fn backward_within<const O: usize, const I: usize>(
        self,
        outer: &mut Backward,
        (outputs, arrived): (&[Var; O], [Option<Tensor>; O]),
        (leaves, targets): (&[Var; I], [Target; I]),
    ) -> Result<()> {
        let so_far = |(leaf, to): (&Var, &Target)| Some((leaf.slot?, outer.slots[to.slot?].take()?));
        let mut seeds: Vec<(usize, Pending)> = leaves.iter().zip(&targets).filter_map(so_far).collect();
        let arrived = outputs.iter().zip(arrived).filter_map(|(y, grad)| Some((y.slot?, Pending { grad: grad?, own: false })));
        seeds.extend(arrived);
        // The outer pass says when a parameter is ready: it may use it again.
        let found = self.run(seeds, outer.grads, &leaves.each_ref(), None)?;
        targets.into_iter().zip(found).try_for_each(|(to, grad)| grad.map_or(Ok(()), |grad| outer.put(to, grad)))
    }

    /// The seed of a pass from its loss, with the gradient `scale` for each element.
    fn seed(loss: &Var, scale: f32) -> Result<Vec<(usize, Pending)>> {
        let Some(slot) = loss.slot else {
            return Err(Error::Argument { op: "backward", message: "the loss depends on nothing that wants a gradient".into() });
        };
        let grad = loss.tensor.ones_like()?;
        let grad = if scale == 1.0 { grad } else { (grad * f64::from(scale))? };
        Ok(vec![(slot, Pending { grad, own: true })])
    }

    fn run(
        self,
        seeds: Vec<(usize, Pending)>,
        grads: &mut Gradients,
        leaves: &[&Var],
        mut ready: Option<Ready>,
    ) -> Result<Vec<Option<Pending>>> {
        let nodes = self.nodes.map(RefCell::into_inner).unwrap_or_default();
        let mut uses = BTreeMap::<usize, usize>::new();
        if ready.is_some() {
            nodes.iter().flat_map(|node| &node.params).for_each(|param| *uses.entry(param.id()).or_default() += 1);
        }
        let slots = (0..self.slots.get()).map(|_| None).collect();
        let mut pass = Backward { slots, grads, op: "", params: Vec::new(), given: None };
        for (slot, seed) in seeds {
            pass.put(Target { slot: Some(slot) }, seed)?;
        }
        for node in nodes.into_iter().rev() {
            pass.params = node.params;
            // A value that nothing downstream used has no gradient: its closure is dropped unrun.
            if let Some(pending) = pass.slots[node.slot].take() {
                let start = Instant::now();
                pass.op = node.op.name;
                let given = pending.grad.contiguous()?;
                pass.given = Some(given.clone());
                (node.backward)(&given, &mut pass)?;
                pass.given = None;
                if let Some(profile) = &self.profile {
                    profile.backward(node.op, start.elapsed());
                }
            }
            if let Some(ready) = &mut ready {
                pass.report(&mut uses, ready)?;
            }
        }
        Ok(leaves.iter().map(|leaf| leaf.slot.and_then(|slot| pass.slots[slot].take())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::add;
    use candle_core::Device;

    /// A gradient that reaches two inputs is one tensor; adding more to one of them must not change the other.
    #[test]
    fn shared_gradients_stay_apart() -> Result<()> {
        let tape = Tape::training(Stream::root(0));
        let make = |v: f32| Ok::<_, Error>(tape.leaf(Tensor::new(&[v], &Device::Cpu)?));
        let (a, b) = (make(1.0)?, make(2.0)?);
        let twice = add(&tape, &a, &a)?;
        let sum = add(&tape, &twice, &b)?; // 2a + b
        let loss = add(&tape, &sum, &a)?; // 3a + b
        let grads = tape.backward_to(&loss, &mut Gradients::new(&crate::ParamStore::default()), &[&a, &b])?;
        let value = |i: usize| grads[i].as_ref().map(|g| g.to_vec1::<f32>()).transpose();
        assert_eq!((value(0)?, value(1)?), (Some(vec![3.0]), Some(vec![1.0])));
        Ok(())
    }

    /// An operation that hands on the gradient that it was given, or a view of it, as its own has no other's written to.
    #[test]
    fn given_gradients_are_not_written_to() -> Result<()> {
        let (p, store) = crate::check::Case::new().param("w", &[2]).params(candle_core::DType::F32)?;
        let handed_on = |tape: &Tape, x: &Var| {
            tape.record(Op::arrays("handed on", 2, 1, 1), x.tensor().clone(), x.wants_grad(), || {
                let x = x.target();
                move |dy: &Tensor, grads: &mut Backward| grads.add(x, dy.unsqueeze(1)?.contiguous()?.squeeze(1)?)
            })
        };
        let kept = |tape: &Tape, w: &Param| {
            tape.record(Op::arrays("kept", 2, 1, 1), w.tensor().clone(), Inputs::of(false, [Some(w)]), || {
                let w = w.clone();
                move |dy: &Tensor, grads: &mut Backward| grads.add_param(&w, dy.clone())
            })
        };
        let tape = Tape::training(Stream::root(0));
        let make = || Ok::<_, Error>(tape.leaf(Tensor::new(&[1f32, 2.], &Device::Cpu)?));
        let (x, y, z) = (make()?, make()?, make()?);
        // What is recorded first is run last, when the gradient has been handed on.
        let (three_x, w) = (crate::scale(&tape, &x, 3.0)?, crate::value(&tape, &p[0]));
        let twice = add(&tape, &handed_on(&tape, &x), &handed_on(&tape, &x))?;
        let sum = add(&tape, &add(&tape, &twice, &y)?, &add(&tape, &kept(&tape, &p[0]), &z)?)?;
        let loss = add(&tape, &add(&tape, &sum, &three_x)?, &w)?; // 5x + y + z + 2w
        let mut grads = Gradients::new(&store);
        let found = tape.backward_to(&loss, &mut grads, &[&x, &y, &z])?;
        for (found, expected) in found.iter().zip([5f32, 1.0, 1.0]) {
            assert_eq!(found.as_ref().unwrap().to_vec1::<f32>()?, [expected; 2]);
        }
        assert_eq!(grads.get(&p[0]).unwrap().to_vec1::<f32>()?, [2.0; 2]);
        Ok(())
    }

    #[test]
    fn inference_records_nothing() -> Result<()> {
        let tape = Tape::inference();
        let x = tape.leaf(Tensor::new(&[1f32], &Device::Cpu)?);
        let y = add(&tape, &x, &x)?;
        assert!(!x.wants_grad() && !y.wants_grad() && tape.next_dropout().is_none());
        assert!(tape.backward(&y, &mut Gradients::new(&crate::ParamStore::default())).is_err());
        Ok(())
    }

    /// A parameter is reported once, after all its uses, whether these ran, lie in a checkpointed block or lead nowhere.
    #[test]
    fn parameters_are_reported_when_complete() -> Result<()> {
        use crate::{Init, Weights, checkpoint, linear};
        let weights = Weights::scratch(Stream::root(0), &Device::Cpu);
        let make = |name: &str| weights.param(name, &[2, 2], Init::Normal(1.0));
        let (first, twice, inner, dead, unused) = (make("first"), make("twice"), make("inner"), make("dead"), make("unused"));
        let frozen = weights.buffer("frozen", &[2, 2], Init::Ones);
        let (store, _) = weights.finish()?;
        let forward = || {
            let tape = Tape::training(Stream::root(0));
            let x = Var::constant(Tensor::new(&[[1f32, 2.]], &Device::Cpu)?);
            let h = linear(&tape, &linear(&tape, &x, &first, None)?, &frozen, None)?;
            let _leads_nowhere = linear(&tape, &linear(&tape, &h, &dead, None)?, &twice, None)?;
            let h = linear(&tape, &h, &twice, None)?;
            let (a, b) = (inner.clone(), twice.clone());
            let [h] = checkpoint(&tape, [&h], move |tape, [h]| {
                Ok([linear(tape, &linear(tape, &linear(tape, h, &a, None)?, &b, None)?, &a, None)?])
            })?;
            Ok::<_, Error>((tape, h))
        };
        let (tape, loss) = forward()?;
        let mut expected = Gradients::new(&store);
        tape.backward_scaled(&loss, 0.5, &mut expected)?;
        let values = |grads: &Gradients, param: &Param| Ok::<_, Error>(grads.get(param).unwrap().to_vec2::<f32>()?);

        let (tape, loss) = forward()?;
        let (mut grads, mut seen) = (Gradients::new(&store), Vec::new());
        tape.backward_with(&loss, 0.5, &mut grads, |param, grads| {
            seen.push(param.name().to_string());
            assert_eq!(values(grads, param)?, values(&expected, param)?, "{} is complete", param.name());
            param.set(&param.tensor().zeros_like()?) // no later operation reads it
        })?;
        assert_eq!(seen, ["inner", "twice", "first"]);
        assert_eq!(values(&grads, &first)?, values(&expected, &first)?);
        assert!(grads.get(&dead).is_none() && grads.get(&unused).is_none());
        assert_eq!(grads.take(&twice).unwrap().to_vec2::<f32>()?, values(&expected, &twice)?);
        assert!(grads.get(&twice).is_none() && grads.take(&dead).is_none());

        let (tape, loss) = forward()?;
        let stop = |_: &Param, _: &mut Gradients| Err(Error::Argument { op: "test", message: "stop".into() });
        assert!(tape.backward_with(&loss, 1.0, &mut grads, stop).unwrap_err().to_string().contains("stop"));
        Ok(())
    }

    /// An operation that hides a parameter would make the report wrong, so it is refused.
    #[test]
    fn parameters_must_be_declared() -> Result<()> {
        let (p, store) = crate::check::Case::new().param("w", &[1]).params(candle_core::DType::F32)?;
        let tape = Tape::training(Stream::root(0));
        let w = p[0].clone();
        let y = tape.record(Op::arrays("hides", 1, 1, 1), w.tensor().copy()?, true, || {
            move |dy: &Tensor, grads: &mut Backward| grads.add_param(&w, dy.clone())
        });
        let error = tape.backward(&y, &mut Gradients::new(&store)).unwrap_err().to_string();
        assert_eq!(error, "hides: it adds to the gradient of `w`, which is not among its inputs on the tape");
        Ok(())
    }
}
