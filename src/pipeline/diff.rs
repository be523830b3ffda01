//! Two runs, or two models that runs left, held against each other.

use super::stages::manifest_of;
use crate::data::sha256_of_file;
use crate::error::{Class, Failure, Result};
use crate::job::{Event, flatten};
use crate::plan::Plan;
use crate::provenance::{Comparison, Manifest, RunHashes, Trace, compare, paired};
use crate::publish::published_manifest;
use crate::store::{MANIFEST, RunFolder};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One of the two.
#[derive(Debug)]
pub struct Side {
    manifest: Manifest,
    /// By run; none for a model.
    traces: BTreeMap<String, Trace>,
    /// A run of which there is the plan alone.
    is_planned: bool,
}

/// There is nothing to compare.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("`{}` is neither a run folder nor a model: expected `ledger.jsonl`, `{MANIFEST}` or `config.json` in it", path.display())]
    Neither { path: PathBuf },
    #[error("the run `{}` is not planned yet", path.display())]
    Unplanned { path: PathBuf },
    #[error("`{}` is the run of a script: expected the run of an experiment, or a model", path.display())]
    OfScript { path: PathBuf },
    #[error("cannot read `{}`", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("`{}` is not what it should be", path.display())]
    Malformed { path: PathBuf, source: serde_json::Error },
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Neither { .. } | Error::Unplanned { .. } | Error::OfScript { .. } => Class::Usage,
            Error::Unreadable { .. } => Class::Resource,
            Error::Malformed { .. } => Class::Model,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Error::Neither { .. } => Some("`tallow runs` lists the runs".into()),
            Error::Unplanned { path } => Some(format!("`tallow resume {}` goes on with it", crate::words::shell(path))),
            Error::OfScript { .. } => Some(
                "hold the two `manifest.json` against each other: hashes of scripts, image and held-out examples; `report.json` has the numbers".into(),
            ),
            Error::Unreadable { .. } | Error::Malformed { .. } => None,
        }
    }
}

impl Side {
    /// A run folder, finished or not; or a model's folder, of which less is known where no run of Tallow left it.
    ///
    /// # Errors
    /// It is neither, or its files cannot be read.
    pub fn open(place: &Path) -> Result<Side> {
        if let Ok(folder) = RunFolder::open(place) {
            return Side::run(&folder);
        }
        let (manifest, config) = (place.join(MANIFEST), place.join("config.json"));
        let manifest = match (manifest.is_file(), config.is_file()) {
            (true, _) => read(&manifest)?,
            (false, true) => foreign(place, &read::<serde_json::Value>(&config)?)?,
            (false, false) => return Err(Error::Neither { path: place.into() }.into()),
        };
        Ok(Side { manifest, traces: BTreeMap::new(), is_planned: false })
    }

    fn run(folder: &RunFolder) -> Result<Side> {
        if folder.script_spec().is_file() {
            return Err(Error::OfScript { path: folder.root().into() }.into());
        }
        if !folder.plan().is_file() {
            return Err(Error::Unplanned { path: folder.root().into() }.into());
        }
        let plan: Plan = folder.read_json(&folder.plan())?;
        let manifest = manifest_of(folder, &plan)?;
        let mut traces = BTreeMap::new();
        for run in &plan.runs {
            let mut events: Vec<Event> = Vec::new();
            for number in 1.. {
                let attempt = folder.attempt(&run.name, number);
                if !attempt.job().is_file() {
                    break;
                }
                events.extend(attempt.read_events()?);
            }
            traces.insert(run.name.clone(), Trace::last_of(&events));
        }
        let is_planned = manifest.data.prepared.is_empty();
        Ok(Side { manifest, traces, is_planned })
    }
}

/// A model that no run of Tallow left: its config and what its files hold.
fn foreign(place: &Path, config: &serde_json::Value) -> Result<Manifest> {
    let hash = |name: &str| -> Result<Option<String>> {
        let file = place.join(name);
        Ok(file.is_file().then(|| sha256_of_file(&file)).transpose()?)
    };
    let run = RunHashes {
        name: "model".into(),
        config_sha256: hash("config.json")?.unwrap_or_default(),
        config: flatten(config.clone()),
        threads: 0,
        weights_sha256: hash("model.safetensors")?,
    };
    Ok(Manifest { runs: vec![run], tokenizer_sha256: hash("tokenizer.json")?, ..Manifest::unknown() })
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Unreadable { path: path.into(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| Error::Malformed { path: path.into(), source })
}

/// How two differ: inputs first, then what was logged, then what came of it.
pub fn compare_sides(a: &Side, b: &Side) -> Comparison {
    // A model's says what things are called, and not where they lie: neither makes a difference.
    let [one, other] = [a, b].map(|side| published_manifest(&side.manifest));
    let mut found = Comparison { inputs: compare(&one, &other), ..Comparison::default() };
    for (run, other) in paired(&a.manifest, &b.manifest) {
        if let Some(parting) = a.traces.get(&run.name).zip(b.traces.get(&other.name)).and_then(|(a, b)| a.first_difference(b)) {
            found.partings.insert(run.name.clone(), parting);
        }
        match (&run.weights_sha256, &other.weights_sha256) {
            (Some(a), Some(b)) if a == b => found.same_weights.push(run.name.clone()),
            (Some(_), Some(_)) => found.other_weights.push(run.name.clone()),
            _ => {}
        }
    }
    match (a.is_planned, b.is_planned) {
        (true, false) => found.without_unprepared("a"),
        (false, true) => found.without_unprepared("b"),
        (true, true) | (false, false) => {}
    }
    found
}
