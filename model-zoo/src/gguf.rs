//! Language models from GGUF files, versions 2 and 3: Llama and its relatives, under public names, in float32.
//!
//! A file is a header (named values, then each tensor's name, shape, type and place) and the tensors' blocks. It is read as what it may be:
//! damaged or made to harm. Nothing is believed that the file's own length does not bear out, so no more memory is taken than the file
//! is long, and than its tensors are in float32.
//!
//! Source: the format's description in ggml (`docs/gguf.md`); names and the order of query and key rows as llama.cpp's conversion of
//! public weights writes them.

mod header;
mod llama3;
mod types;

use self::header::Header;
use self::types::{OTHER_TYPES, TYPES, known_types};
use crate::registry::ModelConfig;
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Tensor};
use serde_json::{Map, Value as Json, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

/// A file that no model can be made from.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("reading the GGUF file failed")]
    Read(#[from] std::io::Error),

    /// It is another kind of file, or of a version that is not known.
    #[error("this is no GGUF file of version 2 or 3: expected {expected}, found {found}")]
    Other { expected: &'static str, found: String },

    /// The header says what cannot be.
    #[error("the GGUF file is damaged or cut off: {what} at byte {at}: expected {expected}, found {found}")]
    Damaged { what: String, at: u64, expected: String, found: String },

    /// A value that the model needs.
    #[error("the GGUF file's value `{key}`: expected {expected}, found {found}")]
    Value { key: String, expected: &'static str, found: String },

    /// A tensor of a type that cannot be turned into float32.
    #[error(
        "the tensor `{tensor}`{more} of the GGUF file is quantised as {found}, which is not known: expected {}",
        known_types()
    )]
    Quantisation { tensor: String, more: String, found: String },

    /// A tensor that the architecture has no place for, or that it needs.
    #[error("the GGUF file's tensor `{tensor}`: expected {expected}, found {found}")]
    Tensor { tensor: String, expected: String, found: String },

    /// The configuration that the values make.
    #[error(transparent)]
    Config(#[from] crate::Error),

    /// A tensor could not be made.
    #[error("making a tensor from the GGUF file failed")]
    Candle(#[from] candle_core::Error),
}

type Result<T> = std::result::Result<T, Error>;

/// The header of a file.
#[derive(Debug)]
pub struct Gguf {
    values: BTreeMap<String, Value>,
    tensors: BTreeMap<String, Place>,
    /// Where the blocks begin, and how long the file is.
    blocks: u64,
    len: u64,
}

/// A value of the header, as far as it is needed: lists that are no tokenizer's are passed over.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Texts(Vec<String>),
    Numbers(Vec<f64>),
    Whole(u64),
    Negative(i64),
    Number(f64),
    Flag(bool),
    Text(String),
    List,
}

/// A tensor's shape (rows first), type and first byte behind the header.
#[derive(Debug, Clone)]
struct Place {
    shape: Vec<usize>,
    kind: u32,
    offset: u64,
}

/// A model in float32, under the public names: what [`ModelConfig::public_names`] takes.
#[derive(Debug)]
pub struct Base {
    pub config: ModelConfig,
    pub tensors: BTreeMap<String, Tensor>,
}

/// The same in the file's own blocks: what [`Weights::keeping_stored`](tallow_kernels::Weights::keeping_stored) takes.
#[derive(Debug)]
pub struct Stored {
    pub config: ModelConfig,
    pub tensors: BTreeMap<String, Arc<QTensor>>,
}

impl Gguf {
    /// Reads the header.
    ///
    /// # Errors
    /// It is no such file, damaged, or cut off.
    pub fn read(file: &mut (impl Read + Seek)) -> Result<Self> {
        let len = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        let mut header = Header { file: BufReader::new(file), at: 0, len };
        let magic = header.bytes::<4>("its first bytes").map_err(|_| other("`GGUF` at the start", &"a shorter file"))?;
        if &magic != b"GGUF" {
            return Err(other("`GGUF` at the start", &String::from_utf8_lossy(&magic).escape_default()));
        }
        let version = header.u32("the version")?;
        if !(2..=3).contains(&version) {
            return Err(other("version 2 or 3", &version));
        }
        // A tensor takes at least 24 bytes of header, a value 13.
        let num_tensors = header.count("the number of tensors", 24)?;
        let num_values = header.count("the number of values", 13)?;
        let mut values = BTreeMap::new();
        for _ in 0..num_values {
            let key = header.text("a value's name")?;
            let kind = header.u32(&key)?;
            let value = header.value(&key, kind, 0)?;
            values.insert(key, value);
        }
        let mut tensors = BTreeMap::new();
        for _ in 0..num_tensors {
            let name = header.text("a tensor's name")?;
            let place = header.place(&name)?;
            tensors.insert(name, place);
        }
        let alignment = match values.get("general.alignment") {
            None => 32,
            Some(Value::Whole(n)) if n.is_power_of_two() && *n <= 1 << 20 => *n,
            Some(found) => return Err(unfit("general.alignment", "a power of two", found)),
        };
        Ok(Gguf { values, tensors, blocks: header.at.next_multiple_of(alignment), len })
    }

    /// A value of the header that is a text, by its whole name.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A value of the header that is yes or no, by its whole name.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.values.get(key) {
            Some(Value::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// A list of texts of the tokenizer, by its whole name.
    pub fn texts(&self, key: &str) -> Option<&[String]> {
        match self.values.get(key) {
            Some(Value::Texts(texts)) => Some(texts),
            _ => None,
        }
    }

    /// A list of numbers of the tokenizer, by its whole name.
    pub fn numbers(&self, key: &str) -> Option<&[f64]> {
        match self.values.get(key) {
            Some(Value::Numbers(numbers)) => Some(numbers),
            _ => None,
        }
    }

    /// A value of the header that is a whole number, by its whole name.
    pub fn number_of(&self, key: &str) -> Option<u64> {
        match self.values.get(key) {
            Some(Value::Whole(number)) => Some(*number),
            _ => None,
        }
    }

    /// The model's configuration and the shapes of its tensors under their public names, before any is read.
    ///
    /// # Errors
    /// As [`Gguf::load`], but for what the tensors' blocks hold.
    pub fn outline(&self, file: &mut (impl Read + Seek)) -> Result<(ModelConfig, BTreeMap<String, Vec<usize>>)> {
        self.check_types()?;
        let config = self.config(file)?;
        let mut shapes = BTreeMap::new();
        for (name, place) in self.tensors.iter().filter(|(name, _)| *name != ROPE_FACTORS) {
            shapes.insert(self.public_name_of(name)?, place.shape.clone());
        }
        Ok((config, shapes))
    }

    fn public_name_of(&self, name: &str) -> Result<String> {
        public_name(name).ok_or_else(|| Error::Tensor {
            tensor: name.into(),
            expected: "a part of Llama, Mistral, Qwen2 or Qwen3".into(),
            found: "another".into(),
        })
    }

    /// The whole model, each tensor turned into float32.
    ///
    /// # Errors
    /// The architecture is not known; a value is missing; a tensor is quantised in a way that is not known, lies behind the file's end,
    /// or has no place in the model; its configuration has mistakes.
    pub fn load(&self, file: &mut (impl Read + Seek)) -> Result<Base> {
        let (config, tensors) = self.model(file, |blocks| blocks.dequantize(&Device::Cpu))?;
        Ok(Base { config, tensors })
    }

    /// The whole model, each tensor as the file has it.
    ///
    /// # Errors
    /// As [`Gguf::load`].
    pub fn load_stored(&self, file: &mut (impl Read + Seek)) -> Result<Stored> {
        let (config, tensors) = self.model(file, |blocks| Ok(Arc::new(blocks)))?;
        Ok(Stored { config, tensors })
    }

    fn model<T>(
        &self,
        file: &mut (impl Read + Seek),
        made: impl Fn(QTensor) -> candle_core::Result<T>,
    ) -> Result<(ModelConfig, BTreeMap<String, T>)> {
        self.check_types()?;
        let config = self.config(file)?;
        let heads = [self.whole("attention.head_count")?, self.kv_heads()?];
        let turned = self.architecture()? == "llama";
        let mut tensors = BTreeMap::new();
        for (name, place) in self.tensors.iter().filter(|(name, _)| *name != ROPE_FACTORS) {
            let public = self.public_name_of(name)?;
            let rows = match () {
                () if turned && public.contains(".q_proj.") => Some(heads[0]),
                () if turned && public.contains(".k_proj.") => Some(heads[1]),
                () => None,
            };
            tensors.insert(public, made(self.tensor(file, name, place, rows)?)?);
        }
        Ok((config, tensors))
    }

    /// What the architecture's values and tensors say, as a public `config.json` has it.
    fn config(&self, file: &mut (impl Read + Seek)) -> Result<ModelConfig> {
        let architecture = self.architecture()?;
        let words = self.place("token_embd.weight")?.shape.first().copied().unwrap_or(0);
        let hidden = self.whole("embedding_length")?;
        let heads = self.whole("attention.head_count")?;
        let has = |name: &str| self.tensors.contains_key(name);
        let mut config = json!({
            "model_type": architecture, "vocab_size": words, "hidden_size": hidden, "num_attention_heads": heads,
            "intermediate_size": self.whole("feed_forward_length")?, "num_hidden_layers": self.whole("block_count")?,
            "num_key_value_heads": self.kv_heads()?, "max_position_embeddings": self.whole("context_length")?,
            "rms_norm_eps": self.number("attention.layer_norm_rms_epsilon")?.unwrap_or(1e-5),
            "rope_theta": self.number("rope.freq_base")?.unwrap_or(10_000.0), "tie_word_embeddings": !has("output.weight"),
            "attention_bias": has("blk.0.attn_output.bias"), "mlp_bias": has("blk.0.ffn_down.bias"),
        });
        if self.value("attention.key_length").is_some() {
            config["head_dim"] = json!(self.whole("attention.key_length")?);
        }
        if self.value("attention.sliding_window").is_some() && architecture == "llama" {
            (config["model_type"], config["sliding_window"]) = (json!("mistral"), json!(self.whole("attention.sliding_window")?));
        }
        if let Some(scaling) = self.rope_scaling(file)? {
            config["rope_scaling"] = scaling;
        }
        Ok(ModelConfig::from_public(&config.to_string())?)
    }

    fn rope_scaling(&self, file: &mut (impl Read + Seek)) -> Result<Option<Json>> {
        if let Some(place) = self.tensors.get(ROPE_FACTORS) {
            let factors =
                self.tensor(file, ROPE_FACTORS, place, None)?.dequantize(&Device::Cpu)?.flatten_all()?.to_vec1::<f32>()?;
            let theta = self.number("rope.freq_base")?.unwrap_or(10_000.0);
            return llama3::scaling(&factors, theta).map(Some).ok_or_else(|| Error::Tensor {
                tensor: ROPE_FACTORS.into(),
                expected: "the factors of Llama 3's scaling".into(),
                found: format!("{} others", factors.len()),
            });
        }
        let factor = self.number("rope.scaling.factor")?;
        match (self.value("rope.scaling.type"), factor) {
            (None, None) => Ok(None),
            (Some(Value::Text(kind)), _) if kind == "none" => Ok(None),
            (Some(Value::Text(kind)), Some(factor)) if kind == "linear" => {
                Ok(Some(json!({"rope_type": "linear", "factor": factor})))
            }
            (Some(Value::Text(kind)), Some(factor)) if kind == "yarn" => {
                let mut scaling = Map::from_iter([("rope_type".into(), json!("yarn")), ("factor".into(), json!(factor))]);
                if self.value("rope.scaling.original_context_length").is_some() {
                    let original = self.whole("rope.scaling.original_context_length")?;
                    scaling.insert("original_max_position_embeddings".into(), json!(original));
                }
                Ok(Some(Json::Object(scaling)))
            }
            (found, _) => {
                let found = found.map_or("nothing".into(), |found| format!("{found:?}"));
                Err(Error::Value { key: "rope.scaling.type".into(), expected: "none, linear or yarn, with a factor", found })
            }
        }
    }

    fn architecture(&self) -> Result<&str> {
        match self.values.get("general.architecture") {
            Some(Value::Text(name)) if ["llama", "qwen2", "qwen3"].contains(&name.as_str()) => Ok(name),
            Some(found) => Err(unfit("general.architecture", "\"llama\" or \"qwen2\" or \"qwen3\"", found)),
            None => {
                let found = "nothing".into();
                Err(Error::Value { key: "general.architecture".into(), expected: "\"llama\" or \"qwen2\" or \"qwen3\"", found })
            }
        }
    }

    /// A value of the architecture.
    fn value(&self, key: &str) -> Option<&Value> {
        let Some(Value::Text(architecture)) = self.values.get("general.architecture") else { return None };
        self.values.get(&format!("{architecture}.{key}"))
    }

    fn whole(&self, key: &str) -> Result<usize> {
        match self.value(key) {
            Some(Value::Whole(n)) => usize::try_from(*n).map_err(|_| unfit(key, "a count", &Value::Whole(*n))),
            Some(found) => Err(unfit(key, "a whole number", found)),
            None => Err(Error::Value { key: key.into(), expected: "a whole number", found: "nothing".into() }),
        }
    }

    fn number(&self, key: &str) -> Result<Option<f64>> {
        match self.value(key) {
            None => Ok(None),
            // Written as float32: the shortest decimal that it stands for, as the public configuration has it.
            Some(Value::Number(n)) => Ok(Some((*n as f32).to_string().parse().unwrap_or(*n))),
            Some(Value::Whole(n)) => Ok(Some(*n as f64)),
            Some(found) => Err(unfit(key, "a number", found)),
        }
    }

    fn kv_heads(&self) -> Result<usize> {
        let key = "attention.head_count_kv";
        self.whole(if self.value(key).is_some() { key } else { "attention.head_count" })
    }

    fn place(&self, name: &str) -> Result<&Place> {
        self.tensors.get(name).ok_or_else(|| Error::Tensor {
            tensor: name.into(),
            expected: "to be there".into(),
            found: format!("{} others", self.tensors.len()),
        })
    }

    /// Bytes that an element of a matrix takes, on average over all of them.
    pub fn bytes_per_weight(&self) -> f64 {
        let matrices = self.tensors.values().filter(|place| place.shape.len() == 2);
        let (mut bytes, mut elements) = (0.0, 0.0);
        for (place, kind) in matrices.filter_map(|place| Some((place, place.known()?))) {
            let count: f64 = place.shape.iter().map(|dim| *dim as f64).product();
            elements += count;
            bytes += count * kind.type_size() as f64 / kind.block_size() as f64;
        }
        if elements > 0.0 { bytes / elements } else { 4.0 }
    }

    fn check_types(&self) -> Result<()> {
        let mut unknown = self.tensors.iter().filter(|(_, place)| place.known().is_none());
        let Some((name, place)) = unknown.next() else { return Ok(()) };
        let more = match unknown.count() {
            0 => String::new(),
            count => format!(" (and {count} more)"),
        };
        let other = OTHER_TYPES.iter().find(|(kind, _)| *kind == place.kind).map(|(_, name)| *name);
        let found = other.map_or_else(|| format!("type {}", place.kind), |name| format!("{name} (type {})", place.kind));
        Err(Error::Quantisation { tensor: name.clone(), more, found })
    }

    /// A tensor in its blocks; `heads`: of queries or keys, whose rows llama.cpp has in another order.
    fn tensor(&self, file: &mut (impl Read + Seek), name: &str, place: &Place, heads: Option<usize>) -> Result<QTensor> {
        let start = self.blocks.saturating_add(place.offset);
        let damaged =
            |expected: String, found: String| Error::Damaged { what: format!("the tensor `{name}`"), at: start, expected, found };
        let kind = place.known().ok_or_else(|| damaged("a known type".into(), place.kind.to_string()))?;
        let inner = place.shape.last().copied().unwrap_or(1);
        if inner == 0 || !inner.is_multiple_of(kind.block_size()) {
            return Err(damaged(format!("rows of whole blocks of {}", kind.block_size()), format!("rows of {inner}")));
        }
        let elements = place.shape.iter().try_fold(1usize, |n, dim| n.checked_mul(*dim));
        if elements == Some(0) {
            return Err(damaged("at least one element".into(), format!("the shape {:?}", place.shape)));
        }
        let bytes = elements.map(|n| n / kind.block_size()).and_then(|blocks| blocks.checked_mul(kind.type_size()));
        let left = self.len.saturating_sub(start);
        let bytes = bytes.filter(|bytes| *bytes as u64 <= left).ok_or_else(|| {
            damaged(format!("{:?} elements in {left} bytes, which are left", place.shape), "too few of them".into())
        })?;
        file.seek(SeekFrom::Start(start))?;
        let mut data = vec![0u8; bytes];
        file.read_exact(&mut data)?;
        if let Some(heads) = heads {
            let rows = place.shape.first().copied().unwrap_or(0);
            if heads == 0 || !rows.is_multiple_of(2 * heads) || rows == 0 {
                return Err(damaged(format!("rows for {heads} heads of even size"), format!("{rows} rows")));
            }
            data = halves_apart(&data, rows, heads);
        }
        let storage = QStorage::from_data(Cow::Owned(data), &Device::Cpu, kind)?;
        Ok(QTensor::new(storage, place.shape.clone())?)
    }
}

impl Place {
    fn known(&self) -> Option<GgmlDType> {
        TYPES.iter().find(|(kind, _, _)| *kind == self.kind).map(|(_, _, kind)| *kind)
    }
}

/// llama.cpp turns neighbours, the public models numbers half a head apart: rows of each head in the public order.
fn halves_apart(data: &[u8], rows: usize, heads: usize) -> Vec<u8> {
    let (width, size) = (data.len() / rows, rows / heads);
    let from = |row: usize| {
        let (head, at) = (row / size, row % size);
        head * size + at % (size / 2) * 2 + at / (size / 2)
    };
    (0..rows).flat_map(|row| data[from(row) * width..][..width].iter().copied()).collect()
}

const ROPE_FACTORS: &str = "rope_freqs.weight";

/// The public name of a tensor; none where no architecture here has it.
fn public_name(name: &str) -> Option<String> {
    match name {
        "token_embd.weight" => return Some("model.embed_tokens.weight".into()),
        "output_norm.weight" => return Some("model.norm.weight".into()),
        "output.weight" => return Some("lm_head.weight".into()),
        _ => {}
    }
    let (layer, rest) = name.strip_prefix("blk.")?.split_once('.')?;
    let (part, last) = rest.rsplit_once('.').filter(|(_, last)| ["weight", "bias"].contains(last))?;
    let layer: usize = layer.parse().ok()?;
    let public = match part {
        "attn_norm" => "input_layernorm",
        "ffn_norm" => "post_attention_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_output" => "self_attn.o_proj",
        "attn_q_norm" => "self_attn.q_norm",
        "attn_k_norm" => "self_attn.k_norm",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        _ => return None,
    };
    Some(format!("model.layers.{layer}.{public}.{last}"))
}

fn other(expected: &'static str, found: &dyn std::fmt::Display) -> Error {
    Error::Other { expected, found: found.to_string() }
}

fn unfit(key: &str, expected: &'static str, found: &Value) -> Error {
    Error::Value { key: key.into(), expected, found: format!("{found:?}") }
}

#[cfg(test)]
mod tests;
