//! `manifest.json`: what a run was made of, by hashes. Drawn from plan and ledger; nothing in it is measured anew.

use super::{Determinism, Surroundings, prepared, sources};
use crate::job::{Event, InitFrom, MonitorConfig, RunConfig, flatten};
use crate::plan::Plan;
use crate::publish::redacted;
use crate::sandbox::Level;
use crate::spec::ExperimentSpec;
use crate::store::{Entry, Record};
use crate::words;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The manifest of an experiment's runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub version: u32,
    /// What was asked for, by the key of the experiment file: only what results depend on.
    pub settings: BTreeMap<String, Value>,
    /// Fully resolved, in the order of the plan.
    pub runs: Vec<RunHashes>,
    pub data: DataHashes,
    /// None: from scratch.
    pub base_weights_sha256: Option<String>,
    pub tokenizer_sha256: Option<String>,
    /// Each program and machine that trained, in order.
    pub surroundings: Vec<Surroundings>,
    /// How strict the jails of its attempts were to be, each once.
    #[serde(default)]
    pub sandbox: Vec<Level>,
    /// None before anything was trained.
    pub determinism: Option<Determinism>,
    /// What that level means.
    pub meaning: String,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunHashes {
    pub name: String,
    /// Of `config` as compact JSON.
    pub config_sha256: String,
    /// By key, without where files lie.
    pub config: BTreeMap<String, Value>,
    pub threads: usize,
    /// Of the model's file; none before it is trained.
    pub weights_sha256: Option<String>,
}

/// The data, before and after preparation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DataHashes {
    /// The Hub's commit, where known.
    pub revision: Option<String>,
    pub sources: Vec<FileHash>,
    pub prepared: Vec<Prepared>,
}

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash {
    /// From the run folder on where it lies below it.
    pub path: String,
    pub sha256: String,
}

/// A prepared split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    pub split: String,
    /// The run that prepared it.
    pub by: String,
    pub sha256: String,
}

/// What a preparation read: its row in the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sourced {
    pub files: Vec<FileHash>,
    /// Of the `tokenizer.json` that texts were cut with.
    pub tokenizer_sha256: Option<String>,
}

impl Manifest {
    /// Of a model that no run of Tallow left.
    pub fn unknown() -> Manifest {
        Manifest {
            version: 1,
            settings: BTreeMap::new(),
            runs: Vec::new(),
            data: DataHashes::default(),
            base_weights_sha256: None,
            tokenizer_sha256: None,
            surroundings: Vec::new(),
            sandbox: Vec::new(),
            determinism: None,
            meaning: String::new(),
        }
    }

    /// `configs` holds the runs as they were trained in the end, by name, where that is otherwise than planned (recovery may cut a
    /// step into smaller parts).
    pub fn of(plan: &Plan, ledger: &[Entry], configs: &BTreeMap<String, RunConfig>) -> Manifest {
        let (mut data, mut tokenizer_sha256) = (DataHashes::default(), None);
        let (mut weights, mut surroundings, mut sandbox) = (BTreeMap::new(), Vec::<Surroundings>::new(), Vec::new());
        data.revision = plan.facts.data.revision.clone();
        for (_, read) in sources(ledger) {
            let new = read.files.iter().filter(|file| !data.sources.contains(file)).cloned().collect::<Vec<_>>();
            data.sources.extend(new);
            tokenizer_sha256 = read.tokenizer_sha256.clone().or(tokenizer_sha256);
        }
        for (_, by, split) in prepared(ledger) {
            data.prepared.push(Prepared { split: split.split.clone(), by: by.into(), sha256: split.sha256.clone() });
        }
        for entry in ledger {
            match &entry.record {
                Record::Told { run, told: Event::Finished { weights_sha256, .. }, .. } => {
                    weights.insert(run.clone(), weights_sha256.clone());
                }
                Record::Told { told: Event::Jailed { level, .. }, .. } if !sandbox.contains(level) => sandbox.push(*level),
                Record::Surroundings(found) if !surroundings.contains(found) => surroundings.push(found.clone()),
                _ => {}
            }
        }
        let run = |planned: &RunConfig| {
            let config = settings(configs.get(&planned.name).unwrap_or(planned));
            RunHashes {
                name: planned.name.clone(),
                config_sha256: hash(&config),
                config,
                threads: planned.threads,
                weights_sha256: weights.get(&planned.name).cloned(),
            }
        };
        let base = plan.runs.iter().find_map(|run| match &run.init {
            InitFrom::Weights { sha256, .. } => Some(sha256.clone()),
            InitFrom::Scratch => None,
        });
        let determinism = surroundings.last().map(|last| Determinism::on(last.device));
        Manifest {
            version: 1,
            settings: asked(&plan.spec),
            runs: plan.runs.iter().map(run).collect(),
            data,
            base_weights_sha256: base,
            tokenizer_sha256,
            surroundings,
            sandbox,
            determinism,
            meaning: determinism.map(|level| level.meaning().to_string()).unwrap_or_default(),
        }
    }
}

/// What a run's weights depend on, by key: all of its config but its name, where files lie, how many threads it had, and how often it is
/// saved and told of, which follows the speed of the machine.
pub fn settings(config: &RunConfig) -> BTreeMap<String, Value> {
    let mut flat = flatten(serde_json::to_value(config).unwrap_or_default());
    // The monitor's kind stays; `train` is a hash of its own.
    let decides_nothing = ["name", "train", "init.path", "monitor.path", TOKENIZER, "threads"];
    flat.retain(|key, _| !FOLLOWS_SPEED.contains(&key.as_str()) && !decides_nothing.contains(&key.as_str()));
    if !config.recipe.watching_decides() {
        flat.remove("monitor_every_steps");
    }
    debug_assert!(!matches!(config.monitor, MonitorConfig::File { .. }) || flat.contains_key("monitor.kind"));
    flat
}

/// How often a run is saved and told of.
const FOLLOWS_SPEED: [&str; 2] = ["checkpoint_every_steps", "log_every_steps"];

/// Where the tokenizer lies of a model that writes; what it holds is a hash of its own.
const TOKENIZER: &str = "writing.tokenizer";

/// Whether a key of a config that differs may decide what comes out; manifests of before hold some that do not.
pub fn decides((key, a, b): &(&str, Option<&Value>, Option<&Value>)) -> bool {
    let is_of_before = *key == "monitor_every_steps" && (a.is_none() || b.is_none());
    !FOLLOWS_SPEED.contains(key) && *key != TOKENIZER && !is_of_before
}

/// The experiment's own keys: titles, claims, words and budgets change no result.
fn asked(spec: &ExperimentSpec) -> BTreeMap<String, Value> {
    let mut flat = flatten(serde_json::to_value(spec).unwrap_or_default());
    flat.retain(|key, _| {
        let section = key.split('.').next().unwrap_or_default();
        !["title", "claim", "target", "budget", "deviations", "assumptions", "not_understood", "citations"].contains(&section)
    });
    // How an address is signed changes no content, and goes wherever the manifest goes.
    if let Some(Value::String(url)) = flat.get_mut("data.source.url") {
        *url = redacted(url);
    }
    flat
}

fn hash(config: &BTreeMap<String, Value>) -> String {
    let text = serde_json::to_string(config).unwrap_or_default();
    words::hex(&Sha256::digest(text))
}
