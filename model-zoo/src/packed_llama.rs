//! Llama and its relatives as a GGUF file has them, for writing alone: weights stay in their blocks, packed for products with a word or a
//! few, and the words so far are remembered. What it computes is [`crate::llama`]'s forward pass, but for the rounding that
//! [`packed`](tallow_kernels::packed) tells of.
//!
//! Shapes: `t` new words, `d` hidden size, `q` and `kv` columns of all heads of queries and of keys, `f` feed-forward size, `v` vocabulary.

use crate::error::{Error, Result};
use crate::generate::NextWord;
use crate::llama::{Config, Family};
use candle_core::Device;
use candle_core::quantized::QTensor;
use std::collections::BTreeMap;
use std::sync::Arc;
use tallow_kernels::Rope;
use tallow_kernels::packed::{Known, PackedMatrix, Rows, add, add_bias, attend, gated, multiply, norm, norm_heads, rotate};

/// The model.
#[derive(Debug)]
pub struct PackedLlama {
    config: Config,
    words: PackedMatrix,
    /// Where the output layer is not the table of words.
    head: Option<PackedMatrix>,
    norm: Vec<f32>,
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    input_norm: Vec<f32>,
    /// Queries, keys and values.
    qkv: [PackedMatrix; 3],
    qkv_bias: [Option<Vec<f32>>; 3],
    /// Norms of each head's queries and keys (Qwen3).
    query_key_norms: Option<[Vec<f32>; 2]>,
    output: PackedMatrix,
    output_bias: Option<Vec<f32>>,
    post_attention_norm: Vec<f32>,
    gate_up: [PackedMatrix; 2],
    gate_up_bias: [Option<Vec<f32>>; 2],
    down: PackedMatrix,
    down_bias: Option<Vec<f32>>,
}

/// Words that are read at once at most: enough that weights are read seldom, and few enough that what lies between fits the caches.
const AT_ONCE: usize = 256;

/// A text that it writes.
#[derive(Debug)]
pub struct PackedText<'a> {
    model: &'a PackedLlama,
    /// Of each layer keys and values of the words so far, `[words, kv]`.
    known: Vec<[Vec<f32>; 2]>,
    len: usize,
    rope: Rope,
    scratch: Scratch,
    scores: Vec<f32>,
}

/// What lies between the layers; kept, so that a word asks for no memory.
#[derive(Debug, Default)]
struct Scratch {
    /// `[t, d]`: the sum so far, and what a layer adds.
    x: Vec<f32>,
    part: Vec<f32>,
    /// `[t, q + 2 kv]`, `[t, q]`, `[t, 2 f]` and `[t, f]`.
    qkv: Vec<f32>,
    seen: Vec<f32>,
    both: Vec<f32>,
    inner: Vec<f32>,
    rows: Rows,
}

impl PackedLlama {
    /// Of a file's blocks under their public names, as [`Gguf::load_stored`](crate::gguf::Gguf::load_stored) gives them.
    ///
    /// # Errors
    /// A tensor is missing, left over, or of another shape than the configuration says: the first of them.
    pub fn new(config: &Config, tensors: BTreeMap<String, Arc<QTensor>>) -> Result<Self> {
        let mut given = Given { tensors };
        let (c, d, ff) = (config, config.hidden_size, config.intermediate_size);
        let (q, kv) = (c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim);
        let qkv_bias = c.attention_bias || c.model_type == Family::Qwen2;
        let mut layers = Vec::with_capacity(c.num_hidden_layers);
        for i in 0..c.num_hidden_layers {
            let at = |part: &str| format!("model.layers.{i}.{part}");
            let mut linear = |part: &str, out: usize, inner: usize, bias: bool| -> Result<(PackedMatrix, Option<Vec<f32>>)> {
                let weight = given.matrix(&at(&format!("{part}.weight")), out, inner)?;
                let bias = bias.then(|| given.vector(&at(&format!("{part}.bias")), out)).transpose()?;
                Ok((weight, bias))
            };
            let (query, query_bias) = linear("self_attn.q_proj", q, d, qkv_bias)?;
            let (key, key_bias) = linear("self_attn.k_proj", kv, d, qkv_bias)?;
            let (value, value_bias) = linear("self_attn.v_proj", kv, d, qkv_bias)?;
            let (output, output_bias) = linear("self_attn.o_proj", d, q, c.attention_bias)?;
            let (gate, gate_bias) = linear("mlp.gate_proj", ff, d, c.mlp_bias)?;
            let (up, up_bias) = linear("mlp.up_proj", ff, d, c.mlp_bias)?;
            let (down, down_bias) = linear("mlp.down_proj", d, ff, c.mlp_bias)?;
            let mut head_norm = |part: &str| given.vector(&at(part), c.head_dim);
            let query_key_norms = match c.model_type {
                Family::Qwen3 => Some([head_norm("self_attn.q_norm.weight")?, head_norm("self_attn.k_norm.weight")?]),
                Family::Llama | Family::Mistral | Family::Qwen2 => None,
            };
            layers.push(Layer {
                input_norm: given.vector(&at("input_layernorm.weight"), d)?,
                qkv: [query, key, value],
                qkv_bias: [query_bias, key_bias, value_bias],
                query_key_norms,
                output,
                output_bias,
                post_attention_norm: given.vector(&at("post_attention_layernorm.weight"), d)?,
                gate_up: [gate, up],
                gate_up_bias: [gate_bias, up_bias],
                down,
                down_bias,
            });
        }
        let model = PackedLlama {
            config: c.clone(),
            words: given.matrix("model.embed_tokens.weight", c.vocab_size, d)?,
            head: (!c.tie_word_embeddings).then(|| given.matrix("lm_head.weight", c.vocab_size, d)).transpose()?,
            norm: given.vector("model.norm.weight", d)?,
            layers,
        };
        match given.tensors.keys().next() {
            None => Ok(model),
            Some(name) => Err(unfit(name, "no such tensor", "one")),
        }
    }

    /// Memory that its weights take.
    pub fn size_bytes(&self) -> usize {
        let of_layer = |layer: &Layer| {
            let all = layer.qkv.iter().chain(&layer.gate_up).chain([&layer.output, &layer.down]);
            all.map(PackedMatrix::size_bytes).sum::<usize>()
        };
        let outer = self.words.size_bytes() + self.head.as_ref().map_or(0, PackedMatrix::size_bytes);
        outer + self.layers.iter().map(of_layer).sum::<usize>()
    }

    /// A text without a word.
    ///
    /// # Errors
    /// The configuration gives no rotation.
    pub fn text(&self) -> Result<PackedText<'_>> {
        Ok(PackedText {
            model: self,
            known: vec![[Vec::new(), Vec::new()]; self.layers.len()],
            len: 0,
            rope: self.config.rotation(0)?,
            scratch: Scratch::default(),
            scores: Vec::new(),
        })
    }
}

impl NextWord for PackedText<'_> {
    fn read(&mut self, words: &[u32]) -> Result<&mut [f32]> {
        let config = &self.model.config;
        if let Some(word) = words.iter().find(|word| **word as usize >= config.vocab_size) {
            return Err(Error::Prompt {
                expected: format!("words below {}", config.vocab_size),
                found: format!("the word {word}"),
            });
        }
        let all = self.len + words.len();
        if words.is_empty() || all > config.max_position_embeddings {
            let expected = format!("1 to {} words", config.max_position_embeddings);
            return Err(Error::Prompt { expected, found: format!("{all}") });
        }
        if self.rope.positions() < all {
            self.rope = config.rotation(all)?;
        }
        words.chunks(AT_ONCE).try_for_each(|words| self.pass(words))?;
        // The last word alone says what follows.
        let (d, scratch) = (config.hidden_size, &mut self.scratch);
        let last = scratch.x.len() - d;
        scratch.part.resize(d, 0.0);
        norm(&scratch.x[last..], &self.model.norm, config.rms_norm_eps, &mut scratch.part[..d]);
        scratch.rows.set(&scratch.part[..d], d);
        self.scores.resize(config.vocab_size, 0.0);
        multiply(&[self.model.head.as_ref().unwrap_or(&self.model.words)], &scratch.rows, &mut self.scores)?;
        Ok(&mut self.scores)
    }

    fn max_positions(&self) -> usize {
        self.model.config.max_position_embeddings
    }
}

impl PackedText<'_> {
    /// New words through all layers: the sums behind the last one are left in `scratch.x`.
    fn pass(&mut self, words: &[u32]) -> Result<()> {
        let (config, t, d) = (&self.model.config, words.len(), self.model.config.hidden_size);
        let Scratch { x, part, .. } = &mut self.scratch;
        x.resize(t * d, 0.0);
        part.resize(t * d, 0.0);
        for (word, x) in words.iter().zip(x.chunks_exact_mut(d)) {
            self.model.words.row(*word as usize, x);
        }
        for (layer, known) in self.model.layers.iter().zip(&mut self.known) {
            layer.attention(config, &mut self.scratch, known, &self.rope, self.len)?;
            layer.mlp(config, &mut self.scratch)?;
        }
        self.len += t;
        Ok(())
    }
}

impl Layer {
    fn attention(&self, c: &Config, scratch: &mut Scratch, known: &mut [Vec<f32>; 2], rope: &Rope, len: usize) -> Result<()> {
        let Scratch { x, part, qkv, seen, rows, .. } = scratch;
        let (d, q, kv) = (c.hidden_size, c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim);
        let (t, width) = (x.len() / d, q + 2 * kv);
        norm(x, &self.input_norm, c.rms_norm_eps, part);
        rows.set(part, d);
        qkv.resize(t * width, 0.0);
        let [query, key, value] = &self.qkv;
        multiply(&[query, key, value], rows, qkv)?;
        for (bias, from) in self.qkv_bias.iter().zip([0, q, q + kv]) {
            bias.iter().for_each(|bias| add_bias(qkv, width, from, bias));
        }
        if let Some([query_norm, key_norm]) = &self.query_key_norms {
            norm_heads(qkv, width, 0, c.num_attention_heads, query_norm, c.rms_norm_eps);
            norm_heads(qkv, width, q, c.num_key_value_heads, key_norm, c.rms_norm_eps);
        }
        rotate(qkv, width, q + kv, rope, len);
        for row in qkv.chunks_exact(width) {
            known[0].extend_from_slice(&row[q..q + kv]);
            known[1].extend_from_slice(&row[q + kv..]);
        }
        let [keys, values] = known;
        let known = Known { keys, values, heads: c.num_key_value_heads, window: c.sliding_window };
        seen.resize(t * q, 0.0);
        attend(qkv, width, c.num_attention_heads, &known, seen);
        rows.set(seen, q);
        multiply(&[&self.output], rows, part)?;
        self.output_bias.iter().for_each(|bias| add_bias(part, d, 0, bias));
        add(x, part);
        Ok(())
    }

    fn mlp(&self, c: &Config, scratch: &mut Scratch) -> Result<()> {
        let Scratch { x, part, both, inner, rows, .. } = scratch;
        let (d, ff) = (c.hidden_size, c.intermediate_size);
        let t = x.len() / d;
        norm(x, &self.post_attention_norm, c.rms_norm_eps, part);
        rows.set(part, d);
        both.resize(t * 2 * ff, 0.0);
        inner.resize(t * ff, 0.0);
        let [gate, up] = &self.gate_up;
        multiply(&[gate, up], rows, both)?;
        for (bias, from) in self.gate_up_bias.iter().zip([0, ff]) {
            bias.iter().for_each(|bias| add_bias(both, 2 * ff, from, bias));
        }
        gated(both, ff, inner);
        rows.set(inner, ff);
        multiply(&[&self.down], rows, part)?;
        self.down_bias.iter().for_each(|bias| add_bias(part, d, 0, bias));
        add(x, part);
        Ok(())
    }
}

/// Tensors that have not been taken.
struct Given {
    tensors: BTreeMap<String, Arc<QTensor>>,
}

impl Given {
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Arc<QTensor>> {
        let tensor = self.tensors.remove(name).ok_or_else(|| unfit(name, &format!("{shape:?}"), "nothing"))?;
        let found = tensor.shape().dims();
        if found == shape { Ok(tensor) } else { Err(unfit(name, &format!("{shape:?}"), &format!("{found:?}"))) }
    }

    fn matrix(&mut self, name: &str, out: usize, inner: usize) -> Result<PackedMatrix> {
        Ok(PackedMatrix::from_blocks(&*self.take(name, &[out, inner])?)?)
    }

    fn vector(&mut self, name: &str, len: usize) -> Result<Vec<f32>> {
        Ok(self.take(name, &[len])?.dequantize(&Device::Cpu)?.to_vec1::<f32>()?)
    }
}

fn unfit(name: &str, expected: &str, found: &str) -> Error {
    Error::Tensor { name: name.into(), expected: expected.into(), found: found.into() }
}
