//! Layers that more than one model is made of.

use crate::contract::Input;
use crate::error;
use crate::generate::Source;
use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tallow_kernels::{self as kernels, BatchNorm, Conv2d, Init, Param, Result, Tape, Var, Weights};

/// A linear layer that no adapter freezes: `weight` `[out, in]`, `bias` `[out]`.
pub(crate) struct Dense {
    weight: Param,
    bias: Param,
}

impl Dense {
    pub(crate) fn new(at: &Weights, inner: usize, out: usize, weight: Init, bias: Init) -> Self {
        Dense { weight: at.param("weight", &[out, inner], weight), bias: at.param("bias", &[out], bias) }
    }

    /// Starts anew where given weights do not hold it: part of a head.
    pub(crate) fn fresh(at: &Weights, inner: usize, out: usize, weight: Init, bias: Init) -> Self {
        Dense { weight: at.fresh("weight", &[out, inner], weight), bias: at.fresh("bias", &[out], bias) }
    }

    /// `[..., in]` -> `[..., out]`.
    pub(crate) fn forward(&self, tape: &Tape, x: &Var) -> Result<Var> {
        kernels::linear(tape, x, &self.weight, Some(&self.bias))
    }
}

/// Leaves the linear layer `layer` out of `given` where its weight has another shape: a head for other classes, which starts anew.
pub(crate) fn leave_other_head(given: &mut BTreeMap<String, Tensor>, layer: &str, shape: [usize; 2]) {
    if given.get(&format!("{layer}.weight")).is_some_and(|weight| weight.dims() != shape) {
        given.remove(&format!("{layer}.weight"));
        given.remove(&format!("{layer}.bias"));
    }
}

/// Normalisation over the last dimension, with `weight` and `bias` of its size.
pub(crate) struct LayerNorm {
    weight: Param,
    bias: Param,
    eps: f64,
}

impl LayerNorm {
    pub(crate) fn new(at: &Weights, size: usize, eps: f64) -> Self {
        LayerNorm { weight: at.param("weight", &[size], Init::Ones), bias: at.param("bias", &[size], Init::Zeros), eps }
    }

    /// Starts anew where given weights do not hold it: part of a head.
    pub(crate) fn fresh(at: &Weights, size: usize, eps: f64) -> Self {
        LayerNorm { weight: at.fresh("weight", &[size], Init::Ones), bias: at.fresh("bias", &[size], Init::Zeros), eps }
    }

    pub(crate) fn forward(&self, tape: &Tape, x: &Var) -> Result<Var> {
        kernels::layer_norm(tape, x, &self.weight, &self.bias, self.eps)
    }
}

/// `x + dropout(h)`.
pub(crate) fn residual(tape: &Tape, h: &Var, x: &Var, dropout: f32) -> Result<Var> {
    kernels::add(tape, &kernels::dropout(tape, h, dropout)?, x)
}

/// A feed-forward layer's activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    Gelu,
    GeluNew,
    Relu,
    Silu,
    Tanh,
}

impl Activation {
    /// Their names in public files, which write an activation as it is called here.
    pub(crate) const NAMES: [(&str, Activation); 9] = [
        ("gelu", Activation::Gelu),
        ("gelu_python", Activation::Gelu),
        ("gelu_new", Activation::GeluNew),
        ("gelu_fast", Activation::GeluNew),
        ("gelu_pytorch_tanh", Activation::GeluNew),
        ("relu", Activation::Relu),
        ("silu", Activation::Silu),
        ("swish", Activation::Silu),
        ("tanh", Activation::Tanh),
    ];

    /// As public files write it.
    pub fn name(self) -> &'static str {
        Activation::NAMES.into_iter().find(|(_, own)| *own == self).map_or("", |(name, _)| name)
    }

    pub(crate) fn forward(self, tape: &Tape, x: &Var) -> Result<Var> {
        match self {
            Activation::Gelu => kernels::gelu(tape, x),
            Activation::GeluNew => kernels::gelu_tanh(tape, x),
            Activation::Relu => kernels::relu(tape, x),
            Activation::Silu => kernels::silu(tape, x),
            Activation::Tanh => kernels::tanh(tape, x),
        }
    }
}

/// Batch normalisation of images, with running statistics.
pub(crate) struct Norm2d {
    weight: Param,
    bias: Param,
    running_mean: Param,
    running_var: Param,
}

impl Norm2d {
    pub(crate) fn new(at: &Weights, channels: usize) -> Self {
        Norm2d {
            weight: at.param("weight", &[channels], Init::Ones),
            bias: at.param("bias", &[channels], Init::Zeros),
            running_mean: at.buffer("running_mean", &[channels], Init::Zeros),
            running_var: at.buffer("running_var", &[channels], Init::Ones),
        }
    }

    pub(crate) fn forward(&self, tape: &Tape, x_bhwc: &Var) -> Result<Var> {
        kernels::batch_norm(tape, x_bhwc, &self.args())
    }

    /// `max(norm(x), 0)`
    pub(crate) fn forward_relu(&self, tape: &Tape, x_bhwc: &Var) -> Result<Var> {
        kernels::batch_norm_relu(tape, x_bhwc, &self.args())
    }

    fn args(&self) -> BatchNorm<'_> {
        let (weight, bias) = (&self.weight, &self.bias);
        let (running_mean, running_var) = (&self.running_mean, &self.running_var);
        BatchNorm { weight, bias, running_mean, running_var, momentum: 0.1, eps: 1e-5 }
    }
}

/// A convolution without bias, then batch normalisation.
pub(crate) struct ConvNorm {
    conv: Param,
    norm: Norm2d,
    args: Conv2d,
}

impl ConvNorm {
    /// `conv`, `norm`: names of the two layers. Padding keeps the size where the stride is 1.
    pub(crate) fn new(
        at: &Weights,
        [conv, norm]: [&str; 2],
        [inner, out, kernel]: [usize; 3],
        stride: usize,
        init: Init,
    ) -> Self {
        ConvNorm {
            conv: at.at(conv).param("weight", &[out, inner, kernel, kernel], init),
            norm: Norm2d::new(&at.at(norm), out),
            args: Conv2d::square(stride, kernel / 2),
        }
    }

    /// `[B, H, W, in]` -> `[B, H / stride, W / stride, out]`, rounded up.
    pub(crate) fn forward(&self, tape: &Tape, x_bhwc: &Var) -> Result<Var> {
        self.norm.forward(tape, &self.convolve(tape, x_bhwc)?)
    }

    /// As [`ConvNorm::forward`], then `max(y, 0)`.
    pub(crate) fn forward_relu(&self, tape: &Tape, x_bhwc: &Var) -> Result<Var> {
        self.norm.forward_relu(tape, &self.convolve(tape, x_bhwc)?)
    }

    /// As [`ConvNorm::forward`], then `max(y + shortcut, 0)`.
    pub(crate) fn forward_add_relu(&self, tape: &Tape, x_bhwc: &Var, shortcut_bhwc: &Var) -> Result<Var> {
        kernels::batch_norm_add_relu(tape, &self.convolve(tape, x_bhwc)?, shortcut_bhwc, &self.norm.args())
    }

    fn convolve(&self, tape: &Tape, x_bhwc: &Var) -> Result<Var> {
        kernels::conv2d(tape, x_bhwc, &self.conv, None, self.args)
    }
}

/// The number of tokens of a batch for a language model: `token_ids` are `[B, T]`, each of the B `lengths` is from 1 to T, and T at
/// most the model's number of positions.
pub(crate) fn check_tokens(
    family: &'static str,
    token_ids: &Tensor,
    lengths: &[usize],
    max_positions: usize,
) -> error::Result<usize> {
    let wrong = |expected: String, found: String| Err(error::Error::Input { family, expected, found });
    let &[b, t] = token_ids.dims() else {
        return wrong("token ids [B, T]".into(), format!("{:?}", token_ids.dims()));
    };
    if t > max_positions {
        return wrong(format!("at most {max_positions} tokens a text"), format!("{t} (shorten texts by `max_seq_len`)"));
    }
    if lengths.len() != b {
        return wrong(format!("a length for each of {b} texts"), format!("{} lengths", lengths.len()));
    }
    match lengths.iter().position(|length| !(1..=t).contains(length)) {
        Some(row) => wrong(format!("lengths from 1 to {t}"), format!("{} for text {row}", lengths[row])),
        None => Ok(t),
    }
}

/// Sources that a model reads before it writes, `[B, S]`, padded with id 0, and their lengths.
pub(crate) fn padded_sources(family: &'static str, sources: &[Source], device: &Device) -> error::Result<(Tensor, Vec<usize>)> {
    let texts = sources.iter().map(|source| match source {
        Source::Text(ids) => Ok(*ids),
        Source::Speech(_) => {
            Err(error::Error::Input { family, expected: "a source of words".into(), found: "a recording".into() })
        }
    });
    let sources = texts.collect::<error::Result<Vec<&[u32]>>>()?;
    if sources.is_empty() || sources.iter().any(|ids| ids.is_empty()) {
        let (expected, found) = ("a source of at least one word".into(), "none".into());
        return Err(error::Error::Input { family, expected, found });
    }
    let lengths: Vec<usize> = sources.iter().map(|ids| ids.len()).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let ids = sources.iter().flat_map(|ids| ids.iter().copied().chain(std::iter::repeat_n(0, longest - ids.len())));
    Ok((Tensor::from_vec(ids.collect::<Vec<u32>>(), (sources.len(), longest), device)?, lengths))
}

/// The pixels of a batch for a model of images, as `[B, H, W, C]`: they must be `[B, C, H, W]` with that many channels.
pub(crate) fn images_of(family: &'static str, input: &Input, num_channels: usize) -> error::Result<Var> {
    let expected = format!("images of {num_channels} channels, [B, C, H, W]");
    match input {
        Input::Image { pixels } if pixels.rank() == 4 && pixels.dims()[1] == num_channels => Ok(kernels::images(pixels)?),
        Input::Image { pixels } => Err(error::Error::Input { family, expected, found: format!("{:?}", pixels.dims()) }),
        other => Err(other.other_than(family, &expected)),
    }
}

#[cfg(test)]
mod tests {
    use crate::registry::{ModelConfig, registry};

    /// Public models have several names for one activation.
    #[test]
    fn an_activation_has_several_names() {
        let tiny = registry().iter().find(|entry| entry.family == "marian").map(|entry| (entry.tiny)()).expect("in the registry");
        for (name, written) in
            [("swish", "silu"), ("silu", "silu"), ("gelu_pytorch_tanh", "gelu_new"), ("gelu_python", "gelu"), ("relu", "relu")]
        {
            let mut public = tiny.to_public();
            public["activation_function"] = name.into();
            let config = ModelConfig::from_public(&public.to_string()).expect(name);
            assert_eq!(config.to_public()["activation_function"], written, "{name}");
        }
    }
}
