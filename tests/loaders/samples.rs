//! Small valid files.

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tallow::job::{PrepareJob, RunConfig, SplitSource, TokenizerSource};
use tallow::spec::{Columns, Metric, Recipe, Task, TokenizerKind};
use tallow::store::{CheckpointFolder, WorkFolder};

pub(crate) const CSV: &[u8] = b"text,label\n\"good, very good\",1\nbad,0\n\"quite \"\"fine\"\"\",1\nawful film,0\n";
pub(crate) const TSV: &[u8] = b"text\tlabel\ngood\t1\nbad\t0\nquite fine\t1\n";
pub(crate) const JSONL: &[u8] =
    b"{\"text\":\"good\",\"label\":1}\n{\"text\":\"b\\u00e4d\",\"label\":0}\n{\"text\":\"fine\",\"label\":1}\n";
pub(crate) const JSON: &[u8] =
    b"[{\"text\":\"good\",\"label\":1},\n{\"text\":\"bad\",\"label\":0},{\"text\":\"fine\",\"label\":1}]\n";

pub(crate) const TOKENIZERS: [TokenizerKind; 3] = [TokenizerKind::Wordpiece, TokenizerKind::Bpe, TokenizerKind::Characters];

/// As data sets on the Hub are: a text that may be nothing, and a label.
pub(crate) fn parquet() -> Vec<u8> {
    let schema =
        Arc::new(parse_message_type("message schema { optional binary text (UTF8); required int64 label; }").expect("a schema"));
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::builder().build())).expect("a writer");
    let mut group = writer.next_row_group().expect("a group");
    let mut column = group.next_column().expect("a column").expect("text");
    let texts = ["good", "bad", "fine"].map(ByteArray::from);
    column.typed::<ByteArrayType>().write_batch(&texts, Some(&[1, 1, 1]), None).expect("written");
    column.close().expect("closed");
    let mut column = group.next_column().expect("a column").expect("label");
    column.typed::<Int64Type>().write_batch(&[1, 0, 1], None, None).expect("written");
    column.close().expect("closed");
    group.close().expect("closed");
    writer.into_inner().expect("a file")
}

/// A PNG, and JPEGs of several kinds.
pub(crate) fn images() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/jpeg");
    let mut found: Vec<_> =
        ["420.png", "420.jpg", "progressive_420.jpg", "grey.jpg", "cmyk.jpg"].map(|name| folder.join(name)).into();
    found.retain(|path| path.is_file());
    assert!(found.len() >= 2, "{found:?}");
    found
        .iter()
        .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read(path).expect("read")))
        .collect()
}

/// A file, and the job that prepares it.
pub(crate) struct Bench {
    _dir: tempfile::TempDir,
    pub(crate) input: PathBuf,
    pub(crate) job: PrepareJob,
}

impl Bench {
    fn new(task: Task, name: &str, bytes: &[u8]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let input = dir.path().join(name);
        std::fs::create_dir_all(input.parent().expect("a parent")).expect("made");
        std::fs::write(&input, bytes).expect("written");
        let job = PrepareJob {
            speech: None,
            task,
            splits: vec![SplitSource { name: "train".into(), files: vec![input.clone()], part: None }],
            rows: vec![],
            columns: Columns::default(),
            tokenizer: TokenizerSource::Trained(TokenizerKind::Wordpiece),
            vocab_size: 300,
            max_seq_len: 16,
            image_shape: None,
            image: None,
            table: None,
            labels: None,
            numbered: None,
            max_examples: None,
            chat: Default::default(),
            pairs: None,
            out: dir.path().join("out"),
        };
        Bench { _dir: dir, input, job }
    }

    pub(crate) fn texts(name: &str, bytes: &[u8]) -> Self {
        Bench::new(Task::TextClassification, name, bytes)
    }

    /// An image folder of two classes; the one image is mutated.
    pub(crate) fn images(name: &str, bytes: &[u8]) -> Self {
        let mut bench = Bench::new(Task::ImageClassification, &format!("train/a/{name}"), bytes);
        let folder = bench.input.parent().and_then(Path::parent).expect("the split").to_path_buf();
        let other = folder.join("b").join(name);
        std::fs::create_dir_all(other.parent().expect("a parent")).expect("made");
        std::fs::write(other, bytes).expect("written");
        bench.job.splits[0].files = vec![folder];
        bench
    }

    pub(crate) fn prepare(&self) -> Result<(), String> {
        let _ = std::fs::remove_dir_all(&self.job.out);
        tallow::data::prepare(&self.job, &mut |_| ()).map_err(|error| error.to_string())
    }

    /// Trains a tokenizer, which the job then reads.
    pub(crate) fn with_trained_tokenizer(mut self, kind: TokenizerKind) -> (PathBuf, Self) {
        self.job.tokenizer = TokenizerSource::Trained(kind);
        self.prepare().expect("prepared");
        let path = self.input.with_file_name("tokenizer.json");
        std::fs::copy(self.job.out.join("tokenizer.json"), &path).expect("copied");
        self.job.tokenizer = TokenizerSource::File(path.clone());
        (path, self)
    }
}

/// A model of a few hundred numbers, trained for four steps, with its checkpoints.
pub(crate) struct Trained {
    dir: tempfile::TempDir,
    pub(crate) config: RunConfig,
    pub(crate) weights: PathBuf,
    pub(crate) checkpoints: CheckpointFolder,
}

impl Trained {
    pub(crate) fn new() -> Self {
        let bench = Bench::texts("a.csv", CSV);
        bench.prepare().expect("prepared");
        let dir = tempfile::tempdir().expect("a folder");
        let train = dir.path().join("train.safetensors");
        std::fs::copy(bench.job.out.join("train.safetensors"), &train).expect("copied");
        let model = r#"{"family":"bert","vocab_size":300,"hidden_size":4,"num_hidden_layers":1,"num_attention_heads":1,
            "intermediate_size":4,"max_position_embeddings":16,"type_vocab_size":2,"hidden_act":"gelu","hidden_dropout_prob":0.1,
            "attention_probs_dropout_prob":0.1,"classifier_dropout":null,"initializer_range":0.02,"layer_norm_eps":1e-12,"pad_token_id":0,
            "head":{"classes":["0","1"]}}"#;
        let model = serde_json::from_str(model).expect("a model");
        let config = RunConfig {
            micro_batch_size: 2,
            threads: rayon::current_num_threads(),
            checkpoint_every_steps: 2,
            log_every_steps: 1,
            ..RunConfig::bare(Task::TextClassification, model, train, Metric::Accuracy, recipe(), 4)
        };
        let work = WorkFolder::at(dir.path().join("work"));
        std::fs::create_dir_all(dir.path().join("work")).expect("made");
        tallow::trainer::train(&config, &dir.path().join("work"), &[], &|_| false, &mut |_| ()).expect("trained");
        Trained { weights: work.weights(), checkpoints: work.checkpoints(), config, dir }
    }

    pub(crate) fn place(&self, name: &str) -> PathBuf {
        let place = self.dir.path().join(name);
        std::fs::create_dir_all(&place).expect("made");
        place
    }
}

/// As an experiment file has it.
fn recipe() -> Recipe {
    let spec = include_str!("../../presets/toy_bert.toml");
    let spec = tallow::spec::parse(spec, "toy_bert.toml").expect("an experiment");
    Recipe { batch_size: 2, ..spec.recipe }
}

/// One sound in every format that is read.
pub(crate) fn recordings() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio");
    let names = ["signed16.wav", "signed24.wav", "float32.wav", "extensible.wav", "unsigned8.wav", "flac16.flac", "flac24.flac"];
    names.into_iter().map(|name| (name.to_string(), std::fs::read(folder.join(name)).expect("read"))).collect()
}

fn zoo_fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("model-zoo/tests/fixtures").join(name)
}

/// A small Llama as llama.cpp has it, in several types.
pub(crate) fn ggufs() -> Vec<(String, Vec<u8>)> {
    [
        (GgmlDType::F32, 8),
        (GgmlDType::F16, 8),
        (GgmlDType::Q8_0, 32),
        (GgmlDType::Q4_0, 32),
        (GgmlDType::Q4K, 256),
        (GgmlDType::Q6K, 256),
    ]
    .map(|(kind, width)| (format!("GGUF of {kind:?}"), gguf(kind, width)))
    .into()
}

fn gguf(kind: GgmlDType, width: usize) -> Vec<u8> {
    let (words, inner) = (10, width);
    let count = |n: usize| Value::U32(n as u32);
    let values = [
        ("general.architecture", Value::String("llama".into())),
        ("llama.context_length", count(16)),
        ("llama.embedding_length", count(width)),
        ("llama.block_count", count(1)),
        ("llama.feed_forward_length", count(inner)),
        ("llama.attention.head_count", count(2)),
        ("llama.attention.head_count_kv", count(1)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
        ("llama.rope.freq_base", Value::F32(10_000.0)),
        ("tokenizer.ggml.tokens", Value::Array((0..words).map(|i| Value::String(format!("w{i}"))).collect())),
    ];
    let half = width / 2;
    let shapes: [(&str, Vec<usize>); 11] = [
        ("token_embd.weight", vec![words, width]),
        ("output_norm.weight", vec![width]),
        ("blk.0.attn_norm.weight", vec![width]),
        ("blk.0.ffn_norm.weight", vec![width]),
        ("blk.0.attn_q.weight", vec![width, width]),
        ("blk.0.attn_k.weight", vec![half, width]),
        ("blk.0.attn_v.weight", vec![half, width]),
        ("blk.0.attn_output.weight", vec![width, width]),
        ("blk.0.ffn_gate.weight", vec![inner, width]),
        ("blk.0.ffn_up.weight", vec![inner, width]),
        ("blk.0.ffn_down.weight", vec![width, inner]),
    ];
    let tensors: Vec<(&str, QTensor)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let kind = if shape.len() == 2 { kind } else { GgmlDType::F32 };
            let tensor = Tensor::ones(shape, DType::F32, &Device::Cpu).expect("a tensor");
            (name, QTensor::quantize(&tensor, kind).expect("quantised"))
        })
        .collect();
    let mut file = std::io::Cursor::new(Vec::new());
    let (values, tensors): (Vec<_>, Vec<_>) = (
        values.iter().map(|(key, value)| (*key, value)).collect(),
        tensors.iter().map(|(name, tensor)| (*name, tensor)).collect(),
    );
    gguf_file::write(&mut file, &values, &tensors).expect("a file");
    file.into_inner()
}

/// A model's folder with all files of text that are read of such.
pub(crate) struct ModelFolder {
    pub(crate) name: &'static str,
    dir: tempfile::TempDir,
    texts: Vec<&'static str>,
}

impl ModelFolder {
    fn new(name: &'static str, fixture: &str, texts: &[(&'static str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        for file in ["config.json", "model.safetensors"] {
            std::fs::copy(zoo_fixture(fixture).join(file), dir.path().join(file)).expect("copied");
        }
        let (tokenizer, _bench) = Bench::texts("a.csv", CSV).with_trained_tokenizer(TokenizerKind::Characters);
        std::fs::copy(tokenizer, dir.path().join("tokenizer.json")).expect("copied");
        for (file, text) in texts {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let texts = std::iter::once("config.json").chain(texts.iter().map(|(file, _)| *file)).collect();
        ModelFolder { name, dir, texts }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.texts.iter().map(|name| name.to_string()).collect()
    }
}

pub(crate) fn model_folders() -> Vec<ModelFolder> {
    let template = r#"{"chat_template": [{"name": "default", "template": "{% for m in messages %}{{ m.content }}{% endfor %}"}],
        "eos_token": {"content": "</s>", "lstrip": false}, "bos_token": "<s>"}"#;
    let generation = r#"{"is_multilingual": true, "lang_to_id": {"<|en|>": 5, "<|de|>": 6}, "task_to_id": {"transcribe": 7, "translate": 8},
        "no_timestamps_token_id": 9, "suppress_tokens": [1, 2], "begin_suppress_tokens": [3], "language": "<|en|>", "task": "transcribe"}"#;
    let image = r#"{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "size": {"height": 8, "width": 8}, "do_normalize": true,
        "rescale_factor": 0.00392156862745098, "resample": 2}"#;
    let modules = r#"[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]"#;
    let pooling = r#"{"word_embedding_dimension": 12, "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true,
        "pooling_mode_max_tokens": false, "pooling_mode_mean_sqrt_len_tokens": false}"#;
    vec![
        ModelFolder::new(
            "a decoder",
            "qwen2",
            &[("tokenizer_config.json", template), ("special_tokens_map.json", r#"{"pad_token": "<pad>"}"#)],
        ),
        ModelFolder::new("a model of speech", "whisper", &[("generation_config.json", generation)]),
        ModelFolder::new("a model of images", "vit", &[("preprocessor_config.json", image)]),
        ModelFolder::new(
            "a model of vectors",
            "bert_vector",
            &[
                ("modules.json", modules),
                ("1_Pooling/config.json", pooling),
                ("sentence_bert_config.json", r#"{"max_seq_length": 16, "do_lower_case": false}"#),
                ("config_sentence_transformers.json", r#"{"default_prompt_name": null, "prompts": {}}"#),
            ],
        ),
    ]
}
