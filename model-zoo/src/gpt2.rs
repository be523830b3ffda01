//! GPT-2 for language modelling (Radford et al. 2019), with the names of `GPT2LMHeadModel`.
//!
//! Shapes: `b` batch, `t` tokens, `d` width (`n_embd`), `v` vocabulary.

use crate::error::{ConfigProblem, Error, Result};
use crate::fields::{Fields, check_count, check_dropout, parse_object};
pub use crate::parts::Activation;
use crate::parts::{Dense, LayerNorm, check_tokens, residual};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tallow_kernels::{self as kernels, Attention, Init, Param, Tape, Var, Weights};

/// The keys of the public `config.json` that matter here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub vocab_size: usize,
    pub n_positions: usize,
    pub n_embd: usize,
    pub n_layer: usize,
    pub n_head: usize,
    /// Width of the feed-forward layer; none: `4 n_embd`.
    pub n_inner: Option<usize>,
    pub activation_function: Activation,
    pub resid_pdrop: f64,
    pub embd_pdrop: f64,
    pub attn_pdrop: f64,
    pub layer_norm_epsilon: f64,
    pub initializer_range: f64,
    /// Whether the output layer is the table of words.
    pub tie_word_embeddings: bool,
}

impl Config {
    /// # Errors
    /// The text is no `config.json` of a GPT-2, or holds fields that cannot be used: all of them at once.
    pub fn from_public(config_json: &str) -> Result<Self> {
        let object = parse_object(config_json)?;
        let mut f = Fields::new(&object);
        f.only("model_type", json!("gpt2"));
        for (field, usual) in
            [("add_cross_attention", false), ("scale_attn_by_inverse_layer_idx", false), ("scale_attn_weights", true)]
        {
            f.only_if_present(field, json!(usual));
        }
        let config = Config {
            vocab_size: f.count("vocab_size"),
            n_positions: f.count("n_positions"),
            n_embd: f.count("n_embd"),
            n_layer: f.count("n_layer"),
            n_head: f.count("n_head"),
            n_inner: f.get("n_inner").is_some().then(|| f.count("n_inner")),
            activation_function: f.choice_or("activation_function", Activation::GeluNew, &Activation::NAMES),
            resid_pdrop: f.number_or("resid_pdrop", 0.1),
            embd_pdrop: f.number_or("embd_pdrop", 0.1),
            attn_pdrop: f.number_or("attn_pdrop", 0.1),
            layer_norm_epsilon: f.number_or("layer_norm_epsilon", 1e-5),
            initializer_range: f.number_or("initializer_range", 0.02),
            tie_word_embeddings: f.flag_or("tie_word_embeddings", true),
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    /// Ranges, and what must hold between fields. A count of 0 stands for one that could not be read.
    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        for (field, found, most) in [
            ("vocab_size", self.vocab_size, 10_000_000),
            ("n_positions", self.n_positions, 1_000_000),
            ("n_embd", self.n_embd, 65_536),
            ("n_layer", self.n_layer, 1000),
            ("n_head", self.n_head, 1024),
            ("n_inner", self.inner(), 1_000_000),
        ] {
            check_count(&mut problems, field, found, 1..=most);
        }
        if self.n_head > 0 && !self.n_embd.is_multiple_of(self.n_head) {
            problems.push(ConfigProblem::new("n_head", format!("a divisor of `n_embd` ({})", self.n_embd), self.n_head));
        }
        for (field, found) in
            [("resid_pdrop", self.resid_pdrop), ("embd_pdrop", self.embd_pdrop), ("attn_pdrop", self.attn_pdrop)]
        {
            check_dropout(&mut problems, field, found);
        }
        problems
    }

    fn inner(&self) -> usize {
        self.n_inner.unwrap_or(4 * self.n_embd)
    }

    /// Public tensors under the names and in the layout that [`Gpt2::new`] asks for. Those of a bare `GPT2Model` get the prefix
    /// `transformer.`; masks, and the output layer where it is the table of words, are left out. The public layers ("Conv1D") keep
    /// `[in, out]`; here every layer is `[out, in]`.
    ///
    /// # Errors
    /// A tensor could not be transposed.
    pub fn public_names(&self, given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        let bare = !given.keys().any(|name| name.starts_with("transformer."));
        let unused = |name: &str| {
            name.ends_with(".attn.bias")
                || name.ends_with(".attn.masked_bias")
                || (self.tie_word_embeddings && name == "lm_head.weight")
        };
        let full = |name: String| if bare && name != "lm_head.weight" { format!("transformer.{name}") } else { name };
        let kept = given.into_iter().filter(|(name, _)| !unused(name));
        kept.map(|(name, tensor)| Ok((full(name.clone()), transpose(&name, tensor)?))).collect()
    }

    /// The model's parameters as public tensors: what [`Config::public_names`] reads.
    ///
    /// # Errors
    /// A tensor could not be transposed.
    pub fn public_tensors(&self, params: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        params.into_iter().map(|(name, tensor)| Ok((name.clone(), transpose(&name, tensor)?))).collect()
    }

    /// `config.json`.
    pub fn to_public(&self) -> Value {
        json!({
            "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "vocab_size": self.vocab_size, "n_positions": self.n_positions,
            "n_embd": self.n_embd, "n_layer": self.n_layer, "n_head": self.n_head, "n_inner": self.n_inner,
            "activation_function": self.activation_function.name(), "resid_pdrop": self.resid_pdrop, "embd_pdrop": self.embd_pdrop, "attn_pdrop": self.attn_pdrop,
            "layer_norm_epsilon": self.layer_norm_epsilon, "initializer_range": self.initializer_range,
            "tie_word_embeddings": self.tie_word_embeddings, "torch_dtype": "float32",
        })
    }
}

/// A linear layer's weight the other way around; other tensors as they are.
fn transpose(name: &str, tensor: Tensor) -> Result<Tensor> {
    let layer = ["c_attn.weight", "c_proj.weight", "c_fc.weight"].iter().any(|layer| name.ends_with(layer));
    Ok(if layer && tensor.dims().len() == 2 { tensor.t()?.contiguous()? } else { tensor })
}

/// The model.
pub struct Gpt2 {
    words: Param,
    positions: Param,
    blocks: Vec<Block>,
    norm: LayerNorm,
    /// Where the output layer is not the table of words.
    lm_head: Option<Param>,
    dropout: f32,
    max_positions: usize,
}

impl Gpt2 {
    /// Asks `weights` for every parameter by its public name.
    ///
    /// # Errors
    /// The configuration has mistakes. Those of the weights are told by `weights.finish()`.
    pub fn new(config: &Config, weights: &Weights) -> Result<Self> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(Error::Config(problems));
        }
        let (at, d, init) = (weights.at("transformer"), config.n_embd, Init::Normal(config.initializer_range as f32));
        Ok(Gpt2 {
            words: at.at("wte").param("weight", &[config.vocab_size, d], init),
            positions: at.at("wpe").param("weight", &[config.n_positions, d], init),
            blocks: (0..config.n_layer).map(|i| Block::new(config, &at.at("h").at(i))).collect(),
            norm: LayerNorm::new(&at.at("ln_f"), config.n_embd, config.layer_norm_epsilon),
            lm_head: (!config.tie_word_embeddings).then(|| weights.at("lm_head").param("weight", &[config.vocab_size, d], init)),
            dropout: config.embd_pdrop as f32,
            max_positions: config.n_positions,
        })
    }

    /// The last layer's normalised states. `token_ids`: `[B, T]` of u32; `lengths`: B valid lengths, at least 1; returns `[B, T, D]`,
    /// in which rows at `t >= lengths[b]` mean nothing.
    ///
    /// # Errors
    /// The batch does not suit the model; a token is not in the vocabulary.
    pub fn hidden(&self, tape: &Tape, token_ids: &Tensor, lengths: &[usize]) -> Result<Var> {
        let t = check_tokens("gpt2", token_ids, lengths, self.max_positions)?;
        let positions = Tensor::arange(0, t as u32, token_ids.device())?;
        let words_btd = kernels::embedding(tape, token_ids, &self.words)?;
        let positions_td = kernels::embedding(tape, &positions, &self.positions)?;
        let mut h_btd = kernels::dropout(tape, &kernels::add(tape, &words_btd, &positions_td)?, self.dropout)?;
        for block in &self.blocks {
            h_btd = block.forward(tape, &h_btd, lengths)?;
        }
        Ok(self.norm.forward(tape, &h_btd)?)
    }

    /// The scores of the next token, `[B, T, V]`.
    ///
    /// # Errors
    /// As [`Gpt2::hidden`].
    pub fn logits(&self, tape: &Tape, token_ids: &Tensor, lengths: &[usize]) -> Result<Var> {
        Ok(kernels::linear(tape, &self.hidden(tape, token_ids, lengths)?, self.vocab_weight(), None)?)
    }

    /// The output layer's weight, `[V, D]`, by which hidden states become scores.
    pub fn vocab_weight(&self) -> &Param {
        self.lm_head.as_ref().unwrap_or(&self.words)
    }
}

/// One block: attention, then feed-forward, each behind a norm and with dropout and residual.
struct Block {
    attention_norm: LayerNorm,
    qkv: Dense,
    attention_output: Dense,
    mlp_norm: LayerNorm,
    mlp: Dense,
    mlp_output: Dense,
    act: Activation,
    num_heads: usize,
    dropout: f32,
    attention_dropout: f32,
}

impl Block {
    fn new(config: &Config, at: &Weights) -> Self {
        let (d, inner) = (config.n_embd, config.inner());
        let init = Init::Normal(config.initializer_range as f32);
        // What is added to the residual stream starts smaller, by the number of such additions.
        let residual = Init::Normal(config.initializer_range as f32 / ((2 * config.n_layer) as f32).sqrt());
        let (attention, mlp) = (at.at("attn"), at.at("mlp"));
        Block {
            attention_norm: LayerNorm::new(&at.at("ln_1"), config.n_embd, config.layer_norm_epsilon),
            qkv: Dense::new(&attention.at("c_attn"), d, 3 * d, init, Init::Zeros),
            attention_output: Dense::new(&attention.at("c_proj"), d, d, residual, Init::Zeros),
            mlp_norm: LayerNorm::new(&at.at("ln_2"), config.n_embd, config.layer_norm_epsilon),
            mlp: Dense::new(&mlp.at("c_fc"), d, inner, init, Init::Zeros),
            mlp_output: Dense::new(&mlp.at("c_proj"), inner, d, residual, Init::Zeros),
            act: config.activation_function,
            num_heads: config.n_head,
            dropout: config.resid_pdrop as f32,
            attention_dropout: config.attn_pdrop as f32,
        }
    }

    fn forward(&self, tape: &Tape, x_btd: &Var, lengths: &[usize]) -> Result<Var> {
        let qkv = self.qkv.forward(tape, &self.attention_norm.forward(tape, x_btd)?)?;
        let args = Attention { lengths: Some(lengths), dropout: self.attention_dropout, ..Attention::causal(self.num_heads) };
        let a_btd = self.attention_output.forward(tape, &kernels::attention_packed(tape, &qkv, self.num_heads, &args)?)?;
        let x_btd = residual(tape, &a_btd, x_btd, self.dropout)?;
        let h = self.mlp.forward(tape, &self.mlp_norm.forward(tape, &x_btd)?)?;
        let h_btd = self.mlp_output.forward(tape, &self.act.forward(tape, &h)?)?;
        Ok(residual(tape, &h_btd, &x_btd, self.dropout)?)
    }
}
