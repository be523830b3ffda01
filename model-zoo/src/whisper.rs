//! Whisper (Radford et al., 2212.04356): text from speech, with the names of `WhisperForConditionalGeneration`. Two convolutions over a
//! log-mel spectrogram, then a Transformer whose norms stand before each layer; positions are sines in the encoder, learnt in the decoder.
//!
//! Shapes: `b` batch, `m` mel bins, `f` frames (twice the positions `s` of the encoder), `t` target tokens, `d` width (`d_model`).

use crate::blocks::{Block, EPS, Norms, Shape};
use crate::contract::{Architecture, Input, Model, Output, PairIds, SpeechLimits};
use crate::cost::Cost;
use crate::encoder_decoder::{EncoderDecoder, Read, Target, Writer};
use crate::error::{self, ConfigProblem, Result};
use crate::fields::{Fields, check_counts, check_divides, check_dropouts, check_ids, check_positive, named};
use crate::generate::Source;
use crate::head::{Head, HeadKind, Heads, words};
use crate::lora::{Adapter, body};
pub use crate::parts::Activation;
use crate::parts::LayerNorm;
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;
use tallow_kernels::{self as kernels, Conv2d, Init, Param, Tape, Var, Weights};

/// The keys of the public `config.json` that matter here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub vocab_size: usize,
    pub num_mel_bins: usize,
    pub d_model: usize,
    pub encoder_layers: usize,
    pub decoder_layers: usize,
    pub encoder_attention_heads: usize,
    pub decoder_attention_heads: usize,
    pub encoder_ffn_dim: usize,
    pub decoder_ffn_dim: usize,
    /// Half the frames of a recording: 1500 are 30 seconds.
    pub max_source_positions: usize,
    pub max_target_positions: usize,
    pub activation_function: Activation,
    pub dropout: f64,
    pub attention_dropout: f64,
    /// Of what a feed-forward layer's activation gives.
    pub activation_dropout: f64,
    /// Of all matrices at the start.
    pub init_std: f64,
    pub pad_token_id: usize,
    pub bos_token_id: usize,
    pub eos_token_id: usize,
    /// What a target begins with.
    pub decoder_start_token_id: usize,
    /// What the last layer says.
    #[serde(default = "words")]
    pub head: Head,
}

/// Its heads, by the names of their classes in public files.
pub(crate) const HEADS: &Heads = &[(HeadKind::Words, "WhisperForConditionalGeneration")];

/// Frames that a filter sees, and that the second one moves on by.
const KERNEL: usize = 3;
const STRIDE: usize = 2;

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        for (field, usual) in [
            ("is_encoder_decoder", json!(true)),
            ("tie_word_embeddings", json!(true)),
            ("encoder_layerdrop", json!(0.0)),
            ("decoder_layerdrop", json!(0.0)),
            ("apply_spec_augment", json!(false)),
        ] {
            // A number may be written with or without its point.
            if f.get(field).and_then(Value::as_f64).is_none_or(|found| Some(found) != usual.as_f64()) {
                f.only_if_present(field, usual);
            }
        }
        let config = Config {
            vocab_size: f.count_or("vocab_size", 51865),
            num_mel_bins: f.count_or("num_mel_bins", 80),
            d_model: f.count_or("d_model", 384),
            encoder_layers: f.count_or("encoder_layers", 4),
            decoder_layers: f.count_or("decoder_layers", 4),
            encoder_attention_heads: f.count_or("encoder_attention_heads", 6),
            decoder_attention_heads: f.count_or("decoder_attention_heads", 6),
            encoder_ffn_dim: f.count_or("encoder_ffn_dim", 1536),
            decoder_ffn_dim: f.count_or("decoder_ffn_dim", 1536),
            max_source_positions: f.count_or("max_source_positions", 1500),
            max_target_positions: f.count_or("max_target_positions", 448),
            activation_function: f.choice_or("activation_function", Activation::Gelu, &Activation::NAMES),
            dropout: f.number_or("dropout", 0.0),
            attention_dropout: f.number_or("attention_dropout", 0.0),
            activation_dropout: f.number_or("activation_dropout", 0.0),
            init_std: f.number_or("init_std", 0.02),
            pad_token_id: f.count_or("pad_token_id", 50256),
            bos_token_id: f.count_or("bos_token_id", 50256),
            eos_token_id: f.count_or("eos_token_id", 50256),
            decoder_start_token_id: f.count_or("decoder_start_token_id", 50257),
            head: Head::Words,
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config {
            vocab_size: 50,
            num_mel_bins: 5,
            d_model: 16,
            encoder_layers: 1,
            decoder_layers: 2,
            encoder_attention_heads: 4,
            decoder_attention_heads: 2,
            encoder_ffn_dim: 24,
            decoder_ffn_dim: 20,
            max_source_positions: 7,
            max_target_positions: 12,
            activation_function: Activation::Gelu,
            dropout: 0.1,
            attention_dropout: 0.1,
            activation_dropout: 0.1,
            init_std: 0.1,
            pad_token_id: 1,
            bos_token_id: 1,
            eos_token_id: 1,
            decoder_start_token_id: 2,
            head: Head::Words,
        }
    }

    fn beside(&self, config: &mut Map<String, Value>) {
        let beside = [
            ("is_encoder_decoder", json!(true)),
            ("scale_embedding", json!(false)),
            ("tie_word_embeddings", json!(true)),
            // Or else the library has its own where nothing is said.
            ("suppress_tokens", Value::Null),
            ("begin_suppress_tokens", Value::Null),
        ];
        config.extend(beside.map(|(field, value)| (field.into(), value)));
    }

    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let most = [
            ("vocab_size", self.vocab_size, 10_000_000),
            ("num_mel_bins", self.num_mel_bins, 1024),
            ("d_model", self.d_model, 65_536),
            ("encoder_layers", self.encoder_layers, 1000),
            ("decoder_layers", self.decoder_layers, 1000),
            ("encoder_attention_heads", self.encoder_attention_heads, 1024),
            ("decoder_attention_heads", self.decoder_attention_heads, 1024),
            ("encoder_ffn_dim", self.encoder_ffn_dim, 1_000_000),
            ("decoder_ffn_dim", self.decoder_ffn_dim, 1_000_000),
            ("max_source_positions", self.max_source_positions, 100_000),
            ("max_target_positions", self.max_target_positions, 1_000_000),
        ];
        check_counts(&mut problems, most);
        for heads in named!(self; encoder_attention_heads, decoder_attention_heads) {
            check_divides(&mut problems, [heads, ("d_model", self.d_model)]);
        }
        check_dropouts(&mut problems, named!(self; dropout, attention_dropout, activation_dropout));
        check_ids(&mut problems, self.vocab_size, named!(self; pad_token_id, bos_token_id, eos_token_id, decoder_start_token_id));
        check_positive(&mut problems, named!(self; init_std));
        self.head.check(&mut problems, HEADS);
        problems
    }

    /// The output layer is the table of words. Filters see one line of an image that is one high.
    fn public_names(&self, mut given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        given.remove("proj_out.weight");
        for name in FILTERS {
            if let Some(filter) = given.get(name).filter(|filter| filter.rank() == 3) {
                given.insert(name.into(), filter.unsqueeze(2)?);
            }
        }
        Ok(given)
    }

    fn public_tensors(&self, mut own: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        for name in FILTERS {
            if let Some(filter) = own.remove(name) {
                own.insert(name.into(), filter.squeeze(2)?);
            }
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
        Some((self.vocab_size, self.max_target_positions))
    }

    fn speech_limits(&self) -> Option<SpeechLimits> {
        Some(SpeechLimits { mel_bins: self.num_mel_bins, frames: STRIDE * self.max_source_positions })
    }

    fn pair_ids(&self) -> Option<PairIds> {
        let [start, end, pad] = [self.decoder_start_token_id, self.eos_token_id, self.pad_token_id].map(|id| id as u32);
        Some(PairIds { start, end, pad, never: None })
    }

    /// A target has `t` tokens; a recording always has all its frames.
    fn cost(&self, b: usize, t: usize) -> Cost {
        let (mut cost, d) = (Cost::default(), self.d_model);
        let (sources, targets, s) = (b * self.max_source_positions, b * t, self.max_source_positions);
        // Positions of the encoder are not trained.
        cost.params += (self.vocab_size + self.max_target_positions) * d;
        cost.dense(STRIDE * sources, KERNEL * self.num_mel_bins, d);
        cost.dense(sources, KERNEL * d, d);
        cost.keep(STRIDE * sources * d + 2 * sources * d + 3 * targets * d);
        let attention = |cost: &mut Cost, rows: usize, read: usize, seen: f64| {
            cost.params += 4 * d * d + 3 * d;
            cost.forward_flops += 4.0 * (rows + read) as f64 * (d * d) as f64;
            norm(cost, rows, d);
            // Scores and their product with the values.
            cost.forward_flops += 4.0 * (rows * d) as f64 * seen;
            cost.keep(4 * rows * d + 2 * read * d);
        };
        let forward = |cost: &mut Cost, rows: usize, inner: usize| {
            cost.dense(rows, d, inner);
            cost.dense(rows, inner, d);
            norm(cost, rows, d);
            cost.keep(rows * inner + rows * d);
        };
        for _ in 0..self.encoder_layers {
            cost.block(sources * d, |cost| {
                attention(cost, sources, sources, s as f64);
                forward(cost, sources, self.encoder_ffn_dim);
            });
        }
        for _ in 0..self.decoder_layers {
            cost.block((sources + targets) * d, |cost| {
                attention(cost, targets, targets, t as f64 / 2.0);
                attention(cost, targets, sources, s as f64);
                forward(cost, targets, self.decoder_ffn_dim);
            });
        }
        norm(&mut cost, sources, d);
        norm(&mut cost, targets, d);
        cost.words(targets, d, self.vocab_size, false);
        cost
    }

    fn build(&self, weights: &Weights, adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        Ok(Box::new(Writer(Whisper::new(self, weights, adapter)?)))
    }
}

impl Config {
    /// Of the blocks of encoder or decoder.
    fn shape(&self, decodes: bool) -> Shape {
        Shape {
            width: self.d_model,
            inner: if decodes { self.decoder_ffn_dim } else { self.encoder_ffn_dim },
            num_heads: if decodes { self.decoder_attention_heads } else { self.encoder_attention_heads },
            key_bias: false,
            norms: Norms::Before,
            act: self.activation_function,
            dropout: self.dropout as f32,
            attention_dropout: self.attention_dropout as f32,
            activation_dropout: self.activation_dropout as f32,
            init: Init::Normal(self.init_std as f32),
            decodes,
        }
    }
}

fn norm(cost: &mut Cost, rows: usize, d: usize) {
    cost.params += 2 * d;
    cost.keep(rows * d);
}

/// Layers whose filters are `[d, channels, 3]` in public files.
const FILTERS: [&str; 2] = ["model.encoder.conv1.weight", "model.encoder.conv2.weight"];

/// The model.
struct Whisper {
    convolutions: [Convolution; 2],
    /// Of the encoder, `[s, d]`: not trained.
    sines: Param,
    encoder: Vec<Rc<Block>>,
    encoder_norm: LayerNorm,
    words: Param,
    positions: Param,
    decoder: Vec<Rc<Block>>,
    decoder_norm: LayerNorm,
    config: Config,
}

/// A convolution over time, then GELU.
struct Convolution {
    weight: Param,
    bias: Param,
    args: Conv2d,
}

impl Whisper {
    fn new(config: &Config, weights: &Weights, adapter: Option<&Adapter>) -> Result<Self> {
        let (own, d, init) = (body(weights, adapter), config.d_model, Init::Normal(config.init_std as f32));
        let stack = |name: &str, shape: Shape, layers| shape.stack(layers, &weights.at("model").at(name).at("layers"), adapter);
        let (encoder, decoder) = (own.at("model.encoder"), own.at("model.decoder"));
        Ok(Whisper {
            convolutions: [
                Convolution::new(&encoder.at("conv1"), [config.num_mel_bins, d], 1, init),
                Convolution::new(&encoder.at("conv2"), [d, d], STRIDE, init),
            ],
            sines: encoder.frozen().at("embed_positions").param("weight", &[config.max_source_positions, d], Init::Sinusoids),
            encoder: stack("encoder", config.shape(false), config.encoder_layers)?,
            encoder_norm: LayerNorm::new(&encoder.at("layer_norm"), d, EPS),
            words: decoder.at("embed_tokens").param("weight", &[config.vocab_size, d], init),
            positions: decoder.at("embed_positions").param("weight", &[config.max_target_positions, d], init),
            decoder: stack("decoder", config.shape(true), config.decoder_layers)?,
            decoder_norm: LayerNorm::new(&decoder.at("layer_norm"), d, EPS),
            config: config.clone(),
        })
    }

    /// States of recordings, `[b, s, d]`, of their features `[b, m, f]`.
    fn encode(&self, tape: &Tape, features_bmf: &Tensor) -> Result<Var> {
        let (m, f) = (self.config.num_mel_bins, STRIDE * self.config.max_source_positions);
        let &[b, _, _] = features_bmf.dims() else { return Err(self.other_features(features_bmf)) };
        if features_bmf.dims() != [b, m, f] {
            return Err(self.other_features(features_bmf));
        }
        // An image one high, whose channels are the mel bins.
        let mut x = kernels::images(&features_bmf.unsqueeze(2)?)?;
        for convolution in &self.convolutions {
            x = convolution.forward(tape, &x)?;
        }
        let x = kernels::reshape(tape, &x, (b, self.config.max_source_positions, self.config.d_model))?;
        let x = kernels::add(tape, &x, &kernels::value(tape, &self.sines))?;
        let mut x = kernels::dropout(tape, &x, self.config.dropout as f32)?;
        for block in &self.encoder {
            let block = Rc::clone(block);
            [x] = kernels::block(tape, [&x], move |tape, [x]| Ok([block.encode(tape, x, None)?]))?;
        }
        Ok(self.encoder_norm.forward(tape, &x)?)
    }

    /// Every position of a recording is seen, of silence too.
    fn heard(&self, states: Var, recordings: usize) -> Read {
        Read { states, lengths: vec![self.config.max_source_positions; recordings] }
    }

    fn other_features(&self, found: &Tensor) -> error::Error {
        let (m, f) = (self.config.num_mel_bins, STRIDE * self.config.max_source_positions);
        let expected = format!("features of {m} mel bins and {f} frames, [B, M, F]");
        error::Error::Input { family: "whisper", expected, found: format!("{:?}", found.dims()) }
    }
}

impl EncoderDecoder for Whisper {
    const FAMILY: &'static str = "whisper";
    type Block = Block;

    fn read<'a>(&self, tape: &Tape, input: &'a Input) -> Result<(Read, Target<'a>)> {
        let Input::Speech { features, target_ids, target_lengths } = input else {
            return Err(input.other_than(Self::FAMILY, "recordings and their texts"));
        };
        let states = self.encode(tape, features)?;
        Ok((self.heard(states, target_lengths.len()), Target { ids: target_ids, lengths: target_lengths }))
    }

    fn read_alone(&self, tape: &Tape, sources: &[Source]) -> Result<Read> {
        let expected = || "the features of a recording".to_string();
        let features = sources.iter().map(|source| match source {
            Source::Speech(features) => Ok(*features),
            Source::Text(_) => Err(error::Error::Input { family: Self::FAMILY, expected: expected(), found: "a text".into() }),
        });
        let features = features.collect::<Result<Vec<_>>>()?;
        let Some(first) = features.first() else {
            return Err(error::Error::Input { family: Self::FAMILY, expected: expected(), found: "none".into() });
        };
        if let Some(other) = features.iter().find(|other| other.dims() != first.dims()) {
            return Err(self.other_features(other));
        }
        let states = self.encode(tape, &Tensor::stack(&features, 0)?.to_device(self.words.tensor().device())?)?;
        Ok(self.heard(states, sources.len()))
    }

    /// What padding looks up is not trained.
    fn embed(&self, tape: &Tape, ids: &Tensor, first: usize) -> Result<Var> {
        let words = kernels::embedding_padded(tape, ids, &self.words, self.config.pad_token_id as u32)?;
        let positions = Tensor::arange(first as u32, (first + ids.dim(1)?) as u32, ids.device())?;
        let positions = kernels::embedding(tape, &positions, &self.positions)?;
        let x = kernels::add(tape, &words, &positions)?;
        Ok(kernels::dropout(tape, &x, self.config.dropout as f32)?)
    }

    fn decoder(&self) -> &[Rc<Block>] {
        &self.decoder
    }

    fn output(&self, tape: &Tape, x: &Var) -> Result<Output> {
        let states = self.decoder_norm.forward(tape, x)?;
        Ok(Output::Words { states, vocabulary: self.words.clone(), bias: None })
    }

    fn max_target_tokens(&self) -> usize {
        self.config.max_target_positions
    }
}

impl Convolution {
    fn new(at: &Weights, [inner, out]: [usize; 2], stride: usize, init: Init) -> Self {
        Convolution {
            weight: at.param("weight", &[out, inner, 1, KERNEL], init),
            bias: at.param("bias", &[out], Init::Zeros),
            args: Conv2d { stride: [1, stride], padding: [0, KERNEL / 2], ..Conv2d::default() },
        }
    }

    /// `[b, 1, f, in]` -> `[b, 1, f / stride, out]`
    fn forward(&self, tape: &Tape, x: &Var) -> kernels::Result<Var> {
        kernels::gelu(tape, &kernels::conv2d(tape, x, &self.weight, Some(&self.bias), self.args)?)
    }
}
