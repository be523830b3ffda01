//! Which input of two runs differs first.

use super::{FileHash, Manifest, Parting, Prepared, RunHashes, Surroundings, decides};
use crate::job::{PREPARE, differing};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// An input of a run, in the order in which inputs are compared: what was asked for comes before what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    Config,
    Data,
    BaseWeights,
    Scores,
    /// What is told of the run: its report, and all that lies beside the weights of its model.
    Report,
    /// The rows of what happened.
    Ledger,
    Code,
    Hardware,
    Threads,
}

impl Input {
    pub fn in_words(self) -> &'static str {
        match self {
            Input::Config => "config",
            Input::Data => "data",
            Input::BaseWeights => "base weights",
            Input::Scores => "scores",
            Input::Report => "report",
            Input::Ledger => "ledger",
            Input::Code => "code",
            Input::Hardware => "hardware",
            Input::Threads => "threads",
        }
    }
}

/// An input that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    pub input: Input,
    /// Its full name: `recipe.lr`, `seed-0: total_steps`, a split, a file.
    pub key: String,
    /// None: this side has no such thing.
    pub a: Option<String>,
    pub b: Option<String>,
}

/// How two runs differ.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Every input that differs, first things first.
    pub inputs: Vec<Difference>,
    /// Where the trainings part, by run; none where all that both tell is the same.
    pub partings: BTreeMap<String, Parting>,
    /// Runs whose trained weights are the same, bit for bit.
    pub same_weights: Vec<String>,
    /// Runs whose trained weights differ.
    pub other_weights: Vec<String>,
    /// The side, `a` or `b`, that was planned alone, where the other went on: what it has not made yet is no difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_prepared: Option<String>,
}

impl Comparison {
    pub fn is_same(&self) -> bool {
        let is_whole = self.not_prepared.is_none();
        is_whole && self.inputs.is_empty() && self.partings.is_empty() && self.other_weights.is_empty()
    }

    /// Takes what the side `a` or `b` has not made yet out of the differences.
    pub fn without_unprepared(&mut self, side: &str) {
        let lacks = |one: &Difference| if side == "a" { one.a.is_none() } else { one.b.is_none() };
        self.inputs.retain(|one| one.input == Input::Config || !lacks(one));
        self.not_prepared = Some(side.into());
    }
}

/// Every input that differs between two manifests, in the order of [`Input`].
pub fn compare(a: &Manifest, b: &Manifest) -> Vec<Difference> {
    let mut found = Vec::new();
    configs(a, b, &mut found);
    data(a, b, &mut found);
    values(Input::BaseWeights, "sha256", a.base_weights_sha256.as_ref(), b.base_weights_sha256.as_ref(), &mut found);
    values(Input::BaseWeights, "tokenizer.json", a.tokenizer_sha256.as_ref(), b.tokenizer_sha256.as_ref(), &mut found);
    // Programs and machines: the last that trained.
    found.extend(differing_surroundings(a.surroundings.last(), b.surroundings.last()));
    for (one, other) in paired(a, b) {
        let threads = |run: usize| run.to_string();
        let key = format!("{}: threads", one.name);
        values(Input::Threads, &key, Some(&threads(one.threads)), Some(&threads(other.threads)), &mut found);
    }
    found
}

/// What was asked, then what it was resolved to.
fn configs(a: &Manifest, b: &Manifest, found: &mut Vec<Difference>) {
    let mut add = |prefix: &str, a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>| {
        for (key, a, b) in differing(a, b).filter(decides) {
            let (key, a, b) = (format!("{prefix}{key}"), a.map(Value::to_string), b.map(Value::to_string));
            // A key of the experiment has its resolved twin.
            if !found.iter().any(|known: &Difference| (&known.a, &known.b) == (&a, &b) && key.ends_with(&known.key)) {
                found.push(Difference { input: Input::Config, key, a, b });
            }
        }
    };
    add("", &a.settings, &b.settings);
    for (one, other) in paired(a, b) {
        add(&format!("{}: ", one.name), &one.config, &other.config);
    }
}

/// Runs of the same name; where no two have one, those of the same place in their plans (a run is named after its seed).
pub fn paired<'a>(a: &'a Manifest, b: &'a Manifest) -> Vec<(&'a RunHashes, &'a RunHashes)> {
    let named = |run: &'a RunHashes| Some((run, b.runs.iter().find(|other| other.name == run.name)?));
    let pairs: Vec<_> = a.runs.iter().filter_map(named).collect();
    if pairs.is_empty() { a.runs.iter().zip(&b.runs).collect() } else { pairs }
}

fn data(a: &Manifest, b: &Manifest, found: &mut Vec<Difference>) {
    values(Input::Data, "revision", a.data.revision.as_ref(), b.data.revision.as_ref(), found);
    let by_place = |files: &[FileHash]| -> BTreeMap<String, String> {
        // Files of two runs lie in two places: only what they hold, and in which order, counts.
        files.iter().enumerate().map(|(i, file)| (format!("source file {}", i + 1), file.sha256.clone())).collect()
    };
    let by_split = |splits: &[Prepared]| -> BTreeMap<String, String> {
        splits
            .iter()
            .map(|p| (format!("{} `{}`", if p.by == PREPARE { "prepared" } else { "held out" }, p.split), p.sha256.clone()))
            .collect()
    };
    for (a, b) in
        [(by_place(&a.data.sources), by_place(&b.data.sources)), (by_split(&a.data.prepared), by_split(&b.data.prepared))]
    {
        for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
            values(Input::Data, key, a.get(key), b.get(key), found);
        }
    }
}

pub(super) fn differing_surroundings(a: Option<&Surroundings>, b: Option<&Surroundings>) -> Vec<Difference> {
    type Field = (Input, &'static str, fn(&Surroundings) -> String);
    let fields: [Field; 6] = [
        (Input::Code, "version", |s| s.version.clone()),
        (Input::Code, "binary", |s| s.binary_sha256.clone()),
        (Input::Hardware, "device", |s| format!("{:?}", s.device).to_lowercase()),
        (Input::Hardware, "processor", |s| s.processor.clone()),
        (Input::Hardware, "instructions", |s| s.instructions.join(", ")),
        (Input::Hardware, "caches", |s| s.caches.join(", ")),
    ];
    let mut found = Vec::new();
    for (input, key, of) in fields {
        values(input, key, a.map(of).as_ref(), b.map(of).as_ref(), &mut found);
    }
    found
}

fn values(input: Input, key: &str, a: Option<&String>, b: Option<&String>, found: &mut Vec<Difference>) {
    if a != b {
        found.push(Difference { input, key: key.into(), a: a.cloned(), b: b.cloned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_made_yet_is_no_difference() {
        let one = |input: Input, a: Option<&str>, b: Option<&str>| Difference {
            input,
            key: "x".into(),
            a: a.map(str::to_string),
            b: b.map(str::to_string),
        };
        let inputs = vec![
            one(Input::Config, Some("1"), None),
            one(Input::Data, Some("1"), None),
            one(Input::Data, Some("1"), Some("2")),
            one(Input::Hardware, Some("1"), None),
        ];
        let mut found = Comparison { inputs, ..Comparison::default() };
        found.without_unprepared("b");
        let left: Vec<_> = found.inputs.iter().map(|one| (one.input, one.b.as_deref())).collect();
        assert_eq!(left, [(Input::Config, None), (Input::Data, Some("2"))]);
        assert!(!Comparison { not_prepared: Some("a".into()), ..Comparison::default() }.is_same());
    }

    #[test]
    fn how_often_a_run_is_saved_is_no_difference() {
        let manifest = |saved: u64, steps: u64| {
            let config = [("checkpoint_every_steps".to_string(), saved.into()), ("total_steps".to_string(), steps.into())];
            let run = RunHashes {
                name: "seed-0".into(),
                config_sha256: String::new(),
                config: config.into(),
                threads: 1,
                weights_sha256: None,
            };
            Manifest { runs: vec![run], ..Manifest::unknown() }
        };
        assert_eq!(compare(&manifest(19, 100), &manifest(25, 100)), []);
        let found = compare(&manifest(19, 100), &manifest(25, 200));
        assert_eq!(found.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["seed-0: total_steps"]);
    }
}
