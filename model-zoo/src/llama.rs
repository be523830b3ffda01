//! Llama (Touvron et al., 2302.13971, 2307.09288) and its relatives for language modelling, by configuration: Llama 2 and 3, SmolLM2,
//! Mistral, Qwen2, Qwen3; with the names of `LlamaForCausalLM`, which all of them share.
//!
//! Shapes: `b` batch, `t` tokens, `d` hidden size, `v` vocabulary.

use crate::cache::{Cache, Past};
use crate::contract::{Architecture, Model, Output};
use crate::cost::Cost;
use crate::error::{ConfigProblem, Result};
use crate::fields::{Fields, check_counts, check_divides, check_dropouts, check_positive, named};
use crate::generate::{Decoder, Texts};
use crate::head::{Head, HeadKind, Heads, words};
use crate::lora::{Adapter, Linear, body};
use crate::parts::check_tokens;
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use tallow_kernels::{self as kernels, Attention, Init, Mask, Param, Rope, RopeScaling, Tape, Var, Weights};

/// The keys of the public `config.json` that matter here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub model_type: Family,
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    /// Heads of keys and values, which query heads share.
    pub num_key_value_heads: usize,
    pub head_dim: usize,
    pub max_position_embeddings: usize,
    pub rms_norm_eps: f64,
    pub rope_theta: f64,
    pub rope_scaling: Scaling,
    /// Biases of all four layers of attention (Qwen2 has those of queries, keys and values in any case).
    pub attention_bias: bool,
    pub mlp_bias: bool,
    pub attention_dropout: f64,
    /// How many positions back a token sees (Mistral); none: all.
    pub sliding_window: Option<usize>,
    /// Whether the output layer is the table of words.
    pub tie_word_embeddings: bool,
    pub initializer_range: f64,
    /// What the last layer says.
    #[serde(default = "words")]
    pub head: Head,
}

/// Its heads; the name of the class in public files is the [`Family`]'s.
pub(crate) const HEADS: &Heads = &[(HeadKind::Words, "LlamaForCausalLM")];

/// Which relative: they differ in biases and norms within attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    Llama,
    Mistral,
    Qwen2,
    Qwen3,
}

const FAMILIES: [(&str, Family, &str); 4] = [
    ("llama", Family::Llama, "LlamaForCausalLM"),
    ("mistral", Family::Mistral, "MistralForCausalLM"),
    ("qwen2", Family::Qwen2, "Qwen2ForCausalLM"),
    ("qwen3", Family::Qwen3, "Qwen3ForCausalLM"),
];

/// How rotary positions reach further than the model was first trained: see [`RopeScaling`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rope_type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scaling {
    Default,
    Linear { factor: f64 },
    Llama3 { factor: f64, low_freq_factor: f64, high_freq_factor: f64, original_max_position_embeddings: usize },
    Yarn { factor: f64, beta_fast: f64, beta_slow: f64, original_max_position_embeddings: usize, attention_factor: Option<f64> },
}

impl Scaling {
    fn read(f: &mut Fields, max_positions: usize) -> Self {
        let kind = f.get("rope_type").or(f.get("type")).map_or(json!("default"), Value::clone);
        let original = "original_max_position_embeddings";
        match kind.as_str() {
            Some("default") => Scaling::Default,
            Some("linear") => Scaling::Linear { factor: f.number("factor") },
            Some("llama3") => Scaling::Llama3 {
                factor: f.number("factor"),
                low_freq_factor: f.number("low_freq_factor"),
                high_freq_factor: f.number("high_freq_factor"),
                original_max_position_embeddings: f.count(original),
            },
            Some("yarn") => {
                f.only_if_present("truncate", json!(true));
                let factor = f.number("factor");
                Scaling::Yarn {
                    factor,
                    beta_fast: f.number_or("beta_fast", 32.0),
                    beta_slow: f.number_or("beta_slow", 1.0),
                    original_max_position_embeddings: f.count_or(original, max_positions),
                    attention_factor: attention_factor(f, factor),
                }
            }
            _ => {
                f.problem("rope_type", "\"default\" or \"linear\" or \"llama3\" or \"yarn\"", kind);
                Scaling::Default
            }
        }
    }

    fn kernel(self) -> RopeScaling {
        match self {
            Scaling::Default => RopeScaling::None,
            Scaling::Linear { factor } => RopeScaling::Linear { factor },
            Scaling::Llama3 {
                factor,
                low_freq_factor,
                high_freq_factor,
                original_max_position_embeddings: original_positions,
            } => RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_positions },
            Scaling::Yarn {
                factor,
                beta_fast,
                beta_slow,
                original_max_position_embeddings: original_positions,
                attention_factor,
            } => RopeScaling::Yarn { factor, beta_fast, beta_slow, original_positions, attention_factor },
        }
    }
}

/// As it is stated, or by `mscale` and `mscale_all_dim` where both are there (DeepSeek-AI, 2405.04434); none: as YaRN's paper has it.
fn attention_factor(f: &mut Fields, factor: f64) -> Option<f64> {
    if f.get("attention_factor").is_some() {
        return Some(f.number("attention_factor"));
    }
    let [over, under] = ["mscale", "mscale_all_dim"].map(|key| f.number_or(key, 0.0));
    let grown = |scale: f64| if factor > 1.0 { 0.1 * scale * factor.ln() + 1.0 } else { 1.0 };
    (over != 0.0 && under != 0.0).then(|| grown(over) / grown(under))
}

impl Architecture for Config {
    /// # Errors
    /// The text is no `config.json` of this family, or holds fields that cannot be used: all of them at once.
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        let families = FAMILIES.map(|(name, family, _)| (name, family));
        if f.get("model_type").is_none() {
            f.problem("model_type", "\"llama\" or \"mistral\" or \"qwen2\" or \"qwen3\"", "nothing");
        }
        let model_type = f.choice_or("model_type", Family::Llama, &families);
        f.only_if_present("hidden_act", json!("silu"));
        f.only_if_present("use_sliding_window", json!(false));
        let (hidden_size, num_attention_heads) = (f.count("hidden_size"), f.count("num_attention_heads"));
        let max_position_embeddings = f.count("max_position_embeddings");
        // Newer files keep everything about rotary positions in one place.
        let mut rope_theta = f.number_or("rope_theta", 10_000.0);
        let newer =
            f.within("rope_parameters", |f| (f.number_or("rope_theta", rope_theta), Scaling::read(f, max_position_embeddings)));
        let older = f.within("rope_scaling", |f| Scaling::read(f, max_position_embeddings));
        let rope_scaling = match newer {
            Some((theta, scaling)) => {
                rope_theta = theta;
                scaling
            }
            None => older.unwrap_or(Scaling::Default),
        };
        let mistral = model_type == Family::Mistral && f.get("sliding_window").is_some();
        let config = Config {
            model_type,
            vocab_size: f.count("vocab_size"),
            hidden_size,
            intermediate_size: f.count("intermediate_size"),
            num_hidden_layers: f.count("num_hidden_layers"),
            num_attention_heads,
            num_key_value_heads: f.count_or("num_key_value_heads", num_attention_heads),
            head_dim: f.count_or("head_dim", hidden_size.checked_div(num_attention_heads).unwrap_or(0)),
            max_position_embeddings,
            rms_norm_eps: f.number_or("rms_norm_eps", 1e-6),
            rope_theta,
            rope_scaling,
            attention_bias: f.flag_or("attention_bias", false),
            mlp_bias: f.flag_or("mlp_bias", false),
            attention_dropout: f.number_or("attention_dropout", 0.0),
            sliding_window: mistral.then(|| f.count("sliding_window")),
            tie_word_embeddings: f.flag_or("tie_word_embeddings", false),
            initializer_range: f.number_or("initializer_range", 0.02),
            head: Head::Words,
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config {
            model_type: Family::Qwen3,
            vocab_size: 50,
            hidden_size: 16,
            intermediate_size: 24,
            num_hidden_layers: 2,
            num_attention_heads: 4,
            num_key_value_heads: 2,
            head_dim: 4,
            max_position_embeddings: 12,
            rms_norm_eps: 1e-6,
            rope_theta: 10_000.0,
            rope_scaling: Scaling::Default,
            attention_bias: false,
            mlp_bias: false,
            attention_dropout: 0.1,
            sliding_window: None,
            tie_word_embeddings: true,
            initializer_range: 0.02,
            head: Head::Words,
        }
    }

    fn beside(&self, config: &mut Map<String, Value>) {
        let class = FAMILIES.iter().find(|(_, family, _)| *family == self.model_type).map(|(.., class)| class);
        config.insert("architectures".into(), json!([class]));
        config.insert("hidden_act".into(), json!("silu"));
        if self.rope_scaling == Scaling::Default {
            config.insert("rope_scaling".into(), Value::Null);
        }
    }

    /// Ranges, and what must hold between fields. A count of 0 stands for one that could not be read.
    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let most = [
            ("vocab_size", self.vocab_size, 10_000_000),
            ("hidden_size", self.hidden_size, 65_536),
            ("intermediate_size", self.intermediate_size, 1_000_000),
            ("num_hidden_layers", self.num_hidden_layers, 1000),
            ("num_attention_heads", self.num_attention_heads, 1024),
            ("num_key_value_heads", self.num_key_value_heads, 1024),
            ("head_dim", self.head_dim, 65_536),
            ("max_position_embeddings", self.max_position_embeddings, 100_000_000),
            ("sliding_window", self.sliding_window.unwrap_or(1), 100_000_000),
        ];
        check_counts(&mut problems, most);
        check_divides(&mut problems, named!(self; num_key_value_heads, num_attention_heads));
        if !self.head_dim.is_multiple_of(2) {
            problems.push(ConfigProblem::new("head_dim", "an even number", self.head_dim));
        } else if (1..=65_536).contains(&self.head_dim)
            && let Err(error) = Rope::new(self.head_dim, 1, self.rope_theta, self.rope_scaling.kernel())
        {
            problems.push(ConfigProblem::new("rope_scaling", "numbers that give a rotation", error));
        }
        check_dropouts(&mut problems, named!(self; attention_dropout));
        check_positive(&mut problems, named!(self; rms_norm_eps, initializer_range));
        self.head.check(&mut problems, HEADS);
        problems
    }

    /// Public tensors under the names that [`Llama::new`] asks for. Those of a bare `LlamaModel` get the prefix `model.`; frequencies,
    /// and the output layer where it is the table of words, are left out.
    fn public_names(&self, given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        let bare = !given.keys().any(|name| name.starts_with("model."));
        let unused = |name: &str| name.ends_with("rotary_emb.inv_freq") || (self.tie_word_embeddings && name == "lm_head.weight");
        let full = |name: String| if bare && name != "lm_head.weight" { format!("model.{name}") } else { name };
        Ok(given.into_iter().filter(|(name, _)| !unused(name)).map(|(name, tensor)| (full(name), tensor)).collect())
    }

    fn set_dropout(&mut self, p: f64) {
        self.attention_dropout = p;
    }

    fn set_untied(&mut self) -> bool {
        self.tie_word_embeddings = false;
        true
    }

    fn untie(&self, given: &mut BTreeMap<String, Tensor>) {
        let table = given.get("model.embed_tokens.weight").cloned();
        if let (false, Some(table)) = (self.tie_word_embeddings, table) {
            given.entry("lm_head.weight".into()).or_insert(table);
        }
    }

    fn text_limits(&self) -> Option<(usize, usize)> {
        Some((self.vocab_size, self.max_position_embeddings))
    }

    fn cost(&self, b: usize, t: usize) -> Cost {
        let (mut cost, d, ff, rows) = (Cost::default(), self.hidden_size, self.intermediate_size, b * t);
        let (dim, kv_dim) = (self.num_attention_heads * self.head_dim, self.num_key_value_heads * self.head_dim);
        let qkv_bias = self.attention_bias || self.model_type == Family::Qwen2;
        cost.params += self.vocab_size * d;
        cost.keep(rows * d);
        for _ in 0..self.num_hidden_layers {
            cost.block(2 * rows * d, |cost| {
                cost.linear(rows, d, dim, qkv_bias);
                (0..2).for_each(|_| cost.linear(rows, d, kv_dim, qkv_bias));
                cost.linear(rows, dim, d, self.attention_bias);
                (0..2).for_each(|_| cost.linear(rows, d, ff, self.mlp_bias));
                cost.linear(rows, ff, d, self.mlp_bias);
                cost.params += 2 * d + if self.model_type == Family::Qwen3 { 2 * self.head_dim } else { 0 };
                // Scores and their product with the values, of the half that is seen.
                let seen = self.sliding_window.map_or(t as f64 / 2.0, |window| (t as f64 / 2.0).min(window as f64));
                cost.forward_flops += 4.0 * rows as f64 * seen * dim as f64;
                cost.keep(rows * ff + 4 * rows * d + rows * (dim + kv_dim));
            });
        }
        cost.params += d;
        cost.words(rows, d, self.vocab_size, !self.tie_word_embeddings);
        cost
    }

    fn build(&self, weights: &Weights, adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        Ok(Box::new(Llama::new(self, weights, adapter)?))
    }
}

/// The model.
struct Llama {
    words: Param,
    layers: Vec<Rc<Layer>>,
    norm: Param,
    /// Where the output layer is not the table of words.
    lm_head: Option<Param>,
    config: Config,
    /// For as many positions as were needed so far.
    rope: RefCell<Rope>,
}

impl Llama {
    fn new(config: &Config, weights: &Weights, adapter: Option<&Adapter>) -> Result<Self> {
        let own = body(weights, adapter);
        let (at, d, init) = (own.at("model"), config.hidden_size, Init::Normal(config.initializer_range as f32));
        let layers = weights.at("model").at("layers");
        Ok(Llama {
            words: at.at("embed_tokens").param("weight", &[config.vocab_size, d], init),
            layers: (0..config.num_hidden_layers)
                .map(|i| Layer::new(config, adapter, &layers.at(i)).map(Rc::new))
                .collect::<Result<_>>()?,
            norm: at.at("norm").param("weight", &[d], Init::Ones),
            lm_head: (!config.tie_word_embeddings).then(|| own.at("lm_head").param("weight", &[config.vocab_size, d], init)),
            config: config.clone(),
            rope: RefCell::new(config.rotation(0)?),
        })
    }

    /// The rotations of at least `len` positions.
    fn rope(&self, len: usize) -> Result<Rope> {
        let mut rope = self.rope.borrow_mut();
        if rope.positions() < len {
            *rope = self.config.rotation(len)?;
        }
        Ok(rope.clone())
    }
}

impl Config {
    /// The rotations of at least `len` positions. Public models allow a hundred thousand; tables for all of them would be large.
    pub(crate) fn rotation(&self, len: usize) -> Result<Rope> {
        let positions = if len == 0 { 0 } else { len.next_power_of_two().min(self.max_position_embeddings) };
        Ok(Rope::new(self.head_dim, positions, self.rope_theta, self.rope_scaling.kernel())?)
    }
}

impl Decoder for Llama {
    const FAMILY: &'static str = "llama";

    fn empty_cache(&self) -> Cache {
        Cache::new(self.layers.len(), self.words.tensor().device())
    }

    fn max_positions(&self) -> usize {
        self.config.max_position_embeddings
    }

    fn states(&self, tape: &Tape, token_ids: &Tensor, texts: Texts, mut cache: Option<&mut Cache>) -> Result<Output> {
        let first = cache.as_ref().map_or(0, |cache| cache.len());
        let lengths = texts.lengths();
        let t = check_tokens(Self::FAMILY, token_ids, &lengths, self.config.max_position_embeddings.saturating_sub(first))?;
        let place = Rc::new(Place { rope: self.rope(first + t)?, firsts: vec![first; lengths.len()], texts });
        let eps = self.config.rms_norm_eps;
        let mut x_btd = kernels::embedding(tape, token_ids, &self.words)?;
        // Each sum comes together with the norm that reads it first: that of the layer's second half, or of the next layer.
        let next = self.layers.iter().skip(1).map(|layer| &layer.input_norm).chain([&self.norm]);
        let mut n_btd = kernels::rms_norm(tape, &x_btd, self.layers.first().map_or(&self.norm, |layer| &layer.input_norm), eps)?;
        for (i, (layer, next_norm)) in self.layers.iter().zip(next).enumerate() {
            [x_btd, n_btd] = match &mut cache {
                Some(cache) => layer.forward(tape, [&x_btd, &n_btd], next_norm, &place, Some(cache.layer(i)))?,
                None => {
                    let (layer, next_norm, place) = (Rc::clone(layer), next_norm.clone(), Rc::clone(&place));
                    kernels::block(tape, [&x_btd, &n_btd], move |tape, xn| layer.forward(tape, xn, &next_norm, &place, None))?
                }
            };
        }
        if let Some(cache) = cache {
            cache.advance(t);
        }
        let vocabulary = self.lm_head.as_ref().unwrap_or(&self.words).clone();
        Ok(Output::Words { states: n_btd, vocabulary, bias: None })
    }
}

/// Where the words of a pass stand: each row's first position, and its texts.
struct Place {
    rope: Rope,
    firsts: Vec<usize>,
    texts: Texts,
}

/// One layer: attention and feed-forward.
struct Layer {
    input_norm: Param,
    query: Linear,
    key: Linear,
    value: Linear,
    /// Norms of each head's queries and keys (Qwen3).
    query_key_norms: Option<[Param; 2]>,
    attention_output: Linear,
    post_attention_norm: Param,
    gate: Linear,
    up: Linear,
    down: Linear,
    num_heads: usize,
    mask: Mask,
    attention_dropout: f32,
    eps: f64,
}

impl Layer {
    fn new(config: &Config, adapter: Option<&Adapter>, at: &Weights) -> Result<Self> {
        let (d, ff, family) = (config.hidden_size, config.intermediate_size, config.model_type);
        let (dim, kv_dim) = (config.num_attention_heads * config.head_dim, config.num_key_value_heads * config.head_dim);
        let init = Init::Normal(config.initializer_range as f32);
        let norms = body(at, adapter);
        let linear = |part: &str, name: &str, sizes, bias| Linear::new(&at.at(part).at(name), sizes, bias, init, adapter);
        let (own, mlp) = ("self_attn", "mlp");
        let qkv_bias = config.attention_bias || family == Family::Qwen2;
        let head_norm = |name| norms.at(own).at(name).param("weight", &[config.head_dim], Init::Ones);
        Ok(Layer {
            input_norm: norms.at("input_layernorm").param("weight", &[d], Init::Ones),
            query: linear(own, "q_proj", [d, dim], qkv_bias)?,
            key: linear(own, "k_proj", [d, kv_dim], qkv_bias)?,
            value: linear(own, "v_proj", [d, kv_dim], qkv_bias)?,
            query_key_norms: (family == Family::Qwen3).then(|| ["q_norm", "k_norm"].map(head_norm)),
            attention_output: linear(own, "o_proj", [dim, d], config.attention_bias)?,
            post_attention_norm: norms.at("post_attention_layernorm").param("weight", &[d], Init::Ones),
            gate: linear(mlp, "gate_proj", [d, ff], config.mlp_bias)?,
            up: linear(mlp, "up_proj", [d, ff], config.mlp_bias)?,
            down: linear(mlp, "down_proj", [ff, d], config.mlp_bias)?,
            num_heads: config.num_attention_heads,
            mask: config.sliding_window.map_or(Mask::Causal, Mask::CausalWindow),
            attention_dropout: config.attention_dropout as f32,
            eps: config.rms_norm_eps,
        })
    }

    /// The sum so far and its norm -> the sum behind this layer and its norm, `next_norm`, each `[b, t, d]`.
    fn forward(
        &self,
        tape: &Tape,
        [x_btd, n_btd]: [&Var; 2],
        next_norm: &Param,
        place: &Place,
        past: Option<&mut Past>,
    ) -> kernels::Result<[Var; 2]> {
        let a_btd = self.attention(tape, n_btd, place, past)?;
        let (sum, n) = kernels::add_rms_norm(tape, &a_btd, x_btd, &self.post_attention_norm, self.eps)?;
        Ok(kernels::add_rms_norm(tape, &self.mlp(tape, &n)?, &sum, next_norm, self.eps)?.into())
    }

    fn attention(&self, tape: &Tape, n_btd: &Var, place: &Place, past: Option<&mut Past>) -> kernels::Result<Var> {
        let (mut q, mut k) = (self.query.forward(tape, n_btd)?, self.key.forward(tape, n_btd)?);
        let mut v = self.value.forward(tape, n_btd)?;
        if let Some([query_norm, key_norm]) = &self.query_key_norms {
            q = kernels::rms_norm_heads(tape, &q, query_norm, self.eps)?;
            k = kernels::rms_norm_heads(tape, &k, key_norm, self.eps)?;
        }
        let turn = |x: &Var| match &place.texts {
            Texts::One(_) => kernels::rope(tape, x, &place.rope, Some(&place.firsts)),
            Texts::Several(documents) => kernels::rope_documents(tape, x, &place.rope, documents),
        };
        (q, k) = (turn(&q)?, turn(&k)?);
        let mut key_lengths = None;
        if let Some(past) = past {
            let known = past.extend(&k, &v)?;
            (k, v, key_lengths) = (known.k, known.v, Some(known.lengths));
        }
        let args = place.texts.attention(Attention {
            mask: self.mask,
            key_lengths: key_lengths.as_deref(),
            dropout: self.attention_dropout,
            ..Attention::causal(self.num_heads)
        });
        self.attention_output.forward(tape, &kernels::attention(tape, &q, &k, &v, &args)?)
    }

    fn mlp(&self, tape: &Tape, n_btd: &Var) -> kernels::Result<Var> {
        let h = kernels::swiglu(tape, &self.gate.forward(tape, n_btd)?, &self.up.forward(tape, n_btd)?)?;
        self.down.forward(tape, &h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `attention_factor` as transformers 5.24 has it (`_compute_yarn_parameters`).
    #[test]
    fn yarns_values_are_multiplied_as_the_file_says() {
        let factor = |more: &str| {
            let scaling = format!(r#"{{"rope_type": "yarn", "factor": 4.0{more}}}"#);
            let text = format!(
                r#"{{"model_type": "llama", "vocab_size": 9, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
                     "num_attention_heads": 2, "max_position_embeddings": 64, "rope_scaling": {scaling}}}"#
            );
            let object: Map<String, Value> = serde_json::from_str(&text).expect("JSON");
            match Config::from_public(&object).map(|config| config.rope_scaling) {
                Ok(Scaling::Yarn { attention_factor, .. }) => Ok(attention_factor),
                other => Err(format!("{other:?}")),
            }
        };
        assert_eq!(factor(""), Ok(None));
        assert_eq!(factor(r#", "mscale": 0.7"#), Ok(None), "one of the two alone says nothing");
        assert_eq!(factor(r#", "attention_factor": 1.5, "mscale": 0.7, "mscale_all_dim": 1.3"#), Ok(Some(1.5)));
        let found = factor(r#", "mscale": 0.7, "mscale_all_dim": 1.3"#).expect("read").expect("stated");
        let grown = |scale: f64| 0.1 * scale * 4.0f64.ln() + 1.0;
        assert!((found - grown(0.7) / grown(1.3)).abs() < 1e-12, "{found}");
        assert!(factor(r#", "truncate": false"#).is_err_and(|e| e.contains("truncate")));
    }
}
