//! Small prepared files, and runs on them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tallow::job::{EvaluateJob, Event, InitFrom, MonitorConfig, Normalize, RunConfig, StepEvent, Writing};
use tallow::spec::{
    Augment, ClassWeights, Decay, EarlyStopping, Ema, Group, Keep, Length, Metric, Optimizer, Preference, Recipe, Sampling,
    Schedule, Similarity, Task, Warmup,
};
use tallow::trainer::{self, Finish};
use tallow_zoo::{Adapter, Head, HeadKind, ModelConfig};

const THREADS: usize = 2;

/// A folder with prepared files, and runs on them.
pub(super) struct Bench {
    pub(super) dir: tempfile::TempDir,
}

impl Bench {
    /// `texts.safetensors`: a text is of class 1 if token 7 occurs more often than token 8. `images.safetensors`: 8 x 8 pixels, and
    /// of class c if stripe c is the bright one.
    pub(super) fn new() -> Self {
        let bench = Bench { dir: tempfile::tempdir().expect("a folder") };
        bench.write_texts(160);
        bench.write_weighed();
        bench.write_images(120);
        bench.write_words("words.safetensors", 1_000, "[]");
        bench.write_table(150);
        bench.write_values(160);
        bench.write_conversations(120);
        bench.write_labels(160);
        bench.write_tags(160);
        bench.write_spans(160);
        bench.write_hidden(1_600);
        bench.write_written(160);
        bench.write_heard(160);
        bench.write_similar(160);
        bench
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// 40 steps of a BERT with one layer.
    pub(super) fn bert(&self) -> RunConfig {
        let model = serde_json::json!({
            "model_type": "bert", "vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 32, "max_position_embeddings": 16, "type_vocab_size": 2, "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1, "id2label": {"0": "worse", "1": "better"},
        });
        let optimizer = Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };
        let schedule = Schedule::linear(Warmup::Frac(0.1));
        let recipe = Recipe { grad_clip_norm: Some(1.0), ..Recipe::bare(optimizer, 1e-2, schedule, Length::Steps(40), 32) };
        let (task, model) = (Task::TextClassification, ModelConfig::from_public(&model.to_string()).expect("a config"));
        RunConfig {
            monitor: MonitorConfig::HoldOut { examples: 40 },
            micro_batch_size: 16,
            threads: THREADS,
            checkpoint_every_steps: 7,
            monitor_every_steps: 20,
            log_every_steps: 3,
            ..RunConfig::bare(task, model, self.path("texts.safetensors"), Metric::Accuracy, recipe, 40)
        }
    }

    /// 40 steps of a GPT of one layer, with dropout.
    pub(super) fn gpt(&self) -> RunConfig {
        let model = serde_json::json!({
            "model_type": "gpt2", "vocab_size": 30, "n_positions": 8, "n_embd": 16, "n_layer": 1, "n_head": 2,
        });
        let mut config = self.bert();
        config.task = Task::LanguageModelling;
        config.metric = Metric::Perplexity;
        config.model = ModelConfig::from_public(&model.to_string()).expect("a config");
        config.train = self.path("words.safetensors");
        config
    }

    /// 40 steps of a perceptron of two layers, with dropout and batch norm.
    pub(super) fn mlp(&self) -> RunConfig {
        let number =
            |name: &str| serde_json::json!({"name": name, "scale": {"mean": 0, "std": 1}, "fill": 0, "indicator": false});
        let model = serde_json::json!({
            "model_type": "mlp", "numeric_columns": [number("x"), number("y")],
            "categorical_columns": [{"name": "colour", "values": ["red", "green", "blue"], "embedding_size": 2}],
            "hidden_sizes": [16, 16], "norm": "batch", "dropout": 0.1, "id2label": {"0": "below", "1": "above"},
        });
        let mut config = self.bert();
        config.task = Task::TabularClassification;
        config.model = ModelConfig::from_public(&model.to_string()).expect("a config");
        config.train = self.path("table.safetensors");
        config
    }

    /// 40 steps of a BERT with one layer that tells numbers.
    pub(super) fn regression(&self) -> RunConfig {
        let mut config = self.bert();
        config.task = Task::TextRegression;
        config.metric = Metric::Rmse;
        config.model = config.model.with_head(Head::Value);
        config.train = self.path("values.safetensors");
        config
    }

    /// 40 steps of a BERT with one layer that tells which of three tokens a text holds.
    pub(super) fn multi_label(&self) -> RunConfig {
        let mut config = self.bert();
        config.task = Task::TextMultiLabel;
        config.metric = Metric::MicroF1;
        config.model = config.model.with_head(Head::Labels(["seven", "eight", "nine"].map(String::from).to_vec()));
        config.train = self.path("labels.safetensors");
        config
    }

    /// 40 steps of a BERT with one layer that tags words.
    pub(super) fn tagger(&self) -> RunConfig {
        let mut config = self.bert();
        config.task = Task::TokenClassification;
        config.metric = Metric::EntityF1;
        config.model = config.model.with_head(Head::Tags(["O", "B-X", "I-X"].map(String::from).to_vec()));
        config.train = self.path("tags.safetensors");
        config
    }

    /// 40 steps of a BERT with one layer that finds the words between two others.
    pub(super) fn answers(&self) -> RunConfig {
        let mut config = self.bert();
        config.task = Task::QuestionAnswering;
        config.metric = Metric::AnswerF1;
        config.model = config.model.with_head(Head::Span);
        config.train = self.path("spans.safetensors");
        config
    }

    /// 40 steps of a BERT with one layer whose vectors are as near as the pairs' scores say.
    pub(super) fn scored(&self) -> RunConfig {
        let mut config = self.together();
        config.metric = Metric::Spearman;
        config.similarity = Some(Similarity::Cosine { score_range: Some([0.0, 5.0]) });
        config.train = self.path("scored.safetensors");
        config
    }

    /// 40 steps of a BERT with one layer whose vectors are near where texts belong together.
    pub(super) fn together(&self) -> RunConfig {
        let mut config = self.bert();
        config.task = Task::SentenceSimilarity;
        config.metric = Metric::NdcgAt10;
        config.model = config.model.with_head(HeadKind::Vector.with(Vec::new()));
        config.similarity = Some(Similarity::Contrastive { scale: 20.0 });
        config.train = self.path("together.safetensors");
        config
    }

    /// The same, with a text for each that does not belong to it.
    pub(super) fn triples(&self) -> RunConfig {
        RunConfig { train: self.path("triples.safetensors"), ..self.together() }
    }

    /// 40 steps of a BERT with one layer that tells hidden words.
    pub(super) fn masked(&self) -> RunConfig {
        let mut config = self.bert();
        config.task = Task::MaskedLanguageModelling;
        config.metric = Metric::Perplexity;
        config.model = config.model.with_head(Head::Words);
        config.train = self.path("hidden.safetensors");
        config
    }

    /// 30 steps of a ResNet with 8 layers.
    pub(super) fn resnet(&self) -> RunConfig {
        let names = BTreeMap::from([("0", "top"), ("1", "middle"), ("2", "bottom")]);
        let model =
            serde_json::json!({"model_type": "resnet_cifar", "depth": 8, "width": 4, "num_channels": 3, "id2label": names});
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

    /// 40 steps of a T5 of one layer that writes texts from others; what is watched is written, too.
    pub(super) fn text_to_text(&self) -> RunConfig {
        let model = serde_json::json!({
            "model_type": "t5", "vocab_size": 30, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2, "n_positions": 16,
            "dropout_rate": 0.1,
        });
        let mut config = self.bert();
        config.task = Task::TextToText;
        config.metric = Metric::Chrf;
        config.model = ModelConfig::from_public(&model.to_string()).expect("a config");
        config.train = self.path("written.safetensors");
        config.recipe.label_smoothing = 0.1;
        config.writing = Some(Writing {
            suppress_tokens: vec![],
            begin_suppress_tokens: vec![],
            tokenizer: self.path("spelt.json"),
            max_new_tokens: 8,
            num_beams: 1,
            length_penalty: 1.0,
            samples: 2,
            compared: Default::default(),
        });
        config
    }

    /// As [`Bench::text_to_text`], by the Transformer of 1706.03762.
    pub(super) fn translation(&self) -> RunConfig {
        let model = serde_json::json!({
            "model_type": "marian", "vocab_size": 30, "d_model": 16, "encoder_layers": 1, "decoder_layers": 1,
            "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32,
            "max_position_embeddings": 16, "dropout": 0.1, "scale_embedding": true, "pad_token_id": 0, "eos_token_id": 1,
        });
        let model = ModelConfig::from_public(&model.to_string()).expect("a config");
        RunConfig { model, ..self.text_to_text() }
    }

    /// As [`Bench::bert`], on texts that are drawn by their weights: from 0 to 4.
    pub(super) fn weighed(&self) -> RunConfig {
        let mut config = RunConfig { train: self.path("weighed.safetensors"), ..self.bert() };
        config.recipe.sampling = Sampling::Weighted;
        config
    }

    /// 40 steps of a Whisper of one layer that writes what it hears; what is watched is written, too.
    pub(super) fn speech(&self) -> RunConfig {
        let model = serde_json::json!({
            "model_type": "whisper", "vocab_size": 30, "num_mel_bins": 4, "d_model": 16, "encoder_layers": 1, "decoder_layers": 1,
            "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32,
            "max_source_positions": 12, "max_target_positions": 16, "dropout": 0.1, "init_std": 0.2, "pad_token_id": 0,
            "bos_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0,
        });
        let mut config = self.text_to_text();
        config.task = Task::SpeechRecognition;
        config.metric = Metric::Wer;
        config.model = ModelConfig::from_public(&model.to_string()).expect("a config");
        config.train = self.path("heard.safetensors");
        config
    }

    /// A run of each kind, by name.
    pub(super) fn all(&self) -> Vec<(&'static str, RunConfig)> {
        let mut all = vec![
            ("bert", self.bert()),
            ("gpt", self.gpt()),
            ("mlp", self.mlp()),
            ("resnet", self.resnet()),
            ("regression", self.regression()),
        ];
        all.extend([("multi-label", self.multi_label()), ("tagger", self.tagger()), ("answers", self.answers())]);
        all.extend([("scored", self.scored()), ("together", self.together()), ("triples", self.triples())]);
        all.extend([("masked", self.masked()), ("instructed", self.instructed()), ("preferences", self.preferences())]);
        all.extend([("text to text", self.text_to_text()), ("translation", self.translation()), ("speech", self.speech())]);
        all
    }

    /// 30 steps of an adapter with dropout beside a small Llama, on answers.
    pub(super) fn instructed(&self) -> RunConfig {
        let mut config = self.adapted();
        config.task = Task::InstructionTuning;
        config.train = self.path("told.safetensors");
        config
    }

    /// As [`Bench::instructed`], with the lengths of weights trained, too.
    pub(super) fn dora(&self) -> RunConfig {
        let mut config = self.instructed();
        config.adapter = config.adapter.map(|adapter| Adapter { use_dora: true, ..adapter });
        config
    }

    /// As [`Bench::instructed`], on pairs of them.
    pub(super) fn preferences(&self) -> RunConfig {
        let mut config = self.adapted();
        config.task = Task::PreferenceOptimization;
        config.metric = Metric::PreferenceAccuracy;
        config.preference = Some(Preference { beta: 0.5, label_smoothing: 0.0 });
        config.train = self.path("pairs.safetensors");
        config
    }

    /// A small Llama that was trained on words, and an adapter for it.
    fn adapted(&self) -> RunConfig {
        let mut config = self.gpt();
        let model = serde_json::json!({
            "model_type": "llama", "vocab_size": 30, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 32, "tie_word_embeddings": true,
        });
        config.model = ModelConfig::from_public(&model.to_string()).expect("a config");
        (config.total_steps, config.checkpoint_every_steps) = (30, 0);
        let base = self.path("base").join("model.safetensors");
        if !base.exists() {
            self.train(&config, "base");
        }
        let sha256 = tallow::data::sha256_of_file(&base).expect("hashed");
        config.init = InitFrom::Weights { path: base, sha256 };
        config.adapter = Some(Adapter { r: 4, lora_alpha: 8.0, lora_dropout: 0.1, ..Adapter::of(&["all-linear"]) });
        (config.recipe.batch_size, config.micro_batch_size, config.checkpoint_every_steps) = (8, 4, 7);
        config
    }

    /// Runs whose recipe remembers more than moments, by name.
    pub(super) fn recipes(&self) -> Vec<(&'static str, RunConfig)> {
        let mut best = self.resnet();
        best.recipe.optimizer = Optimizer::Muon {
            momentum: 0.95,
            nesterov: true,
            adamw_lr: 3e-3,
            beta1: 0.9,
            beta2: 0.95,
            eps: 1e-10,
            weight_decay: 0.01,
        };
        best.recipe.ema = Some(Ema { decay: 0.9, warmup: true, evaluate: true });
        best.recipe.keep = Keep::Best;
        best.recipe.early_stopping = Some(EarlyStopping { patience: 1000, min_delta: 0.0 });
        best.monitor_every_steps = 2;
        best.recipe.label_smoothing = 0.1;
        best.recipe.augment.extend([
            Augment::RandomResizedCrop { min_area: 0.3, max_area: 1.0, max_ratio: 4.0 / 3.0 },
            Augment::ColorJitter { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
            Augment::RandAugment { ops: 2, magnitude: 9 },
            Augment::RandomErasing { p: 0.5, min_area: 0.02, max_area: 0.33, max_ratio: 3.3 },
            Augment::Mixup { alpha: 0.4 },
            Augment::Cutmix { alpha: 1.0 },
        ]);
        let mut layered = self.bert();
        layered.recipe.optimizer = Optimizer::Adafactor {
            beta1: Some(0.9),
            decay: 0.8,
            eps: 1e-30,
            clip: 1.0,
            scale_parameter: true,
            weight_decay: 0.01,
        };
        layered.recipe.schedule = Schedule::OneCycle { warmup: Warmup::Frac(0.3), div_factor: 25.0, final_div_factor: 1e4 };
        layered.recipe.layerwise_lr_decay = Some(0.8);
        layered.recipe.class_weights = Some(ClassWeights::Balanced);
        layered.recipe.focal_gamma = Some(2.0);
        layered.recipe.sampling = Sampling::Balanced;
        layered.recipe.groups = vec![
            Group { pattern: "*embeddings.*".into(), lr_scale: 1.0, weight_decay: None, frozen: true },
            Group { pattern: "classifier.*".into(), lr_scale: 3.0, weight_decay: Some(0.1), frozen: false },
        ];
        let mut clipped = self.gpt();
        clipped.recipe.optimizer = Optimizer::Lamb { beta1: 0.9, beta2: 0.999, eps: 1e-6, weight_decay: 0.01 };
        clipped.recipe.schedule =
            Schedule::Wsd { warmup: Warmup::Steps(2), decay_frac: 0.4, decay: Decay::OneMinusSqrt, min_lr_frac: 0.1 };
        (clipped.recipe.grad_clip_norm, clipped.recipe.grad_clip_value) = (None, Some(0.05));
        clipped.recipe.ema = Some(Ema { decay: 0.5, warmup: false, evaluate: false });
        vec![
            ("muon, mean and best", best),
            ("adafactor by layer, frozen", layered),
            ("lamb, clipped", clipped),
            ("drawn by weight", self.weighed()),
            ("dora", self.dora()),
        ]
    }

    pub(super) fn train(&self, config: &RunConfig, folder: &str) -> Trained {
        self.attempt(config, folder, None, None).expect("trained")
    }

    /// One attempt; `stop_at`: asked to stop at the event of that step.
    pub(super) fn attempt(
        &self,
        config: &RunConfig,
        folder: &str,
        resume: Option<&str>,
        stop_at: Option<u64>,
    ) -> Result<Trained, trainer::Error> {
        let folder = self.path(folder);
        std::fs::create_dir_all(&folder).expect("made");
        let resume: Vec<_> = resume.map(|name| self.path(name).join("checkpoint")).into_iter().collect();
        in_pool(config.threads, || {
            let (mut events, stop) = (Vec::new(), AtomicBool::new(false));
            let finish = trainer::train(config, &folder, &resume, &|_| stop.load(Ordering::Relaxed), &mut |event| {
                if matches!(&event, Event::Step(step) if Some(step.step) == stop_at) {
                    stop.store(true, Ordering::Relaxed);
                }
                events.push(event);
            })?;
            Ok(Trained { finish, events })
        })
    }

    pub(super) fn evaluate(&self, job: &EvaluateJob) -> Result<Vec<Event>, trainer::Error> {
        in_pool(job.threads, || {
            let mut events = Vec::new();
            trainer::evaluate(job, &mut |event| events.push(event)).map(|()| events)
        })
    }

    pub(super) fn evaluate_job(&self, config: &RunConfig, weights: PathBuf, metrics: &[Metric]) -> EvaluateJob {
        EvaluateJob {
            task: config.task,
            model: config.model.clone(),
            weights: weights.into(),
            reference: None,
            writing: config.writing.clone(),
            similarity: config.similarity,
            samples: None,
            data: config.train.clone(),
            normalize: config.normalize.clone(),
            metrics: metrics.to_vec(),
            guess: None,
            batch_size: 32,
            threads: THREADS,
            out: self.dir.path().to_path_buf(),
        }
    }
}

pub(super) struct Trained {
    pub(super) finish: Finish,
    pub(super) events: Vec<Event>,
}

impl Trained {
    pub(super) fn sha256(&self) -> &str {
        match &self.finish {
            Finish::Completed { weights_sha256 } => weights_sha256,
            other => panic!("expected a completed run, found {other:?}"),
        }
    }

    pub(super) fn steps(&self) -> Vec<&StepEvent> {
        self.events.iter().filter_map(|event| if let Event::Step(step) = event { Some(step) } else { None }).collect()
    }

    /// Everything about the steps past `step` but the clock and what is counted from the attempt's start.
    pub(super) fn numbers_after(&self, step: u64) -> Vec<(u64, f64, f64, f64, f64)> {
        self.steps().into_iter().filter(|s| s.step > step).map(|s| (s.step, s.epoch, s.loss, s.lr, s.grad_norm)).collect()
    }

    /// Of the whole run: tokens, examples.
    pub(super) fn work_done(&self) -> (u64, u64) {
        match self.events.last() {
            Some(Event::Finished { tokens, examples, .. }) => (*tokens, *examples),
            other => panic!("expected a finished run, found {other:?}"),
        }
    }

    /// What it noted with these words.
    pub(super) fn notes(&self, words: &str) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Note { message } if message.contains(words))).count()
    }

    pub(super) fn started(&self) -> (u64, bool) {
        let started =
            |event: &Event| if let Event::Started { step, resumed, .. } = event { Some((*step, *resumed)) } else { None };
        self.events.iter().find_map(started).expect("it says that it starts")
    }
}

fn in_pool<T: Send>(threads: usize, f: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool").install(f)
}

pub(super) fn checkpoints(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder.join("checkpoint")).expect("there").flatten().map(|e| e.path()).collect();
    files.sort();
    files
}
