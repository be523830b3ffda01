//! Group normalisation (Wu & He 2018): as batch normalisation, but mean and biased variance are those of one image over a group of
//! neighbouring channels, in training and at inference alike: `y = n w + b`, `n = (x - mean) r`, `r = 1 / sqrt(var + eps)`.
//!
//! Backward, with means over a group of one image: `dx = r (w dy - mean(w dy) - n mean(w dy n))`, `dw = sum of dy n`,
//! `db = sum of dy`, these over images and places.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::{Error, Inputs, Op, Param, Result, Tape, Var, slice};

/// `x_bhwc`: `[B, H, W, C]`, `w`, `b`: `[C]`; returns the same shape. `groups` divides C; 1 is a layer norm over the whole image, C
/// an instance norm.
///
/// # Errors
/// A parameter is not `[C]`, `groups` does not divide C or is 0, or an image is empty.
pub fn group_norm(tape: &Tape, x_bhwc: &Var, groups: usize, w: &Param, b: &Param, eps: f64) -> Result<Var> {
    let &[_, 1..=usize::MAX, 1..=usize::MAX, channels @ 1..=usize::MAX] = x_bhwc.dims() else {
        return Err(Error::shape("group_norm", format!("input of `{}`", w.name()), "[B, H >= 1, W >= 1, C >= 1]", x_bhwc.dims()));
    };
    for p in [w, b] {
        if p.tensor().dims() != [channels] {
            return Err(Error::shape("group_norm", format!("`{}`", p.name()), format!("[C = {channels}]"), p.tensor().dims()));
        }
    }
    if groups == 0 || channels % groups != 0 {
        let message = format!("the number of groups must divide the {channels} channels at `{}`, found {groups}", w.name());
        return Err(Error::Argument { op: "group_norm", message });
    }
    let value = x_bhwc.tensor().contiguous()?;
    let op = Op::arrays("group_norm", value.elem_count(), 2, 3);
    #[cfg(device_kernels)]
    if crate::device::takes(&value) {
        return cuda::apply(tape, op, x_bhwc, value, groups, [w, b], eps);
    }
    let fast = slice::is_fast(&value);
    let y = if fast { cpu::forward } else { reference::forward }(&value, groups, w.tensor(), b.tensor(), eps)?;
    Ok(tape.record(op, y, Inputs::of(x_bhwc.wants_grad(), [Some(w), Some(b)]), || {
        let (x, w, b) = (x_bhwc.target(), w.clone(), b.clone());
        move |dy, grads| {
            let backward = if fast { cpu::backward } else { reference::backward };
            let (dx, dw, db) = backward(dy, &value, groups, w.tensor(), eps)?;
            grads.add(x, dx)?;
            grads.add_param(&w, dw)?;
            grads.add_param(&b, db)
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use candle_core::{DType, Device, Tensor};

    #[test]
    fn gradients() {
        for (shape, groups) in
            [([2, 1, 1, 2], 1), ([3, 7, 3, 6], 3), ([2, 17, 5, 3], 1), ([1, 4, 4, 5], 5), ([2, 2, 3, 66], 2), ([0, 2, 2, 4], 2)]
        {
            let case = Case::new().var(&shape).param("w", &[shape[3]]).param("b", &[shape[3]]);
            check_gradients("group_norm", Reduction, case, |tape, v, p| group_norm(tape, &v[0], groups, &p[0], &p[1], 1e-5));
        }
    }

    /// Two groups of `[-1, 1, 3, 5]` and its tenfold: the same once normalised.
    #[test]
    fn by_hand() -> Result<()> {
        let (p, _) = Case::new().param("w", &[4]).param("b", &[4]).params(DType::F32)?;
        let set = |p: &Param, v: f32| p.set(&Tensor::new(&[v; 4], &Device::Cpu)?);
        set(&p[0], 1.0)?;
        set(&p[1], 0.0)?;
        let x = Tensor::new(&[[[[-1f32, 1., -10., 10.], [3., 5., 30., 50.]]]], &Device::Cpu)?;
        let y =
            group_norm(&Tape::inference(), &Var::constant(x), 2, &p[0], &p[1], 0.0)?.tensor().flatten_all()?.to_vec1::<f32>()?;
        let r = 1.0 / 5f32.sqrt();
        let expected = [-3.0 * r, -r, -3.0 * r, -r, r, 3.0 * r, r, 3.0 * r];
        assert!(y.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{y:?}");
        Ok(())
    }

    #[test]
    fn arguments_are_checked() {
        let (p, _) = Case::new().param("w", &[4]).param("b", &[3]).params(DType::F32).unwrap();
        let says = |x: &[usize], groups, b| {
            group_norm(&Tape::inference(), &constant(x), groups, &p[0], b, 1e-5).unwrap_err().to_string()
        };
        assert_eq!(says(&[1, 2, 2, 4], 2, &p[1]), "group_norm: `b`: expected [C = 4], found [3]");
        assert_eq!(says(&[1, 2, 2, 4], 3, &p[0]), "group_norm: the number of groups must divide the 4 channels at `w`, found 3");
        assert!(says(&[2, 4], 2, &p[0]).contains("input of `w`"));
    }
}
