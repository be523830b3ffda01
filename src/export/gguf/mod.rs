//! GGUF, version 3: Llama and its relatives with their tokenizer and chat template, in one file that llama.cpp runs.
//!
//! Source: the format's description in ggml (`docs/gguf.md`); names, values and the order of query and key rows as llama.cpp's own
//! conversion of public weights writes them.

mod tokenizer;

use super::{Error, Tensors, tensor};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::Write;
use tallow_zoo::ModelConfig;
use tallow_zoo::llama::{Config, Family, Scaling};

/// Blocks of tensors begin at multiples of it.
const ALIGNMENT: usize = 32;

/// How matrices are stored; what has one dimension stays in float32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum FloatKind {
    F32,
    F16,
    /// Blocks of 32 numbers of 8 bits with a scale each.
    #[value(name = "q8_0")]
    Q8,
}

impl FloatKind {
    /// Its number among tensors, and among files.
    fn numbers(self) -> (u32, u32) {
        match self {
            FloatKind::F32 => (0, 0),
            FloatKind::F16 => (1, 1),
            FloatKind::Q8 => (8, 7),
        }
    }

    fn stored(self) -> GgmlDType {
        match self {
            FloatKind::F32 => GgmlDType::F32,
            FloatKind::F16 => GgmlDType::F16,
            FloatKind::Q8 => GgmlDType::Q8_0,
        }
    }
}

/// What stands beside the weights.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    pub name: &'a str,
    /// A parsed `tokenizer.json`.
    pub tokenizer: &'a Json,
    /// `bos_token`, `eos_token` and the like, by name.
    pub special: &'a BTreeMap<String, String>,
    pub chat_template: Option<&'a str>,
}

/// Writes a model as one file.
///
/// # Errors
/// The family or its tokenizer is none that GGUF has a name for here, weights are missing, or the file cannot be written.
pub fn write(config: &ModelConfig, tensors: &Tensors, beside: &Beside, kind: FloatKind, to: &mut dyn Write) -> Result<(), Error> {
    let ModelConfig::Llama(config) = config else {
        let (family, expected) = (config.family(), "Llama, Mistral, Qwen2 or Qwen3");
        return Err(Error::Model { format: "GGUF", family, head: None, expected });
    };
    let mut header = Header::default();
    settings(&mut header, config, beside.name, kind)?;
    tokenizer::write(&mut header, config.vocab_size, beside)?;
    let parts = parts(config, tensors, kind)?;
    let mut infos = Vec::new();
    let mut at = 0u64;
    for Part { name, shape, number, bytes } in &parts {
        put_text(&mut infos, name);
        infos.extend((shape.len() as u32).to_le_bytes());
        // The width comes first.
        shape.iter().rev().for_each(|dim| infos.extend((*dim as u64).to_le_bytes()));
        infos.extend(number.to_le_bytes());
        infos.extend(at.to_le_bytes());
        at += bytes.len().next_multiple_of(ALIGNMENT) as u64;
    }
    let mut head = Vec::from(*b"GGUF");
    head.extend(3u32.to_le_bytes());
    head.extend((parts.len() as u64).to_le_bytes());
    head.extend(header.count.to_le_bytes());
    head.extend(&header.bytes);
    head.extend(&infos);
    head.resize(head.len().next_multiple_of(ALIGNMENT), 0);
    to.write_all(&head)?;
    for Part { bytes, .. } in &parts {
        to.write_all(bytes)?;
        to.write_all(&[0; ALIGNMENT][..bytes.len().next_multiple_of(ALIGNMENT) - bytes.len()])?;
    }
    Ok(())
}

/// Named values as they are written.
#[derive(Default)]
struct Header {
    count: u64,
    bytes: Vec<u8>,
}

/// Numbers of the kinds of values.
const U32: u32 = 4;
const I32: u32 = 5;
const F32: u32 = 6;
const BOOL: u32 = 7;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

fn put_text(to: &mut Vec<u8>, text: &str) {
    to.extend((text.len() as u64).to_le_bytes());
    to.extend(text.as_bytes());
}

impl Header {
    fn key(&mut self, key: &str, kind: u32) -> &mut Vec<u8> {
        self.count += 1;
        put_text(&mut self.bytes, key);
        self.bytes.extend(kind.to_le_bytes());
        &mut self.bytes
    }

    fn text(&mut self, key: &str, value: &str) {
        put_text(self.key(key, STRING), value);
    }

    fn number(&mut self, key: &str, value: usize) {
        self.key(key, U32).extend((value as u32).to_le_bytes());
    }

    fn real(&mut self, key: &str, value: f64) {
        self.key(key, F32).extend((value as f32).to_le_bytes());
    }

    fn flag(&mut self, key: &str, value: bool) {
        self.key(key, BOOL).push(u8::from(value));
    }

    fn texts(&mut self, key: &str, values: &[String]) {
        let to = self.key(key, ARRAY);
        to.extend(STRING.to_le_bytes());
        to.extend((values.len() as u64).to_le_bytes());
        values.iter().for_each(|value| put_text(to, value));
    }

    fn whole_numbers(&mut self, key: &str, values: &[i32]) {
        let to = self.key(key, ARRAY);
        to.extend(I32.to_le_bytes());
        to.extend((values.len() as u64).to_le_bytes());
        values.iter().for_each(|value| to.extend(value.to_le_bytes()));
    }

    fn reals(&mut self, key: &str, values: &[f32]) {
        let to = self.key(key, ARRAY);
        to.extend(F32.to_le_bytes());
        to.extend((values.len() as u64).to_le_bytes());
        values.iter().for_each(|value| to.extend(value.to_le_bytes()));
    }
}

/// What GGUF calls the architecture: Mistral's is Llama's.
fn architecture(family: Family) -> &'static str {
    match family {
        Family::Llama | Family::Mistral => "llama",
        Family::Qwen2 => "qwen2",
        Family::Qwen3 => "qwen3",
    }
}

fn settings(header: &mut Header, config: &Config, name: &str, kind: FloatKind) -> Result<(), Error> {
    let architecture = architecture(config.model_type);
    let key = |name: &str| format!("{architecture}.{name}");
    header.text("general.architecture", architecture);
    header.text("general.name", name);
    header.number("general.file_type", kind.numbers().1 as usize);
    header.number("general.quantization_version", 2);
    if config.attention_bias && config.model_type == Family::Qwen3 {
        let found = "true, which llama.cpp has no place for".into();
        return Err(Error::Setting { format: "GGUF", what: "attention_bias", found });
    }
    // llama.cpp does not look at the window of these architectures: up to its length the model is the same.
    let positions =
        config.sliding_window.map_or(config.max_position_embeddings, |window| window.min(config.max_position_embeddings));
    for (name, value) in [
        ("vocab_size", config.vocab_size),
        ("context_length", positions),
        ("embedding_length", config.hidden_size),
        ("block_count", config.num_hidden_layers),
        ("feed_forward_length", config.intermediate_size),
        ("attention.head_count", config.num_attention_heads),
        ("attention.head_count_kv", config.num_key_value_heads),
        ("attention.key_length", config.head_dim),
        ("attention.value_length", config.head_dim),
        ("rope.dimension_count", config.head_dim),
    ] {
        header.number(&key(name), value);
    }
    header.real(&key("attention.layer_norm_rms_epsilon"), config.rms_norm_eps);
    header.real(&key("rope.freq_base"), config.rope_theta);
    match config.rope_scaling {
        // Llama 3's is a tensor of its own.
        Scaling::Default | Scaling::Llama3 { .. } => {}
        Scaling::Linear { factor } => {
            header.text(&key("rope.scaling.type"), "linear");
            header.real(&key("rope.scaling.factor"), factor);
        }
        Scaling::Yarn { factor, beta_fast, beta_slow, original_max_position_embeddings, attention_factor } => {
            if (beta_fast, beta_slow, attention_factor) != (32.0, 1.0, None) {
                let found = format!("{:?}", config.rope_scaling);
                return Err(Error::Setting { format: "GGUF", what: "rope_scaling", found });
            }
            header.text(&key("rope.scaling.type"), "yarn");
            header.real(&key("rope.scaling.factor"), factor);
            header.number(&key("rope.scaling.original_context_length"), original_max_position_embeddings);
        }
    }
    Ok(())
}

/// A tensor as the file has it.
struct Part {
    name: String,
    shape: Vec<usize>,
    number: u32,
    bytes: Vec<u8>,
}

fn parts(config: &Config, tensors: &Tensors, kind: FloatKind) -> Result<Vec<Part>, Error> {
    let mut parts = Vec::new();
    let turned = architecture(config.model_type) == "llama";
    for (name, values) in tensors {
        let Some(gguf) = gguf_name(name) else { return Err(Error::Missing { name: format!("GGUF name for `{name}`") }) };
        let heads = match () {
            () if turned && name.contains(".q_proj.") => Some(config.num_attention_heads),
            () if turned && name.contains(".k_proj.") => Some(config.num_key_value_heads),
            () => None,
        };
        let values = heads.map_or_else(|| Ok(values.clone()), |heads| neighbours(values, heads))?;
        parts.push(part(gguf, &values, kind)?);
    }
    // What must be there is.
    tensor(tensors, "model.embed_tokens.weight")?;
    if let Scaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_max_position_embeddings } = config.rope_scaling {
        let factors: Vec<f32> = (0..config.head_dim / 2)
            .map(|i| {
                let frequency = config.rope_theta.powf(-2.0 * i as f64 / config.head_dim as f64);
                let turns = original_max_position_embeddings as f64 * frequency / std::f64::consts::TAU;
                let share = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
                (1.0 / ((1.0 - share) / factor + share)) as f32
            })
            .collect();
        let bytes = factors.iter().flat_map(|value| value.to_le_bytes()).collect();
        parts.push(Part { name: "rope_freqs.weight".into(), shape: vec![factors.len()], number: 0, bytes });
    }
    Ok(parts)
}

fn part(name: String, values: &Tensor, kind: FloatKind) -> Result<Part, Error> {
    let shape = values.dims().to_vec();
    let width = shape.last().copied().unwrap_or(1);
    let kind = match kind {
        _ if shape.len() < 2 => FloatKind::F32,
        // Blocks do not reach over the end of a row.
        FloatKind::Q8 if !width.is_multiple_of(GgmlDType::Q8_0.block_size()) => FloatKind::F16,
        kind => kind,
    };
    let stored = QTensor::quantize(&values.to_dtype(DType::F32)?.contiguous()?, kind.stored())?;
    Ok(Part { name, shape, number: kind.numbers().0, bytes: stored.data()?.into_owned() })
}

/// llama.cpp turns neighbours, the public models numbers half a head apart: rows of each head in llama.cpp's order.
fn neighbours(values: &Tensor, heads: usize) -> Result<Tensor, Error> {
    let dims = values.dims().to_vec();
    let (rows, width) = (dims[0], dims.iter().skip(1).product::<usize>());
    let half = rows / heads / 2;
    let apart = values.reshape((heads, 2, half, width))?.transpose(1, 2)?.contiguous()?;
    Ok(apart.reshape(dims)?)
}

/// A public tensor's name in GGUF.
fn gguf_name(public: &str) -> Option<String> {
    match public {
        "model.embed_tokens.weight" => return Some("token_embd.weight".into()),
        "model.norm.weight" => return Some("output_norm.weight".into()),
        "lm_head.weight" => return Some("output.weight".into()),
        _ => {}
    }
    let (layer, rest) = public.strip_prefix("model.layers.")?.split_once('.')?;
    let (part, last) = rest.rsplit_once('.').filter(|(_, last)| ["weight", "bias"].contains(last))?;
    let part = match part {
        "input_layernorm" => "attn_norm",
        "post_attention_layernorm" => "ffn_norm",
        "self_attn.q_proj" => "attn_q",
        "self_attn.k_proj" => "attn_k",
        "self_attn.v_proj" => "attn_v",
        "self_attn.o_proj" => "attn_output",
        "self_attn.q_norm" => "attn_q_norm",
        "self_attn.k_norm" => "attn_k_norm",
        "mlp.gate_proj" => "ffn_gate",
        "mlp.up_proj" => "ffn_up",
        "mlp.down_proj" => "ffn_down",
        _ => return None,
    };
    Some(format!("blk.{}.{part}.{last}", layer.parse::<usize>().ok()?))
}
