//! What BERT and its kin have in common: texts read both ways by layers with a norm behind each half (Devlin et al., 1810.04805), and
//! what may stand on top. Each model's own file has its names and its differences.
//!
//! Shapes: `b` batch, `t` tokens, `d` hidden size, `e` size of a word's embedding, `c` scores, `v` words.

use crate::contract::{Input, Model, Output};
use crate::cost::Cost;
use crate::error::Result;
use crate::head::Head;
use crate::lora::{Adapter, Linear, body};
use crate::parts::{Activation, Dense, LayerNorm, check_tokens, residual};
use crate::pooling::Pooling;
use candle_core::Tensor;
use std::collections::BTreeMap;
use std::rc::Rc;
use tallow_kernels::{self as kernels, Attention, Init, Param, Tape, Var, Weights};

/// Sizes and settings of an encoder, whatever its `config.json` calls them.
pub(crate) struct Shape {
    pub(crate) vocab_size: usize,
    /// `e`; where it differs from `d`, a layer lies between embeddings and encoder.
    pub(crate) embedding_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_layers: usize,
    pub(crate) num_heads: usize,
    pub(crate) intermediate_size: usize,
    /// Rows of the table of positions, and the one that a text's first token has.
    pub(crate) positions: usize,
    pub(crate) first_position: usize,
    /// Whether the table of positions is one of sines that is not trained.
    pub(crate) fixed_positions: bool,
    /// Rows of the table of segment types; 0: there is none. Where there is but one, every token is of it.
    pub(crate) types: usize,
    pub(crate) act: Activation,
    pub(crate) dropout: f32,
    pub(crate) attention_dropout: f32,
    pub(crate) norm_eps: f64,
    pub(crate) init: Init,
}

/// What the parts of a layer are called, below the layer's own place.
pub(crate) struct Names {
    pub(crate) layers: &'static str,
    pub(crate) query: &'static str,
    pub(crate) key: &'static str,
    pub(crate) value: &'static str,
    pub(crate) attention_output: &'static str,
    pub(crate) attention_norm: &'static str,
    pub(crate) intermediate: &'static str,
    pub(crate) output: &'static str,
    pub(crate) output_norm: &'static str,
}

/// BERT's own, which most have.
pub(crate) const NAMES: Names = Names {
    layers: "encoder.layer",
    query: "attention.self.query",
    key: "attention.self.key",
    value: "attention.self.value",
    attention_output: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    intermediate: "intermediate.dense",
    output: "output.dense",
    output_norm: "output.LayerNorm",
};

impl Shape {
    /// The longest text in tokens.
    pub(crate) fn longest(&self) -> usize {
        self.positions.saturating_sub(self.first_position)
    }

    pub(crate) fn cost(&self, b: usize, t: usize, head: &Head) -> Cost {
        let (mut cost, d, e, rows) = (Cost::default(), self.hidden_size, self.embedding_size, b * t);
        let positions = if self.fixed_positions { 0 } else { self.positions };
        cost.params += (self.vocab_size + positions + self.types) * e + 2 * e;
        cost.keep(3 * rows * e);
        if e != d {
            cost.dense(rows, e, d);
        }
        for _ in 0..self.num_layers {
            cost.block(rows * d, |cost| {
                (0..4).for_each(|_| cost.dense(rows, d, d));
                cost.dense(rows, d, self.intermediate_size);
                cost.dense(rows, self.intermediate_size, d);
                cost.params += 4 * d;
                // Scores and their product with the values.
                cost.forward_flops += 4.0 * (rows * t * d) as f64;
                cost.keep(rows * self.intermediate_size + 5 * rows * d);
            });
        }
        match head {
            Head::Classes(_) | Head::Labels(_) | Head::Value => {
                cost.dense(b, d, d);
                cost.dense(b, d, head.width());
            }
            Head::Tags(_) | Head::Span => cost.dense(rows, d, head.width()),
            Head::Words => {
                cost.dense(rows, d, e);
                cost.params += 2 * e + self.vocab_size;
                cost.keep(2 * rows * e);
                // Only hidden words are told (1810.04805, section 3.1).
                let told = (0.15 * rows as f64).ceil() as usize;
                cost.words(told, e, self.vocab_size, false);
            }
            Head::Vector(_) => cost.keep(2 * b * d),
        }
        cost
    }
}

/// A model: the encoder, and what stands on top of it.
pub(crate) struct Encoder {
    family: &'static str,
    embeddings: Embeddings,
    projection: Option<Linear>,
    layers: Vec<Rc<Layer>>,
    top: Top,
    longest: usize,
}

/// What stands on top of an encoder.
pub(crate) enum Top {
    /// Of a text's first token: dropout in some, a layer, an activation, dropout, scores.
    First { before: Option<f32>, dense: Dense, act: Activation, dropout: f32, scores: Dense },
    /// Of each token: dropout, scores.
    Each { dropout: f32, scores: Dense },
    /// Of each token: a layer, an activation, a norm; then scores by the table of words, with a bias.
    Words { dense: Dense, act: Activation, norm: LayerNorm, bias: Param },
    /// Of the states of all tokens.
    Vector(Pooling),
}

impl Encoder {
    /// `at`: the place of the body, below which `names` holds; `top` is at places of its own.
    pub(crate) fn new(
        family: &'static str,
        shape: &Shape,
        names: &Names,
        (at, adapter): (&Weights, Option<&Adapter>),
        top: Top,
    ) -> Result<Self> {
        let (layers, [e, d]) = (at.at(names.layers), [shape.embedding_size, shape.hidden_size]);
        let projection = || Linear::new(&at.at("embeddings_project"), [e, d], true, shape.init, adapter);
        Ok(Encoder {
            family,
            embeddings: Embeddings::new(shape, &body(&at.at("embeddings"), adapter)),
            projection: (e != d).then(projection).transpose()?,
            layers: (0..shape.num_layers)
                .map(|i| Layer::new(shape, names, adapter, &layers.at(i)).map(Rc::new))
                .collect::<Result<_>>()?,
            top,
            longest: shape.longest(),
        })
    }
}

impl Model for Encoder {
    fn forward(&self, tape: &Tape, input: &Input) -> Result<Output> {
        let Input::Text { token_ids, type_ids, lengths } = input else {
            return Err(input.other_than(self.family, "texts"));
        };
        check_tokens(self.family, token_ids, lengths, self.longest)?;
        let mut h_btd = self.embeddings.forward(tape, token_ids, type_ids)?;
        if let Some(projection) = &self.projection {
            h_btd = projection.forward(tape, &h_btd)?;
        }
        let shared: Rc<[usize]> = lengths[..].into();
        for layer in &self.layers {
            let (layer, lengths) = (Rc::clone(layer), Rc::clone(&shared));
            [h_btd] = kernels::block(tape, [&h_btd], move |tape, [h]| Ok([layer.forward(tape, h, &lengths)?]))?;
        }
        match &self.top {
            Top::First { before, dense, act, dropout, scores } => {
                let mut first_bd = kernels::first_token(tape, &h_btd)?;
                if let Some(p) = before {
                    first_bd = kernels::dropout(tape, &first_bd, *p)?;
                }
                let first_bd = act.forward(tape, &dense.forward(tape, &first_bd)?)?;
                Ok(Output::Scores(scores.forward(tape, &kernels::dropout(tape, &first_bd, *dropout)?)?))
            }
            Top::Each { dropout, scores } => {
                Ok(Output::Scores(scores.forward(tape, &kernels::dropout(tape, &h_btd, *dropout)?)?))
            }
            Top::Words { dense, act, norm, bias } => {
                let h_bte = act.forward(tape, &dense.forward(tape, &h_btd)?)?;
                let (states, bias) = (norm.forward(tape, &h_bte)?, Some(bias.clone()));
                Ok(Output::Words { states, vocabulary: self.embeddings.words.clone(), bias })
            }
            Top::Vector(pooling) => Ok(Output::Vectors(pooling.forward(tape, &h_btd, lengths)?)),
        }
    }
}

/// Words + positions + segment types, normalised.
struct Embeddings {
    words: Param,
    positions: Param,
    first_position: u32,
    types: Option<Param>,
    norm: LayerNorm,
    dropout: f32,
}

impl Embeddings {
    fn new(shape: &Shape, at: &Weights) -> Self {
        let table = |name: &str, rows| at.at(name).param("weight", &[rows, shape.embedding_size], shape.init);
        let sines = |at: Weights| at.param("weight", &[shape.positions, shape.embedding_size], Init::InterleavedSinusoids);
        Embeddings {
            words: table("word_embeddings", shape.vocab_size),
            positions: match shape.fixed_positions {
                true => sines(at.frozen().at("position_embeddings")),
                false => table("position_embeddings", shape.positions),
            },
            first_position: shape.first_position as u32,
            types: (shape.types > 0).then(|| table("token_type_embeddings", shape.types)),
            norm: LayerNorm::new(&at.at("LayerNorm"), shape.embedding_size, shape.norm_eps),
            dropout: shape.dropout,
        }
    }

    /// `[b, t, e]`.
    fn forward(&self, tape: &Tape, token_ids: &Tensor, type_ids: &Tensor) -> Result<Var> {
        let end = self.first_position + token_ids.dim(1)? as u32;
        let positions = Tensor::arange(self.first_position, end, token_ids.device())?;
        let mut sum_bte = kernels::embedding(tape, token_ids, &self.words)?;
        if let Some(types) = &self.types {
            // Tokenizers may number the two texts of a pair though the model does not tell them apart.
            let one = types.tensor().dim(0)? == 1;
            let type_ids = if one { type_ids.zeros_like()? } else { type_ids.clone() };
            sum_bte = kernels::add(tape, &sum_bte, &kernels::embedding(tape, &type_ids, types)?)?;
        }
        let sum_bte = kernels::add(tape, &sum_bte, &kernels::embedding(tape, &positions, &self.positions)?)?;
        Ok(kernels::dropout(tape, &self.norm.forward(tape, &sum_bte)?, self.dropout)?)
    }
}

/// One encoder layer: attention, then feed-forward, each with dropout, residual and norm behind it.
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attention_output: Linear,
    attention_norm: LayerNorm,
    intermediate: Linear,
    output: Linear,
    output_norm: LayerNorm,
    act: Activation,
    num_heads: usize,
    dropout: f32,
    attention_dropout: f32,
}

impl Layer {
    fn new(shape: &Shape, names: &Names, adapter: Option<&Adapter>, at: &Weights) -> Result<Self> {
        let (d, ff) = (shape.hidden_size, shape.intermediate_size);
        let linear = |name: &str, sizes| Linear::new(&at.at(name), sizes, true, shape.init, adapter);
        let norm = |name: &str| LayerNorm::new(&body(&at.at(name), adapter), d, shape.norm_eps);
        Ok(Layer {
            query: linear(names.query, [d, d])?,
            key: linear(names.key, [d, d])?,
            value: linear(names.value, [d, d])?,
            attention_output: linear(names.attention_output, [d, d])?,
            attention_norm: norm(names.attention_norm),
            intermediate: linear(names.intermediate, [d, ff])?,
            output: linear(names.output, [ff, d])?,
            output_norm: norm(names.output_norm),
            act: shape.act,
            num_heads: shape.num_heads,
            dropout: shape.dropout,
            attention_dropout: shape.attention_dropout,
        })
    }

    fn forward(&self, tape: &Tape, x_btd: &Var, lengths: &[usize]) -> kernels::Result<Var> {
        let (q, k, v) = (self.query.forward(tape, x_btd)?, self.key.forward(tape, x_btd)?, self.value.forward(tape, x_btd)?);
        let args = Attention { lengths: Some(lengths), dropout: self.attention_dropout, ..Attention::full(self.num_heads) };
        let a_btd = self.attention_output.forward(tape, &kernels::attention(tape, &q, &k, &v, &args)?)?;
        let x_btd = self.attention_norm.forward(tape, &residual(tape, &a_btd, x_btd, self.dropout)?)?;
        let h = self.intermediate.forward(tape, &x_btd)?;
        let h_btd = self.output.forward(tape, &self.act.forward(tape, &h)?)?;
        self.output_norm.forward(tape, &residual(tape, &h_btd, &x_btd, self.dropout)?)
    }
}

/// Where a family's public tensors lie.
pub(crate) struct Places {
    /// The body's place; files of a bare body leave it out.
    pub(crate) body: &'static str,
    /// The first part of each name of the body.
    pub(crate) parts: &'static [&'static str],
    /// All that may stand on top, of any job: whatever is there and not asked for by the head at hand is left out.
    pub(crate) tops: &'static [&'static str],
}

impl Places {
    /// Names as a model with a head has them, without index buffers and without the heads of other jobs: `own` are the names that this
    /// one begins with.
    pub(crate) fn read(&self, given: BTreeMap<String, Tensor>, own: &[&str]) -> BTreeMap<String, Tensor> {
        let place = format!("{}.", self.body);
        let bare = !given.keys().any(|name| name.starts_with(&place));
        let name = |name: String| {
            // TensorFlow's names of a norm's parameters, in the oldest public weights.
            let name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias");
            let body = self.parts.iter().any(|part| name.starts_with(part));
            if bare && body { format!("{place}{name}") } else { name }
        };
        let begins = |name: &str, with: &[&str]| with.iter().any(|start| name.starts_with(start));
        let mut given: BTreeMap<_, _> = given.into_iter().map(|(n, tensor)| (name(n), tensor)).collect();
        given.retain(|name, _| !name.ends_with(".position_ids") && (!begins(name, self.tops) || begins(name, own)));
        given
    }

    /// As public files have them: a bare body has names without its place.
    pub(crate) fn write(&self, own: BTreeMap<String, Tensor>, head: &Head) -> BTreeMap<String, Tensor> {
        let place = format!("{}.", self.body);
        let bare = |name: String| name.strip_prefix(&place).map_or_else(|| name.clone(), str::to_string);
        match head {
            Head::Vector(_) => own.into_iter().map(|(name, tensor)| (bare(name), tensor)).collect(),
            _ => own,
        }
    }
}
