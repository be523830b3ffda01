//! Experiments made by hand: a plan, a ledger and an evaluation as the stages would leave them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tallow::data::Overlap;
use tallow::eval::{ByClass, Evaluation, OfClass, RunScore, evaluate, majority_baseline};
use tallow::job::{
    Divergence, Event, JobKind, LengthBin, MonitorConfig, Normalize, PreparedSplit, RunConfig, SplitShape, StepEvent,
};
use tallow::plan::{DataFacts, Estimate, Facts, HostFacts, ModelFacts, Plan, SplitFacts};
use tallow::report::{self, Report};
use tallow::run::Outcome;
use tallow::run::recovery::Change;
use tallow::spec::*;
use tallow::store::{Decided, Entry, Record, Stage};
use tallow_zoo::ModelConfig;

pub(crate) const FOLDER: &str = "runs/bert-sst2";

/// What a report is built from.
pub(crate) struct Experiment {
    pub plan: Plan,
    pub ledger: Vec<Entry>,
    pub evaluation: Evaluation,
    pub events: BTreeMap<String, Vec<Event>>,
}

impl Experiment {
    pub(crate) fn report(&self) -> Result<Report, report::Error> {
        report::build(&self.plan, &self.ledger, &self.evaluation, &self.events, Path::new(FOLDER))
    }
}

/// A small BERT on sentiment, one seed; the first attempt diverged and recovery lowered the learning rate.
pub(crate) fn text() -> Experiment {
    let plan = text_plan();
    let labels = ["negative", "positive"];
    let splits = [
        (
            "train",
            "prepare",
            vec![29_780, 37_569],
            SplitShape::Text { tokens: 896_523, longest: 66, truncated: 12, vocab_size: 30_522 },
        ),
        (
            "validation",
            "prepare-held-out",
            vec![428, 444],
            SplitShape::Text { tokens: 21_944, longest: 55, truncated: 0, vocab_size: 30_522 },
        ),
    ];
    let mut ledger = Book::begin(&["tallow", "reproduce", "a paper.pdf", "--max-time", "1h"]);
    for (name, run, counts, shape) in splits.clone() {
        ledger.attempt(run, 1, JobKind::Prepare, Outcome::Completed, vec![prepared(name, &labels, counts, shape)], 6.5);
    }
    let shared = Overlap {
        held_out: 872,
        train: 67_349,
        exact: 0,
        near: Some(7),
        first: Some((14, Some(9_021))),
        repeated_in_train: Some(381),
        repeated_in_held_out: None,
    };
    ledger.attempt("compare", 1, JobKind::Compare, Outcome::Completed, vec![Event::Compared(shared)], 3.5);
    let (first, second) = (training(0, 300, 5e-5), training(0, 2105, 2.5e-5));
    let diverged = Outcome::Diverged { step: 310, what: Divergence::LossNotFinite, origin: None };
    ledger.attempt("seed-0", 1, JobKind::Train, diverged, first.clone(), 322.0);
    ledger.push(Record::Recovery {
        run: "seed-0".into(),
        attempt: 1,
        decision: Decided::Changed(Change::LowerLr { from: 5e-5, to: 2.5e-5 }),
        reason: "it diverged at step 310: learning rate halved, from the start".into(),
    });
    ledger.attempt("seed-0", 2, JobKind::Train, Outcome::Completed, second.clone(), 2275.25);
    let score = RunScore {
        run: "seed-0".into(),
        seed: 0,
        examples: 872,
        loss: 0.3125,
        scores: scores(0.8899, 0.8897),
        intervals: BTreeMap::new(),
    };
    ledger.scored(&score);
    let baseline = majority_baseline(Metric::Accuracy, &splits[0].2, &splits[1].2);
    let evaluation = evaluate(&plan.spec, &plan.deviations, vec![score], baseline, None).expect("scores");
    ledger.stage(Stage::Eval, "eval.json");
    let events = BTreeMap::from([("seed-0".to_string(), [first, second].concat())]);
    Experiment { plan, ledger: ledger.entries, evaluation, events }
}

/// A ResNet on images, three seeds, from scratch; nothing went wrong. Its data states no licence.
pub(crate) fn images() -> Experiment {
    let plan = image_plan();
    let labels = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
    let shape = SplitShape::Image { height: 32, width: 32, channels: 3, left_out: 0 };
    let mut ledger = Book::begin(&["tallow", "train", "cifar.toml"]);
    ledger.attempt(
        "prepare",
        1,
        JobKind::Prepare,
        Outcome::Completed,
        vec![prepared("train", &labels, vec![5000; 10], shape.clone())],
        31.0,
    );
    let held_out = prepared("test", &labels, vec![1000; 10], shape);
    ledger.attempt("prepare-held-out", 1, JobKind::Prepare, Outcome::Completed, vec![held_out], 6.0);
    let mut events = BTreeMap::new();
    let mut runs = Vec::new();
    for (seed, accuracy) in [(0, 0.6123), (1, 0.6201), (2, 0.6089)] {
        let told = training(seed, 781, 0.1);
        let run = format!("seed-{seed}");
        ledger.attempt(&run, 1, JobKind::Train, Outcome::Completed, told.clone(), 905.5);
        events.insert(run.clone(), told);
        runs.push(RunScore {
            run,
            seed,
            examples: 10_000,
            loss: 1.0625,
            scores: scores(accuracy, accuracy - 0.002),
            intervals: BTreeMap::new(),
        });
    }
    runs.iter().for_each(|score| ledger.scored(score));
    let evaluation = evaluate(&plan.spec, &plan.deviations, runs, Some(0.1), None).expect("scores");
    ledger.stage(Stage::Eval, "eval.json");
    Experiment { plan, ledger: ledger.entries, evaluation, events }
}

fn scores(accuracy: f64, macro_f1: f64) -> BTreeMap<Metric, f64> {
    [(Metric::Accuracy, accuracy), (Metric::MacroF1, macro_f1)].into()
}

fn prepared(split: &str, labels: &[&str], label_counts: Vec<usize>, shape: SplitShape) -> Event {
    Event::Prepared(PreparedSplit {
        split: split.into(),
        file: format!("{split}.safetensors"),
        examples: label_counts.iter().sum(),
        labels: labels.iter().map(|label| label.to_string()).collect(),
        label_counts,
        values: None,
        lengths: match shape {
            SplitShape::Text { .. } => [(6, 402), (8, 9), (12, 20)].map(|(most, texts)| LengthBin { most, texts }).to_vec(),
            _ => Vec::new(),
        },
        target_lengths: Vec::new(),
        shape,
        columns: columns("sentence"),
        sha256: format!("{:0>64}", split.len()),
    })
}

/// Events of an attempt of `steps` steps; the losses are a plain function of the step.
fn training(seed: u64, steps: u64, lr: f64) -> Vec<Event> {
    let mut events = vec![
        Event::Jailed { level: tallow::sandbox::Level::Strict, layers: layers(), start_ms: 18.0 },
        Event::Started {
            step: 0,
            total_steps: steps,
            num_params: 22_713_986,
            num_trainable: 22_713_986,
            train_examples: 67_349,
            resumed: false,
        },
    ];
    for step in (10..=steps).step_by(10) {
        let done = step as f64 / steps as f64;
        let ripple = ((step * 37 + seed * 11) % 29) as f64 / 290.0 - 0.05;
        let loss = 0.25 + 0.45 * (-4.0 * done).exp() + ripple;
        let ramp = if done < 0.06 { done / 0.06 } else { (1.0 - done) / 0.94 };
        events.push(Event::Step(StepEvent {
            step,
            epoch: done,
            loss,
            lr: lr * ramp,
            grad_norm: 1.5,
            tokens: step * 426,
            examples: step * 32,
            train_secs: step as f64 * 1.073,
        }));
        if step % (steps / 50 * 10) == 0 {
            let (value, loss) = (0.89 - 0.3 * (-5.0 * done).exp(), 0.29 + 0.4 * (-5.0 * done).exp());
            events.push(Event::Monitored { step, metric: Metric::Accuracy, value, loss, examples: 1000 });
        }
    }
    events.push(Event::Finished {
        step: steps,
        weights_sha256: WEIGHTS_SHA256.into(),
        tokens: steps * 426,
        examples: steps * 32,
        train_secs: steps as f64 * 1.073,
        stopped_early: false,
        best: None,
    });
    events
}

/// sha256 of [`WEIGHTS`].
pub(crate) const WEIGHTS_SHA256: &str = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";
pub(crate) const WEIGHTS: &[u8] = b"weights";

fn layers() -> BTreeMap<String, String> {
    let layer = |name: &str, what: &str| (name.to_string(), what.to_string());
    BTreeMap::from([
        layer("landlock", "ABI 7, fully enforced: 2 readable, 1 writable"),
        layer("seccomp", "no sockets, no ptrace, no io_uring"),
        layer("limits", "no core files, 256 open files"),
    ])
}

fn columns(input: &str) -> Columns {
    Columns { input: vec![input.into()], label: Some("label".into()), ..Columns::default() }
}

fn text_plan() -> Plan {
    let config = r#"{"model_type":"bert","vocab_size":30522,"hidden_size":384,"num_hidden_layers":6,"num_attention_heads":12,
        "intermediate_size":1536,"max_position_embeddings":512,"type_vocab_size":2,"hidden_act":"gelu"}"#;
    let config = ModelConfig::from_public(config).expect("a config");
    let spec = ExperimentSpec {
        version: 1,
        title: "BERT on SST-2".into(),
        claim: Some(Claim {
            source: "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding".into(),
            statement: "Fine-tuned BERT-base reaches 93.5 % accuracy on SST-2.".into(),
            value: Some(0.935),
            quote: Some("We use a batch size of 32 and fine-tune for 3 epochs over the data for all GLUE tasks.".into()),
            page: Some(5),
        }),
        task: Task::TextClassification,
        data: DataSpec {
            source: DataSource::Hub { id: "nyu-mll/glue".into(), config: Some("sst2".into()), revision: None },
            train: "train".into(),
            held_out: "validation".into(),
            held_out_frac: None,
            held_out_by: Default::default(),
            monitor: Monitor::HoldOut { examples: 1000 },
            rows: vec![],
            columns: columns("sentence"),
            image: None,
            max_train_examples: None,
        },
        model: ModelSpec::Pretrained { id: "sentence-transformers/all-MiniLM-L6-v2".into(), revision: None },
        adapter: None,
        text_to_text: None,
        speech: None,
        preference: None,
        similarity: None,
        recipe: Recipe {
            max_seq_len: Some(128),
            grad_clip_norm: Some(1.0),
            ..Recipe::bare(
                Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 },
                5e-5,
                Schedule::linear(Warmup::Frac(0.06)),
                Length::Epochs(1.0),
                32,
            )
        },
        metric: Metric::Accuracy,
        search: None,
        target: Some(Target { value: 0.88, source: "a reference run of the same small model".into() }),
        budget: Budget { max_time_secs: Some(3600), ..Budget::default() },
        seeds: vec![0],
        deviations: vec![deviation(
            "model",
            "BERT-base, 110M parameters",
            "all-MiniLM-L6-v2, 22.7M parameters",
            "it fits the time budget",
        )],
        assumptions: Vec::new(),
        not_understood: Vec::new(),
        citations: Vec::new(),
    };
    let mut deviations = spec.deviations.clone();
    deviations.push(deviation("recipe.length", "3 epochs", "1 epoch", "3 epochs would take 1 h 53 min of 1 h"));
    deviations.push(deviation("data.held_out", "test", "validation", "the test labels are secret"));
    let facts = ModelFacts {
        weights: Some(PathBuf::from("model.safetensors")),
        weights_sha256: Some(format!("{:0>64}", "ba5e")),
        tokenizer: Some(PathBuf::from("tokenizer.json")),
        license: Some("apache-2.0".into()),
        revision: Some("c9745ed1d9f207416be6d2e6f8de32d1f16199bf".into()),
        ..ModelFacts::from_scratch(config)
    };
    let assumptions = vec!["`recipe.schedule`: linear with 6 % warm-up (the paper does not say how long)".into()];
    plan(spec, facts, None, Some("other".into()), deviations, assumptions, 2105)
}

fn image_plan() -> Plan {
    let config = ModelConfig::from_public(r#"{"model_type":"resnet_cifar","depth":20,"num_labels":10}"#).expect("a config");
    let mut spec = text_plan().spec;
    spec.title = "ResNet-20 on CIFAR-10".into();
    spec.claim = None;
    spec.task = Task::ImageClassification;
    spec.data.source = DataSource::Hub { id: "uoft-cs/cifar10".into(), config: None, revision: None };
    spec.data.held_out = "test".into();
    spec.data.monitor = Monitor::HoldOut { examples: 1000 };
    spec.model = ModelSpec::Scratch { config: config.clone(), tokenizer: None };
    spec.recipe.optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 1e-4 };
    spec.recipe.lr = 0.1;
    spec.recipe.schedule = Schedule::Step { warmup: Warmup::Steps(0), at_frac: vec![0.5, 0.75], factor: 0.1 };
    spec.recipe.augment = vec![Augment::PadCrop { padding: 4 }, Augment::HorizontalFlip];
    spec.recipe.max_seq_len = None;
    spec.target = Some(Target { value: 0.6, source: "the user".into() });
    spec.seeds = vec![0, 1, 2];
    spec.deviations = vec![];
    let facts = ModelFacts::from_scratch(config);
    let normalize = Normalize { mean: vec![0.485, 0.456, 0.406], std: vec![0.229, 0.224, 0.225] };
    plan(spec, facts, Some(normalize), None, vec![], vec![], 781)
}

fn plan(
    spec: ExperimentSpec,
    model: ModelFacts,
    normalize: Option<Normalize>,
    license: Option<String>,
    deviations: Vec<Deviation>,
    assumptions: Vec<String>,
    total_steps: u64,
) -> Plan {
    let (config, train) = (&model.config, PathBuf::from("train.safetensors"));
    let run = |seed: &u64| RunConfig {
        name: format!("seed-{seed}"),
        monitor: MonitorConfig::HoldOut { examples: 1000 },
        micro_batch_size: 16,
        normalize: normalize.clone(),
        seed: *seed,
        threads: 2,
        checkpoint_every_steps: 100,
        monitor_every_steps: 100,
        log_every_steps: 10,
        ..RunConfig::bare(spec.task, config.clone(), train.clone(), spec.metric, spec.recipe.clone(), total_steps)
    };
    let split = |name: &str, examples| SplitFacts {
        name: name.into(),
        files: vec![],
        examples,
        labelled: true,
        part: None,
        tokens: None,
    };
    let data = DataFacts {
        splits: vec![split(&spec.data.train, 67_349), split(&spec.data.held_out, 872)],
        columns: spec.data.columns.clone(),
        license,
        revision: Some("bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c".into()),
        mean_tokens: Some(13.3),
        image_shape: normalize.is_some().then_some([32, 32, 3]),
        ..DataFacts::default()
    };
    Plan {
        version: 1,
        runs: spec.seeds.iter().map(run).collect(),
        facts: Facts { host: HostFacts::new(2, 8 << 30, 1.2e11), data, model },
        estimate: Estimate {
            num_params: 22_713_986,
            num_trainable: 22_713_986,
            train_flops: 1.8e14,
            train_secs: 2400.0,
            peak_memory_bytes: 1_200_000_000,
            state_bytes: 400_000_000,
            example_bytes: 20_000_000,
        },
        deviations,
        assumptions,
        spec,
    }
}

fn deviation(field: &str, stated: &str, used: &str, reason: &str) -> Deviation {
    Deviation { field: field.into(), stated: stated.into(), used: used.into(), reason: reason.into() }
}

/// A ledger in the making.
pub(crate) struct Book {
    pub entries: Vec<Entry>,
}

impl Book {
    fn begin(command: &[&str]) -> Book {
        let mut book = Book { entries: vec![] };
        let command = command.iter().map(|word| word.to_string()).collect();
        book.push(Record::Created {
            purpose: tallow::store::Purpose::Experiment,
            command,
            version: "0.1.0".into(),
            binary_sha256: format!("{:0>64}", "b1"),
        });
        book.stage(Stage::Spec, "spec.toml");
        book.stage(Stage::Plan, "plan.json");
        book
    }

    fn push(&mut self, record: Record) {
        let row = self.entries.len() as u64 + 1;
        self.entries.push(Entry { row, before: None, at: format!("2026-11-23T10:{:02}:{:02}Z", row / 60, row % 60), record });
    }

    fn stage(&mut self, stage: Stage, file: &str) {
        let sha256 = format!("{:0>64}", stage.to_string().len());
        self.push(Record::Stage { stage, file: file.into(), sha256, secs: 0.25 });
    }

    fn attempt(&mut self, run: &str, attempt: u32, job: JobKind, outcome: Outcome, events: Vec<Event>, wall_secs: f64) {
        self.push(Record::AttemptStarted { run: run.into(), attempt, job });
        let completed = outcome == Outcome::Completed;
        let kept = |event: &Event| match event {
            Event::Step(_) | Event::Checkpointed { .. } => false,
            Event::Finished { .. } => completed,
            _ => true,
        };
        for told in events.into_iter().filter(kept) {
            self.push(Record::Told { run: run.into(), attempt, told });
        }
        self.push(Record::AttemptEnded { run: run.into(), attempt, outcome, wall_secs, max_rss_bytes: 1_073_741_824 });
    }

    fn scored(&mut self, score: &RunScore) {
        let (scores, intervals) = (score.scores.clone(), BTreeMap::new());
        let told = Event::Evaluated { examples: score.examples, scores, intervals, baseline: None, loss: score.loss, secs: 3.5 };
        let class = |name: &str, [actual, said, right]: [u64; 3]| {
            let share = |of: u64, all: u64| of as f64 / all as f64;
            let [precision, recall, f1] = [share(right, said), share(right, actual), share(2 * right, said + actual)];
            OfClass { name: name.into(), actual, said, right, precision, recall, f1 }
        };
        // A name from outside.
        let classes = vec![class("negative", [430, 440, 400]), class("<b>positive|</b>", [442, 432, 402])];
        let by_class = Event::ByClass(ByClass { classes, confused: vec![vec![400, 30], vec![40, 402]] });
        self.attempt(&format!("{}-held-out", score.run), 1, JobKind::Evaluate, Outcome::Completed, vec![by_class, told], 4.25);
    }
}
