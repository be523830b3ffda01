//! What the zoo writes as public files is loaded by transformers, class by class, and says the same there. This needs a Python with
//! torch and transformers, which `TALLOW_PYTHON` names; without one the test says that it did not run.

use candle_core::{DType, Device, Tensor};
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use tallow_kernels::{Stream, Tape, Weights};
use tallow_zoo::{Input, Modality, ModelConfig, registry};

/// Families that transformers knows by the names in their files.
const PUBLIC: [&str; 10] = ["bert", "distilbert", "electra", "gpt2", "llama", "marian", "roberta", "t5", "vit", "whisper"];

/// Words of two texts, none of which has a meaning to any model; 0 where the second has ended.
const IDS: [[u32; 5]; 2] = [[5, 9, 7, 31, 12], [8, 40, 6, 0, 0]];
const LENGTHS: [usize; 2] = [5, 3];

fn write(folder: &Path, config: &ModelConfig) {
    std::fs::create_dir_all(folder).expect("a folder");
    let weights = Weights::scratch(Stream::root(3), &Device::Cpu);
    let model = config.build(&weights, None).expect("a model");
    let (store, _) = weights.finish().expect("from scratch");
    // Larger than they start, so that every part of the model matters; running variances stay positive.
    let tensor = |p: &tallow_kernels::Param| (p.tensor() * if p.tensor().rank() > 1 { 8.0 } else { 1.0 }).expect("numbers");
    store.iter().for_each(|p| p.set(&tensor(p)).expect("the same shape"));
    let own = store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect();
    let public: HashMap<_, _> = config.public_tensors(own).expect("tensors").into_iter().collect();
    candle_core::safetensors::save(&public, folder.join("model.safetensors")).expect("written");
    std::fs::write(folder.join("config.json"), config.to_public().to_string()).expect("written");

    let text = config.takes() != Modality::Image;
    let ids = Tensor::new(&IDS, &Device::Cpu).expect("ids");
    let values: Vec<f32> = (0..2 * 3 * 9 * 9).map(|i| Stream::root(4).normal(i)).collect();
    let pixels = Tensor::from_vec(values, (2, 3, 9, 9), &Device::Cpu).expect("pixels");
    let heard = config.speech_limits().map(|limits| {
        let (m, f) = (limits.mel_bins, limits.frames);
        let values: Vec<f32> = (0..(2 * m * f) as u64).map(|i| Stream::root(4).normal(i)).collect();
        Tensor::from_vec(values, (2, m, f), &Device::Cpu).expect("features")
    });
    let input = match text {
        true if config.takes() == Modality::Speech => Input::Speech {
            features: heard.clone().expect("features"),
            target_ids: ids.clone(),
            target_lengths: LENGTHS.to_vec(),
        },
        // A text is written from itself.
        true if config.takes() == Modality::TextToText => Input::TextToText {
            source_ids: ids.clone(),
            source_lengths: LENGTHS.to_vec(),
            target_ids: ids.clone(),
            target_lengths: LENGTHS.to_vec(),
        },
        true => Input::Text { type_ids: ids.zeros_like().expect("types"), token_ids: ids.clone(), lengths: LENGTHS.to_vec() },
        false => Input::Image { pixels: pixels.clone() },
    };
    let tape = Tape::inference();
    let scores = model.forward(&tape, &input).and_then(|output| output.scores(&tape)).expect("scores");
    let lengths = Tensor::new(&LENGTHS.map(|n| n as u32), &Device::Cpu).expect("lengths");
    let mut said = HashMap::from([("scores", scores.tensor().clone())]);
    match text {
        true => said.extend([("token_ids", ids.to_dtype(DType::I64).expect("ids")), ("lengths", lengths)]),
        false => said.extend([("pixels", pixels)]),
    }
    said.extend(heard.map(|features| ("features", features)));
    candle_core::safetensors::save(&said, folder.join("said.safetensors")).expect("written");
}

#[test]
fn transformers_says_the_same() {
    let Some(python) = std::env::var_os("TALLOW_PYTHON") else {
        eprintln!("not run: TALLOW_PYTHON names no Python with torch and transformers");
        return;
    };
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("public");
    let _ = std::fs::remove_dir_all(&root);
    let mut written = 0;
    for entry in registry().iter().filter(|entry| PUBLIC.contains(&entry.family)) {
        let tiny = (entry.tiny)().with_dropout(0.0);
        for kind in tiny.heads() {
            let labels = (0..3).map(|i| format!("class {i}")).collect();
            let name = format!("{}_{}", entry.family, kind.name());
            write(&root.join(name), &tiny.clone().with_head(kind.with(labels)));
            written += 1;
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/load_public.py");
    let told = Command::new(python).arg(script).arg(&root).output().expect("the Python that TALLOW_PYTHON names");
    let (out, err) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    println!("{out}");
    assert!(told.status.success(), "{out}\n{err}");
    assert_eq!(out.lines().filter(|line| line.contains("off by")).count(), written, "{out}");
}
