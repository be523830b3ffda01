//! The trainer as the worker calls it, on small prepared files made here: it learns, repeats itself bit for bit, goes on after a stop
//! or a damaged checkpoint, and refuses what cannot be used.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tallow::error::{Class, Failure};
use tallow::job::{Divergence, EvaluateJob, Event, InitFrom, MonitorConfig, Normalize, RunConfig, StepEvent};
use tallow::spec::{Augment, Length, Metric, Optimizer, Recipe, Schedule, Task, Warmup};
use tallow::trainer::{self, Finish};
use tallow_kernels::Stream;
use tallow_zoo::ModelConfig;

const THREADS: usize = 2;

/// A folder with prepared files, and runs on them.
struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    /// `texts.safetensors`: a text is of class 1 if token 7 occurs more often than token 8. `images.safetensors`: 8 x 8 pixels, and
    /// of class c if stripe c is the bright one.
    fn new() -> Self {
        let bench = Bench { dir: tempfile::tempdir().expect("a folder") };
        bench.write_texts(160);
        bench.write_images(120);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write_texts(&self, examples: usize) {
        let (mut tokens, mut offsets, mut labels) = (Vec::new(), vec![0u64], Vec::new());
        for i in 0..examples {
            let (stream, label) = (Stream::root(11).at(i as u64), (i % 2) as u32);
            tokens.push(1u32);
            for t in 0..3 + stream.below(0, 7) as u64 {
                tokens.push(if stream.below(10 + t, 2) == 0 { 8 - label } else { 9 + stream.below(100 + t, 20) as u32 });
            }
            tokens.push(2);
            offsets.push(tokens.len() as u64);
            labels.push(label);
        }
        let offsets: Vec<u8> = offsets.iter().flat_map(|v| v.to_le_bytes()).collect();
        let type_ids = vec![0u8; tokens.len()];
        use safetensors::Dtype::{U8, U32, U64};
        let tensors = [
            ("offsets", U64, vec![examples + 1], offsets),
            ("tokens", U32, vec![tokens.len()], u32s(&tokens)),
            ("labels", U32, vec![examples], u32s(&labels)),
            ("type_ids", U8, vec![tokens.len()], type_ids),
        ];
        write(&self.path("texts.safetensors"), &tensors, r#"["worse","better"]"#);
    }

    fn write_images(&self, examples: usize) {
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for i in 0..examples {
            let (stream, label) = (Stream::root(12).at(i as u64), i % 3);
            for place in 0..8 * 8 * 3 {
                let (row, noise) = (place / 24, stream.below(place as u64, 100) as u8);
                pixels.push(if row / 3 == label { 140 + noise } else { noise });
            }
            labels.push(label as u32);
        }
        use safetensors::Dtype::{U8, U32};
        let tensors = [("images", U8, vec![examples, 8, 8, 3], pixels), ("labels", U32, vec![examples], u32s(&labels))];
        write(&self.path("images.safetensors"), &tensors, r#"["top","middle","bottom"]"#);
    }

    /// 40 steps of a BERT with one layer.
    fn bert(&self) -> RunConfig {
        let model = serde_json::json!({
            "model_type": "bert", "vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 32, "max_position_embeddings": 16, "type_vocab_size": 2, "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1, "id2label": {"0": "worse", "1": "better"},
        });
        let optimizer = Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };
        let schedule = Schedule::Linear { warmup: Warmup::Frac(0.1) };
        let recipe = Recipe {
            optimizer, schedule, lr: 1e-2, length: Length::Steps(40), batch_size: 32, micro_batch_size: None, max_seq_len: None,
            grad_clip_norm: Some(1.0), dropout: None, augment: Vec::new(),
        };
        RunConfig {
            version: 1,
            name: "seed-0".into(),
            task: Task::TextClassification,
            model: ModelConfig::from_public(&model.to_string()).expect("a config"),
            init: InitFrom::Scratch,
            train: self.path("texts.safetensors"),
            monitor: MonitorConfig::HoldOut { examples: 40 },
            max_train_examples: None,
            recipe,
            micro_batch_size: 16,
            total_steps: 40,
            metric: Metric::Accuracy,
            normalize: None,
            seed: 0,
            threads: THREADS,
            checkpoint_every_steps: 7,
            monitor_every_steps: 20,
            log_every_steps: 3,
        }
    }

    /// 30 steps of a ResNet with 8 layers.
    fn resnet(&self) -> RunConfig {
        let names = BTreeMap::from([("0", "top"), ("1", "middle"), ("2", "bottom")]);
        let model = serde_json::json!({"model_type": "resnet_cifar", "depth": 8, "width": 4, "num_channels": 3, "id2label": names});
        let mut config = self.bert();
        config.task = Task::ImageClassification;
        config.model = ModelConfig::from_public(&model.to_string()).expect("a config");
        config.train = self.path("images.safetensors");
        config.normalize = Some(Normalize { mean: vec![0.3; 3], std: vec![0.3; 3] });
        config.total_steps = 30;
        config.recipe.optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 1e-4 };
        config.recipe.lr = 0.05;
        config.recipe.augment = vec![Augment::PadCrop { padding: 1 }, Augment::HorizontalFlip];
        config
    }

    fn train(&self, config: &RunConfig, folder: &str) -> Trained {
        self.attempt(config, folder, None, None).expect("trained")
    }

    /// One attempt; `stop_at`: asked to stop at the event of that step.
    fn attempt(&self, config: &RunConfig, folder: &str, resume: Option<&str>, stop_at: Option<u64>) -> Result<Trained, trainer::Error> {
        let folder = self.path(folder);
        std::fs::create_dir_all(&folder).expect("made");
        let resume = resume.map(|name| self.path(name).join("checkpoint"));
        in_pool(config.threads, || {
            let (mut events, stop) = (Vec::new(), AtomicBool::new(false));
            let finish = trainer::train(config, &folder, resume.as_deref(), &stop, &mut |event| {
                if matches!(&event, Event::Step(step) if Some(step.step) == stop_at) {
                    stop.store(true, Ordering::Relaxed);
                }
                events.push(event);
            })?;
            Ok(Trained { finish, events })
        })
    }

    fn evaluate_job(&self, config: &RunConfig, weights: PathBuf, metrics: &[Metric]) -> EvaluateJob {
        EvaluateJob {
            task: config.task,
            model: config.model.clone(),
            weights,
            data: config.train.clone(),
            normalize: config.normalize.clone(),
            metrics: metrics.to_vec(),
            batch_size: 32,
            threads: THREADS,
            out: self.dir.path().to_path_buf(),
        }
    }
}

struct Trained {
    finish: Finish,
    events: Vec<Event>,
}

impl Trained {
    fn sha256(&self) -> &str {
        match &self.finish {
            Finish::Completed { weights_sha256 } => weights_sha256,
            other => panic!("expected a completed run, found {other:?}"),
        }
    }

    fn steps(&self) -> Vec<&StepEvent> {
        self.events.iter().filter_map(|event| if let Event::Step(step) = event { Some(step) } else { None }).collect()
    }

    /// Everything about the steps past `step` but the clock and what is counted from the attempt's start.
    fn numbers_after(&self, step: u64) -> Vec<(u64, f64, f64, f64, f64)> {
        self.steps().into_iter().filter(|s| s.step > step).map(|s| (s.step, s.epoch, s.loss, s.lr, s.grad_norm)).collect()
    }

    fn started(&self) -> (u64, bool) {
        let started = |event: &Event| if let Event::Started { step, resumed, .. } = event { Some((*step, *resumed)) } else { None };
        self.events.iter().find_map(started).expect("it says that it starts")
    }
}

fn in_pool<T: Send>(threads: usize, f: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool").install(f)
}

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn write(path: &Path, tensors: &[(&str, safetensors::Dtype, Vec<usize>, Vec<u8>)], labels: &str) {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (*name, safetensors::tensor::TensorView::new(*dtype, shape.clone(), bytes).expect("a tensor"))
    });
    let metadata = HashMap::from([("labels".to_string(), labels.to_string()), ("vocab_size".into(), "30".into())]);
    std::fs::write(path, safetensors::serialize(views, Some(metadata)).expect("bytes")).expect("written");
}

fn checkpoints(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("checkpoint")).expect("there").flatten().map(|e| e.path()).collect();
    files.sort();
    files
}

#[test]
fn models_learn_and_are_scored() {
    let bench = Bench::new();
    for (name, config) in [("bert", bench.bert()), ("resnet", bench.resnet())] {
        let run = bench.train(&config, name);
        let steps = run.steps();
        let (first, last) = (steps[0].loss, steps[steps.len() - 1].loss);
        assert!(last < 0.5 * first, "{name}: the loss went from {first} to {last}");
        assert_eq!(steps.len() as u64, config.total_steps.div_ceil(3), "a line each three steps, and the last");

        let monitored: Vec<f64> =
            run.events.iter().filter_map(|e| if let Event::Monitored { value, .. } = e { Some(*value) } else { None }).collect();
        assert_eq!(monitored.len(), 2, "{name}");
        assert!(monitored[1] > 0.9, "{name}: accuracy {} on what was kept out", monitored[1]);

        let weights = bench.path(name).join("model.safetensors");
        assert_eq!(run.sha256(), tallow::data::sha256_of_file(&weights).expect("read"));
        let job = bench.evaluate_job(&config, weights, &[Metric::Accuracy, Metric::MacroF1, Metric::Matthews]);
        let mut told = Vec::new();
        in_pool(THREADS, || {
            let mut events = Vec::new();
            trainer::evaluate(&job, &mut |event| events.push(event)).map(|()| events)
        })
        .expect("evaluated")
        .into_iter()
        .for_each(|event| told.push(event));
        let [Event::Evaluated { examples, scores, loss, .. }] = told.as_slice() else { panic!("{told:?}") };
        let lines: Vec<serde_json::Value> = std::fs::read_to_string(bench.path("predictions.jsonl")).expect("there").lines()
            .map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!((lines.len(), lines[5]["index"].as_u64()), (*examples, Some(5)));
        let right = lines.iter().filter(|line| line["label"] == line["predicted"]).count();
        assert_eq!(scores[&Metric::Accuracy], right as f64 / *examples as f64);
        assert!(scores[&Metric::Matthews] > 0.8 && *loss < 0.5, "{name}: {scores:?}, loss {loss}");
    }
}

#[test]
fn the_same_run_gives_the_same_bits_with_any_number_of_threads() {
    let bench = Bench::new();
    for (name, config) in [("bert", bench.bert()), ("resnet", bench.resnet())] {
        let run = |threads: usize, folder: &str| bench.train(&RunConfig { threads, ..config.clone() }, &format!("{name}-{folder}"));
        let first = run(2, "a");
        for (threads, folder) in [(2, "b"), (1, "c"), (4, "d")] {
            let again = run(threads, folder);
            assert_eq!(first.numbers_after(0), again.numbers_after(0), "{name}, {threads} threads");
            assert_eq!(first.sha256(), again.sha256(), "{name}, {threads} threads");
        }
        let other = bench.train(&RunConfig { seed: 1, ..config.clone() }, &format!("{name}-e"));
        assert_ne!(first.sha256(), other.sha256(), "{name}: another seed");
    }
}

#[test]
fn a_run_that_stops_and_goes_on_is_the_same_run() {
    let bench = Bench::new();
    for (name, config) in [("bert", bench.bert()), ("resnet", bench.resnet())] {
        let whole = bench.train(&config, &format!("{name}-whole"));
        let folder = |n: usize| format!("{name}-{n}");
        let first = bench.attempt(&config, &folder(1), None, Some(9)).expect("stopped");
        assert_eq!(first.finish, Finish::Stopped { step: 9 });
        assert!(!bench.path(&folder(1)).join("model.safetensors").exists());
        // Into another attempt's folder, then in the same one.
        let second = bench.attempt(&config, &folder(2), Some(&folder(1)), Some(21)).expect("stopped");
        assert_eq!((second.started(), &second.finish), ((9, true), &Finish::Stopped { step: 21 }));
        let third = bench.attempt(&config, &folder(2), None, None).expect("trained");
        assert_eq!(third.started(), (21, true));
        assert_eq!(second.numbers_after(0), whole.numbers_after(9).into_iter().filter(|s| s.0 <= 21).collect::<Vec<_>>());
        assert_eq!(third.numbers_after(0), whole.numbers_after(21));
        assert_eq!(third.sha256(), whole.sha256(), "{name}");
        let total = |run: &Trained| match run.events.last() {
            Some(Event::Finished { tokens, examples, .. }) => (*tokens, *examples),
            other => panic!("{other:?}"),
        };
        assert_eq!(total(&third), total(&whole), "work is counted over all attempts");
    }
}

#[test]
fn a_damaged_checkpoint_is_passed_over() {
    let bench = Bench::new();
    let config = bench.bert();
    let whole = bench.train(&config, "whole");
    let stopped = |folder: &str| {
        bench.attempt(&config, folder, None, Some(15)).expect("stopped");
        let files = checkpoints(&bench.path(folder));
        assert_eq!(files.len(), 2, "{files:?}");
        files
    };
    let cut = |path: &Path| {
        let bytes = std::fs::read(path).expect("read");
        std::fs::write(path, &bytes[..bytes.len() / 2]).expect("cut");
    };
    let notes = |run: &Trained| run.events.iter().filter(|e| matches!(e, Event::Note { message } if message.contains("passed over"))).count();

    let files = stopped("newest");
    cut(&files[1]);
    let run = bench.attempt(&config, "newest", None, None).expect("trained");
    assert_eq!((run.started(), notes(&run), run.sha256()), ((14, true), 1, whole.sha256()));

    let files = stopped("both");
    files.iter().for_each(|path| cut(path));
    let run = bench.attempt(&config, "both", None, None).expect("trained");
    assert_eq!((run.started(), notes(&run), run.sha256()), ((0, false), 2, whole.sha256()));

    // A checkpoint of another run is none.
    stopped("seed-0");
    let other = RunConfig { seed: 5, ..config.clone() };
    let run = bench.attempt(&other, "seed-5", Some("seed-0"), None).expect("trained");
    assert_eq!((run.started(), notes(&run)), ((0, false), 2));
    assert_eq!(run.sha256(), bench.train(&other, "seed-5-whole").sha256());
}

#[test]
fn micro_batches_change_nothing_but_rounding() {
    let bench = Bench::new();
    let mut config = bench.bert();
    config.recipe.dropout = Some(0.0);
    // 120 examples in batches of 32: the last of an epoch holds 24, cut into unequal parts.
    let losses = |micro_batch_size: usize| {
        let config = RunConfig { micro_batch_size, log_every_steps: 1, total_steps: 12, ..config.clone() };
        let run = bench.train(&config, &format!("micro-{micro_batch_size}"));
        run.steps().iter().map(|s| (s.loss, s.grad_norm)).collect::<Vec<_>>()
    };
    let whole = losses(32);
    for micro_batch_size in [8, 16] {
        for (step, (a, b)) in whole.iter().zip(losses(micro_batch_size)).enumerate() {
            let close = |a: f64, b: f64| (a - b).abs() < 1e-3 * a.abs().max(1e-2);
            assert!(close(a.0, b.0) && close(a.1, b.1), "step {step} in parts of {micro_batch_size}: {a:?} against {b:?}");
        }
    }
}

/// The losses of the first steps as they were when this was written. Kinds of CPU multiply in another order: equal to 1e-5.
#[test]
fn golden_losses() {
    let bench = Bench::new();
    let check = |name: &str, config: RunConfig, expected: [f64; 6]| {
        let config = RunConfig { log_every_steps: 1, total_steps: 6, monitor: MonitorConfig::None, ..config };
        let found: Vec<f64> = bench.train(&config, name).steps().iter().map(|s| s.loss).collect();
        let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(close && found.len() == expected.len(), "{name}: expected {expected:?}, found {found:?}");
    };
    check("bert", bench.bert(), [0.0; 6]);
    check("resnet", bench.resnet(), [0.0; 6]);
}

#[test]
fn divergence_is_told_and_leaves_no_model() {
    let bench = Bench::new();
    let mut config = bench.resnet();
    config.recipe.lr = 1e30;
    config.recipe.grad_clip_norm = None;
    config.recipe.schedule = Schedule::Constant { warmup: Warmup::Steps(0) };
    let run = bench.train(&config, "diverges");
    let Some(Event::Diverged { step, what, .. }) = run.events.last() else { panic!("{:?}", run.events.last()) };
    assert_eq!(run.finish, Finish::Diverged { step: *step });
    assert!(*step < 10 && matches!(what, Divergence::LossNotFinite | Divergence::GradNotFinite), "{what:?} at {step}");
    assert!(!bench.path("diverges").join("model.safetensors").exists());
}

#[test]
fn subsets_and_epochs_are_as_asked() {
    let bench = Bench::new();
    let mut config = bench.bert();
    config.max_train_examples = Some(70);
    config.total_steps = trainer::steps_per_epoch(70, 32) * 2;
    let run = bench.train(&config, "subset");
    let Some(Event::Finished { examples, tokens, .. }) = run.events.last() else { panic!("{:?}", run.events.last()) };
    assert_eq!(*examples, 140);
    assert!((*examples * 5..*examples * 12).contains(tokens));
    assert_eq!(run.steps().last().map(|s| (s.step, s.epoch)), Some((6, 2.0)));
    assert!(run.events.iter().any(|e| matches!(e, Event::Started { train_examples: 70, resumed: false, .. })));
}

#[test]
fn pretrained_weights_are_taken_and_checked() {
    let bench = Bench::new();
    let config = bench.bert();
    let base = bench.train(&config, "base");
    let path = bench.path("base").join("model.safetensors");
    let from = |sha256: &str| RunConfig { init: InitFrom::Weights { path: path.clone(), sha256: sha256.into() }, ..config.clone() };
    let tuned = bench.train(&from(base.sha256()), "tuned");
    assert!(tuned.steps()[0].loss < 0.5 * base.steps()[0].loss, "it starts where the other ended");
    let error = bench.attempt(&from(&"0".repeat(64)), "other", None, None).err().expect("another file");
    assert_eq!(error.class(), Class::Model);
    assert!(error.to_string().contains(base.sha256()), "{error}");
}

#[test]
fn what_cannot_be_used_is_refused_with_its_class() {
    let bench = Bench::new();
    let refused = |change: &dyn Fn(&mut RunConfig), class: Class, words: &str| {
        let mut config = bench.bert();
        change(&mut config);
        let error = bench.attempt(&config, "refused", None, None).err().expect("refused");
        let told = tallow::error::Error::from(error);
        assert!(told.class() == class && told.to_string().contains(words), "expected {class:?} with `{words}`, found {:?}: {told}", told.class());
        let left: Vec<_> = std::fs::read_dir(bench.path("refused")).expect("there").flatten().map(|e| e.file_name()).collect();
        assert!(left.is_empty(), "{left:?}");
    };
    refused(&|c| c.train = c.train.with_file_name("absent"), Class::Data, "absent");
    refused(&|c| c.train = c.train.with_file_name("images.safetensors"), Class::Data, "expected texts, found images");
    refused(&|c| c.model = c.model.clone().with_labels(&["a".into(), "b".into(), "c".into()]), Class::Data, "expected 3");
    refused(&|c| c.monitor = MonitorConfig::HoldOut { examples: 160 }, Class::Data, "160");
    refused(&|c| c.micro_batch_size = 5, Class::Spec, "micro_batch_size: expected a divisor of recipe.batch_size, found 5");
    refused(&|c| c.total_steps = 0, Class::Spec, "total_steps");
    let short = |c: &mut RunConfig| {
        if let ModelConfig::Bert(config) = &mut c.model {
            config.max_position_embeddings = 6;
        }
    };
    refused(&short, Class::Data, "6");
    let mut config = bench.resnet();
    config.normalize = Some(Normalize { mean: vec![0.5], std: vec![0.0] });
    let error = bench.attempt(&config, "refused", None, None).err().expect("refused");
    assert!(error.class() == Class::Data && error.to_string().contains("3 means"), "{error}");
}

#[test]
fn weights_are_judged_before_they_are_scored() {
    use candle_core::{Device, Tensor, safetensors::{load, save}};
    let bench = Bench::new();
    let config = bench.bert();
    bench.train(&config, "base");
    let refused = |change: &dyn Fn(&mut HashMap<String, Tensor>), words: &[&str]| {
        let mut tensors = load(bench.path("base").join("model.safetensors"), &Device::Cpu).expect("read");
        change(&mut tensors);
        let path = bench.path("changed.safetensors");
        save(&tensors, &path).expect("written");
        let job = bench.evaluate_job(&config, path, &[Metric::Accuracy]);
        let error = tallow::error::Error::from(in_pool(THREADS, || trainer::evaluate(&job, &mut |_| ())).expect_err("refused"));
        assert_eq!(error.class(), Class::Model, "{error}");
        words.iter().for_each(|word| assert!(error.to_string().contains(word), "`{word}` in: {error}"));
    };
    let zeros = |shape: &[usize]| Tensor::zeros(shape, candle_core::DType::F32, &Device::Cpu).expect("a tensor");
    let [embedding, norm] = ["bert.embeddings.word_embeddings.weight", "bert.embeddings.LayerNorm.weight"];
    refused(&|t| drop(t.remove("classifier.weight")), &["not trained for this task", "classifier.weight"]);
    let several = |t: &mut HashMap<String, Tensor>| {
        t.remove("bert.pooler.dense.bias");
        t.insert(embedding.into(), zeros(&[3, 16]));
        t.insert(norm.into(), (zeros(&[16]) / 0.0).expect("not a number"));
    };
    refused(&several, &["bert.pooler.dense.bias", "is missing", "[3, 16]", "[30, 16]", "NaN"]);
}
