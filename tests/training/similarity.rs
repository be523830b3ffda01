//! Vectors of texts in the trainer: the losses are those of sentence-transformers however a step is cut, and what is learnt shows.

use crate::bench::Bench;
use std::collections::BTreeMap;
use std::path::Path;
use tallow::error::{Class, Failure};
use tallow::job::{EvaluateJob, Event, InitFrom, MonitorConfig, RunConfig};
use tallow::spec::{Length, Metric, Optimizer, Recipe, Schedule, Similarity, Warmup};
use tallow_zoo::{HeadKind, ModelConfig};

/// A case of `tests/fixtures/similarity/steps.py`.
#[derive(serde::Deserialize)]
struct Case {
    name: String,
    each: usize,
    similarity: Similarity,
    texts: Vec<Vec<u32>>,
    scores: Option<Vec<f64>>,
    losses: Vec<f64>,
    norms: Vec<f64>,
}

fn fixtures() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/similarity"))
}

/// Losses and norms of the gradient of ten steps are those of PyTorch, whether a step is one forward pass or several.
#[test]
fn ten_steps_equal_the_reference() {
    let bench = Bench::new();
    let read = |name: &str| std::fs::read_to_string(fixtures().join(name)).expect("a fixture");
    let cases: Vec<Case> = serde_json::from_str(&read("steps.json")).expect("cases");
    let model = ModelConfig::from_public(&read("config.json")).expect("a model");
    assert_eq!(model.head().kind(), HeadKind::Vector);
    for Case { name, each, similarity, texts, scores, losses, norms } in cases {
        bench.write_as_similar(&format!("{name}.safetensors"), each, &texts, scores.as_deref());
        let (examples, steps) = (texts.len() / each, losses.len() as u64);
        let optimizer = Optimizer::Adamw { beta1: 0.9, beta2: 0.98, eps: 1e-6, weight_decay: 0.0 };
        let schedule = Schedule::Constant { warmup: Warmup::Steps(0) };
        for micro_batch_size in [6, 3, 2, 1] {
            let config = RunConfig {
                model: model.clone(),
                similarity: Some(similarity),
                init: InitFrom::Weights { path: fixtures().join("model.safetensors"), sha256: SHA256.into() },
                train: bench.path(&format!("{name}.safetensors")),
                monitor: MonitorConfig::None,
                recipe: Recipe::bare(optimizer, 2e-3, schedule.clone(), Length::Steps(steps), examples),
                micro_batch_size,
                total_steps: steps,
                log_every_steps: 1,
                ..bench.together()
            };
            let run = bench.train(&config, &format!("{name}-{micro_batch_size}"));
            let found = run.steps();
            assert_eq!(found.len(), losses.len());
            for (step, (loss, norm)) in found.iter().zip(losses.iter().zip(&norms)) {
                let what = format!("{name}, passes of {micro_batch_size}, step {}", step.step);
                assert!((step.loss / loss - 1.0).abs() < 1e-5, "{what}: loss {}, expected {loss}", step.loss);
                assert!((step.grad_norm / norm - 1.0).abs() < 1e-4, "{what}: norm {}, expected {norm}", step.grad_norm);
            }
        }
    }
}

/// Of the fixture's weights.
const SHA256: &str = "f1c49395d67c0d75179f2b8cac9cbdfcb6a980cf140de111b73a6a6ff5498d12";

fn scores(bench: &Bench, job: &EvaluateJob) -> (BTreeMap<Metric, f64>, BTreeMap<Metric, [f64; 2]>, f64) {
    let events = bench.evaluate(job).expect("scored");
    let told = events.into_iter().find_map(|event| match event {
        Event::Evaluated { scores, intervals, loss, .. } => Some((scores, intervals, loss)),
        _ => None,
    });
    told.expect("scores")
}

#[test]
fn what_belongs_together_comes_near() {
    let bench = Bench::new();
    let retrieval = [Metric::NdcgAt10, Metric::AccuracyAt1, Metric::MrrAt10, Metric::RecallAt10];
    let triples = [&retrieval[..], &[Metric::TripletAccuracy]].concat();
    let cases: [(&str, RunConfig, &[Metric]); 3] = [
        ("scored", bench.scored(), &[Metric::Spearman, Metric::Pearson]),
        ("together", bench.together(), &retrieval),
        ("triples", bench.triples(), &triples),
    ];
    for (name, config, metrics) in cases {
        let losses: Vec<f64> = bench.train(&config, name).steps().iter().map(|step| step.loss).collect();
        let last = losses[losses.len() - 3..].iter().sum::<f64>() / 3.0;
        assert!(last < 0.7 * losses[0], "{name}: {losses:?}");
        bench.train(&RunConfig { total_steps: 1, ..config.clone() }, &format!("{name}-at-first"));
        let job = |folder: &str| bench.evaluate_job(&config, bench.path(folder).join("model.safetensors"), metrics);
        let (before, _, loss_before) = scores(&bench, &job(&format!("{name}-at-first")));
        let (after, intervals, loss) = scores(&bench, &job(name));
        assert_eq!(after.keys().collect::<Vec<_>>(), {
            let mut all: Vec<_> = metrics.iter().collect();
            all.sort();
            all
        });
        assert!(loss < loss_before, "{name}: {loss} after {loss_before}");
        for metric in metrics {
            let [low, high] = intervals[metric];
            assert!(low <= after[metric] && after[metric] <= high && low < high, "{name}: {metric:?} {after:?} {intervals:?}");
            // Triples are told nearly all at first.
            let nearly = *metric == Metric::TripletAccuracy && before[metric] > 0.95;
            assert!(after[metric] > before[metric] || nearly, "{name}: {metric:?} {before:?} {after:?}");
        }
        // How what is scored is batched shows nowhere but in rounding.
        let other = scores(&bench, &EvaluateJob { batch_size: 7, ..job(name) });
        assert!((other.2 / loss - 1.0).abs() < 1e-4, "{name}: {} and {loss}", other.2);
    }
}

/// What is told of a split, beside the same by hand.
#[test]
fn each_looks_among_all_others() {
    let bench = Bench::new();
    let config = RunConfig { total_steps: 3, ..bench.triples() };
    bench.train(&config, "run");
    let metrics = [Metric::AccuracyAt1, Metric::TripletAccuracy, Metric::RecallAt10];
    // Two examples with the same first text: the second of either belongs to it, and is no mistake.
    let texts: Vec<Vec<u32>> =
        [[3, 4], [3, 5], [6, 7], [3, 4], [8, 9], [10, 11]].map(|words: [u32; 2]| [1, words[0], words[1], 2].to_vec()).to_vec();
    bench.write_as_similar("few.safetensors", 3, &texts, None);
    let job = bench.evaluate_job(
        &RunConfig { train: bench.path("few.safetensors"), ..config },
        bench.path("run").join("model.safetensors"),
        &metrics,
    );
    let (found, _, _) = scores(&bench, &job);
    assert_eq!(found[&Metric::RecallAt10], 1.0, "there are but four candidates");
    let lines = std::fs::read_to_string(bench.path("predictions.jsonl")).expect("written");
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 1, "one first text, though twice");
    assert_eq!((&lines[0]["belonging"], &lines[0]["candidates"]), (&2.into(), &4.into()));
}

#[test]
fn what_does_not_fit_is_refused() {
    let bench = Bench::new();
    let refused = |config: RunConfig, class: Class, words: &str| {
        let error = bench.attempt(&config, "refused", None, None).err().expect("refused");
        assert!(error.class() == class && error.to_string().contains(words), "{error}");
    };
    refused(
        RunConfig { train: bench.path("texts.safetensors"), ..bench.together() },
        Class::Data,
        "expected vector for sentence similarity, found classes",
    );
    refused(
        RunConfig { train: bench.path("together.safetensors"), ..bench.bert() },
        Class::Data,
        "found texts whose vectors are compared",
    );
    for micro_batch_size in [16, 32] {
        let mut config = RunConfig { micro_batch_size, ..bench.together() };
        if let ModelConfig::Bert(bert) = &mut config.model {
            bert.max_position_embeddings = 6;
        }
        refused(config, Class::Data, "at most 6 tokens");
    }
    let odd: Vec<Vec<u32>> = vec![vec![1, 2]; 3];
    bench.write_as_similar("odd.safetensors", 2, &odd, None);
    refused(RunConfig { train: bench.path("odd.safetensors"), ..bench.together() }, Class::Data, "no whole examples");
}
