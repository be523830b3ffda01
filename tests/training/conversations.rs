//! Adapters, answers and preferences in the trainer.

use crate::bench::{Bench, checkpoints};
use std::collections::BTreeMap;
use std::path::Path;
use tallow::error::{Class, Failure};
use tallow::job::{AdapterFiles, EvaluateJob, Event, InitFrom, MergeJob, ModelFiles, Reference, RunConfig};
use tallow::spec::{Keep, Metric};
use tallow::trainer;

fn base(config: &RunConfig) -> ModelFiles {
    let InitFrom::Weights { path, .. } = &config.init else { panic!("it has a base") };
    path.clone().into()
}

fn beside(config: &RunConfig, weights: &Path) -> ModelFiles {
    let adapter = config.adapter.clone().expect("an adapter");
    ModelFiles { adapter: Some(AdapterFiles { adapter, weights: weights.into() }), ..base(config) }
}

fn names(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).expect("read");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let mut names: Vec<String> = tensors.names().into_iter().map(str::to_string).collect();
    names.sort();
    names
}

fn scores(bench: &Bench, job: &EvaluateJob) -> (BTreeMap<Metric, f64>, f64) {
    let events = bench.evaluate(job).expect("scored");
    let told = events.into_iter().find_map(|event| match event {
        Event::Evaluated { scores, loss, .. } => Some((scores, loss)),
        _ => None,
    });
    told.expect("scores")
}

/// Neither checkpoints nor what comes of a run hold the base; what is scored is both.
#[test]
fn the_adapter_alone_is_trained_and_kept() {
    let bench = Bench::new();
    let config = bench.instructed();
    let run = bench.train(&config, "run");
    let Some(Event::Started { num_params, num_trainable, .. }) =
        run.events.iter().find(|event| matches!(event, Event::Started { .. }))
    else {
        panic!("it starts")
    };
    let adapted = config.model.adapted(config.adapter.as_ref().expect("an adapter")).expect("adapted");
    assert_eq!((*num_trainable, *num_params), (adapted.num_trained(), adapted.num_trained() + adapted.num_frozen));
    assert_eq!(adapted.num_frozen, config.model.num_params());
    let weights = bench.path("run").join("model.safetensors");
    let kept = names(&weights);
    assert_eq!(kept.len(), 2 * 7 * 2);
    assert!(kept.iter().all(|name| name.starts_with("base_model.model.model.layers.") && name.contains(".lora_")), "{kept:?}");
    let saved = names(&checkpoints(&bench.path("run"))[0]);
    assert!(saved.iter().all(|name| name.contains(".lora_") || name.starts_with('~')), "{saved:?}");

    let job =
        |files: ModelFiles| EvaluateJob { weights: files, ..bench.evaluate_job(&config, weights.clone(), &[Metric::Perplexity]) };
    let (before, after) = (scores(&bench, &job(base(&config))).1, scores(&bench, &job(beside(&config, &weights))).1);
    assert!(after < 0.9 * before, "{before} before, {after} after");

    // One model of both says the same.
    let out = bench.path("merged");
    std::fs::create_dir_all(&out).expect("made");
    let merge = MergeJob { model: config.model.clone(), weights: beside(&config, &weights), out: out.clone() };
    trainer::merge(&merge, &mut |_| ()).expect("merged");
    let merged = scores(&bench, &job(out.join("model.safetensors").into())).1;
    assert!((merged - after).abs() < 1e-5 * after, "{merged} merged, {after} beside each other");

    // Another base is another model.
    let other = bench.path("other.safetensors");
    let mut bytes = std::fs::read(&base(&config).weights).expect("read");
    let last = bytes.len() - 2;
    bytes[last] ^= 1;
    std::fs::write(&other, bytes).expect("written");
    let files = ModelFiles { weights: other, ..beside(&config, &weights) };
    let error = bench.evaluate(&job(files)).expect_err("refused");
    assert!(error.class() == Class::Model && error.to_string().contains("is not for the base"), "{error}");
    // And so is one of another shape.
    let mut files = beside(&config, &weights);
    if let Some(adapter) = &mut files.adapter {
        adapter.adapter.r = 5;
    }
    let error = bench.evaluate(&job(files)).expect_err("refused").to_string();
    assert!(error.contains("do not fit"), "{error}");
}

/// The best weights are those that training changes: no checkpoint holds the base a second time, and a run goes on from such a one.
#[test]
fn the_best_of_an_adapter_is_kept_without_its_base() {
    let bench = Bench::new();
    let mut config = RunConfig { monitor_every_steps: 2, ..bench.instructed() };
    config.recipe.keep = Keep::Best;
    let run = bench.train(&config, "run");
    let saved = checkpoints(&bench.path("run"));
    let saved = names(saved.last().expect("a checkpoint"));
    let best: Vec<&String> = saved.iter().filter(|name| name.starts_with("best/")).collect();
    assert_eq!(best.len(), 2 * 7 * 2, "{saved:?}");
    assert!(best.iter().all(|name| name.contains(".lora_")), "{best:?}");
    let again = bench.attempt(&config, "again", Some("run"), None).expect("goes on");
    assert_eq!((again.started().1, again.sha256()), (true, run.sha256()));
}

/// At first nothing is preferred: the loss is that of a coin. Then the better answers are.
#[test]
fn preferences_are_learnt() {
    let bench = Bench::new();
    let config = RunConfig { log_every_steps: 1, ..bench.preferences() };
    let run = bench.train(&config, "run");
    let losses: Vec<f64> = run.steps().iter().map(|step| step.loss).collect();
    // The reference knows no dropout.
    assert!((losses[0] - std::f64::consts::LN_2).abs() < 0.1, "{losses:?}");
    assert!(losses[losses.len() - 1] < 0.5 * losses[0], "{losses:?}");
    let metrics = [Metric::PreferenceAccuracy, Metric::PreferenceMargin];
    let job = |files: ModelFiles| EvaluateJob {
        weights: files,
        reference: config.preference.map(|preference| Reference { weights: base(&config).weights, preference }),
        ..bench.evaluate_job(&config, bench.path("none"), &metrics)
    };
    let (before, loss) = scores(&bench, &job(base(&config)));
    assert_eq!((before[&metrics[0]], before[&metrics[1]]), (0.5, 0.0));
    assert!((loss - std::f64::consts::LN_2).abs() < 1e-9);
    let (after, _) = scores(&bench, &job(beside(&config, &bench.path("run").join("model.safetensors"))));
    assert!(after[&metrics[0]] > 0.6 && after[&metrics[1]] > 0.2, "{after:?}");
    let error = bench.evaluate(&EvaluateJob { reference: None, ..job(base(&config)) }).expect_err("refused");
    assert!(error.to_string().contains("without the model that training began with"), "{error}");
}

/// How a step is cut into forward passes, and so which texts share a row, changes its loss by rounding alone.
#[test]
fn packing_changes_no_loss() {
    let bench = Bench::new();
    let mut config = bench.instructed();
    config.adapter.as_mut().expect("an adapter").lora_dropout = 0.0;
    (config.total_steps, config.log_every_steps) = (3, 1);
    let losses = |micro_batch_size: usize| {
        let run = bench.train(&RunConfig { micro_batch_size, ..config.clone() }, &format!("cut-{micro_batch_size}"));
        run.steps().iter().map(|step| (step.loss, step.grad_norm)).collect::<Vec<_>>()
    };
    let alone = losses(1);
    for micro_batch_size in [2, 4, 8] {
        for ((loss, norm), (expected, expected_norm)) in losses(micro_batch_size).into_iter().zip(&alone) {
            assert!((loss / expected - 1.0).abs() < 1e-5, "{loss}, expected {expected}");
            assert!((norm / expected_norm - 1.0).abs() < 1e-4, "{norm}, expected {expected_norm}");
        }
    }
}
