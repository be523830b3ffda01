//! Small valid files.

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tallow::job::{InitFrom, MonitorConfig, PrepareJob, RunConfig, SplitSource, TokenizerSource};
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
        let config = RunConfig {
            version: 1,
            name: "seed-0".into(),
            task: Task::TextClassification,
            model: serde_json::from_str(model).expect("a model"),
            init: InitFrom::Scratch,
            adapter: None,
            preference: None,
            similarity: None,
            train,
            monitor: MonitorConfig::None,
            max_train_examples: None,
            leave_out: Vec::new(),
            recipe: recipe(),
            micro_batch_size: 2,
            total_steps: 4,
            metric: Metric::Accuracy,
            writing: None,
            normalize: None,
            seed: 0,
            threads: rayon::current_num_threads(),
            checkpoint_every_steps: 2,
            monitor_every_steps: 0,
            log_every_steps: 1,
        };
        let work = WorkFolder::at(dir.path().join("work"));
        std::fs::create_dir_all(dir.path().join("work")).expect("made");
        tallow::trainer::train(&config, &dir.path().join("work"), None, &|_| false, &mut |_| ()).expect("trained");
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
