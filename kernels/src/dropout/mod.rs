//! Dropout (Srivastava et al. 2014), inverted: `y = x m`, each `m` being 0 with probability `p`, else `1 / (1 - p)`.
//!
//! Backward: `dx = dy m`. The mask is not stored: element `i` of the place's stream gives `m[i]` both times.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

pub(crate) use reference::apply as plain;

use crate::{Error, Op, Result, Tape, Var, slice};

/// `x` with each element dropped with probability `p` in training, `x` itself at inference. Any shape.
///
/// # Errors
/// `p` is not in `[0, 1)`.
pub fn dropout(tape: &Tape, x: &Var, p: f32) -> Result<Var> {
    check_probability("dropout", p)?;
    let stream = match tape.next_dropout() {
        Some(stream) if p > 0.0 => stream,
        _ => return Ok(x.clone()),
    };
    let fast = slice::is_fast(x.tensor());
    let apply = if fast { cpu::apply } else { reference::apply };
    #[cfg(device_kernels)]
    let apply = if crate::device::takes(x.tensor()) { cuda::apply } else { apply };
    let y = apply(&x.tensor().contiguous()?, stream, p)?;
    Ok(tape.record(Op::arrays("dropout", x.tensor().elem_count(), 2, 2), y, x.wants_grad(), || {
        let x = x.target();
        move |dy, grads| grads.add(x, apply(dy, stream, p)?)
    }))
}

pub(crate) fn check_probability(op: &'static str, p: f32) -> Result<()> {
    if (0.0..1.0).contains(&p) {
        return Ok(());
    }
    Err(Error::Argument { op, message: format!("the dropout probability must be in [0, 1), found {p}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stream;
    use crate::check::{Case, Kind::Elementwise, check_gradients};
    use candle_core::{Device, Tensor};

    #[test]
    fn gradients() {
        for shape in [&[1][..], &[3, 7], &[33, 17], &[2, 65, 129]] {
            for p in [0.0, 0.1, 0.5] {
                check_gradients("dropout", Elementwise, Case::new().var(shape), |tape, v, _| dropout(tape, &v[0], p));
            }
        }
    }

    #[test]
    fn keeps_the_mean_and_drops_the_share() -> Result<()> {
        let x = Var::constant(Tensor::ones(100_000, candle_core::DType::F32, &Device::Cpu)?);
        let tape = Tape::training(Stream::root(1));
        let y = dropout(&tape, &x, 0.3)?.tensor().to_vec1::<f32>()?;
        let dropped = y.iter().filter(|v| **v == 0.0).count();
        assert!((29_000..31_000).contains(&dropped), "{dropped}");
        assert!(y.iter().all(|v| *v == 0.0 || (*v - 1.0 / 0.7).abs() < 1e-6));
        let again = dropout(&tape, &x, 0.3)?.tensor().to_vec1::<f32>()?;
        assert_ne!(y, again, "another place has another mask");
        let inference = dropout(&Tape::inference(), &x, 0.3)?;
        assert_eq!(inference.tensor().id(), x.tensor().id());
        Ok(())
    }

    #[test]
    fn probability_is_checked() {
        for p in [-0.1, 1.0, f32::NAN] {
            assert!(dropout(&Tape::inference(), &crate::check::constant(&[1]), p).is_err(), "{p}");
        }
    }
}
