//! The search for a better recipe: trials in run folders of their own below `search/`, each decided by [`crate::search`].
//!
//! A trial trains the first seed and looks at what is watched; the held-out split is not even prepared in its folder. When the
//! recipe is found, the run goes on with it like any other, and the first plan is scored beside it, with the same seeds.

use super::{End, Pipeline, used_by};
use crate::error::Result;
use crate::eval::{self, Evaluation};
use crate::job::{Event, RunConfig};
use crate::plan::Plan;
use crate::run::{Budget, Outcome};
use crate::search::{self, Journal, Point, Stop, Watched, revised, revisions};
use crate::spec::{Deviation, ExperimentSpec, Keep, Search};
use crate::store::{Record, RunFolder};
use std::collections::BTreeMap;
use std::time::Duration;

/// The first plan's folder.
const FIRST: usize = 1;
/// Share of what trainings take that preparing and scoring for the verdict may take besides.
const BESIDES: f64 = 0.2;
/// What a trial came to.
enum Tried {
    Watched(Watched),
    Failed(String),
    /// The whole run ends here; `resume` goes on.
    Ended(End),
}

/// What is tried next, or why nothing is.
enum Next {
    Trial(search::Settings, Vec<search::Changed>, String),
    Stop(Stop),
}

impl Pipeline<'_> {
    /// The experiment with the best recipe that was found; or how the run ended on the way.
    pub(super) fn search(&mut self, first: &ExperimentSpec) -> Result<std::result::Result<ExperimentSpec, End>> {
        let Some(bounds) = first.search else { return Ok(Ok(first.clone())) };
        let path = self.folder.journal();
        if !path.is_file() {
            let child = self.trial(FIRST, &search::experiment(first, &search::Settings::new())?)?;
            let plan = child.planned()?;
            self.agree(first, &plan)?;
            let mut journal = Journal::of(first.metric);
            journal.begin(search::Settings::new(), Vec::new(), "the first plan".into());
            self.folder.write_json(&path, &journal)?;
        }
        let mut journal: Journal = self.folder.read_json(&path)?;
        while journal.stopped.is_none() {
            let waits = journal.trials.last().filter(|trial| trial.result.is_none()).cloned();
            if let Some(trial) = waits {
                if let Some(end) = self.run_trial(first, &mut journal, &trial)? {
                    return Ok(Err(end));
                }
            } else {
                match self.next(first, &bounds, &journal)? {
                    Next::Trial(settings, changes, reason) => drop(journal.begin(settings, changes, reason)),
                    Next::Stop(stop) => {
                        self.watch.say(&format!("no further recipe is tried: {stop}"));
                        // What was planned before is the first plan's.
                        self.folder.remove(&self.folder.plan())?;
                        journal.stopped = Some(stop);
                    }
                }
            }
            self.folder.write_json(&path, &journal)?;
        }
        Ok(Ok(chosen(first, &journal)?))
    }

    fn run_trial(&mut self, first: &ExperimentSpec, journal: &mut Journal, trial: &search::Trial) -> Result<Option<End>> {
        let number = trial.number;
        let changes: Vec<String> = trial.changes.iter().map(ToString::to_string).collect();
        self.watch.say(&match changes.as_slice() {
            [] => format!("trial {number}: {}", trial.reason),
            changes => format!("trial {number}: {} ({})", changes.join(", "), trial.reason),
        });
        let spec = search::experiment(first, &trial.settings)?;
        let reserved = self.reserved(first, journal, &spec)?;
        let mut child = self.trial(number, &spec)?;
        child.limits.time = child.limits.time.map(|time| time.less(Duration::from_secs_f64(reserved)));
        let tried = child.try_out()?;
        let secs = used_by(&child.folder)?.as_secs_f64();
        let watched = match tried {
            Tried::Ended(end) => return Ok(Some(end)),
            Tried::Watched(watched) => Ok(watched),
            Tried::Failed(failed) => Err(failed),
        };
        journal.end(watched, secs);
        let Some(done) = journal.trials.last() else { return Ok(None) };
        let told = match done.result.as_ref().map(|result| (&result.watched, &result.failed, result.kept)) {
            Some((Some(watched), _, kept)) => {
                let kept = if kept { "kept" } else { "discarded" };
                format!("trial {number}: {} {:.4} on what is watched, {kept}", journal.metric.in_words(), watched.score)
            }
            Some((None, Some(failed), _)) => format!("trial {number}: {failed}, discarded"),
            _ => String::new(),
        };
        self.watch.say(&told);
        self.folder.ledger().append((self.setup.now)(), Record::Tried(done.clone()))?;
        Ok(None)
    }

    /// The first of all revisions that may be tried, was not, and for which there is time.
    fn next(&self, first: &ExperimentSpec, bounds: &Search, journal: &Journal) -> Result<Next> {
        let best = journal.best();
        let settings = best.map(|trial| trial.settings.clone()).unwrap_or_default();
        let before = search::experiment(first, &settings)?;
        if let (Some(target), Some(score)) = (&first.target, journal.best_score())
            && journal.metric.reaches(score, target.value)
        {
            return Ok(Next::Stop(Stop::Target { value: target.value }));
        }
        if journal.trials.len() >= bounds.max_trials {
            return Ok(Next::Stop(Stop::Trials { limit: bounds.max_trials }));
        }
        if journal.since_best() >= bounds.patience {
            return Ok(Next::Stop(Stop::NoProgress { trials: journal.since_best() }));
        }
        let left = self.limits.time.map(|time| time.left().as_secs_f64());
        let mut too_long = None;
        for revision in revisions(&before, journal) {
            // Rules propose what they like; what cannot be tried, or was, is passed over.
            let Ok((settings, spec)) = revised(first, journal, &revision) else { continue };
            let needed = self.expected(first, journal, &spec)? + self.reserved(first, journal, &spec)?;
            if let Some(left) = left.filter(|left| needed > *left) {
                too_long.get_or_insert(left);
                continue;
            }
            return Ok(Next::Trial(settings, search::changes(&before, &spec), revision.reason));
        }
        Ok(Next::Stop(too_long.map_or(Stop::NothingLeft, |left_secs| Stop::Time { left_secs })))
    }

    /// Seconds that a trial will take, by what the first took and how much more it sees.
    fn expected(&self, first: &ExperimentSpec, journal: &Journal, spec: &ExperimentSpec) -> Result<f64> {
        let Some(result) = journal.trials.first().and_then(|trial| trial.result.as_ref()) else { return Ok(0.0) };
        let plan: Plan = self.folder.read_json(&RunFolder::open(self.folder.trial(FIRST))?.plan())?;
        let split = plan.facts.data.splits.iter().find(|split| split.name == first.data.train);
        let examples = split.map_or(1, |split| split.examples).min(first.data.max_train_examples.unwrap_or(usize::MAX));
        Ok(result.secs * search::examples_seen(spec, examples) / search::examples_seen(first, examples).max(1.0))
    }

    /// Seconds that must be left for the verdict if `spec` turns out to be the best: every seed of it, and those of the first plan
    /// that its trial did not train.
    fn reserved(&self, first: &ExperimentSpec, journal: &Journal, spec: &ExperimentSpec) -> Result<f64> {
        let seeds = first.seeds.len() as f64;
        let best = match journal.best() {
            Some(best) => self.expected(first, journal, &search::experiment(first, &best.settings)?)?,
            None => 0.0,
        };
        let longest = self.expected(first, journal, spec)?.max(best);
        Ok((seeds * longest + (seeds - 1.0) * self.expected(first, journal, first)?) * (1.0 + BESIDES))
    }

    /// The pipeline of a trial, whose folder is made if it is not there.
    fn trial(&mut self, number: usize, spec: &ExperimentSpec) -> Result<Pipeline<'_>> {
        let root = self.folder.trial(number);
        let folder = RunFolder::open(&root).or_else(|_| {
            let folder = RunFolder::create(root)?;
            let command = vec![format!("trial {number} of {}", self.folder.id())];
            let (version, binary_sha256) = (env!("CARGO_PKG_VERSION").into(), String::new());
            let created = Record::Created { purpose: Default::default(), command, version, binary_sha256 };
            folder.ledger().append((self.setup.now)(), created)?;
            Ok::<_, crate::store::Error>(folder)
        })?;
        let (setup, limits) = (self.setup.clone(), self.limits);
        let mut child = Pipeline { limits, begun: self.begun, ..Pipeline::new(folder, setup, &mut *self.watch) };
        if !child.folder.spec().is_file() {
            child.begin(spec)?;
        }
        Ok(child)
    }

    /// The plan of a folder that holds an experiment.
    fn planned(mut self) -> Result<Plan> {
        let spec = self.read_spec()?;
        self.plan(&spec)
    }

    /// Trains the first seed, and tells what watching saw.
    fn try_out(&mut self) -> Result<Tried> {
        let _lock = self.folder.lock()?;
        let spec = self.read_spec()?;
        let plan = self.plan(&spec)?;
        if let Some(end) = self.prepare_training(&plan)? {
            return Ok(Tried::Ended(end));
        }
        let plan = self.count(plan)?;
        let Some(config) = plan.runs.first() else { return Ok(Tried::Failed("there is nothing to train".into())) };
        match self.train(std::slice::from_ref(config))? {
            None => {}
            Some(End::Unfinished { outcome, .. }) if is_of_the_recipe(&outcome) => return Ok(Tried::Failed(outcome.to_string())),
            Some(end) => return Ok(Tried::Ended(end)),
        }
        let events = self.events_of(&config.name)?;
        Ok(watched(config, &events).map_or_else(|| Tried::Failed("nothing was watched".into()), Tried::Watched))
    }

    /// The first plan beside the recipe that was found, on the held-out split and with the same seeds: what the search gained.
    pub(super) fn gain(&mut self, evaluation: &Evaluation) -> Result<Option<End>> {
        let path = self.folder.journal();
        if !path.is_file() || self.folder.report_html().is_file() {
            return Ok(None);
        }
        let journal: Journal = self.folder.read_json(&path)?;
        let Some(best) = journal.best().map(|best| best.number).filter(|best| *best != FIRST) else { return Ok(None) };
        self.watch.say(&format!("scoring the first plan beside trial {best}, with the same seeds"));
        let first = self.read_spec()?;
        let mut child = self.trial(FIRST, &search::experiment(&first, &search::Settings::new())?)?;
        let of_first = match child.go_on_within_limits()? {
            End::Reported { evaluation, .. } => evaluation,
            End::Unfinished { outcome: Outcome::BudgetSpent { budget: Budget::Time, .. }, .. } => {
                self.watch.say("there is no time left to score the first plan");
                return Ok(None);
            }
            end => return Ok(Some(end)),
        };
        let gain = eval::gain(&of_first, evaluation);
        let mut values = BTreeMap::from([
            ("first plan".to_string(), of_first.mean),
            ("recipe found".to_string(), evaluation.mean),
            ("gain".to_string(), gain.gain),
        ]);
        if let Some([low, high]) = gain.interval {
            values.extend([("gain, low".to_string(), low), ("gain, high".to_string(), high)]);
        }
        self.folder.ledger().append((self.setup.now)(), Record::Measured { what: search::GAIN.into(), values })?;
        Ok(None)
    }
}

/// Whether a recipe can be to blame; other ends are no trial's fault.
fn is_of_the_recipe(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Diverged { .. } | Outcome::OutOfMemory { .. } | Outcome::TimedOut { .. } => true,
        Outcome::BudgetSpent { budget, .. } => matches!(budget, Budget::Time | Budget::Attempts),
        Outcome::Completed
        | Outcome::Interrupted { .. }
        | Outcome::Killed { .. }
        | Outcome::Crashed { .. }
        | Outcome::Refused { .. }
        | Outcome::Stalled { .. } => false,
    }
}

/// What watching saw of a run: each step once, as the last attempt that came by told it.
fn watched(config: &RunConfig, events: &[Event]) -> Option<Watched> {
    let (mut losses, mut points, mut kept) = (BTreeMap::new(), BTreeMap::new(), None);
    for event in events {
        match event {
            Event::Step(step) => drop(losses.insert(step.step, step.loss)),
            Event::Monitored { step, value: score, loss, .. } => {
                points.entry(*step).insert_entry(Point { step: *step, score: *score, loss: *loss });
            }
            Event::Finished { best, .. } => kept = best.map(|best| best.value),
            _ => {}
        }
    }
    let score = kept.filter(|_| config.recipe.keep == Keep::Best).or(points.values().last().map(|point| point.score))?;
    let tenth = losses.len().div_ceil(10);
    let losses: Vec<f64> = losses.into_values().collect();
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len().max(1) as f64;
    Some(Watched {
        score,
        train_loss: [mean(&losses[..tenth]), mean(&losses[losses.len() - tenth..])],
        points: points.into_values().collect(),
        total_steps: config.total_steps,
    })
}

/// The experiment with the recipe that was found, and what is to be said of it.
fn chosen(first: &ExperimentSpec, journal: &Journal) -> Result<ExperimentSpec> {
    let Some(best) = journal.best() else { return Ok(first.clone()) };
    let found = search::experiment(first, &best.settings)?;
    let mut chosen = ExperimentSpec { search: first.search, ..found };
    let reason = format!("what is watched did best with it (trial {} of {})", best.number, journal.trials.len());
    for change in search::changes(first, &chosen) {
        match &first.claim {
            // What a paper states is tested otherwise now.
            Some(_) => chosen.deviations.push(Deviation {
                field: change.key,
                stated: change.was,
                used: change.now,
                reason: format!("search: {reason}"),
            }),
            None => chosen.assumptions.push(format!("{}: {} instead of {} ({reason})", change.key, change.now, change.was)),
        }
    }
    Ok(chosen)
}
