//! Gradient checkpointing (Chen et al. 2016, arXiv 1604.06174): a block's activations are not kept but made again in backward.

use crate::{Op, Result, Tape, Target, Var};
use candle_core::Tensor;
use std::cell::Cell;
use std::rc::Rc;

/// `f(inputs)`: a part of a model, of which a tape that saves memory ([`Tape::saving`]) keeps the inputs alone, by [`checkpoint`].
///
/// # Errors
/// Those of `f`.
pub fn block<const I: usize, const O: usize>(
    tape: &Tape,
    inputs: [&Var; I],
    f: impl Fn(&Tape, [&Var; I]) -> Result<[Var; O]> + 'static,
) -> Result<[Var; O]> {
    if tape.is_saving() { checkpoint(tape, inputs, f) } else { f(tape, inputs) }
}

/// `f(inputs)`, keeping for backward the inputs alone. Backward runs `f` once more, at the same dropout sites, so values and
/// gradients have the bits that they have without, and state that it updates (batch norm's running statistics) moves once.
///
/// Outputs that nothing uses cost nothing; `f` must compute the same both times.
///
/// # Errors
/// Those of `f`.
pub fn checkpoint<const I: usize, const O: usize>(
    tape: &Tape,
    inputs: [&Var; I],
    f: impl Fn(&Tape, [&Var; I]) -> Result<[Var; O]> + 'static,
) -> Result<[Var; O]> {
    let start = tape.mark();
    let quiet = start.unrecorded();
    let constants = inputs.map(|x| Var::constant(x.tensor().clone()));
    let outputs = f(&quiet, constants.each_ref())?;
    tape.pass_sites(&quiet);
    // Inputs are constants to the quiet pass, so what it would have recorded hangs on trainable parameters.
    let wanted = quiet.would_record().or(inputs.iter().any(|x| x.wants_grad()));
    // What arrives for the outputs is put down here; the block itself has an empty output of its own and runs when all are in.
    let arrived = Rc::new([const { Cell::new(None::<Tensor>) }; O]);
    let empty = Tensor::zeros(0, candle_core::DType::F32, &candle_core::Device::Cpu)?;
    let whole = tape.record(Op::arrays("checkpoint", 0, 0, 0), empty.clone(), wanted, || {
        let (targets, arrived) = (inputs.map(Target::from), Rc::clone(&arrived));
        move |_, grads| {
            let again = start.repeated();
            let make = |i: usize| {
                let x: &Var = &constants[i];
                if targets[i].wants_grad() { again.leaf(x.tensor().clone()) } else { x.clone() }
            };
            let vars: [Var; I] = std::array::from_fn(make);
            let outputs = f(&again, vars.each_ref())?;
            again.backward_within(grads, (&outputs, arrived.each_ref().map(Cell::take)), (&vars, targets))
        }
    });
    let mut place = 0;
    Ok(outputs.map(|y| {
        let (at, whole, arrived, empty) = (place, whole.target(), Rc::clone(&arrived), empty.clone());
        place += 1;
        tape.record(Op::arrays("checkpoint", 0, 0, 0), y.tensor().clone(), whole.wants_grad(), || {
            move |dy, grads| {
                arrived[at].set(Some(dy.clone()));
                grads.add_shared(whole, &empty)
            }
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, constant};
    use crate::{Gradients, Op, Param, Stream, dropout, gelu, linear};
    use candle_core::{DType, Tensor};
    use std::rc::Rc;

    fn layer(tape: &Tape, x: &Var, w: &Param) -> Result<Var> {
        dropout(tape, &gelu(tape, &linear(tape, x, w, None)?)?, 0.3)
    }

    #[derive(Clone, Copy, PartialEq)]
    enum How {
        Plain,
        Checkpointed,
        Nested,
    }

    /// Output, the input's gradient and the parameters', with dropout before, in and behind the block.
    fn run(how: How) -> Result<Vec<Vec<f32>>> {
        let (p, store) = Case::new().param("a", &[8, 8]).param("b", &[8, 8]).params(DType::F32)?;
        let tape = Tape::training(Stream::root(1)).saving(how != How::Plain);
        let leaf = tape.leaf(constant(&[33, 8]).tensor().clone());
        let x = dropout(&tape, &leaf, 0.1)?;
        let (a, b) = (p[0].clone(), p[1].clone());
        let two = move |tape: &Tape, [x]: [&Var; 1]| {
            let h = layer(tape, x, &a)?;
            if how == How::Nested {
                let b = b.clone();
                return checkpoint(tape, [&h], move |tape, [h]| Ok([layer(tape, h, &b)?]));
            }
            Ok([layer(tape, &h, &b)?])
        };
        let [y] = block(&tape, [&x], two)?;
        let y = layer(&tape, &y, &p[0])?;
        let mut grads = Gradients::new(&store);
        let dx = tape.backward_to(&y, &mut grads, &[&leaf])?.remove(0).unwrap();
        let all = [y.tensor(), &dx, grads.get(&p[0]).unwrap(), grads.get(&p[1]).unwrap()];
        all.into_iter().map(|t| Ok(t.flatten_all()?.to_vec1()?)).collect()
    }

    #[test]
    fn same_bits_as_without() -> Result<()> {
        let plain = run(How::Plain)?;
        assert!(plain.iter().all(|t| t.iter().any(|v| *v != 0.0)));
        assert_eq!(run(How::Checkpointed)?, plain);
        assert_eq!(run(How::Nested)?, plain);
        Ok(())
    }

    /// A block of four activations that live as long as what backward keeps of them.
    #[test]
    fn keeps_the_inputs_alone() -> Result<()> {
        let alive = |checkpointed: bool| -> Result<usize> {
            let count = Rc::new(());
            let tape = Tape::training(Stream::root(0));
            let x = tape.leaf(constant(&[4]).tensor().clone());
            let held = Rc::clone(&count);
            let four = move |tape: &Tape, [x]: [&Var; 1]| {
                let y = (0..4).try_fold(x.clone(), |x, _| {
                    let token = Rc::clone(&held);
                    let y = (x.tensor() * 2.0)?;
                    Ok::<_, crate::Error>(tape.record(Op::arrays("double", 4, 2, 2), y, x.wants_grad(), || {
                        move |dy: &Tensor, grads: &mut crate::Backward| {
                            let _kept = token;
                            grads.add(&x, (dy * 2.0)?)
                        }
                    }))
                })?;
                Ok([y])
            };
            let tape = tape.saving(checkpointed);
            let _y = block(&tape, [&x], four)?;
            Ok(Rc::strong_count(&count))
        };
        // The counter holds one; of the others four are activations, or one is the block's, which is to run again.
        assert_eq!((alive(false)?, alive(true)?), (5, 2));
        Ok(())
    }

    /// What is made again saves memory itself, where the whole pass does.
    #[test]
    fn blocks_within_are_blocks() -> Result<()> {
        let (p, store) = Case::new().param("a", &[4, 4]).params(DType::F32)?;
        for saving in [false, true] {
            let tape = Tape::training(Stream::root(2)).saving(saving);
            let (a, seen) = (p[0].clone(), Rc::new(Cell::new(false)));
            let within = Rc::clone(&seen);
            let [y] = checkpoint(&tape, [&constant(&[3, 4])], move |tape, [x]| {
                within.set(tape.is_saving());
                Ok([linear(tape, x, &a, None)?])
            })?;
            tape.backward(&y, &mut Gradients::new(&store))?;
            assert_eq!(seen.get(), saving);
        }
        Ok(())
    }

    /// Of several outputs any may be used, once, twice or not at all; an output may be an input as it is.
    #[test]
    fn outputs_are_used_or_not() -> Result<()> {
        let (p, store) = Case::new().param("a", &[4, 4]).param("b", &[4, 4]).params(DType::F32)?;
        let run = |saving: bool, used: [usize; 3]| -> Result<Vec<Option<Vec<f32>>>> {
            let tape = Tape::training(Stream::root(2)).saving(saving);
            let leaf = tape.leaf(constant(&[3, 4]).tensor().clone());
            let (a, b) = (p[0].clone(), p[1].clone());
            let outputs = block(&tape, [&leaf], move |tape, [x]| {
                let h = linear(tape, x, &a, None)?;
                Ok([gelu(tape, &h)?, linear(tape, &h, &b, None)?, x.clone()])
            })?;
            let mut sum = gelu(&tape, &leaf)?;
            for (y, times) in outputs.iter().zip(used) {
                for _ in 0..times {
                    sum = crate::add(&tape, &sum, y)?;
                }
            }
            let mut grads = Gradients::new(&store);
            let dx = tape.backward_to(&sum, &mut grads, &[&leaf])?.remove(0);
            let all = [dx, grads.get(&p[0]).cloned(), grads.get(&p[1]).cloned()];
            all.into_iter().map(|t| t.map(|t| Ok(t.flatten_all()?.to_vec1()?)).transpose()).collect()
        };
        for used in [[1, 1, 1], [0, 1, 0], [2, 0, 1], [0, 0, 1], [0, 0, 0], [1, 2, 3]] {
            assert_eq!(run(true, used)?, run(false, used)?, "{used:?}");
        }
        Ok(())
    }

    /// Batch norm's running statistics move by the forward pass alone.
    #[test]
    fn state_moves_once() -> Result<()> {
        let run = |saving: bool| -> Result<Vec<Vec<f32>>> {
            let case = Case::new().param("w", &[2]).param("b", &[2]).param("mean", &[2]).param("var", &[2]);
            let (p, store) = case.params(DType::F32)?;
            let tape = Tape::training(Stream::root(2)).saving(saving);
            let x = tape.leaf(constant(&[2, 3, 3, 2]).tensor().clone());
            let own: Vec<Param> = p.clone();
            let [y] = block(&tape, [&x], move |tape, [x]| {
                let [weight, bias, running_mean, running_var] = &own[..] else { unreachable!("four parameters") };
                let args = crate::BatchNorm { weight, bias, running_mean, running_var, momentum: 0.1, eps: 1e-5 };
                Ok([crate::batch_norm(tape, x, &args)?])
            })?;
            tape.backward(&y, &mut Gradients::new(&store))?;
            p[2..].iter().map(|p| Ok(p.tensor().to_vec1()?)).collect()
        };
        assert_eq!(run(true)?, run(false)?);
        Ok(())
    }

    #[test]
    fn frozen_blocks_record_nothing() -> Result<()> {
        let x = constant(&[3]);
        let tape = Tape::training(Stream::root(0));
        assert!(!checkpoint(&tape, [&x], |tape, [x]| Ok([gelu(tape, x)?]))?[0].wants_grad());
        let inference = Tape::inference();
        assert!(!checkpoint(&inference, [&x], |tape, [x]| Ok([dropout(tape, x, 0.5)?]))?[0].wants_grad());
        Ok(())
    }
}
