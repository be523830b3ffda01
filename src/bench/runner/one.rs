//! One trial: what is started for it, how it went, and what is kept of it.

use super::super::beside::{self, Beside, Framework};
use super::super::cut_hub::CutHub;
use super::super::energy::Energy;
use super::super::error::BenchError;
use super::super::fault::Fault;
use super::super::strike::{Strike, Undisturbed, arguments, had_too_little, has_lost_a_worker, standing_bytes};
use super::super::suite::{MODEL, Task, Tier};
use super::super::trial::{self, Ending, Finished, Took, Trial, first_line, is_of_surroundings, judge, said_error, took};
use super::{Bench, Told, Wanted};
use crate::error::{Class, Result};
use crate::eval::Evaluation;
use crate::plan::Plan;
use crate::report::{CurveKind, Report};
use crate::run::process::{Ended, Plain, Status, attend};
use crate::store::{self, Entry, RunFolder};
use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Points of a curve that a trial keeps.
const CURVE: usize = 60;

impl Bench<'_> {
    /// A trial of which nothing is known yet.
    fn blank(&self, wanted: &Wanted, run: &Path) -> Trial {
        Trial {
            version: trial::VERSION,
            task: wanted.task.id.clone(),
            fault: wanted.fault,
            seed: wanted.seed,
            at: (self.now)(),
            command: Vec::new(),
            bench: self.command.clone(),
            machine: self.machine.clone(),
            program: self.version.clone(),
            ending: Ending::Failed,
            struck: true,
            surroundings: false,
            wall_secs: 0.0,
            value: None,
            scores: Default::default(),
            took: Took::default(),
            why: None,
            curve: Vec::new(),
            beside: None,
            folder: run.strip_prefix(&self.out).unwrap_or(run).display().to_string(),
        }
    }

    /// One that lacks what it would take.
    fn not_run(&self, wanted: &Wanted, lacking: String, blank: Trial) -> Trial {
        let Wanted { task, tier, seed, fault } = *wanted;
        let needed = [tier.model_of.as_deref(), fault.needs_undisturbed().then_some(task.id.as_str())];
        let is_of_surroundings = |id: &str| self.load(id, Fault::None, seed).is_some_and(|trial| trial.surroundings);
        Trial {
            // A fault that cannot be measured did not strike; a task without its model failed.
            struck: fault == Fault::None,
            why: Some(lacking),
            // Of what is run again this one is, too.
            surroundings: needed.into_iter().flatten().any(is_of_surroundings),
            ..blank
        }
    }

    /// One trial, or none where the user wants to stop.
    pub(super) fn trial(&self, wanted: &Wanted, tell: &mut dyn FnMut(Told)) -> Result<Option<Trial>> {
        let Wanted { task, tier, seed, fault } = *wanted;
        let run = self.run_folder(&task.id, fault, seed);
        let mut blank = self.blank(wanted, &run);
        let model = tier.model_of.as_deref().map(|of| self.run_folder(of, Fault::None, seed).join("model"));
        let undisturbed = self.undisturbed(task, seed);
        if let Some(lacking) = wanted.lacks(model.as_deref(), undisturbed.as_ref()) {
            return Ok(Some(self.not_run(wanted, lacking, blank)));
        }
        // Of a bench that was killed meanwhile; what it started ends with it, and is waited for by nobody.
        if run.exists() {
            if let Err(error @ store::Error::Locked { .. }) = RunFolder::open(&run).and_then(|folder| folder.lock()) {
                return Err(error.into());
            }
            std::fs::remove_dir_all(&run).map_err(self.io("remove", &run))?;
        }
        let server = match (&self.hub, fault) {
            (Some(hub), Fault::CutDownload) => Some(cut_hub(hub, &run)?),
            _ => None,
        };
        let mut args = arguments(tier, seed, fault, undisturbed.as_ref());
        let shown = args.clone();
        if let Some(model) = model {
            args.iter_mut().for_each(|arg| *arg = arg.replace(MODEL, &model.display().to_string()));
        }
        blank.command = std::iter::once("tallow".to_string()).chain(shown).collect();
        args.extend(["--out".into(), run.display().to_string()]);
        let means = self.means(tier, server.is_some());
        args.extend(means.iter().cloned());
        let variables = server.as_ref().map_or_else(Vec::new, |server| server.variables());
        let Some(went) = self.go(wanted, &run, &args, &means, &variables)? else { return Ok(None) };
        let mut found = self.gather(tier, &run, &went, blank);
        found.struck = match fault {
            Fault::KillWorker => has_lost_a_worker(&run),
            Fault::KillProgram => went.resumes > 0,
            Fault::CutDownload => server.as_ref().is_some_and(|server| server.has_cut()),
            Fault::Memory => had_too_little(&run, undisturbed.as_ref()),
            Fault::LearningRate | Fault::BadColumn | Fault::Vague | Fault::Misspelt | Fault::None => true,
        } || !found.well();
        if let Some(framework) = self.framework.as_ref().filter(|_| fault == Fault::None && found.value.is_some()) {
            tell(Told::Say(format!("{}: the same with {}", task.id, framework.name())));
            found.beside = Some(self.stand_beside(framework, wanted, &run)?);
            if self.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
        }
        Ok(Some(found))
    }

    fn stand_beside(&self, framework: &Framework, wanted: &Wanted, run: &Path) -> Result<Beside> {
        let Wanted { task, tier, seed, fault } = *wanted;
        let place = self.place("beside", &task.id, fault, seed, "");
        let limit = Duration::from_secs_f64(4.0 * self.patience * tier.time_limit_secs as f64);
        beside::run(framework, run, seed, &place, limit, self.stop)
    }

    /// How models and data are had, and the flags of every command.
    fn means(&self, tier: &Tier, served: bool) -> Vec<String> {
        let mut means = match (&self.hub, tier.hub) {
            _ if served => vec![],
            (Some(hub), true) => vec!["--hub".into(), hub.display().to_string()],
            (None, true) if !self.offline => vec![],
            _ => vec!["--offline".to_string()],
        };
        means.extend(self.flags.iter().cloned());
        means.push("--json".into());
        means
    }

    /// Runs the program, and again where its end asks for it: it was killed, or a service failed.
    fn go(
        &self,
        wanted: &Wanted,
        run: &Path,
        args: &[String],
        means: &[String],
        variables: &[(&'static str, OsString)],
    ) -> Result<Option<Went>> {
        let Wanted { task, tier, seed, fault } = *wanted;
        let log = |number: usize, what: &str| self.place("logs", &task.id, fault, seed, &format!(".{number}.{what}"));
        let logs = log(0, "stderr");
        let above = logs.parent().unwrap_or(&self.out);
        std::fs::create_dir_all(above).map_err(self.io("create", above))?;
        let energy = Energy::read();
        let begun = Instant::now();
        let limit = Duration::from_secs_f64(self.patience * tier.time_limit_secs as f64);
        let mut strike = Strike { fault, seed, run, looked: begun, struck: false };
        let (mut args, mut resumes) = (args.to_vec(), 0);
        loop {
            let words: Vec<OsString> = args.iter().map(OsString::from).collect();
            let what = Plain {
                program: &self.program,
                args: &words,
                variables,
                folder: &self.task_folder(task),
                stdout: log(resumes, "stdout"),
                stderr: log(resumes, "stderr"),
                limit: limit.saturating_sub(begun.elapsed()),
                stop: self.stop,
            };
            let ended = attend(&what, &mut |running| strike.tick(running))?;
            if ended.stopped {
                return Ok(None);
            }
            let stderr = std::fs::read(log(resumes, "stderr")).unwrap_or_default();
            let stderr = String::from_utf8_lossy(&stderr);
            let error = said_error(&stderr);
            let was_killed = strike.struck && fault == Fault::KillProgram && matches!(ended.status, Status::Signalled(_));
            let service = error.as_ref().is_some_and(|error| error.class == Class::External) && fault == Fault::CutDownload;
            if resumes == 0 && (was_killed || service) && !ended.timed_out {
                resumes += 1;
                if RunFolder::open(run).is_ok() {
                    args = ["resume".into(), run.display().to_string()].into_iter().chain(means.iter().cloned()).collect();
                }
                continue;
            }
            let energy = energy.and_then(Energy::since);
            return Ok(Some(Went {
                ended,
                wall_secs: begun.elapsed().as_secs_f64(),
                error,
                said: first_line(&stderr),
                resumes,
                energy,
            }));
        }
    }

    /// What the run left, read and judged.
    fn gather(&self, tier: &Tier, run: &Path, went: &Went, blank: Trial) -> Trial {
        let folder = RunFolder::open(run).ok();
        let ledger = folder.as_ref().and_then(|folder| folder.ledger().read().ok()).unwrap_or_default();
        let searched: Vec<Vec<Entry>> =
            folder.iter().flat_map(RunFolder::trials).map(|trial| trial.ledger().read().unwrap_or_default()).collect();
        let evaluation: Option<Evaluation> = folder.as_ref().and_then(|folder| folder.read_json(&folder.eval()).ok());
        let finished = Finished {
            exit_code: if let Status::Exited(code) = went.ended.status { Some(code) } else { None },
            timed_out: went.ended.timed_out,
            error: went.error.clone(),
            said: went.said.clone(),
            evaluation: evaluation.as_ref(),
            ledger: &ledger,
            resumes: went.resumes,
            bad_column: tier.column_that_is_not_there().filter(|_| blank.fault == Fault::BadColumn),
        };
        let (ending, value, why) = judge(&finished, tier.target.metric, tier.target.value);
        let ledgers: Vec<&[Entry]> = searched.iter().chain([&ledger]).map(Vec::as_slice).collect();
        let report: Option<Report> = folder.as_ref().and_then(|folder| folder.read_json(&folder.report_json()).ok());
        let loss = report.and_then(|report| report.curves.into_iter().find(|curve| curve.kind == CurveKind::TrainLoss));
        Trial {
            ending,
            surroundings: is_of_surroundings(blank.fault, ending, went.error.as_ref(), &ledgers),
            value,
            why,
            wall_secs: went.wall_secs,
            scores: evaluation.and_then(|found| found.runs.into_iter().next()).map(|run| run.scores).unwrap_or_default(),
            took: Took { resumes: went.resumes, energy_joules: went.energy, ..took(&ledger, &searched, went.wall_secs) },
            curve: loss.map(|curve| thinned(&curve.points)).unwrap_or_default(),
            ..blank
        }
    }

    /// What the undisturbed trial says, if it came to a plan.
    fn undisturbed(&self, task: &Task, seed: u64) -> Option<Undisturbed> {
        let trial = self.load(&task.id, Fault::None, seed)?;
        let folder = RunFolder::open(self.run_folder(&task.id, Fault::None, seed)).ok()?;
        let plan: Plan = folder.read_json(&folder.plan()).ok()?;
        Some(Undisturbed {
            peak_bytes: trial.took.peak_bytes,
            least_bytes: trial.took.least_bytes.map(|least| least.max(standing_bytes(&plan))),
            lr: Some(plan.spec.recipe.lr),
            micro_batch: plan.runs.first().map(|run| run.micro_batch_size),
        })
    }

    /// Of a trial that went well what the results quote is kept: plan, ledger, report, events; and its model where another task begins
    /// with it.
    pub(super) fn keep_what_is_quoted(&self, trial: &Trial, task: &Task) {
        let is_needed = trial.fault == Fault::None
            && self
                .suite
                .task
                .iter()
                .filter_map(|other| other.tier(self.tier))
                .any(|t| t.model_of.as_deref() == Some(task.id.as_str()));
        if let Ok(folder) = RunFolder::open(self.run_folder(&task.id, trial.fault, trial.seed)) {
            folder.keep_words(is_needed);
        }
    }
}

/// How a program went.
struct Went {
    ended: Ended,
    wall_secs: f64,
    error: Option<trial::SaidError>,
    /// The first line of its stderr.
    said: Option<String>,
    resumes: usize,
    energy: Option<f64>,
}

/// At most [`CURVE`] points, evenly chosen, the first and the last among them.
fn thinned(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let last = points.len().saturating_sub(1);
    match points.len() {
        0..=CURVE => points.to_vec(),
        _ => (0..CURVE).map(|i| points[i * last / (CURVE - 1)]).collect(),
    }
}

fn cut_hub(hub: &Path, run: &Path) -> Result<CutHub> {
    CutHub::start(hub, &run.with_extension("cache"))
        .map_err(|source| BenchError::Io { action: "serve", path: hub.into(), source }.into())
}
