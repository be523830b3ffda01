//! GPT-2 for language modelling (Radford et al. 2019), with the names of `GPT2LMHeadModel`.
//!
//! Shapes: `b` batch, `t` tokens, `d` width (`n_embd`), `v` vocabulary.

use crate::cache::{Cache, Past};
use crate::contract::{Architecture, Model, Output};
use crate::cost::Cost;
use crate::error::{ConfigProblem, Result};
use crate::fields::{Fields, check_counts, check_divides, check_dropouts, check_positive, named};
use crate::generate::{Decoder, Texts};
use crate::head::{Head, HeadKind, Heads, words};
use crate::lora::{Adapter, Linear, body};
pub use crate::parts::Activation;
use crate::parts::{LayerNorm, check_tokens, residual};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;
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
    /// What the last layer says.
    #[serde(default = "words")]
    pub head: Head,
}

/// Its heads, by the names of their classes in public files.
pub(crate) const HEADS: &Heads = &[(HeadKind::Words, "GPT2LMHeadModel")];

impl Architecture for Config {
    /// # Errors
    /// The text is no `config.json` of a GPT-2, or holds fields that cannot be used: all of them at once.
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
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
            head: Head::read(&mut f, HEADS, &[], 0),
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config {
            vocab_size: 50,
            n_positions: 12,
            n_embd: 16,
            n_layer: 2,
            n_head: 2,
            n_inner: None,
            activation_function: Activation::GeluNew,
            resid_pdrop: 0.1,
            embd_pdrop: 0.1,
            attn_pdrop: 0.1,
            layer_norm_epsilon: 1e-5,
            initializer_range: 0.02,
            tie_word_embeddings: true,
            head: Head::Words,
        }
    }

    /// Ranges, and what must hold between fields. A count of 0 stands for one that could not be read.
    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let most = [
            ("vocab_size", self.vocab_size, 10_000_000),
            ("n_positions", self.n_positions, 1_000_000),
            ("n_embd", self.n_embd, 65_536),
            ("n_layer", self.n_layer, 1000),
            ("n_head", self.n_head, 1024),
            ("n_inner", self.inner(), 1_000_000),
        ];
        check_counts(&mut problems, most);
        check_divides(&mut problems, named!(self; n_head, n_embd));
        check_dropouts(&mut problems, named!(self; resid_pdrop, embd_pdrop, attn_pdrop));
        check_positive(&mut problems, named!(self; layer_norm_epsilon, initializer_range));
        self.head.check(&mut problems, HEADS);
        problems
    }

    /// Public tensors under the names and in the layout that [`Gpt2::new`] asks for. Those of a bare `GPT2Model` get the prefix
    /// `transformer.`; masks, and the output layer where it is the table of words, are left out. The public layers ("Conv1D") keep
    /// `[in, out]`; here every layer is `[out, in]`.
    ///
    /// # Errors
    /// A tensor could not be transposed.
    fn public_names(&self, given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
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
    fn public_tensors(&self, params: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        params.into_iter().map(|(name, tensor)| Ok((name.clone(), transpose(&name, tensor)?))).collect()
    }

    fn set_dropout(&mut self, p: f64) {
        (self.resid_pdrop, self.embd_pdrop, self.attn_pdrop) = (p, p, p);
    }

    fn text_limits(&self) -> Option<(usize, usize)> {
        Some((self.vocab_size, self.n_positions))
    }

    fn cost(&self, b: usize, t: usize) -> Cost {
        let (mut cost, d, rows) = (Cost::default(), self.n_embd, b * t);
        cost.params += (self.vocab_size + self.n_positions) * d;
        cost.keep(2 * rows * d);
        for _ in 0..self.n_layer {
            cost.block(rows * d, |cost| {
                cost.dense(rows, d, 3 * d);
                cost.dense(rows, d, d);
                cost.dense(rows, d, self.inner());
                cost.dense(rows, self.inner(), d);
                cost.params += 4 * d;
                // Scores and their product with the values, of the half that is seen.
                cost.forward_flops += 2.0 * (rows * t * d) as f64;
                cost.keep(rows * self.inner() + 5 * rows * d);
            });
        }
        cost.params += 2 * d;
        cost.words(rows, d, self.vocab_size, !self.tie_word_embeddings);
        cost
    }

    fn build(&self, weights: &Weights, adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        Ok(Box::new(Gpt2::new(self, weights, adapter)?))
    }
}

impl Config {
    fn inner(&self) -> usize {
        self.n_inner.unwrap_or(4 * self.n_embd)
    }
}

/// A linear layer's weight the other way around; other tensors as they are.
fn transpose(name: &str, tensor: Tensor) -> Result<Tensor> {
    let layer = ["c_attn.weight", "c_proj.weight", "c_fc.weight"].iter().any(|layer| name.ends_with(layer));
    Ok(if layer && tensor.dims().len() == 2 { tensor.t()? } else { tensor })
}

/// The model.
struct Gpt2 {
    words: Param,
    positions: Param,
    blocks: Vec<Rc<Block>>,
    norm: LayerNorm,
    /// Where the output layer is not the table of words.
    lm_head: Option<Param>,
    dropout: f32,
    max_positions: usize,
}

impl Gpt2 {
    fn new(config: &Config, weights: &Weights, adapter: Option<&Adapter>) -> Result<Self> {
        let (at, d, init) = (weights.at("transformer"), config.n_embd, Init::Normal(config.initializer_range as f32));
        let (own, head) = (body(&at, adapter), body(weights, adapter).at("lm_head"));
        Ok(Gpt2 {
            words: own.at("wte").param("weight", &[config.vocab_size, d], init),
            positions: own.at("wpe").param("weight", &[config.n_positions, d], init),
            blocks: (0..config.n_layer)
                .map(|i| Block::new(config, adapter, &at.at("h").at(i)).map(Rc::new))
                .collect::<Result<_>>()?,
            norm: LayerNorm::new(&own.at("ln_f"), config.n_embd, config.layer_norm_epsilon),
            lm_head: (!config.tie_word_embeddings).then(|| head.param("weight", &[config.vocab_size, d], init)),
            dropout: config.embd_pdrop as f32,
            max_positions: config.n_positions,
        })
    }
}

impl Decoder for Gpt2 {
    const FAMILY: &'static str = "gpt2";

    fn empty_cache(&self) -> Cache {
        Cache::new(self.blocks.len(), self.words.tensor().device())
    }

    fn max_positions(&self) -> usize {
        self.max_positions
    }

    fn states(&self, tape: &Tape, token_ids: &Tensor, texts: Texts, mut cache: Option<&mut Cache>) -> Result<Output> {
        let first = cache.as_ref().map_or(0, |cache| cache.len());
        let t = check_tokens(Self::FAMILY, token_ids, &texts.lengths(), self.max_positions.saturating_sub(first))?;
        // `[t]`, or `[b, t]` where texts begin within rows.
        let positions = match &texts {
            Texts::One(_) => Tensor::arange(first as u32, (first + t) as u32, token_ids.device())?,
            Texts::Several(documents) => {
                Tensor::from_vec(documents.positions(documents.rows(), t)?, token_ids.dims(), token_ids.device())?
            }
        };
        let words_btd = kernels::embedding(tape, token_ids, &self.words)?;
        let positions = kernels::embedding(tape, &positions, &self.positions)?;
        let mut h_btd = kernels::dropout(tape, &kernels::add(tape, &words_btd, &positions)?, self.dropout)?;
        for (i, block) in self.blocks.iter().enumerate() {
            h_btd = match &mut cache {
                Some(cache) => block.forward(tape, &h_btd, &texts, Some(cache.layer(i)))?,
                None => {
                    let (block, texts) = (Rc::clone(block), texts.clone());
                    let [h] = kernels::block(tape, [&h_btd], move |tape, [h]| Ok([block.forward(tape, h, &texts, None)?]))?;
                    h
                }
            };
        }
        if let Some(cache) = cache {
            cache.advance(t);
        }
        let vocabulary = self.lm_head.as_ref().unwrap_or(&self.words).clone();
        Ok(Output::Words { states: self.norm.forward(tape, &h_btd)?, vocabulary, bias: None })
    }
}

/// One block: attention, then feed-forward, each behind a norm and with dropout and residual.
struct Block {
    attention_norm: LayerNorm,
    qkv: Linear,
    attention_output: Linear,
    mlp_norm: LayerNorm,
    mlp: Linear,
    mlp_output: Linear,
    act: Activation,
    num_heads: usize,
    dropout: f32,
    attention_dropout: f32,
}

impl Block {
    fn new(config: &Config, adapter: Option<&Adapter>, at: &Weights) -> Result<Self> {
        let (d, inner) = (config.n_embd, config.inner());
        let init = Init::Normal(config.initializer_range as f32);
        // What is added to the residual stream starts smaller, by the number of such additions.
        let residual = Init::Normal(config.initializer_range as f32 / ((2 * config.n_layer) as f32).sqrt());
        let linear = |name: &str, sizes, init| Linear::new(&at.at(name), sizes, true, init, adapter);
        let norm = |name: &str| LayerNorm::new(&body(&at.at(name), adapter), d, config.layer_norm_epsilon);
        Ok(Block {
            attention_norm: norm("ln_1"),
            qkv: linear("attn.c_attn", [d, 3 * d], init)?,
            attention_output: linear("attn.c_proj", [d, d], residual)?,
            mlp_norm: norm("ln_2"),
            mlp: linear("mlp.c_fc", [d, inner], init)?,
            mlp_output: linear("mlp.c_proj", [inner, d], residual)?,
            act: config.activation_function,
            num_heads: config.n_head,
            dropout: config.resid_pdrop as f32,
            attention_dropout: config.attn_pdrop as f32,
        })
    }

    fn forward(&self, tape: &Tape, x_btd: &Var, texts: &Texts, past: Option<&mut Past>) -> kernels::Result<Var> {
        let qkv = self.qkv.forward(tape, &self.attention_norm.forward(tape, x_btd)?)?;
        let args = texts.attention(Attention { dropout: self.attention_dropout, ..Attention::causal(self.num_heads) });
        let a_btd = match past {
            None => kernels::attention_packed(tape, &qkv, self.num_heads, &args)?,
            Some(past) => {
                let (q, known) = past.extend_packed(&qkv)?;
                let args = Attention { key_lengths: Some(&known.lengths), ..args };
                kernels::attention(tape, &q, &known.k, &known.v, &args)?
            }
        };
        let a_btd = self.attention_output.forward(tape, &a_btd)?;
        let x_btd = residual(tape, &a_btd, x_btd, self.dropout)?;
        let h = self.mlp.forward(tape, &self.mlp_norm.forward(tape, &x_btd)?)?;
        let h_btd = self.mlp_output.forward(tape, &self.act.forward(tape, &h)?)?;
        residual(tape, &h_btd, &x_btd, self.dropout)
    }
}
