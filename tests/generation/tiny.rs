//! A GGUF file with a tokenizer of its own: a Llama of one layer that has learnt nothing, over bytes and a few words.

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use std::io::Cursor;
use tallow_kernels::Stream;

const HIDDEN: usize = 64;
const WORDS: [&str; 6] = ["th", "the", "\":", "{\"", "\",", "\"}"];

/// GPT-2's letters for bytes.
fn letters() -> Vec<String> {
    let printable = |byte: &u32| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    let mut others = 256..;
    let letter = |byte: u32| if printable(&byte) { byte } else { others.next().expect("a letter") };
    (0..256).map(letter).map(|code| char::from_u32(code).expect("a letter").to_string()).collect()
}

/// The file; `change`: values of its header that differ.
pub(crate) fn gguf(change: &[(&str, Value)]) -> Vec<u8> {
    let mut tokens = letters();
    tokens.extend(WORDS.map(String::from));
    tokens.extend(["<|im_start|>", "<|im_end|>"].map(String::from));
    let end = tokens.len() as u32 - 1;
    let kinds = (0..tokens.len()).map(|id| Value::I32(if id + 2 >= tokens.len() { 3 } else { 1 })).collect();
    let merges = ["t h", "th e", "\" :", "{ \"", "\" ,", "\" }"].map(|merge| Value::String(merge.into())).to_vec();
    let count = |n: usize| Value::U32(n as u32);
    let text = |text: &str| Value::String(text.into());
    let mut values: Vec<(String, Value)> = [
        ("general.architecture", text("llama")),
        ("llama.context_length", count(2000)),
        ("llama.embedding_length", count(HIDDEN)),
        ("llama.block_count", count(1)),
        ("llama.feed_forward_length", count(2 * HIDDEN)),
        ("llama.attention.head_count", count(4)),
        ("llama.attention.head_count_kv", count(2)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
        ("llama.rope.freq_base", Value::F32(10_000.0)),
        ("tokenizer.ggml.model", text("gpt2")),
        ("tokenizer.ggml.pre", text("gpt-2")),
        ("tokenizer.ggml.eos_token_id", Value::U32(end)),
        ("tokenizer.ggml.token_type", Value::Array(kinds)),
        ("tokenizer.ggml.merges", Value::Array(merges)),
        ("tokenizer.chat_template", text("{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}")),
    ]
    .map(|(key, value)| (key.to_string(), value))
    .to_vec();
    values.push(("tokenizer.ggml.tokens".into(), Value::Array(tokens.iter().map(|token| text(token)).collect())));
    for (key, value) in change {
        values.retain(|(own, _)| own != key);
        values.push((key.to_string(), value.clone()));
    }
    let matrices = [
        ("token_embd", tokens.len(), HIDDEN),
        ("blk.0.attn_q", HIDDEN, HIDDEN),
        ("blk.0.attn_k", HIDDEN / 2, HIDDEN),
        ("blk.0.attn_v", HIDDEN / 2, HIDDEN),
        ("blk.0.attn_output", HIDDEN, HIDDEN),
        ("blk.0.ffn_gate", 2 * HIDDEN, HIDDEN),
        ("blk.0.ffn_up", 2 * HIDDEN, HIDDEN),
        ("blk.0.ffn_down", HIDDEN, 2 * HIDDEN),
    ];
    let random = |name: &str, rows: usize, cols: usize| {
        let stream = Stream::root(3).named(name);
        let values: Vec<f32> = (0..(rows * cols) as u64).map(|i| (stream.uniform(i) - 0.5) * 0.6).collect();
        Tensor::from_vec(values, (rows, cols), &Device::Cpu).expect("a tensor")
    };
    let mut tensors: Vec<(String, QTensor)> = matrices
        .iter()
        .map(|(name, rows, cols)| {
            (format!("{name}.weight"), QTensor::quantize(&random(name, *rows, *cols), GgmlDType::Q4_1).expect("blocks"))
        })
        .collect();
    for name in ["output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"] {
        let ones = Tensor::ones(HIDDEN, candle_core::DType::F32, &Device::Cpu).expect("ones");
        tensors.push((format!("{name}.weight"), QTensor::quantize(&ones, GgmlDType::F32).expect("ones")));
    }
    let mut file = Cursor::new(Vec::new());
    let values: Vec<_> = values.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    gguf_file::write(&mut file, &values, &tensors).expect("a file");
    file.into_inner()
}
