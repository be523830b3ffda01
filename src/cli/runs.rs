//! `tallow runs`: what lies in the folder of runs, newest first.

use super::environment::Environment;
use crate::error::Result;
use crate::eval::{Evaluation, Verdict};
use crate::plan::Plan;
use crate::report::ScriptReport;
use crate::run::Outcome;
use crate::store::{Entry, Record, RunFolder};
use crate::words::score;
use std::process::ExitCode;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reported,
    Planned,
    Unfinished,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Reported => "reported",
            State::Planned => "planned",
            State::Unfinished => "unfinished",
        }
    }

    fn of(folder: &RunFolder) -> Self {
        // The page of a script is there of one that failed, too.
        let is_reported = match folder.script_spec().is_file() {
            true => folder.read_json::<ScriptReport>(&folder.report_json()).is_ok_and(|report| report.completed),
            false => folder.report_html().is_file(),
        };
        match (is_reported, folder.plan().is_file()) {
            (true, _) => State::Reported,
            (false, true) if !folder.prepared().is_dir() => State::Planned,
            _ => State::Unfinished,
        }
    }
}

/// One run as it is listed.
struct Listed {
    folder: RunFolder,
    state: State,
    /// As the ledger has it; empty where that says nothing.
    began: String,
    /// How the last attempt ended that did not complete; none: it did, or nobody saw it end.
    ended: Option<String>,
    evaluation: Option<Evaluation>,
}

impl Listed {
    fn of(folder: RunFolder) -> Self {
        let ledger = folder.ledger().read().unwrap_or_default();
        let state = State::of(&folder);
        let ended = if state == State::Reported { None } else { ended(&ledger) };
        let began = ledger.first().map(|entry| entry.at.clone()).unwrap_or_default();
        let evaluation = folder.read_json::<Evaluation>(&folder.eval()).ok();
        Listed { folder, state, began, ended, evaluation }
    }

    fn row(&self) -> String {
        let found = self.evaluation.as_ref().map(|found| {
            // Without a target there is nothing that it was held against.
            let verdict = if found.verdict == Verdict::NoClaim { String::new() } else { format!(", {}", found.verdict.word()) };
            format!("{} {}{verdict}", found.metric.in_words(), score(found.mean))
        });
        let told = found.or_else(|| self.ended.clone()).unwrap_or_default();
        let row = format!("{:<16}  {:<10}  {}  {told}", shown(&self.began), self.state.word(), self.folder.root().display());
        row.trim_end().to_string()
    }

    fn json(&self) -> serde_json::Value {
        // A script's run has no plan.
        let title = self.folder.read_json::<Plan>(&self.folder.plan()).ok().map(|plan| plan.spec.title);
        let found = self.evaluation.as_ref();
        serde_json::json!({
            "run": self.folder.id(),
            "began": self.began,
            "state": self.state.word(),
            "ended": self.ended,
            "title": title,
            "metric": found.map(|found| found.metric),
            "score": found.map(|found| found.mean),
            "verdict": found.map(|found| found.verdict.word()),
            "folder": self.folder.root(),
        })
    }
}

/// How the last attempt ended, where it did not complete.
fn ended(ledger: &[Entry]) -> Option<String> {
    let outcome = ledger.iter().rev().find_map(|entry| match &entry.record {
        Record::AttemptEnded { outcome, .. } => Some(Some(outcome)),
        Record::AttemptStarted { .. } | Record::CutOff { .. } => Some(None),
        _ => None,
    })?;
    outcome.filter(|outcome| **outcome != Outcome::Completed).map(ToString::to_string)
}

/// When a run began, to the minute, in UTC as the names of runs have it.
fn shown(at: &str) -> String {
    at.parse::<jiff::Timestamp>().map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

/// The runs in the folder of runs, newest first.
pub(super) fn runs(json: bool, environment: &Environment) -> Result<ExitCode> {
    let entries = std::fs::read_dir(&environment.runs).into_iter().flatten().flatten();
    let mut found: Vec<Listed> = entries.filter_map(|entry| RunFolder::open(entry.path()).ok()).map(Listed::of).collect();
    found.sort_by(|a, b| (&b.began, b.folder.id()).cmp(&(&a.began, a.folder.id())));
    if json {
        return super::print_json(&found.iter().map(Listed::json).collect::<Vec<_>>());
    }
    if found.is_empty() {
        super::say(&format!("no runs in `{}`", environment.runs.display()));
    }
    found.iter().for_each(|run| super::say(&run.row()));
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobKind;

    #[test]
    fn how_the_last_attempt_ended_is_told() {
        let row = |record: Record| Entry { row: 1, before: None, at: String::new(), record };
        let started = || row(Record::AttemptStarted { run: "seed-0".into(), attempt: 1, job: JobKind::Train });
        let end = |outcome: Outcome| {
            row(Record::AttemptEnded { run: "seed-0".into(), attempt: 1, outcome, wall_secs: 1.0, max_rss_bytes: 0 })
        };
        let told = |ledger: &[Entry]| ended(ledger).unwrap_or_default();
        assert_eq!(told(&[started(), end(Outcome::Interrupted { step: 7 })]), "stopped by the user at step 7");
        assert_eq!(told(&[end(Outcome::Killed { signal: 9 }), started()]), "", "nobody saw the last one end");
        assert_eq!(told(&[end(Outcome::Completed)]), "");
        assert_eq!(shown("2026-11-30T19:55:23.470Z"), "2026-11-30 19:55");
        assert_eq!(shown(""), "");
    }
}
