//! Where numbers stop being finite: a tape with an [`Inspection`] looks at the output of every operation.

use crate::{Op, Param, Result, slice};
use candle_core::{DType, Tensor};
use std::cell::RefCell;
use std::rc::Rc;

/// What the operations of a pass have shown so far; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Inspection {
    seen: Rc<RefCell<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Trainable parameters in the order of their use.
    used: Vec<Param>,
    first: Option<Suspect>,
}

/// The first operation whose output was not finite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// The operation's name.
    pub operation: &'static str,
    /// The trainable parameter that it used, or else the last one that was used before it.
    pub parameter: Option<String>,
}

impl Inspection {
    /// An operation's forward is done.
    pub(crate) fn look(&self, op: Op, output: &Tensor, params: &[Param]) {
        let mut seen = self.seen.borrow_mut();
        seen.used.extend_from_slice(params);
        // What cannot be looked at is not suspected: the pass itself says what is wrong with it.
        if seen.first.is_none() && matches!(all_finite(output), Ok(false)) {
            let parameter = params.first().or(seen.used.last()).map(|param| param.name().to_string());
            seen.first = Some(Suspect { operation: op.name, parameter });
        }
    }

    /// The first operation whose output was not finite; none if all were.
    pub fn first(&self) -> Option<Suspect> {
        self.seen.borrow().first.clone()
    }

    /// The trainable parameters that were used, in the order of their use: backward reaches them from the last to the first.
    pub fn used(&self) -> Vec<Param> {
        self.seen.borrow().used.clone()
    }
}

/// Whether no element is NaN or infinite.
///
/// # Errors
/// The tensor's values cannot be read as numbers.
pub fn all_finite(tensor: &Tensor) -> Result<bool> {
    if slice::is_fast(tensor) && tensor.is_contiguous() {
        return Ok(slice::floats(tensor)?.iter().all(|value| value.is_finite()));
    }
    Ok(tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?.iter().all(|value| value.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Case;
    use crate::{Gradients, Stream, Tape, Var, block, gelu, linear};
    use candle_core::Device;

    /// Two layers and a loss; what an inspection finds of an input and two weights that are `x`, `a` and `b` throughout.
    fn inspect(x: f32, a: f32, b: f32, saving: bool) -> Result<(Option<Suspect>, Vec<String>)> {
        let (p, store) = Case::new().param("a", &[3, 3]).param("b", &[3, 3]).params(DType::F32)?;
        for (param, value) in p.iter().zip([a, b]) {
            param.set(&Tensor::full(value, (3, 3), &Device::Cpu)?)?;
        }
        let inspection = Inspection::default();
        let tape = Tape::training(Stream::root(0)).saving(saving).inspected(&inspection);
        let x = Var::constant(Tensor::full(x, (2, 3), &Device::Cpu)?);
        let layers = p.clone();
        let [y] = block(&tape, [&x], move |tape, [x]| {
            Ok([linear(tape, &gelu(tape, &linear(tape, x, &layers[0], None)?)?, &layers[1], None)?])
        })?;
        tape.backward(&y, &mut Gradients::new(&store))?;
        Ok((inspection.first(), inspection.used().iter().map(|param| param.name().to_string()).collect()))
    }

    #[test]
    fn the_first_operation_that_is_not_finite_is_found() -> Result<()> {
        let check = |x: f32, a: f32, b: f32, expected: Option<(&'static str, &str)>| {
            for saving in [false, true] {
                let (found, used) = inspect(x, a, b, saving)?;
                let expected =
                    expected.map(|(operation, parameter)| Suspect { operation, parameter: Some(parameter.to_string()) });
                assert_eq!(found, expected, "{x} {a} {b}, saving {saving}");
                assert_eq!(used[..2], ["a", "b"], "saving {saving}");
            }
            Ok(())
        };
        check(1.0, 1.0, 1.0, None)?;
        check(f32::NAN, 1.0, 1.0, Some(("linear", "a")))?;
        check(1e20, 1e20, 1.0, Some(("linear", "a")))?;
        check(1.0, 1e20, 1e20, Some(("linear", "b")))
    }
}
