//! Damaged files of every kind that is read: each ends as a value or as an error that says what is wrong; none panics, and none takes
//! more memory than what it is and what reading it may take.
//!
//! Each loader gets a small valid file, mutated: cut off, bits flipped, lengths set huge, parts doubled, brackets without end, values of
//! other types. `PROPTEST_CASES` says how many cases; the same number gives the same cases.

mod memory;
mod mutation;
mod samples;

use mutation::{Kind, check};
use samples::Bench;
use std::io::Cursor;
use std::path::Path;
use tallow::data::hub::{Hub, HubConfig};
use tallow::data::{Card, DataSpecHints, Making, Prepared, Vocabulary, hear, survey_data, survey_model};
use tallow::job::{EvaluateJob, Event, Job};
use tallow::spec::{DataSource, Metric, ModelSpec, Task};
use tallow::trainer;
use tallow_zoo::ModelConfig;
use tallow_zoo::gguf::Gguf;
use tallow_zoo::torch_file::TorchFile;

#[global_allocator]
static MEMORY: memory::Counted = memory::Counted;

fn quiet(_: Event) {}

/// Writes the bytes over the file, then lets the job read it.
fn file(path: &Path, read: impl Fn() -> Result<(), String>) -> impl Fn(&[u8]) -> Result<(), String> {
    let path = path.to_path_buf();
    move |bytes| {
        std::fs::write(&path, bytes).expect("written");
        read()
    }
}

fn said<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<(), String> {
    result.map(drop).map_err(|error| error.to_string())
}

#[test]
fn experiment_files() {
    let read = |bytes: &[u8]| said(tallow::spec::parse(&String::from_utf8_lossy(bytes), "x.toml"));
    check("experiment TOML", Kind::Text, include_bytes!("../../presets/toy_bert.toml"), &read);
}

#[test]
fn model_configs() {
    for entry in tallow_zoo::registry() {
        let config = (entry.tiny)().to_public().to_string();
        let read = |bytes: &[u8]| {
            // What is read is built by no more than its numbers say, and they have bounds.
            said(ModelConfig::from_public(&String::from_utf8_lossy(bytes)))
        };
        check(entry.family, Kind::Text, config.as_bytes(), &read);
    }
}

#[test]
fn jobs_and_events() {
    let bench = Bench::texts("a.csv", samples::CSV);
    let job = serde_json::to_vec(&Job::Prepare(Box::new(bench.job.clone()))).expect("JSON");
    check("a job", Kind::Text, &job, &|bytes| said(serde_json::from_slice::<Job>(bytes)));
    let event = br#"{"event":"step","step":20,"epoch":0.5,"loss":0.25,"lr":0.001,"grad_norm":1.5,"tokens":3,"examples":4,"train_secs":0.1}"#;
    check("an event", Kind::Text, event, &|bytes| said(serde_json::from_slice::<Event>(bytes)));
}

#[test]
fn cards() {
    let card = "---\nlicense: mit\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: \"a/*.csv\"\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names:\n          '0': a\n          '1': b\n---\n# Title\n";
    let read = |bytes: &[u8]| said(Card::parse("a/b", &String::from_utf8_lossy(bytes)));
    check("a data card", Kind::Text, card.as_bytes(), &read);
}

#[test]
fn tables_as_text() {
    for (name, text) in [("a.csv", samples::CSV), ("a.tsv", samples::TSV), ("a.jsonl", samples::JSONL), ("a.json", samples::JSON)]
    {
        let bench = Bench::texts(name, text);
        check(name, Kind::Text, text, &file(&bench.input, || bench.prepare()));
    }
}

#[test]
fn parquet() {
    let bench = Bench::texts("a.parquet", &samples::parquet());
    check("Parquet", Kind::Binary, &samples::parquet(), &file(&bench.input, || bench.prepare()));
}

#[test]
fn images() {
    for (name, bytes) in samples::images() {
        let bench = Bench::images(&name, &bytes);
        check(&name, Kind::Binary, &bytes, &file(&bench.input, || bench.prepare()));
    }
}

#[test]
fn tokenizers() {
    for kind in samples::TOKENIZERS {
        let bench = Bench::texts("a.csv", samples::CSV);
        let (tokenizer, bench) = bench.with_trained_tokenizer(kind);
        let text = std::fs::read(&tokenizer).expect("a tokenizer");
        check("tokenizer.json", Kind::Text, &text, &file(&tokenizer, || bench.prepare()));
    }
}

#[test]
fn prepared_files() {
    let bench = Bench::texts("a.csv", samples::CSV);
    bench.prepare().expect("prepared");
    let path = bench.job.out.join("train.safetensors");
    let whole = std::fs::read(&path).expect("read");
    check("a prepared split", Kind::Binary, &whole, &file(&path, || said(Prepared::open(&path))));
    let bench = Bench::images("a.png", &samples::images()[0].1);
    bench.prepare().expect("prepared");
    let path = bench.job.out.join("train.safetensors");
    let whole = std::fs::read(&path).expect("read");
    check("prepared images", Kind::Binary, &whole, &file(&path, || said(Prepared::open(&path))));
}

#[test]
fn weights() {
    let trained = samples::Trained::new();
    let whole = std::fs::read(&trained.weights).expect("read");
    let out = trained.place("scored");
    let job = EvaluateJob {
        task: Task::TextClassification,
        model: trained.config.model.clone(),
        weights: trained.weights.clone().into(),
        data: trained.config.train.clone(),
        normalize: None,
        metrics: vec![Metric::Accuracy],
        guess: None,
        reference: None,
        writing: None,
        similarity: None,
        samples: None,
        batch_size: 8,
        threads: rayon::current_num_threads(),
        out,
    };
    check("model.safetensors", Kind::Binary, &whole, &file(&trained.weights, || said(trainer::evaluate(&job, &mut quiet))));
}

#[test]
fn checkpoints() {
    let trained = samples::Trained::new();
    let newest = trained.checkpoints.files().pop().expect("a checkpoint");
    let whole = std::fs::read(&newest).expect("read");
    let mut at = 0;
    let next = std::cell::RefCell::new(&mut at);
    let resume = || {
        // A folder of its own each time: what an attempt left is no part of the next.
        let out = {
            let mut at = next.borrow_mut();
            **at += 1;
            trained.place(&format!("resumed-{}", **at))
        };
        let done = trainer::train(&trained.config, &out, &[trained.checkpoints.path().into()], &|_| false, &mut quiet);
        let _ = std::fs::remove_dir_all(&out);
        said(done)
    };
    check("a checkpoint", Kind::Binary, &whole, &file(&newest, resume));
}

#[test]
fn run_folders() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = dir.path().join("ledger.jsonl");
    let row = br#"{"row":1,"at":"t","record":{"kind":"stage","stage":"plan","file":"plan.json","sha256":"00","secs":0.5}}
{"row":2,"at":"t","record":{"kind":"measured","what":"x","values":{"n":1.0}}}
"#;
    let read = || {
        let folder = tallow::store::RunFolder::open(dir.path()).map_err(|e| e.to_string())?;
        said(folder.ledger().read())
    };
    check("a ledger", Kind::Text, row, &file(&ledger, read));
}

/// A Hub that nobody reaches.
fn nowhere() -> Hub {
    let (endpoint, cache_dir) = ("http://127.0.0.1:1".into(), "/nowhere".into());
    Hub::new(HubConfig { endpoint, cache_dir, token: None, offline: true, local: None })
}

/// As they are heard, and as their heads are surveyed.
#[test]
fn recordings() {
    for (name, bytes) in samples::recordings() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(&name);
        check(&name, Kind::Binary, &bytes, &file(&path, || said(hear(&path, 8, 100))));
        let table = format!("file_name,transcription\n{name},one two\n");
        std::fs::write(dir.path().join("metadata.csv"), table).expect("written");
        let (hub, source) = (nowhere(), DataSource::Local { path: dir.path().join("metadata.csv") });
        let survey = || said(survey_data(&hub, &source, &DataSpecHints::default(), &Making::quietly(dir.path())));
        check(&format!("the head of {name}"), Kind::Binary, &bytes, &file(&path, survey));
    }
}

#[test]
fn gguf_files() {
    for (name, bytes) in samples::ggufs() {
        let read = |bytes: &[u8]| {
            let mut file = Cursor::new(bytes);
            let header = Gguf::read(&mut file).map_err(|e| e.to_string())?;
            said(header.outline(&mut file))?;
            said(header.load(&mut file))
        };
        check(&name, Kind::Binary, &bytes, &read);
    }
}

/// Weights as `torch.save` writes them: the list of tensors is a program for Python, of which nothing may run.
#[test]
fn torch_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("model-zoo/tests/fixtures/torch_file");
    for name in ["archive.bin", "before_1_6.bin", "checkpoint.bin"] {
        let valid = std::fs::read(folder.join(name)).expect("read");
        let read = |bytes: &[u8]| {
            let outline = TorchFile::read(&mut Cursor::new(bytes)).map_err(|e| e.to_string())?;
            said(outline.load(bytes))
        };
        check(name, Kind::Binary, &valid, &read);
    }
}

/// Tokenizers in parts: each part by turns, the others as they are.
#[test]
fn tokenizers_in_parts() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tokenizers");
    for (kind, main, parts) in [
        ("bert_cased", "vocab.txt", &["vocab.txt", "tokenizer_config.json"][..]),
        ("roberta", "vocab.json", &["vocab.json", "merges.txt", "config.json"]),
        ("t5", "spiece.model", &["spiece.model"]),
        ("xlm_roberta", "sentencepiece.bpe.model", &["sentencepiece.bpe.model"]),
        ("llama", "tokenizer.model", &["tokenizer.model"]),
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        for entry in std::fs::read_dir(fixtures.join(kind)).expect("a folder").flatten() {
            std::fs::copy(entry.path(), dir.path().join(entry.file_name())).expect("copied");
        }
        for part in parts {
            let path = dir.path().join(part);
            let valid = std::fs::read(&path).expect("read");
            let text = if part.ends_with("model") { Kind::Binary } else { Kind::Text };
            let read = || said(Vocabulary::open(&dir.path().join(main)).and_then(|made| made.ids("the river don't 12", true)));
            check(&format!("{kind}/{part}"), text, &valid, &file(&path, read));
            std::fs::write(&path, valid).expect("written back");
        }
    }
}

/// A tensor without elements was once taken for blocks in memory that is none.
#[test]
fn a_gguf_of_an_empty_tensor() {
    let (_, mut bytes) = samples::ggufs().swap_remove(0);
    let name = b"blk.0.attn_q.weight";
    let at = bytes.windows(name.len()).position(|part| part == name).expect("its name") + name.len();
    // The number of its dimensions, then those, the innermost first.
    assert_eq!(bytes[at..at + 4], 2u32.to_le_bytes());
    bytes[at + 12..at + 20].fill(0);
    let mut file = Cursor::new(bytes);
    let header = Gguf::read(&mut file).expect("a header");
    let told = header.load(&mut file).expect_err("no rows").to_string();
    assert!(told.contains("expected at least one element, found the shape [0, 8]"), "{told}");
}

/// Every file of a model's folder that is text, by turns: models of texts, of images, of speech and of vectors, and adapters.
#[test]
fn model_folders() {
    for folder in samples::model_folders() {
        for name in folder.texts() {
            let path = folder.path().join(&name);
            let valid = std::fs::read(&path).expect("read");
            let (hub, id) = (nowhere(), folder.path().display().to_string());
            let survey = || {
                let facts =
                    survey_model(&hub, &ModelSpec::Pretrained { id: id.clone(), revision: None }).map_err(|e| e.to_string())?;
                // What is surveyed is written as a job has it.
                said(serde_json::to_string(&facts))
            };
            check(&format!("{}/{name}", folder.name), Kind::Text, &valid, &file(&path, survey));
            std::fs::write(&path, valid).expect("written back");
        }
    }
}

/// A table of recordings, with names of files and what is said.
#[test]
fn tables_of_recordings() {
    let dir = tempfile::tempdir().expect("a folder");
    let (name, bytes) = samples::recordings().swap_remove(0);
    std::fs::write(dir.path().join(&name), bytes).expect("written");
    let text = format!("file_name,transcription\n{name},one two\n\"{name}\",\"three, four\"\n");
    let path = dir.path().join("metadata.csv");
    let (hub, source) = (nowhere(), DataSource::Local { path: path.clone() });
    let survey = || said(survey_data(&hub, &source, &DataSpecHints::default(), &Making::quietly(dir.path())));
    check("metadata.csv", Kind::Text, text.as_bytes(), &file(&path, survey));
}

/// Papers in every format, as they are opened, read, searched for fields and shown.
#[test]
fn papers() {
    use tallow::intake::{EXAMPLE_PAPER, Outline, PaperFormat, extract, read_paper};
    for (name, format, kind, seed) in [
        ("a paper in LaTeX", PaperFormat::Latex, Kind::Text, &include_bytes!("paper.tex")[..]),
        ("a paper in HTML", PaperFormat::Html, Kind::Text, include_bytes!("paper.html")),
        ("a paper in Markdown", PaperFormat::Markdown, Kind::Text, include_bytes!("paper.md")),
        ("a paper as text", PaperFormat::Text, Kind::Text, include_bytes!("paper.md")),
        ("a paper as PDF", PaperFormat::Pdf, Kind::Binary, EXAMPLE_PAPER),
    ] {
        let read = |bytes: &[u8]| {
            let paper = read_paper(bytes, format, "x").map_err(|error| error.to_string());
            // Only the library for PDF may break: the reader of a paper turns its panic into an error.
            let broke = paper.as_ref().is_err_and(|error| error.contains("gave up on its structure"));
            assert!(!broke || format == PaperFormat::Pdf, "{name}: it panicked");
            let paper = paper?;
            said(serde_json::to_string(&Outline::new(&paper, &extract(&paper))))
        };
        check(name, kind, seed, &read);
    }
}
