//! The search for a better recipe: trials in run folders of their own below `search/`, each decided by [`crate::search`].
//!
//! A trial trains the first seed and looks at what is watched; the held-out split is not even prepared in its folder. When the
//! recipe is found, the run goes on with it like any other, and the first plan is scored beside it, with the same seeds.

use super::{End, Pipeline, Unfinished, used_by};
use crate::error::{Class, Failure, Result};
use crate::eval::{self, Evaluation};
use crate::job::{Event, RunConfig};
use crate::llm::{Allowance, Came, Chosen};
use crate::plan::{HostFacts, Plan, Wishes};
use crate::run::{Budget, Outcome};
use crate::search::{self, Asked, By, Journal, Pace, Point, Proposal, Stop, Watched, revised, revisions};
use crate::spec::{Deviation, ExperimentSpec, Keep, Search};
use crate::store::{Record, RunFolder};
use std::collections::BTreeMap;
use std::time::Duration;

/// The first plan's folder.
const FIRST: usize = 1;

/// What a trial came to.
enum Tried {
    Watched(Watched),
    Failed(String),
    /// The whole run ends here; `resume` goes on.
    Ended(Unfinished),
}

/// The language model that proposes trials.
struct Proposer {
    chosen: Chosen,
    /// For so many trials on end it could not be asked, because it failed.
    failed: usize,
}

/// Who failed so often on end is not asked any more: each time may take minutes.
const MOST_FAILED: usize = 2;

/// What is tried next, or why nothing is.
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum Next {
    Trial(Proposal),
    Stop(Stop),
}

/// Not even gentler recipes than the first plan's came to an end.
#[derive(Debug, thiserror::Error)]
#[error("none of the {tried} recipes that were tried could be trained to its end; the first plan: {outcome}")]
struct NothingCompleted {
    tried: usize,
    outcome: String,
    class: Class,
    folder: String,
}

impl Failure for NothingCompleted {
    fn class(&self) -> Class {
        self.class
    }
    fn hint(&self) -> Option<String> {
        Some(format!(
            "`{}` holds a folder for each, with what was tried and why; begin anew with another model, other data or a far lower \
             `--set recipe.lr`",
            self.folder
        ))
    }
}

impl Pipeline<'_> {
    /// The experiment with the best recipe that was found; or how the run ended on the way.
    pub(super) fn search(&mut self, first: &ExperimentSpec) -> Result<std::result::Result<ExperimentSpec, Unfinished>> {
        let Some(bounds) = &first.search else { return Ok(Ok(first.clone())) };
        let path = self.folder.journal();
        let chosen_model = match self.is_searched()? {
            true => None,
            false => self.proposer()?,
        };
        // Trials are watched as often as this machine's speed lets them: whoever repeats the search, or goes on with it, does so likewise.
        let of_first = RunFolder::open(self.folder.trial(FIRST)).ok().map(|folder| folder.plan()).filter(|plan| plan.is_file());
        self.host = match of_first {
            Some(plan) => Some(self.folder.read_json::<Plan>(&plan)?.facts.host),
            None => chosen_model.as_ref().and_then(Chosen::given),
        };
        if !path.is_file() {
            let child = self.trial(FIRST, &search::experiment(first, &search::Settings::new())?)?;
            let plan = child.planned()?;
            self.host = Some(plan.facts.host.clone());
            self.agree(first, &plan)?;
            let mut journal = Journal::of(first.metric);
            journal.begin(Proposal::first());
            self.folder.write_json(&path, &journal)?;
        }
        let mut journal: Journal = self.folder.read_json(&path)?;
        let mut proposer = chosen_model.map(|chosen| Proposer { chosen, failed: 0 });
        while journal.stopped.is_none() {
            let waits = journal.trials.last().filter(|trial| trial.result.is_none()).cloned();
            if let Some(trial) = waits {
                if let Some(end) = self.run_trial(first, &mut journal, &trial)? {
                    return Ok(Err(end));
                }
            } else {
                match self.next(first, &bounds, &journal, proposer.as_mut())? {
                    Next::Trial(proposal) => drop(journal.begin(proposal)),
                    Next::Stop(stop) => {
                        self.watch.say(&format!("no further recipe is tried: {stop}"));
                        // What was planned before is the first plan's.
                        self.folder.remove(&self.folder.plan())?;
                        journal.stopped = Some(stop);
                    }
                }
            }
            self.folder.write_json(&path, &journal)?;
            self.leave_words(&journal);
        }
        self.something_completed(&journal)?;
        Ok(Ok(chosen(first, &journal)?))
    }

    /// Where disk space is limited, nothing large stays of a trial that is over, but of the first: that may be scored in the end.
    fn leave_words(&self, journal: &Journal) {
        let over = |trial: &&search::Trial| self.limits.disk.is_some() && trial.number != FIRST && trial.result.is_some();
        let folders = journal.trials.iter().filter(over).map(|trial| RunFolder::open(self.folder.trial(trial.number)));
        folders.flatten().for_each(|folder| folder.keep_words(false));
    }

    /// Whether the search is over.
    fn is_searched(&self) -> Result<bool> {
        let path = self.folder.journal();
        Ok(path.is_file() && self.folder.read_json::<Journal>(&path)?.stopped.is_some())
    }

    /// The language model that proposes trials, if one was asked for.
    fn proposer(&self) -> Result<Option<Chosen>> {
        let path = self.folder.wishes();
        let wishes: Wishes = if path.is_file() { self.folder.read_json(&path)? } else { Wishes::default() };
        (self.setup.language_model)(&wishes)
    }

    /// Where the first plan and all that was gentler failed, nobody is served by training it once more. One that had too little time may
    /// have enough now: what was kept for the verdict is its own.
    fn something_completed(&self, journal: &Journal) -> Result<()> {
        if journal.best().is_some() {
            return Ok(());
        }
        let ledger = RunFolder::open(self.folder.trial(FIRST))?.ledger().read()?;
        let ended = |record: Record| if let Record::AttemptEnded { outcome, .. } = record { Some(outcome) } else { None };
        let Some(outcome) = ledger.into_iter().rev().find_map(|entry| ended(entry.record)) else { return Ok(()) };
        let class = match outcome {
            Outcome::Diverged { .. } | Outcome::OutOfMemory { .. } => outcome.class().unwrap_or(Class::Numeric),
            Outcome::Completed
            | Outcome::TimedOut { .. }
            | Outcome::BudgetSpent { .. }
            | Outcome::Interrupted { .. }
            | Outcome::Killed { .. }
            | Outcome::Crashed { .. }
            | Outcome::Refused { .. }
            | Outcome::Stalled { .. } => return Ok(()),
        };
        let folder = self.folder.trial(FIRST).parent().map(|folder| folder.display().to_string()).unwrap_or_default();
        Err(NothingCompleted { tried: journal.trials.len(), outcome: outcome.to_string(), class, folder }.into())
    }

    fn run_trial(&mut self, first: &ExperimentSpec, journal: &mut Journal, trial: &search::Trial) -> Result<Option<Unfinished>> {
        let number = trial.number;
        let changes: Vec<String> = trial.changes.iter().map(ToString::to_string).collect();
        let by = if let By::LanguageModel { name } = &trial.by { format!("; proposed by {name}") } else { String::new() };
        self.watch.say(&match changes.as_slice() {
            [] => format!("trial {number}: {}", trial.reason),
            changes => format!("trial {number}: {} ({}{by})", changes.join(", "), trial.reason),
        });
        let spec = search::experiment(first, &trial.settings)?;
        let reserved = self.pace(first, journal)?.reserved(best_of(first, journal)?.as_ref(), &spec);
        let mut child = self.trial(number, &spec)?;
        let reserved = Duration::try_from_secs_f64(reserved).unwrap_or(Duration::MAX);
        child.limits.time = child.limits.time.map(|time| time.less(reserved));
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
                let score = crate::words::score(watched.score);
                format!("trial {number}: {} {score} on what is watched, {kept}", journal.metric.in_words())
            }
            Some((None, Some(failed), _)) => format!("trial {number}: {failed}, discarded"),
            _ => String::new(),
        };
        self.watch.say(&told);
        self.folder.ledger().append((self.setup.now)(), Record::Tried(done.clone()))?;
        Ok(None)
    }

    /// What is tried next: what the language model says, where there is one; else, and where it is of no use, what rules say.
    fn next(
        &mut self,
        first: &ExperimentSpec,
        bounds: &Search,
        journal: &Journal,
        proposer: Option<&mut Proposer>,
    ) -> Result<Next> {
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
        let room = Room { pace: self.pace(first, journal)?, best: best_of(first, journal)?, left_secs: self.left_secs() };
        let by_rules = by_rules(first, journal, &room)?;
        match (proposer.filter(|proposer| proposer.failed < MOST_FAILED), &by_rules) {
            // Whatever is proposed, there is no time for it.
            (None, _) | (Some(_), Next::Stop(Stop::Time { .. })) => Ok(by_rules),
            (Some(proposer), _) => {
                let scene = search::advised::Scene {
                    examples: room.pace.examples,
                    trials_left: bounds.max_trials - journal.trials.len(),
                };
                self.by_language_model(first, journal, proposer, scene, &room, by_rules)
            }
        }
    }

    /// What a language model proposes; else what the rules do, and why.
    fn by_language_model(
        &mut self,
        first: &ExperimentSpec,
        journal: &Journal,
        proposer: &mut Proposer,
        scene: search::advised::Scene,
        room: &Room,
        by_rules: Next,
    ) -> Result<Next> {
        let allowance = Allowance { max_tokens: first.budget.max_tokens, max_usd: first.budget.max_usd };
        let host: HostFacts = self.host.clone().map_or_else(|| (self.setup.host)(), Ok)?;
        let (asked, name) = self.asking(&proposer.chosen, allowance, &host, |this, model| {
            this.watch.say(&format!("asking {} what to try next", model.name()));
            let mut inspect = |spec: &ExperimentSpec| match room.has(spec) {
                true => Vec::new(),
                false => vec!["there is not enough time left for a training as long as this".to_string()],
            };
            Ok((search::advised::ask(model, first, journal, scene, &mut inspect)?, model.name()))
        })?;
        asked.notes.iter().for_each(|note| self.watch.say(note));
        // What the answers cost buys no time any more.
        self.limits = self.limits(first)?;
        let usage = asked.usage;
        let asking = Asked { usage, usd: proposer.chosen.price.map(|price| price.of(usage)), instead: None };
        let is_failing = matches!(&asked.came, Came::NotAsked(why) if why.class() == Class::External);
        proposer.failed = if is_failing { proposer.failed + 1 } else { 0 };
        let instead = match asked.came {
            Came::Answer(next) => {
                let before = best_of(first, journal)?.unwrap_or_else(|| first.clone());
                let changes = search::changes(&before, &next.spec);
                let by = By::LanguageModel { name };
                let (settings, reason) = (next.settings, next.reason);
                return Ok(Next::Trial(Proposal { settings, changes, reason, by, asked: Some(asking) }));
            }
            Came::NotAsked(why) if is_failing => why.to_string(),
            Came::NotAsked(why) => format!("{name} was not asked: {why}"),
            Came::Useless { attempts, last } => {
                format!("{name} gave no answer that can be used in {attempts} attempts (the last: {last})")
            }
        };
        let instead = crate::words::clean(&instead);
        self.watch.say(&format!("{instead}; rules go on"));
        if proposer.failed == MOST_FAILED {
            self.watch.say(&format!("{name} failed for {MOST_FAILED} trials on end: it is not asked any more"));
        }
        Ok(match by_rules {
            Next::Trial(proposal) => {
                Next::Trial(Proposal { asked: Some(Asked { instead: Some(instead), ..asking }), ..proposal })
            }
            stop @ Next::Stop(_) => stop,
        })
    }

    fn left_secs(&self) -> Option<f64> {
        self.limits.time.map(|time| time.left().as_secs_f64())
    }

    /// How long trials take, by what the first took.
    fn pace<'s>(&self, first: &'s ExperimentSpec, journal: &Journal) -> Result<Pace<'s>> {
        let plan: Plan = self.folder.read_json(&RunFolder::open(self.folder.trial(FIRST))?.plan())?;
        let split = plan.facts.data.splits.iter().find(|split| split.name == first.data.train);
        let examples = split.map_or(1, |split| split.examples).min(first.data.max_train_examples.unwrap_or(usize::MAX));
        Ok(Pace::of(first, journal, examples))
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
        let (setup, limits) = (self.setup.clone(), self.limits.clone());
        let host = self.host.clone();
        let mut child = Pipeline { limits, begun: self.begun, host, ..Pipeline::new(folder, setup, &mut *self.watch) };
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
            Some(Unfinished { outcome, .. }) if is_of_the_recipe(&outcome) => return Ok(Tried::Failed(outcome.to_string())),
            Some(end) => return Ok(Tried::Ended(end)),
        }
        let events = self.events_of(&config.name)?;
        Ok(watched(config, &events).map_or_else(|| Tried::Failed("nothing was watched".into()), Tried::Watched))
    }

    /// The first plan beside the recipe that was found, on the held-out split and with the same seeds: what the search gained.
    pub(super) fn gain(&mut self, evaluation: &Evaluation) -> Result<Option<Unfinished>> {
        let path = self.folder.journal();
        if !path.is_file() || self.folder.report_html().is_file() {
            return Ok(None);
        }
        let journal: Journal = self.folder.read_json(&path)?;
        let Some(best) = journal.best().map(|best| best.number).filter(|best| *best != FIRST) else { return Ok(None) };
        if journal.trials.first().and_then(|first| first.result.as_ref()).is_some_and(|result| result.failed.is_some()) {
            self.watch.say("the first plan could not be trained: there is nothing to hold the recipe that was found against");
            return Ok(None);
        }
        self.watch.say(&format!("scoring the first plan beside trial {best}, with the same seeds"));
        let first = self.read_spec()?;
        let mut child = self.trial(FIRST, &search::experiment(&first, &search::Settings::new())?)?;
        let of_first = match child.go_on_within_limits()? {
            End::Reported { evaluation, .. } => evaluation,
            End::Unfinished(Unfinished {
                outcome: Outcome::BudgetSpent { budget: Budget::Time | Budget::Money, .. }, ..
            }) => {
                self.watch.say("there is no time left to score the first plan");
                return Ok(None);
            }
            // The verdict on the recipe that was found stands without it.
            End::Unfinished(Unfinished { outcome, .. }) if is_of_the_recipe(&outcome) => {
                self.watch.say(&format!("the first plan could not be scored: {outcome}"));
                return Ok(None);
            }
            End::Unfinished(end) => return Ok(Some(end)),
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

/// The time that there is for a trial.
struct Room<'s> {
    pace: Pace<'s>,
    best: Option<ExperimentSpec>,
    /// None: nobody limits it.
    left_secs: Option<f64>,
}

impl Room<'_> {
    /// Whether a trial fits, with the verdict that may follow.
    fn has(&self, spec: &ExperimentSpec) -> bool {
        let needed = self.pace.expected(spec) + self.pace.reserved(self.best.as_ref(), spec);
        self.left_secs.is_none_or(|left| needed <= left)
    }
}

/// The experiment with the best recipe so far.
fn best_of(first: &ExperimentSpec, journal: &Journal) -> Result<Option<ExperimentSpec>> {
    Ok(journal.best().map(|best| search::experiment(first, &best.settings)).transpose()?)
}

/// The first of all revisions that may be tried, was not, and for which there is time.
fn by_rules(first: &ExperimentSpec, journal: &Journal, room: &Room) -> Result<Next> {
    let before = best_of(first, journal)?.map_or_else(|| search::experiment(first, &search::Settings::new()), Ok)?;
    let mut too_long = None;
    for revision in revisions(&before, journal) {
        // Rules propose what they like; what cannot be tried, or was, is passed over.
        let Ok((settings, spec)) = revised(first, journal, &revision) else { continue };
        if !room.has(&spec) {
            too_long = room.left_secs;
            continue;
        }
        let (changes, reason) = (search::changes(&before, &spec), revision.reason);
        return Ok(Next::Trial(Proposal { settings, changes, reason, by: By::Rules, asked: None }));
    }
    Ok(Next::Stop(too_long.map_or(Stop::NothingLeft, |left_secs| Stop::Time { left_secs })))
}

/// Whether a recipe can be to blame, or what was left for it: another may do. What ends by accident was continued twice by then.
/// Other ends are no trial's fault.
fn is_of_the_recipe(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Diverged { .. }
        | Outcome::OutOfMemory { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Killed { .. }
        | Outcome::Crashed { .. }
        | Outcome::Stalled { .. } => true,
        Outcome::BudgetSpent { budget, .. } => matches!(budget, Budget::Time | Budget::Money | Budget::Attempts),
        Outcome::Completed | Outcome::Interrupted { .. } | Outcome::Refused { .. } => false,
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
            Event::Finished { best, .. } => kept = best.and_then(|best| best.value),
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
    let mut chosen = ExperimentSpec { search: first.search.clone(), ..found };
    let score = |trial: &search::Trial| Some(trial.result.as_ref()?.watched.as_ref()?.score);
    let is_equalled = journal.trials.iter().any(|trial| trial.number != best.number && score(trial) == score(best));
    let by = if is_equalled { ", by the loss where scores are equal" } else { "" };
    let reason = format!("what is watched did best with it{by} (trial {} of {})", best.number, journal.trials.len());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_recipe_may_mend_is_the_recipes() {
        let spent = |budget| Outcome::BudgetSpent { budget, what: String::new() };
        for (outcome, expected) in [
            (Outcome::TimedOut { limit_secs: 60 }, true),
            (spent(Budget::Time), true),
            (spent(Budget::Money), true),
            (spent(Budget::Attempts), true),
            (spent(Budget::Disk), false),
            (Outcome::Stalled { limit_secs: 600 }, true),
            (Outcome::Killed { signal: 9 }, true),
            (Outcome::Crashed { exit_code: 1 }, true),
            (Outcome::Interrupted { step: 3 }, false),
        ] {
            assert_eq!(is_of_the_recipe(&outcome), expected, "{outcome}");
        }
    }
}
