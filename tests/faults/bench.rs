//! A small run on rows of a table, under a real supervisor.

use safetensors::{Dtype, tensor::TensorView};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tallow::job::{Event, Job, RunConfig};
use tallow::run::process::Disk;
use tallow::run::recovery::Change;
use tallow::run::{Allowed, Attempt, Outcome, Supervisor, Watch};
use tallow::sandbox::Level;
use tallow::spec::{Length, Metric, Optimizer, Recipe, Schedule, Task, Warmup};
use tallow::store::{Decided, Record, RunFolder};
use tallow::trainer::{self, Finish};
use tallow_kernels::Stream;
use tallow_zoo::ModelConfig;

const ROWS: usize = 320;
const MELS: usize = 4;
const FRAMES: usize = 24;
pub(crate) const STEPS: u64 = 40;

pub(crate) struct Bench {
    dir: tempfile::TempDir,
    /// What the run folder may hold.
    pub(crate) disk: Cell<Option<u64>>,
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
    /// A table of numbers and their sign, and recordings with their texts. `odd`: a recording, and what every number of it is.
    pub(crate) fn new(odd: Option<(usize, f32)>) -> Bench {
        let dir = tempfile::tempdir().expect("a folder");
        let (mut numbers, mut labels) = (Vec::new(), Vec::new());
        for row in 0..ROWS {
            let stream = Stream::root(3).at(row as u64);
            let values = [stream.normal(0), stream.normal(1)];
            labels.push(u32::from(values[0] + values[1] > 0.0));
            numbers.extend(values);
        }
        let tensors = [
            ("numbers", Dtype::F32, vec![ROWS, 2], floats(&numbers)),
            ("categories", Dtype::U32, vec![ROWS, 0], Vec::new()),
            ("labels", Dtype::U32, vec![ROWS], u32s(&labels)),
        ];
        let bench = Bench { dir, disk: Cell::new(None) };
        write(&bench.path("train.safetensors"), &tensors, &[("labels", r#"["below","above"]"#)]);
        bench.write_recordings(odd);
        bench
    }

    /// Each of two sounds, of four kinds, and the two words that name them.
    fn write_recordings(&self, odd: Option<(usize, f32)>) {
        let (mut features, mut tokens) = (Vec::new(), Vec::new());
        for i in 0..ROWS {
            let stream = Stream::root(5).at(i as u64);
            let sounds = [stream.below(0, MELS), stream.below(1, MELS)];
            let noise = stream.named("noise");
            for mel in 0..MELS {
                let loud = |at: usize| if sounds[at / (FRAMES / 2)] == mel { 1.0 } else { -0.5 };
                let heard = (0..FRAMES).map(|at| loud(at) + 0.1 * noise.normal((FRAMES * mel + at) as u64));
                features.extend(heard.map(|value| odd.filter(|(at, _)| *at == i).map_or(value, |(_, value)| value)));
            }
            tokens.extend([9, 3 + sounds[0] as u32, 3 + sounds[1] as u32, 1]);
        }
        let places = |each: usize| (0..=ROWS).flat_map(|i| ((i * each) as u64).to_le_bytes()).collect::<Vec<u8>>();
        let said = b"soundwords".repeat(ROWS);
        let begins = (0..ROWS as u64).flat_map(|i| [10 * i, 10 * i + 5]).chain([10 * ROWS as u64]);
        let begins: Vec<u8> = begins.flat_map(u64::to_le_bytes).collect();
        let tensors = [
            ("offsets", Dtype::U64, vec![ROWS + 1], places(4)),
            ("frame_offsets", Dtype::U64, vec![ROWS + 1], places(FRAMES)),
            ("features", Dtype::F32, vec![features.len()], floats(&features)),
            ("silence", Dtype::F32, vec![ROWS], floats(&[-0.5; ROWS])),
            ("tokens", Dtype::U32, vec![tokens.len()], u32s(&tokens)),
            ("type_ids", Dtype::U8, vec![tokens.len()], vec![0; tokens.len()]),
            ("transcript_offsets", Dtype::U64, vec![2 * ROWS + 1], begins),
            ("transcripts", Dtype::U8, vec![said.len()], said),
        ];
        let numbers = [("mel_bins", "4"), ("frames", "24"), ("vocab_size", "30")];
        let tokens = [("begin_token", "0"), ("end_token", "1"), ("forced_tokens", "1")];
        let metadata = [("labels", "[]")].into_iter().chain(numbers).chain(tokens).collect::<Vec<_>>();
        write(&self.path("heard.safetensors"), &tensors, &metadata);
    }

    /// 40 steps of a Whisper of one layer.
    pub(crate) fn speech(&self, name: &str) -> RunConfig {
        let model = serde_json::json!({
            "model_type": "whisper", "vocab_size": 30, "num_mel_bins": MELS, "d_model": 16, "encoder_layers": 1, "decoder_layers": 1,
            "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32,
            "max_source_positions": FRAMES / 2, "max_target_positions": 16, "dropout": 0.1, "init_std": 0.2, "pad_token_id": 0,
            "bos_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0,
        });
        let model = ModelConfig::from_public(&model.to_string()).expect("a config");
        let (task, train) = (Task::SpeechRecognition, self.path("heard.safetensors"));
        RunConfig { task, model, train, metric: Metric::Wer, ..self.config(name) }
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
        let (task, model) = (Task::TabularClassification, ModelConfig::from_public(&model.to_string()).expect("a config"));
        let recipe = Recipe::bare(optimizer, 1e-2, Schedule::linear(Warmup::Frac(0.1)), Length::Steps(STEPS), 32);
        RunConfig {
            name: name.into(),
            checkpoint_every_steps: 5,
            log_every_steps: 1,
            ..RunConfig::bare(task, model, self.path("train.safetensors"), Metric::Accuracy, recipe, STEPS)
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
            disk: self.disk.get().map(|limit| Disk { folder: folder.root().into(), limit }),
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
        let ledger = folder.ledger().read().expect("a ledger");
        let as_trained = tallow::report::as_trained(config, &ledger);
        for entry in ledger {
            match entry.record {
                Record::AttemptStarted { run, attempt, .. } => {
                    let job = folder.attempt(&run, attempt);
                    let Job::Train { config, .. } = folder.read_json(&job.job()).expect("a job") else { panic!("no training") };
                    went.configs.push(*config);
                }
                Record::AttemptEnded { outcome, .. } => went.outcomes.push(outcome),
                Record::Recovery { decision, reason, .. } => match decision {
                    Decided::Changed(change) => went.changes.push(change),
                    Decided::GiveUp => went.reason = Some(reason),
                    Decided::Script(_) | Decided::Mend => panic!("of a script: {decision:?}"),
                },
                Record::Told { told: Event::Started { resumed, .. }, .. } => went.resumed.push(resumed),
                Record::Told { told: Event::Finished { weights_sha256, .. }, .. } => went.weights = Some(weights_sha256),
                _ => {}
            }
        }
        assert_eq!(went.outcomes.last(), Some(&attempt.outcome));
        assert_eq!(went.configs.last(), Some(&as_trained), "what a report would say was trained");
        went
    }

    /// The hash of the model that nobody disturbs, trained here and now.
    pub(crate) fn undisturbed(&self, config: &RunConfig) -> String {
        let out = self.path("undisturbed");
        std::fs::remove_dir_all(&out).ok();
        std::fs::create_dir_all(&out).expect("a folder");
        match trainer::train(config, &out, &[], &|_| false, &mut |_| {}).expect("trained") {
            Finish::Completed { weights_sha256 } => weights_sha256,
            other => panic!("{other:?}"),
        }
    }

    /// Writes the weights of a trained model with all values of some tensors replaced.
    pub(crate) fn spoiled_weights(&self, from: &Path, spoiled: &[&str], value: f32) -> PathBuf {
        let bytes = std::fs::read(from).expect("weights");
        let file = safetensors::SafeTensors::deserialize(&bytes).expect("weights");
        let mut found = BTreeMap::new();
        for (name, view) in file.tensors() {
            let mut data = view.data().to_vec();
            if spoiled.contains(&name.as_str()) {
                data.chunks_exact_mut(4).for_each(|four| four.copy_from_slice(&value.to_le_bytes()));
            }
            found.insert(name, (view.shape().to_vec(), data));
        }
        assert!(spoiled.iter().all(|name| found.contains_key(*name)), "{spoiled:?} in {:?}", found.keys());
        let views = found
            .iter()
            .map(|(name, (shape, data))| (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), data).expect("a tensor")));
        let path = self.path("spoiled.safetensors");
        safetensors::serialize_to_file(views, None, &path).expect("written");
        path
    }
}

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn write(path: &Path, tensors: &[(&str, Dtype, Vec<usize>, Vec<u8>)], metadata: &[(&str, &str)]) {
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| (*name, TensorView::new(*dtype, shape.clone(), bytes).expect("a tensor")));
    let metadata = metadata.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    safetensors::serialize_to_file(views, Some(metadata), path).expect("written");
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
