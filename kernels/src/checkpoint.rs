//! Gradient checkpointing (Chen et al. 2016, arXiv 1604.06174): a block's activations are not kept but made again in backward.

use crate::{Op, Result, Tape, Var};

/// `block(inputs)`, keeping for backward the inputs alone. Backward runs the block once more, at the same dropout sites, so
/// values and gradients have the bits that they have without.
///
/// The block must compute the same both times. State that it updates (batch norm's running statistics) moves twice.
///
/// # Errors
/// Those of the block.
pub fn checkpoint(tape: &Tape, inputs: &[&Var], block: impl Fn(&Tape, &[Var]) -> Result<Var> + 'static) -> Result<Var> {
    let start = tape.mark();
    let quiet = start.unrecorded();
    let constants: Vec<Var> = inputs.iter().map(|x| Var::constant(x.tensor().clone())).collect();
    let y = block(&quiet, &constants)?;
    tape.pass_sites(&quiet);
    // Inputs are constants to the quiet pass, so what it would have recorded hangs on trainable parameters.
    let wanted = quiet.would_record().or(inputs.iter().any(|x| x.wants_grad()));
    Ok(tape.record(Op::arrays("checkpoint", 0, 0, 0), y.tensor().clone(), wanted, || {
        let targets: Vec<_> = inputs.iter().map(|x| x.target()).collect();
        move |dy, grads| {
            let inner = start.recorded();
            let make = |(x, to): (&Var, &crate::Target)| if to.wants_grad() { inner.leaf(x.tensor().clone()) } else { x.clone() };
            let vars: Vec<Var> = constants.iter().zip(&targets).map(make).collect();
            let y = block(&inner, &vars)?;
            let found = inner.backward_from(&y, dy, grads, &vars)?;
            targets.iter().zip(found).try_for_each(|(to, grad)| grad.map_or(Ok(()), |grad| grads.add_shared(*to, &grad)))
        }
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
        let tape = Tape::training(Stream::root(1));
        let leaf = tape.leaf(constant(&[33, 8]).tensor().clone());
        let x = dropout(&tape, &leaf, 0.1)?;
        let (a, b) = (p[0].clone(), p[1].clone());
        let block = move |tape: &Tape, v: &[Var]| {
            let h = layer(tape, &v[0], &a)?;
            if how == How::Nested {
                let b = b.clone();
                return checkpoint(tape, &[&h], move |tape, v| layer(tape, &v[0], &b));
            }
            layer(tape, &h, &b)
        };
        let y = if how == How::Plain { block(&tape, &[x])? } else { checkpoint(&tape, &[&x], block)? };
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
            let block = move |tape: &Tape, v: &[Var]| {
                (0..4).try_fold(v[0].clone(), |x, _| {
                    let token = Rc::clone(&held);
                    let y = (x.tensor() * 2.0)?;
                    Ok(tape.record(Op::arrays("double", 4, 2, 2), y, x.wants_grad(), || {
                        move |dy: &Tensor, grads: &mut crate::Backward| {
                            let _kept = token;
                            grads.add(&x, (dy * 2.0)?)
                        }
                    }))
                })
            };
            let _y = if checkpointed { checkpoint(&tape, &[&x], block)? } else { block(&tape, &[x])? };
            Ok(Rc::strong_count(&count))
        };
        // The counter and the block hold one each; the four others are activations.
        assert_eq!((alive(false)?, alive(true)?), (6, 2));
        Ok(())
    }

    #[test]
    fn frozen_blocks_record_nothing() -> Result<()> {
        let x = constant(&[3]);
        let tape = Tape::training(Stream::root(0));
        assert!(!checkpoint(&tape, &[&x], |tape, v| gelu(tape, &v[0]))?.wants_grad());
        let inference = Tape::inference();
        assert!(!checkpoint(&inference, &[&x], |tape, v| dropout(tape, &v[0], 0.5))?.wants_grad());
        Ok(())
    }
}
