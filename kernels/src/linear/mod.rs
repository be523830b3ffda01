//! Linear layer: `y = x W^T + b`, with `W` as PyTorch keeps it, `[out, in]`.
//!
//! Backward: `dx = dy W`, `dW = dy^T x`, `db = sum of dy over rows`.

mod cpu;
mod reference;

use crate::{Error, Inputs, Op, Param, Result, Tape, Var, blocks, slice};

/// `y = x W^T + b`.
///
/// `x`: `[..., in]`, `w`: `[out, in]`, `b`: `[out]`; returns `[..., out]`.
///
/// # Errors
/// The last dimension of `x` is not `in`, or `b` is not `[out]`.
pub fn linear(tape: &Tape, x: &Var, w: &Param, b: Option<&Param>) -> Result<Var> {
    let &[out, inner] = w.tensor().dims() else {
        return Err(Error::shape("linear", format!("weight `{}`", w.name()), "[out, in]", w.tensor().dims()));
    };
    if x.dims().last() != Some(&inner) {
        return Err(Error::shape("linear", format!("input of `{}`", w.name()), format!("[..., in = {inner}]"), x.dims()));
    }
    if let Some(b) = b.filter(|b| b.tensor().dims() != [out]) {
        return Err(Error::shape("linear", format!("bias `{}`", b.name()), format!("[out = {out}]"), b.tensor().dims()));
    }
    let x_value = x.tensor().contiguous()?;
    let fast = slice::is_fast(&x_value);
    let forward = if fast { cpu::forward } else { reference::forward };
    let y = forward(&x_value, w.tensor(), b.map(Param::tensor))?;
    let flops = 2.0 * y.elem_count() as f64 * inner as f64;
    let elements = x_value.elem_count() + y.elem_count() + w.len();
    let backward = f64::from(u8::from(x.wants_grad()) + u8::from(w.is_trainable()));
    let op = Op::product("linear", flops, elements, backward);
    let wanted = Inputs::of(x.wants_grad(), [Some(w), b]);
    Ok(tape.record(op, y, wanted, || {
        let (x, w, b) = (x.target(), w.clone(), b.cloned().filter(Param::is_trainable));
        // The input is needed for the weight's gradient alone; beside a frozen weight its memory may go.
        let saved = w.is_trainable().then_some(x_value);
        move |dy, grads| {
            if x.wants_grad() {
                let dx = if fast { cpu::backward_input } else { reference::backward_input };
                grads.add(x, dx(dy, w.tensor())?)?;
            }
            match &saved {
                Some(x) if fast => {
                    let (dy, x) = (slice::floats(dy)?, slice::floats(x)?);
                    grads.add_param_product(&w, |dw, write| cpu::weight_grad(&dy, &x, dw, write, [out, inner]))?;
                }
                Some(x) => grads.add_param(&w, reference::backward_weight(dy, x)?)?,
                None => {}
            }
            match &b {
                Some(b) if fast => {
                    let dy = slice::floats(dy)?;
                    grads.add_param_with(b, |db| blocks::add_column_sums(&dy, db))
                }
                #[cfg(device_kernels)]
                Some(b) if crate::device::takes(dy) => grads.add_param(b, crate::columns::sum(dy, out)?),
                Some(b) => grads.add_param(b, reference::column_sums(dy)?),
                None => Ok(()),
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Product, check_gradients, constant};
    use candle_core::DType;

    #[test]
    fn gradients() {
        for (lead, inner, out) in [
            (&[1][..], 1, 1),
            (&[3], 7, 5),
            (&[2, 17], 33, 3),
            (&[131], 3, 40),
            (&[0], 3, 2),
            (&[3], 0, 5),
            (&[2, 3], 4, 0),
            (&[2], 0, 0),
        ] {
            let x = [lead, &[inner]].concat();
            let case = Case::new().var(&x).param("w", &[out, inner]);
            check_gradients("linear without bias", Product, case.clone(), |tape, v, p| linear(tape, &v[0], &p[0], None));
            let case = case.param("b", &[out]);
            check_gradients("linear", Product, case, |tape, v, p| linear(tape, &v[0], &p[0], Some(&p[1])));
        }
    }

    /// A frozen weight gets no gradient, the bias beside it does, and the input is not kept for it.
    #[test]
    fn frozen_weights_cost_nothing() -> Result<()> {
        let weights = crate::Weights::scratch(crate::Stream::root(0), &candle_core::Device::Cpu);
        let w = weights.buffer("w", &[3, 2], crate::Init::Ones);
        let b = weights.param("b", &[3], crate::Init::Ones);
        let (store, _) = weights.finish()?;
        let tape = Tape::training(crate::Stream::root(0));
        assert!(!linear(&tape, &constant(&[4, 2]), &w, None)?.wants_grad());
        let y = linear(&tape, &constant(&[4, 2]), &w, Some(&b))?;
        let mut grads = crate::Gradients::new(&store);
        tape.backward(&y, &mut grads)?;
        assert!(grads.get(&w).is_none());
        assert_eq!(grads.get(&b).unwrap().to_vec1::<f32>()?, [4.0; 3]);
        grads.check_complete(&store)
    }

    #[test]
    fn shapes_are_checked() {
        let (p, _) = Case::new().param("w", &[3, 2]).param("b", &[2]).params(DType::F32).unwrap();
        let message = |x: &[usize], w, b| linear(&Tape::inference(), &constant(x), w, b).unwrap_err().to_string();
        assert_eq!(message(&[4, 3], &p[0], None), "linear: input of `w`: expected [..., in = 2], found [4, 3]");
        assert_eq!(message(&[4, 2], &p[0], Some(&p[1])), "linear: bias `b`: expected [out = 3], found [2]");
        assert!(message(&[4, 2], &p[1], None).contains("weight `b`"));
    }
}
