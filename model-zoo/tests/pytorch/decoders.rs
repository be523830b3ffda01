//! Language models against transformers: logits, loss and every gradient of small models that `fixtures/decoders.py` made, read from
//! the public files as transformers writes them; and what any of them must hold to.

use crate::fixture::{Tensors, floats, folder, load, read, whole};
use candle_core::{DType, Device, Tensor};
use tallow_kernels::{self as kernels, Gradients, Op, Param, Stream, Tape, Var, Weights, cross_entropy};
use tallow_zoo::{Adapter, Input, Model, ModelConfig, Output};

/// Largest difference that is let pass, as a share of the tensor's largest value; seen is 3.4e-6 (transformers itself holds norms and
/// rotations to float32).
const CLOSE: f64 = 1e-5;

/// The last states, and the vocabulary that turns them into scores.
fn words(model: &dyn Model, tape: &Tape, ids: &Tensor, lengths: &[usize]) -> tallow_zoo::Result<(Var, Param)> {
    let (token_ids, type_ids, lengths) = (ids.clone(), ids.zeros_like()?, lengths.to_vec());
    match model.forward(tape, &Input::Text { token_ids, type_ids, lengths })? {
        Output::Words { states, vocabulary, bias: None } => Ok((states, vocabulary)),
        Output::Words { .. } | Output::Scores(_) | Output::Vectors(_) => panic!("expected states of words"),
    }
}

/// The scores of the next token, `[B, T, V]`.
fn logits(model: &dyn Model, tape: &Tape, ids: &Tensor, lengths: &[usize]) -> Var {
    let (states, vocabulary) = words(model, tape, ids, lengths).expect("states");
    kernels::linear(tape, &states, &vocabulary, None).expect("scores")
}

fn batch(expected: &Tensors) -> (Tensor, Vec<usize>) {
    let ids = expected["input.token_ids"].to_dtype(DType::U32).expect("ids");
    (ids, whole(&expected["input.lengths"]).into_iter().map(|n| n as usize).collect())
}

/// Rows of `[B, T, V]`, by number over all texts, as `[rows, V]`.
fn pick(tape: &Tape, x: &Var, rows: Vec<u32>) -> Var {
    let dims = x.dims().to_vec();
    let count = rows.len();
    let rows = Tensor::from_vec(rows, count, &Device::Cpu).expect("rows");
    let picked = x.tensor().flatten(0, 1).and_then(|t| t.index_select(&rows, 0)).expect("rows");
    tape.record(Op::arrays("pick", picked.elem_count(), 2, 2), picked, x.wants_grad(), || {
        let x = x.target();
        move |dy, grads| {
            let zeros = Tensor::zeros((dims[0] * dims[1], dims[2]), DType::F32, &Device::Cpu)?;
            grads.add(x, zeros.index_add(&rows, dy, 0)?.reshape(dims)?)
        }
    })
}

/// The mean cross entropy of each real token but a text's first.
fn loss(tape: &Tape, logits: &Var, ids: &Tensor, lengths: &[usize]) -> Var {
    let t = ids.dims()[1];
    let ids = ids.flatten_all().and_then(|t| t.to_vec1::<u32>()).expect("ids");
    let rows: Vec<u32> = (0..ids.len()).filter(|i| i % t + 1 < lengths[i / t]).map(|i| i as u32).collect();
    let labels: Vec<u32> = rows.iter().map(|&i| ids[i as usize + 1]).collect();
    cross_entropy(tape, &pick(tape, logits, rows), &labels).expect("a loss")
}

/// How far `found` is off, as a share of the largest value; it must be close.
fn close(what: &str, found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let (found, expected) = (floats(found), floats(expected));
    assert!(found.iter().chain(&expected).all(|v| v.is_finite()), "{what}: NaN or infinity");
    let largest = expected.iter().fold(1e-3f64, |most, e| most.max(e.abs()));
    let off = found.iter().zip(&expected).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max) / largest;
    assert!(off <= CLOSE, "{what} is off by {off:.1e} of its largest value {largest:.3e}");
    off
}

fn check(name: &str) {
    let loaded = load(name);
    let (ids, lengths) = batch(&loaded.expected);
    let tape = Tape::training(Stream::root(0));
    let logits = logits(&*loaded.model, &tape, &ids, &lengths);
    let t = ids.dims()[1];
    let real = (0..ids.elem_count()).filter(|i| i % t < lengths[i / t]).map(|i| i as u32).collect();
    let mut worst = close(&format!("{name}: logits"), pick(&tape, &logits, real).tensor(), &loaded.expected["logits"]);
    let loss = loss(&tape, &logits, &ids, &lengths);
    worst = worst.max(close(&format!("{name}: loss"), loss.tensor(), &loaded.expected["loss"]));
    let mut grads = Gradients::new(&loaded.store);
    tape.backward(&loss, &mut grads).expect("gradients");
    let found = loaded.store.iter().map(|p| (p.name().to_string(), grads.get(p).expect("a gradient").clone())).collect();
    let found = loaded.config.public_tensors(found).expect("tensors");
    let expected: Vec<_> = loaded.expected.iter().filter_map(|(name, t)| Some((name.strip_prefix("grad.")?, t))).collect();
    assert_eq!(expected.len(), found.len(), "{name}: a gradient for each parameter");
    for (param, gradient) in expected {
        worst = worst.max(close(&format!("{name}: gradient of `{param}`"), &found[param], gradient));
    }
    let norm = Tensor::new(grads.global_norm(&loaded.store).expect("a norm"), &Device::Cpu).expect("a scalar");
    worst = worst.max(close(&format!("{name}: norm"), &norm, &loaded.expected["grad_norm"]));
    println!("{name}: at most {worst:.1e} of a tensor's largest value");
}

const ALL: [&str; 6] = ["gpt2", "llama3", "llama_biases", "mistral", "qwen2", "qwen3"];

#[test]
fn equal_transformers() {
    ALL.into_iter().for_each(check);
}

/// A later token changes no earlier state, and padding none at all.
#[test]
fn the_future_is_not_seen() {
    for name in ALL {
        let loaded = load(name);
        let states = |ids: &[u32], length: usize| {
            let ids = Tensor::from_vec(ids.to_vec(), (1, ids.len()), &Device::Cpu).expect("ids");
            let (states, _) = words(&*loaded.model, &Tape::inference(), &ids, &[length]).expect("states");
            states.tensor().to_vec3::<f32>().expect("states").remove(0)
        };
        let (some, other) = (states(&[3, 1, 4, 1, 5], 5), states(&[3, 1, 4, 9, 2], 5));
        assert_eq!(some[..3], other[..3], "{name}");
        assert_ne!(some[3..], other[3..], "{name}");
        assert_eq!(some[..3], states(&[3, 1, 4, 7, 7], 3)[..3], "{name}");
    }
}

/// An adapter that is new changes nothing; only it is trained, and with it the model does what the merged weights would.
#[test]
fn adapters_train_alone() {
    let folder = folder("qwen3");
    let config = std::fs::read_to_string(folder.join("config.json")).expect("config.json");
    let config = ModelConfig::from_public(&config).expect("a config");
    let given = config.public_names(read(&folder.join("model.safetensors"))).expect("weights");
    let adapter = Adapter { r: 3, lora_alpha: 6.0, ..Adapter::of(&["q_proj", "mlp.down_proj"]) };
    let weights = |given| Weights::given(given, Stream::root(0), &Device::Cpu);
    let ids = Tensor::new(&[[3u32, 1, 4, 1, 5], [9, 2, 6, 5, 3]], &Device::Cpu).expect("ids");
    let scores = |model: &dyn Model| floats(logits(model, &Tape::inference(), &ids, &[5, 4]).tensor());
    let plain = weights(given.clone());
    let plain = scores(&*config.build(&plain, None).expect("a model"));

    let own = weights(given.clone());
    let model = config.build(&own, Some(&adapter)).expect("a model");
    let (store, report) = own.finish().expect("weights that fit");
    let trained: Vec<String> = store.trainable().map(|p| p.name().to_string()).collect();
    assert_eq!((trained.len(), report.initialised.len()), (4 * 2, trained.len()), "{trained:?}");
    assert!(trained.contains(&"model.layers.0.self_attn.q_proj.lora_A.weight".to_string()), "{trained:?}");
    assert_eq!(scores(&*model), plain);

    let tape = Tape::training(Stream::root(1));
    let logits = logits(&*model, &tape, &ids, &[5, 4]);
    let mut grads = Gradients::new(&store);
    let loss = loss(&tape, &logits, &ids, &[5, 4]);
    tape.backward(&loss, &mut grads).expect("gradients");
    grads.check_complete(&store).expect("all of the adapter has a gradient");

    // Merged by hand: W + alpha / r B A.
    let mut merged = given;
    for b in store.trainable().filter(|p| p.name().ends_with("lora_B.weight")) {
        let (path, a) = (b.name().trim_end_matches(".lora_B.weight"), b.name().replace("lora_B", "lora_A"));
        let a = store.iter().find(|p| p.name() == a).expect("the other half");
        b.set(&Tensor::randn(0f32, 0.1, b.tensor().shape(), &Device::Cpu).expect("numbers")).expect("set");
        let change = b.tensor().matmul(a.tensor()).and_then(|t| t * 2.0).expect("a product");
        let weight = merged.get_mut(&format!("{path}.weight")).expect("a weight");
        *weight = (&*weight + change).expect("a sum");
    }
    let own = weights(merged);
    let merged = scores(&*config.build(&own, None).expect("a model"));
    let found = scores(&*model);
    assert!(found.iter().zip(&merged).all(|(x, y)| (x - y).abs() < 1e-4) && found != plain, "{found:?}\n{merged:?}");

    let nowhere = Adapter { target_modules: vec!["w_proj".into()], ..adapter };
    let error = config.build(&own, Some(&nowhere)).err().expect("no such layer").to_string();
    assert!(error.contains("w_proj"), "{error}");
}

/// What is written as public is read back as the same.
#[test]
fn configs_and_weights_go_both_ways() {
    for name in ALL {
        let text = std::fs::read_to_string(folder(name).join("config.json")).expect("config.json");
        let config = ModelConfig::from_public(&text).expect("a config");
        assert_eq!(ModelConfig::from_public(&config.to_public().to_string()).expect("a config"), config);
        let given = read(&folder(name).join("model.safetensors"));
        let back = config.public_names(given.clone()).and_then(|names| config.public_tensors(names)).expect("tensors");
        for (name, tensor) in &back {
            assert_eq!(floats(tensor), floats(&given[name]), "{name}");
        }
    }
}

/// Numbers of 8 bits are a part of a format that has scales, too.
#[test]
fn weights_of_8_bits_are_no_plain_ones() {
    let config = std::fs::read_to_string(folder("gpt2").join("config.json")).expect("a config");
    let config = ModelConfig::from_public(&config).expect("a config");
    let mut given = candle_core::safetensors::load(folder("gpt2").join("model.safetensors"), &Device::Cpu).expect("weights");
    let (name, tensor) = given.iter().find(|(name, _)| name.ends_with("mlp.c_fc.weight")).expect("a matrix");
    let (name, small) = (name.clone(), tensor.to_dtype(DType::F8E4M3).expect("rounded"));
    given.insert(name, small);
    let given = config.public_names(given.into_iter().collect()).expect("names");
    let weights = Weights::given(given, Stream::root(0), &Device::Cpu);
    config.build(&weights, None).expect("a model");
    let message = weights.finish().err().expect("refused").to_string();
    assert!(message.contains("mlp.c_fc.weight") && message.contains("F8E4M3"), "{message}");
}

#[test]
fn mistakes_are_named() {
    let told = |text: &str| ModelConfig::from_public(text).expect_err("a mistake").to_string();
    let has = |message: String, parts: &[&str]| {
        parts.iter().for_each(|part| assert!(message.contains(part), "no `{part}` in {message}"))
    };
    has(told("[]"), &["not a JSON object"]);
    has(
        told(
            r#"{"model_type": "gpt2", "vocab_size": 9, "n_positions": 8, "n_embd": 10, "n_layer": 1, "n_head": 3, "attn_pdrop": 1.5,
                 "scale_attn_by_inverse_layer_idx": true}"#,
        ),
        &["`n_head`: expected a divisor of `n_embd` (10)", "`attn_pdrop`", "`scale_attn_by_inverse_layer_idx`: expected false"],
    );
    has(
        told(
            r#"{"model_type": "llama", "hidden_size": 16, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 4,
                  "num_key_value_heads": 3, "vocab_size": 5, "max_position_embeddings": 8, "head_dim": 5, "hidden_act": "gelu",
                  "rope_scaling": {"rope_type": "llama3", "factor": 8}}"#,
        ),
        &[
            "`num_key_value_heads`: expected a divisor of `num_attention_heads` (4), found 3",
            "`head_dim`: expected an even number",
            "`hidden_act`: expected \"silu\"",
            "`rope_scaling.low_freq_factor`: expected a number, found nothing",
        ],
    );
    has(told(r#"{"model_type": "berta"}"#), &["`model_type`", "\"qwen3\""]);
    has(
        told(r#"{"model_type": "llama", "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}"#),
        &["`quantization_config.quant_method`", "GGUF", "found fp8"],
    );
    let loaded = load("gpt2");
    let run = |ids: &[u32], lengths: &[usize]| {
        let ids = Tensor::from_vec(ids.to_vec(), (1, ids.len()), &Device::Cpu).expect("ids");
        words(&*loaded.model, &Tape::inference(), &ids, lengths).err().expect("a mistake").to_string()
    };
    has(run(&[1; 17], &[17]), &["at most 16 tokens", "17"]);
    has(run(&[1, 2], &[0]), &["lengths from 1 to 2, found 0 for text 0"]);
    has(run(&[1, 2], &[2, 2]), &["a length for each of 1 texts, found 2 lengths"]);
    has(run(&[1, 23], &[2]), &["index 23 at position 1", "wte.weight"]);
}

/// Several texts in a row are told as each by itself: no position and no word of another is seen.
#[test]
fn texts_in_one_row_are_told_as_each_by_itself() {
    for name in ["gpt2", "llama"] {
        let entry = tallow_zoo::registry().iter().find(|entry| entry.family == name).expect("it is there");
        let weights = Weights::scratch(Stream::root(5), &Device::Cpu);
        let model = (entry.tiny)().with_dropout(0.0).build(&weights, None).expect("a model");
        let rows = [vec![vec![7u32, 3, 9, 4], vec![5, 5, 8], vec![11]], vec![vec![2, 6, 1, 9, 10, 3]]];
        let width = 9;
        let padded = |row: &Vec<Vec<u32>>| {
            let mut ids = row.concat();
            ids.resize(width, 0);
            ids
        };
        let token_ids =
            Tensor::from_vec(rows.iter().flat_map(padded).collect::<Vec<_>>(), (2, width), &Device::Cpu).expect("ids");
        let lengths: Vec<Vec<usize>> = rows.iter().map(|row| row.iter().map(Vec::len).collect()).collect();
        let texts = kernels::Documents::new(&lengths).expect("texts");
        let packed = model.forward(&Tape::inference(), &Input::Packed { token_ids, texts }).expect("states");
        let Output::Words { states, .. } = packed else { panic!("words") };
        for (row, texts) in rows.iter().enumerate() {
            let mut start = 0;
            for text in texts {
                let ids = Tensor::from_vec(text.clone(), (1, text.len()), &Device::Cpu).expect("ids");
                let alone = words(&*model, &Tape::inference(), &ids, &[text.len()]).expect("states").0;
                let found = states.tensor().narrow(0, row, 1).and_then(|t| t.narrow(1, start, text.len())).expect("a part");
                let off = (found - alone.tensor()).and_then(|d| d.abs()?.max_all()?.to_scalar::<f32>()).expect("a number");
                assert!(off < 2e-6, "{name}: {off}");
                start += text.len();
            }
        }
    }
}
