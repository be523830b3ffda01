//! Estimated against measured memory of training, for every family of the zoo: `cargo run --release --example memory`. Each is trained
//! for two steps of AdamW in a process of its own, on made-up examples that are all as long as they may be; the peak is the kernel's.

use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use tallow::job::RunConfig;
use tallow::plan::{DataFacts, HostFacts, Share, estimate};
use tallow::spec::{Length, Metric, Optimizer, Recipe, Schedule, Task, Warmup};
use tallow_kernels::Stream;
use tallow_zoo::{ModelConfig, registry};

type Tensors = Vec<(&'static str, Dtype, Vec<usize>, Vec<u8>)>;

/// What a model is tried on.
enum Examples {
    /// So many tokens each.
    Texts(usize),
    Stream(usize),
    Pairs(usize),
    /// So many numbers each.
    Rows(usize),
    /// Of so many pixels a side.
    Images(usize),
    /// Mel bins, frames and tokens of each.
    Speech(usize, usize, usize),
}

struct Case {
    config: Value,
    examples: Examples,
    batch: usize,
}

const VOCABULARY: u32 = 8000;

fn cases() -> Vec<Case> {
    let case = |config: Value, examples, batch| Case { config, examples, batch };
    let encoder = |model_type: &str| {
        json!({"model_type": model_type, "vocab_size": VOCABULARY, "hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4,
            "intermediate_size": 1024, "max_position_embeddings": 260, "type_vocab_size": 2, "embedding_size": 128, "pad_token_id": 1})
    };
    vec![
        case(encoder("bert"), Examples::Texts(128), 24),
        case(
            json!({"model_type": "distilbert", "vocab_size": VOCABULARY, "dim": 256, "n_layers": 4, "n_heads": 4, "hidden_dim": 1024,
                "max_position_embeddings": 256}),
            Examples::Texts(128),
            24,
        ),
        case(encoder("electra"), Examples::Texts(128), 24),
        case(
            json!({"model_type": "gpt2", "vocab_size": VOCABULARY, "n_positions": 128, "n_embd": 256, "n_layer": 4, "n_head": 4}),
            Examples::Stream(128),
            16,
        ),
        case(
            json!({"model_type": "llama", "vocab_size": VOCABULARY, "hidden_size": 256, "intermediate_size": 704, "num_hidden_layers": 4,
                "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128, "rms_norm_eps": 1e-5,
                "hidden_act": "silu", "tie_word_embeddings": true}),
            Examples::Stream(128),
            16,
        ),
        case(
            json!({"model_type": "marian", "vocab_size": VOCABULARY, "d_model": 256, "encoder_layers": 3, "decoder_layers": 3,
                "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 1024, "decoder_ffn_dim": 1024,
                "max_position_embeddings": 128, "activation_function": "silu", "pad_token_id": 0, "eos_token_id": 1,
                "decoder_start_token_id": 0, "scale_embedding": true}),
            Examples::Pairs(64),
            24,
        ),
        case(mlp(), Examples::Rows(32), 8192),
        case(
            json!({"model_type": "resnet", "num_channels": 3, "embedding_size": 64, "hidden_sizes": [64, 128, 256, 512],
                "depths": [2, 2, 2, 2], "layer_type": "basic", "hidden_act": "relu"}),
            Examples::Images(64),
            16,
        ),
        case(json!({"model_type": "resnet_cifar", "depth": 20}), Examples::Images(32), 128),
        case(encoder("roberta"), Examples::Texts(128), 24),
        case(
            json!({"model_type": "t5", "vocab_size": VOCABULARY, "d_model": 256, "d_kv": 64, "d_ff": 1024, "num_layers": 3,
                "num_decoder_layers": 3, "num_heads": 4, "feed_forward_proj": "relu", "relative_attention_num_buckets": 32,
                "pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}),
            Examples::Pairs(64),
            24,
        ),
        case(
            json!({"model_type": "vit", "image_size": 64, "patch_size": 8, "num_channels": 3, "hidden_size": 256, "num_hidden_layers": 4,
                "num_attention_heads": 4, "intermediate_size": 1024}),
            Examples::Images(64),
            32,
        ),
        case(
            json!({"model_type": "whisper", "vocab_size": VOCABULARY, "num_mel_bins": 80, "d_model": 256, "encoder_layers": 2,
                "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 1024,
                "decoder_ffn_dim": 1024, "max_source_positions": 500, "max_target_positions": 64, "decoder_start_token_id": 0, "bos_token_id": 0,
                "eos_token_id": 1, "pad_token_id": 1}),
            Examples::Speech(80, 1000, 32),
            4,
        ),
        case(json!({"model_type": "wide_resnet", "depth": 16, "widen_factor": 4}), Examples::Images(32), 32),
    ]
}

fn mlp() -> Value {
    let number = |i: usize| json!({"name": format!("x{i}"), "scale": {"mean": 0, "std": 1}, "fill": 0, "indicator": false});
    json!({"model_type": "mlp", "numeric_columns": (0..32).map(number).collect::<Vec<_>>(), "categorical_columns": [],
        "hidden_sizes": [512, 512, 512], "norm": "batch", "dropout": 0.1})
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, child, config, out] = arguments.as_slice()
        && child == "train"
    {
        return train(Path::new(config), Path::new(out));
    }
    let folder = tempfile::tempdir()?;
    println!("| family | parameters | batch | estimated MiB | measured MiB | estimated / measured |\n|---|---|---|---|---|---|");
    for (case, entry) in cases().iter().zip(registry()) {
        if arguments.get(1).is_some_and(|wanted| wanted != entry.family) {
            continue;
        }
        let place = folder.path().join(entry.family);
        std::fs::create_dir_all(&place)?;
        let config = run_config(case, &place).map_err(|e| format!("{}: {e}", entry.family))?;
        let file = place.join("config.json");
        std::fs::write(&file, serde_json::to_vec(&config)?)?;
        let out = Command::new(std::env::current_exe()?).arg("train").arg(&file).arg(&place).output()?;
        let text = String::from_utf8_lossy(&out.stdout);
        let Ok(measured) = text.trim().parse::<f64>() else {
            return Err(format!("{}: {text} {}", entry.family, String::from_utf8_lossy(&out.stderr)).into());
        };
        let host = HostFacts::new(1, 0, 1e11);
        let estimated = estimate(
            &config.model,
            &Share::of(&config.model, None, None),
            &config.recipe,
            case.batch,
            2,
            &facts(case, config.task),
            &host,
        );
        let (estimated, params) = (estimated.peak_memory_bytes as f64, estimated.num_params);
        const MIB: f64 = (1 << 20) as f64;
        println!(
            "| {} | {params} | {} | {:.0} | {:.0} | {:.2} |",
            entry.family,
            case.batch,
            estimated / MIB,
            measured / MIB,
            estimated / measured
        );
        std::fs::remove_dir_all(&place)?;
    }
    Ok(())
}

/// The child: trains and says its peak in bytes.
fn train(config: &Path, out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    // As a worker does.
    #[cfg(target_env = "gnu")]
    // SAFETY: mallopt only sets numbers of the allocator, under its own lock.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 30);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
    }
    let config: RunConfig = serde_json::from_slice(&std::fs::read(config)?)?;
    let finish = tallow::trainer::train(&config, out, &[], &|_| false, &mut |_| {})?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
    println!("{}", peak.ok_or("no peak")? * 1024);
    drop(finish);
    Ok(())
}

fn task(examples: &Examples) -> Task {
    match examples {
        Examples::Texts(_) => Task::TextClassification,
        Examples::Stream(_) => Task::LanguageModelling,
        Examples::Pairs(_) => Task::TextToText,
        Examples::Rows(_) => Task::TabularClassification,
        Examples::Images(_) => Task::ImageClassification,
        Examples::Speech(..) => Task::SpeechRecognition,
    }
}

fn facts(case: &Case, task: Task) -> DataFacts {
    let (tokens, side) = match case.examples {
        Examples::Texts(tokens) | Examples::Stream(tokens) | Examples::Speech(_, _, tokens) => (Some(tokens), None),
        Examples::Pairs(tokens) => (Some(2 * tokens), None),
        Examples::Images(side) => (None, Some([side, side, 3])),
        Examples::Rows(_) => (None, None),
    };
    DataFacts { task: Some(task), mean_tokens: tokens.map(|tokens| tokens as f64), image_shape: side, ..DataFacts::default() }
}

fn run_config(case: &Case, place: &Path) -> Result<RunConfig, Box<dyn std::error::Error>> {
    let (task, mut public) = (task(&case.examples), case.config.clone());
    if !matches!(task, Task::LanguageModelling | Task::TextToText | Task::SpeechRecognition) {
        public["id2label"] = json!({"0": "a", "1": "b"});
    }
    let optimizer = Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };
    let schedule = Schedule::Constant { warmup: Warmup::Steps(0) };
    let mut recipe = Recipe::bare(optimizer, 1e-4, schedule, Length::Steps(2), case.batch);
    recipe.max_seq_len = match case.examples {
        Examples::Texts(tokens) | Examples::Stream(tokens) | Examples::Pairs(tokens) | Examples::Speech(_, _, tokens) => {
            Some(tokens)
        }
        Examples::Rows(_) | Examples::Images(_) => None,
    };
    let model = ModelConfig::from_public(&public.to_string())?;
    let train = write(&case.examples, 2 * case.batch, place)?;
    Ok(RunConfig { threads: 2, log_every_steps: 1, ..RunConfig::bare(task, model, train, Metric::Accuracy, recipe, 2) })
}

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn floats(stream: Stream, count: usize) -> Vec<u8> {
    (0..count).flat_map(|i| stream.normal(i as u64).to_le_bytes()).collect()
}

/// A prepared split of so many examples.
fn write(examples: &Examples, count: usize, place: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let stream = Stream::root(7);
    let words = |count: usize| (0..count).map(|i| 3 + stream.below(i as u64, VOCABULARY as usize - 3) as u32).collect::<Vec<_>>();
    let labels = || ("labels", Dtype::U32, vec![count], u32s(&(0..count as u32).map(|i| i % 2).collect::<Vec<_>>()));
    let ends = |texts: usize, each: usize| -> Vec<u8> { (0..=texts).flat_map(|i| ((i * each) as u64).to_le_bytes()).collect() };
    let texts = |texts: usize, tokens: usize| -> Tensors {
        vec![
            ("offsets", Dtype::U64, vec![texts + 1], ends(texts, tokens)),
            ("tokens", Dtype::U32, vec![texts * tokens], u32s(&words(texts * tokens))),
            ("type_ids", Dtype::U8, vec![texts * tokens], vec![0; texts * tokens]),
        ]
    };
    // As they stand in the data: a letter each.
    let verbatim = |texts: usize, [name, offsets]: [&'static str; 2]| -> Tensors {
        vec![(name, Dtype::U8, vec![texts], vec![b'a'; texts]), (offsets, Dtype::U64, vec![texts + 1], ends(texts, 1))]
    };
    let mut metadata: BTreeMap<&str, String> =
        BTreeMap::from([("labels", r#"["a","b"]"#.to_string()), ("vocab_size", VOCABULARY.to_string())]);
    let tensors: Tensors = match *examples {
        Examples::Texts(tokens) => texts(count, tokens).into_iter().chain([labels()]).collect(),
        Examples::Stream(tokens) => {
            let bytes = ("bytes", Dtype::U32, vec![count], u32s(&vec![tokens as u32; count]));
            texts(count, tokens).into_iter().chain([bytes]).collect()
        }
        Examples::Pairs(tokens) => {
            metadata.extend([("begin_token", "0".to_string()), ("end_token", "1".to_string())]);
            texts(2 * count, tokens).into_iter().chain(verbatim(2 * count, ["pairs", "pair_offsets"])).collect()
        }
        Examples::Rows(numbers) => vec![
            ("numbers", Dtype::F32, vec![count, numbers], floats(stream, count * numbers)),
            ("categories", Dtype::U32, vec![count, 0], Vec::new()),
            labels(),
        ],
        Examples::Images(side) => {
            let pixels = (0..count * side * side * 3).map(|i| stream.below(i as u64, 256) as u8).collect();
            vec![("images", Dtype::U8, vec![count, side, side, 3], pixels), labels()]
        }
        Examples::Speech(bins, frames, tokens) => {
            let told = [("begin_token", "0"), ("end_token", "1"), ("forced_tokens", "1")];
            metadata.extend(told.map(|(key, value)| (key, value.to_string())));
            metadata.extend([("mel_bins", bins.to_string()), ("frames", frames.to_string())]);
            let sound: Tensors = vec![
                ("frame_offsets", Dtype::U64, vec![count + 1], ends(count, frames)),
                ("features", Dtype::F32, vec![count * bins * frames], floats(stream, count * bins * frames)),
                ("silence", Dtype::F32, vec![count], vec![0; 4 * count]),
            ];
            // A name and a text each.
            let transcripts = verbatim(2 * count, ["transcripts", "transcript_offsets"]);
            texts(count, tokens).into_iter().chain(sound).chain(transcripts).collect()
        }
    };
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?)));
    let views = views.collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    let path = place.join("train.safetensors");
    let metadata = metadata.into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    safetensors::serialize_to_file(views, Some(metadata), &path)?;
    Ok(path)
}
