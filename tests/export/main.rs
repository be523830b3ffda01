//! Models in the formats of other programs, by the whole program. That the other program computes the same is seen by running it, where
//! `TALLOW_PYTHON` names a Python that has onnx and onnxruntime, and llama.cpp as `xllamacpp`.

#[path = "../program/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod program;

use candle_core::{DType, Device, Tensor};
use program::{Place, Refusal, succeeds};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use tallow_kernels::{Stream, Tape, Weights};
use tallow_zoo::{Head, Input, Model, ModelConfig, Output, Pooling, PoolingOf};

/// A model with its own random weights, in a folder as the Hub has it.
struct Made {
    folder: PathBuf,
    config: ModelConfig,
    model: Box<dyn Model>,
}

/// Weights that differ in every place, statistics of norms too.
fn scrambled(name: &str, tensor: &Tensor) -> Tensor {
    let stream = Stream::root(7).named(name);
    let numbers: Vec<f32> = (0..tensor.elem_count() as u64).map(|i| stream.uniform(i)).collect();
    let drawn = Tensor::from_vec(numbers, tensor.dims(), &Device::Cpu).expect("numbers");
    match name.contains("running_var") {
        true => drawn.affine(1.0, 0.5).expect("positive"),
        false => (tensor + drawn.affine(0.4, -0.2).expect("moved")).expect("a sum"),
    }
}

fn build(config: &ModelConfig, tensors: Option<BTreeMap<String, Tensor>>) -> (Box<dyn Model>, BTreeMap<String, Tensor>) {
    let weights = match tensors {
        Some(given) => Weights::given(config.public_names(given).expect("names"), Stream::root(1), &Device::Cpu),
        None => Weights::scratch(Stream::root(1), &Device::Cpu),
    };
    let model = config.build(&weights, None).expect("built");
    let (store, _) = weights.finish().expect("all weights");
    let own = store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect();
    (model, config.public_tensors(own).expect("public names"))
}

fn made(place: &Place, name: &str, config: ModelConfig) -> Made {
    let (_, tensors) = build(&config, None);
    let tensors: BTreeMap<_, _> = tensors.into_iter().map(|(n, t)| (n.clone(), scrambled(&n, &t))).collect();
    let folder = place.path(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    candle_core::safetensors::save(&tensors.clone().into_iter().collect(), folder.join("model.safetensors")).expect("written");
    place.write(&format!("{name}/config.json"), config.to_public().to_string());
    let (model, _) = build(&config, Some(tensors));
    Made { folder, config, model }
}

/// Nested lists of numbers.
fn numbers(tensor: &Tensor) -> Value {
    let shape = tensor.dims().to_vec();
    let values = tensor.to_dtype(DType::F32).and_then(|t| t.flatten_all()?.to_vec1::<f32>()).expect("numbers");
    json!({"shape": shape, "values": values})
}

fn exported(place: &Place, folder: &Path, more: &[&str], out: &str) -> PathBuf {
    let out = place.path(out);
    let mut command = place.tallow(["export"]);
    command.arg(folder).args(more).args(["--offline", "--threads=2", "--out"]).arg(&out);
    succeeds(&mut command);
    out
}

/// Runs a script of Python's on what is asked; none where no Python is named.
fn python(script: &str, asked: &Path) -> Option<String> {
    let Some(python) = std::env::var_os("TALLOW_PYTHON") else {
        eprintln!("not compared: TALLOW_PYTHON names no Python with the other program");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export").join(script);
    let told = Command::new(python).arg(script).arg(asked).output().expect("the Python that TALLOW_PYTHON names");
    let (out, err) = (String::from_utf8_lossy(&told.stdout).into_owned(), String::from_utf8_lossy(&told.stderr));
    println!("{out}");
    assert!(told.status.success() && out.contains("off by"), "{out}\n{err}");
    Some(out)
}

/// A tiny tokenizer for models of texts, whose folder must hold one.
fn tokenizer(place: &Place, folder: &str, words: usize) {
    let vocab: BTreeMap<String, usize> = (0..words)
        .map(|i| (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].get(i).map_or(format!("w{i}"), |t| (*t).into()), i))
        .collect();
    let json = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "[UNK]"},
    });
    place.write(&format!("{folder}/tokenizer.json"), json.to_string());
}

fn bert(head: Head) -> ModelConfig {
    let tiny = tallow_zoo::registry().iter().find(|entry| entry.family == "bert").expect("BERT").tiny;
    tiny().with_head(head)
}

#[test]
fn onnxruntime_says_the_same_of_texts() {
    let place = Place::new();
    let classes = || vec!["a".to_string(), "b".into(), "c".into()];
    let pooled = |of, normalize| Head::Vector(Pooling { of, normalize });
    let heads = [
        ("classes", Head::Classes(classes())),
        ("labels", Head::Labels(classes())),
        ("value", Head::Value),
        ("tags", Head::Tags(classes())),
        ("span", Head::Span),
        ("words", Head::Words),
        ("mean", pooled(PoolingOf::Mean, true)),
        ("first", pooled(PoolingOf::First, false)),
    ];
    let mut asked = Vec::new();
    for (name, head) in heads {
        let pooling = if let Head::Vector(pooling) = &head { Some(*pooling) } else { None };
        let Made { folder, config, model } = made(&place, name, bert(head));
        tokenizer(&place, name, config.text_limits().expect("a vocabulary").0);
        for (path, value) in pooling.iter().flat_map(|pooling| pooling.to_public(16)) {
            place.write(&format!("{name}/{path}"), value.to_string());
        }
        let file = exported(&place, &folder, &["--to=onnx"], &format!("{name}.onnx"));
        let mut runs = Vec::new();
        // Of several sizes, with padding: what is padding has no say.
        for lengths in [vec![5usize], vec![12, 3, 7]] {
            let (b, t) = (lengths.len(), *lengths.iter().max().expect("some"));
            let stream = Stream::root(3).named(name);
            let ids: Vec<u32> = (0..(b * t) as u64).map(|i| 5 + stream.below(i, 40) as u32).collect();
            let types: Vec<u32> = (0..b * t).map(|i| u32::from(i % t > t / 2)).collect();
            let mask: Vec<u32> = (0..b * t).map(|i| u32::from(i % t < lengths[i / t])).collect();
            let tensor = |values: &[u32]| Tensor::from_slice(values, (b, t), &Device::Cpu).expect("ids");
            let input = Input::Text { token_ids: tensor(&ids), type_ids: tensor(&types), lengths: lengths.clone() };
            let tape = Tape::inference();
            let output = model.forward(&tape, &input).expect("said");
            let scores = output.scores(&tape).expect("scores").tensor().clone();
            let per_token = matches!(config.head(), Head::Tags(_) | Head::Span) || matches!(output, Output::Words { .. });
            runs.push(json!({
                "ids": ids, "types": types, "mask": mask, "shape": [b, t], "lengths": lengths, "per_token": per_token,
                "expected": numbers(&scores),
            }));
        }
        asked.push(json!({"file": file, "name": name, "runs": runs}));
    }
    let asked = place.write("asked.json", json!({"texts": asked}).to_string());
    python("onnx_run.py", &asked);
}

#[test]
fn onnxruntime_says_the_same_of_images() {
    let place = Place::new();
    let tiny = |family: &str| (tallow_zoo::registry().iter().find(|entry| entry.family == family).expect("a family").tiny)();
    let with = |config: ModelConfig, set: &[(&str, Value)]| {
        let mut public = config.to_public();
        set.iter().for_each(|(key, value)| public[*key] = value.clone());
        ModelConfig::from_public(&public.to_string()).expect("a model")
    };
    let resnet = || tiny("resnet");
    let models = [
        ("vit", tiny("vit"), vec![[6, 6]]),
        ("vit-no-bias", with(tiny("vit"), &[("qkv_bias", json!(false)), ("hidden_act", json!("gelu_new"))]), vec![[6, 6]]),
        // Its preprocessor brings images to another size than its table of positions is for.
        ("vit-stretched", tiny("vit"), vec![[9, 12]]),
        ("bottleneck", resnet(), vec![[32, 32], [45, 45]]),
        ("basic", with(resnet(), &[("layer_type", json!("basic")), ("stem_type", json!("cifar"))]), vec![[16, 16], [9, 9]]),
        (
            "early",
            with(resnet(), &[("downsample_in_bottleneck", json!(true)), ("downsample_in_first_stage", json!(true))]),
            vec![[33, 33]],
        ),
        ("cifar", tiny("resnet_cifar"), vec![[32, 32], [9, 13]]),
        ("cifar-projected", with(tiny("resnet_cifar"), &[("projection_shortcuts", json!(true))]), vec![[16, 16]]),
        ("wide", with(tiny("wide_resnet"), &[("depth", json!(16))]), vec![[32, 32], [15, 9]]),
    ];
    let mut asked = Vec::new();
    for (name, config, sides) in models {
        let Made { folder, model, .. } = made(&place, name, config);
        if name == "vit-stretched" {
            place.write("vit-stretched/preprocessor_config.json", json!({"size": {"height": 9, "width": 12}}).to_string());
        }
        let file = exported(&place, &folder, &["--to=onnx"], &format!("{name}.onnx"));
        let mut runs = Vec::new();
        for [height, width] in sides {
            let (stream, count) = (Stream::root(5).named(name), 2 * 3 * height * width);
            let values: Vec<f32> = (0..count as u64).map(|i| 2.0 * stream.uniform(i) - 1.0).collect();
            let pixels = Tensor::from_vec(values, (2, 3, height, width), &Device::Cpu).expect("pixels");
            let tape = Tape::inference();
            let input = Input::Image { pixels: pixels.clone() };
            let scores = model.forward(&tape, &input).expect("said").scores(&tape).expect("scores").tensor().clone();
            runs.push(json!({"pixels": numbers(&pixels), "expected": numbers(&scores)}));
        }
        asked.push(json!({"file": file, "name": name, "runs": runs}));
    }
    let asked = place.write("asked.json", json!({"images": asked}).to_string());
    python("onnx_run.py", &asked);
}

/// Cells of some rows as a table has them: numbers of which some are missing, and texts of which some are unknown.
fn cells(config: &tallow_zoo::mlp::Config, rows: usize) -> (Vec<Vec<Option<f64>>>, Vec<Vec<String>>) {
    let stream = Stream::root(9).named("cells");
    let number = |at: usize, row: usize| match (row + at) % 5 {
        0 => None,
        1 => Some(1e9 * f64::from(stream.uniform((at * rows + row) as u64))),
        _ => Some(f64::from(stream.uniform((at * rows + row) as u64)) - 0.5),
    };
    let numbers = (0..config.numeric_columns.len()).map(|at| (0..rows).map(|row| number(at, row)).collect()).collect();
    let text = |values: &[String], row: usize| values.get(row % (values.len() + 1)).cloned().unwrap_or("unknown".into());
    let texts = config.categorical_columns.iter().map(|c| (0..rows).map(|row| text(&c.values, row)).collect()).collect();
    (numbers, texts)
}

/// What becomes of the cells lies in the file: it is given the columns as a table has them.
#[test]
fn onnxruntime_says_the_same_of_tables() {
    use tallow_zoo::mlp::{Config, DatePart, Norm, Scale};
    let place = Place::new();
    let ModelConfig::Mlp(tiny) = (tallow_zoo::registry().iter().find(|e| e.family == "mlp").expect("a family").tiny)() else {
        panic!("a perceptron")
    };
    let with = |change: &dyn Fn(&mut Config)| {
        let mut config = tiny.clone();
        config.numeric_columns[0].scale = Scale { mean: 12.5, std: 0.25 };
        config.numeric_columns[1].fill = -3.0;
        change(&mut config);
        config
    };
    let mut asked = Vec::new();
    for (name, config) in [
        ("classes", with(&|_| ())),
        ("value", with(&|c| (c.head, c.target, c.norm) = (Head::Value, Scale { mean: 1000.0, std: 50.0 }, Norm::Batch))),
        ("linear", with(&|c| (c.hidden_sizes, c.head) = (vec![], Head::Labels(vec!["a".into(), "b".into()])))),
        ("numbers", with(&|c| c.categorical_columns.clear())),
        ("texts", with(&|c| (c.norm, c.numeric_columns) = (Norm::None, vec![]))),
        ("dates", with(&|c| c.numeric_columns[1].of_date = Some(DatePart::Year))),
        // Columns that are called as what the graph holds besides.
        (
            "names",
            with(&|c| {
                (c.head, c.target) = (Head::Value, Scale { mean: 1000.0, std: 50.0 });
                (c.numeric_columns[0].name, c.numeric_columns[1].name) = ("value".into(), "low".into());
            }),
        ),
        ("no-category", with(&|c| c.categorical_columns[0].values.clear())),
    ] {
        let Made { folder, model, .. } = made(&place, name, ModelConfig::Mlp(config.clone()));
        let file = exported(&place, &folder, &["--to=onnx"], &format!("{name}.onnx"));
        let rows = 13;
        let (numbers, texts) = cells(&config, rows);
        let of_row = |row: usize| config.numeric_columns.iter().zip(&numbers).flat_map(move |(c, cells)| c.inputs(cells[row]));
        let fed: Vec<f32> = (0..rows).flat_map(of_row).collect();
        let ids = (0..rows).flat_map(|row| config.categorical_columns.iter().zip(&texts).map(move |(c, t)| c.id(Some(&t[row]))));
        let ids: Vec<u32> = ids.collect();
        let input = Input::Table {
            numbers: Tensor::from_vec(fed, (rows, config.num_numbers()), &Device::Cpu).expect("numbers"),
            categories: Tensor::from_vec(ids, (rows, config.categorical_columns.len()), &Device::Cpu).expect("ids"),
        };
        let tape = Tape::inference();
        let scores = model.forward(&tape, &input).expect("said").scores(&tape).expect("scores").tensor().clone();
        let scores = scores.affine(config.target.std, config.target.mean).expect("in its unit");
        let named = config
            .numeric_columns
            .iter()
            .zip(numbers)
            .map(|(c, cells)| (if c.of_date.is_some() { format!("{}.year", c.name) } else { c.name.clone() }, json!(cells)));
        let named = named.chain(config.categorical_columns.iter().zip(texts).map(|(c, t)| (c.name.clone(), json!(t))));
        let columns: serde_json::Map<String, Value> = named.collect();
        asked.push(json!({"file": file, "name": name, "columns": columns, "expected": self::numbers(&scores)}));
    }
    let asked = place.write("asked.json", json!({"tables": asked}).to_string());
    python("onnx_run.py", &asked);
}

/// A byte-level tokenizer with some merges, as GPT-2 has it.
fn bytes_tokenizer(place: &Place, folder: &str) -> usize {
    use tokenizers::pre_tokenizers::byte_level::ByteLevel;
    let mut letters: Vec<char> = ByteLevel::alphabet().into_iter().collect();
    letters.sort_unstable();
    let mut vocab: BTreeMap<String, usize> = [("<|endoftext|>".to_string(), 0), ("<|im_end|>".to_string(), 1)].into();
    for letter in letters {
        vocab.insert(letter.to_string(), vocab.len());
    }
    let merges = [["Ġ", "t"], ["h", "e"], ["Ġt", "he"], ["i", "n"], ["in", "g"], ["Ġ", "a"]];
    for pair in &merges {
        vocab.insert(pair.concat(), vocab.len());
    }
    let added = |content: &str, id: usize| json!({"id": id, "content": content, "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false});
    let bytes = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let json = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [added("<|endoftext|>", 0), added("<|im_end|>", 1)],
        "normalizer": null, "pre_tokenizer": bytes, "post_processor": null, "decoder": bytes,
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocab, "merges": merges},
    });
    place.write(&format!("{folder}/tokenizer.json"), json.to_string());
    place.write(&format!("{folder}/tokenizer_config.json"), json!({"eos_token": "<|im_end|>"}).to_string());
    place.write(&format!("{folder}/chat_template.jinja"), "{% for m in messages %}{{ m.content }}{% endfor %}");
    vocab.len()
}

#[test]
fn llama_cpp_says_the_same() {
    let place = Place::new();
    let texts = ["the thing in the morning", "a 12th, of in-going them?\n\n  heh", "ünïcödé 你好"];
    let mut asked = Vec::new();
    for (name, model_type, more) in [
        ("llama", "llama", json!({})),
        ("tied", "llama", json!({"tie_word_embeddings": true, "num_key_value_heads": 4})),
        (
            "llama3",
            "llama",
            json!({"rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}}),
        ),
        (
            "llama3-short",
            "llama",
            json!({"rope_theta": 500.0, "rope_scaling": {"rope_type": "llama3", "factor": 6.0, "low_freq_factor": 1.5,
            "high_freq_factor": 5.0, "original_max_position_embeddings": 64}}),
        ),
        // llama.cpp does not look at the window: up to it the model is the same, and no further is what the file says.
        ("mistral", "mistral", json!({"sliding_window": 48})),
        ("qwen2", "qwen2", json!({})),
        ("qwen3", "qwen3", json!({"head_dim": 32})),
    ] {
        let words = bytes_tokenizer(&place, name);
        let mut public = json!({
            "model_type": model_type, "vocab_size": words, "hidden_size": 128, "intermediate_size": 160, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256, "rms_norm_eps": 1e-5,
            "rope_theta": 10000.0, "tie_word_embeddings": false,
        });
        more.as_object().expect("an object").iter().for_each(|(key, value)| public[key] = value.clone());
        let config = ModelConfig::from_public(&public.to_string()).expect("a model");
        let Made { folder, model, .. } = made(&place, name, config);
        let vocabulary = tokenizers::Tokenizer::from_file(folder.join("tokenizer.json")).expect("a tokenizer");
        let mut runs = Vec::new();
        for text in texts {
            let ids = vocabulary.encode(text, true).expect("tokens").get_ids().to_vec();
            runs.push(json!({"text": text, "ids": ids, "logits": numbers(&last_scores(&*model, &ids))}));
        }
        for (dtype, most) in [("f32", 1e-4), ("f16", 2e-2), ("q8_0", 0.5)] {
            // Of one family all kinds, of the others the exact one.
            if name != "llama" && dtype != "f32" {
                continue;
            }
            let file = exported(&place, &folder, &["--to=gguf", "--dtype", dtype], &format!("{name}-{dtype}.gguf"));
            asked.push(json!({"file": file, "name": format!("{name} {dtype}"), "runs": runs, "most": most}));
            if dtype == "f32" {
                read_back(&file, &folder, &runs);
            }
        }
    }
    let asked = place.write("asked.json", json!({"gguf": asked}).to_string());
    python("gguf_run.py", &asked);
}

/// What is written is what is read, bit for bit, and the model that is read says the same.
fn read_back(file: &Path, folder: &Path, runs: &[Value]) {
    let mut open = std::fs::File::open(file).expect("there");
    let gguf = tallow_zoo::gguf::Gguf::read(&mut open).expect("a GGUF file");
    let base = gguf.load(&mut open).expect("a model");
    assert!(gguf.text("tokenizer.chat_template").is_some_and(|template| template.contains("messages")));
    let tensors = candle_core::safetensors::load(folder.join("model.safetensors"), &Device::Cpu).expect("weights");
    assert_eq!(base.tensors.len(), tensors.len());
    for (name, tensor) in tensors {
        let values = |t: &Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("numbers");
        assert_eq!(values(&base.tensors[&name]), values(&tensor), "{name}");
    }
    let json = std::fs::read_to_string(folder.join("config.json")).expect("a configuration");
    let public: Value = serde_json::from_str(&json).expect("JSON");
    let positions = public["sliding_window"].as_u64().or(public["max_position_embeddings"].as_u64()).expect("positions");
    assert_eq!(base.config.text_limits().map(|(_, longest)| longest as u64), Some(positions));
    let (model, _) = build(&base.config, Some(base.tensors));
    for run in runs {
        let ids: Vec<u32> = serde_json::from_value(run["ids"].clone()).expect("ids");
        let found = numbers(&last_scores(&*model, &ids));
        let [found, expected] = [&found, &run["logits"]].map(|of| of["values"].as_array().expect("numbers").clone());
        for (found, expected) in found.iter().zip(&expected) {
            let near = found.as_f64().zip(expected.as_f64()).is_some_and(|(a, b)| (a - b).abs() < 1e-4);
            assert!(near, "{}: {found}, expected {expected}", folder.display());
        }
    }
}

#[test]
fn a_file_that_was_exported_is_a_model_by_its_bare_name() {
    let place = Place::new();
    let words = bytes_tokenizer(&place, "llama");
    let public = json!({
        "model_type": "llama", "vocab_size": words, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0, "tie_word_embeddings": false,
    });
    let Made { folder, .. } = made(&place, "llama", ModelConfig::from_public(&public.to_string()).expect("a model"));
    std::fs::create_dir(place.path("alone")).expect("made");
    let first = exported(&place, &folder, &["--to=gguf", "--dtype=f32"], "alone/model.gguf");
    let here = |args: &[&str]| {
        let mut command = place.tallow(args);
        command.current_dir(place.path("alone")).args(["--offline", "--threads=2"]);
        succeeds(&mut command)
    };
    here(&["generate", "model.gguf", "the thing", "--max-tokens=2"]);
    here(&["export", "model.gguf", "--to=gguf", "--dtype=f32", "--out=again.gguf"]);
    let read = |file: &Path| {
        let mut open = std::fs::File::open(file).expect("there");
        let gguf = tallow_zoo::gguf::Gguf::read(&mut open).expect("a GGUF file");
        let values = |t: Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("numbers");
        let tensors = gguf.load(&mut open).expect("a model").tensors.into_iter().map(|(name, tensor)| (name, values(tensor)));
        let tensors: BTreeMap<String, Vec<f32>> = tensors.collect();
        (tensors, gguf.texts("tokenizer.ggml.tokens").map(<[String]>::to_vec))
    };
    assert_eq!(read(&place.path("alone/again.gguf")), read(&first));
}

/// What is said of the word behind these.
fn last_scores(model: &dyn Model, ids: &[u32]) -> Tensor {
    let token_ids = Tensor::from_slice(ids, (1, ids.len()), &Device::Cpu).expect("ids");
    let input = Input::Text { type_ids: token_ids.zeros_like().expect("types"), token_ids, lengths: vec![ids.len()] };
    let tape = Tape::inference();
    let scores = model.forward(&tape, &input).expect("said").scores(&tape).expect("scores").tensor().clone();
    scores.get(0).and_then(|s| s.get(ids.len() - 1)).expect("the last")
}

#[test]
fn what_has_no_form_is_refused() {
    let place = Place::new();
    let tiny = |family: &str| (tallow_zoo::registry().iter().find(|entry| entry.family == family).expect("a family").tiny)();
    for family in ["bert", "gpt2", "llama"] {
        let made = made(&place, family, tiny(family));
        tokenizer(&place, family, made.config.text_limits().expect("a vocabulary").0);
    }
    let refused = |family: &str, to: &str, code, words: &[&str], hint| {
        let out = place.path("out.file");
        Refusal { code, words, hint }.check(&|| {
            let mut command = place.tallow(["export"]);
            command.arg(place.path(family)).args([to, "--offline", "--out"]).arg(&out);
            (command, None)
        });
    };
    refused("gpt2", "--to=onnx", 21, &["ONNX cannot be had of a gpt2 model", "BERT, ResNet, WideResNet"], "");
    refused("bert", "--to=gguf", 21, &["GGUF cannot be had of a bert model", "Llama, Mistral, Qwen2 or Qwen3"], "");
    refused("llama", "--to=gguf", 21, &["the tokenizer cannot be written", "\"WordLevel\", expected \"BPE\""], "");
    let odd = |name: &str, keys: Value| {
        let mut public = tiny("llama").to_public();
        keys.as_object().expect("an object").iter().for_each(|(key, value)| public[key] = value.clone());
        public["vocab_size"] = json!(bytes_tokenizer(&place, name));
        made(&place, name, ModelConfig::from_public(&public.to_string()).expect("a model"));
    };
    odd("qwen3-biases", json!({"model_type": "qwen3", "attention_bias": true}));
    refused("qwen3-biases", "--to=gguf", 21, &["attention_bias", "llama.cpp has no place for"], "");
    let yarn = json!({"rope_type": "yarn", "factor": 4.0, "beta_fast": 16.0, "original_max_position_embeddings": 8});
    odd("yarn", json!({"model_type": "llama", "rope_scaling": yarn}));
    refused("yarn", "--to=gguf", 21, &["rope_scaling", "16"], "");
    assert!(!place.path("out.file").exists());
    place.write("out.file", "there");
    refused("bert", "--to=onnx", 2, &["is there already"], "--out");
}

/// What an adapter for public models may have and a base has no place for, or `peft` itself would leave halfway.
#[test]
fn adapters_that_cannot_stand_beside_their_base_are_refused() {
    let place = Place::new();
    let tiny = |family: &str| (tallow_zoo::registry().iter().find(|entry| entry.family == family).expect("a family").tiny)();
    for family in ["gpt2", "llama"] {
        let made = made(&place, family, tiny(family));
        tokenizer(&place, family, made.config.text_limits().expect("a vocabulary").0);
    }
    let refused = |base: &str, config: Value, tensors: &[(&str, [usize; 2])], words: &[&str]| {
        let mut public = json!({"peft_type": "LORA", "r": 2, "lora_alpha": 2, "base_model_name_or_path": place.path(base)});
        config.as_object().expect("an object").iter().for_each(|(key, value)| public[key] = value.clone());
        place.write("adapter/adapter_config.json", public.to_string());
        let zeros = |(name, shape): &(&str, [usize; 2])| {
            (format!("base_model.model.{name}"), Tensor::zeros(shape.as_slice(), DType::F32, &Device::Cpu).expect("zeros"))
        };
        let tensors = tensors.iter().map(zeros).collect();
        candle_core::safetensors::save(&tensors, place.path("adapter").join("adapter_model.safetensors")).expect("written");
        Refusal { code: 21, words, hint: "" }.check(&|| {
            let mut command = place.tallow(["merge"]);
            command.arg(place.path("adapter")).args(["--offline", "--out"]).arg(place.path("merged"));
            (command, None)
        });
        assert!(!place.path("merged").exists());
    };
    let q = "model.layers.0.self_attn.q_proj";
    let [a, b] = [format!("{q}.lora_A.weight"), format!("{q}.lora_B.weight")];
    let (a, b) = ((a.as_str(), [2, 16]), (b.as_str(), [16, 2]));
    refused(
        "llama",
        json!({}),
        &[a, b, ("model.embed_tokens.weight", [50, 16])],
        &["embed_tokens.weight", "a table of words of its own"],
    );
    let table = [("transformer.wte.lora_embedding_A", [2, 50]), ("transformer.wte.lora_embedding_B", [16, 2])];
    refused("gpt2", json!({}), &table, &["`transformer.wte`: a gpt2 model has no addition beside it"]);
    refused("llama", json!({"rank_pattern": {"(?!k).*q_proj": 3}}), &[a, b], &["adapter_config.json", "rank_pattern", "(?!k)"]);
    refused("llama", json!({"rank_pattern": {"q_proj": 3}}), &[a, b], &["do not fit", "lora_A.weight"]);
    refused(
        "llama",
        json!({}),
        &[("lm_head.lora_A.weight", [2, 16])],
        &["cannot be taken into its base: `lm_head`", "expected `lora_A.weight` and `lora_B.weight`, found one"],
    );
}
