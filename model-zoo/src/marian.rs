//! The Transformer of Vaswani et al. (1706.03762) for one text from another, with the names of `MarianMTModel`: norms behind each
//! addition, sinusoidal positions, and one table of words for source, target and output, scaled by the square root of the width.
//!
//! Shapes: `b` batch, `s` source tokens, `t` target tokens, `d` width (`d_model`).

use crate::blocks::{Block, Norms, Shape};
use crate::contract::{Architecture, Input, Model, Output, PairIds};
use crate::cost::Cost;
use crate::encoder_decoder::{EncoderDecoder, Read, Target, Writer, read_texts};
use crate::error::{ConfigProblem, Result};
use crate::fields::{Fields, check_counts, check_divides, check_dropouts, check_ids, check_positive, named};
use crate::generate::Source;
use crate::head::{Head, HeadKind, Heads, words};
use crate::lora::{Adapter, body};
pub use crate::parts::Activation;
use crate::parts::{check_tokens, padded_sources};
use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;
use tallow_kernels::{self as kernels, Init, Param, Tape, Var, Weights};

/// The keys of the public `config.json` that matter here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub vocab_size: usize,
    pub d_model: usize,
    pub encoder_layers: usize,
    pub decoder_layers: usize,
    pub encoder_attention_heads: usize,
    pub decoder_attention_heads: usize,
    pub encoder_ffn_dim: usize,
    pub decoder_ffn_dim: usize,
    pub max_position_embeddings: usize,
    pub activation_function: Activation,
    pub dropout: f64,
    pub attention_dropout: f64,
    /// Of what a feed-forward layer's activation gives.
    pub activation_dropout: f64,
    /// Of all matrices at the start.
    pub init_std: f64,
    /// Whether what the table of words gives is multiplied by the square root of `d_model` (section 3.4).
    pub scale_embedding: bool,
    pub pad_token_id: usize,
    pub eos_token_id: usize,
    /// What a target begins with.
    pub decoder_start_token_id: usize,
    /// What the last layer says.
    #[serde(default = "words")]
    pub head: Head,
}

/// Its heads, by the names of their classes in public files.
pub(crate) const HEADS: &Heads = &[(HeadKind::Words, "MarianMTModel")];

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        for (field, usual) in [
            ("is_encoder_decoder", true),
            ("normalize_before", false),
            ("normalize_embedding", false),
            ("add_final_layer_norm", false),
            ("static_position_embeddings", true),
            ("share_encoder_decoder_embeddings", true),
            ("tie_word_embeddings", true),
        ] {
            f.only_if_present(field, json!(usual));
        }
        let vocab_size = f.count("vocab_size");
        f.only_if_present("decoder_vocab_size", json!(vocab_size));
        let pad_token_id = f.count_or("pad_token_id", 58100);
        let config = Config {
            vocab_size,
            d_model: f.count_or("d_model", 1024),
            encoder_layers: f.count_or("encoder_layers", 12),
            decoder_layers: f.count_or("decoder_layers", 12),
            encoder_attention_heads: f.count_or("encoder_attention_heads", 16),
            decoder_attention_heads: f.count_or("decoder_attention_heads", 16),
            encoder_ffn_dim: f.count_or("encoder_ffn_dim", 4096),
            decoder_ffn_dim: f.count_or("decoder_ffn_dim", 4096),
            max_position_embeddings: f.count_or("max_position_embeddings", 1024),
            activation_function: f.choice_or("activation_function", Activation::Gelu, &Activation::NAMES),
            dropout: f.number_or("dropout", 0.1),
            attention_dropout: f.number_or("attention_dropout", 0.0),
            activation_dropout: f.number_or("activation_dropout", 0.0),
            init_std: f.number_or("init_std", 0.02),
            scale_embedding: f.flag_or("scale_embedding", false),
            pad_token_id,
            eos_token_id: f.count_or("eos_token_id", 0),
            decoder_start_token_id: f.count_or("decoder_start_token_id", pad_token_id),
            head: Head::Words,
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config {
            vocab_size: 50,
            d_model: 16,
            encoder_layers: 1,
            decoder_layers: 2,
            encoder_attention_heads: 4,
            decoder_attention_heads: 2,
            encoder_ffn_dim: 24,
            decoder_ffn_dim: 20,
            max_position_embeddings: 12,
            activation_function: Activation::Relu,
            dropout: 0.1,
            attention_dropout: 0.1,
            activation_dropout: 0.1,
            init_std: 0.1,
            scale_embedding: true,
            pad_token_id: 0,
            eos_token_id: 1,
            decoder_start_token_id: 0,
            head: Head::Words,
        }
    }

    fn beside(&self, config: &mut Map<String, Value>) {
        let beside = [
            ("is_encoder_decoder", json!(true)),
            ("decoder_vocab_size", json!(self.vocab_size)),
            ("share_encoder_decoder_embeddings", json!(true)),
            ("tie_word_embeddings", json!(true)),
            // Or else the library ends a long text with token 0.
            ("forced_eos_token_id", Value::Null),
        ];
        config.extend(beside.map(|(field, value)| (field.into(), value)));
    }

    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let most = [
            ("vocab_size", self.vocab_size, 10_000_000),
            ("d_model", self.d_model, 65_536),
            ("encoder_layers", self.encoder_layers, 1000),
            ("decoder_layers", self.decoder_layers, 1000),
            ("encoder_attention_heads", self.encoder_attention_heads, 1024),
            ("decoder_attention_heads", self.decoder_attention_heads, 1024),
            ("encoder_ffn_dim", self.encoder_ffn_dim, 1_000_000),
            ("decoder_ffn_dim", self.decoder_ffn_dim, 1_000_000),
            ("max_position_embeddings", self.max_position_embeddings, 1_000_000),
        ];
        check_counts(&mut problems, most);
        for heads in named!(self; encoder_attention_heads, decoder_attention_heads) {
            check_divides(&mut problems, [heads, ("d_model", self.d_model)]);
        }
        check_dropouts(&mut problems, named!(self; dropout, attention_dropout, activation_dropout));
        check_ids(&mut problems, self.vocab_size, named!(self; pad_token_id, eos_token_id, decoder_start_token_id));
        check_positive(&mut problems, named!(self; init_std));
        self.head.check(&mut problems, HEADS);
        problems
    }

    /// Copies of the table of words, and positions, which a formula gives, are left out. What is added to scores is `[1, V]` in public
    /// files.
    fn public_names(&self, mut given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        let is_copy = |name: &str| name.ends_with(".embed_tokens.weight") || name == "lm_head.weight";
        given.retain(|name, _| !is_copy(name) && !name.ends_with(".embed_positions.weight"));
        if let Some(bias) = given.get(BIAS).filter(|bias| bias.dims() == [1, self.vocab_size]) {
            given.insert(BIAS.into(), bias.squeeze(0)?);
        }
        Ok(given)
    }

    fn public_tensors(&self, mut own: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        if let Some(bias) = own.remove(BIAS) {
            own.insert(BIAS.into(), bias.unsqueeze(0)?);
        }
        Ok(own)
    }

    fn set_dropout(&mut self, p: f64) {
        self.dropout = p;
        // Those that a file has at 0 stay there, as its authors trained it.
        for other in [&mut self.attention_dropout, &mut self.activation_dropout] {
            *other = if *other > 0.0 { p } else { 0.0 };
        }
    }

    fn text_limits(&self) -> Option<(usize, usize)> {
        Some((self.vocab_size, self.max_position_embeddings))
    }

    fn pair_ids(&self) -> Option<PairIds> {
        let [start, end, pad] = [self.decoder_start_token_id, self.eos_token_id, self.pad_token_id].map(|id| id as u32);
        // As `bad_words_ids` of all public ones says.
        Some(PairIds { start, end, pad, never: Some(pad) })
    }

    /// Source and target have `t` tokens each.
    fn cost(&self, b: usize, t: usize) -> Cost {
        let (mut cost, d, rows) = (Cost::default(), self.d_model, b * t);
        cost.params += self.vocab_size * d;
        cost.keep(4 * rows * d);
        let attention = |cost: &mut Cost, seen: f64| {
            (0..4).for_each(|_| cost.dense(rows, d, d));
            cost.params += 2 * d;
            // Scores and their product with the values.
            cost.forward_flops += 4.0 * (rows * d) as f64 * seen;
            cost.keep(3 * rows * d);
        };
        let forward = |cost: &mut Cost, inner: usize| {
            cost.dense(rows, d, inner);
            cost.dense(rows, inner, d);
            cost.params += 2 * d;
            cost.keep(rows * inner + 3 * rows * d);
        };
        for _ in 0..self.encoder_layers {
            cost.block(rows * d, |cost| {
                attention(cost, t as f64);
                forward(cost, self.encoder_ffn_dim);
            });
        }
        for _ in 0..self.decoder_layers {
            cost.block(2 * rows * d, |cost| {
                attention(cost, t as f64 / 2.0);
                attention(cost, t as f64);
                forward(cost, self.decoder_ffn_dim);
            });
        }
        cost.words(rows, d, self.vocab_size, false);
        cost
    }

    fn build(&self, weights: &Weights, adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        Ok(Box::new(Writer(Marian::new(self, weights, adapter)?)))
    }
}

impl Config {
    /// Of the blocks of encoder or decoder.
    fn shape(&self, decodes: bool) -> Shape {
        Shape {
            width: self.d_model,
            inner: if decodes { self.decoder_ffn_dim } else { self.encoder_ffn_dim },
            num_heads: if decodes { self.decoder_attention_heads } else { self.encoder_attention_heads },
            key_bias: true,
            norms: Norms::Behind,
            act: self.activation_function,
            dropout: self.dropout as f32,
            attention_dropout: self.attention_dropout as f32,
            activation_dropout: self.activation_dropout as f32,
            init: Init::Normal(self.init_std as f32),
            decodes,
        }
    }
}

/// What is added to the scores of words; it is not trained.
const BIAS: &str = "final_logits_bias";

/// The model.
struct Marian {
    words: Param,
    bias: Param,
    encoder: Vec<Rc<Block>>,
    decoder: Vec<Rc<Block>>,
    config: Config,
}

impl Marian {
    fn new(config: &Config, weights: &Weights, adapter: Option<&Adapter>) -> Result<Self> {
        let (own, d) = (body(weights, adapter), config.d_model);
        let stack = |name: &str, shape: Shape, layers| shape.stack(layers, &weights.at("model").at(name).at("layers"), adapter);
        let words = own.at("model.shared").param("weight", &[config.vocab_size, d], Init::Normal(config.init_std as f32));
        Ok(Marian {
            words,
            bias: weights.frozen().param(BIAS, &[config.vocab_size], Init::Zeros),
            encoder: stack("encoder", config.shape(false), config.encoder_layers)?,
            decoder: stack("decoder", config.shape(true), config.decoder_layers)?,
            config: config.clone(),
        })
    }

    /// States of the source, `[b, s, d]`.
    fn encode(&self, tape: &Tape, source_ids: &Tensor, lengths: &[usize]) -> Result<Var> {
        check_tokens("marian", source_ids, lengths, self.config.max_position_embeddings)?;
        let (mut x, shared): (Var, Rc<[usize]>) = (self.embed(tape, source_ids, 0)?, lengths.into());
        for block in &self.encoder {
            let (block, lengths) = (Rc::clone(block), Rc::clone(&shared));
            [x] = kernels::block(tape, [&x], move |tape, [x]| Ok([block.encode(tape, x, Some(&lengths))?]))?;
        }
        Ok(x)
    }
}

impl EncoderDecoder for Marian {
    const FAMILY: &'static str = "marian";
    type Block = Block;

    fn read<'a>(&self, tape: &Tape, input: &'a Input) -> Result<(Read, Target<'a>)> {
        read_texts(Self::FAMILY, input, |ids, lengths| self.encode(tape, ids, lengths))
    }

    fn read_alone(&self, tape: &Tape, sources: &[Source]) -> Result<Read> {
        let (source_ids, lengths) = padded_sources(Self::FAMILY, sources, self.words.tensor().device())?;
        Ok(Read { states: self.encode(tape, &source_ids, &lengths)?, lengths })
    }

    /// With positions (section 3.5). What padding looks up is not trained, though targets begin with it.
    fn embed(&self, tape: &Tape, ids: &Tensor, first: usize) -> Result<Var> {
        let mut words = kernels::embedding_padded(tape, ids, &self.words, self.config.pad_token_id as u32)?;
        if self.config.scale_embedding {
            words = kernels::scale(tape, &words, (self.config.d_model as f64).sqrt())?;
        }
        let (positions, dtype) = (positions(first, ids.dim(1)?, self.config.d_model, ids.device())?, words.tensor().dtype());
        let x = kernels::add(tape, &words, &Var::constant(positions.to_dtype(dtype)?))?;
        Ok(kernels::dropout(tape, &x, self.config.dropout as f32)?)
    }

    fn decoder(&self) -> &[Rc<Block>] {
        &self.decoder
    }

    fn output(&self, _: &Tape, x: &Var) -> Result<Output> {
        Ok(Output::Words { states: x.clone(), vocabulary: self.words.clone(), bias: Some(self.bias.clone()) })
    }

    fn max_target_tokens(&self) -> usize {
        self.config.max_position_embeddings
    }
}

/// `[t, d]`: of each position from `first` on the sines of all angles, then the cosines (the paper has them in turns, which is the same
/// but for the order of dimensions).
fn positions(first: usize, t: usize, d: usize, device: &Device) -> Result<Tensor> {
    let angle = |position: usize, i: usize| position as f64 / 10_000f64.powf(2.0 * i as f64 / d as f64);
    let row = |position: usize| {
        let sines = (0..d.div_ceil(2)).map(move |i| angle(position, i).sin() as f32);
        sines.chain((0..d / 2).map(move |i| angle(position, i).cos() as f32))
    };
    Ok(Tensor::from_vec((first..first + t).flat_map(row).collect::<Vec<f32>>(), (t, d), device)?)
}
