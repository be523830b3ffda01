//! The stages in order. A stage whose file is in the run folder is not run again, so going on with a run is running it again.

mod advised;
mod budget;
mod classes;
mod described;
mod diff;
mod edited;
mod embedded;
mod given;
mod made;
mod places;
mod predict;
mod prepared;
mod propose;
mod rescored;
mod scripted;
mod search;
mod seen;
mod stages;
mod verify;

pub use advised::{asking, read_further};
pub use described::{Described, LookAt};
pub use diff::{Side, compare_sides};
pub use embedded::{Embedded, Worker};
pub use given::{Question, Score, Scored, Spoken};
pub use made::{Ask, ExportFormat, Written};
pub use predict::{Answers, Asking};
pub use propose::read_paper;
pub use scripted::Wanted;
pub use verify::{Repeat, is_as_reported};

use crate::data::hub::{Downloaded, Hub};
use crate::error::{Class, Failure, Result};
use crate::eval::Evaluation;
use crate::job::PREPARE;
use crate::llm::{Chosen, Spent};
use crate::plan::{self, Gate, HostFacts, Licensed, Plan, Planner, Wishes};
use crate::provenance::Surroundings;
use crate::report::Report;
use crate::run::process::Disk;
use crate::run::recovery::MAX_ATTEMPTS;
use crate::run::{Allowed, Outcome, Watch};
use crate::sandbox::Level;
use crate::spec::ExperimentSpec;
use crate::store::{Record, RunFolder, Stage};
use crate::words::counted;
use budget::{Bought, TimeBudget};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// What the ledger calls what was fetched from the Hub, and the seconds that it took: they are part of those of the planning.
pub const DOWNLOADED: &str = "fetched from the Hub";
pub const SECS: &str = "seconds";

/// The time that the processes took that have worked on a run so far.
///
/// # Errors
/// The ledger cannot be read.
pub fn used_by(folder: &RunFolder) -> Result<Duration> {
    let last_sign = |run: &str, attempt: u32| folder.attempt(run, attempt).last_sign();
    Ok(budget::used(&folder.ledger().read()?, &last_sign) + used_by_trials(folder)?)
}

/// That of the trials of its search.
fn used_by_trials(folder: &RunFolder) -> Result<Duration> {
    let mut used = Duration::ZERO;
    for trial in (1..).map(|number| folder.trial(number)).take_while(|trial| trial.is_dir()) {
        // One that is not begun yet has used nothing.
        used += RunFolder::open(trial).map_or(Ok(Duration::ZERO), |trial| used_by(&trial))?;
    }
    Ok(used)
}

/// What the stages need of the world.
#[derive(Clone)]
pub struct Setup<'a> {
    pub hub: &'a Hub,
    /// This machine; measured where a plan asks for it.
    pub host: &'a dyn Fn() -> Result<HostFacts>,
    /// What an hour of it costs, in US dollars, where somebody said so.
    pub usd_per_hour: Option<f64>,
    pub planner: &'a dyn Planner,
    /// The language model that was asked for, if any; making one touches no network.
    pub language_model: &'a dyn Fn(&Wishes) -> Result<Option<Chosen>>,
    /// This binary: workers are the same program.
    pub program: PathBuf,
    pub level: Level,
    pub threads: usize,
    /// This program and machine; the program's file is hashed for it.
    pub surroundings: &'a dyn Fn() -> Surroundings,
    /// Asks whether something may be used on its terms; where nobody can be asked, it may not.
    pub consent: &'a dyn Fn(&Licensed) -> bool,
    /// Set when the user wants to stop.
    pub stop: &'a AtomicBool,
    /// UTC, RFC 3339.
    pub now: &'a dyn Fn() -> String,
}

/// How an experiment ended.
#[derive(Debug)]
pub enum End {
    /// Every stage is done.
    Reported { evaluation: Evaluation, report: Box<Report> },
    /// A run did not complete; `resume` may go on.
    Unfinished(Unfinished),
}

/// A run that did not complete, and how it ended.
#[derive(Debug)]
pub struct Unfinished {
    pub run: String,
    pub outcome: Outcome,
}

impl Unfinished {
    /// One whose worker ended well and did not say what it was there to say.
    fn said_nothing(run: &str) -> Self {
        Unfinished { run: run.into(), outcome: Outcome::Crashed { exit_code: 0 } }
    }
}

/// One experiment on its way through the stages.
pub struct Pipeline<'a> {
    pub folder: RunFolder,
    pub setup: Setup<'a>,
    pub watch: &'a mut dyn Watch,
    limits: Limits,
    begun: Instant,
    /// The machine that is planned for, where it is not the one that is measured now.
    host: Option<HostFacts>,
    /// Rows of the ledger that earlier processes wrote, and the time that its trials took by then.
    rows_before: usize,
    used_by_trials: Duration,
}

/// Budgets that a run is granted on its way, and what it goes on without; none: as they were.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Granted {
    pub max_time: Option<Duration>,
    pub max_memory_bytes: Option<u64>,
    pub max_disk_bytes: Option<u64>,
    pub max_attempts: Option<usize>,
    pub max_silence: Option<Duration>,
    pub max_tokens: Option<u64>,
    pub max_usd: Option<f64>,
    pub allow_scope_change: bool,
    pub accept_licenses: Vec<String>,
    /// The language model is not asked any more.
    pub without_llm: bool,
}

/// More time was asked for, and it is less than is gone.
#[derive(Debug, thiserror::Error)]
#[error(
    "`--max-time` is for the whole run: expected more than the {} that it has used, found {}",
    crate::words::duration(.used.as_secs_f64()),
    crate::words::duration(.asked.as_secs_f64())
)]
struct TooLittle {
    used: Duration,
    asked: Duration,
}

impl Failure for TooLittle {
    fn class(&self) -> Class {
        Class::Usage
    }
}

/// What the run is made from may not be used so without somebody's consent.
#[derive(Debug, thiserror::Error)]
#[error("{}", licensed.in_words())]
struct NotAgreed {
    licensed: Licensed,
}

impl Failure for NotAgreed {
    fn class(&self) -> Class {
        Class::Spec
    }

    fn hint(&self) -> Option<String> {
        Some(format!("if that is as you want it, say so: `--accept-license \"{}\"`", self.licensed.id()))
    }
}

/// What the spec's budget means for the workers.
#[derive(Debug, Clone, Default)]
struct Limits {
    time: Option<TimeBudget>,
    memory_bytes: Option<u64>,
    disk: Option<Disk>,
    silence: Option<Duration>,
    allowed: Allowed,
}

impl<'a> Pipeline<'a> {
    pub fn new(folder: RunFolder, setup: Setup<'a>, watch: &'a mut dyn Watch) -> Self {
        let rows_before = folder.ledger().read().map_or(0, |rows| rows.len());
        let used_by_trials = used_by_trials(&folder).unwrap_or_default();
        Pipeline {
            folder,
            setup,
            watch,
            limits: Limits::default(),
            begun: Instant::now(),
            host: None,
            rows_before,
            used_by_trials,
        }
    }

    /// Writes the experiment into the run folder: the first stage's file. What it is made from is found from any folder.
    pub fn begin(&mut self, spec: &ExperimentSpec) -> Result<()> {
        let path = self.folder.spec();
        // One that is there stands as it was written, but for what it may spend.
        let spec = if path.is_file() { spec.clone() } else { places::from_anywhere(spec) };
        self.stage(Stage::Spec, &path, |this| Ok(this.folder.write_text(&this.folder.spec(), &crate::spec::to_toml(&spec))?))
    }

    /// The same, with a language model that proposes what its search tries.
    pub fn begin_advised(&mut self, spec: &ExperimentSpec, wishes: &Wishes) -> Result<()> {
        self.folder.write_json(&self.folder.wishes(), wishes)?;
        self.begin(spec)
    }

    /// Grants the run these budgets from now on; what it has used counts. Lands in the spec; nothing changes for a run that is finished.
    ///
    /// # Errors
    /// It is less time than was used; the spec cannot be read or written.
    pub fn grant(&mut self, granted: &Granted) -> Result<()> {
        let _lock = self.folder.lock()?;
        if self.folder.eval().is_file() {
            return Ok(());
        }
        let used = self.used_before()?;
        if let Some(time) = granted.max_time.filter(|time| *time <= used) {
            return Err(TooLittle { used, asked: time }.into());
        }
        if granted.without_llm && self.folder.wishes().is_file() {
            let wishes: Wishes = self.folder.read_json(&self.folder.wishes())?;
            self.folder.write_json(&self.folder.wishes(), &Wishes { llm: None, llm_replay: None, ..wishes })?;
        }
        self.propose()?;
        let mut spec = self.read_spec()?;
        let budget = &mut spec.budget;
        budget.max_time_secs = granted.max_time.map(|time| time.as_secs()).or(budget.max_time_secs);
        budget.max_memory_bytes = granted.max_memory_bytes.or(budget.max_memory_bytes);
        budget.max_disk_bytes = granted.max_disk_bytes.or(budget.max_disk_bytes);
        budget.max_attempts = granted.max_attempts.or(budget.max_attempts);
        budget.max_silence_secs = granted.max_silence.map(|time| time.as_secs()).or(budget.max_silence_secs);
        budget.max_tokens = granted.max_tokens.or(budget.max_tokens);
        budget.max_usd = granted.max_usd.or(budget.max_usd);
        plan::unpriced(granted.max_usd, self.setup.usd_per_hour).iter().for_each(|warning| self.watch.say(warning));
        budget.allow_scope_change |= granted.allow_scope_change;
        budget.accept_licenses.extend(granted.accept_licenses.iter().cloned());
        self.begin(&spec)
    }

    /// Runs the stages up to the plan, and nothing after it.
    ///
    /// # Errors
    /// A stage failed. What is done stays done.
    pub fn plan_only(&mut self) -> Result<Plan> {
        let _lock = self.folder.lock()?;
        self.propose()?;
        let spec = self.read_spec()?;
        self.plan(&spec)
    }

    /// Runs every stage that is not done yet, from what the run folder begins with to the report.
    ///
    /// # Errors
    /// A stage failed, or another process works on the run. What is done stays done.
    pub fn go_on(&mut self) -> Result<End> {
        let _lock = self.folder.lock()?;
        self.note_cut_off()?;
        self.propose()?;
        self.limits = self.limits(&self.read_spec()?)?;
        self.go_on_within_limits()
    }

    /// The same from the experiment on, within limits that are set, of a folder that is this process's own.
    fn go_on_within_limits(&mut self) -> Result<End> {
        let spec = self.read_spec()?;
        let spec = match self.search(&spec)? {
            Ok(spec) => spec,
            Err(end) => return Ok(End::Unfinished(end)),
        };
        let plan = self.plan(&spec)?;
        self.note_downloads()?;
        self.agree(&spec, &plan)?;
        self.forewarn(&plan);
        if let Some(end) = self.prepare(&plan)? {
            return Ok(End::Unfinished(end));
        }
        let plan = self.count(plan)?;
        if let Some(end) = self.compare(&plan)? {
            return Ok(End::Unfinished(end));
        }
        if let Some(end) = self.train(&plan.runs)? {
            return Ok(End::Unfinished(end));
        }
        let evaluation = match self.evaluate(&plan)? {
            Ok(evaluation) => evaluation,
            Err(end) => return Ok(End::Unfinished(end)),
        };
        if let Some(end) = self.gain(&evaluation)? {
            return Ok(End::Unfinished(end));
        }
        self.manifest(&plan)?;
        let report = self.report(&plan, &evaluation)?;
        Ok(End::Reported { evaluation, report: Box::new(report) })
    }

    /// Whether anything was spent on it: data are prepared, or recipes were tried.
    pub(super) fn has_begun(&self) -> bool {
        self.folder.prepared().is_dir() || self.folder.journal().is_file()
    }

    /// Says before anything is spent how long training takes here, and what of the experiment is without effect or cannot be.
    fn forewarn(&mut self, plan: &Plan) {
        if !self.has_begun() {
            plan.forewarned().iter().for_each(|warning| self.watch.say(warning));
        }
    }

    /// Enters in the ledger what is known of attempts that ended with an earlier process.
    fn note_cut_off(&self) -> Result<()> {
        let last_sign = |run: &str, attempt: u32| self.folder.attempt(run, attempt).last_sign();
        let ledger = self.folder.ledger();
        for record in budget::cut_off(&ledger.read()?, &last_sign) {
            ledger.append((self.setup.now)(), record)?;
        }
        Ok(())
    }

    /// Enters in the ledger what this process fetched to come to a plan.
    fn note_downloads(&mut self) -> Result<()> {
        let Downloaded { files, bytes, secs, anew } = self.setup.hub.downloaded();
        if anew > 0 {
            let files = counted(anew, "file");
            self.watch.say(&format!("fetched anew: {files} that had changed since a download that was cut off"));
        }
        if files > 0 {
            let values = [("files", files as f64), ("bytes", bytes as f64), (SECS, secs)];
            let values = values.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
            self.folder.ledger().append((self.setup.now)(), Record::Measured { what: DOWNLOADED.into(), values })?;
        }
        Ok(())
    }

    /// Tells on which terms others gave what the run is made from, where it has not begun; what they forbid needs somebody's consent.
    fn agree(&mut self, spec: &ExperimentSpec, plan: &Plan) -> Result<()> {
        if self.has_begun() {
            return Ok(());
        }
        for licensed in plan::licensed(spec, &plan.facts) {
            match licensed.gate() {
                Gate::Allow => {}
                Gate::Warn => self.watch.say(&licensed.in_words()),
                Gate::Ask if licensed.is_accepted(&spec.budget.accept_licenses) => self.watch.say(&licensed.in_words()),
                Gate::Ask if (self.setup.consent)(&licensed) => {
                    let mut spec = self.read_spec()?;
                    spec.budget.accept_licenses.push(licensed.id().to_string());
                    self.begin(&spec)?;
                }
                Gate::Ask => return Err(NotAgreed { licensed }.into()),
            }
        }
        Ok(())
    }

    /// What earlier processes took of the time.
    fn used_before(&self) -> Result<Duration> {
        let last_sign = |run: &str, attempt: u32| self.folder.attempt(run, attempt).last_sign();
        let ledger = self.folder.ledger().read()?;
        Ok(budget::used(&ledger[..self.rows_before.min(ledger.len())], &last_sign) + self.used_by_trials)
    }

    fn limits(&self, spec: &ExperimentSpec) -> Result<Limits> {
        let used = self.used_before()?;
        let time = spec.budget.max_time_secs.map(|secs| TimeBudget::new(Duration::from_secs(secs), used, self.begun));
        Ok(Limits {
            time: TimeBudget::least(time, self.bought(spec)?, used, self.begun),
            memory_bytes: spec.budget.max_memory_bytes,
            disk: spec.budget.max_disk_bytes.map(|limit| Disk { folder: self.folder.root().into(), limit }),
            silence: spec.budget.max_silence_secs.map(Duration::from_secs),
            allowed: Allowed {
                attempts: spec.budget.max_attempts.unwrap_or(MAX_ATTEMPTS),
                scope_change: spec.budget.allow_scope_change,
                // The plan says it, once it is there.
                needs: None,
                usual_lr: None,
            },
        })
    }

    /// What may be spent on this machine, where its price is known.
    fn bought(&self, spec: &ExperimentSpec) -> Result<Option<Bought>> {
        let Some((usd_per_hour, max_usd)) = self.setup.usd_per_hour.zip(spec.budget.max_usd) else { return Ok(None) };
        let spent_usd = Spent::of(self.folder.ledger().read()?.iter().map(|row| &row.record)).usd;
        Ok(Some(Bought { max_usd, spent_usd, usd_per_hour }))
    }

    fn read_spec(&self) -> Result<ExperimentSpec> {
        let path = self.folder.spec();
        let text = self.folder.read_text(&path)?;
        Ok(crate::spec::parse(&text, &path.display().to_string())?)
    }

    /// The plan of this experiment: made once, then read; while nothing is prepared, of the data as it is now.
    pub fn plan(&mut self, spec: &ExperimentSpec) -> Result<Plan> {
        let path = self.folder.plan();
        let is_stale = path.is_file() && !self.folder.prepared().is_dir() && self.has_other_data()?;
        if is_stale {
            self.watch.say("the data is not what it was when this was planned: it is planned anew");
        }
        if is_stale || !path.is_file() {
            let spec = spec.clone();
            self.stage(Stage::Plan, &path, |this| {
                let plan = this.make_plan(&spec)?;
                this.note_planned(&plan)?;
                Ok(this.folder.write_json(&this.folder.plan(), &plan)?)
            })?;
        }
        Ok(self.folder.read_json(&path)?)
    }

    /// The plan for as many training examples as were prepared, which replaces the one before; a run that has begun goes on as it did.
    fn count(&mut self, plan: Plan) -> Result<Plan> {
        if plan.runs.iter().map(|run| self.next_attempt(&run.name)).any(|next| !matches!(next, Ok(1))) {
            return Ok(plan);
        }
        let splits = self.prepared_by(PREPARE)?;
        let prepared = splits.iter().find(|split| split.split == plan.spec.data.train).map(|split| split.examples);
        let Some(counted) = prepared.and_then(|examples| plan.with_examples(examples)) else { return Ok(plan) };
        let path = self.folder.plan();
        self.stage(Stage::Plan, &path, |this| Ok(this.folder.write_json(&this.folder.plan(), &counted)?))?;
        Ok(counted)
    }

    /// Runs a stage and enters its file, with hash and time, in the ledger.
    fn stage(&mut self, stage: Stage, file: &Path, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let begun = Instant::now();
        work(self)?;
        let record = Record::Stage {
            stage,
            file: file.strip_prefix(self.folder.root()).unwrap_or(file).display().to_string(),
            sha256: crate::data::sha256_of_file(file).unwrap_or_default(),
            secs: begun.elapsed().as_secs_f64(),
        };
        self.folder.ledger().append((self.setup.now)(), record)?;
        Ok(())
    }
}
