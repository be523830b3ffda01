//! BERT for sequence and pair classification (Devlin et al., 1810.04805), with the names of `BertForSequenceClassification`.
//!
//! Shapes: `b` batch, `t` tokens, `d` hidden size, `c` classes.

use crate::cost::Cost;
use crate::error::{ConfigProblem, Error, Result};
use crate::fields::{Fields, check_counts, check_dropout};
use crate::head::{Head, HeadKind, Heads};
use crate::lora::{Adapter, Linear, body};
pub use crate::parts::Activation;
use crate::parts::{Dense, LayerNorm, leave_other_head, residual};
use crate::registry::{Architecture, Input, Model, Output};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tallow_kernels::{self as kernels, Attention, Init, Param, Tape, Var, Weights};

/// The keys of the public `config.json` that matter here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub intermediate_size: usize,
    pub max_position_embeddings: usize,
    pub type_vocab_size: usize,
    pub hidden_act: Activation,
    pub hidden_dropout_prob: f64,
    pub attention_probs_dropout_prob: f64,
    /// Dropout before the head; none: `hidden_dropout_prob`.
    pub classifier_dropout: Option<f64>,
    pub initializer_range: f64,
    pub layer_norm_eps: f64,
    pub pad_token_id: usize,
    /// What the last layer says.
    #[serde(default)]
    pub head: Head,
}

/// Its heads, by the names of their classes in public files.
pub(crate) const HEADS: &Heads = &[
    (HeadKind::Classes, "BertForSequenceClassification"),
    (HeadKind::Labels, "BertForSequenceClassification"),
    (HeadKind::Value, "BertForSequenceClassification"),
];

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        if let Some(kind) = f.get("position_embedding_type").filter(|kind| *kind != "absolute") {
            f.problem("position_embedding_type", "\"absolute\"", kind);
        }
        let config = Config {
            vocab_size: f.count("vocab_size"),
            hidden_size: f.count("hidden_size"),
            num_hidden_layers: f.count("num_hidden_layers"),
            num_attention_heads: f.count("num_attention_heads"),
            intermediate_size: f.count("intermediate_size"),
            max_position_embeddings: f.count("max_position_embeddings"),
            type_vocab_size: f.count_or("type_vocab_size", 2),
            hidden_act: f.choice_or("hidden_act", Activation::Gelu, &Activation::NAMES),
            hidden_dropout_prob: f.number_or("hidden_dropout_prob", 0.1),
            attention_probs_dropout_prob: f.number_or("attention_probs_dropout_prob", 0.1),
            classifier_dropout: f.get("classifier_dropout").is_some().then(|| f.number_or("classifier_dropout", 0.1)),
            initializer_range: f.number_or("initializer_range", 0.02),
            layer_norm_eps: f.number_or("layer_norm_eps", 1e-12),
            pad_token_id: f.count_or("pad_token_id", 0),
            head: Head::read(&mut f, HEADS, &["num_labels"], 2),
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config {
            vocab_size: 50,
            hidden_size: 16,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            intermediate_size: 24,
            max_position_embeddings: 12,
            type_vocab_size: 2,
            hidden_act: Activation::Gelu,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            classifier_dropout: None,
            initializer_range: 0.02,
            layer_norm_eps: 1e-12,
            pad_token_id: 0,
            head: Head::three_classes(),
        }
    }

    fn to_public(&self) -> Value {
        let mut config = json!({
            "model_type": "bert", "position_embedding_type": "absolute",
            "vocab_size": self.vocab_size, "hidden_size": self.hidden_size, "num_hidden_layers": self.num_hidden_layers,
            "num_attention_heads": self.num_attention_heads, "intermediate_size": self.intermediate_size,
            "max_position_embeddings": self.max_position_embeddings, "type_vocab_size": self.type_vocab_size,
            "hidden_act": self.hidden_act.name(), "hidden_dropout_prob": self.hidden_dropout_prob,
            "attention_probs_dropout_prob": self.attention_probs_dropout_prob, "classifier_dropout": self.classifier_dropout,
            "initializer_range": self.initializer_range, "layer_norm_eps": self.layer_norm_eps,
            "pad_token_id": self.pad_token_id, "torch_dtype": "float32",
        });
        self.head.write(&mut config, HEADS);
        config
    }

    /// Ranges, and what must hold between fields. A count of 0 stands for one that could not be read.
    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let most = [
            ("vocab_size", self.vocab_size, 10_000_000),
            ("hidden_size", self.hidden_size, 65_536),
            ("num_hidden_layers", self.num_hidden_layers, 1000),
            ("num_attention_heads", self.num_attention_heads, 1024),
            ("intermediate_size", self.intermediate_size, 1_000_000),
            ("max_position_embeddings", self.max_position_embeddings, 1_000_000),
            ("type_vocab_size", self.type_vocab_size, 1000),
        ];
        check_counts(&mut problems, most);
        if self.num_attention_heads > 0 && !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let expected = format!("a divisor of `hidden_size` ({})", self.hidden_size);
            problems.push(ConfigProblem::new("num_attention_heads", expected, self.num_attention_heads));
        }
        for (field, found) in [
            ("hidden_dropout_prob", self.hidden_dropout_prob),
            ("attention_probs_dropout_prob", self.attention_probs_dropout_prob),
            ("classifier_dropout", self.classifier_dropout.unwrap_or(0.0)),
        ] {
            check_dropout(&mut problems, field, found);
        }
        self.head.check(&mut problems, HEADS);
        problems
    }

    /// Weights of a bare `BertModel` get the prefix `bert.`; index buffers and heads of other jobs are left out.
    fn public_names(&self, given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        let bare = !given.keys().any(|name| name.starts_with("bert."));
        let name = |name: String| {
            // TensorFlow's names of a norm's parameters, in the oldest public weights.
            let name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias");
            let body = ["embeddings.", "encoder.", "pooler."].iter().any(|part| name.starts_with(part));
            if bare && body { format!("bert.{name}") } else { name }
        };
        let mut given: BTreeMap<_, _> = given.into_iter().map(|(n, tensor)| (name(n), tensor)).collect();
        given.retain(|name, _| !(name.ends_with("position_ids") || name.starts_with("cls.")));
        leave_other_head(&mut given, "classifier", [self.head.width(), self.hidden_size]);
        Ok(given)
    }

    fn cost(&self, b: usize, t: usize) -> Cost {
        let (mut cost, d, rows) = (Cost::default(), self.hidden_size, b * t);
        cost.params += (self.vocab_size + self.max_position_embeddings + self.type_vocab_size) * d + 2 * d;
        cost.keep(3 * rows * d);
        for _ in 0..self.num_hidden_layers {
            (0..4).for_each(|_| cost.dense(rows, d, d));
            cost.dense(rows, d, self.intermediate_size);
            cost.dense(rows, self.intermediate_size, d);
            cost.params += 4 * d;
            // Scores and their product with the values.
            cost.forward_flops += 4.0 * (rows * t * d) as f64;
            cost.keep(rows * self.intermediate_size + 5 * rows * d);
        }
        cost.dense(b, d, d);
        cost.dense(b, d, self.head.width());
        cost
    }

    fn set_dropout(&mut self, p: f64) {
        (self.hidden_dropout_prob, self.attention_probs_dropout_prob, self.classifier_dropout) = (p, p, None);
    }

    fn text_limits(&self) -> Option<(usize, usize)> {
        Some((self.vocab_size, self.max_position_embeddings))
    }

    fn build(&self, weights: &Weights, adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        Ok(Box::new(Bert::new(self, weights, adapter)?))
    }
}

/// The model.
pub struct Bert {
    embeddings: Embeddings,
    layers: Vec<Layer>,
    pooler: Dense,
    classifier: Dense,
    classifier_dropout: f32,
    max_positions: usize,
}

impl Bert {
    pub(crate) fn new(config: &Config, weights: &Weights, adapter: Option<&Adapter>) -> Result<Self> {
        let (bert, d) = (weights.at("bert"), config.hidden_size);
        let init = Init::Normal(config.initializer_range as f32);
        let layers = bert.at("encoder").at("layer");
        Ok(Bert {
            embeddings: Embeddings::new(config, &body(&bert.at("embeddings"), adapter)),
            layers: (0..config.num_hidden_layers).map(|i| Layer::new(config, adapter, &layers.at(i))).collect::<Result<_>>()?,
            // Encoders for sentence embeddings come without it.
            pooler: Dense::fresh(&bert.at("pooler").at("dense"), d, d, init, Init::Zeros),
            classifier: Dense::fresh(&weights.at("classifier"), d, config.head.width(), init, Init::Zeros),
            classifier_dropout: config.classifier_dropout.unwrap_or(config.hidden_dropout_prob) as f32,
            max_positions: config.max_position_embeddings,
        })
    }
}

impl Model for Bert {
    fn forward(&self, tape: &Tape, input: &Input) -> Result<Output> {
        let Input::Text { token_ids, type_ids, lengths } = input else {
            return Err(input.other_than("bert", "texts"));
        };
        let (_, t) = token_ids.dims2()?;
        if t > self.max_positions {
            let expected = format!("at most {} tokens a text", self.max_positions);
            return Err(Error::Input { family: "bert", expected, found: format!("{t} (shorten texts by `max_seq_len`)") });
        }
        let mut h_btd = self.embeddings.forward(tape, token_ids, type_ids)?;
        for layer in &self.layers {
            h_btd = layer.forward(tape, &h_btd, lengths)?;
        }
        let pooled_bd = self.pooler.forward(tape, &kernels::first_token(tape, &h_btd)?)?;
        let pooled_bd = kernels::dropout(tape, &kernels::tanh(tape, &pooled_bd)?, self.classifier_dropout)?;
        Ok(Output::Scores(self.classifier.forward(tape, &pooled_bd)?))
    }
}

/// Words + positions + segment types, normalised.
struct Embeddings {
    words: Param,
    positions: Param,
    types: Param,
    norm: LayerNorm,
    dropout: f32,
}

impl Embeddings {
    fn new(config: &Config, at: &Weights) -> Self {
        let table = |name: &str, rows| {
            at.at(name).param("weight", &[rows, config.hidden_size], Init::Normal(config.initializer_range as f32))
        };
        Embeddings {
            words: table("word_embeddings", config.vocab_size),
            positions: table("position_embeddings", config.max_position_embeddings),
            types: table("token_type_embeddings", config.type_vocab_size),
            norm: LayerNorm::new(&at.at("LayerNorm"), config.hidden_size, config.layer_norm_eps),
            dropout: config.hidden_dropout_prob as f32,
        }
    }

    fn forward(&self, tape: &Tape, token_ids: &Tensor, type_ids: &Tensor) -> Result<Var> {
        let positions = Tensor::arange(0, token_ids.dim(1)? as u32, token_ids.device())?;
        let words_btd = kernels::embedding(tape, token_ids, &self.words)?;
        let types_btd = kernels::embedding(tape, type_ids, &self.types)?;
        let positions_td = kernels::embedding(tape, &positions, &self.positions)?;
        let sum_btd = kernels::add(tape, &kernels::add(tape, &words_btd, &types_btd)?, &positions_td)?;
        Ok(kernels::dropout(tape, &self.norm.forward(tape, &sum_btd)?, self.dropout)?)
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
    fn new(config: &Config, adapter: Option<&Adapter>, at: &Weights) -> Result<Self> {
        let (d, ff) = (config.hidden_size, config.intermediate_size);
        let init = Init::Normal(config.initializer_range as f32);
        let linear = |at: &Weights, sizes| Linear::new(at, sizes, true, init, adapter);
        let norm = |at: &Weights| LayerNorm::new(&body(&at.at("LayerNorm"), adapter), d, config.layer_norm_eps);
        let (attention, own) = (at.at("attention"), at.at("attention").at("self"));
        Ok(Layer {
            query: linear(&own.at("query"), [d, d])?,
            key: linear(&own.at("key"), [d, d])?,
            value: linear(&own.at("value"), [d, d])?,
            attention_output: linear(&attention.at("output").at("dense"), [d, d])?,
            attention_norm: norm(&attention.at("output")),
            intermediate: linear(&at.at("intermediate").at("dense"), [d, ff])?,
            output: linear(&at.at("output").at("dense"), [ff, d])?,
            output_norm: norm(&at.at("output")),
            act: config.hidden_act,
            num_heads: config.num_attention_heads,
            dropout: config.hidden_dropout_prob as f32,
            attention_dropout: config.attention_probs_dropout_prob as f32,
        })
    }

    fn forward(&self, tape: &Tape, x_btd: &Var, lengths: &[usize]) -> Result<Var> {
        let (q, k, v) = (self.query.forward(tape, x_btd)?, self.key.forward(tape, x_btd)?, self.value.forward(tape, x_btd)?);
        let args = Attention { lengths: Some(lengths), dropout: self.attention_dropout, ..Attention::full(self.num_heads) };
        let a_btd = self.attention_output.forward(tape, &kernels::attention(tape, &q, &k, &v, &args)?)?;
        let x_btd = self.attention_norm.forward(tape, &residual(tape, &a_btd, x_btd, self.dropout)?)?;
        let h = self.intermediate.forward(tape, &x_btd)?;
        let h_btd = self.output.forward(tape, &self.act.forward(tape, &h)?)?;
        Ok(self.output_norm.forward(tape, &residual(tape, &h_btd, &x_btd, self.dropout)?)?)
    }
}
