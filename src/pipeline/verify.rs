//! A finished run, held against its records and repeated in a jail: the same bits, or where they first part.

use super::prepared::named_files;
use super::rescored::Rescored;
use super::stages::supervisor;
use super::{Limits, Pipeline};
use crate::data::{sha256_of_file, sha256_of_files, sha256_of_place, sha256_of_weights};
use crate::error::{Class, Failure, Result};
use crate::job::{Event, InitFrom, Job, PREPARE, RunConfig, differing};
use crate::plan::Plan;
use crate::provenance::{
    Difference, Input, Manifest, Parting, Quantity, Replayed, Surroundings, Trace, Verification, decides, prepared, settings,
    sources, surroundings_apart,
};
use crate::run::{Outcome, readable_by_training};
use crate::store::{Broken, Entry, LEDGER, Record, RunFolder, Stage};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How the bytes of a place are told apart.
type Hash<'a> = &'a dyn Fn(&Path) -> crate::data::Result<String>;

/// What `tallow verify` asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Repeat {
    /// Only so many steps of each run, its first; none: all.
    pub steps: Option<u64>,
    /// Threads of the repetition; none: those of the run.
    pub threads: Option<usize>,
}

/// Why a run cannot be repeated.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("no run of `{}` is finished: there is nothing to repeat", path.display())]
    Unfinished { path: PathBuf },
    #[error("`{}`, which {run} began with, is no longer there", path.display())]
    Gone { run: String, path: PathBuf },
    #[error("{run} logged nothing before step {first}: {steps} steps leave nothing to compare")]
    TooFew { run: String, steps: u64, first: u64 },
    #[error("the repetition of {run} did not complete: {outcome}")]
    NotRepeated { run: String, outcome: Outcome },
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Unfinished { .. } | Error::TooFew { .. } => Class::Usage,
            Error::Gone { .. } => Class::Model,
            Error::NotRepeated { outcome, .. } => outcome.class().unwrap_or(Class::Bug),
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Error::Unfinished { path } => Some(format!("`tallow resume {}` goes on with it", crate::words::shell(path))),
            Error::TooFew { first, .. } => Some(format!("ask for `--steps {first}` or more")),
            Error::Gone { .. } => Some("put the model's folder back where it was, or fetch it again".into()),
            Error::NotRepeated { .. } => None,
        }
    }
}

/// A stretch of a run that was trained with one config: an attempt that it grew from.
struct Stretch {
    /// Of the attempt.
    number: u32,
    config: RunConfig,
    events: Vec<Event>,
    /// Steps done when it began.
    from: u64,
}

impl Pipeline<'_> {
    /// Holds every file of the run against its recorded hash; where all are as they were, trains every finished run again and compares
    /// all that both tell. The run is left as it is, but for a row in its ledger.
    ///
    /// # Errors
    /// No run is finished, base weights are gone, or a repetition did not complete. That something differs is a value.
    pub fn verify(&mut self, asked: &Repeat) -> Result<Verification> {
        let _lock = self.folder.lock()?;
        if !self.folder.plan().is_file() {
            return Err(Error::Unfinished { path: self.folder.root().into() }.into());
        }
        let plan: Plan = self.folder.read_json(&self.folder.plan())?;
        let ledger = self.folder.ledger().read()?;
        let mut runs = Vec::new();
        for config in &plan.runs {
            if let Some(number) = self.finished(&config.name)? {
                runs.push((config.below(self.folder.root()), self.stretches(config, number)?));
            }
        }
        if runs.is_empty() {
            return Err(Error::Unfinished { path: self.folder.root().into() }.into());
        }
        let now = (self.setup.surroundings)();
        let mut found = Verification {
            changed: Vec::new(),
            replayed: Vec::new(),
            files_checked: Vec::new(),
            files_gone: Vec::new(),
            model_gone: Vec::new(),
            surroundings: surroundings_apart(last_surroundings(&ledger), &now),
        };
        self.watch.say("holding files and settings against their records");
        if let Some(Broken { behind, expected, found: holds }) = self.folder.ledger().broken()? {
            let key = format!("{LEDGER}, behind row {behind}");
            found.changed.push(Difference { input: Input::Ledger, key, a: Some(expected), b: Some(holds) });
        }
        self.check_settings(&runs, &mut found)?;
        self.check_files(&plan, &ledger, &mut found)?;
        // Whatever is told of it, it can be repeated.
        if found.changed.iter().all(|changed| changed.input == Input::Report) {
            for (config, stretches) in &runs {
                let mut replayed = self.replay(config, stretches, asked)?;
                // A part of the training is asked for where time is short.
                if replayed.parting.is_none() && asked.steps.is_none() {
                    match self.rescored(&plan, config)? {
                        Rescored::Same(numbers) => drop(replayed.compared.insert(Quantity::HeldOut, numbers)),
                        Rescored::Apart(parting) => replayed.parting = Some(parting),
                        Rescored::Failed(outcome) => {
                            return Err(Error::NotRepeated { run: config.name.clone(), outcome }.into());
                        }
                        Rescored::Nothing => {}
                    }
                }
                found.replayed.push(replayed);
            }
        }
        self.folder.ledger().append((self.setup.now)(), Record::Verified(found.clone()))?;
        Ok(found)
    }

    /// The attempts that the finished one grew from, oldest first.
    fn stretches(&self, planned: &RunConfig, finished: u32) -> Result<Vec<Stretch>> {
        let (mut found, mut number) = (Vec::new(), finished);
        loop {
            let attempt = self.folder.attempt(&planned.name, number);
            let Job::Train { config, resume_from, .. } = self.folder.read_json(&attempt.job())? else { break };
            let events = attempt.read_events()?;
            let started = events.iter().find_map(|event| match event {
                Event::Started { step, resumed, .. } => Some((*step, *resumed)),
                _ => None,
            });
            let (from, resumed) = started.unwrap_or_default();
            found.push(Stretch { number, config: *config, events, from });
            let earlier = resume_from.first().filter(|_| resumed).and_then(|place| {
                (1..number).rev().find(|earlier| self.folder.attempt(&planned.name, *earlier).is_place_of(place))
            });
            match earlier {
                Some(earlier) => number = earlier,
                None => break,
            }
        }
        found.reverse();
        Ok(found)
    }

    /// The plan against what the attempts really ran with and against the manifest.
    fn check_settings(&self, runs: &[(RunConfig, Vec<Stretch>)], found: &mut Verification) -> Result<()> {
        let manifest: Option<Manifest> =
            self.folder.manifest().is_file().then(|| self.folder.read_json(&self.folder.manifest())).transpose()?;
        for (planned, stretches) in runs {
            let Some(last) = stretches.last() else { continue };
            let recorded = manifest.as_ref().and_then(|m| m.runs.iter().find(|run| run.name == planned.name));
            let [planned_keys, ran] = [settings(planned), settings(&last.config)];
            let name = &planned.name;
            let mut add = |key: &str, a: Option<&serde_json::Value>, b: Option<&serde_json::Value>| {
                let (a, b) = (a.map(|v| v.to_string()), b.map(|v| v.to_string()));
                found.changed.push(Difference { input: Input::Config, key: format!("{name}: {key}"), a, b });
            };
            // Recovery may change how it is trained and, with consent, leave out examples; never other data, nor the seed.
            let by_recovery = |key: &str| ["micro_batch_size", "leave_out"].contains(&key) || key.starts_with("recipe.");
            for (key, a, b) in differing(&ran, &planned_keys).filter(|(key, ..)| !by_recovery(key)) {
                add(key, a, b);
            }
            for (key, a, b) in recorded.iter().flat_map(|run| differing(&run.config, &ran)).filter(decides) {
                add(key, a, b);
            }
        }
        Ok(())
    }

    /// What the model's folder held, and holds no longer; the folder, where that itself is gone.
    fn gone_of_model(&self, ledger: &[Entry]) -> Vec<String> {
        let (root, model) = (self.folder.root(), self.folder.model());
        let below = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
        let of_model = reported(ledger).into_keys().map(|file| root.join(file)).filter(|path| path.starts_with(&model));
        let gone: Vec<String> = of_model.filter(|path| !path.is_file()).map(|path| below(&path)).collect();
        if model.is_dir() || gone.is_empty() { gone } else { vec![below(&model)] }
    }

    fn check_files(&self, plan: &Plan, ledger: &[Entry], found: &mut Verification) -> Result<()> {
        let root = self.folder.root();
        found.model_gone = self.gone_of_model(ledger);
        let mut check = |input: Input, path: &Path, hash: Hash, recorded: &str, needed: bool| -> Result<()> {
            let shown = path.strip_prefix(root).unwrap_or(path).display().to_string();
            if !path.exists() && !needed {
                found.files_gone.push(shown);
                return Ok(());
            }
            let holds = path.exists().then(|| hash(path)).transpose()?;
            if holds.as_deref() != Some(recorded) {
                // What two preparations read is told once.
                found.changed.retain(|difference| difference.input != input || difference.key != shown);
                found.changed.push(Difference { input, key: shown, a: Some(recorded.into()), b: holds });
            } else if !found.files_checked.contains(&shown) {
                found.files_checked.push(shown);
            }
            Ok(())
        };
        // What a stage wrote last counts.
        for (stage, input) in [
            (Stage::Spec, Input::Config),
            (Stage::Plan, Input::Config),
            (Stage::Manifest, Input::Config),
            (Stage::Eval, Input::Scores),
        ] {
            // Of a file that could not be read there is none.
            if let Some((file, sha256)) = last_stage(ledger, stage).filter(|(_, sha256)| !sha256.is_empty()) {
                check(input, &root.join(file), &sha256_of_place, sha256, true)?;
            }
        }
        // Nothing needs what is told of the run, or its model, to be there. One file of weights is held against what training told of it.
        let weights = WEIGHTS.map(|name| self.folder.model().join(name));
        for (file, sha256) in reported(ledger) {
            let path = root.join(file);
            if path.is_file() && !sha256.is_empty() && !weights.contains(&path) {
                check(Input::Report, &path, &sha256_of_place, sha256, false)?;
            }
        }
        for (preparation, read) in sources(ledger) {
            // A table that is gone or cannot be read any more is told of by its own hash.
            let named = named_files(plan, root, preparation).unwrap_or_default();
            for file in &read.files {
                let path = root.join(&file.path);
                match named.get(&path) {
                    Some(files) => check(Input::Data, &path, &|path| sha256_of_files(path, files), &file.sha256, false)?,
                    None => check(Input::Data, &path, &sha256_of_place, &file.sha256, false)?,
                }
            }
        }
        for (_, by, split) in prepared(ledger) {
            let place = if by == PREPARE { self.folder.prepared() } else { self.folder.held_out() };
            check(Input::Data, &place.join(&split.file), &sha256_of_place, &split.sha256, true)?;
        }
        for run in &plan.runs {
            if let InitFrom::Weights { path, sha256 } = &run.init {
                if !path.is_file() {
                    return Err(Error::Gone { run: run.name.clone(), path: path.clone() }.into());
                }
                check(Input::BaseWeights, path, &sha256_of_weights, sha256, true)?;
            }
        }
        Ok(())
    }

    /// Trains a run again, stretch by stretch as it was cut, into a folder that is gone afterwards.
    fn replay(&mut self, planned: &RunConfig, stretches: &[Stretch], asked: &Repeat) -> Result<Replayed> {
        let total_steps = planned.total_steps;
        let steps = asked.steps.map_or(total_steps, |steps| steps.min(total_steps));
        let threads = asked.threads.unwrap_or(planned.threads);
        let mut replayed = Replayed {
            run: planned.name.clone(),
            steps,
            total_steps,
            threads_recorded: planned.threads,
            threads_repeated: threads,
            compared: Default::default(),
            parting: None,
        };
        let told = self.folder.ledger().read()?;
        let recorded = match recorded(&planned.name, stretches, &told) {
            Ok(trace) => trace,
            Err(parting) => return Ok(Replayed { parting: Some(parting), ..replayed }),
        };
        replayed.parting = self.trained_file(planned, &recorded)?;
        if replayed.parting.is_some() {
            return Ok(replayed);
        }
        if let Some(first) = recorded.first_step().filter(|first| *first > steps) {
            return Err(Error::TooFew { run: planned.name.clone(), steps, first }.into());
        }
        self.watch.say(&format!("repeating {steps} of {total_steps} steps of {}", planned.name));
        let passing = self.folder.passing()?;
        let folder = RunFolder::create(passing.path().join("repeated"))?;
        let repeated = self.repeat(&folder, planned, stretches, steps, threads)?;
        let repeated = Trace::of(&repeated).unwrap_or_default();
        replayed.parting = recorded.parts_from(&repeated, steps);
        replayed.compared = recorded.shared(&repeated);
        Ok(replayed)
    }

    /// Every event of the repetition.
    fn repeat(
        &mut self,
        folder: &RunFolder,
        planned: &RunConfig,
        stretches: &[Stretch],
        steps: u64,
        threads: usize,
    ) -> Result<Vec<Event>> {
        let (mut events, mut resume_from, mut number) = (Vec::new(), Vec::<PathBuf>::new(), 0);
        let limits = Limits { memory_bytes: self.read_spec()?.budget.max_memory_bytes, ..Limits::default() };
        let parts = merged(stretches);
        for (i, part) in parts.iter().enumerate() {
            let end = parts.get(i + 1).map_or(planned.total_steps, |next| next.from).min(steps);
            if part.from >= end {
                break;
            }
            number += 1;
            // Files are where they are now.
            let (train, monitor, init) = (planned.train.clone(), planned.monitor.clone(), planned.init.clone());
            let writing = planned.writing.clone();
            let config = RunConfig { train, monitor, init, writing, threads, ..part.config.clone() };
            let mut readable = readable_by_training(&config, &resume_from);
            readable.dedup();
            let out = folder.attempt(&planned.name, number).work();
            let stop_after = (end < planned.total_steps).then_some(end);
            let job = Job::Train { config: Box::new(config), resume_from: resume_from.clone(), out, stop_after };
            let supervisor = supervisor(folder, &self.setup, &limits);
            let attempt = supervisor.attempt(&planned.name, number, &job, readable, self.watch)?;
            let as_asked = match &attempt.outcome {
                Outcome::Completed => true,
                Outcome::Interrupted { step } => stop_after == Some(*step),
                Outcome::Diverged { .. } => true,
                _ => false,
            };
            if !as_asked {
                return Err(Error::NotRepeated { run: planned.name.clone(), outcome: attempt.outcome }.into());
            }
            resume_from = vec![attempt.folder.checkpoints().path().into()];
            events.extend(attempt.events);
        }
        Ok(events)
    }

    /// The trained model's file, of the run and of the bundle, against what training told.
    fn trained_file(&self, planned: &RunConfig, recorded: &Trace) -> Result<Option<Parting>> {
        let Some((step, told)) = recorded.model() else { return Ok(None) };
        let Some(number) = self.finished(&planned.name)? else { return Ok(None) };
        let parting = |holds: String| Some(Parting { step, quantity: Quantity::Model, a: told.into(), b: holds });
        let file = self.folder.attempt(&planned.name, number).weights();
        let holds = if file.is_file() { sha256_of_file(&file)? } else { "no file".into() };
        if holds != told {
            return Ok(parting(holds));
        }
        // The bundle holds one of the runs, and nothing needs it to be there.
        let [whole, adapter] = WEIGHTS;
        let name = if planned.adapter.is_some() { adapter } else { whole };
        let bundled = self.folder.model().join(name);
        let holds = if bundled.is_file() { sha256_of_file(&bundled)? } else { return Ok(None) };
        let finished = self.folder.ledger().read()?;
        let is_of_a_run = finished.iter().any(|entry| {
            matches!(&entry.record, Record::Told { told: Event::Finished { weights_sha256, .. }, .. } if *weights_sha256 == holds)
        });
        Ok(if is_of_a_run { None } else { parting(holds) })
    }
}

/// Whether the report is what was written, and no row of the ledger was changed since.
///
/// # Errors
/// The ledger cannot be read.
pub fn is_as_reported(folder: &RunFolder) -> Result<bool> {
    let (ledger, json) = (folder.ledger(), folder.report_json());
    let rows = ledger.read()?;
    let written = reported(&rows).into_iter().find(|(file, _)| folder.root().join(file) == json);
    // Of a file that could not be hashed nothing is known.
    let written = written.map(|(_, sha256)| sha256).filter(|sha256| !sha256.is_empty());
    let is_whole = written.is_none_or(|sha256| sha256_of_file(&json).is_ok_and(|holds| holds == sha256));
    Ok(is_whole && ledger.broken()?.is_none())
}

/// What the attempts told, and what the ledger keeps of the last. Where the next began otherwise, what one did beyond that is no part
/// of the run.
fn recorded(run: &str, stretches: &[Stretch], ledger: &[Entry]) -> Result<Trace, Parting> {
    let last = stretches.last().map_or(0, |stretch| stretch.number);
    let kept = ledger.iter().filter_map(|entry| match &entry.record {
        Record::Told { run: of, attempt, told } if of == run && *attempt == last => Some(told),
        _ => None,
    });
    let mut events: Vec<&Event> = kept.collect();
    for (i, stretch) in stretches.iter().enumerate() {
        let next = stretches.get(i + 1).filter(|next| settings(&next.config) != settings(&stretch.config));
        let counts = |event: &&Event| match (event, next) {
            (Event::Step(told), Some(next)) => told.step <= next.from,
            (Event::Monitored { step, .. } | Event::Checkpointed { step, .. }, Some(next)) => *step <= next.from,
            _ => true,
        };
        events.extend(stretch.events.iter().filter(counts));
    }
    Trace::of(events)
}

/// The model's file of a bundle, where its weights are one.
const WEIGHTS: [&str; 2] = ["model.safetensors", "adapter_model.safetensors"];

/// Attempts that went on with the same config are one stretch.
fn merged(stretches: &[Stretch]) -> Vec<&Stretch> {
    let mut parts: Vec<&Stretch> = Vec::new();
    for stretch in stretches {
        if parts.last().is_none_or(|last| settings(&last.config) != settings(&stretch.config)) {
            parts.push(stretch);
        }
    }
    parts
}

pub(super) fn last_stage<'a>(ledger: &'a [Entry], wanted: Stage) -> Option<(&'a str, &'a str)> {
    ledger.iter().rev().find_map(|entry| match &entry.record {
        Record::Stage { stage, file, sha256, .. } if *stage == wanted => Some((file.as_str(), sha256.as_str())),
        _ => None,
    })
}

/// The files that tell of the run, with their hashes as they were written last.
fn reported(ledger: &[Entry]) -> BTreeMap<&str, &str> {
    let told = ledger.iter().filter_map(|entry| match &entry.record {
        Record::Stage { stage: Stage::Report, file, sha256, .. } => Some((file.as_str(), sha256.as_str())),
        _ => None,
    });
    told.collect()
}

fn last_surroundings(ledger: &[Entry]) -> Option<&Surroundings> {
    ledger.iter().rev().find_map(|entry| match &entry.record {
        Record::Surroundings(found) => Some(found),
        _ => None,
    })
}
