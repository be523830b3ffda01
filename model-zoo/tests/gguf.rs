//! GGUF files: those that Candle writes, with llama.cpp's names and order of rows, are read as the model that they were made from; a
//! damaged one is told, and takes neither memory nor the program down.

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;
use tallow_kernels::{Gradients, ParamStore, Stream, Tape, Weights};
use tallow_zoo::gguf::{Base, Gguf};
use tallow_zoo::{Adapter, Input, Model, ModelConfig, NextWord, PackedLlama, Remembered};

type Tensors = BTreeMap<String, Tensor>;

fn fixture(name: &str) -> (ModelConfig, Tensors) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let config = std::fs::read_to_string(folder.join("config.json")).expect("config.json");
    let tensors = candle_core::safetensors::load(folder.join("model.safetensors"), &Device::Cpu).expect("tensors");
    (ModelConfig::from_public(&config).expect("a config"), tensors.into_iter().collect())
}

/// The name that llama.cpp has for a public one.
fn own_name(public: &str) -> String {
    let pairs = [
        ("model.embed_tokens", "token_embd"),
        ("model.norm", "output_norm"),
        ("lm_head", "output"),
        ("model.layers.", "blk."),
        ("input_layernorm", "attn_norm"),
        ("post_attention_layernorm", "ffn_norm"),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"),
        ("self_attn.q_norm", "attn_q_norm"),
        ("self_attn.k_norm", "attn_k_norm"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
    ];
    pairs.iter().fold(public.to_string(), |name, (from, to)| name.replace(from, to))
}

/// As llama.cpp's conversion turns the rows of queries and keys: `[heads, 2, half, ...]` becomes `[heads, half, 2, ...]`.
fn turned(tensor: &Tensor, heads: usize) -> Tensor {
    let (rows, width) = (tensor.dims()[0], tensor.elem_count() / tensor.dims()[0]);
    let parts = tensor.reshape((heads, 2, rows / heads / 2, width)).and_then(|t| t.transpose(1, 2)?.contiguous());
    parts.and_then(|t| t.reshape(tensor.dims())).expect("turned")
}

fn values(config: &ModelConfig, architecture: &str) -> Vec<(String, Value)> {
    let ModelConfig::Llama(c) = config else { panic!("a Llama") };
    let count = |n: usize| Value::U32(n as u32);
    let own = [
        ("context_length", count(c.max_position_embeddings)),
        ("embedding_length", count(c.hidden_size)),
        ("block_count", count(c.num_hidden_layers)),
        ("feed_forward_length", count(c.intermediate_size)),
        ("attention.head_count", count(c.num_attention_heads)),
        ("attention.head_count_kv", count(c.num_key_value_heads)),
        ("attention.key_length", count(c.head_dim)),
        ("attention.layer_norm_rms_epsilon", Value::F32(c.rms_norm_eps as f32)),
        ("rope.freq_base", Value::F32(c.rope_theta as f32)),
    ];
    let words = Value::Array(["a", "b"].map(|w| Value::String(w.into())).to_vec());
    let mut all =
        vec![("general.architecture".to_string(), Value::String(architecture.into())), ("tokenizer.ggml.tokens".into(), words)];
    all.extend(own.map(|(key, value)| (format!("{architecture}.{key}"), value)));
    all
}

/// A file with all matrices in that type, where their rows are whole blocks of it.
fn write(config: &ModelConfig, architecture: &str, tensors: &Tensors, kind: GgmlDType) -> Vec<u8> {
    let ModelConfig::Llama(c) = config else { panic!("a Llama") };
    let quantised = |name: &String, tensor: &Tensor| {
        let heads = match name {
            _ if architecture != "llama" => None,
            _ if name.contains("q_proj") => Some(c.num_attention_heads),
            _ if name.contains("k_proj") => Some(c.num_key_value_heads),
            _ => None,
        };
        let tensor = heads.map_or_else(|| tensor.clone(), |heads| turned(tensor, heads));
        let kind = if tensor.rank() == 2 { kind } else { GgmlDType::F32 };
        (own_name(name), QTensor::quantize(&tensor, kind).expect("quantised"))
    };
    let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| quantised(name, tensor)).collect();
    let values = values(config, architecture);
    let mut file = Cursor::new(Vec::new());
    let values: Vec<_> = values.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    gguf_file::write(&mut file, &values, &tensors).expect("a file");
    file.into_inner()
}

fn load(file: &[u8]) -> Result<Base, String> {
    let mut file = Cursor::new(file);
    let header = Gguf::read(&mut file).map_err(|e| e.to_string())?;
    header.load(&mut file).map_err(|e| e.to_string())
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("floats")
}

fn scores(config: &ModelConfig, tensors: Tensors) -> Vec<f32> {
    let weights = Weights::given(config.public_names(tensors).expect("names"), Stream::root(0), &Device::Cpu);
    let model = config.build(&weights, None).expect("a model");
    weights.finish().expect("weights that fit");
    let token_ids = Tensor::new(&[[3u32, 1, 4, 1, 5]], &Device::Cpu).expect("ids");
    let input = Input::Text { type_ids: token_ids.zeros_like().expect("types"), token_ids, lengths: vec![5] };
    let tape = Tape::inference();
    floats(model.forward(&tape, &input).and_then(|output| output.scores(&tape)).expect("scores").tensor())
}

#[test]
fn a_file_is_the_model_that_it_was_made_from() {
    for (name, architecture) in [("llama_biases", "llama"), ("qwen2", "qwen2")] {
        let (config, tensors) = fixture(name);
        let base = load(&write(&config, architecture, &tensors, GgmlDType::F32)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(base.config, config, "{name}");
        assert_eq!(base.tensors.keys().collect::<Vec<_>>(), tensors.keys().collect::<Vec<_>>(), "{name}");
        for (tensor, found) in &base.tensors {
            assert_eq!((found.dims(), floats(found)), (tensors[tensor].dims(), floats(&tensors[tensor])), "{name}: {tensor}");
        }
        assert_eq!(scores(&base.config, base.tensors), scores(&config, tensors), "{name}");
    }
}

/// A model whose rows are whole blocks of every type.
fn wide() -> (ModelConfig, Tensors) {
    let config = r#"{"model_type": "llama", "vocab_size": 7, "hidden_size": 256, "intermediate_size": 256, "num_hidden_layers": 1,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "tie_word_embeddings": true}"#;
    let config = ModelConfig::from_public(config).expect("a config");
    let weights = Weights::scratch(Stream::root(3), &Device::Cpu);
    config.build(&weights, None).expect("a model");
    let (store, _) = weights.finish().expect("parameters");
    let tensors = store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect();
    (config, tensors)
}

#[test]
fn every_type_is_read() {
    use GgmlDType::{BF16, F16, F32, Q2K, Q3K, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0, Q8K};
    let (config, tensors) = wide();
    let mut last = 0.0;
    // From the finest to the coarsest; what is lost is little, and grows.
    for kind in [F32, F16, BF16, Q8K, Q8_0, Q6K, Q5K, Q5_1, Q5_0, Q4K, Q4_1, Q4_0, Q3K, Q2K] {
        let base = load(&write(&config, "llama", &tensors, kind)).unwrap_or_else(|e| panic!("{kind:?}: {e}"));
        let mut off = (0.0, 0.0);
        for (name, tensor) in &tensors {
            for (a, b) in floats(tensor).iter().zip(floats(&base.tensors[name])) {
                off = (off.0 + f64::from(a - b).powi(2), off.1 + f64::from(*a).powi(2));
            }
        }
        let lost = (off.0 / off.1).sqrt();
        println!("{kind:?}: {lost:.1e} of the norm is lost");
        let bound = if kind == F32 { 0.0 } else { 0.35 };
        assert!(lost <= bound && (kind == F32 || lost > 0.0) && lost >= 0.2 * last, "{kind:?}: {lost}, before {last}");
        last = lost;
    }
}

/// Scores, and the gradients of what is trained, by name.
fn trained(config: &ModelConfig, weights: Weights, adapter: &Adapter) -> (Vec<f32>, Vec<(String, Vec<f32>)>, ParamStore) {
    let model = config.build(&weights, Some(adapter)).expect("a model");
    let (store, report) = weights.finish().expect("weights that fit");
    assert!(report.unused.is_empty(), "{report:?}");
    // Additions that do something.
    let additions = store.trainable().filter(|param| param.name().ends_with("lora_B.weight"));
    for param in additions {
        let values = (0..param.len()).map(|i| (i as f32 * 0.7).sin() * 0.05).collect::<Vec<_>>();
        param.set(&Tensor::from_vec(values, param.tensor().shape(), &Device::Cpu).expect("values")).expect("set");
    }
    let token_ids = Tensor::new(&[[3u32, 1, 4, 1, 5], [0, 2, 6, 5, 3]], &Device::Cpu).expect("ids");
    let input = Input::Text { type_ids: token_ids.zeros_like().expect("types"), token_ids, lengths: vec![5, 3] };
    let tape = Tape::training(Stream::root(1));
    let scores = model.forward(&tape, &input).and_then(|output| output.scores(&tape)).expect("scores");
    let mut grads = Gradients::new(&store);
    tape.backward(&scores, &mut grads).expect("gradients");
    grads.check_complete(&store).expect("all of the adapter has a gradient");
    let grads = store.trainable().map(|p| (p.name().to_string(), floats(grads.get(p).expect("a gradient")))).collect();
    (floats(scores.tensor()), grads, store)
}

/// Held as its file stores it, a base does beside an adapter what it does in float32, in less memory.
#[test]
fn a_base_may_stay_as_it_is_stored() {
    use GgmlDType::{BF16, F16, Q2K, Q4_0, Q4K, Q6K, Q8_0};
    let (config, tensors) = wide();
    let near = |what: &str, a: &[f32], b: &[f32]| {
        let off = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
        let norm = a.iter().map(|a| f64::from(*a).powi(2)).sum::<f64>().sqrt();
        assert!(a.len() == b.len() && norm > 0.0 && off / norm < 1e-5, "{what}: {:.1e} of the norm", off / norm);
    };
    for use_dora in [false, true] {
        let adapter = Adapter { r: 2, use_dora, ..Adapter::of(&["q_proj", "down_proj"]) };
        for kind in [F16, BF16, Q8_0, Q6K, Q4K, Q4_0, Q2K] {
            let file = write(&config, "llama", &tensors, kind);
            let base = load(&file).unwrap_or_else(|e| panic!("{kind:?}: {e}"));
            let weights = |given| Weights::given(given, Stream::root(0), &Device::Cpu);
            let (scores, grads, store) = trained(&config, weights(base.tensors), &adapter);
            assert!(store.kept().is_empty());
            let mut bytes = Cursor::new(&file);
            let stored = Gguf::read(&mut bytes).and_then(|header| header.load_stored(&mut bytes)).expect("blocks");
            let weights = weights(Tensors::new()).keeping_stored(stored.tensors);
            let (found, found_grads, store) = trained(&config, weights, &adapter);
            assert_eq!(store.kept().len(), 7, "the linear layers of the one block");
            let size: usize = store.kept().iter().map(|w| w.size_bytes()).sum();
            let elements: usize = store.kept().iter().map(|w| w.dims()[0] * w.dims()[1]).sum();
            assert!(size <= 2 * elements && store.iter().all(|p| !store.kept().iter().any(|w| w.name() == p.name())));
            near(&format!("{kind:?}"), &scores, &found);
            assert_eq!(grads.len(), found_grads.len());
            for ((name, grad), (found_name, found)) in grads.iter().zip(&found_grads) {
                assert_eq!(name, found_name);
                near(&format!("{kind:?} {name}"), grad, found);
            }
        }
        // A plain file in 16 bits.
        let half: Tensors =
            tensors.iter().map(|(n, t)| (n.clone(), t.to_dtype(candle_core::DType::BF16).expect("half"))).collect();
        let weights = || Weights::given(half.clone(), Stream::root(0), &Device::Cpu);
        let (scores, _, _) = trained(&config, weights(), &adapter);
        let (found, _, store) = trained(&config, weights().keeping_stored(BTreeMap::new()), &adapter);
        assert_eq!(store.kept().len(), 7);
        near("bfloat16", &scores, &found);
    }
}

/// Mistakes of what is kept are told with the others.
#[test]
fn stored_weights_are_checked() {
    let (config, mut tensors) = wide();
    let bf16 = |t: &Tensor| t.to_dtype(candle_core::DType::BF16).expect("half");
    let names = ["up_proj", "gate_proj"].map(|name| format!("model.layers.0.mlp.{name}.weight"));
    tensors.insert(names[0].clone(), bf16(&Tensor::ones((256, 128), candle_core::DType::F32, &Device::Cpu).expect("a tensor")));
    let not_finite = tensors[&names[1]].affine(f64::INFINITY, 0.0).expect("a tensor");
    tensors.insert(names[1].clone(), bf16(&not_finite));
    let weights = Weights::given(tensors, Stream::root(0), &Device::Cpu).keeping_stored(BTreeMap::new());
    config.build(&weights, Some(&Adapter::of(&["q_proj"]))).expect("a model");
    let message = weights.finish().expect_err("two mistakes").to_string();
    assert!(names.iter().all(|name| message.contains(name)) && message.contains("[256, 128]"), "{message}");
}

#[test]
fn what_is_not_known_is_told() {
    let (config, tensors) = wide();
    let file = write(&config, "llama", &tensors, GgmlDType::Q4_0);
    // The type of a tensor is behind its name and shape.
    let name = b"blk.0.ffn_up.weight";
    let at = file.windows(name.len()).position(|w| w == name).expect("the name") + name.len() + 4 + 2 * 8;
    let mut other = file.clone();
    other[at..at + 4].copy_from_slice(&20u32.to_le_bytes());
    let message = load(&other).expect_err("a type that is not known");
    assert!(
        message.contains("`blk.0.ffn_up.weight`") && message.contains("IQ4_NL (type 20)") && message.contains("Q6_K"),
        "{message}"
    );
    other[at..at + 4].copy_from_slice(&99u32.to_le_bytes());
    assert!(load(&other).expect_err("nonsense").contains("type 99"));

    let message = load(&write(&config, "mamba", &tensors, GgmlDType::F32)).expect_err("another architecture");
    assert!(message.contains("general.architecture") && message.contains("mamba"), "{message}");
    let mut more = tensors.clone();
    more.insert(
        "model.layers.0.block_sparse_moe.gate.weight".into(),
        Tensor::ones((4, 32), candle_core::DType::F32, &Device::Cpu).expect("a tensor"),
    );
    assert!(load(&write(&config, "llama", &more, GgmlDType::F32)).expect_err("experts").contains("block_sparse_moe"));
    for (file, words) in
        [(&b"GG"[..], "a shorter file"), (b"PK\x03\x04____", "PK"), (b"GGUF\x01\0\0\0", "version 2 or 3, found 1")]
    {
        let message = load(file).expect_err("no such file");
        assert!(message.contains(words), "{message}");
    }
}

/// Cut off anywhere in the header, or with any of its bytes changed, a file is read or told; sizes that cannot be take no memory.
#[test]
fn damaged_files_are_told() {
    let (config, tensors) = fixture("qwen2");
    let file = write(&config, "qwen2", &tensors, GgmlDType::F32);
    let header = file.windows(4).rposition(|w| w == b"ight").expect("the last name") + 64;
    for len in (0..header).chain([file.len() - 33]) {
        let message = load(&file[..len]).expect_err("cut off");
        assert!(message.contains("GGUF"), "{len}: {message}");
    }
    let mut read = 0;
    for at in 0..header {
        for bits in [0x01, 0xff] {
            let mut damaged = file.clone();
            damaged[at] ^= bits;
            read += usize::from(load(&damaged).is_ok());
        }
        // A count or length of the largest number.
        let mut damaged = file.clone();
        let end = (at + 8).min(header);
        damaged[at..end].fill(0xff);
        read += usize::from(load(&damaged).is_ok());
    }
    assert!(read < 4 * header / 2, "{read} of {} damaged files were read", 4 * header);
}

/// SmolLM2 in Q4_1, where its file is at hand, against Candle's own reader and model.
#[test]
fn public_weights() {
    let Some(hub) = std::env::var_os("TALLOW_FIXTURES_HUB").map(std::path::PathBuf::from) else { return };
    let path = hub.join("models/HuggingFaceTB/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf");
    let mut file = std::fs::File::open(&path).expect("the file");
    let base = Gguf::read(&mut file).and_then(|header| header.load(&mut file)).expect("a model");
    let found = scores(&base.config, base.tensors);
    let mut file = std::fs::File::open(&path).expect("the file");
    let content = gguf_file::Content::read(&mut file).expect("a header");
    let mut theirs =
        candle_transformers::models::quantized_llama::ModelWeights::from_gguf(content, &mut file, &Device::Cpu).expect("a model");
    let token_ids = Tensor::new(&[[3u32, 1, 4, 1, 5]], &Device::Cpu).expect("ids");
    let expected = floats(&theirs.forward(&token_ids, 0).expect("scores"));
    let last = &found[found.len() - expected.len()..];
    let norm = |v: &mut dyn Iterator<Item = f32>| v.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    let off = norm(&mut last.iter().zip(&expected).map(|(a, b)| a - b)) / norm(&mut expected.iter().copied());
    println!("SmolLM2: scores differ by {off:.1e} of their norm");
    // Candle rounds activations to 8 bits for its quantised products.
    assert!(off < 0.05, "{off}");
}

/// A text of the packed model, and the scores behind its words as the model that is trained has them.
fn packed_and_dense(config: &str, architecture: &str, kind: GgmlDType) -> (PackedLlama, Box<dyn Model>) {
    let config = ModelConfig::from_public(config).expect("a config");
    let scratch = Weights::scratch(Stream::root(5), &Device::Cpu);
    config.build(&scratch, None).expect("a model");
    let (store, _) = scratch.finish().expect("parameters");
    // As far from the beginning as training leads: weights of size one over the root of their rows, and biases and norms of their own.
    let grown = |p: &tallow_kernels::Param| {
        let (tensor, stream) = (p.tensor().clone(), Stream::root(7).named(p.name()));
        let noise: Vec<f32> = (0..tensor.elem_count() as u64).map(|i| stream.uniform(i) - 0.5).collect();
        let noise = Tensor::from_vec(noise, tensor.dims(), &Device::Cpu).expect("noise");
        let scale = if tensor.rank() == 2 { 3.0 / (tensor.dims()[1] as f64).sqrt() } else { 0.6 };
        let base = if tensor.rank() == 2 { 0.0 } else { 1.0 };
        ((noise * scale).expect("scaled") + base * f64::from(p.name().ends_with("weight"))).expect("grown")
    };
    let tensors: Tensors = store.iter().map(|p| (p.name().to_string(), grown(p))).collect();
    let file = write(&config, architecture, &tensors, kind);
    let mut read = Cursor::new(&file);
    let stored = Gguf::read(&mut read).and_then(|header| header.load_stored(&mut read)).expect("blocks");
    let ModelConfig::Llama(own) = &stored.config else { panic!("a Llama") };
    let packed = PackedLlama::new(own, stored.tensors).expect("packed");
    let base = load(&file).expect("a file");
    let weights = Weights::given(base.config.public_names(base.tensors).expect("names"), Stream::root(0), &Device::Cpu);
    let model = base.config.build(&weights, None).expect("a model");
    weights.finish().expect("weights that fit");
    (packed, model)
}

const LLAMA: &str = r#"{"model_type": "llama", "vocab_size": 96, "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512, "tie_word_embeddings": true}"#;
const BIASED: &str = r#"{"model_type": "qwen2", "vocab_size": 96, "hidden_size": 256, "intermediate_size": 256, "num_hidden_layers": 2,
    "num_attention_heads": 8, "num_key_value_heads": 8, "max_position_embeddings": 512, "tie_word_embeddings": false}"#;
const NORMED: &str = r#"{"model_type": "qwen3", "vocab_size": 96, "hidden_size": 256, "intermediate_size": 256, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 32, "max_position_embeddings": 512, "tie_word_embeddings": true}"#;

/// The distance of two lists of scores, over the size of one.
fn apart(a: &[f32], b: &[f32]) -> f64 {
    let square = |x: f64| x * x;
    let off: f64 = a.iter().zip(b).map(|(a, b)| square(f64::from(a - b))).sum();
    (off / b.iter().map(|b| square(f64::from(*b))).sum::<f64>()).sqrt()
}

/// A prompt in one go and words one by one say what the model in float32 says of the same weights, but for rounding activations to bytes.
#[test]
fn packed_models_say_what_the_dense_ones_say() {
    let ids: Vec<u32> = (0..70u32).map(|i| i * 37 % 96).collect();
    for (config, architecture, kind, most) in [
        (LLAMA, "llama", GgmlDType::F16, 2e-3),
        (LLAMA, "llama", GgmlDType::Q8_0, 0.03),
        (LLAMA, "llama", GgmlDType::Q4_1, 0.03),
        (LLAMA, "llama", GgmlDType::Q4K, 0.03),
        (LLAMA, "llama", GgmlDType::Q6K, 0.03),
        (BIASED, "qwen2", GgmlDType::Q8_0, 0.03),
        (BIASED, "qwen2", GgmlDType::Q5K, 0.03),
        (NORMED, "qwen3", GgmlDType::Q4_0, 0.03),
        (NORMED, "qwen3", GgmlDType::F32, 2e-3),
    ] {
        let (packed, model) = packed_and_dense(config, architecture, kind);
        let mut text = packed.text().expect("a text");
        let mut dense = Remembered::new(&*model, None).expect("a text");
        for words in [&ids[..50], &ids[50..51], &ids[51..53], &ids[53..]] {
            let (found, expected) = (text.read(words).expect("scores").to_vec(), dense.read(words).expect("scores").to_vec());
            let off = apart(&found, &expected);
            assert!(off < most, "{architecture} {kind:?}: {off}");
        }
    }
}

/// The same against Candle's own quantised Llama, which rounds as llama.cpp does.
#[test]
fn packed_models_say_what_candle_says() {
    use candle_transformers::models::quantized_llama::ModelWeights;
    let config = ModelConfig::from_public(LLAMA).expect("a config");
    let tensors: Tensors = {
        let scratch = Weights::scratch(Stream::root(5), &Device::Cpu);
        config.build(&scratch, None).expect("a model");
        let (store, _) = scratch.finish().expect("parameters");
        store
            .iter()
            .map(|p| {
                (p.name().to_string(), p.tensor().affine(if p.tensor().rank() == 2 { 4.0 } else { 1.0 }, 0.0).expect("scaled"))
            })
            .collect()
    };
    for kind in [GgmlDType::Q8_0, GgmlDType::Q4_0, GgmlDType::Q4K] {
        let file = write(&config, "llama", &tensors, kind);
        let mut read = Cursor::new(&file);
        let mut content = gguf_file::Content::read(&mut read).expect("Candle reads it");
        content.metadata.insert("llama.rope.dimension_count".into(), Value::U32(64));
        let mut candle = ModelWeights::from_gguf(content, &mut read, &Device::Cpu).expect("Candle's model");
        let mut read = Cursor::new(&file);
        let stored = Gguf::read(&mut read).and_then(|header| header.load_stored(&mut read)).expect("blocks");
        let ModelConfig::Llama(own) = &stored.config else { panic!("a Llama") };
        let packed = PackedLlama::new(own, stored.tensors).expect("packed");
        let mut text = packed.text().expect("a text");
        let ids: Vec<u32> = (0..40u32).map(|i| i * 29 % 96).collect();
        for (first, words) in [(0, &ids[..38]), (38, &ids[38..39]), (39, &ids[39..])] {
            let x = Tensor::new(words, &Device::Cpu).and_then(|x| x.unsqueeze(0)).expect("ids");
            let expected = floats(&candle.forward(&x, first).expect("scores"));
            // Each rounds activations in its own way, and is off by up to 0.03 from what no rounding would give.
            let off = apart(text.read(words).expect("scores"), &expected);
            assert!(off < 0.08, "{kind:?}: {off}");
        }
    }
}

#[test]
fn packed_models_tell_what_does_not_fit() {
    let (config, tensors) = wide();
    let ModelConfig::Llama(own) = &config else { panic!("a Llama") };
    let blocks = |tensors: &Tensors| -> BTreeMap<String, std::sync::Arc<QTensor>> {
        let made = |(name, tensor): (&String, &Tensor)| {
            (name.clone(), QTensor::quantize(tensor, GgmlDType::F32).expect("blocks").into())
        };
        tensors.iter().map(made).collect()
    };
    let says = |tensors: &Tensors| PackedLlama::new(own, blocks(tensors)).map(drop).expect_err("refused").to_string();
    let mut less = tensors.clone();
    less.remove("model.norm.weight");
    assert!(says(&less).contains("`model.norm.weight`: expected [256], found nothing"));
    let mut more = tensors.clone();
    more.insert("model.extra".into(), tensors["model.norm.weight"].clone());
    assert!(says(&more).contains("`model.extra`"));
    let packed = PackedLlama::new(own, blocks(&tensors)).expect("packed");
    let mut text = packed.text().expect("a text");
    assert!(text.read(&[]).is_err() && text.read(&[7]).is_err() && text.read(&[1; 65]).is_err());
    assert!(text.read(&[1; 64]).is_ok() && text.read(&[1]).is_err());
    assert!(packed.size_bytes() > 0);
}
