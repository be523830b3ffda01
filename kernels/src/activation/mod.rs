//! Element-wise activations, [`relu`], [`gelu`], [`gelu_tanh`], [`silu`] and [`tanh`].
//!
//! - relu: `max(x, 0)`; derivative 1 where the result is positive, else 0.
//! - gelu: `x P(x)` with the standard normal's distribution `P`, derivative `P(x) + x p(x)` (Hendrycks & Gimpel 2016; Hugging
//!   Face's `gelu`).
//! - gelu_tanh: `x s(2u)`, `u = sqrt(2 / pi) (x + 0.044715 x^3)`, `s` the logistic function; it equals
//!   `x (1 + tanh(u)) / 2` (the same paper's approximation; Hugging Face's `gelu_new`).
//! - silu: `x s(x)`, derivative `s (1 + x (1 - s))` (the same paper; Llama's gate).
//! - tanh: derivative `1 - tanh(x)^2`.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::{Op, Result, Tape, Var, slice};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Relu,
    Gelu,
    GeluTanh,
    Silu,
    Tanh,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Relu => "relu",
            Kind::Gelu => "gelu",
            Kind::GeluTanh => "gelu_tanh",
            Kind::Silu => "silu",
            Kind::Tanh => "tanh",
        }
    }

    /// Whether backward is computed from the output; otherwise from the input.
    fn saves_output(self) -> bool {
        matches!(self, Kind::Relu | Kind::Tanh)
    }
}

/// `max(x, 0)`, any shape.
///
/// # Errors
/// A tensor operation failed.
pub fn relu(tape: &Tape, x: &Var) -> Result<Var> {
    apply(tape, x, Kind::Relu)
}

/// `x P(X <= x)` of a standard normal `X`, any shape: the exact one.
///
/// # Errors
/// A tensor operation failed.
pub fn gelu(tape: &Tape, x: &Var) -> Result<Var> {
    apply(tape, x, Kind::Gelu)
}

/// The approximation of [`gelu`] by tanh, any shape.
///
/// # Errors
/// A tensor operation failed.
pub fn gelu_tanh(tape: &Tape, x: &Var) -> Result<Var> {
    apply(tape, x, Kind::GeluTanh)
}

/// `x / (1 + e^-x)`, any shape.
///
/// # Errors
/// A tensor operation failed.
pub fn silu(tape: &Tape, x: &Var) -> Result<Var> {
    apply(tape, x, Kind::Silu)
}

/// The hyperbolic tangent, any shape.
///
/// # Errors
/// A tensor operation failed.
pub fn tanh(tape: &Tape, x: &Var) -> Result<Var> {
    apply(tape, x, Kind::Tanh)
}

fn apply(tape: &Tape, x: &Var, kind: Kind) -> Result<Var> {
    let value = x.tensor().contiguous()?;
    #[cfg(device_kernels)]
    if crate::device::takes(&value) {
        return cuda::apply(tape, x, value, kind);
    }
    let fast = slice::is_fast(&value);
    let y = if fast { cpu::forward(kind, &value)? } else { reference::forward(kind, &value)? };
    let saved = if kind.saves_output() { y.clone() } else { value };
    Ok(tape.record(Op::arrays(kind.name(), saved.elem_count(), 2, 3), y, x.wants_grad(), || {
        let x = x.target();
        move |dy, grads| {
            let backward = if fast { cpu::backward } else { reference::backward };
            grads.add(x, backward(kind, dy, &saved)?)
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Elementwise, check_gradients};

    #[test]
    fn gradients() {
        type Activation = fn(&Tape, &Var) -> Result<Var>;
        let all: [(&str, Activation); 5] =
            [("relu", relu), ("gelu", gelu), ("gelu_tanh", gelu_tanh), ("silu", silu), ("tanh", tanh)];
        for (name, op) in all {
            for shape in [&[1][..], &[3, 7], &[17, 33], &[0, 4], &[5, 1, 129]] {
                check_gradients(name, Elementwise, Case::new().var(shape), |tape, vars, _| op(tape, &vars[0]));
                check_gradients(name, Elementwise, Case::new().var_scaled(shape, 6.0), |tape, vars, _| op(tape, &vars[0]));
            }
        }
    }
}
