//! A small run on rows of a table, under a real supervisor.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tallow::job::{Event, InitFrom, Job, MonitorConfig, RunConfig};
use tallow::run::recovery::Change;
use tallow::run::{Allowed, Attempt, Outcome, Supervisor, Watch};
use tallow::sandbox::Level;
use tallow::spec::{Length, Metric, Optimizer, Recipe, Schedule, Task, Warmup};
use tallow::store::{Record, RunFolder};
use tallow::trainer::{self, Finish};
use tallow_kernels::Stream;
use tallow_zoo::ModelConfig;

pub(crate) const ROWS: usize = 320;
pub(crate) const STEPS: u64 = 40;

pub(crate) struct Bench {
    dir: tempfile::TempDir,
}

/// How a run went, by its ledger.
pub(crate) struct Went {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) changes: Vec<Change>,
    /// Of each attempt.
    pub(crate) configs: Vec<RunConfig>,
    /// Whether an attempt went on from a checkpoint.
    pub(crate) resumed: Vec<bool>,
    pub(crate) reason: Option<String>,
    pub(crate) weights: Option<String>,
    pub(crate) said: Vec<String>,
}

#[derive(Default)]
struct Heard(Vec<String>);

impl Watch for Heard {
    fn event(&mut self, _: &str, _: u32, _: &Event) {}
    fn say(&mut self, message: &str) {
        self.0.push(message.into());
    }
}

impl Bench {
    /// A table of numbers and their sign, with these values in place of others: (row, value).
    pub(crate) fn new(odd: &[(usize, f32)]) -> Bench {
        let dir = tempfile::tempdir().expect("a folder");
        let (mut numbers, mut labels) = (Vec::new(), Vec::new());
        for row in 0..ROWS {
            let stream = Stream::root(3).at(row as u64);
            let values = [stream.normal(0), stream.normal(1)];
            labels.push(u32::from(values[0] + values[1] > 0.0));
            let odd = odd.iter().find(|(at, _)| *at == row).map(|(_, value)| *value);
            numbers.extend([odd.unwrap_or(values[0]), values[1]]);
        }
        let bytes: Vec<u8> = numbers.iter().flat_map(|x: &f32| x.to_le_bytes()).collect();
        let label_bytes: Vec<u8> = labels.iter().flat_map(|x| x.to_le_bytes()).collect();
        use safetensors::{Dtype, tensor::TensorView};
        let tensors = [
            ("numbers", TensorView::new(Dtype::F32, vec![ROWS, 2], &bytes).expect("a tensor")),
            ("categories", TensorView::new(Dtype::U32, vec![ROWS, 0], &[]).expect("a tensor")),
            ("labels", TensorView::new(Dtype::U32, vec![ROWS], &label_bytes).expect("a tensor")),
        ];
        let metadata = [("labels".to_string(), r#"["below","above"]"#.to_string())].into();
        safetensors::serialize_to_file(tensors, Some(metadata), &dir.path().join("train.safetensors")).expect("written");
        Bench { dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().expect("there").join(name)
    }

    /// 40 steps of a perceptron with dropout, a checkpoint every fifth.
    pub(crate) fn config(&self, name: &str) -> RunConfig {
        let number =
            |name: &str| serde_json::json!({"name": name, "scale": {"mean": 0, "std": 1}, "fill": 0, "indicator": false});
        let model = serde_json::json!({
            "model_type": "mlp", "numeric_columns": [number("x"), number("y")], "categorical_columns": [],
            "hidden_sizes": [16, 16], "norm": "none", "dropout": 0.1, "id2label": {"0": "below", "1": "above"},
        });
        let optimizer = Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };
        RunConfig {
            version: 1,
            name: name.into(),
            task: Task::TabularClassification,
            model: ModelConfig::from_public(&model.to_string()).expect("a config"),
            adapter: None,
            preference: None,
            similarity: None,
            init: InitFrom::Scratch,
            train: self.path("train.safetensors"),
            monitor: MonitorConfig::None,
            max_train_examples: None,
            leave_out: Vec::new(),
            recipe: Recipe::bare(optimizer, 1e-2, Schedule::linear(Warmup::Frac(0.1)), Length::Steps(STEPS), 32),
            micro_batch_size: 32,
            total_steps: STEPS,
            metric: Metric::Accuracy,
            writing: None,
            normalize: None,
            seed: 0,
            threads: 1,
            checkpoint_every_steps: 5,
            monitor_every_steps: 0,
            log_every_steps: 1,
        }
    }

    /// Trains it under supervision. `now`: the time, for the ledger.
    pub(crate) fn supervise(&self, config: &RunConfig, allowed: Allowed, now: &dyn Fn() -> String) -> Went {
        let place = self.path("run");
        let folder = if place.is_dir() { RunFolder::open(place) } else { RunFolder::create(place) }.expect("a run folder");
        let (stop, mut heard) = (AtomicBool::new(false), Heard::default());
        let supervisor = Supervisor {
            folder: &folder,
            program: std::env::current_exe().expect("this program"),
            level: Level::Strict,
            threads: 1,
            memory_bytes: Some(256 << 20),
            silence: Duration::from_secs(3),
            deadline: None,
            disk_bytes: None,
            allowed,
            stop: &stop,
            now,
        };
        let attempt: Attempt = supervisor.train(config, &mut heard).expect("a run folder that can be written");
        let mut went = Went {
            outcomes: Vec::new(),
            changes: Vec::new(),
            configs: Vec::new(),
            resumed: Vec::new(),
            reason: None,
            weights: None,
            said: heard.0,
        };
        for entry in folder.ledger().read().expect("a ledger") {
            match entry.record {
                Record::AttemptStarted { run, attempt, .. } => {
                    let job = folder.attempt(&run, attempt);
                    let Job::Train { config, .. } = folder.read_json(&job.job()).expect("a job") else { panic!("no training") };
                    went.configs.push(*config);
                }
                Record::AttemptEnded { outcome, .. } => went.outcomes.push(outcome),
                Record::Recovery { decision, reason, .. } => match serde_json::from_str(&decision) {
                    Ok(change) => went.changes.push(change),
                    Err(_) => went.reason = Some(reason),
                },
                Record::Told { told: Event::Started { resumed, .. }, .. } => went.resumed.push(resumed),
                Record::Told { told: Event::Finished { weights_sha256, .. }, .. } => went.weights = Some(weights_sha256),
                _ => {}
            }
        }
        assert_eq!(went.outcomes.last(), Some(&attempt.outcome));
        went
    }

    /// The hash of the model that nobody disturbs, trained here and now.
    pub(crate) fn undisturbed(&self, config: &RunConfig) -> String {
        let out = self.path("undisturbed");
        std::fs::remove_dir_all(&out).ok();
        std::fs::create_dir_all(&out).expect("a folder");
        match trainer::train(config, &out, None, &|_| false, &mut |_| {}).expect("trained") {
            Finish::Completed { weights_sha256 } => weights_sha256,
            other => panic!("{other:?}"),
        }
    }

    /// Writes the weights of a trained model with all values of one tensor replaced.
    pub(crate) fn spoiled_weights(&self, from: &Path, tensor: &str, value: f32) -> PathBuf {
        let bytes = std::fs::read(from).expect("weights");
        let file = safetensors::SafeTensors::deserialize(&bytes).expect("weights");
        let mut found = BTreeMap::new();
        for (name, view) in file.tensors() {
            let mut data = view.data().to_vec();
            if name == tensor {
                data.chunks_exact_mut(4).for_each(|four| four.copy_from_slice(&value.to_le_bytes()));
            }
            found.insert(name, (view.shape().to_vec(), data));
        }
        assert!(found.contains_key(tensor), "no `{tensor}` in {:?}", found.keys());
        let views = found.iter().map(|(name, (shape, data))| {
            (name.as_str(), safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), data).expect("a tensor"))
        });
        let path = self.path("spoiled.safetensors");
        safetensors::serialize_to_file(views, None, &path).expect("written");
        path
    }
}

/// A clock that goes on by a second each time that it is read.
pub(crate) fn steady() -> impl Fn() -> String {
    let count = Cell::new(0u32);
    move || {
        count.set(count.get() + 1);
        format!("2026-01-01T00:{:02}:{:02}.000Z", count.get() / 60 % 60, count.get() % 60)
    }
}

/// A clock that jumps by decades, forth and back.
pub(crate) fn jumping() -> impl Fn() -> String {
    let count = Cell::new(0usize);
    move || {
        count.set(count.get() + 1);
        ["2026-01-01T00:00:00.000Z", "1999-12-31T23:59:59.000Z", "2099-06-01T00:00:00.000Z"][count.get() % 3].into()
    }
}
