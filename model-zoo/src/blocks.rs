//! The blocks that Marian and Whisper are stacks of, with their public names: attention to the own text, in the decoder to the source,
//! then feed-forward; each with residual, and a norm behind it (1706.03762) or before it (1904.10509).
//!
//! Shapes: `b` batch, `s` positions of the source, `t` positions of the own text, `d` width.

use crate::cache::Past;
use crate::encoder_decoder::{DecoderBlock, Lengths};
use crate::error::Result;
use crate::lora::{Adapter, Linear, body};
use crate::parts::{Activation, LayerNorm, residual};
use std::rc::Rc;
use tallow_kernels::{self as kernels, Attention, Init, Mask, Tape, Var, Weights};

/// Added to the variance in norms.
pub(crate) const EPS: f64 = 1e-5;

/// Sizes and settings of a stack of blocks.
pub(crate) struct Shape {
    /// `d`
    pub(crate) width: usize,
    /// Of the feed-forward layer.
    pub(crate) inner: usize,
    pub(crate) num_heads: usize,
    pub(crate) key_bias: bool,
    pub(crate) norms: Norms,
    pub(crate) act: Activation,
    pub(crate) dropout: f32,
    pub(crate) attention_dropout: f32,
    /// Of what the feed-forward layer's activation gives.
    pub(crate) activation_dropout: f32,
    pub(crate) init: Init,
    /// Whether its blocks look at a source.
    pub(crate) decodes: bool,
}

/// Where norms stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Norms {
    /// Of what a layer is fed with.
    Before,
    /// Of the layer's output and what it was fed with, added.
    Behind,
}

pub(crate) struct Block {
    own: AttentionLayer,
    source: Option<AttentionLayer>,
    inner: Linear,
    outer: Linear,
    around: Around,
    act: Activation,
    activation_dropout: f32,
}

struct AttentionLayer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    around: Around,
    num_heads: usize,
    dropout: f32,
}

/// What stands around each layer.
struct Around {
    norm: LayerNorm,
    norms: Norms,
    dropout: f32,
}

impl Shape {
    /// Blocks at the places `0`, `1` and so on below `at`.
    pub(crate) fn stack(&self, layers: usize, at: &Weights, adapter: Option<&Adapter>) -> Result<Vec<Rc<Block>>> {
        (0..layers).map(|i| Ok(Rc::new(Block::new(self, adapter, &at.at(i))?))).collect()
    }
}

impl Block {
    fn new(shape: &Shape, adapter: Option<&Adapter>, at: &Weights) -> Result<Self> {
        let (d, inner) = (shape.width, shape.inner);
        let attention = |name, norm| AttentionLayer::new(shape, adapter, at, [name, norm]);
        Ok(Block {
            own: attention("self_attn", "self_attn_layer_norm")?,
            source: shape.decodes.then(|| attention("encoder_attn", "encoder_attn_layer_norm")).transpose()?,
            inner: Linear::new(&at.at("fc1"), [d, inner], true, shape.init, adapter)?,
            outer: Linear::new(&at.at("fc2"), [inner, d], true, shape.init, adapter)?,
            around: Around::new(shape, &body(&at.at("final_layer_norm"), adapter)),
            act: shape.act,
            activation_dropout: shape.activation_dropout,
        })
    }

    /// Of the encoder: `[b, s, d]`, of which so many positions are real; none: all.
    pub(crate) fn encode(&self, tape: &Tape, x: &Var, lengths: Option<&[usize]>) -> kernels::Result<Var> {
        self.forward(tape, &self.own.own(tape, x, Attention { lengths, ..self.own.args() }, None)?)
    }

    /// The feed-forward layer.
    fn forward(&self, tape: &Tape, x: &Var) -> kernels::Result<Var> {
        let h = self.act.forward(tape, &self.inner.forward(tape, &self.around.before(tape, x)?)?)?;
        let h = self.outer.forward(tape, &kernels::dropout(tape, &h, self.activation_dropout)?)?;
        self.around.behind(tape, &h, x)
    }
}

impl DecoderBlock for Block {
    fn keys_values(&self, tape: &Tape, states: &Var) -> kernels::Result<[Var; 2]> {
        self.source.as_ref().unwrap_or(&self.own).keys_values(tape, states)
    }

    fn decode(
        &self,
        tape: &Tape,
        x: &Var,
        keys_values: &[Var; 2],
        lengths: &Lengths,
        past: Option<&mut Past>,
    ) -> kernels::Result<Var> {
        let causal = Attention { mask: Mask::Causal, lengths: Some(&lengths.target), ..self.own.args() };
        let mut x = self.own.own(tape, x, causal, past)?;
        if let Some(source) = &self.source {
            x = source.source(tape, &x, keys_values, lengths)?;
        }
        self.forward(tape, &x)
    }
}

impl AttentionLayer {
    fn new(shape: &Shape, adapter: Option<&Adapter>, at: &Weights, [name, norm]: [&str; 2]) -> Result<Self> {
        let d = shape.width;
        let linear = |part: &str, bias| Linear::new(&at.at(name).at(part), [d, d], bias, shape.init, adapter);
        Ok(AttentionLayer {
            query: linear("q_proj", true)?,
            key: linear("k_proj", shape.key_bias)?,
            value: linear("v_proj", true)?,
            output: linear("out_proj", true)?,
            around: Around::new(shape, &body(&at.at(norm), adapter)),
            num_heads: shape.num_heads,
            dropout: shape.attention_dropout,
        })
    }

    fn args<'a>(&self) -> Attention<'a> {
        Attention { dropout: self.dropout, ..Attention::full(self.num_heads) }
    }

    fn keys_values(&self, tape: &Tape, x: &Var) -> kernels::Result<[Var; 2]> {
        Ok([self.key.forward(tape, x)?, self.value.forward(tape, x)?])
    }

    /// Attention of a sequence to itself, and to what is past.
    fn own(&self, tape: &Tape, x: &Var, args: Attention, past: Option<&mut Past>) -> kernels::Result<Var> {
        let h = self.around.before(tape, x)?;
        let (q, [k, v]) = (self.query.forward(tape, &h)?, self.keys_values(tape, &h)?);
        let a = match past {
            None => kernels::attention(tape, &q, &k, &v, &args)?,
            Some(past) => {
                let known = past.extend(&k, &v)?;
                kernels::attention(tape, &q, &known.k, &known.v, &Attention { key_lengths: Some(&known.lengths), ..args })?
            }
        };
        self.around.behind(tape, &self.output.forward(tape, &a)?, x)
    }

    /// Attention of the target to the source.
    fn source(&self, tape: &Tape, x: &Var, [k, v]: &[Var; 2], lengths: &Lengths) -> kernels::Result<Var> {
        let q = self.query.forward(tape, &self.around.before(tape, x)?)?;
        let args = Attention { lengths: Some(&lengths.target), key_lengths: Some(&lengths.source), ..self.args() };
        let a = kernels::attention(tape, &q, k, v, &args)?;
        self.around.behind(tape, &self.output.forward(tape, &a)?, x)
    }
}

impl Around {
    fn new(shape: &Shape, at: &Weights) -> Self {
        Around { norm: LayerNorm::new(at, shape.width, EPS), norms: shape.norms, dropout: shape.dropout }
    }

    /// What the layer is fed with.
    fn before(&self, tape: &Tape, x: &Var) -> kernels::Result<Var> {
        match self.norms {
            Norms::Before => self.norm.forward(tape, x),
            Norms::Behind => Ok(x.clone()),
        }
    }

    /// What becomes of its output `h`.
    fn behind(&self, tape: &Tape, h: &Var, x: &Var) -> kernels::Result<Var> {
        let added = residual(tape, h, x, self.dropout)?;
        match self.norms {
            Norms::Before => Ok(added),
            Norms::Behind => self.norm.forward(tape, &added),
        }
    }
}
