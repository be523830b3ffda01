//! What cannot be used is refused before anything is written, with its class and with words that help.

use crate::bench::Bench;
use candle_core::safetensors::{load, save};
use candle_core::{DType, Device, Tensor};
use std::collections::HashMap;
use std::path::PathBuf;
use tallow::error::{Class, Error};
use tallow::job::{InitFrom, MonitorConfig, Normalize, RunConfig};
use tallow::spec::{Metric, Sampling};
use tallow_zoo::ModelConfig;

#[test]
fn configs_and_data() {
    let bench = Bench::new();
    bench.write_as_texts("label-2.safetensors", &[(vec![1, 7, 2], 0), (vec![1, 8, 2], 2)]);
    bench.write_as_texts("none.safetensors", &[]);
    let refused = |config: RunConfig, change: &dyn Fn(&mut RunConfig), class: Class, words: &[&str]| {
        let mut config = config;
        change(&mut config);
        let told = Error::from(bench.attempt(&config, "refused", None, None).err().expect("refused"));
        assert_eq!(told.class(), class, "{told}");
        words.iter().for_each(|word| assert!(told.to_string().contains(word), "`{word}` in: {told}"));
        let left: Vec<_> = std::fs::read_dir(bench.path("refused")).expect("there").flatten().map(|e| e.file_name()).collect();
        assert!(left.is_empty(), "{left:?}");
    };
    let text = |change: &dyn Fn(&mut RunConfig), class: Class, words: &[&str]| refused(bench.bert(), change, class, words);
    text(&|c| c.train = bench.path("absent"), Class::Data, &["absent"]);
    text(&|c| c.train = bench.path("label-2.safetensors"), Class::Data, &["a label is 2, and there are 2 classes"]);
    text(&|c| c.train = bench.path("none.safetensors"), Class::Data, &["none.safetensors"]);
    text(&|c| c.train = bench.path("images.safetensors"), Class::Data, &["images.safetensors", "expected texts, found images"]);
    let three = |c: &mut RunConfig| c.model = c.model.clone().with_labels(&["a".into(), "b".into(), "c".into()]);
    text(&three, Class::Data, &["expected 3, as the model has, found 2: worse, better"]);
    text(&|c| c.monitor = MonitorConfig::HoldOut { examples: 160 }, Class::Data, &["160"]);
    text(&|c| c.monitor = MonitorConfig::File { path: bench.path("images.safetensors") }, Class::Data, &["found images"]);
    text(&|c| c.max_train_examples = Some(0), Class::Data, &["training examples"]);
    text(&|c| c.micro_batch_size = 5, Class::Spec, &["micro_batch_size: expected a divisor of recipe.batch_size, found 5"]);
    text(&|c| c.recipe.batch_size = 0, Class::Spec, &["recipe.batch_size: expected at least 1, found 0"]);
    text(&|c| c.total_steps = 0, Class::Spec, &["total_steps"]);
    let short = |c: &mut RunConfig| {
        if let ModelConfig::Bert(config) = &mut c.model {
            config.max_position_embeddings = 6;
        }
    };
    text(&short, Class::Data, &["at most 6 tokens", "max_seq_len"]);
    let weighted = |c: &mut RunConfig| c.recipe.sampling = Sampling::Weighted;
    text(&weighted, Class::Spec, &["recipe.sampling: expected a prepared split with weights of its examples, found one without"]);
    let weightless = |c: &mut RunConfig| {
        weighted(c);
        c.train = bench.path("weightless.safetensors");
    };
    text(&weightless, Class::Spec, &["expected an example that weighs more than 0", "found 120 that weigh nothing"]);
    let normalize = |c: &mut RunConfig| c.normalize = Some(Normalize { mean: vec![0.5], std: vec![0.0] });
    refused(bench.resnet(), &normalize, Class::Data, &["3 means"]);
}

const EMBEDDING: &str = "bert.embeddings.word_embeddings.weight";
const NORM: &str = "bert.embeddings.LayerNorm.weight";
const BIAS: &str = "bert.encoder.layer.0.output.dense.bias";
const FIRST_LAYER: &str = "bert.encoder.layer.0.output.dense.weight";
const SECOND_LAYER: &str = "bert.encoder.layer.1.output.dense.weight";

type Tensors = HashMap<String, Tensor>;

/// A trained model's weights, changed.
fn changed(bench: &Bench, change: &dyn Fn(&mut Tensors)) -> PathBuf {
    let mut tensors = load(bench.path("base").join("model.safetensors"), &Device::Cpu).expect("read");
    change(&mut tensors);
    let path = bench.path("changed.safetensors");
    save(&tensors, &path).expect("written");
    path
}

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32, &Device::Cpu).expect("a tensor")
}

fn several(tensors: &mut Tensors) {
    tensors.remove(BIAS);
    tensors.insert(EMBEDDING.into(), zeros(&[3, 16]));
    tensors.insert(NORM.into(), (zeros(&[16]) / 0.0).expect("not a number"));
}
const SEVERAL: [&str; 5] = [BIAS, "is missing", "[3, 16]", "[30, 16]", "NaN"];

fn a_layer_more(tensors: &mut Tensors) {
    let layer = tensors[FIRST_LAYER].clone();
    tensors.insert(SECOND_LAYER.into(), layer);
}
const A_LAYER_MORE: [&str; 2] = ["no place for", SECOND_LAYER];

fn check(error: tallow::trainer::Error, words: &[&str]) {
    let told = Error::from(error);
    assert!(told.class() == Class::Model && told.hint().is_some(), "{told}");
    words.iter().for_each(|word| assert!(told.to_string().contains(word), "`{word}` in: {told}"));
}

#[test]
fn weights_that_training_starts_from() {
    let bench = Bench::new();
    let config = RunConfig { total_steps: 2, ..bench.bert() };
    bench.train(&config, "base");
    let from = |change: &dyn Fn(&mut Tensors)| {
        let path = changed(&bench, change);
        let config = RunConfig { init: InitFrom::Weights { path, sha256: String::new() }, ..config.clone() };
        bench.attempt(&config, "tuned", None, None)
    };
    let refused = |change: &dyn Fn(&mut Tensors), words: &[&str]| check(from(change).err().expect("refused"), words);
    refused(&several, &SEVERAL);
    refused(&a_layer_more, &A_LAYER_MORE);
    let other_heads = |tensors: &mut Tensors| {
        tensors.insert("classifier.weight".into(), zeros(&[5, 16]));
        tensors.insert("strange_head.bias".into(), zeros(&[2]));
    };
    let run = from(&other_heads).expect("another task's heads are left over");
    assert_eq!(
        (
            run.notes("begun anew: classifier.weight, classifier.bias"),
            run.notes("without a place in the model: strange_head.bias")
        ),
        (1, 1)
    );
    let path = bench.path("cut.safetensors");
    let whole = std::fs::read(bench.path("base").join("model.safetensors")).expect("read");
    std::fs::write(&path, &whole[..whole.len() - 4]).expect("cut");
    let config = RunConfig { init: InitFrom::Weights { path, sha256: String::new() }, ..config.clone() };
    check(bench.attempt(&config, "tuned", None, None).err().expect("refused"), &["cut.safetensors", "cannot be read"]);
}

#[test]
fn weights_that_are_scored() {
    let bench = Bench::new();
    let config = RunConfig { total_steps: 2, ..bench.bert() };
    bench.train(&config, "base");
    let refused = |change: &dyn Fn(&mut Tensors), words: &[&str]| {
        let job = bench.evaluate_job(&config, changed(&bench, change), &[Metric::Accuracy]);
        check(bench.evaluate(&job).expect_err("refused"), words);
    };
    refused(&several, &SEVERAL);
    refused(&a_layer_more, &A_LAYER_MORE);
    refused(&|t| drop(t.remove("classifier.weight")), &["not trained for this task", "classifier.weight"]);
    refused(&|t| drop(t.insert("strange_head.bias".into(), zeros(&[2]))), &["no place for", "strange_head.bias"]);
}
