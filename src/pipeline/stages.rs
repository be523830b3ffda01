//! Each stage: what it reads, the job that it starts or the pure function that it calls, the file that it leaves.

use super::prepared::{prepared_len, tokenizer};
use super::{Limits, Pipeline, Setup, Unfinished};
use crate::data::{self, Making};
use crate::error::Result;
use crate::eval::{self, Evaluation, Guess, RunScore, UNTRAINED};
use crate::job::{
    AdapterFiles, EvaluateJob, Event, InitFrom, Job, JobKind, ModelFiles, PREPARE, PREPARE_HELD_OUT, PreparedSplit, Reference,
    RunConfig, Samples, Writing,
};
use crate::plan::{self, Checked, Estimate, Facts, HostFacts, Layout, Measured, Plan};
use crate::provenance::{Manifest, prepared};
use crate::publish;
use crate::report::{self, Report};
use crate::run::recovery::Needs;
use crate::run::{Attempt, Outcome, SILENCE, Supervisor};
use crate::spec::{ExperimentSpec, Metric, Monitor, Task};
use crate::store::{self, MANIFEST, Record, RunFolder, Stage, files_inside};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tallow_zoo::{HeadKind, ModelConfig};

/// Answers that a report shows, and the tokens of one at most.
const SAMPLES: usize = 3;
const SAMPLE_TOKENS: usize = 96;

impl Pipeline<'_> {
    /// Looks up what is there, then resolves the spec. Nothing is decided after this.
    pub(super) fn make_plan(&mut self, spec: &ExperimentSpec) -> Result<Plan> {
        self.watch.say("looking at model and data");
        let host = self.host.clone().map_or_else(|| (self.setup.host)(), Ok)?;
        self.plan_for(spec, &host)
    }

    /// The plan of an experiment on a machine such as `host`.
    pub(super) fn plan_for(&mut self, spec: &ExperimentSpec, host: &HostFacts) -> Result<Plan> {
        let sources = self.folder.sources();
        let mut splits = vec![spec.data.train.clone()];
        splits.extend((!spec.data.is_cut_off()).then(|| spec.data.held_out.clone()));
        if let Monitor::Split { name } = &spec.data.monitor {
            splits.push(name.clone());
        }
        let model = data::survey_model(self.setup.hub, &spec.model)?;
        let limits = model.config.text_limits();
        let tokenizer = limits.map(|(vocab_size, _)| (tokenizer(&spec.model, spec.task, &model), vocab_size));
        let columns = spec.data.columns.clone();
        let cut_off = spec.data.is_cut_off().then(|| data::CutOff {
            name: spec.data.held_out.clone(),
            frac: spec.data.held_out_frac.unwrap_or_default(),
            by: spec.data.held_out_by.clone(),
        });
        let hints = data::DataSpecHints {
            task: Some(spec.task),
            columns,
            splits,
            rows: spec.data.rows.clone(),
            tokenizer,
            cut_off,
            model: Some(model.config.clone()),
            for_training: true,
            ..data::DataSpecHints::default()
        };
        let (setup, watch) = (&self.setup, RefCell::new(&mut *self.watch));
        let tell = |message: &str| watch.borrow_mut().say(message);
        let making = making(setup, &sources, &tell);
        let mut data = data::survey_data(setup.hub, &spec.data.source, &hints, &making)?;
        data.name_files_from(self.folder.root());
        let facts = Facts { host: host.clone(), data, model };
        let layout = Layout { prepared: RunFolder::PREPARED.into(), threads: self.setup.threads };
        Ok(plan::resolve(spec, &facts, &layout)?)
    }

    /// What the runs were made of, as ledger and plan have it.
    pub(super) fn manifest(&mut self, plan: &Plan) -> Result<()> {
        let path = self.folder.manifest();
        if path.is_file() {
            return Ok(());
        }
        let manifest = manifest_of(&self.folder, plan)?;
        self.stage(Stage::Manifest, &path, |this| Ok(this.folder.write_json(&this.folder.manifest(), &manifest)?))
    }

    /// Runs of the plan, one after the other.
    pub(super) fn train(&mut self, runs: &[RunConfig]) -> Result<Option<Unfinished>> {
        let mut noted = false;
        let plan: Plan = self.folder.read_json(&self.folder.plan())?;
        let Estimate { state_bytes, example_bytes, .. } = plan.estimate;
        let needs = (example_bytes > 0).then_some(Needs { state_bytes, example_bytes });
        for config in runs {
            if self.finished(&config.name)?.is_some() {
                continue;
            }
            if let Some(end) = self.out_of_time(&config.name) {
                return Ok(Some(end));
            }
            if !noted {
                let now = (self.setup.surroundings)();
                self.folder.ledger().append((self.setup.now)(), Record::Surroundings(now))?;
                noted = true;
            }
            self.watch.say(&format!("training {}", config.name));
            let mut supervisor = supervisor(&self.folder, &self.setup, &self.limits);
            supervisor.allowed.needs = needs;
            supervisor.allowed.usual_lr = plan::usual_rate(&plan, config);
            let attempt = supervisor.train(config, self.watch)?;
            if let Err(end) = self.finish(&config.name, attempt) {
                return Ok(Some(end));
            }
            self.check_estimate(config)?;
        }
        Ok(None)
    }

    /// Enters in the ledger what a run took, against what was expected of it.
    fn check_estimate(&self, config: &RunConfig) -> Result<()> {
        let plan: Plan = self.folder.read_json(&self.folder.plan())?;
        let (mut num_params, mut finished) = (0, None);
        for event in self.told(&config.name)? {
            match event {
                Event::Started { num_params: params, .. } => num_params = params,
                Event::Finished { step, train_secs, .. } => finished = Some((step, train_secs)),
                _ => {}
            }
        }
        let Some((steps, train_secs)) = finished else { return Ok(()) };
        let ledger = self.folder.ledger();
        let peaks = ledger.read()?.into_iter().filter_map(|entry| match entry.record {
            Record::AttemptEnded { run, max_rss_bytes, .. } if run == config.name => Some(max_rss_bytes),
            _ => None,
        });
        let measured = Measured { num_params, train_secs, steps, peak_bytes: peaks.max().filter(|bytes| *bytes > 0) };
        let checked = Checked::of(&plan.estimate, config.total_steps, measured);
        ledger.append((self.setup.now)(), Record::Checked { run: config.name.clone(), checked })?;
        Ok(())
    }

    /// Scores every run on the held-out split, once, in jails of their own.
    pub(super) fn evaluate(&mut self, plan: &Plan) -> Result<std::result::Result<Evaluation, Unfinished>> {
        let path = self.folder.eval();
        if path.is_file() {
            return Ok(Ok(self.folder.read_json(&path)?));
        }
        let mut scores = Vec::new();
        for config in &plan.runs {
            match self.score(plan, config)? {
                Ok(score) => scores.push(score),
                Err(end) => return Ok(Err(end)),
            }
        }
        let splits = self.prepared_by(PREPARE)?;
        let held_out = self.prepared_by(PREPARE_HELD_OUT)?;
        let untrained = match measured_against_its_start(plan) {
            true => match self.score_untrained(plan)? {
                Ok((score, _)) => Some(score),
                Err(end) => return Ok(Err(end)),
            },
            false => None,
        };
        let of_classes =
            splits.first().filter(|_| plan.spec.task.head() == HeadKind::Classes).zip(held_out.first()).and_then(
                |(train, held_out)| eval::majority_baseline(plan.spec.metric, &train.label_counts, &held_out.label_counts),
            );
        let of_preferences = eval::untouched_baseline(plan.spec.metric);
        let of_untrained = untrained.as_ref().and_then(|score| score.scores.get(&plan.spec.metric).copied());
        let of_run = scores.first().and_then(|(_, baseline)| *baseline);
        let baseline = of_run.or(of_classes).or(of_preferences).or(of_untrained);
        let scores = scores.into_iter().map(|(score, _)| score).collect();
        let mut deviations = plan.deviations.clone();
        deviations.extend(report::recovered(plan, &self.folder.ledger().read()?));
        let evaluation = eval::evaluate(&plan.spec, &deviations, scores, baseline, untrained)?;
        self.stage(Stage::Eval, &path, |this| Ok(this.folder.write_json(&this.folder.eval(), &evaluation)?))?;
        Ok(Ok(self.folder.read_json(&path)?))
    }

    /// A run's scores, and that of the guess beside it.
    fn score(&mut self, plan: &Plan, config: &RunConfig) -> Result<std::result::Result<(RunScore, Option<f64>), Unfinished>> {
        let Some(weights) = self.trained(config)? else {
            return Ok(Err(Unfinished::said_nothing(&config.name)));
        };
        self.score_weights(plan, config, &config.name, weights)
    }

    /// What a run left, if one of its attempts completed.
    pub(super) fn trained(&self, config: &RunConfig) -> Result<Option<ModelFiles>> {
        let Some(number) = self.finished(&config.name)? else { return Ok(None) };
        let trained = self.folder.attempt(&config.name, number).weights();
        Ok(Some(match (&config.adapter, &config.init) {
            (Some(adapter), InitFrom::Weights { path, .. }) => {
                let adapter = AdapterFiles { adapter: adapter.clone(), weights: trained };
                ModelFiles { weights: path.clone(), adapter: Some(adapter) }
            }
            _ => trained.into(),
        }))
    }

    /// The model that every run began with.
    fn score_untrained(&mut self, plan: &Plan) -> Result<std::result::Result<(RunScore, Option<f64>), Unfinished>> {
        let nothing = || Unfinished::said_nothing(UNTRAINED);
        let Some(config) = plan.runs.first().cloned() else { return Ok(Err(nothing())) };
        let InitFrom::Weights { path, .. } = &config.init else { return Ok(Err(nothing())) };
        self.score_weights(plan, &config, UNTRAINED, path.clone().into())
    }

    fn score_weights(
        &mut self,
        plan: &Plan,
        config: &RunConfig,
        run: &str,
        weights: ModelFiles,
    ) -> Result<std::result::Result<(RunScore, Option<f64>), Unfinished>> {
        let name = format!("{run}{}", eval::HELD_OUT_SUFFIX);
        let told = self.told(&name)?;
        let events = if told.iter().any(|e| matches!(e, Event::Evaluated { .. })) {
            told
        } else {
            self.watch.say(&format!("scoring {run} on the held-out split"));
            let number_here = self.next_attempt(&name)?;
            let job = self.evaluate_job(plan, config, weights, number_here, &name)?;
            let readable = readable_by_evaluation(&job);
            match self.attempt(&name, number_here, Job::Evaluate(Box::new(job)), readable)? {
                Ok(attempt) => attempt.events,
                Err(end) => return Ok(Err(end)),
            }
        };
        let score = events.into_iter().find_map(|e| match e {
            Event::Evaluated { examples, scores, intervals, baseline, loss, .. } => {
                let score = RunScore { run: run.to_string(), seed: config.seed, examples, loss, scores, intervals };
                Some((score, baseline))
            }
            _ => None,
        });
        Ok(score.ok_or_else(|| Unfinished::said_nothing(&name)))
    }

    pub(super) fn evaluate_job(
        &self,
        plan: &Plan,
        config: &RunConfig,
        weights: ModelFiles,
        number: u32,
        name: &str,
    ) -> Result<EvaluateJob> {
        let mut metrics = vec![plan.spec.metric];
        metrics.extend(Metric::usual_of(config.task, &plan.facts.data.labels).filter(|m| *m != plan.spec.metric));
        // What the answers of the training split alone say.
        let splits = self.prepared_by(PREPARE)?;
        let guess = splits.first().filter(|_| !measured_against_its_start(plan)).and_then(|train| guess(config.task, train));
        Ok(EvaluateJob {
            task: config.task,
            model: config.model.clone(),
            weights,
            reference: match (&config.preference, &config.init) {
                (Some(preference), InitFrom::Weights { path, .. }) => {
                    Some(Reference { weights: path.clone(), preference: *preference })
                }
                _ => None,
            },
            writing: config.writing.as_ref().map(|writing| Writing {
                tokenizer: self.folder.held_out().join("tokenizer.json"),
                samples: SAMPLES,
                ..writing.clone()
            }),
            similarity: config.similarity,
            samples: (config.task == Task::InstructionTuning).then(|| Samples {
                count: SAMPLES,
                max_new_tokens: SAMPLE_TOKENS,
                tokenizer: self.folder.held_out().join("tokenizer.json"),
            }),
            data: self.folder.held_out().join(format!("{}.safetensors", plan.spec.data.held_out)),
            normalize: config.normalize.clone(),
            metrics,
            guess,
            batch_size: scoring_batch(config.task, &config.model, prepared_len(plan), &self.prepared_by(PREPARE_HELD_OUT)?),
            threads: self.setup.threads,
            out: self.folder.attempt(name, number).work(),
        })
    }

    /// The report and the model in the Hub's format.
    pub(super) fn report(&mut self, plan: &Plan, evaluation: &Evaluation) -> Result<Report> {
        let path = self.folder.report_html();
        if path.is_file() {
            let report: Report = self.folder.read_json(&self.folder.report_json())?;
            return Ok(report.at(self.folder.root()));
        }
        let ledger = self.folder.ledger().read()?;
        let mut curves = BTreeMap::new();
        for config in &plan.runs {
            curves.insert(config.name.clone(), self.events_of(&config.name)?);
        }
        let report = report::build(plan, &ledger, evaluation, &curves, self.folder.root())?;
        let kept = evaluation.kept_run().map(|run| run.to_string());
        if let Some((run, attempt)) = kept.and_then(|run| self.finished(&run).ok().flatten().map(|n| (run, n))) {
            let weights = self.folder.attempt(&run, attempt).weights();
            let tokenizer = self.folder.prepared().join("tokenizer.json");
            let tokenizer = plan.facts.model.tokenizer.clone().or(Some(tokenizer).filter(|path| path.is_file()));
            // The experiment beside the weights is the one that makes them.
            let plan = Plan { spec: report::experiment_as_trained(plan, &run, &ledger), ..plan.clone() };
            publish::write_bundle(&self.folder.model(), &plan, &report, &weights, tokenizer.as_deref())?;
            // The run's own says where everything lay; this one goes with the model.
            let manifest: Manifest = self.folder.read_json(&self.folder.manifest())?;
            self.folder.write_json(&self.folder.model().join(MANIFEST), &publish::published_manifest(&manifest))?;
        }
        // Whoever takes the model may ask whether it is still as it was left. The page that says that all is done comes last.
        for file in files_inside(&self.folder.model())? {
            self.stage(Stage::Report, &file, |_| Ok(()))?;
        }
        let [json, markdown] = [self.folder.report_json(), self.folder.report_md()];
        self.stage(Stage::Report, &json, |this| Ok(this.folder.write_json(&json, &report)?))?;
        self.stage(Stage::Report, &markdown, |this| Ok(this.folder.write_text(&markdown, &report::markdown(&report))?))?;
        self.stage(Stage::Report, &path, |this| Ok(this.folder.write_text(&path, &report::html(&report))?))?;
        Ok(report)
    }

    /// Attempts from `number` on, if there is time for one; or how the run ends.
    pub(super) fn attempt(
        &mut self,
        name: &str,
        number: u32,
        job: Job,
        readable: Vec<PathBuf>,
    ) -> Result<std::result::Result<Attempt, Unfinished>> {
        if let Some(end) = self.out_of_time(name) {
            return Ok(Err(end));
        }
        let supervisor = supervisor(&self.folder, &self.setup, &self.limits);
        let attempt = supervisor.carry_out(name, number, job, readable, self.watch)?;
        Ok(self.finish(name, attempt))
    }

    /// The attempt if it completed. One that was over its time ends a run whose budget is spent.
    fn finish(&self, run: &str, attempt: Attempt) -> std::result::Result<Attempt, Unfinished> {
        match attempt.outcome {
            Outcome::Completed => Ok(attempt),
            Outcome::TimedOut { .. } => {
                Err(self.out_of_time(run).unwrap_or(Unfinished { run: run.into(), outcome: attempt.outcome }))
            }
            outcome => Err(Unfinished { run: run.into(), outcome }),
        }
    }

    /// The end of a run whose time is over.
    fn out_of_time(&self, run: &str) -> Option<Unfinished> {
        let outcome = self.limits.time.as_ref()?.spent()?;
        Some(Unfinished { run: run.into(), outcome })
    }

    /// The attempt of `run` that completed, if one did.
    pub(super) fn finished(&self, run: &str) -> Result<Option<u32>> {
        let completed = |record: Record| match record {
            Record::AttemptEnded { run: name, attempt, outcome: Outcome::Completed, .. } if name == run => Some(attempt),
            _ => None,
        };
        Ok(self.folder.ledger().read()?.into_iter().find_map(|entry| completed(entry.record)))
    }

    /// What the attempts of `run` told, as the ledger keeps it.
    pub(super) fn told(&self, run: &str) -> Result<Vec<Event>> {
        let told = |record: Record| match record {
            Record::Told { run: name, told, .. } if name == run => Some(told),
            _ => None,
        };
        Ok(self.folder.ledger().read()?.into_iter().filter_map(|entry| told(entry.record)).collect())
    }

    /// The splits that a preparation left.
    pub(super) fn prepared_by(&self, run: &str) -> Result<Vec<PreparedSplit>> {
        let ledger = self.folder.ledger().read()?;
        Ok(prepared(&ledger).into_iter().filter(|(_, by, _)| *by == run).map(|(.., split)| split.clone()).collect())
    }

    pub(super) fn next_attempt(&self, run: &str) -> Result<u32> {
        Ok(next_attempt(&self.folder, run)?)
    }

    /// Every event of the training attempts of `run`, in order: those of steps are only in the attempts' own files.
    pub(super) fn events_of(&self, run: &str) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for number in 1..self.next_attempt(run)? {
            events.extend(self.folder.attempt(run, number).read_events()?);
        }
        Ok(events)
    }
}

/// The manifest of a run folder, finished or not.
pub(super) fn manifest_of(folder: &RunFolder, plan: &Plan) -> Result<Manifest> {
    let ledger = folder.ledger().read()?;
    let mut configs = BTreeMap::new();
    for entry in &ledger {
        let Record::AttemptStarted { run, attempt, job } = &entry.record else { continue };
        if *job == JobKind::Train
            && let Job::Train { config, .. } = folder.read_json(&folder.attempt(run, *attempt).job())?
        {
            configs.insert(run.clone(), *config);
        }
    }
    Ok(Manifest::of(plan, &ledger, &configs))
}

/// The number of the next attempt of `run`, behind those of this process and of others before it.
pub(super) fn next_attempt(folder: &RunFolder, run: &str) -> std::result::Result<u32, store::Error> {
    let started = |record: &Record| matches!(record, Record::AttemptStarted { run: name, .. } if name == run);
    Ok(folder.ledger().read()?.iter().filter(|entry| started(&entry.record)).count() as u32 + 1)
}

/// How data sets that Tallow makes itself are made.
pub(super) fn making<'a>(setup: &Setup<'a>, work_dir: &'a Path, tell: &'a dyn Fn(&str)) -> Making<'a> {
    Making { work_dir, threads: setup.threads, stop: Some(setup.stop), tell }
}

pub(super) fn supervisor<'a>(folder: &'a RunFolder, setup: &'a Setup<'_>, limits: &Limits) -> Supervisor<'a> {
    Supervisor {
        folder,
        program: setup.program.clone(),
        level: setup.level,
        threads: setup.threads,
        memory_bytes: limits.memory_bytes,
        silence: limits.silence.unwrap_or(SILENCE),
        deadline: limits.time.map(|time| time.deadline()),
        disk: limits.disk.clone(),
        allowed: limits.allowed,
        stop: setup.stop,
        now: setup.now,
    }
}

/// What is said of every example by somebody who knows the answers of the training split; classes are counted instead.
fn guess(task: Task, train: &PreparedSplit) -> Option<Guess> {
    match task.head() {
        HeadKind::Value => Some(Guess::Value { value: train.values?.mean }),
        HeadKind::Labels => {
            let often = train.label_counts.iter().map(|count| 2 * count > train.examples).collect();
            Some(Guess::Labels { often })
        }
        HeadKind::Words if task == Task::TextToText => Some(Guess::Source),
        HeadKind::Classes | HeadKind::Tags | HeadKind::Span | HeadKind::Words | HeadKind::Vector => None,
    }
}

/// Examples of a scoring pass: fewer where they are long. A stream's pieces are all as long as the model sees; of other texts the longest
/// that was prepared tells.
pub(super) fn scoring_batch(task: Task, model: &ModelConfig, max_seq_len: usize, prepared: &[PreparedSplit]) -> usize {
    const MOST: usize = 64;
    const MOST_TOKENS: usize = 8192;
    let longest = match task.head() {
        HeadKind::Words => max_seq_len.max(model.speech_limits().map_or(0, |limits| limits.frames)),
        _ => prepared.iter().map(|split| split.shape.longest()).max().unwrap_or(max_seq_len),
    };
    (MOST_TOKENS / longest.max(1)).clamp(1, MOST)
}

/// All that a job of scoring may read.
pub(super) fn readable_by_evaluation(job: &EvaluateJob) -> Vec<PathBuf> {
    let mut paths = job.weights.paths();
    paths.push(job.data.clone());
    paths.extend(job.reference.as_ref().map(|reference| reference.weights.clone()));
    paths.extend(job.writing.as_ref().map(|writing| writing.tokenizer.clone()));
    paths.extend(job.samples.as_ref().map(|samples| samples.tokenizer.clone()));
    paths
}

/// Whether the model that training began with does the task already, so that it is what is to be bettered.
fn measured_against_its_start(plan: &Plan) -> bool {
    let began_with_weights = plan.runs.first().is_some_and(|run| matches!(run.init, InitFrom::Weights { .. }));
    plan.spec.task.is_done_untrained() && began_with_weights
}
