//! T5 (Raffel et al., 1910.10683), 1.0 and 1.1, for one text from another, with the names of `T5ForConditionalGeneration`.
//!
//! Shapes: `b` batch, `s` source tokens, `t` target tokens, `d` width (`d_model`), `i` inner width (heads times `d_kv`).

use crate::cache::Past;
use crate::contract::{Architecture, Input, Model, Output, PairIds};
use crate::cost::Cost;
use crate::encoder_decoder::{DecoderBlock, EncoderDecoder, Lengths, Read, Target, Writer, read_texts};
use crate::error::{ConfigProblem, Result};
use crate::fields::{Fields, check_count, check_counts, check_dropouts, check_ids, check_positive, named};
use crate::generate::Source;
use crate::head::{Head, HeadKind, Heads, words};
use crate::lora::{Adapter, Linear, body};
use crate::parts::{check_tokens, padded_sources, residual};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;
use tallow_kernels::{self as kernels, Attention, Init, Mask, Param, RelativeBias, Tape, Var, Weights};

/// The keys of the public `config.json` that matter here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub vocab_size: usize,
    pub d_model: usize,
    /// Size of a head.
    pub d_kv: usize,
    pub d_ff: usize,
    pub num_layers: usize,
    pub num_decoder_layers: usize,
    pub num_heads: usize,
    pub relative_attention_num_buckets: usize,
    pub relative_attention_max_distance: usize,
    pub dropout_rate: f64,
    pub layer_norm_epsilon: f64,
    pub initializer_factor: f64,
    pub feed_forward_proj: FeedForward,
    /// Whether the output layer is the table of words (1.0), behind states divided by the square root of `d_model`.
    pub tie_word_embeddings: bool,
    /// The longest text; distances alone matter, so that it is a limit of memory, not of the weights.
    pub n_positions: usize,
    pub pad_token_id: usize,
    pub eos_token_id: usize,
    /// What a target begins with.
    pub decoder_start_token_id: usize,
    /// What the last layer says.
    #[serde(default = "words")]
    pub head: Head,
}

/// Its heads, by the names of their classes in public files.
pub(crate) const HEADS: &Heads = &[(HeadKind::Words, "T5ForConditionalGeneration")];

/// What a feed-forward layer does between its products (Shazeer, 2002.05202).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedForward {
    Relu,
    GatedGelu,
    GatedSilu,
}

impl FeedForward {
    const NAMES: [(&str, FeedForward); 3] =
        [("relu", FeedForward::Relu), ("gated-gelu", FeedForward::GatedGelu), ("gated-silu", FeedForward::GatedSilu)];
}

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        f.only_if_present("is_encoder_decoder", json!(true));
        let num_layers = f.count_or("num_layers", 6);
        // Files of transformers 5 say tied of all, and by this key which are.
        let tied = f.flag_or("tie_word_embeddings", true);
        let config = Config {
            vocab_size: f.count("vocab_size"),
            d_model: f.count("d_model"),
            d_kv: f.count("d_kv"),
            d_ff: f.count("d_ff"),
            num_layers,
            num_decoder_layers: f.count_or("num_decoder_layers", num_layers),
            num_heads: f.count("num_heads"),
            relative_attention_num_buckets: f.count_or("relative_attention_num_buckets", 32),
            relative_attention_max_distance: f.count_or("relative_attention_max_distance", 128),
            dropout_rate: f.number_or("dropout_rate", 0.1),
            layer_norm_epsilon: f.number_or("layer_norm_epsilon", 1e-6),
            initializer_factor: f.number_or("initializer_factor", 1.0),
            feed_forward_proj: f.choice_or("feed_forward_proj", FeedForward::Relu, &FeedForward::NAMES),
            tie_word_embeddings: tied && f.flag_or("scale_decoder_outputs", true),
            n_positions: f.count_or("n_positions", 512),
            pad_token_id: f.count_or("pad_token_id", 0),
            eos_token_id: f.count_or("eos_token_id", 1),
            decoder_start_token_id: f.count_or("decoder_start_token_id", 0),
            head: Head::Words,
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config {
            vocab_size: 50,
            d_model: 16,
            d_kv: 6,
            d_ff: 24,
            num_layers: 1,
            num_decoder_layers: 2,
            num_heads: 2,
            relative_attention_num_buckets: 6,
            relative_attention_max_distance: 8,
            dropout_rate: 0.1,
            layer_norm_epsilon: 1e-6,
            initializer_factor: 1.0,
            feed_forward_proj: FeedForward::GatedGelu,
            tie_word_embeddings: true,
            n_positions: 12,
            pad_token_id: 0,
            eos_token_id: 1,
            decoder_start_token_id: 0,
            head: Head::Words,
        }
    }

    fn beside(&self, config: &mut Map<String, Value>) {
        let forward = FeedForward::NAMES.iter().find(|(_, f)| *f == self.feed_forward_proj).map(|(name, _)| name);
        config.insert("feed_forward_proj".into(), json!(forward));
        config.insert("is_encoder_decoder".into(), json!(true));
    }

    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let most = [
            ("vocab_size", self.vocab_size, 10_000_000),
            ("d_model", self.d_model, 65_536),
            ("d_kv", self.d_kv, 65_536),
            ("d_ff", self.d_ff, 1_000_000),
            ("num_layers", self.num_layers, 1000),
            ("num_decoder_layers", self.num_decoder_layers, 1000),
            ("num_heads", self.num_heads, 1024),
            ("n_positions", self.n_positions, 100_000_000),
        ];
        check_counts(&mut problems, most);
        // Half of them for each direction, half of those for single distances.
        check_count(&mut problems, "relative_attention_num_buckets", self.relative_attention_num_buckets, 4..=65_536);
        let farthest = self.relative_attention_num_buckets / 2 + 1..=1_000_000;
        check_count(&mut problems, "relative_attention_max_distance", self.relative_attention_max_distance, farthest);
        check_dropouts(&mut problems, named!(self; dropout_rate));
        check_ids(&mut problems, self.vocab_size, named!(self; pad_token_id, eos_token_id, decoder_start_token_id));
        check_positive(&mut problems, named!(self; layer_norm_epsilon, initializer_factor));
        self.head.check(&mut problems, HEADS);
        problems
    }

    /// Copies of the table of words are left out, as are distances between target and source, which files of 1.0 hold and nothing
    /// looks up; files whose output layer is the table of words need not hold it twice.
    fn public_names(&self, mut given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        const UNUSED: [&str; 2] = [".embed_tokens.weight", ".EncDecAttention.relative_attention_bias.weight"];
        given.retain(|name, _| !UNUSED.iter().any(|end| name.ends_with(end)));
        if self.tie_word_embeddings {
            given.remove("lm_head.weight");
        } else if let Some(shared) = given.get("shared.weight").filter(|_| !given.contains_key("lm_head.weight")) {
            given.insert("lm_head.weight".into(), shared.clone());
        }
        Ok(given)
    }

    fn set_dropout(&mut self, p: f64) {
        self.dropout_rate = p;
    }

    fn text_limits(&self) -> Option<(usize, usize)> {
        Some((self.vocab_size, self.n_positions))
    }

    fn pair_ids(&self) -> Option<PairIds> {
        let [start, end, pad] = [self.decoder_start_token_id, self.eos_token_id, self.pad_token_id].map(|id| id as u32);
        Some(PairIds { start, end, pad, never: None })
    }

    /// Source and target have `t` tokens each.
    fn cost(&self, b: usize, t: usize) -> Cost {
        let (mut cost, d, inner, rows) = (Cost::default(), self.d_model, self.inner(), b * t);
        cost.params += self.vocab_size * d + 2 * self.relative_attention_num_buckets * self.num_heads + 2 * d;
        cost.keep(4 * rows * d);
        let attention = |cost: &mut Cost, seen: f64| {
            (0..3).for_each(|_| cost.linear(rows, d, inner, false));
            cost.linear(rows, inner, d, false);
            cost.params += d;
            // Scores and their product with the values.
            cost.forward_flops += 4.0 * (rows * inner) as f64 * seen;
            cost.keep(3 * rows * d + rows * inner);
        };
        let forward = |cost: &mut Cost| {
            let gates = if self.feed_forward_proj == FeedForward::Relu { 1 } else { 2 };
            (0..gates).for_each(|_| cost.linear(rows, d, self.d_ff, false));
            cost.linear(rows, self.d_ff, d, false);
            cost.params += d;
            cost.keep(gates * rows * self.d_ff + 3 * rows * d);
        };
        for _ in 0..self.num_layers {
            cost.block(rows * d, |cost| {
                attention(cost, t as f64);
                forward(cost);
            });
        }
        for _ in 0..self.num_decoder_layers {
            cost.block(2 * rows * d, |cost| {
                attention(cost, t as f64 / 2.0);
                attention(cost, t as f64);
                forward(cost);
            });
        }
        cost.words(rows, d, self.vocab_size, !self.tie_word_embeddings);
        cost
    }

    fn build(&self, weights: &Weights, adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        Ok(Box::new(Writer(T5::new(self, weights, adapter)?)))
    }
}

impl Config {
    fn inner(&self) -> usize {
        self.num_heads * self.d_kv
    }

    fn shared(&self) -> Shared {
        Shared { eps: self.layer_norm_epsilon, dropout: self.dropout_rate as f32 }
    }
}

/// The model.
struct T5 {
    words: Param,
    encoder: Stack,
    decoder: Stack,
    /// Where the output layer is not the table of words.
    lm_head: Option<Param>,
    config: Config,
}

/// Encoder or decoder.
struct Stack {
    blocks: Vec<Rc<Block>>,
    norm: Param,
}

/// What attention adds to scores by distance, the same in all blocks of a stack.
#[derive(Clone)]
struct Distances {
    /// `[buckets, heads]`.
    table: Param,
    buckets: usize,
    /// Beyond it all are alike.
    farthest: usize,
    /// Whether only earlier words are seen.
    past_only: bool,
}

/// One block: attention to its own text, in the decoder to the source, then feed-forward; each behind a norm, with residual.
struct Block {
    own: AttentionLayer,
    distances: Distances,
    source: Option<AttentionLayer>,
    forward: Forward,
}

struct AttentionLayer {
    norm: Param,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    num_heads: usize,
    shared: Shared,
}

/// What all layers share.
#[derive(Clone, Copy)]
struct Shared {
    /// Added to the mean square in norms.
    eps: f64,
    dropout: f32,
}

struct Forward {
    norm: Param,
    gate: Linear,
    /// Where the first product goes through a gate.
    up: Option<Linear>,
    down: Linear,
    act: FeedForward,
    shared: Shared,
}

impl T5 {
    fn new(config: &Config, weights: &Weights, adapter: Option<&Adapter>) -> Result<Self> {
        let (own, d, factor) = (body(weights, adapter), config.d_model, config.initializer_factor as f32);
        let head = Init::Normal(factor / (d as f32).sqrt());
        let stack = |name: &str, layers, decodes| Stack::new(config, adapter, &weights.at(name), layers, decodes);
        Ok(T5 {
            words: own.at("shared").param("weight", &[config.vocab_size, d], Init::Normal(factor)),
            encoder: stack("encoder", config.num_layers, false)?,
            decoder: stack("decoder", config.num_decoder_layers, true)?,
            lm_head: (!config.tie_word_embeddings).then(|| own.at("lm_head").param("weight", &[config.vocab_size, d], head)),
            config: config.clone(),
        })
    }

    /// States of the source, `[b, s, d]`.
    fn encode(&self, tape: &Tape, source_ids: &Tensor, lengths: &[usize]) -> Result<Var> {
        check_tokens(Self::FAMILY, source_ids, lengths, self.config.n_positions)?;
        let (mut x, shared): (Var, Rc<[usize]>) = (self.embed(tape, source_ids, 0)?, lengths.into());
        for block in &self.encoder.blocks {
            let (block, lengths) = (Rc::clone(block), Rc::clone(&shared));
            [x] = kernels::block(tape, [&x], move |tape, [x]| Ok([block.encode(tape, x, &lengths)?]))?;
        }
        self.finish(tape, &x, &self.encoder)
    }

    fn finish(&self, tape: &Tape, x: &Var, stack: &Stack) -> Result<Var> {
        let x = kernels::rms_norm(tape, x, &stack.norm, self.config.layer_norm_epsilon)?;
        Ok(kernels::dropout(tape, &x, self.config.dropout_rate as f32)?)
    }
}

impl EncoderDecoder for T5 {
    const FAMILY: &'static str = "t5";
    type Block = Block;

    fn read<'a>(&self, tape: &Tape, input: &'a Input) -> Result<(Read, Target<'a>)> {
        read_texts(Self::FAMILY, input, |ids, lengths| self.encode(tape, ids, lengths))
    }

    fn read_alone(&self, tape: &Tape, sources: &[Source]) -> Result<Read> {
        let (source_ids, lengths) = padded_sources(Self::FAMILY, sources, self.words.tensor().device())?;
        Ok(Read { states: self.encode(tape, &source_ids, &lengths)?, lengths })
    }

    /// Distances alone matter, so that no position is told.
    fn embed(&self, tape: &Tape, ids: &Tensor, _: usize) -> Result<Var> {
        Ok(kernels::dropout(tape, &kernels::embedding(tape, ids, &self.words)?, self.config.dropout_rate as f32)?)
    }

    fn decoder(&self) -> &[Rc<Block>] {
        &self.decoder.blocks
    }

    fn output(&self, tape: &Tape, x: &Var) -> Result<Output> {
        let states = self.finish(tape, x, &self.decoder)?;
        Ok(match &self.lm_head {
            Some(head) => Output::Words { states, vocabulary: head.clone(), bias: None },
            None => {
                let states = kernels::scale(tape, &states, 1.0 / (self.config.d_model as f64).sqrt())?;
                Output::Words { states, vocabulary: self.words.clone(), bias: None }
            }
        })
    }

    fn max_target_tokens(&self) -> usize {
        self.config.n_positions
    }
}

impl Stack {
    fn new(config: &Config, adapter: Option<&Adapter>, at: &Weights, layers: usize, decodes: bool) -> Result<Self> {
        let own = body(at, adapter);
        let small = Init::Normal(config.initializer_factor as f32 / (config.d_model as f32).sqrt());
        let (buckets, farthest) = (config.relative_attention_num_buckets, config.relative_attention_max_distance);
        let table = own.at("block.0.layer.0.SelfAttention.relative_attention_bias");
        let table = table.param("weight", &[buckets, config.num_heads], small);
        let distances = Distances { table, buckets, farthest, past_only: decodes };
        Ok(Stack {
            blocks: (0..layers)
                .map(|i| Ok(Rc::new(Block::new(config, adapter, &at.at("block").at(i).at("layer"), &distances)?)))
                .collect::<Result<_>>()?,
            norm: own.at("final_layer_norm").param("weight", &[config.d_model], Init::Ones),
        })
    }
}

impl Distances {
    /// The bucket of a key's position minus the query's: a quarter of them (a half, where only the past is seen) for single distances, the
    /// rest for spans that grow with the distance, up to the largest.
    fn bucket(&self, distance: i64) -> usize {
        let (buckets, first, far) = match self.past_only {
            true => (self.buckets, 0, (-distance).max(0) as usize),
            false => {
                let half = self.buckets / 2;
                (half, if distance > 0 { half } else { 0 }, distance.unsigned_abs() as usize)
            }
        };
        let single = buckets / 2;
        if far < single {
            return first + far;
        }
        // In float32, as the public implementation has it: a span's end may hang on the last bit.
        let span = (self.farthest as f64 / single as f64).ln() as f32;
        let place = (far as f32 / single as f32).ln() / span * (buckets - single) as f32;
        first + (single + place as usize).min(buckets - 1)
    }
}

impl Block {
    fn new(config: &Config, adapter: Option<&Adapter>, at: &Weights, distances: &Distances) -> Result<Self> {
        let (attention, decodes) = (|i: usize, name| AttentionLayer::new(config, adapter, &at.at(i), name), distances.past_only);
        Ok(Block {
            own: attention(0, "SelfAttention")?,
            distances: distances.clone(),
            source: decodes.then(|| attention(1, "EncDecAttention")).transpose()?,
            forward: Forward::new(config, adapter, &at.at(if decodes { 2 } else { 1 }))?,
        })
    }

    /// Of the encoder, for texts of these lengths.
    fn encode(&self, tape: &Tape, x: &Var, lengths: &[usize]) -> kernels::Result<Var> {
        self.forward.forward(tape, &self.own.own(tape, x, &self.distances, lengths, None)?)
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
        let mut x = self.own.own(tape, x, &self.distances, &lengths.target, past)?;
        if let Some(source) = &self.source {
            x = source.source(tape, &x, keys_values, lengths)?;
        }
        self.forward.forward(tape, &x)
    }
}

impl AttentionLayer {
    fn new(config: &Config, adapter: Option<&Adapter>, at: &Weights, name: &str) -> Result<Self> {
        let (d, inner, factor) = (config.d_model, config.inner(), config.initializer_factor as f32);
        let linear = |part: &str, sizes: [usize; 2], variance: usize| {
            Linear::new(&at.at(name).at(part), sizes, false, Init::Normal(factor / (variance as f32).sqrt()), adapter)
        };
        Ok(AttentionLayer {
            norm: body(at, adapter).at("layer_norm").param("weight", &[d], Init::Ones),
            query: linear("q", [d, inner], d * config.d_kv)?,
            key: linear("k", [d, inner], d)?,
            value: linear("v", [d, inner], d)?,
            output: linear("o", [inner, d], inner)?,
            num_heads: config.num_heads,
            shared: config.shared(),
        })
    }

    fn keys_values(&self, tape: &Tape, x: &Var) -> kernels::Result<[Var; 2]> {
        Ok([self.key.forward(tape, x)?, self.value.forward(tape, x)?])
    }

    /// Attention of a text to itself.
    fn own(
        &self,
        tape: &Tape,
        x: &Var,
        distances: &Distances,
        lengths: &[usize],
        past: Option<&mut Past>,
    ) -> kernels::Result<Var> {
        let n = kernels::rms_norm(tape, x, &self.norm, self.shared.eps)?;
        let [mut k, mut v] = self.keys_values(tape, &n)?;
        if let Some(past) = past {
            [k, v] = past.extend(&k, &v)?.trimmed()?;
        }
        let mask = if distances.past_only { Mask::Causal } else { Mask::Full };
        let bias = RelativeBias { table: &distances.table, bucket: &|distance| distances.bucket(distance) };
        let args = Attention { mask, lengths: Some(lengths), ..self.args() };
        let a = kernels::attention_biased(tape, &self.query.forward(tape, &n)?, &k, &v, bias, &args)?;
        residual(tape, &self.output.forward(tape, &a)?, x, self.shared.dropout)
    }

    /// Attention of the target to the source.
    fn source(&self, tape: &Tape, x: &Var, [k, v]: &[Var; 2], lengths: &Lengths) -> kernels::Result<Var> {
        let n = kernels::rms_norm(tape, x, &self.norm, self.shared.eps)?;
        let args = Attention { lengths: Some(&lengths.target), key_lengths: Some(&lengths.source), ..self.args() };
        let a = kernels::attention(tape, &self.query.forward(tape, &n)?, k, v, &args)?;
        residual(tape, &self.output.forward(tape, &a)?, x, self.shared.dropout)
    }

    /// Scores are not divided: the queries' weights start smaller instead.
    fn args<'a>(&self) -> Attention<'a> {
        Attention { scale: Some(1.0), dropout: self.shared.dropout, ..Attention::full(self.num_heads) }
    }
}

impl Forward {
    fn new(config: &Config, adapter: Option<&Adapter>, at: &Weights) -> Result<Self> {
        let (d, ff, factor) = (config.d_model, config.d_ff, config.initializer_factor as f32);
        let linear = |name: &str, [inner, out]: [usize; 2]| {
            let init = Init::Normal(factor / (inner as f32).sqrt());
            Linear::new(&at.at("DenseReluDense").at(name), [inner, out], false, init, adapter)
        };
        let gated = config.feed_forward_proj != FeedForward::Relu;
        Ok(Forward {
            norm: body(at, adapter).at("layer_norm").param("weight", &[d], Init::Ones),
            gate: linear(if gated { "wi_0" } else { "wi" }, [d, ff])?,
            up: gated.then(|| linear("wi_1", [d, ff])).transpose()?,
            down: linear("wo", [ff, d])?,
            act: config.feed_forward_proj,
            shared: config.shared(),
        })
    }

    fn forward(&self, tape: &Tape, x: &Var) -> kernels::Result<Var> {
        let n = kernels::rms_norm(tape, x, &self.norm, self.shared.eps)?;
        let gate = self.gate.forward(tape, &n)?;
        let gate = match self.act {
            FeedForward::Relu => kernels::relu(tape, &gate)?,
            FeedForward::GatedGelu => kernels::gelu_tanh(tape, &gate)?,
            FeedForward::GatedSilu => kernels::silu(tape, &gate)?,
        };
        let h = match &self.up {
            Some(up) => kernels::multiply(tape, &gate, &up.forward(tape, &n)?)?,
            None => gate,
        };
        let h = self.down.forward(tape, &kernels::dropout(tape, &h, self.shared.dropout)?)?;
        residual(tape, &h, x, self.shared.dropout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use tallow_kernels::Stream;

    const PAST: [i64; 31] =
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113];

    const BOTH: [i64; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91];

    /// Where each bucket begins in the public implementation, for the sizes of the public models.
    #[test]
    fn distances_fall_into_their_buckets() {
        let table = Weights::scratch(Stream::root(0), &Device::Cpu).param("table", &[32, 1], Init::Zeros);
        let distances = |past_only| Distances { table: table.clone(), buckets: 32, farthest: 128, past_only };
        let begins = |past_only: bool| {
            let bucket = |far: i64| distances(past_only).bucket(-far);
            (1..200i64).filter(|&far| bucket(far) != bucket(far - 1)).collect::<Vec<_>>()
        };
        assert_eq!(begins(false), BOTH);
        assert_eq!(begins(true), PAST);
        let (both, past) = (distances(false), distances(true));
        assert_eq!((both.bucket(3), both.bucket(-3), past.bucket(3)), (19, 3, 0));
        assert_eq!((both.bucket(1000), past.bucket(-1000)), (31, 31));
    }

    /// Public files of 1.0 hold such a table.
    #[test]
    fn distances_between_target_and_source_are_left_out() {
        let config = Config::tiny();
        let weights = Weights::scratch(Stream::root(0), &Device::Cpu);
        config.build(&weights, None).expect("a model");
        let (store, _) = weights.finish().expect("from scratch");
        let own = store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect();
        let mut public = config.public_tensors(own).expect("tensors");
        let table = Tensor::zeros((6, 2), candle_core::DType::F32, &Device::Cpu).expect("zeros");
        public.insert("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight".into(), table);
        let weights = Weights::given(config.public_names(public).expect("names"), Stream::root(0), &Device::Cpu);
        config.build(&weights, None).expect("a model");
        let (store, report) = weights.finish().expect("they fit");
        assert_eq!((report.loaded, report.unused), (store.len(), Vec::new()));
    }
}
